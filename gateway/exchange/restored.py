"""Erasures that a copy of the database does not know of are done again, before anybody is served from it.

A backup from before an erasure holds what was destroyed since: the mapping, links, details and sealed parts. The data
keys are apart from it, and remember by name whom no key is made for any more; a newer copy of the ledger says so too,
and which keys went. So whatever of an erased subject is found in a database that has no case of its erasure was
brought back, and goes again:

1. Keys of which a newer copy says that they were destroyed are destroyed: the key store may be a backup as well. So
   are those of whom this database itself knows that they were erased and the keys do not, on record first: then the
   key store alone is from before, and would open what archives and other copies hold.
2. What is left of an erased subject is found, but for those whose own case is under way or done here.
3. `restore.erased` is on record.
4. Bundles that were asked for before are kept no longer, or are built anew; the mapping goes, then sealed parts,
   details and links; on SQLite the write-ahead log is emptied.

A crash before 3 leaves what was found; after it, a record of what the next start does, and tells, again. What a crash
leaves in the write-ahead log the next start empties, if nobody else holds it.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import msgspec

from gateway.core.errors import LedgerUnavailable
from gateway.core.ids import uuid7
from gateway.core.ports import Clock
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.entry import Entry, Ledger
from gateway.ledger.fields import MAX_NAMES
from gateway.ledger.record import Detail, Envelope, NodeInfo, encode_detail, timestamp
from gateway.store.erasure import ErasureStore
from gateway.store.subject_cases import CaseStore
from gateway.store.subjects import SubjectStore

ERASED = "restore.erased"
PSEUDONYM = "su_"
"""How the pseudonyms of data subjects begin, and no data key's id."""
_CHUNK = 200
_KNOWN = ("erasing", "erased")
"""States of a case by which this database knows of the erasure itself."""
_log = logging.getLogger("gateway.store")


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """One erasure as a newer copy of the ledger tells of it. `others`: the pseudonyms that were one person with this
    one; `keys`: of many the first, those of the key store are looked up."""

    subject: str
    others: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


class Keys(Protocol):
    """What is needed of the keyring. Blocking."""

    def erased(self) -> tuple[str, ...]: ...

    def destroy(self, key_ids: Sequence[str]) -> int: ...

    def subject_keys(self, subject: str) -> tuple[str, ...]: ...

    def data_key(self, key_id: str) -> bytes | None: ...

    def unknown(self, key_id: str) -> bool: ...


class Restored:
    """Of all tenants. `LedgerUnavailable` where it cannot be done now: then nobody may be served."""

    def __init__(
        self,
        *,
        store: ErasureStore,
        flags: SubjectStore,
        cases: CaseStore,
        keys: Keys,
        clock: Clock,
        node: NodeInfo,
    ) -> None:
        self._store, self._flags, self._cases, self._keys = store, flags, cases, keys
        self._clock, self._node = clock, node

    async def erase_again(self, ledgers: Mapping[str, Ledger], told: Collection[Erased] = ()) -> int:
        """All four steps, for ledgers by their tenants' ids; of how many subjects anything was destroyed, keys too.

        `told`: what newer copies of these ledgers say was erased. Pseudonyms are random, so that those of one tenant
        are none of another's.
        """
        # 1.
        known: dict[str, tuple[str, ...]] = {}
        for one in told:
            for subject in (one.subject, *one.others):
                known[subject] = (*one.keys, *await asyncio.to_thread(self._keys.subject_keys, subject))
                await asyncio.to_thread(self._keys.destroy, (*known[subject], subject))
        gone = await asyncio.to_thread(self._keys.erased)
        count = 0
        for tenant, ledger in ledgers.items():
            for ids, keys in await self._forgotten(tenant, gone):
                # A crash before: the next start says it again. After: the keys know, and nothing is said any more.
                await ledger.append(self._entry(tenant, ids, 0, keys))
                await asyncio.to_thread(self._keys.destroy, (*keys, *ids))
                count += 1
        for start in range(0, len(gone), _CHUNK):
            for tenant, ledger in ledgers.items():
                # 2.
                for subject in await self._store.left(tenant, gone[start : start + _CHUNK]):
                    count += await self._again(tenant, ledger, subject, known.get(subject, ()))
        if gone:
            await self._settled(needed=count > 0)
        return count

    async def brought_back(self, tenants: Collection[str]) -> int:
        """Of how many subjects of these ledgers there is anything that would be destroyed. Nothing is changed."""
        gone = await asyncio.to_thread(self._keys.erased)
        count = sum([len(await self._forgotten(tenant, gone)) for tenant in tenants])
        for start in range(0, len(gone), _CHUNK):
            for tenant in tenants:
                for subject in await self._store.left(tenant, gone[start : start + _CHUNK]):
                    count += not await self._own(tenant, subject)
        return count

    async def _forgotten(self, tenant: str, gone: Collection[str]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
        """Persons who were erased by this database and are not all among those that the keys know of (`gone`): their
        pseudonyms, the case's own first, and their keys."""
        known, found = frozenset(gone), []
        for subject, terms in await self._cases.erased(tenant):
            if not known.issuperset(terms.subjects or (subject,)):
                group = terms.subjects or await self._flags.group(tenant, subject)
                ids = (subject, *(one for one in group if one != subject))
                back = [key for one in ids for key in await asyncio.to_thread(self._keys.subject_keys, one)]
                found.append((ids, tuple(sorted({*terms.keys, *back}))))
        return found

    async def _own(self, tenant: str, subject: str) -> bool:
        """Whether this database goes on with an erasure itself."""
        cases = await self._cases.of_subjects(tenant, await self._flags.group(tenant, subject), "erasure")
        return any(one.state in _KNOWN for one in cases)

    async def _settled(self, *, needed: bool) -> None:
        """The end of step 4, also where a run before came to everything but that."""
        try:
            await self._store.settle()
        except LedgerUnavailable:
            if needed:
                raise
            _log.info("the write-ahead log could not be emptied, and need not be")

    async def _again(self, tenant: str, ledger: Ledger, subject: str, keys: Sequence[str]) -> bool:
        """Steps 2 to 4 for one subject; False where this database goes on with its erasure itself."""
        if await self._own(tenant, subject):
            return False
        ids = (subject,)
        dead = tuple(sorted({*keys, *await self._dead(tenant, ids)}))
        # 3.
        reached = await self._store.reached(tenant, ids)
        await ledger.append(self._entry(tenant, ids, reached, dead))
        # 4. The mapping is what tells the next start that this is not done, so bundles come before it.
        await self._store.recall(tenant, self._clock.now_us())
        await self._store.forget(tenant, ids)
        companions = await self._store.companions(tenant, ids)
        others = [key for one in companions for key in await asyncio.to_thread(self._keys.subject_keys, one)]
        await self._store.purge(tenant, ids, dead, others)
        return True

    async def _dead(self, tenant: str, ids: Collection[str]) -> list[str]:
        """Keys that what is left was sealed under, and that were destroyed here: not those of another keyring."""
        named = await self._store.keys_beside(tenant, ids)

        def gone() -> list[str]:
            return [key for key in named if self._keys.data_key(key) is None and not self._keys.unknown(key)]

        return await asyncio.to_thread(gone)

    def _entry(self, tenant: str, ids: tuple[str, ...], reached: int, keys: Sequence[str]) -> Entry:
        now, salt = self._clock.now_us(), new_salt()
        detail = encode_detail(Detail(subjects=ids))
        envelope = Envelope(
            id=uuid7(now),
            tenant=tenant,
            event=ERASED,
            occurred_at=timestamp(now),
            subject=ids[0],
            count=reached,
            keys=tuple(keys[:MAX_NAMES]),
            detail=committed(salt, "detail", detail),
            node=self._node,
        )
        return Entry.of(envelope, detail=detail, salt=salt, subjects=ids)
