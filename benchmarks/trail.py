"""What is on record after a benchmark: figures count only if a gateway did its work for every request."""

import asyncio
import json

import msgspec
from sqlalchemy import select, text

from benchmarks.bodies import CLASSES
from benchmarks.servers import Server, reached
from gateway.store.engine import open_engine, reading, target
from gateway.store.tables import tenant


class Trail(msgspec.Struct, frozen=True, kw_only=True):
    """What is on record after all rounds, and what reached the agent."""

    reached_agent: int
    intents: int
    ended: int
    with_findings: float
    """Share of the messages in which something was found."""
    pairs: int
    """Different pairs of a role and a class that were decided on."""


def read(server: Server) -> Trail:
    """The trail of a gateway that has been stopped."""
    return asyncio.run(_read(server))


async def _read(server: Server) -> Trail:
    engine = open_engine(target(server.settings))
    asked = "SELECT event, classes, count(*) FROM record WHERE event LIKE 'exchange.%' GROUP BY event, classes"
    pairs = (
        "SELECT detail.bytes, record.classes FROM record JOIN detail ON detail.tenant = record.tenant "
        "AND detail.seq = record.seq WHERE event = 'exchange.requested' ORDER BY record.seq LIMIT 20000"
    )
    try:
        async with reading(engine, "default") as connection:
            ledger = await connection.scalar(select(tenant.c.ledger).where(tenant.c.id == "default"))
        async with reading(engine, ledger) as connection:
            rows = [tuple(row) for row in await connection.execute(text(asked))]
            roles = [tuple(row) for row in await connection.execute(text(pairs))]
    finally:
        await engine.dispose()
    intents = [row for row in rows if row[0] in ("exchange.requested", "exchange.attempted")]
    total = sum(row[2] for row in intents)
    found = sum(row[2] for row in intents if {"pii", "phi", "pci"} & set(str(row[1]).split("|")))
    return Trail(
        reached_agent=await reached(server),
        intents=total,
        ended=sum(row[2] for row in rows if row[0] in ("exchange.completed", "exchange.interrupted")),
        with_findings=round(found / max(total, 1), 3),
        pairs=len({(_roles(detail), name) for detail, classes in roles for name in _classes(str(classes))}),
    )


def _roles(detail: bytes) -> str:
    return ",".join(json.loads(detail)["roles"])


def _classes(column: str) -> list[str]:
    return [name for name in column.split("|") if name in CLASSES] or ["public"]


def missing(name: str, trail: Trail) -> list[str]:
    """What the record falls short of, so that the rates were not those of a gateway that does its work."""
    faults = []
    if trail.intents != trail.reached_agent:
        faults.append(
            f"{name}: {trail.reached_agent} requests reached the agent, {trail.intents} intents are on record"
        )
    if trail.ended != trail.intents:
        faults.append(f"{name}: {trail.intents} exchanges were opened, {trail.ended} ended")
    if trail.with_findings < 0.3:
        faults.append(f"{name}: findings in {trail.with_findings:.0%} of the messages, a third is wanted")
    if trail.pairs < 50:
        faults.append(f"{name}: {trail.pairs} pairs of role and class were decided on, 50 are wanted")
    return faults
