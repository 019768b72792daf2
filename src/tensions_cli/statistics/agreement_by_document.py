"""Figures of two codings with intervals by document, all from one series of draws.

Every figure comes from sums over documents (confusion tables, counts of sets): a draw of documents is a weighting of
those sums, so thousands of draws are one product of matrices.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tensions_cli.statistics.agreement import DECIMALS, FloatArray, agreement_of, masi, mean_of_defined, rates_of, ratio
from tensions_cli.statistics.intervals import LEVEL, MIN_CLUSTERS, REPLICATES, SEED

# A 95 % interval leaves out 5 % of the draws by its tails; when more than that have no value (no passage of the class
# in the documents drawn), its bounds would not be those of a 95 % interval.
MOST_UNDEFINED = 1 - LEVEL


@dataclass(frozen=True, slots=True)
class Sample:
    """Passages in their documents, and documents drawn with replacement.

    `members`: rank of the document of each passage; `weights`: how often each document is in each draw, shape
    (1 + REPLICATES, documents). The first row is the sample itself: every document once.
    """

    members: NDArray[np.int64]
    weights: FloatArray


@dataclass(frozen=True, slots=True)
class Tables:
    """Confusion tables of the sample and of each draw, shape (1 + REPLICATES, q, q), rows = gold.

    `documents`: how many have a passage in the table.
    """

    classes: tuple[str, ...]
    counts: FloatArray
    documents: int


def method(documents: int) -> str:
    """How intervals are made for this many documents, in the words of the summaries."""
    if documents < MIN_CLUSTERS:
        return f"none: fewer than {MIN_CLUSTERS} documents"
    return f"bootstrap-{REPLICATES}-seed-{SEED} by document, 95 %"


def draw(documents: Sequence[str]) -> Sample:
    """The sample, given the document of each passage (one passage at least), with its draws; the seed is fixed."""
    names, members = np.unique(np.asarray(documents, dtype=np.str_), return_inverse=True)
    k = len(names)
    drawn = np.random.default_rng(SEED).multinomial(k, [1 / k] * k, size=REPLICATES)
    return Sample(members.astype(np.int64), np.vstack([np.ones((1, k)), drawn]))


def measure(values: FloatArray, documents: int) -> dict[str, Any]:
    """`value` and `interval` of a figure, from the sample's own value followed by those of the draws.

    None for a value that is undefined; for an interval under MIN_CLUSTERS documents, where too many draws have no
    value, or where all draws say the same (a share of 0 or 1 has no spread to estimate).
    """
    value, drawn = float(values[0]), values[1:][~np.isnan(values[1:])]
    if np.isnan(value):
        return {"value": None, "interval": None}
    interval = None
    if documents >= MIN_CLUSTERS and len(drawn) >= (1 - MOST_UNDEFINED) * (len(values) - 1):
        tail = 100 * (1 - LEVEL) / 2
        low, high = (round(float(bound), DECIMALS) for bound in np.percentile(drawn, [tail, 100 - tail]))
        interval = [low, high] if low < high else None
    return {"value": round(value, DECIMALS), "interval": interval}


def tables(truth: Sequence[str | None], said: Sequence[str | None], classes: Sequence[str], sample: Sample) -> Tables:
    """Confusion tables; passages that either coding leaves at None are not compared."""
    order, q = {name: rank for rank, name in enumerate(classes)}, len(classes)
    cells = np.zeros((sample.weights.shape[1], q * q))
    for document, t, s in zip(sample.members.tolist(), truth, said, strict=True):
        if t is not None and s is not None:
            cells[document, order[t] * q + order[s]] += 1
    documents = int((cells.sum(axis=1) > 0).sum())
    return Tables(tuple(classes), (sample.weights @ cells).reshape(-1, q, q), documents)


def coding(
    truth: Sequence[str | None], said: Sequence[str | None], classes: Sequence[str], sample: Sample
) -> dict[str, Any]:
    """All figures of two codings with several classes."""
    found = tables(truth, said, classes, sample)
    return {
        **_compared(found),
        "classes": {name: _rates(found, rank) for rank, name in enumerate(found.classes)},
        "macro_f1": measure(mean_of_defined(rates_of(found.counts)["f1"]), found.documents),
        "agreement": _agreement(found),
        "confusion": {"order": list(found.classes), "rows_gold": found.counts[0].astype(int).tolist()},
    }


def yes_or_no(truth: Sequence[bool | None], said: Sequence[bool | None], sample: Sample) -> dict[str, Any]:
    """Figures of `yes`, and the agreement on yes and no."""
    names = {True: "yes", False: "no", None: None}
    found = tables([names[t] for t in truth], [names[s] for s in said], ("no", "yes"), sample)
    return {**_compared(found), **_rates(found, 1), "agreement": _agreement(found)}


def sets(truth: Sequence[frozenset[str] | None], said: Sequence[frozenset[str]], sample: Sample) -> dict[str, Any]:
    """Agreement on sets: mean MASI, and Krippendorff α with the distance 1 − MASI.

    `masi_where_any`: over the passages where either coding names something; the empty set is a value like another
    in the two others. Passages whose truth is None are not compared.
    """
    pairs = [(d, t, s) for d, t, s in zip(sample.members.tolist(), truth, said, strict=True) if t is not None]
    values = sorted({value for _, t, s in pairs for value in (t, s)}, key=sorted)
    order = {value: rank for rank, value in enumerate(values)}
    k = sample.weights.shape[1]
    pooled, sums = np.zeros((k, len(values))), np.zeros((k, 4))
    for document, t, s in pairs:
        pooled[document, order[t]] += 1
        pooled[document, order[s]] += 1
        named, likeness = bool(t or s), masi(t, s)
        sums[document] += (1, likeness, named, likeness * named)
    far = np.array([[1 - masi(a, b) for b in values] for a in values]).reshape(len(values), len(values))
    counts = sample.weights @ pooled
    n, alike, named_n, alike_named = (sample.weights @ sums).T
    expected = ratio(((counts @ far) * counts).sum(axis=1), 2 * n * (2 * n - 1))
    documents = int((sums[:, 0] > 0).sum())
    return {
        "passages": int(n[0]),
        "documents": documents,
        "passages_where_any": int(named_n[0]),
        "masi": measure(ratio(alike, n), documents),
        "masi_where_any": measure(ratio(alike_named, named_n), documents),
        "alpha_masi": measure(1 - ratio(1 - ratio(alike, n), expected), documents),
    }


def _compared(found: Tables) -> dict[str, int]:
    return {"passages": int(found.counts[0].sum()), "documents": found.documents}


def _rates(found: Tables, rank: int) -> dict[str, Any]:
    table = found.counts[0]
    rates = {name: measure(values[:, rank], found.documents) for name, values in rates_of(found.counts).items()}
    counts = {"support": table[rank].sum(), "said": table[:, rank].sum(), "both": table[rank, rank]}
    return {name: int(count) for name, count in counts.items()} | rates


def _agreement(found: Tables) -> dict[str, Any]:
    return {name: measure(values, found.documents) for name, values in agreement_of(found.counts).items()}
