"""Passages to code as an Excel workbook: lists to choose from, context in grey, the codebook, ten lines of advice."""

import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from tensions_cli.knowledge.code_names import axis_name
from tensions_cli.knowledge.codebook import Codebook, codebook
from tensions_cli.knowledge.files import read_toml
from tensions_cli.output.french import ROLE_TITLES
from tensions_cli.output.sheets import changes, check_rows, fit, new_workbook, write_header
from tensions_cli.output.tasks import flat_proposal, proposal_row
from tensions_cli.results import Task

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

SHEET = "À coder"
YES_OR_NO = ("oui", "non")
# Excel's limits on a list written in the cell itself, and on the message shown beside it.
LONGEST_LIST, LONGEST_MESSAGE, LONGEST_TITLE = 255, 255, 32


@dataclass(frozen=True, slots=True)
class TaskColumn:
    """A column of the sheet. `kind`: `code` (to fill in), `passage`, `context` or `grey`; `choices`: its list.

    `strict`: nothing else than the list can be typed.
    """

    field: str
    header: str
    width: int
    kind: str
    choices: tuple[str, ...] = ()
    message: str = ""
    strict: bool = True


def write_task_workbook(tasks: Iterable[Task], coder: str | None, stream: BinaryIO) -> tuple[str, ...]:
    """Sheets « À coder », « Grille » and « Mode d’emploi ». Returns French notices on what did not fit.

    Same bytes for the same tasks. Raises TensionsError beyond the rows that a sheet can hold.
    """
    rows = list(tasks)
    check_rows(len(rows), hint="choisissez -f csv ou -f jsonl, ou un -n plus petit")
    packed = io.BytesIO()
    book = new_workbook(packed)
    changed: Counter[str] = Counter()
    shown = any(task.proposal for task in rows)
    tasks_sheet = book.add_worksheet(SHEET)
    grid_sheet, advice_sheet = book.add_worksheet("Grille"), book.add_worksheet("Mode d’emploi")
    axes = write_grid(book, grid_sheet, changed)
    _write_tasks(book, tasks_sheet, rows, coder, axes, changed, shown=shown)
    _write_advice(book, advice_sheet, rows, shown=shown)
    tasks_sheet.activate()
    book.close()
    stream.write(packed.getbuffer())
    return changes(changed)


# The sheet to fill in


def _write_tasks(
    book: "Workbook",
    sheet: "Worksheet",
    tasks: Sequence[Task],
    coder: str | None,
    axes: str,
    changed: Counter[str],
    *,
    shown: bool,
) -> None:
    metadata = sorted({name for task in tasks for name, value in task.passage.metadata.items() if value})
    prefix = read_toml("exchange.toml")["metadata"]["header"]
    columns = [
        *_columns(codebook(), axes, shown=shown),
        *(TaskColumn(f"meta_{name}", f"{prefix}{name}", 16, "grey") for name in metadata),
    ]
    top = {"num_format": "@", "valign": "top", "text_wrap": True}
    grey = {"font_color": "#6b6b6b", "font_size": 9}
    formats = {
        "passage": book.add_format(top | {"bg_color": "#fff6d6", "border": 1, "border_color": "#d9d9d9"}),
        "code": book.add_format(top | {"bg_color": "#eef4fb", "border": 1, "border_color": "#b8cbe0"}),
        "context": book.add_format(top | grey),
        "grey": book.add_format(
            {"num_format": "@", "valign": "top"} | grey
        ),  # not wrapped: rows would grow for nothing
    }
    number = book.add_format({"valign": "top"} | grey)
    weight = book.add_format({"valign": "top", "num_format": "0.00"} | grey)
    for at, column in enumerate(columns):
        sheet.set_column(at, at, column.width, formats["grey"] if column.kind == "grey" else None)
    write_header(book, sheet, [column.header for column in columns], changed)
    for row, task in enumerate(tasks, start=1):
        values = _values(task, coder)
        for at, column in enumerate(columns):
            value = values.get(column.field)
            if isinstance(value, int | float):
                sheet.write_number(row, at, value, weight if column.field == "weight" else number)
            elif value:
                sheet.write_string(row, at, fit(value, changed), formats[column.kind])
            else:
                sheet.write_blank(row, at, None, formats[column.kind])
    for at, column in enumerate(columns):
        if column.choices or column.field == "axes":
            add_list(sheet, at, len(tasks), column, axes)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(len(tasks), 1), len(columns) - 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _columns(book: Codebook, axes: str, *, shown: bool) -> list[TaskColumn]:
    """What a coder reads first, then what is filled in, then what ties the row to its text, in grey."""
    return [
        TaskColumn("document", "document", 14, "context"),
        TaskColumn("speaker", "locuteur", 11, "context"),
        TaskColumn("context", "question", 24, "context"),
        TaskColumn("before", "avant", 28, "context"),
        TaskColumn("text", "passage", 60, "passage"),
        TaskColumn("after", "après", 28, "context"),
        *code_columns(book, axes),
        *(_proposal_columns(book) if shown else ()),
        TaskColumn("id", "identifiant", 18, "grey"),
        TaskColumn("turn", "tour", 6, "grey"),
        TaskColumn("role", "rôle", 10, "grey"),
        TaskColumn("start", "début", 8, "grey"),
        TaskColumn("end", "fin", 8, "grey"),
        TaskColumn("coder", "codeur", 10, "grey"),
        TaskColumn("weight", "poids", 9, "grey"),
        TaskColumn("drawn", "tirage", 12, "grey"),
    ]


def code_columns(book: Codebook, axes: str) -> Iterator[TaskColumn]:
    """The codes: one label where there are two logics, else yes or no by logic and a relation by pair."""
    if book.by_pair:
        for logic in book.logics:
            said = f"{logic.title}\u00a0: oui si le passage la met en jeu, non sinon."
            yield TaskColumn(logic.letter, f"logique ({logic.name})", 14, "code", YES_OR_NO, said)
        for pair, (one, other) in book.pairs.items():
            said = f"Seulement si {book.said[one]} et {book.said[other]} sont là toutes les deux."
            yield TaskColumn(f"relation_{pair}", f"relation ({pair})", 16, "code", book.relations, said)
    else:
        yield TaskColumn("label", "logique", 17, "code", book.labels, "La logique du passage (feuille Grille).")
        said = "Seulement pour un passage mixte\u00a0: comment les deux logiques se rencontrent."
        yield TaskColumn("relation", "relation", 15, "code", book.relations, said)
    for logic in book.logics:
        said = f"Seulement si {logic.said} est dans le passage\u00a0: ce qu’en fait celui ou celle qui parle."
        yield TaskColumn(f"stance_{logic.name}", f"posture ({logic.name})", 16, "code", logic.stances, said)
    if axes:
        said = "Choisissez, ou tapez-en plusieurs séparés par un point-virgule\u00a0: "
        example = "\u00a0; ".join(axis_name(book.axes[0], pole) for pole in book.poles[:2])
        yield TaskColumn("axes", "axes", 32, "code", (), f"{said}{example}", strict=False)
    yield TaskColumn("memo", "commentaire", 28, "code")


def _proposal_columns(book: Codebook) -> Iterator[TaskColumn]:
    yield TaskColumn("machine_label", "machine\u00a0: logique", 15, "grey")
    yield TaskColumn("machine_relation", "machine\u00a0: relation", 13, "grey")
    for pole in book.poles:
        yield TaskColumn(f"machine_stance_{pole}", f"machine\u00a0: posture ({pole})", 14, "grey")
    yield TaskColumn("machine_axes", "machine\u00a0: axes", 22, "grey")
    for pole in book.poles:
        yield TaskColumn(f"machine_score_{pole}", f"machine\u00a0: score ({pole})", 10, "grey")


def _values(task: Task, coder: str | None) -> dict[str, Any]:
    """One task by field names."""
    passage = task.passage
    proposal = flat_proposal(proposal_row(task.proposal)) if task.proposal else {}
    return {
        "document": passage.document,
        "speaker": passage.speaker,
        "context": passage.context,
        "before": task.before,
        "text": passage.text,
        "after": task.after,
        "id": passage.id,
        "turn": passage.turn,
        "role": ROLE_TITLES[passage.role] if passage.role else None,
        "start": passage.start,
        "end": passage.end,
        "coder": coder,
        "weight": task.weight,
        "drawn": task.drawn,
        **{f"machine_{name}": value for name, value in proposal.items()},
        **{f"meta_{name}": value for name, value in passage.metadata.items()},
    }


def add_list(sheet: "Worksheet", at: int, count: int, column: TaskColumn, axes: str) -> None:
    """A list to choose from; `axes`: where the names of axes stand, too many to be written in the cell."""
    written = len(",".join(column.choices)) <= LONGEST_LIST
    sheet.data_validation(
        1,
        at,
        max(count, 1),
        at,
        {
            "validate": "list" if column.choices or axes else "any",
            "source": list(column.choices) if column.choices and written else axes,
            "ignore_blank": True,
            "input_title": column.header[:LONGEST_TITLE],
            "input_message": column.message[:LONGEST_MESSAGE],
            "show_error": column.strict,
            "error_title": "Code hors de la grille",
            "error_message": "Choisissez une valeur de la liste, ou laissez la cellule vide.",
        },
    )


# The codebook


def write_grid(book: "Workbook", sheet: "Worksheet", changed: Counter[str]) -> str:
    """The codebook, family by family. Returns the reference of the cells that name the axes, or "" without axes."""
    wrapped = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True})
    title = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True, "bold": True})
    for at, width in enumerate((14, 34, 110)):
        sheet.set_column(at, at, width, wrapped)
    write_header(book, sheet, ("partie", "code", "quand le donner"), changed)
    axes: list[int] = []
    for at, (family, code, said) in enumerate(_grid(codebook()), start=1):
        sheet.write_string(at, 0, fit(family, changed), wrapped)
        sheet.write_string(at, 1, fit(code, changed), title)
        sheet.write_string(at, 2, fit(said, changed), wrapped)
        if family == "Axe":
            axes.append(at + 1)
    sheet.freeze_panes(1, 0)
    return f"=Grille!$B${axes[0]}:$B${axes[-1]}" if axes else ""


def _grid(book: Codebook) -> Iterator[tuple[str, str, str]]:
    """Unit, logics and their cases, labels, relations, stances, axes, rules."""
    yield ("Grille", book.title, f"{book.name}, version {book.version}")
    if book.unit:
        yield ("Unité", "ce que l’on code", book.unit)
    for logic in book.logics:
        yield ("Logique", f"{logic.name} ({logic.letter})", f"{logic.title}. {logic.question}".strip())
        for case in logic.cases:
            yield ("", "", f"•\u00a0{case}")
    if not book.by_pair:
        one, other = book.logics
        yield ("Étiquette", one.name, f"{_said(one.said)} est là, {other.said} non")
        yield ("Étiquette", other.name, f"{_said(other.said)} est là, {one.said} non")
        yield ("Étiquette", "mixte", "les deux logiques sont là")
        yield ("Étiquette", "neutre", "ni l’une ni l’autre")
    for name, meaning in book.relation_meanings.items():
        yield ("Relation", name, meaning)
    for name, meaning in book.stance_meanings.items():
        yield ("Posture", name, meaning)
    for axis in book.axis_list:
        for pole in book.poles:
            yield ("Axe", axis_name(axis.name, pole), f"{axis.title}\u00a0: {axis.sides[pole]}")
    for rule in book.rules:
        yield (f"Règle {rule.number}", rule.title, rule.text)


def _said(name: str) -> str:
    return name[:1].upper() + name[1:]


# Ten lines


def _write_advice(book: "Workbook", sheet: "Worksheet", tasks: Sequence[Task], *, shown: bool) -> None:
    wrapped = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True, "font_size": 12})
    sheet.set_column(0, 0, 4, wrapped)
    sheet.set_column(1, 1, 110, wrapped)
    learning = any(task.weight is None for task in tasks)
    for row, line in enumerate(_advice(codebook(), shown=shown, learning=learning)):
        sheet.write_string(row, 0, f"{row + 1}.", wrapped)
        sheet.write_string(row, 1, line, wrapped)


def _advice(book: Codebook, *, shown: bool, learning: bool) -> list[str]:
    """What a coder must know, in ten short lines."""
    label = (
        "Colonnes «\u00a0logique (…)\u00a0»\u00a0: répondez oui ou non dans chacune, à chaque ligne."
        if book.by_pair
        else f"Colonne «\u00a0logique\u00a0»\u00a0: {', '.join(book.poles)}, mixte (les deux) ou neutre "
        "(aucune)\u00a0; une réponse à chaque ligne."
    )
    relation = (
        "Relation\u00a0: seulement entre deux logiques présentes toutes les deux."
        if book.by_pair
        else "Colonne «\u00a0relation\u00a0»\u00a0: seulement pour un passage mixte, et alors toujours."
    )
    machine = (
        "Les colonnes «\u00a0machine\u00a0» disent ce que le modèle propose\u00a0: décidez avant de les lire. Les "
        "avoir sous les yeux fait paraître l’accord avec la machine meilleur qu’il n’est."
        if shown
        else "Codez sans chercher ce que la machine aurait répondu, et sans en parler entre codeurs avant la fin."
    )
    use = (
        "Ces passages ont été choisis pour entraîner un modèle\u00a0: ils ne servent ni à corriger des parts "
        "ni à évaluer."
        if learning
        else "Ces passages représentent le corpus\u00a0: codez-les tous, même les difficiles\u00a0; en sauter fausse "
        "les parts."
    )
    return [
        "Relisez d’abord la feuille «\u00a0Grille\u00a0», puis revenez-y à chaque hésitation.",
        "On code le passage (colonne jaune), et lui seul. La question, l’avant et l’après aident à le "
        "comprendre\u00a0; ce qu’ils disent ne se code pas.",
        label,
        relation,
        "Postures\u00a0: seulement pour une logique présente\u00a0; ce que celui ou celle qui parle fait de cette "
        "logique.",
        "Axes\u00a0: aucun, un ou plusieurs. Choisissez dans la liste, ou tapez-en plusieurs séparés par un "
        "point-virgule.",
        "Un doute\u00a0? Codez au mieux, et dites-le dans «\u00a0commentaire\u00a0».",
        machine,
        use,
        "Ne modifiez pas les colonnes grises, qui rattachent chaque ligne à son texte. Trier, filtrer, enregistrer en "
        "xlsx\u00a0: sans danger. Une fois fini\u00a0: tensions coding import.",
    ]
