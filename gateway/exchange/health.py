"""How the agents are: who may be asked now, how often, and by how many at once. One value for the whole process.

`Health` holds each agent's breaker, places, retry budget and what its health check last said. A `Place` is what one
exchange holds of one agent: it is taken before the intent is recorded, so what is turned away never claimed that it
would be sent, and given back when the exchange ends, its stream included. What one agent is short of, no other feels.
"""

import random as chance
from collections.abc import Callable, Container, Iterable, Iterator

import msgspec

from gateway.core.ports import Clock, Route
from gateway.core.refusal import Refusal
from gateway.exchange.breaker import Breaker, State, Verdict
from gateway.exchange.retry import Budget, backoff_s
from gateway.exchange.slots import Slots
from gateway.exchange.speed import Speed
from gateway.settings import Agent
from gateway.settings import Breaker as Rules

FAULTS = frozenset(
    {
        *("connect_failed", "timeout_connect", "timeout_response", "timeout_total", "closed_early", "bad_answer"),
        *("unavailable", "agent_failed", "address_refused"),
    }
)
"""`AgentError` codes that speak against an agent. Not `answer_too_large`: how much is asked for is the caller's choice,
and how much is taken the operator's; nor a redirect, or what has no words in the API that is spoken here, since which
path is asked for, and in which API, is the caller's choice too, and one of them would suspend the agent for all; nor
what this gateway could not render or had no connection for."""
_BELIED = frozenset({"agent_timeout", "agent_bad_answer", "agent_unavailable"})
"""Codes that an exchange ends with when an answer had begun, and was none in the end."""
_CALLERS = frozenset({"answer_too_large", "untranslatable"})
"""Reasons for which an answer was none in the end that are of the caller's making."""
_ENOUGH = 429
_SECOND_NS = 1_000_000_000
_FAILURES = 2
"""Health checks that fail in a row before an agent counts as sick."""


class AgentState(msgspec.Struct, frozen=True):
    """One agent as the metrics tell it."""

    agent: str
    healthy: bool
    breaker: State
    under_way: int
    queued: int
    retries: int
    shed: int
    load: float = 0.0
    """What is under way or waits at it, as a share of what it takes at once."""
    answers_in_s: float | None = None
    """Seconds until it answers whole, as a weighted mean with failures counted against it; None where that is not
    measured, or nothing is known yet."""
    begins_in_s: float | None = None
    """Likewise until its streams begin."""


class _Agent:
    """One agent's counters."""

    __slots__ = ("breaker", "budget", "failing", "fault_ns", "queue_s", "retries", "retry_tries", "retry_wait_s",
                 "shed", "slots", "speeds")  # fmt: skip

    def __init__(self, agent: Agent, random: Callable[[], float], now: int, *, measured: bool) -> None:
        self.breaker = Breaker(agent.breaker or Rules(), random)
        self.slots = Slots(agent.concurrency, agent.queue)
        self.budget = Budget(agent.retry_budget, now)
        # Who fetches a request has it: another one is another lease, which the next try may have.
        self.retry_tries, self.retry_wait_s = 0 if agent.pull else agent.retries, agent.retry_wait_s
        self.queue_s = agent.queue_timeout_s
        self.failing = 0
        """Health checks that failed in a row."""
        self.retries = self.shed = 0
        self.speeds = (Speed(), Speed()) if measured else ()
        """Of whole answers, and of streams: the latter begin long before they end. None where nobody asks."""
        self.fault_ns = agent.first_byte_timeout_s * _SECOND_NS

    def count_fault(self, now: int) -> None:
        """A failure, in its speed: as an answer that took as long as one may."""
        for speed in self.speeds:
            speed.told(now, self.fault_ns)


class Place:
    """One exchange's place at one agent. `release` it once or more often; until then it counts as under way."""

    __slots__ = ("_agent", "_held", "_now", "_random", "_ticket", "_well")

    def __init__(self, agent: _Agent, now: Callable[[], int], random: Callable[[], float], ticket: int) -> None:
        self._agent, self._now, self._random = agent, now, random
        self._ticket: int | None = ticket
        self._held = True
        self._well = False

    def answered(self, took_ns: int, status: int = 200, *, streamed: bool = False) -> None:
        """The agent began to answer, so many nanoseconds after it was asked: below 500, so it is there. `streamed`:
        whether it was asked for a stream."""
        self._well = status < 400
        self._tell("well", took_ns)
        if self._agent.speeds:
            if self._well:
                self._agent.speeds[streamed].told(self._now(), took_ns)
            elif status == _ENOUGH:  # whoever has enough is not fast, however soon it says so
                self._agent.count_fault(self._now())

    def failed(self, code: str, *, whole: bool = False) -> None:
        """The call ended with this `AgentError` code. `whole`: the agent did answer, below 500, and what it says is of
        no form that is read here."""
        fault = code in FAULTS and not whole
        self._tell("fault" if fault else "none")
        if fault:
            self._agent.count_fault(self._now())

    def ended(self, code: str, reason: str | None) -> None:
        """How the exchange ended, and why. An answer that went well at first may have turned out to be none."""
        if self._well and code in _BELIED and reason not in _CALLERS:
            self._well = False
            self._agent.breaker.belie(self._now())
            self._agent.count_fault(self._now())

    def retry_in_s(self, tries: int, asked_s: float | None, left_s: float) -> float | None:
        """Seconds until the message may be sent again after `tries` tries, of which the agent asked for at least
        `asked_s`; None where it may not, or not within the `left_s` that are left. What it grants is counted."""
        agent, asked_s = self._agent, asked_s or 0.0
        if tries > agent.retry_tries or asked_s > agent.retry_wait_s:
            return None
        wait_s = asked_s + backoff_s(tries, self._random)
        now = self._now()
        if wait_s >= left_s or not agent.breaker.admits(now) or not agent.budget.withdraw(now):
            return None
        return wait_s

    def again(self) -> bool:
        """A further try: False where the breaker has opened meanwhile."""
        self._ticket = self._agent.breaker.enter(self._now())
        self._agent.retries += self._ticket is not None
        return self._ticket is not None

    def release(self) -> None:
        """Give the place back. What had not been told by now says nothing of the agent."""
        if self._held:
            self._held = self._well = False
            self._tell("none")
            self._agent.slots.give_back()

    def _tell(self, verdict: Verdict, took_ns: int = 0) -> None:
        ticket, self._ticket = self._ticket, None
        if ticket is not None:
            self._agent.breaker.leave(ticket, self._now(), verdict, took_ns)


class Health:
    """All agents. An agent that is not configured here (there is none) would be unknown: `KeyError`."""

    def __init__(
        self,
        agents: Iterable[Agent],
        clock: Clock,
        random: Callable[[], float] = chance.random,
        measured: Container[str] = (),
    ) -> None:
        """`measured`: the agents of which it matters how soon they answer."""
        self.now = clock.monotonic_ns
        self.now_us = clock.now_us
        self._random = random
        self.away: Callable[[str], bool] = lambda agent: False
        """Whether nobody is there who could take a message: of an agent that fetches its requests."""
        self._agents = {agent.id: _Agent(agent, random, self.now(), measured=agent.id in measured) for agent in agents}

    def healthy(self, agent: str) -> bool:
        """Whether there is no reason not to ask it: its breaker admits calls, and its health checks do not fail."""
        one = self._agents[agent]
        return one.failing < _FAILURES and (one.breaker.state == "closed" or one.breaker.admits(self.now()))

    def ready(self, agent: str) -> bool:
        """Whether it is healthy and would not turn a further call away at once."""
        return self.healthy(agent) and not self._agents[agent].slots.saturated and not self.away(agent)

    def open_to(self, agent: str) -> bool:
        """Whether a call would be let through at all, now or after waiting: what `admit` says without taking."""
        one = self._agents[agent]
        return one.breaker.admits(self.now()) and not one.slots.saturated and not self.away(agent)

    def order(self, candidates: tuple[Route, ...]) -> tuple[Route, ...]:
        """The candidates with those that are ready before the others *of the same zone*, and otherwise in their order:
        the places that a zone has in it stay that zone's, so health moves nothing to where it is trusted otherwise."""
        ready = {route.id: self.ready(route.id) for route in candidates}
        if all(ready.values()):
            return candidates
        queues: dict[str, Iterator[Route]] = {}
        for zone in {route.zone for route in candidates}:
            members = [route for route in candidates if route.zone == zone]
            queues[zone] = iter(sorted(members, key=lambda route: not ready[route.id]))
        return tuple(next(queues[route.zone]) for route in candidates)

    def load(self, agent: str) -> float:
        """What is under way and waits at it, as a share of what it takes at once: 1 where it is full."""
        slots = self._agents[agent].slots
        return (slots.taken + slots.waiting) / slots.limit

    def expected_ns(self, agent: str, *, streamed: bool) -> float:
        """How soon it is expected to answer; 0 where that is not known."""
        speeds = self._agents[agent].speeds
        return speeds[streamed].expected_ns(self.now()) if speeds else 0.0

    def preferred(self, agent: str, candidates: Iterable[str], *, streamed: bool) -> None:
        """It is asked for how soon it is expected to answer, and not another one of the candidates."""
        for name in candidates:
            speeds = self._agents[name].speeds
            if speeds and name != agent:
                speeds[streamed].passed()
        speeds = self._agents[agent].speeds
        if speeds:
            speeds[streamed].asked(self.now())

    async def admit(self, agent: str) -> Place | Refusal:
        """A place at an agent, after waiting for one where that helps. `agent_suspended` while its breaker is open,
        `agent_overloaded` where its queue is full or the wait was too long."""
        one = self._agents[agent]
        if not one.slots.take():
            if not one.breaker.admits(self.now()):
                return self._suspended(one)
            if not await one.slots.wait(one.queue_s):
                return self._overloaded(one)
        return self._placed(one)

    def try_admit(self, agent: str) -> Place | Refusal:
        """As `admit`, without waiting: for an agent that is fallen back to, while the first one's time is gone."""
        one = self._agents[agent]
        return self._placed(one) if one.slots.take() else self._overloaded(one)

    def checked(self, agent: str, well: bool) -> None:
        """What a health check of the agent said."""
        one = self._agents[agent]
        one.failing = 0 if well else one.failing + 1

    def states(self) -> list[AgentState]:
        """All agents as they are now, in configured order."""
        return [
            AgentState(
                agent=name,
                healthy=self.healthy(name),
                breaker=one.breaker.state,
                under_way=one.slots.taken,
                queued=one.slots.waiting,
                retries=one.retries,
                shed=one.shed,
                load=self.load(name),
                answers_in_s=_seconds(one.speeds[0].mean_ns) if one.speeds else None,
                begins_in_s=_seconds(one.speeds[1].mean_ns) if one.speeds else None,
            )
            for name, one in self._agents.items()
        ]

    def _placed(self, one: _Agent) -> Place | Refusal:
        ticket = one.breaker.enter(self.now())
        if ticket is None:
            one.slots.give_back()
            return self._suspended(one)
        one.budget.deposit()
        return Place(one, self.now, self._random, ticket)

    def _suspended(self, one: _Agent) -> Refusal:
        one.shed += 1
        return Refusal(code="agent_suspended", retry_after=one.breaker.wait_s(self.now()))

    def _overloaded(self, one: _Agent) -> Refusal:
        one.shed += 1
        return Refusal(code="agent_overloaded", retry_after=max(1, -int(-one.queue_s // 1)))


def _seconds(nanoseconds: float | None) -> float | None:
    return None if nanoseconds is None else nanoseconds / _SECOND_NS
