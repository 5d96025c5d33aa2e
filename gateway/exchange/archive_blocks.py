"""Blocks of a ledger's records on their way into an archive, with what lies beside them, sealed."""

import asyncio
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Protocol

import msgspec

from gateway.core.errors import VerificationError
from gateway.core.ports import StoredRecord
from gateway.evidence import archive as files
from gateway.evidence.archive import Beside
from gateway.exchange.ledgers import Counting
from gateway.ledger.entry import DataKey, SealedPart
from gateway.ledger.note import Verifier
from gateway.ledger.record import parse
from gateway.ledger.rotation import Keys as LineOfKeys
from gateway.ledger.tiles import WIDTH
from gateway.store.archives import ArchiveStore
from gateway.store.postings import BLOCK
from gateway.store.reader import StoreReader
from gateway.store.sealing import ExchangeKey, Sealer
from gateway.store.tree import TreeReader

_ABOUT_SUBJECTS = "subject."


class Keys(Protocol):
    """What is needed of the keyring. Blocking."""

    def persist(self, keys: Sequence[DataKey]) -> None: ...


class Mine(msgspec.Struct, frozen=True, kw_only=True):
    """One ledger: its id, its writer, its reader, and its public keys."""

    ledger: str
    writer: Counting
    reader: StoreReader
    tree: TreeReader
    keys: Verifier | LineOfKeys


class Blocks:
    """Those of one archive. `store`: of the database that the records are in."""

    def __init__(self, mine: Mine, store: ArchiveStore, sealer: Sealer, keys: Keys) -> None:
        self._mine, self._store, self._sealer, self._keys = mine, store, sealer, keys
        self._own: list[ExchangeKey] = []
        self._written: dict[tuple[int, int], bytes] = {}
        """First record and end of each block → a digest of what was written beside its records."""

    async def write(self, writer: files.Archiver, number: int, end: int) -> None:
        """The records of a block before `end`, which are those of the ledger's tree, and what lies beside them.
        `VerificationError` where they are not.

        Whom they are about is read before their details: an erasure destroys both in one transaction, so that a detail
        which is there after the links were read is sealed for everybody whom it is about. Their keys go with the
        erasure, or have gone."""
        mine, first = self._mine, number * BLOCK
        about = await self._store.links(mine.ledger, first, end)
        records = [record async for record in mine.reader.records(first, end, details=True)]
        whole = end - end % WIDTH
        leaves = [leaf async for some in mine.tree.leaves(first, whole) for leaf in some]
        leaves += await mine.tree.hashes(0, whole, end) if whole < end else []
        if [record.hash for record in records] != leaves or len(records) != end - first:
            raise VerificationError(f"archive: block {number} of the ledger is not what its tree says")
        parts = await self._store.beside(mine.ledger, first, end)
        keys: dict[tuple[str, ...], ExchangeKey] = {}
        beside: list[Beside] = []
        for record in records:
            some = parts.get(record.seq, [])
            if record.detail is not None and record.detail_salt is not None:
                some = [*some, self._sealed(record, about.get(record.seq, ()), keys)]
            beside += [_line(record.seq, part) for part in sorted(some, key=lambda part: part.part)]
        new = [key for one in (*keys.values(), *self._own) for key in one.new]
        if new:
            # Durable before anything that was sealed with them is: a crash leaves keys that open nothing.
            await asyncio.to_thread(self._keys.persist, new)
        await asyncio.to_thread(writer.block, number, records, beside)
        self._written[first, end] = _told((one.seq, one.part) for one in beside)

    async def stand(self) -> bool:
        """Whether what was written beside records is what lies there now: nothing of it was destroyed meanwhile."""
        for (first, end), written in self._written.items():
            if _told(await self._store.labels(self._mine.ledger, first, end)) != written:
                return False
        return True

    def _sealed(
        self, record: StoredRecord, subjects: tuple[str, ...], keys: dict[tuple[str, ...], ExchangeKey]
    ) -> SealedPart:
        """A detail under the keys of whom the record is about, so that it goes with them. Where it is about nobody, or
        accounts for what was done for somebody, under one of the archive's own."""
        envelope = parse(record.envelope)
        if subjects and not envelope.event.startswith(_ABOUT_SUBJECTS):
            if subjects not in keys:
                keys[subjects] = self._sealer.exchange_key(subjects)
            key = keys[subjects]
        else:
            if not self._own:
                self._own.append(self._sealer.exchange_key())
            key = self._own[0]
        return self._sealer.seal(
            tenant=self._mine.ledger,
            record=envelope.id,
            part=files.DETAIL,
            opening=record.detail_salt or b"",
            value=record.detail,
            key=key,
        )


def _told(labels: Iterable[tuple[int, str]]) -> bytes:
    return sha256("\n".join(f"{seq} {part}" for seq, part in sorted(labels)).encode()).digest()


def _line(seq: int, part: SealedPart) -> Beside:
    return Beside(seq=seq, part=part.part, key=part.key, nonce=part.nonce, ciphertext=part.ciphertext)
