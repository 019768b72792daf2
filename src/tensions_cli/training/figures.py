"""Figures of scores: whether they are calibrated."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tensions_cli.statistics.agreement import DECIMALS, FloatArray

BINS = 10  # of a reliability table; more would leave most of them under ten passages in a gold of a few hundred


def calibration_error(scores: Sequence[float], truth: Sequence[bool], bins: int = BINS) -> float:
    """Expected calibration error over equal-width bins (Naeini et al. 2015)."""
    s, t = np.asarray(scores), np.asarray(truth, dtype=float)
    rank = bin_of(s, bins)
    gaps = [abs(s[rank == b].mean() - t[rank == b].mean()) * (rank == b).mean() for b in set(rank.tolist())]
    return round(float(sum(gaps)), DECIMALS)


def bin_of(scores: FloatArray, bins: int = BINS) -> NDArray[np.int64]:
    """Rank of the equal-width bin of each score; a bin holds its lower bound, the last one both."""
    return np.minimum((scores * bins).astype(np.int64), bins - 1)


def reliability(
    scores: Sequence[float], truth: Sequence[bool], bins: int = BINS
) -> list[dict[str, float | int | None]]:
    """For each equal-width bin: bounds, passages, mean score, share of yes (None for an empty bin)."""
    s, t = np.asarray(scores, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    rank = bin_of(s, bins)
    rows: list[dict[str, float | int | None]] = []
    for b in range(bins):
        held = rank == b
        n = int(held.sum())
        rows.append(
            {
                "from": round(b / bins, DECIMALS),
                "to": round((b + 1) / bins, DECIMALS),
                "passages": n,
                "mean_score": round(float(s[held].mean()), DECIMALS) if n else None,
                "share_yes": round(float(t[held].mean()), DECIMALS) if n else None,
            }
        )
    return rows
