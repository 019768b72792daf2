"""Where logics meet: course of the scores, replies, who brings what, axes of the meetings."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from shipped import LOGICS
from tensions_cli.output.course import print_courses
from tensions_cli.output.course_rows import courses_row
from tensions_cli.records import Passage, Relation, Role, TaggedPassage, Tags
from tensions_cli.statistics.course import STEPS, WINDOW, bringers, courses, points, replies

M, P, BOTH, NONE = "rationalisation", "professionnelle", "mixte", "neutre"
R, I = Role.RESPONDENT, Role.INTERVIEWER  # noqa: E741
SCORES = {M: (0.9, 0.1), P: (0.1, 0.9), BOTH: (0.9, 0.9), NONE: (0.1, 0.1)}


def said(
    start: int,
    label: str,
    speaker: str | None = None,
    *,
    text: str = "un deux trois quatre cinq",
    role: Role | None = R,
    scores: tuple[float, float] | None = None,
    counted: bool | None = None,
    relation: Relation | None = None,
    axes: dict[str, tuple[str, ...]] | None = None,
    document: str = "E1",
) -> TaggedPassage:
    """One passage of five words unless told."""
    passage = Passage(
        id=f"{document}#{start}",
        document=document,
        start=start,
        end=start + len(text),
        text=text,
        turn=None,
        speaker=speaker,
        role=role if speaker else None,
        counted=role is not I if counted is None else counted,
    )
    tags = Tags(
        label=label,
        logics=LOGICS[label],
        relation=relation or (Relation.OPPOSITION if label is BOTH else None),
        axes=axes or {},
        scores=dict(zip(("rationalisation", "professionnelle"), scores or SCORES[label], strict=True)),
        evidence=(),
        certain=True,
        coded_by="model",
        model="essai 1 (00000000)",
    )
    return TaggedPassage(passage, tags)


def asked(start: int, text: str, label: str = NONE) -> TaggedPassage:
    return said(start, label, "Enquêtrice", text=text, role=I)


def words(count: int) -> str:
    return " ".join(["mot"] * count)


# --- course -----------------------------------------------------------------------------------------


def test_steps_have_as_many_words_and_weigh_passages_by_theirs() -> None:
    """10 and 20 words, two steps of 15: the first holds 10 words at 0.9 and 5 at 0.3, the second 15 at 0.3."""
    long = said(1, M, text=words(20), scores=(0.3, 0.6))
    first, second = points([said(0, M, text=words(10), scores=(0.9, 0.0)), long])
    assert (first.position, second.position) == (0.25, 0.75)
    assert first.scores["rationalisation"] == pytest.approx((10 * 0.9 + 5 * 0.3) / 15)
    assert first.scores["professionnelle"] == pytest.approx(5 * 0.6 / 15)
    assert (second.scores["rationalisation"], second.scores["professionnelle"]) == (0.3, 0.6)
    assert (first.passage, second.passage) == ("E1#0", "E1#1")


def test_a_step_leads_to_the_first_of_two_passages_that_fill_it_alike() -> None:
    """Words 6, 3, 3, three steps of 4: the middle one holds 2 words of the first passage and 2 of the second."""
    middle = points([said(0, M, text=words(6)), said(1, P, text=words(3)), said(2, P, text=words(3))])[1]
    assert middle.passage == "E1#0"


@given(st.lists(st.tuples(st.integers(3, 90), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=60))
def test_the_mean_of_the_steps_is_the_mean_of_the_words(drawn: list[tuple[int, float, float]]) -> None:
    """Steps of equal words: their plain mean is the mean of the scores weighted by words, whatever the cutting."""
    found = points([said(at, NONE, text=words(n), scores=(m, p)) for at, (n, m, p) in enumerate(drawn)])
    assert len(found) == min(STEPS, len(drawn))
    total = sum(n for n, _, _ in drawn)
    for name, column in (("rationalisation", 1), ("professionnelle", 2)):
        expected = sum(row[0] * row[column] for row in drawn) / total
        assert sum(point.scores[name] for point in found) / len(found) == pytest.approx(expected, abs=1e-4)
    assert [point.position for point in found] == sorted(point.position for point in found)


def test_questions_and_short_replies_are_in_no_point() -> None:
    heard = [asked(0, "Et le tableau de bord ?", M), said(9, NONE, "A", text="Oui.", counted=False), said(20, P, "A")]
    (course,) = courses(heard)
    assert [point.passage for point in course.points] == ["E1#20"]


def test_a_document_without_counted_passage_has_no_course() -> None:
    assert courses([asked(0, "Vous m’entendez bien ?"), said(5, M, document="E2")])[0].document == "E2"


# --- replies ----------------------------------------------------------------------------------------


def poles(heard: list[TaggedPassage]) -> list[tuple[str, str, str, str, str | None]]:
    return [(one.from_passage, one.from_pole, one.to_passage, one.to_pole, one.question) for one in replies(heard)]


def test_one_logic_answered_by_the_other() -> None:
    heard = [said(0, M, "Ana"), said(1, P, "Bob"), said(2, BOTH, "Ana")]
    assert poles(heard) == [
        ("E1#0", "rationalisation", "E1#1", "professionnelle", None),
        ("E1#1", "professionnelle", "E1#2", "mixte", None),
    ]


def test_a_turn_bears_what_its_passages_bear() -> None:
    """Ana's turn is M only (two neutral passages around); Bob's turn bears P first, then M: a mixed answer."""
    heard = [said(0, NONE, "Ana"), said(1, M, "Ana"), said(2, NONE, "Ana"), said(3, P, "Bob"), said(4, M, "Bob")]
    assert poles(heard) == [("E1#1", "rationalisation", "E1#3", "mixte", None)]


@pytest.mark.parametrize(
    "heard",
    [
        [said(0, M, "Ana"), said(1, P, "Ana")],
        [said(0, M, "Ana"), said(1, M, "Bob")],
        [said(0, BOTH, "Ana"), said(1, P, "Bob")],
        [said(0, M, "Ana"), said(1, NONE, "Bob"), said(2, P, "Cléo")],
        [said(0, M, None), said(1, P, "Bob")],
        [said(0, M, "Ana"), said(1, P, None)],
        [said(0, M, "Enquêtrice", role=I, counted=True), said(1, P, "Bob")],
    ],
    ids=["same speaker", "same logic", "nothing new", "neutral between", "prose before", "prose after", "question"],
)
def test_no_reply(heard: list[TaggedPassage]) -> None:
    assert poles(heard) == []


def test_an_approval_does_not_cut_an_exchange() -> None:
    heard = [said(0, M, "Ana"), said(1, NONE, "Cléo", text="Mm.", counted=False), said(2, P, "Bob")]
    assert [one[2] for one in poles(heard)] == ["E1#2"]
    still = [said(0, P, "Ana"), said(1, NONE, "Bob", text="Oui.", counted=False), said(2, M, "Ana"), said(3, M, "Bob")]
    assert poles(still) == []  # Ana's one turn bears both


def test_the_question_between_is_context() -> None:
    heard = [
        said(0, M, "Ana"),
        asked(1, "Mm."),
        asked(2, "Et vous,\nBob, avec les familles ?"),
        said(3, P, "Bob"),
    ]
    assert poles(heard)[0][4] == "Et vous, Bob, avec les familles ?"


# --- who brings what --------------------------------------------------------------------------------


def test_a_logic_is_brought_when_nobody_bore_it_lately() -> None:
    """Ana brings M (nothing before), Bob takes it up at once, and again WINDOW passages later it is gone."""
    quiet = [said(at, NONE, "Ana") for at in range(2, 2 + WINDOW)]
    rows = {one.speaker: one for one in bringers([said(0, M, "Ana"), said(1, M, "Bob"), *quiet, said(50, M, "Bob")])}
    assert rows["Ana"].brought["rationalisation"] == 1
    assert rows["Ana"].passages == 1 + WINDOW
    assert (rows["Bob"].brought["rationalisation"], rows["Bob"].taken_up["rationalisation"]) == (1, 1)
    assert rows["Bob"].bearing == {"rationalisation": 2, "professionnelle": 0}


def test_at_the_edge_of_the_window_a_logic_is_still_there() -> None:
    quiet = [said(at, NONE, "Ana") for at in range(1, WINDOW)]
    (row,) = bringers([said(0, M, "Ana"), *quiet, said(50, M, "Ana")])
    assert (row.brought["rationalisation"], row.taken_up["rationalisation"]) == (1, 1)


def test_a_question_may_bring_a_logic_and_comes_last() -> None:
    heard = [asked(0, "Et les indicateurs du CPOM ?", M), said(1, M, "Zoé"), said(2, P, "Ana")]
    rows = bringers(heard)
    assert [(one.speaker, one.role) for one in rows] == [("Zoé", R), ("Ana", R), ("Enquêtrice", I)]
    assert rows[0].brought["rationalisation"] == 0
    assert rows[2].brought["rationalisation"] == 1


def test_two_words_are_neither_counted_nor_heard() -> None:
    short = [said(at, NONE, "Bob", text="Oui.", counted=False) for at in range(1, 1 + WINDOW)]
    rows = bringers([said(0, M, "Ana"), *short, said(50, M, "Ana")])
    assert [one.speaker for one in rows] == ["Ana"]
    assert rows[0].taken_up["rationalisation"] == 1


def test_prose_has_no_bringer() -> None:
    assert bringers([said(0, M), said(1, P)]) == ()


# --- meetings ---------------------------------------------------------------------------------------


def test_mixed_passages_by_relation_and_axis() -> None:
    both = {"temps": ("rationalisation", "professionnelle"), "cout": ("rationalisation",)}
    heard = [
        said(0, BOTH, axes=both),
        said(1, BOTH, axes={"temps": ("professionnelle",)}),
        said(2, BOTH, relation=Relation.ARTICULATION),
        said(3, M, axes={"temps": ("rationalisation",)}),
        asked(4, "Un temps pour les familles, un temps compté ?", BOTH),
    ]
    (course,) = courses(heard)
    opposed = course.meetings[Relation.OPPOSITION]
    assert {axis: n for axis, n in opposed.items() if n} == {"temps": 2, "cout": 1}
    assert not any(course.meetings[Relation.ARTICULATION].values())
    assert dict(course.mixed) == {"opposition": 2, "articulation": 1, "juxtaposition": 0}


# --- presented --------------------------------------------------------------------------------------


def shown(heard: list[TaggedPassage], *, width: int = 100, names: bool = True, quotes: bool = False) -> str:
    out = io.StringIO()
    texts = {one.passage.id: one.passage.text for one in heard} if quotes else None
    print_courses(courses(heard), Console(file=out, width=width), names=names, texts=texts)
    return out.getvalue()


EXCHANGE = [
    said(0, M, "Ana", text="On remplit la grille chaque vendredi.", axes={"evaluation": ("rationalisation",)}),
    asked(1, "Et vous, Bob, qu’en dites-vous ?"),
    said(2, P, "Bob", text="On prend le café avec eux."),
]


def test_curves_replies_and_no_text_unless_asked() -> None:
    page = shown(EXCHANGE)
    assert "M █▁" in page
    assert "P ▁█" in page
    assert "Ana (rationalisation) E1#0" in page
    assert "réponse de Bob (professionnelle) E1#2" in page
    for words_said in ("grille", "café", "qu’en dites-vous"):
        assert words_said not in page
        assert words_said in shown(EXCHANGE, quotes=True)


def test_names_can_be_left_out() -> None:
    page = shown(EXCHANGE, names=False)
    assert "Ana" not in page
    assert "locuteur 1 (rationalisation)" in page
    assert "questions (locuteur 3)" in page


def test_curves_of_all_documents_begin_in_the_same_column() -> None:
    page = shown([*EXCHANGE, said(0, M, document="Un-document-au-nom-plus-long-que-les-autres-noms")], width=60)
    columns = {line.index(letter) for line in page.split("\n") for letter in ("M █", "P ▁") if letter in line}
    assert len(columns) == 1


def test_signs_of_a_poor_console() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="cp1252", newline="\n")
    print_courses(courses(EXCHANGE), Console(file=out, width=100))
    out.flush()
    assert "M #_" in raw.getvalue().decode("cp1252")


def test_speakers_of_the_summary_are_ranks() -> None:
    (row,) = courses_row(courses(EXCHANGE))
    assert [(one["speaker"], one["role"]) for one in row["bringers"]] == [(1, R), (2, R), (3, I)]
    assert row["replies"] == [
        {
            "from_passage": "E1#0",
            "to_passage": "E1#2",
            "from_speaker": 1,
            "to_speaker": 2,
            "from_pole": "rationalisation",
            "to_pole": "professionnelle",
            "asked": True,
        }
    ]
    assert "Ana" not in str(row)
