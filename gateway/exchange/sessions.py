"""Sessions: what an agent still holds of earlier messages, whose it is, and which data classes stick to it.

A message names what it continues (`Message.sessions`) and what its provider holds (`Message.references`). The classes
of all that are inherited, and the message goes nowhere but to the agent that holds them. What an exchange adds is
written with its records: classes of what is sent with the intent, before anything is; classes of what the agent says
with the outcome, before the answer is released as complete, and in a stream before the first bytes that show one. What
was masked before it was sent does not stick: the agent never had it.
"""

from collections.abc import Callable, Iterable

from gateway.core.caller import Caller
from gateway.core.decision import declassified, masks_whole
from gateway.core.ids import random_id
from gateway.core.message import Message
from gateway.core.ports import Clock, Route
from gateway.core.refusal import Refusal
from gateway.exchange.exchange import Classified, Exchange, Holding, Joined, Outcome, Routed
from gateway.ledger.entry import SessionGrowth
from gateway.store.sessions import SessionStore, StoredSession

MAX_NAMES = 64
"""Names that one message may continue, and that one answer may begin."""
AGENTS_OWN = frozenset({"a2a-task", "mcp-task"})
"""Kinds of names that only agents make up, and give away in an answer. One that is not known here was given to
somebody else, or to nobody: it is refused like another's, so that neither can be told from the other."""
_AT_ONCE = 500
"""Keys that are looked up together."""
_DAY_US = 86_400_000_000


class Sessions:
    """Joins messages to what they continue, and says what their exchanges add. Holds no state of sessions."""

    def __init__(self, store: SessionStore, clock: Clock, idle_days: int) -> None:
        self._store, self._clock, self._idle_us = store, clock, idle_days * _DAY_US

    async def join(self, caller: Caller, message: Message) -> Joined | Refusal:
        """Step 4: what the message continues. `LedgerUnavailable` when that cannot be read.

        Refused, all alike (`not_found`): a session that has expired, another caller's, another tenant's.
        """
        names = dict.fromkeys((*message.sessions, *message.references))
        if len(names) > MAX_NAMES:
            return Refusal(code="feature_unsupported", hint=f"at most {MAX_NAMES} sessions and references")
        keys = {name: self._store.key(name) for name in names}
        found = await self._store.find(tuple(keys.values()))
        now, known, started = self._clock.now_us(), [], []
        unknown = False
        for name, key in keys.items():
            stored = found.get(key)
            if stored is None and name.partition(":")[0] in AGENTS_OWN:
                return Refusal(code="not_found")
            if stored is None:
                begins = name not in message.references
                started += [key] if begins else []
                unknown = unknown or not begins
            elif self._owns(caller, stored) and now < stored.expires_us:
                known.append(stored)
            else:
                return Refusal(code="not_found")
        return _joined(known, tuple(started), unknown)

    async def owned(self, caller: Caller, names: tuple[str, ...], route: Route) -> frozenset[str]:
        """Those of these names that are this caller's sessions with this agent, and have not ended."""
        keys = {self._store.key(name): name for name in names}
        waiting, mine, now = list(keys), set[str](), self._clock.now_us()
        while waiting:
            found = await self._store.find(tuple(waiting[:_AT_ONCE]))
            waiting = waiting[_AT_ONCE:]
            mine |= {
                keys[key]
                for key, stored in found.items()
                if self._owns(caller, stored) and now < stored.expires_us and stored.agent == route.id
            }
        return frozenset(mine)

    async def began(self, caller: Caller, joined: Joined, routed: Routed) -> bool:
        """After the intent: whether the sessions that this message began are the caller's and this agent's. Two that
        begin the same one at once both believe that they do; the database lets only the first have it."""
        if not joined.started:
            return True
        found = await self._store.find(joined.started)
        return all(
            (stored := found.get(key)) is not None
            and self._owns(caller, stored)
            and (stored.agent, stored.zone) == (routed.route.id, routed.route.zone)
            for key in joined.started
        )

    def sending(self, caller: Caller, classified: Classified, routed: Routed) -> tuple[SessionGrowth, ...]:
        """What the intent adds: the classes that are about to be sent, and a later expiry."""
        joined = classified.joined
        if joined is None:
            return ()
        sent = sticking(classified, routed)
        growths = []
        for key in (*joined.known, *joined.started):
            # Each has its own: what one of them lacked is told to its agent now, with the rest of the message.
            has = joined.of(key)
            said = joined.said - has.sent - has.said
            growths.append(
                self._growth(key, joined.id, caller, routed.route, sent=sent - has.sent, said=said),
            )
        return tuple(growths)

    def said(
        self,
        caller: Caller,
        classified: Classified,
        routed: Routed,
        names: tuple[str, ...],
        classes: Iterable[str],
        begins: Callable[[], str] = lambda: random_id("se"),
    ) -> tuple[SessionGrowth, ...]:
        """What the outcome adds: the classes of what the agent said, to what was continued and to the names that its
        answer gave away. `begins`: the id of a session that this exchange is the first of."""
        joined = classified.joined
        fresh = frozenset(classes) - {"public"}
        continued = () if joined is None else (*joined.known, *joined.started)
        session = begins() if joined is None else joined.id
        growths = []
        for key in continued:
            has = Holding() if joined is None else joined.of(key)
            new = fresh - has.sent - has.said
            growths += [self._growth(key, session, caller, routed.route, said=new)] if new else []
        keys = dict.fromkeys(self._store.key(name) for name in names[:MAX_NAMES])
        sent = sticking(classified, routed)
        said = fresh | (joined.said if joined is not None else frozenset())
        growths += [
            self._growth(key, session, caller, routed.route, sent=sent, said=said)
            for key in keys
            if key not in continued
        ]
        return tuple(growths)

    def grown(self, exchange: Exchange, outcome: Outcome | None = None) -> tuple[SessionGrowth, ...]:
        """What an intent, or an outcome, adds to sessions."""
        classified, caller, routed = exchange.classified, exchange.caller, exchange.routed
        if classified is None or caller is None or routed is None:
            return ()
        if classified.joined is None and (outcome is None or not outcome.sessions):
            return ()
        if outcome is None:
            return self.sending(caller, classified, routed)
        names, classes = outcome.sessions, outcome.classes or ()
        return self.said(caller, classified, routed, names, classes, exchange.begins)

    async def announce(
        self,
        caller: Caller,
        classified: Classified,
        routed: Routed,
        names: tuple[str, ...],
        classes: Iterable[str] = (),
        begins: Callable[[], str] = lambda: random_id("se"),
    ) -> None:
        """Make the names that a stream gives away, and the classes of what it has said, durable before that leaves:
        whoever uses one at once finds it known, and what was said sticks though the stream be cut off. Nothing is
        written where there is no session, or where it has all that.

        A crash before: nobody has those bytes. After: the session is held to what nobody may have got.
        """
        growths = self.said(caller, classified, routed, names, classes, begins)
        if growths:
            await self._store.put(caller.tenant, growths)

    def _owns(self, caller: Caller, stored: StoredSession) -> bool:
        principal = self._store.principal(caller.identity.on_behalf_of)
        return (stored.tenant, stored.actor, stored.principal) == (caller.tenant, caller.actor, principal)

    def _growth(
        self,
        key: bytes,
        session: str,
        caller: Caller,
        route: Route,
        *,
        sent: frozenset[str] = frozenset(),
        said: frozenset[str] = frozenset(),
    ) -> SessionGrowth:
        now = self._clock.now_us()
        return SessionGrowth(
            key=key,
            id=session,
            actor=caller.actor,
            principal=self._store.principal(caller.identity.on_behalf_of),
            agent=route.id,
            zone=route.zone,
            sent=tuple(sorted(sent)),
            said=tuple(sorted(said)),
            seen_us=now,
            expires_us=now + self._idle_us,
        )


def sticking(classified: Classified, routed: Routed) -> frozenset[str]:
    """The classes of a message as its agent gets it: all but `public`, those that were masked out of it whole, and
    those that are there only because the agent itself said them.

    A class that was declared, inherited or set as a floor is no matter of spans, and stays; one that a rule
    declassified does not.
    """
    joined = classified.joined
    said = joined.said - joined.sent - classified.carried if joined is not None else frozenset()
    inherited = frozenset(classified.inherited) - said
    stated = {*classified.declared, *classified.floor, *routed.route.floor, *inherited}
    masked: set[str] = set()
    if routed.masked and routed.ruling is not None:
        masked = {verdict.data_class for verdict in routed.ruling.verdicts if masks_whole(verdict.obligations)}
    left = declassified(routed.ruling)
    return frozenset(stated | (set(classified.found) - masked)) - left - {"public"}


def _joined(known: list[StoredSession], started: tuple[bytes, ...], unknown: bool) -> Joined:
    sent = frozenset[str]().union(*(one.sent for one in known), {"unscanned"} if unknown else ())
    return Joined(
        id=known[0].id if known else random_id("se"),
        known=tuple(one.key for one in known),
        started=started,
        unknown=unknown,
        holders=frozenset((one.agent, one.zone) for one in known),
        holding={one.key: Holding(one.sent, one.said) for one in known},
        sent=sent,
        said=frozenset[str]().union(*(one.said for one in known)),
    )
