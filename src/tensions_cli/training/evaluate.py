"""Honest figures: every passage is judged by a model that never saw its author nor its document.

Authors are held out by tenths (an author writes several genres and whole documents). Only passages cut from
whole documents are judged; passages written to a quota train. Calibration, thresholds and the weight of the
encoder's part are chosen, for each tenth, on the out-of-fold answers of the nine others.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tensions_cli.errors import TensionsError
from tensions_cli.knowledge.codebook import codebook, label_of
from tensions_cli.records import Relation
from tensions_cli.statistics.agreement import (
    DECIMALS,
    agreement,
    confusion,
    interval_by_document,
    macro_f1,
    precision_recall_f1,
)
from tensions_cli.tagging.classifier import (
    SCORE_DECIMALS,
    Heads,
    are_certain,
    best_name,
    encoder_part,
    linear_part,
    log_odds,
    probabilities,
)
from tensions_cli.tagging.features import Seen
from tensions_cli.tagging.kernel import likeness
from tensions_cli.tagging.model_folder import RELATION, STANCE
from tensions_cli.training.coded import CodedPassage
from tensions_cli.training.figures import calibration_error, reliability
from tensions_cli.training.fit import (
    Fitted,
    Material,
    answers,
    axis_answers,
    axis_names,
    calibrate,
    features_of,
    fit,
    with_calibration,
)
from tensions_cli.training.keywords import keyword_logics

SEED = 20261121
FOLDS = 10  # authors are held out by tenths; one by one would take three times as long for the same figures


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """What models that never saw the author say of each judged passage.

    `judged`: ranks of the passages, in order; `linear`, `encoded`: the two parts of the log-odds of the poles;
    `scores`: calibrated on the other folds; `thresholds`: chosen on the other folds; all (judged, logics).
    `relations`, `stances`: what those heads say, by pair of logics and by logic; `axes`: (judged, axis poles).
    `folds`: what each passage was held out with.
    """

    judged: list[int]
    linear: NDArray[np.float64]
    encoded: NDArray[np.float64]
    scores: NDArray[np.float64]
    thresholds: NDArray[np.float64]
    relations: dict[str, list[str]]
    stances: dict[str, list[str]]
    axes: NDArray[np.float64]
    folds: NDArray[np.int64]

    @property
    def logics(self) -> list[tuple[str, ...]]:
        """Logics that the scores give."""
        return [codebook().present(row) for row in (self.scores >= self.thresholds).tolist()]

    @property
    def labels(self) -> list[str]:
        """Labels that the scores give."""
        return [label_of(logics) for logics in self.logics]


def held_out_groups(passages: Sequence[CodedPassage]) -> tuple[str, list[str]]:
    """What is held out (author, or document when one author wrote all), and the group of each passage.

    Raises TensionsError when there is only one group: a model cannot be judged on what it learnt.
    """
    authors = [p.author for p in passages]
    documents = [p.document or p.author for p in passages]
    for unit, groups in (("author", authors), ("document", documents)):
        judged = {group for group, p in zip(groups, passages, strict=True) if is_judged(p, passages)}
        if len(set(groups)) > 1 and judged:
            return unit, groups
    raise TensionsError(
        "ces passages codés ne suffisent pas pour évaluer un modèle",
        why="ils viennent d’un seul auteur et d’un seul document",
        hint="ajoutez des passages d’autres documents, ou ceux de corpora/annotated",
    )


def is_judged(passage: CodedPassage, passages: Sequence[CodedPassage]) -> bool:
    """Whole-document passages are judged; when there are none, all are."""
    return passage.whole or not any(p.whole for p in passages)


def out_of_fold(material: Material, done: Callable[[str], None] | None = None) -> OutOfFold:
    """Judge every whole-document passage by a model trained without its author; `done` hears of each fold."""
    passages = material.passages
    _, groups = held_out_groups(passages)
    folds = fold_of_groups(groups, min(FOLDS, len(set(groups))))
    judged = [i for i, p in enumerate(passages) if is_judged(p, passages)]
    place = {rank: row for row, rank in enumerate(judged)}
    count = len(judged)
    logics = len(codebook().poles)
    linear, encoded = np.zeros((count, logics)), np.zeros((count, logics))
    axes = np.zeros((count, len(axis_names())))
    relations = {pair: [""] * count for pair in codebook().pairs}
    stances = {pole: [""] * count for pole in codebook().poles}
    tenths = sorted({int(folds[i]) for i in judged})
    for fold in tenths:
        fitted = fit(material.part(np.flatnonzero(folds != fold).tolist()))
        held = [i for i in judged if folds[i] == fold]
        rows = [place[i] for i in held]
        part = material.part(held)
        features = features_of(fitted.space, part.seen)
        like = likeness(fitted.kernel, part.vectors)
        linear[rows], encoded[rows] = linear_part(fitted.poles, features), encoder_part(fitted.poles, like)
        axes[rows] = probabilities(fitted.axes, log_odds(fitted.axes, features, like))
        for name, heads in {**fitted.relations, **fitted.stances}.items():
            target = relations[name] if name in relations else stances[name]
            for row, said in zip(rows, best_name(heads, log_odds(heads, features, like)), strict=True):
                target[row] = said
        if done:
            done(f"évalué sur des auteurs tenus à l’écart\u00a0: {tenths.index(fold) + 1}/{len(tenths)}")
    folds_judged = folds[judged]
    wanted = answers([passages[i] for i in judged])
    scores, thresholds = np.zeros((count, logics)), np.zeros((count, logics))
    for fold in tenths:
        own, others = folds_judged == fold, folds_judged != fold
        others = others if others.any() else own  # one fold alone is judged: it calibrates itself
        curves = calibration(linear[others], encoded[others], wanted[others])
        scores[own], thresholds[own] = curves.scores(linear[own], encoded[own]), curves.thresholds
    return OutOfFold(judged, linear, encoded, scores, thresholds, relations, stances, axes, folds_judged)


@dataclass(frozen=True, slots=True)
class Curves:
    """Calibration of the poles: one value by head each."""

    slopes: list[float]
    offsets: list[float]
    blends: list[float]
    thresholds: list[float]

    def scores(self, linear: NDArray[np.float64], encoded: NDArray[np.float64]) -> NDArray[np.float64]:
        """Calibrated probabilities, rounded as they are printed, shape (passages, heads)."""
        odds = (linear + np.array(self.blends) * encoded) * np.array(self.slopes) + np.array(self.offsets)
        return np.asarray(np.round(1 / (1 + np.exp(-odds)), SCORE_DECIMALS))


def calibration(linear: NDArray[np.float64], encoded: NDArray[np.float64], wanted: NDArray[np.bool_]) -> Curves:
    """Slope, offset, blend and threshold of each head, from the two parts said by models that did not see them."""
    fitted = [calibrate(linear[:, head], encoded[:, head], wanted[:, head]) for head in range(wanted.shape[1])]
    slopes, offsets, blends = ([one[k] for one in fitted] for k in range(3))
    scores = Curves(slopes, offsets, blends, []).scores(linear, encoded)
    return Curves(slopes, offsets, blends, [even_threshold(scores[:, h], wanted[:, h]) for h in range(len(fitted))])


def even_threshold(scores: NDArray[np.float64], wanted: NDArray[np.bool_]) -> float:
    """Threshold that says yes as often as the coders did, so that shares lean neither way; two decimals.

    At .5 a weak head answers yes too rarely: on the starting corpus it named 14 `mixte` where there were 71.
    """
    return round(float(np.clip(np.quantile(scores, 1 - wanted.mean()), 0.2, 0.8)), 2)


def fold_of_groups(groups: Sequence[str], folds: int) -> NDArray[np.int64]:
    """Fold of each passage: groups by falling size, each to the lightest fold; independent of row order."""
    sizes: dict[str, int] = {}
    for group in groups:
        sizes[group] = sizes.get(group, 0) + 1
    loads = [0] * folds
    chosen: dict[str, int] = {}
    for group in sorted(sizes, key=lambda g: (-sizes[g], g)):
        fold = loads.index(min(loads))
        chosen[group] = fold
        loads[fold] += sizes[group]
    return np.array([chosen[group] for group in groups], dtype=np.int64)


def report(material: Material, found: OutOfFold, unread_authors: Sequence[str] = ()) -> dict[str, Any]:
    """All figures of the out-of-fold answers, with intervals by document.

    `unread_authors`: those whose texts the encoder did not read when it was distilled; they are reported apart.
    """
    own = [material.passages[i] for i in found.judged]
    documents = [p.document or p.author for p in own]
    said = found.labels
    figures = label_figures([p.label for p in own], said, documents)
    figures["poles"] = {
        pole: precision_recall_f1([pole in p.logics for p in own], [pole in logics for logics in found.logics], True)
        for pole in codebook().poles
    }
    figures["by_genre"] = _slices([p.genre for p in own], [p.label for p in own], said)
    figures["by_sector"] = _slices([p.sector or "non dit" for p in own], [p.label for p in own], said)
    figures["by_author"] = _slices([p.author for p in own], [p.label for p in own], said)
    unread = [p.author in unread_authors for p in own]
    for name, wanted in (("encoder_read", False), ("encoder_unread", True)):
        kept = [i for i, out in enumerate(unread) if out is wanted]
        t, s = [own[i].label for i in kept], [said[i] for i in kept]
        figures[name] = {"passages": len(kept), "macro_f1": round(macro_f1(t, s), DECIMALS) if kept else None}
    figures["calibration_error"] = {
        pole: calibration_error(found.scores[:, head].tolist(), answers(own)[:, head].tolist())
        for head, pole in enumerate(codebook().poles)
    }
    figures["relation"] = relation_figures(own, found)
    figures["stance"] = {pole: stance_figures(own, found.stances[pole], pole, documents) for pole in codebook().poles}
    figures["reliability"] = {
        pole: reliability(found.scores[:, head].tolist(), answers(own)[:, head].tolist())
        for head, pole in enumerate(codebook().poles)
    }
    figures["axes"] = axis_figures(own, held_axis_answers(own, found))
    figures["doubt"] = doubt_figures(own, found)
    figures["baselines"] = _baselines(own, material.part(found.judged).seen)
    return figures


def label_figures(truth: list[str], said: list[str], documents: list[str]) -> dict[str, Any]:
    """F1 per class and macro, agreement, confusion, intervals by document."""

    def over(statistic: Callable[[list[str], list[str]], float]) -> list[float]:
        return interval_by_document(
            documents, lambda ranks: statistic([truth[r] for r in ranks], [said[r] for r in ranks]), SEED
        )

    return {
        "passages": len(truth),
        "documents": len(set(documents)),
        "macro_f1": round(macro_f1(truth, said), DECIMALS),
        "macro_f1_interval": over(macro_f1),
        "classes": {label: precision_recall_f1(truth, said, label) for label in codebook().labels},
        "agreement": agreement(truth, said),
        "kappa_interval": over(lambda t, s: agreement(t, s)["kappa"]),
        "confusion": {"order": list(codebook().labels), "rows_truth": confusion(truth, said, codebook().labels)},
    }


def _slices(names: list[str], truth: list[str], said: list[str]) -> dict[str, dict[str, float | int]]:
    slices = {}
    for name in sorted(set(names)):
        ranks = [i for i, n in enumerate(names) if n == name]
        t, s = [truth[i] for i in ranks], [said[i] for i in ranks]
        slices[name] = {
            "passages": len(ranks),
            "agreement": round(sum(a == b for a, b in zip(t, s, strict=True)) / len(ranks), DECIMALS),
            "macro_f1": round(macro_f1(t, s), DECIMALS),
        }
    return slices


def relation_figures(own: Sequence[CodedPassage], found: OutOfFold) -> dict[str, Any]:
    """The relation of each pair of logics that the coder saw in a passage, and tensions found among all passages.

    `passages`: how many relations are compared, one a pair.
    """
    coded = [(i, pair, name) for i, p in enumerate(own) for pair, name in p.relations.items()]
    truth, answer = [name for _, _, name in coded], [found.relations[pair][i] for i, pair, _ in coded]
    tension = [p.relation == Relation.OPPOSITION for p in own]
    opposed = [
        any(found.relations[pair][i] == Relation.OPPOSITION for pair in codebook().pairs_of(logics))
        for i, logics in enumerate(found.logics)
    ]
    return {
        "passages": len(coded),
        "classes": {name: precision_recall_f1(truth, answer, name) for name in codebook().relations},
        "agreement": agreement(truth, answer) if coded else {},
        "opposition_by_genre": _opposition_by_genre([own[i] for i, _, _ in coded], truth, answer),
        "tension": precision_recall_f1(tension, opposed, True),
    }


def _opposition_by_genre(mixed: Sequence[CodedPassage], truth: list[str], answer: list[str]) -> dict[str, Any]:
    """Precision and recall of `opposition` among the `mixte` passages of each genre that has ten of them."""
    figures = {}
    for genre in sorted({p.genre for p in mixed}):
        ranks = [i for i, p in enumerate(mixed) if p.genre == genre]
        if len(ranks) >= 10:
            pairs = [truth[i] for i in ranks], [answer[i] for i in ranks]
            figures[genre] = {"passages": len(ranks)} | precision_recall_f1(*pairs, "opposition")
    return figures


def held_axis_answers(own: Sequence[CodedPassage], found: OutOfFold) -> NDArray[np.bool_]:
    """Axis poles said, each fold with thresholds chosen on the others only; shape (judged, axis poles)."""
    said = np.zeros(found.axes.shape, dtype=bool)
    for fold in sorted(set(found.folds.tolist())):
        held = found.folds == fold
        rest = ~held if (~held).any() else held
        others = [p for p, kept in zip(own, rest, strict=True) if kept]
        said[held] = found.axes[held] >= np.array(choose_axis_thresholds(others, found.axes[rest]))
    return said


def axis_figures(own: Sequence[CodedPassage], axes_said: NDArray[np.bool_]) -> dict[str, Any]:
    """F1 of each axis pole among passages that bear the pole's logic."""
    wanted, poles = axis_answers(own), answers(own)
    figures: dict[str, Any] = {}
    for head, name in enumerate(axis_names()):
        bearing = poles[:, codebook().poles.index(name.split(":")[1])]
        said = axes_said[bearing, head].tolist()
        figures[name] = precision_recall_f1(wanted[bearing, head].tolist(), said, True)
    learnt = [f["f1"] for f in figures.values() if f["support"] >= 10]
    return {"by_pole": figures, "macro_f1": round(float(np.mean(learnt)), DECIMALS) if learnt else None}


def doubt_figures(own: Sequence[CodedPassage], found: OutOfFold) -> dict[str, dict[str, float]]:
    """Share of passages left certain by each δ, and how often their label is right."""
    said = found.labels
    right = np.array([s == p.label for s, p in zip(said, own, strict=True)])
    figures = {}
    for doubt in (0.05, 0.1, 0.15, 0.2):
        certain = are_certain(found.scores, found.thresholds, doubt)
        figures[f"{doubt:.2f}"] = {
            "certain_share": round(float(certain.mean()), DECIMALS),
            "right_when_certain": round(float(right[certain].mean()), DECIMALS),
            "right_when_uncertain": round(float(right[~certain].mean()), DECIMALS) if (~certain).any() else 1.0,
        }
    return figures


def stance_figures(own: Sequence[CodedPassage], said: list[str], pole: str, documents: list[str]) -> dict[str, Any]:
    """The stance on one logic, among the passages that bear it (by the coder's own codes)."""
    ranks = [i for i, p in enumerate(own) if pole in p.stance]
    truth, answer = [own[i].stance[pole] for i in ranks], [said[i] for i in ranks]
    if not ranks:
        return {"passages": 0}
    return {
        "passages": len(ranks),
        "macro_f1": round(macro_f1(truth, answer), DECIMALS),
        "macro_f1_interval": interval_by_document(
            [documents[i] for i in ranks],
            lambda drawn: macro_f1([truth[r] for r in drawn], [answer[r] for r in drawn]),
            SEED,
        ),
        "classes": {name: precision_recall_f1(truth, answer, name) for name in codebook().stances[pole]},
        "agreement": agreement(truth, answer),
    }


def _baselines(own: Sequence[CodedPassage], seen: Sequence[Seen]) -> dict[str, float]:
    """Macro-F1 of always saying the commonest label, and of counting the words of the lexicon."""
    truth = [p.label for p in own]
    most = max(codebook().labels, key=truth.count)
    counted = [label_of(keyword_logics(one.cues)) for one in seen]
    return {
        "majority_macro_f1": round(macro_f1(truth, [most] * len(truth)), DECIMALS),
        "keywords_macro_f1": round(macro_f1(truth, counted), DECIMALS),
    }


def choose_axis_thresholds(own: Sequence[CodedPassage], axes: NDArray[np.float64]) -> list[float]:
    """Threshold of each axis pole with the best out-of-fold F1, on a coarse grid; .5 where nothing was learnt."""
    wanted, poles = axis_answers(own), answers(own)
    grid = (0.2, 0.3, 0.4, 0.5)
    chosen = []
    for head, name in enumerate(axis_names()):
        bearing = poles[:, codebook().poles.index(name.split(":")[1])]
        truth, scores = wanted[bearing, head].tolist(), axes[bearing, head]

        def f1(threshold: float, truth: list[bool] = truth, scores: Any = scores) -> float:
            return float(precision_recall_f1(truth, (scores >= threshold).tolist(), True)["f1"])

        chosen.append(max(grid, key=f1) if any(truth) else 0.5)
    return chosen


def deployed_heads(fitted: Fitted, found: OutOfFold, passages: Sequence[CodedPassage]) -> dict[str, Heads]:
    """Heads trained on everything, calibrated on the out-of-fold log-odds of whole documents."""
    own = [passages[i] for i in found.judged]
    curves = calibration(found.linear, found.encoded, answers(own))
    count = len(fitted.axes.names)
    return {
        "poles": with_calibration(fitted.poles, curves.slopes, curves.offsets, curves.thresholds, curves.blends),
        "axes": with_calibration(fitted.axes, [1.0] * count, [0.0] * count, choose_axis_thresholds(own, found.axes)),
        **{f"{RELATION}{pair}": heads for pair, heads in fitted.relations.items()},
        **{f"{STANCE}{pole}": heads for pole, heads in fitted.stances.items()},
    }
