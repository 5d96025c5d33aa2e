"""Routes of OpenAI's and Anthropic's that are not modelled here: files, batches, stored responses and all the others.

What is not read cannot be inspected, so it is refused, and on record as every refusal is. Nothing is ever sent.
"""

from collections.abc import Callable, Mapping

from gateway.agents.openai_wire import error_object
from gateway.core.errors import AgentError, FormatError
from gateway.core.message import Answer, Inbound, Message, Outgoing, WireAnswer
from gateway.core.ports import Bounds, Lanes, Route, StreamFilter
from gateway.core.refusal import Refusal


class UnmodelledAdapter:
    """The adapter of protocol `unmodelled`: it reads nothing, so nothing of it can be sent or answered."""

    def __init__(self, protocol: str = "unmodelled", error: Callable[[Refusal, str], bytes] = error_object) -> None:
        """`error`: in which form the callers of these routes read one."""
        self.protocol, self._error = protocol, error

    def serves(self, message: Message, agent: Route) -> bool:
        return False

    def read(self, request: Inbound, bounds: Bounds) -> Message | Refusal:
        return Refusal(code="not_found", hint="a path of an API that this gateway can inspect")

    def render(self, message: Message, agent: Route, masked: Mapping[str, str]) -> Outgoing:
        raise FormatError("a message of a route that is not modelled")

    def read_answer(self, answer: WireAnswer, message: Message, agent: Route) -> Answer:
        raise AgentError("bad_answer")

    def render_answer(self, answer: Answer, masked: Mapping[str, str]) -> bytes:
        raise FormatError("an answer of a route that is not modelled")

    def stream(self, message: Message, lanes: Lanes, bounds: Bounds, agent: Route) -> StreamFilter:
        raise AgentError("bad_answer")

    def error(self, refusal: Refusal, exchange: str) -> bytes:
        return self._error(refusal, exchange)
