"""A trusted agent answers whatever the caller's client speaks: stock clients over agents of other families."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from openai import AsyncOpenAI, BadRequestError, PermissionDeniedError

from gateway.settings import Settings
from tests.system.chatting import chats
from tests.system.kit import HEALTH, IDENTIFIED, PUBLIC, SSN
from tests.system.messages import Claude
from tests.system.oracle import speaks
from tests.system.site import System, system

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
