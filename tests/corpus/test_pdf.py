"""PDF files: reading order, paragraphs, furniture, notes, hyphens, refusals. All are drawn here, word by word."""

import io
import re
import sys
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from accounting import assert_accounted
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from tensions_cli.corpus.formats import pdf_words
from tensions_cli.corpus.formats.pdf import read_pdf
from tensions_cli.corpus.formats.pdf_hyphens import join_lines, words_seen
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.corpus.speakers import find_turns
from tensions_cli.errors import UnreadableError
from tensions_cli.records import Block, BlockKind, Document, Role, ZoneKind

FILE = SourceFile(Path("rapport.pdf"), "rapport.pdf", "rapport")
WIDTH, HEIGHT = A4

TEXTS = (
    "L’équipe du foyer se réunit chaque mardi pour parler des situations, et non pour remplir la grille que le "
    "siège demande. On y prend le temps de raconter, de douter, de revenir sur un geste qui a mal tourné.",
    "La cheffe de service présente ensuite les chiffres du trimestre : taux d’occupation, durée de séjour, nombre "
    "d’actes par personne. Plusieurs disent que ces chiffres taisent ce qui se passe la nuit.",
    "Le contrat prévoit une visite chaque année. Personne ne s’y oppose, mais chacun voudrait que l’on compte aussi "
    "ce qui ne se voit pas : une présence, une parole retenue, un repas partagé avec quelqu’un qui n’y croyait plus.",
    "Depuis le changement de logiciel, les éducatrices remplissent trois tableaux par semaine. Ce temps est pris sur "
    "les sorties, dit la plus ancienne, qui travaille dans cette maison depuis vingt ans.",
)


class Page:
    """A pen over one PDF: wraps text as a word processor does, and remembers every word it wrote."""

    def __init__(self, **options: object) -> None:
        self.file = io.BytesIO()
        self.canvas = Canvas(self.file, pagesize=A4, **options)  # type: ignore[arg-type]
        self.written: list[str] = []

    def line(self, x: float, y: float, text: str, size: float = 10, font: str = "Times-Roman") -> None:
        self.canvas.setFont(font, size)
        self.canvas.drawString(x, y, text)
        self.written.append(text)

    def wrapped(
        self,
        text: str,
        x: float,
        y: float,
        width: float,
        size: float = 10,
        font: str = "Times-Roman",
        indent: float = 0,
        bottom: float = 0,
    ) -> tuple[float, str]:
        """Write a paragraph; give the height below it, and what did not fit above `bottom`."""
        words, first = text.split(" "), True
        while words and y >= bottom:
            room = width - (indent if first else 0)
            count = 1
            while count < len(words) and pdfmetrics.stringWidth(" ".join(words[: count + 1]), font, size) <= room:
                count += 1
            self.line(x + (indent if first else 0), y, " ".join(words[:count]), size, font)
            words, first, y = words[count:], False, y - 1.2 * size
        return y, " ".join(words)

    def next(self) -> None:
        self.canvas.showPage()

    def data(self) -> bytes:
        self.canvas.save()
        return self.file.getvalue()


def read(data: bytes) -> Document:
    (document,) = read_pdf(data, FILE)
    assert_accounted(document)
    return document


def of_kind(document: Document, *kinds: BlockKind) -> list[str]:
    return [document.text[block.start : block.end] for block in document.blocks if block.kind in kinds]


def paragraphs(document: Document) -> list[str]:
    return of_kind(document, BlockKind.PARAGRAPH)


def zones(document: Document, kind: ZoneKind) -> list[tuple[str, str]]:
    return [(zone.detail, document.text[zone.start : zone.end]) for zone in document.zones if zone.kind is kind]


def refusal(data: bytes) -> UnreadableError:
    with pytest.raises(UnreadableError) as refused:
        list(read_pdf(data, FILE))
    assert refused.value.detail.endswith(("relancez", "nouveau", "origine", "fichiers"))
    return refused.value


# --- one column


def test_lines_become_paragraphs_and_a_paragraph_runs_across_pages_and_their_furniture() -> None:
    page = Page()
    y, number = 760.0, 1
    for text in TEXTS * 3:
        rest = text
        while rest:
            y, rest = page.wrapped(rest, 70, y, 300, bottom=660)
            if rest:
                page.line(70, 800, "Rapport du foyer des Tilleuls", 8, "Helvetica")
                page.line(280, 30, f"Page {number} sur 5", 8, "Helvetica")
                page.next()
                y, number = 760.0, number + 1
        y -= 8
    page.line(70, 800, "Rapport du foyer des Tilleuls", 8, "Helvetica")
    page.line(280, 30, f"Page {number} sur 5", 8, "Helvetica")
    document = read(page.data())
    assert number > 3
    assert paragraphs(document) == list(TEXTS * 3)
    chrome = zones(document, ZoneKind.CHROME)
    assert chrome.count(("titre courant", "Rapport du foyer des Tilleuls")) == number
    assert [text for detail, text in chrome if detail == "numéro de page"] == [
        f"Page {n} sur 5" for n in range(1, number + 1)
    ]


def test_titles_items_and_emphasis_are_told_by_the_type() -> None:
    page = Page()
    page.line(70, 760, "Ce que l’on compte", 18, "Helvetica-Bold")
    page.line(70, 738, "dans un foyer de l’enfance", 18, "Helvetica-Bold")
    y, _ = page.wrapped(TEXTS[0], 70, 700, 400)
    page.line(80, y - 6, "•")
    page.line(98, y - 6, "Garder la réunion du mardi.")
    y, _ = page.wrapped(
        "2. Écrire moins de tableaux et davantage de récits, pour que les collègues de nuit sachent ce "
        "qui s’est passé dans la journée et ce que chacun attend du lendemain.",
        80,
        y - 20,
        400,
    )
    page.wrapped("Et vous, que notez-vous le soir ?", 70, y - 8, 400, font="Times-Italic")
    document = read(page.data())
    assert of_kind(document, BlockKind.TITLE) == ["Ce que l’on compte dans un foyer de l’enfance"]
    assert [text[:12] for text in of_kind(document, BlockKind.ITEM)] == ["• Garder la ", "2. Écrire mo"]
    assert paragraphs(document) == [TEXTS[0], "Et vous, que notez-vous le soir ?"]
    assert [block.emphasis for block in document.blocks] == [True, False, False, False, True]


def test_paragraphs_are_parted_by_white_by_an_indent_or_by_a_line_ended_on_purpose() -> None:
    for gap, indent, cut in ((8.0, 0.0, TEXTS), (0.0, 14.0, TEXTS), (0.0, 0.0, TEXTS)):
        page = Page()
        y = 780.0
        for text in cut:
            y = page.wrapped(text, 70, y, 380, indent=indent)[0] - gap
        assert paragraphs(read(page.data())) == list(cut)


def test_large_initial_joins_its_word() -> None:
    page = Page()
    page.line(70, 735.4, "L", 36, "Times-Roman")
    page.line(94, 760, "es veilleurs de nuit notent les rondes dans un cahier que personne")
    page.line(94, 748, "ne relit, sauf quand une famille se plaint d’avoir attendu trop")
    page.line(94, 736, "longtemps devant la porte.")
    page.wrapped(TEXTS[0], 70, 710, 300)
    assert paragraphs(read(page.data()))[0].startswith("Les veilleurs de nuit notent les rondes dans")


# --- columns


def columns(page: Page, texts: Sequence[str], count: int, top: float, bottom: float, gutter: float = 14) -> None:
    """Fill columns one after the other; a paragraph may go on in the next one."""
    width = (WIDTH - 100 - gutter * (count - 1)) / count
    column, y = 0, top
    for text in texts:
        rest = text
        while rest:
            y, rest = page.wrapped(
                rest, 50 + column * (width + gutter), y, width, 9, indent=0 if rest != text else 9, bottom=bottom
            )
            if rest:
                column, y = column + 1, top - 3 * (column % 2)
                assert column < count, "the text of the test is too long for its columns"


@pytest.mark.parametrize("count", [2, 3])
def test_columns_are_read_one_after_the_other_under_their_title(count: int) -> None:
    page = Page()
    page.line(50, 790, "Compter n’est pas accompagner", 22, "Helvetica-Bold")
    page.line(50, 765, "Enquête dans trois services d’aide à domicile où l’on apprend à ruser", 12.5, "Helvetica")
    texts = (TEXTS * 5)[: 6 * count + 2]
    columns(page, texts, count, 740, 740 - 11 * 41)
    document = read(page.data())
    assert paragraphs(document) == list(texts)
    assert len(of_kind(document, BlockKind.TITLE)) == 2


def test_columns_drawn_line_by_line_across_the_page_are_not_interleaved() -> None:
    left = [
        "Les transmissions du soir se font",
        "debout, dans le couloir, avec",
        "la peur d’oublier quelqu’un qui",
        "ne demande jamais rien à nous.",
        "Il faudrait une heure de plus",
    ]
    right = [
        "et un bureau où s’asseoir sans",
        "entendre le téléphone sonner",
        "pour le service d’à côté, dit-on",
        "au siège depuis six ans déjà.",
        "Rien ne vient de ce côté-là.",
    ]
    page = Page()
    for rank, (one, two) in enumerate(zip(left, right, strict=True)):
        page.line(50, 700 - 12 * rank, one)
        page.line(196, 700 - 12 * rank - 2, two)
    text = read(page.data()).text.replace("\n", " ")
    assert text == " ".join([*left, *right])


def test_a_title_across_the_page_parts_two_articles_in_columns() -> None:
    page = Page()
    columns(page, TEXTS[:2], 2, 780, 740)
    page.line(50, 700, "Second article, sur le travail de nuit et ce que personne n’en voit", 16, "Helvetica-Bold")
    columns(page, TEXTS[2:], 2, 670, 630)
    document = read(page.data())
    assert [document.text[block.start : block.end] for block in document.blocks] == [
        *TEXTS[:2],
        "Second article, sur le travail de nuit et ce que personne n’en voit",
        *TEXTS[2:],
    ]


def test_last_page_with_two_lines_in_its_second_column() -> None:
    page = Page()
    columns(page, TEXTS, 2, 780, 780 - 11 * 7)
    page.next()
    columns(page, TEXTS[:2], 2, 780, 780 - 11 * 4)
    assert paragraphs(read(page.data())) == [*TEXTS, *TEXTS[:2]]


def test_lines_stretched_by_justification_are_no_cells_and_no_gutters() -> None:
    lines = [
        ("On", "attend", "longtemps", "un"),
        ("signe,", "une", "adresse,"),
        ("quelqu’un,", "qui"),
        ("accompagnerait", "la"),
        ("famille", "jusqu’au", "bout", "de"),
        ("la", "semaine", "sans", "rien"),
    ]
    page = Page()
    for rank, words in enumerate(lines):
        widths = [pdfmetrics.stringWidth(word, "Times-Roman", 10) for word in words]
        space, x = (120 - sum(widths)) / (len(words) - 1), 70.0
        for word, width in zip(words, widths, strict=True):
            page.line(x, 760 - 12 * rank, word)
            x += width + space
    page.line(70, 760 - 12 * len(lines), "demander.")
    assert paragraphs(read(page.data())) == [" ".join(word for words in lines for word in words) + " demander."]


# --- tables, notes, transcripts


def test_a_table_is_read_row_by_row() -> None:
    rows = [
        ("Indicateur", "2021", "2022"),
        ("Taux d’occupation", "92 %", "95 %"),
        ("Durée de séjour", "11 mois", "9 mois"),
        ("Actes par personne", "412", "455"),
    ]
    page = Page()
    y, _ = page.wrapped(TEXTS[0], 70, 780, 400)
    for rank, row in enumerate(rows):
        for x, cell in zip((70, 250, 330), row, strict=True):
            page.line(x, y - 20 - 16 * rank, cell)
    page.wrapped(TEXTS[1], 70, y - 110, 400)
    document = read(page.data())
    assert of_kind(document, BlockKind.CELL) == [cell for row in rows for cell in row]
    assert paragraphs(document) == [TEXTS[0], TEXTS[1]]


def test_cells_of_several_lines_between_rules() -> None:
    cells = [
        (
            "Les équipes manquent de temps pour se parler le soir.",
            "Décaler la relève d’un quart d’heure, et garder la réunion du mardi pour tous.",
        ),
        (
            "Les tableaux sont remplis deux fois par les mêmes personnes.",
            "Fusionner les deux fichiers avec l’accord du siège.",
        ),
    ]
    page = Page()
    page.wrapped(TEXTS[0] + " " + TEXTS[1], 70, 780, 400)
    y = 680.0
    page.canvas.line(68, y + 14, 420, y + 14)
    for left, right in cells:
        y = min(page.wrapped(left, 70, y, 150)[0], page.wrapped(right, 240, y, 170)[0])
        page.canvas.line(68, y + 8, 420, y + 8)
        y -= 8
    assert of_kind(read(page.data()), BlockKind.CELL) == [cell for row in cells for cell in row]


def test_footnotes_are_zones_and_their_calls_leave_the_sentence() -> None:
    page = Page()
    for rank in range(3):
        y, _ = page.wrapped(TEXTS[0], 70, 780, 400)
        page.line(70, y, "La règle vient du siège")
        end = 70 + pdfmetrics.stringWidth("La règle vient du siège", "Times-Roman", 10)
        page.line(end, y + 4, str(rank + 1), 6)
        page.line(end + 4, y, ", dit-on, et personne ne l’a écrite.")
        page.canvas.line(70, 112, 180, 112)
        page.line(
            70,
            100,
            f"{rank + 1} {('Selon', 'Voir', 'Malgré')[rank]} le compte rendu de la réunion de "
            f"{('mai', 'juin', 'juillet')[rank]},",
            8,
        )
        page.line(70, 90, f"affiché dans le hall {('bleu', 'vert', 'gris')[rank]}.", 8)
        page.next()
    document = read(page.data())
    assert paragraphs(document) == [TEXTS[0], "La règle vient du siège, dit-on, et personne ne l’a écrite."] * 3
    notes = zones(document, ZoneKind.NOTE)
    assert notes[0][1] == "1 Selon le compte rendu de la réunion de mai, affiché dans le hall bleu."
    assert len(notes) == 3
    assert any("appels de notes" in notice and notice.endswith("3") for notice in document.notices)


def test_a_number_set_high_without_a_note_stays_beside_its_word() -> None:
    page = Page()
    page.line(70, 780, "Le service dispose de 40 m")
    end = 70 + pdfmetrics.stringWidth("Le service dispose de 40 m", "Times-Roman", 10)
    page.line(end, 784, "2", 6)
    page.line(70, 760, "pour la famille")
    page.line(70 + pdfmetrics.stringWidth("pour la famille", "Times-Roman", 10), 764, "3", 6)
    assert read(page.data()).text.split() == [
        "Le",
        "service",
        "dispose",
        "de",
        "40",
        "m2",
        "pour",
        "la",
        "famille",
        "3",
    ]


@pytest.mark.parametrize("tab", [0.0, 72.0])
def test_turns_of_a_transcript_saved_as_pdf(tab: float) -> None:
    page = Page()
    turns = [
        ("Enquêtrice :", "Comment se passe la nuit ?"),
        ("Mme A. :", TEXTS[0]),
        ("Enquêtrice :", "Et le matin ?"),
        ("Mme A. :", TEXTS[2]),
    ] * 3
    y = 800.0
    for label, said in turns:
        if tab:
            page.line(50, y, label)
            y, _ = page.wrapped(said, 50 + tab, y, 400)
        else:
            y, _ = page.wrapped(f"{label} {said}", 50, y, 470)
        if y < 100:
            page.next()
            y = 800.0
    document = find_turns(read(page.data()))
    assert [document.text[turn.start : turn.end] for turn in document.turns] == [said for _, said in turns]
    assert [turn.role for turn in document.turns] == [Role.INTERVIEWER, Role.RESPONDENT] * 6


# --- furniture


def test_titles_of_slides_are_no_running_heads() -> None:
    page = Page()
    for rank in range(4):
        page.line(60, 780, f"Axe {rank + 1}", 30, "Helvetica-Bold")
        page.wrapped(TEXTS[rank], 60, 700, 450, 16)
        page.line(60, 25, "Journée d’étude du réseau", 10)
        page.line(500, 25, str(rank + 1), 10)
        page.next()
    document = read(page.data())
    assert of_kind(document, BlockKind.TITLE) == ["Axe 1", "Axe 2", "Axe 3", "Axe 4"]
    assert [text for _, text in zones(document, ZoneKind.CHROME)] == [
        f"Journée d’étude du réseau {n}" for n in range(1, 5)
    ]


def test_heads_that_alternate_and_the_head_of_a_short_chapter() -> None:
    page = Page()
    heads = ["Le foyer", "Compter", "Le foyer", "Compter", "Le foyer", "Annexe", "Le foyer", "Compter"]
    for rank, head in enumerate(heads):
        page.line(60 if rank % 2 else 450, 810, head, 8)
        page.wrapped(" ".join(TEXTS[rank % 4 :] + TEXTS[: rank % 4]), 60, 760, 450)
        page.line(300, 30, str(rank + 11), 9)
        page.next()
    document = read(page.data())
    chrome = zones(document, ZoneKind.CHROME)
    assert [text for detail, text in chrome if detail == "titre courant"] == heads
    assert [text for detail, text in chrome if detail == "numéro de page"] == [str(n) for n in range(11, 19)]


def test_pages_that_are_copies_keep_their_text() -> None:
    page = Page()
    for _ in range(4):
        page.wrapped(TEXTS[0], 60, 780, 450)
        page.next()
    assert paragraphs(read(page.data())) == [TEXTS[0]] * 4


def test_first_lines_of_pages_are_no_heads_though_they_stand_at_one_height() -> None:
    page = Page()
    for rank in range(7):
        page.wrapped("Enquêtrice : Oui." if rank % 2 == 0 else "Enquêtrice : Et la nuit ?", 60, 780, 450)
        page.wrapped(f"Mme B. : Le {rank}e jour. {TEXTS[rank % 4]}", 60, 768, 450)
        page.next()
    document = read(page.data())
    assert not zones(document, ZoneKind.CHROME)


def test_a_head_set_right_above_the_text_is_known_by_coming_back() -> None:
    page = Page()
    for rank in range(4):
        page.line(60, 792, "Lettre du réseau, hiver")
        page.wrapped(" ".join(TEXTS[rank:] + TEXTS[:rank]), 60, 780, 450)
        page.next()
    assert zones(read(page.data()), ZoneKind.CHROME) == [("titre courant", "Lettre du réseau, hiver")] * 4


def test_turned_text_and_turned_pages() -> None:
    page = Page()
    for text in TEXTS[:3]:
        page.wrapped(text, 70, 700, 400)
        page.canvas.saveState()
        page.canvas.translate(200, 300)
        page.canvas.rotate(45)
        page.line(0, 0, "DOCUMENT DE TRAVAIL", 40)
        page.canvas.restoreState()
        page.next()
    page.canvas.setPageRotation(90)
    page.canvas.rotate(90)
    for rank, line in enumerate(("Le tableau des présences est", "tenu par la gardienne de nuit.")):
        page.line(100, -100 - 12 * rank, line)
    document = read(page.data())
    assert paragraphs(document)[:3] == list(TEXTS[:3])
    assert paragraphs(document)[3:] == ["Le tableau des présences est tenu par la gardienne de nuit."]
    assert len(zones(document, ZoneKind.CHROME)) == 3


# --- characters and hyphens


def test_hyphens_at_the_end_of_lines() -> None:
    seen = words_seen([["La coopération des familles compte ; le face-à-face aussi, et le contre-pied."]])
    cases = {
        ("une vraie coopé-", "ration entre nous"): "une vraie coopération entre nous",  # elsewhere in the document
        ("prendre le contre-", "pied de la règle"): "prendre le contre-pied de la règle",  # elsewhere, with its hyphen
        ("on parle peut-", "être trop"): "on parle peut-être trop",
        ("le secteur médico-", "social ici"): "le secteur médico-social ici",
        ("ces sous-", "effectifs chroniques"): "ces sous-effectifs chroniques",
        ("dit-", "elle alors"): "dit-elle alors",
        ("les éducateurs-", "trices du lieu"): "les éducateurs-trices du lieu",
        ("une inter-", "vention trop rapide"): "une intervention trop rapide",  # a piece of a word
        ("la socio-", "logie du travail"): "la sociologie du travail",
        ("un travail d’accompa\u00ad", "gnement long"): "un travail d’accompagnement long",  # soft hyphen
        ("la Seine-", "Saint-Denis paie"): "la Seine-Saint-Denis paie",
        ("le plan 2020-", "2024 prévoit"): "le plan 2020-2024 prévoit",
        ("on attend –", "rien ne vient"): "on attend – rien ne vient",
    }
    for lines, expected in cases.items():
        assert join_lines(lines, seen) == (expected, 0), lines


def test_a_hyphen_that_nobody_can_decide_stays_and_is_counted() -> None:
    assert join_lines(["un porte-", "clef rouge"], frozenset()) == ("un porte-clef rouge", 1)
    page = Page()
    page.line(70, 780, "On range les choses dans un vieux porte-")
    page.line(70, 768, "clef que le gardien a laissé en partant.")
    document = read(page.data())
    assert paragraphs(document) == ["On range les choses dans un vieux porte-clef que le gardien a laissé en partant."]
    assert any("traits d’union" in notice for notice in document.notices)


def test_ligatures_spaces_and_bullets_of_symbol_fonts() -> None:
    pdfmetrics.registerFont(TTFont("Vera", "Vera.ttf"))
    page = Page()
    page.line(70, 780, "La \ufb01n de l’af\ufb02ux \ufb01nit tard, dit l’équipe de nuit.", font="Vera")
    document = read(page.data())
    assert document.text == "La fin de l’afflux finit tard, dit l’équipe de nuit."
    assert [pdf_words._character(code) for code in (0xF0B7, 0xFB01, 0xFB03, 0x07, 0xE9)] == [
        "•",
        "fi",
        "ffi",
        "\ufffd",
        "é",
    ]


def test_metadata_is_never_read() -> None:
    page = Page()
    page.canvas.setAuthor("Quirinelle Zzcanari")
    page.canvas.setTitle("Zzcanari")
    page.wrapped(TEXTS[0], 70, 780, 400)
    document = read(page.data())
    assert "Zzcanari" not in repr(document)
    assert document.metadata == {}


# --- what is not read


def test_a_poster_of_eighteen_words_is_read() -> None:
    page = Page()
    said = [
        "Journée portes ouvertes",
        "samedi 12 octobre",
        "Venez rencontrer les équipes",
        "et les personnes accueillies",
        "Foyer des Tilleuls",
    ]
    for rank, (line, size) in enumerate(zip(said, (46, 30, 24, 24, 16), strict=True)):
        page.line(60, 760 - 70 * rank, line, size, "Helvetica-Bold")
    assert read(page.data()).text.split() == " ".join(said).split()


def scan(page: Page) -> None:
    pixels = ImageReader(io.BytesIO(b"P6 8 8 255 " + bytes(range(192))))
    page.canvas.drawImage(pixels, 0, 0, WIDTH, HEIGHT)


def test_scanned_files_are_named_as_such() -> None:
    page = Page()
    for rank in range(3):
        scan(page)
        page.line(500, 20, f"Page {rank + 1}", 8)  # stamped by the scanner
        page.next()
    refused = refusal(page.data())
    assert refused.reason == "no_text"
    assert "OCR" in refused.detail


def test_scanned_pages_among_others_are_counted() -> None:
    page = Page()
    for text in TEXTS[:2]:
        page.wrapped(text, 70, 780, 400)
        page.next()
        scan(page)
        page.next()
    document = read(page.data())
    assert paragraphs(document) == list(TEXTS[:2])
    assert any("non lues : 2 sur 4" in notice.replace("\u00a0", " ") for notice in document.notices)


def test_scans_with_recognised_text_are_read() -> None:
    page = Page()
    scan(page)
    page.canvas.beginText()
    page.wrapped(TEXTS[0], 70, 780, 400)
    assert paragraphs(read(page.data())) == [TEXTS[0]]


def test_passwords() -> None:
    for user, expected in (("", None), ("secret", "encrypted")):
        page = Page(encrypt=StandardEncryption(user, ownerPassword="patron", strength=128))
        page.wrapped(TEXTS[0], 70, 780, 400)
        data = page.data()
        if expected is None:
            assert paragraphs(read(data)) == [TEXTS[0]]
        else:
            assert refusal(data).reason == expected


def test_fonts_that_do_not_say_which_letters_they_draw() -> None:
    names = b" ".join(b"/g%d" % i for i in range(1, 27))
    glyphs = b" ".join(b"/g%d 6 0 R" % i for i in range(1, 27))
    font = (
        b"<</Type/Font/Subtype/Type3/FontBBox[0 0 1000 1000]/FontMatrix[.001 0 0 .001 0 0]/FirstChar 1/LastChar 26"
        b"/Widths["
        + b"600 " * 26
        + b"]/Encoding<</Type/Encoding/Differences[1 "
        + names
        + b"]>>/CharProcs<<"
        + glyphs
        + b">>/Resources<<>>>>"
    )
    shown = b"BT /A 12 Tf 50 700 Td <0102030405060708090a0b0c0d0e0f> Tj ET"
    refused = refusal(one_page(shown, font, (stream(b"600 0 0 0 500 700 d1 0 0 500 700 re f"),)))
    assert refused.reason == "no_text"
    assert "illisible" in refused.detail


# --- hostile files


def stream(content: bytes, dictionary: bytes = b"") -> bytes:
    return b"<<" + dictionary + b"/Length %d>>stream\n" % len(content) + content + b"\nendstream"


def assembled(objects: Sequence[bytes]) -> bytes:
    out, places = b"%PDF-1.5\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    head = b"xref\n0 %d\n0000000000 65535 f \n" % size
    return out + head + table + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (size, len(out))


HELVETICA = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"


def one_page(content: bytes, font: bytes = HELVETICA, more: Sequence[bytes] = (), dictionary: bytes = b"") -> bytes:
    page = (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 5 0 R"
        b"/Resources<</Font<</A 4 0 R>>/XObject<</F 6 0 R>>>>>>"
    )
    return assembled(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            page,
            font,
            stream(content, dictionary),
            *more,
        ]
    )


def forms(depth: int) -> bytes:
    """A form that calls another ten times, and so on: 10 to the power of `depth` shows of one word."""
    head = b"/Type/XObject/Subtype/Form/BBox[0 0 600 800]"
    more = [stream(b"/F Do " * 10, head + b"/Resources<</XObject<</F %d 0 R>>>>" % (7 + i)) for i in range(depth)]
    last = stream(b"BT /A 12 Tf 50 50 Td (mot) Tj ET", head + b"/Resources<</Font<</A 4 0 R>>>>")
    return one_page(b"/F Do", more=[*more, last])


def swollen() -> bytes:
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b"BT /A 9 Tf 5 5 Td (a) Tj ET " * 40_000) for _ in range(400)) + packer.flush()
    return one_page(packed, dictionary=b"/Filter/FlateDecode")


def many_pages(count: int) -> bytes:
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]>>"
    kids = b" ".join(b"%d 0 R" % (3 + rank) for rank in range(count))
    tree = b"<</Type/Pages/Kids[" + kids + b"]/Count %d>>" % count
    return assembled([b"<</Type/Catalog/Pages 2 0 R>>", tree, *[page] * count])


def crowded(characters: int) -> bytes:
    return one_page(b"BT /A 1 Tf 1 TL 5 795 Td " + b"(mot mot mot mot mot ) Tj T* " * (characters // 20) + b" ET")


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "ten thousand pages": (lambda: many_pages(10_000), "too_large"),
    "page with too many characters": (lambda: crowded(pdf_words.MAX_PAGE_CHARACTERS + 1000), "too_large"),
    "header alone": (lambda: b"%PDF-1.7\n", "corrupt"),
    "no table of objects": (lambda: one_page(b"")[:200], "corrupt"),
    "nested arrays": (lambda: assembled([b"[" * 50_000 + b"]" * 50_000]), "corrupt"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused(name: str) -> None:
    make, reason = HOSTILE[name]
    assert refusal(make()).reason == reason


@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded by the system on Linux only")
@pytest.mark.parametrize("make", [lambda: forms(8), swollen], ids=["forms that call forms", "stream that swells"])
def test_files_that_ask_for_too_much_are_stopped(make: Callable[[], bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    refused = refusal(make())
    assert refused.reason == "too_large"
    assert "arrêtée" in refused.detail


def test_a_broken_table_of_objects_is_mended() -> None:
    page = Page()
    page.wrapped(TEXTS[0], 70, 780, 400)
    assert paragraphs(read(page.data().replace(b"startxref\n", b"startxref\n9"))) == [TEXTS[0]]


def test_messages_never_quote_the_file() -> None:
    for data in (b"%PDF-1.7\nZZTOPSECRET", one_page(b"(ZZTOPSECRET) Tj")[:-300]):
        assert "ZZTOPSECRET" not in refusal(data).detail


# --- nothing is lost


WORDS = (
    "accueil",
    "écoute",
    "grille",
    "nuit",
    "parole",
    "foyer",
    "l’usager",
    "aujourd’hui",
    "25",
    "équipe",
    "oui",
    "siège",
)
SENTENCES = st.lists(st.sampled_from(WORDS), min_size=3, max_size=60).map(
    lambda words: " ".join(words).capitalize() + "."
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    pages=st.lists(st.tuples(st.integers(1, 3), st.lists(SENTENCES, min_size=1, max_size=9)), min_size=1, max_size=5)
)
def test_every_word_of_the_source_is_in_the_text_in_order(pages: list[tuple[int, list[str]]]) -> None:
    page = Page()
    for count, texts in pages:
        columns(page, texts, count, 790, 790 - 10.8 * 30, gutter=16)
        page.next()
    document = read(page.data())
    assert re.findall(r"\w+", document.text) == re.findall(r"\w+", " ".join(page.written))


def test_a_page_number_alone_on_a_single_page() -> None:
    page = Page()
    page.wrapped(TEXTS[0], 70, 780, 400)
    page.line(290, 30, "— 1 —")
    assert zones(read(page.data()), ZoneKind.CHROME) == [("numéro de page", "— 1 —")]


def test_blocks_do_not_hold_line_ends() -> None:
    page = Page()
    columns(page, TEXTS, 2, 780, 700)
    document = read(page.data())
    assert not any("\n" in document.text[block.start : block.end] for block in document.blocks)
    assert all(isinstance(block, Block) for block in document.blocks)
