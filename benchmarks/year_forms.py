"""The forms of others that a year's bundles carry, counted against what was drawn: how many records, events and
disclosures of each kind, about whom, and to whom."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from benchmarks.year_bundles import Bundle
from benchmarks.year_hand import Drawn
from benchmarks.year_messages import PERSONAL, labels
from benchmarks.year_persons import NEED_NOT_BE_TOLD
from benchmarks.year_versions import declared
from gateway.ledger.record import Envelope

SENT = ("exchange.requested", "exchange.attempted", "task.callback_sent")
GIVEN = ("exchange.completed", "task.read")
REFUSED = ("exchange.denied", "exchange.late")
DISCLOSURE, READ = "IHE.BasicAudit.PrivacyDisclosure.Source", "IHE.BasicAudit.PatientRead"
NO_PROFILE = "no profile"
Counted = Counter[tuple[Any, ...]]


def form_faults(bundle: Bundle) -> Iterator[str]:
    """Every count in which they differ."""
    selected = bundle.selected
    events = Counter((one.envelope.event, one.envelope.exchange, one.envelope.occurred_at) for one in selected)
    yield from _differ("records.csv", Counter(map(_row, _table(bundle, "data/csv/records.csv"))), events)
    lines = _lines(bundle, "data/ocsf/api_activity.ndjson")
    told = Counter((one["metadata"]["event_code"], one["metadata"]["original_time"]) for one in lines)
    yield from _differ("OCSF", told, Counter((event, at) for event, _, at in events.elements()))
    yield from _differ("disclosures.jsonl", _ndjson(bundle), _disclosed(selected))
    yield from _differ("disclosures.csv", _csv(bundle), _disclosed(selected))
    yield from _fhir(bundle)


def _row(row: dict[str, str]) -> tuple[str, str | None, str]:
    return row["event"], row["exchange"] or None, row["occurred_at"]


# -------------------------------------------------------------------------------------------------------- disclosures


def _disclosed(selected: Iterable[Drawn]) -> Counted:
    """Recipient, zone, purpose, classes, persons, whether it is accounted for, and who is said to run the recipient."""
    found = Counted()
    for drawn in selected:
        one, names = drawn.envelope, labels(drawn.envelope)
        recipient = one.callback if one.event == "task.callback_sent" else one.agent
        if one.event not in SENT or recipient is None or one.attempt == 0:
            continue
        if names is not None and PERSONAL.isdisjoint(names):
            continue
        people = "" if drawn.detail is None else " ".join(drawn.detail.subjects or ())
        party = declared("none" if one.decision is None else one.decision.policy, one.processor or "none")
        who = (party.legal_name, party.country, party.safeguard)
        told = one.purpose not in NEED_NOT_BE_TOLD
        found[recipient, one.zone, one.purpose or "", " ".join(names or ()), people, told, *who] += 1
    return found


def _ndjson(bundle: Bundle) -> Counted:
    return Counted(
        (
            *(one["recipient"], one["zone"], one["purpose"] or "", " ".join(one["classes"] or ())),
            *(" ".join(one["subjects"] or ()), one["accountable"]),
            *(one["registered_name"], one["registered_country"], one["registered_safeguard"]),
        )
        for one in _lines(bundle, "data/disclosures.jsonl")
    )


def _csv(bundle: Bundle) -> Counted:
    return Counted(
        (
            *(one["recipient"], one["zone"], one["purpose"], one["classes"], one["subjects"]),
            one["accountable"] == "true",
            *(one["registered_name"], one["registered_country"], one["registered_safeguard"]),
        )
        for one in _table(bundle, "data/csv/disclosures.csv")
    )


# --------------------------------------------------------------------------------------------------------------- FHIR


def _fhir(bundle: Bundle) -> Iterator[str]:
    """AuditEvents: profile, outcome, patient and purpose of each, and their own count of themselves."""
    wanted, mapped, unscanned = Counted(), 0, 0
    for drawn in bundle.selected:
        one = drawn.envelope
        if one.event not in SENT + GIVEN + REFUSED or (one.event == "exchange.requested" and one.agent is None):
            continue
        if "phi" not in (labels(one) or ()):
            unscanned += one.scanned in ("partial", "none")
            continue
        mapped += 1
        people = (drawn.detail.subjects if drawn.detail is not None else None) or ("",)
        wanted.update((*_kind(one), person, one.purpose or "") for person in people)
    lines = _lines(bundle, "data/fhir/AuditEvent.ndjson")
    yield from _differ("AuditEvent", Counted(map(_event, lines)), wanted)
    told = json.loads(bundle.read("data/fhir/coverage.json"))
    said = {
        "records": len(bundle.selected),
        "mapped": mapped,
        "events": wanted.total(),
        "classes": ["phi"],
        "unscanned": unscanned,
    }
    if told != said:
        yield f"FHIR coverage: {told}, must be {said}"


def _kind(one: Envelope) -> tuple[str, str]:
    """Profile and outcome: 0 of what happened, 4 of what policy kept back, 8 of what ended badly."""
    denied = one.decision is not None and one.decision.effect == "deny"
    if one.event in ("exchange.requested", "exchange.attempted"):
        return DISCLOSURE, "0"
    if one.event == "exchange.completed":
        well = one.outcome is not None and one.outcome.code in ("ok", "cached")
    else:
        well = one.event not in REFUSED and not denied
    if well:
        return DISCLOSURE if one.event in SENT else READ, "0"
    return NO_PROFILE, "4" if denied or one.event == "exchange.denied" else "8"


def _event(event: dict[str, Any]) -> tuple[str, ...]:
    profile = event.get("meta", {}).get("profile", [NO_PROFILE])[0].rpartition("/")[2]
    patient = event["entity"][0]["what"].get("identifier", {}).get("value", "")
    purpose = event["purposeOfEvent"][0].get("coding", [{"code": ""}])[0]["code"]
    return profile, event["outcome"], patient, purpose


# ---------------------------------------------------------------------------------------------------------- in general


def _lines(bundle: Bundle, member: str) -> list[Any]:
    return [json.loads(line) for line in bundle.read(member).splitlines()]


def _table(bundle: Bundle, member: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(bundle.read(member).decode())))


def _differ(name: str, found: Counter[Any], wanted: Counter[Any]) -> Iterator[str]:
    for key in sorted({*found, *wanted}, key=str):
        if found[key] != wanted[key]:
            yield f"{name}: {key}: {found[key]}, must be {wanted[key]}"
