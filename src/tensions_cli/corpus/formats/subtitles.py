"""Subtitles: WebVTT and SubRip, one block per run of one voice in a cue.

Read by hand. Real files have missing blank lines, blank lines inside a cue and odd times, on which webvtt-py
drops text without a word (all that follows a damaged `-->`) and srt refuses the file (a line of speech that begins
with a time, after a number). Several voices in one cue: webvtt-py gives only the first.
"""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from tensions_cli.corpus.formats.plain import Line, assemble
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.errors import UnreadableError
from tensions_cli.files.encoding import decode
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import BlockKind, Document

_TIME = r"(?:(\d{1,4})[:：])?(\d{1,4})[:：](\d{1,2})(?:[.,](\d{1,6}))?"
_ARROW = re.compile(rf"\s*{_TIME}\s*-+\s?>\s*{_TIME}(?:\s|$)")

# A line that can only be meant as timing, though its times cannot be read.
_BROKEN_ARROW = re.compile(rf"\s*(?:\d[\d:.,]*\s*-->|\S{{1,30}}\s*-->\s*{_TIME}(?:\s|$))")

_COMMENT = re.compile(r"(?:WEBVTT|NOTE|STYLE|REGION)(?:\s|$)")
_NUMBER = re.compile(r"\s*\d+\s*$")

_VOICE = re.compile(r"<v(?:\.[^\s>]*)*(?:[ \t]+([^>\n]*))?>", re.IGNORECASE)

# WebVTT cue tags, the HTML that players of SubRip accept, and SubStation overrides. Anything else in
# angle brackets is the transcriber's (`<rires>`).
_TAG = re.compile(
    r"</?(?:c|i|b|u|s|v|ruby|rt|lang|font|span)(?:[.\s][^<>\n]*)?>|<\d[\d:.]*>|\{\\[^{}\n]*\}", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Cue:
    """One cue: seconds and its raw lines."""

    start: float
    end: float
    lines: tuple[str, ...]


def read_vtt(data: bytes, file: SourceFile) -> Iterator[Document]:
    """Read a WebVTT file into one document. Raises `UnreadableError` ("no_text") without cues."""
    decoded = decode(data)
    cues, notices = _repaired(decoded.text, named=True)
    yield _document(cues, file, "vtt", decoded.encoding, (*decoded.notices, *notices))


def read_srt(data: bytes, file: SourceFile) -> Iterator[Document]:
    """Read a SubRip file into one document. Raises `UnreadableError` ("no_text") without cues."""
    decoded = decode(data)
    cues, notices = _repaired(decoded.text, named=False)
    yield _document(cues, file, "srt", decoded.encoding, (*decoded.notices, *notices))


def _document(cues: Sequence[_Cue], file: SourceFile, name: str, encoding: str, notices: tuple[str, ...]) -> Document:
    cues, repeated = _without_repeats(cues)
    if repeated:
        notices = (*notices, f"lignes répétées d’un sous-titre à l’autre (défilement), lues une fois : {repeated}")
    text, blocks, zones = assemble(line for cue in cues for line in _runs(cue))
    if not text:
        raise UnreadableError("no_text", "aucun sous-titre n’a été trouvé : vérifiez que le fichier est complet")
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


def _repaired(text: str, *, named: bool) -> tuple[list[_Cue], tuple[str, ...]]:
    """Cues of a damaged file: every line between two timing lines belongs to the first.

    `named`: cues may have a name of any form on the line before their times (WebVTT); otherwise only
    a number. Comment blocks, the header, and what stands before the first cue, are left out.
    """
    lines = text.split("\n")
    cues: list[_Cue] = []
    unread = before = 0
    comment = False
    content: list[str] = []
    for at, line in enumerate(lines):
        opens_block = at == 0 or not lines[at - 1].strip()
        comment = bool(line.strip()) and (comment or (opens_block and bool(_COMMENT.match(line))))
        timing = _ARROW.match(line)
        if timing is None and not _BROKEN_ARROW.match(line):
            following = lines[at + 1] if at + 1 < len(lines) else ""
            heads_cue = bool(_ARROW.match(following) or _BROKEN_ARROW.match(following))
            is_name = heads_cue and bool(_NUMBER.match(line) or (named and opens_block))
            if line.strip() and not comment and not is_name:
                content.append(line)
            continue
        comment = False
        if cues:
            cues[-1] = _Cue(cues[-1].start, cues[-1].end, tuple(content))
        else:
            before = len(content)
        content = []
        unread += timing is None
        start, end = _times(timing) if timing is not None else (0.0, 0.0)
        if timing is None and cues:
            start = end = cues[-1].end
        cues.append(_Cue(start, end, ()))
    if cues:
        cues[-1] = _Cue(cues[-1].start, cues[-1].end, tuple(content))
    notices = []
    if unread:
        notices.append(f"minutages illisibles, remplacés par la fin du sous-titre précédent : {unread}")
    if before:
        notices.append(f"lignes avant le premier sous-titre, laissées de côté : {before}")
    return [cue for cue in cues if cue.lines], tuple(notices)


def _times(timing: re.Match[str]) -> tuple[float, float]:
    """Start and end of a timing line, in seconds."""
    parts = timing.groups()
    return _clock(*parts[:4]), _clock(*parts[4:])


def _clock(hours: str | None, minutes: str, seconds: str, fraction: str | None) -> float:
    thousandths = int((fraction or "0").ljust(3, "0")[:3])
    return round(int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + thousandths / 1000, 3)


def _without_repeats(cues: Sequence[_Cue]) -> tuple[list[_Cue], int]:
    """Drop the lines that rolling captions show again, and count them.

    Captions roll when at least half of the cues of two lines or more begin with the last line of the
    cue before: two people who say "Oui." in turn are no reason to drop one.
    """
    cues = [_Cue(cue.start, cue.end, tuple(line for line in cue.lines if _plain(line))) for cue in cues]
    pairs = [(one, two) for one, two in pairwise(cues) if one.lines and len(two.lines) >= 2]
    rolling = sum(_plain(one.lines[-1]) == _plain(two.lines[0]) for one, two in pairs)
    if not rolling or 2 * rolling < len(pairs):
        return list(cues), 0
    result = [cues[0]]
    dropped = 0
    for one, two in pairwise(cues):
        repeated = _repeated(list(map(_plain, one.lines)), list(map(_plain, two.lines)))
        dropped += repeated
        result.append(_Cue(two.start, two.end, two.lines[repeated:]))
    return result, dropped


def _repeated(before: Sequence[str], after: Sequence[str]) -> int:
    """How many first lines of a cue are the last lines of the one before."""
    most = min(len(before), len(after))
    return next((n for n in range(most, 0, -1) if before[-n:] == after[:n]), 0)


def _plain(text: str) -> str:
    """Text without tags, entities decoded."""
    return html.unescape(_TAG.sub("", text)).strip(" \t")


@cache
def _opening() -> re.Pattern[str]:
    return re.compile(read_toml("reading.toml")["subtitles"]["opening"])


def _runs(cue: _Cue) -> Iterator[Line]:
    """One line per voice of a cue; lines inside it are joined unless they open another speech."""
    parts = _VOICE.split("\n".join(cue.lines))
    for name, text in zip(["", *parts[1::2]], parts[0::2], strict=True):
        voice = html.unescape(name or "").strip() or None
        speeches: list[str] = []
        for line in filter(None, map(_plain, text.split("\n"))):
            if speeches and not _opening().match(line):
                speeches[-1] = f"{speeches[-1]} {line}"
            else:
                speeches.append(line)
        for speech in speeches:
            yield Line(speech, BlockKind.CUE, voice=voice, time_start=cue.start, time_end=cue.end)
