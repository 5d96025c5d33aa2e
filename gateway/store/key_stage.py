"""Data keys become durable before the records that need them: the stage before a writer's queue.

It runs beside the commit of the batch before, so that a key's sync and a record's sync do not add up under load.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence, Sized
from functools import partial
from typing import Protocol

from gateway.core.ports import Failpoint
from gateway.ledger.entry import DataKey
from gateway.store.batch import Waiting
from gateway.store.worker import Worker

_log = logging.getLogger("gateway.store")


_TURNS = 8


async def gathered(queue: Sized) -> None:
    """Let the event loop turn for as long as every turn brings more into the queue, a few times at most.

    A batch costs nearly the same whatever its size, so it is begun when those who are about to join it have joined. No
    timer: a loop that has nothing else to do turns at once.
    """
    for _ in range(_TURNS):
        size = len(queue)
        await asyncio.sleep(0)
        if len(queue) == size:
            return


class DataKeys(Protocol):
    """Where data keys live, apart from the database."""

    def persist(self, keys: Sequence[DataKey]) -> None:
        """Make the keys durable (synced when it returns). Blocking: called in a thread."""
        ...


class KeyStage:
    """Takes entries with new keys, and whatever comes behind them, and lets them go on in the same order.

    A crash between the keys and the records leaves keys that open nothing: harmless. The other order would leave
    records whose content nobody can ever open.
    """

    def __init__(
        self,
        keyring: DataKeys,
        go_on: Callable[[list[Waiting]], None],
        fail: Callable[[list[Waiting]], None],
        overdue: Callable[[list[Waiting], str], None],
        wait_s: float,
        failpoint: Failpoint | None = None,
    ) -> None:
        """`failpoint` is awaited at `keys.before_commit` and `keys.after_commit`."""
        self.queue: deque[Waiting] = deque()
        self._keyring, self._failpoint = keyring, failpoint
        self._go_on, self._fail, self._overdue, self._wait_s = go_on, fail, overdue, wait_s
        self._wake = asyncio.Event()
        self._busy = self._stopping = False
        self._worker: Worker | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._worker = Worker("data-keys")
        self._task = asyncio.create_task(self._run(self._worker), name="data keys")

    async def stop(self) -> None:
        """After this everything that was taken has gone on or failed."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task
        if self._worker is not None:
            self._worker.close()

    def take(self, waiter: Waiting) -> bool:
        """Whether it has to pass through here: it has keys, or others before it have."""
        if not (waiter.entry.keys or self.queue or self._busy):
            return False
        self.queue.append(waiter)
        self._wake.set()
        return True

    async def _run(self, worker: Worker) -> None:
        while not (self._stopping and not self.queue):
            await self._wake.wait()
            self._wake.clear()
            while self.queue:
                await gathered(self.queue)
                taken = list(self.queue)
                self.queue.clear()
                self._busy = True
                await self._persist(worker, taken)
                self._busy = False

    async def _persist(self, worker: Worker, taken: list[Waiting]) -> None:
        keys = [key for waiter in taken for key in waiter.entry.keys]
        failed: list[Waiting] = []
        watchdog = asyncio.get_running_loop().call_later(self._wait_s, self._overdue, taken, "keyring")
        try:
            if keys:
                await self._pause("keys.before_commit")
                await worker.run(partial(self._keyring.persist, keys))
                await self._pause("keys.after_commit")
        except Exception as error:  # noqa: BLE001 — whatever it was, the keys are not durable
            _log.error("data keys could not be written: %s", type(error).__name__)
            failed = [waiter for waiter in taken if waiter.entry.keys]
        finally:
            watchdog.cancel()
        # Those that were told that it took too long are refused for good, whatever came of it.
        failed += [waiter for waiter in taken if waiter.refused and waiter not in failed]
        self._fail(failed)
        self._go_on([waiter for waiter in taken if waiter not in failed])

    async def _pause(self, name: str) -> None:
        if self._failpoint is not None:
            await self._failpoint(name)
