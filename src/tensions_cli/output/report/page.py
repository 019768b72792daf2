"""The report as one HTML page: no network, no date, printable, usable by keyboard, light and dark.

The page is made from templates (`templates/`), a style sheet and a script that stand in it. Passages travel as data,
compressed: for 300 documents and a million words, 14,487 of them take 2.0 MB (the whole page 2.7) where static HTML
would take 17 MB. The browser unpacks them in a second, filters them and shows them slice by slice; without a script, a
sentence says what to type instead.
"""

import base64
import gzip
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TextIO

from tensions_cli.knowledge.codebook import codebook
from tensions_cli.output import french
from tensions_cli.output.french import NBSP
from tensions_cli.output.palette import in_bars
from tensions_cli.output.report import charts, guide
from tensions_cli.output.report.words_of_summary import methods_of, summary_in_words, value_name
from tensions_cli.records import MIN_BEARING, NEUTRE, Group, Interval, Relation, Role, TaggedPassage
from tensions_cli.results import CharacteristicWord, Course, Difference, Estimate, Report, Vocabulary

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

# Longer tables are folded: a reader opens them. Forty rows are a screen and a half.
MOST_OPEN_ROWS = 40
MOST_DOCUMENTS = 1000  # rows of a table of documents: 0.7 MB; more (records of a csv) are for a workbook
MOST_WORDS = 12  # shown for each part; the table under them has the others
MOST_DIFFERENCES = 30  # rows of a forest that still fit a page of print
LEAST_COURSE = 6  # points of a curve: fewer, and its slopes are those of single passages
MOST_EXAMPLES = 2  # quoted at the top; the others are among the passages, tensions first
LEAST_SCALE = 3.0  # one chance in a thousand: a smaller specificity never fills its bar


def write_report_page(report: Report, stream: TextIO) -> None:
    """The whole page. Same report, same bytes."""
    stream.write(_environment().get_template("page.html.j2").render(**_view(report)))


def _view(report: Report) -> dict[str, Any]:
    script, book = _asset("report.js"), codebook()
    whole, *documents = report.documents.groups
    return {
        "report": report,
        "title": guide.title(report),
        "examples": report.documents.examples[:MOST_EXAMPLES] if report.verbatim else (),
        "card": _card(report.card),
        "least_course": LEAST_COURSE,
        "long_courses": [course for course in report.courses if len(course.points) >= LEAST_COURSE],
        "style": _ours(_style()),
        "script": _ours(script),
        "script_hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        "data": _ours(packed(report) if report.verbatim else ""),
        "whole": whole,
        "document_groups": documents,
        "sections": _sections(report),
        "summary": summary_in_words(report),
        "topics": guide.last_topics(report),
        "read": guide.first_topics(report),
        "evaluation": report.figures.get("evaluation"),
        "axes": list(french.axis_titles().items()),
        "met_on": [
            one for one in french.axis_titles().items() if any(n.get(one[0], 0) for n in report.meetings.values())
        ],
        "met_as": [relation.value for relation in RELATIONS if any(report.meetings.get(relation, {}).values())],
        "poles": book.poles,
        "said": book.said,
        "letters": book.letters,
        "labels": book.labels,
        "bars": in_bars(),
        "paints": charts.paints(),
        "shades": charts.shades(),
        "dashes": dict(zip(book.poles, DASHES, strict=False)),
        "by_pair": book.by_pair,
        "pairs": book.pairs if book.by_pair else {},
        "pair_groups": _pair_groups(report),
        "what_meets": guide.what_meets(),
        "grid": guide.grid(report),
        "rules": guide.RULES,
        "underlined": underlined(),
        "stances": book.stances,
        "stance_names": tuple(book.stance_meanings),
        "stance_groups": _stance_groups(report),
        "min_bearing": MIN_BEARING,
        "relations": [relation.value for relation in RELATIONS],
        "measures": _measures(report),
        "has_meetings": any(n for counts in report.meetings.values() for n in counts.values()),
        "most_open_rows": MOST_OPEN_ROWS,
        "most_documents": MOST_DOCUMENTS,
        "most_words": MOST_WORDS,
        "counts_of": {g.by["document"]: (g.passages, g.relations.get(Relation.OPPOSITION, 0)) for g in documents},
        "bringers": _bringers(report.courses),
        "exchanges": _exchanges(report),
        "draw": {
            "shares": partial(_shares_figure, report),
            "axes": lambda: _ours(charts.axes_chart(whole.axes)),
            "meetings": lambda: _ours(charts.meetings_chart(report.meetings, list(french.axis_titles()))),
            "pairs": lambda: _ours(charts.pairs_chart(whole.pairs)),
            "forest": _forest,
            "trend": lambda: _ours(charts.trend_chart(report.trend, _measures(report)) if report.trend else ""),
            "factors": lambda found: _ours(charts.factors_chart(found)),
        },
    }


def _asset(name: str) -> str:
    return files("tensions_cli.output.report").joinpath(name).read_text(encoding="utf-8")


def _style() -> str:
    """The style sheet; with more than two logics, the colours and signs of the others too."""
    return _asset("report.css") + (_asset("more_logics.css") if codebook().by_pair else "")


def _environment() -> "Environment":
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    templates = files("tensions_cli.output.report").joinpath("templates")
    environment = Environment(
        loader=FunctionLoader(lambda name: templates.joinpath(name).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    environment.filters.update(FILTERS)
    return environment


def _visible(value: Any) -> Any:
    """Control characters of a name could hide what a page says: each shows as a mark. Markup of ours is as it is."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return "".join(c if c.isprintable() or c in "\n\u00a0\u202f" else "\ufffd" for c in value)


# --- figures and numbers -----------------------------------------------------------------------------


def _ours(markup: str) -> "Markup":
    """Markup of ours, as it is: drawings (`charts` escapes the names in them), style, script, base64."""
    from markupsafe import Markup

    return Markup(markup)  # noqa: S704


def _shares_figure(report: Report, field: str | None) -> "Markup":
    whole = report.documents.groups[0]
    groups = report.fields[field][1:] if field is not None else ()
    first = report.fields[field][0] if field is not None else whole
    rows = [(guide.group_name(group, field), group) for group in (first, *groups)]
    return _ours(charts.shares_chart(rows))


def _forest(field: str, differences: Sequence[Difference]) -> "Markup":
    shown = [one for one in differences if one.difference.interval is not None][:MOST_DIFFERENCES]
    titled = [(difference_title(field, one), one) for one in shown]
    return _ours(charts.forest_chart(titled) if titled else "")


def difference_title(field: str, one: Difference) -> str:
    """« tension : entretien, contre presse », « tension : presse » where it is against all the others."""
    measure = guide.measure_title(one.measure)
    if one.is_against_others:
        return f"{measure}{NBSP}: {value_name(field, one.second)}"
    names = (value_name(field, one.first), value_name(field, one.second))
    return f"{measure}{NBSP}: {names[1]}, contre {names[0]}"


def _measures(report: Report) -> list[tuple[str, str]]:
    """Measures of the trend that have something to show, with their titles."""
    if report.trend is None:
        return []
    known = dict.fromkeys(measure for period in report.trend.periods for measure in period.smoothed)
    return [(measure, guide.measure_title(measure)) for measure in known if measure != NEUTRE]


def _sections(report: Report) -> list[tuple[str, str]]:
    """Anchor (and template) and title of the chapters that have something to show, in reading order."""
    told = report.documents.groups[0].masked is None
    compared = any(found.differences for found in report.comparisons.values())
    words = report.vocabulary or any(found.vocabulary for found in report.comparisons.values())
    chapters = [
        ("resume", "En bref", True),
        ("parts", f"Parts des {'' if codebook().by_pair else 'deux '}logiques", told),
        ("cours", "Au fil des textes", bool(report.courses)),
        ("axes", "Sur quoi portent les logiques", told and bool(codebook().axes)),
        ("rencontres", "Où elles se rencontrent", told),
        ("ecarts", "Écarts entre groupes", compared),
        ("temps", "Dans le temps", report.trend is not None),
        ("mots", "Mots caractéristiques", bool(words)),
        ("correspondances", "Analyse des correspondances", bool(report.factors)),
        ("corrigees", "Parts corrigées", report.corrections is not None),
        ("passages", "Passages", report.verbatim),
        ("methodes", "Méthodes et limites", True),
        ("modele", "Le modèle", True),
    ]
    return [(anchor, title) for anchor, title, present in chapters if present]


def _stance_groups(report: Report) -> list[Group]:
    """The whole, then the groups that bear one logic often enough to say how."""
    whole = report.documents.groups[0]
    groups = (group for groups in report.fields.values() for group in groups[1:])
    enough = [
        group for group in groups if group.stance and any(sum(n.values()) >= MIN_BEARING for n in group.stance.values())
    ]
    return [whole, *enough]


def _pair_groups(report: Report) -> list[Group]:
    """The whole, then the groups that are shown and have passages of several logics."""
    groups = (group for groups in report.fields.values() for group in groups[1:])
    shown = [group for group in groups if not group.masked and any(map(_total, group.pairs.values()))]
    return [report.documents.groups[0], *shown] if codebook().by_pair else []


def _total(counts: Mapping[str, int]) -> int:
    return sum(counts.values())


def bar(group: Group, length: int = 100, height: int = 10) -> "Markup":
    """The shares of a row as one bar, small by default, in the order of every other figure."""
    parts, x = [], 0.0
    for label, paint in charts.paints().items():
        width = length * (group.shares[label] or 0.0)
        if width:
            parts.append(f'<rect x="{x:.1f}" width="{width:.1f}" height="{height}" fill="{paint}"/>')
        x += width
    inside = "".join(parts)
    box = f"0 0 {length} {height}"
    return _ours(f'<svg class="bar" viewBox="{box}" preserveAspectRatio="none" aria-hidden="true">{inside}</svg>')


def most_specific(vocabulary: Vocabulary) -> float:
    """Where the bar of a word is full: the largest specificity of the vocabulary, LEAST_SCALE at least."""
    return max((word.specificity for profile in vocabulary.profiles for word in profile.over), default=0.0)


def gauge(value: float, paint: str, most: float) -> "Markup":
    """A bar of one specificity."""
    width = 100 * abs(value) / max(most, LEAST_SCALE)
    return _ours(
        '<svg class="gauge" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect width="{width:.1f}" height="10" fill="{paint}"/></svg>'
    )


def quoted(one: TaggedPassage) -> "Markup":
    """A passage with the words that weighed most underlined, as `report.js` shows it."""
    from markupsafe import escape

    text, spans = one.passage.text, one.tags.evidence
    underlines = {pole: f"e{shade}" for pole, shade in charts.shades().items()}
    edges = sorted({0, len(text), *(end for span in spans for end in (span.start, span.end))})
    parts = []
    for start, end in pairwise(edges):
        words = escape(_visible(text[start:end]))
        poles = {span.pole for span in spans if span.start <= start and end <= span.end}
        marks = " ".join(mark for pole, mark in underlines.items() if pole in poles)
        marks = SEVERAL if codebook().by_pair and len(poles) > 1 else marks
        parts.append(f'<span class="{marks}">{words}</span>' if marks else str(words))
    return _ours("".join(parts))


def underlined() -> list[tuple[str, str, str]]:
    """How the words of each logic are underlined: class, what it looks like, for what; then those of several."""
    book = codebook()
    marks = [(f"e{shade}", LOOKS[shade], f"pour {book.said[pole]}") for pole, shade in charts.shades().items()]
    return [*marks, (SEVERAL, "trait double", "pour plusieurs")] if book.by_pair else marks


# Underlines of the style sheets, told apart without colour, by the letter of the logic's colour; SEVERAL: two lines
# one over the other are enough for two logics only.
LOOKS = {"m": "trait plein", "p": "pointillé", "q": "ondulé", "r": "tirets", "s": "trait épais", "t": "tirets épais"}
SEVERAL = "several"
# Lines of a course, by rank; the first two as in report.css.
DASHES = ("", "5 3.5", "1.5 3", "9 3 2 3", "12 4", "3 2")


def reference(one: TaggedPassage) -> str:
    """« E1#120-260, tour 4 », the reference that the page copies."""
    return f"{one.passage.id}, tour {one.passage.turn}" if one.passage.turn else one.passage.id


def _card(card: str) -> "Markup":
    """The model's card as markup of ours: no HTML, link or image of its own; its titles come under the chapter's."""
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    reader.disable(["html_block", "html_inline", "image", "link", "autolink", "reference"])
    tokens = reader.parse(_visible(card))
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 2)}"
        elif token.type == "th_open":
            token.attrSet("scope", "col")
    region = f'<div class="scroll" tabindex="0" role="region" aria-label="Tableau{NBSP}: fiche du modèle"><table>'
    rendered = str(reader.renderer.render(tokens, reader.options, {}))
    return _ours(rendered.replace("<table>", region).replace("</table>", "</table></div>"))


def curve(course: Course) -> "Markup":
    """The scores along a text: a few hundred bytes, since a report has one for each of its documents.

    More than two lines have the letter of their logic at their end.
    """

    def line(pole: str) -> str:
        points = (f"{100 * point.position:.0f} {60 - 60 * point.scores[pole]:.0f}" for point in course.points)
        return "M" + "L".join(points)

    lines = "".join(f'<path class="{shade}" d="{line(pole)}"/>' for pole, shade in charts.shades().items())
    drawing = (
        '<svg class="course" viewBox="0 0 100 60" preserveAspectRatio="none" aria-hidden="true">'
        f'<path class="half" d="M0 30H100"/>{lines}</svg>'
    )
    return _ours(f'<div class="lines">{drawing}{_ends(course)}</div>' if codebook().by_pair else drawing)


def _ends(course: Course) -> str:
    """The letter of each line beside its last point, moved down or up where it would cover another's."""
    from markupsafe import escape

    book = codebook()
    last = course.points[-1].scores
    ordered = sorted(book.poles, key=lambda pole: -last[pole])
    places: list[float] = []
    for rank, pole in enumerate(ordered):
        lowest = 100 - LETTER * (len(ordered) - 1 - rank)
        places.append(min(max(100 * (1 - last[pole]), places[-1] + LETTER if places else 0.0), lowest))
    shades = charts.shades()
    return "".join(
        f'<span class="end" style="top:{place:.0f}%;color:var(--{shades[pole]})" aria-hidden="true">'
        f"{escape(book.letters[pole])}</span>"
        for place, pole in zip(places, ordered, strict=True)
    )


LETTER = 18.0  # height of a letter, in hundredths of a course


def share(value: float | None, interval: Interval | None, method: str) -> "Markup | str":
    """« 12 % [9–16] », « 8 % trop peu », « – »."""
    from markupsafe import Markup, escape

    if value is None:
        return "–"
    told = french.bounds(interval, method)
    return Markup('{}<span class="bounds"> {}</span>').format(escape(french.percent(value)), told)


def estimate(value: Estimate) -> "Markup | str":
    """A share of `Estimate` with its interval."""
    return share(value.value, value.interval, value.method)


def slope(value: Estimate) -> str:
    """« +1,2 [+0,3 ; +2,1] », in points a period."""
    if value.value is None or value.interval is None:
        return french.TOO_FEW if value.interval is None else "–"
    low, high = (french.decimal(100 * end, 1) for end in (value.interval.low, value.interval.high))
    return f"{french.decimal(100 * value.value, 1)} [{low}{NBSP}; {high}]"


def thirds(course: Course, pole: str) -> list[float]:
    """Mean score of a logic over the beginning, the middle and the end of a text: the curve in three numbers."""
    places = [min(2, int(3 * point.position)) for point in course.points]
    found = []
    for third in range(3):
        inside = [point.scores[pole] for point, place in zip(course.points, places, strict=True) if place == third]
        found.append(sum(inside) / len(inside) if inside else 0.0)
    return found


def shares_line(shares: Mapping[str, float | None]) -> str:
    """« 20 / 17 / 15 / 48 », in the order of the bars."""
    order = (shares[label] for label in in_bars())
    return " / ".join("–" if value is None else f"{100 * value:.0f}" for value in order)


def stance_share(counts: Mapping[str, int], name: str) -> str:
    """Share of a stance among the passages that bear the logic; « trop peu » under MIN_BEARING."""
    n = sum(counts.values())
    return french.percent(counts[name] / n) if n >= MIN_BEARING else french.TOO_FEW


def decimal(number: float | None, places: int = 2) -> str:
    """A number without a sign of its own, with a decimal comma."""
    return "–" if number is None else f"{number:.{places}f}".replace(".", ",").replace("-", "−")


def p_value(number: float | None) -> str:
    """« 0,012 », « < 0,001 »."""
    return "–" if number is None else f"<{NBSP}0,001" if number < 0.001 else decimal(number, 3)


def small_words(words: Iterable[CharacteristicWord], count: int) -> list[CharacteristicWord]:
    """The first words of a list."""
    return list(words)[:count]


FILTERS: Mapping[str, Callable[..., Any]] = {
    "integer": french.integer,
    "percent": french.percent,
    "signed": french.decimal,
    "plural": french.plural,
    "decimal": decimal,
    "p_value": p_value,
    "share": share,
    "estimate": estimate,
    "bar": bar,
    "gauge": gauge,
    "curve": curve,
    "quoted": quoted,
    "reference": reference,
    "shares_line": shares_line,
    "slope": slope,
    "thirds": thirds,
    "nb": lambda mark: f"{NBSP}{mark}",
    "factor_points": guide.factor_points,
    "stance_share": stance_share,
    "field_title": guide.field_title,
    "group_name": guide.group_name,
    "most_specific": most_specific,
    "measure_title": guide.measure_title,
    "axis_title": lambda axis: french.axis_titles().get(axis, axis),
    "axis_pole": guide.axis_pole,
    "stance_title": french.stance_title,
    "pair_title": guide.pair_title,
    "bare_name": guide.bare_name,
    "in_number": guide.in_number,
    "total": _total,
    "role_title": lambda role: french.ROLE_TITLES[Role(role) if role else None],
    "difference_title": difference_title,
    "expected": lambda differences, field: (
        french.BY_ROLE if french.is_question_against_answer((field,), differences) else ""
    ),
    "points": charts.points_of,
    "methods_of": methods_of,
    "small_words": small_words,
    "value_name": lambda value, field: value_name(field, value),
}


def _bringers(courses: Iterable[Course]) -> list[tuple[str, dict[str, dict[str, int]], int]]:
    """By role, over all documents: passages bearing each logic, brought, taken up; and passages."""
    sums: dict[str, dict[str, dict[str, int]]] = {}
    passages: dict[str, int] = {}
    for course in courses:
        for one in course.bringers:
            role = one.role or ""
            passages[role] = passages.get(role, 0) + one.passages
            mine = sums.setdefault(role, {kind: dict.fromkeys(codebook().poles, 0) for kind in KINDS})
            for kind in KINDS:
                for pole, n in getattr(one, kind).items():
                    mine[kind][pole] += n
    return [(role, sums[role], passages[role]) for role in sorted(sums, reverse=True)]


KINDS = ("bearing", "brought", "taken_up")


def _exchanges(report: Report) -> list[tuple[str, str, int]]:
    """Turns that answer with the other logic, counted by what they go from and to."""
    counts: dict[tuple[str, str], int] = {}
    for course in report.courses:
        for reply in course.replies:
            key = (reply.from_pole, reply.to_pole)
            counts[key] = counts.get(key, 0) + 1
    return [(*key, counts[key]) for key in sorted(counts)]


# --- passages as data --------------------------------------------------------------------------------


def packed(report: Report) -> str:
    """The passages and their names: JSON, gzip without a date, base64. `report.js` reads this and nothing else."""
    text = json.dumps(passages_data(report), ensure_ascii=False, separators=(",", ":"))
    zipped = gzip.compress(text.encode("utf-8", "replace"), compresslevel=9, mtime=0)
    return base64.b64encode(zipped).decode("ascii")


def passages_data(report: Report) -> dict[str, Any]:
    """Passages in the order of the texts; names and questions stand once, rows refer to them by rank.

    Offsets count UTF-16 units, as a browser does. A group that is masked is no filter. A row has as many stances, axes
    and scores as there are logics; with more than two of them, relations by pair stand before its text.
    """
    book = codebook()
    shown = {field: _shown_values(groups) for field, groups in report.fields.items()}
    documents, voices, questions = _Ranks(), _Ranks(), _Ranks()
    rows = [
        _row(one, documents, voices, questions, [_filed_under(one, field, shown[field]) for field in shown])
        for one in report.passages
    ]
    return {
        "documents": documents.values,
        "voices": voices.values,
        "questions": questions.values,
        "fields": [
            [guide.field_title(field), [value_name(field, value) for value in values]]
            for field, values in shown.items()
        ],
        "axes": list(french.axis_titles().values()),
        "stances": [french.stance_title(name) for name in book.stance_meanings],
        "steps": {
            course.document: [_start(point.passage) for point in course.points]
            for course in report.courses
            if len(course.points) > 1
        },
        "poles": list(book.poles),
        "letters": list(book.letters.values()),
        "labels": list(book.labels),
        "paints": [charts.paints()[label] for label in book.labels],
        "marks": [f"e{shade}" for shade in charts.shades().values()],
        "pairs": [guide.pair_letters(pair) for pair in book.pairs] if book.by_pair else [],
        "rows": rows,
    }


RELATIONS = tuple(Relation)


class _Ranks:
    """Values in order of first use, each with its rank."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._rank: dict[Any, int] = {}

    def of(self, value: Any) -> int:
        key = json.dumps(value)
        if key not in self._rank:
            self._rank[key] = len(self.values)
            self.values.append(value)
        return self._rank[key]


def _shown_values(groups: Sequence[Group]) -> list[str]:
    return [value for group in groups if not group.masked for value in group.by.values()]


def _filed_under(one: TaggedPassage, field: str, values: Sequence[str]) -> int:
    """Rank of the group that the passage is filed under, -1 for a masked one."""
    passage = one.passage
    value = passage.role.value if field == "role" and passage.role else passage.metadata.get(field, "")
    return values.index(value) if value in values else -1


def _row(one: TaggedPassage, documents: "_Ranks", voices: "_Ranks", questions: "_Ranks", filed: list[int]) -> list[Any]:
    passage, tags = one.passage, one.tags
    book = codebook()
    poles, names = book.poles, tuple(book.stance_meanings)
    document = documents.of(passage.document)
    who = "enquêteur" if passage.role is Role.INTERVIEWER else passage.speaker
    voice = voices.of([document, who, *filed])
    stances = [names.index(tags.stance[pole]) if tags.stance and pole in tags.stance else -1 for pole in poles]
    masks = [
        sum(1 << rank for rank, axis in enumerate(french.axis_titles()) if pole in tags.axes.get(axis, ()))
        for pole in poles
    ]
    place = _utf16_places(passage.text)
    evidence = [
        number
        for span in tags.evidence
        for number in (place(span.start), place(span.end), poles.index(span.pole), _axis_rank(span.axis))
    ]
    return [
        voice,
        passage.start,
        passage.end,
        passage.turn or 0,
        book.labels.index(tags.label),
        _relation_rank(tags.relation),
        *stances,
        *masks,
        *(round(100 * tags.scores[pole]) for pole in poles),
        int(tags.certain) + 2 * int(passage.counted) + 4 * int(tags.coded_by != "model"),
        questions.of(passage.context) if passage.context else -1,
        evidence,
        *([[_relation_rank(tags.relations.get(pair)) for pair in book.pairs]] if book.by_pair else []),
        passage.text,
    ]


def _relation_rank(relation: Relation | None) -> int:
    return RELATIONS.index(relation) if relation else -1


def _axis_rank(axis: str | None) -> int:
    names = list(french.axis_titles())
    return names.index(axis) if axis in names else -1


def _utf16_places(text: str) -> Callable[[int], int]:
    """From code points to UTF-16 units; most texts have no character that takes two."""
    if text.isascii() or max(text, default="") <= "\uffff":
        return lambda place: place
    return lambda place: place + sum(1 for c in text[:place] if c > "\uffff")


def _start(passage: str) -> int:
    """Offset of a passage in its document, from its id."""
    return int(passage.rpartition("#")[2].partition("-")[0])
