"""Zip archives: read as the folder that was zipped, nothing written, bad members refused one by one."""

import io
import stat
import struct
import unicodedata
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tensions_cli.corpus import archives
from tensions_cli.corpus.archives import companion, members
from tensions_cli.corpus.sources import SourceFile, find_files
from tensions_cli.errors import UnreadableError
from tensions_cli.records import Skipped

FILE = SourceFile(Path("/corpus/terrain.zip"), "terrain.zip", "terrain")
MAX = 1 << 20


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes], method=zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return stream.getvalue()


def read(data: bytes, limit: int = MAX) -> tuple[dict[str, bytes], dict[str, Skipped]]:
    """The texts by name, then what is left out by name."""
    texts, skipped = {}, {}
    for item in members(data, FILE, limit):
        if isinstance(item, Skipped):
            skipped[item.source] = item
        else:
            texts[item[0].name] = item[1]
    return texts, skipped


def renamed(data: bytes, written: bytes, name: bytes, *, utf8: bool = False) -> bytes:
    """The same archive where the name `written` has other bytes, of the same length."""
    assert len(written) == len(name)
    data = data.replace(written, name)
    if utf8:
        return data
    # Clear the flag "name in UTF-8" of local and central headers.
    for sign, at_flag in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(sign)
        while at >= 0:
            (flags,) = struct.unpack_from("<H", data, at + at_flag)
            data = data[: at + at_flag] + struct.pack("<H", flags & ~0x800) + data[at + at_flag + 2 :]
            at = data.find(sign, at + 4)
    return data


def test_members_come_in_order_with_the_names_of_a_folder():
    data = zipped(("b.txt", b"Deux."), ("lot/a.docx", b"Un."), ("B.md", b"Trois."), ("lot/", b""))
    found = [item[0] for item in members(data, FILE, MAX)]
    assert [(file.name, file.id) for file in found] == [
        ("terrain.zip/B.md", "terrain/B"),
        ("terrain.zip/b.txt", "terrain/b"),
        ("terrain.zip/lot/a.docx", "terrain/lot/a"),
    ]
    assert read(data)[0]["terrain.zip/lot/a.docx"] == b"Un."


def test_two_files_that_differ_by_extension_keep_it_in_their_id():
    data = zipped(("a.txt", b"Un."), ("a.md", b"Deux."), ("b.txt", b"Trois."))
    ids = [item[0].id for item in members(data, FILE, MAX)]
    assert ids == ["terrain/a.md", "terrain/a.txt", "terrain/b"]


NAMES = [
    "bon.txt", "~$bon.docx", "bon.txt~", "#bon.txt#", ".cache/x.txt", ".x.txt", "__MACOSX/._bon.txt", "Thumbs.db",
    "README.md", "lot/licence.txt", "photo.jpg", "ancien.doc", "lot/metadata.csv", "lot/speakers.csv", "lot/autre.md",
]  # fmt: skip


def test_names_rule_as_they_do_in_a_folder(tmp_path):
    for name in NAMES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"Bonjour.")
    in_folder = find_files([str(tmp_path)])
    texts, skipped = read(zipped(*((name, b"Bonjour.") for name in NAMES)))
    assert list(texts) == [f"terrain.zip/{file.name}" for file in in_folder.files]
    assert [(item.source, item.reason, item.detail, item.failed) for item in skipped.values()] == [
        (f"terrain.zip/{item.source}", item.reason, item.detail, item.failed) for item in in_folder.skipped
    ]


@pytest.mark.parametrize(
    "name",
    ["../x.txt", "a/../../x.txt", "/etc/x.txt", "C:\\x.txt", "C:/x.txt", "a\\b.txt", "..", "x" * 300 + ".txt"],
)
def test_names_that_reach_out_are_refused_and_told(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    texts, skipped = read(zipped((name, b"Dehors."), ("bon.txt", b"Dedans.")))
    assert texts == {"terrain.zip/bon.txt": b"Dedans."}
    ((told, item),) = skipped.items()
    assert (item.reason, item.failed) == ("unsafe", True)
    assert told.removeprefix("terrain.zip/").rstrip("…") in name
    assert list(tmp_path.iterdir()) == []


def test_control_characters_of_a_refused_name_are_not_told():
    _, skipped = read(zipped(("../\x1b[31mx\u202e.txt", b"x")))
    (name,) = skipped
    assert name.isprintable() or set(name) - set("\ufffd")
    assert not {"\x1b", "\u202e"} & set(name)


def test_a_nul_does_not_hide_the_end_of_a_name():
    data = renamed(zipped(("notesX.exe.txt", b"x")), b"notesX.exe.txt", b"notes\x00.exe.txt")
    texts, skipped = read(data)
    assert not texts
    assert [item.reason for item in skipped.values()] == ["unsafe"]


def test_a_dot_folder_in_front_changes_nothing():
    assert list(read(zipped(("./lot//a.txt", b"Un.")))[0]) == ["terrain.zip/lot/a.txt"]


def test_links_are_refused():
    link = zipfile.ZipInfo("lien.txt")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    texts, skipped = read(zipped((link, b"/etc/passwd"), ("bon.txt", b"Dedans.")))
    assert list(texts) == ["terrain.zip/bon.txt"]
    assert skipped["terrain.zip/lien.txt"].reason == "unsafe"


def test_an_archive_in_an_archive_is_refused_under_any_name():
    inner = zipped(("a.txt", b"Un."))
    other = zipped(("mimetype", b"application/x"), ("a.txt", b"Un."))
    files = [("lot.zip", inner), ("lot.txt", inner), ("lot.docx", other), ("bon.txt", b"Dedans.")]
    texts, skipped = read(zipped(*files))
    assert len(skipped) == 3
    assert list(texts) == ["terrain.zip/bon.txt"]
    assert {item.reason for item in skipped.values()} == {"format"}
    assert all("décompressez-la" in item.detail for item in skipped.values())


def test_word_files_and_workbooks_are_no_archives():
    word, book = zipped(("word/document.xml", b"<x/>")), zipped(("xl/workbook.xml", b"<x/>"))
    odt = zipped(("mimetype", b"application/vnd.oasis.opendocument.text"))
    texts, skipped = read(zipped(("a.docx", word), ("b.csv", book), ("c.txt", odt)))
    assert (len(texts), skipped) == (3, {})


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name():
    items = list(members(zipped(("a.txt", b"Ancien."), ("a.txt", b"Nouveau.")), FILE, MAX))
    assert [item[1] for item in items if not isinstance(item, Skipped)] == [b"Nouveau."]
    assert ["deux fichiers" in item.detail for item in items if isinstance(item, Skipped)] == [True]


def test_names_in_nfd_are_told_in_nfc():
    name = unicodedata.normalize("NFD", "synthèse été.txt")
    assert list(read(zipped((name, b"Un.")))[0]) == ["terrain.zip/synthèse été.txt"]


@pytest.mark.parametrize("page", ["cp437", "cp850", "cp1252", "utf-8"])
@pytest.mark.parametrize(
    "name", ["été à l’hôpital.txt", "Fête de l'être.txt", "Équipe « nuit ».txt", "où ça, Noël.txt"]
)
def test_names_in_the_code_page_of_another_age(page, name):
    try:
        raw = name.encode(page)
    except UnicodeEncodeError:
        pytest.skip("this page has no such character")
    placeholder = b"n" * (len(raw) - 4) + b".txt"
    data = renamed(zipped((placeholder.decode(), b"Un.")), placeholder, raw)
    assert list(read(data)[0]) == [f"terrain.zip/{name}"]


# --- hostile archives --------------------------------------------------------------------------------


def refused(data: bytes) -> str:
    with pytest.raises(UnreadableError) as caught:
        list(members(data, FILE, MAX))
    return caught.value.reason


def test_a_bomb_is_refused():
    assert refused(zipped(("a.txt", b"\0" * 40_000_000))) == "too_large"


def test_many_texts_that_swell_together_are_refused(monkeypatch):
    monkeypatch.setattr(archives, "MAX_UNCOMPRESSED", 5_000)
    assert refused(zipped(*((f"{n}.txt", bytes(range(250))) for n in range(21)))) == "too_large"
    assert len(read(zipped(*((f"{n}.txt", bytes(range(250))) for n in range(20))))[0]) == 20


def test_recordings_beside_the_texts_do_not_count(monkeypatch):
    monkeypatch.setattr(archives, "MAX_UNCOMPRESSED", 5_000)
    texts, _ = read(zipped(("a.txt", b"Un."), ("entretien.mp3", b"\1" * 50_000)))
    assert list(texts) == ["terrain.zip/a.txt"]


def test_a_member_beyond_the_limit_is_refused_alone():
    texts, skipped = read(zipped(("a.txt", b"Un."), ("gros.txt", b"m" * 2_001)), limit=2_000)
    assert list(texts) == ["terrain.zip/a.txt"]
    assert skipped["terrain.zip/gros.txt"].reason == "too_large"


def test_a_member_that_lies_about_its_size_is_refused_alone():
    data = zipped(("a.txt", b"m" * 50_000), ("b.txt", b"Un."))
    lying = data.replace(struct.pack("<I", 50_000), struct.pack("<I", 10))
    texts, skipped = read(lying)
    assert list(texts) == ["terrain.zip/b.txt"]
    assert skipped["terrain.zip/a.txt"].reason == "corrupt"


def test_too_many_members_are_refused(monkeypatch):
    monkeypatch.setattr(archives, "MAX_MEMBERS", 10)
    assert refused(zipped(*((f"{n}.txt", b"x") for n in range(11)))) == "too_large"
    monkeypatch.setattr(archives, "_MAX_HEADERS", 10)
    monkeypatch.setattr(zipfile, "ZipFile", None)  # refused before the list is read
    assert refused(b"PK\x01\x02" * 11) == "too_large"


def test_a_protected_member_is_told():
    data = zipped(("a.txt", b"Un."), ("b.txt", b"Deux."))
    at = data.rfind(b"PK\x01\x02")  # the central header of b.txt
    texts, skipped = read(data[: at + 8] + struct.pack("<H", 1) + data[at + 10 :])
    assert list(texts) == ["terrain.zip/a.txt"]
    assert skipped["terrain.zip/b.txt"].reason == "encrypted"


def test_a_damaged_member_is_told():
    data = zipped(("a.txt", b"Un."), ("b.txt", b"Deux."), method=zipfile.ZIP_STORED)
    texts, skipped = read(data.replace(b"Deux.", b"Deyx."))
    assert list(texts) == ["terrain.zip/a.txt"]
    assert skipped["terrain.zip/b.txt"].reason == "corrupt"


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_unusual_compressions_are_refused(method):
    _, skipped = read(zipped(("a.txt", b"Un."), method=method))
    assert skipped["terrain.zip/a.txt"].reason == "corrupt"


def test_an_empty_archive_is_told():
    assert refused(zipped()) == "empty"


# --- metadata ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["", "dossier/"])
def test_the_table_at_the_top_or_in_the_only_folder_describes_the_texts(place):
    data = zipped((f"{place}a.txt", b"Un."), (f"{place}metadata.csv", b"id;lieu\n"), ("__MACOSX/._a.txt", b"x"))
    assert companion(data, "metadata.csv") == b"id;lieu\n"
    assert companion(data, "speakers.csv") is None
    assert not any("metadata" in name for name in read(data)[0])


def test_a_table_deeper_down_does_not():
    data = zipped(("a.txt", b"Un."), ("lot/metadata.csv", b"id;lieu\n"))
    assert companion(data, "metadata.csv") is None


# --- properties --------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.text(st.sampled_from("ab/.\\:~é\u0301"), min_size=1, max_size=12), st.binary(max_size=20)))
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_every_member_is_read_or_told_and_none_reaches_out(entries):
    files = [(f"{name}.txt", content) for name, content in entries]
    if not files:
        return
    items = list(members(zipped(*files), FILE, MAX))
    texts = [item for item in items if not isinstance(item, Skipped)]
    ignored_folders = [item for item in items if isinstance(item, Skipped) and item.source.endswith("/")]
    assert len(items) == len(files) or ignored_folders
    assert len({file.id for file, _ in texts}) == len(texts)
    for file, content in texts:
        assert ".." not in file.name.split("/")
        assert file.name.startswith("terrain.zip/")
        assert content in [data for _, data in files]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=20))
def test_a_damaged_archive_is_read_or_refused(changes):
    whole = bytearray(zipped(("a.txt", b"Un."), ("lot/b.txt", b"Deux." * 30)))
    for at, value in changes:
        whole[at % len(whole)] = value
    try:
        list(members(bytes(whole), FILE, MAX))
    except UnreadableError:
        return
