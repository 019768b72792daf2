"""The metadata table and its join with documents."""

import unicodedata

import pytest

from tensions_cli.corpus.metadata import find_metadata, join, load_metadata
from tensions_cli.corpus.read import read
from tensions_cli.corpus.sources import find_files
from tensions_cli.errors import TensionsError
from tensions_cli.records import Document


@pytest.fixture
def table(tmp_path):
    """Write a metadata.csv and load it."""

    def load(content: str | bytes, folder: str = "."):
        path = tmp_path / folder / "metadata.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return load_metadata(path)

    return load


def document(name: str, **values: str) -> Document:
    """A document as `read` gives it: source and id from its file name."""
    return Document(name.rpartition(".")[0], name, "txt", "Oui.", (), metadata=values)


def by_id(joined):
    return {one.id: dict(one.metadata) for one in joined.documents}


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_every_usual_table_is_read_as_text(table, separator, encoding):
    content = "\n".join(
        separator.join(row) for row in [["id", "métier", "code", "part"], ["E01", " éducatrice ", "007", '"0,5"']]
    )
    joined = join([document("E01.txt")], [table(content.encode(encoding))])
    assert by_id(joined) == {"E01": {"métier": "éducatrice", "code": "007", "part": "0,5"}}
    assert joined.notices == ()


def test_the_report_counts_and_names(table):
    metadata = table("id;lieu\nE01;IME\nE01;CHRS\nE03;CHU\nE04;SAMU\n")
    joined = join([document("E01.txt"), document("E02.txt"), document("E03.txt")], [metadata])
    assert by_id(joined) == {"E01": {"lieu": "IME"}, "E02": {}, "E03": {"lieu": "CHU"}}
    without_row, without_text, repeated = joined.notices
    assert "sans ligne" in without_row
    assert "1 (E02)" in without_row
    assert "sans texte" in without_text
    assert "1 (E04)" in without_text
    assert "répétées" in repeated
    assert "1 (E01)" in repeated


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("E01", "E01.docx"),
        ("E01.docx", "E01.docx"),
        (" E01\u00a0", "E01.docx"),
        ("sous/E01", "sous/E01.docx"),
        ("E01", "sous/E01.docx"),
        ("./sous/E01.docx", "E01.docx"),
        ("sous\\E01.docx", "sous/E01.docx"),
        (unicodedata.normalize("NFD", "été"), "été.md"),
    ],
)
def test_names_that_match(table, cell, name):
    joined = join([document(name)], [table(f"file;lieu\n{cell};IME\n")])
    assert joined.documents[0].metadata == {"lieu": "IME"}
    assert joined.notices == ()


@pytest.mark.parametrize(("cell", "name"), [("e01", "E01.docx"), ("a/E01", "b/E01.docx"), ("E0", "E01.docx")])
def test_names_that_do_not_match(table, cell, name):
    joined = join([document(name)], [table(f"file;lieu\n{cell};IME\n")])
    assert joined.documents[0].metadata == {}
    assert len(joined.notices) == 2


def test_the_id_column_beside_file_names_the_document(table):
    metadata = table("file;id;lieu\nentretien 1.docx;E01;IME\nentretien 2.docx;;CHU\n")
    joined = join([document("entretien 1.docx"), document("entretien 2.docx")], [metadata])
    assert by_id(joined) == {"E01": {"lieu": "IME"}, "entretien 2": {"lieu": "CHU"}}


def test_an_id_shortens_the_path(table):
    assert by_id(join([document("sous/E01.docx")], [table("id;lieu\nE01;IME\n")])) == {"E01": {"lieu": "IME"}}


@pytest.mark.parametrize(
    "content", ["file;id\na.txt;E01\nb.txt;E01\n", "file;id\na.txt;b\n", "file;id\na.txt;E01\nb.txt; E01 \n"]
)
def test_two_documents_never_share_an_id(table, content):
    with pytest.raises(TensionsError) as caught:
        join([document("a.txt"), document("b.txt")], [table(content)])
    assert "a.txt, b.txt" in caught.value.why


def test_twins_can_be_told_apart_by_their_extension(table):
    twins = [Document(f"E01.{end}", f"E01.{end}", end, "Oui.", ()) for end in ("md", "txt")]
    joined = join(twins, [table("file;id;lieu\nE01.txt;b;CHU\nE01.md;a;IME\n")])
    assert by_id(joined) == {"a": {"lieu": "IME"}, "b": {"lieu": "CHU"}}


def test_one_row_for_twins_describes_both_and_is_told(table):
    twins = [Document(f"E01.{end}", f"E01.{end}", end, "Oui.", ()) for end in ("md", "txt")]
    joined = join(twins, [table("id;lieu\nE01;IME\n")])
    assert by_id(joined) == {"E01.md": {"lieu": "IME"}, "E01.txt": {"lieu": "IME"}}
    assert any("plusieurs" in notice for notice in joined.notices)


def test_one_row_describes_all_the_texts_of_a_file(table):
    texts = [Document(f"corpus#{i}", "corpus.txt", "iramuteq", "Oui.", ()) for i in (1, 2)]
    joined = join(texts, [table("id;lieu\ncorpus;IME\n")])
    assert by_id(joined) == {"corpus#1": {"lieu": "IME"}, "corpus#2": {"lieu": "IME"}}


def test_the_table_wins_over_the_file_but_an_empty_cell_does_not(table):
    metadata = table("id;lieu;annee\nE01;IME;\n")
    joined = join([document("E01.txt", lieu="CHU", annee="2024")], [metadata])
    assert by_id(joined) == {"E01": {"lieu": "IME", "annee": "2024"}}


def test_tables_of_two_folders_describe_their_own_texts(table):
    tables = [table("id;lieu\nE01;IME\n", "a"), table("id;lieu\nE01;CHU\n", "b")]
    texts = [Document(f"{folder}/E01", "E01.txt", "txt", "Oui.", ()) for folder in "ab"]
    assert [one.metadata["lieu"] for one in join(texts, tables).documents] == ["IME", "CHU"]


def test_without_a_naming_column_the_first_one_names(table):
    joined = join([document("E01.txt")], [table("entretien;lieu\nE01;IME\n")])
    assert by_id(joined) == {"E01": {"lieu": "IME"}}
    assert any("première colonne" in notice for notice in joined.notices)


def test_rows_with_too_many_cells_are_told(table):
    joined = join([document("E01.txt")], [table("id,lieu\nE01,IME, bis\n")])
    assert any("mal formées" in notice for notice in joined.notices)


@pytest.mark.parametrize("content", ["", b"a\x00b"])
def test_a_table_that_cannot_be_read(table, content):
    with pytest.raises(TensionsError) as caught:
        table(content)
    assert "metadata.csv" in caught.value.what


def test_no_table_no_report():
    texts = [document("E01.txt")]
    joined = join(texts, [])
    assert (list(joined.documents), joined.notices) == (texts, ())


def test_long_lists_are_cut(table):
    joined = join([document(f"E{i:02}.txt") for i in range(25)], [table("id;lieu\nX;IME\n")])
    (without_row, _) = joined.notices
    assert "\u00a0: 25 (" in without_row
    assert without_row.endswith("et 5 autres)")


def test_from_a_folder_of_many_formats(tmp_path):
    """One folder with five formats and a table that names four of the files (trap 33)."""
    (tmp_path / "a.txt").write_text("Oui.", encoding="utf-8")
    (tmp_path / "b.md").write_text("---\nlieu: ancien\n---\nNon.", encoding="utf-8")
    (tmp_path / "c.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:02.000\nBien.", encoding="utf-8")
    (tmp_path / "d.html").write_text("<p>Enfin.</p>", encoding="utf-8")
    (tmp_path / "e.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nBon.", encoding="utf-8")
    (tmp_path / "metadata.csv").write_text("id;lieu\nd;IME\nc;IME\nb;CHU\na;CHU\n", encoding="utf-8")
    found = find_files([str(tmp_path)])
    tables = [load_metadata(path) for path in find_metadata(found)]
    joined = join([result for result in read(found) if isinstance(result, Document)], tables)
    assert [(one.id, one.metadata.get("lieu")) for one in joined.documents] == [
        ("a", "CHU"),
        ("b", "CHU"),
        ("c", "IME"),
        ("d", "IME"),
        ("e", None),
    ]
    assert len(joined.notices) == 1
