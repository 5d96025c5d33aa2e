"""What another policy would have decided of what is on record: no content is needed, only what decisions rest on.

Equal questions are asked once. Each is put to the version that decided it then and to the draft, by the same steps, and
what differs between the two is told: so a fall-back, or an agent that was not healthy, is no change of the draft's.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable, Iterable
from typing import NamedTuple, TypeVar

import msgspec

from gateway.checks.classification.classes import Own, maskable
from gateway.checks.classification.own import load
from gateway.checks.policy.conditions import strength
from gateway.checks.policy.policy import Policy
from gateway.core.decision import Question, Ruling, effect_of
from gateway.core.errors import ConfigurationError
from gateway.exchange.exchange import all_classes
from gateway.exchange.router import held_by, masking_of
from gateway.ledger.times import parse_timestamp
from gateway.settings import Settings, may_name
from gateway.store.decided import Decided

SENT = ("exchange.requested", "exchange.denied")
GIVEN = "exchange.completed"
EVENTS = (*SENT, GIVEN)
MAX_EXAMPLES = 5
MAX_CHANGES = 200
MAX_QUESTIONS = 100_000
_REMEMBERED = 100_000
"""Callers, and records that were alike, that are known again; they are forgotten together once there are more."""
TURN = 100
"""Records that are taken before others have their turn on the loop: some milliseconds."""
_MINUTE, _DAY = len("2026-01-05T12:00"), len("2026-01-05")
UNFIT = frozenset({"schema", "protocol", "translation", "session", "loop"})
"""Answers of candidates that policy's rules over the message did not give, and another policy would not change."""
_ONWARD = "onward"
_ORDER = "order"
"""The input that a decision has where candidates came in an order that was measured."""
_ANSWERED = frozenset({"ok", "cached", "answer_withheld", "approval_required"})
"""The codes of answers that were given, or withheld by policy."""
NOBODY = "-"
_Names = tuple[str, ...]
_Value = TypeVar("_Value")
Named = Callable[[str | None], bool]
"""Of the issuer of a token (None for keys and certificates): whether policy means its subjects where it calls callers
by name (`naming`)."""


def naming(settings: Settings, tenant: str) -> Named:
    """As the configuration has it now: which issuer may use names was not written down with what it asserted."""
    issuers = {one.issuer: one for one in settings.issuer}

    def named(issuer: str | None) -> bool:
        found = None if issuer is None else issuers.get(issuer)
        return issuer is None or (found is not None and may_name(found, tenant, settings.issuer))

    return named


class _Decision(msgspec.Struct):
    effect: str
    policy: str


class _Classes(msgspec.Struct):
    found: _Names
    declared: _Names
    inherited: _Names
    floor: _Names


class _Candidate(msgspec.Struct):
    agent: str
    answer: str


class _Outcome(msgspec.Struct, gc=False):
    code: str


_NULL = b"null"
_NOTHING, _NONE = msgspec.Raw(_NULL), msgspec.Raw(b"[]")


class _Envelope(msgspec.Struct, gc=False):
    """What of an envelope a decision rests on; everything else in it is passed over. Its parts stay as they are written
    until records that are alike in them are known apart: a million records say few things, over and over."""

    event: str
    occurred_at: str
    exchange: str = ""
    caller_zone: str = ""
    agent: str | None = None
    action: str = ""
    purpose: str | None = None
    route_requested: str = ""
    session: str | None = None
    decision: msgspec.Raw = _NOTHING
    classes: msgspec.Raw = _NOTHING
    candidates: msgspec.Raw = _NONE
    outcome: _Outcome | None = None
    inputs: dict[str, str] = {}


class _Detail(msgspec.Struct, gc=False):
    subject: str = "-"
    issuer: str | None = None
    roles: _Names = ()
    source: str = ""
    method: str | None = None


class _Ruled(NamedTuple):
    """A decision as it is on record, and the version that gave it: None where that is not there any more."""

    decision: _Decision
    policy: Policy | None
    moment: int
    """How much of a time there is to tell apart for this version and the draft, in characters."""


class _Question(NamedTuple):
    """What one decision rests on: equal ones are decided alike."""

    given: bool
    policy: str
    roles: _Names
    subject: str
    zone: str
    action: str
    purpose: str | None
    target: str
    unfit: _Names
    seen: _Names
    """The candidates that were looked at, in their order, where that was not the order of the version."""
    found: _Names
    declared: _Names
    inherited: _Names
    floor: _Names
    continued: bool
    """Whether it went on with a session: of what it inherited then, some may be what its agent alone had said."""
    moment: Hashable
    way: tuple[str, str]
    """An address, and how strongly callers were identified: of all who are alike in what rules ask of them, the first
    one's."""


class Decision(NamedTuple):
    """Where a message goes, or whether an answer comes back, by one policy."""

    effect: str
    agent: str | None
    rules: _Names

    @property
    def told(self) -> str:
        """In a word, or two."""
        return _word(self.effect, self.agent)


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Exchanges that the draft would have decided otherwise, all in the same way."""

    what: str
    """`request`, or `answer` for what came back."""
    before: str
    """The effect, and of a request that goes somewhere the agent."""
    after: str
    classes: _Names
    roles: _Names
    action: str
    purpose: str | None
    rules_before: _Names
    rules_after: _Names
    count: int
    examples: _Names
    """Ids of exchanges, at most five."""


class Simulated(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a replay."""

    draft: str
    requests: int
    answers: int
    questions: int
    """How many different ones there were among them."""
    changed: int
    changes: tuple[Change, ...]
    """The most frequent first, at most 200 kinds."""
    kinds_left_out: int
    without_detail: int
    """Records whose caller's roles are no longer there: not replayed."""
    onward: int
    """Requests that some agent was denied for what it would have contacted itself, which is not on record: not
    replayed."""
    beyond: int
    """Records that would have been one more question than 100,000: not replayed."""
    without_version: int
    """Records under a version that is not in the database, or is of an older form: not replayed."""
    otherwise: int
    """Requests that the version of then, replayed, decides otherwise than is on record: masks that could not be made,
    agents that were not there, roles that were lent."""


class _Caller(msgspec.Struct, frozen=True, eq=False):
    """What policies tell callers apart by: roles, a subject that one of them calls by name, and the way
    (`_Question.way`). One object for all who are alike on record, and compared as one."""

    roles: _Names
    subject: str
    way: tuple[str, str]


class _Group:
    """Equal questions: how many, the first of them, and how they were decided according to the record."""

    __slots__ = ("at_us", "count", "examples", "recorded")

    def __init__(self, at_us: int) -> None:
        self.at_us, self.count = at_us, 0
        self.examples: list[str] = []
        self.recorded: Counter[tuple[str, str | None]] = Counter()

    def take(self, exchange: str, recorded: tuple[str, str | None] | None) -> None:
        """One more, of this exchange."""
        self.count += 1
        if len(self.examples) < MAX_EXAMPLES:
            self.examples.append(exchange)
        if recorded is not None:
            self.recorded[recorded] += 1


class _Counted(NamedTuple):
    """Where records that are alike in all that is looked at are counted: their question, and of a request the effect
    and the agent on record."""

    group: _Group
    recorded: tuple[str, str | None] | None


class Simulation:
    """Takes records in, in any order, and tells what would change. `tenant`: the configured id of whose they are."""

    def __init__(self, draft: Policy, tenant: str, named: Named) -> None:
        """`named`: whether policy means those subjects of an issuer that it calls by name."""
        self._draft, self._tenant, self._named = draft, tenant, named
        self._groups: dict[_Question, _Group] = {}
        self._envelopes, self._details = msgspec.json.Decoder(_Envelope), msgspec.json.Decoder(_Detail)
        self._versions: dict[str, Policy | None] = {}
        self._own: dict[str, Own] = {}
        """Version → the types of the operator's own that it had."""
        self._ruled: dict[Hashable, _Ruled] = {}
        self._callers: dict[Hashable, _Caller] = {}
        self._alike: dict[Hashable, _Counted] = {}
        self._moments: dict[tuple[str, str], Hashable] = {}
        self._ways: dict[Hashable, tuple[str, str]] = {}
        self._without_detail = self._without_version = self._onward = self._beyond = 0

    async def take(self, chunk: Iterable[Decided], version: Callable[[str], Awaitable[Policy | None]]) -> None:
        """Count these records. `version` gives the policy of a digest, None where there is none any more."""
        for stored in chunk:
            envelope = self._envelopes.decode(stored.envelope)
            written, classes = bytes(envelope.decision), bytes(envelope.classes)
            if _NULL in (written, classes) or not _replayed(envelope):
                continue
            ruled = self._ruled.get(written)
            if ruled is None:
                decision = msgspec.json.decode(written, type=_Decision)
                if decision.policy not in self._versions:
                    self._versions[decision.policy] = self._readable(decision.policy, await version(decision.policy))
                ruled = _kept(self._ruled, written, self._ruling(decision))
            if ruled.policy is None:
                self._without_version += 1
            elif stored.detail is None:
                self._without_detail += 1
            else:
                caller = self._caller(ruled.decision.policy, ruled.policy, self._details.decode(stored.detail))
                self._take(envelope, ruled, ruled.policy, caller, (written, classes, bytes(envelope.candidates)))

    def _take(
        self, envelope: _Envelope, ruled: _Ruled, policy: Policy, caller: _Caller, written: tuple[bytes, ...]
    ) -> None:
        alike = (
            envelope.event,
            envelope.caller_zone,
            envelope.agent,
            envelope.action,
            envelope.purpose,
            envelope.route_requested,
            envelope.session is None,
            _ORDER in envelope.inputs,
            envelope.occurred_at[: ruled.moment],
            caller,
            written,
        )
        counted = self._alike.get(alike)
        if counted is None:
            found = self._found(envelope, ruled, policy, caller)
            if found is None:
                return
            counted = _kept(self._alike, alike, found)
        counted.group.take(envelope.exchange, counted.recorded)

    async def result(self) -> Simulated:
        """What was found so far. Others have their turn on the loop while it is worked out."""
        changes: dict[Hashable, Change] = {}
        sums = {False: 0, True: 0}
        changed = otherwise = 0
        for number, (asked, group) in enumerate(self._groups.items()):
            if number % TURN == 0:
                await asyncio.sleep(0)
            sums[asked.given] += group.count
            before, after = (self._decide(policy, asked, group.at_us) for policy in (self._then(asked), self._draft))
            if not asked.given:
                otherwise += group.count - sum(
                    count for (effect, agent), count in group.recorded.items() if _word(effect, agent) == before.told
                )
            if before.told != after.told:
                changed += group.count
                change = _change(asked, before, after, group)
                key = msgspec.structs.replace(change, count=0, examples=())
                changes[key] = _added(changes.get(key), change)
        found = sorted(changes.values(), key=lambda one: (-one.count, one.before, one.after, one.classes, one.roles))
        return Simulated(
            draft=self._draft.version(self._tenant),
            requests=sums[False],
            answers=sums[True],
            questions=len(self._groups),
            changed=changed,
            changes=tuple(found[:MAX_CHANGES]),
            kinds_left_out=max(0, len(found) - MAX_CHANGES),
            without_detail=self._without_detail,
            onward=self._onward,
            beyond=self._beyond,
            without_version=self._without_version,
            otherwise=otherwise,
        )

    def _ruling(self, decision: _Decision) -> _Ruled:
        policy = self._versions[decision.policy]
        timed = self._draft.timed or (policy is not None and policy.timed)
        return _Ruled(decision, policy, _MINUTE if timed else _DAY)

    def _moment(self, ruled: _Ruled, policy: Policy, occurred_at: str) -> Hashable:
        """What instants have in common for both policies: those of a minute, where one looks at the clock; otherwise
        those of a day, with which agreements end."""
        key = (ruled.decision.policy, occurred_at[: ruled.moment])
        found = self._moments.get(key)
        if found is None:
            at_us = parse_timestamp(occurred_at)
            found = self._moments[key] = (policy.moment(at_us), self._draft.moment(at_us))
        return found

    def _found(self, envelope: _Envelope, ruled: _Ruled, policy: Policy, caller: _Caller) -> _Counted | None:
        """Where records like this one are counted. None: it was counted as one that is not replayed."""
        candidates = msgspec.json.decode(envelope.candidates, type=tuple[_Candidate, ...])
        if any(one.answer == _ONWARD for one in candidates):
            self._onward += 1
            return None
        moment = self._moment(ruled, policy, envelope.occurred_at)
        asked = _question(envelope, ruled.decision, candidates, caller, moment)
        group = self._groups.get(asked)
        if group is None and len(self._groups) >= MAX_QUESTIONS:
            self._beyond += 1
            return None
        if group is None:
            group = self._groups[asked] = _Group(parse_timestamp(envelope.occurred_at))
        if asked.given:
            return _Counted(group, None)
        # What waits for people names no agent yet: it is the candidate that was looked at last.
        agent = envelope.agent or (candidates[-1].agent if candidates else None)
        return _Counted(group, (ruled.decision.effect, agent))

    def _caller(self, digest: str, policy: Policy, detail: _Detail) -> _Caller:
        known = (digest, detail.roles, detail.subject, detail.issuer, detail.source, detail.method)
        found = self._callers.get(known)
        if found is None:
            found = _Caller(detail.roles, self._who(policy, detail), self._way(digest, policy, detail))
            _kept(self._callers, known, found)
        return found

    def _who(self, policy: Policy, detail: _Detail) -> str:
        """The caller's subject where one of the policies calls it by name and means it, else nobody's."""
        called = f"{self._tenant}/{detail.subject}"
        if called not in policy.named_callers and called not in self._draft.named_callers:
            return NOBODY
        return detail.subject if self._named(detail.issuer) else NOBODY

    def _way(self, digest: str, policy: Policy, detail: _Detail) -> tuple[str, str]:
        """One for all who are alike to both policies. A network of one name has other addresses in another version."""
        way = detail.source, strength(detail.method)
        return self._ways.setdefault((digest, policy.way(*way), self._draft.way(*way)), way)

    def _readable(self, digest: str, policy: Policy | None) -> Policy | None:
        """The version, None where its recognizers are of a form that is not read any more."""
        if policy is None:
            return None
        try:
            self._own[digest] = load(policy.recognizers, policy.implied).types
        except ConfigurationError:
            return None
        return policy

    def _then(self, asked: _Question) -> Policy:
        policy = self._versions[asked.policy]
        if policy is None:
            raise KeyError(asked.policy)
        return policy

    def _decide(self, policy: Policy, asked: _Question, at_us: int) -> Decision:
        classes = all_classes(asked.found, asked.declared, asked.inherited, asked.floor)
        question = Question(
            tenant=self._tenant,
            subject=asked.subject,
            named=asked.subject != NOBODY,
            roles=asked.roles,
            zone=asked.zone,
            action=asked.action,
            purpose=asked.purpose,
            classes=classes,
            source=asked.way[0],
            strength=asked.way[1],
        )
        if asked.given:
            ruling = policy.receive(question, now_us=at_us)
            return _decision(ruling, asked, None, self._own[asked.policy])
        candidates = _as_seen(policy.candidates(asked.target, self._tenant), asked.seen)
        first = candidates[:1] if not policy.reroutes(question) else candidates
        closest: Decision | None = None
        for agent in first:
            if agent in asked.unfit:
                continue
            floor = policy.agents[agent].floor
            there = msgspec.structs.replace(question, classes=all_classes(classes, floor)) if floor else question
            ruling, carried = policy.ruling(there, agent, now_us=at_us), () if asked.continued else asked.inherited
            held = held_by(policy.implied, (*asked.declared, *asked.floor, *floor), carried, ruling)
            found = _decision(ruling, asked, agent, self._own[asked.policy], held)
            if found.effect != "deny":
                return found
            closest = closest or found
        return closest or Decision("deny", None, ())


def _replayed(envelope: _Envelope) -> bool:
    """Whether a record is of a request that was decided on, or of an answer that was given or withheld by policy."""
    return envelope.event in SENT or (envelope.outcome is not None and envelope.outcome.code in _ANSWERED)


def _kept(known: dict[Hashable, _Value], key: Hashable, value: _Value) -> _Value:
    """Remembered, after everything else was forgotten where that is too much."""
    if len(known) >= _REMEMBERED:
        known.clear()
    known[key] = value
    return value


def _question(
    envelope: _Envelope,
    decision: _Decision,
    candidates: tuple[_Candidate, ...],
    caller: _Caller,
    moment: Hashable,
) -> _Question:
    classes = msgspec.json.decode(envelope.classes, type=_Classes)
    return _Question(
        given=envelope.event == GIVEN,
        policy=decision.policy,
        roles=caller.roles,
        subject=caller.subject,
        zone=envelope.caller_zone,
        action=envelope.action,
        purpose=envelope.purpose,
        target=envelope.route_requested,
        unfit=tuple(one.agent for one in candidates if one.answer in UNFIT),
        seen=tuple(one.agent for one in candidates) if _ORDER in envelope.inputs else (),
        found=classes.found,
        declared=classes.declared,
        inherited=classes.inherited,
        floor=classes.floor,
        continued=envelope.session is not None,
        moment=moment,
        way=caller.way,
    )


def _as_seen(candidates: _Names, seen: _Names) -> _Names:
    """Those that were looked at then come as they came then: an order that was measured cannot be had again."""
    if not seen:
        return candidates
    return (*(agent for agent in seen if agent in candidates), *(agent for agent in candidates if agent not in seen))


def _decision(
    ruling: Ruling, asked: _Question, agent: str | None, own: Own, held: frozenset[str] = frozenset()
) -> Decision:
    """`own`: what else could be masked then; `held`: as `held_by`. Nothing is searched again: what was found then is
    what there is."""
    effect = effect_of(ruling)
    masking = masking_of(ruling, frozenset(asked.found) - held, spans_of=lambda name: maskable(name, own))
    if effect != "deny" and masking.impossible is not None:
        effect = "deny"
    return Decision(effect, None if effect == "deny" else agent, ruling.rules)


def _word(effect: str, agent: str | None) -> str:
    return effect if effect == "deny" or agent is None else f"{effect} {agent}"


def _change(asked: _Question, before: Decision, after: Decision, group: _Group) -> Change:
    return Change(
        what="answer" if asked.given else "request",
        before=before.told,
        after=after.told,
        classes=all_classes(asked.found, asked.declared, asked.inherited, asked.floor),
        roles=asked.roles,
        action=asked.action,
        purpose=asked.purpose,
        rules_before=before.rules,
        rules_after=after.rules,
        count=group.count,
        examples=tuple(group.examples),
    )


def _added(known: Change | None, change: Change) -> Change:
    if known is None:
        return change
    examples = (*known.examples, *change.examples)[:MAX_EXAMPLES]
    return msgspec.structs.replace(known, count=known.count + change.count, examples=examples)
