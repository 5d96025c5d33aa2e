"""Embeddings: texts are parts, tokens are unreadable, vectors are derived from what they were made of."""

import json
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.embeddings import EMBEDDING_REQUEST, EmbeddingsAdapter
from gateway.core.errors import AgentError, FormatError
from gateway.core.message import Message, Part
from gateway.core.refusal import Refusal

from .support import BOUNDS, SSN, MaskingLanes, answer, inbound, read, refused, route

ADAPTER = EmbeddingsAdapter(BOUNDS)
HELLO: dict[str, Any] = {"model": "m", "input": "Hello"}
VECTORS: dict[str, Any] = {
    "object": "list",
    "data": [{"object": "embedding", "index": 0, "embedding": [0.123456789, -1, 2e-9]}],
    "model": "tiny",
    "usage": {"prompt_tokens": 3, "total_tokens": 3},
}
VALIDATOR = jsonschema_rs.Draft202012Validator(EMBEDDING_REQUEST)


def message(body: dict[str, Any]) -> Message:
    return read(ADAPTER.read(inbound(body), BOUNDS))


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"input": SSN}, "/input"),
        ({"input": ["a", SSN]}, "/input/1"),
        ({"input": "a", "user": SSN}, "/user"),
        ({"input": "a", "encoding_format": SSN}, "/encoding_format"),
        ({"input": "a", "x_new": {"deep": [SSN]}}, "/x_new/deep/0"),
        ({"input": "a", SSN: 1}, f"/{SSN}"),
        ({"input": {"text": SSN}}, "/input/text"),
        ({"model": SSN}, "/model"),
    ],
)
def test_every_place_that_can_carry_text_is_a_part(body: dict[str, Any], place: str) -> None:
    parts = message({"model": "m", **body}).parts
    assert place in [part.pointer for part in parts if SSN in part.text]


def test_a_request_names_its_action_and_target() -> None:
    read_ = message(HELLO)
    assert (read_.protocol, read_.action, read_.target, read_.stream) == ("embeddings", "embed", "m", False)
    assert read_.parts == (Part("/model", "m", "name"), Part("/input", "Hello"))


@pytest.mark.parametrize(
    ("tokens", "places"), [([1, 2], ["/input"]), ([[1], [2, 3]], ["/input/0", "/input/1"]), ([[1], "a"], ["/input/0"])]
)
def test_tokens_are_unreadable(tokens: Any, places: list[str]) -> None:
    parts = message({"model": "m", "input": tokens}).parts
    assert [part.pointer for part in parts if part.kind == "unreadable"] == places


def test_a_stream_of_vectors_is_refused_by_name() -> None:
    refusal = refused(ADAPTER.read(inbound({**HELLO, "stream": True}), BOUNDS))
    assert (refusal.code, refusal.field) == ("feature_unsupported", "/stream")
    with pytest.raises(AgentError):
        ADAPTER.stream(message(HELLO), MaskingLanes(), BOUNDS, route())


def test_what_cannot_be_read_is_refused() -> None:
    assert refused(ADAPTER.read(inbound(b"{"), BOUNDS)).code == "body_not_json"


def test_a_request_is_rendered_as_it_was_but_for_masks_and_model() -> None:
    body = b'{"model":"m",  "input":["a","b"]}'
    given_ = read(ADAPTER.read(inbound(body), BOUNDS))
    sent = ADAPTER.render(given_, route(), {})
    assert (sent.path, sent.body) == ("/v1/embeddings", body)
    masked = ADAPTER.render(given_, route(model="tiny"), {"/input/1": "[EMAIL]"})
    assert json.loads(masked.body) == {"model": "tiny", "input": ["a", "[EMAIL]"]}
    with pytest.raises(FormatError):
        ADAPTER.render(given_, route(), {"/input/7": "[EMAIL]"})


@pytest.mark.parametrize("vector", [[0.1, 2, -3.5e-7], [], "AACAPwAAAEA=", ""])
def test_vectors_pass_as_they_are_and_are_derived(vector: Any) -> None:
    document = {**VECTORS, "data": [{**VECTORS["data"][0], "embedding": vector}]}
    read_ = ADAPTER.read_answer(answer(document), message(HELLO), route())
    assert read_.derived
    assert [part.pointer for part in read_.parts] == ["/model"]
    assert (read_.model, read_.tokens_in) == ("tiny", 3)
    assert ADAPTER.render_answer(read_, {}) == json.dumps(document).encode()


@pytest.mark.parametrize("vector", [None, "text", "AAA=", SSN, [SSN], [True], [[1]], {"a": 1}, "AAAAA A="])
def test_nothing_but_a_vector_passes_in_its_place(vector: Any) -> None:
    document = {**VECTORS, "data": [{"embedding": vector}]}
    with pytest.raises(AgentError):
        ADAPTER.read_answer(answer(document), message(HELLO), route())


@pytest.mark.parametrize("document", [{}, {"data": {}}, {"data": ["x"]}, {"data": None}])
def test_an_answer_of_another_shape_is_bad(document: dict[str, Any]) -> None:
    with pytest.raises(AgentError):
        ADAPTER.read_answer(answer(document), message(HELLO), route())


@pytest.mark.parametrize(
    ("document", "status"),
    [
        ({**VECTORS, "note": SSN}, 200),
        ({**VECTORS, "data": [{**VECTORS["data"][0], "note": SSN}]}, 200),
        ({**VECTORS, "data": [{**VECTORS["data"][0], SSN: 1}]}, 200),
        ({"error": {"message": SSN}}, 400),
        ({"error": {"message": "x"}, "data": [{"embedding": SSN}]}, 400),
    ],
)
def test_texts_of_an_answer_are_parts(document: dict[str, Any], status: int) -> None:
    read_ = ADAPTER.read_answer(answer(document, status), message(HELLO), route())
    assert any(SSN in part.text for part in read_.parts)
    assert read_.derived is (status == 200)


def test_errors_have_openais_form_and_only_openais_agents_are_served() -> None:
    assert json.loads(ADAPTER.error(Refusal(code="policy_denied"), "E"))["error"]["code"] == "policy_denied"
    assert ADAPTER.serves(message(HELLO), route())
    assert not ADAPTER.serves(message(HELLO), route(protocol="http"))
    assert ADAPTER.serves(message(HELLO), route(apis=("embeddings",)))
    assert not ADAPTER.serves(message(HELLO), route(apis=("chat",)))


@pytest.mark.parametrize("given_", ["a", ["a", "b"], [1], [[1], [2]]])
def test_the_schema_takes_what_the_protocol_takes(given_: Any) -> None:
    assert VALIDATOR.is_valid({"model": "m", "input": given_, "encoding_format": "base64", "dimensions": 5})


@pytest.mark.parametrize("given_", ["", [], [["a"]], [1, "a"], [[]], 5, None, [-1]])
def test_the_schema_takes_nothing_else(given_: Any) -> None:
    assert not VALIDATOR.is_valid({"model": "m", "input": given_})


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


@settings(max_examples=100)
@given(values, values)
def test_any_document_is_read_or_refused_and_any_answer_read_or_bad(given_: Any, said: Any) -> None:
    request = ADAPTER.read(inbound({"model": "m", "input": given_}), BOUNDS)
    assert isinstance(request, Message | Refusal)
    try:
        read_ = ADAPTER.read_answer(answer({"data": said}), message(HELLO), route())
    except AgentError as error:
        assert error.code == "bad_answer"  # noqa: PT017 - both ends are right here
    else:
        assert read_.derived


@pytest.mark.parametrize(
    ("extra", "onward"),
    [
        ({"fallbacks": ["other"]}, ("onward:model",)),
        ({"api_base": "x"}, ("onward:url",)),
        ({"messages": [{"content": [{"image_url": {"url": "https://x.test"}}]}]}, ("onward:url",)),
        ({"dimensions": 3, "user": "https://x.test"}, ()),
    ],
)
def test_what_the_agent_would_do_elsewhere_is_an_action(extra: dict[str, Any], onward: tuple[str, ...]) -> None:
    assert message({**HELLO, **extra}).onward == onward


@pytest.mark.parametrize("key", ["Input", "MODEL", "Api_Base", "Messages"])
def test_a_member_in_another_case_is_refused_which_some_agents_take_for_it(key: str) -> None:
    refusal = ADAPTER.read(inbound({**HELLO, key: "x"}), BOUNDS)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.field) == ("schema_violation", f"/{key.lower()}")
