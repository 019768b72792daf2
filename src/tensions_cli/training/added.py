"""One's own passages added to the shipped ones: what they bring, measured on themselves.

Own documents are held out by fifths; each own passage is judged by a model that learnt the shipped passages and the
other own documents. What does not move from fold to fold is computed once: how passages look, and the Cholesky
factor of the shipped block of the kernel; a fold then solves only for its own passages (block inverse: Golub and Van
Loan 2013, § 4.2.9). The centre of the vectors is that of the shipped passages in every fold and in the final model.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, solve_triangular

from tensions_cli.knowledge.codebook import codebook, label_of
from tensions_cli.statistics.agreement import FloatArray, agreement_of, mean_of_defined, rates_of
from tensions_cli.statistics.agreement_by_document import draw, measure, tables
from tensions_cli.tagging.classifier import Heads, encoder_part, linear_part, small_columns
from tensions_cli.tagging.features import MIN_PASSAGES, Space, fit_space
from tensions_cli.tagging.kernel import Kernel, likeness
from tensions_cli.training.coded import CodedPassage
from tensions_cli.training.evaluate import (
    SEED,
    Answer,
    Choose,
    Curves,
    Decisions,
    OutOfFold,
    decide,
    fold_of_groups,
    held_out,
    held_out_groups,
    is_judged,
    out_of_fold,
    paced,
    without_each_fold,
)
from tensions_cli.training.fit import (
    Fitted,
    Material,
    answers,
    axis_names,
    factored,
    features_of,
    fit_heads,
    fit_kernel,
    fit_poles,
    without_forms,
)

FOLDS = 5
SHARES = (0.25, 0.5, 0.75)  # of the own documents of a fold; none and all of them are known without
# Own passages from which calibration and thresholds are chosen on them rather than kept from the shipped model, and
# how many must answer yes, and no, for each logic. Platt's curve has three parameters here: 25 are eight answers of the
# rarer kind for each, near the ten that a logistic regression asks (Peduzzi et al. 1996); on 150, the share that sets a
# threshold has a standard error of four points at most, √(.25 / 150).
ENOUGH_PASSAGES, ENOUGH_ANSWERS = 150, 25
# Own passages and groups under which a model of these alone is not tried. It is a comparison, nothing is chosen on it:
# a fifth of a hundred passages leaves twenty to judge, and of four groups a model learns three.
ALONE_PASSAGES, ALONE_GROUPS = 100, 4


@dataclass(frozen=True, slots=True)
class Together:
    """Shipped passages, then own ones, with what the folds share.

    `space`, `kernel`: of all of them, as the final model has them. `features`: of all in the columns of `space`, whose
    frequencies are still those of all. `rows`: likeness of own passages to all, shape (own, all).
    """

    material: Material
    shipped: int
    space: Space
    kernel: Kernel
    features: Any
    rows: NDArray[np.float64]
    solve: Callable[[Sequence[int], FloatArray], FloatArray]

    @property
    def own(self) -> list[CodedPassage]:
        """The own passages."""
        return list(self.material.passages[self.shipped :])


def together(material: Material, shipped: int, hidden: frozenset[str]) -> Together:
    """Prepare the first `shipped` passages and the own ones that follow; `hidden`: forms that get no column."""
    space = fit_space(without_forms(material.seen, hidden), codebook())
    kernel = fit_kernel(material, centred_on=shipped)
    rows = likeness(kernel, [raw[shipped:] for raw in material.vectors])
    return Together(
        material=material,
        shipped=shipped,
        space=space,
        kernel=kernel,
        features=features_of(space, material.seen),
        rows=rows,
        solve=_shared_solve(material, kernel, shipped, rows),
    )


def _shared_solve(
    material: Material, kernel: Kernel, shipped: int, rows: NDArray[np.float64]
) -> Callable[[Sequence[int], FloatArray], FloatArray]:
    """(K + λI)⁻¹ targets, where the factor of the shipped block is kept from one call to the next."""
    kept: dict[bytes, tuple[NDArray[np.float64], NDArray[np.float64]]] = {}

    def block(base: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """U of K = UᵀU, and U⁻ᵀ K(base, own)."""
        key = base.tobytes()
        if key not in kept:
            ours = Kernel(kernel.encoders, kernel.centres, tuple(points[base] for points in kernel.landmarks))
            factor, _ = factored(likeness(ours, [raw[base] for raw in material.vectors]))
            kept[key] = factor, solve_triangular(factor, rows[:, base].T, trans="T", check_finite=False)
        return kept[key]

    def solve(ranks: Sequence[int], targets: FloatArray) -> FloatArray:
        every = np.asarray(ranks, dtype=np.int64)
        is_base = every < shipped
        base, own = every[is_base], every[~is_base] - shipped
        factor, reached = block(base)
        reached = reached[:, own]
        first = solve_triangular(factor, targets[is_base], trans="T", check_finite=False)
        found = np.empty_like(targets)
        if len(own):
            inner = rows[np.ix_(own, own + shipped)] - reached.T @ reached
            found[~is_base] = cho_solve(factored(inner), targets[~is_base] - reached.T @ first)
            first = first - reached @ found[~is_base]
        found[is_base] = solve_triangular(factor, first, check_finite=False)
        return found

    return solve


def features_in(both: Together, training: Sequence[int]) -> Any:
    """Features of all passages with the columns and frequencies that the training passages alone would give."""
    from scipy.sparse import diags, hstack

    starts, taught = both.space.starts, np.asarray(training, dtype=np.int64)
    features = both.features.tocsc()
    blocks = []
    for name, after, idf in (("lemmas", "pieces", both.space.lemma_idf), ("pieces", "cues", both.space.piece_idf)):
        block = features[:, starts[name] : starts[after]].tocsr()
        frequencies = np.bincount(block[taught].indices, minlength=block.shape[1])
        here = np.where(frequencies >= MIN_PASSAGES, np.log((1 + len(taught)) / (1 + frequencies)) + 1, 0)
        scaled = block @ diags(here / idf)
        norms = np.sqrt(np.asarray(scaled.multiply(scaled).sum(axis=1)).ravel())
        lengths = np.sqrt(np.asarray(block.multiply(block).sum(axis=1)).ravel())  # the weight of the block, or 0
        blocks.append(diags(lengths / np.maximum(norms, 1e-9)) @ scaled)
    return hstack([*blocks, features[:, starts["cues"] :]], format="csr", dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Added:
    """What was measured on one's own passages, held out by group; `judged` are ranks among all passages.

    `labels`: by model, its label of each judged passage: `shipped` (the model that ships), `alone` (own passages only;
    absent when they are too few), `both`. `curve`: share of the own passages, mean number of them learnt, labels.
    """

    unit: str
    found: OutOfFold
    decisions: Decisions
    calibrated: bool
    labels: dict[str, list[str]]
    curve: list[tuple[float, int, list[str]]]


def judge_added(
    both: Together,
    heads: Mapping[str, Heads],
    shipped_labels: Sequence[str],
    done: Callable[[str], None] | None = None,
) -> Added:
    """Judge the own passages: see `Added`.

    `heads`: of the shipped model, whose calibration is kept where own passages are few. `shipped_labels`: what that
    model says of each own passage.
    """
    own, passages = both.own, both.material.passages
    unit, groups = held_out_groups(own)
    of_own = fold_of_groups(groups, min(FOLDS, len(set(groups))))
    folds = np.concatenate([np.full(both.shipped, -1), of_own])
    judged = [both.shipped + i for i, p in enumerate(own) if is_judged(p, own)]
    choose = _choice(heads)

    def learn(training: Sequence[int], held: Sequence[int]) -> Answer:
        features = features_in(both, training)
        fitted = fit_heads(passages, features, small_columns(both.space), training, both.solve)
        return fitted, features[list(held)], both.rows[np.asarray(held) - both.shipped]

    found = held_out(passages, judged, folds, learn, choose, done)
    labels = {"shipped": [shipped_labels[i - both.shipped] for i in judged], "both": found.labels}
    if can_learn_alone(own, groups):
        if done:
            done("vos passages seuls, pour comparer")
        material = both.material.part(range(both.shipped, len(passages)))
        labels["alone"] = out_of_fold(material, folds=FOLDS).labels
    everything = round(float(np.mean([(of_own != folds[i]).sum() for i in judged])))
    return Added(
        unit=unit,
        found=found,
        decisions=choose([passages[i] for i in judged], found.linear, found.encoded, found.axes),
        calibrated=can_calibrate([passages[i] for i in judged]),
        labels=labels,
        curve=[*_curve(both, judged, folds, groups, choose, done), (1.0, everything, found.labels)],
    )


def _choice(heads: Mapping[str, Heads]) -> Choose:
    """Decisions from own passages where they are enough, else those of the shipped model."""
    poles = heads["poles"]
    curves = Curves(poles.slopes.tolist(), poles.offsets.tolist(), poles.blends.tolist(), poles.thresholds.tolist())
    kept = Decisions(curves, heads["axes"].thresholds.tolist())

    def choose(own: Sequence[CodedPassage], linear: FloatArray, encoded: FloatArray, axes: FloatArray) -> Decisions:
        if not can_calibrate(own):
            return kept
        # The axes are too rare in a few hundred passages: their thresholds stay.
        return replace(decide(own, linear, encoded, axes), axis_thresholds=kept.axis_thresholds)

    return choose


def can_calibrate(own: Sequence[CodedPassage]) -> bool:
    """These passages are enough to choose a curve and a threshold for each logic."""
    yes = answers(own).sum(axis=0) if own else np.zeros(1)
    enough = len(own) >= ENOUGH_PASSAGES and yes.min() >= ENOUGH_ANSWERS
    return bool(enough and (len(own) - yes).min() >= ENOUGH_ANSWERS)


def can_learn_alone(own: Sequence[CodedPassage], groups: Sequence[str]) -> bool:
    """A model of these passages alone can be trained, whatever fold is held out."""
    if len(own) < ALONE_PASSAGES or len(set(groups)) < ALONE_GROUPS:
        return False
    without = [answers(kept) for kept in without_each_fold(own, groups, FOLDS)]
    return all(len(part) and bool((part.any(axis=0) & ~part.all(axis=0)).all()) for part in without)


def _curve(
    both: Together,
    judged: Sequence[int],
    folds: NDArray[np.int64],
    groups: Sequence[str],
    choose: Choose,
    done: Callable[[str], None] | None,
) -> list[tuple[float, int, list[str]]]:
    """Share of the own documents of the other folds, mean number of own passages learnt, labels.

    A fold is decided on what the others say of the passages that its model learnt: a share of the codes is used for
    everything, or for nothing.
    """
    passages, fifths = both.material.passages, sorted({int(folds[i]) for i in judged})
    of_judged = folds[list(judged)]
    tell = paced(done, 1 + len(SHARES) * len(fifths))
    points = []
    nothing: Fitted | None = None
    for share in (0.0, *SHARES):
        linear, encoded = (np.zeros((len(judged), len(codebook().poles))) for _ in range(2))
        learnt = {
            fold: [both.shipped + i for i in _some(groups, folds[both.shipped :], fold, share)] for fold in fifths
        }
        for fold in fifths:
            training = [*range(both.shipped), *learnt[fold]]
            if share or nothing is None:
                features = features_in(both, training)
                poles = fit_poles(passages, features, training, both.solve)
                nothing = Fitted(poles, {}, poles, {})
                tell("courbe d’apprentissage")
            held = of_judged == fold
            ranks = [i for i, here in zip(judged, held.tolist(), strict=True) if here]
            linear[held] = linear_part(nothing.poles, features[ranks])
            encoded[held] = encoder_part(nothing.poles, both.rows[np.asarray(ranks) - both.shipped])
        labels = [""] * len(judged)
        for fold in fifths:
            kept = np.isin(judged, learnt[fold])
            own = [passages[i] for i, use in zip(judged, kept.tolist(), strict=True) if use]
            curves = choose(own, linear[kept], encoded[kept], np.zeros((len(own), len(axis_names())))).curves
            held = np.flatnonzero(of_judged == fold)
            scores = curves.scores(linear[held], encoded[held])
            for row, yes in zip(held.tolist(), (scores >= np.array(curves.thresholds)).tolist(), strict=True):
                labels[row] = label_of(codebook().present(yes))
        points.append((share, round(float(np.mean([len(learnt[int(fold)]) for fold in of_judged]))), labels))
    return points


def _some(groups: Sequence[str], folds: NDArray[np.int64], fold: int, share: float) -> list[int]:
    """Ranks of about this share of the passages out of a fold, by whole groups; the smaller shares are in the larger.

    The group that crosses the share is taken where that comes nearer to it; from the first group on, one at least.
    """
    others = sorted({group for group, own in zip(groups, folds.tolist(), strict=True) if own != fold})
    order = np.random.default_rng([SEED, fold]).permutation(len(others))
    sizes = np.cumsum([0, *(groups.count(others[i]) for i in order)]) if others else np.zeros(1)
    count = int(np.argmin(np.abs(sizes - share * sizes[-1])))
    taken = {others[i] for i in order[: max(count, 1) if share else 0]}
    return [rank for rank, group in enumerate(groups) if group in taken]


def figures_of(added: Added, passages: Sequence[CodedPassage]) -> dict[str, Any]:
    """Macro-F1 and κ of each model and of each point of the curve, and paired differences, by document.

    Every figure is `value` and `interval` (None under five documents). Differences: the model of both, less the
    other, on the same draws of documents (paired bootstrap, Efron and Tibshirani 1993, ch. 16).
    """
    own = [passages[i] for i in added.found.judged]
    sample = draw([p.document or p.author for p in own])
    truth = [p.label for p in own]

    def series(labels: Sequence[str]) -> tuple[dict[str, FloatArray], int]:
        found = tables(truth, labels, codebook().labels, sample)
        macro, kappa = mean_of_defined(rates_of(found.counts)["f1"]), agreement_of(found.counts)["kappa"]
        return {"macro_f1": macro, "kappa": kappa}, found.documents

    def told(values: Mapping[str, FloatArray], documents: int) -> dict[str, Any]:
        return {name: measure(line, documents) for name, line in values.items()}

    drawn = {name: series(labels) for name, labels in added.labels.items()}
    ours, documents = drawn["both"]
    return {
        "models": {name: told(*one) for name, one in drawn.items()},
        "gain": {
            name: told({key: ours[key] - values[key] for key in ours}, documents)
            for name, (values, _) in drawn.items()
            if name != "both"
        },
        "learning_curve": [
            {"share": share, "passages": count, **told(*series(labels))} for share, count, labels in added.curve
        ],
    }


def verdict(gain: Mapping[str, Any]) -> str:
    """What the difference in macro-F1 with the shipped model allows to say, in French."""
    value, interval = gain["value"], gain["interval"]
    told = f"{_signed(value)} de macro-F1"
    if interval is None and value == 0:  # the same answers, in every draw
        return "ni mieux ni moins bien que le modèle livré sur vos passages\u00a0: aucune différence mesurée"
    if interval is None:
        return f"face au modèle livré, sur vos passages\u00a0: {told}\u00a0; trop peu de documents pour un intervalle"
    between = f"{told} [{_signed(interval[0])}\u00a0; {_signed(interval[1])}]"
    if interval[0] > 0:
        return f"mieux que le modèle livré sur vos passages\u00a0: {between}"
    if interval[1] < 0:
        return f"moins bien que le modèle livré sur vos passages\u00a0: {between}"
    side = "mieux" if value > 0 else "moins bien" if value < 0 else "ni mieux ni moins bien"
    return f"{side} que le modèle livré sur vos passages\u00a0: {between}\u00a0: pas établi"


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace(".", ",").replace("-", "−").replace("+0,00", "0,00").replace("−0,00", "0,00")
