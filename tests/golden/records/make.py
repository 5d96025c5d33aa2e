"""The golden records: one of every event, then further ones with fields that came later, in one chain, as exact
bytes; and one detail.

Run to write the files again (`python tests/golden/records/make.py`): they change only with a new record version.
"""

from pathlib import Path
from typing import Any

from gateway.ledger.chain import leaf_hash
from gateway.ledger.commitment import committed
from gateway.ledger.content import content_commitment
from gateway.ledger.encoding import to_base64
from gateway.ledger.merkle import EMPTY_ROOT
from gateway.ledger.record import (
    EVENTS,
    GENESIS,
    CandidateInfo,
    ClassesInfo,
    DecisionInfo,
    Detail,
    Envelope,
    KeptInfo,
    MessageInfo,
    NodeInfo,
    ObservedInfo,
    OutcomeInfo,
    SampleInfo,
    TokensInfo,
    check,
    encode_detail,
    seal,
    timestamp,
)

HERE = Path(__file__).parent
START_US = 1_795_482_123_000_004  # 2026-11-24T01:02:03.000004Z
SALT = bytes(range(32))
POLICY = "sha256:" + "1f" * 32
EXCHANGE = "019ab3c1-7a00-7abc-8def-0123456789ab"
EMERGENCY = "em_0a1b2c3d4e5f60718293a4b5c6"
EMERGENCY_KEY = "gateway.internal/emergency/" + "3f" * 16 + "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"

DETAIL = Detail(
    agent_tls="TLSv1.3 TLS_AES_256_GCM_SHA384",
    subject="nurse-1@clinic.example",
    roles=("clinician",),
    credential="key_0f1e2d3c4b5a69788796a5b4c3",
    issuer="https://login.clinic.example",
    method="jwt",
    on_behalf_of=("dr-2@clinic.example",),
    source="192.0.2.7",
    user_agent="openai-python",
    subjects=("su_00112233445566778899aabbcc",),
    path="/v1/chat/completions",
    destination="10.0.0.5:8101",
    tls="TLSv1.3",
    reason="not allowed by policy",
    explanation="clinicians may send phi to in-house agents",
    query={"from": "2026-11-01T00:00:00.000000Z"},
    diff=("+ p, role:clinician, zone:in-house, phi",),
)

WHO: dict[str, Any] = {
    "actor": "ac_0a1b2c3d4e5f60718293a4b5c6",
    "actor_kind": "person",
    "caller_zone": "in-house",
    "session": "se_77665544332211009988776655",
}
EXCHANGE_IDS: dict[str, Any] = {
    "exchange": EXCHANGE,
    "trace": "4bf92f3577b34da6a3ce929d0e0e4736",
    "node": NodeInfo(id="nd_00000000000000000000000001", boot="bt_00000000000000000000000002"),
}
AGENT: dict[str, Any] = {
    "agent": "scribe",
    "agent_version": "2.1",
    "model": "small-7b",
    "zone": "in-house",
    "region": "DE",
    "processor": "clinic-it",
    "capability": "summarize",
}
APPROVAL = "ap_0a1b2c3d4e5f60718293a4b5c6"
ASKED: dict[str, Any] = {
    "agent": "scribe",
    "zone": "in-house",
    "action": "chat",
    "purpose": "TREAT",
    "decision": DecisionInfo(effect="approve", rules=("ask-first",), obligations=("approve:privacy",), policy=POLICY),
    "approval": APPROVAL,
}
ANSWERED: dict[str, Any] = {
    **ASKED,
    "actor": "ac_0a1b2c3d4e5f60718293a4b5c6",
    "actor_kind": "person",
    "exchange": "019ab3c1-7b00-7abc-8def-0123456789ab",
    "parent": EXCHANGE,
    "trace": "4bf92f3577b34da6a3ce929d0e0e4737",
}
GLASS: dict[str, Any] = {
    "actor": "ac_0a1b2c3d4e5f60718293a4b5c6",
    "actor_kind": "person",
    "exchange": "019ab3c1-7c00-7abc-8def-0123456789ab",
    "trace": "4bf92f3577b34da6a3ce929d0e0e4738",
    "node": EXCHANGE_IDS["node"],
    "break_glass": "bg_0a1b2c3d4e5f60718293a4b5c6",
}
TASK: dict[str, Any] = {
    **EXCHANGE_IDS,
    "task": "019ab3c1-7a01-7abc-8def-0123456789ab",
    "action": "chat",
    "attempt": 1,
}
OPERATOR: dict[str, Any] = {"actor": WHO["actor"], "actor_kind": WHO["actor_kind"]}
AGAIN: dict[str, Any] = {
    "actor": WHO["actor"],
    "actor_kind": WHO["actor_kind"],
    "exchange": EXCHANGE,
    "node": EXCHANGE_IDS["node"],
    "agent": "scribe",
    "zone": "in-house",
    "action": "chat",
    "found": {"mrn": 1, "person": 2},
    "scanned": "full",
    "classes": ClassesInfo(found=("phi", "pii"), declared=(), inherited=(), floor=()),
    "engine": "sha256:" + "5e" * 32,
    "range": (3, 4),
}
KEPT = b'[1,true,[["/messages/0/content","hello","text",""]]]'
REVIEW = "rv_0a1b2c3d4e5f60718293a4b5c6"
TOOL: dict[str, Any] = {"agent": "scribe", "action": "tool:files/read"}
DECIDED: dict[str, Any] = {
    "action": "POST /v1/chat/completions",
    "purpose": "TREAT",
    "legal_basis": "Art. 6(1)(c)",
    "found": {"mrn": 1, "person": 2},
    "scanned": "full",
    "decision": DecisionInfo(effect="redact", rules=("phi-in-house",), obligations=("redact:mrn",), policy=POLICY),
    "route_requested": "summarize",
    "candidates": (
        CandidateInfo(agent="cloudy", zone="cloud", healthy=True, answer="deny", rule="no-phi-outside"),
        CandidateInfo(agent="scribe", zone="in-house", healthy=True, answer="redact", rule="phi-in-house"),
    ),
    "inputs": {"purpose": "TREAT", "zone": "in-house"},
    "classes": ClassesInfo(found=("phi", "pii"), declared=(), inherited=(), floor=("internal",)),
    "engine": "1",
    "config": "sha256:" + "2e" * 32,
}
CASE = "sc_0a1b2c3d4e5f60718293a4b5c6"
ABOUT: dict[str, Any] = {
    "actor": WHO["actor"],
    "actor_kind": WHO["actor_kind"],
    **EXCHANGE_IDS,
    "subject": "su_00112233445566778899aabbcc",
}
KEYS = ("dk_0a1b2c3d4e5f607182930000000a",)
RECEIVED = timestamp(START_US - 40 * 86_400_000_000)
ERASURE: dict[str, Any] = {
    "node": EXCHANGE_IDS["node"],
    "subject": ABOUT["subject"],
    "case": CASE,
    "legal_basis": "Art. 17(1)(b)",
}
REQUEST = MessageInfo(
    commitment=committed(SALT, "request", b'{"model":"summarize"}'), bytes=21, media_type="application/json", parts=1
)
RESPONSE = MessageInfo(
    commitment=committed(SALT, "response", b'{"choices":[]}'), bytes=14, media_type="application/json", parts=0
)
IDEMPOTENCY = committed(SALT, "idempotency", b"order-66")

FIELDS: dict[str, dict[str, Any]] = {
    "exchange.requested": {
        **WHO,
        **EXCHANGE_IDS,
        **AGENT,
        **DECIDED,
        "parent": "019ab3c1-79ff-7abc-8def-0123456789ab",
        "request": REQUEST,
        "idempotency": IDEMPOTENCY,
        "attempt": 1,
    },
    "exchange.attempted": {**EXCHANGE_IDS, **AGENT, "request": REQUEST, "decision": DECIDED["decision"], "attempt": 2},
    "exchange.completed": {
        **EXCHANGE_IDS,
        **AGENT,
        "response": RESPONSE,
        "found": {},
        "scanned": "full",
        "attempt": 2,
        "outcome": OutcomeInfo(code="ok", status=200, latency_us=81_000, tokens_in=9, tokens_out=4, bytes=14),
    },
    "exchange.denied": {
        **WHO,
        **EXCHANGE_IDS,
        **DECIDED,
        "decision": DecisionInfo(effect="deny", rules=("no-phi-outside",), obligations=(), policy=POLICY),
        "request": REQUEST,
        "outcome": OutcomeInfo(code="policy_denied", status=403),
    },
    "exchange.interrupted": {**EXCHANGE_IDS, **AGENT, "outcome": OutcomeInfo(code="interrupted")},
    "exchange.late": {**EXCHANGE_IDS, **AGENT, "outcome": OutcomeInfo(code="timeout_total", latency_us=600_000_000)},
    "auth.failed": {"outcome": OutcomeInfo(code="key_unknown", status=401), "count": 12, "window_s": 60},
    "policy.activated": {"policy": POLICY, "config": "sha256:" + "2e" * 32},
    "config.changed": {"config": "sha256:" + "2e" * 32},
    "key.created": {**WHO, "credential": "key_0f1e2d3c4b5a69788796a5b4c3"},
    "key.revoked": {**WHO, "credential": "key_0f1e2d3c4b5a69788796a5b4c3"},
    "key.rotated": {**WHO, "credential": "key_0f1e2d3c4b5a69788796a5b4c3"},
    "audit.read": {**WHO, "action": "GET /audit/records", "range": (0, 12), "count": 12},
    "audit.exported": {**WHO, "action": "POST /evidence/bundles", "range": (0, 13), "count": 13},
    "audit.verified": {
        **WHO,
        "action": "POST /audit/verifications",
        "range": (0, 14),
        "outcome": OutcomeInfo(code="ok"),
    },
    "ledger.started": {"node": EXCHANGE_IDS["node"], "build": "sha256:" + "3d" * 32},
    "ledger.stopped": {"node": EXCHANGE_IDS["node"]},
    "ledger.recovered": {"node": EXCHANGE_IDS["node"], "count": 3},
    "checkpoint.published": {"checkpoint": (18, to_base64(EMPTY_ROOT))},
    "agent.tool_pinned": {**TOOL, "exchange": EXCHANGE},
    "agent.tool_quarantined": {**TOOL, "exchange": EXCHANGE},
    "agent.tool_released": {**TOOL, **OPERATOR},
    "issuer.keys_changed": {"node": EXCHANGE_IDS["node"], "count": 2},
    "limit.warned": {
        "actor": WHO["actor"],
        "actor_kind": WHO["actor_kind"],
        **EXCHANGE_IDS,
        "limit": "cloud-tokens",
        "count": 100_000,
        "window_s": 3600,
    },
    "approval.requested": {
        **ASKED,
        **EXCHANGE_IDS,
        "actor": WHO["actor"],
        "actor_kind": WHO["actor_kind"],
        "classes": DECIDED["classes"],
    },
    "approval.approved": ANSWERED,
    "approval.denied": ANSWERED,
    "approval.edited": ANSWERED,
    "approval.expired": {**ASKED, "parent": EXCHANGE},
    "approval.superseded": {**ASKED, "parent": EXCHANGE},
    "content.revealed": {
        **ANSWERED,
        "response": MessageInfo(
            commitment=committed(SALT, "response", b"{}"), bytes=2, media_type="application/json", parts=1
        ),
    },
    "key.denied": {**WHO, "credential": "dn_0f1e2d3c4b5a69788796a5b4c3"},
    "key.allowed": {**WHO, "credential": "dn_0f1e2d3c4b5a69788796a5b4c3"},
    "limits.degraded": {"node": EXCHANGE_IDS["node"], "count": 3},
    "limits.restored": {"node": EXCHANGE_IDS["node"], "count": 3},
    "alert.break_glass": GLASS,
    "alert.break_glass_closed": GLASS,
    "alert.reviewed": GLASS,
    "task.submitted": {
        **TASK,
        **OPERATOR,
        "caller_zone": WHO["caller_zone"],
        "attempt": None,
        "route_requested": "summarize",
        "purpose": "TREAT",
        "classes": DECIDED["classes"],
        "request": REQUEST,
        "config": DECIDED["config"],
    },
    "task.retried": {**TASK, "outcome": OutcomeInfo(code="agent_unavailable", status=502)},
    "task.completed": {**TASK, "attempt": 2, "outcome": OutcomeInfo(code="ok", status=200), "response": RESPONSE},
    "task.failed": {**TASK, "attempt": 5, "outcome": OutcomeInfo(code="agent_timeout", status=504)},
    "task.cancelled": {**TASK, **OPERATOR, "outcome": OutcomeInfo(code="task_cancelled")},
    "task.requeued": {**TASK, **OPERATOR, "attempt": 5},
    "task.read": {
        **TASK,
        **OPERATOR,
        "attempt": None,
        "caller_zone": WHO["caller_zone"],
        "exchange": "019ab3c1-7d00-7abc-8def-0123456789ab",
        "parent": EXCHANGE,
        "trace": "4bf92f3577b34da6a3ce929d0e0e4739",
        "purpose": "TREAT",
        "found": {"mrn": 1},
        "scanned": "full",
        "classes": ClassesInfo(found=("phi", "pii"), declared=(), inherited=("phi",), floor=()),
        "decision": DecisionInfo(effect="redact", rules=("phi-in-house",), obligations=("redact:mrn",), policy=POLICY),
        "response": RESPONSE,
    },
    "task.callback_sent": {
        **TASK,
        "callback": "billing",
        "zone": "partner",
        "purpose": "TREAT",
        "legal_basis": "Art. 9(2)(h)",
        "found": {"mrn": 1},
        "scanned": "full",
        "classes": ClassesInfo(found=("phi", "pii"), declared=(), inherited=(), floor=()),
        "decision": DecisionInfo(effect="deny", rules=("phi-nowhere-else",), obligations=(), policy=POLICY),
        "response": RESPONSE,
    },
    "task.callback_delivered": {**TASK, "callback": "billing", "outcome": OutcomeInfo(code="ok", status=204)},
    "task.callback_failed": {
        **TASK,
        "callback": "billing",
        "attempt": 12,
        "outcome": OutcomeInfo(code="callback_refused", status=500),
    },
    "alert.review_overdue": {"node": EXCHANGE_IDS["node"], "break_glass": GLASS["break_glass"]},
    "notice.failed": {"node": EXCHANGE_IDS["node"], "count": 7},
    "exchange.reclassified": {**AGAIN, "outcome": OutcomeInfo(code="ok")},
    "incident.opened": {**AGAIN, "outcome": OutcomeInfo(code="should_not_have_left")},
    "review.sampled": {
        **OPERATOR,
        "node": EXCHANGE_IDS["node"],
        "review": REVIEW,
        "engine": AGAIN["engine"],
        "count": 2,
        "sample": SampleInfo(
            since=timestamp(START_US - 86_400_000_000),
            until=timestamp(START_US),
            population={"cloud": 40, "in-house": 2_000},
            seed="0123456789abcdef",
            records=(3, 1),
        ),
    },
    "review.marked": {
        **OPERATOR,
        "node": EXCHANGE_IDS["node"],
        "exchange": "019ab3c1-7e00-7abc-8def-0123456789ab",
        "trace": "4bf92f3577b34da6a3ce929d0e0e473a",
        "parent": EXCHANGE,
        "review": REVIEW,
        "range": (3, 4),
        "agent": "scribe",
        "zone": "in-house",
        "action": "chat",
        "engine": AGAIN["engine"],
        "found": {"mrn": 1, "person": 2},
        "missed": {"person": 1},
        "wrong": {},
        "outcome": OutcomeInfo(code="missed"),
    },
    "subject.linked": {**ABOUT, "count": 2, "outcome": OutcomeInfo(code="linked")},
    "subject.shown": {**ABOUT, "outcome": OutcomeInfo(code="shown")},
    "subject.merged": {**ABOUT, "outcome": OutcomeInfo(code="merged")},
    "subject.restricted": {**ABOUT, "outcome": OutcomeInfo(code="restricted")},
    "subject.held": {**ABOUT, "case": CASE, "outcome": OutcomeInfo(code="placed")},
    "subject.rectified": {**ABOUT, "range": (0, 1), "outcome": OutcomeInfo(code="rectified")},
    "policy.proposed": {
        **OPERATOR,
        "policy": POLICY,
        "config": "sha256:" + "2e" * 32,
        "node": EXCHANGE_IDS["node"],
        "proposal": "pp_0a1b2c3d4e5f60718293a4b5c6",
        "proposer": OPERATOR["actor"],
    },
    "incident.closed": {
        **OPERATOR,
        "node": EXCHANGE_IDS["node"],
        "exchange": "019ab3c1-7f00-7abc-8def-0123456789ab",
        "trace": "4bf92f3577b34da6a3ce929d0e0e473b",
        "parent": EXCHANGE,
        "agent": "scribe",
        "zone": "in-house",
        "incident": "019ab3c1-7a00-7000-8000-000000000033",
        "outcome": OutcomeInfo(code="no_breach"),
    },
    "subject.erasure": {**ERASURE, "count": 12, "keys": KEYS, "outcome": OutcomeInfo(code="begun")},
    "subject.erasure-refused": {**ABOUT, **ERASURE, "outcome": OutcomeInfo(code="hold")},
    "subject.erased": {
        **ERASURE,
        "count": 12,
        "keys": KEYS,
        "recipients": ("scribe",),
        "backups_until": timestamp(START_US + 30 * 86_400_000_000),
        "outcome": OutcomeInfo(code="erased"),
    },
    "subject.access": {**ABOUT, "case": CASE, "outcome": OutcomeInfo(code="answered")},
    "checkpoint.witnessed": {"checkpoint": (18, to_base64(EMPTY_ROOT)), "count": 2, "node": EXCHANGE_IDS["node"]},
    "restore.acknowledged": {**OPERATOR, "range": (800, 1_000), "node": EXCHANGE_IDS["node"]},
    "restore.erased": {"subject": ABOUT["subject"], "count": 4, "keys": ("dk_1",), "node": EXCHANGE_IDS["node"]},
    "restore.completed": {
        **OPERATOR,
        "checkpoint": (800, to_base64(EMPTY_ROOT)),
        "range": (800, 1_000),
        "node": EXCHANGE_IDS["node"],
    },
    "backup.taken": {**OPERATOR, "node": EXCHANGE_IDS["node"]},
    "forward.started": {"forward": "siem", "range": (0, 18), "node": EXCHANGE_IDS["node"]},
    "forward.stalled": {
        "forward": "siem",
        "range": (18, 40),
        "outcome": OutcomeInfo(code="connect_failed"),
        "node": EXCHANGE_IDS["node"],
    },
    "forward.resumed": {"forward": "siem", "range": (40, 41), "node": EXCHANGE_IDS["node"]},
    "forward.gap": {"forward": "siem", "range": (41, 50), "node": EXCHANGE_IDS["node"]},
    "forward.reset": {
        **OPERATOR,
        "forward": "siem",
        "range": (40, 50),
        "outcome": OutcomeInfo(code="again"),
        "node": EXCHANGE_IDS["node"],
    },
    "ledger.unprotected": {"outcome": OutcomeInfo(code="accepted"), "node": EXCHANGE_IDS["node"]},
    "ledger.failover": {"outcome": OutcomeInfo(code="timeline"), "node": EXCHANGE_IDS["node"]},
    "ledger.archived": {
        "range": (0, 65_536),
        "archive": "ar_0a1b2c3d4e5f60718293a4b5c6",
        "digest": "sha256:" + "2e" * 32,
        "checkpoint": (70_000, to_base64(EMPTY_ROOT)),
        "node": EXCHANGE_IDS["node"],
    },
    "retention.applied": {
        "range": (0, 4_096),
        "retention": "exchange",
        "count": 812,
        "outcome": OutcomeInfo(code="details"),
        "node": EXCHANGE_IDS["node"],
    },
    "emergency.prepared": {"emergency": EMERGENCY, "key": EMERGENCY_KEY, "node": EXCHANGE_IDS["node"]},
    "emergency.began": {
        "emergency": EMERGENCY,
        "began": timestamp(START_US),
        "policy": POLICY,
        "checkpoint": (70_000, to_base64(EMPTY_ROOT)),
        "node": EXCHANGE_IDS["node"],
    },
    "emergency.ended": {"emergency": EMERGENCY, "node": EXCHANGE_IDS["node"]},
    "emergency.stitched": {
        "emergency": EMERGENCY,
        "key": EMERGENCY_KEY,
        "archive": "ar_0a1b2c3d4e5f60718293a4b5c6",
        "digest": "sha256:" + "2e" * 32,
        "range": (0, 812),
        "checkpoint": (812, to_base64(EMPTY_ROOT)),
        "began": timestamp(START_US),
        "ended": timestamp(START_US + 60_000_000),
        "count": 31,
        "node": EXCHANGE_IDS["node"],
    },
    "key.wrapped": {
        "actor": WHO["actor"],
        "actor_kind": "person",
        "credential": "5f0e1d2c3b4a5968",
        "outcome": OutcomeInfo(code="passphrase"),
        "node": EXCHANGE_IDS["node"],
    },
    "review.signed": {
        **OPERATOR,
        "exchange": "019ab3c1-8000-7abc-8def-0123456789ab",
        "trace": "4bf92f3577b34da6a3ce929d0e0e473c",
        "range": (0, 80),
        "digest": "sha256:" + "4c" * 32,
        "incident": "019ab3c1-7a00-7000-8000-000000000033",
        "outcome": OutcomeInfo(code="findings"),
        "node": EXCHANGE_IDS["node"],
    },
}

MORE: dict[str, dict[str, Any]] = {
    "exchange.requested.tokens": {
        **WHO,
        **EXCHANGE_IDS,
        **AGENT,
        **DECIDED,
        "decision": DecisionInfo(effect="tokenize", rules=("pii-as-tokens",), obligations=("tokenize",), policy=POLICY),
        "tokens": TokensInfo(sent={"person": 2, "phone": 1}),
        "request": REQUEST,
    },
    "exchange.completed.tokens": {
        **EXCHANGE_IDS,
        **AGENT,
        "response": RESPONSE,
        "found": {"person": 1},
        "scanned": "full",
        "tokens": TokensInfo(back={"person": 1}, kept={"phone": 1}, foreign=0),
        "attempt": 1,
        "outcome": OutcomeInfo(code="ok", status=200, latency_us=81_000, bytes=14),
    },
    "exchange.requested.observed": {
        **WHO,
        **EXCHANGE_IDS,
        **AGENT,
        **DECIDED,
        "decision": DecisionInfo(
            effect="route",
            rules=("pii-in-house",),
            obligations=(),
            policy=POLICY,
            observed=ObservedInfo(effect="deny", rules=("pii-nowhere",), watched=("pii-nowhere",)),
        ),
        "request": REQUEST,
    },
    "exchange.requested.kept": {
        **WHO,
        **EXCHANGE_IDS,
        **AGENT,
        **DECIDED,
        "decision": DecisionInfo(
            effect="redact", rules=("phi-in-house",), obligations=("keep-content:30", "redact:mrn"), policy=POLICY
        ),
        "request": REQUEST,
        "kept": KeptInfo(
            commitment=content_commitment(SALT, "dk_0a1b2c3d4e5f60718293a4b5c6", KEPT),
            bytes=len(KEPT),
            until=timestamp(START_US + 30 * 86_400_000_000),
        ),
    },
    "subject.access.received": {**ABOUT, "case": CASE, "began": RECEIVED, "outcome": OutcomeInfo(code="late")},
    "subject.erasure.received": {**ABOUT, **ERASURE, "began": RECEIVED, "outcome": OutcomeInfo(code="requested")},
    "audit.exported.made": {
        **OPERATOR,
        "action": "activity-review",
        "exchange": "019ab3c1-8000-7abc-8def-0123456789ab",
        "range": (0, 80),
        "digest": "sha256:" + "4c" * 32,
        "outcome": OutcomeInfo(code="made"),
        "node": EXCHANGE_IDS["node"],
    },
    "exchange.completed.unanswered": {
        **EXCHANGE_IDS,
        **AGENT,
        "attempt": 1,
        "outcome": OutcomeInfo(code="agent_timeout", status=504, latency_us=30_000_000, unanswered=True),
    },
    "task.callback_failed.unanswered": {
        **TASK,
        "callback": "billing",
        "zone": "partner",
        "outcome": OutcomeInfo(code="timeout_response", unanswered=True),
    },
    "alert.reviewed.judged": {**GLASS, "outcome": OutcomeInfo(code="not_justified")},
    "ledger.archived.standing": {
        "range": (0, 65_536),
        "archive": "ar_0a1b2c3d4e5f60718293a4b5c6",
        "digest": "sha256:" + "2e" * 32,
        "standing": POLICY,
        "checkpoint": (70_000, to_base64(EMPTY_ROOT)),
        "node": EXCHANGE_IDS["node"],
    },
}
"""By the event and a word for what is told of it."""


def build() -> dict[str, bytes]:
    """File name → bytes."""
    detail = encode_detail(DETAIL)
    files = {"detail.json": detail}
    prev = GENESIS
    named = [*((event, FIELDS[event]) for event in EVENTS), *MORE.items()]
    for seq, (name, told) in enumerate(named):
        envelope = Envelope(
            id=f"019ab3c1-7a00-7000-8000-{seq:012x}",
            tenant="tn_00000000000000000000000003",
            event=".".join(name.split(".")[:2]),
            occurred_at=timestamp(START_US + seq * 1_000_000),
            detail=committed(SALT, "detail", detail),
            **told,
        )
        check(envelope)
        record = seal(envelope, seq, prev, timestamp(START_US + seq * 1_000_000 + 500))
        files[f"{name}.json"] = record
        prev = leaf_hash(record)
    return files


def main() -> None:
    for name, data in build().items():
        (HERE / name).write_bytes(data)


if __name__ == "__main__":
    main()
