"""The model: heads over the features and the encoder, their calibration, and the decisions they give.

One head for each logic answers the codebook's question and is calibrated (Platt 1999: a logistic curve
fitted on out-of-fold log-odds). One softmax head for each pair of logics tells their relation where both are there,
one for each logic the stance, and one head per axis and pole the axes. Only numpy and scipy run here; scikit-learn
trains.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tensions_cli.knowledge.codebook import Codebook
from tensions_cli.tagging.features import Space
from tensions_cli.tagging.french import FloatArray
from tensions_cli.tagging.kernel import Kernel, Likeness

# The axes leave out pieces of words (their coefficients are zero): with a few dozen examples by head, thirty
# thousand more columns only fit noise.
SMALL_BLOCKS = ("lemmas", "cues", "discourse")
SCORE_DECIMALS = 4

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Heads:
    """Heads of one kind. Shapes: coefficients (heads, columns), duals (heads, landmarks), the others (heads,).

    Log-odds are a linear part plus `blends` times the encoder's part; `slopes` and `offsets` turn log-odds
    into calibrated log-odds; `thresholds` are on the calibrated probability.
    """

    names: tuple[str, ...]
    coefficients: FloatArray
    intercepts: FloatArray
    duals: FloatArray
    means: FloatArray
    blends: FloatArray
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
    kernel: Kernel
    poles: Heads
    relations: Mapping[str, Heads]  # by pair of logics
    axes: Heads
    stances: Mapping[str, Heads]  # by logic
    doubt: float  # δ: a score nearer than this to its threshold is uncertain
    tension: Mapping[str, float]  # precision and recall of tensions, measured on passages never seen

    @property
    def book(self) -> Codebook:
        """The codebook it learnt."""
        return self.space.book


def small_columns(space: Space) -> NDArray[np.int64]:
    """Columns whose coefficients the axes heads learn."""
    starts = space.starts
    edges = [*starts.values()]
    blocks = [np.arange(edges[i], edges[i + 1]) for i, name in enumerate(starts) if name in SMALL_BLOCKS]
    return np.concatenate(blocks)


def linear_part(heads: Heads, features: Any) -> Scores:
    """What words, cues and form say, shape (passages, heads)."""
    return np.asarray(features @ heads.coefficients.T, dtype=np.float64) + heads.intercepts


def encoder_part(heads: Heads, like: Likeness) -> Scores:
    """What likeness to the coded passages says, before `blends`, shape (passages, heads)."""
    return np.asarray(like @ heads.duals.T.astype(np.float64) + heads.means)


def log_odds(heads: Heads, features: Any, like: Likeness) -> Scores:
    """Log-odds before calibration, shape (passages, heads)."""
    return linear_part(heads, features) + heads.blends * encoder_part(heads, like)


def probabilities(heads: Heads, odds: Scores) -> Scores:
    """Calibrated probabilities, rounded as they are compared and printed, shape (passages, heads)."""
    calibrated = odds * heads.slopes + heads.offsets
    return np.round(1 / (1 + np.exp(-calibrated)), SCORE_DECIMALS)


def best_name(heads: Heads, odds: Scores) -> list[str]:
    """The most probable name of a softmax head for each passage; ties go to the codebook's order."""
    return [heads.names[int(rank)] for rank in np.argmax(np.round(odds, SCORE_DECIMALS), axis=1)]


def are_certain(scores: Scores, thresholds: Scores, doubt: float) -> NDArray[np.bool_]:
    """Every score at least δ away from its threshold; shapes (passages, logics), (logics,) or (passages, logics)."""
    return np.asarray(np.round(np.abs(scores - thresholds), SCORE_DECIMALS).min(axis=1) >= doubt)
