"""The tables beside the texts: `metadata.csv`, as tensions joins it and as TXM wants it, and `speakers.csv`."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tensions_cli.corpus.check_places import TextFile
from tensions_cli.corpus.formats.tables import Row, Table, parse_table
from tensions_cli.corpus.metadata import Metadata, MetadataRow, join
from tensions_cli.corpus.persons import Person, Persons, persons_of
from tensions_cli.corpus.sources import without_extension
from tensions_cli.corpus.speaker_labels import label_key
from tensions_cli.knowledge.corpus_rules import Finding, finding, pattern, table
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import Document

# What TXM takes for the name of a column (formats.md §8).
TXM_NAME = re.compile("[A-Za-z][A-Za-z0-9_]*")

# A name no column can have: names are trimmed. It carries a row through the join, or the line of a speaker.
_MARK = " row "


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column names the text of a row, and which gives it an id when that is another one."""

    key: str
    id: str | None


@dataclass(frozen=True, slots=True)
class MetadataFile:
    """A table of metadata that could be read. `folder`: the name of the folder it describes."""

    name: str
    folder: str
    table: Table


def read_metadata(text: TextFile, folder: str) -> MetadataFile | None:
    """The table that a file holds; None when it cannot be read or is empty."""
    read = parse_table(text.decoded.text) if text.decoded is not None else None
    return MetadataFile(text.name, folder, read) if read is not None and read.columns else None


def check_metadata(text: TextFile, file: MetadataFile | None) -> Iterator[Finding]:
    """A table of metadata by itself; `file`: what it holds, None when it cannot be read."""
    if file is None:
        yield finding("metadata-illisible", text.name)
        return
    sound = text.direct and is_sound(file.table)
    columns = key_columns(file.table.columns)
    yield from _check_rows(file.name, file.table, sound)
    yield from _check_ids(file.name, file.table, columns)
    yield from _check_cells(file.name, file.table, sound)
    yield from _check_for_txm(text, file.table, columns, sound)


def is_sound(read: Table) -> bool:
    """The table can be written again without guessing: no row has too many cells, no quote is left open."""
    return not read.broken and not _open_quotes(read)


def key_columns(columns: Sequence[str]) -> Columns:
    """As the join reads them: a column `file`, else `id`, else the first."""
    listed = read_toml("reading.toml")["columns"]
    by_name = {column.casefold(): column for column in reversed(columns)}
    file_column = next((by_name[word] for word in listed["file"] if word in by_name), None)
    id_column = next((by_name[word] for word in listed["id"] if word in by_name), None)
    key = file_column or id_column or columns[0]
    return Columns(key, None if id_column == key else id_column)


def _open_quotes(read: Table) -> bool:
    beginning = str(table("tables")["quotes"])
    return any(notice.startswith(beginning) for notice in read.notices)


def _check_rows(name: str, read: Table, sound: bool) -> Iterator[Finding]:
    if _open_quotes(read):
        yield finding("metadata-guillemets", name)
    for line, _ in read.broken:
        yield finding("metadata-ligne-longue", name, line)
    for row in read.rows:
        if len(row.cells) < len(read.columns):
            yield finding("metadata-ligne-courte", name, row.line, fixable=sound)


def key_of(row: Row, column: str) -> str:
    """The text that a row names, as the join compares names."""
    return _nfc(row.cells.get(column, "")).replace("\\", "/").removeprefix("./")


def _check_ids(name: str, read: Table, columns: Columns) -> Iterator[Finding]:
    for column in (columns.key, columns.id):
        seen: dict[str, int] = {}
        for row in read.rows if column is not None else ():
            key = key_of(row, column or "")
            if not key and column == columns.key:
                yield finding("metadata-id-vide", name, row.line)
            elif key and key in seen:
                yield finding("metadata-id-repete", name, row.line, first=seen[key])
            elif key:
                seen[key] = row.line


def _check_cells(name: str, read: Table, sound: bool) -> Iterator[Finding]:
    padded = [row.line for row in read.rows for cell in row.cells.values() if cell != cell.strip()]
    if padded:
        yield finding("metadata-espaces", name, padded[0], fixable=sound, count=len(padded))
    for row in read.rows:
        kinds = [kind for kind in table("spreadsheet") for cell in row.cells.values() if _is(kind, cell)]
        for kind in dict.fromkeys(kinds):
            yield finding("metadata-tableur", name, row.line, kind=kind)
    for column in read.columns:
        lines: dict[str, list[int]] = {
            form: [row.line for row in read.rows if _dated(form, row.cells.get(column, ""))] for form in table("dates")
        }
        if all(lines.values()):
            for line in min(lines.values(), key=len):
                yield finding("metadata-dates", name, line)


def _is(kind: str, cell: str) -> bool:
    return pattern("spreadsheet", kind).fullmatch(cell.strip()) is not None


def _dated(form: str, cell: str) -> bool:
    return pattern("dates", form).fullmatch(cell.strip()) is not None


def _check_for_txm(text: TextFile, read: Table, columns: Columns, sound: bool) -> Iterator[Finding]:
    """What TXM refuses; `tensions` takes it."""
    refused = [column for column in read.columns if not TXM_NAME.fullmatch(column)]
    if refused:
        yield finding("metadata-colonne", text.name, 1, fixable=sound, count=len(refused))
    if read.columns[0] != "id":
        yield finding("metadata-premiere-colonne", text.name, 1, fixable=sound)
    header = text.decoded.text.lstrip("\n").partition("\n")[0] if text.decoded else ""
    if len(read.columns) > 1 and "," not in re.sub('"[^"]*"', "", header):
        yield finding("metadata-separateur", text.name, 1, fixable=sound)
    keys = [key_of(row, columns.key) for row in read.rows]
    extended = [row.line for row, key in zip(read.rows, keys, strict=True) if without_extension(key) != key]
    if extended:
        alone = len({without_extension(key) for key in keys}) == len(set(keys))
        yield finding("metadata-extension", text.name, extended[0], fixable=sound and alone, count=len(extended))


def check_join(files: Sequence[MetadataFile], documents: Sequence[Document]) -> Iterator[Finding]:
    """Texts without a row and rows without a text, as the join itself pairs them over all tables."""
    tables: list[Metadata] = []
    named: dict[str, tuple[str, int]] = {}
    for file in files:
        column = key_columns(file.table.columns).key
        rows: list[MetadataRow] = []
        seen: set[str] = set()
        for row in file.table.rows:
            key = key_of(row, column)
            if key and key not in seen:  # a repeated row is told as such
                seen.add(key)
                mark = str(len(named))
                named[mark] = (file.name, row.line)
                rows.append(MetadataRow(key, None, {_MARK: mark}))
        tables.append(Metadata(_nfc(file.folder), (), tuple(rows)))
    if not named:
        return
    joined = join(documents, tables).documents
    used = {document.metadata.get(_MARK) for document in joined}
    for mark, (name, line) in named.items():
        if mark not in used:
            yield finding("metadata-ligne-sans-texte", name, line)
    described = {document.source for document in joined if _MARK in document.metadata}
    # The rows of a table and the texts of one file may carry their own metadata.
    own = {document.source for document in documents if document.metadata and document.format in _OWN}
    for source in dict.fromkeys(document.source for document in documents):
        if source not in described and source not in own:
            yield finding("metadata-texte-sans-ligne", source)


_OWN = ("csv", "tsv", "jsonl", "xlsx", "ods", "iramuteq", "lexico", "europresse")


def _nfc(cell: str) -> str:
    return unicodedata.normalize("NFC", cell.strip())


# --- speakers.csv ------------------------------------------------------------------------------------------


def check_persons(text: TextFile, documents: Sequence[Document], persons: Persons | None) -> Iterator[Finding]:
    """A table of speakers; `persons`: its rows as they are read, None when they could not be."""
    if persons is None:
        yield finding("locuteurs-illisible", text.name)
        return
    seen: dict[tuple[str, str], int] = {}
    repeated: set[int] = set()
    for row in persons.rows:
        key = (row.document, label_key(row.label))
        if key in seen:
            repeated.add(row.line)
            yield finding("locuteurs-ligne-repetee", text.name, row.line, first=seen[key])
        seen.setdefault(key, row.line)
    used = _used_lines(documents, persons)
    for row in persons.rows:
        if row.line not in used and row.line not in repeated:
            yield finding("locuteurs-ligne-inutile", text.name, row.line)


def _used_lines(documents: Sequence[Document], persons: Persons) -> set[int]:
    """The rows that describe a speaker; a row for all texts counts beside one that names the text."""
    marked = [replace(row, person=Person(None, None, {_MARK: str(row.line)})) for row in persons.rows]
    named = Persons(tuple(row for row in marked if row.document))
    general = Persons(tuple(row for row in marked if not row.document))
    return {
        int(person.attributes[_MARK])
        for document in documents
        if document.turns
        for rows in (named, general)
        for person in persons_of(document, rows).values()
    }
