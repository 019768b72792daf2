"""Where a withdrawn text or its name is still found: in plain files, in JSON or HTML, inside archives.

Texts are compared by runs of letters and digits, so that line breaks, typography, quotes doubled or escaped and words
underlined by tags hide nothing.
"""

import html
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tensions_cli.errors import UnreadableError
from tensions_cli.files.container import DAMAGE, check_container
from tensions_cli.files.encoding import decode

# Letters and digits in a row by which words are known as somebody's: six or seven words of French, 40 characters.
# Two people share shorter runs (« je ne sais pas ce que vous en pensez »: 28).
RUN = 32

_ZIP = b"PK\x03\x04"
# Binary files whose bytes may look like a text, and would then be searched in vain: PDF (packed), RTF (accents as
# \'e9), old Office files, gzip, Parquet.
_UNSEARCHABLE = (b"%PDF", b"{\\rtf", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"PAR1")
_DEEPEST = 3  # archives inside archives: a project of texts in Word has two

_TAG = re.compile(r"<[^<>]*>")
_JSON_ESCAPE = re.compile(r"\\(?:u(?P<code>[0-9a-fA-F]{4})|[nrtbf]|(?P<sign>[\"\\/]))")


@dataclass(frozen=True, slots=True)
class Traces:
    """The words that leave, as runs of letters. `own`: the runs that nobody who stays says."""

    said: frozenset[str]
    own: frozenset[str]


def traces_of(leaving: Iterable[str], staying: Iterable[str]) -> Traces:
    """What the texts that leave are known by; `staying`: texts that stay, gone through once."""
    said = frozenset(run for text in leaving for run in _runs(text))
    shared = {run for text in staying for run in _runs(text) if run in said}
    return Traces(said, said - shared)


def quotes(data: bytes, traces: Traces) -> bool:
    """A withdrawn text is quoted in these bytes. Raises `UnreadableError` when they cannot be searched."""
    return any(run in traces.own for text in _texts(data) for run in _runs(text))


def is_copy(data: bytes, traces: Traces) -> bool:
    """At least half of this text is withdrawn words: a copy, its names replaced or not. Raises as `quotes` does."""
    found = [run in traces.own for run in _runs(decode(data).text)]
    return bool(found) and 2 * sum(found) >= len(found)


def is_only(text: str, traces: Traces) -> bool:
    """All of this text is withdrawn words, some of which nobody who stays says."""
    runs = list(_runs(text))
    return any(run in traces.own for run in runs) and all(run in traces.said for run in runs)


def names(data: bytes, ids: Iterable[str]) -> bool:
    """One of these ids stands alone in these bytes. Raises as `quotes` does."""
    patterns = [re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])") for name in ids]
    return any(pattern.search(text) for text in _texts(data) for pattern in patterns)


def letters(text: str) -> str:
    """The letters and digits of a text, without case or accents."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", text).casefold()))


def _runs(text: str) -> Iterator[str]:
    bare = letters(text)
    return (bare[at : at + RUN] for at in range(len(bare) - RUN + 1))


def _texts(data: bytes, depth: int = 0) -> Iterator[str]:
    """The bytes as text, as they are, then without escapes and tags; those of an archive part by part."""
    if data.startswith(_ZIP):
        for part in _parts(data):
            if depth == _DEEPEST and part.startswith(_ZIP):
                raise UnreadableError("too_large", "des archives sont emboîtées")
            yield from _texts(part, depth + 1)
        return
    if data.startswith(_UNSEARCHABLE):
        raise UnreadableError("binary", "ce format ne se fouille pas")
    try:
        text = decode(data).text
    except UnreadableError:
        if depth == 0:
            raise
        return  # pictures and settings inside an office file
    yield text
    plain = html.unescape(_TAG.sub("", _JSON_ESCAPE.sub(_unescaped, text)))
    if plain != text:
        yield plain


def _unescaped(escape: re.Match[str]) -> str:
    return chr(int(escape["code"], 16)) if escape["code"] else escape["sign"] or " "


def _parts(data: bytes) -> Iterator[bytes]:
    check_container(data, "l’outil d’origine")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for part in archive.infolist():
                yield archive.read(part)
    except DAMAGE:
        raise UnreadableError("corrupt", "l’archive est abîmée") from None
