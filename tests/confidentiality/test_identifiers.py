"""Identifiers with a form of their own: what is taken, and what only looks like it."""

import pytest

from tensions_cli.confidentiality.identifiers import find_identifiers
from tensions_cli.confidentiality.pseudonyms import settle


def taken(text: str) -> list[tuple[str, str]]:
    """Category and words of what is replaced."""
    return [(one.category, text[one.start : one.end]) for one in settle(find_identifiers(text)) if not one.kept]


@pytest.mark.parametrize(
    "number",
    [
        "06 12 34 56 78",
        "06.12.34.56.78",
        "0612345678",
        "06-12-34-56-78",
        "+33 6 12 34 56 78",
        "0033 6 12 34 56 78",
        "+33 (0)6 12 34 56 78",
        "06\u00a012\u00a034\u00a056\u00a078",
    ],
)
def test_phones_in_french_layouts(number: str) -> None:
    assert taken(f"Elle répond au {number}, le soir.") == [("téléphone", number)]


@pytest.mark.parametrize(
    ("text", "category", "value"),
    [
        ("écrire à claire.montigny@ime-exemple.fr.", "adresse mail", "claire.montigny@ime-exemple.fr"),
        ("voir https://exemple.org/equipe/montigny, page 2", "adresse web", "https://exemple.org/equipe/montigny"),
        ("son NIR 1 56 03 76 231 045 22 figure", "numéro de sécurité sociale", "1 56 03 76 231 045 22"),
        ("son NIR 256032A231045 figure", "numéro de sécurité sociale", "256032A231045"),
        ("la voiture FG-482-KT est garée", "plaque", "FG-482-KT"),
        ("le compte FR76 3000 6000 0112 3456 7890 189", "compte bancaire", "FR76 3000 6000 0112 3456 7890 189"),
        ("dossier n° 2023-11842 transmis", "numéro de dossier", "2023-11842"),
        ("allocataire 1847263 K, à jour", "numéro de dossier", "1847263 K"),
        ("Monsieur, né le 14 mars 1956 ici", "date de naissance", "14 mars 1956"),
        ("née Bellanger le 22/11/1938 au bourg", "date de naissance", "22/11/1938"),
        ("elle est née à la ferme, en 1956, l'hiver", "date de naissance", "1956"),
        ("hébergée depuis le 2 février 2021 chez nous", "date liée à une personne", "2 février 2021"),
    ],
)
def test_each_form(text: str, category: str, value: str) -> None:
    assert taken(text) == [(category, value)]


def test_an_address_is_a_place_and_its_postal_code_goes() -> None:
    text = "Il vit au 12 rue des Lilas, 76000 Rouen."
    assert taken(text) == [("lieu", "12 rue des Lilas"), ("code postal", "76000")]
    assert taken("Le Bois Joli, 27210 Beuzeville")[0] == ("lieu", "Le Bois Joli")


@pytest.mark.parametrize(
    "text",
    [
        "la loi n° 2002-2 du 2 janvier 2002",
        "L'association est née de la loi du 2 janvier 2002.",
        "née au Mali, et je suis arrivée ici en 2003",
        "un budget de 4 312 000 euros",
        "en 2019, 54 personnes, 365 jours",
        "voir https://www.has-sante.fr/jcms/p_3323113",
        "à 17:30, salle 12, page 345",
        "dans la place d'Anne",
        "le taux est de 12,5 % pour 1 200 heures",
    ],
)
def test_what_only_looks_like_an_identifier(text: str) -> None:
    assert taken(text) == []


def test_rare_ages_and_loose_dates_are_listed_not_replaced() -> None:
    text = "Elle a quatre-vingt-douze ans, elle est tombée le 4 avril 2023, chambre 12."
    kept = [(one.category, text[one.start : one.end]) for one in settle(find_identifiers(text)) if one.kept]
    assert kept == [
        ("âge rare", "quatre-vingt-douze ans"),
        ("date précise", "4 avril 2023"),
        ("chambre ou logement", "chambre 12"),
    ]
    assert not [one for one in find_identifiers("Il a 89 ans.") if one.category == "âge rare"]
