"""Running heads, running feet and page numbers of a PDF: what comes back at the same height from page to page."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile

from tensions_cli.corpus.formats.pdf_layout import TITLE_SIZE, Row, pattern, text_of

HEAD = "titre courant"
NUMBER = "numéro de page"
TURNED = "texte de marge ou filigrane"

# Rows from each edge that may be furniture: a head of two lines, a rule, a number make four at most.
_FROM_EDGE = 4
_MOST_LINES = 2
# Heights this close are the same height (points): writers round, and a head may lose its second line.
_SAME_HEIGHT = 4.0
# Pages on which a line must come back; two in a document of two or three pages.
_FEWEST_PAGES = 3
# A height where so many pages have furniture has it on the others too (the head of a short chapter).
_MOST_PAGES = 0.6
# White between furniture and body, in heights of body type: lines of a paragraph are 1.2 to 1.6 apart.
_APART = 1.75
_OTHER_SIZE = 0.07  # or type larger or smaller by this share

_DIGITS = re.compile(r"\d+")
_ROMAN = re.compile(r"[-–—\s]*[ivxlc]{1,7}[-–—\s.]*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Candidate:
    page: int
    row: int
    height: float  # from its edge
    size: float
    text: str
    masked: str


def margins_of(pages: Sequence[Sequence[Row]], heights: Sequence[float], body: float) -> list[dict[int, str]]:
    """For each page, its rows (by rank) that are furniture, with what they are in French.

    A row is furniture when it stands at an edge, comes back at the same height with the same words (or the
    same words and a number that grows with the pages), and stands apart from the text. `body`: height of the
    type of the text.
    """
    result: list[dict[int, str]] = [{} for _ in pages]
    for top in (True, False):
        candidates = list(_candidates(pages, heights, top=top))
        repeated = _repeated(candidates, len(pages), body)
        for page, rows in enumerate(pages):
            result[page] |= _outermost(rows, page, repeated, body, top=top, several=len(pages) > 1)
    if all(len(found) == len(rows) for found, rows in zip(result, pages, strict=True)):
        return [{} for _ in pages]
    return result


def repeated_texts(texts: Sequence[Sequence[str]]) -> set[str]:
    """Texts that most pages have: watermarks and texts of margins."""
    counts = Counter(text for page in texts for text in set(page))
    need = max(_needed(len(texts)), round(_MOST_PAGES * len(texts)))
    return {text for text, pages in counts.items() if pages >= need}


def _needed(pages: int) -> int:
    return 2 if pages <= 3 else _FEWEST_PAGES


def _candidates(pages: Sequence[Sequence[Row]], heights: Sequence[float], *, top: bool) -> Iterator[_Candidate]:
    for page, rows in enumerate(pages):
        ranks = range(len(rows))[:_FROM_EDGE] if top else range(len(rows))[-_FROM_EDGE:]
        for rank in ranks:
            row = rows[rank]
            text = text_of(row.words)
            masked = "#" if _ROMAN.match(text) else _DIGITS.sub("#", text.casefold())
            yield _Candidate(page, rank, heights[page] - row.y if top else row.y, row.size, text, masked)


def _repeated(candidates: Sequence[_Candidate], pages: int, body: float) -> dict[tuple[int, int], tuple[str, bool]]:
    """(page, row) of what comes back, with what it is and whether it is on most pages."""
    groups: defaultdict[str, list[_Candidate]] = defaultdict(list)
    for candidate in sorted(candidates, key=lambda c: (c.height, c.page)):
        groups[candidate.masked].append(candidate)
    found: dict[tuple[int, int], tuple[str, bool]] = {}
    for group in groups.values():
        for same in _by_height(group):
            on = {candidate.page for candidate in same}
            number = bool(pattern("page_number", "line").match(same[0].masked))
            alone = pages == 1 and number and _DIGITS.findall(same[0].text)[:1] == ["1"]
            if alone or (pages > 1 and len(on) >= _needed(pages) and _is_furniture(same, _needed(pages), body)):
                kind = NUMBER if number else HEAD
                most = pages > 2 and len(on) >= _MOST_PAGES * pages
                found |= {(candidate.page, candidate.row): (kind, most) for candidate in same}
    by_place = Counter((round(c.height), round(c.size)) for c in candidates if (c.page, c.row) in found)
    usual = {place for place, count in by_place.items() if count >= _MOST_PAGES * pages and pages > 2}
    for candidate in candidates:
        place = (round(candidate.height), round(candidate.size))
        if place in usual and (candidate.page, candidate.row) not in found:
            found[candidate.page, candidate.row] = (HEAD, True)
    return found


def _by_height(group: Sequence[_Candidate]) -> Iterator[list[_Candidate]]:
    run = [group[0]]
    for before, candidate in pairwise(group):
        if candidate.height - before.height > _SAME_HEIGHT:
            yield run
            run = []
        run.append(candidate)
    yield run


def _is_furniture(same: Sequence[_Candidate], need: int, body: float) -> bool:
    """The same words; or a number among them goes with the pages, in type that is no title."""
    literal = Counter(candidate.text for candidate in same)
    if max(literal.values()) >= need:
        return True
    if max(candidate.size for candidate in same) >= TITLE_SIZE * body:
        return False
    steps: Counter[tuple[int, int]] = Counter()
    for candidate in same:
        for place, number in enumerate(_DIGITS.findall(candidate.text)):
            steps[place, int(number[-9:]) - candidate.page] += 1
    roman = all(_ROMAN.match(candidate.text) for candidate in same)
    return roman or max(steps.values(), default=0) >= need


def _outermost(
    rows: Sequence[Row],
    page: int,
    repeated: dict[tuple[int, int], tuple[str, bool]],
    body: float,
    *,
    top: bool,
    several: bool,
) -> dict[int, str]:
    """The repeated rows of a page from its edge inwards, up to the last that stands apart from the text."""
    ranks = list(range(len(rows)) if top else reversed(range(len(rows))))
    kept = list(takewhile(lambda rank: (page, rank) in repeated, ranks[:_FROM_EDGE]))
    # Pages that are copies of one another repeat their text too.
    copies = len(kept) == _FROM_EDGE
    while kept:
        last = kept[-1]
        kind, most = repeated[page, last]
        inner = last + 1 if top else last - 1
        # A word processor may set a head right above the text: then only most of the pages prove it.
        sure = (several and kind == NUMBER) or (most and not copies)
        other = abs(rows[last].size - body) > _OTHER_SIZE * body
        apart = not 0 <= inner < len(rows) or abs(rows[last].y - rows[inner].y) >= _APART * body
        if (sure or other or apart) and not (copies and len(kept) > _MOST_LINES):
            break
        kept.pop()
    return {rank: repeated[page, rank][0] for rank in kept}
