"""The same words more than once: copies of a text, and paragraphs that many texts share."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from tensions_cli.corpus.check_places import Place
from tensions_cli.corpus.twins import find_twins
from tensions_cli.knowledge.corpus_rules import Finding, finding
from tensions_cli.records import Block, Document, Role, Turn
from tensions_cli.words import WORD

# Two answers of a questionnaire may well be the same sentence; from ten words on, somebody copied.
_FEWEST_WORDS = 10

# A shared paragraph (traps.md A9): from eight words, the length under which titles and politeness repeat themselves.
_PARAGRAPH_WORDS = 8
_FEWEST_TEXTS = 3
_SHARE_OF_TEXTS = 3  # one text in three


def check_duplicates(
    documents: Sequence[Document], spots: Mapping[str, Place], direct: Collection[str]
) -> Iterator[Finding]:
    """Twins in several files, copies inside one file, and paragraphs that many of the other texts share.

    `direct`: files that do not lie in an archive; a twin among them is left out of a corrected copy.
    """
    copies = set()
    by_id = {document.id: document for document in documents}
    texts_of = Counter(document.source for document in documents)
    twins = find_twins(documents)
    gone = Counter(by_id[other].source for group in twins for other in group.others)
    for group in twins:
        for other in group.others:
            copies.add(other)
            source = by_id[other].source
            place = spots.get(other) or Place(by_id[other])
            whole = source in direct and gone[source] == texts_of[source]
            line = None if texts_of[source] == 1 else place.line(0)
            yield finding("document-en-double", source, line, fixable=whole, other=by_id[group.kept].source)
    for document, first in _same_in_one_file([one for one in documents if texts_of[one.source] > 1]):
        copies.add(document.id)
        place = spots.get(document.id) or Place(document)
        yield finding("texte-repete", document.source, place.line(0), first=first)
    yield from _shared_paragraphs([document for document in documents if document.id not in copies], spots)


def _same_in_one_file(documents: Sequence[Document]) -> Iterator[tuple[Document, int]]:
    """Texts that stand in one file twice, with the rank of the first."""
    seen: dict[tuple[str, bytes], int] = {}
    ranks: Counter[str] = Counter()
    for document in documents:
        ranks[document.source] += 1
        words = [word for start, end in _body(document) for word in _words(document.text, start, end)]
        if len(words) < _FEWEST_WORDS:
            continue
        key = (document.source, _hash(words))
        if key in seen:
            yield document, seen[key]
        seen.setdefault(key, ranks[document.source])


def _shared_paragraphs(documents: Sequence[Document], spots: Mapping[str, Place]) -> Iterator[Finding]:
    found: defaultdict[bytes, list[tuple[Document, int, int]]] = defaultdict(list)
    for document in documents:
        own: dict[bytes, tuple[Document, int, int]] = {}
        for start, end in _body(document):
            words = _words(document.text, start, end)
            if len(words) >= _PARAGRAPH_WORDS:
                own.setdefault(_hash(words), (document, start, len(words)))
        for key, first in own.items():
            found[key].append(first)
    for shared in found.values():
        if len(shared) < _FEWEST_TEXTS or len(shared) * _SHARE_OF_TEXTS < len(documents):
            continue
        document, start, length = shared[0]
        place = spots.get(document.id) or Place(document)
        yield finding(
            "paragraphe-repete", document.source, place.line(start), place=place.said(start),
            words=length, count=len(shared), total=len(documents),
        )  # fmt: skip


def _body(document: Document) -> Iterator[tuple[int, int]]:
    """The stretches of blocks outside zones; the questions of a guide are asked in every interview and left out."""
    zones, at = document.zones, 0
    asked = _asked(document)
    turn = 0
    for block in document.blocks:
        while turn < len(asked) and asked[turn].end <= block.start:
            turn += 1
        if turn < len(asked) and asked[turn].start < block.end and asked[turn].end > block.start:
            continue
        while at < len(zones) and zones[at].end <= block.start:
            at += 1
        yield from _outside(document, block, at)


def _asked(document: Document) -> list[Turn]:
    return [turn for turn in document.turns if turn.role is Role.INTERVIEWER]


def _outside(document: Document, block: Block, at: int) -> Iterator[tuple[int, int]]:
    start = block.start
    while at < len(document.zones) and document.zones[at].start < block.end:
        zone = document.zones[at]
        if zone.start > start:
            yield start, zone.start
        start = max(start, zone.end)
        at += 1
    if start < block.end:
        yield start, block.end


def _words(text: str, start: int, end: int) -> list[str]:
    return [word.casefold() for word in WORD.findall(text, start, end)]


def _hash(words: Sequence[str]) -> bytes:
    return hashlib.sha256(" ".join(words).encode("utf-8", "surrogatepass")).digest()
