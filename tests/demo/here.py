"""The demo's commands in the process that asks for them: they do the same, and none takes its start.

That each is a process of its own which ends as it says is shown by `test_configuration.py` and `test_evidence.py`.
"""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.demo import configuration, evidence
from gateway.demo.processes import gateway_command
from tests.cli.kit import here


def run(command: Sequence[str], directory: Path) -> "subprocess.CompletedProcess[str]":
    """As `gateway.demo.processes.run`, for the `gateway` command alone."""
    start = gateway_command()
    assert list(command[: len(start)]) == start
    done = here(directory, *command[len(start) :])
    return subprocess.CompletedProcess(list(command), done.code, done.out, done.err)


def prepare_here(patch: pytest.MonkeyPatch) -> None:
    """An installation and its keys are made in this process."""
    patch.setattr(configuration, "run", run)


def verify_here(patch: pytest.MonkeyPatch) -> None:
    """Bundles are verified in this process."""
    patch.setattr(evidence, "run", run)
