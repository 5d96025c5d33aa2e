"""Readiness: whether a request that came now could be served, found out by doing what it would need done.

Memory alone would not do. A node that nobody asks anything learns nothing of a full disk, and one that was taken out of
the balancer for it would never learn that there is room again. So who asks has the database read, the node's lease
prolonged in it, and data keys written and removed again. What traffic has just shown is not tried anew, and what went
well is not tried again for a second: anybody may ask, as often as they like. However many ask, one look is under way,
and nobody waits for longer than `LIMIT_S` for what hangs.
"""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from sqlalchemy import text

from gateway.bootstrap.policies import InForce
from gateway.bootstrap.site import Site
from gateway.core.errors import GatewayError
from gateway.core.ids import SYSTEM
from gateway.store.engine import reading
from gateway.store.replication import acceptable, standing_of
from gateway.store.sql import reachable
from gateway.store.walls import fallen
from gateway.store.worker import Worker

LIMIT_S = 5.0
"""How long anything that is tried may take before it counts as failed: as long as a request would wait for a record."""
PAUSE_NS = 1_000_000_000
"""How long what went well is taken for granted."""
_END_S = 6.0
"""How long an attempt that is under way at the end is waited for: a little longer than for a lock."""
_log = logging.getLogger("gateway")
T = TypeVar("T")


class Attempt(Generic[T]):
    """Something that is tried once at a time, however many wait for it, each of them for so long at most."""

    def __init__(self, attempt: Callable[[], Awaitable[T]], failed: T, limit_s: float | None) -> None:
        self._attempt, self._failed, self._limit_s = attempt, failed, limit_s
        self._task: asyncio.Task[T] | None = None

    async def result(self) -> T:
        """What came of it; `failed` where it took too long, and then it goes on: who asks next waits for the same."""
        task = self._task
        if task is None or task.done():
            task = self._task = asyncio.create_task(self._tried())
        await asyncio.wait([task], timeout=self._limit_s)
        return task.result() if task.done() and not task.cancelled() else self._failed

    async def stop(self) -> None:
        """End what is under way, in time by itself or else by force."""
        if self._task is not None and not self._task.done():
            await asyncio.wait([self._task], timeout=_END_S)
            self._task.cancel()
            await asyncio.wait([self._task], timeout=_END_S)

    async def _tried(self) -> T:
        try:
            return await self._attempt()
        except GatewayError as error:
            _log.debug("not ready: %s", error)
        except Exception as error:  # noqa: BLE001 — a defect in looking is no reason to call anything ready
            _log.error("readiness could not be looked at: %s", type(error).__name__)
        return self._failed


class Readiness:
    """What readiness stands on, each told truthfully. `tasks` says whether the queue could be read when it was last."""

    def __init__(self, site: Site, in_force: InForce, tasks: Callable[[], bool], limit_s: float = LIMIT_S) -> None:
        self._site, self._in_force, self._tasks = site, in_force, tasks
        self._file = _identity(site)
        self._worker = Worker("readiness")
        unread = dict.fromkeys(("database", *(("walls", "failover") if self._walled else ()), "policy"), False)
        nothing = {**unread, "ledger": False, "tasks": False, "keys": False}
        self._looking: Attempt[dict[str, bool]] = Attempt(self._look, nothing, None)
        self._reading: Attempt[dict[str, bool]] = Attempt(self._read, unread, limit_s)
        self._signing: Attempt[bool] = Attempt(self._sign, False, limit_s)
        self._writing = _Proof(site, self._write, limit_s)
        self._keeping = _Proof(site, self._keep, limit_s)
        self._failing: tuple[str, ...] = ()

    @property
    def _walled(self) -> bool:
        return self._site.engine.dialect.name == "postgresql"

    async def look(self) -> dict[str, bool]:
        """Each thing by its name, and whether it is as it must be; all of them must be. Never raises."""
        return dict(await self._looking.result())

    async def stop(self) -> None:
        """Look no more."""
        attempts = (self._looking, self._reading, self._signing, self._writing, self._keeping)
        await asyncio.gather(*(attempt.stop() for attempt in attempts))
        self._worker.close()

    async def _look(self) -> dict[str, bool]:
        keyring, ledgers = self._site.keyring, self._site.ledgers
        read, signs, written, kept = await asyncio.gather(
            self._reading.result(),
            self._signing.result(),
            self._writing.result(ledgers.batches, 0),
            self._keeping.result(keyring.kept, keyring.unkept),
        )
        checks = {**read, "ledger": written and self._healthy(), "tasks": self._tasks(), "keys": signs and kept}
        failing = tuple(name for name, good in checks.items() if not good)
        if failing != self._failing:
            self._failing = failing
            _log.warning("not ready: %s", ", ".join(failing)) if failing else _log.warning("ready again")
        return checks

    def _healthy(self) -> bool:
        writers = self._site.ledgers.writers
        return all(one.ledger in writers and writers[one.ledger].usable for one in self._site.tenants.values())

    async def _read(self) -> dict[str, bool]:
        """That the database answers; on PostgreSQL that the wall between tenants stands (a right that was given to the
        role since the start may have opened it), and that a failover would lose nothing, unless that was accepted; and
        that the policy is the one in force for every tenant: another node may have activated another."""
        found = {}
        with reachable():
            async with reading(self._site.engine, None) as connection:
                found["database"] = await connection.scalar(text("SELECT 1")) == 1
                if self._walled:
                    found["walls"] = await fallen(connection) is None
                    accepted = self._site.settings.database.accept_lossy_failover
                    held = any(one.suspended for one in self._site.ledgers.writers.values())
                    found["failover"] = acceptable(await standing_of(connection), accepted) and not held
        tenants = [entry.ledger for name, entry in self._site.tenants.items() if name != SYSTEM]
        return {**found, "policy": all([await self._in_force.asked(ledger) for ledger in tenants])}

    async def _write(self) -> bool:
        """That the database can be written, in the file that the next start will find."""
        return self._file == _identity(self._site) and await self._site.ledgers.prove()

    async def _sign(self) -> bool:
        """That the keys that sign are there, those too that have replaced others since the start."""
        signings = [self._site.signing(name) for name in self._site.tenants]
        await asyncio.to_thread(lambda: [signing.probe() for signing in signings])
        return True

    async def _keep(self) -> bool:
        """That data keys can be made durable."""
        await self._worker.run(self._site.keyring.prove)
        return True


class _Proof:
    """That something can be written: what traffic wrote since the last look shows it too."""

    def __init__(self, site: Site, attempt: Callable[[], Awaitable[bool]], limit_s: float) -> None:
        self._clock, self._attempt = site.clock, Attempt(attempt, False, limit_s)
        self._good, self._at_ns, self._seen = False, 0, (0, 0)

    async def result(self, succeeded: int, failed: int) -> bool:
        """`succeeded` and `failed`: how often traffic could write and could not, since the start."""
        before, self._seen = self._seen, (succeeded, failed)
        now = self._clock.monotonic_ns()
        if self._good and failed == before[1] and (succeeded != before[0] or now - self._at_ns < PAUSE_NS):
            return True
        self._good = await self._attempt.result()
        self._at_ns = self._clock.monotonic_ns()
        return self._good

    async def stop(self) -> None:
        await self._attempt.stop()


def _identity(site: Site) -> tuple[int, int] | None:
    """Which file the database is, where it is one."""
    if site.where.kind != "sqlite":
        return None
    try:
        found = os.stat(site.where.path)
    except OSError:
        return (0, 0)
    return found.st_dev, found.st_ino
