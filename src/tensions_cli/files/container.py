"""Files that are zip archives (docx, odt, xlsx, zip, qdpx): refused when they would swell or reach out."""

import io
import lzma
import struct
import zipfile
import zlib

from tensions_cli.errors import UnreadableError

# Uncompressed size above which a file is refused, and ratio above which it is a zip bomb: office
# programs compress their XML 5 to 20 times, an attack a thousand. Small parts may compress better.
MAX_UNCOMPRESSED = 300 * 1024 * 1024
MAX_RATIO = 200
RATIO_COUNTS_FROM = 10 * 1024 * 1024

# A Word file has a few dozen parts, a workbook some hundreds; a million empty members are an attack.
MAX_MEMBERS = 20_000

# What `zipfile` raises on a damaged archive, when it is opened or when a member is read.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,  # also for damaged bz2
    OverflowError,
    RuntimeError,
    ValueError,
)

_XML = (".xml", ".rels", ".qde")


def check_container(data: bytes, program: str) -> None:
    """Refuse an archive that swells beyond reason, or whose XML declares a document type.

    `program`: what wrote the file, for the advice. Raises `UnreadableError` (`too_large`, `corrupt`, `encrypted`).
    """
    try:
        _check(data, program)
    except DAMAGE:
        raise UnreadableError(
            "corrupt", f"le fichier est abîmé (archive incomplète) : enregistrez-le de nouveau dans {program}"
        ) from None


def _check(data: bytes, program: str) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
        size = sum(part.file_size for part in parts)
        packed = sum(part.compress_size for part in parts)
        swollen = size > MAX_UNCOMPRESSED or (size > RATIO_COUNTS_FROM and size > MAX_RATIO * max(packed, 1))
        if swollen or len(parts) > MAX_MEMBERS:
            raise UnreadableError(
                "too_large",
                f"le fichier se décompresse en un volume anormal : enregistrez-le de nouveau dans {program}",
            )
        if any(part.flag_bits & 0x1 for part in parts):
            raise UnreadableError(
                "encrypted", f"le fichier est protégé par un mot de passe : retirez-le dans {program}"
            )
        for part in parts:
            # No office program writes a DOCTYPE: one is there to expand entities or to fetch a file.
            if part.filename.endswith(_XML) and has_doctype(_head(archive, part)):
                raise UnreadableError(
                    "corrupt",
                    f"le fichier contient une déclaration XML que {program} n’écrit jamais : enregistrez-le de nouveau",
                )


def has_doctype(head: bytes) -> bool:
    """A document type is declared in these first bytes, in any encoding that XML allows."""
    return any("<!DOCTYPE".encode(encoding) in head for encoding in ("utf-8", "utf-16-le", "utf-16-be"))


def _head(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    """The first bytes of a part: a DOCTYPE stands before the root element or nowhere."""
    with archive.open(part) as stream:
        return stream.read(4096)
