"""Cases per codebook rule, written apart from the model: must-match, must-not, contrast pairs, axes.

The model is wrong on some of them: those are listed in `known_failures.txt` and must stay wrong, so that
a gain or a loss has to be looked at and written down. Nothing is ever trained or tuned on these cases.
"""

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tensions_cli.knowledge.codebook import codebook, shipped
from tensions_cli.knowledge.files import read_toml
from tensions_cli.tagging.classifier import Model
from tensions_cli.tagging.tag import tag_texts
from tensions_cli.training.coded import read_coded

HERE = Path(__file__).parent / "codebook"
BOOK = read_toml("codebook.toml")
CASES: list[dict[str, Any]] = tomllib.loads((HERE / "cases.toml").read_text(encoding="utf-8"))["case"]
KNOWN_FAILURES = {
    line for line in (HERE / "known_failures.txt").read_text(encoding="utf-8").split("\n") if line and line[0] != "#"
}
# At chance over four labels a quarter would pass; under this share the model is not worth shipping.
LEAST_PASSED = 0.5


@pytest.fixture(scope="module")
def answers(model: Model) -> dict[str, str]:
    tags = tag_texts([case["text"] for case in CASES], model)
    return {case["id"]: tag.label for case, tag in zip(CASES, tags, strict=True)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_case(case: dict[str, Any], answers: dict[str, str]) -> None:
    right = answers[case["id"]] == case["label"]
    if case["id"] in KNOWN_FAILURES:
        assert not right, "the model now finds this label: take the case out of known_failures.txt and say so"
    else:
        assert right, f"rule {case['rule']}: {case['why']}"


def test_most_cases_pass(answers: dict[str, str]) -> None:
    passed = sum(answers[case["id"]] == case["label"] for case in CASES)
    assert passed / len(CASES) >= LEAST_PASSED


def test_known_failures_are_cases() -> None:
    assert {case["id"] for case in CASES} >= KNOWN_FAILURES


def test_every_rule_has_cases_of_both_kinds() -> None:
    counts = Counter((case["rule"], case["kind"]) for case in CASES)
    rules = {rule["number"] for rule in BOOK["rules"]}
    assert {case["rule"] for case in CASES} == rules | {0}
    for rule in rules:
        assert counts[rule, "match"] >= 3
        assert counts[rule, "no_match"] >= 3


def test_cases_follow_the_codebook() -> None:
    book = codebook()
    for case in CASES:
        assert case["label"] in shipped().labels
        assert ("relation" in case) == (case["label"] == "mixte")
        present = {logic["name"] for logic in BOOK["logics"] if BOOK["labels"][case["label"]][logic["letter"]]}
        assert set(case.get("stance", {})) <= present
        assert set(case.get("stance", {}).values()) <= set(BOOK["stances"])
        assert case.get("stance", {}).get("rationalisation") != "menacee"
        assert set(case.get("axes", {})) <= set(book.axes)
        assert {pole for poles in case.get("axes", {}).values() for pole in poles} <= present
    assert len({case["text"] for case in CASES}) == len(CASES)


def test_no_case_is_in_the_training_corpus() -> None:
    trained = {_key(p.text) for p in read_coded([Path(__file__).parents[1] / "corpora" / "annotated"])}
    assert not trained & {_key(case["text"]) for case in CASES}


def _key(text: str) -> str:
    return "".join(filter(str.isalnum, text.lower()))
