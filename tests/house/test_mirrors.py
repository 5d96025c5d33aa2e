"""The tests mirror the tree: who looks for the test of a file knows where it is."""

import ast
from pathlib import Path

from tests.house.tree import ROOT, committed, name, sources

# Files without a test of the same name, each with where it is tested instead. This list only shrinks.
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
EXCEPTIONS = {
    "gateway/core/errors.py": "names, and one code that whoever raises it is tested for",
}


def _test_of(source: str) -> str:
    folder, _, file = source.removeprefix("gateway/").rpartition("/")
    return "/".join(part for part in ("tests", folder, f"test_{file}") if part)


def _does(path: Path) -> bool:
    """Files that only declare types, their fields and ports have nothing to try."""
    functions = [node for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, _FUNCTIONS)]
    return any(not isinstance(line, ast.Expr) for function in functions for line in function.body)


def test_every_source_file_has_its_test_file() -> None:
    there = {name(path) for path in committed()}
    ours = {name(path): path for path in sources("gateway/") if not path.name.startswith("__")}
    without = [source for source in ours if _test_of(source) not in there and source not in EXCEPTIONS]
    assert [source for source in without if _does(ours[source])] == []


def test_no_exception_has_outlived_its_reason() -> None:
    there = {name(path) for path in committed()}
    assert [source for source in EXCEPTIONS if source not in there or _test_of(source) in there] == []


def test_a_package_says_what_it_holds_and_holds_no_logic() -> None:
    for path in sources("gateway/"):
        if path.name != "__init__.py":
            continue
        body = ast.parse(path.read_bytes()).body
        assert body, f"{name(path)} needs a docstring"
        assert isinstance(body[0], ast.Expr), f"{name(path)} needs a docstring"
        rest = [node for node in body[1:] if not (isinstance(node, ast.Assign) or _imports(node))]
        assert not rest, f"{name(path)} holds logic"


def _imports(node: ast.stmt) -> bool:
    """Also those that only type checkers see."""
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return not node.orelse and all(map(_imports, node.body))
    return isinstance(node, ast.Import | ast.ImportFrom)


def test_every_folder_of_tests_is_a_package() -> None:
    folders = {path.parent for path in sources("tests/")}
    assert [name(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def test_no_test_hides_below_a_name_that_pytest_does_not_collect() -> None:
    """A file with tests in it is called `test_*.py`."""
    astray = [
        name(path)
        for path in sources("tests/")
        if not path.name.startswith("test_")
        and any(
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
            for node in ast.parse(path.read_bytes()).body
        )
    ]
    assert astray == []


def test_the_root_holds_what_it_should_and_nothing_more() -> None:
    top = {name(path).partition("/")[0] for path in committed()}
    assert top <= {
        *("gateway", "migrations", "policies", "tests", "docker", "benchmarks", "docs", "requirements", ".ci"),
        *("README.md", "ARCHITECTURE.md", "CHANGELOG.md", "LICENSE", "Makefile", "pyproject.toml"),
        *(".gitignore", ".dockerignore"),
    }
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111, ".ci/run must be executable"
