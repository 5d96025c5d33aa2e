"""Processes that a test starts and kills, made from a server that has loaded everything already, so that each is there
at once; and the gateway as its own command starts it."""

import asyncio
import io
import json
import multiprocessing
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Protocol

from gateway.bootstrap import open_gateway
from gateway.cli.main import main as gateway_main
from gateway.settings import load
from gateway.web.app import build_app
from tests.system.site import served

ROOT = Path(__file__).parents[2]
TAKEN_UP = "intent.recorded"
"""The failpoint by which it is known that somebody asked."""
WAIT_S = 60.0
"""How long anything may take before the test fails."""
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.system.watching", "tests.system.warmed"])


def share_server() -> None:
    """Start the server that processes are made from, for this process and all that are forked from it: it takes some
    seconds to load everything. It ends with the last of them."""
    _server().ensure_running()
    os.register_at_fork(after_in_child=_leave_running)


def forking() -> ForkServerContext:
    """What makes processes from that server."""
    return _context


def _leave_running() -> None:
    """A forked process must not ask after the server: it is no child of its own."""
    _server().ensure_running = resource_tracker.ensure_running


def _server() -> Any:
    return forkserver._forkserver


class Process(Protocol):
    """What tests do with a process that serves. `returncode` is None while it runs."""

    @property
    def returncode(self) -> int | None: ...

    def kill(self) -> None: ...

    def terminate(self) -> None: ...

    async def wait(self) -> int: ...


Start = Callable[[Path], AbstractAsyncContextManager[tuple[Process, str]]]
"""`command` or `forked`."""


class Child:
    """A process and the pipe by which it tells what it has come to."""

    def __init__(self, process: BaseProcess, told: Connection) -> None:
        self.process, self._told = process, told

    async def told(self) -> Any:
        """The next thing that it tells. `AssertionError` if it tells nothing."""
        if not await asyncio.to_thread(self._told.poll, WAIT_S):
            raise AssertionError("the process says nothing")
        return self._told.recv()

    async def dead(self) -> None:
        """Wait until it has killed itself."""
        await asyncio.to_thread(self.process.join, WAIT_S)
        if self.process.exitcode != -signal.SIGKILL:
            raise AssertionError(f"it was to be killed, and ended with {self.process.exitcode}")

    async def kill(self) -> None:
        self.process.kill()
        await self.dead()


@asynccontextmanager
async def child(main: Callable[..., None], *arguments: Any) -> AsyncIterator[Child]:
    """A process that runs `main(*arguments, told)`; killed at the end if it still lives."""
    ours, theirs = _context.Pipe(duplex=False)
    process = _context.Process(target=main, args=(*arguments, theirs), daemon=True)
    await asyncio.to_thread(process.start)
    theirs.close()
    try:
        yield Child(process, ours)
    finally:
        process.kill()
        await asyncio.to_thread(process.join, WAIT_S)
        process.close()
        ours.close()


def serve_until(file: Path, point: str, times: int, how: str, told: Connection) -> None:
    """Serve the installation of a `gateway.toml`; at the `times`-th pass of the failpoint after a first request was
    taken up, tell so, and then, by `how`, `kill` this process at once or `hang` there, and at every later pass."""
    asyncio.run(_serve_until(file, point, times, how, told))


async def _serve_until(file: Path, point: str, times: int, how: str, told: Connection) -> None:
    passes, armed = 0, False

    async def failpoint(name: str) -> None:
        nonlocal passes, armed
        armed = armed or name == TAKEN_UP
        if name != point or not armed:
            return
        passes += 1
        if passes < times:
            return
        if passes == times:
            told.send(point)
        if how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        await asyncio.Event().wait()

    async with (
        open_gateway(load(file, {}), failpoint=failpoint) as gateway,
        served(build_app(gateway), lifespan="on") as url,
    ):
        told.send(url)
        await asyncio.Event().wait()


@asynccontextmanager
async def command(file: Path, *before: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """`gateway serve` as a real process on a free port, and its address; killed at the end if it still lives.

    Its log is in `serve.log` beside the configuration. `before`: what to start it under."""
    arguments = ["-m", "gateway.cli", "serve", "--config", str(file), "--port", "0", "--json"]
    with (file.parent / "serve.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *before,
            sys.executable,
            *arguments,
            stdout=PIPE,
            stderr=log,
            cwd=ROOT,
            env={key: value for key, value in os.environ.items() if not key.startswith("GATEWAY_")},
        )
    try:
        yield process, await _ready(process, file)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _ready(process: asyncio.subprocess.Process, file: Path) -> str:
    if process.stdout is None:
        raise AssertionError("it has no output")
    async with asyncio.timeout(WAIT_S):
        line = await process.stdout.readline()
    return _url(line, file)


def _url(line: bytes, file: Path) -> str:
    if not line:
        raise AssertionError(f"the gateway did not start: {(file.parent / 'serve.log').read_text()[-2000:]}")
    url: str = json.loads(line)["url"]
    return url


@asynccontextmanager
async def forked(file: Path) -> AsyncIterator[tuple[Process, str]]:
    """What `command` gives, from a process that has imported all of it already, so that a start costs no imports.

    The command's own main function runs there, with its signals, its log and its output as they are."""
    async with child(_command_main, file) as started:
        url = await started.told()
        yield _Forked(started.process), _url(url, file)


class _Forked:
    """A process of `forked`."""

    def __init__(self, process: BaseProcess) -> None:
        self._process = process

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def kill(self) -> None:
        self._process.kill()

    def terminate(self) -> None:
        self._process.terminate()

    async def wait(self) -> int:
        await asyncio.to_thread(self._process.join, WAIT_S)
        code = self._process.exitcode
        if code is None:
            raise AssertionError("the gateway does not end")
        return code


def _command_main(file: Path, told: Connection) -> None:
    """`gateway serve`, its standard error in `serve.log`; what it says once it is ready is told as its bytes."""
    for name in [name for name in os.environ if name.startswith("GATEWAY_")]:
        del os.environ[name]
    os.chdir(ROOT)
    with (file.parent / "serve.log").open("ab") as log:
        os.dup2(log.fileno(), sys.stderr.fileno())
    sys.stdout = _Told(told)
    sys.exit(gateway_main(["serve", "--config", str(file), "--port", "0", "--json"]))


class _Told(io.StringIO):
    """Standard output of which each line is told."""

    def __init__(self, told: Connection) -> None:
        super().__init__()
        self._told = told

    def flush(self) -> None:
        if line := self.getvalue():
            self._told.send(line.encode("utf-8"))
            self.seek(0)
            self.truncate()
