"""The sentences on the agreement of coders: expected ones are written by hand."""

from typing import Any

import pytest

from tensions_cli.output.agreement_paragraph import agreement_paragraphs


def row(question: str, of: str | None, passages: int, values: tuple[float, float, float, float]) -> dict[str, Any]:
    """One question of the JSON output, with bounds on the agreement only."""
    agreement, kappa, alpha, ac1 = ({"value": value, "interval": None} for value in values)
    return {
        "question": question,
        "of": of,
        "passages": passages,
        "agreement": agreement | {"interval": [0.5, 0.975]},
        "kappa": kappa,
        "alpha": alpha,
        "ac1": ac1,
        "pairs": [],
    }


def figures(
    machines: int = 0, intervals: str = "bootstrap-2000-seed-7 by document, 95 %", chosen: int = 0
) -> dict[str, Any]:
    return {
        "coders": [{"coder": name, "machine": rank < machines} for rank, name in enumerate("AB")],
        "passages": {"total": 120, "by_all": 60, "by_some": 0, "by_one": 60, "chosen": chosen},
        "documents": 12,
        "intervals": intervals,
        "questions": [
            row("label", None, 60, (0.9, 0.85, 0.84, 0.88)),
            row("logic", "professionnelle", 60, (0.95, 0.9, 0.9, 0.92)),
            row("stance", "professionnelle", 20, (0.5, 0.2, 0.2, 0.3)),
            row("relation", None, 0, (0.0, 0.0, 0.0, 0.0)),
        ],
    }


def test_in_french() -> None:
    (told,) = agreement_paragraphs(figures(), "fr")
    assert told.replace("\u00a0", " ") == (
        "60 passages de 12 documents ont été codés par 2 personnes, séparément, avec la grille « Logiques en tension "
        "dans le secteur social et médico-social », version 4. Étiquette (n = 60) : accord 90 % [50 ; 98], κ 0,85, "
        "α 0,84, AC1 0,88 ; présence de la logique professionnelle (n = 60) : accord 95 % [50 ; 98], κ 0,90, α 0,90, "
        "AC1 0,92. κ de Cohen (1960), α nominal de Krippendorff (2018), AC1 de Gwet (2008), l’unité étant le passage. "
        "Entre crochets, intervalles à 95 % par rééchantillonnage des documents (2 000 tirages, percentiles)."
    )
    assert " ;" not in told  # a semicolon never stands after a space that may break
    assert "\u00a0\u00a0" not in told


def test_in_english_and_a_machine_is_never_a_person() -> None:
    (told,) = agreement_paragraphs(figures(machines=1), "en")
    assert "were coded by 1 person and 1 machine, separately" in told
    assert "Label (n = 60): agreement 90% [50, 98], κ 0.85, α 0.84, AC1 0.88; presence of “professionnelle”" in told
    french, english = agreement_paragraphs(figures(machines=2), "both")
    assert "codés par 2 machines, séparément" in french.replace("\u00a0", " ")
    assert "person" not in french
    assert "2 machines" in english


def test_few_documents_are_said() -> None:
    (told,) = agreement_paragraphs(figures(intervals="none: fewer than 5 documents"), "fr")
    assert "aucun intervalle de confiance" in told


@pytest.mark.parametrize(
    ("chosen", "french", "english"),
    [
        (60, "version 4. Ces passages ont été choisis pour entraîner un modèle, non au hasard : cet accord n’est pas "
         "celui du corpus. Étiquette", "version 4. These passages were chosen to train a model, not drawn at random: "
         "this agreement is not that of the corpus. Label"),
        (12, "12 de ces passages ont été choisis pour", "12 of these passages were chosen to"),
        (1, "Un de ces passages a été choisi pour", "One of these passages was chosen to"),
    ],
)  # fmt: skip
def test_passages_chosen_to_teach_are_said_to_be(chosen: int, french: str, english: str) -> None:
    told = agreement_paragraphs(figures(chosen=chosen), "both")
    assert french in told[0].replace("\u00a0", " ")
    assert english in told[1]
    assert "choisi" not in agreement_paragraphs(figures(), "fr")[0]
