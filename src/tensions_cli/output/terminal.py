"""What a person reads in the terminal: the summary, then the passages worth reading."""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import TextIO

from rich.console import Console
from rich.console import Group as Lines
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tensions_cli.knowledge.codebook import codebook
from tensions_cli.output import french
from tensions_cli.output.french import NBSP
from tensions_cli.output.palette import in_bars, shade
from tensions_cli.records import (
    MIN_BEARING,
    MIXTE,
    NEUTRE,
    Analysis,
    DocumentInfo,
    Evidence,
    Explanation,
    Group,
    Inventory,
    PoleExplanation,
    Role,
    TaggedPassage,
    Tags,
    ZoneKind,
)
from tensions_cli.results import Corrections, Cutting

BAR_WIDTH = 16
WIDE = 100  # columns from which words and axes fit
NARROW = 72  # under this only names, counts and the shares fit
LEADING_AXES = 2
ZONE_TITLES = {
    ZoneKind.CHROME: "page web",
    ZoneKind.METADATA: "en-têtes",
    ZoneKind.LEGEND: "légendes",
    ZoneKind.TRAILER: "fins de transcription",
    ZoneKind.LABEL: "étiquettes",
    ZoneKind.REMARK: "remarques du transcripteur",
    ZoneKind.NOTE: "notes",
    ZoneKind.BIBLIOGRAPHY: "bibliographies",
    ZoneKind.FOREIGN: "autres langues",
}
EXCLUDED_TITLES = {"interviewer": "de l’enquêteur", "short": "de deux mots ou moins"}
STANCE_LEGEND = (
    f"\nposture{NBSP}: qui parle prend-il la logique à son compte{NBSP}? Parts sur n passages porteurs, "
    "vingt au moins, sans intervalle, à titre indicatif."
)


def console(*, stderr: bool = False) -> Console:
    """A console that never fails on a character its encoding lacks, and that is plain off a terminal."""
    stream = sys.stderr if stderr else sys.stdout
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="replace")
    width = None if stream.isatty() else 120
    return Console(stderr=stderr, highlight=False, width=width, soft_wrap=False)


def file_console(stream: TextIO) -> Console:
    """A plain console that writes to a file."""
    return Console(file=stream, highlight=False, width=120, force_terminal=False, color_system=None)


def print_analysis(analysis: Analysis, out: Console, *, speakers: bool, intervals: bool = False) -> None:
    """What was read, the table, stances, who speaks and remarks (`speakers`), quotations, what was dropped.

    With `intervals`, a table of every share with its own; corrections and other lengths where they were made.
    """
    out.print(_heading(analysis))
    out.print(_table(analysis, out))
    stances = _stances(analysis)
    if stances is not None:
        out.print()
        out.print(stances)
    if (pairs := _pairs(analysis.groups[0])) is not None:
        out.print(pairs)
    out.print(_legend(analysis, out))
    if intervals:
        out.print(_section("Parts et intervalles à 95\u00a0%", _intervals(analysis)))
    if analysis.corrections is not None:
        _print_corrections(analysis.corrections, out)
    if analysis.cuttings:
        out.print(_section("Les mêmes parts, à d’autres longueurs de passages", _cuttings(analysis.cuttings)))
        out.print(Text(french.SENSITIVITY_LEGEND, style="dim"))
    if analysis.manifest["options"].get("mask_under"):
        if speakers and any(document.cast for document in analysis.documents):
            out.print(Text(f"\nQui parle{NBSP}: noms masqués (--mask-under).", style="dim"))
        speakers = False
    for part in (_cast(analysis.documents), _notices(analysis.documents)) if speakers else ():
        if part is not None:
            out.print()
            out.print(part)
    if analysis.examples:
        out.print()
        out.print(_quotations(analysis.examples))
    if analysis.manifest["options"]["show_dropped"]:
        _print_dropped(analysis.documents, out)


def _heading(analysis: Analysis) -> Lines:
    whole, manifest = analysis.groups[0], analysis.manifest
    read = Text.assemble(
        (french.plural(len(analysis.documents), "document"), "bold"),
        f"{NBSP}: {french.decided(whole.passages, whole.human)}, ",
        f"{french.integer(whole.words)} mots. Modèle {manifest['model']['identity']}, ",
        f"{french.grid(manifest['codebook']['version'])}.",
    )
    left_out = [_excluded(analysis.documents), _silent(analysis.documents), _dropped(analysis.documents)]
    return Lines(read, *(Text(line, style="dim") for line in left_out if line))


def _excluded(documents: Iterable[DocumentInfo]) -> str:
    counts: dict[str, int] = {}
    for document in documents:
        for reason, n in document.excluded.items():
            counts[reason] = counts.get(reason, 0) + n
    parts = [f"{french.integer(n)} {EXCLUDED_TITLES.get(r, r)}" for r, n in sorted(counts.items())]
    return f"Passages lus mais non comptés{NBSP}: {', '.join(parts)}." if parts else ""


def _silent(documents: Iterable[DocumentInfo]) -> str:
    """Documents without a counted passage are in no row: they are named here."""
    names = [document.id for document in documents if not document.counted]
    return f"Documents sans passage compté{NBSP}: {french.printable(', '.join(names))}." if names else ""


def _dropped(documents: Iterable[DocumentInfo]) -> str:
    words: dict[ZoneKind, int] = {}
    for document in documents:
        for part in document.dropped:
            words[part.kind] = words.get(part.kind, 0) + part.words
    parts = [f"{ZONE_TITLES[kind]} {french.integer(words[kind])}" for kind in ZoneKind if words.get(kind)]
    return f"Mots laissés hors du texte (--show-dropped){NBSP}: {', '.join(parts)}." if parts else ""


def _table(analysis: Analysis, out: Console) -> Table:
    wide = out.width >= WIDE
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    table.add_column(" × ".join(analysis.by), overflow="fold", min_width=14, max_width=32)
    table.add_column("pass.", justify="right", no_wrap=True)
    if wide:
        table.add_column("mots", justify="right", no_wrap=True)
    if out.width >= NARROW:
        table.add_column("répartition", no_wrap=True)
    table.add_column(_figures(*map(_short, in_bars())), no_wrap=True)
    if out.width >= NARROW:
        table.add_column("tension %", no_wrap=True)
        if not codebook().by_pair:
            table.add_column("balance", justify="right", no_wrap=True)
    if wide:
        table.add_column("axes saillants", overflow="fold")
    for group in analysis.groups:
        table.add_row(*_cells(group, analysis.by, out, wide=wide), style="" if group.by else "bold")
    return table


def _section(title: str, table: Table) -> Padding:
    """A table with a title, after a blank line."""
    return Padding(Lines(Text(title, style="bold"), table), (1, 0, 0, 0), expand=False)


def _intervals(analysis: Analysis) -> Table:
    table = _plain_table(" × ".join(analysis.by), *codebook().measures)
    for group in analysis.groups:
        shares = {**group.shares, "tension": group.tension_share}
        cells = [
            french.MASKED if group.masked else french.share_and_bounds(share, group.intervals[name], group.method)
            for name, share in shares.items()
        ]
        table.add_row(Text(_name(group, analysis.by)), *cells, style="" if group.by else "bold")
    return table


def _print_corrections(found: Corrections, out: Console) -> None:
    """Raw beside corrected, the whole corpus, then the groups that have enough gold; the others are counted."""
    header = ("part", "brute", "corrigée (PPI)", "Rogan-Gladen", "sensibilité", "spécificité")
    for group in found.groups:
        if group.reason is None:
            table = _plain_table(*header)
            for share in group.shares:
                table.add_row(*french.corrected_cells(share, weighted=found.weighted))
            name = " × ".join(group.by.values()) or "tout le corpus"
            title = f"Parts corrigées des erreurs de la machine, {name} (gold{NBSP}: "
            passages = french.plural(group.gold, "passage")
            documents = french.plural(group.gold_documents, "document")
            out.print(_section(f"{french.printable(title)}{passages}, {documents})", table))
    out.print()
    for line in (*french.uncorrected(found), french.correction_legend(found)):
        out.print(Text(line, style="dim"))


def _cuttings(cuttings: Iterable[Cutting]) -> Table:
    table = _plain_table("mots visés", "passages", "mots par passage", *codebook().measures)
    for cutting in cuttings:
        table.add_row(*french.cutting_cells(cutting), style="bold" if cutting.shipped else "")
    return table


def _cells(group: Group, by: tuple[str, ...], out: Console, *, wide: bool) -> list[Text]:
    if group.masked:
        return _masked_cells(group, by, out, wide=wide)
    tension = f"{_rounded(group.tension_share):>3} {french.bounds(group.intervals['tension'], group.method)}"
    return [
        Text(_name(group, by)),
        Text(french.integer(group.passages)),
        *([Text(french.integer(group.words))] if wide else []),
        *([_bar(group, out)] if out.width >= NARROW else []),
        Text(_figures(*(_rounded(group.shares[label]) for label in in_bars()))),
        *([Text(tension)] if out.width >= NARROW else []),
        *([Text(french.decimal(group.balance))] if out.width >= NARROW and not codebook().by_pair else []),
        *([Text(_axes(group))] if wide else []),
    ]


def _masked_cells(group: Group, by: tuple[str, ...], out: Console, *, wide: bool) -> list[Text]:
    """A name and no number."""
    cells = [Text(_name(group, by)), Text(""), *([Text("")] if wide else [])]
    return [*cells, Text(french.MASKED, style="dim")] if out.width >= NARROW else [cells[0], Text(french.MASKED)]


def _name(group: Group, by: tuple[str, ...]) -> str:
    name = " × ".join(str(group.by[field]) for field in by) if group.by else "tout le corpus"
    return french.printable(name)


def _short(label: str) -> str:
    return {MIXTE: "mi.", NEUTRE: "n."}.get(label) or codebook().letters[label]


def _figures(*cells: str) -> str:
    """Short cells in one column, right aligned."""
    return " ".join(f"{cell:>3}" for cell in cells)


def _rounded(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f}"


def _bar(group: Group, out: Console) -> Text:
    """The shares as one bar; widths by largest remainder so that they add up."""
    shares = {label: group.shares[label] or 0.0 for label in in_bars()}
    if not group.passages:
        return Text("–")
    widths = {label: int(share * BAR_WIDTH) for label, share in shares.items()}
    rest = sorted(shares, key=lambda label: widths[label] - shares[label] * BAR_WIDTH)
    for label in rest[: BAR_WIDTH - sum(widths.values())]:
        widths[label] += 1
    return Text.assemble(*((_glyph(label, out) * width, shade(label).terminal) for label, width in widths.items()))


def _glyph(label: str, out: Console) -> str:
    full, plain = shade(label).glyphs
    try:
        full.encode(out.encoding)
    except (UnicodeEncodeError, LookupError):
        return plain
    return full


def _axes(group: Group) -> str:
    """The axis poles met most often; ties in the codebook's order."""
    letters = codebook().letters
    counts = [
        (-n, rank, f"{french.axis_titles()[axis]}{NBSP}{letters[pole]}")
        for rank, (axis, poles) in enumerate(group.axes.items())
        for pole, n in poles.items()
        if n
    ]
    return ", ".join(text for _, _, text in sorted(counts)[:LEADING_AXES]) or "–"


def _stances(analysis: Analysis) -> Lines | None:
    """For each logic, who defends and who contests it: the whole corpus, then the groups that say enough."""
    whole, *groups = analysis.groups
    if whole.stance is None:
        return None
    lines: list[Text | Padding] = []
    for pole, counts in whole.stance.items():
        lines.append(Text(f"Posture — {pole}{NBSP}: {french.stances(counts)}"))
        if len(groups) > 1:
            shown = [(_name(g, analysis.by), (g.stance or {}).get(pole, {})) for g in groups if not g.masked]
            lines += _stances_by_group(shown)
    return Lines(*lines)


def _stances_by_group(groups: list[tuple[str, Mapping[str, int]]]) -> list[Padding]:
    """One aligned line per group; groups with too few passages are counted, not listed."""
    enough = [(name, counts) for name, counts in groups if sum(counts.values()) >= MIN_BEARING]
    table = Table.grid(padding=(0, 2))
    table.add_column(overflow="fold", min_width=14, max_width=32)
    table.add_column(overflow="fold")
    for name, counts in enough:
        table.add_row(Text(name), Text(french.stances(counts)))
    parts: list[Table | Text] = [table] if enough else []
    if few := len(groups) - len(enough):
        parts.append(Text(f"{french.plural(few, 'groupe')}{NBSP}: {french.TOO_FEW}", style="dim"))
    return [Padding(part, (0, 0, 0, 2), expand=False) for part in parts]


def _legend(analysis: Analysis, out: Console) -> Padding:
    marks = [(_glyph(label, out), label) for label in in_bars()]
    keys = zip(marks, map(_short, in_bars()), strict=True)
    methods = dict.fromkeys(group.method for group in analysis.groups if not group.method.startswith("none"))
    how = " ou ".join(french.method(method) for method in methods) or "aucun ici"
    measured = {name: french.percent(share) for name, share in analysis.manifest["model"]["tension"].items()}
    text = Text.assemble(
        *(f"{mark} {title} ({key}{NBSP}%)   " for (mark, title), key in keys),
        f"\ntension{NBSP}: part de tous les passages comptés qui sont mixtes en opposition, et son intervalle ",
        f"à 95{NBSP}% ({how}){NBSP}; «{NBSP}trop peu{NBSP}»{NBSP}: moins de cinq documents, ou personnes d’un seul ",
        f"document. La relation est le code le moins sûr{NBSP}: sur des textes jamais vus, {measured['precision']} ",
        f"des tensions annoncées en sont, {measured['recall']} sont trouvées{NBSP}; l’intervalle n’en tient pas ",
        f"compte, lisez les passages.\n{_balance_legend()}axes{NBSP}: à titre indicatif.",
        STANCE_LEGEND if analysis.groups[0].stance is not None else "",
        f"\n{french.masking_legend(under)}" if (under := analysis.manifest["options"].get("mask_under")) else "",
        style="dim",
    )
    return Padding(text, (1, 0, 0, 0), expand=False)


def _balance_legend() -> str:
    """Between two logics only."""
    if codebook().by_pair:
        return ""
    first, second = codebook().letters.values()
    return f"balance{NBSP}: de −1 ({first} seule) à +1 ({second} seule), sur vingt passages porteurs au moins{NBSP}; "


def _pairs(whole: Group) -> Text | None:
    """« marchande et civique : opposition 12, articulation 4 »: with more than two logics, who meets whom."""
    parts = [
        f"{' et '.join(codebook().pairs[pair])}{NBSP}: "
        + ", ".join(f"{relation} {french.integer(n)}" for relation, n in counts.items() if n)
        for pair, counts in whole.pairs.items()
        if any(counts.values())
    ]
    return Text(f"Relations — {' ; '.join(parts)}".replace(" ;", f"{NBSP};")) if parts else None


def _cast(documents: Iterable[DocumentInfo]) -> Lines | None:
    lines = [
        Text(french.printable(f"{document.id}{NBSP}: {_speakers(document)}")) for document in documents if document.cast
    ]
    return Lines(Text("Qui parle, et qui mène l’entretien", style="bold"), *lines) if lines else None


def _speakers(document: DocumentInfo) -> str:
    members = []
    for member in document.cast:
        role = french.ROLE_TITLES[member.role]
        ground = f", {member.ground}" if member.ground and member.role is not Role.RESPONDENT else ""
        members.append(f"{member.speaker} ({role}, {french.plural(member.turns, 'tour')}{ground})")
    return f"{NBSP}; ".join(members)


def _notices(documents: Iterable[DocumentInfo]) -> Lines | None:
    lines = [
        Text(french.printable(f"{document.id}{NBSP}: {notice}"))
        for document in documents
        for notice in document.notices
    ]
    return Lines(Text("À vérifier", style="bold"), *lines) if lines else None


def _quotations(examples: tuple[TaggedPassage, ...]) -> Lines:
    title = "Tension proposée, à relire" if len(examples) == 1 else "Tensions proposées, à relire"
    parts: list[Text | Padding] = [Text(title, style="bold")]
    for tagged in examples:
        parts.append(Padding(underlined(tagged.passage.text, tagged.tags.evidence), (1, 2, 0, 2), expand=False))
        parts.append(Padding(Text(f"— {french.place(tagged.passage)}", style="dim"), (0, 2), expand=False))
    return Lines(*parts)


def underlined(text: str, evidence: Iterable[Evidence]) -> Text:
    """A passage between « », its evidence underlined in the colour of its pole; line feeds become spaces."""
    shown = Text(text.replace("\n", " "))
    for span in evidence:
        shown.stylize(f"underline {shade(span.pole).terminal}", span.start, span.end)
    return Text.assemble(f"«{NBSP}", shown, f"{NBSP}»")


def _print_dropped(documents: Iterable[DocumentInfo], out: Console) -> None:
    """Every part left out of the body with its reason, as it was asked for."""
    out.print()
    out.print(Text("Laissé hors du texte", style="bold"))
    for document in documents:
        shown = [part for part in document.dropped if part.text is not None]
        if shown:
            out.print(Text(f"\n{french.printable(document.id)}", style="bold"))
        for (kind, detail), parts in groupby(shown, key=lambda part: (part.kind, part.detail)):
            out.print(Text(f"  {ZONE_TITLES[kind]}{f' ({detail})' if detail else ''}", style="dim"))
            for part in parts:
                out.print(Padding(Text(part.text or ""), (0, 0, 0, 4)))


def print_inventory(inventory: Inventory, out: Console, *, speakers: bool) -> None:
    """What would be read: by format, by document, languages, then who speaks and remarks (`speakers`)."""
    whole = inventory.whole
    out.print(
        Text.assemble(
            (french.plural(whole.documents, "document"), "bold"),
            f"{NBSP}: {french.integer(whole.words)} mots lus, {french.plural(whole.passages, 'passage')}, dont ",
            f"{french.integer(whole.counted)} à compter.",
        )
    )
    for line in (_dropped(inventory.documents), _excluded(inventory.documents), _languages(inventory)):
        if line:
            out.print(Text(line, style="dim"))
    out.print()
    out.print(_tallies(inventory))
    out.print()
    out.print(_inventory_documents(inventory.documents))
    for part in (_cast(inventory.documents), _notices(inventory.documents)) if speakers else ():
        if part is not None:
            out.print()
            out.print(part)
    if any(part.text is not None for document in inventory.documents for part in document.dropped):
        _print_dropped(inventory.documents, out)


def _languages(inventory: Inventory) -> str:
    total = sum(inventory.languages.values())
    shares = [
        f"{name} {french.percent(words / total)}" for name, words in inventory.languages.items() if words and total
    ]
    return f"Langues{NBSP}: {', '.join(shares)}."


def _tallies(inventory: Inventory) -> Table:
    table = _plain_table("format", "documents", "mots", "hors du texte", "passages", "tours", "qui parle")
    rows = [*inventory.formats.items(), ("ensemble", inventory.whole)]
    for name, tally in rows if len(inventory.formats) > 1 else rows[:1]:
        table.add_row(
            name,
            french.integer(tally.documents),
            french.integer(tally.words),
            _share(sum(tally.dropped_words.values()), tally.words),
            french.integer(tally.passages),
            french.integer(tally.turns) if tally.turns else "–",
            _roles(tally.speakers),
            style="bold" if tally is inventory.whole else "",
        )
    return table


def _inventory_documents(documents: Iterable[DocumentInfo]) -> Table:
    table = _plain_table("document", "format", "mots", "hors du texte", "passages", "tours", "qui parle")
    table.columns[1].justify = "left"
    for document in documents:
        roles = Counter(member.role.value if member.role else "unknown" for member in document.cast)
        turns = sum(member.turns for member in document.cast)
        table.add_row(
            french.printable(document.id),
            document.format + (f", {document.encoding}" if document.encoding not in (None, "utf-8") else ""),
            french.integer(document.words),
            _share(sum(part.words for part in document.dropped), document.words),
            french.integer(document.passages),
            french.integer(turns) if turns else "–",
            _roles(roles),
        )
    return table


def _plain_table(first: str, *others: str) -> Table:
    """Names on the left, figures on the right, the last column of words."""
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    table.add_column(first, overflow="fold", min_width=10, max_width=40)
    for name in others[:-1]:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column(others[-1], overflow="fold")
    return table


def _share(part: int, whole: int) -> str:
    return french.percent(part / whole) if whole and part else "–"


def _roles(counts: Mapping[str, int]) -> str:
    titles = {role.value: french.ROLE_TITLES[role] for role in Role} | {"unknown": french.ROLE_TITLES[None]}
    plurals = {role: " ".join(f"{word.removesuffix('s')}s" for word in title.split()) for role, title in titles.items()}
    return ", ".join(french.plural(n, titles[role], plurals[role]) for role, n in sorted(counts.items())) or "–"


FORM_TITLES = {
    "length": "longueur",
    "asks": "question",
    "counts_things": "chiffre",
    "percent_or_money": "pourcentage ou argent",
    "first_person": "première personne",
    "negation": "négation",
    "opposing": "mots qui opposent",
    "acronyms": "sigles",
    "quotes": "guillemets",
    "unended": "sans point final",
    "both": "repères des deux logiques",
    "whole": "le passage dans son ensemble",
}
SHOWN_WORDS = 8
LEAST_TERM = 0.005  # printed with two decimals, a smaller term is zero


def _form_title(name: str) -> str:
    """`both` is the weaker of two logics; of more, the second strongest."""
    return "repères de deux logiques" if name == "both" and codebook().by_pair else FORM_TITLES.get(name, name)


def print_explanation(explanation: Explanation, out: Console) -> None:
    """The passage underlined, its label, then one table per pole whose terms add up."""
    tags = explanation.tags
    out.print(underlined(explanation.text, tags.evidence))
    out.print()
    out.print(_verdict(tags))
    for pole in explanation.poles:
        out.print()
        out.print(_pole_title(explanation, pole))
        out.print(_terms(explanation, pole))


def _verdict(tags: Tags) -> Text:
    relation = f", {tags.relation}" if tags.relation else ""
    doubt = "" if tags.certain else " (incertain\u00a0: un score est à moins de 0,1 de son seuil)"
    axes = ", ".join(f"{french.axis_titles()[axis]} ({', '.join(poles)})" for axis, poles in tags.axes.items())
    stances = ", ".join(f"{pole} {french.stance_title(name)}" for pole, name in (tags.stance or {}).items())
    lines = [f"\nPosture{NBSP}: {stances}" if stances else "", f"\nAxes{NBSP}: {axes}" if axes else ""]
    return Text.assemble((f"{tags.label}{relation}", "bold"), doubt, *lines, (f"\nModèle {tags.model}", "dim"))


def _pole_title(explanation: Explanation, pole: PoleExplanation) -> Text:
    score = explanation.tags.scores[pole.pole]
    answer = "oui" if score >= pole.threshold else "non"
    title = f"{pole.pole}\u00a0: score {score:.2f}, seuil {pole.threshold:.2f}, {answer}"
    return Text(title.replace(".", ","), style="bold")


def _terms(explanation: Explanation, pole: PoleExplanation) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(overflow="fold")
    table.add_column(justify="right")
    words = sorted(pole.words, key=lambda w: (-abs(w.term), w.start))
    for word in words[:SHOWN_WORDS]:
        table.add_row(explanation.text[word.start : word.end].replace("\n", " "), french.decimal(word.term))
    rest = sum(word.term for word in words[SHOWN_WORDS:])
    if len(words) > SHOWN_WORDS:
        table.add_row(f"autres mots ({len(words) - SHOWN_WORDS})", french.decimal(rest), style="dim")
    shown = {name: term for name, term in pole.form.items() if abs(term) >= LEAST_TERM}
    for name, term in shown.items():
        table.add_row(f"forme{NBSP}: {_form_title(name)}", french.decimal(term), style="dim")
    hidden = sum(term for name, term in pole.form.items() if name not in shown)
    if abs(hidden) >= LEAST_TERM:
        table.add_row("autres traits de forme", french.decimal(hidden), style="dim")
    table.add_row("point de départ", french.decimal(pole.start), style="dim")
    table.add_row("somme, que le calibrage change en score", french.decimal(pole.log_odds), style="bold")
    return table
