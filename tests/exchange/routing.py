"""Random policies and requests, and where they are routed: by the router, and by casbin's plain enforcer asked class by
class (`plainly`). Everything is drawn from a seed, so that any process draws the same.

Drawn are rules with their conditions and obligations, groupings of roles, classes and zones, floors, implied classes
and lines that forbid rerouting; instants on either side of conditions and agreements; bodies with findings beside
classes that were declared or inherited; what an agent would contact itself. Compared are the agent, the word of the
decision, which values of the body are sent, and what may come back to the caller.

    python -m tests.exchange.routing [COUNT]

compares COUNT of them (10,000) and prints a digest over all routes.
"""

import hashlib
import random
import sys
from collections import Counter
from typing import Any

import msgspec

from gateway.checks.classification.engine import Engine
from gateway.checks.policy.policy import Policy
from gateway.core.caller import Caller
from gateway.core.errors import ConfigurationError
from gateway.core.message import Message
from gateway.exchange.exchange import Classified, Routed
from tests.checks.policy.making import DAY_US, GROUPS, NOON_US, document, policy, rule, rules
from tests.conftest import ManualClock
from tests.exchange.bodies import BODIES
from tests.exchange.making import caller, engine, message, route, router
from tests.exchange.plainly import Asked, Facts, Found, Moment, Place, Plain

CLASSES = ("public", "internal", "pii", "phi", "pci", "secret", "special-category", "unscanned", "notes")
_WIDER = ("personal", "any")
_ROLES = ("user", "clerk", "clinician", "lead", "chief")
_COVERED = frozenset({"pii", "phi", "pci"})
_AGENTS = {
    "local": Place("local", "in-house"),
    "ward": Place("ward", "in-house", floor=("internal",)),
    "friend": Place("friend", "partner", "lapsed"),
    "ally": Place("ally", "partner"),
    "sky": Place("sky", "cloud", "acme", _COVERED),
    "sun": Place("sun", "cloud"),
}
_ZONES = {
    "in-house": frozenset({"zone:trusted", "region:DE"}),
    "partner": frozenset({"region:FR"}),
    "cloud": frozenset[str](),
}
_ACTIONS = ("chat", "tool:look", "tool:look_up", "http:GET:/notes/{id}", "embed")
_ONWARD = ("onward:url", "onward:web_search")
_PATTERNS = (*_ACTIONS, *("*",) * 10, "tool:*", "tool:look*", "http:*:/notes/*", "http:GET:*", *_ONWARD, "receive")
_PURPOSES = ("TREAT", "HPAYMT")
_TERMS = (
    *("always",) * 6,
    *("contract:valid", "contract:baa", "zone:trusted", "region:DE", "tenant:default", "time:08:00-18:00"),
    *("time:18:00-20:00", "time:22:00-06:00", "weekday:mon-fri", "weekday:sat-sun", "zone:trusted;weekday:mon-fri"),
)
_MOMENTS = (
    Moment(NOON_US, frozenset({"time:08:00-18:00", "weekday:mon-fri"}), agreed=True),
    Moment(NOON_US + 7 * DAY_US // 24, frozenset({"time:18:00-20:00", "weekday:mon-fri"}), agreed=True),
    Moment(NOON_US + 5 * DAY_US + DAY_US // 2, frozenset({"time:22:00-06:00", "weekday:sat-sun"}), agreed=True),
    Moment(NOON_US + 362 * DAY_US, frozenset({"time:08:00-18:00", "weekday:sat-sun"}), agreed=False),
)
"""Monday noon and evening, the midnight before Sunday, and a Saturday noon after all agreements have ended."""
_MASKS = ("redact", "redact", "tokenize", "generalise", "approve:privacy;redact")
_INSIDE = (*("none",) * 6, *_MASKS, "redact:email", "redact:card,person", *("approve:privacy", "no-content") * 2)
_ROLE_EDGES = (("lead", "clerk"), ("chief", "lead"), ("chief", "clinician"))
_KNOWN_EDGES = (("clerk", "user"), ("clinician", "user"))
_PERSONAL = frozenset({"pii", "phi", "pci", "special-category", "personal"})


def _agreement(until: str) -> dict[str, Any]:
    return {"kind": "BAA", "digest": "sha256:" + "0" * 64, "valid_until": until, "classes": sorted(_COVERED)}


def _configuration() -> dict[str, Any]:
    """Six agents of one capability in three zones, two of them run by processors, of whom one's agreement has ended."""
    base = document()["processor"][0]
    return {
        "processor": [
            {**base, "agreement": _agreement("2026-12-31")},
            {**base, "id": "lapsed", "agreement": _agreement("2025-12-31")},
        ],
        "agent": [
            {"id": name, "protocol": "openai", "url": f"http://{name}", "zone": place.zone}
            | {"capabilities": ["triage"], "floor": list(place.floor)}
            | ({"processor": place.processor} if place.processor else {})
            for name, place in _AGENTS.items()
        ],
    }


_CONFIGURATION = _configuration()
_ROUTES = {
    name: route(name, place.zone, processor=place.processor, floor=place.floor) for name, place in _AGENTS.items()
}
_MESSAGES = {body.text: message(body.text) for body in BODIES}
_ENGINE: Engine = engine(ManualClock(NOON_US))
_SCANS = {text: _ENGINE.scan(read.parts) for text, read in _MESSAGES.items()}


def drawn_rules(chance: random.Random) -> tuple[str, ...]:
    """The rules of a policy; no two of one priority."""
    targets = [*(f"agent:{name}" for name in _AGENTS), *(f"zone:{name}" for name in _ZONES), "zone:*"]
    lines = []
    for number, priority in enumerate(chance.sample(range(1, 100), chance.randint(6, 34))):
        effect = chance.choice(["allow", "allow", "allow", "deny"])
        target = chance.choice([*targets, "capability:triage", "zone:*", "zone:*", "zone:in-house"])
        data, when, obligations = chance.choice([*CLASSES, *_WIDER, *_WIDER]), chance.choice(_TERMS), "none"
        trusted = target in ("agent:local", "agent:ward", "zone:in-house") or "zone:trusted" in when
        if effect == "allow" and trusted:
            obligations = chance.choice(_INSIDE)
        elif effect == "allow":
            # What would open sensitive data as they are to a zone that is not trusted is no policy to serve with.
            data = chance.choice(["public", "internal", "public", "pii", "phi", "pci", "special-category"])
            if data in _PERSONAL:
                when, obligations = chance.choice(["contract:valid", "contract:baa"]), chance.choice(_MASKS)
        lines.append(
            rule(
                f"r-{number}",
                priority,
                role=chance.choice(["role:*", "role:*", *(f"role:{name}" for name in _ROLES)]),
                data=f"class:{data}",
                agent=target,
                action=chance.choice(_PATTERNS),
                purpose=chance.choice(["purpose:*", "purpose:*", "purpose:*", "purpose:TREAT", "purpose:none"]),
                when=when,
                eft=effect,
                obligations=obligations,
            )
        )
    # Without rules as wide as people write them behind the others, nearly all would be refused.
    for wide in _WIDE:
        if chance.random() < 0.7:
            demanded = chance.choice(_DEMANDED) if wide["agent"] == "zone:in-house" else wide.get("obligations", "none")
            lines.append(rule(f"wide-{len(lines)}", 100 + len(lines), **(wide | {"obligations": demanded})))
    return tuple(lines)


_DEMANDED = ("none", "none", "none", "no-content", "approve:privacy")
_WIDE: tuple[dict[str, str], ...] = (
    {"data": "class:any", "role": "role:*", "agent": "zone:in-house"},
    {"data": "class:public", "role": "role:*", "agent": "zone:*"},
    {"data": "class:pii", "role": "role:*", "agent": "zone:*", "when": "contract:valid", "obligations": "redact"},
    {
        "data": "class:personal",
        "role": "role:*",
        "agent": "zone:cloud",
        "when": "contract:baa",
        "obligations": "tokenize",
    },
    {"data": "class:internal", "role": "role:*", "agent": "zone:*"},
)


def drawn_facts(chance: random.Random) -> tuple[Facts, str]:
    """The other lines of a policy, as what they say and as they are written."""
    edges = tuple(edge for edge in _ROLE_EDGES if chance.random() < 0.6)
    personal = _PERSONAL | ({"notes"} if chance.random() < 0.5 else frozenset())
    floors = tuple((where, chance.choice(CLASSES[1:6])) for where in _FLOORS if chance.random() < 0.12)
    implied = tuple(edge for edge in _IMPLIED if chance.random() < 0.15)
    exact = tuple((role, chance.choice(("*", "chat"))) for role in _ROLES if chance.random() < 0.05)
    zones = (("zone:cloud", "zone:partner"),) if chance.random() < 0.5 else ()
    lines = [f"g, role:{of}, role:{to}" for of, to in edges]
    lines += [f"g3, {of}, {to}" for of, to in zones]
    lines += ["g2, class:notes, class:any", *(["g2, class:notes, class:personal"] if "notes" in personal else [])]
    lines += [f"f, {where}, class:{name}" for where, name in floors]
    lines += [f"i, class:{of}, class:{to}" for of, to in implied]
    lines += [f"x, role:{role}, {pattern}" for role, pattern in exact]
    places = tuple((f"agent:{name}", "capability:triage") for name in _AGENTS)
    facts = Facts((*_KNOWN_EDGES, *edges), places, floors, implied, exact, frozenset(personal))
    return facts, "".join(f"{line}\n" for line in lines)


_FLOORS = ("role:clinician", "role:lead", "role:chief", "agent:local", "agent:sky", "capability:triage")
_IMPLIED = (("pii", "phi"), ("phi", "pii"), ("pci", "pii"), ("notes", "internal"))


def drawn_request(chance: random.Random) -> Asked:
    order = tuple(chance.sample(list(_AGENTS), chance.randint(1, len(_AGENTS))))
    return Asked(
        moment=chance.choice(_MOMENTS),
        roles=tuple(sorted(chance.sample([*_ROLES, "stranger"], chance.choice((0, 1, 2, 3))))),
        body=chance.choice(BODIES),
        declared=_some(chance, 0.2),
        inherited=_some(chance, 0.1),
        action=chance.choice(_ACTIONS),
        onward=tuple(chance.sample(_ONWARD, chance.choice((0, 0, 0, 0, 1, 2)))),
        purpose=chance.choice([None, *_PURPOSES]),
        zone=chance.choice(list(_ZONES)),
        order=order,
        target=chance.choice((order[0], "triage")),
        exact=chance.random() < 0.1,
    )


def _some(chance: random.Random, often: float) -> tuple[str, ...]:
    return tuple(sorted(chance.sample(CLASSES, chance.choice((1, 1, 2))))) if chance.random() < often else ()


def _classified(using: Policy, by: Caller, asked: Asked) -> Classified:
    scan = _SCANS[asked.body.text]
    floor = using.floor(by.identity.roles, asked.target)
    return Classified(
        scan=scan,
        found=tuple(using.implied(scan.classes)),
        declared=asked.declared,
        inherited=asked.inherited,
        floor=tuple(sorted(floor)),
    )


def answered(using: Policy, asked: Asked) -> tuple[Found, tuple[bool, frozenset[str]]]:
    """Where the router sends it, and what it lets come back."""
    clock = ManualClock(asked.moment.us)
    sent: Message = msgspec.structs.replace(_MESSAGES[asked.body.text], action=asked.action, onward=asked.onward)
    by = msgspec.structs.replace(caller(roles=asked.roles, zone=asked.zone), purpose=asked.purpose)
    known = _classified(using, by, asked)
    deciding = router(clock, using=using, scans=_ENGINE)
    back = deciding.receive(by, "receive", known.found or ("public",))
    returned = (back.allowed, frozenset(back.obligations))
    found = deciding.decide(by, sent, known, tuple(_ROUTES[name] for name in asked.order), exact=asked.exact)
    if not isinstance(found, Routed):
        return Found(None), returned
    text = " ".join(found.masked.get(part.pointer, part.text) for part in sent.parts)
    left = frozenset(value for value, _ in asked.body.values if value in text)
    return Found(found.route.id, found.decision.effect, left), returned


class Compared(msgspec.Struct, frozen=True):
    """One request, how it was decided, and how the plain enforcer would have it."""

    asked: Asked
    found: Any
    expected: Any


def compare(seed: int, requests: int = 1) -> list[Compared]:
    """A random policy and requests. Empty where the policy is one that must not be served with."""
    chance = random.Random(seed)
    lines, (facts, groups) = drawn_rules(chance), drawn_facts(chance)
    try:
        using = policy(*lines, groups=GROUPS + groups, **_CONFIGURATION)
    except ConfigurationError:
        return []
    plain = Plain(rules(*lines, groups=GROUPS + groups, **_CONFIGURATION), facts, _AGENTS, _ZONES)
    compared = []
    for _ in range(requests):
        asked = drawn_request(chance)
        compared.append(Compared(asked, answered(using, asked), (plain.route(asked), plain.receive(asked))))
    return compared


def main(count: int) -> int:
    digest, effects = hashlib.sha256(), Counter[str]()
    seed = done = 0
    while done < count:
        for one in compare(seed)[: count - done]:
            if one.found != one.expected:
                print(f"seed {seed}: {one.found}, the plain enforcer says {one.expected}: {one.asked}")
                return 1
            routed = one.found[0]
            digest.update(f"{routed.agent} {routed.effect} {sorted(routed.left)} {one.found[1][0]}\n".encode())
            done += 1
            effects[routed.effect] += 1
        seed += 1
    told = ", ".join(f"{count} {effect}" for effect, count in sorted(effects.items()))
    print(f"{done} policies and requests ({told}): {digest.hexdigest()}")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
