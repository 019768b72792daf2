"""Where the words of a PDF page stand, and in which order people read them.

A page holds words at places, nothing else: here they become rows, columns (seen by the white strips between
them), stacks of lines in reading order (Breuel, « High Performance Document Layout Analysis », 2003: above comes
first where two things share a width, left comes first unless something that spans both lies between), cells of
tables, and paragraphs. Lengths are points, or parts of the height of the type where named `EM`.
"""

import heapq
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice, pairwise
from statistics import median

from tensions_cli.corpus.formats.pdf_words import Word
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import ZoneKind

# Two words belong to one row when half of the smaller one stands beside the other: notes calls do.
_SAME_ROW = 0.5
_ASCENT, _DESCENT = 0.72, 0.21  # EM; of Helvetica, Times differs by 0.04

# Gaps between words of one row, in EM. A justified line stretches its spaces to 0.6 at worst before it is
# called a river; the gutters of the magazines and leaflets composed for the tests begin at 0.9.
_GUTTER_GAP = 0.7
_GUTTER_CLEAR = 0.55
_CELL_GAP = 2.2
_WIDEST_SPACE = 5.0  # a line of three words in a narrow column, without hyphenation
_GLUED_GAP = 0.08

# Left edges this close are one edge; a column has three lines at least.
_SAME_EDGE = 2.0
_FEWEST_LINES = 3
_FEWEST_EDGES = 2  # … of which two begin at its edge, the others at an indent of so many EM
_MOST_INDENT = 2.5
# Fewer lines than this may be the wide spaces of a justified paragraph, whose other lines are at most so many EM
# away; a title above columns is further.
_LONG_CHAIN = 8
_LINE_GAP = 1.45
_MOST_EDGES = 40
_MOST_STRIPS = 80
_MOST_INITIALS = 20
# A page of more words is no page of prose: it is read row by row.
_MOST_WORDS = 20_000

# A column goes on over a white space of so many EM (one blank line is 2.4).
_COLUMN_GAP = 2.7

# The rules above and below a table stand this close to its text (points).
_RULED_MARGIN = 24.0

# A title is set this much larger than the body; a note this much smaller.
TITLE_SIZE = 1.15
NOTE_SIZE = 0.93
_SAME_SIZE = 0.12

# More stacks than this on one page is no page of prose; they are read from top to bottom.
_MOST_STACKS = 120

# A new paragraph begins after a white space of so many times the usual distance between lines, or with an
# indent of so many EM.
_PARAGRAPH_GAP = 1.3
INDENT = 0.7
_SPACE = 0.25  # EM; width of a space


_Start = tuple[float, float, float]  # x, y, height of the type


@dataclass(frozen=True, slots=True)
class Piece:
    """Words side by side that read as one line, or one line of a cell. `looks`: bold, italic throughout."""

    words: tuple[Word, ...]
    x0: float
    x1: float
    y: float
    size: float
    bold: bool
    italic: bool
    text: str


@dataclass(slots=True)
class Row:
    """Words at one height, left to right."""

    words: list[Word]
    y: float
    size: float


@dataclass(frozen=True, slots=True)
class Gutter:
    """A white strip left of a column that begins at `x`. `prose`: text runs in columns on both sides."""

    x: float
    bottom: float
    top: float
    prose: bool


@dataclass(slots=True)
class Stack:
    """Rows of pieces under one another in one column, from the top."""

    rows: list[list[Piece]]
    x0: float
    x1: float
    top: float
    bottom: float


@dataclass(slots=True)
class Paragraph:
    """Lines that read as one, between the edges of their column. `cell`: of a table; `zone`: why it is not body."""

    lines: list[Piece]
    left: float
    right: float
    cell: bool = False
    zone: tuple[ZoneKind, str] | None = None
    page: int = 0
    stack: int = 0

    @property
    def size(self) -> float:
        """Height of the type of its first line."""
        return self.lines[0].size


@cache
def pattern(section: str, name: str) -> re.Pattern[str]:
    """A pattern of pdf.toml."""
    return re.compile(read_toml("pdf.toml")[section][name], re.IGNORECASE)


@cache
def line_pattern(name: str) -> re.Pattern[str]:
    """A pattern that all readers of lines share."""
    return re.compile(read_toml("reading.toml")["lines"][name])


# --- rows and pieces ------------------------------------------------------------------------------------


def rows_of(words: Iterable[Word]) -> list[Row]:
    """Words put into rows, from the top of the page."""
    rows: list[Row] = []
    for word in sorted((word for word in words if word.text.strip()), key=lambda w: (-w.y, w.x0)):
        if rows and rows[-1].y == word.y and rows[-1].size == word.size:
            rows[-1].words.append(word)
            continue
        best = max(rows[-4:], key=lambda row: _beside(word, row), default=None)
        if best is None or _beside(word, best) < _SAME_ROW:
            rows.append(Row([word], word.y, word.size))
            continue
        best.words.append(word)
        if word.size > best.size:
            best.y, best.size = word.y, word.size
    for row in rows:
        row.words.sort(key=lambda word: word.x0)
    return sorted(rows, key=lambda row: -row.y)


def _beside(word: Word, row: Row) -> float:
    """Share of the smaller of a word and a row that stands beside the other."""
    small, large = sorted((word.size, row.size))
    if large > 1.8 * small:  # a large initial, a symbol: only its own baseline counts
        return 1.0 if abs(word.y - row.y) < 0.35 * small else 0.0
    top = min(word.y + _ASCENT * word.size, row.y + _ASCENT * row.size)
    bottom = max(word.y - _DESCENT * word.size, row.y - _DESCENT * row.size)
    return (top - bottom) / ((_ASCENT + _DESCENT) * small)


def piece_of(words: Sequence[Word]) -> Piece:
    """Words of one row as one line of text."""
    sizes: Counter[float] = Counter()
    for word in words:
        sizes[word.size] += len(word.text)
    size = max(sizes, key=lambda s: (sizes[s], s))
    lettered = [word for word in words if any(map(str.isalpha, word.text))]
    return Piece(
        words=tuple(words),
        x0=words[0].x0,
        x1=max(word.x1 for word in words),
        y=next(word.y for word in words if word.size == size),
        size=size,
        bold=bool(lettered) and all(word.bold for word in lettered),
        italic=bool(lettered) and all(word.italic for word in lettered),
        text=text_of(words),
    )


def text_of(words: Sequence[Word]) -> str:
    """The text of words side by side."""
    parts = [words[0].text] if words else []
    for before, word in pairwise(words):
        gap = (word.x0 - before.x1) / word.size
        glued = (word.link == 1 and abs(gap) < 0.3) or (word.link == 2 and gap < _GLUED_GAP)
        apart = _is_call(before, word) or _is_call(word, before)  # « équipe 1 », never « équipe1 »
        parts.append(word.text if glued and not apart else f" {word.text}")
    return "".join(parts)


def _is_call(before: Word, word: Word) -> bool:
    """The second word is the raised number or star of a note, set on a word (m² and km² are no notes)."""
    raised = word.size <= 0.85 * before.size and word.y - before.y >= 0.15 * before.size
    return raised and len(before.text) > 2 and bool(pattern("note", "call").match(word.text))


def without_calls(piece: Piece, marks: frozenset[str]) -> tuple[Piece, int]:
    """The line without its calls of the notes that bear these marks, and how many it had."""
    kept: list[Word] = []
    left_out = 0
    for at, word in enumerate(piece.words):
        call = pattern("note", "call").match(word.text)
        if at and call is not None and call["mark"] in marks and _is_call(piece.words[at - 1], word):
            left_out += 1
        elif at and kept[-1] is not piece.words[at - 1] and (word.link == 1 or word.text[0] in ".,)]"):
            kept[-1] = replace(kept[-1], x1=max(word.x1, kept[-1].x1), text=kept[-1].text + word.text)
        else:
            kept.append(word)
    return (piece_of(kept), left_out) if left_out else (piece, 0)


def without_initials(words: Sequence[Word], body: float) -> list[Word]:
    """Large initials put back at the head of the first line beside them."""
    result = list(words)
    initials = [at for at, word in enumerate(words) if _is_initial(word, body)]
    for at in initials[:_MOST_INITIALS]:
        initial = words[at]
        beside = [
            word
            for word in words
            if word.size < initial.size / 1.5
            and initial.y + 1 < word.y <= initial.y + initial.size
            and initial.x1 - 1 <= word.x0 <= initial.x1 + initial.size
        ]
        if beside:
            first = max(beside, key=lambda word: word.y)
            result[at] = Word(
                x0=first.x0 - 0.6 * first.size,
                x1=first.x0,
                y=first.y,
                size=first.size,
                bold=first.bold,
                italic=first.italic,
                link=2,
                unmapped=initial.unmapped,
                text=initial.text,
            )
    return result


def _is_initial(word: Word, body: float) -> bool:
    return word.size >= 1.8 * body and len(word.text) <= 2 and word.text[0].isalpha()


# --- columns -------------------------------------------------------------------------------------------


def gutters_of(
    rows: Sequence[Row], rules: Sequence[tuple[float, float, float]], known: Sequence[float] = ()
) -> list[Gutter]:
    """White strips between the columns of a page, of text or of tables.

    `known`: left edges of the columns of other pages, where one line is enough to make a column: the last page
    of an article has a few lines on the right.
    """
    words = [word for row in rows for word in row.words]
    if len(words) > _MOST_WORDS:
        return []
    found = list(
        islice((strip for edge in _edges(_starts(rows), known) for strip in _strips(edge, words, known)), _MOST_STRIPS)
    )
    return [_judged(strip, found, rows, rules) for strip in found]


def _is_known(x: float, known: Sequence[float]) -> bool:
    return any(abs(x - other) <= _SAME_EDGE for other in known)


def _starts(rows: Sequence[Row]) -> list[_Start]:
    """Where a line, or what follows a wide gap in a line, begins; by place from the left."""
    starts: list[_Start] = []
    for row in rows:
        right = None
        for word in row.words:
            if right is None or word.x0 - right >= _GUTTER_GAP * word.size:
                starts.append((word.x0, word.y, word.size))
            right = word.x1 if right is None else max(right, word.x1)
    return sorted(starts)


def _edges(starts: Sequence[_Start], known: Sequence[float]) -> list[list[_Start]]:
    """For each left edge that lines share: what begins there, or at an indent from it."""
    at = 0
    edges: list[tuple[int, list[_Start]]] = []
    while at < len(starts):
        x, _, size = starts[at]
        end = bisect_right(starts, (x + _SAME_EDGE, float("inf"), 0.0), at)
        if end - at >= _FEWEST_EDGES or _is_known(x, known):
            indented = bisect_right(starts, (x + _MOST_INDENT * size, float("inf"), 0.0), end)
            edges.append((end - at, list(starts[at:indented])))
        at = end
    return [edge for _, edge in sorted(sorted(edges, key=lambda edge: edge[0])[-_MOST_EDGES:])]


def _strips(edge: Sequence[_Start], words: Sequence[Word], known: Sequence[float]) -> Iterator[Gutter]:
    """The stretches of height where nothing crosses the white left of an edge and text stands on both sides."""
    x = edge[0][0]
    fewest = 1 if _is_known(x, known) else _FEWEST_LINES
    size = median(start[2] for start in edge)
    crossing = sorted(word.y for word in words if word.x0 < x - 0.3 and word.x1 > x - _GUTTER_CLEAR * size)
    chain: list[_Start] = []
    for start in [*sorted(edge, key=lambda start: -start[1]), None]:
        if chain and (
            start is None or _crossed(crossing, start[1], chain[-1][1]) or chain[-1][1] - start[1] > 8 * size
        ):
            flush = sum(one[0] <= x + _SAME_EDGE for one in chain)
            if len({one[1] for one in chain}) >= fewest and flush >= min(fewest, _FEWEST_EDGES):
                strip = _strip(x, [one[1] for one in chain], size, crossing, words, fewest)
                if strip is not None:
                    yield strip
            chain = []
        if start is not None and not _crossed(crossing, start[1] - 0.1, start[1] + 0.1):
            chain.append(start)


def _crossed(crossing: Sequence[float], low: float, high: float) -> bool:
    return bisect_left(crossing, low) < bisect_right(crossing, high)


def _strip(
    x: float, chain: Sequence[float], size: float, crossing: Sequence[float], words: Sequence[Word], fewest: int
) -> Gutter | None:
    top, bottom = chain[0] + 0.5 * size, chain[-1] - 0.5 * size
    left = [word for word in words if word.x1 <= x - _GUTTER_CLEAR * size]
    if len({round(word.y) for word in left if bottom < word.y < top}) < fewest:
        return None
    if fewest > 1 and len(chain) < _LONG_CHAIN and _in_a_paragraph(chain, crossing, size):
        return None
    # The column on the left may be longer: the strip goes with it, as far as nothing crosses.
    heights = sorted({word.y for word in words if word.size < TITLE_SIZE * size})
    larger = sorted(word.y for word in words if word.size >= TITLE_SIZE * size)

    def reach(edge: float, step: int) -> float:
        at = edge
        for y in (
            heights[bisect_right(heights, edge) :] if step > 0 else reversed(heights[: bisect_left(heights, edge)])
        ):
            low, high = min(at, y), max(at, y)
            if high - low > _COLUMN_GAP * size or _crossed(crossing, low, high) or _crossed(larger, low, high):
                break
            at = y
        return at

    return Gutter(x, min(bottom, reach(bottom, -1) - 0.5), max(top, reach(top, 1) + 0.5), prose=True)


def _in_a_paragraph(chain: Sequence[float], crossing: Sequence[float], size: float) -> bool:
    """A line that crosses stands right above or below: wide spaces that happen to meet, not a gutter."""
    near = _LINE_GAP * size
    return _crossed(crossing, chain[0] + 1, chain[0] + near) or _crossed(crossing, chain[-1] - near, chain[-1] - 1)


def _judged(
    strip: Gutter, strips: Sequence[Gutter], rows: Sequence[Row], rules: Sequence[tuple[float, float, float]]
) -> Gutter:
    """The strip with `prose` false when it parts the cells of a table, which are read row by row.

    A table has rules between its rows, or one side of short cells that stand beside those of the other. Labels
    of speakers, set apart by a tab, are such cells.
    """
    same = [other for other in strips if other.top > strip.bottom and other.bottom < strip.top]
    low = max((other.x for other in same if other.x < strip.x - _SAME_EDGE), default=float("-inf"))
    high = min((other.x for other in same if other.x > strip.x + _SAME_EDGE), default=float("inf"))
    left: dict[float, list[Word]] = {}
    right: dict[float, list[Word]] = {}
    for row in rows:
        if strip.bottom <= row.y <= strip.top:
            for word in row.words:
                if low - 1 <= word.x0 < strip.x - 1:
                    left.setdefault(row.y, []).append(word)
                elif strip.x - 1 <= word.x0 < high - 1:
                    right.setdefault(row.y, []).append(word)
    near = {round(y) for x0, x1, y in rules if x0 < strip.x + 20 and x1 > strip.x - 20}
    ruled = {y for y in near if strip.bottom - _RULED_MARGIN < y < strip.top + _RULED_MARGIN}
    inside = {y for y in near if strip.bottom < y < strip.top}
    table = bool(inside) and len(ruled) >= _FEWEST_LINES
    aligned = len(left.keys() & right.keys()) >= 0.8 * min(len(left), len(right))
    cells = aligned and not (_is_prose(left) and _is_prose(right))
    labels = 2 * sum(_announces(text_of(line)) for line in left.values()) >= max(len(left), 1)
    return Gutter(strip.x, strip.bottom, strip.top, prose=not (table or cells or labels))


def _is_prose(lines: dict[float, list[Word]]) -> bool:
    """Several words a line, and lines that fill their column."""
    if not lines:
        return False
    widths = [max(word.x1 for word in line) - min(word.x0 for word in line) for line in lines.values()]
    full = sum(width >= 0.75 * max(widths) for width in widths)
    return sum(map(len, lines.values())) >= 2.5 * len(lines) and full >= 0.4 * len(lines)


def stacks_of(rows: Sequence[Row], gutters: Sequence[Gutter]) -> list[Stack]:
    """The stacks of lines of a page, in reading order."""
    columns = [gutter for gutter in gutters if gutter.prose]
    opened: dict[tuple[float, float], Stack] = {}
    stacks: list[Stack] = []
    for row in rows:
        for piece in _pieces(row, [gutter for gutter in gutters if gutter.bottom <= row.y <= gutter.top]):
            place = _column(piece, row.y, columns)
            for other in [key for key, stack in opened.items() if key != place and _share(stack, piece)]:
                del opened[other]
            stack = opened.get(place)
            if stack is None:
                stack = opened[place] = Stack([], piece.x0, piece.x1, row.y + row.size, row.y)
                stacks.append(stack)
            if stack.rows and stack.bottom == row.y:
                stack.rows[-1].append(piece)
            else:
                stack.rows.append([piece])
            stack.x0, stack.x1 = min(stack.x0, piece.x0), max(stack.x1, piece.x1)
            stack.bottom = row.y
    return _in_reading_order(stacks)


def _pieces(row: Row, gutters: Sequence[Gutter]) -> Iterator[Piece]:
    """A row cut at gutters and at gaps too wide for a space, but not after a label or the marker of an item."""
    for line in _between_columns(row, gutters):
        widest = _stretched(line)
        current = [line[0]]
        right = line[0].x1
        for before, word in pairwise(line):
            gap = (word.x0 - right) / max(min(before.size, word.size), 1.0)
            at_gutter = any(right <= g.x + 0.5 and word.x0 >= g.x - _SAME_EDGE for g in gutters) and gap >= 0.5
            if (gap > widest or at_gutter) and not _announces(text_of(current)):
                yield piece_of(current)
                current, right = [], word.x1
            current.append(word)
            right = max(right, word.x1)
        yield piece_of(current)


def _between_columns(row: Row, gutters: Sequence[Gutter]) -> Iterator[list[Word]]:
    """The words of a row, column by column."""
    edges = [gutter.x for gutter in gutters if gutter.prose]
    line = [row.words[0]]
    right = row.words[0].x1
    for word in row.words[1:]:
        if any(right <= x + 0.5 and word.x0 >= x - _SAME_EDGE for x in edges) and word.x0 > right:
            yield line
            line, right = [], word.x1
        line.append(word)
        right = max(right, word.x1)
    yield line


def _stretched(line: Sequence[Word]) -> float:
    """The widest gap (EM) that is still a space on this line: a justified line stretches all its spaces alike."""
    gaps = [(word.x0 - before.x1) / max(min(before.size, word.size), 1.0) for before, word in pairwise(line)]
    spaces = [gap for gap in gaps if gap > _GLUED_GAP]
    if len(spaces) < 2:
        return _CELL_GAP
    return max(_CELL_GAP, min(1.5 * median(spaces), _WIDEST_SPACE))


def _announces(text: str) -> bool:
    """A label (`Enquêtrice :`), a bullet or a number that stands alone before its text."""
    return bool(pattern("bullets", "marker").match(text)) or (
        text.endswith(":") and len(text) <= 40 and text.count(" ") <= 4
    )


def _column(piece: Piece, y: float, columns: Sequence[Gutter]) -> tuple[float, float]:
    """Between which gutters a piece stands."""
    active = [gutter.x for gutter in columns if gutter.bottom <= y <= gutter.top]
    return (
        max((x for x in active if x <= piece.x0 + _SAME_EDGE), default=float("-inf")),
        min((x for x in active if x >= piece.x1 - 1), default=float("inf")),
    )


def _share(stack: Stack, piece: Piece) -> bool:
    return stack.x0 < piece.x1 - 1 and piece.x0 < stack.x1 - 1


def _in_reading_order(stacks: list[Stack]) -> list[Stack]:
    if len(stacks) > _MOST_STACKS:
        return sorted(stacks, key=lambda stack: (-stack.top, stack.x0))
    after: list[list[int]] = [[] for _ in stacks]
    waits = [0] * len(stacks)
    for i, one in enumerate(stacks):
        for j, two in enumerate(stacks):
            if i != j and _comes_first(one, two, stacks):
                after[i].append(j)
                waits[j] += 1
    ready = [(-stack.top, stack.x0, i) for i, stack in enumerate(stacks) if not waits[i]]
    heapq.heapify(ready)
    order: list[int] = []
    left = set(range(len(stacks)))
    while left:
        # Nothing ready is a circle: the highest goes first.
        i = heapq.heappop(ready)[2] if ready else min(left, key=lambda k: (-stacks[k].top, stacks[k].x0))
        if i not in left:
            continue
        left.discard(i)
        order.append(i)
        for j in after[i]:
            waits[j] -= 1
            if not waits[j]:
                heapq.heappush(ready, (-stacks[j].top, stacks[j].x0, j))
    return [stacks[i] for i in order]


def _comes_first(one: Stack, two: Stack, stacks: Sequence[Stack]) -> bool:
    if _over(one, two):
        return one.top > two.top
    if one.x1 > two.x0 + 1:
        return False
    return not any(
        _over(other, one)
        and _over(other, two)
        and (
            (one.bottom >= other.top - 1 and other.bottom >= two.top - 1)
            or (two.bottom >= other.top - 1 and other.bottom >= one.top - 1)
        )
        for other in stacks
        if other is not one and other is not two
    )


def _over(one: Stack, two: Stack) -> bool:
    """They share a width."""
    return one.x0 < two.x1 - 1 and two.x0 < one.x1 - 1


# --- paragraphs ----------------------------------------------------------------------------------------


def paragraphs_of(
    stack: Stack, body: float, labels: frozenset[str], rules: Sequence[tuple[float, float, float]]
) -> list[Paragraph]:
    """The paragraphs and cells of a stack, from the top."""
    result: list[Paragraph] = []
    run: list[Piece] = []
    rows = [_closed(stack, at) for at in range(len(stack.rows))]
    at = 0
    while at < len(rows):
        end = _table_end(rows, at)
        if end == at:
            run.append(rows[at][0])
            at += 1
            continue
        result += _prose(run, body, labels)
        run = []
        result += _cells(rows[at:end], rules)
        at = end
    return result + _prose(run, body, labels)


def _closed(stack: Stack, at: int) -> Sequence[Piece]:
    """The row as one piece when it is a justified line of two or three words among others, not a row of cells."""
    row = stack.rows[at]
    if len(row) < 2 or len(row) > 3 or row[-1].x1 < stack.x1 - 1.5 or row[0].x0 > stack.x0 + _MOST_INDENT * row[0].size:
        return row
    beside = [stack.rows[other] for other in (at - 1, at + 1) if 0 <= other < len(stack.rows)]
    lines = [other[0] for other in beside if len(other) == 1 and abs(other[0].y - row[0].y) < 1.6 * row[0].size]
    whole = any(line.x1 > stack.x1 - 0.35 * (stack.x1 - stack.x0) for line in lines)
    return [piece_of([word for piece in row for word in piece.words])] if whole else row


def _table_end(rows: Sequence[Sequence[Piece]], start: int) -> int:
    """Where the table that begins at a row ends; `start` itself when none does.

    Rows of one piece belong to it when they go on a cell: close under it, at the left edge of a column that
    is not the first one.
    """
    if len(rows[start]) < 2:
        return start
    edges = {piece.x0 for piece in rows[start]}
    first = min(edges)
    end = start + 1
    last = end
    while end < len(rows):
        row, above = rows[end], rows[end - 1]
        close = above[0].y - row[0].y <= 1.9 * row[0].size
        if len(row) >= 2:
            edges |= {piece.x0 for piece in row}
            first = min(edges)
            end = last = end + 1
        elif close and row[0].x0 > first + 3 and any(abs(row[0].x0 - x) <= 3 for x in edges):
            end = last = end + 1
        else:
            break
    return last


def _cells(rows: Sequence[Sequence[Piece]], rules: Sequence[tuple[float, float, float]]) -> Iterator[Paragraph]:
    """Cells of a table, row by row; the lines of a cell are one paragraph."""
    top, bottom, size = rows[0][0].y, rows[-1][0].y, rows[0][0].size
    bars = sorted({y for _, _, y in rules if bottom - size < y < top + 2 * size})
    ruled = len({round(y / 2) for y in bars}) >= _FEWEST_LINES
    first = min(piece.x0 for row in rows for piece in row)
    bands: list[list[Piece]] = []
    for at, row in enumerate(rows):
        if at == 0:
            new = True
        elif ruled:
            new = _crossed(bars, row[0].y, rows[at - 1][0].y)
        else:
            new = row[0].x0 <= first + 3 or len(row) >= 2
        if new:
            bands.append([])
        bands[-1].extend(row)
    for band in bands:
        cells: list[list[Piece]] = []
        for piece in band:
            near = next((cell for cell in cells if _same_cell(cell, piece)), None)
            if near is None:
                cells.append([piece])
            else:
                near.append(piece)
        for cell in sorted(cells, key=lambda lines: min(line.x0 for line in lines)):
            yield Paragraph(cell, min(p.x0 for p in cell), max(p.x1 for p in cell), cell=True)


def _same_cell(cell: Sequence[Piece], piece: Piece) -> bool:
    x0, x1 = min(line.x0 for line in cell), max(line.x1 for line in cell)
    return x0 < piece.x1 and piece.x0 < x1


def _prose(lines: Sequence[Piece], body: float, labels: frozenset[str]) -> list[Paragraph]:
    """Lines of one column put into paragraphs."""
    if not lines:
        return []
    edge = max(line.x1 for line in lines)
    rights = _rights(lines, edge)
    steps = [above.y - line.y for above, line in pairwise(lines) if abs(above.size - line.size) < 0.1 * line.size]
    close = [step for step, line in zip(steps, lines, strict=False) if 0.9 * line.size < step < 2.2 * line.size]
    pitch = sorted(close)[len(close) // 3] if close else 1.3 * lines[0].size
    left = Counter(round(line.x0) for line in lines).most_common(1)[0][0]
    result = [Paragraph([lines[0]], min(left, lines[0].x0), rights[0])]
    for at in range(1, len(lines)):
        line = lines[at]
        if _breaks(result[-1], line, rights[at - 1], pitch, body, labels):
            result.append(Paragraph([line], left, rights[at]))
        else:
            result[-1].lines.append(line)
            result[-1].right = rights[at]
    return result


def _rights(lines: Sequence[Piece], edge: float) -> list[float]:
    """Where each line could have ended: the longest of its neighbours that begin at the same place."""
    by_left: dict[int, float] = {}
    counts = Counter(round(line.x0 / 2) for line in lines)
    for line in lines:
        key = round(line.x0 / 2)
        by_left[key] = max(by_left.get(key, 0.0), line.x1)
    return [by_left[round(line.x0 / 2)] if counts[round(line.x0 / 2)] >= 4 else edge for line in lines]


def ends_sentence(text: str) -> bool:
    """The line ends a sentence, or a clause that announces something."""
    return bool(line_pattern("sentence_end").search(text))


def goes_on(before: str, after: str) -> bool:
    """The second line goes on the sentence of the first, for all that the words show."""
    if ends_sentence(before) or not any(map(str.isalpha, before)):
        return False
    return after[:1].islower() or bool(re.match(r"[«(“\"’']?[a-zà-öø-ÿœ]", after))


def opens_item(text: str) -> bool:
    """The line begins with a bullet or a number."""
    return bool(line_pattern("item").match(text))


def could_have_held(line: Piece, right: float, following: Piece) -> bool:
    """The first word of the next line had room on this one: somebody ended the line on purpose."""
    word = following.words[0]
    return line.x1 + _SPACE * line.size + (word.x1 - word.x0) <= right - 0.5


def _breaks(paragraph: Paragraph, line: Piece, right: float, pitch: float, body: float, labels: frozenset[str]) -> bool:
    """A new paragraph begins at this line."""
    above = paragraph.lines[-1]
    step = above.y - line.y
    if abs(above.size - line.size) > _SAME_SIZE * max(above.size, line.size):
        return True
    sentence = goes_on(above.text, line.text)
    if above.size >= TITLE_SIZE * body:  # lines of a title are cut by sense
        return step > 1.6 * above.size or ends_sentence(above.text)
    if opens_item(line.text) or label_of(line.text) in labels:
        return True
    if (above.bold != line.bold or above.italic != line.italic) and not sentence:
        return True
    if step > _PARAGRAPH_GAP * pitch:
        return step > 2 * pitch or not sentence
    if step <= 0:
        return True
    if sentence:
        return False
    indent = (line.x0 - above.x0) / line.size
    item = opens_item(paragraph.lines[0].text)
    if indent > INDENT and not (item and len(paragraph.lines) == 1):
        return True
    if indent < -INDENT and (item or len(paragraph.lines) > 1):
        return True
    return could_have_held(above, right, line)


@cache
def _label() -> re.Pattern[str]:
    return re.compile(read_toml("reading.toml")["transcript"]["label"])


def label_of(text: str) -> str:
    """The speaker label that a line may open with, empty without one."""
    found = _label().match(text)
    return found["label"] if found else ""
