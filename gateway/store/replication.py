"""Whether a failover of PostgreSQL would lose what was acknowledged, as far as the server that is asked can tell.

A commit that a standby has not confirmed is gone when that standby takes over: then a request left, and no record says
so. A server says what it waits for (`synchronous_commit`, `synchronous_standby_names`) and who copies from it
(`pg_stat_replication`, of which everybody may count the rows, and replication slots). Not seen: standbys fed from an
archive of the log, copies that a storage layer makes below the server, and which of several standbys will take over.
"""

from typing import Literal

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.core.errors import ConfigurationError
from gateway.store.engine import reading
from gateway.store.sql import reachable

State = Literal["alone", "synchronous", "asynchronous", "standby"]
_WAITED_FOR = ("on", "remote_apply")
"""Values of `synchronous_commit` with which a commit is on the standby's disk before it is acknowledged."""
_TOOLS = "('pg_basebackup', 'pg_receivewal', 'pg_recvlogical')"
"""Who copies and is no server, by their own names for themselves."""
_STANDING = text(
    "SELECT pg_is_in_recovery() AS standby, current_setting('synchronous_commit') AS waits, "  # noqa: S608 — a constant
    "current_setting('synchronous_standby_names') AS names, "
    f"(SELECT count(*) FROM pg_stat_replication WHERE application_name NOT IN {_TOOLS}) "
    "+ (SELECT count(*) FROM pg_replication_slots WHERE slot_type = 'physical' AND NOT temporary AND NOT active) "
    "AS copies, "
    f"(SELECT count(*) FROM pg_stat_replication WHERE application_name NOT IN {_TOOLS} AND pid NOT IN "
    "(SELECT active_pid FROM pg_replication_slots WHERE active_pid IS NOT NULL AND NOT temporary)) AS loose, "
    "CASE WHEN pg_is_in_recovery() THEN NULL ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END AS timeline, "
    "has_function_privilege('pg_control_system()', 'EXECUTE') AS known"
)
_SYSTEM = text("SELECT system_identifier FROM pg_control_system()")


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a server stands. `timeline`: its history's number in hex, None of a standby; `system`: its cluster's, 0
    where it does not let this role know (which managed servers may not); `loose`: how many copy from it by no slot that
    stays, of whom it knows nothing any more once they are cut off."""

    state: State
    timeline: str | None
    system: int
    loose: int = 0


def judged(*, standby: bool, waits: str, names: str, copies: int) -> State:
    """What the server's own words amount to.

    `alone`: nobody is known to copy from it. `synchronous`: a commit waits for standbys. `asynchronous`: there are
    some, and it does not. `standby`: it is one itself.
    """
    if standby:
        return "standby"
    if names.strip():
        return "synchronous" if waits in _WAITED_FOR else "asynchronous"
    return "asynchronous" if copies else "alone"


async def standing(engine: AsyncEngine) -> Standing | None:
    """How the server stands now; None on SQLite, where nothing takes over. `LedgerUnavailable` where it is away."""
    if engine.dialect.name != "postgresql":
        return None
    with reachable():
        async with reading(engine, None) as connection:
            return await standing_of(connection)


async def standing_of(connection: AsyncConnection) -> Standing:
    """As `standing`, over a connection to PostgreSQL."""
    row = (await connection.execute(_STANDING)).one()
    state = judged(standby=row.standby, waits=row.waits, names=row.names, copies=int(row.copies))
    system = await connection.scalar(_SYSTEM) if row.known else 0
    return Standing(state=state, timeline=row.timeline, system=int(system or 0), loose=int(row.loose))


def acceptable(found: Standing | None, accepted: bool) -> bool:
    """Whether records may be acknowledged here; `accepted`: that a failover loses some was acknowledged."""
    return found is None or found.state in ("alone", "synchronous") or (accepted and found.state == "asynchronous")


def demand_kept(found: Standing | None, accepted: bool) -> None:
    """`ConfigurationError` unless records may be acknowledged here, with what to do about it."""
    if acceptable(found, accepted) or found is None:
        return
    if found.state == "standby":
        raise ConfigurationError("database.url names a standby: name the server that it copies")
    raise ConfigurationError(
        "PostgreSQL has standbys, or replication slots for some, that a commit does not wait for: a failover would "
        "lose records that were acknowledged. Set synchronous_standby_names on the server, with synchronous_commit on "
        "or remote_apply, or accept the loss with database.accept_lossy_failover"
    )
