"""The table that describes documents (`metadata.csv`) and its join with what was read."""

import unicodedata
import zipfile
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tensions_cli.corpus.formats.tables import parse_table
from tensions_cli.corpus.read import file_bytes
from tensions_cli.corpus.sources import STDIN_PATH, Found, reader_of, without_extension
from tensions_cli.errors import TensionsError, UnreadableError
from tensions_cli.files.encoding import decode
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import Document

FILE_NAME = "metadata.csv"

# Names listed in a notice; beyond, only their number.
_LISTED = 20


@dataclass(frozen=True, slots=True)
class MetadataRow:
    """What one row says: the text it names (NFC, trimmed, `/`), the id it gives, its values, its line (from 1)."""

    key: str
    id: str | None
    values: Mapping[str, str]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Metadata:
    """One metadata table. `folder`: name of the folder it lies in, to tell two tables apart."""

    folder: str
    columns: tuple[str, ...]
    rows: tuple[MetadataRow, ...]
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Joined:
    """Documents in their order, with the values of their row, and the French join report."""

    documents: tuple[Document, ...]
    notices: tuple[str, ...]


def find_metadata(found: Found) -> tuple[Path, ...]:
    """The metadata tables that lie in the folders of the sources."""
    paths = (folder / FILE_NAME for folder in found.folders)
    return tuple(dict.fromkeys(path for path in paths if path in found.companions or path.is_file()))


def metadata_tables(found: Found) -> list[Metadata]:
    """Every metadata table of the sources: those of their folders, then those inside their archives.

    Raises `TensionsError` when one cannot be read; an archive that cannot be opened is left to its reader.
    """
    tables = [load_metadata(path, found.companions.get(path)) for path in find_metadata(found)]
    archives = [file for file in found.files if file.path != STDIN_PATH and reader_of(file.name) == "zip"]
    for file in archives:
        from tensions_cli.corpus.archives import companion

        try:
            data = companion(file_bytes(file), FILE_NAME)
        except (UnreadableError, zipfile.BadZipFile, OSError):
            continue
        if data is not None:
            tables.append(_metadata(data, file.id))
    return tables


def load_metadata(path: Path, data: bytes | None = None) -> Metadata:
    """Read a metadata table, everything as text; `data`: its content, where it is not on this machine.

    The text is named by a column `file`, else `id`, else the first column. A column `id` beside
    `file` gives the documents their id. Raises `TensionsError` when the table cannot be read.
    """
    try:
        data = path.read_bytes() if data is None else data
    except OSError as error:
        raise _unusable("le fichier ne peut pas être ouvert") from error
    return _metadata(data, path.resolve().parent.name)


def _metadata(data: bytes, folder: str) -> Metadata:
    """The table that these bytes hold; `folder`: where it lies."""
    try:
        decoded = decode(data)
    except UnreadableError as error:
        raise _unusable(error.detail) from error
    table = parse_table(decoded.text)
    if not table.columns:
        raise _unusable("le tableau est vide")
    words = read_toml("reading.toml")["columns"]
    by_name = {column.casefold(): column for column in reversed(table.columns)}
    file_column = next((by_name[word] for word in words["file"] if word in by_name), None)
    id_column = next((by_name[word] for word in words["id"] if word in by_name), None)
    key_column = file_column or id_column or table.columns[0]
    notices = [*decoded.notices, *table.notices]
    if file_column is None and id_column is None:
        notices.append(f"{FILE_NAME} : pas de colonne id ni file, les textes sont nommés par la première colonne")
    if table.broken:
        lines = [str(line) for line, _ in table.broken]
        notices.append(_report(f"{FILE_NAME} : lignes mal formées, laissées de côté", lines))
    rows = []
    for row in table.rows:
        key = _nfc(row.cells[key_column]).replace("\\", "/").removeprefix("./")
        if not key:
            continue
        own_id = without_extension(key) if id_column == key_column else _nfc(row.cells.get(id_column or "", ""))
        values = {name: cell.strip() for name, cell in row.cells.items() if name not in (key_column, id_column)}
        kept = {name: value for name, value in values.items() if value}
        rows.append(MetadataRow(key, own_id or None, kept, row.line))
    columns = tuple(column for column in table.columns if column not in (key_column, id_column))
    return Metadata(_nfc(folder), columns, tuple(rows), tuple(notices))


def join(documents: Sequence[Document], tables: Sequence[Metadata]) -> Joined:
    """Give each document the values of its row; the row wins over what the file says of itself.

    Names are compared in NFC, trimmed, without extension, case-sensitive, with or without
    sub-folder. The report counts and names texts without a row, rows without a text, and repeated
    rows (the first one is used). Raises `TensionsError` when two documents would get the same id.
    """
    notices = [notice for table in tables for notice in table.notices]
    if not any(table.rows for table in tables):
        return Joined(tuple(documents), tuple(notices))
    rows, repeated = _distinct(tables)
    matches = _matches(documents, rows)
    sources: defaultdict[int, set[str]] = defaultdict(set)
    for document, match in zip(documents, matches, strict=True):
        if match is not None:
            sources[match].add(document.source)
    texts_of = Counter(document.source for document in documents)
    ids: list[str] = []
    joined: list[Document] = []
    for document, match in zip(documents, matches, strict=True):
        row = rows[match].row if match is not None else MetadataRow("", None, {})
        # A row that describes several texts gives its id to none of them.
        alone = match is not None and len(sources[match]) == 1 and texts_of[document.source] == 1
        ids.append((row.id if alone else None) or document.id)
        joined.append(replace(document, id=ids[-1], metadata={**document.metadata, **row.values}))
    _refuse_collisions(ids, documents)
    without_row = [name for name, match in zip(ids, matches, strict=True) if match is None]
    without_text = [named.row.key for i, named in enumerate(rows) if i not in sources]
    shared = [named.row.key for i, named in enumerate(rows) if len(sources[i]) > 1]
    for what, names in (
        (f"textes sans ligne dans {FILE_NAME}", without_row),
        (f"lignes de {FILE_NAME} sans texte", without_text),
        (f"lignes répétées dans {FILE_NAME} (la première est gardée)", repeated),
        (f"lignes de {FILE_NAME} qui désignent plusieurs fichiers", shared),
    ):
        if names:
            notices.append(_report(what, names))
    return Joined(tuple(joined), tuple(notices))


def _nfc(cell: str) -> str:
    return unicodedata.normalize("NFC", cell.strip())


@dataclass(frozen=True, slots=True)
class _Named:
    """A row under the names it can be found by: as written, without extension, after its folder."""

    row: MetadataRow
    stem: str
    qualified: str


def _distinct(tables: Sequence[Metadata]) -> tuple[list[_Named], list[str]]:
    """Rows, each key once, and the keys that came again in one table."""
    rows: list[_Named] = []
    repeated: list[str] = []
    for table in tables:
        seen: set[str] = set()
        for row in table.rows:
            if row.key in seen:
                repeated.append(row.key)
                continue
            seen.add(row.key)
            stem = without_extension(row.key)
            rows.append(_Named(row, stem, f"{table.folder}/{stem}"))
    return rows, list(dict.fromkeys(repeated))


def _matches(documents: Sequence[Document], rows: Sequence[_Named]) -> list[int | None]:
    """The rank of the row of each document, None without one."""
    by_last_part: defaultdict[str, list[int]] = defaultdict(list)
    for i, named in enumerate(rows):
        by_last_part[named.stem.rpartition("/")[2]].append(i)
    return [_match(document, rows, by_last_part) for document in documents]


def _match(document: Document, rows: Sequence[_Named], by_last_part: Mapping[str, Sequence[int]]) -> int | None:
    """Exact names first; then the end of a path, when a single row has it."""
    stems = [without_extension(document.id), without_extension(document.source)]
    near = [i for stem in dict.fromkeys(stems) for i in by_last_part.get(stem.rpartition("/")[2], ())]
    for exact in (
        [i for i in near if rows[i].row.key == document.id],
        [i for i in near if rows[i].qualified == stems[0]],
        [i for i in near if rows[i].row.key == document.source],
        [i for i in near if rows[i].stem in stems],
    ):
        if exact:
            return exact[0]
    ends = {i for i in near for stem in stems if _is_end(stem, rows[i].stem) or _is_end(rows[i].stem, stem)}
    return ends.pop() if len(ends) == 1 else None


def _is_end(short: str, long: str) -> bool:
    return long.endswith(f"/{short}")


def _refuse_collisions(ids: Sequence[str], documents: Sequence[Document]) -> None:
    counts = Counter(ids)
    for name, n in counts.items():
        if n > 1:
            files = [document.source for document, own in zip(documents, ids, strict=True) if own == name]
            raise TensionsError(
                f"identifiant donné à {n} textes : {name}",
                why=f"{FILE_NAME} donne le même id à {_names(files)}",
                hint=f"donnez un id différent à chaque texte dans {FILE_NAME}",
            )


def _report(what: str, names: Sequence[str]) -> str:
    return f"{what} : {len(names)} ({_names(names)})"


def _names(names: Sequence[str]) -> str:
    more = f" et {len(names) - _LISTED} autres" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def _unusable(why: str) -> TensionsError:
    return TensionsError(
        f"table de métadonnées illisible : {FILE_NAME}",
        why=why,
        hint=f"enregistrez {FILE_NAME} en CSV (UTF-8), une ligne par texte, première colonne id ou file",
    )
