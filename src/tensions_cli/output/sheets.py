"""What every Excel workbook of ours keeps to: no author, no date, no formula, nothing cut in silence.

XlsxWriter and not openpyxl: it keeps everything in memory (openpyxl spills the sheets, hence the corpus, into the
system's temporary folder), dates every part of the file 1980, and never takes a text for a formula.
"""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, BinaryIO

from tensions_cli.errors import TensionsError

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

# Limits of the format (Excel specifications): characters of a cell, counted in UTF-16 units, and rows of a sheet.
LONGEST_CELL = 32_767
MOST_ROWS = 1_048_576
CUT_MARK = " […]"

# What XML 1.0 cannot hold (formats.md, section 3): replaced one for one, so that lengths stay.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

# Written as a creation date, since a workbook must have one: the first day that zip files can tell.
_NO_DATE = datetime(1980, 1, 1)


def new_workbook(stream: BinaryIO) -> "Workbook":
    """An empty workbook that will be written to `stream` when it is closed: same bytes for the same cells."""
    import xlsxwriter

    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    book.set_properties({"created": _NO_DATE})
    return book


def check_rows(count: int, hint: str) -> None:
    """Refuse more passages than a sheet has rows, its header included."""
    if count >= MOST_ROWS:
        raise TensionsError(
            "trop de passages pour un classeur", why=f"une feuille Excel a au plus {MOST_ROWS} lignes", hint=hint
        )


def fit(text: str, changed: Counter[str]) -> str:
    """A text as a cell can hold it; `changed` counts characters `replaced` and cells `cut`."""
    text, replaced = _ILLEGAL.subn(" ", text)
    changed["replaced"] += replaced
    units = text.encode("utf-16-le")
    if len(units) <= 2 * LONGEST_CELL:
        return text
    changed["cut"] += 1
    return units[: 2 * (LONGEST_CELL - len(CUT_MARK))].decode("utf-16-le", "ignore") + CUT_MARK


def changes(changed: Counter[str]) -> tuple[str, ...]:
    """What `fit` did to the texts, in French."""
    said = []
    if changed["replaced"]:
        what = "caractères de contrôle, interdits dans un classeur, remplacés par une espace"
        said.append(f"{what}\u00a0: {changed['replaced']}")
    if changed["cut"]:
        what = f"cellules coupées à {LONGEST_CELL} caractères, la limite d’Excel, et marquées […]"
        said.append(f"{what}\u00a0: {changed['cut']}")
    return tuple(said)


def write_header(book: "Workbook", sheet: "Worksheet", names: Sequence[str], changed: Counter[str]) -> None:
    """The names of the columns, in bold, on the first row."""
    bold = book.add_format({"bold": True, "valign": "top", "text_wrap": True, "num_format": "@"})
    for at, name in enumerate(names):
        sheet.write_string(0, at, fit(name, changed), bold)
