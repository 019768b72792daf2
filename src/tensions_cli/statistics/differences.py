"""Differences of shares between groups of passages that come in clusters (documents, or persons of one document).

Groups without a common document: each share has its own limits, on the logit, with the jackknife error of
`intervals.py`; those of the difference are recovered from them (Newcombe 1998; Zou and Donner 2008), so that they
follow the skewness of rare shares and of small groups: low = d − √((p₂ − l₂)² + (u₁ − p₁)²), high likewise. The
quantile is Student's with the degrees of freedom of Welch 1947 and Satterthwaite 1946.

Groups that share documents (roles, speakers): the difference is linearised (Cochran 1977, § 6.3). With m_gd passages
of group g in document d, x_gd of them hits, M_g = Σ m_gd, p_g = Σ x_gd/M_g and k_g documents, document d moves it by
e_2d − e_1d, e_gd = √(k_g/(k_g − 1))·(x_gd − p_g·m_gd)/M_g; the variance is the sum of squares, so that what the two
groups of one document have in common counts once. Student's t has k − 1 degrees of freedom, k of the smaller group.

The p-value is the smallest level whose interval excludes zero, so that the two always agree. From thirty clusters in
both groups the interval is an expanded percentile bootstrap that draws the clusters of both groups in each replicate;
the p-value stays the same, so that it does not jump when a thirtieth document comes in.

Simulated coverage of the nominal 95 % interval (15 to 45 passages a document, intra-document correlation .10, shares of
.01 to .30, 2,000 corpora a case): .94 to .975 from five documents a group on, equal or one to four, but .985 to .99
between shares of .02 and .05 on five documents; documents shared: .94 to .975; bootstrap at thirty: .935 to .96.
Student on the linearised difference would fall to .91 between ten and forty documents at a share of .05.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tensions_cli.knowledge.codebook import codebook
from tensions_cli.records import Interval
from tensions_cli.results import Difference, Estimate
from tensions_cli.statistics.intervals import (
    BOOTSTRAP_FROM,
    DECIMALS,
    LEVEL,
    MIN_CLUSTERS,
    REPLICATES,
    SEED,
    expit,
    linearised_error,
    student,
)
from tensions_cli.statistics.summary import UNKNOWN, Counted, is_tension

OTHERS = "(les autres)"
P_DECIMALS = 6
BISECTIONS = 45  # halvings of a quantile between 0 and FARTHEST: finer than the decimals of a p-value
FARTHEST = 1e3


@dataclass(frozen=True, slots=True)
class Sums:
    """Hits (clusters × measures) and passages (clusters) of one group, over the clusters of the whole corpus."""

    hits: np.ndarray
    sizes: np.ndarray

    @property
    def clusters(self) -> int:
        """Clusters where the group has a passage."""
        return int((self.sizes > 0).sum())

    @property
    def shares(self) -> np.ndarray:
        """Share of each measure."""
        return np.asarray(self.hits.sum(axis=0) / self.sizes.sum())


def group_name(key: Sequence[str]) -> str:
    """« entretien × terrain »: a group as it is called everywhere."""
    return " × ".join(key)


def differences(rows: Sequence[Counted], against: tuple[str, ...] | None = None) -> tuple[Difference, ...]:
    """Every measure in every comparison, with Holm's correction over all of them.

    Groups are the keys of the rows, sorted: two are compared with each other (second − first), more each with all
    the others, or with the group `against` (group − reference). Fewer than two groups: nothing.
    """
    keys = sorted({row.key for row in rows})
    if against is None and len(keys) == 2:
        against = keys[0]
    columns = _columns(rows, keys)
    found: list[Difference] = []
    for rank, key in enumerate(keys):
        own = columns.groups == rank
        if against is None and len(keys) > 2:
            found += _compare(columns, OTHERS, ~own, group_name(key), own, others=True)
        elif against is not None and key != against:
            reference = columns.groups == keys.index(against)
            found += _compare(columns, group_name(against), reference, group_name(key), own, others=False)
    return holm(found)


@dataclass(frozen=True, slots=True)
class _Columns:
    """One entry per passage: ranks of its group, of its document and of its person, and its hits (× measures)."""

    groups: np.ndarray
    documents: np.ndarray
    persons: np.ndarray
    hits: np.ndarray
    spoken: bool


def _columns(rows: Sequence[Counted], keys: Sequence[tuple[str, ...]]) -> _Columns:
    place = {key: rank for rank, key in enumerate(keys)}
    persons = [(row.document, row.speaker or UNKNOWN) for row in rows]
    return _Columns(
        groups=np.array([place[row.key] for row in rows]),
        documents=_ranks([row.document for row in rows]),
        persons=_ranks(persons),
        hits=np.array([[*(row.label == name for name in codebook().labels), is_tension(row)] for row in rows], float),
        spoken=any(row.speaker for row in rows),
    )


def _ranks(names: Sequence[Any]) -> np.ndarray:
    """Each name as its rank among the sorted ones: draws do not depend on the order of documents."""
    place = {name: rank for rank, name in enumerate(sorted(set(names)))}
    return np.array([place[name] for name in names])


def _compare(
    columns: _Columns, first: str, one: np.ndarray, second: str, two: np.ndarray, *, others: bool
) -> list[Difference]:
    """Clusters are documents, or persons where each of the two groups lies in a single document."""
    single = columns.spoken and all(len(set(columns.documents[side])) == 1 for side in (one, two))
    clusters = columns.persons if single else columns.documents
    sides = [_sums(clusters, columns.hits, side) for side in (one, two)]
    found = compare_two(first, second, sides[0], sides[1], "person" if single else "document")
    return [replace(one, is_against_others=True) for one in found] if others else found


def _sums(clusters: np.ndarray, hits: np.ndarray, side: np.ndarray) -> Sums:
    count = int(clusters.max()) + 1
    by_measure = [np.bincount(clusters[side], weights=hits[side, n], minlength=count) for n in range(hits.shape[1])]
    return Sums(np.stack(by_measure, axis=1), np.bincount(clusters[side], minlength=count).astype(np.float64))


def compare_two(first: str, second: str, a: Sums, b: Sums, unit: str = "document") -> list[Difference]:
    """One difference per measure, second − first, p-values not yet corrected. Both groups have passages.

    `unit`: what a cluster is, `document` or `person`.
    """
    few = min(a.clusters, b.clusters) < MIN_CLUSTERS
    shared = bool(((a.sizes > 0) & (b.sizes > 0)).any())
    drawn = _bootstrap(a, b) if min(a.clusters, b.clusters) >= BOOTSTRAP_FROM else None
    found = []
    for rank, measure in enumerate(codebook().measures):
        shares = float(a.shares[rank]), float(b.shares[rank])
        interval, p, method = None, None, f"none: fewer than {MIN_CLUSTERS} {unit}s" if few else "none: no spread"
        tested = None if few else _joint(a, b, rank) if shared else _apart(a, b, rank)
        if tested is not None:
            (low, high), p = tested
            kind = "student-linearised" if shared else "student-recovered"
            if drawn is not None and not {0.0, 1.0} & set(shares):
                (low, high), kind = drawn[:, rank], f"bootstrap-{REPLICATES}-seed-{SEED}"
            interval, method = _bounded(low, high), f"{kind} by {'shared ' if shared else ''}{unit}, 95 %"
        found.append(
            Difference(
                measure=measure,
                first=first,
                second=second,
                shares=(_rounded(shares[0]), _rounded(shares[1])),
                difference=Estimate(_rounded(shares[1] - shares[0]), interval, method),
                effect=cohen_h(*shares),
                p=p,
                p_adjusted=None,
                clusters=(a.clusters, b.clusters),
                passages=(int(a.sizes.sum()), int(b.sizes.sum())),
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class Limits:
    """What the limits of one share rest on.

    `error`: of its logit, 0 where it has no spread of its own; `effective`: passages over the design effect.
    """

    share: float
    error: float
    effective: float

    def at(self, quantile: float) -> tuple[float, float]:
        """Lower and upper limit. A share of 0 or 1 has those of Wilson 1927 for as many effective passages."""
        if self.error:
            logit = math.log(self.share / (1 - self.share))
            return expit(logit - quantile * self.error), expit(logit + quantile * self.error)
        edge = quantile**2 / (self.effective + quantile**2)
        return (0.0, edge) if self.share == 0 else (1 - edge, 1.0) if self.share == 1 else (self.share, self.share)


def _limits(a: Sums, b: Sums, rank: int) -> tuple[Limits, Limits]:
    """Limits of one measure in both groups; one without spread is lent the design effect of the other."""
    shares = [float(side.shares[rank]) for side in (a, b)]
    errors = [_logit_error(side, rank) for side in (a, b)]
    effects = [
        max(error**2 * share * (1 - share) * float(side.sizes.sum()), 1.0)
        for side, share, error in zip((a, b), shares, errors, strict=True)
    ]
    return (
        Limits(shares[0], errors[0], float(a.sizes.sum()) / effects[0 if errors[0] else 1]),
        Limits(shares[1], errors[1], float(b.sizes.sum()) / effects[1 if errors[1] else 0]),
    )


def _logit_error(side: Sums, rank: int) -> float:
    """Standard error of the logit by jackknife; linearised where a share without one cluster is 0 or 1."""
    own = side.sizes > 0
    x, m = side.hits[own, rank], side.sizes[own]
    share, k = float(x.sum() / m.sum()), len(x)
    if k < MIN_CLUSTERS or share in (0.0, 1.0):
        return 0.0
    without = (x.sum() - x) / (m.sum() - m)
    if ((without > 0) & (without < 1)).all():
        logits = np.log(without / (1 - without))
        return math.sqrt((k - 1) / k * float(((logits - logits.mean()) ** 2).sum()))
    return linearised_error(x, m) / (share * (1 - share))


def _apart(a: Sums, b: Sums, rank: int) -> tuple[tuple[float, float], float] | None:
    """Interval and p of one difference, no document shared; None where neither share has a spread."""
    one, two = _limits(a, b, rank)
    if not (one.error or two.error):
        return None
    variances = [(side.error * side.share * (1 - side.share)) ** 2 for side in (one, two)]
    below = variances[0] ** 2 / (a.clusters - 1) + variances[1] ** 2 / (b.clusters - 1)
    freedom = sum(variances) ** 2 / below
    return recovered(one, two, student(freedom)), _smallest_level(one, two, freedom)


def recovered(one: Limits, two: Limits, quantile: float) -> tuple[float, float]:
    """Limits of two.share − one.share, recovered from theirs (Zou and Donner 2008)."""
    (low_1, high_1), (low_2, high_2) = one.at(quantile), two.at(quantile)
    difference = two.share - one.share
    return (
        difference - math.hypot(two.share - low_2, high_1 - one.share),
        difference + math.hypot(high_2 - two.share, one.share - low_1),
    )


def _smallest_level(one: Limits, two: Limits, freedom: float) -> float:
    """The level whose interval just reaches zero, by bisection of the quantile: limits move away as it grows."""
    from scipy.stats import t

    near, far = 0.0, FARTHEST
    for _ in range(BISECTIONS):
        middle = (near + far) / 2
        low, high = recovered(one, two, middle)
        near, far = (near, middle) if low <= 0 <= high else (middle, far)
    return 2 * float(t.sf(near, freedom))


def _joint(a: Sums, b: Sums, rank: int) -> tuple[tuple[float, float], float] | None:
    """Interval and p of one difference, some documents shared; None without spread."""
    from scipy.stats import t

    difference = float(b.shares[rank] - a.shares[rank])
    error = math.sqrt(float(((_moves(b, rank) - _moves(a, rank)) ** 2).sum()))
    if error == 0:
        return None
    freedom = min(a.clusters, b.clusters) - 1
    reach = student(freedom) * error
    return (difference - reach, difference + reach), 2 * float(t.sf(abs(difference) / error, freedom))


def _moves(side: Sums, rank: int) -> np.ndarray:
    """How far each cluster moves the share, scaled so that the sum of squares is its variance."""
    k = side.clusters
    return np.asarray(math.sqrt(k / (k - 1)) * (side.hits[:, rank] - side.shares[rank] * side.sizes) / side.sizes.sum())


def _bootstrap(a: Sums, b: Sums) -> np.ndarray:
    """Percentile bounds of the difference (2 × measures). Clusters in both groups are drawn once for both."""
    random = np.random.default_rng(SEED)
    nested = not ((a.sizes > 0) & (b.sizes > 0)).any()
    sides = [(side, np.flatnonzero(side.sizes > 0)) for side in (a, b)]
    everything = np.arange(len(a.sizes))
    found = np.empty((REPLICATES, len(codebook().measures)))
    for replicate in range(REPLICATES):  # one at a time: a hundred thousand clusters would fill the memory
        together = None if nested else random.integers(0, len(everything), size=len(everything))
        shares = []
        for side, own in sides:
            drawn = own[random.integers(0, len(own), size=len(own))] if together is None else together
            weights = np.bincount(drawn, minlength=len(side.sizes))
            shares.append(weights @ side.hits / max(float(weights @ side.sizes), 1.0))
        found[replicate] = shares[1] - shares[0]
    tail = expanded_tail(min(len(own) for _, own in sides))
    return np.asarray(np.quantile(found, [tail, 1 - tail], axis=0))


def expanded_tail(clusters: int) -> float:
    """Share of replicates to leave out at each end so that few clusters do not make the interval too short.

    Φ(√(k/(k − 1))·t(α/2, k − 1)): expanded percentile interval (Hesterberg 2015, The American Statistician 69,
    § 4.3). Simulated coverage at thirty documents a group and a share of .12: .92 plain, .94 expanded.
    """
    from scipy.stats import norm, t

    return float(norm.cdf(math.sqrt(clusters / (clusters - 1)) * float(t.ppf((1 - LEVEL) / 2, clusters - 1))))


def _bounded(low: float, high: float) -> Interval:
    return Interval(round(max(float(low), -1.0), DECIMALS), round(min(float(high), 1.0), DECIMALS))


def _rounded(value: float) -> float:
    return round(float(value), DECIMALS) + 0.0  # no −0.0


def cohen_h(first: float, second: float) -> float:
    """Effect size of two proportions, 2·asin√p₂ − 2·asin√p₁ (Cohen 1988, chapter 6): .2 small, .5 medium, .8 large."""
    return _rounded(2 * math.asin(math.sqrt(second)) - 2 * math.asin(math.sqrt(first)))


def holm(found: Sequence[Difference]) -> tuple[Difference, ...]:
    """The same differences with p-values corrected over those that have one (Holm 1979)."""
    tested = sorted((one.p, rank) for rank, one in enumerate(found) if one.p is not None)
    adjusted: dict[int, float] = {}
    highest = 0.0
    for place, (p, rank) in enumerate(tested):
        highest = max(highest, min(1.0, (len(tested) - place) * p))
        adjusted[rank] = round(highest, P_DECIMALS)
    return tuple(
        replace(one, p=None if one.p is None else round(one.p, P_DECIMALS), p_adjusted=adjusted.get(rank))
        for rank, one in enumerate(found)
    )


def shared_documents(rows: Iterable[Counted]) -> int:
    """Documents that have passages in several groups."""
    keys: dict[str, set[tuple[str, ...]]] = {}
    for row in rows:
        keys.setdefault(row.document, set()).add(row.key)
    return sum(len(found) > 1 for found in keys.values())


def widest_gap(
    groups: Sequence[tuple[str, ...]], values: Sequence[str]
) -> tuple[float, str, Mapping[tuple[str, ...], float]]:
    """How unlike the groups are in a variable (genre): largest gap of one value's share between two groups.

    One entry per passage. Gives the gap in [0, 1], that value, and its share in each group.
    """
    sizes = Counter(groups)
    counts = Counter(zip(groups, values, strict=True))
    shares = {value: {key: counts[key, value] / size for key, size in sizes.items()} for value in sorted(set(values))}
    gaps = {value: max(by.values()) - min(by.values()) for value, by in shares.items()}
    widest = max(gaps, key=lambda value: gaps[value])
    return gaps[widest], widest, shares[widest]
