"""Human codes win over the model's: `--codes` in the commands that tag."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tensions_cli.cli import run
from tensions_cli.pipeline import Options, decided, load_tagged, tagged_passages
from tensions_cli.records import Evidence, HumanCode, Relation, Tags
from tensions_cli.studies.human import read_human_codes
from tensions_cli.tagging.classifier import Model

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "corpora" / "demo" / "entretiens"
M, P = "rationalisation", "professionnelle"

Json = dict[str, Any]


@pytest.fixture(scope="module")
def rows() -> list[Json]:
    """Every passage of the demo interviews as the model tags it."""
    from tensions_cli.output.rows import passage_row

    options = Options()
    return [passage_row(one) for one in tagged_passages(load_tagged([str(DEMO)], options))]


def code(row: Json, **codes: Any) -> Json:
    """What person A decides of a passage: neutral unless said otherwise."""
    own = {name: row[name] for name in ("id", "document", "text")}
    return own | {"coder": "codeur A", "M": False, "P": False, "relation": None, "stance": {}, "axes": {}} | codes


def write(path: Path, codes: list[Json]) -> Path:
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in codes), encoding="utf-8")
    return path


def tags_with(file: Path, model: Model, folder: Path = DEMO) -> dict[str, Tags]:
    options = Options(codes=read_human_codes(file))
    return {one.passage.id: one.tags for one in tagged_passages(load_tagged([str(folder)], options))}


def test_a_person_s_codes_replace_the_model_s(tmp_path: Path, rows: list[Json], model: Model) -> None:
    mixed = next(row for row in rows if row["label"] == "mixte")
    other = next(row for row in rows if row["label"] == "neutre" and row["counted"])
    codes = [
        code(mixed, P=True, stance={P: "menacee"}, axes={"temps": [P]}),
        code(other, M=True, P=True, relation="articulation", stance={M: "decrite", P: "soutenue"}),
    ]
    tags = tags_with(write(tmp_path / "codes.jsonl", codes), model)
    first, second = tags[mixed["id"]], tags[other["id"]]
    assert (first.label, first.logics, first.relation, first.coded_by) == (P, (P,), None, "codeur A")
    assert first.stance == {P: "menacee"}
    assert first.axes == {"temps": (P,)}
    assert first.scores == {M: 0.0, P: 1.0}
    assert all(one.pole == P for one in first.evidence)
    assert (second.label, second.relation, second.certain) == ("mixte", Relation.ARTICULATION, True)
    assert second.axes == {}  # the file codes axes: none here is an answer
    untouched = [row for row in rows if row["id"] not in (mixed["id"], other["id"])]
    assert all(tags[row["id"]].coded_by == "model" for row in untouched)
    assert all(tags[row["id"]].label == row["label"] for row in untouched)


def test_what_the_file_does_not_code_at_all_stays_the_model_s() -> None:
    machine = Tags(
        label="mixte", logics=(M, P), relation=Relation.OPPOSITION, axes={"temps": (M, P), "cout": (M,)},
        scores={M: 0.9, P: 0.8}, evidence=(Evidence(0, 3, M, "cout"), Evidence(4, 9, P, "temps")), certain=False,
        coded_by="model", model="essai", stance={M: "contestee", P: "menacee"},
    )  # fmt: skip
    found = decided(machine, HumanCode("d#0-9", "d", b"", "codeur B", (P,), {}, None, None))
    assert found.axes == {"temps": (P,)}
    assert found.stance == {P: "menacee"}
    assert found.evidence == (Evidence(4, 9, P, "temps"),)
    assert (found.label, found.relation, found.relations, found.coded_by) == (P, None, {}, "codeur B")


def test_codes_survive_a_corrected_transcript(tmp_path: Path, rows: list[Json], model: Model) -> None:
    """A sentence typed at the top moves every offset: codes are found again by their text."""
    folder = tmp_path / "corpus"
    shutil.copytree(DEMO, folder)
    file = folder / "E5_groupe-handicap.txt"
    document = next(iter(sorted(p for p in folder.iterdir() if p.suffix == ".txt")), file)
    mine = [row for row in rows if row["document"] == document.stem and row["counted"]]
    chosen = mine[-1]
    text = document.read_text(encoding="utf-8")
    at = text.index(mine[0]["text"][:20])
    document.write_text(text[:at] + "Oui, alors, je commence. " + text[at:], encoding="utf-8")
    codes = write(tmp_path / "codes.jsonl", [code(chosen, M=True)])
    tags = tags_with(codes, model, folder)
    assert chosen["id"] not in [name for name, one in tags.items() if one.coded_by != "model"]
    assert [one.label for one in tags.values() if one.coded_by == "codeur A"] == [M]


def test_the_summary_says_how_many_a_person_decided(
    tmp_path: Path, rows: list[Json], capsys: pytest.CaptureFixture[str]
) -> None:
    counted = [row for row in rows if row["counted"]]
    away = code(counted[0], id="ailleurs#0-10", document="ailleurs", text="Un passage d’un tout autre corpus.")
    codes = write(tmp_path / "codes.jsonl", [*(code(row, M=True) for row in counted[:5]), away])
    assert run(["analyse", str(DEMO), "--codes", str(codes)]) == 0
    said = capsys.readouterr()
    assert "153 passages comptés, dont 5 codés par une personne" in said.out.replace("\u00a0", " ")
    assert "5 passages de ce corpus, sur 6 codés par une personne" in said.err.replace("\u00a0", " ")
    assert "1 autre hors du corpus" in said.err.replace("\u00a0", " ")
    assert run(["analyse", str(DEMO), "--codes", str(codes), "-f", "json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["groups"][0]["human"] == 5
    assert sum(group["human"] for group in summary["groups"][1:]) == 5
    assert summary["manifest"]["options"]["codes"]["passages"] == 6
    assert summary["manifest"]["options"]["codes"]["coders"] == ["codeur A"]
    assert str(tmp_path) not in json.dumps(summary)


@pytest.mark.parametrize("command", [["tag"], ["extracts", "--label", M, "--number", "200", "-f", "jsonl"]])
def test_other_commands_follow(
    command: list[str], tmp_path: Path, rows: list[Json], capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = next(row for row in rows if row["label"] == "neutre" and row["counted"])
    codes = write(tmp_path / "codes.jsonl", [code(chosen, M=True)])
    assert run([*command, str(DEMO), "--codes", str(codes)]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    mine = [row for row in found if row.get("coded_by", row.get("passage", {}).get("coded_by")) == "codeur A"]
    assert [row["id"] for row in mine] == [chosen["id"]]


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        ([{"id": "d#0-9", "text": "Rien de ce corpus.", "M": True, "P": False}], "aucun passage de --codes"),
        ([{"id": "d#0-9", "text": "Deux fois.", "M": True, "P": False}] * 2, "plusieurs codes à un même passage"),
        ([{"id": "d#0-9", "text": "Machine.", "M": True, "P": False, "coded_by": "model"}], "aucun passage codé"),
    ],
)
def test_codes_that_cannot_decide_are_refused(
    codes: list[Json], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "codes.jsonl", codes)
    assert run(["analyse", str(DEMO), "--codes", str(file)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Rien de ce corpus" not in error


def test_codes_and_gold_exclude_each_other(
    tmp_path: Path, rows: list[Json], capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "codes.jsonl", [code(next(row for row in rows if row["counted"]))])
    assert run(["analyse", str(DEMO), "--codes", str(file), "--gold", str(file)]) == 2
    assert "--codes ne va pas avec --gold" in capsys.readouterr().err


def test_codes_inside_the_corpus_or_as_output_are_refused(
    tmp_path: Path, rows: list[Json], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "corpus"
    shutil.copytree(DEMO, folder)
    inside = write(folder / "codes.jsonl", [code(rows[0])])
    assert run(["analyse", str(folder), "--codes", str(inside)]) == 2
    assert "est lui-même dans le corpus" in capsys.readouterr().err
    outside = write(tmp_path / "codes.jsonl", [code(next(row for row in rows if row["counted"]))])
    before = outside.read_bytes()
    assert run(["tag", str(DEMO), "--codes", str(outside), "-o", str(outside)]) == 2
    assert outside.read_bytes() == before
