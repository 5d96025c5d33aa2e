"""What left, one row for each time that an agent or a callback was sent personal data: what accountings of disclosures,
transfer logs and registers of recipients are made of.

A row says what the record says; what the policy version that it was decided under (`policy`) says of who runs the
recipient stands beside it under `registered_…`. Data that is of no class but public, internal or secret is nobody's and
makes no row; whatever else a class is called, and what was not assessed, does.
"""

from typing import Any

from gateway.evidence.figures.seen import NONE
from gateway.evidence.figures.subjects import EXCLUDED
from gateway.evidence.reports.register import Declared
from gateway.ledger.record import Detail, Envelope

EVENTS = ("exchange.requested", "exchange.attempted", "task.callback_sent")
IMPERSONAL = frozenset({"public", "internal", "secret"})
COLUMNS = (
    *("seq", "occurred_at", "exchange", "recipient", "zone", "region", "processor", "destination"),
    *("registered_name", "registered_address", "registered_country", "registered_safeguard"),
    *("action", "purpose", "legal_basis", "accountable", "classes", "found", "obligations", "subjects"),
    *("policy", "rules", "actor"),
)


def version(envelope: Envelope) -> str | None:
    """The policy version that something was sent under; None where the record names none."""
    return None if envelope.decision is None else envelope.decision.policy


def row(envelope: Envelope, detail: Detail | None, declared: Declared) -> dict[str, Any] | None:
    """A row with the members `COLUMNS`; None for a record that is of no disclosure of personal data.

    `accountable`: whether an accounting under 45 CFR 164.528 lists it, by its purpose; treatment, payment and health
    care operations need not be. `destination` and `subjects` are None where the detail is not there, or says nothing.
    """
    recipient = envelope.callback if envelope.event == "task.callback_sent" else envelope.agent
    if envelope.event not in EVENTS or recipient is None or envelope.attempt == 0:
        return None
    if envelope.event == "task.callback_sent" and envelope.decision is not None and envelope.decision.effect == "deny":
        return None  # it is told that there is an answer, and not the answer
    found = envelope.classes
    classes = None if found is None else sorted({*found.found, *found.declared, *found.inherited, *found.floor})
    if classes is not None and IMPERSONAL.issuperset(classes):
        return None
    party = declared.of(version(envelope)).party(envelope.processor or NONE)
    return {
        "seq": envelope.seq,
        "occurred_at": envelope.occurred_at,
        "exchange": envelope.exchange,
        "recipient": recipient,
        "zone": envelope.zone,
        "region": envelope.region,
        "processor": envelope.processor,
        "destination": None if detail is None else detail.destination,
        "registered_name": party.legal_name,
        "registered_address": party.address,
        "registered_country": party.country,
        "registered_safeguard": party.safeguard,
        "action": envelope.action,
        "purpose": envelope.purpose,
        "legal_basis": envelope.legal_basis,
        "accountable": envelope.purpose not in EXCLUDED,
        "classes": classes,
        "found": None if envelope.found is None else dict(envelope.found),
        "obligations": None if envelope.decision is None else list(envelope.decision.obligations),
        "subjects": None if detail is None or detail.subjects is None else list(detail.subjects),
        "policy": version(envelope),
        "rules": None if envelope.decision is None else list(envelope.decision.rules),
        "actor": envelope.actor,
    }
