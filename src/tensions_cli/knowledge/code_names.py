"""What each code of the codebook is called outside, in tools that know only flat names.

A name is unique in the whole list, since QualCoder and doccano refuse two codes of one name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from tensions_cli.knowledge.codebook import Codebook, codebook
from tensions_cli.records import MIXTE, NEUTRE, Tags


@dataclass(frozen=True, slots=True)
class NamedCode:
    """A code as other tools show it. `family`: French name of its parent; `description`: what the codebook says."""

    family: str
    name: str
    description: str


LABELS, RELATIONS, STANCES, AXES = "Logiques", "Relations", "Postures", "Axes"


def stance_name(pole: str, stance: str) -> str:
    """`rationalisation contestee`: what the speaker does with a logic."""
    return f"{pole} {stance}"


def relation_name(pair: str, relation: str, book: Codebook) -> str:
    """`opposition`; with more than two logics `opposition (marchande+civique)`."""
    return f"{relation} ({pair})" if book.by_pair else relation


def axis_name(axis: str, pole: str) -> str:
    """`temps (rationalisation)`: an axis and the logic at work on it."""
    return f"{axis} ({pole})"


def all_codes() -> tuple[NamedCode, ...]:
    """Every code of the codebook in use, family by family, in the order of the codebook."""
    return _codes(codebook())


@cache
def _codes(book: Codebook) -> tuple[NamedCode, ...]:
    several = "deux logiques ou plus à la fois" if book.by_pair else "les deux logiques à la fois"
    none = "aucune des logiques" if book.by_pair else "ni l’une ni l’autre"
    said = {logic.name: f"{logic.question} {' ; '.join(logic.cases)}".strip() for logic in book.logics}
    labels = {MIXTE: several, NEUTRE: none} | said
    return (
        *(NamedCode(LABELS, label, labels[label]) for label in book.labels),
        *(
            NamedCode(RELATIONS, relation_name(pair, name, book), book.relation_meanings[name])
            for pair in book.pairs
            for name in book.relations
        ),
        *(
            NamedCode(STANCES, stance_name(pole, stance), book.stance_meanings[stance])
            for pole, stances in book.stances.items()
            for stance in stances
        ),
        *(
            NamedCode(AXES, axis_name(axis.name, pole), axis.sides[pole])
            for axis in book.axis_list
            for pole in book.poles
        ),
    )


def labels_of(tags: Tags) -> tuple[str, ...]:
    """The label of one passage. With more than two logics `mixte` does not say which: those that are there, instead."""
    return tags.logics if codebook().by_pair and tags.label == MIXTE and tags.logics else (tags.label,)


def codes_of(tags: Tags) -> tuple[str, ...]:
    """Names of the codes of one passage: its label first (`labels_of`), then relation, stances, axes."""
    stances: Mapping[str, str] = tags.stance or {}
    return (
        *labels_of(tags),
        *(relation_name(pair, relation, codebook()) for pair, relation in tags.relations.items()),
        *(stance_name(pole, stance) for pole, stance in stances.items()),
        *(axis_name(axis, pole) for axis, poles in tags.axes.items() for pole in poles),
    )
