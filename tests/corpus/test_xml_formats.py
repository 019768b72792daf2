"""XML: which reader, wrong declarations, and files made to harm; nothing is fetched, opened or expanded."""

import codecs
import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tensions_cli.corpus.formats.xml_text import read_xml
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.errors import UnreadableError
from tensions_cli.files.xml_tree import MAX_MARKS, parse_xml, seconds_of, squeezed
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import BlockKind, Document, ZoneKind


def read(data: bytes) -> Document:
    (document,) = read_xml(data, SourceFile(Path("E01.xml"), "E01.xml", "E01"))
    assert isinstance(document, Document)
    return document


def refused(data: bytes) -> UnreadableError:
    with pytest.raises(UnreadableError) as error:
        list(read_xml(data, SourceFile(Path("E01.xml"), "E01.xml", "E01")))
    assert error.value.reason in read_toml("ignored_files.toml")["reasons"]
    return error.value


def one_turn(words: str) -> str:
    return f'<Trans><Speakers><Speaker id="a" name="A"/></Speakers><Turn speaker="a">{words}</Turn></Trans>'


# --- which reader -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (one_turn("oui"), "trs"),
        ("<TEI><text><body><p>oui</p></body></text></TEI>", "tei"),
        ("<TEI.2><text><body><p>oui</p></body></text></TEI.2>", "tei"),
        ("<text><p>oui</p></text>", "xml"),
        ("<recueil><page><text><p>oui</p></text></page></recueil>", "xml"),
        ("<compteRendu><contenu><paragraphe><texte>oui</texte></paragraphe></contenu></compteRendu>", "compte-rendu"),
    ],
)
def test_the_root_tells_the_reader(content: str, name: str) -> None:
    document = read(content.encode())
    assert (document.format, document.text) == (name, "oui")


@pytest.mark.parametrize(
    "content",
    [
        "<rss><channel><title>oui</title></channel></rss>",
        '<svg xmlns="http://www.w3.org/2000/svg"><text>oui</text></svg>',
        '<o:doc xmlns:o="urn:oasis:names:tc:opendocument:xmlns:office:1.0"><o:text>oui</o:text></o:doc>',
        "<ANNOTATION_DOCUMENT><TIER>oui</TIER></ANNOTATION_DOCUMENT>",
    ],
)
def test_any_other_xml_is_refused_with_what_is_read(content: str) -> None:
    error = refused(content.encode())
    assert error.reason == "format"
    for known in ("Transcriber", "TEI", "TXM", "Assemblée nationale"):
        assert known in error.detail
    assert "oui" not in error.detail


def test_a_web_page_is_sent_to_its_own_reader() -> None:
    error = refused(b'<html xmlns="http://www.w3.org/1999/xhtml"><body><p>oui</p></body></html>')
    assert (error.reason, ".html" in error.detail) == ("format", True)


def test_the_kinds_of_the_data_file_exist() -> None:
    table = read_toml("xml_formats.toml")
    assert {BlockKind(kind) for kind in table["tei"]["lines"].values()}
    for zones in (table["tei"]["zones"], table["tei"]["divisions"], table["sitting"]["styles"]):
        assert {ZoneKind(kind) for kind, _ in zones.values()}


# --- encodings and mending ----------------------------------------------------------------------------

SENTENCE = "l’œuvre « d’été » du cœur"


@pytest.mark.parametrize(
    ("declared", "written"),
    [
        ("ISO-8859-1", "cp1252"),
        ("ISO-8859-1", "utf-8"),
        ("UTF-8", "cp1252"),
        ("UTF-8", "utf-8"),
        ("UTF-8", "utf-8-sig"),
        ("UTF-16", "utf-16"),
        ("x-inconnu", "utf-8"),
    ],
)
@pytest.mark.parametrize("lead", ["", "\n", " "])
def test_whatever_the_declaration_says(declared: str, written: str, lead: str) -> None:
    content = f'{lead}<?xml version="1.0" encoding="{declared}"?>\n<!-- avant -->{one_turn(SENTENCE)}'
    assert read(content.encode(written)).text == SENTENCE


def test_line_ends_of_the_three_systems_give_one_text() -> None:
    lines = ["<Trans>", "<Speakers/>", '<Turn speaker="a">', "on", "attend", "</Turn></Trans>"]
    assert {read(end.join(lines).encode()).text for end in ("\n", "\r\n", "\r")} == {"on attend"}


def test_a_control_character_does_not_make_a_file_unreadable() -> None:
    document = read(one_turn("on\x0battend\x1f!").encode())
    assert document.text == "on attend !"
    assert any(notice.endswith("\u00a0: 2") for notice in document.notices)


def test_character_names_of_an_absent_dtd_are_read_as_in_html() -> None:
    doctype = '<!DOCTYPE Trans SYSTEM "trans-14.dtd">'
    document = read((doctype + one_turn("l&rsquo;&eacute;t&eacute;&nbsp;&amp; &lt;apr&egrave;s&gt;")).encode())
    assert document.text == "l’été\u00a0& <après>"
    assert any(notice.endswith("\u00a0: 5") for notice in document.notices)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("<?xml version='1.0'?>\n<Trans>\n<Turn>\n</Trans>", 4),
        ('<!DOCTYPE Trans\nSYSTEM\n"trans-14.dtd">\n<Trans>\nR&D</Trans>', 5),
        ("<Trans>&secret;</Trans>", 1),
        ("<Trans>", 1),
        ("", 0),
        ("bonjour", 1),
    ],
)
def test_a_broken_file_is_told_by_its_line_and_never_quoted(content: str, line: int) -> None:
    error = refused(content.encode())
    assert error.reason == "corrupt"
    assert f"(ligne {line})" in error.detail or line == 0
    assert "secret" not in error.detail


def test_texts_put_end_to_end_may_repeat_their_identifiers() -> None:
    assert read(b'<text><p xml:id="p1">un</p><p xml:id="p1">deux</p></text>').text == "un\ndeux"


def test_nul_bytes_are_no_text() -> None:
    assert refused(b"<Trans>\x00</Trans>").reason == "binary"


@given(st.binary(max_size=300))
def test_bytes_of_any_kind_give_a_document_or_one_clear_refusal(noise: bytes) -> None:
    for data in (noise, b"<Trans>" + noise + b"</Trans>", b"<!DOCTYPE " + noise + b"><Trans/>"):
        with contextlib.suppress(UnreadableError):
            list(read_xml(data, SourceFile(Path("E01.xml"), "E01.xml", "E01")))


def test_numbers_and_spaces_of_xml() -> None:
    assert [seconds_of(value) for value in ("1.5", " 2 ", "-1", "nan", "", None, "1:02")] == [
        1.5, 2.0, None, None, None, None, None,
    ]  # fmt: skip
    assert squeezed("\n un\u00a0\tdeux\r\n ") == "un\u00a0 deux"


# --- made to harm -------------------------------------------------------------------------------------


@pytest.fixture
def listener() -> Iterator[tuple[int, list[str]]]:
    """A local server that counts who knocks."""
    server = socket.create_server(("127.0.0.1", 0))
    knocks: list[str] = []

    def wait() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            knocks.append("connection")
            client.close()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    yield server.getsockname()[1], knocks
    server.close()


def test_nothing_is_fetched(listener: tuple[int, list[str]]) -> None:
    port, knocks = listener
    url = f"http://127.0.0.1:{port}/trans-14.dtd"
    kept = [
        f'<!DOCTYPE Trans SYSTEM "{url}">',
        f'<!DOCTYPE Trans PUBLIC "-//Essai//DTD Essai//FR" "{url}">',
        f'<?xml-stylesheet href="{url}" type="text/xsl"?><!-- x --><!DOCTYPE Trans SYSTEM "{url}" [ ]>',
    ]
    for prologue in kept:
        assert read((prologue + one_turn("oui")).encode()).text == "oui"
    for prologue in (
        f'<!DOCTYPE Trans [<!ENTITY e SYSTEM "{url}">]>',
        f'<!DOCTYPE Trans [<!ENTITY % e SYSTEM "{url}"> %e;]>',
        f'<!DOCTYPE Trans SYSTEM "{url}" [<!ELEMENT Trans ANY>]>',
    ):
        assert refused((prologue + one_turn("&e;")).encode()).reason == "corrupt"
    included = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{url}"/>'
    assert read(one_turn(f"oui{included}").encode()).text == "oui"
    with socket.create_connection(("127.0.0.1", port)):
        pass  # the server does count
    for _ in range(100):
        if knocks:
            break
        threading.Event().wait(0.01)
    assert knocks == ["connection"]


def test_no_file_is_opened(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("le nom de la personne", encoding="utf-8")
    for prologue in (f'<!DOCTYPE Trans [<!ENTITY e SYSTEM "file://{secret}">]>', f'<!DOCTYPE Trans SYSTEM "{secret}">'):
        assert refused((prologue + one_turn("&e;")).encode()).reason == "corrupt"
    included = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" parse="text" href="{secret.as_uri()}"/>'
    assert "personne" not in repr(read(one_turn(f"oui {included}").encode()))


BOMB = "".join(f'<!ENTITY l{rank} "{f"&l{rank - 1};" * 10}">' for rank in range(1, 10))


@pytest.mark.parametrize(
    "prologue",
    [
        f'<!DOCTYPE Trans [<!ENTITY l0 "ha">{BOMB}]>',
        "<!-- x -->" * 1000 + '<!DOCTYPE Trans [<!ENTITY l9 "ha">]>',
        f'{" " * 9000}<!DOCTYPE Trans [<!ENTITY l9 "ha">]>',
        '\ufeff\ufeff<!DOCTYPE Trans [<!ENTITY l9 "ha">]>',
        '<!DOCTYPE Trans SYSTEM "a]>" [<!ENTITY l9 "ha">]>',
        f'<!DOCTYPE Trans [<!ATTLIST Turn x CDATA "{"x" * 1000}">]>',
        f'\ufeff\ufeff<!DOCTYPE Trans [<!ATTLIST Turn x CDATA "{"x" * 1000}">]>',
        f"<!DOCTYPE {'a' * 3000}>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_declarations_that_swell_are_refused(prologue: str, encoding: str) -> None:
    assert refused((prologue + one_turn("&l9;")).encode(encoding)).reason == "corrupt"


@pytest.mark.parametrize(
    "data",
    [
        b"<TEI>" + b"<div>" * 1_000_000,
        b'<Trans a="' + b"x" * 11_000_000 + b'"/>',
        b"<TEI><p>" + b"x " * 5_500_000 + b"</p></TEI>",
        b"<TEI>" + b"<a/>" * MAX_MARKS + b"</TEI>",
        b"<TEI " + b" ".join(b'a%d="1"' % rank for rank in range(MAX_MARKS // 3)) + b"/>",
    ],
    ids=["deep", "attribute", "text", "elements", "attributes"],
)
def test_files_out_of_proportion_are_refused(data: bytes) -> None:
    assert refused(data).reason == "too_large"


def test_as_many_speakers_as_words() -> None:
    """20,000 speakers in one turn, each named by `Who`: read once each."""
    table = " ".join(f"s{rank}" for rank in range(20_000))
    said = "".join(f'<Who nb="{rank}"/>mot' for rank in range(1, 20_001))
    document = read(f'<Trans><Turn speaker="{table}">{said}</Turn></Trans>'.encode())
    assert [block.voice for block in document.blocks] == table.split()


def test_moments_that_hang_on_nothing() -> None:
    """A chain of 20,000 moments whose origin is missing, which must not be walked once for each."""
    whens = "".join(f'<when xml:id="T{rank}" interval="1" since="#T{rank + 1}"/>' for rank in range(20_000))
    (block,) = read(
        f'<TEI><text><timeline origin="#O">{whens}</timeline><u start="#T0">oui</u></text></TEI>'.encode()
    ).blocks
    assert block.time_start is None


def test_the_tree_says_what_it_was_decoded_to() -> None:
    root, decoded = parse_xml(codecs.BOM_UTF8 + "<a>é</a>".encode())
    assert (root.text, decoded.encoding) == ("é", "utf-8-sig")
