"""Drawing, sharing out and announcing: against hand computations, published formulas, and what randomness must give."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tensions_cli.statistics.sampling import (
    allocate,
    draw,
    effective_size,
    half_width,
    least_sure,
    share_out,
    spread,
    text_vectors,
)

SIZES = st.lists(st.integers(1, 60), min_size=1, max_size=8)


# --- allocation -----------------------------------------------------------------------------------------


def test_largest_remainders_by_hand() -> None:
    # 20 of 100: quotas 10.6, 6.2, 3.2: 10 + 6 + 3 = 19, and the last one to the remainder .6.
    assert allocate([53, 31, 16], 20) == [11, 6, 3]


def test_ties_go_to_the_larger_stratum_then_to_the_first() -> None:
    # 3 of 8 in two equal strata: 1.5 and 1.5. 5 of 10 of sizes 7 and 3: 3.5 and 1.5.
    assert allocate([4, 4], 3, least=0) == [2, 1]
    assert allocate([3, 7], 5, least=0) == [1, 4]


def test_a_small_stratum_takes_two_and_the_others_share_the_rest() -> None:
    # Quotas of 10 of 100: 9.6 and .4. The small one takes 2, the other 8.
    assert allocate([96, 4], 10) == [8, 2]
    assert allocate([99, 1], 10) == [9, 1]  # it has only one


def test_one_in_each_where_two_are_too_many() -> None:
    assert allocate([50, 30, 20], 5) == [3, 1, 1]  # quotas 2.5, 1.5, 1: the tie to the larger
    with pytest.raises(ValueError, match="strata"):
        allocate([50, 30, 20], 2)


def test_more_than_there_is_is_refused() -> None:
    with pytest.raises(ValueError, match="more to draw"):
        allocate([3, 2], 6)


@given(SIZES, st.data())
def test_allocation_adds_up_and_never_exceeds_a_stratum(sizes: list[int], data: st.DataObject) -> None:
    count = data.draw(st.integers(len(sizes), max(sum(sizes), len(sizes))))
    found = allocate(sizes, count)
    assert sum(found) == count
    assert all(1 <= n <= size for n, size in zip(found, sizes, strict=True))
    if sum(min(2, size) for size in sizes) <= count:
        assert all(n >= min(2, size) for n, size in zip(found, sizes, strict=True))
    assert allocate(sizes, sum(sizes)) == sizes


@given(SIZES, st.data())
def test_without_a_least_each_stratum_is_within_one_of_its_quota(sizes: list[int], data: st.DataObject) -> None:
    count = data.draw(st.integers(0, sum(sizes)))
    found = allocate(sizes, count, least=0)
    assert sum(found) == count
    assert all(abs(n - count * size / sum(sizes)) < 1 for n, size in zip(found, sizes, strict=True))


@given(SIZES, st.data())
def test_weights_sum_to_the_population(sizes: list[int], data: st.DataObject) -> None:
    count = data.draw(st.integers(len(sizes), sum(sizes)))
    weights = [size / n for size, n in zip(sizes, allocate(sizes, count), strict=True) for _ in range(n)]
    assert sum(weights) == pytest.approx(sum(sizes))


# --- drawing at random ----------------------------------------------------------------------------------


def drawn(seed: int, count: int = 5) -> list[list[int]]:
    keys = np.random.default_rng(seed).random(20)
    return draw([list(range(12)), list(range(12, 20))], allocate([12, 8], count), keys)


def test_a_seed_always_draws_the_same_and_a_larger_sample_holds_the_smaller() -> None:
    assert drawn(3) == drawn(3)
    assert drawn(3) != drawn(4)
    for small, large in zip(drawn(3), drawn(3, 10), strict=True):
        assert set(small) < set(large)


def test_every_passage_is_drawn_as_often_as_its_probability_says() -> None:
    # 5 of 20: 3 of 12 and 2 of 8, a probability of 1/4 each. Over 4,000 seeds: .25 ± 4 × √(.25·.75/4000) = ± .027.
    seen = Counter(rank for seed in range(4000) for members in drawn(seed) for rank in members)
    assert set(seen) == set(range(20))
    assert all(abs(seen[rank] / 4000 - 0.25) < 0.0275 for rank in range(20))


# --- choosing to teach ----------------------------------------------------------------------------------


def test_least_sure_takes_the_smallest_margins_ties_in_order() -> None:
    assert least_sure([4, 0, 1, 2, 3], [0.3, 0.1, 0.2, 0.1, 0.0], 3) == [4, 1, 3]


def test_spread_takes_one_of_each_group_before_two_of_any() -> None:
    # Three copies of each of four points: once a point is chosen its copies are at distance 0.
    vectors = np.repeat(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [5.0, 5.0]]), 3, axis=0)
    for seed in range(20):
        chosen = spread(vectors, range(12), 4, np.random.default_rng(seed))
        assert {rank // 3 for rank in chosen} == {0, 1, 2, 3}
        # with one of the group 0 chosen before, the other three groups come next
        after = spread(vectors, range(12), 3, np.random.default_rng(seed), already=[1])
        assert {rank // 3 for rank in after} == {1, 2, 3}


def test_spread_takes_copies_when_nothing_else_is_left() -> None:
    chosen = spread(np.zeros((5, 2)), range(5), 5, np.random.default_rng(0))
    assert sorted(chosen) == [0, 1, 2, 3, 4]


def test_spread_draws_in_proportion_to_squared_distance() -> None:
    # From 0, the points 1 and 2 are drawn 1 time and 4 times in 5 (Arthur and Vassilvitskii 2007): .8 ± 4 × .0089.
    line = np.array([[0.0], [1.0], [2.0]])
    far = sum(spread(line, [1, 2], 1, np.random.default_rng(seed), already=[0]) == [2] for seed in range(2000))
    assert abs(far / 2000 - 0.8) < 0.036


def test_texts_of_the_same_words_are_nearer() -> None:
    texts = [
        "le budget du service et le budget du siège",
        "le siège demande le budget du service",
        "elle écoute madame Lenoir le soir",
        "le soir madame Lenoir écoute la radio",
    ]
    vectors = text_vectors(texts)
    near, far = np.linalg.norm(vectors[0] - vectors[1]), np.linalg.norm(vectors[0] - vectors[2])
    assert near < far
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)


def test_many_texts_are_reduced_and_always_alike() -> None:
    texts = [f"mot{i % 70} mot{i % 71} mot{i % 73} mot{i % 79}" for i in range(300)]
    assert text_vectors(texts).shape == (300, 50)
    assert np.array_equal(text_vectors(texts), text_vectors(texts))
    assert text_vectors(["un", "deux"]).shape == (2, 1)  # no word in common: nothing to tell them by


# --- coders ---------------------------------------------------------------------------------------------


@given(
    st.lists(st.integers(1, 30), min_size=1, max_size=5),
    st.integers(2, 4),
    st.floats(0, 1, allow_nan=False),
    st.integers(0, 50),
)
def test_every_passage_has_a_coder_and_shares_are_equal(
    sizes: list[int], coders: int, overlap: float, seed: int
) -> None:
    names = [f"codeur {letter}" for letter in "ABCD"[:coders]]
    starts = np.cumsum([0, *sizes])
    strata = [list(range(start, start + size)) for start, size in zip(starts, sizes, strict=False)]
    found = share_out(strata, names, overlap, np.random.default_rng(seed))
    total = sum(sizes)
    assert sorted(found) == list(range(total))
    shared = sum(len(who) == coders for who in found.values())
    assert shared == (min(max(math.floor(overlap * total + 0.5), 1), total) if overlap else 0)
    loads = [sum(name in who for who in found.values()) for name in names]
    assert max(loads) - min(loads) <= 1


def test_the_overlap_is_stratified_like_the_sample() -> None:
    # 25 % of 40 and 20: 10 and 5, whatever the seed.
    for seed in range(5):
        found = share_out([list(range(40)), list(range(40, 60))], ["A", "B"], 0.25, np.random.default_rng(seed))
        assert [sum(len(found[rank]) == 2 for rank in part) for part in (range(40), range(40, 60))] == [10, 5]


def test_the_overlap_is_drawn_at_random() -> None:
    seen: Counter[int] = Counter()
    for seed in range(2000):
        found = share_out([list(range(8))], ["A", "B"], 0.25, np.random.default_rng(seed))
        seen.update(rank for rank, who in found.items() if len(who) == 2)
    assert all(abs(seen[rank] / 2000 - 0.25) < 0.039 for rank in range(8))  # 4 standard errors


def test_one_coder_or_none_codes_everything() -> None:
    generator = np.random.default_rng(0)
    assert share_out([[0, 1]], ["A"], 0.25, generator) == {0: ("A",), 1: ("A",)}
    assert share_out([[0, 1]], [], 0.25, generator) == {0: (), 1: ()}


# --- precision ------------------------------------------------------------------------------------------


def test_half_width_of_published_sizes() -> None:
    # Wilson 1927: a share of .30 is known to .24–.37 with 200 passages, .26–.35 with 400.
    assert half_width(0.3, 200) == pytest.approx((0.37 - 0.24) / 2, abs=0.005)
    assert half_width(0.3, 400) == pytest.approx((0.35 - 0.26) / 2, abs=0.005)


def test_effective_size_by_hand() -> None:
    assert effective_size([2.0] * 10, [str(i) for i in range(10)]) == pytest.approx(10)  # one a document: no effect
    # Two documents of ten: 1 + (10 − 1) × .05 = 1.45, so 20 / 1.45.
    assert effective_size([1.0] * 20, ["a"] * 10 + ["b"] * 10) == pytest.approx(20 / 1.45)
    # Weights 1, 1, 2, 2: 36 / 10 = 3.6.
    assert effective_size([1, 1, 2, 2], list("abcd")) == pytest.approx(3.6)
