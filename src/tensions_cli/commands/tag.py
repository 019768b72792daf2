"""`tensions tag`: every passage with its label, scores, relation, axes and underlined evidence, for any tool."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from tensions_cli.commands.common import (
    progress_bar,
    protect_inputs,
    report_doubts,
    report_names,
    report_notices,
    report_skipped,
    status_of,
)
from tensions_cli.errors import ExitStatus, TensionsError
from tensions_cli.output import tables
from tensions_cli.output.sink import binary_output, text_output
from tensions_cli.pipeline import Batch, Options, coded_by, load_tagged, tagged_documents, tagged_passages
from tensions_cli.records import CodedBy, TaggedDocument
from tensions_cli.tagging.model_folder import open_model

# Exports made of whole documents: module under `output`, function. Lines of text first, then files of bytes.
TEXT_EXPORTS = {
    "doccano": ("annotation", "write_doccano"),
    "label-studio": ("annotation", "write_label_studio"),
    "prodigy": ("annotation", "write_prodigy"),
    "iramuteq": ("iramuteq_passages", "write_iramuteq_passages"),
}
BINARY_EXPORTS = {
    "xlsx": ("workbook", "write_workbook"),
    "parquet": ("parquet", "write_parquet"),
    "qdpx": ("qdpx", "write_qdpx"),
    "cas-json": ("cas", "write_cas_json"),
}
# In these a code on an interviewer's turn would count like any other: only what counts is coded. A table has a
# column that says it; a qdpx project tells in its note how many passages have no code.
COUNTED_ONLY = (*TEXT_EXPORTS, "cas-json")
FORMATS = ("jsonl", "csv", *TEXT_EXPORTS, *BINARY_EXPORTS)

Writer = Callable[[Iterable[TaggedDocument], CodedBy, Any], tuple[str, ...] | None]


def run(
    sources: list[str],
    options: Options,
    form: str,
    output: Path | None,
    *,
    line_ends: str,
    quiet: bool,
    strict: bool,
) -> ExitStatus:
    """Write every passage, in the order of the documents."""
    protect_inputs(output, sources, options.codes)
    if form in BINARY_EXPORTS and output is None:
        raise TensionsError(
            f"le format {form} ne s’affiche pas à l’écran",
            why="c’est un fichier binaire",
            hint=f"ajoutez --output, par exemple\u00a0: -o passages.{'zip' if form == 'cas-json' else form}",
        )
    if line_ends != "lf" and form != "qdpx":
        raise TensionsError(
            f"--line-ends ne va pas avec --format {form}",
            why="seul un projet qdpx peut compter autrement les fins de ligne",
            hint="retirez --line-ends, ou choisissez --format qdpx",
        )
    write = _writer(form, line_ends)
    with progress_bar(quiet=quiet) as progress:
        batch = load_tagged(sources, options, progress)
        if write is None:
            _write_rows(form, batch, output)
            said: tuple[str, ...] = ()
        else:
            documents = tagged_documents(batch)
            if form in COUNTED_ONLY:
                documents = map(_counted, documents)
            if form in BINARY_EXPORTS and output is not None:
                with binary_output(output) as raw:
                    said = write(documents, coded_by(open_model(options.model)), raw) or ()
            else:
                with text_output(output) as stream:
                    said = write(documents, coded_by(open_model(options.model)), stream) or ()
    report_notices((*batch.notices, *said), quiet=quiet)
    report_doubts(batch.documents, quiet=quiet)
    if output is not None:
        report_names(batch.documents, quiet=quiet)
    report_skipped(batch.skipped, quiet=quiet)
    return status_of(batch.skipped, strict=strict)


def _writer(form: str, line_ends: str) -> Writer | None:
    """The function that writes whole documents in a format; None for rows of passages."""
    if form not in (*TEXT_EXPORTS, *BINARY_EXPORTS):
        return None
    module, function = {**TEXT_EXPORTS, **BINARY_EXPORTS}[form]
    write = getattr(import_module(f"tensions_cli.output.{module}"), function)
    return partial(write, line_ends=line_ends) if form == "qdpx" else cast("Writer", write)


def _counted(tagged: TaggedDocument) -> TaggedDocument:
    return replace(tagged, passages=tuple(one for one in tagged.passages if one.passage.counted))


def _write_rows(form: str, batch: Batch, output: Path | None) -> None:
    """Passages one by one, as they come: a corpus streams through."""
    tagged = tagged_passages(batch)
    with text_output(output) as stream:
        if form == "csv":
            metadata = sorted({name for document in batch.documents for name in document.metadata})
            tables.write_passages_csv(tagged, metadata, stream)
        else:
            tables.write_passages_jsonl(tagged, stream)
