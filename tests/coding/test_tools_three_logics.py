"""Annotation tools with three logics: a proposal names the logics that are there, since `mixte` says none."""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tagged_documents import BY, document, tags

import three_logics
from tensions_cli.coding.read import read_codes
from tensions_cli.coding.understand import Problem, understand
from tensions_cli.knowledge.codebook import load_codebook, shipped, use_codebook
from tensions_cli.output.annotation import label_studio_config, write_doccano, write_label_studio, write_prodigy
from tensions_cli.output.tasks import write_tasks_doccano, write_tasks_label_studio, write_tasks_prodigy
from tensions_cli.results import Task

TEXT = "😀 On a voté, puis la grand-mère du club a tranché."
PAIR = "civique+domestique"
Row = dict[str, Any]


@pytest.fixture(autouse=True)
def _three_logics(tmp_path: Path) -> Iterator[None]:
    use_codebook(load_codebook(three_logics.write(tmp_path / "grille")))
    yield
    use_codebook(shipped())


def task() -> Task:
    """One passage in which the machine sees two logics of the three."""
    mixed = tags("mixte", logics=("civique", "domestique"), relations={PAIR: "opposition"}, axes={}, stance={})
    (one,) = document("d", TEXT, [(0, len(TEXT), mixed)]).passages
    return Task(one.passage, "00", None, None, 0, 12.5, "random", ("codeur A",), replace(one.tags, model=BY.coder))


def written(write: Callable[[io.StringIO], object]) -> list[Row]:
    stream = io.StringIO()
    write(stream)
    text = stream.getvalue()
    return list(json.loads(text)) if text.startswith("[") else [json.loads(line) for line in text.splitlines()]


def imported(rows: list[Row]) -> tuple[list[Row], list[Problem]]:
    passages, problems = understand(read_codes(json.dumps(rows).encode("utf-8"))[1])
    return passages, [problem for problem in problems if problem.lost]


def accepted(row: Row) -> Row:
    """What a person gives back who changes nothing."""
    if "predictions" in row:
        (prediction,) = row["predictions"]
        return {"id": 1, "data": row["data"], "annotations": [{"completed_by": 1, "result": prediction["result"]}]}
    return row | {"id": 1, "answer": "accept"} if "options" in row else row | {"id": 1, "Comments": []}


def answers(passage: Mapping[str, Any]) -> tuple[str, bool, bool, bool]:
    return passage["label"], passage["V"], passage["C"], passage["D"]


TASKS = {"doccano": write_tasks_doccano, "label-studio": write_tasks_label_studio, "prodigy": write_tasks_prodigy}
DOCUMENTS = {"doccano": write_doccano, "label-studio": write_label_studio, "prodigy": write_prodigy}


@pytest.mark.parametrize("tool", TASKS)
def test_an_accepted_proposal_keeps_its_logics(tool: str) -> None:
    (row,) = written(lambda stream: TASKS[tool]([task()], "codeur A", stream))
    (passage,), lost = imported([accepted(row)])
    assert lost == []
    assert answers(passage) == ("mixte", False, True, True)
    assert (passage["coder"], passage["weight"], passage["drawn"]) == ("codeur A", 12.5, "random")


@pytest.mark.parametrize("tool", ["doccano", "label-studio"])
def test_an_untouched_proposal_is_read_as_the_machine_s(tool: str) -> None:
    (row,) = written(lambda stream: TASKS[tool]([task()], "codeur A", stream))
    (passage,), lost = imported([row])
    assert lost == []
    assert answers(passage) == ("mixte", False, True, True)
    assert passage["coder"] == BY.coder


@pytest.mark.parametrize("touched", [True, False])
@pytest.mark.parametrize("tool", DOCUMENTS)
def test_exports_of_whole_documents_keep_the_logics(tool: str, touched: bool) -> None:
    mixed = tags("mixte", logics=("marchande", "domestique"), relations={"marchande+domestique": "articulation"})
    every = tags("mixte", relations=dict.fromkeys(("marchande+civique", "marchande+domestique", PAIR), "opposition"))
    text = "Oui. Non. Si."
    tagged = document("d", text, [(0, 4, mixed), (5, 9, every), (10, 13, tags("civique"))])
    rows = written(lambda stream: DOCUMENTS[tool]([tagged], BY, stream))
    passages, lost = imported([accepted(row) for row in rows] if touched else rows)
    assert lost == []
    assert [answers(passage) for passage in passages] == [
        ("mixte", True, False, True), ("mixte", True, True, True), ("civique", False, True, False),
    ]  # fmt: skip


def test_a_label_studio_project_takes_several_logics_and_their_relations() -> None:
    config = label_studio_config()
    assert '<Labels name="label" toName="text" choice="multiple">' in config
    assert 'name="relation" toName="text" choice="multiple"' in config  # one by pair
    assert "whenLabelValue" not in config  # would hide the relation of two logics named one by one


def test_the_shipped_codebook_keeps_its_labels() -> None:
    use_codebook(shipped())
    (row,) = written(lambda stream: write_doccano([document("d", "Oui.", [(0, 4, tags("mixte"))])], BY, stream))
    assert [span[2] for span in row["label"]] == ["mixte"]
    assert 'choice="single"' in label_studio_config()
    assert 'whenLabelValue="mixte"' in label_studio_config()
