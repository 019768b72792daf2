"""A coder's session: whatever the keys, codes stay valid, nothing is lost, and everything can be undone."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tensions_cli.coding.coded_rows import coded_row, codes_of, loses, parse_rows, passage_of
from tensions_cli.coding.keys import keys_of
from tensions_cli.coding.session import begin, press
from tensions_cli.errors import TensionsError
from tensions_cli.knowledge.codebook import Codebook, codebook, load_codebook, parse_codebook, shipped, use_codebook
from tensions_cli.output.annotate import draw
from tensions_cli.records import CodingSession, PassageCodes, PassageToCode
from tensions_cli.training.coded import CodedPassage, problems, read_coded

ROOT = Path(__file__).parents[2]

# Letters that are commands too (A articulation, J juxtaposition, N neutre): struck in capitals.
THREE = """
name = "trois-mondes"
version = 1
[[logics]]
name = "artisanale"
letter = "A"
[[logics]]
name = "juridique"
letter = "J"
stances = ["soutenue", "contestee"]
[[logics]]
name = "numerique"
letter = "N"
[relations]
opposition = "l’une heurte l’autre"
articulation = "l’une sert l’autre"
juxtaposition = "côte à côte"
[stances]
soutenue = "défendue"
contestee = "refusée"
decrite = "constatée"
"""
THREE += "".join(
    f'[[axes]]\nname = "axe{n}"\nartisanale = "un"\njuridique = "deux"\nnumerique = "trois"\n' for n in range(1, 13)
)

BOOKS = {
    "shipped": shipped(),
    "associations": load_codebook(ROOT / "corpora" / "associations"),
    "three": parse_codebook(THREE.encode(), b""),
}
CHARACTERS = "mpcajnMPCAJN0oooaj123456789txeegr?=sub é"
NAMED = ("enter", "enter", "esc", "tab", "left", "right", "up", "down", "backspace", "delete", "home", "end", "erase")
KEYS = st.sampled_from([*CHARACTERS, *NAMED, "paste:deux\nlignes"])


@pytest.fixture(autouse=True)
def _shipped_again() -> Iterator[None]:
    yield
    use_codebook(shipped())


def passages(n: int, proposal: PassageCodes | None = None) -> list[PassageToCode]:
    return [
        PassageToCode(f"e1#{i}-{i + 9}", "e1", "Mme D.", "Et la relève ?", "", "On note tout.", "", proposal)
        for i in range(n)
    ]


def start(n: int = 3, **options: bool) -> CodingSession:
    return begin(passages(n), [PassageCodes()] * n, **options)


def struck(session: CodingSession, *keys: str) -> CodingSession:
    for key in keys:
        session = press(session, key)
    return session


def as_coded(codes: PassageCodes) -> CodedPassage:
    return CodedPassage(
        "e1", "e1", "a", "a", "g", None, None, "On note.", codes.logics or (), codes.relations, codes.stance, codes.axes
    )


def use(name: str) -> Codebook:
    use_codebook(BOOKS[name])
    return codebook()


ANY_BOOK = st.sampled_from(sorted(BOOKS))
ASKED = st.sampled_from([(), ("stance",), ("axes",), ("stance", "axes")])


@given(ANY_BOOK, ASKED, st.booleans(), st.lists(KEYS, max_size=60))
@settings(max_examples=250)
def test_no_key_breaks_the_codebook(name: str, asked: tuple[str, ...], proposed: bool, keys: list[str]) -> None:
    book = use(name)
    both = PassageCodes(logics=book.poles[:2], relations={next(iter(book.pairs)): "opposition"})
    session = begin(passages(3, both), [PassageCodes()] * 3, asked, show_proposal=proposed)
    for key in keys:
        session = press(session, key)
        for codes in session.codes:
            found = [one for one in problems(as_coded(codes)) if not one.startswith("relation absente")]
            assert found == []
            if codes.finished:
                assert codes.logics is not None
                assert problems(as_coded(codes)) == []
                assert "stance" not in asked or set(codes.stance) == set(codes.logics)


@given(ANY_BOOK, st.lists(KEYS.filter(lambda key: key != "u"), max_size=40))
def test_undoing_everything_gives_back_the_first_codes(name: str, keys: list[str]) -> None:
    use(name)
    first = start()
    session = struck(first, *keys, "esc")
    for _ in range(len(session.past)):
        session = press(session, "u")
    assert session.codes == first.codes
    assert session.past == ()
    assert press(session, "u").note == "nothing_to_undo"


@given(ANY_BOOK, st.lists(KEYS, max_size=40))
def test_what_is_saved_is_what_is_loaded(name: str, keys: list[str]) -> None:
    use(name)
    row = {"id": "e1#0-9", "text": "On note tout.", "weight": 2.5, "metadata": {"lieu": "Brest"}}
    for codes in struck(start(), *keys).codes:
        [again] = parse_rows(json.dumps(coded_row(row, codes, "codeur A")).encode(), "x.jsonl")
        assert codes_of(again) == codes
        assert not loses(again)
        assert {key: again[key] for key in row} == row


@given(ANY_BOOK, st.lists(KEYS, max_size=25), st.integers(20, 140), st.integers(5, 50))
def test_a_screen_fits_its_window(name: str, keys: list[str], width: int, height: int) -> None:
    use(name)
    lines = draw(struck(start(), *keys), width, height).text.split("\n")
    assert len(lines) <= height
    assert max(map(len, lines)) <= width


def test_three_passages_in_eleven_keys() -> None:
    session = struck(start(), "m", "p", "o", "enter", "n", "enter", "p", "t", "1", "enter")
    assert [one.logics for one in session.codes] == [("rationalisation", "professionnelle"), (), ("professionnelle",)]
    assert session.codes[0].relations == {"rationalisation+professionnelle": "opposition"}
    assert session.codes[2].stance == {"professionnelle": "soutenue"}
    assert all(one.finished for one in session.codes)
    assert session.note == "all_done"


def test_a_mixed_passage_needs_its_relation() -> None:
    session = struck(start(), "m", "p", "enter")
    assert (session.at, session.note) == (0, "no_relation")
    assert struck(session, "right").codes[0].finished is False  # left all the same, it is still to finish
    assert struck(session, "j", "right").codes[0].finished is True


def test_nothing_answered_is_not_neutral() -> None:
    session = struck(start(), "enter")
    assert (session.at, session.note) == (0, "no_logics")
    assert struck(session, "m", "m").codes[0].logics is None
    assert struck(session, "n").codes[0].logics == ()


def test_a_logic_that_leaves_takes_what_held_with_it_and_undo_gives_it_back() -> None:
    coded = struck(start(), "m", "p", "o", "t", "2", "4", "x", "1", "esc")
    assert coded.codes[0].stance == {"rationalisation": "contestee", "professionnelle": "menacee"}
    assert coded.codes[0].axes == {"temps": ("rationalisation", "professionnelle")}
    without = press(coded, "m")
    assert without.note == "dropped"
    assert without.codes[0] == PassageCodes(
        logics=("professionnelle",), stance={"professionnelle": "menacee"}, axes={"temps": ("professionnelle",)}
    )
    assert press(without, "u").codes == coded.codes


def test_undo_crosses_passages() -> None:
    session = struck(start(), "m", "enter", "p", "u", "u")
    assert (session.at, session.codes[0].finished, session.codes[1]) == (0, False, PassageCodes())


def test_asked_stances_and_axes_open_by_themselves() -> None:
    session = begin(passages(2), [PassageCodes()] * 2, ["stance", "axes"])
    session = struck(session, "m", "enter")
    assert session.mode == "stance"
    session = struck(session, "1")
    assert session.mode == "axes"
    session = struck(session, "enter")  # no axis is an answer
    assert (session.at, session.mode, session.codes[0].finished) == (1, "code", True)


def test_with_three_logics_each_pair_has_its_relation() -> None:
    use("three")
    session = struck(start(), "A", "J", "N")
    assert session.codes[0].logics == ("artisanale", "juridique", "numerique")
    session = struck(session, "o", "a", "enter")
    assert session.note == "no_relation"
    session = struck(session, "j", "enter")
    assert session.codes[0].relations == {
        "artisanale+juridique": "opposition",
        "artisanale+numerique": "articulation",
        "juridique+numerique": "juxtaposition",
    }
    assert session.at == 1
    changed = struck(session, "left", "tab", "o")
    assert changed.codes[0].relations["artisanale+numerique"] == "opposition"


def test_twelve_axes_have_two_figures() -> None:
    use("three")
    session = struck(start(), "A", "x", "1", "2")
    assert session.codes[0].axes == {"axe12": ("artisanale",)}
    assert struck(session, "3").codes[0].axes == {"axe3": ("artisanale",), "axe12": ("artisanale",)}
    assert struck(session, "1", " ").codes[0].axes == {"axe1": ("artisanale",), "axe12": ("artisanale",)}


def test_a_memo_is_kept_letter_by_letter_and_undone_whole() -> None:
    session = struck(start(), "m", "e", *"doute")
    assert session.codes[0].memo == "doute"
    assert struck(session, "esc").codes[0].memo == ""
    kept = struck(session, "enter")
    assert (kept.codes[0].memo, kept.mode) == ("doute", "code")
    assert press(kept, "u").codes[0] == PassageCodes(logics=("rationalisation",))


def test_proposals_are_hidden_unless_asked_for_and_the_decision_is_kept() -> None:
    proposal = PassageCodes(logics=("rationalisation",))
    hidden = begin(passages(2, proposal), [PassageCodes()] * 2)
    assert struck(hidden, "=").note == "no_proposal"
    assert struck(hidden, "m", "enter").codes[0].decision is None
    assert "Machine" not in draw(hidden, 80, 24).text
    shown = replace(hidden, show_proposal=True)
    assert "Machine" in draw(shown, 80, 24).text
    assert struck(shown, "=", "enter").codes[0].decision == "accepted"
    assert struck(shown, "=", "p", "a", "enter").codes[0].decision == "modified"
    assert struck(shown, "n", "enter").codes[0].decision == "modified"


def test_going_to_a_passage() -> None:
    session = struck(start(5), "m", "enter", "s")
    assert (session.at, session.codes[1].review) == (2, True)
    assert struck(session, "g", "5", "enter").at == 4
    assert struck(session, "g", "9", "enter").note == "no_such_number"
    assert struck(session, "g", "enter").at == 1
    assert struck(session, "g", "r").at == 1


def test_what_is_not_finished_is_no_coded_passage(tmp_path: Path) -> None:
    session = struck(start(), "m", "enter", "m", "p")
    rows = [{"id": one.id, "document": "e1", "text": one.text} for one in session.passages]
    file = tmp_path / "a.codes.jsonl"
    file.write_text(
        "".join(
            json.dumps(coded_row(row, codes, "codeur A")) + "\n" for row, codes in zip(rows, session.codes, strict=True)
        )
    )
    told: list[str] = []
    assert [passage.id for passage in read_coded([file], told.append)] == ["e1#0-9"]
    assert len(told) == 1
    assert told[0].startswith("2 passages commencés")


def test_codes_of_a_machine_are_a_proposal() -> None:
    row = {"id": "a", "text": "On note.", "M": True, "P": False, "coded_by": "model", "label": "rationalisation"}
    assert codes_of(row) == PassageCodes()
    assert passage_of(row).proposal == PassageCodes(logics=("rationalisation",))
    human = coded_row(row, PassageCodes(logics=(), finished=True), "codeur A")
    assert "coded_by" not in human
    assert (human["label"], human["proposal"]["label"]) == ("neutre", "rationalisation")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "vide"),
        (b"PK\x03\x04\xff\xfe", "UTF-8"),
        (b'{"id": "a", "text": "On note."', "ligne 1"),
        (b'{"id": "a", "text": "On note."}\n[]\n', "ligne 2"),
        (b'{"text": "On note."}\n', "ligne 1"),
        (b'{"id": "a", "text": " "}\n', "sans texte"),
        (b'{"id": "a", "text": "x"}\n{"id": "a", "text": "y"}\n', "ligne 2"),
        (b'{"id": "a", "text": "x", "M": null, "C": null}\n', "--codebook"),
        (b'{"id": "a", "text": "x", "M": 1, "P": null}\n', "ligne 1"),
        (b'{"id": "a", "text": "x", "M": true, "P": false, "axes": {"temps": 3}}\n', "ligne 1"),
    ],
)
def test_a_damaged_file_is_told_by_its_line(content: bytes, why: str) -> None:
    with pytest.raises(TensionsError) as error:
        parse_rows(content, "a.jsonl")
    assert why in f"{error.value.what} {error.value.why} {error.value.hint}"


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("mP\r", ["m", "P", "enter"]),
        ("\x1b[C\x1bOD", ["right", "left"]),
        ("\x1b", ["esc"]),
        ("\x1b\r", ["esc", "enter"]),
        ("\x1b[1;5C", []),
        ("é\x7f\x15", ["é", "backspace", "erase"]),
        ("\x1b[200~q\nq\x1b[201~b", ["paste:q\nq", "b"]),
        ("\x00K", ["left"]),
    ],
)
def test_keys(typed: str, names: list[str]) -> None:
    assert keys_of(typed) == (names, "")


def test_the_beginning_of_a_key_waits_for_its_end() -> None:
    assert keys_of("m\x1b[", more=True) == (["m"], "\x1b[")
    assert keys_of("\x1b[200~un", more=True) == ([], "\x1b[200~un")
