"""Bytes to canonical text: order of attempts, line ends, false declarations, damage already there."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tensions_cli.errors import UnreadableError
from tensions_cli.files.encoding import decode, with_lines

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


# --- the bytes of a file with some lines replaced or dropped ------------------------------------------------

# Encoding as Python writes it, and the mark that the file begins with.
WRITINGS = [
    ("utf-8", b""),
    ("utf-8", codecs.BOM_UTF8),
    ("cp1252", b""),
    ("utf-16-le", codecs.BOM_UTF16_LE),
    ("utf-16-be", codecs.BOM_UTF16_BE),
]
ENDS = [("\n",), ("\r\n",), ("\r",), ("\r\n", "\n"), ("\r", "\r\n")]


@pytest.mark.parametrize(("encoding", "mark"), WRITINGS)
@pytest.mark.parametrize("ends", ENDS)
def test_only_the_lines_that_change_change(encoding, mark, ends):
    lines = ["un — « été »", "deux œufs", "", "trois €", "quatre"]
    ended = [line + ends[i % len(ends)] for i, line in enumerate(lines[:-1])] + lines[-1:]
    data = mark + "".join(ended).encode(encoding)
    assert with_lines(data, {}) == data
    dropped = mark + "".join([ended[0], *ended[2:]]).encode(encoding)
    assert with_lines(data, {1: None}) == dropped
    end = ended[1][len(lines[1]) :]
    replaced = mark + "".join([ended[0], f"à côté{end}", *ended[2:-1]]).encode(encoding)
    assert with_lines(data, {1: "à côté", 4: None}) == replaced


def test_a_last_line_without_end_is_a_line_and_what_follows_the_last_end_is_none():
    assert with_lines(b"un\ndeux", {1: None}) == b"un\n"
    assert with_lines(b"un\ndeux", {1: "trois"}) == b"un\ntrois"
    assert with_lines(b"un\ndeux\n", {2: "rien"}) == b"un\ndeux\n"
    assert with_lines(b"", {0: "rien"}) == b""


def test_letters_whose_bytes_hold_a_line_end_are_no_line_ends():
    # U+0A0D and U+0D0A: their two bytes are those of CR and LF.
    data = codecs.BOM_UTF16_LE + "\u0a0dun\u0d0a\ndeux".encode("utf-16-le")
    assert with_lines(data, {1: None}) == codecs.BOM_UTF16_LE + "\u0a0dun\u0d0a\n".encode("utf-16-le")


def test_damage_stays_as_it_is_in_the_other_lines():
    assert with_lines(b"a\x81b\r\nun\r\n\xe9\x9d", {1: None}) == b"a\x81b\r\n\xe9\x9d"
    broken = codecs.BOM_UTF8 + b"caf\xe9\nun\nnoir\xff"
    assert with_lines(broken, {1: None}) == codecs.BOM_UTF8 + b"caf\xe9\nnoir\xff"
    lone = codecs.BOM_UTF16_LE + b"\x3d\xd8\n\x00u\x00\n\x00n\x00\x6e"  # half of a pair, then half a character
    assert with_lines(lone, {1: None}) == codecs.BOM_UTF16_LE + b"\x3d\xd8\n\x00n\x00\x6e"


def test_what_the_encoding_lacks_is_refused_and_what_is_no_text_too():
    with pytest.raises(UnicodeEncodeError):
        with_lines("été".encode("cp1252"), {0: "→"})
    with pytest.raises(UnreadableError):
        with_lines(b"a\x00b", {0: None})


@given(st.binary(max_size=60), st.sampled_from([b"", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE]))
def test_changing_nothing_gives_the_same_bytes(body, mark):
    try:
        assert with_lines(mark + body, {}) == mark + body
    except UnreadableError:
        assert b"\x00" in body


@given(
    st.lists(st.text(alphabet="aé€ \u2028\x0c\x85", max_size=4), min_size=1, max_size=6),
    st.sampled_from(WRITINGS),
    st.sampled_from([("\n",), ("\r\n",), ("\r",), ("\r\n", "\n"), ("\r", "\r\n")]),
    st.booleans(),
    st.data(),
)
def test_dropping_a_line_is_dropping_it_in_the_text(lines, writing, ends, ended, data):
    encoding, mark = writing
    text = "".join(line + ends[i % len(ends)] for i, line in enumerate(lines[:-1]))
    text += lines[-1] + (ends[0] if ended else "")
    try:
        content = mark + text.encode(encoding)
    except UnicodeEncodeError:
        return  # cp1252 has no line separator
    before = _canonical(text).split("\n")
    k = data.draw(st.integers(0, len(before) - 1))
    after = _canonical(with_lines(content, {k: None})[len(mark) :].decode(encoding))
    kept = [f"{line}\n" for line in before[:-1]] + before[-1:]
    assert after == "".join(kept[:k] + kept[k + 1 :])


def _canonical(text):
    return text.replace("\r\n", "\n").replace("\r", "\n")
