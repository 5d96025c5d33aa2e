"""A command in a forked process is seen as one in a process of its own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.forked import forked


def _says(arguments: list[str]) -> int:
    print(*arguments, Path.cwd(), [name for name in os.environ if name.startswith("GATEWAY_")])
    print("an error", file=sys.stderr)
    os.write(1, b"by its number\n")
    return 3


def _reads(arguments: list[str]) -> None:
    print(sys.stdin.readline().strip(), os.read(0, 10))


def _waits(arguments: list[str]) -> None:
    print("ready")
    time.sleep(600)


def test_its_output_its_directory_its_environment_and_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_DATABASE__URL", "sqlite:///of-another.db")
    with forked(_says, ["a", "b"], tmp_path) as process:
        said, error = process.communicate(60)
        assert (said, error) == (f"a b {tmp_path} []\nby its number\n", "an error\n")
        assert process.returncode == 3


def test_what_it_is_given_is_its_standard_input_and_its_end(tmp_path: Path) -> None:
    for given, said in (("a word\n", "a word b''\n"), ("", " b''\n")):
        with forked(_reads, [], tmp_path, given) as process:
            assert process.communicate(60) == (said, "")
            assert process.wait(60) == 0


def test_who_waits_in_vain_is_told(tmp_path: Path) -> None:
    with forked(_waits, [], tmp_path) as process, pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_signal_ends_it(tmp_path: Path, number: signal.Signals) -> None:
    with forked(_waits, [], tmp_path) as process:
        assert process.stdout.readline() == "ready\n"
        assert process.poll() is None
        process.send_signal(number)
        assert process.communicate(60) == ("", "")
        assert process.returncode == -number
