"""Random policies and requests, and where they are routed: by the router, and by casbin's plain enforcer asked class by
class (`plainly`). Everything is drawn from a seed, so that any process draws the same.

Drawn are rules with their conditions and obligations, some on trial, some that declassify; groupings of roles, classes
and zones, floors, implied classes and lines that forbid rerouting; instants on either side of conditions, agreements
and trials; bodies with findings beside classes that were declared or inherited; what an agent would contact by itself;
sessions that go on, with what agents said in them; what masking leaves over. Compared are the agent, the word of the
decision, which values of the body are sent, what may come back to the caller, how it would have been if nothing were on
trial, and which classes stick to the sessions.

    python -m tests.exchange.routing [COUNT]

compares COUNT of them (10,000) and prints a digest over all routes.
"""

import asyncio
import hashlib
import random
import sys
from collections import Counter
from typing import Any

import msgspec

from gateway.core.errors import ConfigurationError
from tests.checks.policy.making import DAY_US, GROUPS, NOON_US, document, policy, rule, rules
from tests.exchange.bodies import BODIES
from tests.exchange.making import route
from tests.exchange.plainly import Asked, Facts, Found, Holding, Moment, Place, Plain
from tests.exchange.talking import SESSIONS, Answered, Talking

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
_HOLDERS = ("role:*", "role:*", *(f"role:{name}" for name in _ROLES))
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
_LAST_DAYS = ("2026-01-04", "2026-01-05", "2026-01-09", "2027-06-30")
"""Of trials: over at all of the moments, over at some, and at none."""
_LEAVES = {
    **{name: (name,) for name in ("internal", "phi", "pci", "secret", "special-category", "notes")},
    "pii": ("pii", "pii", "phi"),
    "personal": ("pii", "phi", "pci", "special-category"),
    "any": ("internal", "pii", "phi", "pci", "secret", "special-category", "notes"),
}
"""What a rule is about → the classes that may leave by it."""
_LEFT_OVER = ("email", "card", "us-ssn", "person", "mrn", "date-of-birth", "special-religion")
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


def drawn_rules(chance: random.Random) -> tuple[tuple[str, ...], dict[str, str]]:
    """The rules of a policy, no two of one priority; and by id the last day of those that are on trial."""
    targets = [*(f"agent:{name}" for name in _AGENTS), *(f"zone:{name}" for name in _ZONES), "zone:*"]
    lines, trials = [], dict[str, str]()
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
        if effect == "allow":
            obligations = _leaving(chance, data, obligations)
        action, role = chance.choice(_PATTERNS), chance.choice(_HOLDERS)
        if chance.random() < 0.3 and (effect == "deny" or obligations != "none"):
            # What comes back is not watched: a rule on trial must not be about it, as one for `*` is.
            trials[f"r-{number}"], action = chance.choice(_LAST_DAYS), chance.choice((*_ACTIONS, *_ONWARD))
            role, target = "role:*", "zone:*" if effect == "deny" else target
            obligations = _also(obligations, f"observe:{trials[f'r-{number}']}")
        lines.append(
            rule(
                f"r-{number}",
                priority,
                role=role,
                data=f"class:{data}",
                agent=target,
                action=action,
                purpose=chance.choice(["purpose:*", "purpose:*", "purpose:*", "purpose:TREAT", "purpose:none"]),
                when=when,
                eft=effect,
                obligations=obligations,
            )
        )
        if effect == "allow" and not trusted and data == "internal":
            lines.append(_answered(f"r-{number}"))
    # Without rules as wide as people write them behind the others, nearly all would be refused.
    for wide in _WIDE:
        if chance.random() < 0.7:
            demanded = chance.choice(_DEMANDED) if wide["agent"] == "zone:in-house" else wide.get("obligations", "none")
            demanded = _leaving(chance, wide["data"].removeprefix("class:"), demanded)
            name = f"wide-{len(lines)}"
            lines.append(rule(name, 100 + len(lines), **(wide | {"obligations": demanded})))
            if wide["data"] == "class:internal":
                lines.append(_answered(name))
    return tuple(lines), trials


def _answered(name: str) -> str:
    """The line that answers for a rule by which internal data leave as they are."""
    return f'o, {name}, class:internal, "It is meant to."\n'


def _leaving(chance: random.Random, data: str, obligations: str) -> str:
    """These obligations, now and then with one by which a class leaves."""
    if data not in _LEAVES or chance.random() < 0.7:
        return obligations
    return _also(obligations, f"declassify:{chance.choice(_LEAVES[data])}")


def _also(obligations: str, word: str) -> str:
    return word if obligations == "none" else f"{obligations};{word}"


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


def drawn_facts(chance: random.Random, trials: dict[str, str]) -> tuple[Facts, str]:
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
    facts = Facts((*_KNOWN_EDGES, *edges), places, floors, implied, exact, frozenset(personal), trials)
    return facts, "".join(f"{line}\n" for line in lines)


_FLOORS = ("role:clinician", "role:lead", "role:chief", "agent:local", "agent:sky", "capability:triage")
_IMPLIED = (("pii", "phi"), ("phi", "pii"), ("pci", "pii"), ("notes", "internal"))


def drawn_request(chance: random.Random, *, turns: bool) -> Asked:
    """`turns`: whether it may be one of a session."""
    order = tuple(chance.sample(list(_AGENTS), chance.randint(1, len(_AGENTS))))
    return Asked(
        moment=chance.choice(_MOMENTS),
        roles=tuple(sorted(chance.sample([*_ROLES, "stranger"], chance.choice((0, 1, 2, 3))))),
        body=chance.choice(BODIES),
        declared=_some(chance, 0.2),
        inherited=_some(chance, 0.15),
        action=chance.choice(_ACTIONS),
        onward=tuple(chance.sample(_ONWARD, chance.choice((0, 0, 0, 0, 1, 2)))),
        purpose=chance.choice([None, *_PURPOSES]),
        zone=chance.choice(list(_ZONES)),
        order=order,
        target=chance.choice((order[0], "triage")),
        exact=chance.random() < 0.1,
        sessions=tuple(name for name in SESSIONS if chance.random() < (0.6 if turns else 0.0)),
        refers=chance.random() < 0.05,
        answered=_some(chance, 0.3),
        residue=chance.choice(_LEFT_OVER) if chance.random() < 0.15 else None,
    )


def _some(chance: random.Random, often: float) -> tuple[str, ...]:
    return tuple(sorted(chance.sample(CLASSES, chance.choice((1, 1, 2))))) if chance.random() < often else ()


def _written(holding: Holding) -> str:
    return "; ".join(f"{name} {one.agent} {sorted(one.sent)} {sorted(one.said)}" for name, one in holding.items())


class Compared(msgspec.Struct, frozen=True):
    """One request, how it was decided, and how the plain enforcer would have it."""

    asked: Asked
    found: Answered
    expected: Answered


def compare(seed: int, requests: int = 1) -> list[Compared]:
    """A random policy and requests. Empty where the policy is one that must not be served with."""
    chance = random.Random(seed)
    lines, trials = drawn_rules(chance)
    facts, groups = drawn_facts(chance, trials)
    try:
        using = policy(*lines, groups=GROUPS + groups, **_CONFIGURATION)
    except ConfigurationError:
        return []
    plain = Plain(rules(*lines, groups=GROUPS + groups, **_CONFIGURATION), facts, _AGENTS, _ZONES)
    turns = chance.random() < 0.5
    asked = [drawn_request(chance, turns=turns) for _ in range(requests * (2 if turns else 1))]
    return asyncio.run(_compared(Talking(using, _ROUTES), plain, asked))


async def _compared(talking: Talking, plain: Plain, requests: list[Asked]) -> list[Compared]:
    compared = list[Compared]()
    holding: Holding = {}
    for asked in requests:
        expected, back = plain.route(asked, holding), plain.receive(asked)
        tried, holding = plain.route(asked, holding, tried=True), plain.after(asked, holding)
        compared.append(
            Compared(
                asked,
                await talking.answered(asked),
                Answered(expected, Found(tried.agent, tried.effect), back, holding),
            )
        )
    return compared


def main(count: int) -> int:
    digest, effects = hashlib.sha256(), Counter[str]()
    seed = done = 0
    while done < count:
        for one in compare(seed)[: count - done]:
            if one.found != one.expected:
                print(f"seed {seed}: {one.found}, the plain enforcer says {one.expected}: {one.asked}")
                return 1
            routed, tried = one.found.found, one.found.tried
            digest.update(f"{routed.agent} {routed.effect} {sorted(routed.left)} {one.found.back[0]}\n".encode())
            digest.update(f"{tried.agent} {tried.effect} {_written(one.found.holding)}\n".encode())
            done += 1
            effects[routed.effect] += 1
        seed += 1
    told = ", ".join(f"{count} {effect}" for effect, count in sorted(effects.items()))
    print(f"{done} policies and requests ({told}): {digest.hexdigest()}")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
