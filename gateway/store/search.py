"""Searching one ledger's records by their index columns: in pages with a cursor, or as a stream of the whole result.

Always bounded by the ledger, always in the order of `seq`, always by key and never by offset; which records are looked
at, and how many at most, `candidates` says. The columns are an index on the records' bytes: whoever must be sure looks
into the bytes (`gateway audit verify` compares the two).
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncGenerator, Mapping, Sequence
from functools import partial
from hashlib import sha256
from typing import Any, NamedTuple, get_args

import msgspec
from sqlalchemy import Connection, Row, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core import canonical
from gateway.core.decision import Effect
from gateway.core.errors import FormatError, RecordsArchived
from gateway.core.ports import StoredRecord
from gateway.core.refusal import Refusal
from gateway.ledger.index import COLUMNS
from gateway.ledger.record import EVENTS
from gateway.ledger.times import read_time
from gateway.store import asking
from gateway.store.archives import ArchiveStore
from gateway.store.candidates import LOOKS, Candidates, Looks, Order, Wanted
from gateway.store.engine import at_once, reading
from gateway.store.postings import CLASS, FIELDS
from gateway.store.sql import reachable
from gateway.store.tables import as_bytes, record, record_block

MAX_LIMIT = 1_000
CHUNK = 1_000
_VALUE = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,256}")
_CLASS = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_PARAMETER = re.compile(r"[a-z_]{1,32}")


# Each a subquery: one step in a key. Two of them in one would read all of it.
_ENDS = select(
    *(
        select(end).where(table.c.tenant == bindparam("tenant")).scalar_subquery()
        for table, end in (
            (record, func.min(record.c.seq)),
            (record, func.max(record.c.seq)),
            (record_block, func.max(record_block.c.block)),
        )
    )
)
"""Where a ledger begins, since what was before lies in archives, where it ends, and its last block with postings."""


class Filters(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a record must be like to be found; absent ones do not matter. `parse_filters` makes it from text."""

    since: str | None = msgspec.field(default=None, name="from")
    """Occurred at this time or later: the 27 characters of the envelope."""
    until: str | None = msgspec.field(default=None, name="to")
    """Occurred before this time."""
    actor: str | None = None
    """A pseudonym."""
    agent: str | None = None
    action: str | None = None
    decision: str | None = None
    data_class: str | None = None
    """Among the record's classes, wherever they came from."""
    subject: str | None = None
    """A data subject's pseudonym."""
    exchange: str | None = None
    trace: str | None = None
    purpose: str | None = None
    outcome: str | None = None
    zone: str | None = None
    event: str | None = None


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A record that was found, and the columns that it was found by."""

    stored: StoredRecord
    id: str
    event: str
    occurred_at: str
    recorded_at: str
    exchange: str | None
    actor: str | None
    agent: str | None
    action: str | None
    decision: str | None
    purpose: str | None
    outcome: str | None
    zone: str | None
    classes: str | None
    """Between bars (`|phi|pii|`), empty for none, None where they were not assessed."""
    trace: str | None


class Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A record that a search has come to, by its number: of the main ledger, or of an emergency ledger by its id."""

    seq: int
    emergency: str | None = None


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Some of the records found. `cursor` leads to the next ones; None when there are none (yet)."""

    hits: tuple[Hit, ...]
    cursor: str | None


def parse_filters(values: Mapping[str, str]) -> Filters | Refusal:
    """Filters from the parameters of a query, by their names in the interface; each at most once."""
    fields: dict[str, str] = {}
    known = Filters.__struct_encode_fields__
    for name, value in values.items():
        if name not in known:
            shown = name if _PARAMETER.fullmatch(name) else None
            return _wrong(shown, f"the filters are {', '.join(known)}")
        hint = _unfit(name, value)
        if hint is not None:
            return _wrong(name, hint)
        if name in ("from", "to"):
            time = read_time(value)
            if time is None:
                return _wrong(name, "a time like 2026-11-24T01:02:03Z, or a date")
            value = time
        fields[name] = value
    if "from" in fields and fields.get("to", fields["from"]) < fields["from"]:
        return _wrong("to", "a time that is not before `from`")
    return msgspec.convert(fields, Filters)


class _Looked(NamedTuple):
    """What one look found. `at`: the next record that is to be looked at, None when that was all; `lowest`: the first
    that was there when it began; `lowest_now`: when it had read them, where that was asked; `size`: one more than the
    last that it was about."""

    rows: list[Row[Any]]
    at: int | None
    lowest: int
    lowest_now: int
    size: int


class Search:
    """Searches one ledger, by its id."""

    def __init__(self, engine: AsyncEngine, ledger: str) -> None:
        self._engine, self._ledger = engine, ledger

    async def page(
        self,
        filters: Filters,
        *,
        order: Order = "desc",
        limit: int = 100,
        cursor: str | None = None,
        details: bool = False,
    ) -> Page | Refusal:
        """At most `limit` records (1 to 1,000) after the cursor of a page with the same filters and order.

        What is looked at is bounded (`candidates.LOOKS`): a page may hold fewer records, or none, and still lead on."""
        if not 1 <= limit <= MAX_LIMIT:
            return wrong_limit()
        after = None
        if cursor is not None:
            place = self.place(cursor, filters, order)
            if place is None or place.emergency is not None:
                return wrong_cursor()
            after = place.seq
        rows, at, *_ = await self._look(filters, order, after, limit + 1, details)
        hits = tuple(_hit(row, details) for row in rows[:limit])
        if len(rows) > limit:
            return Page(hits=hits, cursor=self.cursor(Place(seq=hits[-1].stored.seq), filters, order))
        # Not through yet: the cursor is the last number that was looked at.
        last = None if at is None else at - 1 if order == "asc" else at + 1
        return Page(hits=hits, cursor=None if last is None else self.cursor(Place(seq=last), filters, order))

    async def part(
        self, filters: Filters, *, order: Order, after: int | None, most: int, first: int, end: int | None, looks: Looks
    ) -> tuple[list[Hit], int | None]:
        """Of records `first` ≤ seq < `end` alone, and after this one: at most `most` that fit, with details, and the
        last number that was looked at; None where that was all. What it costs is taken from `looks`."""
        rows, at, *_ = await self._look(filters, order, after, most, True, end, looks=looks, floor=first)
        hits = [_hit(row, True) for row in rows]
        if len(hits) == most:
            return hits, hits[-1].stored.seq
        return hits, None if at is None else at - 1 if order == "asc" else at + 1

    async def stream(
        self,
        filters: Filters,
        *,
        order: Order = "desc",
        details: bool = False,
        after: int | None = None,
        first: int = 0,
        end: int | None = None,
    ) -> AsyncGenerator[Hit, None]:
        """Every record found among those that are there when it begins (and come after this one, in this order, and of
        `first` ≤ seq < `end`), read chunk by chunk. `RecordsArchived` where some of them have left the database
        meanwhile."""
        lowest: int | None = None
        while True:
            rows, at, before, now, end = await self._look(
                filters, order, after, CHUNK, details, end, floor=first, again=True
            )
            lowest = before if lowest is None else lowest
            if now != lowest:
                raise RecordsArchived([one.id for one in await ArchiveStore(self._engine).all(self._ledger)][-1:])
            for row in rows:
                yield _hit(row, details)
            if len(rows) >= CHUNK:
                after = rows[-1].seq
            elif at is None:
                return
            else:
                after = at - 1 if order == "asc" else at + 1

    async def newer(
        self, filters: Filters, after: int, *, details: bool = False, limit: int | None = None
    ) -> tuple[list[Hit], int]:
        """Records found after this number (-1 for all), in order, `limit` or a chunk of them at most; and the number of
        the last that was looked at: ask again from there. Nothing, and the same number, where there is nothing new."""
        (_, size), limit = await self.extent(), CHUNK if limit is None else limit
        if size - 1 <= after:
            return [], after
        rows, at, *_ = await self._look(filters, "asc", after, limit, details, size)
        hits = [_hit(row, details) for row in rows]
        if len(hits) == limit:
            return hits, hits[-1].stored.seq
        return hits, size - 1 if at is None else at - 1

    async def extent(self) -> tuple[int, int]:
        """The first record that is there, and one more than the last."""
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                row = (await connection.execute(_ENDS, {"tenant": self._ledger})).one()
        lowest, size, _ = _ends(row)
        return lowest, size

    async def _look(
        self,
        filters: Filters,
        order: Order,
        after: int | None,
        most: int,
        details: bool,
        size: int | None = None,
        *,
        looks: Looks | None = None,
        floor: int = 0,
        again: bool = False,
    ) -> _Looked:
        """At most `most` records that fit, after this one and from `floor` on. With `most` of them it goes on after the
        last. `again`: whether to ask for `lowest_now`, too."""
        looks = looks or Looks(LOOKS)
        look = partial(self._looked, filters, order, after, most, details, size, looks, floor, again)
        with reachable():
            return await at_once(self._engine, self._ledger, look)

    def _looked(
        self,
        filters: Filters,
        order: Order,
        after: int | None,
        most: int,
        details: bool,
        size: int | None,
        looks: Looks,
        floor: int,
        again: bool,
        connection: Connection,
    ) -> _Looked:
        values = asking.values(msgspec.structs.asdict(filters))
        asked, rows = tuple(values), list[Row[Any]]()
        sqlite = self._engine.dialect.name == "sqlite"
        there, newest, made = _ends(connection.execute(_ENDS, {"tenant": self._ledger}).one())
        size, lowest = newest if size is None else min(size, newest), max(floor, there)
        at = _next(order, after, lowest, size)
        candidates = Candidates.of(connection, self._ledger, _wanted(filters), order, size, made, looks)
        while lowest <= at < size and len(rows) < most and looks.left > 0:
            step = candidates.step(at, most - len(rows))
            # A step may reach further down than is asked for.
            within = asking.within(step, floor, sqlite=sqlite)
            if within:
                query = asking.statement(asked, order, "places" in within, details, sqlite)
                told = values | within | {"tenant": self._ledger, "most": most - len(rows)}
                rows += connection.execute(query, told).all()
            at = step.then
        # On SQLite the whole transaction sees what its first statement saw; on PostgreSQL each sees its own.
        there_now = there
        if again and not sqlite:
            there_now = _ends(connection.execute(_ENDS, {"tenant": self._ledger}).one())[0]
        return _Looked(rows, at if lowest <= at < size else None, there, there_now, size)

    # A cursor is base64url of the canonical JSON of a digest of the question and the last seq that was given. It is no
    # secret and no permission: with a forged one, whoever may search this ledger finds what they could find anyway.

    def cursor(self, place: Place, filters: Filters, order: Order) -> str:
        """What leads a question on from here."""
        data = canonical.encode({"of": self._question(filters, order), **msgspec.to_builtins(place)})
        return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")

    def place(self, cursor: str, filters: Filters, order: Order) -> Place | None:
        """What a cursor stands for, None unless it is one that this question gives."""
        if len(cursor) > 200:
            return None
        try:
            value = canonical.decode(urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
        except (FormatError, ValueError):
            return None
        if not isinstance(value, dict) or type(seq := value.get("seq")) is not int or seq < 0:
            return None
        emergency = value.get("emergency")
        found = Place(seq=seq, emergency=emergency if isinstance(emergency, str) else None)
        return found if self.cursor(found, filters, order) == cursor else None

    def _question(self, filters: Filters, order: Order) -> str:
        asked = {"filters": filters, "ledger": self._ledger, "order": order}
        return sha256(canonical.encode(asked)).hexdigest()[:32]


def _ends(row: Sequence[Any]) -> tuple[int, int, int]:
    """Of `_ENDS`: the first record that is there, one more than the last, and how many blocks have postings."""
    lowest, newest, block = row
    return int(lowest or 0), 0 if newest is None else int(newest) + 1, 0 if block is None else int(block) + 1


def _next(order: Order, after: int | None, lowest: int, size: int) -> int:
    if order == "asc":
        return max(lowest, 0 if after is None else after + 1)
    return size - 1 if after is None else min(after, size) - 1


def _wanted(filters: Filters) -> Wanted:
    values = {name: getattr(filters, name) for name in (*FIELDS, CLASS)}
    return Wanted(
        values={name: value for name, value in values.items() if value is not None},
        since=filters.since,
        until=filters.until,
        subject=filters.subject,
        exchange=filters.exchange,
        trace=filters.trace,
    )


_PSEUDONYMS = {"actor": re.compile(r"ac_[0-9a-z_]{1,61}"), "subject": re.compile(r"su_[0-9a-z_]{1,61}")}
"""What persons are asked for by. Whatever else were taken would stand in an address and, as it was asked, on record."""


def _unfit(name: str, value: str) -> str | None:
    """What would be right, when this value cannot be."""
    if name == "decision" and value not in get_args(Effect):
        return f"one of {', '.join(get_args(Effect))}"
    if name == "event" and value not in EVENTS:
        return "a record's event, like exchange.completed"
    if name == "data_class" and not _CLASS.fullmatch(value):
        return "a data class"
    if name in _PSEUDONYMS and not _PSEUDONYMS[name].fullmatch(value):
        return f"a pseudonym, {'ac' if name == 'actor' else 'su'}_…"
    if not _VALUE.fullmatch(value):
        return "1 to 256 characters, no control characters"
    return None


def _hit(row: Row[Any], details: bool) -> Hit:
    """By places in the row, as `_query` selects them: by name, each of a page's values is looked up."""
    seq, envelope, hashed, *columns = tuple(row)
    salt = text = None
    if details:
        *columns, salt, text = columns
    stored = StoredRecord(
        seq=seq,
        envelope=as_bytes(envelope),
        hash=as_bytes(hashed),
        detail_salt=None if salt is None else as_bytes(salt),
        detail=None if text is None else as_bytes(text),
    )
    return Hit(stored=stored, **dict(zip(COLUMNS, columns, strict=True)))


def wrong_cursor() -> Refusal:
    """The answer to a cursor that is no question's, or another's."""
    return _wrong("cursor", "the cursor of the page before, with the same filters and order")


def wrong_limit() -> Refusal:
    return _wrong("limit", f"1 to {MAX_LIMIT}")


def _wrong(field: str | None, hint: str) -> Refusal:
    return Refusal(code="parameter_invalid", field=field, hint=hint)
