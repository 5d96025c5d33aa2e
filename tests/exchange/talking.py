"""What the router and the sessions make of requests of one policy, one after another: the side of the comparison in
`tests.exchange.routing` that is the gateway's own code.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from gateway.checks.classification.engine import Engine
from gateway.checks.policy.policy import Policy
from gateway.core.caller import Caller
from gateway.core.finding import Finding, Scan
from gateway.core.message import Message, Part
from gateway.core.ports import Route
from gateway.exchange.exchange import Classified, Joined, Routed
from gateway.exchange.router import Denied
from gateway.exchange.sessions import Sessions
from tests.checks.policy.making import NOON_US
from tests.conftest import ManualClock
from tests.exchange.bodies import BODIES
from tests.exchange.making import caller, engine, message, router
from tests.exchange.plainly import Asked, Found, Held, Holding
from tests.exchange.test_sessions import Kept

SESSIONS = ("mcp:one", "mcp:two")
"""Names of sessions that requests continue."""
_MESSAGES = {body.text: message(body.text) for body in BODIES}
_ENGINE: Engine = engine(ManualClock(NOON_US))
_SCANS = {text: _ENGINE.scan(read.parts) for text, read in _MESSAGES.items()}


class Leaving:
    """The engine, which in whatever it looks at again finds this type, be it masked or not."""

    def __init__(self, kind: str) -> None:
        self._kind, self.maskable, self.version = kind, _ENGINE.maskable, _ENGINE.version

    def scan(self, parts: Sequence[Part], *, health_context: bool = False, whose: str = "") -> Scan:
        found = _ENGINE.scan(parts, health_context=health_context)
        first = (*found.parts[0], Finding(self._kind, 0, 1, 1.0, "form"))
        return msgspec.structs.replace(found, parts=(first, *found.parts[1:]))


class Answered(NamedTuple):
    """Of one request: where it goes and how; where it would go if nothing were on trial; what may come back; and by
    session the classes of what its agent holds then, as (agent, sent, said)."""

    found: Found
    tried: Found
    back: tuple[bool, frozenset[str]]
    holding: Holding


class Talking:
    """What the router and the sessions of one policy do with requests, one after another."""

    def __init__(self, using: Policy, routes: Mapping[str, Route]) -> None:
        self._using, self._routes, self._kept, self._clock = using, routes, Kept(), ManualClock(NOON_US)
        store: Any = self._kept
        self._sessions = Sessions(store, self._clock, idle_days=10_000)

    async def answered(self, asked: Asked) -> Answered:
        self._clock.us = asked.moment.us
        sent: Message = msgspec.structs.replace(
            _MESSAGES[asked.body.text],
            action=asked.action,
            onward=asked.onward,
            sessions=asked.sessions,
            references=("openai-response:unseen",) if asked.refers else (),
        )
        by = msgspec.structs.replace(caller(roles=asked.roles, zone=asked.zone), purpose=asked.purpose)
        known = await self._classified(by, sent, asked)
        scans: Any = _ENGINE if asked.residue is None else Leaving(asked.residue)
        deciding = router(self._clock, using=self._using, scans=scans)
        back = deciding.receive(by, "receive", known.found or ("public",))
        decided = deciding.decide(by, sent, known, tuple(self._routes[name] for name in asked.order), exact=asked.exact)
        if isinstance(decided, Routed):
            await self._grown(by, known, decided, asked)
        found = _found(sent, asked, decided)
        return Answered(found, _tried(decided, found), (back.allowed, frozenset(back.obligations)), self._holding())

    async def _classified(self, by: Caller, sent: Message, asked: Asked) -> Classified:
        """As step 4 joins them (`exchange.classifying`), of what was scanned once for all."""
        scan, carried = _SCANS[asked.body.text], frozenset(asked.inherited)
        joined = await self._sessions.join(by, sent) if sent.sessions or sent.references else None
        if joined is not None and not isinstance(joined, Joined):
            raise TypeError(joined)
        inherited = carried if joined is None else carried | joined.sent | joined.said
        return Classified(
            scan=scan,
            found=self._using.implied(scan.classes),
            declared=asked.declared,
            inherited=tuple(sorted(inherited)),
            floor=tuple(sorted(self._using.floor(by.identity.roles, asked.target))),
            joined=joined,
            carried=carried,
        )

    async def _grown(self, by: Caller, known: Classified, routed: Routed, asked: Asked) -> None:
        """The agent is sent it, and answers."""
        await self._kept.put(by.tenant, self._sessions.sending(by, known, routed))
        said = self._using.implied(asked.answered)
        await self._kept.put(by.tenant, self._sessions.said(by, known, routed, (), said))

    def _holding(self) -> Holding:
        found = {name: self._kept.rows.get(self._kept.key(name)) for name in SESSIONS}
        return {name: Held(one.agent, one.sent, one.said - one.sent) for name, one in found.items() if one is not None}


def _found(sent: Message, asked: Asked, decided: Routed | Denied) -> Found:
    if not isinstance(decided, Routed):
        return Found(None)
    text = " ".join(decided.masked.get(part.pointer, part.text) for part in sent.parts)
    left = frozenset(value for value, _ in asked.body.values if value in text)
    return Found(decided.route.id, decided.decision.effect, left)


def _tried(decided: Routed | Denied, found: Found) -> Found:
    """What is on record beside the decision, or as it is; the values that would be left are nowhere said."""
    observed = decided.decision.observed
    return Found(found.agent, found.effect) if observed is None else Found(observed.agent, observed.effect)
