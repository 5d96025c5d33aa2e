"""Cases of data subjects: a hold, an erasure, an access, each from one version to the next, in the transaction of the
record that says so. A case is never deleted: who decided what stays."""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, RowMapping, Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import LedgerUnavailable
from gateway.ledger.entry import RowChange
from gateway.store.engine import reading
from gateway.store.sql import reachable
from gateway.store.tables import subject_case

MAX_LISTED = 500
HOLDING = ("proposed", "active", "lifting")
"""States of a hold in which nothing of its subject is destroyed: one that a second person has not confirmed yet holds
already, for what is destroyed cannot be brought back."""


OPEN = ("proposed", "approved", "deferred", "erasing")
"""States of an erasure that has not ended."""


class Terms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What was said of a case. `reason`, `identity` and `ground` are persons' words: references, no copies of data."""

    actor: str
    persons: tuple[str, ...]
    """Everybody who stands behind the credential that took the last step, as opaque ids: none of them confirms it."""
    reason: str = ""
    identity: str = ""
    """How it was made sure who asks, and where that is kept."""
    ground: str = ""
    """What the request, or its refusal, rests on."""
    received_us: int | None = None
    confirmed: str | None = None
    """The pseudonym of the second person."""
    subjects: tuple[str, ...] = ()
    """Of an erasure that was agreed to: all pseudonyms of the person as they were then. No other is erased."""
    keys: tuple[str, ...] = ()
    """Of an erasure that has begun: the keys that it destroys, the agents to be told, and the records it reaches."""
    recipients: tuple[str, ...] = ()
    reached: int = 0


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One case. Times are microseconds since the epoch; `subject` is a pseudonym."""

    tenant: str
    id: str
    kind: str
    subject: str
    state: str
    version: int = 0
    opened_us: int
    due_us: int | None = None
    ripe_us: int | None = None
    ended_us: int | None = None
    terms: Terms


class CaseStore:
    """Cases of all tenants. `LedgerUnavailable` when the database does not answer."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def get(self, tenant: str, case_id: str) -> Case | None:
        found = await self._some(tenant, subject_case.c.id == case_id)
        return found[0] if found else None

    async def of_subjects(self, tenant: str, subjects: Iterable[str], kind: str | None = None) -> tuple[Case, ...]:
        """Cases of any of these pseudonyms, the newest first."""
        mine = [subject_case.c.subject.in_(tuple(subjects))]
        return await self._some(tenant, *mine, *(() if kind is None else (subject_case.c.kind == kind,)))

    async def open_erasures(self, tenant: str, subjects: Iterable[str]) -> tuple[Case, ...]:
        """Erasures of any of these pseudonyms that have not ended, the newest first."""
        mine = (subject_case.c.subject.in_(tuple(subjects)), subject_case.c.state.in_(OPEN))
        return await self._some(tenant, subject_case.c.kind == "erasure", *mine)

    async def in_state(self, tenant: str, kind: str, states: Iterable[str]) -> tuple[Case, ...]:
        """Cases of this kind in any of these states, the newest first."""
        return await self._some(tenant, subject_case.c.kind == kind, subject_case.c.state.in_(tuple(states)))

    async def ripe(self, tenant: str, now_us: int) -> tuple[Case, ...]:
        """All erasures whose time has come, and that have not ended, those first whose time came first: however many
        wait for a hold to end, none is left out for them."""
        order = (subject_case.c.ripe_us, subject_case.c.id)
        query = select(subject_case).where(
            subject_case.c.tenant == tenant,
            subject_case.c.kind == "erasure",
            subject_case.c.state.in_(("approved", "deferred", "erasing")),
            subject_case.c.ripe_us <= now_us,
        )
        query = query.order_by(*order).limit(MAX_LISTED)
        found: list[Case] = []
        page = await self._page(tenant, query)
        while page:
            found += page
            if len(page) < MAX_LISTED:
                break
            page = await self._page(tenant, query.where(tuple_(*order) > (page[-1].ripe_us, page[-1].id)))
        return tuple(found)

    async def erased(self, tenant: str) -> tuple[tuple[str, Terms], ...]:
        """All subjects whose erasure has ended here, each with what is kept of it: the keys that it destroyed among
        that."""
        query = select(subject_case.c.subject, subject_case.c.terms).where(
            subject_case.c.tenant == tenant, subject_case.c.kind == "erasure", subject_case.c.state == "erased"
        )
        with reachable():
            async with reading(self._engine, tenant) as connection:
                rows = (await connection.execute(query.order_by(subject_case.c.subject))).all()
        return tuple((str(row.subject), _terms(row.terms)) for row in rows)

    async def last_erasing(self, tenant: str) -> int:
        """When the newest erasure has ended or, where it has not, begun to destroy, in microseconds; 0 where none has.
        What was read until then may hold what is gone."""
        query = select(func.max(func.coalesce(subject_case.c.ended_us, subject_case.c.ripe_us))).where(
            subject_case.c.tenant == tenant,
            subject_case.c.kind == "erasure",
            subject_case.c.state.in_(("erasing", "erased")),
        )
        with reachable():
            async with reading(self._engine, tenant) as connection:
                return int(await connection.scalar(query) or 0)

    async def newest(self, tenant: str) -> tuple[Case, ...]:
        """The newest cases of every kind."""
        return await self._some(tenant)

    async def held(self, tenant: str, subjects: Iterable[str]) -> bool:
        """Whether a hold keeps anything of these pseudonyms from being destroyed."""
        mine = (subject_case.c.subject.in_(tuple(subjects)), subject_case.c.state.in_(HOLDING))
        return bool(await self._some(tenant, subject_case.c.kind == "hold", *mine))

    async def holding(self, tenant: str) -> tuple[str, ...]:
        """All pseudonyms that a hold keeps anything of from being destroyed."""
        query = select(subject_case.c.subject).distinct().where(subject_case.c.tenant == tenant)
        query = query.where(subject_case.c.kind == "hold", subject_case.c.state.in_(HOLDING))
        with reachable():
            async with reading(self._engine, tenant) as connection:
                return tuple((await connection.scalars(query.order_by(subject_case.c.subject))).all())

    async def _some(self, tenant: str, *where: ColumnElement[bool]) -> tuple[Case, ...]:
        query = select(subject_case).where(subject_case.c.tenant == tenant, *where)
        query = query.order_by(subject_case.c.opened_us.desc(), subject_case.c.id)
        return await self._page(tenant, query.limit(MAX_LISTED))

    async def _page(self, tenant: str, query: Select[Any]) -> tuple[Case, ...]:
        with reachable():
            async with reading(self._engine, tenant) as connection:
                return tuple(_case(row._mapping) for row in (await connection.execute(query)).all())


def opened(made: Case, *beside: RowChange) -> RowChange:
    """The row of a new case; `beside`: what must take hold for it to be there."""
    values = {name: getattr(made, name) for name in Case.__struct_fields__ if name not in ("tenant", "terms")}
    return RowChange(table="subject_case", values={**values, "terms": msgspec.json.encode(made.terms)}, beside=beside)


def moved(was: Case, becomes: Case, *beside: RowChange) -> RowChange:
    """A case from what was read to what it becomes; nothing, and no record, where it has changed meanwhile."""
    return RowChange(
        table="subject_case",
        values={
            "state": becomes.state,
            "version": was.version + 1,
            "ripe_us": becomes.ripe_us,
            "ended_us": becomes.ended_us,
            "terms": msgspec.json.encode(becomes.terms),
        },
        where={"id": was.id, "version": was.version},
        beside=beside,
    )


def _case(row: RowMapping) -> Case:
    values = {name: row[name] for name in Case.__struct_fields__}
    return Case(**{**values, "terms": _terms(row["terms"])})


def _terms(data: bytes) -> Terms:
    try:
        return msgspec.json.decode(data, type=Terms)
    except (msgspec.MsgspecError, ValueError) as error:
        raise LedgerUnavailable("a case of a data subject cannot be read") from error
