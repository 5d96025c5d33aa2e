"""Evidence bundles by the calendar: one for each whole period of a schedule, made when it is over and delivered.

The database knows the periods (`store.scheduled`): the row of each is there before it is over, so that a node which was
down over the turn of a month finds what it has to make up for. A period ends twice: by the clock, and by the ledger,
in which a record is written then (`due`); after it no record can be of the period any more, since they lie in the order
of their times. The bundle's id is in the same transaction, so that whoever goes on asks for the same one.

One node at a time makes a step, by lease; every step but the delivery itself takes hold once, by the version of the
row. A bundle may be delivered twice, by a node that died before it said so: a directory has it already then, and
a receiver knows it by its headers.
"""

import asyncio
import logging
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

from gateway.core.errors import LedgerUnavailable
from gateway.core.ids import random_id
from gateway.core.ports import Clock
from gateway.core.refusal import Refusal
from gateway.exchange.audit_scribe import Reader
from gateway.exchange.auditor import Auditor
from gateway.exchange.bundle_files import Order, suffix
from gateway.exchange.bundling import Bundling, Held
from gateway.exchange.deliveries import DAMAGED, Delivery, Parcel
from gateway.exchange.ledgers import Ledgers
from gateway.exchange.metrics import Metrics, ScheduleState
from gateway.exchange.notices import Notices
from gateway.exchange.schedule_plan import Plan
from gateway.exchange.schedule_record import DELIVERED, DUE_NOW, GIVEN_UP, MISSED, UNDELIVERED, ScheduleScribe
from gateway.exchange.steady import Steady
from gateway.ledger.entry import Column
from gateway.ledger.record import timestamp
from gateway.store import bundle_jobs as jobs
from gateway.store import scheduled as rows
from gateway.store.bundle_jobs import BundleJob
from gateway.store.notices import Notice
from gateway.store.scheduled import Scheduled, ScheduledStore

LOOK_S = 15.0
"""Seconds between two looks for what is over, made, or to be tried again."""
LEASE_S, RENEW_S = 60.0, 15.0
FIRST_WAIT_S, MOST_WAIT_S = 60.0, 21_600.0
TOLD_TRIES = 3
"""After so many tries that came to nothing people are told, and it is on record."""
BUILD_WAITS_S = (600.0, 3_600.0, 21_600.0, 86_400.0)
"""Seconds between one bundle that was not made, or lost, and the next: there is one more bundle than waits."""
LOST_S = 3_600.0
"""How long the node that has built a bundle may be away until it is made anew."""
TOLD = ("compliance", "privacy")
"""Roles whose channels are told of what was not delivered."""
_LEASE_LOST = "lease_lost"
_log = logging.getLogger("gateway.exchange")


class Scheduling:
    """One schedule of one ledger."""

    def __init__(
        self,
        plan: Plan,
        *,
        delivery: Delivery,
        bundling: Bundling,
        auditor: Auditor,
        store: ScheduledStore,
        lease: Held,
        ledgers: Ledgers,
        scribe: ScheduleScribe,
        notices: Notices,
        clock: Clock,
        node: str,
        metrics: Metrics,
    ) -> None:
        """`node`: this node's id, as rows of bundles name the one that has built them."""
        self._plan, self._delivery, self._bundling, self._auditor = plan, delivery, bundling, auditor
        self._store, self._lease, self._ledgers, self._scribe = store, lease, ledgers, scribe
        self._notices, self._clock, self._node, self._metrics = notices, clock, node, metrics
        self._steady = Steady(clock)
        self._ends_us: int | None = None
        self._succeeded_us: int | None = None

    @property
    def state(self) -> ScheduleState:
        """As it was when it was looked at last, on this node."""
        late = 0.0 if self._ends_us is None else max(0.0, (self._clock.now_us() - self._ends_us) / 1e6)
        success = None if self._succeeded_us is None else self._succeeded_us / 1e6
        return ScheduleState(tenant=self._plan.tenant, schedule=self._plan.id, late_s=late, succeeded_s=success)

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                await self.round()
            except Exception as error:  # noqa: BLE001 — whatever it was, the next round goes on from the rows
                _log.error("a schedule of bundles could not be looked at: %s", type(error).__name__)
            await asyncio.sleep(LOOK_S)

    async def round(self) -> None:
        """1. believe the clock, 2. lead where there is something to do, 3. write down the periods that have begun,
        4. go a step on with each that is over. `LedgerUnavailable` when the database does not answer: what was not
        written down then did not happen.

        What is over is so by the time at which the clock was believed: a step may take hours, and the clock jump."""
        now = self._steady.now_us()
        if now is not None and await self._anything(now) and await self._lease.take():
            try:
                await self._begun(now)
                for one in await self._open():
                    if _ripe(one, now) and await self._lease.take():
                        await self._tried(one)
            finally:
                await self._lease.release()
        await self._looked()

    async def _anything(self, now: int) -> bool:
        """Whether there is something to do: nearly always there is not, and then nothing is written either."""
        latest = await self._latest(now)
        return latest is None or latest.until_us <= now or any(_ripe(one, now) for one in await self._open())

    async def _latest(self, now: int) -> Scheduled | None:
        return await self._store.latest(self._plan.tenant, self._plan.id, self._plan.every, now)

    async def _open(self) -> Sequence[Scheduled]:
        return await self._store.open(self._plan.tenant, self._plan.id, self._plan.every)

    async def _begun(self, now: int) -> None:
        """Write down the periods since the newest known one: a crash in between leaves the rest to the next round."""
        found = self._plan.begun(await self._latest(now), now)
        for row in found.rows:
            await self._store.add(row)
        if found.missed is not None:
            await self._missed(found.missed, found.number)

    async def _missed(self, one: Scheduled, number: int) -> None:
        span = {"from": timestamp(one.since_us), "until": timestamp(one.until_us), "periods": str(number)}
        notices = self._told(MISSED, one, None)
        # A crash before the commit: they are found again. After it: on record, and the next round goes on behind them.
        if await self._ledgers.of(one.tenant).submit(self._scribe.missed(one, span, notices)) is not None:
            self._noted(MISSED, notices)
            _log.warning("bundles of %s for %s periods are not made: they were over long ago", one.schedule, number)

    async def _tried(self, one: Scheduled) -> None:
        """A step, and what it came to: a period with which nobody can go on holds up no other one."""
        try:
            await self._step(one)
        except LedgerUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 — in its row, tried again, and told as any failure
            _log.error("the bundle of %s, %s, has failed: %s", one.schedule, one.period, type(error).__name__)
            await self._failed(one, "internal")

    # ---------------------------------------------------------------------------------------------------------- steps

    async def _step(self, one: Scheduled) -> None:
        if one.state == rows.WAITING:
            await self._over(one)
            return
        job = await self._bundling.get(self._plan.tenant, one.bundle or "")
        if job is None:
            await self._asked(one)
        elif job.state == jobs.READY:
            await self._ready(one, job)
        elif job.state == jobs.CANCELLED:
            await self._given_up(one, "cancelled")
        elif job.state not in jobs.OPEN:
            await self._anew(one, "bundle_failed" if job.state == jobs.FAILED else "bundle_expired")

    async def _over(self, one: Scheduled) -> None:
        """A crash before the commit: it is found to be over again. After it: this record closes the period, and whoever
        comes next asks for the bundle that it names. Where it goes is on record before a byte of it leaves."""
        values: dict[str, Column] = {"state": rows.DUE, "bundle": random_id("ev"), "builds": 1}
        await self._record(DUE_NOW, one, values)

    async def _asked(self, one: Scheduled) -> None:
        """A crash before there is a bundle's row: it is asked for again, on record again, under the same id."""
        selection = await self._auditor.select(self._plan.asked(one))
        if isinstance(selection, Refusal):
            await self._failed(one, selection.code)
            return
        if selection.end is None:
            # The clock went back just before `due` was written: by the ledger the period is not over. The next record
            # ends it, which is this failure's own where nothing else happens.
            await self._failed(one, "not_closed")
            return
        order = Order(selection=selection, attach=self._plan.attach, recipients=self._plan.recipients)
        job = await self._bundling.ask(self._plan.tenant, Reader(), order, bundle_id=one.bundle)
        if isinstance(job, Refusal):
            await self._failed(one, job.code)

    async def _ready(self, one: Scheduled, job: BundleJob) -> None:
        if self._bundling.unfit(job) is not None:
            await self._anew(one, "recipients_changed")
            return
        file = await asyncio.to_thread(self._bundling.file, job)
        if file is not None:
            await self._deliver(one, job, file)
        elif job.node == self._node or self._clock.now_us() - (job.ended_us or 0) >= LOST_S * 1e6:
            await self._anew(one, "file_lost")
        # Else it lies with the node that has built it, which delivers it.

    async def _deliver(self, one: Scheduled, job: BundleJob, file: Path) -> None:
        parcel = Parcel(
            file=file,
            digest=job.digest or "",
            tenant=self._plan.name,
            schedule=one.schedule,
            period=one.period,
            bundle=job.id,
            suffix=suffix(job),
        )
        code = await self._led(self._delivery.deliver(parcel))
        if code == DAMAGED:
            await self._anew(one, code)
        elif code is not None and code != _LEASE_LOST:
            await self._failed(one, code)
        elif code is None:
            extent = None if job.first is None or job.end is None else (job.first, job.end)
            now = self._clock.now_us()
            values: dict[str, Column] = {"state": rows.DELIVERED, "ended_us": now, "digest": job.digest, "code": None}
            # A crash before the commit: it is delivered again, and is there already. After it: done.
            await self._record(DELIVERED, one, values, extent=extent)

    async def _led(self, work: Coroutine[Any, Any, str | None]) -> str | None:
        """What comes of a delivery, during which the lease is kept. Somebody else who has it delivers too: so this one
        ends, and leaves the row to them."""
        task = asyncio.create_task(work)
        try:
            while not (await asyncio.wait([task], timeout=RENEW_S))[0]:
                if not await self._leads():
                    return _LEASE_LOST
            return task.result()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _leads(self) -> bool:
        try:
            return await self._lease.take()
        except LedgerUnavailable:
            return True  # nobody else gets it either while the database is away

    # ------------------------------------------------------------------------------------------------------- failures

    async def _failed(self, one: Scheduled, code: str) -> None:
        """It came to nothing and is tried again, for as long as its file is kept."""
        wait = min(MOST_WAIT_S, FIRST_WAIT_S * 2 ** min(one.tries, 16))
        await self._later(one, code, wait, {}, tell=one.tries + 1 >= TOLD_TRIES)

    async def _anew(self, one: Scheduled, code: str) -> None:
        """Its bundle is not there and will not be: another one is asked for."""
        if one.builds > len(BUILD_WAITS_S):
            await self._given_up(one, code)
            return
        values: dict[str, Column] = {"bundle": random_id("ev"), "builds": one.builds + 1}
        await self._later(one, code, BUILD_WAITS_S[one.builds - 1], values, tell=True)

    async def _later(
        self, one: Scheduled, code: str, wait_s: float, values: Mapping[str, Column], *, tell: bool
    ) -> None:
        next_us = self._clock.now_us() + round(wait_s * 1e6)
        later = {**values, "tries": one.tries + 1, "next_us": next_us, "code": code}
        _log.warning("the bundle of %s, %s, is not delivered yet: %s", one.schedule, one.period, code)
        if tell and not one.told:
            await self._record(UNDELIVERED, one, {**later, "told": 1}, code=code)
        else:
            await self._store.change(one, **later)

    async def _given_up(self, one: Scheduled, code: str) -> None:
        now = self._clock.now_us()
        values: dict[str, Column] = {"state": rows.FAILED, "ended_us": now, "code": code, "tries": one.tries + 1}
        _log.error("the bundle of %s, %s, was given up: %s", one.schedule, one.period, code)
        await self._record(GIVEN_UP, one, values, code=code)

    async def _record(
        self,
        outcome: str,
        one: Scheduled,
        values: Mapping[str, Column],
        *,
        code: str | None = None,
        extent: tuple[int, int] | None = None,
    ) -> None:
        """Put it on record with its change of the row; nothing where somebody else has changed that."""
        notices = self._told(outcome, one, code) if outcome in (UNDELIVERED, GIVEN_UP) else ()
        entry = self._scribe.entry(outcome, one, values, code=code, extent=extent, notices=notices)
        if await self._ledgers.of(self._plan.tenant).submit(entry) is not None:
            self._noted(outcome, notices)

    def _noted(self, outcome: str, notices: tuple[Notice, ...]) -> None:
        self._notices.kept(notices)
        self._metrics.scheduled(self._plan.tenant, self._plan.id, outcome)

    def _told(self, outcome: str, one: Scheduled, code: str | None) -> tuple[Notice, ...]:
        document = {
            "event": "bundle.scheduled",
            "schedule": one.schedule,
            "period": one.period,
            "outcome": outcome,
            "code": code,
            "at": timestamp(self._clock.now_us()),
        }
        return self._notices.made(self._plan.tenant, document, roles=TOLD)

    async def _looked(self) -> None:
        """Learn how it stands, whoever does it."""
        self._ends_us = min((one.until_us for one in await self._open()), default=None)
        self._succeeded_us = await self._store.succeeded(self._plan.tenant, self._plan.id)


def _ripe(one: Scheduled, now: int) -> bool:
    """Whether there is something to do for it now. A time that is further off than any wait was set by a clock that
    stood elsewhere."""
    return one.until_us <= now and not now < one.next_us <= now + BUILD_WAITS_S[-1] * 1e6
