"""The envelope that OpenAI's protocols share: read strictly, rendered anew, its errors in one form."""

import json

import pytest

from gateway.agents.openai_wire import Body, error_object, post, read_body, read_object, unsupported
from gateway.core.errors import AgentError
from gateway.core.refusal import Refusal

from .support import BOUNDS, answer, inbound, route


def test_a_body_is_read_with_its_exact_bytes() -> None:
    body = read_body(inbound(b'{"model": "m",  "x": 1}'), BOUNDS)
    assert body == Body(b'{"model": "m",  "x": 1}', {"model": "m", "x": 1})


@pytest.mark.parametrize(
    ("document", "field"),
    [([], ""), ({}, "/model"), ({"model": ""}, "/model"), ({"model": "m", "stream": 1}, "/stream")],
)
def test_an_envelope_that_reading_cannot_stand_on_is_refused(document: object, field: str) -> None:
    refusal = read_body(inbound(document), BOUNDS)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.field) == ("schema_violation", field)


def test_a_request_carries_the_agents_own_credential_and_its_path_once() -> None:
    sent = post(route(url="http://a.test/v1", credential="own"), "/v1/responses", b"{}", stream=True)
    assert (sent.method, sent.path, sent.body) == ("POST", "/responses", b"{}")
    assert sent.headers == (
        ("content-type", "application/json"),
        ("accept", "text/event-stream"),
        ("authorization", "Bearer own"),
    )
    assert post(route(), "/v1/responses", b"").path == "/v1/responses"


@pytest.mark.parametrize("status", [401, 407, 302, 304])
def test_what_speaks_of_the_gateway_itself_is_a_bad_answer(status: int) -> None:
    with pytest.raises(AgentError):
        read_object(answer({}, status), BOUNDS)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"a":1,"a":2}'])
def test_what_is_no_object_is_a_bad_answer(body: bytes) -> None:
    with pytest.raises(AgentError):
        read_object(answer(body), BOUNDS)


def test_errors_are_openais_objects() -> None:
    error = json.loads(error_object(unsupported("/x", "y"), "E"))["error"]
    assert error == {
        "message": "The request asks for something that cannot be inspected or enforced: expected y",
        "type": "invalid_request_error",
        "param": "/x",
        "code": "feature_unsupported",
        "exchange": "E",
    }
