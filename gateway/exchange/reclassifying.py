"""What a later engine finds in what went out, where policy has kept it: learning from what classification missed.

Of each kept message of a period: it is opened, searched again, and what is found put on record
(`exchange.reclassified`, counts and classes, never text). Where by the policy of then it should not have gone to that
agent with what is known now, that is an incident (`incident.opened`). Each once for an engine, however often this runs.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

from gateway.checks.classification.engine import Engine
from gateway.checks.classification.further import Further, joined, version
from gateway.checks.policy.conditions import strength
from gateway.checks.policy.policy import Policy
from gateway.checks.redaction import NOTHING, General, holds_none
from gateway.core.decision import Question, Ruling, asks
from gateway.core.errors import FormatError, GatewayError, VerificationError
from gateway.core.finding import Finding, Scan
from gateway.core.ids import uuid7
from gateway.core.ports import Clock, StoredRecord
from gateway.exchange import kept
from gateway.exchange.audit_scribe import Reader
from gateway.exchange.exchange import all_classes
from gateway.exchange.named import NOBODY, Named
from gateway.exchange.router import masking_of, year_of
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.entry import Entry, Ledger
from gateway.ledger.record import (
    ClassesInfo,
    Envelope,
    NodeInfo,
    OutcomeInfo,
    encode_detail,
    parse,
    parse_detail,
    parse_timestamp,
    timestamp,
)
from gateway.store.incidents import Incident, opened
from gateway.store.kept import KeptContent
from gateway.store.notices import Notice, addition

UNDECIDED = "undecided"
"""The outcome where that cannot be told."""
AGAIN, INCIDENT = "exchange.reclassified", "incident.opened"
MISSED = "should_not_have_left"
"""The outcome of both where something went that should not have."""
MAX_EXAMPLES = 20
_ANYTHING = "Is anybody there?"
"""What a back end is asked that has not read a message: whether it is the message that it cannot read."""
TOLD = ("compliance", "privacy")
"""Roles whose channels are told of an incident."""


class Trail(Protocol):
    """What is needed of a tenant's trail (`Auditor`)."""

    async def rereading(self, by: Reader, engine: str, since: str, until: str) -> None: ...

    async def version(self, digest: str) -> Policy | None: ...


class Keeps(Protocol):
    """What is kept (`store.kept.KeptStore`)."""

    def of(self, ledger: str, since: str, until: str) -> AsyncIterator[list[KeptContent]]: ...


class Tells(Protocol):
    """Makes notices (`exchange.notices.Notices`)."""

    def made(self, tenant: str, document: Mapping[str, object], *, roles: Iterable[str] = ()) -> tuple[Notice, ...]: ...

    def kept(self, notices: Sequence[Notice]) -> None: ...


class Held(Protocol):
    """What one run at a time holds (`store.lease.Lease`)."""

    async def take(self) -> bool: ...

    async def keep(self) -> bool: ...

    async def release(self) -> None: ...


class Exchanges(Protocol):
    """Reads records (`store.reader.StoreReader`)."""

    async def exchange(self, exchange: str) -> list[StoredRecord]: ...


class Reclassified(msgspec.Struct, frozen=True, kw_only=True):
    """The result for a period. A message counts once for each agent that it was sent to."""

    engine: str
    kept: int
    """How many are still kept."""
    reclassified: int
    """How many were searched and put on record now."""
    known: int
    """Those that this engine has searched before, when they went or since."""
    more: int
    """Of the reclassified, those in which there is a class that was not known."""
    incidents: tuple[str, ...]
    """Exchanges of which something should not have left, at most twenty."""
    incident_count: int
    classes: dict[str, int]
    """Class that was not known → in how many."""
    erased: int
    """Those whose key is destroyed: nobody reads them any more."""
    broken: int
    """Those that do not open, because they were changed or moved, or are of an unknown form."""
    unread: int
    """Those that the back end did not read, though it answers for others: not searched, and asked about again by the
    next run."""
    undecided: int
    """Those searched of which it cannot be told whether they should have left: the version that decided, its agent, or
    the roles of the caller are not there any more."""


class _Then(NamedTuple):
    """What was decided, and everything that it rests on."""

    envelope: Envelope
    policy: Policy
    question: Question
    agent: str
    at_us: int


class _Found(NamedTuple):
    """What is found now."""

    content: kept.Kept
    scan: Scan
    found: frozenset[str]
    """Its classes, with what the policy of then makes of them."""
    new: frozenset[str]
    """Those that were not known when it went, wherever they would have come from."""


class Reclassifier:
    """Searches what one tenant's ledger still keeps. `tenant`: its configured id, `ledger_id` the random one."""

    def __init__(
        self,
        *,
        tenant: str,
        ledger_id: str,
        ledger: Ledger,
        store: Keeps,
        sealer: kept.Opens,
        exchanges: Exchanges,
        trail: Trail,
        engine: Engine,
        further: Further | None = None,
        named: Named,
        lease: Held,
        notices: Tells,
        clock: Clock,
        node: NodeInfo,
    ) -> None:
        """`further`: what is asked besides the engine. `named`: as `named.naming`; `lease`: for this ledger, so
        that no message is searched twice at once."""
        self._tenant, self._id, self._ledger = tenant, ledger_id, ledger
        self._store, self._sealer, self._exchanges, self._trail = store, sealer, exchanges, trail
        self._further, self._searcher = further, version(engine, further)
        self._engine, self._named, self._clock, self._node = engine, named, clock, node
        self._lease, self._notices = lease, notices
        self._versions: dict[str, Policy | None] = {}

    async def run(self, by: Reader, since: str, until: str) -> Reclassified | None:
        """All that is kept of records that occurred in a period (27 characters each). The reading itself is on record
        before anything is opened. None while another run is under way."""
        if not await self._lease.take():
            return None
        try:
            return await self._run(by, since, until)
        finally:
            await self._lease.release()

    async def _run(self, by: Reader, since: str, until: str) -> Reclassified:
        await self._trail.rereading(by, self._searcher, since, until)
        counts: Counter[str] = Counter()
        classes: Counter[str] = Counter()
        incidents: list[str] = []
        async for chunk in self._store.of(self._id, since, until):
            for one in chunk:
                if not await self._lease.take():  # prolonged
                    raise _taken_over()
                counts["kept"] += 1
                envelope = parse(one.envelope)
                done = await self._done(envelope, one.seq)
                if AGAIN in done:
                    counts["known"] += 1
                    continue
                content = self._opened(one, envelope, counts)
                if content is None:
                    continue
                scan = await self._searched(content, envelope)
                if scan is None:
                    counts["unread"] += 1
                    continue
                found, outcome, wrong = await self._judged(one, envelope, content, scan, counts)
                # A back end may have taken longer than the lease lasts.
                if not await self._lease.keep():
                    raise _taken_over()
                classes.update(found.new)
                counts["more"] += bool(found.new)
                # The incident first: after a crash between the two the next run finds it, and the message unsearched.
                if wrong is not None and INCIDENT not in done:
                    await self._open(self._entry(INCIDENT, by, one.seq, envelope, found, outcome, wrong), found)
                await self._ledger.append(self._entry(AGAIN, by, one.seq, envelope, found, outcome))
                counts["reclassified"] += 1
                if wrong is not None:
                    incidents.append(envelope.exchange or "")
        return Reclassified(
            engine=self._searcher,
            incidents=tuple(incidents[:MAX_EXAMPLES]),
            incident_count=len(incidents),
            classes=dict(sorted(classes.items())),
            **{name: counts[name] for name in _COUNTED},
        )

    async def _open(self, entry: Entry, found: "_Found") -> None:
        """The record, the row that lists it until somebody closes it, and the notices that tell of it come true
        together."""
        envelope = entry.envelope
        incident = Incident(
            tenant=self._id,
            id=envelope.id,
            exchange=envelope.exchange,
            agent=envelope.agent,
            zone=envelope.zone,
            opened_at=envelope.occurred_at,
        )
        document = {
            "event": INCIDENT,
            "incident": incident.id,
            "exchange": incident.exchange,
            "agent": incident.agent,
            "zone": incident.zone,
            "classes": sorted(found.new),
            "at": incident.opened_at,
        }
        notices = self._notices.made(self._id, document, roles=TOLD)
        change = opened(incident, tuple(addition(one) for one in notices))
        await self._ledger.append(msgspec.structs.replace(entry, change=change))
        self._notices.kept(notices)

    async def _done(self, envelope: Envelope, seq: int) -> frozenset[str]:
        """Which of the two events this engine has put on record for a message; both, if it was the one of then."""
        if envelope.engine == self._searcher:
            return frozenset({AGAIN, INCIDENT})
        records = [parse(stored.envelope) for stored in await self._exchanges.exchange(envelope.exchange or "")]
        about = (seq, seq + 1)
        return frozenset(one.event for one in records if one.range == about and one.engine == self._searcher) & {
            AGAIN,
            INCIDENT,
        }

    def _opened(self, one: KeptContent, envelope: Envelope, counts: Counter[str]) -> kept.Kept | None:
        try:
            found = kept.opened(self._sealer, envelope, one.sealed)
        except (VerificationError, FormatError):
            counts["broken"] += 1
            return None
        counts["erased"] += found is None
        return found

    async def _searched(self, content: kept.Kept, envelope: Envelope) -> Scan | None:
        """What is found in it now; None where the back end reads others and not this one, which one sender could make:
        it holds up no other. `GatewayError` where the back end reads nothing."""
        scan = self._engine.scan(kept.read_again(content.parts), health_context=content.health_context)
        if self._further is None:
            return scan
        texts = [part.text for part in content.parts]
        more = await self._more(self._further, texts, envelope)
        if more is None:
            return None
        return joined(self._engine, scan, texts, more, health_context=content.health_context)

    async def _more(
        self, further: Further, texts: list[str], envelope: Envelope
    ) -> Sequence[tuple[Finding, ...]] | None:
        try:
            return await further.read(texts)
        except GatewayError as error:
            try:
                _ = await further.read([_ANYTHING])
            except GatewayError:
                raise GatewayError(f"{error}; it was asked about exchange {envelope.exchange}") from error
            return None

    async def _judged(
        self, one: KeptContent, envelope: Envelope, content: kept.Kept, scan: Scan, counts: Counter[str]
    ) -> tuple[_Found, str, tuple[str, ...] | None]:
        """Of what is found now, the outcome, and the words of policy against what went, where there are any."""
        policy = await self._version(envelope)
        found = frozenset(scan.classes if policy is None else policy.implied(scan.classes))
        seen = _Found(content, scan, found, found - _known(envelope))
        then = None if policy is None else self._then(envelope, one.detail, policy)
        if then is None:
            counts["undecided"] += 1
            return seen, UNDECIDED, None
        wrong = _wrong(then, seen, self._engine)
        return seen, "ok" if wrong is None else MISSED, wrong

    async def _version(self, envelope: Envelope) -> Policy | None:
        if envelope.decision is None:
            return None
        digest = envelope.decision.policy
        if digest not in self._versions:
            self._versions[digest] = await self._trail.version(digest)
        return self._versions[digest]

    def _then(self, envelope: Envelope, beside: bytes | None, policy: Policy) -> _Then | None:
        if beside is None or envelope.agent is None or envelope.agent not in policy.agents:
            return None
        detail = parse_detail(beside)
        called = f"{self._tenant}/{detail.subject}" in policy.named_callers and self._named(detail.issuer)
        question = Question(
            tenant=self._tenant,
            subject=detail.subject if called and detail.subject is not None else NOBODY,
            named=called,
            roles=detail.roles or (),
            zone=envelope.caller_zone or "",
            action=envelope.action or "",
            purpose=envelope.purpose,
            classes=(),
            source=detail.source or "",
            strength=strength(detail.method),
        )
        return _Then(envelope, policy, question, envelope.agent, parse_timestamp(envelope.occurred_at))

    def _entry(
        self,
        event: str,
        by: Reader,
        seq: int,
        about: Envelope,
        seen: _Found,
        outcome: str,
        wrong: tuple[str, ...] = (),
    ) -> Entry:
        now, scan = self._clock.now_us(), seen.scan
        told = msgspec.structs.replace(
            by.detail,
            reason=_compared(seen, about),
            explanation=" ".join(wrong) if wrong else None,
        )
        salt, detail = new_salt(), encode_detail(told)
        before = about.classes
        envelope = Envelope(
            id=uuid7(now),
            tenant=self._id,
            event=event,
            occurred_at=timestamp(now),
            actor=by.actor,
            actor_kind=by.kind,
            exchange=about.exchange,
            agent=about.agent,
            zone=about.zone,
            action=about.action,
            found=scan.counts(),
            scanned=scan.scanned,
            classes=ClassesInfo(
                found=tuple(sorted(seen.found)),
                declared=() if before is None else before.declared,
                inherited=() if before is None else before.inherited,
                floor=() if before is None else before.floor,
            ),
            engine=self._searcher,
            range=(seq, seq + 1),
            outcome=OutcomeInfo(code=outcome),
            detail=committed(salt, "detail", detail),
            node=self._node,
        )
        return Entry.of(envelope, detail=detail, salt=salt)


_COUNTED = ("kept", "reclassified", "known", "more", "erased", "broken", "unread", "undecided")


def _taken_over() -> GatewayError:
    return GatewayError("another run has taken over, since this one was slower than its lease: ask again later")


def _known(envelope: Envelope) -> frozenset[str]:
    """All classes that a message had when it went."""
    there = envelope.classes
    return frozenset() if there is None else frozenset((*there.found, *there.declared, *there.inherited, *there.floor))


def _wrong(then: _Then, seen: _Found, engine: Engine) -> tuple[str, ...] | None:
    """Why the message should not have gone to its agent, by the policy of then and what is known now; None where it
    might. What an agent would itself have contacted is not on record, and not looked at.

    1. Nobody may have sent it at all: a new class is denied.
    2. People, or an agent that supervises, should have been asked, and were not.
    3. Something should have been masked and is still there, or is of a class that has nothing to mask.
    """
    known = _known(then.envelope)
    floor = then.policy.agents[then.agent].floor
    classes = all_classes(tuple(seen.found), tuple(known - {"public"}), floor)
    question = msgspec.structs.replace(then.question, classes=classes)
    ruling = then.policy.ruling(question, then.agent, now_us=then.at_us)
    if not ruling.allowed:
        # Without anything new it is the replay that differs (a role that was lent): nothing was missed.
        return then.policy.explain(_denying(ruling)) if seen.new else None
    decided = then.envelope.decision
    made = frozenset(() if decided is None else decided.obligations)
    unasked = [item for item in ruling.obligations if asks((item,)) and item not in made]
    if unasked:
        return (f"It should have been asked first: {', '.join(unasked)}.", *then.policy.explain(ruling))
    # Of a class that was known and is not there any more, nothing is left to mask.
    gone = known - seen.found
    masking = masking_of(ruling, seen.found, gone | frozenset(floor), spans_of=engine.maskable)
    if masking.impossible is not None:
        return ("What is there cannot be masked.", *then.policy.explain(ruling)) if seen.new else None
    general = General(masking.general, year_of(then.at_us)) if masking.general else NOTHING
    if not masking.types or holds_none(seen.scan, masking.types, seen.content.parts, general):
        return None
    return ("What should have been masked is still there.", *then.policy.explain(ruling))


def _denying(ruling: Ruling) -> Ruling:
    """The part of a ruling that denied."""
    verdicts = tuple(one for one in ruling.verdicts if not one.allowed)
    rules = tuple(dict.fromkeys(one.rule for one in verdicts if one.rule is not None))
    return msgspec.structs.replace(ruling, rules=rules, verdicts=verdicts) if verdicts else ruling


def _compared(seen: _Found, about: Envelope) -> str:
    """In words: what is found beyond what was, by type, and which classes that makes. What was masked is less now, and
    is no difference."""
    before, now = about.found or {}, seen.scan.counts()
    more = {name: count - before.get(name, 0) for name, count in now.items() if count > before.get(name, 0)}
    classes = ", ".join(sorted(seen.new)) or "none"
    return f"found beyond what was known: {_listed(more.items())}; classes that were not known: {classes}"


def _listed(items: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{name} {count}" for name, count in items) or "nothing"
