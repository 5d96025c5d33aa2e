"""Samples that people judge, in the database: what was drawn, and who was shown or has judged what of it.

Rows are only ever added, each in the transaction of the record that says the same; the records are the truth, and these
are how what is left to do is found, and how two judgements at once are kept apart.
"""

from collections.abc import Mapping

import msgspec
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import LedgerUnavailable
from gateway.ledger.entry import RowChange
from gateway.store.engine import reading
from gateway.store.sql import reachable
from gateway.store.tables import review, review_note

SEEN, MARK = "seen:", "mark:"
_ITEMS = msgspec.json.Decoder(tuple[tuple[int, str], ...]).decode
_NAMES = msgspec.json.Decoder(tuple[str, ...]).decode
_COUNTS = msgspec.json.Decoder(dict[str, int]).decode


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """A sample. `tenant` is the ledger's id; `population` how many exchanges it was drawn from."""

    tenant: str
    id: str
    created_us: int
    since: str
    until: str
    engine: str
    population: int
    items: tuple[tuple[int, str], ...]
    """Sequence number and exchange of each, in the order drawn: the first is place 1."""


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody was shown a message of a sample, or judged it."""

    place: int
    slot: str
    actor: str
    persons: tuple[str, ...]
    """Everybody who stands behind that credential, as opaque ids."""
    found: Mapping[str, int] = {}
    """What classification had found of it, by type."""
    at_us: int

    @property
    def judges(self) -> bool:
        return self.slot.startswith(MARK)


class ReviewStore:
    """Samples of all ledgers. `LedgerUnavailable` from every method when the database does not answer."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def get(self, tenant: str, review_id: str) -> Review | None:
        found = await self._some(tenant, review.c.id == review_id, limit=1)
        return found[0] if found else None

    async def newest(self, tenant: str, limit: int) -> tuple[Review, ...]:
        """A tenant's, the newest first."""
        return await self._some(tenant, limit=limit)

    async def notes(self, tenant: str, review_id: str) -> tuple[Note, ...]:
        """What has been done to the messages of one, in the order of their places."""
        mine = (review_note.c.tenant == tenant, review_note.c.review == review_id)
        query = select(review_note).where(*mine).order_by(review_note.c.place, review_note.c.slot)
        with reachable():
            async with reading(self._engine, tenant) as connection:
                rows = (await connection.execute(query)).all()
        try:
            return tuple(
                Note(
                    place=row.place,
                    slot=row.slot,
                    actor=row.actor,
                    persons=_NAMES(row.persons),
                    found=_COUNTS(row.found),
                    at_us=row.at_us,
                )
                for row in rows
            )
        except msgspec.MsgspecError as error:
            raise LedgerUnavailable("a row of a review cannot be read") from error

    async def _some(self, tenant: str, *where: ColumnElement[bool], limit: int) -> tuple[Review, ...]:
        query = select(review).where(review.c.tenant == tenant, *where)
        query = query.order_by(review.c.created_us.desc(), review.c.id).limit(limit)
        with reachable():
            async with reading(self._engine, tenant) as connection:
                rows = (await connection.execute(query)).all()
        try:
            return tuple(Review(**{**dict(row._mapping), "items": _ITEMS(row.items)}) for row in rows)
        except msgspec.MsgspecError as error:
            raise LedgerUnavailable("a row of a review cannot be read") from error


def drawn(one: Review) -> RowChange:
    """A sample is there, in the transaction of the record that says so."""
    values = msgspec.structs.asdict(one)
    del values["tenant"]
    return RowChange(table="review", values={**values, "items": msgspec.json.encode(one.items)})


def noted(review_id: str, one: Note) -> RowChange:
    """Somebody was shown one, or judged it, in the transaction of the record of that."""
    lists = {"persons": msgspec.json.encode(one.persons).decode(), "found": msgspec.json.encode(one.found).decode()}
    return RowChange(table="review_note", values={"review": review_id, **msgspec.structs.asdict(one), **lists})
