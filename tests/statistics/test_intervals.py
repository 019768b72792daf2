"""Intervals over clusters: hand-computed values, coverage on simulated corpora, and what must not move them."""

import numpy as np
import pytest
import statsmodels.api as sm

from tensions_cli.statistics import intervals
from tensions_cli.statistics.intervals import (
    MIN_CLUSTERS,
    linearised_error,
    method,
    method_of,
    ratio_interval,
    share_bounds,
)


def test_student_on_the_logit_of_the_ratio_by_hand() -> None:
    # Five documents of 10 passages, hits 1 2 3 4 5: p = .3. Shares without each: .35 .325 .3 .275 .25, their logits
    # −.619039 −.730888 −.847298 −.969401 −1.098612, mean −.853048, SE = √(4/5·.143556) = .338888,
    # t(.975, 4 d.f.) = 2.776445 (table), logit(.3) ± .940904 = −1.788202, .093606.
    hits = {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}
    interval = ratio_interval(hits, dict.fromkeys(hits, 10))
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((0.1433, 0.5234), abs=1e-4)


def test_linearised_error_is_that_of_a_regression_through_the_origin_of_clusters() -> None:
    # Cochran's error of a ratio, on the same documents: Σu² = 4+1+0+1+4 = 10, SE = √(5/4·10)/50 = .070711.
    assert linearised_error(np.arange(1.0, 6.0), np.full(5, 10.0)) == pytest.approx(0.070711, abs=1e-6)
    # With clusters of one passage it is the error of a mean, as statsmodels has it with cluster-robust errors.
    random = np.random.default_rng(4)
    sizes = random.integers(5, 40, size=20)
    groups = np.repeat(np.arange(20), sizes)
    values = random.random(len(groups)) < np.repeat(random.beta(2, 5, size=20), sizes)
    fitted = sm.OLS(values.astype(float), np.ones(len(values))).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )
    hits = np.bincount(groups, weights=values)
    expected = float(fitted.bse[0]) * np.sqrt(20 / 19)  # statsmodels leaves k/(k − 1) out
    assert linearised_error(hits, sizes.astype(float)) == pytest.approx(expected, rel=1e-9)


def test_a_label_of_one_document_has_a_wide_interval_not_an_infinite_one() -> None:
    # The jackknife has no logit where the only document with a hit is left out: the delta method takes over.
    # p = 3/120, u: 3 − .025·20 = 2.5 and five times −.5, Σu² = 7.5, SE = √(6/5·7.5)/120 = .025; t(5) = 2.570582;
    # reach on the logit = .025·2.570582/(.025·.975) = 2.636494; logit = −3.663562.
    interval = ratio_interval({"a": 3}, dict.fromkeys("abcdef", 20))
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((0.0018, 0.2637), abs=1e-4)


def test_bootstrap_counts_do_not_depend_on_the_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = np.concatenate(list(intervals.draws(40)))
    assert whole.shape == (intervals.REPLICATES, 40)
    assert set(whole.sum(axis=1)) == {40.0}
    monkeypatch.setattr(intervals, "CHUNK", 40 * 300)
    chunks = list(intervals.draws(40))
    assert len(chunks) == 7
    assert np.array_equal(np.concatenate(chunks), whole)


def test_bootstrap_agrees_with_an_independent_studentised_bootstrap() -> None:
    # Forty documents, the replicates drawn and the errors computed one by one, another seed: Monte-Carlo noise only.
    random = np.random.default_rng(8)
    m = random.integers(15, 46, size=40).astype(float)
    x = random.binomial(m.astype(int), random.beta(2.7, 6.3, size=40)).astype(float)
    share, error = x.sum() / m.sum(), linearised_error(x, m)
    pivots = []
    for _ in range(4000):
        drawn = random.integers(0, 40, size=40)
        again = x[drawn].sum() / m[drawn].sum()
        pivots.append((again - share) / linearised_error(x[drawn], m[drawn]))
    low, high = np.quantile(pivots, [0.025, 0.975])
    bounds = share_bounds(x, m)
    assert bounds is not None
    assert bounds == pytest.approx((share - high * error, share - low * error), abs=0.004)


def test_no_interval_under_five_clusters_or_without_spread() -> None:
    sizes = dict.fromkeys("abcd", 10)
    assert len(sizes) < MIN_CLUSTERS
    assert ratio_interval(dict.fromkeys("abcd", 3), sizes) is None
    assert ratio_interval({}, dict.fromkeys("abcdefgh", 10)) is None
    assert ratio_interval(dict.fromkeys("abcdefgh", 10), dict.fromkeys("abcdefgh", 10)) is None


@pytest.mark.parametrize("documents", [8, 40])
def test_repeating_the_passages_of_each_document_does_not_narrow(documents: int) -> None:
    # Traps, 53: an interval that counts passages would shrink by √5.
    random = np.random.default_rng(1)
    sizes = {f"d{i:02}": 20 for i in range(documents)}
    hits = {name: int(random.binomial(20, 0.3)) for name in sizes}
    once = ratio_interval(hits, sizes)
    five = ratio_interval({n: 5 * h for n, h in hits.items()}, {n: 5 * s for n, s in sizes.items()})
    assert once == five


def test_order_of_documents_does_not_matter() -> None:
    sizes = {f"d{i:02}": 10 + i for i in range(35)}
    hits = {name: i % 7 for i, name in enumerate(sizes)}
    backwards = ratio_interval(dict(reversed(hits.items())), dict(reversed(sizes.items())))
    assert ratio_interval(hits, sizes) == backwards


@pytest.mark.parametrize(
    ("share", "documents"), [(0.3, 5), (0.05, 10), (0.3, 10), (0.05, 30), (0.3, 30)], ids=lambda value: f"{value}"
)
def test_coverage_on_simulated_corpora(share: float, documents: int) -> None:
    # 15 to 45 passages per document, intra-document correlation .10 (beta with a + b = 9). Claimed: 93 to 97 %; three
    # simulation errors of 400 corpora are .033. Student on the ratio covers 86 % of the rare share in ten documents,
    # passages taken for independent 65 %. `benchmarks/coverage.py` has the whole table.
    random = np.random.default_rng(7)
    covered, trials = 0, 400
    for _ in range(trials):
        sizes = {f"d{i:02}": int(random.integers(15, 46)) for i in range(documents)}
        chances = random.beta(9 * share, 9 * (1 - share), size=documents)
        hits = {name: int(random.binomial(sizes[name], p)) for name, p in zip(sizes, chances, strict=True)}
        interval = ratio_interval(hits, sizes)
        covered += interval is not None and interval.low <= share <= interval.high
    assert 0.93 - 0.033 <= covered / trials <= min(0.97 + 0.033, 0.999)


def test_the_method_is_said() -> None:
    assert "student" in method(12, "document")
    assert "bootstrap" in method(30, "document")
    assert "fewer" in method(4, "person")


@pytest.mark.parametrize(("hits", "name"), [(4, "student"), (36, "student"), (5, "bootstrap"), (35, "bootstrap")])
def test_a_share_of_few_documents_is_said_to_be_student_s(hits: int, name: str) -> None:
    m = np.full(40, 10.0)
    x = np.where(np.arange(40) < hits, 10.0, 0.0)
    assert method_of(x, m, "document").startswith(name)
