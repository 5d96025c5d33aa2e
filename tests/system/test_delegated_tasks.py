"""Tasks that agents submit for the exchanges that they work for: when they are run, they come from there all the same;
and what came of them sticks to whoever fetches it."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from gateway.settings import Settings
from gateway.store.tables import task as table
from gateway.store.tables import task_content
from tests.store.ledger_kit import changing, seeing
from tests.system.kit import HEALTH, PUBLIC, TRACE, TRACEPARENT, code, policies
from tests.system.test_delegation import DECLASSIFY, HOUSE, TOKEN, Ask, bot, calling
from tests.web.tasking import Tasking, chat, tasking

PATIENT = {"traceparent": TRACEPARENT, "x-data-subject": "patient-7"}
LATER = 3600


def token(t: Tasking, name: str = "front") -> dict[str, str]:
    return {TOKEN.replace("-", "_"): t.site.agents[name].received[-1][0][TOKEN]}


async def due(t: Tasking) -> None:
    """All that waits is due."""
    async with changing(t.site.gateway.site.where) as connection:
        await connection.execute(update(table).values(due_us=0))
    t.site.gateway.dispatcher.wake()


async def submitting(t: Tasking, agent: Tasking, order: dict[str, Any], *, named: bool = True) -> tuple[str, str]:
    """A task that `front` submits while it is asked about a patient, and the exchange that it does so in. That has
    ended when this returns."""
    tasks: list[str] = []

    async def later(ask: Ask) -> str:
        tasks.append(await agent.submit(order, **(token(t) if named else {})))
        return "Done."

    calling(t.site, "front", agent.key, later)
    asked = await t.site.chat(t.key, HEALTH, "plan", headers=PATIENT)
    assert asked.status_code == 200, asked.text
    return tasks[0], str(asked.headers["x-exchange-id"])


async def subjects_of(t: Tasking, exchange: str) -> list[Any]:
    """The data subjects that each record of an exchange is about."""
    reader = t.site.gateway.site.reader("default")
    details = [one.detail async for one in reader.records(0, await reader.size(), details=True)]
    return [json.loads(details[one.seq] or b"{}").get("subjects") for one in await reader.exchange(exchange)]


async def test_a_task_keeps_trace_purpose_subjects_classes_and_parent_of_the_exchange_it_was_submitted_in(
    database: Settings,
) -> None:
    async with tasking(database, agents=HOUSE) as t:
        agent = t.by(await bot(t.site))
        task, parent = await submitting(t, agent, chat(PUBLIC, "summarize", delay_s=LATER))
        await due(t)
        done = await agent.ended(task)
        assert (done["state"], done["trace"]) == ("completed", TRACE)
        first, last, _ = await t.site.trail(done["exchange"])
        for one in (first, last):
            assert (one["parent"], one["trace"], one["purpose"]) == (parent, TRACE, "TREAT")
        assert (first["agent"], first["classes"]["declared"]) == ("ward", [])
        assert first["classes"]["inherited"] == ["phi", "pii"]
        [told, *_] = await subjects_of(t, parent)
        assert told
        assert (await subjects_of(t, done["exchange"]))[:2] == [told, told]
        async with seeing(t.site.gateway.site.where) as connection:
            keys = (await connection.execute(select(task_content.c.key))).scalars().all()
            assert len(keys) == 2
        assert {*map(str, keys)} <= {*t.site.gateway.site.keyring.subject_keys(told[0])}


async def test_a_task_without_a_token_carries_what_was_open_then_and_nothing_that_is_open_when_it_is_run(
    sqlite_settings: Settings,
) -> None:
    async with tasking(sqlite_settings, agents=HOUSE) as t:
        agent = t.by(await bot(t.site, purposes=("TREAT",)))
        loaded, _ = await submitting(t, agent, chat(PUBLIC, "summarize", delay_s=LATER), named=False)
        free = await agent.submit(chat(PUBLIC, "summarize", delay_s=LATER))
        inside, leave = asyncio.Event(), asyncio.Event()

        async def wait(ask: Ask) -> str:
            inside.set()
            await leave.wait()
            return "Done."

        calling(t.site, "front", agent.key, wait)
        asked = asyncio.create_task(t.site.chat(t.key, "The card is 4111 1111 1111 1111.", "plan"))
        await inside.wait()
        await due(t)
        ran = [(await t.site.trail((await over(t, one))["exchange"]))[0] for one in (loaded, free)]
        leave.set()
        assert (await asked).status_code == 200
        assert [one["classes"]["inherited"] for one in ran] == [["phi", "pii"], []]
        assert "parent" not in ran[0]
        assert [one["agent"] for one in ran] == ["ward", "cloud"]


async def over(t: Tasking, task: str) -> dict[str, Any]:
    """A task that has ended, as the database has it: nobody has fetched what came of it."""

    async def ended() -> dict[str, Any] | None:
        found = await t.site.gateway.tasks.store.get(t.ledger, task)
        return (
            None if found is None or found.ended_us is None else {"exchange": found.last_exchange, "code": found.code}
        )

    return await t.watch.until(ended)


@pytest.mark.parametrize("named", [True, False])
async def test_a_loop_through_tasks_is_stopped_where_it_closes(sqlite_settings: Settings, named: bool) -> None:
    side = {"zone": "in-house", "callers": ["default/side-bot"], "delegation": True}
    async with tasking(sqlite_settings, agents={**HOUSE, "side": side}) as t:
        keys = {name: t.by(await bot(t.site, name, purposes=("TREAT",))) for name in ("front", "back", "side")}
        answers: list[httpx.Response] = []

        def submits(name: str, to: str, delay_s: int) -> None:
            async def on(ask: Ask) -> str:
                headers = token(t, name) if named else {}
                answers.append(await keys[name].ask("POST", "/v1/tasks", chat(PUBLIC, to, delay_s=delay_s), **headers))
                return "Done."

            calling(t.site, name, keys[name].key, on)

        async def down(ask: Ask) -> str:
            await ask(PUBLIC, "back", **({} if named else {"headers": {}}))
            return "Done."

        calling(t.site, "front", keys["front"].key, down)
        submits("back", "side", LATER)
        submits("side", "front", 0)
        assert (await t.site.chat(t.key, PUBLIC, "front")).status_code == 200
        await due(t)
        await over(t, answers[0].json()["id"])
        taken, refused = answers
        assert (taken.status_code, refused.json()["type"]) == (202, "urn:gateway:problem:delegation_loop")
        assert len(t.site.agents["front"].received) == 1


async def test_what_stuck_to_a_task_is_inherited_and_a_rule_may_declassify_it(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with tasking(sqlite_settings, agents=HOUSE, policy=policies(tmp_path, *DECLASSIFY)) as t:
        agent = t.by(await bot(t.site))
        task, _ = await submitting(t, agent, chat(PUBLIC, "cloud", delay_s=LATER))
        await due(t)
        done = await agent.ended(task)
        assert (done["code"], done["result"]["headers"]["x-routed-agent"]) == ("ok", "cloud")
        [first, *_] = await t.site.trail(done["exchange"])
        assert (first["classes"]["declared"], first["classes"]["inherited"]) == ([], ["phi", "pii"])


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("path", ["", "/result"])
@pytest.mark.parametrize("stream", [False, True])
async def test_what_an_agent_fetches_of_a_task_sticks_to_the_exchange_it_works_for(
    sqlite_settings: Settings, named: bool, path: str, stream: bool
) -> None:
    async with tasking(sqlite_settings, agents=HOUSE) as t:
        agent, far = t.by(await bot(t.site, purposes=("TREAT",))), await t.site.key("service", zone="cloud")
        t.site.agents["ward"].answer = lambda body: HEALTH
        order = chat(PUBLIC, "ward")
        task = await agent.submit({**order, "body": {**order["body"], "stream": stream}})
        assert (await over(t, task))["code"] == "ok"
        fetched: list[httpx.Response] = []

        async def fetch(ask: Ask) -> str:
            headers = token(t) if named else {}
            fetched.append(await agent.ask("GET", f"/v1/tasks/{task}{path}", **headers))
            await ask(PUBLIC, "summarize", **({} if named else {"headers": {}}))
            return "It is the usual."

        after = calling(t.site, "front", agent.key, fetch)
        withheld = await t.site.chat(far, PUBLIC, "front")
        assert fetched[0].status_code == 200
        assert (withheld.status_code, code(withheld)) == (403, "answer_withheld")
        [first, *_] = await t.site.trail(after[0].headers["x-exchange-id"])
        assert first["classes"]["inherited"] == ["phi", "pii"]


async def test_a_result_is_fetched_for_an_exchange_that_is_open_or_for_none(sqlite_settings: Settings) -> None:
    async with tasking(sqlite_settings, agents=HOUSE) as t:
        agent = t.by(await bot(t.site, purposes=("TREAT",)))
        task = await agent.submit(chat(PUBLIC, "ward"))
        await over(t, task)
        assert (await t.site.chat(t.key, PUBLIC, "front")).status_code == 200
        refused = await agent.ask("GET", f"/v1/tasks/{task}/result", **token(t))
        assert refused.json()["type"] == "urn:gateway:problem:delegation_expired"
        assert (await agent.ask("GET", f"/v1/tasks/{task}/result")).status_code == 200
