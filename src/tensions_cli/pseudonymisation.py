"""A corpus with codes in place of what identifies: read, replaced as one whole, written as a new folder.

Who is who is decided over everything at once: texts, ids, metadata and speakers go to `pseudonymise` as one list of
sources, and come back in the same order. No error of this room shows the name of a source: it may be somebody’s.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from tensions_cli.confidentiality.description import cell_source, id_source
from tensions_cli.confidentiality.identifiers import ORGANISATION, PERSON
from tensions_cli.confidentiality.pseudonyms import (
    DOCUMENT,
    Placed,
    Pseudonymised,
    Table,
    corpus_key,
    numbered,
    pseudonymise,
    table_of,
)
from tensions_cli.confidentiality.review import COLUMNS, review_rows
from tensions_cli.confidentiality.tokens import Source, lines
from tensions_cli.corpus.formats.tables import parse_table
from tensions_cli.errors import ModelError, TensionsError, UnreadableError
from tensions_cli.files.encoding import decode
from tensions_cli.output.corpora import (
    METADATA_FILE,
    SPEAKERS_FILE,
    clean_txt,
    file_names,
    metadata_csv,
    speakers_csv,
    with_role_labels,
    written_label,
)
from tensions_cli.output.sink import folder_output, text_output
from tensions_cli.output.tables import guarded
from tensions_cli.pipeline import Batch, Options, Progress, load
from tensions_cli.records import CastMember, Document
from tensions_cli.tagging import french

REVIEW_FILE = "a_relire.csv"

# Texts given to the recogniser of names between two steps of the progress bar.
_TOGETHER = 16
_AFTER_LABEL = " : "
# Grounds on which the words of a file name are the name of somebody; a capital or a rare word is none.
_NAMING = frozenset({"table", "prénom", "titre", "initiale après un titre"})


@dataclass(frozen=True, slots=True)
class PseudonymisedCorpus:
    """What is to be written and told. `files`: content by name. `renamed`: ids given to texts, by the id they had."""

    batch: Batch
    result: Pseudonymised
    files: Mapping[str, bytes]
    renamed: Mapping[str, str]


@contextmanager
def without_names() -> Iterator[None]:
    """Errors that name files are told without names: a file may bear somebody's."""
    try:
        yield
    except ModelError:
        raise
    except TensionsError:
        raise TensionsError(
            "les sources ne se lisent pas",
            why="un chemin, un fichier ou une table qui les accompagne est en cause\u00a0; cette commande ne montre "
            "aucun nom de fichier, parce qu’il peut nommer quelqu’un",
            hint="tensions corpus info, avec les mêmes sources, dit lequel et pourquoi",
        ) from None


def check_targets(output: Path, table: Path | None, write_table: Path | None) -> None:
    """Refuse a folder that holds something, and a correspondence that would go with the texts or replace another."""
    if output.exists() and not (output.is_dir() and not any(output.iterdir())):
        raise TensionsError(
            "le dossier de --output existe déjà",
            why="un dossier de résultats s’écrit en entier, sans rien remplacer",
            hint="donnez à --output un dossier nouveau ou vide",
        )
    if write_table is None:
        return
    target, folder = write_table.resolve(), output.resolve()
    if target == folder or folder in target.parents:
        raise TensionsError(
            "--write-table\u00a0: la table ne peut pas aller dans le dossier des textes",
            why="qui reçoit les textes recevrait aussi les noms",
            hint="donnez un fichier hors de ce dossier, et gardez-le sous clé",
        )
    if target.exists():
        read = table is not None and target == table.resolve()
        raise TensionsError(
            "--write-table\u00a0: ce fichier existe déjà",
            why="c’est la table lue par --table, qui n’est jamais modifiée"
            if read
            else "il est peut-être la seule correspondance d’un travail précédent",
            hint="donnez un autre nom de fichier",
        )


def read_table(path: Path | None) -> Table:
    """The user's table of names, read and never copied. Raises TensionsError when it cannot be read."""
    if path is None:
        return Table({})
    try:
        read = parse_table(decode(path.read_bytes()).text)
    except (OSError, UnreadableError):
        raise TensionsError(
            "--table\u00a0: la table ne se lit pas",
            why="le fichier manque, n’est pas accessible, ou n’est pas un tableau en texte",
            hint="enregistrez-la en CSV (UTF-8), première ligne\u00a0: nom;code",
        ) from None
    table = table_of(read.columns, [(row.line, row.cells) for row in read.rows])
    return replace(table, left_out=(*table.left_out, *(line for line, _ in read.broken)))


def pseudonymised(sources: Sequence[str], options: Options, table: Table, progress: Progress) -> PseudonymisedCorpus:
    """Read the sources and put codes in place of what identifies. Raises TensionsError when nothing can be read."""
    with without_names():
        batch = load(sources, options, progress)
    documents = batch.documents
    texts = _texts(documents, progress)
    ids = [id_source(document.id, french.usual_writing) for document in documents]
    cells = _cells(documents)
    given = [*texts, *ids, *_cell_sources(documents, cells), *_cast_sources(documents)]
    result = pseudonymise(given, table, french.usual_writing)
    replaced = zip(result.texts, result.placed, strict=True)
    new = _Replaced(
        tuple(islice(replaced, len(texts))),
        tuple(islice(replaced, len(ids))),
        dict(zip(cells, islice(replaced, len(cells)), strict=True)),
        tuple(text for text, _ in replaced),
    )
    own = _new_ids(documents, table, new)
    renamed = {one.id: name for one, name in zip(documents, own, strict=True) if name != one.id}
    return PseudonymisedCorpus(batch, result, _files(documents, own, new), renamed)


# --- what is read, as texts ------------------------------------------------------------------------------

# A text with its codes, and what was replaced or left in it.
_Text = tuple[str, tuple[Placed, ...]]


@dataclass(frozen=True, slots=True)
class _Cell:
    """A cell of metadata: rank of its document, name of its column."""

    document: int
    column: str


@dataclass(frozen=True, slots=True)
class _Replaced:
    """What came back, by what it was; `cast`: texts in the order of `_cast_sources`."""

    texts: tuple[_Text, ...]
    ids: tuple[_Text, ...]
    cells: Mapping[_Cell, _Text]
    cast: tuple[str, ...]


def _texts(documents: Sequence[Document], progress: Progress) -> list[Source]:
    """The clean text of each document, its labels, and the names that the language model sees."""
    sources: list[Source] = []
    while len(sources) < len(documents):
        batch = list(islice(documents, len(sources), len(sources) + _TOGETHER))
        texts = [clean_txt(document) for document in batch]
        seen = french.proper_names(texts)
        sources += [Source(text, _labels(one), names) for text, one, names in zip(texts, batch, seen, strict=True)]
        progress("recherche des noms", len(sources), len(documents))
    return sources


def _labels(document: Document) -> frozenset[str]:
    """The labels of the speakers as `clean_txt` writes them."""
    return frozenset(written_label(turn.speaker) for turn in with_role_labels(document).turns if turn.speaker)


def _cells(documents: Sequence[Document]) -> list[_Cell]:
    return [_Cell(rank, column) for rank, document in enumerate(documents) for column in document.metadata]


def _cell_sources(documents: Sequence[Document], cells: Iterable[_Cell]) -> list[Source]:
    return [
        cell_source(cell.column, documents[cell.document].metadata[cell.column], french.usual_writing) for cell in cells
    ]


def _cast_sources(documents: Sequence[Document]) -> list[Source]:
    """What is known of the speakers, as texts: label, person, then attributes of each, in order."""
    sources: list[Source] = []
    for document in documents:
        for member in with_role_labels(document).cast:
            label = written_label(member.speaker)
            sources.append(Source(f"{label}{_AFTER_LABEL}", frozenset({label}), witness=False))
            cells = {"person": member.person or "", **member.attributes}
            sources += [replace(cell_source(*cell, french.usual_writing), witness=False) for cell in cells.items()]
    return sources


# --- ids that name somebody ------------------------------------------------------------------------------


def _new_ids(documents: Sequence[Document], table: Table, new: _Replaced) -> list[str]:
    """The id of each document; one that names somebody becomes `document-37`, in no order, or what the table says."""
    named = _naming(documents, new)
    key = corpus_key([*(document.id for document in documents), *(document.text for document in documents)])
    hidden = [(DOCUMENT, one.id) for one, name in zip(documents, named, strict=True) if name]
    taken = [*(document.id for document in documents), *table.documents.values()]
    fresh = [one for one in hidden if one[1] not in table.documents]
    codes = {own: code for (_, own), code in numbered(fresh, key, {DOCUMENT: DOCUMENT}, taken).items()}
    codes |= table.documents
    return [codes.get(document.id, document.id) for document in documents]


def _naming(documents: Sequence[Document], new: _Replaced) -> list[bool]:
    """Whether each id holds a first name, a title and a name, a row of the table, or a name surely met in a text."""
    sure = [one.found for _, placed in new.texts for one in placed if one.code and one.found.sure]
    forms = {(one.category, tuple(part for word in one.form for part in word.split("-"))) for one in sure}
    persons = {word for category, form in forms if category == PERSON for word in form if len(word) > 2}
    organisations = {f" {' '.join(form)} " for category, form in forms if category == ORGANISATION and form}
    named = []
    for document, (_, placed) in zip(documents, new.ids, strict=True):
        keys = [token.key for line in lines(id_source(document.id, french.usual_writing).text) for token in line]
        said = f" {' '.join(keys)} "
        told = any(
            one.code and (one.found.ground in _NAMING or (one.found.replacement and one.found.sure)) for one in placed
        )
        named.append(told or not persons.isdisjoint(keys) or any(name in said for name in organisations))
    return named


# --- what is written -------------------------------------------------------------------------------------


def _files(documents: Sequence[Document], ids: Sequence[str], new: _Replaced) -> dict[str, bytes]:
    """The files of the new folder: texts, metadata, speakers, list for review."""
    names = file_names(ids)
    files = {f"{name}.txt": text.encode("utf-8") for name, (text, _) in zip(names, new.texts, strict=True)}
    metadata: list[dict[str, str]] = [{} for _ in documents]
    for cell, (text, _) in new.cells.items():
        metadata[cell.document][cell.column] = text
    casts = _new_casts(documents, new.cast)
    told = zip(documents, ids, metadata, casts, strict=True)
    written = [replace(one, id=own, metadata=cells, cast=cast) for one, own, cells, cast in told]
    files[METADATA_FILE] = metadata_csv(written, names).encode("utf-8")
    described = speakers_csv(written, names)
    files |= {SPEAKERS_FILE: described.encode("utf-8")} if described else {}
    files[REVIEW_FILE] = _review_csv(_review(names, new)).encode("utf-8")
    return files


def _new_casts(documents: Sequence[Document], texts: Iterable[str]) -> list[tuple[CastMember, ...]]:
    """The speakers of each document with the texts that replace what `_cast_sources` gave."""
    told = iter(texts)
    written = []
    for document in documents:
        members = []
        for member in with_role_labels(document).cast:
            label = next(told).removesuffix(_AFTER_LABEL)
            person = next(told) or None
            attributes = {name: next(told) for name in member.attributes}
            members.append(replace(member, speaker=label, person=person, attributes=attributes))
        written.append(tuple(members))
    return written


def _review(names: Sequence[str], new: _Replaced) -> Iterator[dict[str, str]]:
    """Every replacement and every doubt, those of the texts first; the position in a table is its column."""
    for name, (text, placed) in zip(names, new.texts, strict=True):
        yield from review_rows(name, text, placed)
    for cell, (text, placed) in new.cells.items():
        where = f"{METADATA_FILE}, {cell.column}"
        yield from ({**row, "position": where} for row in review_rows(names[cell.document], text, placed))


def _review_csv(rows: Iterable[Mapping[str, str]]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writeheader()
    writer.writerows(guarded(dict(row)) for row in rows)
    return stream.getvalue()


def write(corpus: PseudonymisedCorpus, output: Path, table: Table, write_table: Path | None) -> None:
    """The folder, and the correspondence when it was asked for: both or neither.

    `table`: what was read; the file names that it gives to texts of another day are kept.
    """
    here = {document.id for document in corpus.batch.documents}
    renamed = {**corpus.renamed, **{own: given for own, given in table.documents.items() if own not in here}}
    with ExitStack() as outputs:
        if write_table is not None:
            stream = outputs.enter_context(text_output(write_table))
            writer = csv.writer(stream, delimiter=";", lineterminator="\n")
            writer.writerow(("nom", "code", "categorie"))
            writer.writerows(sorted(corpus.result.pairs))
            writer.writerows((own, given, DOCUMENT) for own, given in sorted(renamed.items()))
        with folder_output(output) as folder:
            for name, content in corpus.files.items():
                (folder / name).write_bytes(content)
