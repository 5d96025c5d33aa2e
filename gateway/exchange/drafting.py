"""Rules for what a trial would have stopped: lines for a policy file, made from what was observed, for people to judge.

Each is as narrow as what was seen: one role, class, agent, action and purpose, under the conditions and with the
obligations of the rule that decided instead of the one on trial. They come right before that one, so that everything
else still meets it. The policy is the one that is looked at (the directory's), the requests are those on record.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from gateway.checks.policy import conditions, words
from gateway.checks.policy.load import Rule
from gateway.checks.policy.policy import Policy
from gateway.core.decision import Question
from gateway.core.errors import ConfigurationError
from gateway.exchange.exchange import all_classes
from gateway.exchange.named import Named
from gateway.exchange.replayed import CallerThen, ClassesThen
from gateway.ledger.times import parse_timestamp
from gateway.store.decided import Decided

EVENTS = ("exchange.requested",)
MAX_EXAMPLES = 3
MAX_KINDS = 10_000
_MAX_ID = 63
_Names = tuple[str, ...]


class _Observed(msgspec.Struct):
    effect: str


class _Decision(msgspec.Struct):
    observed: _Observed | None = None


class _Envelope(msgspec.Struct):
    """What of an envelope a trial is about; everything else in it is passed over."""

    occurred_at: str
    exchange: str = ""
    caller_zone: str = ""
    agent: str | None = None
    action: str = ""
    purpose: str | None = None
    decision: _Decision | None = None
    classes: ClassesThen | None = None


class _Kind(NamedTuple):
    """What requests have in common that one rule would be about, but for the role."""

    trial: str
    decided: str
    """The rule that decided instead."""
    data: str
    agent: str
    action: str
    purpose: str


class Proposed(msgspec.Struct, frozen=True, kw_only=True):
    """One rule, and what it was made from."""

    line: str
    """As it stands in a policy file."""
    id: str
    trial: str
    """The rule on trial before which it comes."""
    count: int
    """Requests that it would let through, of this class and role."""
    examples: _Names
    """Ids of exchanges."""


class Drafted(msgspec.Struct, frozen=True, kw_only=True):
    """What was made of a period."""

    observed: int
    """Requests on record of which a trial would have made something else."""
    rules: tuple[Proposed, ...]
    """In the order in which they would be asked."""
    otherwise: int
    """Requests that the policy, as it is now, does not try: the trial is over, or was taken out."""
    masked: int
    """Requests that a trial would not have stopped, but masked or had approved: there is nothing to let through."""
    nobody: int
    """Requests of callers without a role: a rule for them would be one for everybody."""
    without_detail: int
    """Requests whose caller's roles are no longer there."""
    beyond: int
    """Requests of one more kind than 10,000: take a shorter period."""


class Drafting:
    """Takes records in, in any order, and makes rules. `tenant`: the configured id of whose they are, which the rules
    say where there are `others`."""

    def __init__(self, policy: Policy, tenant: str, named: Named, *, others: bool) -> None:
        self._policy, self._tenant, self._named, self._others = policy, tenant, named, others
        self._rules = {rule.id: rule for rule in policy.rules(tenant)}
        self._ids = set(self._rules)
        self._kinds: dict[_Kind, Counter[_Names]] = {}
        self._examples: dict[tuple[_Kind, _Names], list[str]] = {}
        self._envelopes, self._details = msgspec.json.Decoder(_Envelope), msgspec.json.Decoder(CallerThen)
        self._observed = self._otherwise = self._masked = self._nobody = self._without_detail = self._beyond = 0

    def take(self, chunk: Iterable[Decided]) -> None:
        """Count these records."""
        for stored in chunk:
            envelope = self._envelopes.decode(stored.envelope)
            if envelope.decision is None or envelope.decision.observed is None or envelope.classes is None:
                continue
            self._observed += 1
            if stored.detail is None:
                self._without_detail += 1
                continue
            self._count(envelope, envelope.classes, self._details.decode(stored.detail))

    def _count(self, envelope: _Envelope, classes: ClassesThen, detail: CallerThen) -> None:
        question = self._question(envelope, classes, detail)
        agent, now_us = envelope.agent or "", parse_timestamp(envelope.occurred_at)
        now = self._policy.ruling(question, agent, now_us=now_us)
        then = self._policy.ruling(question, agent, now_us=now_us, watched=True)
        stopped = {one.data_class for one in then.verdicts if not one.allowed}
        tried = [one for one in now.verdicts if one.observed is not None]
        wanted = [one for one in tried if one.allowed and one.data_class in stopped]
        if not tried:
            self._otherwise += 1
        elif not wanted:
            self._masked += 1
        elif not question.roles:
            self._nobody += 1
        for verdict in wanted if question.roles else ():
            kind = _Kind(
                verdict.observed or "",
                verdict.rule or "",
                f"class:{verdict.data_class}",
                f"agent:{agent}",
                envelope.action,
                words.NO_PURPOSE if envelope.purpose is None else f"purpose:{envelope.purpose}",
            )
            if kind not in self._kinds and len(self._kinds) >= MAX_KINDS:
                self._beyond += 1
                return
            self._kinds.setdefault(kind, Counter())[question.roles] += 1
            examples = self._examples.setdefault((kind, question.roles), [])
            if len(examples) < MAX_EXAMPLES:
                examples.append(envelope.exchange)

    def _question(self, envelope: _Envelope, classes: ClassesThen, detail: CallerThen) -> Question:
        called = f"{self._tenant}/{detail.subject}" in self._policy.named_callers and self._named(detail.issuer)
        return Question(
            tenant=self._tenant,
            subject=detail.subject,
            named=called,
            roles=tuple(sorted(detail.roles)),
            zone=envelope.caller_zone,
            action=envelope.action,
            purpose=envelope.purpose,
            classes=all_classes(classes.found, classes.declared, classes.inherited, classes.floor),
            source=detail.source,
            strength=conditions.strength(detail.method),
        )

    def result(self) -> Drafted:
        """`ConfigurationError` where there is no room for rules before one on trial."""
        common = Counter[str]()
        for by_roles in self._kinds.values():
            for roles, count in by_roles.items():
                common.update(dict.fromkeys(roles, count))
        counts: Counter[tuple[_Kind, str]] = Counter()
        examples: dict[tuple[_Kind, str], list[str]] = {}
        for kind in sorted(self._kinds):
            for roles, count in sorted(self._kinds[kind].items()):
                # The role that most of what was observed has in common, so that there are few rules.
                role = min(roles, key=lambda name: (-common[name], name))
                counts[kind, role] += count
                examples.setdefault((kind, role), []).extend(self._examples[kind, roles])
        return Drafted(
            observed=self._observed,
            rules=tuple(self._proposed(counts, examples)),
            otherwise=self._otherwise,
            masked=self._masked,
            nobody=self._nobody,
            without_detail=self._without_detail,
            beyond=self._beyond,
        )

    def _proposed(
        self, counts: Counter[tuple[_Kind, str]], examples: dict[tuple[_Kind, str], list[str]]
    ) -> Iterable[Proposed]:
        for trial in sorted({kind.trial for kind, _ in counts}, key=lambda name: self._rules[name].priority):
            about = sorted(one for one in counts if one[0].trial == trial)
            duties = sorted({self._rules[kind.decided].written for kind, _ in about})
            priorities = self._room(self._rules[trial], len(duties))
            for kind, role in sorted(about, key=lambda one: (self._rules[one[0].decided].written, one)):
                decided = self._rules[kind.decided]
                name = self._free(trial)
                columns = (
                    str(priorities[duties.index(decided.written)]),
                    f"role:{role}",
                    *kind[2:],
                    ";".join(self._when(decided)) or conditions.ALWAYS,
                    "allow",
                    ";".join(decided.written) or "none",
                    name,
                    f"Was seen {counts[kind, role]} times while {trial} was on trial.",
                )
                yield Proposed(
                    line=_line(("p", *columns)),
                    id=name,
                    trial=trial,
                    count=counts[kind, role],
                    examples=tuple(examples[kind, role][:MAX_EXAMPLES]),
                )

    def _room(self, trial: Rule, wanted: int) -> range:
        """Priorities right before a rule, one for each set of obligations: rules of one priority have the same."""
        before = max((rule.priority for rule in self._rules.values() if rule.priority < trial.priority), default=0)
        if trial.priority - before <= wanted:
            raise ConfigurationError(
                f"rule {trial.id}: {wanted} priorities must be free right before it, and {trial.priority - before - 1} "
                "are: give it a higher number"
            )
        return range(trial.priority - wanted, trial.priority)

    def _when(self, decided: Rule) -> _Names:
        own = f"tenant:{self._tenant}"
        return decided.when if not self._others or own in decided.when else (*decided.when, own)

    def _free(self, trial: str) -> str:
        """An id that no rule has, made from that of the one on trial; it is taken then."""
        number = 1
        while (name := f"{trial[: _MAX_ID - 12]}-seen-{number}") in self._ids:
            number += 1
        self._ids.add(name)
        return name


def _line(columns: Sequence[str]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="").writerow(columns)
    return written.getvalue()
