"""What a bundle is about: a period, a framework, a data subject, an exchange or an incident, and what of that can be
checked by whoever has the envelopes of the range and nothing else.

    period     records lie in the order of `recorded_at`. A range that begins with a record from before the period (or
               with the ledger's first) and ends with one from after it holds every record of the period
    framework  its queries are filters, which are run again; how many records each provision has is counted
    exchange   every record of the range of this exchange is selected
    incident   likewise, of the exchange that the record which opened the incident names; that record is in the range
    subject    every record of the listed exchanges is selected. That these are the exchanges which concern the person
               does not follow from envelopes, which name nobody: opened details do, and the rest is the gateway's word
"""

from collections.abc import Callable, Mapping
from typing import Any

from gateway.core.errors import FormatError
from gateway.evidence.selection import Query, Scope, Selection, check_filters, selected
from gateway.ledger.record import Envelope
from gateway.ledger.times import parse_timestamp

PERIOD, FRAMEWORK, SUBJECT, EXCHANGE, INCIDENT = "period", "framework", "subject", "exchange", "incident"
KINDS = (PERIOD, FRAMEWORK, SUBJECT, EXCHANGE, INCIDENT)
OPENED = "incident.opened"
MAX_EXCHANGES = 10_000
MAX_QUERIES = 4_096
MAX_TEXT = 256
_FIELDS = frozenset({"kind", "ids", "period", "queries", "exchanges"})


def chooser(selection: Selection) -> Callable[[Envelope], bool]:
    """Whether a record is selected, for a selection that `check_scope` and `check_filters` have accepted."""
    filters, scope = dict(selection.filters), selection.scope
    if scope is None:
        return (lambda envelope: selected(envelope, filters)) if filters else (lambda envelope: True)
    inside = _inside(scope)
    return lambda envelope: inside(envelope) and selected(envelope, filters)


def _inside(scope: Scope) -> Callable[[Envelope], bool]:
    tests: list[Callable[[Envelope], bool]] = []
    if scope.period is not None:
        tests.append(timed(scope))
    if scope.kind in (SUBJECT, EXCHANGE, INCIDENT):
        exchanges, ids = frozenset(scope.exchanges), frozenset(scope.ids)
        tests.append(
            lambda envelope: (
                envelope.exchange in exchanges
                or envelope.id in ids
                or envelope.incident in ids
                or envelope.subject in ids
            )
        )
    if scope.queries:
        asked = Asked(scope.queries)
        tests.append(lambda envelope: any(True for _ in asked.by(envelope)))
    return lambda envelope: all(test(envelope) for test in tests)


def timed(scope: Scope | None) -> Callable[[Envelope], bool]:
    """Whether a record lies in the period that a bundle is about: every one where it is about none. The range holds a
    record more at each side, to show that it holds the whole period."""
    if scope is None or scope.period is None:
        return lambda envelope: True
    since, until = scope.period
    return lambda envelope: since <= (envelope.recorded_at or "") < until


class Asked:
    """Queries, found by the event that they ask for: most ask for one, and most records are of another."""

    def __init__(self, queries: tuple[Query, ...]) -> None:
        self._any = [query for query in queries if "event" not in query.filters]
        self._by: dict[str, list[Query]] = {}
        for query in queries:
            if "event" in query.filters:
                self._by.setdefault(query.filters["event"], []).append(query)

    def by(self, envelope: Envelope) -> "filter[Query]":
        """The queries that let a record through."""
        found = [*self._any, *self._by.get(envelope.event, ())]
        return filter(lambda query: selected(envelope, query.filters), found)


class Watch:
    """Takes every record of a range in order, and says at the end what of the scope they show."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._asked = Asked(scope.queries)
        self._inside = _inside(Scope(kind=PERIOD, period=scope.period))
        self._first: Envelope | None = None
        self._last: Envelope | None = None
        self._found: set[str] = set()
        self._wanted = frozenset(scope.exchanges)
        self._opened: Envelope | None = None
        self.provisions = {query.provision: 0 for query in scope.queries}

    def feed(self, envelope: Envelope) -> None:
        if self._first is None:
            self._first = envelope
        self._last = envelope
        if self._scope.kind == INCIDENT and envelope.event == OPENED and envelope.id in self._scope.ids:
            self._opened = envelope
        self.beside(envelope)

    def beside(self, envelope: Envelope) -> None:
        """A record that may be of what the bundle is about: of the range, or of an emergency ledger that a record of
        the range stitches in, whose records have places of their own."""
        if self._wanted and envelope.exchange in self._wanted:
            self._found.add(envelope.exchange)
        if self._scope.queries and self._inside(envelope):
            for provision in {query.provision for query in self._asked.by(envelope)}:
                self.provisions[provision] += 1

    def seen(self) -> tuple[Envelope | None, Envelope | None, set[str], Envelope | None, dict[str, int]]:
        """What it has taken, for `add`."""
        return self._first, self._last, self._found, self._opened, self.provisions

    def add(self, seen: tuple[Envelope | None, Envelope | None, set[str], Envelope | None, dict[str, int]]) -> None:
        """What another one of the same scope has taken of the records that come next."""
        first, last, found, opened, provisions = seen
        self._first, self._last = self._first or first, last or self._last
        self._opened = opened or self._opened
        self._found |= found
        for provision, count in provisions.items():
            self.provisions[provision] += count

    def failure(self, end: int, size: int) -> str | None:
        """Why the range, which ends at `end` of a tree of `size`, is none for this scope; None where it is one."""
        scope, first, last = self._scope, self._first, self._last
        if first is None or last is None:
            return "there are no records"
        if scope.period is not None:
            if first.seq and (first.recorded_at or "") >= scope.period[0]:
                return "the range starts within the period, so that records of it may lie before"
            if end < size and (last.recorded_at or "") < scope.period[1]:
                return "the range ends within the period, although there are records after it"
        if scope.kind == INCIDENT:
            if self._opened is None:
                return "the record that opened the incident is not in the range"
            if scope.exchanges != ((self._opened.exchange,) if self._opened.exchange else ()):
                return "the exchange is not the one that the record which opened the incident names"
        return None

    def document(self) -> dict[str, Any]:
        """For the report: the scope, without its lists, and what was counted."""
        scope = self._scope
        shown: dict[str, Any] = {"kind": scope.kind, "ids": list(scope.ids)}
        if scope.period is not None:
            shown["period"] = list(scope.period)
            newest = "" if self._last is None else self._last.recorded_at or ""
            shown["until"] = min(newest, scope.period[1])
        if scope.queries:
            shown["provisions"] = dict(self.provisions)
        if scope.exchanges:
            shown["exchanges"] = len(scope.exchanges)
            shown["exchanges_found"] = len(self._found)
        return shown


def told(document: Mapping[str, Any]) -> list[str]:
    """A document of `Watch`, in lines for people."""
    found = [" ".join((document["kind"], *document["ids"]))]
    if "period" in document:
        since, until = document["period"]
        short = "" if document["until"] == until else f"; the newest record is of {document['until']}"
        found.append(f"recorded from {since} until {until}: every record of that time{short}")
    if "exchanges" in document:
        found.append(f"{document['exchanges_found']} of {document['exchanges']} listed exchanges have records here")
    for provision, count in document.get("provisions", {}).items():
        found.append(f"{provision}: {count} records")
    return found


def notes(document: Mapping[str, Any], *, whole: bool) -> list[str]:
    """What the verifier cannot show of it. `whole`: whether the range is all that the last checkpoint covers."""
    found: list[str] = []
    if "period" in document:
        found.append(
            "What was recorded in this time on emergency ledgers that no record of the range stitches in, if there are"
            " any, is not seen."
        )
    if document["kind"] == SUBJECT:
        found.append(
            "Which exchanges concern the data subject does not follow from records, which name nobody: that the list of"
            " them is complete is the gateway's word. That every record of the listed ones is selected was checked."
        )
    if document["kind"] in (SUBJECT, EXCHANGE, INCIDENT) and not whole:
        found.append("Records of the same exchanges outside of the range, if there are any, are not seen.")
    return found


def check_scope(scope: Scope) -> None:
    """`FormatError` for a scope that cannot be one; names the field."""
    if scope.kind not in KINDS:
        raise FormatError(f"kind must be one of {', '.join(KINDS)}")
    if (scope.kind == PERIOD) == bool(scope.ids) or not all(0 < len(one) <= MAX_TEXT for one in scope.ids):
        raise FormatError("ids must name what the bundle is about, if that is more than a period")
    if scope.kind != SUBJECT and len(scope.ids) > 1:
        raise FormatError("ids must be one, but for a data subject")
    if scope.period is not None:
        since, until = (parse_timestamp(time) for time in scope.period)
        if not since < until:
            raise FormatError("period must end after it starts")
    elif scope.kind == PERIOD:
        raise FormatError("period must be two times")
    if (scope.kind == FRAMEWORK) != bool(scope.queries) or len(scope.queries) > MAX_QUERIES:
        raise FormatError("queries must be those of a framework")
    for query in scope.queries:
        if not 0 < len(query.provision) <= MAX_TEXT:
            raise FormatError("a query must name its provision")
        check_filters(query.filters)
    if scope.exchanges and scope.kind not in (SUBJECT, EXCHANGE, INCIDENT):
        raise FormatError("exchanges must be those of a subject, an exchange or an incident")
    if scope.kind == EXCHANGE and scope.exchanges != scope.ids:
        raise FormatError("exchanges must be the one exchange")
    if len(scope.exchanges) > MAX_EXCHANGES or list(scope.exchanges) != sorted(set(scope.exchanges)):
        raise FormatError(f"exchanges must be at most {MAX_EXCHANGES}, in order, each once")


def encode(scope: Scope) -> dict[str, Any]:
    """As a manifest holds it: what is empty is absent."""
    shown: dict[str, Any] = {"kind": scope.kind}
    if scope.ids:
        shown["ids"] = list(scope.ids)
    if scope.period is not None:
        shown["period"] = list(scope.period)
    if scope.queries:
        shown["queries"] = [[query.provision, dict(query.filters)] for query in scope.queries]
    if scope.exchanges:
        shown["exchanges"] = list(scope.exchanges)
    return shown


def parse(value: Any) -> Scope:
    """The scope that `encode` writes so; `FormatError` for anything else."""
    if not isinstance(value, dict) or "kind" not in value or not set(value) <= _FIELDS or not all(value.values()):
        raise FormatError("scope must have kind, and of ids, period, queries and exchanges what is not empty")
    if not isinstance(value["kind"], str):
        raise FormatError("kind must be a text")
    period = None if "period" not in value else _texts(value["period"], "period")
    if period is not None and len(period) != 2:
        raise FormatError("period must be two times")
    queries = value.get("queries", [])
    if not isinstance(queries, list):
        raise FormatError("queries must be a list")
    scope = Scope(
        kind=value["kind"],
        ids=_texts(value.get("ids", []), "ids"),
        period=None if period is None else (period[0], period[1]),
        queries=tuple(_query(item) for item in queries),
        exchanges=_texts(value.get("exchanges", []), "exchanges"),
    )
    check_scope(scope)
    return scope


def _texts(value: Any, name: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise FormatError(f"{name} must be texts")
    return tuple(value)


def _query(value: Any) -> Query:
    if not isinstance(value, list) or len(value) != 2:
        raise FormatError("a query must be a provision and its filters")
    provision, filters = value
    if not isinstance(provision, str) or not isinstance(filters, dict):
        raise FormatError("a query must be a provision and its filters")
    if not all(isinstance(item, str) for item in filters.values()):
        raise FormatError("a filter's value must be a text")
    return Query(provision, filters)
