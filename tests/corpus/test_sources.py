"""Which files a source names, in which order, under which id."""

import os
import unicodedata
from pathlib import Path

import pytest

from tensions_cli.corpus.sources import STDIN_PATH, find_files, without_extension
from tensions_cli.errors import TensionsError


@pytest.fixture
def make(tmp_path):
    """Create empty-ish files under tmp_path and return the folder."""

    def create(*names: str) -> Path:
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("Bonjour.", encoding="utf-8")
        return tmp_path

    return create


def names(found):
    return [file.name for file in found.files]


def ids(found):
    return [file.id for file in found.files]


def test_a_folder_is_read_through_in_code_point_order(make):
    folder = make("b.txt", "a/z.md", "B.txt", "é.txt", "a.txt")
    # Code points: B < a < b < é, and "." (2E) < "/" (2F).
    assert names(find_files([str(folder)])) == ["B.txt", "a.txt", "a/z.md", "b.txt", "é.txt"]


def test_the_order_of_the_sources_does_not_matter(make):
    folder = make("a.txt", "b.txt")
    one = find_files([str(folder / "b.txt"), str(folder / "a.txt")])
    assert one.files == find_files([str(folder / "a.txt"), str(folder / "b.txt")]).files
    assert names(one) == ["a.txt", "b.txt"]


def test_a_file_counts_once_however_often_it_is_reached(make):
    folder = make("a.txt", "sub/b.txt")
    (folder / "lien.txt").symlink_to(folder / "a.txt")
    sources = [str(folder), str(folder / "a.txt"), str(folder / "sub"), str(folder / "*.txt"), str(folder)]
    found = find_files(sources)
    assert len(found.files) == 2
    assert "lien.txt" not in names(found)


def test_a_loop_of_links_ends_and_real_names_win(make):
    folder = make("corpus/vrai/a.txt")
    corpus = folder / "corpus"
    (corpus / "vrai" / "boucle").symlink_to(corpus)
    (corpus / "autre").symlink_to(corpus / "vrai")
    assert names(find_files([str(corpus)])) == ["vrai/a.txt"]


def test_a_folder_keeps_its_real_name_though_a_link_comes_first(make):
    folder = make("c/vrai/x.txt", "a/y.txt")
    (folder / "a" / "lien").symlink_to(folder / "c" / "vrai")
    assert names(find_files([str(folder)])) == ["a/y.txt", "c/vrai/x.txt"]


def test_what_is_ignored_by_name_is_listed_and_has_not_failed(make):
    folder = make("bon.txt", "~$bon.docx", "bon.txt~", "#bon.txt#", "#bon.md", "vieux.bak", ".cache/x.txt", ".x.txt")
    found = find_files([str(folder)])
    assert names(found) == ["bon.txt"]
    reasons = {item.source: item.reason for item in found.skipped}
    assert reasons == {
        "~$bon.docx": "lock",
        "bon.txt~": "backup",
        "#bon.txt#": "backup",
        "#bon.md": "backup",
        "vieux.bak": "backup",
        ".cache/": "hidden",
        ".x.txt": "hidden",
    }
    assert not any(item.failed for item in found.skipped)


def test_other_formats_have_not_failed_but_unread_texts_have(make):
    folder = make("bon.txt", "photo.png", "son.mp3", "NOTICE", "a.doc", "b.epub", "c.pages", "d.eaf")
    found = find_files([str(folder)])
    failed = {item.source: item.failed for item in found.skipped}
    assert failed == {
        "photo.png": False,
        "son.mp3": False,
        "NOTICE": False,
        "a.doc": True,
        "b.epub": True,
        "c.pages": True,
        "d.eaf": True,
    }
    assert {item.reason for item in found.skipped} == {"format"}
    (advice,) = [item.detail for item in found.skipped if item.source == "a.doc"]
    assert ".docx" in advice


def test_companion_tables_are_not_texts(make):
    folder = make("a.txt", "metadata.csv", "speakers.csv", "tensions.toml", "autre.csv", "lot/tensions.toml")
    found = find_files([str(folder)])
    assert names(found) == ["a.txt", "autre.csv"]
    # Settings below the folder that was given set nothing: said, so that nobody believes they count.
    assert [(item.source, item.reason, item.failed) for item in found.skipped] == [
        ("lot/tensions.toml", "unused", False),
    ]
    assert found.folders == (folder,)


def test_a_readme_is_read_only_when_it_is_named(make):
    folder = make("README.md", "a.txt", "x/Licence.txt")
    found = find_files([str(folder)])
    assert names(found) == ["a.txt"]
    assert {(item.source, item.reason, item.failed) for item in found.skipped} == {
        ("README.md", "about", False),
        ("x/Licence.txt", "about", False),
    }
    assert names(find_files([str(folder / "README.md")])) == ["README.md"]


def test_globs_and_their_names(make):
    folder = make("x/a.txt", "x/b.docx", "y/c.txt", "y/z/d.txt")
    assert names(find_files([str(folder / "*" / "*.txt")])) == ["x/a.txt", "y/c.txt"]
    assert names(find_files([str(folder / "**" / "*.txt")])) == ["x/a.txt", "y/c.txt", "y/z/d.txt"]
    assert names(find_files([str(folder / "x" / "*")])) == ["a.txt", "b.docx"]


def test_names_with_glob_signs_are_files_first(make):
    folder = make("entretien [1].txt", "a #1 & b% : c?.txt")
    found = find_files([str(folder / "entretien [1].txt"), str(folder / "a #1 & b% : c?.txt")])
    assert ids(found) == ["a #1 & b% : c?", "entretien [1]"]


def test_the_standard_input(tmp_path):
    (file,) = find_files(["-"]).files
    assert (file.path, file.name) == (STDIN_PATH, "stdin")
    assert file.id == "stdin"


@pytest.mark.parametrize("source", ["absent.txt", "absent/*.txt", "*.txt"])
def test_a_missing_source_says_what_why_and_what_to_do(tmp_path, monkeypatch, source):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TensionsError) as caught:
        find_files([source])
    assert source in caught.value.what
    assert caught.value.why
    assert caught.value.hint
    assert caught.value.status == 2


def test_nothing_to_read_counts_the_reasons(make):
    folder = make("a.doc", "b.doc", ".c.txt")
    with pytest.raises(TensionsError) as caught:
        find_files([str(folder)])
    assert "formats non lus\u00a0: 2" in caught.value.why
    assert "fichiers cachés\u00a0: 1" in caught.value.why


def test_an_empty_folder_and_no_source_at_all(tmp_path):
    for sources in ([str(tmp_path)], []):
        with pytest.raises(TensionsError):
            find_files(sources)


def test_ids_leave_the_extension_out(make):
    folder = make("a.b.txt", "s/E01.docx", "page.pdf.html", "note.2024.md")
    assert ids(find_files([str(folder)])) == ["a.b", "note.2024", "page.pdf", "s/E01"]


def test_twins_keep_their_extension_both(make):
    folder = make("a.txt", "a.md", "b.txt")
    assert ids(find_files([str(folder)])) == ["a.md", "a.txt", "b"]


def test_same_names_in_two_sources_take_their_folder(make):
    folder = make("x/E01.txt", "y/E01.txt", "y/E02.txt")
    assert sorted(ids(find_files([str(folder / "x"), str(folder / "y")]))) == ["E02", "x/E01", "y/E01"]


def test_an_id_made_longer_never_takes_the_place_of_another(make):
    # "a.txt" is both the long name of one file and the short name of another.
    folder = make("a.txt", "a.md", "a.txt.html")
    found = find_files([str(folder)])
    assert len(set(ids(found))) == 3


def test_names_are_nfc(tmp_path):
    nfd = unicodedata.normalize("NFD", "été.txt")
    (tmp_path / nfd).write_text("x", encoding="utf-8")
    (file,) = find_files([str(tmp_path)]).files
    assert file.name == "été.txt"
    assert file.path.exists()


def test_two_forms_of_one_name_get_two_ids(tmp_path):
    for form in ("NFC", "NFD"):
        (tmp_path / unicodedata.normalize(form, "été.txt")).write_text("x", encoding="utf-8")
    if len(os.listdir(tmp_path)) == 2:  # some file systems merge them
        assert len(set(ids(find_files([str(tmp_path)])))) == 2


@pytest.mark.parametrize(
    ("name", "stem"),
    [("a.txt", "a"), ("s/a.DOCX", "s/a"), ("a.2024", "a.2024"), (".txt", ".txt"), ("s/.md", "s/.md"), ("a", "a")],
)
def test_only_extensions_of_texts_are_removed(name, stem):
    assert without_extension(name) == stem


def test_a_name_that_is_not_utf8_can_be_printed(tmp_path):
    try:
        (tmp_path / os.fsdecode(b"\xe9t\xe9.txt")).write_text("x", encoding="utf-8")
    except OSError:
        pytest.skip("this file system refuses such names")
    (file,) = find_files([str(tmp_path)]).files
    assert file.name == "\ufffdt\ufffd.txt"
    assert file.path.exists()
