"""An answer is put on record before it is released as complete, in whatever way it comes."""

from pathlib import Path

import pytest

from gateway.settings import Settings
from tests.system.kit import HEALTH, MAIL, PUBLIC, code, policies, said
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


async def test_whole_answers_and_refusals_say_how_long_they_are_and_streams_cannot(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        site.agents["ward"].answer = lambda body: f"It is {MAIL}."
        key = await site.key("clerk", zone="cloud")
        for answer in (await site.chat(key, PUBLIC, model="ward"), await site.chat("gwk_nobody", PUBLIC)):
            assert int(answer.headers["content-length"]) == len(answer.content)
            assert "transfer-encoding" not in answer.headers
        streamed_one = await site.chat(key, PUBLIC, model="ward", stream=True)
        assert "content-length" not in streamed_one.headers


async def test_no_stream_is_asked_of_an_agent_whose_answers_are_held_to_a_schema(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    """Nobody would hold it to anything. Who names the agent is told; a capability is answered by another one."""
    section = policies(tmp_path)
    (tmp_path / "policies" / "schemas" / "answer.json").write_text('{"required": ["never"]}')
    agents = {
        "free": {"zone": "cloud", "processor": "cloud-inc", "capabilities": ["summarize"]},
        "ward": {"zone": "in-house", "capabilities": ["summarize"], "answer_schema": "answer.json"},
        "desk": {"zone": "in-house", "capabilities": ["summarize"]},
    }
    async with system(sqlite_settings, agents=agents, policy=section) as site:
        key = await site.key("clinician")
        named = await site.chat(key, PUBLIC, model="ward", stream=True)
        assert (named.status_code, code(named)) == (400, "feature_unsupported")
        assert named.json()["error"]["param"] == "/stream"
        other = await site.chat(key, HEALTH, model="summarize", stream=True)
        assert (other.status_code, other.headers["x-routed-agent"]) == (200, "desk")
        (intent, _) = await site.trail(other.headers["x-exchange-id"])
        assert {view["agent"]: view["answer"] for view in intent["candidates"]} == {
            "free": "deny",
            "ward": "schema",
            "desk": "allow",
        }
        assert not site.agents["ward"].received


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_that_people_would_have_to_approve_is_not_released(
    sqlite_settings: Settings, tmp_path: Path, stream: bool
) -> None:
    rule = (
        "p, 205, role:user, class:pii, zone:in-house, receive, purpose:*, always, allow, approve:privacy, asked-back, "
        '"A person looks at personal data on their way back."'
    )
    async with system(sqlite_settings, policy=policies(tmp_path, rule)) as site:
        site.agents["ward"].answer = lambda body: f"It is {MAIL}."
        key = await site.key("clerk")
        answer = await site.chat(key, PUBLIC, model="ward", stream=stream)
        assert (answer.status_code, code(answer)) == (403, "approval_required")
        assert MAIL not in answer.text
        assert answer.headers["x-decision"] == "approve"
        _, end = await site.trail(answer.headers["x-exchange-id"])
        assert (end["outcome"]["code"], end["decision"]["effect"]) == ("approval_required", "approve")
        site.agents["ward"].answer = lambda body: "Nothing about anybody."
        assert (await site.chat(key, PUBLIC, model="ward", stream=stream)).status_code == 200


async def test_a_refusal_names_no_agent_and_asks_for_a_credential_where_there_was_none(
    sqlite_settings: Settings,
) -> None:
    async with system(sqlite_settings) as site:
        answer = await site.http.post("/v1/chat/completions", json={})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert "x-routed-agent" not in answer.headers
        assert "x-decision" not in answer.headers
