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
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from functools import cache
from itertools import repeat
from typing import Any

from tensions_cli.coding.annotation import MACHINE, SOMEBODY
from tensions_cli.coding.coders import NUMBERED, SHORT, UNNAMED, numbered
from tensions_cli.coding.names import (
    FORMULA_ERROR,
    NO_VALUE,
    OUR_ID,
    bare,
    codes_like,
    decision_of,
    is_code,
    one_error,
    plain_name,
    yes_or_no,
)
from tensions_cli.errors import ModelError, UnreadableError
from tensions_cli.files.container import check_container
from tensions_cli.files.encoding import MOJIBAKE_NOTICE, Decoded, decode
from tensions_cli.knowledge.code_names import axis_name, stance_name
from tensions_cli.knowledge.codebook import Codebook, codebook
from tensions_cli.knowledge.columns import code_fields, columns_of
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import ReadCoding, ReadCodings

# Row: where it stands, and its cells by field.
Row = tuple[str, dict[str, str]]

# Of a sheet: what Excel can hold in rows; in columns (it has 16,384) our table with a lot of metadata. Without these
# bounds, one cell that claims to stand far away would make millions of empty ones. A header stands near the top.
_MOST_ROWS = 1_048_576
_MOST_COLUMNS = 1000
# Rows that one file may hold, of any format: a person codes some thousands, a machine tags some hundreds of
# thousands. 300,000 rows of csv take 27 s; a million took more than 120 s, and nothing told before the end.
MOST_PASSAGES = 300_000
_HEADER_WITHIN = 50
_TOP_OF_FILE = 200_000  # characters: fifty rows of long passages
_FEW_COLUMNS = 3  # a passage of a table so narrow may have as many separators as a row
_LONG_NAME = 5  # of a column: from there on, one typing error is read
_MOST_MERGED = 10_000  # rows under one merged cell
_BESIDE = 50  # columns without a header that are read at the right of the table

_ROLES = {"enqueteur": "interviewer", "enqueteuse": "interviewer", "enquetrice": "interviewer"} | dict.fromkeys(
    ("enquete", "enquetee"), "respondent"
)
_SHOWN = "proposed"  # the field of a column where a task file shows what a machine says: never read
_GUARDED = re.compile(r"'(?=[=+\-@\t\r])")
OLD_EXCEL = b"\xd0\xcf\x11\xe0"

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
    "merged": "cellules fusionnées, dont le code est repris sur chaque ligne",
    "crosses": "lignes où une case vide, à côté d’une croix, est lue «\u00a0non\u00a0»",
    "adopted label": "colonne reconnue à son contenu, lue comme «\u00a0logique\u00a0»",
    "adopted relation": "colonne reconnue à son contenu, lue comme «\u00a0relation\u00a0»",
    "adopted axes": "colonne reconnue à son contenu, lue comme «\u00a0axes\u00a0»",
    "adopted stance": "colonne reconnue à son contenu, lue comme «\u00a0posture\u00a0»",
    "unfinished": "passages commencés et non terminés, non repris",
    "bad weight": "poids illisibles, non repris",
    "credited": "lignes de la machine, sans trace de ce qui a été modifié, mises au nom du codeur donné",
}

# Cells that go with a passage and are no code: column to the name that coded passages give it.
_KEPT = {
    name: name for name in ("author", "genre", "sector", "speaker", "person", "role", "turn", "weight", "drawn")
} | {"context": "question"}


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
    counts: Counter[str] = Counter()
    rows: list[Row] = []
    swallowed: UnreadableError | None = None
    for separator in _separators(text, declared):
        try:
            rows = _with_fields(_csv_lines(text, separator, first_line), counts)
        except csv.Error:
            raise UnreadableError(
                "corrupt", "le CSV est mal formé\u00a0: enregistrez de nouveau le tableau en CSV (UTF-8)"
            ) from None
        except UnreadableError as error:
            swallowed = swallowed or error
        if rows:
            break
    if swallowed and not rows:
        raise swallowed
    return _codings(rows, counts, coder, _decoding_notices(decoded), guarded=True, filled=True)


def _separators(text: str, declared: re.Match[str] | None) -> list[str]:
    """What may separate cells, the likeliest first: the first lines tell, whatever title stands above the header."""
    if declared:
        return [declared[1]]
    top = re.sub(r'"[^"]*"', "", text[:_TOP_OF_FILE]).split("\n")[:_HEADER_WITHIN]
    return sorted(";,\t", key=lambda sign: -max((line.count(sign) for line in top), default=0))


def _csv_lines(text: str, separator: str, first_line: int) -> Iterator[tuple[str, Sequence[str]]]:
    """Place and cells of each row. Raises UnreadableError where an open quotation mark swallows rows."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    line, width = first_line, 0
    for cells in reader:
        under = [row for cell in cells for row in cell.split("\n")[1:]]
        whole = any(row.count(separator) >= width - 1 or OUR_ID.fullmatch(row.split(separator)[0]) for row in under)
        # Rows that a quotation mark swallowed give one row of another width, or a cell that holds a row.
        if under and width > _FEW_COLUMNS and (len(cells) != width or whole):
            raise UnreadableError(
                "corrupt",
                f"un guillemet ouvert à la ligne {line} n’est pas refermé et avale les lignes suivantes\u00a0: "
                "refermez-le, ou enregistrez de nouveau le tableau depuis le tableur",
            )
        width = max(width, len(cells))
        yield f"ligne {line}", cells
        line = first_line + reader.line_num


def read_jsonl(data: bytes, coder: str = SOMEBODY) -> ReadCodings:
    """Read our JSON Lines: tagged passages, or coded passages with an answer a letter. Raises as `read_csv` does."""
    decoded = decode(data)
    counts: Counter[str] = Counter()
    # Not splitlines: U+2028 is legal inside a JSON string.
    lines = enumerate(decoded.text.split("\n"), start=1)
    rows = _from_objects(((f"ligne {number}", _loaded(line)) for number, line in lines if line.strip()), counts)
    return _codings(rows, counts, coder, _decoding_notices(decoded))


def read_xlsx(data: bytes, coder: str = SOMEBODY) -> ReadCodings:
    """Read the sheet « Passages » of a workbook, or the first that has its columns. Raises as `read_csv` does."""
    if data.startswith(OLD_EXCEL):
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
    return _codings(rows, counts, coder, (), filled=True)


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
    return _codings(rows, counts, coder, ())


def _decoding_notices(decoded: Decoded) -> tuple[str, ...]:
    """What decoding tells; codes are read as they are, nothing repairs their texts."""
    damaged = f"{MOJIBAKE_NOTICE} (comme Ã© pour é)\u00a0; reprenez le fichier de l’outil, enregistré en UTF-8"
    return tuple(damaged if notice.startswith(MOJIBAKE_NOTICE) else notice for notice in decoded.notices)


# From files to rows


def _workbook_rows(data: bytes, counts: Counter[str]) -> list[Row]:
    """Rows of every sheet that is a table of codes; of several, each place names its sheet."""
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about drop-downs and styles, on standard error
        with contextlib.redirect_stdout(io.StringIO()):  # it prints a line on damaged styles
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            formulas = openpyxl.load_workbook(io.BytesIO(data), read_only=True)
        found = []
        for rank, sheet in enumerate(book.worksheets, start=1):
            merged, calculated = _merged_and_calculated(data, sheet)
            rows = _table_of(sheet, formulas.worksheets[rank - 1] if calculated else None, merged, counts)
            if rows:
                found.append((rank, rows))
    found.sort(key=lambda one: plain_name(book.worksheets[one[0] - 1].title) != plain_name("Passages"))
    if len(found) == 1:
        return found[0][1]
    return [(f"feuille {rank}, {where}", cells) for rank, rows in found for where, cells in rows]


def _merged_and_calculated(data: bytes, sheet: Any) -> tuple[dict[tuple[int, int], int], bool]:
    """Rows and columns under a merged cell, each with the row of its value; and whether the sheet has formulas."""
    from openpyxl.utils import range_boundaries

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        xml = archive.read(sheet._worksheet_path)
    under: dict[tuple[int, int], int] = {}
    for reference in re.findall(rb'<mergeCell [^>]*ref="([A-Z0-9:]{1,40})"', xml):
        left, top, _, bottom = range_boundaries(reference.decode())
        rows = range(top + 1, min(bottom, top + _MOST_MERGED) + 1)
        under |= {(row, left): top for row in rows}
    return under, re.search(rb"<f[ >/]", xml) is not None


def _table_of(
    sheet: Any, formulas: Any, merged: Mapping[tuple[int, int], int], counts: Counter[str]
) -> list[Row] | None:
    """The rows of a sheet, or None when it is no table of codes."""
    sheet.reset_dimensions()  # what the file says of its size may be false
    top = [cells for _, cells in _sheet_rows(sheet, None, {}, _HEADER_WITHIN, _MOST_COLUMNS)]
    widths = [max((at for at, cell in enumerate(cells, start=1) if cell.strip()), default=0) for cells in top]
    width = min(max(widths, default=0) + _BESIDE, _MOST_COLUMNS)
    if width == _BESIDE:
        return None
    if formulas is not None:
        formulas.reset_dimensions()
    found: Counter[str] = Counter()
    lines = _sheet_rows(sheet, formulas, merged, _MOST_ROWS, width)
    rows = _with_fields(((f"ligne {number}", cells) for number, cells in lines), found)
    if not rows or not _is_table_of_codes(rows):
        return None
    found["merged"] = len(merged)
    counts.update(found)
    return rows


def _sheet_rows(
    sheet: Any, formulas: Any, merged: Mapping[tuple[int, int], int], last: int, width: int
) -> Iterator[tuple[int, list[str]]]:
    """Number and cells of the rows that hold something, up to a row and a column.

    `merged`: a cell under a merged one has its value. A formula without a value in the file is `NO_VALUE`.
    """
    nothing = (None,) * width
    columns = {column for _, column in merged}
    values: dict[tuple[int, int], str] = {}
    lines = sheet.iter_rows(values_only=True, max_row=last, max_col=width)
    written = formulas.iter_rows(values_only=True, max_row=last, max_col=width) if formulas else repeat(nothing)
    for number, (cells, sources) in enumerate(zip(lines, written, strict=False), start=1):
        if cells == nothing and sources == nothing and not columns:
            continue
        row = [
            NO_VALUE if value is None and source is not None else _cell(value)
            for value, source in zip(cells, sources, strict=True)
        ]
        for column in columns:
            above = merged.get((number, column))
            if above is None:
                values[number, column] = row[column - 1]
            elif column <= width and not row[column - 1]:
                row[column - 1] = values.get((above, column), "")
        if any(row):
            yield number, row


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


def _check_count(count: int) -> None:
    """Raise UnreadableError at the first row too many."""
    if count > MOST_PASSAGES:
        raise UnreadableError(
            "too long",
            f"il tient plus de {MOST_PASSAGES // 1000}\u00a0000 lignes\u00a0: partagez-le en plusieurs fichiers, "
            "ou n’y laissez que les lignes codées",
        )


def _with_fields(lines: Iterable[tuple[str, Sequence[str]]], counts: Counter[str]) -> list[Row]:
    """Rows by field, under the first line that names the columns of a table of codes; none without such a line."""
    fields: list[str] | None = None
    rows: list[Row] = []
    blank = 0
    for number, (where, cells) in enumerate(lines):
        if not any(map(bare, cells)):
            blank += 1
        elif fields is not None:
            counts["long"] += any(map(bare, cells[len(fields) :]))
            # Of metadata, cells without a name would be taken for one column.
            rows.append((where, {field: cell for field, cell in zip(fields, cells, strict=False) if field}))
            _check_count(len(rows))
        elif _is_header(cells):
            fields = _fields(cells)
        elif number - blank >= _HEADER_WITHIN:
            return []
    return _without_strangers(rows, fields or [], counts)


def _is_header(cells: Sequence[str]) -> bool:
    """The line names where passages are, and their codes; codes being under another name, three columns at least."""
    fields = {field for cell in cells if (field := _field(cell))}
    placed = bool(fields & {"id", "text"}) or {"document", "start", "end"} <= fields
    return placed and (bool(fields & (code_fields() | {"decision"})) or len(fields) > 2)


def _without_strangers(rows: list[Row], fields: Sequence[str], counts: Counter[str]) -> list[Row]:
    """Rows whose columns of no known name are told: read when their cells show what they hold, else listed.

    A column full of codes is never left out in silence: its cells stay, under a name that begins with `?`.
    """
    known = set(fields)
    for stranger in (field for field in fields if field.startswith("?")):
        cells = [cells[stranger] for _, cells in rows if bare(cells.get(stranger, ""))]
        kind = _kind_of(cells, alone=not known & {"label", *codebook().letters.values()})
        field = _FIELD_OF_KIND.get(kind or "")
        if field and field not in known and not (field == "label" and known & set(codebook().letters.values())):
            known.add(field)
            counts[f"adopted {field}"] += 1
            rows = [(where, _renamed(cells, stranger, field)) for where, cells in rows]
        elif kind is None:
            counts["unknown"] += bool(cells) or not stranger.endswith("?")
            rows = [(where, _renamed(cells, stranger, None)) for where, cells in rows]
    return rows


_FIELD_OF_KIND = {"label": "label", "relation": "relation", "axis": "axes", "stance": "stance"}


def _kind_of(cells: Sequence[str], *, alone: bool) -> str | None:
    """What the cells of a column hold, if half of them are codes of one kind, typing errors included.

    `?` when they are codes that no column can take: stances without their logic, or, in a table with no other column
    of logics (`alone`), a few codes among other words. Beside other codes a single letter is not taken for one (F, M).
    """
    known = [found[0].kind for cell in cells if (alone or len(bare(cell)) > 1) and (found := codes_like(cell))]
    for kind in _FIELD_OF_KIND:
        if known and 2 * known.count(kind) >= len(cells):
            return kind
    stances = sum(any(is_code(f"{pole} {cell}", "stance") for pole in codebook().poles) for cell in cells)
    return "?" if (alone and known) or (cells and 2 * stances >= len(cells)) else None


def _renamed(cells: Mapping[str, str], old: str, new: str | None) -> dict[str, str]:
    kept = {field: cell for field, cell in cells.items() if field != old}
    return kept | {new: cells[old]} if new and old in cells else kept


def _from_objects(values: Iterable[tuple[str, Any]], counts: Counter[str]) -> list[Row]:
    rows: list[Row] = []
    unknown: set[str] = set()
    for where, value in values:
        if not isinstance(value, dict):
            counts["broken"] += 1
            continue
        cells: dict[str, str] = {}
        if value.get("finished") is False:  # as `tensions coding annotate` leaves it
            counts["unfinished"] += 1
            value = {name: item for name, item in value.items() if _field(name) not in code_fields()}
        for name, item in value.items():
            field = _field(name)
            if field is None:
                unknown.add(name)
            elif field == "metadata" and isinstance(item, dict):
                cells |= {f"meta:{key}": _flat(one) for key, one in item.items()}
            elif field == "proposal" and isinstance(item, dict):
                cells["proposal"] = _proposed(item)
            else:
                cells.setdefault(field, _flat(item))
        rows.append((where, cells))
        _check_count(len(rows))
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
def _names(book: Codebook) -> Mapping[str, str]:
    """Plain column name to field."""
    known: dict[str, str] = {}
    for column in columns_of(book):
        known.setdefault(plain_name(column.field), column.field)
    for column in columns_of(book):
        for name in (column.header, *column.also):
            known.setdefault(plain_name(name), column.field)
    return known


def _field(name: str) -> str | None:
    """Our field of a column; `meta:NAME` for one of metadata; None for a column we do not know."""
    plain, said = plain_name(name), bare(name)
    prefixes = read_toml("exchange.toml")["metadata"]
    for prefix in prefixes["prefixes"]:
        if plain.startswith(plain_name(prefix)):
            return f"meta:{re.sub(r'^[^:_]*[:_]', '', said).strip()}"
    if any(plain.startswith(f"{plain_name(prefix)} ") for prefix in prefixes["machine"]):
        return _SHOWN
    names = _names(codebook())
    if plain in names:
        return names[plain]
    near = {field for known, field in names.items() if len(known) >= _LONG_NAME and one_error(plain, known)}
    return next(iter(near)) if len(near) == 1 and len(plain) >= _LONG_NAME else None


def _fields(header: Sequence[str]) -> list[str]:
    """The field of each column; `?colonne K` for one we do not know, and for the second of two for one field.

    A column of what the machine proposed has none: its cells are codes that nobody gave.
    """
    fields: list[str] = []
    for rank, name in enumerate(header):
        field = _field(name) if bare(name) else None
        column = f"?colonne {_column_letters(rank)}"
        if field == _SHOWN:
            fields.append("")
            continue
        fields.append(field if field and field not in fields else column if bare(name) else f"{column}?")
    return fields


def _column_letters(rank: int) -> str:
    """`A` for 0, `AB` for 27, as spreadsheets name columns."""
    letters = ""
    rank += 1
    while rank:
        rank, left = divmod(rank - 1, 26)
        letters = chr(ord("A") + left) + letters
    return letters


def _proposed(said: Mapping[str, Any]) -> str:
    """What a machine proposes in a task file, as the names of its codes."""
    relation, stance, axes = (said.get(field) for field in ("relation", "stance", "axes"))
    names = [_flat(said.get("label"))]
    names += (
        [f"{name} ({pair})" for pair, name in relation.items()] if isinstance(relation, dict) else [_flat(relation)]
    )
    names += [stance_name(pole, _flat(name)) for pole, name in stance.items()] if isinstance(stance, dict) else []
    names += [axis_name(axis, pole) for axis, poles in (axes or {}).items() for pole in poles]
    return "|".join(name for name in names if name)


def _is_table_of_codes(rows: Sequence[Row]) -> bool:
    fields = {field for _, cells in rows for field in cells}
    placed = "id" in fields or "text" in fields or {"document", "start", "end"} <= fields
    return placed and bool(fields & (code_fields() | {"decision"}))


# From rows to codings


def _codings(
    rows: Sequence[Row],
    counts: Counter[str],
    coder: str,
    notices: Sequence[str],
    *,
    guarded: bool = False,
    filled: bool = False,
) -> ReadCodings:
    """`guarded`: an apostrophe before a formula sign was put there by our writer. `filled`: people type the cells."""
    if not rows or not _is_table_of_codes(rows):
        raise UnreadableError(
            "columns",
            "ce n’est pas un tableau de codes\u00a0: il faut une colonne «\u00a0identifiant\u00a0» ou "
            "«\u00a0passage\u00a0», et une colonne «\u00a0logique\u00a0» ou «\u00a0décision\u00a0»",
        )
    codings: list[ReadCoding] = []
    machines = {MACHINE}
    crosses = filled and _only_crosses(rows)
    for where, cells in rows:
        if guarded:
            cells = {field: cell if field == "text" else _GUARDED.sub("", cell, 1) for field, cell in cells.items()}
        answers = {field: bare(cells[field]) for field in code_fields() if bare(cells.get(field, ""))}
        if crosses and any(letter in answers for letter in codebook().letters.values()):
            counts["crosses"] += not answers.keys() >= set(codebook().letters.values())
            answers = dict.fromkeys(codebook().letters.values(), "non") | answers
        who, codes = _who(cells, answers, coder, machines, counts)
        answers |= {field[1:]: cell for field, cell in cells.items() if field.startswith("?") and bare(cell)}
        name, start, end, document = _where(cells, counts)
        codings.append(
            ReadCoding(
                place=where,
                id=name,
                document=document,
                start=start,
                end=end,
                text=_text(cells.get("text", ""), _length(start, end), counts, guarded),
                coder=who,
                codes=codes,
                answers=answers,
                memo=bare(cells.get("memo", "")),
                kept=_kept(cells, counts),
            )
        )
    names = numbered((coding.coder for coding in codings), machines)
    renamed = tuple(replace(coding, coder=names[coding.coder]) for coding in codings)
    said = tuple(f"{what}\u00a0: {counts[key]}" for key, what in _SAID.items() if counts[key])
    return ReadCodings(renamed, notices=(*notices, *said))


def _only_crosses(rows: Sequence[Row]) -> bool:
    """The columns of letters have crosses and never a no: beside a cross, an empty cell says no."""
    letters = codebook().letters.values()
    answers = {yes_or_no(cells[letter]) for _, cells in rows for letter in letters if bare(cells.get(letter, ""))}
    return True in answers and False not in answers and all(letter in rows[0][1] for letter in letters)


def _kept(cells: Mapping[str, str], counts: Counter[str]) -> dict[str, Any]:
    """What goes with the passage: numbers as numbers, metadata by name."""
    kept: dict[str, Any] = {name: bare(cells[field]) for field, name in _KEPT.items() if bare(cells.get(field, ""))}
    if "role" in kept:
        kept["role"] = _ROLES.get(plain_name(kept["role"]), kept["role"])
    for field, read in (("turn", _integer), ("weight", _number)):
        if field in kept:
            kept[field] = read(kept[field])
            counts[f"bad {field}"] += kept[field] is None
    metadata = {field.removeprefix("meta:"): bare(cell) for field, cell in cells.items() if field.startswith("meta:")}
    said = {name: value for name, value in metadata.items() if value}
    return {name: value for name, value in kept.items() if value is not None} | ({"metadata": said} if said else {})


def _where(cells: Mapping[str, str], counts: Counter[str]) -> tuple[str | None, int | None, int | None, str | None]:
    """Id, start, end and document of a row: the id tells the three others, and they tell a damaged id."""
    name, document = bare(cells.get("id", "")) or None, bare(cells.get("document", "")) or None
    start, end = _integer(cells.get("start", "")), _integer(cells.get("end", ""))
    whole = document is not None and start is not None and end is not None
    ours = OUR_ID.fullmatch(name) if name else None
    if ours:
        said = (ours["document"], int(ours["start"]), int(ours["end"]))
        cut = (document, start, end)
        moved = any(cell is not None and cell != own for cell, own in zip(cut, said, strict=True))
        # An id whose end was cut off is still one to look at: the length of the text says which of the two is right.
        length = len(cells.get("text", ""))
        if not (moved and whole and said[2] - said[1] != length == _length(start, end)):
            counts["moved"] += moved
            return name, said[1], said[2], said[0]
    if whole:
        counts["rebuilt"] += 1
        return f"{document}#{start}-{end}", start, end, document
    return name, start, end, document


def _integer(cell: str) -> int | None:
    """`1047`, `1 047`, `1047,0`: what a spreadsheet makes of a whole number."""
    plain = re.sub(r"\s", "", cell)
    found = re.fullmatch(r"(\d{1,12})(?:[.,]0+)?", plain)
    return int(found[1]) if found else None


def _number(cell: str) -> float | None:
    """`12,5`, `1 012.5`: a weight, which is more than zero."""
    try:
        number = float(re.sub(r"\s", "", cell).replace(",", "."))
    except ValueError:
        return None
    return number if 0 < number < float("inf") else None


def _who(
    cells: Mapping[str, str], answers: dict[str, str], coder: str, machines: set[str], counts: Counter[str]
) -> tuple[str, tuple[str, ...]]:
    """Who codes this row: the person it names, or who decided or changed its codes; else the machine.

    Puts the decision into `answers`. With it, the codes that were proposed, where they alone tell what was decided.
    """
    decision, proposal = bare(cells.get("decision", "")), bare(cells.get("proposal", ""))
    said, person = bare(cells.get("coded_by", "")), _person(cells, machines)
    codes: tuple[str, ...] = ()
    if decision and not answers and proposal and decision_of(decision) in ("accepted", "rejected"):
        codes = tuple(proposal.split("|"))
    elif answers and not person:
        decision = _decision(decision, answers, proposal, counts)
    if decision:
        answers["decision"] = decision
    if person or decision:
        return person or coder, codes
    if said not in ("", "model"):
        return said, codes
    machine = bare(cells.get("model", "")) or (MACHINE if proposal or said else "")
    # A table without proposals does not show what was edited: who says whose codes these are is believed.
    if machine and answers and coder not in (SOMEBODY, UNNAMED) and not proposal:
        counts["credited"] += 1
        return coder, codes
    machines |= {machine} if machine else set()
    return machine or coder, codes


def _person(cells: Mapping[str, str], machines: set[str]) -> str:
    """The coder that a row names; a name like `A` is nobody's, and stays."""
    name = bare(cells.get("coder", ""))
    if SHORT.fullmatch(name.upper()):
        return f"codeur {name.upper()}"
    if name and bare(cells.get("coded_by", "")) == "model" and not NUMBERED.fullmatch(name):
        machines.add(name)
    return name


def _decision(decision: str, answers: Mapping[str, str], proposal: str, counts: Counter[str]) -> str:
    """The decision of a row whose proposal shows what was changed."""
    if not proposal or _plain_codes(answers) == {plain_name(code) for code in proposal.split("|")}:
        return decision
    if not decision:
        counts["silent"] += 1
        return "modified"
    if decision_of(decision) == "accepted":
        counts["accepted"] += 1
        return "modified"
    return decision


def _plain_codes(answers: Mapping[str, str]) -> set[str]:
    """The codes of a row, comparable with those of its proposal."""
    names = [answers.get(field, "") for field in ("label", "relation")]
    names += [f"{answers[f'relation_{pair}']} ({pair})" for pair in codebook().pairs if f"relation_{pair}" in answers]
    names += answers.get("axes", "").split("|")
    names += [f"{pole} {answers[f'stance_{pole}']}" for pole in codebook().poles if f"stance_{pole}" in answers]
    return {plain_name(name) for name in names if name.strip()}


def _length(start: int | None, end: int | None) -> int | None:
    return None if start is None or end is None else end - start


def _text(cell: str, length: int | None, counts: Counter[str], guarded: bool) -> str | None:
    """The text of a passage as it was exported, when its length tells; None when a formula replaced it."""
    if not cell.strip():
        return None
    if FORMULA_ERROR.fullmatch(cell.strip()):
        counts["formula"] += 1
        return None
    lines = re.sub(r"_x000D_\n?|\r\n?", "\n", cell)  # how Excel writes a line end it did not make
    forms = [cell, lines, bare(lines)]
    forms += [_GUARDED.sub("", one, 1) for one in (cell, lines)] if guarded else []
    likely = forms[-1] if guarded else lines
    if length is None:
        return likely
    kept = next((form for form in forms if len(form) == length), None)
    counts["changed"] += kept is None
    return likely if kept is None else kept
