"""What failed elsewhere in guards: analysers, masks in streams, logs, fall-back, pinned sessions."""

import asyncio
import logging
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from openai import AsyncOpenAI

from gateway.checks.classification.locator import Locator
from gateway.core.errors import ConfigurationError
from gateway.settings import Settings
from tests.system.kit import HEALTH, MAIL, PERSONAL, PUBLIC, SSN, code, policies, said, streamed
from tests.system.oracle import speaks
from tests.system.site import Agent, event, send_json, served, system
from tests.system.test_stored_responses import STORED

WORD = "zebrafinch"


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """An analyser that fails at one word."""
    locate = Locator.locate

    def failing(self: Locator, text: str, *more: Any) -> Any:
        if WORD in text:
            raise RuntimeError("the analyser failed")
        return locate(self, text, *more)

    monkeypatch.setattr(Locator, "locate", failing)


@pytest.mark.usefixtures("broken")
async def test_a_guard_that_fails_open_when_its_analyser_does(sqlite_settings: Settings) -> None:
    """The analyser raised, the guard logged it, and the message went out as if it were clean."""
    async with system(sqlite_settings) as site:
        key = await site.key("clerk")
        text = f"{WORD} SSN: {SSN}, {MAIL}"
        denied = await site.chat(key, text, headers={"x-route": "exact"})
        assert (denied.status_code, code(denied)) == (403, "policy_denied")
        (record,) = await site.trail(denied.headers["x-exchange-id"])
        assert record["classes"]["found"] == ["unscanned"]
        assert not site.agents["cloud"].received
        assert (await site.chat(key, text)).headers["x-routed-agent"] == "ward"


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("mode", ["mask", "buffer"])
async def test_a_guard_of_streams_that_fails_open_when_its_analyser_does(sqlite_settings: Settings, mode: str) -> None:
    """The same, on the way back: what could not be looked at went on to the caller."""
    async with system(sqlite_settings, classification={"stream": mode}) as site:
        site.agents["ward"].answer = lambda body: f"{WORD} SSN: {SSN}, {MAIL}"
        answer = await site.chat(await site.key("clerk", zone="cloud"), PUBLIC, model="ward", stream=True)
        assert SSN not in answer.text
        assert MAIL not in answer.text
        assert WORD not in answer.text
        end = (await site.trail(answer.headers["x-exchange-id"]))[-1]
        assert end["scanned"] != "full"


@pytest.mark.parametrize("mode", ["auto", "mask", "buffer"])
async def test_a_mask_that_is_not_applied_to_streams(sqlite_settings: Settings, mode: str) -> None:
    """The rule said redact, whole answers were masked, streams were not, and nobody was told."""
    async with system(sqlite_settings, classification={"stream": mode}) as site:
        site.agents["ward"].answer = lambda body: f"Write to {MAIL} today."
        key = await site.key("clerk", zone="cloud")
        plain = await site.chat(key, PUBLIC, model="ward")
        stream = await site.chat(key, PUBLIC, model="ward", stream=True)
        assert said(plain) == streamed(stream.text) == "Write to [EMAIL] today."
        assert MAIL not in stream.text


RECEIVING = "p, 1, role:user, class:pii, zone:in-house, receive, purpose:*, always"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"agent": {"protocol": "mcp", "answer_schema": "a.json"}}, "which no schema can hold"),
        ({"rule": f'{RECEIVING}, allow, tokenize, x, "As is."'}, "obligations"),
    ],
)
async def test_a_configuration_that_asks_for_what_cannot_be_enforced(
    sqlite_settings: Settings, tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    """It was accepted, and did nothing. Here the start is refused, by the name of what would be passed over."""
    agents = {"ward": {"zone": "in-house", "url": "http://127.0.0.1:1", **changed.get("agent", {})}}
    section = policies(tmp_path, *([changed["rule"]] if "rule" in changed else []))
    (tmp_path / "policies" / "schemas" / "a.json").write_text("{}")
    with pytest.raises(ConfigurationError, match=said):
        async with system(sqlite_settings, agents=agents, policy=section):
            raise AssertionError("it was served")


async def test_a_stream_is_not_asked_for_where_only_a_whole_answer_can_be_held_to_what_was_asked(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    """The same in one request: a schema of answers, and an answer that comes in pieces."""
    section = policies(tmp_path)
    (tmp_path / "policies" / "schemas" / "a.json").write_text('{"required": ["choices"]}')
    agents = {"ward": {"zone": "in-house", "answer_schema": "a.json"}}
    async with system(sqlite_settings, agents=agents, policy=section) as site:
        key = await site.key("clerk")
        refused = await site.chat(key, PUBLIC, model="ward", stream=True)
        assert (refused.status_code, code(refused)) == (400, "feature_unsupported")
        assert (await site.chat(key, PUBLIC, model="ward")).status_code == 200


async def test_a_check_at_the_end_of_a_stream_that_was_sent_before(sqlite_settings: Settings) -> None:
    """The verdict came with the last chunk, when the caller had read all the others."""
    async with system(sqlite_settings) as site:
        told, go_on = asyncio.Event(), asyncio.Event()

        async def slow(scope: Any, receive: Any, send: Any) -> None:
            head = [(b"content-type", b"text/event-stream")]
            await send({"type": "http.response.start", "status": 200, "headers": head})
            await send({"type": "http.response.body", "body": event({"content": HEALTH}), "more_body": True})
            told.set()
            await go_on.wait()
            await send({"type": "http.response.body", "body": event({}, "stop") + b"data: [DONE]\n\n"})

        site.agents["ward"].behave = slow
        key = await site.key("clerk", zone="cloud")
        task = asyncio.create_task(site.chat(key, PUBLIC, model="ward", stream=True))
        await asyncio.wait_for(told.wait(), 10)
        assert not task.done()
        go_on.set()
        answer = await task
        assert (answer.status_code, code(answer)) == (403, "answer_withheld")
        assert "Carter" not in answer.text


async def test_a_log_only_mode_that_changed_answers(sqlite_settings: Settings, tmp_path: Path) -> None:
    """Observing was said to change nothing, and masked all the same. There is no such mode here yet: a rule that asks
    for it is refused, and an answer that nothing is masked in is the agent's, byte for byte."""
    observed = 'p, 1, role:user, class:pii, zone:in-house, *, purpose:*, always, allow, observe, x, "Observed."'
    with pytest.raises(ConfigurationError, match="obligations"):
        async with system(sqlite_settings, policy=policies(tmp_path, observed)):
            raise AssertionError("it was served")
    async with system(sqlite_settings) as site:
        raw = b'{ "choices" : [ {"index":0, "message":{"role":"assistant","content":"\\u0048i"}} ],  "x": 1.50 }'

        async def exact(scope: Any, receive: Any, send: Any) -> None:
            head = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": 200, "headers": head})
            await send({"type": "http.response.body", "body": raw})

        site.agents["ward"].behave = exact
        assert (await site.chat(await site.key("clerk"), PUBLIC, model="ward")).content == raw


async def test_values_that_were_found_and_then_written_to_the_log(
    sqlite_settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """What a guard found stood in its log, its traces and its metrics, in clear."""
    caplog.set_level(logging.DEBUG)
    async with system(sqlite_settings) as site:
        key = await site.key("clerk")
        for text in (PERSONAL, HEALTH, f"SSN: {SSN}"):
            await site.chat(key, text)
            await site.chat(key, text, stream=True)
            await site.chat(key, text, headers={"x-route": "exact"})
        metrics = (await site.http.get("/metrics")).text
        records = str(await site.records())
    told = "\n".join(str(vars(record)) + record.getMessage() for record in caplog.records if "gateway" in record.name)
    assert told
    for value in (MAIL, SSN, "Carter", "4481920", key):
        assert value not in told
        assert value not in metrics
        assert value not in records


@pytest.mark.parametrize("stream", [False, True])
async def test_a_fallback_that_moves_a_private_message_to_a_public_model(
    sqlite_settings: Settings, stream: bool
) -> None:
    """The private agent was down, and reliability won over privacy."""
    async with system(sqlite_settings) as site:
        for name in ("ward", "desk"):
            site.agents[name].behave = lambda scope, receive, send: send_json(send, {"error": {"message": "x"}}, 503)
        answer = await site.chat(await site.key("clinician"), HEALTH, model="summarize", stream=stream)
        assert (answer.status_code, code(answer)) == (502, "agent_unavailable")
        assert site.agents["ward"].received
        assert not site.agents["cloud"].received


async def test_a_session_whose_privacy_ended_with_a_cache_entry(sqlite_settings: Settings, tmp_path: Path) -> None:
    """What a conversation had been pinned for was remembered for a while, or until the process was started again."""
    async with AsyncExitStack() as stack:
        agents: dict[str, dict[str, Any]] = {}
        for name, zone in (("cloud", {"zone": "cloud", "processor": "cloud-inc"}), ("ward", {"zone": "in-house"})):
            agent = Agent()
            speaks(agent)
            agents[name] = {
                **zone,
                "capabilities": ["summarize"],
                "url": await stack.enter_async_context(served(agent)),
            }
        section = policies(tmp_path, *STORED)
        name, key = "", ""
        for turn in range(3):  # each time another process, with nothing in memory
            async with system(sqlite_settings, agents=agents, policy=section) as site:
                key = key or await site.key("clinician")
                async with AsyncOpenAI(base_url=f"{site.url}/v1", api_key=key, max_retries=0) as api:
                    before = {"previous_response_id": name} if turn else {}
                    answer = await api.responses.with_raw_response.create(
                        model="summarize", input=PUBLIC if turn else HEALTH, store=True, extra_body=before
                    )
                    assert answer.headers["x-routed-agent"] == "ward"
                    name = answer.parse().id
                    free = await api.responses.with_raw_response.create(model="summarize", input=PUBLIC)
                    assert free.headers["x-routed-agent"] == "cloud"
                    later = await api.responses.with_raw_response.create(  # not stored, which the cloud may do too
                        model="summarize", input=PUBLIC, extra_body={"previous_response_id": name}
                    )
                    assert later.headers["x-routed-agent"] == "ward"
                    assert "phi" in (await site.trail(later.headers["x-exchange-id"]))[0]["classes"]["inherited"]
