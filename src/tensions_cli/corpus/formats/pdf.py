"""PDF documents that have a text layer: paragraphs rebuilt from words and their places.

PDFium (pypdfium2) was preferred to pdfminer.six. Both were measured: 55 pages of 4,800 characters at 61 pages a
second against 26; a dense page of 650,000 characters opened in 3 s against 35 s (and 340 MB against 620); PDFium
opens ligatures and draws on the names of glyphs where a font has no Unicode table. Both read files with a broken
table of objects, neither bounds what a hostile file asks for: PDFium runs in a process of its own (`pdf_words`).
The order of reading is ours (`pdf_layout`), since both give the order of the file or mix columns that drift.

A PDF has no text of its own that anybody could see: the canonical text is what is rebuilt here. Lines are
joined by a space, line-end hyphens undone where the document or French shows that the word has none,
ligatures written as letters, bullets of symbol fonts as « • », calls of footnotes that stand on the same page
left out and counted. Running heads and page numbers are zones beside the paragraph that they interrupt. Title,
author and dates of the file are never read.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from tensions_cli.corpus.formats.pdf_hyphens import join_lines, words_seen
from tensions_cli.corpus.formats.pdf_layout import (
    INDENT,
    NOTE_SIZE,
    TITLE_SIZE,
    Gutter,
    Paragraph,
    Piece,
    Row,
    Stack,
    could_have_held,
    ends_sentence,
    goes_on,
    gutters_of,
    label_of,
    opens_item,
    paragraphs_of,
    pattern,
    rows_of,
    stacks_of,
    text_of,
    without_calls,
    without_initials,
)
from tensions_cli.corpus.formats.pdf_margins import TURNED, margins_of, repeated_texts
from tensions_cli.corpus.formats.pdf_words import PageWords, Word, words_of
from tensions_cli.corpus.formats.plain import Line, assemble
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.errors import UnreadableError
from tensions_cli.records import BlockKind, Document, ZoneKind
from tensions_cli.words import count_words

# Fewer letters than this on a page that is a picture: a stamp on a scan. A poster of 18 words has 90.
_FEWEST_LETTERS = 20
# A picture that covers this much of a page is the page.
_SCAN = 0.5

# Characters that no font explains: above this share the text layer says nothing. Formulas and symbols make 1 %.
_GARBAGE = 0.25
_GARBLED = re.compile("[\ufffd\ue000-\uf8ff\x00-\x1f]")

# A title has no more words than this; larger type beyond it is the text of a poster.
_TITLE_WORDS = 40

# Notes stand in the lower part of a page; long ones fill half of it.
_NOTES_BELOW = 0.65

# Columns of a layout: more left edges than this over the whole document are no layout.
_MOST_COLUMNS = 12

# Paragraphs begin with an indent when so many of them do.
_INDENTED = 0.6

# A label that opens this many lines opens a turn wherever it begins a line.
_FEWEST_TURNS = 2


@dataclass(frozen=True, slots=True)
class _Page:
    """A page put in order: stacks of lines, and furniture above, below and in other directions."""

    height: float
    stacks: list[Stack]
    heads: list[tuple[str, str]]
    feet: list[tuple[str, str]]
    turned: list[tuple[str, bool]]
    rules: Sequence[tuple[float, float, float]]


def read_pdf(data: bytes, file: SourceFile) -> Iterator[Document]:
    """Read a PDF into one document, paragraph by paragraph in reading order.

    Raises `UnreadableError`: `no_text` for scanned files and text layers without characters, `encrypted`,
    `corrupt`, `too_large`.
    """
    pages = words_of(data)
    unread = _check_text_layer(pages)
    body = _body_size(pages)
    laid_out = _laid_out(pages, body)
    labels = _labels(laid_out)
    flow, calls = _flow(laid_out, labels, body)
    lines, undecided = _written(flow, body)
    text, blocks, zones = assemble(lines)
    yield Document(
        id=file.id,
        source=file.name,
        format="pdf",
        text=text,
        blocks=blocks,
        zones=zones,
        notices=tuple(_notices(pages, unread, calls, undecided)),
    )


# --- what cannot be read --------------------------------------------------------------------------------


def _check_text_layer(pages: Sequence[PageWords]) -> int:
    """How many pages have no text though something stands there. Raises `UnreadableError` when all are so."""
    letters = [sum(map(_letters, page.words)) + sum(_letters(w) for t in page.turned for w in t) for page in pages]
    unread = sum(
        count < _FEWEST_LETTERS and (page.picture >= _SCAN or (count == 0 and page.drawn))
        for page, count in zip(pages, letters, strict=True)
    )
    words = [word for page in pages for word in page.words]
    characters = sum(len(word.text) for word in words)
    unmapped = sum(map(_unmapped, words))
    if unmapped > _GARBAGE * max(characters, 1):
        raise UnreadableError(
            "no_text",
            "la couche de texte de ce PDF est illisible (polices sans correspondance avec des lettres) : "
            "passez-le par une reconnaissance de caractères (OCR), ou donnez le document d’origine",
        )
    if not sum(letters) or unread == len(pages):
        raise UnreadableError(
            "no_text",
            "PDF sans couche de texte (numérisé ?) : passez-le d’abord par une reconnaissance de caractères "
            "(OCR), puis relancez",
        )
    return unread


def _letters(word: Word) -> int:
    return sum(map(str.isalpha, word.text))


def _unmapped(word: Word) -> int:
    """How many of its characters the font does not explain."""
    return len(word.text) if word.unmapped else len(_GARBLED.findall(word.text))


def _notices(pages: Sequence[PageWords], unread: int, calls: int, undecided: int) -> Iterator[str]:
    """What the document loses, or may have got wrong, counted."""
    if unread:
        yield (
            f"pages sans texte (numérisées ?), non lues : {unread} sur {len(pages)} ; une reconnaissance de "
            "caractères (OCR) les rendrait lisibles"
        )
    annotations = sum(page.annotations for page in pages)
    if annotations:
        yield f"commentaires ou champs de formulaire non lus : {annotations}"
    unknown = sum(_unmapped(word) for page in pages for word in page.words)
    if unknown:
        yield f"caractères que les polices n’expliquent pas, laissés tels quels : {unknown}"
    if calls:
        yield f"appels de notes de bas de page laissés de côté : {calls}"
    if undecided:
        yield f"traits d’union en fin de ligne gardés faute de savoir si le mot en a un : {undecided}"


# --- pages ----------------------------------------------------------------------------------------------


def _body_size(pages: Sequence[PageWords]) -> float:
    """The height of type in which most of the text is set."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for word in page.words:
            sizes[round(word.size * 2) / 2] += len(word.text)
    return max(sizes, key=lambda size: (sizes[size], size), default=10.0) or 10.0


def _laid_out(pages: Sequence[PageWords], body: float) -> list[_Page]:
    rows = [rows_of(without_initials(page.words, body)) for page in pages]
    margins = margins_of(rows, [page.height for page in pages], body)
    turned = [[text_of(row.words) for words in page.turned for row in rows_of(words)] for page in pages]
    repeated = repeated_texts(turned) if len(pages) > 1 else set()
    texts = [[row for rank, row in enumerate(own) if rank not in gone] for own, gone in zip(rows, margins, strict=True)]
    first = [gutters_of(text, page.rules) for text, page in zip(texts, pages, strict=True)]
    known = _column_edges(texts, first)
    found = [
        gutters_of(text, page.rules, known) if known else gutters
        for text, page, gutters in zip(texts, pages, first, strict=True)
    ]
    return [
        _Page(
            height=page.height,
            stacks=stacks_of(text, gutters),
            heads=[(text_of(own[rank].words), kind) for rank, kind in _furniture(own, gone, upper=True)],
            feet=[(text_of(own[rank].words), kind) for rank, kind in _furniture(own, gone, upper=False)],
            turned=[(text, text in repeated) for text in beside],
            rules=page.rules,
        )
        for page, own, text, gone, beside, gutters in zip(pages, rows, texts, margins, turned, found, strict=True)
    ]


def _column_edges(pages: Sequence[Sequence[Row]], gutters: Sequence[Sequence[Gutter]]) -> list[float]:
    """Left edges of columns over the document, and where the next column of the same width would begin."""
    lefts = Counter(round(row.words[0].x0) for rows in pages for row in rows)
    margin = max(lefts, key=lambda x: (lefts[x], -x), default=0)
    found = sorted({round(gutter.x, 1) for page in gutters for gutter in page if gutter.prose})[:_MOST_COLUMNS]
    return [*found, *(2 * x - margin for x in found[:1])]


def _furniture(rows: Sequence[Row], furniture: dict[int, str], *, upper: bool) -> list[tuple[int, str]]:
    """Furniture above the text of a page, or below it."""
    body = [rank for rank in range(len(rows)) if rank not in furniture]
    edge = body[0] if body else len(rows)
    return [(rank, kind) for rank, kind in sorted(furniture.items()) if (rank < edge) is upper]


def _labels(pages: Sequence[_Page]) -> frozenset[str]:
    """Short labels (`Enquêtrice :`) that open several lines of the document."""
    counts = Counter(
        label_of(row[0].text) for page in pages for stack in page.stacks for row in stack.rows if ":" in row[0].text
    )
    return frozenset(label for label, count in counts.items() if label and count >= _FEWEST_TURNS)


# --- paragraphs through the document --------------------------------------------------------------------


def _flow(pages: Sequence[_Page], labels: frozenset[str], body: float) -> tuple[list[Paragraph | Line], int]:
    """Paragraphs and furniture of the document in reading order, and how many calls of notes were left out.

    What interrupts a paragraph that runs on in the next column or page comes after it.
    """
    flow: list[Paragraph | Line] = []
    opened: Paragraph | None = None
    cut = _cut_into_paragraphs(pages, labels, body)
    indents = _are_indented([paragraph for one in cut for paragraph in one.paragraphs])
    for page, one in zip(pages, cut, strict=True):
        flow += [Line(text, zone=(ZoneKind.CHROME, kind)) for text, kind in page.heads]
        for paragraph in one.paragraphs:
            if opened is not None and _continues(opened, paragraph, labels, body, indents=indents):
                opened.lines += paragraph.lines
                opened.page, opened.stack, opened.right = paragraph.page, paragraph.stack, paragraph.right
                continue
            flow.append(paragraph)
            if opened is None or _takes_over(opened, paragraph, body):
                opened = None if paragraph.cell else paragraph
        flow += one.notes
        flow += [Line(text, zone=(ZoneKind.CHROME, TURNED) if repeated else None) for text, repeated in page.turned]
        flow += [Line(text, zone=(ZoneKind.CHROME, kind)) for text, kind in page.feet]
    return flow, sum(one.calls for one in cut)


@dataclass(frozen=True, slots=True)
class _Cut:
    """The paragraphs and notes of a page, and how many calls of notes were left out of them."""

    paragraphs: list[Paragraph]
    notes: list[Paragraph]
    calls: int


def _cut_into_paragraphs(pages: Sequence[_Page], labels: frozenset[str], body: float) -> list[_Cut]:
    result: list[_Cut] = []
    rank = 0
    for number, page in enumerate(pages):
        below = [_notes_of(stack, page, body) for stack in page.stacks]
        notes = [note for rows in below for note in _notes(rows)]
        marks = frozenset(found["mark"] for note in notes if (found := _note_opening(note.lines[0].text)))
        paragraphs: list[Paragraph] = []
        calls = 0
        for stack, noted in zip(page.stacks, below, strict=True):
            rank += 1
            kept, left_out = _without_notes(stack, len(noted), marks)
            calls += left_out
            for paragraph in paragraphs_of(kept, body, labels, page.rules):
                paragraph.page, paragraph.stack = number, rank
                paragraphs.append(paragraph)
        result.append(_Cut(paragraphs, notes, calls))
    return result


def _are_indented(paragraphs: Sequence[Paragraph]) -> bool:
    """Most paragraphs that follow another in their column begin with an indent."""
    following = [
        two
        for one, two in pairwise(paragraphs)
        if one.stack == two.stack and not two.cell and len(two.lines) > 1 and not opens_item(two.lines[0].text)
    ]
    indented = sum(_is_indented(paragraph) for paragraph in following)
    return bool(following) and indented >= _INDENTED * len(following)


def _is_indented(paragraph: Paragraph) -> bool:
    return paragraph.lines[0].x0 - paragraph.left > INDENT * paragraph.size


def _without_notes(stack: Stack, noted: int, marks: frozenset[str]) -> tuple[Stack, int]:
    """The stack without its last rows, which are notes, and without their calls, counted."""
    left_out = 0
    rows: list[list[Piece]] = []
    for row in stack.rows[: len(stack.rows) - noted]:
        pieces = [without_calls(piece, marks) for piece in row]
        left_out += sum(count for _, count in pieces)
        rows.append([piece for piece, _ in pieces])
    return replace(stack, rows=rows), left_out


def _takes_over(opened: Paragraph, paragraph: Paragraph, body: float) -> bool:
    """The next column may now continue this paragraph; captions and tables leave an unfinished one open."""
    if ends_sentence(opened.lines[-1].text) or opened.size >= TITLE_SIZE * body:
        return True
    return not paragraph.cell and abs(paragraph.size - opened.size) < 0.05 * opened.size


def _continues(opened: Paragraph, paragraph: Paragraph, labels: frozenset[str], body: float, *, indents: bool) -> bool:
    """The paragraph is the rest of one that the end of a column or a page cut.

    Where paragraphs begin with an indent (`indents`), a full line and no indent say so even after a sentence.
    """
    last, first = opened.lines[-1], paragraph.lines[0]
    if paragraph.cell or opened.cell or paragraph.stack == opened.stack or paragraph.page - opened.page > 1:
        return False
    if abs(last.size - first.size) > 0.05 * last.size or last.size >= TITLE_SIZE * body:
        return False
    if opens_item(first.text) or label_of(first.text) in labels:
        return False
    if goes_on(last.text, first.text):
        return True
    lower = first.text[:1].islower()  # after « : » for instance
    if ends_sentence(last.text) and not lower and (not indents or len(paragraph.lines) < 2):
        return False
    same = (last.bold, last.italic) == (first.bold, first.italic)
    full = (lower or len(opened.lines) > 1) and not could_have_held(last, opened.right, first)
    return same and full and not _is_indented(paragraph)


def _notes_of(stack: Stack, page: _Page, body: float) -> list[list[Piece]]:
    """The last rows of a stack that are footnotes: small, low, under a rule or opened by a mark."""
    lower = any(
        other is not stack
        and other.top < stack.bottom
        and other.x0 < stack.x1
        and stack.x0 < other.x1
        and any(piece.size > NOTE_SIZE * body for row in other.rows for piece in row)
        for other in page.stacks
    )
    small = 0
    for row in reversed(stack.rows):
        if any(piece.size > NOTE_SIZE * body for piece in row):
            break
        small += 1
    rows = stack.rows[len(stack.rows) - small :]
    if lower or not rows:
        return []
    above = stack.rows[-small - 1][0].y if small < len(stack.rows) else page.height
    for at, row in enumerate(rows):
        y, size = row[0].y, row[0].size
        ruled = any(y + 0.5 * size < rule < min(above, y + 4 * size) for _, _, rule in page.rules)
        if y < _NOTES_BELOW * page.height and (ruled or _note_opening(row[0].text)):
            return rows[at:]
        above = y
    return []


def _note_opening(text: str) -> re.Match[str] | None:
    return pattern("note", "opening").match(text)


def _notes(rows: Sequence[Sequence[Piece]]) -> list[Paragraph]:
    """Footnotes, one paragraph each where they open with a mark."""
    notes: list[Paragraph] = []
    for piece in (piece for row in rows for piece in row):
        if not notes or _note_opening(piece.text):
            notes.append(Paragraph([], piece.x0, piece.x1, zone=(ZoneKind.NOTE, "note de bas de page")))
        notes[-1].lines.append(piece)
    return notes


# --- text -----------------------------------------------------------------------------------------------


def _written(flow: Sequence[Paragraph | Line], body: float) -> tuple[list[Line], int]:
    """Every paragraph as one line of text, and how many line-end hyphens nobody could decide about."""
    seen = words_seen([line.text for line in item.lines] for item in flow if isinstance(item, Paragraph))
    lines: list[Line] = []
    undecided = 0
    for item in flow:
        if isinstance(item, Paragraph):
            text, kept = join_lines([line.text for line in item.lines], seen)
            undecided += kept
            lines.append(_line(item, text, body))
        else:
            lines.append(item)
    return lines, undecided


def _line(paragraph: Paragraph, text: str, body: float) -> Line:
    lettered = [line for line in paragraph.lines if any(map(str.isalpha, line.text))]
    emphasis = bool(lettered) and (all(line.bold for line in lettered) or all(line.italic for line in lettered))
    if paragraph.cell:
        kind = BlockKind.CELL
    elif paragraph.size >= TITLE_SIZE * body and count_words(text) <= _TITLE_WORDS:
        kind = BlockKind.TITLE
    else:
        kind = BlockKind.ITEM if opens_item(text) else BlockKind.PARAGRAPH
    return Line(text, kind, emphasis=emphasis, zone=paragraph.zone)
