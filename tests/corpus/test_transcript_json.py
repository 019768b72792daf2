"""Machine transcripts in JSON: every word once and in order, speakers and times as the file says them."""

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from accounting import assert_accounted
from hypothesis import given, settings
from hypothesis import strategies as st

from tensions_cli.corpus.formats.transcript_json import is_transcript, read_transcript_json
from tensions_cli.corpus.segment import segment
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.corpus.speakers import find_turns
from tensions_cli.errors import UnreadableError
from tensions_cli.records import Block, BlockKind, Document, Role, ZoneKind


def encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8")


def read(value: Any) -> Document:
    data = value if isinstance(value, bytes) else encoded(value)
    (document,) = read_transcript_json(data, SourceFile(Path("E01.json"), "E01.json", "E01"))
    assert_accounted(document)
    return document


def said(document: Document) -> list[tuple[str | None, str]]:
    return [(block.voice, document.text[block.start : block.end]) for block in document.blocks]


def turns(document: Document) -> list[tuple[str | None, str]]:
    found = find_turns(document)
    return [(turn.speaker, found.text[turn.start : turn.end]) for turn in found.turns]


def spoken(text: str, speakers: str, segment_speaker: str | None = None, start: float = 0.0) -> dict[str, Any]:
    """A whisperX segment: one second a word, one letter of `speakers` for each (`-`: no speaker)."""
    words = [
        {"word": word, "start": start + i, "end": start + i + 0.5, "score": 0.9}
        | ({} if speaker == "-" else {"speaker": speaker})
        for i, (word, speaker) in enumerate(zip(text.split(), speakers, strict=True))
    ]
    value = {"start": start, "end": start + len(words), "text": f" {text}", "words": words}
    return value | ({"speaker": segment_speaker} if segment_speaker else {})


WHISPER = {
    "text": " Comment se passent les visites ? On y va à deux, le mardi.",
    "segments": [
        {"id": 0, "start": 1.0, "end": 3.5, "text": " Comment se passent les visites ?", "no_speech_prob": 0.01},
        {"id": 1, "start": 3.5, "end": 7.0, "text": " On y va à deux, le mardi.", "no_speech_prob": 0.02},
    ],
    "language": "fr",
}


def test_whisper_segments_are_one_monologue_with_times() -> None:
    document = read(WHISPER)
    assert document.text == "Comment se passent les visites ?\nOn y va à deux, le mardi."
    assert document.blocks == (
        Block(0, 32, BlockKind.CUE, time_start=1.0, time_end=3.5),
        Block(33, 58, BlockKind.CUE, time_start=3.5, time_end=7.0),
    )
    assert document.notices == ()
    assert any("monologue" in notice for notice in find_turns(document).notices)


def test_segments_with_speakers_give_turns_and_roles() -> None:
    named = [dict(one, speaker=f"SPEAKER_0{i}") for i, one in enumerate(WHISPER["segments"])]
    found = find_turns(read({"segments": named}))
    assert [(turn.speaker, turn.role, turn.time_start, turn.time_end) for turn in found.turns] == [
        ("SPEAKER_00", Role.INTERVIEWER, 1.0, 3.5),
        ("SPEAKER_01", Role.RESPONDENT, 3.5, 7.0),
    ]


def test_a_segment_without_speaker_among_others_is_nobody_s() -> None:
    segments = [
        {"start": 0, "end": 1, "text": "Vous y allez seule ?", "speaker": "SPEAKER_00"},
        {"start": 1, "end": 2, "text": "Jamais seule."},
        {"start": 2, "end": 3, "text": "On se relaie.", "speaker": "SPEAKER_01"},
    ]
    found = find_turns(read({"segments": segments}))
    assert [turn.speaker for turn in found.turns] == ["SPEAKER_00", None, "SPEAKER_01"]
    assert any("locuteur inconnu" in notice for notice in found.notices)


def test_a_segment_is_cut_where_the_speaker_of_its_words_changes() -> None:
    segments = [spoken("On remplit la grille le soir. Et qui la lit ?", "AAAAAABBBBB", "A")]
    document = read({"segments": segments})
    assert said(document) == [("A", "On remplit la grille le soir."), ("B", "Et qui la lit ?")]
    assert [(block.time_start, block.time_end) for block in document.blocks] == [(0.0, 5.5), (6.0, 11.0)]


@pytest.mark.parametrize(
    ("speakers", "expected"),
    [
        ("AAABAA", ["AAAAAA"]),  # one word in the middle: a mistake
        ("AAAAAB", ["AAAAAA"]),  # one word at the end that nobody goes on with
        ("BAAAAA", ["AAAAAA"]),
        ("A--BBB", ["AAA", "BBB"]),  # words without speaker go with the one before
        ("--BBBB", ["BBBBBB"]),
        ("------", ["AAAAAA"]),  # the segment says it
        ("AABBAA", ["AA", "BB", "AA"]),  # two words are no mistake
        ("ABABAB", ["AAAAAA"]),  # nothing to hold on to: the speaker of the segment
    ],
)
def test_isolated_words_do_not_change_the_speaker(speakers: str, expected: list[str]) -> None:
    words = "un deux trois quatre cinq six"
    document = read({"segments": [spoken(words, speakers, "A")]})
    assert [(voice or "") * len(text.split()) for voice, text in said(document)] == expected
    assert document.text.split() == words.split()


def test_one_word_counts_where_the_neighbouring_segment_goes_on_with_its_speaker() -> None:
    segments = [
        spoken("On range tout le soir. Qui", "AAAAAB", "A"),
        spoken("range le matin ? Moi", "BBBBA", "B", start=6.0),
        spoken("et parfois Luce.", "AAA", "A", start=11.0),
    ]
    assert turns(read({"segments": segments})) == [
        ("A", "On range tout le soir."),
        ("B", "Qui\nrange le matin ?"),
        ("A", "Moi\net parfois Luce."),
    ]


def test_one_word_alone_in_its_segment_keeps_its_speaker() -> None:
    segments = [spoken("On range tout.", "AAA"), spoken("Oui.", "B", start=3.0), spoken("Le soir.", "AA", start=4.0)]
    assert turns(read({"segments": segments})) == [("A", "On range tout."), ("B", "Oui."), ("A", "Le soir.")]


def test_words_that_do_not_follow_the_text_leave_the_segment_whole_and_are_counted() -> None:
    one = spoken("on coche la case du bas", "AAABBB", "B")
    document = read({"segments": [dict(one, text="On coche douze cases.")]})
    assert said(document) == [("B", "On coche douze cases.")]
    assert any("mots ne suivent pas le texte" in notice and notice.endswith("\u00a0: 1") for notice in document.notices)


def test_a_segment_that_has_only_words_is_read_from_them() -> None:
    document = read({"segments": [dict(spoken("On verra bien.", "AAA"), text="")]})
    assert said(document) == [("A", "On verra bien.")]


def test_what_is_not_read_is_counted() -> None:
    segments = [*WHISPER["segments"], {"start": 7, "end": 8, "text": "  "}, "abîmé", {"start": 8, "end": 9}]
    document = read({"segments": segments, "text": "mot " * 200})
    assert any("segments sans texte" in notice and notice.endswith("\u00a0: 3") for notice in document.notices)
    assert any("200 mots" in notice for notice in document.notices)


def test_the_layout_of_whisper_cpp() -> None:
    value = {
        "systeminfo": "AVX = 1",
        "model": {"type": "large"},
        "result": {"language": "fr"},
        "transcription": [
            {"offsets": {"from": 0, "to": 1500}, "text": " On ferme à six heures."},
            {"offsets": {"from": 1500, "to": 2000}, "text": " Parfois sept."},
        ],
    }  # fmt: skip
    document = read(value)
    assert document.text == "On ferme à six heures.\nParfois sept."
    assert [(block.time_start, block.time_end) for block in document.blocks] == [(0.0, 1.5), (1.5, 2.0)]


def test_times_that_are_no_times_are_left_out() -> None:
    raw = b'{"segments": [{"text": "Bonjour.", "start": NaN, "end": 1e400, "speaker": 0}]}'
    document = read(raw)
    assert document.blocks == (Block(0, 8, BlockKind.CUE, voice="0"),)


# --- oTranscribe -----------------------------------------------------------------------------------

OTR = {
    "text": '<p><span class="timestamp" contenteditable="false" data-timestamp="1.25">00:01</span>&nbsp;<b>E :</b> '
    'Vous arrivez quand ?</p><p><span class="timestamp" data-timestamp="64">01:04</span>&nbsp;<b>A :</b> À six heures,'
    '<br />pour <span class="timestamp" data-timestamp="70">01:10</span>les transmissions.</p>'
    "<p>E : Et vous partez ?</p>"
    "<div>A : Quand la relève est là.</div>",
    "media": "Prénom Nom entretien secret.mp3",
    "media-source": "",
    "media-time": 12.5,
}


def test_otranscribe_stamps_become_times_and_the_recording_is_never_read() -> None:
    document = read(OTR)
    assert document.text.split("\n") == [
        "\u00a0E : Vous arrivez quand ?",
        "\u00a0A : À six heures,",
        "pour les transmissions.",
        "E : Et vous partez ?",
        "A : Quand la relève est là.",
    ]
    assert [block.time_start for block in document.blocks] == [1.25, 64.0, 70.0, None, None]
    assert any("horodatages" in notice and notice.endswith("\u00a0: 3") for notice in document.notices)
    assert "secret" not in repr(document)
    found = find_turns(document)
    assert [(turn.speaker, turn.role) for turn in found.turns] == [("E", "interviewer"), ("A", "respondent")] * 2
    assert [turn.time_start for turn in found.turns] == [1.25, 64.0, None, None]


# --- what is a transcript, what is refused ---------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        WHISPER,
        OTR,
        {"segments": [], "language": "fr"},
        WHISPER["segments"],
        {"segments": [{"words": [{"word": "oui"}]}]},
    ],
)
def test_transcripts_are_recognised(value: Any) -> None:
    assert is_transcript(encoded(value))


@pytest.mark.parametrize(
    "value",
    [
        [{"id": "E01", "text": "On coche des cases."}],
        {"text": "On coche des cases."},
        {"segments": "nord"},
        {"segments": ["nord", "sud"], "text": "On coche."},
        [{"text": "On coche.", "start": "2024", "end": "2025"}],
        [],
        12,
    ],
)
def test_tables_and_other_values_are_no_transcripts(value: Any) -> None:
    assert not is_transcript(encoded(value))


def test_bad_json_is_no_transcript_and_is_refused_when_read_as_one() -> None:
    for raw in (b'{"segments": [', b'{"segments": ' + b"[" * 100_000, b'{"segments": 1}', b"[1, 2]"):
        assert not is_transcript(raw)
        with pytest.raises(UnreadableError) as refused:
            read(raw)
        assert refused.value.reason == "corrupt"


def test_a_file_of_brackets_is_refused_before_it_fills_the_memory() -> None:
    with pytest.raises(UnreadableError) as refused:
        read(b'{"segments": [' + b"[]," * 2_000_001 + b"[]]}")
    assert refused.value.reason == "too_large"


def test_an_empty_transcript_says_so() -> None:
    with pytest.raises(UnreadableError) as refused:
        read({"segments": [{"start": 0, "end": 1, "text": " "}], "language": "fr"})
    assert refused.value.reason == "no_text"


def test_halves_of_characters_are_replaced() -> None:
    assert read(b'{"segments": [{"start": 0, "end": 1, "text": "Bon\\ud800jour"}]}').text == "Bon\ufffdjour"


# --- text that machines make up --------------------------------------------------------------------


def cues(*texts: str, speaker: str | None = None) -> Document:
    own = {"speaker": speaker} if speaker else {}
    return read({"segments": [{"start": i, "end": i + 1, "text": text} | own for i, text in enumerate(texts)]})


def remarks(document: Document) -> list[str]:
    return [document.text[zone.start : zone.end] for zone in document.zones if zone.kind is ZoneKind.REMARK]


@pytest.mark.parametrize("speaker", [None, "SPEAKER_00"])
def test_the_same_sentence_forty_times_is_kept_once_and_never_counted_again(speaker: str | None) -> None:
    loop = ["On verra ça demain matin."] * 40
    found = find_turns(cues("Le tableau est au mur.", *loop, "Et puis on ferme.", speaker=speaker))
    passages = segment(found)
    assert " ".join(passage.text for passage in passages).count("On verra ça") == 1
    assert sum(text.count("On verra ça") for text in remarks(found)) == 39
    assert found.text.count("On verra ça") == 40
    assert passages[-1].text.endswith("Et puis on ferme.")
    assert sum("jamais compté" in notice for notice in found.notices) == 1


def test_a_loop_inside_one_segment_without_punctuation() -> None:
    found = find_turns(cues("alors " + "on est passé par la cuisine " * 12 + "voilà"))
    assert [passage.text for passage in segment(found)] == ["alors on est passé par la cuisine", "voilà"]


@pytest.mark.parametrize("speaker", [None, "SPEAKER_00"])
def test_a_short_segment_six_times_in_a_row_is_kept_once(speaker: str | None) -> None:
    found = find_turns(cues("On range la cour.", *["Merci."] * 8, "Merci à vous.", speaker=speaker))
    assert remarks(found) == ["Merci."] * 7
    assert " ".join(passage.text for passage in segment(found)).count("Merci.") == 1
    assert_accounted(found)
    assert remarks(find_turns(cues("On range la cour.", *["Merci."] * 6))) == ["Merci."] * 5
    assert remarks(find_turns(cues("On range la cour.", *["Merci."] * 5))) == []


def test_short_answers_of_two_people_are_no_loop() -> None:
    segments = [{"start": i, "end": i + 1, "text": "Oui.", "speaker": f"SPEAKER_0{i % 2}"} for i in range(20)]
    assert remarks(find_turns(read({"segments": segments}))) == []


def test_a_loop_of_two_sentences() -> None:
    found = find_turns(cues("Bon.", *["Merci à toutes.", "À la semaine prochaine."] * 8))
    assert sum(text.count("Merci à toutes.") for text in remarks(found)) == 7


@pytest.mark.parametrize(
    "texts",
    [
        ["oui"] * 5,
        ["oui", "non"] * 20,
        ["oui oui oui oui oui oui oui oui oui oui oui oui oui oui"],
        ["non mais non mais non mais non mais non mais non mais non mais"],
        ["Je ne sais pas."] * 4,
        ["On note tout, le matin on note tout, le soir on note tout."] * 3,
    ],
)
def test_a_person_who_repeats_herself_is_no_machine(texts: list[str]) -> None:
    assert find_turns(cues(*texts)).zones == ()


@pytest.mark.parametrize(
    "credit",
    [
        "Sous-titres réalisés par la communauté d'Amara.org",
        "Sous-titres réalisés para la communauté d’Amara.org",
        "Sous-titrage Société Radio-Canada",
        "Sous-titrage ST' 501",
        "Merci d'avoir regardé cette vidéo !",
        "[Texte impossible à transcrire]",
    ],
)
def test_credit_lines_are_no_speech(credit: str) -> None:
    for speaker in (None, "SPEAKER_01"):
        found = find_turns(cues("On commence par la cuisine.", credit, "Puis la cour.", speaker=speaker))
        assert remarks(found) == [credit]
        assert not any(credit in passage.text for passage in segment(found))
        assert any("jamais compté" in notice for notice in found.notices)


def test_a_credit_inside_a_sentence_of_speech_leaves_the_speech() -> None:
    found = find_turns(cues("On range la cour. Sous-titrage Société Radio-Canada Ensuite on ferme."))
    assert [passage.text for passage in segment(found)] == ["On range la cour.", "Ensuite on ferme."]


def test_a_person_may_speak_of_subtitles() -> None:
    texts = ["Le sous-titrage, on le fait nous-mêmes.", "Merci d'avoir regardé le dossier avec moi."]
    assert find_turns(cues(*texts)).zones == ()


def test_a_voice_that_only_reads_credits_is_no_speaker() -> None:
    segments = [
        {"start": 0, "end": 1, "text": "Vous fermez quand ?", "speaker": "SPEAKER_00"},
        {"start": 1, "end": 2, "text": "À six heures, après la ronde.", "speaker": "SPEAKER_01"},
        {"start": 2, "end": 3, "text": "Sous-titrage ST' 501", "speaker": "SPEAKER_02"},
    ]
    found = find_turns(read({"segments": segments}))
    assert [member.speaker for member in found.cast] == ["SPEAKER_00", "SPEAKER_01"]


# --- properties ------------------------------------------------------------------------------------

WORDS = st.text(alphabet="abcé'’.,?!«»\u00a0-", min_size=1, max_size=8).filter(lambda word: word.split() == [word])
SPOKEN = st.lists(st.tuples(WORDS, st.sampled_from("ABC-")), min_size=1, max_size=14)


@given(st.lists(st.tuples(SPOKEN, st.sampled_from(["A", "B", None])), min_size=1, max_size=6))
@settings(max_examples=150, deadline=None)
def test_words_in_are_words_out_in_order(segments: Sequence[tuple[list[tuple[str, str]], str | None]]) -> None:
    value = [
        spoken(" ".join(word for word, _ in words), "".join(speaker for _, speaker in words), own)
        for words, own in segments
    ]
    document = read({"segments": value})
    assert document.text.split() == [word for words, _ in segments for word, _ in words]
    for block in document.blocks:
        assert block.voice is None or block.voice in ("A", "B", "UNKNOWN_SPEAKER", "C")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["text", "segments", "words", "word", "start", "end", "speaker", "media", "offsets", "from"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(JSON)
@settings(max_examples=200, deadline=None)
def test_any_json_is_read_or_refused_with_a_reason(value: Any) -> None:
    data = json.dumps(value).encode("utf-8")
    is_transcript(data)
    with suppress(UnreadableError):
        read(data)
