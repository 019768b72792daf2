"""The model: linear heads over the features, their calibration, and the decisions they give.

Two heads answer the codebook's two questions (M, P) and are calibrated (Platt 1999: a logistic curve
fitted on out-of-fold log-odds). One softmax head tells the relation of a `mixte` passage, and one head
per axis and pole tells the axes. Only numpy and scipy run here; scikit-learn trains.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tensions_cli.tagging.features import Space
from tensions_cli.tagging.french import FloatArray

# The axes leave out pieces of words (their coefficients are zero): with a few dozen examples by head, thirty
# thousand more columns only fit noise.
SMALL_BLOCKS = ("lemmas", "vector", "cues", "discourse")
SCORE_DECIMALS = 4

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Heads:
    """Linear heads. Shapes: coefficients (heads, columns), the others (heads,).

    `slopes` and `offsets` turn log-odds into calibrated log-odds; `thresholds` are on the calibrated
    probability.
    """

    names: tuple[str, ...]
    coefficients: FloatArray
    intercepts: FloatArray
    slopes: FloatArray
    offsets: FloatArray
    thresholds: Scores


@dataclass(frozen=True, slots=True)
class Model:
    """Everything a passage needs to be tagged. `identity`: name, version and short hash."""

    identity: str
    name: str
    sha256: str
    space: Space
    poles: Heads
    relations: Heads
    axes: Heads
    doubt: float  # δ: a score nearer than this to its threshold is uncertain
    tension: Mapping[str, float]  # precision and recall of tensions, measured on passages never seen


def small_columns(space: Space) -> NDArray[np.int64]:
    """Columns whose coefficients the axes heads learn."""
    starts = space.starts
    edges = [*starts.values()]
    blocks = [np.arange(edges[i], edges[i + 1]) for i, name in enumerate(starts) if name in SMALL_BLOCKS]
    return np.concatenate(blocks)


def log_odds(heads: Heads, features: Any) -> Scores:
    """Log-odds before calibration, shape (passages, heads)."""
    product = features @ heads.coefficients.T
    return np.asarray(product, dtype=np.float64) + heads.intercepts


def probabilities(heads: Heads, odds: Scores) -> Scores:
    """Calibrated probabilities, rounded as they are compared and printed, shape (passages, heads)."""
    calibrated = odds * heads.slopes + heads.offsets
    return np.round(1 / (1 + np.exp(-calibrated)), SCORE_DECIMALS)


def best_relation(heads: Heads, odds: Scores) -> list[str]:
    """The most probable relation of each passage; ties go to the codebook's order."""
    return [heads.names[int(rank)] for rank in np.argmax(np.round(odds, SCORE_DECIMALS), axis=1)]


def are_certain(scores: Scores, thresholds: Scores, doubt: float) -> NDArray[np.bool_]:
    """Both scores at least δ away from their threshold; shapes (passages, 2), (2,) or (passages, 2)."""
    return np.asarray(np.round(np.abs(scores - thresholds), SCORE_DECIMALS).min(axis=1) >= doubt)
