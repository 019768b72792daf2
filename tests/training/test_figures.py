"""Agreement and F1 against published golden values (worked tables of two coders)."""

import pytest

from tensions_cli.training.figures import (
    agreement,
    calibration_error,
    confusion,
    interval_by_document,
    macro_f1,
    precision_recall_f1,
)

LABELS = ("rationalisation", "professionnelle", "mixte", "neutre")


def coders(table: list[list[int]], names: tuple[str, ...]) -> tuple[list[str], list[str]]:
    first = [names[i] for i, row in enumerate(table) for j, n in enumerate(row) for _ in range(n)]
    second = [names[j] for i, row in enumerate(table) for j, n in enumerate(row) for _ in range(n)]
    return first, second


FOUR = [[60, 3, 5, 2], [2, 50, 6, 4], [4, 5, 40, 1], [3, 4, 2, 109]]


@pytest.mark.parametrize(
    ("table", "names", "per_cent", "kappa", "alpha", "ac1"),
    [
        ([[50, 75], [75, 800]], ("yes", "no"), 0.850, 0.314, 0.315, 0.808),
        ([[4, 4], [4, 188]], ("yes", "no"), 0.960, 0.479, 0.480, 0.957),
        (FOUR, LABELS, 0.863, 0.811, 0.811, 0.820),
        ([[109, 11], [13, 167]], ("M", "no"), 0.920, 0.834, 0.834, 0.846),
        ([[101, 11], [14, 174]], ("P", "no"), 0.917, 0.823, 0.823, 0.843),
    ],
)
def test_agreement_golden_values(
    table: list[list[int]], names: tuple[str, ...], per_cent: float, kappa: float, alpha: float, ac1: float
) -> None:
    found = agreement(*coders(table, names))
    assert found == pytest.approx({"agreement": per_cent, "kappa": kappa, "alpha": alpha, "ac1": ac1}, abs=6e-4)


def test_f1_golden_values() -> None:
    first, second = coders(FOUR, LABELS)
    f1 = [precision_recall_f1(first, second, label)["f1"] for label in LABELS]
    assert f1 == pytest.approx([0.863, 0.806, 0.777, 0.932], abs=6e-4)
    assert macro_f1(first, second) == pytest.approx(0.845, abs=6e-4)


def test_confusion_rows_are_the_truth() -> None:
    assert confusion(*coders(FOUR, LABELS), LABELS) == FOUR


def test_interval_resamples_documents_not_passages() -> None:
    # Each document is all right or all wrong: repeating its passages must not narrow the interval.
    documents = [f"d{i}" for i in range(12)]
    right = [i % 3 > 0 for i in range(12)]

    def share(of: list[bool]):
        return lambda ranks: sum(of[r] for r in ranks) / len(ranks)

    once = interval_by_document(documents, share(right), 3)
    tenfold = interval_by_document(documents * 10, share(right * 10), 3)
    assert once == tenfold
    assert once[0] < 2 / 3 < once[1]


def test_calibration_error_by_hand() -> None:
    # Two bins: ten scores of .25 with four yes (gap .15), ten of .85 with nine yes (gap .05): mean .10.
    scores = [0.25] * 10 + [0.85] * 10
    truth = [True] * 4 + [False] * 6 + [True] * 9 + [False]
    assert calibration_error(scores, truth) == pytest.approx(0.10)
