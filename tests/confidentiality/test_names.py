"""Names in French as people write and transcribe it. The recogniser's answers are given, so that rules stand alone."""

import pytest

from tensions_cli.confidentiality.pseudonyms import Table, pseudonymise
from tensions_cli.confidentiality.tokens import Source
from tensions_cli.tagging.french import proper_names, usual_writing


def written(*texts: str, labels: tuple[str, ...] = (), model: bool = False) -> list[str]:
    """The texts after replacement, every number masked: `P-#`."""
    seen = proper_names(texts) if model else [()] * len(texts)
    sources = [Source(text, frozenset(labels), names) for text, names in zip(texts, seen, strict=True)]
    result = pseudonymise(sources, Table({}), usual_writing)
    codes = sorted({one.code for placed in result.placed for one in placed if one.code}, key=len, reverse=True)
    masked = list(result.texts)
    for code in codes:
        if "-" in code and code[0] in "PLON":
            masked = [text.replace(code, f"{code[0]}-#") for text in masked]
    return masked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("On a vu Mme Durand hier.", "On a vu Mme P-# hier."),
        ("Le docteur Nguyen passe le mardi.", "Le docteur P-# passe le mardi."),
        ("C'est M. Le Goff qui signe.", "C'est M. P-# qui signe."),
        ("avec Mme Da Silva et M. O’Brien", "avec Mme P-# et M. P-#"),
        ("Monsieur DURAND Paul refuse.", "Monsieur P-# refuse."),
        ("On travaille avec Rose le matin.", "On travaille avec P-# le matin."),
        ("Rose elle en peut plus.", "P-# elle en peut plus."),
        ("la maman d'Ibrahima appelle", "la maman de P-# appelle"),
        ("parce qu’Aïssatou est partie", "parce que P-# est partie"),
        ("Le directeur s'appelle Castel.", "Le directeur s'appelle P-#."),
        ("Mme D. est venue, Mme D.", "Mme P-# est venue, Mme P-#."),
        ("à l'EHPAD Les Tilleuls", "à l'EHPAD O-#"),
        ("le foyer « la croisée » ferme", "le foyer « O-# » ferme"),
        ("l'association Les Amis de Tous embauche", "l'association O-# embauche"),
        ("un stage au CHU de Rouen", "un stage au CHU de L-#"),
        ("j'habite à Bolbec", "j'habite à L-#"),
        ("il est parti à Orange", "il est parti à L-#"),
        ("on est allés rue des Carmes", "on est allés L-#"),
        ("les gens de l'Escale, du foyer L'Escale", "les gens de O-#, du foyer O-#"),
        ("kevin il est moniteur, avec nathalie", "P-# il est moniteur, avec P-#"),
    ],
)
def test_names_are_replaced(text: str, expected: str) -> None:
    assert written(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "M. le maire et Madame la directrice sont passés.",
        "La rose est fanée. Pierre angulaire du projet, la grille d'évaluation.",
        "L'ARS, la HAS et le CPOM, on sait pas ce que c'est.",
        "Le conseil départemental de la Seine-Maritime finance.",
        "Bourdieu parle de lutte de classement, Winnicott de jeu.",
        "Il a Alzheimer, il vient du Mali, il regarde Netflix à Noël.",
        "Ouais, bah, franchement. Bonjour. Merci. Euh, hein.",
        "Le pôle Enfance et le service Qualité se parlent.",
        "Vas-y, dis-moi. Est-ce que tu viens mardi ? Peut-être.",
        "RAPPORT D'ACTIVITÉ DU SERVICE",
        "On a rempli la grille AGGIR et le tableau Excel.",
        "LES ÉDUCATEURS, LES INFIRMIÈRES",
    ],
)
def test_what_is_no_name_stays(text: str) -> None:
    assert written(text) == [text]


def test_labels_that_are_names_become_codes_and_parts_stay() -> None:
    text = "Enquêtrice : Bonjour.\n\nKarine : Moi c'est Karine.\n\nSPEAKER_00 : Oui.\n\nE1 : Ah.\n\nÉducateur : Non.\n"
    labels = ("Enquêtrice", "Karine", "SPEAKER_00", "E1", "Éducateur")
    expected = "Enquêtrice : Bonjour.\n\nP-# : Moi c'est P-#.\n\nSPEAKER_00 : Oui.\n\nE1 : Ah.\n\nÉducateur : Non.\n"
    assert written(text, labels=labels) == [expected]


def test_a_label_that_is_an_ordinary_word_too_is_a_name() -> None:
    text = "Rose : Bonjour.\n\nMme D. : Oui.\n"
    assert written(text, labels=("Rose", "Mme D.")) == ["P-# : Bonjour.\n\nMme P-# : Oui.\n"]


def test_a_name_met_once_is_known_everywhere_in_the_corpus() -> None:
    first, second = written("J'ai vu Mme Quesnel.", "Quesnel, c'était une grande dame. QUESNEL aussi.")
    assert first == "J'ai vu Mme P-#."
    assert second == "P-#, c'était une grande dame. P-# aussi."


def test_accents_and_case_do_not_hide_a_name() -> None:
    assert written("Élodie est là. ELODIE aussi.", "avec Elodie") == ["P-# est là. P-# aussi.", "avec P-#"]
    assert written("avec Elodie".replace("E", "E\u0301")) == ["avec P-#"]  # NFD


def test_a_machine_transcript_without_capitals() -> None:
    text = "bon alors je m'appelle sandrine et avec madame lebourgeois on va à rouen le mardi"
    assert written(text) == ["bon alors je m'appelle P-# et avec madame P-# on va à L-# le mardi"]


def test_an_unknown_capital_in_a_sentence_is_replaced_and_listed() -> None:
    result = pseudonymise([Source("On a parlé de Zorblaxie tout l'après-midi.")], Table({}), usual_writing)
    (placed,) = result.placed[0]
    assert placed.code is not None
    assert not placed.found.sure


def test_the_model_sees_names_and_long_texts_are_cut() -> None:
    line = "On a rencontré Anne Leroux à Rouen avec les collègues du service. "
    (seen,) = proper_names([line * 200])  # 13,000 characters: three pieces
    assert [kind for _, _, kind in seen].count("personne") >= 190
    assert all((line * 200)[start:end].strip() for start, end, _ in seen)
    assert proper_names([]) == []
    assert proper_names(["", " \n"]) == [(), ()]
