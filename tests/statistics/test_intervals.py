"""Intervals over clusters: hand-computed values, coverage on simulated corpora, and what must not move them."""

import numpy as np
import pytest

from tensions_cli.statistics.intervals import MIN_CLUSTERS, method, ratio_interval


def test_student_on_the_ratio_by_hand() -> None:
    # Five documents of 10 passages, hits 1 2 3 4 5: p = .3, Σu² = 4+1+0+1+4 = 10, SE = √(5/4·10)/50 = .070711,
    # t(.975, 4 d.f.) = 2.776445 (table), reach = .196325.
    hits = {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}
    interval = ratio_interval(hits, dict.fromkeys(hits, 10))
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((0.1037, 0.4963), abs=1e-4)


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


@pytest.mark.parametrize(("documents", "lowest"), [(5, 0.90), (10, 0.90), (30, 0.90)])
def test_coverage_on_simulated_corpora(documents: int, lowest: float) -> None:
    # As in the reference: share .30, 15 to 45 passages per document, intra-document correlation .10
    # (beta with a + b = 9). Nominal 95 %; five simulation errors under it would still be above .90.
    random = np.random.default_rng(7)
    covered, trials = 0, 400
    for _ in range(trials):
        sizes = {f"d{i:02}": int(random.integers(15, 46)) for i in range(documents)}
        hits = {name: int(random.binomial(size, random.beta(2.7, 6.3))) for name, size in sizes.items()}
        interval = ratio_interval(hits, sizes)
        covered += interval is not None and interval.low <= 0.3 <= interval.high
    assert covered / trials >= lowest


def test_the_method_is_said() -> None:
    assert "student" in method(12, "document")
    assert "bootstrap" in method(30, "document")
    assert "fewer" in method(4, "person")
