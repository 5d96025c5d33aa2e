"""Checkpoints, who is shown them, and destinations of records."""

from collections import Counter
from typing import Any

import msgspec

from gateway.agents.tsas import Stamped
from gateway.core.errors import AgentError, GatewayError
from gateway.core.message import WireAnswer
from gateway.exchange.forwarding import STALL_S
from gateway.exchange.stamping import MOST_WAIT_S, Stamping
from gateway.exchange.witnessing import Quorum, Witnessing
from gateway.ledger.cosignature import Cosigner
from gateway.ledger.note import parse_note
from gateway.ledger.witnessing import Request
from gateway.settings import Tsa
from gateway.store.forwarding import Cursor
from gateway.store.reader import StoreReader
from gateway.store.signed import SignedMarks
from gateway.store.writer_base import LedgerWriter
from tests.exchange.durable_base import OfLedger
from tests.exchange.forward_kit import Case, Taking
from tests.store.kit import LEDGER, NODE, Store, entry, lone
from tests.store.test_checkpointer import SIGNER
from tests.store.test_checkpointer import of as checkpointer_of


class Checkpoints(OfLedger):
    """Published when they are due."""

    def __init__(self, store: Store, writer: LedgerWriter) -> None:
        super().__init__(store, writer)
        self.marks = SignedMarks(store.keyring._directory)
        self.checkpointer = checkpointer_of(store, writer, marks=self.marks)

    async def work(self) -> None:
        await self.writer.append(entry())

    async def round(self) -> None:
        await self.checkpointer.publish()

    async def done(self) -> None:
        sizes = [one.size async for one in StoreReader(self.store.engine, LEDGER).checkpoints()]
        told = [one.checkpoint[0] for one in await self.records("checkpoint.published") if one.checkpoint]
        assert (sizes, len(set(told))) == (sorted(told), len(told)), "each is on record, once"
        mark = self.marks.of(SIGNER.name)
        assert mark is not None
        assert mark.size == sizes[-1], "and the newest is remembered"


class _Published(Checkpoints):
    """One more checkpoint that others are to be shown. `_sizes`: of each."""

    def __init__(self, store: Store, writer: LedgerWriter) -> None:
        super().__init__(store, writer)
        self._sizes: list[int] = []

    async def work(self) -> None:
        await super().work()
        point = await self.checkpointer.publish()
        assert point is not None
        self._sizes.append(point.size)


class _Witness:
    """One that cosigns whatever it is shown."""

    def __init__(self, name: str) -> None:
        self._cosigner = Cosigner(name, name.encode().ljust(32, b"w"))
        self.witness = self._cosigner.witness

    async def add(self, request: Request) -> WireAnswer:
        text, _ = parse_note(request.note)
        return WireAnswer(status=200, headers=(), body=self._cosigner.cosign(text, 1_795_482_123).encode())


class Cosignatures(_Published):
    """Checkpoints before two witnesses."""

    def __init__(self, store: Store, writer: LedgerWriter) -> None:
        super().__init__(store, writer)
        witnesses: list[Any] = [_Witness("w.example/1"), _Witness("w.example/2")]
        self._names = tuple(one.witness.name for one in witnesses)
        self.witnessing = Witnessing(
            store.engine,
            ledger=LEDGER,
            signing=lone(store, SIGNER),
            witnesses=witnesses,
            quorum=Quorum(names=self._names, needed=2),
            clock=store.clock,
            node=NODE,
        )

    async def round(self) -> None:
        try:
            assert await self.witnessing.offer(self.writer) == ()
        except GatewayError:
            assert self.witnessing.window.since is not None or await self._seen(), "what is not witnessed shows"
            raise

    async def done(self) -> None:
        for size in self._sizes[-4:]:
            assert tuple(await self.witnessing.store.of(size)) == self._names
        told = [one.checkpoint[0] for one in await self.records("checkpoint.witnessed") if one.checkpoint]
        assert told == self._sizes, "each is on record, once"
        assert self.witnessing.window.witnessed == self._sizes[-1]

    async def _seen(self) -> bool:
        return await self.witnessing.store.witnessed(self._names, 2) == self._sizes[-1]


class _Authority:
    """One that stamps whatever it is shown, without a word that could be verified."""

    def __init__(self) -> None:
        self.tsa, self.asked = Tsa(id="clock", url="https://clock.example", authorities="ca.pem", interval_s=60.0), 0

    async def stamp(self, note: bytes) -> Stamped:
        self.asked += 1
        said: Any = msgspec.defstruct("Said", [("at_us", int)])(1_795_482_123_000_000)
        return Stamped(note, said)


class Stamps(_Published):
    """Checkpoints before a time-stamping authority."""

    def __init__(self, store: Store, writer: LedgerWriter) -> None:
        super().__init__(store, writer)
        self.authority = _Authority()
        tsas: list[Any] = [self.authority]
        self.stamping = Stamping(store.engine, ledger=LEDGER, tsas=tsas, clock=store.clock, node=NODE)

    async def round(self) -> None:
        asked = self.authority.asked
        self.store.clock.advance(MOST_WAIT_S)
        try:
            await self.stamping.round()
        except GatewayError:
            assert self.stamping.beyond.since is not None or await self._stamped(), "what is not stamped shows"
            if self.authority.asked > asked:
                await self.stamping.round()
                assert self.authority.asked == asked + 1, "it is left alone for a while"
            raise

    async def done(self) -> None:
        assert [one.size for one in await self.stamping.store.page(0, 10_000)] == self._sizes
        assert self.stamping.beyond.stamped == self._sizes[-1]
        assert self.stamping.failing == frozenset()

    async def _stamped(self) -> bool:
        return (await self.stamping.store.newest())[0].size == self._sizes[-1]


class Forwards(OfLedger):
    """Records to a destination."""

    def __init__(self, store: Store, writer: LedgerWriter) -> None:
        super().__init__(store, writer)
        self.case, self._number = Case(store, writer), 0

    async def work(self) -> None:
        """Another destination, whose first records come before it begins, and more after that."""
        self._number += 1
        self.id, self.sender = f"siem-{self._number}", Taking()
        self.forwarding = self.case.forwarding(self.sender, id=self.id, batch=500)
        await self.case.add(2)

    async def round(self) -> None:
        for _ in range(20):
            self.store.clock.advance(11.0)  # the lease is prolonged, and what was looked at kept
            if await self._turn() >= 1.0:
                return
        raise AssertionError("it goes on for ever")

    async def _turn(self) -> float:
        try:
            return await self.forwarding.round()
        except GatewayError:
            found, size = await self.case.cursors.get(LEDGER, self.id), await self.case.size()
            behind = 0 if found is None else size - found.next_seq
            # A record of what was refused may have come since.
            assert self.forwarding.state.records >= behind - 1, "how far behind it is shows"
            raise

    async def cursor(self) -> Cursor:
        found = await self.case.cursors.get(LEDGER, self.id)
        assert found is not None
        return found

    async def done(self) -> None:
        await self.round()
        size, cursor = await self.case.size(), await self.cursor()
        assert (cursor.next_seq, cursor.failing_us, self.forwarding.state.records) == (size, None, 0)
        assert set(self.sender.taken) == set(range(size)), "each at least once"
        assert list(dict.fromkeys(self.sender.taken)) == list(range(size)), "and in order"
        assert len(await self.records("forward.started")) == self._number


class Stalls(Forwards):
    """A destination that takes nothing for so long that it is on record, and then goes on."""

    async def work(self) -> None:
        await super().work()
        self._away = True

    async def round(self) -> None:
        for _ in range(3 if self._away else 0):
            self.sender.fails = [AgentError("connect_failed")]
            await self._turn()
            self.store.clock.advance(STALL_S + 1)
        self._away, self.sender.fails = False, []
        await super().round()

    async def done(self) -> None:
        await super().done()
        told = Counter(one.event for one in await self.records("forward.stalled", "forward.resumed"))
        assert told["forward.stalled"] == told["forward.resumed"]
        assert (await self.cursor()).stalled == 0
