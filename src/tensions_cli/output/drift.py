"""Two summaries side by side, as a person reads them: what changed behind the numbers, then the numbers that moved.

Plain lines, without colour: they go to a terminal, to the log of a CI job or to a comment as they are.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TextIO

from tensions_cli.output import french
from tensions_cli.output.french import NBSP
from tensions_cli.output.tables import MARKDOWN_SPECIAL
from tensions_cli.records import Role
from tensions_cli.results import Cause, Drift, Figure, GroupChange, Move, TextChange, Verdict

LISTED = 8  # documents, libraries or groups named in one list
MOVES_LISTED = 40  # lines of the table: two screens; the JSON has them all
BRIEF = 5  # moves told by `analyse --check`
WHOLE = "tout le corpus"
TEXT_KINDS = {
    "new": ("nouveau", "nouveaux"),
    "gone": ("disparu", "disparus"),
    "changed": ("changé", "changés"),
    "renamed": ("renommé", "renommés"),
    "reread": ("lu autrement", "lus autrement"),
}
CAUSES = {
    "unread": "Non lus",
    "metadata": "Métadonnées",
    "model": "Modèle",
    "codebook": "Grille",
    "lexicon": "Lexique",
    "option": "Options",
    "settings": "Réglages (tensions.toml)",
    "language_model": "Analyse du français",
    "tool": "Version de tensions",
    "python": "Python",
    "library": "Bibliothèques",
}
# What the options of a manifest are typed as; the others with dashes.
OPTIONS = {"find_speakers": "tours de parole cherchés", "roles_given": "rôles donnés par --speakers"}
WORDS = {"true": "oui", "false": "non", None: "–"}
OTHER_GROUPS = "les mêmes textes ne tombent plus dans les mêmes groupes (metadata.csv, speakers.csv, rôles)"
SAME = f"Rien{NBSP}: mêmes textes, même modèle, même grille, mêmes options, mêmes versions."
NO_CAUSE = (
    f"Rien de ce que les résumés disent. Reste ce qu’ils ne disent pas{NBSP}: une autre machine (écarts de 0,0001), "
    "les rôles donnés par --speakers, un fichier retouché à la main."
)
SEVERAL = (
    f"Plusieurs choses ont changé à la fois{NBSP}: cette comparaison ne dit pas laquelle a fait bouger quoi. Pour le "
    "savoir, refaites l’analyse en n’en changeant qu’une."
)
OTHER_CODEBOOK = (
    f"Deux grilles{NBSP}: seules les mesures de même nom sont comparées, et elles peuvent ne pas vouloir dire la même "
    "chose. Lisez ce qui a changé dans la grille avant de lire un écart."
)
LEGEND = (
    f"Écart{NBSP}: nouveau moins ancien, en points pour une part. [{NBSP}]{NBSP}: intervalle à 95{NBSP}%. «{NBSP}hors"
    f"{NBSP}»{NBSP}: la nouvelle valeur sort de l’ancien intervalle{NBSP}; un tiret{NBSP}: il n’y en avait pas (trop "
    "peu de documents, part en mots, balance). Un écart n’est pas un test."
)


@dataclass(frozen=True, slots=True)
class _Part:
    title: str
    before: Sequence[str]
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    after: Sequence[str] = ()


def write_drift(found: Drift, stream: TextIO) -> None:
    """The whole comparison as plain lines."""
    stream.write("\n".join(drift_lines(found)) + "\n")


def drift_lines(found: Drift) -> list[str]:
    """The same, line by line."""
    lines: list[str] = []
    for part in _parts(found):
        lines += [*([""] if lines else []), part.title, *(f"  {line}" for line in part.before)]
        lines += [f"  {line}" for line in (*_aligned(part), *part.after)]
    return lines


def write_drift_markdown(found: Drift, stream: TextIO) -> None:
    """The same for a repository or the comment of a merge request."""
    for rank, part in enumerate(_parts(found)):
        stream.write("\n" * bool(rank) + f"### {_safe(part.title)}\n\n")
        stream.writelines(f"- {_safe(line.strip())}\n" for line in part.before)
        if part.rows:
            stream.write(f"\n| {' | '.join(part.header)} |\n|{'---|' * len(part.header)}\n")
            stream.writelines(f"| {' | '.join(map(_safe, row))} |\n" for row in part.rows)
        stream.writelines(f"\n{_safe(line)}\n" for line in part.after)


def brief_lines(found: Drift, name: str) -> list[str]:
    """What `analyse --check` says on stderr: the answer, why, and the widest moves. `name`: of the former summary."""
    told = [f"--check {french.printable(name)}{NBSP}: {_answer(found)}"]
    told += [f"  {line}" for line in _causes(found)]
    told += [f"  {line}" for line in _changes_of_groups(found)]
    for move in found.moves[:BRIEF]:
        gap, group, measure, old, new, n, held = _cells(move)
        told.append(f"  {group}, {measure}{NBSP}: {old} → {new} ({gap}, n{NBSP}={NBSP}{n}{_held_told(held)})")
    if len(found.moves) > BRIEF:
        told.append(f"  … et {french.plural(len(found.moves) - BRIEF, 'autre')}.")
    if found.moved:
        told.append(
            f"  Tout lire{NBSP}: tensions analyse … -f json -o nouveau.json, puis tensions diff "
            f"{french.printable(name)} nouveau.json"
        )
    return told


def _held_told(held: str) -> str:
    return (
        "" if held == "–" else f", {held} l’ancien intervalle" if held == "dans" else f", {held} de l’ancien intervalle"
    )


def _parts(found: Drift) -> Iterator[_Part]:
    yield _Part("Ce qui a changé", list(_causes(found)) or [_unchanged(found)], after=_on_causes(found))
    moves = found.moves[:MOVES_LISTED]
    rest = len(found.moves) - len(moves)
    more = [f"… et {french.plural(rest, 'autre')} (tensions diff -f json les donne tous)."] if rest else []
    yield _Part(
        "Ce qui a bougé",
        [_sentence(_answer(found)), *_changes_of_groups(found)],
        header=("écart", "groupe", "mesure", "avant", "après", "n", "ancien intervalle"),
        rows=[_cells(move) for move in moves],
        after=[*more, *([LEGEND] if moves else [])],
    )


def _unchanged(found: Drift) -> str:
    """No cause is told: none was needed, or none can be seen."""
    if found.identical < found.compared or found.moved:
        return NO_CAUSE
    return "Rien de ce que les résumés disent." if found.notices else SAME


def _on_causes(found: Drift) -> list[str]:
    """What a reader must know of the causes before the numbers."""
    told = [OTHER_CODEBOOK] if found.other_codebook else []
    return [*found.notices, *told, *([SEVERAL] if len(_families(found)) > 1 and found.moves else [])]


# Causes that come together, as one decision; what is not here only changes which groups are shown.
FAMILIES = {
    **dict.fromkeys(("unread", "metadata"), "corpus"),
    **dict.fromkeys(("model", "codebook", "lexicon"), "model"),
    **dict.fromkeys(("language_model", "tool", "python", "library"), "versions"),
    "settings": "options",
}
GROUPING = ("by", "mask_under")


def _families(found: Drift) -> set[str]:
    """Which kinds of decision may have moved a number; what follows from another one is no decision.

    A text read otherwise follows from an option or a version; a library that comes or goes with a model, from that.
    """
    texts = {"corpus" for one in found.texts if one.kind in ("new", "gone", "changed")}
    options = {"options" for one in found.causes if one.kind == "option" and one.name not in GROUPING}
    other_model = any(one.kind == "model" for one in found.causes)
    decisions = [
        one for one in found.causes if not (other_model and one.kind == "library" and None in (one.old, one.new))
    ]
    return texts | options | {FAMILIES[one.kind] for one in decisions if one.kind in FAMILIES}


# --- causes -------------------------------------------------------------------------------------------


def _causes(found: Drift) -> Iterator[str]:
    """One line a kind of cause; the documents concerned under the texts, the first ones of many."""
    if found.texts:
        yield f"Textes{NBSP}: {_counted_texts(found)}."
        for _, several in groupby(found.texts, key=lambda one: one.kind):
            changes = list(several)
            yield from (f"  {_text(one)}" for one in changes[:LISTED])
            if len(changes) > LISTED:
                yield f"  … et {french.plural(len(changes) - LISTED, 'autre')} {TEXT_KINDS[changes[0].kind][1]}"
    if found.texts or any(old != new for old, new in found.sizes.values()):
        yield from _sizes(found)
    for kind, causes in groupby(found.causes, key=lambda one: one.kind):
        yield f"{CAUSES.get(kind, kind)}{NBSP}: {_listed([_cause(one) for one in causes])}"


def _counted_texts(found: Drift) -> str:
    counts = [(kind, sum(one.kind == kind for one in found.texts)) for kind in TEXT_KINDS]
    changed = [f"{french.integer(n)} {TEXT_KINDS[kind][n > 1]}" for kind, n in counts if n]
    # A text that was renamed or read otherwise is the same text: it is not counted twice.
    same = found.same_texts - sum(one.kind in ("renamed", "reread") for one in found.texts)
    return ", ".join([*changed, f"{french.integer(same)} {'inchangés' if same > 1 else 'inchangé'}"])


def _text(one: TextChange) -> str:
    name = french.printable(one.document if one.was is None else f"{one.was} → {one.document}")
    counts = [
        f"{_both(pair)} {title}"
        for pair, title in ((one.words, "mots"), (one.counted, "passages comptés"))
        if pair != (None, None)
    ]
    return f"{TEXT_KINDS[one.kind][0]}{NBSP}: {name}" + (f" ({', '.join(counts)})" if counts else "")


def _sizes(found: Drift) -> Iterator[str]:
    titles = {"documents": "documents", "passages": "passages comptés", "words": "mots comptés"}
    told = [f"{_both(pair)} {titles[name]}" for name, pair in found.sizes.items() if pair != (None, None)]
    if told:
        yield f"Taille{NBSP}: {', '.join(told)}"


def _both(pair: tuple[int | None, int | None]) -> str:
    """« 12 → 13 », or once what does not change or stands on one side only."""
    return " → ".join(french.integer(one) for one in dict.fromkeys(pair) if one is not None)


def _cause(one: Cause) -> str:
    if one.kind == "metadata":
        return OTHER_GROUPS
    old, new = (french.printable(WORDS.get(value) or str(value)) for value in (one.old, one.new))
    if one.kind == "unread":
        which = "ne l’est plus" if one.new is not None and one.old is None else "l’est de nouveau"
        return f"{french.printable(one.name)} ({which})"
    name = one.name
    if one.kind == "option":
        name = OPTIONS.get(name) or f"--{name.replace('_', '-')}"
    return f"{french.printable(name)} {old} → {new}" if name else f"{old} → {new}"


def _listed(items: Sequence[str]) -> str:
    more = f"{NBSP}; et {french.plural(len(items) - LISTED, 'autre')}" if len(items) > LISTED else ""
    return f"{NBSP}; ".join(items[:LISTED]) + more


# --- numbers ------------------------------------------------------------------------------------------


def _answer(found: Drift) -> str:
    """In one or two sentences, whether anything moved."""
    tolerance = _plain(found.tolerance)
    compared = french.plural(found.compared, "chiffre comparé", "chiffres comparés")
    if not found.compared:
        return "rien ne peut être comparé\u00a0: aucun groupe ni aucune mesure en commun qui ne soit masqué."
    if found.moves:
        n = len(found.moves)
        verb = "a bougé" if n == 1 else "ont bougé"
        return f"{french.plural(n, 'chiffre')} sur {french.integer(found.compared)} {verb} de plus de {tolerance}."
    groups = "les groupes ne sont plus les mêmes\u00a0; dans ceux qui restent, " if _other_groups(found) else ""
    if found.identical == found.compared:
        return f"{groups}les chiffres sont les mêmes ({compared})."
    widest = ""
    if found.largest is not None:
        gap, group, measure, *_ = _cells(found.largest)
        widest = f" Le plus grand écart{NBSP}: {gap}, {measure}, {group}."
    return f"{groups}aucun chiffre n’a bougé de plus de {tolerance} ({compared}).{widest}"


def _other_groups(found: Drift) -> bool:
    return bool(found.groups_gone or found.groups_new)


def _changes_of_groups(found: Drift) -> Iterator[str]:
    """Groups and measures that only one of the two has, those that are masked, those that only one can give."""
    for groups, title in ((found.groups_new, "nouveau"), (found.groups_gone, "disparu")):
        if groups:
            n = len(groups)
            name = french.plural(n, f"groupe {title}", f"groupes {title}{'x' if title == 'nouveau' else 's'}")
            yield f"{name}{NBSP}: {_listed([_group_change(one) for one in groups])}"
    for names, title in ((found.measures_new, "que le nouveau"), (found.measures_gone, "que l’ancien")):
        if names:
            yield f"Parts {title} est seul à donner{NBSP}: {_listed([measure_title(name) for name in names])}"
    if found.masked:
        yield f"Masqués d’un côté au moins, non comparés{NBSP}: {_listed([group_title(by) for by in found.masked])}"
    if found.unsettled:
        told = [f"{measure_title(one.measure)}, {group_title(one.by)}" for one in found.unsettled]
        yield f"Donnés d’un seul côté (trop peu de passages de l’autre), non comparés{NBSP}: {_listed(told)}"


def _group_change(one: GroupChange) -> str:
    size = french.MASKED if one.passages is None else french.plural(one.passages, "passage")
    return f"{group_title(one.by)} ({size})"


def _cells(move: Move) -> tuple[str, ...]:
    """Écart, groupe, mesure, avant, après, n, ancien intervalle."""
    change = move.change or 0.0
    if move.measure == "balance":
        gap = french.decimal(change)
    else:
        gap = f"{french.decimal(100 * change, 1)}{NBSP}point{'s' if abs(change) >= 0.0195 else ''}"
    held = {True: "dans", False: "hors", None: "–"}[move.held]
    n = _both((move.old.n, move.new.n)) + (" mots" if move.measure.startswith("shares_by_words") else "")
    return (
        gap,
        group_title(move.by),
        measure_title(move.measure),
        figure_told(move.measure, move.old),
        figure_told(move.measure, move.new),
        n,
        held,
    )


def figure_told(measure: str, figure: Figure) -> str:
    """« 12,4 % [9–17] », « +0,22 », « 35 »; a dash where it cannot be given."""
    value = figure.value
    if value is None:
        return "–"
    if measure == "balance":
        return french.decimal(value)
    if measure != "tension_share" and "." not in measure and measure != "certain_share":
        return french.integer(int(value))
    share = f"{100 * value:.1f}{NBSP}%".replace(".", ",")
    return f"{share} {french.bounds(figure.interval, '')}" if figure.interval else share


def group_title(by: Mapping[str, str]) -> str:
    """« tout le corpus », « presse × terrain »; roles in French."""
    roles = {role.value: french.ROLE_TITLES[role] for role in Role}
    values = (roles.get(value, value) if field == "role" else value for field, value in by.items())
    return french.printable(" × ".join(values)) or WHOLE


def measure_title(measure: str) -> str:
    """What tables call a measure: « mixte », « mixte, en mots », « tension »."""
    kind, _, label = measure.partition(".")
    ways = {"shares_by_words": ", en mots", "shares_by_document": ", par document", "shares_certain": ", passages sûrs"}
    if label:
        return french.printable(f"{label}{ways.get(kind, '')}")
    return {"tension_share": "tension", "certain_share": "passages sûrs"}.get(measure, french.printable(measure))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _plain(number: float) -> str:
    return f"{number:.4f}".rstrip("0").rstrip(".").replace(".", ",")


def _aligned(part: _Part) -> list[str]:
    """The table in columns as wide as what they hold; the first one to the right."""
    if not part.rows:
        return []
    rows = [part.header, *part.rows]
    widths = [max(len(row[at]) for row in rows) for at in range(len(part.header))]
    lines = []
    for row in rows:
        cells = [row[0].rjust(widths[0]), *(cell.ljust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        lines.append("  ".join(cells).rstrip(" "))
    return lines


def _safe(text: str) -> str:
    return french.printable(text).translate(MARKDOWN_SPECIAL)


# --- conditions ---------------------------------------------------------------------------------------


def verdict_lines(verdicts: Sequence[Verdict], groups: Sequence[Mapping[str, str]], *, quiet: bool) -> list[str]:
    """What `--fail-if` found, one condition after the other; with `quiet`, what fails and what cannot be told alone.

    `groups`: those of the summary, named where a condition means none of them.
    """
    lines: list[str] = []
    for _, several in groupby(verdicts, key=lambda one: id(one.condition)):
        lines += _of_condition(list(several), groups, quiet=quiet)
    return lines


def _of_condition(verdicts: Sequence[Verdict], groups: Sequence[Mapping[str, str]], *, quiet: bool) -> Iterator[str]:
    condition = verdicts[0].condition
    start = f"--fail-if «{NBSP}{french.printable(condition.text)}{NBSP}»{NBSP}:"
    if verdicts[0].state == "nowhere":
        names = [group_title(by) for by in groups if by]
        yield f"{start} aucun groupe de ce nom. Il y a{NBSP}: {_listed(names) or 'aucun groupe'}."
        return
    states = {
        state: [one for one in verdicts if one.state == state] for state in ("true", "false", "unknown", "masked")
    }
    if states["true"]:
        told = [_verdict(one) for one in states["true"]]
        yield f"{start} c’est le cas, {_listed(told)}."
    elif states["false"] and not quiet:
        n = len(states["false"])
        whose = f", {_verdict(states['false'][0])}" if n == 1 else f", dans aucun des {n} groupes"
        yield f"{start} ce n’est pas le cas{whose}."
    if states["unknown"]:
        names = [group_title(one.by or {}) for one in states["unknown"]]
        yield f"{start} ne peut pas se dire, trop peu de passages{NBSP}: {_listed(names)}."
    if states["masked"]:
        names = [group_title(one.by or {}) for one in states["masked"]]
        yield f"{start} ne se dit pas, {french.MASKED}{NBSP}: {_listed(names)}."


def _verdict(one: Verdict) -> str:
    measure = one.condition.measure
    n = one.figure.n
    is_count = measure not in ("tension_share", "balance", "certain_share") and "." not in measure
    base = "" if n is None or is_count else f", n{NBSP}={NBSP}{french.integer(n)}"
    return f"{group_title(one.by or {})} ({figure_told(measure, one.figure)}{base})"
