"""An agent that speaks OpenAI's responses and embeddings, whole and streamed, and does something visible with them.

It says back the last text it was given; given functions and no result of one yet, it calls the first with that text;
asked for JSON, it says it in JSON. A vector tells the length of its text and how many of its characters are vowels.
"""

import base64
import json
import struct
from collections.abc import Iterator
from typing import Any

from tests.system.site import Agent, send_json


def speaks(agent: Agent) -> Agent:
    """Make an agent of a test's system such an agent."""

    async def behave(scope: dict[str, Any], receive: Any, send: Any) -> None:
        body = agent.bodies[-1]
        if scope["path"].endswith("/embeddings"):
            await send_json(send, embeddings(body))
        elif not scope["path"].endswith("/responses"):
            await send_json(send, {"error": {"message": "no such route"}}, 404)
        elif body.get("stream"):
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", _SSE)]})
            for one in events(output(body), agent.pieces):
                await send({"type": "http.response.body", "body": one, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        else:
            await send_json(send, response(output(body)))

    agent.behave = behave
    return agent


def heard(body: dict[str, Any]) -> str:
    """The last text of a request's input."""
    given = body.get("input") or ""
    if isinstance(given, str):
        return given
    last = given[-1]
    content = last.get("output") or last.get("content") or ""
    return content if isinstance(content, str) else "".join(piece.get("text", "") for piece in content)


def output(body: dict[str, Any]) -> list[dict[str, Any]]:
    """What this agent says to a request."""
    text = heard(body)
    given = body.get("input")
    answered = isinstance(given, list) and any(item.get("type") == "function_call_output" for item in given)
    tools = [tool for tool in body.get("tools") or () if tool["type"] == "function"]
    if tools and not answered:
        arguments = json.dumps({"query": text})
        return [{"id": "fc_1", "type": "function_call", "call_id": "call_1", "name": tools[0]["name"],
                 "arguments": arguments, "status": "completed"}]  # fmt: skip
    if ((body.get("text") or {}).get("format") or {}).get("type") == "json_schema":
        text = json.dumps({"said": text})
    part = {"type": "output_text", "text": text, "annotations": []}
    thought = {"type": "summary_text", "text": f"They said: {text}"}
    return [
        {"id": "rs_1", "type": "reasoning", "summary": [thought]},
        {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [part]},
    ]


def response(items: list[dict[str, Any]], status: str = "completed") -> dict[str, Any]:
    """A response object."""
    usage = {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}
    details = {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_700_000_000,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "model": "tiny",
        "output": items,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {**usage, **details} if status == "completed" else None,
    }


def events(items: list[dict[str, Any]], pieces: Any) -> Iterator[bytes]:
    """A stream of these items, their texts cut as `pieces` says."""
    numbered = enumerate(_events(items, pieces))
    for number, (kind, rest) in numbered:
        body = json.dumps({"type": kind, "sequence_number": number, **rest})
        yield f"event: {kind}\ndata: {body}\n\n".encode()


def _events(items: list[dict[str, Any]], pieces: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    begun = response([], "in_progress")
    yield "response.created", {"response": begun}
    yield "response.in_progress", {"response": begun}
    for index, item in enumerate(items):
        place = {"item_id": item["id"], "output_index": index}
        empty = {**item, "status": "in_progress"}
        for member in ("content", "summary", "arguments"):
            if member in item:
                empty[member] = "" if member == "arguments" else []
        yield "response.output_item.added", {"output_index": index, "item": empty}
        for at, part in enumerate(item.get("content") or ()):
            where = {**place, "content_index": at}
            yield "response.content_part.added", {**where, "part": {**part, "text": ""}}
            for piece in pieces(part["text"]):
                yield "response.output_text.delta", {**where, "delta": piece, "logprobs": []}
            yield "response.output_text.done", {**where, "text": part["text"], "logprobs": []}
            yield "response.content_part.done", {**where, "part": part}
        for at, part in enumerate(item.get("summary") or ()):
            where = {**place, "summary_index": at}
            yield "response.reasoning_summary_part.added", {**where, "part": {**part, "text": ""}}
            for piece in pieces(part["text"]):
                yield "response.reasoning_summary_text.delta", {**where, "delta": piece}
            yield "response.reasoning_summary_text.done", {**where, "text": part["text"]}
            yield "response.reasoning_summary_part.done", {**where, "part": part}
        if "arguments" in item:
            for piece in pieces(item["arguments"]):
                yield "response.function_call_arguments.delta", {**place, "delta": piece}
            done = {"name": item["name"], "arguments": item["arguments"]}
            yield "response.function_call_arguments.done", {**place, **done}
        yield "response.output_item.done", {"output_index": index, "item": item}
    yield "response.completed", {"response": response(items)}


def vector(text: str) -> list[float]:
    """What a text is as a vector here."""
    return [float(len(text)), float(sum(character in "aeiou" for character in text))]


def embeddings(body: dict[str, Any]) -> dict[str, Any]:
    """The vectors of a request's texts; of tokens, their number."""
    given = body["input"]
    inputs = given if isinstance(given, list) and not isinstance(given[0], int) else [given]
    made = [vector(one) if isinstance(one, str) else [float(len(one)), 0.0] for one in inputs]
    if body.get("encoding_format") == "base64":
        shown: list[Any] = [base64.b64encode(struct.pack("<2f", *one)).decode() for one in made]
    else:
        shown = list(made)
    data = [{"object": "embedding", "index": index, "embedding": one} for index, one in enumerate(shown)]
    return {"object": "list", "data": data, "model": "tiny", "usage": {"prompt_tokens": 3, "total_tokens": 3}}


_SSE = b"text/event-stream"
