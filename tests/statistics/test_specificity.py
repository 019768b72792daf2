"""Specificities: R's textometry on the speeches of Robespierre, exact fractions, and what every table must obey."""

from fractions import Fraction
from math import comb, log10

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tensions_cli.statistics.specificity import specificity

# Sample of the R package textometry (ten speeches, 61,449 words), as the project's reference gives it (statistics, §2).
PARTS = [8395, 2558, 3920, 6903, 7896, 4555, 10142, 2063, 1084, 13933]
WORDS = 61449
GOLDEN = {
    "peuple": (
        296,
        [45, 18, 15, 14, 53, 30, 42, 16, 4, 59],
        [0.6161, 1.1466, -0.6709, -4.1743, 2.1122, 1.2906, -0.7980, 1.3632, -0.3977, -0.8410],
    ),
    "republique": (
        207,
        [35, 10, 16, 29, 29, 9, 21, 14, 2, 42],
        [0.9753, 0.4424, 0.6038, 0.9023, 0.4706, -1.2797, -2.2003, 1.9736, -0.5366, -0.6335],
    ),
    "patrie": (
        153,
        [6, 5, 16, 8, 23, 10, 35, 8, 3, 39],
        [-4.2432, -0.4160, 1.4491, -2.0903, 0.6178, -0.3834, 1.5961, 0.8409, 0.2942, 0.6414],
    ),
    "de": (
        3173,
        [464, 165, 194, 392, 398, 235, 509, 96, 58, 662],
        [1.2477, 2.6891, -0.5534, 1.6471, -0.5096, -0.2909, -0.6132, -0.8098, 0.3884, -2.2050],
    ),
}


@pytest.mark.parametrize("word", GOLDEN)
def test_forty_cells_of_textometry(word: str) -> None:
    total, counts, expected = GOLDEN[word]
    assert specificity(counts, total, PARTS, WORDS).tolist() == expected


def test_the_whole_table_at_once_gives_the_same_cells() -> None:
    counts = np.array([counts for _, counts, _ in GOLDEN.values()])
    totals = np.array([[total] for total, _, _ in GOLDEN.values()])
    assert specificity(counts, totals, PARTS, WORDS).tolist() == [row for _, _, row in GOLDEN.values()]


def test_small_case_and_the_expected_count_counts_as_over() -> None:
    # E = 20·300/1000 = 6: six occurrences are on the positive side.
    assert specificity([12, 1, 6], 20, 300, 1000).tolist() == [2.3246, -2.1423, 0.2329]


def test_a_probability_that_underflows_stays_a_number() -> None:
    assert specificity(3000, 3000, 5000, 100_000).tolist() == 4390.1594


def test_edges_are_zero_and_not_minus_zero() -> None:
    # An empty part, a word that nobody says, a word in a part that is the whole corpus: certain, −log10 1 = 0.
    values = specificity([0, 0, 7], [5, 0, 7], [0, 10, 50], 50)
    assert values.tolist() == [0, 0, 0]
    assert not np.signbit(values).any()


@pytest.mark.parametrize("cell", [(6, 5, 10, 50), (11, 20, 10, 50), (0, 45, 10, 50), (1, 5, 60, 50), (-1, 5, 10, 50)])
def test_impossible_counts_are_refused(cell: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="count"):
        specificity(*cell)


def exact(f: int, total: int, part: int, words: int) -> float:
    """Lafon's definition with whole numbers, term by term."""
    ways = [comb(total, k) * comb(words - total, part - k) for k in range(total + 1) if part >= k]
    everything = comb(words, part)
    if f * words >= total * part:
        return -log10(Fraction(sum(ways[f:]), everything))
    return log10(Fraction(sum(ways[: f + 1]), everything))


@st.composite
def cells(draw: st.DrawFn) -> tuple[int, int, int, int]:
    words = draw(st.integers(1, 80))
    part = draw(st.integers(0, words))
    total = draw(st.integers(0, words))
    f = draw(st.integers(max(0, total + part - words), min(total, part)))
    return f, total, part, words


@given(cells())
def test_agrees_with_whole_numbers(cell: tuple[int, int, int, int]) -> None:
    assert float(specificity(*cell)) == pytest.approx(exact(*cell), abs=6e-5)


@given(st.permutations(range(10)))
def test_order_of_parts_does_not_matter(order: list[int]) -> None:
    total, counts, expected = GOLDEN["peuple"]
    shuffled = specificity([counts[i] for i in order], total, [PARTS[i] for i in order], WORDS)
    assert shuffled.tolist() == [expected[i] for i in order]
