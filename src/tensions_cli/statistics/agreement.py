"""Figures of quality: agreement and F1 between two codings of the same passages.

Formulas: Cohen 1960 (κ), Gwet 2008 (AC1), Krippendorff 2018 (nominal α), Passonneau 2006 (MASI). Intervals resample
documents, never passages.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

DECIMALS = 4
REPLICATES = 1000

FloatArray = NDArray[np.float64]


def precision_recall_f1(truth: Sequence[Any], answer: Sequence[Any], value: Any) -> dict[str, float | int]:
    """Precision, recall, F1 and support of one class."""
    both = sum(t == value and a == value for t, a in zip(truth, answer, strict=True))
    wanted, given = sum(t == value for t in truth), sum(a == value for a in answer)
    precision = both / given if given else 0.0
    recall = both / wanted if wanted else 0.0
    f1 = 2 * both / (wanted + given) if wanted + given else 0.0
    return {
        "precision": round(precision, DECIMALS),
        "recall": round(recall, DECIMALS),
        "f1": round(f1, DECIMALS),
        "support": wanted,
    }


def macro_f1(truth: Sequence[Any], answer: Sequence[Any]) -> float:
    """Mean F1 over the classes present in either coding."""
    classes = sorted(set(truth) | set(answer))
    return float(np.mean([precision_recall_f1(truth, answer, c)["f1"] for c in classes])) if classes else 0.0


def agreement(truth: Sequence[Any], answer: Sequence[Any]) -> dict[str, float]:
    """Per cent, Cohen κ, Krippendorff α (nominal, two coders) and Gwet AC1 over the classes met; 1 where undefined."""
    classes = sorted(set(truth) | set(answer))
    table = np.zeros((max(len(classes), 2),) * 2)
    table[: len(classes), : len(classes)] = confusion(truth, answer, classes)
    values = {name: float(value) for name, value in agreement_of(table).items()}
    return {name: 1.0 if np.isnan(value) else round(value, DECIMALS) for name, value in values.items()}


def agreement_of(tables: FloatArray) -> dict[str, FloatArray]:
    """The same four figures of confusion tables; NaN where undefined (one class only, no passage).

    Shape (…, q, q), with every class of the scale in the table: q counts in AC1. Returns shapes (…).
    """
    n = tables.sum(axis=(-2, -1))
    rows, columns = tables.sum(axis=-1), tables.sum(axis=-2)
    pooled = rows + columns
    observed = ratio(np.trace(tables, axis1=-2, axis2=-1), n)
    chance = ratio((rows * columns).sum(axis=-1), n**2)
    disorder = 1 - ratio((pooled * (pooled - 1)).sum(axis=-1), 2 * n * (2 * n - 1))
    share = ratio(pooled, 2 * n[..., np.newaxis])
    gwet = (share * (1 - share)).sum(axis=-1) / (tables.shape[-1] - 1)
    return {
        "agreement": observed,
        "kappa": ratio(observed - chance, 1 - chance),
        "alpha": 1 - ratio(1 - observed, disorder),
        "ac1": ratio(observed - gwet, 1 - gwet),
    }


def rates_of(tables: FloatArray) -> dict[str, FloatArray]:
    """Precision, recall and F1 of each class of confusion tables (rows = truth), shapes (…, q); NaN where undefined."""
    both = np.diagonal(tables, axis1=-2, axis2=-1)
    wanted, given = tables.sum(axis=-1), tables.sum(axis=-2)
    return {
        "precision": ratio(both, given),
        "recall": ratio(both, wanted),
        "f1": ratio(2 * both, wanted + given),
    }


def mean_of_defined(values: FloatArray) -> FloatArray:
    """Mean over the last axis of what is not NaN; NaN where nothing is left. Of F1 by class: the macro-F1."""
    defined = ~np.isnan(values)
    return ratio(np.where(defined, values, 0).sum(axis=-1), defined.sum(axis=-1))


def ratio(over: Any, under: Any) -> FloatArray:
    """Quotients, NaN where the divisor is zero."""
    top, bottom = np.broadcast_arrays(np.asarray(over, dtype=np.float64), np.asarray(under, dtype=np.float64))
    quotients = np.full(top.shape, np.nan)
    np.divide(top, bottom, out=quotients, where=bottom != 0)
    return quotients


def masi(first: frozenset[str], second: frozenset[str]) -> float:
    """Likeness of two sets in [0, 1] (Passonneau 2006): Jaccard times 1 (equal), 2/3 (one in the other), 1/3, 0."""
    if first == second:
        return 1.0
    shared = first & second
    monotony = 2 / 3 if shared in (first, second) else 1 / 3
    return monotony * len(shared) / len(first | second)


def confusion(truth: Sequence[str], answer: Sequence[str], classes: Sequence[str]) -> list[list[int]]:
    """Counts, rows = truth, columns = answer, in the order of `classes`."""
    pairs = Counter(zip(truth, answer, strict=True))
    return [[pairs[t, a] for a in classes] for t in classes]


def interval_by_document(
    documents: Sequence[str], statistic: Callable[[Sequence[int]], float], seed: int
) -> list[float]:
    """Percentile interval (95 %) of a statistic, documents drawn with replacement.

    `statistic` takes the ranks of the passages drawn.
    """
    members: dict[str, list[int]] = {}
    for rank, document in enumerate(documents):
        members.setdefault(document, []).append(rank)
    names = sorted(members)
    random = np.random.default_rng(seed)
    values = []
    for _ in range(REPLICATES):
        drawn = random.integers(0, len(names), len(names))
        values.append(statistic([rank for pick in drawn for rank in members[names[int(pick)]]]))
    low, high = np.percentile(values, [2.5, 97.5])
    return [round(float(low), DECIMALS), round(float(high), DECIMALS)]
