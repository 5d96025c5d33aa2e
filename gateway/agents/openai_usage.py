"""Whether the gateway itself asks a chat agent how much a stream took, where its caller does not want to be told.

What nobody asks for, an agent does not say of a stream; then limits on tokens and spend stand on an estimate. So the
agent is asked, and what it says of it is kept from the caller, who gets the stream that it asked for.
"""

from typing import Any

from gateway.core.message import Message
from gateway.core.ports import Route

FIELD = "stream_options"
ASKED = b',"stream_options":{"include_usage":true}'
"""What is written into a request that says nothing of it."""


def unasked(message: Message, agent: Route) -> bool:
    """Whether the agent is asked for it in the caller's place."""
    if not (message.stream and agent.stream_usage) or type(message.document) is not dict:
        return False
    options = message.document.get(FIELD)
    return options is None or (type(options) is dict and options.get("include_usage") is not True)


def asking(document: dict[str, Any]) -> dict[str, Any]:
    """The same request, with the question among its options."""
    return {**document, FIELD: {**(document.get(FIELD) or {}), "include_usage": True}}
