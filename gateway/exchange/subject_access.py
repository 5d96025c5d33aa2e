"""What a data subject may know (GDPR Art. 15), and take along (Art. 20): from the record, as data.

Who asks must be known, by a reference to how that was made sure. That it is about to be told is on record before
anything is read out. Kept content is given where the message is about nobody else; where it is, it would tell of others
too (Art. 15(4)), and only that it is there is said.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from gateway.core.errors import FormatError, RecordsArchived, VerificationError
from gateway.core.ids import random_id
from gateway.core.ports import Clock
from gateway.core.refusal import Refusal
from gateway.evidence import tabular
from gateway.evidence.disclosed import version
from gateway.evidence.figures.seen import NONE
from gateway.evidence.figures.subjects import ELSEWHERE
from gateway.evidence.reports.register import NO_AGREEMENT, NO_PROCESSOR, UNKNOWN, Declared, Registers
from gateway.exchange import kept
from gateway.exchange.approving import MAX_REASON, Approver
from gateway.exchange.emergency_trail import EmergencyTrail
from gateway.exchange.subject_record import Said, entry
from gateway.exchange.subjects import CHANGED, Meant, Subjects, unfit_reason
from gateway.ledger.content import until_of
from gateway.ledger.record import Envelope, NodeInfo, parse, timestamp
from gateway.ledger.times import month_after
from gateway.store.sealing import Sealer
from gateway.store.subject_cases import Case, Terms, opened
from gateway.store.subject_trail import Linked, SubjectTrail
from gateway.store.subjects import SubjectStore

COLUMNS = (
    *("seq", "occurred_at", "event", "exchange", "purpose", "agent", "zone", "action"),
    *("decision", "classes", "content", "emergency"),
)
_TOLD_OF = ("agent", "zone", "region", "processor", "address", "country", "safeguard")
_NOBODY = frozenset({NO_PROCESSOR, NO_AGREEMENT, UNKNOWN})
"""What a register says of nobody: then nothing is told."""
_DISCLOSED = ("exchange.requested", "exchange.attempted")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for, as `erasing.Asked`."""

    identity: str
    reason: str
    received_us: int | None = None


class SubjectAccess:
    """Tells data subjects of every tenant. `retention`: ledger id → days that its records are kept."""

    def __init__(
        self,
        *,
        subjects: Subjects,
        flags: SubjectStore,
        trail: SubjectTrail,
        sealer: Sealer,
        clock: Clock,
        node: NodeInfo,
        registers: Callable[[str], Registers],
        emergencies: Callable[[str], EmergencyTrail],
        retention: dict[str, int],
    ) -> None:
        """By the id of a ledger, `emergencies`: what its emergency ledgers hold; `registers`: what versions say."""
        self._emergencies = emergencies
        self._subjects, self._flags, self._trail, self._sealer = subjects, flags, trail, sealer
        self._clock, self._node, self._retention = clock, node, retention
        self._registers = registers

    async def give(self, who: Approver, meant: Meant, wanted: Wanted) -> dict[str, Any] | Refusal:
        """Everything that is known of a subject, on record before the first row is read. What lies in archives, and on
        emergency ledgers whose files are not at hand, is named (`archives`, `emergencies`)."""
        now = self._clock.now_us()
        received = now if wanted.received_us is None else wanted.received_us
        unfit = unfit_reason(wanted.reason) or _unfit(wanted, received, now)
        subject = unfit or await self._subjects.find(who, meant)
        if isinstance(subject, Refusal):
            return subject
        group = await self._flags.group(who.tenant, subject)
        made = Case(
            tenant=who.tenant,
            id=random_id("sc"),
            kind="access",
            subject=subject,
            state="answered",
            opened_us=now,
            due_us=month_after(received),
            ended_us=now,
            terms=Terms(actor=who.actor, persons=who.persons, identity=wanted.identity, received_us=received),
        )
        archives = await self._trail.archived(who.tenant, group)
        emergencies = await self._emergencies(who.tenant).away(None, None)
        said = Said(
            event="subject.access",
            subject=subject,
            code="late" if now > month_after(received) else "answered",
            case=made.id,
            received_us=received,
            reason=wanted.reason,
            lines=(f"identity {wanted.identity}", *_elsewhere(archives, emergencies)),
            change=opened(made),
        )
        # A crash before this is durable: nothing was told. After: the record says that it may have been.
        told = entry(said, who.tenant, who.by, clock=self._clock, node=self._node)
        if await who.ledger.submit(told) is None:
            return CHANGED
        identifiers = await self._flags.identifiers(who.tenant, group)
        found = await self._document(who.tenant, made, group, identifiers)
        return {**found, "archives": archives, "emergencies": list(emergencies)}

    async def _document(
        self, tenant: str, made: Case, group: tuple[str, ...], identifiers: dict[str, int]
    ) -> dict[str, Any]:
        sums = _Sums()
        rows: list[dict[str, Any]] = []
        content: list[dict[str, Any]] = []
        async for chunk in self._trail.records(tenant, group):
            for one in chunk:
                envelope = parse(one.envelope)
                sums.take(envelope)
                held = self._content(one, envelope)
                rows.append(_row(one.seq, envelope, held))
                content += held
        async for found in self._emergencies(tenant).about(group):
            for record in found:
                envelope = parse(record.envelope)
                sums.take(envelope)
                rows.append(_row(record.seq, envelope, [], record.emergency))
        declared = await self._registers(tenant).declared({one.policy for one in sums.recipients if one.policy})
        return {
            "case": made.id,
            "subject": made.subject,
            "pseudonyms": list(group),
            "identifiers": {kind.partition(":")[2] or "given": count for kind, count in sorted(identifiers.items())},
            "received": timestamp(made.terms.received_us or made.opened_us),
            "due": None if made.due_us is None else timestamp(made.due_us),
            "answered": timestamp(made.opened_us),
            "purposes": dict(sums.purposes),
            "categories": {"classes": dict(sums.classes), "findings": dict(sums.found)},
            "source": dict(sums.sources),
            "decisions": dict(sums.decisions),
            "recipients": _recipients(sums.recipients, declared),
            "retention": {"records_days": self._retention.get(tenant), "content": "see the end of each"},
            "rights": ["Art. 16", "Art. 17", "Art. 18", "Art. 21", "Art. 77"],
            "records": rows,
            "content": content,
        }

    def _content(self, one: Linked, envelope: Envelope) -> list[dict[str, Any]]:
        """What is kept of one record: until when, and its texts where they are nobody else's and what it commits to."""
        found: list[dict[str, Any]] = []
        for part in one.content:
            until = until_of(part.part)
            if one.shared:
                found.append({"seq": one.seq, "until": until, "withheld": "it is about others too (Art. 15(4))"})
                continue
            try:
                held = kept.opened(self._sealer, envelope, part)
                parts = None if held is None else held.parts
            except (VerificationError, FormatError):
                parts = None
            texts = None if parts is None else [{"place": each.pointer, "text": each.text} for each in parts]
            found.append({"seq": one.seq, "until": until, "parts": texts})
        return found


class Recipient(NamedTuple):
    """Whom records name that something was sent to, and the policy version that it was decided under."""

    agent: str
    zone: str | None
    region: str | None
    processor: str | None
    policy: str | None


def _recipient(envelope: Envelope, agent: str) -> Recipient:
    return Recipient(agent, envelope.zone, envelope.region, envelope.processor, version(envelope))


def _recipients(found: Mapping[Recipient, int], declared: Declared) -> list[dict[str, Any]]:
    """Agents that were sent anything, each with who ran it and where as it stood then: a row for each that was another
    at another time, in the order of their names."""
    times = Counter[tuple[str | None, ...]]()
    for one, count in found.items():
        party = declared.of(one.policy).party(one.processor or NONE)
        # One that the version has not is named as the record names it: else it would read as nobody's.
        name = one.processor if party.legal_name == UNKNOWN else party.legal_name
        run_by = (name, party.address, party.country, party.safeguard)
        times[(*one[:3], *(None if text in _NOBODY else text for text in run_by))] += count
    ordered = sorted(times.items(), key=lambda item: tuple(map(str, item[0])))
    return [dict(zip(_TOLD_OF, key, strict=True)) | {"times": count} for key, count in ordered]


class _Sums:
    """What records say, summed up."""

    def __init__(self) -> None:
        self.purposes: Counter[str] = Counter()
        self.classes: Counter[str] = Counter()
        self.found: Counter[str] = Counter()
        self.sources: Counter[str] = Counter()
        self.decisions: Counter[str] = Counter()
        self.recipients: Counter[Recipient] = Counter()

    def take(self, envelope: Envelope) -> None:
        if not envelope.event.startswith("exchange."):
            return
        if envelope.event in _DISCLOSED and envelope.agent is not None:
            self.recipients[_recipient(envelope, envelope.agent)] += 1
        if envelope.event not in ("exchange.requested", "exchange.denied"):
            return
        if envelope.purpose is not None:
            self.purposes[envelope.purpose] += 1
        self.classes.update(_classes(envelope))
        self.found.update(envelope.found or {})
        self.sources[f"{envelope.actor_kind or 'unknown'} in {envelope.caller_zone or 'unknown'}"] += 1
        if envelope.decision is not None:
            self.decisions[envelope.decision.effect] += 1


def rows(document: dict[str, Any], form: str) -> bytes:
    """The records of such a document in one of the forms of `tabular`."""
    return b"".join(tabular.lines(form, COLUMNS, document["records"]))


def _elsewhere(archives: Mapping[str, int], emergencies: Sequence[str]) -> tuple[str, ...]:
    """What an access does not look into, in words, for the record: receipts are made of these (`ELSEWHERE`)."""
    counted = (f"{ELSEWHERE[0]}{name}: {count} records" for name, count in archives.items())
    return (*counted, *(f"{ELSEWHERE[1]}{name}: its file is not at hand" for name in emergencies))


def passed_over(document: Mapping[str, Any]) -> dict[str, str]:
    """What such a document was not made from: `archives` and `emergencies`, of each that has some the ids."""
    kinds = ("archives", "emergencies")
    return {kind: RecordsArchived(list(document[kind])).hint for kind in kinds if document[kind]}


def _classes(envelope: Envelope) -> tuple[str, ...]:
    known = envelope.classes
    if known is None:
        return ()
    return tuple(sorted({*known.found, *known.declared, *known.inherited, *known.floor}))


def _row(seq: int, envelope: Envelope, held: list[dict[str, Any]], emergency: str | None = None) -> dict[str, Any]:
    return {
        "seq": seq,
        "occurred_at": envelope.occurred_at,
        "event": envelope.event,
        "exchange": envelope.exchange,
        "purpose": envelope.purpose,
        "agent": envelope.agent,
        "zone": envelope.zone,
        "action": envelope.action,
        "decision": None if envelope.decision is None else envelope.decision.effect,
        "classes": " ".join(_classes(envelope)),
        "content": held[0]["until"] if held else None,
        "emergency": emergency,
    }


def _unfit(wanted: Wanted, received: int, now: int) -> Refusal | None:
    if not wanted.identity.strip() or len(wanted.identity) > MAX_REASON:
        hint = "how it was made sure who asks, and where that is kept"
        return Refusal(code="parameter_invalid", field="identity", hint=hint)
    if not 0 <= received <= now:
        return Refusal(code="parameter_invalid", field="received", hint="a time that is past")
    return None
