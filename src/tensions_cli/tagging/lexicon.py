"""Cues of the lexicon found in the words of a passage; traps are masked first (codebook rule 1)."""

from dataclasses import dataclass
from functools import cache
from itertools import compress, count

from tensions_cli.knowledge.codebook import Codebook
from tensions_cli.knowledge.lexicon import Cue
from tensions_cli.tagging.french import Words, words_of


@dataclass(frozen=True, slots=True)
class Match:
    """A cue found at words [first, last) of a passage."""

    first: int
    last: int
    cue: Cue


_END = "\n"  # follows the last word: no cue goes on with it
Sequences = tuple[tuple[tuple[str, ...], Cue], ...]


@cache
def _by_first_lemmas(book: Codebook) -> dict[str, dict[str, Sequences]]:
    """Lemma sequences of the cues, longest first, under their first lemma, then their second, "" where there is none.

    Many cues begin with « le » or « mettre »: those that the next word rules out are not even looked at.
    """
    table: dict[str, dict[str, list[tuple[tuple[str, ...], Cue]]]] = {}
    for cue, words in zip(book.cues, words_of(cue.expression for cue in book.cues), strict=True):
        first, second = (*words.lemmas, "")[:2]
        table.setdefault(first, {}).setdefault(second, []).append((words.lemmas, cue))
    return {
        first: {second: tuple(sorted(found, key=lambda t: (-len(t[0]), t[0]))) for second, found in tails.items()}
        for first, tails in table.items()
    }


def find_cues(words: Words, book: Codebook) -> list[Match]:
    """Cues of a codebook in word order: those under a trap or inside a longer cue of their kind are left out."""
    table, lemmas = _by_first_lemmas(book), (*words.lemmas, _END)
    found = [
        Match(first, first + len(sequence), cue)
        for first in compress(count(), map(table.__contains__, words.lemmas))
        for second in (lemmas[first + 1], "")
        for sequence, cue in table[lemmas[first]].get(second, ())
        if len(sequence) <= 2 or lemmas[first : first + len(sequence)] == sequence
    ]
    traps = [m for m in found if m.cue.kind == "trap"]
    spoken = [m for m in found if m.cue.kind != "trap"]
    if traps:
        spoken = [m for m in spoken if not any(_overlap(m, trap) for trap in traps)]
    long = [m for m in spoken if m.last - m.first > 1]
    return [m for m in spoken if not any(_inside(m, other) for other in long)]


def _overlap(a: Match, b: Match) -> bool:
    return a.first < b.last and b.first < a.last


def _inside(a: Match, b: Match) -> bool:
    same_family = (a.cue.kind == "relation") == (b.cue.kind == "relation")
    return same_family and b.first <= a.first and a.last <= b.last and b.last - b.first > a.last - a.first
