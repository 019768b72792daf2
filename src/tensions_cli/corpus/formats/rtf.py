"""RTF: body in order, as a reader of the page sees it, from the control words of the file.

Written by hand: no library gives what the other readers of word processors give. striprtf 0.0.35 drops
footnotes and text boxes, keeps hidden and deleted text, writes the address of every link into the text,
marks cells with `|` like any other `|`, takes Mac code pages for UTF-8, and gives neither bold nor italic,
by which questions without labels are found (speakers, variant 23). rtfparse and RTFDE rebuild HTML mails.

Insertions under change tracking are accepted and deletions dropped. Notes come after the body, in a zone
of their own; lines of a table of contents are zones where they stand. Comments, deletions, hidden text,
headers, footers and equations are counted. `\\info`, which holds real names, is never read.
"""

import codecs
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from tensions_cli.corpus.formats.plain import Line, assemble
from tensions_cli.corpus.formats.transcript_table import table_lines
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.errors import UnreadableError
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import BlockKind, Document, ZoneKind

# Word nests some ten groups, converters some dozens.
_DEEPEST = 2000

# Prose takes 1.7 million tokens for 1.2 million words; five million are an attack, or pages that nobody reads in
# one piece: 4 to 8 s (1 to 1.6 µs each), 20 s on a busy machine.
_MOST_TOKENS = 5_000_000

# Characters that stand in for one `\\u`: one in a Western code page, two or three in an Asian one.
_MOST_STAND_INS = 10

# Tables inside tables: a page has room for three or four.
_DEEPEST_TABLE = 10

_TOKEN = re.compile(
    r"\\(?P<word>[A-Za-z]+)(?P<number>-?\d{1,9})?\d* ?|\\'(?P<hex>[0-9A-Fa-f]{2})|\\(?P<symbol>[^A-Za-z])"
    r"|(?P<brace>[{}])|(?P<text>[^\\{}\r\n]+)|[\r\n]+|\\",
    re.DOTALL,
)

_ESCAPED = ("\\", "{", "}")

_SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass(slots=True)
class _Table:
    """A table being read: finished rows, finished cells of the row, lines of the cell."""

    rows: list[list[list[Line]]] = field(default_factory=list)
    cells: list[list[Line]] = field(default_factory=list)
    cell: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Shape:
    """What the properties of a paragraph say: its style, its place in an outline, a list, tables (0: outside)."""

    style: int = 0
    outline: bool = False
    item: bool = False
    depth: int = 0


@dataclass(slots=True, eq=False)
class _Sink:
    """Where the characters of a group go: the lines of the body, of one note, of one text box…

    `shape`: of the paragraph, as at its last characters. `tables[n]`: the open table of depth n + 1.
    """

    name: str
    lines: list[Line] = field(default_factory=list)
    pieces: list[tuple[str, bool]] = field(default_factory=list)  # text, emphasised
    anchored: list[Line] = field(default_factory=list)  # text boxes of the current paragraph
    shape: _Shape = _Shape()
    item: bool = False
    tables: list[_Table] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _State:
    """What a group inherits and a closing brace gives back. `sink` None: the characters are not text."""

    sink: _Sink | None
    shape: _Shape = _Shape()
    font: int | None = None
    skip: int = 1  # characters that stand in for a `\\u`, for old readers
    bold: bool = False
    italic: bool = False
    hidden: bool = False
    deleted: bool = False
    above: _Sink | None = None  # inside `\\upr`: where its Unicode half goes
    role: str = ""  # `fonts` or `styles`, tables of the header


@dataclass(slots=True)
class _Style:
    name: str = ""
    number: int = 0
    base: int | None = None
    outline: bool = False
    paragraph: bool = True


@dataclass(slots=True)
class _Reading:
    """The file as read so far."""

    state: _State
    stack: list[_State]
    code_page: str = "cp1252"
    default_font: int | None = None
    fonts: dict[int, str] = field(default_factory=dict)
    font: int = 0  # of the table of fonts
    style: _Style = field(default_factory=_Style)
    styles: dict[int, _Style] = field(default_factory=dict)
    starred: bool = False
    to_skip: int = 0
    bytes: bytearray = field(default_factory=bytearray)
    notes: dict[str, list[Line]] = field(default_factory=lambda: {"footnote": [], "endnote": []})
    counts: Counter[str] = field(default_factory=Counter)
    aside: str = ""  # why the last characters were left out


def read_rtf(data: bytes, file: SourceFile) -> Iterator[Document]:
    """Read an RTF file into one document.

    Raises `UnreadableError` for files that are not RTF ("corrupt"), nest groups without end ("corrupt"),
    hold five million words of control ("too_large"), or no text ("no_text").
    """
    source, encoding = _source(data)
    body = _Sink("body")
    reading = _Reading(_State(body), [])
    end = _read_groups(reading, source, as_utf8=encoding == "utf-8")
    reading.counts["truncated"] += bool(reading.stack)
    while reading.stack:
        _close_group(reading)
    _finish(reading, body)
    reading.counts["after"] += bool(source[end:].strip("\x00\r\n\t }"))
    notes = [
        replace(line, zone=(ZoneKind.NOTE, _NOTE_NAMES[kind])) for kind, said in reading.notes.items() for line in said
    ]
    text, blocks, zones = assemble([*body.lines, *notes])
    if not text:
        raise UnreadableError(
            "no_text", "le document ne contient aucun texte\u00a0: vérifiez-le dans un traitement de texte"
        )
    yield Document(
        id=file.id,
        source=file.name,
        format="rtf",
        text=text,
        blocks=blocks,
        zones=zones,
        encoding=encoding or reading.code_page,
        notices=tuple(_notices(reading.counts)),
    )


_NOTE_NAMES = {"footnote": "note de bas de page", "endnote": "note de fin"}

_SAID = {
    "annotation": "commentaires non lus",
    "deleted": "suppressions en suivi des modifications, laissées de côté",
    "hidden": "passages masqués non lus",
    "margin": "en-têtes et pieds de page non lus",
    "equation": "formules non lues",
    "object": "objets incorporés non lus",
    "undecoded": "octets sans signification dans leur page de code, remplacés par U+FFFD",
}


def _notices(counts: Counter[str]) -> Iterator[str]:
    for key, said in _SAID.items():
        if counts[key]:
            yield f"{said}\u00a0: {counts[key]}"
    if counts["truncated"]:
        yield "le fichier RTF n’est pas terminé\u00a0: la fin du texte manque peut-être, vérifiez le fichier d’origine"
    if counts["after"]:
        yield "des caractères suivent la fin du document RTF\u00a0: ils ne sont pas lus, comme dans Word"


def _source(data: bytes) -> tuple[str, str | None]:
    """The file as characters, each byte one of them; or as UTF-8, which some converters write against the norm."""
    stripped = data.removeprefix(codecs.BOM_UTF8).lstrip()
    if not stripped.startswith(b"{\\rtf"):
        raise UnreadableError(
            "corrupt", "ce n’est pas un fichier RTF malgré son nom\u00a0: ouvrez-le et enregistrez-le de nouveau"
        )
    if not stripped.isascii():
        try:
            return stripped.decode("utf-8"), "utf-8"
        except UnicodeDecodeError:
            pass
    return stripped.decode("latin-1"), None


# --- tokens -----------------------------------------------------------------------------------------


def _read_groups(reading: _Reading, source: str, *, as_utf8: bool) -> int:
    """Read up to the end of the outer group; gives the place after it."""
    at = 0
    for _ in range(_MOST_TOKENS):
        token = _TOKEN.match(source, at)
        if token is None:
            return at
        at = token.end()
        kind = token.lastgroup
        if kind == "text":
            _add_source(reading, token["text"], as_utf8=as_utf8)
        elif kind == "hex":
            if reading.to_skip:
                reading.to_skip -= 1
            else:
                reading.bytes.append(int(token["hex"], 16))
        elif kind == "brace":
            _flush(reading)
            reading.to_skip, reading.starred = 0, False
            if token["brace"] == "{":
                _open_group(reading)
            else:
                _close_group(reading)
                if not reading.stack:
                    return at
        elif kind is not None:
            at = _read_control(reading, token)
    raise UnreadableError("too_large", "le fichier RTF est démesuré\u00a0: découpez-le en plusieurs textes")


def _read_control(reading: _Reading, token: re.Match[str]) -> int:
    """Obey a control word or symbol; gives the place where reading goes on."""
    at = token.end()
    word = token["word"] or token["symbol"]
    number = int(token["number"]) if token["number"] else None
    if word == "bin":
        reading.to_skip = max(reading.to_skip - 1, 0)
        return at + max(number or 0, 0)
    if reading.to_skip:
        reading.to_skip -= 1
        return at
    if word == "u":
        _add_unicode(reading, number)
        return at
    if word in _ESCAPED:
        reading.bytes += word.encode("ascii")
        reading.starred = False
        return at
    _flush(reading)
    if word == "*":
        reading.starred = True
        return at
    starred, reading.starred = reading.starred, False
    if word in _symbols():
        _add(reading, _symbols()[word])
    elif (destination := _destinations().get(word)) is not None:
        _open(reading, word, destination)
    elif starred:
        reading.state = replace(reading.state, sink=None, role="")
    elif (obey := _OBEYED.get(word)) is not None:
        obey(reading, number)
    return at


def _add_source(reading: _Reading, text: str, *, as_utf8: bool) -> None:
    """Characters as they stand in the file, less those that stand in for a `\\u`."""
    if reading.to_skip:
        skipped = min(reading.to_skip, len(text))
        reading.to_skip -= skipped
        text = text[skipped:]
    reading.starred = False
    if not text:
        return
    if as_utf8 and not text.isascii():
        _flush(reading)
        _add(reading, text)
    else:
        reading.bytes += text.encode("latin-1")


def _add_unicode(reading: _Reading, number: int | None) -> None:
    """A character by its number, written as a signed 16-bit integer or, by some, as it is."""
    _flush(reading)
    if number is None:
        return
    code = number + 0x10000 if number < 0 else number
    _add(reading, chr(code) if 0 < code < 0x110000 else "\ufffd")
    reading.to_skip = reading.state.skip


def _flush(reading: _Reading) -> None:
    """Decode the bytes that wait, in the code page of their font."""
    if not reading.bytes:
        return
    state = reading.state
    codec = reading.fonts.get(state.font, reading.code_page) if state.font is not None else reading.code_page
    data = bytes(reading.bytes)
    reading.bytes.clear()
    if state.sink is None and not state.role:
        return
    text = data.decode(codec, "replace")
    if state.sink is not None and "\ufffd" in text:
        reading.counts["undecoded"] += text.count("\ufffd")
    _add(reading, text)


def _add(reading: _Reading, text: str) -> None:
    """Give characters to the part of the document that they stand in."""
    state = reading.state
    if state.role == "styles":
        _name_style(reading, text)
    if state.sink is None:
        return
    why = "deleted" if state.deleted else "hidden" if state.hidden else ""
    if why and text.strip() and reading.aside != why:
        reading.counts[why] += state.sink.name in ("body", "footnote", "endnote", "box")
    if text.strip():
        reading.aside = why
    if not why and text:
        state.sink.pieces.append((text.replace("\x00", ""), state.bold or state.italic))
        state.sink.shape = state.shape


# --- groups -----------------------------------------------------------------------------------------


def _open_group(reading: _Reading) -> None:
    if len(reading.stack) >= _DEEPEST:
        raise UnreadableError(
            "corrupt",
            "le fichier imbrique trop de groupes pour être lu\u00a0: copiez son texte dans un fichier .txt",
        )
    reading.stack.append(reading.state)


@cache
def _rtf() -> dict[str, Any]:
    return dict(read_toml("word_processors.toml")["rtf"])


@cache
def _symbols() -> Mapping[str, str]:
    """Control words and symbols that stand for characters."""
    return {**_rtf()["symbols"], **dict.fromkeys(_rtf()["line_breaks"], "\n")}


@cache
def _destinations() -> Mapping[str, str]:
    """Control words that open a group with a role: what becomes of its characters."""
    named = ("skipped", "margins", "comments", "notes", "boxes", "transparent", "equations")
    return {word: role for role in named for word in _rtf()[role]} | {
        "fonttbl": "fonts", "stylesheet": "styles", "upr": "upr", "ud": "ud",
    }  # fmt: skip


_SINKS = {"margins": "margin", "comments": "annotation", "notes": "footnote", "boxes": "box"}


def _open(reading: _Reading, word: str, destination: str) -> None:
    """Send the characters of the current group where its first word says; what is skipped stays so."""
    state = reading.state
    if word in _rtf()["item_marks"] and state.sink is not None:
        state.sink.item = True
    if destination == "ud" and state.above is not None:
        reading.state = replace(state, sink=state.above, above=None)
    elif state.sink is None:
        return
    elif destination == "upr":
        reading.state = replace(state, sink=None, above=state.sink)
    elif destination in ("fonts", "styles"):
        reading.state = replace(state, sink=None, role=destination)
    elif destination in _SINKS:
        reading.state = _State(
            _Sink(_SINKS[destination]), font=reading.default_font, skip=state.skip, deleted=state.deleted
        )
    elif destination in ("skipped", "equations"):
        reading.counts["equation"] += destination == "equations"
        reading.state = replace(state, sink=None)


def _close_group(reading: _Reading) -> None:
    """Go back to the group around; a note, a text box, a comment that ends here is put away."""
    _flush(reading)
    closed = reading.state.sink
    if not reading.stack:
        return
    reading.state = reading.stack.pop()
    around = reading.state.sink
    if closed is None or closed is around or around is None:
        return
    _finish(reading, closed)
    if closed.name == "box":
        around.anchored += closed.lines
    elif closed.name in reading.notes:
        reading.notes[closed.name] += closed.lines
    elif any(character.isalpha() for line in closed.lines for character in line.text):
        reading.counts[closed.name] += 1


def _name_style(reading: _Reading, text: str) -> None:
    """Add to the name of a style; a semicolon ends it."""
    name, semicolon, _ = text.partition(";")
    reading.style.name += name
    if semicolon:
        if reading.style.paragraph:
            reading.styles[reading.style.number] = reading.style
        reading.style = _Style()


# --- paragraphs and tables --------------------------------------------------------------------------


def _end_paragraph(reading: _Reading, sink: _Sink, depth: int) -> None:
    """Put the characters gathered so far away as one line, in the table of that depth or outside tables (0)."""
    text = "".join(piece for piece, _ in sink.pieces)
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    lines = sink.anchored
    if text.strip():
        emphasis = all(emphasised for piece, emphasised in sink.pieces if piece.strip())
        lines = [_line(reading, sink, text, emphasis), *lines]
    sink.pieces, sink.anchored, sink.item = [], [], False
    _close_tables(sink, depth)
    if lines:
        _target(sink, depth).extend(lines)


def _line(reading: _Reading, sink: _Sink, text: str, emphasis: bool) -> Line:
    styles = list(_style_chain(reading.styles, sink.shape.style))
    words = read_toml("reading.toml")["word_styles"]
    title = sink.shape.outline or any(style.outline or _named(style, words["title"]) for style in styles)
    item = sink.item or sink.shape.item or any(_named(style, words["item"]) for style in styles)
    kind = BlockKind.TITLE if title else BlockKind.ITEM if item else BlockKind.PARAGRAPH
    contents = any(_named(style, read_toml("word_processors.toml")["styles"]["contents"]) for style in styles)
    return Line(text, kind, emphasis=emphasis, zone=(ZoneKind.METADATA, "sommaire") if contents else None)


def _style_chain(styles: Mapping[int, _Style], number: int | None) -> Iterator[_Style]:
    """A style and those it is based on; a loop ends where it closes."""
    seen = set()
    while number is not None and number in styles and number not in seen:
        seen.add(number)
        style = styles[number]
        yield style
        number = style.base


def _named(style: _Style, beginnings: list[str]) -> bool:
    return style.name.strip().lower().startswith(tuple(beginnings))


def _target(sink: _Sink, depth: int) -> list[Line]:
    """The lines that a paragraph at this depth of tables joins: 0 for the body, 1 for a cell…"""
    while len(sink.tables) < depth:
        sink.tables.append(_Table())
    return sink.tables[depth - 1].cell if depth else sink.lines


def _close_tables(sink: _Sink, depth: int) -> None:
    """End the tables deeper than this; the lines of each go where the table stands."""
    while len(sink.tables) > depth:
        table = sink.tables.pop()
        if table.cell:
            table.cells.append(table.cell)
        if table.cells:
            table.rows.append(table.cells)
        lines = list(table_lines(table.rows))
        (sink.tables[-1].cell if sink.tables else sink.lines).extend(lines)


def _end_cell(reading: _Reading, depth: int) -> None:
    sink = reading.state.sink
    if sink is None:
        return
    _end_paragraph(reading, sink, depth)
    _target(sink, depth)
    table = sink.tables[depth - 1]
    table.cells.append(table.cell)
    table.cell = []


def _end_row(reading: _Reading, depth: int) -> None:
    sink = reading.state.sink
    if sink is None or len(sink.tables) < depth:
        return
    _end_paragraph(reading, sink, depth)
    table = sink.tables[depth - 1]
    if table.cell:
        table.cells.append(table.cell)
    table.rows.append(table.cells)
    table.cells, table.cell = [], []


def _finish(reading: _Reading, sink: _Sink) -> None:
    """End the last paragraph and the tables that are still open."""
    _end_paragraph(reading, sink, sink.shape.depth)
    _close_tables(sink, 0)


# --- what control words do --------------------------------------------------------------------------


def _switch(name: str) -> Callable[[_Reading, int | None], None]:
    """Character formatting: `\\b` and `\\b1` switch it on, `\\b0` off."""

    def obey(reading: _Reading, number: int | None) -> None:
        change: dict[str, Any] = {name: number != 0}
        if getattr(reading.state, name) != change[name]:
            reading.state = replace(reading.state, **change)

    return obey


def _shape(name: str, value: Callable[[int], int | bool]) -> Callable[[_Reading, int | None], None]:
    """A property of paragraphs, by its number (1 when it has none)."""

    def obey(reading: _Reading, number: int | None) -> None:
        change: dict[str, Any] = {name: value(1 if number is None else number)}
        reading.state = replace(reading.state, shape=replace(reading.state.shape, **change))

    return obey


def _paragraph(reading: _Reading, _: int | None) -> None:
    sink = reading.state.sink
    if sink is not None:
        _end_paragraph(reading, sink, (sink.shape if sink.pieces else reading.state.shape).depth)


def _in_table(reading: _Reading, _: int | None) -> None:
    shape = replace(reading.state.shape, depth=max(reading.state.shape.depth, 1))
    reading.state = replace(reading.state, shape=shape)


def _plain(reading: _Reading, _: int | None) -> None:
    reading.state = replace(
        reading.state, font=reading.default_font, bold=False, italic=False, hidden=False, deleted=False
    )


def _default_paragraph(reading: _Reading, _: int | None) -> None:
    reading.state = replace(reading.state, shape=_Shape())


def _font(reading: _Reading, number: int | None) -> None:
    if reading.state.role == "fonts":
        reading.font = number or 0
    else:
        reading.state = replace(reading.state, font=number)


def _font_charset(reading: _Reading, number: int | None) -> None:
    codec = _rtf()["charsets"].get(str(number))
    if codec is not None and reading.state.role == "fonts":
        reading.fonts[reading.font] = codec


def _font_code_page(reading: _Reading, number: int | None) -> None:
    codec = _codec(number)
    if codec is not None and reading.state.role == "fonts":
        reading.fonts[reading.font] = codec


def _code_page(reading: _Reading, number: int | None) -> None:
    reading.code_page = _codec(number) or reading.code_page


def _character_set(codec: str) -> Callable[[_Reading, int | None], None]:
    def obey(reading: _Reading, _: int | None) -> None:
        reading.code_page = codec

    return obey


@cache
def _codec(number: int | None) -> str | None:
    """Python's name of a code page; None when nobody knows it or it is no code page of a PC or a Mac."""
    name = _rtf()["code_pages"].get(str(number), f"cp{number}")
    ascii_text = bytes(range(0x20, 0x7F))
    try:
        return name if ascii_text.decode(name) == ascii_text.decode("ascii") else None
    except (LookupError, UnicodeDecodeError):
        return None


def _style_number(reading: _Reading, number: int | None) -> None:
    if reading.state.role == "styles":
        reading.style.number = number or 0
    else:
        _shape("style", int)(reading, number)


def _style_base(reading: _Reading, number: int | None) -> None:
    reading.style.base = number


def _no_paragraph_style(reading: _Reading, _: int | None) -> None:
    if reading.state.role == "styles":
        reading.style.paragraph = False


def _outline(reading: _Reading, number: int | None) -> None:
    if reading.state.role == "styles":
        reading.style.outline = _is_heading(number or 0)
    else:
        _shape("outline", _is_heading)(reading, number or 0)


def _is_heading(level: int) -> bool:
    """An outline level, 9 being body text."""
    return 0 <= level < 9


def _endnote(reading: _Reading, _: int | None) -> None:
    sink = reading.state.sink
    if sink is not None and sink.name == "footnote":
        sink.name = "endnote"


def _default_font(reading: _Reading, number: int | None) -> None:
    reading.default_font = number


def _stand_ins(reading: _Reading, number: int | None) -> None:
    count = 1 if number is None else number
    reading.state = replace(reading.state, skip=min(max(count, 0), _MOST_STAND_INS))


def _object(reading: _Reading, _: int | None) -> None:
    reading.counts["object"] += reading.state.sink is not None


_OBEYED: Mapping[str, Callable[[_Reading, int | None], None]] = {
    "par": _paragraph,
    "sect": _paragraph,
    "\n": _paragraph,
    "\r": _paragraph,
    "pard": _default_paragraph,
    "s": _style_number,
    "outlinelevel": _outline,
    "ls": _shape("item", bool),
    "intbl": _in_table,
    "itap": _shape("depth", lambda depth: min(max(depth, 0), _DEEPEST_TABLE)),  # 0 outside tables
    "cell": lambda reading, _: _end_cell(reading, 1),
    "row": lambda reading, _: _end_row(reading, 1),
    "nestcell": lambda reading, _: _end_cell(reading, max(reading.state.shape.depth, 2)),
    "nestrow": lambda reading, _: _end_row(reading, max(reading.state.shape.depth, 2)),
    "b": _switch("bold"),
    "i": _switch("italic"),
    "v": _switch("hidden"),
    "deleted": _switch("deleted"),
    "plain": _plain,
    "f": _font,
    "fcharset": _font_charset,
    "cpg": _font_code_page,
    "deff": _default_font,
    "ansicpg": _code_page,
    "ansi": _character_set("cp1252"),
    "mac": _character_set("mac_roman"),
    "pc": _character_set("cp437"),
    "pca": _character_set("cp850"),
    "uc": _stand_ins,
    "sbasedon": _style_base,
    "cs": _no_paragraph_style,
    "ds": _no_paragraph_style,
    "ts": _no_paragraph_style,
    "ftnalt": _endnote,
    "object": _object,
}
