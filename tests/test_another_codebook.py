"""A model trained on another codebook, with three logics, goes through every command like the shipped one."""

import json
from pathlib import Path

import pytest

import three_logics
from tensions_cli.cli import run
from tensions_cli.tagging.model_folder import load_model

LOGICS = three_logics.LOGICS
SHIPPED = ("rationalisation", "professionnelle")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the codebook, a model trained on it, and a corpus of eight short texts."""
    folder = tmp_path_factory.mktemp("trois")
    three_logics.write(folder / "grille")
    codes = folder / "grille" / "codes.jsonl"
    assert (
        run(["model", "train", str(codes), "--codebook", str(folder / "grille"), "-o", str(folder / "m3"), "-q"]) == 0
    )
    texts: dict[str, list[str]] = {}
    for row in three_logics.rows():
        texts.setdefault(str(row["document"]), []).append(str(row["text"]))
    (folder / "corpus").mkdir()
    for name, passages in texts.items():
        (folder / "corpus" / f"{name}.txt").write_text("\n\n".join(passages), encoding="utf-8")
    return folder


def printed(place: Path, capsys: pytest.CaptureFixture[str], command: str, *options: str) -> str:
    assert run([command, str(place / "corpus"), "--model", str(place / "m3"), "-q", *options]) == 0
    return capsys.readouterr().out.replace("\u00a0", " ")


def test_the_model_carries_its_codebook(place: Path) -> None:
    model = load_model(str(place / "m3"))
    assert model.book.poles == LOGICS
    assert (place / "m3" / "codebook.toml").read_text(encoding="utf-8") == three_logics.CODEBOOK


def test_the_summary_has_its_labels_pairs_and_no_balance(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summary = json.loads(printed(place, capsys, "analyse", "-f", "json", "--course"))
    whole = summary["groups"][0]
    assert list(whole["shares"]) == [*LOGICS, "mixte", "neutre"]
    assert whole["balance"] is None
    assert set(whole["pairs"]) == {"marchande+civique", "marchande+domestique", "civique+domestique"}
    assert summary["manifest"]["codebook"]["name"] == "trois-mondes"
    table = printed(place, capsys, "analyse")
    for said in ("grille « trois-mondes » v1", "domestique (D %)", "Posture — civique", "Relations — "):
        assert said in table
    for absent in ("balance", *SHIPPED):
        assert absent not in table
    assert "balance" not in printed(place, capsys, "analyse", "-f", "md")


def test_every_passage_says_its_logics_and_relations_by_pair(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [json.loads(line) for line in printed(place, capsys, "tag").splitlines()]
    for row in rows:
        expected = "neutre" if not row["logics"] else row["logics"][0] if len(row["logics"]) == 1 else "mixte"
        assert row["label"] == expected
        assert len(row["relations"]) == len(row["logics"]) * (len(row["logics"]) - 1) // 2
        assert row["stance"].keys() == set(row["logics"])
    assert {row["label"] for row in rows} == {*LOGICS, "mixte", "neutre"}
    header = printed(place, capsys, "tag", "-f", "csv").splitlines()[0]
    assert "relation_civique+domestique" in header
    assert "score_domestique" in header


def test_an_explanation_adds_up_for_each_logic(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "L’assemblée a voté, et les anciens gardent les clefs."
    assert run(["explain", text, "--model", str(place / "m3"), "-f", "json"]) == 0
    explanation = json.loads(capsys.readouterr().out)
    assert list(explanation["poles"]) == list(LOGICS)
    for pole in explanation["poles"].values():
        terms = sum(word["term"] for word in pole["words"]) + sum(pole["form"].values()) + pole["start"]
        assert terms == pytest.approx(pole["log_odds"], abs=1e-6)


@pytest.mark.parametrize("form", ["xlsx", "qdpx", "doccano", "label-studio", "prodigy", "cas-json", "iramuteq"])
def test_every_export_is_written(place: Path, form: str, tmp_path: Path) -> None:
    out = tmp_path / f"sortie.{'zip' if form == 'cas-json' else form}"
    corpus, model = str(place / "corpus"), str(place / "m3")
    assert run(["tag", corpus, "--model", model, "-q", "-f", form, "-o", str(out)]) == 0
    assert out.stat().st_size > 0


@pytest.mark.parametrize("name", ["rapport.html", "rapport.xlsx", "rapport.md"])
def test_the_report_is_of_its_codebook(place: Path, name: str, tmp_path: Path) -> None:
    out = tmp_path / name
    assert run(["report", str(place / "corpus"), "--model", str(place / "m3"), "-q", "-o", str(out)]) == 0
    if out.suffix != ".xlsx":
        page = out.read_text(encoding="utf-8")
        assert "logique domestique" in page
        assert "rationalisation" not in page


def test_extracts_and_comparison_take_its_names(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for options in (["--label", "domestique"], ["--stance", "D:soutenue"], ["--axis", "place:domestique"]):
        assert "rationalisation" not in printed(place, capsys, "extracts", *options)
    compared = printed(place, capsys, "compare", "--by", "document", "--words", "0")
    assert "D: domestique" in compared.replace(" :", ":")
    assert run(["extracts", str(place / "corpus"), "--model", str(place / "m3"), "--label", "rationalisation"]) == 2
    assert "domestique" in capsys.readouterr().err


def test_what_was_coded_with_it_comes_back(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Sample with the machine's proposals, coded as proposed, read back, compared, evaluated, and put in place."""
    sheet, codes = tmp_path / "a.jsonl", place / "grille" / "codes.jsonl"
    corpus, model, book = str(place / "corpus"), str(place / "m3"), str(place / "grille")
    assert (
        run(["coding", "sample", corpus, "-n", "20", "--model", model, "--codebook", book, "-q", "-o", str(sheet)]) == 0
    )
    assert {"V", "C", "D"} <= json.loads(sheet.read_text(encoding="utf-8").splitlines()[0]).keys()
    machine = tmp_path / "machine.jsonl"
    assert run(["tag", corpus, "--model", model, "-q", "-o", str(machine)]) == 0
    capsys.readouterr()
    assert run(["coding", "agreement", str(codes), str(machine), "--codebook", book, "-f", "json", "-q"]) == 0
    agreement = json.loads(capsys.readouterr().out)
    assert {row["of"] for row in agreement["questions"] if row["question"] == "logic"} == set(LOGICS)
    assert run(["model", "evaluate", str(codes), "--model", model, "-f", "json"]) == 0
    assert set(json.loads(capsys.readouterr().out)["labels"]["poles"]) == set(LOGICS)
    assert run(["analyse", corpus, "--model", model, "--codes", str(codes), "-f", "json", "-q"]) == 0
    assert json.loads(capsys.readouterr().out)["groups"][0]["human"] == 64


def test_a_model_of_few_documents_reports_without_an_interval(place: Path, tmp_path: Path) -> None:
    """Under five documents its measures have no interval: the page says so."""
    rows = [row for row in three_logics.rows() if row["document"] in ("d0", "d1", "d2", "d3")]
    codes = tmp_path / "codes.jsonl"
    codes.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    model, out = tmp_path / "petit", tmp_path / "r.html"
    assert run(["model", "train", str(codes), "--codebook", str(place / "grille"), "-o", str(model), "-q"]) == 0
    assert "macro_f1_interval" not in json.loads((model / "metrics.json").read_text(encoding="utf-8"))["evaluation"]
    for name in ("r.html", "r.xlsx", "r.md"):
        out = tmp_path / name
        assert run(["report", str(place / "corpus"), "--model", str(model), "-q", "-o", str(out)]) == 0
    assert "trop peu de documents pour un intervalle" in (tmp_path / "r.html").read_text(encoding="utf-8")
