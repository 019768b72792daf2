"""Same texts, same options: the same bytes, whatever the process, the locale, the folder, the disk or the hour."""

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tensions_cli.cli import run

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "corpora" / "demo"
SUMMARY = ("-f", "json", "-q", "--no-cache", "--by", "genre")


def analysed(source: Path | str, folder: Path = ROOT, **environment: str) -> bytes:
    """Standard output of `tensions analyse` in a process of its own; a variable set to "" is taken out."""
    env = {**os.environ, **environment}
    done = subprocess.run(
        [sys.executable, "-m", "tensions_cli", "analyse", str(source), *SUMMARY],
        cwd=folder,
        env={name: value for name, value in env.items() if value},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    return done.stdout


@pytest.fixture(scope="module")
def reference() -> bytes:
    """From the root of the repository, by a relative path, as `make stats` does."""
    return analysed("corpora/demo", LC_ALL="C.UTF-8", PYTHONHASHSEED="0", TZ="UTC")


def copied(target: Path, seed: int) -> Path:
    """The demo corpus written again in a random order, with other dates and other rights."""
    draw = random.Random(seed)  # noqa: S311 - an order, no secret
    paths = sorted(path for path in DEMO.rglob("*") if path.is_file())
    draw.shuffle(paths)
    for path in paths:
        file = target / path.relative_to(DEMO)
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, file)
        date = draw.randrange(10**9)
        os.utime(file, (date, date))
        file.chmod(0o400)
    return target


def other_disk(fallback: Path) -> Path:
    """A folder of another file system where there is one: in memory, where names come in the order of their making."""
    memory = Path("/dev/shm")  # noqa: S108 - a file system, not a name to guess
    if not (memory.is_dir() and os.access(memory, os.W_OK)):
        return fallback / "corpus"
    return memory / f"tensions-tests-{os.getpid()}"


def test_everything_else_at_once(reference: bytes, tmp_path: Path) -> None:
    """Another hash seed, locale, time zone, folder, disk, order of making, absolute path: each alone is below."""
    place = other_disk(tmp_path)
    try:
        source = copied(place / "d", 7)
        found = analysed(
            source,
            tmp_path,
            LC_ALL="C",
            LANG="",
            PYTHONHASHSEED="4242",
            TZ="Pacific/Auckland",
            PYTHONUTF8="0",
            COLUMNS="40",
        )
    finally:
        shutil.rmtree(place, ignore_errors=True)
    assert found == reference


@pytest.mark.full
@pytest.mark.parametrize("locale", ["C", "POSIX", "C.UTF-8", "fr_FR.UTF-8", "fr_FR.ISO-8859-1", "tr_TR.UTF-8"])
def test_locales(reference: bytes, locale: str) -> None:
    """One that is not installed is the C locale, for Python as for any program."""
    assert analysed("corpora/demo", LC_ALL=locale) == reference


@pytest.mark.full
@pytest.mark.parametrize("seed", ["1", "2026", "random"])
def test_hash_seeds(reference: bytes, seed: str) -> None:
    assert analysed("corpora/demo", PYTHONHASHSEED=seed) == reference


@pytest.mark.full
def test_folders(reference: bytes, tmp_path: Path) -> None:
    assert analysed(DEMO, tmp_path) == reference
    assert analysed("demo/", ROOT / "corpora") == reference
    assert analysed(".", DEMO) == reference


@pytest.mark.full
@pytest.mark.parametrize("seed", [1, 2])
def test_copies_made_in_another_order(reference: bytes, tmp_path: Path, seed: int) -> None:
    assert analysed(copied(tmp_path, seed)) == reference


@pytest.mark.full
def test_time_zones(reference: bytes) -> None:
    assert analysed("corpora/demo", TZ="Asia/Kathmandu") == reference


def test_the_order_of_the_disk(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], reference: bytes
) -> None:
    """Folders listed backwards, then by the ends of names: what a disk may do, and no copy is sure to bring about."""
    listed = Path.iterdir
    monkeypatch.chdir(ROOT)
    keys: tuple[Callable[[Path], str], ...] = (lambda path: path.name, lambda path: path.name[::-1])
    for key in keys:
        backwards = partial(sorted, key=key, reverse=True)
        monkeypatch.setattr(Path, "iterdir", lambda self, order=backwards: iter(order(listed(self))))
        assert run(["analyse", "corpora/demo", *SUMMARY]) == 0
        assert capsys.readouterr().out.encode() == reference


def test_the_statistics_beside_the_texts_change_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], reference: bytes
) -> None:
    """Before they are there, once they are, and while the shell has just opened them: the same bytes."""
    source = copied(tmp_path / "demo", 3)
    held = source / "statistics.json"
    for content in (None, b"", reference):
        held.unlink(missing_ok=True)
        if content is not None:
            held.write_bytes(content)
        assert run(["analyse", str(source), *SUMMARY]) == 0
        assert capsys.readouterr().out.encode() == reference
