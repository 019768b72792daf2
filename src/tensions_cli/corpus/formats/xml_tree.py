"""XML of transcripts and corpora: parsed whatever its encoding says, with nothing fetched or expanded."""

import codecs
import re

from lxml import etree
from lxml.etree import _Element

from tensions_cli.corpus.encoding import Decoded, decode
from tensions_cli.errors import UnreadableError

_DECLARATION = re.compile(r"\s*<\?xml\b(?P<said>[^>]{0,400})\?>")
_CHARSET = re.compile(r"encoding\s*=\s*[\"']([\w.:-]+)")

# Real transcripts point to an absent DTD (trans-14.dtd): the line is dropped, nothing is fetched. An internal
# subset declares entities, which no transcription tool writes: the file is refused.
_DOCTYPE = re.compile(r"<!DOCTYPE\b[^<>\[]{0,2000}(?P<subset>\[)?[^<>\[]{0,2000}>?")

# Declarations stand in the first lines.
_PROLOGUE = 8192


def parse_xml(data: bytes) -> tuple[_Element, Decoded]:
    """The root of an XML file and the text it was decoded to.

    Entities beyond the five of XML are never expanded, no DTD is loaded, no network is used. Raises
    `UnreadableError` ("corrupt") when the file declares entities or is not well formed.
    """
    head = _DECLARATION.match(data.lstrip(codecs.BOM_UTF8)[:_PROLOGUE].decode("latin-1"))
    declared = _CHARSET.search(head["said"]) if head else None
    decoded = decode(data, declared[1] if declared else None)
    text = decoded.text
    opening = _DECLARATION.match(text)
    if opening:
        text = text[opening.end() :]
    doctype = _DOCTYPE.search(text, 0, _PROLOGUE)
    if "<!ENTITY" in text or (doctype and doctype["subset"]):
        raise UnreadableError(
            "corrupt", "le XML déclare des entités, ce qu’aucune transcription ne fait : exportez-le de nouveau"
        )
    if doctype:
        text = text[: doctype.start()] + text[doctype.end() :]
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError as error:
        line = error.lineno or 0
        raise UnreadableError(
            "corrupt", f"le XML est mal formé (ligne {line}) : exportez le fichier de nouveau"
        ) from None
    return root, decoded


def local(element: _Element) -> str:
    """The name of an element without its namespace."""
    return etree.QName(element).localname
