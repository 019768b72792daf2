"""`tensions corpus info`: what would be read, before any logic is looked for."""

from pathlib import Path

from tensions_cli.commands.common import (
    progress_bar,
    protect_inputs,
    report_notices,
    report_skipped,
    status_of,
)
from tensions_cli.errors import ExitStatus
from tensions_cli.output import terminal
from tensions_cli.output.rows import inventory_row, to_json
from tensions_cli.output.sink import text_output
from tensions_cli.pipeline import Options, survey

FORMATS = ("table", "json")


def run(
    sources: list[str], options: Options, form: str, output: Path | None, *, quiet: bool, strict: bool
) -> ExitStatus:
    """Count and present; the status tells whether some documents could not be read."""
    protect_inputs(output, sources)
    with progress_bar(quiet=quiet) as progress:
        found = survey(sources, options, progress)
    if form == "table" and output is None:
        terminal.print_inventory(found, terminal.console(), speakers=not quiet)
    else:
        with text_output(output) as stream:
            if form == "json":
                stream.write(to_json(inventory_row(found), indent=1) + "\n")
            else:
                terminal.print_inventory(found, terminal.file_console(stream), speakers=False)
    report_notices(found.notices, quiet=quiet)
    report_skipped(found.skipped, quiet=quiet)
    return status_of(found.skipped, strict=strict)
