"""Figures of quality: agreement and F1 between two codings of the same passages.

Formulas: Cohen 1960 (κ), Gwet 2008 (AC1), Krippendorff 2018 (nominal α). Intervals resample documents, never
passages.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

DECIMALS = 4
REPLICATES = 1000


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
    """Per cent, Cohen κ, Krippendorff α (nominal, two coders) and Gwet AC1."""
    n = len(truth)
    classes = sorted(set(truth) | set(answer))
    q = max(len(classes), 2)
    observed = sum(t == a for t, a in zip(truth, answer, strict=True)) / n
    rows, columns = Counter(truth), Counter(answer)
    chance = sum(rows[c] * columns[c] for c in classes) / n**2
    pooled = {c: rows[c] + columns[c] for c in classes}
    disorder = 1 - sum(v * (v - 1) for v in pooled.values()) / (2 * n * (2 * n - 1))
    gwet = sum((v / (2 * n)) * (1 - v / (2 * n)) for v in pooled.values()) / (q - 1)
    return {
        "agreement": round(observed, DECIMALS),
        "kappa": round((observed - chance) / (1 - chance), DECIMALS) if chance < 1 else 1.0,
        "alpha": round(1 - (1 - observed) / disorder, DECIMALS) if disorder > 0 else 1.0,
        "ac1": round((observed - gwet) / (1 - gwet), DECIMALS) if gwet < 1 else 1.0,
    }


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


def calibration_error(scores: Sequence[float], truth: Sequence[bool], bins: int = 10) -> float:
    """Expected calibration error over equal-width bins (Naeini et al. 2015)."""
    s, t = np.asarray(scores), np.asarray(truth, dtype=float)
    rank = np.minimum((s * bins).astype(int), bins - 1)
    gaps = [abs(s[rank == b].mean() - t[rank == b].mean()) * (rank == b).mean() for b in set(rank.tolist())]
    return round(float(sum(gaps)), DECIMALS)
