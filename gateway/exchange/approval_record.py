"""Records of approvals: `approval.*` and `content.revealed`. Built in one place, so that what may stand in clear is
decided once: names of agents, rules, roles and classes. Who and why stands in the detail."""

from typing import Literal

import msgspec

from gateway.core.ids import uuid7
from gateway.core.ports import Clock
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.entry import DataKey, Entry, RowChange, SealedPart
from gateway.ledger.record import (
    ClassesInfo,
    DecisionInfo,
    Detail,
    Envelope,
    MessageInfo,
    NodeInfo,
    encode_detail,
    timestamp,
)
from gateway.store.approvals import Approval

Event = Literal[
    "approval.requested",
    "approval.approved",
    "approval.denied",
    "approval.edited",
    "approval.expired",
    "approval.superseded",
    "content.revealed",
]


class By(msgspec.Struct, frozen=True, kw_only=True):
    """Who acts, as the record says it. `exchange` and `trace` of the request by which it was done."""

    actor: str | None = None
    kind: str | None = None
    exchange: str | None = None
    trace: str | None = None
    detail: Detail = Detail()


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a record says beside what was asked. `reason`: a person's own words; `lines`: what has changed."""

    lines: tuple[str, ...] = ()
    reason: str | None = None
    response: MessageInfo | None = None
    """What was shown."""
    classes: ClassesInfo | None = None
    explanation: tuple[str, ...] = ()
    id: str | None = None
    """The record's own id, where something was sealed for it before."""
    sealed: tuple[SealedPart, ...] = ()
    keys: tuple[DataKey, ...] = ()


def entry(
    event: Event, one: Approval, by: By, told: Told, *, clock: Clock, node: NodeInfo, change: RowChange | None = None
) -> Entry:
    """The record of something that was done to an approval, and what becomes of its row with it. It is found by the
    data subjects of what was asked."""
    now, salt, terms = clock.now_us(), new_salt(), one.terms
    detail = encode_detail(
        msgspec.structs.replace(
            by.detail,
            diff=told.lines or None,
            reason=told.reason,
            subjects=terms.subjects or None,
            explanation=" ".join(told.explanation) or None,
        )
    )
    # The request that asked has the id of its own exchange; whoever answers acts in another one, made for that.
    own = event == "approval.requested"
    envelope = Envelope(
        id=told.id or uuid7(now),
        tenant=one.tenant,
        event=event,
        occurred_at=timestamp(now),
        actor=by.actor,
        actor_kind=by.kind,
        exchange=terms.exchange if own else by.exchange,
        parent=None if own else terms.exchange,
        trace=terms.trace if own else by.trace,
        agent=one.agent,
        zone=one.zone,
        action=terms.action,
        purpose=terms.purpose,
        approval=one.id,
        decision=DecisionInfo(effect="approve", rules=one.rules, obligations=one.obligations, policy=terms.policy),
        classes=told.classes,
        response=told.response,
        detail=committed(salt, "detail", detail),
        node=node,
    )
    return Entry.of(
        envelope,
        detail=detail,
        salt=salt,
        sealed=told.sealed,
        keys=told.keys,
        subjects=terms.subjects,
        change=change,
    )
