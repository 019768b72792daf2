"""What a withdrawal does to the corpus: its texts, the files beside them, the tables that describe them."""

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from tensions_cli.corpus.formats.plain import read_plain
from tensions_cli.corpus.metadata import FILE_NAME as METADATA_FILE
from tensions_cli.corpus.metadata import load_metadata
from tensions_cli.corpus.persons import FILE_NAME as PERSONS_FILE
from tensions_cli.corpus.persons import load_persons
from tensions_cli.corpus.read import MAX_BYTES
from tensions_cli.corpus.sources import Found, SourceFile, companion_tables, without_extension
from tensions_cli.corpus.speaker_labels import label_key
from tensions_cli.errors import UnreadableError
from tensions_cli.files.encoding import decode, with_lines
from tensions_cli.knowledge.files import read_toml
from tensions_cli.output.corpora import clean_txt
from tensions_cli.output.french import plural
from tensions_cli.records import Document, Skipped, Zone, ZoneKind
from tensions_cli.withdrawal.leaving import IN_LINES, Leaving, blanked, member_keys, turns_of
from tensions_cli.withdrawal.rows import holds_rows, rows_of, rows_of_texts
from tensions_cli.withdrawal.steps import Action, Step, by_hand, cut
from tensions_cli.withdrawal.traces import Traces, names, quotes

# Formats whose documents are rows, and files that hold several texts: one is never deleted for the text that was read.
_ROWS = ("csv", "tsv", "jsonl")
_WORKBOOKS = ("xlsx", "ods")


def text_steps(
    found: Found, documents: Sequence[Document], unread: Sequence[Skipped], leaving: Leaving
) -> Iterator[Step]:
    """What happens to the files that were read, and to the archives that hold some of the texts."""
    by_source: dict[str, list[Document]] = {}
    for document in documents:
        by_source.setdefault(document.source, []).append(document)
    incomplete = {one.source for one in unread if one.failed}
    for file in found.files:
        inside = by_source.pop(file.name, [])
        yield from _file_steps(file, inside, leaving, whole=file.name not in incomplete)
    touched = {source for source, inside in by_source.items() if any(map(leaving.touches, inside))}
    for file in found.files:
        if any(source.startswith(f"{file.name}/") for source in touched):
            said = "retirez ce texte, et ses lignes dans les tableaux, de l’archive, ou décompressez-la d’abord"
            yield by_hand(file.path, said)


def _file_steps(file: SourceFile, documents: Sequence[Document], leaving: Leaving, *, whole: bool) -> Iterator[Step]:
    """`whole`: everything that the file holds was read."""
    gone = [document for document in documents if document.id in leaving.documents]
    several = by_hand(file.path, "ce fichier tient plusieurs textes\u00a0: retirez celui-ci vous-même")
    if gone and all(document.format in _ROWS for document in documents) and holds_rows(file.path):
        yield _without_rows(file.path, documents, gone) or several
    elif gone and len(gone) == len(documents) and whole and documents[0].format not in _WORKBOOKS:
        yield Step(file.path, Action.DELETE, "le texte entier est retiré")
        yield from _target_of(file.path)
    elif gone:
        yield _without_lines(file, documents, gone) or several
    for document in documents:
        if document.id in leaving.speakers:
            yield from _without_speakers(file.path, document, leaving, alone=whole and len(documents) == 1)


def _target_of(path: Path) -> Iterator[Step]:
    if path.is_symlink():
        yield by_hand(path.resolve(), "le fichier retiré est un lien\u00a0: effacez aussi sa cible")


def _without_rows(path: Path, documents: Sequence[Document], gone: Sequence[Document]) -> Step | None:
    """A table without the rows of some texts, deleted when it has no other; None when they cannot be told apart."""
    data = path.read_bytes()
    try:
        rows = rows_of(path, decode(data).text)
    except UnreadableError:
        return None
    told = rows_of_texts(rows, [document.text for document in documents])
    if told is None:
        return None
    ids = {document.id for document in gone}
    lost = [row for row, document in zip(told, documents, strict=True) if document.id in ids]
    if len(lost) == len(rows):
        return Step(path, Action.DELETE, "toutes ses lignes sont retirées")
    return cut(path, data, lost)


def _without_lines(file: SourceFile, documents: Sequence[Document], gone: Sequence[Document]) -> Step | None:
    """A corpus of one file without the lines of some texts; None when they are not lines of their own.

    In Lexico a key holds until its value changes: the texts that stay must be read again with the keys they had.
    """
    if any(document.format not in IN_LINES for document in documents):
        return None
    data = file.path.read_bytes()
    text = decode(data).text
    lost: dict[int, None] = {}
    for document in gone:
        start = text.find(document.text)
        end = start + len(document.text)
        lines = (start == 0 or text[start - 1] == "\n") and (end == len(text) or text[end - 1] == "\n")
        if text.count(document.text) != 1 or not lines:  # where it stands would be a guess
            return None
        first = text.count("\n", 0, start)
        lost |= dict.fromkeys(range(first, first + len(document.text.removesuffix("\n").split("\n"))))
    content = with_lines(data, lost)
    kept = [one for one in _texts_in(file, data) if all(one[0] != document.text for document in gone)]
    if _texts_in(file, content) != kept:
        return None
    return Step(file.path, Action.REWRITE, f"{plural(len(gone), 'texte')} en moins", content)


def _texts_in(file: SourceFile, data: bytes) -> list[tuple[str, Mapping[str, str]]]:
    """The texts that a corpus of one file holds, with the metadata that it gives them."""
    return [(one.text, one.metadata) for one in read_plain(data, file) if isinstance(one, Document)]


def _without_speakers(path: Path, document: Document, leaving: Leaving, *, alone: bool) -> Iterator[Step]:
    """An interview without the turns of someone.

    In a plain text they become blanks, so that the passages of the others stay where they are. No other format can be
    cut safely: the interview becomes a plain text.
    """
    removed = turns_of(document, leaving.speakers[document.id])
    if not alone or document.format in (*_ROWS, *_WORKBOOKS, *IN_LINES):
        yield by_hand(path, "ce fichier peut tenir plusieurs entretiens\u00a0: retirez ces tours vous-même")
        return
    if not removed:
        yield by_hand(path, "même entretien, où les tours ne se distinguent pas\u00a0: retirez-les, ou supprimez-le")
        return
    if document.format == "txt":
        content = _with_blanks(path.read_bytes(), document.text, blanked(document, removed))
        if content is None:
            yield by_hand(path, "certains de ses caractères ne se réécrivent pas\u00a0: retirez ces tours vous-même")
            return
        detail = f"{plural(len(removed), 'tour effacé', 'tours effacés')}, les autres gardent leur place"
        yield Step(path, Action.REWRITE, detail, content)
        return
    target = path.with_suffix(".txt")
    if target.exists():
        yield by_hand(path, f"{target.name} existe déjà à côté\u00a0: déplacez-le, puis relancez")
        return
    zones = [*document.zones, *(Zone(turn.start, turn.end, ZoneKind.REMARK, "retiré") for turn in removed)]
    kept = replace(document, zones=tuple(sorted(zones, key=lambda zone: (zone.start, zone.end))))
    detail = (
        f"{plural(len(removed), 'tour retiré', 'tours retirés')}\u00a0; l’entretien devient un texte sans mise en "
        "forme, les passages changent de place et leurs codes s’y rattachent par leur texte"
    )
    yield Step(path, Action.REPLACE, detail, clean_txt(kept).encode("utf-8", "replace"), target)
    yield from _target_of(path)


def _with_blanks(data: bytes, text: str, blank: str) -> bytes | None:
    """The bytes of a text with some stretches blank; None when its encoding cannot write a line again."""
    before, after = text.split("\n"), blank.split("\n")
    if decode(data).text != text:
        return None
    try:
        return with_lines(data, {at: line for at, line in enumerate(after) if line != before[at]})
    except UnicodeEncodeError:
        return None


# --- files that are not read ---------------------------------------------------------------------------


def beside_steps(
    folders: Iterable[Path], known: Iterable[Path], documents: Sequence[Document], leaving: Leaving, traces: Traces
) -> Iterator[Step]:
    """Files of the folders that are not read as texts, and hold or may hold what leaves.

    Copies that an editor left leave too, when they bear the name of a text that does: another file may quote it.
    `known`: files that have their steps elsewhere.
    """
    touched = [document.source for document in documents if leaving.touches(document)]
    stems = {without_extension(source).rpartition("/")[2] for source in touched}
    same = re.compile("|".join(rf"(?<![^\W_]){re.escape(stem)}(?![^\W_])" for stem in sorted(stems)), re.IGNORECASE)
    seen = {path.resolve() for path in known}
    for path in (path for folder in folders for path in _files_under(folder) if path.resolve() not in seen):
        same_name = bool(stems) and same.search(_folded(path.name)) is not None
        try:
            found = _found_in(path, leaving, traces)
        except (UnreadableError, OSError):
            if same_name:
                yield by_hand(path, "son nom est celui d’un texte retiré, et ce fichier ne se fouille pas")
            continue
        if found and same_name and _is_backup(path.name):
            yield Step(path, Action.DELETE, "copie de sauvegarde du texte retiré")
        elif found:
            yield by_hand(
                path, "ce fichier du dossier garde une trace de ce qui est retiré\u00a0: corrigez-le ou effacez-le"
            )


def _found_in(path: Path, leaving: Leaving, traces: Traces) -> bool:
    """A table or a configuration names who leaves; any other file quotes them."""
    if path.stat().st_size > MAX_BYTES:
        raise UnreadableError("too_large", "ce fichier est trop gros")
    data = path.read_bytes()
    if path.name in read_toml("ignored_files.toml")["companions"]["names"]:
        return names(data, {*leaving.documents, *leaving.speakers, *filter(None, [leaving.person])})
    return quotes(data, traces)


def _is_backup(name: str) -> bool:
    """Editors and people name copies so."""
    rules = read_toml("ignored_files.toml")["ignored"]
    patterns = [pattern for rule in rules if rule["reason"] in ("backup", "hidden") for pattern in rule["patterns"]]
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _files_under(folder: Path) -> Iterator[Path]:
    """Every file of a folder, those of hidden folders (histories, caches) apart."""
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(root) / name for name in sorted(files))


# --- tables --------------------------------------------------------------------------------------------


def table_steps(found: Found, documents: Sequence[Document], leaving: Leaving, *, unfinished: bool) -> Iterator[Step]:
    """`metadata.csv` and `speakers.csv` without the rows that describe who leaves.

    `unfinished`: some text is left to people; without its row, it could no longer be found by the name of the person.
    """
    named = _by_name(documents)
    for path in companion_tables(found):
        told = {METADATA_FILE: _described, PERSONS_FILE: _speaking}.get(path.name)
        lines = told(path, named, documents, leaving) if told is not None and path.is_file() else set()
        if not lines:
            continue
        data = path.read_bytes()
        try:
            rows = [row for row in rows_of(path, decode(data).text) if row.lines.start + 1 in lines]
        except UnreadableError as error:
            yield by_hand(path, f"{error.detail}\u00a0; retirez ses lignes vous-même")
            continue
        later = "ses lignes restent tant que ce qui précède n’est pas fait\u00a0: relancez ensuite la même commande"
        yield by_hand(path, later) if unfinished else cut(path, data, rows)


# Documents by every name that a table may give them.
_Named = Mapping[str, Sequence[Document]]


def _described(path: Path, named: _Named, documents: Sequence[Document], leaving: Leaving) -> set[int]:
    """Lines of `metadata.csv` that describe a text that leaves, and none that stays."""
    lost = leaving.documents - {document.id for document in documents}
    lines: set[int] = set()
    for row in load_metadata(path).rows:
        told = _told(row.key, named)
        going = [one for one in [*told, *_told(row.id or "", named)] if one.id in leaving.documents]
        if (going or lost & {row.id, without_extension(row.key)}) and all(one.id in leaving.documents for one in told):
            lines.add(row.line)
    return lines


def _speaking(path: Path, named: _Named, documents: Sequence[Document], leaving: Leaving) -> set[int]:
    """Lines of `speakers.csv` that describe who leaves, and nobody who stays.

    A row says it by the code of the person, or because every speaker, or every text, that it names leaves.
    """
    lines: set[int] = set()
    for row in load_persons(path).rows:
        told = _told(row.document, named) if row.document else documents
        key = label_key(row.label)
        heard = [one for one in told if any(key in member_keys(member) for member in one.cast)]
        gone = [one for one in heard if one.id in leaving.documents or key in leaving.speakers.get(one.id, ())]
        silent = row.document in leaving.documents or bool(row.document and told)
        silent = silent and not heard and all(one.id in leaving.documents for one in told)
        if silent or (heard and len(gone) == len(heard)) or (leaving.person and row.person.code == leaving.person):
            lines.add(row.line)
    return lines


def _by_name(documents: Sequence[Document]) -> _Named:
    """A table names a document by its id or its path, whole or from the end, without extension; blanks count once."""
    named: defaultdict[str, dict[str, Document]] = defaultdict(dict)
    for document in documents:
        for name in (document.id, without_extension(document.id), without_extension(document.source)):
            parts = _folded(name).split("/")
            for first in range(len(parts)):
                named["/".join(parts[first:])][document.id] = document
    return {name: tuple(found.values()) for name, found in named.items()}


def _told(name: str, named: _Named) -> Sequence[Document]:
    return named.get(_folded(without_extension(name)), ())


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", " ".join(name.split()))
