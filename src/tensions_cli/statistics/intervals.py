"""Intervals of a share whose passages come in clusters (documents, or persons inside one document).

With clusters d of m_d passages of which x_d count: p = Σx/Σm, a ratio of two sums. Under thirty clusters, Student
with k − 1 degrees of freedom on the logit of p, its standard error by jackknife (each cluster left out in turn;
Wolter 2007, § 4.2). From thirty on, the studentised bootstrap of clusters (Davison and Hinkley 1997, § 5.2), each
replicate divided by its own linearised error (Cochran 1977, § 6.3: u_d = x_d − p·m_d, SE = √(k/(k−1)·Σu²)/Σm).
Passages are never resampled: intervals would be about half as wide as they should be.

Both follow the skewness of rare shares, which Student on the ratio and plain percentiles do not:
`benchmarks/coverage.py` measures what each of them covers.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tensions_cli.records import Interval

# Simulated coverage of nominal 95 % intervals (benchmarks/results/coverage.json; shares of .05 to .50, 15 to 45
# passages a document, intra-document correlation .05 and .10): .942 to .963 from ten documents on. Student on the
# ratio itself falls to .853 at ten documents and .905 at thirty, percentiles of the bootstrap to .831 and .904.
MIN_CLUSTERS = 5
BOOTSTRAP_FROM = 30
REPLICATES = 2000
SEED = 20261121
LEVEL = 0.95
DECIMALS = 4

CHUNK = 2_000_000  # cells of counts held at once: 16 MB, whatever the number of clusters


def method(clusters: int, unit: str) -> str:
    """Name of the method that `ratio_interval` uses for this many clusters."""
    if clusters < MIN_CLUSTERS:
        return f"none: fewer than {MIN_CLUSTERS} {unit}s"
    kind = "student-logit" if clusters < BOOTSTRAP_FROM else f"bootstrap-t-{REPLICATES}-seed-{SEED}"
    return f"{kind} by {unit}, 95 %"


def method_of(x: np.ndarray, m: np.ndarray, unit: str) -> str:
    """Name of the method that `share_bounds` uses for these very sums: a rare share stays with Student."""
    name = method(len(x), unit)
    return name if len(x) < BOOTSTRAP_FROM or _is_common(x, m) else f"student-logit by {unit}, 95 %"


def method_of_sums(hits: Mapping[str, int], sizes: Mapping[str, int], unit: str) -> str:
    """Name of the method that `ratio_interval` uses for these sums."""
    return method_of(*_arrays(hits, sizes), unit)


def _arrays(hits: Mapping[str, int], sizes: Mapping[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """Hits and sizes of each cluster, in the order of their names."""
    names = sorted(sizes)
    x = np.array([hits.get(name, 0) for name in names], dtype=np.float64)
    return x, np.array([sizes[name] for name in names], dtype=np.float64)


def _is_common(x: np.ndarray, m: np.ndarray) -> bool:
    """Enough clusters with a hit, and without: no replicate lacks either."""
    return bool(min(np.count_nonzero(x), np.count_nonzero(x < m)) >= MIN_CLUSTERS)


def ratio_interval(hits: Mapping[str, int], sizes: Mapping[str, int]) -> Interval | None:
    """Interval of Σhits/Σsizes; `sizes` by cluster, all positive. None under MIN_CLUSTERS clusters.

    A share of 0 or 1, or the same in every cluster, has no spread to estimate: None too, rather than a point.
    """
    if len(sizes) < MIN_CLUSTERS:
        return None
    bounds = share_bounds(*_arrays(hits, sizes))
    return None if bounds is None else rounded(*bounds)


def share_bounds(x: np.ndarray, m: np.ndarray) -> tuple[float, float] | None:
    """Bounds of Σx/Σm by the method of as many clusters; `x` and `m`: shape (clusters,), m positive.

    Fewer than MIN_CLUSTERS clusters with, or without, a hit leave replicates without any: Student then, even from
    thirty clusters on. None without spread.
    """
    share = float(x.sum() / m.sum())
    error = linearised_error(x, m)
    if share in (0.0, 1.0) or error == 0.0:
        return None
    if len(x) >= BOOTSTRAP_FROM and _is_common(x, m):
        return _studentised_bootstrap(x, m, share, error)
    without_each = (x.sum() - x) / (m.sum() - m)
    return jackknife_logit_bounds(share, without_each, len(x) - 1) or logit_bounds(share, error, len(x) - 1)


def linearised_error(x: np.ndarray, m: np.ndarray) -> float:
    """Standard error of Σx/Σm over clusters (Cochran 1977, § 6.3)."""
    u = x - x.sum() / m.sum() * m
    return total_error(u / m.sum())


def total_error(contributions: np.ndarray) -> float:
    """Standard error of an estimate from what each cluster adds to it, contributions of mean zero."""
    k = len(contributions)
    return math.sqrt(k / (k - 1) * float((contributions**2).sum()))


def student(freedom: float) -> float:
    """Quantile of Student's t for the two-sided LEVEL."""
    from scipy.special import stdtrit  # what scipy.stats.t.ppf calls; importing scipy.stats takes a second

    return float(stdtrit(freedom, (1 + LEVEL) / 2))


def logit_bounds(share: float, error: float, freedom: int) -> tuple[float, float]:
    """Student's interval on the logit, the error carried over by the delta method; share in ]0, 1[."""
    return _around(share, student(freedom) * error / (share * (1 - share)))


def jackknife_logit_bounds(share: float, without_each: np.ndarray, freedom: int) -> tuple[float, float] | None:
    """Student's interval on the logit; `without_each`: the estimate with each cluster left out.

    None where one of them is not inside ]0, 1[: its logit does not exist.
    """
    if not (0 < share < 1 and bool(((without_each > 0) & (without_each < 1)).all())):
        return None
    logits = np.log(without_each / (1 - without_each))
    k = len(logits)
    error = math.sqrt((k - 1) / k * float(((logits - logits.mean()) ** 2).sum()))
    return _around(share, student(freedom) * error)


def draws(clusters: int, random: np.random.Generator | None = None) -> Iterator[np.ndarray]:
    """REPLICATES resamplings of clusters: how often each is drawn, shape (some replicates, clusters), by chunks.

    Always the same ones, from SEED, unless a generator is given.
    """
    random = random or np.random.default_rng(SEED)
    at_once = max(1, CHUNK // clusters)
    for start in range(0, REPLICATES, at_once):
        rows = min(at_once, REPLICATES - start)
        drawn = random.integers(0, clusters, size=(rows, clusters)) + clusters * np.arange(rows)[:, None]
        yield np.bincount(drawn.ravel(), minlength=rows * clusters).reshape(rows, clusters).astype(np.float64)


def _studentised_bootstrap(x: np.ndarray, m: np.ndarray, share: float, error: float) -> tuple[float, float]:
    k = len(x)
    columns = np.stack([x, m, x * x, x * m, m * m], axis=1)
    pivots: list[np.ndarray] = []
    for counts in draws(k):
        hits, sizes, xx, xm, mm = (counts @ columns).T
        shares = hits / sizes
        spread = k / (k - 1) * (xx - 2 * shares * xm + shares * shares * mm)  # Σu² of the replicate, times k/(k−1)
        usable = spread > 0
        pivots.append(((shares - share) * sizes)[usable] / np.sqrt(spread[usable]))
    low, high = np.percentile(np.concatenate(pivots), [100 * (1 - LEVEL) / 2, 100 * (1 + LEVEL) / 2])
    return share - float(high) * error, share - float(low) * error


def _around(share: float, reach: float) -> tuple[float, float]:
    """Bounds at `reach` from the share, on the logit."""
    logit = math.log(share / (1 - share))
    return expit(logit - reach), expit(logit + reach)


def expit(value: float) -> float:
    """The share that has this logit."""
    return 0.5 * (1 + math.tanh(value / 2))  # 1 / (1 + e^−v), without overflow


def rounded(low: float, high: float) -> Interval:
    """Bounds of a share as they are told: inside [0, 1], DECIMALS decimals."""
    return Interval(round(max(low, 0.0), DECIMALS), round(min(high, 1.0), DECIMALS))


def cluster_sums(clusters: Sequence[str], hits: Sequence[bool]) -> tuple[dict[str, int], dict[str, int]]:
    """Hits and sizes by cluster, from one value per passage."""
    sums: dict[str, int] = {}
    sizes: dict[str, int] = {}
    for cluster, hit in zip(clusters, hits, strict=True):
        sums[cluster] = sums.get(cluster, 0) + int(hit)
        sizes[cluster] = sizes.get(cluster, 0) + 1
    return sums, sizes
