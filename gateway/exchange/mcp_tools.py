"""Tools of MCP agents: who sees which, and which calls go out.

A list shows a caller what policy lets it use, as it was pinned when it was first seen. A call goes out only of a tool
that is pinned and not quarantined, with arguments that fit its `inputSchema`. Where a tool is not known yet, or its
agent has said since that its tools have changed, the gateway first lists the agent's tools itself, as an exchange of
the same caller's with its own records (`exchange.mcp_listing`).
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from gateway.agents.mcp_rpc import decode_header
from gateway.agents.mcp_talk import Talk
from gateway.agents.mcp_tools import definitions, input_schema, is_list, mirrored, only, other_spelling
from gateway.checks.classification.engine import Engine
from gateway.checks.policy.policy import Policy
from gateway.checks.schema import Schema
from gateway.core.caller import Caller
from gateway.core.errors import AgentError, ConfigurationError, LedgerUnavailable
from gateway.core.message import Message, Part
from gateway.core.ports import Clock, Route
from gateway.core.refusal import Refusal
from gateway.exchange.exchange import Exchange
from gateway.exchange.ledgers import Ledgers
from gateway.exchange.router import question_of
from gateway.store.tools import PINNED, STALE, By, Seen, Tool, ToolStore

Fetch = Callable[[Exchange, Message], Awaitable[None]]
"""Lists an agent's tools for the caller of this exchange, to the last page."""
MAX_COMPILED = 1024
_ARGUMENTS = "/params/arguments"
_LISTS = 2
"""How often a stale tool is looked for: a list that somebody else asked for may have begun before the agent spoke."""


class Compiled(msgspec.Struct, frozen=True):
    """What of a tool's definition a call is held to. `schema` is None for one that cannot be checked, `document` what
    it is made of."""

    schema: Schema | None
    document: Any
    mirrored: tuple[tuple[str, tuple[str, ...]], ...]


class McpTools:
    """Governs lists and calls of tools. Holds compiled schemas and nothing of exchanges."""

    def __init__(self, *, store: ToolStore, ledgers: Ledgers, policy: Policy, engine: Engine, clock: Clock) -> None:
        self._store, self._ledgers, self._policy, self._engine, self._clock = store, ledgers, policy, engine, clock
        self._compiled: OrderedDict[str, Compiled] = OrderedDict()

    async def lists(self, exchange: Exchange, agent: Route, talk: Talk) -> None:
        """Before a list is asked for, or a stream is resumed that may bring one: what is pinned now. The answer is
        filtered as it is read."""
        caller = _caller(exchange)
        known = await self._store.of(caller.tenant, agent.id, fresh=True)
        talk.stale = {name: tool.changed_us for name, tool in known.items() if tool.state == STALE}

        resumed = talk.rpc is None

        def govern(value: Any) -> Any:
            if resumed and not is_list(value):
                return value
            talk.noted = tuple(tool for tool in definitions(value) if self._registrable(tool.name))
            offered = {tool.name: tool.digest for tool in talk.noted}
            usable = [name for name, digest in offered.items() if _as_pinned(known.get(name), digest)]
            shown = [name for name in usable if self._permits(exchange, caller, agent, name)]
            return value if "result" not in value else only(value, shown)

        talk.govern = govern

    async def note(self, exchange: Exchange, agent: Route, talk: Talk) -> None:
        """After a list was read: pin what is new, quarantine what has changed."""
        if not talk.noted:
            return
        caller = _caller(exchange)
        by = By(ledger=self._ledgers.of(caller.tenant), tenant=caller.tenant, exchange=exchange.id)
        seen = tuple(Seen(name=tool.name, digest=tool.digest, body=tool.body) for tool in talk.noted)
        await self._store.note(by, agent.id, seen, talk.stale)

    async def changed(self, exchange: Exchange, agent: Route) -> None:
        """The agent says that its tools have changed: no call goes out before they were listed again."""
        await self._store.suspect(_caller(exchange).tenant, agent.id)

    async def calls(
        self, exchange: Exchange, message: Message, agent: Route, talk: Talk, fetch: Fetch | None
    ) -> Refusal | None:
        """Whether a call may go out. The name of a tool that nobody knows stays out of the record's clear fields."""
        caller, name = _caller(exchange), message.action.removeprefix("tool:")
        # As it is now: a tool that another node has quarantined, with its record, goes out from here no more.
        tool = await self._store.now(caller.tenant, agent.id, name)
        if _unsure(tool) and fetch is not None and self._permits(exchange, caller, agent, name):
            for _ in range(_LISTS):
                await fetch(exchange, message)
                tool = (await self._store.of(caller.tenant, agent.id, fresh=True)).get(name)
                if tool is None or not _unsure(tool):
                    break
        if tool is None or tool.state == STALE:
            if tool is None:
                exchange.message = msgspec.structs.replace(message, action="tool")
            return Refusal(code="tool_unknown", field="/params/name", hint="a tool that tools/list names")
        if tool.state != PINNED:
            hint = f"whoever runs the gateway releases it: gateway agents release {agent.id} TOOL"
            return Refusal(code="tool_quarantined", field="/params/name", hint=hint)
        return self._fits(message, tool, talk)

    def _fits(self, message: Message, tool: Tool, talk: Talk) -> Refusal | None:
        compiled = self._of(tool)
        if compiled.schema is None:
            hint = "a tool whose inputSchema is JSON Schema that can be checked here"
            return Refusal(code="feature_unsupported", field="/params/name", hint=hint)
        document: Any = message.document
        arguments = document["params"].get("arguments", {})
        unfit = compiled.schema.validate(arguments)
        if unfit is not None:
            return msgspec.structs.replace(unfit, field=f"{_ARGUMENTS}{unfit.field or ''}")
        astray = other_spelling(compiled.document, arguments)
        if astray is not None:
            hint = "the spelling of the tool's inputSchema"
            return Refusal(code="schema_violation", field=_ARGUMENTS, hint=f"{hint}: {astray}")
        if talk.rpc is not None and talk.rpc.era == "new":
            talk.mirrored = compiled.mirrored
            return _disagrees(message, arguments, compiled.mirrored)
        return None

    def _of(self, tool: Tool) -> Compiled:
        found = self._compiled.get(tool.digest)
        if found is None:
            document = input_schema(tool.definition)
            try:
                schema = Schema(document, "inputSchema", foreign=True) if type(document) in (dict, bool) else None
            except ConfigurationError:
                schema = None
            found = self._compiled[tool.digest] = Compiled(schema, document, mirrored(document))
            if len(self._compiled) > MAX_COMPILED:
                self._compiled.popitem(last=False)
        return found

    def _permits(self, exchange: Exchange, caller: Caller, agent: Route, name: str) -> bool:
        """Whether policy lets this caller use a tool at all: with no other data than it carries in any case."""
        least = exchange.classified
        bare = ("public",) if least is None else msgspec.structs.replace(least, found=()).classes(agent)
        question = question_of(caller, f"tool:{name}", bare)
        return self._policy.ruling(question, agent.id, now_us=self._clock.now_us()).allowed

    def _registrable(self, name: str) -> bool:
        """Whether a name may stand in clear on the record: nothing of a person is recognised in it."""
        return not self._engine.scan(
            (Part("/name", name.replace("_", " "), "name"), Part("/raw", name, "name"))
        ).classes


def unasked(value: Any) -> Any:
    """A response on a stream that answers nothing and resumes nothing. Clients would take a list of tools from it, and
    nobody has looked at these: `AgentError("bad_answer")`."""
    if is_list(value):
        raise AgentError("bad_answer")
    return value


def _unsure(tool: Tool | None) -> bool:
    """Whether nobody knows what the agent offers under this name now."""
    return tool is None or tool.state == STALE


def _as_pinned(pinned: Tool | None, digest: str) -> bool:
    """A tool that is new, or as it was when it was pinned."""
    return pinned is None or (pinned.state in (PINNED, STALE) and pinned.digest == digest)


def _disagrees(message: Message, arguments: Any, wanted: tuple[tuple[str, tuple[str, ...]], ...]) -> Refusal | None:
    """Headers that repeat arguments say what these say: each there if its argument is, once, and equal."""
    for name, path in wanted:
        header = f"mcp-param-{name.lower()}"
        given = [value for key, value in message.inbound.headers if key == header]
        value = arguments
        for step in path:
            value = value.get(step) if type(value) is dict else None
        said = None if value is None else str(value).lower() if type(value) is bool else str(value)
        if len(given) > 1 or (decode_header(given[0]) if given else None) != said:
            return Refusal(code="header_mismatch", field=header, hint="the argument that it repeats")
    return None


def _caller(exchange: Exchange) -> Caller:
    if exchange.caller is None:
        raise LedgerUnavailable("an exchange without a caller uses no tool")
    return exchange.caller
