"""`tensions tag`: every passage with its label, scores, relation, axes and underlined evidence."""

from pathlib import Path

from tensions_cli.commands.common import (
    progress_bar,
    protect_inputs,
    report_doubts,
    report_notices,
    report_skipped,
    status_of,
)
from tensions_cli.errors import ExitStatus
from tensions_cli.output import tables
from tensions_cli.output.sink import text_output
from tensions_cli.pipeline import Options, load, tagged_passages
from tensions_cli.tagging.model_folder import load_model

FORMATS = ("jsonl", "csv")


def run(
    sources: list[str], options: Options, form: str, output: Path | None, *, quiet: bool, strict: bool
) -> ExitStatus:
    """Write every passage, in the order of the documents."""
    protect_inputs(output, sources)
    model = load_model(options.model)
    with progress_bar(quiet=quiet) as progress:
        batch = load(sources, options, progress)
        tagged = tagged_passages(batch, model, options, progress)
        with text_output(output) as stream:
            if form == "csv":
                metadata = sorted({name for document in batch.documents for name in document.metadata})
                tables.write_passages_csv(tagged, metadata, stream)
            else:
                tables.write_passages_jsonl(tagged, stream)
    report_notices(batch.notices, quiet=quiet)
    report_doubts(batch.documents, quiet=quiet)
    report_skipped(batch.skipped, quiet=quiet)
    return status_of(batch.skipped, strict=strict)
