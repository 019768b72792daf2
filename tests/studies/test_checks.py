"""`--fail-if` and `--tolerance`: what is understood, what is refused, what is judged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import three_logics
from summaries import Json, base, masked, moved
from tensions_cli.errors import TensionsError
from tensions_cli.knowledge.codebook import parse_codebook, use_codebook
from tensions_cli.results import Condition
from tensions_cli.studies.checks import (
    measure_named,
    measures,
    parse_condition,
    parse_conditions,
    parse_tolerance,
    verdicts,
)
from tensions_cli.studies.summaries import parse_summary


@pytest.mark.parametrize(
    ("text", "scope", "measure", "sign", "number"),
    [
        ("tension_share > 0.3", None, "tension_share", ">", 0.3),
        ("tension_share>0,3", None, "tension_share", ">", 0.3),
        ("  tension  >  30 % ", None, "tension_share", ">", 0.3),
        ("Tension > 30\u00a0%", None, "tension_share", ">", 0.3),
        ("mixte >= ,5", None, "shares.mixte", ">=", 0.5),
        ("shares.mixte <= 1", None, "shares.mixte", "<=", 1),
        ("shares_by_words.NEUTRE < 12,5 %", None, "shares_by_words.neutre", "<", 0.125),
        ("shares_by_document.tension == 0", None, "shares_by_document.tension", "==", 0),
        ("balance < -0,5", None, "balance", "<", -0.5),
        ("balance < −50 %", None, "balance", "<", -0.5),
        ("passages != 1 000", None, "passages", "!=", 1000),
        ("mots ≥ 10\u202f000", None, "words", ">=", 10_000),
        ("certain_share = 1", None, "certain_share", "==", 1),
        ("any: mixte > 50 %", {}, "shares.mixte", ">", 0.5),
        ("genre=presse: neutre > 60 %", {"genre": "presse"}, "shares.neutre", ">", 0.6),
        ("genre=presse, rank=hors secteur:words<3", {"genre": "presse", "rank": "hors secteur"}, "words", "<", 3),
        ("sujet=coûts, délais:words<3", {"sujet": "coûts, délais"}, "words", "<", 3),
        ("document=E1: suite:words<3", {"document": "E1: suite"}, "words", "<", 3),
        ("âge=>60: words < 3", {"âge": ">60"}, "words", "<", 3),
    ],
)
def test_what_is_understood(text: str, scope: dict[str, str] | None, measure: str, sign: str, number: float) -> None:
    found = parse_condition(text)
    assert (found.scope, found.measure, found.operator) == (scope, measure, sign)
    assert found.number == pytest.approx(number)
    assert found.text == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "tension", "> 0.3", "tension > ", "tension >> 0.3", "tension 0.3", "tension > 0.3.1",
        "tension > 1e-3",
        "tension > 0.3 or 1", "tension > nan", "tension > -0.1", "tension > 30", "tension > 130 %", "balance > 2",
        "words > 3 %", "words > 2,5", "words > -1", "genre: tension > 0.1", "=x: tension > 0.1",
        "genre=: tension > 0.1",
        ": tension > 0.1", "0.3 < tension", "tension > ０.３", "tension > " + "9" * 400,
    ],
)  # fmt: skip
def test_what_is_refused(text: str) -> None:
    with pytest.raises(TensionsError) as refused:
        parse_condition(text)
    assert "--fail-if" in refused.value.what


@pytest.mark.parametrize("name", ["tensio", "__import__('os').system('x')", "shares", "shares.autre", "marchande"])
def test_an_unknown_measure_lists_the_choices(name: str) -> None:
    with pytest.raises(TensionsError) as refused:
        parse_condition(f"{name} > 0.1")
    assert "inconnue" in refused.value.what
    for choice in ("tension_share", "balance", "passages", "mixte", "shares_by_words.neutre"):
        assert choice in refused.value.hint


@given(st.text(max_size=60))
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        found = parse_condition(text)
    except TensionsError:
        return
    assert found.measure in measures()


def test_measures_are_those_of_the_codebook_in_use() -> None:
    assert measure_named("rationalisation") == "shares.rationalisation"
    book = parse_codebook(three_logics.CODEBOOK.encode(), three_logics.LEXICON.encode())
    use_codebook(book)
    assert measure_named("domestique") == "shares.domestique"
    assert measure_named("rationalisation") is None
    assert measure_named("balance") is None  # of two logics only


def test_a_group_is_by_the_fields_of_by() -> None:
    asked = ["genre=presse: words < 3", "any: words < 3", "words < 3"]
    assert len(parse_conditions(asked, ("Genre",))) == 3
    for by in (("document",), ()):
        with pytest.raises(TensionsError, match="genre"):
            parse_conditions(asked, by)
    with pytest.raises(TensionsError):
        parse_conditions(["any: words < 3"], ())


def judged(text: str, row: Json) -> list[tuple[str | None, str]]:
    """Genre of each group judged and the state of the condition there."""
    found = verdicts([parse_condition(text)], parse_summary(row, "x"))
    return [(None if one.by is None else one.by.get("genre", "*"), one.state) for one in found]


def test_judgement_by_scope() -> None:
    """tension_share: .08 in the whole corpus, .06 in presse, .10 in revue."""
    row = base()
    assert judged("tension > 0.07", row) == [("*", "true")]
    assert judged("tension > 0.08", row) == [("*", "false")]
    assert judged("tension >= 0.08", row) == [("*", "true")]
    assert judged("tension < 0.08", row) == [("*", "false")]
    assert judged("tension <= 8 %", row) == [("*", "true")]
    assert judged("tension == 0,08", row) == [("*", "true")]
    assert judged("tension != 0,08", row) == [("*", "false")]
    assert judged("any: tension > 0.07", row) == [("presse", "false"), ("revue", "true")]
    assert judged("genre=Presse: tension > 0.07", row) == [("presse", "false")]
    assert judged("genre=pressse: tension > 0.07", row) == [(None, "nowhere")]


def test_what_cannot_be_given_does_not_fail_and_is_told() -> None:
    row = moved((1, "balance", None))  # type: ignore[arg-type]
    row["groups"][2] = masked({"genre": "revue"})
    assert judged("any: balance > -1", row) == [("presse", "unknown"), ("revue", "masked")]
    found = verdicts([parse_condition("any: balance > -1")], parse_summary(row, "x"))
    assert not any(one.fails for one in found)
    assert found[1].figure.value is None


def test_certain_share_is_a_share_of_passages() -> None:
    row = base()
    row["groups"][0]["certain"] = 45
    row["groups"][0]["passages"] = 60  # 45 / 60 = .75
    assert judged("certain_share == 0.75", row) == [("*", "true")]


def test_roles_may_be_named_in_french() -> None:
    row = base()
    row["groups"][1]["by"] = {"role": "interviewer"}
    condition = parse_condition("role=enquêteur: words > 1")
    assert [one.by for one in verdicts([condition], parse_summary(row, "x"))] == [{"role": "interviewer"}]


@pytest.mark.parametrize(
    ("text", "value"), [("0.02", 0.02), ("0,02", 0.02), ("2 %", 0.02), ("0", 0), ("1", 1), ("5%", 0.05)]
)
def test_tolerances(text: str, value: float) -> None:
    assert parse_tolerance(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "2", "-0.1", "x", "0.02 0.03 x", "nan", "120 %"])
def test_tolerances_that_mean_nothing(text: str) -> None:
    with pytest.raises(TensionsError):
        parse_tolerance(text)


def test_a_condition_is_a_value() -> None:
    assert parse_condition("tension > 0.3") == Condition("tension > 0.3", None, "tension_share", ">", 0.3)
