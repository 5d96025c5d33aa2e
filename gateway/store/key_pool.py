"""Data keys that are durable before anybody asks for them, so that no request waits for its key's sync.

An exchange without a data subject takes a key of its own. Made one by one, each costs a turn of the keyring's file
before its intent can be written; here many are made durable together, in a thread, and handed out once each. When there
is none at hand (a burst, a keyring that cannot be written), the caller makes one, which becomes durable before its
record as ever (`key_stage`).

A crash leaves keys that nothing was sealed with. They open nothing and harm nobody.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Protocol

import msgspec

from gateway.ledger.entry import DataKey
from gateway.store.worker import Worker

MADE = 256
"""Keys that are made durable together."""
LOW = 128
"""Keys at hand below which more are made."""
_log = logging.getLogger("gateway.store")


class ReadyKey(msgspec.Struct, frozen=True):
    """A durable data key that nothing was sealed with yet. `plain` (32 bytes) never leaves this process."""

    id: str
    plain: bytes

    def __repr__(self) -> str:
        return f"ReadyKey({self.id})"


class KeyMaker(Protocol):
    """What the pool needs of the keyring."""

    def new_data_key(self, subject: str | None) -> tuple[DataKey, bytes]: ...

    def persist(self, keys: Sequence[DataKey]) -> None:
        """Make the keys durable. Blocking: called in a thread."""
        ...


class KeyPool:
    """Keys at hand, for one event loop. `start` it before, `stop` it after."""

    def __init__(self, keys: KeyMaker, made: int = MADE, low: int = LOW) -> None:
        self._keys, self._made, self._low = keys, made, low
        self._ready: deque[ReadyKey] = deque()
        self._worker: Worker | None = None
        self._making: asyncio.Future[list[ReadyKey]] | None = None

    async def start(self) -> None:
        """Make the first keys. Where that fails there are none at hand, and each request finds out for itself."""
        self._worker = Worker("key-pool")
        self._make()
        await self._made_or_failed()

    async def stop(self) -> None:
        """Make no more. Those at hand are forgotten."""
        worker, self._worker = self._worker, None
        await self._made_or_failed()
        if worker is not None:
            worker.close()
        self._ready.clear()

    def take(self) -> ReadyKey | None:
        """A key for one exchange, given to nobody else; None when there is none at hand."""
        if len(self._ready) < self._low:
            self._make()
        return self._ready.popleft() if self._ready else None

    def _make(self) -> None:
        if self._worker is None or self._making is not None:
            return
        self._making = self._worker.run(partial(_durable, self._keys, self._made))
        self._making.add_done_callback(self._have_made)

    def _have_made(self, making: "asyncio.Future[list[ReadyKey]]") -> None:
        self._making = None
        if making.cancelled():
            return
        error = making.exception()
        if error is not None:
            _log.error("data keys could not be made in advance: %s", type(error).__name__)
        elif self._worker is not None:
            self._ready.extend(making.result())

    async def _made_or_failed(self) -> None:
        if self._making is not None:
            await asyncio.wait({self._making})


def _durable(keys: KeyMaker, number: int) -> list[ReadyKey]:
    """New keys, durable when this returns. Blocks."""
    made = [keys.new_data_key(None) for _ in range(number)]
    keys.persist([key for key, _ in made])
    return [ReadyKey(key.id, plain) for key, plain in made]
