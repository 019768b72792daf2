"""What a human reader is given: every replacement and every doubt, in place, without the values replaced."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tensions_cli.confidentiality.pseudonyms import Placed

# Characters of text shown on each side, after replacement.
CONTEXT = 30

SURE, DOUBTFUL, LEFT = "sûr", "à vérifier", "laissé"
COLUMNS = ("document", "position", "categorie", "code", "confiance", "motif", "contexte")


@dataclass(frozen=True, slots=True)
class Count:
    """What happened to one category over a corpus. `distinct`: persons, places… told apart (None where none are)."""

    category: str
    replaced: int
    distinct: int | None
    doubtful: int
    left: int


def confidence(placed: Placed) -> str:
    """How much a reader may rely on one replacement."""
    if placed.code is None:
        return LEFT
    return SURE if placed.found.sure and not placed.doubt else DOUBTFUL


def review_rows(document: str, text: str, placed: Sequence[Placed]) -> Iterator[dict[str, str]]:
    """One row for each replacement and each doubt of a written text, by column of the list for review.

    `position`: code points in the written text. The context is what the text now says: it holds no replaced value,
    and may hold a name that nothing recognised.
    """
    for one in placed:
        before = text[max(0, one.start - CONTEXT) : one.start]
        after = text[one.end : one.end + CONTEXT]
        yield {
            "document": document,
            "position": str(one.start),
            "categorie": one.found.category,
            "code": one.code or "",
            "confiance": confidence(one),
            "motif": "\u00a0; ".join(filter(None, (one.found.ground, one.doubt))),
            "contexte": " ".join(f"{before}{text[one.start : one.end]}{after}".split()),
        }


def counts(placed: Sequence[Sequence[Placed]], distinct: Mapping[str, int]) -> list[Count]:
    """Replacements and doubts by category, the most frequent first."""
    by_category: dict[str, Counter[str]] = {}
    for here in placed:
        for one in here:
            by_category.setdefault(one.found.category, Counter())[confidence(one)] += 1
    rows = [
        Count(category, n[SURE] + n[DOUBTFUL], distinct.get(category), n[DOUBTFUL], n[LEFT])
        for category, n in by_category.items()
    ]
    return sorted(rows, key=lambda row: (-row.replaced, -row.left, row.category))
