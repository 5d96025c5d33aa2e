"""What is asked of a ledger's records, and the statements that ask it: one for each form of question, made once.

A statement is told its values, so that neither it nor the database's plan of it is made again for others.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any

import msgspec
from sqlalchemy import BigInteger, ColumnElement, Select, Table, Text, and_, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from gateway.ledger.index import COLUMNS
from gateway.store.candidates import Order, Step
from gateway.store.sql import raw
from gateway.store.tables import detail, record

_PATTERN = re.compile(r"[%_/]")
"""What means something in a pattern of LIKE."""
_ESCAPED = r"/\g<0>"
EQUAL = ("actor", "agent", "action", "decision", "exchange", "trace", "purpose", "outcome", "zone", "event")
"""Filters whose value a column must have."""


def _as_read(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A column by its value alone. Records are read by their numbers; a planner that took the index of a time or of a
    trace instead would read a month to find a hundred. No value that is asked for is the empty string."""
    return func.coalesce(column, "")


def _equal(name: str) -> ColumnElement[bool]:
    return _as_read(record.c[name]) == bindparam(name)


_TESTS: Mapping[str, Callable[[], ColumnElement[bool]]] = {
    **{name: partial(_equal, name) for name in EQUAL},
    "since": lambda: _as_read(record.c.occurred_at) >= bindparam("since"),
    "until": lambda: _as_read(record.c.occurred_at) < bindparam("until"),
    "data_class": lambda: record.c.classes.like(bindparam("data_class"), escape="/"),
}
"""What a filter asks of a record's columns, by its name. A subject stands in no column: its records are named by
the steps themselves."""


def values(wanted: Mapping[str, str | None]) -> dict[str, str]:
    """The parameters of `statement` for these filters, by their names; those that are None are not asked for."""
    found = {name: value for name in _TESTS if (value := wanted[name]) is not None}
    if "data_class" in found:
        found["data_class"] = f"%|{_PATTERN.sub(_ESCAPED, found['data_class'])}|%"
    return found


@lru_cache(maxsize=256)
def statement(asked: tuple[str, ...], order: Order, places: bool, details: bool, sqlite: bool) -> Select[Any]:
    """Records that pass these tests, of some places or of a range: planned once by the database, whatever is asked for
    and however many places there are."""
    columns = [record.c.seq, raw(record.c.bytes), raw(record.c.hash), *(record.c[name] for name in COLUMNS)]
    query = select(*columns)
    if details:
        # The range is said of both: whichever way a planner joins them, it reads no more of either.
        both = and_(
            detail.c.tenant == record.c.tenant, detail.c.seq == record.c.seq, *(() if places else _range(detail))
        )
        query = select(*columns, raw(detail.c.salt), raw(detail.c.bytes))
        query = query.select_from(record.outerjoin(detail, both))
    query = query.where(record.c.tenant == bindparam("tenant"), *(_TESTS[name]() for name in asked))
    if not places:
        query = query.where(*_range(record))
    elif sqlite:
        numbers = func.json_each(bindparam("places", type_=Text)).table_valued("value")
        query = query.where(record.c.seq.in_(select(numbers.c.value)))
    else:
        query = query.where(record.c.seq == any_(bindparam("places", type_=ARRAY(BigInteger))))
    return query.order_by(record.c.seq.asc() if order == "asc" else record.c.seq.desc()).limit(bindparam("most"))


def _range(table: Table) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return table.c.seq >= bindparam("first"), table.c.seq < bindparam("end")


def within(step: Step, floor: int, *, sqlite: bool) -> dict[str, Any]:
    """The parameters of `statement` that say which records of a step are looked at; none where none are."""
    if not step.places:
        first = max(step.first, floor)
        return {"first": first, "end": step.end} if first < step.end else {}
    places = [place for place in step.places if place >= floor]
    if not places:
        return {}
    return {"places": msgspec.json.encode(places).decode("ascii") if sqlite else places}
