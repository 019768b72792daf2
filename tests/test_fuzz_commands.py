"""Any command line, and any companion of a corpus however spoilt: a documented status, and a word of why.

Command lines and accidents are made in `fuzz_commands.py`, shared with `benchmarks/fuzz.py`, which goes further.
"""

import random
import shutil
from pathlib import Path

import pytest

from fuzz_commands import COMMANDS, COMPANIONS, command_line, fault_of, make_companions, make_place, renewed, spoilt
from tensions_cli.tagging.model_folder import find_model

FEW, MANY = 40, 2000
SLOW = {"metrics.json": 4}  # a whole report each time


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("modèle")
    patch = pytest.MonkeyPatch()
    patch.setenv("TENSIONS_CACHE", str(place / "cache"))
    make_place(place / "lieu")
    make_companions(place / "lieu", find_model("standard"))
    patch.undo()
    return place / "lieu"


@pytest.fixture
def place(tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TENSIONS_CACHE", str(model.parent / "cache"))
    place = tmp_path / "lieu"
    renewed(place, model)
    monkeypatch.chdir(place)
    return place


def try_lines(place: Path, model: Path, inputs: int, seed: str) -> None:
    shutil.rmtree(place / "modèle")  # 12 MB to copy each time
    before = sorted(path.relative_to(place) for path in place.rglob("*"))
    for rank in range(inputs):
        line = command_line(random.Random(f"{seed}/{rank}"))  # noqa: S311
        if "-j" in line or "--jobs" in line:
            continue  # other processes: tried by the benchmark
        assert fault_of(line) is None, line
        if sorted(path.relative_to(place) for path in place.rglob("*")) != before:
            for path in place.iterdir():
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
            shutil.copytree(model, place, dirs_exist_ok=True, ignore=shutil.ignore_patterns("modèle"))


def try_companion(name: str, place: Path, model: Path, inputs: int) -> None:
    path, _, line = COMPANIONS[name]
    content = (model / path).read_bytes()
    for rank in range(inputs):
        (place / path).write_bytes(spoilt(name, content, random.Random(f"{name}/{rank}")))  # noqa: S311
        assert fault_of(line) is None, (name, rank)
        shutil.rmtree(place / "nouveau", ignore_errors=True)


def test_every_command_is_tried() -> None:
    tried = {tuple(command_line(random.Random(f"{rank}"))[:2]) for rank in range(3000)}  # noqa: S311
    for words in COMMANDS:
        assert any(found[: len(words)] == words[:2] for found in tried)


def test_any_command_line_ends_as_the_readme_says(place: Path, model: Path) -> None:
    try_lines(place, model, FEW, "peu")


@pytest.mark.parametrize("name", COMPANIONS)
def test_spoilt_companions_are_read_or_refused(name: str, place: Path, model: Path) -> None:
    try_companion(name, place, model, SLOW.get(name, 15))


@pytest.mark.full
@pytest.mark.timeout(3600)
def test_many_command_lines_end_as_the_readme_says(place: Path, model: Path) -> None:
    try_lines(place, model, MANY, "beaucoup")


@pytest.mark.full
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", COMPANIONS)
def test_many_spoilt_companions_are_read_or_refused(name: str, place: Path, model: Path) -> None:
    try_companion(name, place, model, 30 if name in SLOW else 300)
