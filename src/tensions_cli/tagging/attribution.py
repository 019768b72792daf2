"""Which words carry a score: the terms of a linear head shared out over the words of one passage.

Every term of the log-odds is given to words (a pair of lemmas to its two words, a piece to the words
that hold it, the mean vector to its words, a cue to the words it covers) or to the form of the
passage; the terms add up to the log-odds before calibration.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tensions_cli.tagging.features import (
    DISCOURSE,
    SCALES,
    Seen,
    Space,
    cue_families,
    cue_names,
    cue_values,
    discourse_values,
    grams,
    lemma_values,
    piece_values,
    pieces_of,
    vector_weights,
)
from tensions_cli.tagging.french import FloatArray, vector_table

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


def attribute(space: Space, seen: Seen, coefficients: FloatArray, intercept: float) -> Attribution:
    """Share out one head's log-odds; `coefficients` has one value per column of the feature space."""
    starts = space.starts
    weights = coefficients.astype(np.float64)
    terms = (
        _lemma_terms(space, seen, weights[: starts["pieces"]])
        + _piece_terms(space, seen, weights[starts["pieces"] : starts["vector"]])
        + _vector_terms(space, seen, weights[starts["vector"] : starts["cues"]])
        + _cue_terms(seen, weights[starts["cues"] : starts["discourse"]])
    )
    values = discourse_values(seen) * SCALES["discourse"] * weights[starts["discourse"] :]
    form = {feature.__name__: float(value) for feature, value in zip(DISCOURSE, values, strict=True)}
    cue_weights = weights[starts["cues"] : starts["discourse"]]
    form["both"] = float(cue_values(seen.cues)[-1] * SCALES["cues"] * cue_weights[-1])
    return Attribution(terms, form, float(intercept))


def _lemma_terms(space: Space, seen: Seen, weights: Terms) -> Terms:
    words = seen.words
    columns, values = lemma_values(space, words)
    value_of = dict(zip(columns.tolist(), (values * SCALES["lemmas"] * weights[columns]).tolist(), strict=True))
    found = [space.lemmas.get(gram) for gram in grams(words)]
    counts = {column: found.count(column) for column in set(found) if column is not None}
    terms = np.zeros(len(words.lemmas))
    for place, column in enumerate(found):
        if column is None:
            continue
        share = value_of[column] / counts[column]
        pair = place - len(words.lemmas)
        if pair < 0:
            terms[place] += share
        else:
            terms[pair : pair + 2] += share / 2
    return terms


def _piece_terms(space: Space, seen: Seen, weights: Terms) -> Terms:
    columns, values = piece_values(space, seen.words)
    value_of = dict(zip(columns.tolist(), (values * SCALES["pieces"] * weights[columns]).tolist(), strict=True))
    found = [
        [column for piece in pieces_of(form) if (column := space.pieces.get(piece)) is not None]
        for form in seen.words.forms
    ]
    counts: dict[int, int] = {}
    for run in found:
        for column in run:
            counts[column] = counts.get(column, 0) + 1
    return np.array([sum(value_of[c] / counts[c] for c in run) for run in found], dtype=np.float64)


def _vector_terms(space: Space, seen: Seen, weights: Terms) -> Terms:
    shares = vector_weights(space, seen.words)
    rows = vector_table()[seen.words.vectors]
    length = max(float(np.linalg.norm(shares @ rows)), 1e-9)
    return np.asarray(shares * (rows @ weights) * SCALES["vector"] / length, dtype=np.float64)


def _cue_terms(seen: Seen, weights: Terms) -> Terms:
    names = {name: rank for rank, name in enumerate(cue_names())}
    values = cue_values(seen.cues) * SCALES["cues"] * weights
    strengths: dict[str, int] = {}
    for match in seen.cues:
        for family in cue_families(match):
            strengths[family] = strengths.get(family, 0) + match.cue.strength
    terms = np.zeros(len(seen.words.lemmas))
    for match in seen.cues:
        for family in cue_families(match):
            share = values[names[family]] * match.cue.strength / strengths[family]
            terms[match.first : match.last] += share / (match.last - match.first)
    return terms
