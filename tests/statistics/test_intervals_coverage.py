"""The claim of the intervals, 93 to 97 %: on the corners of `benchmarks/coverage.py`, and in the table it left."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
LOW, HIGH = 0.93, 0.97
Cell = dict[str, Any]


def benchmark() -> ModuleType:
    """`benchmarks/coverage.py`, by its path: `coverage` is also the name of a library."""
    specification = importlib.util.spec_from_file_location("coverage_of_intervals", BENCHMARKS / "coverage.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def assert_claimed(cell: Cell, names: tuple[str, ...]) -> None:
    """Within the band, three simulation errors around it."""
    slack = 3 * (LOW * (1 - LOW) / cell["trials"]) ** 0.5
    assert [name for name in names if not LOW - slack <= cell[name] <= HIGH + slack] == [], cell


@pytest.mark.full
def test_corners_of_the_table_measured_again() -> None:
    tables = benchmark().measure(400, fast=True)
    for cell in tables["shares"]:
        assert_claimed(cell, ("ours",))
    for cell in tables["corrected"]:
        assert_claimed(cell, ("prediction_powered", "rogan_gladen"))


def test_the_committed_table_holds_what_is_claimed() -> None:
    tables: dict[str, list[Cell]] = json.loads((BENCHMARKS / "results" / "coverage.json").read_text(encoding="utf-8"))
    assert {cell["documents"] for cell in tables["shares"]} == {10, 15, 20, 30, 50, 100}
    for cell in tables["shares"]:
        assert_claimed(cell, ("ours",))
        assert cell["passages"] < 0.9  # what taking passages for independent would give
    for cell in tables["corrected"]:
        assert_claimed(cell, ("prediction_powered", "rogan_gladen"))
    # Where it is known to fail, it is seen to fail.
    chosen = [cell for cell in tables["not_at_random"] if cell["gold"] == "telling" and cell["share"] <= 0.1]
    assert chosen
    assert all(cell["prediction_powered"] < 0.7 for cell in chosen)
