"""Where something stands, as a person finds it again: the line of the file, or the turn or paragraph of the text."""

import re
import zipfile
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from tensions_cli.corpus.archives import members
from tensions_cli.corpus.formats.tables import parse_table
from tensions_cli.corpus.sources import STDIN_PATH, SourceFile, reader_of
from tensions_cli.errors import UnreadableError
from tensions_cli.files.encoding import Decoded, decode
from tensions_cli.knowledge.corpus_rules import words
from tensions_cli.records import Document, Skipped, ZoneKind

# Formats whose canonical text is the file, or a slice of it.
_SAME_LINES = ("txt", "iramuteq", "lexico")

# What documents made of the rows of a table are called.
TABLES = ("csv", "tsv", "jsonl", "xlsx", "ods")

# Beginnings of files that are no plain text whatever their name (their readers look for the same).
_CONTAINERS = (b"%PDF-", b"{\\rtf", b"PK\x03\x04", b"\xd0\xcf\x11\xe0")

_LABEL = ZoneKind.LABEL

_ROW = re.compile("ligne (\\d+)[ \u00a0]")


@dataclass(frozen=True)
class TextFile:
    """A file of plain text: its bytes and, unless they are no text, what they say.

    `kind`: the reader its name calls for. `direct`: it lies in a folder, not in an archive.
    """

    name: str
    kind: str
    data: bytes
    decoded: Decoded | None
    direct: bool = True

    @staticmethod
    def of(name: str, kind: str, data: bytes, *, direct: bool = False) -> "TextFile":
        """The text that these bytes hold."""
        try:
            decoded = decode(data)
        except UnreadableError:
            decoded = None
        return TextFile(name, kind, data, decoded, direct)

    @property
    def plain(self) -> bool:
        """Whether a copy can be written in another encoding without making the file say something false."""
        return self.kind in words("encodings", "plain")

    def without_content(self) -> "TextFile":
        """The same without its text: many files can be held in memory."""
        encoding = self.decoded.encoding if self.decoded else ""
        return replace(self, data=b"", decoded=Decoded("", encoding))


def text_files(file: SourceFile, max_bytes: int) -> Iterator[tuple[SourceFile, TextFile | None]]:
    """A file, or the files of an archive, with what they hold where their name says plain text, html or XML.

    None for another format, or when it cannot be opened: its reader says why.
    """
    is_archive = reader_of(file.name) == "zip"
    if file.path == STDIN_PATH or not (is_archive or _is_text(file.name)):
        yield file, None
        return
    try:
        regular = file.path.is_file() and file.path.stat().st_size <= max_bytes
        data = file.path.read_bytes() if regular else b""
    except OSError:
        data = b""
    yield file, None if is_archive else _text(file.name, data, direct=True)
    if not is_archive or not data:
        return
    try:
        for member in members(data, file, max_bytes):
            if not isinstance(member, Skipped):
                inner, content = member
                yield inner, _text(inner.name, content, direct=False)
    except (UnreadableError, zipfile.BadZipFile):
        return


def _is_text(name: str) -> bool:
    return reader_of(name) in (*words("encodings", "plain"), "html", "xml")


def _text(name: str, data: bytes, *, direct: bool) -> TextFile | None:
    if not _is_text(name) or not data.strip() or data[:1024].lstrip().startswith(_CONTAINERS):
        return None
    kind = "tsv" if name.lower().endswith(".tsv") else reader_of(name) or ""
    return TextFile.of(name, kind, data, direct=direct)


def companion_file(path: Path, name: str) -> TextFile | None:
    """A table that lies beside the texts; None when there is none. Its text is None when it cannot be read."""
    if not path.is_file():
        return None
    try:
        return TextFile.of(name, "csv", path.read_bytes(), direct=True)
    except OSError:
        return TextFile(name, "csv", b"", None)


@dataclass(frozen=True)
class Place:
    """Where the offsets of a document stand.

    `base`: the line of the file on which the document begins, None when its format has no lines; `single`: the whole
    document is told by that line (a row of a table).
    """

    document: Document
    base: int | None = None
    single: bool = False

    @cached_property
    def _breaks(self) -> list[int]:
        return line_breaks(self.document.text)

    @cached_property
    def _turn_ends(self) -> list[int]:
        return [turn.end for turn in self.document.turns]

    def line(self, offset: int) -> int | None:
        """The line of the file (from 1), or None."""
        if self.base is None or self.single:
            return self.base
        return self.base + bisect_right(self._breaks, offset - 1)

    def said(self, offset: int) -> str:
        """The turn or the paragraph where there is no line; else nothing."""
        if self.base is not None:
            return ""
        if self.document.turns:
            return self._turn(offset)
        rank = bisect_right([block.start for block in self.document.blocks], offset)
        return f"paragraphe\u00a0{max(rank, 1)}"

    def _turn(self, offset: int) -> str:
        """The turn that holds the offset, or whose label does."""
        turns, zones = self.document.turns, self.document.zones
        if offset < turns[0].start and any(
            zone.start <= offset < zone.end for zone in zones if zone.kind is not _LABEL
        ):
            return "avant le premier tour"
        rank = bisect_right(self._turn_ends, offset) + 1
        return f"tour\u00a0{rank}" if rank <= len(turns) else "après le dernier tour"


def line_breaks(text: str) -> list[int]:
    """The offsets of the line feeds of a text."""
    return [found.start() for found in re.finditer("\n", text)]


def places(text: TextFile | None, documents: Sequence[Document], unread: Sequence[Skipped]) -> dict[str, Place]:
    """Where each document of one file stands, by id; documents without lines are left out."""
    if text is None or text.decoded is None or not documents:
        return {}
    if documents[0].format in TABLES:
        return _rows(text, documents, unread)
    return dict(_slices(text.decoded.text, documents)) if documents[0].format in _SAME_LINES else {}


def _slices(whole: str, documents: Sequence[Document]) -> Iterator[tuple[str, Place]]:
    """Documents that follow one another in the file."""
    at, line = 0, 1
    for document in documents:
        start = whole.find(document.text, at)
        if start < 0:
            return
        line += whole.count("\n", at, start)
        at = start
        yield document.id, Place(document, line)


def _rows(text: TextFile, documents: Sequence[Document], unread: Sequence[Skipped]) -> dict[str, Place]:
    """Documents that are the rows of a table, in order; the rows without text were skipped by their line."""
    lines = row_lines(text)
    skipped = {line for item in unread if (line := row_of(item)) is not None}
    left = [line for line in lines if line not in skipped]
    if len(left) != len(documents):
        return {}
    return {document.id: Place(document, line, True) for document, line in zip(documents, left, strict=True)}


def row_lines(text: TextFile) -> list[int]:
    """The line of each row of a table, in order."""
    if text.decoded is None:
        return []
    if text.kind in ("csv", "tsv"):
        table = parse_table(text.decoded.text)
        return sorted([row.line for row in table.rows] + [line for line, _ in table.broken])
    return [number for number, line in enumerate(text.decoded.text.split("\n"), start=1) if line.strip()]


def row_of(item: Skipped) -> int | None:
    """The line that a skipped row is told by, None when it is the whole file that is skipped."""
    found = _ROW.match(item.detail)
    return int(found[1]) if found else None
