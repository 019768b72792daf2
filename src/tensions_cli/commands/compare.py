"""`tensions compare`: two corpora, or the groups of one."""

from collections.abc import Sequence
from pathlib import Path

from tensions_cli.commands.common import progress_bar, protect_inputs, report_notices, report_skipped, status_of
from tensions_cli.errors import ExitStatus, TensionsError
from tensions_cli.output import comparison, comparison_rows
from tensions_cli.output.sink import text_output
from tensions_cli.output.terminal import console, file_console
from tensions_cli.pipeline import Options
from tensions_cli.results import Comparison
from tensions_cli.studies.compare import Request, compare

FORMATS = ("table", "json", "csv", "md")


def run(
    sources: Sequence[str],
    options: Options,
    request: Request,
    form: str,
    output: Path | None,
    *,
    quiet: bool,
    strict: bool,
) -> ExitStatus:
    """Compare and present; the status tells whether some documents could not be read."""
    protect_inputs(output, sources, options.codes, options.model)
    with progress_bar(quiet=quiet) as progress:
        found = compare(sources, options, request, progress)
    present(found, form, output)
    report_notices(found.notices, quiet=quiet)
    if form in ("json", "csv"):
        report_notices(found.warnings, quiet=quiet)
    report_skipped(found.skipped, quiet=quiet)
    return status_of(found.skipped, strict=strict)


def present(found: Comparison, form: str, output: Path | None) -> None:
    """One of the formats, on stdout or in a file."""
    if form == "csv" and not found.groups:
        raise TensionsError(
            f"--format csv ne va pas avec --by {' --by '.join(found.by)}",
            why="ce format a une ligne par différence de parts, et il n’y a ici que des mots",
            hint="--format avec l’une de\u00a0: table, json, md",
        )
    if form == "table" and output is None:
        comparison.print_comparison(found, console())
        return
    with text_output(output) as stream:
        if form == "json":
            comparison_rows.write_comparison_json(found, stream)
        elif form == "csv":
            comparison_rows.write_comparison_csv(found, stream)
        elif form == "md":
            comparison.write_comparison_markdown(found, stream)
        else:
            comparison.print_comparison(found, file_console(stream))
