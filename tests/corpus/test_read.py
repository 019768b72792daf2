"""From files to documents, format by format: what is text, what is a zone, what is refused."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import docx
import pytest
from docx.oxml import parse_xml
from hypothesis import given
from hypothesis import strategies as st

from tensions_cli.corpus.formats.plain import read_plain
from tensions_cli.corpus.read import ReadOptions, read
from tensions_cli.corpus.sources import Found, SourceFile, find_files
from tensions_cli.records import BlockKind, Document, Skipped, ZoneKind

BOM = b"\xef\xbb\xbf"
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


@pytest.fixture
def folder(tmp_path):
    """Write files and read them all: `folder({name: content})` gives the results in order."""

    def run(files: dict[str, str | bytes], **options) -> list[Document | Skipped]:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return list(read(find_files([str(tmp_path)]), ReadOptions(**options)))

    return run


@pytest.fixture
def one(folder):
    """Read one file that gives one result."""

    def run(name: str, content: str | bytes, **options) -> Document | Skipped:
        (result,) = folder({name: content}, **options)
        return result

    return run


def shown(document: Document) -> list[str]:
    """The text of the blocks."""
    return [document.text[block.start : block.end] for block in document.blocks]


def kinds(document: Document) -> list[BlockKind]:
    return [block.kind for block in document.blocks]


def zoned(document: Document, kind: ZoneKind) -> list[str]:
    return [document.text[zone.start : zone.end] for zone in document.zones if zone.kind is kind]


def check_invariants(document: Document) -> None:
    """Blocks and zones: in order, apart, inside the text, on visible characters, covering all of them."""
    text = document.text
    spans = sorted((part.start, part.end) for part in (*document.blocks, *document.zones))
    assert [block.start for block in document.blocks] == sorted(block.start for block in document.blocks)
    assert [zone.start for zone in document.zones] == sorted(zone.start for zone in document.zones)
    at = 0
    for start, end in spans:
        assert at <= start < end <= len(text)
        assert not text[at:start].strip()
        assert text[start:end] == text[start:end].strip()
        at = end
    assert not text[at:].strip()


# Plain text


def test_lines_are_blocks_and_the_text_is_untouched(one):
    text = "  Un titre\n\nE : Ça se passe\u00a0comment ?\nA : On coche des cases.\n\n\n\tFin.  \n"
    document = one("a.txt", text)
    assert document.text == text
    assert shown(document) == ["Un titre", "E : Ça se passe\u00a0comment ?", "A : On coche des cases.", "Fin."]
    assert (document.format, document.encoding, document.source, document.id) == ("txt", "utf-8", "a.txt", "a")
    check_invariants(document)


def test_only_line_feeds_cut_lines(one):
    document = one("a.txt", "Un\u2028deux\u0085trois\x0cquatre\x1ccinq.\nSix.")
    assert shown(document) == ["Un\u2028deux\u0085trois\x0cquatre\x1ccinq.", "Six."]


@pytest.mark.parametrize("end", ["\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", BOM])
@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html", "a.csv", "a.jsonl", "a.vtt", "a.srt", "b.txt"])
def test_line_ends_and_bom_change_nothing(folder, name, end, mark):
    content = {
        "a.txt": "Un foyer.\n\nOn coche\ndes cases.\n",
        "a.md": "---\ntitle: Note\n---\n# Un foyer\n\nOn coche\ndes cases.\n",
        "a.html": "<html><body><p>Un foyer.</p>\n<pre>On coche\ndes cases.</pre></body></html>\n",
        "a.csv": 'id;texte\n1;"On coche\ndes cases."\n',
        "a.jsonl": '{"id": "1", "texte": "On coche."}\n{"id": "2", "texte": "Des cases."}\n',
        "a.vtt": "WEBVTT\n\n00:01.000 --> 00:02.000\nOn coche\n",
        "a.srt": "1\n00:00:01,000 --> 00:00:02,000\nOn coche\n",
        "b.txt": "**** *lieu_foyer\nOn coche.\n",
    }[name]

    def essence(results):
        return [(d.id, d.text, d.blocks, d.zones, dict(d.metadata)) for d in results]

    plain = essence(folder({name: content}))
    assert plain
    assert all(text for _, text, *_ in plain)
    assert essence(folder({name: mark + content.replace("\n", end).encode()})) == plain


def test_hard_wrapped_lines_make_one_block(one):
    wrapped = (
        "Depuis l'ouverture du foyer, les éducatrices tiennent un cahier où chacune\n"
        "note ce qui l'a surprise dans la journée. Personne ne le lit à voix haute.\n"
        "Le vendredi, pourtant, tout le monde sait ce qui s'y trouve et la réunion\n"
        "commence autrement.\n"
    )
    document = one("a.txt", f"Le cahier\n\n{wrapped}\nPuis la semaine reprend.")
    assert shown(document) == ["Le cahier", wrapped.strip(), "Puis la semaine reprend."]


@pytest.mark.parametrize(
    "text",
    [
        # Turns, one per line.
        "E : Vous êtes arrivée quand dans cette équipe de prévention ?\nA : En 2009, au moment de la fusion.",
        # A list of titles of much the same length, without full stops.
        "Les équipes mobiles face au logement d'abord\nLes équipes mobiles face au suivi social\nLes familles",
        # Paragraphs on one line each.
        "Le service a fermé au printemps. " * 8 + "\n" + "Il a rouvert ailleurs. " * 9,
        # A menu.
        "Accueil\nNos métiers\nEspace presse\nContact",
    ],
)
def test_other_lines_stay_apart(one, text):
    assert shown(one("a.txt", text)) == [line.strip() for line in text.split("\n")]


def test_a_label_opens_a_block_inside_wrapped_speech(one):
    text = (
        "Enquêtrice : est-ce que vous pourriez me raconter comment se déroule une\n"
        "journée ordinaire dans le service, du matin jusqu'au soir, sans rien en\n"
        "arranger ni rien en taire, comme si vous la racontiez à une collègue ?\n"
        "Odile : alors le matin je passe d'abord voir ceux qui n'ont pas dormi et\n"
        "puis après seulement j'ouvre l'ordinateur."
    )
    assert [block.split(" :")[0] for block in shown(one("a.txt", text))] == ["Enquêtrice", "Odile"]


def test_one_line_that_stops_short_does_not_make_a_run_wrapped(one):
    ends = ["puis on attend le", "puis on note tout.", "puis on se repose.", "puis on parle bas.", "puis on repart."]
    starts = ["On lit", "bus et", "Ensuite", "Alors", "Enfin"]
    lines = [f"{start} {'x' * (58 - len(start) - len(end))} {end}" for start, end in zip(starts, ends, strict=True)]
    assert {len(line) for line in lines} == {60}  # all full; one of four breaks falls in mid-sentence
    assert shown(one("a.txt", "\n".join(lines))) == ["\n".join(lines[:2]), *lines[2:]]


def test_lines_of_a_leaflet_cut_by_sense_make_a_paragraph(one):
    # Three breaks of five fall in mid-sentence: one paragraph, although no line is full.
    letter = (
        "Nous sommes douze,\njour et nuit.\nOn nous demande de raccrocher\nau bout de quatre minutes.\nNon,\nmerci."
    )
    assert shown(one("a.txt", f"Lettre ouverte\n\n{letter}\n\nLe bureau")) == ["Lettre ouverte", letter, "Le bureau"]


def test_list_items_keep_their_marker(one):
    text = "Il faut :\n• écouter\n- revenir\n– attendre\n1. noter\n2) relire\na) taire\n* dire\nVoilà."
    document = one("a.txt", text)
    assert shown(document) == text.split("\n")
    assert kinds(document) == [BlockKind.PARAGRAPH, *[BlockKind.ITEM] * 7, BlockKind.PARAGRAPH]


def test_front_matter_is_metadata_and_a_zone(one):
    text = "---\nauteur: Anne\ncode: 007\nvide:\nfini: non\nmots: [lien, temps]\ndate: 2024-03-12\n---\nOn coche.\n"
    document = one("a.txt", text)
    assert document.text == text
    assert shown(document) == ["On coche."]
    assert document.metadata == {
        "auteur": "Anne",
        "code": "007",
        "fini": "non",
        "mots": "lien|temps",
        "date": "2024-03-12",
    }
    assert zoned(document, ZoneKind.METADATA) == [text[: text.rindex("---") + 3]]
    check_invariants(document)


def test_rules_of_dashes_are_no_front_matter(one):
    document = one("a.txt", "---\nOn coche des cases.\n---\nPuis rien.")
    assert "On coche des cases." in shown(document)
    assert document.metadata == {}


def test_broken_yaml_is_read_as_text_with_a_notice(one):
    document = one("a.txt", '---\ntitre: "ouvert\n---\nOn coche.')
    assert 'titre: "ouvert' in shown(document)
    assert any("YAML" in notice for notice in document.notices)


def test_yaml_aliases_do_not_swell(one):
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}, *{a}, *{a}, *{a}, *{a}, *{a}, *{a}]\n"
        for a, b in zip("abcdefghijk", "bcdefghijkl", strict=True)
    )
    document = one("a.txt", f"---\n{bomb}---\nOn coche.")
    assert shown(document) == ["On coche."]
    assert sum(map(len, document.metadata.values())) < 100


@pytest.mark.parametrize("content", [b"", b"\n", b" \r\n\t", BOM, "\u00a0\u2003\n".encode()])
def test_files_without_a_visible_character_are_empty(one, content):
    result = one("a.txt", content)
    assert isinstance(result, Skipped)
    assert (result.reason, result.failed) == ("empty", True)


def test_a_page_saved_as_txt_is_prose_with_a_notice(one):
    document = one("a.txt", "<html><body>On coche.</body></html>")
    assert document.format == "txt"
    assert document.notices


def test_json_and_lexico_saved_as_txt_are_told(folder):
    results = folder({"a.txt": '{"texte": "On coche."}', "b.txt": "<annee=02>\nOn coche.", "c.txt": "[Anne] Oui."})
    assert [bool(document.notices) for document in results] == [True, True, False]


# IRaMuTeQ


def test_one_star_line_describes_the_document(one):
    document = one("a.txt", "**** *lieu_IME *annee_2024 *note_a_b\n-*accueil\nOn coche.\n-*départ\nElle part.\n")
    assert document.id == "a"
    assert document.format == "iramuteq"
    assert document.metadata == {"lieu": "IME", "annee": "2024", "note": "a_b"}
    assert shown(document) == ["On coche.", "Elle part."]
    assert zoned(document, ZoneKind.METADATA) == ["**** *lieu_IME *annee_2024 *note_a_b", "-*accueil", "-*départ"]
    check_invariants(document)


def test_each_star_line_is_a_document_and_nothing_is_lost(folder):
    text = "Présentation.\n**** *lieu_IME\nOn coche.\n\n**** *lieu_CHRS\n\n**** *lieu_CHU\nElle part.\n"
    before, first, empty, last = folder({"a.txt": BOM + text.encode()})
    assert [before.id, first.id, last.id] == ["a#0", "a#1", "a#3"]
    assert (empty.reason, "ligne 5" in empty.detail) == ("empty", True)
    assert shown(before) == ["Présentation."]
    assert shown(last) == ["Elle part."]
    assert last.metadata == {"lieu": "CHU"}
    assert any("précède" in notice for notice in before.notices)
    for document in (before, first, last):
        check_invariants(document)


def test_defects_of_star_lines_are_named_with_their_line(folder):
    text = (
        "**** *type_article scientifique *date_\nUn.\n"
        "**** *lieu_IME *lieu_CHRS\nDeux.\n"
        " **** *lieu_IME\nTrois.\n"
        "**** *lieu_IME\nQuatre.\n"
    )
    results = folder({"a.txt": text})
    assert [dict(document.metadata) for document in results] == [
        {"type": "article scientifique"},
        {"lieu": "IME"},
        {"lieu": "IME"},
        {"lieu": "IME"},
    ]
    (notice,) = results[0].notices
    assert "ligne 1" in notice
    assert "ligne 3" in notice
    assert "ligne 5" in notice
    assert "ligne 7" not in notice


@pytest.mark.parametrize("text", ["Un.\n****\nDeux.", "*****************\nUn.\n*****************", "* Un\n* Deux"])
def test_ornaments_are_no_star_lines(one, text):
    assert one("a.txt", text).format == "txt"


# Markdown


def test_the_markdown_of_the_reference(one):
    document = one(
        "note.md",
        "---\ntitle: Note de service\ndate: 2024-03-12\n---\n# Réunion\n\n"
        "On coche des **cases**&nbsp;; voir [la note](https://example.org/n.pdf).\n",
    )
    assert document.text == "Réunion\nOn coche des cases\u00a0; voir la note."
    assert document.metadata == {"title": "Note de service", "date": "2024-03-12"}
    assert kinds(document) == [BlockKind.TITLE, BlockKind.PARAGRAPH]


def test_markdown_parts(one):
    document = one(
        "a.md",
        "Un *titre*\n===\n\n**Tout en gras ?**\n\n*De* l'italique.\n\n- un\n- deux\n\n> Cité\n> deux fois\n\n"
        "```\nx = 1\n```\n\n![plan](plan.png)\n\n[n]: https://example.org\n\n"
        "| Qui | Quoi |\n|---|---|\n| Anne | Oui |\n\n"
        "    Un alinéa en retrait.\n\n<p align=center>Le <b>lieu</b></p>\n\n1975. La loi change tout.\n\n"
        "Dit <inaudible> puis<br>rien.\n",
    )
    assert list(zip(shown(document), kinds(document), strict=True)) == [
        ("Un titre", BlockKind.TITLE),
        ("Tout en gras ?", BlockKind.PARAGRAPH),
        ("De l'italique.", BlockKind.PARAGRAPH),
        ("un", BlockKind.ITEM),
        ("deux", BlockKind.ITEM),
        ("Cité\ndeux fois", BlockKind.PARAGRAPH),
        ("Qui", BlockKind.CELL),
        ("Quoi", BlockKind.CELL),
        ("Anne", BlockKind.CELL),
        ("Oui", BlockKind.CELL),
        ("Un alinéa en retrait.", BlockKind.PARAGRAPH),
        ("Le lieu", BlockKind.PARAGRAPH),
        ("1975. La loi change tout.", BlockKind.ITEM),
        ("Dit <inaudible> puis\nrien.", BlockKind.PARAGRAPH),
    ]
    assert [block.emphasis for block in document.blocks][1:3] == [True, False]
    assert any("code" in notice for notice in document.notices)
    assert any("images" in notice for notice in document.notices)
    check_invariants(document)


def test_labels_in_bold_stay_in_the_text(one):
    document = one("a.md", "**Enquêtrice :** Bonjour\n**Odile :** Bonjour.\n\n **SPEAKER_00**: Oui.\n")
    assert document.text == "Enquêtrice : Bonjour\nOdile : Bonjour.\nSPEAKER_00: Oui."
    assert not any(block.emphasis for block in document.blocks)


def test_markdown_with_front_matter_only_is_without_text(one):
    assert one("a.md", "---\ntitle: Note\n---\n").reason == "empty"


# HTML

PAGE = """<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8"><title>Au foyer | Le Relais</title>
<meta name="author" content="La rédaction"><meta property="article:published_time" content="2024-03-12">
<style>p {color: red}</style></head><body>
<header><a href="/">Le Relais</a>
<nav><ul><li><a href="a">Accueil</a></li><li><a href="b">Emploi</a></li></ul></nav></header>
<div class="cookies">Nous utilisons des cookies pour mesurer l’audience de ce site.<button>Accepter</button></div>
<main><article><header><h1>Au foyer, la tablette</h1></header>
<p>Depuis l’automne, les équipes du foyer saisissent chaque geste sur une tablette. Elles y perdent du temps.</p>
<h2>Saisir avant de parler</h2>
<p>Le matin, Odile commence par l’écran. «&#160;On coche la toilette, on coche le repas&#160;», dit-elle
en repliant.</p>
<ul><li>douze gestes à valider par résident ;</li><li>un bilan chaque vendredi.</li></ul>
<div><h3>À lire aussi</h3><ul><li><a href="x">Les départements resserrent leurs budgets</a></li></ul></div>
<h2>Ce que garde la mémoire</h2>
<p>Pourtant, la nuit, la tablette rassure. La veilleuse y retrouve ce que l’équipe du soir n’a pas pu lui dire.</p>
<p>Personne ne veut revenir au cahier.<br/>Chacun voudrait choisir ce qu’il écrit.</p>
</article></main>
<aside><h3>Les plus lus</h3><ol><li><a href="y">Grille des salaires</a></li></ol></aside>
<form><label>Recevez notre lettre</label><input type="email"></form>
<footer>Mentions légales</footer><script>var a = "On coche";</script></body></html>"""


def test_a_page_is_its_article_and_the_rest_is_chrome(one):
    document = one("page.html", PAGE)
    assert list(zip(shown(document), kinds(document), strict=True)) == [
        ("Au foyer, la tablette", BlockKind.TITLE),
        (
            "Depuis l’automne, les équipes du foyer saisissent chaque geste sur une tablette. "
            "Elles y perdent du temps.",
            BlockKind.PARAGRAPH,
        ),
        ("Saisir avant de parler", BlockKind.TITLE),
        (
            "Le matin, Odile commence par l’écran. «\u00a0On coche la toilette, on coche le repas\u00a0», "
            "dit-elle en repliant.",
            BlockKind.PARAGRAPH,
        ),
        ("douze gestes à valider par résident ;", BlockKind.ITEM),
        ("un bilan chaque vendredi.", BlockKind.ITEM),
        ("Ce que garde la mémoire", BlockKind.TITLE),
        (
            "Pourtant, la nuit, la tablette rassure. "
            "La veilleuse y retrouve ce que l’équipe du soir n’a pas pu lui dire.",
            BlockKind.PARAGRAPH,
        ),
        ("Personne ne veut revenir au cahier.", BlockKind.PARAGRAPH),
        ("Chacun voudrait choisir ce qu’il écrit.", BlockKind.PARAGRAPH),
    ]
    chrome = "\n".join(zoned(document, ZoneKind.CHROME))
    for menu in ("Accueil", "Nous utilisons des cookies", "À lire aussi", "resserrent", "Les plus lus", "Mentions"):
        assert menu in chrome
    assert "var a" not in document.text
    assert "color" not in document.text
    assert document.metadata == {"title": "Au foyer | Le Relais", "author": "La rédaction", "date": "2024-03-12"}
    check_invariants(document)


def test_the_page_of_the_reference(one):
    document = one(
        "a.html",
        '<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8"><title>Note</title>'
        "<style>p{color:red}</style></head>\n<body><nav>Accueil | Contact</nav><p>Une équipe.</p>"
        "<p>Deux cas&#160;:<br>un, deux.</p><script>var x=1;</script></body></html>",
    )
    assert shown(document) == ["Une équipe.", "Deux cas\u00a0:", "un, deux."]
    assert zoned(document, ZoneKind.CHROME) == ["Accueil | Contact"]
    assert document.text == "Accueil | Contact\nUne équipe.\nDeux cas\u00a0:\nun, deux."


def test_blocks_and_breaks_never_glue(one):
    document = one("a.html", "<p>un.</p><p>deux.<br/>trois.</p><div>quatre<div>cinq</div>six</div><b>se</b>pt")
    assert shown(document) == ["un.", "deux.", "trois.", "quatre", "cinq", "six", "sept"]


def test_menus_that_outweigh_the_text_are_set_aside(one):
    menu = "".join(f"<li><a href='/{i}'>Rubrique numéro {i} du portail</a></li>" for i in range(100))
    speech = "On ne coche plus rien depuis que l’équipe a décidé de tenir son propre cahier de bord. "
    document = one("a.html", f"<body><div><ul>{menu}</ul></div><div><p>{speech * 2}</p><p>{speech}</p></div></body>")
    assert shown(document) == [(speech * 2).strip(), speech.strip()]
    assert "Rubrique numéro 99" in zoned(document, ZoneKind.CHROME)[0]


def test_an_interview_page_loses_no_turn_to_the_extraction(one):
    turns = "".join(
        f"<p><b>Enquêtrice :</b> Et la semaine {i}, comment ?</p><p><b>Odile :</b> Oui.</p>" for i in range(6)
    )
    document = one("a.html", f"<body><nav>Accueil</nav><div>{turns}</div><footer>Contact</footer></body>")
    assert len(shown(document)) == 12
    assert shown(document)[1] == "Odile : Oui."
    assert zoned(document, ZoneKind.CHROME) == ["Accueil", "Contact"]


@pytest.fixture
def extractor(monkeypatch):
    """Put words in the mouth of the extraction, whose choices change from version to version."""

    def says(*paragraphs: str) -> None:
        monkeypatch.setattr("tensions_cli.corpus.formats.html._extracted", lambda _: "\n".join(paragraphs))

    return says


FIRST = "Au printemps, l’équipe a cessé de remplir les grilles que le siège lui envoyait."
SECOND = "Personne n’a rien dit pendant trois semaines, puis une lettre est arrivée au foyer."
THIRD = "La réponse a été écrite à plusieurs mains, un soir, après le départ des familles."


def test_an_interview_is_never_cut_by_the_extraction(one, extractor):
    extractor(FIRST, SECOND)
    turns = "".join(f"<p>Anne : oui, {i}.</p><p>Odile : non, {i}.</p>" for i in range(4))
    assert len(one("a.html", f"<p>{FIRST}</p><p>{SECOND}</p>{turns}").blocks) == 10


@pytest.mark.parametrize(
    "said",
    [
        [FIRST, SECOND, THIRD],
        [f"{FIRST} {SECOND} {THIRD}"],
        [FIRST[:40], FIRST[40:], SECOND, THIRD],
        [f"- {FIRST.upper()}", f"| {SECOND} |", THIRD.replace("’", "'")],
    ],
)
def test_merged_split_and_trimmed_paragraphs_are_found_again(one, extractor, said):
    extractor(*said)
    page = f"<p>Partager</p><p>{FIRST}</p><p>Partager</p><p>{SECOND}</p><p>{THIRD}</p><p>Partager</p>"
    document = one("a.html", page)
    assert shown(document) == [FIRST, SECOND, THIRD]
    assert zoned(document, ZoneKind.CHROME) == ["Partager"] * 3


def test_a_paragraph_is_found_again_without_its_note_call(one, extractor):
    extractor(FIRST, f"{SECOND} {THIRD}")
    document = one("a.html", f"<p>{FIRST}</p><p>{SECOND}<sup>[12]</sup> {THIRD}</p><p>{SECOND} Autrement.</p>")
    assert shown(document) == [FIRST, f"{SECOND}[12] {THIRD}"]


def test_a_short_line_is_kept_where_the_extraction_has_it(one, extractor):
    extractor("Une lettre", FIRST, "Rien.", SECOND)
    menu = "<nav><a href='x'>Rien.</a></nav>"
    page = (
        f"<p>Une lettre</p><p>Rien.</p><h1>Une lettre</h1><p>{FIRST}</p>{menu}<p>Rien.</p><p>{SECOND}</p><p>Rien.</p>"
    )
    document = one("a.html", page)
    assert shown(document) == ["Une lettre", FIRST, "Rien.", SECOND]
    assert document.blocks[0].kind is BlockKind.TITLE


def test_headings_and_lists_that_the_extraction_drops_come_back(one, extractor):
    extractor(FIRST, SECOND, THIRD)
    page = (
        f"<h1>Le refus</h1><p>Lundi</p><p>{FIRST}</p><h2>La lettre</h2><p>{SECOND}</p>"
        "<ul><li>écrire ;</li><li>lire.</li></ul>"
        f"<h3>Plus tard</h3><figure><figcaption>Le foyer</figcaption></figure><p>{THIRD}</p>"
        "<h3>Sur le même sujet</h3><ul><li><a href='x'>Un autre article</a></li></ul><h5>Outils</h5>"
    )
    # The list stands before a heading that came back: it is inside the article.
    assert shown(one("a.html", page)) == [
        "Le refus",
        FIRST,
        "La lettre",
        SECOND,
        "écrire ;",
        "lire.",
        "Plus tard",
        THIRD,
    ]


@pytest.mark.parametrize(
    "said", [[], [FIRST], ["Un tout autre texte, long, que la page ne contient pas.", FIRST, SECOND[:9]]]
)
def test_an_extraction_that_cannot_be_trusted_cuts_nothing(one, extractor, said):
    extractor(*said)
    document = one("a.html", f"<nav>Accueil</nav><p>{FIRST}</p><p>{THIRD}</p>")
    assert shown(document) == [FIRST, THIRD]
    assert any("reconnu" in notice for notice in document.notices)


def test_a_form_around_the_whole_page_is_not_a_menu(one):
    assert shown(one("b.asp", "<form runat=server><input><p>On coche des cases.</p></form>")) == ["On coche des cases."]


def test_a_form_around_an_article_is_not_a_menu(one):
    document = one("a.asp", "<form runat=server><input><p>On coche des cases.</p><p>Puis on parle.</p></form>")
    assert shown(document) == ["On coche des cases.", "Puis on parle."]


@pytest.mark.parametrize("head", ['<?xml version="1.0" encoding="ISO-8859-1"?>', '<meta charset="iso-8859-1">', ""])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_pages_read_right_whatever_they_declare(one, head, encoding):
    page = f"{head}<html><body><p>L’œuvre «\u00a0d’été\u00a0»</p></body></html>"
    document = one("a.html", page.encode(encoding))
    assert document.text == "L’œuvre «\u00a0d’été\u00a0»"
    assert document.encoding == encoding


def test_entities_of_old_pages(one):
    assert (
        one("a.htm", "<p>L&#146;&oelig;uvre &#133; d&eacute;j&agrave; &#x92; l&agrave;</p>").text
        == "L’œuvre … déjà ’ là"
    )


def test_emphasis_is_of_whole_lines(one):
    document = one("a.html", "<p><b>Une <i>question</i> ?</b></p><p><b>Odile :</b> oui</p><p>rien</p>")
    assert [block.emphasis for block in document.blocks] == [True, False, False]


def test_xhtml_scripts_do_not_swallow_the_page(one):
    document = one(
        "a.xhtml", '<html xmlns="http://www.w3.org/1999/xhtml"><body><script src="a"/><p>Oui.</p></body></html>'
    )
    assert document.text == "Oui."


def test_a_page_without_text(one):
    assert one("a.html", "<html><body><script>x</script></body></html>").reason == "no_text"


def test_a_page_nested_beyond_measure_is_refused_not_cut(one):
    page = "<p>avant</p>" + "<div>" * 4000 + "<p>fond</p>" + "</div>" * 4000 + "<p>après</p>"
    assert one("a.html", page).reason == "corrupt"


def test_a_page_nested_deeply_is_read_whole(one):
    document = one("a.html", "<p>avant</p>" + "<div>" * 900 + "<p>fond</p>" + "</div>" * 900 + "<p>après</p>")
    assert document.text == "avant\nfond\naprès"


def test_no_entity_is_fetched(one):
    page = '<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/hostname">]><html><body><p>Oui &x; non</p></body></html>'
    hostname = Path("/etc/hostname")
    document = one("a.html", page)
    assert not hostname.exists() or hostname.read_text(encoding="utf-8").strip() not in document.text


# Word


def word(build) -> bytes:
    document = docx.Document()
    build(document)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def raw(xml: str) -> bytes:
    """A Word file whose body is the given XML."""
    return word(lambda d: [d.element.body.insert(i, parse_xml(p)) for i, p in enumerate(xml.split("\n"))])


def test_paragraphs_and_tables_in_order(one):
    def build(d):
        d.add_heading("L'entretien", 1)
        d.add_paragraph("[Chercheur] (0:01 - 0:11)")
        d.add_paragraph("")
        d.add_paragraph("On commence ?")
        table = d.add_table(2, 2)
        for cell, text in zip([c for row in table.rows for c in row.cells], "abcd", strict=True):
            cell.text = text
        d.add_paragraph("premier", style="List Bullet")
        d.sections[0].header.paragraphs[0].text = "Confidentiel"
        d.core_properties.author = "Un Vrai Nom"

    document = one("e.docx", word(build))
    assert document.text == "L'entretien\n[Chercheur] (0:01 - 0:11)\nOn commence ?\na\nb\nc\nd\npremier"
    assert kinds(document) == [
        BlockKind.TITLE,
        BlockKind.PARAGRAPH,
        BlockKind.PARAGRAPH,
        *[BlockKind.CELL] * 4,
        BlockKind.ITEM,
    ]
    assert document.metadata == {}
    assert document.format == "docx"
    check_invariants(document)


def test_tracked_changes_controls_links_and_breaks(one):
    document = one(
        "e.docx",
        raw(
            f'<w:p {W}><w:r><w:t xml:space="preserve">On coche </w:t></w:r><w:ins w:id="1" w:author="X"><w:r>'
            '<w:t>des cases</w:t></w:r></w:ins><w:del w:id="2" w:author="X"><w:r><w:delText>tout</w:delText></w:r>'
            "</w:del><w:r><w:t>.</w:t></w:r></w:p>\n"
            f"<w:sdt {W}><w:sdtContent><w:p><w:r><w:t>Dans un champ</w:t></w:r></w:p></w:sdtContent></w:sdt>\n"
            f"<w:p {W}><w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent><w:r><w:t>Cliquez ici</w:t></w:r>"
            "</w:sdtContent></w:sdt><w:hyperlink><w:r><w:t>un lien</w:t></w:r></w:hyperlink><w:r><w:br/><w:t>b</w:t>"
            "<w:tab/><w:t>c</w:t><w:noBreakHyphen/><w:t>d</w:t></w:r></w:p>\n"
            f'<w:p {W}><w:moveFrom w:id="3"><w:r><w:t>parti</w:t></w:r></w:moveFrom><w:moveTo w:id="4"><w:r>'
            "<w:t>venu</w:t></w:r></w:moveTo><w:r><w:rPr><w:vanish/></w:rPr><w:t>caché</w:t></w:r></w:p>"
        ),
    )
    assert document.text == "On coche des cases.\nDans un champ\nun lien\nb\tc-d\nvenu"
    assert len(document.blocks) == 4


def test_text_boxes_are_read_once(one):
    mc = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    box = "<w:txbxContent><w:p><w:r><w:t>Encadré</w:t></w:r></w:p></w:txbxContent>"
    document = one(
        "e.docx",
        raw(
            f"<w:p {W} {mc}><w:r><w:t>Avant</w:t></w:r><w:r><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing>"
            f"{box}</w:drawing></mc:Choice><mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent>"
            f"</w:r></w:p>\n<w:p {W}><w:r><w:t>Après</w:t></w:r></w:p>"
        ),
    )
    assert shown(document) == ["Avant", "Encadré", "Après"]


def test_emphasis_is_of_whole_paragraphs(one):
    def build(d):
        d.add_paragraph().add_run("Une question ?").bold = True
        mixed = d.add_paragraph()
        mixed.add_run("Odile : ").bold = True
        mixed.add_run("une réponse.")
        both = d.add_paragraph()
        both.add_run("Encore ").bold = True
        both.add_run(" ")
        both.add_run("une ?").italic = True
        d.styles["Quote"].font.italic = True
        d.add_paragraph("Par le style", style="Quote")
        undone = d.add_paragraph(style="Quote")
        undone.add_run("Défait").italic = False

    document = one("e.docx", word(build))
    assert [block.emphasis for block in document.blocks] == [True, False, True, True, False]


def test_a_transcript_table_gives_voices(one):
    rows = [
        ["Temps", "Locuteur", "Propos"],
        ["0:01 - 0:11", "Enquêtrice", "On commence ?"],
        ["00:00:12,500", "Odile :", "Oui."],
        ["", "", "(rires)"],
    ]

    def build(d):
        table = d.add_table(4, 3)
        for row, cells in zip(table.rows, rows, strict=True):
            for cell, text in zip(row.cells, cells, strict=True):
                cell.text = text

    document = one("e.docx", word(build))
    assert [
        (text, b.voice, b.time_start, b.time_end) for text, b in zip(shown(document), document.blocks, strict=True)
    ] == [
        ("On commence ?", "Enquêtrice", 1.0, 11.0),
        ("Oui.", "Odile", 12.5, None),
        ("(rires)", None, None, None),
    ]
    assert zoned(document, ZoneKind.METADATA) == ["Temps\nLocuteur\nPropos"]
    assert "Enquêtrice" in "".join(zoned(document, ZoneKind.LABEL))
    check_invariants(document)


def test_merged_cells_are_read_once(one):
    def build(d):
        table = d.add_table(2, 2)
        table.cell(0, 0).merge(table.cell(0, 1)).text = "large"
        table.cell(1, 0).text, table.cell(1, 1).text = "a", "b"

    assert shown(one("e.docx", word(build))) == ["large", "a", "b"]


def rezipped(data: bytes, **parts: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            if name not in parts:
                target.writestr(name, source.read(name))
        for name, content in parts.items():
            target.writestr(name, content)
    return stream.getvalue()


def test_a_zip_bomb_is_refused(one):
    data = rezipped(word(lambda d: d.add_paragraph("Oui.")), **{"word/media/a.xml": b"\x20" * 40_000_000})
    assert one("e.docx", data).reason == "too_large"


def test_entities_in_a_word_file_are_refused(one):
    head = '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaa">]>'
    bomb = f"{head}<w:document {W}><w:body><w:p>&a;</w:p></w:body></w:document>"
    data = rezipped(word(lambda d: d.add_paragraph("Oui.")), **{"word/document.xml": bomb.encode()})
    assert one("e.docx", data).reason == "corrupt"


def test_a_word_file_without_text(one):
    assert one("e.docx", word(lambda _: None)).reason == "no_text"


# Subtitles

VTT = """WEBVTT Essai

NOTE fait avec un outil /home/x/son.mp3

STYLE
::cue { color: red }

1
00:00:01.000 --> 00:00:03.500 align:start
<v Enquêtrice>Ça se passe comment,
les évaluations&nbsp;?</v>

00:03.500 --> 00:07.000
<v.fort Mme A>On coche <i>des</i> <00:00:04.000>cases,

00:07.000 --> 01:00:09.250
<v >(silence) <v Mme B>Oui &amp; non.</v>
"""


def cues(document):
    return [
        (text, block.voice, block.time_start, block.time_end)
        for text, block in zip(shown(document), document.blocks, strict=True)
    ]


def test_webvtt(one):
    document = one("e.vtt", VTT)
    assert cues(document) == [
        ("Ça se passe comment, les évaluations\u00a0?", "Enquêtrice", 1.0, 3.5),
        ("On coche des cases,", "Mme A", 3.5, 7.0),
        ("(silence)", None, 7.0, 3609.25),
        ("Oui & non.", "Mme B", 7.0, 3609.25),
    ]
    assert set(kinds(document)) == {BlockKind.CUE}
    assert document.text == "\n".join(shown(document))
    check_invariants(document)


def test_damaged_webvtt_loses_no_word(one):
    text = (
        "00:01.000 --> 00:02.000\n<v Anne>Un\n2\n00:02.000 --> 00:03.000\n<v Anne>deux\n\ntrois\n\n"
        "NOTE rien\nencore rien\n\n00:75:12.000 --> x\nquatre\n\n00:04,000 --> 00:05,000\n<rires> cinq"
    )
    document = one("e.vtt", text)
    assert shown(document) == ["Un", "deux trois", "quatre", "<rires> cinq"]
    assert [block.time_start for block in document.blocks] == [1.0, 2.0, 3.0, 4.0]
    assert any("minutages" in notice for notice in document.notices)


def test_subrip(one):
    text = (
        "1\n00:00:01.000 --> 00:00:03,500\n[SPEAKER_00]: Ça se passe\ncomment ?\n2\n00:00:03,500 --> 00:00:07,000\n"
        "{\\an8}<i>- Bien.</i>\n- Mal.\n\n3\n00:00:06,000 --> 00:00:06,500\nZoé: Oui.\nLéa: Non.\n"
    )
    document = one("e.srt", text)
    assert cues(document) == [
        ("[SPEAKER_00]: Ça se passe comment ?", None, 1.0, 3.5),
        ("- Bien.", None, 3.5, 7.0),
        ("- Mal.", None, 3.5, 7.0),
        ("Zoé: Oui.", None, 6.0, 6.5),
        ("Léa: Non.", None, 6.0, 6.5),
    ]


@pytest.mark.parametrize("name", ["e.vtt", "e.srt"])
def test_speech_that_looks_like_a_cue_is_speech(one, name):
    # A number, then a line that begins with a time: SubRip cues begin so.
    said = "On était\n12\n08:30:15 à l’horloge, elle n’était pas là."
    text = f"1\n00:00:01,000 --> 00:00:04,000\n{said}\n\n2\n00:00:05,000 --> 00:00:06,000\nAh.\n"
    document = one(name, text if name == "e.srt" else f"WEBVTT\n\n{text.replace(',000', '.000')}")
    assert document.text == "On était 12 08:30:15 à l’horloge, elle n’était pas là.\nAh."


@pytest.mark.parametrize("name", ["e.vtt", "e.srt"])
@pytest.mark.parametrize("broken", ["00:00:0#.000 --> 00:00:09.000", "00:00:04 ?? --> 00:00:09.000", "--> là"])
def test_what_follows_a_damaged_timing_line_is_kept(one, name, broken):
    text = f"1\n00:00:01.000 --> 00:00:04.000\nOn ouvre.\n\n2\n{broken}\nOn écoute.\nOn note.\n"
    document = one(name, text if name == "e.srt" else f"WEBVTT\n\n{text}")
    assert "On ouvre." in document.text
    assert "On écoute. On note." in document.text


def test_headers_and_ids_of_a_table_are_never_quoted(folder):
    # Without a header, the first row of a table is speech, and an `id` may be a name.
    long = "La cheffe de service défend le temps passé avec chaque famille, mais le tableau attend toujours. " * 2
    (document,) = folder({"t.csv": f"Zorglubine;12\n{long};3\n"})
    assert not any("Zorglubine" in notice for notice in document.notices)
    named = folder({"t.csv": "id;texte\nQuirinelle;Un.\nQuirinelle;Deux.\n", "u.csv": "id;texte\nQuirinelle;Trois.\n"})
    assert not any("Quirinelle" in notice for document in named for notice in document.notices)


def srt_of(*contents):
    return "".join(
        f"{i}\n00:00:{i:02},000 --> 00:00:{i + 1:02},000\n{content}\n\n" for i, content in enumerate(contents)
    )


def test_rolling_captions_are_read_once(one):
    document = one(
        "e.srt", srt_of("on coche", "on coche\ndes cases", "des cases", "des cases\net puis", "et puis\nrien")
    )
    assert shown(document) == ["on coche", "des cases", "et puis", "rien"]
    assert any("répétées" in notice for notice in document.notices)


def test_people_who_repeat_are_left_alone(one):
    document = one("e.srt", srt_of("Oui.", "Oui.", "Non.\nEnfin si.", "Un jour\npeut-être."))
    assert shown(document) == ["Oui.", "Oui.", "Non. Enfin si.", "Un jour peut-être."]


def test_one_repeat_among_many_is_speech(one):
    document = one("e.srt", srt_of("Oui.", "Oui.\net non.", "Bon.\nalors voilà.", "Je suis\nvenue.", "Un jour\nici."))
    assert shown(document) == ["Oui.", "Oui. et non.", "Bon. alors voilà.", "Je suis venue.", "Un jour ici."]


@pytest.mark.parametrize("name", ["e.vtt", "e.srt"])
def test_subtitles_without_cues(one, name):
    assert one(name, "WEBVTT\n\nrien ici\n").reason == "no_text"


# Tables


def test_csv_rows_are_documents(folder):
    text = (
        "id;structure;annee;texte;note\nE01;IME;2024;\"On coche des cases, on n'a plus le temps d'écouter.\";0,5\n"
        'E02; CHRS ;007;"Elle a dit ""non"".\nPuis elle est partie.";NA\nE03;IME;;;\n\n'
    )
    first, second, empty = folder({"t.csv": text})
    assert first.id == "E01"
    assert first.text == "On coche des cases, on n'a plus le temps d'écouter."
    assert first.metadata == {"structure": "IME", "annee": "2024", "note": "0,5"}
    assert second.text == 'Elle a dit "non".\nPuis elle est partie.'
    assert len(second.blocks) == 2
    assert second.metadata == {"structure": "CHRS", "annee": "007", "note": "NA"}
    assert (empty.reason, "ligne 5" in empty.detail) == ("empty", True)
    assert (first.format, first.source) == ("csv", "t.csv")


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("declared", [True, False])
def test_separators(one, separator, declared):
    head = f"sep={separator}\n" if declared else ""
    rows = [["id", '"a;,\tb"', "text"], ["1", "x", '"On coche, on note; on part\tenfin."']]
    document = one("t.csv", head + "\n".join(separator.join(row) for row in rows))
    assert document.text == "On coche, on note; on part\tenfin."
    assert document.metadata == {"a;,\tb": "x"}


def test_tables_in_cp1252(folder):
    results = folder(
        {
            "a.csv": "id;texte\n1;L’été déjà".encode("cp1252"),
            "b.jsonl": '{"id":"2","text":"L’été déjà"}'.encode("cp1252"),
        }
    )
    assert [(d.id, d.text, d.encoding) for d in results] == [
        ("1", "L’été déjà", "cp1252"),
        ("2", "L’été déjà", "cp1252"),
    ]


def test_a_cell_longer_than_the_limit_of_python(one):
    long = "On coche. " * 20_000
    assert one("t.csv", f'id,text\n1,"{long}"').text == long


def test_record_units_stand_as_they_are(folder):
    text = "  **** *x_y\nOn coche.\n\nPuis on part. "
    results = folder({"t.jsonl": json.dumps({"id": "p1", "text": text, "M": 1, "fin": None}) + "\n"}, unit="record")
    (document,) = results
    assert document.record
    assert document.text == text
    assert [(block.start, block.end) for block in document.blocks] == [(0, len(text))]
    assert document.metadata == {"M": "1"}


def test_record_unit_refuses_prose(folder):
    results = folder({"a.txt": "On coche.", "t.csv": "text\nOn coche."}, unit="record")
    assert [type(result) for result in results] == [Skipped, Document]
    assert results[1].id == "t#1"


def test_the_text_column(folder):
    long, other = "On coche des cases toute la journée et l’on n’a plus le temps de parler. " * 2, "x" * 120
    (guessed,) = folder({"t.csv": f"num;propos;lieu\n1;{long};IME"})
    assert guessed.text == long
    assert any("n°\u00a02" in notice for notice in guessed.notices)
    (unknown,) = folder({"t.csv": f"num;propos;notes\n1;{long};{other}"})
    assert unknown.reason == "columns"
    assert "3 colonnes" in unknown.detail  # never their names: without a header they would be words of a text
    assert "propos" not in unknown.detail
    assert "--text-column" in unknown.detail
    (chosen,) = folder({"t.csv": f"num;propos;notes\n1;{long};{other}"}, text_column="notes")
    assert chosen.text == other
    (absent,) = folder({"t.csv": "num;text\n1;Oui"}, text_column="propos")
    assert absent.reason == "columns"


def test_a_headerless_table_is_not_quoted(one):
    sentence = "On coche des cases toute la journée sans parler à personne du tout"
    result = one("t.csv", f"{sentence};{sentence} non plus\nUn;deux\n")
    assert isinstance(result, Skipped)
    assert "coche" not in result.detail


def test_jsonl_lines_fail_one_by_one(folder):
    lines = [
        '{"id": "a", "texte": "Un.\\r\\nDeux.", "note": 007}',
        '{"id": "b", "texte": "Trois\u2028quatre.", "poids": 0.50, "vrai": true, "mots": ["x", "y"], "sous": {"z": 1}}',
        "",
        "pas du json",
        '["une", "liste"]',
        '{"id": "c", "texte": "\\ud83d seul"}',
    ]
    results = folder({"t.jsonl": "\n".join(lines)})
    documents = [result for result in results if isinstance(result, Document)]
    skipped = [result for result in results if isinstance(result, Skipped)]
    assert [(d.id, d.text) for d in documents] == [("b", "Trois\u2028quatre."), ("c", "\ufffd seul")]
    assert documents[0].metadata == {"poids": "0.50", "vrai": "true", "mots": "x|y"}
    assert [(s.reason, s.detail.split("\u00a0")[0]) for s in skipped] == [
        ("corrupt", "ligne 1"),  # 007 is no JSON number
        ("corrupt", "ligne 4"),
        ("corrupt", "ligne 5"),
    ]


@pytest.mark.parametrize("name", ["t.json", "t.jsonl"])
def test_a_json_array_is_accepted_with_a_notice(folder, name):
    first, second = folder({name: '[\n{"text": "Un."},\n{"text": "Deux."}\n]'})
    assert (first.text, second.text) == ("Un.", "Deux.")
    assert first.notices


def test_ids_are_made_unique(folder):
    results = folder({"a.csv": "id,text\nx,Un\nx,Deux\n,Trois", "b.csv": "id,text\nx,Quatre"})
    assert [document.id for document in results] == ["x", "x-2", "a#3", "b.csv#x"]
    assert any("répétés" in notice and "ligne" in notice for notice in results[0].notices)
    assert any("déjà pris" in notice for notice in results[3].notices)


def test_rows_with_too_many_cells_are_told(folder):
    document, skipped = folder({"t.csv": "id,text\n1,On coche.\n2,Un, deux\n"})
    assert document.id == "1"
    assert (skipped.reason, "ligne 3" in skipped.detail) == ("corrupt", True)


def test_an_unclosed_quote_is_told(one):
    document = one("t.csv", 'id;text\n1;"On coche')
    assert any("guillemets" in notice for notice in document.notices)


# Bad files among good ones


def ole(stream: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 504 + stream.encode("utf-16-le")


def zipped(**parts: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/"), content)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.txt", b"\x89PNG\r\n\x1a\n\x00\x00", "binary"),
        ("a.html", b"%PDF-1.7 ...", "corrupt"),
        ("a.odt", zipped(x="y"), "corrupt"),
        ("a.rtf", b"On coche.", "corrupt"),
        ("a.pdf", b"On coche.", "corrupt"),
        ("a.txt", zipped(**{"projet.qde": "<x/>"}), "format"),
        ("a.docx", b"On coche.", "corrupt"),
        ("a.docx", b"PK\x03\x04 rien", "corrupt"),
        ("a.docx", zipped(word__document="x"), "corrupt"),
        ("a.docx", zipped(**{"word__document.xml": "<x/>"}), "corrupt"),
        ("a.docx", ole("EncryptedPackage"), "encrypted"),
        ("a.docx", ole("WordDocument"), "format"),
        ("a.txt", ole("WordDocument"), "format"),
        ("a.csv", zipped(xl__workbook="x"), "corrupt"),
        ("a.json", b'{"name": "x"}', "columns"),
        ("a.json", b"[1, 2", "corrupt"),
        ("a.csv", b"id;text\n", "empty"),
    ],
)
def test_a_bad_file_is_told_and_the_others_are_read(folder, name, content, reason):
    results = folder({name: content, "z.txt": "On coche."})
    bad, good = results
    assert (bad.source, bad.reason, bad.failed) == (name, reason, True)
    assert bad.detail
    assert good.text == "On coche."


def test_a_word_file_under_another_name_is_read(one):
    document = one("a.txt", word(lambda d: d.add_paragraph("Oui.")))
    assert (document.text, document.format) == ("Oui.", "docx")
    assert document.notices


def test_a_rtf_file_under_another_name_is_read(one):
    document = one("a.md", b"{\\rtf1\\ansi On coche.}")
    assert (document.text.strip(), document.format) == ("On coche.", "rtf")


def test_an_archive_is_read_as_its_folder(folder):
    results = folder({"a.zip": zipped(x__e="rien", **{"x/note.txt": "On écoute.", "~$x.docx": "verrou"})})
    read = {item.source: item.text for item in results if not hasattr(item, "reason")}
    left = {item.source: item.reason for item in results if hasattr(item, "reason")}
    assert read == {"a.zip/x/note.txt": "On écoute."}
    assert left == {"a.zip/x/e": "format", "a.zip/~$x.docx": "lock"}


def test_a_file_that_vanished_or_grew_too_big(tmp_path, monkeypatch):
    big = tmp_path / "b.txt"
    big.write_text("On coche.", encoding="utf-8")
    monkeypatch.setattr("tensions_cli.corpus.read.MAX_BYTES", 5)
    files = (SourceFile(tmp_path / "absent.txt", "absent.txt", "absent"), SourceFile(big, "b.txt", "b"))
    results = list(read(Found(files, ())))
    assert [result.reason for result in results] == ["access", "too_large"]


def test_a_standard_input_that_is_too_big(monkeypatch):
    class Stdin:
        buffer = io.BytesIO(b"On coche.")

    monkeypatch.setattr(sys, "stdin", Stdin)
    monkeypatch.setattr("tensions_cli.corpus.read.MAX_BYTES", 5)
    (result,) = read(find_files(["-"]))
    assert result.reason == "too_large"


def test_an_exception_of_a_library_quotes_nothing(one, monkeypatch):
    def fails(data, file):
        raise ValueError("phrase secrète")

    monkeypatch.setattr("tensions_cli.corpus.formats.plain.read_plain", fails)
    result = one("a.txt", "phrase secrète")
    assert result.reason == "corrupt"
    assert "secrète" not in result.detail


def test_the_standard_input_is_plain_text(monkeypatch):
    class Stdin:
        buffer = io.BytesIO(BOM + b"# pas un titre\r\nOn coche.")

    monkeypatch.setattr(sys, "stdin", Stdin)
    (document,) = read(find_files(["-"]))
    assert shown(document) == ["# pas un titre", "On coche."]
    assert document.source == "stdin"


def test_records_on_the_standard_input(monkeypatch):
    class Stdin:
        buffer = io.BytesIO(b'{"id": "p", "text": "On coche."}\n')

    monkeypatch.setattr(sys, "stdin", Stdin)
    (document,) = read(find_files(["-"]), ReadOptions(unit="record"))
    assert (document.id, document.record) == ("p", True)


def test_the_order_is_that_of_the_list(folder):
    results = folder({"c.txt": "Trois.", "a.md": "Un.", "b.csv": "text\nDeux."})
    assert [document.text for document in results] == ["Un.", "Deux.", "Trois."]


def test_heavy_libraries_are_not_imported_before_they_are_needed():
    heavy = ["lxml", "trafilatura", "docx", "spacy", "pandas", "yaml", "markdown_it", "webvtt", "srt"]
    code = f"import sys, tensions_cli.corpus.read; print([m for m in {heavy} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


# Properties

WORDS = st.sampled_from(
    [
        "On",
        "coche",
        "des",
        "cases",
        "équipe",
        "e\u0301",
        "😀",
        "\u00a0",
        "\u202f",
        "\u2028",
        "\x0c",
        "-",
        "*",
        "1.",
        ":",
    ]
)
LINE = st.lists(WORDS, max_size=12).map(" ".join)
MARKS = st.sampled_from(["", "# ", "- ", "> ", "**** *a_b", "-*t", "---", "E : ", "```", "| a | b |", "<div>", "**x**"])
SOURCE = st.lists(st.tuples(MARKS, LINE).map("".join), max_size=12).map("\n".join)
TAGS = st.sampled_from(["p", "div", "nav", "h2", "li", "td", "b", "article", "pre", "br", "aside", "x"])
HTML = st.recursive(
    LINE, lambda inner: st.tuples(TAGS, st.lists(inner, max_size=3)).map(lambda t: f"<{t[0]}>{''.join(t[1])}</{t[0]}>")
)


def read_bytes(name: str, data: bytes, folder: Path) -> list[Document | Skipped]:
    path = folder / name
    path.write_bytes(data)
    return list(read(Found((SourceFile(path, name, "x"),), ())))


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return tmp_path_factory.mktemp("properties")


@pytest.mark.parametrize("name", ["x.txt", "x.md"])
@given(text=SOURCE)
def test_text_and_markdown_are_covered(shared, name, text):
    for result in read_bytes(name, text.encode(), shared):
        if isinstance(result, Document):
            check_invariants(result)


@given(text=SOURCE)
def test_a_text_file_loses_no_character(shared, text):
    results = read_bytes("x.txt", text.encode(), shared)
    documents = [result for result in results if isinstance(result, Document)]
    # A text under a star line may be empty; otherwise the documents put together are the file.
    if len(documents) == len(results):
        assert "".join(document.text for document in documents).strip() == text.strip()


@given(html=HTML)
def test_pages_are_covered(shared, html):
    for result in read_bytes("x.html", html.encode(), shared):
        if isinstance(result, Document):
            check_invariants(result)


@given(rows=st.lists(SOURCE, max_size=4))
def test_rows_are_covered(shared, rows):
    data = "id;text\n" + "\n".join(f'{i};"{row}"' for i, row in enumerate(rows))
    results = read_bytes("x.csv", data.encode(), shared)
    for result in results:
        if isinstance(result, Document):
            check_invariants(result)
    assert [r.text for r in results if isinstance(r, Document)] == [row for row in rows if row.strip()]


@given(
    data=st.binary(max_size=200),
    name=st.sampled_from(["x.txt", "x.md", "x.html", "x.docx", "x.vtt", "x.srt", "x.csv", "x.jsonl"]),
)
def test_no_bytes_stop_the_batch(shared, data, name):
    for result in read_bytes(name, data, shared):
        if isinstance(result, Document):
            check_invariants(result)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8"])
def test_a_table_saved_as_text_is_told(encoding):
    table = 'id\ttexte\tannée\n1\t"On coche\ndes cases."\t2023\n2\tOn se parle.\t2024\n'
    (document,) = read_plain(table.encode(encoding), SourceFile(Path("export.txt"), "export.txt", "export"))
    assert any(".tsv" in notice for notice in document.notices)
    for other in (table.replace("texte", "lieu"), table + "une\tligne\n", "Le texte\tcommence ici.\nEt finit là."):
        (document,) = read_plain(other.encode(encoding), SourceFile(Path("export.txt"), "export.txt", "export"))
        assert not any(".tsv" in notice for notice in document.notices)
