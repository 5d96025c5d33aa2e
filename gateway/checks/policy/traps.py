"""What is refused although every word of it is right: sets of rules that would not do what they seem to say.

Two rules of one priority and different effect (casbin takes the one written first); a rule that opens anything but
public data to a zone that is not trusted, and nobody answers for it; a class outside the groups that the built-in
checks look at; a name in the settings that no policy knows; an agent that would supervise itself, or open the way to a
zone that is not trusted by its word alone. A denial that is only watched counts as none.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from gateway.checks.policy import conditions, words
from gateway.checks.policy.actions import HTTP, actions
from gateway.checks.policy.load import Rule, Rules
from gateway.checks.policy.structure import Structure
from gateway.core.decision import DECLASSIFY, masks_whole
from gateway.core.errors import ConfigurationError
from gateway.core.finding import CLASSES

REQUIRED = (
    *((f"class:{name}", words.ANY_CLASS) for name in (*CLASSES, "personal")),
    *((f"class:{name}", words.PERSONAL) for name in ("pii", "phi", "pci", "special-category")),
    (words.PHI, "class:pii"),
)
"""Groupings that promises rest on: contracts ask for `class:personal`, denials for `class:any`."""

MASKABLE = ("class:phi", "class:pci", "class:special-category")
"""May leave trusted zones only masked and under a contract."""
UNSCANNED = "class:unscanned"
CLOSED = ("class:secret", UNSCANNED)
"""May not be sent to a zone that is not trusted at all."""
PUBLIC = "class:public"
_GUARDED = frozenset(f"class:{name}" for name in CLASSES) - {PUBLIC} | {words.PERSONAL}
"""Classes that ship, and their group, which never are open."""
"""It and what is under it and nothing else may go anywhere."""
ASKED_AS = "chat"
"""The action by which an agent that supervises is asked."""
_CONVERSING = frozenset({"openai", "anthropic"})
_EMBEDDING = ("embeddings",)


def refuse(rules: Rules, structure: Structure, members: Mapping[str, bytes]) -> None:
    """`ConfigurationError` for the first of the traps that these rules hold."""
    _required_groups(rules)
    _settings_names(rules, structure, members)
    _equal_priorities(rules)
    _declassified(rules)
    _supervised(rules, structure)
    _told(rules)


def refuse_empty(rules: Rules) -> None:
    """`ConfigurationError` where there is no rule. One tenant's version may hold none: then all is denied to it."""
    if not rules.rules:
        raise ConfigurationError("policy.csv: holds no rule; without one nothing may be served")


def _required_groups(rules: Rules) -> None:
    for name, broader in REQUIRED:
        if broader not in rules.classes.closure(name):
            raise ConfigurationError(f"policy.csv: a line `g2, {name}, {broader}` is missing")
    for name in sorted(rules.vocabulary.classes):
        if words.ANY_CLASS not in rules.classes.closure(name):
            raise ConfigurationError(f"policy.csv: {name} must be under {words.ANY_CLASS}, or denials would miss it")


def _settings_names(rules: Rules, structure: Structure, members: Mapping[str, bytes]) -> None:
    for index, agent in enumerate(structure.agents):
        _known_classes(rules, f"agent[{index}].floor", agent.floor)
        for field in ("schema", "answer_schema", "mapping", "openapi"):
            schema = getattr(agent, field)
            if schema is not None and f"schemas/{schema}" not in members:
                raise ConfigurationError(f"agent[{index}].{field} names no file of the policy directory's schemas/")
    for index, processor in enumerate(structure.processors):
        if processor.agreement is not None:
            _known_classes(rules, f"processor[{index}].agreement.classes", processor.agreement.classes)


def _known_classes(rules: Rules, place: str, names: Iterable[str]) -> None:
    for name in names:
        if f"class:{name}" not in rules.vocabulary.classes:
            raise ConfigurationError(f"{place} must name data classes of the policy")


def _equal_priorities(rules: Rules) -> None:
    """Any two roles can be held by one caller, so only class, target, action and purpose keep rules apart."""
    classes = {name: _under(rules.vocabulary.classes, rules.classes.closure, name) for name in rules.vocabulary.classes}
    targets = _targets(rules)
    same: list[Rule] = []
    for rule in rules.rules:
        if same and same[0].priority != rule.priority:
            same = []
        for other in same:
            if (rule.allows, rule.written) == (other.allows, other.written):
                continue
            if (
                classes[rule.data] & classes[other.data]
                and targets[rule.agent] & targets[other.agent]
                and (rule.purpose == other.purpose or words.ANY_PURPOSE in (rule.purpose, other.purpose))
                and words.actions_meet(rule.pattern, other.pattern)
            ):
                raise rule.row.error(
                    "priority", f"equals that of line {other.row.line} of {other.row.file}, which has another effect"
                )
        same.append(rule)


def refuse_openings(rules: Rules, structure: Structure) -> None:
    """`ConfigurationError` for a rule that lets anything but public data into a zone that is not trusted, unless it
    masks them (sensitive ones under a contract), or a line says that it is meant to: not of secrets, and nothing
    sensitive is sent without a contract even so."""
    meant = {(one.rule, one.data) for one in rules.openings}
    for found in opened(rules, structure):
        if not found.answerable or (found.rule.id, found.data) not in meant:
            lets = f"would let {found.data} into {found.target}, which is not trusted: {found.why}"
            hint = f"; if it is meant to, a line `o, {found.rule.id}, {found.data}, <why>` says so"
            raise found.rule.row.error("line", lets + (hint if found.answerable else ""))


def refuse_unrouted(rules: Rules, structure: Structure) -> None:
    """`ConfigurationError` for a rule that denies a route which the plain HTTP agent that it names does not have: it
    says that something is closed, and closes nothing. A rule about several agents may be about some to come."""
    known = {f"agent:{agent.id}": actions(agent) for agent in structure.agents if agent.protocol == "http"}
    for rule in rules.rules:
        its = known.get(rule.agent)
        if its is not None and not rule.allows and rule.action.startswith(HTTP) and not its.meet(rule.pattern):
            raise rule.row.error(
                "action", f"must fit a route of the agent as it is configured, by its template: {its.told}"
            )


class Opened(msgspec.Struct, frozen=True):
    """A rule that lets a class into something that is not trusted. `answerable`: whether a line may say that it is
    meant to."""

    rule: Rule
    data: str
    target: str
    why: str
    answerable: bool


def opened(rules: Rules, structure: Structure) -> Iterator[Opened]:
    """What a stricter rule of higher priority takes first for every caller does not count."""
    untrusted = _untrusted(structure)
    targets = _targets(rules)
    closed = {name: rules.classes.closure(name) for name in sorted(rules.vocabulary.classes)}
    classes = {name: closure for name, closure in closed.items() if not _open(name, closed)}
    denials: list[Rule] = []
    for rule in rules.rules:
        if not rule.allows:
            always = not rule.when and rule.purpose == words.ANY_PURPOSE and rule.watch is None
            denials += [rule] if always else []
            continue
        if conditions.TRUSTED in rule.when:
            continue
        for data_class, closure in classes.items():
            why = _refusal(rule, closure) if rule.data in closure else None
            if why is None:
                continue
            for target in sorted(targets[rule.agent] & untrusted):
                if not any(_takes(denial, rule, rules, data_class, target) for denial in denials):
                    yield Opened(rule, data_class, target, why, _answerable(rule, closure))


def misplaced(rules: Rules, structure: Structure) -> Iterator[tuple[str, str]]:
    """Zones and agents that are not trusted, each with a zone around it that is: what rules say of that zone, they say
    of these too."""
    trusted = {f"zone:{zone.id}" for zone in structure.zones if zone.trusted}
    for name in sorted(_untrusted(structure)):
        yield from ((name, around) for around in sorted(rules.targets.closure(name) & trusted))


def _untrusted(structure: Structure) -> frozenset[str]:
    """Zones that are not trusted and the agents in them, with their kind."""
    zones = {zone.id for zone in structure.zones if not zone.trusted}
    agents = (f"agent:{agent.id}" for agent in structure.agents if agent.zone in zones)
    return frozenset((*(f"zone:{zone}" for zone in zones), *agents))


def _open(name: str, closures: Mapping[str, frozenset[str]]) -> bool:
    """Whether a class may go anywhere: all that it belongs to is public. The groups that are no class may too."""
    if name in (words.ANY_CLASS, words.PERSONAL):
        return True
    # A class that ships is not public because a line puts it there, itself or by way of another.
    public = all(PUBLIC in closures[broader] for broader in closures[name] - {words.ANY_CLASS})
    return public and closures[name].isdisjoint(_GUARDED)


def _answerable(rule: Rule, closure: frozenset[str]) -> bool:
    """Whether somebody may answer for a class leaving as it is: no secret, and what is sensitive under a contract where
    it is sent."""
    return CLOSED[0] not in closure and (rule.action == "receive" or _under_contract(rule) or not _sensitive(closure))


def _sensitive(closure: frozenset[str]) -> bool:
    return any(name in closure for name in (*MASKABLE, *CLOSED))


def _declassified(rules: Rules) -> None:
    """A class leaves a flow by a rule that speaks of it; what could not be read leaves none."""
    for rule in rules.rules:
        for word in rule.obligations:
            if not word.startswith(DECLASSIFY):
                continue
            name = f"class:{word.removeprefix(DECLASSIFY)}"
            if rule.data not in rules.classes.closure(name) or name in (words.ANY_CLASS, words.PERSONAL):
                raise rule.row.error("obligations", "declassify:<class> must name a class that the rule is about")
            if name == UNSCANNED:
                raise rule.row.error("obligations", "declassify must not name unscanned: nobody knows what it is")


def _supervised(rules: Rules, structure: Structure) -> None:
    """An agent's word lets nothing go that needs a person's, and no agent is asked about what it is asked itself."""
    named = {word.removeprefix(words.SUPERVISE) for rule in rules.rules for word in _supervisors(rule)}
    if not named:
        return
    trusted = {zone.id for zone in structure.zones if zone.trusted}
    agents = {agent.id: agent for agent in structure.agents}
    targets = _targets(rules)
    untrusted = _untrusted(structure)
    for rule in rules.rules:
        for word in _supervisors(rule):
            agent = agents[word.removeprefix(words.SUPERVISE)]
            if agent.protocol not in _CONVERSING or agent.apis == _EMBEDDING:
                raise rule.row.error("obligations", "supervise:<agent> must name an agent that is spoken to in chat")
            if agent.zone not in trusted:
                raise rule.row.error("obligations", "supervise:<agent> must name an agent in a zone that is trusted")
            covered = sorted(named & {name.removeprefix("agent:") for name in targets[rule.agent]})
            if covered:
                raise rule.row.error(
                    "agent",
                    f"must not cover {covered[0]}, which supervises: nobody looks at its questions",
                )
            if words.action_matches("receive", rule.pattern):
                raise rule.row.error("action", "must not cover receive where a rule has supervise: it is of requests")
            alone = not any(other.startswith("approve:") for other in rule.obligations)
            if alone and conditions.TRUSTED not in rule.when and targets[rule.agent] & untrusted:
                raise rule.row.error(
                    "obligations",
                    "supervise:<agent> alone opens no way to a zone that is not trusted: add approve:<role>, or the "
                    "condition zone:trusted",
                )


def _told(rules: Rules) -> None:
    for rule in rules.rules:
        tells = any(word.startswith(words.NOTIFY) for word in rule.obligations)
        if tells and words.action_matches("receive", rule.pattern):
            raise rule.row.error("action", "must not cover receive where a rule has notify: it is of requests")
        if rule.watch is not None and words.action_matches("receive", rule.pattern):
            raise rule.row.error("action", "must not cover receive where a rule has observe: requests are watched")


def _supervisors(rule: Rule) -> tuple[str, ...]:
    return tuple(word for word in rule.obligations if word.startswith(words.SUPERVISE))


def _refusal(rule: Rule, closure: frozenset[str]) -> str | None:
    """Why this rule may not allow a class with this closure where it is not trusted; None where it may."""
    masks = masks_whole(rule.obligations)
    if rule.action == "receive":
        # Answers go to callers' zones, which no contract covers: masking alone opens them, and of `unscanned` nothing.
        return None if masks and UNSCANNED not in closure else "it must mask them (redact or generalise)"
    if any(name in closure for name in CLOSED):
        return "only a rule with the condition zone:trusted may allow that"
    if not _sensitive(closure):
        return None if masks else "it must mask them (redact, generalise or tokenize)"
    if masks and _under_contract(rule):
        return None
    return "it must mask them (redact, generalise or tokenize) under a contract (contract:valid or a kind)"


def _under_contract(rule: Rule) -> bool:
    return any(term in conditions.CONTRACTS for term in rule.when)


def _takes(denial: Rule, rule: Rule, rules: Rules, data_class: str, target: str) -> bool:
    """Whether the denial, which comes first, decides whatever the rule would match for this class and target."""
    return (
        denial.priority < rule.priority
        and (denial.role == words.ANY_ROLE or denial.role in rules.roles.closure(rule.role))
        and denial.data in rules.classes.closure(data_class)
        and denial.agent in rules.targets.closure(target)
        and denial.action in ("*", rule.action)
    )


def _targets(rules: Rules) -> dict[str, frozenset[str]]:
    """Everything a rule can name as a target → the agents and zones that are in it."""
    concrete = rules.vocabulary.agents | rules.vocabulary.zones
    named = concrete | rules.vocabulary.capabilities | {words.ANY_ZONE}
    return {name: _under(concrete, rules.targets.closure, name) for name in named}


def _under(names: Iterable[str], closure: Callable[[str], frozenset[str]], broader: str) -> frozenset[str]:
    return frozenset(name for name in names if broader in closure(name))
