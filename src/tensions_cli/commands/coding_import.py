"""`tensions coding import`: codes made in another tool, as coded passages that `tensions` reads."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tensions_cli.coding.annotation import SOMEBODY
from tensions_cli.coding.coders import NUMBERED
from tensions_cli.coding.read import read_codes
from tensions_cli.coding.understand import Problem, understand
from tensions_cli.commands.common import report_notices, say
from tensions_cli.corpus.read import MAX_BYTES
from tensions_cli.errors import ExitStatus, TensionsError, UnreadableError
from tensions_cli.output.french import plural, printable
from tensions_cli.output.rows import to_json
from tensions_cli.output.sink import check_output, text_output

# A reason met in more places than this: the first ones say enough.
LISTED = 20


def run(files: list[Path], output: Path | None, coder: str | None, *, quiet: bool) -> ExitStatus:
    """Write one coded passage a line; every code that is not understood is told by its place. 3 when some are lost."""
    check_output(output, files, [])
    passages: list[dict[str, Any]] = []
    lost = 0
    for file in files:
        found, problems, notices = _read(file, coder)
        passages += found
        said = [f"{file.name}\u00a0: {notice}" for notice in notices]
        report_notices(said, quiet=quiet)
        _report(file.name, found, problems, quiet=quiet)
        lost += sum(problem.lost for problem in problems)
    with text_output(output) as stream:
        stream.writelines(to_json(passage) + "\n" for passage in passages)
    return ExitStatus.SOME_UNREAD if lost else ExitStatus.DONE


def _read(file: Path, coder: str | None) -> tuple[list[dict[str, Any]], list[Problem], tuple[str, ...]]:
    """Passages, problems and notices of one file of codes; what a machine coded says `coded_by`: `model`."""
    if file.is_dir():
        raise TensionsError(
            f"{printable(file.name)} ne se lit pas",
            why="c’est un dossier\u00a0: donnez les fichiers",
            hint="tensions coding import FICHIER… -o codes.jsonl",
        )
    if file.exists() and (not file.is_file() or file.stat().st_size > MAX_BYTES):
        raise TensionsError(
            f"{printable(file.name)} ne se lit pas",
            why=f"ce n’est pas un fichier ordinaire, ou il dépasse {MAX_BYTES // 1024**2}\u00a0Mo",
            hint="donnez le fichier que l’outil de codage a exporté",
        )
    try:
        data = file.read_bytes()
    except OSError as error:
        raise TensionsError(
            f"{file.name} ne se lit pas",
            why="le fichier n’existe pas ou ne peut pas être ouvert",
            hint="donnez le fichier que l’outil de codage a exporté",
        ) from error
    try:
        _, codings = read_codes(data, f"codeur {coder.strip().removeprefix('codeur ')}" if coder else SOMEBODY)
    except UnreadableError as error:
        raise TensionsError(
            f"{file.name} n’est pas un fichier de codes lisible",
            why=error.detail,
            hint="formats lus\u00a0: qdpx, xlsx, csv, jsonl, parquet, doccano, Label Studio, Prodigy, CAS JSON",
        ) from error
    passages, problems = understand(codings)
    # Readers call every person « codeur N »; any other name is one that the file gives to a machine.
    passages = [
        passage if NUMBERED.fullmatch(passage["coder"]) else passage | {"coded_by": "model"} for passage in passages
    ]
    return passages, problems, codings.notices


def _report(name: str, passages: Sequence[dict[str, Any]], problems: Sequence[Problem], *, quiet: bool) -> None:
    """How many passages, then what was not understood, by place; losses are said even with --quiet."""
    human = [passage["coder"] for passage in passages if "coded_by" not in passage]
    machine = len(passages) - len(human)
    left = f", {machine} {'laissés' if machine > 1 else 'laissé'} à la machine"
    not_human = "ils ne comptent pas comme codes humains" if machine > 1 else "il ne compte pas comme code humain"
    say(
        f"{printable(name)}\u00a0: {plural(len(human), 'passage codé', 'passages codés')} par "
        f"{plural(len(set(human)), 'codeur')}{f'{left} ({not_human})' if machine else ''}.",
        quiet=quiet,
    )
    told = [problem for problem in problems if problem.lost or not quiet]
    for line in _grouped(told):
        print(f"  {line}", file=sys.stderr)


def _grouped(problems: Sequence[Problem]) -> list[str]:
    """« ligne 3 : raison », and one sentence for a reason met in several places, which are sorted as people count."""
    places: dict[str, list[str]] = {}
    for problem in problems:
        places.setdefault(problem.reason, []).append(problem.place)
    lines = []
    for reason, found in places.items():
        if len(found) == 1:
            lines.append(f"{found[0]}\u00a0: {reason}")
            continue
        several = sorted(dict.fromkeys(found), key=_in_order)
        more = f" et {len(several) - LISTED} autres" if len(several) > LISTED else ""
        lines.append(f"{reason}, {len(found)} fois\u00a0: {_joined(several[:LISTED])}{more}")
    return lines


def _in_order(place: str) -> list[tuple[int, str]]:
    """« ligne 9 » before « ligne 10 »."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", place) if part]


def _joined(places: Sequence[str]) -> str:
    """« lignes 3, 5, 8 » where places differ only by their last number."""
    heads = {re.sub(r"\d+$", "", place) for place in places}
    if heads != {"ligne "} or len(places) < 2:
        return ", ".join(places)
    return f"lignes {', '.join(place.removeprefix('ligne ') for place in places)}"
