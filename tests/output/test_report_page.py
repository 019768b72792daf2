"""The HTML report: one file that asks nothing of the network, true to its record, safe with any name, in French."""

import base64
import gzip
import hashlib
import io
import json
import re
from dataclasses import replace
from itertools import pairwise

import pytest
from composed_report import bare_report, full_report, group, masked, passage, word
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from tensions_cli.knowledge.codebook import shipped
from tensions_cli.output.report import charts
from tensions_cli.output.report.page import passages_data, write_report_page
from tensions_cli.output.report.words_of_summary import PRACTICE, summary_in_words
from tensions_cli.records import Evidence, Group, Interval, Relation, Role, TaggedPassage
from tensions_cli.results import Correspondence, Difference, Estimate, FactorPoint, Profile, Report, Vocabulary

HOSTILE = '</script><img src=x onerror=alert(1)> & "presse" $x_1$ {{ 7 * 7 }} \x1b[31m\u202e'
STUDENT = "student-difference by document, 95 %"


def page(report: Report) -> str:
    stream = io.StringIO()
    write_report_page(report, stream)
    return stream.getvalue()


def tree(report: Report) -> lxml_html.HtmlElement:
    return lxml_html.document_fromstring(page(report))


def data(text: str) -> dict:
    packed = re.search(r'id="donnees">([^<]*)<', text)
    assert packed is not None
    return json.loads(gzip.decompress(base64.b64decode(packed[1])))


def summary(report: Report) -> str:
    return " ".join(sentence.text for sentence in summary_in_words(report))


# --- one file ----------------------------------------------------------------------------------------


def test_nothing_points_outside_the_page() -> None:
    root = tree(full_report())
    for element in root.iter():
        for name in ("src", "href", "action", "data", "xlink:href"):
            value = element.get(name) if isinstance(element.tag, str) else None
            assert value is None or value.startswith(("#", "data:")), (element.tag, name, value)
    style = root.findtext(".//style")
    assert "@import" not in style
    assert "@font-face" not in style
    assert re.findall(r"url\((?!#)", style) == []


def test_the_policy_allows_our_script_and_nothing_else() -> None:
    root = tree(full_report())
    policy = root.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    scripts = [one.text for one in root.iter("script") if one.get("type") is None]
    assert len(scripts) == 1
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert "default-src 'none'" in policy
    assert f"script-src 'sha256-{digest}';" in policy
    assert not root.xpath("//@onclick | //@onload | //@onerror")


def test_same_report_same_bytes() -> None:
    assert page(full_report()) == page(full_report())


def test_the_packed_passages_have_no_date() -> None:
    packed = re.search(r'id="donnees">([^<]*)<', page(full_report()))
    assert packed is not None
    assert base64.b64decode(packed[1])[4:8] == bytes(4)  # MTIME of RFC 1952


# --- structure a screen reader walks -----------------------------------------------------------------


def test_landmarks_headings_and_ids() -> None:
    root = tree(full_report())
    assert root.get("lang") == "fr"
    assert [len(root.findall(f".//{name}")) for name in ("main", "nav", "h1")] == [1, 1, 1]
    assert root.xpath("//a[@class='skip']/@href") == ["#contenu"]
    ids = root.xpath("//@id")
    assert len(ids) == len(set(ids))
    levels = [int(one.tag[1]) for one in root.iter("h1", "h2", "h3", "h4")]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    for section in root.iter("section"):
        assert root.get_element_by_id(section.get("aria-labelledby")).text
    assert root.xpath("//nav//a/@href") == [f"#{section.get('id')}" for section in root.iter("section")]


def test_every_chart_has_its_table_and_its_name() -> None:
    root = tree(full_report())
    figures = root.findall(".//figure")
    assert len(figures) >= 6
    for figure in figures:
        assert figure.find(".//table") is not None
    for region in root.xpath("//*[@role='region']"):
        assert region.get("aria-label")
        assert region.get("tabindex") == "0"  # what scrolls must be reached by keyboard


def test_every_table_names_its_columns() -> None:
    for table in tree(full_report()).iter("table"):
        heads = table.findall("./thead/tr/th")
        assert heads
        assert all(head.get("scope") == "col" for head in heads)
        for row in table.findall("./tbody/tr"):
            cells = sum(int(cell.get("colspan", "1")) for cell in row)
            assert cells == len(heads), row.text_content()


def test_chapters_without_anything_to_say_are_absent() -> None:
    names = [section.get("id") for section in tree(bare_report()).iter("section")]
    assert names == ["resume", "parts", "axes", "rencontres", "methodes", "modele"]


# --- hostile names and texts -------------------------------------------------------------------------


def hostile_report() -> Report:
    report = full_report(HOSTILE)
    one = passage(HOSTILE, genre=HOSTILE)
    spoken = replace(one.passage, speaker=HOSTILE, context=HOSTILE)
    return replace(
        report, title=HOSTILE, passages=(replace(one, passage=spoken),), card=HOSTILE, notes=(HOSTILE,),
        warnings=(HOSTILE,),
    )  # fmt: skip


def test_a_hostile_name_is_text_everywhere() -> None:
    root = tree(hostile_report())
    assert root.findall(".//img") == []
    assert len(list(root.iter("script"))) == 2
    assert root.findtext(".//title").startswith("</script><img src=x")
    assert "49" not in root.findtext(".//title")


def test_control_and_reversing_characters_are_seen() -> None:
    text = page(hostile_report())
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\ufffd[31m\ufffd" in text


def test_passages_travel_as_they_are() -> None:
    assert data(page(hostile_report()))["rows"][0][-1] == HOSTILE


@settings(max_examples=15)  # a page each
@given(st.text(st.characters(exclude_categories=()), max_size=60))
def test_any_text_and_any_name_make_a_page(text: str) -> None:
    report = full_report(text)
    one = replace(report.passages[0], passage=replace(report.passages[0].passage, text=text, speaker=text))
    found = data(page(replace(report, title=text, passages=(one,))))
    assert found["rows"][0][-1] == text.encode("utf-8", "replace").decode()


# --- passages as data --------------------------------------------------------------------------------


def test_offsets_are_those_of_a_browser() -> None:
    text = "\U0001f600 Le temps d’écouter."
    one = replace(
        passage(text), tags=replace(passage(text).tags, evidence=(Evidence(5, 10, "professionnelle", "temps"),))
    )
    start, end, pole, axis = passages_data(replace(full_report(), passages=(one,)))["rows"][0][14]
    units = text.encode("utf-16-le")
    assert units[2 * start : 2 * end].decode("utf-16-le") == text[5:10] == "temps"
    assert (pole, axis) == (1, 0)


def test_a_masked_group_is_no_filter() -> None:
    report = full_report()
    fields = dict(passages_data(report)["fields"])
    assert fields == {"genre": ["entretien", "presse"]}


def test_the_interviewer_has_no_name() -> None:
    one = passage("Et le soir, qui décide\u00a0?")
    asked = replace(one, passage=replace(one.passage, speaker="Odile Marchenoir", role=Role.INTERVIEWER))
    text = json.dumps(passages_data(replace(full_report(), passages=(asked,), all_passages=True)), ensure_ascii=False)
    assert "Marchenoir" not in text
    assert "enquêteur" in text


def test_without_verbatim_no_passage_and_no_place_for_one() -> None:
    text = page(replace(full_report(), verbatim=False))
    assert "donnees" not in text.replace('byId("donnees")', "")
    assert "Chronométrer" not in text
    assert 'id="passages"' not in text


def test_two_tensions_are_quoted_with_their_words_underlined() -> None:
    report = full_report()
    examples = tuple(
        passage(text, start=80 * rank) for rank, text in enumerate(("Un mot.", "Deux mots.", "Trois mots."))
    )
    shown = replace(report, documents=replace(report.documents, examples=examples))
    section = tree(shown).get_element_by_id("resume")
    quotes = section.findall(".//blockquote")
    assert [one.text_content() for one in quotes] == ["«\u00a0Un mot.\u00a0»", "«\u00a0Deux mots.\u00a0»"]
    assert [span.text for span in quotes[1].xpath(".//span[@class='em']")] == ["Deux"]
    assert [span.text for span in quotes[1].xpath(".//span[@class='ep']")] == ["mots"]
    assert section.xpath(".//a/@data-passage") == [one.passage.id for one in examples[:2]]
    silent = tree(replace(shown, verbatim=False)).get_element_by_id("resume")
    assert silent.findall(".//blockquote") == []


def test_a_quoted_tension_is_text() -> None:
    report = full_report()
    hostile = replace(report, documents=replace(report.documents, examples=(passage(HOSTILE),)))
    root = tree(hostile)
    assert root.findall(".//img") == []
    assert "</script><img src=x onerror" in root.get_element_by_id("resume").find(".//blockquote").text_content()


# --- masked ------------------------------------------------------------------------------------------


def test_a_masked_group_keeps_its_row_without_a_number() -> None:
    root = tree(full_report()).get_element_by_id("parts")
    rows = [row for row in root.iter("tr") if row.findtext("th") in ("projet", "tract")]
    assert len(rows) == 2
    assert [re.findall(r"\d+ %", row.text_content()) for row in rows] == [[], []]
    assert "moins de 5 personnes" in rows[0].text_content()
    assert "masqué" in rows[1].text_content()  # no count: the group may be large


WHY_MASKED = "Masqué\u00a0: groupes de moins de 5 personnes, ou qui les rendraient par soustraction."


def test_a_figure_with_masked_groups_says_why_without_a_command() -> None:
    parts = tree(full_report()).get_element_by_id("parts")
    assert parts.text_content().count(WHY_MASKED) == 1
    assert "--mask" not in parts.text_content()
    report = full_report()
    groups = report.fields["genre"]
    shown = tree(replace(report, fields={"genre": groups[:3]})).get_element_by_id("parts")
    assert "Masqué" not in shown.text_content()


@pytest.mark.parametrize("whole", [group({}, 12, 324), masked({}, "secondary")])
def test_a_chapter_masked_in_full_is_one_sentence(whole: Group) -> None:
    groups = (whole, masked({"genre": "projet"}), masked({"genre": "tract"}, "secondary"))
    parts = tree(replace(full_report(), fields={"genre": groups})).get_element_by_id("parts")
    assert WHY_MASKED in parts.text_content()
    assert parts.findall(".//figure") == []


def test_a_masked_corpus_says_so_and_nothing_else() -> None:
    hidden = masked({})
    report = bare_report()
    report = replace(
        report,
        mask_under=5,
        documents=replace(report.documents, groups=(hidden, masked({"document": "Texte 1"}))),
    )
    text = lxml_html.document_fromstring(page(report)).xpath("string(//main)")
    assert "aucun chiffre n’est donné" in text
    assert [section.get("id") for section in tree(report).iter("section")] == ["resume", "methodes", "modele"]


# --- figures -----------------------------------------------------------------------------------------

DRAWINGS = {
    "shares": lambda: charts.shares_chart([("a", group({}, 12, 324)), (HOSTILE, masked({"genre": "b"}))]),
    "axes": lambda: charts.axes_chart({"temps": {"rationalisation": 3, "professionnelle": 5}}),
    "meetings": lambda: charts.meetings_chart({Relation.OPPOSITION: {"temps": 4}}, ["temps", "cout"]),
    "forest": lambda: charts.forest_chart([(HOSTILE, difference(0.07, 0.02, 0.12, 0.01))]),
    "trend": lambda: charts.trend_chart(full_report().trend, [("tension", "tension")]),
    "factors": lambda: charts.factors_chart(full_report(HOSTILE).factors[0]),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_shapes_and_words_in_the_colours_of_the_page(name: str) -> None:
    drawing = DRAWINGS[name]()
    assert drawing == DRAWINGS[name]()
    root = lxml_html.fromstring(drawing)
    assert {element.tag for element in root.iter()} <= {"svg", "path", "text"}
    assert not root.xpath(".//@id | .//@style")
    assert root.get("aria-hidden") == "true"
    for key in ("fill", "stroke"):
        for value in root.xpath(f".//@{key}"):
            assert value == "none" or value.startswith(("var(--", "url(#")), value


def test_no_reserved_colour_is_left() -> None:
    assert "#0102" not in page(full_report())


def test_bars_are_as_long_as_the_shares() -> None:
    """30 % M, 10 % mixte, 20 % P, 40 % neutre, on a bar of 300 units."""
    paths = lxml_html.fromstring(charts.shares_chart([("a", group({}, 12, 324))])).xpath(".//path[@fill != 'none']")
    widths = {}
    for path in paths:
        xs = [float(x) for x in re.findall(r"[ML](-?[\d.]+) ", path.get("d"))]
        widths.setdefault(path.get("fill"), max(xs) - min(xs))
    assert widths["var(--m)"] == pytest.approx(90, abs=0.2)
    assert widths["url(#mixte)"] == pytest.approx(30, abs=0.2)
    assert widths["var(--p)"] == pytest.approx(60, abs=0.2)
    assert widths["var(--neutral)"] == pytest.approx(120, abs=0.2)


def test_a_plane_has_one_scale() -> None:
    """Two columns at equal distance on the two factors are drawn at equal distance of the centre."""

    def point(name: str, x: float, y: float) -> FactorPoint:
        return FactorPoint(name, 0.5, 50, (x, y), (0.5, 0.5), (0.6, 0.4))

    found = Correspondence(
        "genre", 10.0, 100, (0.1, 0.05), (0.7, 0.3),
        (point("rationalisation", 0.2, 0.0),), (point("a", 0.4, 0.0), point("b", 0.0, 0.4)), (),
    )  # fmt: skip
    root = lxml_html.fromstring(charts.factors_chart(found))
    places = [
        tuple(float(x) for x in re.findall(r"-?[\d.]+", path.get("transform")))
        for path in root.xpath(".//path[@transform][@fill='var(--accent)']")
    ]
    height = float(root.get("viewbox", root.get("viewBox")).split()[3])
    (x, _), (_, y) = places
    assert x - 360 == pytest.approx(height / 2 - y, abs=0.3)


def test_what_is_empty_is_not_drawn_nor_named() -> None:
    report = full_report()  # tensions on time and cost, articulation on the user, nothing else
    section = tree(report).get_element_by_id("rencontres")
    figure = section.find(".//figure")
    assert [row.findtext("th") for row in figure.iterfind(".//tbody/tr")] == ["temps", "coût", "usager"]
    assert "juxtaposition" not in figure.text_content()
    words = lxml_html.fromstring(charts.meetings_chart(report.meetings, ["temps", "cout", "travail"])).text_content()
    assert "travail" not in words


def test_the_share_of_tensions_stands_beside_its_dot() -> None:
    drawing = lxml_html.fromstring(charts.shares_chart([("a", group({}, 12, 324))]))
    assert "6\u00a0%" in [one.text for one in drawing.iter("text")]


def test_a_text_of_a_few_points_has_no_curve() -> None:
    report = full_report()
    few = tree(report).get_element_by_id("cours")
    assert "Trop court pour une courbe" in few.text_content()
    assert few.xpath(".//svg[contains(@class, 'course')]") == []
    long = replace(report.courses[0], points=report.courses[0].points * 3)
    enough = tree(replace(report, courses=(long,))).get_element_by_id("cours")
    assert len(enough.xpath(".//svg[contains(@class, 'course')]")) == 1
    assert "Trop court" not in enough.text_content()


def test_the_key_numbers_stand_before_the_summary() -> None:
    root = tree(full_report())
    facts = root.xpath("//header//*[@class='facts']")[0].text_content()
    for number in ("6\u00a0%", "1\u00a0% à 11\u00a0%", "30\u00a0%", "10\u00a0%", "20\u00a0%", "40\u00a0%"):
        assert number in facts
    assert tree(with_whole(group({}, 1, 19))).xpath("//*[@class='facts']") == []  # too few for shares


def test_the_card_is_rendered_without_markup_of_its_own() -> None:
    card = (
        "# Model\n\n| genre | F1 |\n|---|---|\n| press | 0.77 |\n\n<script>alert(1)</script>\n"
        "![x](http://exemple.invalid/x.png) [y](http://exemple.invalid) <http://exemple.invalid>\n"
    )
    root = tree(replace(full_report(), card=card))
    shown = root.xpath("//*[@class='card']")[0]
    assert shown.get("lang") == "en"
    assert [cell.text for cell in shown.iterfind(".//td")] == ["press", "0.77"]
    assert shown.xpath(".//script | .//img | .//a") == []
    assert "|" not in shown.text_content()
    assert len(root.findall(".//h1")) == 1


# --- the summary in words ----------------------------------------------------------------------------


def difference(value: float, low: float, high: float, p: float | None, measure: str = "tension") -> Difference:
    interval = Interval(low, high) if p is not None else None
    estimate = Estimate(value, interval, STUDENT if interval else "none: fewer than 5 documents")
    return Difference(measure, "entretien", "presse", (0.1, 0.1 + value), estimate, 0.2, p, p, (9, 9), (90, 90))


def with_whole(whole: Group, report: Report | None = None) -> Report:
    report = report or bare_report()
    return replace(report, documents=replace(report.documents, groups=(whole,)))


def with_differences(*found: Difference) -> Report:
    report = full_report()
    comparison = replace(report.comparisons["genre"], differences=found)
    return replace(report, comparisons={"genre": comparison})


def test_shares_are_told_with_their_intervals() -> None:
    told = summary(full_report())
    assert "30\u00a0% (entre 25 et 35) ne portent que la rationalisation" in told
    assert "20\u00a0% (entre 15 et 25) que la logique professionnelle" in told


def test_one_logic_leads_only_where_the_intervals_are_apart() -> None:
    whole = group({}, 12, 324)
    touching = {**whole.intervals, "rationalisation": Interval(0.25, 0.35), "professionnelle": Interval(0.15, 0.25)}
    apart = {**whole.intervals, "rationalisation": Interval(0.26, 0.35), "professionnelle": Interval(0.15, 0.25)}
    assert "ne pas dire laquelle" in summary(with_whole(replace(whole, intervals=touching)))
    assert "la plus présente est la rationalisation" in summary(with_whole(replace(whole, intervals=apart)))
    none = dict.fromkeys(whole.intervals)
    assert "trop peu de documents pour dire" in summary(with_whole(replace(whole, intervals=none)))


def test_a_few_passages_have_no_share() -> None:
    told = summary(with_whole(group({}, 1, 19)))
    assert "19 passages comptés\u00a0: trop peu pour des parts" in told
    assert "%" not in told.split("La relation")[0]


def test_a_few_meetings_have_no_relation() -> None:
    whole = replace(group({}, 12, 324), relations={"opposition": 10, "articulation": 9, "juxtaposition": 0})
    assert "19 passages mixtes\u00a0: trop peu pour dire comment" in summary(with_whole(whole))


def test_ties_are_all_named() -> None:
    def told(**axes: int) -> str:
        return summary(replace(bare_report(), meetings={Relation.ARTICULATION: axes}))

    both = told(collectif=11, temps=11, cout=2)
    assert "sur «\u00a0collectif\u00a0» et «\u00a0temps\u00a0» (11 passages chacun)" in both
    assert "sur «\u00a0temps\u00a0» (19 passages)" in told(temps=19, cout=2)
    assert "et d’autres (10 passages chacun)" in told(temps=10, cout=10, usager=10, travail=10)


def test_only_differences_that_withstand_holm_are_told() -> None:
    told = summary(with_differences(difference(0.07, 0.02, 0.12, 0.049), difference(0.2, -0.01, 0.4, 0.051, "neutre")))
    assert "la part des tensions est plus élevée dans «\u00a0presse\u00a0» que dans «\u00a0entretien\u00a0»" in told
    assert "(7 points, entre 2 et 12)" in told
    assert "sans aucune des deux" not in told
    assert "1 des 2 écarts examinés résiste " in told


def test_a_negative_difference_names_the_higher_group() -> None:
    told = summary(with_differences(difference(-0.07, -0.12, -0.02, 0.01)))
    assert "plus élevée dans «\u00a0entretien\u00a0» que dans «\u00a0presse\u00a0» (7 points, entre 2 et 12)" in told


def test_no_difference_is_told_as_none() -> None:
    assert "le seul écart examiné ne se distingue pas du hasard" in summary(
        with_differences(difference(0.01, -0.1, 0.1, 0.9))
    )
    assert "trop peu de documents par groupe" in summary(with_differences(difference(0.2, 0, 0, None)))


def test_words_are_told_where_some_stand_out_of_all_the_tests() -> None:
    words = tuple(word(name, 5.0) for name in ("grille", "délai", "contrat"))
    found = Vocabulary("label", 1000, 400, 800, "Lemmes.", (Profile("rationalisation", 300, 5, words, (), ()),), 3.0)
    assert "«\u00a0grille\u00a0», «\u00a0délai\u00a0»" in summary(replace(full_report(), vocabulary=found))
    assert "grille" not in summary(replace(full_report(), vocabulary=replace(found, threshold=None)))
    assert "grille" not in summary(replace(full_report(), vocabulary=replace(found, threshold=5.1)))


def test_the_trend_is_told_only_where_its_slope_is_apart_from_zero() -> None:
    report = full_report()
    assert report.trend is not None
    rising = replace(report.trend, slopes={"tension": Estimate(0.04, Interval(0.016, 0.064), STUDENT)})
    flat = replace(report.trend, slopes={"tension": Estimate(0.04, Interval(-0.01, 0.07), STUDENT)})
    near = replace(report.trend, slopes={"tension": Estimate(0.04, Interval(0.005, 0.075), STUDENT)})
    assert "la part des tensions augmente" in summary(replace(report, trend=rising))
    assert "aucune évolution" in summary(replace(report, trend=near))  # five slopes are looked at: one in five lies
    assert "aucune évolution" in summary(replace(report, trend=flat))


@pytest.mark.parametrize("report", [full_report(), bare_report(), with_whole(group({}, 1, 3))])
def test_the_worth_of_the_relation_and_talk_against_practice_are_always_told(report: Report) -> None:
    told = summary(report)
    assert f"Ces étiquettes sont proposées par une machine. {PRACTICE}" in told
    assert "47\u00a0% des tensions annoncées en sont" in told


# --- typography --------------------------------------------------------------------------------------


def visible(report: Report) -> str:
    root = tree(report)
    for element in root.xpath("//style | //script | //*[@lang='en']"):
        element.drop_tree()
    return "\n".join(root.xpath("//body//text()"))


@pytest.mark.parametrize("report", [full_report(), bare_report(), replace(full_report(), verbatim=False)])
def test_french_typography(report: Report) -> None:
    text = visible(report)
    assert re.findall(r".{0,20}\S [:;?!»%].{0,9}", text) == []
    assert re.findall(r".{0,20}« .{0,9}", text) == []
    assert re.findall(r".{0,9}\w'\w.{0,9}", text) == []
    assert re.findall(r"(?<![\d.])\d+\.\d+(?![\d.])", text.replace("0.1.0", "").replace("3.8.0", "")) == []


def test_words_that_a_report_never_says() -> None:
    text = page(full_report()).lower()
    for forbidden in ("anonym", "classement", "score de la personne", "performance de l’équipe"):
        assert forbidden not in text


def test_labels_in_the_data_are_those_of_the_script() -> None:
    """`report.js` reads ranks: they are the orders of the enumerations."""
    assert list(shipped().labels) == ["rationalisation", "professionnelle", "mixte", "neutre"]
    assert [relation.value for relation in Relation] == ["opposition", "articulation", "juxtaposition"]
    one: TaggedPassage = full_report().passages[0]
    row = passages_data(full_report())["rows"][0]
    assert (row[4], row[5]) == (2, 0)
    assert row[10:12] == [91, 91]
    assert row[1:4] == [one.passage.start, one.passage.end, one.passage.turn]
