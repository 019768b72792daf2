"""Bytes and characters: encodings, byte order marks, line ends, and what is not a letter of the text."""

import codecs
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from tensions_cli.corpus.check_places import Place, TextFile
from tensions_cli.corpus.formats.iramuteq import is_iramuteq
from tensions_cli.corpus.repair import mended
from tensions_cli.files.encoding import MOJIBAKE
from tensions_cli.knowledge.corpus_rules import WHOLE_CORPUS, Finding, finding, pattern, words
from tensions_cli.records import Document

_LINE_END = re.compile(rb"\r\n|\r|\n")
_LINE_ENDS = {b"\r\n": "CRLF", b"\r": "CR", b"\n": "LF"}

_LOST = "\ufffd"

CONTROL = pattern("encodings", "control")

# How people call what the readers report.
_NAMES = {
    "cp1252": "Windows-1252",
    "utf-8-sig": "UTF-8",
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
}


def check_encoding(text: TextFile, documents: Sequence[Document]) -> Iterator[Finding]:
    """What is wrong with the bytes and characters of one file of text; what can be mended in a copy of plain text."""
    fixable = text.plain and text.direct
    if text.decoded is None:
        if text.plain and b"\0" in text.data:
            line = _line(text.data.index(b"\0"), text.data)
            yield finding("octets-nuls", text.name, line, count=text.data.count(b"\0"))
        return
    encoding = documents[0].encoding if documents else text.decoded.encoding
    beginning = str(words("encodings", "false_declaration"))
    if any(notice.startswith(beginning) for document in documents for notice in document.notices):
        yield finding("encodage-declare-faux", text.name, encoding=_said(encoding))
    if not text.plain:
        return
    if _said(text.decoded.encoding) != "UTF-8":
        encoding = text.decoded.encoding
        yield finding("encodage-non-utf8", text.name, fixable=fixable, encoding=_said(encoding))
    if not is_iramuteq(text.decoded.text):
        yield from _check_edges(text, fixable)
    yield from _check_characters(text.name, text.decoded.text, fixable)


def check_encodings(texts: Sequence[TextFile]) -> Iterator[Finding]:
    """Files of plain text in several encodings."""
    counts = Counter(_said(text.decoded.encoding) for text in texts if text.plain and text.decoded)
    if len(counts) > 1:
        listed = ", ".join(
            f"{name}\u00a0: {n}" for name, n in sorted(counts.items(), key=lambda one: (-one[1], one[0]))
        )
        fixable = all(text.direct for text in texts)
        yield finding("encodages-melanges", WHOLE_CORPUS, fixable=fixable, count=len(counts), encodings=listed)


def check_lost_characters(document: Document, place: Place) -> Iterator[Finding]:
    """Characters that an earlier program replaced by U+FFFD, in any format."""
    count = document.text.count(_LOST)
    if count:
        at = document.text.index(_LOST)
        yield finding("caracteres-perdus", document.source, place.line(at), place=place.said(at), count=count)


def _check_edges(text: TextFile, fixable: bool) -> Iterator[Finding]:
    """Marks that no line shows. Excel ends the rows of a .csv by CRLF and the lines inside its cells by LF."""
    if text.data.startswith(codecs.BOM_UTF8):
        yield finding("marque-bom", text.name, 1, fixable=fixable)
    if text.kind in ("csv", "tsv") or text.data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return
    ends = [found[0] for found in _LINE_END.finditer(text.data)]
    counts = Counter(ends)
    if len(counts) > 1:
        rarest = min(counts, key=lambda end: (counts[end], end))
        kinds = ", ".join(f"{_LINE_ENDS[end]}\u00a0: {n}" for end, n in counts.most_common())
        yield finding("fins-de-ligne", text.name, ends.index(rarest) + 1, fixable=fixable, kinds=kinds)


def _check_characters(name: str, text: str, fixable: bool) -> Iterator[Finding]:
    damaged = MOJIBAKE.search(text)
    if damaged:
        count = len(MOJIBAKE.findall(text))
        whole = not MOJIBAKE.search(mended(text))  # a part that nothing mends stays a finding of the copy
        line = text.count("\n", 0, damaged.start()) + 1
        yield finding("accents-abimes", name, line, fixable=fixable and whole, count=count)
    control = pattern("encodings", "control")
    # Half of a damaged accent may be a control character: it is told once.
    left = [
        found
        for found in control.finditer(text)
        if not (damaged and MOJIBAKE.search(text, max(0, found.start() - 2), found.end()))
    ]
    if left:
        line = text.count("\n", 0, left[0].start()) + 1
        yield finding("caracteres-de-controle", name, line, fixable=fixable, count=len(left))


def _line(at: int, data: bytes) -> int:
    return len(_LINE_END.findall(data[:at])) + 1


def _said(encoding: str | None) -> str:
    return _NAMES.get(encoding or "utf-8", encoding or "UTF-8")
