"""Documents as TEI P5: turns as `u`, prose as `div` and `p`. No name of a person stands in the header."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby

from lxml import etree
from lxml.etree import _Element

from tensions_cli import __version__
from tensions_cli.output.corpora import (
    METADATA_FILE,
    Paragraph,
    file_names,
    metadata_csv,
    paragraphs,
    speakers_lost,
    spoken,
    writable,
)
from tensions_cli.output.terminal import ZONE_TITLES
from tensions_cli.records import BlockKind, Document, Role, Turn, ZoneKind

_TEI = "http://www.tei-c.org/ns/1.0"
_XML = "http://www.w3.org/XML/1998/namespace"

# Codes that stand for speakers, by role: the words by which transcripts are read again.
_CODES = {Role.INTERVIEWER: "ENQ", Role.RESPONDENT: "R", None: "LOC"}


def tei_document(document: Document) -> bytes:
    """One document as TEI P5 (UTF-8, namespace of the TEI).

    Speakers are `person` elements with a role and a code (`ENQ1`, `R1`, `LOC1`), never a label, which may be a name.
    Parts that are not body are counted in the header. Times are seconds, in a `timeline`.
    """
    codes = _codes(document)
    moments = _moments(document)
    root = etree.fromstring(f'<TEI xmlns="{_TEI}"/>')
    _header(root, document, codes)
    text = etree.SubElement(root, _tag("text"), {f"{{{_XML}}}lang": "fr"})
    if moments:
        _timeline(text, moments)
    body = etree.SubElement(text, _tag("body"))
    if document.turns:
        _speech(body, document, codes, moments)
    else:
        _prose(body, paragraphs(document))
    etree.indent(root, space=" ")
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8")) + b"\n"


def tei_folder(documents: Sequence[Document]) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """A TEI file per document and their metadata table beside them; French notices."""
    names = file_names([document.id for document in documents])
    files = {f"{name}.xml": tei_document(document) for name, document in zip(names, documents, strict=True)}
    files[METADATA_FILE] = metadata_csv(documents, names).encode()
    notices = []
    if any(document.turns for document in documents):
        notices.append("étiquettes des locuteurs (peut-être des noms) remplacées par des codes\u00a0: ENQ1, R1, LOC1")
    if any(document.zones for document in documents):
        notices.append("les parties hors du texte sont comptées dans l’en-tête TEI, sans leur contenu")
    return files, (*notices, *speakers_lost(documents))


def _tag(name: str) -> str:
    return f"{{{_TEI}}}{name}"


def _element(parent: _Element, name: str, text: str | None = None, **attributes: str) -> _Element:
    element = etree.SubElement(parent, _tag(name), attributes)
    element.text = None if text is None else writable(text)
    return element


def _header(root: _Element, document: Document, codes: Mapping[str, tuple[str, Role | None]]) -> None:
    header = _element(root, "teiHeader")
    file = _element(header, "fileDesc")
    _element(_element(file, "titleStmt"), "title", document.id)
    _element(_element(file, "publicationStmt"), "p", f"Converti par tensions {__version__}\u00a0; non publié.")
    _element(_element(file, "sourceDesc"), "p", f"Fichier de format {document.format}.")
    dropped = Counter(ZONE_TITLES[zone.kind] for zone in document.zones if zone.kind is not ZoneKind.LABEL)
    if dropped:
        counts = ", ".join(f"{title}\u00a0{n}" for title, n in sorted(dropped.items()))
        said = f"Parties laissées hors du texte\u00a0: {sum(dropped.values())} ({counts})."
        _element(_element(_element(header, "encodingDesc"), "editorialDecl"), "p", said)
    profile = _element(header, "profileDesc")
    _element(_element(profile, "langUsage"), "language", "français", ident="fr")
    if codes:
        people = _element(_element(profile, "particDesc"), "listPerson")
        for code, role in codes.values():
            person = _element(people, "person", **({"role": role.value} if role else {}))
            person.set(f"{{{_XML}}}id", code)


def _codes(document: Document) -> dict[str, tuple[str, Role | None]]:
    """Label ("" for nobody) → code and role, in order of speech."""
    ranks: Counter[Role | None] = Counter()
    found: dict[str, tuple[str, Role | None]] = {}
    for turn in document.turns:
        label = turn.speaker or ""
        if label not in found:
            ranks[turn.role] += 1
            found[label] = f"{_CODES[turn.role]}{ranks[turn.role]}", turn.role
    return found


def _moments(document: Document) -> dict[float, str]:
    """Seconds → identifier, in order; nothing without times."""
    times = {
        time
        for turn in document.turns
        for time in (turn.time_start, turn.time_end)
        if time is not None and math.isfinite(time) and time >= 0
    }
    return {time: f"T{rank}" for rank, time in enumerate(sorted({0.0, *times}))} if times else {}


def _timeline(text: _Element, moments: Mapping[float, str]) -> None:
    line = _element(text, "timeline", unit="s", origin="#T0")
    for time, name in moments.items():
        when = _element(line, "when", **({"interval": _seconds(time), "since": "#T0"} if name != "T0" else {}))
        when.set(f"{{{_XML}}}id", name)


def _seconds(time: float) -> str:
    return f"{time:.3f}".rstrip("0").rstrip(".")


def _speech(
    body: _Element,
    document: Document,
    codes: Mapping[str, tuple[str, Role | None]],
    moments: Mapping[float, str],
) -> None:
    for turn, _, run in spoken(document, keep_interviewer=True):
        if turn is None:
            for paragraph in run:
                _element(body, "p", paragraph.text)
            continue
        speech = _element(body, "u", **_attributes(turn, codes, moments))
        for paragraph in run:
            _element(speech, "seg", paragraph.text)


def _attributes(
    turn: Turn, codes: Mapping[str, tuple[str, Role | None]], moments: Mapping[float, str]
) -> dict[str, str]:
    times = {"start": turn.time_start, "end": turn.time_end}
    known = {name: f"#{moments[time]}" for name, time in times.items() if time is not None and time in moments}
    return {"who": f"#{codes[turn.speaker or ''][0]}"} | known


def _prose(body: _Element, content: Sequence[Paragraph]) -> None:
    """Each title opens a `div`; items that follow one another are a list."""
    division: _Element | None = None
    for kind, run in groupby(content, key=lambda paragraph: paragraph.kind):
        if kind is BlockKind.TITLE or division is None:
            division = _element(body, "div")
        parent = _element(division, "list") if kind is BlockKind.ITEM else division
        name = {BlockKind.TITLE: "head", BlockKind.ITEM: "item"}.get(kind, "p")
        for paragraph in run:
            _element(parent, name, paragraph.text)
