"""Language by paragraph. All sentences were composed for these tests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tensions_cli.corpus import language
from tensions_cli.corpus.language import french_share, mark_foreign
from tensions_cli.records import Block, Document, Turn, Zone, ZoneKind

FRENCH = [
    "Le lundi, l'équipe se retrouve dans la cuisine et personne ne prend de notes pendant la première heure.",
    "La cheffe de service a demandé un tableau. Nous avons rendu un récit, puis, à sa demande, un tableau.",
    "On ne mesure pas une confiance, mais on voit bien le jour où elle manque : les portes se ferment.",
]
ENGLISH = [
    "This article looks at the way in which night workers count the beds that are left in the shelter.",
    "It shows that the figures they give have more to do with trust than with the number of rooms.",
]
OTHERS = {
    "italien": "Il lavoro degli educatori non si misura con le ore, ma con la fiducia che nasce nella casa "
    "e anche nella strada, come dicono le colleghe del servizio.",
    "espagnol": "Los trabajadores de la casa dicen que el tiempo no se cuenta, y que las puertas se abren "
    "cuando alguien escucha a los niños sin prisa.",
    "allemand": "Die Arbeit im Heim ist nicht in Minuten zu messen, und das wissen auch die Leute, die "
    "jeden Abend mit den Kindern am Tisch sitzen.",
    "portugais": "O trabalho dos educadores não se mede em horas, mas na confiança que nasce em casa, como "
    "dizem as colegas do serviço para os pais.",
    "néerlandais": "Het werk in het huis is niet in minuten te meten en dat weten ook de mensen die elke "
    "avond met de kinderen aan tafel zitten.",
}


def document(*lines: str, **fields: object) -> Document:
    text = "\n".join(lines)
    blocks = []
    start = 0
    for line in lines:
        blocks.append(Block(start, start + len(line)))
        start += len(line) + 1
    return Document(id="d", source="d.txt", format="txt", text=text, blocks=tuple(blocks), **fields)  # type: ignore[arg-type]


def foreign_lines(marked: Document) -> list[int]:
    """Ranks of the blocks inside a FOREIGN zone."""
    zones = [zone for zone in marked.zones if zone.kind is ZoneKind.FOREIGN]
    return [
        rank
        for rank, block in enumerate(marked.blocks)
        if any(zone.start <= block.start and block.end <= zone.end for zone in zones)
    ]


def test_an_english_abstract_goes_with_its_heading_and_its_keywords() -> None:
    marked = mark_foreign(
        document("Résumé", FRENCH[0], "Abstract", *ENGLISH, "Keywords: shelter, night work, trust", FRENCH[1])
    )
    assert foreign_lines(marked) == [2, 3, 4, 5]
    (zone,) = marked.zones
    assert zone.detail == "texte en anglais"
    assert marked.text[zone.start : zone.end].startswith("Abstract")


def test_english_keywords_between_french_lines() -> None:
    lines = [*FRENCH, "Mots-clés : hébergement, nuit", "Keywords: shelter, night", "1. Le terrain", FRENCH[0]]
    assert foreign_lines(mark_foreign(document(*lines, *ENGLISH))) == [4, 7, 8]


@pytest.mark.parametrize("name", OTHERS)
def test_other_languages_are_named(name: str) -> None:
    marked = mark_foreign(document(*FRENCH, OTHERS[name]))
    assert [zone.detail for zone in marked.zones] == [f"texte en {name}"]
    assert foreign_lines(marked) == [3]


@pytest.mark.parametrize(
    "line",
    [
        # Speech without punctuation.
        "ben moi je voilà quoi on fait avec les moyens du bord et puis euh après on voit hein c'est comme ça",
        "ouais donc là j'étais aide-soignante enfin faisant fonction quoi pis j'ai passé le diplôme",
        # Names, acronyms, titles.
        "Anne Martin, John Smith, Giulia Rossi, Hans Weber, Maria Lopez, Peter Brown, Sofia Conti",
        "CCAS, MDPH, ESAT, IME, SESSAD, SAVS, SAMSAH, FAM, MAS, EHPAD, CHRS, CADA, HUDA, ITEP",
        "Colloque Social Work Today, Lyon, amphithéâtre Durkheim, vendredi 14 novembre 2025, accueil café",
        "Sommaire : histoire ; public accueilli ; cadre légal ; locaux ; équipements ; personnel ; annexes",
        # A French sentence that quotes English.
        "Le directeur a répété « no reporting, no money, this is how it works with funders », puis s'est tu.",
    ],
)
def test_french_of_all_kinds_stays_french(line: str) -> None:
    lines = [*FRENCH, line, FRENCH[0]]
    assert mark_foreign(document(*lines)) == document(*lines)


def test_a_french_list_stays_french_in_a_text_that_has_an_english_abstract() -> None:
    marked = mark_foreign(document(*ENGLISH, FRENCH[0], "CCAS, MDPH, ESAT, IME, SESSAD, SAVS, SAMSAH, FAM", FRENCH[1]))
    assert foreign_lines(marked) == [0, 1]


def test_short_lines_follow_their_neighbours() -> None:
    marked = mark_foreign(document(ENGLISH[0], "Main results", ENGLISH[1], FRENCH[0], "Le terrain", FRENCH[1]))
    assert foreign_lines(marked) == [0, 1, 2]


def test_a_short_line_between_two_languages_goes_where_its_words_go() -> None:
    assert foreign_lines(mark_foreign(document(FRENCH[0], "The end of the night", ENGLISH[0]))) == [1, 2]
    assert foreign_lines(mark_foreign(document(FRENCH[0], "Pour ne pas conclure", ENGLISH[0]))) == [2]
    assert foreign_lines(mark_foreign(document(FRENCH[0], "Anne Martin", ENGLISH[0]))) == [2]


def test_a_whole_english_document_has_no_french_left() -> None:
    marked = mark_foreign(document("Counting nights", *ENGLISH))
    assert foreign_lines(marked) == [0, 1, 2]
    assert french_share(marked) == 0.0


def test_french_share_counts_words_of_the_body() -> None:
    # 4 French words, 6 English words, 5 words of menu that are not body.
    text = document("Un deux trois quatre", "one two three four five six", "a b c d e")
    first, second, third = text.blocks
    zones = (
        Zone(second.start, second.end, ZoneKind.FOREIGN, "texte en anglais"),
        Zone(third.start, third.end, ZoneKind.CHROME, "navigation"),
    )
    with_zones = document("Un deux trois quatre", "one two three four five six", "a b c d e", zones=zones)
    assert french_share(with_zones) == pytest.approx(4 / 10)
    assert french_share(text) == 1.0
    assert first.start == 0


def test_words_are_alphanumeric_tokens() -> None:
    # l, usager, 2, 5, ETP on the French side; two words in English.
    text = document("l'usager : 2,5 ETP !", "two words")
    zone = Zone(text.blocks[1].start, text.blocks[1].end, ZoneKind.FOREIGN, "texte en anglais")
    assert french_share(document("l'usager : 2,5 ETP !", "two words", zones=(zone,))) == pytest.approx(5 / 7)


def test_french_share_without_words() -> None:
    assert french_share(document()) == 1.0
    assert french_share(document("— * —")) == 1.0


def test_dropped_parts_are_not_judged() -> None:
    lines = [*FRENCH, *ENGLISH]
    blocks = document(*lines).blocks
    chrome = Zone(blocks[3].start, blocks[4].end, ZoneKind.CHROME, "pied de page")
    given_document = document(*lines, zones=(chrome,))
    assert mark_foreign(given_document) == given_document


def test_marking_twice_changes_nothing() -> None:
    once = mark_foreign(document(*FRENCH, *ENGLISH))
    assert mark_foreign(once) == once


def test_an_interview_is_judged_as_a_whole() -> None:
    mixed = [*FRENCH, ENGLISH[0], *FRENCH]
    turns = (Turn(0, 10, "A", None),)
    assert mark_foreign(document(*mixed, turns=turns)) == document(*mixed, turns=turns)
    marked = mark_foreign(document(*ENGLISH, "Yes.", turns=turns))
    assert foreign_lines(marked) == [0, 1, 2]


def test_ordinary_french_never_calls_the_identifier(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise AssertionError("py3langid called")

    monkeypatch.setattr(language, "_identifier", refuse)
    lines = [*FRENCH, "Le terrain", "CCAS, MDPH, ESAT, IME, SESSAD, SAVS, SAMSAH, FAM, MAS, EHPAD"]
    assert mark_foreign(document(*lines)) == document(*lines)
    with pytest.raises(AssertionError, match="py3langid"):
        mark_foreign(document(*ENGLISH))


@given(st.lists(st.sampled_from(FRENCH + ENGLISH + ["Anne Martin", "Le terrain", "Results"]), max_size=8))
def test_zones_are_whole_blocks_apart_and_in_order(lines: list[str]) -> None:
    marked = mark_foreign(document(*lines))
    starts = {block.start for block in marked.blocks}
    ends = {block.end for block in marked.blocks}
    assert all(zone.start in starts and zone.end in ends for zone in marked.zones)
    assert all(a.end < b.start for a, b in zip(marked.zones, marked.zones[1:], strict=False))
    assert 0.0 <= french_share(marked) <= 1.0
    for rank in foreign_lines(marked):
        assert lines[rank] not in FRENCH
