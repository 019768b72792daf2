"""`tensions analyse`: read, tag, print the comparative summary."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tensions_cli.commands.common import (
    progress_bar,
    protect_inputs,
    report_doubts,
    report_notices,
    report_skipped,
    status_of,
)
from tensions_cli.errors import ExitStatus, TensionsError
from tensions_cli.output import tables, terminal
from tensions_cli.output.course import print_courses
from tensions_cli.output.drift import brief_lines, verdict_lines
from tensions_cli.output.sink import check_output, text_output
from tensions_cli.pipeline import Options, analyse
from tensions_cli.records import Analysis
from tensions_cli.results import Condition
from tensions_cli.studies.checks import parse_conditions, parse_tolerance, verdicts
from tensions_cli.studies.drift import TOLERANCE, compare_summaries
from tensions_cli.studies.gold import analyse_with_gold
from tensions_cli.studies.summaries import Summary, read_summary, summary_of

if TYPE_CHECKING:
    from rich.console import Console

FORMATS = ("table", "json", "csv", "md")


@dataclass(frozen=True, slots=True)
class Checks:
    """What is asked of the numbers: no drift from a former summary, conditions that must not hold."""

    former: Path | None = None
    old: Summary | None = None
    tolerance: float = TOLERANCE
    conditions: tuple[Condition, ...] = ()


def asked_checks(check: Path | None, tolerance: str | None, fail_if: Sequence[str], by: Sequence[str]) -> Checks:
    """The checks as typed, read before anything is analysed. Raises TensionsError for what means nothing."""
    if tolerance is not None and check is None:
        raise TensionsError(
            "--tolerance ne sert à rien sans --check",
            why="elle dit de combien un chiffre peut s’écarter d’un résumé d’avant",
            hint="--check statistiques.json --tolerance 0.02",
        )
    return Checks(
        former=check,
        old=None if check is None else read_summary(str(check)),
        tolerance=TOLERANCE if tolerance is None else parse_tolerance(tolerance),
        conditions=parse_conditions(fail_if, by),
    )


def run(
    sources: list[str],
    options: Options,
    form: str,
    output: Path | None,
    *,
    gold: Path | None,
    asked: Checks,
    intervals: bool,
    quiet: bool,
    strict: bool,
) -> ExitStatus:
    """Analyse and present; the status tells whether some documents could not be read, or a check failed."""
    check_format(form, options, gold)
    protect_inputs(output, sources, options.codes, options.model)
    if gold is not None:
        check_output(output, [gold], [])
    if asked.former is not None:  # a check that replaces what it checks would pass the next time
        check_output(output, [asked.former], [])
    with progress_bar(quiet=quiet) as progress:
        if gold is None:
            analysis = analyse(sources, options, progress)
        else:
            analysis = analyse_with_gold(sources, options, gold, progress)
    present(analysis, form, output, intervals=intervals, quiet=quiet)
    report_notices(analysis.notices, quiet=quiet)
    if analysis.corrections is not None:
        report_notices(analysis.corrections.notices, quiet=quiet)
    if form != "table" or output is not None:
        report_doubts(analysis.documents, quiet=quiet)
    report_skipped(analysis.skipped, quiet=quiet)
    return checked(asked, analysis, status_of(analysis.skipped, strict=strict), quiet=quiet)


def checked(asked: Checks, analysis: Analysis, status: ExitStatus, *, quiet: bool) -> ExitStatus:
    """The status once the checks are made, said on stderr; none is made where documents are missing."""
    if asked.old is None and not asked.conditions:
        return status
    if status is not ExitStatus.DONE:
        print("Contrôle non fait\u00a0: des documents manquent, les chiffres ne sont pas comparables.", file=sys.stderr)
        return status
    found = summary_of(analysis)
    failed = False
    if asked.old is not None and asked.former is not None:
        drift = compare_summaries(asked.old, found, asked.tolerance)
        failed = drift.moved
        if failed or not quiet:
            print("\n".join(brief_lines(drift, asked.former.name)), file=sys.stderr)
    judged = verdicts(asked.conditions, found)
    for line in verdict_lines(judged, [group.by for group in found.groups], quiet=quiet):
        print(line, file=sys.stderr)
    return ExitStatus.CHECK_FAILED if failed or any(one.fails for one in judged) else status


def present(analysis: Analysis, form: str, output: Path | None, *, intervals: bool, quiet: bool) -> None:
    """One of the formats, on stdout or in a file; speakers are named on screen only."""
    if form == "table" and output is None:
        _print(analysis, terminal.console(), on_screen=True, speakers=not quiet, intervals=intervals)
        return
    with text_output(output) as stream:
        if form == "json":
            tables.write_summary_json(analysis, stream)
        elif form == "csv":
            tables.write_summary_csv(analysis, stream)
        elif form == "md":
            tables.write_summary_markdown(analysis, stream)
        else:
            _print(analysis, terminal.file_console(stream), on_screen=False, speakers=False, intervals=intervals)


def _print(analysis: Analysis, out: "Console", *, on_screen: bool, speakers: bool, intervals: bool) -> None:
    terminal.print_analysis(analysis, out, speakers=speakers, intervals=intervals)
    if analysis.courses:
        out.print()
        print_courses(analysis.courses, out, names=on_screen)


def check_format(form: str, options: Options, gold: Path | None) -> None:
    """Refuse what a format cannot show, rather than leave it out without a word."""
    if form == "csv" and (gold is not None or options.sensitivity):
        raise TensionsError(
            f"{'--sensitivity' if options.sensitivity else '--gold'} ne va pas avec --format csv",
            why="ce format n’a de place que pour une ligne par groupe",
            hint="--format avec l’une de\u00a0: table, json, md",
        )
    if form in ("csv", "md") and options.course:
        raise TensionsError(
            f"--course ne va pas avec --format {form}",
            why="ce format n’a pas de place pour ce qui se passe le long des textes",
            hint="--format table ou json, ou tensions report -o rapport.md",
        )
    if (form in ("json", "csv") and options.quotes) or (form in ("csv", "md") and options.show_dropped):
        option, forms = ("--quotes", "table, md") if options.quotes else ("--show-dropped", "table, json")
        raise TensionsError(
            f"{option} ne va pas avec --format {form}",
            why="ce format n’a pas de place pour des extraits",
            hint=f"--format avec l’une de\u00a0: {forms}, ou tensions tag pour tous les passages",
        )
