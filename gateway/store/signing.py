"""Who signs for a ledger now: its key, the one before it while both sign, and how the one came after the other.

The database says by which statements keys were replaced (`ledger.rotation`), and each is held to its two signatures;
the private keys are in the keyring, and one of them is what the line of keys is anchored to. So nobody replaces a key
by writing a row, and a process that serves takes over a new key where it next signs, without a start.
"""

import asyncio
from collections.abc import Callable, Sequence

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import ConfigurationError, FormatError, VerificationError
from gateway.core.ports import Clock
from gateway.ledger.entry import Column, RowChange
from gateway.ledger.note import Signer
from gateway.ledger.rotation import Keys, parse_statements, verify
from gateway.store.engine import reading
from gateway.store.sql import reachable
from gateway.store.tables import key_rotation

Private = Callable[[str | None], Signer]
"""The private key of a verifier key, or of the first that the ledger had; `ConfigurationError` where it is not
there."""


class Signatories(msgspec.Struct, frozen=True, kw_only=True):
    """Who signs, at one moment."""

    number: int
    """How often the key was replaced."""
    signer: Signer
    beside: tuple[Signer, ...]
    """The key that it replaced, while that still signs checkpoints beside it."""
    keys: Keys

    @property
    def all(self) -> tuple[Signer, ...]:
        """Everybody who signs checkpoints now."""
        return self.signer, *self.beside


class LedgerSigning:
    """Of one ledger, by its id and origin. `signer` and `keys` are as when they were last loaded."""

    def __init__(self, engine: AsyncEngine, ledger: str, origin: str, clock: Clock, private: Private) -> None:
        self._engine, self._ledger, self._origin, self._clock, self._private = engine, ledger, origin, clock, private
        self._rows: list[tuple[bytes, int]] = []
        """The statements, and until when each one's old key signs beside the new, in microseconds."""
        self._held: Signatories | None = None

    @property
    def origin(self) -> str:
        """Whom it signs for."""
        return self._origin

    @property
    def signer(self) -> Signer:
        """The key that signs. `ConfigurationError` where it is not there."""
        return self._taken().signer

    @property
    def keys(self) -> Keys:
        """All keys that the ledger has had."""
        return self._taken().keys

    async def load(self) -> Signatories:
        """Who signs now, by the database. `ConfigurationError` where this node does not have the key that must sign by
        now, `VerificationError` for statements that do not hold, `LedgerUnavailable` where nothing can be read."""
        for number, statement, until_us in await self._newer(len(self._rows)):
            if number == len(self._rows) + 1:  # who loaded at the same time may have taken it over meanwhile
                self._rows.append((statement, until_us))
                self._held = None
        found = self._taken() if self._held is not None else await asyncio.to_thread(self._taken)
        if found.beside and self._over:
            self._held = None
            return await asyncio.to_thread(self._taken)
        return found

    def probe(self) -> Signer:
        """The key that must sign, looked for anew. `ConfigurationError` where it is not there, `PinRefused` where
        it is on a token that lets nobody in. Blocks."""
        signer = self._private(None if not self._rows else verify(self._rows[-1][0]).new)
        signer.demand()
        return signer

    @property
    def _over(self) -> bool:
        """Whether the time is over in which the key before signs beside the newest."""
        return not self._rows or self._clock.now_us() >= self._rows[-1][1]

    async def _newer(self, known: int) -> Sequence[tuple[int, bytes, int]]:
        query = select(key_rotation.c.number, key_rotation.c.statement, key_rotation.c.until_us)
        query = query.where(key_rotation.c.tenant == self._ledger, key_rotation.c.number > known)
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                rows = (await connection.execute(query.order_by(key_rotation.c.number))).all()
        if [row.number for row in rows] != list(range(known + 1, known + 1 + len(rows))):
            raise VerificationError("keys: a statement of a rotation is missing")
        return [(row.number, bytes(row.statement), row.until_us) for row in rows]

    def _taken(self) -> Signatories:
        if self._held is None:
            self._held = self._put_together()
        return self._held

    def _put_together(self) -> Signatories:
        statements = [statement for statement, _ in self._rows]
        try:
            newest = verify(statements[-1]).new if statements else None
            signer = self._private(newest)
            if signer.name != self._origin:
                raise ConfigurationError("a ledger's key must be named for its origin")
            # Anchored to a private key that this node has: rows alone make nobody a signer.
            keys = Keys(signer.verifier, statements)
        except FormatError as error:
            raise VerificationError("keys: what is in the database is no statement of a rotation") from error
        if keys.newest.vkey != signer.verifier.vkey:
            raise VerificationError("keys: the newest statement does not lead to the key that signs")
        return Signatories(number=len(statements), signer=signer, beside=self._beside(keys), keys=keys)

    def _beside(self, keys: Keys) -> tuple[Signer, ...]:
        """The old key of the newest rotation, until its time is over. One that is gone by then was destroyed early, on
        purpose, and is not waited for."""
        if self._over:
            return ()
        try:
            return (self._private(keys.rotations[-1].old),)
        except ConfigurationError:
            return ()


def rotated(number: int, statement: bytes, until_us: int) -> RowChange:
    """A key is replaced, in the transaction of the record that says so. Takes hold of nothing where it was replaced
    meanwhile, or where a checkpoint of more records than the statement says is there by now (`key_rotation_in_order`,
    migration 0026)."""
    (found,) = parse_statements(statement)
    values: dict[str, Column] = {
        "number": number,
        "until_size": verify(found).after,
        "until_us": until_us,
        "statement": statement,
    }
    return RowChange(table="key_rotation", values=values)
