"""`tensions analyse`: read, tag, print the comparative summary."""

from pathlib import Path

from tensions_cli.commands.common import (
    progress_bar,
    protect_inputs,
    report_notices,
    report_skipped,
    status_of,
)
from tensions_cli.errors import ExitStatus
from tensions_cli.output import tables, terminal
from tensions_cli.output.sink import text_output
from tensions_cli.pipeline import Options, analyse
from tensions_cli.records import Analysis

FORMATS = ("table", "json", "csv", "md")


def run(
    sources: list[str], options: Options, form: str, output: Path | None, *, quiet: bool, strict: bool
) -> ExitStatus:
    """Analyse and present; the status tells whether some documents could not be read."""
    protect_inputs(output, sources)
    with progress_bar(quiet=quiet) as progress:
        analysis = analyse(sources, options, progress)
    present(analysis, form, output)
    report_notices(analysis.notices, quiet=quiet)
    report_skipped(analysis.skipped, quiet=quiet)
    return status_of(analysis.skipped, strict=strict)


def present(analysis: Analysis, form: str, output: Path | None) -> None:
    """One of the formats, on stdout or in a file."""
    if form == "table" and output is None:
        out = terminal.console()
        terminal.print_analysis(analysis, out)
        if analysis.manifest["options"]["show_dropped"]:
            terminal.print_dropped(analysis.documents, out)
        return
    with text_output(output) as stream:
        if form == "json":
            tables.write_summary_json(analysis, stream)
        elif form == "csv":
            tables.write_summary_csv(analysis, stream)
        elif form == "md":
            tables.write_summary_markdown(analysis, stream)
        else:
            terminal.print_analysis(analysis, terminal.file_console(stream))
