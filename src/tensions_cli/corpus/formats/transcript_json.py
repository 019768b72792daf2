"""Transcripts in JSON: Whisper, faster-whisper, whisperX, aTrain, whisper.cpp, oTranscribe.

One subtitle-like block per segment, with its times and the speaker that diarisation names. A segment in
which two people speak is cut where the speaker of its words changes; no word is added, lost or moved.
Read by hand: no library knows these files, which are plain JSON objects.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from tensions_cli.corpus.formats.plain import Line, assemble
from tensions_cli.corpus.formats.transcript_html import otranscribe_document
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.errors import UnreadableError
from tensions_cli.files.encoding import decode
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import BlockKind, Document
from tensions_cli.words import count_words

# Ten hours of whisperX have 90,000 words of some 100 bytes, Whisper's tokens three times as much: 30 MB. A file
# of brackets costs twenty times its size in memory, so their number is bounded too.
_MAX_BYTES = 64 * 1024 * 1024
_MAX_OBJECTS = 2_000_000

# What diarisation tools call a segment without speaker; another stage knows the word.
_NOBODY = "UNKNOWN_SPEAKER"

# A recording is no longer than this many seconds (four months): beyond, a time is a mistake.
_LATEST = 1e7

_SURROGATE = re.compile("[\ud800-\udfff]")

# The names that only a transcript has stand near a quote: looked for before anything is parsed.
_HINT = re.compile(rb'"(?:segments|transcription|media(?:-time|-source)?)"\s*:|"start"\s*:')


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    speaker: str | None
    start: float | None
    end: float | None


@dataclass(frozen=True, slots=True)
class _Segment:
    text: str
    speaker: str | None
    start: float | None
    end: float | None
    words: tuple[_Word, ...] = ()


def is_transcript(data: bytes) -> bool:
    """Whether a .json file is a transcript rather than a table of texts; False for what is no JSON."""
    if not _HINT.search(data):
        return False
    try:
        value = _loaded(decode(data).text)
    except UnreadableError as error:
        return error.reason == "too_large"  # a table of that size is no .json either
    return _is_otranscribe(value) or _segments(value) is not None


def read_transcript_json(data: bytes, file: SourceFile) -> Iterator[Document]:
    """Read a machine transcript into one document.

    Raises `UnreadableError`: `corrupt` (no JSON, or none of the known shapes), `too_large`, `no_text`.
    """
    decoded = decode(data)
    value = _loaded(decoded.text)
    if _is_otranscribe(value):
        yield otranscribe_document(_clean(value["text"]), file, decoded.encoding, decoded.notices)
        return
    found = _segments(value)
    if found is None:
        raise UnreadableError(
            "corrupt",
            "le JSON n’est pas une transcription connue (Whisper, whisperX, aTrain, oTranscribe)\u00a0: "
            "exportez-la en .vtt ou en .txt",
        )
    segments = [segment for segment in map(_segment, found) if segment is not None]
    named = any(segment.speaker or any(word.speaker for word in segment.words) for segment in segments)
    parts, unaligned = _parts(segments)
    text, blocks, zones = assemble(
        Line(
            part.text, BlockKind.CUE, voice=(part.speaker or _NOBODY) if named else None,
            time_start=part.start, time_end=part.end,
        )
        for part in parts
    )  # fmt: skip
    if not text:
        raise UnreadableError("no_text", "aucune parole n’a été trouvée\u00a0: vérifiez que la transcription est finie")
    yield Document(
        id=file.id,
        source=file.name,
        format="json",
        text=text,
        blocks=blocks,
        zones=zones,
        encoding=decoded.encoding,
        notices=(*decoded.notices, *_notices(value, len(found) - len(segments), unaligned, text)),
    )


def _notices(value: Any, unread: int, unaligned: int, text: str) -> Iterator[str]:
    if unread:
        yield f"segments sans texte, laissés de côté\u00a0: {unread}"
    if unaligned:
        yield f"segments dont les mots ne suivent pas le texte, laissés à un seul locuteur\u00a0: {unaligned}"
    whole = value.get("text") if isinstance(value, dict) else None
    said = count_words(_clean(whole)) if isinstance(whole, str) else 0
    if said > count_words(text):
        yield (
            f"le texte d’ensemble compte {said} mots et ses segments {count_words(text)}\u00a0: seuls les "
            "segments sont lus, la transcription est peut-être incomplète"
        )


# --- JSON ------------------------------------------------------------------------------------------


def _loaded(text: str) -> Any:
    """The value of a JSON text, within bounded memory and depth."""
    if len(text) > _MAX_BYTES or text.count("{") + text.count("[") > _MAX_OBJECTS:
        raise UnreadableError("too_large", "le JSON est trop gros pour un entretien\u00a0: exportez-le en .vtt")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableError("corrupt", "le JSON est mal formé\u00a0: exportez la transcription de nouveau") from error


def _is_otranscribe(value: Any) -> bool:
    keys = read_toml("machine_transcripts.toml")["json"]["otranscribe"]
    return isinstance(value, dict) and isinstance(value.get("text"), str) and any(key in value for key in keys)


def _segments(value: Any) -> list[Any] | None:
    """The list of segments of a known shape, None when the value is something else."""
    keys = read_toml("machine_transcripts.toml")["json"]
    if isinstance(value, dict):
        for key in (keys["segments"], keys["whisper_cpp"]):
            found = value.get(key)
            if isinstance(found, list) and (_speaks(found) or (not found and "language" in value)):
                return found
        return None
    return value if isinstance(value, list) and value and all(map(_is_timed, value)) else None


def _speaks(segments: Sequence[Any]) -> bool:
    return any(_is_timed(one) or (isinstance(one, dict) and isinstance(one.get("words"), list)) for one in segments)


def _is_timed(segment: Any) -> bool:
    """An object with a text, and a start and an end in seconds, or offsets (whisper.cpp), or a speaker."""
    if not isinstance(segment, dict) or not isinstance(segment.get("text"), str):
        return False
    timed = all(isinstance(segment.get(key), int | float) for key in ("start", "end"))
    return timed or isinstance(segment.get("offsets"), dict)


def _segment(value: Any) -> _Segment | None:
    """One segment; None when it says nothing."""
    if not isinstance(value, dict):
        return None
    offsets = value.get("offsets")
    start, end = (_time(value.get("start")), _time(value.get("end")))
    if isinstance(offsets, dict):
        start, end = (_time(offsets.get("from"), 1000), _time(offsets.get("to"), 1000))
    listed = value.get("words")
    words = tuple(filter(None, map(_word, listed if isinstance(listed, list) else ())))
    said = value.get("text")
    text = _clean(said).strip() if isinstance(said, str) else ""
    if not text:
        text = " ".join(word.text for word in words)
    return _Segment(text, _name(value.get("speaker")), start, end, words) if text else None


def _word(value: Any) -> _Word | None:
    said = value.get("word", value.get("text")) if isinstance(value, dict) else None
    text = " ".join(_clean(said).split()) if isinstance(said, str) else ""
    return (
        _Word(text, _name(value.get("speaker")), _time(value.get("start")), _time(value.get("end"))) if text else None
    )


def _clean(text: str) -> str:
    """Line ends as in any canonical text; halves of characters (`\\ud800`) cannot be written anywhere."""
    return _SURROGATE.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def _name(value: Any) -> str | None:
    """The name of a speaker on one line; some tools number them."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return " ".join(_clean(str(value)).split()) or None


def _time(value: Any, per_second: int = 1) -> float | None:
    """Seconds, or None for what is no time (whisperX leaves words without, NaN happens)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    seconds = float(value) / per_second if abs(value) < _LATEST * per_second else math.inf
    return seconds if 0 <= seconds < _LATEST else None


# --- speakers of words -----------------------------------------------------------------------------


def _parts(segments: Sequence[_Segment]) -> tuple[list[_Segment], int]:
    """The segments, cut where the speaker changes, and how many could not be aligned with their words."""
    spoken = [_speakers(segment) for segment in segments]
    parts: list[_Segment] = []
    unaligned = 0
    for i, segment in enumerate(segments):
        before = spoken[i - 1][-1] if i and spoken[i - 1] else None
        after = spoken[i + 1][0] if i + 1 < len(segments) and spoken[i + 1] else None
        speakers = _steady(spoken[i], before, after, segment.speaker)
        if len(set(speakers)) < 2:
            parts.append(
                _Segment(segment.text, speakers[0] if speakers else segment.speaker, segment.start, segment.end)
            )
            continue
        starts = _places(segment)
        if starts is None:
            unaligned += 1
            dominant = segment.speaker or Counter(speakers).most_common(1)[0][0]
            parts.append(replace(segment, speaker=dominant))
        else:
            parts.extend(_cut(segment, speakers, starts))
    return parts, unaligned


def _speakers(segment: _Segment) -> list[str]:
    """The speaker of each word: its own, else that of the word before, else the first one known."""
    known = [word.speaker for word in segment.words]
    first = next((speaker for speaker in known if speaker), segment.speaker)
    speakers: list[str] = []
    for speaker in known:
        current = speaker or (speakers[-1] if speakers else first)
        if current is None:
            return []
        speakers.append(current)
    return speakers


def _steady(speakers: Sequence[str], before: str | None, after: str | None, whole: str | None) -> list[str]:
    """Speakers without isolated one-word changes, which are mistakes of diarisation at the edges of words.

    A word alone counts when it goes on with the speaker of the segment before, or leads to the next one's
    (`before`, `after`), or is the whole segment. `whole`: the speaker of the segment.
    """
    runs = [(speaker, len(list(run))) for speaker, run in groupby(speakers)]
    if len(runs) < 2:
        return list(speakers)
    kept = [length > 1 for _, length in runs]
    kept[0] = kept[0] or runs[0][0] == before
    kept[-1] = kept[-1] or runs[-1][0] == after
    if not any(kept):
        named = [speaker for speaker, _ in runs]
        return [whole if whole in named else Counter(speakers).most_common(1)[0][0]] * len(speakers)
    current = runs[kept.index(True)][0]
    steady: list[str] = []
    for (speaker, length), keep in zip(runs, kept, strict=True):
        current = speaker if keep else current
        steady += [current] * length
    return steady


def _places(segment: _Segment) -> list[int] | None:
    """Where each word begins in the text of its segment, None when they do not follow it."""
    places: list[int] = []
    at = 0
    for word in segment.words:
        found = segment.text.find(word.text, at)
        if found < 0 or segment.text[at:found].strip():
            return None
        places.append(found)
        at = found + len(word.text)
    return None if segment.text[at:].strip() else places


def _cut(segment: _Segment, speakers: Sequence[str], places: Sequence[int]) -> Iterator[_Segment]:
    """The parts of one segment, each with its speaker and the times of its words."""
    first = 0
    for speaker, run in groupby(speakers):
        last = first + len(list(run))
        begin = places[first] if first else 0
        end = places[last] if last < len(places) else len(segment.text)
        start, stop = _times(segment, first, last)
        yield _Segment(segment.text[begin:end].strip(), speaker, start, stop)
        first = last


def _times(segment: _Segment, first: int, last: int) -> tuple[float | None, float | None]:
    words = segment.words[first:last]
    starts = [word.start for word in words if word.start is not None]
    ends = [word.end for word in words if word.end is not None]
    start = segment.start if first == 0 and segment.start is not None else min(starts, default=segment.start)
    end = segment.end if last == len(segment.words) and segment.end is not None else max(ends, default=segment.end)
    return start, end
