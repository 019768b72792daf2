"""OpenDocument texts: what the page shows, notes and tables, what is counted, what is refused."""

import io
import re
import zipfile
from collections import Counter
from pathlib import Path
from xml.sax.saxutils import escape, unescape

import odfdo
import pytest
from accounting import assert_accounted
from hypothesis import given, settings
from hypothesis import strategies as st

from tensions_cli.corpus.formats.opendocument import read_odt
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.corpus.speakers import find_turns
from tensions_cli.errors import UnreadableError
from tensions_cli.records import BlockKind, Document, Role, ZoneKind

ODF = "urn:oasis:names:tc:opendocument:xmlns"
NAMESPACES = (
    f'xmlns:office="{ODF}:office:1.0" xmlns:style="{ODF}:style:1.0" xmlns:text="{ODF}:text:1.0" '
    f'xmlns:table="{ODF}:table:1.0" xmlns:draw="{ODF}:drawing:1.0" xmlns:fo="{ODF}:xsl-fo-compatible:1.0" '
    f'xmlns:dc="http://purl.org/dc/elements/1.1/" office:version="1.3"'
)
TEXT_TYPE = "application/vnd.oasis.opendocument.text"


def content_xml(body: str, styles: str = "", kind: str = "text") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {NAMESPACES}>'
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
    )


def styles_xml(styles: str = "", masters: str = "") -> str:
    return (
        f"<office:document-styles {NAMESPACES}><office:styles>{styles}</office:styles>"
        f"<office:master-styles>{masters}</office:master-styles></office:document-styles>"
    )


def zipped(**parts: str | bytes) -> bytes:
    """An OpenDocument archive; in names, `__` stands for `/`, `META__` for `META-INF/`, `_xml` for `.xml`."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", TEXT_TYPE, zipfile.ZIP_STORED)
        for name, content in parts.items():
            archive.writestr(name.replace("META__", "META-INF/").replace("__", "/").replace("_xml", ".xml"), content)
    return stream.getvalue()


def read_bytes(data: bytes) -> Document:
    (document,) = read_odt(data, SourceFile(Path("e.odt"), "e.odt", "e"))
    assert_accounted(document)
    return document


def read_body(body: str, automatic: str = "", named: str = "", masters: str = "") -> Document:
    return read_bytes(zipped(content_xml=content_xml(body, automatic), styles_xml=styles_xml(named, masters)))


def paragraph(text: str, style: str = "Standard") -> str:
    return f'<text:p text:style-name="{style}">{text}</text:p>'


def shown(document: Document) -> list[str]:
    return [document.text[block.start : block.end] for block in document.blocks]


def zoned(document: Document) -> list[tuple[str, ZoneKind, str]]:
    return [(document.text[zone.start : zone.end], zone.kind, zone.detail) for zone in document.zones]


def counted(document: Document) -> dict[str, str]:
    return {said: count for said, _, count in (notice.partition("\u00a0: ") for notice in document.notices)}


# Characters


def test_spaces_tabs_and_line_breaks():
    body = paragraph('On coche<text:s text:c="2"/>des cases.<text:line-break/>Puis<text:tab/>rien.')
    assert read_body(body).text == "On coche  des cases.\nPuis\trien."


def test_white_space_of_the_xml_is_collapsed():
    """OpenDocument 1.3, part 3, 6.1.2: one space for a run, none at the ends; `text:s` stands."""
    body = paragraph("\n   On coche\n   <text:span> des</text:span> <text:span>  cases</text:span><text:s/> .\n  ")
    assert read_body(body).text == "On coche des cases  ."


def test_hostile_counts_of_spaces_are_bounded():
    odd = '<text:s text:c="1000000000"/>b<text:s text:c="-4"/>c<text:s text:c="x"/>d<text:s text:c=""/>e'
    text = read_body(paragraph(f"a{odd}")).text
    assert text.split() == ["a", "b", "c", "d", "e"]
    assert len(text) < 200


def test_links_fields_bookmarks_and_ruby():
    body = paragraph(
        'Voir <text:a href="https://example.org">la note</text:a><text:bookmark-start text:name="x"/>, page '
        "<text:page-number>3</text:page-number>, <text:placeholder>&lt;Nom&gt;</text:placeholder>"
        "<text:ruby><text:ruby-base>fin</text:ruby-base><text:ruby-text>in</text:ruby-text></text:ruby>"
        "<text:soft-page-break/>."
    )
    assert read_body(body).text == "Voir la note, page 3, fin."


# Structure


def test_titles_lists_and_sections():
    body = (
        '<text:h text:outline-level="1">Le foyer</text:h>'
        + paragraph("Note d'équipe", "Title")
        + paragraph("Sous-partie", "Perso")
        + "<text:section><text:p>On accueille douze jeunes.</text:p></text:section>"
        + "<text:list><text:list-header><text:p>Ce qui change</text:p></text:list-header><text:list-item>"
        + "<text:p>les horaires</text:p>"
        + "<text:list><text:list-item><text:p>du soir</text:p></text:list-item></text:list>"
        + "</text:list-item></text:list><text:numbered-paragraph><text:p>les repas</text:p></text:numbered-paragraph>"
        + "<text:list><text:list-item><text:h>Conclusion</text:h></text:list-item></text:list>"
    )
    named = (
        '<style:style style:name="Perso" style:family="paragraph" style:parent-style-name="Heading_20_2"/>'
        '<style:style style:name="Heading_20_2" style:display-name="Heading 2" style:family="paragraph"/>'
    )
    document = read_body(body, named=named)
    title, item, plain = BlockKind.TITLE, BlockKind.ITEM, BlockKind.PARAGRAPH
    assert list(zip(shown(document), (block.kind for block in document.blocks), strict=True)) == [
        ("Le foyer", title),
        ("Note d'équipe", title),
        ("Sous-partie", title),
        ("On accueille douze jeunes.", plain),
        ("Ce qui change", item),
        ("les horaires", item),
        ("du soir", item),
        ("les repas", item),
        ("Conclusion", title),
    ]


STYLES = (
    '<style:style style:name="P1" style:family="paragraph" style:parent-style-name="Question"/>'
    '<style:style style:name="P2" style:family="paragraph" style:parent-style-name="Question">'
    '<style:text-properties fo:font-weight="normal"/></style:style>'
    '<style:style style:name="T1" style:family="text"><style:text-properties fo:font-weight="bold"/></style:style>'
    '<style:style style:name="T2" style:family="text"><style:text-properties fo:font-weight="normal"/></style:style>'
    '<style:style style:name="T3" style:family="text"><style:text-properties text:display="none"/></style:style>'
    '<style:style style:name="Loop" style:family="paragraph" style:parent-style-name="Loop"/>'
)
NAMED = (
    '<style:style style:name="Question" style:family="paragraph" style:parent-style-name="Gras"/>'
    '<style:style style:name="Gras" style:family="paragraph">'
    '<style:text-properties fo:font-weight="700"/></style:style>'
    '<style:style style:name="Emphasis" style:family="text">'
    '<style:text-properties fo:font-style="italic"/></style:style>'
)


def span(style: str, text: str) -> str:
    return f'<text:span text:style-name="{style}">{text}</text:span>'


@pytest.mark.parametrize(
    ("body", "emphasis"),
    [
        (paragraph("Et l'équipe ?", "P1"), True),  # by the parent of the parent
        (paragraph("Et l'équipe ?", "P2"), False),  # undone by the automatic style
        (paragraph("Et l'équipe ?", "Loop"), False),
        (paragraph(f"{span('T1', 'Et ')}<text:span>l'équipe</text:span> ?"), False),
        (paragraph(f"{span('T1', 'Et')} {span('Emphasis', 'là ?')}"), True),
        (paragraph(span("T1", "Et " + span("Emphasis", "là"))), True),
        (paragraph(f"Et {span('T2', 'l’équipe')} ?", "P1"), False),
    ],
)
def test_emphasis_is_of_whole_paragraphs(body, emphasis):
    document = read_body(body, STYLES, NAMED)
    assert [block.emphasis for block in document.blocks] == [emphasis]


def test_questions_in_bold_without_labels():
    asked = ["Comment se passe une nuit ?", "Qui décide ?", "Et quand rien ne va ?"]
    told = ["On fait une ronde toutes les deux heures.", "Le veilleur, seul.", "On appelle l'astreinte."]
    body = "".join(paragraph(q, "P1") + paragraph(a) for q, a in zip(asked, told, strict=True))
    document = find_turns(read_body(body, STYLES, NAMED))
    assert [document.text[turn.start : turn.end] for turn in document.turns if turn.role is Role.INTERVIEWER] == asked


def test_text_boxes_frames_and_shapes_come_after_their_paragraph():
    box = "<draw:frame><draw:text-box>{}</draw:text-box></draw:frame>"
    inner = box.format("<text:p>Encadré intérieur</text:p>")
    body = (
        box.format("<text:p>Boîte de la page</text:p>")
        + paragraph("Avant" + box.format(f"<text:p>Encadré{inner}</text:p>") + " après")
        + paragraph("<draw:g><draw:rect><text:p>Forme</text:p></draw:rect></draw:g>")
        + paragraph(
            "<draw:frame><draw:image><office:binary-data>QUJD</office:binary-data></draw:image></draw:frame>Fin"
        )
    )
    assert shown(read_body(body)) == ["Boîte de la page", "Avant après", "Encadré", "Encadré intérieur", "Forme", "Fin"]


# Tables


def table(rows: list[list[str]]) -> str:
    def line(row):
        cells = "".join(f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in row)
        return f"<table:table-row>{cells}</table:table-row>"

    head = f"<table:table-header-rows>{line(rows[0])}</table:table-header-rows>"
    return f"<table:table><table:table-column/>{head}{''.join(map(line, rows[1:]))}</table:table>"


def test_a_table_is_read_cell_by_cell():
    merged = (
        "<table:table><table:table-row><table:table-cell><text:p>large</text:p></table:table-cell>"
        "<table:covered-table-cell/></table:table-row></table:table>"
    )
    document = read_body(table([["Action", "Date"], ["Visite", "mars"]]) + merged)
    assert shown(document) == ["Action", "Date", "Visite", "mars", "large"]
    assert {block.kind for block in document.blocks} == {BlockKind.CELL}


def test_a_table_inside_a_table():
    inner = table([["a", "b"]])
    cell = f"<table:table-cell>{inner}<text:p>c</text:p></table:table-cell>"
    assert shown(read_body(f"<table:table><table:table-row>{cell}</table:table-row></table:table>")) == ["a", "b", "c"]


def test_a_transcript_table_gives_voices():
    document = read_body(
        table([
            ["Temps", "Locuteur", "Propos"],
            ["0:01 - 0:11", "Enquêtrice", "On commence ?"],
            ["0:12", "Mme B :", "Oui, allez-y."],
            ["", "", "(silence)"],
        ])
    )  # fmt: skip
    assert [
        (text, block.voice, block.time_start, block.time_end)
        for text, block in zip(shown(document), document.blocks, strict=True)
    ] == [
        ("On commence ?", "Enquêtrice", 1.0, 11.0),
        ("Oui, allez-y.", "Mme B", 12.0, None),
        ("(silence)", None, None, None),
    ]
    assert zoned(document)[0] == ("Temps\nLocuteur\nPropos", ZoneKind.METADATA, "en-tête du tableau")


# Notes, contents, what is counted


def note(kind: str, text: str) -> str:
    return (
        f'<text:note text:note-class="{kind}"><text:note-citation>1</text:note-citation><text:note-body>'
        f"<text:p>{text}</text:p></text:note-body></text:note>"
    )


def test_notes_come_after_the_body_in_zones():
    body = (
        paragraph(f"L'équipe{note('endnote', 'Voir annexe.')} parle{note('footnote', 'Le prénom est changé.')} peu.")
        + paragraph(f"Elle écrit.{note('footnote', 'Le lieu aussi.')}")
        + "<text:tracked-changes><text:changed-region><text:deletion>"
        + paragraph(f"parti{note('footnote', 'partie aussi')}")
        + "</text:deletion></text:changed-region></text:tracked-changes>"
    )
    document = read_body(body)
    assert shown(document) == ["L'équipe parle peu.", "Elle écrit."]
    assert zoned(document) == [
        ("Le prénom est changé.\nLe lieu aussi.", ZoneKind.NOTE, "note de bas de page"),
        ("Voir annexe.", ZoneKind.NOTE, "note de fin"),
    ]


def test_contents_and_bibliography_are_zones():
    index = "<text:{0}><text:{0}-source/><text:index-body><text:index-title><text:p>{1}</text:p></text:index-title>"
    index += "<text:p>{2}</text:p></text:index-body></text:{0}>"
    body = (
        index.format("table-of-content", "Sommaire", "Le foyer 3")
        + paragraph("On accueille.")
        + index.format("bibliography", "Références", "Auteur fictif, 2003")
    )
    document = read_body(body)
    assert shown(document) == ["On accueille."]
    assert zoned(document) == [
        ("Sommaire\nLe foyer 3", ZoneKind.METADATA, "sommaire"),
        ("Références\nAuteur fictif, 2003", ZoneKind.BIBLIOGRAPHY, "bibliographie"),
    ]


def test_what_is_not_read_is_counted():
    body = (
        '<text:tracked-changes><text:changed-region text:id="c"><text:deletion><office:change-info>'
        "<dc:creator>Nom Réel</dc:creator></office:change-info><text:p>supprimé</text:p></text:deletion>"
        "</text:changed-region><text:changed-region><text:insertion/></text:changed-region></text:tracked-changes>"
        + paragraph(
            'On garde<text:change text:change-id="c"/> la<office:annotation><dc:creator>Nom Réel</dc:creator>'
            "<text:p>à revoir</text:p></office:annotation> <text:change-start/>phrase<text:change-end/>"
            '<text:span text:style-name="T3"> cachée</text:span>.'
        )
        + '<text:section text:display="none"><text:p>Section masquée</text:p></text:section>'
        + paragraph("<draw:frame><draw:object><office:document/></draw:object></draw:frame>")
    )
    masters = (
        '<style:master-page style:name="Standard"><style:header><text:p>Document de travail</text:p></style:header>'
        "<style:footer><text:p><text:page-number>12</text:page-number></text:p></style:footer></style:master-page>"
    )
    document = read_body(body, STYLES, NAMED, masters)
    assert document.text == "On garde la phrase."
    assert counted(document) == {
        "commentaires non lus": "1",
        "suppressions en suivi des modifications, laissées de côté": "1",
        "passages masqués non lus": "2",
        "en-têtes et pieds de page non lus": "1",
        "formules, graphiques, champs de formulaire et objets incorporés non lus": "1",
    }


# Files as programs write them


def written(kind: str) -> tuple[odfdo.Document, str]:
    """A text made by a library, saved as `zip` or `xml`, and what its page shows."""
    office = odfdo.Document("text")
    office.body.clear()
    office.meta.creator = "Nom Réel"
    office.body.append(odfdo.Header(1, "Le métier"))
    first = odfdo.Paragraph("On a  deux\téquipes,\nde jour et de nuit.")
    first.insert_note(after="équipes", note_id="n1", citation="1", body="Depuis mars.")
    office.body.append(first)
    office.body.append(odfdo.List(["le jour", "la nuit"]))
    return office, "Le métier\nOn a  deux\téquipes,\nde jour et de nuit.\nle jour\nla nuit\nDepuis mars."


@pytest.mark.parametrize("packaging", ["zip", "xml"])
def test_a_file_made_by_a_library(packaging):
    office, text = written(packaging)
    stream = io.BytesIO()
    office.save(stream, packaging=packaging)
    document = read_bytes(stream.getvalue())
    assert document.text == text
    assert (document.format, document.metadata) == ("odt", {})
    assert [block.kind for block in document.blocks] == [
        BlockKind.TITLE,
        BlockKind.PARAGRAPH,
        BlockKind.ITEM,
        BlockKind.ITEM,
    ]
    assert document.encoding == (None if packaging == "zip" else "utf-8")


MANIFEST = (
    f'<manifest:manifest xmlns:manifest="{ODF}:manifest:1.0"><manifest:file-entry manifest:full-path="content.xml">'
    "<manifest:encryption-data/></manifest:file-entry></manifest:manifest>"
)
ENTITY = '<!DOCTYPE x [<!ENTITY a "aaaa">]>' + content_xml(paragraph("&a;")).partition("?>")[2]
NESTED = "<text:list><text:list-item>" * 400 + "</text:list-item></text:list>" * 400


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (zipped(content_xml=b"\x07\x93\x00secret", META__manifest_xml=MANIFEST), "encrypted"),
        (zipped(**{"encrypted-package": b"\x00\x01", "META__manifest_xml": MANIFEST}), "encrypted"),
        (zipped(styles_xml=styles_xml()), "corrupt"),
        (zipped(content_xml="<office:rompu"), "corrupt"),
        (zipped(content_xml=ENTITY), "corrupt"),
        (zipped(content_xml=f"<!--{9000 * ' '}-->{ENTITY}"), "corrupt"),
        (zipped(content_xml=content_xml("<table:table/>", kind="spreadsheet")), "format"),
        (zipped(content_xml=content_xml(paragraph(" "))), "no_text"),
        (zipped(content_xml=content_xml(paragraph("x")), Pictures__a_xml=b" " * 40_000_000), "too_large"),
        (zipped(content_xml=content_xml(NESTED)), "too_large"),
        (b"<html><body>page</body></html>", "format"),
    ],
)
def test_what_is_refused(data, reason):
    with pytest.raises(UnreadableError) as error:
        read_bytes(data)
    assert error.value.reason == reason


def test_the_deepest_lists_are_read():
    """As deep as libxml2 lets XML be (256 elements)."""
    deep = "<text:list><text:list-item>" * 120 + paragraph("au fond") + "</text:list-item></text:list>" * 120
    assert read_body(deep).text == "au fond"


def test_a_damaged_archive_is_no_crash():
    data = zipped(content_xml=content_xml(paragraph("On coche des cases.")))
    with pytest.raises((zipfile.BadZipFile, UnreadableError)):
        read_bytes(data[:-30])


# Properties

WORDS = st.text(st.sampled_from("aéœ 😀\u00a0\u202f\u2028,.:?-<&"), max_size=12).map(escape)
INLINE = st.recursive(
    WORDS,
    lambda inner: st.lists(inner, max_size=3)
    .map("".join)
    .flatmap(
        lambda text: st.sampled_from([
            text + "<text:s/>",
            text + '<text:tab/>',
            f'<text:span text:style-name="T1">{text}</text:span>',
            f"<text:a>{text}</text:a>{text}",
            f"<draw:frame><draw:text-box><text:p>{text}</text:p></draw:text-box></draw:frame>",
            note("footnote", text),
        ])
    ),
    max_leaves=6,
)  # fmt: skip
BLOCKS = st.recursive(
    INLINE.map(lambda text: f"<text:p>{text}</text:p>"),
    lambda inner: st.lists(inner, max_size=3)
    .map("".join)
    .flatmap(
        lambda text: st.sampled_from([
            f"<text:section>{text}</text:section>",
            f"<text:list><text:list-item>{text}</text:list-item></text:list>",
            f"<table:table><table:table-row><table:table-cell>{text}</table:table-cell></table:table-row></table:table>",
            f"<text:table-of-content><text:index-body>{text}</text:index-body></text:table-of-content>",
        ])
    ),
    max_leaves=6,
)  # fmt: skip


@settings(deadline=None, max_examples=120)
@given(body=st.lists(BLOCKS, min_size=1, max_size=4).map("".join))
def test_every_character_is_in_a_block_or_a_zone(body):
    """Whatever their order, the characters between the tags are those of the text."""
    between = unescape(re.sub("<text:note-citation>1</text:note-citation>|<[^>]*>", "", body))
    visible = Counter("".join(between.split()))
    data = zipped(content_xml=content_xml(body, STYLES))
    if not visible:
        with pytest.raises(UnreadableError):
            read_bytes(data)
        return
    assert Counter("".join(read_bytes(data).text.split())) == visible
