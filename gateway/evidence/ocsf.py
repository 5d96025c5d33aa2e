"""A record as an event of the Open Cybersecurity Schema Framework (OCSF 1.5.0): class API Activity (6003).

Made of the envelope alone: what a record keeps from whoever may not claim it (its detail, its content) is in no event.
Nothing of the envelope is lost either: a field that has a place in the class stands there and only there
(`_PLACED`), every other one under `unmapped` by its own name; beside them stands the record's leaf hash, by which
an event is found in the ledger and checked against a checkpoint.

What kind of activity an event is, how it ended and how grave that is, says one table (`KINDS`, `docs/ocsf.md`).
"""

from typing import Any, NamedTuple

import msgspec

from gateway import __version__
from gateway.ledger import record
from gateway.ledger.chain import leaf_hash
from gateway.ledger.encoding import to_base64
from gateway.ledger.record import Envelope
from gateway.ledger.times import parse_timestamp

VERSION = "1.5.0"
CLASS = 6003
CATEGORY = 6
PRODUCT = {"name": "agent-compliance-gateway", "vendor_name": "agent-compliance-gateway", "version": __version__}

ACTIVITIES = {1: "Create", 2: "Read", 3: "Update", 4: "Delete", 99: "Other"}
"""`activity_id` of class 6003, those that are used."""
STATUSES = {1: "Success", 2: "Failure", 99: "Other"}
"""`status_id`; 99 is what has only begun."""
SEVERITIES = {1: "Informational", 2: "Low", 3: "Medium", 4: "High", 5: "Critical"}
"""`severity_id`."""
_CREATE, _READ, _UPDATE, _DELETE, _OTHER = ACTIVITIES
_SUCCESS, _FAILURE, _BEGUN = STATUSES
_GOOD = frozenset({"ok", "cached", "made", "due", "delivered"})
"""Codes of an outcome that is a success."""


class Kind(NamedTuple):
    """What an event of a record is as an OCSF event."""

    activity: int
    status: int | None
    """None: as the record's outcome says, a success where it names none."""
    severity: int
    failed: int
    """The severity in place of the other where the status, by the outcome, is a failure."""


def _kind(activity: int, status: int | None = _SUCCESS, severity: int = 1, failed: int | None = None) -> Kind:
    return Kind(activity, status, severity, severity if failed is None else failed)


KINDS = {
    "exchange.requested": _kind(_OTHER, _BEGUN),
    "exchange.attempted": _kind(_OTHER, _BEGUN),
    "exchange.completed": _kind(_OTHER, None, 1, 2),
    "exchange.denied": _kind(_OTHER, _FAILURE, 2),
    "exchange.interrupted": _kind(_OTHER, _FAILURE, 3),
    "exchange.late": _kind(_OTHER, None, 2, 2),
    "auth.failed": _kind(_OTHER, _FAILURE, 3),
    "policy.activated": _kind(_UPDATE, severity=2),
    "config.changed": _kind(_UPDATE, severity=2),
    "key.created": _kind(_CREATE, severity=2),
    "key.revoked": _kind(_DELETE, severity=2),
    "key.rotated": _kind(_UPDATE, severity=2),
    "key.wrapped": _kind(_UPDATE, severity=2),
    "audit.read": _kind(_READ, None, 1, 2),
    "audit.exported": _kind(_READ, None, 2, 2),
    "audit.verified": _kind(_READ, None, 1, 5),
    "ledger.started": _kind(_OTHER, severity=2),
    "ledger.stopped": _kind(_OTHER, severity=2),
    "ledger.recovered": _kind(_OTHER, severity=3),
    "checkpoint.published": _kind(_CREATE),
    "agent.tool_pinned": _kind(_CREATE),
    "agent.tool_quarantined": _kind(_UPDATE, severity=4),
    "agent.tool_released": _kind(_UPDATE, severity=2),
    "issuer.keys_changed": _kind(_UPDATE, severity=3),
    "limit.warned": _kind(_OTHER, severity=2),
    "approval.requested": _kind(_CREATE, _BEGUN),
    "approval.approved": _kind(_UPDATE, severity=2),
    "approval.denied": _kind(_UPDATE, _FAILURE, 2),
    "approval.edited": _kind(_UPDATE, severity=2),
    "approval.expired": _kind(_UPDATE, _FAILURE, 2),
    "approval.superseded": _kind(_UPDATE, _FAILURE, 2),
    "content.revealed": _kind(_READ, severity=3),
    "key.denied": _kind(_UPDATE, severity=3),
    "key.allowed": _kind(_UPDATE, severity=2),
    "limits.degraded": _kind(_OTHER, _FAILURE, 3),
    "limits.restored": _kind(_OTHER),
    "alert.break_glass": _kind(_CREATE, severity=4),
    "alert.break_glass_closed": _kind(_DELETE, severity=2),
    "alert.reviewed": _kind(_UPDATE, severity=2),
    "task.submitted": _kind(_CREATE, _BEGUN),
    "task.retried": _kind(_UPDATE, _FAILURE, 2),
    "task.completed": _kind(_UPDATE, None, 1, 2),
    "task.failed": _kind(_UPDATE, _FAILURE, 3),
    "task.cancelled": _kind(_UPDATE, _FAILURE, 2),
    "task.requeued": _kind(_UPDATE, _BEGUN),
    "task.read": _kind(_READ, None, 1, 2),
    "task.callback_sent": _kind(_OTHER, _BEGUN),
    "task.callback_delivered": _kind(_OTHER),
    "task.callback_failed": _kind(_OTHER, _FAILURE, 3),
    "alert.review_overdue": _kind(_OTHER, _FAILURE, 4),
    "notice.failed": _kind(_OTHER, _FAILURE, 3),
    "exchange.reclassified": _kind(_OTHER, None, 1, 4),
    "incident.opened": _kind(_CREATE, _FAILURE, 4),
    "review.sampled": _kind(_READ, severity=2),
    "review.marked": _kind(_CREATE, severity=1),
    "review.signed": _kind(_CREATE, severity=1),
    "subject.linked": _kind(_UPDATE),
    "subject.merged": _kind(_UPDATE, severity=2),
    "subject.restricted": _kind(_UPDATE, severity=2),
    "subject.held": _kind(_UPDATE, severity=2),
    "subject.rectified": _kind(_UPDATE, severity=2),
    "policy.proposed": _kind(_CREATE, _BEGUN),
    "incident.closed": _kind(_UPDATE, severity=3),
    "subject.erasure": _kind(_DELETE, _BEGUN, 2),
    "subject.erasure-refused": _kind(_DELETE, _FAILURE, 2),
    "subject.erased": _kind(_DELETE, severity=3),
    "subject.access": _kind(_READ, severity=2),
    "subject.shown": _kind(_READ, severity=2),
    "checkpoint.witnessed": _kind(_UPDATE),
    "restore.acknowledged": _kind(_UPDATE, severity=5),
    "restore.erased": _kind(_DELETE, severity=3),
    "restore.completed": _kind(_UPDATE, severity=5),
    "backup.taken": _kind(_READ, severity=3),
    "forward.started": _kind(_CREATE, severity=2),
    "forward.stalled": _kind(_OTHER, _FAILURE, 4),
    "forward.resumed": _kind(_OTHER, severity=2),
    "forward.gap": _kind(_OTHER, _FAILURE, 4),
    "forward.reset": _kind(_UPDATE, severity=4),
    "ledger.unprotected": _kind(_OTHER, _FAILURE, 4),
    "ledger.failover": _kind(_OTHER, severity=3),
    "ledger.archived": _kind(_OTHER, severity=2),
    "retention.applied": _kind(_DELETE, severity=2),
    "emergency.prepared": _kind(_OTHER, severity=2),
    "emergency.began": _kind(_OTHER, severity=2),
    "emergency.ended": _kind(_OTHER, severity=2),
    "emergency.stitched": _kind(_OTHER, severity=2),
}
"""Event of a record → what it is here: one line for each (`tests/house` holds them, and `docs/ocsf.md`, together)."""

_PLACED = ("v", "id", "seq", "tenant", "event", "occurred_at", "actor", "session", "exchange")
"""The envelope's fields that stand whole in a place of the class's own, and are not told again under `unmapped`."""
_CALLER = "caller"
"""What a source is called of which the envelope holds no address: those are in details alone."""


def api_activity(data: bytes) -> dict[str, Any]:
    """The event of one record's exact bytes. No floats, no nulls, no empty texts of its own making; `FormatError` where
    the bytes are no record's. Keys are in a fixed order."""
    return event_of(record.parse(data), data)


def event_of(envelope: Envelope, data: bytes, emergency: str | None = None) -> dict[str, Any]:
    """`api_activity`, where the record was parsed already: `envelope` is what `data` says. `emergency`: the emergency
    ledger whose number the record's is, which `log_name` then says."""
    kind = KINDS[envelope.event]
    status, severity = _ended(envelope, kind)
    event: dict[str, Any] = {
        "activity_id": kind.activity,
        "activity_name": envelope.event if kind.activity == _OTHER else ACTIVITIES[kind.activity],
        "category_uid": CATEGORY,
        "category_name": "Application Activity",
        "class_uid": CLASS,
        "class_name": "API Activity",
        "type_uid": CLASS * 100 + kind.activity,
        "type_name": f"API Activity: {ACTIVITIES[kind.activity]}",
        "severity_id": severity,
        "severity": SEVERITIES[severity],
        "status_id": status,
        "status": STATUSES[status],
        "time": _ms(envelope.occurred_at),
        "message": _message(envelope),
        "metadata": _metadata(envelope, emergency),
        "actor": _actor(envelope),
        "api": _api(envelope),
        "src_endpoint": _source(envelope),
    }
    outcome = envelope.outcome
    if outcome is not None:
        event["status_code"] = outcome.code
        if outcome.status is not None:
            event["http_response"] = {"code": outcome.status}
        if outcome.latency_us is not None:
            event["duration"] = outcome.latency_us // 1000
    if envelope.agent is not None:
        event["dst_endpoint"] = _destination(envelope)
    if envelope.event == "auth.failed" and envelope.count:
        event["count"] = envelope.count
    event["unmapped"] = _unmapped(envelope, data)
    return event


def line(data: bytes, emergency: str | None = None) -> bytes:
    """The event of one record's exact bytes as a line of NDJSON, with its newline; `FormatError` as there."""
    return msgspec.json.encode(event_of(record.parse(data), data, emergency)) + b"\n"


def severity_of(envelope: Envelope) -> int:
    """The `severity_id` of a record, 1 to 5."""
    return _ended(envelope, KINDS[envelope.event])[1]


def _ended(envelope: Envelope, kind: Kind) -> tuple[int, int]:
    """`status_id` and `severity_id`."""
    if kind.status is not None:
        return kind.status, kind.severity
    good = envelope.outcome is None or envelope.outcome.code in _GOOD
    return (_SUCCESS, kind.severity) if good else (_FAILURE, kind.failed)


def _message(envelope: Envelope) -> str:
    return envelope.event if envelope.outcome is None else f"{envelope.event}: {envelope.outcome.code}"


def _metadata(envelope: Envelope, emergency: str | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "version": VERSION,
        "product": PRODUCT,
        "uid": envelope.id,
        "event_code": envelope.event,
        "log_name": "ledger" if emergency is None else f"emergency {emergency}",
        "log_version": str(envelope.v),
        "sequence": envelope.seq,
        "tenant_uid": envelope.tenant,
        "original_time": envelope.occurred_at,
    }
    if envelope.recorded_at is not None:
        told["logged_time"] = _ms(envelope.recorded_at)
    correlated = envelope.exchange if envelope.task is None else envelope.task
    if correlated is not None:
        told["correlation_uid"] = correlated
    return told


def _actor(envelope: Envelope) -> dict[str, Any]:
    """Who acted, by the random ids of the record; the gateway itself where it names nobody."""
    told: dict[str, Any] = {}
    if envelope.actor is not None:
        person = envelope.actor_kind == "person"
        told["user"] = {
            "uid": envelope.actor,
            "type_id": 1 if person else 99,
            "type": "User" if person else envelope.actor_kind or "Other",
        }
    if envelope.session is not None:
        told["session"] = {"uid": envelope.session}
    return told or {"app_name": PRODUCT["name"]}


def _api(envelope: Envelope) -> dict[str, Any]:
    told: dict[str, Any] = {"operation": envelope.action or envelope.event}
    told["service"] = {"name": envelope.agent or PRODUCT["name"]}
    if envelope.exchange is not None:
        told["request"] = {"uid": envelope.exchange}
    outcome = envelope.outcome
    if outcome is not None:
        response: dict[str, Any] = {} if outcome.status is None else {"code": outcome.status}
        told["response"] = response if outcome.code in _GOOD else {**response, "error": outcome.code}
        if not told["response"]:
            told["response"] = {"message": outcome.code}
    return told


def _source(envelope: Envelope) -> dict[str, Any]:
    """The zone that a caller is in, or the process that did it by itself."""
    if envelope.actor is not None or envelope.caller_zone is not None:
        zone = {} if envelope.caller_zone is None else {"zone": envelope.caller_zone}
        return {"name": _CALLER, **zone}
    if envelope.node is not None:
        return {"name": PRODUCT["name"], "uid": envelope.node.id, "instance_uid": envelope.node.boot}
    return {"name": PRODUCT["name"]}


def _destination(envelope: Envelope) -> dict[str, Any]:
    told = {"name": envelope.agent, "svc_name": envelope.agent}
    return told if envelope.zone is None else {**told, "zone": envelope.zone}


def _unmapped(envelope: Envelope, data: bytes) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(envelope)
    told = {name: value for name, value in fields.items() if name not in _PLACED}
    return {**told, "leaf_hash": to_base64(leaf_hash(data))}


def _ms(text: str) -> int:
    """Milliseconds since the epoch, what is less cut off: `original_time` and `unmapped` have the microseconds."""
    return parse_timestamp(text) // 1000
