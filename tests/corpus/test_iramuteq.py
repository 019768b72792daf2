"""IRaMuTeQ corpora: every defect of real headers is named with its line, and nothing of the text is lost."""

from pathlib import Path

import pytest
from accounting import assert_accounted
from hypothesis import given, settings
from hypothesis import strategies as st

from tensions_cli.corpus.formats.iramuteq import Defect, find_defects, is_iramuteq
from tensions_cli.corpus.formats.plain import read_plain
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.records import Document, Skipped, ZoneKind

GOOD = "**** *lieu_IME *annee_2024\nOn coche des cases.\n\n**** *lieu_CHRS *annee_2023\n-*accueil\nElle part.\n"


def read(data: bytes | str) -> list[Document | Skipped]:
    content = data.encode("utf-8") if isinstance(data, str) else data
    return list(read_plain(content, SourceFile(Path("c.txt"), "c.txt", "c")))


def shown(document: Document) -> list[str]:
    return [document.text[block.start : block.end] for block in document.blocks]


def notices(text: str) -> str:
    return " ".join(notice for document in read(text) for notice in getattr(document, "notices", ()))


def test_a_good_corpus_has_no_defect() -> None:
    assert find_defects(GOOD.encode()) == []
    assert [document.notices for document in read(GOOD)] == [(), ()]


def test_prose_has_no_defect() -> None:
    assert find_defects(b"On coche * des cases.\n****\n") == []


@pytest.mark.parametrize(
    ("text", "line", "rule", "level"),
    [
        # the checker's four errors (§7.2)
        ("**** *lieu_IME * *annee_2024\nUn.\n", 1, "lone_star", "error"),
        ("**** *lieu_IME\n-*mon thème\nUn.\n", 2, "theme_space", "error"),
        ("**** *lieu_IME\nUn.\nDes prestations* à cocher.\n", 3, "star_in_text", "error"),
        ("**** *lieu_IME annee_2024\nUn.\n", 1, "space", "error"),
        ("**** *lieu_IME-Nord\nUn.\n", 1, "hyphen", "error"),
        # what is lost in silence (§7.3, §7.4)
        ("\nPrésentation.\n**** *lieu_IME\nUn.\n", 2, "before_first", "error"),
        ("-*accueil\n**** *lieu_IME\nUn.\n", 1, "before_first", "error"),
        ("**** *lieu_IME\nUn.\n **** *lieu_CHRS\nDeux.\n", 3, "leading_space", "error"),
        ("**** *lieu_IME\nUn.\n\n**** *lieu_CHRS\n\n", 4, "empty_text", "error"),
        ("**** *lieu_IME\n-*accueil\n**** *lieu_CHRS\nDeux.\n", 1, "empty_text", "error"),
        # what real headers hold (§7.7)
        ("**** *lieu_IME *lieu_CHRS\nUn.\n", 1, "repeated", "error"),
        ("**** *lieu_IME *date_\nUn.\n", 1, "no_value", "error"),
        ("**** *type_article scientifique\nUn.\n", 1, "space", "error"),
        ("**** *lieu_IME*annee_2024\nUn.\n", 1, "glued", "error"),
        ("**** *lieu_IME\nUn.\n*Titre\nDeux.\n", 3, "starred_line", "error"),
        ("**** *lieu_Orléans\nUn.\n", 1, "accent", "warning"),
        ("**** *lieu_IME \nUn.\n", 1, "trailing_space", "warning"),
        ("**** *lieu_IME *annee_2024\nUn.\n**** *lieu_CHRS\nDeux.\n", 3, "missing", "warning"),
        ("**** *lieu_IME\r\nUn.\r\nDeux.\nTrois.\r\n", 3, "line_ends", "warning"),
        ("\ufeff**** *lieu_IME\nUn.\n", 1, "byte_order_mark", "error"),
    ],
)
def test_each_defect_alone_is_found_at_its_line(text: str, line: int, rule: str, level: str) -> None:
    (found,) = find_defects(text.encode("utf-8"))
    assert found == Defect(line, rule)
    assert found.level == level
    assert found.title


def test_all_defects_in_one_file() -> None:
    text = (
        "\ufeffPrésentation.\r\n"
        "**** *lieu_IME *lieu_CHRS *date_ \n"  # 2
        "Un.\n"
        "**** *type_article scientifique * *ville_Orléans-Nord\n"  # 4
        "-*mon thème\n"
        "*Titre\n"
        "Des prestations*.\n"  # 7
        " **** *lieu_CHU\n"
    )
    found = {(defect.line, defect.rule) for defect in find_defects(text.encode("utf-8"))}
    assert found >= {
        (1, "byte_order_mark"),
        (1, "before_first"),
        (1, "line_ends"),
        (2, "repeated"),
        (2, "no_value"),
        (2, "trailing_space"),
        (4, "space"),
        (4, "lone_star"),
        (4, "hyphen"),
        (4, "accent"),
        (5, "theme_space"),
        (6, "starred_line"),
        (7, "star_in_text"),
        (8, "leading_space"),
        (8, "empty_text"),
        (2, "missing"),
        (8, "missing"),
    }


def test_the_reader_names_the_lines_and_never_the_words() -> None:
    said = notices("**** *lieu_IME-Nord\nUn.\nDes prestations* à cocher.\n-*mon thème\nDeux.\n")
    for line in ("ligne 1", "ligne 3", "ligne 4"):
        assert line in said
    for word in ("Nord", "prestations", "thème)"):
        assert word not in said.replace("espace dans un thème)", "")


def test_glued_variables_are_read_apart() -> None:
    (document,) = read("**** *lieu_IME*annee_2024\nUn.\n")
    assert dict(document.metadata) == {"lieu": "IME", "annee": "2024"}


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_the_byte_order_mark_hides_nothing_from_us(bom: bytes, line_end: str) -> None:
    one, two = read(bom + GOOD.replace("\n", line_end).encode())
    assert [dict(one.metadata), dict(two.metadata)] == [
        {"lieu": "IME", "annee": "2024"},
        {"lieu": "CHRS", "annee": "2023"},
    ]
    assert [*shown(one), *shown(two)] == ["On coche des cases.", "Elle part."]


def test_marking_by_four_digits() -> None:
    one, two, three = read(
        "0001 *lieu_IME\nOn coche.\n0002 *lieu_CHRS *annee_2023\nElle part.\n0003 *lieu\nElle revient.\n"
    )
    assert [dict(one.metadata), dict(two.metadata), dict(three.metadata)] == [
        {"lieu": "IME"},
        {"lieu": "CHRS", "annee": "2023"},
        {},
    ]
    assert shown(three) == ["Elle revient."]


@pytest.mark.parametrize("text", ["2024 * une année\nOn coche.", "0001 lieu_IME\nOn coche.", "On coche *lieu_IME."])
def test_a_year_and_a_star_are_no_mark(text: str) -> None:
    assert not is_iramuteq(text)


def test_themes_are_zones_and_cut_the_text() -> None:
    (document,) = read("**** *lieu_IME\n-*accueil\nOn coche.\n-*départ\nElle part.\n")
    zones = [document.text[zone.start : zone.end] for zone in document.zones if zone.detail == "thème IRaMuTeQ"]
    assert zones == ["-*accueil", "-*départ"]
    assert shown(document) == ["On coche.", "Elle part."]


def test_supplementary_words_and_expressions_stay_and_are_counted() -> None:
    (document,) = read("**** *lieu_IME\nElle _rit_ puis parle de vie_quotidienne, _encore_.\n")
    assert shown(document) == ["Elle _rit_ puis parle de vie_quotidienne, _encore_."]
    assert any("supplémentaires" in notice and notice.endswith("2") for notice in document.notices)
    assert any("reliées" in notice and notice.endswith("1") for notice in document.notices)


def test_text_before_the_first_mark_is_kept_even_under_a_theme() -> None:
    before, one = read("-*ouverture\nPrésentation.\n**** *lieu_IME\nUn.\n")
    assert before.id == "c#0"
    assert shown(before) == ["Présentation."]
    assert [zone.kind for zone in before.zones] == [ZoneKind.METADATA]
    assert shown(one) == ["Un."]


PIECES = st.sampled_from(
    [
        "****",
        "*lieu_IME",
        "*annee_",
        "-*accueil",
        "-*mon thème",
        "On coche.",
        "*",
        "_rit_",
        "\n",
        " ",
        "0001 *a_b",
        "é-",
    ]
)


@settings(deadline=None)
@given(st.lists(PIECES, max_size=16))
def test_no_character_of_a_corpus_is_lost(pieces: list[str]) -> None:
    text = "**** *lieu_IME\n" + "".join(pieces)
    results = read(text)
    for result in results:
        if isinstance(result, Document):
            assert_accounted(result)
    if all(isinstance(result, Document) for result in results):
        assert "".join(result.text for result in results) == text
    lines = text.count("\n") + 1
    assert all(1 <= defect.line <= lines for defect in find_defects(text.encode()))
