"""Transcriber (`.trs`): one block per speaker between two time marks.

The text is in the tails of `Sync`, `Who` and `Event`. In a turn of several speakers `Who` says whose words follow;
they are laid out speaker by speaker, in the order in which these begin. The name of the recording and that of the
transcriber are never read.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lxml.etree import _Element

from tensions_cli.corpus.formats.plain import Line, assemble
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.errors import UnreadableError
from tensions_cli.files.encoding import Decoded
from tensions_cli.files.xml_tree import glued, local, seconds_of, squeezed
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import BlockKind, Document, ZoneKind

# A broadcast date as Transcriber writes it: `240530`. The program dates from 1998.
_DATE = re.compile(r"(\d{2})(\d{2})(\d{2})")
_FIRST_YEAR = 90


@dataclass(slots=True)
class _Spoken:
    """Words between two marks. `rank`: of the speaker in the list of the turn, None when nobody is named."""

    rank: int | None
    start: float | None
    end: float | None = None
    pieces: list[str | None] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Tally:
    """What the notices count: elements that are no words by name, others, turns with words of nobody."""

    dropped: Counter[str]
    unknown: Counter[str]
    unattributed: list[_Element]


def read_transcriber(root: _Element, decoded: Decoded, file: SourceFile) -> Iterator[Document]:
    """Read a Transcriber file into one document; times are seconds.

    A voice is the name that the table of speakers gives, as it stands. Topics of sections are titles. Raises
    `UnreadableError` ("no_text") when nobody says anything.
    """
    tally = _Tally(Counter(), Counter(), [])
    text, blocks, zones = assemble(_lines(root, _voices(root), _topics(root), tally))
    if not any(block.kind is BlockKind.CUE for block in blocks):
        raise UnreadableError("no_text", "aucune parole dans cette transcription : vérifiez-la dans Transcriber")
    yield Document(
        id=file.id,
        source=file.name,
        format="trs",
        text=text,
        blocks=blocks,
        zones=zones,
        metadata=_metadata(root),
        encoding=decoded.encoding,
        notices=(*decoded.notices, *_notices(tally)),
    )


def _voices(root: _Element) -> Mapping[str, str]:
    """Names of the speakers by identifier; a speaker without a name is called by its identifier."""
    found = {}
    for speaker in root.iter("{*}Speaker"):
        identifier = speaker.get("id", "")
        found[identifier] = squeezed(speaker.get("name", "")) or identifier
    return found


def _topics(root: _Element) -> Mapping[str, str]:
    return {topic.get("id", ""): squeezed(topic.get("desc", "")) for topic in root.iter("{*}Topic")}


def _lines(root: _Element, voices: Mapping[str, str], topics: Mapping[str, str], tally: _Tally) -> Iterator[Line]:
    """Turns and topics in file order; a text outside turns, which no program writes, is kept as a remark."""
    named = any(turn.get("speaker", "").split() for turn in root.iter("{*}Turn"))
    nobody = read_toml("xml_formats.toml")["voices"]["unknown"] if named else None
    topic = ""
    for element in _outside_turns(root):
        name = local(element)
        if name == "Turn":
            yield from _turn(element, voices, nobody, tally)
        else:
            yield _stray(element.text)
            said = topics.get(element.get("topic", ""), "") if name == "Section" else topic
            if said and said != topic:
                yield Line(said, BlockKind.TITLE)
            topic = said
        yield _stray(element.tail)


def _outside_turns(element: _Element) -> Iterator[_Element]:
    """Elements in file order, but those inside turns."""
    yield element
    if local(element) != "Turn":
        for child in element:
            yield from _outside_turns(child)


def _stray(text: str | None) -> Line:
    return Line(squeezed(text or ""), zone=(ZoneKind.REMARK, "texte hors des tours de parole"))


def _turn(turn: _Element, voices: Mapping[str, str], nobody: str | None, tally: _Tally) -> Iterator[Line]:
    """The lines of a turn, speaker by speaker, in the order in which they begin."""
    speakers = turn.get("speaker", "").split()
    by_rank: dict[int | None, list[tuple[_Spoken, str]]] = {}
    for one in _spoken(turn, speakers, tally):
        text = squeezed(glued(one.pieces))
        if text:
            by_rank.setdefault(one.rank, []).append((one, text))
    if None in by_rank:
        tally.unattributed.append(turn)
    for rank, spoken in by_rank.items():
        voice = nobody if rank is None else voices.get(speakers[rank], speakers[rank])
        for one, text in spoken:
            yield Line(text, BlockKind.CUE, voice=voice, time_start=one.start, time_end=one.end)


def _spoken(turn: _Element, speakers: Sequence[str], tally: _Tally) -> list[_Spoken]:
    """The words of a turn, cut where time or speaker changes."""
    dropped = read_toml("xml_formats.toml")["transcriber"]["dropped"]
    current = _Spoken(0 if len(speakers) == 1 else None, seconds_of(turn.get("startTime")), pieces=[turn.text or ""])
    spoken, since_mark = [current], [current]
    for child in turn:
        name = local(child)
        if name == "Sync":
            time = seconds_of(child.get("time"))
            for one in since_mark:
                one.end = time
            current = _Spoken(current.rank, time)
            spoken.append(current)
            since_mark = [current]
        elif name == "Who":
            current = _Spoken(_rank(child, speakers), since_mark[0].start)
            spoken.append(current)
            since_mark.append(current)
        elif name in dropped:
            tally.dropped[name] += 1
            current.pieces.append(None)
        else:
            tally.unknown[name] += 1
            current.pieces += (" ", *map(str, child.itertext()), " ")
        current.pieces.append(child.tail or "")
    for one in since_mark:
        one.end = seconds_of(turn.get("endTime"))
    return spoken


def _rank(who: _Element, speakers: Sequence[str]) -> int | None:
    """Rank from 0 of the speaker that `nb`, from 1, points to; None when it points outside the list."""
    number = who.get("nb", "").strip()
    rank = int(number) - 1 if number.isdecimal() and len(number) < 9 else -1
    return rank if 0 <= rank < len(speakers) else None


def _metadata(root: _Element) -> Mapping[str, str]:
    """Programme and date of the first broadcast that tells them."""
    found: dict[str, str] = {}
    for episode in root.iter("{*}Episode"):
        date = _DATE.fullmatch(episode.get("air_date", "").strip())
        century = "" if date is None else "19" if int(date[1]) >= _FIRST_YEAR else "20"
        told = {
            "program": squeezed(episode.get("program", "")),
            "date": "" if date is None else f"{century}{date[1]}-{date[2]}-{date[3]}",
        }
        for key, value in told.items():
            if value:
                found.setdefault(key, value)
    return found


def _notices(tally: _Tally) -> Iterator[str]:
    words = read_toml("xml_formats.toml")["transcriber"]["dropped"]
    if tally.dropped:
        kinds = ", ".join(f"{words[name]} ({count})" for name, count in tally.dropped.most_common())
        yield f"laissés de côté, car ce ne sont pas des paroles : {kinds}"
    if tally.unknown:
        count = tally.unknown.total()
        yield f"éléments que Transcriber n’écrit pas, dont le texte est gardé : {count}"
    if tally.unattributed:
        count = len(tally.unattributed)
        yield f"tours dont des paroles ne sont attribuées à personne, lues comme d’un locuteur inconnu : {count}"
