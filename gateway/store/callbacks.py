"""What is to be told of tasks to registered destinations: a small row for each end of a task that named one.

A row comes to be in the transaction of the record of that end, and ends in that of the record which says whether it was
delivered. In between it is claimed by moving the time at which it is due next beyond the time that a try may take: who
dies with a claim needs nobody to find out. `version` grows with each claim: whoever was too slow changes nothing.
"""

from collections.abc import Callable, Sequence

import msgspec
from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.ports import Clock
from gateway.ledger.entry import Column, RowChange
from gateway.store.engine import reading, writing
from gateway.store.sql import reachable
from gateway.store.tables import task_callback

WAITING, DELIVERED, FAILED = "waiting", "delivered", "failed"


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A row. Times in microseconds since the epoch. `tenant` is the ledger's id, `callback` the registered id of the
    destination. `code` and `status`: what the last try ended with."""

    tenant: str
    id: str
    task: str
    callback: str
    state: str
    version: int
    tries: int
    due_us: int
    created_us: int
    ended_us: int | None = None
    code: str | None = None
    status: int | None = None


class CallbackStore:
    """Deliveries in the database. `LedgerUnavailable` from every method when it cannot be asked."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock

    async def newest(self, tenant: str, task: str) -> Delivery | None:
        """That of the last end of a task; None before its first."""
        mine = (task_callback.c.tenant == tenant, task_callback.c.task == task)
        query = select(task_callback).where(*mine).order_by(task_callback.c.id.desc()).limit(1)
        with reachable():
            async with reading(self._engine, tenant) as connection:
                row = (await connection.execute(query)).one_or_none()
        return None if row is None else _delivery(row)

    async def waiting(self, tenants: Sequence[str]) -> int:
        """How many deliveries of these tenants have not ended."""
        mine = (task_callback.c.tenant.in_(tenants), task_callback.c.state == WAITING)
        with reachable():
            async with reading(self._engine, None, across="task") as connection:
                return int(await connection.scalar(select(func.count()).where(*mine)) or 0)

    async def claim(
        self,
        tenants: Sequence[str],
        *,
        lease_us: int,
        limit: int,
        busy: Sequence[str] = (),
        room: Callable[[str], int],
    ) -> list[Delivery]:
        """Take deliveries of these tenants that are due, the longest due first, tenant after tenant; those of
        destinations that are `busy` stay where they are, and so do those beyond the `room` that theirs has. Two that
        claim at once get different ones."""
        now = self._clock.now_us()
        due = (
            task_callback.c.tenant.in_(tenants),
            task_callback.c.state == WAITING,
            task_callback.c.due_us <= now,
            task_callback.c.callback.not_in(busy),
        )
        whose = select(task_callback.c.tenant).where(*due).group_by(task_callback.c.tenant)
        query = (
            select(task_callback)
            .where(*due)
            .order_by(task_callback.c.due_us, task_callback.c.id)
            .with_for_update(skip_locked=True)
        )
        taken: list[Delivery] = []
        left: dict[str, int] = {}
        with reachable():
            async with reading(self._engine, None, across="task") as connection:
                found = await connection.scalars(whose.order_by(func.min(task_callback.c.due_us)).limit(limit))
                having = found.all()
            for tenant in having:
                if len(taken) == limit:
                    break
                mine = query.where(task_callback.c.tenant == tenant).limit(limit - len(taken))
                # A crash before the commit: nobody has them. After: they are due again once the lease is over.
                async with writing(self._engine, tenant) as connection:
                    for row in (await connection.execute(mine)).all():
                        one = _delivery(row)
                        left[one.callback] = left.get(one.callback, room(one.callback)) - 1
                        if left[one.callback] < 0:
                            continue
                        values = {"due_us": now + lease_us, "version": one.version + 1, "tries": one.tries + 1}
                        this = (task_callback.c.tenant == tenant, task_callback.c.id == one.id)
                        await connection.execute(update(task_callback).where(*this).values(**values))
                        taken.append(msgspec.structs.replace(one, **values))
        return taken

    async def later(self, one: Delivery, *, due_us: int, code: str, status: int | None, counted: bool = True) -> None:
        """A try that came to nothing: the next one is due then. `counted`: it is one of the tries. Nothing changes
        where somebody else has it by now."""
        mine = (
            task_callback.c.tenant == one.tenant,
            task_callback.c.id == one.id,
            task_callback.c.version == one.version,
            task_callback.c.state == WAITING,
        )
        values = {"due_us": due_us, "code": code, "status": status, "version": one.version + 1}
        if not counted:
            values["tries"] = one.tries - 1
        with reachable():
            async with writing(self._engine, one.tenant) as connection:
                await connection.execute(update(task_callback).where(*mine).values(**values))


def announced(task: str, callback: str, delivery: str, now_us: int) -> RowChange:
    """A new row, for the end of a task."""
    values: dict[str, Column] = {
        "id": delivery,
        "task": task,
        "callback": callback,
        "state": WAITING,
        "version": 0,
        "tries": 0,
        "due_us": now_us,
        "created_us": now_us,
    }
    return RowChange(table="task_callback", values=values)


def concluded(one: Delivery, state: str, *, now_us: int, code: str, status: int | None) -> RowChange:
    """A row that ends, in the hands of who has it."""
    return RowChange(
        table="task_callback",
        values={"state": state, "ended_us": now_us, "code": code, "status": status, "version": one.version + 1},
        where={"id": one.id, "version": one.version, "state": WAITING},
    )


def _delivery(row: Row[tuple[object, ...]]) -> Delivery:
    return Delivery(**{name: getattr(row, name) for name in Delivery.__struct_fields__})
