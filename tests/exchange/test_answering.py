"""An answer is put on record before it is released as complete, in whatever way it comes."""

from pathlib import Path

import pytest

from gateway.settings import Settings
from tests.system.kit import MAIL, PUBLIC, code, policies, said, streamed
from tests.system.site import system


async def test_x_decision_is_the_stricter_of_both_directions(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        site.agents["ward"].answer = lambda body: f"It is {MAIL}."
        key = await site.key("clerk", zone="cloud")
        answer = await site.chat(key, PUBLIC, model="ward")
        assert said(answer) == "It is [EMAIL]."
        assert answer.headers["x-decision"] == "redact"
        intent, end = await site.trail(answer.headers["x-exchange-id"])
        assert (intent["decision"]["effect"], end["decision"]["effect"]) == ("route", "redact")


async def test_an_answer_that_breaks_its_agents_schema_is_withheld_and_the_place_is_in_the_detail_alone(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    directory = tmp_path / "policies"
    section = policies(tmp_path)
    (directory / "schemas" / "answer.json").write_text('{"required": ["never"]}')
    agents = {"ward": {"zone": "in-house", "capabilities": ["summarize"], "answer_schema": "answer.json"}}
    async with system(sqlite_settings, agents=agents, policy=section) as site:
        answer = await site.chat(await site.key("clerk"), PUBLIC, model="ward")
        assert (answer.status_code, code(answer)) == (502, "agent_bad_answer")
        _, end = await site.trail(answer.headers["x-exchange-id"])
        assert end["outcome"]["code"] == "agent_bad_answer"
        assert "bytes" not in end["outcome"]


@pytest.mark.parametrize("mode", ["mask", "buffer"])
async def test_a_stream_is_masked_the_same_in_both_ways_and_its_end_is_on_record(
    sqlite_settings: Settings, mode: str
) -> None:
    async with system(sqlite_settings, classification={"stream": mode}) as site:
        site.agents["ward"].answer = lambda body: f"Write to {MAIL} today."
        key = await site.key("clerk", zone="cloud")
        answer = await site.chat(key, PUBLIC, model="ward", stream=True)
        assert streamed(answer.text) == "Write to [EMAIL] today."
        assert answer.text.endswith("data: [DONE]\n\n")
        _, end = await site.trail(answer.headers["x-exchange-id"])
        assert (end["outcome"]["code"], end["decision"]["effect"]) == ("ok", "redact")
        assert end["response"]["media_type"] == "text/event-stream"


async def test_a_refusal_names_no_agent_and_asks_for_a_credential_where_there_was_none(
    sqlite_settings: Settings,
) -> None:
    async with system(sqlite_settings) as site:
        answer = await site.http.post("/v1/chat/completions", json={})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert "x-routed-agent" not in answer.headers
        assert "x-decision" not in answer.headers
