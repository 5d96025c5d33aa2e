"""Destroys what lies beside records when the days that a rule gives it are over. One node at a time works for a ledger.

1. What is due is found block by block; what a legal hold is on stays, with that of whoever is one person with them.
   Holds are looked up for each block: a sweep of many may take hours, and one may come meanwhile.
2. It goes on record, a block and a retention class at a time (`retention.applied`). A crash: nothing is destroyed, and
   the next round says it again.
3. Holds are looked up again: one may have come on record before that said that it is destroyed. What it is on stays.
4. The rest is destroyed, but for what an archive that is on record by now holds. A crash on the way: the next round
   finds the rest, and says how much that is.

A node remembers how far each rule has come; it begins anew when it starts, and when somebody's hold has ended. It keeps
its lease before each block, and stops where that is another's by now.
"""

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from gateway.core.ids import uuid7
from gateway.core.ports import Clock, Failpoint
from gateway.core.retention import retention_class
from gateway.exchange.ledgers import Counting
from gateway.ledger.entry import Entry
from gateway.ledger.record import Envelope, NodeInfo, OutcomeInfo, timestamp
from gateway.settings import Retention
from gateway.store.lease import Lease
from gateway.store.postings import BLOCK
from gateway.store.retention import Beside, RetentionStore, What
from gateway.store.subject_cases import CaseStore
from gateway.store.subjects import SubjectStore

_DAY_US = 86_400_000_000
_WHAT: tuple[What, ...] = ("details", "content")


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """What was destroyed of one ledger: how much of what, by retention class."""

    counts: dict[str, dict[str, int]]
    held: int
    """Of how many records it stays: because of a legal hold, or since an archive took it meanwhile."""
    whole: bool = True
    """Whether all that is due was looked at; not where the lease was lost on the way."""


class Retaining:
    """Of all ledgers."""

    def __init__(
        self,
        *,
        store: RetentionStore,
        flags: SubjectStore,
        cases: CaseStore,
        lease: Callable[[str], Lease],
        clock: Clock,
        node: NodeInfo,
        failpoint: Failpoint | None = None,
    ) -> None:
        self._store, self._flags, self._cases = store, flags, cases
        self._lease, self._clock, self._node, self._failpoint = lease, clock, node, failpoint
        self._done: dict[tuple[str, What, int], int] = {}
        """Ledger, what, place of a rule → the first record that it was not applied to yet."""
        self._held: dict[str, frozenset[str]] = {}
        """Whom something was passed over for in the last round, by ledger."""

    async def apply(self, ledger: str, writer: Counting, rules: Sequence[Retention]) -> Applied | None:
        """Destroy all that is due by these rules, which are those of the ledger's tenant; None where another node is at
        it."""
        lease = self._lease(f"retention/{ledger}")
        if not rules or not await lease.take():
            return None
        try:
            await self._begun(ledger)
            applied = Applied(counts={what: {} for what in _WHAT}, held=0)
            for place, rule in enumerate(rules):
                for what, days in zip(_WHAT, (rule.details_days, rule.content_days), strict=True):
                    if days is not None and applied.whole:
                        applied = await self._rule(ledger, writer, rules, place, what, days, applied, lease)
            return applied
        finally:
            await lease.release()

    async def _begun(self, ledger: str) -> None:
        held, before = await self._holding(ledger), self._held.get(ledger, frozenset())
        if before - held:
            # What was passed over for those who are not held any more is behind where the rules have come to.
            self._done = {key: seq for key, seq in self._done.items() if key[0] != ledger}
        self._held[ledger] = held

    async def _holding(self, ledger: str) -> frozenset[str]:
        cases = await self._cases.holding(ledger)
        return frozenset([other for one in cases for other in await self._flags.group(ledger, one)])

    async def _rule(
        self,
        ledger: str,
        writer: Counting,
        rules: Sequence[Retention],
        place: int,
        what: What,
        days: int,
        applied: Applied,
        lease: Lease,
    ) -> Applied:
        before = timestamp(max(0, self._clock.now_us() - days * _DAY_US))
        first, end = await self._store.extent(ledger, before)
        at = max(first, self._done.get((ledger, what, place), 0))
        kept = applied.held
        while at < end:
            if not await lease.keep():
                return msgspec.structs.replace(applied, held=kept, whole=False)
            stop = min(end, (at // BLOCK + 1) * BLOCK)
            mine = [one for one in await self._store.beside(ledger, at, stop, what) if _fits(rules, one) == place]
            if mine:
                spared = await self._spared(ledger, at, stop)
                kept += sum(one.seq in spared for one in mine)
                due = [one for one in mine if one.seq not in spared]
                kept += await self._destroy(ledger, writer, due, what, applied)
            at = stop
            self._done[ledger, what, place] = at
            await asyncio.sleep(0)
        return msgspec.structs.replace(applied, held=kept)

    async def _spared(self, ledger: str, first: int, end: int) -> frozenset[int]:
        """Those of these records that a hold is on now."""
        held = await self._holding(ledger)
        self._held[ledger] |= held
        return await self._store.about(ledger, first, end, held) if held else frozenset()

    async def _destroy(
        self, ledger: str, writer: Counting, mine: Sequence[Beside], what: What, applied: Applied
    ) -> int:
        """Of how many it stays, because of a hold that came meanwhile."""
        kept = 0
        by_class: dict[str, list[int]] = {}
        for one in mine:
            by_class.setdefault(retention_class(one.event), []).append(one.seq)
        for name, seqs in by_class.items():
            now = self._clock.now_us()
            envelope = Envelope(
                id=uuid7(now),
                tenant=ledger,
                event="retention.applied",
                occurred_at=timestamp(now),
                range=(seqs[0], seqs[-1] + 1),
                retention=name,
                count=len(seqs),
                outcome=OutcomeInfo(code=what),
                node=self._node,
            )
            await writer.append(Entry.of(envelope))
            await self._pause("retention.after_record")
            spared = await self._spared(ledger, seqs[0], seqs[-1] + 1)
            gone = [seq for seq in seqs if seq not in spared]
            # What an archive took after the record said that it is destroyed stays there, and is counted as held.
            count = await self._store.destroy(ledger, gone, what)
            applied.counts[what][name] = applied.counts[what].get(name, 0) + count
            kept += len(seqs) - count
        return kept

    async def _pause(self, name: str) -> None:
        if self._failpoint is not None:
            await self._failpoint(name)


def _fits(rules: Sequence[Retention], one: Beside) -> int | None:
    """The place of the first rule that fits a record."""
    about = retention_class(one.event)
    for place, rule in enumerate(rules):
        if rule.about and about not in rule.about:
            continue
        if rule.data_classes and not set(rule.data_classes).intersection(one.classes):
            continue
        return place
    return None


def rules_of(rules: Sequence[Retention], tenant: str) -> tuple[Retention, ...]:
    """Those that are a tenant's, by its configured id, in their order."""
    return tuple(rule for rule in rules if rule.tenant in (None, tenant))
