"""Weighted log-odds with an informative Dirichlet prior (Monroe, Colaresi, Quinn 2008, doi 10.1093/pan/mpn018)."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


def weighted_log_odds(
    count: ArrayLike, other: ArrayLike, size: ArrayLike, other_size: ArrayLike, prior: ArrayLike, prior_size: float
) -> tuple[FloatArray, FloatArray]:
    """δ and ζ of words said `count` times in a part of `size` words, `other` times in the rest (`other_size` words).

    `prior`: pseudo-counts α_w, positive, that sum to `prior_size` over the whole vocabulary. Arguments broadcast.
    δ = ln[(y_i+α_w)/(n_i+α_0−y_i−α_w)] − the same for the rest; ζ = δ/√(1/(y_i+α_w) + 1/(y_j+α_w)) (the two-term
    variance of the authors); |ζ| > 1.96 is read as a difference. A word absent from one side keeps a finite value.
    """
    y, rest, n, n_rest, alpha = (
        np.asarray(value, dtype=np.float64) for value in (count, other, size, other_size, prior)
    )
    here, there = y + alpha, rest + alpha
    delta = np.log(here / (n + prior_size - here)) - np.log(there / (n_rest + prior_size - there))
    return delta, delta / np.sqrt(1 / here + 1 / there)
