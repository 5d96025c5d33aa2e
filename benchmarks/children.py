"""The benchmark's processes: each on one core, known by its process id, ended with the block whatever happens."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from select import select
from typing import Any
from urllib.request import urlopen

START_S = 60.0
_LOOK_S = 0.1
STOP_S = 30.0
_HIDDEN = ("GATEWAY_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
ROOT = Path(__file__).parents[1]


class Unmeasured(Exception):
    """Something did not do what is being measured, so that there is no figure."""


def split() -> tuple[int, int]:
    """Two cores: one for what is measured, one for the load, the agent and the database. The same one if that is all
    there is."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[-1]


@contextmanager
def child(name: str, arguments: list[str], core: int, log: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """A Python process on one core: its process id, and the JSON object it said first on standard output.

    `Unmeasured` if it says none within `START_S`. It is asked to end with SIGTERM.
    """
    with _process([sys.executable, *arguments], core, log, {}, subprocess.PIPE) as process:
        yield process.pid, _first_words(name, process, log)


@contextmanager
def stranger(
    name: str, command: list[str], core: int, log: Path, environment: dict[str, str], url: str, start_s: float
) -> Iterator[int]:
    """A program of others on one core, with more in its environment: its process id, once it answers at `url`.

    `Unmeasured` if it does not within `start_s`.
    """
    with _process(command, core, log, environment, subprocess.DEVNULL) as process:
        until = time.monotonic() + start_s
        while not _answers(url):
            if process.poll() is not None or time.monotonic() > until:
                raise Unmeasured(f"{name} did not start; its last words:\n{_last_words(log)}")
            time.sleep(_LOOK_S)
        yield process.pid


@contextmanager
def _process(
    command: list[str], core: int, log: Path, environment: dict[str, str], output: int
) -> "Iterator[subprocess.Popen[bytes]]":
    kept = {key: value for key, value in os.environ.items() if not key.upper().startswith(_HIDDEN)}
    with log.open("ab") as errors:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**kept, "PYTHONUNBUFFERED": "1", **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
        )
        try:
            # Before it has made a thread: those inherit the core.
            os.sched_setaffinity(process.pid, {core})
            yield process
        finally:
            _end(process)


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far, user and system, in seconds (proc(5), fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """Resident memory of a process, in MB (proc(5), `VmRSS` of status)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise Unmeasured(f"process {pid} says nothing of its memory")


def _first_words(name: str, process: "subprocess.Popen[bytes]", log: Path) -> dict[str, Any]:
    output = process.stdout
    ready = output is not None and select([output], [], [], START_S)[0]
    line = output.readline() if output is not None and ready else b""
    try:
        said = json.loads(line)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise Unmeasured(f"{name} did not start; its last words:\n{_last_words(log)}")
    return said


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=_LOOK_S * 20) as answer:  # noqa: S310 - an address of this machine
            return bool(answer.status == 200)
    except OSError:
        return False


def _last_words(log: Path) -> str:
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-8:])


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
