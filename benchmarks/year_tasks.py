"""What was to be done later in a generated year: tasks, and the destinations that are told what became of them."""

from typing import Any

from benchmarks import year_messages as made
from benchmarks.year_exchanges import Exchange
from benchmarks.year_hand import Drawn, Hand
from gateway.core.ids import uuid7
from gateway.ledger.record import ClassesInfo, DecisionInfo, Detail, MessageInfo, OutcomeInfo, timestamp

CALLBACKS = (("ward-board", "in-house"), ("partner-desk", "partner"))
"""Destinations with their zones."""
SECURED = {"partner-desk": "TLSv1.3 TLS_AES_256_GCM_SHA384"}
"""Over which TLS those are told that are not told over plain HTTP."""
SECOND = 1_000_000


class Tasks:
    """Draws tasks, each around an exchange. The same is true of an exchange whether a task made it or not."""

    def __init__(self, hand: Hand) -> None:
        self._hand, self._truth = hand, hand.truth

    def draw(self, number: int, one: Exchange) -> None:
        """A task that made this exchange: it ends well, badly, or because nobody wants it."""
        if number % 250 != 29:
            return
        hand, at = self._hand, one.at
        task = uuid7(at, hand.random.randbytes(10))
        common: dict[str, Any] = {"task": task, "exchange": one.id, "action": "POST /v1/chat/completions"}
        who: dict[str, Any] = {"actor": one.record.actor, "actor_kind": one.record.actor_kind}
        callback, zone = CALLBACKS[hand.random.randrange(2)]
        asked = MessageInfo(bytes=700, parts=1)
        hand.put(
            "task.submitted",
            at,
            one.detail,
            classes=one.message.classes,
            request=asked,
            callback=callback,
            purpose=one.record.purpose,
            **common,
            **who,
        )
        end = at + 20 * SECOND
        failed = OutcomeInfo(code="agent_timeout", status=504)
        if number % 500 == 29:
            hand.put("task.retried", end, attempt=1, outcome=failed, **common)
            self._ended(end + SECOND, "task.completed", one, common, OutcomeInfo(code="ok", status=200))
            self._read(end + 9 * SECOND, one, common, who)
            self._told(end + 2 * SECOND, one, common, callback, zone, again=True)
        elif number % 1_000 == 279:
            self._ended(end, "task.failed", one, common, failed)
            self._told(end + 2 * SECOND, one, common, callback, zone, again=False)
            hand.put("task.requeued", end + 60 * SECOND, Detail(method="jwt"), **common, **who)
        else:
            cancelled = OutcomeInfo(code="task_cancelled")
            hand.put("task.cancelled", end, Detail(method="jwt"), attempt=0, outcome=cancelled, **common, **who)

    def _ended(self, at: int, event: str, one: Exchange, common: dict[str, Any], outcome: OutcomeInfo) -> None:
        self._hand.put(event, at, about=one.detail.subjects, attempt=1, outcome=outcome, **common)

    def _read(self, at: int, one: Exchange, common: dict[str, Any], who: dict[str, Any]) -> None:
        decided = DecisionInfo(effect="redact", rules=("answers",), obligations=("redact",), policy=made.version(at))
        given = {**common, "exchange": uuid7(at, self._hand.random.randbytes(10)), "parent": one.id}
        self._hand.put(
            "task.read",
            at,
            one.detail,
            classes=one.message.classes,
            decision=decided,
            response=MessageInfo(bytes=300),
            **given,
            **who,
        )

    def _told(self, at: int, one: Exchange, common: dict[str, Any], callback: str, zone: str, *, again: bool) -> None:
        """A destination is told, at a second try too. `again`: the answer goes along, which was decided on anew."""
        inherited = one.message.all
        classes = ClassesInfo(found=("phi",), declared=(), inherited=inherited, floor=())
        effect = DecisionInfo(effect="redact", rules=("answers",), obligations=("redact",), policy=made.version(at))
        purpose, basis = (one.record.purpose, one.record.legal_basis) if again else (None, None)
        answer: dict[str, Any] = (
            {"classes": classes, "decision": effect, "purpose": purpose, "legal_basis": basis, "found": {"mrn": 1}}
            if again
            else {}
        )
        common = {**common, "callback": callback}
        tries = 2 if self._hand.chance(0.5) else 1
        for attempt in range(1, tries + 1):
            sent: Drawn = self._hand.put(
                "task.callback_sent",
                at,
                Detail(subjects=one.detail.subjects),
                attempt=attempt,
                zone=zone,
                **answer,
                **common,
            )
            every = tuple(sorted({"phi", *inherited})) if again else ()
            place = (callback, zone, "none", "none")
            under = effect.policy if again else "none"
            self._truth.flowed(timestamp(at), place, under, every, (purpose, basis), sent.about)
            at += 30 * SECOND
        if self._hand.chance(0.6):
            event, ended = "task.callback_delivered", OutcomeInfo(code="ok", status=204)
        elif tries == 2:
            event, ended = "task.callback_failed", OutcomeInfo(code="timeout_response", unanswered=True)
        else:
            event, ended = "task.callback_failed", OutcomeInfo(code="callback_refused", status=410)
        tls = SECURED.get(callback)
        over = Detail(agent_tls=tls, destination=f"{callback}.example")
        end = self._hand.put(event, at, over, attempt=tries, outcome=ended, zone=zone, **common)
        if end.detail is not None:
            self._truth.reached(callback, zone, tls)
