"""`tensions coding import`: codes made in another tool, as coded passages that `tensions` reads."""

import csv
import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tensions_cli.coding.coders import NUMBERED, UNNAMED
from tensions_cli.coding.design import Design, Restored, read_design, restore
from tensions_cli.coding.read import read_codes
from tensions_cli.coding.understand import Problem, is_uncoded, understand
from tensions_cli.commands.common import report_notices, say
from tensions_cli.corpus.read import MAX_BYTES
from tensions_cli.errors import ExitStatus, TensionsError, UnreadableError
from tensions_cli.knowledge.codebook import codebook, load_codebook, use_codebook
from tensions_cli.knowledge.sample_design import SUFFIX
from tensions_cli.output.french import integer, plural, printable
from tensions_cli.output.rows import to_json
from tensions_cli.output.sink import check_output, text_output
from tensions_cli.output.tables import guarded
from tensions_cli.records import ReadCodings

# A reason met in more places than this: the first ones say enough.
LISTED = 20
_PREFIX = "codeur "
_NUMBER = "n°\u00a0"  # of a passage in its design


@dataclass(frozen=True, slots=True)
class Imported:
    """One file of codes, read. `uncoded`: places of rows that nobody has coded; `unnamed`: codings of people whom the
    file does not name."""

    name: str
    passages: list[dict[str, Any]]
    problems: list[Problem]
    notices: tuple[str, ...]
    uncoded: tuple[str, ...]
    unnamed: int


def run(
    files: list[Path],
    output: Path | None,
    coder: str | None,
    *,
    quiet: bool,
    book: Path | None = None,
    design: Path | None = None,
    problems: Path | None = None,
) -> ExitStatus:
    """Write one coded passage a line, and tell what was not understood by its place. 3 only when codes are lost.

    `book`: the codebook to use, its file or its folder. `design`: how the passages were drawn, where it is not beside
    the file (`NAME.tirage.json`). `problems`: a CSV of all that was not understood, without a word of the texts.
    """
    if book is not None:
        use_codebook(load_codebook(book))
    given = [design] if design else []
    check_output(output, [*files, *given], [])
    check_output(problems, [*files, *given, *([output] if output else [])], [])
    read = [_imported(file, coder, design) for file in files]
    for one in read:
        _report(one, coder, quiet=quiet)
    _report_same_coder(read, quiet=quiet)
    written = sum(len(one.passages) for one in read)
    if output is not None and output.exists() and not written:
        raise TensionsError(
            f"aucun code à écrire\u00a0: {printable(output.name)} est laissé tel quel",
            why="ces fichiers ne tiennent aucun passage codé, et l’écraser perdrait les codes qu’il contient peut-être",
            hint="vérifiez que c’est bien la feuille remplie (après coding annotate\u00a0: le fichier .codes.jsonl)",
        )
    with text_output(output) as stream:
        stream.writelines(to_json(passage) + "\n" for one in read for passage in one.passages)
    if output is not None and written:
        name = shlex.quote(printable(output.name))
        say(
            f"Écrit\u00a0: {name}. Ensuite\u00a0: tensions coding agreement {name} CODES_DE_L_AUTRE.jsonl, ou "
            f"tensions analyse corpus/ --codes {name}",
            quiet=quiet,
        )
    if problems is not None:
        _write_problems(read, problems)
    return ExitStatus.SOME_UNREAD if any(problem.lost for one in read for problem in one.problems) else ExitStatus.DONE


def _imported(file: Path, coder: str | None, design: Path | None) -> Imported:
    """Passages and problems of one file of codes; what a machine coded says `coded_by`: `model`."""
    name = f"{_PREFIX}{coder.strip().removeprefix(_PREFIX)}" if coder else UNNAMED
    codings = _read(file, name)
    notices = list(codings.notices)
    beside = design or _design_beside(file)
    if beside is not None:
        restored = restore(codings, _read_design(beside))
        codings = restored.codings
        notices += _said_of_design(restored, beside.name)
    elif codings.of_tasks and any("drawn" not in coding.kept for coding in codings.codings):
        notices.append(
            "ces passages viennent d’un tirage, mais ni le fichier ni son dossier n’en disent les poids. Pour les "
            f"rendre\u00a0: --design FICHIER{SUFFIX}"
        )
    codings, unnamed = _with_names(codings)
    uncoded = tuple(coding.place for coding in codings.codings if is_uncoded(coding))
    passages, problems = understand(codings)
    # Readers call every person « codeur N »; any other name is one that the file gives to a machine.
    passages = [
        passage if NUMBERED.fullmatch(passage["coder"]) else passage | {"coded_by": "model"} for passage in passages
    ]
    return Imported(file.name, passages, problems, tuple(notices), uncoded, unnamed)


def _read(file: Path, coder: str) -> ReadCodings:
    if file.is_dir():
        raise TensionsError(
            f"{printable(file.name)} ne se lit pas",
            why="c’est un dossier\u00a0: donnez les fichiers",
            hint="tensions coding import FICHIER… -o codes.jsonl",
        )
    try:
        return read_codes(_bytes(file, "donnez le fichier que l’outil de codage a exporté"), coder)[1]
    except UnreadableError as error:
        raise TensionsError(
            f"{printable(file.name)} n’est pas un fichier de codes lisible",
            why=error.detail,
            hint="formats lus\u00a0: qdpx, xlsx, csv, jsonl, parquet, doccano, Label Studio, Prodigy, CAS JSON",
        ) from error


def _bytes(file: Path, hint: str) -> bytes:
    if file.exists() and (not file.is_file() or file.stat().st_size > MAX_BYTES):
        raise TensionsError(
            f"{printable(file.name)} ne se lit pas",
            why=f"ce n’est pas un fichier ordinaire, ou il dépasse {MAX_BYTES // 1024**2}\u00a0Mo",
            hint=hint,
        )
    try:
        return file.read_bytes()
    except OSError as error:
        raise TensionsError(
            f"{printable(file.name)} ne se lit pas",
            why="le fichier n’existe pas ou ne peut pas être ouvert",
            hint=hint,
        ) from error


def _design_beside(file: Path) -> Path | None:
    """The design in the same folder with the longest name that begins the file's: `a_coder` for `a_coder.A relu`."""
    try:
        near = [path for path in file.absolute().parent.iterdir() if path.name.endswith(SUFFIX)]
    except OSError:
        return None
    named = [path for path in near if _begins(file.name, path.name.removesuffix(SUFFIX))]
    return max(named, key=lambda path: (len(path.name), path.name), default=None)


def _begins(name: str, stem: str) -> bool:
    """`a_coder` begins `a_coder.A.xlsx` and `a_coder relu.csv`, not `a_coderons.xlsx`."""
    return name.startswith(stem) and not name[len(stem) : len(stem) + 1].isalnum()


def _read_design(file: Path) -> Design:
    hint = "--design FICHIER.tirage.json, celui que tensions coding sample a écrit à côté de la feuille à coder"
    try:
        design = read_design(_bytes(file, hint))
    except UnreadableError as error:
        raise TensionsError(f"{printable(file.name)} n’est pas un tirage", why=error.detail, hint=hint) from error
    if design.codebook_sha256 not in (None, codebook().sha256):
        raise TensionsError(
            f"{printable(file.name)} a été tiré pour une autre grille de codage",
            why=f"la grille employée est «\u00a0{codebook().title}\u00a0»",
            hint="--codebook DOSSIER, avec la grille qui a servi au tirage",
        )
    return design


def _said_of_design(restored: Restored, name: str) -> list[str]:
    """What the design tells of the rows, one sentence each, with the numbers of passages that are no longer there."""
    said = [f"tirage retrouvé\u00a0: {printable(name)}"]
    if restored.missing:
        gone = plural(len(restored.missing), "passage du tirage absent", "passages du tirage absents")
        numbers = _shortened([f"{_NUMBER}{rank}" for rank in restored.missing])
        said.append(f"{gone} du fichier (pas encore codés, ou lignes effacées)\u00a0: {numbers} dans l’ordre du tirage")
    if restored.strangers:
        told = plural(len(restored.strangers), "ligne n’est pas", "lignes ne sont pas")
        said.append(f"{told} du tirage, reprises sans poids\u00a0: {_shortened(_places(restored.strangers))}")
    for count, one, several in (
        (restored.by_text, "identifiant abîmé, retrouvé", "identifiants abîmés, retrouvés"),
        (
            restored.crossed,
            "identifiant qui contredisait le texte, corrigé",
            "identifiants qui contredisaient le texte, corrigés",
        ),
    ):
        if count:
            said.append(f"{plural(count, one, several)} par le texte du passage")
    if restored.edited:
        told = plural(restored.edited, "passage au texte modifié, reconnu", "passages au texte modifié, reconnus")
        said.append(f"{told} par l’identifiant")
    return said


def _with_names(codings: ReadCodings) -> tuple[ReadCodings, int]:
    """Whom no file names is `codeur 1`, or the next number that is free; and how many codings that is."""
    names = {coding.coder for coding in codings.codings}
    if UNNAMED not in names:
        return codings, 0
    free = next(name for rank in range(1, len(names) + 2) if (name := f"{_PREFIX}{rank}") not in names)
    renamed = [replace(one, coder=free) if one.coder == UNNAMED else one for one in codings.codings]
    count = sum(one.coder == UNNAMED and not is_uncoded(one) for one in codings.codings)
    return replace(codings, codings=tuple(renamed)), count


def _report(one: Imported, coder: str | None, *, quiet: bool) -> None:
    """How many passages and whose, then what was not understood, by place; losses are said even with --quiet."""
    name = printable(one.name)
    report_notices([f"{name}\u00a0: {notice}" for notice in one.notices], quiet=quiet)
    human = [passage["coder"] for passage in one.passages if "coded_by" not in passage]
    machine = len(one.passages) - len(human)
    left = f", {machine} {'laissés' if machine > 1 else 'laissé'} à la machine"
    not_human = "ils ne comptent pas comme codes humains" if machine > 1 else "il ne compte pas comme code humain"
    coded = f"{plural(len(human), 'passage codé', 'passages codés')} par {plural(len(set(human)), 'codeur')}"
    coded = coded if human else "aucun passage codé par une personne"
    say(f"{name}\u00a0: {coded}{f'{left} ({not_human})' if machine else ''}.", quiet=quiet)
    if one.uncoded:
        told = plural(len(one.uncoded), "passage n’est pas encore codé", "passages ne sont pas encore codés")
        say(f"  {told}\u00a0: {_shortened(_places(one.uncoded))}", quiet=quiet)
    _report_names(one, human, machine, coder, quiet=quiet)
    lost = [problem for problem in one.problems if problem.lost]
    kept = [problem for problem in one.problems if not problem.lost and not quiet]
    for title, some in (("codes perdus, à corriger dans le fichier", lost), ("lus ainsi, à vérifier", kept)):
        if some:
            print(f"  {title}\u00a0:", file=sys.stderr)
        for line in _grouped(some):
            print(f"    {line}", file=sys.stderr)


def _report_names(one: Imported, human: Sequence[str], machine: int, coder: str | None, *, quiet: bool) -> None:
    """What to type where the file does not say who coded."""
    again = f"tensions coding import {shlex.quote(printable(one.name))} --coder A"
    if one.unnamed and coder is None and human:
        told = plural(one.unnamed, "passage est codé par une personne", "passages sont codés par une personne")
        say(f"  {told} que le fichier ne nomme pas. Pour la nommer\u00a0: {again}", quiet=quiet)
    elif machine and not human and coder is None and one.passages:
        say(
            "  Rien ne montre qu’une personne ait décidé ou corrigé. Remplissez la colonne «\u00a0décision\u00a0» "
            f"(accepté, modifié, rejeté)\u00a0; dans un tableau qui n’en a pas\u00a0: {again}",
            quiet=quiet,
        )
    elif coder is not None and f"{_PREFIX}{coder.strip().removeprefix(_PREFIX)}" not in human and human:
        say("  --coder n’a pas servi\u00a0: le fichier nomme lui-même qui a codé.", quiet=quiet)


def _report_same_coder(read: Sequence[Imported], *, quiet: bool) -> None:
    """Two files that name nobody would make one coder of two."""
    if sum(one.unnamed > 0 for one in read) > 1:
        report_notices(
            [
                "plusieurs fichiers ne nomment pas leur codeur et sont mis au même nom. Si ce sont des personnes "
                "différentes, importez-les l’un après l’autre, avec --coder A puis --coder B"
            ],
            quiet=quiet,
        )


def _write_problems(read: Sequence[Imported], output: Path) -> None:
    """Every problem with its row and its column: nothing of the texts, nor of what was typed."""
    with text_output(output) as stream:
        writer = csv.DictWriter(stream, ["fichier", "ligne", "colonne", "motif", "perdu"], lineterminator="\n")
        writer.writeheader()
        for one in read:
            for problem in one.problems:
                row = {
                    "fichier": printable(one.name),
                    "ligne": problem.place.removeprefix("ligne "),
                    "colonne": problem.column,
                    "motif": problem.reason,
                    "perdu": "oui" if problem.lost else "non",
                }
                writer.writerow(guarded(row))


def _places(places: Sequence[str]) -> list[str]:
    return sorted(dict.fromkeys(places), key=_in_order)


def _shortened(places: Sequence[str]) -> str:
    more = f" et {integer(len(places) - LISTED)} autres" if len(places) > LISTED else ""
    return f"{_joined(places[:LISTED])}{more}"


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
        lines.append(f"{reason}, {len(found)} fois\u00a0: {_shortened(_places(found))}")
    return lines


def _in_order(place: str) -> list[tuple[int, str]]:
    """« ligne 9 » before « ligne 10 »."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", place) if part]


def _joined(places: Sequence[str]) -> str:
    """« lignes 3, 5, 8 » where places differ only by their last number."""
    heads = {re.sub(r"\d+$", "", place) for place in places}
    if heads == {_NUMBER} and len(places) > 1:
        return f"{_NUMBER}{', '.join(place.removeprefix(_NUMBER) for place in places)}"
    if heads != {"ligne "} or len(places) < 2:
        return ", ".join(places)
    return f"lignes {', '.join(place.removeprefix('ligne ') for place in places)}"
