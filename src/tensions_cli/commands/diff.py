"""`tensions diff`: two summaries, the cause first, then what moved."""

from pathlib import Path

from tensions_cli.commands.common import say
from tensions_cli.errors import ExitStatus, TensionsError
from tensions_cli.output.drift import write_drift, write_drift_markdown
from tensions_cli.output.drift_rows import write_drift_json
from tensions_cli.output.sink import check_output, text_output
from tensions_cli.studies.checks import parse_tolerance
from tensions_cli.studies.drift import compare_summaries
from tensions_cli.studies.summaries import STDIN, read_summary

FORMATS = ("table", "json", "md")
WRITERS = {"table": write_drift, "json": write_drift_json, "md": write_drift_markdown}


def run(old: str, new: str, form: str, output: Path | None, *, tolerance: str, quiet: bool) -> ExitStatus:
    """Compare and present; 1 when something moved beyond the tolerance."""
    allowed = parse_tolerance(tolerance)
    if old == new == STDIN:
        raise TensionsError(
            "les deux résumés sont lus sur l’entrée standard",
            why="elle ne peut en donner qu’un",
            hint="tensions diff ancien.json - pour comparer un fichier à ce qui arrive",
        )
    check_output(output, [Path(one) for one in (old, new) if one != STDIN], [])
    found = compare_summaries(read_summary(old), read_summary(new), allowed)
    with text_output(output) as stream:
        WRITERS[form](found, stream)
    if found.moved and output is not None:
        say(f"Quelque chose a bougé\u00a0: lisez {output.name}.", quiet=quiet)
    return ExitStatus.CHECK_FAILED if found.moved else ExitStatus.DONE
