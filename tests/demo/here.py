"""The demo's commands and callers in the process that asks for them, and what serves forked from what has loaded it
already: they do the same, and none takes its start.

That each is a process of its own which ends as it says is shown by `test_configuration.py`, `test_evidence.py` and
`test_calling.py`, and that all of them play together by the script from end to end in `test_main.py`.
"""

import json
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Sequence
from multiprocessing.context import ForkContext, ForkServerContext
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

import pytest

from gateway.demo import caller, configuration, evidence, processes, script
from gateway.demo.processes import gateway_command
from gateway.demo.seen import Reply
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


def call_here(patch: pytest.MonkeyPatch) -> None:
    """Callers call from this process, with the same client."""
    patch.setattr(script, "Callers", CallersHere)


class CallersHere:
    """As `gateway.demo.calling.Callers`."""

    def __init__(self, url: str, logs: Path) -> None:
        self._url, self._callers = url, caller.Callers()

    def __enter__(self) -> "CallersHere":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing was started."""

    def call(self, key: str, body: dict[str, Any] | None, headers: dict[str, str] | None = None) -> Reply:
        job = {"base_url": f"{self._url}/v1", "key": key, "headers": headers or {}, "body": body}
        return Reply(**json.loads(json.dumps(self._callers.call(job))))


def fork_here(patch: pytest.MonkeyPatch, context: ForkContext | ForkServerContext) -> None:
    """What is started is forked of what has loaded it already."""

    def start(command: Sequence[str], cwd: Path, stdout: IO[bytes], **_: object) -> Forked:
        return Forked(context, command, cwd, stdout.name)

    patch.setattr(processes, "subprocess", SimpleNamespace(**{**vars(subprocess), "Popen": start}))


class Forked:
    """What `gateway.demo.processes` uses of a `subprocess.Popen`, of `python -m MODULE ARGUMENTS`; its output goes to a
    file."""

    def __init__(
        self, context: ForkContext | ForkServerContext, command: Sequence[str], directory: Path, log: str
    ) -> None:
        interpreter, option, module, *arguments = command
        assert (interpreter, option) == (sys.executable, "-m")
        self._process = context.Process(target=_run_module, args=(module, arguments, str(directory), log))
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self._process.kill()

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("forked", timeout or 0)
        return self._process.exitcode


def _run_module(module: str, arguments: list[str], directory: str, log: str) -> None:
    """As `python -m` does it."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.chdir(directory)
    with open(log, "ab") as file:
        for number in (1, 2):
            os.dup2(file.fileno(), number)
    sys.stdout, sys.stderr = (os.fdopen(os.dup(number), "w", buffering=1, encoding="utf-8") for number in (1, 2))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
