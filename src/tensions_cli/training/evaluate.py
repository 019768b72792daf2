"""Honest figures: every passage is judged by a model that never saw its author nor its document.

Leave one author out (an author writes several genres and whole documents). Only passages cut from
whole documents are judged; passages written to a quota train. Inside each fold the calibration is
fitted on passages that the fold's own inner models did not see.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tensions_cli.errors import TensionsError
from tensions_cli.knowledge.codebook import codebook, label_of
from tensions_cli.records import Label
from tensions_cli.tagging.classifier import Heads, are_certain, best_relation, log_odds, probabilities
from tensions_cli.tagging.features import Seen, fit_space
from tensions_cli.training.coded import CodedPassage
from tensions_cli.training.figures import (
    DECIMALS,
    agreement,
    calibration_error,
    confusion,
    interval_by_document,
    macro_f1,
    precision_recall_f1,
)
from tensions_cli.training.fit import (
    Fitted,
    answers,
    axis_answers,
    axis_names,
    calibrate,
    features_of,
    fit,
    fit_poles,
    with_calibration,
)

SEED = 20261121
INNER_FOLDS = 5
LABELS = tuple(label.value for label in Label)


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """What models that never saw the author say of each judged passage.

    `judged`: ranks of the passages; `odds`: raw log-odds of the poles; `scores`: calibrated inside
    the fold; `thresholds`: the fold's own; all (judged, 2). `relations`: the relation head's answer;
    `axes`: (judged, axis poles). `groups`: what each passage was held out with.
    """

    judged: list[int]
    odds: NDArray[np.float64]
    scores: NDArray[np.float64]
    thresholds: NDArray[np.float64]
    relations: list[str]
    axes: NDArray[np.float64]
    groups: list[str]

    @property
    def labels(self) -> list[str]:
        """Labels that the scores give."""
        return [label_of(*row).value for row in (self.scores >= self.thresholds).tolist()]


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


def out_of_fold(
    passages: Sequence[CodedPassage], seen: Sequence[Seen], done: Callable[[str], None] | None = None
) -> OutOfFold:
    """Judge every whole-document passage by a model trained without its author; `done` hears of each fold."""
    _, groups = held_out_groups(passages)
    judged_of: dict[str, list[int]] = {}
    for rank, (group, passage) in enumerate(zip(groups, passages, strict=True)):
        if is_judged(passage, passages):
            judged_of.setdefault(group, []).append(rank)
    parts = []
    for group in sorted(judged_of):
        training = [i for i, other in enumerate(groups) if other != group]
        parts.append(_judge(passages, seen, training, judged_of[group], group))
        if done:
            done(group)
    return OutOfFold(
        judged=[rank for part in parts for rank in part.judged],
        odds=np.vstack([part.odds for part in parts]),
        scores=np.vstack([part.scores for part in parts]),
        thresholds=np.vstack([part.thresholds for part in parts]),
        relations=[relation for part in parts for relation in part.relations],
        axes=np.vstack([part.axes for part in parts]),
        groups=[group for part in parts for group in part.groups],
    )


def _judge(
    passages: Sequence[CodedPassage], seen: Sequence[Seen], training: list[int], judged: list[int], group: str
) -> OutOfFold:
    own = [passages[i] for i in training]
    fitted = fit(own, [seen[i] for i in training])
    poles = with_calibration(fitted.poles, *inner_calibration(own, [seen[i] for i in training]))
    features = features_of(fitted.space, [seen[i] for i in judged])
    odds = log_odds(fitted.poles, features)
    return OutOfFold(
        judged=judged,
        odds=odds,
        scores=probabilities(poles, odds),
        thresholds=np.tile(poles.thresholds, (len(judged), 1)),
        relations=best_relation(fitted.relations, log_odds(fitted.relations, features)),
        axes=probabilities(fitted.axes, log_odds(fitted.axes, features)),
        groups=[group] * len(judged),
    )


def inner_calibration(
    passages: Sequence[CodedPassage], seen: Sequence[Seen]
) -> tuple[list[float], list[float], list[float]]:
    """Slopes, offsets and thresholds of the poles, from folds that keep documents (or authors) together.

    Natural proportions matter to a probability: only whole-document passages calibrate, unless
    there are none. The columns of the features come from all passages, the weights do not.
    """
    wanted = answers(passages)
    features = features_of(fit_space(seen), seen)
    authors = [p.author for p in passages]
    enough = len(set(authors)) >= INNER_FOLDS  # the task of use: an author never seen
    folds = fold_of_groups(authors if enough else [p.document or p.author for p in passages], INNER_FOLDS)
    odds = np.zeros(wanted.shape)
    for fold in range(INNER_FOLDS):
        held = np.flatnonzero(folds == fold)
        kept = np.flatnonzero(folds != fold)
        odds[held] = log_odds(fit_poles(features[kept], wanted[kept]), features[held])
    natural = [i for i, p in enumerate(passages) if p.whole] or list(range(len(passages)))
    return calibration(odds[natural], wanted[natural])


def calibration(odds: NDArray[np.float64], wanted: NDArray[np.bool_]) -> tuple[list[float], list[float], list[float]]:
    """Slope, offset and threshold of each head, from log-odds of models that did not see the passages."""
    curves = [calibrate(odds[:, head], wanted[:, head]) for head in range(wanted.shape[1])]
    thresholds = []
    for head, (slope, offset) in enumerate(curves):
        scores = 1 / (1 + np.exp(-(odds[:, head] * slope + offset)))
        thresholds.append(even_threshold(scores, wanted[:, head]))
    return [slope for slope, _ in curves], [offset for _, offset in curves], thresholds


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


def report(passages: Sequence[CodedPassage], found: OutOfFold) -> dict[str, Any]:
    """All figures of the out-of-fold answers, with intervals by document."""
    own = [passages[i] for i in found.judged]
    documents = [p.document or p.author for p in own]
    said = found.labels
    figures = label_figures([p.label.value for p in own], said, documents)
    figures["by_genre"] = _slices([p.genre for p in own], [p.label.value for p in own], said)
    figures["by_author"] = _slices([p.author for p in own], [p.label.value for p in own], said)
    figures["calibration_error"] = {
        pole: calibration_error(found.scores[:, head].tolist(), answers(own)[:, head].tolist())
        for head, pole in enumerate(codebook().poles)
    }
    figures["relation"] = relation_figures(own, found.relations, said)
    figures["axes"] = axis_figures(own, held_axis_answers(own, found))
    figures["doubt"] = doubt_figures(own, found)
    figures["baselines"] = _baselines(own)
    return figures


def label_figures(truth: list[str], said: list[str], documents: list[str]) -> dict[str, Any]:
    """F1 per class and macro, F1 of M and P, agreement, confusion, intervals by document."""

    def over(statistic: Callable[[list[str], list[str]], float]) -> list[float]:
        return interval_by_document(
            documents, lambda ranks: statistic([truth[r] for r in ranks], [said[r] for r in ranks]), SEED
        )

    return {
        "passages": len(truth),
        "documents": len(set(documents)),
        "macro_f1": round(macro_f1(truth, said), DECIMALS),
        "macro_f1_interval": over(macro_f1),
        "classes": {label: precision_recall_f1(truth, said, label) for label in LABELS},
        "poles": {pole: _pole_figures(truth, said, pole) for pole in codebook().poles},
        "agreement": agreement(truth, said),
        "kappa_interval": over(lambda t, s: agreement(t, s)["kappa"]),
        "confusion": {"order": list(LABELS), "rows_truth": confusion(truth, said, LABELS)},
    }


def _pole_figures(truth: list[str], said: list[str], pole: str) -> dict[str, float | int]:
    bearing = {pole, Label.MIXTE.value}
    return precision_recall_f1([t in bearing for t in truth], [s in bearing for s in said], True)


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


def relation_figures(own: Sequence[CodedPassage], relations: list[str], said: list[str]) -> dict[str, Any]:
    """The relation on passages that are `mixte`, and tensions found among all passages."""
    mixed = [i for i, p in enumerate(own) if p.label is Label.MIXTE]
    truth, answer = [own[i].relation or "" for i in mixed], [relations[i] for i in mixed]
    tension = [p.relation == "opposition" for p in own]
    found = [s == "mixte" and r == "opposition" for s, r in zip(said, relations, strict=True)]
    return {
        "passages": len(mixed),
        "classes": {name: precision_recall_f1(truth, answer, name) for name in codebook().relations},
        "agreement": agreement(truth, answer) if mixed else {},
        "opposition_by_genre": _opposition_by_genre([own[i] for i in mixed], truth, answer),
        "tension": precision_recall_f1(tension, found, True),
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
    """Axis poles said, each group with thresholds chosen on the others only; shape (judged, axis poles)."""
    said = np.zeros(found.axes.shape, dtype=bool)
    for group in sorted(set(found.groups)):
        held = np.array([g == group for g in found.groups])
        others = [p for p, out in zip(own, held, strict=True) if not out]
        said[held] = found.axes[held] >= np.array(choose_axis_thresholds(others, found.axes[~held]))
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
    right = np.array([s == p.label.value for s, p in zip(said, own, strict=True)])
    figures = {}
    for doubt in (0.05, 0.1, 0.15, 0.2):
        certain = are_certain(found.scores, found.thresholds, doubt)
        figures[f"{doubt:.2f}"] = {
            "certain_share": round(float(certain.mean()), DECIMALS),
            "right_when_certain": round(float(right[certain].mean()), DECIMALS),
            "right_when_uncertain": round(float(right[~certain].mean()), DECIMALS) if (~certain).any() else 1.0,
        }
    return figures


def _baselines(own: Sequence[CodedPassage]) -> dict[str, float]:
    truth = [p.label.value for p in own]
    most = max(LABELS, key=truth.count)
    return {"majority_macro_f1": round(macro_f1(truth, [most] * len(truth)), DECIMALS)}


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
    wanted = answers(own)
    count = len(fitted.axes.names)
    axis_thresholds = choose_axis_thresholds(own, found.axes)
    return {
        "poles": with_calibration(fitted.poles, *calibration(found.odds, wanted)),
        "relations": fitted.relations,
        "axes": with_calibration(fitted.axes, [1.0] * count, [0.0] * count, axis_thresholds),
    }
