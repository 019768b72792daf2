"""From a document to its passages, the unit of coding.

The codebook asks for one to four sentences and 15 to 90 words, inside one paragraph or one turn.
A paragraph that is too long is shared out evenly: among all ways to group its sentences, the one
whose passages stay closest to `TARGET_WORDS` is kept, a quotation being left whole where its length
allows.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tensions_cli.corpus.sentences import Span, clause_units, inner_marks, sentence_spans
from tensions_cli.records import Block, BlockKind, Document, Passage, Role, Turn
from tensions_cli.words import count_words

# Codebook, "Unité de codage": one to four sentences, 15 to 90 words.
MOST_SENTENCES = 4
FEWEST_WORDS = 15
MOST_WORDS = 90

# Inside 15-90, where coders cut: passages cut by hand from whole documents have a median of 41 words and a
# mean of 40; a model should read passages as long as those it learnt from. One becomes two at 64 words.
TARGET_WORDS = 45

# A written sentence up to this length stays whole; above it nobody reads it as one idea.
LONGEST_SENTENCE = 120

# Fewer inner marks than one in 40 words is speech without punctuation: in sentences of 30 words or
# more, the starting corpus has one in 7 (interviews) to 12 (essays), and 98 % of them one in 40 at least.
WORDS_PER_MARK = 40

# A passage under 15 words costs more than any imbalance ((120 - 45)² = 5625).
_SHORT_COST = 10_000

# Cutting inside guillemets costs as much as a passage 36 words away from the target: a quotation is
# better read whole, if its length allows (the whole articles of the starting corpus keep it so).
_QUOTATION_COST = 1300

# Two words or fewer ("oui", "mm") are not counted (speakers, rule 12).
BACKCHANNEL_WORDS = 2

CONTEXT_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long passages are: in words aimed at, fewest and most, and most sentences."""

    target: int = TARGET_WORDS
    fewest: int = FEWEST_WORDS
    most: int = MOST_WORDS
    sentences: int = MOST_SENTENCES


SHIPPED = Lengths()


def lengths_around(target: int) -> Lengths:
    """The limits of the codebook stretched to another target, to see what the shares owe to the length."""
    scale = target / TARGET_WORDS
    return Lengths(
        target,
        max(1, round(FEWEST_WORDS * scale)),
        max(2, round(MOST_WORDS * scale)),
        max(1, round(MOST_SENTENCES * scale)),
    )


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A part of a block in one turn (rank from 0, None outside turns) and outside every zone."""

    start: int
    end: int
    block: Block
    turn: int | None


def segment(document: Document, keep_interviewer: bool = False, lengths: Lengths = SHIPPED) -> list[Passage]:
    """The passages of a document, in text order.

    Every visible character of a block that is in no zone is in exactly one passage. A passage never
    crosses a zone, a turn or the edge of a block, with two exceptions, allowed because such blocks are
    no paragraphs of their own: the subtitles (`CUE`) of one speaker that follow one another are read
    as one text (a subtitle is a few words); list items (`ITEM`) of fewer than 15 words that
    follow one another are grouped up to four items and 90 words (alone, they are too short to be
    coded). A title of at most 90 words is one passage, as is a short line. Fewer than 15
    words remain where a paragraph or turn has no more, or where four sentences hold no more; up to
    120 where one punctuated sentence does.

    `counted` is false for the interviewer (unless `keep_interviewer`) and for passages of two words
    or fewer, with the reason `interviewer` or `short`. The context of a respondent's passage is the
    last question before it: the end, 300 characters at most, of the interviewer's last turn, turns
    of two words without a question mark being passed over if there was a longer one before.
    A document that is a `record` is one passage, as it stands. Other `lengths` than the shipped ones serve to compare.
    """
    if document.record:
        whole = 0, len(document.text)
        return [_passage(document, whole, count_words(document.text), (), None, None, keep_interviewer)]
    zones = _merged([(zone.start, zone.end) for zone in document.zones])
    contexts = _contexts(document, zones)
    passages: list[Passage] = []
    for run in _runs(document.text, _stretches(document, zones), zones, lengths):
        rank = run[0].turn
        context = None if rank is None else contexts[rank]
        for span, words in _run_spans(document.text, run, lengths):
            passages.append(_passage(document, span, words, run, rank, context, keep_interviewer))
    return passages


# --- what is read as one text -----------------------------------------------------------------------


def _merged(spans: list[Span]) -> list[Span]:
    """Non-empty spans in order, those that overlap or touch put together."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _stretches(document: Document, zones: list[Span]) -> Iterator[_Stretch]:
    """Blocks minus zones, cut at the edges of turns, trimmed and never blank."""
    text = document.text
    turns = sorted(range(len(document.turns)), key=lambda rank: document.turns[rank].start)
    zone = turn = 0
    for block in document.blocks:
        at = block.start
        while at < block.end:
            while zone < len(zones) and zones[zone][1] <= at:
                zone += 1
            while turn < len(turns) and document.turns[turns[turn]].end <= at:
                turn += 1
            stop = block.end
            if zone < len(zones):
                if zones[zone][0] <= at:
                    at = min(zones[zone][1], block.end)
                    continue
                stop = min(stop, zones[zone][0])
            rank = None
            if turn < len(turns):
                current = document.turns[turns[turn]]
                rank = turns[turn] if current.start <= at else None
                stop = min(stop, current.start if rank is None else current.end)
            if (visible := _visible(text, at, stop)) is not None:
                yield _Stretch(*visible, block, rank)
            at = stop


def _visible(text: str, start: int, end: int) -> Span | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else None


def _runs(text: str, stretches: Iterator[_Stretch], zones: list[Span], lengths: Lengths) -> Iterator[list[_Stretch]]:
    """Stretches that are read as one text: alone, but for subtitles and short list items."""
    run: list[_Stretch] = []
    zone = 0
    for stretch in stretches:
        if run:
            while zone < len(zones) and zones[zone][1] <= run[-1].end:
                zone += 1
            free = zone == len(zones) or zones[zone][0] >= stretch.start
            if free and _goes_on(text, run[-1], stretch, lengths):
                run.append(stretch)
                continue
            yield run
        run = [stretch]
    if run:
        yield run


def _goes_on(text: str, before: _Stretch, after: _Stretch, lengths: Lengths) -> bool:
    kind = before.block.kind
    if kind is not after.block.kind or before.turn != after.turn or before.block is after.block:
        return False
    if text[before.end : after.start].strip():
        return False
    if kind is BlockKind.CUE:
        return before.turn is not None or before.block.voice == after.block.voice
    return kind is BlockKind.ITEM and all(
        count_words(text, stretch.start, stretch.end) < lengths.fewest for stretch in (before, after)
    )


# --- cutting ----------------------------------------------------------------------------------------


def _run_spans(text: str, run: list[_Stretch], lengths: Lengths) -> list[tuple[Span, int]]:
    """Spans of the passages of one run, and the words of each."""
    start, end = run[0].start, run[-1].end
    kind = run[0].block.kind
    if kind is BlockKind.TITLE and (title_words := count_words(text, start, end)) <= lengths.most:
        return [((start, end), title_words)]
    if kind is BlockKind.ITEM and len(run) > 1:
        counted = [((stretch.start, stretch.end), count_words(text, stretch.start, stretch.end)) for stretch in run]
    else:
        counted = list(_units(text, run, lengths))
    units = [unit for unit, _ in counted]
    words = [count for _, count in counted]
    groups = _balanced(words, _quotation_costs(text, units), lengths, lengths.sentences)
    return [
        ((units[first][0], units[last - 1][1]), _words_of(text, units[first:last], words[first:last]))
        for first, last in groups
    ]


def _words_of(text: str, units: Sequence[Span], words: Sequence[int]) -> int:
    """The words of consecutive units: the sum of theirs, unless two touch, which may cut a word (« fin!¹Suite »)."""
    if any(before[1] == after[0] for before, after in pairwise(units)):
        return count_words(text, units[0][0], units[-1][1])
    return sum(words)


def _quotation_costs(text: str, units: list[Span]) -> list[int]:
    """What a cut after each unit costs: something while guillemets are open."""
    costs: list[int] = []
    depth = 0
    for start, end in units:
        depth = max(0, depth + text.count("«", start, end) - text.count("»", start, end))
        costs.append(_QUOTATION_COST if depth else 0)
    return costs


def _units(text: str, run: list[_Stretch], lengths: Lengths) -> Iterator[tuple[Span, int]]:
    """Sentences of a run, with their words; one that is too long comes in pieces."""
    pauses = [stretch.end for stretch in run[:-1]]
    for start, end in _sentences(text, run):
        words = count_words(text, start, end)
        if words <= lengths.most or (words <= LONGEST_SENTENCE and _punctuated(text, start, end, words)):
            yield (start, end), words
        else:
            inside = pauses[bisect_right(pauses, start) : bisect_left(pauses, end)]
            yield from _pieces(text, start, end, tuple(inside), lengths)


def _sentences(text: str, run: list[_Stretch]) -> list[Span]:
    """Sentences of a run, the white space between two subtitles being no more than a space."""
    if len(run) == 1:
        return sentence_spans(text, run[0].start, run[0].end)
    parts: list[str] = []
    at = run[0].start
    for stretch in run:
        parts += (" " * (stretch.start - at), text[stretch.start : stretch.end])
        at = stretch.end
    return [(start + run[0].start, end + run[0].start) for start, end in sentence_spans("".join(parts))]


def _punctuated(text: str, start: int, end: int, words: int) -> bool:
    return inner_marks(text, start, end) * WORDS_PER_MARK >= words


def _pieces(text: str, start: int, end: int, pauses: tuple[int, ...], lengths: Lengths) -> Iterator[tuple[Span, int]]:
    """A sentence that is too long, cut at its best inner marks, and the words of each piece."""
    units = clause_units(text, start, end, pauses)
    words = [count_words(text, first, last) for first, last, _ in units]
    for first, last in _balanced(words, [cost for *_, cost in units], lengths, None):
        piece = units[first][0], units[last - 1][1]
        yield piece, count_words(text, *piece)


def _balanced(words: Sequence[int], costs: Sequence[int], lengths: Lengths, most: int | None) -> list[Span]:
    """Group consecutive units into passages of words close to the target.

    `words[i]` is the length of unit i, `costs[i]` what a cut after it costs (squared words), `most`
    the largest number of units of a group. Returns ranges of units. A group keeps within `lengths.most` words,
    unless it is one unit. Least total of squared distances to `lengths.target`, a group under `lengths.fewest`
    words being the last resort; of equal sums, the longer last group. Time grows with the number of units.
    """
    best = [0.0]
    came_from = [0]
    for end in range(1, len(words) + 1):
        total = 0
        least, source = float("inf"), end - 1
        for start in range(end - 1, -1, -1):
            total += words[start]
            if start < end - 1 and (total > lengths.most or (most is not None and end - start > most)):
                break
            cost = best[start] + (total - lengths.target) ** 2
            if total < lengths.fewest:
                cost += _SHORT_COST
            if cost <= least:
                least, source = cost, start
        best.append(least + (costs[end - 1] if end < len(words) else 0))
        came_from.append(source)
    groups: list[Span] = []
    end = len(words)
    while end > 0:
        groups.append((came_from[end], end))
        end = came_from[end]
    return groups[::-1]


# --- passages ---------------------------------------------------------------------------------------


def _contexts(document: Document, zones: list[Span]) -> list[str | None]:
    """For each turn, the question it answers (None for turns that are not a respondent's)."""
    contexts: list[str | None] = []
    question: str | None = None
    asked = False
    for turn in document.turns:
        contexts.append(question if turn.role is Role.RESPONDENT else None)
        if turn.role is not Role.INTERVIEWER:
            continue
        text = _spoken(document.text, turn, zones)
        says = count_words(text) > BACKCHANNEL_WORDS or "?" in text
        if text and (says or not asked):
            question, asked = _last_characters(text), says
    return contexts


def _spoken(text: str, turn: Turn, zones: list[Span]) -> str:
    """Text of a turn without its zones, on one line."""
    parts: list[str] = []
    at = turn.start
    for index in range(bisect_right(zones, at, key=lambda zone: zone[1]), len(zones)):
        start, end = zones[index]
        if start >= turn.end:
            break
        parts.append(text[at : max(at, start)])
        at = min(end, turn.end)
    parts.append(text[at : turn.end])
    # Not `\s*\n\s*`: on a long run of blanks it would begin again at each of them.
    return " ".join(line.strip() for part in parts for line in part.split("\n") if line.strip())


def _last_characters(text: str) -> str:
    """The last 300 characters at most, from the beginning of a word."""
    if len(text) <= CONTEXT_CHARACTERS:
        return text
    tail = text[-CONTEXT_CHARACTERS:]
    if text[-CONTEXT_CHARACTERS - 1].isspace():
        return tail.lstrip()
    _, *rest = tail.split(maxsplit=1)
    return rest[0] if rest else tail


def _passage(
    document: Document,
    span: Span,
    words: int,
    run: Sequence[_Stretch],
    rank: int | None,
    context: str | None,
    keep_interviewer: bool,
) -> Passage:
    start, end = span
    turn = None if rank is None else document.turns[rank]
    role = turn.role if turn else None
    member = next((one for one in document.cast if turn and one.speaker == turn.speaker), None)
    time_start, time_end = _times(run, span, turn)
    reason = None
    if role is Role.INTERVIEWER and not keep_interviewer:
        reason = "interviewer"
    elif words <= BACKCHANNEL_WORDS:
        reason = "short"
    return Passage(
        id=f"{document.id}#{start}-{end}",
        document=document.id,
        start=start,
        end=end,
        text=document.text[start:end],
        turn=None if rank is None else rank + 1,
        speaker=turn.speaker if turn else None,
        person=member.person if member else None,
        role=role,
        time_start=time_start,
        time_end=time_end,
        context=context,
        metadata={**document.metadata, **member.attributes} if member else document.metadata,
        counted=reason is None,
        excluded_reason=reason,
        words=words,
    )


def _times(run: Sequence[_Stretch], span: Span, turn: Turn | None) -> tuple[float | None, float | None]:
    """Seconds: those of the subtitles the passage touches, else those of its turn."""
    first = bisect_right(run, span[0], key=lambda stretch: stretch.end)
    last = bisect_left(run, span[1], key=lambda stretch: stretch.start)
    blocks = [stretch.block for stretch in run[first:last]]
    start = blocks[0].time_start if blocks else None
    end = blocks[-1].time_end if blocks else None
    if start is None and end is None and turn is not None:
        return turn.time_start, turn.time_end
    return start, end
