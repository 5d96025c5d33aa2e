"""A trusted agent answers whatever the caller's client speaks: stock clients over agents of other families."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anthropic
import pytest
from anthropic import AsyncAnthropic
from anthropic.types import ToolUseBlock
from openai import APIError, AsyncOpenAI, BadRequestError, PermissionDeniedError

from gateway.settings import Settings
from tests.system.chatting import chats
from tests.system.kit import HEALTH, IDENTIFIED, PUBLIC, SSN
from tests.system.messages import Claude, client
from tests.system.oracle import speaks
from tests.system.site import Agent, System, completion, event, send_json, system

CLOUD = {"zone": "cloud", "processor": "cloud-inc", "capabilities": ["summarize"]}
WARD = {"zone": "in-house", "capabilities": ["summarize"]}
SCHEMA = {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]}
LOOKUP: Any = {
    "type": "function",
    "name": "lookup",
    "description": "Looks it up",
    "parameters": SCHEMA,
    "strict": False,
}


@asynccontextmanager
async def openai(site: System, *roles: str, zone: str = "in-house") -> AsyncIterator[AsyncOpenAI]:
    key = await site.key(*roles, zone=zone)
    async with AsyncOpenAI(base_url=f"{site.url}/v1", api_key=key, max_retries=0) as made:
        yield made


class TestResponsesToChat:
    """The cloud's agent has responses, the ward's only chat completions."""

    @pytest.fixture
    async def site(self, sqlite_settings: Settings) -> AsyncIterator[System]:
        agents = {"cloud": {**CLOUD, "apis": ["responses"]}, "ward": {**WARD, "apis": ["chat"]}}
        async with system(sqlite_settings, agents=agents) as site:
            speaks(site.agents["cloud"])
            chats(site.agents["ward"])
            yield site

    async def test_health_data_are_answered_in_house(self, site: System) -> None:
        async with openai(site, "clinician") as api:
            raw = await api.responses.with_raw_response.create(model="cloud", input=HEALTH, instructions="Be short.")
            answer = raw.parse()
            assert answer.output_text == f"Heard: {HEALTH}"
            assert answer.status == "completed"
            assert raw.headers["x-routed-agent"] == "ward"
            assert site.agents["cloud"].received == []
            assert site.agents["ward"].bodies[0]["messages"] == [
                {"role": "system", "content": "Be short."},
                {"role": "user", "content": HEALTH},
            ]
            first, last = await site.trail(raw.headers["x-exchange-id"])
            assert (first["action"], first["agent"]) == ("respond", "ward")
            assert (last["outcome"]["tokens_in"], last["outcome"]["tokens_out"]) == (3, 4)

    async def test_what_is_public_goes_to_the_agent_that_speaks_it_as_it_is(self, site: System) -> None:
        async with openai(site, "clerk") as api:
            answer = await api.responses.create(model="cloud", input=PUBLIC)
            assert answer.output_text == PUBLIC
            assert site.agents["cloud"].bodies[0]["input"] == PUBLIC

    async def test_tools_are_called_and_their_results_are_heard_streamed(self, site: System) -> None:
        async with openai(site, "clinician") as api:
            async with api.responses.stream(model="cloud", input=HEALTH, tools=[LOOKUP]) as stream:
                kinds = [event.type async for event in stream]
                first = await stream.get_final_response()
            assert kinds.count("response.function_call_arguments.delta") >= 1
            call = first.output[1]
            assert call.type == "function_call"
            assert json.loads(call.arguments) == {"query": HEALTH}
            history: Any = [
                {"role": "user", "content": HEALTH},
                *(item.model_dump(exclude_none=True) for item in first.output),
                {"type": "function_call_output", "call_id": call.call_id, "output": "It is John Carter's."},
            ]
            async with api.responses.stream(model="cloud", input=history, tools=[LOOKUP]) as stream:
                deltas = [event.delta async for event in stream if event.type == "response.output_text.delta"]
                second = await stream.get_final_response()
            assert second.output_text == "".join(deltas) == "Heard: It is John Carter's."
            assert site.agents["ward"].bodies[1]["messages"][-2:] == [
                {
                    "role": "assistant",
                    "content": "I look it up.",
                    "tool_calls": [
                        {
                            "id": "call_1",
                            "type": "function",
                            "function": {"name": "lookup", "arguments": call.arguments},
                        }
                    ],
                },
                {"role": "tool", "tool_call_id": "call_1", "content": "It is John Carter's."},
            ]
            assert site.agents["cloud"].received == []

    async def test_what_has_no_translation_is_refused_and_named_on_record(self, site: System) -> None:
        async with openai(site, "clinician") as api:
            with pytest.raises(PermissionDeniedError) as caught:
                await api.responses.create(model="cloud", input=HEALTH, max_tool_calls=3)
            assert site.agents["ward"].received == []
            (denied,) = await site.trail(caught.value.response.headers["x-exchange-id"])
            assert [view["answer"] for view in denied["candidates"]] == ["deny", "translation"]
            reader = site.gateway.site.reader("default")
            (stored,) = [one async for one in reader.records(denied["seq"], denied["seq"] + 1, details=True)]
            told = json.loads(stored.detail or b"{}")["explanation"]
            assert "Not for agent ward: max_tool_calls cannot be translated." in told

    async def test_an_agents_error_comes_in_the_callers_form(self, site: System) -> None:
        async def behave(scope: dict[str, Any], receive: Any, send: Any) -> None:
            body = b'{"object": "error", "message": "the context is too long"}'
            head = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": 400, "headers": head})
            await send({"type": "http.response.body", "body": body})

        site.agents["ward"].behave = behave
        async with openai(site, "clinician") as api:
            with pytest.raises(BadRequestError, match="the context is too long"):
                await api.responses.create(model="cloud", input=HEALTH)


class TestChatToResponses:
    """The one agent has responses alone."""

    @pytest.fixture
    async def site(self, sqlite_settings: Settings) -> AsyncIterator[System]:
        async with system(sqlite_settings, agents={"cloud": {**CLOUD, "apis": ["responses"]}}) as site:
            speaks(site.agents["cloud"])
            yield site

    async def test_who_asks_for_what_no_agent_has_words_for_is_told_what_it_is(self, site: System) -> None:
        async with openai(site, "clinician") as api:
            with pytest.raises(BadRequestError, match="expected a request without n: ") as caught:
                await api.chat.completions.create(model="cloud", messages=[{"role": "user", "content": "Hello"}], n=2)
        assert site.agents["cloud"].received == []
        (denied,) = await site.trail(caught.value.response.headers["x-exchange-id"])
        assert (denied["outcome"]["code"], denied["decision"]["effect"]) == ("feature_unsupported", "deny")
        headers = {"authorization": f"Bearer {await site.key('clinician')}"}
        body = {"model": "cloud", "messages": [{"role": "user", "content": "Hello"}], "n": 2}
        order = {"path": "/v1/chat/completions", "body": body}
        later = await site.http.post("/v1/tasks", json=order, headers=headers)
        assert (later.status_code, "a request without n: " in later.text) == (400, True), "a task is told no less"

    async def test_masks_are_in_what_the_agent_gets_and_nothing_is_stored(self, site: System) -> None:
        async with openai(site, "clerk") as api:
            answer = await api.chat.completions.create(
                model="cloud", messages=[{"role": "user", "content": IDENTIFIED}]
            )
            assert answer.choices[0].message.content == IDENTIFIED.replace(SSN, "[US-SSN]")
            sent = site.agents["cloud"].bodies[0]
            assert SSN not in json.dumps(sent)
            assert (sent["store"], sent["input"][0]["role"]) == (False, "user")

    async def test_what_the_agent_says_is_masked_in_the_callers_stream(self, site: System) -> None:
        async with openai(site, "clerk", zone="cloud") as api:
            stream = await api.chat.completions.create(
                model="cloud", messages=[{"role": "user", "content": IDENTIFIED}], stream=True
            )
            text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])
            assert text == IDENTIFIED.replace(SSN, "[US-SSN]")


@pytest.mark.parametrize("flowing", [False, True])
async def test_stock_openai_clients_are_answered_by_an_agent_that_speaks_messages(
    sqlite_settings: Settings, flowing: bool
) -> None:
    """Chat completions and responses, what is personal masked on the way back."""
    agents = {"ward": {**WARD, "protocol": "anthropic"}}
    async with system(sqlite_settings, agents=agents) as site, openai(site, "clerk", zone="cloud") as api:
        claude = Claude()
        claude.answer = lambda body: [{"type": "text", "text": "Write to jane.roe@example.com."}]

        async def behave(scope: Any, receive: Any, send: Any) -> None:
            body = site.agents["ward"].received[-1][1]
            given = iter([{"type": "http.request", "body": body}])

            async def again() -> Any:
                return next(given)

            await claude(scope, again, send)

        site.agents["ward"].behave = behave
        asked: Any = [{"role": "user", "content": PUBLIC}]
        if flowing:
            chunks = await api.chat.completions.create(model="ward", messages=asked, stream=True)
            chat = "".join([chunk.choices[0].delta.content or "" async for chunk in chunks if chunk.choices])
            async with api.responses.stream(model="ward", input=PUBLIC) as stream:
                responded = "".join([one.delta async for one in stream if one.type == "response.output_text.delta"])
        else:
            chat = str((await api.chat.completions.create(model="ward", messages=asked)).choices[0].message.content)
            responded = (await api.responses.create(model="ward", input=PUBLIC)).output_text
        assert chat == responded == "Write to [EMAIL]."
        assert claude.paths == ["/v1/messages"] * 2


def cut_off(agent: Agent) -> None:
    """An agent whose answers end in the middle of a call's arguments, as the longest answer has it."""
    call = {"id": "call_1", "type": "function", "function": {"name": "lookup", "arguments": '{"query": "be'}}

    async def behave(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if not agent.bodies[-1].get("stream"):
            message = {"role": "assistant", "content": "I look.", "tool_calls": [call]}
            choice = {"index": 0, "message": message, "finish_reason": "length"}
            await send_json(send, {**completion(""), "choices": [choice]})
            return
        said = (event({"content": "I look."}), event({"tool_calls": [{**call, "index": 0}]}), event({}, "length"))
        await flowing(send, *said, b"data: [DONE]\n\n")

    agent.behave = behave


async def flowing(send: Any, *pieces: bytes) -> None:
    head = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    for piece in pieces:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_a_call_that_the_longest_answer_cut_off_is_what_messages_make_of_it_and_no_fault_of_the_agent(
    sqlite_settings: Settings, streamed: bool
) -> None:
    """However often a caller sets so low a limit, the agent goes on for everybody."""
    tool: Any = {"name": "lookup", "description": "Looks it up", "input_schema": SCHEMA}
    asked: Any = {"model": "ward", "max_tokens": 9, "messages": [{"role": "user", "content": PUBLIC}], "tools": [tool]}
    async with system(sqlite_settings, agents={"ward": {**WARD, "apis": ["chat"]}}) as site:
        cut_off(site.agents["ward"])
        async with client(site, "clerk") as api:
            for _ in range(25):
                if streamed:
                    async with api.messages.stream(**asked) as stream:
                        message: Any = await stream.get_final_message()
                else:
                    message = await api.messages.create(**asked)
                assert message.stop_reason == "max_tokens"
                text, call = message.content
                assert (text.text, type(call), call.name) == ("I look.", ToolUseBlock, "lookup")
        assert {record["outcome"]["code"] for record in await site.records() if "outcome" in record} == {"ok"}


async def heard(claude: AsyncAnthropic, asked: Any, streamed: bool) -> None:
    """A message, to its end."""
    answer: Any = await claude.messages.create(model="ward", max_tokens=9, messages=asked, stream=streamed)
    if streamed:
        async for _ in answer:
            pass


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_what_messages_have_no_words_for_suspends_no_agent(sqlite_settings: Settings, streamed: bool) -> None:
    said = {"role": "assistant", "content": "See there.", "annotations": [{"type": "url_citation"}]}

    async def behave(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if site.agents["ward"].bodies[-1].get("stream"):
            await flowing(send, event({"content": "Hm. "}), event(said), event({}, "stop"), b"data: [DONE]\n\n")
        else:
            choice = {"index": 0, "message": said, "finish_reason": "stop"}
            await send_json(send, {**completion(""), "choices": [choice]})

    async with system(sqlite_settings, agents={"ward": {**WARD, "apis": ["chat"]}}) as site:
        site.agents["ward"].behave = behave
        asked: Any = [{"role": "user", "content": PUBLIC}]
        async with client(site, "clerk") as claude:
            for _ in range(25):
                with pytest.raises(anthropic.APIStatusError) as told:
                    await heard(claude, asked, streamed)
                assert "agent_bad_answer" in str(told.value)
        async with openai(site, "clerk") as api:
            chat = await api.chat.completions.create(model="ward", messages=asked)
            assert chat.choices[0].message.content == "See there."


@pytest.mark.parametrize("api", ["chat", "responses"])
async def test_the_agents_own_error_in_a_stream_is_told_as_its_failure(sqlite_settings: Settings, api: str) -> None:
    """Whatever API its caller speaks, and without a word of it."""
    told = {
        "chat": (
            event({"content": "Hm. "}),
            b'data: {"error":{"message":"no room at NODE-7","code":"overloaded"}}\n\n',
        ),
        "responses": (
            b'data: {"type":"response.created","response":{"id":"r","model":"m","output":[]}}\n\n',
            b'event: error\ndata: {"type":"error","code":"server_error","message":"no room at NODE-7"}\n\n',
        ),
    }

    async def behave(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await flowing(send, *told[api])

    async with system(sqlite_settings, agents={"ward": {**WARD, "apis": [api]}}) as site:
        site.agents["ward"].behave = behave
        async with openai(site, "clerk") as stock, client(site, "clerk") as claude:
            asked: Any = [{"role": "user", "content": PUBLIC}]
            with pytest.raises(APIError) as first:
                async for _ in await stock.chat.completions.create(model="ward", messages=asked, stream=True):
                    pass
            with pytest.raises(APIError) as second:
                async for _ in await stock.responses.create(model="ward", input=PUBLIC, stream=True):
                    pass
            with pytest.raises(anthropic.APIError) as third:
                async for _ in await claude.messages.create(model="ward", max_tokens=9, messages=asked, stream=True):
                    pass
        for broken in (first.value, second.value, third.value):
            assert "NODE-7" not in str(broken)
        ended = [record["outcome"]["code"] for record in await site.records() if "outcome" in record]
        assert ended == ["agent_unavailable"] * 3
