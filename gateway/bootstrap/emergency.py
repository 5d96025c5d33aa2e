"""The emergency of a node: when it begins, what it serves by, and how it ends.

    standing   the database is there: a ledger is prepared, its key on record, and a fresh copy is there of what
               deciding needs; `unready` where either is missing
    serving    the database is away: exchanges of the configured capabilities begin on the emergency ledger
    spent      it is still away, and the emergency has lasted, or holds, as much as it may: no new exchange begins
    leaving    the database is back: new exchanges begin there, and those under way end where they began
    stitching  none is under way any more: the ledger is closed, and stitched into the main one

A process that starts needs the database: whatever an emergency before has left is then stitched in first.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Literal

import msgspec
from sqlalchemy import text

from gateway.agents.issuers import IssuerKeys
from gateway.bootstrap.emergency_ledgers import EmergencyLedgers
from gateway.bootstrap.emergency_site import opened, parts_on
from gateway.bootstrap.foundation import Foundation
from gateway.bootstrap.site import Site
from gateway.core.errors import GatewayError
from gateway.core.ids import SYSTEM
from gateway.exchange.arrival import Arrival, Responder, Through
from gateway.exchange.emergency_bounds import Bounds
from gateway.exchange.emergency_figures import EmergencyFigures
from gateway.exchange.exchange import Exchange
from gateway.exchange.parts import Parts
from gateway.exchange.stitching import begin
from gateway.pipeline import Pipeline
from gateway.store.emergency_copy import Copied
from gateway.store.engine import reading
from gateway.store.sql import reachable

LOOK_S = 0.5
"""Seconds between two looks at the database."""
ASK_S = 3.0
"""How long it may take to answer one."""
HEADER = ("X-Ledger", "emergency")
"""What an answer has whose records are on the emergency ledger."""
State = Literal["unready", "standing", "serving", "spent", "leaving", "stitching"]
_S = 1_000_000_000
_log = logging.getLogger("gateway")


class Serving(msgspec.Struct, kw_only=True):
    """An emergency that has begun."""

    id: str
    site: Site
    pipeline: Pipeline
    stack: AsyncExitStack
    began_ns: int
    taking: bool = True
    closing: bool = False
    under_way: int = 0


class Emergency:
    """Stands before the pipeline. What is not under way in an emergency goes on as ever."""

    def __init__(self, base: Foundation, parts: Parts, pipeline: Pipeline, issuers: IssuerKeys) -> None:
        self._base, self._parts, self._main, self._issuers = base, parts, pipeline, issuers
        self._site, self._settings = base.site, base.site.settings.emergency
        self._clock = base.site.clock
        self._ledgers = EmergencyLedgers(base)
        self._bounds = Bounds(
            capabilities=frozenset(self._settings.capabilities), zones=frozenset(self._settings.zones)
        )
        self._standing: str | None = None
        self._copied: Copied | None = None
        self._serving: Serving | None = None
        self._away, self._changed_ns, self._since_us = False, self._clock.monotonic_ns(), 0
        self._failed_ns: int | None = None
        self._stuck_ns: int | None = None
        """When what is left could not be stitched in; None where that has not been tried, or nothing is left."""
        self._told, self._begun = "", 0

    # ------------------------------------------------------------------------------------------------------- requests

    async def handle(self, arrival: Arrival, responder: Responder) -> Exchange:
        """As `Pipeline.handle`, on the ledger that exchanges begin on now."""
        serving = self._serving
        if serving is None or not serving.taking:
            return await self._main.handle(arrival, responder)
        serving.under_way += 1
        try:
            return await serving.pipeline.handle(arrival, _Marked(responder))
        finally:
            serving.under_way -= 1

    @property
    def state(self) -> State:
        serving = self._serving
        if serving is None:
            return "standing" if self._standing is not None and self._fresh() else "unready"
        if serving.closing:
            return "stitching"
        if serving.taking:
            return "serving"
        return "spent" if self._away else "leaving"

    def figures(self) -> EmergencyFigures:
        """For whoever watches."""
        serving, copied = self._serving, self._copied
        age_ns = None if copied is None else self._clock.monotonic_ns() - copied.at_ns
        return EmergencyFigures(
            state=self.state,
            begun=self._begun,
            records=0 if serving is None else _records(serving),
            left=len(self._ledgers.left(None if serving is None else serving.id)),
            copy_age_s=None if age_ns is None else age_ns / _S,
            copy_rows=None if copied is None else copied.rows,
        )

    # ------------------------------------------------------------------------------------------------------ as it goes

    async def start(self) -> None:
        """Stitch in what was left, and be ready for the next. What cannot be done now is told, and tried again."""
        await self._ledgers.make_ready()
        await self._tried(self._keep)

    async def run(self) -> None:
        """Look after it, for ever."""
        while True:
            await asyncio.sleep(LOOK_S)
            await self._tried(self.look)

    async def look(self) -> None:
        """One look at the database, and what follows from it."""
        away, now = not await self._there(), self._clock.monotonic_ns()
        if away != self._away:
            self._away, self._changed_ns = away, now
            self._since_us = self._clock.now_us() if away else self._since_us
        lasted_s, serving = (now - self._changed_ns) / _S, self._serving
        if serving is None:
            if not away:
                await self._keep()
            elif lasted_s >= self._settings.enter_after_s:
                await self._enter()
        elif away and not serving.closing:
            self._take(serving, not self._spent(serving))
        elif not away and lasted_s >= self._settings.leave_after_s:
            await self._leave(serving)

    async def stop(self) -> None:
        """Let go of what is open. An emergency that is under way is stitched in by the next start."""
        serving, self._serving = self._serving, None
        if serving is not None:
            await serving.pipeline.drain()
            await serving.stack.aclose()

    async def _tried(self, what: Callable[[], object]) -> None:
        try:
            await what()  # type: ignore[misc]  # each is a coroutine function
        except Exception as error:  # noqa: BLE001 — whatever it was, nobody is served by it, and the next look tries again
            self._failed_ns = self._clock.monotonic_ns()
            self._tell(_why(error))

    def _tell(self, why: str) -> None:
        """Once, as long as it is the same and nothing went well since."""
        if why != self._told:
            _log.error("the emergency ledger: %s", why)
        self._told = why

    async def _there(self) -> bool:
        """Whether the database can be read, and was written when that was last tried. One that is there and lacks what
        it had is not away: nothing goes on before that is settled (`store.writer_base`)."""
        writers = self._base.writers.values()
        if any(not writer.healthy and not writer.lost for writer in writers):
            return False
        try:
            async with asyncio.timeout(ASK_S):
                with reachable():
                    async with reading(self._site.engine, None) as connection:
                        await connection.scalar(text("SELECT 1"))
        except (GatewayError, TimeoutError):
            return False
        return True

    def _fresh(self) -> bool:
        copied = self._copied
        if copied is None:
            return False
        return (self._clock.monotonic_ns() - copied.at_ns) / _S <= self._settings.max_copy_age_s

    async def _keep(self) -> None:
        """While the database is there: what was left is stitched in, the next ledger prepared, the copy kept fresh."""
        now = self._clock.monotonic_ns()
        if self._failed_ns is not None and now - self._failed_ns < self._settings.copy_s * _S:
            return
        self._failed_ns = None
        clean = await self._stitched(now)
        if self._standing is None:
            self._standing = await self._ledgers.prepare()
        copied = self._copied
        if copied is None or now - copied.at_ns >= self._settings.copy_s * _S or self._moved(copied):
            self._copied = await self._ledgers.copy(self._standing)
        self._told = "" if clean else self._told

    async def _stitched(self, now: int) -> bool:
        """Stitch in what is left; whether nothing is left then. What cannot be stays, counted and told, and is tried
        again: what is wrong with one emergency is to cost nobody the next."""
        left = self._ledgers.left(None)
        if self._standing in left:  # it was about to begin, and did not: it is not stood on again
            self._standing = self._copied = None
        if left and self._stuck_ns is not None and now - self._stuck_ns < self._settings.copy_s * _S:
            return False
        failed = []
        for one in left:
            try:
                await self._ledgers.stitch_left(one)
            except Exception as error:  # noqa: BLE001 — whatever it was, it is of this one
                failed.append(f"{one} is not stitched in: {_why(error)}")
        self._stuck_ns = now if failed else None
        if failed:
            self._tell("; ".join(failed))
        return not failed

    def _moved(self, copied: Copied) -> bool:
        """Whether policy or deny-list are others than they were copied, as far as this node has heard."""
        for ledger, known in copied.known.items():
            if self._base.writers[ledger].policy != known.policy:
                return True
            if self._site.denials.of(ledger).revision not in (0, known.denied):
                return True
        return False

    # ------------------------------------------------------------------------------------------------- there and back

    async def _enter(self) -> None:
        """A crash before the copy has its new name: no emergency. After it: one without an exchange, which the next
        start stitches in."""
        standing, copied = self._standing, self._copied
        if standing is None or copied is None or not self._fresh():
            self._tell("the database is away, and no fresh copy of what deciding needs is there: nothing goes on")
            return
        policies = {name: copied.known[one.ledger].policy for name, one in self._site.tenants.items() if name != SYSTEM}
        if any(self._base.policy.version(name) != digest for name, digest in policies.items()):
            self._tell("the database is away, and another policy was copied than is served by: nothing goes on")
            return
        path = await self._ledgers.take(standing)
        self._standing = self._copied = None
        rows = self._ledgers.rows(standing)
        async with AsyncExitStack() as stack:
            origins = {name: row.origin for name, row in rows.items()}
            site = await stack.enter_async_context(opened(self._site, path, origins))
            parts = await parts_on(site, self._base, self._parts, self._issuers, self._bounds)
            for name, row in rows.items():
                ledger = site.tenants[name].ledger
                await begin(
                    row,
                    await site.writer(name),
                    copied.known[ledger],
                    self._clock,
                    site.node,
                    since_us=self._since_us,
                    ledger=ledger,
                )
            watching = asyncio.create_task(parts.underway.watch())
            stack.callback(watching.cancel)
            self._serving = Serving(
                id=standing,
                site=site,
                pipeline=Pipeline(parts),
                stack=stack.pop_all(),
                began_ns=self._clock.monotonic_ns(),
            )
        self._begun += 1
        _log.error("the database is away: care goes on, on the emergency ledger %s", standing)

    def _spent(self, serving: Serving) -> bool:
        lasted_s = (self._clock.monotonic_ns() - serving.began_ns) / _S
        return lasted_s > self._settings.max_s or _records(serving) >= self._settings.max_records

    def _take(self, serving: Serving, taking: bool) -> None:
        if serving.taking and not taking:
            _log.error("the emergency has lasted, or holds, as much as it may: no new exchange begins")
        serving.taking = taking

    async def _leave(self, serving: Serving) -> None:
        """Once nothing is under way: closed and stitched in. What cannot be is put aside as at the next start: it is
        counted and tried again, and another emergency can be prepared for."""
        if serving.taking:
            _log.warning("the database is back: new exchanges begin there")
        serving.taking = False
        if serving.under_way:
            return
        serving.closing = True
        try:
            await serving.pipeline.drain()
            await self._ledgers.stitch(serving.id, serving.site)
        finally:
            # A crash from here on leaves what the next start stitches in, or removes where that was done.
            self._serving = None
            await serving.stack.aclose()
        await self._ledgers.remove(serving.id)
        _log.warning("the emergency ledger %s is stitched in", serving.id)
        await self._keep()


def _why(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if isinstance(error, GatewayError) else type(error).__name__


def _records(serving: Serving) -> int:
    return max((writer.written for writer in serving.site.ledgers.writers.values()), default=0)


class _Marked(Through):
    """A responder whose answers say on which ledger they are."""

    async def start(self, status: int, headers: list[tuple[str, str]]) -> None:
        await super().start(status, [*headers, HEADER])
