"""From coded passages to the heads of a model (scikit-learn's logistic regression)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from tensions_cli.knowledge.codebook import codebook
from tensions_cli.records import Label
from tensions_cli.tagging.classifier import SCORE_DECIMALS, Heads, small_columns
from tensions_cli.tagging.features import Seen, Space, fit_space, matrix, row_of, see
from tensions_cli.tagging.french import words_of
from tensions_cli.training.coded import CodedPassage

# Inverse penalties, chosen by hand on the first 1,462 coded passages (macro-F1 of whole documents .65 at 3, .62 at 1)
# and not searched further.
POLE_C = 3.0
RELATION_C = 3.0
AXIS_C = 3.0
MIN_AXIS_EXAMPLES = 15  # an axis pole seen less often is not learnt: its head always says no
MAX_ITERATIONS = 400

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A feature space and its heads, before calibration (slopes 1, offsets 0, thresholds .5)."""

    space: Space
    poles: Heads
    relations: Heads
    axes: Heads


def see_all(passages: Sequence[CodedPassage]) -> list[Seen]:
    """The passages as the features read them."""
    texts = [p.text for p in passages]
    return [see(text, words) for text, words in zip(texts, words_of(texts), strict=True)]


def answers(passages: Sequence[CodedPassage]) -> Bools:
    """The two yes/no answers (M, P), shape (passages, 2)."""
    return np.array([(p.rationalisation, p.professionnelle) for p in passages], dtype=bool)


def axis_names() -> tuple[str, ...]:
    """Names of the axis heads, `axis:pole`, in the codebook's order."""
    book = codebook()
    return tuple(f"{axis}:{pole}" for axis in book.axes for pole in book.poles)


def axis_answers(passages: Sequence[CodedPassage]) -> Bools:
    """Axis poles at work, shape (passages, len(axis_names()))."""
    names = axis_names()
    rows = [{f"{axis}:{pole}" for axis, poles in p.axes.items() for pole in poles} for p in passages]
    return np.array([[name in row for name in names] for row in rows], dtype=bool)


def fit(passages: Sequence[CodedPassage], seen: Sequence[Seen]) -> Fitted:
    """Feature space and all heads, from every passage given."""
    space = fit_space(seen)
    features = features_of(space, seen)
    small = small_columns(space)
    width = features.shape[1]
    return Fitted(
        space=space,
        poles=fit_poles(features, answers(passages)),
        relations=fit_relations(features, passages),
        axes=_widened(fit_axes(features[:, small], passages), small, width),
    )


def features_of(space: Space, seen: Sequence[Seen]) -> Any:
    """Feature matrix of passages, shape (passages, columns)."""
    return matrix(space, [row_of(space, one) for one in seen])


def _widened(heads: Heads, columns: NDArray[np.int64], width: int) -> Heads:
    """The same heads over every column, zero where they learnt nothing."""
    coefficients = np.zeros((len(heads.names), width), dtype=np.float32)
    coefficients[:, columns] = heads.coefficients
    return replace(heads, coefficients=coefficients)


def fit_poles(features: Any, wanted: Bools) -> Heads:
    """The two heads that answer the codebook's questions."""
    models = [_logistic(POLE_C).fit(features, wanted[:, head]) for head in range(wanted.shape[1])]
    return _heads(
        codebook().poles,
        np.vstack([model.coef_ for model in models]),
        np.concatenate([model.intercept_ for model in models]),
    )


def fit_relations(features: Any, passages: Sequence[CodedPassage]) -> Heads:
    """The softmax head of the relation, from the `mixte` passages.

    Classes weigh the same: unweighted, the head leans to opposition, the commonest, and tensions would be
    overcounted (leave-one-author-out κ .40 unweighted, .44 weighted, on 766 passages).
    """
    mixed = [i for i, p in enumerate(passages) if p.label is Label.MIXTE]
    relations = codebook().relations
    wanted = np.array([relations.index(passages[i].relation or "") for i in mixed])
    model = LogisticRegression(C=RELATION_C, max_iter=MAX_ITERATIONS, class_weight="balanced")
    model.fit(features[mixed], wanted)
    names = tuple(relations[int(rank)] for rank in model.classes_)
    coefficients, intercepts = model.coef_, model.intercept_
    if len(names) == 2:  # one row for two classes: the same model as a softmax over two rows
        coefficients = np.vstack([-coefficients / 2, coefficients / 2])
        intercepts = np.concatenate([-intercepts / 2, intercepts / 2])
    return _heads(names, coefficients, intercepts)


def fit_axes(features: Any, passages: Sequence[CodedPassage]) -> Heads:
    """One head per axis and pole, learnt among the passages that bear that pole's logic."""
    wanted, poles = axis_answers(passages), answers(passages)
    book = codebook()
    coefficients = np.zeros((len(axis_names()), features.shape[1]))
    intercepts = np.full(len(axis_names()), -10.0)
    for head, name in enumerate(axis_names()):
        bearing = np.flatnonzero(poles[:, book.poles.index(name.split(":")[1])])
        target = wanted[bearing, head]
        if target.sum() >= MIN_AXIS_EXAMPLES and not target.all():
            model = _logistic(AXIS_C).fit(features[bearing], target)
            coefficients[head], intercepts[head] = model.coef_[0], model.intercept_[0]
    return _heads(axis_names(), coefficients, intercepts)


def calibrate(odds: NDArray[np.float64], wanted: Bools) -> tuple[float, float]:
    """Slope and offset of Platt's curve, fitted on out-of-fold log-odds of one head."""
    model = LogisticRegression(C=1e6).fit(odds.reshape(-1, 1), wanted)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def with_calibration(
    heads: Heads, slopes: Sequence[float], offsets: Sequence[float], thresholds: Sequence[float]
) -> Heads:
    """The same heads, calibrated. Thresholds are what scores are compared with and what is printed: four decimals."""
    return replace(
        heads,
        slopes=np.array(slopes, dtype=np.float32),
        offsets=np.array(offsets, dtype=np.float32),
        thresholds=np.array([round(float(threshold), SCORE_DECIMALS) for threshold in thresholds]),
    )


def _logistic(c: float) -> LogisticRegression:
    return LogisticRegression(C=c, max_iter=MAX_ITERATIONS)


def _heads(names: tuple[str, ...], coefficients: Any, intercepts: Any) -> Heads:
    count = len(names)
    return Heads(
        names=names,
        coefficients=np.asarray(coefficients, dtype=np.float32),
        intercepts=np.asarray(intercepts, dtype=np.float32),
        slopes=np.ones(count, dtype=np.float32),
        offsets=np.zeros(count, dtype=np.float32),
        thresholds=np.full(count, 0.5),
    )
