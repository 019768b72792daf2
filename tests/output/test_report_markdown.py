"""The report as Markdown: tables that are tables, whatever the names hold; no passage unless texts may be shown."""

import io
import re
from dataclasses import replace
from itertools import pairwise

import pytest
from composed_report import HOSTILE, SENTENCES, bare_report, full_report, masked, passage
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tensions_cli.output import french
from tensions_cli.output.report import guide
from tensions_cli.output.report.markdown import escaped, write_report_markdown
from tensions_cli.results import Report
from tensions_cli.statistics.intervals import method

# Tables, strike-through, HTML as it comes; bare addresses, which need another package, are looked for in the source.
GITHUB = MarkdownIt("gfm-like2", {"html": True}).disable("linkify")
BARE_ADDRESS = re.compile(r"(?i)(?:https?|ftp)://|www\.|\w@\w|mailto:")


def written(report: Report) -> str:
    stream = io.StringIO()
    write_report_markdown(report, stream)
    return stream.getvalue()


def shown(tokens: list[Token] | None) -> str:
    """What a reader sees of an inline token: its text, not its marks."""
    return "".join(token.content for token in tokens or [])


def tables(text: str) -> dict[str, list[list[str]]]:
    """Rows of the table under each heading, header first, as a reader sees them."""
    found: dict[str, list[list[str]]] = {}
    title = ""
    for before, token in pairwise(GITHUB.parse(text)):
        if before.type == "heading_open":
            title = shown(token.children)
        elif before.type == "tr_open":
            found.setdefault(title, []).append([])
        if before.type in ("th_open", "td_open"):
            found[title][-1].append(shown(token.children))
    return found


def kinds(text: str) -> set[str]:
    """Every kind of thing that is in a text, those inside its lines included."""
    blocks = GITHUB.parse(text)
    return {token.type for token in blocks} | {one.type for token in blocks for one in token.children or []}


def test_every_table_is_one_with_as_many_cells_in_each_row() -> None:
    text = written(full_report())
    found = tables(text)
    assert list(found) == [
        "Les logiques par document",
        "Les logiques par genre",
        "Qui défend, qui conteste",
        "Sur quoi portent les logiques",
        "Écarts entre groupes",
        "Dans le temps",
        "Mots caractéristiques\u00a0: rationalisation",
        "Correspondances, logiques × genre",
        "Où les logiques se rencontrent",
        "Qui apporte quelle logique",
        "Parts corrigées des erreurs du modèle\u00a0: tout le corpus",
        "Les mêmes parts, à d’autres longueurs de passages",
    ]
    for title, rows in found.items():
        assert len({len(row) for row in rows}) == 1, title
    # One row a line, and no line that looks like a row without being one; each table has one line of marks.
    assert sum(line.startswith("|") for line in text.split("\n")) == sum(map(len, found.values())) + len(found)


def test_a_share_comes_with_its_interval_or_why_there_is_none() -> None:
    header, corpus, small, _other = tables(written(full_report()))["Les logiques par document"]
    assert header[:6] == ["document", "intervalle", "documents", "passages", "mots", "M"]
    assert corpus[5] == "30\u00a0%\u00a0[25–35]"
    assert corpus[9] == "6\u00a0%\u00a0[1–11]"
    assert corpus[1] == "Student, par document"
    assert (small[0], small[5], small[1]) == ("E1-aide-a-domicile", "30\u00a0%", "trop peu")


def test_masked_groups_keep_their_row() -> None:
    found = {row[0]: row[1:] for row in tables(written(full_report()))["Les logiques par genre"]}
    assert found["projet"] == ["masqué\u00a0: <\u00a05", *[""] * 9]
    assert found["tract"] == ["masqué, pour qu’un autre le reste", *[""] * 9]
    assert not {"projet", "tract"} & {row[0] for row in tables(written(full_report()))["Qui défend, qui conteste"]}


def test_a_masked_corpus_tells_no_number() -> None:
    report = bare_report()
    text = written(replace(report, mask_under=5, documents=replace(report.documents, groups=(masked({}),))))
    assert list(tables(text)) == ["Les logiques par document"]
    assert "moins de 5 personnes" in text


def test_differences_words_time_and_corrections_rest_on_something() -> None:
    found = tables(written(full_report()))
    _, tension, neutre = found["Écarts entre groupes"]
    assert tension == [
        "genre", "tension", "presse", "entretien", "6 / 6", "164 / 160", "9\u00a0% / 3\u00a0%",
        "+6\u00a0[+1\u00a0;\u00a0+11]", "+0,26", "0,002", "Student, par document",
    ]  # fmt: skip
    assert neutre[7:] == ["−15", "−0,32", "–", "trop peu"]
    _, over, under = found["Mots caractéristiques\u00a0: rationalisation"]
    assert over == ["tableau de bord", "sur-employé", "12", "20", "6,0", "+2,3", "+3,5", "5", "7", "25\u00a0%"]
    assert under[0] == "écouter"
    assert found["Dans le temps"][1] == ["2021", "6", "160", "4\u00a0%\u00a0[2–6]"]
    share = found["Parts corrigées des erreurs du modèle\u00a0: tout le corpus"][1]
    assert share[1:4] == ["31\u00a0% [29–33]", "28\u00a0% [23–33]", "27\u00a0% [21–34]"]


def test_a_course_is_two_lines_of_signs() -> None:
    # Scores 0 then .5 on M, 1 then .12 on P; eight heights: .5 is the fifth, .12 the first.
    assert tables(written(full_report()))["Où les logiques se rencontrent"][1] == [
        "E1-aide-a-domicile", "▁▅", "█▁", "3", "0", "1", "1",
    ]  # fmt: skip


def test_only_the_best_tensions_are_quoted_and_ten_at_most() -> None:
    report = full_report()
    many = tuple(passage(f"Ligne {rank}, on coche pendant qu’il attend.", start=rank) for rank in range(12))
    text = written(replace(report, documents=replace(report.documents, examples=many)))
    quotes = [line for line in text.split("\n") if line.startswith("> Ligne")]
    assert len(quotes) == 10
    assert "> — E1-aide-a-domicile\\#0-" in text
    assert SENTENCES[1] not in text  # a passage of the report that is no example
    assert "Interviewée" not in text


def test_without_verbatim_no_passage_and_no_question() -> None:
    text = written(replace(full_report(), verbatim=False))
    assert not any(sentence in text for sentence in SENTENCES)
    assert "horaires" not in text
    assert "Tensions proposées" not in text
    assert "Aucun passage n’est cité" in text


def test_words_that_one_text_carries_are_counted_and_not_told() -> None:
    text = written(full_report())
    assert "qualiticien" not in text
    assert "1 mot caractéristique n’est porté que par un document" in text


def test_what_was_read_comes_first_and_the_model_last() -> None:
    text = written(full_report())
    headings = re.findall(r"(?m)^#+ (.*)$", text)
    assert headings[:4] == ["Aide à domicile et presse", "À regarder avant de partager", "Ce qui a été lu", "En bref"]
    assert headings[-3:] == ["Choix et remarques", "Modèle", "Options"]
    for said in ("Non lu\u00a0: notes/vide.txt", "standard 0.1.0 (4d97ed5e)", "jamais des personnes"):
        assert said in text


def test_a_bare_report_has_no_empty_section() -> None:
    text = written(bare_report())
    assert list(tables(text)) == ["Les logiques par document", "Sur quoi portent les logiques"]
    blocks = [token for token in GITHUB.parse(text) if token.type != "inline"]
    for opened, _closed, after in zip(blocks, blocks[1:], blocks[2:], strict=False):
        if opened.type == after.type == "heading_open":
            assert opened.tag < after.tag  # a heading is followed by its text or its subtitle, not by its like
    assert text.startswith("# Logiques en tension\n")


def test_same_bytes_and_one_line_feed_at_the_end() -> None:
    assert written(full_report()) == written(full_report())
    assert written(full_report()).endswith("\n")
    assert not written(full_report()).endswith("\n\n")
    assert not re.search(r"(?m)[ \t]$", written(full_report()))


NASTY = (
    HOSTILE,
    "a | b",
    "a \\| b",
    "| --- |",
    "# titre",
    "- puce",
    "1. un",
    "2) deux",
    "+ plus",
    "===",
    "> cité",
    "~~~",
    "```",
    "<script>alert(1)</script>",
    "<!-- fin",
    "&lt;b&gt;",
    "![x](y)",
    "[x]: http://exemple.invalid",
    "http://exemple.invalid",
    "HTTPS://EXEMPLE.invalid",
    "www.exemple.invalid",
    "mailto:a@exemple.invalid",
    "a@exemple.invalid",
    "$$x$$",
    "ligne\nautre\u2028encore",
    "    code",
    "*a* _b_ `c`",
)
LINES = {"paragraph_open", "paragraph_close", "inline", "text", "text_special", "softbreak"}


@pytest.mark.parametrize("text", NASTY)
def test_hostile_text_is_shown_as_it_is(text: str) -> None:
    (_, inline, _) = GITHUB.parse(escaped(text))
    assert kinds(escaped(text)) <= LINES
    assert not BARE_ADDRESS.search(escaped(text))
    assert shown(inline.children) == " ".join(re.split(r"[\s]+", text.strip()))
    cell = GITHUB.parse(f"| a | b |\n| --- | --- |\n| {escaped(text)} | suite |\n")
    assert [shown(token.children) for token in cell if token.type == "inline"][2:] == [shown(inline.children), "suite"]


@pytest.mark.parametrize("name", NASTY)
def test_hostile_names_change_no_table(name: str) -> None:
    report = full_report(name)
    plain = tables(written(full_report("presse")))
    hostile = replace(report, title=name, warnings=(name,), notes=(name,))
    text = written(replace(hostile, documents=replace(report.documents, examples=(passage(name, name),))))
    assert [len(rows) for rows in tables(text).values()] == [len(rows) for rows in plain.values()]
    assert not kinds(text) & {"link_open", "image", "html_inline", "html_block", "s_open", "em_open", "fence", "hr"}
    assert not BARE_ADDRESS.search(text)


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=40))
def test_any_text_stays_one_line_of_text(text: str) -> None:
    told = escaped(text)
    assert "\n" not in told
    assert kinds(told) <= LINES


METHODS = (
    *(method(clusters, unit) for clusters in (2, 10, 60) for unit in ("document", "person")),
    *(
        f"student-{kind} by {shared}document, 95 %"
        for kind in ("linearised", "recovered")
        for shared in ("", "shared ")
    ),
    "bootstrap-2000-seed-20261121 by shared person, 95 %",
    "bootstrap-t-2000-seed-20261121 by document, 95 %; student-logit: mixte, tension",
    "student-hc3 by document, 95 %",
    "kernel-1-0.5",
    "ppi++ lambda 0.43 student-logit by document, 95 %",
    "ppi++ lambda 1.00 student-linear by document, 95 %",
    "rogan-gladen student-linear by document, 95 %",
    "none",
    "none: masked",
    "none: no spread",
    "none: no spread, ppi++ lambda 0.00",
    "none: no spread, rogan-gladen",
    "none: no gold passage with it",
    "none: no gold passage without it",
    "none: sensitivity + specificity not above 1",
    "none: fewer than 30 gold passages",
    "none: gold of fewer than 5 documents",
)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_of_the_statistics_has_french_words(name: str) -> None:
    for told in (french.method(name), guide.interval_method(name)):
        assert told
        assert not re.search("none|fewer|gold|by |student-|bootstrap|lambda|hc3|spread|kernel|logit", told)


def test_methods_say_what_a_reader_asks() -> None:
    assert french.method("student-logit by document, 95 %") == "Student, par document"
    assert french.method("bootstrap-t-2000-seed-1 by person, 95 %") == "rééchantillonnage, par personne"
    rare = "bootstrap-t-2000-seed-1 by document, 95 %; student-logit: mixte, tension"
    assert french.method(rare) == "rééchantillonnage, par document, sauf mixte, tension (Student)"
    told = guide.interval_method("student-linearised by shared document, 95 %")
    assert told == "Student, par document (documents communs aux deux groupes)"
    assert french.method("ppi++ lambda 0.43 student-logit by document, 95 %").startswith("PPI (λ\u00a0=\u00a00,43), ")
    assert guide.interval_method("none: masked") == "masqué"
