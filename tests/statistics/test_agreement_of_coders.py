"""Agreement of two coders or more: published examples, other people's implementations, and figures by hand."""

from typing import Any

import krippendorff
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from tensions_cli.statistics.agreement import masi
from tensions_cli.statistics.agreement_by_document import draw, method
from tensions_cli.statistics.agreement_of_coders import (
    agreement_of_coders,
    agreement_on_sets,
    band,
    bands_of,
    spread_of_kappa,
)

FOUR = [[60, 3, 5, 2], [2, 50, 6, 4], [4, 5, 40, 1], [3, 4, 2, 109]]


def coded(table: list[list[int]]) -> list[tuple[str, str]]:
    return [(str(i), str(j)) for i, row in enumerate(table) for j, times in enumerate(row) for _ in range(times)]


def figures(codes: Any, classes: str, documents: Any = None) -> dict[str, Any]:
    coders = "ABCDEFGH"[: len(codes[0])]
    return agreement_of_coders(codes, list(classes), list(coders), draw(documents or ["d"] * len(codes)))


def values(found: dict[str, Any]) -> list[float]:
    return [found[name]["value"] for name in ("agreement", "kappa", "alpha", "ac1", "brennan_prediger")]


# --- published and golden values ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "expected", "of_classes"),
    [
        ([[50, 75], [75, 800]], [0.850, 0.314, 0.315, 0.808, 0.700], [0.400]),
        ([[4, 4], [4, 188]], [0.960, 0.479, 0.480, 0.957, 0.920], [0.500]),
        (FOUR, [0.863, 0.811, 0.811, 0.820, 0.818], [0.863, 0.806, 0.777, 0.932]),
        ([[109, 11], [13, 167]], [0.920, 0.834, 0.834, 0.846, 0.840], [0.901]),
        ([[101, 11], [14, 174]], [0.917, 0.823, 0.823, 0.843, 0.833], [0.890]),
    ],
)
def test_two_coders_golden_values(table: list[list[int]], expected: list[float], of_classes: list[float]) -> None:
    """Reference tables, checked against other tools: to three decimals."""
    found = figures(coded(table), "0123"[: len(table)])
    assert values(found) == pytest.approx(expected, abs=6e-4)
    shown = [rates["agreement"]["value"] for rates in found["classes"].values()]
    assert shown[: len(of_classes)] == pytest.approx(of_classes, abs=6e-4)
    assert found["pairs"][0]["confusion"]["rows_first"] == table
    assert found["passages"] == sum(map(sum, table))


def matrix() -> list[list[str | None]]:
    """Krippendorff 2011, « Computing Krippendorff’s alpha-reliability », C: four observers, twelve units, by unit."""
    rows = [
        "1 2 3 3 2 1 4 1 2 . . .",
        "1 2 3 3 2 2 4 1 2 5 . 3",
        ". 3 3 3 2 3 4 2 2 5 1 .",
        "1 2 3 3 2 4 4 1 2 5 1 .",
    ]
    return [[None if code == "." else code for code in unit] for unit in zip(*map(str.split, rows), strict=True)]


def test_the_published_example_of_krippendorff() -> None:
    """Nominal α = .743; forty pairable values in eleven units (the twelfth has one value, and leaves)."""
    found = figures(matrix(), "12345")
    assert found["alpha"]["value"] == pytest.approx(0.743, abs=6e-4)
    assert (found["passages"], found["codes"]) == (11, 40)
    assert found["answered"] == {"A": 9, "B": 10, "C": 10, "D": 11}
    # By hand: eight units whole (111, 3333…, 555, 11), .5 for 2232 and 1121, 0 for 1234: 9/11; then (9/11 − .2)/.8.
    assert found["agreement"]["value"] == pytest.approx(9 / 11, abs=6e-5)
    assert found["brennan_prediger"]["value"] == pytest.approx((9 / 11 - 0.2) / 0.8, abs=6e-5)


def test_ac1_of_gwet_by_hand_with_three_coders() -> None:
    # Units aaa, aab, bb·: agreement (1 + 1/3 + 1)/3 = 7/9; π_a = (1 + 2/3 + 0)/3 = 5/9, π_b = 4/9;
    # chance = Σ π(1 − π)/(2 − 1) = 40/81; AC1 = (63/81 − 40/81)/(41/81) = 23/41.
    found = figures([["a", "a", "a"], ["a", "a", "b"], ["b", "b", None]], "ab")
    assert found["agreement"]["value"] == pytest.approx(7 / 9, abs=6e-5)
    assert found["ac1"]["value"] == pytest.approx(23 / 41, abs=6e-5)
    # Coincidences: aa 3·2/2 + 2·1/2 = 4, bb 2·1/1 = 2; answers a 5, b 3, so agreement on a 4/5, on b 2/3.
    assert found["classes"]["a"]["agreement"]["value"] == pytest.approx(4 / 5)
    assert found["classes"]["b"]["agreement"]["value"] == pytest.approx(2 / 3, abs=6e-5)
    assert found["classes"]["a"]["given"] == {"A": 2, "B": 2, "C": 1}


def test_kappa_of_three_coders_is_the_mean_of_pairs() -> None:
    codes = [list(row) for row in ["aab", "aaa", "bba", "bbb", "abb", "baa", "aab", "bbb"]]
    columns = list(zip(*codes, strict=True))
    pairs = [cohen_kappa_score(columns[i], columns[j]) for i, j in ((0, 1), (0, 2), (1, 2))]
    found = figures(codes, "ab")
    assert [pair["kappa"]["value"] for pair in found["pairs"]] == pytest.approx(pairs, abs=6e-5)
    assert found["kappa"]["value"] == pytest.approx(np.mean(pairs), abs=6e-5)


CODES = st.lists(st.lists(st.sampled_from(["a", "b", "c", None]), min_size=3, max_size=3), min_size=2, max_size=25)


@settings(max_examples=80)
@given(CODES, st.randoms(use_true_random=False))
def test_alpha_is_that_of_another_implementation(codes: list[list[str | None]], random: Any) -> None:
    """Any number of missing codes; the order of passages and of coders does not count."""
    pairable = [unit for unit in codes if sum(code is not None for code in unit) > 1]
    assume(len({code for unit in pairable for code in unit if code}) > 1)
    numbers = [[np.nan if code is None else "abc".index(code) for code in row] for row in zip(*codes, strict=True)]
    expected = krippendorff.alpha(reliability_data=numbers, level_of_measurement="nominal")
    found = figures(codes, "abc")
    assert found["alpha"]["value"] == pytest.approx(expected, abs=6e-5)
    shuffled = [unit[::-1] for unit in codes]
    random.shuffle(shuffled)
    again = figures(shuffled, "abc")
    for name in ("agreement", "alpha", "ac1", "brennan_prediger"):
        assert again[name]["value"] == pytest.approx(found[name]["value"], abs=1e-4)


@settings(max_examples=50)
@given(st.lists(st.tuples(*[st.sampled_from("abc")] * 2), min_size=2, max_size=30))
def test_kappa_is_that_of_scikit_learn(codes: list[tuple[str, str]]) -> None:
    assume(len({code for unit in codes for code in unit}) > 1)
    expected = cohen_kappa_score(*zip(*codes, strict=True))
    assert figures(codes, "abc")["kappa"]["value"] == pytest.approx(expected, abs=6e-5)


# --- sets -----------------------------------------------------------------------------------------------


def test_sets_of_three_coders_by_hand() -> None:
    # Passage 1: {a}, {a}, {ab}: likeness 1, 1/3, 1/3, mean 5/9. Passage 2: {c}, {c}, none: 1. MASI (5/9 + 1)/2 = 7/9.
    # Observed distance: (3·4/9 + 2·0)/5 = 4/15. Pooled a·2, ab, c·2: expected, over ordered pairs, a-ab 2·2·2/3,
    # a-c 2·2·2, ab-c 2·2: (8/3 + 8 + 4)/(5·4) = 11/15. α = 1 − 4/11 = 7/11.
    a, ab, c = frozenset("a"), frozenset("ab"), frozenset("c")
    found = agreement_on_sets([[a, a, ab], [c, c, None], [a, None, None]], draw(["d1", "d2", "d3"]))
    assert (found["passages"], found["documents"], found["passages_where_any"]) == (2, 2, 2)
    assert found["masi"]["value"] == pytest.approx(7 / 9, abs=6e-5)
    assert found["alpha_masi"]["value"] == pytest.approx(7 / 11, abs=6e-5)


SETS = st.frozensets(st.sampled_from("abc"), max_size=2)


@settings(max_examples=40)
@given(st.lists(st.lists(st.none() | SETS, min_size=3, max_size=3), min_size=2, max_size=12))
def test_alpha_of_sets_is_that_of_another_implementation(codes: list[list[frozenset[str] | None]]) -> None:
    pairable = [unit for unit in codes if sum(code is not None for code in unit) > 1]
    domain = sorted({code for unit in pairable for code in unit if code is not None}, key=sorted)
    assume(len(domain) > 1)
    numbers = [
        [np.nan if code is None or code not in domain else domain.index(code) for code in row]
        for row in zip(*pairable, strict=True)
    ]

    def metric(one: Any, other: Any, **_: Any) -> Any:
        ranks = np.broadcast_arrays(np.asarray(one, dtype=int), np.asarray(other, dtype=int))
        return np.vectorize(lambda i, j: 1 - masi(domain[i], domain[j]))(*ranks)

    expected = krippendorff.alpha(
        reliability_data=numbers, level_of_measurement=metric, value_domain=list(range(len(domain)))
    )
    found = agreement_on_sets(codes, draw(["d"] * len(codes)))
    assert found["alpha_masi"]["value"] == pytest.approx(expected, abs=6e-5)


# --- intervals and words --------------------------------------------------------------------------------


def test_intervals_resample_documents() -> None:
    """The share of documents that agree is binomial (6, ½): P(0) = .016 < .025 ≤ P(0 or 1) = .109."""
    codes = [["a", "a"], ["b", "b"], ["a", "a"], ["b", "a"], ["a", "b"], ["a", "b"]]
    once = figures(codes, "ab", list("uvwxyz"))
    tenfold = figures(codes * 10, "ab", list("uvwxyz") * 10)
    assert once["agreement"] == tenfold["agreement"] == {"value": 0.5, "interval": [0.1667, 0.8333]}
    assert figures(codes[:4], "ab", list("uvwx"))["agreement"]["interval"] is None
    assert method(4).startswith("none")
    assert "by document" in method(5)


def test_nothing_to_compare_is_no_number() -> None:
    found = figures([["a", None], [None, "b"]], "ab")
    assert found["passages"] == found["documents"] == found["codes"] == 0
    assert found["pairs"] == []
    assert all(found[name] == {"value": None, "interval": None} for name in ("agreement", "kappa", "alpha", "ac1"))
    same = figures([["a", "a"], ["a", "a"]], "ab")
    assert same["agreement"]["value"] == same["ac1"]["value"] == 1
    assert same["kappa"]["value"] is None


@pytest.mark.parametrize(
    ("value", "landis", "mchugh"),
    [
        (-0.1, "poor", "none"),
        (0.0, "slight", "none"),
        (0.204, "slight", "none"),
        (0.40, "fair", "weak"),
        (0.605, "moderate", "moderate"),
        (0.61, "substantial", "moderate"),
        (0.80, "substantial", "strong"),
        (0.81, "almost_perfect", "strong"),
        (0.91, "almost_perfect", "almost_perfect"),
        (1.0, "almost_perfect", "almost_perfect"),
    ],
)
def test_bands_are_those_of_their_authors(value: float, landis: str, mchugh: str) -> None:
    assert band(value, "landis_koch_1977") == landis
    assert band(value, "mchugh_2012") == mchugh


def test_band_of_alpha_and_of_an_interval() -> None:
    found = bands_of({"value": 0.7, "interval": [0.66, 0.8]}, ["krippendorff_2018"])
    assert found == {"krippendorff_2018": {"value": "tentative", "low": "unreliable", "high": "reliable"}}
    nothing = bands_of({"value": None, "interval": None}, ["krippendorff_2018"])
    assert nothing == {"krippendorff_2018": {"value": None, "low": None, "high": None}}


def test_spread_is_never_understated() -> None:
    """The table of the reference at the next size up: fewer passages spread at least that much."""
    assert spread_of_kappa(200) is None
    assert spread_of_kappa(120) == {"passages": 200, "true": 0.7, "low": 0.62, "high": 0.78}
    assert spread_of_kappa(100) == {"passages": 100, "true": 0.7, "low": 0.58, "high": 0.80}
    assert spread_of_kappa(12) == {"passages": 50, "true": 0.7, "low": 0.52, "high": 0.84}
