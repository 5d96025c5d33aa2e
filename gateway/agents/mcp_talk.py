"""What the gateway knows of one MCP request beside its bytes: filled in by its governor, used by its adapter."""

from collections.abc import Callable
from typing import Any

from gateway.agents.mcp_rpc import Rpc
from gateway.agents.mcp_tools import Definition


def unchanged(result: Any) -> Any:
    """A result that nobody governs."""
    return result


class Talk:
    """Lives as long as its exchange.

    `rpc`: the message of a POST, None for GET and DELETE. `upstream`: the agent's own id of the session, for the agent.
    `opens`: the id under which the gateway would hand out a session that this request opens; `opened`: the agent's id
    of it, once it has said one. `govern` is put on a response before it is taken into parts; `noted`: the tools that it
    was then seen to offer; `stale`: those that were stale before it was asked, and since when. `mirrored`: headers that
    repeat arguments of the tool's for whoever stands before the agent, by name, with the way to the argument.
    """

    __slots__ = ("govern", "mirrored", "noted", "opened", "opens", "rpc", "stale", "upstream")

    def __init__(self, rpc: Rpc | None) -> None:
        self.rpc = rpc
        self.upstream: str | None = None
        self.opens: str | None = None
        self.opened: str | None = None
        self.noted: tuple[Definition, ...] = ()
        self.stale: dict[str, int | None] = {}
        self.govern: Callable[[Any], Any] = unchanged
        self.mirrored: tuple[tuple[str, tuple[str, ...]], ...] = ()
