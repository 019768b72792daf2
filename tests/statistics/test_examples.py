"""Best examples (typical, varied) and the order of a concordance."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipped import LOGICS
from tensions_cli.records import Evidence, Passage, Relation, Role, TaggedPassage, Tags
from tensions_cli.results import Extract
from tensions_cli.statistics.examples import most_telling
from tensions_cli.statistics.extracts import best_examples, certainty, ordered, persons, plain, typicalities

M, P, BOTH, NONE = "rationalisation", "professionnelle", "mixte", "neutre"
LONG = "Chaque vendredi matin les minutes de présence sont relevées puis comparées avec celles des autres équipes."


def tagged(
    place: int,
    scores: tuple[float, float] = (0.9, 0.9),
    label: str = BOTH,
    *,
    document: str = "E1",
    text: str | None = None,
    axes: dict[str, tuple[str, ...]] | None = None,
    underlined: str = "",
    speaker: str | None = None,
    person: str | None = None,
    coded_by: str = "model",
    role: Role | None = None,
) -> TaggedPassage:
    """A passage of sixteen words of its own unless told."""
    words = text or " ".join(f"{chr(97 + place % 26)}mot{rank}{document.lower()}x{place}" for rank in range(16))
    at = words.index(underlined) if underlined else 0
    spans = (Evidence(at, at + len(underlined), "rationalisation", None),) if underlined else ()
    return TaggedPassage(
        Passage(f"{document}#{place}", document, place, place + 1, words, speaker=speaker, person=person, role=role),
        Tags(
            label=label,
            logics=LOGICS[label],
            relation=Relation.OPPOSITION if label is BOTH else None,
            axes=axes or {},
            scores=dict(zip(("rationalisation", "professionnelle"), scores, strict=True)),
            evidence=spans,
            certain=True,
            coded_by=coded_by,
            model="essai 1 (00000000)",
        ),
    )


def ids(extracts: tuple[Extract, ...]) -> list[str]:
    return [one.tagged.passage.id for one in extracts]


# --- typicality -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "scores", "expected"),
    [(BOTH, (0.9, 0.6), 0.6), (M, (0.8, 0.3), 0.7), (P, (0.4, 0.95), 0.6), (NONE, (0.2, 0.1), 0.8)],
)
def test_certainty_is_that_of_the_weaker_answer(label: str, scores: tuple[float, float], expected: float) -> None:
    assert certainty(tagged(0, scores, label).tags) == pytest.approx(expected)


def test_what_a_person_coded_is_sure() -> None:
    assert certainty(tagged(0, (0.1, 0.1), BOTH, coded_by="A").tags) == 1.0


def test_nearness_is_the_cosine_to_the_mean_of_the_kind() -> None:
    """By hand. Unit vectors: a = (relation, temps)/√2, twice; b = (relation, cout)/√2. Their sum is (3, 2, 1)/√2, in
    the order relation, temps, cout. a·sum = 5/2, b·sum = 4/2: b is at 4/5 of the nearest."""
    temps, cout = {"temps": ("rationalisation",)}, {"cout": ("rationalisation",)}
    kind = [tagged(0, axes=temps), tagged(1, axes=temps), tagged(2, axes=cout)]
    assert typicalities(kind) == [0.9, 0.9, pytest.approx(0.9 * 4 / 5)]


def test_a_few_words_are_no_good_example() -> None:
    """Three words of fifteen: a fifth."""
    assert typicalities([tagged(0, text="Temps et tarification"), tagged(1)])[0] == pytest.approx(0.9 / 5)


def test_underlined_words_tell_what_a_passage_shows() -> None:
    kind = [tagged(at, text=LONG, underlined="minutes") for at in range(3)]
    kind.append(tagged(3, text=LONG, underlined="équipes"))
    *same, other = typicalities(kind)
    assert other < min(same)


@given(st.lists(st.tuples(st.sampled_from([M, P, BOTH, NONE]), st.floats(0, 1), st.floats(0, 1)), max_size=12))
def test_typicality_lies_between_0_and_1(drawn: list[tuple[str, float, float]]) -> None:
    found = typicalities([tagged(at, (m, p), label) for at, (label, m, p) in enumerate(drawn)])
    assert all(0 <= one <= 1 for one in found)


# --- variety ----------------------------------------------------------------------------------------


def test_one_for_each_document_while_others_remain() -> None:
    kind = [tagged(0), tagged(1), tagged(2), tagged(0, (0.6, 0.6), document="E2")]
    assert ids(best_examples(kind, 2)) == ["E1#0", "E2#0"]
    assert ids(best_examples(kind, 3)) == ["E1#0", "E2#0", "E1#1"]


def test_the_same_words_come_last() -> None:
    """Said again in another document, though sure, it comes after a weaker passage that says something else."""
    kind = [tagged(0, text=LONG), tagged(0, text=LONG, document="E2"), tagged(1, (0.5, 0.5)), tagged(2, (0.5, 0.5))]
    assert ids(best_examples(kind, 4)) == ["E1#0", "E1#1", "E1#2", "E2#0"]


def test_another_axis_goes_before_the_same() -> None:
    """By hand: the second keeps .7 × .88 − .3 × 1/2 = .466 (same axis, other words); the third, at 4/5 of the nearest,
    keeps .7 × .88 × 4/5 = .493."""
    temps, cout = {"temps": ("rationalisation",)}, {"cout": ("rationalisation",)}
    kind = [tagged(0, axes=temps), tagged(1, (0.88, 0.88), axes=temps), tagged(2, (0.88, 0.88), axes=cout)]
    assert ids(best_examples(kind, 3)) == ["E1#0", "E1#2", "E1#1"]


def test_ties_follow_the_corpus() -> None:
    kind = [tagged(0, document=name) for name in ("B", "A", "C")]
    assert ids(best_examples(kind, 3)) == ["B#0", "A#0", "C#0"]


@given(st.permutations(range(8)), st.integers(1, 10))
def test_examples_are_drawn_once_and_do_not_hang_on_the_order_given(order: list[int], count: int) -> None:
    """Different scores: nothing is tied, so any order of the kind gives the same examples."""
    kind = [tagged(at, (0.9 - at / 50, 0.9), document=f"E{at % 3}") for at in range(8)]
    found = ids(best_examples([kind[at] for at in order], count))
    assert found == ids(best_examples(kind, count))
    assert len(set(found)) == len(found) == min(count, 8)


def test_no_example_of_nothing() -> None:
    assert best_examples([], 3) == ()


def test_examples_of_the_summary_stay_the_surest_tensions() -> None:
    kind = [
        tagged(0, (0.7, 0.9)),
        tagged(1, (0.95, 0.8)),
        tagged(0, (0.6, 0.6), document="E2"),
        tagged(2, (0.99, 0.1), M),
    ]
    assert [one.passage.id for one in most_telling(kind, 3)] == ["E1#1", "E2#0", "E1#0"]


# --- concordance ------------------------------------------------------------------------------------


def found(text: str, word: str, place: int = 0) -> Extract:
    at = text.index(word)
    return Extract(tagged(place, text=text), at, at + len(word))


LINES = [
    found("Elle prend le temps de parler.", "temps", 0),
    found("Sans limite de temps.", "temps", 1),
    found("Encore le temps, Écouter vient après.", "temps", 2),
    found("Moi le temps d’écouter, je l’ai.", "temps", 3),
]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("document", [0, 1, 2, 3]),
        # before, the nearest word first: « de », « le, Encore », « le, Moi », « le, prend »
        ("left", [1, 2, 3, 0]),
        # after: nothing, « d, écouter », « de », « Écouter » (as écouter)
        ("right", [1, 3, 0, 2]),
    ],
)
def test_lines_are_sorted(sort: str, expected: list[int]) -> None:
    assert [one.tagged.passage.start for one in ordered(LINES, sort)] == expected


def test_persons_a_group_rests_on() -> None:
    group = [
        tagged(0, speaker="Ana"),
        tagged(1, speaker="Ana"),
        tagged(2, speaker="Ana", document="E2"),  # a label names someone in one document only
        tagged(3, speaker="Bob", person="p1"),
        tagged(4, speaker="B.", person="p1", document="E2"),
        tagged(5, document="P1"),
        tagged(6, document="P1"),
        tagged(7),  # a line without a label, where others speak
        tagged(8, speaker="Enquêtrice", role=Role.INTERVIEWER),
    ]
    assert persons(group) == 4


def test_names_typed_in_haste() -> None:
    assert plain("  L’Évaluation\u00a0 menacée ") == plain("l'evaluation menacee")
