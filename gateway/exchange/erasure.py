"""Destroys what an erasure (GDPR Art. 17) is for, once its delay is over. One node at a time works for a ledger.

The steps can each be killed and begun anew: whatever state a process leaves, the next round goes on from it, by the
same path. Until the last record is there the case is `erasing`.

0. Whom it is for stands in its case since it was agreed to. Where one of these does not bear its mark, so that requests
   about them are let through, nothing begins: it waits as `deferred`, until it is refused.
1. A hold on the subject, or on another that a record names beside it, on an emergency ledger too, defers it: the
   subject stays restricted. The head's revision is read before holds are looked for, and holds move it.
2. What is under way with it is waited for: nothing new is let through, since it is restricted.
3. It begins, on record, with the keys, the agents to be told, the archives that say whom else, and the emergency
   ledgers whose records it reaches or that could not be read.
   From here on nobody can refuse it any more. The record is left out where the revision has moved: whatever hold is on
   record before it was looked at, so that whoever goes on from here after a crash need not look again.
4. The mapping goes: who names the same person again is somebody new.
5. Content that others have their part in is sealed again for them, with every finding of personal data masked: whose
   each is, no finding says.
6. The keys go, and a tombstone under the pseudonym keeps any node from making new ones for it.
7. Sealed parts, details and links go; on SQLite the write-ahead log is emptied.
8. Once no node can remember the pseudonym any more, 4 to 7 are done again, and `subject.erased` says that it is done.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import msgspec

from gateway.core.ports import Clock
from gateway.exchange.approval_record import By
from gateway.exchange.emergency_persons import reached
from gateway.exchange.emergency_trail import EmergencyTrail
from gateway.exchange.erasing import basis
from gateway.exchange.ledgers import Counting
from gateway.exchange.subject_record import Said, entry
from gateway.ledger.commitment import new_salt
from gateway.ledger.content import part_of, until_of
from gateway.ledger.entry import DataKey
from gateway.ledger.fields import MAX_NAMES
from gateway.ledger.record import NodeInfo, timestamp
from gateway.settings import SubjectSettings
from gateway.store.erasure import ErasureStore, SharedContent
from gateway.store.lease import Lease
from gateway.store.sealing import Sealer
from gateway.store.subject_cases import Case, CaseStore, moved
from gateway.store.subjects import Known, SubjectStore, guarded

SETTLE_US = 120 * 1_000_000
"""How long after the mapping has gone it is looked again for what was written meanwhile: nodes remember a pseudonym for
30 seconds, and a request that was being read then has ended by now or opens nothing."""
_DAY_US = 86_400_000_000


class Keys(Protocol):
    """What is needed of the keyring. Blocking."""

    def subject_keys(self, subject: str) -> tuple[str, ...]: ...

    def persist(self, keys: Sequence[DataKey]) -> None: ...

    def destroy(self, key_ids: Sequence[str]) -> int: ...


class Erasure:
    """Of all tenants. `mask`: kept content without any personal finding, None where that cannot be made."""

    def __init__(
        self,
        *,
        store: ErasureStore,
        flags: SubjectStore,
        cases: CaseStore,
        keys: Keys,
        sealer: Sealer,
        mask: Callable[[bytes], bytes | None],
        lease: Callable[[str], Lease],
        clock: Clock,
        node: NodeInfo,
        settings: SubjectSettings,
        emergencies: Callable[[str], EmergencyTrail],
    ) -> None:
        """`emergencies`: what the emergency ledgers of a ledger hold, by its id."""
        self._emergencies = emergencies
        self._store, self._flags, self._cases = store, flags, cases
        self._keys, self._sealer, self._mask, self._lease = keys, sealer, mask, lease
        self._clock, self._node, self._settings = clock, node, settings

    async def advance(self, tenant: str, ledger: Counting) -> int:
        """Go as far as can be gone now with every erasure of a tenant whose time has come; how many ended."""
        due = await self._cases.ripe(tenant, self._clock.now_us())
        lease = self._lease(f"erasure/{tenant}")
        if not due or not await lease.take():
            return 0
        ended = 0
        for one in due:
            if not await lease.keep():
                break  # another's, who goes on with the rest
            current: Case | None = one
            if one.state != "erasing":
                current = await self._begun(ledger, one)
            if current is not None and await self._destroyed(ledger, current):
                ended += 1
        return ended

    async def _begun(self, ledger: Counting, one: Case) -> Case | None:
        """Steps 0 to 3; None where it must wait."""
        revision = await self._flags.revision(one.tenant)
        ids = await self._persons(one)
        rows = await self._marked(one, ids)
        if not rows:
            await self._defer(ledger, one)
            return None
        if await self._held(one, (*ids, *await self._store.companions(one.tenant, ids))):
            await self._defer(ledger, one)
            return None
        if await self._store.under_way(one.tenant, ids):
            return None
        own = await reached(self._emergencies(one.tenant), ids)
        if await self._held(one, own.beside):
            await self._defer(ledger, one)
            return None
        keys = await asyncio.to_thread(self._keys_of, ids)
        now = self._clock.now_us()
        terms = msgspec.structs.replace(
            one.terms,
            keys=keys,
            recipients=tuple(sorted({*await self._store.recipients(one.tenant, ids), *own.agents})),
            reached=await self._store.reached(one.tenant, ids) + sum(own.records.values()),
        )
        becomes = msgspec.structs.replace(one, state="erasing", ripe_us=now, ended_us=None, terms=terms)
        archives = await self._store.archives(one.tenant, ids)
        said = Said(
            event="subject.erasure",
            code="begun",
            others=_others(one, ids),
            count=terms.reached,
            # As `subject.erased`: a copy that is restored is emptied of all these by this record alone.
            keys=(*_others(one, ids), *keys)[:MAX_NAMES],
            lines=(*(f"archive {archive}: {count} records" for archive, count in archives.items()), *own.lines),
            change=moved(one, becomes, *guarded(rows)),
            under=revision,
        )
        # A crash before this is durable: nothing is destroyed, and the next round looks for holds anew. After: no hold
        # came before it, and whoever comes next destroys. Left out: one may have come, and the next round looks.
        return await self._recorded(ledger, one, becomes, said)

    async def _persons(self, one: Case) -> tuple[str, ...]:
        """Whom it was agreed to for; of a case from before that was kept, those of the person who bear its mark."""
        if one.terms.subjects:
            return one.terms.subjects
        marks = await self._flags.marks(one.tenant, await self._flags.group(one.tenant, one.subject))
        return tuple(sorted({one.subject, *(row.id for row in marks if row.erasing == one.id)}))

    async def _marked(self, one: Case, ids: Sequence[str]) -> tuple[Known, ...]:
        """The rows of all of these, where all are restricted for this case; else none."""
        rows = tuple(row for row in await self._flags.marks(one.tenant, ids) if row.erasing == one.id)
        return rows if {row.id for row in rows} == set(ids) else ()

    async def _held(self, one: Case, persons: Iterable[str]) -> bool:
        """Whether a hold is on any of these, or on a pseudonym of the same person."""
        groups = [await self._flags.group(one.tenant, person) for person in persons]
        return await self._cases.held(one.tenant, tuple({name for group in groups for name in group}))

    async def _defer(self, ledger: Counting, one: Case) -> None:
        if one.state != "deferred":
            becomes = msgspec.structs.replace(one, state="deferred")
            await self._recorded(ledger, one, becomes, Said(event="subject.erasure", code="deferred"))

    async def _destroyed(self, ledger: Counting, one: Case) -> bool:
        """Steps 4 to 8; whether it has ended."""
        ids = await self._persons(one)
        await self._store.forget(one.tenant, ids)
        async for content in self._store.shared(one.tenant, ids):
            await self._sealed_again(one.tenant, content)
        keys = tuple(dict.fromkeys((*one.terms.keys, *await asyncio.to_thread(self._keys_of, ids))))
        await asyncio.to_thread(self._keys.destroy, (*keys, *ids))
        others = await asyncio.to_thread(self._keys_of, await self._store.companions(one.tenant, ids))
        await self._store.purge(one.tenant, ids, keys, others)
        await self._store.settle()
        now = self._clock.now_us()
        begun = one.ripe_us or 0
        if now < begun + SETTLE_US:
            return False
        terms = msgspec.structs.replace(one.terms, persons=(), reason="", identity="")
        becomes = msgspec.structs.replace(one, state="erased", ended_us=now, terms=terms)
        others = _others(one, ids)
        said = Said(
            event="subject.erased",
            code="erased",
            others=others,
            count=one.terms.reached,
            # A restored copy is emptied of all these by the record alone, so they come before the keys.
            keys=(*others, *keys)[:MAX_NAMES],
            recipients=one.terms.recipients[:MAX_NAMES],
            until=timestamp(now + self._settings.backups_days * _DAY_US),
        )
        return await self._recorded(ledger, one, becomes, said) is not None

    async def _sealed_again(self, tenant: str, content: SharedContent) -> None:
        """Step 5. Where it cannot be opened, read or masked nothing takes its place: it dies with the keys. It is given
        another r, since the old one opens the record's commitment: with that, a guess of what is masked could be tested
        against the record, for as long as there is one."""
        opened = self._sealer.open(tenant=tenant, record=content.record, sealed=content.sealed)
        masked = None if opened is None or opened.value is None else self._mask(opened.value)
        if opened is None or masked is None or not content.others:
            return
        key = self._sealer.exchange_key(content.others)
        if key.new:
            await asyncio.to_thread(self._keys.persist, key.new)
        part = self._sealer.seal(
            tenant=tenant,
            record=content.record,
            part=part_of(until_of(content.sealed.part), masked=True),
            opening=new_salt(),
            value=masked,
            key=key,
        )
        await self._store.replace(tenant, content, part)

    async def _recorded(self, ledger: Counting, was: Case, becomes: Case, said: Said) -> Case | None:
        """The record of a step, with the case as it becomes; None where it was refused meanwhile."""
        said = msgspec.structs.replace(
            said,
            subject=was.subject,
            case=was.id,
            received_us=was.terms.received_us,
            legal_basis=basis(was.terms.ground),
            change=said.change or moved(was, becomes),
        )
        made = entry(said, was.tenant, By(), clock=self._clock, node=self._node)
        if await ledger.submit(made) is None:
            return None
        return msgspec.structs.replace(becomes, version=was.version + 1)

    def _keys_of(self, ids: Sequence[str]) -> tuple[str, ...]:
        return tuple(key for one in ids for key in self._keys.subject_keys(one))


def _others(one: Case, ids: Sequence[str]) -> tuple[str, ...]:
    """The pseudonyms that go besides the case's own: a copy of the record says whose data to erase again."""
    return tuple(each for each in ids if each != one.subject)
