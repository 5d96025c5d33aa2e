"""What is on record of decisions, as the questions that they answered: equal ones are counted together.

Records say few things, over and over. So their parts stay as they are written until records that are alike in all that
is looked at are known apart, and are read once; what was read of them is forgotten where it grows beyond bounds, which
costs time and changes nothing.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Hashable, Iterable
from typing import NamedTuple, TypeVar

import msgspec

from gateway.checks.classification.classes import Own
from gateway.checks.classification.own import load
from gateway.checks.policy.conditions import strength
from gateway.checks.policy.policy import Policy
from gateway.core.errors import ConfigurationError
from gateway.exchange.named import NOBODY, Named
from gateway.ledger.times import parse_timestamp
from gateway.store.decided import Decided

SENT = ("exchange.requested", "exchange.denied")
GIVEN = "exchange.completed"
EVENTS = (*SENT, GIVEN)
MAX_EXAMPLES = 5
MAX_QUESTIONS = 100_000
_REMEMBERED = 100_000
"""Callers, and records that were alike, that are known again; they are forgotten together once there are more."""
_MINUTE, _DAY = len("2026-01-05T12:00"), len("2026-01-05")
UNFIT = frozenset({"schema", "protocol", "translation", "session", "loop"})
"""Answers of candidates that policy's rules over the message did not give, and another policy would not change."""
_ONWARD = "onward"
_ORDER = "order"
"""The input that a decision has where candidates came in an order that was measured."""
_ANSWERED = frozenset({"ok", "cached", "answer_withheld", "approval_required"})
"""The codes of answers that were given, or withheld by policy."""
_Names = tuple[str, ...]
_Value = TypeVar("_Value")


class _Decision(msgspec.Struct):
    effect: str
    policy: str


class ClassesThen(msgspec.Struct):
    """The classes of a message as an envelope has them."""

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


class CallerThen(msgspec.Struct, gc=False):
    """What a detail says of who asked; everything else in it is passed over."""

    subject: str = NOBODY
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


class Asked(NamedTuple):
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


class _Caller(msgspec.Struct, frozen=True, eq=False):
    """What policies tell callers apart by: roles, a subject that one of them calls by name, and the way
    (`Asked.way`). One object for all who are alike on record, and compared as one."""

    roles: _Names
    subject: str
    way: tuple[str, str]


class Group:
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

    group: Group
    recorded: tuple[str, str | None] | None


class Replayed:
    """Takes records in, in any order. `tenant`: the configured id of whose they are; `draft`: the policy that the
    questions will be put to, besides the version that decided."""

    def __init__(self, draft: Policy, tenant: str, named: Named) -> None:
        """`named`: whether policy means those subjects of an issuer that it calls by name."""
        self._draft, self._tenant, self._named = draft, tenant, named
        self.groups: dict[Asked, Group] = {}
        self._envelopes, self._details = msgspec.json.Decoder(_Envelope), msgspec.json.Decoder(CallerThen)
        self._versions: dict[str, Policy | None] = {}
        self._own: dict[str, Own] = {}
        """Version → the types of the operator's own that it had."""
        self._ruled: dict[Hashable, _Ruled] = {}
        self._callers: dict[Hashable, _Caller] = {}
        self._alike: dict[Hashable, _Counted] = {}
        self._moments: dict[tuple[str, str], Hashable] = {}
        self._ways: dict[Hashable, tuple[str, str]] = {}
        self.without_detail = self.without_version = self.onward = self.beyond = 0
        """Records that are not replayed: as `Simulated` has them."""

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
                self.without_version += 1
            elif stored.detail is None:
                self.without_detail += 1
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

    def then(self, asked: Asked) -> Policy:
        """The version that decided it."""
        policy = self._versions[asked.policy]
        if policy is None:
            raise KeyError(asked.policy)
        return policy

    def own(self, asked: Asked) -> Own:
        """The types of the operator's own that this version had."""
        return self._own[asked.policy]

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
            self.onward += 1
            return None
        moment = self._moment(ruled, policy, envelope.occurred_at)
        asked = _asked(envelope, ruled.decision, candidates, caller, moment)
        group = self.groups.get(asked)
        if group is None and len(self.groups) >= MAX_QUESTIONS:
            self.beyond += 1
            return None
        if group is None:
            group = self.groups[asked] = Group(parse_timestamp(envelope.occurred_at))
        if asked.given:
            return _Counted(group, None)
        # What waits for people names no agent yet: it is the candidate that was looked at last.
        agent = envelope.agent or (candidates[-1].agent if candidates else None)
        return _Counted(group, (ruled.decision.effect, agent))

    def _caller(self, digest: str, policy: Policy, detail: CallerThen) -> _Caller:
        known = (digest, detail.roles, detail.subject, detail.issuer, detail.source, detail.method)
        found = self._callers.get(known)
        if found is None:
            found = _Caller(detail.roles, self._who(policy, detail), self._way(digest, policy, detail))
            _kept(self._callers, known, found)
        return found

    def _who(self, policy: Policy, detail: CallerThen) -> str:
        """The caller's subject where one of the policies calls it by name and means it, else nobody's."""
        called = f"{self._tenant}/{detail.subject}"
        if called not in policy.named_callers and called not in self._draft.named_callers:
            return NOBODY
        return detail.subject if self._named(detail.issuer) else NOBODY

    def _way(self, digest: str, policy: Policy, detail: CallerThen) -> tuple[str, str]:
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


def _replayed(envelope: _Envelope) -> bool:
    """Whether a record is of a request that was decided on, or of an answer that was given or withheld by policy."""
    return envelope.event in SENT or (envelope.outcome is not None and envelope.outcome.code in _ANSWERED)


def _kept(known: dict[Hashable, _Value], key: Hashable, value: _Value) -> _Value:
    """Remembered, after everything else was forgotten where that is too much."""
    if len(known) >= _REMEMBERED:
        known.clear()
    known[key] = value
    return value


def _asked(
    envelope: _Envelope,
    decision: _Decision,
    candidates: tuple[_Candidate, ...],
    caller: _Caller,
    moment: Hashable,
) -> Asked:
    classes = msgspec.json.decode(envelope.classes, type=ClassesThen)
    return Asked(
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
