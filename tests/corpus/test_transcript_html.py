"""Transcripts in HTML: noScribe pages with their anchors, and pages with oTranscribe stamps."""

from pathlib import Path

import pytest
from accounting import assert_accounted
from hypothesis import given, settings
from hypothesis import strategies as st

from tensions_cli.corpus.formats.transcript_html import is_transcript_page, read_transcript_html
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.corpus.speakers import find_turns
from tensions_cli.errors import UnreadableError
from tensions_cli.records import BlockKind, Document, Role, Zone, ZoneKind

HEAD = (
    '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.0//EN">\n<html >\n<head >\n<meta charset="UTF-8" />\n'
    '<style type="text/css" >\np, li { white-space: pre-wrap; }\n</style>\n'
    '<meta name="audio_source" content="/home/secret/E01.mp3" /></head>\n'
    '<body > <div class="WordSection1" ><p style="font-weight: 600" >E01</p>'
    '<p ><span style="color: #909090" >Transcribed with noScribe vers. 0.7<br />Audio file: ./E01.mp3<br />'
    "(Language: French (fr) | Speaker detection: auto | Overlapping speech: 1)</span></p>"
)
TAIL = "</div></body>\n</html>\n"


def segment_of(start: int, end: int, speaker: str, text: str) -> str:
    return f'<a name="ts_{start}_{end}_{speaker}" >{text}</a>'


def stamp(clock: str) -> str:
    return f'<span style="color: #78909C" >[{clock}]</span>'


def page(*paragraphs: str) -> bytes:
    return (HEAD + "".join(f"<p >{paragraph}</p>" for paragraph in paragraphs) + TAIL).encode("utf-8")


def read(data: bytes) -> Document:
    (document,) = read_transcript_html(data, SourceFile(Path("E01.html"), "E01.html", "E01"))
    assert_accounted(document)
    return document


PAUSE = segment_of(0, 12140, "", "(12 seconds pause) ")
QUESTION = segment_of(12140, 15000, "S01", f"S01: {stamp('00:00:12')} Comment se passent les visites ?")
ANSWER = (
    segment_of(15000, 17500, "S00", f"S00: {stamp('00:00:15')} On y va à deux,")
    + segment_of(17500, 18000, "S00", " (..)")
    + segment_of(18000, 18500, "//S01", " //S01: Le mardi ?")
    + segment_of(18500, 21000, "S00", "// le mardi et le jeudi.")
)
NEXT = segment_of(21000, 23000, "S01", f"S01: {stamp('00:00:21')} Vous notez quoi ?")


def test_turns_times_overlap_and_pauses_of_noscribe() -> None:
    document = read(page(PAUSE, QUESTION, ANSWER, NEXT))
    assert document.format == "noscribe"
    found = find_turns(document)
    assert [(turn.speaker, turn.time_start, turn.time_end) for turn in found.turns] == [
        ("S01", 12.14, 15.0),
        ("S00", 15.0, 21.0),
        ("S01", 21.0, 23.0),
    ]
    assert [found.text[turn.start : turn.end] for turn in found.turns] == [
        "Comment se passent les visites ?",
        "On y va à deux, (..)\n //S01: Le mardi ?\n// le mardi et le jeudi.",
        "Vous notez quoi ?",
    ]
    assert {member.speaker: member.role for member in found.cast} == {
        "S01": Role.INTERVIEWER,
        "S00": Role.RESPONDENT,
    }


def test_the_header_is_a_zone_and_the_recording_is_never_read() -> None:
    document = read(page(QUESTION, ANSWER))
    headers = [zone for zone in document.zones if zone.kind is ZoneKind.METADATA]
    (header,) = headers
    assert document.text[header.start : header.end].split("\n")[0] == "E01"
    assert "Speaker detection" in document.text[header.start : header.end]
    assert "secret" not in repr(document)
    assert any("horodatages" in notice and notice.endswith("\u00a0: 2") for notice in document.notices)


def test_each_segment_keeps_its_own_time() -> None:
    document = read(page(QUESTION, ANSWER))
    assert [(block.kind, block.voice, block.time_start, block.time_end) for block in document.blocks] == [
        (BlockKind.CUE, "S01", 12.14, 15.0),
        (BlockKind.CUE, "S00", 15.0, 18.0),  # the pause goes with the words before it
        (BlockKind.CUE, "S00", 18.0, 18.5),
        (BlockKind.CUE, "S00", 18.5, 21.0),
    ]


def test_a_renamed_speaker_wins_over_the_name_in_the_anchor() -> None:
    anchors = segment_of(2130, 7730, "S00", "Enquêtrice ") + segment_of(2130, 7730, "S00", stamp("00:00:02"))
    renamed = anchors + segment_of(2130, 7730, "S00", ": Comment se passent les visites ?")
    answer = segment_of(7730, 9000, "S01", f"Luce: {stamp('00:00:07')} À deux.")
    found = find_turns(read(page(renamed, answer)))
    assert [(turn.speaker, turn.role) for turn in found.turns] == [
        ("Enquêtrice", Role.INTERVIEWER),
        ("Luce", Role.RESPONDENT),
    ]


def test_a_sentence_with_a_colon_is_no_label() -> None:
    extra = segment_of(23000, 25000, "S00", "Je dirais : les portes fermées.")
    document = read(page(QUESTION, ANSWER, NEXT, extra))
    assert "Je dirais : les portes fermées." in [document.text[b.start : b.end] for b in document.blocks]
    assert document.blocks[-1].voice == "S00"  # the anchor names the speaker, whatever stands before


def test_labels_that_were_hidden_are_those_of_the_anchors() -> None:
    document = read(page(segment_of(0, 900, "S01", "Vous notez quoi ?"), segment_of(900, 2000, "S00", "Les départs.")))
    assert [block.voice for block in document.blocks] == ["S01", "S00"]


def test_a_paragraph_typed_by_hand_stays_in_the_text() -> None:
    document = read(page(QUESTION, ANSWER, "Et la nuit aussi."))
    last = document.blocks[-1]
    assert document.text[last.start : last.end] == "Et la nuit aussi."
    assert (last.voice, last.time_start) == (None, None)


def test_a_page_with_otranscribe_stamps() -> None:
    data = (
        '<html><head><title>x</title></head><body><p><span class="timestamp" data-timestamp="1.5">0:01</span> E : '
        'On commence ?</p><p><span class="timestamp" data-timestamp="4">0:04</span> A : Oui, par la cour.</p>'
        "</body></html>"
    )
    assert is_transcript_page(data.encode())
    document = read(data.encode())
    assert document.text.split("\n") == [" E : On commence ?", " A : Oui, par la cour."]
    assert [block.time_start for block in document.blocks] == [1.5, 4.0]
    assert document.format == "otranscribe"


def test_recognised_pages() -> None:
    assert is_transcript_page(page(QUESTION))
    for other in (
        b"<html><body><p>[00:00:12] Une page.</p></body></html>",
        b'<a name="top">Haut</a>',
        b'<span class="timestamp">12 mars</span>',
        b"",
    ):
        assert not is_transcript_page(other)


def test_a_page_without_speech_says_so() -> None:
    with pytest.raises(UnreadableError) as refused:
        read(page(segment_of(0, 10, "S00", " ")))
    assert refused.value.reason == "no_text"


def test_markup_nested_beyond_reason_is_refused() -> None:
    with pytest.raises(UnreadableError) as refused:
        read(page(QUESTION, "<b>" * 5000 + "x" + "</b>" * 5000))
    assert refused.value.reason == "corrupt"


TEXTS = st.text(alphabet="abcé .:,?!()/\u00a0", max_size=12)
ANCHORS = st.tuples(st.integers(0, 9999), st.integers(0, 9999), st.sampled_from(["S00", "S01", "", "//S01"]), TEXTS)


@given(st.lists(st.lists(st.one_of(ANCHORS, TEXTS), max_size=4), min_size=1, max_size=5))
@settings(max_examples=150, deadline=None)
def test_every_character_shown_is_in_the_text(paragraphs: list[list[tuple[int, int, str, str] | str]]) -> None:
    bodies = ["".join(one if isinstance(one, str) else segment_of(*one) for one in parts) for parts in paragraphs]
    shown = "".join(one if isinstance(one, str) else one[3] for parts in paragraphs for one in parts)
    document = read(page(QUESTION, *bodies))
    header, _, body = document.text.partition("visites ?")
    assert "".join(body.split()) == "".join(shown.split())
    assert isinstance(document.zones[0], Zone)
    assert header
