"""Honest figures: every passage is judged by a model that never saw its author nor its document.

Authors are held out by tenths (an author writes several genres and whole documents). Only passages cut from
whole documents are judged; passages written to a quota train. Calibration, thresholds and the weight of the
encoder's part are chosen, for each tenth, on the out-of-fold answers of the nine others.
"""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import count
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
from tensions_cli.statistics.intervals import MIN_CLUSTERS
from tensions_cli.tagging.classifier import (
    RELATION,
    SCORE_DECIMALS,
    STANCE,
    Heads,
    are_certain,
    best_name,
    encoder_part,
    linear_part,
    log_odds,
    probabilities,
)
from tensions_cli.tagging.features import Seen
from tensions_cli.tagging.kernel import Likeness, likeness
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
    `relations`, `stances`: what those heads say, by pair of logics and by logic; `axes`, `axis_thresholds`:
    (judged, axis poles). `folds`: what each passage was held out with.
    """

    judged: list[int]
    linear: NDArray[np.float64]
    encoded: NDArray[np.float64]
    scores: NDArray[np.float64]
    thresholds: NDArray[np.float64]
    relations: dict[str, list[str]]
    stances: dict[str, list[str]]
    axes: NDArray[np.float64]
    axis_thresholds: NDArray[np.float64]
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
    if not any(is_judged(p, passages) for p in passages):
        chosen = "ils" if all(p.drawn for p in passages) else "ceux qui viennent de documents entiers"
        raise TensionsError(
            "ces passages codés ne suffisent pas pour évaluer un modèle",
            why=f"{chosen} ont tous été choisis pour entraîner, aucun n’a été tiré au hasard",
            hint="tensions coding sample SOURCES -n 200 -o a_coder.xlsx tire au hasard des passages à coder",
        )
    raise TensionsError(
        "ces passages codés ne suffisent pas pour évaluer un modèle",
        why="ils viennent d’un seul auteur et d’un seul document",
        hint="ajoutez des passages d’autres documents, ou ceux de corpora/annotated",
    )


def is_judged(passage: CodedPassage, passages: Sequence[CodedPassage]) -> bool:
    """Whole-document passages are judged; when there are none, all are. One drawn to teach never is."""
    return passage.drawn is None and (passage.whole or not any(p.whole for p in passages))


# Heads learnt without the passages held out; what these look like: features, and likeness to the landmarks.
Answer = tuple[Fitted, Any, Likeness]


def out_of_fold(
    material: Material, done: Callable[[str], None] | None = None, hidden: Collection[str] = (), folds: int = FOLDS
) -> OutOfFold:
    """Judge every whole-document passage by a model trained without its author; `done` hears of each fold."""
    _, groups = held_out_groups(material.passages)
    held_with = fold_of_groups(groups, min(folds, len(set(groups))))

    def learn(training: Sequence[int], held: Sequence[int]) -> Answer:
        space, kernel, fitted = fit(material.part(training), hidden)
        part = material.part(held)
        return fitted, features_of(space, part.seen), likeness(kernel, part.vectors)

    judged = [i for i, p in enumerate(material.passages) if is_judged(p, material.passages)]
    return held_out(material.passages, judged, held_with, learn, done=done)


def held_out(
    passages: Sequence[CodedPassage],
    judged: Sequence[int],
    folds: NDArray[np.int64],
    learn: Callable[[Sequence[int], Sequence[int]], Answer],
    choose: "Choose | None" = None,
    done: Callable[[str], None] | None = None,
) -> OutOfFold:
    """What models that did not learn a fold say of its judged passages.

    `learn(training, held)` trains without the fold. `choose`: how the decisions for a fold are chosen on the others
    (`decide` unless told).
    """
    place = {rank: row for row, rank in enumerate(judged)}
    size, logics = len(judged), len(codebook().poles)
    linear, encoded = np.zeros((size, logics)), np.zeros((size, logics))
    axes = np.zeros((size, len(axis_names())))
    relations = {pair: [""] * size for pair in codebook().pairs}
    stances = {pole: [""] * size for pole in codebook().poles}
    tenths = sorted({int(folds[i]) for i in judged})
    tell = paced(done, len(tenths))
    for fold in tenths:
        held = [i for i in judged if folds[i] == fold]
        rows = [place[i] for i in held]
        fitted, features, like = learn(np.flatnonzero(folds != fold).tolist(), held)
        linear[rows], encoded[rows] = linear_part(fitted.poles, features), encoder_part(fitted.poles, like)
        axes[rows] = probabilities(fitted.axes, log_odds(fitted.axes, features, like))
        for answered, learnt in ((relations, fitted.relations), (stances, fitted.stances)):
            for name, heads in learnt.items():
                for row, said in zip(rows, best_name(heads, log_odds(heads, features, like)), strict=True):
                    answered[name][row] = said
        tell("évalué sur des groupes tenus à l’écart")
    own = [passages[i] for i in judged]
    folds_judged = folds[list(judged)]
    scores, thresholds, axis_thresholds = np.zeros((size, logics)), np.zeros((size, logics)), np.zeros(axes.shape)
    for fold in tenths:
        held_here, others = folds_judged == fold, folds_judged != fold
        rest = [p for p, kept in zip(own, others, strict=True) if kept]
        chosen = (choose or decide)(rest, linear[others], encoded[others], axes[others])
        scores[held_here] = chosen.curves.scores(linear[held_here], encoded[held_here])
        thresholds[held_here], axis_thresholds[held_here] = chosen.curves.thresholds, chosen.axis_thresholds
    return OutOfFold(
        list(judged), linear, encoded, scores, thresholds, relations, stances, axes, axis_thresholds, folds_judged
    )


def calibrates(found: OutOfFold) -> bool:
    """Several folds were judged, so that each had others to choose its decisions on."""
    return len(np.unique(found.folds)) > 1


def paced(done: Callable[[str], None] | None, steps: int) -> Callable[[str], None]:
    """Says after each step how many are done, and about how long the others will take."""
    start, made = time.monotonic(), count(1)

    def tell(what: str) -> None:
        if done is not None:
            step = next(made)
            left = (time.monotonic() - start) / step * (steps - step)
            told = "" if step == steps else f", encore {_duration(left)} environ"
            done(f"{what}\u00a0: {step}/{steps}{told}")

    return tell


def _duration(seconds: float) -> str:
    return f"{max(round(seconds), 1)}\u00a0s" if seconds < 90 else f"{round(seconds / 60)}\u00a0min"


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


@dataclass(frozen=True, slots=True)
class Decisions:
    """How log-odds become answers: the curves of the logics, and a threshold by axis pole."""

    curves: Curves
    axis_thresholds: Sequence[float]


Choose = Callable[[Sequence[CodedPassage], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]], Decisions]


def decide(
    own: Sequence[CodedPassage],
    linear: NDArray[np.float64],
    encoded: NDArray[np.float64],
    axes: NDArray[np.float64],
) -> Decisions:
    """Decisions chosen on passages that the heads did not learn; as the heads say, at .5, where there are none.

    There are none where one fold alone is judged: calibrated on itself, it would be judged on what it had shown.
    """
    if not own:
        logics = linear.shape[1]
        return Decisions(Curves([1.0] * logics, [0.0] * logics, [1.0] * logics, [0.5] * logics), [0.5] * axes.shape[1])
    return Decisions(calibration(linear, encoded, answers(own)), choose_axis_thresholds(own, axes))


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


def without_each_fold(passages: Sequence[CodedPassage], groups: Sequence[str], folds: int) -> list[list[CodedPassage]]:
    """What a model learns while each fold in turn is held out; a fold may hold several groups."""
    held_with = fold_of_groups(groups, min(folds, len(set(groups)))).tolist()
    return [
        [p for p, other in zip(passages, held_with, strict=True) if other != fold] for fold in sorted(set(held_with))
    ]


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
    figures["axes"] = axis_figures(own, found.axes >= found.axis_thresholds)
    figures["doubt"] = doubt_figures(own, found)
    figures["baselines"] = _baselines(own, material.part(found.judged).seen)
    return figures


def label_figures(truth: list[str], said: list[str], documents: list[str]) -> dict[str, Any]:
    """F1 per class and macro, agreement, confusion; intervals by document, absent where documents are too few."""

    def over(statistic: Callable[[list[str], list[str]], float]) -> list[float]:
        return interval_by_document(
            documents, lambda ranks: statistic([truth[r] for r in ranks], [said[r] for r in ranks]), SEED
        )

    intervals = {}
    if len(set(documents)) >= MIN_CLUSTERS:
        intervals = {
            "macro_f1_interval": over(macro_f1),
            "kappa_interval": over(lambda t, s: agreement(t, s)["kappa"]),
        }
    return {
        "passages": len(truth),
        "documents": len(set(documents)),
        "macro_f1": round(macro_f1(truth, said), DECIMALS),
        **intervals,
        "classes": {label: precision_recall_f1(truth, said, label) for label in codebook().labels},
        "agreement": agreement(truth, said),
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
            "right_when_certain": round(float(right[certain].mean()), DECIMALS) if certain.any() else 1.0,
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
        **(
            {
                "macro_f1_interval": interval_by_document(
                    [documents[i] for i in ranks],
                    lambda drawn: macro_f1([truth[r] for r in drawn], [answer[r] for r in drawn]),
                    SEED,
                )
            }
            if len({documents[i] for i in ranks}) >= MIN_CLUSTERS
            else {}
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


def deployed_heads(fitted: Fitted, decisions: Decisions) -> dict[str, Heads]:
    """Heads trained on everything, with the decisions chosen on passages held out."""
    count, curves = len(fitted.axes.names), decisions.curves
    return {
        "poles": with_calibration(fitted.poles, curves.slopes, curves.offsets, curves.thresholds, curves.blends),
        "axes": with_calibration(fitted.axes, [1.0] * count, [0.0] * count, decisions.axis_thresholds),
        **{f"{RELATION}{pair}": heads for pair, heads in fitted.relations.items()},
        **{f"{STANCE}{pole}": heads for pole, heads in fitted.stances.items()},
    }
