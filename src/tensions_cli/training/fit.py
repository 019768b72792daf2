"""From coded passages to the heads of a model: logistic regressions, and the encoder's part in closed form."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from sklearn.linear_model import LogisticRegression

from tensions_cli.knowledge.codebook import codebook
from tensions_cli.records import Relation
from tensions_cli.tagging.classifier import SCORE_DECIMALS, Heads, small_columns
from tensions_cli.tagging.encoders import Encoder
from tensions_cli.tagging.features import Seen, Space, fit_space, matrix, rows_of, see
from tensions_cli.tagging.french import FloatArray, Words, words_of
from tensions_cli.tagging.kernel import Kernel, likeness, unit
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
WEAKEST = Relation.JUXTAPOSITION.value  # what is said of two logics that nobody coded together: never an opposition
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


# Weights of the encoder's part on the passages of some ranks, from targets (ranks, heads); same shape.
Solve = Callable[[Sequence[int], NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Fitted:
    """All heads, before calibration (slopes 1, offsets 0, thresholds .5)."""

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
    """The yes/no answer for each logic of the codebook, shape (passages, logics)."""
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


def fit(material: Material, hidden: Collection[str] = ()) -> tuple[Space, Kernel, Fitted]:
    """Feature space, kernel and all heads, from every passage given. `hidden`: forms that get no column."""
    space = fit_space(without_forms(material.seen, hidden), codebook())
    kernel = fit_kernel(material)
    like = likeness(kernel, material.vectors)

    def solve(rows: Sequence[int], targets: NDArray[np.float64]) -> NDArray[np.float64]:
        kept = np.asarray(rows, dtype=np.int64)
        inner = like[np.ix_(kept, kept)]
        return np.asarray(cho_solve(factored(inner), targets))

    features = features_of(space, material.seen)
    return space, kernel, fit_heads(material.passages, features, small_columns(space), range(len(like)), solve)


def fit_heads(
    passages: Sequence[CodedPassage], features: Any, small: NDArray[np.int64], rows: Sequence[int], solve: Solve
) -> Fitted:
    """All heads from the passages of `rows`; `features`, and the landmarks that `duals` weigh, are those of all."""
    book = codebook()
    bearing = {pole: [i for i in rows if pole in passages[i].stance] for pole in book.poles}
    meeting = {pair: [i for i in rows if pair in passages[i].relations] for pair in book.pairs}
    return Fitted(
        poles=fit_poles(passages, features, rows, solve),
        relations={
            pair: _fit_names(
                features, ranks, [passages[i].relations[pair] for i in ranks], book.relations, solve, WEAKEST
            )
            for pair, ranks in meeting.items()
        },
        axes=_fit_axes(features, passages, rows, small, solve),
        stances={
            pole: _fit_names(features, ranks, [passages[i].stance[pole] for i in ranks], book.stances[pole], solve, "")
            for pole, ranks in bearing.items()
        },
    )


def without_forms(seen: Sequence[Seen], hidden: Collection[str]) -> Sequence[Seen]:
    """The passages as if these words (forms as `Words` has them) were not in them."""
    if not hidden:
        return seen
    return [replace(one, words=_without(one.words, hidden)) for one in seen]


def _without(words: Words, hidden: Collection[str]) -> Words:
    kept = [rank for rank, form in enumerate(words.forms) if form not in hidden]
    return Words(
        starts=words.starts[kept],
        ends=words.ends[kept],
        lemmas=tuple(words.lemmas[rank] for rank in kept),
        forms=tuple(words.forms[rank] for rank in kept),
        vectors=words.vectors[kept],
    )


def features_of(space: Space, seen: Sequence[Seen]) -> Any:
    """Feature matrix of passages, shape (passages, columns)."""
    return matrix(space, rows_of(space, seen))


def fit_kernel(material: Material, centred_on: int | None = None) -> Kernel:
    """Centre and landmarks: every passage given is a landmark. Half precision, as they are stored.

    `centred_on`: how many passages, from the first, give the centre; all unless told.
    """
    centres = tuple(raw[:centred_on].mean(axis=0) for raw in material.vectors)
    landmarks = tuple(
        unit(raw, centre).astype(np.float16).astype(np.float64)
        for raw, centre in zip(material.vectors, centres, strict=True)
    )
    return Kernel(material.encoders, centres, landmarks)


def factored(inner: NDArray[np.float64]) -> tuple[NDArray[np.float64], bool]:
    """Cholesky factor (upper) of a likeness with the ridge on its diagonal; `inner` is overwritten."""
    inner[np.diag_indices_from(inner)] += RIDGE
    factor, lower = cho_factor(inner, overwrite_a=True)
    return np.asarray(factor), bool(lower)


def fit_poles(passages: Sequence[CodedPassage], features: Any, rows: Sequence[int], solve: Solve) -> Heads:
    """The heads that answer the codebook's questions, learnt on the passages of `rows`."""
    kept, wanted = list(rows), answers([passages[i] for i in rows])
    models = [_logistic().fit(features[kept], wanted[:, head]) for head in range(wanted.shape[1])]
    heads = heads_of(
        codebook().poles,
        np.vstack([model.coef_ for model in models]),
        np.concatenate([model.intercept_ for model in models]),
        features.shape[0],
    )
    return with_duals(heads, kept, wanted, solve)


def with_duals(heads: Heads, rows: Sequence[int], wanted: Bools, solve: Solve, blend: float = 1.0) -> Heads:
    """The same heads with the encoder's part: kernel ridge regression of ±1 on the passages of `rows`.

    `wanted`: (len(rows), heads). Passages out of `rows` weigh nothing. Duals keep the half precision of a model
    folder.
    """
    targets = np.where(wanted, 1.0, -1.0)
    means = targets.mean(axis=0)
    duals = np.zeros(heads.duals.shape, dtype=np.float32)
    duals[:, list(rows)] = solve(rows, targets - means).T.astype(np.float16)
    blends = np.full(len(heads.names), blend, dtype=np.float32)
    return replace(heads, duals=duals, means=means.astype(np.float32), blends=blends)


def _fit_names(
    features: Any, rows: Sequence[int], wanted: Sequence[str], order: Sequence[str], solve: Solve, unseen: str
) -> Heads:
    """A softmax head (relation, stance) learnt on the passages of `rows`; where nobody coded any, it says `unseen`.

    Classes weigh the same: unweighted, the relation leans to opposition, the commonest, and tensions would be
    overcounted (leave-one-author-out κ .40 unweighted, .44 weighted, on 766 passages).
    """
    kept = list(rows)
    names = tuple(name for name in order if name in set(wanted))
    if len(names) < 2:  # nothing to choose between: the head always says the one it saw
        return heads_of(names or (unseen,), np.zeros((1, features.shape[1])), np.zeros(1), features.shape[0])
    codes = np.array([names.index(name) for name in wanted])
    model = LogisticRegression(C=LINEAR_C, max_iter=MAX_ITERATIONS, class_weight="balanced").fit(features[kept], codes)
    coefficients, intercepts = model.coef_, model.intercept_
    if len(names) == 2:  # one row for two classes: the same model as a softmax over two rows
        coefficients = np.vstack([-coefficients / 2, coefficients / 2])
        intercepts = np.concatenate([-intercepts / 2, intercepts / 2])
    heads = heads_of(names, coefficients, intercepts, features.shape[0])
    return with_duals(heads, kept, codes[:, None] == np.arange(len(names)), solve, BLEND)


def _fit_axes(
    features: Any, passages: Sequence[CodedPassage], rows: Sequence[int], small: NDArray[np.int64], solve: Solve
) -> Heads:
    """One head per axis and pole, learnt among the passages that bear that pole's logic."""
    wanted, poles = axis_answers(passages), answers(passages)
    names = axis_names()
    empty = heads_of(names, np.zeros((len(names), features.shape[1])), np.full(len(names), NEVER), features.shape[0])
    coefficients, intercepts = empty.coefficients.copy(), empty.intercepts.copy()
    duals, means, blends = empty.duals.copy(), empty.means.copy(), empty.blends.copy()
    narrow, taught = features[:, small], np.asarray(rows, dtype=np.int64)
    for side, pole in enumerate(codebook().poles):
        bearing = taught[poles[taught, side]]
        of_pole = [head for head, name in enumerate(names) if name.endswith(f":{pole}")]
        learnt = [h for h in of_pole if MIN_AXIS_EXAMPLES <= wanted[bearing, h].sum() < len(bearing)]
        if not learnt:
            continue
        for head in learnt:
            model = _logistic().fit(narrow[bearing], wanted[bearing, head])
            coefficients[head, small], intercepts[head] = model.coef_[0], model.intercept_[0]
        part = heads_of(tuple(names[h] for h in learnt), coefficients[learnt], intercepts[learnt], features.shape[0])
        part = with_duals(part, bearing.tolist(), wanted[bearing][:, learnt], solve, BLEND)
        duals[learnt], means[learnt], blends[learnt] = part.duals, part.means, part.blends
    return replace(empty, coefficients=coefficients, intercepts=intercepts, duals=duals, means=means, blends=blends)


def calibrate(linear: NDArray[np.float64], encoded: NDArray[np.float64], wanted: Bools) -> tuple[float, float, float]:
    """Slope, offset and blend of one head: Platt's curve on two out-of-fold parts, linear and encoder's.

    A part that would count backwards (too few passages to tell) is left out; where all answer the same, nothing is
    learnt.
    """
    if wanted.all() or not wanted.any():
        return 1.0, 0.0, 1.0
    model = LogisticRegression(C=1e6).fit(np.column_stack([linear, encoded]), wanted)
    slope, weight = (float(value) for value in model.coef_[0])
    if slope > 0 and weight > 0:
        return slope, float(model.intercept_[0]), weight / slope
    alone = LogisticRegression(C=1e6).fit(linear.reshape(-1, 1), wanted)
    if alone.coef_[0, 0] <= 0:  # no better than chance on what it did not learn: a curve upside down would hide it
        return 1.0, 0.0, 0.0
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
