"""The files of the project, as the tests of the house see them."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_NOT_OURS = {".git", ".venv", "__pycache__", "build", "dist", "demo-data", "demo-run", "node_modules"}


@cache
def committed() -> tuple[Path, ...]:
    """Every committed file that is still there; without a repository (an unpacked archive) every file."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
        found = [ROOT / name for name in listed.decode("utf-8").split("\0") if name]
    else:
        found = [
            path
            for path in ROOT.rglob("*")
            if not any(part in _NOT_OURS or part.endswith("_cache") for part in path.relative_to(ROOT).parts)
        ]
    return tuple(sorted(path for path in found if path.is_file()))


def name(path: Path) -> str:
    """A file's name below the root, as errors show it."""
    return path.relative_to(ROOT).as_posix()


def sources(*folders: str) -> tuple[Path, ...]:
    """Committed Python files below these folders."""
    return tuple(path for path in committed() if path.suffix == ".py" and name(path).startswith(folders))


def imported(paths: tuple[Path, ...]) -> set[str]:
    """Top-level names of every module that these files import."""
    return set().union(*map(_imported, paths))


@cache
def _imported(path: Path) -> frozenset[str]:
    found: set[str] = set()
    for node in _statements(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module.partition(".")[0])
    return frozenset(found)


@cache
def functions(path: Path) -> frozenset[str]:
    """Names of all functions of a file, however deep."""
    found = _statements(ast.parse(path.read_bytes()))
    return frozenset(node.name for node in found if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _statements(module: ast.Module) -> Iterator[ast.AST]:
    """Every statement, however deep: most of a tree are expressions, which import nothing."""
    waiting: list[ast.AST] = [module]
    while waiting:
        node = waiting.pop()
        yield node
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            waiting += getattr(node, field, ())
