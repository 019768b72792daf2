"""`tensions analyse`: read, tag, print the comparative summary."""

from pathlib import Path

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
from tensions_cli.output.sink import text_output
from tensions_cli.pipeline import Options, analyse
from tensions_cli.records import Analysis

FORMATS = ("table", "json", "csv", "md")


def run(
    sources: list[str], options: Options, form: str, output: Path | None, *, quiet: bool, strict: bool
) -> ExitStatus:
    """Analyse and present; the status tells whether some documents could not be read."""
    check_format(form, options)
    protect_inputs(output, sources)
    with progress_bar(quiet=quiet) as progress:
        analysis = analyse(sources, options, progress)
    present(analysis, form, output, quiet=quiet)
    report_notices(analysis.notices, quiet=quiet)
    if form != "table" or output is not None:
        report_doubts(analysis.documents, quiet=quiet)
    report_skipped(analysis.skipped, quiet=quiet)
    return status_of(analysis.skipped, strict=strict)


def present(analysis: Analysis, form: str, output: Path | None, *, quiet: bool) -> None:
    """One of the formats, on stdout or in a file; speakers are named on screen only."""
    if form == "table" and output is None:
        terminal.print_analysis(analysis, terminal.console(), speakers=not quiet)
        return
    with text_output(output) as stream:
        if form == "json":
            tables.write_summary_json(analysis, stream)
        elif form == "csv":
            tables.write_summary_csv(analysis, stream)
        elif form == "md":
            tables.write_summary_markdown(analysis, stream)
        else:
            terminal.print_analysis(analysis, terminal.file_console(stream), speakers=False)


def check_format(form: str, options: Options) -> None:
    """Refuse what a format cannot show, rather than leave it out without a word."""
    if (form in ("json", "csv") and options.quotes) or (form in ("csv", "md") and options.show_dropped):
        option, forms = ("--quotes", "table, md") if options.quotes else ("--show-dropped", "table, json")
        raise TensionsError(
            f"{option} ne va pas avec --format {form}",
            why="ce format n’a pas de place pour des extraits",
            hint=f"--format avec l’une de\u00a0: {forms}, ou tensions tag pour tous les passages",
        )
