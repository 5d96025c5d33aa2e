"""The Makefile offers what the documents promise, and says so."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house.tree import ROOT

_TEXT = (ROOT / "Makefile").read_text("utf-8")
_PHONY = set(re.findall(r"^\.PHONY: (.*)$", _TEXT, re.MULTILINE)[0].split())
_MARK = "mark." + "instrument"
_PROMISED = {"demo", "run", "test", "check", "bench", "eval", "kill", "fuzz", "help", "requirements"}


def _make(*arguments: str) -> str:
    ran = subprocess.run(["make", "--no-print-directory", *arguments], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_every_promised_target_is_there() -> None:
    assert _PROMISED <= _PHONY


def test_help_names_every_target_and_what_it_does() -> None:
    listed = dict(re.findall(r"^  make (\w+) +(\S.*)$", _make("help"), re.MULTILINE))
    assert set(listed) == _PHONY


def test_make_alone_gives_help() -> None:
    assert _make() == _make("help")


def test_every_program_of_the_project_that_a_target_runs_is_there() -> None:
    for module in re.findall(r"-(?:m|p) ((?:tests|benchmarks)[\w.]*)", _TEXT):
        place = ROOT / module.replace(".", "/")
        assert place.with_suffix(".py").exists() or (place / "__main__.py").exists(), module
    for file in re.findall(r"(?<![\w./-])((?:tests|benchmarks|requirements)/[\w/]+\.\w+)", _TEXT):
        assert (ROOT / file).exists(), file


def test_what_is_installed_is_held_to_its_hashes_and_never_compiled() -> None:
    """Each line that installs either demands hashes and wheels, or reaches for nothing but this tree."""
    lines = _TEXT.replace("\\\n", " ").splitlines()
    installs = [line for line in lines if re.search(r"pip (?:--python \S+ )?install", line)]
    assert installs
    for line in installs:
        words = set(shlex.split(line.partition(":=")[2]))
        assert words >= {"--require-hashes", "--only-binary"} or words >= {"--no-deps", "--no-index"}


def test_what_measures_is_tried_before_it_measures_and_not_by_the_suite() -> None:
    """Each test is run by one of the two, whatever it is marked with besides."""
    runs = dict(re.findall(r"^(test|bench): .*\n\t(.*pytest.*)$", _TEXT, re.MULTILINE))
    assert {name: re.findall(r"-m ((?!pytest)\S+|\".*?\") (\S+)$", line) for name, line in runs.items()} == {
        "test": [('"not instrument"', "$(TESTS)")],
        "bench": [("instrument", "tests/benchmarks")],
    }
    marked = [file for file in (ROOT / "tests").rglob("test_*.py") if _MARK in file.read_text("utf-8")]
    assert {file.parent.name for file in marked} == {"benchmarks"}


def test_the_gate_runs_checks_and_tests_and_looks_once_more_only_at_what_failed() -> None:
    gate = (ROOT / ".ci" / "run").read_text("utf-8")
    assert gate.startswith("#!/bin/bash\n")
    assert "set -euo pipefail" in gate
    again = '--last-failed --last-failed-no-failures none -m "not instrument" tests'
    assert re.findall(r"\bmake --no-print-directory (?:--jobs 3 )?(\w+)(.*)$", gate, re.MULTILINE) == [
        ("check", " HOUSE= 2>&1) || code=$?"),
        ("services", " .venv/.dev go build/trestle/.done"),
        # A run that broke off names no failed test: the second one then runs none, which is a failure (exit code 5).
        ("test", f" || .venv/bin/python -m pytest {again} || tested=$?"),
    ]


@pytest.mark.parametrize("checked", [0, 2])
@pytest.mark.parametrize(("tested", "again"), [(0, 0), (1, 0), (1, 1)])
def test_the_gate_fails_where_checks_fail_or_a_test_fails_twice(
    tmp_path: Path, checked: int, tested: int, again: int
) -> None:
    """With a make and a pytest that only end as they are told to; what the checks say is there, whenever they end."""
    gate, binaries = tmp_path / ".ci" / "run", tmp_path / ".venv" / "bin"
    gate.parent.mkdir()
    shutil.copy(ROOT / ".ci" / "run", gate)
    binaries.mkdir(parents=True)
    make = f'case "$*" in *check*) echo checked; exit {checked};; *test*) exit {tested};; esac'
    for name, lines in (("make", make), ("python", f"exit {again}")):
        (binaries / name).write_text(f"#!/bin/sh\n{lines}\n")
        (binaries / name).chmod(0o755)
    ran = subprocess.run([gate], env={"PATH": f"{binaries}:/usr/bin:/bin"}, capture_output=True, text=True, check=False)
    assert "checked\n" in ran.stdout
    assert ("make check has failed" in ran.stdout) is bool(checked)
    assert (ran.returncode == 0) is (not checked and not again)


def test_what_pdf_installs_is_what_the_extra_asks_for() -> None:
    (extra,) = re.findall(r"^pdf = \[(.*)\]$", (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    asked = {re.split("[^a-z-]", name.strip().strip('"'))[0] for name in extra.split(",")}
    (line,) = re.findall(r"^pdf: .*\n\t(awk .*)$", _TEXT, re.MULTILINE)
    assert set(re.findall(r"\^([a-z-]+)==", line)) == asked
    pinned = (ROOT / "requirements" / "dev.txt").read_text("utf-8")
    assert all(re.search(rf"^{name}==", pinned, re.MULTILINE) for name in asked)
