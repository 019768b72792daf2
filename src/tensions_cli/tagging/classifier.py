"""The model: heads over the features and the encoder, their calibration, and the decisions they give.

One head for each logic answers the codebook's question and is calibrated (Platt 1999: a logistic curve
fitted on out-of-fold log-odds). One softmax head for each pair of logics tells their relation where both are there,
one for each logic the stance, and one head per axis and pole the axes. Only numpy and scipy run here; scikit-learn
trains.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tensions_cli.knowledge.codebook import Codebook
from tensions_cli.tagging.features import SCALES, Row, Seen, Space
from tensions_cli.tagging.french import FloatArray
from tensions_cli.tagging.kernel import Kernel, Likeness, pull, vectors_of

# The axes leave out pieces of words (their coefficients are zero): with a few dozen examples by head, thirty
# thousand more columns only fit noise.
SMALL_BLOCKS = ("lemmas", "cues", "discourse")
SCORE_DECIMALS = 4
# Kinds of heads, as models store them: `stance_` comes before a logic, `relation_` before a pair of logics.
POLES, AXES, STANCE, RELATION = "poles", "axes", "stance_", "relation_"

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
class Stack:
    """The weights of all heads side by side: one look-up and one product serve them all.

    Shapes: coefficients (columns, heads), duals (landmarks, heads), intercepts, means and blends (heads,). `groups`:
    the columns of each kind of heads.
    """

    groups: Mapping[str, slice]
    coefficients: FloatArray
    duals: FloatArray
    intercepts: Scores
    means: Scores
    blends: Scores


def stacked(heads: Mapping[str, Heads]) -> tuple[Stack, dict[str, Heads]]:
    """The weights side by side, and the same heads as views of them: they are held once."""
    ends = np.cumsum([len(one.names) for one in heads.values()]).tolist()
    groups = {name: slice(end - len(one.names), end) for (name, one), end in zip(heads.items(), ends, strict=True)}
    stack = Stack(
        groups,
        np.ascontiguousarray(np.concatenate([one.coefficients for one in heads.values()]).T),
        np.ascontiguousarray(np.concatenate([one.duals for one in heads.values()]).T),
        *(np.concatenate([getattr(one, name) for one in heads.values()]) for name in ("intercepts", "means", "blends")),
    )
    views = {
        name: replace(one, coefficients=stack.coefficients[:, part].T, duals=stack.duals[:, part].T)
        for (name, one), part in zip(heads.items(), groups.values(), strict=True)
    }
    return stack, views


@dataclass(frozen=True, slots=True)
class Model:
    """Everything a passage needs to be tagged. `identity`: name, version and short hash."""

    identity: str
    name: str
    sha256: str
    space: Space
    kernel: Kernel
    stack: Stack
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

    @property
    def encoders(self) -> tuple[str, ...]:
        """Names of the encoders it rests on."""
        return tuple(one.name for one in self.kernel.encoders)


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


def all_log_odds(model: Model, rows: Sequence[Row]) -> dict[str, Scores]:
    """Log-odds of every kind of heads before calibration, by group, shape (passages, heads).

    Each passage is weighed by itself: its scores have the same bits whatever stands beside it.
    """
    stack = model.stack
    linear = np.array([_weighed(stack.coefficients, model.space.starts, row) for row in rows], dtype=np.float64)
    odds = linear + stack.intercepts + stack.blends * encoder_parts(model, [row.seen for row in rows])
    return {group: odds[:, part] for group, part in stack.groups.items()}


def encoder_parts(model: Model, seen: Sequence[Seen]) -> Scores:
    """`encoder_part` of all heads of a model, shape (passages, heads)."""
    return pull(model.kernel, vectors_of(model.kernel, seen), model.stack.duals) + model.stack.means


def _weighed(coefficients: FloatArray, starts: Mapping[str, int], row: Row) -> FloatArray:
    """`linear_part` of one passage without the intercepts, shape (heads,)."""
    dense = np.concatenate([row.cues * np.float32(SCALES["cues"]), row.discourse * np.float32(SCALES["discourse"])])
    of_lemmas = row.lemmas.values @ coefficients.take(row.lemmas.columns, axis=0)
    of_pieces = row.pieces.values @ coefficients.take(row.pieces.columns + starts["pieces"], axis=0)
    return np.asarray(
        of_lemmas * np.float32(SCALES["lemmas"])
        + of_pieces * np.float32(SCALES["pieces"])
        + dense @ coefficients[starts["cues"] :]
    )


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
