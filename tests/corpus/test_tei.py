"""TEI: utterances in their dialects, prose with its titles, notes and bibliography."""

from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest
from accounting import assert_accounted
from hypothesis import given
from hypothesis import strategies as st

from tensions_cli.corpus.formats.xml_text import read_xml
from tensions_cli.corpus.segment import segment
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.corpus.speakers import find_turns
from tensions_cli.errors import UnreadableError
from tensions_cli.records import BlockKind, Document, Skipped, ZoneKind

NAMESPACE = "http://www.tei-c.org/ns/1.0"
FIRST = {
    "code": '<person code="spk1" name="Claire (ENQ)"/><person code="spk2" name="A"/>',
    "alt": "<person><altGrp><alt type='spk1'/></altGrp><persName>Claire (ENQ)</persName></person>"
    "<person><altGrp><alt type='spk2'/></altGrp><persName>A</persName></person>",
    "id": '<person xml:id="spk1"><persName><forename>Claire</forename><surname>(ENQ)</surname></persName></person>'
    '<person xml:id="spk2"><persName>A</persName></person>',
}
SAID = (
    "<u{who1}><seg>qui décide du projet de la personne</seg></u>",
    '<u{who2}><seg>on signe le contrat <incident type="Event" subtype="noise"><desc type="desc">pause</desc></incident>'
    "et la famille découvre la date après</seg></u>",
)
TIMELINE = (
    '<timeline unit="s"><when absolute="0" xml:id="T0"/><when interval="1.849" since="#T0" xml:id="T1"/>'
    '<when interval="4.5" since="#T1" xml:id="T2"/></timeline>'
)


def tei(body: str, header: str = "", doctype: str = "") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\r\n{doctype}<TEI xmlns="{NAMESPACE}">'
        f"<teiHeader>{header}</teiHeader><text>{body}</text></TEI>"
    )


def read_all(content: str) -> list[Document | Skipped]:
    results = list(read_xml(content.encode(), SourceFile(Path("E01.xml"), "E01.xml", "E01")))
    for result in results:
        if isinstance(result, Document):
            assert_accounted(result)
    return results


def read(content: str) -> Document:
    (document,) = read_all(content)
    assert isinstance(document, Document)
    return document


def spoken(document: Document) -> list[tuple[str | None, str]]:
    return [(block.voice, document.text[block.start : block.end]) for block in document.blocks]


def shown(document: Document) -> list[tuple[BlockKind, str]]:
    return [(block.kind, document.text[block.start : block.end]) for block in document.blocks]


def zoned(document: Document, kind: ZoneKind) -> list[str]:
    return [document.text[zone.start : zone.end] for zone in document.zones if zone.kind is kind]


# --- transcripts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "around", "attribute"),
    [
        ("code", "annotatedU", "wh"),
        ("code", "annotationGrp", "wh"),
        ("alt", "annotationBlock", "who"),
        ("id", None, "who"),
    ],
)
@pytest.mark.parametrize("mark", ["", "#"])
def test_the_dialects_say_the_same(table: str, around: str | None, attribute: str, mark: str) -> None:
    parts = []
    for rank, said in enumerate(SAID, start=1):
        attributes = f' {attribute}="{mark}spk{rank}" start="#T{rank - 1}" end="#T{rank}"'
        inner = said.format(**dict.fromkeys(("who1", "who2"), "" if around else attributes))
        parts.append(f"<{around}{attributes}>{inner}</{around}>" if around else inner)
    header = f"<profileDesc><particDesc>{FIRST[table]}</particDesc></profileDesc>"
    doctype = '<!DOCTYPE TEI SYSTEM "tei_corpo.dtd">\r\n'
    document = read(tei(f"{TIMELINE}<body>\r\n{''.join(parts)}\r\n</body>", header, doctype))
    assert spoken(document) == [
        ("Claire (ENQ)", "qui décide du projet de la personne"),
        ("A", "on signe le contrat et la famille découvre la date après"),
    ]
    assert [(block.time_start, block.time_end) for block in document.blocks] == [(0.0, 1.849), (1.849, 6.349)]
    assert any("bruits et incidents (1)" in notice for notice in document.notices)
    assert "pause" not in document.text
    assert not any("Claire" in notice for notice in document.notices)


def test_descriptions_of_every_kind_are_dropped_and_what_follows_is_kept() -> None:
    said = (
        'un<pause dur="2"/> deux<vocal><desc>rire</desc></vocal>trois <kinesic><desc>se lève</desc></kinesic>quatre'
        '<shift feature="loud"/> cinq <desc>lex=NP</desc>six l\'<incident><desc>toux</desc></incident>usager'
    )
    document = read(tei(f'<body><u who="A">{said}</u><u who="B">oui</u></body>'))
    assert spoken(document)[0] == ("A", "un deux trois quatre cinq six l'usager")
    (notice,) = document.notices
    for kind in ("pauses (1)", "sons de la voix (1)", "gestes (1)", "descriptions (1)", "changements de voix (1)"):
        assert kind in notice
    assert "toux" not in notice


def test_annotations_beside_the_words_are_no_words() -> None:
    body = (
        '<annotationBlock who="A"><u><seg>je tiens la permanence</seg></u>'
        '<spanGrp type="pho"><span>ʒə tjɛ̃</span></spanGrp></annotationBlock>'
    )
    document = read(tei(f"<body>{body}</body>"))
    assert spoken(document) == [("A", "je tiens la permanence")]
    assert any("annotations de segments (1)" in notice for notice in document.notices)


def test_segments_do_not_glue_their_words() -> None:
    document = read(tei('<body><u who="A"><seg>on attend</seg><seg>la réponse</seg></u></body>'))
    assert spoken(document) == [("A", "on attend la réponse")]


def test_an_utterance_of_nobody_is_not_the_previous_speaker_s() -> None:
    document = read(tei('<body><u who="A">bonjour</u><u>qui est là</u><u who="B">moi</u></body>'))
    turns = [(turn.speaker, document.text[turn.start : turn.end]) for turn in find_turns(document).turns]
    assert turns == [("A", "bonjour"), (None, "qui est là"), ("B", "moi")]


def test_a_comment_between_utterances_is_nobody_s() -> None:
    document = read(tei('<body><u who="A">bonjour</u><p>La porte s’ouvre.</p><u who="B">entrez</u></body>'))
    turns = [(turn.speaker, document.text[turn.start : turn.end]) for turn in find_turns(document).turns]
    assert turns == [("A", "bonjour"), (None, "La porte s’ouvre."), ("B", "entrez")]


def test_two_voices_at_once_are_named_together() -> None:
    header = f"<profileDesc><particDesc>{FIRST['code']}</particDesc></profileDesc>"
    document = read(tei('<body><u who="#spk2 #spk1">merci</u><u who="#spk2">voilà</u></body>', header))
    assert spoken(document)[0] == ("A et Claire (ENQ)", "merci")


def test_a_name_with_spaces_in_place_of_a_code_is_one_voice() -> None:
    document = read(tei('<body><u who="Mme Ost">bonjour</u><u who="Paul Zeller">oui</u></body>'))
    assert [voice for voice, _ in spoken(document)] == ["Mme Ost", "Paul Zeller"]


def test_sp_reads_the_printed_name_as_a_label() -> None:
    body = (
        "<div><head>Réunion du lundi</head><sp><speaker>LA CHEFFE.</speaker><p>Qui prend la garde ?</p>"
        "<p>Personne ne répond.</p></sp><stage>Silence.</stage>"
        "<sp><speaker>PAUL</speaker><p>Moi <stage>(il soupire)</stage> encore.</p></sp></div>"
    )
    document = read(tei(f"<body>{body}</body>"))
    assert shown(document)[0] == (BlockKind.TITLE, "Réunion du lundi")
    assert spoken(document)[1:] == [
        ("LA CHEFFE", "Qui prend la garde ?"),
        ("LA CHEFFE", "Personne ne répond."),
        ("PAUL", "Moi (il soupire) encore."),
    ]
    assert zoned(document, ZoneKind.LABEL) == ["LA CHEFFE.", "PAUL"]
    assert zoned(document, ZoneKind.REMARK) == ["Silence."]


def test_times_from_anchors_units_and_clocks() -> None:
    timeline = (
        '<timeline unit="ms" origin="#A"><when xml:id="A" absolute="00:01:00"/>'
        '<when xml:id="B" interval="1500" since="#A"/>'
        '<when xml:id="C" interval="500" since="#B"/><when xml:id="X" interval="3" since="#Y"/>'
        '<when xml:id="Y" interval="3" since="#X"/></timeline>'
    )
    body = (
        '<u who="a"><anchor synch="#A"/>un<anchor synch="#B"/></u><u who="b" start="#B" end="#C">deux</u>'
        '<u who="a" start="#X" end="#absent">trois</u><u who="b" start="12.5" end="13">quatre</u>'
    )
    document = read(tei(f"{timeline}<body>{body}</body>"))
    assert [(block.time_start, block.time_end) for block in document.blocks] == [
        (60.0, 61.5), (61.5, 62.0), (None, None), (12.5, 13.0),
    ]  # fmt: skip


def test_the_title_of_an_interview_is_no_metadata() -> None:
    header = (
        "<fileDesc><titleStmt><title>Entretien avec Jeanne Ost</title><respStmt><name>Luc Scribe</name></respStmt>"
        "</titleStmt><sourceDesc><recordingStmt><recording><date when='2023-05-04'/></recording></recordingStmt>"
        "</sourceDesc></fileDesc>"
    )
    document = read(tei('<body><u who="A">oui</u></body>', header))
    assert document.metadata == {"date": "2023-05-04"}
    assert "Ost" not in repr(document)
    assert "Scribe" not in repr(document)
    assert any("en-tête TEI laissé de côté" in notice for notice in document.notices)


# --- prose --------------------------------------------------------------------------------------------

PROSE = (
    "<front><titlePage><docTitle><titlePart>Tenir la porte</titlePart></docTitle></titlePage></front>"
    "<body><div><head>L’accueil</head><p>Le matin,<note place='foot'>Avant huit heures.</note> personne n’attend"
    " dehors.</p><list><item>les clés</item><item>le registre</item></list>"
    "<table><row><cell>Nuit</cell><cell>Deux veilleurs</cell></row></table></div></body>"
    "<back><div><p>Une annexe.</p></div><div type='bibliography'><listBibl><bibl>Ost, J., 2019.</bibl></listBibl></div>"
    "</back>"
)


def test_prose_keeps_titles_items_cells_and_sets_notes_apart() -> None:
    header = (
        "<fileDesc><titleStmt><title>Tenir la porte</title><author>Jeanne Ost</author></titleStmt>"
        "<publicationStmt><date when='2021'/></publicationStmt></fileDesc>"
    )
    document = read(tei(PROSE, header))
    assert shown(document) == [
        (BlockKind.TITLE, "L’accueil"),
        (BlockKind.PARAGRAPH, "Le matin, personne n’attend dehors."),
        (BlockKind.ITEM, "les clés"),
        (BlockKind.ITEM, "le registre"),
        (BlockKind.CELL, "Nuit"),
        (BlockKind.CELL, "Deux veilleurs"),
        (BlockKind.PARAGRAPH, "Une annexe."),
    ]
    assert zoned(document, ZoneKind.NOTE) == ["Avant huit heures."]
    assert zoned(document, ZoneKind.METADATA) == ["Tenir la porte"]
    assert zoned(document, ZoneKind.BIBLIOGRAPHY) == ["Ost, J., 2019."]
    assert document.metadata == {"title": "Tenir la porte", "date": "2021"}
    assert all(voice is None for voice, _ in spoken(document))


def test_a_reference_inside_a_sentence_stays_there() -> None:
    document = read(tei("<body><p>Comme le dit <bibl>Ost (2019)</bibl>, on attend.</p></body>"))
    assert shown(document) == [(BlockKind.PARAGRAPH, "Comme le dit Ost (2019), on attend.")]


def test_of_two_readings_one_is_read() -> None:
    body = (
        "<p>Le <choice><sic>jgue</sic><corr>juge</corr></choice> et la <choice><abbr>PJJ</abbr></choice> tranchent.</p>"
    )
    document = read(tei(f"<body>{body}</body>"))
    assert shown(document) == [(BlockKind.PARAGRAPH, "Le juge et la PJJ tranchent.")]
    assert any(notice.endswith("plusieurs\u00a0: 1") for notice in document.notices)


def test_line_and_page_breaks() -> None:
    body = "<p>une mesure<lb/>éducative, un jugement pro<pb n='4'/>noncé, un con<lb break='no'/>trat</p>"
    document = read(tei(f"<body>{body}</body>"))
    assert shown(document) == [(BlockKind.PARAGRAPH, "une mesure éducative, un jugement prononcé, un contrat")]


def test_no_break_spaces_and_inline_markup_are_untouched() -> None:
    document = read(tei("<body><p>Ça va\u00a0<hi rend='b'>mieux</hi>\u202f?</p></body>"))
    assert document.text == "Ça va\u00a0mieux\u202f?"


def test_a_corpus_gives_one_document_per_text() -> None:
    one = "<TEI><teiHeader><particDesc><person xml:id='s1'><persName>{}</persName></person></particDesc></teiHeader>"
    texts = [
        one.format("Paul") + "<text><body><u who='#s1'>bonjour</u></body></text></TEI>",
        "<TEI><text><body><p> </p></body></text></TEI>",
        one.format("Anne") + "<text><body><u who='#s1'>bonsoir</u></body></text></TEI>",
    ]
    results = read_all(f"<teiCorpus xmlns='{NAMESPACE}'><teiHeader/>{''.join(texts)}</teiCorpus>")
    first, empty, last = results
    assert isinstance(first, Document)
    assert isinstance(last, Document)
    assert (first.id, spoken(first)) == ("E01#1", [("Paul", "bonjour")])
    assert (last.id, spoken(last)) == ("E01#3", [("Anne", "bonsoir")])
    assert isinstance(empty, Skipped)
    assert empty.reason == "empty"


def test_a_corpus_without_texts_is_refused() -> None:
    with pytest.raises(UnreadableError) as error:
        read_all("<teiCorpus><teiHeader><title>Rien</title></teiHeader></teiCorpus>")
    assert error.value.reason == "no_text"


def test_a_text_without_words_is_refused() -> None:
    with pytest.raises(UnreadableError) as error:
        read(tei("<body><p> </p></body>", "<fileDesc><titleStmt><title>Vide</title></titleStmt></fileDesc>"))
    assert error.value.reason == "no_text"


def test_the_deepest_text_that_the_parser_lets_through_is_read() -> None:
    body = "<div>" * 250 + "<p>au fond</p>" + "</div>" * 250
    assert read(tei(body)).text == "au fond"


# --- words in, words out ------------------------------------------------------------------------------

WORDS = st.lists(st.sampled_from(["veille", "l’équipe", "&", "<", "c'est", "été", "12", "…"]), min_size=1, max_size=6)
UTTERANCES = st.lists(
    st.tuples(st.sampled_from(["s1", "s2", "s3"]), st.lists(WORDS, min_size=1, max_size=3)), min_size=1
)
DIALECTS = st.sampled_from([("annotatedU", "wh"), ("annotationGrp", "wh"), ("annotationBlock", "who"), ("u", "who")])


@given(UTTERANCES, DIALECTS)
def test_words_in_are_words_out_per_speaker_in_order(utterances: list, dialect: tuple[str, str]) -> None:
    around, attribute = dialect
    names = {"s1": "Claire (ENQ)", "s2": "M. Ost", "s3": "voix & bruits"}
    table = "".join(f"<person code='{code}' name={quoteattr(name)}/>" for code, name in names.items())
    noise = "<incident><desc>bruit</desc></incident>"
    parts = []
    for code, segments in utterances:
        inner = "".join(f"<seg>{f' {noise}'.join(map(escape, words))}</seg>" for words in segments)
        said = inner if around == "u" else f"<u>{inner}</u>"
        parts.append(f'<{around} {attribute}="#{code}">{said}</{around}>')
    document = read(tei(f"<body>{''.join(parts)}</body>", f"<particDesc>{table}</particDesc>"))
    expected = [(names[code], [word for words in segments for word in words]) for code, segments in utterances]
    assert [(voice, text.split()) for voice, text in spoken(document)] == expected


TEXT = st.text("abé’ «&<\u00a0", min_size=1, max_size=12)
INLINE = st.sampled_from(["{}", "<hi>{}</hi>", "<name><hi>{}</hi></name>", "<ref>{}</ref>"])
PARAGRAPH = st.lists(st.tuples(INLINE, TEXT), min_size=1, max_size=5)


@given(st.lists(st.tuples(st.sampled_from(["p", "head", "item", "note", "bibl", "l"]), PARAGRAPH), min_size=1))
def test_every_visible_character_of_prose_is_in_the_text_in_order(parts: list) -> None:
    body = "".join(
        f"<{name}>{''.join(inline.format(escape(text)) for inline, text in pieces)}</{name}>" for name, pieces in parts
    )
    written = ["".join(text for _, text in pieces) for _, pieces in parts]
    visible = ["".join(text.split()) for text in written if text.strip()]
    if not any(text.strip() for (name, _), text in zip(parts, written, strict=True) if name not in ("note", "bibl")):
        with pytest.raises(UnreadableError):
            read(tei(f"<body><div>{body}</div></body>"))
        return
    document = read(tei(f"<body><div>{body}</div></body>"))
    assert ["".join(line.split()) for line in document.text.split("\n")] == visible
    assert list(segment(document))
