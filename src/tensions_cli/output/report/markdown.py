"""The report as Markdown for a repository (GitHub's flavour): tables with one row a line, so that a diff reads well.

Whatever comes from texts or from names is escaped: none of it can become a table cell, a link, a heading or HTML.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TextIO, TypeVar

from tensions_cli.knowledge.codebook import codebook
from tensions_cli.output import french
from tensions_cli.output.course import HEIGHTS
from tensions_cli.output.french import NBSP
from tensions_cli.output.report import guide
from tensions_cli.output.report.words_of_summary import summary_in_words
from tensions_cli.records import Group, Relation, TaggedPassage
from tensions_cli.results import CharacteristicWord, Corrections, Course, Estimate, Report, Vocabulary

Number = TypeVar("Number")

MOST_QUOTES = 10
METHOD = "intervalle"


def _poles() -> tuple[str, ...]:
    """« rationalisation (M) »: headers of the logics."""
    return tuple(map(escaped, map(guide.bare_name, codebook().poles)))


def _short() -> tuple[str, ...]:
    """Headers of the measures: whole words would make tables wider than a screen."""
    book = codebook()
    return tuple(escaped(book.letters.get(measure, measure)) for measure in book.measures)


def _legend() -> str:
    book = codebook()
    alone = f"{NBSP}; ".join(
        f"{escaped(logic.letter)}{NBSP}: {'' if rank else 'passages qui ne portent '}que {escaped(logic.said)}"
        for rank, logic in enumerate(book.logics)
    )
    return (
        f"{alone}{NBSP}; mixte{NBSP}: {'deux logiques ou plus' if book.by_pair else 'les deux'}{NBSP}; tension{NBSP}: "
        f"mixte en opposition. Parts des passages comptés, intervalle à 95{NBSP}% entre crochets."
    )


# Markdown's own signs get a backslash. A backslash becomes a reference, since `\\|` in a table would be read from the
# right; so do the signs that open a formula, a reference or an address on GitHub.
_SIGNS = {ord(sign): f"\\{sign}" for sign in "*_`#<>[]|~"} | {ord(sign): f"&#{ord(sign)};" for sign in "\\$&@"}
# A bare address becomes a link by itself.
_LINKS = re.compile(r"(?i)(?<=http):|(?<=https):|(?<=ftp):|(?<=mailto):|(?<=xmpp):|(?<=www)\.")
# At the beginning of a line: an item of a list, the underline of a heading, a rule.
_OPENING = re.compile(r"^(\d*)(?=[-+=.)])")
_BLANKS = re.compile("[\t\n\x0b\x0c\r\x1c-\x1e\x85\u2028\u2029 ]+")  # not no-break spaces


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, what must be said before its table, the table (cells ready), what must be said after.

    Numbers stand on the right of their columns: all but the first `texts`, and how an interval was made.
    """

    title: str
    before: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    texts: int = 1
    after: tuple[str, ...] = ()


def write_report_markdown(report: Report, stream: TextIO) -> None:
    """Title, what was read, tables, tensions to read when texts may be shown, then how to read, limits and model.

    Same bytes for the same report. No passage unless `report.verbatim`, and then ten at most.
    """
    stream.write(f"# {escaped(guide.title(report))}\n")
    _write_topics(guide.first_topics(report), "##", stream)
    stream.write("\n## En bref\n")
    for sentence in summary_in_words(report):
        stream.write(f"\n{escaped(sentence.text)}\n")
    for section in _sections(report):
        _write_section(section, stream)
    if report.verbatim and report.documents.examples:
        _write_quotes(report.documents.examples[:MOST_QUOTES], stream)
    stream.write("\n## Pour lire ce rapport\n")
    _write_topics(guide.last_topics(report), "###", stream)


def escaped(text: str) -> str:
    """Text of somebody else inside a line of Markdown: shown as it is, on one line."""
    shown = french.printable(_BLANKS.sub(" ", text).strip()).translate(_SIGNS)
    shown = _LINKS.sub(lambda found: f"&#{ord(found[0])};", shown)
    return _OPENING.sub(r"\1\\", shown)


def _write_section(section: Section, stream: TextIO) -> None:
    stream.write(f"\n## {section.title}\n")
    for paragraph in section.before:
        stream.write(f"\n{paragraph}\n")
    if section.rows:
        marks = [
            "---" if rank < section.texts or name == METHOD else "---:" for rank, name in enumerate(section.header)
        ]
        stream.write(f"\n{_row(section.header)}{_row(marks)}")
        stream.writelines(_row(row) for row in section.rows)
    for paragraph in section.after:
        stream.write(f"\n{paragraph}\n")


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _sections(report: Report) -> Iterator[Section]:
    """Those that have something to show, in reading order."""
    found = (
        replace(_shares("Les logiques par document", "document", report.documents.groups, report), before=(_legend(),)),
        *_by_field(report),
        _stances(report),
        _axes(report),
        _pairs(report),
        _differences(report),
        *_time(report),
        *(_words(report.vocabulary) if report.vocabulary else ()),
        *_factors(report),
        _courses(report),
        _bringers(report),
        *_corrections(report.corrections),
        _cuttings(report),
    )
    yield from (section for section in found if section.rows or section.before)


# --- shares ------------------------------------------------------------------------------------------


def _by_field(report: Report) -> Iterator[Section]:
    for field, groups in report.fields.items():
        name = escaped(guide.field_title(field))
        yield _shares(f"Les logiques par {name}", name, groups, report, field)


def _shares(title: str, name: str, groups: Sequence[Group], report: Report, chapter: str | None = None) -> Section:
    balance = () if codebook().by_pair else ("balance",)
    header = (name, METHOD, "documents", "passages", "mots", *_short(), *balance)
    rows = tuple((escaped(guide.group_name(group, chapter)), *_share_cells(group, report)) for group in groups)
    return Section(title, header=header, rows=rows)


def _share_cells(group: Group, report: Report) -> tuple[str, ...]:
    """The method first: what is masked, or too small, is seen before the numbers."""
    method = escaped(guide.group_method(group, report))
    book = codebook()
    if group.masked:
        return (method, *("",) * (len(book.measures) + (3 if book.by_pair else 4)))
    shares = {**group.shares, "tension": group.tension_share}
    return (
        method,
        french.integer(group.documents),
        french.integer(group.passages),
        french.integer(group.words),
        *(_share(shares[measure], group, measure) for measure in book.measures),
        *(() if book.by_pair else (french.decimal(group.balance),)),
    )


def _share(share: float | None, group: Group, measure: str) -> str:
    """« 31 % [24–38] »; without an interval, the last column says why."""
    interval = group.intervals[measure]
    told = french.percent(share)
    return told if interval is None else f"{told}{NBSP}{french.bounds(interval, group.method).translate(_SIGNS)}"


def _stances(report: Report) -> Section:
    groups, poles = _every_group(report), codebook().poles
    rows = tuple(
        (escaped(guide.group_name(group)), *(escaped(french.stances((group.stance or {}).get(p, {}))) for p in poles))
        for group in groups
        if group.stance is not None and not group.masked
    )
    return Section("Qui défend, qui conteste", header=("groupe", *_poles()), rows=rows, texts=1 + len(poles))


def _every_group(report: Report) -> list[Group]:
    """The whole corpus, then the groups of each field."""
    return [report.documents.groups[0], *(g for groups in report.fields.values() for g in groups if g.by)]


def _axes(report: Report) -> Section:
    whole = report.documents.groups[0]
    titles = french.axis_titles()
    rows = tuple(
        (
            escaped(titles.get(axis, axis)),
            *(_of(poles.get(pole, 0), whole.passages) for pole in codebook().poles),
            *(french.integer(report.meetings.get(Relation(name), {}).get(axis, 0)) for name in codebook().relations),
        )
        for axis, poles in whole.axes.items()
        if any(poles.values())
    )
    return Section(
        "Sur quoi portent les logiques",
        (f"Part des passages comptés, et nombre de passages mixtes où {guide.what_meets()} se rencontrent sur l’axe"
         f"{NBSP}; à titre indicatif.",) if rows else (),
        ("axe", *_poles(), *codebook().relations),
        rows,
    )  # fmt: skip


def _pairs(report: Report) -> Section:
    """Passages of every two logics by relation; nothing with two logics, whose relations stand elsewhere."""
    rows = tuple(
        (
            escaped(guide.pair_title(pair)),
            escaped(guide.group_name(group)),
            french.integer(sum(counts.values())),
            *map(french.integer, counts.values()),
        )
        for group in _every_group(report)
        for pair, counts in ({} if group.masked else group.pairs).items()
        if any(counts.values())
    )
    said = (
        f"Passages qui portent les deux logiques de la paire, avec une troisième ou non{NBSP}; un passage de trois "
        "logiques compte dans ses trois paires."
    )
    header = ("paire", "groupe", "passages", *codebook().relations)
    return Section("Relations par paire de logiques", (said,) if rows else (), header, rows, texts=2)


def _of(count: int, base: int) -> str:
    """« 12 % (39) »."""
    return f"{french.percent(count / base if base else None)} ({french.integer(count)})"


# --- differences and time ----------------------------------------------------------------------------


def _differences(report: Report) -> Section:
    rows = tuple(
        (
            escaped(guide.field_title(field)),
            guide.measure_title(one.measure),
            escaped(guide.value_name(field, one.second)),
            escaped(guide.value_name(field, one.first)),
            _pair(one.clusters, french.integer),
            _pair(one.passages, french.integer),
            _pair(one.shares, french.percent),
            _points(one.difference),
            french.decimal(one.effect),
            _p(one.p_adjusted),
            guide.interval_method(one.difference.method),
        )
        for field, comparison in report.comparisons.items()
        for one in comparison.differences
    )
    header = ("champ", "mesure", "groupe", "comparé à", "documents", "passages", "parts", "écart en points", "h",
              "p ajusté", METHOD)  # fmt: skip
    said = (
        "Documents, passages et parts du groupe, puis de celui auquel il est comparé\u00a0; écart\u00a0: le groupe "
        "moins celui auquel il est comparé."
    )
    by_role = any(
        french.is_question_against_answer((field,), comparison.differences)
        for field, comparison in report.comparisons.items()
    )
    after = (f"Par rôle, enquêteur et enquêté. {french.BY_ROLE}",) if by_role else ()
    return Section("Écarts entre groupes", (said,) if rows else (), header, rows, texts=4, after=after)


def _pair(values: tuple[Number, Number], told: Callable[[Number], str]) -> str:
    """Of the group, then of the one it is compared with."""
    return f"{told(values[1])} / {told(values[0])}"


def _points(estimate: Estimate) -> str:
    """« +12 [+3 ; +21] » in percentage points."""
    if estimate.value is None:
        return "–"
    if estimate.interval is None:
        return _point(estimate.value)
    low, high = _point(estimate.interval.low), _point(estimate.interval.high)
    return f"{_point(estimate.value)}{NBSP}\\[{low}{NBSP};{NBSP}{high}\\]"


def _point(value: float) -> str:
    return french.decimal(round(100 * value) + 0.0, 0)


def _p(value: float | None) -> str:
    if value is None:
        return "–"
    return "\\< 0,001" if value < 0.001 else f"{value:.3f}".replace(".", ",")


def _time(report: Report) -> Iterator[Section]:
    trend = report.trend
    if trend is None:
        return
    measures = [name for name in codebook().measures if any(name in period.smoothed for period in trend.periods)]
    rows = tuple(
        (
            escaped(period.name),
            french.integer(period.documents),
            french.integer(period.passages),
            *(_estimate(period.smoothed[name]) if name in period.smoothed else "–" for name in measures),
        )
        for period in trend.periods
    )
    slopes = tuple(
        f"{guide.measure_title(name)} {_points(slope)}" for name, slope in trend.slopes.items() if slope.interval
    )
    after = (f"Changement par période, en points{NBSP}: {f'{NBSP}; '.join(slopes)}.",) if slopes else ()
    before = ("Parts lissées\u00a0: chaque période tient compte de ses voisines.",)
    yield Section("Dans le temps", before, ("période", "documents", "passages", *measures), rows, after=after)


def _estimate(estimate: Estimate) -> str:
    told = french.percent(estimate.value)
    if estimate.interval is None:
        return f"{told} ({guide.interval_method(estimate.method)})" if estimate.method.startswith("none") else told
    return f"{told}{NBSP}{french.bounds(estimate.interval, estimate.method).translate(_SIGNS)}"


# --- words and factors -------------------------------------------------------------------------------


def _words(vocabulary: Vocabulary) -> Iterator[Section]:
    header = ("mot", "sens", "f", "F", "attendu", "spécificité", "z", "documents", "locuteurs nommés",
              "part du premier")  # fmt: skip
    for profile in vocabulary.profiles:
        rows = tuple((escaped(word.word), sense, *_word_cells(word)) for sense, word in guide.profile_words(profile))
        said = f"{french.plural(profile.words, 'mot')}, {french.plural(profile.documents, 'document')}."
        yield Section(f"Mots caractéristiques{NBSP}: {escaped(profile.part)}", (said,), header, rows, texts=2)


def _word_cells(word: CharacteristicWord) -> tuple[str, ...]:
    return (
        french.integer(word.count),
        french.integer(word.total),
        f"{word.expected:.1f}".replace(".", ","),
        french.decimal(word.specificity, 1),
        french.decimal(word.z, 1),
        french.integer(word.documents),
        french.integer(word.speakers) if word.speakers else "",
        french.percent(word.largest_share) if word.largest_share else "",
    )


def _factors(report: Report) -> Iterator[Section]:
    for found in report.factors:
        axes = range(min(2, len(found.inertia)))
        header = ("point", "nom", "passages", *(f"{what} {rank + 1}" for rank in axes for what in ("F", "ctr", "cos²")))
        rows = tuple(
            (
                kind,
                escaped(name),
                french.integer(point.count),
                *(
                    cell
                    for rank in axes
                    for cell in (
                        french.decimal(point.coordinates[rank]),
                        french.percent(point.contributions[rank]) if rank < len(point.contributions) else "–",
                        f"{point.cos2[rank]:.2f}".replace(".", ","),
                    )
                ),
            )
            for kind, name, point in guide.factor_points(found)
        )
        title = f"Correspondances, logiques × {escaped(guide.field_title(found.variable))}"
        yield Section(title, header=header, rows=rows, texts=2)


# --- where logics meet -------------------------------------------------------------------------------


def _courses(report: Report) -> Section:
    rows = tuple(
        (
            escaped(course.document),
            *(f"`{_spark(course, pole)}`" for pole in codebook().poles),
            *(french.integer(course.mixed.get(Relation(name), 0)) for name in codebook().relations),
            french.integer(len(course.replies)),
        )
        for course in report.courses
        if course.points
    )
    legend = (
        f"Score moyen de chaque logique du début à la fin du texte, de {HEIGHTS[0][0]} (0) à {HEIGHTS[0][-1]} (1)"
        f"{NBSP}; passages mixtes par relation{NBSP}; réponses d’une logique à l’autre."
    )
    header = ("document", *_poles(), *codebook().relations, "réponses")
    texts = 1 + len(codebook().poles)
    return Section("Où les logiques se rencontrent", (legend,) if rows else (), header, rows, texts=texts)


def _spark(course: Course, pole: str) -> str:
    heights = HEIGHTS[0]
    scores = (point.scores[pole] for point in course.points)
    return "".join(heights[min(int(score * len(heights)), len(heights) - 1)] for score in scores)


def _bringers(report: Report) -> Section:
    rows = tuple(
        (
            escaped(course.document),
            escaped(bringer.speaker),
            french.integer(bringer.passages),
            *(
                french.integer(counts.get(pole, 0))
                for pole in codebook().poles
                for counts in (bringer.bearing, bringer.brought, bringer.taken_up)
            ),
        )
        for course in report.courses
        for bringer in course.bringers
    )
    said = (
        "Passages qui portent chaque logique\u00a0; «\u00a0apporte\u00a0», aucun des passages juste avant ne la portait"
        "\u00a0; «\u00a0reprend\u00a0», l’un d’eux la portait. Les questions ne comptent dans aucune part."
    )
    letters = map(escaped, codebook().letters.values())
    counts_of = (f"{letter}{what}" for letter in letters for what in ("", " apporte", " reprend"))
    header = ("document", "qui", "passages", *counts_of)
    return Section("Qui apporte quelle logique", (said,) if rows else (), header, rows, texts=2)


# --- corrected shares --------------------------------------------------------------------------------


def _corrections(found: Corrections | None) -> Iterator[Section]:
    header = ("part", "brute", "corrigée (PPI)", "Rogan-Gladen", "sensibilité", "spécificité")
    for group in found.groups if found else ():
        names = " × ".join(guide.value_name(field, value) for field, value in group.by.items()) or "tout le corpus"
        passages = french.plural(group.gold, "passage codé", "passages codés")
        gold = f"{passages} dans {french.plural(group.gold_documents, 'document')}."
        said = gold if group.reason is None else f"Pas de correction{NBSP}: {guide.why_uncorrected(group.reason)}."
        cells = [french.corrected_cells(share, weighted=bool(found and found.weighted)) for share in group.shares]
        rows = tuple(tuple(map(escaped, row)) for row in cells)
        yield Section(f"Parts corrigées des erreurs du modèle{NBSP}: {escaped(names)}", (said,), header, rows)


def _cuttings(report: Report) -> Section:
    rows = tuple(tuple(french.cutting_cells(cutting)) for cutting in report.documents.cuttings)
    header = ("mots visés", "passages", "mots par passage", *_short())
    return Section("Les mêmes parts, à d’autres longueurs de passages", header=header, rows=rows)


# --- back to the text, and how to read ---------------------------------------------------------------


def _write_quotes(examples: Sequence[TaggedPassage], stream: TextIO) -> None:
    stream.write("\n## Tensions proposées, à relire\n")
    for one in examples:
        stream.write(f"\n> {escaped(one.passage.text)}\n>\n> — {escaped(french.place(one.passage))}\n")


def _write_topics(topics: Iterable[guide.Topic], level: str, stream: TextIO) -> None:
    for name, lines in topics:
        stream.write(f"\n{level} {name}\n\n")
        stream.writelines(f"- {escaped(line)}\n" for line in lines)
