"""Transcriber files: each word to the right person, in order, at the right time; nothing else read."""

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
from tensions_cli.records import BlockKind, Document, Role, ZoneKind
from tensions_cli.words import count_words

TURNS = """
  <Turn startTime="0" endTime="0.4"><Sync time="0"/></Turn>
  <Turn speaker="spk1" startTime="0.4" endTime="3.5"><Sync time="0.4"/>alors votre journée elle commence comment</Turn>
  <Turn speaker="spk2 spk1" startTime="3.5" endTime="9.0">
<Sync time="3.5"/>
<Who nb="1"/>
on ouvre les dossiers
<Event desc="rire" type="noise" extent="instantaneous"/>
avant même d'avoir dit bonjour
<Who nb="2"/>
ah oui
<Sync time="6.25"/>
<Who nb="1"/>
et le téléphone sonne déjà
</Turn>
"""


SPEAKERS = '<Speaker id="spk1" name="ENQ"/><Speaker id="spk2" name="A"/>'
VERBS = ["écoute", "remplit", "relit", "attend", "rappelle", "saisit", "oriente"]


def trs(turns: str, speakers: str = SPEAKERS) -> str:
    """A Transcriber file as the program writes it, of one section."""
    return (
        '<?xml version="1.0" encoding="ISO-8859-1"?>\r\n<!DOCTYPE Trans SYSTEM "trans-14.dtd">\r\n'
        '<Trans scribe="Camille Scribe" audio_filename="entretien_dupuis" version="3" version_date="240530">'
        f"<Speakers>{speakers}</Speakers>"
        f'<Episode><Section type="report" startTime="0" endTime="9.0">{turns}</Section></Episode></Trans>'
    )


def varied(words: int, moment: str) -> str:
    """Speech of so many words, without punctuation and without a phrase that comes back."""
    said = [["on", "elle", "il"][i % 3] + " " + word for i, word in enumerate(VERBS * 100)]
    numbered = [f"{phrase} {moment} {rank}" for rank, phrase in enumerate(said)]
    return " ".join(" ".join(numbered).split()[:words])


def read(content: str | bytes) -> Document:
    data = content if isinstance(content, bytes) else content.encode("iso-8859-1", "xmlcharrefreplace")
    (document,) = read_xml(data, SourceFile(Path("E01.trs"), "E01.trs", "E01"))
    assert isinstance(document, Document)
    assert_accounted(document)
    return document


def spoken(document: Document) -> list[tuple[str | None, str]]:
    return [(block.voice, document.text[block.start : block.end]) for block in document.blocks]


def turns(document: Document) -> list[tuple[str | None, str]]:
    return [(turn.speaker, document.text[turn.start : turn.end]) for turn in find_turns(document).turns]


def test_overlap_gives_each_word_to_its_speaker() -> None:
    document = read(trs(TURNS))
    assert spoken(document) == [
        ("ENQ", "alors votre journée elle commence comment"),
        ("A", "on ouvre les dossiers avant même d'avoir dit bonjour"),
        ("A", "et le téléphone sonne déjà"),
        ("ENQ", "ah oui"),
    ]
    assert [(block.time_start, block.time_end) for block in document.blocks] == [
        (0.4, 3.5), (3.5, 6.25), (6.25, 9.0), (3.5, 6.25),
    ]  # fmt: skip


def test_turns_and_roles_come_from_the_table_of_speakers() -> None:
    ready = find_turns(read(trs(TURNS)))
    assert [(turn.speaker, turn.role, turn.time_start, turn.time_end) for turn in ready.turns] == [
        ("ENQ", Role.INTERVIEWER, 0.4, 3.5),
        ("A", Role.RESPONDENT, 3.5, 9.0),
        ("ENQ", Role.INTERVIEWER, 3.5, 6.25),
    ]


def test_passages_carry_the_time_of_what_they_hold() -> None:
    """Two stretches of 51 words in one turn, a minute apart: the second passage starts at its own mark."""
    one, two = varied(51, "le matin"), varied(51, "le soir")
    marks = f'<Sync time="0"/>{one}<Sync time="60"/>{two}'
    document = read(trs(f'<Turn speaker="spk2" startTime="0" endTime="120">{marks}</Turn>{TURNS}'))
    times = {(passage.time_start, passage.time_end): passage.text for passage in segment(find_turns(document))}
    assert times[0.0, 60.0] == one
    assert times[60.0, 120.0] == two


def test_what_is_no_word_is_counted_by_kind() -> None:
    body = (
        '<Turn speaker="spk2" startTime="0" endTime="5"><Sync time="0"/>je note'
        '<Comment desc="la porte claque"/>tout<Background time="1" type="music" level="high"/>'
        '<Event desc="b" type="noise" extent="instantaneous"/> dans le '
        '<Event desc="pi" type="pronounce" extent="begin"/>logiciel</Turn>'
    )
    document = read(trs(body))
    assert spoken(document) == [("A", "je note tout dans le logiciel")]
    (notice,) = document.notices
    assert "événements (bruits, prononciations, langues) (2)" in notice
    assert "commentaires (1)" in notice
    assert "fonds sonores (1)" in notice
    assert "porte" not in notice


def test_an_event_does_not_part_an_elision_nor_glue_two_words() -> None:
    body = "<Turn speaker='spk2'>l'<Event desc='i'/>usager<Event desc='i'/>attend</Turn>"
    assert spoken(read(trs(body))) == [("A", "l'usager attend")]


def test_recording_and_transcriber_are_never_read() -> None:
    document = read(trs(TURNS))
    everything = repr(document)
    for secret in ("dupuis", "Scribe", "trans-14"):
        assert secret not in everything


def test_names_stay_out_of_notices() -> None:
    body = '<Turn speaker="spk1 spk2" startTime="0" endTime="5"><Sync time="0"/>oui<Event desc="x"/> non</Turn>'
    document = read(trs(body + TURNS, '<Speaker id="spk1" name="Mme Zeller"/><Speaker id="spk2" name="Paul Ost"/>'))
    assert document.blocks[1].voice == "Mme Zeller"
    assert not any("Zeller" in notice or "Ost" in notice for notice in document.notices)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ('<Turn startTime="9" endTime="10"><Sync time="9"/>il pleut</Turn>', "il pleut"),
        ('<Turn speaker="spk1 spk2" startTime="9" endTime="10"><Sync time="9"/>qui parle</Turn>', "qui parle"),
        ('<Turn speaker="spk1 spk2" startTime="9" endTime="10"><Who nb="7"/>qui parle</Turn>', "qui parle"),
        ('<Turn speaker="spk1 spk2" startTime="9" endTime="10"><Who nb="0"/>qui parle</Turn>', "qui parle"),
        ('<Turn speaker="spk1 spk2" startTime="9" endTime="10"><Who nb="²"/>qui parle</Turn>', "qui parle"),
    ],
)
def test_words_of_nobody_are_not_given_to_the_previous_speaker(body: str, says: str) -> None:
    document = read(trs(TURNS + body))
    assert turns(document)[-1] == (None, says)
    assert any(notice.endswith("lues comme d’un locuteur inconnu\u00a0: 1") for notice in document.notices)


def test_a_file_that_names_nobody_has_no_voice() -> None:
    document = read(trs('<Turn startTime="0" endTime="5"><Sync time="0"/>on fait ce qu\'on peut</Turn>', ""))
    assert spoken(document) == [(None, "on fait ce qu'on peut")]


def test_a_speaker_without_name_is_called_by_its_identifier() -> None:
    body = '<Turn speaker="spk1">un</Turn><Turn speaker="spk9">deux</Turn>'
    assert spoken(read(trs(body, '<Speaker id="spk1" name=""/>'))) == [("spk1", "un"), ("spk9", "deux")]


def test_topics_are_titles_and_the_programme_is_metadata() -> None:
    content = (
        '<Trans><Topics><Topic id="to1" desc="L’accueil de nuit"/></Topics><Speakers><Speaker id="a" name="A"/>'
        '</Speakers><Episode program="Paroles de travail" air_date="980117"><Section type="report" topic="to1">'
        '<Turn speaker="a">on ouvre à vingt heures</Turn></Section><Section type="report" topic="to1">'
        '<Turn speaker="a">et on ferme à sept</Turn></Section></Episode></Trans>'
    )
    document = read(content.encode())
    assert [(block.kind, document.text[block.start : block.end]) for block in document.blocks] == [
        (BlockKind.TITLE, "L’accueil de nuit"),
        (BlockKind.CUE, "on ouvre à vingt heures"),
        (BlockKind.CUE, "et on ferme à sept"),
    ]
    assert document.metadata == {"program": "Paroles de travail", "date": "1998-01-17"}


def test_text_outside_turns_is_kept_as_a_remark() -> None:
    document = read(trs("suite au recto" + TURNS))
    assert [document.text[zone.start : zone.end] for zone in document.zones] == ["suite au recto"]
    assert document.zones[0].kind is ZoneKind.REMARK


def test_unknown_elements_keep_their_words() -> None:
    body = '<Turn speaker="spk2" startTime="0" endTime="5">le <Emph>juge</Emph> a tranché</Turn>'
    document = read(trs(body))
    assert spoken(document) == [("A", "le juge a tranché")]
    assert any("éléments que Transcriber n’écrit pas" in notice for notice in document.notices)


@pytest.mark.parametrize("time", ["", "nan", "inf", "-3", "douze", "1e999"])
def test_times_that_are_no_times_are_left_out(time: str) -> None:
    body = f'<Turn speaker="spk2" startTime="{time}" endTime="{time}"><Sync time="{time}"/>on verra</Turn>'
    (block,) = read(trs(body)).blocks
    assert (block.time_start, block.time_end) == (None, None)


def test_nobody_says_anything() -> None:
    with pytest.raises(UnreadableError) as error:
        read(trs('<Turn startTime="0" endTime="5"><Sync time="0"/></Turn>'))
    assert error.value.reason == "no_text"


def test_declared_encoding_wrong_both_ways() -> None:
    body = '<Turn speaker="spk2" startTime="0" endTime="5">l’œuvre « d’été » du cœur</Turn>'
    obeyed = trs(body)
    assert spoken(read(obeyed.encode("utf-8"))) == [("A", "l’œuvre « d’été » du cœur")]
    false = obeyed.replace("ISO-8859-1", "UTF-8")
    document = read(false.encode("cp1252"))
    assert spoken(document) == [("A", "l’œuvre « d’été » du cœur")]
    assert document.encoding == "cp1252"
    assert any("encodage déclaré" in notice for notice in document.notices)


def test_speech_without_punctuation_is_cut_within_the_codebook_length() -> None:
    """A turn of 1,500 words without a mark, a time mark every 15 words (traps 6)."""
    words = varied(1500, "dans la semaine").split()
    marks = "".join(f'<Sync time="{at}"/>{" ".join(words[at : at + 15])}\n' for at in range(0, 1500, 15))
    document = read(trs(f'<Turn speaker="spk2" startTime="0" endTime="1500">{marks}</Turn>{TURNS}'))
    passages = [passage for passage in segment(find_turns(document)) if passage.turn == 1]
    assert " ".join(" ".join(passage.text for passage in passages).split()) == " ".join(words)
    assert all(15 <= count_words(passage.text) <= 90 for passage in passages)


# --- words in, words out ------------------------------------------------------------------------------

WORDS = st.lists(st.sampled_from(["accueil", "l’équipe", "à", "&", "<", "été", "c'est", "12"]), min_size=1, max_size=5)
SEGMENT = st.lists(st.tuples(st.integers(0, 2), WORDS), max_size=4)
TURN = st.lists(SEGMENT, min_size=1, max_size=3)


def _written_turn(turn: list[list[tuple[int, list[str]]]], single: bool) -> str:
    ids = "s0" if single else "s0 s1 s2"
    parts = [f'<Turn speaker="{ids}" startTime="0" endTime="9">']
    for marks, segments in enumerate(turn):
        parts.append(f'\n<Sync time="{marks}"/>\n')
        for who, said in segments:
            parts.append("" if single else f'<Who nb="{who + 1}"/>')
            parts.append('\n<Event desc="b" type="noise" extent="instantaneous"/>\n'.join(map(escape, said)) + "\n")
    return "".join((*parts, "</Turn>"))


@given(st.lists(st.tuples(TURN, st.booleans()), min_size=1, max_size=5), st.sampled_from(["utf-8", "iso-8859-1"]))
def test_words_in_are_words_out_per_speaker_in_order(generated: list, encoding: str) -> None:
    names = ["Claire (ENQ)", "M. Ost", "voix 3"]
    table = "".join(f'<Speaker id="s{i}" name={quoteattr(name)}/>' for i, name in enumerate(names))
    expected: dict[str, list[str]] = {}
    for turn, single in generated:
        for segments in turn:
            for who, said in segments:
                expected.setdefault(names[0 if single else who], []).extend(said)
    content = trs("".join(_written_turn(turn, single) for turn, single in generated), table)
    data = content.encode(encoding, "xmlcharrefreplace")
    if not expected:
        with pytest.raises(UnreadableError):
            read(data)
        return
    document = read(data)
    found: dict[str, list[str]] = {}
    for voice, text in spoken(document):
        found.setdefault(str(voice), []).extend(text.split())
    assert found == expected
