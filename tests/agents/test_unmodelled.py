"""A route that is not modelled is refused whatever it carries, and nothing of it could be sent."""

import json

import pytest

from gateway.agents.anthropic import anthropic_error
from gateway.agents.unmodelled import UnmodelledAdapter
from gateway.core.errors import AgentError, FormatError
from gateway.core.message import Answer
from gateway.core.refusal import Refusal

from .support import BOUNDS, SSN, MaskingLanes, answer, inbound, read, route
from .test_openai import ADAPTER as OPENAI
from .test_openai import HELLO

ADAPTER = UnmodelledAdapter()


@pytest.mark.parametrize("adapter", [ADAPTER, UnmodelledAdapter("anthropic-unmodelled", anthropic_error)])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_every_request_is_refused_without_a_word_of_it(method: str, adapter: UnmodelledAdapter) -> None:
    refusal = adapter.read(inbound(SSN.encode(), method=method, path=f"/v1/files/{SSN}"), BOUNDS)
    assert isinstance(refusal, Refusal)
    shown = json.loads(adapter.error(refusal, "E"))["error"]
    assert (shown["code"], shown["type"]) == ("not_found", "not_found_error")
    assert SSN not in json.dumps(shown)


def test_nothing_could_be_sent_or_answered() -> None:
    message = read(OPENAI.read(inbound(HELLO), BOUNDS))
    assert not ADAPTER.serves(message, route())
    with pytest.raises(FormatError):
        ADAPTER.render(message, route(), {})
    with pytest.raises(AgentError):
        ADAPTER.read_answer(answer({}), message, route())
    with pytest.raises(FormatError):
        ADAPTER.render_answer(Answer(status=200, media_type="", headers=(), body=b"", parts=()), {})
    with pytest.raises(AgentError):
        ADAPTER.stream(message, MaskingLanes(), BOUNDS, route())
