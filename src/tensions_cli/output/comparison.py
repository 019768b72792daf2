"""Groups side by side: their shares, the forest of differences, change over time; for the terminal and in Markdown."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tensions_cli.knowledge.codebook import codebook
from tensions_cli.output import french
from tensions_cli.output.course import HEIGHTS
from tensions_cli.output.french import NBSP
from tensions_cli.output.tables import MARKDOWN_SPECIAL
from tensions_cli.output.terminal import NARROW
from tensions_cli.output.words import (
    field_title,
    part_title,
    print_axis_pairs,
    print_correspondence,
    print_dim,
    print_vocabulary,
)
from tensions_cli.records import Group
from tensions_cli.results import CharacteristicWord, Comparison, Difference, Estimate, Period, Trend, Vocabulary

WIDE = 108  # columns from which every interval, share and effect fits
LEVEL = 0.05  # under which a corrected p is said to stand out
# Zero line, whisker, whisker over zero, point; then those of consoles that lack the first (cp1252).
MARKS = ("│─┼●", "|-+o")
GAP = ("·", ".")  # a period without a text
AXIS_WIDTH = 31
AXIS_FITS = 86  # columns from which the drawing of intervals fits
REACHES = (5, 10, 15, 20, 25, 30, 40, 50, 60, 80, 100)  # points at the ends of the axis
UNIT_TITLES = {"year": "année", "quarter": "trimestre", "month": "mois"}
NO_SPREAD = f" Un tiret{NBSP}: part de 0 ou de 100{NBSP}%, sans étendue à estimer."
TREND_LEGEND = (
    f"Part brute de chaque période, puis lissée{NBSP}: les passages des deux périodes voisines y comptent pour moitié"
    f"{NBSP}; [{NBSP}]{NBSP}: intervalle à 95{NBSP}% de la part lissée, par document. Pente{NBSP}: moindres carrés sur "
    f"les passages, intervalle à 95{NBSP}% par document (Student). «{NBSP}{french.TOO_FEW}{NBSP}»{NBSP}: moins de "
    "cinq documents. Une pente peut tenir à ce que les textes changent d’une période à l’autre (genres, métiers) "
    "plutôt qu’au temps."
)
SIGNS_LEGEND = f"~{NBSP}: lissée. Chaque ligne de signes va de zéro à son maximum. "
PER_UNIT = {"year": "par an", "quarter": "par trimestre", "month": "par mois"}


# --- terminal ---------------------------------------------------------------------------------------


def print_comparison(found: Comparison, out: Console) -> None:
    """Groups, warnings, differences, change over time, words: each part where there is something to say."""
    if found.groups:
        out.print(_heading(found))
        out.print(_groups(found, out))
        print_dim([_groups_legend(found)], out)
        if found.warnings:
            out.print(Text("\nÀ noter", style="bold yellow"))
        for warning in found.warnings:
            out.print(Text(french.printable(warning), style="yellow"))
        out.print()
        _print_differences(found, out)
    if found.trend is not None:
        out.print()
        _print_trend(found.trend, out)
    if found.vocabulary is not None:
        if found.groups:
            out.print()
        print_vocabulary(found.vocabulary, out, limit=found.manifest["options"]["words"])
    if found.axis_pairs:
        out.print()
        print_axis_pairs(found.axis_pairs, out)
    if found.factors is not None:
        out.print()
        print_correspondence(found.factors, out)


def _heading(found: Comparison) -> Text:
    passages, words = (sum(getattr(group, name) for group in found.groups) for name in ("passages", "words"))
    return Text.assemble(
        (f"Comparaison {_title(found)}", "bold"),
        f"{NBSP}: {french.plural(len(found.groups), 'groupe')}, ",
        f"{french.plural(passages, 'passage compté', 'passages comptés')}, {french.integer(words)} mots. ",
        _version(found),
    )


def _title(found: Comparison) -> str:
    return "de corpus" if found.by == ("corpus",) else f"par {_fields(found)}"


def _fields(found: Comparison) -> str:
    return field_title(" × ".join(found.by))


def _name(group: Group) -> str:
    """« entretien × terrain », roles in French."""
    return " × ".join(part_title(value, field) for field, value in group.by.items())


def _titles(found: Comparison) -> dict[str, str]:
    """Title of each group by its name in the differences."""
    return {" × ".join(group.by.values()): _name(group) for group in found.groups}


def _version(found: Comparison) -> str:
    return f"Modèle {found.manifest['model']['identity']}, {french.grid(found.manifest['codebook']['version'])}."


def _short(*, wide: bool) -> tuple[str, ...]:
    """Heads of the columns of shares."""
    others = ("mixte", "neutre", "tension") if wide else ("mi.", "n.", "ten.")
    return (*codebook().letters.values(), *others)


def _groups(found: Comparison, out: Console) -> Table:
    wide = out.width >= WIDE
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    table.add_column(_fields(found), overflow="fold", min_width=12, max_width=30)
    for name in ("doc.", *(("pers.",) if wide else ()), "pass.", *(("mots",) if wide else ())):
        table.add_column(name, justify="right", no_wrap=True)
    if wide:
        for name in _short(wide=True):
            table.add_column(f"{name}{NBSP}%", no_wrap=True)
        table.add_column("", no_wrap=True)
    else:
        table.add_column(" ".join(f"{name:>3}" for name in _short(wide=False)), no_wrap=True)
    for group in found.groups:
        table.add_row(*_group_cells(group, wide=wide))
    return table


def _group_cells(group: Group, *, wide: bool) -> list[Text]:
    name = Text(_name(group))
    if group.masked:
        return [name, *([Text(french.MASKED)] if wide else [Text(""), Text(french.MASKED)])]
    counts = [group.documents, *((group.persons,) if wide else ()), group.passages, *((group.words,) if wide else ())]
    shares = [_share(group, measure) for measure in codebook().measures]
    figures = [f"{_whole(share):>3}" for share in shares]
    if not wide:
        return [name, *(Text(french.integer(count)) for count in counts), Text(" ".join(figures))]
    few = group.method.startswith("none")
    cells = [
        figure if few else f"{figure} {french.bounds(group.intervals[measure], group.method)}"
        for figure, measure in zip(figures, codebook().measures, strict=True)
    ]
    return [
        name,
        *(Text(french.integer(count)) for count in counts),
        *map(Text, cells),
        Text(french.TOO_FEW if few else ""),
    ]


def _share(group: Group, measure: str) -> float | None:
    return group.tension_share if measure == "tension" else group.shares[measure]


def _whole(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f}"


def _groups_legend(found: Comparison) -> str:
    methods = dict.fromkeys(group.method for group in found.groups if not group.method.startswith("none"))
    how = " ou ".join(french.method(method) for method in methods)
    few = any(group.method.startswith("none: fewer") for group in found.groups)
    masked = any(group.masked for group in found.groups)
    named = ", ".join(f"{letter}{NBSP}: {pole}" for pole, letter in codebook().letters.items())
    parts = [
        f"{named}{NBSP}; tension{NBSP}: mixte en opposition. Parts de tous les passages comptés du groupe.",
        f"[{NBSP}]{NBSP}: intervalle à 95{NBSP}% ({how}).{NO_SPREAD}" if how else "",
        f"«{NBSP}{french.TOO_FEW}{NBSP}»{NBSP}: moins de cinq documents, ou personnes d’un document." if few else "",
        french.masking_legend(found.manifest["options"]["mask_under"]) if masked else "",
    ]
    return " ".join(part for part in parts if part)


def _print_differences(found: Comparison, out: Console) -> None:
    """What stands out, then one line a measure, comparison after comparison; those without enough texts are named."""
    if not found.differences:
        out.print(Text(f"Aucune différence à donner{NBSP}: les groupes sont masqués."))
        return
    reach = _reach(found.differences)
    out.print(Text(f"Différences, {_sides(found)}", style="bold"))
    tested, untested = _comparisons(found.differences)
    if tested:
        out.print(Text(verdict(found)))
        out.print(Text(_line_header(reach, out), style="bold"))
    for comparison in tested:
        out.print(Text(_comparison_title(comparison[0], _titles(found), brief=out.width < NARROW)))
        for one in comparison:
            out.print(Text.assemble(*_line(one, reach, out)), no_wrap=True, crop=False)
    if untested:
        out.print(Text(_untested(untested, found), style="dim"))
    out.print()
    print_dim(differences_legend(found).split("\n"), out)


def _sides(found: Comparison) -> str:
    """What each group is compared with."""
    if found.differences[0].is_against_others:
        return "chaque groupe contre tous les autres réunis"
    if found.against is None:
        one = found.differences[0]
        return f"«{NBSP}{_titles(found)[one.second]}{NBSP}» contre «{NBSP}{_titles(found)[one.first]}{NBSP}»"
    return f"chaque groupe contre «{NBSP}{_titles(found)[found.against]}{NBSP}»"


def _comparisons(differences: Sequence[Difference]) -> tuple[list[list[Difference]], list[list[Difference]]]:
    """Lines of each comparison; apart, when there are several, of those with too few documents."""
    pairs = [list(lines) for _, lines in groupby(differences, key=lambda one: (one.first, one.second))]
    few = [lines for lines in pairs if all(one.difference.method.startswith("none: fewer") for one in lines)]
    return ([lines for lines in pairs if lines not in few], few) if len(pairs) > 1 else (pairs, [])


def _untested(comparisons: Sequence[Sequence[Difference]], found: Comparison) -> str:
    """Groups that no interval can be given for, with the documents of the smaller side of their comparison."""
    few = []
    for one in (lines[0] for lines in comparisons):
        unit = "personne" if "person" in one.difference.method else "document"
        smaller = min(one.clusters)
        whose = "" if smaller == one.clusters[1] else " en face"
        few.append(f"{_titles(found)[one.second]} ({french.plural(smaller, unit)}{whose})")
    return f"Trop peu pour un intervalle et un test{NBSP}: {', '.join(few)}."


def verdict(found: Comparison) -> str:
    """In one sentence, which differences stand out once the number of tests is counted."""
    tested = [one for one in found.differences if one.p_adjusted is not None]
    sure = [one for one in tested if one.p_adjusted is not None and one.p_adjusted < LEVEL]
    if not tested:
        return "Trop peu de documents pour tester la moindre différence."
    if not sure:
        count = f"des {french.integer(len(tested))} différences testées" if len(tested) > 1 else "différence testée"
        return f"Aucune {count} ne se distingue de zéro, une fois compté le nombre de tests."
    titles = _titles(found)
    named = [
        f"{titles[name]} ({', '.join(f'{one.measure} {points(one.difference.value)}' for one in lines)})"
        for name, lines in groupby(sure, key=lambda one: one.second)
    ]
    return (
        f"{french.plural(len(sure), 'différence')} sur {french.integer(len(tested))} "
        f"se {'distingue' if len(sure) == 1 else 'distinguent'} de zéro, une fois compté le nombre de tests{NBSP}: "
        f"{f'{NBSP}; '.join(named)}, en points."
    )


def _comparison_title(one: Difference, titles: Mapping[str, str], *, brief: bool = False) -> str:
    """« presse (3 documents, 81 passages) contre entretien (…) »."""
    return " contre ".join(_two_sides(one, titles, brief=brief))


def _two_sides(one: Difference, titles: Mapping[str, str], *, brief: bool = False) -> tuple[str, str]:
    """The group, then what it is compared with, each with what it rests on unless `brief`."""
    unit = "personne" if "person" in one.difference.method else "document"

    def side(name: str, rank: int) -> str:
        counts = f"{french.plural(one.clusters[rank], unit)}, {french.plural(one.passages[rank], 'passage')}"
        return name if brief else f"{name} ({counts})"

    first = "les autres" if one.is_against_others else titles[one.first]
    return side(titles[one.second], 1), side(first, 0)


def _line_header(reach: int | None, out: Console) -> str:
    axis = None if reach is None else _scale(reach)
    cells = _cells("", "part", "contre", "écart", "intervalle", axis, f"p{NBSP}Holm", "h", out)
    return "".join(cells)


def _scale(reach: int) -> str:
    """« −20        0        +20 » over the axis."""
    ends = french.decimal(float(-reach), 0), french.decimal(float(reach), 0)
    half = AXIS_WIDTH // 2
    return f"{ends[0]:<{half}}0{ends[1]:>{half}}"


def _line(one: Difference, reach: int | None, out: Console) -> list[str]:
    shares = [f"{100 * share:.1f}".replace(".", ",") if share is not None else "–" for share in one.shares]
    return _cells(
        one.measure,
        shares[1],
        shares[0],
        points(one.difference.value),
        point_bounds(one.difference),
        None if reach is None else _axis(one.difference, reach, out),
        probability(one.p_adjusted),
        french.decimal(one.effect),
        out,
    )


def _cells(
    measure: str, own: str, other: str, gap: str, bounds: str, axis: str | None, p: str, effect: str, out: Console
) -> list[str]:
    """One line in columns, as many of them as the console takes."""
    start = [f"  {measure:<16}"]
    middle = [f"{gap:>7}", f"  {bounds:<16}"]
    drawn = [] if axis is None else [f" {axis:<{AXIS_WIDTH}}"]
    if out.width >= WIDE:
        return [*start, f"{own:>6}", f"{other:>8}", *middle, *drawn, f"{p:>9}", f"{effect:>7}"]
    if out.width >= AXIS_FITS:
        return [*start, *middle, *drawn, f"{p:>9}"]
    return [*start, *middle, f"{p:>9}"]


def points(value: float | None) -> str:
    """A difference of shares in points, signed, one decimal."""
    return "–" if value is None else french.decimal(round(100 * value, 1) + 0.0, 1)  # no −0,0


def point_bounds(estimate: Estimate) -> str:
    """[−8,0 ; +15,1] in points; « trop peu », or a dash without spread."""
    if estimate.interval is None:
        return french.TOO_FEW if estimate.method.startswith("none: fewer") else "–"
    return f"[{points(estimate.interval.low)}{NBSP}; {points(estimate.interval.high)}]"


def probability(p: float | None) -> str:
    """Three decimals, « < 0,001 » under them, nothing where there is no test."""
    if p is None:
        return ""
    return f"<{NBSP}0,001" if p < 0.001 else f"{p:.3f}".replace(".", ",")


def _reach(differences: Sequence[Difference]) -> int | None:
    """Points at the ends of the axis, where every interval fits; None where there is none to draw."""
    intervals = [one.difference.interval for one in differences if one.difference.interval is not None]
    if not intervals:
        return None
    longest = 100 * max(max(abs(each.low), abs(each.high)) for each in intervals)
    return next((reach for reach in REACHES if reach >= longest), REACHES[-1])


def _axis(estimate: Estimate, reach: int, out: Console) -> str:
    """The zero line, the interval and its point; without an interval, the zero line alone."""
    zero, whisker, crossed, point = tuple(_encodable(MARKS, out))
    cells = [" "] * AXIS_WIDTH
    cells[AXIS_WIDTH // 2] = zero
    if estimate.interval is not None and estimate.value is not None:
        for place in range(_place(estimate.interval.low, reach), _place(estimate.interval.high, reach) + 1):
            cells[place] = crossed if place == AXIS_WIDTH // 2 else whisker
        cells[_place(estimate.value, reach)] = point
    return "".join(cells)


def _place(value: float, reach: int) -> int:
    half = AXIS_WIDTH // 2
    return min(max(half + round(100 * value / reach * half), 0), AXIS_WIDTH - 1)


def _encodable(choices: tuple[str, str], out: Console) -> str:
    full, plain = choices
    try:
        full.encode(out.encoding)
    except (UnicodeEncodeError, LookupError):
        return plain
    return full


def differences_legend(found: Comparison) -> str:
    """How differences were measured, and what they do not say."""
    tests = sum(one.p is not None for one in found.differences)
    hows = dict.fromkeys(french.method(one.difference.method) for one in found.differences if one.difference.interval)
    tested = (
        f"Écart{NBSP}: le groupe moins celui auquel il est comparé, en points, intervalle à 95{NBSP}% "
        f"({' ou '.join(hows)}). p{NBSP}Holm"
        f"{NBSP}: probabilité d’un écart au moins aussi grand s’il n’y en avait aucun, corrigée pour les "
        f"{french.plural(tests, 'test')} de ce tableau (Holm 1979). h{NBSP}: taille d’effet (Cohen 1988{NBSP}: 0,2 "
        "petite, 0,5 moyenne, 0,8 grande)."
    )
    none = (
        f"Un intervalle demande au moins cinq documents de chaque côté{NBSP}: ces parts décrivent ces textes, sans "
        "dire ce qu’il en serait d’autres."
    )
    shared = (
        f"{french.plural(found.shared_documents, 'document a', 'documents ont')} des passages dans plusieurs groupes"
        f"{NBSP}: leurs parts n’y sont pas indépendantes, le calcul en tient compte."
    )
    genre = f" Le genre des textes pèse souvent autant que le groupe{NBSP}: comparez à genre égal."
    measured = {name: french.percent(share) for name, share in found.manifest["model"]["tension"].items()}
    alike = f" L’intervalle tient compte de ce que les passages d’un document se ressemblent{NBSP}; il ne tient pas"
    limits = (
        "Ces écarts décrivent des textes, pas des personnes, et ce qui se dit, pas ce qui se fait."
        f"{'' if 'genre' in found.by else genre}{alike if tests else ' Rien ici ne tient'} compte des erreurs de "
        f"la machine, qui peuvent différer d’un groupe à l’autre{NBSP}: tensions analyse --gold les corrige. La "
        f"tension est la mesure la moins sûre{NBSP}: sur des textes jamais vus, {measured['precision']} des tensions "
        f"annoncées en sont, {measured['recall']} sont trouvées."
    )
    by_role = [french.BY_ROLE] if french.is_question_against_answer(found.by, found.differences) else []
    return "\n".join([*by_role, tested if tests else none, *([shared] if found.shared_documents else []), limits])


# --- change over time -------------------------------------------------------------------------------


def _print_trend(trend: Trend, out: Console) -> None:
    out.print(Text(trend_title(trend), style="bold"))
    out.print(_slopes(trend, out))
    out.print()
    out.print(_periods(trend, out))
    print_dim([SIGNS_LEGEND + TREND_LEGEND], out)


def trend_title(trend: Trend) -> str:
    """« Évolution par année, de 2021 à 2026 : 12 documents datés, 2 sans date »."""
    dated = sum(period.documents for period in trend.periods)
    undated = f", {french.plural(trend.undated, 'sans date lisible', 'sans date lisible')}" if trend.undated else ""
    span = f"de {period_name(trend.periods[0].name)} à {period_name(trend.periods[-1].name)}"
    return (
        f"Évolution par {UNIT_TITLES[trend.unit]}, {span}, tous groupes réunis{NBSP}: "
        f"{french.plural(dated, 'document daté', 'documents datés')}{undated}"
    )


def period_name(name: str) -> str:
    """2021, « T3 2021 », « 03/2021 »."""
    year, _, part = name.partition("-")
    if not part:
        return year
    return f"{part}{NBSP}{year}" if part.startswith("T") else f"{part}/{year}"


def _slopes(trend: Trend, out: Console) -> Table:
    """A line of signs for each measure, from zero to its own maximum, its two ends, and the slope."""
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    table.add_column("")
    table.add_column("lissée", no_wrap=True)
    table.add_column(f"de, à (%{NBSP}lissés)" if out.width >= NARROW else "%", no_wrap=True)
    table.add_column(f"pente, en points {PER_UNIT[trend.unit]}", no_wrap=True)
    for measure in codebook().measures:
        values = [period.smoothed[measure].value for period in trend.periods]
        known = [value for value in values if value is not None]
        slope = trend.slopes[measure]
        ends = f"{_whole(known[0]):>3} → {_whole(known[-1]):>3}".replace("→", _encodable(("→", ">"), out))
        table.add_row(
            Text(measure),
            Text(_spark(values, out)),
            Text(ends),
            Text(f"{points(slope.value):>6}  {point_bounds(slope)}"),
        )
    return table


def _spark(values: Sequence[float | None], out: Console) -> str:
    heights, gap = _encodable(HEIGHTS, out), _encodable(GAP, out)
    highest = max((value for value in values if value), default=1.0)
    return "".join(gap if value is None else heights[round((len(heights) - 1) * value / highest)] for value in values)


def _periods(trend: Trend, out: Console) -> Table:
    wide = out.width >= WIDE
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    table.add_column(UNIT_TITLES[trend.unit], no_wrap=True)
    for name in ("doc.", "pass."):
        table.add_column(name, justify="right", no_wrap=True)
    for name in _short(wide=wide):
        table.add_column(f"{name}{NBSP}%", no_wrap=True)
    table.add_column("", no_wrap=True)
    for periods in _runs(trend.periods):
        first = periods[0]
        name = period_name(first.name)
        if len(periods) > 1:
            name = f"{name} … {period_name(periods[-1].name)}"
        few = all(one.method.startswith("none") for one in first.smoothed.values())
        cells = [_period_cell(first, measure, few=few, wide=wide) for measure in codebook().measures]
        note = "aucun texte" if not first.passages else french.TOO_FEW if few else ""
        table.add_row(
            name, french.integer(first.documents), french.integer(first.passages), *map(Text, cells), Text(note)
        )
    return table


def _runs(periods: Sequence[Period]) -> Iterator[list[Period]]:
    """Each period, but periods without a text that follow one another together."""
    for empty, run in groupby(periods, key=lambda period: period.passages == 0):
        if empty:
            yield list(run)
        else:
            yield from ([period] for period in run)


def _period_cell(period: Period, measure: str, *, few: bool, wide: bool) -> str:
    """« 25 ~22 [9–33] »: raw, smoothed, its interval; smoothed alone on a narrow console."""
    if not period.passages:
        return "–"
    smoothed = period.smoothed[measure]
    bounds = "" if few or not wide else f" {french.bounds(smoothed.interval, smoothed.method)}".replace("trop peu", "–")
    raw = f"{_whole(period.shares[measure]):>3} " if wide else ""
    return f"{raw}~{_whole(smoothed.value)}{bounds}"


# --- Markdown ---------------------------------------------------------------------------------------


def write_comparison_markdown(found: Comparison, stream: TextIO) -> None:
    """The same parts as tables for a repository."""
    if found.groups:
        stream.write(f"## Comparaison {_safe(_title(found))}\n")
        _write_table([_safe(_fields(found)), *_group_columns()], map(_markdown_group, found.groups), stream)
        stream.write(f"\n{_groups_legend(found)} {_safe(_version(found))}\n")
        stream.writelines(f"\n**À noter**{NBSP}: {_safe(warning)}\n" for warning in found.warnings)
        _write_differences(found, stream)
    if found.trend is not None:
        _write_trend(found.trend, stream)
    if found.vocabulary is not None:
        _write_vocabulary(found.vocabulary, stream, found.manifest["options"]["words"])


def _group_columns() -> tuple[str, ...]:
    return ("documents", "personnes", "passages", "mots", *codebook().measures)


def _markdown_group(group: Group) -> list[str]:
    name = _safe(_name(group))
    if group.masked:
        return [name, *[french.MASKED] * len(_group_columns())]
    counts = (group.documents, group.persons, group.passages, group.words)
    shares = (
        french.share_and_bounds(_share(group, measure), group.intervals[measure], group.method)
        for measure in codebook().measures
    )
    return [name, *map(french.integer, counts), *shares]


def _write_differences(found: Comparison, stream: TextIO) -> None:
    if not found.differences:
        return
    tested, untested = _comparisons(found.differences)
    stream.write(f"\n### Différences, {_safe(_sides(found))}\n")
    if tested:
        stream.write(f"\n{_safe(verdict(found))}\n")
    header = [
        "groupe",
        "comparé à",
        "mesure",
        "part",
        "contre",
        "écart (points)",
        f"intervalle 95{NBSP}%",
        "p Holm",
        "h",
    ]
    if tested:
        _write_table(header, (_markdown_line(one, _titles(found)) for lines in tested for one in lines), stream)
    if untested:
        stream.write(f"\n{_safe(_untested(untested, found))}\n")
    stream.write(f"\n{_safe(differences_legend(found)).replace(chr(10), chr(10) * 2)}\n")


def _markdown_line(one: Difference, titles: Mapping[str, str]) -> list[str]:
    shares = [f"{100 * share:.1f}{NBSP}%".replace(".", ",") if share is not None else "–" for share in one.shares]
    return [
        *map(_safe, _two_sides(one, titles)),
        one.measure,
        shares[1],
        shares[0],
        points(one.difference.value),
        _safe(point_bounds(one.difference)),
        _safe(probability(one.p_adjusted)) or "–",
        french.decimal(one.effect),
    ]


def _write_trend(trend: Trend, stream: TextIO) -> None:
    stream.write(f"\n### {trend_title(trend)}\n")
    _write_table(
        ["mesure", f"pente, en points {PER_UNIT[trend.unit]}", f"intervalle 95{NBSP}%"],
        ([name, points(slope.value), _safe(point_bounds(slope))] for name, slope in trend.slopes.items()),
        stream,
    )
    rows = (
        [
            period_name(period.name),
            french.integer(period.documents),
            french.integer(period.passages),
            *(_markdown_period(period, measure) for measure in codebook().measures),
        ]
        for period in trend.periods
    )
    _write_table([UNIT_TITLES[trend.unit], "documents", "passages", *codebook().measures], rows, stream)
    stream.write(f"\n{_safe(TREND_LEGEND)}\n")


def _markdown_period(period: Period, measure: str) -> str:
    if not period.passages:
        return "–"
    smoothed = period.smoothed[measure]
    found = french.share_and_bounds(smoothed.value, smoothed.interval, smoothed.method)
    return f"{french.percent(period.shares[measure])}, lissée {found}"


def _write_vocabulary(vocabulary: Vocabulary, stream: TextIO, limit: int) -> None:
    """One table a part; the words that one person or one document carries stay out."""
    stream.write(f"\n### Mots caractéristiques par {_safe(field_title(vocabulary.by))}\n")
    for profile in vocabulary.profiles:
        size = f"{french.integer(profile.words)} unités, {french.plural(profile.documents, 'document')}"
        stream.write(f"\n**{_safe(part_title(profile.part, vocabulary.by))}** ({size})\n")
        words = [*profile.over[:limit], *profile.under[:limit]]
        if words:
            _write_table(["mot", "f", "F", "spécificité", "z", "documents"], map(_word_cells, words), stream)
        else:
            stream.write("\nAucun mot caractéristique.\n")
    stream.write(f"\n{_safe(vocabulary.policy)}\n")


def _word_cells(word: CharacteristicWord) -> list[str]:
    counts = (french.integer(word.count), french.integer(word.total))
    figures = (french.decimal(word.specificity, 1), french.decimal(word.z, 1))
    return [_safe(word.word), *counts, *figures, french.integer(word.documents)]


def _safe(text: str) -> str:
    """Text of ours or of the corpus that cannot be taken for Markdown; line feeds stay."""
    return "\n".join(french.printable(line) for line in text.split("\n")).translate(MARKDOWN_SPECIAL)


def _write_table(header: Sequence[str], rows: Iterable[list[str]], stream: TextIO) -> None:
    stream.write(f"\n| {' | '.join(header)} |\n|{'---|' * len(header)}\n")
    stream.writelines(f"| {' | '.join(row)} |\n" for row in rows)
