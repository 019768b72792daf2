"""Hostile codes, codebooks and designs, from the command line: one refusal in three parts, no word of the texts."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tensions_cli.cli import run
from tensions_cli.coding import tables
from tensions_cli.fingerprint import fingerprint
from tensions_cli.knowledge.codebook import shipped
from tensions_cli.knowledge.codebook_check import problems_of
from tensions_cli.knowledge.sample_design import SCHEMA
from tensions_cli.tagging.features import see
from tensions_cli.tagging.french import words_of
from tensions_cli.tagging.model_folder import find_model
from tensions_cli.training.rare_names import rare_names

TEXT = "Il faut remplir la grille avant vendredi, dit le chef de service."
SHIPPED = Path(__file__).parents[1] / "src/tensions_cli/knowledge/codebook.toml"
CODEBOOK = """
name = "essai"
version = 1
title = "Essai"
[relations]
opposition = "l’une contre l’autre"
articulation = "l’une par l’autre"
juxtaposition = "l’une à côté de l’autre"
[stances]
soutenue = "prise à son compte"
[[logics]]
name = "aa"
letter = "A"
said = "la logique A"
cases = ["un cas"]
[[logics]]
name = "bb"
letter = "B"
"""


def _row(**changed: Any) -> dict[str, Any]:
    codes = {"M": True, "P": False, "relation": None, "stance": {}, "axes": {}}
    return {"id": "d1-1", "document": "d1", "coder": "A", "text": TEXT} | codes | changed


def _write(path: Path, *rows: dict[str, Any]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def _is_refusal(status: int, err: str) -> bool:
    parts = ("Erreur\u00a0:", "Pourquoi\u00a0:", "À faire\u00a0:")
    return status == 2 and all(part in err for part in parts) and TEXT[:12] not in err


@pytest.mark.parametrize(
    "changed",
    [
        *({"weight": weight} for weight in (float("nan"), float("inf"), -1, 0, 10**400, "5", [1])),
        *({"stance": stance} for stance in (5, ["rationalisation"], {"rationalisation": ["soutenue"]}, "abc")),
        *({"axes": axes} for axes in (5, {"temps": "M"}, {"temps": [["M"]]}, {"temps": 5})),
        *({field: ["x"]} for field in ("id", "document", "coder", "genre", "sector", "speaker", "text")),
        {"text": None},
    ],
    ids=str,
)
def test_codes_of_a_wrong_type_are_refused(
    changed: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    codes = _write(tmp_path / "codes.jsonl", _row(id="d1-0"), _row(**changed))
    status = run(["codebook", "check", str(SHIPPED), "--codes", codes])
    err = capsys.readouterr().err
    assert _is_refusal(status, err)
    assert "codes.jsonl, ligne 2" in err


def test_codes_nested_without_end_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    codes = tmp_path / "codes.jsonl"
    codes.write_text('{"id": ' + "[" * 100_000 + "\n", encoding="utf-8")
    assert _is_refusal(run(["codebook", "check", str(SHIPPED), "--codes", str(codes)]), capsys.readouterr().err)


def test_an_absurd_weight_does_not_reach_the_agreement(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = _write(tmp_path / "A.jsonl", *(_row(id=f"d{n % 3}-{n}", document=f"d{n % 3}") for n in range(6)))
    two = _write(
        tmp_path / "B.jsonl",
        *(_row(id=f"d{n % 3}-{n}", document=f"d{n % 3}", coder="B", weight=10**400) for n in range(6)),
    )
    assert run(["coding", "agreement", one, two, "-f", "json"]) == 0
    assert "Infinity" not in capsys.readouterr().out


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
@pytest.mark.parametrize("command", [["coding", "agreement"], ["codebook", "check", str(SHIPPED), "--codes"]])
def test_a_pipe_is_refused_rather_than_waited_for(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "tube.jsonl")
    assert _is_refusal(run([*command, str(tmp_path / "tube.jsonl")]), capsys.readouterr().err)


@pytest.mark.parametrize("weight", [float("nan"), float("inf"), -1, 0, "5", [1], True, 10**400], ids=str)
def test_a_design_that_lies_about_weights_is_refused(
    weight: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(tmp_path / "a.jsonl", _row())
    drawn = {"id": "d1-1", "sha256": fingerprint(TEXT).hex(), "stratum": [], "weight": weight, "coders": []}
    design = {"schema": SCHEMA, "strategy": "random", "coders": [], "passages": [drawn]}
    (tmp_path / "a.tirage.json").write_text(json.dumps(design), encoding="utf-8")
    output = tmp_path / "codes.jsonl"
    status = run(["coding", "import", str(tmp_path / "a.jsonl"), "-o", str(output)])
    assert _is_refusal(status, capsys.readouterr().err)
    assert not output.exists()


def test_the_codebook_of_these_tests_is_a_good_one() -> None:
    assert problems_of(CODEBOOK.encode(), b"") == []


@pytest.mark.parametrize(
    ("good", "bad", "told"),
    [
        ('title = "Essai"', "title = 5", "title doit être du texte"),
        ('"l’une contre l’autre"', "5", "[relations]"),
        ('"prise à son compte"', "[1]", "[stances]"),
        ('said = "la logique A"', "said = [1]", "said doit être du texte"),
        ('said = "la logique A"', "title = 5", "title doit être du texte"),
        ('["un cas"]', "[5]", "cases une liste de phrases"),
        ('name = "essai"', "a = " + "[" * 100_000, "imbriquées"),
        ('name = "essai"', "a" + ".a" * 100_000 + " = 1", "une clé"),
        ('name = "essai"', "a = " + "9" * 5_000, "trop grand"),
    ],
    ids=range(9),
)
def test_a_codebook_of_wrong_types_is_told_and_never_used(
    good: str, bad: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "codebook.toml"
    path.write_text(CODEBOOK.replace(good, bad, 1), encoding="utf-8")
    assert run(["codebook", "check", str(path)]) == 2
    assert told in capsys.readouterr().err
    codes = _write(tmp_path / "codes.jsonl", _row())
    assert _is_refusal(run(["coding", "agreement", codes, "--codebook", str(path)]), capsys.readouterr().err)


@pytest.mark.parametrize("name", ["codes.csv", "codes.jsonl"])
def test_too_many_rows_are_refused_before_they_are_understood(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "MOST_PASSAGES", 3)
    path, output = tmp_path / name, tmp_path / "lus.jsonl"

    def imported(count: int) -> int:
        if path.suffix == ".csv":
            lines = [f'd1-{n},d1,A,neutre,"{TEXT}"\n' for n in range(count)]
            path.write_text("id,document,coder,label,text\n" + "".join(lines), encoding="utf-8")
        else:
            _write(path, *(_row(id=f"d1-{n}") for n in range(count)))
        return run(["coding", "import", str(path), "-o", str(output)])

    assert imported(4) == 2
    err = capsys.readouterr().err
    assert "lignes\u00a0: partagez-le en plusieurs fichiers" in err
    assert TEXT[:12] not in err
    assert not output.exists()
    assert imported(3) == 0
    assert len(output.read_text(encoding="utf-8").splitlines()) == 3


def test_a_name_that_comes_in_every_document_is_rare_all_the_same() -> None:
    """Interviews of one service all name its head; a scheme that French knows as an acronym is no person."""
    texts = [f"On a demandé à Kerzhoniou, et l’ESAT a répondu. C’était au mois numéro {n}." for n in range(5)]
    seen = [see(text, words, shipped()) for text, words in zip(texts, words_of(texts), strict=True)]
    found = rare_names(seen, [f"d{n}" for n in range(5)])
    assert "kerzhoniou" in found
    assert "esat" not in found


def test_a_model_whose_heads_answer_other_questions_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "texte.txt"
    source.write_text(TEXT, encoding="utf-8")
    folder = tmp_path / "standard"
    shutil.copytree(find_model("standard"), folder)
    good = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    heads = good["heads"]
    poles = heads["poles"]
    bad = [
        good | {"heads": heads | {"poles": ["x", "y"]}},
        good | {"heads": heads | {"poles": poles[::-1]}},
        good | {"heads": heads | {"poles": [1, 2]}},
        good | {"heads": heads | {"axes": heads["axes"][::-1]}},
        good | {"heads": heads | {f"stance_{poles[0]}": ["x", "y", "z"]}},
        good | {"heads": heads | {f"relation_{poles[0]}+{poles[1]}": ["opposition"] * 3}},
        good | {"doubt": float("nan")},
    ]
    for content in [*map(json.dumps, bad), "[" * 100_000]:
        (folder / "config.json").write_text(content, encoding="utf-8")
        assert run(["tag", str(source), "-m", str(folder), "-q"]) == 4, content[:200]
        err = capsys.readouterr().err
        assert "est abîmé" in err
        assert "Pourquoi" in err


def test_annotate_without_a_standard_input_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = _write(tmp_path / "codes.jsonl", _row())
    monkeypatch.setattr("sys.stdin", None)  # as Python sets it where it was closed before the start
    assert _is_refusal(run(["coding", "annotate", codes]), capsys.readouterr().err)
