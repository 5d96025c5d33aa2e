"""The policies that a ledger's records name, as the database holds them (`verification`).

What was decided is explained and replayed by the version whose digest the record names: one whose bytes are others
explains something else. When which was in force is looked up by rows that are written with the activations' records.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import VerificationError
from gateway.ledger.activated import ACTIVATED, Place
from gateway.store.engine import reading
from gateway.store.policies import digest_of
from gateway.store.sql import reachable
from gateway.store.tables import policy_active, policy_version

_CHUNK = 50
"""Versions that are read at once, of which each may have a megabyte."""


async def check_activations(
    engine: AsyncEngine, ledger: str, places: Sequence[Place], size: int, unread: Sequence[tuple[int, int]]
) -> None:
    """Each activation among the first `size` records has its row, and each row its record; `VerificationError` names
    the first place where they differ. `unread`: ranges (first, end) whose records are not known."""
    query = select(policy_active.c.seq, policy_active.c.digest).where(policy_active.c.tenant == ledger)
    with reachable():
        async with reading(engine, ledger) as connection:
            rows = (await connection.execute(query.where(policy_active.c.seq < size))).all()
    hidden = [range(first, end) for first, end in unread]
    stored = {(int(row.seq), str(row.digest)) for row in rows if not any(row.seq in one for one in hidden)}
    told = {(place.seq, place.digest) for place in places if place.event == ACTIVATED and place.seq < size}
    differing = sorted(stored ^ told)
    if differing:
        raise VerificationError(f"policy: what is stored of an activation at record {differing[0][0]} is not on record")


async def check_versions(engine: AsyncEngine, places: Sequence[Place]) -> tuple[str, ...]:
    """Each version that records name is the one that its digest names, or `VerificationError`. The digests of those
    that are not there, in order."""
    named = sorted({place.digest for place in places if place.digest})
    missing = list[str]()
    for start in range(0, len(named), _CHUNK):
        some = named[start : start + _CHUNK]
        query = select(policy_version.c.digest, policy_version.c.bytes).where(policy_version.c.digest.in_(some))
        with reachable():
            async with reading(engine, None) as connection:
                found = {row.digest: bytes(row.bytes) for row in (await connection.execute(query)).all()}
        for digest, data in found.items():
            if digest_of(data) != digest:
                raise VerificationError(f"policy: the version {digest} that is stored is not the one of this digest")
        missing += [digest for digest in some if digest not in found]
    return tuple(missing)
