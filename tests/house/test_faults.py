"""The table of faults and the tests that it names hold together."""

import ast
import re

from tests.house.tree import ROOT

_NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")


def _page() -> str:
    return (ROOT / "docs" / "faults.md").read_text("utf-8")


def test_every_test_that_the_table_names_is_there() -> None:
    named = _NAMED.findall(_page())
    assert len(named) > 20
    for file, test in named:
        tree = ast.parse((ROOT / "tests" / file).read_bytes())
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        assert test in {node.name for node in functions}, f"{file}::{test}"


def test_every_row_has_a_test_and_every_test_of_the_table_a_row() -> None:
    rows = [line.split("|") for line in _page().splitlines() if line.startswith("|") and "---" not in line]
    shown = [row[-2].strip() for row in rows if row[-2].strip() != "shown by"]
    assert len(shown) > 20
    assert all(_NAMED.search(cell) or cell == "the same" for cell in shown)
    tree = ast.parse((ROOT / "tests" / "store" / "test_faults.py").read_bytes())
    tests = [
        node.name for node in tree.body if isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("test_")
    ]
    assert [name for name in tests if f"`store/test_faults.py::{name}`" not in _page()] == []
