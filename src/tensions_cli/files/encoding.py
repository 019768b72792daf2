"""From the bytes of a file to its canonical text.

The order of attempts is that of the project's formats reference, §3: byte order mark, strict UTF-8
whatever the file declares, declared charset, cp1252. Line ends become LF; nothing else changes.
"""

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass

from tensions_cli.errors import UnreadableError

_UTF16_BOMS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}

# The five bytes that cp1252 leaves undefined.
_UNDEFINED_IN_CP1252 = b"\x81\x8d\x8f\x90\x9d"

# Browsers read these declarations as cp1252 (WHATWG Encoding standard), and so do real files.
_READ_AS_CP1252 = frozenset({"iso8859-1", "ascii", "cp1252"})

# The only declarations obeyed: one byte per character, hence never an escape or a binary codec.
_OBEYED = re.compile(r"iso8859-\d{1,2}|cp\d{3,4}|mac-\w+|koi8-\w")

# UTF-8 read as cp1252: the lead bytes C3, C2, C5 and E2 80 followed by what their second byte looks like.
_CONTINUATION = re.escape(bytes(range(0x80, 0xC0)).decode("cp1252", "ignore"))
MOJIBAKE = re.compile(rf"[ÃÂÅ][{_CONTINUATION}\x80-\x9f]|â€[{_CONTINUATION}\x80-\x9f]")

# How the notice about them begins.
MOJIBAKE_NOTICE = "accents déjà abîmés dans le texte"


@dataclass(frozen=True, slots=True)
class Decoded:
    """A canonical text, the encoding it was read in, and what the user should know (French)."""

    text: str
    encoding: str
    notices: tuple[str, ...] = ()


def decode(data: bytes, declared: str | None = None) -> Decoded:
    """Decode the bytes of a file into its canonical text.

    `declared` is the charset that the file itself announces, if any. Raises `UnreadableError`
    ("binary") when NUL bytes show that this is not a text.
    """
    text, encoding, notices = _attempt(data, declared)
    if "\x00" in text:
        raise UnreadableError(
            "binary",
            "ce n’est pas du texte (octets nuls) : vérifiez le fichier ou enregistrez-le en .docx ou en .txt",
        )
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return Decoded(text, encoding, (*notices, *_mojibake_notice(text)))


_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def with_lines(data: bytes, changes: Mapping[int, str | None]) -> bytes:
    """The bytes of a file of text with some of its lines replaced, or dropped (None); every other byte stays.

    Lines are counted from 0 as in `decode(data).text.split("\\n")`; a replaced line keeps its end. Raises
    `UnreadableError` as `decode` does, and `UnicodeEncodeError` when the encoding of the file lacks a character.
    """
    encoding = decode(data).encoding
    mark = next((mark for mark in (codecs.BOM_UTF8, *_UTF16_BOMS) if data.startswith(mark)), b"")
    wide = mark in _UTF16_BOMS
    # One byte a character, or UTF-8: line ends are the same bytes everywhere, so latin-1 loses none.
    reading, writing = (encoding, encoding) if wide else ("latin-1", encoding.removesuffix("-sig"))
    half = len(data) % 2 if wide else 0  # a damaged file may end in the middle of a character
    body, rest = data[len(mark) : len(data) - half], data[len(data) - half :]
    written = [mark]
    for at, line in enumerate(_LINE.findall(body.decode(reading, "surrogatepass"))):
        change = changes.get(at)
        if at not in changes:
            written.append(line.encode(reading, "surrogatepass"))
        elif change is not None:
            end = line[len(line.rstrip("\r\n")) :]
            written.append(change.encode(writing) + end.encode(reading))
    return b"".join([*written, rest])


def _attempt(data: bytes, declared: str | None) -> tuple[str, str, tuple[str, ...]]:
    if data.startswith(codecs.BOM_UTF8):
        text, notices = _replacing(data[len(codecs.BOM_UTF8) :], "utf-8")
        return text, "utf-8-sig", notices
    for mark, name in _UTF16_BOMS.items():
        if data.startswith(mark):
            text, notices = _replacing(data[len(mark) :], name)
            return text, name, notices
    charset = _normalised(declared)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return _eight_bits(data, declared, charset)
    multibyte = len(text) < len(data)
    false = multibyte and charset is not None and charset != "utf-8"
    return text, "utf-8", (_false_declaration(declared, "utf-8"),) if false else ()


def _eight_bits(data: bytes, declared: str | None, charset: str | None) -> tuple[str, str, tuple[str, ...]]:
    if charset is not None and charset not in _READ_AS_CP1252 and _OBEYED.fullmatch(charset):
        try:
            return data.decode(charset), charset, ()
        except UnicodeDecodeError:
            pass  # the declaration is false: cp1252 below, with a notice
    text = data.decode("cp1252", errors="replace")
    notices = []
    if declared is not None and charset not in _READ_AS_CP1252:
        notices.append(_false_declaration(declared, "cp1252"))
    undefined = sum(data.count(byte) for byte in _UNDEFINED_IN_CP1252)
    if undefined:
        notices.append(
            f"octets sans signification en cp1252 remplacés par U+FFFD : {undefined} ; "
            "le fichier est peut-être dans un autre encodage"
        )
    return text, "cp1252", tuple(notices)


def _replacing(data: bytes, encoding: str) -> tuple[str, tuple[str, ...]]:
    """Decode what a byte order mark announces, counting what does not fit instead of failing."""
    try:
        return data.decode(encoding), ()
    except UnicodeDecodeError:
        text = data.decode(encoding, errors="replace")
        added = text.count("\ufffd") - data.decode(encoding, errors="ignore").count("\ufffd")
        notice = f"séquences illisibles en {encoding} remplacées par U+FFFD : {added} ; le fichier est abîmé"
        return text, (notice,)


def _normalised(declared: str | None) -> str | None:
    """Python's name of a declared charset; None when nothing is declared or nobody knows the name."""
    if declared is None:
        return None
    try:
        return codecs.lookup(declared.strip()).name
    except (LookupError, ValueError):
        return None


def _false_declaration(declared: str | None, read_as: str) -> str:
    # Printable ASCII only: the declaration comes from the file.
    said = re.sub(r"[^\w.:-]", "", declared or "", flags=re.ASCII)[:40]
    return f"encodage déclaré « {said} », mais le fichier est lu en {read_as}"


def _mojibake_notice(text: str) -> tuple[str, ...]:
    found = len(MOJIBAKE.findall(text))
    if not found:
        return ()
    per_thousand = f"{1000 * found / len(text):.1f}".replace(".", ",")
    return (
        f"{MOJIBAKE_NOTICE} (comme Ã© pour é)\u00a0: {found} fois, soit {per_thousand} pour 1\u00a0000 "
        "caractères\u00a0; rien n’est changé\u00a0: --repair les répare, ou corrigez le fichier d’origine",
    )
