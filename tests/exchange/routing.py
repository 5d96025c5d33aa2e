"""Random policies and requests, and where they are routed: by the router, and by casbin's plain enforcer asked class by
class. Everything is drawn from a seed, so that any process draws the same.

    python -m tests.exchange.routing [COUNT]

compares COUNT of them (10,000) and prints a digest over all routes.
"""

import hashlib
import random
import sys
from typing import Any

import casbin
import msgspec

from gateway.checks.policy import words
from gateway.checks.policy.engine import Names, holds
from gateway.checks.policy.load import Rules
from gateway.checks.policy.model import MODEL
from gateway.checks.policy.policy import Policy
from gateway.core.errors import ConfigurationError
from gateway.core.message import Message
from gateway.core.ports import Route
from gateway.exchange.exchange import Classified, Routed
from tests.checks.policy.making import GROUPS, NOON_US, document, policy, rule, rules
from tests.conftest import ManualClock
from tests.exchange.making import caller, classified, message, route, router

CLASSES = ("public", "internal", "pii", "phi", "pci", "secret", "special-category", "unscanned")
_WIDER = ("personal", "any")
_ROLES = ("user", "clerk", "clinician", "lead", "chief")
_AGENTS = {
    "local": "in-house",
    "ward": "in-house",
    "friend": "partner",
    "ally": "partner",
    "sky": "cloud",
    "sun": "cloud",
}
_RUN_BY = {"sky": "acme", "friend": "lapsed"}
_ACTIONS = ("chat", "tool:look", "tool:look_up", "http:GET:/notes/{id}", "embed")
_PATTERNS = (*_ACTIONS, *("*",) * 8, "tool:*", "tool:look*", "http:*:/notes/*", "http:GET:*")
_PURPOSES = ("TREAT", "HPAYMT")
_TERMS = ("always", "always", "contract:valid", "zone:trusted", "time:08:00-18:00", "time:18:00-20:00", "region:DE")
_MORE_GROUPS = "g, role:lead, role:clerk\ng, role:chief, role:lead\ng3, zone:cloud, zone:partner\n"
_COVERED = {"acme": ("pii", "phi"), "lapsed": ()}
"""The classes that a valid agreement covers at noon, by processor."""
_PERSONAL = ("pii", "phi", "pci", "special-category", "personal")


def _agreement(until: str) -> dict[str, Any]:
    return {"kind": "BAA", "digest": "sha256:" + "0" * 64, "valid_until": until, "classes": ["pii", "phi"]}


def _configuration() -> dict[str, Any]:
    """Six agents of one capability in three zones, two of them run by processors, of whom one's agreement has ended."""
    base = document()["processor"][0]
    return {
        "processor": [base, {**base, "id": "lapsed", "agreement": _agreement("2025-12-31")}],
        "agent": [
            {"id": name, "protocol": "openai", "url": f"http://{name}", "zone": zone, "capabilities": ["triage"]}
            | ({"processor": _RUN_BY[name]} if name in _RUN_BY else {})
            for name, zone in _AGENTS.items()
        ],
    }


_ROUTES = {name: route(name, zone, processor=_RUN_BY.get(name)) for name, zone in _AGENTS.items()}


class Drawn(msgspec.Struct, frozen=True):
    """One request: roles, classes, action, purpose, and the agents in the order of preference."""

    roles: tuple[str, ...]
    classes: tuple[str, ...]
    action: str
    purpose: str | None
    order: tuple[str, ...]


def drawn_rules(chance: random.Random) -> tuple[str, ...]:
    """The lines of a policy; no two rules of one priority."""
    priorities = chance.sample(range(1, 100), chance.randint(4, 30))
    targets = [*(f"agent:{name}" for name in _AGENTS), "zone:in-house", "zone:partner", "zone:cloud", "zone:*"]
    lines = []
    for number, priority in enumerate(priorities):
        effect = chance.choice(["allow", "allow", "allow", "deny"])
        target = chance.choice([*targets, "capability:triage", "zone:*", "zone:*"])
        data = chance.choice([*CLASSES, *_WIDER, *_WIDER])
        when, obligations = chance.choice(_TERMS), "none"
        trusted = target in ("agent:local", "agent:ward", "zone:in-house")
        if effect == "allow" and not trusted:
            # What would open sensitive data to a zone that is not trusted is no policy that is served with.
            data = chance.choice(["public", "internal", "public", "pii"])
            if data == "pii":
                when, obligations = "contract:valid", "redact"
        lines.append(
            rule(
                f"r-{number}",
                priority,
                role=chance.choice(["role:*", "role:*", *(f"role:{name}" for name in _ROLES)]),
                data=f"class:{data}",
                agent=target,
                action=chance.choice(_PATTERNS),
                purpose=chance.choice(["purpose:*", "purpose:*", "purpose:TREAT", "purpose:none"]),
                when=when,
                eft=effect,
                obligations=obligations,
            )
        )
    return tuple(lines)


def drawn_request(chance: random.Random) -> Drawn:
    return Drawn(
        roles=tuple(sorted(chance.sample([*_ROLES, "stranger"], chance.choice((0, 1, 2, 3))))),
        classes=tuple(sorted(chance.sample(chance.choice((CLASSES, CLASSES[:3])), chance.choice((1, 1, 2))))),
        action=chance.choice(_ACTIONS),
        purpose=chance.choice([None, *_PURPOSES]),
        order=tuple(chance.sample(list(_AGENTS), chance.randint(1, len(_AGENTS)))),
    )


class Plain:
    """casbin as anyone would use it: its own role managers, every rule, every grouping, nothing cached, no index."""

    def __init__(self, loaded: Rules) -> None:
        self._enforcer: Any = casbin.Enforcer(casbin.Enforcer.new_model(text=MODEL))
        self._enforcer.add_function("action", words.action_matches)
        self._enforcer.add_function("purpose", words.purpose_matches)
        self._enforcer.add_function("holds", holds)
        self._enforcer.add_policies([found.casbin() for found in loaded.rules])
        for kind, edges in loaded.edges.items():
            for edge in dict.fromkeys(edges):
                self._enforcer.add_named_grouping_policy(kind, *edge)
        self._callers = 0

    def denies(self, asked: Drawn, agent: str) -> bool:
        """Whether any class of the request is denied for this agent."""
        self._callers += 1
        who = f"caller:default/{self._callers}"
        for role in ("*", *asked.roles):
            self._enforcer.add_named_grouping_policy("g", who, f"role:{role}")
        return any(self._denied(asked, agent, who, name) for name in asked.classes)

    def _denied(self, asked: Drawn, agent: str, who: str, data_class: str) -> bool:
        processor = _RUN_BY.get(agent)
        contract = data_class in _COVERED.get(processor or "", ())
        facts = {"time:08:00-18:00", "tenant:default"}  # it is noon
        if _AGENTS[agent] == "in-house":
            facts |= {"zone:trusted", "region:DE"}
        if contract:
            facts |= {"contract:valid", "contract:baa"}
        purpose = f"purpose:{asked.purpose or 'none'}"
        allowed, row = self._enforcer.enforce_ex(
            who, f"class:{data_class}", f"agent:{agent}", asked.action, purpose, Names(frozenset(facts))
        )
        if not allowed or "redact" in row:  # of a class that the caller declared there is nothing to mask
            return True
        if data_class == "phi" and asked.purpose is None:
            return True
        return processor is not None and data_class in _PERSONAL and not contract


def routed(using: Policy, clock: ManualClock, asked: Drawn) -> str | None:
    """The agent that the router chooses."""
    sent: Message = msgspec.structs.replace(message("hello"), action=asked.action)
    known: Classified = classified(clock, sent.parts, declared=asked.classes)
    by = msgspec.structs.replace(caller(roles=asked.roles), purpose=asked.purpose)
    candidates: tuple[Route, ...] = tuple(_ROUTES[name] for name in asked.order)
    found = router(clock, using=using).decide(by, sent, known, candidates, exact=False)
    return found.route.id if isinstance(found, Routed) else None


def compare(seed: int, requests: int = 1) -> list[tuple[Drawn, str | None, str | None]]:
    """A random policy and requests: each with where it is routed, and where the plain enforcer says. Empty where the
    policy is one that must not be served with."""
    chance = random.Random(seed)
    lines = drawn_rules(chance)
    configuration = _configuration()
    try:
        using = policy(*lines, groups=GROUPS + _MORE_GROUPS, **configuration)
    except ConfigurationError:
        return []
    plain = Plain(rules(*lines, groups=GROUPS + _MORE_GROUPS, **configuration))
    clock = ManualClock(NOON_US)
    compared = []
    for _ in range(requests):
        asked = drawn_request(chance)
        first = next((agent for agent in asked.order if not plain.denies(asked, agent)), None)
        compared.append((asked, routed(using, clock, asked), first))
    return compared


def main(count: int) -> int:
    digest = hashlib.sha256()
    seed = done = somewhere = 0
    while done < count:
        for asked, found, expected in compare(seed):
            if found != expected:
                print(f"seed {seed}: routed to {found}, the plain enforcer says {expected}: {asked}")
                return 1
            digest.update(f"{found}\n".encode())
            done += 1
            somewhere += found is not None
        seed += 1
    print(f"{done} policies and requests, {somewhere} routed, the others refused: {digest.hexdigest()}")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
