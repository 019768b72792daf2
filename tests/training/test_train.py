"""Training on a small corpus: a folder that loads, the same bytes twice, honest folds, clear refusals."""

import json
import math
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from tensions_cli.cli import run
from tensions_cli.errors import TensionsError
from tensions_cli.knowledge.codebook import codebook
from tensions_cli.tagging.classifier import Heads
from tensions_cli.tagging.model_folder import load_model
from tensions_cli.tagging.tag import tag_texts
from tensions_cli.training.added import can_learn_alone
from tensions_cli.training.coded import CodedPassage, read_coded, told_provenance
from tensions_cli.training.evaluate import Answer, fold_of_groups, held_out, held_out_groups
from tensions_cli.training.fit import Fitted, axis_names
from tensions_cli.training.judge import model_training
from tensions_cli.training.train import check_classes, protocol

ANNOTATED = Path(__file__).parents[2] / "corpora" / "annotated"


def some_lines(name: str, count: int) -> str:
    return "".join((ANNOTATED / name).read_text(encoding="utf-8").splitlines(keepends=True)[:count])


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two authors of whole documents and one of quotas, 260 passages."""
    folder = tmp_path_factory.mktemp("codes")
    for name, count in (("author-08.jsonl", 100), ("author-09.jsonl", 100), ("written.jsonl", 60)):
        (folder / name).write_text(some_lines(name, count), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def trained(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "petit"
    assert run(["model", "train", str(small), "-o", str(folder), "-q"]) == 0
    return folder


def test_the_folder_loads_and_tags(trained: Path) -> None:
    model = load_model(str(trained))
    assert model.identity.startswith("petit ")
    assert tag_texts(["On coche des cases."], model)[0].model == model.identity


def test_metrics_judge_whole_documents_of_unseen_authors(trained: Path) -> None:
    metrics = json.loads((trained / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["evaluation"]["passages"] == 200  # the sixty quota passages only train
    assert metrics["evaluation"]["by_author"] == {}  # authors of one's own passages are nobody's business
    assert metrics["training"]["passages"] == 260
    assert sum(map(sum, metrics["evaluation"]["confusion"]["rows_truth"])) == 200


def test_same_codes_same_bytes(small: Path, trained: Path, tmp_path: Path) -> None:
    again = tmp_path / "petit"
    assert run(["model", "train", str(small), "-o", str(again), "-q"]) == 0
    for path in sorted(trained.iterdir()):
        assert (again / path.name).read_bytes() == path.read_bytes(), path.name


def test_one_document_is_not_enough(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    codes = tmp_path / "codes.jsonl"
    codes.write_text(some_lines("author-08.jsonl", 40), encoding="utf-8")
    assert run(["model", "train", str(codes), "-o", str(tmp_path / "m")]) == 2
    assert "un seul auteur" in capsys.readouterr().err
    assert not (tmp_path / "m").exists()


def coded(**changes: object) -> CodedPassage:
    fields = {
        "id": "x", "document": "d", "author": "a", "coder": "a", "genre": "g", "sector": None, "speaker": None,
        "text": "t", "logics": ("rationalisation",), "relations": {}, "stance": {}, "axes": {},
    }  # fmt: skip
    return CodedPassage(**(fields | changes))  # type: ignore[arg-type]


def test_one_author_is_held_out_by_document() -> None:
    assert held_out_groups([coded(author="a"), coded(author="b")]) == ("author", ["a", "b"])
    assert held_out_groups([coded(document="d1"), coded(document="d2")]) == ("document", ["d1", "d2"])


def test_the_reason_is_the_true_one_when_all_that_could_be_judged_was_chosen() -> None:
    quota = coded(document=None, author="b")
    with pytest.raises(TensionsError) as error:
        held_out_groups([coded(document="d1", drawn="mixed"), coded(document="d2", drawn="mixed"), quota])
    assert "ceux qui viennent de documents entiers ont tous été choisis pour entraîner" in error.value.why
    with pytest.raises(TensionsError) as error:
        held_out_groups([coded(document="d1", drawn="mixed"), coded(document="d2", drawn="diverse")])
    assert error.value.why.startswith("ils ont tous été choisis")


def test_a_fold_judged_alone_is_not_calibrated_on_itself() -> None:
    """Its answers must not set the threshold by which they are judged: the heads speak as they are, cut at .5."""
    passages = [coded(document="d1", logics=("rationalisation",) if rank % 2 else ()) for rank in range(6)]
    passages += [coded(document="d2", drawn="mixed")]

    def heads(names: tuple[str, ...], intercepts: list[float]) -> Heads:
        none, ones = np.zeros((len(names), 1)), np.ones(len(names))
        return Heads(names, none, np.array(intercepts), none, 0 * ones, ones, ones, 0 * ones, 0.5 * ones)

    poles, axes = heads(codebook().poles, [-1.0, 2.0]), heads(axis_names(), [0.0] * len(axis_names()))

    def learn(training: Sequence[int], held: Sequence[int]) -> Answer:
        return Fitted(poles, {}, axes, {}), csr_matrix((len(held), 1)), np.zeros((len(held), 1))

    folds = np.array([0] * 6 + [1])
    found = held_out(passages, range(6), folds, learn)
    assert found.scores[0] == pytest.approx([1 / (1 + math.exp(1)), 1 / (1 + math.exp(-2))], abs=1e-4)
    assert found.thresholds.tolist() == [[0.5, 0.5]] * 6
    assert "neither calibration nor thresholds chosen: one part alone is judged" in protocol(passages, found)


def test_folds_keep_groups_together_whatever_the_order() -> None:
    groups = ["a"] * 5 + ["b"] * 3 + ["c"] * 2 + ["d"]
    folds = dict(zip(groups, fold_of_groups(groups, 3).tolist(), strict=True))
    backwards = dict(zip(groups[::-1], fold_of_groups(groups[::-1], 3).tolist(), strict=True))
    assert folds == backwards
    assert len(set(folds.values())) == 3


def test_a_logic_that_one_fold_holds_whole_is_refused_before_training() -> None:
    # Eleven documents for ten folds: the two smallest, alone to bear one logic, are held out together.
    other = {"logics": ("professionnelle",)}
    both = {"logics": ("rationalisation", "professionnelle")}
    large = [
        coded(document=f"d{rank}", **change) for rank in range(9) for change in (other, {"logics": ()}, {"logics": ()})
    ]
    small = [
        coded(document=f"e{rank}", relations={"rationalisation+professionnelle": relation}, **both)
        for rank, relation in enumerate(("opposition", "articulation"))
    ]
    with pytest.raises(TensionsError, match="ne suffisent pas pour entraîner"):
        check_classes([*large, *small])
    elsewhere = [replace(p, document="d0") for p in small]
    check_classes([*large, *small, *elsewhere])
    # By fifths of a hundred passages: six documents, the two smallest in one fold.
    of_five = [*large[:12] * 10, *small, *small]
    assert not can_learn_alone(of_five, [p.document or "" for p in of_five])
    assert can_learn_alone([*of_five, *elsewhere], [p.document or "" for p in (*of_five, *elsewhere)])


def test_the_card_of_a_folder_is_told_once(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.jsonl").write_text("", encoding="utf-8")
    (tmp_path / "card.toml").write_text("provenance = 'Mes entretiens.'\n", encoding="utf-8")
    files = [tmp_path / "a.jsonl", tmp_path / "b.jsonl", tmp_path]
    assert told_provenance(files) == {"provenance": "Mes entretiens."}
    (tmp_path / "autre").mkdir()
    (tmp_path / "autre" / "card.toml").write_text("provenance = 'Des rapports.'\n", encoding="utf-8")
    assert told_provenance([*files, tmp_path / "autre"]) == {"provenance": "Mes entretiens. Des rapports."}


@pytest.mark.parametrize("content", [b"provenance = 'CANARI", b"\xff\xfe", b"provenance = ['CANARI']", b"a = 1\n"])
def test_a_broken_card_is_refused_without_being_quoted(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "card.toml").write_bytes(content)
    with pytest.raises(TensionsError) as error:
        told_provenance([tmp_path])
    assert "card.toml" in str(error.value)
    assert "CANARI" not in f"{error.value} {error.value.why} {error.value.hint}"


@pytest.mark.parametrize(
    "change",
    [
        {"M": "non"},
        {"P": 1},
        {"relation": "opposition", "P": False},
        {"relation": None, "M": True, "P": True},
        {"relation": "accord", "M": True, "P": True},
        {"axes": {"temps": ["professionnelle"]}, "P": False},
        {"axes": {"météo": ["rationalisation"]}},
        {"text": "  "},
    ],
)
def test_codes_against_the_codebook_are_refused_by_line(
    change: dict[str, object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = {"id": "x", "document": "d", "author": "a", "text": "ZZTOPSECRET", "M": True, "P": False, "relation": None}
    codes = tmp_path / "codes.jsonl"
    codes.write_text(json.dumps(row) + "\n" + json.dumps(row | change) + "\n", encoding="utf-8")
    assert run(["model", "train", str(codes), "-o", str(tmp_path / "m")]) == 2
    error = capsys.readouterr().err
    assert "ligne 2" in error
    assert "ZZTOPSECRET" not in error


def test_the_shipped_corpus_is_well_formed() -> None:
    passages = read_coded([ANNOTATED])
    assert len({p.id for p in passages}) == len(passages)
    texts = ["".join(filter(str.isalnum, p.text.lower())) for p in passages if len(p.text) > 60]
    # Two interviewers close with the same stock question.
    assert len(texts) - len(set(texts)) <= 1
    for author in {p.author for p in passages if p.whole}:
        assert len({p.genre for p in passages if p.author == author}) >= 3, author


def test_a_worse_model_does_not_replace_the_one_that_is_there(
    small: Path, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shutil.copytree(trained, tmp_path / "petit")
    rows = (folder / "held_out.csv").read_text(encoding="utf-8").splitlines()
    perfect = [rows[0], *(",".join([*row.split(",")[:3], row.split(",")[2]]) for row in rows[1:])]
    (folder / "held_out.csv").write_text("\n".join(perfect) + "\n", encoding="utf-8")
    before = (folder / "config.json").read_bytes()
    assert run(["model", "train", str(small), "-o", str(folder), "-q"]) == 2
    assert "n’est pas remplacé" in capsys.readouterr().err
    assert (folder / "config.json").read_bytes() == before
    assert run(["model", "train", str(small), "-o", str(folder), "-q", "--force"]) == 0
    for path in sorted(trained.iterdir()):  # what was there leaves no trace in what replaces it
        assert (folder / path.name).read_bytes() == path.read_bytes(), path.name


def test_a_pipe_is_refused_before_the_model_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def loaded(name: str) -> None:
        raise AssertionError(name)

    monkeypatch.setattr("tensions_cli.commands.model.open_model", loaded)
    os.mkfifo(tmp_path / "codes.jsonl")
    assert run(["model", "evaluate", str(tmp_path / "codes.jsonl")]) == 2


def test_only_the_shipped_corpus_is_composed() -> None:
    """One's own interviews that a machine coded are coded by it, not written by it."""
    ours = {"training": {"passages": 9054, "coded_by": "model", "sha256": "a"}}
    own = {"training": {"passages": 400, "coded_by": "model", "sha256": "b"}}
    composed = [model_training(ours, ours), model_training(own, ours), model_training(own, {})]
    assert [one and one["composed"] for one in composed] == [True, False, False]
    both = model_training(own | {"added": {"passages": 50, "coded_by": "people"}}, ours)
    assert both is not None
    assert both["composed"]
