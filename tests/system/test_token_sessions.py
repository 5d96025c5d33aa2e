"""The tokens of a session hold on every node and after every crash, and nobody else's turn them back."""

import asyncio
import logging
import re
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.core.tokens import TOKEN
from gateway.settings import Settings
from tests.store.ledger_kit import rows
from tests.system.approvals import Asking, approval_of
from tests.system.kit import MAIL, Watch, policies, said
from tests.system.oracle import speaks
from tests.system.site import Agent, System, served, system
from tests.web.tasking import chat, tasking

_TOKEN = re.compile(TOKEN)
LETTER = f"Please write to {MAIL} today."
RULE = (
    "p, {}, role:user, class:{}, zone:cloud, {}, purpose:*, {}, allow, {}, {}, "
    '"Personal identifiers go to the cloud as tokens."'
)
TURNS = (
    RULE.format(380, "pii", "respond", "contract:valid", "tokenize", "as-tokens"),
    RULE.format(381, "pii", "onward:store", "contract:valid", "tokenize", "stored-as-tokens"),
    RULE.format(382, "public", "onward:store", "always", "none", "stored"),
)


async def turn(site: System, key: str, text: str, before: str | None = None) -> httpx.Response:
    body = {"model": "cloud", "input": text, "store": True, "previous_response_id": before}
    return await site.http.post(
        "/v1/responses",
        json={name: value for name, value in body.items() if value is not None},
        headers={"authorization": f"Bearer {key}"},
    )


def spoken(answer: httpx.Response) -> str:
    [text] = [part["text"] for item in answer.json()["output"] if item["type"] == "message" for part in item["content"]]
    return str(text)


def tokens(site: System) -> list[str]:
    return _TOKEN.findall(str(site.agents["cloud"].bodies[-1]["input"]))


def naming(site: System, name: str) -> None:
    """The agent's responses have this id from now on."""
    named(site.agents["cloud"], name)


def named(agent: Agent, name: str) -> None:
    behave = speaks(agent).behave
    assert behave is not None

    async def renamed(scope: Any, receive: Any, send: Any) -> None:
        async def sending(message: Any) -> None:
            if "body" in message:
                message = {**message, "body": re.sub(rb'"resp_[0-9a-z]+"', f'"{name}"'.encode(), message["body"])}
            await send(message)

        await behave(scope, receive, sending)

    agent.behave = renamed


async def test_a_session_has_the_same_tokens_after_a_restart_and_for_nobody_else(
    database: Settings, tmp_path: Path
) -> None:
    own = policies(tmp_path / "own", *TURNS)
    async with system(database, policy=own) as site:
        key = await site.key("clerk")
        naming(site, "resp_1")
        first = await turn(site, key, LETTER)
        assert first.status_code == 200, first.text
        assert spoken(first) == LETTER
        [token] = tokens(site)
        naming(site, "resp_9")
        await turn(site, key, LETTER)
        assert tokens(site) != [token], "another session"
    held = await rows(database, "SELECT ciphertext FROM session_token")
    assert len(held) == 2
    assert not any(MAIL.encode() in bytes(row[0]) or token.encode() in bytes(row[0]) for row in held)
    async with system(database, policy=own) as site:
        naming(site, "resp_2")
        later = await turn(site, key, f"Again to {MAIL}, not to john.miller@example.org", "resp_1")
        assert later.status_code == 200, later.text
        assert tokens(site)[0] == token
        assert len(set(tokens(site))) == 2
        assert spoken(later) == f"Again to {MAIL}, not to john.miller@example.org"
        intent = (await site.trail(later.headers["x-exchange-id"]))[0]
        assert intent["tokens"] == {"sent": {"email": 2}}
        naming(site, "resp_3")
        told = await turn(site, key, f"Who is {token}?", "resp_2")
        assert spoken(told) == f"Who is {MAIL}?", "what the agent was told in an earlier turn"
        eve = await site.key("clerk", owner="eve")
        assert (await turn(site, eve, f"Who is {token}?", "resp_2")).status_code == 404
        assert spoken(await turn(site, eve, f"Who is {token}?")) == f"Who is {token}?"


@pytest.mark.postgres
async def test_turns_at_once_on_two_nodes_agree_on_every_token(postgres_settings: Settings, tmp_path: Path) -> None:
    own, cloud = policies(tmp_path / "own", *TURNS), Agent()
    named(cloud, "resp_1")
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(served(cloud))
        agents = {"cloud": {"zone": "cloud", "processor": "cloud-inc", "url": url}}
        one, two = [
            await stack.enter_async_context(
                system(postgres_settings, policy=own, agents=agents, keys={"directory": "keys", "node": name})
            )
            for name in ("one", "two")
        ]
        key = await one.key("clerk")
        await turn(one, key, "Hello there.")
        text = f"{LETTER} And to john.miller@example.org, too."
        answers = await asyncio.gather(*(turn(site, key, text, "resp_1") for site in (one, two, one, two)))
        assert [spoken(answer) for answer in answers] == [text] * 4
        sent = [tuple(_TOKEN.findall(str(body["input"]))) for body in cloud.bodies]
        assert [len(found) for found in sent] == [0, 2, 2, 2, 2]
        assert len(set(sent[1:])) == 1


async def test_what_a_crash_left_before_the_intent_is_known_and_was_sent_to_nobody(
    database: Settings, tmp_path: Path
) -> None:
    own, watch = policies(tmp_path / "own", *TURNS), Watch()
    async with system(database, policy=own, failpoint=watch) as site:
        key = await site.key("clerk")
        naming(site, "resp_1")
        await turn(site, key, "Hello there.")
        asked = len(site.agents["cloud"].received)
        watch.failing = True
        assert (await turn(site, key, LETTER, "resp_1")).status_code == 503
        assert len(site.agents["cloud"].received) == asked
        watch.failing = False
    async with system(database, policy=own) as site:
        naming(site, "resp_1")
        answer = await turn(site, key, LETTER, "resp_1")
        assert spoken(answer) == LETTER
        assert len(await rows(database, "SELECT 1 FROM session_token")) <= 2


async def test_where_the_keys_of_what_a_session_was_told_are_gone_its_tokens_stay_tokens(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with system(sqlite_settings, policy=policies(tmp_path / "own", *TURNS)) as site:
        key = await site.key("clerk")
        naming(site, "resp_1")
        await turn(site, key, LETTER)
        [token] = tokens(site)
        [(ids,)] = await rows(sqlite_settings, "SELECT key FROM session_token")
        site.gateway.site.keyring.destroy(str(ids).split("+"))
        assert spoken(await turn(site, key, f"Who is {token}?", "resp_1")) == f"Who is {token}?"
        await turn(site, key, LETTER, "resp_1")
        assert tokens(site) != [token]


async def test_where_nothing_is_kept_the_tokens_are_those_of_one_exchange(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    silent = (TURNS[0].replace("tokenize", "no-content;tokenize"), *TURNS[1:])
    async with system(sqlite_settings, policy=policies(tmp_path / "own", *silent)) as site:
        key = await site.key("clerk")
        naming(site, "resp_1")
        first = await turn(site, key, LETTER)
        assert first.status_code == 200, first.text
        assert spoken(first) == LETTER
        [token] = tokens(site)
        assert spoken(await turn(site, key, LETTER, "resp_1")) == LETTER
        assert tokens(site) != [token]
        assert await rows(sqlite_settings, "SELECT 1 FROM session_token") == []


CHATS = RULE.format(380, "pii", "chat", "contract:valid", "tokenize{}", "as-tokens")


async def test_who_approves_sees_placeholders_and_the_agent_gets_tokens(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    own = policies(tmp_path / "own", CHATS.format(";approve:privacy"))
    async with system(sqlite_settings, policy=own) as site:
        people = Asking(site)
        ada, grace = await people.analyst(), await people.person("grace")
        asked = await people.ask(ada, "k-1", LETTER)
        assert (asked.status_code, asked.headers["x-decision"]) == (403, "approve")
        approval = approval_of(asked)
        shown = await people.get(grace, f"/approvals/{approval}")
        assert "[EMAIL]" in shown.text
        assert MAIL not in shown.text
        assert (await people.answer(grace, approval, "approve")).status_code == 200
        answer = await people.ask(ada, "k-1", LETTER)
        assert said(answer) == LETTER
        [token] = _TOKEN.findall(str(site.agents["cloud"].bodies[-1]))
        assert token.startswith("[EMAIL_")


async def test_a_task_gets_tokens_and_its_result_what_they_stand_for(sqlite_settings: Settings, tmp_path: Path) -> None:
    own = policies(tmp_path / "own", CHATS.format(""))
    async with tasking(sqlite_settings, policy=own) as tasks:
        name = await tasks.submit(chat(LETTER, "cloud"))
        ended = await tasks.ended(name)
        assert ended["state"] == "completed", ended
        result = await tasks.ask("GET", f"/v1/tasks/{name}/result")
        assert said(result) == LETTER
        assert MAIL not in str(tasks.site.agents["cloud"].bodies)


async def test_no_value_and_no_token_is_in_a_log_an_error_or_a_metric(
    sqlite_settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own = policies(tmp_path / "own", *TURNS)
    with caplog.at_level(logging.DEBUG):
        async with system(sqlite_settings, policy=own) as site:
            key = await site.key("clerk")
            naming(site, "resp_1")
            await turn(site, key, LETTER)
            [token] = tokens(site)
            await turn(site, key, f"{LETTER} {token} [EMAIL_bcdfghjkmnpqrstv]", "resp_1")
            site.agents["cloud"].behave = None
            broken = await turn(site, key, LETTER, "resp_1")
            metrics = site.gateway.site.metrics.exposition().decode()
            records = str(await site.records())
    for told in (caplog.text, broken.text, metrics, records):
        assert MAIL not in told
        assert token not in told
        assert token[7:-1] not in told
