"""Runs `gateway` over a generated year, in this process or as one of its own."""

import io
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout

from gateway.cli.main import main as command

Command = Callable[[Sequence[str]], tuple[int, str]]
"""Runs `gateway` with these arguments: its exit code and what it said."""


def here(arguments: Sequence[str]) -> tuple[int, str]:
    """The command in this process."""
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        return command(list(arguments)), said.getvalue()


def apart(arguments: Sequence[str]) -> tuple[int, str]:
    """The command as a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "gateway.cli", *arguments], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr
