"""Coded passages as an Excel workbook for people who read, accept and correct them."""

import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from tensions_cli.knowledge.code_names import all_codes, codes_of
from tensions_cli.knowledge.codebook import codebook
from tensions_cli.knowledge.columns import sheet_columns
from tensions_cli.knowledge.files import read_toml
from tensions_cli.output.annotation import text_sha256
from tensions_cli.output.french import ROLE_TITLES
from tensions_cli.output.sheets import changes, check_rows, fit, new_workbook, write_header
from tensions_cli.records import CodedBy, TaggedDocument, TaggedPassage

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

_DECISIONS = {"accepted": "accepté", "modified": "modifié", "rejected": "rejeté"}
_EXCLUDED = {"interviewer": "parole de l’enquêteur", "short": "deux mots ou moins"}
_NUMBERS = frozenset({"turn", "start", "end", "time_start", "time_end"})
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
    read = list(documents)
    check_rows(sum(len(tagged.passages) for tagged in read), hint="choisissez -f csv ou -f parquet")
    packed = io.BytesIO()  # a zip that cannot be finished, on a full disk, complains when it is forgotten
    book = new_workbook(packed)
    changed: Counter[str] = Counter()
    _passages_sheet(book, read, by, reviews or {}, changed)
    _rows_sheet(book, "Grille", ("famille", "code", "définition"), (14, 32, 110), _grid(), changed)
    _rows_sheet(book, "Méthode", ("méthode",), (120,), [(line,) for line in (*by.method, *_GUIDE)], changed)
    texts = [(tagged.document.id, text_sha256(tagged.document.text), str(len(tagged.passages))) for tagged in read]
    _rows_sheet(book, "Documents", ("document", "empreinte (SHA-256)", "passages"), (40, 70, 10), texts, changed)
    book.close()
    stream.write(packed.getbuffer())
    return changes(changed)


def _passages_sheet(
    book: "Workbook",
    read: Sequence[TaggedDocument],
    by: CodedBy,
    reviews: Mapping[str, tuple[str | None, str]],
    changed: Counter[str],
) -> None:
    columns = sheet_columns()
    metadata = sorted({name for tagged in read for one in tagged.passages for name in one.passage.metadata})
    prefix = read_toml("exchange.toml")["metadata"]["header"]
    # Cells are text: an id or a date typed again there stays what was typed.
    text = book.add_format({"num_format": "@", "valign": "top"})
    wrapped = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True})
    number = book.add_format({"valign": "top"})
    formats = {
        column.field: number if _is_number(column.field) else wrapped if column.field in _WRAPPED else text
        for column in columns
    }
    count = sum(len(tagged.passages) for tagged in read)
    sheet = book.add_worksheet("Passages")
    for at, column in enumerate(columns):
        sheet.set_column(at, at, column.width or 0, formats[column.field])
    for at in range(len(columns), len(columns) + len(metadata)):
        sheet.set_column(at, at, 16, text)
    write_header(book, sheet, [column.header for column in columns] + [f"{prefix}{name}" for name in metadata], changed)
    _drop_downs(sheet, [column.field for column in columns], count)
    row = 0
    for tagged in read:
        for one in tagged.passages:
            row += 1
            decision, memo = reviews.get(one.passage.id, (None, ""))
            values = {**_values(one, by), "decision": _DECISIONS.get(decision or ""), "memo": memo}
            for at, column in enumerate(columns):
                value = values.get(column.field)
                if isinstance(value, int | float):
                    sheet.write_number(row, at, value, formats[column.field])
                elif value:
                    sheet.write_string(row, at, fit(value, changed), formats[column.field])
            for at, name in enumerate(metadata, start=len(columns)):
                if one.passage.metadata.get(name):
                    sheet.write_string(row, at, fit(one.passage.metadata[name], changed), text)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, count, len(columns) + len(metadata) - 1)


def _is_number(field: str) -> bool:
    return field in _NUMBERS or field.startswith("score_")


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
        "label": tags.label,
        "relation": tags.relation.value if tags.relation else None,
        **{f"relation_{pair}": relation.value for pair, relation in tags.relations.items()},
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
        "label": book.labels,
        **dict.fromkeys(("relation", *(f"relation_{pair}" for pair in book.pairs)), book.relations),
        **{f"stance_{pole}": book.stances[pole] for pole in book.poles},
    }
    for field, allowed in lists.items():
        if field not in fields:
            continue
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
    write_header(book, sheet, header, changed)
    for at, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            sheet.write_string(at, column, fit(value, changed), wrapped)
    sheet.freeze_panes(1, 0)


def _grid() -> list[tuple[Any, ...]]:
    return [(code.family, code.name, code.description) for code in all_codes()]
