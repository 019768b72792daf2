"""What a model says of what its coders never coded, and of what it cannot tell."""

import json
from pathlib import Path

import numpy as np
import pytest

import three_logics
from tensions_cli.cli import run
from tensions_cli.tagging.model_folder import open_model
from tensions_cli.tagging.tag import tag_texts
from tensions_cli.training.fit import calibrate


def test_a_head_that_is_no_better_than_chance_is_never_turned_upside_down() -> None:
    """Scores that fall where the answer is yes: the curve that fits them would swap yes and no."""
    random = np.random.default_rng(5)
    wanted = random.random(200) < 0.5
    linear = np.where(wanted, -1.0, 1.0) + random.normal(0, 0.5, 200)
    assert calibrate(linear, linear, wanted) == (1.0, 0.0, 0.0)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of coders who coded no stance, and never two of the logics together."""
    folder = three_logics.write(tmp_path_factory.mktemp("sans"))
    rows = [row | {"stance": {}} for row in three_logics.rows()]
    rows = [row for row in rows if "civique-domestique" not in str(row["id"]) and not str(row["id"]).endswith("trois")]
    (folder / "codes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    out = folder / "modele"
    assert run(["model", "train", str(folder / "codes.jsonl"), "--codebook", str(folder), "-o", str(out), "-q"]) == 0
    return out


def test_a_stance_that_nobody_coded_is_never_said(bare: Path) -> None:
    model = open_model(str(bare))
    texts = [text for sayings in three_logics.SAYINGS.values() for text in sayings]
    assert {tags.stance for tags in tag_texts(texts, model)} == {None}


def test_an_opposition_that_nobody_coded_is_never_said(bare: Path) -> None:
    model = open_model(str(bare))
    assert model.relations["civique+domestique"].names == ("juxtaposition",)
    assert set(model.relations["marchande+civique"].names) == {"opposition", "articulation", "juxtaposition"}
