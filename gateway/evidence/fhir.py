"""FHIR R4 AuditEvents, as IHE's Basic Audit Log Patterns 1.1.4 (BALP) has them, of records about personal health data.

A record says what happened in words of its own; a hospital's audit repository reads AuditEvents. So:

| record | AuditEvent |
|---|---|
| `exchange.requested`, `exchange.attempted`, `task.callback_sent`: it was sent | PrivacyDisclosure.Source |
| `exchange.completed`, `task.read`: a caller was given it | PatientRead |
| the same, withheld or ended badly; `exchange.denied`, `exchange.late` | one that says so, of no profile |

BALP knows one patient an event, so that a record about two becomes two. What a profile wants and the ledger does not
hold is there with the reason why it is absent: `unknown` where nobody knew it, `masked` where the record's detail,
which holds all that identifies a person, was deleted or is not opened. Nothing is made up, and no field is left out in
silence. Pure: records in, values for a JSON encoder out.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import Any, Literal

import msgspec

from gateway.ledger.record import Detail, Envelope

HEALTH = frozenset({"phi"})
"""The data classes of health data in the policy that ships."""
PATIENT_READ = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PatientRead"
DISCLOSURE = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PrivacyDisclosure.Source"
_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_ENTITY = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
_NAME, _ADDRESS = "1", "2"
"""http://hl7.org/fhir/network-type: a machine's name, an IP address."""
_SUCCESS, _REFUSAL, _FAILURE = "0", "4", "8"
"""http://terminology.hl7.org/CodeSystem/audit-event-outcome: success; minor failure, for what was refused as it should
be; serious failure, for what ended badly. The code of the record stands beside it."""
_SENT = frozenset({"exchange.requested", "exchange.attempted", "task.callback_sent"})
_GIVEN = frozenset({"exchange.completed", "task.read"})
_REFUSED = frozenset({"exchange.denied", "exchange.late"})
EVENTS = _SENT | _GIVEN | _REFUSED
"""Records of others are about no disclosure or reading of an exchange."""
_OF_EXCHANGE = frozenset({"exchange.requested", "exchange.attempted"})
_WELL = frozenset({"ok", "cached"})
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_CODE = re.compile(r"[^\s]+(?: [^\s]+)*")
"""FHIR R4, "Primitive types": `id` and `code`."""
_BLANK = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
Reason = Literal["unknown", "masked"]


class AuditEvents:
    """The AuditEvents of one ledger's records.

    `origin` is the ledger's, `<host>/ledger/<id>`: names that are one ledger's own (pseudonyms, agents, nodes) are
    identifiers in systems below it. `classes` are those of health data, without `class:`. What is *not* told: records
    about content that could not be searched (`unscanned`) and is of no such class; they are counted.
    """

    def __init__(self, origin: str, classes: Iterable[str] = HEALTH) -> None:
        self._origin, self._classes = origin, frozenset(classes)
        self.unscanned = 0
        """Records of exchanges that may be about health data, for all that anybody knows, and of which none is made."""

    def of(self, envelope: Envelope, detail: Detail | None, emergency: str | None = None) -> Iterator[dict[str, Any]]:
        """One for each data subject on record, one where none is known, none for what is about no health data.
        `emergency`: the emergency ledger whose number the record's is."""
        if envelope.event not in EVENTS or (envelope.event == "exchange.requested" and envelope.agent is None):
            return
        labels = _labels(envelope)
        if self._classes.isdisjoint(labels):
            self.unscanned += "unscanned" in labels or envelope.scanned in ("partial", "none")
            return
        subjects: tuple[str | None, ...] = (detail.subjects if detail is not None else None) or (None,)
        for place, subject in enumerate(subjects):
            yield self._event(envelope, detail, subject, place if len(subjects) > 1 else None, emergency)

    def _event(
        self, envelope: Envelope, detail: Detail | None, subject: str | None, place: int | None, emergency: str | None
    ) -> dict[str, Any]:
        sent, well = envelope.event in _SENT, _well(envelope)
        reason: Reason = "masked" if detail is None and envelope.detail is not None else "unknown"
        profile = (DISCLOSURE if sent else PATIENT_READ) if well else None
        name = envelope.id if place is None else f"{envelope.id}-{place}"
        kind = "http://terminology.hl7.org/CodeSystem/security-source-type"
        return {
            "resourceType": "AuditEvent",
            **({"id": name} if _ID.fullmatch(name) else {}),
            **({} if profile is None else {"meta": {"profile": [profile]}}),
            "type": _type(sent),
            "subtype": [_subtype(sent)],
            "action": "R",
            "period": {"start": envelope.occurred_at},
            "recorded": envelope.recorded_at or envelope.occurred_at,
            "outcome": _SUCCESS if well else _REFUSAL if _refused(envelope) else _FAILURE,
            "outcomeDesc": _described(envelope, well),
            "purposeOfEvent": [_purpose(envelope)],
            "agent": self._agents(envelope, detail, sent, reason),
            "source": {
                "site": self._origin,
                "observer": self._observer(envelope),
                "type": [_coding(kind, "4", "Application Server")],
            },
            "entity": self._entities(envelope, subject, reason, emergency),
        }

    def _agents(self, envelope: Envelope, detail: Detail | None, sent: bool, reason: Reason) -> list[dict[str, Any]]:
        """Source and recipient of the data, and who asked. What is sent goes from the gateway to the agent; what is
        given, from the agent to the caller."""
        place = _network(None if detail is None else detail.destination, reason)
        if sent:
            source = _role("110153", "Source Role ID", self._observer(envelope), _network(None, "unknown"))
            kind, name = ("agents", envelope.agent) if envelope.agent is not None else ("callbacks", envelope.callback)
            recipient = _role("110152", "Destination Role ID", self._named(kind, name), place)
        else:
            near = _network(None if detail is None else detail.source, reason)
            recipient = _role("110152", "Destination Role ID", self._named("actors", envelope.actor), near)
            source = _role("110153", "Source Role ID", self._named("agents", envelope.agent), place)
        return [recipient, source, *self._user(envelope, detail)]

    def _user(self, envelope: Envelope, detail: Detail | None) -> Iterator[dict[str, Any]]:
        """Who asked: its pseudonym, and of an opened detail what its credential says."""
        if envelope.actor is None:
            return
        user: dict[str, Any] = {
            "type": _concept("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP"),
            "who": self._named("actors", envelope.actor),
            "requestor": True,
            "purposeOfUse": [_purpose(envelope)],
        }
        roles = [text for text in map(_text, (detail.roles if detail is not None else None) or ()) if text]
        if roles:
            user["role"] = [{"text": role} for role in roles]
        if detail is not None and detail.subject and _text(detail.subject):
            user["altId"] = _text(detail.subject)
        if envelope.decision is not None and _CODE.fullmatch(envelope.decision.policy):
            user["policy"] = [envelope.decision.policy]
        yield user

    def _entities(
        self, envelope: Envelope, subject: str | None, reason: Reason, emergency: str | None
    ) -> list[dict[str, Any]]:
        what = (
            {**_absent(reason), "type": "Patient"} if subject is None else self._named("subjects", subject, "Patient")
        )
        facts = [
            ("record", None if envelope.seq is None else str(envelope.seq)),
            ("emergency", emergency),
            ("found", _counts(envelope.found)),
        ]
        if envelope.decision is not None:
            facts += [
                ("decision", _text(envelope.decision.effect)),
                ("obligations", _joined(envelope.decision.obligations)),
            ]
        details = [{"type": name, "valueString": text} for name, text in facts if text]
        data: dict[str, Any] = {
            "what": self._named("exchanges", envelope.exchange),
            "type": _coding(_ENTITY, "2", "System Object"),
            "role": _coding(_ROLE, "4", "Domain Resource"),
            "securityLabel": [_coding(f"https://{self._origin}/classes", name) for name in _labels(envelope)],
            **({"name": _text(envelope.action)} if envelope.action and _text(envelope.action) else {}),
            **({"detail": details} if details else {}),
        }
        patient = {"what": what, "type": _coding(_ENTITY, "1", "Person"), "role": _coding(_ROLE, "1", "Patient")}
        if envelope.exchange is None:
            return [patient, data]
        kind = _coding("https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType", "XrequestId")
        return [patient, data, {"what": {"identifier": {"value": _text(envelope.exchange) or "?"}}, "type": kind}]

    def _observer(self, envelope: Envelope) -> dict[str, Any]:
        """The node that wrote the record."""
        return self._named("nodes", None if envelope.node is None else envelope.node.id, "Device")

    def _named(self, system: str, name: str | None, kind: str | None = None) -> dict[str, Any]:
        """A reference by identifier; to nothing that can be looked up, since what it means is known to the ledger."""
        typed = {} if kind is None else {"type": kind}
        if name is None:
            return {**typed, **_absent("unknown")}
        value = _text(name) or "?"
        return {**typed, "identifier": {"system": f"https://{self._origin}/{system}", "value": value}}


def _labels(envelope: Envelope) -> list[str]:
    found = envelope.classes
    return [] if found is None else sorted({*found.found, *found.declared, *found.inherited, *found.floor})


def _well(envelope: Envelope) -> bool:
    """Whether what the record is about did happen: it was sent or given, not refused and not cut."""
    if envelope.event in _REFUSED:
        return False
    if envelope.event == "exchange.completed":
        return envelope.outcome is not None and envelope.outcome.code in _WELL
    return envelope.event in _OF_EXCHANGE or not _refused(envelope)


def _refused(envelope: Envelope) -> bool:
    """Whether policy kept it back, as it should."""
    denied = envelope.decision is not None and envelope.decision.effect == "deny"
    return envelope.event == "exchange.denied" or (denied and envelope.event not in _OF_EXCHANGE)


def _described(envelope: Envelope, well: bool) -> str:
    if envelope.outcome is not None:
        return _text(envelope.outcome.code) or "?"
    if envelope.event.startswith("exchange."):
        return "recorded before the first byte was sent; how it ended is a record of its own"
    return "recorded before the first byte was given" if well else "withheld by policy"


def _type(sent: bool) -> dict[str, Any]:
    if sent:
        return _coding(_DCM, "110106", "Export")
    return _coding("http://terminology.hl7.org/CodeSystem/audit-event-type", "rest", "Restful Operation")


def _subtype(sent: bool) -> dict[str, Any]:
    if sent:
        system = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"
        return _coding(system, "disclose", "Disclose Record Lifecycle Event")
    return _coding("http://hl7.org/fhir/restful-interaction", "read", "read")


def _purpose(envelope: Envelope) -> dict[str, Any]:
    if envelope.purpose is None:
        return _absent("unknown")
    return _concept("http://terminology.hl7.org/CodeSystem/v3-ActReason", envelope.purpose)


def _role(code: str, display: str, who: dict[str, Any], network: dict[str, Any]) -> dict[str, Any]:
    return {"type": {"coding": [_coding(_DCM, code, display)]}, "who": who, "requestor": False, "network": network}


def _network(found: str | None, reason: Reason) -> dict[str, Any]:
    """Where an agent of the event is reached: an address, or host and port."""
    address = _text(found or "")
    if not address:
        return {"_address": _absent(reason)}
    host = address.rpartition(":")[0].strip("[]") if address.count(":") == 1 or "]:" in address else address
    try:
        ip_address(host)
    except ValueError:
        return {"address": address, "type": _NAME}
    return {"address": address, "type": _ADDRESS}


def _counts(found: Mapping[str, int] | None) -> str:
    return _joined([f"{kind}={count}" for kind, count in (found or {}).items()])


def _joined(words: Sequence[str]) -> str:
    return _text(" ".join(words))


def _text(text: str) -> str:
    """As a FHIR `string` may be: no control characters, not blank at its ends; empty where none is left."""
    return _BLANK.sub("\N{REPLACEMENT CHARACTER}", text).strip()


def _absent(reason: Reason) -> dict[str, Any]:
    return {"extension": [{"url": _ABSENT, "valueCode": reason}]}


def _coding(system: str, code: str, display: str | None = None) -> dict[str, Any]:
    """What cannot be a code is shown as the text that it is."""
    if not _CODE.fullmatch(code):
        return {"system": system, "display": _text(code) or "?"}
    return {"system": system, "code": code, **({} if display is None else {"display": display})}


def _concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [_coding(system, code)]}


def line(event: dict[str, Any]) -> bytes:
    """One of them as a line of NDJSON."""
    return msgspec.json.encode(event) + b"\n"
