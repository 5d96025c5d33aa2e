"""Turns what is known of an exchange into ledger entries: envelope, detail, sealed openings.

The one place that builds records of exchanges, so that what may stand in clear is decided once. Foreign text (a model
name that an agent made up, a target that is not registered, a concrete path) goes into details or nowhere.
"""

from collections.abc import Sequence

from gateway.core.decision import CandidateView, Decision
from gateway.core.ids import uuid7
from gateway.core.message import Message
from gateway.core.ports import Clock, Route
from gateway.core.refusal import Refusal
from gateway.exchange.exchange import Exchange, Outcome, Routed
from gateway.exchange.failures import Counted
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.entry import Entry, ExchangeKey, SealedPart, Sealing
from gateway.ledger.media import media_type
from gateway.ledger.record import (
    CandidateInfo,
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


class Scribe:
    """Builds entries for one node. `policy` and `engine` are versions, `config` the settings' digest."""

    def __init__(
        self, *, clock: Clock, sealing: Sealing, node: NodeInfo, policy: str, engine: str, config: str
    ) -> None:
        self._clock, self._sealing, self._node = clock, sealing, node
        self._policy, self._engine, self._config = policy, engine, config

    def intent(self, exchange: Exchange, routed: Routed, *, asked: bool = True) -> Entry:
        """`exchange.requested`: the decision, the first agent, and a commitment to the caller's own bytes. Where nobody
        is asked, because the answer was kept, it names no agent: nothing is disclosed."""
        envelope = self._envelope("exchange.requested", exchange)
        self._decided(envelope, routed, named=asked)
        if not asked:
            envelope.attempt = 0
        message = _known(exchange.message)
        key = self._key(exchange)
        sealed = [self._commit_request(envelope, message, key)]
        if exchange.headers.idempotency is not None:
            sealed.append(self._commit_idempotency(envelope, exchange.headers.idempotency, key))
        detail = self._detail(exchange, explanation=routed.explanation, route=routed.route if asked else None)
        return self._entry(envelope, detail, exchange, opens=True, sealed=tuple(sealed), key=key)

    def attempt(self, exchange: Exchange, routed: Routed, number: int, sent: bytes) -> Entry:
        """`exchange.attempted`: a further agent, with the commitment of what it is sent."""
        envelope = self._envelope("exchange.attempted", exchange)
        self._decided(envelope, routed)
        envelope.attempt = number
        key = self._key(exchange)
        salt = new_salt()
        envelope.request = MessageInfo(
            commitment=committed(salt, "request", sent),
            bytes=len(sent),
            media_type=media_type(_known(exchange.message).media_type or None),
        )
        sealed = self._seal(envelope, "request", salt, None, key)
        detail = self._detail(exchange, explanation=routed.explanation, route=routed.route)
        return self._entry(envelope, detail, exchange, sealed=(sealed,), key=key, decided=True)

    def outcome(self, exchange: Exchange, outcome: Outcome) -> Entry:
        """`exchange.completed`: the one end of an exchange that was opened."""
        envelope = self._envelope("exchange.completed", exchange)
        routed = exchange.routed
        decision = outcome.decision or (routed.decision if routed is not None else None)
        if decision is not None:
            envelope.decision = decision_info(decision)
        agent = outcome.agent or (routed.route if routed is not None else None)
        if agent is not None:
            _name_agent(envelope, agent)
        envelope.attempt = outcome.attempts
        envelope.found, envelope.scanned = outcome.found, outcome.scanned
        if outcome.classes is not None:
            envelope.classes = ClassesInfo(found=outcome.classes, declared=(), inherited=(), floor=())
        size = len(outcome.released) if outcome.released is not None else outcome.size
        envelope.outcome = OutcomeInfo(
            code=outcome.code,
            status=outcome.status,
            latency_us=self._latency(exchange),
            tokens_in=outcome.tokens_in,
            tokens_out=outcome.tokens_out,
            bytes=size,
        )
        key = self._key(exchange)
        sealed: tuple[SealedPart, ...] = ()
        salt, commitment = outcome.digest or (None, None)
        if outcome.released is not None:
            salt = new_salt()
            commitment = committed(salt, "response", outcome.released)
        if salt is not None:
            sealed = (self._seal(envelope, "response", salt, None, key),)
        envelope.response = MessageInfo(
            commitment=commitment, bytes=size, media_type=media_type(outcome.media_type), parts=outcome.parts
        )
        detail = self._detail(exchange, reason=outcome.reason, explanation=outcome.explanation, route=agent)
        return self._entry(envelope, detail, exchange, closes=True, sealed=sealed, key=key)

    def denied(self, exchange: Exchange, refusal: Refusal, decision: Decision | None, why: Sequence[str] = ()) -> Entry:
        """`exchange.denied`: a refusal, durable before it is sent. Stands alone: nothing was opened, nothing left."""
        envelope = self._envelope("exchange.denied", exchange)
        envelope.decision = (
            decision_info(decision)
            if decision is not None
            else DecisionInfo(effect="deny", rules=(), obligations=(), policy=self._policy)
        )
        if decision is not None:
            envelope.candidates = tuple(candidate_info(view) for view in decision.candidates)
        envelope.outcome = OutcomeInfo(code=refusal.code, status=refusal.status, latency_us=self._latency(exchange))
        key: ExchangeKey | None = None
        sealed: tuple[SealedPart, ...] = ()
        if exchange.message is not None and exchange.caller is not None:
            key = self._key(exchange)
            sealed = (self._commit_request(envelope, exchange.message, key),)
        said = tuple(item for item in (refusal.field, refusal.hint) if item)
        reason = ": ".join((refusal.code, *said))
        explanation = (*why, *((refusal.explanation,) if refusal.explanation else ()))
        detail = self._detail(exchange, reason=reason, explanation=explanation, route=None)
        return self._entry(envelope, detail, exchange, sealed=sealed, key=key)

    def failed(self, tenant: str, counted: Counted, method: str | None = None) -> Entry:
        """`auth.failed`, in the operator's own ledger: nobody was identified."""
        now = self._clock.now_us()
        envelope = Envelope(
            id=uuid7(now),
            tenant=tenant,
            event="auth.failed",
            occurred_at=timestamp(now),
            outcome=OutcomeInfo(code=counted.code),
            count=counted.count,
            window_s=counted.window_s,
            node=self._node,
        )
        return self._with_detail(envelope, Detail(source=counted.source, method=method))

    # ------------------------------------------------------------------------------------------------------ the parts

    def _envelope(self, event: str, exchange: Exchange) -> Envelope:
        """What every record of an exchange says, as far as it is known by now."""
        caller, message, classified = exchange.caller, exchange.message, exchange.classified
        now = self._clock.now_us()
        return Envelope(
            id=uuid7(now),
            tenant=caller.tenant if caller is not None else "_system",
            event=event,
            occurred_at=timestamp(now),
            actor=caller.actor if caller is not None else None,
            actor_kind=caller.identity.kind if caller is not None else None,
            caller_zone=caller.identity.zone if caller is not None else None,
            purpose=caller.purpose if caller is not None else None,
            session=classified.joined.id if classified is not None and classified.joined is not None else None,
            exchange=exchange.id,
            trace=exchange.trace,
            action=message.action if message is not None else None,
            route_requested=message.target if message is not None else None,
            found=classified.scan.counts() if classified is not None else None,
            scanned=classified.scan.scanned if classified is not None else None,
            classes=ClassesInfo(
                found=classified.found,
                declared=classified.declared,
                inherited=classified.inherited,
                floor=classified.floor,
            )
            if classified is not None
            else None,
            engine=self._engine,
            config=self._config,
            node=self._node,
        )

    def _decided(self, envelope: Envelope, routed: Routed, *, named: bool = True) -> None:
        decision = routed.decision
        envelope.decision = decision_info(decision)
        envelope.candidates = tuple(candidate_info(view) for view in decision.candidates)
        envelope.inputs = dict(routed.inputs)
        if named:
            _name_agent(envelope, routed.route)

    def _commit_request(self, envelope: Envelope, message: Message, key: ExchangeKey) -> SealedPart:
        salt = new_salt()
        envelope.request = MessageInfo(
            commitment=committed(salt, "request", message.body),
            bytes=len(message.body),
            media_type=media_type(message.media_type or None),
            parts=len(message.parts),
        )
        return self._seal(envelope, "request", salt, None, key)

    def _commit_idempotency(self, envelope: Envelope, value: str, key: ExchangeKey) -> SealedPart:
        salt, held = new_salt(), value.encode("utf-8", "surrogatepass")
        envelope.idempotency = committed(salt, "idempotency", held)
        return self._seal(envelope, "idempotency", salt, held[:256], key)

    def _seal(self, envelope: Envelope, part: str, salt: bytes, value: bytes | None, key: ExchangeKey) -> SealedPart:
        return self._sealing.seal(
            tenant=envelope.tenant, record=envelope.id, part=part, opening=salt, value=value, key=key
        )

    def _detail(
        self, exchange: Exchange, *, reason: str | None = None, explanation: Sequence[str] = (), route: Route | None
    ) -> Detail:
        arrival, identity = exchange.arrival, exchange.identity
        return Detail(
            subject=identity.subject if identity is not None else None,
            roles=identity.roles if identity is not None else None,
            credential=identity.credential if identity is not None else None,
            issuer=identity.issuer if identity is not None else None,
            method=identity.method if identity is not None else None,
            on_behalf_of=(identity.on_behalf_of or None) if identity is not None else None,
            source=arrival.source,
            user_agent=arrival.header("user-agent"),
            subjects=exchange.subjects or None,
            path=arrival.path,
            destination=route.url.partition("://")[2].partition("/")[0] if route is not None else None,
            tls=arrival.tls,
            reason=reason,
            explanation=" ".join(explanation) or None,
        )

    def _entry(
        self,
        envelope: Envelope,
        detail: Detail,
        exchange: Exchange,
        *,
        opens: bool = False,
        closes: bool = False,
        decided: bool = False,
        sealed: tuple[SealedPart, ...] = (),
        key: ExchangeKey | None = None,
    ) -> Entry:
        salt, data = new_salt(), encode_detail(detail)
        envelope.detail = committed(salt, "detail", data)
        # A key goes with the first entry whose parts need it; the writer keeps the order of an exchange's entries.
        keys = key.new if key is not None and not exchange.key_sent else ()
        exchange.key_sent = exchange.key_sent or key is not None
        return Entry(
            envelope=envelope,
            detail=data,
            salt=salt,
            opens=opens,
            closes=closes,
            decided_under=self._policy if opens or decided else None,
            sealed=sealed,
            keys=keys,
            subjects=exchange.subjects,
        )

    def _with_detail(self, envelope: Envelope, detail: Detail) -> Entry:
        salt, data = new_salt(), encode_detail(detail)
        envelope.detail = committed(salt, "detail", data)
        return Entry(envelope=envelope, detail=data, salt=salt)

    def _key(self, exchange: Exchange) -> ExchangeKey:
        if exchange.key is None:
            exchange.key = self._sealing.exchange_key(exchange.subjects)
        return exchange.key

    def _latency(self, exchange: Exchange) -> int:
        return max(0, (self._clock.monotonic_ns() - exchange.started_ns) // 1000)


def decision_info(decision: Decision) -> DecisionInfo:
    """A decision as the envelope holds it."""
    return DecisionInfo(
        effect=decision.effect, rules=decision.rules, obligations=decision.obligations, policy=decision.policy
    )


def candidate_info(view: CandidateView) -> CandidateInfo:
    return CandidateInfo(agent=view.agent, zone=view.zone, healthy=view.healthy, answer=view.answer, rule=view.rule)


def _name_agent(envelope: Envelope, route: Route) -> None:
    envelope.agent, envelope.agent_version, envelope.model = route.id, route.version, route.model
    envelope.zone, envelope.region, envelope.processor = route.zone, route.region, route.processor
    target = envelope.route_requested
    envelope.capability = target if target in route.capabilities else next(iter(route.capabilities), None)


def _known(message: Message | None) -> Message:
    if message is None:
        raise ValueError("an exchange that goes on has a message")
    return message
