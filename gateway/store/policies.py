"""Policy versions: every policy that was ever active or proposed, whole, by its digest, and which was active when.

The digest is SHA-256 over exactly the stored bytes, and is checked at every reading: what is explained or replayed is
what was in force. Versions are never changed or deleted; which one is active is the ledger's own to say (its head, and
`policy_active`, both written with the record of the activation).
"""

from hashlib import sha256

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import VerificationError
from gateway.core.ports import Clock
from gateway.ledger.times import timestamp
from gateway.store.engine import reading, writing
from gateway.store.sql import insert_new, reachable
from gateway.store.tables import head, policy_active, policy_version


class Activation(msgspec.Struct, frozen=True, kw_only=True):
    """From record `seq` of a ledger on, this policy was in force there."""

    seq: int
    digest: str
    activated_at: str


def digest_of(data: bytes) -> str:
    """`sha256:` and 64 hex digits: how a policy version is named everywhere."""
    return f"sha256:{sha256(data).hexdigest()}"


class PolicyStore:
    """Policy versions and their history in the database."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock

    async def put(self, data: bytes) -> str:
        """Keep a version, and return its digest; keeping it again changes nothing.

        To be called before the version is activated: a crash in between leaves a version that was never active, while
        the other order could leave records that name a policy which nobody has.
        """
        digest = digest_of(data)
        row = {"digest": digest, "bytes": data, "created_at": timestamp(self._clock.now_us())}
        with reachable():
            async with writing(self._engine, None) as connection:
                await connection.execute(insert_new(self._engine, policy_version).values(row))
        return digest

    async def get(self, digest: str) -> bytes | None:
        """A version's bytes, None for a digest that was never kept. `VerificationError` if they are not its own."""
        with reachable():
            async with reading(self._engine, None) as connection:
                data = await connection.scalar(select(policy_version.c.bytes).where(policy_version.c.digest == digest))
        if data is None:
            return None
        if digest_of(bytes(data)) != digest:
            raise VerificationError("a policy version in the database is not the one that its digest names")
        return bytes(data)

    async def active(self, ledger: str) -> str | None:
        """The digest of the policy that a ledger is under (what its head carries), None before the first."""
        with reachable():
            async with reading(self._engine, ledger) as connection:
                digest = await connection.scalar(select(head.c.policy).where(head.c.tenant == ledger))
        return None if digest is None else str(digest)

    async def history(self, ledger: str) -> tuple[Activation, ...]:
        """Every activation in a ledger, the oldest first."""
        query = (
            select(policy_active.c.seq, policy_active.c.digest, policy_active.c.activated_at)
            .where(policy_active.c.tenant == ledger)
            .order_by(policy_active.c.seq)
        )
        with reachable():
            async with reading(self._engine, ledger) as connection:
                rows = (await connection.execute(query)).all()
        return tuple(Activation(seq=row.seq, digest=row.digest, activated_at=row.activated_at) for row in rows)

    async def in_force(self, ledger: str, first: int, end: int) -> tuple[str, ...]:
        """Digests of all policies in force for any of the records `first` ≤ seq < `end`, in order, each once."""
        found: dict[str, None] = {}
        before: str | None = None
        for activation in await self.history(ledger):
            if activation.seq <= first:
                before = activation.digest
            elif activation.seq < end:
                found[activation.digest] = None
        earlier = () if before is None else (before,)
        return tuple(dict.fromkeys((*earlier, *found)))
