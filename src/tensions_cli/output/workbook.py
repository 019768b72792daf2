"""Coded passages as an Excel workbook for people who read, accept and correct them.

XlsxWriter and not openpyxl: it keeps everything in memory (openpyxl spills the sheets, hence the corpus, into the
system's temporary folder), dates every part of the file 1980, and never takes a text for a formula.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, BinaryIO

from tensions_cli.errors import TensionsError
from tensions_cli.knowledge.code_names import all_codes, codes_of
from tensions_cli.knowledge.codebook import codebook
from tensions_cli.knowledge.files import read_toml
from tensions_cli.output.annotation import text_sha256
from tensions_cli.output.french import ROLE_TITLES
from tensions_cli.records import CodedBy, Label, TaggedDocument, TaggedPassage

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

# Limits of the format (Excel specifications): characters of a cell, counted in UTF-16 units, and rows of a sheet.
LONGEST_CELL = 32_767
_MOST_ROWS = 1_048_576
CUT_MARK = " […]"

# What XML 1.0 cannot hold (formats.md, section 3): replaced one for one, so that lengths stay.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

# Written as a creation date, since a workbook must have one: the first day that zip files can tell.
_NO_DATE = datetime(1980, 1, 1)

_DECISIONS = {"accepted": "accepté", "modified": "modifié", "rejected": "rejeté"}
_EXCLUDED = {"interviewer": "parole de l’enquêteur", "short": "deux mots ou moins"}
_NUMBERS = frozenset(
    {"turn", "start", "end", "time_start", "time_end", "score_rationalisation", "score_professionnelle"}
)
_WRAPPED = frozenset({"text", "context", "memo"})

_GUIDE = (
    "Feuille «\u00a0Passages\u00a0»\u00a0: une ligne par passage. Les codes sont des propositions de la machine.",
    "Colonne «\u00a0décision\u00a0»\u00a0: accepté (les codes sont justes), modifié (corrigez-les dans leurs cellules) "
    "ou rejeté (la ligne reste, ses codes ne comptent pas).",
    "Colonne «\u00a0proposition\u00a0»\u00a0: les codes de départ\u00a0; laissez-la, elle montre ce qui a été modifié.",
    "Colonnes «\u00a0identifiant\u00a0», «\u00a0début\u00a0» et «\u00a0fin\u00a0»\u00a0: gardez-les, elles rattachent "
    "chaque ligne à son texte.",
)


def write_workbook(
    documents: Iterable[TaggedDocument],
    by: CodedBy,
    stream: BinaryIO,
    reviews: Mapping[str, tuple[str | None, str]] | None = None,
) -> tuple[str, ...]:
    """Sheets « Passages », « Grille », « Méthode » and « Documents ». Returns French notices.

    `reviews`: by passage id, the decision (`accepted`, `modified`, `rejected` or None) and the comment of an
    earlier reading, so that a second export does not lose them. Same bytes for the same codes; no author, no
    date, no formula. Raises TensionsError beyond the rows that a sheet can hold.
    """
    import xlsxwriter

    read = list(documents)
    count = sum(len(tagged.passages) for tagged in read)
    if count >= _MOST_ROWS:
        raise TensionsError(
            "trop de passages pour un classeur",
            why=f"une feuille Excel a au plus {_MOST_ROWS} lignes",
            hint="choisissez -f csv ou -f parquet",
        )
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    book.set_properties({"created": _NO_DATE})
    changed: Counter[str] = Counter()
    _passages_sheet(book, read, by, reviews or {}, changed)
    _rows_sheet(book, "Grille", ("famille", "code", "définition"), (14, 32, 110), _grid(), changed)
    _rows_sheet(book, "Méthode", ("méthode",), (120,), [(line,) for line in (*by.method, *_GUIDE)], changed)
    texts = [(tagged.document.id, text_sha256(tagged.document.text), str(len(tagged.passages))) for tagged in read]
    _rows_sheet(book, "Documents", ("document", "empreinte (SHA-256)", "passages"), (40, 70, 10), texts, changed)
    book.close()
    return _notices(changed)


def _fit(text: str, changed: Counter[str]) -> str:
    """A text as a cell can hold it; `changed` counts characters `replaced` and cells `cut`."""
    text, replaced = _ILLEGAL.subn(" ", text)
    changed["replaced"] += replaced
    units = text.encode("utf-16-le")
    if len(units) <= 2 * LONGEST_CELL:
        return text
    changed["cut"] += 1
    return units[: 2 * (LONGEST_CELL - len(CUT_MARK))].decode("utf-16-le", "ignore") + CUT_MARK


def _notices(changed: Counter[str]) -> tuple[str, ...]:
    said = []
    if changed["replaced"]:
        what = "caractères de contrôle, interdits dans un classeur, remplacés par une espace"
        said.append(f"{what}\u00a0: {changed['replaced']}")
    if changed["cut"]:
        what = f"cellules coupées à {LONGEST_CELL} caractères, la limite d’Excel, et marquées […]"
        said.append(f"{what}\u00a0: {changed['cut']}")
    return tuple(said)


def _passages_sheet(
    book: "Workbook",
    read: Sequence[TaggedDocument],
    by: CodedBy,
    reviews: Mapping[str, tuple[str | None, str]],
    changed: Counter[str],
) -> None:
    columns = [column for column in read_toml("exchange.toml")["columns"] if "width" in column]
    metadata = sorted({name for tagged in read for one in tagged.passages for name in one.passage.metadata})
    prefix = read_toml("exchange.toml")["metadata"]["header"]
    # Cells are text: an id or a date typed again there stays what was typed.
    text = book.add_format({"num_format": "@", "valign": "top"})
    wrapped = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True})
    number = book.add_format({"valign": "top"})
    formats = {
        column["field"]: number if column["field"] in _NUMBERS else wrapped if column["field"] in _WRAPPED else text
        for column in columns
    }
    count = sum(len(tagged.passages) for tagged in read)
    sheet = book.add_worksheet("Passages")
    for at, column in enumerate(columns):
        sheet.set_column(at, at, column["width"], formats[column["field"]])
    for at in range(len(columns), len(columns) + len(metadata)):
        sheet.set_column(at, at, 16, text)
    _header(book, sheet, [column["header"] for column in columns] + [f"{prefix}{name}" for name in metadata], changed)
    _drop_downs(sheet, [column["field"] for column in columns], count)
    row = 0
    for tagged in read:
        for one in tagged.passages:
            row += 1
            decision, memo = reviews.get(one.passage.id, (None, ""))
            values = {**_values(one, by), "decision": _DECISIONS.get(decision or ""), "memo": memo}
            for at, column in enumerate(columns):
                value = values.get(column["field"])
                if isinstance(value, int | float):
                    sheet.write_number(row, at, value, formats[column["field"]])
                elif value:
                    sheet.write_string(row, at, _fit(value, changed), formats[column["field"]])
            for at, name in enumerate(metadata, start=len(columns)):
                if one.passage.metadata.get(name):
                    sheet.write_string(row, at, _fit(one.passage.metadata[name], changed), text)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, count, len(columns) + len(metadata) - 1)


def _values(one: TaggedPassage, by: CodedBy) -> Mapping[str, str | int | float | None]:
    """One passage by field names; nested fields flattened as in CSV, evidence as the words themselves."""
    passage, tags = one.passage, one.tags
    poles = codebook().poles
    return {
        "id": passage.id,
        "document": passage.document,
        "turn": passage.turn,
        "speaker": passage.speaker,
        "person": passage.person,
        "role": ROLE_TITLES[passage.role] if passage.role else None,
        "context": passage.context,
        "text": passage.text,
        "label": tags.label.value,
        "relation": tags.relation.value if tags.relation else None,
        **{f"stance_{pole}": (tags.stance or {}).get(pole) for pole in poles},
        "axes": "|".join(f"{axis}:{pole}" for axis, axis_poles in tags.axes.items() for pole in axis_poles),
        "proposal": "|".join(codes_of(tags)),
        **{f"score_{pole}": tags.scores.get(pole) for pole in poles},
        "evidence": "\u00a0; ".join(passage.text[e.start : e.end] for e in tags.evidence),
        "certain": "oui" if tags.certain else "non",
        "counted": "oui" if passage.counted else "non",
        "excluded_reason": _EXCLUDED.get(passage.excluded_reason or "", passage.excluded_reason),
        "start": passage.start,
        "end": passage.end,
        "time_start": passage.time_start,
        "time_end": passage.time_end,
        "coded_by": by.coder if tags.coded_by == "model" else tags.coded_by,
        "model": tags.model,
    }


def _drop_downs(sheet: "Worksheet", fields: Sequence[str], count: int) -> None:
    book = codebook()
    lists = {
        "decision": tuple(_DECISIONS.values()),
        "label": [label.value for label in Label],
        "relation": book.relations,
        **{f"stance_{pole}": book.stances[pole] for pole in book.poles},
    }
    for field, allowed in lists.items():
        at = fields.index(field)
        sheet.data_validation(
            1,
            at,
            max(count, 1),
            at,
            {
                "validate": "list",
                "source": list(allowed),
                "ignore_blank": True,
                "error_title": "Code hors de la grille",
                "error_message": "Choisissez une valeur de la liste, ou laissez la cellule vide.",
            },
        )


def _rows_sheet(
    book: "Workbook",
    name: str,
    header: Sequence[str],
    widths: Sequence[int],
    rows: Iterable[Sequence[str]],
    changed: Counter[str],
) -> None:
    sheet = book.add_worksheet(name)
    wrapped = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True})
    for at, width in enumerate(widths):
        sheet.set_column(at, at, width, wrapped)
    _header(book, sheet, header, changed)
    for at, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            sheet.write_string(at, column, _fit(value, changed), wrapped)
    sheet.freeze_panes(1, 0)


def _header(book: "Workbook", sheet: "Worksheet", names: Sequence[str], changed: Counter[str]) -> None:
    bold = book.add_format({"bold": True, "valign": "top", "text_wrap": True, "num_format": "@"})
    for at, name in enumerate(names):
        sheet.write_string(0, at, _fit(name, changed), bold)


def _grid() -> list[tuple[Any, ...]]:
    return [(code.family, code.name, code.description) for code in all_codes()]
