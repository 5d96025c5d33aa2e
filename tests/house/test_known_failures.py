"""The page of known failures and the tests that it names hold together."""

import ast
import re
from functools import cache

from tests.house.tree import ROOT, name, sources

_NAMED = re.compile(r"`([\w/]+\.py)(?:::(\w+))?`")


def _page() -> str:
    return (ROOT / "docs" / "known-failures.md").read_text("utf-8")


@cache
def _tests(file: str) -> dict[str, str]:
    """The tests of a file with what they say of themselves."""
    tree = ast.parse((ROOT / "tests" / file).read_bytes())
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return {node.name: ast.get_docstring(node) or "" for node in functions if node.name.startswith("test_")}


def test_every_test_that_the_page_names_is_there() -> None:
    named = [(file, test) for file, test in _NAMED.findall(_page()) if not file.startswith("tests/house/")]
    assert len(named) > 50
    for file, test in named:
        assert (ROOT / "tests" / file).exists(), file
        assert not test or test in _tests(file), f"{file}::{test}"


def test_every_known_failure_is_on_the_page_and_says_what_happened() -> None:
    page = _page()
    files = [name(path).removeprefix("tests/") for path in sources("tests/known_failures/test_")]
    assert len(files) == 4
    for file in files:
        for test, said in _tests(file).items():
            assert f"`{file}::{test}`" in page, f"{file}::{test}"
            assert said, f"{test} does not say what happened"


def test_every_row_has_a_test_or_says_why_there_is_none() -> None:
    rows = [line.split("|") for line in _page().splitlines() if line.startswith("|") and "---" not in line]
    for _, what, shown, *_ in rows:
        if what.strip() != "what happened":
            assert "::test_" in shown or "not applicable yet" in shown, what
