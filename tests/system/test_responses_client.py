"""The stock `openai` client's responses and embeddings, only its base URL and key changed."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import anyio.to_thread
import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

from gateway.settings import Settings
from tests.system.kit import HEALTH, IDENTIFIED, MAIL, PUBLIC, SSN
from tests.system.oracle import speaks, vector
from tests.system.site import System, pieces, system

LOOKUP: Any = {
    "type": "function",
    "name": "lookup",
    "description": "Looks something up",
    "parameters": {"type": "object", "properties": {"query": {"type": "string"}}},
    "strict": False,
}


@asynccontextmanager
async def speaking(settings: Settings, **sections: Any) -> AsyncIterator[System]:
    async with system(settings, **sections) as site:
        for agent in site.agents.values():
            speaks(agent)
        yield site


@asynccontextmanager
async def client(site: System, *roles: str, zone: str = "in-house") -> AsyncIterator[AsyncOpenAI]:
    key = await site.key(*roles, zone=zone)
    async with AsyncOpenAI(base_url=f"{site.url}/v1", api_key=key, max_retries=0) as made:
        yield made


class Said(BaseModel):
    said: str


class TestResponses:
    async def test_a_plain_response_with_health_data_is_answered_in_house(self, database: Settings) -> None:
        async with speaking(database) as site, client(site, "clinician") as api:
            raw = await api.responses.with_raw_response.create(model="cloud", input=HEALTH)
            answer = raw.parse()
            assert answer.output_text == HEALTH
            assert answer.usage is not None
            assert answer.usage.total_tokens == 7
            assert raw.headers["x-routed-agent"] == "ward"
            assert site.agents["cloud"].received == []
            first, last = await site.trail(raw.headers["x-exchange-id"])
            assert first["action"] == "respond"
            assert (last["outcome"]["tokens_in"], last["outcome"]["tokens_out"]) == (3, 4)

    async def test_what_the_guards_of_others_skip_is_masked_in_every_input(self, sqlite_settings: Settings) -> None:
        async with speaking(sqlite_settings) as site, client(site, "clerk") as api:
            given: Any = [
                {"role": "user", "content": [{"type": "input_text", "text": IDENTIFIED}]},
                {"type": "function_call", "call_id": "c", "name": "f", "arguments": json.dumps({"ssn": SSN})},
                {"type": "function_call_output", "call_id": "c", "output": IDENTIFIED},
            ]
            raw = await api.responses.with_raw_response.create(model="cloud", instructions=IDENTIFIED, input=given)
            assert raw.headers["x-routed-agent"] == "cloud"
            sent = site.agents["cloud"].received[0][1].decode()
            assert SSN not in sent
            assert sent.count("[US-SSN]") == 4
            assert raw.parse().output_text == IDENTIFIED.replace(SSN, "[US-SSN]")

    async def test_nothing_is_stored_by_the_provider_unless_asked_for(self, sqlite_settings: Settings) -> None:
        async with speaking(sqlite_settings) as site, client(site, "clerk") as api:
            await api.responses.create(model="ward", input=PUBLIC)
            assert site.agents["ward"].bodies[0]["store"] is False

    async def test_a_stream_comes_whole_event_by_event(self, database: Settings) -> None:
        async with speaking(database) as site, client(site, "clinician") as api:
            stream = await api.responses.create(model="ward", input=HEALTH, stream=True)
            events = [event async for event in stream]
            assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == HEALTH
            assert [event.sequence_number for event in events] == list(range(len(events)))
            assert events[-1].type == "response.completed"
            assert events[-1].response.output_text == HEALTH
            end = [record for record in await site.records() if record["event"] == "exchange.completed"][-1]
            assert (end["outcome"]["code"], end["outcome"]["tokens_in"]) == ("ok", 3)
            assert end["response"]["media_type"] == "text/event-stream"

    @pytest.mark.parametrize("mode", ["mask", "buffer", "auto"])
    async def test_an_identifier_cut_by_deltas_never_leaves_and_repeats_are_masked_alike(
        self, sqlite_settings: Settings, mode: str, subtests: pytest.Subtests
    ) -> None:
        async with (
            speaking(sqlite_settings, classification={"stream": mode}) as site,
            client(site, "clerk", zone="cloud") as api,
        ):
            text = f"Noted. The SSN: {SSN} is filed, and mail goes to {MAIL} today."
            shown = "Noted. The SSN: [US-SSN] is filed, and mail goes to [EMAIL] today."
            ward = site.agents["ward"]

            async def confides(headers: dict[str, str]) -> None:
                ward.received[-1] = (headers, json.dumps({**ward.bodies[-1], "input": text}).encode())

            ward.on_request = confides
            for size in (1, 2, 5, 11):
                with subtests.test(size=size):
                    ward.pieces = partial(pieces, size=size)
                    async with api.responses.with_streaming_response.create(
                        model="ward", input=PUBLIC, stream=True
                    ) as answer:
                        body = await answer.text()
                    events = [json.loads(line[6:]) for line in body.split("\n") if line.startswith("data: ")]
                    assert SSN not in body
                    assert MAIL not in body
                    said = [event["delta"] for event in events if event["type"] == "response.output_text.delta"]
                    assert "".join(said) == shown
                    thought = [
                        event["delta"] for event in events if event["type"] == "response.reasoning_summary_text.delta"
                    ]
                    assert "".join(thought) == f"They said: {shown}"
                    done = next(event for event in events if event["type"] == "response.output_text.done")
                    assert done["text"] == shown
                    assert events[-1]["response"]["output"][1]["content"][0]["text"] == shown
                    assert events[-1]["type"] == "response.completed"

    async def test_the_stream_helper_gathers_what_the_deltas_said(self, sqlite_settings: Settings) -> None:
        async with speaking(sqlite_settings) as site, client(site, "clerk") as api:
            async with api.responses.stream(model="cloud", input=IDENTIFIED) as stream:
                text = ""
                async for event in stream:
                    if event.type == "response.output_text.delta":
                        text += event.delta
                        assert event.snapshot == text
                final = await stream.get_final_response()
            assert final.output_text == text == IDENTIFIED.replace(SSN, "[US-SSN]")

    async def test_functions_are_called_and_their_results_come_back(self, sqlite_settings: Settings) -> None:
        async with speaking(sqlite_settings) as site, client(site, "clinician") as api:
            asked: list[Any] = [{"role": "user", "content": HEALTH}]
            first = await api.responses.create(model="cloud", input=asked, tools=[LOOKUP])
            call = first.output[0]
            assert call.type == "function_call"
            assert json.loads(call.arguments) == {"query": HEALTH}
            asked += [call.to_dict(), {"type": "function_call_output", "call_id": call.call_id, "output": HEALTH}]
            raw = await api.responses.with_raw_response.create(model="cloud", input=asked, tools=[LOOKUP])
            assert raw.parse().output_text == HEALTH
            assert raw.headers["x-routed-agent"] == "ward"
            assert site.agents["cloud"].received == []

    async def test_a_streamed_call_of_a_function_is_masked_in_its_arguments(self, sqlite_settings: Settings) -> None:
        async with speaking(sqlite_settings) as site, client(site, "clerk", zone="cloud") as api:
            ward = site.agents["ward"]

            async def confides(headers: dict[str, str]) -> None:
                ward.received[-1] = (headers, json.dumps({**ward.bodies[-1], "input": IDENTIFIED}).encode())

            ward.on_request = confides
            async with api.responses.stream(model="ward", input=PUBLIC, tools=[LOOKUP]) as stream:
                final = await stream.get_final_response()
            call = final.output[0]
            assert call.type == "function_call"
            assert json.loads(call.arguments) == {"query": IDENTIFIED.replace(SSN, "[US-SSN]")}

    async def test_structured_output_is_parsed(self, sqlite_settings: Settings) -> None:
        async with speaking(sqlite_settings) as site, client(site, "clerk") as api:
            answer = await api.responses.parse(model="cloud", input=IDENTIFIED, text_format=Said)
            assert answer.output_parsed == Said(said=IDENTIFIED.replace(SSN, "[US-SSN]"))

    async def test_the_synchronous_client_works_alike(self, sqlite_settings: Settings) -> None:
        async with speaking(sqlite_settings) as site:
            key = await site.key("clerk")

            def ask() -> tuple[str, str, list[float]]:
                with OpenAI(base_url=f"{site.url}/v1", api_key=key, max_retries=0) as api:
                    plain = api.responses.create(model="ward", input=PUBLIC).output_text
                    with api.responses.stream(model="ward", input=PUBLIC) as stream:
                        streamed = stream.get_final_response().output_text
                    return plain, streamed, api.embeddings.create(model="ward", input=PUBLIC).data[0].embedding

            assert await anyio.to_thread.run_sync(ask) == (PUBLIC, PUBLIC, vector(PUBLIC))

    async def test_an_unfinished_stream_ends_in_the_clients_own_exception(self, sqlite_settings: Settings) -> None:
        async with speaking(sqlite_settings) as site, client(site, "clerk") as api:

            async def stops(scope: dict[str, Any], receive: Any, send: Any) -> None:
                headers = [(b"content-type", b"text/event-stream")]
                await send({"type": "http.response.start", "status": 200, "headers": headers})
                failed = b'data: {"type": "error", "code": "x", "message": "broken", "param": null}\n\n'
                await send({"type": "http.response.body", "body": failed})

            site.agents["ward"].behave = stops
            stream = await api.responses.create(model="ward", input=PUBLIC, stream=True)
            with pytest.raises(openai.APIError) as caught:
                [event async for event in stream]
            assert caught.value.code == "agent_unavailable"

    async def test_what_cannot_be_enforced_is_refused_by_name(self, sqlite_settings: Settings) -> None:
        async with speaking(sqlite_settings) as site, client(site, "clerk") as api:
            with pytest.raises(openai.BadRequestError) as refused:
                await api.responses.create(model="ward", input=PUBLIC, background=True)
            assert (refused.value.code, refused.value.param) == ("feature_unsupported", "/background")
            assert site.agents["ward"].received == []


class TestEmbeddings:
    async def test_texts_become_vectors(self, sqlite_settings: Settings, subtests: pytest.Subtests) -> None:
        async with speaking(sqlite_settings) as site, client(site, "clerk") as api:
            for encoding in (None, "float", "base64"):
                with subtests.test(encoding=encoding):
                    options: dict[str, Any] = {} if encoding is None else {"encoding_format": encoding}
                    one = await api.embeddings.with_raw_response.create(model="ward", input=PUBLIC, **options)
                    many = await api.embeddings.create(model="ward", input=[PUBLIC, "x"], **options)
                    if encoding != "base64":
                        assert one.parse().data[0].embedding == vector(PUBLIC)
                        assert [item.embedding for item in many.data] == [vector(PUBLIC), vector("x")]
                    first, last = await site.trail(one.headers["x-exchange-id"])
                    assert first["action"] == "embed"
                    assert last["outcome"]["code"] == "ok"

    async def test_health_data_is_embedded_in_house(self, sqlite_settings: Settings) -> None:
        async with speaking(sqlite_settings) as site, client(site, "clinician") as api:
            raw = await api.embeddings.with_raw_response.create(model="cloud", input=HEALTH)
            assert raw.headers["x-routed-agent"] == "ward"
            assert raw.parse().data[0].embedding == vector(HEALTH)
            assert site.agents["cloud"].received == []

    async def test_tokens_are_unscanned_and_stay_in_house(self, sqlite_settings: Settings) -> None:
        async with speaking(sqlite_settings) as site, client(site, "clerk") as api:
            for given in ([1, 2, 3], [[1, 2], [3]]):
                tokens: Any = given
                raw = await api.embeddings.with_raw_response.create(model="cloud", input=tokens)
                assert raw.headers["x-routed-agent"] == "ward"
            assert site.agents["cloud"].received == []

    async def test_vectors_of_masked_text_are_clean(self, sqlite_settings: Settings) -> None:
        async with speaking(sqlite_settings) as site, client(site, "clerk", zone="cloud") as api:
            raw = await api.embeddings.with_raw_response.create(model="cloud", input=IDENTIFIED)
            assert (raw.headers["x-routed-agent"], raw.headers["x-decision"]) == ("cloud", "redact")
            assert raw.parse().data[0].embedding == vector(IDENTIFIED.replace(SSN, "[US-SSN]"))

    async def test_vectors_of_unmasked_text_are_as_sensitive_as_the_text(self, sqlite_settings: Settings) -> None:
        """A caller in the cloud may have identifiers masked only; those in a vector cannot be."""
        async with speaking(sqlite_settings) as site, client(site, "clerk", zone="cloud") as api:
            with pytest.raises(openai.PermissionDeniedError) as denied:
                await api.embeddings.create(model="ward", input=IDENTIFIED)
            assert denied.value.code == "answer_withheld"
            last = (await site.trail(denied.value.response.headers["x-exchange-id"]))[-1]
            assert "pii" in last["classes"]["found"]


class TestOtherRoutes:
    async def test_a_route_that_is_not_modelled_is_refused_and_on_record(
        self, sqlite_settings: Settings, subtests: pytest.Subtests
    ) -> None:
        async with speaking(sqlite_settings) as site:
            for method, path in (
                ("GET", "/v1/responses/resp_1"),
                ("DELETE", "/v1/responses/resp_1"),
                ("POST", "/v1/responses/resp_1/cancel"),
                ("GET", "/v1/responses/resp_1/input_items"),
                ("POST", "/v1/responses/compact"),
                ("POST", "/v1/files"),
                ("GET", "/v1/files/file-1/content"),
                ("POST", "/v1/batches"),
                ("POST", "/v1/conversations"),
                ("POST", "/v1/completions"),
                ("POST", "/v1/audio/transcriptions"),
                ("POST", "/v1/images/generations"),
                ("POST", "/v1/vector_stores"),
                ("DELETE", "/v1/models/ward"),
                ("GET", "/v1/models/ward/more"),
                ("POST", "/v1/responses/"),
                ("PATCH", "/v1/"),
            ):
                with subtests.test(method=method, path=path):
                    headers = {"authorization": f"Bearer {await site.key('clerk')}"}
                    content = json.dumps({"model": "ward", "input": PUBLIC}) if method == "POST" else None
                    answer = await site.http.request(method, path, headers=headers, content=content)
                    assert answer.status_code == 404
                    assert answer.json()["error"]["code"] == "not_found"
                    assert [agent.received for agent in site.agents.values()] == [[], [], []]
                    (record,) = await site.trail(answer.headers["x-exchange-id"])
                    assert record["event"] == "exchange.denied"

    async def test_without_a_credential_nothing_is_told_of_routes(self, sqlite_settings: Settings) -> None:
        async with speaking(sqlite_settings) as site:
            answer = await site.http.get("/v1/files")
            assert answer.status_code == 401
            assert answer.json()["error"]["code"] == "credential_missing"

    async def test_the_clients_own_exception_says_that_it_is_not_there(self, sqlite_settings: Settings) -> None:
        async with speaking(sqlite_settings) as site, client(site, "clerk") as api:
            with pytest.raises(openai.NotFoundError) as missing:
                await api.responses.retrieve("resp_1")
            assert missing.value.code == "not_found"
            assert "resp_1" not in str(missing.value)
