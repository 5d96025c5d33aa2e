"""Rows of a log and records of what was sent, matched in the order of their times.

Both lie in a database of the comparison's own in a temporary file, which SQLite takes off the directory as it makes it:
logs come in any order, and memory stays bounded by what is near in time. A row that names a request is met by the
record of that id and no other. Any other row is met by the earliest record of an agent behind its host that is not met
yet and was written no more than the clocks' difference (and the source's lag) before or after: with windows of equal
length that meets as many as can be met.

What a row is found to be: `met`; `around`, where no record of its host is near, it names a request that is not on
record, or it came from elsewhere than the gateway; `extra`, where records are near but others have met them;
`repeated`, where it came from the gateway all the same (retries to the same agent and health checks leave no record of
their own).
What a record is found to be: `met`; `missing`, where the log reaches that far and has no row of it; `beyond`, where it
does not reach that far.
"""

import sqlite3
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from gateway.evidence.reconcile.compared import Compared, Days, Kind, Read
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
                   agent TEXT, exchange TEXT, trace TEXT, emergency TEXT, kind TEXT);
CREATE TABLE line (number INTEGER, at INTEGER, until INTEGER, place INTEGER, bytes INTEGER, request TEXT,
                   inside INTEGER, count INTEGER, kind TEXT);
CREATE INDEX sent_place ON sent (place, at);
"""


class Sent(msgspec.Struct, frozen=True):
    """A record that something was sent to an agent: of which tenant, at which time, and to which host."""

    tenant: str
    seq: int
    at: int
    agent: str
    host: str
    exchange: str | None
    trace: str | None
    emergency: str | None = None
    """The emergency ledger that it is a record of; None for the main one."""


class Comparison:
    """One comparison, of a period [`since`, `until`) in microseconds. `hosts`: host → the agents behind it; `aliases`:
    further names of hosts → those."""

    def __init__(
        self, since: int, until: int, hosts: Mapping[str, frozenset[str]], aliases: Mapping[str, str] | None = None
    ) -> None:
        self._aliases = dict(aliases or {})
        self._since, self._until, self._hosts = since, until, dict(hosts)
        self._places = {host: place for place, host in enumerate(sorted(self._hosts))}
        self._names = sorted(self._hosts)
        self._owned: int | None = None
        self._db = sqlite3.connect("")
        self._db.executescript(_TABLES)

    def close(self) -> None:
        self._db.close()

    def add(self, sent: Iterable[Sent]) -> None:
        """Records of the period, and of as long before and after it as clocks may differ."""
        rows = []
        for one in sent:
            place = self._place(self._aliases.get(one.host, one.host), one.agent)
            named = (one.agent, one.exchange, one.trace, one.emergency)
            rows.append((one.tenant, one.seq, one.at, place, place, *named))
        columns = "tenant, seq, at, home, place, agent, exchange, trace, emergency"
        self._db.executemany(f"INSERT INTO sent ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)  # noqa: S608

    def _place(self, host: str, agent: str) -> int:
        place = self._places.get(host)
        if place is None:
            place = self._places[host] = len(self._names)
            self._names.append(host)
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
            self._named()
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
        host = row.host
        place = self._own(source) if host is None else self._places.get(self._aliases.get(host, host))
        if place is None or (covered and not covered & self._hosts[self._names[place]]):
            read.elsewhere += not outside
            return None
        read.compared += 0 if outside else row.count
        return (row.number, row.at, row.until, place, row.bytes, row.request, row.inside, row.count)

    def _own(self, source: Source) -> int:
        """The place of a log that is one agent's: for this comparison, all its records lie there."""
        if self._owned is None:
            hosts = sorted(host for host, agents in self._hosts.items() if source.agent in agents)
            self._owned = self._place(hosts[0] if hosts else f"({source.agent})", source.agent or "")
            self._db.execute("UPDATE sent SET place = ? WHERE agent = ?", (self._owned, source.agent))
        return self._owned

    def _insert(self, batch: list[tuple[Any, ...]]) -> None:
        self._db.executemany("INSERT INTO line VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)", batch)
        batch.clear()

    def _named(self) -> None:
        """Rows that name a request."""
        self._db.execute("CREATE INDEX IF NOT EXISTS sent_exchange ON sent (exchange)")
        self._db.execute("CREATE INDEX IF NOT EXISTS sent_trace ON sent (trace)")
        query = "SELECT id FROM sent WHERE {} = ? AND place = ? AND kind IS NULL ORDER BY at LIMIT 1"
        seen = "SELECT 1 FROM sent WHERE place = ? AND (exchange = ? OR trace = ?) LIMIT 1"
        found = _Found(self._db)
        # Sorted before the first is given, so that what is written meanwhile changes nothing.
        for rowid, request, place, inside in self._db.execute(
            "SELECT rowid, request, place, inside FROM line WHERE request IS NOT NULL ORDER BY at, number"
        ):
            one = None
            if inside != 0:
                one = self._db.execute(query.format("exchange"), (request, place)).fetchone()
                one = one or self._db.execute(query.format("trace"), (request, place)).fetchone()
            if one is not None:
                self._db.execute("UPDATE sent SET kind = 'met' WHERE id = ?", one)
                found.add(rowid, "met", None)
                continue
            again = inside != 0 and self._db.execute(seen, (place, request, request)).fetchone() is not None
            found.add(rowid, "repeated" if again else "around", None)
        found.flush()

    def _requests(self, source: Source) -> None:
        """Rows that name none, each met by one record at most."""
        before, after = (source.skew_s + source.lag_s) * 1_000_000, source.skew_s * 1_000_000
        lines = "SELECT rowid, at, inside FROM line WHERE place = ? AND kind IS NULL ORDER BY at, number"
        sent = "SELECT at, id FROM sent WHERE place = ? AND kind IS NULL ORDER BY at, id"
        found = _Found(self._db)
        for place in range(len(self._names)):
            # Read along an index on place and time, which nothing that is written here changes.
            coming = _Coming(self._db.execute(sent, (place,)))
            for rowid, at, inside in self._db.execute(lines, (place,)):
                seq = None if inside == 0 else coming.take(at - before, at + after)
                if seq is not None:
                    found.add(rowid, "met", seq)
                elif inside == 1:
                    found.add(rowid, "repeated", None)
                else:
                    near = inside is None and coming.near(at - before)
                    found.add(rowid, "extra" if near else "around", None)
            found.flush()

    def _connections(self, source: Source) -> None:
        """Rows that may carry several requests, or none that is on record by itself: met by any record within."""
        skew, lag = source.skew_s * 1_000_000, source.lag_s * 1_000_000
        self._db.execute(
            "UPDATE line SET kind = CASE WHEN inside = 0 THEN 'around' WHEN EXISTS (SELECT 1 FROM sent"
            " WHERE place = line.place AND at BETWEEN line.at - ? AND line.until + ?) THEN 'met'"
            " WHEN inside = 1 THEN 'repeated' ELSE 'around' END",
            (skew + lag, skew),
        )
        lines = "SELECT at, until FROM line WHERE place = ? AND kind = 'met' ORDER BY at"
        sent = "SELECT at, id FROM sent WHERE place = ? AND kind IS NULL ORDER BY at"
        found = _Found(self._db)
        for place in range(len(self._names)):
            rows = iter(self._db.execute(lines, (place,)))
            upcoming, reach = next(rows, None), None
            for at, seq in self._db.execute(sent, (place,)):
                while upcoming is not None and upcoming[0] - skew - lag <= at:
                    reach = upcoming[1] if reach is None else max(reach, upcoming[1])
                    upcoming = next(rows, None)
                if reach is not None and reach + skew >= at:
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
    """Records of one host in the order of their times, as many of them at once as are near."""

    def __init__(self, rows: Iterable[tuple[int, int]]) -> None:
        self._rows = iter(rows)
        self._near: deque[tuple[int, int]] = deque()
        self._met = -1
        self._ahead: tuple[int, int] | None = next(self._rows, None)

    def take(self, low: int, high: int) -> int | None:
        """The earliest record between these times that nobody has taken. Ask with ever later ones."""
        while self._ahead is not None and self._ahead[0] <= high:
            self._near.append(self._ahead)
            self._ahead = next(self._rows, None)
        while self._near and self._near[0][0] < low:
            self._near.popleft()
        if not self._near:
            return None
        self._met, seq = self._near.popleft()
        return seq

    def near(self, low: int) -> bool:
        """Whether the last one that was taken is no earlier than this."""
        return self._met >= low
