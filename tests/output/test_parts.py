"""Parquet in parts: one table for its readers, whole or told apart, a part at a time in memory."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tagged_documents import BY, two_documents

from tensions_cli.cli import run
from tensions_cli.errors import TensionsError
from tensions_cli.output import parquet
from tensions_cli.output.parquet import metadata_of, write_parquet, write_parquet_parts
from tensions_cli.output.parts import names_folder, parts_output
from tensions_cli.records import TaggedDocument

pq = pytest.importorskip("pyarrow.parquet")
dataset = pytest.importorskip("pyarrow.dataset")
fsspec = pytest.importorskip("fsspec")
DEMO = Path(__file__).parents[2] / "corpora" / "demo"


@pytest.fixture(autouse=True)
def _empty_memory() -> Iterator[None]:
    yield
    system = fsspec.filesystem("memory")
    if system.find("/"):
        system.rm("/", recursive=True)


def written(most: int) -> dict[str, bytes]:
    files: dict[str, bytes] = {}

    @contextmanager
    def open_part(name: str) -> Iterator[io.BytesIO]:
        stream = io.BytesIO()
        yield stream
        files[name] = stream.getvalue()

    documents = two_documents()
    names = metadata_of(one.document for one in documents)
    assert write_parquet_parts(documents, names, BY, open_part, most) == len(files) - 1
    return files


def test_documents_stay_whole_and_every_part_has_every_column() -> None:
    files = written(most=1)  # two documents of two passages
    assert list(files) == ["part-00000.parquet", "part-00001.parquet", "_SUCCESS"]
    assert list(written(most=3)) == ["part-00000.parquet", "_SUCCESS"]
    tables = [pq.read_table(io.BytesIO(files[name])) for name in list(files)[:2]]
    assert tables[0].schema == tables[1].schema
    assert [table.num_rows for table in tables] == [2, 2]
    whole = io.BytesIO()
    write_parquet(two_documents(), BY, whole)
    rows = pq.read_table(io.BytesIO(whole.getvalue())).to_pylist()
    assert [row for table in tables for row in table.to_pylist()] == rows
    told = pq.ParquetFile(io.BytesIO(files["part-00001.parquet"])).metadata.metadata[b"tensions"]
    assert set(json.loads(told)["texts"]) == {"note"}  # the texts of this part
    assert written(most=1) == files


def test_an_empty_corpus_has_one_part_with_the_columns() -> None:
    names: list[str] = []

    @contextmanager
    def open_part(name: str) -> Iterator[io.BytesIO]:
        names.append(name)
        yield io.BytesIO()

    assert write_parquet_parts([], [], BY, open_part) == 1
    assert names == ["part-00000.parquet", "_SUCCESS"]


def test_texts_are_held_one_part_at_a_time() -> None:
    """The third document is asked for only once the first part, of one document, is written."""
    events: list[str] = []

    def documents() -> Iterator[TaggedDocument]:
        for one in two_documents():
            events.append("read")
            yield one

    @contextmanager
    def open_part(name: str) -> Iterator[io.BytesIO]:
        events.append(name[:6])
        yield io.BytesIO()

    write_parquet_parts(documents(), ["code", "structure"], BY, open_part, 1)
    assert events == ["read", "part-0", "read", "part-0", "_SUCCE"]


def test_what_names_a_folder(tmp_path: Path) -> None:
    assert names_folder("passages/")
    assert names_folder(str(tmp_path))
    assert names_folder("s3://dépôt/passages")
    assert not names_folder("passages.parquet")


def test_a_folder_and_an_address_hold_what_one_file_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "PART", 150)
    monkeypatch.setattr(write_parquet_parts, "__defaults__", (150,))
    one, several, there = str(tmp_path / "un.parquet"), str(tmp_path / "parties"), "memory://bucket/parties"
    for place in (one, f"{several}/", there):
        assert run(["tag", str(DEMO), "-f", "parquet", "-o", place, "-q"]) == 0
    assert capsys.readouterr().err == ""
    files = sorted(path.name for path in Path(several).iterdir())
    assert files[0] == "_SUCCESS"
    assert files[1:] == [f"part-{rank:05}.parquet" for rank in range(len(files) - 1)]
    assert len(files) > 2
    assert {path.stat().st_mode & 0o777 for path in Path(several).iterdir()} == {0o600}
    system = fsspec.filesystem("memory")
    assert {Path(name).name: system.cat_file(name) for name in system.find("/bucket/parties")} == {
        name: (Path(several) / name).read_bytes() for name in files
    }
    rows = pq.read_table(one).to_pylist()
    assert dataset.dataset(several).to_table().to_pylist() == rows
    assert pytest.importorskip("pandas").read_parquet(several)["id"].tolist() == [row["id"] for row in rows]


def test_an_address_where_something_lies_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    fsspec.filesystem("memory").pipe_file("/bucket/parties/autre", b"x")
    assert run(["tag", str(DEMO), "-f", "parquet", "-o", "memory://bucket/parties", "-q"]) == 2
    assert "existe déjà" in capsys.readouterr().err
    assert fsspec.filesystem("memory").find("/bucket") == ["/bucket/parties/autre"]


@pytest.mark.parametrize("place", ["{folder}/parties/", "memory://bucket/parties"])
def test_a_run_that_fails_leaves_nothing(place: str, tmp_path: Path) -> None:
    def fail() -> None:
        with parts_output(place.format(folder=tmp_path)) as open_part:
            with open_part("part-00000.parquet") as stream:
                stream.write(b"x" * 1000)
            with open_part("part-00001.parquet") as stream:
                stream.write(b"y")
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(tmp_path.iterdir()) == []
    assert fsspec.filesystem("memory").find("/bucket") == []


def test_a_text_that_changes_in_the_middle_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tensions_cli.pipeline import Options, documents_again, load_tagged

    text = tmp_path / "e.txt"
    text.write_text("On coche des cases, on n’a plus le temps d’écouter les résidents.", encoding="utf-8")
    batch = load_tagged([str(text)], Options(), texts=False)
    assert [one.passages[0].passage.text for one in documents_again(batch)] == [text.read_text(encoding="utf-8")]
    text.write_text("Autre chose a été dit ici depuis, et ce texte n’est plus le même du tout.", encoding="utf-8")
    with pytest.raises(TensionsError, match="a changé pendant le travail"):
        list(documents_again(batch))


def test_only_parquet_goes_to_an_address(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tag", str(DEMO), "-f", "csv", "-o", "memory://bucket/x.csv"]) == 2
    assert "ne s’écrit pas à une adresse" in capsys.readouterr().err
