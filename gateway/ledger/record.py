"""The envelope (the leaf) and the detail beside it: fields, limits, canonical bytes.

`docs/record-v1.md` says of every field what it holds and why it may be in clear. Names are never reused with another
meaning. An absent field means not assessed; an empty list is written. Fields are declared in the order of their names,
which is the order in a record's bytes: decoding finds each where it looks first, and encoding sorts none.
"""

import re
from binascii import b2a_base64
from typing import Annotated

import msgspec
from msgspec import Meta

from gateway.core.canonical import MAX_INTEGER, demand_order, encode_ordered, is_ordered
from gateway.core.errors import FormatError
from gateway.ledger.fields import (
    TOLD,
    Base64,
    Code,
    Count,
    Id,
    Line,
    Name,
    Names,
    OftenBase64,
    OftenTime,
    Status,
    Time,
    Told,
    ToldList,
    all_base64,
    all_times,
)
from gateway.ledger.times import day
from gateway.ledger.times import parse_timestamp as parse_timestamp
from gateway.ledger.times import timestamp as timestamp

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
    "agent.tool_pinned",
    "agent.tool_quarantined",
    "agent.tool_released",
    "issuer.keys_changed",
    "limit.warned",
    "approval.requested",
    "approval.approved",
    "approval.denied",
    "approval.edited",
    "approval.expired",
    "approval.superseded",
    "content.revealed",
    "key.denied",
    "key.allowed",
    "limits.degraded",
    "limits.restored",
    "alert.break_glass",
    "alert.break_glass_closed",
    "alert.reviewed",
    "task.submitted",
    "task.retried",
    "task.completed",
    "task.failed",
    "task.cancelled",
    "task.requeued",
    "task.read",
    "task.callback_sent",
    "task.callback_delivered",
    "task.callback_failed",
    "alert.review_overdue",
    "notice.failed",
    "exchange.reclassified",
    "incident.opened",
    "review.sampled",
    "review.marked",
    "subject.linked",
    "subject.merged",
    "subject.restricted",
    "subject.held",
    "subject.rectified",
    "policy.proposed",
    "incident.closed",
    "subject.erasure",
    "subject.erasure-refused",
    "subject.erased",
    "subject.access",
    "checkpoint.witnessed",
    "restore.acknowledged",
    "restore.erased",
    "restore.completed",
    "backup.taken",
    "forward.started",
    "forward.stalled",
    "forward.resumed",
    "forward.gap",
    "forward.reset",
    "ledger.unprotected",
    "ledger.failover",
    "ledger.archived",
    "retention.applied",
    "emergency.prepared",
    "emergency.began",
    "emergency.ended",
    "emergency.stitched",
    "key.wrapped",
    "review.signed",
    "subject.shown",
)


class MessageInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """A request or answer as the envelope knows it: how much of what kind, and a commitment to its exact bytes."""

    bytes: Count | None = None
    commitment: OftenBase64 | None = None
    """base64 of HMAC-SHA256(r, label ‖ 0x00 ‖ body)."""
    media_type: Name | None = None
    parts: Count | None = None


class KeptInfo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """What is kept of a message beside its record: a commitment to its exact bytes (`ledger.content`), and how long."""

    bytes: Count
    commitment: Base64
    until: Time
    """When its days are over."""


class ObservedInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """How it would have been decided, had the rules that are only watched been in force (`core.decision.Observed`)."""

    agent: Name | None = None
    effect: Code
    rules: Names
    watched: Names


class DecisionInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """`core.decision.Decision` without the agent and the candidates, which are fields of the envelope itself."""

    effect: Code
    obligations: Names
    observed: ObservedInfo | None = None
    policy: Name
    rules: Names


class OutcomeInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """How it ended: `code` is `ok` or a refusal or agent code, `status` the HTTP status given to the caller."""

    bytes: Count | None = None
    code: Code
    cost: Count | None = None
    """Millionths of the configured currency."""
    latency_us: Count | None = None
    status: Status | None = None
    tokens_in: Count | None = None
    tokens_out: Count | None = None
    unanswered: bool | None = None
    """True where something had begun to leave for whom the record names, and no answer of it was taken: none came
    whole, or it was an error of the agent, or in no form that is taken."""


class TokensInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """Tokens that stand for findings: different ones by finding type in what is `sent`; in the answer, how often they
    were turned `back` or `kept` as they are, and how many `foreign` words only look like them."""

    back: Annotated[dict[Name, Count], Meta(max_length=128)] | None = None
    foreign: Count | None = None
    kept: Annotated[dict[Name, Count], Meta(max_length=128)] | None = None
    sent: Annotated[dict[Name, Count], Meta(max_length=128)] | None = None


class CandidateInfo(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False
):
    """A candidate in the order evaluated (`core.decision.CandidateView`)."""

    agent: Name
    answer: Code
    healthy: bool
    rule: Name | None = None
    zone: Name


class ClassesInfo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """Where the data classes of a message came from."""

    declared: Names
    floor: Names
    found: Names
    inherited: Names


class NodeInfo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """The serving process: a random id of the node and one of this start of it."""

    boot: Id
    id: Id


class SampleInfo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """A sample that people review: which exchanges it was drawn from, and which were drawn."""

    population: Annotated[dict[Name, Count], Meta(max_length=128)]
    """Zone → how many of them there were."""
    records: Annotated[tuple[Count, ...], Meta(max_length=1_000)]
    """Sequence numbers of the messages that were drawn, in the order drawn."""
    seed: Code
    since: Time
    until: Time
    """The exchanges whose kept message occurred from `since` on and before `until`."""


class Envelope(msgspec.Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """One record. `seq`, `prev` and `recorded_at` are filled in by the writer; all else is final before."""

    action: Line | None = None
    actor: Id | None = None
    actor_kind: Code | None = None
    agent: Name | None = None
    agent_version: Name | None = None
    approval: Id | None = None
    """Random id of the approval that an exchange waits for or went on with, or that the event is about."""
    archive: Id | None = None
    """Random id of the archive that the records in `range` lie in (`ledger.archived`, `emergency.stitched`)."""
    attempt: Count | None = None
    backups_until: Time | None = None
    """By when no backup holds what was erased (`subject.erased`)."""
    began: Time | None = None
    """Since when the database was away (`emergency.began`), or new exchanges were taken (`emergency.stitched`); when
    what a case is about was asked for (`subject.erasure` and what ends it, `subject.access`)."""
    break_glass: Id | None = None
    """Random id of the broken glass by which the actor held a lent role, or that the event is about."""
    build: Name | None = None
    """Digest of the running code (`ledger.started`)."""
    callback: Name | None = None
    """The registered destination that is told what becomes of a task."""
    caller_zone: Name | None = None
    candidates: Annotated[tuple[CandidateInfo, ...], Meta(max_length=64)] | None = None
    capability: Name | None = None
    case: Id | None = None
    """Random id of the hold, erasure or access that a `subject.*` event is about."""
    checkpoint: tuple[Count, Base64] | None = None
    """Size and base64 root (`checkpoint.*`)."""
    classes: ClassesInfo | None = None
    config: Name | None = None
    count: Count | None = None
    """How many like it were counted in (`auth.failed`), refused unrecorded (`ledger.recovered`), or allowed
    (`limit.*`); of `issuer.keys_changed`, how many keys there are now; of `limits.*`, how many nodes; of
    `emergency.stitched`, how many exchanges were requested on it."""
    credential: Id | None = None
    """Random id of a key, or of an entry of the deny-list, that a `key.*` event is about."""
    decision: DecisionInfo | None = None
    detail: OftenBase64 | None = None
    """base64 of the commitment to the detail's bytes."""
    digest: Name | None = None
    """SHA-256 of that archive's file, of the report or the bundle that was made (`audit.exported`), or of the report
    that was looked at (`review.signed`)."""
    emergency: Id | None = None
    """Random id of the emergency ledger that an `emergency.*` event is about."""
    ended: Time | None = None
    """When that ledger was closed (`emergency.stitched`)."""
    engine: Name | None = None
    event: Code
    exchange: Id | None = None
    forward: Name | None = None
    """The configured destination that a `forward.*` event is about."""
    found: Annotated[dict[Name, Count], Meta(max_length=128)] | None = None
    id: Id
    idempotency: Base64 | None = None
    """base64 of the commitment to the caller's Idempotency-Key."""
    incident: Id | None = None
    """The id of the record that opened what an `incident.closed` closes, or a `review.signed` is about."""
    inputs: Annotated[dict[Name, Line], Meta(max_length=64)] | None = None
    kept: KeptInfo | None = None
    """What policy keeps of what is sent (`exchange.requested`, `exchange.attempted`)."""
    key: Line | None = None
    """The verifier key of that ledger."""
    keys: Names | None = None
    """Random ids of the data keys that an erasure destroys, where it has begun or ended after the further pseudonyms of
    the person (`su_…`); of more than 64 the first."""
    legal_basis: Name | None = None
    limit: Name | None = None
    """The configured limit that a `limit.*` event is about."""
    missed: Annotated[dict[Name, Count], Meta(max_length=128)] | None = None
    """Finding type → how many a person found that classification did not (`review.marked`)."""
    model: Name | None = None
    node: NodeInfo | None = None
    occurred_at: OftenTime
    outcome: OutcomeInfo | None = None
    parent: Id | None = None
    policy: Name | None = None
    """The digest that a `policy.*` event is about."""
    prev: OftenBase64 | None = None
    processor: Name | None = None
    proposal: Id | None = None
    """Random id of the proposal that a `policy.*` event is about."""
    proposer: Id | None = None
    """The pseudonym of who proposed what is activated."""
    purpose: Code | None = None
    range: tuple[Count, Count] | None = None
    """First sequence number and end (exclusive) that an `audit.*` event, an `exchange.reclassified`, an `incident.*`, a
    `review.*`, a `ledger.archived`, a `retention.applied` or, of a review, a `content.revealed` is about; of
    `forward.*`, the records that are not taken, are left out or are gone over again; of `emergency.stitched`, those of
    the emergency ledger."""
    recipients: Names | None = None
    """Registered ids of the agents that were sent anything about the subject (`subject.erased`); of more than 64 the
    first."""
    recorded_at: OftenTime | None = None
    region: Name | None = None
    request: MessageInfo | None = None
    response: MessageInfo | None = None
    retention: Code | None = None
    """The retention class of the records beside which something was destroyed (`retention.applied`)."""
    review: Id | None = None
    """Random id of the sample that a `review.*` event or a `content.revealed` is about."""
    route_requested: Name | None = None
    sample: SampleInfo | None = None
    """What was drawn (`review.sampled`)."""
    scanned: Code | None = None
    seq: Count | None = None
    session: Id | None = None
    standing: Name | None = None
    """The policy digest that was in force at the end of `range` (`ledger.archived`)."""
    subject: Id | None = None
    """The pseudonym of the data subject that a `subject.*` event is about."""
    task: Id | None = None
    """The id of the task that a `task.*` event is about."""
    tenant: Id
    tokens: TokensInfo | None = None
    trace: Code | None = None
    v: int = msgspec.field(default_factory=lambda: VERSION)
    window_s: Count | None = None
    """The length of the window that `count` speaks of, in seconds."""
    wrong: Annotated[dict[Name, Count], Meta(max_length=128)] | None = None
    """Finding type → how many classification found that are none (`review.marked`)."""
    zone: Name | None = None


class Detail(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """What a reviewer needs and a person could claim. Kept beside the record, deletable, committed to by it."""

    agent_tls: Told | None = None
    """Version and cipher of the connection that an agent or a callback's destination was sent something over, and
    answered over if it did."""
    credential: Told | None = None
    destination: Told | None = None
    """Host and port of the agent; of one that fetches, the credential and the source of who fetched."""
    diff: Annotated[tuple[Told, ...], Meta(max_length=4096)] | None = None
    """What a `policy.*` or `config.*` event changed, one line each: names of members and rules."""
    explanation: Told | None = None
    """Why policy decided so, in the words of the rules."""
    issuer: Told | None = None
    method: Told | None = None
    on_behalf_of: ToldList | None = None
    path: Told | None = None
    query: Annotated[dict[Name, Told], Meta(max_length=64)] | None = None
    """The filters of an `audit.*` event; identifiers of persons only as pseudonyms."""
    reason: Told | None = None
    """A refusal's code, field and hint, or an agent's error code, in words."""
    roles: ToldList | None = None
    source: Told | None = None
    """Network address of the caller."""
    subject: Told | None = None
    """The caller's identity."""
    subjects: ToldList | None = None
    """Pseudonyms of data subjects."""
    tls: Told | None = None
    user_agent: Told | None = None


for _kind in (Envelope, Detail):
    demand_order(_kind)
decode = msgspec.json.Decoder(Envelope).decode
"""What types say of a record; the rest is for `parse`."""
_decode_detail = msgspec.json.Decoder(Detail).decode
KNOWN_EVENTS = frozenset(EVENTS)
_PATTERN = re.compile(r"`str` matching regex '[^']*'")
PLACE_BYTES = len(f'"prev":"{"=" * 44}","recorded_at":"{"=" * 27}","seq":{MAX_INTEGER},')
"""How much a record grows, at most, when it is sealed."""
_DETAIL_BYTES = 1 << 20


def seal(envelope: Envelope, seq: int, prev: bytes, recorded_at: str) -> bytes:
    """The record's bytes: the envelope with its place in the ledger filled in (and left in it), canonical.

    `prev` is the 32-byte leaf hash of the record before, `GENESIS` for the first. The rest of the envelope is not
    looked at: it passed `check` before it was queued. `FormatError` beyond 65,535 bytes.
    """
    envelope.seq = seq
    envelope.prev = b2a_base64(prev, newline=False).decode("ascii")
    envelope.recorded_at = recorded_at
    record = encode_ordered(envelope)
    if len(record) > MAX_BYTES:
        raise FormatError("a record must not exceed 65,535 bytes")
    return record


def check(envelope: Envelope) -> None:
    """Everything that must hold before an envelope is queued: `FormatError` names the field and what would be right.

    Encodes it, reads it back through the typed decoder, which holds every field to its type and bounds, and compares:
    what a value of a wrong type was turned into on the way is then found out.
    """
    if envelope.seq is not None or envelope.prev is not None or envelope.recorded_at is not None:
        raise FormatError("seq, prev and recorded_at are the writer's to fill in")
    data = encode_ordered(envelope)
    if len(data) + PLACE_BYTES > MAX_BYTES:
        raise FormatError("a record must not exceed 65,535 bytes")
    if read(data) != envelope:
        raise FormatError("a field is not of its type")


def parse(record: bytes) -> Envelope:
    """The envelope of exactly these canonical bytes, with every field within its bounds; `FormatError` otherwise."""
    if len(record) > MAX_BYTES:
        raise FormatError("a record must not exceed 65,535 bytes")
    envelope = read(record)
    if envelope.seq is None or envelope.prev is None or envelope.recorded_at is None:
        raise FormatError("a record must have seq, prev and recorded_at")
    day(envelope.recorded_at[:10])
    if not is_ordered(envelope, record):
        raise FormatError("not in canonical form")
    return envelope


def read(data: bytes) -> Envelope:
    """What the typed decoder accepts, and the rules that types cannot say; `FormatError` names the field. The form is
    not looked at, nor whether the place is filled in: see `check` and `parse`."""
    try:
        envelope = decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise FormatError(_told(error)) from None
    if not all_base64(often_base64(envelope)) or not all_times(often_times(envelope)):
        raise FormatError(_unformed(envelope))
    if envelope.v != VERSION:
        raise FormatError("v must be 1")
    if envelope.event not in KNOWN_EVENTS:
        raise FormatError("event must be one of the known events")
    day(envelope.occurred_at[:10])
    if b"\\" in data or not data.isascii():  # else there is nothing but ASCII in it, as in most
        demand_ascii_keys(envelope)
    if envelope.range is not None and envelope.range[0] > envelope.range[1]:
        raise FormatError("range must not end before it starts")
    return envelope


def often_base64(envelope: Envelope) -> str:
    """The values of the fields that are `OftenBase64`, joined."""
    found = envelope.detail or ""
    if envelope.prev is not None:
        found += envelope.prev
    for message in (envelope.request, envelope.response):
        if message is not None and message.commitment is not None:
            found += message.commitment
    return found


def often_times(envelope: Envelope) -> str:
    """The values of the fields that are `OftenTime`, joined."""
    return envelope.occurred_at + (envelope.recorded_at or "")


def _unformed(envelope: Envelope) -> str:
    """Which of these fields is not in its form."""
    messages = {"request": envelope.request, "response": envelope.response}
    commitments = {f"{name}.commitment": one.commitment for name, one in messages.items() if one is not None}
    base64 = {"detail": envelope.detail, "prev": envelope.prev, **commitments}
    times = {"occurred_at": envelope.occurred_at, "recorded_at": envelope.recorded_at}
    found = [name for name, value in base64.items() if value is not None and not all_base64(value)]
    found += [name for name, value in times.items() if value is not None and not all_times(value)]
    return f"Expected a text of the field's fixed form - at {found[0]}"


def demand_ascii_keys(envelope: Envelope) -> None:
    """`FormatError` for a mapping with other keys. Only they are free text that a sorted encoder orders; ASCII keeps
    JCS's order and ours the same."""
    population = None if envelope.sample is None else envelope.sample.population
    told = envelope.tokens
    counts = () if told is None else (told.sent, told.back, told.kept)
    for mapping in (envelope.found, envelope.inputs, envelope.missed, envelope.wrong, population, *counts):
        if mapping and not "".join(mapping).isascii():
            raise FormatError("keys of found, inputs, missed, wrong, population and tokens must be ASCII")


def encode_detail(detail: Detail) -> bytes:
    """Canonical bytes of a detail; `FormatError` for wrong types, lists beyond their bounds, or more than 1 MiB.

    A text beyond 4,096 characters is cut there, and what is not Unicode in it replaced: much of it comes from outside,
    and an odd header must not keep a record from being written.
    """
    try:
        data = encode_ordered(detail)
        same = _decode_detail(data) == detail
    except (FormatError, msgspec.MsgspecError, ValueError, RecursionError):
        detail = _cut(detail)
        data = encode_ordered(detail)
        same = parse_detail(data) == detail
    if not same:
        raise FormatError("a field of the detail is not of its type")
    if len(data) > _DETAIL_BYTES:
        raise FormatError("a detail must not exceed 1 MiB")
    return data


def parse_detail(data: bytes) -> Detail:
    """The detail of exactly these canonical bytes; `FormatError` otherwise."""
    if len(data) > _DETAIL_BYTES:
        raise FormatError("a detail must not exceed 1 MiB")
    try:
        detail = _decode_detail(data)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise FormatError(_told(error)) from None
    if encode_ordered(detail) != data:
        raise FormatError("not in canonical form")
    return detail


def _cut(detail: Detail) -> Detail:
    fields: dict[str, object] = {}
    for name in detail.__struct_fields__:
        value = getattr(detail, name)
        if isinstance(value, str):
            value = _cut_text(value)
        elif isinstance(value, tuple):
            value = tuple(_cut_text(item) if isinstance(item, str) else item for item in value)
        elif isinstance(value, dict):
            value = {key: _cut_text(item) if isinstance(item, str) else item for key, item in value.items()}
        fields[name] = value
    return msgspec.structs.replace(detail, **fields)


def _cut_text(text: str) -> str:
    return text[:TOLD].encode("utf-8", "replace").decode("utf-8")


def _told(error: Exception) -> str:
    """msgspec says "Expected `str` of length <= 128 - at `$.agent`", which is meant for people; but an unknown field's
    name may be anything, and is left out."""
    text = str(error)
    if not isinstance(error, msgspec.ValidationError):
        return "not JSON"
    if "unknown field" in text:
        return "an unknown field"
    return _PATTERN.sub("a text of the field's fixed form", text).replace("`", "").replace("$.", "")
