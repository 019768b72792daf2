"""Which passages to show first: the most telling tensions, from as many documents as possible."""

from collections.abc import Iterable, Sequence

from tensions_cli.records import MIXTE, Relation, TaggedPassage
from tensions_cli.statistics.extracts import certainty


def most_telling(tagged: Iterable[TaggedPassage], count: int) -> list[TaggedPassage]:
    """The `count` tensions with the highest weaker score, at most one per document while others remain.

    A tension tells most when both logics are sure; ties go to document and place.
    """
    ranked = sorted((t for t in tagged if is_telling(t)), key=_rank)
    first_of = {tagged.passage.document: tagged for tagged in reversed(ranked)}
    firsts = sorted(first_of.values(), key=_rank)
    others = [t for t in ranked if t not in firsts]
    return [*firsts, *others][:count]


def is_telling(tagged: TaggedPassage) -> bool:
    """A counted tension."""
    tags = tagged.tags
    return tagged.passage.counted and tags.label == MIXTE and tags.relation is Relation.OPPOSITION


def keep_best(kept: Sequence[TaggedPassage], tagged: TaggedPassage, count: int) -> list[TaggedPassage]:
    """A short list after one more passage: a corpus of any size holds no more than a few examples."""
    return most_telling([*kept, tagged], count) if is_telling(tagged) else list(kept)


def _rank(tagged: TaggedPassage) -> tuple[float, str, int]:
    return (-certainty(tagged.tags), tagged.passage.document, tagged.passage.start)
