"""What is on record of a task: `task.*`, each with the change of the task's row that comes true with it.

What a task was submitted with is committed to, and so is what it ended with; both are sealed under data keys, so that
who destroys those has erased them.
"""

import msgspec

from gateway.core.caller import Caller, Identity
from gateway.core.ids import uuid7
from gateway.core.message import Message
from gateway.core.ports import Clock
from gateway.exchange.exchange import Exchange
from gateway.exchange.rereading import Again
from gateway.exchange.task_kept import Result
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.entry import Entry, RowChange, Sealing
from gateway.ledger.media import media_type
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
from gateway.store.callbacks import announced
from gateway.store.tasks import CANCELLED, COMPLETED, FAILED, QUEUED, REQUEST, RESULT, Task, created, moved

EVENTS = {COMPLETED: "task.completed", FAILED: "task.failed", CANCELLED: "task.cancelled", QUEUED: "task.retried"}
"""What is said of a task that goes into a state, whether it ends there or not."""
CANCELLED_CODE = "task_cancelled"
Values = dict[str, str | int | None]
_NOBODYS: Values = {"holder": None, "lease_us": None}


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """Who changes a task that is not its own: pseudonym, and what goes beside the record."""

    actor: str
    kind: str
    detail: Detail = Detail()


class TaskScribe:
    """Builds entries for one node."""

    def __init__(self, *, clock: Clock, sealing: Sealing, node: NodeInfo, config: str) -> None:
        self._clock, self._sealing, self._node, self._config = clock, sealing, node, config

    def submitted(self, one: Task, exchange: Exchange, request: bytes) -> Entry:
        """`task.submitted`: the row and the sealed request come to be with it."""
        caller, message = _parties(exchange)
        identity = caller.identity
        salt, opening, now = new_salt(), new_salt(), self._clock.now_us()
        key = self._sealing.exchange_key(exchange.subjects)
        sealed = self._sealing.seal(
            tenant=one.tenant, record=one.id, part=f"task.{REQUEST}", opening=opening, value=request, key=key
        )
        detail = encode_detail(detail_of(identity, exchange))
        classified = exchange.classified
        envelope = Envelope(
            id=uuid7(now),
            tenant=one.tenant,
            event="task.submitted",
            occurred_at=timestamp(now),
            actor=caller.actor,
            actor_kind=identity.kind,
            caller_zone=identity.zone,
            exchange=exchange.id,
            trace=exchange.trace,
            task=one.id,
            action=message.action,
            route_requested=one.target or None,
            purpose=caller.purpose,
            callback=one.callback,
            classes=None
            if classified is None
            else ClassesInfo(
                found=classified.found,
                declared=classified.declared,
                inherited=classified.inherited,
                floor=classified.floor,
            ),
            request=MessageInfo(
                commitment=committed(opening, f"task.{REQUEST}", request),
                bytes=len(request),
                media_type=media_type(message.media_type or None),
                parts=len(message.parts),
            ),
            config=self._config,
            node=self._node,
            detail=committed(salt, "detail", detail),
        )
        return Entry.of(
            envelope, detail=detail, salt=salt, keys=key.new, subjects=exchange.subjects, change=created(one, sealed)
        )

    def ended(
        self,
        one: Task,
        state: str,
        *,
        code: str,
        status: int | None = None,
        exchange: str | None = None,
        result: bytes | None = None,
        subjects: tuple[str, ...] = (),
        actor: str | None = None,
        begun: bool = True,
    ) -> Entry:
        """A task that ends in this state, with its sealed result, where there is one. `begun`: the try that it was
        claimed for has begun; otherwise it is none of its tries."""
        one = one if begun else msgspec.structs.replace(one, tries=one.tries - 1)
        now, response, keys, sealed = self._clock.now_us(), None, (), None
        if result is not None:
            opening, key = new_salt(), self._sealing.exchange_key(subjects)
            keys = key.new
            sealed = self._sealing.seal(
                tenant=one.tenant, record=one.id, part=f"task.{RESULT}", opening=opening, value=result, key=key
            )
            response = MessageInfo(commitment=committed(opening, f"task.{RESULT}", result), bytes=len(result))
        values: Values = {"state": state, "ended_us": now, "code": code, "status": status, "last_exchange": exchange}
        values["tries"] = one.tries
        change = _told(one, moved(one, {**values, **_NOBODYS}, sealed), now)
        envelope = self._envelope(one, EVENTS[state], now, code=code, status=status, exchange=exchange)
        envelope.actor, envelope.response = actor, response
        return Entry.of(envelope, keys=keys, subjects=subjects, change=change)

    def retried(
        self, one: Task, *, due_us: int, counted: bool, code: str, status: int | None, exchange: str | None
    ) -> Entry:
        """`task.retried`: a try that came to nothing, and that another follows. `counted`: it is one of the tries."""
        now, tries = self._clock.now_us(), one.tries if counted else one.tries - 1
        values: Values = {"state": QUEUED, "due_us": due_us, "tries": tries, "code": code, "status": status}
        change = moved(one, {**values, **_NOBODYS, "last_exchange": exchange})
        envelope = self._envelope(one, EVENTS[QUEUED], now, code=code, status=status, exchange=exchange)
        return Entry.of(envelope, change=change)

    def cancelled(self, one: Task, by: Who) -> Entry:
        """`task.cancelled`, of a task that nobody runs."""
        now = self._clock.now_us()
        values: Values = {"state": CANCELLED, "ended_us": now, "code": CANCELLED_CODE, "cancelled_by": by.actor}
        change = _told(one, moved(one, values), now)
        return self._by(self._envelope(one, EVENTS[CANCELLED], now, code=CANCELLED_CODE), by, change)

    def requeued(self, one: Task, by: Who, *, expires_us: int) -> Entry:
        """`task.requeued`: one that failed starts anew, with all its tries."""
        now = self._clock.now_us()
        values: Values = {"state": QUEUED, "due_us": now, "expires_us": expires_us, "tries": 0, "ended_us": None}
        change = moved(one, {**values, "code": None, "status": None, "cancelled_by": None})
        return self._by(self._envelope(one, "task.requeued", now), by, change)

    def read(self, one: Task, exchange: Exchange, caller: Caller, given: Result, again: Again) -> Entry:
        """`task.read`: its result is about to be given, as it was decided on now. `exchange`: that it is fetched in."""
        now, identity, decision = self._clock.now_us(), caller.identity, again.decision
        # Whom its request was about, and whom the one that fetches it names.
        subjects = tuple(dict.fromkeys((*given.subjects, *exchange.subjects)))
        record, opening, key = uuid7(now), new_salt(), self._sealing.exchange_key(subjects)
        sealed = self._sealing.seal(
            tenant=one.tenant, record=record, part="response", opening=opening, value=None, key=key
        )
        explanation = " ".join(again.explanation) or None
        said = msgspec.structs.replace(
            detail_of(identity, exchange), explanation=explanation, subjects=subjects or None
        )
        salt, detail = new_salt(), encode_detail(said)
        envelope = Envelope(
            id=record,
            tenant=one.tenant,
            event="task.read",
            occurred_at=timestamp(now),
            actor=caller.actor,
            actor_kind=identity.kind,
            caller_zone=identity.zone,
            exchange=exchange.id,
            parent=one.last_exchange,
            trace=exchange.trace,
            task=one.id,
            action=one.action,
            purpose=caller.purpose,
            found=again.found,
            scanned=again.scanned,
            classes=ClassesInfo(found=again.classes, declared=(), inherited=given.inherited, floor=given.floor),
            decision=DecisionInfo(
                effect=decision.effect,
                rules=decision.rules,
                obligations=decision.obligations,
                policy=decision.policy,
            ),
            response=MessageInfo(
                commitment=committed(opening, "response", given.body),
                bytes=len(given.body),
                media_type=media_type(dict(given.headers).get("content-type")),
                parts=again.parts,
            ),
            break_glass=caller.glass,
            node=self._node,
            detail=committed(salt, "detail", detail),
        )
        return Entry.of(
            envelope,
            detail=detail,
            salt=salt,
            sealed=(sealed,),
            keys=key.new,
            subjects=subjects,
            decided_under=decision.policy,
        )

    def _envelope(
        self,
        one: Task,
        event: str,
        now: int,
        *,
        code: str | None = None,
        status: int | None = None,
        exchange: str | None = None,
    ) -> Envelope:
        return Envelope(
            id=uuid7(now),
            tenant=one.tenant,
            event=event,
            occurred_at=timestamp(now),
            exchange=exchange,
            trace=one.trace,
            task=one.id,
            action=one.action,
            attempt=one.tries,
            outcome=None if code is None else OutcomeInfo(code=code, status=status),
            node=self._node,
        )

    def _by(self, envelope: Envelope, by: Who, change: RowChange) -> Entry:
        salt, detail = new_salt(), encode_detail(by.detail)
        envelope.actor, envelope.actor_kind = by.actor, by.kind
        envelope.detail = committed(salt, "detail", detail)
        return Entry.of(envelope, detail=detail, salt=salt, subjects=by.detail.subjects or (), change=change)


def _told(one: Task, change: RowChange, now: int) -> RowChange:
    """The end of a task, of which somebody is to be told."""
    if one.callback is None:
        return change
    return msgspec.structs.replace(change, beside=(*change.beside, announced(one.id, one.callback, uuid7(now), now)))


def detail_of(identity: Identity, exchange: Exchange) -> Detail:
    """What a reviewer needs to know of who changes a task."""
    arrival = exchange.arrival
    return Detail(
        subject=identity.subject,
        roles=identity.roles,
        credential=identity.credential,
        issuer=identity.issuer,
        method=identity.method,
        on_behalf_of=identity.on_behalf_of or None,
        source=arrival.source,
        user_agent=arrival.header("user-agent"),
        subjects=exchange.subjects or None,
        path=arrival.path,
        tls=arrival.tls,
    )


def _parties(exchange: Exchange) -> tuple[Caller, Message]:
    if exchange.caller is None or exchange.message is None:
        raise ValueError("a task is submitted by a caller, with a message")
    return exchange.caller, exchange.message
