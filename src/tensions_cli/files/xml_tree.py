"""XML of transcripts and corpora: parsed whatever its encoding says, with nothing fetched or expanded."""

import codecs
import html.entities
import math
import re
from collections.abc import Iterable
from dataclasses import replace

from lxml import etree
from lxml.etree import _Element

from tensions_cli.errors import UnreadableError
from tensions_cli.files.encoding import Decoded, decode

# Tags, attributes and references above which a file is refused: the worst file under this limit takes 1.2 GB and
# 20 seconds. A transcript of 50 MB has 1.3 million; a corpus whose words are all tagged (XML-TXM) has 14 a word,
# hence 280,000 words in one file.
MAX_MARKS = 4_000_000

_DECLARATION = re.compile(r"\s*<\?xml\s(?P<said>[^>]{0,400}?)\?>")
_CHARSET = re.compile(r"encoding\s*=\s*[\"']([\w.:-]+)")

# Declarations stand in the first lines.
_PROLOGUE = 8192

# Real transcripts point to an absent DTD (trans-14.dtd): the declaration is dropped, nothing is fetched. An
# internal subset declares entities and default values, which swell; no transcription tool writes any: refused.
_DOCTYPE = re.compile(r"<!DOCTYPE\b(?:[^<>\[\"']|\"[^\"<]{0,1000}\"|'[^'<]{0,1000}'){0,2000}(?:\[\s*\]\s*)?(?P<end>>)?")

# Declarations by which a few bytes become many.
_SWELLING = ("<!ENTITY", "<!ATTLIST")

# Characters that XML 1.0 forbids: recorders and word processors leave some, and one would make a file unreadable.
_ILLEGAL = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

# Names that only a DTD gives a meaning to; the DTD being absent, they are read as HTML reads them.
_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
_XML_NAMES = frozenset({"amp", "lt", "gt", "quot", "apos"})

# The white space of XML: a no-break space is text.
_SPACE = re.compile(r"[ \t\r\n]+")

# What may stand before the DOCTYPE or the root.
_PIECE = re.compile(r"\s+|<!--.*?-->|<\?.*?\?>", re.DOTALL)


def parse_xml(data: bytes) -> tuple[_Element, Decoded]:
    """The root of an XML file and the text it was decoded to, with notices on what was mended.

    Entities beyond those of XML and HTML are never expanded, no DTD is loaded, no network is used; comments and
    processing instructions are left out. Raises `UnreadableError`: "corrupt" when the file declares entities or is
    not well formed, "too_large" when it is too deep or has too many elements.
    """
    decoded = decode(data, _declared(data))
    if sum(map(decoded.text.count, "<=&")) > MAX_MARKS:
        raise UnreadableError("too_large", "le XML compte trop d’éléments : découpez-le en plusieurs fichiers")
    text, notices = _legal(_without_prologue(decoded.text))
    try:
        root = _parsed(text)
    except etree.XMLSyntaxError as error:
        mended, names = _without_names(text)
        if not names:
            raise _refused(error) from None
        try:
            root = _parsed(mended)
        except etree.XMLSyntaxError as second:
            raise _refused(second) from None
        notices = (*notices, f"noms de caractères sans DTD (comme &eacute;), lus comme en HTML : {names}")
    return root, replace(decoded, notices=(*decoded.notices, *notices))


def local(element: _Element) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def attributes(element: _Element) -> dict[str, str]:
    """The attributes of an element by name without namespace; the first of two that share one wins."""
    found: dict[str, str] = {}
    for name, value in element.attrib.items():
        found.setdefault(str(name).rpartition("}")[2], str(value))
    return found


def squeezed(text: str) -> str:
    """Text whose runs of XML white space are one space, none at the edges; no-break spaces stay."""
    return _SPACE.sub(" ", text).strip(" ")


def glued(pieces: Iterable[str | None]) -> str:
    """The text of mixed content from its pieces, white space as it stands.

    None stands for an element that is no text (a noise, a pause): it parts two words that touch it, and nothing else.
    """
    parts: list[str] = []
    parted = False
    for piece in pieces:
        if piece is None:
            parted = True
        elif piece:
            if parted and parts and parts[-1][-1].isalnum() and piece[0].isalnum():
                parts.append(" ")
            parts.append(piece)
            parted = False
    return "".join(parts)


def seconds_of(value: str | None) -> float | None:
    """A number of seconds written in an attribute; None when it is no time."""
    try:
        seconds = float(value or "")
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _declared(data: bytes) -> str | None:
    head = _DECLARATION.match(data.removeprefix(codecs.BOM_UTF8)[:_PROLOGUE].decode("latin-1"))
    declared = _CHARSET.search(head["said"]) if head else None
    return declared[1] if declared else None


def _without_prologue(text: str) -> str:
    """The text without its declaration, which may lie, and its DOCTYPE; line feeds stay, for the messages."""
    opening = _DECLARATION.match(text)
    if opening:
        text = _blanked(text, 0, opening.end())
    start = _prologue_end(text)
    doctype = _DOCTYPE.match(text, start)
    if any(declaration in text for declaration in _SWELLING) or (doctype and not doctype["end"]):
        raise UnreadableError(
            "corrupt", "le XML déclare des entités, ce qu’aucune transcription ne fait : exportez-le de nouveau"
        )
    return _blanked(text, start, doctype.end()) if doctype else text


def _prologue_end(text: str) -> int:
    """Where the DOCTYPE or the root begins."""
    at = 0
    while piece := _PIECE.match(text, at):
        at = piece.end()
    return at


def _blanked(text: str, start: int, end: int) -> str:
    return text[:start] + "\n" * text.count("\n", start, end) + text[end:]


def _legal(text: str) -> tuple[str, tuple[str, ...]]:
    """The text without the characters that XML forbids, each replaced by a space, and their number in a notice."""
    text, count = _ILLEGAL.subn(" ", text)
    return text, (f"caractères de contrôle interdits en XML, lus comme des espaces : {count}",) if count else ()


def _parsed(text: str) -> _Element:
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,  # texts put end to end repeat their xml:id, which would be an error
    )
    return etree.fromstring(text.encode("utf-8", "replace"), parser)


def _without_names(text: str) -> tuple[str, int]:
    """The text with the character names of HTML replaced by their character, and how many there were."""
    count = 0

    def character(match: re.Match[str]) -> str:
        nonlocal count
        known = html.entities.html5.get(f"{match[1]};")
        if known is None or match[1] in _XML_NAMES or "<" in known or "&" in known:
            return match[0]
        count += 1
        return known

    return _NAMED.sub(character, text), count


def _refused(error: etree.XMLSyntaxError) -> UnreadableError:
    """Why a file cannot be parsed; the message of the parser, which may quote the text, is not passed on."""
    line = error.lineno or 0
    if "XML_PARSE_HUGE" in (error.msg or ""):
        return UnreadableError(
            "too_large",
            f"le XML est imbriqué ou long au-delà du raisonnable (ligne {line}) : exportez le fichier de nouveau",
        )
    return UnreadableError("corrupt", f"le XML est mal formé (ligne {line}) : exportez le fichier de nouveau")
