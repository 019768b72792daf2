"""What each code of the codebook is called outside, in tools that know only flat names.

A name is unique in the whole list, since QualCoder and doccano refuse two codes of one name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from tensions_cli.knowledge.codebook import codebook
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import Label, Tags


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


def axis_name(axis: str, pole: str) -> str:
    """`temps (rationalisation)`: an axis and the logic at work on it."""
    return f"{axis} ({pole})"


@cache
def all_codes() -> tuple[NamedCode, ...]:
    """Every code of the codebook, family by family, in the order of the codebook."""
    data = read_toml("codebook.toml")
    book = codebook()
    by_name = {logic["name"]: logic for logic in data["logics"]}
    labels = {
        Label.MIXTE.value: "les deux logiques à la fois",
        Label.NEUTRE.value: "ni l’une ni l’autre",
    } | {pole: f"{by_name[pole]['question']} {' ; '.join(by_name[pole]['cases'])}" for pole in book.poles}
    return (
        *(NamedCode(LABELS, label.value, labels[label.value]) for label in Label),
        *(NamedCode(RELATIONS, name, data["relations"][name]) for name in book.relations),
        *(
            NamedCode(STANCES, stance_name(pole, stance), data["stances"][stance])
            for pole, stances in book.stances.items()
            for stance in stances
        ),
        *(NamedCode(AXES, axis_name(axis["name"], pole), axis[pole]) for axis in data["axes"] for pole in book.poles),
    )


def codes_of(tags: Tags) -> tuple[str, ...]:
    """Names of the codes of one passage: its label first, then relation, stances, axes."""
    stances: Mapping[str, str] = tags.stance or {}
    return (
        tags.label.value,
        *([tags.relation.value] if tags.relation else []),
        *(stance_name(pole, stance) for pole, stance in stances.items()),
        *(axis_name(axis, pole) for axis, poles in tags.axes.items() for pole in poles),
    )
