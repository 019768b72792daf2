"""Agreement of two coders or more, some of whose codes may be missing, with intervals by document.

A passage is compared when two coders at least coded it. With r_uk the coders who gave passage u class k and m_u those
who coded it: per cent agreement is the mean over passages of Σ r(r − 1) / m(m − 1) (Fleiss 1971); Krippendorff's
nominal α takes coincidences, Σ r(r − 1)/(m − 1) (2011, « Computing Krippendorff's alpha »); Gwet's AC1 takes
π_k = mean of r_uk/m_u and chance Σ π(1 − π)/(q − 1) (2008); Brennan and Prediger's chance is 1/q (1981). With two
coders these are the formulas of `agreement.agreement_of`. Cohen's κ is that of two coders; of more, the mean over
pairs (Light 1971). Agreement on one class: Σ r(r − 1)/(m − 1) over Σ r, which with two coders is F1 (Cicchetti and
Feinstein 1990, Spitzer and Fleiss 1974).

Every figure comes from sums over documents, so that a draw of documents weighs those sums (`agreement_by_document`).
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from tensions_cli.statistics.agreement import agreement_of, masi, mean_of_defined, ratio
from tensions_cli.statistics.agreement_by_document import Sample, measure, tables

# Under this many passages the sentence on the spread of κ is said (docs/methods.md).
FEW_PASSAGES = 200
# 95 % of the κ observed on n independent passages when the true one is .70, with four classes of shares .35 .35 .15
# .15 (simulation: docs/methods.md, tests/statistics/test_agreement.py).
SPREAD_OF_KAPPA = {50: (0.52, 0.84), 100: (0.58, 0.80), 200: (0.62, 0.78)}

# Name of the band from each lower bound on. Landis and Koch 1977 (Biometrics 33, 159–174); McHugh 2012 (Biochemia
# Medica 22, 276–282); Krippendorff 2018 (Content Analysis, 4th ed., chapter 12). The two first name bands with two
# decimals (.61–.80): a κ is rounded before it is looked up.
BANDS: Mapping[str, tuple[tuple[float, str], ...]] = {
    "landis_koch_1977": (
        (-1.0, "poor"), (0.0, "slight"), (0.21, "fair"), (0.41, "moderate"), (0.61, "substantial"),
        (0.81, "almost_perfect"),
    ),
    "mchugh_2012": (
        (-1.0, "none"), (0.21, "minimal"), (0.40, "weak"), (0.60, "moderate"), (0.80, "strong"),
        (0.91, "almost_perfect"),
    ),
    "krippendorff_2018": ((-1.0, "unreliable"), (0.667, "tentative"), (0.8, "reliable")),
}  # fmt: skip
BAND_DECIMALS = {"landis_koch_1977": 2, "mchugh_2012": 2, "krippendorff_2018": 3}

Codes = Sequence[Sequence[str | None]]  # by passage, then by coder; None where the coder said nothing
Sets = Sequence[Sequence[frozenset[str] | None]]


def agreement_of_coders(codes: Codes, classes: Sequence[str], coders: Sequence[str], sample: Sample) -> dict[str, Any]:
    """All figures of one question that the coders answered.

    `codes`: shape (passages, coders), values of `classes`; `sample`: documents of the same passages. Returns
    `passages` and `documents` compared, `codes` (answers compared), the figures with their intervals, `classes`
    (agreement on each, and how often each coder gave it), `pairs` (each pair of coders, with its confusion table).
    """
    compared = [list(row) if _said(row) > 1 else [None] * len(coders) for row in codes]
    order = {name: rank for rank, name in enumerate(classes)}
    q, k = len(classes), sample.weights.shape[1]
    # By document: passages, agreement, π (q), answers (q), coincidences of the same class (q).
    sums = np.zeros((k, 2 + 3 * q))
    for document, row in zip(sample.members.tolist(), compared, strict=True):
        m = _said(row)
        if not m:
            continue
        given = np.zeros(q)
        for code in row:
            if code is not None:
                given[order[code]] += 1
        alike = given * (given - 1) / (m - 1)
        sums[document] += np.concatenate([[1.0, alike.sum() / m], given / m, given, alike])
    documents = int((sums[:, 0] > 0).sum())
    drawn = sample.weights @ sums
    n, agreed = drawn[:, 0], drawn[:, 1]
    pi, answers, alike = (drawn[:, 2 + i * q : 2 + (i + 1) * q] for i in range(3))
    observed, total = ratio(agreed, n), answers.sum(axis=1)
    share = ratio(pi, n[:, np.newaxis])
    chance = (share * (1 - share)).sum(axis=1) / (q - 1)
    disorder = ratio(total**2 - (answers**2).sum(axis=1), total * (total - 1))
    pairs = _pairs(compared, classes, coders, sample)
    kappas = np.array([found.pop("_kappas") for found in pairs])
    return {
        "passages": int(n[0]),
        "documents": documents,
        "codes": int(total[0]),
        "agreement": measure(observed, documents),
        "kappa": measure(mean_of_defined(kappas.T), documents) if pairs else _nothing(),
        "alpha": measure(1 - ratio(1 - ratio(alike.sum(axis=1), total), disorder), documents),
        "ac1": measure(ratio(observed - chance, 1 - chance), documents),
        "brennan_prediger": measure(ratio(observed - 1 / q, np.full_like(observed, 1 - 1 / q)), documents),
        "classes": {
            name: {
                "agreement": measure(ratio(alike[:, rank], answers[:, rank]), documents),
                "given": {
                    coder: sum(row[at] == name for row in compared) for at, coder in enumerate(coders)
                },
            }
            for rank, name in enumerate(classes)
        },
        "answered": {coder: sum(row[at] is not None for row in compared) for at, coder in enumerate(coders)},
        "pairs": pairs,
    }  # fmt: skip


def agreement_on_sets(codes: Sets, sample: Sample) -> dict[str, Any]:
    """Agreement on sets: mean MASI over pairs of coders, and Krippendorff's α with the distance 1 − MASI.

    `masi_where_any`: over the passages where one coder at least names something (elsewhere empty sets agree).
    """
    values = sorted({value for row in codes if _said(row) > 1 for value in row if value is not None}, key=sorted)
    order = {value: rank for rank, value in enumerate(values)}
    likeness = np.array([[masi(a, b) for b in values] for a in values]).reshape(len(values), len(values))
    k = sample.weights.shape[1]
    pooled, sums = np.zeros((k, len(values))), np.zeros((k, 5))
    for document, row in zip(sample.members.tolist(), codes, strict=True):
        m = _said(row)
        if m < 2:
            continue
        ranks = [order[value] for value in row if value is not None]
        alike = sum(likeness[a, b] for a, b in combinations(ranks, 2)) * 2 / (m * (m - 1))
        named = float(any(row))
        sums[document] += (1, alike, named, alike * named, m * (1 - alike))
        np.add.at(pooled[document], ranks, 1)
    documents = int((sums[:, 0] > 0).sum())
    counts = sample.weights @ pooled
    n, alike, named_n, alike_named, apart = (sample.weights @ sums).T
    total = counts.sum(axis=1)
    expected = ratio(((counts @ (1 - likeness)) * counts).sum(axis=1), total * (total - 1))
    return {
        "passages": int(n[0]),
        "documents": documents,
        "passages_where_any": int(named_n[0]),
        "masi": measure(ratio(alike, n), documents),
        "masi_where_any": measure(ratio(alike_named, named_n), documents),
        "alpha_masi": measure(1 - ratio(ratio(apart, total), expected), documents),
    }


def bands_of(figure: Mapping[str, Any], authors: Sequence[str]) -> dict[str, dict[str, str | None]]:
    """By author of a scale: the band of a figure's value, and those of the bounds of its interval (None: none)."""
    low, high = figure["interval"] or (None, None)
    return {
        author: {"value": band(figure["value"], author), "low": band(low, author), "high": band(high, author)}
        for author in authors
    }


def band(value: float | None, author: str) -> str | None:
    """Name of the band of one value on the scale of one author."""
    if value is None:
        return None
    rounded = round(value, BAND_DECIMALS[author])
    return next((name for bound, name in reversed(BANDS[author]) if rounded >= bound), BANDS[author][0][1])


def spread_of_kappa(passages: int) -> dict[str, Any] | None:
    """What κ may be on so few passages when the true one is .70; None from FEW_PASSAGES on."""
    if passages >= FEW_PASSAGES:
        return None
    at = min(n for n in SPREAD_OF_KAPPA if n >= passages)
    low, high = SPREAD_OF_KAPPA[at]
    return {"passages": at, "true": 0.7, "low": low, "high": high}


def _pairs(
    codes: Codes, classes: Sequence[str], coders: Sequence[str], sample: Sample
) -> list[dict[str, Any]]:  # fmt: skip
    """Each pair of coders who have passages in common; `_kappas`: κ of the sample and of each draw."""
    found = []
    for (at, one), (other_at, other) in combinations(enumerate(coders), 2):
        table = tables([row[at] for row in codes], [row[other_at] for row in codes], classes, sample)
        if not table.documents:
            continue
        figures = agreement_of(table.counts)
        found.append(
            {
                "coders": [one, other],
                "passages": int(table.counts[0].sum()),
                "documents": table.documents,
                "agreement": measure(figures["agreement"], table.documents),
                "kappa": measure(figures["kappa"], table.documents),
                "confusion": {"order": list(classes), "rows_first": table.counts[0].astype(int).tolist()},
                "_kappas": figures["kappa"],
            }
        )
    return found


def _said(row: Sequence[object]) -> int:
    return sum(value is not None for value in row)


def _nothing() -> dict[str, Any]:
    return {"value": None, "interval": None}
