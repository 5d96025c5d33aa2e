"""Searching one ledger's records by their index columns: in pages with a cursor, or as a stream of the whole result.

Always bounded by the ledger, always in the order of `seq`, always by key and never by offset. The columns are an index
on the records' bytes: whoever must be sure looks into the bytes (`gateway audit verify` compares the two).
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Literal, get_args

import msgspec
from sqlalchemy import Row, Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core import canonical
from gateway.core.decision import Effect
from gateway.core.errors import FormatError
from gateway.core.ports import StoredRecord
from gateway.core.refusal import Refusal
from gateway.ledger.index import COLUMNS
from gateway.ledger.record import EVENTS, timestamp
from gateway.store.engine import reading
from gateway.store.sql import reachable
from gateway.store.tables import detail, record, subject_record

Order = Literal["asc", "desc"]
MAX_LIMIT = 1_000
CHUNK = 1_000
_VALUE = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,256}")
_CLASS = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_PARAMETER = re.compile(r"[a-z_]{1,32}")
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?([Zz]|[+-]\d\d:\d\d))?", re.ASCII
)  # RFC 3339 §5.6 with at most microseconds, or a date alone: its midnight, UTC
_EQUAL = ("actor", "agent", "action", "decision", "exchange", "trace", "purpose", "outcome", "zone", "event")


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
            time = _time(value)
            if time is None:
                return _wrong(name, "a time like 2026-11-24T01:02:03Z, or a date")
            value = time
        fields[name] = value
    return msgspec.convert(fields, Filters)


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
        """At most `limit` records (1 to 1,000) after the cursor of a page with the same filters and order."""
        if not 1 <= limit <= MAX_LIMIT:
            return _wrong("limit", f"1 to {MAX_LIMIT}")
        after = None
        if cursor is not None:
            after = self._place(cursor, filters, order)
            if after is None:
                return _wrong("cursor", "the cursor of the page before, with the same filters and order")
        rows = await self._rows(self._query(filters, order, after, details).limit(limit + 1))
        hits = tuple(_hit(row, details) for row in rows[:limit])
        more = self._cursor(hits[-1].stored.seq, filters, order) if len(rows) > limit else None
        return Page(hits=hits, cursor=more)

    async def stream(
        self, filters: Filters, *, order: Order = "desc", details: bool = False
    ) -> AsyncGenerator[Hit, None]:
        """Every record found among those that are there when it begins, read chunk by chunk."""
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                newest = await connection.scalar(select(func.max(record.c.seq)).where(record.c.tenant == self._ledger))
        if newest is None:
            return
        after: int | None = None
        while True:
            query = self._query(filters, order, after, details).where(record.c.seq <= newest)
            rows = await self._rows(query.limit(CHUNK))
            for row in rows:
                yield _hit(row, details)
            if len(rows) < CHUNK:
                return
            after = rows[-1].seq

    async def _rows(self, query: Select[Any]) -> list[Row[Any]]:
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                return list((await connection.execute(query)).all())

    def _query(self, filters: Filters, order: Order, after: int | None, details: bool) -> Select[Any]:
        columns = [record.c.seq, record.c.bytes, record.c.hash, *(record.c[name] for name in COLUMNS)]
        query = select(*columns)
        if details:
            both = and_(detail.c.tenant == record.c.tenant, detail.c.seq == record.c.seq)
            query = select(*columns, detail.c.salt.label("detail_salt"), detail.c.bytes.label("detail"))
            query = query.select_from(record.outerjoin(detail, both))
        query = query.where(record.c.tenant == self._ledger)
        for name in _EQUAL:
            value = getattr(filters, name)
            if value is not None:
                query = query.where(record.c[name] == value)
        if filters.since is not None:
            query = query.where(record.c.occurred_at >= filters.since)
        if filters.until is not None:
            query = query.where(record.c.occurred_at < filters.until)
        if filters.data_class is not None:
            query = query.where(record.c.classes.contains(f"|{filters.data_class}|", autoescape=True))
        if filters.subject is not None:
            about = select(subject_record.c.seq).where(
                subject_record.c.tenant == self._ledger, subject_record.c.subject == filters.subject
            )
            query = query.where(record.c.seq.in_(about))
        if after is not None:
            query = query.where(record.c.seq > after if order == "asc" else record.c.seq < after)
        return query.order_by(record.c.seq.asc() if order == "asc" else record.c.seq.desc())

    # A cursor is base64url of the canonical JSON of a digest of the question and the last seq that was given. It is no
    # secret and no permission: with a forged one, whoever may search this ledger finds what they could find anyway.

    def _cursor(self, seq: int, filters: Filters, order: Order) -> str:
        data = canonical.encode({"of": self._question(filters, order), "seq": seq})
        return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")

    def _place(self, cursor: str, filters: Filters, order: Order) -> int | None:
        """The seq that a cursor stands for, None unless it is one that this question gives."""
        if len(cursor) > 200:
            return None
        try:
            value = canonical.decode(urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
        except (FormatError, ValueError):
            return None
        seq = value.get("seq") if isinstance(value, dict) else None
        if type(seq) is not int or seq < 0 or self._cursor(seq, filters, order) != cursor:
            return None
        return seq

    def _question(self, filters: Filters, order: Order) -> str:
        asked = {"filters": filters, "ledger": self._ledger, "order": order}
        return sha256(canonical.encode(asked)).hexdigest()[:32]


def _unfit(name: str, value: str) -> str | None:
    """What would be right, when this value cannot be."""
    if name == "decision" and value not in get_args(Effect):
        return f"one of {', '.join(get_args(Effect))}"
    if name == "event" and value not in EVENTS:
        return "a record's event, like exchange.completed"
    if name == "data_class" and not _CLASS.fullmatch(value):
        return "a data class"
    if not _VALUE.fullmatch(value):
        return "1 to 256 characters, no control characters"
    return None


def _time(text: str) -> str | None:
    """The 27 characters of a time or date (RFC 3339), None for any other text."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    date, clock, fraction, zone = match.groups()
    try:
        if clock is None:
            moment = datetime.fromisoformat(f"{date}T00:00:00+00:00")
        else:
            offset = "+00:00" if zone in "Zz" else zone
            moment = datetime.fromisoformat(f"{date}T{clock}.{(fraction or '').ljust(6, '0')}{offset}")
        since_epoch = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
        return timestamp((since_epoch.days * 86_400 + since_epoch.seconds) * 1_000_000 + since_epoch.microseconds)
    except (ValueError, OverflowError, FormatError):
        return None


def _hit(row: Row[Any], details: bool) -> Hit:
    beside = details and row.detail is not None
    stored = StoredRecord(
        seq=row.seq,
        envelope=bytes(row.bytes),
        hash=bytes(row.hash),
        detail_salt=bytes(row.detail_salt) if beside else None,
        detail=bytes(row.detail) if beside else None,
    )
    return Hit(stored=stored, **{name: getattr(row, name) for name in COLUMNS})


def _wrong(field: str | None, hint: str) -> Refusal:
    return Refusal(code="parameter_invalid", field=field, hint=hint)
