"""Work that one process at a time should do, by a row with an end: whoever dies holding it is waited for, not longer.

A lease saves work and proves nothing: clocks differ, and jump, and a holder may be slower than it thought. What it
protects must stay right without it.
"""

from sqlalchemy import ColumnElement, and_, delete, exists, or_, update
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.ports import Clock
from gateway.store import tables
from gateway.store.engine import writing
from gateway.store.sql import insert_new, reachable
from gateway.store.tables import lease


class Lease:
    """One holder's view of the lease of this name.

    `holder` must be unlike every other holder's. Those of the process that serves as a node may be given as a path
    (`NODE/BOOT/…`), and no others: who holds the node's claim (`store.node`) and has entered its boot knows that an
    earlier one serves no more, and does not wait for its leases. Commands run beside it under the same node's id.
    """

    def __init__(self, engine: AsyncEngine, name: str, holder: str, clock: Clock, seconds: float) -> None:
        self._engine, self._name, self._holder = engine, name, holder
        self._clock, self._us = clock, int(seconds * 1_000_000)
        self._taken_us: int | None = None

    async def take(self) -> bool:
        """Whether it is held now: taken, or held already and prolonged; False while it is another's."""
        now = self._clock.now_us()
        held = await self._put(now)
        self._taken_us = now if held else None
        return held

    async def keep(self) -> bool:
        """Whether it is held still, asked on the way through long work: prolonged once a third of its time is over, and
        before that nobody is asked. False: it is another's, who goes on with the work."""
        now, taken = self._clock.now_us(), self._taken_us
        if taken is not None and 0 <= now - taken < self._us // 3:
            return True
        return await self.take()

    async def _put(self, now: int) -> bool:
        held = {"holder": self._holder, "until_us": now + self._us}
        # A crash before the commit: nothing. After it: nobody works until the lease ends.
        with reachable():
            async with writing(self._engine, None) as connection:
                made = await connection.execute(insert_new(self._engine, lease).values(name=self._name, **held))
                if made.rowcount == 1:
                    return True
                # An end further away than any lease lasts was set by a clock that stood elsewhere: its holder may be
                # dead for long, and nobody would ever wait it out.
                over = or_(lease.c.until_us <= now, lease.c.until_us > now + 2 * self._us)
                free = or_(lease.c.holder == self._holder, over, *self._of_former_boots())
                taken = await connection.execute(update(lease).where(lease.c.name == self._name, free).values(held))
                return taken.rowcount == 1

    def _of_former_boots(self) -> list[ColumnElement[bool]]:
        node, _, boot = self._holder.rpartition("/")[0].rpartition("/")
        if not node:
            return []
        same = lease.c.holder.startswith(f"{node}/", autoescape=True)
        # The claim is this boot's, as far as the database knows: who has lost it to another process does not take that
        # one for a former boot.
        mine = exists().where(tables.node.c.id == node, tables.node.c.boot == boot)
        return [and_(same, ~lease.c.holder.startswith(f"{node}/{boot}/", autoescape=True), mine)]

    async def release(self) -> None:
        """Let go of it, if it is held."""
        self._taken_us = None
        with reachable():
            async with writing(self._engine, None) as connection:
                mine = (lease.c.name == self._name, lease.c.holder == self._holder)
                await connection.execute(delete(lease).where(*mine))
