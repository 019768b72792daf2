"""The figures that ship beside the models are those of the answers that ship beside them, and of the corpus here."""

import csv
import json
from pathlib import Path

import pytest

from tensions_cli.statistics.agreement import macro_f1
from tensions_cli.tagging.classifier import Model
from tensions_cli.training.coded import corpus_sha256, read_coded
from tensions_cli.training.seen import seen_in_training
from tensions_cli.training.train import false_alarms

ROOT = Path(__file__).parents[2]
ANNOTATED = ROOT / "corpora" / "annotated"
NAMES = ("standard", "fine")


def metrics_of(name: str) -> dict:
    return json.loads((ROOT / "models" / name / "metrics.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_the_answers_give_the_figures(name: str) -> None:
    rows = list(csv.DictReader((ROOT / "models" / name / "held_out.csv").open(encoding="utf-8")))
    figures = metrics_of(name)["evaluation"]
    assert len(rows) == figures["passages"]
    assert len({row["document"] for row in rows}) == figures["documents"]
    said = macro_f1([row["coder"] for row in rows], [row["model"] for row in rows])
    assert said == pytest.approx(figures["macro_f1"], abs=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_the_models_learnt_the_corpus_that_is_here(name: str) -> None:
    config = json.loads((ROOT / "models" / name / "config.json").read_text(encoding="utf-8"))
    assert config["training"]["sha256"] == corpus_sha256(read_coded([ANNOTATED]))


def test_false_alarms_are_measured_on_texts_never_learnt(model: Model) -> None:
    neutral = read_coded([ANNOTATED / "neutral" / "neutral.jsonl"])
    assert len(neutral) >= 300
    assert all(p.label == "neutre" for p in neutral)
    assert seen_in_training((p.text for p in neutral), ROOT / "models" / "standard") == 0
    assert false_alarms(model, neutral)["share"] == pytest.approx(
        metrics_of("standard")["false_alarms"]["share"], abs=0.004
    )


def test_the_second_coding_names_passages_of_the_corpus() -> None:
    known = {p.id for p in read_coded([ANNOTATED]) if p.whole}
    files = {name: ANNOTATED / "second" / f"{name}.jsonl" for name in ("first", "blind", "adjudicated")}
    ids = {name: [json.loads(line)["id"] for line in path.open(encoding="utf-8")] for name, path in files.items()}
    assert ids["first"] == ids["blind"]
    assert len(set(ids["blind"])) == len(ids["blind"]) >= 1000
    assert set(ids["adjudicated"]) <= set(ids["blind"]) <= known


def test_the_corpus_is_as_large_as_its_page_says() -> None:
    passages = read_coded([ANNOTATED])
    whole = [p for p in passages if p.whole]
    assert len(passages) >= 4000
    assert len({p.document for p in whole}) >= 150
    assert 2 * len(whole) >= len(passages)
    genres: dict[str, set[str]] = {}
    for p in whole:
        genres.setdefault(p.author, set()).add(p.genre)
    assert all(len(found) >= 3 for author, found in genres.items() if author.startswith("author-"))
