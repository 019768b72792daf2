"""Mends accents that were damaged before the file reached us (`Ã©` for `é`), and moves every offset with them.

Only on request: the text is then no longer the text of the file. ftfy undoes the wrong decoding and nothing else:
quotes, ligatures, Unicode form and spaces stay what they are.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

from tensions_cli.corpus.formats.plain import visible
from tensions_cli.files.encoding import MOJIBAKE, MOJIBAKE_NOTICE
from tensions_cli.records import Block, Document, Turn, Zone


def repaired(document: Document) -> Document:
    """The document with its damaged accents mended, in its text, its metadata and its speakers' names.

    Blocks, zones and turns hold the same words as before. A document without damage comes back as it is. A
    notice counts the words changed, and what could not be mended, in place of the notice of the reader.
    """
    said = [*document.metadata, *document.metadata.values(), *(block.voice or "" for block in document.blocks)]
    if not any(MOJIBAKE.search(text) for text in (document.text, *said)):
        return document
    text, moved = _mended_text(document)
    return replace(
        document,
        text=text,
        blocks=tuple(
            replace(block, start=start, end=end, voice=block.voice and mended(block.voice))
            for block in document.blocks
            for start, end in _on_visible(text, moved, block)
        ),
        zones=tuple(
            replace(zone, start=start, end=end)
            for zone in document.zones
            for start, end in _on_visible(text, moved, zone)
        ),
        turns=tuple(
            replace(turn, start=moved(turn.start), end=moved(turn.end), speaker=turn.speaker and mended(turn.speaker))
            for turn in document.turns
        ),
        cast=tuple(
            replace(
                member,
                speaker=mended(member.speaker),
                merged=tuple((mended(label), turns) for label, turns in member.merged),
            )
            for member in document.cast
        ),
        metadata=mended_metadata(document.metadata),
        notices=(
            *(notice for notice in document.notices if not notice.startswith(MOJIBAKE_NOTICE)),
            _notice(document.text, text),
        ),
    )


def mended(text: str) -> str:
    """A text with its damaged accents mended, line by line; the very same text when there are none."""
    if not MOJIBAKE.search(text):
        return text
    return "\n".join(_mended_line(line) for line in text.split("\n"))


def _mended_line(line: str) -> str:
    from ftfy import fix_encoding

    return fix_encoding(line) if MOJIBAKE.search(line) else line


def mended_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """Two names that become one keep their first value."""
    result: dict[str, str] = {}
    for name, value in metadata.items():
        result.setdefault(mended(name), mended(value))
    return result


def _mended_text(document: Document) -> tuple[str, Callable[[int], int]]:
    """The mended text, and where each edge of a block, zone or turn lies in it.

    The pieces between edges are mended one by one, so that an edge stays between the same words.
    """
    text = document.text
    edges = sorted({0, len(text), *(_outside(text, edge) for edge in _edges(document))})
    pieces = [mended(text[start:end]) for start, end in pairwise(edges)]
    places = [0]
    for piece in pieces:
        places.append(places[-1] + len(piece))

    def moved(edge: int) -> int:
        return places[bisect_left(edges, _outside(text, edge))]

    return "".join(pieces), moved


def _edges(document: Document) -> Iterator[int]:
    parts: Iterable[Block | Zone | Turn] = (*document.blocks, *document.zones, *document.turns)
    for part in parts:
        yield from (part.start, part.end)


def _outside(text: str, edge: int) -> int:
    """The edge, moved to the end of the damaged character that it cuts.

    « à » is damaged to Ã and a no-break space, which a reader takes for the white space after the line.
    """
    for start in range(max(0, edge - 2), edge):
        found = MOJIBAKE.match(text, start)
        if found and found.end() > edge:
            return found.end()
    return edge


def _on_visible(text: str, moved: Callable[[int], int], part: Block | Zone) -> Iterator[tuple[int, int]]:
    """The place of a block or zone, from its first to its last visible character; nothing when it has none left.

    A no-break space may have been damaged to two visible characters.
    """
    span = visible(text, moved(part.start), moved(part.end))
    if span is not None:
        yield span


def _notice(before: str, after: str) -> str:
    changed = sum((Counter(before.split()) - Counter(after.split())).values())
    left = len(MOJIBAKE.findall(after))
    rest = f" ; signes encore abîmés : {left}" if left else ""
    return f"accents abîmés réparés à votre demande (--repair) : {changed} mots changés{rest}"
