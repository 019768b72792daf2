"""Bytes to canonical text: order of attempts, line ends, false declarations, damage already there."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tensions_cli.errors import UnreadableError
from tensions_cli.files.encoding import decode

# The trap sentence: an apostrophe, guillemets and œ live in 0x80-0x9F of cp1252.
SENTENCE = "L’œuvre «\u00a0d’été\u00a0» coûte 3\u00a0€…"


@pytest.mark.parametrize(
    ("data", "declared", "encoding"),
    [
        (SENTENCE.encode("utf-8"), None, "utf-8"),
        (SENTENCE.encode("utf-8"), "utf-8", "utf-8"),
        (SENTENCE.encode("utf-8"), "iso-8859-1", "utf-8"),
        (codecs.BOM_UTF8 + SENTENCE.encode("utf-8"), None, "utf-8-sig"),
        (codecs.BOM_UTF8 + SENTENCE.encode("utf-8"), "iso-8859-1", "utf-8-sig"),
        (codecs.BOM_UTF16_LE + SENTENCE.encode("utf-16-le"), None, "utf-16-le"),
        (codecs.BOM_UTF16_BE + SENTENCE.encode("utf-16-be"), None, "utf-16-be"),
        (SENTENCE.encode("cp1252"), None, "cp1252"),
        (SENTENCE.encode("cp1252"), "iso-8859-1", "cp1252"),
        (SENTENCE.encode("cp1252"), "latin1", "cp1252"),
        (SENTENCE.encode("cp1252"), "utf-8", "cp1252"),
        (SENTENCE.encode("cp1252"), "x-inconnu", "cp1252"),
        (SENTENCE.encode("cp1252"), "unicode_escape", "cp1252"),
    ],
)
def test_the_same_text_comes_out_whatever_the_bytes_and_the_declaration(data, declared, encoding):
    decoded = decode(data, declared)
    assert decoded.text == SENTENCE
    assert decoded.encoding == encoding


def test_a_true_declaration_of_another_charset_is_obeyed():
    # 0xA4 is the euro sign in ISO-8859-15 and ¤ in cp1252; 0xBD is œ there and ½ here.
    assert decode(b"un c\xbdur \xe0 deux \xa4", "iso-8859-15").text == "un cœur à deux €"
    assert decode(b"d\x8ej\x88", "macintosh").text == "déjà"


@pytest.mark.parametrize(
    ("data", "declared", "said"),
    [
        ("été".encode(), "ISO-8859-1", True),
        (b"simple", "ISO-8859-1", False),
        ("été".encode("cp1252"), "utf-8", True),
        ("été".encode("cp1252"), "ISO-8859-1", False),
        ("été".encode("cp1252"), None, False),
        ("été".encode(), None, False),
    ],
)
def test_a_false_declaration_is_told(data, declared, said):
    assert any("déclaré" in notice for notice in decode(data, declared).notices) is said


def test_the_five_undefined_bytes_are_replaced_and_counted():
    decoded = decode(b"a\x81b\x8dc\x8fd\x90e\x9df\xe9")
    assert decoded.text == "a\ufffdb\ufffdc\ufffdd\ufffde\ufffdfé"
    assert any("5" in notice and "U+FFFD" in notice for notice in decoded.notices)


@pytest.mark.parametrize(
    "data", [b"a\x00b", "été".encode("utf-16-le"), codecs.BOM_UTF32_LE + "été".encode("utf-32-le")]
)
def test_nul_bytes_without_a_utf16_mark_are_no_text(data):
    with pytest.raises(UnreadableError) as caught:
        decode(data)
    assert caught.value.reason == "binary"


def test_line_ends_become_lf_and_nothing_else_moves():
    # NFD accent, NBSP, NNBSP, soft hyphen, U+2028, U+0085, form feed, zero-width space, ligature.
    kept = "e\u0301\u00a0\u202f\u00ad\u2028\u0085\x0c\u200bﬁ  ’'  "
    assert decode(f"un\r\ndeux\rtrois\n{kept}".encode()).text == f"un\ndeux\ntrois\n{kept}"


def test_line_ends_of_the_three_systems_give_the_same_text():
    lines = ["Bonjour.", "", "On coche."]
    texts = {decode(end.join(lines).encode()).text for end in ("\n", "\r\n", "\r")}
    assert texts == {"Bonjour.\n\nOn coche."}


def test_mojibake_is_told_with_its_rate_and_left_alone():
    text = "l'Ã©quipe a dÃ©cidÃ© quâ€™on" + "." * 72
    decoded = decode(text.encode())
    assert decoded.text == text
    (notice,) = decoded.notices
    assert "4 fois" in notice
    assert "40,0 pour 1\u00a0000" in notice  # 4 in 100 characters
    assert "--repair" in notice


@pytest.mark.parametrize("text", ["Âge, Île, ÉTÉ, Ãndrea", "25 € l’heure à Â", SENTENCE])
def test_ordinary_accents_are_no_mojibake(text):
    assert decode(text.encode()).notices == ()


def test_a_bom_with_a_damaged_body_is_read_and_counted():
    decoded = decode(codecs.BOM_UTF8 + b"caf\xe9 noir")
    assert decoded.text == "caf\ufffd noir"
    assert any("1" in notice for notice in decoded.notices)


def test_nothing_gives_nothing():
    assert decode(b"").text == ""


@given(st.text(alphabet=st.characters(exclude_characters="\r\x00\ufeff", exclude_categories=("Cs",))))
def test_utf8_text_with_lf_comes_back_unchanged(text):
    assert decode(text.encode()).text == text


@given(st.binary(), st.sampled_from([None, "utf-8", "iso-8859-1", "cp1250", "rot13", "hex", "", "\x00"]))
def test_any_bytes_are_text_or_refused(data, declared):
    try:
        text = decode(data, declared).text
    except UnreadableError:
        assert b"\x00" in data
    else:
        assert "\r" not in text
        assert "\x00" not in text
