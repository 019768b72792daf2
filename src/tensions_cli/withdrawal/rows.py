"""Files that hold several texts, one a row: which lines each row takes, and the file without some of them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tensions_cli.corpus.formats.tables import parse_table
from tensions_cli.errors import UnreadableError
from tensions_cli.files.encoding import with_lines
from tensions_cli.knowledge.files import read_toml

TABLES = (".csv", ".tsv")
JSON_LINES = (".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class FileRow:
    """One row: the lines of the file that it takes (from 0), its cells as text, by column or key.

    A row that cannot be read has no cells: it holds its place.
    """

    lines: range
    cells: Mapping[str, str]


def holds_rows(path: Path) -> bool:
    """Whether a file of this name is one that rows can be taken out of."""
    return path.suffix.lower() in (*TABLES, *JSON_LINES)


def rows_of(path: Path, text: str) -> list[FileRow]:
    """The rows of a table or of JSON lines, in the order of the file; `text`: its decoded text.

    Raises `UnreadableError` when a quote is left open in a table: a row could then hold those of other people.
    """
    lines = text.split("\n")
    if path.suffix.lower() in JSON_LINES:
        return [FileRow(range(at, at + 1), _cells(line)) for at, line in enumerate(lines) if line.strip()]
    table = parse_table(text)
    if any(notice.startswith(read_toml("corpus_rules.toml")["tables"]["quotes"]) for notice in table.notices):
        raise UnreadableError("corrupt", "des guillemets sont mal fermés\u00a0: on ne sait pas où finit une ligne")
    cells: dict[int, Mapping[str, str]] = {row.line: row.cells for row in table.rows}
    cells |= {line: {} for line, _ in table.broken}
    starts = sorted(cells)
    ends = [*starts[1:], len(lines) + 1]
    return [FileRow(range(start - 1, end - 1), cells[start]) for start, end in zip(starts, ends, strict=False)]


def without_rows(data: bytes, rows: Iterable[FileRow]) -> bytes:
    """The bytes of the file without the lines of these rows; every other byte stays."""
    return with_lines(data, {line: None for row in rows for line in row.lines})


def rows_of_texts(rows: Sequence[FileRow], texts: Sequence[str]) -> list[FileRow] | None:
    """The row of each text, in order: those where one column is not empty, if it says exactly these texts; else None.

    Two people may give the same answer: a row is known by its place, never by what it says alone.
    """
    for column in dict.fromkeys(column for row in rows for column in row.cells):
        told = [row for row in rows if row.cells.get(column, "").strip()]
        if [_canonical(row.cells[column]) for row in told] == list(texts):
            return told
    return None


def _canonical(cell: str) -> str:
    return cell.replace("\r\n", "\n").replace("\r", "\n")


def _cells(line: str) -> dict[str, str]:
    """Strings and whole numbers of a JSON object, as text; no cell when the line is something else."""
    try:
        value = json.loads(line, parse_int=str)
    except (ValueError, RecursionError):
        return {}
    return {key: cell for key, cell in value.items() if isinstance(cell, str)} if isinstance(value, dict) else {}
