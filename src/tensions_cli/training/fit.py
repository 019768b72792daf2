"""From coded passages to the heads of a model: logistic regressions, and the encoder's part in closed form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from sklearn.linear_model import LogisticRegression

from tensions_cli.knowledge.codebook import codebook
from tensions_cli.tagging.classifier import SCORE_DECIMALS, Heads, small_columns
from tensions_cli.tagging.encoders import Encoder
from tensions_cli.tagging.features import Seen, Space, fit_space, matrix, row_of, see
from tensions_cli.tagging.french import FloatArray, words_of
from tensions_cli.tagging.kernel import Kernel, Likeness, likeness, unit
from tensions_cli.training.coded import CodedPassage

# Inverse penalties of the linear heads, chosen by hand on the first 1,462 coded passages and not searched further
# (1 to 10 give the same macro-F1 within .005 on 6,992).
LINEAR_C = 3.0
# Ridge of the encoder's part: .3 to 1 give the same within .003 on 6,992 passages; 3 loses .01.
RIDGE = 0.5
# Weight of the encoder's part where no calibration fixes it: relation, stances, axes. Without it κ of the relation
# was .44, with it .46; macro-F1 of the stance on M .59 and .61 (1 to 3 are alike).
BLEND = 2.0
MIN_AXIS_EXAMPLES = 15  # an axis pole seen less often is not learnt: its head always says no
MAX_ITERATIONS = 400
NEVER = -10.0  # log-odds of a head that learnt nothing

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Material:
    """Coded passages as the model sees them; `vectors`: one array of raw vectors by encoder, (passages, size)."""

    passages: Sequence[CodedPassage]
    seen: Sequence[Seen]
    encoders: tuple[Encoder, ...]
    vectors: tuple[FloatArray, ...]

    def part(self, ranks: Sequence[int]) -> "Material":
        """The same for some of the passages."""
        kept = np.asarray(ranks, dtype=np.int64)
        return Material(
            [self.passages[i] for i in ranks],
            [self.seen[i] for i in ranks],
            self.encoders,
            tuple(raw[kept] for raw in self.vectors),
        )


@dataclass(frozen=True, slots=True)
class Fitted:
    """A feature space, a kernel and all heads, before calibration (slopes 1, offsets 0, thresholds .5)."""

    space: Space
    kernel: Kernel
    poles: Heads
    relations: Mapping[str, Heads]
    axes: Heads
    stances: Mapping[str, Heads]


def see_all(passages: Sequence[CodedPassage], encoders: Sequence[Encoder]) -> Material:
    """The passages as features and encoders read them."""
    texts = [p.text for p in passages]
    seen = [see(text, words, codebook()) for text, words in zip(texts, words_of(texts), strict=True)]
    return Material(passages, seen, tuple(encoders), tuple(one.encode(seen) for one in encoders))


def answers(passages: Sequence[CodedPassage]) -> Bools:
    """The yes/no answer for each logic (M, P), shape (passages, logics)."""
    return np.array([[pole in p.logics for pole in codebook().poles] for p in passages], dtype=bool)


def axis_names() -> tuple[str, ...]:
    """Names of the axis heads, `axis:pole`, in the codebook's order."""
    book = codebook()
    return tuple(f"{axis}:{pole}" for axis in book.axes for pole in book.poles)


def axis_answers(passages: Sequence[CodedPassage]) -> Bools:
    """Axis poles at work, shape (passages, len(axis_names()))."""
    names = axis_names()
    rows = [{f"{axis}:{pole}" for axis, poles in p.axes.items() for pole in poles} for p in passages]
    return np.array([[name in row for name in names] for row in rows], dtype=bool)


def fit(material: Material) -> Fitted:
    """Feature space, kernel and all heads, from every passage given."""
    passages = material.passages
    space = fit_space(material.seen, codebook())
    kernel = fit_kernel(material)
    features = features_of(space, material.seen)
    like = likeness(kernel, material.vectors)
    book = codebook()
    bearing = {pole: [i for i, p in enumerate(passages) if pole in p.stance] for pole in book.poles}
    meeting = {pair: [i for i, p in enumerate(passages) if pair in p.relations] for pair in book.pairs}
    return Fitted(
        space=space,
        kernel=kernel,
        poles=with_duals(fit_poles(features, answers(passages)), like, range(len(passages)), answers(passages)),
        relations={
            pair: _fit_names(features, like, rows, [passages[i].relations[pair] for i in rows], book.relations)
            for pair, rows in meeting.items()
        },
        axes=_fit_axes(features, like, passages, small_columns(space)),
        stances={
            pole: _fit_names(features, like, rows, [passages[i].stance[pole] for i in rows], book.stances[pole])
            for pole, rows in bearing.items()
        },
    )


def features_of(space: Space, seen: Sequence[Seen]) -> Any:
    """Feature matrix of passages, shape (passages, columns)."""
    return matrix(space, [row_of(space, one) for one in seen])


def fit_kernel(material: Material) -> Kernel:
    """Centre and landmarks: every passage given is a landmark. Half precision, as they are stored."""
    centres = tuple(raw.mean(axis=0) for raw in material.vectors)
    landmarks = tuple(
        unit(raw, centre).astype(np.float16).astype(np.float64)
        for raw, centre in zip(material.vectors, centres, strict=True)
    )
    return Kernel(material.encoders, centres, landmarks)


def fit_poles(features: Any, wanted: Bools) -> Heads:
    """Linear part of the two heads that answer the codebook's questions."""
    models = [_logistic().fit(features, wanted[:, head]) for head in range(wanted.shape[1])]
    return heads_of(
        codebook().poles,
        np.vstack([model.coef_ for model in models]),
        np.concatenate([model.intercept_ for model in models]),
    )


def with_duals(heads: Heads, like: Likeness, rows: Sequence[int], wanted: Bools, blend: float = 1.0) -> Heads:
    """The same heads with the encoder's part: kernel ridge regression of ±1 on the passages of `rows`.

    `wanted`: (len(rows), heads). Passages out of `rows` weigh nothing.
    """
    kept = np.asarray(rows, dtype=np.int64)
    targets = np.where(wanted, 1.0, -1.0)
    means = targets.mean(axis=0)
    inner = like[np.ix_(kept, kept)]
    inner[np.diag_indices_from(inner)] += RIDGE
    duals = np.zeros((len(heads.names), like.shape[1]), dtype=np.float32)
    duals[:, kept] = cho_solve(cho_factor(inner, overwrite_a=True), targets - means).T.astype(np.float16)
    blends = np.full(len(heads.names), blend, dtype=np.float32)
    return replace(heads, duals=duals, means=means.astype(np.float32), blends=blends)


def _fit_names(
    features: Any, like: Likeness, rows: Sequence[int], wanted: Sequence[str], order: Sequence[str]
) -> Heads:
    """A softmax head (relation, stance) learnt on the passages of `rows`.

    Classes weigh the same: unweighted, the relation leans to opposition, the commonest, and tensions would be
    overcounted (leave-one-author-out κ .40 unweighted, .44 weighted, on 766 passages).
    """
    kept = list(rows)
    names = tuple(name for name in order if name in set(wanted))
    if len(names) < 2:  # nothing to choose between: the head always says the one it saw
        only = names or (order[0],)
        return heads_of(only, np.zeros((1, features.shape[1])), np.zeros(1), like.shape[1])
    codes = np.array([names.index(name) for name in wanted])
    model = LogisticRegression(C=LINEAR_C, max_iter=MAX_ITERATIONS, class_weight="balanced").fit(features[kept], codes)
    coefficients, intercepts = model.coef_, model.intercept_
    if len(names) == 2:  # one row for two classes: the same model as a softmax over two rows
        coefficients = np.vstack([-coefficients / 2, coefficients / 2])
        intercepts = np.concatenate([-intercepts / 2, intercepts / 2])
    heads = heads_of(names, coefficients, intercepts)
    return with_duals(heads, like, kept, codes[:, None] == np.arange(len(names)), BLEND)


def _fit_axes(features: Any, like: Likeness, passages: Sequence[CodedPassage], small: NDArray[np.int64]) -> Heads:
    """One head per axis and pole, learnt among the passages that bear that pole's logic."""
    wanted, poles = axis_answers(passages), answers(passages)
    names = axis_names()
    empty = heads_of(names, np.zeros((len(names), features.shape[1])), np.full(len(names), NEVER), like.shape[1])
    coefficients, intercepts = empty.coefficients.copy(), empty.intercepts.copy()
    duals, means, blends = empty.duals.copy(), empty.means.copy(), empty.blends.copy()
    narrow = features[:, small]
    for side, pole in enumerate(codebook().poles):
        bearing = np.flatnonzero(poles[:, side])
        of_pole = [head for head, name in enumerate(names) if name.endswith(f":{pole}")]
        learnt = [h for h in of_pole if MIN_AXIS_EXAMPLES <= wanted[bearing, h].sum() < len(bearing)]
        if not learnt:
            continue
        for head in learnt:
            model = _logistic().fit(narrow[bearing], wanted[bearing, head])
            coefficients[head, small], intercepts[head] = model.coef_[0], model.intercept_[0]
        part = heads_of(tuple(names[h] for h in learnt), coefficients[learnt], intercepts[learnt])
        part = with_duals(part, like, bearing.tolist(), wanted[bearing][:, learnt], BLEND)
        duals[learnt], means[learnt], blends[learnt] = part.duals, part.means, part.blends
    return replace(empty, coefficients=coefficients, intercepts=intercepts, duals=duals, means=means, blends=blends)


def calibrate(linear: NDArray[np.float64], encoded: NDArray[np.float64], wanted: Bools) -> tuple[float, float, float]:
    """Slope, offset and blend of one head: Platt's curve on two out-of-fold parts, linear and encoder's.

    A part that would count backwards (too few passages to tell) is left out.
    """
    model = LogisticRegression(C=1e6).fit(np.column_stack([linear, encoded]), wanted)
    slope, weight = (float(value) for value in model.coef_[0])
    if slope > 0 and weight > 0:
        return slope, float(model.intercept_[0]), weight / slope
    alone = LogisticRegression(C=1e6).fit(linear.reshape(-1, 1), wanted)
    return float(alone.coef_[0, 0]), float(alone.intercept_[0]), 0.0


def with_calibration(
    heads: Heads,
    slopes: Sequence[float],
    offsets: Sequence[float],
    thresholds: Sequence[float],
    blends: Sequence[float] | None = None,
) -> Heads:
    """The same heads, calibrated. Thresholds are what scores are compared with and what is printed: four decimals."""
    return replace(
        heads,
        slopes=np.array(slopes, dtype=np.float32),
        offsets=np.array(offsets, dtype=np.float32),
        thresholds=np.array([round(float(threshold), SCORE_DECIMALS) for threshold in thresholds]),
        blends=heads.blends if blends is None else np.array(blends, dtype=np.float32),
    )


def _logistic() -> LogisticRegression:
    return LogisticRegression(C=LINEAR_C, max_iter=MAX_ITERATIONS)


def heads_of(names: tuple[str, ...], coefficients: Any, intercepts: Any, landmarks: int = 0) -> Heads:
    count = len(names)
    return Heads(
        names=names,
        coefficients=np.asarray(coefficients, dtype=np.float32),
        intercepts=np.asarray(intercepts, dtype=np.float32),
        duals=np.zeros((count, landmarks), dtype=np.float32),
        means=np.zeros(count, dtype=np.float32),
        blends=np.zeros(count, dtype=np.float32),
        slopes=np.ones(count, dtype=np.float32),
        offsets=np.zeros(count, dtype=np.float32),
        thresholds=np.full(count, 0.5),
    )
