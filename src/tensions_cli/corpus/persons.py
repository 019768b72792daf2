"""The table that describes speakers (`speakers.csv`): who they are, their role, their trade.

One row says what is known of one label in one document, or in all of them when the document is left empty.
What it says of roles wins over every guess and loses to `--speakers`. Nothing of the table is ever quoted
in a message: rows are told by their line.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tensions_cli.corpus.formats.tables import parse_table
from tensions_cli.corpus.sources import Found, without_extension
from tensions_cli.corpus.speaker_labels import fold, label_key, role_of
from tensions_cli.errors import TensionsError, UnreadableError
from tensions_cli.files.encoding import decode
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import Document, Role

FILE_NAME = "speakers.csv"

# Lines listed in a notice; beyond, only their number.
_LISTED = 20


@dataclass(frozen=True, slots=True)
class Person:
    """What the table says of one speaker. `code`: the person behind one or several labels.

    `attributes`: every other column that has a value here (`trade`, `rank`…); an empty cell says nothing.
    """

    code: str | None
    role: Role | None
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One row: its line in the file, the text it names ("" for all), the label, what is known."""

    line: int
    document: str
    label: str
    person: Person


@dataclass(frozen=True, slots=True)
class Persons:
    """The rows of one or several tables, and what to tell about them (French)."""

    rows: tuple[PersonRow, ...] = ()
    notices: tuple[str, ...] = ()


def find_persons(found: Found) -> tuple[Path, ...]:
    """The tables of speakers that lie in the folders of the sources."""
    paths = (folder / FILE_NAME for folder in found.folders)
    return tuple(dict.fromkeys(path for path in paths if path in found.companions or path.is_file()))


def load_persons(path: Path, data: bytes | None = None) -> Persons:
    """Read a table of speakers, everything as text; `data`: its content, where it is not on this machine.

    Raises `TensionsError` when it cannot be read or has no column for the labels.
    """
    try:
        decoded = decode(path.read_bytes() if data is None else data)
    except OSError as error:
        raise _unusable("le fichier ne peut pas être ouvert") from error
    except UnreadableError as error:
        raise _unusable(error.detail) from error
    table = parse_table(decoded.text)
    columns = _columns(table.columns)
    if "speaker" not in columns:
        raise _unusable("aucune colonne speaker (ou locuteur) ne donne les étiquettes")
    rows: list[PersonRow] = []
    odd_roles: list[int] = []
    without_label: list[int] = []
    for row in table.rows:
        cells = {name: _cell(row.cells.get(column, "")) for name, column in columns.items()}
        if not cells["speaker"]:
            without_label.append(row.line)
            continue
        role = _role(cells.get("role", ""))
        if cells.get("role") and role is None:
            odd_roles.append(row.line)
        known = set(columns.values())
        others = {name: _cell(value) for name, value in row.cells.items() if name not in known}
        person = Person(cells.get("person") or None, role, {name: value for name, value in others.items() if value})
        rows.append(PersonRow(row.line, _stem(cells.get("document", "")), cells["speaker"], person))
    notices = [*decoded.notices, *table.notices]
    for what, lines in (
        ("lignes mal formées, laissées de côté", [line for line, _ in table.broken]),
        ("lignes sans étiquette de locuteur, laissées de côté", without_label),
        ("rôles non compris (attendu\u00a0: enquêteur ou enquêté)", odd_roles),
        ("lignes répétées pour un même locuteur (la première est gardée)", _repeated(rows)),
    ):
        if lines:
            notices.append(_report(what, lines))
    return Persons(tuple(rows), tuple(notices))


def load_all_persons(paths: Iterable[Path], contents: Mapping[Path, bytes] | None = None) -> Persons:
    """The rows of several tables as one, in the order of the paths. Raises as `load_persons` does.

    `contents`: of the tables that are not on this machine.
    """
    tables = [load_persons(path, (contents or {}).get(path)) for path in paths]
    return Persons(
        tuple(row for table in tables for row in table.rows),
        tuple(notice for table in tables for notice in table.notices),
    )


def declared_roles(document: Document, persons: Persons) -> dict[str, Role | None]:
    """Labels of a document that the table names, or that its own metadata names interviewers (TXM), and their roles.

    None where the table gives no role: the label counts, its role is still guessed. To be given to `find_turns`.
    """
    roles: dict[str, Role | None] = dict(interviewers_named(document.metadata))
    known = {label_key(label): label for label in roles}
    for row in _rows_of(document, persons):
        label = known.setdefault(label_key(row.label), row.label)
        if row.person.role is not None or label not in roles:
            roles[label] = row.person.role
    return roles


def interviewers_named(metadata: Mapping[str, str]) -> dict[str, Role]:
    """The interviewers that the columns `enq1`, `enq2`… of a TXM `metadata.csv` name."""
    column = re.compile(read_toml("speakers.toml")["persons"]["txm_interviewers"], re.IGNORECASE)
    named = [value.strip() for name, value in metadata.items() if column.fullmatch(name.strip())]
    return {label: Role.INTERVIEWER for label in named if label}


def persons_of(document: Document, persons: Persons) -> dict[str, Person]:
    """What the table says of each speaker of a document whose turns are known, by the label of its cast.

    Labels are compared as turns compare them (case, accents and spacing folded), misspelt ones included.
    """
    rows: dict[str, Person] = {}
    for row in _rows_of(document, persons):
        rows.setdefault(label_key(row.label), row.person)
    found: dict[str, Person] = {}
    for member in document.cast:
        spelt = [member.speaker, *(label for label, _ in member.merged)]
        person = next((rows[key] for key in map(label_key, spelt) if key in rows), None)
        if person is not None:
            found[member.speaker] = person
    return found


def join_persons(document: Document, persons: Persons) -> Document:
    """The document whose cast knows the person behind each label, and what the table says of them."""
    known = persons_of(document, persons)
    if not known:
        return document
    cast = (
        replace(member, person=known[member.speaker].code, attributes=known[member.speaker].attributes)
        if member.speaker in known
        else member
        for member in document.cast
    )
    return replace(document, cast=tuple(cast))


def persons_report(documents: Sequence[Document], persons: Persons) -> tuple[str, ...]:
    """What the join left aside, by count and line: rows that fit no speaker, speakers without a row."""
    if not persons.rows:
        return ()
    used: set[int] = set()
    without_row = 0
    for document in documents:
        described = persons_of(document, persons)
        without_row += sum(member.speaker not in described for member in document.cast)
        keys = {
            label_key(label)
            for member in document.cast
            for label in (member.speaker, *(merged for merged, _ in member.merged))
        }
        used |= {id(row) for row in _rows_of(document, persons) if label_key(row.label) in keys}
    unused = [row.line for row in persons.rows if id(row) not in used]
    notices = [_report("lignes qui ne correspondent à aucun locuteur des textes lus", unused)] if unused else []
    if without_row:
        notices.append(f"{FILE_NAME}\u00a0: locuteurs sans ligne\u00a0: {without_row}")
    return tuple(notices)


# --- the table -------------------------------------------------------------------------------------


def _columns(names: Iterable[str]) -> dict[str, str]:
    """The columns of the table by what they are for; the first of each wins."""
    listed = read_toml("speakers.toml")["persons"]["columns"]
    found: dict[str, str] = {}
    for name in names:
        for purpose, words in listed.items():
            if fold(name) in map(fold, words):
                found.setdefault(purpose, name)
    return found


def _cell(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split()))


def _role(text: str) -> Role | None:
    folded = fold(text)
    return next((role for role in Role if role.value == folded), None) or role_of(text)


def _stem(name: str) -> str:
    """The name of a document as rows and sources are compared; "" for every document."""
    return "" if name == "*" else without_extension(name.replace("\\", "/").removeprefix("./"))


def _rows_of(document: Document, persons: Persons) -> Iterator[PersonRow]:
    """The rows that speak of a document, those that name it first."""
    names = {_cell(name) for name in (document.id, without_extension(document.id), without_extension(document.source))}
    for row in persons.rows:
        if row.document and any(name == row.document or name.endswith(f"/{row.document}") for name in names):
            yield row
    yield from (row for row in persons.rows if not row.document)


def _repeated(rows: Sequence[PersonRow]) -> list[int]:
    seen: set[tuple[str, str]] = set()
    lines: list[int] = []
    for row in rows:
        key = (row.document, label_key(row.label))
        if key in seen:
            lines.append(row.line)
        seen.add(key)
    return lines


def _report(what: str, lines: Sequence[int]) -> str:
    more = f" et {len(lines) - _LISTED} autres" if len(lines) > _LISTED else ""
    listed = ", ".join(map(str, lines[:_LISTED])) + more
    return f"{FILE_NAME}\u00a0: {what}\u00a0: {len(lines)} (lignes du fichier\u00a0: {listed})"


def _unusable(why: str) -> TensionsError:
    return TensionsError(
        f"table des locuteurs illisible\u00a0: {FILE_NAME}",
        why=why,
        hint=f"enregistrez {FILE_NAME} en CSV (UTF-8) avec les colonnes document, speaker, person, role",
    )
