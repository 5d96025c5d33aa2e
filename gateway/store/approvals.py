"""Approvals in the database: what was asked, what was answered, and the sealed request that approvers look at.

A row changes only from one version to the next (`change` names the version that it was read at), so that of two who
change it at once one finds that it has changed. The sealed request goes when nobody may look at it any more.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec
from sqlalchemy import Row, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.approval import Answer, Demand
from gateway.core.errors import LedgerUnavailable
from gateway.ledger.entry import Column, RowChange, SealedPart
from gateway.store.engine import reading, writing
from gateway.store.notices import Notice, insert_notices
from gateway.store.sql import insert_new, reachable
from gateway.store.tables import approval

State = Literal["pending", "approved", "denied", "used", "expired", "superseded"]
OPEN: tuple[State, ...] = ("pending", "approved")
"""States that lead to another one by themselves, or by somebody's word."""
_ASKING = ("approve", "supervise")
PART = "request"
"""The label that the request is sealed under."""


class Alternative(msgspec.Struct, frozen=True, kw_only=True):
    """Another agent that policy permits for the same message, what people must say before that one gets it, and what
    policy says of it: the finding types that would be masked for it are `masks`."""

    agent: str
    zone: str
    demands: tuple[Demand, ...] = ()
    rules: tuple[str, ...] = ()
    obligations: tuple[str, ...] = ()
    masks: tuple[str, ...] = ()

    def same(self, other: "Alternative") -> bool:
        """Whether policy says the same of both. What people must say of one that was chosen may be more."""
        return self == msgspec.structs.replace(other, demands=self.demands)


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked. Nothing in it identifies a person but opaque ids."""

    exchange: str
    trace: str
    keyed: bool
    """Whether the request had an idempotency key."""
    actor_kind: str
    persons: tuple[str, ...]
    """Everybody who stands behind the request."""
    protocol: str
    action: str
    target: str
    purpose: str | None
    agent: str
    zone: str
    policy: str
    rules: tuple[str, ...]
    obligations: tuple[str, ...]
    demands: tuple[Demand, ...]
    classes: tuple[str, ...]
    found: tuple[tuple[str, int], ...]
    masks: tuple[str, ...]
    """Finding types that are masked before the agent gets it."""
    alternatives: tuple[Alternative, ...] = ()
    subjects: tuple[str, ...] = ()


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """What was changed in it before it was approved. `masks`: further finding types; `agent`: instead of the first."""

    masks: tuple[str, ...] = ()
    agent: Alternative | None = None
    editors: tuple[str, ...] = ()
    """Everybody who has edited, as opaque ids of persons."""
    number: int = 0
    """How often it was edited: an answer is to what it was after so many edits."""


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """An approval as it is stored. `tenant` is the ledger's id; times are microseconds since the epoch."""

    tenant: str
    id: str
    state: State
    version: int
    actor: str
    """The requester's pseudonym."""
    lookup: bytes | None
    """By which a repeated request finds it; None once it is to be found no more."""
    request: bytes
    """HMAC of what was asked and by whom."""
    binding: bytes
    """HMAC of that, the agent, the policy and the classes."""
    created_us: int
    expires_us: int
    terms: Terms
    answers: tuple[Answer, ...] = ()
    edit: Edit = Edit()
    sealed: SealedPart | None = None

    @property
    def demands(self) -> tuple[Demand, ...]:
        """What people must say, for the agent that it would go to now."""
        return self.terms.demands if self.edit.agent is None else self.edit.agent.demands

    @property
    def masks(self) -> tuple[str, ...]:
        """The finding types that are masked in what is sent, sorted; and in what is shown, which is the same. What the
        first agent would not have had, no other has either."""
        other = () if self.edit.agent is None else self.edit.agent.masks
        return tuple(sorted({*self.terms.masks, *other, *self.edit.masks}))

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that decided: on the first agent, and on the one that was chosen in its place."""
        other = () if self.edit.agent is None else self.edit.agent.rules
        return tuple(dict.fromkeys((*self.terms.rules, *other)))

    @property
    def obligations(self) -> tuple[str, ...]:
        """The obligations that hold, sorted: of the agent that it would go to now, whoever was asked for the first one,
        and as one more the types found in it that are masked beyond what policy asks for."""
        chosen, terms = self.edit.agent, self.terms
        if chosen is None:
            held, asked = set(terms.obligations), terms.masks
        else:
            held = {*chosen.obligations, *(one for one in terms.obligations if one.partition(":")[0] in _ASKING)}
            asked = chosen.masks
        further = sorted({kind for kind, _ in terms.found}.intersection(self.masks).difference(asked))
        return tuple(sorted({*held, *((f"redact:{','.join(further)}",) if further else ())}))

    @property
    def agent(self) -> str:
        return self.terms.agent if self.edit.agent is None else self.edit.agent.agent

    @property
    def zone(self) -> str:
        return self.terms.zone if self.edit.agent is None else self.edit.agent.zone


class ApprovalStore:
    """Approvals. `LedgerUnavailable` from every method when the database does not answer."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def put(self, made: Approval, notices: Sequence[Notice] = ()) -> bool:
        """Keep a new one, with the notices that tell of it; False, and nothing done, where another one is found by the
        same lookup."""
        with reachable():
            async with writing(self._engine, made.tenant) as connection:
                done = await connection.execute(insert_new(self._engine, approval).values(_row(made)))
                if done.rowcount != 1:
                    return False
                await insert_notices(connection, notices)
                return True

    async def get(self, tenant: str, approval_id: str) -> Approval | None:
        """One approval of a tenant."""
        query = select(approval).where(approval.c.tenant == tenant, approval.c.id == approval_id)
        with reachable():
            async with reading(self._engine, tenant) as connection:
                row = (await connection.execute(query)).one_or_none()
        return None if row is None else _approval(row)

    async def find(self, tenant: str, lookup: bytes) -> Approval | None:
        """The one that a repeated request finds."""
        query = select(approval).where(approval.c.tenant == tenant, approval.c.lookup == lookup)
        with reachable():
            async with reading(self._engine, tenant) as connection:
                row = (await connection.execute(query)).one_or_none()
        return None if row is None else _approval(row)

    async def waiting(self, tenant: str, actor: str, now_us: int) -> int:
        """How many of a requester's wait for an answer."""
        query = select(func.count()).where(
            approval.c.tenant == tenant,
            approval.c.actor == actor,
            approval.c.state == "pending",
            approval.c.expires_us > now_us,
        )
        with reachable():
            async with reading(self._engine, tenant) as connection:
                return int(await connection.scalar(query) or 0)

    async def newest(
        self, tenant: str, *, states: tuple[State, ...], before: tuple[int, str] | None, limit: int
    ) -> tuple[Approval, ...]:
        """Approvals in these states, the newest first. `before`: time and id of the last of the page before."""
        query = select(approval).where(approval.c.tenant == tenant, approval.c.state.in_(states))
        if before is not None:
            time, last = before
            older = and_(approval.c.created_us == time, approval.c.id < last)
            query = query.where(or_(approval.c.created_us < time, older))
        query = query.order_by(approval.c.created_us.desc(), approval.c.id.desc()).limit(limit)
        with reachable():
            async with reading(self._engine, tenant) as connection:
                return tuple(_approval(row) for row in (await connection.execute(query)).all())

    async def due(self, tenant: str, now_us: int, limit: int) -> tuple[Approval, ...]:
        """Open ones whose time is over, the oldest first."""
        query = (
            select(approval)
            .where(approval.c.tenant == tenant, approval.c.state.in_(OPEN), approval.c.expires_us <= now_us)
            .order_by(approval.c.expires_us)
            .limit(limit)
        )
        with reachable():
            async with reading(self._engine, tenant) as connection:
                return tuple(_approval(row) for row in (await connection.execute(query)).all())

    async def change(self, was: Approval, becomes: Approval) -> bool:
        """Put a row in the place of the one that was read; False, and nothing done, if that has changed meanwhile.

        A crash before the commit: nothing has changed. After: it has, whether anybody was told so or not.
        """
        values = {name: value for name, value in _row(becomes).items() if name not in ("tenant", "id")}
        with reachable():
            async with writing(self._engine, was.tenant) as connection:
                done = await connection.execute(
                    update(approval)
                    .where(approval.c.tenant == was.tenant, approval.c.id == was.id, approval.c.version == was.version)
                    .values({**values, "version": was.version + 1})
                )
        return done.rowcount == 1


def changed(was: Approval, becomes: Approval) -> RowChange:
    """As `ApprovalStore.change`, in the transaction of the record that says so: which is left out where the row has
    changed meanwhile."""
    values = {name: value for name, value in _row(becomes).items() if name not in ("tenant", "id")}
    values["version"] = was.version + 1
    return RowChange(table="approval", values=values, where={"id": was.id, "version": was.version})


def _row(one: Approval) -> dict[str, Column]:
    sealed = one.sealed
    return {
        **{name: getattr(one, name) for name in _PLAIN},
        "terms": msgspec.json.encode(one.terms),
        "answers": msgspec.json.encode(one.answers),
        "edit": msgspec.json.encode(one.edit),
        "sealed_key": None if sealed is None else sealed.key,
        "nonce": None if sealed is None else sealed.nonce,
        "ciphertext": None if sealed is None else sealed.ciphertext,
    }


def _approval(row: Row[tuple[object, ...]]) -> Approval:
    values = dict(row._mapping)
    sealed = None
    if values["ciphertext"] is not None:
        sealed = SealedPart(part=PART, key=row.sealed_key, nonce=row.nonce, ciphertext=row.ciphertext)
    try:
        return Approval(
            **{name: values[name] for name in _PLAIN},
            terms=msgspec.json.decode(row.terms, type=Terms),
            answers=msgspec.json.decode(row.answers, type=tuple[Answer, ...]),
            edit=msgspec.json.decode(row.edit, type=Edit),
            sealed=sealed,
        )
    except (msgspec.MsgspecError, TypeError) as error:
        raise LedgerUnavailable("the row of an approval cannot be read") from error


_PLAIN = ("tenant", "id", "state", "version", "actor", "lookup", "request", "binding", "created_us", "expires_us")
