"""Agreement and F1 against published golden values (worked tables of two coders), and what draws make of them."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from tensions_cli.statistics.agreement import (
    agreement,
    agreement_of,
    confusion,
    interval_by_document,
    macro_f1,
    masi,
    mean_of_defined,
    precision_recall_f1,
    rates_of,
)
from tensions_cli.statistics.agreement_by_document import coding, draw, measure, method, sets, tables, yes_or_no
from tensions_cli.statistics.agreement_of_coders import SPREAD_OF_KAPPA

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


# --- many tables at once --------------------------------------------------------------------------------


def test_stacked_tables_have_the_golden_values() -> None:
    found = agreement_of(np.array([[[50, 75], [75, 800]], [[4, 4], [4, 188]]], dtype=float))
    assert found["kappa"] == pytest.approx([0.314, 0.479], abs=6e-4)
    assert found["alpha"] == pytest.approx([0.315, 0.480], abs=6e-4)
    assert found["ac1"] == pytest.approx([0.808, 0.957], abs=6e-4)


def test_ac1_counts_classes_that_nobody_used() -> None:
    # Two of four classes met: chance is (2 · .125 · .875)/(4 − 1) = .07292, AC1 = (.85 − .07292)/(1 − .07292).
    table = np.zeros((4, 4))
    table[:2, :2] = [[50, 75], [75, 800]]
    assert float(agreement_of(table)["ac1"]) == pytest.approx(0.8382, abs=1e-4)


def test_what_is_undefined_is_not_a_number() -> None:
    one_class = np.array([[7.0, 0.0], [0.0, 0.0]])
    found = agreement_of(one_class)
    assert np.isnan(found["kappa"])
    assert np.isnan(found["alpha"])
    assert found["ac1"] == found["agreement"] == 1
    assert np.isnan(agreement_of(np.zeros((2, 2)))["agreement"])
    rates = rates_of(np.array([[3.0, 0.0, 0.0], [2.0, 0.0, 0.0], [0.0, 0.0, 0.0]]))
    assert rates["precision"] == pytest.approx([0.6, np.nan, np.nan], nan_ok=True)
    assert rates["recall"] == pytest.approx([1.0, 0.0, np.nan], nan_ok=True)
    assert rates["f1"] == pytest.approx([0.75, 0.0, np.nan], nan_ok=True)
    assert float(mean_of_defined(rates["f1"])) == pytest.approx(0.375)


@pytest.mark.parametrize(
    ("first", "second", "likeness"),
    [
        ("ab", "ab", 1.0),
        ("", "", 1.0),
        ("a", "ab", 2 / 3 * 1 / 2),
        ("abc", "a", 2 / 3 * 1 / 3),
        ("ab", "bc", 1 / 3 * 1 / 3),
        ("a", "b", 0.0),
        ("", "a", 0.0),
    ],
)
def test_masi(first: str, second: str, likeness: float) -> None:
    assert masi(frozenset(first), frozenset(second)) == pytest.approx(likeness)
    assert masi(frozenset(second), frozenset(first)) == pytest.approx(likeness)


# --- by document ----------------------------------------------------------------------------------------


def test_coding_has_the_golden_values() -> None:
    truth, said = coders(FOUR, LABELS)
    found = coding(truth, said, LABELS, draw([f"d{i % 20}" for i in range(len(truth))]))
    assert found["macro_f1"]["value"] == pytest.approx(0.845, abs=6e-4)
    assert [found["classes"][label]["f1"]["value"] for label in LABELS] == pytest.approx(
        [0.863, 0.806, 0.777, 0.932], abs=6e-4
    )
    assert found["agreement"]["kappa"]["value"] == pytest.approx(0.811, abs=6e-4)
    assert found["confusion"] == {"order": list(LABELS), "rows_gold": FOUR}
    assert found["classes"]["mixte"] | {"precision": 0, "recall": 0, "f1": 0} == {
        "support": 50, "said": 53, "both": 40, "precision": 0, "recall": 0, "f1": 0,
    }  # fmt: skip
    low, high = found["agreement"]["kappa"]["interval"]
    assert low < 0.811 < high


def test_yes_or_no_is_the_reduced_table() -> None:
    truth, said = coders([[167, 13], [11, 109]], ("no", "yes"))
    found = yes_or_no([t == "yes" for t in truth], [s == "yes" for s in said], draw(["d"] * 300))
    assert found["f1"]["value"] == pytest.approx(0.901, abs=6e-4)
    assert found["precision"]["value"] == pytest.approx(109 / 122, abs=6e-5)
    assert found["agreement"]["kappa"]["value"] == pytest.approx(0.834, abs=6e-4)


def test_alpha_of_sets_by_hand() -> None:
    # Likenesses 1, 1/3, 1: observed distance 2/9. Pooled {a}·3, {a,b}, {c}·2: expected (3·⅔ + 6 + 2)·2/(6·5) = 2/3.
    a, ab, c = frozenset("a"), frozenset("ab"), frozenset("c")
    found = sets([a, ab, c, None], [a, a, c, a], draw(["d1", "d2", "d3", "d4"]))
    assert found["passages"] == found["passages_where_any"] == 3
    assert found["documents"] == 3
    assert found["masi"]["value"] == pytest.approx(7 / 9, abs=6e-5)
    assert found["alpha_masi"]["value"] == pytest.approx(2 / 3, abs=6e-5)


def test_alpha_of_sets_of_one_is_the_nominal_alpha() -> None:
    truth, said = coders(FOUR, LABELS)
    found = sets([frozenset([t]) for t in truth], [frozenset([s]) for s in said], draw(["d"] * len(truth)))
    assert found["alpha_masi"]["value"] == pytest.approx(0.811, abs=6e-4)


def test_empty_sets_are_alike_but_set_apart() -> None:
    empty, a, ab = frozenset[str](), frozenset("a"), frozenset("ab")
    found = sets([empty, empty, a], [empty, empty, ab], draw(["d"] * 3))
    assert found["masi"]["value"] == pytest.approx(7 / 9, abs=6e-5)
    assert found["passages_where_any"] == 1
    assert found["masi_where_any"]["value"] == pytest.approx(1 / 3, abs=6e-5)


def six_documents(times: int = 1) -> dict[str, Any]:
    """Six documents, all right or all wrong, `times` passages each."""
    said = ["yes", "yes", "yes", "no", "no", "no"] * times
    return coding(["yes"] * 6 * times, said, ("no", "yes"), draw(["a", "b", "c", "d", "e", "f"] * times))


def test_interval_is_that_of_draws_of_documents() -> None:
    # The share of right documents is binomial (6, ½): P(0) = .016 < .025 ≤ P(0 or 1) = .109, and the same above.
    expected = {"value": 0.5, "interval": [0.1667, 0.8333]}
    assert six_documents()["agreement"]["agreement"] == expected
    assert six_documents(times=10)["agreement"]["agreement"] == expected  # passages are not resampled


def test_no_interval_where_it_would_mean_nothing() -> None:
    documents = ["a", "b", "c", "d", "e", "f"]
    found = coding(["yes"] * 5 + ["no"], ["yes"] * 5 + ["yes"], ("no", "yes"), draw(documents))
    # No precision where nothing is said; recall is known, but a third of the draws, (5/6)⁶, have no such document.
    assert found["classes"]["no"]["precision"] == {"value": None, "interval": None}
    assert found["classes"]["no"]["recall"] == {"value": 0.0, "interval": None}
    assert found["classes"]["yes"]["recall"] == {"value": 1.0, "interval": None}  # no spread
    assert found["classes"]["yes"]["precision"]["interval"] is not None
    four = coding(["yes", "no"] * 4, ["yes", "yes"] * 4, ("no", "yes"), draw(["a", "b", "c", "d"] * 2))
    assert four["agreement"]["agreement"] == {"value": 0.5, "interval": None}
    assert method(4) == "none: fewer than 5 documents"
    assert method(5).startswith("bootstrap-")


def test_documents_are_those_with_a_passage_compared() -> None:
    sample = draw(["a", "b", "c", "d", "e", "e"])
    found = tables(["x", None, "x", "y", "y", None], ["x", "x", None, "y", "x", "y"], ("x", "y"), sample)
    assert found.counts[0].tolist() == [[1, 0], [1, 1]]
    assert found.documents == 3
    assert coding([None], ["x"], ("x", "y"), draw(["a"]))["macro_f1"] == {"value": None, "interval": None}


def test_measure_rounds_and_never_gives_nan() -> None:
    assert measure(np.array([np.nan, 1.0, 2.0]), 9) == {"value": None, "interval": None}
    assert measure(np.array([1 / 3, *np.linspace(0, 1, 1001)]), 9) == {"value": 0.3333, "interval": [0.025, 0.975]}
    # One draw in ten without a value: its tails would not be those of a 95 % interval. One in a hundred: they are.
    many, few = [np.nan] * 111, [np.nan] * 10
    assert measure(np.array([0.5, *many, *np.linspace(0, 1, 1001)]), 9) == {"value": 0.5, "interval": None}
    assert measure(np.array([0.5, *few, *np.linspace(0, 1, 1001)]), 9)["interval"] == [0.025, 0.975]


CODES = st.lists(st.tuples(*[st.sampled_from(LABELS)] * 2, st.sampled_from("abcdefg")), min_size=1, max_size=40)


@settings(max_examples=40, deadline=None)
@given(CODES, st.randoms(use_true_random=False))
def test_codings_agree_with_the_plain_formulas_in_any_order(codes: list[Any], random: Any) -> None:
    truth, said, documents = map(list, zip(*codes, strict=True))
    found = coding(truth, said, LABELS, draw(documents))
    assert found["macro_f1"]["value"] == pytest.approx(macro_f1(truth, said), abs=1e-4)
    for label in set(truth):
        assert found["classes"][label]["f1"]["value"] == precision_recall_f1(truth, said, label)["f1"]
    if len(set(truth) | set(said)) > 1:
        plain = agreement(truth, said)
        for name in ("agreement", "kappa", "alpha"):
            assert found["agreement"][name]["value"] == pytest.approx(plain[name], abs=1e-4)
    shuffled = list(codes)
    random.shuffle(shuffled)
    truth, said, documents = map(list, zip(*shuffled, strict=True))
    assert coding(truth, said, LABELS, draw(documents)) == found


@pytest.mark.parametrize("passages", [50, 100, 200])
def test_the_spread_of_kappa_by_simulation(passages: int) -> None:
    """Two coders of true κ .70: both know the class with probability .70, else each draws one at random."""
    random, shares = np.random.default_rng(20261122), [0.35, 0.35, 0.15, 0.15]
    found = []
    for _ in range(2000):
        truth, first, second = (random.choice(4, passages, p=shares) for _ in range(3))
        known = random.random(passages) < 0.70
        found.append(cohen_kappa_score(np.where(known, truth, first), np.where(known, truth, second)))
    low, high = np.percentile(found, [2.5, 97.5])
    assert (low, high) == pytest.approx(SPREAD_OF_KAPPA[passages], abs=0.021)
