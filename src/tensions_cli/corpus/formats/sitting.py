"""Reports of the sittings of the Assemblée nationale (`compteRendu`, open data): who said what, in order.

The orator stands above the words as a label, the titles of the agenda are titles, the summary is metadata. Mentions
of the report (« L’amendement est adopté ») are remarks; those inside the words of an orator stay there.
"""

import re
from collections.abc import Iterator

from lxml import etree
from lxml.etree import _Element

from tensions_cli.corpus.formats.plain import Line, assemble
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.errors import UnreadableError
from tensions_cli.files.encoding import Decoded
from tensions_cli.files.xml_tree import local, seconds_of, squeezed
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import BlockKind, Document, ZoneKind

_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})\d*")

# A group after a name (« M. Essai (RE) »): said where the orator explains a vote, the person is the same.
_GROUP = re.compile(r"[ \u00a0\u202f]*\([^()]{1,20}\)$")

_SUMMARY = (ZoneKind.METADATA, "sommaire de la séance")
_HEADING = (ZoneKind.METADATA, "en-tête du compte rendu")
_ORATOR = (ZoneKind.LABEL, "orateur")


def read_sitting(root: _Element, decoded: Decoded, file: SourceFile) -> Iterator[Document]:
    """Read the report of a sitting into one document; times are seconds of the recording.

    A voice is the name of the orator as printed, without the group. Raises `UnreadableError` ("no_text") when the
    report holds no words.
    """
    text, blocks, zones = assemble(_lines(root))
    if not blocks:
        raise UnreadableError("no_text", "ce compte rendu ne contient aucune parole : vérifiez le fichier")
    yield Document(
        id=file.id,
        source=file.name,
        format="compte-rendu",
        text=text,
        blocks=blocks,
        zones=zones,
        metadata=_metadata(root),
        encoding=decoded.encoding,
        notices=(*decoded.notices, *_notices(root)),
    )


def _lines(root: _Element) -> Iterator[Line]:
    for summary in root.iter("{*}sommaire"):
        for element in summary.iter("{*}presidentSeance", "{*}intitule", "{*}para"):
            yield Line(_text(element), zone=_SUMMARY)
    for content in root.iterchildren("{*}contenu"):
        yield from _content(content)


def _content(element: _Element) -> Iterator[Line]:
    """Lines of a part of the report: its titles, its paragraphs, the parts inside."""
    yield Line(squeezed(element.text or ""), zone=_HEADING)
    for child in element:
        name = local(child)
        if name == "paragraphe":
            yield from _paragraph(child)
        elif name == "texte":
            yield Line(_text(child), BlockKind.TITLE)
        elif name == "orateurs":
            yield from _labels(child)
        else:
            yield from _content(child)
        yield Line(squeezed(child.tail or ""), zone=_HEADING)


def _paragraph(paragraph: _Element) -> Iterator[Line]:
    """What one orator says, one line per paragraph; only the first one is timed."""
    table = read_toml("xml_formats.toml")
    voice = " et ".join(dict.fromkeys(_GROUP.sub("", name) for name in _names(paragraph)))
    style = None if voice else table["sitting"]["styles"].get(paragraph.get("code_style", ""))
    for child in paragraph:
        if local(child) == "orateurs":
            yield from _labels(child)
            continue
        time = seconds_of(child.get("stime"))
        for part in _parts(child):
            if style is not None:
                yield Line(part, zone=(ZoneKind(style[0]), style[1]))
            elif part:
                yield Line(part, voice=voice or table["voices"]["unknown"], time_start=time)
                time = None


def _labels(element: _Element) -> Iterator[Line]:
    """The orators as the report prints them, above their words."""
    for orator in element.iter("{*}orateur"):
        yield Line(", ".join(filter(None, (_field(orator, "nom"), _field(orator, "qualite")))), zone=_ORATOR)


def _names(paragraph: _Element) -> list[str]:
    return list(filter(None, (_field(orator, "nom") for orator in paragraph.iter("{*}orateur"))))


def _field(element: _Element, name: str) -> str:
    found = next(element.iter(f"{{*}}{name}"), None)
    return "" if found is None else _text(found)


def _text(element: _Element) -> str:
    return squeezed(" ".join(_parts(element)))


def _parts(element: _Element) -> list[str]:
    """The paragraphs of an element: `br` parts them, other elements are transparent."""
    parts: list[list[str]] = [[]]
    for event, node in etree.iterwalk(element, events=("start", "end")):
        if event == "start":
            if local(node) == "br":
                parts.append([])
            parts[-1].append(node.text or "")
        elif node is not element:
            parts[-1].append(node.tail or "")
    return [squeezed("".join(pieces)) for pieces in parts]


def _metadata(root: _Element) -> dict[str, str]:
    """Date, session, legislature and number of the sitting."""
    fields = read_toml("xml_formats.toml")["sitting"]["metadata"]
    found = {
        name: _field(header, field) for header in root.iterchildren("{*}metadonnees") for field, name in fields.items()
    }
    date = _DATE.fullmatch(found.get("date", ""))
    if date:
        found["date"] = "-".join(date.groups())
    return {name: value for name, value in found.items() if value}


def _notices(root: _Element) -> Iterator[str]:
    """How many fields of the header are neither text nor metadata."""
    read = {*read_toml("xml_formats.toml")["sitting"]["metadata"], "sommaire", "contenu"}
    fields = [field for part in root for field in ([part] if not len(part) else part) if local(part) != "contenu"]
    count = sum(local(field) not in read and bool(_text(field)) for field in fields)
    if count:
        yield f"champs techniques du compte rendu laissés de côté : {count}"
