"""Correspondence analysis: golden table of the reference, hand-placed supplementary rows, an SVD written here."""

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from shipped import LOGICS
from tensions_cli.knowledge.codebook import shipped
from tensions_cli.results import Correspondence, FactorPoint
from tensions_cli.statistics.correspondence import MIN_PASSAGES, correspondence, correspondence_by
from tensions_cli.statistics.summary import Counted

# Reference, §6: four labels in three structures, 300 passages.
TABLE = {
    "rationalisation": {"A": 40, "B": 10, "C": 15},
    "professionnelle": {"A": 20, "B": 35, "C": 10},
    "mixte": {"A": 15, "B": 20, "C": 12},
    "neutre": {"A": 25, "B": 35, "C": 63},
}


def analysis(supplementary: dict[str, dict[str, int]] | None = None) -> Correspondence:
    result = correspondence(TABLE, supplementary or {}, "structure")
    assert result is not None
    return result


def named(points: tuple[FactorPoint, ...], name: str) -> FactorPoint:
    return next(point for point in points if point.name == name)


def test_golden_inertia() -> None:
    result = analysis()
    assert (result.chi2, result.passages) == (59.4735, 300)
    assert result.inertia == (0.1156, 0.0826)
    assert result.shares == (0.5833, 0.4167)


@pytest.mark.parametrize(
    ("label", "first", "second", "contributions", "cos2"),
    [
        ("rationalisation", 0.5001, -0.3416, (0.4687, 0.3062), 0.6818),
        ("professionnelle", 0.1528, 0.4489, (0.0438, 0.5285), 0.1039),
        ("mixte", 0.0622, 0.2012, (0.0052, 0.0768), 0.0872),
        ("neutre", -0.3688, -0.1336, (0.4823, 0.0885), 0.8841),
    ],
)
def test_golden_rows(label: str, first: float, second: float, contributions: tuple[float, float], cos2: float) -> None:
    point = named(analysis().rows, label)
    assert point.coordinates == (first, second)
    assert point.contributions == contributions
    assert point.cos2[0] == cos2
    assert sum(point.cos2) == pytest.approx(1, abs=2e-4)  # two factors are all there is


def test_golden_columns() -> None:
    columns = analysis().columns
    assert [point.name for point in columns] == ["A", "B", "C"]
    assert [point.coordinates[0] for point in columns] == [0.4345, -0.0387, -0.3958]
    assert [point.coordinates[1] for point in columns] == [-0.1743, 0.4051, -0.2309]


def test_masses_and_contributions_add_up() -> None:
    result = analysis()
    for points in (result.rows, result.columns):
        assert sum(point.mass for point in points) == pytest.approx(1, abs=3e-4)
        for factor in range(2):
            assert sum(point.contributions[factor] for point in points) == pytest.approx(1, abs=3e-4)


def test_supplementary_row_by_the_transition_formula() -> None:
    # Profile (10, 2, 0)/12. G1 = .4345 −.0387, √λ1 = √.115639 = .340057: (10·.4345 − 2·.0387)/12/.340057 = 1.0458.
    # G2 = −.1743 .4051, √λ2 = √.082606 = .287413: (−10·.1743 + 2·.4051)/12/.287413 = −.2705.
    # Squared χ² distance to the mean profile (⅓, ⅓, ⅓): 3·(.5² + .16667² + .33333²) = 1.16667; 1.0458²/1.16667 = .9374.
    point = named(analysis({"temps:rationalisation": {"A": 10, "B": 2}}).supplementary, "temps:rationalisation")
    assert point.coordinates == pytest.approx((1.0458, -0.2705), abs=2e-4)
    assert point.cos2 == pytest.approx((0.9374, 0.0627), abs=3e-4)
    assert (point.count, point.mass, point.contributions) == (12, 0.0, ())


def test_a_supplementary_row_like_an_active_one_stands_on_it() -> None:
    result = analysis({"twin": TABLE["mixte"]})
    assert named(result.supplementary, "twin").coordinates == named(result.rows, "mixte").coordinates
    assert named(result.supplementary, "twin").cos2 == named(result.rows, "mixte").cos2


def test_supplementary_rows_do_not_move_the_factors_and_rare_ones_are_left_out() -> None:
    with_rows = analysis({"often": {"A": 4, "C": 1}, "rare": {"A": 4}, "never": {}})
    assert [point.name for point in with_rows.supplementary] == ["often"]
    assert with_rows.rows == analysis().rows


def test_against_a_decomposition_written_here() -> None:
    random = np.random.default_rng(5)
    counts = random.integers(3, 60, size=(4, 7))
    labels, values = list(shipped().labels), [f"v{i}" for i in range(7)]
    result = correspondence(
        {label: dict(zip(values, map(int, row), strict=True)) for label, row in zip(labels, counts, strict=True)},
        {},
        "x",
    )
    assert result is not None
    share = counts / counts.sum()
    r, c = share.sum(axis=1), share.sum(axis=0)
    u, sigma, _ = np.linalg.svd((share - np.outer(r, c)) / np.sqrt(np.outer(r, c)))
    assert result.inertia == pytest.approx(sigma[:3] ** 2, abs=6e-5)
    assert result.chi2 == pytest.approx(chi2_contingency(counts).statistic, abs=1e-3)
    coordinates = np.array([point.coordinates for point in result.rows])
    assert np.abs(coordinates) == pytest.approx(np.abs(u[:, :3] * sigma[:3] / np.sqrt(r)[:, None]), abs=6e-5)


def test_the_leading_column_is_positive_whatever_the_order() -> None:
    for names in (("A", "B", "C"), ("C", "A", "B"), ("B", "C", "A")):
        table = {label: {name: row[name] for name in names} for label, row in reversed(TABLE.items())}
        result = correspondence(table, {}, "structure")
        assert result is not None
        for factor in range(2):
            leading = max(result.columns, key=lambda point: point.contributions[factor])
            assert leading.coordinates[factor] > 0
        assert result.columns == analysis().columns


def test_empty_rows_go_and_small_columns_are_named() -> None:
    table = {label: row | {"D": 1, "E": 0} for label, row in TABLE.items()} | {"absent": {}}
    result = correspondence(table, {}, "structure")
    assert result is not None
    assert MIN_PASSAGES > 4
    assert result.left_out == ("D",)
    assert result.columns == analysis().columns
    assert "absent" not in [point.name for point in result.rows]


def test_none_where_there_is_nothing_to_place() -> None:
    two_columns = {label: {"A": row["A"], "B": row["B"]} for label, row in TABLE.items()}
    two_rows = dict(list(TABLE.items())[:2])
    same_profile = {label: {"A": 10 * k, "B": 20 * k, "C": 30 * k} for k, label in enumerate(TABLE, 1)}
    for table in (two_columns, two_rows, same_profile, {}, {label: {} for label in TABLE}):
        assert correspondence(table, {}, "structure") is None


def test_counted_passages_make_the_table() -> None:
    def passage(label: str, value: str, axes: tuple[str, ...]) -> Counted:
        return Counted((value,), "d", None, 20, label, LOGICS[label], None, None, axes, True)

    rows = [
        passage(label, value, ("temps:rationalisation",) if label == "mixte" else ())
        for label, row in TABLE.items()
        for value, n in row.items()
        for _ in range(n)
    ]
    result = correspondence_by(rows, "structure")
    assert result is not None
    assert (result.rows, result.columns) == (analysis().rows, analysis().columns)
    assert named(result.supplementary, "temps:rationalisation").coordinates == named(result.rows, "mixte").coordinates
    assert [point.name for point in result.supplementary] == ["temps:rationalisation"]
