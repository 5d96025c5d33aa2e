"""The caller's own adapter, with translation behind it for agents of other families."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from gateway.agents.openai import OpenAIAdapter
from gateway.agents.translate.adapter import Translating, spoken
from gateway.agents.translate.neutral import Text
from gateway.core.decision import Fit, Unfit
from gateway.core.errors import AgentError, FormatError
from gateway.core.message import Message, Outgoing
from gateway.core.ports import Route
from gateway.core.refusal import Refusal

from ..support import BOUNDS, SSN, MaskingLanes, answer, inbound, read, route
from .support import HELLO, MESSAGES, REPLY, written
from .test_messages_reply import ANSWER as MESSAGES_ANSWER


class Sending(OpenAIAdapter):
    """Sends what it is given, as it is: what an adapter of another family adds on the wire is its own matter."""

    protocol = "anthropic"

    def render(self, message: Message, agent: Route, masked: Mapping[str, str]) -> Outgoing:
        assert (message.protocol, message.parts, dict(masked)) == ("anthropic", (), {})
        assert message.inbound.path == "/v1/messages"
        return Outgoing(method="POST", path="/v1/messages", headers=(), body=message.body)


OWN = OpenAIAdapter(BOUNDS)
ADAPTER = Translating(OWN, {"openai": OWN, "anthropic": Sending(BOUNDS)}, BOUNDS)
OTHER = route(protocol="anthropic")


def message(body: dict[str, Any], path: str = "/v1/chat/completions") -> Message:
    return read(ADAPTER.read(inbound(body, path=path), BOUNDS))


CHAT = HELLO["openai"]


@pytest.mark.parametrize(
    ("agent", "forms"),
    [
        (route(), ("openai", "responses")),
        (route(apis=("responses", "embeddings")), ("responses",)),
        (route(apis=("embeddings",)), ()),
        (route(protocol="anthropic"), ("anthropic",)),
        (route(protocol="http"), ()),
    ],
)
def test_an_agent_takes_the_forms_of_its_family_and_of_its_apis(agent: Route, forms: tuple[str, ...]) -> None:
    assert spoken(agent) == forms


def test_its_own_form_goes_as_it_is() -> None:
    said = message({**CHAT, "n": 2})
    assert ADAPTER.offer(said, route()) == Fit(said.document)
    assert ADAPTER.render(said, route(), {}) == OWN.render(said, route(), {})
    wire = answer({"id": "1", "choices": [{"message": {"role": "assistant", "content": "x"}, "finish_reason": "stop"}]})
    result = ADAPTER.read_answer(wire, said, route())
    assert (result, result.original) == (OWN.read_answer(wire, said, route()), None)
    assert ADAPTER.render_answer(result, {"/choices/0/message/content": "y"}).count(b'"y"') == 1


def test_an_agent_that_takes_none_of_the_forms_is_unfit() -> None:
    for agent in (route(protocol="http"), route(apis=("embeddings",)), route(apis=("responses",))):
        assert ADAPTER.offer(message(CHAT), agent) == Unfit("protocol")
        assert not ADAPTER.serves(message(CHAT), agent)


def test_an_agent_of_another_family_is_offered_the_translation() -> None:
    offered = ADAPTER.offer(message(CHAT), OTHER)
    assert isinstance(offered, Fit)
    assert json.loads(json.dumps(offered.document))["messages"][0]["content"] == [{"type": "text", "text": "Hello"}]
    assert ADAPTER.serves(message(CHAT), OTHER)


def test_what_has_no_translation_is_named() -> None:
    assert ADAPTER.offer(message({**CHAT, "n": 2}), OTHER) == Unfit("translation", "n")


def test_requests_beside_the_conversation_are_not_translated() -> None:
    beside = message(CHAT, path="/v1/chat/completions/count_tokens")
    assert ADAPTER.offer(beside, OTHER) == Unfit("translation", "requests beside the conversation itself")


def test_masks_are_in_what_the_other_agent_gets() -> None:
    said = message({"model": "m", "messages": [{"role": "user", "content": f"My number is {SSN}."}]})
    sent = ADAPTER.render(said, OTHER, {"/messages/0/content": "My number is [US-SSN]."})
    assert json.loads(sent.body)["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "My number is [US-SSN]."}]}
    ]
    assert sent.path == "/v1/messages"


def test_a_mask_that_breaks_the_arguments_of_a_call_keeps_the_message_back() -> None:
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": '{"number": 78051120}'}}
    said = message(
        {"model": "m", "messages": [{"role": "assistant", "tool_calls": [call]}, {"role": "user", "content": "x"}]}
    )
    with pytest.raises(FormatError):
        ADAPTER.render(said, OTHER, {"/messages/0/tool_calls/0/function/arguments": '{"number": [US-SSN]}'})


def test_an_answer_is_read_in_the_callers_form_and_the_agents_own_is_kept_for_its_schema() -> None:
    result = ADAPTER.read_answer(answer(MESSAGES_ANSWER), message(CHAT), OTHER)
    assert isinstance(result.document, dict)
    assert result.document["choices"][0]["message"]["content"] == "I look it up."
    assert result.original == MESSAGES_ANSWER
    assert (result.tokens_in, result.tokens_out, result.model) == (20, 7, "tiny-1")
    assert "I look it up." in [part.text for part in result.parts]
    masked = ADAPTER.render_answer(result, {"/choices/0/message/content": "[M]"})
    assert json.loads(masked)["choices"][0]["message"]["content"] == "[M]"


def test_an_error_is_read_in_the_callers_form() -> None:
    body = {"type": "error", "error": {"type": "invalid_request_error", "message": "too long"}}
    result = ADAPTER.read_answer(answer(body, 400), message(CHAT), OTHER)
    assert json.loads(result.body)["error"]["message"] == "too long"
    assert result.status == 400


@pytest.mark.parametrize(("body", "status"), [(b"{", 200), ([], 200), ({}, 200), ({}, 302), ({}, 401), (MESSAGES, 200)])
def test_what_is_no_answer_is_a_bad_answer(body: Any, status: int) -> None:
    with pytest.raises(AgentError, match="untranslatable" if type(body) is dict and status == 200 else "bad_answer"):
        ADAPTER.read_answer(answer(body, status), message(CHAT), OTHER)


def test_a_stream_is_translated_and_then_filtered_in_the_callers_form() -> None:
    reply = msgspec.structs.replace(REPLY, blocks=(Text(f"It is {SSN} yes"),), stop="end")
    lanes = MaskingLanes()
    stream = ADAPTER.stream(message({**CHAT, "stream": True}), lanes, BOUNDS, OTHER)
    data = written("anthropic", reply)
    out = b"".join(stream.feed(data[at : at + 7]) for at in range(0, len(data), 7)) + stream.finish()
    assert SSN.encode() not in out
    assert b"[US-SSN]" in out
    assert (stream.closing, stream.model) == (b"data: [DONE]\n\n", "tiny-1")
    assert (stream.tokens_in, stream.tokens_out) == (20, 7)
    assert lanes.texts()["/choices/0/delta/content"] == f"It is {SSN} yes"


def test_a_stream_of_the_own_form_is_left_to_the_own_adapter() -> None:
    stream = ADAPTER.stream(message({**CHAT, "stream": True}), MaskingLanes(), BOUNDS, route())
    assert b"I look" in stream.feed(written("openai", REPLY, 50)) + stream.finish()


def test_a_stream_that_breaks_off_is_closed_early() -> None:
    stream = ADAPTER.stream(message({**CHAT, "stream": True}), MaskingLanes(), BOUNDS, OTHER)
    stream.feed(written("anthropic", REPLY)[:300])
    with pytest.raises(AgentError, match=r"closed_early|bad_answer"):
        stream.finish()


def test_refusals_are_the_own_adapters() -> None:
    refusal = Refusal(code="not_found")
    assert ADAPTER.error(refusal, "x") == OWN.error(refusal, "x")
