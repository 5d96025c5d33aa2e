"""What import-linter cannot say of the pure packages: which libraries they stand on and no others, and that they touch
nothing outside by what is built in."""

import ast
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.house.tree import ROOT, imported

STANDS_ON = {
    "core": {"msgspec"},
    "ledger": {"msgspec", "cryptography"},
    "checks": {"msgspec", "cryptography", "jose", "casbin", "re2", "ahocorasick", "stdnum", "jsonschema_rs"},
}
FURTHER = {"ledger/vouching.py": {"rfc3161_client"}}
"""Which a bundle's `verify.py` does without (docs/decisions/0077-time-stamps.md)."""
OUTSIDE = {
    "socket",
    "ssl",
    "sqlite3",
    "time",
    "subprocess",
    "select",
    "selectors",
    "http",
    "shutil",
    "tempfile",
    "glob",
}
"""Of the standard library: network, files, other processes, the clock."""
CALLED = {"open", "now", "utcnow", "today", "read_text", "read_bytes", "write_text", "write_bytes", "urlopen", "system"}


def _files(package: str) -> list[Path]:
    return sorted((ROOT / "gateway" / package).rglob("*.py"))


@pytest.mark.parametrize("package", STANDS_ON)
def test_a_pure_package_stands_on_its_libraries_and_on_no_others(package: str) -> None:
    files = _files(package)
    assert files
    for path in files:
        allowed = STANDS_ON[package] | FURTHER.get(str(path.relative_to(ROOT / "gateway")), set()) | {"gateway"}
        found = imported((path,))
        assert found - set(sys.stdlib_module_names) <= allowed, path
        assert not found & OUTSIDE, path


@pytest.mark.parametrize("package", STANDS_ON)
def test_a_pure_package_reads_no_file_and_no_clock(package: str) -> None:
    assert [(str(path), name) for path in _files(package) for name in _outside([path.read_text("utf-8")])] == []


def test_what_reaches_outside_is_seen() -> None:
    text = "import datetime\nopen('x')\ndatetime.datetime.now()\nPath('x').read_text()\nclock.now_us()\nself.open(1)\n"
    assert list(_outside([text])) == ["open", "now", "read_text"]


def _outside(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call):
                called = node.func
                if isinstance(called, ast.Name) and called.id in CALLED:
                    yield called.id
                # A method of that name is one's own (`Sealer.open`), but for what only files and clocks have.
                elif isinstance(called, ast.Attribute) and called.attr in CALLED - {"open"}:
                    yield called.attr
