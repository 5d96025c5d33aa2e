"""What a bundle shall be about, turned into a range of records and a selection that anyone can run again.

A period becomes the smallest range that shows by its edges that it holds the whole period; a framework the queries of
the policy version that is active; a data subject, an exchange or an incident the ids of exchanges, and, where no range
was asked for, the range that these lie in.

What was recorded on an emergency ledger goes with the record that stitches it in: the range is one that holds it, so
that the bundle takes the ledger along, or says that it is not at hand. What has left the database is looked for in
archives (`whereabouts`): one that may hold some of it and is not at hand is named, and there is no bundle without it.
"""

import re
from collections.abc import AsyncIterator, Collection, Iterable, Sequence

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.checks.policy.policy import Policy
from gateway.checks.policy.version import from_bytes
from gateway.core.canonical import MAX_INTEGER
from gateway.core.errors import ConfigurationError, FormatError, RecordsArchived
from gateway.core.ports import Clock, StoredRecord
from gateway.core.refusal import Refusal
from gateway.evidence.scope import EXCHANGE, FRAMEWORK, INCIDENT, MAX_EXCHANGES, PERIOD, SUBJECT
from gateway.evidence.selection import Query, Scope, Selection
from gateway.exchange import frameworks
from gateway.exchange.archived import Archives
from gateway.exchange.emergency_trail import EmergencyTrail, Spliced
from gateway.exchange.trail import Trail
from gateway.exchange.whereabouts import Whereabouts
from gateway.ledger.record import parse, timestamp
from gateway.store.incidents import IncidentStore
from gateway.store.policies import PolicyStore
from gateway.store.reader import StoreReader
from gateway.store.search import Filters, parse_filters
from gateway.store.subject_trail import Linked, SubjectTrail
from gateway.store.subjects import SubjectStore

NAMED = (FRAMEWORK, SUBJECT, EXCHANGE, INCIDENT)
"""What `about` can name, as `KIND:ID`."""
HAS_COME = "a time that has come: nothing is on record of a later one"
_KNOWN = {
    EXCHANGE: "an exchange that the ledger has records of",
    INCIDENT: "an incident that is on record: `gateway incidents list` has the ids of those that are open",
    SUBJECT: "a data subject that records are about, by pseudonym: `gateway subjects show` finds it by an identifier",
}
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

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        ledger: str,
        policies: PolicyStore,
        clock: Clock,
        archives: Archives,
        emergencies: EmergencyTrail,
    ) -> None:
        self._ledger, self._reader, self._policies, self._clock = ledger, StoreReader(engine, ledger), policies, clock
        self._incidents, self._subjects = IncidentStore(engine), SubjectStore(engine, clock)
        self._trail, self._emergencies = SubjectTrail(engine, clock), emergencies
        self._whole, self._archived = Trail(engine, ledger, archives), Whereabouts(engine, ledger, archives)

    async def selection(self, asked: Asked) -> Selection | Refusal:
        """The selection, or why it cannot be: names the field, and what would be right, or the files that may hold
        some of it and are not at hand (`archived`). `VerificationError` where the file of an archive or of an emergency
        ledger that may hold some of it is not what is on record."""
        try:
            return await self._selection(asked)
        except RecordsArchived as error:
            return Refusal(code="archived", hint=error.hint)

    async def _selection(self, asked: Asked) -> Selection | Refusal:
        filters = parse_filters(asked.filters)
        if isinstance(filters, Refusal):
            return filters
        if filters.subject is not None:
            return _wrong("subject", "about: subject:ID, since no envelope names a data subject")
        now = timestamp(self._clock.now_us())
        if filters.since is not None and filters.since > now:
            return _wrong("from", HAS_COME)
        period = _period(asked, now)
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
        ranged = period is not None or asked.first is not None or asked.end is not None
        found = await self._named(about[1], about[2], ranged)
        if isinstance(found, Refusal):
            return found
        scope, first, end = found
        if asked.first is None and asked.end is None:
            plain = msgspec.structs.replace(plain, first=first, end=end)
        return await self._within(plain, msgspec.structs.replace(scope, period=period))

    async def first_recorded(self, at: str) -> int:
        """The number of the first record that was recorded at this time (27 characters) or later; how many there are,
        if none was. They lie in the order of that time, so that it is found by halving, within one archive or within
        the database. `RecordsArchived` where that archive is not at hand."""
        low, high = await self._archived.bounds(at, await self._reader.size())
        while low < high:
            middle = (low + high) // 2
            stored = await self._whole.record(middle)
            if stored is None or (parse(stored.envelope).recorded_at or "") < at:
                low = middle + 1
            else:
                high = middle
        return low

    async def _within(self, plain: Selection, scope: Scope) -> Selection:
        """With a period, the range is that of the period, whose edges show that it holds all, and as much more as it
        takes to the records that stitch in what went on in the period: these come afterwards."""
        if scope.period is None:
            return msgspec.structs.replace(plain, scope=scope)
        since, until = scope.period
        size = await self._reader.size()  # before the others are: what is written meanwhile is no end of an open period
        first = max(0, await self.first_recorded(since) - 1)
        behind = await self.first_recorded(until)
        behind = max((behind, *await self._stitching(await self._emergencies.within(since, until))))
        end = None if behind >= size else behind + 1
        return msgspec.structs.replace(plain, first=first, end=end, scope=scope)

    async def _named(self, kind: str, named: str, ranged: bool) -> tuple[Scope, int, int | None] | Refusal:
        """What it is about, and the range that it lies in; `ranged`: which is not asked for."""
        if kind == FRAMEWORK:
            scope = await self._framework(named)
            return scope if isinstance(scope, Refusal) else (scope, 0, None)
        if kind == SUBJECT:
            return await self._subject(named)
        return await (self._exchange(named, ranged) if kind == EXCHANGE else self._incident(named, ranged))

    async def _framework(self, name: str) -> Scope | Refusal:
        digest = await self._policies.active(self._ledger)
        data = None if digest is None else await self._policies.get(digest)
        if data is None:
            return _not_now("a policy that is active: none is yet (gateway serve activates the first)")
        try:
            shared = from_bytes(data)
            policy = Policy(shared, None)
            known = frameworks.load(shared.members, classes=policy.known_classes, zones=policy.known_zones)
        except (ConfigurationError, FormatError):
            return _not_now("an active policy that this version can read: activate one anew")
        for framework in known:
            if framework.id == name:
                queries = tuple(
                    Query(provision.id, _texts(filters))
                    for provision in framework.provisions
                    for filters in provision.queries
                )
                return Scope(kind=FRAMEWORK, ids=(name,), queries=queries)
        return _wrong("about", f"framework:ID of the active policy: {', '.join(one.id for one in known) or 'none'}")

    async def _exchange(self, named: str, ranged: bool) -> tuple[Scope, int, int | None] | Refusal:
        places = await self._places(named, ranged)
        apart = await self._apart(named)
        if not places and not apart:
            away = await self._emergencies.away_around(named)
            return _archived(away) if away else _missing(EXCHANGE)
        scope = Scope(kind=EXCHANGE, ids=(named,), exchanges=(named,))
        places += await self._stitching(apart)
        return scope, min(places), max(places) + 1

    async def _places(self, exchange: str, ranged: bool) -> list[int]:
        """Numbers of records of an exchange, the first and the last among them. With a range of its own only whether
        there are any: building demands the archives of the range."""
        # The database first: what is archived between the two looks is in an archive at the second.
        places = [one.seq for one in await self._reader.exchange(exchange, details=False)]
        if not places or not ranged:
            places += await self._archived.exchange(exchange, every=not places and not ranged)
        return places

    async def _apart(self, exchange: str) -> list[Spliced]:
        """The emergency ledgers that hold records of an exchange, of those whose file is at hand."""
        ids = {record.emergency for record in await self._emergencies.exchange(exchange)}
        return [one for one in await self._emergencies.around(exchange) if one.one.id in ids] if ids else []

    async def _incident(self, named: str, ranged: bool) -> tuple[Scope, int, int | None] | Refusal:
        incident = await self._incidents.get(self._ledger, named)
        if incident is None:
            return _missing(INCIDENT)
        exchanges, places = () if incident.exchange is None else (incident.exchange,), list[int]()
        for exchange in exchanges:
            places += await self._places(exchange, ranged)
            # One that is not at hand may hold it too: then the range is one that says so.
            places += await self._stitching(await self._emergencies.around(exchange))
        # What people make of it comes later: up to the newest record there is.
        return Scope(kind=INCIDENT, ids=(named,), exchanges=exchanges), min(places, default=0), None

    async def _subject(self, named: str) -> tuple[Scope, int, int | None] | Refusal:
        group = await self._subjects.group(self._ledger, named)
        exchanges: set[str] = set()
        first: int | None = None
        async for chunk in self._about(group):
            first = min(chunk[0].seq, chunk[0].seq if first is None else first)
            exchanges.update(_exchanges(chunk))
            if len(exchanges) > MAX_EXCHANGES:
                return _too_many()
        named_in: set[str | None] = set()
        async for some in self._emergencies.about(group):
            exchanges.update(_exchanges(some))
            named_in.update(one.emergency for one in some)
            if len(exchanges) > MAX_EXCHANGES:
                return _too_many()
        away = await self._emergencies.away(None, None)
        if first is None and not exchanges:
            return _archived(away) if away else _missing(SUBJECT)
        # Those that hold some of it, and those that may, so that the bundle says that they are not at hand.
        spliced = [one for one in await self._emergencies.spliced() if one.one.id in named_in or one.one.id in away]
        places = await self._stitching(spliced)
        first = min(places if first is None else [first, *places], default=0)
        return Scope(kind=SUBJECT, ids=group, exchanges=tuple(sorted(exchanges))), first, None

    async def _about(self, group: Collection[str]) -> AsyncIterator[Sequence[StoredRecord | Linked]]:
        """Records about these pseudonyms, some at a time; the database first, as in `_places`."""
        async for chunk in self._trail.records(self._ledger, group):
            yield chunk
        async for some in self._archived.about(group):
            yield some

    async def _stitching(self, spliced: Iterable[Spliced]) -> list[int]:
        """The numbers of the records that stitch these in, wherever they lie."""
        return [found.place or await self._archived.stitching(found.one) for found in spliced]


def _exchanges(records: Iterable[StoredRecord | Linked]) -> set[str]:
    return {found for one in records if (found := parse(one.envelope).exchange) is not None}


def _too_many() -> Refusal:
    return _wrong("about", f"a data subject of at most {MAX_EXCHANGES} exchanges")


def _archived(away: Sequence[str]) -> Refusal:
    """It may be in these files and nowhere else: a bundle without them would look as if there were nothing of it."""
    return Refusal(code="archived", hint=RecordsArchived(away).hint)


def _not_now(hint: str) -> Refusal:
    """For no framework could it be otherwise, whichever was named: what is asked for is right, and comes too early."""
    return Refusal(code="conflict", field="about", hint=hint)


def _missing(kind: str) -> Refusal:
    return Refusal(code="not_found", field="about", hint=_KNOWN[kind])


def _period(asked: Asked, now: str) -> tuple[str, str] | Refusal | None:
    if asked.period is None:
        return None
    found = parse_filters({"from": asked.period[0], "to": asked.period[1]})
    if isinstance(found, Refusal):
        return _wrong("period", found.hint)
    since, until = found.since or "", found.until or ""
    if not since < until:
        return _wrong("period", "an end after its begin")
    if since > now:
        return _wrong("period", f"from {HAS_COME}")
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
