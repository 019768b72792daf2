"""Speaker turns: the variants and the traps of the speaker specification, and what must never be lost."""

import tomllib
from pathlib import Path

import pytest
from accounting import assert_accounted
from hypothesis import given, settings
from hypothesis import strategies as st

from tensions_cli.corpus.segment import segment
from tensions_cli.corpus.speakers import find_turns
from tensions_cli.records import Block, BlockKind, CastMember, Document, Role, Zone, ZoneKind
from tensions_cli.words import count_words

CASES = tomllib.loads((Path(__file__).parent / "speaker_cases.toml").read_text(encoding="utf-8"))["case"]
NBSP, NNBSP = "\u00a0", "\u202f"


def lines_document(
    text: str, kind: BlockKind = BlockKind.PARAGRAPH, emphasised: tuple[str, ...] = (), titles: tuple[str, ...] = ()
) -> Document:
    """A document whose blocks are the lines of `text`, as the reader of text files makes them."""
    blocks, at = [], 0
    for line in text.split("\n"):
        visible = line.strip()
        if visible:
            start = at + line.index(visible[0])
            own = BlockKind.TITLE if visible in titles else kind
            blocks.append(Block(start, start + len(visible), own, emphasis=visible in emphasised))
        at += len(line) + 1
    return Document("d", "d.txt", "txt", text, tuple(blocks))


def cues_document(*cues: tuple[str | None, str]) -> Document:
    """Subtitles of one second each: (voice or None, text)."""
    text = "\n".join(cue for _, cue in cues)
    blocks, at = [], 0
    for rank, (voice, cue) in enumerate(cues):
        blocks.append(Block(at, at + len(cue), BlockKind.CUE, voice=voice, time_start=float(rank), time_end=rank + 1.0))
        at += len(cue) + 1
    return Document("d", "d.vtt", "vtt", text, tuple(blocks))


def turns_of(document: Document) -> list[list[str]]:
    return [[turn.speaker or "", document.text[turn.start : turn.end]] for turn in document.turns]


def roles_of(document: Document) -> dict[str, str]:
    return {member.speaker: member.role.value for member in document.cast if member.role}


def zones_of(document: Document, kind: ZoneKind) -> list[str]:
    return [document.text[zone.start : zone.end] for zone in document.zones if zone.kind is kind]


def member(document: Document, speaker: str) -> CastMember:
    return next(member for member in document.cast if member.speaker == speaker)


def lost_characters(document: Document) -> str:
    """Visible characters that are in no turn and in no zone."""
    held = [False] * len(document.text)
    for part in (*document.turns, *document.zones):
        held[part.start : part.end] = [True] * (part.end - part.start)
    return "".join(c for c, ok in zip(document.text, held, strict=True) if not ok and not c.isspace())


@pytest.mark.parametrize("space", [" ", NBSP, NNBSP], ids=["space", "nbsp", "nnbsp"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_variants_of_transcripts(case: dict, space: str) -> None:
    def typed(text: str) -> str:
        return text.replace(" :", f"{space}:")

    document = lines_document(typed(case["text"]))
    found = find_turns(document)
    assert turns_of(found) == [[speaker, typed(text)] for speaker, text in case["turns"]]
    if not case["turns"]:
        assert found.zones == found.cast == ()
        return
    assert roles_of(found) == case.get("roles", {})
    for kind, texts in case.get("zones", {}).items():
        assert zones_of(found, ZoneKind(kind)) == [typed(text) for text in texts]
    assert lost_characters(found) == ""


def test_prose_and_negative_cases_come_back_as_the_same_object() -> None:
    for case in CASES:
        if case["name"].startswith("N") and "glossary" not in case["name"]:
            document = lines_document(case["text"])
            assert find_turns(document) is document


# --- times ------------------------------------------------------------------------------------------


def test_times_of_stamps_in_seconds() -> None:
    found = find_turns(
        lines_document(
            "[00:12:31 - 00:13:08]\nLocuteur 1 :\nBonjour.\n"
            "Locuteur 2 (01:02:03.5): Bonsoir.\n"
            "[Locuteur 1] (0:01 - 0:11)\nOui.\n"
            "Locuteur 2 : Bien. #00:00:12-4#"
        )
    )
    assert [(turn.time_start, turn.time_end) for turn in found.turns] == [
        (751.0, 788.0),  # 12 × 60 + 31, 13 × 60 + 8
        (3723.5, None),
        (1.0, 11.0),
        (None, 12.4),
    ]


# --- subtitles (rule 13, variants 4 and 5) ----------------------------------------------------------


def test_successive_cues_of_one_voice_are_one_turn() -> None:
    found = find_turns(
        cues_document(
            ("Enquêtrice", "Ça se passe comment,"),
            ("Enquêtrice", "les gardes ?"),
            ("Mme A", "On se relaie,"),
            (None, "et on note."),
            ("Enquêtrice", "Toujours ?"),
        )
    )
    assert turns_of(found) == [
        ["Enquêtrice", "Ça se passe comment,\nles gardes ?"],
        ["Mme A", "On se relaie,\net on note."],
        ["Enquêtrice", "Toujours ?"],
    ]
    assert [(turn.time_start, turn.time_end) for turn in found.turns] == [(0, 2), (2, 4), (4, 5)]
    assert roles_of(found) == {"Enquêtrice": "interviewer", "Mme A": "respondent"}
    assert found.zones == ()


def test_disordered_cue_times_give_the_whole_span() -> None:
    document = cues_document(("S01", "un"), ("S01", "deux"), ("S02", "trois"))
    late, early, other = document.blocks
    blocks = (
        Block(late.start, late.end, BlockKind.CUE, voice="S01", time_start=34.5, time_end=36.0),
        Block(early.start, early.end, BlockKind.CUE, voice="S01", time_start=12.0, time_end=20.0),
        other,
    )
    turn = find_turns(Document("d", "d.vtt", "vtt", document.text, blocks)).turns[0]
    assert (turn.time_start, turn.time_end) == (12.0, 36.0)


def test_a_voice_may_hold_a_stop_word_or_an_article() -> None:
    found = find_turns(cues_document(("Un homme âgé", "Bonjour."), ("Mme Date", "Bonsoir."), ("Note", "Oui.")))
    assert [turn.speaker for turn in found.turns] == ["Un homme âgé", "Mme Date", "Note"]


def test_the_empty_voice_opens_nothing() -> None:
    found = find_turns(cues_document(("S01", "Bonjour."), ("", "(pause)"), ("S01", "Bien."), ("S02", "Oui.")))
    assert turns_of(found) == [["S01", "Bonjour.\n(pause)\nBien."], ["S02", "Oui."]]
    assert zones_of(found, ZoneKind.REMARK) == ["(pause)"]


def test_names_inside_the_cue_text_go_through_the_rules() -> None:
    found = find_turns(
        cues_document(
            (None, "Claire Essai: On commence par le cahier ?"),
            (None, "Paul Modèle: Le cahier, oui, il est resté à la veille."),
            (None, "Attention: il est mouillé."),
            (None, "Claire Essai: Depuis quand ?"),
            (None, "Paul Modèle: Depuis la fuite de mardi dans le couloir."),
        )
    )
    assert turns_of(found) == [
        ["Claire Essai", "On commence par le cahier ?"],
        ["Paul Modèle", "Le cahier, oui, il est resté à la veille.\nAttention: il est mouillé."],
        ["Claire Essai", "Depuis quand ?"],
        ["Paul Modèle", "Depuis la fuite de mardi dans le couloir."],
    ]
    assert roles_of(found) == {"Claire Essai": "interviewer", "Paul Modèle": "respondent"}
    assert lost_characters(found) == ""


def test_somebody_who_speaks_once_in_subtitles_is_not_the_one_before() -> None:
    """Zoom writes « Prénom Nom: » at the head of every cue; a word and a colon is no name."""
    found = find_turns(
        cues_document(
            (None, "Claire Essai: On commence par le cahier ?"),
            (None, "Paul Modèle: Il est resté à la veille,"),
            (None, "Attention: il est mouillé."),
            (None, "Luce Essai-Modèle: Je l'ai."),
            (None, "Claire Essai: Depuis quand ?"),
        )
    )
    assert [turn.speaker for turn in found.turns] == [
        "Claire Essai",
        "Paul Modèle",
        "Luce Essai-Modèle",
        "Claire Essai",
    ]
    assert turns_of(found)[1][1] == "Il est resté à la veille,\nAttention: il est mouillé."


def table_document(*cells: tuple[str | None, str]) -> Document:
    """A Word table with a speaker column: (voice, content of the cell)."""
    blocks, at = [], 0
    for voice, cell in cells:
        blocks.append(Block(at, at + len(cell), BlockKind.CELL, voice=voice))
        at += len(cell) + 1
    return Document("d", "d.docx", "docx", "\n".join(cell for _, cell in cells), tuple(blocks))


def test_an_empty_cell_in_the_column_of_speakers_is_nobody() -> None:
    """Trap 2: six styles for two people in one table, and empty cells."""
    found = find_turns(
        table_document(
            ("M. ESSAI", "Le budget est voté ?"),
            ("Claude MODÈLE", "Pas encore, il manque une voix."),
            (None, "Une porte claque."),
            ("Jean Essai", "Laquelle ?"),
            ("MODÈLE", "Celle des familles, qui n'ont pas reçu le dossier."),
        )
    )
    assert [turn.speaker for turn in found.turns] == [
        "Jean Essai", "Claude MODÈLE", None, "Jean Essai", "Claude MODÈLE",
    ]  # fmt: skip
    assert any("1 tour sans étiquette" in notice for notice in found.notices)
    assert lost_characters(found) == ""


def test_an_unlabelled_cue_continues_the_last_speaker_and_labelled_ones_merge() -> None:
    found = find_turns(
        cues_document(
            (None, "[SPEAKER_00]: Ça se passe comment,"),
            (None, "[SPEAKER_00]: les gardes ?"),
            (None, "[SPEAKER_01]: On se relaie"),
            (None, "et on note."),
        )
    )
    assert [turn.speaker for turn in found.turns] == ["SPEAKER_00", "SPEAKER_01"]
    assert found.text[found.turns[1].start : found.turns[1].end] == "On se relaie\net on note."
    assert (found.turns[0].time_start, found.turns[0].time_end) == (0, 2)


def test_subtitles_without_any_speaker_are_a_monologue_with_a_notice() -> None:
    document = cues_document((None, "Bonjour à tous."), (None, "On parle du cahier."))
    found = find_turns(document)
    assert (found.turns, found.zones, found.cast) == ((), (), ())
    assert len(found.notices) == 1
    assert "monologue" in found.notices[0]


def test_invented_credits_are_not_speech() -> None:
    found = find_turns(
        cues_document(("S01", "Bonjour."), ("S02", "Oui."), (None, "Sous-titres réalisés par une communauté"))
    )
    assert zones_of(found, ZoneKind.REMARK) == ["Sous-titres réalisés par une communauté"]
    assert sum(member.words for member in found.cast) == 2


# --- styles (variants 22 and 23) --------------------------------------------------------------------


def test_role_label_as_heading_alone_on_its_line() -> None:
    found = find_turns(
        lines_document(
            "Enquêtrice\nLe cahier sert encore ?\nEnquêtée\nChaque soir.\nSurtout le dimanche.",
            titles=("Enquêtrice", "Enquêtée"),
        )
    )
    assert turns_of(found) == [
        ["Enquêtrice", "Le cahier sert encore ?"],
        ["Enquêtée", "Chaque soir.\nSurtout le dimanche."],
    ]
    assert roles_of(found) == {"Enquêtrice": "interviewer", "Enquêtée": "respondent"}


def test_headings_repeated_in_a_report_are_no_speakers() -> None:
    text = "Bilan\nUn.\nDeux.\nTrois.\nPerspectives\nQuatre.\nCinq.\nSix.\n" * 2
    document = lines_document(text, titles=("Bilan", "Perspectives"))
    assert find_turns(document) is document


def test_headings_with_a_colon_or_a_plural_role_are_no_speakers() -> None:
    """Titles of a sheet: « Le repas : horaires », « Participants », the noun « Enquête »."""
    titles = ("Repas : le midi", "Repas : le soir", "Nuit : la veille", "Nuit : le lever", "Enquête", "Participants")
    document = lines_document("".join(f"{title}\nOn affiche la règle.\n" for title in titles * 2), titles=titles)
    assert find_turns(document) is document


def test_a_heading_ends_a_turn_and_opens_nobody_s_turn() -> None:
    found = find_turns(
        lines_document(
            "Enquêteur : Le matin ?\nEnquêté : Je lis.\nLa nuit\nOn est deux.\nEnquêteur : Deux ?",
            titles=("La nuit",),
        )
    )
    assert turns_of(found) == [
        ["Enquêteur", "Le matin ?"],
        ["Enquêté", "Je lis."],
        ["", "On est deux."],
        ["Enquêteur", "Deux ?"],
    ]
    assert zones_of(found, ZoneKind.METADATA) == ["La nuit"]
    assert any("locuteur inconnu" in notice for notice in found.notices)


@pytest.mark.parametrize("style", ["titles", "emphasised"])
@pytest.mark.parametrize(
    ("asks", "answers"),
    [
        ("Directeur adjoint", "Éducatrice spécialisée"),
        ("Aide soignante", "Directeur"),
        ("Aide-soignant référent", "Cheffe de service"),
        ("Enquêtrice", "Lingère remplaçante"),  # no listed occupation: the interviewer vouches for it
    ],
)
def test_an_occupation_alone_on_its_line_in_bold_or_as_heading(asks: str, answers: str, style: str) -> None:
    text = f"{asks}\nQui ferme la cour ?\n{answers}\nLa personne de nuit.\nToujours.\n" * 2
    found = find_turns(lines_document(text, **{style: (asks, answers)}))
    assert [speaker for speaker, _ in turns_of(found)] == [asks, answers] * 2
    assert turns_of(found)[1][1] == "La personne de nuit.\nToujours."


@pytest.mark.parametrize("style", ["titles", "emphasised"])
@pytest.mark.parametrize("titles", [("Vie quotidienne", "Soins infirmiers"), ("Aide alimentaire", "Repas partagés")])
def test_bold_subtitles_of_an_article_are_no_speakers(titles: tuple[str, ...], style: str) -> None:
    text = "".join(f"{title}\nOn affiche la règle.\n" for title in titles * 2)
    document = lines_document(text, **{style: titles})
    assert find_turns(document) is document
    once = lines_document(
        "Directeur adjoint\nIl ferme la cour.\nAide soignante\nElle veille.",
        **{style: ("Directeur adjoint", "Aide soignante")},
    )
    assert find_turns(once) is once


def test_bold_subtitles_inside_an_interview_are_no_speakers() -> None:
    text = "Vie quotidienne\nEnquêtrice\nLe repas ?\nEnquêtée\nÀ midi.\n" * 2
    found = find_turns(lines_document(text, titles=("Vie quotidienne", "Enquêtrice", "Enquêtée")))
    assert {speaker for speaker, _ in turns_of(found)} == {"Enquêtrice", "Enquêtée"}


def test_damaged_accents_in_labels_are_the_role_words_they_were() -> None:
    said = "Enquêteur : Le matin ?\nEnquêtée : Je lis.\nEnquêteur : Le soir ?\nEnquêtée : J'écris.\n"
    damaged = said.encode("utf-8").decode("cp1252")
    found = find_turns(lines_document(damaged))
    assert [member.role for member in found.cast] == [Role.INTERVIEWER, Role.RESPONDENT]
    assert [text for _, text in turns_of(found)] == ["Le matin ?", "Je lis.", "Le soir ?", "J'Ã©cris."]
    assert lost_characters(found) == ""
    spaced = damaged.replace(" :", "Â\u00a0:")  # the no-break space was damaged too
    assert [member.role for member in find_turns(lines_document(spaced)).cast] == [Role.INTERVIEWER, Role.RESPONDENT]
    mixed = find_turns(lines_document(damaged + said))
    assert len(mixed.cast) == 2


QUESTIONS = ("Que faites-vous le matin ?", "Et la nuit ?", "Racontez-moi le départ.", "Qui décide ?")
INTERVIEW = (
    "Un métier de veille\nQue faites-vous le matin ?\nJe lis le cahier.\nJe fais le tour.\nEt la nuit ?\n"
    "On est deux.\nRacontez-moi le départ.\nIl est parti à midi.\nQui décide ?\nLe groupe."
)


def test_questions_in_bold_and_answers_in_plain() -> None:
    found = find_turns(lines_document(INTERVIEW, emphasised=(*QUESTIONS, "Un métier de veille")))
    assert [(turn.role, found.text[turn.start : turn.end]) for turn in found.turns] == [
        (Role.INTERVIEWER, "Que faites-vous le matin ?"),
        (Role.RESPONDENT, "Je lis le cahier.\nJe fais le tour."),
        (Role.INTERVIEWER, "Et la nuit ?"),
        (Role.RESPONDENT, "On est deux."),
        (Role.INTERVIEWER, "Racontez-moi le départ."),
        (Role.RESPONDENT, "Il est parti à midi."),
        (Role.INTERVIEWER, "Qui décide ?"),
        (Role.RESPONDENT, "Le groupe."),
    ]
    assert zones_of(found, ZoneKind.METADATA) == ["Un métier de veille"]
    assert lost_characters(found) == ""
    assert any("gras ou en italique" in notice for notice in found.notices)


def test_roles_of_questions_in_bold_can_be_corrected() -> None:
    found = find_turns(
        lines_document(INTERVIEW, emphasised=QUESTIONS), {"Réponses": Role.INTERVIEWER, "questions": Role.RESPONDENT}
    )
    assert roles_of(found) == {"questions": "respondent", "réponses": "interviewer"}
    assert not any("sans effet" in notice for notice in found.notices)


@pytest.mark.parametrize(
    "emphasised",
    [
        ("Que faites-vous le matin ?", "Et la nuit ?"),  # two questions only
        ("Que faites-vous le matin ?", "Je lis le cahier.", "Je fais le tour.", "Racontez-moi le départ."),  # few ?
    ],
)
def test_emphasised_paragraphs_that_do_not_ask_are_titles(emphasised: tuple[str, ...]) -> None:
    document = lines_document(INTERVIEW, emphasised=emphasised)
    assert find_turns(document) is document


def test_questions_as_headings_stay_titles() -> None:
    document = lines_document(INTERVIEW, titles=QUESTIONS)
    assert find_turns(document) is document


# --- labels that look alike (rule 9) ----------------------------------------------------------------


def interview(first: str, second: str, exchanges: int = 6) -> str:
    return "".join(
        f"{first} : Et le cahier numéro {i}, il sert ?\n{second} : Oui, ce cahier sert le soir depuis {i} ans.\n"
        for i in range(2, exchanges + 2)
    )


def test_a_rare_misspelt_label_joins_its_neighbour_with_a_notice() -> None:
    found = find_turns(lines_document(interview("Chercheur", "Interviewe") + "Checheur : Et après ?\n"))
    assert [cast.speaker for cast in found.cast] == ["Chercheur", "Interviewe"]
    assert member(found, "Chercheur").turns == 7
    assert member(found, "Chercheur").merged == (("Checheur", 1),)
    assert found.turns[-1].speaker == "Chercheur"
    assert any(f"«{NBSP}Checheur{NBSP}»" in n and f"«{NBSP}Chercheur{NBSP}»" in n for n in found.notices)


def test_a_misspelt_label_that_is_not_rare_stays_apart() -> None:
    text = interview("Chercheur", "Interviewe", 4) + "Checheur : Et après ?\nInterviewe : Rien.\nChecheur : Bien ?\n"
    assert [cast.speaker for cast in find_turns(lines_document(text)).cast] == [
        "Chercheur",
        "Interviewe",
        "Checheur",
    ]


@pytest.mark.parametrize(
    ("main", "rare"),
    [("Locuteur 1", "Locuteur 2"), ("Locuteur1", "Locuteur2"), ("Enquêteur A", "Enquêteur B"), ("Anna", "Ana")],
)
def test_numbers_and_short_words_always_tell_two_speakers_apart(main: str, rare: str) -> None:
    found = find_turns(lines_document(interview(main, "Mme Essai", 12) + f"{rare} : Et après ?\n" * 2))
    assert [cast.speaker for cast in found.cast] == [main, "Mme Essai", rare]


def test_short_codes_never_merge() -> None:
    found = find_turns(lines_document(interview("E1", "A") + "E2 : Et après ?\n"))
    assert [cast.speaker for cast in found.cast] == ["E1", "A", "E2"]


def test_interviewe_never_becomes_the_interviewer() -> None:
    """One letter apart, both frequent or one rare: the respondent stays the respondent."""
    for text in (
        interview("Interviewer", "Interviewe"),
        interview("Interviewer", "Mme Essai") + "Interviewe : Je suis là aussi.\n",
        interview("Chercheur", "Interviewe") + "Interviewer : Une dernière question ?\n",
    ):
        found = find_turns(lines_document(text))
        assert member(found, "Interviewe").role is Role.RESPONDENT
        assert all(cast.merged == () for cast in found.cast)


def test_case_and_accents_are_folded_with_a_notice_spacing_without() -> None:
    found = find_turns(lines_document(interview("Enquêtrice", "Éva") + "EVA : Voilà.\nEnquêtrice  : Bien.\n"))
    assert [(cast.speaker, cast.turns) for cast in found.cast] == [("Enquêtrice", 7), ("Éva", 7)]
    assert member(found, "Éva").merged == (("EVA", 1),)
    assert member(found, "Enquêtrice").merged == ()
    assert sum("la casse ou les accents" in notice for notice in found.notices) == 1


def test_a_line_that_only_says_a_name_is_speech_where_labels_have_colons() -> None:
    found = find_turns(lines_document("Ana : Qui veille ?\nPaul : Ce soir\nAna\nAna : Moi ?\nPaul : Oui toi."))
    assert turns_of(found)[1] == ["Paul", "Ce soir\nAna"]


@pytest.mark.parametrize(
    ("asks", "answers"),
    [("Enquêteur·rice", "Enquêté·e"), ("Enquêteur/trice", "Enquêté(e)"), ("L'enquêteur", "L'enquêtée"),
     ("Int.", "Participant 2"), ("ENQ1", "R1"), ("Q", "R"), ("enquêtrice", "Témoin")],
)  # fmt: skip
def test_role_words_in_their_usual_spellings(asks: str, answers: str) -> None:
    found = find_turns(lines_document(f"{asks} : Le matin\n{answers} : Je lis\n" * 3))
    assert [turn.role for turn in found.turns] == [Role.INTERVIEWER, Role.RESPONDENT] * 3
    assert [cast.ground for cast in found.cast] == ["étiquette", "étiquette"]


def test_decomposed_accents_in_a_label_are_the_same_speaker() -> None:
    found = find_turns(lines_document(interview("Enquêtrice", "Éva") + "E\u0301va : Voilà.\n"))
    assert [cast.speaker for cast in found.cast] == ["Enquêtrice", "Éva"]


# --- roles (rule 8) ---------------------------------------------------------------------------------


def test_e_is_whoever_asks_and_the_override_wins() -> None:
    asks = interview("E", "A")
    answers = interview("A", "E")
    first, second = find_turns(lines_document(asks)), find_turns(lines_document(answers))
    assert roles_of(first) == {"E": "interviewer", "A": "respondent"}
    assert roles_of(second) == {"A": "interviewer", "E": "respondent"}
    for found in (first, second):
        assert any("Rôles devinés" in notice and "--speakers" in notice for notice in found.notices)
    forced = find_turns(lines_document(asks), {"e": Role.RESPONDENT})
    assert roles_of(forced) == {"E": "respondent", "A": "interviewer"}
    assert {turn.role for turn in forced.turns if turn.speaker == "A"} == {Role.INTERVIEWER}


def test_two_criteria_that_disagree_leave_the_roles_open() -> None:
    text = (
        "Claire : Vous savez ce que je pense de ces cahiers que l'on remplit chaque soir ?\nPaul : Non.\n"
        "Claire : Eh bien je pense qu'ils finissent par parler à notre place, pas vous ?\nPaul : Si.\n"
    )
    found = find_turns(lines_document(text))
    assert [turn.role for turn in found.turns] == [None] * 4
    assert any("Rôles indécis" in n and '--speakers "Claire=interviewer"' in n for n in found.notices)


def test_the_others_answer_when_the_interviewer_is_known_by_word() -> None:
    text = (
        "Modératrice : On fait un tour ?\nClaire : Oui ?\nPaul : Vous d'abord ?\n"
        "Claire : Non, vous ?\nPaul : Bon.\nModératrice : Allez-y."
    )
    assert roles_of(find_turns(lines_document(text))) == {
        "Modératrice": "interviewer", "Claire": "respondent", "Paul": "respondent",
    }  # fmt: skip


def test_a_focus_group_with_a_shy_participant() -> None:
    """The participant who speaks least is not the interviewer: who asks twice as much as anyone else is."""
    text = (
        "Animatrice : On parle des transmissions, comment ça se passe chez vous ?\n"
        "Claire : On les écrit le soir, et le matin personne ne les lit, voilà, il faut bien le dire.\n"
        "Ana : Oui.\nAnimatrice : Et dans votre équipe, qui les lit ?\n"
        "Claire : La veilleuse, parce qu'elle arrive avant tout le monde et qu'elle aime savoir.\nAna : Voilà.\n"
    )
    assert roles_of(find_turns(lines_document(text))) == {
        "Animatrice": "interviewer", "Claire": "respondent", "Ana": "respondent",
    }  # fmt: skip


def test_an_override_folds_accents_and_says_when_it_has_no_effect() -> None:
    found = find_turns(
        lines_document(interview("Élodie", "Paul")), {"elodie": Role.RESPONDENT, "Jeanne": Role.INTERVIEWER}
    )
    assert member(found, "Élodie").role is Role.RESPONDENT
    assert sum("Jeanne" in notice and "sans effet" in notice for notice in found.notices) == 1
    assert not any("elodie" in notice for notice in found.notices)


def test_a_declared_label_counts_where_nothing_else_proves_it() -> None:
    """Two names that open one line each among ordinary paragraphs: only the user can say so."""
    text = "Un.\nDeux.\nNote : On lit le cahier ?\nTrois.\nQuatre.\nClaire : Oui.\nCinq.\nClaire : Bien.\nSix."
    document = lines_document(text)
    assert find_turns(document) is document
    found = find_turns(document, {"Claire": Role.RESPONDENT, "Note": Role.INTERVIEWER})
    assert [turn.speaker for turn in found.turns] == ["Note", "Claire", "Claire"]


def test_turn_detection_can_be_switched_off() -> None:
    document = lines_document(interview("Enquêteur", "Enquêté"))
    assert find_turns(document, {"Enquêteur": Role.RESPONDENT}, enabled=False) is document


# --- header, trailer, doubts ------------------------------------------------------------------------


def test_a_long_text_before_the_first_label_is_kept_as_nobody_s_speech() -> None:
    report = "".join(f"La maison numéro {i} a changé de règle cette année et chacun le sait.\n" for i in range(60))
    found = find_turns(lines_document(report + interview("Enquêteur", "Enquêté")))
    assert found.turns[0].speaker is None
    assert found.text[found.turns[0].start : found.turns[0].end] == report.rstrip()
    assert zones_of(found, ZoneKind.METADATA) == []
    assert lost_characters(found) == ""
    assert any("avant la première étiquette" in notice for notice in found.notices)


def test_a_comment_glued_after_the_end_is_doubted() -> None:
    comment = "".join(f"Cette phrase numéro {i} de la chercheuse commente le lieu.\n" for i in range(50))
    found = find_turns(lines_document(interview("Enquêteur", "Enquêté") + comment))
    assert any("dix fois la médiane" in notice for notice in found.notices)
    clean = find_turns(lines_document(interview("Enquêteur", "Enquêté")))
    assert not any("médiane" in notice for notice in clean.notices)


def test_more_than_ten_labels_are_doubted() -> None:
    def talk(people: int) -> Document:
        return find_turns(
            lines_document("".join(f"Locuteur {i} : On passe au point {i}.\n" * 2 for i in range(people)))
        )

    assert any("11 locuteurs" in notice for notice in talk(11).notices)
    assert not any("locuteurs" in notice for notice in talk(10).notices if "Rôles" not in notice)


def test_a_label_under_two_percent_of_the_words_is_doubted() -> None:
    text = interview("Enquêteur", "Enquêté", 60) + "Locuteur 3 : Oui oui.\n"
    few = [notice for notice in find_turns(lines_document(text)).notices if "2\u00a0%" in notice]
    assert len(few) == 1
    assert "Locuteur 3" in few[0]


def test_a_label_one_letter_from_a_role_word_takes_its_role_with_a_notice() -> None:
    """Two « Checheur » for four « Chercheur »: too many to merge, and still no respondent (trap 35 the other way)."""
    found = find_turns(lines_document(interview("Chercheur", "Mme Essai", 4) + "Checheur : Et le soir ?\n" * 2))
    assert member(found, "Checheur").role is Role.INTERVIEWER
    assert any("à une lettre de" in notice and '"Checheur=respondent"' in notice for notice in found.notices)
    forced = find_turns(
        lines_document(interview("Chercheur", "Mme Essai", 4) + "Checheur : Et le soir ?\n" * 2),
        {"Checheur": Role.RESPONDENT},
    )
    assert member(forced, "Checheur").role is Role.RESPONDENT
    assert not any("à une lettre" in notice for notice in forced.notices)


@pytest.mark.parametrize(
    "label", ["Enquête", "Interview", "Intervieweur", "Interviewe", "Temoin", "Claire", "Interviewr"]
)
def test_words_that_are_no_misspelt_role(label: str) -> None:
    found = find_turns(lines_document(interview("Mme Essai", label)))
    assert not any("à une lettre" in member.ground for member in found.cast)


def test_a_word_alone_after_a_stamp_is_speech_where_every_segment_is_stamped() -> None:
    text = (
        "SPEAKER_00\n[00:00:01] On commence ?\nSPEAKER_01\n[00:00:03] Exactement\n[00:00:05] Par la cour.\n"
        "SPEAKER_00\n[00:00:09] Exactement\n[00:00:11] Et après ?\nSPEAKER_01\n[00:00:12] La cuisine, puis l'étage."
    )
    found = find_turns(lines_document(text))
    assert [turn.speaker for turn in found.turns] == ["SPEAKER_00", "SPEAKER_01"] * 2
    assert found.turns[1].time_start == 3.0


def test_the_question_mark_of_an_overlap_is_somebody_else_s() -> None:
    text = (
        "S01: [00:00:01] Qui ferme ?\n"
        "S00: [00:00:02] Moi, //S01: Vous ? // tous les soirs //S01: Ah oui ? // sauf un.\n"
        "S01: [00:00:09] Lequel ?\nS00: [00:00:11] Le dimanche, la veilleuse s'en charge."
    )
    assert roles_of(find_turns(lines_document(text))) == {"S01": "interviewer", "S00": "respondent"}


def test_credits_and_loops_of_a_machine_in_a_dialogue() -> None:
    text = (
        "SPEAKER_00: Vous fermez quand ?\nSPEAKER_01: À six heures, après la ronde. Sous-titrage ST' 501\n"
        + "SPEAKER_01: On verra ça demain.\n" * 10
        + "SPEAKER_00: Merci d'avoir regardé cette vidéo !\nSPEAKER_00: Et le soir ?\n"
        "SPEAKER_01: Le sous-titrage, on le fait nous-mêmes."
    )
    found = find_turns(lines_document(text))
    assert zones_of(found, ZoneKind.REMARK) == [
        "Sous-titrage ST' 501",
        *["On verra ça demain."] * 9,
        "Merci d'avoir regardé cette vidéo !",
    ]
    assert member(found, "SPEAKER_01").words == 18  # 6 of the ronde, 4 of the first demain, 8 of the last turn
    assert lost_characters(found) == ""
    assert sum("jamais compté" in notice for notice in found.notices) == 1


def test_credits_in_a_text_without_speakers_and_with_detection_off() -> None:
    text = "On range la cour.\nSous-titres réalisés par la communauté d'Amara.org\nOn ferme."
    for enabled in (True, False):
        found = find_turns(lines_document(text), enabled=enabled)
        assert zones_of(found, ZoneKind.REMARK) == ["Sous-titres réalisés par la communauté d'Amara.org"]


@pytest.mark.parametrize("kind", [BlockKind.PARAGRAPH, BlockKind.CUE])
def test_speech_without_punctuation_gives_passages_of_codebook_length(kind: BlockKind) -> None:
    """Trap 6: 1,500 words in one turn, pauses and hesitations, no punctuation at all."""
    said = "alors euh on arrive le matin (.) on lit le cahier (..) et puis voilà il y a les appels"
    words = said.split()
    speech = [words[i % len(words)] + ("" if i % 7 else f"{i}") for i in range(1500)]
    lines = (
        [" ".join(speech)] if kind is BlockKind.PARAGRAPH else [" ".join(speech[i : i + 9]) for i in range(0, 1500, 9)]
    )
    text = "\n".join(["E1 : ça se passe comment", f"A1 : {lines[0]}", *lines[1:], "E1 : et le soir", "A1 : pareil"])
    found = find_turns(lines_document(text, kind))
    passages = [passage for passage in segment(found) if passage.turn == 2]
    lengths = [count_words(passage.text) for passage in passages]
    assert min(lengths) >= 15
    assert max(lengths) <= 90
    assert " ".join(" ".join(passage.text for passage in passages).split()) == " ".join(speech)
    assert all(found.text[passage.start : passage.end] == passage.text for passage in passages)


def test_role_labels_too_rare_for_a_dialogue_are_told() -> None:
    prose = "La maison a changé de règle et chacun le sait.\n" * 100
    document = lines_document(prose + "Enquêteur : Le matin ?\nEnquêté : Je lis.\nEnquêteur : Bien." + "\n" + prose)
    found = find_turns(document)
    assert found.turns == ()
    assert len(found.notices) == 1
    assert "Enquêteur" in found.notices[0]


def test_one_role_word_among_many_terms_proves_nothing() -> None:
    """A sheet that names six things twice and one trade once: 13 labels in 130 lines are no talk."""
    terms = [f"{name} : un mot." for name in ("Foyer", "Cahier", "Veille", "Ronde", "Cour", "Cuisine") for _ in "12"]
    lines = [line for term in (*terms, "Sociologue : un autre.") for line in (term, *["La règle est affichée."] * 9)]
    document = lines_document("\n".join(lines))
    assert find_turns(document) is document


def test_words_count_neither_labels_nor_stamps() -> None:
    found = find_turns(lines_document("Enquêteur : Vous êtes [00:00:03] là ?\nEnquêté : Oui, l'équipe aussi. (0:05)"))
    assert [(cast.speaker, cast.turns, cast.words) for cast in found.cast] == [
        ("Enquêteur", 1, 3),
        ("Enquêté", 1, 4),
    ]


def test_notices_never_quote_the_text() -> None:
    found = find_turns(lines_document(interview("E", "A") + "Checheur : secret\n" + "mot secret " * 300))
    assert found.notices
    assert not any("secret" in notice or "cahier" in notice for notice in found.notices)


def test_zones_of_the_reader_are_kept_in_order() -> None:
    text = "[meta]\n" + interview("Enquêteur", "Enquêté", 2)
    read = lines_document(text)
    document = Document("d", "d", "txt", text, read.blocks[1:], (Zone(0, 6, ZoneKind.METADATA, "lu"),))
    found = find_turns(document)
    assert found.zones[0] == Zone(0, 6, ZoneKind.METADATA, "lu")
    assert list(found.zones) == sorted(found.zones, key=lambda zone: zone.start)


def test_a_label_inside_a_block_of_several_lines_opens_a_turn() -> None:
    """A paragraph with line breaks: its lines are read one by one, the block stays whole."""
    text = "Enquêteur : Le matin ?\nEnquêté : Je lis\nle cahier."
    found = find_turns(Document("d", "d.docx", "docx", text, (Block(0, len(text)),)))
    assert turns_of(found) == [["Enquêteur", "Le matin ?"], ["Enquêté", "Je lis\nle cahier."]]


# --- nothing is lost --------------------------------------------------------------------------------

LABELS = st.sampled_from(
    ["E : ", "A\u00a0: ", "Enquêteur :", "[Interviewe] (0:01 - 0:04)", "**Claire :** ", "12 M : ", "Locuteur 1 : ",
     "Mme Essai. ", "ENQ\t", "<v S01>", "[00:01:02] ", " : ", "Conventions :", "Temps de parole", "Date : ",
     "S1, M : ", "Marie ? : ", "(rires)", "[00:01:02]", "", "", ""]
)  # fmt: skip
SPEECH = st.text(alphabet="abcé É.?!:;[](){}<>/*#@-—'’0123456789 \t\u00a0\u202f\u200b", max_size=40)
LINES = st.lists(st.tuples(LABELS, SPEECH).map("".join), max_size=14)


@given(LINES, st.sampled_from([BlockKind.PARAGRAPH, BlockKind.CUE]), st.booleans())
@settings(max_examples=300, deadline=None)
def test_every_visible_character_is_in_a_turn_or_a_zone(lines: list[str], kind: BlockKind, styled: bool) -> None:
    emphasised = tuple(line.strip() for line in lines[::2]) if styled else ()
    document = lines_document("\n".join(lines), kind, emphasised, titles=tuple(lines[:1]) if styled else ())
    found = find_turns(document)
    assert found.text == document.text
    if not found.turns:
        assert {zone.kind for zone in found.zones} <= {ZoneKind.REMARK}  # loops in subtitles
        return
    assert lost_characters(found) == ""
    assert_accounted(document)
    edges = [(turn.start, turn.end) for turn in found.turns]
    assert edges == sorted(edges)
    assert all(start < end <= after for (start, end), (after, _) in zip(edges, [*edges[1:], (10**9, 0)], strict=True))
    for start, end in edges:
        assert not found.text[start].isspace()
        assert not found.text[end - 1].isspace()
    assert sum(cast.turns for cast in found.cast) + sum(turn.speaker is None for turn in found.turns) == len(edges)


@pytest.mark.parametrize("voice", ["-1", "-", "Jean-", "'", "’Ana"])
def test_a_voice_that_is_hardly_a_name_does_not_stop_anything(voice: str) -> None:
    document = cues_document(
        ("Claude ESSAI", "Vous ouvrez à quelle heure ?"), (voice, "À neuf heures."), ("ESSAI", "Et le samedi ?")
    )
    assert sum(len(turn) for turn in turns_of(find_turns(document))) > 0
    assert_accounted(document)


def test_speech_in_the_place_of_a_name_is_never_quoted() -> None:
    said = "On ouvre à neuf heures avec Zorglubine, et il faut déjà remplir la grille."
    document = find_turns(cues_document((said, "Oui."), (f"{said} Oui.", "Non."), (said, "Peut-être.")))
    assert len(document.cast) == 2
    assert any("--speakers" in notice for notice in document.notices)
    assert not any("Zorglubine" in notice for notice in document.notices)
