"""What a withdrawal does to files of codes and to results."""

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tensions_cli.corpus.metadata import FILE_NAME as METADATA_FILE
from tensions_cli.corpus.sources import without_extension
from tensions_cli.corpus.speaker_labels import label_key
from tensions_cli.errors import UnreadableError
from tensions_cli.files.encoding import decode
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import Document
from tensions_cli.training.seen import FILE as TRAINING_TEXTS
from tensions_cli.training.seen import seen_in_training
from tensions_cli.withdrawal.leaving import Leaving, turns_of
from tensions_cli.withdrawal.rows import FileRow, holds_rows, rows_of
from tensions_cli.withdrawal.steps import Action, Step, by_hand, cut
from tensions_cli.withdrawal.traces import Traces, is_copy, is_only, letters, names, quotes

_PLACE = re.compile(r"(?P<document>.+)#(?P<start>\d+)-(?P<end>\d+)")


def result_files(paths: Iterable[Path]) -> list[Path]:
    """The files of codes and of results, each once; what models learnt is told by `model_steps`."""
    files: dict[Path, Path] = {}
    for path in paths:
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        for one in inside:
            if one.is_file() and one.name != TRAINING_TEXTS:
                files.setdefault(one.resolve(), one)
    return list(files.values())


def result_steps(
    paths: Sequence[Path], documents: Sequence[Document], leaving: Leaving, traces: Traces
) -> Iterator[Step]:
    """Rows of codes and of passages are taken out; what was counted from them is to be made again."""
    partial = {document.id: document for document in documents if document.id in leaving.speakers}
    staying = {document.id for document in documents} - leaving.documents
    texts = [path for path in paths if path.suffix.lower() == ".txt"]
    quoting = [path for path in texts if _holds(quotes, path, traces)]
    # A pseudonymised folder has copies of texts under another name.
    copies = [path for path in quoting if leaving.documents and _holds(is_copy, path, traces)]
    for path in paths:
        renamed = {copy.stem for copy in copies if copy.parent == path.parent} - staying
        whole = replace(leaving, documents=leaving.documents | renamed)
        beside = frozenset(one.stem for one in quoting if one.parent == path.parent)
        try:
            yield from _file_steps(path, _Search(whole, partial, traces, beside))
        except (UnreadableError, OSError):
            said = "ce fichier n’a pas pu être fouillé\u00a0: refaites-le, ou assurez-vous qu’il ne contient rien"
            yield Step(path, Action.REDO, said)


def _holds(told: Callable[[bytes, Traces], bool], path: Path, traces: Traces) -> bool:
    """What is told of the bytes of a file; False when it cannot be searched, which `result_steps` says."""
    try:
        return told(path.read_bytes(), traces)
    except (UnreadableError, OSError):
        return False


def model_steps(folders: Iterable[Path], texts: Sequence[str]) -> Iterator[Step]:
    """Models that learnt one of these passages."""
    for path in sorted(path.parent for folder in folders for path in folder.rglob(TRAINING_TEXTS)):
        if seen_in_training(texts, path):
            yield Step(path, Action.REDO, "ce modèle a appris des passages retirés\u00a0: entraînez-le de nouveau")


@dataclass(frozen=True, slots=True)
class _Search:
    """What is looked for in a result.

    `partial`: the documents that lose some of their speakers. `beside`: names of the texts in the same folder that
    quote what leaves.
    """

    leaving: Leaving
    partial: Mapping[str, Document]
    traces: Traces
    beside: frozenset[str]


def _file_steps(path: Path, search: _Search) -> Iterator[Step]:
    data = path.read_bytes()
    said = "ce résultat tient compte de ce qui est retiré\u00a0: refaites-le, et effacez celui-ci"
    again = Step(path, Action.REDO, said)
    leaving = search.leaving
    if not holds_rows(path):
        if quotes(data, search.traces) or names(data, {*leaving.documents, *leaving.speakers}):
            yield again
        return
    rows = rows_of(path, decode(data).text)
    gone: list[FileRow] = []
    kept: list[FileRow] = []
    for row in rows:
        (gone if _leaves(row.cells, search) else kept).append(row)
    if gone:
        step = cut(path, data, gone)
        yield step
        data = step.content or b""
    # Rows about a text whose turns somebody took along: nothing says which ones (what a pseudonymisation replaced).
    unknown = path.name != METADATA_FILE and any(_document_of(row.cells, search.beside) for row in kept)
    if any(_document_of(row.cells, leaving.renumbered) for row in rows):
        yield by_hand(path, "des textes qui suivent changent de numéro\u00a0: rattachez leurs codes par le texte")
    elif unknown or quotes(data, search.traces):
        yield again
    elif rows and not any(_is_tied(row.cells) for row in rows):
        said = "rien n’y dit de quels textes viennent ses lignes\u00a0: refaites-le, s’il compte ce qui est retiré"
        yield Step(path, Action.REDO, said)


def _document_of(cells: Mapping[str, str], ids: Container[str]) -> str:
    """The one of these documents that a row of codes or of passages is of, by its own column or its id; or ""."""
    named = [cells[name] for name in cells if name.casefold() in _document_columns()]
    own = cells.get("id", "")
    place = _PLACE.fullmatch(own)
    told = [*named, *map(without_extension, named), own, *([place["document"]] if place else [])]
    return next((name for name in told if name in ids), "")


def _document_columns() -> tuple[str, ...]:
    return ("document", *read_toml("reading.toml")["columns"]["file"])


def _is_tied(cells: Mapping[str, str]) -> bool:
    """The row says which text it is of; those of a summary are counts."""
    columns = read_toml("reading.toml")["columns"]
    return any(name.casefold() in (*_document_columns(), *columns["id"], *columns["text"]) for name in cells)


def _leaves(cells: Mapping[str, str], search: _Search) -> bool:
    """A row is of a text or of a speaker who leaves: by its document, its person, its label, its place or its words."""
    leaving = search.leaving
    if _document_of(cells, leaving.documents) or (leaving.person and cells.get("person") == leaving.person):
        return True
    text = next((cells[column] for column in read_toml("reading.toml")["columns"]["text"] if cells.get(column)), "")
    if is_only(text, search.traces):
        return True
    name = _document_of(cells, search.partial)
    labels = leaving.speakers.get(name, frozenset())
    return label_key(cells.get("speaker", "")) in labels or bool(
        name and _is_said(cells, text, search.partial[name], labels)
    )


def _is_said(cells: Mapping[str, str], text: str, document: Document, labels: frozenset[str]) -> bool:
    """This stretch of the document is what the row says it is, and one of these speakers says some of it."""
    place = _PLACE.fullmatch(cells.get("id", ""))
    start, end = (place["start"], place["end"]) if place else (cells.get("start", ""), cells.get("end", ""))
    if not (start.isdecimal() and end.isdecimal()) or letters(document.text[int(start) : int(end)]) != letters(text):
        return False
    return any(turn.start < int(end) and int(start) < turn.end for turn in turns_of(document, labels))
