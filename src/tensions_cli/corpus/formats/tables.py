"""Tables and JSON Lines: each row is one text, its other columns are metadata.

Everything is read as text: `007`, `NA` and `0,5` stay what they are.
"""

import csv
import io
import json
import re
import statistics
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tensions_cli.corpus.formats.plain import blocks_of
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.errors import UnreadableError
from tensions_cli.files.encoding import decode
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import Block, Document, Skipped

# A column is taken for the text when it is the only one this long (median, in characters).
_TEXT_MEDIAN = 100

# Excel and LibreOffice hold no longer cell (Microsoft, "Excel specifications and limits"), and count UTF-16
# units; openpyxl cuts at as many code points. A text that stops exactly there was cut.
_CELL_LIMIT = 32_767

_SEPARATORS = ";,\t"

_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its rank (from 1), its line in the file (from 1), its cells by column name.

    A column without a cell is an empty cell.
    """

    rank: int
    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """A table read as text. `broken`: line number and French reason of each row left out."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    broken: tuple[tuple[int, str], ...] = ()
    notices: tuple[str, ...] = ()


def read_csv(data: bytes, file: SourceFile, *, record: bool, text_column: str | None) -> Iterator[Document | Skipped]:
    """Read the rows of a .csv or .tsv file. Raises `UnreadableError` when no column is the text."""
    decoded = decode(data)
    table = parse_table(decoded.text)
    table = replace(table, notices=(*decoded.notices, *table.notices))
    name = "tsv" if file.name.lower().endswith(".tsv") else "csv"
    yield from documents_of(table, file, name, decoded.encoding, record, text_column)


def read_jsonl(data: bytes, file: SourceFile, *, record: bool, text_column: str | None) -> Iterator[Document | Skipped]:
    """Read the objects of a .jsonl file, or of a JSON array. Raises as `read_csv` does."""
    decoded = decode(data)
    table = _parse_jsonl(decoded.text)
    table = replace(table, notices=(*decoded.notices, *table.notices))
    yield from documents_of(table, file, "jsonl", decoded.encoding, record, text_column)


def parse_table(text: str) -> Table:
    """Parse delimited text; the separator is the one that cuts the header line most often."""
    # A whole interview in one cell exceeds Python's default of 131,072 characters.
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    skipped_lines = 0
    declared = re.match(r"sep=(.)\n", text, re.IGNORECASE)
    if declared:
        text, skipped_lines = text[declared.end() :], 1
    separator = declared[1] if declared else _separator(text)
    try:
        raw = list(_raw_rows(text, separator, strict=True))
        notices: tuple[str, ...] = ()
    except csv.Error:
        raw = list(_raw_rows(text, separator, strict=False))
        notices = ("guillemets mal fermés dans le tableau : vérifiez que chaque ligne donne bien un texte",)
    if not raw:
        return Table((), ())
    columns = column_names(raw[0][1])
    rows: list[Row] = []
    broken: list[tuple[int, str]] = []
    for rank, (line, cells) in enumerate(raw[1:], start=1):
        if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
            broken.append((line + skipped_lines, f"{len(cells)} cellules pour {len(columns)} colonnes"))
            continue
        # Not padded: a header of a million columns above a million short rows is a small file.
        rows.append(Row(rank, line + skipped_lines, defaultdict(str, zip(columns, cells, strict=False))))
    cut = [row.line for row in rows if any(map(at_cell_limit, row.cells.values()))]
    return Table(columns, tuple(rows), tuple(broken), (*notices, *cut_notice(cut)))


def at_cell_limit(text: str) -> bool:
    """The text is exactly as long as a spreadsheet cell can be: the program that wrote it cut the rest."""
    if not _CELL_LIMIT // 2 <= len(text) <= _CELL_LIMIT:
        return False
    return len(text) == _CELL_LIMIT or len(text.encode("utf-16-le", "surrogatepass")) // 2 == _CELL_LIMIT


def cut_notice(lines: Sequence[int]) -> tuple[str, ...]:
    """What to say of the lines where a cell is at the limit; nothing when there are none."""
    if not lines:
        return ()
    listed = ", ".join(map(str, lines[:10])) + (f" et {len(lines) - 10} autres" if len(lines) > 10 else "")
    return (
        "cellules d’exactement 32\u00a0767 caractères, la limite d’un tableur\u00a0: le texte est sans doute coupé "
        f"(lignes {listed})\u00a0; donnez ces textes en .txt ou en .docx",
    )


def _separator(text: str) -> str:
    """The separator that is most frequent on the first line, outside quotes."""
    header = re.sub(r'"[^"]*"', "", text.lstrip("\n").partition("\n")[0])
    return max(_SEPARATORS, key=header.count)


def _raw_rows(text: str, separator: str, *, strict: bool) -> Iterator[tuple[int, list[str]]]:
    """Rows with the number of their first line; blank rows are left out."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=strict)
    line = 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield line, cells
        line = reader.line_num + 1


def column_names(header: Sequence[str]) -> tuple[str, ...]:
    """Column names, trimmed; an empty or repeated name gets its rank."""
    names: dict[str, None] = {}
    for rank, cell in enumerate(header, start=1):
        name = cell.strip() or f"colonne_{rank}"
        while name in names:
            name = f"{name}_{rank}"
        names[name] = None
    return tuple(names)


def _parse_jsonl(text: str) -> Table:
    stripped = text.lstrip()
    if stripped.startswith("["):
        notice = "tableau JSON lu comme une suite de textes : le format attendu est .jsonl"
        return _from_objects(_array(text), (notice,))
    objects: list[tuple[int, Any]] = []
    # Not splitlines: U+2028 is legal inside a JSON string.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            objects.append((number, _loaded(line)))
    if len(objects) > 1 and not any(isinstance(value, dict) for _, value in objects):
        whole = _loaded(text)
        objects = [(1, whole)] if isinstance(whole, dict) else objects
    return _from_objects(objects, ())


def _array(text: str) -> list[tuple[int, Any]]:
    values = _loaded(text)
    if not isinstance(values, list):
        raise UnreadableError("corrupt", "le tableau JSON est mal formé : enregistrez un objet par ligne (.jsonl)")
    return list(enumerate(values, start=1))


def _loaded(text: str) -> Any:
    """The JSON value of a text, numbers kept as they are written; None when it is not valid."""
    try:
        return json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):
        return None


def _from_objects(objects: Sequence[tuple[int, Any]], notices: tuple[str, ...]) -> Table:
    columns: dict[str, None] = {}
    rows: list[Row] = []
    broken: list[tuple[int, str]] = []
    surrogates = 0
    nested = False
    for rank, (line, value) in enumerate(objects, start=1):
        if not isinstance(value, dict):
            broken.append((line, "JSON illisible ou sans clés"))
            continue
        cells = {}
        for name, cell in value.items():
            written, replaced = _SURROGATE.subn("\ufffd", _as_text(cell))
            surrogates += replaced
            cells[_SURROGATE.sub("\ufffd", name).strip()] = written
            nested = nested or isinstance(cell, dict) or (isinstance(cell, list) and bool(cell) and not written)
        columns |= dict.fromkeys(cells)
        rows.append(Row(rank, line, cells))
    if nested:
        notices = (*notices, "valeurs JSON imbriquées : elles ne deviennent pas des métadonnées")
    if surrogates:
        notices = (*notices, f"moitiés de caractères (\\ud800…) remplacées par U+FFFD : {surrogates}")
    return Table(tuple(columns), tuple(rows), tuple(broken), notices)


def _as_text(value: Any) -> str:
    """A JSON value as text, line ends as in any canonical text; nothing for a nested value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\r", "\n")
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "|".join(value)
    return ""


# Columns that only our own passages have together (files for programs, workbooks for people): read again, they
# would be counted twice.
_RESULT_COLUMNS = (
    {"coded_by", "label", "excluded_reason", "text"},
    {"codé par", "logique", "motif d’exclusion", "passage"},
)


def documents_of(
    table: Table, file: SourceFile, name: str, encoding: str | None, record: bool, text_column: str | None
) -> Iterator[Document | Skipped]:
    """One document per row that has a text, in order, then the rows left out.

    `name`: the format as the documents bear it. Raises `UnreadableError` (`empty`, `columns`).
    """
    if not table.rows and not table.broken:
        raise UnreadableError("empty", "le tableau n’a aucune ligne : vérifiez le fichier")
    if any(ours <= set(table.columns) for ours in _RESULT_COLUMNS):
        detail = "résultat de « tensions tag », pas un texte du corpus"
        yield Skipped(file.name, "result", detail, failed=False)
        return
    if table.rows:
        column, notices = _text_column(table, text_column)
        identifier = _named(table.columns, read_toml("reading.toml")["columns"]["id"])
        ids, repeated = _ids(table.rows, identifier, file)
        notices = (*table.notices, *notices, *repeated)
        for row, row_id in zip(table.rows, ids, strict=True):
            text = row.cells.get(column, "")
            if not text.strip():
                detail = f"ligne {row.line} : texte vide, complétez-le ou retirez la ligne"
                yield Skipped(file.name, "empty", detail)
                continue
            metadata = {key: cell.strip() for key, cell in row.cells.items() if key not in (column, identifier)}
            yield Document(
                id=row_id,
                source=file.name,
                format=name,
                text=text,
                blocks=(Block(0, len(text)),) if record else tuple(blocks_of(text)),
                metadata={key: value for key, value in metadata.items() if value},
                encoding=encoding,
                notices=notices,
                record=record,
            )
            notices = ()  # what is said of the file is said once
    for line, reason in table.broken:
        yield Skipped(file.name, "corrupt", f"ligne {line} : {reason}, ligne laissée de côté")


def _named(columns: Sequence[str], wanted: Sequence[str]) -> str | None:
    """The first column that bears one of the names, whatever its case."""
    return next((column for column in columns if column.strip().casefold() in wanted), None)


def _text_column(table: Table, asked: str | None) -> tuple[str, tuple[str, ...]]:
    """Which column is the text, and a notice when it was guessed."""
    if asked is not None:
        found = asked if asked in table.columns else _named(table.columns, [asked.strip().casefold()])
        if found is None:
            raise UnreadableError("columns", f"aucune colonne « {asked} » ; {_choice(table)}")
        return found, ()
    found = named_text_column(table.columns)
    if found is not None:
        return found, ()
    medians = _median_lengths(table)
    long = [column for column in table.columns if medians.get(column, 0) > _TEXT_MEDIAN]
    if len(long) != 1:
        raise UnreadableError("columns", f"aucune colonne « text » ou « texte » ; {_choice(table)}")
    # By its place: without a header, its name would be words of a text.
    place = table.columns.index(long[0]) + 1
    return long[0], (f"colonne de texte reconnue à sa longueur : la n°\u00a0{place} (sinon --text-column)",)


def named_text_column(columns: Sequence[str]) -> str | None:
    """The column that its name says is the text, if any."""
    return _named(columns, read_toml("reading.toml")["columns"]["text"])


def _choice(table: Table) -> str:
    """What to do; the names are not told: without a header they would be words of a text."""
    return f"le fichier a {len(table.columns)} colonnes : choisissez avec --text-column NOM"


def _median_lengths(table: Table) -> dict[str, float]:
    """The median length of the cells of each column that has any."""
    lengths: defaultdict[str, list[int]] = defaultdict(list)
    for row in table.rows:
        for column, cell in row.cells.items():
            if length := len(cell.strip()):
                lengths[column].append(length)
    return {column: statistics.median(found) for column, found in lengths.items()}


def _ids(rows: Sequence[Row], column: str | None, file: SourceFile) -> tuple[list[str], tuple[str, ...]]:
    """One id per row, unique in the file: its `id` cell, else the file and the rank of the row."""
    seen: defaultdict[str, int] = defaultdict(int)
    ids: list[str] = []
    repeated: list[int] = []
    for row in rows:
        cell = unicodedata.normalize("NFC", row.cells.get(column, "").strip()) if column else ""
        base = cell or f"{file.id}#{row.rank}"
        name = base
        while name in seen:
            seen[base] += 1
            name = f"{base}-{seen[base]}"
        seen[name] = 1
        if name != base:
            repeated.append(row.line)
        ids.append(name)
    if not repeated:
        return ids, ()
    listed = ", ".join(map(str, repeated[:10])) + (" …" if len(repeated) > 10 else "")
    return ids, (f"identifiants répétés, distingués par un numéro : {len(repeated)} (lignes {listed})",)
