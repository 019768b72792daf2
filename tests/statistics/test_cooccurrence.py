"""Axes in the same passages: tables counted by hand."""

from itertools import permutations

from tensions_cli.statistics.cooccurrence import axis_pairs

# Forty passages with an axis: temps in 25, cout in 20, both in 5; and ten passages without any axis.
PASSAGES = [("temps", "cout")] * 5 + [("temps",)] * 20 + [("cout",)] * 15 + [()] * 10


def test_four_cells_expected_and_lift_by_hand() -> None:
    # Base 40: expected 25·20/40 = 12.5, lift 5/12.5 = 0.4; neither = 40 − 25 − 20 + 5 = 0. The ten are not in the base.
    (pair,) = axis_pairs(PASSAGES)
    assert (pair.first, pair.second) == ("cout", "temps")
    assert (pair.together, pair.only_first, pair.only_second, pair.neither) == (5, 15, 20, 0)
    assert (pair.expected, pair.lift) == (12.5, 0.4)


def test_independent_axes_have_a_lift_of_one() -> None:
    # travail in 20 of 40, usager in 20 of 40, both in 10 = 20·20/40; standard alone in the ten that have neither.
    passages = [("travail", "usager")] * 10 + [("travail",)] * 10 + [("usager",)] * 10 + [("standard",)] * 10
    pair = next(pair for pair in axis_pairs(passages) if pair.second == "usager" and pair.first == "travail")
    assert (pair.lift, pair.neither) == (1.0, 10)


def test_no_lift_under_five_expected() -> None:
    # 6·8/12 = 4 expected.
    (pair,) = axis_pairs([("temps", "cout")] * 2 + [("temps",)] * 4 + [("cout",)] * 6)
    assert (pair.together, pair.expected, pair.lift) == (2, 4.0, None)


def test_pairs_never_met_are_listed_last_and_axes_named_twice_count_once() -> None:
    pairs = axis_pairs([("temps", "cout", "temps")] * 3 + [("usager",)])
    assert [(pair.first, pair.second, pair.together) for pair in pairs] == [
        ("cout", "temps", 3),
        ("cout", "usager", 0),
        ("temps", "usager", 0),
    ]


def test_order_of_passages_and_of_axes_does_not_matter() -> None:
    first = [("a", "b", "c"), ("b", "c"), ("c", "a")]
    results = {axis_pairs([tuple(order) for order in permutations(one)]) for one in permutations(first)}
    assert len(results) == 1


def test_nothing_without_two_axes() -> None:
    assert axis_pairs([]) == ()
    assert axis_pairs([(), ()]) == ()
    assert axis_pairs([("temps",)] * 9) == ()
