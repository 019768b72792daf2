"""Results of ours among the texts: known by what they hold, never read as texts, never dropped without a word."""

import io
import zipfile
from pathlib import Path

import pytest

from tensions_cli.corpus.read import ReadOptions, read
from tensions_cli.corpus.sources import find_files, is_result
from tensions_cli.records import Document, Skipped

SUMMARY = '{\n "schema": "tensions-summary/1",\n "groups": []\n}\n'
TRANSCRIPT = '{"segments": [{"start": 0, "end": 2, "text": "On se relaie, on se raconte les nuits."}]}'


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    (tmp_path / "note.txt").write_text("On se relaie, on se raconte les nuits.", encoding="utf-8")
    return tmp_path


def read_all(corpus: Path, options: ReadOptions | None = None) -> tuple[list[str], list[tuple[str, str, bool]]]:
    """Sources read, then source, reason and failure of what was not."""
    found = find_files([str(corpus)])
    results = list(read(found, options))
    skipped = [*found.skipped, *(one for one in results if isinstance(one, Skipped))]
    return (
        [one.source for one in results if isinstance(one, Document)],
        [(one.source, one.reason, one.failed) for one in skipped],
    )


@pytest.mark.parametrize("content", [SUMMARY, "", f"\ufeff{SUMMARY}", '{"schema": "tensions-summary/2"}'])
def test_statistics_are_neither_read_nor_listed(corpus: Path, content: str) -> None:
    (corpus / "statistics.json").write_text(content, encoding="utf-8")
    (corpus / "revue").mkdir()
    (corpus / "revue" / "statistics.json").write_text(content, encoding="utf-8")
    assert read_all(corpus) == (["note.txt"], [])


def test_a_text_of_that_name_is_read(corpus: Path) -> None:
    (corpus / "statistics.json").write_text(TRANSCRIPT, encoding="utf-8")
    assert read_all(corpus) == (["note.txt", "statistics.json"], [])


@pytest.mark.parametrize("unit", ["passage", "record"])
@pytest.mark.parametrize(
    "schema", ["tensions-summary/1", "tensions-comparison/1", "tensions-diff/1", "tensions-corpus/1"]
)
def test_another_result_is_listed(tmp_path: Path, schema: str, unit: str) -> None:
    (tmp_path / "note.jsonl").write_text('{"text": "On se relaie, on se raconte les nuits."}\n', encoding="utf-8")
    (tmp_path / "avant.json").write_text(SUMMARY.replace("tensions-summary/1", schema), encoding="utf-8")
    options = ReadOptions("record") if unit == "record" else None
    assert read_all(tmp_path, options) == (["note.jsonl"], [("avant.json", "result", False)])


def test_in_an_archive_it_is_listed(corpus: Path) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("a.txt", "La porte du foyer reste ouverte.")
        archive.writestr("statistics.json", SUMMARY)
    (corpus / "envoi.zip").write_bytes(data.getvalue())
    assert read_all(corpus) == (["envoi.zip/a.txt", "note.txt"], [("envoi.zip/statistics.json", "result", False)])


@pytest.mark.parametrize(
    ("head", "ours"),
    [
        (b'{"schema":"tensions-summary/1"', True),
        (b'  {\n\t"schema" : "tensions-diff/12"', True),
        (b'{"schema": "tension-summary/1"', False),
        (b'{"schema": "autre/1"', False),
        (b'{"text": "x", "schema": "tensions-summary/1"', False),
        (b'[{"schema": "tensions-summary/1"', False),
        (b"", False),
        (b"{" + b" " * 10**6 + b'"schema": "tensions-summary/1"', False),
    ],
)
def test_heads(head: bytes, ours: bool) -> None:
    assert is_result(head) is ours
