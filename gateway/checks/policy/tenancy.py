"""What of a policy is a tenant's: the version that its records name holds nothing that concerns other tenants alone.

One policy is loaded and serves all tenants. What no question of a tenant can ever match is no part of its version:

- agents and callbacks that it has not, with the schemas, processors and capabilities that are theirs alone;
- issuers and certificates that cannot bring a caller of it, and the tenants themselves;
- networks that are theirs and that no line of its own asks about;
- lines about such an agent or capability, about another tenant (`tenant:<id>`) or its callers (`caller:<id>/…`).

Lists of tenants are left out, and so are comments. So a version changes with what concerns its tenant and with nothing
else, and answers every question of it as the shared policy does. Zones, classes, roles, recognizers and the lines that
name only such are everybody's.
"""

from collections.abc import Iterable, Mapping

import msgspec

from gateway.checks.policy import structure, words
from gateway.checks.policy.conditions import NETWORK
from gateway.checks.policy.load import WIDTH, Rules
from gateway.checks.policy.rows import Row, read
from gateway.checks.policy.structure import ClientFacts, Structure
from gateway.checks.policy.version import PROFILE, RULES, SCHEMAS, STRUCTURE, PolicySet, made
from gateway.settings import Channel

_AGENT, _PURPOSE, _WHEN, _ID = 4, 6, 7, 10
"""Columns of a rule's line, its type included."""
_FILES = ("schema", "answer_schema", "mapping", "openapi")
"""Fields of an agent that name a file in `schemas/`."""
_ALWAYS_KNOWN = words.PURPOSES | {"*", "none"}


class Own(msgspec.Struct, frozen=True):
    """What a tenant has, names with their kind."""

    tenant: str
    agents: frozenset[str]
    capabilities: frozenset[str]

    @classmethod
    def of(cls, facts: Structure, tenant: str) -> "Own":
        agents = [agent for agent in facts.agents if _shared(agent.tenants, tenant)]
        return cls(
            tenant,
            frozenset(f"agent:{agent.id}" for agent in agents),
            frozenset(f"capability:{name}" for agent in agents for name in agent.capabilities),
        )

    def has(self, row: Row) -> bool:
        """Whether a line could ever match a question of the tenant."""
        name, terms = _naming(row)
        if name.startswith("caller:"):
            return name.startswith(f"caller:{self.tenant}/")
        if name.startswith("agent:") and name not in self.agents:
            return False
        if name.startswith("capability:") and name not in self.capabilities:
            return False
        return "tenant:" not in terms or self._meant(terms)

    def _meant(self, terms: str) -> bool:
        tenants = [term for term in map(str.strip, terms.split(";")) if term.startswith("tenant:")]
        return all(term == f"tenant:{self.tenant}" for term in tenants)


class _Line(msgspec.Struct, frozen=True):
    """One record of a file."""

    row: Row
    text: str
    """As it is written, and the end of the line."""
    everybodys: bool
    """Whether it names nothing that some tenants have and others have not."""
    rule: str | None
    """The id, where it is a rule."""
    purpose: str | None
    """The one that it names, where that is none of those that are always known."""
    about: str | None
    """The rule that somebody answers for by it."""
    networks: tuple[str, ...]
    """The conditions on networks that it has."""


class Versions:
    """A policy set taken apart once, for as many tenants as there are."""

    def __init__(self, shared: PolicySet, channels: tuple[Channel, ...]) -> None:
        """`shared`: of all tenants, or one's own, which is its own again. `ConfigurationError` where it does not parse.

        `channels`: as configured, since no policy set says whose they are."""
        self._members = shared.members
        self._facts = structure.decode(shared.members.get(STRUCTURE, b""))
        self._lines = {name: _lines(name, shared.members[name]) for name in (RULES, PROFILE) if name in shared.members}
        self._channels = channels
        self._digests: Mapping[str, str] | None = None

    def of(self, tenant: str) -> PolicySet:
        """The version of a tenant (its configured id)."""
        own = Own.of(self._facts, tenant)
        kept = {
            name: [one for one in lines if one.everybodys or own.has(one.row)] for name, lines in self._lines.items()
        }
        # A rule that another takes the place of is not in force, whomever that one is about.
        replaced = _rules(self._lines.get(PROFILE, ())) - _rules(kept.get(PROFILE, ()))
        if replaced:
            kept[RULES] = [one for one in kept[RULES] if one.rule not in replaced]
        rules = {one.rule for lines in kept.values() for one in lines}
        kept = {name: [one for one in lines if one.about is None or one.about in rules] for name, lines in kept.items()}
        named = {one.purpose for lines in kept.values() for one in lines if one.purpose is not None}
        asked = {term for lines in kept.values() for one in lines for term in one.networks}
        facts = self._of(tenant, frozenset(named), frozenset(asked))
        files = {f"{SCHEMAS}/{getattr(agent, field)}" for agent in facts.agents for field in _FILES}
        members = {
            name: data for name, data in self._members.items() if not name.startswith(f"{SCHEMAS}/") or name in files
        }
        for name, lines in kept.items():
            members[name] = "".join([one.text for one in lines]).encode()
        members[STRUCTURE] = structure.encode(facts)
        return made(members)

    def _of(self, tenant: str, purposes: frozenset[str], networks: frozenset[str]) -> Structure:
        facts = self._facts
        agents = tuple(
            msgspec.structs.replace(agent, tenants=(), callers=_callers(agent.callers, tenant))
            for agent in facts.agents
            if _shared(agent.tenants, tenant)
        )
        processors = {agent.processor for agent in agents}
        offered = {name for agent in agents for name in agent.capabilities}
        issuers = tuple(
            msgspec.structs.replace(one, tenants=(tenant,)) for one in facts.issuers if tenant in one.tenants
        )
        clients = _clients(facts.clients, tenant)
        certificates = () if clients is None else clients.certificates
        brought = {name for issuer in issuers for name in issuer.purposes}
        brought |= {name for certificate in certificates for name in certificate.purposes}
        hidden = hidden_channels(self._channels, tenant)
        return msgspec.structs.replace(
            facts,
            agents=agents,
            processors=tuple(one for one in facts.processors if one.id in processors),
            issuers=issuers,
            tenants=tuple(one for one in facts.tenants if one.id == tenant),
            clients=clients,
            callbacks=tuple(
                msgspec.structs.replace(one, tenants=(), callers=_callers(one.callers, tenant))
                for one in facts.callbacks
                if _shared(one.tenants, tenant) and (not one.callers or _callers(one.callers, tenant))
            ),
            channels=tuple(name for name in facts.channels if name not in hidden),
            capabilities=tuple(one for one in facts.capabilities if one.id in offered),
            networks=tuple(
                msgspec.structs.replace(one, tenants=())
                for one in facts.networks
                if _shared(one.tenants, tenant) or f"{NETWORK}{one.id}" in networks
            ),
            purposes=tuple(sorted(purposes - brought)),
        )

    def digests(self) -> Mapping[str, str]:
        """Of every tenant's version. Made once."""
        if self._digests is None:
            self._digests = {tenant.id: self.of(tenant.id).digest for tenant in self._facts.tenants}
        return self._digests


def hidden_channels(channels: Iterable[Channel], tenant: str) -> frozenset[str]:
    """Ids of those that are other tenants' alone."""
    return frozenset(one.id for one in channels if not _shared(one.tenants, tenant))


def refuse_foreign(rules: Rules, facts: Structure, channels: Iterable[Channel]) -> None:
    """`ConfigurationError` for a rule that is about a tenant and asks an agent or tells a channel that this tenant has
    not: it would not do what it says, and its line would tell that tenant of another."""
    telling = [rule for rule in rules.rules if any(map(_tells, rule.obligations))]
    for tenant in facts.tenants if telling else ():
        own, hidden = Own.of(facts, tenant.id), hidden_channels(channels, tenant.id)
        for rule in telling:
            for word in rule.obligations if own.has(rule.row) else ():
                if word.startswith(words.NOTIFY) and word.removeprefix(words.NOTIFY) in hidden:
                    raise rule.row.error("obligations", f"notify:<channel> must name a [[channel]] {_EVERY}")
                if word.startswith(words.SUPERVISE) and f"agent:{word.removeprefix(words.SUPERVISE)}" not in own.agents:
                    raise rule.row.error("obligations", f"supervise:<agent> must name an [[agent]] {_EVERY}")


_EVERY = "of every tenant that the rule is about; the condition tenant:<id> says about which"


def _tells(word: str) -> bool:
    return word.startswith((words.NOTIFY, words.SUPERVISE))


def _shared(tenants: tuple[str, ...], tenant: str) -> bool:
    """Whether what names these tenants, or none, is there for this one."""
    return not tenants or tenant in tenants


def _callers(callers: tuple[str, ...], tenant: str) -> tuple[str, ...]:
    return tuple(one for one in callers if one.startswith(f"{tenant}/"))


def _clients(facts: ClientFacts | None, tenant: str) -> ClientFacts | None:
    if facts is None:
        return None
    return msgspec.structs.replace(facts, certificates=tuple(one for one in facts.certificates if one.tenant == tenant))


def _naming(row: Row) -> tuple[str, str]:
    """What of a line may be a tenant's: its target or its first name, and a rule's conditions."""
    kind = row.fields[0]
    if kind == "p":
        return row.fields[_AGENT], row.fields[_WHEN]
    return (row.fields[1], "") if kind in ("g", "g3", "f") else ("", "")


def _rules(lines: Iterable[_Line]) -> set[str]:
    return {one.rule for one in lines if one.rule is not None}


def _lines(name: str, data: bytes) -> tuple[_Line, ...]:
    """The records of a file. Comments are none: they decide nothing, and may tell of anybody."""
    rows, texts = read(name, data), data.decode("utf-8").split("\n")
    return tuple(_line(row, texts[row.line - 1].removesuffix("\r")) for row in rows)


def _line(row: Row, text: str) -> _Line:
    if len(row.fields) != WIDTH.get(row.fields[0]):
        raise row.error("line", "is none of a policy file")
    first, terms = _naming(row)
    purpose = row.fields[_PURPOSE].removeprefix("purpose:") if row.fields[0] == "p" else None
    return _Line(
        row=row,
        text=f"{text}\n",
        everybodys="tenant:" not in terms and not first.startswith(("agent:", "capability:", "caller:")),
        rule=row.fields[_ID] if row.fields[0] == "p" else None,
        purpose=None if purpose in _ALWAYS_KNOWN else purpose,
        about=row.fields[1] if row.fields[0] == "o" else None,
        networks=tuple(term for term in map(str.strip, terms.split(";")) if term.startswith(NETWORK)),
    )
