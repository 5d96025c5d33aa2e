"""An agent of chat completions that does something visible: it says what it heard, and calls the tools it is given."""

import json
from collections.abc import Iterator
from typing import Any

from tests.system.site import Agent, completion, event, send_json


def chats(agent: Agent) -> Agent:
    """Make an agent of a test's system such an agent. Streams come in pieces as `agent.pieces` says."""

    async def behave(scope: dict[str, Any], receive: Any, send: Any) -> None:
        body = agent.bodies[-1]
        if not scope["path"].endswith("/chat/completions"):
            await send_json(send, {"error": {"message": "no such route"}}, 404)
            return
        message = answer(body)
        if not body.get("stream"):
            whole = completion("")
            reason = "tool_calls" if message.get("tool_calls") else "stop"
            whole["choices"] = [{"index": 0, "message": message, "finish_reason": reason}]
            await send_json(send, whole)
            return
        head = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        for chunk in chunks(message, agent.pieces):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    agent.behave = behave
    return agent


def heard(body: dict[str, Any]) -> str:
    """The text of a request's last message."""
    content = body["messages"][-1]["content"]
    return content if isinstance(content, str) else "".join(piece.get("text", "") for piece in content)


def answer(body: dict[str, Any]) -> dict[str, Any]:
    """What this agent says to a request."""
    tools = body.get("tools") or ()
    if tools and body["messages"][-1]["role"] != "tool":
        function = {"name": tools[0]["function"]["name"], "arguments": json.dumps({"query": heard(body)})}
        call = {"id": "call_1", "type": "function", "function": function}
        return {"role": "assistant", "content": "I look it up.", "tool_calls": [call]}
    return {"role": "assistant", "content": f"Heard: {heard(body)}"}


def chunks(message: dict[str, Any], pieces: Any) -> Iterator[bytes]:
    """The stream of a message, the usage in a chunk of its own as servers send it when they are asked to."""
    yield event({"role": "assistant", "content": ""})
    for piece in pieces(message["content"]):
        yield event({"content": piece})
    for index, call in enumerate(message.get("tool_calls") or ()):
        function = call["function"]
        yield event({"tool_calls": [{**call, "index": index, "function": {**function, "arguments": ""}}]})
        for piece in pieces(function["arguments"]):
            yield event({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    yield event({}, "tool_calls" if message.get("tool_calls") else "stop")
    usage = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
    last = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [], "usage": usage}
    yield b"data: " + json.dumps(last).encode() + b"\n\ndata: [DONE]\n\n"
