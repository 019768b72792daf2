"""Cleaning of prose pages. The dumps in `pages/` were composed for these tests, with the kind of each
line written down while composing; the dumps named `net_…` have no furniture and must stay whole."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tensions_cli.corpus.clean import clean, fold
from tensions_cli.corpus.language import mark_foreign
from tensions_cli.records import Block, BlockKind, Document, Turn, Zone, ZoneKind

PAGES = Path(__file__).with_name("pages")
EXPECTED = json.loads((PAGES / "expected.json").read_text(encoding="utf-8"))
SITES = [name for name in EXPECTED if not name.startswith("net_")]
# The name of a blogger in the banner of her blog, among menus and counters (page, line).
KNOWN_LOSSES = {("club_lecteurs", 8)}


def page(lines: str | Iterable[str], **fields: object) -> Document:
    """A document with one block for each line that is not blank."""
    text = lines if isinstance(lines, str) else "\n".join(lines)
    blocks = []
    start = 0
    for line in text.split("\n"):
        visible = line.strip()
        if visible:
            first = start + line.index(visible)
            blocks.append(Block(first, first + len(visible)))
        start += len(line) + 1
    document = Document(id="page", source="page.txt", format="txt", text=text, blocks=tuple(blocks))
    return Document(**{**{name: getattr(document, name) for name in document.__slots__}, **fields})  # type: ignore[arg-type]


def kinds(document: Document) -> list[str]:
    """The kind of each block, in order."""
    return [
        next(
            (zone.kind.value for zone in document.zones if zone.start <= block.start and block.end <= zone.end),
            "body",
        )
        for block in document.blocks
    ]


def cleaned(*lines: str) -> list[str]:
    return kinds(clean(page(lines)))


def dump(name: str) -> Document:
    return page((PAGES / f"{name}.txt").read_text(encoding="utf-8"))


def expected_kinds(name: str, lines: int) -> list[str]:
    found = ["body"] * lines
    for kind, spans in EXPECTED[name].items():
        for first, last in spans:
            found[first - 1 : last] = [kind] * (last - first + 1)
    return found


# Paragraphs without any furniture, long enough to be taken for prose.
BODY = [
    "Le lundi, l'équipe se retrouve dans la cuisine et personne ne prend de notes pendant la première heure.",
    "Madame Ferrand garde ses clés autour du cou ; elle dit que la maison est à elle, et elle a raison.",
    "La cheffe de service a demandé un tableau. Nous avons rendu un récit, puis, à sa demande, un tableau.",
    "On ne mesure pas une confiance, mais on voit bien le jour où elle manque : les portes se ferment.",
    "Le financeur attend des résultats chiffrés pour le trente juin, et l'équipe attend un remplaçant.",
]


@pytest.mark.parametrize("name", SITES)
def test_no_body_line_of_a_page_is_dropped(name: str) -> None:
    document = mark_foreign(clean(dump(name)))
    found = kinds(document)
    lost = [
        line
        for line, (want, got) in enumerate(zip(expected_kinds(name, len(found)), found, strict=True), 1)
        if want == "body" and got != "body" and (name, line) not in KNOWN_LOSSES
    ]
    assert lost == []


@pytest.mark.parametrize("name", SITES)
def test_most_furniture_of_each_page_is_dropped(name: str) -> None:
    found = kinds(mark_foreign(clean(dump(name))))
    pairs = [pair for pair in zip(expected_kinds(name, len(found)), found, strict=True) if pair[0] == "chrome"]
    assert sum(got != "body" for _, got in pairs) >= 0.8 * len(pairs)


def test_furniture_of_all_pages_together_is_dropped_at_97_percent() -> None:
    pairs = []
    for name in SITES:
        found = kinds(clean(dump(name)))
        pairs += [got for want, got in zip(expected_kinds(name, len(found)), found, strict=True) if want == "chrome"]
    assert sum(got != "body" for got in pairs) >= 0.97 * len(pairs)


@pytest.mark.parametrize("name", SITES)
def test_notes_bibliography_and_foreign_parts_get_their_own_kind(name: str) -> None:
    found = kinds(mark_foreign(clean(dump(name))))
    pairs = zip(expected_kinds(name, len(found)), found, strict=True)
    apart = [(want, got) for want, got in pairs if want in ("note", "bibliography", "foreign")]
    assert all(want == got for want, got in apart)


@pytest.mark.parametrize("name", [name for name in EXPECTED if name.startswith("net_")])
def test_a_text_without_furniture_comes_out_untouched(name: str) -> None:
    document = dump(name)
    assert mark_foreign(clean(document)) == document


@pytest.mark.parametrize("name", SITES)
def test_zones_are_ordered_apart_and_cut_at_blocks_with_a_reason(name: str) -> None:
    document = clean(dump(name))
    starts = {block.start for block in document.blocks}
    ends = {block.end for block in document.blocks}
    for zone, following in zip(document.zones, document.zones[1:], strict=False):
        assert zone.end <= following.start
    assert all(zone.start in starts and zone.end in ends and zone.detail for zone in document.zones)


@pytest.mark.parametrize("name", SITES)
def test_typography_does_not_change_what_is_dropped(name: str) -> None:
    """Trap 18: curly apostrophes and no-break spaces are the same words (one character for one)."""
    document = dump(name)
    other = document.text.replace("'", "’")
    for mark in "?!:;":
        other = other.replace(f" {mark}", f"\u00a0{mark}")
    again = Document(id="x", source="x", format="txt", text=other, blocks=document.blocks)
    assert clean(again).zones == clean(document).zones


# --------------------------------------------------------------------- what is never cleaned


def test_an_interview_and_a_ready_made_passage_come_back_unchanged() -> None:
    lines = ["Se connecter", "Mot de passe oublié ?", "Article réservé aux abonnés", BODY[0]]
    turns = (Turn(0, 12, "A", None),)
    assert clean(page(lines, turns=turns)) == page(lines, turns=turns)
    assert clean(page(lines, record=True)) == page(lines, record=True)


def test_the_empty_document() -> None:
    assert clean(page("")) == page("")


def test_existing_zones_are_left_alone_and_never_covered() -> None:
    text = "Se connecter\nMENU DU LECTEUR\nMot de passe oublié ?\nArticle réservé aux abonnés\n" + BODY[0]
    start = text.index("MENU")
    given_zone = Zone(start, start + len("MENU DU LECTEUR"), ZoneKind.CHROME, "balise nav")
    document = clean(page(text, zones=(given_zone,)))
    assert document.zones.count(given_zone) == 1
    assert all(
        zone is given_zone or zone.end <= given_zone.start or zone.start >= given_zone.end for zone in document.zones
    )
    assert kinds(document) == ["chrome", "chrome", "chrome", "chrome", "body"]


@given(st.permutations(BODY))
def test_paragraphs_alone_are_never_dropped(paragraphs: list[str]) -> None:
    assert clean(page(paragraphs)).zones == ()


FURNITURE = [
    "Se connecter",
    "Mot de passe oublié ?",
    "Recevoir la newsletter",
    "Mentions légales",
    "Partager sur Facebook",
]


@given(st.permutations(BODY), st.permutations(FURNITURE), st.permutations(FURNITURE))
def test_furniture_around_paragraphs_is_dropped_and_only_it(
    paragraphs: list[str], before: list[str], after: list[str]
) -> None:
    title = "Une heure sans prendre de notes dans la cuisine"
    found = cleaned(*before, title, *paragraphs, *after)
    assert found == ["chrome"] * 5 + ["body"] * 6 + ["chrome"] * 5


# ----------------------------------------------------------------------------------- single rules


def test_two_buttons_are_not_enough_three_are() -> None:
    assert cleaned(BODY[0], "Imprimer", "Partager", BODY[1]) == ["body"] * 4
    assert cleaned(BODY[0], "Imprimer", "Partager", "Tweeter", BODY[1]) == [
        "body",
        "chrome",
        "chrome",
        "chrome",
        "body",
    ]


def test_a_heading_beside_an_advertisement_stays() -> None:
    found = cleaned(BODY[0], "Publicité", "Ce que disent les chaises", BODY[1], BODY[2])
    assert found == ["body", "chrome", "body", "body", "body"]


def test_the_title_said_twice_is_kept_once() -> None:
    title = "Ce que la cuisine dit du travail d'équipe dans une maison d'enfants"
    assert cleaned(title, title, BODY[0], BODY[1]) == ["body", "chrome", "body", "body"]


def test_a_refrain_is_not_a_repeated_title() -> None:
    refrain = "Je prends le bus de six heures avec celles qui nettoient"
    assert cleaned("Le bus", refrain, "ma blouse dans un sac", refrain, "mes clés dans l'autre") == ["body"] * 5


def test_a_lone_price_under_the_title_goes_and_a_price_list_stays() -> None:
    title = "Les gestes du métier d'aide à domicile, une enquête"
    assert cleaned(title, "Anne Morel", "15,00", *BODY) == ["body", "body", "chrome"] + ["body"] * 5
    assert cleaned("Tarifs", "Repas", "4,50", "Goûter", "1,20", *BODY) == ["body"] * 10


def test_the_words_left_of_an_empty_date_go_under_the_title_only() -> None:
    title = "Les gestes du métier d'aide à domicile, une enquête"
    assert cleaned(title, "le", *BODY)[:2] == ["body", "chrome"]
    assert cleaned(title, *BODY, "le")[-1] == "body"


def test_table_cells_are_not_buttons() -> None:
    lines = [BODY[0], "jours", "heures", "minutes", BODY[1]]
    document = page(lines)
    cells = tuple(
        Block(block.start, block.end, BlockKind.CELL) if rank in (1, 2, 3) else block
        for rank, block in enumerate(document.blocks)
    )
    assert cleaned(*lines) == ["body", "chrome", "chrome", "chrome", "body"]
    assert clean(page(lines, blocks=cells)).zones == ()


def test_the_title_of_the_metadata_is_kept_even_short() -> None:
    lines = [
        "Menu",
        "Connexion",
        "Le vestiaire",
        "Rubrique très longue que l'on prendrait pour un titre",
        "Partager sur Facebook",
    ]
    found = kinds(clean(page([*lines, *BODY], metadata={"title": "Le vestiaire - Paroles de terrain"})))
    assert found[2] == "body"


def test_a_signature_after_the_buttons_stays() -> None:
    found = cleaned(
        *BODY, "Partager sur Facebook", "Propos recueillis par Paul Arbel", "Mentions légales", "Newsletter"
    )
    assert found[5:] == ["chrome", "body", "chrome", "chrome"]


COMMENTS = [
    "Commentaires",
    "Odile a dit :",
    "Merci pour ce beau texte, qui me rappelle mes débuts dans le métier.",
    "Répondre",
]


def test_comments_of_readers_go_with_their_prose() -> None:
    assert cleaned(*BODY, *COMMENTS) == ["body"] * 5 + ["chrome"] * 4


def test_comments_without_heading_are_told_by_a_dated_signature() -> None:
    comment = ["Odile dit :", "8 mars 2020 à 9 h 12", COMMENTS[2], "Répondre"]
    assert cleaned(*BODY, *comment) == ["body"] * 5 + ["chrome"] * 4
    assert cleaned(*BODY[:4], "Odile dit :", BODY[4]) == ["body"] * 6


def test_a_heading_about_comments_stays_without_marks_of_comments() -> None:
    assert cleaned(*BODY[:3], "Commentaires", *BODY[3:]) == ["body"] * 6


def test_a_count_of_comments_under_the_title_does_not_open_them() -> None:
    found = cleaned("Une heure sans prendre de notes dans la cuisine", "3 commentaires", *BODY)
    assert found[2:] == ["body"] * 5


def test_teasers_of_other_articles_go_up_to_lire_la_suite() -> None:
    teaser = "Une enquête dans trois foyers montre que les veilleurs ne dorment plus."
    found = cleaned(*BODY, "Articles similaires", "Les veilleurs", teaser, "Lire la suite")
    assert found[5:] == ["chrome"] * 4


def test_notes_need_a_call_in_the_text() -> None:
    notes = ["Notes", "1. Le mot vient de l'hôtellerie.", "2. Les veilleurs disent autrement."]
    called = [*BODY[:4], "Ce chiffre s'appelle une disponibilité (1), et il est toujours faux."]
    assert cleaned(*called, *notes)[5:] == ["note"] * 3
    assert cleaned(*BODY, *notes)[5:] == ["body"] * 3


def test_notes_that_lead_back_to_the_text_need_nothing_else() -> None:
    found = cleaned(*BODY, "Notes", "Note 01 Un ouvrage ancien, épuisé Retour au texte")
    assert found[5:] == ["note", "note"]


def test_bracketed_notes_without_heading() -> None:
    called = [*BODY, "On parle ici de la commission [1] et de son rapport [2], jamais publiés."]
    found = cleaned(*called, "[1] Une instance départementale.", "[2] Quarante pages, sans nom d'auteur.")
    assert found[6:] == ["note", "note"]


ENTRIES = [
    "Arnaud P., 2009, Tenir, Rennes, Presses du Ponant.",
    "Bellec J. (2014), « La visite », Revue du lien, n° 12.",
]


def test_a_bibliography_goes_with_its_heading_and_ends_with_its_entries() -> None:
    found = cleaned(*BODY, "Bibliographie", *ENTRIES, "Annexe", BODY[0])
    assert found[5:] == ["bibliography"] * 3 + ["body", "body"]


def test_bibliographie_in_a_table_of_contents_stays() -> None:
    contents = ["Sommaire", "Introduction", "Bibliographie", "Annexes", "Introduction"]
    assert cleaned(*contents, *BODY) == ["body"] * 10


def test_a_price_line_of_a_book_is_furniture_and_a_sentence_with_a_price_is_not() -> None:
    book = "Tenir la porte - Jeanne Bellec - Ed. du Quai - 27,50 €."
    sentence = "La troisième édition de la fête a coûté 1 200 euros à l'association, café compris."
    assert cleaned(*BODY, book)[-1] == "chrome"
    assert cleaned(*BODY, sentence)[-1] == "body"


@pytest.mark.parametrize(
    "sentence",
    [
        "Avec nos partenaires, nous construisons des réponses qui tiennent compte de chaque histoire.",
        "Vos données ne sont communiquées à personne sans votre accord écrit, dit la charte de la maison.",
        "Un courriel a été adressé à l'équipe par la direction, qui ne l'a pas signé.",
        "Abonnez-vous, désabonnez-vous : voilà tout ce que la plateforme sait dire aux familles en détresse.",
        "En cliquant sur le bouton, l'éducatrice a compris que le dossier partait sans être relu.",
        "Chaque matin, le veilleur relève la boîte aux lettres et trie le courrier des absents.",
        "Accepter, refuser : les cookies nous demandent plus souvent notre avis que la hiérarchie.",
        "Tous droits réservés : la formule devrait figurer en tête de nos dossiers.",
        "Vous pouvez à tout moment refuser cet accompagnement ou modifier vos choix avec votre référente.",
    ],
)
def test_sentences_that_speak_of_furniture_stay(sentence: str) -> None:
    assert cleaned(*BODY, sentence) == ["body"] * 6


def test_folding_keeps_words_apart() -> None:
    assert fold("  L’abonné·e\u00a0: « Œuvre » É\u0301té ") == "l'abonnee : « oeuvre » ete"


@pytest.mark.parametrize("piece", ["1", "a-", "1. ", "é"])
def test_an_endless_line_is_no_furniture_and_takes_no_time(piece: str) -> None:
    # Patterns that begin again at each character would take hours.
    document = clean(page(["Une matinée", piece * 200_000, "On ouvre à neuf heures, et il y a déjà du monde."]))
    assert document.zones == ()


@pytest.mark.parametrize("piece", ["on ouvre | à neuf | ", "on ouvre • à neuf • ", "facebook "])
def test_a_line_of_many_separators_takes_no_time(piece: str) -> None:
    # Blanks that two parts of a pattern may both take double the work at each separator.
    assert clean(page(["Une matinée", piece * 12 + "rien ! | » 1"])).zones == ()
