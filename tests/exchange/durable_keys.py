"""Keys: replaced, destroyed, made and wrapped, and what lies beside them."""

from functools import partial

from gateway.exchange.rewrapping import CLEAR, Rewrapping, wrapping_now
from gateway.ledger.record import Detail
from gateway.store.key_files import SEALED
from gateway.store.keyring import Keyring
from gateway.store.lost import Lost, LostMarks
from gateway.store.root_key import Means, by_provider
from gateway.store.writer_base import LedgerWriter
from tests.exchange import test_rotating
from tests.exchange.durable_base import OfLedger
from tests.exchange.erasure_kit import exchanged, readable
from tests.exchange.subject_kit import Registry
from tests.store.key_kit import Mixing
from tests.store.kit import LEDGER, NODE, Store, entry


class Rotations(OfLedger):
    """The ledger's key, replaced."""

    def __init__(self, store: Store, writer: LedgerWriter) -> None:
        super().__init__(store, writer)
        self.node = test_rotating.Node(store, writer)
        self._due, self._made = 0, 0

    async def work(self) -> None:
        await self.writer.append(entry())
        self._due += 1

    async def round(self) -> None:
        if self._made < self._due:
            await self.node.rotating.rotate(*test_rotating.WHO, overlap_s=0)
            self._made += 1

    async def done(self) -> None:
        self.keys = await self.node.keys()
        rotated = await self.records("key.rotated")
        assert (len(rotated), len(self.keys.statements)) == (self._due, self._due), "once for each time it was asked"
        point = await self.node.checkpointer.publish(force=True)
        assert point is not None
        assert test_rotating.signers(point.note) == [rotated[-1].credential]


class Retired(Rotations):
    """Private keys that sign no more, destroyed."""

    async def work(self) -> None:
        await super().work()
        await super().round()

    async def round(self) -> None:
        await self.node.rotating.retire(*test_rotating.WHO)

    async def done(self) -> None:
        await super().done()
        files = list(self.store.keyring._directory.glob("ledger-*.key"))
        assert len(files) == 1, "the one that signs"
        told = {one.credential for one in await self.records("key.revoked")}
        assert len(told) == self._due


class DataKeys(OfLedger):
    """Records that need new data keys: one that is refused is not tried again."""

    def __init__(self, store: Store, writer: LedgerWriter, found: Registry) -> None:
        super().__init__(store, writer)
        self.found, self._seqs = found, list[int]()

    async def work(self) -> None:
        """Who asks is next."""

    async def round(self) -> None:
        (one,) = await self.found.named(f"subject-{len(self._seqs)}")
        self._seqs.append(await exchanged(self.found, one))

    async def done(self) -> None:
        for seq in self._seqs[-4:]:
            assert len(await readable(self.found, seq)) == 2, "what was acknowledged opens"
        made = {one.seq for one in await self.records("exchange.requested")}
        assert made >= set(self._seqs), "what was refused may be there where nobody could be asked"


class Marks(OfLedger):
    """That records are gone, remembered beside the keys."""

    def __init__(self, store: Store, writer: LedgerWriter) -> None:
        super().__init__(store, writer)
        self.marks, self._size = LostMarks(store.keyring._directory), 0

    async def work(self) -> None:
        self._size += 1

    async def round(self) -> None:
        self.marks.keep(LEDGER, Lost(size=self._size, hash="a" * 64))

    async def done(self) -> None:
        assert self.marks.of(LEDGER) == Lost(size=self._size, hash="a" * 64)
        assert len(list(self.store.keyring._directory.glob("*lost-*"))) == 1, "and nothing half written is left"


class Wrappings(OfLedger):
    """The root key, which lies in the clear, and is to be wrapped."""

    wanted = "provider"

    def __init__(self, store: Store, writer: LedgerWriter) -> None:
        super().__init__(store, writer)
        store.keyring.create_ledger_key(test_rotating.ORIGIN)
        self._key = store.keyring.verifier_key(test_rotating.ORIGIN)
        self._keys, self._provider, self._due = store.keyring._directory, Mixing(), 0

    async def work(self) -> None:
        other = "provider" if self.wanted == CLEAR else CLEAR
        if wrapping_now(self._keys).method != other:
            await self._put(other)
        self._due += 1

    async def round(self) -> None:
        try:
            if self.due or wrapping_now(self._keys).method != self.wanted:
                await self._put(self.wanted)
        finally:
            assert self._opened() == self._key, "the old way opens, or the new"

    async def _put(self, wanted: str) -> None:
        """Wrapped so, or again."""
        means = Means(provider=self._provider)
        one = Rewrapping(
            directory=self._keys, means=means, ledger=LEDGER, writer=self.writer, clock=self.store.clock, node=NODE
        )
        about = ("ac_1", Detail(subject="ann"))
        if wanted == CLEAR:
            await one.unwrap(*about)
        else:
            await one.wrap(*about, partial(by_provider, provider=self._provider), means)

    def _opened(self) -> str:
        again = Keyring.open(self._keys, means=Means(provider=self._provider))
        try:
            return again.verifier_key(test_rotating.ORIGIN)
        finally:
            again.close()

    async def done(self) -> None:
        assert wrapping_now(self._keys).method == self.wanted
        sealed = {path.read_bytes().startswith(SEALED) for path in self._keys.glob("*.key")}
        assert sealed == {self.wanted != CLEAR}
        assert list(self._keys.glob(".*.new")) == [], "and nothing half written is left"
        told = [one.outcome.code for one in await self.records("key.wrapped") if one.outcome is not None]
        assert told[-1] == self.wanted
        assert told.count(self.wanted) >= self._due, "on record before"


class Unwrappings(Wrappings):
    """The root key, which is wrapped, and is to lie in the clear."""

    wanted = CLEAR
