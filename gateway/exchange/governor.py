"""What a protocol adds around the steps of an exchange, where reading a message needs more than its bytes.

An adapter is pure. What it would need from a store (which session this is, which tools an agent has) its governor finds
out before the message is decided on, and puts into `Message.context`; from an answer it takes what this caller may not
see; what the answer changed in the store it makes durable before the answer is released as complete.
"""

from typing import Protocol

from gateway.core.message import Message
from gateway.core.ports import Route
from gateway.core.refusal import Refusal
from gateway.exchange.exchange import Exchange, Outcome
from gateway.exchange.forwarder import Delivered


class Governor(Protocol):
    """One protocol's governor. `LedgerUnavailable` from any method stops the exchange."""

    async def admit(self, exchange: Exchange, message: Message, agent: Route) -> Message | Refusal:
        """Step 2, after the adapter: the message with its context, or why it ends here. `agent`: who may be asked."""
        ...

    async def received(self, exchange: Exchange, delivered: Delivered) -> Delivered:
        """Between steps 8 and 9: the answer as it may be looked at, without what is not for this caller at all.
        `AgentError` for one that is none."""
        ...

    async def settle(self, exchange: Exchange, outcome: Outcome) -> None:
        """Between steps 9 and 10: make durable what the answer changed. Its closing event has not been released."""
        ...

    async def changed(self, exchange: Exchange) -> None:
        """In the middle of a stream: the agent says that what it offers has changed. Durable before its word leaves."""
        ...

    def stream_headers(self, exchange: Exchange, wire: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        """The protocol's own headers for a stream whose head, `wire`, has arrived from the agent."""
        ...
