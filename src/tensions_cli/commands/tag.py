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
from tensions_cli.files.remote import is_remote
from tensions_cli.output import tables
from tensions_cli.output.parts import names_folder, parts_output
from tensions_cli.output.sink import binary_output, text_output
from tensions_cli.pipeline import (
    Batch,
    Options,
    coded_by,
    documents_again,
    load_tagged,
    tagged_documents,
    tagged_passages,
)
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
    place: str | None,
    *,
    line_ends: str,
    quiet: bool,
    strict: bool,
) -> ExitStatus:
    """Write every passage, in the order of the documents. `place`: a file; of Parquet, a folder or an address too."""
    in_parts = place is not None and _is_in_parts(form, place)
    output = None if place is None or is_remote(place) else Path(place)
    protect_inputs(output, sources, options.codes, options.model)
    if place is not None and in_parts:
        return _run_in_parts(sources, options, place, quiet=quiet, strict=strict)
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
    _report(batch, said, quiet=quiet, named=output is not None)
    return status_of(batch.skipped, strict=strict)


def _is_in_parts(form: str, place: str) -> bool:
    if form == "parquet":
        return names_folder(place)
    if is_remote(place):
        raise TensionsError(
            f"le format {form} ne s’écrit pas à une adresse",
            why="seul un parquet en plusieurs parties s’y écrit",
            hint="donnez un fichier à --output, et copiez-le ensuite\u00a0; ou -f parquet",
        )
    return False


def _run_in_parts(sources: list[str], options: Options, place: str, *, quiet: bool, strict: bool) -> ExitStatus:
    """Parquet in parts: texts are read again a part at a time, so that a corpus of any size goes through."""
    from tensions_cli.output.parquet import check_installed, metadata_of, write_parquet_parts

    check_installed()
    with parts_output(place) as open_part, progress_bar(quiet=quiet) as progress:
        batch = load_tagged(sources, options, progress, texts=False)
        by = coded_by(open_model(options.model))
        write_parquet_parts(documents_again(batch), metadata_of(batch.documents), by, open_part)
    _report(batch, (), quiet=quiet, named=True)
    return status_of(batch.skipped, strict=strict)


def _report(batch: Batch, said: tuple[str, ...], *, quiet: bool, named: bool) -> None:
    """What there is to know of the corpus; `named`: the result goes to a file, with the labels of speakers."""
    report_notices((*batch.notices, *said), quiet=quiet)
    report_doubts(batch.documents, quiet=quiet)
    if named:
        report_names(batch.documents, quiet=quiet)
    report_skipped(batch.skipped, quiet=quiet)


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
