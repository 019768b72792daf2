"""Passages: lengths of the codebook, edges never crossed, nothing lost."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tensions_cli.corpus.segment import segment
from tensions_cli.corpus.sentences import sentence_spans
from tensions_cli.records import Block, BlockKind, Document, Passage, Role, Turn, Zone, ZoneKind
from tensions_cli.words import count_words

WORDS = re.compile(r"[^\W_]+")


def lines(text: str, kind: BlockKind = BlockKind.PARAGRAPH) -> tuple[Block, ...]:
    """One block for each line that is not blank."""
    return tuple(Block(*match.span(), kind=kind) for match in re.finditer(r"\S(?:[^\n]*\S)?", text))


def prose(text: str, blocks: tuple[Block, ...] | None = None, **fields: object) -> Document:
    document = Document("d", "d.txt", "txt", text, lines(text) if blocks is None else blocks)
    return replace(document, **fields)  # type: ignore[arg-type]


def sentence(words: int, first: str = "Ainsi") -> str:
    """A sentence of so many words, without inner punctuation."""
    return " ".join([first, *("mot" for _ in range(words - 1))]) + "."


def lengths(passages: list[Passage]) -> list[int]:
    return [len(WORDS.findall(passage.text)) for passage in passages]


def texts(passages: list[Passage]) -> list[str]:
    return [passage.text for passage in passages]


# --- balance ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentences", "expected"),
    [
        ([20, 20], [40]),  # short paragraph: whole
        ([26, 26, 26, 26, 26], [26, 52, 52]),  # five sentences of 26: three passages near 45, not 52+78
        ([65, 65], [65, 65]),  # 130 words
        ([40, 25, 25, 40], [40, 50, 40]),  # 130 words, not 90 and 40
        ([45, 45], [45, 45]),  # 90 words would fit, two of 45 are nearer the target
        ([30, 30], [60]),
        ([80, 10], [90]),  # ten words alone would be too short
        ([88, 10], [88, 10]),  # 98 words would be too long: the text does not allow more
        ([5, 5, 5, 5, 5], [15, 10]),  # never more than four sentences; one of the two must be short
        ([10, 10, 10, 10, 10], [20, 30]),
        ([4], [4]),
    ],
)
def test_paragraphs_are_shared_out_evenly(sentences: list[int], expected: list[int]) -> None:
    text = " ".join(sentence(words) for words in sentences)
    found = lengths(segment(prose(text)))
    assert sorted(found) == sorted(expected)


def test_quotation_is_left_whole_where_its_length_allows() -> None:
    # 80 words: two of 40 without guillemets, one of 80 when the middle is inside a quotation.
    plain = [sentence(40), sentence(40)]
    quoted = [f"Il dit : « {sentence(38)}", f"{sentence(40)} »"]
    assert texts(segment(prose(" ".join(plain)))) == plain
    assert texts(segment(prose(" ".join(quoted)))) == [" ".join(quoted)]
    # 140 words are too many for one passage, whatever the quotation.
    assert len(segment(prose(f"« {sentence(70)} {sentence(70)} »"))) == 2


def test_four_sentences_at_most() -> None:
    passages = segment(prose(" ".join(sentence(4) for _ in range(9))))
    assert all(len(sentence_spans(passage.text)) <= 4 for passage in passages)
    assert sum(lengths(passages)) == 36
    assert len(passages) == 3  # nine sentences cannot make fewer


def test_punctuated_sentence_of_110_words_stays_whole() -> None:
    text = ", ".join(" ".join(["mot"] * 10) for _ in range(11)) + "."
    assert lengths(segment(prose(text))) == [110]


def test_unpunctuated_sentence_of_110_words_is_cut() -> None:
    assert lengths(segment(prose(sentence(110)))) == [55, 55]


def test_sentence_above_120_words_is_cut_at_its_semicolon() -> None:
    first = ", ".join(" ".join(["avant"] * 10) for _ in range(6))
    second = ", ".join(" ".join(["après"] * 10) for _ in range(7))
    assert texts(segment(prose(f"{first}\u00a0; {second}."))) == [f"{first}\u00a0;", f"{second}."]


def test_unpunctuated_speech_is_cut_at_links_within_limits() -> None:
    clause = "on court toute la journée pour remplir le tableau du siège"
    text = " et ".join([clause] * 12)
    passages = segment(prose(text))
    assert all(15 <= words <= 90 for words in lengths(passages))
    assert all(passage.text.startswith("et on court") for passage in passages[1:])


def test_links_are_better_than_any_space() -> None:
    clause = " ".join(["mot"] * 24)
    passages = segment(prose(" et ".join([clause] * 8)))
    assert all(passage.text.startswith("et ") for passage in passages[1:])


def test_speech_of_1500_words_without_any_mark() -> None:
    text = " ".join(f"mot{rank}" for rank in range(1500))
    passages = segment(prose(text))
    assert all(15 <= words <= 90 for words in lengths(passages))
    assert " ".join(texts(passages)) == text


def test_no_passage_is_endless_even_without_spaces() -> None:
    assert max(lengths(segment(prose("a-" * 1000)))) <= 120


# --- edges ------------------------------------------------------------------------------------------


def test_paragraphs_titles_and_cells_are_never_joined() -> None:
    text = "Le métier\nOn écoute les gens.\nTarif\n12 euros"
    assert texts(segment(prose(text))) == text.split("\n")


def test_title_of_several_sentences_is_one_passage() -> None:
    text = "« Tenir. » Écouter. Noter. Rendre. Attendre. Une enquête dans l’Ouest"
    assert len(segment(prose(text))) == 2
    assert texts(segment(prose(text, lines(text, BlockKind.TITLE)))) == [text]


def test_zone_is_left_out_and_never_crossed() -> None:
    text = "On écoute les gens. [pause] On note tout le soir."
    start = text.index("[")
    zone = Zone(start, start + len("[pause]"), ZoneKind.REMARK)
    assert texts(segment(prose(text, zones=(zone,)))) == ["On écoute les gens.", "On note tout le soir."]


def test_overlapping_and_blank_zones() -> None:
    text = "Menu\nOn écoute les gens."
    zones = (Zone(0, 3, ZoneKind.CHROME), Zone(2, 5, ZoneKind.CHROME), Zone(7, 7, ZoneKind.NOTE))
    assert texts(segment(prose(text, zones=zones))) == ["On écoute les gens."]


def test_short_list_items_are_grouped() -> None:
    text = "Il faut :\n" + "\n".join(["du temps ;", "des mains ;", "une salle ;", "du thé ;", "un banc."])
    blocks = lines(text)
    blocks = (blocks[0], *(replace(block, kind=BlockKind.ITEM) for block in blocks[1:]))
    found = texts(segment(prose(text, blocks)))
    assert found[0] == "Il faut :"
    assert [passage.count("\n") + 1 for passage in found[1:]] in ([3, 2], [2, 3])
    assert "\n".join(found) == text


def test_long_list_items_stay_alone() -> None:
    items = [sentence(20), sentence(5), sentence(20)]
    text = "\n".join(items)
    assert texts(segment(prose(text, lines(text, BlockKind.ITEM)))) == items


def test_items_of_two_lists_are_not_grouped_over_a_zone() -> None:
    text = "du temps\n* note\ndes mains"
    blocks = tuple(block for block in lines(text, BlockKind.ITEM) if text[block.start] != "*")
    zone = Zone(text.index("*"), text.index("\ndes"), ZoneKind.NOTE)
    assert texts(segment(prose(text, blocks, zones=(zone,)))) == ["du temps", "des mains"]


def test_hard_wrapped_paragraph_is_one_text() -> None:
    text = "La réunion commence\nà neuf heures et\nfinit tard."
    assert texts(segment(prose(text, (Block(0, len(text)),)))) == [text]


# --- dialogues --------------------------------------------------------------------------------------

QUESTION = "Comment se passent les évaluations dans votre service ?"
ANSWER = "On coche des cases. On n’a plus le temps d’écouter les gens comme avant."


def dialogue(*said: tuple[Role | None, str], name: bool = True) -> Document:
    """One line and one turn for each speech, after a label that is a zone."""
    text, turns, zones = "", [], []
    for role, speech in said:
        label = "A : " if name else ""
        start = len(text) + len(label)
        if label:
            zones.append(Zone(len(text), start, ZoneKind.LABEL))
        turns.append(Turn(start, start + len(speech), role.value if role else None, role, 1.0, 2.0))
        text += f"{label}{speech}\n"
    return prose(text, zones=tuple(zones), turns=tuple(turns))


def test_turns_give_speaker_role_rank_and_times() -> None:
    question, answer = segment(dialogue((Role.INTERVIEWER, QUESTION), (Role.RESPONDENT, ANSWER)))
    assert (question.turn, question.speaker, question.role) == (1, "interviewer", Role.INTERVIEWER)
    assert (answer.turn, answer.speaker, answer.role) == (2, "respondent", Role.RESPONDENT)
    assert (answer.time_start, answer.time_end) == (1.0, 2.0)
    assert (question.text, answer.text) == (QUESTION, ANSWER)


def test_interviewer_is_not_counted_unless_kept() -> None:
    document = dialogue((Role.INTERVIEWER, QUESTION), (Role.RESPONDENT, ANSWER))
    assert [(p.counted, p.excluded_reason) for p in segment(document)] == [
        (False, "interviewer"),
        (True, None),
    ]
    assert all(p.counted for p in segment(document, keep_interviewer=True))


def test_backchannels_are_not_counted() -> None:
    said = [(Role.RESPONDENT, speech) for speech in ("Oui.", "Bien sûr !", "…", "Oui, bien sûr.")]
    assert [p.excluded_reason for p in segment(dialogue(*said))] == ["short", "short", "short", None]
    kept = segment(dialogue((Role.INTERVIEWER, "Mm.")), keep_interviewer=True)
    assert [p.excluded_reason for p in kept] == ["short"]


def test_context_is_the_question_answered() -> None:
    document = dialogue(
        (Role.RESPONDENT, ANSWER), (Role.INTERVIEWER, QUESTION), (Role.RESPONDENT, ANSWER), (None, ANSWER)
    )
    assert [p.context for p in segment(document)] == [None, None, QUESTION, None]


def test_every_passage_of_an_answer_has_its_question() -> None:
    document = dialogue(
        (Role.INTERVIEWER, QUESTION),
        (Role.RESPONDENT, " ".join([sentence(50)] * 3)),
        (Role.INTERVIEWER, "Mm mm."),
        (Role.RESPONDENT, ANSWER),
        (Role.INTERVIEWER, "Pourquoi ?"),
        (Role.RESPONDENT, ANSWER),
    )
    contexts = [p.context for p in segment(document) if p.role is Role.RESPONDENT]
    assert contexts == [QUESTION] * 4 + ["Pourquoi ?"]


def test_a_backchannel_is_the_context_when_nothing_else_was_said() -> None:
    document = dialogue((Role.INTERVIEWER, "Oui."), (Role.RESPONDENT, ANSWER))
    assert segment(document)[1].context == "Oui."


def test_long_question_keeps_its_end_from_a_word() -> None:
    question = " ".join(f"mot{rank:03d}" for rank in range(100)) + " ?"
    context = segment(dialogue((Role.INTERVIEWER, question), (Role.RESPONDENT, ANSWER)))[-1].context
    assert context is not None
    # 300 characters hold " ?" and 42 words of 7 (space included); a 43rd would make 303.
    assert context == question[question.index("mot058") :]


def test_context_leaves_zones_out() -> None:
    text = "Comment [00:12] ça va ?\nOn fait aller comme on peut."
    stamp = text.index("[")
    document = prose(
        text,
        zones=(Zone(stamp, stamp + 7, ZoneKind.LABEL),),
        turns=(Turn(0, 23, "Q", Role.INTERVIEWER), Turn(24, len(text), "R", Role.RESPONDENT)),
    )
    assert segment(document)[-1].context == "Comment ça va ?"


def test_answer_over_several_paragraphs() -> None:
    text = f"{ANSWER}\n\n{ANSWER}"
    passages = segment(prose(text, turns=(Turn(0, len(text), "R", Role.RESPONDENT),)))
    assert texts(passages) == [ANSWER, ANSWER]
    assert [p.turn for p in passages] == [1, 1]


def test_two_turns_in_one_paragraph() -> None:
    text = "On écoute les gens. Et le soir ? On note tout."
    cut, again = text.index("Et le"), text.index("On note")
    turns = (
        Turn(0, cut, "R", Role.RESPONDENT),
        Turn(cut, again, "Q", Role.INTERVIEWER),
        Turn(again, len(text), "R", Role.RESPONDENT),
    )
    assert texts(segment(prose(text, turns=turns))) == [
        "On écoute les gens.",
        "Et le soir ?",
        "On note tout.",
    ]


def test_text_outside_turns_is_kept_without_speaker() -> None:
    text = "Entretien du foyer bleu\nOn écoute les gens ici."
    passages = segment(prose(text, turns=(Turn(text.index("On"), len(text), "R", Role.RESPONDENT),)))
    assert [(p.text, p.turn, p.speaker) for p in passages] == [
        ("Entretien du foyer bleu", None, None),
        ("On écoute les gens ici.", 1, "R"),
    ]


# --- subtitles --------------------------------------------------------------------------------------


def cues(*said: str, voices: tuple[str, ...] = (), separator: str = "\n") -> Document:
    """One cue of two seconds for each line."""
    text = separator.join(said)
    blocks, at = [], 0
    for rank, line in enumerate(said):
        voice = voices[rank] if voices else None
        blocks.append(
            Block(at, at + len(line), BlockKind.CUE, voice=voice, time_start=2.0 * rank, time_end=2.0 * rank + 2)
        )
        at += len(line) + len(separator)
    return prose(text, tuple(blocks))


@pytest.mark.parametrize("separator", ["\n", "\n\n", " "])
def test_subtitles_of_one_speaker_are_read_as_one_text(separator: str) -> None:
    document = cues("on écoute les gens", "le soir. Puis on note", "tout ce qu’ils disent.", separator=separator)
    (passage,) = segment(document)
    assert passage.text == document.text
    assert (passage.time_start, passage.time_end) == (0.0, 6.0)


def test_times_are_those_of_the_subtitles_of_the_passage() -> None:
    document = cues(*([sentence(30)] * 4))
    assert [(p.time_start, p.time_end) for p in segment(document)] == [(0.0, 4.0), (4.0, 8.0)]


def test_subtitles_of_two_voices_are_not_joined() -> None:
    document = cues("on écoute", "on note", "et vous ?", voices=("A", "A", "B"))
    assert texts(segment(document)) == ["on écoute\non note", "et vous ?"]


def test_subtitles_of_two_turns_are_not_joined() -> None:
    document = cues("on écoute", "on note", "et vous ?")
    edge = document.text.index("et vous")
    turns = (Turn(0, edge, "A", None), Turn(edge, len(document.text), "B", None))
    assert texts(segment(replace(document, turns=turns))) == ["on écoute\non note", "et vous ?"]


def test_a_turn_says_more_than_the_voices_of_its_subtitles() -> None:
    document = cues("on écoute", "on note", voices=("A", ""))
    turn = Turn(0, len(document.text), "A", None)
    assert texts(segment(replace(document, turns=(turn,)))) == ["on écoute\non note"]


def test_a_zone_between_two_subtitles_keeps_them_apart() -> None:
    document = cues("on écoute", "on note")
    edge = document.text.index("\n")
    assert len(segment(document)) == 1
    assert len(segment(replace(document, zones=(Zone(edge, edge + 1, ZoneKind.REMARK),)))) == 2


def test_unpunctuated_subtitles_are_cut_at_their_edges() -> None:
    document = cues(*(["on écoute les gens toute la journée"] * 30))
    passages = segment(document)
    assert all(15 <= words <= 90 for words in lengths(passages))
    assert all(p.text.startswith("on écoute") and p.text.endswith("journée") for p in passages)


# --- records and fields -----------------------------------------------------------------------------


def test_record_is_one_passage_as_it_stands() -> None:
    text = "  Premier paragraphe de trois phrases. Deux. Trois.\n\n" + sentence(150) + "\n"
    (passage,) = segment(prose(text, (), record=True, metadata={"genre": "note"}))
    assert (passage.text, passage.start, passage.end) == (text, 0, len(text))
    assert passage.counted
    assert passage.metadata == {"genre": "note"}


def test_short_record_is_not_counted() -> None:
    (passage,) = segment(prose("Oui.", (), record=True))
    assert passage.excluded_reason == "short"


def test_id_says_document_and_offsets() -> None:
    passages = segment(prose("Un titre\nOn écoute les gens."))
    assert [p.id for p in passages] == ["d#0-8", "d#9-28"]
    assert {p.document for p in passages} == {"d"}


def test_no_block_no_passage() -> None:
    assert segment(prose("", ())) == []


# --- properties -------------------------------------------------------------------------------------

PARTS = st.sampled_from(
    [
        "on écoute", "L’équipe", "Mme B.", "art. L. 312-1", "etc.", "usager.e.s", "« Oui ! »", "(rires)", "[…]",
        "…", ".", " ?", "\u00a0!", ",", ";", " – ", "😀", "E\u0301coute", "mais", "et", "\n", "\n- ", "\u202f»",
        "1.", sentence(30), " ".join(["mot"] * 100),
    ]
)  # fmt: skip
TEXTS = st.lists(PARTS, min_size=1, max_size=8).map(" ".join)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Blocks of any kind, with turns and zones at any place."""
    text, blocks = "", []
    for part in draw(st.lists(TEXTS, min_size=1, max_size=6)):
        text += draw(st.sampled_from(["", "\n", "\n\n", " "]))
        if part.strip():
            start = len(text) + len(part) - len(part.lstrip())
            kind = draw(st.sampled_from(BlockKind))
            voice = draw(st.sampled_from([None, "A"]))
            blocks.append(Block(start, start + len(part.strip()), kind, voice=voice))
        text += part
    places = st.integers(0, len(text))
    edges = sorted(draw(st.lists(places, max_size=6)))
    turns = tuple(
        Turn(start, end, "A", draw(st.sampled_from([*Role, None])))
        for start, end in zip(edges[::2], edges[1::2], strict=False)
    )
    zones = tuple(
        Zone(min(pair), max(pair), ZoneKind.NOTE) for pair in draw(st.lists(st.tuples(places, places), max_size=3))
    )
    return Document("d", "d.txt", "txt", text, tuple(blocks), zones, turns)


def owner(spans: list[tuple[int, int]], at: int) -> int | None:
    return next((rank for rank, (start, end) in enumerate(spans) if start <= at < end), None)


@settings(max_examples=150, deadline=None)
@given(documents(), st.booleans())
def test_passages_share_out_the_body_exactly(document: Document, keep: bool) -> None:
    passages = segment(document, keep_interviewer=keep)
    text = document.text
    blocks = [(block.start, block.end) for block in document.blocks]
    turns = [(turn.start, turn.end) for turn in document.turns]
    zoned = {at for zone in document.zones for at in range(zone.start, zone.end)}
    end = 0
    held: list[int] = []
    for passage in passages:
        assert end <= passage.start < passage.end
        assert passage.text == text[passage.start : passage.end]
        assert passage.text == passage.text.strip() != ""
        assert passage.id == f"d#{passage.start}-{passage.end}"
        end = passage.end
        span = range(passage.start, passage.end)
        held += [at for at in span if not text[at].isspace()]
        assert not zoned.intersection(span)
        (turn,) = {owner(turns, at) for at in span if not text[at].isspace()}
        assert passage.turn == (None if turn is None else turn + 1)
        crossed = {owner(blocks, at) for at in span if not text[at].isspace()}
        if len(crossed) > 1:
            kinds = {document.blocks[rank].kind for rank in crossed if rank is not None}
            assert kinds in ({BlockKind.CUE}, {BlockKind.ITEM})
            if kinds == {BlockKind.ITEM}:
                assert len(crossed) <= 4
    body = [at for start, stop in blocks for at in range(start, stop) if at not in zoned]
    assert held == [at for at in body if not text[at].isspace()]


@settings(max_examples=100, deadline=None)
@given(documents())
def test_passages_keep_within_limits(document: Document) -> None:
    for passage in segment(document):
        assert count_words(passage.text) <= 120
    assert segment(document) == segment(document)


def test_a_long_run_of_blanks_in_a_question_takes_no_time() -> None:
    question = f"Vous ouvrez{chr(0x85) * 400_000}à quelle\n  heure ?"
    text = f"{question}\nÀ neuf heures."
    at = len(question) + 1
    document = prose(
        text,
        (Block(0, len(question)), Block(at, len(text))),
        turns=(Turn(0, len(question), "E", Role.INTERVIEWER), Turn(at, len(text), "A", Role.RESPONDENT)),
    )
    *_, answer = segment(document)
    assert answer.text == "À neuf heures."
    assert answer.context is not None
    assert answer.context.endswith("à quelle heure ?")
