"""Transcripts laid out in HTML: noScribe pages, and what oTranscribe keeps in its files.

The times are in the markup, so that the stamps shown beside the words are left out of the text and
counted. Neither the name of the recording (`audio_source`, `media`) is read.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache

import lxml.etree
from lxml.etree import _Element

from tensions_cli.corpus.formats.html import parse_page
from tensions_cli.corpus.formats.plain import Line, assemble
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.errors import UnreadableError
from tensions_cli.files.encoding import decode
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import BlockKind, Document, ZoneKind

# A page says what wrote it in its head or in its first turns.
_LOOKED_AT = 200_000

_ANCHOR = re.compile(r"ts_(?P<start>\d{1,10})_(?P<end>\d{1,10})_(?P<speaker>.*)")
_CLOCK = r"(?:\d{1,2}:)?\d{1,3}:\d{2}(?:[.,]\d{1,3})?"
_STAMP = re.compile(rf"\s*[\[(]?{_CLOCK}[\])]?\s*")

# The label that noScribe prints before the first words of a turn, once its stamp is out.
_LABEL = re.compile(r"\s*(?P<name>[^\s:/(\[][^:\n/()\[\]]{0,60}?)[ \t\u00a0\u202f]*:(?=\s|$)")

_BLANKS = re.compile(r"[ \t\n\r\f]+")
_BREAKS = frozenset({"p", "div", "br", "li", "h1", "h2", "h3", "h4", "h5", "h6", "tr", "blockquote", "body"})
_DROPPED = frozenset({"script", "style", "head", "template", "noscript", "object", "iframe"})


@dataclass(slots=True)
class _Piece:
    """A stretch of one line: its text, and what the markup around it says."""

    text: str
    anchor: re.Match[str] | None = None


@dataclass(slots=True)
class _Paragraph:
    """One line of the page. `time`: its first stamp, in seconds."""

    pieces: list[_Piece] = field(default_factory=list)
    time: float | None = None


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(read_toml("machine_transcripts.toml")["html"][name], re.IGNORECASE)


def is_transcript_page(data: bytes) -> bool:
    """Whether a page is a noScribe transcript, or holds oTranscribe stamps."""
    head = data[:_LOOKED_AT].decode("latin-1")
    return any(_pattern(name).search(head) for name in ("noscribe", "otranscribe"))


def read_transcript_html(data: bytes, file: SourceFile) -> Iterator[Document]:
    """Read a transcript page into one document. Raises `UnreadableError` (`no_text`, `corrupt`)."""
    decoded = decode(data)
    if _pattern("noscribe").search(decoded.text, 0, _LOOKED_AT):
        paragraphs, stamps = _paragraphs(decoded.text)
        lines = _noscribe_lines(paragraphs)
        yield _document(lines, stamps, file, "noscribe", decoded.encoding, decoded.notices)
    else:
        yield otranscribe_document(decoded.text, file, decoded.encoding, decoded.notices)


def otranscribe_document(markup: str, file: SourceFile, encoding: str, notices: tuple[str, ...]) -> Document:
    """The document that oTranscribe markup holds: one block per paragraph, its first stamp as its time.

    Speakers are written in the text (`E : …`): another stage finds them.
    """
    paragraphs, stamps = _paragraphs(markup)
    lines = (
        Line("".join(piece.text for piece in paragraph.pieces), time_start=paragraph.time) for paragraph in paragraphs
    )
    return _document(lines, stamps, file, "otranscribe", encoding, notices)


def _document(
    lines: Iterable[Line], stamps: int, file: SourceFile, name: str, encoding: str, notices: tuple[str, ...]
) -> Document:
    text, blocks, zones = assemble(lines)
    if not blocks:
        raise UnreadableError("no_text", "aucune parole n’a été trouvée\u00a0: vérifiez que la transcription est finie")
    if stamps:
        notices = (*notices, f"horodatages retirés du texte et gardés comme temps\u00a0: {stamps}")
    return Document(
        id=file.id,
        source=file.name,
        format=name,
        text=text,
        blocks=blocks,
        zones=zones,
        encoding=encoding,
        notices=notices,
    )


# --- the page --------------------------------------------------------------------------------------


def _paragraphs(markup: str) -> tuple[list[_Paragraph], int]:
    """The lines of a page in order, without its stamps, and how many stamps there were."""
    page = parse_page(f"<div>{markup}</div>" if "<body" not in markup[:_LOOKED_AT].lower() else markup)
    paragraphs = [_Paragraph()]
    stamps = 0
    if page is None:
        return [], 0
    for text, element, anchor in _texts(page):
        if not text:
            paragraphs.append(_Paragraph())
            continue
        stamp = _stamp_seconds(element, text)
        if stamp is not None:
            stamps += 1
            if paragraphs[-1].time is None:
                paragraphs[-1].time = stamp
        else:
            paragraphs[-1].pieces.append(_Piece(_BLANKS.sub(" ", text), anchor))
    return [paragraph for paragraph in paragraphs if any(piece.text.strip() for piece in paragraph.pieces)], stamps


def _texts(page: _Element) -> Iterator[tuple[str, _Element, re.Match[str] | None]]:
    """Each text of the page, the element that shows it and its noScribe anchor; "" ends a line."""
    dropped = 0
    anchors: list[re.Match[str] | None] = [None]
    for event, element in lxml.etree.iterwalk(page, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else ""
        if event == "start":
            dropped += tag in _DROPPED
            found = _ANCHOR.fullmatch(element.get("name") or "") if tag == "a" else None
            anchors.append(found or anchors[-1])
            text, owner = element.text, element
        else:
            dropped -= tag in _DROPPED
            anchors.pop()
            text, owner = element.tail, element.getparent()
        if tag in _BREAKS and (event == "start" or tag != "br"):
            yield "", element, None
        if text and owner is not None and not dropped:
            yield text, owner, anchors[-1]


def _stamp_seconds(element: _Element, text: str) -> float | None:
    """Seconds of the stamp that an element shows; None when it is speech."""
    if element.tag != "span" or not _STAMP.fullmatch(text):
        return None
    said = element.get("data-timestamp") or ""
    if re.fullmatch(r"\d{1,7}(?:\.\d{1,20})?", said):
        return float(said)
    return _seconds(text.strip(" \n\t[]()\u00a0"))


def _seconds(clock: str) -> float:
    total = 0.0
    for part in clock.replace(",", ".").split(":"):
        total = total * 60 + float(part)
    return total


# --- noScribe --------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Cue:
    """The words of one anchor. `speaker`: "" where the tool heard nobody, `//S02` for an overlap."""

    text: str
    start: float
    end: float
    speaker: str


def _noscribe_lines(paragraphs: list[_Paragraph]) -> Iterator[Line]:
    """The header as a zone, then each turn: its label as a zone, its segments as subtitles of one voice.

    The label that people see wins over the one of the anchors, which stays `S00` when it is renamed. An
    overlap (`//S02: oui //`) and pauses stay inside the turn; a paragraph typed by hand has no anchor.
    """
    turns = [_cues(paragraph) for paragraph in paragraphs]
    found = [_LABEL.match(cues[0].text) if _anchored(cues[:1]) else None for cues in turns]
    usual = _usual_labels(turns, found)
    spoken = False
    for paragraph, cues, label in zip(paragraphs, turns, found, strict=True):
        if not cues:
            said = "".join(piece.text for piece in paragraph.pieces)
            header = (ZoneKind.METADATA, "en-tête de la transcription")
            yield Line(said, BlockKind.CUE, zone=None if spoken else header)
            continue
        spoken = True
        heard = _anchored(cues)
        voice = usual.get(heard, heard) if heard else None
        if label is not None and label["name"] == voice:
            yield Line(label[0], zone=(ZoneKind.LABEL, "étiquette"))
            cues[0].text = cues[0].text[label.end() :]
        for cue in cues:
            yield Line(cue.text, BlockKind.CUE, voice=voice, time_start=cue.start, time_end=cue.end)


def _usual_labels(turns: list[list[_Cue]], labels: list[re.Match[str] | None]) -> dict[str, str]:
    """The label most often shown for each speaker that the tool heard.

    « Je dirais : » at the head of a turn is no label when that speaker is S00 everywhere else.
    """
    shown: dict[str, Counter[str]] = {}
    for cues, label in zip(turns, labels, strict=True):
        heard = _anchored(cues)
        if heard and label is not None:
            shown.setdefault(heard, Counter())[label["name"]] += 1
    return {heard: names.most_common(1)[0][0] for heard, names in shown.items()}


def _cues(paragraph: _Paragraph) -> list[_Cue]:
    """The segments of a paragraph; what is no word (a pause) or has no anchor goes with the one before."""
    cues: list[_Cue] = []
    waiting = ""
    for piece in paragraph.pieces:
        if piece.anchor is None:
            if cues:
                cues[-1].text += piece.text
            else:
                waiting += piece.text
            continue
        start, end = int(piece.anchor["start"]) / 1000, int(piece.anchor["end"]) / 1000
        last = cues[-1] if cues else None
        same = last is not None and (last.start, last.end, last.speaker) == (start, end, piece.anchor["speaker"])
        if last is not None and (same or not any(map(str.isalnum, piece.text))):
            last.text += piece.text
            last.end = max(last.end, end)
        else:
            cues.append(_Cue(waiting + piece.text, start, max(start, end), piece.anchor["speaker"]))
            waiting = ""
    return cues


def _anchored(cues: list[_Cue]) -> str | None:
    return next((cue.speaker for cue in cues if cue.speaker and not cue.speaker.startswith("//")), None)
