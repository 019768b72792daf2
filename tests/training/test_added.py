"""One's own passages added to a small stand-in of the shipped ones."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tensions_cli.errors import TensionsError
from tensions_cli.tagging.encoders import encoder
from tensions_cli.tagging.features import fit_space
from tensions_cli.tagging.kernel import likeness
from tensions_cli.tagging.model_folder import model_folders
from tensions_cli.training.added import Together, _some, can_calibrate, features_in, together, verdict
from tensions_cli.training.coded import CodedPassage, read_coded
from tensions_cli.training.fit import RIDGE, features_of, see_all
from tensions_cli.training.shipped import FOLDER, is_shipped, shipped_folders, shipped_passages
from tensions_cli.training.train import Choices, train, train_added

ANNOTATED = Path(__file__).parents[2] / "corpora" / "annotated"
NAME = "Maëlvana"


def some(name: str, count: int, **changes: object) -> str:
    lines = (ANNOTATED / name).read_text(encoding="utf-8").splitlines()[:count]
    return "".join(json.dumps(json.loads(line) | changes, ensure_ascii=False) + "\n" for line in lines)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stand-in of the shipped passages, and of where they come from."""
    folder = tmp_path_factory.mktemp("livre")
    for name, count in (("author-08.jsonl", 100), ("author-09.jsonl", 100), ("written.jsonl", 60)):
        (folder / name).write_text(some(name, count), encoding="utf-8")
    (folder / "card.toml").write_text('provenance = "Composed."\ncoded_by = "model"\n', encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def against(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("modeles") / "livre"
    train([base], folder)
    return folder


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One hundred and twenty passages of somebody else; a name in two of them, one known to the shipped model."""
    path = tmp_path_factory.mktemp("miens") / "codes.jsonl"
    rows = [json.loads(line) for line in some("author-10.jsonl", 120, author=None, coder="codeur A").splitlines()]
    for rank in (3, 50):
        rows[rank]["text"] += f" C’est {NAME} qui me l’a dit."
    rows[4]["text"] = json.loads(some("author-08.jsonl", 1))["text"]
    rows[5]["drawn"] = "uncertain"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


Trained = tuple[Path, dict, list[str], list[tuple[str, list[str]]]]


@pytest.fixture(scope="module")
def trained(base: Path, against: Path, own: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Folder, metrics, steps told, warnings."""
    folder = tmp_path_factory.mktemp("modeles") / "mien"
    steps: list[str] = []
    warnings: list[tuple[str, list[str]]] = []
    choices = Choices(done=steps.append, warn=lambda what, names: warnings.append((what, list(names))))
    return folder, train_added([own], folder, choices, base=base, against=str(against)), steps, warnings


def test_only_own_passages_are_judged(trained: Trained, own: Path) -> None:
    _, metrics, steps, _ = trained
    added = metrics["added"]
    assert metrics["training"]["passages"] == 260 + 120
    # One is known to the shipped model, one was chosen to teach.
    assert (added["passages"], added["judged"], added["seen_by_shipped"], added["drawn_to_teach"]) == (120, 118, 1, 1)
    assert metrics["evaluation"]["passages"] == 118
    assert (added["coders"], added["coded_by"]) == (1, "people")
    assert any("passages livrés" in step and step.startswith("1 de vos passages") for step in steps)
    assert sum("tenus à l’écart" in step for step in steps) <= 5


def test_the_three_models_and_the_curve(trained: Trained) -> None:
    added = trained[1]["added"]
    assert set(added["models"]) <= {"both", "shipped", "alone"}
    assert {"both", "shipped"} <= set(added["models"])
    curve = added["learning_curve"]
    assert [point["share"] for point in curve] == [0.0, 0.25, 0.5, 0.75, 1.0]
    counts = [point["passages"] for point in curve]
    assert counts[0] == 0
    assert counts == sorted(counts)
    assert counts[-1] < 120  # a fold is always held out
    assert curve[-1]["macro_f1"] == added["models"]["both"]["macro_f1"]
    assert trained[1]["evaluation"]["macro_f1"] == pytest.approx(added["models"]["both"]["macro_f1"]["value"], abs=2e-4)
    gain = added["gain"]["shipped"]["macro_f1"]["value"]
    both, shipped = (added["models"][name]["macro_f1"]["value"] for name in ("both", "shipped"))
    assert gain == pytest.approx(both - shipped, abs=2e-4)


def test_nobody_is_named(trained: Trained, own: Path) -> None:
    folder, _, _, warnings = trained
    [(told, names)] = warnings
    assert NAME.lower() in names
    assert NAME.lower() not in told.lower()
    documents = {json.loads(line)["document"] for line in own.read_text(encoding="utf-8").splitlines()}
    for path in sorted(folder.iterdir()):
        content = path.read_bytes()
        assert NAME.lower().encode() not in content.lower(), path.name
        for word in (*documents, "codeur A"):
            assert word.encode() not in content, path.name


def test_the_folder_is_its_owner_s(trained: Trained) -> None:
    assert trained[0].stat().st_mode & 0o077 == 0
    assert [path.name for path in trained[0].iterdir() if path.stat().st_mode & 0o077] == []


def test_the_card_tells_what_was_added(trained: Trained) -> None:
    card = (trained[0] / "README.md").read_text(encoding="utf-8")
    assert "120 passages of" in card
    assert "1 coder (coded by people as far as the rows say)" in card
    assert "added passages learnt" in card
    assert "Composed." in card


def test_the_same_bytes_twice(trained: Trained, base: Path, against: Path, own: Path, tmp_path: Path) -> None:
    train_added([own], tmp_path / "mien", base=base, against=str(against))
    for path in sorted(trained[0].iterdir()):
        assert (tmp_path / "mien" / path.name).read_bytes() == path.read_bytes(), path.name


def test_passages_that_the_shipped_model_knows_judge_nothing(base: Path, against: Path, tmp_path: Path) -> None:
    with pytest.raises(TensionsError, match="ne peuvent pas dire"):
        train_added([base / "author-08.jsonl"], tmp_path / "m", base=base, against=str(against))


# --- what the folds share -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def both(base: Path, own: Path) -> Together:
    passages = [*read_coded([base]), *read_coded([own])]
    return together(see_all(passages, [encoder("distilled", tuple(model_folders()))]), 260, frozenset())


def test_the_shared_factor_solves_the_whole_system(both: Together) -> None:
    """Against a plain solution of (K + λI) x = y, for two sets of rows that share their shipped block."""
    material, random = both.material, np.random.default_rng(3)
    whole = likeness(both.kernel, material.vectors)
    for own_rows in (range(260, 300), range(290, 380)):
        ranks = [*range(20, 200), *own_rows]
        targets = random.normal(size=(len(ranks), 2))
        wanted = np.linalg.solve(whole[np.ix_(ranks, ranks)] + RIDGE * np.eye(len(ranks)), targets)
        # Landmarks are in half precision, passages are not: the likeness is symmetric to the fourth decimal only.
        assert both.solve(ranks, targets) == pytest.approx(wanted, abs=1e-3)


def test_features_of_a_fold_are_those_of_a_space_of_its_own(both: Together) -> None:
    """The same numbers as a space fitted on the training passages alone, column by column."""
    training = [*range(260), *range(300, 380)]
    found = features_in(both, training).tocsc()
    alone = fit_space([both.material.seen[i] for i in training], both.space.book)
    wanted = features_of(alone, both.material.seen).tocsc()
    starts, columns = both.space.starts, alone.starts
    for name, ours, theirs in (
        ("lemmas", both.space.lemmas, alone.lemmas),
        ("pieces", both.space.pieces, alone.pieces),
    ):
        assert set(theirs) <= set(ours)
        kept = [starts[name] + ours[gram] for gram in theirs]
        there = [columns[name] + rank for rank in theirs.values()]
        assert abs(found[:, kept] - wanted[:, there]).max() < 1e-5
        gone = [starts[name] + rank for gram, rank in ours.items() if gram not in theirs]
        assert gone
        assert found[:, gone].nnz == 0 or abs(found[:, gone]).max() == 0
    assert abs(found[:, starts["cues"] :] - wanted[:, columns["cues"] :]).max() == 0


def test_shares_are_nested_whole_groups() -> None:
    groups = [f"d{i // 5}" for i in range(50)]
    folds = np.array([i // 10 for i in range(50)])
    sets = [set(_some(groups, folds, 2, share)) for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert [len(chosen) for chosen in sets] == [0, 10, 20, 30, 40]
    for small, large in pairwise(sets):
        assert small < large
    assert sets[-1].isdisjoint(range(20, 30))


def passage(*logics: str) -> CodedPassage:
    return CodedPassage("x", "d", "a", "a", "g", None, None, "t", logics, {}, {}, {})


def test_calibration_asks_for_enough_of_both_answers() -> None:
    enough = [passage("rationalisation", "professionnelle")] * 25 + [passage()] * 125
    assert can_calibrate(enough)
    assert not can_calibrate(enough[1:])
    assert not can_calibrate([*enough[1:], passage()])
    assert not can_calibrate([])


@pytest.mark.parametrize(
    ("value", "interval", "told"),
    [
        (0.04, [-0.01, 0.09],
         "mieux que le modèle livré sur vos passages : +0,04 de macro-F1 [−0,01 ; +0,09] : pas établi"),
        (0.04, [0.01, 0.09], "mieux que le modèle livré sur vos passages : +0,04 de macro-F1 [+0,01 ; +0,09]"),
        (-0.04, [-0.09, -0.01], "moins bien que le modèle livré sur vos passages : −0,04 de macro-F1 [−0,09 ; −0,01]"),
        (0.0, [-0.02, 0.02],
         "ni mieux ni moins bien que le modèle livré sur vos passages : 0,00 de macro-F1 [−0,02 ; +0,02] : pas établi"),
        (0.0, None, "ni mieux ni moins bien que le modèle livré sur vos passages : aucune différence mesurée"),
        (0.1, None,
         "face au modèle livré, sur vos passages : +0,10 de macro-F1 ; trop peu de documents pour un intervalle"),
    ],
)  # fmt: skip
def test_the_verdict_claims_no_more_than_the_interval(value: float, interval: list[float] | None, told: str) -> None:
    assert verdict({"value": value, "interval": interval}).replace("\u00a0", " ") == told


# --- where the shipped passages are ---------------------------------------------------------------------


def test_the_wheel_comes_first_then_the_repository(tmp_path: Path) -> None:
    wheel, repository = (tmp_path / place / FOLDER for place in ("wheel", "repository"))
    for folder in (wheel, repository):
        folder.mkdir(parents=True)
    with pytest.raises(TensionsError, match="introuvables"):
        shipped_passages([wheel, repository])
    (repository / "a.jsonl").write_text("{}\n", encoding="utf-8")
    assert shipped_passages([wheel, repository]) == repository
    (wheel / "a.jsonl").write_text("{}\n", encoding="utf-8")
    assert shipped_passages([wheel, repository]) == wheel


def test_they_are_found_here() -> None:
    assert [folder.parts[-3:] for folder in shipped_folders()] == [
        ("tensions_cli", "corpora", "annotated"), (ANNOTATED.parts[-3], "corpora", "annotated"),
    ]  # fmt: skip
    assert is_shipped([ANNOTATED])
    assert not is_shipped([ANNOTATED, Path("mes_codes.jsonl")])
    assert not is_shipped([])


def test_one_document_of_ones_own_is_not_enough(base: Path, against: Path, own: Path, tmp_path: Path) -> None:
    path = tmp_path / "un.jsonl"
    lines = [json.loads(line) | {"document": "d"} for line in own.read_text(encoding="utf-8").splitlines()]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    with pytest.raises(TensionsError, match="ne suffisent pas"):
        train_added([path], tmp_path / "m", base=base, against=str(against))
    assert not (tmp_path / "m").exists()
