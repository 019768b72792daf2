"""Transcripts: labels, roles and turns that a person should look at. A speaker is told by rank, never by label."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from statistics import median

from tensions_cli.corpus.check_places import Place
from tensions_cli.corpus.speaker_labels import fold, label_key, one_letter_apart
from tensions_cli.knowledge.corpus_rules import Finding, finding, words
from tensions_cli.records import Document, Role, Turn, Zone, ZoneKind
from tensions_cli.words import count_words

# The detail that corpus/speakers.py gives to the zone of a label.
_LABEL = "étiquette"

# Speakers.md §3 (diarisation), and the base under which a share of words says nothing.
_MANY_LABELS = 10
_FEW_WORDS_SHARE = 0.02
_WORDS_BASE = 500

# Rule 10: ten times the median, here of the speaker's own turns: beside an interviewer who says « mm » two hundred
# times every answer would be ten times the median of all. Under five turns a median says nothing.
_LONG_TURN = 10
_LONG_TURN_WORDS = 200
_FEWEST_TURNS = 5

_OUT_OF_SPEECH = (ZoneKind.METADATA, ZoneKind.LEGEND, ZoneKind.TRAILER)
_ROLE_NAMES = {Role.INTERVIEWER: "enquêteur", Role.RESPONDENT: "enquêté"}


def check_speech(document: Document, place: Place, direct: bool) -> Iterator[Finding]:
    """What is doubtful in the turns of a document; `direct`: it does not lie in an archive."""
    yield from _check_spelling(document, place, direct and document.format == "txt")
    yield from _check_empty_turns(document, place)
    yield from _check_out_of_speech(document, place)
    if document.format not in words("speech", "declared"):
        yield from _check_long_turns(document, place)
        yield from _check_roles(document, place)
        yield from _check_cast(document, place)


def misspelt_labels(document: Document) -> list[tuple[int, int, str]]:
    """Where a label stands that is one letter away from the one it was merged into: start, end, that label."""
    right = {
        " ".join(label.split()): member.speaker
        for member in document.cast
        for label, _ in member.merged
        if is_misspelt(label, member.speaker)
    }
    if not right:
        return []
    alternatives = "|".join(
        r"\s+".join(map(re.escape, label.split())) for label in sorted(right, key=len, reverse=True)
    )
    wanted = re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)")
    return [
        (found.start(), found.end(), right[" ".join(found[0].split())])
        for zone in _labels(document)
        for found in [wanted.search(document.text, zone.start, zone.end)]
        if found
    ]


def is_misspelt(label: str, speaker: str) -> bool:
    """One letter in one word makes the difference; case, accents, titles and first names make another style."""
    if label_key(label) == label_key(speaker):
        return False
    ours, theirs = fold(label).split(), fold(speaker).split()
    differing = [(a, b) for a, b in zip(ours, theirs, strict=False) if a != b]
    return len(ours) == len(theirs) and len(differing) == 1 and one_letter_apart(*differing[0])


def _labels(document: Document) -> list[Zone]:
    return [zone for zone in document.zones if zone.kind is ZoneKind.LABEL and zone.detail == _LABEL]


def _check_spelling(document: Document, place: Place, fixable: bool) -> Iterator[Finding]:
    ranks = {member.speaker: rank for rank, member in enumerate(document.cast, start=1)}
    told = misspelt_labels(document)
    for start, _, speaker in told:
        yield _of_speaker("etiquette-fautive", document, place, ranks[speaker], start, fixable=fixable)
    for rank, member in enumerate(document.cast, start=1):
        wrong = [label for label, _ in member.merged if is_misspelt(label, member.speaker)]
        if wrong and not any(speaker == member.speaker for _, _, speaker in told):  # named by the markup only
            yield _of_speaker("etiquette-fautive", document, place, rank, fixable=False)
        if len(member.merged) > len(wrong):
            count = len(member.merged) - len(wrong) + 1
            yield _of_speaker("etiquette-variante", document, place, rank, count=count)


def _of_speaker(
    rule: str,
    document: Document,
    place: Place,
    rank: int,
    start: int | None = None,
    *,
    fixable: bool = True,
    **said: int | str,
) -> Finding:
    """A finding about one speaker, told by rank in order of appearance; at the first label unless `start` is given."""
    at = first_turn(document, document.cast[rank - 1].speaker) if start is None else start
    where = ", ".join(filter(None, (f"locuteur\u00a0{rank}", place.said(at))))
    return finding(rule, document.source, place.line(at), place=where, fixable=fixable, **said)


def first_turn(document: Document, speaker: str) -> int:
    """Where the label of a speaker's first turn stands, else the turn itself."""
    turn = next((turn for turn in document.turns if turn.speaker == speaker), document.turns[0])
    labels = _labels(document)
    at = bisect_left([zone.end for zone in labels], turn.start + 1) - 1
    before = labels[at] if at >= 0 else None
    gap = document.text[before.end : turn.start] if before else "?"
    return before.start if before and not gap.strip() else turn.start


def _check_roles(document: Document, place: Place) -> Iterator[Finding]:
    guesses = tuple(words("speech", "guesses"))
    undecided = [rank for rank, member in enumerate(document.cast, start=1) if member.role is None]
    if undecided:
        yield _of_speaker("role-inconnu", document, place, undecided[0], count=len(undecided))
    for rank, member in enumerate(document.cast, start=1):
        if member.role is not None and member.ground.startswith(guesses):
            yield _of_speaker("role-devine", document, place, rank, role=_ROLE_NAMES[member.role])
    # With undecided speakers the interviewer may be one of them: said once, by the rule above.
    if document.cast and not undecided and not any(member.role is Role.INTERVIEWER for member in document.cast):
        yield finding("enqueteur-absent", document.source, count=len(document.cast))


def _check_cast(document: Document, place: Place) -> Iterator[Finding]:
    cast = document.cast
    if len(cast) > _MANY_LABELS:
        yield finding("locuteurs-nombreux", document.source, count=len(cast))
    total = sum(member.words for member in cast)
    for rank, member in enumerate(cast, start=1):
        if member.turns == 1 and len(cast) > 2:
            yield _of_speaker("etiquette-unique", document, place, rank)
        elif total >= _WORDS_BASE and member.words < _FEW_WORDS_SHARE * total:
            yield _of_speaker("locuteur-rare", document, place, rank)


def _check_long_turns(document: Document, place: Place) -> Iterator[Finding]:
    lengths: dict[str | None, list[tuple[int, Turn]]] = {}
    for turn in document.turns:
        lengths.setdefault(turn.speaker, []).append((count_words(document.text, turn.start, turn.end), turn))
    long = [
        turn
        for turns in lengths.values()
        if len(turns) >= _FEWEST_TURNS
        for limit in [max(_LONG_TURN_WORDS, _LONG_TURN * median(length for length, _ in turns))]
        for length, turn in turns
        if length > limit
    ]
    if long:
        start = min(turn.start for turn in long)
        yield finding("tour-long", document.source, place.line(start), place=place.said(start), count=len(long))


def _check_empty_turns(document: Document, place: Place) -> Iterator[Finding]:
    """A label with nothing after it, not even a remark of the transcriber."""
    labels = _labels(document)
    zones = sorted(document.zones, key=lambda zone: zone.start)
    ends = [*(zone.start for zone in labels), len(document.text)][1:]
    at = 0
    for label, stop in zip(labels, ends, strict=True):
        while at < len(zones) and zones[at].end <= label.start:
            at += 1
        if _is_bare(document.text, label.end, stop, zones, at):
            yield finding("tour-vide", document.source, place.line(label.start), place=place.said(label.start))


def _is_bare(text: str, start: int, stop: int, zones: Sequence[Zone], at: int) -> bool:
    """Nothing visible in `text[start:stop]` but labels and stamps."""
    while at < len(zones) and zones[at].start < stop:
        zone = zones[at]
        if zone.start >= start:
            if zone.kind is not ZoneKind.LABEL or text[start : zone.start].strip():
                return False
            start = zone.end
        at += 1
    return not text[start:stop].strip()


def _check_out_of_speech(document: Document, place: Place) -> Iterator[Finding]:
    zones = [zone for zone in document.zones if zone.kind in _OUT_OF_SPEECH]
    count = sum(count_words(document.text, zone.start, zone.end) for zone in zones)
    if count and document.format != "iramuteq":
        yield finding("hors-parole", document.source, place.line(zones[0].start), count=count)
