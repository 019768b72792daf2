"""Tables of word processors (docx, odt, rtf): cells row by row, or the turns of a transcript.

A table whose header names a speaker column is a transcript: NVivo and many researchers lay theirs out
so. What the readers hand over is the same for the three formats: rows of cells of lines.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lxml import etree
from lxml.etree import _Element

from tensions_cli.corpus.formats.plain import Line
from tensions_cli.errors import UnreadableError
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import BlockKind, ZoneKind

_CLOCK = re.compile(r"(?:(\d{1,2}):)?(\d{1,3}):(\d{2})(?:[.,](\d{1,3}))?")

# What may stand beside the name in a header or a speaker cell.
_AROUND_NAME = " \u00a0\u202f:"

Cell = Sequence[Line]


# Tables and text boxes inside one another: a page has room for three or four. Each level handles again every
# line inside it.
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class _Columns:
    content: int
    speaker: int | None
    time: int | None


def table_lines(rows: Sequence[Sequence[Cell]]) -> Iterator[Line]:
    """The lines of a table, row by row and cell by cell; in a transcript each content cell has its voice and times.

    Header cells of a transcript become a METADATA zone, its speaker, time and line-number cells LABEL zones.
    """
    columns = _transcript_columns(rows)
    if columns is None:
        for cell in (cell for row in rows for cell in row):
            yield from map(_as_cell, cell)
        return
    for cell in rows[0]:
        yield from (replace(line, zone=(ZoneKind.METADATA, "en-tête du tableau")) for line in cell)
    for row in rows[1:]:
        yield from _transcript_row(row, columns)


def check_nesting(body: _Element, tags: Sequence[str]) -> None:
    """Refuse a body whose tables and text boxes (`tags`) nest deeper than any page shows."""
    depth = 0
    for event, _ in etree.iterwalk(body, events=("start", "end"), tag=tags):
        depth += 1 if event == "start" else -1
        if depth > _DEEPEST:
            raise UnreadableError(
                "too_large",
                "le document imbrique trop de tableaux pour être lu\u00a0: copiez son texte dans un fichier .txt",
            )


def _as_cell(line: Line) -> Line:
    ready = line.kind in (BlockKind.TITLE, BlockKind.CELL) or line.zone is not None
    return line if ready else replace(line, kind=BlockKind.CELL)


def _cell_text(row: Sequence[Cell], at: int | None) -> str:
    return " ".join(line.text.strip() for line in row[at]).strip() if at is not None and at < len(row) else ""


def _transcript_columns(rows: Sequence[Sequence[Cell]]) -> _Columns | None:
    """Which columns hold the speech, the speaker and the time; None when the table is no transcript.

    Without a speaker column, times alone are proof when every cell under « Timespan » is one (NVivo).
    """
    if len(rows) < 2 or len(rows[0]) < 2:
        return None
    words = read_toml("reading.toml")["transcript_columns"]
    folded = [_cell_text(rows[0], i).casefold().rstrip(_AROUND_NAME) for i in range(len(rows[0]))]
    speaker, content, time = (
        next((i for i, name in enumerate(folded) if name in words[role]), None)
        for role in ("speaker", "content", "time")
    )
    if speaker is None:
        stamped = time is not None and _are_times([_cell_text(row, time) for row in rows[1:]])
        return _Columns(content, None, time) if content is not None and stamped else None
    if content is None:
        rest = [i for i in range(len(folded)) if i not in (speaker, time)]
        if len(rest) != 1:
            return None
        content = rest[0]
    return _Columns(content, speaker, time)


def _are_times(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell]
    return bool(filled) and all(_CLOCK.search(cell) for cell in filled)


def _transcript_row(row: Sequence[Cell], columns: _Columns) -> Iterator[Line]:
    voice = _cell_text(row, columns.speaker).rstrip(_AROUND_NAME) or None
    start, end = _times(_cell_text(row, columns.time))
    for at, cell in enumerate(row):
        for line in cell:
            if line.zone is not None:
                yield line
            elif at == columns.content:
                yield replace(line, kind=BlockKind.CELL, voice=voice, time_start=start, time_end=end)
            elif at in (columns.speaker, columns.time) or line.text.strip().isdigit():
                yield replace(line, zone=(ZoneKind.LABEL, "colonne du tableau"))
            else:
                yield _as_cell(line)


def _times(text: str) -> tuple[float | None, float | None]:
    """The first two clock times of a cell, in seconds."""
    times = [
        round(
            int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + int((fraction or "0").ljust(3, "0")) / 1000, 3
        )
        for hours, minutes, seconds, fraction in _CLOCK.findall(text)
    ]
    return (times[0] if times else None), (times[1] if len(times) > 1 else None)
