"""Characteristic words, correspondence analysis and pairs of axes, as a person reads them in the terminal."""

import textwrap
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tensions_cli.output import french
from tensions_cli.output.french import NBSP
from tensions_cli.records import Role
from tensions_cli.results import AxisPair, CharacteristicWord, Correspondence, FactorPoint, Profile, Vocabulary

FIELD_TITLES = {
    "label": "étiquette",
    "relation": "relation (passages mixtes)",
    "speaker": "locuteur",
    "person": "personne",
    "role": "rôle",
    "document": "document",
}
_JOINED = " × "
WIDE = 90  # columns from which expected counts, z and speakers fit
SHOWN_FACTORS = 2  # what a plane shows; the others are in the JSON
POOR = 0.2  # under this cos² on the plane, the place of a point there says nothing
ROUNDS_TO_ZERO = 0.005  # with two decimals
MORE, LESS = "cyan", "yellow"  # the two tones; signs and headings say the same without colour


def print_vocabulary(vocabulary: Vocabulary, out: Console, limit: int = 12) -> None:
    """Profile by profile, the `limit` words most typical with what they rest on, then those that are missing."""
    out.print(_vocabulary_heading(vocabulary))
    for profile in vocabulary.profiles:
        out.print()
        out.print(_profile_heading(profile, vocabulary))
        if profile.over:
            out.print(_words(profile.over[:limit], vocabulary.threshold, wide=out.width >= WIDE))
        else:
            out.print(Text("  Aucun mot caractéristique.", style="dim"))
        for line in _after(profile, limit, out.width):
            out.print(line)
    out.print()
    print_dim(_vocabulary_legend(vocabulary), out)


def field_title(by: str) -> str:
    """« étiquette », « locuteur », a metadata column as it is; crossed fields joined."""
    return _JOINED.join(french.printable(FIELD_TITLES.get(field, field)) for field in by.split(_JOINED))


def part_title(part: str, by: str) -> str:
    """Name of a part: roles in French, the rest as it is."""
    if by == "role" and part in set(Role):
        return french.ROLE_TITLES[Role(part)]
    return french.printable(part)


def _vocabulary_heading(vocabulary: Vocabulary) -> Text:
    return Text.assemble(
        (f"Mots caractéristiques par {field_title(vocabulary.by)}", "bold"),
        f"{NBSP}: {french.integer(vocabulary.words)} mots, ",
        f"{french.plural(vocabulary.distinct, 'mot ou expression comparé', 'mots ou expressions comparés')}.",
    )


def _profile_heading(profile: Profile, vocabulary: Vocabulary) -> Text:
    return Text.assemble(
        (part_title(profile.part, vocabulary.by), "bold"),
        f" ({french.integer(profile.words)} mots, {french.plural(profile.documents, 'document')})",
    )


def _words(words: Sequence[CharacteristicWord], threshold: float | None, *, wide: bool) -> Table:
    columns: list[tuple[str, bool, Callable[[CharacteristicWord], str]]] = [
        ("f", False, lambda word: french.integer(word.count)),
        ("F", False, lambda word: french.integer(word.total)),
        ("attendu", True, lambda word: _number(word.expected, 1)),
        ("spécificité", False, lambda word: _strength(word.specificity, threshold)),
        ("z", True, lambda word: french.decimal(word.z, 1)),
        ("documents", False, lambda word: french.integer(word.documents)),
        ("locuteurs\nnommés", True, lambda word: french.integer(word.speakers) if word.speakers else "–"),
        ("part du 1ᵉʳ doc.", True, lambda word: french.percent(word.largest_share)),
    ]
    shown = [(title, cell) for title, only_wide, cell in columns if wide or not only_wide]
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    table.add_column("  mot", overflow="fold", min_width=16)
    for title, _ in shown:
        table.add_column(title, justify="right", no_wrap=True, style=MORE if title == "spécificité" else None)
    for word in words:
        table.add_row(Text(f"  {french.printable(word.word)}"), *(Text(cell(word)) for _, cell in shown))
    return table


def _number(value: float, places: int) -> str:
    return f"{value:,.{places}f}".replace(",", NBSP).replace(".", ",")


def _signed(value: float) -> str:
    """A coordinate; one that rounds to zero has no sign."""
    return french.decimal(value) if abs(value) >= ROUNDS_TO_ZERO else _number(0.0, 2)


def _strength(specificity: float, threshold: float | None) -> str:
    """« +5,2* »: the star where it holds among all the tests."""
    star = "*" if threshold is not None and abs(specificity) >= threshold else " "
    return f"{french.decimal(specificity, 1)}{star}"


def _after(profile: Profile, limit: int, width: int) -> list[Text]:
    lines = []
    if profile.under:
        missing = ", ".join(
            f"{french.printable(word.word)}{NBSP}({french.decimal(word.specificity, 1)})"
            for word in profile.under[:limit]
        )
        title = f"  Moins qu’ailleurs{NBSP}: "
        line = Text(_wrapped(f"{title}{missing}.", width, indent="  "), style=LESS)
        line.stylize("bold", 0, len(title))
        lines.append(line)
    if profile.lone:
        number = french.plural(len(profile.lone), "mot")
        apart = f"  Mis à part{NBSP}: {number} qu’un seul document ou une seule personne porte."
        lines.append(Text(_wrapped(apart, width, indent="  "), style="dim"))
    return lines


def _wrapped(text: str, width: int, indent: str = "") -> str:
    """Lines cut at ordinary spaces: rich would also cut at the no-break ones."""
    return textwrap.fill(text, width, subsequent_indent=indent, break_on_hyphens=False)


def print_dim(lines: Sequence[str], out: Console) -> None:
    """Legends, cut at ordinary spaces only."""
    for line in lines:
        out.print(Text(_wrapped(line, out.width), style="dim"))


def _vocabulary_legend(vocabulary: Vocabulary) -> list[str]:
    lines = [
        f"f{NBSP}: occurrences dans la partie{NBSP}; F{NBSP}: dans les parties comparées. Spécificité "
        f"de +2{NBSP}: si les mots étaient "
        "tirés au hasard, la partie en aurait autant ou plus une fois sur cent "
        f"(+3{NBSP}: sur mille){NBSP}; de −2{NBSP}: "
        "autant ou moins. Entre −2 et +2, un mot est banal et n’est pas montré.",
        _held(vocabulary),
        f"Qui parle se répète{NBSP}: un mot n’est montré que si plusieurs documents et "
        "plusieurs personnes (là où quelqu’un est nommé) de la partie le "
        "disent, et s’il reste au-dessus de l’attendu sans le document qui le dit le plus.",
    ]
    if any(profile.documents == 1 for profile in vocabulary.profiles):
        lines.append(
            "Dans une partie faite d’un seul document, il faut que plusieurs personnes le "
            "disent, ou qu’on le dise ailleurs."
        )
    if "label" in vocabulary.by.split(_JOINED):
        lines.append(
            f"Par étiquette, ces mots montrent à quoi le modèle reconnaît une logique{NBSP}: "
            "il les a lus pour la donner, "
            "ils ne la confirment pas."
        )
    lines += ["Compter des mots mesure ce qui se dit, non ce qui se fait.", vocabulary.policy]
    if vocabulary.left_out:
        names = ", ".join(part_title(part, vocabulary.by) for part in vocabulary.left_out)
        lines.append(f"Sans profil, trop peu de mots{NBSP}: {names}.")
    return [line for line in lines if line]


def _held(vocabulary: Vocabulary) -> str:
    """What many tests leave of the list."""
    family = (
        f"5{NBSP}% de fausses découvertes, pour {french.plural(vocabulary.tests, 'test')} (un par mot et par partie"
    )
    if vocabulary.threshold is None:
        return f"Aucun mot ne tient à {family}{NBSP}; Benjamini et Hochberg){NBSP}: ces listes sont des pistes."
    least = _number(vocabulary.threshold, 1)
    return (
        f"*{NBSP}: tient à {family}{NBSP}; Benjamini et Hochberg), soit {least} et plus "
        "en valeur absolue. Sans étoile, "
        "c’est une piste."
    )


def print_correspondence(analysis: Correspondence, out: Console, limit: int = 20) -> None:
    """Table first: coordinates, contributions and cos² on the first plane; then what each factor opposes.

    Of the values of the variable, the `limit` that make most of the plane are shown.
    """
    out.print(_correspondence_heading(analysis))
    out.print(_factors(analysis, limit))
    if len(analysis.columns) > limit:
        others = french.plural(len(analysis.columns) - limit, "autre modalité", "autres modalités")
        out.print(Text(f"{others} contribuent moins et ne sont pas montrées.", style="dim"))
    out.print()
    for factor in range(min(SHOWN_FACTORS, len(analysis.inertia))):
        out.print(_reading(analysis, factor))
    out.print()
    print_dim(_correspondence_legend(analysis), out)


def point_title(name: str) -> str:
    """« coût (rationalisation) » for `cout:rationalisation`, « coût » for `cout`; another name as it is."""
    axis, _, pole = name.partition(":")
    title = french.axis_titles().get(axis)
    if title is None:
        return french.printable(name)
    return f"{title} ({french.printable(pole)})" if pole else title


def _correspondence_heading(analysis: Correspondence) -> Text:
    sizes = f"{len(analysis.rows)} étiquettes et {len(analysis.columns)} modalités"
    return Text.assemble(
        (f"Étiquettes selon {field_title(analysis.variable)}", "bold"),
        f"{NBSP}: analyse des correspondances de {french.plural(analysis.passages, 'passage')}, {sizes}, ",
        f"χ²{NBSP}={NBSP}{_number(analysis.chi2, 1)} ({_expected_chi2(analysis)} en "
        "moyenne si tout était indépendant).",
    )


def _expected_chi2(analysis: Correspondence) -> int:
    """Mean of χ² under independence: its degrees of freedom."""
    return (len(analysis.rows) - 1) * (len(analysis.columns) - 1)


def _factors(analysis: Correspondence, limit: int) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    table.add_column("", overflow="fold", min_width=18)
    table.add_column("passages", justify="right", no_wrap=True)
    shown = range(min(SHOWN_FACTORS, len(analysis.inertia)))
    for factor in shown:
        table.add_column(
            f"facteur{NBSP}{factor + 1} ({french.percent(analysis.shares[factor])})", justify="right", no_wrap=True
        )
        table.add_column("contrib.", justify="right", no_wrap=True)
        table.add_column("cos²", justify="right", no_wrap=True)
    sections = (
        ("étiquettes", analysis.rows),
        ("modalités", _leading_columns(analysis, limit)),
        ("axes, supplémentaires", analysis.supplementary),
    )
    for title, points in sections:
        if points:
            table.add_row(Text(title, style="italic"))
        for point in points:
            faint = sum(point.cos2[factor] for factor in shown) < POOR
            cells = [cell for factor in shown for cell in _point_cells(point, factor)]
            table.add_row(
                Text(f"  {point_title(point.name)}{'°' if faint else ''}"),
                french.integer(point.count),
                *cells,
                style="dim" if faint else "",
            )
    return table


def _leading_columns(analysis: Correspondence, limit: int) -> tuple[FactorPoint, ...]:
    """The columns that make most of the inertia of the plane, in the order of the analysis."""
    plane = analysis.inertia[:SHOWN_FACTORS]

    def part(point: FactorPoint) -> float:
        return sum(inertia * share for inertia, share in zip(plane, point.contributions, strict=False))

    kept = {point.name for point in sorted(analysis.columns, key=part, reverse=True)[:limit]}
    return tuple(point for point in analysis.columns if point.name in kept)


def _point_cells(point: FactorPoint, factor: int) -> tuple[Text, str, str]:
    value = point.coordinates[factor]
    contribution = french.percent(point.contributions[factor]) if point.contributions else "–"
    return Text(_signed(value), style=MORE if value > 0 else LESS), contribution, _number(point.cos2[factor], 2)


def _reading(analysis: Correspondence, factor: int) -> Text:
    """What a factor opposes: points that contribute more than the mean of their kind."""
    leading = [
        point
        for points in (analysis.rows, analysis.columns)
        for point in points
        if point.contributions[factor] > 1 / len(points)
    ]
    sides = [
        ", ".join(point_title(point.name) for point in leading if (point.coordinates[factor] > 0) is positive)
        for positive in (True, False)
    ]
    title = f"Facteur{NBSP}{factor + 1}, {french.percent(analysis.shares[factor])} de l’inertie{NBSP}: "
    signed = zip(sides, ("+", "−"), (MORE, LESS), strict=True)
    named = [(f"{side} ({sign})", style) for side, sign, style in signed if side]
    if len(named) == 2:
        return Text.assemble((title, "bold"), named[0], " contre ", named[1], ".")
    alone = f"{NBSP}; aucun point marqué de l’autre côté." if named else "aucun point marqué."
    return Text.assemble((title, "bold"), *named, alone)


def _correspondence_legend(analysis: Correspondence) -> list[str]:
    lines = [
        "Une étiquette et une modalité du même côté vont ensemble plus que si tout était réparti au hasard. "
        f"Contribution{NBSP}: part du facteur qui vient du point{NBSP}; cos²{NBSP}: part "
        "du point que le facteur montre. Un "
        f"point marqué ° ne se lit pas (moins de {_number(POOR, 1)} de cos² sur le plan). Sont nommés les points qui "
        "contribuent plus que la moyenne des leurs.",
        f"Le χ² décrit le tableau{NBSP}: les passages d’un même document se ressemblent, il n’en est tiré aucune "
        "probabilité.",
    ]
    if analysis.chi2 <= _expected_chi2(analysis):
        lines.insert(
            0, "Ce tableau ne s’écarte pas plus de l’indépendance que le hasard : le plan n’est pas à interpréter."
        )
    if analysis.supplementary:
        lines.append(f"Les axes de la grille sont supplémentaires{NBSP}: placés sur les facteurs, ils ne les font pas.")
    if analysis.left_out:
        names = ", ".join(french.printable(name) for name in analysis.left_out)
        lines.append(f"Modalités non placées, trop peu de passages{NBSP}: {names}.")
    return lines


def print_axis_pairs(pairs: Sequence[AxisPair], out: Console) -> None:
    """Which axes stand in the same passages, the most frequent pairs first; pairs "
    "neither met nor expected are left out."""
    if not pairs:
        out.print(f"Aucun couple d’axes{NBSP}: moins de deux axes apparaissent.")
        return
    base = pairs[0].together + pairs[0].only_first + pairs[0].only_second + pairs[0].neither
    heading = f"{NBSP}: {french.plural(base, 'passage')} avec un axe au moins."
    out.print(Text.assemble(("Axes qui vont ensemble", "bold"), heading))
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    table.add_column("axes", overflow="fold")
    for title in ("ensemble", "attendu", "rapport"):
        table.add_column(title, justify="right", no_wrap=True)
    for pair in pairs:
        if pair.together or pair.lift is not None:
            lift = french.TOO_FEW if pair.lift is None else _number(pair.lift, 2)
            style = "" if pair.lift is None else (MORE if pair.lift > 1 else LESS)
            titles = f"{point_title(pair.first)} + {point_title(pair.second)}"
            table.add_row(titles, french.integer(pair.together), _number(pair.expected, 1), Text(lift, style=style))
    out.print(table)
    legend = (
        f"Rapport{NBSP}: passages où les deux axes sont ensemble, sur ceux qu’on attendrait s’ils étaient indépendants "
        f"({french.TOO_FEW}{NBSP}: moins de cinq attendus). Les passages sans axe sont hors de la base, ce qui abaisse "
        f"tous les rapports{NBSP}: comparez-les entre eux plutôt qu’à 1."
    )
    print_dim([legend], out)
