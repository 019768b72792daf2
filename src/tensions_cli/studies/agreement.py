"""Agreement of coders, people or machines: figures by question, and the disagreements one by one."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from tensions_cli import __version__
from tensions_cli.errors import TensionsError
from tensions_cli.knowledge.codebook import codebook
from tensions_cli.knowledge.sample_design import RANDOM
from tensions_cli.output.adjudication import Case
from tensions_cli.output.french import integer
from tensions_cli.records import MIXTE, NEUTRE, Relation
from tensions_cli.statistics.agreement_by_document import Sample, draw, method
from tensions_cli.statistics.agreement_of_coders import (
    agreement_of_coders,
    agreement_on_sets,
    bands_of,
    spread_of_kappa,
)
from tensions_cli.studies.codings import Code, CodedUnit, Coder, Codings, read_codings

SCHEMA = "tensions-agreement/1"
KAPPA_SCALES = ("landis_koch_1977", "mchugh_2012")
ALPHA_SCALES = ("krippendorff_2018",)
YES_NO = ("yes", "no")


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A passage whose coders do not agree. `kind`: the gravest difference; `aspects`: all of them.

    Kinds, in the order in which they are listed: `logic:NAME` (that logic for some, none for others), `mixte-logic`,
    `logic-logic`, `mixte-neutre`, `mixte-mixte` (not of the same logics), `several` (three answers or more), then,
    where the logics are the same, `relation`, `stance`, `axes`.
    """

    kind: str
    aspects: tuple[str, ...]
    unit: CodedUnit


@dataclass(frozen=True, slots=True)
class Agreement:
    """What was compared. `figures`: `docs/schemas/agreement.schema.json`, without the disagreements.

    `alone`: passages that one person only coded.
    """

    figures: dict[str, Any]
    disagreements: tuple[Disagreement, ...]
    agreed: tuple[CodedUnit, ...]
    alone: tuple[CodedUnit, ...]
    notices: tuple[str, ...]


def agreement_between(files: Sequence[Path], by: Sequence[str] = ()) -> Agreement:
    """Compare the coders of some files of coded passages, and by the values of some of their columns.

    Raises TensionsError for a file that is not read, fewer than two coders, no passage in common, or a column that no
    passage has.
    """
    codings = read_codings(files)
    names = [coder.name for coder in codings.coders]
    if len(names) < 2:
        raise TensionsError(
            "il n’y a qu’un codeur",
            why="un accord se mesure entre deux codages au moins, et ces fichiers n’en contiennent qu’un",
            hint="tensions coding agreement A.jsonl B.jsonl, ou un fichier dont les lignes nomment leur codeur (coder)",
        )
    shared = [unit for unit in codings.units if len(unit.codes) > 1]
    if not shared:
        raise TensionsError(
            "aucun passage n’est codé par deux codeurs",
            why="les passages sont appariés par identifiant, sinon par texte, et aucun ne l’a été",
            hint="vérifiez que les codeurs ont reçu des passages communs (tensions coding sample --overlap)",
        )
    sample = draw([unit.first.document for unit in shared])
    chosen = sum(unit.field("drawn") not in ("", RANDOM) for unit in shared)
    found = [_difference(unit, codings.coders) for unit in shared]
    order = {kind: rank for rank, kind in enumerate(kinds())}
    disagreements = sorted((one for one in found if one is not None), key=lambda one: _place(one, order))
    figures = {
        "schema": SCHEMA,
        "manifest": _manifest(codings),
        "coders": [_coder_row(coder) for coder in codings.coders],
        "passages": _matching(codings, len(names)) | {"chosen": chosen},
        "documents": len({unit.first.document for unit in shared}),
        "intervals": method(len({unit.first.document for unit in shared})),
        "spread": spread_of_kappa(len(shared)),
        "questions": _questions(shared, codings.coders, sample),
        "axes": _axes(shared, codings.coders, sample),
        "groups": _groups(shared, codings.coders, sample, by),
    }
    agreed = tuple(unit for unit, difference in zip(shared, found, strict=True) if difference is None)
    people = {coder.name for coder in codings.coders if not coder.machine}
    alone = tuple(unit for unit in codings.units if len(unit.codes) == 1 and people & unit.codes.keys())
    notices = (*codings.notices, *([_said_of_chosen(chosen, len(shared))] if chosen else []))
    return Agreement(figures, tuple(disagreements), agreed, alone, notices)


def _said_of_chosen(chosen: int, shared: int) -> str:
    """What an agreement on passages that were chosen is not."""
    who = f"{integer(chosen)} des {integer(shared)} passages comparés ont" if chosen > 1 else "un passage comparé a"
    who = "tous les passages comparés ont" if chosen == shared > 1 else who
    been = "été choisis" if chosen > 1 else "été choisi"
    return f"{who} {been} pour entraîner un modèle, non au hasard\u00a0: cet accord n’est pas celui du corpus"


def kinds() -> tuple[str, ...]:
    """Kinds of disagreement in the codebook in use, in the order in which they are listed."""
    logics = tuple(f"logic:{pole}" for pole in codebook().poles)
    mixed = ("mixte-mixte",) if codebook().by_pair else ()
    return (*logics, "mixte-logic", "logic-logic", "mixte-neutre", *mixed, "several", "relation", "stance", "axes")


def disagreement_rows(found: Agreement, *, show_text: bool) -> dict[str, Any]:
    """The disagreements as the JSON output has them: counts by kind, then passages; texts only where asked."""
    counts = Counter(one.kind for one in found.disagreements)
    return {
        "compared": len(found.disagreements) + len(found.agreed),
        "count": len(found.disagreements),
        "kinds": {kind: counts[kind] for kind in kinds() if counts[kind]},
        "passages": [_disagreement_row(one, show_text=show_text) for one in found.disagreements],
    }


def _disagreement_row(one: Disagreement, *, show_text: bool) -> dict[str, Any]:
    first = one.unit.first
    row: dict[str, Any] = {
        "kind": one.kind,
        "aspects": list(one.aspects),
        "id": first.id,
        "document": first.document,
        "start": first.start,
        "end": first.end,
        "codes": {name: code_row(code) for name, code in one.unit.codes.items()},
    }
    return row | ({"text": one.unit.text} if show_text else {})


def code_row(code: Code) -> dict[str, Any]:
    """The answers of one coder on one passage."""
    book = codebook()
    return {
        "label": code.label,
        "logics": list(code.logics),
        "relation": code.relation,
        "relations": {pair: code.relations[pair] for pair in book.pairs if pair in code.relations},
        "stance": dict(code.stance),
        "axes": {
            axis: poles
            for axis in book.axes
            if (poles := [pole for pole in book.poles if f"{axis}:{pole}" in code.axes])
        },
        "memo": code.memo,
    }


def _manifest(codings: Codings) -> dict[str, Any]:
    book = codebook()
    return {
        "tool": {"name": "tensions", "version": __version__},
        "codebook": {"name": book.name, "version": book.version, "sha256": book.sha256},
        "files": [{"sha256": digest} for digest in codings.sha256],
    }


def _coder_row(coder: Coder) -> dict[str, Any]:
    return {
        "coder": coder.name,
        "machine": coder.machine,
        "passages": coder.passages,
        "left_out": {why: n for why, n in sorted(coder.left_out.items()) if n},
        "codes_stance": coder.codes_stance,
        "codes_axes": coder.codes_axes,
    }


def _matching(codings: Codings, coders: int) -> dict[str, int]:
    """How many passages all coders coded, several but not all, only one."""
    counts = Counter(len(unit.codes) for unit in codings.units)
    return {
        "total": len(codings.units),
        "by_all": counts[coders],
        "by_some": sum(n for size, n in counts.items() if 1 < size < coders),
        "by_one": counts[1],
    }


# Figures


def _answers(
    units: Sequence[CodedUnit], coders: Sequence[Coder], answer: Callable[[Code], str | None]
) -> list[list[str | None]]:
    """Shape (passages, coders): the answer of each, None where there is none."""
    return [[answer(unit.codes[c.name]) if c.name in unit.codes else None for c in coders] for unit in units]


def _figures(
    name: str, of: str | None, codes: Sequence[Sequence[str | None]], classes: Sequence[str], coders: Sequence[Coder],
    sample: Sample,
) -> dict[str, Any]:  # fmt: skip
    found = agreement_of_coders(codes, classes, [coder.name for coder in coders], sample)
    bands = {"kappa": bands_of(found["kappa"], KAPPA_SCALES), "alpha": bands_of(found["alpha"], ALPHA_SCALES)}
    return {"question": name, "of": of} | found | {"bands": bands}


def _questions(units: Sequence[CodedUnit], coders: Sequence[Coder], sample: Sample) -> list[dict[str, Any]]:
    """Label, each logic, tension, relations, stances."""
    book = codebook()
    found = _of_logics(units, coders, sample)
    for pair in book.pairs:
        # Only where every coder of the passage sees both logics: elsewhere the question was not put to all.
        both = [all(set(book.pairs[pair]) <= set(code.logics) for code in unit.codes.values()) for unit in units]
        codes = _answers(units, coders, partial(_relation, pair))
        kept = [row if asked else [None] * len(coders) for row, asked in zip(codes, both, strict=True)]
        of = pair if book.by_pair else None
        found.append(_figures("relation", of, kept, book.relations, coders, sample))
    for pole, stances in book.stances.items():
        codes = _answers(units, coders, partial(_stance, pole))
        found.append(_figures("stance", pole, codes, stances, coders, sample))
    return found


def _of_logics(units: Sequence[CodedUnit], coders: Sequence[Coder], sample: Sample) -> list[dict[str, Any]]:
    book = codebook()
    found = [_figures("label", None, _answers(units, coders, lambda c: c.label), book.labels, coders, sample)]
    for pole in book.poles:
        codes = _answers(units, coders, partial(_bears, pole))
        found.append(_figures("logic", pole, codes, YES_NO, coders, sample))
    return [*found, _figures("tension", None, _answers(units, coders, _tension), YES_NO, coders, sample)]


def _relation(pair: str, code: Code) -> str | None:
    return code.relations.get(pair)


def _stance(pole: str, code: Code) -> str | None:
    return code.stance.get(pole)


def _bears(pole: str, code: Code) -> str:
    return _yes(pole in code.logics)


def _yes(answer: bool) -> str:
    return "yes" if answer else "no"


def _tension(code: Code) -> str | None:
    """A tension is `mixte` in opposition; a `mixte` passage whose relation was not coded is not compared."""
    return None if code.label == MIXTE and code.relation is None else _yes(code.relation == Relation.OPPOSITION)


def _axes(units: Sequence[CodedUnit], coders: Sequence[Coder], sample: Sample) -> dict[str, Any] | None:
    """Agreement on the set of axes, and on each axis of each logic; None where fewer than two coders coded axes."""
    book = codebook()
    of_axes = {coder.name for coder in coders if coder.codes_axes}
    if len(of_axes) < 2 or not book.axes:
        return None
    codes = [
        [unit.codes[c.name].axes if c.name in unit.codes and c.name in of_axes else None for c in coders]
        for unit in units
    ]
    each = []
    for name in (f"{axis}:{pole}" for axis in book.axes for pole in book.poles):
        said = [[None if axes is None else _yes(name in axes) for axes in row] for row in codes]
        if any("yes" in row for row in said):
            each.append(_figures("axis", name, said, YES_NO, coders, sample))
    sets = agreement_on_sets(codes, sample)
    return sets | {"bands": {"alpha_masi": bands_of(sets["alpha_masi"], ALPHA_SCALES)}, "each": each}


def _groups(
    units: Sequence[CodedUnit], coders: Sequence[Coder], sample: Sample, by: Sequence[str]
) -> list[dict[str, Any]]:
    """Label, logics and tension by the values of each column, in turn; passages without a value are a group too."""
    groups = []
    for column in by:
        values = [unit.first.document if column == "document" else unit.field(column) for unit in units]
        if not any(values):
            raise TensionsError(
                f"--by\u00a0: aucun passage n’a de «\u00a0{column}\u00a0»",
                why="on groupe par une colonne des fichiers de codes (genre, sector, speaker…) ou par document",
                hint="--by genre, si les lignes portent un «\u00a0genre\u00a0»",
            )
        for value in sorted(set(values)):
            held = [CodedUnit(unit.codes if v == value else {}) for unit, v in zip(units, values, strict=True)]
            members = [unit for unit, v in zip(units, values, strict=True) if v == value]
            groups.append(
                {
                    "by": {column: value or None},
                    "passages": len(members),
                    "documents": len({unit.first.document for unit in members}),
                    "questions": _of_logics(held, coders, sample),
                }
            )
    return groups


# Disagreements


def _difference(unit: CodedUnit, coders: Sequence[Coder]) -> Disagreement | None:
    """What the coders of a passage do not agree on; what a coder never codes, or left open, is no disagreement."""
    codes = list(unit.codes.values())
    stance_by = {coder.name for coder in coders if coder.codes_stance}
    axes_by = {coder.name for coder in coders if coder.codes_axes}
    aspects = []
    if len({code.logics for code in codes}) > 1:
        aspects.append(_kind_of_labels(codes))
    if any(_apart([code.relations.get(pair) for code in codes]) for pair in codebook().pairs):
        aspects.append("relation")
    if any(_apart([c.stance.get(pole) for c in codes if c.coder in stance_by]) for pole in codebook().poles):
        aspects.append("stance")
    if len({code.axes for code in codes if code.coder in axes_by}) > 1:
        aspects.append("axes")
    return Disagreement(aspects[0], tuple(aspects), unit) if aspects else None


def _apart(answers: Sequence[str | None]) -> bool:
    return len({answer for answer in answers if answer is not None}) > 1


def _kind_of_labels(codes: Sequence[Code]) -> str:
    labels = {code.label for code in codes}
    logics = labels - {MIXTE, NEUTRE}
    if len(labels) > 2:
        return "several"
    if labels == {MIXTE}:
        return "mixte-mixte"
    if not logics:
        return "mixte-neutre"
    if len(logics) == 2:
        return "logic-logic"
    return "mixte-logic" if MIXTE in labels else f"logic:{next(iter(logics))}"


def _place(one: Disagreement, order: Mapping[str, int]) -> tuple[int, str, int, str]:
    first = one.unit.first
    return order[one.kind], first.document, first.start or 0, first.id


# Adjudication


def cases_of(found: Agreement) -> list[Case]:
    """Disagreements in their order, the passages on which all agree, then those that one person coded, both filled.

    A passage that machines alone coded stays to be coded: their answers must not come back as those of a person.
    """
    machines = frozenset(coder["coder"] for coder in found.figures["coders"] if coder["machine"])
    settled = [_case(one.unit, one.kind, None) for one in found.disagreements]
    return settled + [_case(unit, None, _united(unit, machines)) for unit in (*found.agreed, *found.alone)]


def _case(unit: CodedUnit, kind: str | None, resolved: Code | None) -> Case:
    first = unit.first
    return Case(
        kind=kind,
        id=first.id,
        document=first.document,
        start=first.start,
        end=first.end,
        context=unit.context,
        text=unit.text,
        codes={name: code_row(code) for name, code in unit.codes.items()},
        resolved=code_row(resolved) if resolved else None,
        weight=next((code.weight for code in unit.codes.values() if code.weight is not None), None),
        drawn=unit.field("drawn") or None,
    )


def _united(unit: CodedUnit, machines: frozenset[str]) -> Code | None:
    """The one code of people who agree: what one of them left open is taken from another. None without a person."""
    codes = [code for name, code in unit.codes.items() if name not in machines]
    if not codes:
        return None
    return replace(
        codes[0],
        relations={pair: name for code in codes for pair, name in code.relations.items()},
        stance={pole: name for code in codes for pole, name in code.stance.items()},
        axes=frozenset[str]().union(*(code.axes for code in codes)),
    )
