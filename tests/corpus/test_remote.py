"""Sources and results at an address: the same as a folder of the same content; no copy; errors in three parts."""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tensions_cli.cli import run
from tensions_cli.corpus import read
from tensions_cli.corpus.sources import find_files
from tensions_cli.errors import ModelError, TensionsError, UnreadableError
from tensions_cli.files import remote

fsspec = pytest.importorskip("fsspec")

ANSWER = "Mme D. : On coche des cases, on n’a plus le temps d’écouter les résidents.\n\n"
FILES = {
    "a.txt": f"Enquêtrice : Et la qualité ?\n\n{ANSWER}",
    "b/a.txt": "La direction demande des indicateurs d’activité pour le contrat pluriannuel.",
    "b/a.md": "# Note\n\nHier je suis restée un moment avec lui, il m’a parlé de son jardin et de sa sœur.",
    "b/été.txt": "Le budget du foyer est voté, et le taux d’occupation remonte un peu depuis le printemps.",
    "image.png": "x",
    ".git/config": "x",
    "README.md": "Ce dossier.",
    "statistics.json": '{"schema": "tensions-summary/1"}',
    "metadata.csv": "file,genre\na.txt,entretien\nb/a.txt,note\n",
    "speakers.csv": "speaker,role,trade\nMme D.,enquêtée,aide-soignante\n",
    "tensions.toml": 'by = ["genre"]\n',
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "corpus"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def bucket() -> Iterator[str]:
    """A store in memory: nothing of it is a file of this machine."""
    system = fsspec.filesystem("memory")
    for name, text in FILES.items():
        system.pipe_file(f"/bucket/corpus/{name}", text.encode())
    yield "memory://bucket/corpus/"
    system.rm("/", recursive=True)


def test_an_address_gives_the_names_ids_and_reasons_of_a_folder(folder: Path, bucket: str) -> None:
    here = find_files([str(folder)])
    for address in (bucket, bucket.rstrip("/"), f"file://{folder}", f"local://{folder}/"):
        there = find_files([address], remote=True)
        assert [(one.name, one.id) for one in there.files] == [(one.name, one.id) for one in here.files]
        assert there.skipped == here.skipped
        assert {path.name for path in there.companions} == {"metadata.csv", "speakers.csv", "tensions.toml"}
    assert [one.id for one in here.files] == ["a", "b/a.md", "b/a.txt", "b/été"]


def test_one_file_and_a_pattern(folder: Path, bucket: str) -> None:
    (one,) = find_files([f"{bucket}b/a.txt"], remote=True).files
    assert (one.name, one.id) == ("a.txt", "a")
    for pattern in ("b/*.txt", "*/a.*", "**/*.txt"):
        here, there = find_files([f"{folder}/{pattern}"]), find_files([bucket + pattern], remote=True)
        assert [(file.name, file.id) for file in there.files] == [(file.name, file.id) for file in here.files]


def test_analyses_have_the_same_bytes_and_the_settings_are_found(
    folder: Path, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = []
    for source in (str(folder), bucket):
        assert run(["analyse", source, "-f", "json"]) == 0
        said.append(capsys.readouterr())
    assert said[0].out == said[1].out
    assert said[0].err == said[1].err
    assert "Réglages de corpus/tensions.toml" in said[1].err
    groups = [group["by"].get("genre") for group in json.loads(said[1].out)["groups"]]
    assert {"entretien", "note"} <= set(groups)


def test_nothing_is_copied_to_the_disk(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert run(["tag", bucket, "-q", "--no-cache"]) == 0
    assert "On coche des cases" in capsys.readouterr().out
    assert list(tmp_path.rglob("*")) == []
    with pytest.raises(TensionsError, match="ne se comprend pas"):
        remote.listing("memory://simplecache::memory://bucket")


def test_the_limit_of_size_holds(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "MAX_BYTES", 100)
    files = find_files([bucket], remote=True).files
    with pytest.raises(UnreadableError) as large:
        read.file_bytes(next(file for file in files if file.id == "a"))
    assert large.value.reason == "too_large"
    assert read.file_bytes(next(file for file in files if file.id == "b/a.txt")).startswith(b"La direction")


def test_a_file_that_leaves_is_told_and_the_others_are_read(bucket: str, capsys: pytest.CaptureFixture[str]) -> None:
    gone = find_files([bucket], remote=True).files[0]
    fsspec.filesystem("memory").rm(remote._opened(gone.url)[1])
    with pytest.raises(UnreadableError) as error:
        read.file_bytes(gone)
    assert error.value.reason == "access"


def parts(err: str) -> list[str]:
    return [line.partition("\u00a0:")[0] for line in err.splitlines()]


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("memory://vide/", 2, "introuvable"),
        ("memory://anne:secret@vide/x.txt", 2, "introuvable"),
        ("s3://bucket/corpus/", 4, "pip install s3fs"),
        ("wxyz://bucket/", 2, "accessible"),
    ],
)
def test_errors_have_three_parts_and_no_secret(
    address: str, status: int, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    assert run(["analyse", address]) == status
    err = capsys.readouterr().err
    assert parts(err) == ["Erreur", "Pourquoi", "À faire"]
    assert said in err
    assert "secret" not in err


def test_without_fsspec_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(ModelError) as error:
        find_files(["memory://bucket/corpus"], remote=True)
    assert error.value.hint == 'pip install "tensions-cli[cluster]"'


def test_without_an_address_fsspec_is_not_even_imported(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    assert run(["analyse", str(folder), "-q", "-f", "json"]) == 0


def test_commands_that_work_on_files_refuse_an_address(bucket: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["corpus", "check", bucket]) == 2
    assert "cette commande ne lit pas d’adresse" in capsys.readouterr().err


@pytest.mark.parametrize("broken", [PermissionError("clé secrète"), ValueError("clé secrète")])
def test_a_service_that_refuses_says_no_key(
    broken: Exception, bucket: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> Callable[..., object]:
        raise broken

    with monkeypatch.context() as patch:
        patch.setattr(type(fsspec.filesystem("memory")), "find", refuse)
        assert run(["analyse", bucket]) == 2
    err = capsys.readouterr().err
    assert "clé secrète" not in err
    assert type(broken).__name__ in err
