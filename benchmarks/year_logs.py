"""Logs of what went to the agents of a generated year, as a proxy, a tracing one and a provider would have them, with
what is known of each row and record: most are on both sides, and some on one alone."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from benchmarks.year_hand import DAY_US, START_US, YEAR_US, Drawn
from gateway.ledger.record import timestamp
from gateway.ledger.times import parse_timestamp

SECOND, MINUTE = 1_000_000, 60_000_000
APART_US = 15 * MINUTE
"""As far as one sending is from others to the same agent for something special to happen to it."""
LATE = 30
"""The number of the sending that a proxy's log begins with, or of the next one that is long after the one before it."""
OWN, STRANGER = "10.0.0.5", "10.9.9.9"
"""Where rows come from: the gateway, and something else."""
PROVIDED = "cloud-writer"
"""The agent whose provider tells how many requests a day had."""
MAPPING = f"""
[[source]]
id = "proxy"
format = "csv"
each = "request"
gateway = ["{OWN}"]
[source.columns]
time = "time"
host = "host"
source = "from"

[[source]]
id = "tracing"
format = "ndjson"
each = "request"
[source.columns]
time = "at"
host = "to"
request = "id"

[[source]]
id = "provider"
format = "csv"
each = "day"
agent = "{PROVIDED}"
[source.columns]
time = "date"
count = "requests"
"""


class Sending(NamedTuple):
    """Something that was sent to an agent."""

    seq: int
    at: int
    agent: str
    exchange: str


class Log:
    """Lines, and what is known of them and of the records: how many of each kind by day and agent, and which have no
    other side. `head`: how many lines come before the first row."""

    def __init__(self, head: int = 0) -> None:
        self.lines: list[str] = []
        self.days: Counter[tuple[str, str, str]] = Counter()
        self.found: list[tuple[str, int | None, int | None]] = []
        """Kind, line, record."""
        self.elsewhere = self.other_ports = self.outside = self.unreadable = 0
        self._head = head

    def row(self, text: str, at: int, agent: str, kind: str) -> None:
        self.lines.append(text)
        self.days[timestamp(at)[:10], agent, kind] += 1
        if kind in ("around", "extra"):
            self.found.append((kind, self._head + len(self.lines), None))

    def record(self, one: Sending, kind: str) -> None:
        """One without a row: `missing`, or `beyond`."""
        self.days[timestamp(one.at)[:10], one.agent, kind] += 1
        if kind == "missing":
            self.found.append((kind, None, one.seq))

    def kinds(self) -> Counter[str]:
        """How many of each kind."""
        found: Counter[str] = Counter()
        for (_, _, kind), times in self.days.items():
            found[kind] += times
        return found


def sendings(drawn: Iterable[tuple[int, Drawn]]) -> list[Sending]:
    """What went to agents, by these records with their numbers."""
    found = []
    for seq, drawn_ in drawn:
        one = drawn_.envelope
        if one.event in ("exchange.requested", "exchange.attempted") and one.agent is not None:
            found.append(Sending(seq, parse_timestamp(one.occurred_at), one.agent, str(one.exchange)))
    return found


def proxy(sent: Sequence[Sending]) -> Log:
    """A request a row, with where it came from. It begins late."""
    log, alone = Log(head=1), _alone(sent)
    begins = next(n for n, (one, two) in enumerate(pairwise(sent), 1) if n >= LATE and two.at - one.at > APART_US)
    for number, one in enumerate(sent):
        turn = number % 50 if one.seq in alone and number < len(sent) - 10 else 0
        if number < begins:
            log.record(one, "beyond")
            continue
        at, host = one.at + number % 60 * SECOND, f"{one.agent}.example:443"
        if turn == 7 and number > begins + 10:
            log.record(one, "missing")
        else:
            log.row(_csv(at, host, OWN), at, one.agent, "met")
        if turn == 11:
            later = at + 10 * MINUTE
            log.row(_csv(later, host, OWN), later, one.agent, "around")
        elif turn in BESIDE:
            source, kind = BESIDE[turn]
            log.row(_csv(at + SECOND, host, source), at + SECOND, one.agent, kind)
        elif turn == 13:
            log.lines.append(_csv(at, "elsewhere.example:443", OWN))
            log.elsewhere += 1
        elif turn == 17:
            log.lines.append(_csv(at, f"{one.agent}.example:8443", OWN))
            log.other_ports += 1
        elif turn == 19:
            log.lines.append(_csv(START_US + YEAR_US + APART_US * number, host, OWN))
            log.outside += 1
        elif turn == 23:
            log.lines.append("no time,at all,")
            log.unreadable += 1
    log.lines.insert(0, "time,host,from")
    return log


BESIDE = {3: (OWN, "repeated"), 5: (STRANGER, "around")}
"""Where a row beside another comes from, and what it is found to be."""


def tracing(sent: Sequence[Sending]) -> Log:
    """A request a row, which mostly names it."""
    log, alone = Log(), _alone(sent)
    for number, one in enumerate(sent):
        turn = number % 60 if one.seq in alone and 10 < number < len(sent) - 10 else 0
        at = one.at + number % 90 * SECOND
        if turn == 7:
            log.record(one, "missing")
            continue
        log.row(_ndjson(at, one, one.exchange), at, one.agent, "met")
        if turn in (3, 9):
            name, kind = (one.exchange, "repeated") if turn == 3 else ("-", "extra")
            log.row(_ndjson(at + SECOND, one, name), at + SECOND, one.agent, kind)
        elif turn == 5:
            log.row(_ndjson(at, one, "another"), at, one.agent, "around")
    return log


def provider(sent: Sequence[Sending]) -> Log:
    """A day a row, with how many requests there were: now and then one more or less than are on record."""
    log, counts = Log(head=1), Counter(one.at // DAY_US for one in sent if one.agent == PROVIDED)
    for turn, day in enumerate(sorted(counts)):
        date, recorded = timestamp(day * DAY_US)[:10], counts[day]
        told = 0 if turn % 11 == 5 else recorded + (turn % 5 == 2) - (turn % 7 == 3 and recorded > 1)
        met = min(told, recorded)
        kinds = {"met": met, "around": told - met, "missing" if told else "beyond": recorded - met}
        log.days.update({(date, PROVIDED, kind): times for kind, times in kinds.items() if times})
        if told:
            log.lines.append(f"{date},{told}")
    log.lines.insert(0, "date,requests")
    return log


LOGS = {"proxy": proxy, "tracing": tracing, "provider": provider}


def _alone(sent: Sequence[Sending]) -> set[int]:
    """The numbers of those that no other to the same agent is near."""
    last: dict[str, Sending] = {}
    near: set[int] = set()
    for one in sent:
        other = last.get(one.agent)
        if other is not None and one.at - other.at < APART_US:
            near |= {one.seq, other.seq}
        last[one.agent] = one
    return {one.seq for one in sent} - near


def _csv(at: int, host: str, source: str) -> str:
    return f"{timestamp(at)},{host},{source}"


def _ndjson(at: int, one: Sending, request: str) -> str:
    return json.dumps({"at": timestamp(at), "to": f"https://{one.agent}.example/v1", "id": request})
