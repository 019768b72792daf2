"""Press exports: one document per article, the header as metadata, nothing of the licensee, nothing lost unsaid."""

from pathlib import Path

import pytest
from accounting import assert_accounted
from hypothesis import given, settings
from hypothesis import strategies as st

from tensions_cli.corpus.formats.europresse import is_europresse, press_date, read_europresse
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.errors import UnreadableError
from tensions_cli.records import BlockKind, Document, Skipped, ZoneKind

LICENSEE = "Bibliothèque de Valcourt"
BODY = "<p>On coche des <mark>cases</mark> avant le petit déjeuner.</p><p>Puis on écoute, s’il reste du temps.</p>"
FILE = SourceFile(Path("presse.html"), "presse.html", "presse")


def newer(
    *,
    publication: str = '<span class="DocPublicationName">Le Courrier des quais, no. 4512</span>',
    header: str = "Société, mardi 14 mars 2006, p. 16",
    heading: str = '<p class="sm-margin-bottom">Au foyer des Tilleuls</p>',
    title: str = '<p class="titreArticleVisu">La tablette entre au foyer</p>',
    author: str = "<div>Jeanne Morvan</div>",
    body: str = BODY,
    number: str = "news·20060314·CQ·1",
    extra: str = "",
) -> str:
    return (
        f'<article><header><div>{publication}</div><div><span class="DocHeader">{header}</span></div>'
        f'<div class="titreArticle">{heading}{title}</div>{author}</header>'
        f'<section><div class="DocText"><div class="docOcurrContainer">{body}</div></div></section>{extra}'
        f"<footer><p>© 2006 Le Courrier des quais. Tous droits réservés.</p><p>Numéro de document : {number}</p>"
        f"<p>Ce certificat est émis à <b>{LICENSEE}</b> à des fins de visualisation personnelle et temporaire.</p>"
        f"<p>{LICENSEE}</p></footer></article>"
    )


def older(
    *,
    author: str = "Paul Lestrade<br>",
    number: str = "news·20121004·VDN·77",
    body: str = "L’équipe de nuit a demandé un cahier.<p></p><b>Elle a reçu un logiciel.</b><p></p>",
) -> str:
    return (
        '<table><tr><td><table id="tbHeaderImages"><tr><td><img src="logo.gif"><br></td></tr></table>'
        '<span class="DocPublicationName">La Voix du nord-est</span><br><span class="DocHeader">Région, </span>'
        '<span class="DocHeader">jeudi </span><span class="DocHeader">4 octobre 2012</span>'
        '<span class="DocHeader">, p. 03</span><br><br>'
        f'<span class="TitreArticleVisu">Le cahier <span style="color:red">de nuit</span></span><br><br>{author}<p></p>'
        f"{body}<b><i>© 2012 La Voix du nord-est. Tous droits réservés.</i></b><p></p>"
        f"Numéro de document : {number}<br><br>"
        f"<table><tr><td>{number}</td></tr><tr><td>Ce certificat est émis à <b>{LICENSEE}</b> à des fins de "
        "visualisation personnelle et temporaire.</td></tr><tr><td>Date d'émission : <b>2012-10-05</b></td></tr>"
        "</table></td></tr></table>"
    )


def page(*articles: str, charset: str = "utf-8", before: str = "", after: str = "") -> str:
    head = f'<html><head><meta charset="{charset}"><title>Export</title></head>'
    return f"{head}<body>{before}{''.join(articles)}{after}</body></html>"


def read(text: str | bytes) -> list[Document | Skipped]:
    data = text if isinstance(text, bytes) else text.encode("utf-8")
    assert is_europresse(data)
    return list(read_europresse(data, FILE))


def documents(text: str | bytes) -> list[Document]:
    return [result for result in read(text) if isinstance(result, Document)]


def shown(document: Document) -> list[str]:
    return [document.text[block.start : block.end] for block in document.blocks]


def zoned(document: Document, kind: ZoneKind) -> str:
    return "\n".join(document.text[zone.start : zone.end] for zone in document.zones if zone.kind is kind)


def test_the_newer_layout() -> None:
    one, _ = documents(page(newer(), newer(number="news·20060315·CQ·2")))
    assert one.id == "presse#1"
    assert one.format == "europresse"
    assert dict(one.metadata) == {
        "source": "Le Courrier des quais",
        "issue": "4512",
        "date": "2006-03-14",
        "year": "2006",
        "section": "Société",
        "page": "16",
        "title": "La tablette entre au foyer",
        "author": "Jeanne Morvan",
        "number": "news·20060314·CQ·1",
    }
    assert shown(one) == [
        "Au foyer des Tilleuls",
        "La tablette entre au foyer",
        "On coche des cases avant le petit déjeuner.",
        "Puis on écoute, s’il reste du temps.",
    ]
    assert [block.kind for block in one.blocks] == [BlockKind.TITLE] * 2 + [BlockKind.PARAGRAPH] * 2
    assert "Jeanne Morvan" in zoned(one, ZoneKind.METADATA)
    assert "Tous droits réservés" in zoned(one, ZoneKind.CHROME)
    assert_accounted(one)


def test_the_example_of_the_reference() -> None:
    text = (
        '<article><header><div><span class="DocPublicationName">Journal</span></div>\n'
        '<div><span class="DocHeader">Société, mardi 14 mars 2006, p. 16</span></div>\n'
        '<div class="titreArticle"><p class="titreArticleVisu">Titre</p></div><div>Auteur</div></header>\n'
        '<section><div class="DocText"><div class="docOcurrContainer"><p>On coche des <mark>cases</mark>.</p>'
        "</div></div></section>\n<footer><p>Numéro de document : news·20060314·XX·1</p></footer></article>"
    )
    (document,) = documents(text)
    assert document.id == "presse"
    assert shown(document) == ["Titre", "On coche des cases."]
    assert document.metadata["author"] == "Auteur"
    assert document.metadata["number"] == "news·20060314·XX·1"


def test_the_older_layout() -> None:
    first, second = documents(page(older(), older(author="", number="news·20121005·VDN·78")))
    assert dict(first.metadata) == {
        "source": "La Voix du nord-est",
        "date": "2012-10-04",
        "year": "2012",
        "section": "Région",
        "page": "03",
        "title": "Le cahier de nuit",
        "author": "Paul Lestrade",
        "number": "news·20121004·VDN·77",
    }
    assert shown(first) == [
        "Le cahier de nuit",
        "L’équipe de nuit a demandé un cahier.",
        "Elle a reçu un logiciel.",
    ]
    assert [block.emphasis for block in first.blocks] == [False, False, True]
    assert "author" not in second.metadata
    assert shown(second)[1] == "L’équipe de nuit a demandé un cahier."
    for document in (first, second):
        assert_accounted(document)


def test_both_layouts_in_one_file() -> None:
    assert [d.metadata["source"] for d in documents(page(older(), newer()))] == [
        "La Voix du nord-est",
        "Le Courrier des quais",
    ]


@pytest.mark.parametrize("article", [newer(), older()])
def test_the_licensee_is_nowhere_and_counted(article: str) -> None:
    (document,) = documents(page(article, before=f"<p>{LICENSEE}</p>", after=f"<div>Imprimé pour {LICENSEE}</div>"))
    everything = [document.text, *document.notices, *document.metadata.values(), *(z.detail for z in document.zones)]
    assert not any("Valcourt" in part for part in everything)
    assert any("certificat" in notice for notice in document.notices)


def test_a_certificate_cut_into_cells_or_set_in_the_text_does_not_name_the_licensee() -> None:
    cells = f'<div id="PubliC_bloc"><span>Ce certificat est émis à</span><div>{LICENSEE}</div></div>'
    line = f"<p>Ce certificat est émis à {LICENSEE} à des fins de consultation.</p>"
    (document,) = documents(page(newer(extra=cells, body=f"<p>On coche.</p>{line}<p>On écoute.</p>")))
    assert "Valcourt" not in document.text
    assert shown(document)[-2:] == ["On coche.", "On écoute."]


def test_an_article_may_speak_of_certificates() -> None:
    body = "<p>Un certificat est délivré à chaque aide à domicile après deux jours de formation.</p>"
    (document,) = documents(page(newer(body=body)))
    assert shown(document)[-1].startswith("Un certificat est délivré")


def test_the_same_document_number_twice_is_a_twin() -> None:
    results = read(page(newer(), newer(), newer(body="<p>Une version plus longue du texte.</p>")))
    assert [type(result) for result in results] == [Document, Skipped, Skipped]
    same, other = results[1:]
    assert (same.reason, same.failed) == ("twin", False)
    assert "article 2" in same.detail
    assert "identique" in same.detail
    assert "différent" in other.detail


def test_articles_not_understood_are_counted_and_said() -> None:
    unknown = "<article><div class='nouveau'>Un texte que rien n’annonce.</div></article>"
    empty = newer(body="", number="news·20060316·CQ·3")
    results = read(page(newer(), unknown, empty))
    assert isinstance(results[0], Document)
    (lost,) = results[1:]
    assert (lost.reason, lost.failed) == ("format", True)
    assert "2 (rang 2, 3)" in lost.detail
    assert "annonce" not in lost.detail


def test_an_export_without_one_known_article_is_refused() -> None:
    with pytest.raises(UnreadableError) as refused:
        read(page('<div class="DocText"></div><span class="DocHeader"></span>'))
    assert refused.value.reason == "format"


@pytest.mark.parametrize(
    "body",
    [
        "<div><p>On coche.</p><p>On écoute.</p>",  # one never closed
        "<p>On coche.</p></div></div><p>On écoute.</p>",  # one closed too often
        "<p>On coche.<p>On écoute.</div>",
    ],
)
def test_unbalanced_elements_stay_in_their_article(body: str) -> None:
    following = newer(body="<p>Autre jour.</p>", number="news·20060315·CQ·2")
    one, other = documents(page(newer(body=body), following))
    assert shown(one)[2:] == ["On coche.", "On écoute."]
    assert shown(other)[2:] == ["Autre jour."]
    assert other.metadata["number"] == "news·20060315·CQ·2"


def test_a_hundred_articles_left_open_are_not_a_page_too_deep() -> None:
    articles = [newer(body=f"{'<div>' * 30}<p>Jour {i}.</p>", number=f"news·20060314·CQ·{i}") for i in range(100)]
    assert len(documents(page(*articles))) == 100


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (page(newer(), charset="ISO-8859-1").encode("utf-8"), "utf-8"),
        (page(newer(), charset="ISO-8859-1").encode("cp1252"), "cp1252"),
        (page(newer(), charset="utf-8").encode("cp1252"), "cp1252"),
        (b"\xef\xbb\xbf" + page(newer()).encode("utf-8"), "utf-8-sig"),
        (b"\xff\xfe" + page(newer()).encode("utf-16-le"), "utf-16-le"),
    ],
)
def test_a_false_charset_changes_nothing(data: bytes, encoding: str) -> None:
    (document,) = documents(data)
    assert document.encoding == encoding
    assert shown(document)[2:] == [
        "On coche des cases avant le petit déjeuner.",
        "Puis on écoute, s’il reste du temps.",
    ]
    assert document.metadata["number"] == "news·20060314·CQ·1"


def test_notes_beside_the_article_are_a_zone() -> None:
    (document,) = documents(page(newer(extra="<aside><p>Note(s) : le prénom a été changé.</p></aside>")))
    assert zoned(document, ZoneKind.NOTE) == "Note(s) : le prénom a été changé."
    assert "prénom" not in " ".join(shown(document))
    assert_accounted(document)


def test_a_long_line_under_the_title_is_text_not_an_author() -> None:
    lead = (
        "<div>Depuis l’automne, le foyer des Tilleuls saisit chaque geste sur une tablette, et le soir on relit.</div>"
    )
    (document,) = documents(page(newer(author=lead)))
    assert "author" not in document.metadata
    assert shown(document)[2].startswith("Depuis l’automne")


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("Communication, mardi 14 mars 2006, p. 16", "2006-03-14"),
        ("Politique, jeudi 1er août 2013", "2013-08-01"),
        ("DIMANCHE 5 FÉVRIER 2012", "2012-02-05"),
        ("lundi 3 déc. 2001", "2001-12-03"),
        ("2019-07-02 08:30:00 UTC", "2019-07-02"),
        ("02/07/2019, p. 4", "2019-07-02"),
        ("Grand angle, mai 2020", "2020-05"),
        ("News, Tuesday, March 14, 2006", "2006-03-14"),
        ("Section, 31 février 2006", None),
        ("Le mai 68 des foyers", None),
        ("", None),
    ],
)
def test_french_dates_without_locale(text: str, date: str | None) -> None:
    assert press_date(text) == date


def test_without_a_date_in_the_header_the_number_tells_the_day_and_a_notice_says_so() -> None:
    (document,) = documents(page(newer(header="Société")))
    assert document.metadata["date"] == "2006-03-14"
    assert document.metadata["section"] == "Société"
    assert any("sans date" in notice for notice in document.notices)


@pytest.mark.parametrize(
    "text",
    ["<html><p>Un article.</p></html>", "<pre>class=&quot;DocPublicationName&quot; DocHeader DocText</pre>", ""],
)
def test_other_pages_are_no_press_export(text: str) -> None:
    assert not is_europresse(text.encode())


WORDS = st.text(st.sampled_from("abcéè ’.!©·<>&-1"), min_size=1, max_size=30)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(WORDS, st.sampled_from(["", "<div>", "</div>", "<aside>", "<br>", "<li>", "</article>"])), max_size=8
    )
)
def test_whatever_an_article_holds_its_characters_are_accounted_for(parts: list[tuple[str, str]]) -> None:
    body = "".join(f"<p>{text.replace('&', '&amp;').replace('<', '&lt;')}</p>{tag}" for text, tag in parts)
    for result in read_europresse(page(newer(body=f"<p>Le début.</p>{body}"), older()).encode(), FILE):
        if isinstance(result, Document):
            assert_accounted(result)
            assert "Valcourt" not in result.text
