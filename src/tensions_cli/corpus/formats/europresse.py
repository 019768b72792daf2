"""Europresse exports saved as HTML: one document per article.

Two layouts are known, and more will come: parts are recognised by their class (`knowledge/press.toml`), an article is
followed in reading order from its publication to its document number, whatever elements it forgets to close. The
certificate under each article names the licensee: nothing of it is kept, its lines are only counted.
"""

import datetime
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise
from typing import Any

from lxml import etree
from lxml.etree import _Element

from tensions_cli.corpus.formats.html import parse_page
from tensions_cli.corpus.formats.plain import Line, assemble
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.errors import UnreadableError
from tensions_cli.files.encoding import Decoded, decode
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import BlockKind, Document, Skipped, ZoneKind

_ARTICLE = re.compile(r"<article\b", re.IGNORECASE)
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_DECLARATION_WITHIN = 8192

# What an article cannot be mistaken for: a name is short, a legal notice too.
_AUTHOR_WORDS = 12
_RIGHTS_CHARACTERS = 300

# Section, date and page: the longest header met has 60 characters, a longer one would be searched for nothing.
_HEADER_CHARACTERS = 1000

# Ranks named in a notice; beyond, only their number.
_LISTED = 20

_METADATA = ZoneKind.METADATA


@dataclass(frozen=True, slots=True)
class _PressLine:
    """One visible line: which part it is in, how it is shown, how many `<p>` opened before it in the page."""

    text: str
    part: str
    kind: BlockKind
    emphasis: bool
    paragraphs: int


@dataclass(slots=True)
class _Article:
    """One article as it is being read: its lines laid out, what its header says, how many lines were left out."""

    lines: list[Line] = field(default_factory=list)
    header: list[str] = field(default_factory=list)
    publication: str = ""
    titles: list[str] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    number: str = ""
    certificate: int = 0
    outside: int = 0


def is_europresse(data: bytes) -> bool:
    """Two of the classes that Europresse gives to its elements stand in the page."""
    # Without NUL bytes a page in UTF-16 shows its classes too.
    return _known_classes(data.replace(b"\0", b"").decode("latin-1")) >= 2


def read_europresse(data: bytes, file: SourceFile) -> Iterator[Document | Skipped]:
    """Read a press export into one document per article, `file#n` where n is its rank in the file.

    Metadata: source, issue, date (ISO), year, section, page, title, author, number. An article whose document number
    came before is left out (`twin`); articles that cannot be understood are counted (`format`). Raises
    `UnreadableError` ("format") when not one can be.
    """
    declared = _CHARSET.search(data[:_DECLARATION_WITHIN])
    decoded = decode(data, declared[1].decode("ascii") if declared else None)
    articles, outside = _articles(decoded.text)
    understood = [article if article is not None and _is_understood(article) else None for article in articles]
    if not any(understood):
        raise UnreadableError(
            "format",
            "export Europresse dont aucun article n’est reconnu\u00a0: enregistrez-le de nouveau en HTML, avec le texte"
            " entier des articles",
        )
    notices = _notices(decoded, articles, understood, outside)
    seen: dict[str, tuple[int, str]] = {}
    for rank, article in enumerate(understood, start=1):
        if article is None:
            continue
        document = _document(article, decoded, f"{file.id}#{rank}" if len(articles) > 1 else file.id, file)
        digest = hashlib.sha256(document.text.encode("utf-8", "replace")).hexdigest()
        if article.number and article.number in seen:
            first, same = seen[article.number]
            how = "texte identique" if same == digest else "texte différent, comparez-les"
            detail = f"article {rank}\u00a0: même numéro de document que l’article {first} ({how})"
            yield Skipped(file.name, "twin", detail, failed=False)
            continue
        if article.number:
            seen[article.number] = rank, digest
        yield replace(document, notices=notices)
        notices = ()  # what is said of the file is said once
    lost = [rank for rank, article in enumerate(understood, start=1) if article is None]
    if lost:
        detail = f"articles dont la mise en page n’est pas reconnue\u00a0: {len(lost)} (rang {_ranks(lost)})"
        yield Skipped(file.name, "format", f"{detail}\u00a0; exportez-les de nouveau en HTML, avec leur texte")


def press_date(text: str) -> str | None:
    """The first date of a header in ISO form (`2006-03-14`, `2006-03` without a day), whatever the locale."""
    found = _dated(text)
    return None if found is None else found[0]


# --- from the page to lines -------------------------------------------------------------------------


def _articles(text: str) -> tuple[list[_Article | None], int]:
    """The articles in order (None: nothing in its markup is known), and how many lines precede them all.

    Each `<article>` is parsed alone, so that an element left open in one never swallows the next.
    """
    edges = [0, *(found.start() for found in _ARTICLE.finditer(text)), len(text)]
    articles: list[_Article | None] = []
    outside = 0
    for start, end in pairwise(edges):
        fragment, declared = text[start:end], _ARTICLE.match(text, start) is not None
        if not fragment:
            continue
        if declared and not _known_classes(fragment):
            articles.append(None)
            continue
        try:
            lines = list(_press_lines(parse_page(fragment), declared=declared))
        except UnreadableError:
            articles.append(None)
            continue
        before, groups = _groups(lines, declared=declared)
        outside += before
        articles += map(_read_article, groups)
    return articles, outside


def _groups(lines: Sequence[_PressLine], *, declared: bool) -> tuple[int, list[list[_PressLine]]]:
    """Lines before the first article, and the lines of each: a publication opens one, `<article>` too."""
    groups: list[list[_PressLine]] = [[]]
    named = not declared
    previous = ""
    for line in lines:
        if line.part == "publication" != previous:
            if named:
                groups.append([])
            named = True
        groups[-1].append(line)
        previous = line.part
    return (0, groups) if declared else (len(groups[0]), groups[1:])


def _press_lines(page: _Element | None, *, declared: bool) -> Iterator[_PressLine]:
    """The visible lines of a stretch of the page in reading order; a line never holds two parts.

    `declared`: the stretch begins with `<article>`, and what follows its end is outside.
    """
    if page is None:
        return
    pieces: list[tuple[str, _Place]] = []
    for piece, place in _pieces(page, "outside" if declared else ""):
        if pieces and (piece == "\n" or place.part != pieces[-1][1].part):
            yield from _line(pieces)
            pieces = []
        if piece != "\n":
            pieces.append((piece, place))
    yield from _line(pieces)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a piece of text stands."""

    part: str = ""
    kind: BlockKind = BlockKind.PARAGRAPH
    emphasised: bool = False
    dropped: bool = False
    paragraphs: int = 0


def _pieces(page: _Element, part: str) -> Iterator[tuple[str, _Place]]:
    """The text of a page in order; "\\n" alone ends a line. Walks without recursion."""
    html = read_toml("reading.toml")["html"]
    block, dropped, emphasis = (frozenset(html[name]) for name in ("block", "dropped", "emphasis"))
    stack = [_Place(part)]
    paragraphs = 0
    for event, element in etree.iterwalk(page, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else ""
        if event == "start":
            paragraphs += tag == "p"
            outer = stack[-1]
            bold = tag in emphasis or "bold" in element.get("style", "").lower()
            stack.append(
                _Place(
                    part=_part(element, tag, outer.part),
                    kind=_kind(tag, outer.kind),
                    emphasised=outer.emphasised or bold,
                    dropped=outer.dropped or tag in dropped,
                )
            )
            text = element.text
        else:
            stack.pop()
            text = element.tail
        place = stack[-1]
        if tag in block or (tag == "br" and event == "start"):
            yield "\n", place
        if text and not place.dropped:
            yield re.sub(r"[ \t\n\r\f]+", " ", text), replace(place, paragraphs=paragraphs)


def _part(element: _Element, tag: str, outer: str) -> str:
    """The part that an element opens, else the one it is in; nothing leaves a footer or a certificate."""
    press = _press()
    names = f"{element.get('class', '')} {element.get('id', '')}".lower().split()
    if outer == "certificate" or any(name.startswith(tuple(press["certificate"]["names"])) for name in names):
        return "certificate"
    if outer == "footer":
        return outer
    if tag == "article":
        return ""
    found = next((press["classes"][name] for name in names if name in press["classes"]), None)
    return str(found or press["tags"].get(tag) or outer)


def _kind(tag: str, outer: BlockKind) -> BlockKind:
    if re.fullmatch("h[1-6]", tag):
        return BlockKind.TITLE
    return BlockKind.ITEM if tag == "li" else outer


def _line(pieces: Sequence[tuple[str, _Place]]) -> Iterator[_PressLine]:
    solid = [place for piece, place in pieces if piece.strip()]
    if not solid:
        return
    text = re.sub(" {2,}", " ", "".join(piece for piece, _ in pieces)).strip(" ")
    first = solid[0]
    yield _PressLine(text, first.part, first.kind, all(place.emphasised for place in solid), first.paragraphs)


# --- from lines to an article -----------------------------------------------------------------------


def _read_article(lines: Sequence[_PressLine]) -> _Article:
    """Tell header, titles, author, body, notes and closing lines apart."""
    article = _Article()
    has_body = any(line.part == "body" for line in lines)
    title = max((i for i, line in enumerate(lines) if line.part == "title"), default=None)
    body = next((i for i, line in enumerate(lines) if line.part == "body"), len(lines))
    closed = False
    for i, line in enumerate(lines):
        if line.part == "outside":
            article.outside += 1
        elif closed or line.part in ("footer", "certificate"):
            _close(article, line)
        elif _pattern("certificate").search(line.text):
            article.certificate += 1
        elif _pattern("number_label").match(line.text) or _is_number(line.text):
            closed = True
            _close(article, line)
        elif line.part in ("publication", "header"):
            _head(article, line)
        elif not _named(article) and line.part == "":
            article.outside += 1
        elif line.part == "title" or (i < body and _is_heading(line, i, title, article)):
            article.titles += [line.text] * (line.part == "title")
            article.lines.append(Line(line.text, BlockKind.TITLE, line.emphasis))
        elif line.part == "aside":
            article.lines.append(Line(line.text, line.kind, zone=(ZoneKind.NOTE, "note de l’article")))
        elif i < body and (line.part == "author" or (title is not None and _is_author(lines, i, title, has_body))):
            article.authors.append(line.text)
            article.lines.append(Line(line.text, zone=(_METADATA, "auteur de l’article")))
        elif _is_rights(line.text):
            article.lines.append(Line(line.text, zone=(ZoneKind.CHROME, "mention de droits")))
        else:
            article.lines.append(Line(line.text, line.kind, line.emphasis))
    return article


def _is_heading(line: _PressLine, i: int, title: int | None, article: _Article) -> bool:
    """A heading above or below the title; in the older layout it is any line between header and title."""
    return line.part == "heading" or (title is not None and i < title and line.part == "" and _named(article))


def _named(article: _Article) -> bool:
    """The header of the article has begun."""
    return bool(article.publication or article.header or article.titles)


def _head(article: _Article, line: _PressLine) -> None:
    """A line of the header: publication, or section, date and page."""
    if line.part == "publication":
        article.publication = " ".join(filter(None, (article.publication, line.text)))
    else:
        article.header.append(line.text)
    article.lines.append(Line(line.text, zone=(_METADATA, "en-tête de l’article")))


def _close(article: _Article, line: _PressLine) -> None:
    """A line after the body: number and rights are kept as zones; anything else may name the licensee."""
    certificate = _pattern("certificate").search(line.text) is not None
    number = _pattern("number").search(line.text)
    article.number = article.number or (number[0] if number else "")
    if certificate:
        article.certificate += 1
    elif line.part != "certificate" and (_is_number(line.text) or _only_label(line.text)):
        article.lines.append(Line(line.text, zone=(_METADATA, "numéro de document")))
    elif line.part != "certificate" and _is_rights(line.text):
        article.lines.append(Line(line.text, zone=(ZoneKind.CHROME, "mention de droits")))
    else:
        article.certificate += 1


def _is_number(text: str) -> bool:
    """A document number, alone or after its label: nothing else stands on the line."""
    if "·" not in text:
        return False
    rest = _pattern("number_label").sub("", _pattern("number").sub("", text, count=1), count=1)
    return _pattern("number").search(text) is not None and not any(map(str.isalnum, rest))


def _only_label(text: str) -> bool:
    return _pattern("number_label").match(text) is not None and not any(
        map(str.isalnum, _pattern("number_label").sub("", text, count=1))
    )


def _is_rights(text: str) -> bool:
    return len(text) <= _RIGHTS_CHARACTERS and _pattern("rights").search(text) is not None


def _is_author(lines: Sequence[_PressLine], i: int, title: int, has_body: bool) -> bool:
    """A line before the body that can be a name.

    In the newer layout the body has its own element; in the older one, the name is the line that follows the title
    before any paragraph.
    """
    text = lines[i].text
    if has_body:
        ends_sentence = text.rstrip("»” ").endswith((".", "?", "!"))
        return title < i and len(text.split()) <= _AUTHOR_WORDS and not ends_sentence
    return i == title + 1 and lines[i].paragraphs == lines[title].paragraphs and _has_shape_of_name(text)


def _has_shape_of_name(text: str) -> bool:
    """Two words or more, each with a capital but for particles; or a single one in capitals (an agency)."""
    words = re.findall(r"[^\W\d_]+", text)
    if any(map(str.isdigit, text)) or not 1 <= len(words) <= _AUTHOR_WORDS or text.endswith((".", ":", "?", "!", "…")):
        return False
    particles = frozenset(_press()["author"]["particles"])
    capitals = [word[0].isupper() for word in words if word.lower() not in particles]
    return bool(capitals) and all(capitals) and (len(words) > 1 or text.isupper())


# --- from an article to a document ------------------------------------------------------------------


def _is_understood(article: _Article) -> bool:
    """It has a text, and says where it comes from."""
    has_text = any(line.zone is None and line.kind is not BlockKind.TITLE for line in article.lines)
    return has_text and bool(article.publication or article.number or article.titles)


def _document(article: _Article, decoded: Decoded, name: str, file: SourceFile) -> Document:
    text, blocks, zones = assemble(article.lines)
    return Document(
        id=name,
        source=file.name,
        format="europresse",
        text=text,
        blocks=blocks,
        zones=zones,
        metadata=_metadata(article),
        encoding=decoded.encoding,
    )


def _metadata(article: _Article) -> Mapping[str, str]:
    header = _header(article)
    publication = article.publication[:_HEADER_CHARACTERS]
    issue = _pattern("issue").search(publication)
    dated = _dated(header)
    before, after = (header[: dated[1]], header[dated[2] :]) if dated else (header, header)
    page = _pattern("page").search(after)
    if page and not dated:
        before = before[: page.start()]
    date = dated[0] if dated else _number_date(article.number)
    found = {
        "source": publication[: issue.start()] if issue else publication,
        "issue": issue["issue"] if issue else "",
        "date": date or "",
        "year": (date or "")[:4],
        "section": _without_weekday(before),
        "page": page["page"].strip(" ,.") if page else "",
        "title": " ".join(article.titles),
        "author": "; ".join(author.strip(" ;,") for author in article.authors),
        "number": article.number,
    }
    return {name: value.strip(" ,") for name, value in found.items() if value.strip(" ,")}


def _header(article: _Article) -> str:
    return ", ".join(article.header)[:_HEADER_CHARACTERS]


def _number_date(number: str) -> str | None:
    """The day that a document number tells: `news·20060314·XX·1`."""
    digits = re.search(r"·(\d{4})(\d\d)(\d\d)·", number)
    return _iso(int(digits[1]), int(digits[2]), int(digits[3])) if digits else None


def _dated(text: str) -> tuple[str, int, int] | None:
    """The first date of a text in ISO form, and where it stands."""
    folded = _folded(text)
    for found in _date_pattern().finditer(folded):
        parts = found.groupdict()
        month = next((rank for rank in range(1, 13) if parts.get(f"m{rank}") or parts.get(f"e{rank}")), 0)
        year = int(parts["year"] or parts["iso_year"] or parts["slash_year"] or parts["english_year"])
        month = month or int(parts["iso_month"] or parts["slash_month"])
        day = parts["day"] or parts["iso_day"] or parts["slash_day"] or parts["english_day"]
        iso = _iso(year, month, int(day)) if day else f"{year:04}-{month:02}"
        if iso is not None:
            return iso, found.start(), found.end()
    return None


def _iso(year: int, month: int, day: int) -> str | None:
    try:
        return datetime.date(year, month, day).isoformat()
    except ValueError:
        return None


@cache
def _date_pattern() -> re.Pattern[str]:
    months = read_toml("press.toml")["dates"]["months"]
    french = "|".join(f"(?P<m{rank}>{'|'.join(names)})" for rank, names in enumerate(months, start=1))
    english = "|".join(f"(?P<e{rank}>{'|'.join(names)})" for rank, names in enumerate(months, start=1))
    return re.compile(
        r"(?P<iso_year>(?:19|20)\d\d)-(?P<iso_month>\d\d)-(?P<iso_day>\d\d)\b"
        r"|\b(?P<slash_day>\d{1,2})/(?P<slash_month>\d{1,2})/(?P<slash_year>(?:19|20)\d\d)\b"
        rf"|(?:\b(?P<day>\d{{1,2}})(?:er)?\s+)?\b(?:{french})\.?\s+(?P<year>(?:18|19|20)\d\d)\b"
        rf"|\b(?:{english})\s+(?P<english_day>\d{{1,2}}),\s+(?P<english_year>(?:18|19|20)\d\d)\b"
    )


def _folded(text: str) -> str:
    """Lower case without accents, one character for one: places stay what they are."""
    return "".join((unicodedata.normalize("NFD", sign.lower()) or sign)[0] for sign in text)


def _without_weekday(text: str) -> str:
    """The section that stands before a date, without the day of the week between them."""
    text = text.rstrip(" ,–-")
    before, _, last = text.rpartition(" ")
    return before if _folded(last) in read_toml("press.toml")["dates"]["weekdays"] else text


def _notices(
    decoded: Decoded, articles: Sequence[_Article | None], understood: Iterable[_Article | None], before: int
) -> tuple[str, ...]:
    """What a user should know of the file: dates, certificates, what was left out, and the licence."""
    known = [article for article in understood if article is not None]
    undated = sum(_dated(_header(article)) is None for article in known)
    certificate = sum(article.certificate for article in articles if article is not None)
    outside = before + sum(article.outside for article in articles if article is not None)
    said = [
        "articles de presse sous licence\u00a0: n’en diffusez que des comptes et de courtes citations",
        f"lignes de certificat (il nomme l’abonné) et de pied d’article, retirées\u00a0: {certificate}"
        * bool(certificate),
        f"lignes hors des articles, laissées de côté\u00a0: {outside}" * bool(outside),
        f"articles sans date lisible dans leur en-tête\u00a0: {undated}" * bool(undated),
    ]
    return (*decoded.notices, *filter(None, said))


def _ranks(ranks: Sequence[int]) -> str:
    more = f" et {len(ranks) - _LISTED} autres" if len(ranks) > _LISTED else ""
    return ", ".join(map(str, ranks[:_LISTED])) + more


@cache
def _press() -> dict[str, Any]:
    found: dict[str, Any] = read_toml("press.toml")["europresse"]
    return found


@cache
def _pattern(name: str) -> re.Pattern[str]:
    pattern = _press()["certificate"]["line"] if name == "certificate" else _press()["lines"][name]
    return re.compile(pattern, re.IGNORECASE)


def _known_classes(page: str) -> int:
    """How many of the classes of an export the elements of a page have."""
    lowered = page.lower()
    if sum(name in lowered for name in _press()["recognised"]) == 0:
        return 0
    return len(set(_class_pattern().findall(lowered)))


@cache
def _class_pattern() -> re.Pattern[str]:
    """Attributes never overlap in it, whatever the page holds: `=` ends one."""
    names = "|".join(_press()["recognised"])
    return re.compile(rf"\b(?:class|id)\s{{0,9}}=\s{{0,9}}[\"']?[^\"'<>=]{{0,200}}?\b({names})\b")
