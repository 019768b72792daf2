"""Codes that come back in our own tables (xlsx, CSV, JSON Lines, Parquet) after people edited them.

Columns are found by name whatever their order, case, accents and language; a row is attached to its passage by the
id, else by document and offsets. Spreadsheets damage cells: what can be put right is, the rest is counted.
"""

import contextlib
import csv
import io
import json
import re
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from functools import cache
from typing import Any

from tensions_cli.coding.annotation import MACHINE, SOMEBODY
from tensions_cli.coding.coders import numbered
from tensions_cli.coding.understand import decision_of, plain_name
from tensions_cli.errors import ModelError, UnreadableError
from tensions_cli.files.container import check_container
from tensions_cli.files.encoding import MOJIBAKE_NOTICE, Decoded, decode
from tensions_cli.knowledge.codebook import codebook
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import ReadCoding, ReadCodings

# Row: where it stands, and its cells by field.
Row = tuple[str, dict[str, str]]

# Of a sheet: what Excel can hold in rows; in columns (it has 16,384) our table with a lot of metadata. Without these
# bounds, one cell that claims to stand far away would make millions of empty ones. A header stands near the top.
_MOST_ROWS = 1_048_576
_MOST_COLUMNS = 1000
_HEADER_WITHIN = 50

_OUR_ID = re.compile(r"(?P<document>.+)#(?P<start>\d{1,12})-(?P<end>\d{1,12})", re.DOTALL)
_GUARDED = re.compile(r"'(?=[=+\-@\t\r])")
_FORMULA_ERROR = re.compile(r"#(?:NOM\?|NAME\?|REF!|VALEUR!|VALUE!|N/A|DIV/0!|NUL!|NULL!|NOMBRE!|NUM!)")
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"

_SAID = {
    "broken": "lignes illisibles, laissées de côté",
    "long": "lignes qui ont plus de cellules que l’en-tête, lues sans les dernières",
    "unknown": "colonnes inconnues, non reprises",
    "rebuilt": "identifiants abîmés, rétablis à partir du document et des positions",
    "moved": "lignes dont le document ou les positions contredisent l’identifiant, qui l’emporte",
    "formula": "passages devenus une erreur de formule dans le tableur, repris sans leur texte",
    "changed": "passages dont le texte n’a plus sa longueur d’origine",
    "silent": "lignes modifiées sans décision, lues comme modifiées",
    "accepted": "lignes acceptées mais modifiées, lues comme modifiées",
    "untold": "lignes sans aucun code",
    "credited": "lignes de la machine, sans trace de ce qui a été modifié, mises au nom du codeur donné",
}

_CODE_FIELDS = frozenset(
    {"label", "relation", "axes", "stance", "stance_rationalisation", "stance_professionnelle", "M", "P"}
)


def read_csv(data: bytes, coder: str = SOMEBODY) -> ReadCodings:
    """Read a table of codes in CSV or TSV, in any encoding and with the separator of any spreadsheet.

    `coder`: the person who filled a table that names nobody, or only the machine beside no
    proposal to compare with. Raises `UnreadableError` when it is no table of codes.
    """
    # A whole interview in one cell exceeds Python's default of 131,072 characters.
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    decoded = decode(data)
    text, first_line = decoded.text, 1
    declared = re.match(r"sep=(.)\n", text, re.IGNORECASE)
    if declared:
        text, first_line = text[declared.end() :], 2
    header = re.sub(r'"[^"]*"', "", text.lstrip("\n").partition("\n")[0])
    separator = declared[1] if declared else max(";,\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)

    def lines() -> Iterator[tuple[str, Sequence[str]]]:
        line = first_line
        for cells in reader:
            yield f"ligne {line}", cells
            line = first_line + reader.line_num

    counts: Counter[str] = Counter()
    try:
        rows = _with_fields(lines(), counts)
    except csv.Error:
        raise UnreadableError(
            "corrupt", "le CSV est mal formé\u00a0: enregistrez de nouveau le tableau en CSV (UTF-8)"
        ) from None
    return _codings(rows, counts, coder, _decoding_notices(decoded), guarded=True)


def read_jsonl(data: bytes, coder: str = SOMEBODY) -> ReadCodings:
    """Read our JSON Lines: tagged passages, or coded passages with M and P. Raises as `read_csv` does."""
    decoded = decode(data)
    counts: Counter[str] = Counter()
    # Not splitlines: U+2028 is legal inside a JSON string.
    lines = enumerate(decoded.text.split("\n"), start=1)
    rows = _from_objects(((f"ligne {number}", _loaded(line)) for number, line in lines if line.strip()), counts)
    return _codings(rows, counts, coder, _decoding_notices(decoded), guarded=False)


def read_xlsx(data: bytes, coder: str = SOMEBODY) -> ReadCodings:
    """Read the sheet « Passages » of a workbook, or the first that has its columns. Raises as `read_csv` does."""
    if data.startswith(_OLD_EXCEL):
        raise UnreadableError(
            "encrypted",
            "classeur protégé par un mot de passe ou au format .xls\u00a0: enregistrez-le en .xlsx sans mot de passe",
        )
    counts: Counter[str] = Counter()
    try:
        check_container(data, "Excel")
        rows = _workbook_rows(data, counts)
    except UnreadableError:
        raise
    except Exception:  # openpyxl raises whatever its XML parts happen to break
        raise UnreadableError(
            "corrupt", "le classeur est abîmé\u00a0: ouvrez-le dans un tableur et enregistrez-le de nouveau en .xlsx"
        ) from None
    return _codings(rows, counts, coder, (), guarded=False)


def read_parquet(data: bytes, coder: str = SOMEBODY) -> ReadCodings:
    """Read our Parquet table. Raises as `read_csv` does, and ModelError without the extra `parquet`."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise ModelError(
            "le format Parquet demande une bibliothèque de plus",
            why="pyarrow n’est pas installé",
            hint='pip install "tensions-cli[parquet]"',
        ) from None
    counts: Counter[str] = Counter()
    try:
        objects = pq.read_table(io.BytesIO(data)).to_pylist()
    except (pa.ArrowException, OSError, ValueError):
        raise UnreadableError("corrupt", "le fichier Parquet est abîmé\u00a0: exportez-le de nouveau") from None
    rows = _from_objects(((f"ligne {rank}", value) for rank, value in enumerate(objects, start=1)), counts)
    return _codings(rows, counts, coder, (), guarded=False)


def _decoding_notices(decoded: Decoded) -> tuple[str, ...]:
    """What decoding tells; codes are read as they are, nothing repairs their texts."""
    damaged = f"{MOJIBAKE_NOTICE} (comme Ã© pour é)\u00a0; reprenez le fichier de l’outil, enregistré en UTF-8"
    return tuple(damaged if notice.startswith(MOJIBAKE_NOTICE) else notice for notice in decoded.notices)


# From files to rows


def _workbook_rows(data: bytes, counts: Counter[str]) -> list[Row]:
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about drop-downs and styles, on standard error
        with contextlib.redirect_stdout(io.StringIO()):  # it prints a line on damaged styles
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheets = sorted(book.worksheets, key=lambda sheet: plain_name(sheet.title) != plain_name("Passages"))
        for sheet in sheets:
            sheet.reset_dimensions()  # what the file says of its size may be false
            top = (cells for _, cells in _sheet_rows(sheet, _HEADER_WITHIN, _MOST_COLUMNS))
            header = next((cells for cells in top if any(map(str.strip, cells))), [])
            width = len(header) - next((n for n, cell in enumerate(reversed(header)) if cell.strip()), len(header))
            if not width:
                continue
            lines = ((f"ligne {number}", cells) for number, cells in _sheet_rows(sheet, _MOST_ROWS, width))
            found: Counter[str] = Counter()
            rows = _with_fields(lines, found)
            if rows and _is_table_of_codes(rows):
                counts.update(found)
                return rows
    return []


def _sheet_rows(sheet: Any, last: int, width: int) -> Iterator[tuple[int, list[str]]]:
    """Number and cells of the rows that hold something, up to a row and a column."""
    nothing = (None,) * width
    for number, cells in enumerate(sheet.iter_rows(values_only=True, max_row=last, max_col=width), start=1):
        if cells != nothing:
            yield number, [_cell(value) for value in cells]


def _cell(value: Any) -> str:
    """A cell as text: dates in ISO form, whole numbers without `.0`."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _with_fields(lines: Iterable[tuple[str, Sequence[str]]], counts: Counter[str]) -> list[Row]:
    """Rows by field, the first line that is not blank being the header."""
    fields: list[str | None] | None = None
    rows: list[Row] = []
    for where, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if fields is None:
            fields = _fields(cells, counts)
            continue
        counts["long"] += any(cell.strip() for cell in cells[len(fields) :])
        rows.append((where, {field: cell for field, cell in zip(fields, cells, strict=False) if field}))
    return rows


def _from_objects(values: Iterable[tuple[str, Any]], counts: Counter[str]) -> list[Row]:
    rows: list[Row] = []
    unknown: set[str] = set()
    for where, value in values:
        if not isinstance(value, dict):
            counts["broken"] += 1
            continue
        cells: dict[str, str] = {}
        for name, item in value.items():
            field = _field(name)
            if field is None:
                unknown.add(name)
            else:
                cells.setdefault(field, _flat(item))
        rows.append((where, cells))
    counts["unknown"] += len(unknown)
    return rows


def _loaded(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _flat(value: Any) -> str:
    """A JSON value as our CSV writes it: `axis:pole` pairs and lists joined by `|`."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        pairs = ((name, item if isinstance(item, list) else [item]) for name, item in value.items())
        return "|".join(f"{name}:{item}" for name, items in pairs for item in items if item is not None)
    if isinstance(value, list):
        return "|".join(str(item) for item in value)
    return str(value).encode("utf-8", "replace").decode("utf-8")


@cache
def _names() -> Mapping[str, str]:
    """Plain column name to field."""
    known: dict[str, str] = {}
    columns = read_toml("exchange.toml")["columns"]
    for column in columns:
        known.setdefault(plain_name(column["field"]), column["field"])
    for column in columns:
        for name in (column["header"], *column["also"]):
            known.setdefault(plain_name(name), column["field"])
    return known


def _field(name: str) -> str | None:
    """Our field of a column; `metadata` for any metadata column; None for a column we do not know."""
    plain = plain_name(name)
    if any(plain.startswith(plain_name(prefix)) for prefix in read_toml("exchange.toml")["metadata"]["prefixes"]):
        return "metadata"
    return _names().get(plain)


def _fields(header: Sequence[str], counts: Counter[str]) -> list[str | None]:
    """The field of each column; of two columns for one field, the first."""
    fields: list[str | None] = []
    for name in header:
        field = _field(name)
        repeated = field is not None and field != "metadata" and field in fields
        counts["unknown"] += bool(name.strip()) and (field is None or repeated)
        fields.append(None if repeated else field)
    return fields


def _is_table_of_codes(rows: Sequence[Row]) -> bool:
    fields = {field for _, cells in rows for field in cells}
    placed = "id" in fields or "text" in fields or {"document", "start", "end"} <= fields
    return placed and bool(fields & (_CODE_FIELDS | {"decision"}))


# From rows to codings


def _codings(
    rows: Sequence[Row], counts: Counter[str], coder: str, notices: Sequence[str], *, guarded: bool
) -> ReadCodings:
    """`guarded`: an apostrophe before a formula sign was put there by our writer."""
    if not rows or not _is_table_of_codes(rows):
        raise UnreadableError(
            "columns",
            "ce n’est pas un tableau de codes\u00a0: il faut une colonne «\u00a0identifiant\u00a0» ou "
            "«\u00a0passage\u00a0», et une colonne «\u00a0logique\u00a0» ou «\u00a0décision\u00a0»",
        )
    codings: list[ReadCoding] = []
    machines = {MACHINE}
    for where, cells in rows:
        if guarded:
            cells = {field: cell if field == "text" else _GUARDED.sub("", cell, 1) for field, cell in cells.items()}
        name, start, end, document = _where(cells, counts)
        answers = {field: cells[field].strip() for field in _CODE_FIELDS if cells.get(field, "").strip()}
        counts["untold"] += not answers
        who = _who(cells, answers, coder, machines, counts)
        codings.append(
            ReadCoding(
                place=where,
                id=name,
                document=document,
                start=start,
                end=end,
                text=_text(cells.get("text", ""), _length(start, end), counts, guarded),
                coder=who,
                codes=(),
                answers=answers,
                memo=cells.get("memo", "").strip(),
            )
        )
    names = numbered((coding.coder for coding in codings), machines)
    renamed = tuple(replace(coding, coder=names[coding.coder]) for coding in codings)
    said = tuple(f"{what}\u00a0: {counts[key]}" for key, what in _SAID.items() if counts[key])
    return ReadCodings(renamed, notices=(*notices, *said))


def _where(cells: Mapping[str, str], counts: Counter[str]) -> tuple[str | None, int | None, int | None, str | None]:
    """Id, start, end and document of a row: the id tells the three others, and they tell a damaged id."""
    name = cells.get("id", "").strip() or None
    document = cells.get("document", "").strip() or None
    start, end = _integer(cells.get("start", "")), _integer(cells.get("end", ""))
    ours = _OUR_ID.fullmatch(name) if name else None
    if ours:
        said = (ours["document"], int(ours["start"]), int(ours["end"]))
        cut = (document, start, end)
        counts["moved"] += any(cell is not None and cell != own for cell, own in zip(cut, said, strict=True))
        return name, said[1], said[2], said[0]
    if document is not None and start is not None and end is not None:
        counts["rebuilt"] += 1
        return f"{document}#{start}-{end}", start, end, document
    return name, start, end, document


def _integer(cell: str) -> int | None:
    """`1047`, `1 047`, `1047,0`: what a spreadsheet makes of a whole number."""
    plain = re.sub(r"\s", "", cell)
    found = re.fullmatch(r"(\d{1,12})(?:[.,]0+)?", plain)
    return int(found[1]) if found else None


def _who(
    cells: Mapping[str, str], answers: dict[str, str], coder: str, machines: set[str], counts: Counter[str]
) -> str:
    """Who codes this row: the person it names, or who decided or changed its codes; else the machine.

    Puts the decision into `answers`.
    """
    decision = cells.get("decision", "").strip()
    proposal = cells.get("proposal", "").strip()
    changed = bool(proposal) and _plain_codes(answers) != {plain_name(code) for code in proposal.split("|")}
    if changed and not decision:
        counts["silent"] += 1
        decision = "modified"
    elif changed and decision_of(decision) == "accepted":
        counts["accepted"] += 1
        decision = "modified"
    if decision:
        answers["decision"] = decision
    person = cells.get("coder", "").strip()
    if person or decision:
        return person or coder
    coded_by = cells.get("coded_by", "").strip()
    if coded_by in ("", "model"):
        machine = cells.get("model", "").strip() or (MACHINE if proposal or coded_by else "")
        # A table without proposals does not show what was edited: who says whose codes these are is believed.
        if machine and coder != SOMEBODY and not proposal:
            counts["credited"] += 1
            return coder
        machines |= {machine} if machine else set()
        return machine or coder
    return coded_by


def _plain_codes(answers: Mapping[str, str]) -> set[str]:
    """The codes of a row, comparable with those of its proposal."""
    names = [answers.get(field, "") for field in ("label", "relation")]
    names += answers.get("axes", "").split("|")
    names += [f"{pole} {answers[f'stance_{pole}']}" for pole in codebook().poles if f"stance_{pole}" in answers]
    return {plain_name(name) for name in names if name.strip()}


def _length(start: int | None, end: int | None) -> int | None:
    return None if start is None or end is None else end - start


def _text(cell: str, length: int | None, counts: Counter[str], guarded: bool) -> str | None:
    """The text of a passage as it was exported, when its length tells; None when a formula replaced it."""
    if not cell.strip():
        return None
    if _FORMULA_ERROR.fullmatch(cell.strip()):
        counts["formula"] += 1
        return None
    lines = re.sub(r"_x000D_\n?|\r\n?", "\n", cell)  # how Excel writes a line end it did not make
    bare = [_GUARDED.sub("", one, 1) for one in (cell, lines)] if guarded else []
    forms = [cell, lines, *bare]
    if length is None:
        return forms[-1]
    kept = next((form for form in forms if len(form) == length), None)
    counts["changed"] += kept is None
    return forms[-1] if kept is None else kept
