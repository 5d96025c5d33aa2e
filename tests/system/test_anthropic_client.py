"""The stock `anthropic` client, only its base URL and key changed: plain, streamed, tools, counts, models, errors."""

import asyncio
import json
from typing import Any

import anthropic
import httpx
import pytest

from gateway.settings import Settings
from tests.system.kit import HEALTH, IDENTIFIED, MAIL, PUBLIC, SSN, events
from tests.system.messages import Blocks, Claude, client, encoded, message_of, messaging, stream
from tests.system.messages import events as streamed
from tests.system.site import send_json, served, system

ALONE: dict[str, dict[str, Any]] = {"ward": {"zone": "in-house"}}
TOOL = {
    "name": "find_patient",
    "description": "Finds a patient.",
    "input_schema": {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]},
}


def asked(text: str) -> Any:
    return [{"role": "user", "content": text}]


def called(body: dict[str, Any]) -> Blocks:
    return [
        {"type": "text", "text": "Let me look."},
        {
            "type": "tool_use",
            "id": "toolu_1",
            "name": "find_patient",
            "input": {"query": MAIL, "deep": {"n": [1, 2.5]}},
        },
    ]


async def test_a_plain_message_and_its_gateway_headers(sqlite_settings: Settings) -> None:
    async with messaging(sqlite_settings) as (site, claudes), client(site, "clinician") as api:
        raw = await api.messages.with_raw_response.create(model="cloud", max_tokens=100, messages=asked(HEALTH))
        answer = await raw.parse()
        assert answer.content[0].type == "text"
        assert answer.content[0].text == HEALTH
        assert answer.stop_reason == "end_turn"
        assert raw.headers["x-routed-agent"] == "ward"
        assert not claudes["cloud"].received
        end = (await site.trail(raw.headers["x-exchange-id"]))[-1]
        assert (end["outcome"]["tokens_in"], end["outcome"]["tokens_out"]) == (5, 4)


async def test_the_agent_gets_its_own_key_the_protocols_headers_and_nothing_of_the_callers(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_AGENT_KEY", "the-agents-own")
    agents = {"ward": {"zone": "in-house", "credential": "env:TEST_AGENT_KEY", "below": "/base/v1", "model": "big"}}
    async with messaging(sqlite_settings, agents=agents) as (site, claudes), client(site, "clerk") as api:
        await api.beta.messages.create(
            model="ward", max_tokens=9, messages=asked(PUBLIC), betas=["context-management-2025-06-27"]
        )
        ((headers, body),) = claudes["ward"].received
        assert claudes["ward"].paths == ["/base/v1/messages"]
        assert headers["x-api-key"] == "the-agents-own"
        assert headers["anthropic-version"] == api.default_headers["anthropic-version"]
        assert headers["anthropic-beta"] == "context-management-2025-06-27"
        assert json.loads(body)["model"] == "big"
        assert "authorization" not in headers
        assert not [name for name in headers if name.startswith("x-stainless")]


async def test_a_bearer_token_is_as_good_as_a_key(sqlite_settings: Settings) -> None:
    async with messaging(sqlite_settings) as (site, _):
        key = await site.key("clerk")
        async with anthropic.AsyncAnthropic(base_url=site.url, auth_token=key, api_key=None, max_retries=0) as api:
            answer = await api.messages.create(model="ward", max_tokens=9, messages=asked(PUBLIC))
            assert answer.content[0].type == "text"


def test_the_client_that_waits_works_too(sqlite_settings: Settings) -> None:
    def talk(url: str, key: str) -> tuple[str, str]:
        with anthropic.Anthropic(base_url=url, api_key=key, max_retries=0) as api:
            answer = api.messages.create(model="ward", max_tokens=9, messages=asked(PUBLIC))
            with api.messages.stream(model="ward", max_tokens=9, messages=asked(PUBLIC)) as flow:
                return str(answer.content[0].model_dump()["text"]), "".join(flow.text_stream)

    async def main() -> tuple[str, str]:
        async with messaging(sqlite_settings) as (site, _):
            return await asyncio.to_thread(talk, site.url, await site.key("clerk"))

    assert asyncio.run(main()) == (PUBLIC, PUBLIC)


async def test_a_stream_comes_whole_and_ends_properly(database: Settings) -> None:
    async with messaging(database) as (site, _), client(site, "clinician") as api:
        async with api.messages.stream(model="ward", max_tokens=100, messages=asked(HEALTH)) as flow:
            text = "".join([piece async for piece in flow.text_stream])
            final = await flow.get_final_message()
        assert text == HEALTH
        assert (final.stop_reason, final.usage.input_tokens, final.usage.output_tokens) == ("end_turn", 3, 4)
        end = [record for record in await site.records() if record["event"] == "exchange.completed"][-1]
        assert (end["outcome"]["code"], end["outcome"]["status"]) == ("ok", 200)
        assert (end["outcome"]["tokens_in"], end["outcome"]["tokens_out"]) == (5, 4)
        assert end["response"]["media_type"] == "text/event-stream"


async def test_raw_events_come_in_the_protocols_order_under_their_names(sqlite_settings: Settings) -> None:
    async with messaging(sqlite_settings) as (site, _), client(site, "clerk") as api:
        flow = await api.messages.create(model="ward", max_tokens=9, messages=asked("Good day to you"), stream=True)
        kinds = [event.type async for event in flow]
        assert list(dict.fromkeys(kinds)) == [
            "message_start",
            "content_block_start",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop",
        ]


@pytest.mark.parametrize("mode", ["mask", "buffer", "auto"])
async def test_an_identifier_cut_by_delta_borders_never_leaves(
    sqlite_settings: Settings, mode: str, subtests: pytest.Subtests
) -> None:
    """To a caller who may not have it; in text, thinking and the input of a tool; whatever the cut and the mode."""

    def answer(body: dict[str, Any]) -> Blocks:
        text = f"Noted. The SSN: {SSN} is filed, and mail goes to {MAIL} today."
        return [
            {"type": "thinking", "thinking": text, "signature": "c2lnbmVk"},
            {"type": "text", "text": text},
            {"type": "tool_use", "id": "toolu_1", "name": "file", "input": {"note": text, "ssn": SSN, "to": [MAIL]}},
        ]

    shown = "Noted. The SSN: [US-SSN] is filed, and mail goes to [EMAIL] today."
    async with (
        messaging(sqlite_settings, classification={"stream": mode}) as (site, claudes),
        client(site, "clerk", zone="cloud") as api,
    ):
        for size in (1, 2, 5, 11):
            with subtests.test(size=size):
                claudes["ward"].answer, claudes["ward"].size = answer, size
                async with api.messages.stream(model="ward", max_tokens=99, messages=asked(PUBLIC)) as flow:
                    thinking, text, call = (await flow.get_final_message()).content
                assert thinking.model_dump() == {"type": "thinking", "thinking": shown, "signature": "c2lnbmVk"}
                assert text.model_dump()["text"] == shown
                assert call.model_dump()["input"] == {"note": shown, "ssn": "[US-SSN]", "to": ["[EMAIL]"]}
                raw = await site.http.post(
                    "/v1/messages",
                    json={"model": "ward", "max_tokens": 9, "stream": True, "messages": asked(PUBLIC)},
                    headers={"x-api-key": str(api.api_key)},
                )
                assert SSN not in raw.text
                assert raw.text.endswith('event: message_stop\ndata: {"type":"message_stop"}\n\n')


@pytest.mark.parametrize("flowing", [False, True])
async def test_tools_are_called_and_answered(sqlite_settings: Settings, flowing: bool) -> None:
    """The input keeps its form, and the result of the tool is inspected like anything else."""
    async with messaging(sqlite_settings) as (site, claudes), client(site, "clerk") as api:
        claudes["cloud"].answer = called
        options: dict[str, Any] = {"model": "cloud", "max_tokens": 99, "tools": [TOOL]}
        if flowing:
            async with api.messages.stream(messages=asked(PUBLIC), **options) as flow:
                first = await flow.get_final_message()
        else:
            first = await api.messages.create(messages=asked(PUBLIC), **options)
        assert first.stop_reason == "tool_use"
        call = first.content[1]
        assert call.type == "tool_use"
        assert call.input == {"query": MAIL, "deep": {"n": [1, 2.5]}}
        result = {"type": "tool_result", "tool_use_id": call.id, "content": [{"type": "text", "text": IDENTIFIED}]}
        turns = [*asked(PUBLIC), first.to_param(), {"role": "user", "content": [result]}]
        await api.messages.create(messages=turns, **options)
        _, second = claudes["cloud"].bodies
        assert SSN not in json.dumps(second)
        assert "[US-SSN]" in second["messages"][2]["content"][0]["content"][0]["text"]
        assert second["messages"][1]["content"][1]["input"] == {"query": "[EMAIL]", "deep": {"n": [1, 2.5]}}


async def test_tokens_are_counted_by_an_agent_that_may_see_them(sqlite_settings: Settings) -> None:
    async with messaging(sqlite_settings) as (site, claudes), client(site, "clinician") as api:
        counted = await api.messages.count_tokens(model="cloud", messages=asked(HEALTH))
        assert counted.input_tokens == len(HEALTH.split())
        assert claudes["ward"].paths == ["/v1/messages/count_tokens"]
        assert not claudes["cloud"].received
        assert [record["event"] for record in await site.records()][-2:] == [
            "exchange.requested",
            "exchange.completed",
        ]


async def test_models_are_listed_in_the_clients_form(sqlite_settings: Settings) -> None:
    async with messaging(sqlite_settings) as (site, _), client(site, "clerk") as api:
        assert [model.id async for model in api.models.list()] == ["cloud", "ward", "summarize"]


async def test_the_clients_own_exceptions_name_what_was_wrong(sqlite_settings: Settings) -> None:
    async with messaging(sqlite_settings) as (site, _), client(site, "clerk") as api:
        with pytest.raises(anthropic.NotFoundError) as missing:
            await api.messages.create(model="zebra", max_tokens=9, messages=asked(PUBLIC))
        assert _error(missing.value)["type"] == "not_found_error"
        assert (_error(missing.value)["code"], _error(missing.value)["param"]) == ("unknown_target", "/model")
        assert "zebra" not in str(missing.value)
        key = "gwk_0123456789ab_" + "x" * 43
        with pytest.raises(anthropic.AuthenticationError) as wrong:
            await api.with_options(api_key=key).messages.create(model="ward", max_tokens=9, messages=asked(PUBLIC))
        assert _error(wrong.value)["type"] == "authentication_error"
        with pytest.raises(anthropic.PermissionDeniedError) as denied:
            await api.messages.create(model="cloud", max_tokens=9, messages=asked("password: hunter2hunter2"))
        assert _error(denied.value)["code"] == "policy_denied"
        body = denied.value.body
        assert isinstance(body, dict)
        assert body["request_id"] == denied.value.response.headers["x-exchange-id"]
        with pytest.raises(anthropic.BadRequestError) as unfit:
            await api.messages.create(model="cloud", max_tokens=-1, messages=asked(PUBLIC))
        assert (_error(unfit.value)["type"], _error(unfit.value)["param"]) == ("invalid_request_error", "/max_tokens")


async def test_an_agents_own_refusal_comes_in_its_words_and_says_when_to_ask_again(sqlite_settings: Settings) -> None:
    async def behave(scope: dict[str, Any], receive: Any, send: Any) -> None:
        body = json.dumps({"type": "error", "error": {"type": "invalid_request_error", "message": f"not {MAIL}"}})
        headers = [(b"content-type", b"application/json"), (b"retry-after", b"7"), (b"x-api-key", b"leak")]
        await send({"type": "http.response.start", "status": 400, "headers": headers})
        await send({"type": "http.response.body", "body": body.encode()})

    async with messaging(sqlite_settings) as (site, claudes), client(site, "clerk", zone="cloud") as api:
        claudes["ward"].behave = behave
        with pytest.raises(anthropic.BadRequestError) as refused:
            await api.messages.create(model="ward", max_tokens=9, messages=asked(PUBLIC))
        assert _error(refused.value)["message"] == "not [EMAIL]"
        assert refused.value.response.headers["retry-after"] == "7"
        assert "x-api-key" not in refused.value.response.headers


@pytest.mark.parametrize("kind", ["overloaded_error", "api_error"])
async def test_an_error_in_a_stream_is_raised_by_the_client_and_recorded(sqlite_settings: Settings, kind: str) -> None:
    async def behave(scope: dict[str, Any], receive: Any, send: Any) -> None:
        begun = streamed([{"type": "text", "text": f"to {MAIL}"}], 99)[:4]
        await stream(send, *begun, {"type": "error", "error": {"type": kind, "message": MAIL}})

    async with messaging(sqlite_settings, classification={"stream": "mask"}) as (site, claudes):
        claudes["ward"].behave = behave
        async with client(site, "clerk", zone="cloud") as api:
            flow = await api.messages.create(model="ward", max_tokens=9, messages=asked(PUBLIC), stream=True)
            with pytest.raises(anthropic.APIStatusError) as broken:
                _ = [event async for event in flow]
        assert MAIL not in str(broken.value)
        assert (await site.records())[-1]["outcome"]["code"] == "agent_unavailable"


async def test_a_stream_that_breaks_off_is_an_error_and_never_complete(sqlite_settings: Settings) -> None:
    async def behave(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await stream(send, *streamed([{"type": "text", "text": "half"}], 99)[:4])

    async with messaging(sqlite_settings) as (site, claudes), client(site, "clerk") as api:
        claudes["ward"].behave = behave
        flow = await api.messages.create(model="ward", max_tokens=9, messages=asked(PUBLIC), stream=True)
        with pytest.raises(anthropic.APIStatusError):
            _ = [event async for event in flow]
        assert (await site.records())[-1]["outcome"]["code"] == "agent_unavailable"


@pytest.mark.parametrize("flowing", [False, True])
async def test_an_answer_that_no_one_could_read_is_withheld_from_whom_it_may_not_reach(
    sqlite_settings: Settings, flowing: bool
) -> None:
    """Ciphertext counts as not scanned: it passes in the house, and leaves it for nobody."""
    sealed: Blocks = [{"type": "redacted_thinking", "data": "Q0lQSEVS"}, {"type": "text", "text": "Done."}]
    async with messaging(sqlite_settings) as (site, claudes):
        claudes["ward"].answer = lambda body: sealed
        body = {"model": "ward", "max_tokens": 9, "stream": flowing, "messages": asked(PUBLIC)}
        for zone, passes in (("in-house", True), ("cloud", False)):
            headers = {"x-api-key": await site.key("clerk", zone=zone)}
            answer = await site.http.post("/v1/messages", json=body, headers=headers)
            assert ("Q0lQSEVS" in answer.text) is passes
            assert answer.status_code == (200 if passes else 403), answer.text
            (end,) = [one for one in await site.trail(answer.headers["x-exchange-id"]) if "response" in one]
            assert "unscanned" in json.dumps(end)


async def test_an_image_is_not_seen_and_stays_in_the_house(sqlite_settings: Settings) -> None:
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}
    turns: Any = [{"role": "user", "content": [{"type": "text", "text": "Look"}, image]}]
    async with messaging(sqlite_settings) as (site, claudes), client(site, "clerk") as api:
        raw = await api.messages.with_raw_response.create(model="cloud", max_tokens=9, messages=turns)
        assert raw.headers["x-routed-agent"] == "ward"
        assert not claudes["cloud"].received


BAD: dict[str, tuple[int, str, bytes]] = {
    "not JSON": (400, "body_not_json", b"canary"),
    "duplicate keys": (400, "body_duplicate_key", b'{"model": "ward", "model": "canary"}'),
    "too deep": (400, "body_too_deep", b'{"model":"ward","x":' + b"[" * 100 + b"]" * 100 + b"}"),
    "no object": (400, "schema_violation", b'["canary"]'),
    "no model": (400, "schema_violation", b'{"max_tokens": 1, "messages": []}'),
    "no max_tokens": (400, "schema_violation", b'{"model":"ward","messages":[{"role":"user","content":"canary"}]}'),
    "a role that is none": (
        400,
        "schema_violation",
        b'{"model":"ward","max_tokens":1,"messages":[{"role":"canary","content":"a"}]}',
    ),
    "content that is none": (
        400,
        "schema_violation",
        b'{"model":"ward","max_tokens":1,"messages":[{"role":"user","content":7}]}',
    ),
    "a block without a type": (
        400,
        "schema_violation",
        b'{"model":"ward","max_tokens":1,"messages":[{"role":"user","content":[{"text":"canary"}]}]}',
    ),
}


async def test_each_bad_body_is_named_recorded_and_reaches_no_agent(sqlite_settings: Settings) -> None:
    async with messaging(sqlite_settings) as (site, claudes):
        headers = {"x-api-key": await site.key("clerk"), "content-type": "application/json"}
        for name, (status, code, body) in BAD.items():
            answer = await site.http.post("/v1/messages", content=body, headers=headers)
            assert (answer.status_code, _body_error(answer)["code"]) == (status, code), (name, answer.text)
            assert answer.json()["type"] == "error"
            assert "canary" not in answer.text, name
            assert await events(site, answer) == ["exchange.denied"], name
        assert not any(claude.received for claude in claudes.values())


async def test_headers_that_would_reach_the_agent_hold_words_of_the_protocol_only(sqlite_settings: Settings) -> None:
    async with messaging(sqlite_settings) as (site, claudes):
        key = await site.key("clerk")
        body = {"model": "ward", "max_tokens": 9, "messages": asked(PUBLIC)}
        for name, value in (
            ("anthropic-version", "1958-03-12"),
            ("anthropic-beta", "jane-roe-2025-01-01"),
            ("anthropic-beta", f"interleaved-thinking-2025-05-14,{SSN}"),
        ):
            answer = await site.http.post("/v1/messages", json=body, headers={"x-api-key": key, name: value})
            assert (answer.status_code, _body_error(answer)["code"]) == (400, "header_invalid")
            assert _body_error(answer)["param"] == name
            assert value not in answer.text
        assert not claudes["ward"].received


async def test_an_answer_that_is_no_message_is_told_as_the_agents_fault(sqlite_settings: Settings) -> None:
    async def behave(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await send_json(send, {**message_of([]), "content": "free text"})

    async with messaging(sqlite_settings, agents=ALONE) as (site, claudes), client(site, "clerk") as api:
        claudes["ward"].behave = behave
        with pytest.raises(anthropic.InternalServerError) as broken:
            await api.messages.create(model="ward", max_tokens=9, messages=asked(PUBLIC))
        assert (broken.value.status_code, _error(broken.value)["code"]) == (502, "agent_bad_answer")


async def test_events_that_are_none_of_the_protocol_stop_the_stream_before_they_leave(
    sqlite_settings: Settings,
) -> None:
    async def behave(scope: dict[str, Any], receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"text/event-stream")]
        begun = b"".join(map(encoded, streamed([{"type": "text", "text": "a "}], 9)[:4]))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": begun + f"data: {SSN}\n\n".encode()})

    async with messaging(sqlite_settings) as (site, claudes):
        claudes["ward"].behave = behave
        body = {"model": "ward", "max_tokens": 9, "stream": True, "messages": asked(PUBLIC)}
        answer = await site.http.post("/v1/messages", json=body, headers={"x-api-key": await site.key("clerk")})
        assert SSN not in answer.text
        assert "event: error" in answer.text
        assert "message_stop" not in answer.text


def _error(error: anthropic.APIStatusError) -> dict[str, Any]:
    body = error.body
    assert isinstance(body, dict)
    return dict(body["error"])


def _body_error(answer: httpx.Response) -> dict[str, Any]:
    return dict(answer.json()["error"])


ONWARD: dict[str, dict[str, Any]] = {
    "a search": {"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
    "code at the provider": {"tools": [{"type": "code_execution_20250825", "name": "code_execution"}]},
    "a tool of tomorrow": {"tools": [{"type": "of_tomorrow", "name": "x"}]},
    "an MCP server": {"mcp_servers": [{"type": "url", "url": "https://mcp.test", "name": "a"}]},
    "a thread that is kept": {"thread": {"type": "create"}},
    "an image by address": {
        "messages": [
            {"role": "user", "content": [{"type": "image", "source": {"type": "url", "url": "https://a.test/b.png"}}]}
        ]
    },
}


async def test_what_a_provider_would_do_elsewhere_is_denied_where_no_rule_allows_it(sqlite_settings: Settings) -> None:
    async with messaging(sqlite_settings) as (site, claudes):
        headers = {"x-api-key": await site.key("clerk")}
        for name, more in ONWARD.items():
            body = {"model": "cloud", "max_tokens": 9, "messages": asked(PUBLIC), **more}
            answer = await site.http.post("/v1/messages", json=body, headers=headers)
            assert (answer.status_code, _body_error(answer)["code"]) == (403, "policy_denied"), (name, answer.text)
        assert not any(claude.received for claude in claudes.values())


async def test_routes_that_are_not_modelled_are_refused_in_the_protocols_form_and_on_record(
    sqlite_settings: Settings,
) -> None:
    async with messaging(sqlite_settings) as (site, claudes), client(site, "clerk") as api:
        with pytest.raises(anthropic.NotFoundError) as missing:
            await api.messages.batches.retrieve("msgbatch_1")
        assert missing.value.response.json()["error"]["type"] == "not_found_error"
        (record,) = await site.trail(missing.value.response.headers["x-exchange-id"])
        assert (record["event"], record["outcome"]["code"]) == ("exchange.denied", "not_found")
        assert not any(claude.received for claude in claudes.values())


async def test_what_the_provider_holds_and_nobody_read_stays_in_the_house(sqlite_settings: Settings) -> None:
    async with messaging(sqlite_settings) as (site, claudes):
        headers = {"x-api-key": await site.key("clerk")}
        body = {"model": "cloud", "max_tokens": 9, "messages": asked(PUBLIC), "container": "container_unknown"}
        answer = await site.http.post("/v1/messages", json=body, headers=headers)
        assert "cloud" not in (answer.headers.get("x-routed-agent") or "")
        assert not claudes["cloud"].received


async def test_a_token_of_an_mcp_server_goes_nowhere(sqlite_settings: Settings) -> None:
    async with messaging(sqlite_settings) as (site, claudes):
        server = {"type": "url", "url": "https://mcp.test", "name": "a", "authorization_token": "Zm9vYmFy"}
        body = {"model": "ward", "max_tokens": 9, "messages": asked(PUBLIC), "mcp_servers": [server]}
        answer = await site.http.post("/v1/messages", json=body, headers={"x-api-key": await site.key("clerk")})
        assert answer.status_code == 403
        (record,) = await site.trail(answer.headers["x-exchange-id"])
        assert "secret" in json.dumps(record)
        assert not claudes["ward"].received


@pytest.mark.parametrize("flowing", [False, True])
async def test_health_data_go_to_a_trusted_agent_of_another_family(sqlite_settings: Settings, flowing: bool) -> None:
    """The caller speaks Messages to a cloud agent of that protocol; the house's own agent speaks chat completions."""
    async with served(Claude()) as cloud:
        agents = {
            "cloud": {
                "protocol": "anthropic",
                "url": cloud,
                "zone": "cloud",
                "processor": "cloud-inc",
                "capabilities": ["summarize"],
            },
            "ward": {"zone": "in-house", "capabilities": ["summarize"]},
        }
        async with system(sqlite_settings, agents=agents) as site, client(site, "clinician") as api:
            if flowing:
                async with api.messages.stream(model="cloud", max_tokens=99, messages=asked(HEALTH)) as flow:
                    message: Any = await flow.get_final_message()
            else:
                message = await api.messages.create(model="cloud", max_tokens=99, messages=asked(HEALTH))
            assert [block.model_dump().get("text") for block in message.content] == [HEALTH]
            assert message.stop_reason == "end_turn"
            assert site.agents["ward"].paths == ["/v1/chat/completions"]


@pytest.mark.parametrize("flowing", [False, True], ids=["whole", "streamed"])
async def test_the_tool_runner_goes_on_without_the_thread_that_nobody_may_keep(
    sqlite_settings: Settings, flowing: bool
) -> None:
    """It asks for one by itself; the first request is denied on record, and no agent gets one with a thread."""

    @anthropic.beta_async_tool
    async def lookup(city: str) -> str:
        """What there is to know of a city."""
        return f"{city} is nice"

    def answer(body: dict[str, Any]) -> list[dict[str, Any]]:
        if len(body["messages"]) > 1:
            return [{"type": "text", "text": str(body["messages"][-1]["content"][0]["content"])}]
        return [{"type": "tool_use", "id": "toolu_1", "name": "lookup", "input": {"city": "Ulm"}}]

    async with messaging(sqlite_settings) as (site, claudes), client(site, "clerk") as api:
        for claude in claudes.values():
            claude.answer = answer
        runner: Any = api.beta.messages.tool_runner(
            model="ward", max_tokens=99, tools=[lookup], messages=asked(PUBLIC), stream=flowing
        )
        last: Any = None
        async for turn in runner:
            last = await turn.get_final_message() if flowing else turn
        assert "Ulm is nice" in last.content[0].text
        assert all("thread" not in body for body in claudes["ward"].bodies)
        assert len(claudes["ward"].bodies) == 2
        ends = [record["outcome"]["code"] for record in await site.records() if "outcome" in record]
        assert ends.count("ok") == 2
        denied = [record for record in await site.records() if record["event"] == "exchange.denied"]
        assert len(denied) == 1
