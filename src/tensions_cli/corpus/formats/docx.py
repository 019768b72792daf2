"""Word documents: body text in order, paragraphs and tables, as a reader of the page sees it.

Insertions under change tracking are accepted and deletions dropped. Footnotes and endnotes come after
the body, in a zone of their own; a table of contents is a zone where it stands. Headers, footers,
comments, deletions and embedded objects are not text: they are counted. Document properties, which hold
real names, are never read.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import docx
from docx.document import Document as WordDocument
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.ns import qn
from lxml.etree import _Element

from tensions_cli.corpus.formats.plain import Line, assemble
from tensions_cli.corpus.formats.transcript_table import check_nesting, table_lines
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.errors import UnreadableError
from tensions_cli.files.container import check_container
from tensions_cli.files.xml_tree import parse_xml
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import BlockKind, Document, ZoneKind

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

_OUTLINE = f"{qn('w:pPr')}/{qn('w:outlineLvl')}"

_ALTERNATE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"
_CHOICE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Choice"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"

_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_GRAPHIC = "{http://schemas.openxmlformats.org/drawingml/2006/main}graphicData"

# Parts of a Word file that hold notes: their relation to the body, the element of one note, what it is called.
_NOTES = (
    (RELATIONSHIP_TYPE.FOOTNOTES, qn("w:footnote"), "note de bas de page"),
    (RELATIONSHIP_TYPE.ENDNOTES, qn("w:endnote"), "note de fin"),
)


@dataclass(frozen=True, slots=True)
class _Look:
    """What a style says of its paragraphs or runs; None where it says nothing."""

    bold: bool | None = None
    italic: bool | None = None
    title: bool = False
    item: bool = False
    contents: bool = False


def read_docx(data: bytes, file: SourceFile) -> Iterator[Document]:
    """Read a .docx file into one document.

    Raises `UnreadableError` for zip bombs, XML with a DOCTYPE, and files without text; whatever
    python-docx raises on a damaged file is left to the caller.
    """
    check_container(data, "Word")
    word = docx.Document(io.BytesIO(data))
    if getattr(word.element, "body", None) is None:
        raise UnreadableError(
            "corrupt", "le fichier n’a pas de corps de texte : ouvrez-le et enregistrez-le de nouveau"
        )
    check_nesting(word.element.body, (qn("w:tbl"), qn("w:txbxContent")))
    looks = _looks(word)
    text, blocks, zones = assemble([*_body(word.element.body, looks), *_notes(word, looks)])
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
        notices=tuple(_notices(word)),
    )


def _related(word: WordDocument, *relations: str) -> Iterator[_Element]:
    """The roots of the parts that stand in a relation to the body (notes, comments, headers)."""
    for relation in word.part.rels.values():
        if relation.reltype in relations and not relation.is_external:
            yield parse_xml(relation.target_part.blob)[0]


def _notes(word: WordDocument, looks: dict[str, _Look]) -> Iterator[Line]:
    """The text of footnotes, then of endnotes, each line in a zone."""
    for relation, element, name in _NOTES:
        for root in _related(word, relation):
            for note in root.iter(element):
                # Separators are notes with a type; real ones have none.
                if note.get(qn("w:type"), "normal") == "normal":
                    yield from (replace(line, zone=(ZoneKind.NOTE, name)) for line in _body(note, looks))


def _notices(word: WordDocument) -> Iterator[str]:
    """Count what is not read."""
    body = word.element.body
    comments = sum(1 for root in _related(word, RELATIONSHIP_TYPE.COMMENTS) for _ in root.iter(qn("w:comment")))
    deleted = sum(
        any((text.text or "").strip() for text in part.iter(qn("w:delText"))) for part in body.iter(qn("w:del"))
    )
    hidden = sum(
        bool(_switch(run, "w:vanish")) and any(_run_text(part).strip() for part in run) for run in body.iter(qn("w:r"))
    )
    # A page number alone is no text.
    margins = sum(
        any(character.isalpha() for text in root.iter(qn("w:t")) for character in text.text or "")
        for root in _related(word, RELATIONSHIP_TYPE.HEADER, RELATIONSHIP_TYPE.FOOTER)
    )
    drawn = sum(graphic.get("uri", "").endswith(("/diagram", "/chart")) for graphic in body.iter(_GRAPHIC))
    embedded = drawn + sum(1 for _ in body.iter(qn("w:altChunk"), qn("w:object")))
    for count, said in (
        (comments, "commentaires non lus"),
        (deleted, "suppressions en suivi des modifications, laissées de côté"),
        (hidden, "passages masqués non lus"),
        (margins, "en-têtes et pieds de page non lus"),
        (embedded, "schémas, graphiques et objets incorporés non lus"),
    ):
        if count:
            yield f"{said} : {count}"


def _looks(word: WordDocument) -> dict[str, _Look]:
    """What every style of the document amounts to, its base styles included."""
    styles = {
        style.get(qn("w:styleId"), ""): style
        for root in _related(word, RELATIONSHIP_TYPE.STYLES)
        for style in root.iter(qn("w:style"))
    }
    looks: dict[str, _Look] = {}
    for name in styles:
        chain: dict[str, None] = {}  # the style, its base, and so on: styles may be based on one another in a circle
        above: str | None = name
        while above in styles and above not in looks and above not in chain:
            chain[above] = None
            above = _value(styles[above], "w:basedOn")
        look = looks.get(above or "", _Look())
        for each in reversed(chain):
            look = looks[each] = _look(styles[each], look)
    return looks


def _look(style: _Element, inherited: _Look) -> _Look:
    name = _value(style, "w:name") or ""
    bold, italic = _switch(style, "w:b"), _switch(style, "w:i")
    return _Look(
        bold=inherited.bold if bold is None else bold,
        italic=inherited.italic if italic is None else italic,
        title=inherited.title or _named(name, "title") or _level(style.find(_OUTLINE)) is not None,
        contents=inherited.contents or _begins(name, read_toml("word_processors.toml")["styles"]["contents"]),
        item=inherited.item or _named(name, "item") or _numbered(style.find(f"{qn('w:pPr')}/{qn('w:numPr')}")),
    )


def _value(element: _Element, name: str) -> str | None:
    """What a property says of an element, as Word writes it: in the `w:val` of a child."""
    found = element.find(qn(name))
    return None if found is None else found.get(qn("w:val"))


def _named(style: str, kind: str) -> bool:
    return _begins(style, read_toml("reading.toml")["word_styles"][kind])


def _begins(style: str, words: list[str]) -> bool:
    return style.lower().startswith(tuple(words))


def _switch(element: _Element, name: str) -> bool | None:
    """A bold or italic switch in the `w:rPr` of an element; None when it is not there."""
    found = element.find(f"{qn('w:rPr')}/{qn(name)}")
    return None if found is None else found.get(qn("w:val"), "true") not in ("0", "false", "off", "none")


def _level(outline: _Element | None) -> int | None:
    """An outline level, 9 being body text."""
    value = "" if outline is None else outline.get(qn("w:val"), "")
    return int(value) if len(value) == 1 and value in "012345678" else None


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
    zone = (ZoneKind.METADATA, "sommaire") if own.contents else None
    yield Line("".join(text for text, _ in runs), kind, emphasis=bool(emphasis) and all(emphasis), zone=zone)
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
        elif child.tag in (f"{_MATH}oMath", f"{_MATH}oMathPara"):
            yield "".join(text.text or "" for text in child.iter(f"{_MATH}t")), False
        elif child.tag in _TRANSPARENT:
            yield from _runs(child, own, looks)


def _run_text(part: _Element) -> str:
    if part.tag == qn("w:t"):
        return str(part.text or "")
    if part.tag == qn("w:sym"):
        return _symbol(part.get(qn("w:char"), ""))
    if part.tag == _ALTERNATE:
        # Word writes an emoji twice: a symbol of a font, then the character for other programs.
        return "".join(text.text or "" for text in part.findall(f"{_FALLBACK}/{qn('w:t')}"))
    return _TEXT_BY_TAG.get(str(part.tag), "")


def _symbol(code: str) -> str:
    """A character by its hexadecimal code in a font such as Wingdings; U+FFFD for a code that is none."""
    try:
        character = chr(int(code, 16))
    except (ValueError, OverflowError):
        return "\ufffd"
    return "\ufffd" if character < " " or "\ud800" <= character <= "\udfff" else character


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
    return table_lines([_cells(row, looks) for row in _table_rows(table)])


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
