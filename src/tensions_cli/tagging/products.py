"""Matrix products whose rows have the same bits whatever stands beside them, and wherever they stand.

A BLAS takes one path for whole tiles of rows and another for what is left, and sums in another order on each. So every
product has the same number of rows, the last ones filled up with zeros; and that number is one for which the library
of this machine treats all rows alike: 64 or 256 with OpenBLAS on AVX-512, 8 on AVX2 (its tiles of twelve columns sum
in two ways), asked of the library itself the first time.
"""

from functools import cache

import numpy as np

from tensions_cli.tagging.french import FloatArray

FEWER = (64, 8, 1)  # one row at a time is another routine, without tiles


@cache
def steady_rows(inner: int, columns: int, most: int) -> int:
    """How many rows to multiply at once by a matrix of `inner` rows and `columns` columns: `most`, or fewer."""
    numbers = np.random.default_rng(0).standard_normal(10_007).astype(np.float32)
    matrix, row = np.resize(numbers, (inner, columns)), np.resize(numbers[::-1], inner)
    for rows in (most, *(one for one in FEWER if one < most)):
        found = np.tile(row, (rows, 1)) @ matrix
        if (found == found[0]).all():
            return rows
    return 1


def product(rows: FloatArray, matrix: FloatArray, most: int) -> FloatArray:
    """`rows @ matrix`, at most `most` rows at a time."""
    at_once = steady_rows(*matrix.shape, most)
    result = np.empty((len(rows), matrix.shape[1]), dtype=np.float32)
    whole = len(rows) - len(rows) % at_once
    for start in range(0, whole, at_once):
        np.matmul(rows[start : start + at_once], matrix, out=result[start : start + at_once])
    if whole < len(rows):
        filled = np.zeros((at_once, rows.shape[1]), dtype=np.float32)
        filled[: len(rows) - whole] = rows[whole:]
        result[whole:] = (filled @ matrix)[: len(rows) - whole]
    return result
