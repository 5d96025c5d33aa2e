"""The callers' program: the official client, plain, streaming, refused, and cut off."""

import io
import json
from typing import Any

from gateway.demo.agents import chat
from gateway.demo.agents.chat import Call, Reply
from gateway.demo.caller import Callers, main
from gateway.demo.processes import free_ports
from tests.demo.serving_http import answering

BODY: dict[str, Any] = {"model": "sky", "messages": [{"role": "user", "content": "hello"}], "metadata": {"a": "b"}}
STREAM = {**BODY, "stream": True}


def job(port: int, body: dict[str, Any] | None) -> dict[str, Any]:
    return {"base_url": f"http://127.0.0.1:{port}/v1", "key": "k-1", "headers": {"X-Purpose": "TREAT"}, "body": body}


def events(reply: Reply, *ends: bytes) -> bytes:
    request = chat.read(json.dumps(STREAM).encode())
    lines = [b"data: " + json.dumps(chunk).encode() for chunk in chat.chunks(reply, request, b"", 0)]
    return b"\n\n".join([*lines, *ends, b""])


def whole(reply: Reply) -> dict[str, Any]:
    return chat.completion(reply, chat.read(json.dumps(BODY).encode()), b"", 0)


def test_a_plain_request_arrives_as_it_is_and_its_answer_is_told() -> None:
    with answering([(200, whole(Reply("good day")))], {"x-decision": "route"}) as asked:
        result = Callers().call(job(asked.port, BODY))
    assert (result["status"], result["text"], result["error"]) == (200, "good day", None)
    assert result["headers"]["x-decision"] == "route"
    assert json.loads(asked.requests[0][2]) == BODY
    assert asked.headers[0]["x-purpose"] == "TREAT"
    assert asked.headers[0]["authorization"] == "Bearer k-1"


def test_a_call_of_a_tool_is_told_with_its_arguments() -> None:
    call = Reply("", Call("find", {"account": "1"}))
    with answering([(200, whole(call)), (200, events(call, b"data: [DONE]"))]) as asked:
        callers = Callers()
        assert callers.call(job(asked.port, BODY))["text"] == 'find({"account": "1"})'
        assert callers.call(job(asked.port, STREAM))["text"] == 'find({"account": "1"})'


def test_a_stream_is_joined() -> None:
    data = events(Reply("good day to you"), b"data: [DONE]")
    with answering([(200, data)], {"content-type": "text/event-stream"}) as asked:
        result = Callers().call(job(asked.port, STREAM))
    assert (result["text"], result["error"]) == ("good day to you", None)
    assert result["pieces"] > 3
    assert json.loads(asked.requests[0][2]) == STREAM


def test_an_error_within_a_stream_is_told_with_what_came_before() -> None:
    data = events(Reply("good day"), b'data: {"error": {"code": "agent_timeout", "message": "m"}}')
    with answering([(200, data)], {"content-type": "text/event-stream"}) as asked:
        result = Callers().call(job(asked.port, STREAM))
    assert (result["status"], result["text"], result["error"]["code"]) == (200, "good day", "agent_timeout")


def test_a_refusal_is_a_result() -> None:
    with answering([(403, {"error": {"code": "policy_denied", "message": "no"}})], {"x-exchange-id": "e"}) as asked:
        result = Callers().call(job(asked.port, BODY))
    assert (result["status"], result["error"]["code"]) == (403, "policy_denied")
    assert result["headers"]["x-exchange-id"] == "e"
    assert len(asked.requests) == 1


def test_nobody_there_is_a_result() -> None:
    result = Callers().call(job(free_ports(1)[0], BODY))
    assert (result["status"], result["error"]["code"]) == (0, "APIConnectionError")


def test_the_program_does_one_job_a_line() -> None:
    listed = {
        "object": "list",
        "data": [{"id": name, "object": "model", "created": 0, "owned_by": "g"} for name in "ab"],
    }
    with answering([(200, listed), (500, {})]) as asked:
        jobs = "".join(json.dumps(job(asked.port, body)) + "\n" for body in (None, BODY))
        results = io.StringIO()
        main(io.StringIO(jobs), results)
    first, second = (json.loads(line) for line in results.getvalue().splitlines())
    assert (first["status"], first["text"]) == (200, "a\nb")
    assert second["status"] == 500
