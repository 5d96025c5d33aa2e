"""Processes that a test starts and kills, made from a server that has loaded everything already, so that each is there
at once; and the gateway as its own command starts it."""

import asyncio
import json
import multiprocessing
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from gateway.bootstrap import open_gateway
from gateway.settings import load
from gateway.web.app import build_app
from tests.system.site import served

ROOT = Path(__file__).parents[2]
TAKEN_UP = "intent.recorded"
"""The failpoint by which it is known that somebody asked."""
WAIT_S = 60.0
"""How long anything may take before the test fails."""
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.system.processes", "tests.system.watching"])


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
async def command(file: Path, *before: str) -> AsyncIterator[tuple[Process, str]]:
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


async def _ready(process: Process, file: Path) -> str:
    if process.stdout is None:
        raise AssertionError("it has no output")
    async with asyncio.timeout(WAIT_S):
        line = await process.stdout.readline()
    if not line:
        raise AssertionError(f"the gateway did not start: {(file.parent / 'serve.log').read_text()[-2000:]}")
    url: str = json.loads(line)["url"]
    return url
