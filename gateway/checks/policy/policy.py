"""One policy version, built whole from its set and never changed: a question goes in, a ruling comes out.

For one class and one target, in this order:
1. the first rule that matches, by priority, over everything the caller holds (casbin); nothing matched denies;
2. health data without a purpose is denied, whatever the rules say;
3. personal data to an agent that a processor runs is denied unless a valid agreement covers the class.

A ruling is the join over all classes of the message: any deny denies, otherwise the obligations add up. The verdict on
one class is remembered under all that the three steps look at. Whatever goes wrong inside denies, and is not.
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping
from types import MappingProxyType

import msgspec

from gateway.checks.policy import conditions, model, structure, targets, tenancy, traps, words
from gateway.checks.policy.asked import Asked, asked, held
from gateway.checks.policy.engine import NOTHING, Answer, Ask, Engine
from gateway.checks.policy.explaining import Derivation, considered, nearest, shortened
from gateway.checks.policy.load import Rule, Rules, load
from gateway.checks.policy.review import Answered, Remark, answered, remarks
from gateway.checks.policy.structure import AgentFacts
from gateway.checks.policy.targets import Target
from gateway.checks.policy.tenancy import Own
from gateway.checks.policy.version import MODEL, RECOGNIZERS, STRUCTURE, PolicySet
from gateway.checks.policy.ways import Way, Ways
from gateway.core.caller import Caller
from gateway.core.decision import OBSERVE, Question, Ruling, Verdict, tokenizes
from gateway.core.errors import ConfigurationError, VerificationError
from gateway.settings import OUTSIDE, Settings, check_named

CACHE_SIZE = 65_536
_CALLERS = 4_096
_MINUTE_US = 60_000_000
_GROUPS_ONLY = frozenset({"any", "personal"})

PURPOSE_REQUIRED = "purpose-required"
POLICY_ERROR = "policy-error"
REQUEST_INVALID = "request-invalid"
UNKNOWN_AGENT = "unknown-agent"
UNKNOWN_ZONE = "unknown-zone"
UNKNOWN_WAY = "unknown-way"
SENTENCES = {
    PURPOSE_REQUIRED: "Personal health data may not be used without a stated purpose.",
    POLICY_ERROR: "The policy could not be evaluated, and what cannot be evaluated is denied.",
    REQUEST_INVALID: "The question to policy lacks a value that it must have.",
    UNKNOWN_AGENT: "The agent is not part of this policy version.",
    UNKNOWN_ZONE: "The caller's zone is not part of this policy version.",
    UNKNOWN_WAY: "Rules ask where the request comes from or how its caller was identified, and that is not known.",
}
"""The sentences of the rules that are built in."""
_NO_RULE = "No rule permits data of class {} here, so it is denied."
_CONTRACT = "contract:"

_Key = tuple[frozenset[str], str, str, str, str, str | None, frozenset[str], bool, int]
"""All that a verdict depends on, the processor and the agreement of a target being known by its name."""


class Policy:
    """Answers questions under one policy version. Every method is pure but for its caches; ask from one thread."""

    def __init__(
        self,
        policy_set: PolicySet,
        settings: Settings | None,
        *,
        tenant: str | None = None,
        versions: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Builds everything anew; `ConfigurationError` for a set that must not be served with.

        `settings`: None for a version that is only explained or replayed, whatever is configured by now. `tenant`:
        whose set it is, where it is one tenant's. `versions`: the digests of the tenants' own versions of it, where it
        is of all: they are the names that it goes by (`version`)."""
        facts = structure.decode(policy_set.members.get(STRUCTURE, b""))
        if settings is not None and tenant is None and facts != structure.structure(settings, facts.engine):
            raise ConfigurationError("the policy set was made for other settings; make it anew from these")
        model.check(policy_set.members.get(MODEL, b""))
        rules = load(policy_set.members, facts)
        traps.refuse(rules, facts, policy_set.members)
        self.digest = policy_set.digest
        """Of the whole set. What is put on record or shown is `version`."""
        self._versions = versions
        self.known_classes = frozenset(name.removeprefix("class:") for name in rules.vocabulary.classes) - _GROUPS_ONLY
        """Bare names of the classes that a message can be of."""
        self.known_zones = frozenset(zone.id for zone in facts.zones)
        self.trusted_zones = frozenset(zone.id for zone in facts.zones if zone.trusted)
        self.known_purposes = rules.vocabulary.purposes
        """HL7's, and those that issuers and certificates may assert; an API key may be granted others."""
        self.known_roles = _known_roles(rules)
        """Bare names of the roles that this policy speaks of."""
        self.floors = _agents_floors(rules)
        """Classes that whatever goes to an agent carries at least, by its id, as the policy files say it of the agent
        itself: however it was asked for, and whoever was asked for first."""
        self.agents = {agent.id: _floored(agent, self.floors.get(agent.id, ())) for agent in facts.agents}
        """What this version says of each agent, in the order of preference; its floor is the settings' and these."""
        self.orders = {one.id: one.order for one in facts.capabilities}
        """Capabilities whose agents are asked in another order than that, and in which."""
        self.recognizers = {name: data for name, data in policy_set.members.items() if name.startswith(RECOGNIZERS)}
        """The operator's own, as files: what they say is for classification."""
        self.sought = tuple((rule.row, kind) for rule in rules.rules for kind in words.by_form(rule.obligations))
        """Finding types that rules mask by name and that nothing here knows, each with the line that does."""
        self.errors = 0
        """How often an evaluation failed, and so denied."""
        self._rules, self._facts = rules, facts
        self._engine = Engine(rules)
        self._targets = targets.agents(facts)
        self._zones = targets.zones(facts)
        self._watched = tuple(
            (until, 1 << place) for place, rule in enumerate(rules.rules) if (until := rule.watched_until_us)
        )
        """Rules that are only watched for a while: until when, and the bit of each."""
        self.watches = bool(self._watched)
        """Whether there are any."""
        ends = {target.until_us for target in self._targets.values()}
        self._watching_ids = {rules.rules[bit.bit_length() - 1].id: bit for _, bit in self._watched}
        self._ends = sorted(ends | {until for until, _ in self._watched})
        """When agreements end and watched rules begin, each the first instant at which it is so."""
        self._sentences = SENTENCES | {rule.id: rule.text for rule in rules.rules}
        terms = sorted({term for rule in rules.rules for term in rule.when})
        self.tokenizes = any(tokenizes(rule.obligations) for rule in rules.rules)
        """Whether some rule has tokens made."""
        self._conditional = tuple(rule for rule in rules.rules if rule.when)
        self._ways = Ways(terms, facts.networks)
        self._timed = tuple(term for term in terms if conditions.is_timed(term))
        self.timed = bool(self._timed)
        """Whether a rule looks at the clock."""
        self._minute: tuple[int, frozenset[str]] = (-1, frozenset())
        self._personal = _members_of(words.PERSONAL, rules.classes.names())
        self.personal_classes = frozenset(self._personal)
        """Bare names of the classes that identify somebody (`class:personal`)."""
        self._health = _members_of(words.PHI, rules.classes.names())
        self.named_callers = _named_callers(rules)
        """`<tenant>/<subject>` of the callers that this policy gives roles to by name."""
        if settings is not None:
            # A version that is only explained or replayed did what it did: what is refused of it are broken sets alone.
            traps.refuse_empty(rules)
            traps.refuse_openings(rules, facts)
            traps.refuse_unrouted(rules, facts)
            tenancy.refuse_foreign(rules, facts, settings.channel)
            for whose in sorted({name.partition("/")[0] for name in self.named_callers}):
                if tenant in (None, whose):
                    check_named(settings.issuer, whose, "the policy")
        self._callers: OrderedDict[tuple[str, ...], frozenset[str]] = OrderedDict()
        self._verdicts: OrderedDict[_Key, Verdict] = OrderedDict()
        self._owns: dict[str, Own] = {}
        self._reads: dict[str, tuple[frozenset[str], frozenset[str]]] = {}

    def become(self, other: "Policy") -> None:
        """Answer as another version from now on, for everybody who holds this one. One assignment: no question is ever
        answered half by the one and half by the other. `other` is not to be used any more."""
        self.__dict__ = other.__dict__

    def version(self, tenant: str) -> str:
        """The digest of the version that a tenant (its configured id) is decided for by: its own of this policy, or the
        whole set's where that was made for one tenant, or is of before there were tenants' own."""
        return self._versions.get(tenant, self.digest)

    def ruling(self, question: Question, agent: str, *, now_us: int, watched: bool = False) -> Ruling:
        """May this message go to this agent (its id)? `now_us`: microseconds since the epoch. `watched`: as if the
        rules that are only watched then were in force."""
        return self._ruling(question, self._targets.get(agent), UNKNOWN_AGENT, question.action, now_us, watched)

    def receive(self, question: Question, *, now_us: int) -> Ruling:
        """May an answer with these classes come back to the caller? Asked of the caller's zone, as `receive`."""
        return self._ruling(question, self._zones.get(question.zone), UNKNOWN_ZONE, "receive", now_us)

    def floor(self, roles: tuple[str, ...], target: str, *, tenant: str = "", subject: str = "") -> frozenset[str]:
        """Classes that a message carries at least, by the caller's roles and the agent or capability it named.

        An agent named directly has the floors of its capabilities too; what reaches it otherwise has its own
        (`floors`). Tenant and subject find roles that the policy files give to a caller by name. The floors of agents
        in the settings are not in here.
        """
        if not self._rules.floors:
            return frozenset()
        held = self._held(roles, tenant, subject)
        closure = self._rules.targets.closure
        named = held | closure(f"agent:{target}") | closure(f"capability:{target}")
        return frozenset(name.removeprefix("class:") for where, name in self._rules.floors if where in named)

    def standing(self, caller: Caller, now_us: int) -> Hashable:
        """All of a caller, the time and the version that answers depend on. Two questions with the same action and
        classes, of callers with the same standing, have the same rulings, inputs and reroutes everywhere."""
        identity = caller.identity
        held = self._held(identity.roles, identity.tenant, identity.name)
        who = (
            self.digest,
            held,
            identity.tenant,
            identity.zone,
            not identity.subject,
            caller.purpose,
            self.way(caller.source, conditions.strength(identity.method)),
            *self.moment(now_us),
        )
        return (*who, caller.lent) if caller.lent else who

    def way(self, source: str, strength: str) -> Hashable:
        """All that answers depend on of where a request comes from (its address) and of how its caller was identified
        (`Question.strength`)."""
        return self._ways.of(source, strength)

    def moment(self, now_us: int) -> tuple[int, int]:
        """All of the time that answers depend on: the minute, where a rule looks at the clock, and how many agreements
        have ended."""
        return now_us // _MINUTE_US if self._timed else 0, bisect_right(self._ends, now_us)

    def candidates(self, target: str, tenant: str) -> tuple[str, ...]:
        """Ids of the agents that this version has for a request to `target`, in the order of preference: the agent of
        that id and then the others that offer its first capability, or all that offer the capability of that name."""
        own = [agent for agent in self.agents.values() if tenant in (agent.tenants or (tenant,))]
        named = next((agent for agent in own if agent.id == target), None)
        capability = target if named is None else next(iter(named.capabilities), None)
        others = [agent.id for agent in own if capability in agent.capabilities and agent.id != target]
        return tuple(others if named is None else (target, *others))

    def implied(self, classes: Iterable[str]) -> tuple[str, ...]:
        """The classes and all that they imply, sorted: what `ruling` decides on."""
        return tuple(sorted({*classes, *(other for name in classes for other in self._rules.implied.get(name, ()))}))

    def reroutes(self, question: Question) -> bool:
        """Whether another agent of the same capability may take this request. It may unless an `x` line says no."""
        if not self._rules.exact:
            return True
        held = self._held(question.roles, question.tenant, question.subject if question.named else "")
        return not any(
            role in held and words.action_matches(question.action, pattern) for role, pattern in self._rules.exact
        )

    def lacking(self, question: Question) -> tuple[str, ...]:
        """What of a question nobody knows although a rule of the tenant asks for it: `source`, `strength`. Where there
        is any, everything is denied (`UNKNOWN_WAY`)."""
        unknown, asked = self._ways.of(question.source, question.strength).unknown, self._reads_of(question.tenant)[1]
        fields = ((conditions.NETWORK, "source"), (conditions.STRENGTH, "strength"))
        return tuple(field for kind, field in fields if kind in unknown and kind.removesuffix(":") in asked)

    def explain(self, ruling: Ruling) -> tuple[str, ...]:
        """The sentence of each rule that decided, in the order of the ruling; then of each class no rule spoke of."""
        said = [self._sentence(rule) for rule in ruling.rules]
        silent = [verdict.data_class for verdict in ruling.verdicts if verdict.rule is None]
        return (*said, *(_NO_RULE.format(name) for name in silent))

    def derived(self, question: Question, agent: str | None, *, now_us: int) -> tuple[Ruling, tuple[Derivation, ...]]:
        """The ruling as `ruling` has it (`receive` where the agent is None), and how each class came to its answer.

        `VerificationError` where the plain reading of the rules comes to another answer than the engine."""
        target = self._zones.get(question.zone) if agent is None else self._targets.get(agent)
        action = "receive" if agent is None else question.action
        ruling = self._ruling(question, target, UNKNOWN_ZONE if agent is None else UNKNOWN_AGENT, action, now_us)
        if target is None:
            return ruling, ()
        return ruling, tuple(self._derivation(question, target, one, action, now_us) for one in ruling.verdicts)

    def _derivation(self, question: Question, target: Target, verdict: Verdict, action: str, now_us: int) -> Derivation:
        name = verdict.data_class
        held = self._held(question.roles, question.tenant, question.subject if question.named else "")
        terms = self._terms(self._ways.of(question.source, question.strength), now_us)
        ask = _put(question, held, name, target, action, terms, target.contract(name, now_us))
        own = self._own(question.tenant)
        found = considered(self._rules, ask, own, now_us)
        decided = found[-1].rule if found and found[-1].decided else None
        built_in = verdict.rule in SENTENCES or (verdict.rule or "").startswith(_CONTRACT)
        if decided != verdict.rule and not built_in:
            raise VerificationError("the rules, read one by one, do not explain the answer that the policy gave")
        near = None if verdict.allowed else nearest(self._rules, ask, own, now_us)
        told, left_out = shortened(found)
        return Derivation(
            data_class=name,
            allowed=verdict.allowed,
            rule=verdict.rule,
            why=_NO_RULE.format(name) if verdict.rule is None else self._sentence(verdict.rule),
            considered=told,
            left_out=left_out,
            nearest=near,
        )

    def rules(self, tenant: str) -> tuple[Rule, ...]:
        """By priority, without those that can only be about other tenants."""
        own = self._own(tenant)
        return tuple(rule for rule in self._rules.rules if own.has(rule.row))

    def _own(self, tenant: str) -> Own:
        found = self._owns.get(tenant)
        if found is None:
            found = self._owns[tenant] = Own.of(self._facts, tenant)
        return found

    def _reads_of(self, tenant: str) -> tuple[frozenset[str], frozenset[str]]:
        """The conditions that the rules of a tenant have, and their kinds."""
        found = self._reads.get(tenant)
        if found is None:
            own = self._own(tenant)
            terms = frozenset(term for rule in self._conditional if own.has(rule.row) for term in rule.when)
            found = self._reads[tenant] = (terms, frozenset(term.partition(":")[0] for term in terms))
        return found

    def remarks(self) -> tuple[Remark, ...]:
        """The rules that decide nothing."""
        return remarks(self._rules, self._facts)

    def asked(self, tenant: str) -> Asked:
        """The roles that the lines of a tenant speak of, and where."""
        return asked(self._rules, self.rules(tenant), tenant)

    def held(self, roles: Iterable[str]) -> frozenset[str]:
        """These roles and every broader one, as bare names."""
        return held(self._rules.roles, roles)

    def answered(self) -> tuple[Answered, ...]:
        """What leaves, as it is, for zones that are not trusted because somebody answers for it."""
        return answered(self._rules, self._facts)

    def misplaced(self) -> tuple[tuple[str, str], ...]:
        """Zones and agents that are not trusted, each with a zone around it that is."""
        return tuple(traps.misplaced(self._rules, self._facts))

    def watched(self, now_us: int) -> tuple[tuple[str, str, bool], ...]:
        """Rules with an `observe:`: the id, the last day on which it is only watched, and whether that is over."""
        return tuple(
            (rule.id, rule.watch.removeprefix(OBSERVE), now_us >= rule.watched_until_us)
            for rule in self._rules.rules
            if rule.watch is not None
        )

    @property
    def count(self) -> int:
        """How many rules there are."""
        return len(self._rules.rules)

    def inputs(self, question: Question, agent: str, *, now_us: int) -> dict[str, str]:
        """Values that a `when` of the tenant's rules read for this agent, and the contract's state, for the record."""
        target = self._targets.get(agent)
        if target is None:
            return {}
        terms, read = self._reads_of(question.tenant)
        found = {}
        if target.processor is not None:
            found[f"contract:{target.processor}"] = target.state(now_us)
        for term in sorted(target.facts):
            kind, _, value = term.partition(":")
            if kind in read:
                found[kind] = value
        if "zone" in read:
            found.setdefault("zone", "untrusted")
        if "tenant" in read:
            found["tenant"] = question.tenant
        if "network" in read:
            within = sorted(self._ways.of(question.source, question.strength).terms & terms)
            found.update({term: "within" for term in within if term.startswith(conditions.NETWORK)})
            if not any(term.startswith(conditions.NETWORK) for term in within):
                found["network"] = OUTSIDE
        if "strength" in read:
            found["strength"] = question.strength
        if not read.isdisjoint(("time", "weekday")):
            minute = now_us // _MINUTE_US % 1440
            found["time"] = f"{minute // 60:02}:{minute % 60:02}"
            found["weekday"] = conditions.DAYS[conditions.weekday(now_us)]
        return found

    def _ruling(
        self, question: Question, target: Target | None, unknown: str, action: str, now_us: int, watched: bool = False
    ) -> Ruling:
        if target is None:
            return _refused(unknown)
        if not _whole(question):
            return _refused(REQUEST_INVALID)
        way = self._ways.of(question.source, question.strength)
        if way.unknown and self.lacking(question):
            # Taken for not so, what is not known of the caller would pass over a rule that denies.
            return _refused(UNKNOWN_WAY)
        classes = question.classes
        if self._rules.implied:
            classes = self.implied(classes)
        held = self._held(question.roles, question.tenant, question.subject if question.named else "")
        terms = self._terms(way, now_us)
        without = 0 if watched or not self._watched else self._watching(now_us)
        verdicts = [self._verdict(question, held, name, target, action, terms, now_us) for name in classes]
        if without:
            verdicts = [
                self._unwatched(one, question, held, target, action, terms, now_us, without) for one in verdicts
            ]
        return _joined(tuple(verdicts))

    def _terms(self, way: Way, now_us: int) -> frozenset[str]:
        """The conditions that hold at an instant for whoever comes this way, of those that are not the target's."""
        if not self._timed:
            return way.terms
        minute, timed = self._minute
        if minute != now_us // _MINUTE_US:
            timed = conditions.holding(self._timed, now_us)
            self._minute = (now_us // _MINUTE_US, timed)
        return timed | way.terms

    def _watching(self, now_us: int) -> int:
        """The rules that are only watched at an instant, as bits."""
        return sum(bit for until, bit in self._watched if now_us < until)

    def _unwatched(
        self,
        verdict: Verdict,
        question: Question,
        held: frozenset[str],
        target: Target,
        action: str,
        terms: frozenset[str],
        now_us: int,
        without: int,
    ) -> Verdict:
        """The verdict without the rules that are only watched, which never opens more than the others do; it names the
        one that would have answered otherwise."""
        if verdict.rule not in self._watching_ids or not without & self._watching_ids[verdict.rule]:
            return verdict
        enforced = self._verdict(question, held, verdict.data_class, target, action, terms, now_us, without)
        if (enforced.allowed, enforced.obligations) == (verdict.allowed, verdict.obligations):
            return enforced
        return msgspec.structs.replace(enforced, observed=verdict.rule)

    def _verdict(
        self,
        question: Question,
        held: frozenset[str],
        data_class: str,
        target: Target,
        action: str,
        terms: frozenset[str],
        now_us: int,
        without: int = 0,
    ) -> Verdict:
        contract = target.contract(data_class, now_us)
        key = (held, question.tenant, data_class, target.name, action, question.purpose, terms, contract, without)
        known = self._verdicts.get(key)
        if known is not None:
            self._verdicts.move_to_end(key)
            return known
        try:
            answer = self._ask(question, held, data_class, target, action, terms, contract, without)
        except Exception:  # noqa: BLE001  whatever an evaluation raises must deny, and must not be remembered
            self.errors += 1
            return Verdict(data_class=data_class, allowed=False, rule=POLICY_ERROR)
        verdict = self._checked(question, data_class, target, answer, contract)
        self._remember(key, verdict)
        return verdict

    def _ask(
        self,
        question: Question,
        held: frozenset[str],
        data_class: str,
        target: Target,
        action: str,
        terms: frozenset[str],
        contract: bool,
        without: int,
    ) -> Answer:
        if data_class not in self.known_classes:
            return NOTHING
        return self._engine.answer(_put(question, held, data_class, target, action, terms, contract), without)

    def _checked(self, question: Question, data_class: str, target: Target, answer: Answer, contract: bool) -> Verdict:
        """Steps 2 and 3. A rule that denies keeps its name; a missing contract explains why no rule matched."""
        rule = answer.rule
        if rule is not None and not answer.allowed:
            return Verdict(data_class=data_class, allowed=False, rule=rule.id)
        if question.purpose is None and data_class in self._health:
            return Verdict(data_class=data_class, allowed=False, rule=PURPOSE_REQUIRED)
        if target.processor is not None and not contract and data_class in self._personal:
            return Verdict(data_class=data_class, allowed=False, rule=f"{_CONTRACT}{target.processor}")
        if rule is None:
            return Verdict(data_class=data_class, allowed=False, rule=None)
        return Verdict(data_class=data_class, allowed=True, rule=rule.id, obligations=rule.obligations)

    def _remember(self, key: _Key, verdict: Verdict) -> None:
        self._verdicts[key] = verdict
        if len(self._verdicts) > CACHE_SIZE:
            self._verdicts.popitem(last=False)

    def _held(self, roles: tuple[str, ...], tenant: str, subject: str) -> frozenset[str]:
        """Everything that this policy knows the caller to hold: roles, broader ones, `role:*`, its own name."""
        caller = f"caller:{tenant}/{subject}" if subject and self.named_callers else ""
        named = caller in self._rules.roles.names()
        key = (caller, *roles) if named else ("", *roles)
        held = self._callers.get(key)
        if held is not None:
            return held
        names = {words.ANY_ROLE}
        for name in (*(f"role:{role}" for role in roles), *([caller] if named else [])):
            names |= self._rules.roles.closure(name)
        found = frozenset(names)
        self._callers[key] = found
        if len(self._callers) > _CALLERS:
            self._callers.popitem(last=False)
        return found

    def _sentence(self, rule: str) -> str:
        if rule.startswith(_CONTRACT):
            return f"No valid agreement with processor {rule.removeprefix(_CONTRACT)} covers this class of data."
        return self._sentences.get(rule, "A rule that this policy version does not hold.")


def _put(
    question: Question,
    held: frozenset[str],
    data_class: str,
    target: Target,
    action: str,
    terms: frozenset[str],
    contract: bool,
) -> Ask:
    """The question as casbin is asked it."""
    facts = terms | target.facts | {f"tenant:{question.tenant}"}
    if contract:
        facts |= target.contract_facts()
    purpose = words.NO_PURPOSE if question.purpose is None else f"purpose:{question.purpose}"
    return Ask(held, f"class:{data_class}", target.name, action, purpose, facts)


def _agents_floors(rules: Rules) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for where, name in rules.floors:
        kind, _, agent = where.partition(":")
        if kind == "agent":
            found.setdefault(agent, []).append(name.removeprefix("class:"))
    return {agent: tuple(sorted(names)) for agent, names in found.items()}


def _floored(agent: AgentFacts, more: tuple[str, ...]) -> AgentFacts:
    return msgspec.structs.replace(agent, floor=tuple(sorted({*agent.floor, *more}))) if more else agent


def _joined(verdicts: tuple[Verdict, ...]) -> Ruling:
    allowed = True
    rules: dict[str, None] = {}
    obligations: tuple[str, ...] = ()
    for verdict in verdicts:
        if not verdict.allowed:
            allowed = False
        if verdict.obligations and verdict.obligations != obligations:
            obligations = tuple(sorted({*obligations, *verdict.obligations}))
        if verdict.rule is not None:
            rules[verdict.rule] = None
    return Ruling(allowed=allowed, rules=tuple(rules), obligations=obligations if allowed else (), verdicts=verdicts)


def _refused(rule: str) -> Ruling:
    return Ruling(allowed=False, rules=(rule,), obligations=(), verdicts=())


def _whole(question: Question) -> bool:
    """No value is empty: casbin lets an empty name match an empty column."""
    return bool(
        question.tenant
        and question.subject
        and question.zone
        and question.action
        and question.purpose != ""
        and question.classes
        and "" not in question.classes
        and "" not in question.roles
    )


def _members_of(group: str, closures: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return frozenset(name.removeprefix("class:") for name, closure in closures.items() if group in closure)


def _named_callers(rules: Rules) -> frozenset[str]:
    return frozenset(name.removeprefix("caller:") for name, _ in rules.edges["g"] if name.startswith("caller:"))


def _known_roles(rules: Rules) -> frozenset[str]:
    named = {rule.role for rule in rules.rules} | {name for edge in rules.edges["g"] for name in edge}
    named |= {where for where, _ in rules.floors} | {role for role, _ in rules.exact}
    return frozenset(name.removeprefix("role:") for name in named if name.startswith("role:")) - {"*"}
