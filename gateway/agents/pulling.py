"""Agents that nothing can be sent to: they wait here for their requests, and bring the answers.

Who pulls waits in the queue of its agent. Whoever wants to send reserves one that waits (`Ticket`) before it says on
record that it will, so that nothing is claimed to be sent that nobody is there for; then hands the request over under a
lease, and waits for its answer as for any agent's. A lease lasts as long as the agent may take (`Route.timeout_s`): an
answer that comes later, or from another agent, is taken by nobody. All of this is of one process, and dies with it.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

import msgspec

from gateway.agents.client import Left
from gateway.core.errors import AgentError
from gateway.core.message import Outgoing, WireAnswer
from gateway.core.ports import Clock, Route

MAX_WAITING = 64
"""How often one agent may wait at once."""


class Handed(msgspec.Struct, frozen=True, kw_only=True):
    """A request that is somebody's to answer until `expires_us` (microseconds since the epoch)."""

    lease: str
    outgoing: Outgoing
    expires_us: int


class _Puller:
    """One that waits. `late`: its time is over, and only a reservation keeps it."""

    __slots__ = ("given", "late", "reserved")

    def __init__(self, given: "asyncio.Future[Handed | None]") -> None:
        self.given, self.late, self.reserved = given, False, False


class Ticket:
    """The right to hand a request to one that waits. `release` it once or more often; used up, that does nothing."""

    __slots__ = ("_back", "_puller", "fetched_by", "left")

    def __init__(self, puller: _Puller, back: Callable[[_Puller], None]) -> None:
        self._puller: _Puller | None = puller
        self._back = back
        self.fetched_by: str | None = None
        """Who was given the request, for the record of what came of it."""
        self.left: Left | None = None

    def release(self) -> None:
        """Let it wait on."""
        puller, self._puller = self._puller, None
        if puller is not None:
            self._back(puller)

    def take(self) -> "asyncio.Future[Handed | None] | None":
        """Where the request goes; None where it was used already, or who waited has gone."""
        puller, self._puller = self._puller, None
        return None if puller is None or puller.given.done() else puller.given


class Pulling:
    """The agents that pull, by their ids. `lease_id` makes random ids."""

    def __init__(self, agents: Iterable[str], clock: Clock, lease_id: Callable[[], str]) -> None:
        self._clock, self._lease_id = clock, lease_id
        self._waiting: dict[str, deque[_Puller]] = {agent: deque() for agent in agents}
        self._leases: dict[str, tuple[str, asyncio.Future[WireAnswer], int]] = {}
        self._tickets: dict[str, Ticket] = {}
        self._resting = False
        self.on_waiting: Callable[[str], None] = lambda agent: None
        """Told of each agent that somebody waits for now."""

    @property
    def agents(self) -> frozenset[str]:
        return frozenset(self._waiting)

    def free(self, agent: str) -> int:
        """How many wait that nobody has reserved."""
        return len(self._waiting[agent])

    def under_way(self, agent: str) -> int:
        """How many of its requests are out."""
        return sum(one == agent for one, _, _ in self._leases.values())

    # ---------------------------------------------------------------------------------------------- who pulls

    async def next(self, agent: str, wait_s: float) -> Handed | None:
        """The next request for this agent, for at most about so many seconds; None where there was none."""
        if self._resting:
            return None
        loop = asyncio.get_running_loop()
        puller = _Puller(loop.create_future())
        self._waiting[agent].append(puller)
        over = loop.call_later(wait_s, self._over, puller)
        self.on_waiting(agent)
        try:
            return await puller.given
        finally:
            over.cancel()
            self._forget(agent, puller)

    def rest(self) -> None:
        """This process is about to stop: nobody waits here any more. Who was handed a request by it could not bring the
        answer, since it takes no more connections."""
        self._resting = True
        for queue in self._waiting.values():
            for puller in tuple(queue):
                self._over(puller)

    def answered(self, agent: str, lease: str, answer: WireAnswer) -> bool:
        """An answer from this agent. False where the lease is over, or was never its own: nobody takes it."""
        whose, given, max_bytes = self._leases.get(lease, ("", None, 0))
        if given is None or whose != agent or given.done():
            return False
        if len(answer.body) > max_bytes:
            given.set_exception(AgentError("answer_too_large"))
        else:
            given.set_result(answer)
        return True

    def given(self, lease: str, by: str, tls: str | None = None) -> None:
        """The request goes to this one now, over this TLS, told for the record."""
        ticket = self._tickets.get(lease)
        if ticket is None:
            return
        ticket.fetched_by = by
        if ticket.left is not None:
            ticket.left(tls)

    def withdrawn(self, lease: str) -> None:
        """Nobody was given it after all: the try ends as if no one had waited. Over already, that does nothing."""
        _, given, _ = self._leases.get(lease, ("", None, 0))
        if given is not None and not given.done():
            given.set_exception(AgentError("overloaded"))

    # ---------------------------------------------------------------------------------------------- who sends

    def reserve(self, agent: str) -> Ticket | None:
        """The one that has waited longest; None where nobody waits."""
        queue = self._waiting[agent]
        while queue and queue[0].given.done():
            queue.popleft()
        if not queue:
            return None
        puller = queue.popleft()
        puller.reserved = True

        def back(one: _Puller) -> None:
            one.reserved = False
            if (one.late or self._resting) and not one.given.done():
                one.given.set_result(None)
            elif not one.given.done():
                queue.appendleft(one)
                self.on_waiting(agent)

        return Ticket(puller, back)

    async def send(
        self,
        ticket: Ticket | None,
        route: Route,
        outgoing: Outgoing,
        max_bytes: int,
        left: Left | None = None,
    ) -> WireAnswer:
        """The agent's answer. `AgentError`: `overloaded` if nothing was handed over, `timeout_total` when the lease is
        over, `answer_too_large`."""
        given = None if ticket is None else ticket.take()
        if ticket is None or given is None:
            raise AgentError("overloaded")
        ticket.left = left
        lease = self._lease_id()
        answer: asyncio.Future[WireAnswer] = asyncio.get_running_loop().create_future()
        self._leases[lease], self._tickets[lease] = (route.id, answer, max_bytes), ticket
        expires_us = self._clock.now_us() + int(route.timeout_s * 1_000_000)
        given.set_result(Handed(lease=lease, outgoing=outgoing, expires_us=expires_us))
        try:
            async with asyncio.timeout(route.timeout_s):
                return await answer
        except TimeoutError as error:
            raise AgentError("timeout_total") from error
        finally:
            del self._leases[lease], self._tickets[lease]

    @staticmethod
    def _over(puller: _Puller) -> None:
        puller.late = True
        if not puller.reserved and not puller.given.done():
            puller.given.set_result(None)

    def _forget(self, agent: str, puller: _Puller) -> None:
        if puller in self._waiting[agent]:
            self._waiting[agent].remove(puller)
