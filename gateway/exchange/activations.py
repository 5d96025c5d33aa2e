"""Which policy a ledger was put under, as its own records say: the newest `policy.activated`.

The head and `policy_active` say so too, and are faster to ask; but whoever writes rows can write those. A record has
its place in the chain, and below a checkpoint in a tree that the ledger's key has signed: that is looked at here, by
the path from the record to the root, so that it costs no more in a large ledger than in a small one. What no checkpoint
covers yet is compared with its own hash alone.

A record that lies in an archive is not read. What stood at the archive's end is told by the record of the archive
(`ledger.archived`, `standing`). Archives of versions that did not tell have to be at hand.
"""

from collections.abc import Awaitable, Callable
from contextlib import aclosing

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import FormatError, RecordsArchived, VerificationError
from gateway.core.ports import StoredRecord
from gateway.exchange.archived import Archives
from gateway.ledger import checkpoint
from gateway.ledger.chain import leaf_hash
from gateway.ledger.merkle import verify_inclusion
from gateway.ledger.note import Verifier
from gateway.ledger.record import Envelope, parse
from gateway.ledger.rotation import Keys
from gateway.store.policies import PolicyStore
from gateway.store.reader import StoreReader
from gateway.store.search import Filters, Search
from gateway.store.tree import TreeReader

ACTIVATED, ARCHIVED = "policy.activated", "ledger.archived"
IN_ARCHIVE = -1
"""The place of a record that lies in an archive."""
_TRIES = 4
_OTHER = (
    "policy: the head of a ledger names a policy that the newest policy.activated of that ledger does not: somebody "
    "else has written to the database (`gateway audit verify`); the head must name what that record names"
)


class Recorded(msgspec.Struct, frozen=True):
    """From record `seq` of a ledger on (-1: it lies in an archive), this policy was in force there."""

    seq: int
    digest: str


KeysOf = Callable[[str], Awaitable[Verifier | Keys]]
"""The public keys of a ledger, by its id."""


class Activations:
    """Of all ledgers, by their ids."""

    def __init__(self, engine: AsyncEngine, policies: PolicyStore, archives: Archives, keys: KeysOf) -> None:
        self._engine, self._policies, self._archives, self._keys = engine, policies, archives, keys

    async def in_force(self, ledger: str) -> Recorded | None:
        """What a ledger is under: its head and its newest activation say the same. None where there was none yet.

        `VerificationError` where they do not, or where that record cannot be read or does not hold."""
        for _ in range(_TRIES):
            before = await self._policies.active(ledger)
            try:
                found = await self.newest(ledger)
            except RecordsArchived:
                continue  # archived just now: the record of that tells
            if before != await self._policies.active(ledger):
                continue  # activated just now
            if before != (None if found is None else found.digest):
                raise VerificationError(_OTHER)
            return found
        raise VerificationError("policy: the record of what is active lies in an archive that must be at hand")

    async def newest(self, ledger: str, end: int | None = None) -> Recorded | None:
        """The newest activation, of records before `end` where that is given. `RecordsArchived` where it lies in an
        archive whose record does not tell, and which is not at hand; `VerificationError` where it does not hold."""
        found = await self._found(ledger, ACTIVATED, end)
        if found is not None:
            return _recorded(found.seq or 0, found.policy)
        # Every archive ends before the first record that is there, and the newest tells what stood at its end.
        told = await self._found(ledger, ARCHIVED, None)
        if told is not None and told.standing is not None:
            return Recorded(IN_ARCHIVE, told.standing)
        return await self._from_archive(ledger)

    async def _found(self, ledger: str, event: str, end: int | None) -> Envelope | None:
        """The newest record of an event, of those in the database."""
        search = Search(self._engine, ledger).stream(Filters(event=event), order="desc", end=end)
        async with aclosing(search):
            async for hit in search:
                envelope = await self._held(ledger, hit.stored)
                if envelope.event != event:
                    raise VerificationError(f"policy: record {hit.stored.seq} is of another event than its column says")
                return envelope
        return None

    async def _held(self, ledger: str, stored: StoredRecord) -> Envelope:
        """The record, in its place in the tree where a checkpoint covers it."""
        try:
            envelope, leaf = parse(stored.envelope), leaf_hash(stored.envelope)
        except FormatError as error:
            raise VerificationError(f"policy: record {stored.seq} cannot be read") from error
        if (envelope.seq, envelope.tenant, leaf) != (stored.seq, ledger, stored.hash):
            raise VerificationError(f"policy: record {stored.seq} is not in its place")
        point = await StoreReader(self._engine, ledger).checkpoint(stored.seq + 1)
        if point is not None:
            signed = checkpoint.verify(point.note, await self._keys(ledger))
            path = await TreeReader(self._engine, ledger).inclusion(stored.seq, signed.size)
            verify_inclusion(leaf, stored.seq, signed.size, path, signed.root)
        return envelope

    async def _from_archive(self, ledger: str) -> Recorded | None:
        """The newest that the history names, where that lies in an archive of which no record tells what stood."""
        history = await self._policies.history(ledger)
        archives = await self._archives.store.all(ledger) if history else ()
        if not history or not archives or history[-1].seq >= archives[-1].end:
            return None
        stored = await self._archives.record(ledger, history[-1].seq, TreeReader(self._engine, ledger))
        envelope = None if stored is None else parse(stored.envelope)
        if envelope is None or envelope.event != ACTIVATED:
            raise VerificationError("policy: the record of what is active is not where the history names it")
        return _recorded(IN_ARCHIVE, envelope.policy)


def _recorded(seq: int, digest: str | None) -> Recorded:
    if digest is None:
        raise VerificationError("policy: a record of an activation that names no policy")
    return Recorded(seq, digest)
