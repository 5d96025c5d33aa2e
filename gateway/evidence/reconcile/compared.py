"""What the comparison of one log shows, read from its database as it is asked for."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from gateway.evidence.reconcile.lines import Wrong
from gateway.evidence.reconcile.mapping import Source

Kind = Literal["met", "around", "extra", "repeated", "check", "missing", "beyond"]
KINDS: tuple[Kind, ...] = ("met", "around", "extra", "repeated", "check", "missing", "beyond")
FINDINGS: tuple[Kind, ...] = ("around", "extra", "missing")
"""What somebody should look at."""


class Finding(msgspec.Struct, frozen=True):
    """A row (by its line) or a record (by its number) that has no other side."""

    source: str
    kind: Kind
    line: int | None
    tenant: str | None
    """Whose record it is."""
    seq: int | None
    at: int
    host: str
    agents: str
    bytes: int | None
    emergency: str | None = None
    """The emergency ledger whose record it is; None for the main one."""


class Read(msgspec.Struct, kw_only=True):
    """How far a log reaches, and what of it was compared."""

    source: str
    each: str
    rows: int = 0
    compared: int = 0
    elsewhere: int = 0
    """Rows of hosts that no registered agent is behind."""
    other_ports: int = 0
    """Rows of hosts of registered agents, at ports that none of these is at."""
    outside: int = 0
    """Rows of another time."""
    wrong: int = 0
    errors: list[Wrong] = []
    first: int | None = None
    last: int | None = None
    kinds: dict[str, int] = {}


class Day(msgspec.Struct, frozen=True):
    """What one host's rows and records of one day come to."""

    day: str
    place: int
    kinds: dict[str, int]
    bytes: int


class Compared:
    """What the comparison of one log shows, read from the database as it is asked for."""

    def __init__(
        self,
        read: Read,
        db: sqlite3.Connection,
        names: list[str],
        hosts: Mapping[str, frozenset[str]],
        days: list[Day] | None,
    ) -> None:
        self.read, self._db, self._names, self._hosts, self._days = read, db, names, hosts, days
        for kind in KINDS:
            read.kinds[kind] = sum(day.kinds.get(kind, 0) for day in days) if days is not None else self._count(kind)

    def _count(self, kind: Kind) -> int:
        table = "sent" if kind in ("missing", "beyond") else "line"
        return int(self._db.execute(f"SELECT count(*) FROM {table} WHERE kind = ?", (kind,)).fetchone()[0])  # noqa: S608 - one of two

    def agents(self, place: int) -> str:
        return " ".join(sorted(self._hosts[self._names[place]]))

    def host(self, place: int) -> str:
        return self._names[place]

    def days(self) -> Iterator[Day]:
        """Totals of each host and day (UTC, but for `each = "day"`), in that order."""
        if self._days is not None:
            yield from self._days
            return
        query = (
            "SELECT day, place, kind, sum(n), cast(total(size) AS INTEGER) FROM ("
            "SELECT at / 86400000000 AS day, place, kind, count(*) AS n, cast(total(bytes) AS INTEGER) AS size"
            " FROM line WHERE kind <> 'other' GROUP BY 1, 2, 3 UNION ALL"
            " SELECT at / 86400000000, place, kind, count(*), 0 FROM sent"
            " WHERE kind IN ('missing', 'beyond') GROUP BY 1, 2, 3) GROUP BY 1, 2, 3 ORDER BY 1, 2"
        )
        current: tuple[int, int] | None = None
        kinds: dict[str, int] = {}
        size = 0
        for day, place, kind, count, bytes_ in self._db.execute(query):
            if current not in (None, (day, place)) and current is not None:
                yield Day(_date(current[0]), current[1], kinds, size)
                kinds, size = {}, 0
            current = (day, place)
            kinds[kind], size = count, size + bytes_
        if current is not None:
            yield Day(_date(current[0]), current[1], kinds, size)

    def findings(self) -> Iterator[Finding]:
        """Rows that no record is behind, then records that no row is behind, each in the order of their times."""
        if self._days is not None:
            return
        rows = (
            "SELECT kind, number, NULL, NULL, at, place, bytes, NULL FROM line WHERE kind IN ('around', 'extra')"
            " ORDER BY at, number"
        )
        columns = "kind, NULL, tenant, seq, at, place, NULL, emergency"
        sent = f"SELECT {columns} FROM sent WHERE kind = 'missing' ORDER BY at, id"  # noqa: S608
        for query in (rows, sent):
            for kind, line, tenant, seq, at, place, size, own in self._db.execute(query):
                host = self._names[place]
                yield Finding(self.read.source, kind, line, tenant, seq, at, host, self.agents(place), size, own)


class Days:
    """A log that says how many requests there were on a day, against how many are on record of the same day."""

    def __init__(self, db: sqlite3.Connection, source: Source, since: int, until: int) -> None:
        self._db, self._zone = db, ZoneInfo(source.zone)
        self._whole = (self._day(since - 1), self._day(until))
        """Days between these are wholly in the period."""

    def sums(self) -> list[Day]:
        told: defaultdict[tuple[str, int], Counter[int | None]] = defaultdict(Counter)
        recorded: defaultdict[tuple[str, int], Counter[int | None]] = defaultdict(Counter)
        sizes: Counter[tuple[str, int]] = Counter()
        rows = "SELECT at, place, port, count, coalesce(bytes, 0) FROM line"
        for at, place, port, count, size in self._db.execute(rows):
            key = (self._day(at), place)
            told[key][port] += count
            sizes[key] += size
        for at, place, port in self._db.execute("SELECT at, place, port FROM sent WHERE kind IS NULL"):
            recorded[self._day(at), place][port] += 1
        known = {day for (day, _), counts in told.items() if counts.total()}
        return [
            Day(key[0], key[1], _difference(told[key], recorded[key], known=key[0] in known), sizes[key])
            for key in sorted(told.keys() | recorded.keys())
            if self._whole[0] < key[0] < self._whole[1]
        ]

    def _day(self, at: int) -> str:
        moment = datetime.fromtimestamp(0, self._zone) + timedelta(microseconds=at)
        return moment.astimezone(self._zone).date().isoformat()


def _difference(told: Counter[int | None], recorded: Counter[int | None], *, known: bool) -> dict[str, int]:
    met = _met(told, recorded)
    kinds = {"met": met, "around": told.total() - met}
    return {**kinds, "missing" if known else "beyond": recorded.total() - met}


def _met(told: Counter[int | None], recorded: Counter[int | None]) -> int:
    """How many can be met, port by port; what names no port meets what is left of any."""
    same = (told & recorded).total() - min(told[None], recorded[None])
    rows = told.total() - told[None] - same
    records = recorded.total() - recorded[None] - same
    bare = min(rows, recorded[None])
    return same + bare + min(told[None], records + recorded[None] - bare)


def _date(day: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).date().isoformat()
