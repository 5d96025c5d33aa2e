"""Tasks as the database knows them: small rows that are claimed, moved and listed; what they hold is sealed apart.

A task comes to be, and ends, in the transaction of the record that says so: the writer makes these changes
(`ledger.entry.RowChange`), and where one takes hold of no row, there is no record. So each task is on record exactly
once for each time that it began and ended, whoever died in between. Everything else here (claims, leases, a wish to
cancel) is on no record and may be lost: whoever holds a claim says what came of it, or its lease runs out.

`version` grows with each claim and each end. Whoever was too slow finds another version, and changes nothing.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import ColumnElement, Row, and_, case, delete, exists, false, func, not_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.core.ports import Clock
from gateway.ledger.entry import RowChange, SealedPart
from gateway.store.callbacks import WAITING
from gateway.store.engine import reading, writing
from gateway.store.sql import reachable
from gateway.store.tables import task, task_callback, task_content

QUEUED, RUNNING, COMPLETED, FAILED, CANCELLED = "queued", "running", "completed", "failed", "cancelled"
STATES = (QUEUED, RUNNING, COMPLETED, FAILED, CANCELLED)
OPEN = (QUEUED, RUNNING)
REQUEST, RESULT = "request", "result"
_ENDS = or_(task.c.cancelled_by.is_not(None), task.c.tries >= task.c.most_tries)
"""Of a task that its holder has left running: it is asked of nobody any more."""
_SWEPT = 500
"""Rows that one sweep removes at most."""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A task's row. Times in microseconds since the epoch. `tenant` is the ledger's id.

    `principal` is an HMAC of whom its caller acts for. `callback`: the destination that is told of its ends.
    `due_us`: not to be run before. `tries` have begun, of `most_tries`. `code` and `status`: what the last try ended
    with. `cancelled_by`: the pseudonym of who does not want it any more. `exchange` is the one it was submitted in,
    `last_exchange` that of its last try. `fetched_us`: when an agent first fetched the result for an exchange of its.
    """

    tenant: str
    id: str
    state: str
    version: int
    actor: str
    principal: bytes
    protocol: str
    target: str
    action: str
    priority: int
    due_us: int
    expires_us: int
    tries: int
    most_tries: int
    cancelled_by: str | None = None
    created_us: int
    ended_us: int | None = None
    holder: str | None = None
    lease_us: int | None = None
    code: str | None = None
    status: int | None = None
    exchange: str
    last_exchange: str | None = None
    trace: str
    idempotency: bytes | None = None
    digest: bytes
    callback: str | None = None
    fetched_us: int | None = None


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A task that is somebody's to run. `found`: it was running before, at somebody who is gone."""

    task: Task
    found: bool


class Depth(msgspec.Struct, frozen=True, kw_only=True):
    """How many tasks of a tenant are in a state, and since when the oldest of them is due (or ended)."""

    tenant: str
    state: str
    count: int
    since_us: int


class TaskStore:
    """Tasks in the database. `LedgerUnavailable` from every method when it cannot be asked."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock

    # ------------------------------------------------------------------------------------------------------- reading

    async def get(self, tenant: str, task_id: str) -> Task | None:
        return await self._one(tenant, task.c.id == task_id)

    async def by_key(self, tenant: str, idempotency: bytes) -> Task | None:
        """The task that was submitted under this key."""
        return await self._one(tenant, task.c.idempotency == idempotency)

    async def fetched(self, tenant: str, task_id: str) -> None:
        """An agent has fetched the result for an exchange of its, and that was counted there. A crash before it: it is
        counted once more."""
        mine = (task.c.tenant == tenant, task.c.id == task_id, task.c.fetched_us.is_(None))
        with reachable():
            async with writing(self._engine, tenant) as connection:
                await connection.execute(update(task).where(*mine).values(fetched_us=self._clock.now_us()))

    async def content(self, tenant: str, task_id: str, part: str) -> SealedPart | None:
        """What is sealed of a task: its `request` or its `result`."""
        where = (task_content.c.tenant == tenant, task_content.c.task == task_id, task_content.c.part == part)
        with reachable():
            async with reading(self._engine, tenant) as connection:
                row = (await connection.execute(select(task_content).where(*where))).one_or_none()
        if row is None:
            return None
        return SealedPart(part=_sealed_as(part), key=row.key, nonce=row.nonce, ciphertext=row.ciphertext)

    async def page(
        self, tenant: str, state: str | None = None, *, before: str | None = None, limit: int = 100
    ) -> list[Task]:
        """Tasks of a tenant, the newest first; `before` an id, for the next page."""
        query = select(task).where(task.c.tenant == tenant)
        if state is not None:
            query = query.where(task.c.state == state)
        if before is not None:
            query = query.where(task.c.id < before)
        with reachable():
            async with reading(self._engine, tenant) as connection:
                return [_task(row) for row in await connection.execute(query.order_by(task.c.id.desc()).limit(limit))]

    async def waiting(self, tenant: str) -> int:
        """How many tasks of a tenant have not ended."""
        query = select(func.count()).where(task.c.tenant == tenant, task.c.state.in_(OPEN))
        with reachable():
            async with reading(self._engine, tenant) as connection:
                return int(await connection.scalar(query) or 0)

    async def depths(self) -> list[Depth]:
        """How many tasks there are, by tenant and state."""
        since = func.min(case((task.c.state.in_(OPEN), task.c.due_us), else_=task.c.ended_us))
        query = select(task.c.tenant, task.c.state, func.count(), since).group_by(task.c.tenant, task.c.state)
        with reachable():
            async with reading(self._engine, None, across="task") as connection:
                return [
                    Depth(tenant=a, state=b, count=c, since_us=d or 0) for a, b, c, d in await connection.execute(query)
                ]

    async def next_us(self) -> dict[str, int]:
        """When there may be something to do for each tenant that has tasks which have not ended."""
        at = func.min(case((task.c.state == QUEUED, task.c.due_us), else_=task.c.lease_us))
        query = select(task.c.tenant, at).where(task.c.state.in_(OPEN)).group_by(task.c.tenant)
        with reachable():
            async with reading(self._engine, None, across="task") as connection:
                return {row[0]: row[1] or 0 for row in await connection.execute(query)}

    async def _one(self, tenant: str, where: ColumnElement[bool]) -> Task | None:
        with reachable():
            async with reading(self._engine, tenant) as connection:
                row = (await connection.execute(select(task).where(task.c.tenant == tenant, where))).one_or_none()
        return None if row is None else _task(row)

    # -------------------------------------------------------------------------------------------------------- claims

    async def claim(
        self,
        tenant: str,
        holder: str,
        *,
        lease_us: int,
        limit: int,
        busy: Sequence[str] = (),
        never: Sequence[str] = (),
        ours: Sequence[str] = (),
        room: Callable[[str], int] | None = None,
    ) -> list[Claim]:
        """Take tasks that are due, the most urgent first; those of targets that are `busy` stay where they are, and so
        do those whose id is in `never`, and those beyond the `room` that their target has, so that fewer than `limit`
        may come of more. What has expired is taken all the same: it is asked of nobody any more, only ended. Not so
        those whose id is in `ours`: they are under way here, whatever has become of their leases.

        Also those whose holder let its lease run out, or is a former boot of this node (`holder` is `NODE/BOOT`). Of
        these, what can only be ended (somebody wished it cancelled, or it has had its tries) is taken whoever is busy,
        and what is not taken is queued again: nobody runs it. Two that claim at once get different ones.
        """
        now = self._clock.now_us()
        node = holder.partition("/")[0]
        former = and_(task.c.holder.startswith(f"{node}/", autoescape=True), task.c.holder != holder)
        lost = and_(task.c.state == RUNNING, or_(task.c.lease_us <= now, former))
        ready = or_(and_(task.c.state == QUEUED, task.c.due_us <= now), lost)
        over = or_(task.c.expires_us <= now, and_(lost, _ENDS))
        query = (
            select(task)
            .where(task.c.tenant == tenant, ready)
            .order_by(task.c.priority.desc(), task.c.due_us, task.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        if busy:
            query = query.where(or_(task.c.target.not_in(busy), over))
        if never:
            query = query.where(or_(task.c.id.not_in(never), over))
        if ours:
            query = query.where(task.c.id.not_in(ours))
        # A crash before the commit: nobody has them. After: they are this holder's until the lease runs out.
        with reachable():
            async with writing(self._engine, tenant) as connection:
                found = _within([_task(row) for row in await connection.execute(query)], room, now)
                taken = {"state": RUNNING, "holder": holder, "lease_us": now + lease_us}
                if found:
                    await connection.execute(
                        update(task)
                        .where(task.c.tenant == tenant, task.c.id.in_([one.id for one in found]))
                        .values(**taken, version=task.c.version + 1, tries=task.c.tries + 1)
                    )
                await _queue_again(connection, tenant, and_(lost, not_(_ENDS), task.c.id.not_in(ours)))
        return [
            Claim(
                task=msgspec.structs.replace(one, **taken, version=one.version + 1, tries=one.tries + 1),
                found=one.state == RUNNING,
            )
            for one in found
        ]

    async def renew(
        self, holder: str, *, lease_us: int, under_way: Collection[tuple[str, str]]
    ) -> list[tuple[str, str, str]]:
        """Prolong the claims of this holder on the tasks that it has `under_way`, as (tenant, id), and no others: one
        that it lost sight of runs out, and is claimed again. Gives (tenant, id, by whom) of those that somebody wishes
        to cancel."""
        unwanted: list[tuple[str, str, str]] = []
        # What somebody has locked is being ended, or wished away, and is passed over: who waits for one row while
        # holding others might wait for the ledger's writer, which ends tasks of a batch in an order of its own and
        # would wait for us. A claim that was passed over is good for two further turns; so are those of the tenants
        # that were not come to when the database was lost.
        with reachable():
            for tenant in sorted({place[0] for place in under_way}):
                known = _these(place for place in under_way if place[0] == tenant)
                mine = (task.c.state == RUNNING, task.c.holder == holder, known)
                free = select(task.c.tenant, task.c.id, task.c.cancelled_by).where(*mine)
                async with writing(self._engine, tenant) as connection:
                    found = (await connection.execute(free.with_for_update(skip_locked=True))).all()
                    held = _these((row[0], row[1]) for row in found)
                    if found:
                        values = {"lease_us": self._clock.now_us() + lease_us}
                        await connection.execute(update(task).where(held).values(**values))
                unwanted += [(row[0], row[1], row[2]) for row in found if row[2] is not None]
        return unwanted

    async def give_back(self, one: Task) -> Task | None:
        """Put a task that was claimed back as it was, so that somebody else can; None where it is not ours any more."""
        where = (task.c.tenant == one.tenant, task.c.id == one.id, task.c.version == one.version)
        back = {"state": QUEUED, "holder": None, "lease_us": None, "version": one.version + 1, "tries": one.tries - 1}
        with reachable():
            async with writing(self._engine, one.tenant) as connection:
                done = await connection.execute(update(task).where(*where, task.c.state == RUNNING).values(**back))
        return msgspec.structs.replace(one, **back) if done.rowcount == 1 else None

    async def wish_cancelled(self, tenant: str, task_id: str, by: str) -> bool:
        """Tell whoever runs a task that it is not wanted any more; False if nobody runs it."""
        where = (task.c.tenant == tenant, task.c.id == task_id, task.c.state == RUNNING)
        with reachable():
            async with writing(self._engine, tenant) as connection:
                return (await connection.execute(update(task).where(*where).values(cancelled_by=by))).rowcount == 1

    async def sweep(self, *, ended_before_us: int, failed_before_us: int) -> int:
        """Remove what ended long enough ago, and what is sealed of it; how many that were, at most `_SWEPT`. What
        somebody is still to be told of stays."""
        told = and_(
            task_callback.c.tenant == task.c.tenant, task_callback.c.task == task.c.id, task_callback.c.state == WAITING
        )
        old = and_(
            or_(
                and_(task.c.state.in_((COMPLETED, CANCELLED)), task.c.ended_us < ended_before_us),
                and_(task.c.state == FAILED, task.c.ended_us < failed_before_us),
            ),
            ~exists().where(told),
        )
        with reachable():
            async with reading(self._engine, None, across="task") as connection:
                # Looked for first, so that SQLite's lock is not taken for nothing.
                tenants = (await connection.scalars(select(task.c.tenant).where(old).distinct())).all()
            swept = 0
            for tenant in tenants:
                # A crash before the commit: the next sweep finds them again. What somebody has locked is being begun
                # anew, or swept by another node.
                query = select(task.c.tenant, task.c.id).where(task.c.tenant == tenant, old).limit(_SWEPT - swept)
                async with writing(self._engine, tenant) as connection:
                    locked = query.with_for_update(skip_locked=True)
                    found = [(row[0], row[1]) for row in await connection.execute(locked)]
                    if found:
                        await connection.execute(delete(task).where(_these(found)))
                        rest = _these(found, task_content.c.tenant, task_content.c.task)
                        await connection.execute(delete(task_content).where(rest))
                        rest = _these(found, task_callback.c.tenant, task_callback.c.task)
                        await connection.execute(delete(task_callback).where(rest))
                swept += len(found)
                if swept == _SWEPT:
                    break
        return swept


# --------------------------------------------------------------------------------------- what changes with a record


def created(one: Task, request: SealedPart) -> RowChange:
    """A new task. Takes no hold where its key was used before."""
    values = {name: value for name, value in msgspec.structs.asdict(one).items() if name != "tenant"}
    return RowChange(table="task", values=values, beside=(_content(one.id, REQUEST, request),))


def moved(one: Task, values: Mapping[str, str | int | None], result: SealedPart | None = None) -> RowChange:
    """A task that goes from the hands that know it as it is here into others, or ends."""
    change = RowChange(
        table="task",
        values={**values, "version": one.version + 1},
        where={"id": one.id, "version": one.version, "state": one.state},
        beside=() if result is None else (_content(one.id, RESULT, result),),
    )
    if one.state == FAILED:  # it starts anew: what came of it before is gone
        gone = RowChange(table="task_content", where={"task": one.id, "part": RESULT})
        return msgspec.structs.replace(change, beside=(gone,))
    return change


def _content(task_id: str, part: str, sealed: SealedPart) -> RowChange:
    values: Mapping[str, str | bytes] = {
        "task": task_id,
        "part": part,
        "key": sealed.key,
        "nonce": sealed.nonce,
        "ciphertext": sealed.ciphertext,
    }
    return RowChange(table="task_content", values=values)


def _these(
    tasks: Iterable[tuple[str, str]],
    tenant: ColumnElement[str] = task.c.tenant,
    task_id: ColumnElement[str] = task.c.id,
) -> ColumnElement[bool]:
    """That a row is one of these, or belongs to one of them: (tenant, id), none of them twice."""
    ids: dict[str, list[str]] = {}
    for one, name in tasks:
        ids.setdefault(one, []).append(name)
    return or_(false(), *(and_(tenant == one, task_id.in_(names)) for one, names in ids.items()))


async def _queue_again(connection: AsyncConnection, tenant: str, lost: ColumnElement[bool]) -> None:
    """Queue what its holder has left running, after what is claimed of it was marked so. What somebody has locked is
    passed over, as in `renew`: its turn comes."""
    query = select(task.c.id).where(task.c.tenant == tenant, lost).limit(_SWEPT).with_for_update(skip_locked=True)
    left = list((await connection.execute(query)).scalars())
    if left:
        back = {"state": QUEUED, "holder": None, "lease_us": None}
        mine = (task.c.tenant == tenant, task.c.id.in_(left))
        await connection.execute(update(task).where(*mine).values(**back, version=task.c.version + 1))


def _within(found: list[Task], room: Callable[[str], int] | None, now_us: int) -> list[Task]:
    """Of these, in their order, as many of each target as it has room for, and all that can only be ended."""
    if room is None:
        return found
    left: dict[str, int] = {}
    kept: list[Task] = []
    for one in found:
        if one.expires_us <= now_us or (one.state == RUNNING and _ended(one)):
            kept.append(one)
            continue
        left[one.target] = left.get(one.target, room(one.target)) - 1
        if left[one.target] >= 0:
            kept.append(one)
    return kept


def _ended(lost: Task) -> bool:
    """`_ENDS`, of a row that was read."""
    return lost.cancelled_by is not None or lost.tries >= lost.most_tries


def _sealed_as(part: str) -> str:
    return f"task.{part}"


def _task(row: Row[tuple[object, ...]]) -> Task:
    return Task(**{name: getattr(row, name) for name in Task.__struct_fields__})
