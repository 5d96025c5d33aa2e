"""What MCP adds around an exchange: sessions of its older versions, each good for one caller and one agent, and tools.

Which tools there are for whom is `exchange.mcp_tools`.
"""

from weakref import WeakSet

import msgspec

from gateway.agents.mcp import LAST_EVENT, SESSION, note_session, talk_of
from gateway.agents.mcp_talk import Talk
from gateway.core.errors import LedgerUnavailable
from gateway.core.ids import random_id
from gateway.core.message import Message
from gateway.core.ports import Route
from gateway.core.refusal import Refusal
from gateway.exchange.exchange import Exchange, Outcome
from gateway.exchange.forwarder import Delivered
from gateway.exchange.listening import Listening
from gateway.exchange.mcp_tools import Fetch, McpTools, unasked
from gateway.store.mcp_sessions import McpSessions, Owner

_GONE = 404
"""What an agent answers to a session that it does not know any more."""


class McpGovernor:
    """The governor of protocol `mcp`. Holds no state of exchanges but which sessions have a stream open."""

    def __init__(self, sessions: McpSessions, tools: McpTools) -> None:
        self._sessions, self._tools = sessions, tools
        self._fetch: Fetch | None = None
        self._listening: dict[str, WeakSet[Exchange]] = {}
        self._streams = Listening()

    def fetches(self, fetch: Fetch) -> None:
        """From now on tools that are not known are looked for, in this way."""
        self._fetch = fetch

    async def admit(self, exchange: Exchange, message: Message, agent: Route) -> Message | Refusal:
        """Finds the session that the message continues, or names the one that it may open; then looks at its tool."""
        within = await self._session(exchange, message, agent)
        if isinstance(within, Refusal):
            return within
        crowded = self._streams.admit(exchange, agent) if within.lasting else None
        if crowded is not None:
            return crowded
        talk = talk_of(within)
        if talk.rpc is not None and talk.rpc.method == "tools/list":
            await self._tools.lists(exchange, agent, talk)
        if within.inbound.method == "GET":
            # A list that was asked for elsewhere: the rest of a stream that broke off, or what was never asked for.
            if within.inbound.header(LAST_EVENT) is None:
                talk.govern = unasked
            else:
                await self._tools.lists(exchange, agent, talk)
        if talk.rpc is not None and talk.rpc.method == "tools/call":
            exchange.message = within
            refusal = await self._tools.calls(exchange, within, agent, talk, self._fetch)
            if refusal is not None:
                return refusal
        return within

    async def _session(self, exchange: Exchange, message: Message, agent: Route) -> Message | Refusal:
        talk = talk_of(message)
        given = message.inbound.header(SESSION)
        if talk.rpc is not None and talk.rpc.era == "new":
            return message
        if talk.rpc is not None and talk.rpc.method == "initialize":
            talk.opens = random_id("mcp")
            return _within(message, talk.opens)
        if given is None:
            if message.inbound.method == "DELETE":
                return Refusal(code="header_invalid", field=SESSION, hint="the session to end")
            if _is_somebodys(message, talk):
                return Refusal(code="header_invalid", field=SESSION, hint="the session that it was begun in")
            return message
        talk.upstream = await self._sessions.find(given, _owner(exchange, agent), held=self._held(given))
        if talk.upstream is None:
            return Refusal(code="session_unknown", hint="a session of one's own that is not over: initialize anew")
        if message.lasting:
            self._listening.setdefault(given, WeakSet()).add(exchange)
        # It can be ended where its data may not go any more, too.
        return msgspec.structs.replace(_within(message, given), ends=message.inbound.method == "DELETE")

    async def received(self, exchange: Exchange, delivered: Delivered) -> Delivered:
        return delivered

    async def settle(self, exchange: Exchange, outcome: Outcome) -> None:
        """Keeps a session that was opened, ends one that the caller ended or the agent does not know any more, and
        keeps what was seen of tools.

        A crash just before: whoever was given the id finds it unknown, and starts anew. After: the session is there.
        """
        message = exchange.message
        if message is None or outcome.agent is None:
            return
        talk, owner = talk_of(message), _owner(exchange, outcome.agent)
        if talk.opens is not None and talk.opened is not None and outcome.code == "ok":
            await self._sessions.open(talk.opens, owner, talk.opened)
        given = message.inbound.header(SESSION)
        if given is not None and talk.upstream is not None and _over(message, talk, outcome):
            await self._sessions.end(given, owner)
        await self._tools.note(exchange, outcome.agent, talk)

    async def changed(self, exchange: Exchange) -> None:
        if exchange.routed is not None:
            await self._tools.changed(exchange, exchange.routed.route)

    def stream_headers(self, exchange: Exchange, wire: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        return () if exchange.message is None else note_session(talk_of(exchange.message), wire)

    def _held(self, session: str) -> bool:
        """Whether a stream of this session is open here: then it is not idle."""
        found = self._listening.get(session)
        if found is None:
            return False
        if any(not exchange.closed for exchange in found):
            return True
        del self._listening[session]
        return False


def _is_somebodys(message: Message, talk: Talk) -> bool:
    """Whether it goes on with a task or a stream: to the agent all callers are one, and only a session of the caller's
    own says that a stream was theirs. A task must be theirs besides (`exchange.sessions`)."""
    if message.inbound.method == "GET":
        return message.inbound.header(LAST_EVENT) is not None
    return talk.rpc is not None and talk.rpc.method.startswith("tasks/")


def _over(message: Message, talk: Talk, outcome: Outcome) -> bool:
    if message.inbound.method == "DELETE":
        return outcome.code in ("ok", "agent_refused")
    return talk.rpc is not None and outcome.status == _GONE and outcome.code == "agent_refused"


def _within(message: Message, session: str) -> Message:
    return msgspec.structs.replace(message, sessions=(f"mcp:{session}", *message.sessions))


def _owner(exchange: Exchange, agent: Route) -> Owner:
    if exchange.caller is None:
        raise LedgerUnavailable("an exchange without a caller has no session")
    return Owner(exchange.caller.tenant, exchange.caller.actor, agent.id)
