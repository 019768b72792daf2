"""Intervals of a share whose passages come in clusters (documents, or persons inside one document).

Under thirty clusters: Student's t on the linearised ratio (Cochran 1977, § 6.3; with clusters d of m_d
passages of which x_d count, p = Σx/Σm, u_d = x_d − p·m_d, SE = √(k/(k−1)·Σu²)/Σm, k − 1 degrees of
freedom). From thirty on: percentile bootstrap of clusters. Passages are never resampled: intervals
would be about half as wide as they should be.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from tensions_cli.records import Interval

# Simulated coverage of a nominal 95 % interval (shares of .30, 15 to 45 passages per document, intra-document
# correlation .10): Student on the ratio .94 from five documents on; bootstrap .83 at five, .95 at thirty.
MIN_CLUSTERS = 5
BOOTSTRAP_FROM = 30
REPLICATES = 2000
SEED = 20261121
LEVEL = 0.95
DECIMALS = 4


def method(clusters: int, unit: str) -> str:
    """Name of the method that `ratio_interval` uses for this many clusters."""
    if clusters < MIN_CLUSTERS:
        return f"none: fewer than {MIN_CLUSTERS} {unit}s"
    kind = "student-ratio" if clusters < BOOTSTRAP_FROM else f"bootstrap-{REPLICATES}-seed-{SEED}"
    return f"{kind} by {unit}, 95 %"


def ratio_interval(hits: Mapping[str, int], sizes: Mapping[str, int]) -> Interval | None:
    """Interval of Σhits/Σsizes; `sizes` by cluster, all positive. None under MIN_CLUSTERS clusters.

    A share of 0 or 1, or the same in every cluster, has no spread to estimate: None too, rather than a point.
    """
    names = sorted(sizes)
    if len(names) < MIN_CLUSTERS:
        return None
    x = np.array([hits.get(name, 0) for name in names], dtype=np.float64)
    m = np.array([sizes[name] for name in names], dtype=np.float64)
    share = x.sum() / m.sum()
    if share in (0.0, 1.0):
        return None
    low, high = _student(x, m, share) if len(names) < BOOTSTRAP_FROM else _bootstrap(x, m)
    if low == high:
        return None
    return Interval(round(max(low, 0.0), DECIMALS), round(min(high, 1.0), DECIMALS))


def _student(x: np.ndarray, m: np.ndarray, share: float) -> tuple[float, float]:
    from scipy.stats import t

    k = len(x)
    error = math.sqrt(k / (k - 1) * float(((x - share * m) ** 2).sum())) / float(m.sum())
    reach = float(t.ppf((1 + LEVEL) / 2, k - 1)) * error
    return share - reach, share + reach


def _bootstrap(x: np.ndarray, m: np.ndarray) -> tuple[float, float]:
    random = np.random.default_rng(SEED)
    shares = np.empty(REPLICATES)
    for replicate in range(REPLICATES):  # one at a time: a hundred thousand clusters would fill the memory
        drawn = random.integers(0, len(x), size=len(x))
        shares[replicate] = x[drawn].sum() / m[drawn].sum()
    low, high = np.percentile(shares, [100 * (1 - LEVEL) / 2, 100 * (1 + LEVEL) / 2])
    return float(low), float(high)


def cluster_sums(clusters: Sequence[str], hits: Sequence[bool]) -> tuple[dict[str, int], dict[str, int]]:
    """Hits and sizes by cluster, from one value per passage."""
    sums: dict[str, int] = {}
    sizes: dict[str, int] = {}
    for cluster, hit in zip(clusters, hits, strict=True):
        sums[cluster] = sums.get(cluster, 0) + int(hit)
        sizes[cluster] = sizes.get(cluster, 0) + 1
    return sums, sizes
