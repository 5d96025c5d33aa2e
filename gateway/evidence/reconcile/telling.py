"""What a comparison shows, as data and as text: totals by day, what has no other side, and how far it reaches."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from gateway.evidence.reconcile.compared import FINDINGS, Compared
from gateway.ledger.times import timestamp

COLUMNS = ("source", "kind", "line", "tenant", "seq", "at", "host", "agents", "bytes", "emergency")
"""Of a finding, in a table."""
_WORDS = {
    "met": "on both sides",
    "repeated": "from the gateway near records that others have met: retries and health checks",
    "check": "from the gateway, for what an agent's health is asked for with: a health check leaves no record",
    "around": "NOT on record: traffic to an agent's host that no record is near, or that did not come from the gateway",
    "extra": "more rows than records near in time: retries, health checks, or traffic around the gateway",
    "missing": "on record, and not in the log",
    "beyond": "on record, where the log does not reach",
}


class Unheld(msgspec.Struct, kw_only=True):
    """Records of the period that no log can show, or that nobody knows where to look for."""

    sent: int = 0
    first: str | None = None
    """When the first of them occurred: the ledger may begin later than the period."""
    last: str | None = None
    pulled: int = 0
    """Fetched by the agent itself: nothing was sent to it."""
    homeless: int = 0
    """Of agents that are registered no more, without a detail that says where they were."""
    archives: list[str] = []
    """Archives that some of the records were read from."""
    emergencies: list[str] = []
    """Emergency ledgers that some of the records are of."""


class Told:
    """Gathers what each log shows. At most `limit` findings are kept, of all logs together."""

    def __init__(self, since: str, until: str, mapping: str, limit: int) -> None:
        self._about = {"from": since, "to": until, "mapping": mapping}
        self.mapping = mapping
        """The mapping's digest."""
        self._limit = limit
        self._sources: list[dict[str, Any]] = []
        self._days: list[dict[str, Any]] = []
        self._findings: list[dict[str, Any]] = []
        self._left = 0

    def add(self, compared: Compared) -> None:
        """One log, while its comparison is there to be read."""
        read = compared.read
        self._sources.append(
            {
                "source": read.source,
                "each": read.each,
                "rows": read.rows,
                "compared": read.compared,
                "elsewhere": read.elsewhere,
                "other_ports": read.other_ports,
                "outside": read.outside,
                "unreadable": read.wrong,
                "errors": [{"line": one.number, "problem": one.problem} for one in read.errors],
                "first": _time(read.first),
                "last": _time(read.last),
                **read.kinds,
            }
        )
        for day in compared.days():
            named = {"host": compared.host(day.place), "agents": compared.agents(day.place)}
            self._days.append({"source": read.source, "day": day.day, **named, "bytes": day.bytes, **day.kinds})
        for finding in compared.findings():
            if len(self._findings) >= self._limit:
                self._left += 1
                continue
            shown = msgspec.structs.asdict(finding)
            self._findings.append({**shown, "at": timestamp(finding.at)})

    def document(self, records: Unheld) -> dict[str, Any]:
        """Everything. `ok` says that each row and each record that could be compared has its other side, and that each
        log could be read whole and held something to compare."""
        whole = all(
            one["compared"] and not one["unreadable"] and not any(one[kind] for kind in FINDINGS)
            for one in self._sources
        )
        return {
            **self._about,
            "ok": whole and bool(self._sources),
            "records": msgspec.to_builtins(records),
            "sources": self._sources,
            "days": self._days,
            "findings": self._findings,
            "findings_left_out": self._left,
        }


def lines(document: dict[str, Any], table: Sequence[str]) -> Iterable[str]:
    """A document as text; `table` are the lines of its findings."""
    records = document["records"]
    yield f"period      {document['from']} to {document['to']}"
    yield f"records     {records['sent']} of something sent to an agent, from {records['first']} to {records['last']}"
    if records["pulled"]:
        yield f"            {records['pulled']} more were fetched by their agents: no log of what is sent shows them"
    if records["archives"]:
        yield f"            some of them were read from archives: {', '.join(records['archives'])}"
    if records["emergencies"]:
        yield f"            some of them are of emergency ledgers: {', '.join(records['emergencies'])}"
    if records["homeless"]:
        yield f"            {records['homeless']} more are of agents whose host nobody knows any more: not compared"
    for one in document["sources"]:
        yield ""
        yield f"{one['source']}: {one['rows']} rows, each a {one['each']}, from {one['first']} to {one['last']}"
        yield f"  {one['compared']} compared, {one['elsewhere']} to other hosts, {one['outside']} of another time"
        if one["other_ports"]:
            yield f"  {one['other_ports']} to agents' hosts at ports that no agent is at: not compared"
        for kind, words in _WORDS.items():
            if one[kind]:
                yield f"  {one[kind]} {words}"
        if one["unreadable"]:
            yield f"  {one['unreadable']} LINES COULD NOT BE READ, and may be anything:"
            yield from (f"    line {error['line']}: {error['problem']}" for error in one["errors"][:10])
    if document["days"]:
        yield ""
        for day in document["days"]:
            counts = ", ".join(f"{kind} {day[kind]}" for kind in _WORDS if day.get(kind))
            yield f"{day['day']}  {day['source']}  {day['host']} ({day['agents']}): {counts}; {day['bytes']} bytes"
    if document["findings"]:
        yield ""
        yield from table
    if document["findings_left_out"]:
        yield f"and {document['findings_left_out']} more: --limit shows them"
    yield ""
    yield "EVERYTHING COMPARED IS ACCOUNTED FOR" if document["ok"] else "NOT EVERYTHING IS ACCOUNTED FOR"


def _time(at: int | None) -> str | None:
    return None if at is None else timestamp(at)
