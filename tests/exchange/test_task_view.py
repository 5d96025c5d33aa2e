"""What is told of tasks: to callers little, to operators more, of what they hold nothing."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.exchange.task_kept import Result
from gateway.exchange.task_view import delivered, described, shown, told
from gateway.store.callbacks import DELIVERED, Delivery
from tests.store.kit import LEDGER
from tests.store.test_tasks import made


def result(body: bytes, media_type: str) -> Result:
    return Result(status=200, headers=(("content-type", media_type),), body=body)


def test_what_is_not_there_is_not_told() -> None:
    assert "ended_at" not in shown(made())
    assert "callback" not in shown(made())
    assert shown(made(callback="billing"))["callback"] == {"id": "billing"}
    assert shown(made(ended_us=0))["ended_at"] == "1970-01-01T00:00:00.000000Z"


def test_an_operator_sees_who_and_why_and_nothing_of_what_it_holds() -> None:
    seen = described(made(holder="nd_1/bt_1"))
    assert (seen["actor"], seen["most_tries"], seen["holder"]) == ("ac_1", 3, "nd_1/bt_1")
    assert "principal" not in seen
    assert "digest" not in seen


def test_a_result_is_told_as_json_as_text_or_as_bytes() -> None:
    assert msgspec.json.encode(told(result(b'{"a": 1}', "application/fhir+json"))["body"]) == b'{"a": 1}'
    assert told(result(b"said", "text/plain"))["text"] == "said"
    assert told(result(b"\xff", "image/png"))["base64"] == "/w=="
    assert told(result(b"", "application/json"))["text"] == ""


FORGED = b'null}, "task": {"id": "FORGED"}, "x": {"y": 1'


@pytest.mark.parametrize("kind", ["text/x+json", "application/json", "application/fhir+json; charset=utf-8", "x+json"])
@pytest.mark.parametrize("body", [FORGED, b'1} , {"a": 2', b"\xef\xbb\xbf{}", b'{"a": 1}{}', b"[" * 5000, b'"\\x"'])
def test_no_body_ends_the_member_that_it_stands_in(kind: str, body: bytes) -> None:
    document = msgspec.json.decode(msgspec.json.encode({"task": {"id": "t1"}, "result": told(result(body, kind))}))
    assert (list(document), document["task"]) == (["task", "result"], {"id": "t1"})
    assert document["result"]["text"].encode() == body


def test_what_is_read_as_text_is_told_as_text() -> None:
    assert told(result(b'{"a": 1}', "text/x+json"))["text"] == '{"a": 1}'
    assert told(result(b'"\xff"', "application/json"))["base64"] == "Iv8i"


@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:1a\\ ', max_size=30).map(str.encode))
def test_whatever_a_body_is_the_document_around_it_stays_as_it_is(body: bytes) -> None:
    document = msgspec.json.decode(msgspec.json.encode({"a": told(result(body, "application/json")), "b": 1}))
    assert (list(document), document["b"], set(document["a"]) & {"status", "headers"}) == (
        ["a", "b"],
        1,
        {"status", "headers"},
    )


def test_a_delivery_is_told_with_its_id_its_tries_and_its_end() -> None:
    one = Delivery(
        tenant=LEDGER,
        id="d1",
        task="t1",
        callback="billing",
        state=DELIVERED,
        version=2,
        tries=2,
        due_us=0,
        created_us=0,
        ended_us=0,
        code="ok",
        status=204,
    )
    assert delivered(one) == {
        "id": "billing",
        "delivery": "d1",
        "state": "delivered",
        "tries": 2,
        "code": "ok",
        "ended_at": "1970-01-01T00:00:00.000000Z",
    }
