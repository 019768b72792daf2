"""The workflows of `docs/ci`: valid YAML; every `tensions …` they type is understood, then run on a small corpus."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from tensions_cli.cli import app, run

ROOT = Path(__file__).parents[1]
GITHUB = yaml.safe_load((ROOT / "docs" / "ci" / "github-actions.yml").read_text(encoding="utf-8"))
GITLAB = yaml.safe_load((ROOT / "docs" / "ci" / "gitlab-ci.yml").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
CALL = re.compile(r"(?<![\w.-])tensions ((?:analyse|diff|report|corpus|tag)\b[^|&\n]*)")
TOOL: Any = typer.main.get_command(app)


def scripts() -> dict[str, list[str]]:
    """The shell lines of each file."""
    steps = GITHUB["jobs"]["statistiques"]["steps"]
    job = GITLAB["statistiques"]
    return {
        "github": [step["run"] for step in steps if "run" in step],
        "gitlab": [*job["before_script"], *job["script"], *job["after_script"]],
        "page": re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL),
    }


def calls(name: str) -> list[list[str]]:
    """Arguments of each call of `tensions`, redirections and comments left out."""
    found = [call for line in scripts()[name] for call in CALL.findall(line)]
    return [shlex.split(call.split(">>")[0], comments=True) for call in found]


CALLS = [(name, arguments) for name in scripts() for arguments in calls(name)]


def test_every_file_has_its_calls() -> None:
    for name in ("github", "gitlab"):
        assert [arguments[0] for arguments in calls(name)] == ["analyse", "diff", "report"]
    assert len(calls("page")) == 3


@pytest.mark.parametrize(("name", "arguments"), CALLS)
def test_every_option_exists(name: str, arguments: list[str]) -> None:
    command = TOOL.commands[arguments[0]]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in arguments if word.startswith("-")} <= known


def test_what_a_workflow_must_have() -> None:
    """Keys without which GitHub and GitLab refuse the file, least rights, outputs kept when a check fails."""
    assert GITHUB[True]["push"]["branches"]  # YAML 1.1 reads `on` as true
    assert GITHUB["permissions"] == {"contents": "read"}
    job = GITHUB["jobs"]["statistiques"]
    assert job["runs-on"]
    uses = [step for step in job["steps"] if "uses" in step]
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"]) for step in uses)
    kept = uses[-1]
    assert kept["uses"].startswith("actions/upload-artifact@")
    assert "cancelled" in kept["if"]
    assert GITLAB["statistiques"]["artifacts"]["when"] == "always"
    assert GITLAB["statistiques"]["artifacts"]["public"] is False
    for name in ("github", "gitlab"):
        assert "--require-hashes -r outils/requirements-run.lock" in "\n".join(scripts()[name])
        assert "--no-verbatim" in "\n".join(scripts()[name])  # no text leaves the corpus by the page


def write(folder: Path) -> None:
    """A corpus of two genres, each of twenty passages and more."""
    (folder / "corpus").mkdir()
    rows = ["id;genre"]
    said = {"presse": "Le contrat fixe la durée de la visite {}.", "revue": "On écoute la personne {} sans compter."}
    for rank, (genre, sentence) in enumerate(said.items()):
        rows.append(f"t{rank};{genre}")
        text = "\n\n".join(f"{sentence.format(n)} Cela se passe à l’étage {n}." for n in range(25))
        (folder / "corpus" / f"t{rank}.txt").write_text(text, encoding="utf-8")
    (folder / "corpus" / "metadata.csv").write_text("\n".join(rows), encoding="utf-8")


@pytest.mark.parametrize("name", ["github", "gitlab"])
def test_the_calls_do_what_the_page_says(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """First the reference of the page; then the workflow, on the same texts and without one of them."""
    write(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert run(calls("page")[0]) == 0
    assert (tmp_path / "statistiques.json").exists()
    for status in (0, 1):
        for arguments in calls(name):
            assert run(arguments) == (0 if arguments[0] == "report" else status)
        (tmp_path / "corpus" / "t1.txt").unlink(missing_ok=True)
    assert (tmp_path / "nouveau.json").exists()
    assert "sans compter" not in (tmp_path / "rapport.html").read_text(encoding="utf-8")
    assert run(calls("page")[2]) == 1
    assert "disparu : t1" in capsys.readouterr().out.replace("\u00a0", " ")


def test_the_page_names_every_status() -> None:
    from tensions_cli.errors import ExitStatus

    table = PAGE.split("## Codes de sortie", 1)[1].split("\n## ", 1)[0]
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)] == sorted(ExitStatus)


def test_conditions_of_the_page_are_understood() -> None:
    from tensions_cli.studies.checks import parse_conditions

    table = PAGE.split("| condition |", 1)[1].split("\n\n", 1)[0]
    conditions = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    assert len(parse_conditions(conditions, ("genre", "rank"))) == 5
