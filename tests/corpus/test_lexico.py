"""Keys of Lexico and Hyperbase become metadata; what only looks like a corpus is told or refused."""

from pathlib import Path

import pytest
from accounting import assert_accounted
from hypothesis import given, settings
from hypothesis import strategies as st

from tensions_cli.corpus.formats.plain import read_plain
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.errors import UnreadableError
from tensions_cli.records import Document, Skipped, ZoneKind


def read(text: str) -> list[Document | Skipped]:
    return list(read_plain(text.encode("utf-8"), SourceFile(Path("c.txt"), "c.txt", "c")))


def shown(document: Document) -> list[str]:
    return [document.text[block.start : block.end] for block in document.blocks]


def test_a_text_begins_at_each_new_value_and_earlier_keys_hold() -> None:
    text = (
        "<auteur=Lise><annee=2001>\nOn coche des cases.\n<annee=2002>\nOn écoute encore.\n"
        "<auteur=Omar> <annee=2001>\nOn relit le cahier.\n"
    )
    one, two, three = read(text)
    assert [document.id for document in (one, two, three)] == ["c#1", "c#2", "c#3"]
    assert [dict(document.metadata) for document in (one, two, three)] == [
        {"auteur": "Lise", "annee": "2001"},
        {"auteur": "Lise", "annee": "2002"},
        {"auteur": "Omar", "annee": "2001"},
    ]
    assert [shown(document) for document in (one, two, three)] == [
        ["On coche des cases."],
        ["On écoute encore."],
        ["On relit le cahier."],
    ]
    assert one.format == "lexico"
    assert sum("Lexico" in notice for document in (one, two, three) for notice in document.notices) == 1
    for document in (one, two, three):
        assert_accounted(document)


def test_keys_of_hyperbase() -> None:
    one, two = read("<S00=01>On coche.\n<S00=02>On écoute.\n")
    assert (one.metadata, two.metadata) == ({"S00": "01"}, {"S00": "02"})
    assert shown(two) == ["On écoute."]
    assert [two.text[zone.start : zone.end] for zone in two.zones] == ["<S00=02>"]
    assert two.zones[0].kind is ZoneKind.METADATA


def test_pages_and_repeated_values_never_cut_a_text() -> None:
    (document,) = read("<auteur=Lise>\nOn coche.\n<page=2>\nOn écoute.\n<auteur=Lise>\nOn relit.\n")
    assert document.id == "c"
    assert shown(document) == ["On coche.", "On écoute.", "On relit."]
    assert dict(document.metadata) == {"auteur": "Lise"}
    assert_accounted(document)


def test_text_before_the_first_key_is_kept_apart() -> None:
    before, one, two = read("Corpus des foyers.\n<lieu=IME>\nOn coche.\n<lieu=CHRS>\nOn écoute.\n")
    assert before.id == "c#0"
    assert shown(before) == ["Corpus des foyers."]
    assert [one.id, two.id] == ["c#1", "c#2"]
    assert any("précède" in notice for notice in before.notices)


def test_a_key_without_text_is_said_with_its_line() -> None:
    one, empty = read("<lieu=IME>\nOn coche.\n\n<lieu=CHRS>\n")
    assert isinstance(one, Document)
    assert isinstance(empty, Skipped)
    assert (empty.reason, "ligne 4" in empty.detail) == ("empty", True)


def test_an_empty_value_is_no_metadata() -> None:
    one, two = read("<lieu=IME>\nOn coche.\n<lieu=>\nOn écoute.\n")
    assert (one.metadata, two.metadata) == ({"lieu": "IME"}, {})


@pytest.mark.parametrize(
    "text",
    [
        "On coche <rires> puis on écoute.",
        "Si <a=1> alors on coche.",  # one key inside prose
        '<font color="red">On coche.</font>',
        "x < y = z\nOn coche.",
    ],
)
def test_prose_with_angle_brackets_is_no_lexico_corpus(text: str) -> None:
    (document,) = read(text)
    assert document.format == "txt"
    assert shown(document) == text.split("\n")


REPORT = """-----------------------------------
* Logiciel ALCESTE (4.9 - 01/12/05) *
-----------------------------------
Plan de l'analyse :FOYER.PL ; Date : 12/ 3/06 ; Heure : 10:14:00
A1: Lecture du corpus
Nombre d'u.c.i. : 12
"""


def test_a_report_of_alceste_is_refused() -> None:
    with pytest.raises(UnreadableError) as refused:
        read(REPORT)
    assert refused.value.reason == "format"
    assert "Alceste" in refused.value.detail


def test_a_text_that_speaks_of_alceste_is_read() -> None:
    (document,) = read("Le logiciel Alceste classe les énoncés.\nPlan de l'analyse : trois étapes, puis le terrain.")
    assert document.format == "txt"


def test_a_markdown_table_saved_as_txt_is_told() -> None:
    (document,) = read("| Qui | Quoi |\n|---|---|\n| Lise | On coche. |\n")
    assert any("Markdown" in notice for notice in document.notices)
    (plain,) = read("Un titre\n---\nOn coche.")
    assert not plain.notices


PIECES = st.sampled_from(
    ["<auteur=Lise>", "<annee=2001>", "<annee=>", "<page=3>", "On coche.", "\n", " ", "<", "=", "é"]
)


@settings(deadline=None)
@given(st.lists(PIECES, max_size=14))
def test_no_character_of_a_corpus_is_lost(pieces: list[str]) -> None:
    text = "<lieu=IME>" + "".join(pieces)
    results = read(text)
    for result in results:
        if isinstance(result, Document):
            assert_accounted(result)
    if all(isinstance(result, Document) for result in results):
        assert "".join(result.text for result in results) == text
