"""Passages on which coders disagree, as an Excel workbook in which a code is settled and read back."""

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from tensions_cli.knowledge.code_names import axis_name
from tensions_cli.knowledge.codebook import codebook
from tensions_cli.knowledge.files import read_toml
from tensions_cli.output.agreement import answer, kind_title
from tensions_cli.output.sheets import changes, check_rows, fit, new_workbook, write_header
from tensions_cli.output.task_workbook import TaskColumn, add_list, code_columns, write_grid

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

SHEET = "Arbitrage"
DISAGREEMENT = "désaccord"  # column of the workbook, which comes back as metadata
AGREED = "aucun"  # in that column
MACHINES = "machines seules"
ALONE = "un seul codeur"


@dataclass(frozen=True, slots=True)
class Case:
    """One passage to settle, or one that is settled: `kind` is None where all agree, or where one coder was alone, and
    `resolved` the answers (None where only machines coded it).

    `codes`: by coder, the answers and memo of the JSON output. `weight`, `drawn`: how the passage was drawn.
    """

    kind: str | None
    id: str
    document: str
    start: int | None
    end: int | None
    context: str
    text: str | None
    codes: Mapping[str, Mapping[str, Any]]
    resolved: Mapping[str, Any] | None
    weight: float | None
    drawn: str | None


def write_adjudication(
    cases: Sequence[Case], coders: Sequence[str], machines: Sequence[str], stream: BinaryIO
) -> tuple[str, ...]:
    """Sheets « Arbitrage », « Grille » and « Mode d’emploi ». Returns French notices on what did not fit.

    Cases in the order given, which is kept: disagreements first, with empty cells for the settled codes; then the
    passages on which all agree and those that one person coded, already filled: what is read back is a whole gold.
    Same bytes for the same cases. Raises TensionsError beyond the rows that a sheet can hold.
    """
    check_rows(len(cases), hint="comparez les codeurs document par document, un fichier de codes à la fois")
    packed = io.BytesIO()
    book = new_workbook(packed)
    changed: Counter[str] = Counter()
    sheet, grid, advice = (book.add_worksheet(name) for name in (SHEET, "Grille", "Mode d’emploi"))
    axes = write_grid(book, grid, changed)
    _write_cases(book, sheet, cases, coders, axes, changed)
    wrapped = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True})
    advice.set_column(0, 0, 120, wrapped)
    for row, line in enumerate(_advice(cases, coders, machines)):
        advice.write_string(row, 0, fit(line, changed), wrapped)
    sheet.activate()
    book.close()
    stream.write(packed.getbuffer())
    return changes(changed)


def _write_cases(
    book: "Workbook", sheet: "Worksheet", cases: Sequence[Case], coders: Sequence[str], axes: str, changed: Counter[str]
) -> None:
    columns = _columns(coders, axes, weighted=any(case.weight is not None or case.drawn for case in cases))
    top = {"num_format": "@", "valign": "top", "text_wrap": True}
    grey = {"font_color": "#6b6b6b", "font_size": 9}
    formats = {
        "passage": book.add_format(top | {"bg_color": "#fffdf2", "border": 1, "border_color": "#d9d9d9"}),
        "code": book.add_format(top | {"bg_color": "#eef4fb", "border": 1, "border_color": "#b8cbe0"}),
        "context": book.add_format(top),
        "grey": book.add_format(top | grey),
    }
    number = book.add_format({"valign": "top", **grey})
    for at, column in enumerate(columns):
        sheet.set_column(at, at, column.width, formats["grey"] if column.kind == "grey" else None)
    write_header(book, sheet, [column.header for column in columns], changed)
    for row, case in enumerate(cases, start=1):
        values = _values(case)
        for at, column in enumerate(columns):
            value = values.get(column.field)
            if isinstance(value, int | float):
                sheet.write_number(row, at, value, number)
            elif value:
                sheet.write_string(row, at, fit(value, changed), formats[column.kind])
            else:
                sheet.write_blank(row, at, None, formats[column.kind])
    for at, column in enumerate(columns):
        if column.choices or column.field == "axes":
            add_list(sheet, at, len(cases), column, axes)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(len(cases), 1), len(columns) - 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _columns(coders: Sequence[str], axes: str, *, weighted: bool) -> list[TaskColumn]:
    """The disagreement, the passage, each coder's answers, the codes to settle, then what ties the row to its text."""
    # As metadata, so that what each coder had said comes back beside the settled code and is never taken for it.
    prefix = read_toml("exchange.toml")["metadata"]["header"]
    of_coders = [
        TaskColumn(f"{kind}_{coder}", f"{prefix}{coder}, {title}", width, "context")
        for coder in coders
        for kind, title, width in (("answers", "codes", 24), ("memo", "commentaire", 20))
    ]
    drawn = [TaskColumn("weight", "poids", 9, "grey"), TaskColumn("drawn", "tirage", 12, "grey")] if weighted else []
    return [
        TaskColumn("kind", f"{prefix}{DISAGREEMENT}", 22, "context"),
        TaskColumn("document", "document", 14, "grey"),
        TaskColumn("context", "question", 24, "grey"),
        TaskColumn("text", "passage", 60, "passage"),
        *of_coders,
        *code_columns(codebook(), axes),
        TaskColumn("id", "identifiant", 18, "grey"),
        TaskColumn("start", "début", 8, "grey"),
        TaskColumn("end", "fin", 8, "grey"),
        *drawn,
    ]


def _values(case: Case) -> dict[str, Any]:
    """One case by field names of the columns."""
    values = {
        "kind": kind_title(case.kind)
        if case.kind
        else MACHINES
        if not case.resolved
        else ALONE
        if len(case.codes) == 1
        else AGREED,
        "document": case.document,
        "context": case.context,
        "text": case.text,
        "id": case.id,
        "start": case.start,
        "end": case.end,
        "weight": case.weight,
        "drawn": case.drawn,
    }
    values |= {f"answers_{coder}": answer(code) for coder, code in case.codes.items()}
    values |= {f"memo_{coder}": code["memo"] for coder, code in case.codes.items()}
    return values | (_resolved(case.resolved) if case.resolved else {})


def _resolved(code: Mapping[str, Any]) -> dict[str, str]:
    """The answers on which all agree, as the cells to fill in hold them."""
    book = codebook()
    cells = {f"stance_{pole}": name for pole, name in code["stance"].items()}
    cells["axes"] = "\u00a0; ".join(axis_name(axis, pole) for axis, poles in code["axes"].items() for pole in poles)
    if not book.by_pair:
        relation = {"relation": code["relation"]} if code["relation"] else {}
        return cells | {"label": code["label"]} | relation
    cells |= {letter: "oui" if pole in code["logics"] else "non" for pole, letter in book.letters.items()}
    return cells | {f"relation_{pair}": name for pair, name in code["relations"].items()}


def _advice(cases: Sequence[Case], coders: Sequence[str], machines: Sequence[str]) -> list[str]:
    open_ = sum(case.kind is not None for case in cases)
    alone = sum(case.kind is None and len(case.codes) == 1 for case in cases)
    lines = [
        f"Feuille «\u00a0{SHEET}\u00a0»\u00a0: d’abord les désaccords ({open_}), du plus grave au plus fin, puis les "
        f"passages sur lesquels tous sont d’accord ({len(cases) - open_ - alone}), et ceux qu’une seule personne a "
        f"codés ({alone}), déjà remplis (désaccord\u00a0: «\u00a0{AGREED}\u00a0», «\u00a0{ALONE}\u00a0»).",
        "Colonnes sur fond bleu\u00a0: le code arrêté. Remplissez-les toutes, aussi celles où les codeurs étaient "
        "d’accord\u00a0; le commentaire garde la raison. Un désaccord laissé vide n’entre pas dans le gold\u00a0: la "
        "relecture le signale.",
        "Colonnes «\u00a0codes\u00a0» et «\u00a0commentaire\u00a0» de chaque codeur "
        f"({', '.join(coders)})\u00a0: laissez-les, elles gardent la trace de ce que chacun avait répondu.",
        "Colonnes «\u00a0identifiant\u00a0», «\u00a0début\u00a0» et «\u00a0fin\u00a0»\u00a0: gardez-les, elles "
        "rattachent chaque ligne à son texte.",
        "Pour relire\u00a0: tensions coding import CE_FICHIER.xlsx --coder arbitrage -o gold.jsonl. Les passages "
        "qu’une seule personne a codés gardent son code\u00a0: relisez-les si l’accord est faible.",
        "L’accord se publie avant arbitrage\u00a0: un gold arbitré ne mesure plus l’accord des codeurs.",
    ]
    if machines:
        lines.append(
            f"Machine\u00a0: {', '.join(machines)}. Un code arrêté en voyant la réponse d’une machine n’est plus un "
            "codage indépendant d’elle\u00a0: il la juge avec indulgence."
        )
    return lines
