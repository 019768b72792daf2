"""Which axes stand in the same passages, against what independence would give."""

from collections import Counter
from collections.abc import Collection, Sequence
from itertools import combinations

from tensions_cli.results import AxisPair

DECIMALS = 4
# Under five expected passages the ratio of observed to expected jumps with one passage more (the usual rule for a χ²).
MIN_EXPECTED = 5


def axis_pairs(axes: Sequence[Collection[str]]) -> tuple[AxisPair, ...]:
    """Every pair of axes that occur, the most frequent first, then by name. `axes`: those of each counted passage.

    Base: the passages with at least one axis, N of them; expected together = n₁·n₂/N; lift = together / expected.
    Leaving out the passages without any axis pulls every lift down: compare lifts with each other, not only with 1.
    """
    bearing = [sorted(set(one)) for one in axes if one]
    singles = Counter(axis for one in bearing for axis in one)
    together = Counter(pair for one in bearing for pair in combinations(one, 2))
    pairs = [
        _pair(first, second, together[first, second], singles, len(bearing))
        for first, second in combinations(sorted(singles), 2)
    ]
    return tuple(sorted(pairs, key=lambda pair: (-pair.together, pair.first, pair.second)))


def _pair(first: str, second: str, together: int, singles: Counter[str], base: int) -> AxisPair:
    expected = singles[first] * singles[second] / base
    return AxisPair(
        first=first,
        second=second,
        together=together,
        only_first=singles[first] - together,
        only_second=singles[second] - together,
        neither=base - singles[first] - singles[second] + together,
        expected=round(expected, DECIMALS),
        lift=round(together / expected, DECIMALS) if expected >= MIN_EXPECTED else None,
    )
