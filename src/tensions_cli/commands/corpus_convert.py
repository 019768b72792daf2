"""`tensions corpus convert`: the corpus as another tool reads it."""

from dataclasses import replace
from pathlib import Path

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
from tensions_cli.output.corpora import with_columns_merged
from tensions_cli.output.rows import to_json
from tensions_cli.output.sink import folder_output, text_output
from tensions_cli.pipeline import Batch, Options, load

FILES = ("jsonl", "iramuteq")
FOLDERS = ("txt", "txm", "tei")
FORMATS = ("txt", "jsonl", "iramuteq", "txm", "tei")


def run(
    sources: list[str], options: Options, form: str, output: Path, *, per: str, quiet: bool, strict: bool
) -> ExitStatus:
    """Write one file or one new folder; what is lost on the way is said."""
    if per != "document" and form != "iramuteq":
        raise TensionsError(
            f"--per ne va pas avec --format {form}",
            why="seul un corpus IRaMuTeQ se découpe par tour",
            hint="retirez --per, ou choisissez --format iramuteq",
        )
    protect_inputs(output, sources)
    with progress_bar(quiet=quiet) as progress:
        batch = load(sources, options, progress)
        documents, merged = with_columns_merged(batch.documents)
        batch = replace(batch, documents=documents)
        said = _write_file(batch, form, output, per, options) if form in FILES else _write_folder(batch, form, output)
    report_notices((*batch.notices, *merged, *said), quiet=quiet)
    report_doubts(batch.documents, quiet=quiet)
    report_names(batch.documents, quiet=quiet)
    report_skipped(batch.skipped, quiet=quiet)
    return status_of(batch.skipped, strict=strict)


def _write_file(batch: Batch, form: str, output: Path, per: str, options: Options) -> tuple[str, ...]:
    from tensions_cli.output.corpora import jsonl_row, left_out, speakers_lost
    from tensions_cli.output.corpus_iramuteq import iramuteq_corpus

    with text_output(output) as stream:
        if form == "jsonl":
            stream.writelines(to_json(jsonl_row(document)) + "\n" for document in batch.documents)
            return (*left_out(batch.documents), *speakers_lost(batch.documents))
        text, said = iramuteq_corpus(
            batch.documents, "turn" if per == "turn" else "document", keep_interviewer=options.keep_interviewer
        )
        stream.write(text)
        return said


def _write_folder(batch: Batch, form: str, output: Path) -> tuple[str, ...]:
    from tensions_cli.output.corpora import txt_folder
    from tensions_cli.output.corpus_tei import tei_folder
    from tensions_cli.output.corpus_txm import txm_folder

    write = {"txt": txt_folder, "txm": txm_folder, "tei": tei_folder}[form]
    files, said = write(batch.documents)
    with folder_output(output) as folder:
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return said
