"""`tensions corpus pseudonymise`: texts with codes in place of what identifies, and a list for a human reader."""

import csv
import io
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from tensions_cli.commands.common import progress_bar, protect_inputs, say, status_of
from tensions_cli.errors import ExitStatus, ModelError, TensionsError, UnreadableError
from tensions_cli.knowledge.files import read_toml
from tensions_cli.output.french import plural

if TYPE_CHECKING:
    from tensions_cli.confidentiality.pseudonyms import Pseudonymised, Table
    from tensions_cli.confidentiality.tokens import Source
    from tensions_cli.pipeline import Batch, Options, Progress
    from tensions_cli.records import CastMember, Document

REVIEW_FILE = "a_relire.csv"

# Texts given to the recogniser of names between two steps of the progress bar.
_TOGETHER = 16
_AFTER_LABEL = " : "
# Grounds on which the words of a file name are the name of somebody; a capital or a rare word is none.
_NAMING = frozenset({"table", "prénom", "titre", "initiale après un titre"})
_BLANKS = re.compile("[^\\S\u00a0\u202f\u2007]+")


@dataclass(frozen=True, slots=True)
class _Cell:
    """A cell of metadata: rank of its document, name of its column."""

    document: int
    column: str


def run(
    sources: list[str],
    options: "Options",
    output: Path,
    table: Path | None,
    write_table: Path | None,
    *,
    quiet: bool,
    strict: bool,
) -> ExitStatus:
    """Write the new folder, print the counts, say what remains to be read by somebody."""
    from tensions_cli.confidentiality.pseudonyms import pseudonymise
    from tensions_cli.tagging import french

    _check_paths(sources, output, table, write_table)
    rows = _read_table(table)
    with progress_bar(quiet=quiet) as progress:
        batch = _loaded(sources, options, progress)
        texts = _texts(batch.documents, progress)
        cells, described = _descriptions(batch.documents)
        cast = _cast(batch.documents)
        result = pseudonymise([*texts, *described, *cast], rows, french.usual_writing)
    ids = _ids(batch.documents, rows, result)
    renamed = {one.id: own for one, own in zip(batch.documents, ids, strict=True) if own != one.id}
    files = _files(batch.documents, ids, cells, result)
    _write(files, output, write_table, result, renamed | _absent(rows, batch.documents))
    print(_counted(result), end="")
    _say_skipped(batch, quiet=quiet)
    _say_table(rows, result, quiet=quiet)
    _say_renamed(len(renamed), told=write_table is not None, quiet=quiet)
    _say_remains(len(batch.documents), quiet=quiet)
    return status_of(batch.skipped, strict=strict)


# --- reading ----------------------------------------------------------------------------------------


@contextmanager
def _nameless() -> Iterator[None]:
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


def _check_paths(sources: Sequence[str], output: Path, table: Path | None, write_table: Path | None) -> None:
    """Refuse what would mix the correspondence or the result with what is read, before any work is done."""
    from tensions_cli.corpus.sources import find_files

    with _nameless():
        find_files(sources)
    for path in (output, write_table):
        protect_inputs(path, sources)
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


def _read_table(path: Path | None) -> "Table":
    """The user's table of names, read and never copied."""
    from tensions_cli.confidentiality.pseudonyms import Table, table_of
    from tensions_cli.corpus.formats.tables import parse_table
    from tensions_cli.files.encoding import decode

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


def _loaded(sources: Sequence[str], options: "Options", progress: "Progress") -> "Batch":
    from tensions_cli.pipeline import load

    with _nameless():
        return load(sources, options, progress)


def _texts(documents: Sequence["Document"], progress: "Progress") -> list["Source"]:
    """The clean text of each document, its labels, and the names that the language model sees."""
    from tensions_cli.confidentiality.tokens import Source
    from tensions_cli.output.corpora import clean_txt
    from tensions_cli.tagging.french import proper_names

    sources: list[Source] = []
    while len(sources) < len(documents):
        batch = list(islice(documents, len(sources), len(sources) + _TOGETHER))
        texts = [clean_txt(document) for document in batch]
        seen = proper_names(texts)
        sources += [Source(text, _labels(one), names) for text, one, names in zip(texts, batch, seen, strict=True)]
        progress("recherche des noms", len(sources), len(documents))
    return sources


def _labels(document: "Document") -> frozenset[str]:
    """The labels of the speakers as `clean_txt` writes them."""
    spoken = {turn.speaker for turn in document.turns if turn.speaker}
    return frozenset(map(_written_label, spoken))


def _written_label(label: str) -> str:
    from tensions_cli.output.corpora import writable

    return _BLANKS.sub(" ", writable(label).replace(":", " ")).strip(" ")


def _descriptions(documents: Sequence["Document"]) -> tuple[list[_Cell], list["Source"]]:
    """Ids, then cells of metadata, as texts; a cell knows its document and its column."""
    from tensions_cli.confidentiality.description import cell_source, id_source
    from tensions_cli.tagging.french import usual_writing

    cells = [_Cell(rank, column) for rank, document in enumerate(documents) for column in document.metadata]
    described = [cell_source(one.column, documents[one.document].metadata[one.column], usual_writing) for one in cells]
    return cells, [*(id_source(document.id, usual_writing) for document in documents), *described]


def _cast(documents: Sequence["Document"]) -> list["Source"]:
    """What is known of the speakers, as texts: label, person, then attributes of each, in order."""
    from tensions_cli.confidentiality.description import cell_source
    from tensions_cli.confidentiality.tokens import Source
    from tensions_cli.output.corpora import with_role_labels
    from tensions_cli.tagging.french import usual_writing

    sources: list[Source] = []
    for document in documents:
        for member in with_role_labels(document).cast:
            label = _written_label(member.speaker)
            sources.append(Source(f"{label}{_AFTER_LABEL}", frozenset({label}), witness=False))
            cells = {"person": member.person or "", **member.attributes}
            sources += [replace(cell_source(*cell, usual_writing), witness=False) for cell in cells.items()]
    return sources


# --- writing ----------------------------------------------------------------------------------------


def _files(
    documents: Sequence["Document"], ids: Sequence[str], cells: Sequence[_Cell], result: "Pseudonymised"
) -> dict[str, bytes]:
    """The files of the new folder: texts, metadata, speakers, list for review."""
    from tensions_cli.confidentiality.review import review_rows
    from tensions_cli.output.corpora import METADATA_FILE, SPEAKERS_FILE, file_names, metadata_csv, txt_folder

    n = len(documents)
    metadata: list[dict[str, str]] = [{} for _ in documents]
    for cell, text in zip(cells, result.texts[2 * n :], strict=False):
        metadata[cell.document][cell.column] = text
    written = [replace(one, id=own, metadata=cell) for one, own, cell in zip(documents, ids, metadata, strict=True)]
    names = file_names(ids)
    files = {f"{name}.txt": text.encode("utf-8") for name, text in zip(names, result.texts[:n], strict=True)}
    rows = [
        row
        for name, text, placed in zip(names, result.texts, result.placed[:n], strict=False)
        for row in review_rows(name, text, placed)
    ]
    for cell, text, placed in zip(cells, result.texts[2 * n :], result.placed[2 * n :], strict=False):
        where = f"{METADATA_FILE}, {cell.column}"
        rows += [{**row, "position": where} for row in review_rows(names[cell.document], text, placed)]
    files[METADATA_FILE] = metadata_csv(written, names).encode("utf-8")
    cast = _written_cast(documents, result.texts[2 * n + len(cells) :])
    bare = [
        replace(one, text="", blocks=(), zones=(), turns=(), metadata={}, cast=members)
        for one, members in zip(written, cast, strict=True)
    ]
    described, _ = txt_folder(bare)
    files |= {SPEAKERS_FILE: described[SPEAKERS_FILE]} if SPEAKERS_FILE in described else {}
    files[REVIEW_FILE] = _review_csv(rows).encode("utf-8")
    return files


def _written_cast(documents: Sequence["Document"], texts: Sequence[str]) -> list[tuple["CastMember", ...]]:
    """The speakers of each document with the texts that replace what `_cast` gave."""
    from tensions_cli.output.corpora import with_role_labels

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


def _ids(documents: Sequence["Document"], table: "Table", result: "Pseudonymised") -> list[str]:
    """The id of each document; one that names somebody becomes `document-37`, in no order, or what the table says."""
    from tensions_cli.confidentiality.pseudonyms import DOCUMENT, corpus_key, numbered

    named = _naming(documents, result)
    key = corpus_key([*(document.id for document in documents), *(document.text for document in documents)])
    hidden = [(DOCUMENT, one.id) for one, name in zip(documents, named, strict=True) if name]
    taken = [*(document.id for document in documents), *table.documents.values()]
    fresh = [one for one in hidden if one[1] not in table.documents]
    codes = {own: code for (_, own), code in numbered(fresh, key, {DOCUMENT: DOCUMENT}, taken).items()}
    codes |= table.documents
    return [codes.get(document.id, document.id) for document in documents]


def _naming(documents: Sequence["Document"], result: "Pseudonymised") -> list[bool]:
    """Whether each id holds a first name, a title and a name, a row of the table, or a name surely met in a text."""
    from tensions_cli.confidentiality.description import id_source
    from tensions_cli.confidentiality.identifiers import ORGANISATION, PERSON
    from tensions_cli.confidentiality.tokens import lines
    from tensions_cli.tagging.french import usual_writing

    n = len(documents)
    sure = [one.found for placed in result.placed[:n] for one in placed if one.code and one.found.sure]
    forms = {(one.category, tuple(part for word in one.form for part in word.split("-"))) for one in sure}
    persons = {word for category, form in forms if category == PERSON for word in form if len(word) > 2}
    organisations = {f" {' '.join(form)} " for category, form in forms if category == ORGANISATION and form}
    named = []
    for document, placed in zip(documents, result.placed[n : 2 * n], strict=True):
        keys = [token.key for line in lines(id_source(document.id, usual_writing).text) for token in line]
        said = f" {' '.join(keys)} "
        told = any(
            one.code and (one.found.ground in _NAMING or (one.found.replacement and one.found.sure)) for one in placed
        )
        named.append(told or not persons.isdisjoint(keys) or any(name in said for name in organisations))
    return named


def _absent(table: "Table", documents: Sequence["Document"]) -> dict[str, str]:
    """The file names of the table that are not among these documents: their correspondence is kept."""
    here = {document.id for document in documents}
    return {own: given for own, given in table.documents.items() if own not in here}


def _review_csv(rows: Iterable[Mapping[str, str]]) -> str:
    from tensions_cli.confidentiality.review import COLUMNS
    from tensions_cli.output.tables import guarded

    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writeheader()
    writer.writerows(guarded(dict(row)) for row in rows)
    return stream.getvalue()


def _write(
    files: Mapping[str, bytes],
    output: Path,
    write_table: Path | None,
    result: "Pseudonymised",
    renamed: Mapping[str, str],
) -> None:
    """The folder, and the table when it was asked for: both or neither."""
    from tensions_cli.confidentiality.pseudonyms import DOCUMENT
    from tensions_cli.output.sink import folder_output, text_output

    with ExitStack() as outputs:
        if write_table is not None:
            stream = outputs.enter_context(text_output(write_table))
            writer = csv.writer(stream, delimiter=";", lineterminator="\n")
            writer.writerow(("nom", "code", "categorie"))
            writer.writerows(sorted(result.pairs))
            writer.writerows((own, given, DOCUMENT) for own, given in sorted(renamed.items()))
        with folder_output(output) as folder:
            for name, content in files.items():
                (folder / name).write_bytes(content)


# --- what is told -----------------------------------------------------------------------------------


def _counted(result: "Pseudonymised") -> str:
    """The counts by category, as a table of plain text."""
    from tensions_cli.confidentiality.review import counts

    rows = [("catégorie", "remplacés", "distincts", "à vérifier", "laissés")]
    for one in counts(result.placed, result.distinct):
        distinct = "–" if one.distinct is None else str(one.distinct)
        rows.append((one.category, str(one.replaced), distinct, str(one.doubtful), str(one.left)))
    width = max(len(row[0]) for row in rows)
    return "".join(f"{first:<{width}}" + "".join(f"{cell:>12}" for cell in cells) + "\n" for first, *cells in rows)


def _say_skipped(batch: "Batch", *, quiet: bool) -> None:
    """What was not read, by reason: file names are not shown."""
    titles = read_toml("ignored_files.toml")["reasons"]
    for title, items in (
        ("Non lus", [item for item in batch.skipped if item.failed]),
        ("Laissés de côté", [item for item in batch.skipped if not item.failed]),
    ):
        reasons = Counter(titles.get(item.reason, item.reason) for item in items)
        if reasons and not (quiet and title != "Non lus"):
            listed = ", ".join(f"{reason}\u00a0: {n}" for reason, n in sorted(reasons.items()))
            print(f"{title} ({len(items)})\u00a0: {listed}. Lesquels\u00a0: tensions corpus info", file=sys.stderr)
    from tensions_cli.output.corpora import left_out

    for told in left_out(batch.documents):
        say(f"Non écrites\u00a0: {told}", quiet=quiet)
    remarks = len(batch.notices) + sum(bool(document.notices) for document in batch.documents)
    if remarks:
        say(f"Remarques de lecture\u00a0: {remarks}. Pour les lire\u00a0: tensions corpus info", quiet=quiet)


def _say_table(table: "Table", result: "Pseudonymised", *, quiet: bool) -> None:
    if table.rows or table.left_out:
        used = len(table.rows) - len(result.unmatched)
        say(
            f"Table\u00a0: {plural(used, 'ligne employée', 'lignes employées')}, {len(result.unmatched)} sans "
            f"occurrence dans ces textes, {len(table.left_out)} non comprises ou répétées.",
            quiet=quiet,
        )


def _say_renamed(count: int, *, told: bool, quiet: bool) -> None:
    if count:
        where = "la table de --write-table dit lesquels" if told else "--write-table dit lesquels"
        say(f"{plural(count, 'nom de fichier remplacé', 'noms de fichiers remplacés')}\u00a0: {where}.", quiet=quiet)


def _say_remains(documents: int, *, quiet: bool) -> None:
    """The result is a draft for a human reader; this line is said even when silence is asked for."""
    count = plural(documents, "texte écrit", "textes écrits")
    print(f"Pseudonymisation à relire\u00a0: {count}. Relisez chaque texte avec {REVIEW_FILE}.", file=sys.stderr)
    say("Aucun programme ne voit tout. Cherchez aussi\u00a0:", quiet=quiet)
    for line in read_toml("identifiers.toml")["reading"]["checklist"]:
        say(f"  - {line}", quiet=quiet)
    say(
        "Les textes restent des données personnelles, et a_relire.csv en contient des extraits.",
        quiet=quiet,
    )
