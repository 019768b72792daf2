"""Golden outputs of every command on the demo corpus, reviewed as diffs.

After a change that is meant: `python -m pytest tests/test_golden.py --update-golden`, then read `git diff`.
Numbers are compared with a tolerance, since the last decimal of a score may differ between processors.
"""

import re
from pathlib import Path

import pytest

from tensions_cli.cli import run

ROOT = Path(__file__).parents[1]
GOLDEN = Path(__file__).parent / "golden"
DEMO = "corpora/demo"
PASSAGE = "On coche des cases, on n’a plus le temps d’écouter les résidents."
NUMBER = re.compile(r"(?<![\w.])-?\d+\.\d+(?![\w.])")
TOLERANCE = 0.002
LIBRARIES = re.compile(r'"libraries": \{[^}]*\}')  # the lock gives another Python other versions

COMMANDS = {
    "analyse.txt": ["analyse", DEMO, "--quotes", "3"],
    "analyse.json": ["analyse", DEMO, "-f", "json"],
    "analyse.csv": ["analyse", DEMO, "-f", "csv", "--by", "genre"],
    "analyse.md": ["analyse", DEMO, "-f", "md", "--by", "genre"],
    "analyse-role.txt": ["analyse", f"{DEMO}/entretiens", "--by", "role"],
    "dropped.txt": ["analyse", f"{DEMO}/presse", "--show-dropped"],
    "tag.jsonl": ["tag", f"{DEMO}/entretiens/E3_cadre-de-sante.vtt"],
    "tag.csv": ["tag", f"{DEMO}/revue", "-f", "csv"],
    "analyse-course.txt": ["analyse", f"{DEMO}/entretiens", "--course", "-q"],
    "explain.txt": ["explain", PASSAGE],
    "explain.json": ["explain", PASSAGE, "-f", "json"],
    "compare.txt": ["compare", DEMO, "--by", "genre", "--words", "0"],
    "compare-role.txt": ["compare", f"{DEMO}/entretiens", "--by", "role", "--words", "0"],
    "compare-corpora.txt": ["compare", f"{DEMO}/entretiens", f"{DEMO}/presse", "--words", "0"],
    "compare.md": ["compare", DEMO, "--by", "genre", "--words", "0", "-f", "md"],
    "compare.csv": ["compare", f"{DEMO}/entretiens", "--by", "role", "--words", "0", "-f", "csv"],
    "extracts.txt": ["extracts", DEMO, "--relation", "opposition", "-n", "4", "--context"],
    "extracts-lemma.txt": ["extracts", DEMO, "--lemma", "temps"],
    "corpus-info.txt": ["corpus", "info", DEMO],
    "corpus-info.json": ["corpus", "info", f"{DEMO}/entretiens", "-f", "json"],
    "corpus-check.txt": ["corpus", "check", DEMO],
    "model-list.txt": ["model", "list"],
    "model-show.md": ["model", "show"],
    "help.txt": ["--help"],
    "help-analyse.txt": ["analyse", "--help"],
    "help-compare.txt": ["compare", "--help"],
    "help-report.txt": ["report", "--help"],
    "help-extracts.txt": ["extracts", "--help"],
    "help-corpus.txt": ["corpus", "--help"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_golden(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "120")
    assert run(COMMANDS[name]) == 0
    found = capsys.readouterr().out
    path = GOLDEN / name
    if request.config.getoption("--update-golden"):
        path.write_text(found, encoding="utf-8", newline="\n")
        return
    found, expected = (LIBRARIES.sub("", told) for told in (found, path.read_bytes().decode("utf-8")))
    assert NUMBER.sub("#", found) == NUMBER.sub("#", expected)
    numbers = zip(NUMBER.findall(found), NUMBER.findall(expected), strict=True)
    assert all(abs(float(a) - float(b)) <= TOLERANCE for a, b in numbers)


def test_every_golden_file_has_its_command() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == set(COMMANDS)


def test_readme_shows_the_real_output() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = readme.split("```text\n$ make demo\n", 1)[1].split("```", 1)[0]
    golden = (GOLDEN / "analyse.txt").read_text(encoding="utf-8")
    assert [line.rstrip() for line in shown.strip("\n").split("\n")] == [
        line.rstrip() for line in golden.strip("\n").split("\n")
    ]
