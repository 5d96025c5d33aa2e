"""One thread that does blocking work in order, for a loop that must not block."""

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
_log = logging.getLogger("gateway.store")


class Worker:
    """A daemon thread: one that hangs in a system call does not keep the process from ending.

    Jobs of several callers take turns. A cancelled wait does not stop a job that has begun.
    """

    def __init__(self, name: str) -> None:
        self._jobs: SimpleQueue[tuple[asyncio.AbstractEventLoop, asyncio.Future[Any], Callable[[], Any]] | None]
        self._jobs = SimpleQueue()
        self._last: Callable[[], object] | None = None
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def run(self, job: Callable[[], T]) -> "asyncio.Future[T]":
        """The job's result, or what it raised."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._jobs.put((loop, future, job))
        return future

    def here(self) -> bool:
        """Whether whoever asks is a job of it."""
        return threading.get_ident() == self._thread.ident

    def close(self, last: Callable[[], object] | None = None) -> None:
        """Let the thread end after the jobs that wait, and after `last`, whose result nobody waits for: what it raises
        is logged by its kind. Does not wait for it; from any thread, with a loop or without."""
        self._last = last
        self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._do(*job)
            del job  # while it waits for the next one, the thread holds nothing of this one
        if self._last is not None:
            try:
                self._last()
            except Exception as error:  # noqa: BLE001 — whatever it is, the thread ends, and it is told
                _log.warning("%s was not ended well: %s", self._thread.name, type(error).__name__)

    def _do(self, loop: asyncio.AbstractEventLoop, future: "asyncio.Future[Any]", call: Callable[[], Any]) -> None:
        try:
            result = call()
        except BaseException as error:  # noqa: BLE001 — handed to whoever waits
            self._answer(loop, _fail, future, error)
        else:
            self._answer(loop, _succeed, future, result)

    @staticmethod
    def _answer(loop: asyncio.AbstractEventLoop, how: Callable[..., None], future: Any, value: object) -> None:
        with suppress(RuntimeError):  # the loop has closed: nobody is left who waits
            loop.call_soon_threadsafe(how, future, value)


def _succeed(future: "asyncio.Future[Any]", result: object) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: "asyncio.Future[Any]", error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
