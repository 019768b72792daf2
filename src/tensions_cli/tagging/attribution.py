"""Which words carry a score: the terms of a linear head shared out over the words of one passage.

Every term of a linear head is given to words (a pair of lemmas to its two words, a piece to the words
that hold it, a cue to the words it covers) or to the form of the passage; the terms add up to the
head's log-odds. The encoder's term is shared out by `explain.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tensions_cli.tagging.features import (
    DISCOURSE,
    SCALES,
    Counts,
    Row,
    Space,
    cue_families,
    cue_names,
)
from tensions_cli.tagging.french import FloatArray

Terms = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Attribution:
    """Log-odds of one head for one passage: `words` (one term per word) + `form` + `start`."""

    words: Terms
    form: dict[str, float]
    start: float

    @property
    def total(self) -> float:
        """The log-odds before calibration."""
        return float(self.words.sum()) + sum(self.form.values()) + self.start


def attribute(space: Space, row: Row, coefficients: FloatArray, intercept: float) -> Attribution:
    """Share out one head's log-odds; `coefficients` has one value per column of the feature space."""
    starts = space.starts
    cue_weights = coefficients[starts["cues"] : starts["discourse"]].astype(np.float64)
    terms = (
        _lemma_terms(row, coefficients[: starts["pieces"]])
        + _piece_terms(row, coefficients[starts["pieces"] : starts["cues"]])
        + _cue_terms(row, cue_weights, cue_names(space.book))
    )
    values = row.discourse * SCALES["discourse"] * coefficients[starts["discourse"] :].astype(np.float64)
    form = {feature.__name__: float(value) for feature, value in zip(DISCOURSE, values, strict=True)}
    form["both"] = float(row.cues[-1] * SCALES["cues"] * cue_weights[-1])
    return Attribution(terms, form, float(intercept))


def _shares(counts: Counts, coefficients: FloatArray) -> Terms:
    """Term of each occurrence: the column's term over the number of times the passage has it."""
    weights = coefficients[counts.columns].astype(np.float64)
    places = np.searchsorted(counts.columns, counts.found)
    return np.asarray((counts.values * weights / counts.times)[places], dtype=np.float64)


def _lemma_terms(row: Row, coefficients: FloatArray) -> Terms:
    size = len(row.seen.words.lemmas)
    shares = _shares(row.lemmas, coefficients) * SCALES["lemmas"]
    alone = row.lemmas.owners < size
    terms = np.bincount(row.lemmas.owners[alone], shares[alone], minlength=size).astype(np.float64)
    firsts = row.lemmas.owners[~alone] - size
    for word in (firsts, firsts + 1):
        terms += np.bincount(word, shares[~alone] / 2, minlength=size)
    return terms


def _piece_terms(row: Row, coefficients: FloatArray) -> Terms:
    shares = _shares(row.pieces, coefficients) * SCALES["pieces"]
    terms = np.bincount(row.pieces.owners, shares, minlength=len(row.seen.words.lemmas))
    return np.asarray(terms, dtype=np.float64)


def _cue_terms(row: Row, weights: Terms, names: Sequence[str]) -> Terms:
    cues = row.seen.cues
    values = dict(zip(names, (row.cues * SCALES["cues"] * weights).tolist(), strict=True))
    strengths: dict[str, int] = {}
    for match in cues:
        for family in cue_families(match):
            strengths[family] = strengths.get(family, 0) + match.cue.strength
    terms = np.zeros(len(row.seen.words.lemmas))
    for match in cues:
        for family in cue_families(match):
            share = values[family] * match.cue.strength / strengths[family]
            terms[match.first : match.last] += share / (match.last - match.first)
    return terms
