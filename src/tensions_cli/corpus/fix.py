"""Corrected copies of a corpus: what `tensions corpus check --fix` writes. The originals are only read."""

import csv
import io
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from tensions_cli.corpus.check import Corpus
from tensions_cli.corpus.check_encoding import CONTROL
from tensions_cli.corpus.check_iramuteq import is_glued_header
from tensions_cli.corpus.check_metadata import TXM_NAME, is_sound, key_columns, key_of
from tensions_cli.corpus.check_places import TextFile
from tensions_cli.corpus.check_speech import misspelt_labels
from tensions_cli.corpus.fix_iramuteq import corrected_iramuteq
from tensions_cli.corpus.formats.iramuteq import is_iramuteq
from tensions_cli.corpus.formats.tables import parse_table
from tensions_cli.corpus.metadata import FILE_NAME as METADATA
from tensions_cli.corpus.repair import mended
from tensions_cli.corpus.sources import STDIN_PATH, Found, companion_tables, reader_of, without_extension
from tensions_cli.errors import TensionsError
from tensions_cli.knowledge.corpus_rules import WHOLE_CORPUS, Finding, rules
from tensions_cli.records import Document


def copies(corpus: Corpus, findings: Sequence[Finding]) -> Iterator[tuple[str, bytes | Path]]:
    """Every file of the corrected copy, in order: its path in it, and its new bytes or the file to copy as it is.

    Raises TensionsError when two files would have the same path. What `left_out` names is not among them.
    """
    gone = set(left_out(findings)) | {one.file for one in findings if one.rule == "fichier-inaccessible"}
    to_correct = {one.file for one in findings if one.fix is not None}
    mixed = WHOLE_CORPUS in to_correct
    read_of: defaultdict[str, list[Document]] = defaultdict(list)
    for document in corpus.documents:
        read_of[document.source].append(document)
    files = _files(corpus.found)
    _refuse_collisions([name for name, _, _ in files])
    for name, shown, path in files:
        if shown in gone:
            continue
        data = None
        if shown in to_correct or mixed:
            before = path.read_bytes()
            data = corrected(shown, before, read_of[shown])
            data = None if data == before else data
        yield name, path if data is None else data


def left_out(findings: Sequence[Finding]) -> tuple[str, ...]:
    """The files that a corrected copy leaves out: empty ones, copies of a text, locks and backups."""
    return tuple(dict.fromkeys(one.file for one in findings if one.fix is not None and rules()[one.rule].left_out))


def corrected(name: str, data: bytes, documents: Sequence[Document]) -> bytes:
    """The bytes of one file with all that is fixable corrected, in UTF-8 without mark, LF; others as they are.

    `documents`: what was read of it, with their turns; labels one letter away from another are put right in `.txt`.
    """
    kind = "csv" if _is_companion(name) else reader_of(name) or ""
    text = TextFile.of(name, kind, data)
    if not text.plain or text.decoded is None:
        return data
    fixed = text.decoded.text
    if len(documents) == 1 and documents[0].format == "txt" and documents[0].text == fixed:
        fixed = _with_right_labels(documents[0])
    fixed = without_controls(mended(fixed))
    if kind == "txt" and (is_iramuteq(fixed) or any(map(is_glued_header, fixed.split("\n")))):
        fixed = corrected_iramuteq(fixed)
    if name == METADATA:
        fixed = corrected_metadata(fixed)
    return fixed.encode("utf-8", "surrogatepass")


def without_controls(text: str) -> str:
    """Control characters replaced one for one: those of Windows-1252 by the sign they stand for, others by a space."""
    return CONTROL.sub(lambda found: _meant(found[0]), text)


def _meant(control: str) -> str:
    if "\x80" <= control <= "\x9f":
        return control.encode("latin-1").decode("cp1252", "ignore") or " "
    return " "


def _with_right_labels(document: Document) -> str:
    pieces: list[str] = []
    at = 0
    for start, end, label in misspelt_labels(document):
        pieces += [document.text[at:start], label]
        at = end
    return "".join([*pieces, document.text[at:]])


# --- metadata.csv as TXM wants it --------------------------------------------------------------------------


def corrected_metadata(text: str) -> str:
    """The table with commas and quotes, `id` first (the file name without extension), plain column names.

    A table whose rows do not fit its columns, or whose quotes are left open, comes back as it is.
    """
    table = parse_table(text)
    if not table.columns or not is_sound(table):
        return text
    columns = key_columns(table.columns)
    keys = [key_of(row, columns.key) for row in table.rows]
    stems = [without_extension(key) for key in keys]
    named = stems if len(set(stems)) == len(set(keys)) else keys
    others = [column for column in table.columns if column != columns.key]
    names = _column_names(["identifiant" if column == columns.id else column for column in others])
    stream = io.StringIO()
    writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(["id", *names])
    for row, name in zip(table.rows, named, strict=True):
        writer.writerow([name, *(row.cells.get(column, "").strip() for column in others)])
    return stream.getvalue()


def _column_names(columns: Sequence[str]) -> list[str]:
    taken = {"id"}
    names: list[str] = []
    for column in columns:
        base = column if TXM_NAME.fullmatch(column) else _plain(column)
        name, rank = base, 1
        while name.casefold() in taken:
            rank += 1
            name = f"{base}_{rank}"
        taken.add(name.casefold())
        names.append(name)
    return names


def _plain(column: str) -> str:
    folded = unicodedata.normalize("NFKD", column.replace("œ", "oe").replace("Œ", "OE"))
    ascii_only = folded.encode("ascii", "ignore").decode("ascii")
    name = re.sub("[^A-Za-z0-9]+", "_", ascii_only).strip("_")
    return name if name[:1].isalpha() else f"col_{name}".rstrip("_")


# --- the files of the copy ---------------------------------------------------------------------------------


def _files(found: Found) -> list[tuple[str, str, Path]]:
    """Path in the copy (as the disk writes it), name as findings tell it, file; companion tables included."""
    listed = [
        ("/".join(file.path.parts[-len(file.name.split("/")) :]), file.name, file.path)
        for file in found.files
        if file.path != STDIN_PATH
    ]
    listed += [(path.name, path.name, path) for path in companion_tables(found) if path.is_file()]
    return sorted(dict.fromkeys(listed))


def _is_companion(name: str) -> bool:
    return name in (METADATA, "speakers.csv")


def _refuse_collisions(names: Sequence[str]) -> None:
    twice = [name for name, n in Counter(name.casefold() for name in names).items() if n > 1]
    if twice or any(".." in name.split("/") for name in names):
        raise TensionsError(
            "--fix\u00a0: la copie ne peut pas être faite d’un coup",
            why="deux fichiers des sources y auraient le même nom",
            hint="donnez un seul dossier à la fois, avec un --fix pour chacun",
        )
