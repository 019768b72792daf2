"""Training on a small corpus: a folder that loads, the same bytes twice, honest folds, clear refusals."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tensions_cli.cli import run
from tensions_cli.errors import TensionsError
from tensions_cli.tagging.model_folder import load_model
from tensions_cli.tagging.tag import tag_texts
from tensions_cli.training.added import can_learn_alone
from tensions_cli.training.coded import CodedPassage, read_coded
from tensions_cli.training.evaluate import fold_of_groups, held_out_groups
from tensions_cli.training.train import check_classes

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
