"""What others need is installed as it is pinned, into an environment of its own, once."""

import subprocess
import venv
from pathlib import Path

import pytest

from benchmarks.children import Unmeasured
from benchmarks.environments import installed, pinned_version


def pins(folder: Path) -> Path:
    file = folder / "tool.txt"
    file.write_text("tool-kit==1.2.3 \\\n    --hash=sha256:0\ntool==4.5 \\\n    --hash=sha256:1\n")
    return file


def test_what_is_installed_as_pinned_is_not_installed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[str]] = []
    requirements = pins(tmp_path)

    def run(command: list[str], **_: object) -> "subprocess.CompletedProcess[str]":
        ran.append(command)
        (tmp_path / "own" / "bin" / "tool").touch()
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(venv, "create", lambda place, **_: (place / "bin").mkdir(parents=True))
    monkeypatch.setattr(subprocess, "run", run)
    for _ in range(2):
        assert installed(tmp_path / "own", requirements, "tool") == tmp_path / "own" / "bin" / "tool"
    assert len(ran) == 1
    assert {"--require-hashes", "--only-binary"} <= set(ran[0])
    assert ran[0][0] == str(tmp_path / "own" / "bin" / "python")
    (tmp_path / "own" / "pinned").write_text("another")
    installed(tmp_path / "own", requirements, "tool")
    assert len(ran) == 2


def test_what_cannot_be_installed_gives_no_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    requirements = pins(tmp_path)
    monkeypatch.setattr(venv, "create", lambda place, **_: place.mkdir(parents=True))
    failed = subprocess.CompletedProcess([], 1, "", "first\nno such package")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(Unmeasured, match="no such package"):
        installed(tmp_path / "own", requirements, "tool")

    def slow(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired("pip", 1)

    monkeypatch.setattr(subprocess, "run", slow)
    with pytest.raises(Unmeasured, match="within"):
        installed(tmp_path / "own", requirements, "tool")


def test_the_version_that_is_pinned_is_told(tmp_path: Path) -> None:
    assert pinned_version(pins(tmp_path), "tool") == "4.5"
    with pytest.raises(Unmeasured, match="does not pin"):
        pinned_version(pins(tmp_path), "another")
