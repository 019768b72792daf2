"""Zip archives of texts, read as the folder that was zipped; nothing is ever written to the disk.

Every member is a file of its own: one that cannot be read is told, the others are read.
"""

import io
import re
import stat
import unicodedata
import zipfile
from collections.abc import Iterator
from functools import cache

from tensions_cli.corpus.sources import SourceFile, find_members
from tensions_cli.errors import UnreadableError
from tensions_cli.files.container import DAMAGE, MAX_MEMBERS, MAX_RATIO, MAX_UNCOMPRESSED, RATIO_COUNTS_FROM
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import Skipped

_CENTRAL_HEADER = b"PK\x01\x02"

# Headers of the central directory that may be found in the bytes before the list is read at all: a zip of Word
# files that are not compressed again shows theirs too, some fifteen each.
_MAX_HEADERS = 20 * MAX_MEMBERS

# What archive programs write for texts; lzma may ask for gigabytes of dictionary in its first bytes.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

_UTF8_NAME = 0x800  # bit of the flags: the name is UTF-8 (APPNOTE 4.4.4)
_ENCRYPTED = 0x1

# Longer names are not told in full; Windows stops at 260 characters.
_LONGEST_NAME = 260

# What the first member of these zip files says of itself; a Word file or a workbook is told by its parts.
_DOCUMENTS = (b"opendocument.text", b"opendocument.spreadsheet", b"epub")

_DRIVE = re.compile("[A-Za-z]:")


def members(data: bytes, file: SourceFile, max_bytes: int) -> Iterator[tuple[SourceFile, bytes] | Skipped]:
    """The texts of a zip archive with their bytes, and what is left out of it, in order of their names.

    `max_bytes`: the most that one member may hold. Raises `UnreadableError` (`too_large`, `empty`, `corrupt`) when
    the archive as a whole is no good or damaged.
    """
    with _opened(data) as archive:
        entries, skipped = _entries(archive, file)
        if not entries and not skipped:
            raise UnreadableError("empty", "l’archive ne contient aucun fichier : vérifiez-la")
        found = find_members(file, list(entries))
        _check_volume([entries[_inner(member, file)] for member in found.files])
        listed: list[SourceFile | Skipped] = sorted([*found.files, *found.skipped, *skipped], key=_name)
        for item in listed:
            if isinstance(item, Skipped):
                yield item
            else:
                yield _content(archive, entries[_inner(item, file)], item, max_bytes)


def companion(data: bytes, name: str) -> bytes | None:
    """The bytes of a table that describes the texts (`metadata.csv`), at the top of the archive or of its only folder.

    None when there is none; raises as `members` does.
    """
    with _opened(data) as archive:
        entries, _ = _entries(archive, None)
        tops = {inner.partition("/")[0] for inner in entries if not inner.startswith("__MACOSX/")}
        only = f"{next(iter(tops))}/{name}" if len(tops) == 1 else name
        entry = entries.get(name) or entries.get(only)
        if entry is None:
            return None
        _check_volume([entry])
        return _inflated(archive, entry, MAX_UNCOMPRESSED)


def _opened(data: bytes) -> zipfile.ZipFile:
    if data.count(_CENTRAL_HEADER) > _MAX_HEADERS:
        raise _swollen()
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except DAMAGE as error:
        raise UnreadableError("corrupt", "l’archive est abîmée ou incomplète : recréez-la") from error


def _swollen() -> UnreadableError:
    return UnreadableError(
        "too_large", "l’archive se décompresse en un volume anormal : décompressez-la et donnez le dossier"
    )


def _check_volume(entries: list[zipfile.ZipInfo]) -> None:
    """Refuse texts that swell beyond reason; recordings and images that nobody reads do not count."""
    size = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if size > MAX_UNCOMPRESSED or (size > RATIO_COUNTS_FROM and size > MAX_RATIO * max(packed, 1)):
        raise _swollen()


# --- names -------------------------------------------------------------------------------------------


def _entries(archive: zipfile.ZipFile, file: SourceFile | None) -> tuple[dict[str, zipfile.ZipInfo], list[Skipped]]:
    """The members by name (NFC, `/`), in order of their names, and those that are refused for theirs."""
    if len(archive.filelist) > MAX_MEMBERS:
        raise _swollen()
    place = f"{file.name}/" if file else ""
    entries: dict[str, zipfile.ZipInfo] = {}
    skipped: list[Skipped] = []
    for entry in archive.filelist:
        name = _decoded(entry)
        inner = "/".join(part for part in name.split("/") if part not in ("", "."))
        refusal = _refusal(name, entry)
        if refusal is not None:
            skipped.append(Skipped(place + _shown(name), *refusal))
        elif not name.endswith("/") and inner:
            if inner in entries:
                detail = "deux fichiers de l’archive portent ce nom : seul le dernier est lu, comme à la décompression"
                skipped.append(Skipped(place + inner, "unsafe", detail))
            entries[inner] = entry
    return dict(sorted(entries.items())), skipped


def _decoded(entry: zipfile.ZipInfo) -> str:
    """The name of a member in NFC, whatever its program wrote: UTF-8 announced or not, a page of DOS or of Windows."""
    name = entry.orig_filename
    if not entry.flag_bits & _UTF8_NAME:
        # zipfile reads these names in cp437, which loses nothing.
        raw = name.encode("cp437")
        try:
            name = raw.decode("utf-8")  # archives of macOS
        except UnicodeDecodeError:
            name = min((raw.decode(page, "replace") for page in ("cp850", "cp1252")), key=_strangeness)
    return unicodedata.normalize("NFC", name)


def _strangeness(name: str) -> tuple[int, int]:
    """How unlike a French file name it is: letters that French does not have, then capitals with an accent."""
    accented = [c for c in name if not c.isascii()]
    return sum(c.lower() not in _french_characters() for c in accented), sum(c.isupper() for c in accented)


@cache
def _french_characters() -> frozenset[str]:
    return frozenset(read_toml("reading.toml")["archives"]["characters"])


def _refusal(name: str, entry: zipfile.ZipInfo) -> tuple[str, str] | None:
    """Reason and French detail when a member must not be read for what its name or its kind says."""
    # Nothing is extracted, but such a name never comes from a corpus: it is told, not obeyed.
    outside = name.startswith("/") or _DRIVE.match(name) or "\\" in name or ".." in name.split("/")
    if outside or "\0" in name or len(name) > _LONGEST_NAME:
        return "unsafe", "ce nom sort de l’archive ou n’est pas un nom de fichier : recréez l’archive"
    # Only archives made under Unix say what kind of file a member is.
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "unsafe", "lien symbolique dans une archive : mettez-y le fichier lui-même"
    if name.lower().endswith(".zip"):
        return "format", _NESTED
    return None


_NESTED = "archive dans une archive : décompressez-la, puis donnez le dossier"


def _shown(name: str) -> str:
    """A refused name fit for a message: no control character, not endless."""
    clean = "".join(c if c.isprintable() else "\ufffd" for c in name)
    return clean if len(clean) <= _LONGEST_NAME else f"{clean[:_LONGEST_NAME]}…"


def _inner(member: SourceFile, archive: SourceFile) -> str:
    return member.name[len(archive.name) + 1 :]


def _name(item: SourceFile | Skipped) -> str:
    return item.name if isinstance(item, SourceFile) else item.source


# --- content -----------------------------------------------------------------------------------------


def _content(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, member: SourceFile, max_bytes: int
) -> tuple[SourceFile, bytes] | Skipped:
    try:
        content = _inflated(archive, entry, max_bytes)
    except UnreadableError as error:
        return Skipped(member.name, error.reason, error.detail)
    if _is_archive(content):
        return Skipped(member.name, "format", _NESTED)
    return member, content


def _inflated(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, max_bytes: int) -> bytes:
    if entry.flag_bits & _ENCRYPTED:
        raise UnreadableError("encrypted", "ce fichier est protégé par un mot de passe dans l’archive : retirez-le")
    if entry.compress_type not in _METHODS:
        raise UnreadableError("corrupt", "méthode de compression inhabituelle : recréez l’archive")
    if entry.file_size > max_bytes:
        raise UnreadableError(
            "too_large", f"plus de {max_bytes // 1024**2} Mo : découpez le fichier en plusieurs textes"
        )
    try:
        with archive.open(entry) as stream:
            # Never more than is announced, whatever the compressed bytes hold; `read()` would inflate up to 2 GB.
            return stream.read(entry.file_size)
    except DAMAGE as error:
        raise UnreadableError("corrupt", "ce fichier est abîmé dans l’archive : recréez-la") from error


def _is_archive(content: bytes) -> bool:
    """A zip under another name, which would be opened in its turn: a file could hold itself without end."""
    if not content.startswith(b"PK\x03\x04"):
        return False
    if content.count(_CENTRAL_HEADER) > MAX_MEMBERS:
        return True
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as inner:
            names = inner.namelist()
            kind = inner.open("mimetype").read(64) if "mimetype" in names else b""
    except DAMAGE:
        return False  # damaged: for the reader to say
    word_or_excel = any(name == "word/document.xml" or name.startswith("xl/") for name in names)
    return not word_or_excel and not any(sign in kind for sign in _DOCUMENTS)
