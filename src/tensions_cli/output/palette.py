"""One colour and one sign for each label, in every output: logics by their rank in the codebook in use.

Fills stay apart for colour-blind readers (Okabe and Ito 2008); signs are told apart without colour.
"""

from dataclasses import dataclass

from tensions_cli.knowledge.codebook import codebook
from tensions_cli.records import MIXTE, NEUTRE


@dataclass(frozen=True, slots=True)
class Shade:
    """`glyphs`: a sign, then the one of consoles that lack it (cp1252); `terminal`: colour of the console.

    `fill`, `on`: of an annotation tool, and of text on it; `cell`: of a spreadsheet.
    """

    glyphs: tuple[str, str]
    terminal: str
    fill: str
    on: str
    cell: str


_LOGICS = (
    Shade(("█", "#"), "blue", "#0072B2", "#ffffff", "#9DB8E8"),
    Shade(("▒", "o"), "green", "#E69F00", "#000000", "#A9D3B0"),
    Shade(("░", "+"), "yellow", "#56B4E9", "#000000", "#F0DDA0"),
    Shade(("▌", "="), "cyan", "#D55E00", "#ffffff", "#A6D8DC"),
    Shade(("▄", "_"), "red", "#CC79A7", "#000000", "#E8B4AC"),
    Shade(("▐", "|"), "white", "#332288", "#ffffff", "#C3C3E0"),
)
_OTHERS = {
    MIXTE: Shade(("▓", "X"), "magenta", "#009E73", "#000000", "#D9B3DC"),
    NEUTRE: Shade(("·", "."), "bright_black", "#BBBBBB", "#000000", "#D5D5D5"),
}


def shade(label: str) -> Shade:
    """How a label, or a logic, is shown. Raises KeyError for a name that the codebook in use lacks."""
    if label in _OTHERS:
        return _OTHERS[label]
    try:
        return _LOGICS[codebook().poles.index(label)]
    except ValueError as error:
        raise KeyError(label) from error


def in_bars() -> tuple[str, ...]:
    """Labels in the order of a bar: what two logics share stands between them, what more share after them."""
    first, *others = codebook().poles
    return (first, *others, MIXTE, NEUTRE) if codebook().by_pair else (first, MIXTE, *others, NEUTRE)
