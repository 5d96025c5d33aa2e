"""Receivers of syslog that do what a test wants, and a ledger whose records are forwarded to a sender of the test's."""

import asyncio
import socket
import ssl
import struct
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

from gateway.agents.bare import bare
from gateway.core.ports import Route, StoredRecord
from gateway.exchange.following import Following
from gateway.exchange.forward_record import ForwardScribe
from gateway.exchange.forwarding import LEASE_S, Destination, Forwarding
from gateway.exchange.ledgers import Ledgers
from gateway.exchange.metrics import Metrics
from gateway.ledger.entry import Entry
from gateway.ledger.record import parse
from gateway.store.forwarding import ForwardStore
from gateway.store.lease import Lease
from gateway.store.reader import StoreReader
from gateway.store.search import Filters, Search
from gateway.store.writer_base import LedgerWriter
from tests.exchange.erasure_kit import none_of
from tests.store.kit import LEDGER, NODE, Store, entry


class Receiver:
    """Takes one connection after the other, in a thread. `then`: what it does after so many (`after`) bytes: it `read`s
    on, it `close`s, it `hang`s and reads no more, or it `babble`s back. One that is `deaf` takes one connection of
    which it reads nothing, until `reset` breaks that off over what lies in it."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.tls, self.then, self.after = tls, "read", 0
        self.data = b""
        self.connections = 0
        self.peers: list[dict[str, Any] | None] = []
        self.changed = threading.Condition()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._current: socket.socket | None = None
        self._over, self._heard = False, threading.Event()
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def messages(self) -> list[bytes]:
        """What came, without its frames; what is not whole is left out."""
        found, data = [], self.data
        while b" " in data:
            length, _, rest = data.partition(b" ")
            if len(rest) < int(length):
                break
            found.append(rest[: int(length)])
            data = rest[int(length) :]
        return found

    def wait(self, number: int) -> list[bytes]:
        """So many messages, when they are there."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.messages()) >= number, 60)
            return self.messages()

    def connected(self) -> None:
        """When somebody has connected."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.connections > 0, 60)

    def drop(self) -> None:
        """Close the connection that is open."""
        if self._current is not None:
            with suppress(OSError):
                self._current.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """What a receiver that dies does to its connection: what it had not read is gone."""
        self._heard.set()

    def stop(self) -> None:
        self._over = True
        self._heard.set()
        self.drop()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(60)

    def _serve(self) -> None:
        while not self._over:
            try:
                made, _ = self._socket.accept()
            except OSError:
                return
            with suppress(OSError), made:
                self._take(made)

    def _take(self, made: socket.socket) -> None:
        with self.changed:
            self._current = made
            self.connections += 1
            self.changed.notify_all()
        if self.tls is not None:
            secured = self.tls.wrap_socket(made, server_side=True)
            self.peers.append(secured.getpeercert())
            made = self._current = secured
        if self.then == "deaf":
            self.then = "read"
            assert self._heard.wait(60)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            made.close()
            return
        with made:
            while data := made.recv(65_536):
                with self.changed:
                    self.data += data
                    self.changed.notify_all()
                if self.then == "babble":
                    made.sendall(b"\xff\x00 garbage" * 1_000)
                if self.then == "close" and len(self.data) >= self.after:
                    self.then = "read"
                    return
                while self.then == "hang" and not self._over:
                    with self.changed:
                        self.changed.wait(0.05)


@contextmanager
def receiving(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    receiver = Receiver(tls)
    try:
        yield receiver
    finally:
        receiver.stop()


def way(receiver: Receiver, **more: Any) -> Route:
    scheme = "tcp" if receiver.tls is None else "tls"
    return bare("_forward:siem", f"{scheme}://127.0.0.1:{receiver.port}", **{"timeout_s": 30.0, **more})


class Taking:
    """A sender that takes what it is sent, or fails with what `fails` says: a value for each batch, None for good."""

    def __init__(self, settles_s: float = 0.0) -> None:
        self.settles_s = settles_s
        self.taken: list[int] = []
        self.apart: list[int] = []
        """Of emergency ledgers."""
        self.batches: list[int] = []
        self.fails: list[BaseException | None] = []
        self.held = True
        self.closed = False
        self.took = asyncio.Event()

    async def send(self, records: Sequence[StoredRecord], *, holding: bool) -> None:
        self.batches.append(len(records))
        error = self.fails.pop(0) if self.fails else None
        if error is not None:
            raise error
        self.taken += [one.seq for one in records if one.emergency is None]
        self.apart += [one.seq for one in records if one.emergency is not None]
        self.took.set()

    async def holds(self) -> bool:
        return self.held

    async def close(self) -> None:
        self.closed = True


class Case:
    """A ledger, its writer, and what forwards it. Make another of the same ledger with `forwarding`."""

    def __init__(self, store: Store, writer: LedgerWriter) -> None:
        self.store, self.writer, self.metrics = store, writer, Metrics()
        self.cursors = ForwardStore(store.engine)
        self.trail = none_of(store, LEDGER)
        self._holders = 0

    def forwarding(self, sender: Any, filters: Filters | None = None, **more: Any) -> Forwarding:
        self._holders += 1
        values: dict[str, Any] = {"id": "siem", "from_beginning": True, "batch": 4, **more}
        clock = self.store.clock
        ledgers: Any = {LEDGER: self.writer, "_system": self.writer}
        return Forwarding(
            Destination(filters=Filters() if filters is None else filters, **values),
            LEDGER,
            sender=sender,
            following=Following(Search(self.store.engine, LEDGER), self.trail),
            store=self.cursors,
            lease=Lease(self.store.engine, f"forward/{values['id']}", f"nd_{self._holders}/bt_1/x", clock, LEASE_S),
            ledgers=Ledgers(ledgers),
            scribe=ForwardScribe(clock, NODE),
            clock=clock,
            metrics=self.metrics,
            jitter=lambda: 1.0,
        )

    async def add(self, number: int, event: str = "config.changed") -> None:
        for _ in range(number):
            await self.writer.append(entry(event))

    async def events(self) -> list[tuple[str, tuple[int, int] | None]]:
        """What the record says of forwarding: event and range."""
        reader = StoreReader(self.store.engine, LEDGER)
        found = [parse(one.envelope) async for one in reader.records(0, await reader.size())]
        return [(one.event, one.range) for one in found if one.event.startswith("forward.")]

    async def size(self) -> int:
        return await StoreReader(self.store.engine, LEDGER).size()

    async def next_seq(self) -> int:
        cursor = await self.cursors.get(LEDGER, "siem")
        assert cursor is not None
        return cursor.next_seq

    async def append(self, made: Entry) -> None:
        assert await self.writer.submit(made) is not None


@asynccontextmanager
async def case(store: Store) -> AsyncIterator[Case]:
    async with store.writer() as writer:
        yield Case(store, writer)


async def rounds(forwarding: Forwarding, number: int = 50) -> None:
    """As many rounds as it takes until nothing is left to do at once."""
    for _ in range(number):
        if await forwarding.round() >= 1.0:
            return
    raise AssertionError("it goes on for ever")
