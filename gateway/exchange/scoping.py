"""What a bundle shall be about, turned into a range of records and a selection that anyone can run again.

A period becomes the smallest range that shows by its edges that it holds the whole period; a framework the queries of
the policy version that is active; a data subject, an exchange or an incident the ids of exchanges, and, where no range
was asked for, the range that these lie in.
"""

import re

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.checks.policy.policy import Policy
from gateway.checks.policy.version import from_bytes
from gateway.core.canonical import MAX_INTEGER
from gateway.core.errors import ConfigurationError, FormatError
from gateway.core.ports import Clock
from gateway.core.refusal import Refusal
from gateway.evidence.scope import EXCHANGE, FRAMEWORK, INCIDENT, MAX_EXCHANGES, PERIOD, SUBJECT
from gateway.evidence.selection import Query, Scope, Selection
from gateway.exchange import frameworks
from gateway.ledger.record import parse
from gateway.store.incidents import IncidentStore
from gateway.store.policies import PolicyStore
from gateway.store.reader import StoreReader
from gateway.store.search import Filters, parse_filters
from gateway.store.subject_trail import SubjectTrail
from gateway.store.subjects import SubjectStore

NAMED = (FRAMEWORK, SUBJECT, EXCHANGE, INCIDENT)
"""What `about` can name, as `KIND:ID`."""
_ABOUT = re.compile(rf"({'|'.join(NAMED)}):([A-Za-z0-9_.-]{{1,128}})")


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for. `first` and `end` are None where nothing was said of them; filters and times in the form
    that `parse_filters` takes."""

    first: int | None = None
    end: int | None = None
    filters: dict[str, str] = {}
    details: bool = True
    contents: bool = False
    about: str | None = None
    period: tuple[str, str] | None = None


class Scoping:
    """Of one ledger."""

    def __init__(self, *, engine: AsyncEngine, ledger: str, policies: PolicyStore, clock: Clock) -> None:
        self._ledger, self._reader, self._policies = ledger, StoreReader(engine, ledger), policies
        self._incidents, self._subjects = IncidentStore(engine), SubjectStore(engine, clock)
        self._trail = SubjectTrail(engine, clock)

    async def selection(self, asked: Asked) -> Selection | Refusal:
        """The selection, or why it cannot be: names the field, and what would be right."""
        filters = parse_filters(asked.filters)
        if isinstance(filters, Refusal):
            return filters
        if filters.subject is not None:
            return _wrong("subject", "about: subject:ID, since no envelope names a data subject")
        period = _period(asked)
        if isinstance(period, Refusal):
            return period
        unfit = _range(asked)
        if unfit is not None:
            return unfit
        plain = Selection(
            first=asked.first or 0,
            end=asked.end,
            filters=_texts(filters),
            details=asked.details,
            contents=asked.contents,
        )
        if asked.about is None:
            return plain if period is None else await self._within(plain, Scope(kind=PERIOD, period=period))
        about = _ABOUT.fullmatch(asked.about)
        if about is None:
            return _wrong("about", f"KIND:ID, with KIND one of {', '.join(NAMED)}")
        found = await self._named(about[1], about[2])
        if isinstance(found, Refusal):
            return found
        scope, first, end = found
        if asked.first is None and asked.end is None:
            plain = msgspec.structs.replace(plain, first=first, end=end)
        return await self._within(plain, msgspec.structs.replace(scope, period=period))

    async def first_recorded(self, at: str) -> int:
        """The number of the first record that was recorded at this time (27 characters) or later; how many there are,
        if none was. They lie in the order of that time, so that it is found by halving."""
        low, high = 0, await self._reader.size()
        while low < high:
            middle = (low + high) // 2
            stored = await self._reader.record(middle)
            # What is not there any more is older than what is.
            if stored is None or (parse(stored.envelope).recorded_at or "") < at:
                low = middle + 1
            else:
                high = middle
        return low

    async def _within(self, plain: Selection, scope: Scope) -> Selection:
        """With a period, the range is that of the period and of nothing else: its edges show that it holds all."""
        if scope.period is None:
            return msgspec.structs.replace(plain, scope=scope)
        since, until = scope.period
        first = max(0, await self.first_recorded(since) - 1)
        behind = await self.first_recorded(until)
        end = None if behind >= await self._reader.size() else behind + 1
        return msgspec.structs.replace(plain, first=first, end=end, scope=scope)

    async def _named(self, kind: str, named: str) -> tuple[Scope, int, int | None] | Refusal:
        """What it is about, and the range that it lies in."""
        if kind == FRAMEWORK:
            scope = await self._framework(named)
            return scope if isinstance(scope, Refusal) else (scope, 0, None)
        if kind == SUBJECT:
            return await self._subject(named)
        return await (self._exchange(named) if kind == EXCHANGE else self._incident(named))

    async def _framework(self, name: str) -> Scope | Refusal:
        digest = await self._policies.active(self._ledger)
        data = None if digest is None else await self._policies.get(digest)
        if data is None:
            return _wrong("about", "a framework of the active policy; none is active yet")
        try:
            shared = from_bytes(data)
            policy = Policy(shared, None)
            known = frameworks.load(shared.members, classes=policy.known_classes, zones=policy.known_zones)
        except (ConfigurationError, FormatError):
            return _wrong("about", "a framework of the active policy, which this version cannot read any more")
        for framework in known:
            if framework.id == name:
                queries = tuple(
                    Query(provision.id, _texts(filters))
                    for provision in framework.provisions
                    for filters in provision.queries
                )
                return Scope(kind=FRAMEWORK, ids=(name,), queries=queries)
        return _wrong("about", f"framework:ID of the active policy: {', '.join(one.id for one in known) or 'none'}")

    async def _exchange(self, named: str) -> tuple[Scope, int, int | None] | Refusal:
        records = await self._reader.exchange(named)
        if not records:
            return Refusal(code="not_found", field="about")
        return Scope(kind=EXCHANGE, ids=(named,), exchanges=(named,)), records[0].seq, records[-1].seq + 1

    async def _incident(self, named: str) -> tuple[Scope, int, int | None] | Refusal:
        incident = await self._incidents.get(self._ledger, named)
        if incident is None:
            return Refusal(code="not_found", field="about")
        exchanges = () if incident.exchange is None else (incident.exchange,)
        records = [] if incident.exchange is None else await self._reader.exchange(incident.exchange)
        # What people make of it comes later: up to the newest record there is.
        return Scope(kind=INCIDENT, ids=(named,), exchanges=exchanges), records[0].seq if records else 0, None

    async def _subject(self, named: str) -> tuple[Scope, int, int | None] | Refusal:
        group = await self._subjects.group(self._ledger, named)
        exchanges: set[str] = set()
        first: int | None = None
        async for chunk in self._trail.records(self._ledger, group):
            first = chunk[0].seq if first is None else first
            exchanges.update(found for one in chunk if (found := parse(one.envelope).exchange) is not None)
            if len(exchanges) > MAX_EXCHANGES:
                return _wrong("about", f"a data subject of at most {MAX_EXCHANGES} exchanges")
        if first is None:
            return Refusal(code="not_found", field="about")
        return Scope(kind=SUBJECT, ids=group, exchanges=tuple(sorted(exchanges))), first, None


def _period(asked: Asked) -> tuple[str, str] | Refusal | None:
    if asked.period is None:
        return None
    found = parse_filters({"from": asked.period[0], "to": asked.period[1]})
    if isinstance(found, Refusal):
        return _wrong("period", found.hint)
    since, until = found.since or "", found.until or ""
    if not since < until:
        return _wrong("period", "an end after its begin")
    if asked.first is not None or asked.end is not None:
        return _wrong("range", "none beside a period, which says itself which records it needs")
    return since, until


def _range(asked: Asked) -> Refusal | None:
    end = MAX_INTEGER if asked.end is None else asked.end
    if not 0 <= (asked.first or 0) < end <= MAX_INTEGER:
        return _wrong("range", "0 ≤ first < end ≤ 2^53")
    return None


def _texts(filters: Filters) -> dict[str, str]:
    return {name: str(value) for name, value in msgspec.to_builtins(filters).items()}


def _wrong(field: str, hint: str | None) -> Refusal:
    return Refusal(code="parameter_invalid", field=field, hint=hint)
