"""Hostile files beside a good one: the good one is read, each bad one gets a reason, none is quoted.

Small versions of the files of `benchmarks/hostile.py`, which measures time and memory on the real sizes.
"""

import json
from pathlib import Path

import pytest

from hostile_files import HOSTILE
from tensions_cli.cli import run

GOOD = "Nous prenons le temps d’écouter chaque personne avant de remplir la moindre grille. " * 5

# Long, but a text all the same: read, in a time that grows with its length.
READ = {"ligne.txt", "mot.txt", "trop-gros.txt", "cellule.csv", "fleches.vtt", "pages.pdf"}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_and_the_others_are_read(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "bon.txt").write_text(GOOD, encoding="utf-8")
    (folder / name).write_bytes(HOSTILE[name](False))
    before = sorted(path.name for path in tmp_path.rglob("*"))
    status = run(["corpus", "info", str(folder), "-f", "json"])
    printed = capsys.readouterr()
    found = json.loads(printed.out)["documents"]
    assert "bon" in {row["id"] for row in found["read"]}
    refused = {row["source"].partition("/")[0] for row in found["skipped"] if row["failed"]}
    assert refused == (set() if name in READ else {name})
    assert status == (0 if name in READ else 3)
    assert all(row["detail"] for row in found["skipped"])
    assert "root:" not in printed.out + printed.err  # the file of the machine that an entity asks for
    assert sorted(path.name for path in tmp_path.rglob("*")) == before
