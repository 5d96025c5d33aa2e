"""The envelope (the leaf) and the detail beside it: fields, limits, canonical bytes.

`docs/record-v1.md` says of every field what it holds and why it may be in clear. Names are never reused with another
meaning. An absent field means not assessed; an empty list is written.
"""

import msgspec

VERSION = 1
MAX_BYTES = 65_535
GENESIS = bytes(32)
"""`prev` of record 0."""

EVENTS = (
    "exchange.requested",
    "exchange.attempted",
    "exchange.completed",
    "exchange.denied",
    "exchange.interrupted",
    "exchange.late",
    "auth.failed",
    "policy.activated",
    "config.changed",
    "key.created",
    "key.revoked",
    "key.rotated",
    "audit.read",
    "audit.exported",
    "audit.verified",
    "ledger.started",
    "ledger.stopped",
    "ledger.recovered",
    "checkpoint.published",
)


class MessageInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A request or answer as the envelope knows it: how much of what kind, and a commitment to its exact bytes."""

    commitment: str | None = None
    """base64 of HMAC-SHA256(r, label ‖ 0x00 ‖ body)."""
    bytes: int | None = None
    media_type: str | None = None
    parts: int | None = None


class DecisionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """`core.decision.Decision` without the agent and the candidates, which are fields of the envelope itself."""

    effect: str
    rules: tuple[str, ...]
    obligations: tuple[str, ...]
    policy: str


class OutcomeInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How it ended: `code` is `ok` or a refusal or agent code, `status` the HTTP status given to the caller."""

    code: str
    status: int | None = None
    latency_us: int | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    bytes: int | None = None


class CandidateInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A candidate in the order evaluated (`core.decision.CandidateView`)."""

    agent: str
    zone: str
    healthy: bool
    answer: str
    rule: str | None = None


class ClassesInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Where the data classes of a message came from."""

    found: tuple[str, ...]
    declared: tuple[str, ...]
    inherited: tuple[str, ...]
    floor: tuple[str, ...]


class NodeInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The serving process: a random id of the node and one of this start of it."""

    id: str
    boot: str


class Envelope(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One record. `seq`, `prev` and `recorded_at` are filled in by the writer; all else is final before."""

    v: int = msgspec.field(default_factory=lambda: VERSION)
    seq: int | None = None
    prev: str | None = None
    id: str
    tenant: str
    event: str
    occurred_at: str
    recorded_at: str | None = None
    actor: str | None = None
    session: str | None = None
    exchange: str | None = None
    parent: str | None = None
    actor_kind: str | None = None
    caller_zone: str | None = None
    agent: str | None = None
    agent_version: str | None = None
    model: str | None = None
    zone: str | None = None
    region: str | None = None
    processor: str | None = None
    capability: str | None = None
    action: str | None = None
    purpose: str | None = None
    legal_basis: str | None = None
    found: dict[str, int] | None = None
    scanned: str | None = None
    decision: DecisionInfo | None = None
    attempt: int | None = None
    outcome: OutcomeInfo | None = None
    request: MessageInfo | None = None
    response: MessageInfo | None = None
    detail: str | None = None
    """base64 of the commitment to the detail's bytes."""
    config: str | None = None
    trace: str | None = None
    route_requested: str | None = None
    candidates: tuple[CandidateInfo, ...] | None = None
    inputs: dict[str, str] | None = None
    classes: ClassesInfo | None = None
    engine: str | None = None
    node: NodeInfo | None = None
    idempotency: str | None = None
    """base64 of the commitment to the caller's Idempotency-Key."""
    count: int | None = None
    """How many like it were counted in (`auth.failed`), or refused unrecorded (`ledger.recovered`)."""
    window_s: int | None = None
    """The length of the window that `count` speaks of, in seconds."""
    build: str | None = None
    """Digest of the running code (`ledger.started`)."""
    credential: str | None = None
    """Random id of a key that a `key.*` event is about."""
    range: tuple[int, int] | None = None
    """First sequence number and end (exclusive) that an `audit.*` event is about."""
    checkpoint: tuple[int, str] | None = None
    """Size and base64 root (`checkpoint.published`)."""
    policy: str | None = None
    """The digest that a `policy.*` event is about."""


class Detail(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a reviewer needs and a person could claim. Kept beside the record, deletable, committed to by it."""

    subject: str | None = None
    """The caller's identity."""
    roles: tuple[str, ...] | None = None
    credential: str | None = None
    issuer: str | None = None
    method: str | None = None
    on_behalf_of: tuple[str, ...] | None = None
    source: str | None = None
    """Network address of the caller."""
    user_agent: str | None = None
    subjects: tuple[str, ...] | None = None
    """Pseudonyms of data subjects."""
    path: str | None = None
    destination: str | None = None
    """Host and port of the agent."""
    tls: str | None = None
    reason: str | None = None
    """A refusal's code, field and hint, or an agent's error code, in words."""
    explanation: str | None = None
    """Why policy decided so, in the words of the rules."""
    query: dict[str, str] | None = None
    """The filters of an `audit.*` event; identifiers of persons only as pseudonyms."""
    diff: tuple[str, ...] | None = None
    """What a `policy.*` or `config.*` event changed, one line each: names of members and rules."""
