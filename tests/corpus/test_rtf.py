"""RTF: characters of every kind, what the page shows, notes and tables, what is counted, what is refused."""

from pathlib import Path

import pytest
from accounting import assert_accounted
from hypothesis import given, settings
from hypothesis import strategies as st

from tensions_cli.corpus.formats.rtf import read_rtf
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.corpus.speakers import find_turns
from tensions_cli.errors import UnreadableError
from tensions_cli.records import BlockKind, Document, Role, ZoneKind

HEAD = rb"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss\fcharset0 Calibri;}}"


def read_bytes(data: bytes) -> Document:
    (document,) = read_rtf(data, SourceFile(Path("e.rtf"), "e.rtf", "e"))
    assert_accounted(document)
    return document


def read_body(body: bytes) -> Document:
    return read_bytes(HEAD + body + b"}")


def shown(document: Document) -> list[str]:
    return [document.text[block.start : block.end] for block in document.blocks]


def zoned(document: Document) -> list[tuple[str, ZoneKind, str]]:
    return [(document.text[zone.start : zone.end], zone.kind, zone.detail) for zone in document.zones]


def counted(document: Document) -> dict[str, str]:
    return {said: count for said, _, count in (notice.partition("\u00a0: ") for notice in document.notices)}


# Characters


def test_the_example_of_the_formats_reference():
    document = read_bytes(
        rb"""{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0 Calibri;}}{\info{\author X}}
\f0 \'c7a se passe comment\~?\par On n\u8217?a plus le temps d'\'e9couter.\par}"""
    )
    assert document.text == "Ça se passe comment\u00a0?\nOn n’a plus le temps d'écouter."
    assert (document.format, document.encoding, document.metadata) == ("rtf", "cp1252", {})


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (rb"\lquote a\rquote  \ldblquote b\rdblquote  c\endash d\emdash e\bullet f", "‘a’ “b” c–d—e•f"),
        (rb"a\line b\tab c\page d", "a\nb\tc\nd"),
        (rb"a\~\_\-\{\}\\b", "a\u00a0\u2011\u00ad{}\\b"),
        (b"a\\\r\nb", "a\nb"),  # a backslash before a line end is a paragraph (TextEdit)
        (b"On\r\n coche", "On coche"),  # line ends of the file are nothing
        (rb"\'80\'9c\'95", "€œ•"),
        (rb"\u233 e\u-10179?\u-8694?", "é\U0001f60a"),  # one stand-in each; a pair of surrogates, signed
        (rb"\u128522?\u0?\u99999999?", "😊\ufffd\ufffd"),
        (rb"\u-10179?z", "\ufffdz"),  # half of a pair
        (rb"\uc2\u233\'c3\'a9t\uc0\u233t\uc1\u233 xt", "ététét"),
        (rb"{\uc0 {\u233}t}\u233?t", "étét"),  # the count of stand-ins belongs to its group
        (rb"\u233{\'e9}", "éé"),  # a brace ends the stand-ins
        (rb"\u233\bin2 xxab", "éab"),  # a binary stand-in
        (rb"{\upr{ete}{\*\ud{\u233?t\u233?}}}", "été"),
        (rb"\zzz a\ZZZ-12 b\'zz", "abzz"),
        (rb"{\field{\*\fldinst HYPERLINK \"https://example.org\"}{\fldrslt la note}}", "la note"),
    ],
)
def test_characters(body, text):
    assert read_body(rb"\pard " + body + rb"\par").text == text


@pytest.mark.parametrize(
    ("head", "body", "text"),
    [
        (rb"{\rtf1\mac", rb"caf\'8e", "café"),
        (rb"{\rtf1\mac\ansicpg10000\cocoartf102", rb"caf\'8e", "café"),
        (rb"{\rtf1\pc", rb"caf\'82", "café"),
        (rb"{\rtf1\pca", rb"caf\'82", "café"),
        (rb"{\rtf1\ansi\ansicpg65001", rb"caf\'c3\'a9", "café"),
        (rb"{\rtf1\ansi\ansicpg0", rb"caf\'e9", "café"),
        (rb"{\rtf1\ansi\ansicpg99999", rb"caf\'e9", "café"),
        (rb"{\rtf1\ansi\ansicpg37", rb"caf\'e9", "café"),  # EBCDIC: no page of a PC
        (rb"{\rtf1\ansi{\fonttbl\f0\fnil\fcharset0 A;\f1\fnil\fcharset77 B;}\f0", rb"\'e9\f1\'8e\f0\'e9", "ééé"),
        (rb"{\rtf1\ansi\deff0{\fonttbl{\f0\fcharset204 A;}{\f1\cpg1250 B;}}", rb"{\f0\'c4}{\f1\'e6}\'e9", "Дćé"),
        (b"{\\rtf1\\ansi", "café".encode("cp1252"), "café"),
        (b"{\\rtf1\\ansi\\ansicpg1252", "café 😊".encode(), "café 😊"),
        (b"\xef\xbb\xbf{\\rtf1\\ansi", "café".encode(), "café"),
    ],
)
def test_code_pages(head, body, text):
    assert read_bytes(head + b"\\pard " + body + b"\\par}").text == text


def test_bytes_without_meaning_are_counted():
    document = read_body(rb"a\'81\'8d b\par")
    assert document.text == "a\ufffd\ufffd b"
    assert counted(document) == {"octets sans signification dans leur page de code, remplacés par U+FFFD": "2"}


# Structure

STYLESHEET = (
    rb"{\stylesheet{\s0 Normal;}{\s1\outlinelevel0 Ma t\'eate;}{\s2\sbasedon3 Perso;}{\s3 Titre 2;}"
    rb"{\s4\sbasedon4 Boucle;}{\*\cs10 \additive heading;}{\s5 toc 1;}{\s6 List Bullet{\*\keycode a};}}"
)


def test_titles_items_and_contents():
    document = read_body(
        STYLESHEET
        + rb"\pard\s5 Le foyer\tab 3\par\pard\plain\s1 Le foyer\par\pard\s2{\b Les nuits}\par\pard\s4 Une phrase.\par"
        rb"{\pard\outlinelevel2 Les repas\par}{\pard\outlinelevel9 On mange ensemble.\par}"
        rb"{\listtext\'b7\tab}\ls1 le midi\par\pard{\pntext 1.\tab}le soir\par\pard\s6 le week-end\par\pard Fin."
    )
    title, item, plain = BlockKind.TITLE, BlockKind.ITEM, BlockKind.PARAGRAPH
    assert list(zip(shown(document), (block.kind for block in document.blocks), strict=True)) == [
        ("Le foyer", title),
        ("Les nuits", title),
        ("Une phrase.", plain),
        ("Les repas", title),
        ("On mange ensemble.", plain),
        ("le midi", item),
        ("le soir", item),
        ("le week-end", item),
        ("Fin.", plain),
    ]
    assert zoned(document) == [("Le foyer\t3", ZoneKind.METADATA, "sommaire")]


@pytest.mark.parametrize(
    ("body", "emphasis"),
    [
        (rb"{\b Et l'\'e9quipe ?}", True),
        (rb"\b Et {\i l\'e0} ?", True),
        (rb"{\i Et} {\b l\'e0 ?}", True),
        (rb"{\b Odile :} la r\'e9ponse", False),
        (rb"\b\b0 Et l\'e0 ?", False),
        (rb"\b\i\plain Et l\'e0 ?", False),
        (rb"{\b}Et l\'e0 ?", False),
    ],
)
def test_emphasis_is_of_whole_paragraphs(body, emphasis):
    document = read_body(rb"\pard\plain " + body + rb"\par")
    assert [block.emphasis for block in document.blocks] == [emphasis]


def test_questions_in_bold_without_labels():
    asked = ["Comment se passe une nuit ?", "Qui appelle-t-on ?", "Et le matin ?"]
    told = ["On fait une ronde toutes les deux heures.", "La cadre d'astreinte.", "On transmet au groupe."]
    body = "".join(f"\\pard{{\\b {q}}}\\par\\pard {a}\\par\n" for q, a in zip(asked, told, strict=True))
    document = find_turns(read_body(body.encode()))
    assert [document.text[turn.start : turn.end] for turn in document.turns if turn.role is Role.INTERVIEWER] == asked


def test_a_transcript_with_labels():
    body = rb"Enqu\'eatrice\~: On commence\~?\par Enqu\'eat\'e9\~: Oui.\par Enqu\'eatrice\~: Depuis quand\~?\par"
    body += rb" Enqu\'eat\'e9\~: Depuis mars.\par"
    document = find_turns(read_body(body))
    assert [(turn.speaker, turn.role) for turn in document.turns] == [
        ("Enquêtrice", Role.INTERVIEWER),
        ("Enquêté", Role.RESPONDENT),
    ] * 2


def test_text_boxes_come_after_their_paragraph():
    shape = rb"{\shp{\*\shpinst{\sp{\sn a}{\sv 1}}{\shptxt \pard Encadr\'e9\par}}{\shprslt{\*\do{\dptxbxtext copie}}}}"
    old = rb"{\*\do\dobxpage{\dptxbxtext\pard Ancien encadr\'e9\par}}"
    document = read_body(rb"\pard Avant" + shape + rb" apr\'e8s\par\pard " + old + rb"Fin\par")
    assert shown(document) == ["Avant après", "Encadré", "Fin", "Ancien encadré"]


# Tables


def row(*cells: bytes) -> bytes:
    return rb"\trowd\cellx1000\cellx2000\pard\intbl " + b"".join(cell + rb"\cell " for cell in cells) + rb"\row "


def test_a_table_is_read_cell_by_cell():
    body = rb"\pard Avant\par" + row(b"a", rb"b\par c") + row(b"", b"d") + rb"\pard Apr\'e8s | fin\par"
    document = read_body(body)
    assert shown(document) == ["Avant", "a", "b", "c", "d", "Après | fin"]
    assert [block.kind for block in document.blocks] == [
        BlockKind.PARAGRAPH,
        *[BlockKind.CELL] * 4,
        BlockKind.PARAGRAPH,
    ]


def test_a_transcript_table_gives_voices():
    rows = row(b"Temps", b"Locuteur", b"Propos") + row(b"0:01 - 0:11", rb"Enqu\'eatrice", b"On commence ?")
    rows += row(b"0:12", b"Mme B\\~:", b"Oui, allez-y.") + row(b"", b"", b"(silence)")
    document = read_body(rows + rb"\pard Fin.\par")
    assert [
        (text, block.voice, block.time_start, block.time_end)
        for text, block in zip(shown(document), document.blocks, strict=True)
    ] == [
        ("On commence ?", "Enquêtrice", 1.0, 11.0),
        ("Oui, allez-y.", "Mme B", 12.0, None),
        ("(silence)", None, None, None),
        ("Fin.", None, None, None),
    ]
    assert zoned(document)[0] == ("Temps\nLocuteur\nPropos", ZoneKind.METADATA, "en-tête du tableau")


def test_two_tables_apart_are_two_tables():
    one = row(b"Locuteur", b"Propos") + row(b"A", b"Oui.")
    two = row(b"Date", b"Lieu") + row(b"mars", b"Foyer")
    assert shown(read_body(one + rb"\pard\par" + two)) == ["Oui.", "Date", "Lieu", "mars", "Foyer"]


def test_a_table_inside_a_table():
    inner = rb"\pard\intbl\itap2 a\nestcell b\nestcell{\*\nesttableprops\trowd\nestrow}{\nonesttables\par}"
    inner += rb"c\nestcell d\nestcell{\*\nesttableprops\trowd\nestrow}{\nonesttables\par}"
    document = read_body(row(inner + rb"\pard\intbl e", b"f") + rb"\pard Fin\par")
    assert shown(document) == ["a", "b", "c", "d", "e", "f", "Fin"]


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (rb"\intbl a\cell b", ["a", "b"]),  # no end of row
        (rb"a\cell b\row c\cell", ["a", "b", "c"]),  # no end of cell
        (rb"\itap900000 a\nestcell\row b\nestrow", ["a", "b"]),
        (rb"\row a\nestrow b\nestcell", ["ab"]),  # ends of rows of no table
    ],
)
def test_broken_tables_lose_nothing(body, read):
    assert shown(read_body(rb"\pard " + body)) == read


# Notes, and what is counted


def test_notes_come_after_the_body_in_zones():
    document = read_body(
        rb"L'\'e9quipe{\super\chftn{\*\footnote\pard\plain\chftn  Le pr\'e9nom {\b est} chang\'e9.\par Le lieu aussi.}}"
        rb" parle{\footnote\ftnalt\pard Voir annexe.} peu.\par"
        rb"{\deleted parti{\footnote partie aussi}}"
    )
    assert shown(document) == ["L'équipe parle peu."]
    assert zoned(document) == [
        ("Le prénom est changé.\nLe lieu aussi.", ZoneKind.NOTE, "note de bas de page"),
        ("Voir annexe.", ZoneKind.NOTE, "note de fin"),
    ]


def test_what_is_not_read_is_counted():
    document = read_body(
        rb"{\info{\title Titre}{\author Nom R\'e9el}}{\*\generator Essai;}{\colortbl;\red0;}"
        rb"{\header\pard Document de travail\par}{\footer\pard 12\par}"
        rb"\pard On garde{\deleted  tout}{\deleted\b  cela}{\revised  la}{\v  cach\'e9e} phrase"
        rb"{\*\atnid N}{\*\atnauthor Nom}{\*\annotation{\*\atndate 1}\pard \'e0 revoir}"
        rb"{\xe{index}}{\*\bkmkstart s}.{\pict\wmetafile8 0123abcdef}"
        rb"{\object\objemb{\*\objdata 0102}{\result{\pict 00}}}{\mmath{\*\moMath{\mr x+y}}}\par"
    )
    assert document.text == "On garde la phrase."
    assert counted(document) == {
        "commentaires non lus": "1",
        "suppressions en suivi des modifications, laissées de côté": "1",
        "passages masqués non lus": "1",
        "en-têtes et pieds de page non lus": "1",
        "formules non lues": "1",
        "objets incorporés non lus": "1",
    }


def test_pictures_are_skipped_whatever_their_bytes():
    assert read_body(rb"a{\*\shppict{\pict\bin8 }}{\x\y} b}}c\par").text == "ac"
    assert read_body(rb"a{\pict\bin999999 }b").text == "a"


def test_a_file_cut_in_the_middle_and_one_with_a_tail_are_told():
    assert any("pas terminé" in notice for notice in read_bytes(HEAD + rb"On coche des {\b ca").notices)
    assert any("suivent la fin" in notice for notice in read_bytes(HEAD + rb"On coche.\par} Et encore.").notices)
    assert read_bytes(HEAD + b"On coche.\\par}\r\n\x00").notices == ()


# What is refused


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"On coche des cases.", "corrupt"),
        (b"{\\html1 On coche}", "corrupt"),
        (HEAD + b"}", "no_text"),
        (HEAD + b"\\par{\\info{\\author X}}}", "no_text"),
        (HEAD + b"{" * 1_000_000, "corrupt"),
    ],
)
def test_what_is_refused(data, reason):
    with pytest.raises(UnreadableError) as error:
        read_bytes(data)
    assert error.value.reason == reason


def test_a_file_without_end_of_controls_is_refused(monkeypatch):
    monkeypatch.setattr("tensions_cli.corpus.formats.rtf._MOST_TOKENS", 50)
    with pytest.raises(UnreadableError) as error:
        read_body(rb"a\b b\b0 " * 60)
    assert error.value.reason == "too_large"


def test_numbers_without_end_are_bounded():
    assert (
        read_body(b"\\u" + b"9" * 100_000 + b"?\\uc" + b"9" * 100 + b"\\" + b"a" * 100_000 + b" fin").text
        == "\ufffdfin"
    )


# Properties


def written(text: str, ways: list[int]) -> bytes:
    """A text in RTF, each character in one of the ways that programs use."""
    named = {"\t": b"\\tab ", "’": b"\\rquote ", "–": b"\\endash ", "\u00a0": b"\\~", "\n": b"\\line "}
    result = b""
    for rank, character in enumerate(text):
        way = ways[rank % len(ways)] if ways else 0
        units = character.encode("utf-16-le")
        numbers = [int.from_bytes(units[at : at + 2], "little", signed=True) for at in range(0, len(units), 2)]
        if character in "\\{}":
            result += b"\\" + character.encode()
        elif way == 1 and character in named:
            result += named[character]
        elif character.isascii() and character not in "\t\n":
            result += b"{\\b " + character.encode() + b"}" if way == 2 else character.encode()
        elif way == 2 and character.encode("cp1252", "ignore"):
            result += b"\\'%02x" % character.encode("cp1252")[0]
        else:
            result += b"".join(b"\\u%d?" % number for number in numbers)
    return result


TEXTS = st.text(st.sampled_from("aéœ ’–€😊\u00a0\u202f\u2028\t,.:?-{}\\*"), max_size=20)


@settings(deadline=None, max_examples=150)
@given(
    paragraphs=st.lists(TEXTS, min_size=1, max_size=5),
    notes=st.lists(TEXTS, max_size=2),
    cells=st.lists(TEXTS, max_size=4),
    ways=st.lists(st.integers(0, 2), max_size=7),
)
def test_every_character_is_read_as_written(paragraphs, notes, cells, ways):
    body = b"".join(b"\\pard " + written(text, ways) + b"\\par\n" for text in paragraphs)
    body += row(*(written(text, ways) for text in cells)) if cells else b""
    body += b"".join(b"{\\footnote " + written(text, ways) + b"}" for text in notes)
    lines = [text for text in (*paragraphs, *cells, *notes) if text.strip()]
    if not lines:
        with pytest.raises(UnreadableError):
            read_body(body)
        return
    assert read_body(body).text == "\n".join(lines)


PARTS = (
    *(
        b"{",
        b"}",
        b"\\",
        b"\\'",
        b"?",
        b"texte ",
        b"\x00",
        b"\xff",
        b"\\u233",
        b"\\'e9",
        b"\\bin3 ",
        b"\\upr",
        b"{\\*\\ud ",
    ),
    *(
        b"\\par",
        b"\\pard ",
        b"\\cell ",
        b"\\row ",
        b"\\intbl ",
        b"\\itap3 ",
        b"\\nestcell ",
        b"\\nestrow ",
        b"\\deleted ",
    ),
    *(b"{\\footnote a}", b"{\\shptxt b}", b"{\\*\\x y}", b"{\\stylesheet", b"{\\fonttbl", b"\\f1", b"\\s1"),
)


@settings(deadline=None, max_examples=200)
@given(parts=st.lists(st.sampled_from(PARTS), max_size=30))
def test_any_sequence_is_read_or_refused(parts):
    try:
        read_body(b"x " + b"".join(parts))
    except UnreadableError as error:
        pytest.fail(f"{error.reason}: the body holds a visible character")
