"""`corpora/demo/statistics.json` is what `make stats` writes, to the byte: any change of a number is seen in review."""

import json
import platform
from pathlib import Path

import pytest

from tensions_cli.cli import run
from tensions_cli.output.drift import drift_lines
from tensions_cli.studies.drift import compare_summaries
from tensions_cli.studies.summaries import read_summary

ROOT = Path(__file__).parents[1]
HELD = ROOT / "corpora" / "demo" / "statistics.json"
# Where the file was made; on another platform scores agree within 1e-4 (design, section 4).
MADE_ON = ("Linux", "x86_64")
ELSEWHERE = 0.0005


def test_the_statistics_of_the_demo_corpus(tmp_path: Path) -> None:
    target = tmp_path / "statistics.json"
    command = ["analyse", str(ROOT / "corpora" / "demo"), "--by", "document", "--format", "json", "--quiet"]
    assert run([*command, "--output", str(target)]) == 0
    held, found = (json.loads(path.read_text(encoding="utf-8")) for path in (HELD, target))
    same_lock = all(held["manifest"][part] == found["manifest"][part] for part in ("python", "libraries"))
    drift = compare_summaries(read_summary(str(HELD)), read_summary(str(target)), ELSEWHERE)
    told = "\n".join(
        [*drift_lines(drift), "", "If the change is meant: make stats, then say in CHANGELOG.md what moved."]
    )
    if same_lock and (platform.system(), platform.machine()) == MADE_ON:
        if target.read_bytes() != HELD.read_bytes():
            pytest.fail(told)
    elif drift.moved or drift.texts:
        pytest.fail(told)


def test_the_makefile_writes_this_file() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = makefile.split("\nstats:", 1)[1].split("\n\n", 1)[0]
    assert "analyse corpora/demo --by document --format json --quiet" in recipe
    assert recipe.rstrip().endswith("dist/statistics.json corpora/demo/statistics.json")
