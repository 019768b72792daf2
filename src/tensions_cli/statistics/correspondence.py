"""Correspondence analysis of labels by the values of a variable (Benzécri 1973; formulas of Greenacre 2007, app. A).

The only owner of `prince`, which decomposes the table. P = N/n with margins r and c: eigenvalues λ_k of the
standardised residuals, whose sum is χ²/n; contribution of row i to factor k: r_i·F_ik²/λ_k; cos²: F_ik² over the
squared χ² distance of the point to the centre. A supplementary row is placed by the transition formula:
profile · G / √λ.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tensions_cli.knowledge.codebook import codebook
from tensions_cli.results import Correspondence, FactorPoint
from tensions_cli.statistics.summary import Counted

DECIMALS = 4
MIN_COLUMNS = 3
MIN_ROWS = 3
# A value of the variable with fewer passages is not placed: with four labels, ten passages make 2.5 a cell, and one
# passage more or less moves the point by a tenth of its profile.
MIN_PASSAGES = 10
# An axis that fewer passages bear is not placed: one passage alone stands at the very edge of the plane.
MIN_SUPPLEMENTARY = 5
NOTHING = 1e-10  # an eigenvalue that is rounding: the factor does not exist

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Factors:
    """Eigenvalues, row coordinates, column coordinates, one column a factor, signs fixed."""

    inertia: FloatArray
    rows: FloatArray
    columns: FloatArray


def correspondence_by(rows: Iterable[Counted], variable: str, *, joined: str = " × ") -> Correspondence | None:
    """Labels by the values of a variable, axes by pole (`axis:pole`) as supplementary rows; see `correspondence`.

    `rows`: what `summary.counted` keeps of each passage; their key holds the value of the variable (several values are
    joined).
    """
    labels: dict[str, Counter[str]] = {label: Counter() for label in codebook().labels}
    axes: dict[str, Counter[str]] = {
        f"{axis}:{pole}": Counter() for axis in codebook().axes for pole in codebook().poles
    }
    for row in rows:
        value = joined.join(row.key)
        labels[row.label][value] += 1
        for axis in row.axes:
            axes.setdefault(axis, Counter())[value] += 1
    return correspondence(labels, axes, variable)


def correspondence(
    table: Mapping[str, Mapping[str, int]], supplementary: Mapping[str, Mapping[str, int]], variable: str
) -> Correspondence | None:
    """Correspondence analysis of a table of counts, by row then column; columns are sorted by code point.

    Empty rows, and columns of fewer than MIN_PASSAGES passages, are left out (the columns are named); None when fewer
    than three rows or three columns remain, or when the rows all have the same profile (χ² = 0): there is nothing to
    place. Supplementary rows have no mass; those of fewer than MIN_SUPPLEMENTARY passages are
    left out. On each factor the column that contributes most is
    on the positive side (the first by code point among equals), so that a figure never flips.
    """
    values = Counter[str]()
    for row in table.values():
        values.update(row)
    columns = sorted(value for value, n in values.items() if n >= MIN_PASSAGES)
    left_out = tuple(sorted(value for value, n in values.items() if 0 < n < MIN_PASSAGES))
    rows = [name for name, row in table.items() if any(row.get(value, 0) for value in columns)]
    if len(columns) < MIN_COLUMNS or len(rows) < MIN_ROWS:
        return None
    counts = _counts(table, rows, columns)
    factors = _factors(counts, rows, columns)
    if not factors.inertia.size:
        return None
    n = float(counts.sum())
    added = [
        name for name, row in supplementary.items() if sum(row.get(value, 0) for value in columns) >= MIN_SUPPLEMENTARY
    ]
    return Correspondence(
        variable=variable,
        chi2=round(_inertia(counts) * n, DECIMALS),
        passages=int(n),
        inertia=_rounded(factors.inertia),
        shares=_rounded(factors.inertia / _inertia(counts)),
        rows=_points(rows, counts, factors.rows, factors.inertia),
        columns=_points(columns, counts.T, factors.columns, factors.inertia),
        supplementary=_supplementary(added, _counts(supplementary, added, columns), counts, factors),
        left_out=left_out,
    )


def _counts(table: Mapping[str, Mapping[str, int]], rows: Sequence[str], columns: Sequence[str]) -> FloatArray:
    return np.array([[table[row].get(column, 0) for column in columns] for row in rows], dtype=np.float64).reshape(
        len(rows), len(columns)
    )


def _inertia(counts: FloatArray) -> float:
    """χ²/n."""
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    return float(((counts - expected) ** 2 / expected).sum() / counts.sum())


def _factors(counts: FloatArray, rows: Sequence[str], columns: Sequence[str]) -> _Factors:
    import pandas
    import prince

    frame = pandas.DataFrame(counts, index=pandas.Index(rows), columns=pandas.Index(columns))
    model = prince.CA(n_components=min(counts.shape) - 1, engine="scipy", random_state=0).fit(frame)
    inertia = np.asarray(model.eigenvalues_, dtype=np.float64)
    kept = inertia > NOTHING
    inertia = inertia[kept]
    row_points = model.row_coordinates(frame).to_numpy(dtype=np.float64)[:, kept]
    column_points = model.column_coordinates(frame).to_numpy(dtype=np.float64)[:, kept]
    # Rounded, so that two columns that contribute equally do not swap with the last bit of a processor.
    weight = np.round(counts.sum(axis=0)[:, None] * column_points**2, 9)
    leading = column_points[weight.argmax(axis=0), np.arange(inertia.size)]
    signs = np.where(leading < 0, -1.0, 1.0)
    return _Factors(inertia, row_points * signs, column_points * signs)


def _points(
    names: Sequence[str], counts: FloatArray, coordinates: FloatArray, inertia: FloatArray
) -> tuple[FactorPoint, ...]:
    """Active points; `counts` has one row a point."""
    sizes = counts.sum(axis=1)
    masses = sizes / sizes.sum()
    contributions = masses[:, None] * coordinates**2 / inertia
    cos2 = _cos2(counts, counts.sum(axis=0), coordinates)
    return tuple(
        FactorPoint(
            name=name,
            mass=round(float(masses[i]), DECIMALS),
            count=int(sizes[i]),
            coordinates=_rounded(coordinates[i]),
            contributions=_rounded(contributions[i]),
            cos2=_rounded(cos2[i]),
        )
        for i, name in enumerate(names)
    )


def _supplementary(
    names: Sequence[str], counts: FloatArray, active: FloatArray, factors: _Factors
) -> tuple[FactorPoint, ...]:
    if not names:
        return ()
    profiles = counts / counts.sum(axis=1, keepdims=True)
    coordinates = profiles @ factors.columns / np.sqrt(factors.inertia)
    cos2 = _cos2(counts, active.sum(axis=0), coordinates)
    return tuple(
        FactorPoint(name, 0.0, int(counts[i].sum()), _rounded(coordinates[i]), (), _rounded(cos2[i]))
        for i, name in enumerate(names)
    )


def _cos2(counts: FloatArray, margin: FloatArray, coordinates: FloatArray) -> FloatArray:
    """Squared coordinates over the squared χ² distance of each profile to the mean one; 0 for a mean profile."""
    mean = margin / margin.sum()
    profiles = counts / counts.sum(axis=1, keepdims=True)
    distance = ((profiles - mean) ** 2 / mean).sum(axis=1)[:, None]
    known = np.broadcast_to(distance > NOTHING, coordinates.shape)
    result = np.zeros_like(coordinates)
    np.divide(coordinates**2, distance, out=result, where=known)
    return result


def _rounded(values: FloatArray) -> tuple[float, ...]:
    return tuple(float(value) + 0.0 for value in np.round(values, DECIMALS) + 0.0)
