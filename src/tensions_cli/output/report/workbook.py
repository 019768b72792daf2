"""The report as an Excel workbook: one table a sheet, a header to filter and sort by, real numbers.

Every table is long (one thing a row, its field and group in columns of their own), so that it can be sorted, filtered
and pivoted. What must be known to read them stands on the first sheet.
"""

import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from tensions_cli.knowledge.codebook import codebook
from tensions_cli.output import french
from tensions_cli.output.french import NBSP
from tensions_cli.output.palette import shade
from tensions_cli.output.report import guide
from tensions_cli.output.report.words_of_summary import summary_in_words
from tensions_cli.output.sheets import changes, check_rows, fit, new_workbook
from tensions_cli.records import MIN_BEARING, Group, Interval, Relation, TaggedPassage
from tensions_cli.results import CorrectedShare, Estimate, FactorPoint, Report

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

Cell = str | int | float | None
Row = Sequence[Cell]

# Number formats by kind of column. Excel shows the separators of the reader's own language; what stands between
# quotes is shown as it is, hence the % outside them, which is what makes 0,31 read 31,0 %.
FORMATS = {
    "text": "@",
    "long": "@",  # wrapped
    "count": "#,##0",
    "share": f'0.0"{NBSP}"%',
    "change": f'+0.0"{NBSP}"%;"−"0.0"{NBSP}"%;0.0"{NBSP}"%',
    "decimal": '0.00;"−"0.00',
    "signed": '+0.00;"−"0.00;0.00',
    "p": '[<0.001]"< 0,001";0.000',
}
# A share shades its cell, from white at 0 % to the colour of its label at 100 %: light enough under the digits. Not
# bars: without an extension that other readers warn of, Excel draws 0 % as a tenth of the cell.
_TENSION = "#F0B7A4"
_INK, _PAPER, _RULE = "#1F2A44", "#E8EBF2", "#B7BECC"
_A4 = 9
_GUIDE_WIDTHS = (26, 120)


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its French header, its width in characters, its kind (FORMATS), the measure that shades it."""

    header: str
    width: int = 12
    kind: str = "count"
    shade: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet: name (31 characters at most, Excel's limit), what a row is, columns, rows, columns that stay in view.

    `without`: why the sheet is absent when there is no row.
    """

    name: str
    row: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    frozen: int
    without: str


def write_report_workbook(report: Report, stream: BinaryIO) -> None:
    """One sheet a table, « Lisez-moi » first and passages last; a table without rows is left out, and said so.

    Same bytes for the same report; no author, no date, no formula. Raises TensionsError when passages are more than
    the rows of a sheet.
    """
    check_rows(len(report.passages), hint="retirez --all-passages, ou choisissez tensions tag -f csv")
    tables = [table(report) for table in TABLES if table is not _pairs or codebook().by_pair]
    packed = io.BytesIO()  # a zip that cannot be finished, on a full disk, complains when it is forgotten
    book = new_workbook(packed)
    changed: Counter[str] = Counter()
    first = book.add_worksheet("Lisez-moi")  # first in the book, written last: it says what the others had to change
    formats = {kind: _format(book, kind) for kind in FORMATS}
    for table in tables:
        if table.rows:
            _write_table(book, table, formats, changed)
    _write_guide(book, first, report, tables, changed)
    book.close()
    stream.write(packed.getbuffer())


def _format(book: "Workbook", kind: str) -> "Format":
    wrapped = {"text_wrap": True} if kind == "long" else {}
    return book.add_format({"num_format": FORMATS[kind], "valign": "top", **wrapped})


def _write_table(book: "Workbook", table: Table, formats: Mapping[str, "Format"], changed: Counter[str]) -> None:
    sheet = book.add_worksheet(table.name)
    head = book.add_format(
        {
            "bold": True,
            "text_wrap": True,
            "valign": "top",
            "num_format": "@",
            "font_color": _INK,
            "bg_color": _PAPER,
            "bottom": 1,
            "bottom_color": _RULE,
        }
    )
    last = len(table.rows)
    for at, column in enumerate(table.columns):
        # Room for the longest word of the header and the button of the filter.
        width = max(column.width, max(map(len, column.header.split())) + 4)
        sheet.set_column(at, at, width, formats[column.kind])
        sheet.write_string(0, at, fit(column.header, changed), head)
        if column.shade:
            sheet.conditional_format(1, at, last, at, _shade(column.shade))
    for rank, row in enumerate(table.rows, start=1):
        for at, (column, value) in enumerate(zip(table.columns, row, strict=True)):
            _write_cell(sheet, rank, at, value, formats[column.kind], changed)
    sheet.freeze_panes(1, table.frozen)
    sheet.autofilter(0, 0, last, len(table.columns) - 1)
    _print_setup(sheet, landscape=True)
    sheet.repeat_rows(0)


def _write_cell(sheet: "Worksheet", row: int, column: int, value: Cell, shape: "Format", changed: Counter[str]) -> None:
    """Numbers as numbers, texts as texts: never `write`, which takes `=1+1` for a formula and `http` for a link."""
    if isinstance(value, str):
        if value:
            sheet.write_string(row, column, fit(value, changed), shape)
    elif value is not None:
        sheet.write_number(row, column, value, shape)


def _shade(measure: str) -> dict[str, str | int]:
    """From 0 to 100 %, whatever the other cells hold."""
    return {
        "type": "2_color_scale",
        "min_type": "num",
        "min_value": 0,
        "min_color": "#FFFFFF",
        "max_type": "num",
        "max_value": 1,
        "max_color": _TENSION if measure == "tension" else shade(measure).cell,
    }


def _print_setup(sheet: "Worksheet", *, landscape: bool) -> None:
    sheet.set_paper(_A4)
    if landscape:
        sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L&A&R&P / &N")


# --- first sheet -------------------------------------------------------------------------------------


def _write_guide(
    book: "Workbook", sheet: "Worksheet", report: Report, tables: Sequence[Table], changed: Counter[str]
) -> None:
    big = book.add_format({"bold": True, "font_size": 16, "font_color": _INK, "num_format": "@"})
    head = book.add_format({"bold": True, "valign": "top", "text_wrap": True, "num_format": "@", "font_color": _INK})
    body = book.add_format({"valign": "top", "text_wrap": True, "num_format": "@"})
    for at, width in enumerate(_GUIDE_WIDTHS):
        sheet.set_column(at, at, width)
    sheet.write_string(0, 0, fit(guide.title(report), changed), big)
    row = 2
    for name, lines in _guide_topics(report, tables, changed):
        for rank, line in enumerate(lines):
            sheet.write_string(row, 0, "" if rank else name, head)
            sheet.write_string(row, 1, fit(line, changed), body)
            row += 1
        row += 1
    sheet.hide_gridlines(2)
    _print_setup(sheet, landscape=False)


def _guide_topics(report: Report, tables: Sequence[Table], changed: Counter[str]) -> Iterator[guide.Topic]:
    yield from guide.first_topics(report)
    yield "En bref", tuple(sentence.text for sentence in summary_in_words(report))
    there = [f"{table.name}{NBSP}: {table.row}." for table in tables if table.rows]
    absent = [f"{table.name}{NBSP}: feuille absente, {table.without}." for table in tables if not table.rows]
    yield "Feuilles", (*there, *absent, *changes(changed))
    yield from guide.last_topics(report)


# --- shares ------------------------------------------------------------------------------------------

_COUNTS = (
    Column("documents"),
    Column("personnes"),
    Column("locuteurs nommés"),
    Column("passages comptés"),
    Column("mots comptés"),
)
_METHOD = Column("intervalle", 33, "text")


def _share_columns() -> tuple[Column, ...]:
    """In the order of `_share_cells`, from the method on."""
    book = codebook()
    return (
        _METHOD,
        *(
            column
            for measure in book.measures
            for column in (
                Column(measure, 18, "share", shade=measure),
                Column(f"{measure}, bas", 17, "share"),
                Column(f"{measure}, haut", 17, "share"),
            )
        ),
        *(() if book.by_pair else (Column("balance", 10, "signed"),)),
        *(Column(relation, 13) for relation in book.relations),
        *(Column(f"{label}, en mots", 17, "share") for label in book.labels),
        *(Column(f"{measure}, moyenne des documents", 17, "share") for measure in book.measures),
        Column("passages certains", 11),
        *(Column(f"{label}, sans les incertains", 17, "share") for label in book.labels),
    )


def _bounds(interval: Interval | None) -> tuple[float | None, float | None]:
    return (None, None) if interval is None else (interval.low, interval.high)


def _estimate(estimate: Estimate) -> tuple[Cell, Cell, Cell]:
    return (estimate.value, *_bounds(estimate.interval))


def _share_cells(group: Group, report: Report) -> list[Cell]:
    """Counts, method, shares with their bounds, and the rest; a masked group has its method only."""
    method = guide.group_method(group, report)
    book = codebook()
    if group.masked:
        return [*[None] * len(_COUNTS), method, *[None] * (len(_share_columns()) - 1)]
    shares = {**group.shares, "tension": group.tension_share}
    cells: list[Cell] = [group.documents, group.persons, group.speakers or None, group.passages, group.words, method]
    for measure in book.measures:
        cells += [shares[measure], *_bounds(group.intervals[measure])]
    cells += [] if book.by_pair else [group.balance]
    cells += [group.relations[relation] for relation in book.relations]
    cells += [group.shares_by_words[label] for label in book.labels]
    cells += [group.shares_by_document.get(measure) for measure in book.measures]
    return [*cells, group.certain, *(group.shares_certain[label] for label in book.labels)]


def _documents(report: Report) -> Table:
    """What was read of each document, then its shares."""
    groups = {group.by["document"]: group for group in report.documents.groups if group.by}
    read = (Column("document", 30, "text"), Column("format", 9, "text"), Column("mots lus"), Column("passages lus"))
    rows = []
    for document in report.documents.documents:
        group = groups.get(document.id)
        known: list[Cell] = [document.format, document.words, document.passages]
        shares = _share_cells(group, report) if group else [None] * (len(_COUNTS) + len(_share_columns()))
        # What was read of a masked document could tell which it is. Its count of documents is one, hence left out.
        rows.append([document.id, *([None] * len(known) if group and group.masked else known), *shares[1:]])
    columns = (*read, *_COUNTS[1:], *_share_columns())
    return Table("Documents", "un document par ligne", columns, tuple(rows), 1, "aucun document n’a été lu")


def _every_group(report: Report) -> Iterator[tuple[str, Group]]:
    """The whole corpus once, then the groups of each field."""
    yield "(corpus)", report.documents.groups[0]
    for field, groups in report.fields.items():
        yield from ((guide.field_title(field), group) for group in groups if group.by)


def _groups(report: Report) -> Table:
    rows = [[field, guide.group_name(group), *_share_cells(group, report)] for field, group in _every_group(report)]
    columns = (Column("champ", 16, "text"), Column("groupe", 30, "text"), *_COUNTS, *_share_columns())
    return Table("Groupes", "un groupe par ligne, le corpus entier d’abord", columns, tuple(rows), 2, "rien de compté")


def _stances(report: Report) -> Table:
    rows: list[Row] = []
    for field, group in _every_group(report):
        if not group.masked:
            rows += [[field, guide.group_name(group), *cells] for cells in _stance_cells(group)]
    columns = (
        Column("champ", 16, "text"),
        Column("groupe", 30, "text"),
        Column("logique", 18, "text"),
        Column("posture", 14, "text"),
        Column("passages"),
        Column("passages porteurs", 12),
        Column("part", 12, "share"),
        Column("bas", 12, "share"),
        Column("haut", 12, "share"),
        Column("remarque", 14, "text"),
    )
    return Table(
        "Postures",
        "une posture envers une logique, dans un groupe",
        columns,
        tuple(rows),
        2,
        "le modèle ne code pas la posture",
    )


def _stance_cells(group: Group) -> Iterator[list[Cell]]:
    for pole, counts in (group.stance or {}).items():
        n = sum(counts.values())
        for stance, count in counts.items():
            enough = n >= MIN_BEARING
            share = round(count / n, 4) if enough else None
            bounds = _bounds(group.stance_intervals.get(pole, {}).get(stance) if enough else None)
            yield [pole, french.stance_title(stance), count, n, share, *bounds, "" if enough else french.TOO_FEW]


def _axes(report: Report) -> Table:
    rows: list[Row] = []
    for field, group in _every_group(report):
        name = guide.group_name(group)
        if group.masked:
            continue
        for axis, poles in group.axes.items():
            for pole, count in poles.items():
                share = round(count / group.passages, 4) if group.passages else None
                rows.append([field, name, french.axis_titles()[axis], pole, count, group.passages, share])
    columns = (
        Column("champ", 16, "text"),
        Column("groupe", 30, "text"),
        Column("axe", 14, "text"),
        Column("logique", 18, "text"),
        Column("passages"),
        Column("passages comptés", 12),
        Column("part", 12, "share"),
    )
    return Table("Axes", "un axe, du côté d’une logique, dans un groupe", columns, tuple(rows), 2, "rien de compté")


def _axis_pairs(report: Report) -> Table:
    titles = french.axis_titles()
    rows = [
        [
            titles.get(pair.first, pair.first),
            titles.get(pair.second, pair.second),
            pair.together,
            pair.only_first,
            pair.only_second,
            pair.neither,
            pair.expected,
            pair.lift,
        ]
        for pair in report.axis_pairs
    ]
    columns = (
        Column("axe", 14, "text"),
        Column("autre axe", 14, "text"),
        Column("ensemble"),
        Column("le premier seul"),
        Column("le second seul"),
        Column("ni l’un ni l’autre"),
        Column("attendu", 12, "decimal"),
        Column("rapport", 12, "decimal"),
    )
    return Table(
        "Axes ensemble",
        "deux axes, et les passages où ils sont ensemble",
        columns,
        tuple(rows),
        2,
        "pas assez de passages avec des axes",
    )


# --- differences -------------------------------------------------------------------------------------


def _differences(report: Report) -> Table:
    rows = [
        [
            guide.field_title(field),
            guide.measure_title(one.measure),
            guide.value_name(field, one.second),
            guide.value_name(field, one.first),
            *one.clusters[::-1],
            *one.passages[::-1],
            *one.shares[::-1],
            *_estimate(one.difference),
            guide.interval_method(one.difference.method),
            one.effect,
            one.p,
            one.p_adjusted,
        ]
        for field, comparison in report.comparisons.items()
        for one in comparison.differences
    ]
    columns = (
        Column("champ", 16, "text"),
        Column("mesure", 18, "text"),
        Column("groupe", 22, "text"),
        Column("comparé à", 22, "text"),
        Column("documents du groupe", 12),
        Column("documents, comparé à", 12),
        Column("passages du groupe", 11),
        Column("passages, comparé à", 11),
        Column("part du groupe", 12, "share"),
        Column("part, comparé à", 12, "share"),
        Column("écart en points (le groupe moins celui auquel il est comparé)", 20, "change"),
        Column("écart, bas", 12, "change"),
        Column("écart, haut", 12, "change"),
        Column("intervalle", 33, "text"),
        Column("h de Cohen", 10, "signed"),
        Column("p", 10, "p"),
        Column("p ajusté (Holm)", 10, "p"),
    )
    return Table(
        "Écarts",
        "une part comparée entre deux groupes",
        columns,
        tuple(rows),
        4,
        "il faut au moins deux groupes d’un même champ, assez grands pour n’être pas masqués",
    )


def _time(report: Report) -> Table:
    trend = report.trend
    rows = [
        [
            period.name,
            guide.measure_title(measure),
            period.documents,
            period.passages,
            period.shares.get(measure),
            *_estimate(smoothed),
            guide.interval_method(smoothed.method),
        ]
        for period in (trend.periods if trend else ())
        for measure, smoothed in period.smoothed.items()
    ]
    columns = (
        Column("période", 14, "text"),
        Column("mesure", 18, "text"),
        Column("documents"),
        Column("passages"),
        Column("part", 12, "share"),
        Column("part lissée", 12, "share"),
        Column("lissée, bas", 12, "share"),
        Column("lissée, haut", 12, "share"),
        Column("intervalle", 33, "text"),
    )
    return Table("Temps", "une part pendant une période", columns, tuple(rows), 2, _UNDATED)


def _slopes(report: Report) -> Table:
    slopes = report.trend.slopes if report.trend else {}
    rows = [
        [guide.measure_title(measure), *_estimate(slope), guide.interval_method(slope.method)]
        for measure, slope in slopes.items()
    ]
    columns = (
        Column("mesure", 18, "text"),
        Column("changement en points par période", 16, "change"),
        Column("bas", 12, "change"),
        Column("haut", 12, "change"),
        Column("intervalle", 33, "text"),
    )
    return Table("Pentes", "le changement d’une part d’une période à la suivante", columns, tuple(rows), 1, _UNDATED)


_UNDATED = "il n’y a pas assez de dates lisibles, ou de personnes par période"

# --- words and factors -------------------------------------------------------------------------------


def _words(report: Report) -> Table:
    vocabulary = report.vocabulary
    rows: list[Row] = [
        [
            profile.part,
            sense,
            word.word,
            word.count,
            word.total,
            word.expected,
            word.specificity,
            word.z,
            word.log_odds,
            word.documents,
            word.speakers or None,
            word.largest_share or None,
            word.part,
            word.words,
        ]
        for profile in (vocabulary.profiles if vocabulary else ())
        for sense, word in guide.profile_words(profile)
    ]
    columns = (
        Column("partie", 18, "text"),
        Column("sens", 22, "text"),
        Column("mot", 26, "text"),
        Column("f (dans la partie)", 11),
        Column("F (parties comparées)", 11),
        Column("attendu", 10, "decimal"),
        Column("spécificité", 12, "signed"),
        Column("z", 10, "signed"),
        Column("log-cotes", 10, "signed"),
        Column("documents"),
        Column("locuteurs nommés"),
        Column("part du premier document", 14, "share"),
        Column("mots de la partie", 12),
        Column("mots du corpus", 12),
    )
    return Table(
        "Mots", "un mot ou une expression dans une partie", columns, tuple(rows), 3, "aucun mot n’est caractéristique"
    )


def _factors(report: Report) -> Table:
    deepest = max((len(found.inertia) for found in report.factors), default=0)
    rows: list[Row] = [
        [
            guide.field_title(found.variable),
            kind,
            name,
            point.count,
            point.mass or None,
            *_factor(point, deepest),
        ]
        for found in report.factors
        for kind, name, point in guide.factor_points(found)
    ]
    columns = (
        Column("champ", 16, "text"),
        Column("point", 20, "text"),
        Column("nom", 30, "text"),
        Column("passages"),
        Column("masse", 10, "share"),
        *(
            column
            for rank in range(1, deepest + 1)
            for column in (
                Column(f"facteur {rank}, coordonnée", 12, "signed"),
                Column(f"facteur {rank}, contribution", 12, "share"),
                Column(f"facteur {rank}, cos²", 10, "decimal"),
            )
        ),
    )
    return Table(
        "AFC",
        "un point de l’analyse des correspondances",
        columns,
        tuple(rows),
        3,
        "il faut un champ d’au moins deux groupes non masqués, et assez de passages",
    )


def _factor(point: FactorPoint, deepest: int) -> Iterator[float | None]:
    for rank in range(deepest):
        for values in (point.coordinates, point.contributions, point.cos2):
            yield values[rank] if rank < len(values) else None


# --- where logics meet -------------------------------------------------------------------------------


def _meetings(report: Report) -> Table:
    """Passages by relation and axis; one passage counts on each of its axes, so the relation's own count stands by."""
    whole = {Relation(name): count for name, count in report.documents.groups[0].relations.items()}
    found = [("(corpus)", report.meetings, whole)]
    found += [(course.document, course.meetings, dict(course.mixed)) for course in report.courses]
    rows: list[Row] = [
        [document, relation.value, axis, count, counts[relation]]
        for document, meetings, counts in found
        for relation in counts
        for axis, count in _axis_counts(meetings.get(relation, {}))
        if counts[relation]
    ]
    columns = (
        Column("document", 30, "text"),
        Column("relation", 16, "text"),
        Column("axe", 16, "text"),
        Column("passages mixtes sur cet axe", 14),
        Column("passages mixtes de cette relation", 16),
    )
    return Table(
        "Rencontres",
        f"une relation entre {guide.what_meets()}, sur un axe, dans un document\u00a0; un passage compte sur chacun de "
        "ses axes",
        columns,
        tuple(rows),
        1,
        "aucun passage n’est mixte",
    )


def _pairs(report: Report) -> Table:
    """Passages of every two logics by relation; a passage of three logics counts in its three pairs."""
    rows: list[Row] = [
        [field, guide.group_name(group), guide.pair_title(pair), relation, count, sum(counts.values())]
        for field, group in _every_group(report)
        for pair, counts in ({} if group.masked else group.pairs).items()
        for relation, count in counts.items()
    ]
    columns = (
        Column("champ", 16, "text"),
        Column("groupe", 30, "text"),
        Column("paire de logiques", 34, "text"),
        Column("relation", 16, "text"),
        Column("passages", 12),
        Column("passages de cette paire", 14),
    )
    return Table(
        "Relations par paire",
        "une relation entre deux logiques, dans un groupe\u00a0; un passage compte dans chacune de ses paires",
        columns,
        tuple(rows),
        2,
        "aucun passage n’est mixte",
    )


def _axis_counts(axes: Mapping[str, int]) -> list[tuple[str, int | None]]:
    titles = french.axis_titles()
    return [(titles.get(axis, axis), count) for axis, count in axes.items() if count] or [("(sans axe)", None)]


def _without_courses(report: Report, why: str) -> str:
    """Why nothing is told of each document."""
    return "les documents sont masqués" if all(group.masked for group in report.documents.groups[1:]) else why


def _bringers(report: Report) -> Table:
    poles = codebook().poles
    rows: list[Row] = [
        [
            course.document,
            bringer.speaker,
            bringer.passages,
            *(counts.get(pole, 0) for pole in poles for counts in (bringer.bearing, bringer.brought, bringer.taken_up)),
        ]
        for course in report.courses
        for bringer in course.bringers
    ]
    columns = (
        Column("document", 30, "text"),
        Column("qui", 16, "text"),
        Column("passages"),
        *(Column(f"{pole}, {what}", 16) for pole in poles for what in ("passages porteurs", "apportée", "reprise")),
    )
    return Table(
        "Qui apporte",
        "qui parle dans un entretien, questions comprises\u00a0; apportée, aucun des passages juste avant ne portait "
        "cette logique\u00a0; reprise, l’un d’eux la portait",
        columns,
        tuple(rows),
        2,
        _without_courses(report, "aucun document n’a de tours de parole"),
    )


def _replies(report: Report) -> Table:
    rows = [
        [
            course.document,
            reply.from_passage,
            reply.to_passage,
            reply.from_speaker,
            reply.to_speaker,
            reply.from_pole,
            reply.to_pole,
            reply.question,
        ]
        for course in report.courses
        for reply in course.replies
    ]
    columns = (
        Column("document", 30, "text"),
        Column("passage", 26, "text"),
        Column("passage qui répond", 26, "text"),
        Column("de", 16, "text"),
        Column("à", 16, "text"),
        Column("logique", 18, "text"),
        Column("logique de la réponse", 18, "text"),
        Column("question", 50, "long"),
    )
    return Table(
        "Réponses",
        f"un tour de parole qui répond à un autre par {_other_logic()}",
        columns,
        tuple(rows),
        1,
        _without_courses(report, f"aucun tour ne répond à un autre par {_other_logic()}"),
    )


def _other_logic() -> str:
    return "une autre logique" if codebook().by_pair else "l’autre logique"


def _courses(report: Report) -> Table:
    poles = codebook().poles
    rows: list[Row] = [
        [course.document, point.position, *(point.scores[pole] for pole in poles), point.passage]
        for course in report.courses
        for point in course.points
    ]
    columns = (
        Column("document", 30, "text"),
        Column("place dans le texte", 12, "share"),
        *_score_columns(16),
        Column("passage", 30, "text"),
    )
    return Table(
        "Parcours",
        "un pas le long d’un document, du début (0\u00a0%) à la fin (100\u00a0%)",
        columns,
        tuple(rows),
        1,
        _without_courses(report, "les documents sont trop courts"),
    )


def _score_columns(width: int) -> list[Column]:
    return [Column(f"score {letter} ({pole})", width, "decimal") for pole, letter in codebook().letters.items()]


# --- corrected shares --------------------------------------------------------------------------------


def _corrected(report: Report) -> Table:
    rows: list[Row] = []
    for group in report.corrections.groups if report.corrections else ():
        field = " × ".join(guide.field_title(field) for field in group.by) or "(corpus)"
        name = " × ".join(guide.value_name(field, value) for field, value in group.by.items()) or "tout le corpus"
        known: list[Cell] = [field, name]
        if group.reason is not None:
            rows.append([*known, None, None, None, guide.why_uncorrected(group.reason), *[None] * 15])
        rows += [
            [*known, guide.measure_title(share.measure), group.gold, group.gold_documents, *_corrected_cells(share)]
            for share in group.shares
        ]
    columns = (
        Column("champ", 16, "text"),
        Column("groupe", 26, "text"),
        Column("mesure", 34, "text"),
        Column("passages codés", 10),
        Column("documents codés", 11),
        Column("remarque", 40, "text"),
        *_triple("brute"),
        *_triple("PPI"),
        Column("intervalle (PPI)", 26, "text"),
        *_triple("Rogan-Gladen"),
        Column("intervalle (Rogan-Gladen)", 26, "text"),
        Column("sensibilité", 12, "share"),
        Column("sur n passages qui l’ont", 12),
        Column("spécificité du modèle", 12, "share"),
        Column("sur n passages qui ne l’ont pas", 12),
    )
    return Table(
        "Parts corrigées",
        "une part avant et après correction des erreurs du modèle",
        columns,
        tuple(rows),
        3,
        "il faut des passages de ce corpus codés par vous (--gold)",
    )


def _corrected_cells(share: CorrectedShare) -> list[Cell]:
    rates = share.rates
    return [
        None,
        *_estimate(share.raw),
        *_estimate(share.prediction_powered),
        guide.interval_method(share.prediction_powered.method),
        *_estimate(share.rogan_gladen),
        guide.interval_method(share.rogan_gladen.method),
        rates.sensitivity,
        rates.positives,
        rates.specificity,
        rates.negatives,
    ]


def _triple(name: str) -> tuple[Column, ...]:
    return (
        Column(f"part {name}", 13, "share"),
        Column(f"{name}, bas", 13, "share"),
        Column(f"{name}, haut", 13, "share"),
    )


def _cuttings(report: Report) -> Table:
    rows = [
        [
            cutting.target_words,
            "employée" if cutting.shipped else "",
            cutting.passages,
            cutting.mean_words,
            *(cutting.shares[label] for label in codebook().labels),
            cutting.tension_share,
        ]
        for cutting in report.documents.cuttings
    ]
    columns = (
        Column("mots visés"),
        Column("longueur", 12, "text"),
        Column("passages"),
        Column("mots par passage", 12, "decimal"),
        *(Column(measure, 16, "share", shade=measure) for measure in codebook().measures),
    )
    return Table(
        "Longueur des passages",
        "le corpus entier, coupé en passages d’une autre longueur",
        columns,
        tuple(rows),
        1,
        "elle n’a pas été demandée (--sensitivity)",
    )


# --- passages ----------------------------------------------------------------------------------------


def _passages(report: Report) -> Table:
    shown = report.passages if report.verbatim else ()
    metadata = sorted({name for one in shown for name in one.passage.metadata})
    book = codebook()
    poles = book.poles
    columns = (
        Column("passage", 80, "long"),
        Column("logique", 18, "text"),
        Column("relation", 14, "text"),
        *(Column(f"relation, {guide.pair_title(pair)}", 18, "text") for pair in (book.pairs if book.by_pair else ())),
        *(Column(f"posture, {pole}", 16, "text") for pole in poles),
        Column("axes", 30, "long"),
        *_score_columns(14),
        Column("certain", 9, "text"),
        Column("indices", 36, "long"),
        Column("document", 26, "text"),
        Column("locuteur", 16, "text"),
        Column("rôle", 12, "text"),
        Column("question", 40, "long"),
        Column("tour", 8),
        Column("place", 30, "text"),
        Column("compté", 9, "text"),
        Column("codé par", 14, "text"),
        *(Column(name, 16, "text") for name in metadata),
    )
    if not report.verbatim:
        without = "le rapport est sans citation (--no-verbatim)"
    else:
        without = "aucun passage ne porte de logique" if not report.all_passages else "aucun passage"
    what = "un passage" if report.all_passages else "un passage qui porte une logique au moins"
    return Table("Passages", what, columns, tuple(_passage_cells(one, metadata) for one in shown), 1, without)


def _passage_cells(one: TaggedPassage, metadata: Iterable[str]) -> list[Cell]:
    passage, tags = one.passage, one.tags
    book = codebook()
    poles, letters, titles = book.poles, book.letters, book.axis_titles
    stances = [(tags.stance or {}).get(pole) for pole in poles]
    return [
        passage.text,
        tags.label,
        tags.relation.value if tags.relation else None,
        *(_pair_relations(tags.relations) if book.by_pair else ()),
        *(french.stance_title(stance) if stance else None for stance in stances),
        ", ".join(f"{titles.get(axis, axis)} {letters[pole]}" for axis, found in tags.axes.items() for pole in found),
        *(tags.scores.get(pole) for pole in poles),
        "oui" if tags.certain else "non",
        f"{NBSP}; ".join(f"{passage.text[e.start : e.end]} ({letters[e.pole]})" for e in tags.evidence),
        passage.document,
        passage.speaker,
        guide.role_title(passage.role),
        passage.context,
        passage.turn,
        passage.id,
        "oui" if passage.counted else "non",
        "machine" if tags.coded_by == "model" else tags.coded_by,
        *(passage.metadata.get(name) for name in metadata),
    ]


def _pair_relations(relations: Mapping[str, Relation]) -> Iterator[str | None]:
    """The relation of each pair of logics, in a column of its own."""
    for pair in codebook().pairs:
        relation = relations.get(pair)
        yield relation.value if relation else None


# In the order of the sheets: shares, what explains them, then back to the text.
TABLES: tuple[Callable[[Report], Table], ...] = (
    _documents,
    _groups,
    _stances,
    _axes,
    _axis_pairs,
    _differences,
    _time,
    _slopes,
    _words,
    _factors,
    _meetings,
    _pairs,
    _bringers,
    _replies,
    _courses,
    _corrected,
    _cuttings,
    _passages,
)
