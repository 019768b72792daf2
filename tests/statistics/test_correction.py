"""Corrected shares: the worked case of the reference, published formulas, simulations with known errors, refusals."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

from shipped import LOGICS
from tensions_cli.records import Relation
from tensions_cli.results import Estimate
from tensions_cli.statistics.correction import (
    MIN_GOLD,
    Observed,
    Sums,
    corrections,
    documents_reached,
    measures,
    measures_of,
    prediction_powered,
    rogan_gladen,
    unlike_the_corpus,
)

YES, NO = frozenset({"mixte"}), frozenset({"neutre"})


def worked_case() -> Sums:
    """N = 2,000, 620 found; gold of 200: TP 52, FN 8, FP 14, TN 126; every passage alone in its document.

    As in the reference, the gold is independent of the corpus: its 200 documents have no passage there.
    """
    corpus, gold = np.zeros(2200), np.zeros((4, 2200))
    sizes = np.repeat([1.0, 0.0], [2000, 200])
    corpus[:620] = 1
    gold[np.repeat(range(4), [52, 14, 8, 126]), np.arange(2000, 2200)] = 1
    return Sums(sizes, corpus, *gold, positives=60, negatives=140, names=tuple(map(str, range(2200))))


def share(rows: Sequence[Observed], measure: str = "mixte") -> tuple[Estimate, Estimate, Estimate]:
    (whole,) = corrections(rows, ())
    found = next(one for one in whole.shares if one.measure == measure)
    return found.raw, found.prediction_powered, found.rogan_gladen


def width(estimate: Estimate) -> float:
    assert estimate.interval is not None
    return estimate.interval.high - estimate.interval.low


def test_worked_case_of_the_reference() -> None:
    # Reference, section 8: Rogan-Gladen .274, .212–.336 (its delta method: SE .032); Se = 52/60, Sp = 126/140.
    # Student's quantile with 199 degrees of freedom is 1.972 where the reference has 1.960.
    rogan = rogan_gladen(worked_case())
    assert rogan.value == pytest.approx((0.31 + 0.9 - 1) / (52 / 60 + 0.9 - 1), abs=5e-5)
    assert rogan.interval is not None
    assert (rogan.interval.low, rogan.interval.high) == pytest.approx((0.212, 0.336), abs=0.0015)
    # PPI++: λ = .662, .287, SE .023: on the logit −.910 ± 1.972·.0227/(.287·.713), so .244–.334.
    powered = prediction_powered(worked_case())
    assert powered.method.startswith("ppi++ lambda 0.66")
    assert powered.value == pytest.approx(0.287, abs=5e-4)
    assert powered.interval is not None
    assert (powered.interval.low, powered.interval.high) == pytest.approx((0.244, 0.334), abs=0.0015)


def test_rates_come_with_their_counts() -> None:
    # Every passage is gold; of twelve mixte ones the machine finds nine, and it finds three of the 48 others.
    rows = [Observed((), f"d{i % 6}", YES if i < 9 or 12 <= i < 15 else NO, YES if i < 12 else NO) for i in range(60)]
    (whole,) = corrections(rows, ())
    rates = next(one for one in whole.shares if one.measure == "mixte").rates
    assert (rates.positives, rates.negatives) == (12, 48)
    assert (rates.sensitivity, rates.specificity) == (0.75, 0.9375)
    assert [one.measure for one in whole.shares] == list(measures())


def test_a_machine_without_errors_changes_nothing() -> None:
    rows = [
        Observed((), f"d{rank % 20:02}", YES if rank % 3 else NO, (YES if rank % 3 else NO) if rank % 4 == 0 else None)
        for rank in range(600)
    ]
    raw, powered, rogan = share(rows)
    assert rogan.value == raw.value
    # λ = 1/(1 + n/N) < 1: the gold alone keeps a little weight; 150 gold passages have the same share as the 600.
    assert powered.value == pytest.approx(raw.value, abs=1e-9)
    assert "lambda 0.80" in powered.method


def test_a_machine_no_better_than_chance_is_refused() -> None:
    rows = [Observed((), f"d{i % 12}", (YES, NO)[i % 2], (YES, NO)[i // 2 % 2] if i < 80 else None) for i in range(400)]
    assert share(rows)[2].method == "none: sensitivity + specificity not above 1"
    assert share(rows)[2].value is None
    # Prediction-powered inference does not need the machine: λ = 0 leaves the gold alone.
    assert share(rows)[1].value == 0.5
    assert share(rows)[1].method.startswith("ppi++ lambda 0.00")


def test_what_the_gold_does_not_hold_is_said() -> None:
    rows = [Observed((), f"d{i % 12}", YES if i % 9 == 0 else NO, NO if i < 60 else None) for i in range(300)]
    raw, powered, rogan = share(rows)
    assert rogan.method == "none: no gold passage with it"
    assert powered.value is not None
    assert powered.value < (raw.value or 0)


def test_too_little_gold_says_so_and_gives_no_share() -> None:
    rows = [Observed(("a",), f"d{i % 10}", YES if i % 2 else NO, YES if i < MIN_GOLD - 1 else None) for i in range(200)]
    whole, group = corrections(rows, ("genre",))
    assert whole.reason == group.reason == f"none: fewer than {MIN_GOLD} gold passages"
    assert whole.shares == group.shares == ()
    four = [Observed((), f"d{i % 4}", YES if i % 3 else NO, YES if i % 5 else NO) for i in range(200)]
    assert corrections(four, ())[0].reason == "none: gold of fewer than 5 documents"


def test_groups_have_their_own_error_rates() -> None:
    # The machine misses half of what group b says, and nothing in group a.
    rows = [
        Observed((name,), f"{name}{i % 8}", YES if i % 2 and (name == "a" or i % 4 == 1) else NO, YES if i % 2 else NO)
        for name in "ab"
        for i in range(160)
    ]
    _, a, b = corrections(rows, ("genre",))
    rates = [next(one for one in group.shares if one.measure == "mixte").rates.sensitivity for group in (a, b)]
    assert rates == [1.0, 0.5]


def test_measures_of_a_passage() -> None:
    assert measures_of("neutre", (), None) == {"neutre"}
    assert measures_of("rationalisation", LOGICS["rationalisation"], None) == {"rationalisation", "rationalisation+"}
    both = {"mixte", "rationalisation+", "professionnelle+"}
    assert measures_of("mixte", LOGICS["mixte"], "articulation") == both
    assert measures_of("mixte", LOGICS["mixte"], Relation.OPPOSITION) == both | {"tension"}


def simulated(
    random: np.random.Generator, documents: int = 20, true: float = 0.3, gold: int = 200, drawn: str = "random"
) -> list[Observed]:
    """Documents of 15 to 45 passages, intra-document correlation .10, Se .85, Sp .90.

    `drawn`: random; `telling`, three gold passages in ten truly have it; `weighted`, half of the gold among what the
    machine found, each with the inverse of its probability to be drawn.
    """
    sizes = random.integers(15, 46, size=documents)
    document = np.repeat(np.arange(documents), sizes)
    chances = random.beta(9 * true, 9 * (1 - true), size=documents)
    human = random.random(len(document)) < chances[document]
    machine = np.where(human, random.random(len(document)) < 0.85, random.random(len(document)) >= 0.9)
    weight = np.ones(len(document))
    if drawn == "random":
        chosen = random.choice(len(document), gold, replace=False)
    else:
        parts = []
        kind, part_of_gold = (human, 0.3) if drawn == "telling" else (machine, 0.5)
        for found, n in ((True, round(gold * part_of_gold)), (False, gold - round(gold * part_of_gold))):
            stratum = np.flatnonzero(kind == found)
            part = random.choice(stratum, min(n, len(stratum)), replace=False)
            weight[part] = len(stratum) / len(part) if drawn == "weighted" else 1.0
            parts.append(part)
        chosen = np.concatenate(parts)
    coded = set(chosen.tolist())
    return [
        Observed(
            (),
            f"d{document[i]:03}",
            YES if machine[i] else NO,
            (YES if human[i] else NO) if i in coded else None,
            float(weight[i]),
        )
        for i in range(len(document))
    ]


def coverage(drawn: str, trials: int = 250, true: float = 0.3, seed: int = 3) -> dict[str, float]:
    random = np.random.default_rng(seed)
    inside = dict.fromkeys(("raw", "ppi", "rogan"), 0)
    for _ in range(trials):
        for name, estimate in zip(inside, share(simulated(random, true=true, drawn=drawn)), strict=True):
            bounds = estimate.interval
            inside[name] += bounds is not None and bounds.low <= true <= bounds.high
    return {name: n / trials for name, n in inside.items()}


def test_coverage_with_known_errors_of_the_machine() -> None:
    # Claimed: 93 to 97 %; three simulation errors of 250 corpora are .041. Uncorrected, a share of .30 is read as .325.
    found = coverage("random")
    assert 0.93 - 0.041 <= found["ppi"] <= 1
    assert 0.93 - 0.041 <= found["rogan"] <= 1


def test_rare_share_that_the_machine_more_than_doubles() -> None:
    # .05 is read as .05·.85 + .95·.10 = .1375: raw intervals nearly never hold it.
    found = coverage("random", true=0.05)
    assert found["raw"] < 0.5
    assert found["ppi"] >= 0.93 - 0.041


def test_a_gold_that_was_not_drawn_at_random_misleads_prediction_powered_inference() -> None:
    # As in the reference (.48 against .95): the gold holds three passages in ten that have it, the corpus one in ten.
    found = coverage("telling", true=0.1)
    assert found["ppi"] < 0.7
    assert found["rogan"] >= 0.93 - 0.041


def test_weights_put_a_gold_drawn_by_class_right() -> None:
    found = coverage("weighted", true=0.1)
    assert found["ppi"] >= 0.93 - 0.041
    assert found["rogan"] >= 0.93 - 0.041


def test_a_gold_unlike_the_corpus_is_told() -> None:
    random = np.random.default_rng(5)
    alarms = sum(bool(unlike_the_corpus(simulated(random))) for _ in range(100))
    assert alarms <= 5  # one in a hundred, by construction
    # A help, not a proof: chosen passages are told apart most of the time only.
    assert sum(bool(unlike_the_corpus(simulated(random, true=0.1, drawn="telling"))) for _ in range(20)) >= 15
    assert not any(unlike_the_corpus(simulated(random, true=0.1, drawn="weighted")) for _ in range(10))


def test_documents_that_a_gold_reaches() -> None:
    # Ten documents of 10; 20 passages at random miss one with probability .9^20 = .1216.
    rows = [Observed((), f"d{i // 10}", NO, NO if i < 20 else None) for i in range(100)]
    reached, expected = documents_reached(rows)
    assert reached == 2
    assert expected == pytest.approx(10 * (1 - 0.9**20))


def test_repeating_every_passage_does_not_narrow() -> None:
    # An interval that counts passages would shrink by √4.
    rows = simulated(np.random.default_rng(6))
    once, four = share(rows), share([row for row in rows for _ in range(4)])
    for one, many in zip(once, four, strict=True):
        assert width(many) == pytest.approx(width(one), rel=0.02)
    assert not math.isnan(width(once[1]))
