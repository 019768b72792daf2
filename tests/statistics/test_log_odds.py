"""Weighted log-odds: golden values of the reference, their arithmetic by hand, and what the prior is for."""

import numpy as np
import pytest

from tensions_cli.statistics.log_odds import weighted_log_odds


def test_golden_values() -> None:
    # Reference, §3: n = 100 and 200 words, A 30/10, B 5/15, C 0/8, prior = total counts, at the size of the corpus.
    here, there = np.array([30, 5, 0]), np.array([10, 15, 8])
    delta, z = weighted_log_odds(here, there, 100, 200, here + there, 300)
    assert delta == pytest.approx([0.6466, -0.1214, -0.4823], abs=5e-5)
    assert z == pytest.approx([3.4922, -0.4635, -1.1139], abs=5e-5)


def test_one_word_by_hand() -> None:
    # A: ln(70/330) − ln(50/450) = −1.55060 + 2.19722 = 0.64663; √(1/70 + 1/50) = 0.18516; 0.64663/0.18516 = 3.4922.
    delta, z = weighted_log_odds(30, 10, 100, 200, 40, 300)
    assert float(delta) == pytest.approx(0.64663, abs=1e-5)
    assert float(z) == pytest.approx(3.4922, abs=1e-4)


def test_a_word_absent_from_one_side_stays_finite() -> None:
    delta, z = weighted_log_odds(0, 1, 50, 50, 0.5, 100)
    assert np.isfinite(delta)
    assert np.isfinite(z)
    assert delta < 0


def test_the_other_side_has_the_opposite_sign() -> None:
    one = weighted_log_odds(30, 10, 100, 200, 40, 300)
    other = weighted_log_odds(10, 30, 200, 100, 40, 300)
    assert [float(value) for value in one] == pytest.approx([-float(value) for value in other])
