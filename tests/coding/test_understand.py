"""Names of codes as people write them, and codes that contradict each other: understood or listed, never lost."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tensions_cli.coding.understand import Problem, decision_of, is_uncoded, plain_name, understand
from tensions_cli.knowledge.code_names import all_codes
from tensions_cli.records import ReadCoding, ReadCodings


def coding(*codes: str, place: str = "ligne 1", coder: str = "codeur 1", **fields: Any) -> ReadCoding:
    values: dict[str, Any] = {"id": None, "document": "E01", "start": 0, "end": 8, "text": "On coche"} | fields
    return ReadCoding(place=place, coder=coder, codes=codes, **values)


def read(*codings: ReadCoding) -> tuple[list[dict[str, Any]], list[Problem]]:
    return understand(ReadCodings(codings))


def one(*codings: ReadCoding) -> dict[str, Any]:
    passages, problems = read(*codings)
    assert problems == []
    (passage,) = passages
    return passage


def lost(*codings: ReadCoding) -> list[str]:
    return [problem.reason for problem in read(*codings)[1] if problem.lost]


@pytest.mark.parametrize(
    ("written", "label", "M", "P"),
    [
        ("mixte", "mixte", True, True),
        ("MIXTE", "mixte", True, True),
        (" Mixtes ", "mixte", True, True),
        ("M + P", "mixte", True, True),
        ("M/P", "mixte", True, True),
        ("M", "rationalisation", True, False),
        ("p", "professionnelle", False, True),
        ("Logique managériale", "rationalisation", True, False),
        ("Professionnel", "professionnelle", False, True),
        ("Logiques\\professionnelle", "professionnelle", False, True),
        ("Logiques > Neutre", "neutre", False, False),
        ("Logiques::rationalisation", "rationalisation", True, False),
        ("ni M ni P", "neutre", False, False),
    ],
)
def test_labels_as_people_write_them(written: str, label: str, M: bool, P: bool) -> None:  # noqa: N803
    relation = ["opposition"] if label == "mixte" else []
    for given_as in (coding(written, *relation), coding_of_cells(label=written, relation="".join(relation))):
        passage = one(given_as)
        assert (passage["label"], passage["M"], passage["P"]) == (label, M, P)


def coding_of_cells(**answers: str) -> ReadCoding:
    return coding(answers=answers)


@pytest.mark.parametrize("cell", ["mixte", "rationalisation | professionnelle", "M et P", "P ; M", "Mixtes"])
def test_label_cells(cell: str) -> None:
    passages, problems = read(coding_of_cells(label=cell, relation="Opposition"))
    assert [problem for problem in problems if problem.lost] == []
    assert passages[0]["label"] == "mixte"
    assert passages[0]["relation"] == "opposition"


def test_every_name_of_the_codebook_is_understood() -> None:
    known = [code.name for code in all_codes()]
    for name in known:
        for written in (name, name.upper(), f" {name}  ", f"Grille/{name}"):
            _, problems = read(coding("mixte", "opposition", written))
            reasons = {problem.reason for problem in problems}
            assert not any("absent" in reason for reason in reasons), written


def test_a_coded_passage_has_the_fields_of_the_design() -> None:
    passage = one(
        coding("mixte", "opposition", "temps (rationalisation)", "temps (professionnelle)", "rationalisation contestee")
    )
    assert passage == {
        "id": "E01#0-8",
        "document": "E01",
        "start": 0,
        "end": 8,
        "text": "On coche",
        "coder": "codeur 1",
        "M": True,
        "P": True,
        "label": "mixte",
        "relation": "opposition",
        "stance": {"rationalisation": "contestee"},
        "axes": {"temps": ["rationalisation", "professionnelle"]},
        "memo": "",
        "decision": None,
        "place": "ligne 1",
    }


def test_a_tension_is_mixte_in_opposition() -> None:
    passage = one(coding("Tension"))
    assert (passage["label"], passage["relation"]) == ("mixte", "opposition")


def test_codes_of_one_stretch_in_several_places_are_one_passage_per_coder() -> None:
    passages, problems = read(
        coding("mixte", place="ligne 1"),
        coding("opposition", place="ligne 2", memo="à discuter"),
        coding("neutre", place="ligne 3", coder="codeur 2"),
    )
    assert problems == []
    assert [(p["coder"], p["label"], p["relation"], p["memo"]) for p in passages] == [
        ("codeur 1", "mixte", "opposition", "à discuter"),
        ("codeur 2", "neutre", None, ""),
    ]


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ("mixe", None),  # four letters: too short to tell
        ("mixtee", "mixte"),
        ("rationalization", "rationalisation"),
        ("rationnalisation", "rationalisation"),
        ("profesionnelle", "professionnelle"),
        ("nuetre", "neutre"),
    ],
)
def test_one_typing_error_is_read_and_said(written: str, label: str | None) -> None:
    passages, problems = read(coding(written, "opposition") if label == "mixte" else coding(written))
    if label is None:
        assert passages == []
        assert any(problem.lost for problem in problems)
        return
    assert [passage["label"] for passage in passages] == [label]
    if written != "rationalization":  # a known spelling, not an error
        assert [problem.lost for problem in problems] == [False]
        assert f"«\u00a0{label}\u00a0»" in problems[0].reason
        assert written not in problems[0].reason


def test_two_typing_errors_or_an_unknown_code_are_listed_without_being_quoted() -> None:
    passages, problems = read(
        coding("neutre", "confidentialité de Mme Durand"), coding("rtionalisatoin", start=9, end=12)
    )
    assert [passage["label"] for passage in passages] == ["neutre"]
    assert sum("absent de la grille" in problem.reason for problem in problems) == 2
    assert not any("Durand" in problem.reason for problem in problems)


@pytest.mark.parametrize("written", ["rationalisation/professionnelle", "M > P"])
def test_two_codes_in_one_name_are_not_taken_for_a_path(written: str) -> None:
    passages, _ = read(coding(written, "opposition"))
    assert passages[0]["label"] == "mixte"


def test_both_logics_on_one_stretch_are_mixte_and_said() -> None:
    passages, problems = read(coding("rationalisation"), coding("professionnelle", "opposition"))
    assert passages[0]["label"] == "mixte"
    assert [problem.lost for problem in problems] == [False]


@pytest.mark.parametrize("pair", [("neutre", "mixte"), ("neutre", "rationalisation"), ("mixte", "professionnelle")])
def test_other_pairs_of_labels_contradict_each_other(pair: tuple[str, str]) -> None:
    codings = [coding(pair[0], place="ligne 1"), coding(pair[1], place="ligne 2")]
    passages, problems = read(*codings)
    assert passages == []
    assert {problem.place for problem in problems if problem.lost} == {"ligne 1", "ligne 2"}


def test_two_rows_of_a_table_for_one_passage_are_not_added_up() -> None:
    rows = [coding(answers={"label": name}, place=name) for name in ("rationalisation", "professionnelle")]
    passages, problems = read(*rows)
    assert passages == []
    assert len(problems) == 2


def test_a_relation_needs_a_mixte_passage() -> None:
    passages, problems = read(coding("rationalisation", "opposition"))
    assert passages[0]["relation"] is None
    assert [problem.lost for problem in problems] == [True]
    passages, problems = read(coding("mixte"))
    assert passages[0]["relation"] is None
    assert [problem.lost for problem in problems] == [False]
    assert lost(coding("mixte", "opposition", "articulation"))


def test_axes_and_stances_of_an_absent_logic_are_listed() -> None:
    passages, problems = read(
        coding("rationalisation", "temps (professionnelle)", "cout (rationalisation)", "professionnelle menacee")
    )
    assert passages[0]["axes"] == {"cout": ["rationalisation"]}
    assert passages[0]["stance"] == {}
    assert [problem.lost for problem in problems] == [True, True]


def test_an_axis_without_logic_takes_the_only_one() -> None:
    passages, problems = read(coding("professionnelle", "Évaluation"))
    assert passages[0]["axes"] == {"evaluation": ["professionnelle"]}
    assert [problem.lost for problem in problems] == [False]
    assert lost(coding("mixte", "opposition", "coût"))
    assert lost(coding("neutre", "coût"))


def test_cells_of_axes_and_stances() -> None:
    passage = one(
        coding_of_cells(
            label="Mixte",
            relation="articulation",
            axes="temps:rationalisation|Coût : P, évaluation (M)",
            stance_rationalisation="Contestée",
            stance_professionnelle="soutenue",
        )
    )
    assert passage["axes"] == {
        "temps": ["rationalisation"],
        "evaluation": ["rationalisation"],
        "cout": ["professionnelle"],
    }
    assert passage["stance"] == {"rationalisation": "contestee", "professionnelle": "soutenue"}
    passage = one(coding_of_cells(label="P", stance="professionnelle:menacée"))
    assert passage["stance"] == {"professionnelle": "menacee"}


def test_only_the_professional_logic_is_menaced() -> None:
    assert lost(coding_of_cells(label="rationalisation", stance_rationalisation="menacee"))


def test_a_cell_of_another_family_is_not_taken() -> None:
    passages, problems = read(coding_of_cells(label="mixte", relation="neutre"))
    assert passages[0]["label"] == "mixte"
    assert passages[0]["relation"] is None
    assert any(problem.lost for problem in problems)


@pytest.mark.parametrize(
    ("M", "P", "label"),
    [
        ("true", "false", "rationalisation"),
        ("VRAI", "1", "mixte"),
        ("non", "Oui", "professionnelle"),
        ("0", "FAUX", "neutre"),
    ],
)
def test_answers_m_and_p_make_the_label(M: str, P: str, label: str) -> None:  # noqa: N803
    passages, problems = read(coding_of_cells(M=M, P=P))
    assert passages[0]["label"] == label
    assert not any(problem.lost for problem in problems)


def test_answers_that_contradict_the_label_are_listed() -> None:
    assert read(coding_of_cells(M="oui", P="non", label="professionnelle"))[0] == []
    assert lost(coding_of_cells(M="oui", P="non", label="professionnelle"))
    assert lost(coding_of_cells(M="oui"))
    assert lost(coding_of_cells(M="peut-être", P="non"))


@pytest.mark.parametrize(
    ("cell", "decision"),
    [
        ("accepté", "accepted"),
        ("Acceptée ", "accepted"),
        ("OK", "accepted"),
        ("MODIFIE", "modified"),
        ("refusé", "rejected"),
    ],
)
def test_decisions(cell: str, decision: str) -> None:
    assert decision_of(cell) == decision
    assert one(coding_of_cells(label="neutre", decision=cell))["decision"] == decision


def test_a_rejected_row_stays_with_its_codes() -> None:
    passage = one(coding_of_cells(label="mixte", relation="opposition", decision="rejeté"))
    assert (passage["decision"], passage["label"], passage["relation"]) == ("rejected", "mixte", "opposition")


def test_a_decision_nobody_understands_is_listed_and_two_that_differ() -> None:
    passages, problems = read(coding_of_cells(label="neutre", decision="bof"))
    assert passages[0]["decision"] is None
    assert problems[0].lost
    rows = [coding(answers={"label": "neutre", "decision": one_of}) for one_of in ("accepté", "rejeté")]
    assert read(*rows)[0] == []


def test_a_coding_without_passage_is_listed() -> None:
    empty = coding("mixte", document=None, start=None, end=None, text=None)
    assert read(empty)[0] == []
    assert lost(empty)


def test_a_passage_known_by_its_text_only() -> None:
    passage = one(coding("neutre", document=None, start=None, end=None))
    assert passage["id"] is None
    assert passage["text"] == "On coche"


def test_the_text_is_the_documents_own() -> None:
    codings = ReadCodings((coding("neutre", text=None),), {"E01": "On coche des cases"})
    assert understand(codings)[0][0]["text"] == "On coche"
    other = ReadCodings((coding("neutre", text="Elle coche"),), {"E01": "On coche des cases"})
    passages, problems = understand(other)
    assert passages[0]["text"] == "Elle coche"
    assert [problem.lost for problem in problems] == [False]


def test_plain_names() -> None:
    assert plain_name("  Coûts__(Rationalisation) ") == "cout rationalisation"
    assert plain_name("e\u0301valuation") == plain_name("ÉVALUATION")


NAMES = st.sampled_from(
    [code.name for code in all_codes()] + ["M", "P", "tension", "xyz", "", "temps", "rationalisatoin", "M/P", "neutr"]
)


@settings(max_examples=200, deadline=None)
@given(
    groups=st.lists(
        st.tuples(st.lists(NAMES, max_size=4), st.integers(0, 2), st.sampled_from(["codeur 1", "codeur 2"])), max_size=6
    ),
    cell=NAMES,
)
def test_every_coding_is_in_a_passage_or_listed(groups: list[tuple[list[str], int, str]], cell: str) -> None:
    codings = [
        coding(*codes, place=f"ligne {rank}", start=at, end=at + 5, coder=coder, answers={"relation": cell})
        for rank, (codes, at, coder) in enumerate(groups)
    ]
    passages, problems = read(*codings)
    understood = {(passage["coder"], passage["start"]) for passage in passages}
    listed = {problem.place for problem in problems if problem.lost}
    for each in codings:
        assert (each.coder, each.start) in understood or each.place in listed or is_uncoded(each)
        assert is_uncoded(each) == (not each.codes and not any(each.answers.values()))
    for passage in passages:
        present = {pole for pole, letter in (("rationalisation", "M"), ("professionnelle", "P")) if passage[letter]}
        assert passage["relation"] is None or passage["label"] == "mixte"
        assert set(passage["stance"]) <= present
        assert all(set(poles) <= present and poles for poles in passage["axes"].values())


def test_a_tension_in_the_relation_of_a_mixte_passage_loses_nothing() -> None:
    passage = one(coding_of_cells(label="mixte", relation="Tension"))
    assert (passage["label"], passage["relation"]) == ("mixte", "opposition")
    assert lost(coding_of_cells(label="neutre", relation="Tension"))  # nothing is mixte here: said
    assert lost(coding_of_cells(label="mixte", relation="mixte"))


def test_a_posture_that_is_not_taken_is_named_and_told_once() -> None:
    reasons = lost(coding_of_cells(label="neutre", stance_rationalisation="soutenue", stance_professionnelle="menacee"))
    assert [pole for reason in reasons for pole in ("rationalisation", "professionnelle") if f"({pole})" in reason] == [
        "rationalisation",
        "professionnelle",
    ]
    assert len(reasons) == 2


def test_names_of_codes_agree_in_gender() -> None:
    answers = {"label": "rationalisatoin", "stance": "inconnue", "axes": "inconnu"}
    _, problems = read(coding(answers=answers), coding("rationalisatoin", start=9, end=12))
    said = " / ".join(problem.reason for problem in problems)
    for expected in (
        "logique écrite avec une faute", "posture absente de la grille de codage, non reprise",
        "axe absent de la grille de codage, non repris", "code écrit avec une faute",
    ):  # fmt: skip
        assert expected in said
