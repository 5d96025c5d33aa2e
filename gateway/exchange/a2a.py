"""What A2A adds around an exchange: where an agent may be told to send news and fetch files, and whose tasks a list
shows.

An agent's tasks are its callers' together, and the gateway is one client to it: what it lists are everybody's. A caller
is shown those that are its own, as its sessions know them.
"""

from collections.abc import Awaitable, Callable

import msgspec

from gateway.agents.a2a import asked_of, listed, only_listed
from gateway.agents.a2a_call import task_name
from gateway.agents.destinations import allowed
from gateway.core.message import Message
from gateway.core.ports import Bounds, Route
from gateway.core.refusal import Refusal
from gateway.exchange.exchange import Exchange, Outcome
from gateway.exchange.forwarder import Delivered
from gateway.exchange.listening import Listening
from gateway.exchange.sessions import Sessions

Waiting = Callable[[Exchange, Message], Awaitable[Refusal | None]]
"""Tells what a task that is an approval has become; None for any other message."""


class A2aGovernor:
    """The governor of both bindings. `bounds`: what an answer may measure."""

    def __init__(self, sessions: Sessions, bounds: Bounds) -> None:
        self._sessions, self._bounds = sessions, bounds
        self._listening = Listening()
        self._waiting: Waiting | None = None

    def knows(self, waiting: Waiting) -> None:
        """What tells of approvals: it is built later than this."""
        self._waiting = waiting

    async def admit(self, exchange: Exchange, message: Message, agent: Route) -> Message | Refusal:
        """Answers for tasks that are the gateway's own (`agents.a2a_pending`). Refuses to tell the agent of an address
        that is not among those it may contact (server-side request forgery), whatever policy says of telling it any,
        and to speak for a tenant of its own that is nobody's here: to it the gateway is all of them."""
        told = None if self._waiting is None else await self._waiting(exchange, message)
        if told is not None:
            return told
        asked, interface = asked_of(message), agent.interface
        if asked.call.params.get("tenant") not in (None, "", *interface.tenants):
            return Refusal(code="destination_not_allowed", field="/tenant", hint="one of the agent's a2a.tenants")
        for place, url in asked.call.pushes():
            if not interface.push_urls:
                return Refusal(code="push_unsupported")
            if not allowed(url, interface.push_urls):
                return Refusal(code="destination_not_allowed", field=place, hint="a URL below the agent's push_urls")
        for place, url in asked.files:
            if not allowed(url, interface.file_urls):
                return Refusal(code="destination_not_allowed", field=place, hint="a URL below the agent's file_urls")
        crowded = self._listening.admit(exchange, agent) if message.lasting else None
        return message if crowded is None else crowded

    async def received(self, exchange: Exchange, delivered: Delivered) -> Delivered:
        """A list of tasks without those of others."""
        message, answer, caller = exchange.message, delivered.answer, exchange.caller
        if message is None or answer is None or caller is None or asked_of(message).call.operation != "ListTasks":
            return delivered
        route = delivered.routed.route
        names = {task_name(route.id, task): task for task in listed(answer)}
        owned = await self._sessions.owned(caller, tuple(names), route)
        kept = only_listed(answer, frozenset(names[name] for name in owned), self._bounds)
        return msgspec.structs.replace(delivered, answer=kept)

    async def settle(self, exchange: Exchange, outcome: Outcome) -> None:
        """Nothing is kept but what sessions keep."""

    async def changed(self, exchange: Exchange) -> None:
        """Nothing is known of what an agent offers."""

    def stream_headers(self, exchange: Exchange, wire: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        return ()
