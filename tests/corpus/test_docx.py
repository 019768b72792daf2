"""Word files: transcripts as transcription services and NVivo write them, notes, and what is counted."""

import io
import zipfile
from pathlib import Path

import docx
import pytest
from accounting import assert_accounted
from docx.enum.style import WD_STYLE_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from hypothesis import given, settings
from hypothesis import strategies as st

from tensions_cli.corpus.formats.docx import read_docx
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.corpus.speakers import find_turns
from tensions_cli.errors import UnreadableError
from tensions_cli.records import BlockKind, Document, Role, ZoneKind

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml"


def saved(word) -> bytes:
    stream = io.BytesIO()
    word.save(stream)
    return stream.getvalue()


def read_word(word) -> Document:
    (document,) = read_docx(saved(word), SourceFile(Path("e.docx"), "e.docx", "e"))
    assert_accounted(document)
    return document


def raw(*paragraphs: str):
    """A Word document whose body begins with this XML."""
    word = docx.Document()
    for rank, xml in enumerate(paragraphs):
        word.element.body.insert(rank, parse_xml(xml))
    return word


def add_part(word, kind: str, xml: str) -> None:
    """Add a part such as `footnotes`, in relation with the body."""
    name = PackURI(f"/word/{kind}.xml")
    part = Part(name, f"{CONTENT_TYPE}.{kind}+xml", xml.encode(), word.part.package)
    word.part.relate_to(part, f"{RELATION}/{kind}")


def shown(document: Document) -> list[str]:
    return [document.text[block.start : block.end] for block in document.blocks]


def zoned(document: Document, kind: ZoneKind) -> list[str]:
    return [document.text[zone.start : zone.end] for zone in document.zones if zone.kind is kind]


def spoken(document: Document) -> list[tuple[str | None, Role | None, float | None, str]]:
    return [(turn.speaker, turn.role, turn.time_start, document.text[turn.start : turn.end]) for turn in document.turns]


ASKS, ANSWERS = Role.INTERVIEWER, Role.RESPONDENT

EXCHANGE = [
    ("0:03", "Vous pouvez me raconter une matinée à l'accueil ?"),
    ("0:09", "On ouvre à neuf heures, et il y a déjà du monde devant la porte."),
    ("0:41", "Et vous êtes combien ?"),
    ("0:44", "Deux, parce que la collègue du guichet n'a pas été remplacée."),
    ("1:02", "Cela change quoi ?"),
    ("1:05", "On écoute moins, on oriente plus vite."),
]


# Transcripts


def test_a_turboscribe_transcript():
    word = docx.Document()
    word.add_paragraph("Entretien à l'accueil de jour")
    for label, paragraphs, bold in (
        ("[Chercheur] (0:01 - 0:11)", ["On commence par votre arrivée ?"], True),
        ("[Interviewe] (0:11 - 0:45)", ["Je suis arrivée en mars.", "", "L'équipe changeait.", "Voilà."], False),
        ("[Checheur] (0:45 - 0:50)", ["Elle changeait comment ?"], True),
        ("[Interviewe]", ["Trois départs en un mois."], False),
        ("[Chercheur] (1:00 - 1:05)", ["Pour quelles raisons ?"], True),
        ("[Interviewe] (1:05 - 1:30)", ["La fatigue, surtout."], False),
        ("[Chercheur] (1:31 - 1:33)", ["Et depuis ?"], True),
        ("[Interviewe] (1:34 - 1:50)", ["Cela tient."], False),
        ("[Chercheur] (1:51 - 1:53)", ["Grâce à qui ?"], True),
        ("[Interviewe] (1:54 - 1:59)", ["À la cheffe de service."], False),
        ("[Chercheur] (2:00 - 2:03)", ["Vous vous voyez souvent ?"], True),
        ("[Interviewe] (2:04 - 2:09)", ["Le lundi."], False),
    ):
        word.add_paragraph(label)
        for paragraph in paragraphs:
            word.add_paragraph().add_run(paragraph).bold = bold
    document = find_turns(read_word(word))
    turns = spoken(document)
    assert turns[:4] == [
        ("Chercheur", ASKS, 1.0, "On commence par votre arrivée ?"),
        ("Interviewe", ANSWERS, 11.0, "Je suis arrivée en mars.\nL'équipe changeait.\nVoilà."),
        ("Chercheur", ASKS, 45.0, "Elle changeait comment ?"),
        ("Interviewe", ANSWERS, None, "Trois départs en un mois."),
    ]
    assert len(turns) == 12
    assert {(member.speaker, member.turns) for member in document.cast} == {("Chercheur", 6), ("Interviewe", 6)}
    assert any("Checheur" in notice for notice in document.notices), "a merge is said"


@pytest.mark.parametrize("own_paragraph", [True, False])
def test_a_teams_transcript(own_paragraph):
    """A name and a time on a line, the speech under it: in a paragraph of its own or after a line break."""
    word = docx.Document()
    word.add_paragraph("Point d'équipe-20240312_140000-Transcription")
    word.add_paragraph("12 mars 2024, 01:00PM")
    for rank, (time, said) in enumerate(EXCHANGE):
        paragraph = word.add_paragraph()
        paragraph.add_run("Odile Fictive" if rank % 2 else "Claire Exemple").bold = True
        paragraph.add_run(f"   {time}")
        if own_paragraph:
            paragraph = word.add_paragraph()
        else:
            paragraph.add_run().add_break()
        paragraph.add_run(said)
    document = find_turns(read_word(word))
    assert spoken(document) == [
        ("Odile Fictive" if rank % 2 else "Claire Exemple", ANSWERS if rank % 2 else ASKS, seconds, said)
        for rank, (seconds, (_, said)) in enumerate(zip([3.0, 9.0, 41.0, 44.0, 62.0, 65.0], EXCHANGE, strict=True))
    ]
    assert not any("2024" in passage for _, _, _, passage in spoken(document))


def test_a_word_transcribe_transcript():
    word = docx.Document()
    word.add_heading("Transcription", 1)
    word.add_paragraph("Fichier audio")
    word.add_paragraph("accueil.mp3")
    for rank, (time, said) in enumerate(EXCHANGE):
        word.add_paragraph(f"00:{time:0>5} Intervenant {1 + rank % 2}")
        word.add_paragraph(said)
    document = find_turns(read_word(word))
    assert spoken(document) == [
        (f"Intervenant {1 + rank % 2}", ANSWERS if rank % 2 else ASKS, seconds, said)
        for rank, (seconds, (_, said)) in enumerate(zip([3.0, 9.0, 41.0, 44.0, 62.0, 65.0], EXCHANGE, strict=True))
    ]


def table_of(rows: list[list[str]]):
    word = docx.Document()
    table = word.add_table(len(rows), len(rows[0]))
    for row, cells in zip(table.rows, rows, strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    return word


def test_an_nvivo_table():
    rows = [
        [str(rank), f"0:0{time}.0 - 0:0{time}.9", said, "Mme A" if rank % 2 == 0 else "Enquêtrice"]
        for rank, (time, said) in enumerate(EXCHANGE, start=1)
    ]
    document = find_turns(read_word(table_of([["", "Timespan", "Content", "Speaker"], *rows])))
    assert spoken(document)[:2] == [("Enquêtrice", ASKS, 3.0, EXCHANGE[0][1]), ("Mme A", ANSWERS, 9.0, EXCHANGE[1][1])]
    assert len(document.turns) == 6
    assert zoned(document, ZoneKind.METADATA) == ["Timespan\nContent\nSpeaker"]
    assert {block.kind for block in document.blocks} == {BlockKind.CELL}


def test_an_nvivo_table_without_speakers():
    rows = [
        ["Timespan", "Content"],
        ["0:00.0 - 0:04.2", "On remplit le tableau."],
        ["0:04.2 - 0:09.0", "Puis on part."],
    ]
    document = read_word(table_of(rows))
    assert shown(document) == ["On remplit le tableau.", "Puis on part."]
    assert [block.time_start for block in document.blocks] == [0.0, 4.2]
    assert "".join(zoned(document, ZoneKind.LABEL)).startswith("0:00.0 - 0:04.2")


def test_an_agenda_is_no_transcript():
    rows = [["Temps", "Contenu"], ["matin", "Point sur les admissions"], ["10:30", "Bilan de la semaine"]]
    assert shown(read_word(table_of(rows))) == [cell for row in rows for cell in row]


# Notes


NOTES = (
    f'<w:footnotes {W}><w:footnote w:type="separator" w:id="0"><w:p><w:r><w:t>trait</w:t></w:r></w:p></w:footnote>'
    '<w:footnote w:id="2"><w:p><w:r><w:footnoteRef/></w:r><w:r><w:t>Le prénom est changé.</w:t></w:r></w:p>'
    "<w:p><w:r><w:t>Le lieu aussi.</w:t></w:r></w:p></w:footnote>"
    '<w:footnote w:id="3"><w:p><w:ins w:id="1"><w:r><w:t>Loi de 2002.</w:t></w:r></w:ins></w:p></w:footnote>'
    "</w:footnotes>"
)


def test_notes_come_after_the_body_in_zones():
    word = docx.Document()
    word.add_paragraph("L'équipe se réunit le mardi.")
    word.add_paragraph("Elle parle des situations.")
    add_part(word, "footnotes", NOTES)
    endnote = (
        f'<w:endnotes {W}><w:endnote w:id="2"><w:p><w:r><w:t>Voir annexe.</w:t></w:r></w:p></w:endnote></w:endnotes>'
    )
    add_part(word, "endnotes", endnote)
    document = read_word(word)
    assert shown(document) == ["L'équipe se réunit le mardi.", "Elle parle des situations."]
    assert [(document.text[zone.start : zone.end], zone.kind, zone.detail) for zone in document.zones] == [
        ("Le prénom est changé.\nLe lieu aussi.\nLoi de 2002.", ZoneKind.NOTE, "note de bas de page"),
        ("Voir annexe.", ZoneKind.NOTE, "note de fin"),
    ]
    assert "trait" not in document.text
    assert document.notices == ()


def test_notes_stay_out_of_the_last_turn():
    word = docx.Document()
    for rank, (_, said) in enumerate(EXCHANGE):
        word.add_paragraph(f"{'Enquêté' if rank % 2 else 'Enquêtrice'} : {said}")
    add_part(word, "footnotes", NOTES)
    document = find_turns(read_word(word))
    assert spoken(document)[-1][3] == "On écoute moins, on oriente plus vite."
    assert len(zoned(document, ZoneKind.NOTE)) == 1


def test_a_note_with_entities_is_refused():
    word = docx.Document()
    word.add_paragraph("L'équipe se réunit.")
    bomb = f'<!DOCTYPE n [<!ENTITY a "aaaa">]><w:footnotes {W}><w:footnote w:id="2">&a;</w:footnote></w:footnotes>'
    add_part(word, "footnotes", bomb)
    with pytest.raises(UnreadableError) as error:
        read_word(word)
    assert error.value.reason == "corrupt"


# What is counted, and what must not be lost


def test_what_is_not_read_is_counted():
    graphic = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    word = raw(
        f"<w:p {W}><w:r><w:t>On garde la phrase</w:t></w:r><w:del w:id='1'><w:r><w:delText> effacée</w:delText></w:r>"
        "</w:del><w:r><w:rPr><w:vanish/></w:rPr><w:t>masqué</w:t></w:r></w:p>",
        f"<w:p {W}><w:r><w:drawing><a:graphicData {graphic} uri='http://x/diagram'/></w:drawing></w:r></w:p>",
    )
    word.sections[0].header.paragraphs[0].text = "Document de travail"
    word.sections[0].footer.paragraphs[0].text = "12"
    comment = f"<w:p {W}><w:r><w:t>à revoir</w:t></w:r></w:p>"
    add_part(word, "comments", f'<w:comments {W}><w:comment w:id="0" w:author="X">{comment}</w:comment></w:comments>')
    document = read_word(word)
    assert document.text == "On garde la phrase"
    assert [notice.partition("\u00a0: ")[::2] for notice in document.notices] == [
        ("commentaires non lus", "1"),
        ("suppressions en suivi des modifications, laissées de côté", "1"),
        ("passages masqués non lus", "1"),
        ("en-têtes et pieds de page non lus", "1"),
        ("schémas, graphiques et objets incorporés non lus", "1"),
    ]


def test_symbols_equations_and_emoji_are_read():
    mc = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    m = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
    document = read_word(
        raw(
            f"<w:p {W} {mc} {m}><w:r><w:t xml:space='preserve'>Oui </w:t></w:r><w:r><mc:AlternateContent>"
            "<mc:Choice Requires='w16se'/><mc:Fallback><w:t>😊</w:t></mc:Fallback></mc:AlternateContent></w:r>"
            "<w:r><w:sym w:font='Wingdings' w:char='F0FC'/><w:sym w:char='D800'/><w:sym w:char='zz'/></w:r>"
            "<m:oMath><m:r><m:t>a+b</m:t></m:r></m:oMath></w:p>"
        )
    )
    assert document.text == "Oui 😊\uf0fc\ufffd\ufffda+b"


def test_a_table_of_contents_is_a_zone():
    word = docx.Document()
    word.styles.add_style("toc 1", WD_STYLE_TYPE.PARAGRAPH)
    word.add_paragraph("Table des matières", style="TOC Heading")
    word.add_paragraph("Le travail d'accueil\t3", style="toc 1")
    word.add_heading("Le travail d'accueil", 1)
    word.add_paragraph("On ouvre à neuf heures.")
    document = read_word(word)
    assert shown(document) == ["Le travail d'accueil", "On ouvre à neuf heures."]
    assert zoned(document, ZoneKind.METADATA) == ["Table des matières\nLe travail d'accueil\t3"]


TEXTS = st.text(st.sampled_from("aéœ 😀\u00a0\u2028,.:?\t\n-"), max_size=30)


@settings(deadline=None, max_examples=25)
@given(paragraphs=st.lists(TEXTS, min_size=1, max_size=6), cells=st.lists(TEXTS, min_size=4, max_size=4))
def test_every_character_is_accounted_for(paragraphs, cells):
    word = docx.Document()
    for paragraph in paragraphs:
        word.add_paragraph(paragraph)
    table = word.add_table(2, 2)
    for cell, text in zip([cell for row in table.rows for cell in row.cells], cells, strict=True):
        cell.text = text
    written = "".join("".join([*paragraphs, *cells]).split())
    if not written:
        return
    assert "".join(read_word(word).text.split()) == written


# What damaged styles leave of a document: everything.


def test_styles_without_name_or_in_a_circle_do_not_stop_anything():
    word = raw(
        f'<w:p {W}><w:pPr><w:pStyle w:val="sansnom"/></w:pPr><w:r><w:t>On ouvre.</w:t></w:r></w:p>',
        f'<w:p {W}><w:pPr><w:pStyle w:val="a"/></w:pPr><w:r><w:t>On écoute.</w:t></w:r></w:p>',
        f'<w:p {W}><w:pPr><w:pStyle w:val="s0"/></w:pPr><w:r><w:t>On note.</w:t></w:r></w:p>',
    )
    chain = "".join(
        f'<w:style {W} w:type="genre" w:styleId="s{n}"><w:basedOn w:val="s{n + 1}"/></w:style>' for n in range(3000)
    )
    for xml in (
        f'<w:style {W} w:type="paragraph" w:styleId="sansnom"><w:name/><w:basedOn/></w:style>',
        f'<w:style {W} w:styleId="a"><w:name w:val="a"/><w:basedOn w:val="b"/></w:style>',
        f'<w:style {W} w:styleId="b"><w:name w:val="heading 2"/><w:basedOn w:val="a"/></w:style>',
        f'<w:style {W} w:styleId="s3000"><w:name w:val="b"/><w:rPr><w:b/></w:rPr></w:style>',
    ):
        word.styles.element.append(parse_xml(xml))
    for style in parse_xml(f"<w:styles {W}>{chain}</w:styles>"):
        word.styles.element.append(style)
    document = read_word(word)
    assert shown(document) == ["On ouvre.", "On écoute.", "On note."]
    assert [block.kind for block in document.blocks] == [BlockKind.PARAGRAPH, BlockKind.TITLE, BlockKind.PARAGRAPH]
    assert [block.emphasis for block in document.blocks] == [False, False, True]


@pytest.mark.parametrize("root", [f"<w:styles {W}/>", f"<w:document {W}/>", "<document/>"])
def test_a_word_file_without_a_body_is_refused(root):
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved(docx.Document()))) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            new.writestr(name, root if name == "word/document.xml" else old.read(name))
    with pytest.raises(UnreadableError) as refused:
        list(read_docx(stream.getvalue(), SourceFile(Path("e.docx"), "e.docx", "e")))
    assert refused.value.reason == "corrupt"
