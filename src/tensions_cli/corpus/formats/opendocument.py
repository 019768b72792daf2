"""OpenDocument texts (.odt, .ott, flat .fodt): body in order, as a reader of the page sees it.

Read with lxml and not with odfdo, whose calls for text lose or add some (3.27.3, on one paragraph each):
`get_formatted_text` drops the space written by `text:s`, `inner_text` and `paragraphs` give deleted text
and the names and dates of annotations as if they were body; its parser also expands entities.

Insertions under change tracking are accepted and deletions dropped. Notes come after the body, in a zone
of their own; tables of contents and indexes are zones where they stand. Annotations, deletions, hidden
text, headers and footers are counted. `meta.xml`, which holds real names, is never read.
"""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache

from lxml.etree import _Element

from tensions_cli.corpus.formats.plain import Line, assemble
from tensions_cli.corpus.formats.transcript_table import check_nesting, table_lines
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.errors import UnreadableError
from tensions_cli.files.container import check_container
from tensions_cli.files.xml_tree import parse_xml
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import BlockKind, Document, ZoneKind

_NAMESPACES = {
    name: f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"
    for name in ("office", "style", "text", "table", "manifest")
} | {
    "draw": "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0",
    "fo": "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0",
}


@cache
def _q(name: str) -> str:
    """`text:p` as lxml writes it."""
    prefix, _, local = name.partition(":")
    return f"{{{_NAMESPACES[prefix]}}}{local}"


def _all(*names: str) -> frozenset[str]:
    return frozenset(map(_q, names))


_PARAGRAPHS = _all("text:p", "text:h")

# Groups of paragraphs that read as if the group were not there.
_GROUPS = _all("text:section", "text:index-body", "text:index-title", "office:text")

_LIST_PARTS = _all("text:list", "text:list-item", "text:list-header", "text:numbered-paragraph")

# Contents and indexes repeat the headings or the words of the text.
_NO_ZONE: tuple[ZoneKind, str] | None = None
_INDEXES = {
    _q("text:table-of-content"): (ZoneKind.METADATA, "sommaire"),
    _q("text:illustration-index"): (ZoneKind.METADATA, "index"),
    _q("text:table-index"): (ZoneKind.METADATA, "index"),
    _q("text:object-index"): (ZoneKind.METADATA, "index"),
    _q("text:user-index"): (ZoneKind.METADATA, "index"),
    _q("text:alphabetical-index"): (ZoneKind.METADATA, "index"),
    _q("text:bibliography"): (ZoneKind.BIBLIOGRAPHY, "bibliographie"),
}

_ROW_GROUPS = _all("table:table-header-rows", "table:table-rows", "table:table-row-group")
_CELLS = _all("table:table-cell", "table:covered-table-cell")

# Inside a paragraph: elements whose characters are not those of the paragraph. `text:placeholder` is an
# instruction that nobody replaced.
_ASIDE = _all(
    "office:annotation", "text:note", "text:placeholder", "text:ruby-text", "text:script", "text:tracked-changes"
)  # fmt: skip

_EMBEDDED = _all("draw:object", "draw:object-ole", "draw:control")

_DRAWING = f"{{{_NAMESPACES['draw']}}}"

# Most spaces that one `text:s` gives: a hostile file asks for 10⁹, nobody types a hundred.
_MOST_SPACES = 100

_BLANKS = re.compile(r"[ \t\r\n]+")

_NOTE_NAMES = {"footnote": "note de bas de page", "endnote": "note de fin"}


@dataclass(frozen=True, slots=True)
class _Look:
    """What a style says; None where it says nothing."""

    bold: bool | None = None
    italic: bool | None = None
    hidden: bool | None = None
    title: bool | None = None
    item: bool | None = None

    def over(self, below: "_Look") -> "_Look":
        """This look where it says something, the one below it elsewhere."""
        return _Look(
            *(
                theirs if own is None else own
                for own, theirs in (
                    (self.bold, below.bold),
                    (self.italic, below.italic),
                    (self.hidden, below.hidden),
                    (self.title, below.title),
                    (self.item, below.item),
                )
            )
        )


_Styles = Mapping[tuple[str, str], _Look]  # by family (paragraph, text) and name


@dataclass(slots=True)
class _Paragraph:
    """What a paragraph holds: pieces (text, emphasised, written as it stands), and what is anchored in it."""

    pieces: list[tuple[str, bool, bool]] = field(default_factory=list)
    anchored: list[_Element] = field(default_factory=list)


def read_odt(data: bytes, file: SourceFile) -> Iterator[Document]:
    """Read an OpenDocument text, zipped or flat, into one document.

    Raises `UnreadableError` for zip bombs, XML with entities, encrypted files, files that are no text
    (spreadsheets, slides) and files without text, and `zipfile.BadZipFile` for a damaged archive.
    """
    content, styles, encoding, notices = _parts(data)
    body = content.find(f"{_q('office:body')}/{_q('office:text')}")
    if body is None:
        raise UnreadableError(
            "format",
            "ce fichier OpenDocument n’est pas un texte (classeur, diaporama)\u00a0: enregistrez son texte en .odt",
        )
    check_nesting(body, (_q("table:table"), _q("draw:text-box")))
    looks = _looks([root for root in (styles, content) if root is not None])
    text, blocks, zones = assemble([*_blocks(body, looks), *_notes(body, looks)])
    if not text:
        raise UnreadableError("no_text", "le document ne contient aucun texte\u00a0: vérifiez-le dans LibreOffice")
    yield Document(
        id=file.id,
        source=file.name,
        format="odt",
        text=text,
        blocks=blocks,
        zones=zones,
        encoding=encoding,
        notices=(*notices, *_notices(body, content if styles is None else styles, looks)),
    )


def _parts(data: bytes) -> tuple[_Element, _Element | None, str | None, tuple[str, ...]]:
    """The roots of the content and of the named styles (None in a flat file), the encoding of a flat file, notices."""
    if not data.startswith(b"PK"):
        root, decoded = parse_xml(data)
        return root, None, decoded.encoding, decoded.notices
    check_container(data, "LibreOffice")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = set(archive.namelist())
        if _is_encrypted(archive, names):
            raise UnreadableError(
                "encrypted", "le fichier est protégé par un mot de passe\u00a0: retirez-le dans LibreOffice"
            )
        if "content.xml" not in names:
            raise UnreadableError(
                "corrupt", "le fichier n’a pas de contenu OpenDocument\u00a0: enregistrez-le de nouveau en .odt"
            )
        content, decoded = parse_xml(archive.read("content.xml"))
        styles = parse_xml(archive.read("styles.xml"))[0] if "styles.xml" in names else None
        return content, styles, None, decoded.notices


def _is_encrypted(archive: zipfile.ZipFile, names: set[str]) -> bool:
    """OpenDocument encrypts the parts inside the archive, or the whole as one part, and says so in its manifest."""
    if "META-INF/manifest.xml" not in names:
        return False
    manifest, _ = parse_xml(archive.read("META-INF/manifest.xml"))
    return next(manifest.iter(_q("manifest:encryption-data")), None) is not None


# --- styles -----------------------------------------------------------------------------------------


def _looks(roots: Sequence[_Element]) -> _Styles:
    """What every paragraph or text style amounts to, its parents included."""
    styles = {
        (style.get(_q("style:family"), ""), style.get(_q("style:name"), "")): style
        for root in roots
        for style in root.iter(_q("style:style"))
        if style.get(_q("style:family")) in ("paragraph", "text")
    }
    return {key: _resolved(key, styles) for key in styles}


def _resolved(key: tuple[str, str], styles: Mapping[tuple[str, str], _Element]) -> _Look:
    """The look of a style and of its ancestors; a loop of parents ends where it closes."""
    look = _Look()
    seen: set[tuple[str, str]] = set()
    family, name = key
    while (family, name) in styles and (family, name) not in seen:
        seen.add((family, name))
        style = styles[family, name]
        look = look.over(_own_look(style))
        name = style.get(_q("style:parent-style-name"), "")
    # A parent that the file does not define is still a name: « Heading » is built in.
    return look.over(_named_look(name))


def _own_look(style: _Element) -> _Look:
    properties = style.find(_q("style:text-properties"))
    weight, slant, display = (
        None if properties is None else properties.get(_q(name))
        for name in ("fo:font-weight", "fo:font-style", "text:display")
    )
    named = _named_look(style.get(_q("style:display-name")) or style.get(_q("style:name")) or "")
    return _Look(
        bold=None if weight is None else weight == "bold" or (weight.isdigit() and int(weight) >= 600),
        italic=None if slant is None else slant in ("italic", "oblique"),
        hidden=None if display is None else display == "none",
        title=True if (style.get(_q("style:default-outline-level")) or "").isdigit() else named.title,
        item=named.item,
    )


@lru_cache(maxsize=1024)
def _named_look(name: str) -> _Look:
    """What the name of a style says (`Heading_20_1`, « Titre 1 »)."""
    plain = name.replace("_20_", " ").lower()
    kinds = read_toml("reading.toml")["word_styles"]
    title, item = (any(plain.startswith(word) for word in kinds[kind]) for kind in ("title", "item"))
    return _Look(title=title or None, item=item or None)


# --- body -------------------------------------------------------------------------------------------


def _blocks(container: _Element, styles: _Styles) -> Iterator[Line]:
    """Lines of a body, a cell, a text box or a note, in order."""
    for element, is_item, zone in _flat(container):
        if element.tag == _q("table:table"):
            lines = table_lines([_cells(row, styles) for row in _rows(element)])
        else:
            lines = _paragraph(element, styles)
        for line in lines:
            kind = BlockKind.ITEM if is_item and line.kind is BlockKind.PARAGRAPH else line.kind
            changed = zone is not None or kind is not line.kind
            yield replace(line, kind=kind, zone=zone or line.zone) if changed else line


def _flat(container: _Element) -> Iterator[tuple[_Element, bool, tuple[ZoneKind, str] | None]]:
    """Paragraphs and tables of a container, each with whether it is in a list and the zone of the index around it.

    Walks without recursion: lists and groups of shapes nest a hundred deep in hostile files.
    """
    stack = [(iter(container), False, _NO_ZONE)]
    while stack:
        children, is_item, zone = stack[-1]
        child = next(children, None)
        if child is None:
            stack.pop()
        elif child.tag in _PARAGRAPHS or child.tag == _q("table:table"):
            yield child, is_item, zone
        elif child.tag in _LIST_PARTS:
            stack.append((iter(child), True, zone))
        elif child.tag in _INDEXES:
            stack.append((iter(child), is_item, _INDEXES[child.tag]))
        elif (child.tag in _GROUPS and not _is_hidden_section(child)) or _is_shape(child):
            stack.append((iter(child), is_item, zone))


def _is_shape(element: _Element) -> bool:
    """A text box, a shape or a group of them; in a flat file `draw:object` is a whole document: a chart, a formula."""
    return element.tag.startswith(_DRAWING) and element.tag != _q("draw:object")


def _is_hidden_section(section: _Element) -> bool:
    return section.get(_q("text:display")) == "none"


def _rows(table: _Element) -> Iterator[_Element]:
    for child in table:
        if child.tag == _q("table:table-row"):
            yield child
        elif child.tag in _ROW_GROUPS:
            yield from _rows(child)


def _cells(row: _Element, styles: _Styles) -> list[list[Line]]:
    return [list(_blocks(cell, styles)) for cell in row if cell.tag in _CELLS]


def _paragraph(paragraph: _Element, styles: _Styles) -> Iterator[Line]:
    """The line of a paragraph, then the text boxes anchored in it."""
    own = _style(paragraph, "paragraph", styles)
    held = _Paragraph()
    _read_inline(paragraph, own, styles, held)
    emphasis = [emphasised for text, emphasised, _ in held.pieces if text.strip()]
    title = paragraph.tag == _q("text:h") or own.title
    kind = BlockKind.TITLE if title else BlockKind.ITEM if own.item else BlockKind.PARAGRAPH
    yield Line(_spaced(held.pieces), kind, emphasis=bool(emphasis) and all(emphasis))
    for drawing in held.anchored:
        yield from _blocks(drawing, styles)


def _style(element: _Element, family: str, styles: _Styles) -> _Look:
    name = element.get(_q("text:style-name"), "")
    return styles.get((family, name)) or (_named_look(name) if family == "paragraph" else _Look())


def _read_inline(element: _Element, look: _Look, styles: _Styles, held: _Paragraph) -> None:
    """Add the characters under an element to the paragraph, each stretch with its look."""
    emphasised = bool(look.bold or look.italic)

    def add(text: str | None, *, as_written: bool = False) -> None:
        if text and not look.hidden:
            held.pieces.append((text, emphasised, as_written))

    add(element.text)
    for child in element:
        if child.tag == _q("text:s"):
            add(" " * _count(child.get(_q("text:c"))), as_written=True)
        elif child.tag == _q("text:tab"):
            add("\t", as_written=True)
        elif child.tag == _q("text:line-break"):
            add("\n", as_written=True)
        elif child.tag == _q("text:span"):
            _read_inline(child, _style(child, "text", styles).over(look), styles, held)
        elif child.tag.startswith(_DRAWING) and child.tag != _q("draw:a"):
            if _is_shape(child) and not look.hidden:
                held.anchored.append(child)
        elif child.tag not in _ASIDE:
            _read_inline(child, look, styles, held)
        add(child.tail)


def _count(said: str | None) -> int:
    """How many spaces a `text:s` stands for."""
    return min(int(said[:9]), _MOST_SPACES) if said and said.isdecimal() else 1


def _spaced(pieces: Sequence[tuple[str, bool, bool]]) -> str:
    """Pieces as one line, white space of the XML collapsed as OpenDocument says (part 3, 6.1.2)."""
    result: list[str] = []
    after_space = True
    for text, _, as_written in pieces:
        if not as_written:
            text = _BLANKS.sub(" ", text)
            text = text[1:] if after_space and text.startswith(" ") else text
            if not text:
                continue
        after_space = not as_written and text.endswith(" ")
        result.append(text)
    if result and after_space:
        result[-1] = result[-1][:-1]
    return "".join(result)


# --- notes and what is not read ---------------------------------------------------------------------


def _notes(body: _Element, styles: _Styles) -> Iterator[Line]:
    """The text of footnotes, then of endnotes, each line in a zone."""
    for kind, name in _NOTE_NAMES.items():
        for note in body.iter(_q("text:note")):
            note_class = note.get(_q("text:note-class"), "footnote")
            if (note_class if note_class in _NOTE_NAMES else "footnote") != kind or _is_deleted(note):
                continue
            for part in note.findall(_q("text:note-body")):
                yield from (replace(line, zone=(ZoneKind.NOTE, name)) for line in _blocks(part, styles))


def _is_deleted(element: _Element) -> bool:
    return next(element.iterancestors(_q("text:tracked-changes")), None) is not None


def _notices(body: _Element, styles_root: _Element, styles: _Styles) -> Iterator[str]:
    """Count what is not read."""
    comments = sum(1 for _ in body.iter(_q("office:annotation")))
    deleted = sum(_says_something(deletion, _PARAGRAPHS) for deletion in body.iter(_q("text:deletion")))
    hidden = sum(_is_hidden_section(section) for section in body.iter(_q("text:section")))
    hidden += sum(_hidden_parts(paragraph, styles) for paragraph in body.iter(*_PARAGRAPHS))
    margins = sum(
        _says_something(margin, _PARAGRAPHS) for page in styles_root.iter(_q("style:master-page")) for margin in page
    )
    objects = sum(1 for _ in body.iter(*_EMBEDDED))
    for count, said in (
        (comments, "commentaires non lus"),
        (deleted, "suppressions en suivi des modifications, laissées de côté"),
        (hidden, "passages masqués non lus"),
        (margins, "en-têtes et pieds de page non lus"),
        (objects, "formules, graphiques, champs de formulaire et objets incorporés non lus"),
    ):
        if count:
            yield f"{said}\u00a0: {count}"


def _hidden_parts(paragraph: _Element, styles: _Styles) -> int:
    """How many stretches of a paragraph are hidden; one when the whole is."""
    if _style(paragraph, "paragraph", styles).hidden:
        return int(_says_something(paragraph, _PARAGRAPHS))
    spans = paragraph.iter(_q("text:span"))
    return sum(
        bool(_style(span, "text", styles).hidden) and any(str(text).strip() for text in span.itertext())
        for span in spans
    )


def _says_something(element: _Element, tags: frozenset[str]) -> bool:
    """A paragraph under the element holds a letter (a page number alone is no text)."""
    return any(
        character.isalpha()
        for paragraph in element.iter(*tags)
        for text in paragraph.itertext()
        for character in str(text)
    )
