"""The codebook as data: logics, labels, relations, axes and rules of `codebook.toml`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from tensions_cli.knowledge.files import read_toml, sha256
from tensions_cli.records import Label

FILE = "codebook.toml"
ONLY_PROFESSIONAL = "menacee"  # the one stance that a single logic has (last words of its entry in the file)


@dataclass(frozen=True, slots=True)
class Codebook:
    """Names in the order of the file. `poles` are the two logics, M first; `stances` are given by pole."""

    version: int
    sha256: str
    poles: tuple[str, ...]
    relations: tuple[str, ...]
    stances: Mapping[str, tuple[str, ...]]
    axes: tuple[str, ...]


@cache
def codebook() -> Codebook:
    """The codebook shipped with the tool."""
    data = read_toml(FILE)
    poles = tuple(logic["name"] for logic in data["logics"])
    return Codebook(
        version=data["version"],
        sha256=sha256(FILE),
        poles=poles,
        relations=tuple(data["relations"]),
        stances={pole: _stances_of(pole, data["stances"]) for pole in poles},
        axes=tuple(axis["name"] for axis in data["axes"]),
    )


def _stances_of(pole: str, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name != ONLY_PROFESSIONAL or pole == "professionnelle")


def label_of(rationalisation: bool, professionnelle: bool) -> Label:
    """The label that the two yes/no answers give."""
    if rationalisation:
        return Label.MIXTE if professionnelle else Label.RATIONALISATION
    return Label.PROFESSIONNELLE if professionnelle else Label.NEUTRE
