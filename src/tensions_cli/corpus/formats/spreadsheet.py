"""Workbooks (.xlsx, .ods): each row of one sheet is one text, its other columns are metadata.

Cells become text as a person would type them: computed values, dates in ISO, whole numbers without
`.0`. openpyxl streams the rows of .xlsx: on a sheet that claims a cell in its last corner, or that
names one long string a hundred thousand times, the faster python-calamine 0.9 lays out the whole rectangle
and ends the process. The rows of .ods are read here from `content.xml`: odfdo 3.27 expands the 16,384 empty
columns and the million empty rows that LibreOffice writes at the end of every sheet.
"""

import contextlib
import datetime
import io
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from lxml import etree
from lxml.etree import _Element

from tensions_cli.corpus.formats.tables import (
    Row,
    Table,
    at_cell_limit,
    column_names,
    cut_notice,
    documents_of,
    named_text_column,
)
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.errors import UnreadableError
from tensions_cli.files.container import check_container, has_doctype
from tensions_cli.records import Document, Skipped

# Rows of a sheet in Excel and LibreOffice; a higher number in a file was not written by them.
_MAX_ROWS = 1_048_576

# Marks `<` in the XML of a workbook: four a cell. A sheet of 50,000 rows and 40 columns has 8 million;
# openpyxl reads 10 million in 40 to 60 s on one core.
_MAX_MARKS = 10_000_000

# Cells with text, which are held in memory: as many as _MAX_MARKS allows, here against repeated cells of .ods.
_MAX_KEPT = _MAX_MARKS // 4
_MAX_COLUMNS = 16_384

# Cells looked at, empty ones included (a row whose last cell is in column 16,384 has as many): 6 s.
_MAX_CELLS = 200_000_000

# Characters in all cells together: one long string can be named by every row. As much as a file may have.
_MAX_TEXT = 200 * 1024 * 1024

# What Excel writes in a cell whose formula fails, whatever the language it is shown in (ECMA-376, 18.18.11).
_ERRORS = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"})

# Characters that XML cannot hold are written `_xHHHH_`, and so is the first `_` of such a text (ECMA-376, 22.4.2.4).
_ESCAPED = re.compile(r"_x(000[9AaDd]|005[Ff])_")

_ODS = {
    "office": "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}",
    "table": "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}",
    "text": "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}",
    "calcext": "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}",
}

_ANY_DAY = datetime.date(2000, 1, 1)

# Openings of a comment in .xlsx and in .ods, and how much of a chunk is looked at again with the next one.
_COMMENTS = (b"<comment ", b"<office:annotation ", b"<office:annotation>")
_OVERLAP = 32

_DURATION = re.compile(r"PT(\d+)H(\d+)M(\d+)(?:[.,]\d+)?S")

# A header stands among the first rows, under a title at most; the rows below it, which are as wide, are looked at.
_HEADER_WITHIN = 10
_LOOKED_AT = 20

# A row: its number in the sheet (from 1), its cells that are not blank by column (from 0).
_Cells = Mapping[int, str]
_NumberedRow = tuple[int, _Cells]


@dataclass(slots=True)
class _Met:
    """What was met while reading, for the notices and the limits."""

    errors: int = 0
    uncomputed: int = 0
    cut: list[int] = field(default_factory=list)
    cells: int = 0
    kept: int = 0
    text: int = 0
    above: int = 0  # rows above the header


@dataclass(frozen=True, slots=True)
class _Marks:
    """What the XML of a workbook shows before it is read."""

    formulas: bool
    merged: bool
    comments: int


def read_xlsx(data: bytes, file: SourceFile, *, record: bool, text_column: str | None) -> Iterator[Document | Skipped]:
    """Read the rows of one sheet of an .xlsx workbook: the first that has a text column, else the first with rows.

    Raises `UnreadableError` (`too_large`, `corrupt`, `encrypted`, `empty`, `columns`); whatever openpyxl raises
    on a damaged file is left to the caller.
    """
    check_container(data, "Excel")
    table = _xlsx_table(data, _looked_through(data), text_column)
    yield from documents_of(table, file, "xlsx", None, record, text_column)


def read_ods(data: bytes, file: SourceFile, *, record: bool, text_column: str | None) -> Iterator[Document | Skipped]:
    """Read the rows of one sheet of an .ods workbook, as `read_xlsx` does."""
    check_container(data, "LibreOffice")
    table = _ods_table(data, _looked_through(data), text_column)
    yield from documents_of(table, file, "ods", None, record, text_column)


def _looked_through(data: bytes) -> _Marks:
    """One pass over the XML: refuses what would take too long, and a document type hidden behind blanks."""
    marks = comments = 0
    formulas = merged = False
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for part in archive.infolist():
            if not part.filename.endswith((".xml", ".rels")):
                continue
            with archive.open(part) as stream:
                end = b""
                while chunk := stream.read(1 << 20):
                    marks += chunk.count(b"<")
                    seen = end + chunk  # a mark may lie across two chunks
                    if has_doctype(seen):
                        raise UnreadableError(
                            "corrupt", "le classeur contient une déclaration XML interdite : enregistrez-le de nouveau"
                        )
                    formulas = formulas or b"<f>" in seen or b"<f " in seen
                    merged = merged or b"<mergeCell " in seen or b"-spanned=" in seen
                    comments += sum(seen.count(sign) - end.count(sign) for sign in _COMMENTS)
                    end = chunk[-_OVERLAP:]
            if marks > _MAX_MARKS:
                raise _too_many_cells()
    return _Marks(formulas, merged, comments)


# --- from the rows of the sheets to one table --------------------------------------------------------


def _chosen(
    sheets: Sequence[Iterator[_NumberedRow]], text_column: str | None
) -> tuple[int, Iterator[_NumberedRow], int, int]:
    """The rank of the sheet to read, its rows from the header on, how many rows are above it, how many other sheets
    have something in them."""
    opened = []
    for rank, rows in enumerate(sheets):
        first = list(islice(rows, _LOOKED_AT))
        if first:
            at = _header_place([cells for _, cells in first], text_column)
            opened.append((rank, at, first, rows))
    if not opened:
        raise UnreadableError("empty", "le classeur n’a aucune ligne : vérifiez le fichier")
    named = (sheet for sheet in opened if _has_text_column(sheet[2][sheet[1]][1], text_column))
    rank, at, first, rows = next(named, opened[0])
    return rank, chain(first[at:], rows), at, len(opened) - 1


def _header_place(rows: Sequence[_Cells], asked: str | None) -> int:
    """Which of the first rows names the columns: the first, unless lines of a title stand above it.

    The header under a title has two cells at least, and as many as most rows below. What stands above has one cell, or
    the header names its text column.
    """
    if _has_text_column(rows[0], asked):
        return 0
    for at, cells in enumerate(rows[:_HEADER_WITHIN]):
        below = [len(row) for row in rows[at + 1 :]]
        if len(cells) >= 2 and below and 2 * sum(len(cells) >= width for width in below) > len(below):
            title = all(len(row) == 1 for row in rows[:at])
            return at if title or _has_text_column(cells, asked) else 0
    return 0


def _has_text_column(header: _Cells, asked: str | None) -> bool:
    names = [name.strip() for name in header.values()]
    if asked is None:
        return named_text_column(names) is not None
    return asked.strip().casefold() in map(str.casefold, names)


def _table(rows: Iterator[_NumberedRow]) -> Table:
    """The table under the first row. A cell right of the last header makes a column of its own."""
    header: _Cells = next(rows)[1]
    found = list(rows)
    used = sorted({*header, *(at for _, cells in found for at in cells)})
    # Named by its place in the sheet, so that `colonne_5` is the fifth column a person sees.
    width = used[-1] + 1
    names = column_names([header.get(at, "") for at in range(width)])
    return Table(
        columns=tuple(names[at] for at in used),
        rows=tuple(
            Row(rank, line, {names[at]: cell for at, cell in cells.items()})
            for rank, (line, cells) in enumerate(found, start=1)
        ),
    )


def _notices(met: _Met, marks: _Marks, rank: int, others: int) -> tuple[str, ...]:
    notices = list(cut_notice(met.cut))
    if met.above:
        notices.append(f"lignes au-dessus de l’en-tête du tableau (un titre), pas lues\u00a0: {met.above}")
    if others:
        notices.append(
            f"feuille lue : la {_ordinal(rank + 1)} du classeur ; autres feuilles non vides, pas lues : {others} "
            "(enregistrez chacune dans un classeur à part)"
        )
    if met.errors:
        notices.append(
            f"cellules en erreur (#NOM?, #N/A…), lues comme vides : {met.errors} ; un texte qui commence par "
            "= ou - est pris pour une formule : tapez une apostrophe devant"
        )
    if met.uncomputed:
        notices.append(
            f"formules sans valeur enregistrée, lues comme vides : {met.uncomputed} ; ouvrez le classeur dans "
            "Excel ou LibreOffice et enregistrez-le"
        )
    if marks.merged:
        notices.append("le classeur a des cellules fusionnées : seule la première de chaque groupe a une valeur")
    if marks.comments:
        notices.append(f"commentaires de cellules, pas lus : {marks.comments}")
    return tuple(notices)


def _ordinal(rank: int) -> str:
    return "1re" if rank == 1 else f"{rank}e"


def _kept(text: str, line: int, met: _Met) -> str:
    """The text of a cell, counted against the limits; line ends become LF as in any canonical text."""
    met.kept += 1
    if met.kept > _MAX_KEPT:
        raise _too_many_cells()
    _count_text(len(text), met)
    if at_cell_limit(text):
        met.cut.append(line)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _count_text(length: int, met: _Met) -> None:
    met.text += length
    if met.text > _MAX_TEXT:
        raise UnreadableError(
            "too_large", "les cellules font ensemble plus de 200 Mo de texte : découpez le classeur en plusieurs"
        )


def _too_many_cells() -> UnreadableError:
    return UnreadableError(
        "too_large", "le classeur a trop de cellules : ne gardez que la feuille et les colonnes utiles"
    )


def _check_place(line: int, columns: int, met: _Met) -> None:
    """Refuse a row (number `line`, `columns` wide) that lies outside any real sheet."""
    met.cells += columns
    if line > _MAX_ROWS or columns > _MAX_COLUMNS or met.cells > _MAX_CELLS:
        raise UnreadableError(
            "too_large", "la feuille s’étend trop loin : supprimez les lignes et les colonnes vides, puis enregistrez"
        )


# --- .xlsx -------------------------------------------------------------------------------------------


def _xlsx_table(data: bytes, marks: _Marks, text_column: str | None) -> Table:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of styles and extensions, which are not text
        sheets = _sheets(data, computed=True)
        order = sorted(range(len(sheets)), key=lambda at: sheets[at].sheet_state != "visible")
        every = [_Met() for _ in order]
        rows = [_xlsx_rows(sheets[at], own) for at, own in zip(order, every, strict=True)]
        rank, chosen, above, others = _chosen(rows, text_column)
        met = every[rank]  # what was met on the first rows of the other sheets is not said
        met.above = above
        table = _table(chosen)
        if marks.formulas:
            met.uncomputed = _uncomputed(sheets[order[rank]], _sheets(data, computed=False)[order[rank]])
    notices = _notices(met, marks, order[rank], others)
    return Table(table.columns, table.rows, table.broken, notices)


def _sheets(data: bytes, *, computed: bool) -> list[Any]:
    """The work sheets of a workbook, to be read as streams; what they say of their own size is not believed."""
    import openpyxl

    # openpyxl prints a line on damaged styles, which would stand in what the command writes.
    with contextlib.redirect_stdout(io.StringIO()):
        workbook = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=computed, keep_links=False)
    sheets = list(workbook.worksheets)
    for sheet in sheets:
        sheet.reset_dimensions()
    return sheets


def _xlsx_rows(sheet: Any, met: _Met) -> Iterator[_NumberedRow]:
    for line, values in enumerate(sheet.iter_rows(values_only=True), start=1):
        _check_place(line, len(values), met)
        cells = {}
        for at, value in enumerate(values):
            if value is None:
                continue
            if isinstance(value, str) and value in _ERRORS:
                met.errors += 1
            elif (text := _kept(_written(value), line, met)).strip():
                cells[at] = text
        if cells:
            yield line, cells


def _uncomputed(values: Any, formulas: Any) -> int:
    """How many formulas have no value: a program that does not compute wrote the file."""
    return sum(
        value is None and formula.data_type == "f"
        for row, row_of_formulas in zip(values.iter_rows(values_only=True), formulas.iter_rows(), strict=False)
        for value, formula in zip(row, row_of_formulas, strict=False)
    )


def _written(value: object) -> str:
    """The value of a cell as text."""
    if isinstance(value, str):
        return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, datetime.datetime):
        moment = _to_the_second(value)
        return moment.date().isoformat() if moment.time() == datetime.time() else moment.isoformat()
    if isinstance(value, datetime.time):
        return _to_the_second(datetime.datetime.combine(_ANY_DAY, value)).time().isoformat()
    if isinstance(value, datetime.timedelta):
        seconds = round(value.total_seconds())
        sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
        return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return str(value)


def _number(value: float) -> str:
    """A number as a spreadsheet shows it: 15 significant digits, no `.0`."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else format(value, ".15g")


def _to_the_second(moment: datetime.datetime) -> datetime.datetime:
    """Dates are stored as fractions of a day: 9:30 written with seven digits comes back as 9:29:59.997."""
    try:
        return (moment + datetime.timedelta(microseconds=500_000)).replace(microsecond=0)
    except OverflowError:
        return moment.replace(microsecond=0)


# --- .ods --------------------------------------------------------------------------------------------


def _ods_table(data: bytes, marks: _Marks, text_column: str | None) -> Table:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        if "META-INF/manifest.xml" in names and b"encryption-data" in archive.read("META-INF/manifest.xml"):
            raise UnreadableError(
                "encrypted", "le fichier est protégé par un mot de passe : retirez-le dans LibreOffice"
            )
        if "content.xml" not in names:
            raise UnreadableError(
                "corrupt", "le classeur n’a pas de contenu : ouvrez-le dans LibreOffice et enregistrez-le de nouveau"
            )
        content = archive.read("content.xml")
    met = _Met()
    sheets = [iter(rows) for rows in _ods_sheets(content, met)]
    rank, chosen, met.above, others = _chosen(sheets, text_column)
    table = _table(chosen)
    return Table(table.columns, table.rows, table.broken, _notices(met, marks, rank, others))


def _ods_sheets(content: bytes, met: _Met) -> list[list[_NumberedRow]]:
    """The rows of every sheet; nothing is fetched, no entity is expanded."""
    sheets: list[list[_NumberedRow]] = []
    row_tag, table_tag = f"{_ODS['table']}table-row", f"{_ODS['table']}table"
    events = etree.iterparse(
        io.BytesIO(content), ("start", "end"), tag=(row_tag, table_tag), resolve_entities=False,
        no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    line = 0
    for event, element in events:
        if event == "start" and element.tag == table_tag:
            sheets.append([])
            line = 0
        elif event == "end" and element.tag == row_tag:
            times = _repeated(element, "rows")
            cells = _ods_cells(element, line + 1, met)
            if cells and sheets:
                _check_place(line + times, max(cells) + 1, met)
                sheets[-1].append((line + 1, cells))
                for more in range(1, times):
                    copied = {at: _kept(cell, line + 1 + more, met) for at, cell in cells.items()}
                    sheets[-1].append((line + 1 + more, copied))
            line += times
            element.clear()
    return sheets


def _repeated(element: _Element, what: str) -> int:
    said = element.get(f"{_ODS['table']}number-{what}-repeated") or "1"
    return max(1, int(said)) if said.isdecimal() and len(said) < 10 else 1


def _ods_cells(row: _Element, line: int, met: _Met) -> dict[int, str]:
    cells: dict[int, str] = {}
    at = 0
    for cell in row:
        times = _repeated(cell, "columns")
        if cell.tag == f"{_ODS['table']}table-cell":
            text = _ods_text(cell, met)
            if text.strip():
                _check_place(line, at + times, met)
                cells.update((at + more, _kept(text, line, met)) for more in range(times))
        at += times
    return cells


def _ods_text(cell: _Element, met: _Met) -> str:
    """The value of a cell as text: what is stored where it is stored, else what is shown."""
    office = _ODS["office"]
    kind = cell.get(f"{office}value-type")
    if cell.get(f"{_ODS['calcext']}value-type") == "error":
        met.errors += 1
        return ""
    if kind == "date":
        return (cell.get(f"{office}date-value") or "").removesuffix("T00:00:00")
    if kind == "boolean":
        return cell.get(f"{office}boolean-value") or ""
    if kind == "time":
        said = cell.get(f"{office}time-value") or ""
        clock = _DURATION.fullmatch(said)
        return ":".join(part.zfill(2) for part in clock.groups()) if clock else said
    if kind in ("float", "percentage", "currency"):
        return _ods_number(cell.get(f"{office}value") or "")
    paragraphs = [_ods_paragraph(child, met) for child in cell if child.tag == f"{_ODS['text']}p"]
    return "\n".join(paragraphs) if paragraphs else cell.get(f"{office}string-value") or ""


def _ods_number(said: str) -> str:
    try:
        return _number(float(said))
    except (ValueError, OverflowError):
        return said


def _ods_paragraph(element: _Element, met: _Met) -> str:
    """The text of a paragraph: spaces, tabs and line breaks are elements, comments are left out."""
    parts = [element.text or ""]
    for child in element:
        parts += (_ods_piece(child, met), child.tail or "")
    return "".join(parts)


def _ods_piece(element: _Element, met: _Met) -> str:
    if element.tag == f"{_ODS['text']}s":
        said = element.get(f"{_ODS['text']}c") or "1"
        spaces = int(said) if said.isdecimal() and len(said) < 10 else 1
        _count_text(spaces, met)
        return " " * spaces
    if element.tag == f"{_ODS['text']}tab":
        return "\t"
    if element.tag == f"{_ODS['text']}line-break":
        return "\n"
    return "" if element.tag == f"{_ODS['office']}annotation" else _ods_paragraph(element, met)
