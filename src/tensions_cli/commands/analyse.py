"""`tensions analyse`: read, tag, print the comparative summary."""

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
from tensions_cli.output.sink import check_output, text_output
from tensions_cli.pipeline import Options, analyse
from tensions_cli.records import Analysis
from tensions_cli.studies.gold import analyse_with_gold

if TYPE_CHECKING:
    from rich.console import Console

FORMATS = ("table", "json", "csv", "md")


def run(
    sources: list[str],
    options: Options,
    form: str,
    output: Path | None,
    *,
    gold: Path | None,
    intervals: bool,
    quiet: bool,
    strict: bool,
) -> ExitStatus:
    """Analyse and present; the status tells whether some documents could not be read."""
    check_format(form, options, gold)
    protect_inputs(output, sources, options.codes)
    if gold is not None:
        check_output(output, [gold], [])
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
    return status_of(analysis.skipped, strict=strict)


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
