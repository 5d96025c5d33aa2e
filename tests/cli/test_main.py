"""The entry point: exit codes, one line for whatever is wrong, and never a trace."""

import argparse
import os
import subprocess
from pathlib import Path

import pytest

from gateway import __version__
from gateway.cli import main as entry
from gateway.core.errors import GatewayError, LedgerUnavailable
from tests.cli.kit import Run, command, environment


def leaves(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """All commands that can be run."""
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not groups:
        return [parser]
    return [leaf for group in groups for child in group.choices.values() for leaf in leaves(child)]


def test_every_command_takes_the_configuration_and_json_and_can_be_run() -> None:
    found = leaves(entry.parser())
    assert len(found) >= 17
    for leaf in found:
        options = {option for action in leaf._actions for option in action.option_strings}
        assert {"--config", "--json", "--help"} <= options, leaf.prog
        assert leaf.get_default("run") is not None, leaf.prog


def test_each_command_is_there_when_it_alone_is_asked_for() -> None:
    for leaf in leaves(entry.parser()):
        asked = leaf.prog.split()[1:]
        assert leaf.prog in [one.prog for one in leaves(entry.parser(asked))]


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("keys",),
        ("nonsense",),
        ("keys", "create"),
        ("serve", "--port", "many"),
        ("evidence", "verify", "bundle.zip"),
        ("migrate", "--nonsense"),
        ("audit", "query", "--limit", "3", "--all"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_exit_code_two(
    gateway: Run, empty: Path, arguments: tuple[str, ...]
) -> None:
    result = gateway(*arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("gateway: ")
    assert result.err.count("\n") == 1


def test_without_a_configuration_a_command_says_how_to_make_one(gateway: Run, empty: Path) -> None:
    result = gateway("migrate")
    assert result.code == 2
    assert "gateway init" in result.err
    assert list(empty.iterdir()) == []


def test_a_configuration_that_cannot_be_read_is_one_line(gateway: Run, empty: Path) -> None:
    (empty / "gateway.toml").mkdir()
    result = gateway("migrate")
    assert result.code == 2
    assert result.err == "gateway: gateway.toml cannot be read: Is a directory\n"


def test_the_configuration_is_that_of_the_option_before_that_of_the_environment(
    gateway: Run, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = site / "elsewhere.toml"
    (site / "gateway.toml").rename(moved)
    assert gateway("migrate").code == 2
    assert gateway("migrate", "--config", moved).code == 0
    assert gateway("--config", moved, "migrate").code == 0, "the option may also stand before the command"
    monkeypatch.setenv("GATEWAY_CONFIG", str(moved))
    assert gateway("migrate").code == 0
    assert gateway("migrate", "--config", "missing.toml").code == 2


def test_what_cannot_be_reached_is_exit_code_one(gateway: Run, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    result = gateway("keys", "list")
    assert result.code == 1
    assert result.err.count("\n") == 1
    assert "127.0.0.1" not in result.err
    assert "nobody" not in result.err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (GatewayError("a reason"), 1),
        (LedgerUnavailable("a reason"), 1),
        (PermissionError(13, "a reason", "file"), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_no_error_of_ours_or_the_system_shows_a_trace(
    gateway: Run, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int
) -> None:
    def fail(arguments: argparse.Namespace) -> int:
        raise error

    monkeypatch.setattr("gateway.cli.openapi.run", fail)
    result = gateway("openapi")
    assert result.code == code
    assert "Traceback" not in result.err
    assert code == 130 or result.err.endswith("a reason\n")


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        entry.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"gateway {__version__}\n"


def test_the_command_is_also_a_module(empty: Path) -> None:
    done = subprocess.run(
        command("evidence", "verify"),
        cwd=empty,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr.startswith("gateway: ")) == (2, "", True)


def test_a_reader_that_goes_away_is_no_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in `gateway openapi | head -1`; nor at the last flush, which is the interpreter's own."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", encoding="utf-8") as gone:
        monkeypatch.setattr("sys.stdout", gone)
        assert entry.main(["openapi"]) == 1
        gone.write("what is left")
        gone.flush()
    assert capsys.readouterr().err == ""
