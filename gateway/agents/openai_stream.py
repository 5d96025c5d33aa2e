"""Streams of chat completions: refused until what they hold can be read on its way through."""

from gateway.core.errors import AgentError
from gateway.core.ports import Bounds, Lanes


class OpenAIStream:
    """Lets nothing pass."""

    closing = b""
    model: str | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None

    def __init__(self, lanes: Lanes, bounds: Bounds) -> None:
        self._lanes = lanes
        self._bounds = bounds

    def feed(self, data: bytes) -> bytes:
        raise AgentError("bad_answer")

    def finish(self) -> bytes:
        raise AgentError("closed_early")
