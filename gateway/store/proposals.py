"""Proposals of policy: what somebody wants in force for all tenants, who has said so, and what became of it.

One row for each policy set that was proposed, or activated at a start: the operator's own (`_system`), since one set
serves all tenants. The set itself is a `policy_version` by its digest. A row is never deleted. Of all rows one at most
is `activating`: whoever makes it so has the activation to itself, and whoever finds it finishes it. One of a
start that came too late is `dropped`. `number` counts activations, so that which was the last depends on no clock.

Each row is sealed (`row_seal`): so one that was not kept by a node which had looked at who may what is told from those
that were.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from sqlalchemy import ColumnElement, Row, UnaryExpression, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.core.errors import LedgerUnavailable
from gateway.core.ids import SYSTEM
from gateway.ledger.record import Detail
from gateway.store.engine import reading, writing
from gateway.store.row_seal import RowSeal
from gateway.store.sql import reachable
from gateway.store.tables import policy_proposal

State = Literal["open", "activating", "activated", "dropped"]
Origin = Literal["directory", "rollback", "start"]
_PURPOSE = b"gateway/policy-proposal/v1"
_COLUMNS = ("id", "version", "digest", "state", "terms", "created_us", "number", "activated_us")
"""What is sealed, in this order."""


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """Who proposed or activated. `actors`: the pseudonym by ledger; `persons`, `names` and `key` as in
    `core.approval.Answer`, none for an account of the machine; `tenant`: the configured id that the key is of."""

    kind: str
    actors: Mapping[str, str]
    tenant: str | None = None
    persons: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    key: str | None = None


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What is proposed, by ledger: `base` is what was active when it was (nothing where there was none), `versions`
    what each tenant's own version would be, `changes` the lines of what would change, where anything would, and `same`
    what is said of it where it decides as before."""

    origin: Origin
    base: Mapping[str, str]
    versions: Mapping[str, str]
    changes: Mapping[str, tuple[str, ...]]
    same: Mapping[str, str] = {}
    details: Mapping[str, Detail] = {}
    """What the records of the activation are to say of the activator, as long as it is under way."""
    proposer: Party | None = None
    reason: str | None = None
    activator: Party | None = None
    why: str | None = None
    """The activator's reason."""
    since: Mapping[str, int] = {}
    """Which record each ledger's policy was in force from when the activation began, as long as it is under way; -1
    where that lies in an archive. Nothing where there was none."""


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """One row. `digest` is the policy set's, of all tenants; times are microseconds since the epoch."""

    id: str
    digest: str
    state: State
    terms: Terms
    created_us: int
    version: int = 0
    number: int | None = None
    activated_us: int | None = None
    sealed: bool = True
    """Whether it is as a process with the keyring has kept it. False for rows of versions that sealed none, too."""


class ProposalStore:
    """Proposals in the database. `LedgerUnavailable` from every method when that does not answer."""

    def __init__(self, engine: AsyncEngine, key: bytes) -> None:
        """`key`: 32 bytes of the keyring's, from which the one that seals is derived."""
        self._engine, self._seal = engine, RowSeal(key, _PURPOSE, _COLUMNS)

    async def put(self, made: Proposal) -> bool:
        """Keep a new one. False, and nothing kept, for one that is `activating` while another is, or has a number that
        is not the next one: then others were activated since whoever made it has looked."""
        try:
            with reachable():
                async with writing(self._engine, SYSTEM) as connection:
                    if made.state != "open" and made.number != await _next(connection):
                        return False
                    await connection.execute(insert(policy_proposal).values({"tenant": SYSTEM, **self._row(made)}))
        except LedgerUnavailable as error:
            if isinstance(error.__cause__, IntegrityError):
                return False
            raise
        return True

    async def change(self, was: Proposal, becomes: Proposal) -> bool:
        """Put a row in the place of the one that was read. False, and nothing done, if that has changed meanwhile, or
        for one that becomes `activating`, as for `put`."""
        mine = (
            policy_proposal.c.tenant == SYSTEM,
            policy_proposal.c.id == was.id,
            policy_proposal.c.version == was.version,
        )
        try:
            with reachable():
                async with writing(self._engine, SYSTEM) as connection:
                    if becomes.state == "activating" and becomes.number != await _next(connection):
                        return False
                    values = self._row(msgspec.structs.replace(becomes, version=was.version + 1))
                    done = await connection.execute(update(policy_proposal).where(*mine).values(values))
        except LedgerUnavailable as error:
            if isinstance(error.__cause__, IntegrityError):
                return False
            raise
        return done.rowcount == 1

    async def get(self, proposal_id: str) -> Proposal | None:
        found = await self._some(policy_proposal.c.id == proposal_id, limit=1)
        return found[0] if found else None

    async def newest(self, limit: int) -> tuple[Proposal, ...]:
        """The newest first, whatever became of them."""
        return await self._some(limit=limit)

    async def open(self, limit: int) -> tuple[Proposal, ...]:
        """Those that nobody has activated, the newest first."""
        return await self._some(policy_proposal.c.state == "open", limit=limit)

    async def activating(self) -> Proposal | None:
        """The one whose activation has begun and not ended."""
        found = await self._some(policy_proposal.c.state == "activating", limit=1)
        return found[0] if found else None

    async def history(self, limit: int) -> tuple[Proposal, ...]:
        """Those that were activated, the last first."""
        activated = policy_proposal.c.state == "activated"
        return await self._some(activated, limit=limit, order=policy_proposal.c.number.desc())

    async def activated(self) -> Proposal | None:
        """The last that was activated."""
        found = await self.history(1)
        return found[0] if found else None

    async def last(self) -> Proposal | None:
        """The last that was activated, or is being."""
        begun = policy_proposal.c.number.is_not(None)
        found = await self._some(begun, limit=1, order=policy_proposal.c.number.desc())
        return found[0] if found else None

    async def known(self, digest: str) -> bool:
        """Whether a set was ever proposed or activated."""
        return bool(await self._some(policy_proposal.c.digest == digest, policy_proposal.c.state != "dropped", limit=1))

    async def _some(
        self, *where: ColumnElement[bool], limit: int, order: UnaryExpression[object] | None = None
    ) -> tuple[Proposal, ...]:
        query = select(policy_proposal).where(policy_proposal.c.tenant == SYSTEM, *where)
        newest = (policy_proposal.c.created_us.desc(), policy_proposal.c.id.desc())
        query = query.order_by(*(newest if order is None else (order,))).limit(limit)
        with reachable():
            async with reading(self._engine, SYSTEM) as connection:
                return tuple(self._proposal(row) for row in (await connection.execute(query)).all())

    def _row(self, one: Proposal) -> dict[str, object]:
        values = {name: getattr(one, name) for name in _COLUMNS}
        values["terms"] = msgspec.json.encode(one.terms).decode()
        return {**values, "seal": self._seal.of(values)}

    def _proposal(self, row: Row[tuple[object, ...]]) -> Proposal:
        values: dict[str, Any] = {name: row._mapping[name] for name in _COLUMNS}
        sealed = self._seal.holds(values, row.seal)
        try:
            return msgspec.convert({**values, "terms": msgspec.json.decode(row.terms), "sealed": sealed}, Proposal)
        except msgspec.MsgspecError as error:
            raise LedgerUnavailable("a row of a proposed policy cannot be read") from error


async def _next(connection: AsyncConnection) -> int:
    """The number of the next activation. Of two who read the same one, the index lets one in."""
    query = select(func.max(policy_proposal.c.number)).where(policy_proposal.c.tenant == SYSTEM)
    return (await connection.scalar(query) or 0) + 1
