"""The processes of one run: started on free loopback ports, awaited, and stopped by their own process ids."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from gateway.core.errors import GatewayError

START_S = 60.0
STOP_S = 15.0
COMMAND_S = 120.0
_TICK_S = 0.05
_DROPPED = ("GATEWAY_", "OPENAI_")
_SOURCE = Path(__file__).resolve().parents[2]
_PROXIES = frozenset({"http_proxy", "https_proxy", "all_proxy"})


class DemoError(GatewayError):
    """The demo cannot go on: a process that does not start, a directory that is somebody else's."""


def gateway_command(*arguments: str) -> list[str]:
    """The `gateway` command of this very installation."""
    return [sys.executable, "-m", "gateway.cli", *arguments]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of the demo's processes: without settings, client settings and proxies of the user's shell."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_DROPPED) and name.lower() not in _PROXIES
    }
    # The processes run in other directories: they are to find this very code there, installed or not.
    path = os.pathsep.join([str(_SOURCE), *filter(None, [kept.get("PYTHONPATH")])])
    return {**kept, "PYTHONUNBUFFERED": "1", "PYTHONPATH": path, **(extra or {})}


def free_ports(count: int) -> list[int]:
    """Different ports that nobody listens on at this moment."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for open_socket in sockets:
            open_socket.bind(("127.0.0.1", 0))
        return [int(open_socket.getsockname()[1]) for open_socket in sockets]


def is_free(port: int) -> bool:
    """Whether a loopback port can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def run(command: Sequence[str], directory: Path, said: str = "") -> "subprocess.CompletedProcess[str]":
    """Run a command to its end, `said` on its standard input; its output is kept apart from its errors."""
    try:
        return subprocess.run(
            command,
            cwd=directory,
            env=environment(),
            input=said,
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_S,
        )
    except subprocess.TimeoutExpired as error:
        raise DemoError(f"a command did not end within {COMMAND_S:.0f} seconds: {command[-1]}") from error


class Processes:
    """Processes that run until the block is left, whatever ends it. The last one started is stopped first."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> "Processes":
        self._logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        """A further interrupt meanwhile (`make` passes on what its group was sent too) is told once all have ended."""
        again: KeyboardInterrupt | None = None
        while self._running:
            try:
                self.stop(next(reversed(self._running)))
            except KeyboardInterrupt as error:
                again = error
        if again is not None:
            raise again

    @property
    def pids(self) -> dict[str, int]:
        return {name: process.pid for name, process in self._running.items()}

    def start(self, name: str, command: Sequence[str], directory: Path) -> None:
        """Start a process whose output goes to `<name>.log`. It is in a session of its own, so that an interrupt of the
        terminal reaches the demo alone, which then stops the others in order."""
        with (self._logs / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                command,
                cwd=directory,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def stop(self, name: str) -> None:
        """Ask a process to end, and end it where it does not, or where nobody wants to wait for that."""
        process = self._running[name]
        try:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(STOP_S)
        finally:
            process.kill()  # does nothing where it has ended
            process.wait()
            del self._running[name]

    def await_ready(self, name: str, port: int, path: str) -> None:
        """Wait until a process answers 200; `DemoError` with the last of its output if it does not."""
        process, deadline = self._running[name], time.monotonic() + START_S
        while not answers(port, path):
            if process.poll() is not None or time.monotonic() > deadline:
                state = "did not become ready" if process.poll() is None else "ended"
                raise DemoError(f"{name} {state}; its last words:\n{self._last_words(name)}")
            time.sleep(_TICK_S)

    def check(self) -> None:
        """`DemoError` if a process has ended by itself."""
        for name, process in self._running.items():
            if process.poll() is not None:
                raise DemoError(f"{name} ended; its last words:\n{self._last_words(name)}")

    def _last_words(self, name: str) -> str:
        lines = (self._logs / f"{name}.log").read_text("utf-8", "replace").splitlines()
        return "\n".join(lines[-8:])


def answers(port: int, path: str) -> bool:
    """Whether a loopback port answers a GET with 200."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
