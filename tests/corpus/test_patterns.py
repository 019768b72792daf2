"""What is spared must be what cannot match: patterns read, rules of page furniture, words counted once."""

import re
from pathlib import Path

import pytest

from tensions_cli.corpus.clean import _fills_any, _key, _knowledge, fold
from tensions_cli.corpus.patterns import needs, without_captures
from tensions_cli.corpus.segment import lengths_around, segment
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import Block, BlockKind, Document
from tensions_cli.words import count_words

PAGES = sorted((Path(__file__).parent / "pages").rglob("*.*"))


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [
        ("sous-titr(?:es|age) par", True),
        ("(?:avec )?sous-titrage", True),
        (r"x\(titr", True),
        ("titr?", False),  # the last letter is optional
        ("titr{0,2}", False),
        ("(?:sous-titr(?:es)? )?par", False),  # in an optional group that holds another one
        ("chanson|titr", False),
        ("[titr]", False),
        (r"[)(]titr[|]", True),  # signs inside a class open no group
    ],
)
def test_a_sign_is_needed_only_where_nothing_matches_without_it(pattern: str, needed: bool) -> None:
    assert needs(pattern, "titr") is needed


def test_groups_are_no_longer_kept_and_nothing_else_changes() -> None:
    assert without_captures(r"(a|\(b)[(|]([^)(]c)?(?:d)") == r"(?:a|\(b)[(|](?:[^)(]c)?(?:d)"


@pytest.mark.parametrize("line", ["12", "p. 3", "20 ko"])
def test_every_pattern_said_to_need_a_digit_refuses_its_lines_without_one(line: str) -> None:
    data = read_toml("chrome.toml")
    patterns = [one for entry in [*data["rule"], *data["section"]] for one in entry.get("patterns", ())]
    needing = [one for one in patterns if needs(one, r"\d")]
    without = re.sub(r"\d", "x", line)
    assert len(needing) > 20
    assert not any(re.fullmatch(one, without) for one in needing)


def test_every_line_that_a_rule_fills_passes_the_first_look() -> None:
    knowledge = _knowledge()
    lines = [line for page in PAGES for line in page.read_text("utf-8", "replace").splitlines() if line.strip()]
    lines += ["Publié le 12 mars 2024 à 18 h 05", "Plaquette.pdf (120 ko)", "Tous droits réservés", "3 commentaires"]
    filled = 0
    for line in lines:
        key, words = _key(fold(line)), count_words(line)
        expected = any(
            words <= rule.max_words and rule.pattern is not None and rule.pattern.fullmatch(key)
            for rule in knowledge.rules
        )
        assert _fills_any(knowledge, (key,), words) == expected
        filled += expected
    assert filled >= 4


@pytest.mark.parametrize("target", [5, 15, 45])
def test_the_words_of_a_passage_are_those_of_its_text(target: int) -> None:
    # « fin!¹Suite » is cut between ¹ and S, in the middle of what is one word where the two stay together.
    text = (
        "La visite du soir prend fin!¹Suite au repas, l’équipe reste. Elle note l’heure, le nom et le motif.Puis "
        "elle appelle la famille, qui demande des nouvelles ; on en donne. Le cadre lit tout le lendemain. "
    ) * 4
    text = text.strip()
    document = Document("d", "d.txt", "txt", text, (Block(0, len(text), BlockKind.PARAGRAPH),))
    passages = segment(document, lengths=lengths_around(target))
    assert [one.words for one in passages] == [count_words(one.text) for one in passages]
