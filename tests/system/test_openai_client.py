"""The stock `openai` client, only its base URL and key changed: plain, streaming, models, errors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import openai
import pytest
from openai import AsyncOpenAI

from gateway.settings import Settings
from tests.system.kit import HEALTH, IDENTIFIED, MAIL, PUBLIC, SSN
from tests.system.site import System, event, pieces, system


@asynccontextmanager
async def client(site: System, *roles: str, zone: str = "in-house") -> AsyncIterator[AsyncOpenAI]:
    key = await site.key(*roles, zone=zone)
    async with AsyncOpenAI(base_url=f"{site.url}/v1", api_key=key, max_retries=0) as made:
        yield made


async def test_a_plain_completion_and_its_gateway_headers(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site, client(site, "clinician") as api:
        raw = await api.chat.completions.with_raw_response.create(
            model="cloud", messages=[{"role": "user", "content": HEALTH}]
        )
        answer = raw.parse()
        assert answer.choices[0].message.content == HEALTH
        assert answer.usage is not None
        assert answer.usage.total_tokens == 7
        assert raw.headers["x-routed-agent"] == "ward"
        end = (await site.trail(raw.headers["x-exchange-id"]))[-1]
        assert (end["outcome"]["tokens_in"], end["outcome"]["tokens_out"]) == (3, 4)


async def test_a_stream_comes_whole_and_ends_properly(database: Settings) -> None:
    async with system(database) as site, client(site, "clinician") as api:
        stream = await api.chat.completions.create(
            model="ward", messages=[{"role": "user", "content": HEALTH}], stream=True
        )
        chunks = [chunk async for chunk in stream]
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == HEALTH
        assert chunks[-1].choices[0].finish_reason == "stop"
        end = [record for record in await site.records() if record["event"] == "exchange.completed"][-1]
        assert (end["outcome"]["code"], end["outcome"]["status"]) == ("ok", 200)
        assert end["response"]["media_type"] == "text/event-stream"


async def test_what_goes_to_the_cloud_in_a_stream_request_is_masked(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site, client(site, "clerk") as api:
        stream = await api.chat.completions.create(
            model="cloud", messages=[{"role": "user", "content": IDENTIFIED}], stream=True
        )
        text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
        assert "[US-SSN]" in text
        assert SSN not in site.agents["cloud"].received[0][1].decode()


@pytest.mark.parametrize("mode", ["mask", "buffer", "auto"])
async def test_an_identifier_cut_by_chunk_borders_never_leaves(
    sqlite_settings: Settings, mode: str, subtests: pytest.Subtests
) -> None:
    """To a caller who may not have it; whatever the cut and however streams are enforced."""
    async with (
        system(sqlite_settings, classification={"stream": mode}) as site,
        client(site, "clerk", zone="cloud") as api,
    ):
        text = f"Noted. The SSN: {SSN} is filed, and mail goes to {MAIL} today."
        site.agents["ward"].answer = lambda body: text
        for size in (1, 2, 5, 11):
            with subtests.test(size=size):
                site.agents["ward"].pieces = partial(pieces, size=size)
                async with api.chat.completions.with_streaming_response.create(
                    model="ward", messages=[{"role": "user", "content": PUBLIC}], stream=True
                ) as answer:
                    body = await answer.text()
                chunks = [openai.types.chat.ChatCompletionChunk.model_validate_json(line[6:]) for line in _data(body)]
                shown = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
                assert shown == "Noted. The SSN: [US-SSN] is filed, and mail goes to [EMAIL] today."
                assert SSN not in body
                assert body.endswith("data: [DONE]\n\n")


async def test_two_choices_of_a_stream_are_kept_apart(sqlite_settings: Settings) -> None:
    """Halves of an identifier in different choices are none; a whole one in either is masked."""
    async with (
        system(sqlite_settings, classification={"stream": "mask"}) as site,
        client(site, "clerk", zone="cloud") as api,
    ):

        async def behave(scope: object, receive: object, send: object) -> None:
            await _sent(send, *(_piece(i % 2, piece) for i, piece in enumerate(_woven(f"A {MAIL} b", f"SSN: {SSN} c"))))

        site.agents["ward"].behave = behave
        stream = await api.chat.completions.create(
            model="ward", messages=[{"role": "user", "content": PUBLIC}], stream=True, n=2
        )
        shown = ["", ""]
        async for chunk in stream:
            for choice in chunk.choices:
                shown[choice.index] += choice.delta.content or ""
        assert shown == ["A [EMAIL] b", "SSN: [US-SSN] c"]


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_whose_outcome_cannot_be_recorded_is_never_complete(
    sqlite_settings: Settings, stream: bool
) -> None:
    broken = False

    async def failpoint(name: str) -> None:
        if broken and name == "ledger.before_commit":
            raise OSError(28, "no space left")

    async with system(sqlite_settings, failpoint=failpoint) as site:

        async def breaks(headers: dict[str, str]) -> None:
            nonlocal broken
            broken = True

        key = await site.key("clerk")
        site.agents["cloud"].on_request = breaks
        answer = await site.chat(key, "What is the answer?", stream=stream)
        assert "[DONE]" not in answer.text
        assert "ledger_unavailable" in answer.text
        if not stream:
            assert answer.status_code == 503
            assert "choices" not in answer.text
        broken = False
        site.agents["cloud"].on_request = None
        assert (await site.chat(key, PUBLIC)).status_code == 200
        trail = await site.records()
        kinds = [record["event"] for record in trail]
        # The first batch that can be written closes the exchange, and counts the outcome that was lost.
        assert kinds[-4:] == [
            "ledger.recovered",
            "exchange.interrupted",
            "exchange.requested",
            "exchange.completed",
        ]
        assert trail[-4]["count"] == 1


async def test_models_lists_agents_and_capabilities(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site, client(site, "clerk") as api:
        listed = [model.id async for model in api.models.list()]
        assert listed == ["cloud", "ward", "desk", "summarize", "lookup"]


async def test_the_clients_own_exceptions_name_what_was_wrong(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site, client(site, "clerk") as api:
        ask = {"role": "user", "content": PUBLIC}
        with pytest.raises(openai.NotFoundError) as missing:
            await api.chat.completions.create(model="zebra", messages=[ask])  # type: ignore[list-item]  # a plain dict
        assert (missing.value.code, missing.value.param) == ("unknown_target", "/model")
        assert "zebra" not in str(missing.value)
        with pytest.raises(openai.AuthenticationError) as wrong:
            await api.with_options(api_key="gwk_0123456789ab_" + "x" * 43).models.list()
        assert wrong.value.response.headers["x-exchange-id"]
        with pytest.raises(openai.PermissionDeniedError) as denied:
            await api.chat.completions.create(
                model="cloud", messages=[{"role": "user", "content": "password: hunter2hunter2"}]
            )
        assert denied.value.code == "policy_denied"


def _data(body: str) -> list[str]:
    return [line for line in body.split("\n") if line.startswith("data: {")]


def _woven(first: str, second: str) -> list[str]:
    length = max(len(first), len(second))
    return [piece for i in range(0, length, 4) for piece in (first[i : i + 4], second[i : i + 4])]


def _piece(index: int, text: str) -> bytes:
    return event({"content": text}).replace(b'"index": 0', f'"index": {index}'.encode())


async def _sent(send: object, *events: bytes) -> None:
    if not callable(send):
        raise AssertionError(send)
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for one in events:
        await send({"type": "http.response.body", "body": one, "more_body": True})
    ends = b"".join(event({}, "stop").replace(b'"index": 0', f'"index": {index}'.encode()) for index in (0, 1))
    await send({"type": "http.response.body", "body": ends + b"data: [DONE]\n\n"})
