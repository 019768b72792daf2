"""The methods paragraph: expected texts written by hand, in both languages, for each case that changes a sentence."""

from typing import Any

import pytest

from tensions_cli.output.methods_paragraph import methods_paragraphs

Json = dict[str, Any]


def figure(value: float | None, *interval: float) -> Json:
    return {"value": value, "interval": list(interval) or None}


def rates(support: int, said: int, f1: Json) -> Json:
    return {"support": support, "said": said, "both": 0, "precision": figure(0.5), "recall": figure(0.25), "f1": f1}


def coding(coders: int | None, coded_by: str | None, at_random: int, *, unequal: bool) -> Json:
    """Where the gold comes from."""
    told = {"coders": coders, "coded_by": coded_by, "adjudicated": None}
    return told | {"at_random": at_random, "unequal_weights": unequal}


def evaluation(**changes: Any) -> Json:
    """Two hundred passages drawn at random, coded by two people, never learnt."""
    found: Json = {
        "manifest": {
            "tool": {"name": "tensions", "version": "0.1.0"},
            "model": {
                "identity": "standard 0.1.0 (94a08738)", "name": "standard", "sha256": "9" * 64,
                "training": {"passages": 9054, "coded_by": None, "composed": True, "added": 0, "added_coded_by": None},
            },
            "codebook": {"name": "x", "title": "Le guichet et le don", "version": 3, "sha256": "0" * 64},
        },
        "passages": 200,
        "documents": 12,
        "intervals": "bootstrap-2000-seed-20261121 by document, 95 %",
        "seen_in_training": 0,
        "coding": coding(2, "people", 200, unequal=False),
        "labels": {
            "classes": {
                "guichet": rates(60, 58, figure(0.7, 0.61, 0.79)), "don": rates(40, 45, figure(0.654)),
                "mixte": rates(0, 0, figure(None)), "neutre": rates(100, 97, figure(0.9)),
            },
            "macro_f1": figure(0.7512, 0.6801, 0.8149),
            "agreement": {
                "agreement": figure(0.8, 0.71, 0.88), "kappa": figure(0.683, 0.6, 0.757),
                "alpha": figure(0.68, 0.59, 0.75), "ac1": figure(0.7),
            },
        },
        "tension": rates(20, 10, figure(0.333, 0.1, 0.5)),
    }  # fmt: skip
    return found | changes


def french_of(found: Json) -> str:
    [text] = methods_paragraphs(found, "fr")
    return text.replace("\u00a0", " ")


def english_of(found: Json) -> str:
    [text] = methods_paragraphs(found, "en")
    return text.replace("\u00a0", " ")


def test_french() -> None:
    assert french_of(evaluation()) == (
        "Le modèle standard 0.1.0 (94a08738) du logiciel tensions (version 0.1.0) a été évalué sur 200 passages de 12 "
        "documents, tirés au hasard dans le corpus. Ils ont été codés par 2 personnes avec la grille « Le guichet et "
        "le don », version 3. Ce modèle a été entraîné sur 9 054 passages (composés et codés avec des modèles de "
        "langue, sans codage par des personnes). Il n’avait appris aucun des passages évalués. Sur l’étiquette "
        "(4 classes : guichet, don, mixte, neutre), le macro-F1 est de 0,75 [0,68 ; 0,81], l’accord de 80 % [71 ; 88], "
        "le κ de Cohen (1960) de 0,68 [0,60 ; 0,76] et l’α nominal de Krippendorff (2018) de 0,68 [0,59 ; 0,75]. "
        "F1 par classe : guichet 0,70 [0,61 ; 0,79] (n = 60), don 0,65 (n = 40), neutre 0,90 (n = 100). Pour les "
        "tensions (passages mixtes en opposition, n = 20), la précision est de 0,50, le rappel de 0,25 et le F1 de "
        "0,33 [0,10 ; 0,50]. Entre crochets, intervalles à 95 % par rééchantillonnage des documents (2 000 tirages, "
        "percentiles). Logiciel : the tensions maintainers, tensions, version 0.1.0, licence MIT."
    )


def test_english() -> None:
    assert english_of(evaluation()) == (
        "The model standard 0.1.0 (94a08738) of the software tensions (version 0.1.0) was evaluated on 200 passages "
        "from 12 documents, drawn at random from the corpus. They were coded by 2 people with the codebook “Le guichet "
        "et le don”, version 3. The model was trained on 9,054 passages (composed and coded with language models, "
        "without any coding by people). It had learnt none of the passages evaluated. On the label (4 classes: "
        "guichet, don, mixte, neutre), macro-F1 is 0.75 [0.68, 0.81], agreement 80% [71, 88], Cohen’s (1960) κ 0.68 "
        "[0.60, 0.76] and Krippendorff’s (2018) nominal α 0.68 [0.59, 0.75]. F1 by class: guichet 0.70 [0.61, 0.79] "
        "(n = 60), don 0.65 (n = 40), neutre 0.90 (n = 100). For tensions (passages coded mixte, in opposition; "
        "n = 20), precision is 0.50, recall 0.25 and F1 0.33 [0.10, 0.50]. In brackets, 95% intervals by resampling of "
        "documents (2,000 draws, percentiles). Software: the tensions maintainers, tensions, version 0.1.0, MIT "
        "licence."
    )


@pytest.mark.parametrize(
    ("changes", "french", "english"),
    [
        ({"intervals": "none: fewer than 5 documents", "documents": 3},
         "Avec moins de cinq documents, aucun intervalle de confiance n’est donné : ces chiffres décrivent ces textes "
         "et ne se généralisent pas.",
         "With fewer than five documents no confidence interval is given: these figures describe these texts and do "
         "not generalise."),
        ({"coding": coding(3, "model", 200, unequal=False)},
         "Ils ont été codés par une machine, non par des personnes, avec la grille",
         "They were coded by a machine, not by people, with the codebook"),
        ({"coding": coding(1, "people", 0, unequal=False)},
         "de 12 documents ; la façon dont les passages ont été choisis n’est pas dite. Ils ont été codés par une "
         "personne avec la grille",
         "from 12 documents; how the passages were chosen is not recorded. They were coded by one person with the"),
        ({"coding": coding(2, "told", 150, unequal=True)},
         "dont 150 tirés au hasard ; la façon dont les autres ont été choisis n’est pas dite. Ils ont été codés comme "
         "l’indique la fiche qui les accompagne (card.toml), avec la grille",
         "150 of them drawn at random; how the others were chosen is not recorded. They were coded as told by the card "
         "beside them (card.toml), with the codebook"),
        ({"coding": coding(None, None, 200, unequal=True)},
         "Les chiffres ne sont pas pondérés, alors que les passages n’avaient pas tous la même chance d’être tirés.",
         "Figures are unweighted, although passages did not all have the same chance of being drawn."),
        ({"seen_in_training": 30},
         "Il avait appris 30 des 200 passages évalués : ces chiffres sont optimistes et ne valent pas pour d’autres "
         "textes.",
         "It had learnt 30 of the 200 passages evaluated: these figures are optimistic and do not hold for other "
         "texts."),
        ({"seen_in_training": None},
         "On ne sait pas s’il avait appris certains de ces passages.",
         "Whether it had learnt some of these passages is not known."),
        ({"tension": rates(0, 4, figure(0.0))},
         "Aucune tension (passage mixte en opposition) n’est codée : leur repérage n’est pas mesuré.",
         "No tension (a passage coded mixte, in opposition) is coded: how well they are found is not measured."),
        ({"tension": rates(6, 0, figure(0.0))},
         "Pour les tensions (passages mixtes en opposition, n = 6), le modèle n’en dit aucune.",
         "For tensions (passages coded mixte, in opposition; n = 6), the model names none."),
    ],
)  # fmt: skip
def test_each_case_is_told(changes: Json, french: str, english: str) -> None:
    assert french in french_of(evaluation(**changes))
    assert english in english_of(evaluation(**changes))


def test_codes_of_a_machine_are_never_called_human() -> None:
    source = coding(3, "model", 0, unequal=False)
    both = " ".join(methods_paragraphs(evaluation(coding=source), "both")).lower()
    assert "humain" not in both
    assert "human" not in both
    assert "3 personnes" not in both


@pytest.mark.parametrize(
    ("training", "french", "english"),
    [
        ({"passages": 9254, "coded_by": "model", "composed": True, "added": 200, "added_coded_by": "people"},
         "entraîné sur 9 054 passages (composés et codés avec des modèles de langue, sans codage par des personnes) et "
         "sur 200 passages ajoutés, codés par des personnes.",
         "trained on 9,054 passages (composed and coded with language models, without any coding by people) and on 200 "
         "added passages, coded by people."),
        ({"passages": 400, "coded_by": "people", "composed": False, "added": 0, "added_coded_by": None},
         "entraîné sur 400 passages, codés par des personnes.", "trained on 400 passages, coded by people."),
        # One's own interviews, coded by a machine: people spoke them.
        ({"passages": 400, "coded_by": "model", "composed": False, "added": 0, "added_coded_by": None},
         "entraîné sur 400 passages, codés par une machine, non par des personnes.",
         "trained on 400 passages, coded by a machine, not by people."),
        ({"passages": 9054, "coded_by": "model", "composed": True, "added": 0, "added_coded_by": None},
         "entraîné sur 9 054 passages (composés et codés avec des modèles de langue",
         "trained on 9,054 passages (composed and coded with language models"),
        ({"passages": 400, "coded_by": "told", "composed": False, "added": 0, "added_coded_by": None},
         "entraîné sur 400 passages, dont sa fiche dit la provenance.",
         "trained on 400 passages, whose provenance its card tells."),
        (None, "Ce que ce modèle a appris n’est pas consigné.", "What this model learnt is not recorded."),
    ],
)  # fmt: skip
def test_what_the_model_learnt(training: Json | None, french: str, english: str) -> None:
    found = evaluation()
    found["manifest"]["model"]["training"] = training
    assert french in french_of(found)
    assert english in english_of(found)


def test_adjudicated_codes_are_said_to_be() -> None:
    told = {"agreed": 43, "settled": 17, "alone": 60}
    settled = coding(1, "people", 200, unequal=False) | {"adjudicated": told}
    french, english = methods_paragraphs(evaluation(coding=settled), "both")
    said = "43 ont été codés de la même façon par plusieurs personnes, 17 arrêtés après arbitrage entre elles et 60 "
    assert f"{said}codés par une seule, avec la grille" in french
    said = "43 were coded alike by several people, 17 settled between them by adjudication and 60 coded by one person"
    assert f"{said}, with the codebook" in english
