"""The deny-list: tokens, subjects and owners that are refused at once, on all nodes, whatever their credentials say.

Each node holds the list in memory, at the revision that the ledger's head carried when it was read. To deny, the row is
written first and then the record, whose transaction moves the head's revision. Every intent carries the revision that
its caller was checked under and is refused at the head when that is another, on whichever node: the list is then read
anew and the caller checked again. So a denial acts from its record on, and costs a request nothing but a comparison.
What makes no intent asks for the revision itself (`fresh`); and the list is read now and then for whoever waits.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Iterable, Mapping

import msgspec
from sqlalchemy import RowMapping, case, delete, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.core.denial import NOBODY, DenySet, Kind, Name
from gateway.core.ids import random_id, uuid7
from gateway.core.ports import Clock
from gateway.core.refusal import Refusal
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.entry import Entry
from gateway.ledger.granted import Denied
from gateway.ledger.record import Envelope, encode_detail, timestamp
from gateway.store.api_keys import Administrator
from gateway.store.engine import reading, writing
from gateway.store.sql import reachable
from gateway.store.tables import denied, head

WATCH_S = 2.0
"""Seconds between two looks at the revisions."""
REREAD_EVERY = 10
"""Looks after which the lists themselves are read: who is denied no longer is let in everywhere by then."""
MAX_DENIED = 100_000
"""Entries of one tenant's list, which every node holds in memory."""
_NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,256}")
_log = logging.getLogger("gateway.store")


class Denial(msgspec.Struct, frozen=True, kw_only=True):
    """One entry. `issuer` is empty for the owner of API keys, who are the subjects of those."""

    id: str
    kind: Kind
    issuer: str
    name: str
    until_us: int | None
    created_us: int


class DenialStore:
    """The deny-lists of all tenants in the database, and as this process last read them: a `core.ports.DenyList`.

    Tenants are named by the random ids of their ledgers. `moved` is called when a list was found to be another than
    before: whatever else is remembered of callers is to be forgotten then.
    """

    def __init__(self, engine: AsyncEngine, clock: Clock, issuers: Iterable[str], moved: Callable[[], None]) -> None:
        """`issuers`: those that are configured; a denial of another's tokens would look like one and be none."""
        self._engine, self._clock, self._moved = engine, clock, moved
        self.on_moved: Callable[[str], None] = lambda tenant: None
        """Called after `moved`, with the tenant whose list it was."""
        self._issuers = frozenset(issuers)
        self._sets: dict[str, DenySet] = {}
        self._reading: dict[str, asyncio.Task[None]] = {}

    def of(self, tenant: str) -> DenySet:
        """The list as it was last read; nobody where it never was."""
        return self._sets.get(tenant, NOBODY)

    async def fresh(self, tenant: str) -> bool:
        """Ask for the revision, and read the list anew if it is another one; whether it was."""
        with reachable():
            async with reading(self._engine, tenant) as connection:
                revision = await connection.scalar(select(head.c.denied).where(head.c.tenant == tenant))
        if revision is None or revision == self.of(tenant).revision:
            return False
        await self.reload(tenant)
        return True

    async def reload(self, tenant: str) -> None:
        """Read the list anew. `LedgerUnavailable` if it cannot be read: what is known may be too old then."""
        # A reading that is under way may have begun before the change: only the one after it is sure to see that.
        before = self._reading.get(tenant)
        if before is not None:
            await asyncio.wait([before])
        task = self._reading.get(tenant)
        if task is None or task is before:
            # One for all who wait; whoever stops waiting does not take it from the others.
            task = self._reading[tenant] = asyncio.create_task(self._read(tenant))
            task.add_done_callback(lambda done: self._was_read(tenant, done))
        await asyncio.shield(task)

    async def watch(self, tenants: Iterable[str]) -> None:
        """Keep the lists of these tenants as they are, for ever."""
        known, looks = tuple(tenants), 0
        while True:
            await asyncio.sleep(WATCH_S)
            looks += 1
            await self.look(known, lists=looks % REREAD_EVERY == 0)

    async def look(self, tenants: Iterable[str], *, lists: bool) -> None:
        """See whether lists have moved, or with `lists` read them anyway."""
        for tenant in tenants:
            try:
                await (self.reload(tenant) if lists else self.fresh(tenant))
            except Exception as error:  # noqa: BLE001 — whatever it was, others are read, and the next look tries again
                # Nobody is let through for it: an intent is held against the head's revision.
                _log.error("a deny-list could not be read: %s", type(error).__name__)

    async def list(self, tenant: str) -> tuple[Denial, ...]:
        """All entries that still hold, the oldest first."""
        query = select(denied).where(denied.c.tenant == tenant).order_by(denied.c.created_us, denied.c.id)
        with reachable():
            async with reading(self._engine, tenant) as connection:
                found = [_denial(row._mapping) for row in await connection.execute(query)]
        now = self._clock.now_us()
        return tuple(one for one in found if one.until_us is None or now < one.until_us)

    async def deny(
        self, by: Administrator, kind: str, name: str, *, issuer: str = "", until_us: int | None = None
    ) -> Denial | Refusal:
        """Deny from now on. What is denied already stays so, for the longer of both times."""
        now = self._clock.now_us()
        refusal = self._checked(kind, name, issuer) or _time(until_us, now)
        if refusal is not None:
            return refusal
        made = {
            "tenant": by.tenant,
            "kind": kind,
            "issuer": issuer,
            "name": name,
            "id": random_id("dn"),
            "until_us": until_us,
            "created_us": now,
        }
        # The row first: it must act even while the ledger cannot be written, as soon as each node reads the list again.
        # A crash after this and before the record: who denies was not told so, and does it again.
        with reachable():
            async with writing(self._engine, by.tenant) as connection:
                mine = denied.c.tenant == by.tenant
                await connection.execute(delete(denied).where(mine, denied.c.until_us <= now))
                count = await connection.scalar(select(func.count()).select_from(denied).where(mine))
                if count is not None and count >= MAX_DENIED:
                    return Refusal(code="conflict", hint=f"at most {MAX_DENIED} entries")
                found = await self._put(connection, made)
        await self._on_record(by, "key.denied", found)
        await self.reload(by.tenant)
        return found

    async def allow(self, by: Administrator, denial_id: str) -> Denial | Refusal:
        """Take an entry off the list, on record first: nobody gets in again whom no record lets in. Acts here at once,
        and on every node within `WATCH_S` × `REREAD_EVERY` seconds."""
        mine = (denied.c.tenant == by.tenant, denied.c.id == denial_id)
        with reachable():
            async with reading(self._engine, by.tenant) as connection:
                row = (await connection.execute(select(denied).where(*mine))).one_or_none()
        if row is None:
            return Refusal(code="not_found", field="id")
        found = _denial(row._mapping)
        # A crash after this: the record tells of an entry that is still there, and that can be taken off again.
        await self._on_record(by, "key.allowed", found)
        with reachable():
            async with writing(self._engine, by.tenant) as connection:
                await connection.execute(delete(denied).where(*mine))
        await self.reload(by.tenant)
        return found

    # ---------------------------------------------------------------------------------------------------------- inside

    def _checked(self, kind: str, name: str, issuer: str) -> Refusal | None:
        if kind not in ("token", "subject"):
            return _wrong("kind", "token or subject")
        if not _NAME.fullmatch(name):
            return _wrong("name", "1 to 256 characters, no control characters")
        if kind == "token" and not issuer:
            return _wrong("issuer", "the token's issuer: ids of tokens are unique only within it")
        if issuer and issuer not in self._issuers:
            return _wrong("issuer", "the `issuer` of an [[issuer]]")
        return None

    async def _put(self, connection: AsyncConnection, made: Mapping[str, object]) -> Denial:
        dialect = sqlite if self._engine.dialect.name == "sqlite" else postgresql
        insert = dialect.insert(denied).values(**made)
        later = case(
            (or_(denied.c.until_us.is_(None), insert.excluded.until_us.is_(None)), None),
            (insert.excluded.until_us > denied.c.until_us, insert.excluded.until_us),
            else_=denied.c.until_us,
        )
        key = ["tenant", "kind", "issuer", "name"]
        await connection.execute(insert.on_conflict_do_update(index_elements=key, set_={"until_us": later}))
        there = [denied.c[name] == made[name] for name in key]
        return _denial((await connection.execute(select(denied).where(*there))).one()._mapping)

    async def _read(self, tenant: str) -> None:
        with reachable():
            async with reading(self._engine, tenant) as connection:
                # The revision first: the rows are then those of that revision or newer, never older.
                revision = await connection.scalar(select(head.c.denied).where(head.c.tenant == tenant))
                query = select(denied.c.kind, denied.c.issuer, denied.c.name, denied.c.until_us)
                rows = (await connection.execute(query.where(denied.c.tenant == tenant))).all()
        entries: dict[Name, int | None] = {(kind, issuer, name): until for kind, issuer, name, until in rows}
        found = DenySet(revision=revision or 0, entries=entries)
        changed = found != self.of(tenant)
        self._sets[tenant] = found
        if changed:
            self._moved()
            self.on_moved(tenant)

    def _was_read(self, tenant: str, task: "asyncio.Task[None]") -> None:
        if self._reading.get(tenant) is task:
            del self._reading[tenant]
        if not task.cancelled():
            task.exception()  # seen, even if everyone who waited is gone

    async def _on_record(self, by: Administrator, event: str, found: Denial) -> None:
        now, salt = self._clock.now_us(), new_salt()
        told = Denied(
            token=found.name if found.kind == "token" else None,
            subject=found.name if found.kind == "subject" else None,
            issuer=found.issuer or "-",
            ends=None if found.until_us is None else timestamp(found.until_us),
        )
        detail = encode_detail(msgspec.structs.replace(by.detail, diff=told.lines()))
        envelope = Envelope(
            id=uuid7(now),
            tenant=by.tenant,
            event=event,
            occurred_at=timestamp(now),
            actor=by.actor,
            actor_kind=by.actor_kind,
            credential=found.id,
            detail=committed(salt, "detail", detail),
        )
        await by.ledger.append(Entry.of(envelope, detail=detail, salt=salt, denies=True))


def described(found: Denial) -> dict[str, str | None]:
    """An entry as it is told."""
    return {
        "id": found.id,
        "kind": found.kind,
        "issuer": found.issuer,
        "name": found.name,
        "until": None if found.until_us is None else timestamp(found.until_us),
        "created": timestamp(found.created_us),
    }


def _wrong(field: str, hint: str) -> Refusal:
    return Refusal(code="parameter_invalid", field=field, hint=hint)


def _time(until_us: int | None, now_us: int) -> Refusal | None:
    if until_us is not None and until_us <= now_us:
        return _wrong("until", "a time to come")
    return None


def _denial(row: RowMapping) -> Denial:
    return Denial(**{name: row[name] for name in Denial.__struct_fields__})
