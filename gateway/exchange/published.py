"""What of a ledger is made to be seen: its checkpoint, the hashes of its tree, and that one tree extends another.

All of it says how many records there are and when they came, and nothing of what is in them: each envelope has a random
id, so that nobody finds one from its hash by trying. So looking at it leaves no record, and a tenant may be configured
to show it to anyone (`[ledger] public_hashes`). What is in the records is `Auditor`'s, and recorded.

Nothing is shown that the newest checkpoint does not cover: until it is signed, nobody could hold anyone to it.
"""

import msgspec

from gateway.core.errors import VerificationError
from gateway.core.ports import StoredCheckpoint
from gateway.core.refusal import Refusal
from gateway.evidence.reports.basis import Outside
from gateway.exchange.witnessing import Quorum, Window, beyond
from gateway.ledger.encoding import to_base64
from gateway.ledger.merkle import verify_consistency
from gateway.ledger.rotation import encode_keys
from gateway.ledger.tiles import HEIGHT, WIDTH, Tile
from gateway.ledger.times import timestamp
from gateway.ledger.witnessing import checkpoint_of
from gateway.store.cosignatures import CosignatureStore
from gateway.store.reader import StoreReader
from gateway.store.signing import LedgerSigning
from gateway.store.stamps import KeptStamp, StampStore

_NOT_YET = Refusal(code="no_checkpoint_yet", retry_after=5, hint="ask again when the next one is published")


class Consistency(msgspec.Struct, frozen=True, kw_only=True):
    """That the tree of `second` extends the tree of `first`, as data: hashes in base64 (RFC 9162 §2.1.4)."""

    first: int
    second: int
    path: tuple[str, ...]
    checkpoint: str | None
    """The signed checkpoint of `second`, where there is one of just that size."""


class Published:
    """One ledger, as far as it is made to be seen."""

    def __init__(
        self,
        reader: StoreReader,
        cosignatures: CosignatureStore | None = None,
        quorum: Quorum | None = None,
        signing: LedgerSigning | None = None,
        stamps: StampStore | None = None,
    ) -> None:
        self._reader, self._cosignatures, self._quorum, self._signing = reader, cosignatures, quorum, signing
        self._stamps = stamps
        self._covered = 0
        """The size of the largest checkpoint that was seen here: they only grow, so that most need no look."""

    async def checkpoint(self) -> StoredCheckpoint | None:
        """The newest checkpoint, None before the first."""
        return await self._reader.checkpoint()

    async def keys(self) -> bytes | None:
        """The public key, and how it came after those before it (`ledger.rotation.parse_keys`). It proves nothing to
        who knows none of them by another way."""
        return None if self._signing is None else encode_keys((await self._signing.load()).keys)

    async def cosigned(self, point: StoredCheckpoint) -> bytes:
        """The checkpoint's note with the lines of the witnesses that have cosigned it by now."""
        if self._quorum is None or self._cosignatures is None:
            return point.note
        kept = await self._cosignatures.of(point.size)
        return point.note + "".join(kept[name][0] for name in self._quorum.names if name in kept).encode()

    async def witnessed(self) -> StoredCheckpoint | None:
        """The newest checkpoint that a quorum of witnesses has cosigned, or else any of them, with their lines below
        its note; None where there is none."""
        if self._quorum is None or self._cosignatures is None:
            return None
        names = self._quorum.names
        size = await self._cosignatures.witnessed(names, self._quorum.needed)
        size = size or await self._cosignatures.witnessed(names, 1)
        point = await self._reader.checkpoint_of(size) if size else None
        return None if point is None else msgspec.structs.replace(point, note=await self.cosigned(point))

    async def stamped(self) -> tuple[KeptStamp, ...]:
        """The time-stamps of the largest checkpoint that has any, the earliest first."""
        return () if self._stamps is None else await self._stamps.newest()

    async def stamps(self, after: int, limit: int) -> list[tuple[StoredCheckpoint, tuple[KeptStamp, ...]]]:
        """Checkpoints of more than `after` records with their time-stamps, the smallest first, so many at most."""
        found: dict[int, list[KeptStamp]] = {}
        for one in () if self._stamps is None else await self._stamps.page(after, limit):
            found.setdefault(one.size, []).append(one)
        return [(await self._point(size), tuple(stamps)) for size, stamps in found.items()]

    async def covering(self, end: int, at_most: int) -> list[tuple[StoredCheckpoint, tuple[KeptStamp, ...]]]:
        """Of each authority the time-stamp that says most of the records before `end` (`StampStore.covering`), with
        the checkpoints that they are of, the smallest first."""
        found: dict[int, list[KeptStamp]] = {}
        for one in () if self._stamps is None else await self._stamps.covering(end, at_most):
            found.setdefault(one.size, []).append(one)
        return [(await self._point(size), tuple(stamps)) for size, stamps in found.items()]

    async def outside(self, end: int) -> Outside:
        """What is kept of authorities and witnesses about the records before `end`, as reports tell it."""
        point = await self._reader.checkpoint()
        stamps = () if self._stamps is None or point is None else await self._stamps.covering(end, point.size)
        seen = () if self._cosignatures is None else await self._cosignatures.covering(end)
        return Outside(
            stamps=tuple((one.tsa, one.size, timestamp(one.at_us)) for one in stamps),
            cosigned=tuple((name, size, timestamp(seconds * 1_000_000)) for name, size, seconds in seen),
        )

    async def _point(self, size: int) -> StoredCheckpoint:
        point = await self._reader.checkpoint_of(size)
        if point is None:
            raise VerificationError(f"checkpoint: the one of {size} records, which was time-stamped, is missing")
        return point

    async def window(self) -> Window | None:
        """How far the ledger goes beyond what its witnesses have seen; None where it has none."""
        if self._quorum is None or self._cosignatures is None:
            return None
        return await beyond(self._reader, self._cosignatures, self._quorum)

    async def uncovered_since(self, point: StoredCheckpoint) -> str | None:
        """Since when a newer checkpoint has been due: `StoreReader.uncovered_since`."""
        return await self._reader.uncovered_since(point.size)

    async def due_since(self) -> str | None:
        """Since when a checkpoint has been due at all: when the oldest record occurred that none covers."""
        newest = await self.checkpoint()
        return await self._reader.uncovered_since(0 if newest is None else newest.size)

    async def tile(self, tile: Tile) -> bytes | None:
        """The hashes of a tile, full or partial; None for one that the newest checkpoint's tree does not have, or that
        is of entries. `VerificationError` where the database does not have what was signed."""
        if tile.level is None:
            return None
        first = tile.index * WIDTH
        end = first + tile.width
        # The leaves below its last hash end here. Numbers beyond any ledger's are numbers like others.
        if not await self._covers(end << (HEIGHT * tile.level)):
            return None
        return b"".join(await self._reader.hashes(tile.level, first, end))

    async def consistency(self, first: int, second: int | None) -> Consistency | Refusal:
        """The proof that the tree of `second`, by default the newest checkpoint's, extends the tree of `first`.
        `VerificationError` where what the database has does not lead to what was signed: no proof is better than one
        that proves nothing."""
        if second is None:
            newest = await self._reader.checkpoint()
            if newest is None:
                return _NOT_YET
            second = newest.size
        if not 0 < first <= second:
            hint = "a size from 1 up to that of the second tree"
            return Refusal(code="parameter_invalid", field="first", hint=hint)
        if not await self._covers(second):
            return _NOT_YET
        path = await self._reader.consistency(first, second)
        point = await self._reader.checkpoint_of(second)
        root = await self._signed(second, point)
        verify_consistency(first, second, path, await self._reader.root(first), root)
        note = None if point is None else (await self.cosigned(point)).decode("utf-8")
        return Consistency(first=first, second=second, path=tuple(to_base64(item) for item in path), checkpoint=note)

    async def _signed(self, size: int, point: StoredCheckpoint | None) -> bytes:
        """The root of the tree of `size`, which a checkpoint covers: `point`'s, the one of that size, or else one that
        the newest extends."""
        if point is not None:
            return checkpoint_of(point.note).root
        newest = await self._reader.checkpoint(size)
        if newest is None:
            raise VerificationError(f"checkpoint: none covers {size} records any more")
        root = await self._reader.root(size)
        path = await self._reader.consistency(size, newest.size)
        verify_consistency(size, newest.size, path, root, checkpoint_of(newest.note).root)
        return root

    async def _covers(self, size: int) -> bool:
        if size > self._covered:
            newest = await self._reader.checkpoint()
            self._covered = max(self._covered, 0 if newest is None else newest.size)
        return size <= self._covered
