"""The report with other codebooks: two logics of other names, three logics, six; nothing is left of the shipped one."""

import base64
import gzip
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

import openpyxl
import pytest
from composed_report import associations, bare_report, full_report, group, in_use, of_logics, pairs_of, passage
from lxml import html as lxml_html

from tensions_cli.knowledge.codebook import Codebook, shipped
from tensions_cli.output.report import charts, guide
from tensions_cli.output.report.markdown import write_report_markdown
from tensions_cli.output.report.page import passages_data, quoted, write_report_page
from tensions_cli.output.report.words_of_summary import summary_in_words
from tensions_cli.output.report.workbook import write_report_workbook
from tensions_cli.records import Evidence, Interval, Relation
from tensions_cli.results import Report

BOOKS: dict[str, Callable[[], Codebook]] = {
    "associations": associations,
    "two": lambda: of_logics(2),
    "three": lambda: of_logics(3),
    "six": lambda: of_logics(6),
}
SHIPPED_WORDS = re.compile("rationalisation|professionnel|managéri|médico|\\(P\\)|M et P")


@pytest.fixture(params=BOOKS)
def book(request: pytest.FixtureRequest) -> Iterator[Codebook]:
    with in_use(BOOKS[request.param]()) as found:
        yield found


@pytest.fixture
def three() -> Iterator[Codebook]:
    with in_use(of_logics(3)) as found:
        yield found


def page(report: Report) -> str:
    stream = io.StringIO()
    write_report_page(report, stream)
    return stream.getvalue()


def markdown(report: Report) -> str:
    stream = io.StringIO()
    write_report_markdown(report, stream)
    return stream.getvalue()


def packed_workbook(report: Report) -> bytes:
    stream = io.BytesIO()
    write_report_workbook(report, stream)
    return stream.getvalue()


@dataclass(frozen=True)
class Rendered:
    """The full report in its three forms."""

    page: str
    markdown: str
    workbook: bytes

    @property
    def root(self) -> lxml_html.HtmlElement:
        return lxml_html.document_fromstring(self.page)

    @property
    def sheets(self) -> openpyxl.Workbook:
        return openpyxl.load_workbook(io.BytesIO(self.workbook))


@cache
def rendered(book: Codebook) -> Rendered:
    """Made once for each codebook: a page takes a second."""
    with in_use(book):
        return Rendered(page(full_report()), markdown(full_report()), packed_workbook(full_report()))


def rows(sheets: openpyxl.Workbook, name: str) -> list[dict[str, object]]:
    header, *lines = sheets[name].iter_rows(values_only=True)
    return [dict(zip(map(str, header), line, strict=True)) for line in lines]


def summary(report: Report) -> str:
    return " ".join(sentence.text for sentence in summary_in_words(report))


# --- nothing of the shipped codebook ------------------------------------------------------------------


def test_no_word_of_the_shipped_codebook_is_left(book: Codebook) -> None:
    text = rendered(book).page
    packed = re.search(r'id="donnees">([^<]*)<', text)
    assert packed is not None
    data = gzip.decompress(base64.b64decode(packed[1])).decode()
    with zipfile.ZipFile(io.BytesIO(rendered(book).workbook)) as archive:
        cells = archive.read("xl/sharedStrings.xml").decode()
    for name, told in (("page", text), ("data", data), ("markdown", rendered(book).markdown), ("workbook", cells)):
        assert not SHIPPED_WORDS.findall(told), name


def test_the_codebook_says_its_title_and_its_version(book: Codebook) -> None:
    told = f"grille de codage «\u00a0{guide.typeset(book.title)}\u00a0», version\u00a04"  # the version of the manifest
    masthead = rendered(book).root.xpath("//header[@class='masthead']")[0]
    assert told in masthead.text_content()
    assert told in rendered(book).markdown.replace("\\", "")


def test_every_logic_and_every_rule_is_in_the_guide(book: Codebook) -> None:
    topics = dict(guide.last_topics(full_report()))
    for logic, line in zip(book.logics, topics["Comment lire"], strict=False):
        assert line.startswith(f"{logic.name} ({logic.letter})\u00a0: ")
    assert all(guide.typeset(rule.title) in topics[guide.RULES][0] for rule in book.rules)
    folded = rendered(book).root.get_element_by_id("methodes").findall(".//details")
    assert next(one.findtext("summary") for one in folded) == "Règles de codage"


def test_one_codebook_after_another_leaves_no_trace() -> None:
    before = page(full_report()), markdown(full_report()), packed_workbook(full_report())
    for other in (associations(), of_logics(3)):
        with in_use(other):
            page(bare_report())
            packed_workbook(bare_report())
    assert (page(full_report()), markdown(full_report()), packed_workbook(full_report())) == before


# --- form ---------------------------------------------------------------------------------------------


def test_every_table_names_its_columns(book: Codebook) -> None:
    for table in rendered(book).root.iter("table"):
        heads = table.findall("./thead/tr/th")
        assert heads
        for row in table.findall("./tbody/tr"):
            assert sum(int(cell.get("colspan", "1")) for cell in row) == len(heads), row.text_content()


def test_every_markdown_table_is_one(book: Codebook) -> None:
    lines = re.sub(r"\\\|", "", rendered(book).markdown).split("\n")
    tables = "\n".join(line if line.startswith("|") else "" for line in lines).split("\n\n")
    for table in filter(None, (table.strip("\n") for table in tables)):
        assert len({line.count("|") for line in table.split("\n")}) == 1, table


def test_every_sheet_has_a_name_for_each_column(book: Codebook) -> None:
    for sheet in rendered(book).sheets.worksheets[1:]:
        headers = [cell.value for cell in sheet[1]]
        assert all(headers), sheet.title
        assert len(set(headers)) == len(headers), sheet.title


def test_french_typography(book: Codebook) -> None:
    root = rendered(book).root
    for element in root.xpath("//style | //script | //*[@lang='en']"):
        element.drop_tree()
    text = "\n".join(root.xpath("//body//text()"))
    assert re.findall(r".{0,20}\S [:;?!»%].{0,9}", text) == []
    assert re.findall(r".{0,20}« .{0,9}", text) == []
    assert re.findall(r".{0,9}\w'\w.{0,9}", text) == []
    assert re.findall(r"\b(?:de le|à le|de les|que il|la (?=[aeéiou])\w*|le (?=[aeéiou])\w*)\b", text) == []


def test_balance_is_for_two_logics_only(book: Codebook) -> None:
    for told in (rendered(book).root.xpath("string(//main)"), rendered(book).markdown):
        assert ("balance" in told) is not book.by_pair
    assert ("balance" in rows(rendered(book).sheets, "Groupes")[0]) is not book.by_pair


def test_two_logics_are_two_and_three_are_several(book: Codebook) -> None:
    text = rendered(book).root.xpath("string(//main)")
    told = re.findall(r"(?:les|des|aucune des) deux (?:logiques|scores)(?! de la paire)", text)
    assert bool(told) is not book.by_pair
    assert ("au moins deux logiques" in text) is book.by_pair


# --- colours ------------------------------------------------------------------------------------------


def test_each_logic_has_its_colour_and_the_page_knows_it(book: Codebook) -> None:
    style = rendered(book).root.findtext(".//style")
    paints = [charts.paints()[pole] for pole in book.poles]
    assert len(set(paints)) == len(book.poles)
    for name in (re.sub(r"var\((.*)\)", r"\1", paint) for paint in paints):
        # light, dark of the system, dark asked for, print
        assert len(re.findall(rf"{name}: #", style)) == len(re.findall(rf"--on-{name[2:]}: #", style)) == 4


def luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("theme", "paper"), [(0, "#ffffff"), (1, "#15171a"), (2, "#15171a"), (3, "#ffffff")])
def test_colours_are_told_from_paper_and_bear_text(theme: int, paper: str) -> None:
    """WCAG 2.1: 4.5 for text, since letters and words bear the colour of their logic too."""
    with in_use(of_logics(6)):
        style = lxml_html.document_fromstring(page(bare_report())).findtext(".//style")
    for shade in charts.SHADES:
        colour = re.findall(rf"--{shade}: (#\w+)", style)[theme]
        assert contrast(colour, paper) >= 4.5, (shade, theme)
        assert contrast(colour, re.findall(rf"--on-{shade}: (#\w+)", style)[theme]) >= 4.5, (shade, theme)


# --- passages as data ---------------------------------------------------------------------------------


def test_a_row_has_a_place_for_every_logic(book: Codebook) -> None:
    data = passages_data(full_report())
    count = len(book.poles)
    assert data["labels"] == [*book.poles, "mixte", "neutre"]
    assert data["letters"] == [logic.letter for logic in book.logics]
    row = data["rows"][0]
    assert data["labels"][row[4]] == "mixte"
    stances, axes, scores = (row[6 + rank * count : 6 + (rank + 1) * count] for rank in range(3))
    assert [stance >= 0 for stance in stances] == [True, True, *[False] * (count - 2)]
    assert axes == [3, 1, *[0] * (count - 2)]  # the first two axes for the first logic, the first for the second
    assert scores == [91, 91, *[7] * (count - 2)]
    assert row[-1] == full_report().passages[0].passage.text
    if book.by_pair:
        assert row[-2] == [0, *[-1] * (count * (count - 1) // 2 - 1)]
    else:
        assert len(row) == 16


def test_words_of_several_logics_have_a_sign_of_their_own(three: Codebook) -> None:
    one = passage("Compter pour soigner.")
    marks = tuple(Evidence(0, 7, pole, None) for pole in three.poles[:2])
    both = quoted(replace(one, tags=replace(one.tags, evidence=marks)))
    assert both.startswith('<span class="several">Compter</span>')
    with in_use(shipped()):
        marks = tuple(Evidence(0, 7, pole, None) for pole in shipped().poles)
        both = quoted(replace(one, tags=replace(one.tags, evidence=marks)))
    assert both.startswith('<span class="em ep">Compter</span>')


# --- more than two logics -----------------------------------------------------------------------------


def test_relations_stand_pair_by_pair(three: Codebook) -> None:
    """6, 3 and 1 passages of the first pair; one opposition more in each that follows."""
    table = rendered(three).root.xpath(
        "//section[@id='rencontres']//*[@aria-label='Tableau\u00a0: relations par paire de logiques']//tbody/tr"
    )
    told = [[cell.text_content() for cell in row] for row in table if row.get("class") == "whole"]
    assert told == [
        ["soin et gestion", "tout le corpus", "10", "6", "3", "1"],
        ["soin et droit", "tout le corpus", "11", "7", "3", "1"],
        ["gestion et droit", "tout le corpus", "12", "8", "3", "1"],
    ]
    assert not {"projet", "tract"} & {row[1].text for row in table}  # masked
    found = rows(rendered(three).sheets, "Relations par paire")
    assert [row["passages"] for row in found[:9]] == [6, 3, 1, 7, 3, 1, 8, 3, 1]
    assert {row["groupe"] for row in found} == {"tout le corpus", "entretien", "presse"}
    assert "| soin et droit | tout le corpus | 11 | 7 | 3 | 1 |" in rendered(three).markdown


def test_two_logics_have_no_table_by_pair() -> None:
    found = rendered(associations())
    assert "Relations par paire" not in found.page + found.markdown
    assert "Relations par paire" not in found.sheets.sheetnames


def test_axes_have_a_bar_for_each_logic(three: Codebook) -> None:
    drawing = lxml_html.fromstring(charts.axes_chart({"lieu": {"soin": 4, "gestion": 2, "droit": 1}, "dehors": {}}))
    widths = {}
    for path in drawing.xpath(".//path[@fill != 'none']"):
        xs = [float(x) for x in re.findall(r"[ML](-?[\d.]+) ", path.get("d"))]
        widths[path.get("fill")] = max(xs) - min(xs)
    assert widths["var(--m)"] == pytest.approx(2 * widths["var(--p)"], abs=0.2)
    assert widths["var(--m)"] == pytest.approx(4 * widths["var(--q)"], abs=0.2)
    words = [one.text for one in drawing.iter("text")]
    assert [word for word in words if word in "SGD"] == ["S", "G", "D"]
    assert "dehors" not in words


def test_two_logics_of_another_codebook_face_each_other() -> None:
    with in_use(associations()):
        drawing = lxml_html.fromstring(charts.axes_chart({"argent": {"marchande": 3, "civique": 5}}))
    places = {one.text: float(one.get("x")) for one in drawing.iter("text")}
    assert places["marchande"] < places["argent"] < places["civique"]


def test_each_line_of_a_course_has_its_letter(three: Codebook) -> None:
    report = full_report()
    course = report.courses[0]
    last = replace(course.points[1], scores={"soin": 0.1, "gestion": 0.9, "droit": 0.12})
    long = replace(course, points=(*[course.points[0]] * 6, last))
    section = lxml_html.document_fromstring(page(replace(report, courses=(long,)))).get_element_by_id("cours")
    assert len(section.xpath(".//svg[@class='course']/path")) == 4  # three lines and the rule at 0,5
    ends = section.xpath(".//span[@class='end']")
    assert [one.text for one in ends] == ["G", "D", "S"]  # from the highest
    tops = [float(re.findall(r"top:(\d+)%", one.get("style"))[0]) for one in ends]
    assert tops[0] == 10
    assert all(after - before >= 17 for before, after in pairwise(tops))  # letters do not overlap
    assert tops[-1] <= 100


def test_passages_can_be_chosen_by_pair(three: Codebook) -> None:
    root = rendered(three).root
    groups = root.xpath("//select[@id='f-relation']/optgroup")
    assert [one.get("label") for one in groups] == ["soin et gestion", "soin et droit", "gestion et droit"]
    assert [one.get("value") for one in groups[1]] == ["0-1", "1-1", "2-1"]
    assert [one.text for one in root.xpath("//select[@id='f-etiquette']/option")] == [
        "toutes", "soin", "gestion", "droit", "mixte", "neutre",
    ]  # fmt: skip


def test_a_passage_of_the_workbook_has_its_relations(three: Codebook) -> None:
    row = rows(rendered(three).sheets, "Passages")[0]
    assert row["relation"] == row["relation, soin et gestion"] == "opposition"
    assert row["relation, gestion et droit"] is None
    assert row["posture, gestion"] == "tue"
    assert row["score D (droit)"] == 0.07


# --- sentences ----------------------------------------------------------------------------------------


def with_whole(**changes: object) -> Report:
    report = full_report()
    whole = replace(group({}, 12, 324), **changes)
    return replace(report, documents=replace(report.documents, groups=(whole, *report.documents.groups[1:])))


def test_three_logics_are_told_with_their_articles(three: Codebook) -> None:
    told = summary(full_report())
    assert (
        "30\u00a0% (entre 25 et 35) ne portent que l’éthique du soin, 10\u00a0% (entre 5 et 15) que la gestion, "
        "10\u00a0% (entre 5 et 15) que le droit, 10\u00a0% (entre 5 et 15) en portent plusieurs à la fois, et "
        "40\u00a0% n’en portent aucune."
    ) in told
    assert "Des trois logiques prises seules, la plus présente est l’éthique du soin" in told
    assert "Là où des logiques se rencontrent" in summary(
        replace(full_report(), meetings={Relation.OPPOSITION: {"lieu": 20}})
    )


def test_a_logic_leads_only_apart_from_all_the_others(three: Codebook) -> None:
    def told(soin: Interval, gestion: Interval, droit: Interval) -> str:
        intervals = {**group({}, 12, 324).intervals, "soin": soin, "gestion": gestion, "droit": droit}
        return summary(with_whole(intervals=intervals))

    low, high = Interval(0.05, 0.15), Interval(0.3, 0.4)
    assert "la plus présente est le droit\u00a0: son intervalle est séparé de tous les autres" in told(low, low, high)
    assert "cela suffit à ne pas dire laquelle l’emporte" in told(high, low, Interval(0.4, 0.5))
    assert "l’une des trois logiques" in summary(with_whole(intervals=dict.fromkeys(full_intervals())))


def full_intervals() -> dict[str, Interval | None]:
    return dict(group({}, 12, 324).intervals)


def test_pairs_are_told_where_there_are_enough_of_them(three: Codebook) -> None:
    """20, 21 and 22 oppositions: 63 of them; three articulations are too few."""
    told = summary(with_whole(pairs=pairs_of(20, 1, 0)))
    assert "des 63 oppositions, le plus grand nombre est entre la gestion et le droit (22)" in told
    assert "articulations" not in told
    equal = {pair: {"opposition": 10, "articulation": 0, "juxtaposition": 0} for pair in three.pairs}
    assert (
        "entre l’éthique du soin et la gestion, entre l’éthique du soin et le droit et entre la gestion et le droit "
        "(10 chacune)"
    ) in summary(with_whole(pairs=equal))
    assert "chaque paire" not in summary(with_whole(pairs=pairs_of(5, 1, 0)))


def test_differences_and_words_take_the_names_of_the_codebook() -> None:
    with in_use(associations()):
        report = full_report()
        one = replace(report.comparisons["genre"].differences[0], measure="civique")
        both = replace(one, measure="marchande+")
        found = replace(report.comparisons["genre"], differences=(one, both))
        told = summary(replace(report, comparisons={"genre": found}))
        assert "la part des passages qui ne portent que la logique civique est plus élevée dans" in told
        assert "la part des passages qui portent la logique marchande est plus élevée dans" in told
        profile = report.vocabulary.profiles[0] if report.vocabulary else None
        assert profile is not None
        assert profile.part == "marchande"
        words = replace(profile, over=tuple(replace(profile.over[0], word=word) for word in ("prix", "client", "don")))
        vocabulary = replace(report.vocabulary, profiles=(words,), threshold=2.0)
        assert "passages qui ne portent que la logique marchande\u00a0: «\u00a0prix\u00a0»" in summary(
            replace(report, vocabulary=vocabulary)
        )


def test_data_of_the_page_is_json_of_this_codebook(three: Codebook) -> None:
    assert json.loads(json.dumps(passages_data(full_report())))["pairs"] == ["S et G", "S et D", "G et D"]
