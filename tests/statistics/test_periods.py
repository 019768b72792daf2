"""Change over time: dates as they are written, periods, smoothing by hand, slopes against statsmodels, coverage."""

import numpy as np
import pytest
import statsmodels.api as sm

from shipped import LOGICS
from tensions_cli.statistics.intervals import share_bounds
from tensions_cli.statistics.periods import Date, date_of, period_of, read_date, trend, unit_for
from tensions_cli.statistics.summary import Counted


@pytest.mark.parametrize(
    ("text", "year", "month"),
    [
        ("2021", 2021, None),
        ("2021.0", 2021, None),
        (" 2021-03 ", 2021, 3),
        ("2021-03-12", 2021, 3),
        ("2021-03-12T08:30:00+01:00", 2021, 3),
        ("2021/3/12", 2021, 3),
        ("12/03/2021", 2021, 3),
        ("12.03.2021", 2021, 3),
        ("12 mars 2021", 2021, 3),
        ("1er août 2021", 2021, 8),
        ("Mars 2021", 2021, 3),
        ("le 4 février 2021", 2021, 2),
        ("jeudi 4 fevrier 2021", 2021, 2),
        ("déc. 2021", 2021, 12),
        ("juil. 2021", 2021, 7),
        ("4\u00a0juin\u00a02021", 2021, 6),
    ],
)
def test_dates_as_they_are_written(text: str, year: int, month: int | None) -> None:
    assert read_date(text) == Date(year, month)


@pytest.mark.parametrize(
    "text", ["", "2021-13", "2021-00-12", "2021-03-42", "32/01/2021", "ju 2021", "marsouin 2021", "12", "3021", "hier"]
)
def test_what_is_not_a_date(text: str) -> None:
    assert read_date(text) is None


def test_where_the_date_of_a_document_is() -> None:
    assert date_of({"genre": "presse", "year": "2019"}) == Date(2019, None)
    assert date_of({"Année": "2020"}) == Date(2020, None)
    assert date_of({"date": "mars 2021", "year": "2019"}) == Date(2021, 3)
    assert date_of({"date": "printemps 2021"}) == Date(2021, None)
    assert date_of({"date": "sans date", "year": ""}) is None
    assert date_of({}) is None


def test_the_unit_follows_the_span_and_the_least_precise_date() -> None:
    def months(*pairs: tuple[int, int | None]) -> list[Date]:
        return [Date(year, month) for year, month in pairs]

    assert unit_for(months((2018, 1), (2021, 1))) == "year"  # 37 months
    assert unit_for(months((2018, 1), (2020, 12))) == "quarter"  # 36
    assert unit_for(months((2020, 1), (2020, 12))) == "month"
    assert unit_for(months((2020, 1), (2020, None))) == "year"
    assert period_of(Date(2021, 8), "quarter") == "2021-T3"
    assert period_of(Date(2021, 8), "month") == "2021-08"
    assert period_of(Date(2021, None), "month") is None
    assert period_of(None, "year") is None


def rows(documents: dict[str, tuple[int, int]]) -> list[Counted]:
    """Hits of `professionnelle`, then `neutre`, by document."""
    return [
        Counted(
            (), name, None, 30, label, LOGICS[label], None, None, (), True
        )
        for name, (hits, size) in documents.items()
        for rank in range(size)
        for label in ("professionnelle" if rank < hits else "neutre",)
    ]  # fmt: skip


# 2018: 2 of 10 and 3 of 10; 2019: 1 of 20; 2020: nothing; 2021: 6 of 10 and 4 of 10 and 8 of 20.
DOCUMENTS = {"a": (2, 10), "b": (3, 10), "c": (1, 20), "d": (6, 10), "e": (4, 10), "f": (8, 20), "g": (5, 9)}
DATES = {"a": 2018, "b": 2018, "c": 2019, "d": 2021, "e": 2021, "f": 2021}


def test_raw_and_smoothed_shares_by_hand() -> None:
    found = trend(rows(DOCUMENTS), {name: Date(year, None) for name, year in DATES.items()})
    assert found is not None
    assert (found.unit, found.undated) == ("year", 1)
    assert [(one.name, one.documents, one.passages) for one in found.periods] == [
        ("2018", 2, 20), ("2019", 1, 20), ("2020", 0, 0), ("2021", 3, 40),
    ]  # fmt: skip
    assert [one.shares["professionnelle"] for one in found.periods] == [0.25, 0.05, None, 0.45]
    # 2018: (5 + ½·1)/(20 + ½·20) = 5.5/30; 2019: (1 + ½·5)/(20 + ½·20) = 3.5/30; 2021: alone.
    smoothed = [one.smoothed["professionnelle"].value for one in found.periods]
    assert smoothed == [0.1833, 0.1167, None, 0.45]
    assert {one.smoothed["professionnelle"].method for one in found.periods if one.passages} == {
        "none: fewer than 5 documents"
    }


def test_the_interval_of_a_smoothed_share_is_that_of_weighted_sums() -> None:
    documents = {f"{year}-{n}": (n + year % 3, 12) for year in (2018, 2019, 2020) for n in range(3)}
    dates = {name: Date(int(name[:4]), None) for name in documents}
    found = trend(rows(documents), dates)
    assert found is not None
    near = [(pair, 1.0 if name.startswith("2018") else 0.5) for name, pair in documents.items() if name < "2020"]
    x, m = (np.array([weight * pair[n] for pair, weight in near]) for n in (0, 1))
    bounds = share_bounds(x, m)
    assert bounds is not None
    interval = found.periods[0].smoothed["professionnelle"].interval
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx(bounds, abs=1e-4)


def test_the_slope_against_a_weighted_regression_with_hc3() -> None:
    # One row a document, its share weighted by its passages: the same line as on passages, HC3 on documents.
    found = trend(rows(DOCUMENTS), {name: Date(year, None) for name, year in DATES.items()})
    assert found is not None
    years = np.array([DATES[name] for name in DATES], float)
    hits, sizes = (np.array([DOCUMENTS[name][n] for name in DATES], float) for n in (0, 1))
    fitted = sm.WLS(hits / sizes, sm.add_constant(years - 2018), weights=sizes).fit(cov_type="HC3", use_t=True)
    low, high = fitted.conf_int()[1]
    slope = found.slopes["professionnelle"]
    assert slope.value == pytest.approx(float(fitted.params[1]), abs=1e-4)
    assert slope.interval is not None
    assert (slope.interval.low, slope.interval.high) == pytest.approx((low, high), abs=1e-4)
    on_passages = sm.OLS(
        [row.label == "professionnelle" for row in rows(DOCUMENTS) if row.document in DATES],
        sm.add_constant([DATES[row.document] - 2018.0 for row in rows(DOCUMENTS) if row.document in DATES]),
    ).fit()
    assert slope.value == pytest.approx(float(on_passages.params[1]), abs=1e-4)


def test_no_trend_under_three_periods_or_without_dates() -> None:
    two = {name: Date(2018 + year % 2, None) for name, year in DATES.items()}
    assert trend(rows(DOCUMENTS), two) is None
    assert trend(rows(DOCUMENTS), {}) is None
    assert trend(rows(DOCUMENTS), dict.fromkeys(DOCUMENTS)) is None


def test_a_date_without_month_is_undated_where_months_are_asked_for() -> None:
    dates = {name: Date(2021, rank + 1) for rank, name in enumerate("abcde")} | {"f": Date(2021, None)}
    found = trend(rows(DOCUMENTS), dates, "month")
    assert found is not None
    assert found.undated == 2
    assert [one.name for one in found.periods] == [f"2021-0{n}" for n in range(1, 6)]


def test_order_does_not_matter() -> None:
    dates = {name: Date(year, None) for name, year in DATES.items()}
    assert trend(rows(DOCUMENTS), dates) == trend(rows(DOCUMENTS)[::-1], dict(reversed(dates.items())))


@pytest.mark.parametrize("slope", [0.0, 0.03])
def test_coverage_of_the_slope(slope: float) -> None:
    # Twelve documents over five years, intra-document correlation .10; .95 ± three errors of 300 corpora.
    random = np.random.default_rng(8)
    covered, trials = 0, 300
    for _ in range(trials):
        years = np.concatenate([np.arange(5), random.integers(0, 5, 7)])
        shares = 0.3 + slope * (years - 2)
        sizes = random.integers(10, 31, 12)
        hits = random.binomial(sizes, random.beta(9 * shares, 9 * (1 - shares)))
        documents = {f"d{n:02}": (int(x), int(m)) for n, (x, m) in enumerate(zip(hits, sizes, strict=True))}
        found = trend(rows(documents), {f"d{n:02}": Date(2015 + int(year), None) for n, year in enumerate(years)})
        assert found is not None
        interval = found.slopes["professionnelle"].interval
        assert interval is not None
        covered += interval.low <= slope <= interval.high
    assert 0.912 <= covered / trials <= 0.988
