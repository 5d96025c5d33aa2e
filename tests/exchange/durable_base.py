"""What each scene of `durable_scenes` is made of."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from gateway.ledger.note import Verifier
from gateway.ledger.record import Envelope, parse
from gateway.ledger.rotation import Keys
from gateway.settings import Settings
from gateway.store.reader import StoreReader
from gateway.store.verification import LedgerVerification, Verdict
from gateway.store.writer_base import LedgerWriter
from tests.exchange.durable_kit import Steps
from tests.exchange.subject_kit import Registry, registry
from tests.store.kit import LEDGER, Store
from tests.store.test_checkpointer import SIGNER

LEASED, LET_GO = "commit lease", "commit -lease"
"""A lease that is not given back ends by itself: nobody tries that again."""


class Scene:
    """One ledger goes through all that can fail of it. `due`: whether a try has failed, and there is work left."""

    due = False

    async def work(self) -> None:
        """Something comes due."""
        raise NotImplementedError

    async def round(self) -> None:
        """One try at it, as it is made again and again."""
        raise NotImplementedError

    async def done(self) -> None:
        """What must hold of everything that came due until now: all of it is done, and nothing twice."""
        raise NotImplementedError

    async def verified(self) -> Verdict:
        """The whole ledger."""
        raise NotImplementedError


class OfLedger(Scene):
    """Of one ledger."""

    ledger = LEDGER
    keys: Verifier | Keys = SIGNER.verifier

    def __init__(self, store: Store, writer: LedgerWriter) -> None:
        self.store, self.writer = store, writer

    async def verified(self) -> Verdict:
        return await LedgerVerification(self.store.engine, self.ledger, self.keys).run()

    async def records(self, *events: str) -> list[Envelope]:
        reader = StoreReader(self.store.engine, self.ledger)
        found = [parse(one.envelope) async for one in reader.records(0, await reader.size())]
        return [one for one in found if one.event in events]


class Given(msgspec.Struct, frozen=True):
    """What some scenes need beside their store. `template`: a migrated SQLite database; `settings`: of the store's."""

    template: Path
    settings: Settings
    patch: pytest.MonkeyPatch


ALL = os.environ.get("FAULTS") == "all"
"""The long form, with which `make kill` ends: every fault at every step, on both databases."""


class Play(msgspec.Struct, frozen=True, kw_only=True):
    """A scene and what is durable in it, in the order in which that first comes about. `alone`: on SQLite only, where
    it is of no database or another test has the other one; `once`: where it costs too much that a fault lasts, whether
    each comes before its step (False) and although that has come about (True)."""

    opened: Callable[[Store, Steps, Given], AbstractAsyncContextManager[Scene]]
    steps: tuple[str, ...]
    alone: bool = False
    once: tuple[bool, ...] = ()


def over(
    made: Callable[[Store, LedgerWriter], Scene],
    *steps: str,
    alone: bool = False,
    once: tuple[bool, ...] = (),
) -> Play:
    @asynccontextmanager
    async def opened(store: Store, failing: Steps, _: Given) -> AsyncIterator[Scene]:
        async with store.writer() as writer:
            failing.of_writer(writer)
            yield made(store, writer)

    return Play(opened=opened, steps=steps, alone=alone, once=once)


def about(
    made: Callable[[Store, LedgerWriter, Registry], Scene],
    *steps: str,
    alone: bool = False,
    once: tuple[bool, ...] = (),
) -> Play:
    @asynccontextmanager
    async def opened(store: Store, failing: Steps, _: Given) -> AsyncIterator[Scene]:
        async with registry(store) as found:
            failing.of_writer(found.writer)
            yield made(store, found.writer, found)

    return Play(opened=opened, steps=steps, alone=alone, once=once)
