"""What `tensions corpus check` found: a table grouped by file for people, rows for programs."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tensions_cli.knowledge.corpus_rules import WHOLE_CORPUS, Finding, Severity, rules
from tensions_cli.output import french

SCHEMA = "tensions-findings/1"

_TITLES = {Severity.ERROR: "erreur", Severity.WARNING: "alerte", Severity.NOTE: "note"}
_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "bright_black"}
_ORDER = list(Severity)

_TURN = "tour\u00a0"

# Lines listed beside one finding; beyond, only their number.
_LISTED = 8


def findings_row(findings: Sequence[Finding]) -> dict[str, Any]:
    """What `-f json` prints (`docs/schemas/findings.schema.json`)."""
    return {
        "schema": SCHEMA,
        "findings": [
            {
                "file": one.file,
                "line": one.line,
                "rule": one.rule,
                "severity": one.severity.value,
                "message": one.sentence,
                "fix": one.fix,
            }
            for one in findings
        ],
        "counts": counts(findings),
    }


def counts(findings: Iterable[Finding]) -> dict[str, int]:
    """The number of findings of each severity, every severity named."""
    found = Counter(one.severity for one in findings)
    return {severity.value: found[severity] for severity in Severity}


def print_findings(findings: Sequence[Finding], out: Console) -> None:
    """By file, the gravest first; the same finding on several lines once; then what to do about each rule."""
    if not findings:
        out.print("Aucun défaut trouvé.")
        return
    for file, listed in groupby(sorted(findings, key=_by_file), key=lambda one: one.file):
        title = "Le corpus dans son ensemble" if file == WHOLE_CORPUS else french.printable(file)
        out.print(Text(title, style="bold"))
        out.print(_table(list(listed)))
        out.print()
    out.print(_advice(findings))
    out.print()
    out.print(Text(_heading(findings), style="bold"))


def _by_file(one: Finding) -> tuple[bool, str]:
    return one.file == WHOLE_CORPUS, one.file


def _heading(findings: Sequence[Finding]) -> str:
    """« 2 erreurs, 1 alerte, 0 note, dans 3 fichiers »."""
    found = counts(findings)
    numbers = ", ".join(french.plural(found[severity.value], _TITLES[severity]) for severity in Severity)
    files = len({one.file for one in findings} - {WHOLE_CORPUS})
    return f"{numbers}, dans {french.plural(files, 'fichier')}."


def _table(findings: Sequence[Finding]) -> Table:
    """Severity, lines, message and rule of each finding of one file."""
    merged: dict[tuple[Severity, str, str], list[Finding]] = {}
    for one in sorted(findings, key=lambda one: _ORDER.index(one.severity)):
        merged.setdefault((one.severity, one.rule, one.message), []).append(one)
    table = Table(box=None, pad_edge=False, padding=(0, 1), show_header=False)
    table.add_column(no_wrap=True, min_width=7)
    table.add_column(overflow="fold", max_width=30)
    table.add_column(overflow="fold", ratio=1)
    table.add_column(style="dim", overflow="fold")
    for (severity, rule, message), same in merged.items():
        table.add_row(Text(_TITLES[severity], style=_COLOURS[severity]), _places(same), _said(message), rule)
    return table


def _places(findings: Sequence[Finding]) -> str:
    """« l. 3 », « l. 3, 8, 12 », « tours 4, 9 », « locuteur 2, tour 4 » ; a few, then their number."""
    ordered = sorted(findings, key=lambda one: one.order)
    numbers = list(dict.fromkeys(str(one.line) for one in ordered if one.line is not None))
    places = list(dict.fromkeys(one.place for one in ordered if one.place))
    turns = [place.removeprefix(_TURN) for place in places]
    if numbers:
        beginning, listed, separator = "l.\u00a0", numbers, ", "
    elif turns and all(turn.isdecimal() for turn in turns):
        beginning, listed, separator = _TURN if len(turns) == 1 else "tours\u00a0", turns, ", "
    else:
        beginning, listed, separator = "", places, "\u00a0; "
    more = f"… ({french.integer(len(listed))})" if len(listed) > _LISTED else ""
    return beginning + separator.join(listed[:_LISTED]) + more


def _said(message: str) -> Text:
    said = french.printable(message[:1].upper() + message[1:])
    return Text(said if said.endswith("?") else f"{said}.")


def _advice(findings: Sequence[Finding]) -> Table:
    """What to do by hand, and what `--fix` does, once for each rule."""
    table = Table(
        box=None,
        pad_edge=False,
        padding=(0, 1),
        title="À faire",
        title_justify="left",
        title_style="bold",
        show_header=False,
    )
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for code, rule in rules().items():
        found = [one for one in findings if one.rule == code]
        if not found:
            continue
        fixed = f" Avec --fix\u00a0: {rule.fix}." if any(one.fix for one in found) else ""
        table.add_row(code, Text(f"{rule.advice[:1].upper()}{rule.advice[1:]}.{fixed}"))
    return table
