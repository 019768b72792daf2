"""From the list of files to documents, in order; one bad file never stops the batch."""

import io
import os
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from typing import Literal, cast

from tensions_cli.corpus.sources import STDIN_PATH, Found, SourceFile, is_result, reader_of
from tensions_cli.errors import UnreadableError
from tensions_cli.files.remote import content
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import Document, Skipped

# A text of 200 MB is thirty million words; a file this big is a mistake, and it is held in memory.
MAX_BYTES = 200 * 1024 * 1024

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

# Name of the stream that holds an encrypted Office file ([MS-OFFCRYPTO] §2.3.4.4).
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")

_TABLES = ("csv", "tsv", "jsonl", "xlsx", "ods")

# Readers that take (bytes, file) and nothing else: module under `formats`, function.
_READERS = {
    "txt": ("plain", "read_plain"),
    "md": ("markdown", "read_markdown"),
    "docx": ("docx", "read_docx"),
    "odt": ("opendocument", "read_odt"),
    "rtf": ("rtf", "read_rtf"),
    "pdf": ("pdf", "read_pdf"),
    "vtt": ("subtitles", "read_vtt"),
    "srt": ("subtitles", "read_srt"),
    "xml": ("xml_text", "read_xml"),
    "otr": ("transcript_json", "read_transcript_json"),
}

# Formats whose first bytes never lie: a file so named that does not begin so is something else.
_RECOGNISED = ("docx", "odt", "rtf", "pdf", "xlsx", "ods", "zip")


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read. `unit`: `record` takes each row of a table as one ready-made passage."""

    unit: Literal["passage", "record"] = "passage"
    text_column: str | None = None


def read(found: Found, options: ReadOptions | None = None) -> Iterator[Document | Skipped]:
    """Read the files in order. What the names ruled out stays in `found.skipped`.

    A file or a row that cannot be read becomes a `Skipped`; ids are unique over the whole batch.
    """
    seen: set[str] = set()
    for file in found.files:
        for result in read_file(file, options):
            yield unique(result, seen) if isinstance(result, Document) else result


def read_file(
    file: SourceFile, options: ReadOptions | None = None, data: bytes | None = None
) -> Iterator[Document | Skipped]:
    """What one file holds; `data`: its content, where it is at hand. Ids are unique inside the file only."""
    load = partial(file_bytes, file) if data is None else partial(bytes, data)
    return _read_safely(file, load, options or ReadOptions())


def unique(document: Document, seen: set[str]) -> Document:
    """The document under an id that is not in `seen`, where it is added: rows of two tables may share theirs."""
    name = document.id
    rank = 1
    while name in seen:
        name = f"{document.source}#{document.id}" + (f"-{rank}" if rank > 1 else "")
        rank += 1
    seen.add(name)
    if name == document.id:
        return document
    # The id may be a cell of the text's own table: it is not repeated.
    notice = "identifiant déjà pris par un autre fichier\u00a0: le nom de celui-ci est mis devant"
    return replace(document, id=name, notices=(*document.notices, notice))


def _read_safely(file: SourceFile, load: Callable[[], bytes], options: ReadOptions) -> Iterator[Document | Skipped]:
    try:
        for result in _read_one(load(), file, options):
            yield _without_text(result) if isinstance(result, Document) and not result.blocks else result
    except UnreadableError as error:
        yield Skipped(file.name, error.reason, error.detail)
    except OSError:
        yield Skipped(file.name, "access", "le fichier ne peut pas être ouvert : vérifiez qu’il existe et vos droits")
    except Exception as error:  # whatever a library raises on a damaged file; its message may quote the text
        detail = f"le fichier est abîmé ou mal formé ({type(error).__name__}) : ouvrez-le et enregistrez-le de nouveau"
        yield Skipped(file.name, "corrupt", detail)


def _without_text(document: Document) -> Skipped:
    if document.zones:
        return Skipped(document.source, "no_text", "rien que des en-têtes ou des menus : vérifiez le fichier")
    return Skipped(document.source, "empty", "le fichier ne contient aucun caractère visible : retirez-le")


def _read_one(data: bytes, file: SourceFile, options: ReadOptions) -> Iterator[Document | Skipped]:
    if not data.strip():
        raise UnreadableError("empty", "le fichier est vide : retirez-le ou remplacez-le")
    by_name = _reader(file, data, options)
    by_content = _sniffed(data)
    reader = by_content or by_name
    if by_name in _RECOGNISED and by_content in (None, "zip") and by_content != by_name:
        raise UnreadableError(
            "corrupt", f"ce n’est pas un fichier .{by_name} malgré son nom : ouvrez-le et enregistrez-le de nouveau"
        )
    if reader == "zip":
        yield from _read_archive(data, file, options)
        return
    if reader == "json" and is_result(data):
        yield Skipped(file.name, "result", read_toml("ignored_files.toml")["statistics"]["detail"], failed=False)
        return
    if reader == "json" and options.unit == "record":
        reader = "jsonl"
    if options.unit == "record" and reader not in _TABLES:
        raise UnreadableError("format", f"--unit record ne lit que {_listed(_TABLES)} : retirez l’option")
    misnamed = by_content is not None and by_content != by_name
    notice = (f"contenu {by_content} sous un autre nom : lu comme {by_content}",) if misnamed else ()
    for result in _dispatch(reader, data, file, options):
        yield replace(result, notices=(*notice, *result.notices)) if isinstance(result, Document) else result


def _read_archive(data: bytes, file: SourceFile, options: ReadOptions) -> Iterator[Document | Skipped]:
    """Every text of a zip archive, as if it lay in a folder of that name; nothing is written to the disk."""
    from tensions_cli.corpus.archives import members

    for member in members(data, file, MAX_BYTES):
        if isinstance(member, Skipped):
            yield member
        else:
            inner, content = member
            yield from _read_safely(inner, partial(bytes, content), options)


def _listed(readers: Iterable[str]) -> str:
    return ", ".join(f".{name}" for name in readers)


def file_bytes(file: SourceFile) -> bytes:
    """The whole content of a file or of the standard input; raises UnreadableError beyond `MAX_BYTES`, else OSError."""
    too_large = UnreadableError(
        "too_large", f"plus de {MAX_BYTES // 1024**2} Mo : découpez le fichier en plusieurs textes"
    )
    if file.path == STDIN_PATH:
        data = sys.stdin.buffer.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise too_large
        return data
    if file.url:
        data = content(file.url, MAX_BYTES) if file.size <= MAX_BYTES else b""
        if max(file.size, len(data)) > MAX_BYTES:
            raise too_large
        return data
    if not os.path.isfile(file.path):
        raise UnreadableError("access", "ce n’est pas un fichier ordinaire : donnez le fichier lui-même")
    if file.path.stat().st_size > MAX_BYTES:
        raise too_large
    return file.path.read_bytes()


def _reader(file: SourceFile, data: bytes, options: ReadOptions) -> str:
    """The reader that the name calls for; records on the standard input are told by their first sign."""
    if file.path != STDIN_PATH:
        return reader_of(file.name) or "txt"
    if options.unit == "passage":
        return "txt"
    return "jsonl" if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") else "csv"


def _sniffed(data: bytes) -> str | None:
    """The reader that the first bytes impose on a misnamed file, or None when they say nothing.

    Raises `UnreadableError` for what is no readable text under any name.
    """
    head = data[:1024].lstrip()
    if head.startswith(b"%PDF-"):
        return "pdf"
    if head.startswith(b"{\\rtf"):
        return "rtf"
    if data.startswith(_OLE):
        if _ENCRYPTED in data:
            raise UnreadableError("encrypted", "le fichier est protégé par un mot de passe : retirez-le, puis relancez")
        raise UnreadableError("format", read_toml("ignored_files.toml")["refused"]["doc"])
    if data.startswith(b"PK\x03\x04"):
        return _zip_content(data)
    return None


def _zip_content(data: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        mimetype = archive.open("mimetype").read(64) if "mimetype" in names else b""
    if "word/document.xml" in names:
        return "docx"
    if any(name.startswith("xl/") for name in names):
        return "xlsx"
    if b"opendocument.text" in mimetype:
        return "odt"
    if b"opendocument.spreadsheet" in mimetype:
        return "ods"
    refused = read_toml("ignored_files.toml")["refused"]
    if any("/" not in name and name.endswith(".qde") for name in names):
        raise UnreadableError("format", refused["qdpx"])
    if b"epub" in mimetype:
        raise UnreadableError("format", refused["epub"])
    return "zip"


def _dispatch(reader: str, data: bytes, file: SourceFile, options: ReadOptions) -> Iterable[Document | Skipped]:
    """Call the reader of a format, whose libraries are imported only now."""
    if reader == "html":
        return _dispatch_page(data, file)
    if reader == "json":
        from tensions_cli.corpus.formats.transcript_json import is_transcript, read_transcript_json

        if is_transcript(data):
            return read_transcript_json(data, file)
        reader = "jsonl"
    if reader in _TABLES:
        from tensions_cli.corpus.formats.spreadsheet import read_ods, read_xlsx
        from tensions_cli.corpus.formats.tables import read_csv, read_jsonl

        read_rows = {"jsonl": read_jsonl, "xlsx": read_xlsx, "ods": read_ods}.get(reader, read_csv)
        return read_rows(data, file, record=options.unit == "record", text_column=options.text_column)
    module, function = _READERS[reader]
    read_format = getattr(import_module(f"tensions_cli.corpus.formats.{module}"), function)
    return cast("Iterable[Document | Skipped]", read_format(data, file))


def _dispatch_page(data: bytes, file: SourceFile) -> Iterable[Document | Skipped]:
    """A saved page is an article, unless it is a press export or a transcript."""
    from tensions_cli.corpus.formats.europresse import is_europresse, read_europresse
    from tensions_cli.corpus.formats.html import read_html
    from tensions_cli.corpus.formats.transcript_html import is_transcript_page, read_transcript_html

    if is_europresse(data):
        return read_europresse(data, file)
    if is_transcript_page(data):
        return read_transcript_html(data, file)
    return read_html(data, file)
