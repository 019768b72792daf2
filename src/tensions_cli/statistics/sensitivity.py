"""How much the shares owe to the length at which texts are cut."""

from collections.abc import Iterable

from tensions_cli.knowledge.codebook import codebook
from tensions_cli.records import MIXTE, Relation, TaggedPassage
from tensions_cli.results import Cutting
from tensions_cli.words import count_words

# Words aimed at, around the 45 of the shipped cutting: half, half as much again, twice.
OTHER_TARGETS = (25, 70, 100)
DECIMALS = 4


def cutting(passages: Iterable[TaggedPassage], target_words: int, *, shipped: bool) -> Cutting:
    """Shares of the counted passages among `passages`, cut at `target_words`."""
    labels = dict.fromkeys(codebook().labels, 0)
    tensions = total = words = 0
    for one in passages:
        if not one.passage.counted:
            continue
        total += 1
        words += count_words(one.passage.text) if one.passage.words is None else one.passage.words
        labels[one.tags.label] += 1
        tensions += one.tags.label == MIXTE and one.tags.relation is Relation.OPPOSITION
    return Cutting(
        target_words=target_words,
        passages=total,
        mean_words=round(words / total, 1) if total else 0.0,
        shares={label: round(n / total, DECIMALS) if total else None for label, n in labels.items()},
        tension_share=round(tensions / total, DECIMALS) if total else None,
        shipped=shipped,
    )
