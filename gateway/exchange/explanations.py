"""Why policy answers as it does: a question put to it by somebody who answers for it, or one that is on record.

What is told is for compliance roles: it says how a rule could be got round. Rules that are about other tenants alone,
and their agents, are not part of it.
"""

from collections.abc import Mapping

import msgspec

from gateway.checks.policy.actions import actions
from gateway.checks.policy.conditions import STRENGTHS, strength
from gateway.checks.policy.explaining import Derivation
from gateway.checks.policy.policy import Policy
from gateway.checks.policy.ways import is_address
from gateway.core.decision import Question, effect_of
from gateway.core.errors import FormatError
from gateway.core.ports import StoredRecord
from gateway.core.refusal import Refusal
from gateway.exchange.exchange import all_classes
from gateway.exchange.named import Named
from gateway.exchange.ordering import WHY
from gateway.ledger.record import ClassesInfo, Detail, Envelope, parse, parse_detail, parse_timestamp, timestamp

MAX_AGENTS = 32
DECIDED = ("exchange.requested", "exchange.denied")
"""The records that carry a decision over a request."""
ANSWERED = "exchange.completed"
"""The record whose decision is over the answer."""


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question, as it comes in. Names are bare, `at` is RFC 3339 in UTC with microseconds (now without it)."""

    agents: tuple[str, ...] = ()
    """Which agents; all of the tenant's where none is named."""
    receive: bool = False
    """Whether an answer may come back to a caller in `zone`, instead of a request going to agents."""
    classes: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    subject: str = "-"
    zone: str | None = None
    action: str = "chat"
    purpose: str | None = None
    source: str = ""
    """The caller's network address; what rules on networks answer is not told without it."""
    strength: str = ""
    """`key`, `token` or `certificate`; what rules on it answer is not told without it."""
    at: str | None = None


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """The answer for one agent, or for the caller's zone."""

    agent: str | None
    zone: str
    effect: str
    rules: tuple[str, ...]
    obligations: tuple[str, ...]
    explanation: tuple[str, ...]
    classes: tuple[Derivation, ...]
    lacking: tuple[str, ...] = ()
    """What of the question nobody said although rules ask for it (`source`, `strength`): all is denied without it."""
    recorded: str | None = None
    """What the record says that this candidate was answered, or that was decided of the answer, where the question is
    one on record."""


class Ordered(msgspec.Struct, frozen=True, kw_only=True):
    """In which order the agents of a capability are asked. `agents`: as the configuration has them, who stay in that
    order where the other knows no difference; of a question on record, those that were looked at, as they came."""

    capability: str | None
    """None of a question on record."""
    order: str
    why: str
    agents: tuple[str, ...]


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """All answers to a question, and what exactly was asked."""

    policy: str
    at: str
    roles: tuple[str, ...]
    zone: str
    action: str
    purpose: str | None
    classes: tuple[str, ...]
    answers: tuple[Answered, ...]
    orders: tuple[Ordered, ...] = ()
    """Where candidates do not come in the order of the configuration."""


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A question as a record holds it. `candidates`: agent → how it was answered then."""

    policy: str
    question: Question
    at_us: int
    candidates: Mapping[str, str]
    order: str | None = None
    """By what the candidates were ordered, where not by the configuration."""
    reception: "Reception | None" = None


class Reception(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided of the answer, by the same policy version: its classes, when, and the effect."""

    classes: tuple[str, ...]
    at_us: int
    effect: str


def explain(policy: Policy, asked: Asked, tenant: str, now_us: int) -> Explained | Refusal:
    """The answer to a question of a tenant (its configured id), with its derivation; a refusal names the field."""
    visible = tuple(agent.id for agent in policy.agents.values() if tenant in (agent.tenants or (tenant,)))
    wrong = _wrong(policy, asked, visible)
    if wrong is not None:
        return wrong
    try:
        at_us = now_us if asked.at is None else parse_timestamp(asked.at)
    except FormatError as error:
        return _refused("at", str(error))
    question = Question(
        tenant=tenant,
        subject=asked.subject,
        roles=asked.roles,
        zone=asked.zone or _home(policy),
        action=asked.action,
        purpose=asked.purpose,
        classes=all_classes(asked.classes),
        source=asked.source,
        strength=asked.strength,
    )
    named: tuple[str | None, ...] = (None,) if asked.receive else (asked.agents or visible)[:MAX_AGENTS]
    orders = () if asked.receive else _orders(policy, tuple(agent for agent in named if agent is not None))
    return msgspec.structs.replace(_explained(policy, question, named, at_us, {}), orders=orders)


def recorded(records: list[StoredRecord], tenant: str, named: Named) -> Recorded | Refusal:
    """The question that an exchange's records hold (`named`: as `named.naming`). A refusal where none of
    them carries a decision, or where the caller's roles, which stand in the detail alone, are gone."""
    for stored in records:
        envelope = parse(stored.envelope)
        decision, classes = envelope.decision, envelope.classes
        if envelope.event in DECIDED and decision is not None and classes is not None:
            if stored.detail is None:
                return _refused("exchange", "one whose details are still kept: the caller's roles are among them")
            asked = _question(envelope, classes, parse_detail(stored.detail), tenant, named)
            return Recorded(
                policy=decision.policy,
                question=asked,
                at_us=parse_timestamp(envelope.occurred_at),
                candidates={one.agent: one.answer for one in envelope.candidates or ()},
                order=(envelope.inputs or {}).get("order"),
                reception=_reception(records, decision.policy),
            )
    return _refused("exchange", "one whose request was decided on by policy")


def _reception(records: list[StoredRecord], policy: str) -> Reception | None:
    """What the end of an exchange says of its answer; None where there was none, or another version decided."""
    for envelope in (parse(stored.envelope) for stored in records):
        decision, classes = envelope.decision, envelope.classes
        if envelope.event == ANSWERED and decision is not None and classes is not None and decision.policy == policy:
            every = all_classes(classes.found, classes.declared, classes.inherited, classes.floor)
            at_us = parse_timestamp(envelope.occurred_at)
            return Reception(classes=every, at_us=at_us, effect=decision.effect)
    return None


def explain_recorded(policy: Policy, found: Recorded) -> Explained:
    """As `explain`, of a question on record and of the answer to it, asked of the version that decided it."""
    agents = tuple(found.candidates)
    explained = _explained(policy, found.question, agents, found.at_us, found.candidates)
    back = found.reception
    if back is not None:
        asked = msgspec.structs.replace(found.question, classes=back.classes)
        received = _explained(policy, asked, (None,), back.at_us, {"": back.effect})
        explained = msgspec.structs.replace(explained, answers=(*explained.answers, *received.answers))
    if found.order is None:
        return explained
    ordered = Ordered(capability=None, order=found.order, why=WHY.get(found.order, ""), agents=agents)
    return msgspec.structs.replace(explained, orders=(ordered,))


def _explained(
    policy: Policy,
    question: Question,
    agents: tuple[str | None, ...],
    at_us: int,
    candidates: Mapping[str, str],
) -> Explained:
    answers = []
    for agent in agents:
        asked = question
        facts = None if agent is None else policy.agents.get(agent)
        if facts is not None and facts.floor:
            asked = msgspec.structs.replace(question, classes=all_classes(question.classes, facts.floor))
        ruling, derived = policy.derived(asked, agent, now_us=at_us)
        answers.append(
            Answered(
                agent=agent,
                zone=question.zone if facts is None else facts.zone,
                effect=effect_of(ruling),
                rules=ruling.rules,
                obligations=ruling.obligations,
                explanation=policy.explain(ruling),
                classes=derived,
                lacking=() if derived else policy.lacking(asked),
                recorded=candidates.get(agent or ""),
            )
        )
    return Explained(
        policy=policy.version(question.tenant),
        at=timestamp(at_us),
        roles=question.roles,
        zone=question.zone,
        action=question.action,
        purpose=question.purpose,
        classes=question.classes,
        answers=tuple(answers),
    )


def _orders(policy: Policy, agents: tuple[str, ...]) -> tuple[Ordered, ...]:
    found = []
    for capability, order in policy.orders.items():
        offering = tuple(agent for agent in agents if capability in policy.agents[agent].capabilities)
        if offering:
            found.append(Ordered(capability=capability, order=order, why=WHY.get(order, ""), agents=offering))
    return tuple(found)


def _wrong(policy: Policy, asked: Asked, visible: tuple[str, ...]) -> Refusal | None:
    if any(agent not in visible for agent in asked.agents):
        return _refused("agents", f"ids of agents: {', '.join(visible) or 'there are none'}")
    if any(name not in policy.known_classes for name in asked.classes):
        return _refused("classes", f"data classes of the policy: {', '.join(sorted(policy.known_classes))}")
    if asked.strength not in ("", *STRENGTHS):
        return _refused("strength", f"one of {', '.join(STRENGTHS)}")
    if asked.source and not is_address(asked.source):
        return _refused("source", "a network address such as 10.1.2.3")
    if asked.zone is not None and asked.zone not in policy.known_zones:
        return _refused("zone", f"the caller's zone: one of {', '.join(sorted(policy.known_zones))}")
    if not (asked.subject and asked.action and all(asked.roles) and asked.purpose != ""):
        return _refused("roles", "no value may be empty: leave out what is not there")
    return None if asked.receive else _unasked(policy, asked, visible)


def _unasked(policy: Policy, asked: Asked, visible: tuple[str, ...]) -> Refusal | None:
    """Of an action that no message to an agent has, rules say what never happens."""
    known = {agent: actions(policy.agents[agent]) for agent in asked.agents or visible}
    without = [agent for agent, its in known.items() if not its.has(asked.action)]
    if not without or (not asked.agents and len(without) < len(known)):
        return None
    if not asked.agents:
        return _refused("action", "an action that an agent has, by its protocol and routes")
    return _refused("action", f"an action that agent {without[0]} has: {known[without[0]].told}")


def _home(policy: Policy) -> str:
    """The zone that a caller is taken to be in where nothing is said."""
    return sorted(policy.known_zones, key=lambda zone: (zone not in policy.trusted_zones, zone))[0]


def _question(envelope: Envelope, classes: ClassesInfo, detail: Detail, tenant: str, named: Named) -> Question:
    return Question(
        tenant=tenant,
        subject=detail.subject or "-",
        named=named(detail.issuer),
        roles=detail.roles or (),
        zone=envelope.caller_zone or "-",
        action=envelope.action or "-",
        purpose=envelope.purpose,
        classes=all_classes(classes.found, classes.declared, classes.inherited, classes.floor),
        source=detail.source or "",
        strength=strength(detail.method),
    )


def _refused(field: str, hint: str) -> Refusal:
    return Refusal(code="parameter_invalid", field=field, hint=hint)
