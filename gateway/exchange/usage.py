"""What an exchange uses: tokens, bytes and money, estimated before it is sent and settled once its end is known.

Money is counted in millionths of the configured currency, as whole numbers, and rounded up for each exchange.
"""

from collections.abc import Iterable
from typing import Protocol

import msgspec

from gateway.core.message import Message
from gateway.core.ports import Route
from gateway.settings import Price

METERED = frozenset({"openai", "responses", "anthropic", "embeddings"})
"""Protocols whose agents say how many tokens an answer took. Of others none are counted."""
UNSENT = frozenset(
    {
        *("connect_failed", "timeout_connect", "unavailable", "enough", "address_refused", "overloaded"),
        *("cannot_render", "session_taken", "policy_changed"),
    }
)
"""`AgentError` codes after which it is certain that the agent did nothing."""
_OUTPUT_FIELDS = {
    "openai": ("max_completion_tokens", "max_tokens"),
    "responses": ("max_output_tokens",),
    "anthropic": ("max_tokens",),
}
"""Where a request of a protocol allows its answer so many tokens. Agents differ in which they heed: the most counts."""
_BYTES_PER_TOKEN = 4
_UNREADABLE_TOKENS = 1_000
"""For what cannot be read as text: about what a picture of moderate size takes."""
_MILLION = 1_000_000
_MOST = 1 << 40
"""Tokens that are believed: whatever an agent, or a caller, says beyond it counts as this many."""


class Used(msgspec.Struct, frozen=True):
    """Tokens read and written by the agent, and bytes of request and answer together."""

    tokens_in: int
    tokens_out: int
    bytes: int


class Ended(Protocol):
    """The end of an exchange, as far as it says what was used (`exchange.Outcome`)."""

    @property
    def code(self) -> str: ...
    @property
    def attempts(self) -> int | None: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def tokens_in(self) -> int | None: ...
    @property
    def tokens_out(self) -> int | None: ...
    @property
    def released(self) -> bytes | None: ...
    @property
    def size(self) -> int | None: ...
    @property
    def written(self) -> int | None: ...


def estimate(message: Message, output_tokens: int) -> Used:
    """What the message will use at most, as far as that can be told: a token for four bytes of its text, and as many
    written as it allows for, or `output_tokens` where it does not say."""
    size = max(1, len(message.body))
    if message.protocol not in METERED:
        return Used(0, 0, size)
    tokens = 0
    for part in message.parts:
        if part.kind == "unreadable":
            tokens += _UNREADABLE_TOKENS
        else:
            text = part.text
            length = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
            tokens += -(-length // _BYTES_PER_TOKEN)
    return Used(min(tokens, _MOST), 0 if message.protocol == "embeddings" else _written(message, output_tokens), size)


def settled(message: Message, ended: Ended, estimated: Used) -> Used:
    """What was used. What an answer that came to its end says counts as it says. Of one that was cut, what was said so
    far is the least of it (Anthropic's streams begin with a token written): it is what was estimated if that is more.
    So it is where nobody says anything, and no fewer are written then than the text of the answer could hold."""
    size = len(ended.released) if ended.released is not None else ended.size or 0
    total = max(1, len(message.body)) + size
    if message.protocol not in METERED or ended.attempts == 0:
        return Used(0, 0, total)
    tokens_in, tokens_out = _believed(ended.tokens_in), _believed(ended.tokens_out)
    said = ended.tokens_in is not None or ended.tokens_out is not None
    if orderly(ended) and said:
        return Used(tokens_in, tokens_out, total)
    if not said and (ended.code == "agent_refused" or ended.reason in UNSENT):
        return Used(0, 0, total)
    if ended.tokens_out is None or not orderly(ended):
        text = size if ended.written is None else ended.written
        held = 0 if message.protocol == "embeddings" else -(-text // _BYTES_PER_TOKEN)
        tokens_out = max(tokens_out, estimated.tokens_out, held)
    return Used(max(tokens_in, estimated.tokens_in), tokens_out, total)


def orderly(ended: Ended) -> bool:
    """Whether the answer came to its own end, so that what it says of its tokens is all that there is to say."""
    return ended.code != "client_disconnected" and ended.reason is None


class Prices:
    """The price table. An agent's own price comes before that of its model."""

    def __init__(self, table: Iterable[Price]) -> None:
        prices = list(table)
        self._agents = {price.agent: price for price in prices if price.agent is not None}
        self._models = {price.model: price for price in prices if price.model is not None}

    def __bool__(self) -> bool:
        return bool(self._agents or self._models)

    def of(self, route: Route) -> Price | None:
        price = self._agents.get(route.id)
        return price if price is not None or route.model is None else self._models.get(route.model)

    def cost(self, route: Route, used: Used) -> int:
        """Millionths of the currency; 0 for an agent without a price."""
        price = self.of(route)
        if price is None:
            return 0
        tokens = used.tokens_in * price.input + used.tokens_out * price.output
        return price.request - (-tokens // _MILLION)

    def stated(self, route: Route, message: Message, ended: Ended) -> int | None:
        """What an exchange cost, for the record; None where the agent has no price, or nobody said how many tokens it
        took in the end. What was not sent costs nothing."""
        price = self.of(route)
        if price is None:
            return None
        if ended.attempts == 0 or ended.reason in UNSENT:
            return 0
        said = ended.tokens_in is not None or ended.tokens_out is not None
        known = ended.code == "agent_refused" or (said and orderly(ended))
        if not known and message.protocol in METERED and (price.input or price.output):
            return None
        metered = message.protocol in METERED
        used = Used(_believed(ended.tokens_in), _believed(ended.tokens_out), 0) if metered else Used(0, 0, 0)
        return self.cost(route, used)


def _written(message: Message, otherwise: int) -> int:
    document = message.document
    if not isinstance(document, dict):
        return otherwise
    allowed = [document.get(name) for name in _OUTPUT_FIELDS.get(message.protocol, ())]
    otherwise = max((value for value in allowed if type(value) is int and value > 0), default=otherwise)
    choices = document.get("n")
    return min(otherwise * choices if type(choices) is int and choices > 1 else otherwise, _MOST)


def _believed(tokens: int | None) -> int:
    return min(max(tokens or 0, 0), _MOST)
