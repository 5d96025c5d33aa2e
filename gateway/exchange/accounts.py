"""What a record of an exchange says in words, and the forms that such records are made from.

An `Account` holds all that a record says but ids, times, counts and commitments. It is hashable, and the envelope is
made from it alone (`envelope_of`), so that a form kept under an account can never say what another account said.
"""

from collections.abc import Mapping

import msgspec

from gateway.core.decision import CandidateView, Decision
from gateway.core.ports import Route
from gateway.ledger.form import Draft, Form, Value
from gateway.ledger.record import (
    CandidateInfo,
    ClassesInfo,
    DecisionInfo,
    Detail,
    Envelope,
    MessageInfo,
    NodeInfo,
    ObservedInfo,
    OutcomeInfo,
    TokensInfo,
    encode_detail,
)

KEPT = 4096
"""Forms, and details, that are remembered; beyond it all are forgotten at once and made anew as they are needed."""


class Agent(msgspec.Struct, frozen=True):
    """The agent that a record names."""

    id: str
    version: str | None
    model: str | None
    zone: str
    region: str | None
    processor: str | None
    capability: str | None


class TokenCounts(msgspec.Struct, frozen=True, kw_only=True):
    """As `record.TokensInfo`; each mapping as its items."""

    sent: tuple[tuple[str, int], ...] | None = None
    back: tuple[tuple[str, int], ...] | None = None
    kept: tuple[tuple[str, int], ...] | None = None
    foreign: int | None = None


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a record of an exchange says beyond its holes; None where it is not told."""

    event: str
    tenant: str
    actor_kind: str | None = None
    caller_zone: str | None = None
    purpose: str | None = None
    legal_basis: str | None = None
    action: str | None = None
    target: str | None = None
    found: tuple[tuple[str, int], ...] | None = None
    scanned: str | None = None
    classes: tuple[tuple[str, ...], ...] | None = None
    """Found, declared, inherited, floor."""
    tokens: TokenCounts | None = None
    decision: Decision | None = None
    weighed: bool = False
    """Whether the decision's candidates are told."""
    inputs: tuple[tuple[str, str], ...] | None = None
    agent: Agent | None = None
    attempt: int | None = None
    ended: tuple[str, int] | None = None
    """Code and status of an outcome."""
    unanswered: bool = False
    """Whether the agent was sent something, and no answer of it was taken."""
    request: tuple[str | None] | None = None
    """The media type of what was asked, where a request is told of."""
    response: tuple[str | None] | None = None
    """The media type of the answer, where one is told of."""


class Forms:
    """Drafts of one node's records, and canonical details, each made from what was made before where it can be."""

    def __init__(self, *, node: NodeInfo, engine: str, config: str) -> None:
        self._node, self._engine, self._config = node, engine, config
        self._forms: dict[tuple[Account, tuple[str, ...]], Form] = {}
        self._details: dict[Detail, bytes] = {}

    def draft(self, account: Account, values: Mapping[str, Value]) -> Draft:
        """The record that says this, with these ids, times, counts and commitments. `FormatError` as `record.check`."""
        key = (account, tuple(values))
        form = self._forms.get(key)
        if form is None:
            if len(self._forms) >= KEPT:
                self._forms.clear()
            envelope = envelope_of(account, node=self._node, engine=self._engine, config=self._config)
            form = self._forms[key] = Form(envelope, values)
        return form.fill(values)

    def detail(self, detail: Detail) -> bytes:
        """As `encode_detail`. Those that name a data subject are not remembered."""
        if detail.subjects or detail.query:
            return encode_detail(detail)
        known = self._details.get(detail)
        if known is None:
            if len(self._details) >= KEPT:
                self._details.clear()
            known = self._details[detail] = encode_detail(detail)
        return known


def agent_of(route: Route, target: str | None) -> Agent:
    """The agent as a record names it; its capability is the one that was asked for, where it has it."""
    offered = route.capabilities
    capability = target if target in offered else next(iter(offered), None)
    return Agent(route.id, route.version, route.model, route.zone, route.region, route.processor, capability)


def envelope_of(account: Account, *, node: NodeInfo, engine: str, config: str) -> Envelope:
    """The envelope that says what the account says; its holes are not filled in, `id` and `occurred_at` are blank."""
    decision, inputs, classes = account.decision, account.inputs, account.classes
    envelope = Envelope(
        id="",
        tenant=account.tenant,
        event=account.event,
        occurred_at="",
        actor_kind=account.actor_kind,
        caller_zone=account.caller_zone,
        action=account.action,
        purpose=account.purpose,
        legal_basis=account.legal_basis,
        found=None if account.found is None else dict(account.found),
        scanned=account.scanned,
        tokens=None if account.tokens is None else _tokens_info(account.tokens),
        attempt=account.attempt,
        request=None if account.request is None else MessageInfo(media_type=account.request[0]),
        response=None if account.response is None else MessageInfo(media_type=account.response[0]),
        config=config,
        route_requested=account.target,
        inputs=None if inputs is None else dict(inputs),
        classes=None if classes is None else ClassesInfo(**dict(zip(_CLASSES, classes, strict=True))),
        engine=engine,
        node=node,
    )
    if decision is not None:
        envelope.decision = _decision_info(decision)
        envelope.candidates = tuple(map(_candidate_info, decision.candidates)) if account.weighed else None
    if account.ended is not None:
        code, status = account.ended
        envelope.outcome = OutcomeInfo(code=code, status=status, unanswered=account.unanswered or None)
    if account.agent is not None:
        _name(envelope, account.agent)
    return envelope


_CLASSES = ("found", "declared", "inherited", "floor")


def _name(envelope: Envelope, agent: Agent) -> None:
    envelope.agent, envelope.agent_version, envelope.model = agent.id, agent.version, agent.model
    envelope.zone, envelope.region, envelope.processor = agent.zone, agent.region, agent.processor
    envelope.capability = agent.capability


def _decision_info(decision: Decision) -> DecisionInfo:
    other = decision.observed
    return DecisionInfo(
        effect=decision.effect,
        rules=decision.rules,
        obligations=decision.obligations,
        policy=decision.policy,
        observed=None
        if other is None
        else ObservedInfo(effect=other.effect, agent=other.agent, rules=other.rules, watched=other.watched),
    )


def _tokens_info(told: TokenCounts) -> TokensInfo:
    sent, back, kept = (None if items is None else dict(items) for items in (told.sent, told.back, told.kept))
    return TokensInfo(sent=sent, back=back, kept=kept, foreign=told.foreign)


def _candidate_info(view: CandidateView) -> CandidateInfo:
    return CandidateInfo(agent=view.agent, zone=view.zone, healthy=view.healthy, answer=view.answer, rule=view.rule)
