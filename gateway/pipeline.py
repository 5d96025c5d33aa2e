"""One request, top to bottom: ten steps, each giving a value that the next one takes.

A refusal is a value and is recorded in exactly one place (`_refuse`). Before step 7 nothing has left the gateway; from
step 7 on an exchange is open, and every way out of it (success, error, time-out, a client that is gone) goes through
`_end`, which records the one end of it. What step 7 could not make durable does not go on.
"""

import asyncio
import logging
from contextlib import suppress
from functools import partial

import msgspec

from gateway.core.caller import Caller
from gateway.core.errors import AgentError, LedgerUnavailable
from gateway.core.message import Message
from gateway.core.ports import Route
from gateway.core.refusal import Refusal
from gateway.exchange.arrival import Arrival, Responder
from gateway.exchange.caching import told
from gateway.exchange.choosing import held, turned_away
from gateway.exchange.classifying import classify, stick
from gateway.exchange.ended import FAILED, WHY
from gateway.exchange.exchange import Exchange, Outcome, Routed
from gateway.exchange.forwarder import Delivered, Undelivered
from gateway.exchange.intending import intend, taken
from gateway.exchange.metrics import RESERVE
from gateway.exchange.parts import Parts
from gateway.exchange.passing import Protocol
from gateway.exchange.reading import read_again, read_message
from gateway.exchange.rereading import Again, KeptAnswer
from gateway.exchange.router import Denied
from gateway.exchange.spaced import spaced
from gateway.exchange.underway import CUT, cut_short

MAX_DECISIONS = 4
"""How often a request is decided at most, where the policy changes each time."""
GOODBYE_S = 2.0
"""How long who is cut off may take to be told."""
_log = logging.getLogger("gateway.exchange")
_GIVEN = 200
"""The status of what has begun to be given."""


class Pipeline:
    """Handles requests. Stateless but for what is under way."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._now, self._metrics = parts.clock.monotonic_ns, parts.metrics
        self._ending: set[asyncio.Task[None]] = set()

    async def handle(self, arrival: Arrival, responder: Responder) -> Exchange:
        """One request through the ten steps; what is known of it at its end. Cancel it when the client is gone: its end
        is recorded all the same."""
        exchange, responder = self._parts.admission.begin(arrival), self._parts.releasing(responder)
        try:
            await self._run(exchange, responder)
        except asyncio.CancelledError:
            self._end_later(exchange)
            raise
        except LedgerUnavailable:
            await self._unrecorded(exchange, responder)
        except Exception as error:  # noqa: BLE001 — whatever failed in here, the exchange gets its end
            await self._failed(exchange, responder, error)
        finally:
            self._parts.underway.over(exchange)
            exchange.give_back()
            exchange.passing = None  # which holds the exchange: together they would wait for a garbage collection
        return exchange

    async def _run(self, exchange: Exchange, responder: Responder) -> None:
        """The steps; where they are cancelled because the caller may not act any more, its end in their place."""
        try:
            await self._steps(exchange, responder)
        except asyncio.CancelledError:
            # Any other cancellation beside it (the caller has gone, the server stops) goes on: nobody can be told.
            task = asyncio.current_task()
            if exchange.cut is None or task is None or task.uncancel() > 0:
                raise
            await self._cut_off(exchange, responder, exchange.cut)

    async def _steps(self, exchange: Exchange, responder: Responder) -> None:
        parts, protocol = self._parts, self._parts.protocols[exchange.arrival.protocol]

        # 1. identify the caller; its request rate is checked before any body is read.
        started = self._now()
        caller = await self._identify(exchange)
        if not isinstance(caller, Refusal) and parts.delegation.concerns(exchange, caller):
            caller = await parts.delegation.admit(exchange, caller)
            self._called(exchange)
        started = self._step("identify", started)
        if isinstance(caller, Refusal):
            return await self._refuse(exchange, responder, caller)
        if parts.offered:
            protocol = parts.offered[caller.identity.tenant][exchange.arrival.protocol]

        # 2. read the message, within bounds, into parts; it fits the schema of the agent it names.
        declared = parts.declared()
        read = await read_message(exchange, protocol, parts.bounds)
        started = self._step("read", started)
        if isinstance(read, Refusal):
            return await self._refuse(exchange, responder, read)
        message, candidates = read

        # 3. limit: rates of tenant and target, and how many are under way.
        lease = parts.admission.limit(exchange, message.target)
        self._step("limit", started)
        if isinstance(lease, Refusal):
            return await self._refuse(exchange, responder, lease)
        exchange.held.append(partial(parts.admission.release, lease))

        # 4 to 7 again where the policy has changed meanwhile, under the one that is in force now; 2 as well where files
        # that it was read by are not in force any more.
        held, rate = len(exchange.held), exchange.rate
        for _ in range(MAX_DECISIONS):
            while parts.declared() != declared:
                declared = parts.declared()
                read = await read_again(exchange, protocol, parts.bounds)
                if isinstance(read, Refusal):
                    return await self._refuse(exchange, responder, read)
                message, candidates = read
            ready = await self._ready(exchange, responder, protocol, caller, message, candidates)
            if not isinstance(ready, Refusal):
                break
            exchange.give_back_to(held)
            if not await parts.moved():
                break
            exchange.rate = rate
        if isinstance(ready, Refusal):
            return await self._refuse(exchange, responder, ready)
        if ready is None:
            return None
        decided, kept = ready
        started = self._now()

        # What rules want told is durable before anything leaves.
        if decided.decision.obligations:
            await parts.notices.decided(exchange, decided)

        # 8. forward, masked as decided, with fall-back to permitted agents only.
        delivered = (
            kept
            or await taken(parts, exchange, decided)
            or await parts.forwarder.forward(exchange, decided, protocol.adapter, parts.ledger(exchange))
        )
        self._step("forward", started)
        if isinstance(delivered, Undelivered):
            self._metrics.agent_error(exchange.ledger, delivered.routed.route.id, delivered.code)

        # 9. inspect the answer as it passes; 10. record the outcome before it is released as complete.
        return await self._answer(exchange, protocol, responder, await self._received(exchange, protocol, delivered))

    async def _ready(
        self,
        exchange: Exchange,
        responder: Responder,
        protocol: Protocol,
        caller: Caller,
        message: Message,
        candidates: tuple[Route, ...],
    ) -> tuple[Routed, Delivered | None] | Refusal | None:
        """Steps 4 to 7: the decision, with the answer that was kept, on record. None where it has ended here; the
        refusal where another policy is in force than it was decided by, and nothing has left."""
        parts, started = self._parts, self._now()
        exchange.under = parts.policy.digest
        if parts.emergency is not None:
            reached = parts.emergency.reached(message, candidates, exact=exchange.headers.exact)
            if isinstance(reached, Refusal):
                await self._refuse(exchange, responder, reached)
                return None
            candidates = reached

        # 4. classify every part; join with what was declared, the floors and what the message continues.
        classified = await classify(parts, exchange, caller, message)
        started = self._step("classify", started)
        if isinstance(classified, Refusal):
            await self._refuse(exchange, responder, classified)
            return None
        exchange.classified = classified

        # 5. decide: the first candidate that policy permits, with its obligations.
        exact = exchange.headers.exact
        size = len(message.body)
        decided = await spaced(size, parts.router.route, caller, message, classified, candidates, exact=exact)
        started = self._step("decide", started)
        if isinstance(decided, Denied):
            await stick(parts, exchange, classified, decided)
            await self._refuse(exchange, responder, decided.refusal, decided)
            return None
        barred = None if parts.emergency is None else parts.emergency.decided(decided)
        if barred is not None:
            await self._refuse(exchange, responder, barred, turned_away(decided, "the database is away"))
            return None
        exchange.routed = decided

        # 6. approve: what people must allow waits for them, in the database; what they have allowed goes on.
        if decided.decision.effect == "approve":
            allowed = await parts.approvals.ask(exchange, decided)
            if isinstance(allowed, Refusal):
                denied = held(decided)
                await self._refuse(exchange, responder, allowed, denied)
                return None
            exchange.routed = decided = allowed

        wanted = decided.decision.obligations
        told_of = parts.notices.refused(caller.tenant, wanted) if wanted else None
        if told_of is not None:
            await self._refuse(exchange, responder, told_of, turned_away(decided, "it could not be told"))
            return None

        # What it may use is reserved, now that all is known that limits go by.
        limited = await self._reserve(exchange, decided)
        if limited is not None:
            await self._refuse(exchange, responder, limited, turned_away(decided, "a limit is reached"))
            return None

        if decided.decision.obligations:
            kept_tokens = await parts.tokens.keep(exchange, decided)
            if isinstance(kept_tokens, Refusal):
                await self._refuse(exchange, responder, kept_tokens, turned_away(decided, "tokens ran out"))
                return None
            exchange.routed = decided = kept_tokens

        # An answer that was kept, or a place at the agent. What finds neither is refused before anything claims that it
        # would be sent.
        kept = await parts.caching.find(exchange, decided, protocol.adapter)
        if kept is None:
            place = await parts.health.admit(decided.route.id)
            if isinstance(place, Refusal):
                await self._refuse(exchange, responder, place, turned_away(decided))
                return None
            exchange.held.append(place.release)
            exchange.place = place
            parts.router.asked(message, decided, candidates)
            if parts.pulling is not None and decided.route.pull:
                ticket = exchange.ticket = parts.pulling.reserve(decided.route.id)
                if ticket is None:
                    absent = Refusal(code="agent_overloaded", retry_after=1)
                    await self._refuse(exchange, responder, absent, turned_away(decided))
                    return None
                exchange.held.append(ticket.release)
        started = self._step("queue", started)
        if exchange.approval is not None:  # which is used up now: of all who send it again one goes on
            used = await parts.approvals.take(exchange, exchange.approval)
            if used is not None:
                asked = held(decided)
                denied = turned_away(decided) if used.pending is None else asked
                await self._refuse(exchange, responder, used, denied)
                return None

        # 7. record the intent, durably. A crash before: nothing has left. After: the record says what was about to, and
        #    recovery gives the exchange its end.
        intent = await intend(parts, exchange, decided, asked=kept is None)
        self._step("record-intent", started)
        if intent is None:
            return decided, kept
        if intent.code == "policy_changed":
            return intent
        await self._refuse(exchange, responder, intent)
        return None

    async def identify(self, arrival: Arrival) -> tuple[Exchange, Caller | Refusal]:
        """Step 1 alone, for what needs a caller and sends nothing to an agent. A refusal is on record when it returns.

        `LedgerUnavailable` when it could not be recorded.
        """
        exchange = self._parts.admission.begin(arrival)
        caller = await self._identify(exchange, fresh=True)
        if isinstance(caller, Refusal):
            await self._record_refusal(exchange, caller, None)
        return exchange, caller

    async def foresee(self, arrival: Arrival) -> tuple[Exchange, Refusal | None]:
        """Steps 1, 2, 4 and 5 for a message that is to be sent later: what would come of it now. A refusal is on record
        when it returns, with all that is known. Nothing is sent, opened or counted.

        `LedgerUnavailable` when it could not be recorded.
        """
        exchange = self._parts.admission.begin(arrival)
        found = await self._foreseen(exchange)
        if isinstance(found, Denied):
            await self._record_refusal(exchange, found.refusal, found)
            return exchange, found.refusal
        if found is not None:
            await self._record_refusal(exchange, found, None)
        return exchange, found

    async def _foreseen(self, exchange: Exchange) -> Refusal | Denied | None:
        parts, protocol = self._parts, self._parts.protocols[exchange.arrival.protocol]
        caller = await parts.admission.identify(exchange, fresh=True)
        if not isinstance(caller, Refusal) and parts.delegation.concerns(exchange, caller):
            caller = await parts.delegation.admit(exchange, caller)
        if isinstance(caller, Refusal):
            return caller
        if parts.offered:
            protocol = parts.offered[caller.identity.tenant][exchange.arrival.protocol]
        read = await read_message(exchange, protocol, parts.bounds)
        if isinstance(read, Refusal):
            return read
        message, candidates = read
        classified = await classify(parts, exchange, caller, message)
        if isinstance(classified, Refusal):
            return classified
        exchange.classified = classified
        exact = exchange.headers.exact
        size = len(message.body)
        decided = await spaced(size, parts.router.route, caller, message, classified, candidates, exact=exact)
        if isinstance(decided, Denied):
            await stick(parts, exchange, classified, decided)
            return decided
        exchange.routed = decided
        return None

    async def deny(
        self, exchange: Exchange, refusal: Refusal, denied: Denied | None = None, *, told: int | None = None
    ) -> None:
        """Put the refusal of what `identify` began on record. `told`: the status that its caller has had already.
        `LedgerUnavailable` when it could not be."""
        await self._record_refusal(exchange, refusal, denied, told)

    async def reread(self, receiver: Caller, kept: KeptAnswer) -> Again:
        """Step 9 for an answer that was kept and is given later."""
        return await spaced(len(kept.answer.body), self._parts.rereading.again, receiver, kept)

    @property
    def parts(self) -> Parts:
        """What it is made of."""
        return self._parts

    async def drain(self) -> None:
        """Wait until the ends of cancelled requests are on record."""
        while self._ending:
            await asyncio.gather(*self._ending, return_exceptions=True)

    # ------------------------------------------------------------------------------------------------------ the steps

    async def _identify(self, exchange: Exchange, *, fresh: bool = False) -> Caller | Refusal:
        """Step 1. Whoever has failed too often is refused before anything is verified; who was identified long ago has
        no source now that could fail."""
        parts, known = self._parts, exchange.arrival.identity is not None
        blocked = None if known else parts.failures.blocked(exchange.arrival.source)
        caller = blocked or await parts.admission.identify(exchange, fresh=fresh)
        if parts.emergency is None or isinstance(caller, Refusal):
            return caller
        calls = parts.delegation.concerns(exchange, caller)
        return parts.emergency.arriving(exchange, caller, calls=calls) or caller

    async def _reserve(self, exchange: Exchange, routed: Routed) -> Refusal | None:
        """Between steps 6 and 7: what the exchange may use. A soft limit that it is beyond is on record first."""
        parts, quotas = self._parts, self._parts.quotas
        if quotas is None:
            return None
        started = self._now()
        found = await quotas.reserve(exchange, routed.route)
        self._step(RESERVE, started)
        if isinstance(found, Refusal):
            return found
        await quotas.record(found, lambda passed: parts.append(exchange, parts.scribe.warned(exchange, passed)))
        exchange.appended = False  # what limits say is on record; of the exchange itself nothing is
        return None

    def _called(self, exchange: Exchange) -> None:
        lineage = exchange.lineage
        if lineage is not None:
            made_for = "exchange" if lineage.parent is not None else "open" if lineage.parents else "none"
            self._metrics.agent_call(exchange.ledger, made_for)

    async def _received(
        self, exchange: Exchange, protocol: Protocol, delivered: Delivered | Undelivered
    ) -> Delivered | Undelivered:
        """Between steps 8 and 9: the answer without what is not for this caller at all."""
        if protocol.governor is None or isinstance(delivered, Undelivered):
            return delivered
        try:
            return await protocol.governor.received(exchange, delivered)
        except AgentError as error:
            return Undelivered(routed=delivered.routed, attempts=delivered.attempts, code=error.code)

    async def _answer(
        self, exchange: Exchange, protocol: Protocol, responder: Responder, delivered: Delivered | Undelivered
    ) -> None:
        """Steps 9 and 10."""
        started, parts = self._now(), self._parts
        passed = exchange.passing = await self._parts.answering.prepare(exchange, protocol, delivered)
        outcome = await passed.inspect(responder)
        if exchange.place is not None:
            exchange.place.ended(outcome.code, outcome.reason)
        if isinstance(delivered, Delivered):
            outcome = told(delivered, outcome)
        if protocol.governor is not None:
            await protocol.governor.settle(exchange, outcome)
        if exchange.classified is not None and exchange.classified.tokens:
            await parts.tokens.named(exchange, outcome.sessions)
            await parts.tokens.ended(exchange, outcome)
        started = self._step("inspect", started)
        # A crash before this is durable: the caller has no complete answer, and recovery says `interrupted`. After: the
        # record says that it was released; at worst the caller never got its last bytes.
        await self._end(exchange, outcome)
        if exchange.cache_key is not None and isinstance(delivered, Delivered):
            await self._parts.caching.keep(exchange, delivered, outcome)
        self._step("record-outcome", started)
        await self._parts.pause("outcome.recorded")
        await passed.release(responder)

    # ------------------------------------------------------------------------------------------------------- the ends

    async def _refuse(
        self, exchange: Exchange, responder: Responder, refusal: Refusal, denied: Denied | None = None
    ) -> None:
        """The one place that records and sends a refusal: durable before a byte of it is sent."""
        exchange.code = refusal.code
        await self._record_refusal(exchange, refusal, denied)
        exchange.closed = True  # whatever comes of sending it, there is no second record of it
        self._metrics.request(exchange.ledger, exchange.arrival.protocol, refusal.code)
        if denied is not None:
            self._metrics.decision(exchange.ledger, denied.decision, None)
        _log.info("refused", extra=_told(exchange, refusal.code, refusal.status))
        await self._parts.pause("refusal.recorded")
        await self._parts.answering.refuse(exchange, responder, refusal)

    async def _record_refusal(
        self, exchange: Exchange, refusal: Refusal, denied: Denied | None, told: int | None = None
    ) -> None:
        scribe, ledgers = self._parts.scribe, self._parts.ledgers
        if exchange.caller is None:
            self._metrics.unidentified(refusal.code)
            known = exchange.arrival.identity is not None
            ledger = ledgers.whose(refusal.tenant)
            counted = self._parts.failures.note(exchange.arrival.source, refusal.code, ledger, limits=not known)
            if counted is not None:
                exchange.appended = True
                await ledgers.of(ledger).append(scribe.failed(counted))
            return
        # A crash before this is durable: the caller has no answer and nothing has left. After: the refusal stands.
        status = told or self._parts.protocols[exchange.arrival.protocol].told(refusal.code, refusal.status)
        denial = scribe.denied(exchange, refusal, denied, status=status)
        exchange.promised = await self._parts.append(exchange, denial)

    async def _end(self, exchange: Exchange, outcome: Outcome) -> None:
        """The one end of an exchange that was opened."""
        exchange.closed, exchange.code = True, outcome.code
        status = self._parts.protocols[exchange.arrival.protocol].told(outcome.code, outcome.status)
        if status != outcome.status:
            outcome = msgspec.structs.replace(outcome, status=status)
        outcome = self._settled(exchange, outcome)
        sessions = self._parts.sessions.grown(exchange, outcome)
        await self._parts.append(exchange, self._parts.scribe.outcome(exchange, outcome, sessions=sessions))
        self._ended(exchange, outcome)

    async def _cut_off(self, exchange: Exchange, responder: Responder, refusal: Refusal) -> None:
        """The end of an exchange whose caller may not act any more: on record with what left until now, then the agent
        is left, then the caller is told, if it listens."""
        await self._end(exchange, cut_short(exchange, refusal, started=responder.started))
        await self._goodbye(exchange, responder, refusal)

    async def _goodbye(self, exchange: Exchange, responder: Responder, refusal: Refusal) -> None:
        """Tell the caller that nothing more comes. It may take its time to read that, and holds nothing by then; who is
        cut off need not be told if it reads nothing more."""
        exchange.give_back()
        if exchange.cut is None:
            await self._parts.answering.refuse(exchange, responder, refusal)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_S):
                await self._parts.answering.refuse(exchange, responder, refusal)

    def _settled(self, exchange: Exchange, outcome: Outcome) -> Outcome:
        """The outcome with what it cost; what the exchange has used is settled."""
        return outcome if self._parts.quotas is None else self._parts.quotas.settle(exchange, outcome)

    def _ended(self, exchange: Exchange, outcome: Outcome) -> None:
        if exchange.turning is not None:
            self._metrics.tokens(exchange.ledger, exchange.turning.turned.totals)
        self._metrics.request(exchange.ledger, exchange.arrival.protocol, outcome.code)
        # What went well is on record; a line for each would cost as much as deciding on it.
        level = logging.DEBUG if outcome.code == "ok" else logging.INFO
        if outcome.code in FAILED:
            why = {"reason": outcome.reason if outcome.reason in WHY else None, "answered": outcome.answered}
            _log.warning("the agent failed", extra={**_told(exchange, outcome.code, outcome.status), **why})
        elif _log.isEnabledFor(level):
            _log.log(level, "completed", extra=_told(exchange, outcome.code, outcome.status))

    def _end_later(self, exchange: Exchange) -> None:
        """The end of an exchange whose own task is being cancelled, in a task that nobody cancels."""
        if not exchange.intended or exchange.closed:
            return
        passing = exchange.passing
        outcome = Outcome(code="client_disconnected", status=499) if passing is None else passing.cut()
        if exchange.cut is not None:  # both at once: that the caller was cut off says more than that it has gone
            outcome = msgspec.structs.replace(outcome, code=exchange.cut.code, reason=CUT)
        task = asyncio.create_task(self._end_cancelled(exchange, outcome))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _end_cancelled(self, exchange: Exchange, outcome: Outcome) -> None:
        exchange.closed = True
        outcome = self._settled(exchange, outcome)
        sessions = self._parts.sessions.grown(exchange, outcome)
        entry = self._parts.scribe.outcome(exchange, outcome, sessions=sessions)
        try:
            # It comes after the intent, which may still be waiting: where that is refused, there is nothing to end.
            if await self._parts.ledger(exchange).submit(entry, only_if_open=True) is not None:
                self._ended(exchange, outcome)
        except LedgerUnavailable as error:
            # The writer knows of the open exchange and closes it once it can write again.
            _log.warning("no end recorded: %s", type(error).__name__, extra=_told(exchange, outcome.code, 499))

    async def _unrecorded(self, exchange: Exchange, responder: Responder) -> None:
        """What could not be recorded does not go on, and is counted by the writer for when it can write again."""
        hint = (
            "what was asked may have been done, and its end is not on record" if exchange.sent else "nothing was sent"
        )
        refusal = Refusal(code="ledger_unavailable", hint=hint, retry_after=None if exchange.sent else 1)
        exchange.code = refusal.code
        if not exchange.appended:
            self._parts.ledger(exchange).missed()
        elif exchange.opened and not exchange.closed:
            # A further agent could not be named. If its end cannot be written either, the writer knows of it now.
            with suppress(LedgerUnavailable):
                await self._end(exchange, self._broken(exchange, responder, refusal.code, refusal.status))
        self._metrics.request(exchange.ledger, exchange.arrival.protocol, refusal.code)
        _log.error("the ledger could not be written", extra=_told(exchange, refusal.code, refusal.status))
        await self._goodbye(exchange, responder, refusal)

    def _broken(self, exchange: Exchange, responder: Responder, code: str, status: int) -> Outcome:
        """An end that the gateway itself makes: with what had been given by then, where anything had."""
        outcome = Outcome(code=code, status=status)
        if exchange.passing is None or not responder.started:
            return outcome
        try:
            return msgspec.structs.replace(exchange.passing.cut(), code=code, status=_GIVEN, reason=None)
        except Exception as error:  # noqa: BLE001 -- what failed may be what would tell: the end is on record all the same
            _log.error(
                "what had been given is not known: %s", type(error).__name__, extra=_told(exchange, code, status)
            )
            return outcome

    async def _failed(self, exchange: Exchange, responder: Responder, error: Exception) -> None:
        """A defect of the gateway, an agent's or the caller's connection: the exchange ends, on record if it can."""
        code = "client_disconnected" if isinstance(error, OSError) else "internal"
        _log.error("an exchange failed: %s", type(error).__name__, extra=_told(exchange, code, 500))
        refusal = Refusal(code="internal")
        exchange.code = refusal.code
        try:
            if exchange.opened and not exchange.closed:
                broken = self._broken(exchange, responder, code, refusal.status)
                await self._end(exchange, msgspec.structs.replace(broken, reason=type(error).__name__))
            elif not exchange.opened and not exchange.closed:
                await self._record_refusal(exchange, refusal, None)
        except LedgerUnavailable:
            refusal = Refusal(code="ledger_unavailable", retry_after=1)
        self._metrics.request(exchange.ledger, exchange.arrival.protocol, refusal.code)
        await self._goodbye(exchange, responder, refusal)

    # --------------------------------------------------------------------------------------------------------- effects

    def _step(self, name: str, started: int) -> int:
        now = self._now()
        self._metrics.step(name, now - started)
        return now


def _told(exchange: Exchange, code: str, status: int) -> dict[str, object]:
    """What a log line says of an exchange: ids, codes and registered names only."""
    routed = exchange.routed
    return {
        "exchange": exchange.id,
        "trace": exchange.trace,
        "code": code,
        "status": status,
        "agent": routed.route.id if routed is not None else None,
        "decision": routed.decision.effect if routed is not None else None,
    }
