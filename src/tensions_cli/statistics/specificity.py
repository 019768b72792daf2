"""Specificity of a word in a part of a corpus (Lafon 1980, Mots 1:127-165), as TXM and R's `textometry` give it."""

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

DECIMALS = 4
# Under |S| = 2 (one chance in a hundred in the tail) a count is banal: as in IRaMuTeQ's hypergeometric index.
BANALITY = 2.0


def specificity(count: ArrayLike, total: ArrayLike, part: ArrayLike, words: int) -> NDArray[np.float64]:
    """Signed log10 specificity of `count` of `total` occurrences, in a part of `part` words out of `words`.

    Integers that broadcast (a column of words by a row of parts gives a table). Under the hypergeometric law with these
    margins: −log10 P(X ≥ count) from the expected count up, +log10 P(X ≤ count) below it; `count` belongs to both
    tails. Rounded to four decimals; always finite, where TXM writes an infinity.
    Raises ValueError on counts that no part can have.
    """
    shaped = np.broadcast_arrays(*(np.asarray(value, dtype=np.int64) for value in (count, total, part)))
    f, whole, size = (values.ravel() for values in shaped)
    possible = (f >= 0) & (f <= whole) & (f <= size) & (size <= words) & (whole <= words) & (whole - f <= words - size)
    if not possible.all():
        raise ValueError("a count is larger than its word, its part or its corpus allows")
    # Small corpora have few distinct triples (5,000 words by 12 parts: 13 times faster), and they are the normal case.
    triples, back = np.unique(np.stack([f, whole, size]), axis=1, return_inverse=True)
    return _of_triples(triples[0], triples[1], triples[2], words)[back.ravel()].reshape(shaped[0].shape)


def _of_triples(
    f: NDArray[np.int64], whole: NDArray[np.int64], size: NDArray[np.int64], words: int
) -> NDArray[np.float64]:
    from scipy.stats import hypergeom

    upper = (
        f * words >= whole * size
    )  # integers: a count equal to the expected one must not fall on either side by rounding
    result = np.zeros(f.shape)
    result[upper] = -_log10(hypergeom.sf, hypergeom.logsf, f[upper] - 1, words, whole[upper], size[upper])
    lower = ~upper
    result[lower] = _log10(hypergeom.cdf, hypergeom.logcdf, f[lower], words, whole[lower], size[lower])
    return np.round(result, DECIMALS) + 0.0  # no negative zero


def _log10(
    tail: "Callable[..., NDArray[np.float64]]",
    log_tail: "Callable[..., NDArray[np.float64]]",
    f: NDArray[np.int64],
    words: int,
    whole: NDArray[np.int64],
    size: NDArray[np.int64],
) -> NDArray[np.float64]:
    """log10 of a tail; where the probability underflows, the slow logarithmic form."""
    probability = np.clip(tail(f, words, whole, size), 0.0, 1.0)
    lost = probability == 0.0
    logs = np.log10(np.where(lost, 1.0, probability))
    if lost.any():
        logs[lost] = log_tail(f[lost], words, whole[lost], size[lost]) / math.log(10)
    return np.asarray(logs, dtype=np.float64)
