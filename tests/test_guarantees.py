"""The page of guarantees names tests that exist, and no promise without one."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
PROMISES, LIMITS = PAGE.split("## What is not proven")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PROMISES)))
ROWS = [row.strip("| \n") for row in PROMISES.splitlines() if row.startswith("| ") and row != "| promise | tests |"]


def functions(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("path", sorted({path for path, _ in NAMED}))
def test_every_test_named_exists(path: str) -> None:
    assert {name for file, name in NAMED if file == path} - functions(path) == set()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[:40])
def test_every_promise_has_a_test(row: str) -> None:
    promise, _, tests = row.partition(" | ")
    assert promise
    assert re.fullmatch(r"`tests/[\w/]+\.py::test_\w+`(, `tests/[\w/]+\.py::test_\w+`)*", tests), row


def test_the_page_speaks_of_every_promise() -> None:
    """The promises of the design, in its words."""
    told = PAGE.casefold()
    for promise in (
        *("nothing is sent", "interviewer turns are tagged, marked, and left out", "nothing is lost silently"),
        *("a number is never shown", "provenance is told as it is", "the cache", "same bytes", "exit statuses"),
        *("whole or not at all", "pickle", "masked", "--cluster", "windows", "macos"),
    ):
        assert promise in told
    assert len(NAMED) > 40
    assert LIMITS.count("\n- ") >= 8
