"""What may come back to whom: answers and streams are decided on against the caller's own zone."""

import pytest

from gateway.settings import Settings
from tests.system.kit import HEALTH, MAIL, PUBLIC, code, said, streamed
from tests.system.site import system


@pytest.mark.parametrize("stream", [False, True])
async def test_a_caller_in_the_cloud_receives_answers_masked(sqlite_settings: Settings, stream: bool) -> None:
    async with system(sqlite_settings) as site:
        site.agents["ward"].answer = lambda body: f"Her address is {MAIL}."
        key = await site.key("clerk", zone="cloud")
        answer = await site.chat(key, PUBLIC, model="ward", stream=stream)
        assert answer.status_code == 200, answer.text
        text = streamed(answer.text) if stream else said(answer)
        assert text == "Her address is [EMAIL]."
        assert MAIL not in answer.text
        assert answer.headers["x-decision"] == "redact"
        end = (await site.trail(answer.headers["x-exchange-id"]))[-1]
        assert end["decision"]["rules"] == ["pii-answer-cloud"]
        assert end["found"] == {"email": 1}


@pytest.mark.parametrize("stream", [False, True])
async def test_health_data_are_withheld_from_a_caller_in_the_cloud(sqlite_settings: Settings, stream: bool) -> None:
    async with system(sqlite_settings) as site:
        site.agents["ward"].answer = lambda body: HEALTH
        answer = await site.chat(await site.key("clerk", zone="cloud"), PUBLIC, model="ward", stream=stream)
        assert (answer.status_code, code(answer)) == (403, "answer_withheld")
        assert "Carter" not in answer.text
        assert "4481920" not in answer.text
        end = (await site.trail(answer.headers["x-exchange-id"]))[-1]
        assert (end["decision"]["effect"], end["outcome"]["code"]) == ("deny", "answer_withheld")
        assert "phi-nowhere-else" in end["decision"]["rules"]


async def test_a_stream_that_is_masked_as_it_passes_hides_what_the_caller_may_not_have(
    sqlite_settings: Settings,
) -> None:
    async with system(sqlite_settings, classification={"stream": "mask"}) as site:
        site.agents["ward"].answer = lambda body: f"{HEALTH} Write to {MAIL}."
        answer = await site.chat(await site.key("clerk", zone="cloud"), PUBLIC, model="ward", stream=True)
        text = streamed(answer.text)
        assert answer.status_code == 200
        assert "Carter" not in text
        assert "4481920" not in text
        assert MAIL not in text
        assert text.endswith("Write to [EMAIL].")
        end = (await site.trail(answer.headers["x-exchange-id"]))[-1]
        assert end["decision"]["effect"] == "redact"
        assert "phi" in end["classes"]["found"]


async def test_an_agents_secrets_are_masked_for_everybody(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        site.agents["ward"].answer = lambda body: "The key is AKIAIOSFODNN7EXAMPLQ, keep it."
        key = await site.key("clerk")
        plain = await site.chat(key, PUBLIC, model="ward")
        stream = await site.chat(key, PUBLIC, model="ward", stream=True)
        for text in (said(plain), streamed(stream.text)):
            assert "AKIA" not in text
            assert text.endswith("keep it.")
        assert plain.headers["x-decision"] == "redact"
