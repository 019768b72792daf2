"""Charts of the report: matplotlib draws SVG without a browser, and the page's style sheet colours it.

Every colour is a reserved value that becomes a CSS variable, so that light, dark and print need one drawing; text
stays text, in the page's font. What reaches the page is shapes and words: no date, no creator, no id, no style sheet.
"""

import io
import logging
import re
import textwrap
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from tensions_cli.knowledge.codebook import codebook
from tensions_cli.output import french
from tensions_cli.output.french import NBSP
from tensions_cli.output.palette import in_bars
from tensions_cli.output.report import guide
from tensions_cli.records import MIN_BEARING, MIXTE, NEUTRE, Group, Interval, Relation
from tensions_cli.results import Correspondence, Difference, FactorPoint, Period, Trend

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 720.0  # units of a drawing: CSS pixels on a page wide enough
NAMES = 176.0  # room for the names of rows
ROW = 34.0
BAR = 18.0
HEAD = 26.0  # room for the titles of columns
LONGEST_NAME = 26  # characters that fit NAMES at SIZE
SIZE, SMALL = 13.0, 11.5
INSIDE = 0.075  # a segment narrower than this share has no room for its figure
MARK = 7.0
DIGIT = 6.7  # width of a digit at SMALL
THIN = 15.0  # height of a bar that stands among those of other logics
LONGEST_AXIS, AXIS_LETTER = 34, 7.2  # characters of an axis between two bars, and the width of one at SIZE

# The colour of each logic, by its rank in the codebook: variables of report.css, then of more_logics.css.
SHADES = ("m", "p", "q", "r", "s", "t")
# Reserved colours: no drawing means them literally. Each stands for a variable of the style sheet.
INK, SOFT, RULE, PAPER = "#010203", "#010204", "#010205", "#010206"
MIXED, NEUTRAL, ACCENT, ON_NEUTRAL, HATCHED = "#010209", "#01020a", "#01020b", "#01020e", "#01020f"
LOGICS = tuple(f"#0103{rank:02x}" for rank in range(len(SHADES)))
ON_LOGICS = tuple(f"#0104{rank:02x}" for rank in range(len(SHADES)))
FILLS = {
    INK: "var(--ink)",
    SOFT: "var(--soft)",
    RULE: "var(--rule)",
    PAPER: "var(--paper)",
    MIXED: "url(#mixte)",  # patterns of the page: what logics share is seen without telling colours apart
    NEUTRAL: "var(--neutral)",
    ACCENT: "var(--accent)",
    ON_NEUTRAL: "var(--on-neutral)",
    HATCHED: "url(#hachures)",
    **{fill: f"var(--{shade})" for fill, shade in zip(LOGICS, SHADES, strict=True)},
    **{fill: f"var(--on-{shade})" for fill, shade in zip(ON_LOGICS, SHADES, strict=True)},
}
RELATION_ORDER = (Relation.OPPOSITION, Relation.ARTICULATION, Relation.JUXTAPOSITION)
SVG = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}"


def label_fills() -> dict[str, tuple[str, str]]:
    """Label → its fill and the colour of what is written on it, in the order of the bars."""
    ranks = {pole: rank for rank, pole in enumerate(codebook().poles)}
    others = {MIXTE: (MIXED, INK), NEUTRE: (NEUTRAL, ON_NEUTRAL)}
    return {label: others.get(label) or (LOGICS[ranks[label]], ON_LOGICS[ranks[label]]) for label in in_bars()}


def paints() -> dict[str, str]:
    """Label → what the page fills it with."""
    return {label: FILLS[fill] for label, (fill, _) in label_fills().items()}


def shades() -> dict[str, str]:
    """Logic → the letter of its colour in the style sheet."""
    return dict(zip(codebook().poles, SHADES, strict=False))


def shares_chart(groups: Sequence[tuple[str, Group]]) -> str:
    """Stacked shares of the labels, then the share of tensions with its interval, one row a (named) group.

    A group without shares (masked, or empty) says so in its row.
    """
    with _canvas(HEAD + ROW * len(groups) + 6) as (figure, axes):
        bar, room = NAMES + 8, 300.0
        dots, reach = bar + room + 34, 110.0
        top = max((_highest(group) for _, group in groups), default=0.0)
        scale = _scale(top)
        _heading(axes, bar, "répartition des passages")
        _heading(axes, dots, f"tensions (0 à {french.percent(scale)})")
        _right(axes, WIDTH - 2, 10, "passages")
        axes.plot([dots, dots], [HEAD - 4, HEAD + ROW * len(groups)], color=RULE, linewidth=1)
        for rank, (title, group) in enumerate(groups):
            middle = HEAD + ROW * (rank + 0.5)
            _name(axes, title, middle, strong=not group.by)
            _right(axes, WIDTH - 2, middle, french.integer(group.passages) if group.passages else "–")
            if group.shares[NEUTRE] is None:
                _left(axes, bar, middle, "masqué" if group.masked else "aucun passage compté", color=SOFT)
                continue
            _stack(axes, group, bar, room, middle)
            if group.tension_share is not None:
                x = dots + reach * group.tension_share / scale
                ends = _at(group.intervals.get("tension"), dots, reach / scale)
                _whisker(axes, x, middle, ends, ACCENT)
                after = max(x + MARK / 2, ends[1] if ends else 0.0) + 6
                _left(axes, after, middle, french.percent(group.tension_share), size=SMALL)
        return _svg(figure)


def axes_chart(axes_by_pole: Mapping[str, Mapping[str, int]]) -> str:
    """On each axis, the passages of each logic: two logics to the left and to the right, more one under the other."""
    shown = {axis: poles for axis, poles in axes_by_pole.items() if any(poles.values())}
    top = max((n for poles in shown.values() for n in poles.values()), default=0) or 1
    return _axes_by_bar(shown, top) if codebook().by_pair else _axes_face_to_face(shown, top)


def _axes_face_to_face(axes_by_pole: Mapping[str, Mapping[str, int]], top: int) -> str:
    fills = label_fills()
    sides = list(zip(codebook().poles, (-1, 1), strict=True))
    with _canvas(HEAD + 30.0 * len(axes_by_pole) + 4) as (figure, axes):
        middle_x = WIDTH / 2
        titles = [_short(french.axis_titles().get(axis, axis), LONGEST_AXIS) for axis in axes_by_pole]
        gap = max(62.0, *(AXIS_LETTER * len(title) / 2 + 8 for title in titles), 0.0)
        reach = middle_x - gap - 68
        for pole, side in sides:
            place = _right if side < 0 else _left
            color = fills[pole][0]
            place(axes, middle_x + side * gap, 10, _short(pole, 36), color=color, size=SIZE, weight="bold")
        for rank, ((_, poles), title) in enumerate(zip(axes_by_pole.items(), titles, strict=True)):
            y = HEAD + 30.0 * (rank + 0.5)
            _centred(axes, middle_x, y, title, size=SIZE)
            for pole, side in sides:
                n = poles.get(pole, 0)
                width = reach * n / top
                start = middle_x + side * gap
                _rectangle(axes, min(start, start + side * width), y - 8, width, 16, fills[pole][0])
                place = _right if side < 0 else _left
                place(axes, start + side * (width + 6), y, french.integer(n), color=SOFT)
        return _svg(figure)


def _axes_by_bar(axes_by_pole: Mapping[str, Mapping[str, int]], top: int) -> str:
    """A block an axis, a bar a logic with its letter before it."""
    book, fills = codebook(), label_fills()
    block = THIN * len(book.poles) + 14
    with _canvas(HEAD + block * len(axes_by_pole) + 4) as (figure, axes):
        bar, room = NAMES + 28, WIDTH - NAMES - 88
        _heading(axes, bar, "passages")
        for rank, (axis, poles) in enumerate(axes_by_pole.items()):
            up = HEAD + block * rank
            _name(axes, french.axis_titles().get(axis, axis), up + (block - 14) / 2)
            for place, pole in enumerate(book.poles):
                y, n = up + THIN * (place + 0.5), poles.get(pole, 0)
                _right(axes, bar - 7, y, book.letters[pole])
                _rectangle(axes, bar, y - THIN / 2 + 1.5, room * n / top, THIN - 3, fills[pole][0])
                _left(axes, bar + room * n / top + 6, y, french.integer(n), color=SOFT, size=SMALL)
        return _svg(figure)


def meetings_chart(meetings: Mapping[Relation, Mapping[str, int]], axis_names: Sequence[str]) -> str:
    """On each axis, the `mixte` passages by relation: opposition full, articulation hatched, juxtaposition empty."""
    titles = french.axis_titles()
    counts = {axis: {relation: of.get(axis, 0) for relation, of in meetings.items()} for axis in axis_names}
    return _relations_chart("passages mixtes", [(titles.get(axis, axis), of) for axis, of in counts.items()])


def pairs_chart(pairs: Mapping[str, Mapping[str, int]]) -> str:
    """For each pair of logics, the passages that bear both, by relation, drawn as the meetings are."""
    counts = {pair: {Relation(name): n for name, n in of.items()} for pair, of in pairs.items()}
    return _relations_chart("passages", [(guide.pair_title(pair), of) for pair, of in counts.items()])


def _relations_chart(heading: str, rows: Sequence[tuple[str, Mapping[Relation, int]]]) -> str:
    rows = [(title, counts) for title, counts in rows if any(counts.values())]
    top = max((sum(counts.values()) for _, counts in rows), default=0) or 1
    with _canvas(HEAD + 30.0 * len(rows) + 4) as (figure, axes):
        bar, room = NAMES + 8, WIDTH - NAMES - 60
        _heading(axes, bar, heading)
        for rank, (title, counts) in enumerate(rows):
            y = HEAD + 30.0 * (rank + 0.5)
            _name(axes, title, y)
            x = bar
            for relation in RELATION_ORDER:
                n = counts.get(relation, 0)
                width = room * n / top
                if not n:
                    continue
                _relation(axes, relation, x, y, width)
                if width > DIGIT * len(str(n)) + 14:
                    if relation is Relation.ARTICULATION:
                        _blank(axes, x + width / 2, y, str(n))
                    on = PAPER if relation is Relation.OPPOSITION else INK
                    _centred(axes, x + width / 2, y, french.integer(n), color=on)
                x += width
            _left(axes, x + 6, y, french.integer(sum(counts.values())), color=SOFT)
        return _svg(figure)


def forest_chart(differences: Sequence[tuple[str, Difference]]) -> str:
    """Differences of shares with their intervals, in points; the vertical rule is no difference."""
    bounds = [
        abs(x)
        for _, one in differences
        for x in (
            one.difference.value or 0.0,
            *((one.difference.interval.low, one.difference.interval.high) if one.difference.interval else ()),
        )
    ]
    scale = _scale(max(bounds, default=0.0))
    with _canvas(HEAD + 28.0 * len(differences) + 26) as (figure, axes):
        names, reach = 300.0, 118.0
        zero = names + 24 + reach
        bottom = HEAD + 28.0 * len(differences)
        for share in (-scale, -scale / 2, 0.0, scale / 2, scale):
            x = zero + reach * share / scale
            axes.plot([x, x], [HEAD - 6, bottom], color=INK if share == 0 else RULE, linewidth=1)
            points = french.decimal(100 * share, 0 if scale >= 0.1 else 1) if share else "0"
            _centred(axes, x, bottom + 12, points, color=SOFT)
        _heading(axes, zero - reach, "écart, en points")
        for rank, (title, one) in enumerate(differences):
            y = HEAD + 28.0 * (rank + 0.5)
            _left(axes, 0, y, _short(title, 44), color=INK)
            if one.difference.value is None:
                continue
            x = zero + reach * one.difference.value / scale
            sure = one.p_adjusted is not None and one.p_adjusted < 0.05
            _whisker(axes, x, y, _at(one.difference.interval, zero, reach / scale), ACCENT if sure else SOFT, full=sure)
            _right(axes, WIDTH - 2, y, points_of(one))
        return _svg(figure)


def points_of(one: Difference) -> str:
    """« +7,1 [+2,0 ; +12,3] », or « +7,1, trop peu »."""
    if one.difference.value is None:
        return "–"
    value = _points(one.difference.value)
    interval = one.difference.interval
    if interval is None:
        return f"{value}, {french.TOO_FEW}"
    return f"{value} [{_points(interval.low)}{NBSP}; {_points(interval.high)}]"


def _points(share: float) -> str:
    """One decimal: a bound of −0,4 told as 0 would hide on which side of zero it lies."""
    return french.decimal(100 * share, 1) if round(100 * share, 1) else "0"


def trend_chart(trend: Trend, measures: Sequence[tuple[str, str]]) -> str:
    """One small panel a measure: raw shares as dots, smoothed shares as a line, their intervals as a band."""
    columns = 2
    rows = -(-len(measures) // columns)
    panel_width, panel_height = (WIDTH - 56) / columns, 150.0
    top = _scale(max((_top_of(period, measure) for period in trend.periods for measure, _ in measures), default=0.1))
    with _canvas(rows * (panel_height + 62)) as (figure, axes):
        for rank, (measure, title) in enumerate(measures):
            left = 34 + (rank % columns) * (panel_width + 22)
            up = 30 + (rank // columns) * (panel_height + 62)
            _panel(axes, trend.periods, measure, title, (left, up, panel_width - 30, panel_height), top)
        return _svg(figure)


def factors_chart(found: Correspondence) -> str:
    """The first two factors, on one scale: labels as squares, values of the variable as diamonds, axes as dots.

    Empty: the plane shows less than half of the point (cos²). Axes that fall outside the plane of the others, or that
    few passages bear, are in the table alone.
    """
    active = [*found.rows, *found.columns]
    wide = max((abs(point.coordinates[0]) for point in active), default=0.0) or 1.0
    tall = max((abs(_second(point)) for point in active), default=0.0) or 0.1
    unit = min(FACTOR_WIDTH / wide, FACTOR_HEIGHT / tall)
    middle = max(unit * tall, FACTOR_LEAST) + 40.0
    axes_shown = [
        one
        for one in found.supplementary
        if one.count >= MIN_BEARING and abs(one.coordinates[0]) <= wide and unit * abs(_second(one)) <= middle - 20
    ]
    with _canvas(2 * middle) as (figure, axes):

        def at(point: FactorPoint) -> tuple[float, float]:
            return WIDTH / 2 + unit * point.coordinates[0], middle - unit * _second(point)

        axes.plot([20, WIDTH - 20], [middle] * 2, color=RULE, linewidth=1)
        axes.plot([WIDTH / 2] * 2, [8, 2 * middle - 8], color=RULE, linewidth=1)
        taken = [(x - 8, y, 16.0) for x, y in map(at, [*active, *axes_shown])]
        for place, rank in (((20.0, middle - 9), 0), ((WIDTH / 2 + 6, 12.0), 1)):
            _left(axes, *place, _factor(found, rank), color=SOFT, size=SMALL)
            taken.append((*place, 6.2 * len(_factor(found, rank))))
        fills = label_fills()
        for point in found.rows:
            fill = fills[point.name][0] if point.name in fills else INK
            _mark(axes, at(point), "s", 11, fill if _is_well_shown(point) else PAPER, INK)
            _tag(axes, at(point), point.name, taken, weight="bold")
        for point in found.columns:
            _mark(axes, at(point), "D", 8, ACCENT if _is_well_shown(point) else PAPER, ACCENT)
            _tag(axes, at(point), point.name, taken, color=ACCENT)
        for point in axes_shown:
            _mark(axes, at(point), "o", 4, SOFT, SOFT)
            _tag(axes, at(point), guide.axis_pole(point.name), taken, color=SOFT, size=10.5)
        return _svg(figure)


FACTOR_WIDTH, FACTOR_HEIGHT, FACTOR_LEAST = 250.0, 210.0, 80.0  # reach of a plane, to each side


def _second(point: FactorPoint) -> float:
    return point.coordinates[1] if len(point.coordinates) > 1 else 0.0


def _is_well_shown(point: FactorPoint) -> bool:
    return sum(point.cos2[:2]) >= 0.5


def _mark(axes: "Axes", at: tuple[float, float], marker: str, size: float, fill: str, edge: str) -> None:
    axes.plot(*at, marker=marker, markersize=size, color=fill, markeredgecolor=edge, markeredgewidth=1.2)


# --- pieces of drawings ------------------------------------------------------------------------------


@contextmanager
def _canvas(height: float) -> Iterator[tuple["Figure", "Axes"]]:
    """A figure of WIDTH × height units with its origin at the top left, in the settings that make files repeatable."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # its talk of fonts is no concern of a user
    import matplotlib as mpl
    from matplotlib.figure import Figure

    settings: dict[Any, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": "tensions",
        "font.family": ["DejaVu Sans"],  # shipped with the library: same widths everywhere
        "font.size": SIZE,
        "text.parse_math": False,  # a name may hold dollars
        "lines.solid_capstyle": "butt",
        "path.simplify": False,
    }
    with mpl.rc_context(settings), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name may hold characters that the font lacks: the page's font draws it
        figure = Figure(figsize=(WIDTH / 72, height / 72), dpi=72)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(0, WIDTH)
        axes.set_ylim(height, 0)
        axes.axis("off")
        yield figure, axes


def _rectangle(axes: "Axes", x: float, y: float, width: float, height: float, fill: str, edge: str = "none") -> None:
    from matplotlib.patches import Rectangle

    line = 0 if edge == "none" else 1
    axes.add_patch(Rectangle((x, y), width, height, facecolor=fill, edgecolor=edge, linewidth=line))


def _stack(axes: "Axes", group: Group, x: float, room: float, middle: float) -> None:
    for label, (fill, text) in label_fills().items():
        share = group.shares[label] or 0.0
        width = room * share
        if not width:
            continue
        _rectangle(axes, x, middle - BAR / 2, width, BAR, fill)
        if share >= INSIDE:
            if label == MIXTE:  # a figure on stripes cannot be read
                _blank(axes, x + width / 2, middle, f"{100 * share:.0f}")
            _centred(axes, x + width / 2, middle, f"{100 * share:.0f}", color=text)
        x += width


def _blank(axes: "Axes", x: float, y: float, number: str) -> None:
    """Room of paper for a number on stripes, where it could not be read: as wide as the number, as high as its line."""
    width = DIGIT * len(number) + 8
    _rectangle(axes, x - width / 2, y - 7, width, 14, PAPER)


def _relation(axes: "Axes", relation: Relation, x: float, y: float, width: float) -> None:
    if relation is Relation.OPPOSITION:
        _rectangle(axes, x, y - 8, width, 16, ACCENT)
    elif relation is Relation.ARTICULATION:
        _rectangle(axes, x, y - 8, width, 16, HATCHED)
    else:
        _rectangle(axes, x + 0.5, y - 7.5, max(width - 1, 1), 15, PAPER, edge=SOFT)


def _whisker(
    axes: "Axes", x: float, y: float, reach: tuple[float, float] | None, color: str, *, full: bool = True
) -> None:
    """A dot with its interval; an empty dot has none, or is not told from zero."""
    if reach is not None:
        axes.plot(reach, [y, y], color=color, linewidth=2)
    face = color if full and reach is not None else PAPER
    axes.plot(x, y, marker="o", markersize=MARK, color=face, markeredgecolor=color, markeredgewidth=1.6)


def _at(interval: Interval | None, zero: float, unit: float) -> tuple[float, float] | None:
    return None if interval is None else (zero + unit * interval.low, zero + unit * interval.high)


def _heading(axes: "Axes", x: float, words: str) -> None:
    _left(axes, x, 10, words, color=SOFT, size=SMALL)


def _name(axes: "Axes", name: str, y: float, *, strong: bool = False) -> None:
    weight = "bold" if strong else "normal"
    first, *rest = textwrap.wrap(french.printable(name), LONGEST_NAME) or [""]
    if not rest:
        _left(axes, 0, y, _short(name, LONGEST_NAME), weight=weight)
        return
    for line, words in ((-7, first), (7, " ".join(rest))):
        _left(axes, 0, y + line, _short(words, LONGEST_NAME), weight=weight, size=SMALL)


def _left(
    axes: "Axes", x: float, y: float, words: str, *, color: str = INK, size: float = SIZE, weight: str = "normal"
) -> None:
    axes.text(x, y, words, ha="left", va="center_baseline", color=color, fontsize=size, fontweight=weight)


def _right(
    axes: "Axes", x: float, y: float, words: str, *, color: str = SOFT, size: float = SMALL, weight: str = "normal"
) -> None:
    axes.text(x, y, words, ha="right", va="center_baseline", color=color, fontsize=size, fontweight=weight)


def _centred(axes: "Axes", x: float, y: float, words: str, *, color: str = INK, size: float = SMALL) -> None:
    axes.text(x, y, words, ha="center", va="center_baseline", color=color, fontsize=size)


def _short(name: str, longest: int) -> str:
    """A name that fits its room; tables hold the whole of it."""
    name = french.printable(name)
    return name if len(name) <= longest else f"{name[: longest - 1].rstrip()}…"


def _highest(group: Group) -> float:
    interval = group.intervals.get("tension")
    return max(group.tension_share or 0.0, interval.high if interval else 0.0)


def _scale(top: float) -> float:
    """The round share just above: the end of a scale."""
    return next(end for end in (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0) if top <= end or end == 1.0)


def _top_of(period: Period, measure: str) -> float:
    estimate = period.smoothed.get(measure)
    high = estimate.interval.high if estimate and estimate.interval else 0.0
    return max(period.shares.get(measure) or 0.0, (estimate.value if estimate else 0.0) or 0.0, high)


def _measure_colour(measure: str) -> str:
    """That of its logic, alone or not; the accent for tensions."""
    pole = measure.removesuffix("+")
    return label_fills()[pole][0] if pole in codebook().poles else ACCENT if measure == "tension" else INK


def _panel(
    axes: "Axes",
    periods: Sequence[Period],
    measure: str,
    title: str,
    box: tuple[float, float, float, float],
    top: float,
) -> None:
    left, up, width, height = box
    colour = _measure_colour(measure)
    step = width / max(len(periods) - 1, 1)

    def at(rank: int, share: float) -> tuple[float, float]:
        return left + step * rank, up + height * (1 - share / top)

    _left(axes, left, up - 16, title, weight="bold")
    for share in (0.0, top / 2, top):
        y = at(0, share)[1]
        axes.plot([left, left + width], [y, y], color=RULE, linewidth=1)
        _right(axes, left - 6, y, french.percent(share), size=10.5)
    smooth = [(rank, period.smoothed.get(measure)) for rank, period in enumerate(periods)]
    banded = [(rank, estimate.interval) for rank, estimate in smooth if estimate and estimate.interval]
    for run in _runs([rank for rank, _ in banded]):
        inside = [(rank, interval) for rank, interval in banded if rank in run and interval is not None]
        xs = [at(rank, 0)[0] for rank, _ in inside]
        lows, highs = ([at(r, i.low)[1] for r, i in inside], [at(r, min(i.high, top))[1] for r, i in inside])
        axes.fill_between(xs, lows, highs, color=colour, alpha=0.16, linewidth=0)
    valued = [(rank, estimate.value) for rank, estimate in smooth if estimate and estimate.value is not None]
    for (first, one), (second, other) in pairwise(valued):
        if second == first + 1:
            (x0, y0), (x1, y1) = at(first, one), at(second, other)
            axes.plot([x0, x1], [y0, y1], color=colour, linewidth=2)
    for rank, period in enumerate(periods):
        raw = period.shares.get(measure)
        if raw is not None:
            axes.plot(*at(rank, raw), marker="o", markersize=5, color=colour)
    every = -(-len(periods) // 6)
    for rank in range(0, len(periods), every):
        x = at(rank, 0)[0]
        _centred(axes, x, up + height + 14, _short(periods[rank].name, 9), size=10.5, color=SOFT)


def _runs(ranks: Sequence[int]) -> list[range]:
    """Ranks without a hole between them, together."""
    runs: list[range] = []
    for rank in ranks:
        if runs and runs[-1].stop == rank:
            runs[-1] = range(runs[-1].start, rank + 1)
        else:
            runs.append(range(rank, rank + 1))
    return runs


def _factor(found: Correspondence, rank: int) -> str:
    share = found.shares[rank] if rank < len(found.shares) else None
    return f"facteur {rank + 1} ({french.percent(share)})"


def _tag(
    axes: "Axes",
    at: tuple[float, float],
    words: str,
    taken: list[tuple[float, float, float]],
    *,
    color: str = INK,
    size: float = SIZE,
    weight: str = "normal",
) -> None:
    """A name beside its point, moved until it covers no other: right, left, then further and further away."""
    words = _short(words, 24)
    length = 0.56 * size * len(words)
    places = [
        (at[0] + side if side > 0 else at[0] + side - length, at[1] + down)
        for down in (0, 13, -13, 26, -26, 39, -39)
        for side in (10, -10)
    ]
    inside = [place for place in places if place[0] >= 0 and place[0] + length <= WIDTH]
    free = (place for place in inside if not any(_overlap((*place, length), other) for other in taken))
    place = next(free, (inside or places)[0])
    taken.append((*place, length))
    _left(axes, *place, words, color=color, size=size, weight=weight)


def _overlap(one: tuple[float, float, float], other: tuple[float, float, float]) -> bool:
    return abs(one[1] - other[1]) < 12 and one[0] < other[0] + other[2] and other[0] < one[0] + one[2]


# --- from matplotlib's file to an element of the page ------------------------------------------------


def _svg(figure: "Figure") -> str:
    """The drawing as an `<svg>` element: shapes and words alone, colours by variable, no id and no style sheet."""
    stream = io.BytesIO()
    nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
    figure.savefig(stream, format="svg", transparent=True, metadata=nothing)
    root = ElementTree.fromstring(stream.getvalue())  # noqa: S314 - what matplotlib has just written
    shapes = [shape for element in root.iter() if (shape := _shape(element, root)) is not None]
    height = root.attrib["viewBox"].split()[3]
    inside = "".join(ElementTree.tostring(shape, encoding="unicode") for shape in shapes)
    box = f"0 0 {WIDTH:.0f} {height}"
    return f'<svg viewBox="{box}" class="chart" aria-hidden="true" focusable="false">{inside}</svg>'


def _shape(element: ElementTree.Element, root: ElementTree.Element) -> ElementTree.Element | None:
    """A path, a word or a marker put in its place; None for what only matplotlib needs (groups, definitions)."""
    kind = element.tag.removeprefix(SVG)
    if kind == "use":
        marker = root.find(f".//*[@id='{element.attrib[f'{XLINK}href'][1:]}']")
        if marker is None:
            return None
        place = f"translate({_short_numbers(element.attrib['x'])} {_short_numbers(element.attrib['y'])})"
        style = f"{marker.attrib.get('style', '')}; {element.attrib.get('style', '')}"
        return ElementTree.Element("path", {"d": _path(marker.attrib["d"]), "transform": place, **_presentation(style)})
    if kind == "path" and "id" not in element.attrib:
        drawn = _presentation(element.attrib.get("style", ""))
        blank = drawn.get("fill") == "none" and drawn.get("stroke", "none") == "none"
        lone = (
            "L" not in element.attrib["d"] and "C" not in element.attrib["d"]
        )  # a line of one point, under its marker
        return None if blank or lone else ElementTree.Element("path", {"d": _path(element.attrib["d"]), **drawn})
    if kind == "text":
        spot = {axis: _short_numbers(element.attrib[axis]) for axis in ("x", "y")}
        word = ElementTree.Element("text", {**spot, **_presentation(element.attrib["style"])})
        word.text = element.text
        return word
    return None


def _path(data: str) -> str:
    return re.sub(r"\s*([A-Za-z])\s*", r"\1", _short_numbers(" ".join(data.split())))


def _short_numbers(text: str) -> str:
    """Numbers with one decimal: a tenth of a pixel."""
    return re.sub(r"-?\d+\.\d+", lambda number: f"{round(float(number[0]), 1) + 0.0:g}", text)


KEPT_STYLES = ("fill", "fill-opacity", "font-size", "font-weight", "opacity", "stroke", "stroke-width", "text-anchor")


def _presentation(style: str) -> dict[str, str]:
    """The declarations of a style that matter, as attributes; reserved colours as variables."""
    kept: dict[str, str] = {}
    for declaration in style.split(";"):
        key, _, value = (part.strip() for part in declaration.partition(":"))
        if key in KEPT_STYLES:
            kept[key] = FILLS.get(value.lower(), value.removesuffix("px"))
    if kept.get("text-anchor") == "start":
        del kept["text-anchor"]
    return kept
