"""The table of faults and the tests that it names hold together."""

import ast
import re

from tests.exchange.durable_scenes import PLAYS
from tests.house.tree import ROOT, functions

_STEP = re.compile(r"`([^`]+)`")
_NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")


def _page() -> str:
    return (ROOT / "docs" / "faults.md").read_text("utf-8")


def _beside() -> str:
    """The section of what goes on beside requests, whose steps one test goes through."""
    return _page().partition("## Beside requests")[2].partition("\n## ")[0]


def _rows(text: str) -> list[list[str]]:
    return [line.split("|") for line in text.splitlines() if line.startswith("|") and "---" not in line]


def test_every_test_that_the_table_names_is_there() -> None:
    named = _NAMED.findall(_page())
    assert len(named) > 20
    for file, test in named:
        assert test in functions(ROOT / "tests" / file), f"{file}::{test}"


def test_every_row_has_a_test_and_every_test_of_the_table_a_row() -> None:
    rows = _rows(_page().replace(_beside(), ""))
    shown = [row[-2].strip() for row in rows if row[-2].strip() != "shown by"]
    assert len(shown) > 20
    assert all(_NAMED.search(cell) or cell == "the same" for cell in shown)
    tree = ast.parse((ROOT / "tests" / "store" / "test_faults.py").read_bytes())
    tests = [
        node.name for node in tree.body if isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("test_")
    ]
    assert [name for name in tests if f"`store/test_faults.py::{name}`" not in _page()] == []


def test_what_goes_on_beside_requests_is_told_step_by_step_as_it_is_tested() -> None:
    told = {
        row[1].strip(): (row[2].strip().partition(";")[0], tuple(_STEP.findall(row[3]))) for row in _rows(_beside())[1:]
    }
    assert told == {name: ("SQLite" if play.alone else "both", play.steps) for name, play in PLAYS.items()}
