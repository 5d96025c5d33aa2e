"""Exchanges that are under way: who may not act any more gets nothing more of them.

Every exchange that is open in this process is known here, from the instant its intent is durable until it is over, with
the task that runs it. When the deny-list of its tenant is found to be another one than before (a subject, a token or an
owner was denied, a key was revoked, or ended at once by a rotation), each of them is looked at again, and the task of
one whose caller may not act any more is cancelled with the reason written into the exchange. The pipeline then records
the end and tells the caller. What was denied here is known here at once; what was denied on another node when the list
is looked for, each `LOOK_S` while something is open. Nothing of this is on the way of an answer: an exchange pays for
being put down and crossed out, whatever number of deltas it has.
"""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress

import msgspec

from gateway.core.caller import Identity
from gateway.core.ports import Clock, DenyList
from gateway.core.refusal import Refusal
from gateway.exchange.answerers import key_of
from gateway.exchange.exchange import Exchange, Outcome
from gateway.exchange.standing import Standing

LOOK_S = 1.0
"""Seconds between two looks for what was denied elsewhere, while something is under way."""
CUT = "cut while it was under way"
"""What the record gives as the reason where an answer did not come to its own end since its caller was denied."""
_log = logging.getLogger("gateway.exchange")


class UnderWay:
    """What is open in this process, by tenant (the random id of its ledger)."""

    def __init__(self, *, denials: DenyList, standing: Standing, clock: Clock) -> None:
        self._denials, self._standing, self._clock = denials, standing, clock
        self._open: dict[str, dict[Exchange, asyncio.Task[object] | None]] = {}
        self._due: set[str] = set()
        self._wake = asyncio.Event()

    def opened(self, exchange: Exchange) -> None:
        """An intent is durable; called in the task that is to be cancelled. What was denied since its caller was looked
        at, it is held against now."""
        if exchange.caller is None:
            return
        tenant = exchange.caller.tenant
        self._open.setdefault(tenant, {})[exchange] = asyncio.current_task()
        if self._denials.of(tenant).revision != exchange.denials:
            self.moved(tenant)

    def over(self, exchange: Exchange) -> None:
        """The exchange is over, whatever way it ended. Repeating it changes nothing."""
        if exchange.caller is None:
            return
        found = self._open.get(exchange.caller.tenant)
        if found is not None and found.pop(exchange, self) is not self and not found:
            del self._open[exchange.caller.tenant]

    def moved(self, tenant: str) -> None:
        """The tenant's list is another one than before."""
        if tenant in self._open:
            self._due.add(tenant)
            self._wake.set()

    def __len__(self) -> int:
        return sum(map(len, self._open.values()))

    async def watch(self) -> None:
        """Look, for ever."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._wake.wait()
            self._wake.clear()
            await self.look()

    async def look(self) -> None:
        """Ask for the lists of those who have something under way, and cut what must not go on. Where a list or a key
        cannot be read it is tried again with the next look; nobody is let in meanwhile, nor can an end be recorded."""
        failed: set[str] = set()
        for tenant in tuple(self._open):
            try:
                await self._denials.fresh(tenant)
                if tenant in self._due:
                    self._due.discard(tenant)
                    await self._sweep(tenant)
            except Exception as error:  # noqa: BLE001 — whatever it was, others are looked at, and the next look tries again
                self._due.add(tenant)
                failed.add(type(error).__name__)
        self._due.intersection_update(self._open)
        if failed:  # one line, however many tenants there are
            names = ", ".join(sorted(failed))
            _log.error("what is under way could not be held against the deny-list: %s", names)

    async def _sweep(self, tenant: str) -> None:
        """Hold everything that is open against the list and the keys as they are now."""
        # The list itself first, which is in memory: who stands on it waits for no question about keys.
        keys: dict[str, Identity] = {}
        for exchange, identity in self._each(tenant):
            if self._denials.of(tenant).denies(identity, self._clock.now_us()):
                self._cut(tenant, exchange, Refusal(code="credential_denied", field="authorization"))
            elif key_of(identity) is not None:
                keys[identity.credential] = identity
        ended: dict[str, Refusal] = {}
        for key, identity in keys.items():
            found = await self._standing.recheck(identity)
            if isinstance(found, Refusal):
                ended[key] = found
        if not ended:
            return
        for exchange, identity in self._each(tenant):  # which may be others by now
            refusal = ended.get(identity.credential) if key_of(identity) is not None else None
            if refusal is not None:
                self._cut(tenant, exchange, refusal)

    def _each(self, tenant: str) -> Iterable[tuple[Exchange, Identity]]:
        """What still is open, and whose."""
        for exchange in tuple(self._open.get(tenant, ())):
            if exchange.identity is not None and exchange.cut is None and not exchange.closed:
                yield exchange, exchange.identity

    def _cut(self, tenant: str, exchange: Exchange, refusal: Refusal) -> None:
        """Have it end. One whose end is being recorded already has been given what it was given."""
        task = self._open[tenant].get(exchange)
        if task is not None:
            exchange.cut = refusal
            task.cancel()


def cut_short(exchange: Exchange, refusal: Refusal, *, started: bool) -> Outcome:
    """How an exchange ended that was cut: `started` says whether its caller has had a status already."""
    passing, status = exchange.passing, 200 if started else refusal.status
    outcome = Outcome(code=refusal.code, status=status) if passing is None else passing.cut()
    return msgspec.structs.replace(outcome, code=refusal.code, status=status, reason=outcome.reason or CUT)
