"""A gateway that kills itself at an instant at which each of several requests stands: at a failpoint that every one of
them has reached, or in the commit that holds all their records."""

import asyncio
import os
import signal
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Literal

import msgspec

from gateway.bootstrap import Gateway, open_gateway
from gateway.settings import load
from gateway.store.writer_base import LedgerWriter
from gateway.web.app import build_app
from tests.system.processes import WAIT_S
from tests.system.site import served

POLL_S = 0.005
HELD = "held"
"""Told when the request that goes ahead of the others is held, and they may come."""


class Stop(msgspec.Struct, frozen=True):
    """An instant: the `times`-th pass of a failpoint by a request, counted from where it passed `after`; or, with
    `batch`, the pass of a failpoint of the ledger's by the batch with all intents, or all outcomes."""

    point: str
    times: int = 1
    after: str = ""
    batch: Literal["", "intents", "outcomes"] = ""


def serve_until_all(file: Path, stop: Stop, requests: int, told: Connection) -> None:
    """Serve the installation of a `gateway.toml` until so many requests stand at the instant, then die by SIGKILL.

    Tells its address; for a batch also `HELD`, once the request that comes ahead of those is held."""
    asyncio.run(_serve(file, stop, requests, told))


async def _serve(file: Path, stop: Stop, requests: int, told: Connection) -> None:
    point = InBatch(stop, requests, told) if stop.batch else Together(stop, requests)
    async with (
        open_gateway(load(file, {}), failpoint=point) as gateway,
        served(build_app(gateway), lifespan="on") as url,
    ):
        await point.arm(gateway)
        told.send(url)
        await asyncio.Event().wait()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Together:
    """Holds each request (each is a task of its own) at the instant until all are there."""

    def __init__(self, stop: Stop, requests: int) -> None:
        self._stop, self._requests = stop, requests
        self._passed: dict[asyncio.Task[object] | None, int] = {}
        self._standing = 0

    async def arm(self, gateway: Gateway) -> None:
        """What passed before was the start's own."""
        self._passed.clear()

    async def __call__(self, name: str) -> None:
        task, stop = asyncio.current_task(), self._stop
        if name == stop.after:
            self._passed[task] = 0
        if name != stop.point or (stop.after and task not in self._passed):
            return
        self._passed[task] = self._passed.get(task, 0) + 1
        if self._passed[task] != stop.times:
            return
        self._standing += 1
        if self._standing == self._requests:
            die()
        await asyncio.Event().wait()


class InBatch:
    """Holds the batch of one request that goes ahead, once it is committed, until the records of all others wait behind
    it, so that the next batch holds them all; and dies in that one. Outcomes come together because all wait until each
    has its answer."""

    def __init__(self, stop: Stop, requests: int, told: Connection) -> None:
        self._stop, self._requests, self._told = stop, requests, told
        self._gate = f"{stop.point.partition('.')[0]}.after_commit"
        self._writer: LedgerWriter | None = None
        self._answered = 0
        self._ahead, self._rest = asyncio.Event(), asyncio.Event()
        self._together = False

    async def arm(self, gateway: Gateway) -> None:
        """Only what passes from now on counts. On a slow machine the others may take their time to come."""
        writer = self._writer = await gateway.site.writer("default")
        writer._wait_s = writer._watchdog.patience_s = WAIT_S
        if writer._keys is not None:
            writer._keys._wait_s = WAIT_S

    async def __call__(self, name: str) -> None:
        if self._writer is None:
            return
        if self._stop.batch == "outcomes":
            if name == "forward.after":
                await self._have_answer()
            if not self._ahead.is_set():
                return
        if self._together and name == self._stop.point:
            die()
        if not self._together and name == self._gate:
            await self._until_all_wait(self._writer)
            self._together = True

    async def _have_answer(self) -> None:
        """The first goes on once all have an answer, the others once its outcome is held."""
        self._answered += 1
        first = self._answered == 1
        if first:
            self._told.send(HELD)
        if self._answered == self._requests + 1:
            self._ahead.set()
        await (self._ahead if first else self._rest).wait()

    async def _until_all_wait(self, writer: LedgerWriter) -> None:
        if self._stop.batch == "outcomes":
            self._rest.set()
        else:
            self._told.send(HELD)
        while _waiting(writer, self._gate) < self._requests:  # noqa: ASYNC110 — the writer tells nobody
            await asyncio.sleep(POLL_S)


def _waiting(writer: LedgerWriter, gate: str) -> int:
    """How many records wait there for the next batch."""
    keys = writer._keys
    return len(keys.queue) if keys is not None and gate.startswith("keys.") else len(writer._queue)


class Failing:
    """Fails for one request at a time, at the instant that it was told: in a batch each time until it is told another,
    since what else the ledger has to catch up with comes by there too; elsewhere once."""

    def __init__(self) -> None:
        self.met = 0
        self._stop: Stop | None = None
        self._passed: int | None = None

    def at(self, stop: Stop | None) -> None:
        """From now on there; with None, nowhere."""
        self._stop, self.met = stop, 0
        self._passed = None if stop is None or _after(stop) else 0

    async def __call__(self, name: str) -> None:
        stop = self._stop
        if stop is None:
            return
        if name == stop.point and self._passed is not None:
            self._passed += 1
            if self._passed == stop.times or stop.batch:
                self.met += 1
                raise RuntimeError
        if name == _after(stop):
            self._passed = 0


def _after(stop: Stop) -> str:
    """The failpoint that a request has passed before that instant comes."""
    return "forward.after" if stop.batch == "outcomes" else stop.after
