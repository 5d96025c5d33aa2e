"""Tools over every pair of forms: agents that call two tools at once, and stock clients that run them.

An agent of any of the three forms calls the tools that it is given until results come back, and then says what they
were. A client keeps its history as its library gives it: what was answered goes back unchanged, results behind it.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI

from tests.system import chatting, messages, oracle
from tests.system.site import Agent, System, completion, send_json

FORMS: dict[str, dict[str, Any]] = {
    "chat": {"protocol": "openai", "apis": ["chat"]},
    "responses": {"protocol": "openai", "apis": ["responses"]},
    "messages": {"protocol": "anthropic"},
}
"""The settings of an agent that speaks a form and no other."""
SCHEMA = {
    "type": "object",
    "properties": {"query": {"type": "string"}},
    "required": ["query"],
    "additionalProperties": False,
}
TOOLS: list[dict[str, Any]] = [
    {"name": "find_patient", "description": "Finds a patient."},
    {"name": "find_ward", "description": "Finds a ward."},
]
"""What tools say of themselves; all take the same arguments."""
SPOKEN = "Let me look."


class Call(msgspec.Struct, frozen=True):
    """A tool call as the client's user sees it: the arguments are read from their JSON."""

    id: str
    name: str
    given: Mapping[str, Any]


def calling(agent: Agent, form: str, *calls: Call) -> Agent:
    """Make an agent of a test's system one that makes these calls, in its own form, whole or streamed."""

    async def behave(scope: dict[str, Any], receive: Any, send: Any) -> None:
        body = agent.bodies[-1]
        told = results(form, body)
        said = f"Heard: {' '.join(told)}" if told else SPOKEN
        made = () if told else calls
        if not body.get("stream"):
            await send_json(send, _WHOLE[form](said, made))
            return
        head = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        for piece in _STREAMED[form](said, made):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    agent.behave = behave
    return agent


def results(form: str, body: Mapping[str, Any]) -> list[str]:
    """The texts of the results that a request of this form brings, in order."""
    if form == "chat":
        return [_text(one["content"]) for one in body["messages"] if one["role"] == "tool"]
    if form == "responses":
        return [_text(one["output"]) for one in body["input"] if one.get("type") == "function_call_output"]
    turns = (one["content"] for one in body["messages"] if isinstance(one["content"], list))
    return [_text(block["content"]) for turn in turns for block in turn if block["type"] == "tool_result"]


def history(form: str, body: Mapping[str, Any]) -> list[Any]:
    """What a request says from the assistant's turn on, its calls' arguments read from their JSON."""
    said: list[Any] = json.loads(json.dumps(body["input" if form == "responses" else "messages"][1:]))
    for one in said:
        for call in one.get("tool_calls") or ():
            call["function"]["arguments"] = json.loads(call["function"]["arguments"])
        if "arguments" in one:
            one["arguments"] = json.loads(one["arguments"])
    return said


def expected(form: str, calls: Sequence[Call], told: Sequence[str]) -> list[Any]:
    """What an agent of this form must be told of the calls and their results, member by member."""
    pairs = list(zip(calls, told, strict=True))
    if form == "chat":
        made = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.given}}
            for call in calls
        ]
        answered: list[Any] = [{"role": "tool", "tool_call_id": call.id, "content": text} for call, text in pairs]
        return [{"role": "assistant", "content": SPOKEN, "tool_calls": made}, *answered]
    if form == "responses":
        return [
            {"type": "message", "role": "assistant", "content": SPOKEN},
            *({"type": "function_call", "call_id": one.id, "name": one.name, "arguments": one.given} for one in calls),
            *({"type": "function_call_output", "call_id": call.id, "output": text} for call, text in pairs),
        ]
    used = [{"type": "tool_use", "id": call.id, "name": call.name, "input": call.given} for call in calls]
    answered = [
        {"type": "tool_result", "tool_use_id": call.id, "content": [{"type": "text", "text": text}]}
        for call, text in pairs
    ]
    spoken = {"role": "assistant", "content": [{"type": "text", "text": SPOKEN}, *used]}
    return [spoken, {"role": "user", "content": answered}]


def defined(form: str) -> list[Any]:
    """The definitions of the tools in a form, as a client gives them and as an agent must get them."""
    if form == "messages":
        return [{**told, "input_schema": SCHEMA, "strict": True} for told in TOOLS]
    tools = [{**told, "parameters": SCHEMA, "strict": True} for told in TOOLS]
    if form == "responses":
        return [{"type": "function", **tool} for tool in tools]
    return [{"type": "function", "function": tool} for tool in tools]


def chosen(form: str, choice: str, *, parallel: bool) -> dict[str, Any]:
    """The members that say which tools may be called: `any`, `auto`, `none` or a tool's name."""
    if form == "messages":
        picked = {"type": choice} if choice in ("any", "auto", "none") else {"type": "tool", "name": choice}
        alone = {} if choice == "none" else {"disable_parallel_tool_use": not parallel}
        return {"tool_choice": {**picked, **alone}}
    word: Any = {"any": "required", "auto": "auto", "none": "none"}.get(choice)
    if word is None:
        named = {"name": choice}
        word = {"type": "function", **named} if form == "responses" else {"type": "function", "function": named}
    return {"tool_choice": word, "parallel_tool_calls": parallel}


class Talk(ABC):
    """A conversation through a stock client, its history kept as that library keeps it."""

    def __init__(self, api: Any, form: str, model: str, text: str) -> None:
        self.api, self.form = api, form
        self._turns: list[Any] = [{"role": "user", "content": text}]
        self._calls: list[Call] = []
        self._options: dict[str, Any] = {"model": model, "tools": defined(form)}

    def anew(self) -> "Talk":
        """A conversation that begins as this one did."""
        return type(self)(self.api, self.form, self._options["model"], str(self._turns[0]["content"]))

    async def ask(self, *, flowing: bool, **chosen: Any) -> list[Call]:
        """What the agent calls; what it says beside them must be `SPOKEN`."""
        said, self._calls = await self._send(flowing, chosen)
        assert said == SPOKEN, said
        return self._calls

    async def tell(self, *told: str, flowing: bool) -> str:
        """What the agent says to the results of its calls."""
        self._turns += self._results(list(zip(self._calls, told, strict=True)))
        said, calls = await self._send(flowing, {})
        assert not calls
        return said

    @abstractmethod
    async def _send(self, flowing: bool, chosen: Mapping[str, Any]) -> tuple[str, list[Call]]:
        """The words and calls of an answer, which becomes part of the history."""

    @abstractmethod
    def _results(self, pairs: Sequence[tuple[Call, str]]) -> list[Any]: ...


class ChatTalk(Talk):
    async def _send(self, flowing: bool, chosen: Mapping[str, Any]) -> tuple[str, list[Call]]:
        options = {**self._options, **chosen, "messages": self._turns}
        if flowing:
            async with self.api.chat.completions.stream(**options) as stream:
                choice = (await stream.get_final_completion()).choices[0]
        else:
            choice = (await self.api.chat.completions.create(**options)).choices[0]
        self._turns.append(choice.message)
        calls = [
            Call(one.id, one.function.name, json.loads(one.function.arguments))
            for one in choice.message.tool_calls or ()
        ]
        assert choice.finish_reason == ("tool_calls" if calls else "stop")
        return str(choice.message.content), calls

    def _results(self, pairs: Sequence[tuple[Call, str]]) -> list[Any]:
        return [{"role": "tool", "tool_call_id": call.id, "content": text} for call, text in pairs]


class ResponsesTalk(Talk):
    async def _send(self, flowing: bool, chosen: Mapping[str, Any]) -> tuple[str, list[Call]]:
        options = {**self._options, **chosen, "input": self._turns}
        if flowing:
            async with self.api.responses.stream(**options) as stream:
                answer = await stream.get_final_response()
        else:
            answer = await self.api.responses.create(**options)
        assert answer.status == "completed"
        self._turns += answer.output
        calls = [
            Call(one.call_id, one.name, json.loads(one.arguments))
            for one in answer.output
            if one.type == "function_call"
        ]
        return str(answer.output_text), calls

    def _results(self, pairs: Sequence[tuple[Call, str]]) -> list[Any]:
        return [{"type": "function_call_output", "call_id": call.id, "output": text} for call, text in pairs]


class MessagesTalk(Talk):
    async def _send(self, flowing: bool, chosen: Mapping[str, Any]) -> tuple[str, list[Call]]:
        options = {**self._options, **chosen, "messages": self._turns, "max_tokens": 99}
        if flowing:
            async with self.api.messages.stream(**options) as stream:
                answer = await stream.get_final_message()
        else:
            answer = await self.api.messages.create(**options)
        self._turns.append({"role": "assistant", "content": answer.content})
        calls = [Call(one.id, one.name, one.input) for one in answer.content if one.type == "tool_use"]
        assert answer.stop_reason == ("tool_use" if calls else "end_turn")
        return "".join(one.text for one in answer.content if one.type == "text"), calls

    def _results(self, pairs: Sequence[tuple[Call, str]]) -> list[Any]:
        told = [{"type": "tool_result", "tool_use_id": call.id, "content": text} for call, text in pairs]
        return [{"role": "user", "content": told}]


_TALKS: dict[str, type[Talk]] = {"chat": ChatTalk, "responses": ResponsesTalk, "messages": MessagesTalk}


@asynccontextmanager
async def talking(
    site: System, form: str, text: str, *roles: str, zone: str = "in-house", model: str = "ward"
) -> AsyncIterator[Talk]:
    """A conversation that begins with this text, in a client of its own."""
    key = await site.key(*roles, zone=zone)
    api: Any = (
        AsyncAnthropic(base_url=site.url, api_key=key, max_retries=0)
        if form == "messages"
        else AsyncOpenAI(base_url=f"{site.url}/v1", api_key=key, max_retries=0)
    )
    async with api:
        yield _TALKS[form](api, form, model, text)


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(piece.get("text", "") for piece in content)


def _message(said: str, calls: Sequence[Call]) -> dict[str, Any]:
    made = [
        {"id": one.id, "type": "function", "function": {"name": one.name, "arguments": json.dumps(one.given)}}
        for one in calls
    ]
    return {"role": "assistant", "content": said, **({"tool_calls": made} if made else {})}


def _completion(said: str, calls: Sequence[Call]) -> dict[str, Any]:
    reason = "tool_calls" if calls else "stop"
    choice = {"index": 0, "message": _message(said, calls), "finish_reason": reason}
    return {**completion(""), "choices": [choice]}


def _items(said: str, calls: Sequence[Call]) -> list[dict[str, Any]]:
    part = {"type": "output_text", "text": said, "annotations": []}
    spoken = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [part]}
    made = [
        {
            "id": f"fc_{at}",
            "type": "function_call",
            "call_id": one.id,
            "name": one.name,
            "arguments": json.dumps(one.given),
            "status": "completed",
        }
        for at, one in enumerate(calls)
    ]
    return [spoken, *made]


def _blocks(said: str, calls: Sequence[Call]) -> messages.Blocks:
    used = [{"type": "tool_use", "id": one.id, "name": one.name, "input": dict(one.given)} for one in calls]
    return [{"type": "text", "text": said}, *used]


def _cut(text: str) -> list[str]:
    return [text[i : i + 3] for i in range(0, len(text), 3)]


def _events(said: str, calls: Sequence[Call]) -> Iterator[bytes]:
    yield from map(messages.encoded, messages.events(_blocks(said, calls), 3))


_Said = Callable[[str, Sequence[Call]], Any]
_WHOLE: dict[str, _Said] = {
    "chat": _completion,
    "responses": lambda said, calls: oracle.response(_items(said, calls)),
    "messages": lambda said, calls: messages.message_of(_blocks(said, calls)),
}
_STREAMED: dict[str, _Said] = {
    "chat": lambda said, calls: chatting.chunks(_message(said, calls), _cut),
    "responses": lambda said, calls: oracle.events(_items(said, calls), _cut),
    "messages": _events,
}
