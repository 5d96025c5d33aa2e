"""The README's commands are run, and what it names is there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.demo.configuration import AGENTS, prepare
from tests.demo.here import prepare_here
from tests.house.tree import ROOT

README = (ROOT / "README.md").read_text("utf-8")


def test_the_commands_of_the_installation_work_as_written(tmp_path: Path) -> None:
    (script,) = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euc", script], cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, timeout=600
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode().count("VERIFIED") == 2


def test_what_the_demo_kept_is_searched_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an installation as the demo makes it, in which nothing was sent yet."""
    prepare_here(monkeypatch)
    prepare(tmp_path / "demo-data", 8787, {name: 9_001 + place for place, name in enumerate(AGENTS)})
    (line,) = re.findall(r"`\.venv/bin/(gateway --config demo-data/[^`]+)`", README)
    command = [str(Path(sys.executable).parent / "gateway"), *line.split()[1:]]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split()[:3] == ["seq", "occurred_at", "event"]


def test_every_file_and_target_that_it_names_is_there() -> None:
    for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / link).exists(), link
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"(?:^|`)make ([a-z]+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
