"""Data classes that were denied to a caller lately, and stick to what it sends next.

A message that was denied is often sent again in other words, in which nothing is recognised any more. So the classes
that it was denied for stick to the same caller, acting for the same principal, for a while: in memory, where they are
looked up at each request for next to nothing, and in the database, for other nodes and the next start. They act at once
on the node that denied, and on every other within `WATCH_S`.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence

from sqlalchemy import case, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.ports import Clock
from gateway.store.engine import reading, writing
from gateway.store.sql import reachable
from gateway.store.tables import sticking

WATCH_S = 1.0
"""Seconds between two looks at what other nodes have noted."""
PRUNE_EVERY = 60
"""Looks after which what is over is removed."""
_OVERLAP_US = 10_000_000
"""How far a look goes back behind the one before: clocks differ, and a row is seen only once it is committed."""
_NONE: frozenset[str] = frozenset()
_log = logging.getLogger("gateway.store")


class StickingClasses:
    """Classes that stick to callers. Tenants and actors are named by their random ids; `chain` is whom the caller acts
    for, and `principal` makes a key of it. `lasts_s`: seconds that a class sticks after it was denied; 0: none does."""

    def __init__(
        self, engine: AsyncEngine, clock: Clock, *, principal: Callable[[tuple[str, ...]], bytes], lasts_s: int
    ) -> None:
        self._engine, self._clock, self._principal = engine, clock, principal
        self._lasts_us = lasts_s * 1_000_000
        self._held: dict[tuple[str, str], dict[tuple[bytes, str], int]] = {}
        """(tenant, actor) → (principal, class) → until when."""
        self._seen_us = 0

    def of(self, tenant: str, actor: str, chain: tuple[str, ...]) -> frozenset[str]:
        """What sticks to a caller now."""
        held = self._held.get((tenant, actor))
        if not held:
            return _NONE
        principal, now = self._principal(chain), self._clock.now_us()
        return frozenset(name for (whose, name), until_us in held.items() if whose == principal and now < until_us)

    async def note(self, tenant: str, actor: str, chain: tuple[str, ...], classes: Iterable[str]) -> None:
        """These were denied just now. `LedgerUnavailable` if it cannot be written; here it acts all the same.

        A crash after it: they stick although nobody was told of the denial.
        """
        if not self._lasts_us:
            return
        principal, now = self._principal(chain), self._clock.now_us()
        held = self._held.setdefault((tenant, actor), {})
        # Who is denied over and over costs a write now and then, not each time.
        soon = now + self._lasts_us - self._lasts_us // 10
        fresh = sorted(name for name in set(classes) if held.get((principal, name), 0) < soon)
        if not fresh:
            return
        until_us = now + self._lasts_us
        held.update({(principal, name): until_us for name in fresh})
        key = {"tenant": tenant, "actor": actor, "principal": principal}
        await put(
            self._engine, tenant, [{**key, "class": name, "until_us": until_us, "noted_us": now} for name in fresh]
        )

    async def look(self) -> None:
        """Read what was noted since the last look, the first time all that still sticks. `LedgerUnavailable`."""
        if not self._lasts_us:
            return
        now = self._clock.now_us()
        query = select(sticking).where(sticking.c.until_us > now, sticking.c.noted_us >= self._seen_us)
        with reachable():
            async with reading(self._engine, None, across="sticking") as connection:
                rows = (await connection.execute(query)).all()
        for row in rows:
            held = self._held.setdefault((row.tenant, row.actor), {})
            # No longer than it would stick by what is configured here.
            until_us = min(row.until_us, now + self._lasts_us)
            name = (bytes(row.principal), row._mapping["class"])
            held[name] = max(until_us, held.get(name, 0))
        self._seen_us = now - _OVERLAP_US

    async def prune(self) -> None:
        """Remove what is over, here and in the database. `LedgerUnavailable`."""
        now = self._clock.now_us()
        for caller, held in list(self._held.items()):
            for name in [name for name, until_us in held.items() if until_us <= now]:
                del held[name]
            if not held:
                del self._held[caller]
        over = sticking.c.until_us <= now
        with reachable():
            async with reading(self._engine, None, across="sticking") as connection:
                tenants = (await connection.scalars(select(sticking.c.tenant).where(over).distinct())).all()
            for tenant in tenants:
                async with writing(self._engine, tenant) as connection:
                    await connection.execute(delete(sticking).where(sticking.c.tenant == tenant, over))

    async def watch(self) -> None:
        """Keep up with the other nodes, for ever."""
        looks = 0
        while self._lasts_us:
            await asyncio.sleep(WATCH_S)
            looks += 1
            await self.keep(prune=looks % PRUNE_EVERY == 0)

    async def keep(self, *, prune: bool) -> None:
        """One look, and what is over removed."""
        try:
            await self.look()
            if prune:
                await self.prune()
        except Exception as error:  # noqa: BLE001 — whatever it was, the next look tries again
            # Nothing leaves while the database cannot be reached: an intent could not be written either.
            _log.error("what sticks to callers could not be read: %s", type(error).__name__)


async def put(engine: AsyncEngine, tenant: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Make rows of `sticking` durable; of two for one class the later end holds. `LedgerUnavailable`."""
    dialect = sqlite if engine.dialect.name == "sqlite" else postgresql
    insert = dialect.insert(sticking).values(rows)
    later = case((insert.excluded.until_us > sticking.c.until_us, insert.excluded.until_us), else_=sticking.c.until_us)
    grown = insert.on_conflict_do_update(
        index_elements=["tenant", "actor", "principal", "class"],
        set_={"until_us": later, "noted_us": insert.excluded.noted_us},
    )
    with reachable():
        async with writing(engine, tenant) as connection:
            await connection.execute(grown)
