"""The codebook as data: logics, labels, relations, axes and rules of `codebook.toml`."""

from dataclasses import dataclass
from functools import cache

from tensions_cli.knowledge.files import read_toml, sha256
from tensions_cli.records import Label

FILE = "codebook.toml"


@dataclass(frozen=True, slots=True)
class Codebook:
    """Names in the order of the file. `poles` are the two logics, M first."""

    version: int
    sha256: str
    poles: tuple[str, ...]
    relations: tuple[str, ...]
    axes: tuple[str, ...]


@cache
def codebook() -> Codebook:
    """The codebook shipped with the tool."""
    data = read_toml(FILE)
    return Codebook(
        version=data["version"],
        sha256=sha256(FILE),
        poles=tuple(logic["name"] for logic in data["logics"]),
        relations=tuple(data["relations"]),
        axes=tuple(axis["name"] for axis in data["axes"]),
    )


def label_of(rationalisation: bool, professionnelle: bool) -> Label:
    """The label that the two yes/no answers give."""
    if rationalisation:
        return Label.MIXTE if professionnelle else Label.RATIONALISATION
    return Label.PROFESSIONNELLE if professionnelle else Label.NEUTRE
