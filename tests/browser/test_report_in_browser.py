"""The report in a real browser: filters, search, keyboard, print, themes, and not one request.

Debian's Chromium (`apt-get install chromium`) is driven through Playwright; nothing is downloaded.
"""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import pytest
from composed_report import full_report, in_use, of_logics

from tensions_cli.output.report.page import write_report_page
from tensions_cli.pipeline import Options
from tensions_cli.records import Relation
from tensions_cli.results import Report
from tensions_cli.studies.report import ReportRequest, compose
from tensions_cli.studies.tagged import tag_corpus

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")
CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
)
pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium: apt-get install chromium"),
]
DEMO = Path(__file__).parents[2] / "corpora" / "demo"
NBSP = "\u00a0"


@dataclass
class Opened:
    """A page with all that it said and asked for."""

    page: object
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def report() -> Report:
    options = Options(by=(), mask_under=0)
    return compose(tag_corpus([str(DEMO)], options), options, ReportRequest())


@pytest.fixture(scope="module")
def file(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("browser") / "rapport.html"
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        write_report_page(report, stream)
    return path


@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium, file: Path) -> Iterator[Opened]:
    yield from open_page(chromium, file)


@pytest.fixture
def page(opened: Opened):
    return opened.page


def open_page(chromium, file: Path, **settings: object) -> Iterator[Opened]:
    """A page that ends its test with nothing in the console and no request but its own."""
    context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **settings})
    own = file.as_uri()
    found = Opened(context.new_page())
    context.route("**/*", lambda route: route.continue_() if route.request.url == own else route.abort())
    found.page.on("request", lambda request: found.asked.append(request.url))
    found.page.on("console", lambda message: found.said.append(message.text))
    found.page.on("pageerror", lambda error: found.said.append(str(error)))
    found.page.goto(own)
    if context_runs_scripts(settings):
        found.page.wait_for_selector("html[data-ready]", state="attached")
    yield found
    assert found.said == []
    assert [url for url in found.asked if url != own and not url.startswith(("data:", "blob:"))] == []
    context.close()


def context_runs_scripts(settings: dict[str, object]) -> bool:
    return settings.get("java_script_enabled", True) is not False


def count(page) -> int:
    """Passages found, as the page tells them."""
    told = page.inner_text("#compte").replace(NBSP, "")
    return 0 if told.startswith("Aucun") else int(re.match(r"\d+", told)[0])


def choose(page, name: str, value: str) -> int:
    page.select_option(f"#f-{name}", value)
    return count(page)


# --- passages ----------------------------------------------------------------------------------------


def test_every_passage_is_there_and_slices_follow(page, report: Report) -> None:
    assert count(page) == len(report.passages)
    assert page.locator("#liste > li").count() == 50
    page.click("#suite")
    assert page.locator("#liste > li").count() == 100
    assert page.evaluate("document.activeElement === document.querySelectorAll('#liste article')[50]")
    page.click("#tout")
    assert page.locator("#liste > li").count() == len(report.passages)
    assert page.locator("#suite-bloc").is_hidden()


@pytest.mark.parametrize(("value", "label"), [("0", "rationalisation"), ("1", "professionnelle"), ("2", "mixte")])
def test_label_filter(page, report: Report, value: str, label: str) -> None:
    assert choose(page, "etiquette", value) == sum(one.tags.label == label for one in report.passages)
    assert set(page.locator("#liste .label").all_inner_texts()) == {label}


def test_relation_stance_axis_document_and_speaker_filters(page, report: Report) -> None:
    passages = report.passages
    tensions = [one for one in passages if one.tags.relation is Relation.OPPOSITION]
    assert choose(page, "relation", "0") == len(tensions)
    page.click("#effacer")
    contested = [one for one in passages if (one.tags.stance or {}).get("rationalisation") == "contestee"]
    assert choose(page, "posture", "0-1") == len(contested)
    page.click("#effacer")
    assert choose(page, "axe", "0") == sum("temps" in one.tags.axes for one in passages)
    assert choose(page, "axe", "0-1") == sum("professionnelle" in one.tags.axes.get("temps", ()) for one in passages)
    page.click("#effacer")
    document = passages[0].passage.document
    mine = [one for one in passages if one.passage.document == document]
    assert choose(page, "document", "0") == len(mine)
    speaker = page.locator("#f-locuteur option").nth(1).get_attribute("value")
    assert choose(page, "locuteur", speaker) == sum(one.passage.speaker == mine[0].passage.speaker for one in mine)


def test_group_filter(page, report: Report) -> None:
    value = page.locator("#f-groupe optgroup[label=genre] option", has_text="presse").get_attribute("value")
    expected = sum(one.passage.metadata.get("genre") == "presse" for one in report.passages)
    assert choose(page, "groupe", value) == expected > 0


def test_certain_only_and_filters_add_up(page, report: Report) -> None:
    page.check("#f-certain")
    certain = [one for one in report.passages if one.tags.certain]
    assert count(page) == len(certain) < len(report.passages)
    assert choose(page, "etiquette", "2") == sum(one.tags.label == "mixte" for one in certain)
    page.click("#effacer")
    assert count(page) == len(report.passages)
    assert page.evaluate("document.activeElement.id") == "f-texte"


def test_search_forgets_case_accents_and_apostrophes_and_marks_what_it_found(page, report: Report) -> None:
    expected = sum("équipe" in one.passage.text.lower() for one in report.passages)
    for typed in ("équipe", "EQUIPE", "l'équipe"[2:]):
        page.fill("#f-texte", typed)
        playwright.expect(page.locator("#liste > li")).to_have_count(min(50, expected))
        assert count(page) == expected > 0
    marked = page.locator("#liste mark").all_inner_texts()
    assert len(marked) >= expected
    page.fill("#f-texte", "xylophone à vapeur")
    playwright.expect(page.locator("#liste > li")).to_have_count(0)
    assert "Aucun passage" in page.inner_text("#compte")


def test_the_count_is_told_to_screen_readers(page) -> None:
    assert page.get_attribute("#compte", "aria-live") == "polite"
    assert page.get_attribute("#compte", "role") == "status"


def test_the_text_shown_is_the_passage_and_its_evidence_is_underlined(page, report: Report) -> None:
    page.select_option("#f-ordre", "textes")
    page.click("#tout")
    shown = page.locator("#liste blockquote").all_text_contents()
    assert shown == [f"«{NBSP}{one.passage.text.replace(chr(10), ' ')}{NBSP}»" for one in report.passages]
    for rank in (0, 40, 90):
        one = report.passages[rank]
        item = page.locator("#liste > li").nth(rank)
        for pole, mark in (("rationalisation", "em"), ("professionnelle", "ep")):
            spans = [span for span in one.tags.evidence if span.pole == pole]
            expected = "".join(one.passage.text[span.start : span.end] for span in spans)
            assert "".join(item.locator(f"blockquote .{mark}").all_text_contents()) == expected.replace("\n", " ")


def test_tensions_come_first_until_the_order_of_the_texts_is_asked_for(page, report: Report) -> None:
    page.click("#tout")
    tensions = [one for one in report.passages if one.tags.relation is Relation.OPPOSITION]
    others = [one for one in report.passages if one.tags.relation is not Relation.OPPOSITION]
    references = page.locator("#liste footer code").all_text_contents()
    assert [one.split(",")[0] for one in references] == [one.passage.id for one in (*tensions, *others)]
    page.select_option("#f-ordre", "textes")
    page.click("#tout")
    references = page.locator("#liste footer code").all_text_contents()
    assert [one.split(",")[0] for one in references] == [one.passage.id for one in report.passages]


def test_a_question_stands_once_over_its_answer(page, report: Report) -> None:
    page.select_option("#f-ordre", "textes")
    page.click("#tout")
    asked = [(one.passage.document, one.passage.context) for one in report.passages]
    expected = sum(one[1] is not None and one != before for before, one in pairwise([("", None), *asked]))
    assert page.locator("#liste .question").count() == expected < sum(one[1] is not None for one in asked)


def test_a_quoted_tension_leads_to_its_place(page, report: Report) -> None:
    link = page.locator("#resume a[data-passage]").nth(1)
    place = link.get_attribute("data-passage")
    link.click()
    assert place in page.evaluate("document.activeElement.getAttribute('aria-label')")


def test_underlines_differ_without_colour(page) -> None:
    page.click("#tout")
    solid = page.locator("#liste .em:not(.ep)").first.evaluate("e => getComputedStyle(e).textDecorationStyle")
    dotted = page.locator("#liste .ep:not(.em)").first.evaluate("e => getComputedStyle(e).borderBottomStyle")
    assert (solid, dotted) == ("solid", "dotted")


def test_a_reference_is_copied(chromium, file: Path, report: Report) -> None:
    for opened in open_page(chromium, file, permissions=["clipboard-read", "clipboard-write"]):
        opened.page.locator("#liste button").first.click()
        opened.page.wait_for_selector("text=Référence copiée")
        own = next(one.passage for one in report.passages if one.tags.relation is Relation.OPPOSITION)
        assert opened.page.evaluate("navigator.clipboard.readText()") == f"{own.id}, tour {own.turn}"


def test_figures_lead_to_the_passages(page, report: Report) -> None:
    link = page.locator("#parts a[data-document]").nth(2)
    name = link.get_attribute("data-document")
    link.click()
    assert count(page) == sum(one.passage.document == name for one in report.passages)
    assert page.locator("#titre-passages").evaluate("e => document.activeElement === e")
    curve = page.locator("svg.course").nth(1)  # the first texts are long enough for one
    box = curve.bounding_box()
    curve.click(position={"x": box["width"] * 0.9, "y": box["height"] / 2})
    name = report.courses[1].document
    mine = [one for one in report.passages if one.passage.document == name]
    assert count(page) == len(mine)
    places = page.evaluate("document.activeElement.getAttribute('aria-label')")
    start = int(re.search(r"#(\d+)-", places)[1])
    assert start >= mine[len(mine) // 2].passage.start  # nine tenths of the way, not the beginning


# --- without a mouse, without a script ---------------------------------------------------------------


def test_the_first_tab_skips_to_the_content(page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "contenu"


def test_the_keyboard_reaches_and_works_everything(page, report: Report) -> None:
    seen = []
    for _ in range(400):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
        if seen[-1] == "f-certain":
            break
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline not in ("none", ""), seen[-1]
    for name in ("theme", "f-texte", "f-etiquette", "f-relation", "f-posture", "f-axe", "f-document", "f-certain"):
        assert name in seen
    page.keyboard.press("Space")
    assert count(page) == sum(one.tags.certain for one in report.passages)


def test_without_a_script_a_sentence_says_what_to_do(chromium, file: Path) -> None:
    for opened in open_page(chromium, file, java_script_enabled=False):
        text = opened.page.inner_text("main")
        assert "--format md" in text
        assert opened.page.locator("#filtres").is_hidden()
        assert opened.page.locator("#theme").is_hidden()
        assert opened.page.locator("svg.chart").first.is_visible()


# --- what it looks like ------------------------------------------------------------------------------

CONTRASTS = """() => {
  const luminance = (c) => {
    const [r, g, b] = c.map((v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const rgb = (s) => (s.match(/[\\d.]+/g) ?? []).map(Number);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = rgb(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c.slice(0, 3);
    }
    return rgb(getComputedStyle(document.documentElement).backgroundColor).slice(0, 3);
  };
  const bad = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || e.closest("script, style, template, noscript, .unseen, .skip")) continue;
    if (!e.checkVisibility()) continue;
    const svg = e.closest("svg");
    const front = rgb(getComputedStyle(e)[svg ? "fill" : "color"]).slice(0, 3);
    if (svg && /--(on-|paper)/.test(e.getAttribute("fill"))) continue;  // on a bar, looked at below
    const [a, b] = [luminance(front), luminance(behind(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) bad.push([e.tagName, e.className, walker.currentNode.data.trim().slice(0, 30), ratio.toFixed(2)]);
  }
  return bad;
}"""
ON_BARS = """(pairs) => {
  const probe = document.createElement("i");
  document.body.append(probe);
  const value = (name) => {
    probe.style.color = `var(${name})`;
    const [r, g, b] = getComputedStyle(probe).color.match(/[\\d.]+/g).map((v) => {
      v = Number(v) / 255;
      return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratios = pairs.map(([one, two]) => {
    const [a, b] = [value(one), value(two)];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  });
  probe.remove();
  return ratios;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_is_enough_in_both_themes(chromium, file: Path, scheme: str) -> None:
    for opened in open_page(chromium, file, color_scheme=scheme):
        opened.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert opened.page.evaluate(CONTRASTS) == []
        texts = [("--on-m", "--m"), ("--on-p", "--p"), ("--on-neutral", "--neutral"), ("--paper", "--accent")]
        assert min(opened.page.evaluate(ON_BARS, texts)) >= 4.5
        shapes = [("--m", "--paper"), ("--p", "--paper"), ("--accent", "--paper"), ("--line", "--paper")]
        assert min(opened.page.evaluate(ON_BARS, shapes)) >= 3  # WCAG 1.4.11


def test_the_theme_follows_the_system_then_the_reader(chromium, file: Path) -> None:
    for opened in open_page(chromium, file, color_scheme="dark"):
        paper = "getComputedStyle(document.documentElement).backgroundColor"
        dark = opened.page.evaluate(paper)
        opened.page.click("#theme")
        light = opened.page.evaluate(paper)
        opened.page.click("#theme")
        assert opened.page.evaluate(paper) == dark != light == "rgb(255, 255, 255)"
        assert opened.page.evaluate("localStorage.length + document.cookie.length") == 0


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_overflows(chromium, file: Path, width: int) -> None:
    for opened in open_page(chromium, file, viewport={"width": width, "height": 900}):
        assert opened.page.evaluate("document.documentElement.scrollWidth") == width


def test_names_of_rows_stay_in_sight_on_a_phone(chromium, file: Path) -> None:
    for opened in open_page(chromium, file, viewport={"width": 390, "height": 900}):
        region = opened.page.locator("#parts .scroll:has(table.wide)").last
        region.evaluate("one => { one.scrollLeft = 400; }")
        assert region.evaluate("one => one.scrollLeft") > 100
        edge = region.bounding_box()["x"]
        assert region.locator("tbody th").first.bounding_box()["x"] == pytest.approx(edge, abs=1)
        assert region.locator("caption").bounding_box()["x"] == pytest.approx(edge, abs=1)


def test_on_paper(chromium, file: Path) -> None:
    for opened in open_page(chromium, file, color_scheme="dark"):
        page = opened.page
        page.emulate_media(media="print", color_scheme="dark")
        assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
        for hidden in ("nav", "#filtres", "#theme", ".passage button", "#suite-bloc"):
            assert page.locator(hidden).first.is_hidden(), hidden
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.locator("details:not([open])").count() == 0
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.locator("details[open]").count() == 0
        assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


def test_the_page_is_light_and_its_parts_are_in_order(page, file: Path) -> None:
    assert file.stat().st_size < 400_000  # 12 documents; 300 of them hold in 5 MB (benchmarks)
    tops = [
        page.locator(f"#{one}").bounding_box()["y"]
        for one in ("resume", "parts", "cours", "axes", "passages", "modele")
    ]
    assert all(before < after for before, after in pairwise(tops))


# --- three logics ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of three logics: two tensions of the first two, one passage of the three."""
    path = tmp_path_factory.mktemp("browser") / "trois.html"
    with in_use(of_logics(3)) as book, path.open("w", encoding="utf-8", newline="\n") as stream:
        report = full_report()
        one = report.passages[0]
        names = (Relation.ARTICULATION, Relation.OPPOSITION, Relation.JUXTAPOSITION)
        tags = replace(
            one.tags,
            logics=book.poles,
            stance={"droit": "tue"},
            axes={"lieu": ("droit",)},
            relations=dict(zip(book.pairs, names, strict=True)),
        )
        course = replace(report.courses[0], points=report.courses[0].points * 4)
        write_report_page(
            replace(report, passages=(*report.passages, replace(one, tags=tags)), courses=(course,)), stream
        )
    return path


def test_three_logics_are_filtered_by_pair_stance_and_axis(chromium, three: Path) -> None:
    for opened in open_page(chromium, three):
        page = opened.page
        assert count(page) == 3
        assert choose(page, "relation", "0") == 3  # the strongest relation of each is an opposition
        assert choose(page, "relation", "0-0") == 2
        assert choose(page, "relation", "0-1") == 1
        assert "opposition (tension)\u00a0: S et D" in page.inner_text("#liste")
        assert "articulation\u00a0: S et G" in page.inner_text("#liste")
        assert "D\u00a0tue" in page.inner_text("#liste")
        page.click("#effacer")
        assert choose(page, "posture", "2-2") == 1
        page.click("#effacer")
        assert choose(page, "axe", "4") == choose(page, "axe", "4-2") == 1
        assert choose(page, "axe", "4-0") == 0
        assert choose(page, "etiquette", "3") == 0
        page.click("#effacer")
        assert choose(page, "etiquette", "3") == 3  # mixte, after the three logics


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_three_logics_can_be_read_in_both_themes_and_on_a_phone(chromium, three: Path, scheme: str) -> None:
    for opened in open_page(chromium, three, color_scheme=scheme, viewport={"width": 390, "height": 900}):
        opened.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert opened.page.evaluate(CONTRASTS) == []
        assert opened.page.evaluate("document.documentElement.scrollWidth") == 390
        box = opened.page.locator(".lines").first.bounding_box()
        for end in opened.page.locator(".lines").first.locator(".end").all():
            mine = end.bounding_box()
            assert box["y"] - 8 <= mine["y"] <= mine["y"] + mine["height"] <= box["y"] + box["height"] + 8
