"""Word documents: body text in order, paragraphs and tables, as a reader of the page sees it.

Insertions under change tracking are accepted and deletions dropped. Headers, footers, comments and
notes are not text; document properties, which hold real names, are never read.
"""

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import docx
from docx.document import Document as WordDocument
from docx.oxml.ns import qn
from lxml.etree import _Element

from tensions_cli.corpus.formats.container import check_container
from tensions_cli.corpus.formats.plain import Line, assemble
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.errors import UnreadableError
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import BlockKind, Document, ZoneKind

_CLOCK = re.compile(r"(?:(\d{1,2}):)?(\d{1,3}):(\d{2})(?:[.,](\d{1,3}))?")

_TEXT_BY_TAG = {
    qn("w:tab"): "\t",
    qn("w:br"): "\n",
    qn("w:cr"): "\n",
    qn("w:noBreakHyphen"): "-",
    qn("w:softHyphen"): "\u00ad",
}

# Wrappers that are transparent: their content reads as if they were not there.
_TRANSPARENT = frozenset(
    map(qn, ("w:ins", "w:moveTo", "w:hyperlink", "w:smartTag", "w:fldSimple", "w:customXml", "w:sdtContent"))
) | {qn("w:dir"), qn("w:bdo")}

_ALTERNATE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"
_CHOICE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Choice"


@dataclass(frozen=True, slots=True)
class _Look:
    """What a style says of its paragraphs or runs; None where it says nothing."""

    bold: bool | None = None
    italic: bool | None = None
    title: bool = False
    item: bool = False


def read_docx(data: bytes, file: SourceFile) -> Iterator[Document]:
    """Read a .docx file into one document.

    Raises `UnreadableError` for zip bombs, XML with a DOCTYPE, and files without text; whatever
    python-docx raises on a damaged file is left to the caller.
    """
    check_container(data, "Word")
    word = docx.Document(io.BytesIO(data))
    looks = _looks(word)
    text, blocks, zones = assemble(_body(word.element.body, looks))
    if not text:
        raise UnreadableError("no_text", "le document ne contient aucun texte : vérifiez-le dans Word")
    yield Document(
        id=file.id,
        source=file.name,
        format="docx",
        text=text,
        blocks=blocks,
        zones=zones,
        encoding=None,
        notices=_notices(data),
    )


def _notices(data: bytes) -> tuple[str, ...]:
    """Count what is not read: notes and comments."""
    notices = []
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = set(archive.namelist())
        for part, element, said in (
            ("word/footnotes.xml", "footnote", "notes de bas de page non lues"),
            ("word/endnotes.xml", "endnote", "notes de fin non lues"),
            ("word/comments.xml", "comment", "commentaires non lus"),
        ):
            # Separators are notes with a type; real ones have none.
            pattern = re.compile(rf"<w:{element}\s(?![^>]*w:type=)".encode())
            count = len(pattern.findall(archive.read(part))) if part in names else 0
            if count:
                notices.append(f"{said} : {count}")
    return tuple(notices)


def _looks(word: WordDocument) -> dict[str, _Look]:
    """What every style of the document amounts to, its base styles included."""
    return {str(style.style_id): _resolved(style, frozenset()) for style in word.styles}


def _resolved(style: Any, seen: frozenset[str]) -> _Look:
    base = getattr(style, "base_style", None)
    cyclic = base is None or base.style_id in seen
    inherited = _Look() if cyclic else _resolved(base, seen | {style.style_id})
    element = style.element
    name = style.name or ""
    outline = element.find(f"{qn('w:pPr')}/{qn('w:outlineLvl')}")
    bold, italic = _switch(element, "w:b"), _switch(element, "w:i")
    return _Look(
        bold=inherited.bold if bold is None else bold,
        italic=inherited.italic if italic is None else italic,
        title=inherited.title or _named(name, "title") or _level(outline) is not None,
        item=inherited.item or _named(name, "item") or _numbered(element.find(f"{qn('w:pPr')}/{qn('w:numPr')}")),
    )


def _named(style: str, kind: str) -> bool:
    return any(style.lower().startswith(word) for word in read_toml("reading.toml")["word_styles"][kind])


def _switch(element: _Element, name: str) -> bool | None:
    """A bold or italic switch in the `w:rPr` of an element; None when it is not there."""
    found = element.find(f"{qn('w:rPr')}/{qn(name)}")
    return None if found is None else found.get(qn("w:val"), "true") not in ("0", "false", "off", "none")


def _level(outline: _Element | None) -> int | None:
    """An outline level, 9 being body text."""
    value = "" if outline is None else outline.get(qn("w:val"), "")
    return int(value) if value.isdigit() and int(value) < 9 else None


def _numbered(properties: _Element | None) -> bool:
    number = None if properties is None else properties.find(qn("w:numId"))
    return number is not None and number.get(qn("w:val")) != "0"


def _body(container: _Element, looks: dict[str, _Look]) -> Iterator[Line]:
    """Lines of a body, a cell or a text box, in order."""
    for element in _flat(container):
        if element.tag == qn("w:p"):
            yield from _paragraph(element, looks)
        else:
            yield from _table(element, looks)


def _flat(container: _Element) -> Iterator[_Element]:
    """Paragraphs and tables of a container, through content controls and accepted insertions."""
    for child in container:
        if child.tag in (qn("w:p"), qn("w:tbl")):
            yield child
        elif child.tag == qn("w:sdt"):
            if not _is_placeholder(child):
                yield from _flat(child)
        elif child.tag in _TRANSPARENT:
            yield from _flat(child)


def _is_placeholder(control: _Element) -> bool:
    """A content control that nobody filled shows an instruction, not text."""
    return control.find(f"{qn('w:sdtPr')}/{qn('w:showingPlcHdr')}") is not None


def _paragraph(paragraph: _Element, looks: dict[str, _Look]) -> Iterator[Line]:
    """The line of a paragraph, then the text boxes anchored in it."""
    properties = paragraph.find(qn("w:pPr"))
    own = _Look()
    title = item = False
    if properties is not None:
        own = _style(properties.find(qn("w:pStyle")), looks)
        title = own.title or _level(properties.find(qn("w:outlineLvl"))) is not None
        number = properties.find(qn("w:numPr"))
        item = _numbered(number) if number is not None else own.item
    runs = [(text, emphasis) for text, emphasis in _runs(paragraph, own, looks)]
    kind = BlockKind.TITLE if title else BlockKind.ITEM if item else BlockKind.PARAGRAPH
    emphasis = [emphasised for text, emphasised in runs if text.strip()]
    yield Line("".join(text for text, _ in runs), kind, emphasis=bool(emphasis) and all(emphasis))
    for box in _boxes(paragraph):
        yield from _body(box, looks)


def _style(reference: _Element | None, looks: dict[str, _Look]) -> _Look:
    return _Look() if reference is None else looks.get(reference.get(qn("w:val"), ""), _Look())


def _runs(container: _Element, own: _Look, looks: dict[str, _Look]) -> Iterator[tuple[str, bool]]:
    """Text of the runs under an element, each with whether it is bold or italic."""
    for child in container:
        if child.tag == qn("w:r"):
            if _switch(child, "w:vanish"):
                continue
            style = _style(child.find(f"{qn('w:rPr')}/{qn('w:rStyle')}"), looks)
            bold = next((b for b in (_switch(child, "w:b"), style.bold, own.bold) if b is not None), False)
            italic = next((i for i in (_switch(child, "w:i"), style.italic, own.italic) if i is not None), False)
            yield "".join(map(_run_text, child)), bold or italic
        elif child.tag == qn("w:sdt"):
            if not _is_placeholder(child):
                yield from _runs(child, own, looks)
        elif child.tag in _TRANSPARENT:
            yield from _runs(child, own, looks)


def _run_text(part: _Element) -> str:
    if part.tag == qn("w:t"):
        return str(part.text or "")
    return _TEXT_BY_TAG.get(str(part.tag), "")


def _boxes(paragraph: _Element) -> Iterator[_Element]:
    """Text boxes anchored in a paragraph; Word writes each twice, the first copy is read."""
    for box in paragraph.iter(qn("w:txbxContent")):
        between = list(_up_to(box, paragraph))
        nested = any(element.tag == qn("w:txbxContent") for element in between)
        deleted = any(element.tag in (qn("w:del"), qn("w:moveFrom")) for element in between)
        copy = any(above.tag == _ALTERNATE and below.tag != _CHOICE for below, above in pairwise(between))
        if not (nested or deleted or copy):
            yield box


def _up_to(element: _Element, top: _Element) -> Iterator[_Element]:
    for above in element.iterancestors():
        if above is top:
            return
        yield above


def _table(table: _Element, looks: dict[str, _Look]) -> Iterator[Line]:
    """Cells row by row; a table whose header names a speaker column is a transcript."""
    rows = [_cells(row, looks) for row in _table_rows(table)]
    header = [" ".join(line.text.strip() for line in cell) for cell in rows[0]] if rows else []
    columns = _transcript_columns(header)
    if columns is None or len(rows) < 2:
        for cell in (cell for row in rows for cell in row):
            yield from (_as_cell(line) for line in cell)
        return
    for cell in rows[0]:
        yield from (replace(line, zone=(ZoneKind.METADATA, "en-tête du tableau")) for line in cell)
    for row in rows[1:]:
        yield from _transcript_row(row, columns)


def _as_cell(line: Line) -> Line:
    return line if line.kind is BlockKind.TITLE else replace(line, kind=BlockKind.CELL)


def _table_rows(table: _Element) -> Iterator[_Element]:
    for child in table:
        if child.tag == qn("w:tr"):
            yield child
        elif child.tag == qn("w:sdt") or child.tag in _TRANSPARENT:
            yield from _table_rows(child)


def _cells(row: _Element, looks: dict[str, _Look]) -> list[list[Line]]:
    """Lines of each cell of a row; the lower part of a vertically merged cell is empty."""
    cells: list[list[Line]] = []
    for child in row:
        if child.tag == qn("w:tc"):
            cells.append(list(_body(child, looks)))
        elif child.tag == qn("w:sdt") or child.tag in _TRANSPARENT:
            cells += _cells(child, looks)
    return cells


@dataclass(frozen=True, slots=True)
class _Columns:
    speaker: int
    content: int
    time: int | None


def _transcript_columns(header: Sequence[str]) -> _Columns | None:
    """Which columns hold the speaker, the speech and the time; None when the table is no transcript."""
    words = read_toml("reading.toml")["transcript_columns"]
    folded = [name.casefold().rstrip("  :") for name in header]
    found = {
        role: next((i for i, name in enumerate(folded) if name in words[role]), None)
        for role in ("speaker", "content", "time")
    }
    speaker, content = found["speaker"], found["content"]
    if speaker is None or len(header) < 2:
        return None
    if content is None:
        rest = [i for i in range(len(header)) if i not in (speaker, found["time"])]
        if len(rest) != 1:
            return None
        content = rest[0]
    return _Columns(speaker, content, found["time"])


def _transcript_row(row: Sequence[Sequence[Line]], columns: _Columns) -> Iterator[Line]:
    def cell_text(at: int | None) -> str:
        return " ".join(line.text.strip() for line in row[at]).strip() if at is not None and at < len(row) else ""

    voice = cell_text(columns.speaker).rstrip("  :") or None
    start, end = _times(cell_text(columns.time))
    for at, cell in enumerate(row):
        for line in cell:
            if at == columns.content:
                yield replace(line, kind=BlockKind.CELL, voice=voice, time_start=start, time_end=end)
            elif at in (columns.speaker, columns.time) or line.text.strip().isdigit():
                yield replace(line, zone=(ZoneKind.LABEL, "colonne du tableau"))
            else:
                yield _as_cell(line)


def _times(text: str) -> tuple[float | None, float | None]:
    """The first two clock times of a cell, in seconds."""
    times = [
        int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + int((fraction or "0").ljust(3, "0")) / 1000
        for hours, minutes, seconds, fraction in _CLOCK.findall(text)
    ]
    return (times[0] if times else None), (times[1] if len(times) > 1 else None)
