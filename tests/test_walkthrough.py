"""The walk-through of docs/coding.md, command after command, from raw texts to the methods paragraph.

What a person does between two commands, coding and adjudicating in a spreadsheet, is done from corpora/walkthrough.
"""

import csv
import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sklearn.metrics import cohen_kappa_score

from tensions_cli.cli import run

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "coding.md"
CODES = ROOT / "corpora" / "walkthrough"
LABELS = {(True, True): "mixte", (True, False): "rationalisation", (False, True): "professionnelle"}

Json = dict[str, Any]


def commands() -> list[list[str]]:
    """Every command of the blocks `sh` of the page, in order."""
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [shlex.split(line) for block in blocks for line in block.splitlines()]


def codes_of(coder: str) -> dict[str, Json]:
    rows = map(json.loads, (CODES / f"codes.{coder}.jsonl").read_text(encoding="utf-8").splitlines())
    return {row["id"]: row for row in rows}


def kept() -> dict[str, str]:
    lines = (CODES / "arbitrage.csv").read_text(encoding="utf-8").splitlines()
    return {row["id"]: row["kept"] for row in csv.DictReader(lines[1:], delimiter=";")}


def fill(file: Path, code: Callable[[str], Json | None]) -> int:
    """Type codes in the first sheet of a workbook, as a person would; how many rows were filled."""
    book = openpyxl.load_workbook(file)
    sheet = book.worksheets[0]
    header = [cell.value for cell in sheet[1]]
    filled = 0
    for cells in sheet.iter_rows(min_row=2):
        row = dict(zip(header, cells, strict=True))
        codes = code(row["identifiant"].value)
        if codes is None:
            continue
        filled += 1
        row["logique"].value = LABELS.get((codes["M"], codes["P"]), "neutre")
        row["relation"].value = codes["relation"]
        for logic, stance in codes["stance"].items():
            row[f"posture ({logic})"].value = stance
        axes = [f"{axis} ({logic})" for axis, logics in codes["axes"].items() for logic in logics]
        row["axes"].value = " ; ".join(axes) or None
        row["commentaire"].value = codes["memo"] or None
    book.save(file)
    return filled


def by_hand(command: list[str]) -> None:
    """What the page asks a person to do after a command."""
    if command[1:3] == ["coding", "sample"] and "a_coder.xlsx" in command:
        for coder in "AB":
            codes = codes_of(coder)
            assert fill(Path(f"a_coder.{coder}.xlsx"), codes.__getitem__) == 90
    if "--adjudicate" in command:
        decisions, codes = kept(), {coder: codes_of(coder) for coder in "AB"}
        settled = {name: codes[coder][name] for name, coder in decisions.items()}
        assert fill(Path("arbitrage.xlsx"), settled.get) == len(decisions)


def plain(text: str) -> str:
    return " ".join(text.replace("\u00a0", " ").split())


@pytest.mark.full
@pytest.mark.timeout(1500)
def test_from_raw_texts_to_the_methods_paragraph(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "corpora").symlink_to(ROOT / "corpora")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    said: dict[str, str] = {}
    for command in commands():
        assert command[0] == "tensions"
        status = run(command[1:])
        out, err = capsys.readouterr()
        assert status == 0, f"{' '.join(command)}\n{err}"
        said[" ".join(command[1:])] = plain(f"{out} {err}")
        by_hand(command)

    def of(*words: str) -> str:
        (found,) = (text for command, text in said.items() if all(word in command for word in words))
        return found

    a, b = codes_of("A"), codes_of("B")
    shared = sorted(a.keys() & b.keys())
    labels = [[LABELS.get((codes[name]["M"], codes[name]["P"]), "neutre") for name in shared] for codes in (a, b)]
    kappa = f"{cohen_kappa_score(*labels):.2f}".replace(".", ",")
    agreement = of("agreement", "codes.A.jsonl")
    assert f"{len(shared)} passages codés par les deux" in agreement
    assert f"κ {kappa}" in agreement
    assert f"{len(kept())} désaccords à arbitrer" in agreement

    gold = [json.loads(line) for line in Path("gold.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {row["id"] for row in gold} == a.keys() | b.keys()
    assert sum(row["weight"] for row in gold) == pytest.approx(323)  # the counted passages of the corpus
    decided = {name: (a if coder == "A" else b)[name] for name, coder in kept().items()}
    for row in gold:
        expected = decided.get(row["id"]) or a.get(row["id"]) or b[row["id"]]
        assert [row[key] for key in ("M", "P", "relation", "stance")] == [
            expected[key] for key in ("M", "P", "relation", "stance")
        ]

    assert "323 passages comptés, dont 120 codés par une personne" in of("analyse", "--codes gold.jsonl")
    assert "Parts corrigées des erreurs de la machine" in of("analyse", "--gold gold.jsonl")
    paragraph = of("evaluate", "--paragraph fr")
    assert "sur 120 passages de 12 documents, tirés au hasard dans le corpus" in paragraph
    assert "43 ont été codés de la même façon par plusieurs personnes, 17 arrêtés après arbitrage" in paragraph
    assert re.search(r"le macro-F1 est de 0,\d\d \[0,\d\d ; [01],\d\d\]", paragraph)

    card = of("model show mon_modele")
    assert "120" in card
    metrics = json.loads(Path("mon_modele/metrics.json").read_text(encoding="utf-8"))
    assert metrics["added"]["passages"] == 120
    assert "120 passages sur" not in of("report", "mon_modele")  # the page, not the screen, says it
    page = Path("rapport.html").read_text(encoding="utf-8")
    assert "codées par une personne" in page
    assert "mon_modele" in page

    associations = of("analyse", "mes_associations")
    assert "grille « associations-marche-et-cite » v1" in associations
    assert "marchande (M %)" in associations
    assert "civique (C %)" in associations
    assert "rationalisation" not in associations
    assert "mixte" in of("explain", "mes_associations")
    assert "logique civique" in Path("associations.html").read_text(encoding="utf-8")


def test_the_page_shows_every_command_of_the_loop() -> None:
    shown = {" ".join(command[1:3]) for command in commands()} | {"coding annotate"}
    assert "tensions coding annotate" in PAGE.read_text(encoding="utf-8")
    loop = {
        *(f"coding {name}" for name in ("sample", "annotate", "import", "agreement")),
        *(f"model {name}" for name in ("train", "evaluate", "show")),
        *("codebook new", "codebook check"),
    }
    assert loop <= shown
