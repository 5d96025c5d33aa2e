"""Tools of agents, pinned as a tenant first saw them. One that changes is quarantined until somebody releases it. One
whose agent says that its tools have changed is `stale` until a list shows it again as it is pinned.

Each change is on record before its row is written: a crash in between leaves a record of what the next sight of the
tool, or the next release, does again. The other order could leave a tool in use that is on no record. While a row is
behind its record, what is offered to callers is no more than it was: an unpinned tool is not called, a changed one is
not what is pinned.
"""

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from weakref import WeakValueDictionary

import msgspec
from sqlalchemy import ColumnElement, Row, case, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.ids import uuid7
from gateway.core.ports import Clock
from gateway.core.refusal import Refusal
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.entry import Entry, Ledger
from gateway.ledger.record import Detail, Envelope, encode_detail, timestamp
from gateway.store.engine import reading, writing
from gateway.store.sql import insert_new, reachable
from gateway.store.tables import tool

CACHED_NS = 5 * 1_000_000_000
"""How long the definitions of an agent's tools are remembered. What became of one of them elsewhere, `now` looks up."""
MAX_CACHED = 1_000
PINNED, QUARANTINED, STALE = "pinned", "quarantined", "stale"
_MOVES = ("state", "digest", "offered_digest", "changed_us", "released_us")
"""The columns of which one is another whenever anything has become of a tool."""
_NONE: Mapping[str, int | None] = MappingProxyType({})


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """A tool as it is pinned. `offered*`: what a quarantined one has become. Times in microseconds since the epoch.
    `changed_us`: when it was last seen to change, or its agent last said that its tools do."""

    agent: str
    name: str
    state: str
    digest: str
    definition: bytes
    offered_digest: str | None
    offered: bytes | None
    first_seen_us: int
    changed_us: int | None
    released_us: int | None
    released_by: str | None


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A definition that an agent offered: name, digest, and its JSON."""

    name: str
    digest: str
    body: bytes


class By(msgspec.Struct, frozen=True, kw_only=True):
    """Who changes what is pinned, and where that goes on record. `tenant` is the ledger's id."""

    ledger: Ledger
    tenant: str
    actor: str | None = None
    actor_kind: str | None = None
    exchange: str | None = None
    detail: Detail = Detail()


class ToolStore:
    """Tools in the database. `LedgerUnavailable` from every method when it, or the ledger, cannot be used."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock
        self._known: dict[tuple[str, str], tuple[dict[str, Tool], int]] = {}
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def of(self, tenant: str, agent: str, *, fresh: bool = False) -> dict[str, Tool]:
        """All tools of an agent, by name, at most 5 s old; with `fresh` as they are now."""
        known = self._known.get((tenant, agent))
        if known is not None and not fresh and self._clock.monotonic_ns() < known[1]:
            return known[0]
        query = select(tool).where(tool.c.tenant == tenant, tool.c.agent == agent).order_by(tool.c.name)
        with reachable():
            async with reading(self._engine, tenant) as connection:
                found = {row.name: _tool(row) for row in await connection.execute(query)}
        if len(self._known) >= MAX_CACHED:
            self._known.clear()
        self._known[(tenant, agent)] = (found, self._clock.monotonic_ns() + CACHED_NS)
        return found

    async def now(self, tenant: str, agent: str, name: str) -> Tool | None:
        """One tool as it is now, whichever node saw it change: one row by its key, and its definition only if that is
        another than the one remembered."""
        known = self._known.get((tenant, agent))
        if known is None or self._clock.monotonic_ns() >= known[1]:
            return (await self.of(tenant, agent, fresh=True)).get(name)
        found = known[0].get(name)
        query = select(*(tool.c[column] for column in _MOVES)).where(*_mine(tenant, agent, name))
        with reachable():
            async with reading(self._engine, tenant) as connection:
                row = (await connection.execute(query)).first()
        if (None if row is None else tuple(row)) == (found and tuple(getattr(found, column) for column in _MOVES)):
            return found
        return (await self.of(tenant, agent, fresh=True)).get(name)

    async def suspect(self, tenant: str, agent: str) -> None:
        """The agent says that its tools have changed: all that are pinned are stale from now on.

        A crash before: the agent's word has reached nobody. After: no call goes out before the tools were listed.
        """
        now = self._clock.now_us()
        # Each word of it leaves another time behind, so that a list that was asked for before is told from one after.
        later = case((tool.c.changed_us >= now, tool.c.changed_us + 1), else_=now)
        stale = (tool.c.tenant == tenant, tool.c.agent == agent, tool.c.state.in_((PINNED, STALE)))
        with reachable():
            async with writing(self._engine, tenant) as connection:
                await connection.execute(update(tool).where(*stale).values(state=STALE, changed_us=later))
        self._known.pop((tenant, agent), None)

    async def note(self, by: By, agent: str, seen: tuple[Seen, ...], stale: Mapping[str, int | None] = _NONE) -> None:
        """What an agent was seen to offer: new tools are pinned, changed ones quarantined, others stay as they are.
        `stale`: tools that were stale before the agent was asked, and since when: those are pinned again if they are as
        they were, and nobody said anything else meanwhile."""
        known = await self.of(by.tenant, agent, fresh=True)
        if not any(_is_news(known.get(one.name), one, stale) for one in seen):
            return
        # Many see the same news at once, as when an agent is new: one at a time, or each would put it on record.
        async with self._turn(by.tenant, agent):
            known = await self.of(by.tenant, agent, fresh=True)
            await self._noted(by, agent, seen, known, stale)

    def _turn(self, tenant: str, agent: str) -> asyncio.Lock:
        """Of this process; others are met by the rows (`_pin`)."""
        found = self._turns.get((tenant, agent))
        if found is None:
            found = self._turns[(tenant, agent)] = asyncio.Lock()
        return found

    async def _noted(
        self, by: By, agent: str, seen: tuple[Seen, ...], known: Mapping[str, Tool], stale: Mapping[str, int | None]
    ) -> None:
        for one in seen:
            pinned = known.get(one.name)
            if pinned is None:
                await self._pin(by, agent, one)
            elif one.digest not in (pinned.digest, pinned.offered_digest):
                await self._quarantine(by, pinned, one)
            elif _is_news(pinned, one, stale):
                await self._again(by.tenant, pinned)

    async def release(self, by: By, agent: str, name: str, digest: str | None = None) -> Tool | Refusal:
        """Pin a quarantined tool as it is offered now (`digest`: only if that is it)."""
        found = (await self.of(by.tenant, agent, fresh=True)).get(name)
        if found is None:
            return Refusal(code="not_found", field="name", hint="a tool that has been seen")
        if found.state != QUARANTINED or found.offered is None or found.offered_digest is None:
            return Refusal(code="conflict", field="name", hint="a tool that is quarantined")
        if digest not in (None, found.offered_digest):
            return Refusal(code="conflict", field="digest", hint="the digest that is offered now")
        await self._record(by, "agent.tool_released", agent, name, found.offered_digest, found.digest)
        now = self._clock.now_us()
        with reachable():
            async with writing(self._engine, by.tenant) as connection:
                done = await connection.execute(
                    update(tool)
                    .where(*_mine(by.tenant, agent, name), tool.c.offered_digest == found.offered_digest)
                    .values(
                        state=PINNED,
                        digest=found.offered_digest,
                        definition=found.offered,
                        offered_digest=None,
                        offered=None,
                        released_us=now,
                        released_by=by.actor,
                    )
                )
        self._known.pop((by.tenant, agent), None)
        if done.rowcount != 1:
            return Refusal(code="conflict", field="name", hint="a tool that has not changed once more meanwhile")
        return (await self.of(by.tenant, agent, fresh=True))[name]

    async def _pin(self, by: By, agent: str, one: Seen) -> None:
        await self._record(by, "agent.tool_pinned", agent, one.name, one.digest, None)
        row = {
            "tenant": by.tenant,
            "agent": agent,
            "name": one.name,
            "state": PINNED,
            "digest": one.digest,
            "definition": one.body,
            "first_seen_us": self._clock.now_us(),
        }
        with reachable():
            async with writing(self._engine, by.tenant) as connection:
                await connection.execute(insert_new(self._engine, tool).values(row))
        # Two that saw the tool first at once: the later one finds what the other pinned, and compares with that.
        pinned = (await self.of(by.tenant, agent, fresh=True))[one.name]
        if one.digest not in (pinned.digest, pinned.offered_digest):
            await self._quarantine(by, pinned, one)

    async def _quarantine(self, by: By, pinned: Tool, one: Seen) -> None:
        await self._record(by, "agent.tool_quarantined", pinned.agent, one.name, one.digest, pinned.digest)
        changed = {"state": QUARANTINED, "offered_digest": one.digest, "offered": one.body}
        with reachable():
            async with writing(self._engine, by.tenant) as connection:
                await connection.execute(
                    update(tool)
                    .where(*_mine(by.tenant, pinned.agent, one.name), tool.c.digest == pinned.digest)
                    .values(**changed, changed_us=self._clock.now_us())
                )
        await self.of(by.tenant, pinned.agent, fresh=True)

    async def _again(self, tenant: str, stale: Tool) -> None:
        """A stale tool that is as it was is pinned, unless its agent has spoken once more."""
        as_read = (tool.c.state == STALE, tool.c.changed_us == stale.changed_us, tool.c.digest == stale.digest)
        with reachable():
            async with writing(self._engine, tenant) as connection:
                mine = _mine(tenant, stale.agent, stale.name)
                await connection.execute(update(tool).where(*mine, *as_read).values(state=PINNED))
        self._known.pop((tenant, stale.agent), None)

    async def _record(self, by: By, event: str, agent: str, name: str, digest: str, before: str | None) -> None:
        now, salt = self._clock.now_us(), new_salt()
        lines = (f"definition {digest}", *(() if before is None else (f"before {before}",)))
        detail = encode_detail(msgspec.structs.replace(by.detail, diff=lines))
        envelope = Envelope(
            id=uuid7(now),
            tenant=by.tenant,
            event=event,
            occurred_at=timestamp(now),
            actor=by.actor,
            actor_kind=by.actor_kind,
            exchange=by.exchange,
            agent=agent,
            action=f"tool:{name}",
            detail=committed(salt, "detail", detail),
        )
        await by.ledger.append(Entry.of(envelope, detail=detail, salt=salt))


def _is_news(pinned: Tool | None, seen: Seen, stale: Mapping[str, int | None]) -> bool:
    """Whether anything is to be done for what was seen: a tool that is new, that has changed, or that was stale before
    the agent was asked and is as it was."""
    if pinned is None or seen.digest not in (pinned.digest, pinned.offered_digest):
        return True
    return pinned.state == STALE and seen.name in stale and stale[seen.name] == pinned.changed_us


def _mine(tenant: str, agent: str, name: str) -> tuple[ColumnElement[bool], ...]:
    return tool.c.tenant == tenant, tool.c.agent == agent, tool.c.name == name


def _tool(row: Row[tuple[object, ...]]) -> Tool:
    values = {name: getattr(row, name) for name in Tool.__struct_fields__}
    return Tool(**{**values, "definition": bytes(row.definition), "offered": row.offered and bytes(row.offered)})
