"""Agents that call agents: what such a call carries, how deep and how many they may be, and what comes back of them.

An exchange that an agent gets which calls others is known as such with its intent: the classes of what the agent is
sent, the trace, the purpose, the data subjects, and the chain of agents above. A call of that agent is made for one of
them, where it presents the token that came with it, and keeps all of that; or, without a token, for any of them, and
carries the classes of all. What it is answered becomes part of what its exchange knows, before the answer leaves; and
the exchange's own answer is held at least as strictly. All of it is in the database: any node may get the call.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Protocol

import msgspec

from gateway.checks.delegation import HEADER, Tokens
from gateway.core.caller import Caller, Identity
from gateway.core.errors import LedgerUnavailable
from gateway.core.ports import Clock, Route
from gateway.core.refusal import Refusal
from gateway.exchange.arrival import Origin
from gateway.exchange.exchange import Exchange, Lineage, Parent, Routed
from gateway.exchange.sessions import sticking
from gateway.ledger.entry import Delegated
from gateway.settings import DelegationSettings
from gateway.store.open_exchanges import OpenExchange, OpenExchanges

MAX_SUBJECTS = 128
"""Data subjects of a call, those of all exchanges above it counted."""
_FIELD = "X-Exchange-Delegation"
_Enter = Callable[[str, str], Awaitable[OpenExchange | None]]
"""Reads an exchange by its tenant and id, and counts a call in or not."""


class Flow(Protocol):
    """What an answer on its way back to its caller has to do with other exchanges."""

    async def known(self) -> tuple[str, ...]:
        """Classes that the agent was told while it made the answer, sorted: they are in the answer, as far as anybody
        knows. `LedgerUnavailable` when that cannot be known."""
        ...

    async def tell(self, classes: frozenset[str]) -> None:
        """Text of these classes is about to be given to the caller. `LedgerUnavailable` unless that is known then to
        the exchanges that the caller works for."""
        ...


class Apart:
    """The flow of an exchange that has to do with no other: most."""

    async def known(self) -> tuple[str, ...]:
        return ()

    async def tell(self, classes: frozenset[str]) -> None:
        """Nobody else is concerned."""


APART = Apart()


class Delegation:
    """Admits calls of agents, and says what they come to. `callers`: (tenant, subject) → the agent that calls as it;
    `persons`: who stands behind an identity in a ledger, as opaque ids; `shared`: whether other processes serve from
    the same database, so that what is remembered here is not all."""

    def __init__(
        self,
        store: OpenExchanges,
        tokens: Tokens,
        clock: Clock,
        *,
        callers: Mapping[tuple[str, str], str],
        persons: Callable[[str, Identity], tuple[str, ...]],
        settings: DelegationSettings,
        shared: bool,
    ) -> None:
        self._store, self._tokens, self._clock, self._settings = store, tokens, clock, settings
        self._callers, self._shared, self._persons = callers, shared, persons
        self._learned: dict[tuple[str, str], set[str]] = {}
        """What exchanges that are under way here have learned by calls that came here."""

    def agent_of(self, identity: Identity) -> str | None:
        """The agent that calls as this identity."""
        return self._callers.get((identity.tenant, identity.name))

    def calls(self, identity: Identity) -> bool:
        """Whether an identity is an agent's: what it is told sticks to what it works for."""
        return self.agent_of(identity) is not None or identity.kind == "agent"

    def concerns(self, exchange: Exchange, caller: Caller) -> bool:
        """Whether `admit` has something to look at: for most callers nothing."""
        return self.calls(caller.identity) or bool(exchange.headers.delegation) or _resumes(exchange) is not None

    async def admit(self, exchange: Exchange, caller: Caller, *, counts: bool = True) -> Caller | Refusal:
        """Step 1, after the caller is known: the caller as it may go on, with what the call comes from in `exchange`.
        `counts`: whether it is one call more.

        1. Who calls is an agent that is registered; a token of anybody else's is refused.
        2. What it comes from is read, and the call counted there: `LedgerUnavailable` when that cannot be.
           What was asked for earlier comes from what was read then, and was counted then.
        3. It goes on with that exchange's trace, purpose and subjects, where a token names one.
        4. The chain of agents above it is not too long.
        """
        identity, given, origin = caller.identity, exchange.headers.delegation, _resumes(exchange)
        agent = self._callers.get((identity.tenant, identity.name))
        if agent is None:
            if given:
                return _invalid("a credential of the agent that the token was given to")
            if identity.kind == "agent" and not self._settings.unregistered:
                return Refusal(code="agent_unregistered", hint="the caller under `callers` of its [[agent]]")
            if origin is None:
                return caller
        admitted: Caller | Refusal
        if origin is not None:
            admitted = _resumed(exchange, caller, agent, origin)
        elif agent is not None:
            enter = self._store.enter if counts else self._store.find
            of = self._named if given else self._unnamed
            admitted = await of(exchange, caller, agent, enter)
        if isinstance(admitted, Refusal):
            return admitted
        lineage = exchange.lineage
        if lineage is not None and len(lineage.chain) > self._settings.max_depth:
            return Refusal(code="delegation_depth", hint=f"at most {self._settings.max_depth} agents above a call")
        return admitted

    async def _named(self, exchange: Exchange, caller: Caller, agent: str, enter: _Enter) -> Caller | Refusal:
        given = exchange.headers.delegation
        read = None
        if len(given) == 1:  # whoever sits between might have read the other one
            read = self._tokens.exchange(given[0], tenant=caller.tenant, agent=agent)
        if read is None:
            return _invalid("the header once, as the agent got it with the exchange that it calls for")
        named, expires_s = read
        if expires_s * 1_000_000 <= self._clock.now_us():
            return Refusal(code="delegation_expired", field=_FIELD, hint="the token of an exchange that is open")
        found = await enter(caller.tenant, named)
        if found is None:
            return Refusal(code="delegation_expired", field=_FIELD, hint="the token of an exchange that is open")
        exchange.lineage = _lineage(agent, [found], named)
        exchange.trace = found.context.trace
        asked = exchange.headers.purpose
        caller = exchange.caller = msgspec.structs.replace(caller, purpose=found.context.purpose)
        if asked is not None and asked != caller.purpose:
            hint = "that of the exchange that the call is made for, or none"
            return Refusal(code="purpose_not_allowed", field="X-Purpose", hint=hint)
        return _about(exchange, found.context.subjects) or self._bounded(found) or caller

    async def _unnamed(self, exchange: Exchange, caller: Caller, agent: str, enter: _Enter) -> Caller | Refusal:
        """For which of its exchanges it calls is not known: it carries what all of them carry, and is counted where
        fewest calls were made so far."""
        found = await self._store.of_agent(agent)
        exchange.lineage = _lineage(agent, found, None)
        if not found:
            return caller
        least = min(found, key=lambda one: one.children)
        entered = await enter(least.tenant, least.id)
        # One that has ended in between was open when its classes were read, which is what counts.
        return caller if entered is None else self._bounded(entered) or caller

    def _bounded(self, entered: OpenExchange) -> Refusal | None:
        limit = self._settings.max_children
        if entered.children <= limit:
            return None
        return Refusal(code="delegation_fanout", hint=f"at most {limit} calls for one exchange")

    # ------------------------------------------------------------------------------------------- towards the agent

    def opened(self, exchange: Exchange, routed: Routed) -> Delegated | None:
        """Step 7: what goes with the intent, where the agent calls others."""
        classified, caller = exchange.classified, exchange.caller
        if not routed.route.calls or classified is None or caller is None:
            return None
        if not exchange.delegated:
            exchange.delegated = True
            self._learned[caller.tenant, exchange.id] = set()
            exchange.held.append(partial(self._forget, caller.tenant, exchange.id))
        origin = () if exchange.lineage is None else exchange.lineage.persons
        said = classified.joined.said if classified.joined is not None else frozenset[str]()
        return Delegated(
            agent=routed.route.id,
            classes=tuple(sorted(sticking(classified, routed) | said)),
            trace=exchange.trace,
            purpose=caller.purpose,
            subjects=exchange.subjects,
            chain=() if exchange.lineage is None else exchange.lineage.chain,
            persons=tuple(sorted({*self._persons(caller.tenant, caller.identity), *origin})),
        )

    async def extend(self, exchange: Exchange, routed: Routed) -> None:
        """Step 8: the same before a further agent gets the message."""
        delegated = self.opened(exchange, routed)
        if delegated is not None and exchange.caller is not None:
            await self._store.extend(exchange.caller.tenant, exchange.id, delegated)

    def headers(self, exchange: Exchange, route: Route) -> tuple[tuple[str, str], ...]:
        """What the agent is sent so that it can call for this exchange."""
        if not route.delegation or exchange.caller is None:
            return ()
        expires_s = self._clock.now_us() // 1_000_000 + self._settings.lifetime_s
        token = self._tokens.issue(
            tenant=exchange.caller.tenant, exchange=exchange.id, agent=route.id, expires_s=expires_s
        )
        return ((HEADER, token),)

    # --------------------------------------------------------------------------------------- on the way back from it

    def flow(self, exchange: Exchange) -> Flow:
        """What the answer of this exchange has to do with others: that of a task has, with those it is fetched in."""
        task = exchange.arrival.identity is not None
        if not task and not exchange.delegated and (exchange.lineage is None or not exchange.lineage.parents):
            return APART
        return _Concerned(self, exchange)

    async def known(self, exchange: Exchange) -> frozenset[str]:
        """Classes of what the exchange's agents were told in answer to their calls so far."""
        if not exchange.delegated or exchange.caller is None:
            return frozenset()
        if self._shared:
            return await self._store.learned(exchange.caller.tenant, exchange.id)
        learned = self._learned.get((exchange.caller.tenant, exchange.id))
        if learned is None:
            raise LedgerUnavailable("what the exchange has learned is not known any more")
        return frozenset(learned)

    async def learn(self, parents: Iterable[Parent], classes: frozenset[str]) -> None:
        """Text of these classes is about to be given to an agent that works for `parents`."""
        for parent in parents:
            fresh = classes - parent.learned
            if not fresh:
                continue
            await self._store.learn(parent.tenant, parent.exchange, fresh)
            here = self._learned.get((parent.tenant, parent.exchange))
            if here is not None:
                here |= fresh

    async def fetched(
        self, exchange: Exchange, caller: Caller, classes: frozenset[str], before: bool = False
    ) -> Refusal | None:
        """An answer of these classes, which was kept, is about to be given to the caller: as a call by an agent it is
        admitted, and what the agent works for knows of it when this returns. `LedgerUnavailable` otherwise. `before`:
        it was fetched by an agent already; whoever looks at it again makes no further call."""
        if not self.concerns(exchange, caller):
            return None
        admitted = await self.admit(exchange, caller, counts=not before)
        if isinstance(admitted, Refusal):
            return admitted
        if exchange.lineage is not None:
            await self.learn(exchange.lineage.parents, classes - {"public"})
        return None

    def _forget(self, tenant: str, exchange: str) -> None:
        self._learned.pop((tenant, exchange), None)


class _Concerned:
    """The flow of an exchange that others were made for, or that is made for others."""

    def __init__(self, delegation: Delegation, exchange: Exchange) -> None:
        self._delegation, self._exchange = delegation, exchange
        self._told: frozenset[str] = frozenset({"public"})

    async def known(self) -> tuple[str, ...]:
        found = await self._delegation.known(self._exchange)
        self._exchange.inherited |= found
        return tuple(sorted(found))

    async def tell(self, classes: frozenset[str]) -> None:
        lineage = self._exchange.lineage
        fresh = classes - self._told
        if not fresh:
            return
        if lineage is not None:
            await self._delegation.learn(lineage.parents, fresh)
        self._told |= fresh
        self._exchange.told |= fresh


def _lineage(agent: str, found: list[OpenExchange], named: str | None) -> Lineage:
    """What a call comes from: all that stands above it, the caller last."""
    above = dict.fromkeys(one for opened in found for one in opened.context.chain)
    above.pop(agent, None)
    return Lineage(
        chain=(*above, agent),
        classes=frozenset[str]().union(*(opened.sent | opened.learned for opened in found)),
        parents=tuple(Parent(tenant=opened.tenant, exchange=opened.id, learned=opened.learned) for opened in found),
        parent=named,
        persons=tuple(sorted({person for opened in found for person in opened.context.persons})),
    )


def _resumes(exchange: Exchange) -> Origin | None:
    """What a call comes from that an agent asked for earlier."""
    origin = exchange.arrival.origin
    return None if origin is None or not origin.chain else origin


def _resumed(exchange: Exchange, caller: Caller, agent: str | None, origin: Origin) -> Caller | Refusal:
    """A call that was asked for earlier, by an agent that may be another by now, or none. Nobody waits for its answer:
    what is in that is learned where it is fetched (`fetched`)."""
    chain = tuple(one for one in origin.chain if one != agent)
    exchange.lineage = Lineage(
        chain=chain if agent is None else (*chain, agent),
        classes=frozenset(origin.inherited),
        parent=origin.parent,
        persons=origin.persons,
    )
    exchange.trace = origin.trace
    if origin.parent is None:
        return caller
    caller = exchange.caller = msgspec.structs.replace(caller, purpose=origin.purpose)
    return _about(exchange, origin.subjects) or caller


def _about(exchange: Exchange, above: tuple[str, ...]) -> Refusal | None:
    """The data subjects of what stands above a call are its own too."""
    subjects = tuple(dict.fromkeys((*above, *exchange.subjects)))
    if len(subjects) > MAX_SUBJECTS:
        hint = f"at most {MAX_SUBJECTS} subjects, those of the exchanges above counted"
        return Refusal(code="header_invalid", field="X-Data-Subject", hint=hint)
    exchange.subjects = subjects
    return None


def _invalid(hint: str) -> Refusal:
    return Refusal(code="delegation_invalid", field=_FIELD, hint=hint)
