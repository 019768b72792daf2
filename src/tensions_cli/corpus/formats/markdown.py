"""Markdown: the text that a reader of the page would see, without its marks.

Headings, items, paragraphs and table cells come one under the other; the line breaks of the source
inside a paragraph stay. Front matter goes to the metadata, code blocks and images are left out.
"""

import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tensions_cli.corpus.formats.plain import Line, assemble, front_matter
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.files.encoding import decode
from tensions_cli.records import BlockKind, Document

# CommonMark drops an ordered marker as layout; from this number on it is a year or an article of law
# that a line happens to begin with ("1975. La loi…"), and it stays in the text.
_FIRST_NUMBER_OF_PROSE = 100

_TAG_NAME = re.compile(r"</?([A-Za-z][\w-]*)")

_KIND_BY_TAG = {"td": BlockKind.CELL, "th": BlockKind.CELL} | {f"h{n}": BlockKind.TITLE for n in range(1, 7)}


def read_markdown(data: bytes, file: SourceFile) -> Iterator[Document]:
    """Read a Markdown file into one document."""
    decoded = decode(data)
    front = front_matter(decoded.text)
    # Indented prose is far more common than indented code in the texts of sociologists.
    parser = MarkdownIt("commonmark", {"maxNesting": 100}).enable("table").disable("code")
    tokens = parser.parse(decoded.text[front.end :])
    text, blocks, zones = assemble(_lines(tokens))
    yield Document(
        id=file.id,
        source=file.name,
        format="md",
        text=text,
        blocks=blocks,
        zones=zones,
        metadata=front.metadata,
        encoding=decoded.encoding,
        notices=(*decoded.notices, *front.notices, *_left_out(tokens)),
    )


def _lines(tokens: Sequence[Token]) -> Iterator[Line]:
    items = 0
    kind = BlockKind.PARAGRAPH
    number = ""
    for token in tokens:
        if token.type == "list_item_open":
            items += 1
            number = _prose_number(token)
        elif token.type == "list_item_close":
            items -= 1
        elif token.type == "html_block":
            yield from _html_lines(token.content)
        elif token.type == "inline":
            text, emphasis = _inline(token.children or [])
            yield Line(number + text, kind, emphasis)
            number = ""
        elif token.nesting == 1:
            kind = _KIND_BY_TAG.get(token.tag, BlockKind.ITEM if items else BlockKind.PARAGRAPH)


def _prose_number(item: Token) -> str:
    return f"{item.info}{item.markup} " if item.info and int(item.info) >= _FIRST_NUMBER_OF_PROSE else ""


def _inline(children: Sequence[Token]) -> tuple[str, bool]:
    """The visible text of a block, and whether all of it is bold or italic."""
    parts: list[str] = []
    depth = 0
    plain = False
    for token in children:
        if token.type in ("strong_open", "em_open"):
            depth += 1
        elif token.type in ("strong_close", "em_close"):
            depth -= 1
        elif token.type in ("softbreak", "hardbreak"):
            parts.append("\n")
        elif token.type == "html_inline":
            parts.append(_inline_html(token.content))
        elif token.type != "image" and token.content:
            parts.append(token.content)
            plain = plain or (not depth and bool(token.content.strip()))
    text = "".join(parts)
    return text, bool(text.strip()) and not plain


def _inline_html(tag: str) -> str:
    """A line break for `<br>`; angle brackets that are no HTML (`<inaudible>`) stay as they are."""
    from lxml.html import defs

    name = _TAG_NAME.match(tag)
    if name is None or name[1].lower() in defs.tags:
        return "\n" if name is not None and name[1].lower() == "br" else ""
    return tag


def _html_lines(fragment: str) -> Iterator[Line]:
    """What a raw HTML block shows, its menus left out."""
    from tensions_cli.corpus.formats.html import page_lines, parse_page

    for line in page_lines(parse_page(fragment)):
        if not line.chrome:
            yield Line(line.text, line.kind, line.emphasis)


def _left_out(tokens: Sequence[Token]) -> tuple[str, ...]:
    codes = [token for token in tokens if token.type == "fence"]
    images = sum(child.type == "image" for token in tokens for child in token.children or [])
    notices = []
    if codes:
        size = sum(len(token.content) for token in codes)
        notices.append(f"blocs de code laissés de côté : {len(codes)} ({size} caractères)")
    if images:
        notices.append(f"images laissées de côté : {images}")
    return tuple(notices)
