"""Calibration of scores, by hand."""

import pytest

from tensions_cli.training.figures import calibration_error, reliability


def test_calibration_error_by_hand() -> None:
    # Two bins: ten scores of .25 with four yes (gap .15), ten of .85 with nine yes (gap .05): mean .10.
    scores = [0.25] * 10 + [0.85] * 10
    truth = [True] * 4 + [False] * 6 + [True] * 9 + [False]
    assert calibration_error(scores, truth) == pytest.approx(0.10)


def test_reliability_by_hand() -> None:
    # .3 opens its bin and 1 closes the last one.
    rows = reliability([0.3, 0.35, 0.39, 1.0, 0.05], [True, False, True, True, False])
    held = {row["from"]: row for row in rows if row["passages"]}
    assert [row["to"] for row in rows] == pytest.approx([0.1 * i for i in range(1, 11)])
    assert held[0.3] == {"from": 0.3, "to": 0.4, "passages": 3, "mean_score": 0.3467, "share_yes": 0.6667}
    assert held[0.9] == {"from": 0.9, "to": 1.0, "passages": 1, "mean_score": 1.0, "share_yes": 1.0}
    assert len(held) == 3
    assert rows[1] == {"from": 0.1, "to": 0.2, "passages": 0, "mean_score": None, "share_yes": None}
