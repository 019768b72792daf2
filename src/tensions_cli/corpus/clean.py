"""Find what is not body in a page of prose: site furniture, notes, bibliography.

The text is never changed: `clean` only adds zones. It works on blocks (one line or paragraph each)
with three kinds of evidence: the wording of interfaces (`knowledge/chrome.toml`), the place of a
line among others (head, middle or tail of the page, beside lines already recognised), and
repetition. A dropped sentence of body costs a passage, a kept menu costs a few words: a line is
kept whenever the evidence is thin.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Any

from tensions_cli.corpus.patterns import needs, without_captures
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import BlockKind, Document, Zone, ZoneKind

# Scores of evidence: a cluster of lines is furniture from ACCEPT on, so three buttons side by side,
# or one sure line and anything beside it; two buttons alone are not enough (a leaflet has two).
SURE, WEAK, MENU = 2.0, 1.0, 0.5
ACCEPT = 2.5
# A page whose accepted clusters reach this much has furniture beyond doubt. Of the pages read or
# composed for the tests those that have menus score 5.5 to 47, texts without furniture score 0.
FURNISHED = 4.0
EDGES = 6.0  # … or this much, accepted or not, around the paragraphs, when one line at least is sure
NEAR = 4  # unknown lines allowed between two pieces of evidence when one of them is sure
TAIL_GAP = 8  # the same, after the last paragraph of a page that has furniture
PATTERN_WORDS = 60  # no interface line of the reference pages is longer, cookie banners apart
# Beyond, a line of few words is no interface: a banner of 140 words has 1,000 characters, and no word has 60. A pattern
# such as `.{0,40}\d+ ?€` takes a second on 1,400 digits.
PATTERN_CHARACTERS = 1500
PATTERN_WORD = 60
PROSE_WORDS = 8  # a line of so many words that ends like a sentence is a paragraph …
LONG_WORDS = 25  # … and so is any line of so many words
MENU_WORDS = 4  # longest unknown line dropped before the title (titles are longer, most often)
LABEL_WORDS = 8  # longest unknown line dropped between two buttons
TITLE_WORDS = 7  # first line of so many words in the head is the title when nothing says better
TEASER_WORDS = 45  # longest paragraph dropped as the teaser of another article

_MEDIAN_POINT = re.compile(r"(?<=\w)·(?=\w)")  # « abonné·es »
_WORD = re.compile(r"[^\W_]+")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_DIGIT = re.compile(r"\d")
_EDGE = " .:;,!?…»«›‹>→←↑↓*•·▪◦●■–—-|\"'“”[]✕×✖▶►▼▲#_+=☰©"
_SENTENCE_END = re.compile(r"[.!…;:](?:\s?[»”\")\]])*$|\.\s?\(\d+\)$")
_ARTICLE = re.compile(r"^(?:les? |la |l'|notre |votre )")
_ORDINAL = re.compile(r"^(?:[ivx]+|\d+|[a-z])(?:[.)]\d*)+ ?|^\d+ ")


@dataclass(frozen=True, slots=True)
class _Rule:
    reason: str
    score: float
    section: str
    mark: str
    max_words: int
    pattern: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class _Any:
    """Patterns of several rules as one: for lines of at most `max_words`, with a digit if all need one."""

    max_words: int
    digit: bool
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _Knowledge:
    phrases: Mapping[str, tuple[_Rule, ...]]
    rules: tuple[_Rule, ...]
    any_rule: tuple[_Any, ...]
    protected: re.Pattern[str]
    fragments: frozenset[str]
    note_headings: frozenset[str]
    note: re.Pattern[str]
    bibliography_headings: frozenset[str]
    entry: re.Pattern[str]
    ends: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Line:
    """One block as the rules see it. `key` is `text` without the punctuation at its ends."""

    start: int
    end: int
    kind: BlockKind
    text: str
    key: str
    words: int
    score: float
    reason: str
    section: str
    marks: frozenset[str]
    protected: bool

    @property
    def prose(self) -> bool:
        if self.score:
            return False
        if self.words >= LONG_WORDS:
            return True
        return self.words >= PROSE_WORDS and _SENTENCE_END.search(self.text) is not None


@dataclass(frozen=True, slots=True)
class _Verdict:
    kind: ZoneKind
    detail: str


_Verdicts = dict[int, _Verdict]


def clean(document: Document) -> Document:
    """Return the document with CHROME, NOTE and BIBLIOGRAPHY zones added.

    An interview (`turns` not empty) and a ready-made passage (`record`) come back unchanged.
    Existing zones are left alone, and blocks inside them are not looked at. Each new zone says in
    `detail`, in a few French words, which rule dropped it.
    """
    if document.turns or document.record:
        return document
    lines = [_read(document, block.start, block.end, block.kind) for block in _free_blocks(document)]
    verdicts = _notes(lines) | _bibliography(lines)
    verdicts |= _furniture(lines, verdicts, fold(document.metadata.get("title", "")))
    zones = [*document.zones, *_merged(lines, verdicts, document.zones)]
    return replace(document, zones=tuple(sorted(zones, key=lambda zone: (zone.start, zone.end))))


def fold(text: str) -> str:
    """Lower case, no accent, straight apostrophe, no median point, single spaces: as the rules are."""
    lowered = text.lower()
    # A character at a time: a line has three of them; `translate`, which looks at each letter, takes thrice as long.
    for character in _folding().keys() & _BEYOND_ASCII.findall(lowered):
        lowered = lowered.replace(character, _folding()[character])
    if "·" in lowered:
        lowered = _MEDIAN_POINT.sub("", lowered)
    return " ".join(lowered.split())


@cache
def _folding() -> dict[str, str]:
    """What some characters become; none becomes another one of them."""
    table = {"’": "'", "‘": "'", "œ": "oe", "æ": "ae"}
    table |= dict.fromkeys("\u00ad\u200b\u200c\u200d\ufeff", "")  # invisible characters
    table |= dict.fromkeys(map(chr, range(0x0300, 0x0370)), "")  # combining accents
    for character in map(chr, range(0x00C0, 0x0180)):
        base = unicodedata.normalize("NFD", character)[0]
        if base != character:
            table[character] = base
    return table


def _key(text: str) -> str:
    return text.strip(_EDGE)


# ------------------------------------------------------------------------------------ knowledge


def _union(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns) or r"(?!)")


def _keys(phrases: Iterable[str]) -> frozenset[str]:
    return frozenset(_key(fold(phrase)) for phrase in phrases)


@cache
def _knowledge() -> _Knowledge:
    data = read_toml("chrome.toml")
    phrases: dict[str, tuple[_Rule, ...]] = {}
    rules = []
    for entry in [*data["rule"], *data["section"]]:
        rule = _rule(entry)
        rules.append(rule)
        for key in _keys(entry.get("phrases", ())):
            phrases[key] = (*phrases.get(key, ()), rule)
    return _Knowledge(
        phrases=phrases,
        rules=tuple(rule for rule in rules if rule.pattern is not None),
        any_rule=_any_rule([*data["rule"], *data["section"]]),
        protected=_union(data["protected"]["patterns"]),
        fragments=_keys(data["fragment"]["phrases"]),
        note_headings=_keys(data["note"]["headings"]),
        note=_union(data["note"]["patterns"]),
        bibliography_headings=_keys(data["bibliography"]["headings"]),
        entry=re.compile(data["bibliography"]["entry"]),
        ends=_keys(data["bibliography"]["ends"]),
    )


def _rule(entry: Mapping[str, Any]) -> _Rule:
    return _Rule(
        reason=entry["reason"],
        score={"sure": SURE, "weak": WEAK, "menu": MENU}[entry["strength"]],
        section=entry.get("kind", ""),
        mark=entry.get("mark", ""),
        max_words=entry.get("max_words", PATTERN_WORDS),
        pattern=_union(entry["patterns"]) if "patterns" in entry else None,
    )


def _any_rule(entries: Iterable[Mapping[str, Any]]) -> tuple[_Any, ...]:
    """The patterns of the rules by length and need: a line that none fills costs a match or two, not fifty."""
    alike: dict[tuple[int, bool], list[str]] = {}
    for entry in entries:
        for pattern in entry.get("patterns", ()):
            of_a_kind = entry.get("max_words", PATTERN_WORDS), needs(pattern, r"\d")
            alike.setdefault(of_a_kind, []).append(without_captures(pattern))
    return tuple(_Any(words, digit, _union(patterns)) for (words, digit), patterns in alike.items())


# ---------------------------------------------------------------------------------------- lines


def _free_blocks(document: Document) -> Iterator[Any]:
    zones = sorted(document.zones, key=lambda zone: zone.start)
    rank = 0
    for block in document.blocks:
        while rank < len(zones) and zones[rank].end <= block.start:
            rank += 1
        covered = rank < len(zones) and zones[rank].start <= block.start and block.end <= zones[rank].end
        if not covered:
            yield block


def _read(document: Document, start: int, end: int, kind: BlockKind) -> _Line:
    knowledge = _knowledge()
    raw = document.text[start:end]
    spelt = _WORD.findall(raw)
    words = len(spelt)
    text = fold(raw)
    key = _key(text)
    readable = len(text) <= PATTERN_CHARACTERS and max(map(len, spelt), default=0) <= PATTERN_WORD
    found = _matching(knowledge, text, key, words, kind) if readable else []
    best = max(found, key=lambda rule: rule.score, default=None)
    return _Line(
        start=start,
        end=end,
        kind=kind,
        text=text,
        key=key,
        words=words,
        score=best.score if best else 0.0,
        reason=best.reason if best else "",
        section=next((rule.section for rule in found if rule.section), ""),
        marks=frozenset(rule.mark for rule in found if rule.mark),
        protected=readable and words <= PATTERN_WORDS and knowledge.protected.fullmatch(text) is not None,
    )


def _matching(knowledge: _Knowledge, text: str, key: str, words: int, kind: BlockKind) -> list[_Rule]:
    colon = text.endswith(":") and words <= LABEL_WORDS  # « X a dit : » is told by its colon
    found = list(knowledge.phrases.get(key, ()))
    found += [rule for rule in knowledge.phrases.get(_ARTICLE.sub("", key), ()) if rule.score == MENU]
    forms = (key, text) if colon else (key,)
    if _fills_any(knowledge, forms, words):
        found += [
            rule
            for rule in knowledge.rules
            if words <= rule.max_words and rule.pattern is not None and any(map(rule.pattern.fullmatch, forms))
        ]
    if kind is BlockKind.CELL:  # a table of figures is full of short lines
        found = [rule for rule in found if rule.score == SURE]
    return found


def _fills_any(knowledge: _Knowledge, forms: tuple[str, ...], words: int) -> bool:
    """Whether a rule can apply; which one, its own pattern tells."""
    digit = any(map(_DIGIT.search, forms))
    return any(
        words <= patterns.max_words and (digit or not patterns.digit) and any(map(patterns.pattern.fullmatch, forms))
        for patterns in knowledge.any_rule
    )


def _merged(lines: list[_Line], verdicts: _Verdicts, zones: Iterable[Zone]) -> list[Zone]:
    """Zones, neighbours of the same kind and reason in one unless an existing zone parts them."""
    starts = sorted(zone.start for zone in zones)
    merged: list[Zone] = []
    previous = -2
    for rank in sorted(verdicts):
        verdict, line = verdicts[rank], lines[rank]
        zone = Zone(line.start, line.end, verdict.kind, verdict.detail)
        last = merged[-1] if merged and rank == previous + 1 else None
        if last and last == replace(zone, start=last.start, end=last.end) and _clear(starts, last.end, zone.start):
            merged[-1] = replace(last, end=zone.end)
        else:
            merged.append(zone)
        previous = rank
    return merged


def _clear(starts: list[int], first: int, last: int) -> bool:
    return bisect_left(starts, first) == bisect_left(starts, last)


# ------------------------------------------------------------------------- notes, bibliography

_NOTE_MARK = re.compile(r"^(\(|\[)?(\d{1,3})(?:\)|\]|\.|-|–)?(?=\s|[^\W\d]|«|$)")


def _notes(lines: list[_Line]) -> _Verdicts:
    """Notes recognised by their shape, and numbered lists that close a text that calls them."""
    knowledge = _knowledge()
    verdicts: _Verdicts = {}
    for rank, line in enumerate(lines):
        if knowledge.note.fullmatch(line.text):
            verdicts[rank] = _Verdict(ZoneKind.NOTE, "note")
    for rank, line in enumerate(lines):
        if line.key in knowledge.note_headings and _words_share(lines, rank) >= 0.4:
            listed = _numbered(lines, rank + 1)
            shaped = rank + 1 in verdicts
            if shaped or (listed and _called(lines, rank)):
                verdicts |= dict.fromkeys([rank, *listed], _Verdict(ZoneKind.NOTE, "notes"))
        elif rank not in verdicts and line.text.startswith(("[1]", "(1)")):
            listed = _numbered(lines, rank)
            if _called(lines, rank) and _words_share(lines, rank) >= 0.4:
                verdicts |= dict.fromkeys(listed, _Verdict(ZoneKind.NOTE, "notes"))
    return verdicts


def _numbered(lines: list[_Line], first: int) -> list[int]:
    """Ranks of the lines numbered 1, 2, 3… from `first` on; a gap of one number is forgiven."""
    ranks = []
    expected = 1
    for rank in range(first, len(lines)):
        mark = _NOTE_MARK.match(lines[rank].text)
        if not mark or not expected <= int(mark[2]) <= expected + 1 or lines[rank].words < 2:
            break
        ranks.append(rank)
        expected = int(mark[2]) + 1
    return ranks


_CALL = re.compile(r"\[1\]|\(1\)|[^\W\d_]1\b|[»”.,] ?1(?=[\s.,;:)])|[^\W\d_] 1(?=[.,;:)]|$)|¹")


def _called(lines: list[_Line], before: int) -> bool:
    return any(_CALL.search(line.text) for line in lines[:before] if line.prose)


def _words_share(lines: list[_Line], before: int) -> float:
    total = sum(line.words for line in lines)
    return sum(line.words for line in lines[:before]) / total if total else 0.0


def _bibliography(lines: list[_Line]) -> _Verdicts:
    """From a heading followed by entries to the last entry."""
    knowledge = _knowledge()
    verdicts: _Verdicts = {}
    for rank, line in enumerate(lines):
        if _ORDINAL.sub("", line.key) in knowledge.bibliography_headings:
            entries = _entries(lines, rank + 1)
            if entries:
                ranks = range(rank, entries[-1] + 1)
                verdicts |= dict.fromkeys(ranks, _Verdict(ZoneKind.BIBLIOGRAPHY, "bibliographie"))
    return verdicts


def _entries(lines: list[_Line], first: int) -> list[int]:
    """Ranks of the lines that look like entries; two strangers in a row end the list."""
    knowledge = _knowledge()
    ranks: list[int] = []
    strangers = 0
    for rank in range(first, len(lines)):
        line = lines[rank]
        if line.key in knowledge.ends or (line.score and not knowledge.entry.search(line.text)):
            break
        if line.words >= 3 and knowledge.entry.search(line.text):
            ranks.append(rank)
            strangers = 0
        else:
            strangers += 1
            if strangers == 2 or line.words >= PATTERN_WORDS:
                break
    return ranks


# ------------------------------------------------------------------------------------ furniture


@dataclass(frozen=True, slots=True)
class _Run:
    """Consecutive lines without a paragraph. Head and tail are told when the page has paragraphs."""

    ranks: range
    head: bool
    tail: bool


def _furniture(lines: list[_Line], taken: _Verdicts, title_key: str) -> _Verdicts:
    verdicts = _comments(lines, taken) | _teasers(lines)
    lines = _asides(lines)
    runs = list(_runs(lines, taken | verdicts))
    title = _title(lines, runs, title_key)
    accepted = {run: _clusters(lines, run, furnished=False) for run in runs}
    scraps = _head_scraps(lines, runs)
    twice = _repeated_title(lines, title, furnished=False)
    traces = WEAK * len(scraps) + SURE * len(twice)  # left by a page template, whatever else is there
    furnished = _is_furnished(lines, accepted, traces)
    if furnished:
        accepted = {run: _clusters(lines, run, furnished=True) for run in runs}
    for run, clusters in accepted.items():
        verdicts |= _dropped(lines, run, clusters, title, furnished)
        verdicts |= _sections(lines, run, clusters)
    if furnished:
        verdicts |= _contents(lines, verdicts)
    verdicts |= _repeated_title(lines, title, furnished or bool(verdicts)) | scraps
    return {rank: verdict for rank, verdict in verdicts.items() if rank not in taken}


def _chrome(reason: str) -> _Verdict:
    return _Verdict(ZoneKind.CHROME, reason)


def _runs(lines: list[_Line], taken: _Verdicts) -> Iterator[_Run]:
    prose = [rank for rank, line in enumerate(lines) if line.prose and rank not in taken]
    edges = [-1, *prose, len(lines)]
    for before, after in pairwise(edges):
        if after - before > 1:
            ranks = range(before + 1, after)
            yield _Run(ranks, head=bool(prose) and before < 0, tail=bool(prose) and after == len(lines))


def _clusters(lines: list[_Line], run: _Run, *, furnished: bool) -> list[list[int]]:
    """Groups of neighbouring evidence strong enough to be furniture."""
    groups: list[list[int]] = []
    edge = run.head or run.tail
    for rank in run.ranks:
        if lines[rank].score < (MENU if edge else WEAK):
            continue
        if groups and _linked(lines, groups[-1][-1], rank, furnished):
            groups[-1].append(rank)
        else:
            groups.append([rank])
    return [group for group in groups if _is_furniture(lines, group, furnished=furnished, edge=edge)]


def _linked(lines: list[_Line], before: int, after: int, furnished: bool) -> bool:
    unknown = sum(1 for rank in range(before + 1, after) if lines[rank].key)
    anchored = furnished or SURE in (lines[before].score, lines[after].score)
    return unknown <= (NEAR if anchored else 0)


def _is_furniture(lines: list[_Line], group: list[int], *, furnished: bool, edge: bool) -> bool:
    distinct = {lines[rank].key: lines[rank].score for rank in group}
    sure = SURE in distinct.values()
    total = sum(score for score in distinct.values() if sure or furnished or score > MENU)
    return sure or total >= (WEAK if furnished and edge else ACCEPT)


def _page_score(lines: list[_Line], accepted: Iterable[list[list[int]]]) -> float:
    distinct = {lines[rank].key: lines[rank].score for groups in accepted for group in groups for rank in group}
    return sum(distinct.values())


def _is_furnished(lines: list[_Line], accepted: Mapping[_Run, list[list[int]]], traces: float) -> bool:
    """Whether the page has furniture beyond doubt: much of it for sure, or a little and much else
    that looks like it before the first and after the last paragraph."""
    certain = _page_score(lines, accepted.values()) + traces
    edges = [[rank for rank in run.ranks if lines[rank].score] for run in accepted if run.head or run.tail]
    return certain >= FURNISHED or (certain >= SURE and _page_score(lines, [edges]) >= EDGES)


def _score(lines: list[_Line], group: list[int]) -> float:
    return sum({lines[rank].key: lines[rank].score for rank in group}.values())


def _dropped(lines: list[_Line], run: _Run, clusters: list[list[int]], title: int | None, furnished: bool) -> _Verdicts:
    verdicts: _Verdicts = {}
    for group in clusters:
        if _score(lines, group) >= ACCEPT or furnished:
            verdicts |= {rank: _chrome(lines[rank].reason) for rank in group}
        else:  # one sure line and nothing beside it
            verdicts |= {rank: _chrome(lines[rank].reason) for rank in group if lines[rank].score == SURE}
    if not verdicts:
        return verdicts
    if run.tail and furnished:
        absorbed = _absorbed_in_tail(lines, run, sorted(verdicts))
    elif run.head and furnished and title is not None:
        absorbed = _absorbed_in_head(lines, run, sorted(verdicts), title)
    else:
        absorbed = _absorbed_between(lines, sorted(verdicts))
    for rank in absorbed:
        if rank not in verdicts and not lines[rank].protected:
            verdicts[rank] = _chrome("habillage de page")
    return verdicts


def _absorbed_between(lines: list[_Line], evidence: list[int]) -> Iterator[int]:
    """One or two short unknown lines held between two buttons."""
    for before, after in pairwise(evidence):
        inside = range(before + 1, after)
        if len([rank for rank in inside if lines[rank].key]) <= 2 and all(
            lines[rank].words <= LABEL_WORDS and lines[rank].kind is not BlockKind.TITLE for rank in inside
        ):
            yield from inside


def _absorbed_in_tail(lines: list[_Line], run: _Run, evidence: list[int]) -> Iterator[int]:
    """Unknown short lines from the first piece of evidence on, unless a long gap separates them."""
    stops = [*evidence, run.ranks.stop]
    for before, after in pairwise(stops):
        inside = range(before + 1, after)
        if len([rank for rank in inside if lines[rank].key]) <= TAIL_GAP:
            yield from inside


def _absorbed_in_head(lines: list[_Line], run: _Run, evidence: list[int], title: int) -> Iterator[int]:
    """Unknown short lines before the title; the line that touches it may be its kicker and stays."""
    known = set(evidence)
    for rank in run.ranks:
        line = lines[rank]
        if rank >= title:
            break
        kicker = rank + 1 == title and (rank - 1 in known or line.words >= 2)
        held = {rank - 1, rank + 1} <= known and lines[title].words >= TITLE_WORDS
        longest = LABEL_WORDS if held else MENU_WORDS
        if rank not in known and line.words <= longest and not kicker:
            yield rank


# ---------------------------------------------------------------------------- title and repeats


def _title(lines: list[_Line], runs: list[_Run], title_key: str) -> int | None:
    """Rank of the title in the head of the page, by metadata, markup, repetition, then length."""
    head = next((run for run in runs if run.head), None)
    if head is None:
        return None
    unknown = [
        rank for rank in head.ranks if not lines[rank].score and lines[rank].words >= 2 and not lines[rank].protected
    ]
    counts: dict[str, int] = {}
    for line in lines:
        counts[line.key] = counts.get(line.key, 0) + 1

    def first(ranks: Iterable[int]) -> int | None:
        return next(iter(ranks), None)

    named = first(rank for rank in unknown if lines[rank].words >= 3 and lines[rank].key in title_key)
    marked = first(rank for rank in unknown if lines[rank].kind is BlockKind.TITLE)
    repeated = first(rank for rank in unknown if counts[lines[rank].key] > 1 and lines[rank].words >= 5)
    long = first(rank for rank in unknown if lines[rank].words >= TITLE_WORDS)
    closing: int | None = None
    candidates = frozenset(unknown)
    for rank in reversed(head.ranks):
        if lines[rank].score:
            break
        closing = rank if rank in candidates else closing
    if closing is None:
        closing = max(unknown, key=lambda rank: lines[rank].words, default=None)
    return next((rank for rank in (named, marked, repeated, long, closing) if rank is not None), None)


def _repeated_title(lines: list[_Line], title: int | None, furnished: bool) -> _Verdicts:
    """The title said again: at once (page title and heading), or further down a furnished page."""
    verdicts: _Verdicts = {}
    first = title if title is not None else 0
    if not lines or lines[first].words < 5:
        return verdicts
    for rank in range(first + 1, len(lines)):
        at_once = rank - first <= 2 and lines[first].words >= PROSE_WORDS
        if lines[rank].key == lines[first].key and (furnished or at_once):
            verdicts[rank] = _chrome("titre répété")
    return verdicts


_BARE_PRICE = re.compile(r"\d{1,3}[.,]\d{2}(?: ?(?:€|eur|euros))?")


def _head_scraps(lines: list[_Line], runs: list[_Run]) -> _Verdicts:
    """In the head only: a lone price, and a function word left of an empty by-line or date."""
    verdicts: _Verdicts = {}
    head = next((run for run in runs if run.head), None)
    for rank in list(head.ranks)[1:10] if head else []:
        if lines[rank].kind is BlockKind.CELL:
            continue
        neighbours = lines[max(0, rank - 3) : rank] + lines[rank + 1 : rank + 4]
        lone = not any(re.fullmatch(r"[\d ,.€]+", line.key) for line in neighbours if line.key)
        if _BARE_PRICE.fullmatch(lines[rank].key) and lone:
            verdicts[rank] = _chrome("prix")
        elif lines[rank].key in _knowledge().fragments:
            verdicts[rank] = _chrome("date ou signature vide")
    return verdicts


# ------------------------------------------------------------------------------------- sections


def _comments(lines: list[_Line], taken: _Verdicts) -> _Verdicts:
    """Readers' comments: from a heading (or a dated signature) to the last mark of a comment, and
    the message after it.

    The heading counts only with a fifth of the prose before it (a « 3 commentaires » under the
    title is a link) and with a mark (an answer button, a dated signature, an e-mail notice) near.
    """
    prose = [rank for rank, line in enumerate(lines) if line.prose and rank not in taken]
    total = sum(lines[rank].words for rank in prose)
    for rank, line in enumerate(lines):
        if line.section != "comments" and not _signed(lines, rank):
            continue
        before = sum(lines[other].words for other in prose if other < rank)
        if not before or before < total / 5:
            continue
        last = _last_mark(lines, rank)
        if last is not None:
            return dict.fromkeys(range(rank, last + 1), _chrome("commentaires"))
    return {}


def _signed(lines: list[_Line], rank: int) -> bool:
    """Whether a comment opens here without a heading: « X dit : » and, next, a date with an hour."""
    pair = lines[rank : rank + 2]
    marked = len(pair) == 2 and all("comment" in line.marks for line in pair)
    return marked and pair[0].text.endswith(":") and pair[1].text[-1:].isalnum()


def _last_mark(lines: list[_Line], heading: int) -> int | None:
    """Rank of the last line of the comments, None without any mark of them."""
    last = None
    unmarked = 0
    for rank in range(heading + 1, len(lines)):
        if "comment" in lines[rank].marks:
            last, unmarked = rank, 0
        elif lines[rank].prose:
            unmarked += 1
        if unmarked > 4 or (last is None and unmarked > 1):
            break
    if last is None:
        return None
    sure = lines[last].score == SURE
    follows = last + 1 < len(lines) and lines[last + 1].prose
    return last + 1 if follows and not sure and lines[last].key not in ("repondre", "signaler") else last


def _teasers(lines: list[_Line]) -> _Verdicts:
    """Short presentations of other articles (under a heading, closed by « Lire la suite »), and the
    reference that follows « Citer cet article »."""
    verdicts: _Verdicts = {}
    inside = False
    for rank, line in enumerate(lines):
        if rank and "cite" in lines[rank - 1].marks and _knowledge().entry.search(line.text):
            verdicts[rank] = _chrome(lines[rank - 1].reason)
        elif line.section == "titles":
            inside = True
        elif line.prose and inside:
            closed = any("teaser" in other.marks for other in lines[rank + 1 : rank + 3])
            if closed and line.words <= TEASER_WORDS:
                verdicts[rank] = _chrome("autres articles")
            else:
                inside = False
    return verdicts


_ADDRESS = re.compile(r"\b(?:vous|votre|vos|nos offres|notre site|nos services)\b|\w-(?:vous|nous)\b")


def _asides(lines: list[_Line]) -> list[_Line]:
    """A short sentence that speaks to the reader, held between two sure lines, counts as a button."""
    result = list(lines)
    for rank in range(1, len(lines) - 1):
        line = lines[rank]
        sides = (lines[rank - 1].score, lines[rank + 1].score)
        held = min(sides) >= WEAK and SURE in sides
        if line.prose and line.words <= LONG_WORDS and held and _ADDRESS.search(line.text):
            result[rank] = replace(line, score=WEAK, reason="encart")
    return result


def _sections(lines: list[_Line], run: _Run, clusters: list[list[int]]) -> _Verdicts:
    """Titles of other pages after a heading that announces them.

    In mid-page the line that touches the next paragraph may be a heading of the text: one line
    after the announcement is a title, then the last one stays.
    """
    verdicts: _Verdicts = {}
    openings = [rank for group in clusters for rank in group if lines[rank].section == "titles"]
    for opening in openings:
        followers: list[int] = []
        for rank in range(opening + 1, run.ranks.stop):
            if lines[rank].score or lines[rank].protected:
                break
            followers.append(rank)
        touches = bool(followers) and followers[-1] == run.ranks.stop - 1 and not run.tail
        if touches and len(followers) > 1:
            followers.pop()
        if run.head or (lines[opening].score < WEAK and not run.tail):
            continue
        verdicts |= dict.fromkeys(followers, _chrome(lines[opening].reason))
    return verdicts


def _contents(lines: list[_Line], dropped: _Verdicts) -> _Verdicts:
    """A list of headings made by the site: the lines after « Plan » that come again further down."""
    verdicts: _Verdicts = {}
    places: dict[str, list[int]] = {}
    for rank, line in enumerate(lines):
        if line.words:
            places.setdefault(_ORDINAL.sub("", line.key), []).append(rank)
    for rank, line in enumerate(lines):
        if line.section != "contents":
            continue
        end = rank + 1
        while end < len(lines) and not lines[end].prose and _again(lines, places, end):
            end += 1
        if end - rank > 2:
            verdicts |= dict.fromkeys(range(rank, end), _chrome("plan du site"))
        elif rank in dropped:
            verdicts[rank] = dropped[rank]
    return verdicts


def _again(lines: list[_Line], places: Mapping[str, list[int]], rank: int) -> bool:
    key = _ORDINAL.sub("", lines[rank].key)
    return bool(key) and places.get(key, [rank])[-1] > rank
