"""Back to the text: the best examples of a kind of passage, and the order of the lines of a concordance.

A best example is typical of its kind, and unlike the others already chosen. Typicality says how well a passage
shows what was asked for; it is no judgement on the passage, still less on who speaks.
"""

import math
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence, Set

from tensions_cli.records import Role, TaggedPassage, Tags
from tensions_cli.results import Extract
from tensions_cli.words import WORD, count_words

DECIMALS = 4
SORTS = ("document", "left", "right")

# Weight of typicality against variety, in maximal marginal relevance (Carbonell and Goldstein 1998): variety between
# documents is a rule of its own, so the weight goes to typicality.
TYPICALITY_WEIGHT = 0.7
# Share of common words from which two passages say the same thing: a sentence said again, a paragraph copied.
NEAR_DUPLICATE = 0.6
# Codebook, "unit": a passage has 15 words at least. A title or a line of dialogue may be sure and show nothing.
FULL_LENGTH = 15
BY_MODEL = "model"
LONG_WORD = 4  # letters; shorter words are nearly all function words


def certainty(tags: Tags) -> float:
    """How sure the label is: the score of a logic that is there, one minus the score of one that is not, the lower.

    What a person coded is sure.
    """
    if tags.coded_by != BY_MODEL:
        return 1.0
    return min(score if pole in tags.logics else 1 - score for pole, score in sorted(tags.scores.items()))


def best_examples(kind: Sequence[TaggedPassage], count: int) -> tuple[Extract, ...]:
    """The `count` passages that show best what `kind` is, the best first; `kind` in the order of the corpus.

    Greedy: each time the passage with the highest TYPICALITY_WEIGHT × typicality − (1 − TYPICALITY_WEIGHT) ×
    likeness to the nearest one chosen; documents without an example go before the others, near-duplicates of one
    chosen after. Ties go to the order of the corpus.
    """
    typical = typicalities(kind)
    words = [_long_words(one.passage.text) for one in kind]
    axes = [frozenset(_axes(one.tags)) for one in kind]
    nearest = [0.0] * len(kind)
    repeats = [False] * len(kind)
    left, chosen, shown = set(range(len(kind))), list[int](), set[str]()
    while left and len(chosen) < count:

        def rank(one: int) -> tuple[bool, bool, float, int]:
            gain = TYPICALITY_WEIGHT * typical[one] - (1 - TYPICALITY_WEIGHT) * nearest[one]
            return repeats[one], kind[one].passage.document in shown, -round(gain, DECIMALS), one

        best = min(left, key=rank)
        left.remove(best)
        chosen.append(best)
        shown.add(kind[best].passage.document)
        for one in left:
            same_words = _common(words[one], words[best])
            repeats[one] = repeats[one] or same_words >= NEAR_DUPLICATE
            nearest[one] = max(nearest[one], (same_words + _common(axes[one], axes[best])) / 2)
    return tuple(Extract(kind[one], typicality=typical[one]) for one in chosen)


def typicalities(kind: Sequence[TaggedPassage]) -> list[float]:
    """For each passage, in [0, 1]: certainty × nearness × fullness, four decimals.

    Nearness: cosine between what the passage shows (axes by pole, relation, stances, underlined words) and the mean of
    the kind, over the highest cosine of the kind. Fullness: words over FULL_LENGTH, 1 at most.
    """
    shown = [_shown(one) for one in kind]
    centre: defaultdict[str, float] = defaultdict(float)
    for traits in shown:
        for trait in traits:
            centre[trait] += 1 / math.sqrt(len(traits))
    near = [sum(centre[trait] for trait in sorted(traits)) / math.sqrt(max(1, len(traits))) for traits in shown]
    nearest = max(near, default=0.0)
    return [
        round(
            certainty(one.tags)
            * (cosine / nearest if nearest else 1.0)
            * min(1.0, count_words(one.passage.text) / FULL_LENGTH),
            DECIMALS,
        )
        for one, cosine in zip(kind, near, strict=True)
    ]


def _shown(tagged: TaggedPassage) -> frozenset[str]:
    """What a passage shows: names of its axes, relation and stances, words underlined."""
    tags, text = tagged.tags, tagged.passage.text
    return frozenset(
        (
            *_axes(tags),
            *([f"relation:{tags.relation}"] if tags.relation else []),
            *(f"stance:{pole}:{name}" for pole, name in (tags.stance or {}).items()),
            *(word for span in tags.evidence for word in _long_words(text[span.start : span.end])),
        )
    )


def _axes(tags: Tags) -> list[str]:
    return [f"axis:{axis}:{pole}" for axis, poles in tags.axes.items() for pole in poles]


def _long_words(text: str) -> frozenset[str]:
    return frozenset(word for word in WORD.findall(text.casefold()) if len(word) >= LONG_WORD)


def _common(first: Set[str], second: Set[str]) -> float:
    """Jaccard index; 0 where there is nothing to compare."""
    return len(first & second) / len(first | second) if first and second else 0.0


def ordered(occurrences: Iterable[Extract], sort: str) -> tuple[Extract, ...]:
    """Lines of a concordance by document and place, or by the words before (`left`: the nearest first) or after.

    `occurrences` come in the order of the corpus, which settles ties; accents and capitals count only between words
    that are otherwise the same.
    """
    if sort == "left":
        return tuple(sorted(occurrences, key=lambda one: _spoken(one.tagged.passage.text[: one.start])[::-1]))
    if sort == "right":
        return tuple(sorted(occurrences, key=lambda one: _spoken(one.tagged.passage.text[one.end :])))
    return tuple(occurrences)


def _spoken(text: str) -> list[tuple[str, str]]:
    return [(plain(word), word) for word in WORD.findall(text)]


def plain(text: str) -> str:
    """A name as one types it in haste: no accents, no capitals, one kind of apostrophe and of space."""
    letters = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(letters.casefold().replace("’", "'").split())


def persons(passages: Sequence[TaggedPassage]) -> int:
    """On how many persons passages rest, interviewers left out; a document in which nobody speaks is one."""
    answers = [one.passage for one in passages if one.passage.role is not Role.INTERVIEWER]
    named = {one.person or (one.document, one.speaker) for one in answers if one.speaker}
    spoken = {one.document for one in answers if one.speaker}
    return len(named) + len({one.document for one in answers} - spoken)
