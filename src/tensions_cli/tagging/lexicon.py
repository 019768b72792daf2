"""Cues of the lexicon found in the words of a passage; traps are masked first (codebook rule 1)."""

from dataclasses import dataclass
from functools import cache

from tensions_cli.knowledge.files import read_rows, sha256
from tensions_cli.tagging.french import Words, words_of

FILE = "lexicon.csv"


@dataclass(frozen=True, slots=True)
class Cue:
    """One entry of the lexicon.

    `kind`: axis, general, relation or trap; `name`: the axis or the relation; `pole`: the logic
    an axis or general cue speaks for; `strength`: 1 (weak) to 3 (sure).
    """

    kind: str
    name: str
    pole: str
    expression: str
    strength: int


@dataclass(frozen=True, slots=True)
class Match:
    """A cue found at words [first, last) of a passage."""

    first: int
    last: int
    cue: Cue


def lexicon_sha256() -> str:
    """Hash of the lexicon's file, for manifests and model folders."""
    return sha256(FILE)


@cache
def cues() -> tuple[Cue, ...]:
    """Every entry of the lexicon, in the order of the file."""
    return tuple(
        Cue(row["kind"], row["name"], row["pole"], row["expression"], int(row["strength"])) for row in read_rows(FILE)
    )


@cache
def _by_first_lemma() -> dict[str, tuple[tuple[tuple[str, ...], Cue], ...]]:
    """Lemma sequences of the cues, under their first lemma, longest first."""
    table: dict[str, list[tuple[tuple[str, ...], Cue]]] = {}
    for cue, words in zip(cues(), words_of(cue.expression for cue in cues()), strict=True):
        table.setdefault(words.lemmas[0], []).append((words.lemmas, cue))
    return {first: tuple(sorted(tails, key=lambda t: (-len(t[0]), t[0]))) for first, tails in table.items()}


def find_cues(words: Words) -> list[Match]:
    """Cues of a passage in word order: those under a trap or inside a longer cue of their kind are left out."""
    table, lemmas = _by_first_lemma(), words.lemmas
    found: list[Match] = []
    for first, lemma in enumerate(lemmas):
        for sequence, cue in table.get(lemma, ()):
            if lemmas[first : first + len(sequence)] == sequence:
                found.append(Match(first, first + len(sequence), cue))
    traps = [m for m in found if m.cue.kind == "trap"]
    spoken = [m for m in found if m.cue.kind != "trap" and not any(_overlap(m, trap) for trap in traps)]
    return [m for m in spoken if not any(_inside(m, other) for other in spoken)]


def _overlap(a: Match, b: Match) -> bool:
    return a.first < b.last and b.first < a.last


def _inside(a: Match, b: Match) -> bool:
    same_family = (a.cue.kind == "relation") == (b.cue.kind == "relation")
    return same_family and b.first <= a.first and a.last <= b.last and b.last - b.first > a.last - a.first
