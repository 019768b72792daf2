"""Files that hold several texts, one a row: which lines each row takes, and the file without some of them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tensions_cli.corpus.formats.tables import parse_table
from tensions_cli.files.encoding import with_lines

TABLES = (".csv", ".tsv")
JSON_LINES = (".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class FileRow:
    """One row: the lines of the file that it takes (from 0), its cells that are text, by column or key."""

    lines: range
    cells: Mapping[str, str]


def holds_rows(path: Path) -> bool:
    """Whether a file of this name is one that rows can be taken out of."""
    return path.suffix.lower() in (*TABLES, *JSON_LINES)


def rows_of(path: Path, text: str) -> list[FileRow]:
    """The rows of a table or of JSON lines, in the order of the file; `text`: its decoded text."""
    lines = text.split("\n")
    if path.suffix.lower() in JSON_LINES:
        return [FileRow(range(at, at + 1), _cells(line)) for at, line in enumerate(lines) if line.strip()]
    table = parse_table(text)
    starts = sorted([row.line for row in table.rows] + [line for line, _ in table.broken])
    ends = dict(zip(starts, [*starts[1:], len(lines) + 1], strict=True))
    return [FileRow(range(row.line - 1, ends[row.line] - 1), row.cells) for row in table.rows]


def without_rows(data: bytes, rows: Iterable[FileRow]) -> bytes:
    """The bytes of the file without the lines of these rows; every other byte stays."""
    return with_lines(data, {line: None for row in rows for line in row.lines})


def rows_of_texts(rows: Sequence[FileRow], texts: Sequence[str]) -> list[FileRow] | None:
    """The row of each text, the texts being those of the rows, in order; None when they do not follow one another.

    Two people may give the same answer: a row is known by its place, never by what it says alone.
    """
    found: list[FileRow] = []
    for row in rows:
        if len(found) < len(texts) and any(
            cell.replace("\r\n", "\n") == texts[len(found)] for cell in row.cells.values()
        ):
            found.append(row)
    return found if len(found) == len(texts) else None


def _cells(line: str) -> dict[str, str]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return {key: cell for key, cell in value.items() if isinstance(cell, str)} if isinstance(value, dict) else {}
