"""The wheel bundle installs on a machine without network, and the tool then works from anywhere."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = [pytest.mark.full, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def tensions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`make bundle`, then an empty environment that may only look at the bundle."""
    made = subprocess.run(["make", "bundle"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    folder = tmp_path_factory.mktemp("empty")
    venv.create(folder, with_pip=True)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    command = [str(scripts / "python"), "-m", "pip", "install", "--quiet", "--no-index"]
    # Settings of the machine (other indexes, links) must not help.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")} | {
        "PIP_CONFIG_FILE": os.devnull
    }
    done = subprocess.run(
        [*command, "--find-links", str(ROOT / "dist" / "bundle"), "tensions-cli"],
        capture_output=True,
        text=True,
        check=False,
        env=clean,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    return scripts / "tensions"


def test_analyse_finds_its_model_from_another_folder(tensions: Path, tmp_path: Path) -> None:
    text = tmp_path / "note.txt"
    text.write_text("On coche des cases, on n’a plus le temps d’écouter les résidents.\n", encoding="utf-8")
    ours = ("PYTHONPATH", "TENSIONS_MODELS")
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    done = subprocess.run(
        [str(tensions), "analyse", "note.txt"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    assert "modèle standard" in done.stdout.lower()
    assert "note" in done.stdout


def test_installed_numbers_are_those_of_the_repository(tensions: Path, tmp_path: Path) -> None:
    arguments = ["analyse", str(ROOT / "corpora" / "demo"), "-f", "json"]
    installed = subprocess.run([str(tensions), *arguments], cwd=tmp_path, capture_output=True, check=True)
    here = subprocess.run([sys.executable, "-m", "tensions_cli", *arguments], cwd=ROOT, capture_output=True, check=True)
    assert installed.stdout == here.stdout


def test_the_wheel_makes_the_page_of_the_repository(tensions: Path, tmp_path: Path) -> None:
    """Templates, style and script travel inside the wheel; the page is the same byte for byte."""
    made = []
    for command in ([str(tensions)], [sys.executable, "-m", "tensions_cli"]):
        page = tmp_path / f"{len(made)}.html"
        subprocess.run([*command, "report", str(ROOT / "corpora" / "demo"), "-o", str(page), "-q"], check=True)
        made.append(page.read_bytes())
    assert made[0] == made[1]
    assert b"Logiques en tension" in made[0]
