"""An installation for each test, and the command that works on it."""

import os
from pathlib import Path

import pytest

from gateway.cli.init import write_installation
from gateway.cli.main import main
from tests.cli.keeping import BADGE_TEXT, RULES, serve_once
from tests.cli.kit import Result, Run, copied, here


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation as `gateway init` makes it; to be copied."""
    directory = tmp_path_factory.mktemp("installation")
    write_installation(directory)
    return directory


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory, which is the current one."""
    for name in [name for name in os.environ if name.startswith("GATEWAY_")]:
        monkeypatch.delenv(name)
    directory = tmp_path / "site"
    directory.mkdir()
    monkeypatch.chdir(directory)
    return directory


@pytest.fixture
def site(made: Path, empty: Path) -> Path:
    """An installation of the test's own, in the current directory."""
    return copied(made, empty)


@pytest.fixture(scope="session")
def made_used(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation with three keys on record, and its public key in a file; to be copied."""
    directory = copied(made, tmp_path_factory.mktemp("used"))
    for _ in range(3):
        assert here(directory, "keys", "create", "--owner", "alice", "--zone", "in-house").code == 0
    assert here(directory, "keys", "verifier", "--out", "ledger.vkey").code == 0
    return directory


@pytest.fixture
def used(made_used: Path, empty: Path) -> Path:
    """An installation with three keys on record, and its public key in a file: in the current directory."""
    return copied(made_used, empty)


@pytest.fixture(scope="session")
def exported(made_used: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation with a bundle of all of it; to be copied."""
    directory = copied(made_used, tmp_path_factory.mktemp("exported"))
    assert here(directory, "evidence", "export", "--out", "bundle.zip").code == 0
    return directory


@pytest.fixture
def bundle(exported: Path, empty: Path) -> Path:
    """A bundle of all of it, beside its installation in the current directory."""
    return copied(exported, empty) / "bundle.zip"


@pytest.fixture(scope="session")
def made_kept(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation that has kept two messages, one of them with a badge's number; to be copied."""
    directory = copied(made, tmp_path_factory.mktemp("kept"))
    serve_once(directory, RULES, f"May {BADGE_TEXT} come in?", "What are the opening hours?")
    return directory


@pytest.fixture
def kept(made_kept: Path, empty: Path) -> Path:
    """The same, in the current directory."""
    return copied(made_kept, empty)


@pytest.fixture
def gateway(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command in this process."""

    def run(*arguments: str | Path | int) -> Result:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return run
