"""Tables of figures with their intervals: what the agreement of coders and the evaluation of a model share."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tensions_cli.output import french
from tensions_cli.output.tables import MARKDOWN_SPECIAL

WIDE = 112  # columns from which five figures fit on a line with their intervals
NAME_WIDTH = 20  # room that a column of text must have before figures and intervals share a line
LEAST_DOCUMENTS = 5  # fewer and no interval is given
# Under this many documents those of the bootstrap are too narrow: a simulated coverage of .83 at five documents, .89
# at ten and .92 at fifteen for a nominal .95.
FEW_DOCUMENTS = 15
# Under thirty passages a rate says little: the 95 % interval of a recall of .80 spans .63 to .91 (Wilson).
ENOUGH_PASSAGES = 30

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Section:
    """One table with its title and what must be known to read it; the first `left` columns hold text."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    left: int = 1


def print_sections(sections: Iterable[Section], out: Console) -> None:
    """Each with its title and its note, as wide as the console allows."""
    for section in sections:
        out.print()
        out.print(Text(section.title, style="bold"))
        out.print(_table(section, out))
        if section.note:
            out.print(Text(section.note, style="dim"))


def _table(section: Section, out: Console) -> Table:
    """Where room lacks, an interval goes under its figure and text columns are folded; figures are never cut."""
    lines = (section.header, *section.rows)
    widths = [max(len(line[rank]) for line in lines) + 2 for rank in range(section.left, len(section.header))]
    wide = out.width >= WIDE and sum(widths) + NAME_WIDTH * section.left <= out.width
    table = Table(box=None, pad_edge=False, padding=(0, 1) if wide else (0, 1, 0, 0), header_style="bold")
    for rank, name in enumerate(section.header):
        text = rank < section.left
        said = name if wide or text else name.replace(" (", "\n(")
        table.add_column(said, justify="left" if text else "right", overflow="fold", no_wrap=not text)
    for row in section.rows:
        cells = row[section.left :] if wide else [cell.replace(" [", "\n[") for cell in row[section.left :]]
        table.add_row(*map(Text, (*row[: section.left], *cells)))
    return table


def write_sections_markdown(sections: Iterable[Section], stream: TextIO) -> None:
    """The same as headings and tables, ready to be pasted."""
    for section in sections:
        marks = "".join("---|" if rank < section.left else "---:|" for rank in range(len(section.header)))
        header = " | ".join(name.translate(MARKDOWN_SPECIAL) for name in section.header)
        stream.write(f"\n### {section.title}\n\n| {header} |\n|{marks}\n")
        for row in section.rows:
            names = [name.translate(MARKDOWN_SPECIAL) for name in row[: section.left]]
            stream.write(f"| {' | '.join([*names, *row[section.left :]])} |\n")
        if section.note:
            stream.write(f"\n{section.note.translate(MARKDOWN_SPECIAL)}\n")


def number(figure: Json, documents: int, whole: int) -> str:
    """« 0,73 [0,70–0,75] »; « trop peu » for an interval that a part of the passages has too few documents for.

    When the whole has too few, a warning has said so once.
    """
    bounds = None if figure["interval"] is None else "–".join(plain(bound) for bound in figure["interval"])
    return _with_bounds(plain(figure["value"]), bounds, documents, whole)


def per_cent(figure: Json, documents: int, whole: int) -> str:
    """« 86 % [81–90] »."""
    bounds = None if figure["interval"] is None else "–".join(f"{100 * bound:.0f}" for bound in figure["interval"])
    return _with_bounds(french.percent(figure["value"]), bounds, documents, whole)


def _with_bounds(value: str, bounds: str | None, documents: int, whole: int) -> str:
    if value == "–" or whole < LEAST_DOCUMENTS:
        return value
    return f"{value} [{bounds or (french.TOO_FEW if documents < LEAST_DOCUMENTS else '–')}]"


def plain(value: float | None, places: int = 2) -> str:
    """Decimal comma, minus sign; a dash for what is undefined."""
    # + 0.0: a bound just below zero is not « −0,00 ».
    return "–" if value is None else f"{round(value, places) + 0.0:.{places}f}".replace(".", ",").replace("-", "−")
