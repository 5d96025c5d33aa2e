"""What is on record of callbacks: `task.callback_*`.

What is about to be sent is on record before its first byte leaves, each time that it is sent; what became of it, in the
transaction in which the delivery itself ends.
"""

import msgspec

from gateway.core.ids import uuid7
from gateway.core.ports import Clock
from gateway.exchange.rereading import Again
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.entry import Entry, Sealing
from gateway.ledger.record import (
    ClassesInfo,
    DecisionInfo,
    Detail,
    Envelope,
    MessageInfo,
    NodeInfo,
    OutcomeInfo,
    encode_detail,
    timestamp,
)
from gateway.store.callbacks import DELIVERED, FAILED, Delivery, concluded
from gateway.store.tasks import Task

EVENTS = {DELIVERED: "task.callback_delivered", FAILED: "task.callback_failed"}


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What is about to be sent. `again`: what was decided on the answer, where there is one of an agent's; `subjects`:
    pseudonyms of the data subjects of the exchange; `detail`: what goes beside the record."""

    body: bytes
    zone: str
    again: Again | None
    inherited: tuple[str, ...] = ()
    floor: tuple[str, ...] = ()
    purpose: str | None = None
    legal_basis: str | None = None
    subjects: tuple[str, ...] = ()
    detail: Detail = Detail()


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a try. `status`: of its answer; `zone`, `host`: where it went, and `tls` over which, where anything
    had begun to leave (`left`)."""

    code: str
    status: int | None = None
    zone: str | None = None
    host: str | None = None
    left: bool = False
    tls: str | None = None


class CallbackScribe:
    """Builds entries for one node."""

    def __init__(self, *, clock: Clock, sealing: Sealing, node: NodeInfo) -> None:
        self._clock, self._sealing, self._node = clock, sealing, node

    def sent(self, one: Delivery, task: Task, notice: Notice) -> Entry:
        """`task.callback_sent`. Decided under the policy that `again` was: refused where another is active."""
        now, again = self._clock.now_us(), notice.again
        record, opening, key = uuid7(now), new_salt(), self._sealing.exchange_key(notice.subjects)
        sealed = self._sealing.seal(
            tenant=one.tenant, record=record, part="response", opening=opening, value=None, key=key
        )
        said = msgspec.structs.replace(notice.detail, subjects=notice.subjects or None)
        salt, detail = new_salt(), encode_detail(said)
        envelope = self._envelope(one, task, "task.callback_sent", now, record)
        envelope.zone, envelope.detail = notice.zone, committed(salt, "detail", detail)
        envelope.response = MessageInfo(
            commitment=committed(opening, "response", notice.body),
            bytes=len(notice.body),
            media_type="application/json",
            parts=None if again is None else again.parts,
        )
        if again is not None:
            decision = again.decision
            envelope.purpose, envelope.legal_basis = notice.purpose, notice.legal_basis
            envelope.found, envelope.scanned = again.found, again.scanned
            envelope.classes = ClassesInfo(
                found=again.classes, declared=(), inherited=notice.inherited, floor=notice.floor
            )
            envelope.decision = DecisionInfo(
                effect=decision.effect,
                rules=decision.rules,
                obligations=decision.obligations,
                policy=decision.policy,
            )
        return Entry.of(
            envelope,
            detail=detail,
            salt=salt,
            sealed=(sealed,),
            keys=key.new,
            subjects=notice.subjects,
            decided_under=None if again is None else again.decision.policy,
        )

    def ended(self, one: Delivery, task: Task, state: str, tried: Tried) -> Entry:
        """`task.callback_delivered` or `task.callback_failed`, with the end of the row."""
        now, code, status = self._clock.now_us(), tried.code, tried.status
        envelope = self._envelope(one, task, EVENTS[state], now, uuid7(now))
        change = concluded(one, state, now_us=now, code=code, status=status)
        if not tried.left:
            envelope.outcome = OutcomeInfo(code=code, status=status)
            return Entry.of(envelope, change=change)
        salt, detail = new_salt(), encode_detail(Detail(agent_tls=tried.tls, destination=tried.host))
        envelope.zone, envelope.detail = tried.zone, committed(salt, "detail", detail)
        envelope.outcome = OutcomeInfo(code=code, status=status, unanswered=True if status is None else None)
        return Entry.of(envelope, detail=detail, salt=salt, change=change)

    def _envelope(self, one: Delivery, task: Task, event: str, now: int, record: str) -> Envelope:
        return Envelope(
            id=record,
            tenant=one.tenant,
            event=event,
            occurred_at=timestamp(now),
            exchange=task.last_exchange,
            trace=task.trace,
            task=task.id,
            action=task.action,
            callback=one.callback,
            attempt=one.tries,
            node=self._node,
        )
