"""`tensions coding sample`: passages drawn for people to code, one file by coder, and how they were drawn."""

import io
from collections.abc import Sequence
from pathlib import Path

from tensions_cli.coding.read import read_codes
from tensions_cli.commands.common import (
    progress_bar,
    protect_inputs,
    report_doubts,
    report_names,
    report_notices,
    report_skipped,
    say,
    status_of,
)
from tensions_cli.errors import ExitStatus, TensionsError, UnreadableError
from tensions_cli.knowledge.sample_design import SUFFIX
from tensions_cli.output import tasks as writers
from tensions_cli.output.french import printable
from tensions_cli.output.rows import to_json
from tensions_cli.output.sample_note import sample_note
from tensions_cli.output.sink import binary_output
from tensions_cli.output.task_workbook import write_task_workbook
from tensions_cli.pipeline import Options
from tensions_cli.results import Sample, Task
from tensions_cli.studies.sample import SampleRequest, draw_sample

FORMATS = ("xlsx", "csv", "jsonl", "doccano", "label-studio", "prodigy")
EXTENSIONS = {".xlsx": "xlsx", ".csv": "csv", ".jsonl": "jsonl"}
TEXT_WRITERS = {
    "csv": writers.write_tasks_csv,
    "jsonl": writers.write_tasks_jsonl,
    "doccano": writers.write_tasks_doccano,
    "label-studio": writers.write_tasks_label_studio,
    "prodigy": writers.write_tasks_prodigy,
}


def format_of(output: Path, form: str | None) -> str:
    """The format asked for, else that of the extension. Raises TensionsError where neither says it."""
    known = form or EXTENSIONS.get(output.suffix.lower())
    if known is None:
        raise TensionsError(
            f"--output\u00a0: l’extension de {printable(output.name)} ne dit pas le format",
            why="seules .xlsx, .csv et .jsonl le disent",
            hint=f"-o a_coder.xlsx, ou --format avec l’un de\u00a0: {', '.join(FORMATS)}",
        )
    return known


def check_numbers(count: int, overlap: float, seed: int) -> None:
    """Refuse numbers that mean nothing. Raises TensionsError."""
    if count < 1 or seed < 0:
        raise TensionsError(
            f"{'-n' if count < 1 else '--seed'}\u00a0: le nombre ne convient pas",
            why="il faut au moins un passage" if count < 1 else "la graine du hasard est un entier, à partir de 0",
            hint="-n 200" if count < 1 else "--seed 0",
        )
    if not 0 <= overlap <= 1:
        raise TensionsError(
            "--overlap\u00a0: la part ne convient pas",
            why="c’est une part de la feuille, de 0 à 1",
            hint="--overlap 0.25 pour un passage sur quatre",
        )


def coder_names(typed: str | None) -> tuple[str, ...]:
    """`A,B` as the coders that codes will name, `codeur A` and `codeur B`. Raises TensionsError for another list."""
    if typed is None:
        return ()
    codes = [code.strip().removeprefix("codeur ").strip() for code in typed.split(",")]
    if not all(code.replace("-", "").replace("_", "").isalnum() and len(code) <= 20 for code in codes):
        raise TensionsError(
            "--coders\u00a0: la liste ne se comprend pas",
            why="un codeur a un code court, sans espace\u00a0: lettres, chiffres, tirets",
            hint="--coders A,B",
        )
    if len({code.casefold() for code in codes}) < len(codes):
        raise TensionsError(
            "--coders\u00a0: un codeur est nommé deux fois",
            why="chaque codeur a son fichier, et certains systèmes confondent majuscules et minuscules",
            hint="--coders A,B",
        )
    return tuple(f"codeur {code}" for code in codes)


def run(
    sources: list[str],
    options: Options,
    request: SampleRequest,
    form: str,
    output: Path,
    *,
    force: bool,
    quiet: bool,
    strict: bool,
) -> ExitStatus:
    """Write the files to code and, beside them, `….tirage.json`. Codes already made are never written over."""
    files = _files(output, request.coders)
    design_file = output.with_name(f"{output.stem}{SUFFIX}")
    for file in (*files.values(), design_file):
        protect_inputs(file, sources, model=options.model)
        _protect_without(file, request.without)
    if not force:
        for file in files.values():
            _refuse_codes(file)
    with progress_bar(quiet=quiet) as progress:
        batch, sample = draw_sample(sources, options, request, progress)
    design = (to_json(writers.design_row(sample), indent=1) + "\n").encode("utf-8", "replace")
    if not force:
        _refuse_other_design(design_file, design)
    said: list[str] = []
    for coder, file in files.items():
        said += _write([task for task in sample.tasks if not coder or coder in task.coders], coder, form, file)
    with binary_output(design_file) as raw:
        raw.write(design)
    report_notices((*batch.notices, *said), quiet=quiet)
    report_doubts(batch.documents, quiet=quiet)
    report_skipped(batch.skipped, quiet=quiet)
    _say_sample(sample, len(batch.documents), [file.name for file in files.values()], design_file.name, form, quiet)
    report_names(batch.documents, quiet=quiet)
    return status_of(batch.skipped, strict=strict)


def _files(output: Path, coders: Sequence[str]) -> dict[str, Path]:
    """The file of each coder: `a_coder.A.xlsx`; of nobody in particular, the output itself."""
    if not coders:
        return {"": output}
    return {
        coder: output.with_name(f"{output.stem}.{coder.removeprefix('codeur ')}{output.suffix}") for coder in coders
    }


def _write(tasks: Sequence[Task], coder: str, form: str, file: Path) -> tuple[str, ...]:
    with binary_output(file) as raw:
        if form == "xlsx":
            return write_task_workbook(tasks, coder or None, raw)
        stream = io.TextIOWrapper(raw, encoding="utf-8", errors="replace", newline="\n")
        TEXT_WRITERS[form](tasks, coder or None, stream)
        stream.flush()
        stream.detach()
    return ()


def _protect_without(file: Path, without: Sequence[Path]) -> None:
    if file.resolve() in {one.resolve() for one in without}:
        raise TensionsError(
            f"{printable(file.name)} est à la fois lu (--without) et écrit (--output)",
            why="un tirage n’écrase pas ce qu’il doit laisser de côté",
            hint="donnez un autre nom à --output",
        )


def _refuse_codes(file: Path) -> None:
    """Raise TensionsError where a file to be written holds codes, or may hold some."""
    if not file.is_file():
        return
    if _holds_codes(file):
        raise TensionsError(
            f"{printable(file.name)} existe déjà et tient des codes",
            why="écrire par-dessus perdrait le travail de quelqu’un",
            hint="donnez un autre nom à --output, ou --force pour le remplacer quand même",
        )


def _holds_codes(file: Path) -> bool:
    """True also for a file too damaged to tell."""
    try:
        _, found = read_codes(file.read_bytes())
    except UnreadableError as error:
        return error.reason not in ("columns", "empty")  # no table of codes, or a table without any
    except OSError:
        return True
    return any(coding.codes or coding.memo or set(coding.answers) - {"decision"} for coding in found.codings)


def _refuse_other_design(file: Path, design: bytes) -> None:
    """Raise TensionsError where another draw has this name: its files may be with coders, and need their weights."""
    if file.is_file() and file.read_bytes() != design:
        raise TensionsError(
            f"{printable(file.name)} est celui d’un autre tirage",
            why="ses feuilles sont peut-être déjà chez des codeurs, et leurs poids sont dans ce fichier",
            hint="donnez un autre nom à --output, ou --force pour le remplacer",
        )


def _say_sample(sample: Sample, documents: int, files: Sequence[str], design: str, form: str, quiet: bool) -> None:
    written = ", ".join(map(printable, files))
    kept = "à garder\u00a0: il porte les poids" if sample.precision else "à garder"
    say(f"Écrit\u00a0: {written}\u00a0; le tirage\u00a0: {printable(design)} ({kept}).", quiet=quiet)
    for line in sample_note(sample, documents, files, form):
        say(line, quiet=quiet)
    if sample.tasks and sample.tasks[0].proposal:
        say(
            "Les propositions de la machine sont montrées\u00a0: l’accord avec elle paraîtra meilleur qu’il n’est.",
            quiet=quiet,
        )
