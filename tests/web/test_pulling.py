"""Agents that fetch their requests: the same steps and records, a lease for each, and an answer that is taken once."""

import asyncio
import json
import os
import re
import sys
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from gateway.core.caller import Identity
from gateway.core.refusal import Refusal
from gateway.exchange.standing import Standing
from gateway.settings import Settings
from gateway.store.api_keys import Administrator, Grant, NewKey
from gateway.store.tasks import Task
from tests.house.tree import ROOT
from tests.system.kit import HEALTH, PERSONAL
from tests.web.tasking import CHAT, Tasking, chat, tasking
from tests.web.test_tasks import problem

ARCHIVE = {
    "zone": "in-house",
    "protocol": "http",
    "routes": ["POST /notes"],
    "pull": True,
    "callers": ["default/archive"],
}
AGENTS: dict[str, Any] = {
    "ward": {"zone": "in-house", "capabilities": ["summarize"]},
    "archive": ARCHIVE,
    "scribe": {**ARCHIVE, "protocol": "openai", "routes": [], "callers": ["default/scribe"], "capabilities": ["write"]},
}
NOTE = {"path": "/agents/archive/notes", "body": {"note": "hello"}}


@asynccontextmanager
async def pulled(base: Settings, **more: Any) -> AsyncIterator[tuple[Tasking, Tasking]]:
    """A gateway with agents that fetch; its caller, and the agent `archive`."""
    async with tasking(base, agents=more.pop("agents", AGENTS), **more) as t:
        yield t, t.by(await t.site.key("agent", owner="archive", kind="agent"))


async def fetched(agent: Tasking, name: str = "archive") -> dict[str, Any]:
    answer = await agent.ask("POST", f"/v1/tasks/for/{name}", {"wait_s": 10})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def brought(agent: Tasking, work: dict[str, Any], answer: object, name: str = "archive") -> httpx.Response:
    return await agent.ask("POST", f"/v1/tasks/for/{name}/{work['lease']}", answer)


async def test_a_request_is_fetched_after_its_intent_and_its_answer_is_inspected_as_any(database: Settings) -> None:
    async with pulled(database) as (t, agent):
        waiting = asyncio.create_task(fetched(agent))
        task = await t.submit(NOTE)
        work = await waiting
        assert (work["method"], work["path"], work["body"]) == ("POST", "/notes", {"note": "hello"})
        asked = [one["event"] for one in await t.site.records() if one.get("agent") == "archive"]
        assert asked == ["exchange.requested"], "on record before it left"
        taken = await brought(agent, work, {"body": {"filed": HEALTH}})
        assert taken.status_code == 202
        done = await t.ended(task)
        assert (done["state"], done["code"], done["result"]["body"]) == ("completed", "ok", {"filed": HEALTH})
        trail = await t.site.trail(done["exchange"])
        assert [one["event"] for one in trail] == ["exchange.requested", "exchange.completed", "task.completed"]
        assert trail[1]["classes"]["found"] == ["phi", "pii"]
        (key,) = [one for one in await t.site.gateway.site.api_keys.list("default") if one.owner == "archive"]
        stored = await t.site.gateway.site.reader("default").exchange(done["exchange"])
        assert json.loads(stored[1].detail or b"{}")["destination"].startswith(f"{key.id} from ")
        assert problem(await brought(agent, work, {"body": 1})) == (409, "lease_lost")
        assert await t.events(task) == ["task.submitted", "task.completed"]
        metrics = (await t.site.http.get("/metrics")).text
        for end in ("handed", "answered", "late"):
            assert f'gateway_pulls_total{{end="{end}",tenant="{t.ledger}"}} 1.0' in metrics


async def test_an_answer_that_is_brought_came_over_the_connection_of_who_brings_it(sqlite_settings: Settings) -> None:
    async with pulled(sqlite_settings, server={"trusted_proxies": ["127.0.0.1"]}) as (t, agent):
        for proto, told in (("https", "proxy"), ("http", None)):
            waiting = asyncio.create_task(fetched(agent))
            task = await t.submit(NOTE)
            path = f"/v1/tasks/for/archive/{(await waiting)['lease']}"
            forwarded = {"x_forwarded_proto": proto, "x_forwarded_for": "203.0.113.9"}
            assert (await agent.ask("POST", path, {"body": 1}, **forwarded)).status_code == 202
            stored = await t.site.gateway.site.reader("default").exchange((await t.ended(task))["exchange"])
            assert json.loads(stored[1].detail or b"{}").get("agent_tls") == told


async def test_a_lease_that_is_lost_is_followed_by_another_try_and_its_answer_is_refused(
    sqlite_settings: Settings,
) -> None:
    agents = {**AGENTS, "archive": {**ARCHIVE, "timeout_s": 0.05}}
    async with pulled(sqlite_settings, agents=agents) as (t, agent):
        waiting = asyncio.create_task(fetched(agent))
        task = await t.submit({**NOTE, "tries": 2})
        first = await waiting
        second = await fetched(agent)
        assert problem(await brought(agent, first, {"body": 1})) == (409, "lease_lost")
        assert second["lease"] != first["lease"]
        done = await t.ended(task)
        assert (done["state"], done["code"], done["tries"]) == ("failed", "agent_timeout", 2)
        assert await t.events(task) == ["task.submitted", "task.retried", "task.failed"]


async def test_a_failure_is_a_try_and_what_nobody_fetches_waits_without_one(sqlite_settings: Settings) -> None:
    async with pulled(sqlite_settings) as (t, agent):
        task = await t.submit({**NOTE, "tries": 1})
        other = await t.submit(chat())
        assert (await t.ended(other))["state"] == "completed", "nobody else waits for it"
        assert (await t.get(task))["tries"] == 0
        assert await t.events(task) == ["task.submitted"]
        work = await fetched(agent)
        assert (await brought(agent, work, {"status": 500})).status_code == 202
        assert ((await t.ended(task))["state"], (await t.get(task))["code"]) == ("failed", "agent_unavailable")


async def test_a_failure_that_needs_rest_is_given_it(sqlite_settings: Settings) -> None:
    async with pulled(sqlite_settings) as (t, agent):
        waiting = asyncio.create_task(fetched(agent))
        task = await t.submit({**NOTE, "tries": 2})
        await brought(agent, await waiting, {"status": 500, "retry_after": 3600})

        async def again() -> Task | None:
            found = await t.site.gateway.tasks.store.get(t.ledger, task)
            return found if found is not None and found.state == "queued" and found.code is not None else None

        found = await t.watch.until(again)
        assert (found.tries, found.code) == (1, "agent_unavailable")
        assert found.due_us - found.created_us >= 3_600_000_000


async def test_what_is_masked_is_masked_for_who_fetches_too_and_in_the_protocol_it_speaks(
    sqlite_settings: Settings,
) -> None:
    agents = {
        **AGENTS,
        "scribe": {**AGENTS["scribe"], "zone": "cloud", "processor": "cloud-inc"},
    }
    async with pulled(sqlite_settings, agents=agents) as (t, _):
        scribe = t.by(await t.site.key("agent", owner="scribe", kind="agent", zone="cloud"))
        waiting = asyncio.create_task(fetched(scribe, "scribe"))
        task = await t.submit(chat(PERSONAL, "write"))
        work = await waiting
        assert work["path"] == CHAT
        assert work["body"]["messages"][0]["content"] == "Please write to [EMAIL] about the order."
        choice = {"index": 0, "message": {"role": "assistant", "content": "done"}, "finish_reason": "stop"}
        answer = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
        await brought(scribe, work, {"body": answer}, "scribe")
        assert (await t.ended(task))["result"]["body"]["choices"][0]["message"]["content"] == "done"


async def test_what_reaches_it_any_other_way_is_refused_with_a_word_for_it(sqlite_settings: Settings) -> None:
    async with pulled(sqlite_settings) as (t, _):
        direct = await t.site.chat(t.key, "hello", model="scribe")
        assert (direct.status_code, direct.json()["error"]["code"]) == (409, "tasks_only")
        assert (await t.site.chat(t.key, "hello", model="write")).status_code == 409
        stream = await t.ask(
            "POST", "/v1/tasks", {**chat(model="scribe"), "body": {**chat(model="scribe")["body"], "stream": True}}
        )
        assert problem(stream) == (400, "feature_unsupported")


async def test_to_everybody_else_there_is_no_such_agent_and_few_wait_at_once(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with pulled(sqlite_settings) as (t, agent):
        for by, path in ((t, "archive"), (agent, "scribe"), (agent, "ward"), (agent, "none")):
            assert problem(await by.ask("POST", f"/v1/tasks/for/{path}", {"wait_s": 0})) == (404, "not_found")
            assert problem(await by.ask("POST", f"/v1/tasks/for/{path}/le_1", {"body": 1})) == (404, "not_found")
        assert (await agent.ask("POST", "/v1/tasks/for/archive", {"wait_s": 0})).status_code == 204
        monkeypatch.setattr("gateway.web.pulling.MAX_WAITING", 0)
        full = await agent.ask("POST", "/v1/tasks/for/archive", {"wait_s": 0})
        assert problem(full) == (429, "concurrency_limited")
        assert problem(await agent.ask("POST", "/v1/tasks/for/archive", {"wait_s": 90})) == (400, "parameter_invalid")
        assert problem(await agent.ask("POST", "/v1/tasks/for/archive/le_1", [])) == (400, "parameter_invalid")
        assert problem(await agent.ask("POST", "/v1/tasks/for/archive/le_1", {"body": 1})) == (409, "lease_lost")


async def test_who_waits_at_a_node_that_is_about_to_stop_is_told_at_once_and_tasks_stay(
    sqlite_settings: Settings,
) -> None:
    async with pulled(sqlite_settings) as (t, agent):
        path = "/v1/tasks/for/archive"
        pulling, there = t.site.gateway.pipeline.parts.pulling, asyncio.Event()
        assert pulling is not None
        pulling.on_waiting = lambda _: there.set()
        waiting = asyncio.create_task(agent.ask("POST", path, {"wait_s": 30}))
        await there.wait()
        t.site.gateway.rest()
        assert (await waiting).status_code == 204
        task = await t.submit(NOTE)
        assert (await agent.ask("POST", path, {"wait_s": 30})).status_code == 204
        assert (await t.get(task))["state"] == "queued"


async def test_who_closes_the_connection_is_handed_nothing(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with pulled(sqlite_settings) as (t, agent):
        pulling = t.site.gateway.pipeline.parts.pulling
        assert pulling is not None
        there, gone = asyncio.Event(), asyncio.Event()
        wake, forget = pulling.on_waiting, pulling._forget

        def told(name: str) -> None:
            there.set()
            wake(name)

        def forgotten(name: str, puller: Any) -> None:
            forget(name, puller)
            gone.set()

        monkeypatch.setattr(pulling, "on_waiting", told)
        monkeypatch.setattr(pulling, "_forget", forgotten)
        waiting = asyncio.create_task(fetched(agent))
        async with asyncio.timeout(10):
            await there.wait()
            waiting.cancel()
            await gone.wait()
        assert pulling.free("archive") == 0


@asynccontextmanager
async def waiting_for(t: Tasking, agent: Tasking) -> AsyncIterator["asyncio.Task[httpx.Response]"]:
    """A request for work, while it waits."""
    pulling = t.site.gateway.pipeline.parts.pulling
    assert pulling is not None
    there, wake = asyncio.Event(), pulling.on_waiting

    def told(name: str) -> None:
        there.set()
        wake(name)

    pulling.on_waiting = told
    asked = asyncio.create_task(agent.ask("POST", "/v1/tasks/for/archive", {"wait_s": 20}))
    async with asyncio.timeout(10):
        await there.wait()
    yield asked


@pytest.mark.parametrize("how", ["revoked", "denied", "moved"])
async def test_who_may_not_have_it_any_more_by_the_time_a_request_comes_is_refused_it(
    sqlite_settings: Settings, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with pulled(sqlite_settings) as (t, agent):
        site = t.site.gateway.site
        writer = await site.writer("default")
        by = Administrator(ledger=writer, tenant=writer.tenant)
        async with waiting_for(t, agent) as asked:
            if how == "revoked":
                (key,) = [one for one in await site.api_keys.list("default") if one.owner == "archive"]
                await site.api_keys.revoke(by, "default", key.id)
            elif how == "denied":
                await site.denials.deny(by, "subject", "archive")
            else:
                recheck = Standing.recheck

                async def elsewhere(self: Standing, identity: Identity) -> Identity | Refusal:
                    found = await recheck(self, identity)
                    moved = isinstance(found, Identity) and found.subject == "archive"
                    return msgspec.structs.replace(found, zone="cloud") if moved else found

                monkeypatch.setattr(Standing, "recheck", elsewhere)
            task = await t.submit({**NOTE, "tries": 1})
            answer = await asked
        code = {"revoked": "credential_revoked", "denied": "credential_denied", "moved": "credential_overreach"}[how]
        assert (problem(answer), b"hello" in answer.content) == ((401, code), False)
        assert (await t.ended(task))["state"] == "failed", "its lease is over at once"
        refused = [one for one in await t.site.records() if one.get("outcome", {}).get("code") == code]
        assert [one["event"] for one in refused] == ["exchange.denied"]


async def test_who_is_in_another_zone_than_the_agent_fetches_nothing_for_it(sqlite_settings: Settings) -> None:
    async with pulled(sqlite_settings) as (t, _):
        abroad = t.by(await t.site.key("agent", owner="archive", kind="agent", zone="cloud"))
        for path in ("archive", "archive/le_1"):
            found = await abroad.ask("POST", f"/v1/tasks/for/{path}", {})
            assert problem(found) == (401, "credential_overreach")


async def test_a_lease_is_its_holders_alone(database: Settings) -> None:
    """Neither who submitted it, nor another agent, nor the same name in another tenant brings an answer for it: all are
    told what they are told of a lease that is not there."""
    tenants = [{"id": "default"}, {"id": "bank"}]
    agents = {name: {**one, "tenants": ["default"]} for name, one in AGENTS.items()}
    async with pulled(database, tenant=tenants, agents=agents) as (t, agent):
        waiting = asyncio.create_task(fetched(agent))
        task = await t.submit(NOTE)
        work = await waiting
        assert work["lease"].startswith("le_")
        scribe = t.by(await t.site.key("agent", owner="scribe", kind="agent"))
        foreign = await _key_of(t, "bank")
        for stranger in (t, scribe, t.by(foreign)):
            there = await brought(stranger, work, {"body": {"forged": True}})
            nowhere = await brought(stranger, {"lease": "le_" + "0" * 26}, {"body": {"forged": True}})
            assert problem(there) == problem(nowhere), "it says whether the lease is there"
            assert there.status_code in (403, 404)
        assert (await brought(agent, work, {"body": {"filed": True}})).status_code == 202
        assert (await t.ended(task))["result"]["body"] == {"filed": True}


@pytest.mark.parametrize("said", ["text/csv; charset=windows-1252", "text/plain; charset=utf-8", "text/csv", None])
async def test_a_result_says_of_its_text_what_the_agent_said(sqlite_settings: Settings, said: str | None) -> None:
    """A charset behind another one is the one that clients go by."""
    text = "name;room\n" if said == "text/csv" or said is None else "name;Zoë\n"
    data = text.encode("windows-1252" if said and "1252" in said else "utf-8")
    async with pulled(sqlite_settings) as (t, agent):
        waiting = asyncio.create_task(fetched(agent))
        task = await t.submit(NOTE)
        answer = {"base64": b64encode(data).decode(), "media_type": said} if said else {"status": 204}
        assert (await brought(agent, await waiting, answer)).status_code == 202
        await t.ended(task)
        got = await t.ask("GET", f"/v1/tasks/{task}/result")
        if said is None:
            assert (got.status_code, got.content) == (204, b"")
        else:
            assert (got.headers.get_list("content-type"), got.content, got.text) == ([said], data, text)


async def _key_of(t: Tasking, tenant: str) -> str:
    site = t.site.gateway.site
    writer = await site.writer(tenant)
    by = Administrator(ledger=writer, tenant=writer.tenant)
    grant = Grant(owner="archive", kind="agent", roles=("agent",), zone="in-house", purposes=())
    made = await site.api_keys.create(by, tenant, grant)
    assert isinstance(made, NewKey)
    return made.plain


async def test_the_commands_of_the_document_work_as_written(sqlite_settings: Settings) -> None:
    text = (ROOT / "docs" / "tasks.md").read_text("utf-8")
    (script,) = re.findall(r"```sh\n(work=.*?)```", text, re.DOTALL)
    async with pulled(sqlite_settings) as (t, agent):
        task = await t.submit(NOTE)
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        given = {**os.environ, "PATH": path, "GATEWAY": t.site.url, "AGENT_KEY": agent.key}
        done = await asyncio.create_subprocess_exec("bash", "-euc", script, env=given, stdout=asyncio.subprocess.PIPE)
        said, _ = await done.communicate()
        assert (done.returncode, said) == (0, b'{"taken":true}')
        assert (await t.ended(task))["result"]["body"] == {"filed": True}
