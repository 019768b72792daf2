"""TEI: transcripts in their dialects (`u`, `annotatedU`, `annotationGrp`, `annotationBlock`, `sp`) and prose.

A text is walked once, in order. Elements that hold running text open a line, utterances a voice; descriptions are
dropped and counted, what follows them is kept. Corpora of words (`w`) get the spacing of French back. Names of
transcribers, of the recording and of the responsible persons, which the header holds, are never read.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from lxml.etree import _Element

from tensions_cli.corpus.formats.plain import Line, assemble
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.errors import UnreadableError
from tensions_cli.files.encoding import Decoded
from tensions_cli.files.xml_tree import attributes, glued, local, seconds_of, squeezed
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import Block, BlockKind, Document, Skipped, Zone, ZoneKind
from tensions_cli.words import count_words

_CLOCK = re.compile(r"(?:(\d{1,2}):)?(\d{1,2}):(\d{2}(?:\.\d{1,6})?)")
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
_PARAGRAPH_BREAK = re.compile(r"\n[ \t]*\n")


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a text cut into words; `join` as TEI has it: left, right, both or nothing."""

    form: str
    join: str = ""


@dataclass(frozen=True, slots=True)
class Extract:
    """What a walk through a text gives: canonical text, blocks, zones, and French notices on what was left aside."""

    text: str
    blocks: tuple[Block, ...]
    zones: tuple[Zone, ...]
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tables:
    """Names of the speakers by code, and seconds by moment of the time line."""

    voices: Mapping[str, str]
    times: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class _Look:
    """What the elements around a piece of text say of it."""

    kind: BlockKind = BlockKind.PARAGRAPH
    voice: str | None = None
    start: float | None = None
    end: float | None = None
    zone: tuple[ZoneKind, str] | None = None


@dataclass(slots=True)
class _Page:
    """A text being read: finished lines, the pieces of the line that is open, the notes called in it.

    `free`: names of elements are not those of TEI, so that layout tells what is a line.
    """

    tables: Tables
    nobody: str | None
    free: bool
    lines: list[Line] = field(default_factory=list)
    pieces: list[str | Word | None] = field(default_factory=list)
    notes: list[Line] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    readings: int = 0


def read_tei(root: _Element, decoded: Decoded, file: SourceFile) -> Iterator[Document | Skipped]:
    """Read a TEI file: one document, or one per text of a `teiCorpus`; times are seconds.

    A voice is the name that the table of persons gives, as it stands, else the code of the speaker. Title and date
    of the header are metadata (the date alone for a transcript, whose title may hold a name). Raises
    `UnreadableError` ("no_text") when the file holds no text.
    """
    texts = (outermost(root, "TEI", "TEI.2") if local(root) == "teiCorpus" else []) or [root]
    headers = [] if texts == [root] else list(root.iterchildren("{*}teiHeader"))
    shared = [tables(header) for header in headers]
    notices = (*decoded.notices, *header_notice(headers))
    for rank, tei in enumerate(texts, start=1):
        name = f"{file.id}#{rank}" if len(texts) > 1 else file.id
        extract = extracted(tei, _merged([*shared, tables(tei)]))
        if not extract.blocks and len(texts) > 1:
            yield Skipped(file.name, "empty", f"texte {rank} du corpus TEI : vide, complétez-le ou retirez-le")
        elif not extract.blocks:
            raise UnreadableError("no_text", "ce fichier TEI ne contient aucun texte : vérifiez son élément « text »")
        else:
            yield Document(
                id=name,
                source=file.name,
                format="tei",
                text=extract.text,
                blocks=extract.blocks,
                zones=extract.zones,
                metadata=_metadata(tei),
                encoding=decoded.encoding,
                notices=(*notices, *extract.notices, *header_notice(tei.iterchildren("{*}teiHeader"))),
            )
            notices = ()  # what is said of the file is said once


def outermost(root: _Element, *names: str) -> list[_Element]:
    """The elements of these names, in file order, but those inside another one of them."""
    wanted = [f"{{*}}{name}" for name in names]
    return [element for element in root.iter(*wanted) if next(element.iterancestors(*wanted), None) is None]


def extracted(element: _Element, told: Tables, *, free: bool = False) -> Extract:
    """The text of an element and of all that it holds.

    `free`: the elements may have any names; one that stands among other elements only is then a line of its own.
    """
    nobody = read_toml("xml_formats.toml")["voices"]["unknown"] if _names_speakers(element) else None
    page = _Page(told, nobody, free)
    look = _Look(voice=nobody)
    _walk(element, look, page)
    _end_line(look, page)
    text, blocks, zones = assemble(page.lines)
    return Extract(text, blocks, zones, _notices(page))


def tables(root: _Element) -> Tables:
    """The tables of persons and of times that an element holds."""
    return Tables(_persons(root), _timeline(root))


def _merged(found: Sequence[Tables]) -> Tables:
    """Several tables as one; the last ones win."""
    voices = {code: name for one in found for code, name in one.voices.items()}
    return Tables(voices, {moment: time for one in found for moment, time in one.times.items()})


def spaced(words: Sequence[Word]) -> str:
    """Words on one line, with the spacing of French: « l’ » sticks to the next word, a comma to the one before."""
    rules = _spacing()
    parts: list[str] = []
    before: Word | None = None
    quoting = False
    for word in words:
        if before is not None:
            parts.append(_between(before, word, quoting, rules))
        if word.form == '"':
            quoting = not quoting
        parts.append(word.form)
        before = word
    return "".join(parts)


def text_attributes(element: _Element) -> dict[str, str]:
    """Metadata that the attributes of a `text` element hold."""
    skipped = read_toml("xml_formats.toml")["corpus"]["not_metadata"]
    told = {name: squeezed(value) for name, value in attributes(element).items() if name not in skipped}
    return {name: value for name, value in told.items() if value}


# --- the walk ----------------------------------------------------------------------------------------


@cache
def _tei() -> dict[str, Any]:
    table: dict[str, Any] = read_toml("xml_formats.toml")["tei"]
    return table


def _walk(element: _Element, look: _Look, page: _Page) -> None:
    """Read the content of an element: its text, then each child and what follows it."""
    apart = page.free and local(element) not in _running() and not _is_mixed(element)
    page.pieces.append(element.text or "")
    for child in element:
        _read(child, look, page, apart)
        page.pieces.append(child.tail or "")


def _read(element: _Element, look: _Look, page: _Page, apart: bool) -> None:
    """Read one element where it stands; `apart`: there is nothing but elements around it."""
    name = local(element)
    if name in _tei()["dropped"]:
        page.dropped[name] += 1
        page.pieces.append(None)
    elif name in ("w", "pc"):
        page.pieces.append(_word(element))
    elif name in _tei()["inline"]["choices"] and len(element):
        _read(_preferred(element), look, page, apart)
        page.readings += len(element) - 1
    elif name == "note":
        page.notes.append(Line(_flat(element), zone=(ZoneKind.NOTE, "note du texte")))
        page.pieces.append(None)
    elif name in _tei()["utterances"]:
        _read_line(element, _uttered(element, name, look, page), look, page)
    elif zone := _zone(element, name):
        _read_line(element, replace(look, kind=BlockKind.PARAGRAPH, zone=look.zone or zone), look, page)
    elif name in _tei()["lines"]:
        kind = BlockKind(_tei()["lines"][name])
        _read_line(element, replace(look, kind=kind), look, page)
    elif name in _tei()["structure"] or (apart and name not in _tei()["inline"]["spaced"]):
        _read_line(element, look, look, page)
    else:
        edge = " " if name in _tei()["inline"]["spaced"] and element.get("break") != "no" else ""
        page.pieces.append(edge)
        _walk(element, look, page)
        page.pieces.append(edge)


def _read_line(element: _Element, inside: _Look, outside: _Look, page: _Page) -> None:
    """Read an element that stands on lines of its own."""
    _end_line(outside, page)
    _walk(element, inside, page)
    _end_line(inside, page)


def _end_line(look: _Look, page: _Page) -> None:
    """Finish the open line; the notes called in it come after it."""
    if not any(page.pieces) and not page.notes:
        page.pieces = []
        return
    for text in _line_texts(page):
        voice = None if look.kind is BlockKind.TITLE else look.voice
        page.lines.append(Line(text, look.kind, False, voice, look.start, look.end, look.zone))
    page.lines += page.notes
    page.pieces, page.notes = [], []


def _line_texts(page: _Page) -> list[str]:
    """The texts of the open line: one, or paragraphs parted by blank lines where the markup has no paragraphs."""
    words = [piece for piece in page.pieces if isinstance(piece, Word)]
    if words and all(piece is None or isinstance(piece, Word) or not piece.strip() for piece in page.pieces):
        return [spaced(words)]
    text = glued(piece.form if isinstance(piece, Word) else piece for piece in page.pieces)
    return [squeezed(part) for part in (_PARAGRAPH_BREAK.split(text) if page.free else [text])]


def _is_mixed(element: _Element) -> bool:
    """Whether words stand beside the children of an element."""
    return bool((element.text or "").strip()) or any((child.tail or "").strip() for child in element)


@cache
def _edges() -> frozenset[str]:
    """Elements whose edges part two words."""
    return frozenset((*_tei()["lines"], *_tei()["structure"], *_tei()["inline"]["spaced"]))


def _flat(element: _Element) -> str:
    """All the text of an element on one line, the edges of the elements inside being spaces when they are lines."""
    edges = _edges()
    parts: list[str] = []
    stack: list[_Element | str | None] = [element]
    while stack:
        part = stack.pop()
        if part is None or isinstance(part, str):
            parts.append(part or "")
            continue
        edge = " " if local(part) in edges else ""
        inner: list[_Element | str | None] = [edge, part.text]
        for child in part:
            inner += (child, child.tail)
        stack += reversed([*inner, edge])
    return squeezed("".join(parts))


def _texts(element: _Element) -> Iterator[str]:
    return map(str, element.itertext())


def _word(element: _Element) -> Word:
    """A word: its form where annotations stand beside it (XML-TXM), else its text."""
    form = next(element.iter("{*}form"), element)
    return Word(squeezed("".join(_texts(form))), element.get("join", ""))


def _preferred(choice: _Element) -> _Element:
    wanted = _tei()["inline"]["preferred"]
    return next((child for child in choice if local(child) in wanted), choice[0])


@cache
def _running() -> frozenset[str]:
    """Elements that hold running text."""
    return frozenset((*_tei()["lines"], *_tei()["inline"]["spaced"]))


def _zone(element: _Element, name: str) -> tuple[ZoneKind, str] | None:
    """The zone that an element opens. Inside a line its text is words: « comme dit <bibl>…</bibl> »."""
    if name.startswith("div"):
        found = _tei()["divisions"].get(element.get("type", "").lower())
    else:
        parent = element.getparent()
        inside = parent is not None and local(parent) in _running()
        found = None if inside else _tei()["zones"].get(name)
    return None if found is None else (ZoneKind(found[0]), found[1])


# --- who and when ------------------------------------------------------------------------------------


def _uttered(element: _Element, name: str, look: _Look, page: _Page) -> _Look:
    """The look of an utterance; what it does not say itself, the utterance around it says."""
    start, end = _moments(element, page)
    spoken = name != "sp"
    return replace(
        look,
        kind=BlockKind.CUE if spoken else BlockKind.PARAGRAPH,
        voice=_voice(element, page.tables.voices) or look.voice or page.nobody,
        start=look.start if start is None else start,
        end=look.end if end is None else end,
    )


def _voice(element: _Element, voices: Mapping[str, str]) -> str | None:
    """Who speaks: a code of the table, a name in its place, or the words of `speaker`; several are one voice."""
    told = _speaker(element)
    codes = [code.rpartition("#")[2] for code in told.split()]
    if told in voices or (codes and "#" not in told and not any(code in voices for code in codes)):
        return voices.get(told, told)
    names = list(dict.fromkeys(voices.get(code, code) for code in codes if code))
    if not names:
        printed = next(element.iterchildren("{*}speaker"), None)
        names = [] if printed is None else [_flat(printed).rstrip(" .:\u00a0\u202f")]
    return " et ".join(names) or None


def _speaker(element: _Element) -> str:
    """What the attributes of an utterance say of its speaker."""
    told = attributes(element)
    return next(filter(None, (squeezed(told.get(name, "")) for name in _tei()["speakers"])), "")


def _names_speakers(element: _Element) -> bool:
    spoken = element.iter(*(f"{{*}}{name}" for name in _tei()["utterances"]))
    return any(_speaker(one) or next(one.iterchildren("{*}speaker"), None) is not None for one in spoken)


def _moments(element: _Element, page: _Page) -> tuple[float | None, float | None]:
    """Start and end of an utterance, from its attributes, else from the first and last anchors inside."""
    start, end = (_moment(element.get(name), page) for name in ("start", "end"))
    if start is None and end is None:
        anchors = [_moment(anchor.get("synch"), page) for anchor in element.iterchildren("{*}anchor")]
        known = [time for time in anchors if time is not None]
        start, end = (min(known), max(known)) if known else (None, None)
    return start, end


def _moment(reference: str | None, page: _Page) -> float | None:
    if reference is None:
        return None
    found = page.tables.times.get(reference.strip().removeprefix("#"))
    return seconds_of(reference) if found is None else found


def _persons(root: _Element) -> dict[str, str]:
    """Names by code, in the dialects of tables of persons."""
    found: dict[str, str] = {}
    for person in root.iter("{*}person", "{*}personGrp"):
        told = attributes(person)
        alts = [alt.get("type", "") for alt in person.iter("{*}alt")]
        named = next(person.iter("{*}persName", "{*}name"), None)
        name = squeezed(told.get("name", "")) or ("" if named is None else squeezed(" ".join(_texts(named))))
        for code in (told.get("id", ""), told.get("code", ""), told.get("n", ""), *alts):
            if code.strip() and name:
                found.setdefault(code.strip(), name)
    return found


def _timeline(root: _Element) -> dict[str, float]:
    """Seconds of each `when`: an interval since another one, or a clock time; the origin is 0."""
    found: dict[str, float | None] = {}
    for timeline in root.iter("{*}timeline"):
        whens = {attributes(when).get("id", ""): when for when in timeline.iter("{*}when")}
        origin = timeline.get("origin", "").removeprefix("#") or next(iter(whens), "")
        found[origin] = _clock(whens[origin].get("absolute")) if origin in whens else 0.0
        scale = _tei()["units"].get(timeline.get("unit", ""), 1.0)
        for name in whens:
            _resolve(name, whens, origin, scale, found)
    return {name: time for name, time in found.items() if time is not None}


def _resolve(
    name: str, whens: Mapping[str, _Element], origin: str, scale: float, found: dict[str, float | None]
) -> None:
    """Add the seconds of one `when` and of those it depends on; what hangs on nothing, or on itself, has none."""
    chain: dict[str, str] = {}  # each moment, and the one it is measured from
    while name not in found and name in whens and name not in chain:
        chain[name] = whens[name].get("since", "").removeprefix("#") or origin
        name = chain[name]
    for link, since in reversed(chain.items()):
        interval, base = seconds_of(whens[link].get("interval")), found.get(since)
        if interval is not None:
            found[link] = None if base is None else round(base + interval * scale, 6)
        else:
            found[link] = _clock(whens[link].get("absolute")) if whens[link].get("absolute") else None


def _clock(written: str | None) -> float:
    """Seconds of `00:01:02.5`; 0 for a date or nothing, which only say when the recording was made."""
    match = _CLOCK.fullmatch((written or "").strip())
    return int(match[1] or 0) * 3600 + int(match[2]) * 60 + float(match[3]) if match else 0.0


# --- header and notices ------------------------------------------------------------------------------


def _metadata(tei: _Element) -> dict[str, str]:
    """Title and date of the header, then what the attributes of `text` say."""
    header = next(tei.iterchildren("{*}teiHeader"), None)
    spoken = next(tei.iter(*(f"{{*}}{name}" for name in _tei()["utterances"])), None) is not None
    found: dict[str, str] = {}
    if header is not None:
        title = header.find("{*}fileDesc/{*}titleStmt/{*}title")
        if title is not None and not spoken:
            found["title"] = _flat(title)
        found["date"] = next(filter(None, map(_date, _dates(header))), "")
    for text in tei.iterchildren("{*}text"):
        found.update(text_attributes(text))
    return {name: value for name, value in found.items() if value}


def _dates(header: _Element) -> Iterator[_Element]:
    """Dates of the recording, of the conversation, of the source, then of the publication."""
    for place in ("recordingStmt", "settingDesc", "sourceDesc", "creation", "publicationStmt"):
        for element in header.iter(f"{{*}}{place}"):
            yield from element.iter("{*}date")


def _date(element: _Element) -> str:
    told = squeezed(element.get("when", "")) or _flat(element)
    return told if _YEAR.search(told) else ""


def header_notice(headers: Iterable[_Element]) -> Iterator[str]:
    """What is said of headers: how many words they hold."""
    words = sum(count_words(_flat(header)) for header in headers)
    if words:
        yield f"en-tête TEI laissé de côté, titre et date exceptés : {words} mots"


def _notices(page: _Page) -> tuple[str, ...]:
    words = _tei()["dropped"]
    notices = []
    counts: Counter[str] = Counter()
    for name, count in page.dropped.items():
        counts[words[name]] += count
    del counts[words["teiHeader"]]
    if counts:
        kinds = ", ".join(f"{kind} ({count})" for kind, count in counts.most_common())
        notices.append(f"laissés de côté, car ce n’est pas le texte : {kinds}")
    if page.readings:
        notices.append(f"leçons écartées là où le texte en offre plusieurs : {page.readings}")
    return tuple(notices)


# --- the spacing of words ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Spacing:
    closes: re.Pattern[str]
    opens: re.Pattern[str]
    after_space: re.Pattern[str]
    before_space: re.Pattern[str]


@cache
def _spacing() -> _Spacing:
    rules = read_toml("xml_formats.toml")["words"]
    return _Spacing(*(re.compile(rules[name]) for name in ("closes", "opens", "after_space", "before_space")))


def _between(before: Word, word: Word, quoting: bool, rules: _Spacing) -> str:
    """What stands between two words; `quoting`: a straight quotation mark is open."""
    if word.join in ("left", "both") or before.join in ("right", "both"):
        return ""
    if (before.form == '"' and quoting) or (word.form == '"' and quoting):
        return ""
    if rules.closes.fullmatch(word.form) or rules.opens.fullmatch(before.form):
        return ""
    if rules.after_space.fullmatch(word.form) or rules.before_space.fullmatch(before.form):
        return "\u00a0"
    return " "
