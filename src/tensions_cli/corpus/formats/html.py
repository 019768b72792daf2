"""Web pages: the full linear text, with what is not the article in zones.

The text is built here from the parsed page, one line per block element or `<br>`; trafilatura then
says which of these lines are the article. Nothing is dropped but scripts, styles and the like.
"""

import copy
import logging
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby, pairwise

import lxml.html
from lxml.etree import _Element

from tensions_cli.corpus.formats.plain import Line, assemble
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.errors import UnreadableError
from tensions_cli.files.encoding import decode
from tensions_cli.files.imports import import_urllib3_without_socket
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import BlockKind, Document, ZoneKind

# Long enough for a declaration, whatever stands before it (browsers look at 1,024 bytes; real pages
# put comments and scripts first).
_DECLARATION_WITHIN = 8192

_DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_DECLARED_XML = re.compile(rb"\s*<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w.:-]+)", re.IGNORECASE)

# `<script/>` is closed in XHTML and open in HTML, where it would swallow the page.
_SELF_CLOSED = re.compile(r"<(script|style|iframe|textarea|title|noscript|a|div|p|span)\b([^<>]*)/>", re.IGNORECASE)

_BLANKS = re.compile(r"[ \t\n\r\f]+")

# libxml2 compares every attribute with those before it: 10,000 take a third of a second, a million an hour. Text in a
# page without any tag after it counts too: a tag is closed before so many words.
_MOST_ATTRIBUTES = 10_000

# A form that holds more than this share of the page is its frame (ASP.NET pages), not a form.
_FRAME_SHARE = 0.5

# A cell this long is prose in a layout table, not data: the median French sentence of the project's
# starting corpus has about 110 characters.
_PROSE_CELL = 200

# Elements that often wrap the title of the article: what the extraction keeps in them is kept.
_RECOVERED = ("header", "form", "banner")

# Letters and digits from which a line is recognised by itself; a shorter one only in its place.
_LONG = 40

# Share of a long line that must be in the extraction when the whole is not (a note call cut out of it).
_CUT_SHARE = 0.8

# Under this share of the extracted characters found again, the alignment is not trusted.
_TRUSTED_SHARE = 0.5

# A line that is mostly links names another page.
_LINK_SHARE = 0.5

# A dropped heading is kept when the article goes on at most this many lines further.
_HEADING_REACH = 3


@dataclass(frozen=True, slots=True)
class PageLine:
    """One line of a page. `chrome`: the element that makes it a menu, or ""; `level`: heading level.

    `linked`: share of its visible characters inside links.
    """

    text: str
    kind: BlockKind
    emphasis: bool
    chrome: str
    level: int
    linked: float


def read_html(data: bytes, file: SourceFile) -> Iterator[Document]:
    """Read a saved web page into one document."""
    decoded = decode(data, _declared(data))
    page = parse_page(decoded.text)
    lines = page_lines(page)
    if not lines:
        raise UnreadableError("no_text", "la page ne contient aucun texte visible : enregistrez-la de nouveau")
    article, notices = _article(page, lines)
    text, blocks, zones = assemble(_zoned(lines, article))
    yield Document(
        id=file.id,
        source=file.name,
        format="html",
        text=text,
        blocks=blocks,
        zones=zones,
        metadata=_metadata(page),
        encoding=decoded.encoding,
        notices=(*decoded.notices, *notices),
    )


def parse_page(text: str) -> _Element | None:
    """Parse a page or a fragment; None when it holds no element. Nothing is fetched.

    Raises `UnreadableError` ("corrupt") beyond 2,048 nested elements, where libxml2 would stop reading, or for an
    element with more attributes than any page gives.
    """
    if any(len(piece.rpartition("<")[2].split()) > _MOST_ATTRIBUTES for piece in text.split(">")):
        raise UnreadableError(
            "corrupt", "un élément de la page est démesuré : copiez le texte de la page dans un fichier .txt"
        )
    if re.match(r"\s*<\?xml|[^<]*<!doctype[^>]*xhtml|\s*<html[^>]*xmlns", text, re.IGNORECASE):
        text = _SELF_CLOSED.sub(r"<\1\2></\1>", text)
    # huge_tree: without it libxml2 stops reading at 256 nested elements, which real pages reach.
    parser = lxml.html.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=True, remove_comments=True, remove_pis=True
    )
    try:
        page = lxml.html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except lxml.etree.ParserError:
        return None
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise UnreadableError(
            "corrupt",
            "la page imbrique trop d’éléments pour être lue en entier : copiez son texte dans un fichier .txt",
        )
    return page


def page_lines(page: _Element | None) -> list[PageLine]:
    """The visible lines of a page in reading order."""
    if page is None:
        return []
    lines: list[PageLine | None] = []
    pieces: list[tuple[str, _Context]] = []
    for piece, context in _pieces(page):
        if piece != "\n":
            pieces.append((piece, context))
            continue
        lines.append(_page_line(pieces))
        pieces = []
    lines.append(_page_line(pieces))
    return [line for line in lines if line is not None]


@cache
def _names(key: str) -> frozenset[str]:
    return frozenset(read_toml("reading.toml")["html"][key])


@dataclass(frozen=True, slots=True)
class _Context:
    """Where a piece of text stands: inherited from element to element."""

    block: str = ""
    item: bool = False
    emphasised: bool = False
    linked: bool = False
    verbatim: bool = False
    chrome: str = ""
    dropped: bool = False


def _pieces(page: _Element) -> Iterator[tuple[str, _Context]]:
    """The text of a page in order, each piece with its context; "\\n" alone ends a line.

    Walks without recursion: real pages nest hundreds of elements deep.
    """
    frame = _frame_form(page)
    stack = [_Context()]
    for event, element in lxml.etree.iterwalk(page, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else ""
        if event == "start":
            stack.append(_inside(stack[-1], tag, element, frame))
            text = element.text
        else:
            stack.pop()
            text = element.tail
        context = stack[-1]
        if context.dropped:
            continue
        if tag in _names("block") or (tag == "br" and event == "start"):
            yield "\n", context
        if text and context.verbatim:
            yield from ((piece, context) for piece in re.split("(\n)", text) if piece)
        elif text:
            yield _BLANKS.sub(" ", text), context


def _inside(outer: _Context, tag: str, element: _Element, frame: _Element | None) -> _Context:
    # Containers say nothing of what they hold: `<li><div>` is still an item.
    transparent = tag in ("div", "center", "html", "body") or tag not in _names("block")
    return _Context(
        block=outer.block if transparent else tag,
        item=outer.item or tag in ("li", "dt", "dd"),
        emphasised=outer.emphasised or tag in _names("emphasis"),
        linked=outer.linked or tag == "a",
        verbatim=outer.verbatim or tag in ("pre", "textarea"),
        chrome=outer.chrome or _chrome_reason(tag, element, frame),
        dropped=outer.dropped or tag in _names("dropped"),
    )


def _chrome_reason(tag: str, element: _Element, frame: _Element | None) -> str:
    """The word for an element that is a menu by its tag or role; "" for any other."""
    role = element.get("role", "").lower()
    if role in _names("chrome_roles"):
        return role
    if tag not in _names("chrome") or element is frame:
        return ""
    # The header or footer of an article is part of it (HTML standard, sectioning elements).
    if tag in ("header", "footer") and next(element.iterancestors("article", "main"), None) is not None:
        return ""
    return tag


def _page_line(pieces: Sequence[tuple[str, _Context]]) -> PageLine | None:
    """The line that some pieces make; None when nothing of it is visible."""
    text = re.sub(" {2,}", " ", "".join(piece for piece, _ in pieces)).strip(" ")
    sizes = [(size, context) for size, context in ((_solid(piece), context) for piece, context in pieces) if size]
    if not sizes:
        return None
    context = sizes[0][1]
    level = int(context.block[1]) if re.fullmatch("h[1-6]", context.block) else 0
    return PageLine(
        text=text,
        kind=_kind(context, level, text),
        emphasis=all(piece.emphasised for _, piece in sizes),
        chrome=context.chrome,
        level=level,
        linked=sum(size for size, piece in sizes if piece.linked) / sum(size for size, _ in sizes),
    )


def _kind(context: _Context, level: int, text: str) -> BlockKind:
    if level:
        return BlockKind.TITLE
    if context.block in ("td", "th") and len(text) < _PROSE_CELL:
        return BlockKind.CELL
    if context.block in ("li", "dt", "dd") or (context.block == "p" and context.item):
        return BlockKind.ITEM
    return BlockKind.PARAGRAPH


def _solid(text: str) -> int:
    return len("".join(text.split()))


def _frame_form(page: _Element) -> _Element | None:
    """The form that wraps the whole page, if there is one."""
    forms = list(page.iter("form"))
    if not forms:
        return None
    whole = _visible_size(page)
    return next((form for form in forms if _visible_size(form) > _FRAME_SHARE * whole), None)


def _visible_size(element: _Element) -> int:
    inside = "|".join(f"ancestor::{tag}" for tag in sorted(_names("dropped")))
    found = element.xpath(f"descendant::text()[not({inside})]")
    return sum(map(_solid, map(str, found))) if isinstance(found, list) else 0


def _declared(data: bytes) -> str | None:
    head = data[:_DECLARATION_WITHIN]
    found = _DECLARED_XML.match(head) or _DECLARED.search(head)
    return found[1].decode("ascii") if found else None


def _metadata(page: _Element | None) -> Mapping[str, str]:
    """Title, author and date that the page declares."""
    if page is None:
        return {}
    found: dict[str, str] = {}
    title = next(page.iter("title"), None)
    if title is not None:
        found["title"] = _one_line("".join(map(str, title.itertext())))
    declared: dict[str, str] = {}
    for meta in page.iter("meta"):
        name = (meta.get("name") or meta.get("property") or "").lower()
        declared.setdefault(name, _one_line(meta.get("content") or ""))
    for field in ("author", "date"):
        names = read_toml("reading.toml")["html"][f"meta_{field}"]
        found[field] = next((declared[name] for name in names if declared.get(name)), "")
    return {name: value for name, value in found.items() if value}


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _zoned(lines: Sequence[PageLine], article: Sequence[bool] | None) -> Iterator[Line]:
    for i, line in enumerate(lines):
        zone = None
        if line.chrome and not (article is not None and article[i] and line.chrome in _RECOVERED):
            zone = ZoneKind.CHROME, f"élément « {line.chrome} » de la page"
        elif article is not None and not article[i]:
            zone = ZoneKind.CHROME, "hors de l’article (extraction)"
        yield Line(line.text, line.kind, line.emphasis, zone=zone)


def _article(page: _Element | None, lines: Sequence[PageLine]) -> tuple[list[bool] | None, tuple[str, ...]]:
    """Which lines are the article; None, and a notice, when that cannot be told."""
    if _is_transcript(lines):
        return None, ()
    extracted = [key for key in map(_key, _extracted(page).split("\n")) if key]
    keys = [_key(line.text) if line.chrome in ("", *_RECOVERED) else "" for line in lines]
    kept = _aligned(keys, extracted)
    for i, line in enumerate(lines):
        if i and not keys[i] and not line.chrome:  # punctuation alone goes with what it follows
            kept[i] = kept[i - 1]
    found = sum(len(key) for key, keep in zip(keys, kept, strict=True) if keep)
    if sum(kept) < 2 or found < _TRUSTED_SHARE * sum(map(len, extracted)):
        return None, ("l’article de la page n’a pas été reconnu : seuls ses menus déclarés sont mis à part",)
    return _with_lists(lines, _with_headings(lines, kept)), ()


def _is_transcript(lines: Sequence[PageLine]) -> bool:
    """At least two labels, each used twice, open at least 30 % of the lines outside menus."""
    label = re.compile(read_toml("reading.toml")["transcript"]["label"])
    body = [line.text for line in lines if not line.chrome]
    counts = Counter(found["label"] for found in map(label.match, body) if found)
    repeated = [n for n in counts.values() if n >= 2]
    return len(repeated) >= 2 and sum(repeated) >= 0.3 * len(body)


def _extracted(page: _Element | None) -> str:
    """What trafilatura takes for the article, one paragraph per line; "" when it finds nothing."""
    import_urllib3_without_socket()
    import trafilatura

    # It logs what it discards, which may quote the page.
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    logging.getLogger("htmldate").setLevel(logging.CRITICAL)
    try:
        result = trafilatura.bare_extraction(
            copy.deepcopy(page),
            favor_recall=True,
            include_comments=False,
            include_tables=True,
            include_links=False,
            deduplicate=False,
            with_metadata=False,
        )
    except Exception:  # any page is readable without it
        return ""
    return str(getattr(result, "text", None) or "")


def _key(text: str) -> str:
    """Letters and digits in lower case: what survives two ways of laying a text out."""
    return "".join(filter(str.isalnum, text.lower()))


def _aligned(lines: Sequence[str], extracted: Sequence[str]) -> list[bool]:
    """Which lines of a page are in the extracted text; both as letters and digits.

    Long lines are found by themselves, whether the extraction merged or split them. The ones that
    occur once on both sides anchor the order; between anchors, short or repeated lines are kept only
    where the extraction still has characters that nothing else accounts for.
    """
    stream = "".join(extracted)
    counts = Counter(lines)
    places: dict[int, int] = {}
    at = 0
    for i, line in enumerate(lines):
        if len(line) < _LONG or counts[line] > 1:
            continue
        found = stream.find(line, at)
        found = stream.find(line) if found < 0 else found
        if found >= 0:
            places[i] = found
            at = found + len(line)
    kept = [i in places for i in range(len(lines))]
    anchors = _longest_increasing([(i, at, at + len(lines[i])) for i, at in places.items()])
    edges = _line_edges(extracted)
    bounds = [(-1, 0, 0), *anchors, (len(lines), len(stream), len(stream))]
    for (left, _, begin), (right, end, _) in pairwise(bounds):
        between = [i for i in range(left + 1, right) if not kept[i] and lines[i]]
        for i in _fill(lines, between, stream, begin, end, edges, backwards=left < 0):
            kept[i] = True
    cut = [i for i, line in enumerate(lines) if not kept[i] and len(line) >= 2 * _LONG and counts[line] == 1]
    shingles = _shingles(stream) if cut else frozenset()
    for i in cut:
        own = _shingles(lines[i])
        kept[i] = len(own & shingles) >= _CUT_SHARE * len(own)
    return kept


def _longest_increasing(found: Sequence[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """The longest run of (line, start, end) whose places grow with the lines (patience sorting)."""
    tails: list[int] = []
    starts: list[int] = []
    before: list[int] = []
    for rank, (_, start, _) in enumerate(found):
        at = bisect_left(starts, start)
        before.append(tails[at - 1] if at else -1)
        tails[at : at + 1] = [rank]
        starts[at : at + 1] = [start]
    chain = []
    rank = tails[-1] if tails else -1
    while rank >= 0:
        chain.append(found[rank])
        rank = before[rank]
    return chain[::-1]


def _line_edges(extracted: Sequence[str]) -> frozenset[int]:
    edges = {0}
    at = 0
    for line in extracted:
        at += len(line)
        edges.add(at)
    return frozenset(edges)


def _fill(
    lines: Sequence[str],
    between: Sequence[int],
    stream: str,
    begin: int,
    end: int,
    edges: frozenset[int],
    *,
    backwards: bool,
) -> Iterator[int]:
    """Lines, among `between`, found one after the other in `stream[begin:end]`.

    A short line must begin at an edge of the extraction or right after the previous one. Before the
    first anchor the search goes backwards, so that the line nearest to the article wins.
    """
    for i in reversed(between) if backwards else between:
        line = lines[i]
        at = stream.rfind(line, begin, end) if backwards else stream.find(line, begin, end)
        while at >= 0 and len(line) < _LONG:
            touches = at + len(line) == end or at + len(line) in edges if backwards else at == begin or at in edges
            if touches:
                break
            at = stream.rfind(line, begin, at + len(line) - 1) if backwards else stream.find(line, at + 1, end)
        if at < 0:
            continue
        if backwards:
            end = at
        else:
            begin = at + len(line)
        yield i


def _shingles(text: str) -> frozenset[str]:
    """All runs of 12 characters: what a line keeps when the extraction cut a note out of it."""
    return frozenset(text[at : at + 12] for at in range(len(text) - 11))


def _with_headings(lines: Sequence[PageLine], kept: Sequence[bool]) -> list[bool]:
    """Give back the title of the article and the headings of its parts, which the extraction may drop."""
    result = list(kept)
    first = result.index(True)
    title = next((i for i in range(first, -1, -1) if lines[i].level == 1 and not lines[i].chrome), None)
    if title is not None and not any(keep and line.level == 1 for line, keep in zip(lines, kept, strict=True)):
        result[title] = True
    for i, line in enumerate(lines):
        if 1 <= line.level <= 4 and not line.chrome and not result[i]:
            result[i] = _leads_to_text(lines, kept, i)
        elif line.level > 1 and i + 1 < len(lines) and not kept[i + 1] and lines[i + 1].linked >= _LINK_SHARE:
            result[i] = False  # a heading of links ("À lire aussi") left without its links
    return result


def _with_lists(lines: Sequence[PageLine], kept: Sequence[bool]) -> list[bool]:
    """Give back the lists that stand between two lines of the article and are not lists of links."""
    result = list(kept)
    dropped = [
        line.kind is BlockKind.ITEM and not keep and not line.chrome and line.linked < _LINK_SHARE
        for line, keep in zip(lines, kept, strict=True)
    ]
    at = 0
    for is_dropped, run in groupby(dropped):
        stop = at + len(list(run))
        if is_dropped and at > 0 and stop < len(lines) and kept[at - 1] and kept[stop]:
            result[at:stop] = [True] * (stop - at)
        at = stop
    return result


def _leads_to_text(lines: Sequence[PageLine], kept: Sequence[bool], heading: int) -> bool:
    """A heading opens text that is kept, with at most a caption or a sub-heading in between."""
    passed = False
    for i in range(heading + 1, min(heading + 1 + _HEADING_REACH, len(lines))):
        line = lines[i]
        if line.level:
            if passed and line.level <= lines[heading].level:
                return False
        elif kept[i]:
            return True
        elif line.linked >= _LINK_SHARE:
            return False
        else:
            passed = True
    return False
