"""What agents that fetch their requests say and get: read strictly, written as it would have been sent."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.agents.pulling import Handed
from gateway.core.message import Outgoing, WireAnswer
from gateway.core.refusal import Refusal
from gateway.exchange.pull_form import handed, read_answer, read_wish


@pytest.mark.parametrize(
    ("data", "wait_s"), [(b"", 20.0), (b"{}", 20.0), (b'{"wait_s": 0}', 0.0), (b'{"wait_s": 30}', 30)]
)
def test_who_waits_says_how_long_or_nothing(data: bytes, wait_s: float) -> None:
    assert read_wish(data) == wait_s


@pytest.mark.parametrize(
    "data", [b"x", b"[]", b'{"wait_s": 31}', b'{"wait_s": -1}', b'{"wait_s": "1"}', b'{"other": 1}']
)
def test_another_wish_is_refused(data: bytes) -> None:
    assert isinstance(read_wish(data), Refusal)


def test_an_answer_is_what_would_have_come_by_http() -> None:
    assert read_answer(b'{"body": {"a":  1}}') == WireAnswer(
        status=200, headers=(("content-type", "application/json"),), body=b'{"a":  1}'
    )
    failed = read_answer(b'{"status": 503, "retry_after": 5}')
    assert failed == WireAnswer(status=503, headers=(("retry-after", "5"),), body=b"")
    over = read_answer(b'{"status": 503}', "TLSv1.3 A")
    assert over == WireAnswer(status=503, headers=(), body=b"", tls="TLSv1.3 A")
    empty = read_answer(b'{"status": 204}')
    assert empty == WireAnswer(status=204, headers=(), body=b"")
    text = read_answer(b'{"text": "said", "media_type": "text/plain"}')
    assert text == WireAnswer(status=200, headers=(("content-type", "text/plain"),), body=b"said")


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b"x", ""),
        (b'{"status": 199}', "/status"),
        (b'{"status": 600}', "/status"),
        (b'{"retry_after": -1}', "/retry_after"),
        (b'{"text": "a"}', "/media_type"),
        (b'{"body": 1, "text": "a", "media_type": "text/plain"}', "/body"),
        (b'{"headers": {}}', ""),
        (b'{"status": 204, "body": 1}', "/body"),
        (b'{"status": 205, "text": "a", "media_type": "text/plain"}', "/body"),
        (b'{"status": 304, "base64": "YQ==", "media_type": "text/plain"}', "/body"),
    ],
)
def test_another_answer_is_refused_by_its_field(data: bytes, field: str) -> None:
    found = read_answer(data)
    assert isinstance(found, Refusal)
    assert (found.code, found.field) == ("parameter_invalid", field)


@given(st.binary(max_size=200))
def test_whatever_comes_is_an_answer_or_a_refusal(data: bytes) -> None:
    assert isinstance(read_answer(data), (WireAnswer, Refusal))
    assert isinstance(read_wish(data), (float, int, Refusal))


@pytest.mark.parametrize(
    ("body", "kind", "member", "value"),
    [
        (b'{"a":  1}', "application/json", "body", {"a": 1}),
        (b"said", "text/plain", "text", "said"),
        (b"\xff", "application/pdf", "base64", "/w=="),
        (b'1, "path": "/other", "lease": "le_2"', "application/json", "text", '1, "path": "/other", "lease": "le_2"'),
    ],
)
def test_a_request_is_given_as_it_would_have_been_sent(body: bytes, kind: str, member: str, value: object) -> None:
    outgoing = Outgoing(method="POST", path="/notes?x=1", headers=(("content-type", kind),), body=body)
    document = msgspec.json.decode(msgspec.json.encode(handed(Handed(lease="le_1", outgoing=outgoing, expires_us=0))))
    assert document[member] == value
    assert (document["lease"], document["method"], document["path"]) == ("le_1", "POST", "/notes?x=1")
    assert document["expires_at"] == "1970-01-01T00:00:00.000000Z"


def test_a_request_without_a_body_has_none() -> None:
    outgoing = Outgoing(method="GET", path="/rooms", headers=(), body=b"")
    assert {"body", "text", "base64"}.isdisjoint(handed(Handed(lease="le_1", outgoing=outgoing, expires_us=0)))
