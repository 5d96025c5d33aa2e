"""The form of a task's submission: read strictly, every error with its field and never its value."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.refusal import Refusal
from gateway.exchange.task_order import Order, read_order

CHAT = "/v1/chat/completions"
TEXT = st.text("/ab%é\n0?#", max_size=8)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**70) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    ["path", "method", "body", "text", "base64", "media_type", "headers", "priority", "delay_s", "tries", "more"]
)


def read(document: Any, max_delay_s: int = 60) -> Order | Refusal:
    return read_order(
        document if isinstance(document, bytes) else json.dumps(document).encode(), max_delay_s=max_delay_s
    )


def ordered(document: Any) -> Order:
    found = read(document)
    assert isinstance(found, Order), found
    return found


def test_the_bytes_of_a_body_are_those_that_were_written() -> None:
    order = ordered(b'{"path": "/v1/messages", "body": {"b":1,  "a" : "\\u00e9"}}')
    assert order.body == b'{"b":1,  "a" : "\\u00e9"}'
    assert order.headers == (("content-type", "application/json"),)
    assert (order.method, order.priority, order.delay_s, order.tries, order.query) == ("POST", 5, 0, None, "")


def test_what_is_no_order_is_told_the_members_that_one_has() -> None:
    documents: tuple[Any, ...] = ({"protocol": "openai", "body": {}}, {"body": {}}, [])
    for document in documents:
        found = read(document)
        assert isinstance(found, Refusal)
        assert "a path, and no other members than" in str(found.hint)
        assert all(name in str(found.hint) for name in ("path", "body", "media_type", "delay_s", "callback"))


def test_text_and_base64_come_with_their_media_type() -> None:
    text = ordered({"path": "/agents/lab/in", "text": "MSH|é", "media_type": "x-application/hl7-v2+er7"})
    assert (text.body, text.headers) == ("MSH|é".encode(), (("content-type", "x-application/hl7-v2+er7"),))
    data = base64.b64encode(b"\x00\xff").decode()
    assert ordered({"path": "/agents/lab/in", "base64": data, "media_type": "image/png"}).body == b"\x00\xff"
    assert ordered({"path": "/agents/lab/in", "method": "GET"}).headers == ()


def test_a_path_is_decoded_as_a_server_does_and_its_query_left_as_it_is() -> None:
    order = ordered({"path": "/agents/lab/a%20b%2Fc%zz?q=%20x", "body": {}})
    assert (order.path, order.query) == ("/agents/lab/a b/c%zz", "q=%20x")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"path": "v1"}, "/path"),
        ({"path": "/a#b"}, "/path"),
        ({"path": "/a b"}, "/path"),
        ({"path": "/%ff"}, "/path"),
        ({"path": "/" + "a" * 2048}, "/path"),
        ({"method": "TRACE"}, "/method"),
        ({"priority": 10}, "/priority"),
        ({"priority": -1}, "/priority"),
        ({"delay_s": 61}, "/delay_s"),
        ({"tries": 0}, "/tries"),
        ({"tries": 21}, "/tries"),
        ({"text": "secret-value"}, "/body"),
        ({"media_type": "secret-value"}, "/media_type"),
        ({"headers": {"authorization": "secret-value"}}, "/headers"),
        ({"headers": {"accept": "a", "Accept": "b"}}, "/headers"),
        ({"headers": {"accept": "secret-value\n"}}, "/headers"),
        ({"callback_url": "secret-value"}, ""),
        ({"priority": "5"}, ""),
    ],
)
def test_what_is_wrong_is_named_by_its_field_and_never_by_its_value(wrong: dict[str, Any], field: str) -> None:
    refused = read({"path": CHAT, "body": {}, **wrong})
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.field) == ("parameter_invalid", field)
    assert "secret-value" not in str(refused)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"text": "a"}, "/media_type"), ({"base64": "a", "media_type": "a/b"}, "/base64")],
)
def test_what_is_no_json_needs_its_type_and_form(wrong: dict[str, Any], field: str) -> None:
    refused = read({"path": CHAT, **wrong})
    assert isinstance(refused, Refusal)
    assert refused.field == field


def test_an_order_that_says_something_twice_is_none_and_what_it_carries_is_read_later() -> None:
    twice = read(b'{"path": "/v1/chat/completions", "body": {}, "path": "/v1/embeddings"}')
    assert isinstance(twice, Refusal)
    assert (twice.code, twice.field) == ("parameter_invalid", "")
    carried = read(b'{"path": "/v1/chat/completions", "body": {"model": "a", "model": "b"}}')
    assert isinstance(carried, Order)
    assert carried.body == b'{"model": "a", "model": "b"}', "as it came: its own reader refuses it"


@given(st.binary(max_size=64) | st.dictionaries(NAMES, PLAIN, max_size=5).map(lambda one: json.dumps(one).encode()))
def test_whatever_comes_is_an_order_within_its_bounds_or_a_refusal(data: bytes) -> None:
    found = read(data)
    if isinstance(found, Order):
        assert found.path.startswith("/")
        assert 0 <= found.priority <= 9
        assert 0 <= found.delay_s <= 60
    else:
        assert found.code == "parameter_invalid"
