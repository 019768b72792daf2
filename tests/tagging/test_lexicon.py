"""The lexicon: well formed, every cue found in its own words, traps masked, inflection followed."""

from collections import Counter

import pytest

from tensions_cli.knowledge.codebook import codebook, shipped
from tensions_cli.tagging.french import words_of
from tensions_cli.tagging.lexicon import find_cues


def found(text: str) -> set[str]:
    return {match.cue.expression for match in find_cues(words_of([text])[0], shipped())}


def test_entries_are_well_formed_and_unique() -> None:
    book = codebook()
    for cue in shipped().cues:
        assert cue.kind in ("axis", "general", "relation", "trap")
        assert 1 <= cue.strength <= 3
        assert cue.expression == cue.expression.strip()
        if cue.kind == "axis":
            assert cue.name in book.axes
            assert cue.pole in book.poles
        if cue.kind == "relation":
            assert cue.name in book.relations
    counts = Counter(cue.expression for cue in shipped().cues)
    assert [expression for expression, n in counts.items() if n > 1] == []


def test_every_axis_pole_has_cues() -> None:
    sides = {(cue.name, cue.pole) for cue in shipped().cues if cue.kind == "axis"}
    assert sides == {(axis, pole) for axis in codebook().axes for pole in codebook().poles}


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("Les tableaux de bord remontent.", "tableau de bord"),
        ("Le TABLEAU DE BORD remonte.", "tableau de bord"),
        ("le tableau\nde bord", "tableau de bord"),
        ("Elle prend le temps de la rencontre.", "prendre le temps de la rencontre"),
        ("On n’a plus le temps.", "on n'a plus le temps"),
    ],
)
def test_inflection_case_apostrophes_and_line_breaks(text: str, expression: str) -> None:
    assert expression in found(text)


@pytest.mark.parametrize(
    ("text", "absent"),
    [
        ("Le projet de loi passe au Sénat.", "projet"),
        ("Un bordereau de tableaux.", "tableau de bord"),
        ("La relation avec la presse est bonne.", "relation"),
    ],
)
def test_traps_and_neighbours_are_not_cues(text: str, absent: str) -> None:
    assert absent not in found(text)


def test_a_longer_cue_hides_the_shorter_one_inside_it() -> None:
    matches = find_cues(words_of(["Il faut prendre le temps de la rencontre."])[0], shipped())
    longest = max(matches, key=lambda m: m.last - m.first)
    assert longest.cue.expression == "prendre le temps de la rencontre"
    assert not [m for m in matches if m is not longest and longest.first <= m.first and m.last <= longest.last]
