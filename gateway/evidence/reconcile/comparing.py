"""Rows of a log and records of what was sent, matched in the order of their times.

Both lie in a database of the comparison's own in a temporary file, which SQLite takes off the directory as it makes it:
logs come in any order, and memory stays bounded by what is near in time. A row that names a request is met by the
record of that id and no other. Any other row is met by the earliest record of an agent behind its host that is not met
yet and was written no more than the clocks' difference (and the source's lag) before or after: with windows of equal
length that meets as many as can be met.

A row that names a port is met by records of that port alone, or of none; these rows come first. One that names none is
met by what is left of any port, since nothing says more of it.

What a row is found to be: `met`; `around`, where no record of its host and port is near, it names a request that is not
on record, or it came from elsewhere than the gateway; `extra`, where records are near but others have met them;
`repeated`, where it came from the gateway all the same, or names a request near in time that another row has met
(retries to the same agent and health checks leave no record of their own); `check`, where it came from the gateway, for
what it asks an agent at that place for its health with, and none of the records that other rows have left has met it.
What a record is found to be: `met`; `missing`, where the log reaches that far and has no row of it; `beyond`, where it
does not reach that far.
"""

import sqlite3
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from gateway.evidence.reconcile.compared import Compared, Days, Kind, Read
from gateway.evidence.reconcile.hosts import Place
from gateway.evidence.reconcile.lines import Row, Wrong
from gateway.evidence.reconcile.mapping import Source

SHOWN_ERRORS = 100
_BATCH = 5_000
_TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -16384;
PRAGMA temp_store = FILE;
CREATE TABLE sent (id INTEGER PRIMARY KEY, tenant TEXT, seq INTEGER, at INTEGER, home INTEGER, place INTEGER,
                   port INTEGER, agent TEXT, exchange TEXT, trace TEXT, emergency TEXT, kind TEXT);
CREATE TABLE line (number INTEGER, at INTEGER, until INTEGER, place INTEGER, port INTEGER, bytes INTEGER,
                   request TEXT, inside INTEGER, count INTEGER, checked INTEGER, kind TEXT);
CREATE INDEX sent_place ON sent (place, at);
"""
_NO_PORT = 0
"""Of a row to a host where somebody may be at any port: at none that is known."""
_SAME = "place = :place AND (:port IS NULL OR port IS NULL OR port = :port)"
"""Records that a row to this place and port may be met by."""


class Sent(msgspec.Struct, frozen=True):
    """A record that something was sent to an agent: of which tenant, at which time, and to which host."""

    tenant: str
    seq: int
    at: int
    agent: str
    host: str
    exchange: str | None
    trace: str | None
    port: int | None = None
    """None where nobody knows it any more."""
    emergency: str | None = None
    """The emergency ledger that it is a record of; None for the main one."""


class Comparison:
    """One comparison, of a period [`since`, `until`) in microseconds. `hosts`: host → the agents behind it; `ports`:
    host → the ports that these are at, with None among them, or without the host, where one may be at any; `aliases`:
    further names of hosts, at one port or at any (None), → those; `checks`: host and port (None: any) → what the
    gateway asks agents there for their health with, in each way that a log may write it."""

    def __init__(
        self,
        since: int,
        until: int,
        hosts: Mapping[str, frozenset[str]],
        ports: Mapping[str, frozenset[int | None]],
        aliases: Mapping[Place, Place] | None = None,
        checks: Mapping[Place, frozenset[str]] | None = None,
    ) -> None:
        self._aliases = dict(aliases or {})
        self._since, self._until, self._hosts = since, until, dict(hosts)
        self._checks = dict(checks or {})
        self._places = {host: place for place, host in enumerate(sorted(self._hosts))}
        self._names = sorted(self._hosts)
        self._ports: list[set[int | None]] = [set(ports.get(host, (None,))) for host in self._names]
        self._owned: int | None = None
        self._db = sqlite3.connect("")
        self._db.executescript(_TABLES)

    def close(self) -> None:
        self._db.close()

    def add(self, sent: Iterable[Sent]) -> None:
        """Records of the period, and of as long before and after it as clocks may differ."""
        rows = []
        for one in sent:
            host, port = self._standing(one.host, one.port)
            place = self._place(host, one.agent)
            self._ports[place].add(port)
            named = (one.agent, one.exchange, one.trace, one.emergency)
            rows.append((one.tenant, one.seq, one.at, place, place, port, *named))
        columns = "tenant, seq, at, home, place, port, agent, exchange, trace, emergency"
        self._db.executemany(f"INSERT INTO sent ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)  # noqa: S608

    def _standing(self, host: str, port: int | None) -> Place:
        """The host and port that stand for these here."""
        main, own = self._aliases.get((host, port)) or self._aliases.get((host, None)) or (host, None)
        return main, port if own is None else own

    def _place(self, host: str, agent: str) -> int:
        place = self._places.get(host)
        if place is None:
            place = self._places[host] = len(self._names)
            self._names.append(host)
            self._ports.append(set())
        self._hosts[host] = self._hosts.get(host, frozenset()) | {agent}
        return place

    def compare(self, source: Source, rows: Iterable[Row | Wrong]) -> "Compared":
        """One log against all of it. Call after the last `add`; what is told of the one before is gone then."""
        read = Read(source=source.id, each=source.each, errors=[], kinds={})
        self._owned = None
        self._db.execute("DELETE FROM line")
        self._db.execute("UPDATE sent SET kind = NULL, place = home")
        covered = frozenset(source.agents or ((source.agent,) if source.agent else ()))
        if covered:
            marks = ",".join("?" * len(covered))
            self._db.execute(f"UPDATE sent SET kind = 'other' WHERE agent NOT IN ({marks})", tuple(covered))  # noqa: S608 - marks alone
        batch: list[tuple[Any, ...]] = []
        for row in rows:
            values = self._row(source, row, read, covered)
            if values is not None:
                batch.append(values)
            if len(batch) >= _BATCH:
                self._insert(batch)
        self._insert(batch)
        self._db.execute("CREATE INDEX IF NOT EXISTS line_place ON line (place, at)")
        if source.each == "day":
            days = Days(self._db, source, self._since, self._until)
            return Compared(read, self._db, self._names, self._hosts, days.sums())
        if source.each == "connection":
            self._connections(source)
        else:
            self._named(source)
            self._requests(source)
        self._reach(source, read)
        return Compared(read, self._db, self._names, self._hosts, None)

    def _row(self, source: Source, row: Row | Wrong, read: Read, covered: frozenset[str]) -> tuple[Any, ...] | None:
        read.rows += 1
        if isinstance(row, Wrong):
            read.wrong += 1
            if len(read.errors) < SHOWN_ERRORS:
                read.errors.append(row)
            return None
        read.first = row.at if read.first is None else min(read.first, row.at)
        read.last = row.until if read.last is None else max(read.last, row.until)
        outside = row.until < self._since or row.at >= self._until
        # What is dated a little before or after the period may still be of a record within it.
        margin = 0 if source.each == "day" else (source.skew_s + source.lag_s) * 1_000_000
        read.outside += outside
        if row.until < self._since - margin or row.at >= self._until + margin:
            return None
        host, port = (None, None) if row.host is None else self._standing(row.host, row.port)
        place = self._own(source) if host is None else self._places.get(host)
        if place is None or (covered and not covered & self._hosts[self._names[place]]):
            read.elsewhere += not outside
            return None
        checked = self._checked(row, self._names[place], port)
        if port is not None and port not in self._ports[place]:
            if None not in self._ports[place]:
                read.other_ports += not outside
                return None
            port = _NO_PORT
        read.compared += 0 if outside else row.count
        return (row.number, row.at, row.until, place, port, row.bytes, row.request, row.inside, row.count, checked)

    def _checked(self, row: Row, host: str, port: int | None) -> bool:
        """Whether it may be one of the gateway's health checks."""
        if not row.inside or row.request is not None or row.path is None:
            return False
        return any(
            row.path in paths
            for (at, own), paths in self._checks.items()
            if at == host and (own is None or port is None or own == port)
        )

    def _own(self, source: Source) -> int:
        """The place of a log that is one agent's: for this comparison, all its records lie there."""
        if self._owned is None:
            hosts = sorted(host for host, agents in self._hosts.items() if source.agent in agents)
            self._owned = self._place(hosts[0] if hosts else f"({source.agent})", source.agent or "")
            self._db.execute("UPDATE sent SET place = ? WHERE agent = ?", (self._owned, source.agent))
        return self._owned

    def _insert(self, batch: list[tuple[Any, ...]]) -> None:
        self._db.executemany("INSERT INTO line VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)", batch)
        batch.clear()

    def _named(self, source: Source) -> None:
        """Rows that name a request."""
        self._db.execute("CREATE INDEX IF NOT EXISTS sent_exchange ON sent (exchange)")
        self._db.execute("CREATE INDEX IF NOT EXISTS sent_trace ON sent (trace)")
        # The index of places would be taken else, which goes through all records of a host for each row.
        named = f"FROM sent INDEXED BY sent_{{0}} WHERE {{0}} = :request AND {_SAME}"
        free = f"SELECT id {named} AND kind IS NULL ORDER BY at LIMIT 1"
        seen = f"SELECT 1 {named} AND at BETWEEN :low AND :high LIMIT 1"
        before, after = _window(source)
        found = _Found(self._db)
        # Sorted before the first is given, so that what is written meanwhile changes nothing.
        for rowid, at, request, place, port, inside in self._db.execute(
            "SELECT rowid, at, request, place, port, inside FROM line WHERE request IS NOT NULL ORDER BY at, number"
        ):
            asked = {"request": request, "place": place, "port": port, "low": at - before, "high": at + after}
            one = None if inside == 0 else self._of_request(free, asked)
            if one is not None:
                self._db.execute("UPDATE sent SET kind = 'met' WHERE id = ?", (one,))
                found.add(rowid, "met", None)
                continue
            again = inside != 0 and self._of_request(seen, asked) is not None
            found.add(rowid, "repeated" if again else "around", None)
        found.flush()

    def _of_request(self, query: str, asked: Mapping[str, Any]) -> int | None:
        """What a query finds by the exchange's id, or else by the trace's."""
        for column in ("exchange", "trace"):
            one = self._db.execute(query.format(column), asked).fetchone()
            if one is not None:
                return int(one[0])
        return None

    def _groups(self) -> list[dict[str, int | None]]:
        """The places and ports that rows went to; of each place those without a port last."""
        query = "SELECT DISTINCT place, port FROM line ORDER BY place, port IS NULL, port"
        return [{"place": place, "port": port} for place, port in self._db.execute(query)]

    def _requests(self, source: Source) -> None:
        """Rows that name none, each met by one record at most; what may be a health check by what others have left."""
        found = _Found(self._db)
        for group in self._groups():
            for checked in (False, True):
                self._met(source, {**group, "checked": checked}, found)
                found.flush()

    def _met(self, source: Source, group: Mapping[str, int | None], found: "_Found") -> None:
        before, after = _window(source)
        lines = (
            "SELECT rowid, at, inside, checked FROM line WHERE place = :place AND port IS :port AND kind IS NULL"
            " AND checked = :checked ORDER BY at, number"
        )
        sent = f"SELECT at, id, kind IS NULL FROM sent WHERE {_SAME} AND kind IS NOT 'other' ORDER BY at, id"  # noqa: S608
        # Read along an index on place and time, which nothing that is written here changes.
        coming = _Coming(self._db.execute(sent, group))
        for rowid, at, inside, checked in self._db.execute(lines, group):
            seq = None if inside == 0 else coming.take(at - before, at + after)
            if seq is not None:
                found.add(rowid, "met", seq)
            elif checked:
                found.add(rowid, "check", None)
            elif inside == 0 or not coming.near(at - before):
                found.add(rowid, "around", None)
            else:
                found.add(rowid, "extra" if inside is None else "repeated", None)

    def _connections(self, source: Source) -> None:
        """Rows that may carry several requests, or none that is on record by itself: met by any record within."""
        before, after = _window(source)
        self._db.execute(
            "UPDATE line SET kind = CASE WHEN inside IS NOT 0 AND EXISTS (SELECT 1 FROM sent WHERE place = line.place"
            " AND (line.port IS NULL OR sent.port IS NULL OR sent.port = line.port)"
            " AND at BETWEEN line.at - ? AND line.until + ?) THEN 'met' ELSE 'around' END",
            (before, after),
        )
        lines = "SELECT at, until FROM line WHERE place = :place AND port IS :port AND kind = 'met' ORDER BY at"
        sent = f"SELECT at, id FROM sent WHERE {_SAME} AND kind IS NULL ORDER BY at"  # noqa: S608
        found = _Found(self._db)
        for group in self._groups():
            rows = iter(self._db.execute(lines, group))
            upcoming, reach = next(rows, None), None
            for at, seq in self._db.execute(sent, group):
                while upcoming is not None and upcoming[0] - before <= at:
                    reach = upcoming[1] if reach is None else max(reach, upcoming[1])
                    upcoming = next(rows, None)
                if reach is not None and reach + after >= at:
                    found.add(None, "met", seq)
            found.flush()

    def _reach(self, source: Source, read: Read) -> None:
        """Records that nothing met: missing in the log as far as it reaches, and beyond it elsewhere. Those before and
        after the period were only there to be met."""
        skew, period = source.skew_s * 1_000_000, (self._since, self._until)
        self._db.execute("UPDATE line SET kind = 'other' WHERE until < ? OR at >= ?", period)
        self._db.execute("UPDATE sent SET kind = 'other' WHERE kind IS NULL AND (at < ? OR at >= ?)", period)
        if read.first is not None and read.last is not None:
            self._db.execute(
                "UPDATE sent SET kind = 'missing' WHERE kind IS NULL AND at BETWEEN ? AND ?",
                (read.first + skew, read.last - skew - source.lag_s * 1_000_000),
            )
        self._db.execute("UPDATE sent SET kind = 'beyond' WHERE kind IS NULL")


def _window(source: Source) -> tuple[int, int]:
    """How long before and after a row a record may be written and meet it, in microseconds."""
    return (source.skew_s + source.lag_s) * 1_000_000, source.skew_s * 1_000_000


class _Found:
    """What rows and records are found to be, written a batch at a time."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._lines: list[tuple[str, int]] = []
        self._sent: list[tuple[int]] = []

    def add(self, rowid: int | None, kind: Kind, seq: int | None) -> None:
        """A row, and the record that has met it; either may be None."""
        if rowid is not None:
            self._lines.append((kind, rowid))
        if seq is not None:
            self._sent.append((seq,))
        if len(self._lines) + len(self._sent) >= _BATCH:
            self.flush()

    def flush(self) -> None:
        self._db.executemany("UPDATE line SET kind = ? WHERE rowid = ?", self._lines)
        self._db.executemany("UPDATE sent SET kind = 'met' WHERE id = ?", self._sent)
        self._lines.clear()
        self._sent.clear()


class _Coming:
    """Records of one host in the order of their times, as many of them at once as are near: when, which, and whether
    nothing has met it yet."""

    def __init__(self, rows: Iterable[tuple[int, int, int]]) -> None:
        self._rows = iter(rows)
        self._near: deque[tuple[int, int]] = deque()
        self._last = -1
        self._ahead: tuple[int, int, int] | None = next(self._rows, None)

    def take(self, low: int, high: int) -> int | None:
        """The earliest record between these times that nobody has taken. Ask with ever later ones."""
        while self._ahead is not None and self._ahead[0] <= high:
            self._last, seq, free = self._ahead
            if free:
                self._near.append((self._last, seq))
            self._ahead = next(self._rows, None)
        while self._near and self._near[0][0] < low:
            self._near.popleft()
        return self._near.popleft()[1] if self._near else None

    def near(self, low: int) -> bool:
        """Whether there is a record between this and the last time that was asked for, taken or not."""
        return self._last >= low
