"""Turns what is known of an exchange into ledger entries: envelope, detail, sealed openings.

The one place that builds records of exchanges, so that what may stand in clear is decided once. Foreign text (a model
name that an agent made up, a target that is not registered, a concrete path) goes into details or nowhere.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from gateway.core.caller import Caller
from gateway.core.decision import Decision, keeps_nothing, kept_days, tokenizes
from gateway.core.ids import uuid7
from gateway.core.message import Message
from gateway.core.ports import Clock, Route
from gateway.core.refusal import Refusal
from gateway.exchange import kept
from gateway.exchange.accounts import Account, Forms, TokenCounts, agent_of
from gateway.exchange.exchange import Classified, Exchange, Outcome, Routed
from gateway.exchange.failures import OTHER, Counted
from gateway.exchange.quotas import Passed, words
from gateway.exchange.router import Denied
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.content import content_commitment, part_of
from gateway.ledger.entry import Delegated, Entry, ExchangeKey, SealedPart, Sealing, SessionGrowth
from gateway.ledger.form import Value
from gateway.ledger.media import media_type
from gateway.ledger.record import Detail, Envelope, NodeInfo, OutcomeInfo, encode_detail, timestamp


class Scribe:
    """Builds entries for one node. `version` gives the policy version of a tenant (its configured id), `engine` is one,
    `config` the settings' digest, `bases` the legal basis of a purpose for a tenant (its configured id)."""

    def __init__(
        self,
        *,
        clock: Clock,
        sealing: Sealing,
        node: NodeInfo,
        version: Callable[[str], str],
        engine: str,
        config: str,
        bases: Mapping[tuple[str, str], str] | None = None,
    ) -> None:
        self._clock, self._sealing, self._node, self._version = clock, sealing, node, version
        self._config, self._bases = config, bases or {}
        self.searched_by(engine)

    def searched_by(self, engine: str) -> None:
        """The version of the engine that records name from now on."""
        self._forms = Forms(node=self._node, engine=engine, config=self._config)

    def intent(
        self,
        exchange: Exchange,
        routed: Routed,
        *,
        asked: bool = True,
        sessions: tuple[SessionGrowth, ...] = (),
        delegated: Delegated | None = None,
    ) -> Entry:
        """`exchange.requested`: the decision, the first agent, and a commitment to the caller's own bytes. Where nobody
        is asked, because the answer was kept, it names no agent: nothing is disclosed."""
        message, key, values = _known(exchange.message), self._key(exchange), self._values(exchange, sessions)
        sealed = [self._commit_request(values, exchange, message, key)]
        if exchange.headers.idempotency is not None:
            sealed.append(self._commit_idempotency(values, exchange, exchange.headers.idempotency, key))
        if asked:
            sealed += self._keep(values, exchange, routed, key)
        detail = self._detail(exchange, explanation=routed.explanation, route=routed.route if asked else None)
        said = _said(
            "exchange.requested",
            exchange,
            legal_basis=self._basis(exchange),
            tokens=_tokens_sent(exchange, routed) if asked else None,
            decision=routed.decision,
            weighed=True,
            inputs=tuple(routed.inputs.items()),
            agent=agent_of(routed.route, message.target) if asked else None,
            attempt=None if asked else 0,
            request=(media_type(message.media_type or None),),
        )
        entry = _Beside(
            detail=detail, opens=True, sealed=tuple(sealed), key=key, sessions=sessions, delegated=delegated
        )
        return self._entry(exchange, said, values, entry)

    def attempt(self, exchange: Exchange, routed: Routed, number: int, sent: bytes) -> Entry:
        """`exchange.attempted`: a further agent, with the commitment of what it is sent."""
        message, key, values = _known(exchange.message), self._key(exchange), self._values(exchange)
        salt = new_salt()
        values["request.commitment"], values["request.bytes"] = committed(salt, "request", sent), len(sent)
        said = _said(
            "exchange.attempted",
            exchange,
            legal_basis=self._basis(exchange),
            tokens=_tokens_sent(exchange, routed),
            decision=routed.decision,
            weighed=True,
            inputs=tuple(routed.inputs.items()),
            agent=agent_of(routed.route, message.target),
            attempt=number,
            request=(media_type(message.media_type or None),),
        )
        detail = self._detail(exchange, explanation=routed.explanation, route=routed.route)
        sealed = (
            self._seal(values, exchange, "request", salt, None, key),
            *self._keep(values, exchange, routed, key),
        )
        return self._entry(exchange, said, values, _Beside(detail=detail, sealed=sealed, key=key, decided=True))

    def outcome(self, exchange: Exchange, outcome: Outcome, *, sessions: tuple[SessionGrowth, ...] = ()) -> Entry:
        """`exchange.completed`: the one end of an exchange that was opened."""
        routed, key, values = exchange.routed, self._key(exchange), self._values(exchange, sessions)
        agent = outcome.agent or (routed.route if routed is not None else None)
        size = len(outcome.released) if outcome.released is not None else outcome.size
        values["outcome.latency_us"] = self._latency(exchange)
        _count(values, "outcome.tokens_in", outcome.tokens_in)
        _count(values, "outcome.tokens_out", outcome.tokens_out)
        _count(values, "outcome.cost", outcome.cost)
        _count(values, "outcome.bytes", size)
        _count(values, "response.bytes", size)
        _count(values, "response.parts", outcome.parts)
        salt, commitment = outcome.digest or (None, None)
        if outcome.released is not None:
            salt = new_salt()
            commitment = committed(salt, "response", outcome.released)
        sealed: tuple[SealedPart, ...] = ()
        if salt is not None and commitment is not None:
            values["response.commitment"] = commitment
            sealed = (self._seal(values, exchange, "response", salt, None, key),)
        classes = None if outcome.classes is None else (outcome.classes, (), (), ())
        said = _said(
            "exchange.completed",
            exchange,
            found=None if outcome.found is None else tuple(outcome.found.items()),
            scanned=outcome.scanned,
            classes=classes or _classes(exchange.classified),
            tokens=_tokens_back(exchange),
            decision=outcome.decision or (routed.decision if routed is not None else None),
            agent=None if agent is None else agent_of(agent, _target(exchange)),
            attempt=outcome.attempts,
            ended=(outcome.code, outcome.status),
            unanswered=exchange.sent and outcome.found is None,
            response=(media_type(outcome.media_type),),
        )
        detail = self._detail(
            exchange,
            reason=outcome.reason,
            explanation=outcome.explanation,
            route=agent,
            agent_tls=exchange.agent_tls,
        )
        entry = _Beside(detail=detail, closes=True, sealed=sealed, key=key, sessions=sessions)
        return self._entry(exchange, said, values, entry)

    def denied(
        self,
        exchange: Exchange,
        refusal: Refusal,
        denied: Denied | None,
        *,
        status: int | None = None,
    ) -> Entry:
        """`exchange.denied`: a refusal, durable before it is sent. Stands alone: nothing was opened, nothing left.
        `denied`: what was decided, where anything was; `status`: the HTTP status that it is told with, where that is
        another than its own."""
        values, message = self._values(exchange), exchange.message
        values["outcome.latency_us"] = self._latency(exchange)
        key: ExchangeKey | None = None
        sealed: tuple[SealedPart, ...] = ()
        exchange.opening = None
        if message is not None and exchange.caller is not None:
            key = self._key(exchange)
            sealed = (self._commit_request(values, exchange, message, key),)
        said = _said(
            "exchange.denied",
            exchange,
            legal_basis=self._basis(exchange),
            decision=_undecided(self._policy(exchange)) if denied is None else denied.decision,
            weighed=denied is not None,
            inputs=None if denied is None or denied.inputs is None else tuple(denied.inputs.items()),
            ended=(refusal.code, status or refusal.status),
            request=None if message is None or key is None else (media_type(message.media_type or None),),
        )
        reason = ": ".join((refusal.code, *(item for item in (refusal.field, refusal.hint) if item)))
        why = () if denied is None else denied.explanation
        explanation = (*why, *((refusal.explanation,) if refusal.explanation else ()))
        detail = self._detail(exchange, reason=reason, explanation=explanation, route=None)
        return self._entry(exchange, said, values, _Beside(detail=detail, sealed=sealed, key=key))

    def warned(self, exchange: Exchange, passed: Passed) -> Entry:
        """`limit.warned`: a soft limit was passed, and the exchange goes on."""
        caller = _caller(exchange)
        now = self._clock.now_us()
        salt, detail = new_salt(), self._forms.detail(self._detail(exchange, reason=words(passed), route=None))
        envelope = Envelope(
            id=uuid7(now),
            tenant=caller.tenant,
            event="limit.warned",
            occurred_at=timestamp(now),
            actor=caller.actor,
            actor_kind=caller.identity.kind,
            exchange=exchange.id,
            trace=exchange.trace,
            limit=passed.name,
            count=passed.count,
            window_s=passed.window_s or None,
            detail=committed(salt, "detail", detail),
            node=self._node,
        )
        return Entry.of(envelope, detail=detail, salt=salt)

    def failed(self, counted: Counted) -> Entry:
        """`auth.failed`, in the ledger that it was counted for: nobody was identified."""
        now, several = self._clock.now_us(), counted.source == OTHER
        reason = f"{counted.sources} sources that are not told one by one" if several else None
        salt, detail = new_salt(), encode_detail(Detail(source=counted.source, reason=reason))
        envelope = Envelope(
            id=uuid7(now),
            tenant=counted.ledger,
            event="auth.failed",
            occurred_at=timestamp(now),
            outcome=OutcomeInfo(code=counted.code),
            count=counted.count,
            window_s=counted.window_s,
            detail=committed(salt, "detail", detail),
            node=self._node,
        )
        return Entry.of(envelope, detail=detail, salt=salt)

    # ------------------------------------------------------------------------------------------------------ the parts

    def _values(self, exchange: Exchange, sessions: tuple[SessionGrowth, ...] = ()) -> dict[str, Value]:
        """What differs in every record: the beginning of what its holes are filled with."""
        now, caller = self._clock.now_us(), _caller(exchange)
        values: dict[str, Value] = {
            "id": uuid7(now),
            "occurred_at": timestamp(now),
            "exchange": exchange.id,
            "trace": exchange.trace,
            "actor": caller.actor,
        }
        if exchange.approval is not None:
            values["approval"] = exchange.approval.id
        elif exchange.arrival.asks is not None:
            values["approval"] = exchange.arrival.asks
        if caller.glass is not None:
            values["break_glass"] = caller.glass
        classified = exchange.classified
        if exchange.lineage is not None and exchange.lineage.parent is not None:
            values["parent"] = exchange.lineage.parent
        if sessions:
            values["session"] = sessions[0].id
        elif classified is not None and classified.joined is not None:
            values["session"] = classified.joined.id
        return values

    def _commit_request(
        self, values: dict[str, Value], exchange: Exchange, message: Message, key: ExchangeKey
    ) -> SealedPart:
        salt, body = new_salt(), message.body
        values["request.commitment"] = commitment = committed(salt, "request", body)
        if exchange.headers.receipted:
            exchange.opening = salt, commitment
        values["request.bytes"], values["request.parts"] = len(body), len(message.parts)
        return self._seal(values, exchange, "request", salt, None, key)

    def _commit_idempotency(
        self, values: dict[str, Value], exchange: Exchange, value: str, key: ExchangeKey
    ) -> SealedPart:
        salt, held = new_salt(), value.encode("utf-8", "surrogatepass")
        values["idempotency"] = committed(salt, "idempotency", held)
        return self._seal(values, exchange, "idempotency", salt, held[:256], key)

    def _keep(
        self, values: dict[str, Value], exchange: Exchange, routed: Routed, key: ExchangeKey
    ) -> tuple[SealedPart, ...]:
        """What the agent is sent, part by part, where policy keeps it: durable with the record, before it leaves, and
        committed to there. Where nothing may be kept (`_silent`) the record does not say that anything is."""
        days, first = kept_days(routed.decision.obligations), exchange.routed
        if not days or (first is not None and keeps_nothing(first.decision.obligations)):
            return ()
        health = exchange.classified is not None and "phi" in exchange.classified.classes()
        content = kept.encode(_known(exchange.message).parts, routed.masked, health_context=health)
        until, salt = kept.until(self._clock.now_us(), days), new_salt()
        part = self._seal(values, exchange, part_of(until), salt, content, key)
        values["kept.commitment"] = content_commitment(salt, part.key, content)
        values["kept.bytes"], values["kept.until"] = len(content), until
        return (part,)

    def _seal(
        self,
        values: dict[str, Value],
        exchange: Exchange,
        part: str,
        salt: bytes,
        value: bytes | None,
        key: ExchangeKey,
    ) -> SealedPart:
        return self._sealing.seal(
            tenant=_caller(exchange).tenant, record=str(values["id"]), part=part, opening=salt, value=value, key=key
        )

    def _detail(
        self,
        exchange: Exchange,
        *,
        reason: str | None = None,
        explanation: Sequence[str] = (),
        route: Route | None,
        agent_tls: str | None = None,
    ) -> Detail:
        arrival, identity = exchange.arrival, exchange.identity
        return Detail(
            agent_tls=agent_tls,
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
            destination=None if route is None else _destination(exchange, route),
            tls=arrival.tls,
            reason=reason,
            explanation=" ".join(explanation) or None,
        )

    def _entry(self, exchange: Exchange, said: Account, values: dict[str, Value], beside: "_Beside") -> Entry:
        salt, detail = new_salt(), self._forms.detail(beside.detail)
        values["detail"] = committed(salt, "detail", detail)
        # A key goes with the first entry whose parts need it; the writer keeps the order of an exchange's entries.
        # Where nothing is to be kept commitments stay unopened for good, and need no key.
        silent = _silent(exchange, said)
        key = None if silent else beside.key
        keys = key.new if key is not None and not exchange.key_sent else ()
        exchange.key_sent = exchange.key_sent or key is not None
        return Entry(
            draft=self._forms.draft(said, values),
            detail=detail,
            salt=salt,
            opens=beside.opens,
            closes=beside.closes,
            decided_under=self._policy(exchange) if beside.opens or beside.decided else None,
            denied_under=exchange.denials if beside.opens else None,
            sealed=() if silent else beside.sealed,
            keys=keys,
            subjects=exchange.subjects,
            sessions=beside.sessions,
            delegated=beside.delegated,
        )

    def _policy(self, exchange: Exchange) -> str:
        return self._version(_caller(exchange).identity.tenant)

    def _basis(self, exchange: Exchange) -> str | None:
        """What is declared for the request's purpose; None where nothing is, or where it has none."""
        caller = _caller(exchange)
        return None if caller.purpose is None else self._bases.get((caller.identity.tenant, caller.purpose))

    def key(self, exchange: Exchange) -> Any:
        """The key that parts of an exchange are sealed under, in the form of the sealing's own (`Sealing`)."""
        return self._key(exchange)

    def _key(self, exchange: Exchange) -> ExchangeKey:
        if exchange.key is None:
            exchange.key = self._sealing.exchange_key(exchange.subjects)
        return exchange.key

    def _latency(self, exchange: Exchange) -> int:
        return max(0, (self._clock.monotonic_ns() - exchange.started_ns) // 1000)


class _Beside(msgspec.Struct, frozen=True, kw_only=True):
    """What goes with a record of an exchange."""

    detail: Detail
    opens: bool = False
    closes: bool = False
    decided: bool = False
    sealed: tuple[SealedPart, ...] = ()
    key: ExchangeKey | None = None
    sessions: tuple[SessionGrowth, ...] = ()
    delegated: Delegated | None = None


def _silent(exchange: Exchange, said: Account) -> bool:
    """Whether nothing of the exchange may be kept: by the decision on this record, or the one that it goes by."""
    decided = exchange.routed
    if decided is not None and keeps_nothing(decided.decision.obligations):
        return True
    return said.decision is not None and keeps_nothing(said.decision.obligations)


def _tokens_sent(exchange: Exchange, routed: Routed) -> TokenCounts | None:
    """The tokens in what is sent, where policy has findings replaced by tokens."""
    book = None if exchange.classified is None else exchange.classified.tokens
    if book is None or not tokenizes(routed.decision.obligations):
        return None
    return TokenCounts(sent=tuple(book.count(routed.masked.values()).items()))


def _tokens_back(exchange: Exchange) -> TokenCounts | None:
    """What became of tokens in the answer, where any could have been in it."""
    if exchange.turning is None:
        return None
    turned = exchange.turning.turned
    return TokenCounts(back=tuple(turned.back.items()), kept=tuple(turned.kept.items()), foreign=turned.foreign)


def _undecided(policy: str) -> Decision:
    """What is refused before policy was asked."""
    return Decision(effect="deny", agent=None, rules=(), obligations=(), policy=policy, candidates=())


def _destination(exchange: Exchange, route: Route) -> str | None:
    """Where the message goes: the agent's address, or who has fetched it there, once somebody has."""
    if route.pull:
        return None if exchange.ticket is None else exchange.ticket.fetched_by
    return route.url.partition("://")[2].partition("/")[0] or None


def _said(event: str, exchange: Exchange, **others: Any) -> Account:
    """What every record of an exchange says, as far as it is known by now, and the record's own (`others`)."""
    caller, message, classified = _caller(exchange), exchange.message, exchange.classified
    if message is not None:
        others["action"], others["target"] = message.action, message.target
    if classified is not None and "found" not in others:
        scan = classified.scan
        others["found"], others["scanned"] = tuple(scan.counts().items()), scan.scanned
        others["classes"] = _classes(classified)
    identity = caller.identity
    return Account(
        event=event,
        tenant=caller.tenant,
        actor_kind=identity.kind,
        caller_zone=identity.zone,
        purpose=caller.purpose,
        **others,
    )


def _classes(classified: Classified | None) -> tuple[tuple[str, ...], ...] | None:
    if classified is None:
        return None
    return (classified.found, classified.declared, classified.inherited, classified.floor)


def _caller(exchange: Exchange) -> Caller:
    if exchange.caller is None:  # what was not identified is counted (`failed`) and is no exchange
        raise ValueError("a record of an exchange names its caller")
    return exchange.caller


def _target(exchange: Exchange) -> str | None:
    return None if exchange.message is None else exchange.message.target


def _count(values: dict[str, Value], name: str, count: int | None) -> None:
    if count is not None:
        values[name] = count


def _known(message: Message | None) -> Message:
    if message is None:
        raise ValueError("an exchange that goes on has a message")
    return message
