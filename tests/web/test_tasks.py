"""Requests that are made later: taken, run by the same steps, ended once; each caller's own, and looked after."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from gateway.core.caller import Identity
from gateway.core.refusal import Refusal
from gateway.exchange.standing import Standing
from gateway.settings import Settings
from gateway.store.api_keys import Administrator
from gateway.store.tables import task as table
from gateway.store.tables import task_content
from gateway.store.tasks import Task
from tests.store.ledger_kit import changing
from tests.system.approvals import ASK
from tests.system.kit import HEALTH, MAIL, PERSONAL, PUBLIC, policies
from tests.system.site import send_json
from tests.web.tasking import CHAT, Tasking, chat, tasking

NO_TASKS: list[tuple[object, str]] = [
    ({}, "parameter_invalid"),
    ([], "parameter_invalid"),
    ({"path": "/v1/tasks", "body": {}}, "parameter_invalid"),
    ({"path": "/audit/records", "body": {}}, "parameter_invalid"),
    ({"path": "/v1/models", "method": "GET"}, "parameter_invalid"),
    ({"path": "/mcp/ward", "method": "GET"}, "parameter_invalid"),
    ({"path": CHAT, "body": {"model": "nobody", "messages": []}}, "unknown_target"),
    ({"path": CHAT, "body": {"model": "ward"}}, "schema_violation"),
    ({"path": "/v1/files", "body": {}}, "not_found"),
]


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("urn:gateway:problem:")


def failing(times: int) -> Any:
    """An agent's behaviour: it fails so many times, then answers."""
    left = [times]

    async def behave(scope: Any, receive: Any, send: Any) -> None:
        left[0] -= 1
        if left[0] >= 0:
            await send_json(send, {"error": "no"}, 500)
        else:
            await send_json(send, {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": []})

    return behave


async def test_a_task_is_run_by_the_same_steps_and_its_caller_gets_the_answer(database: Settings) -> None:
    async with tasking(database) as t:
        task = await t.submit(chat(HEALTH), traceparent=f"00-{'a' * 32}-{'b' * 16}-01")
        done = await t.ended(task)
        assert (done["state"], done["code"], done["tries"], done["trace"]) == ("completed", "ok", 1, "a" * 32)
        assert done["result"]["status"] == 200
        assert done["result"]["body"]["choices"][0]["message"]["content"] == HEALTH
        assert done["result"]["headers"]["x-routed-agent"] == "ward"
        raw = await t.ask("GET", f"/v1/tasks/{task}/result")
        assert (raw.status_code, raw.json()) == (200, done["result"]["body"])
        assert await t.events(task) == ["task.submitted", "task.completed"]
        trail = await t.site.trail(done["exchange"])
        assert [one["event"] for one in trail] == ["exchange.requested", "exchange.completed", "task.completed"]
        assert {one["trace"] for one in trail} == {"a" * 32}
        (begun,) = [one for one in await t.site.records() if one["event"] == "task.submitted"]
        assert begun["classes"]["found"] == ["phi", "pii"]
        assert begun["route_requested"] == "ward"


async def test_what_policy_denies_is_refused_at_once_and_nothing_is_kept(database: Settings) -> None:
    async with tasking(database) as t:
        answer = await t.ask("POST", "/v1/tasks", chat(HEALTH, "cloud"), x_route="exact")
        assert problem(answer) == (403, "policy_denied")
        trail = await t.site.trail(answer.headers["x-exchange-id"])
        assert [one["event"] for one in trail] == ["exchange.denied"]
        assert trail[0]["classes"]["found"] == ["phi", "pii"]
        assert await t.site.gateway.tasks.store.waiting(t.ledger) == 0


async def test_the_same_key_and_body_give_the_same_task_and_another_body_is_refused(database: Settings) -> None:
    async with tasking(database) as t:
        first = await t.submit(chat(), idempotency_key="order-66")
        await t.ended(first)
        assert await t.submit(chat(), idempotency_key="order-66") == first
        assert problem(await t.ask("POST", "/v1/tasks", chat("x"), idempotency_key="order-66")) == (
            422,
            "idempotency_mismatch",
        )
        at_once = await asyncio.gather(*(t.submit(chat(), idempotency_key="order-67") for _ in range(8)))
        assert len(set(at_once)) == 1
        other = t.by(await t.site.key("clinician", owner="another"))
        assert await other.submit(chat(), idempotency_key="order-66") != first
        await t.ended(at_once[0])
        assert await t.events(at_once[0]) == ["task.submitted", "task.completed"]
        assert problem(await t.ask("POST", "/v1/tasks", chat(), idempotency_key="k" * 257)) == (400, "header_invalid")


async def test_a_task_is_its_callers_alone_and_its_result_is_decided_for_who_reads_it(
    sqlite_settings: Settings,
) -> None:
    async with tasking(sqlite_settings) as t:
        task, personal = await t.submit(chat(HEALTH)), await t.submit(chat(PERSONAL))
        await t.ended(personal)
        await t.ended(task)
        stranger = t.by(await t.site.key("clinician", owner="another"))
        for method, path in (("GET", ""), ("GET", "/result"), ("DELETE", "")):
            assert problem(await stranger.ask(method, f"/v1/tasks/{task}{path}")) == (404, "not_found")
        elsewhere = t.by(await t.site.key("clinician", zone="cloud"))
        for path in (task, f"{task}/result"):
            answer = await elsewhere.ask("GET", f"/v1/tasks/{path}")
            assert problem(answer) == (403, "answer_withheld")
            (denied,) = await t.site.trail(answer.headers["x-exchange-id"])
            assert (denied["event"], denied["decision"]["effect"]) == ("exchange.denied", "deny")
            assert "phi-nowhere-else" in denied["decision"]["rules"]
        masked = await elsewhere.get(personal)
        assert masked["result"]["body"]["choices"][0]["message"]["content"] == PERSONAL.replace(MAIL, "[EMAIL]")
        assert masked["result"]["headers"]["x-decision"] == "redact"
        lesser = t.by(await t.site.key("clerk"))
        assert (await lesser.ask("GET", f"/v1/tasks/{task}/result")).status_code == 200
        nobody = t.by(await t.site.key("operator"))
        assert problem(await nobody.ask("GET", f"/v1/tasks/{task}")) == (403, "answer_withheld")


async def test_a_result_is_decided_on_again_when_it_is_read_and_each_reading_is_on_record(
    database: Settings, tmp_path: Path
) -> None:
    async with tasking(database) as t:
        task = await t.submit(chat(HEALTH))
        done = await t.ended(task)
        assert done["result"]["headers"]["x-decision"] == "route"
        before = [one for one in await t.site.records() if one["event"] == "task.read"]
        assert [(one["task"], one["parent"]) for one in before] == [(task, done["exchange"])]
        assert before[0]["decision"]["rules"] == ["phi-in-house", "pii-in-house"]
        waits = await t.submit(chat(delay_s=3600))
        await t.get(waits)
        key = t.key
    line = (
        "p, 150, role:clinician, class:phi, zone:in-house, receive, purpose:*, always, allow, redact, phi-masked-now,"
        ' "Clinicians now receive answers with health data masked."'
    )
    async with tasking(database, policy=policies(tmp_path / "own", line)) as t:
        now = await t.by(key).get(task)
        assert "4481920" not in str(now["result"])
        assert now["result"]["headers"]["x-decision"] == "redact"
        answer = await t.by(key).ask("GET", f"/v1/tasks/{task}/result")
        assert (answer.json(), answer.headers["x-decision"]) == (now["result"]["body"], "redact")
        after = [one for one in await t.site.records() if one["event"] == "task.read"][1:]
        assert [one["decision"]["effect"] for one in after] == ["redact", "redact"]
        assert [one["response"]["bytes"] for one in after] == [len(answer.content)] * 2
        assert {one["decision"]["policy"] for one in after} == {t.site.gateway.policy.version("default")}


@pytest.mark.parametrize(
    ("where", "state", "code", "asked"),
    [("agent:ward", "completed", "ok", ["desk"]), ("zone:*", "failed", "policy_denied", [])],
    ids=["one agent", "every zone"],
)
async def test_a_task_goes_where_the_policy_of_the_time_it_runs_lets_it(
    database: Settings, tmp_path: Path, where: str, state: str, code: str, asked: list[str]
) -> None:
    """What was allowed when it was taken binds nothing: the decision is that of the policy in force when it runs."""
    async with tasking(database) as t:
        task = await t.submit(chat(HEALTH, delay_s=3600))
        before, key = t.site.gateway.policy.version("default"), t.key
    line = f'p, 10, role:clinician, class:phi, {where}, *, purpose:*, always, deny, none, no-more, "Not any more."'
    async with tasking(database, policy=policies(tmp_path / "own", line)) as t:
        async with changing(t.site.gateway.site.where) as connection:  # its hour is over
            await connection.execute(update(table).values(due_us=0))
        t.site.gateway.dispatcher.wake()
        done = await t.by(key).ended(task)
        assert (done["state"], done["code"]) == (state, code)
        assert [name for name, agent in t.site.agents.items() if agent.received] == asked
        decided = [one for one in await t.site.trail(done["exchange"]) if one["event"].startswith("exchange.")]
        assert {one["decision"]["policy"] for one in decided if "decision" in one} == {
            t.site.gateway.policy.version("default")
        }
        assert t.site.gateway.policy.version("default") != before


async def test_a_try_that_came_to_nothing_is_followed_by_another(database: Settings) -> None:
    async with tasking(database) as t:
        t.site.agents["desk"].behave = failing(2)
        task = await t.submit(chat(model="lookup"))
        done = await t.ended(task)
        assert (done["state"], done["tries"]) == ("completed", 3)
        assert await t.events(task) == ["task.submitted", "task.retried", "task.retried", "task.completed"]
        mine = [one for one in await t.site.records() if one.get("task") == task and one["event"] != "task.read"]
        exchanges = {record["exchange"] for record in mine}
        assert len(exchanges) == 4, "each try is an exchange of its own"


async def test_dead_letters_are_seen_and_begun_anew_by_operators(database: Settings) -> None:
    async with tasking(database) as t:
        t.site.agents["desk"].behave = failing(2)
        task = await t.submit(chat(model="lookup", tries=2))
        dead = await t.ended(task)
        assert (dead["state"], dead["code"], dead["tries"]) == ("failed", "agent_unavailable", 2)
        assert dead["result"]["body"]["error"]["code"] == "agent_unavailable"
        operator = t.by(await t.site.key("operator", owner="ops"))
        (listed,) = (await operator.ask("GET", "/tasks?state=failed")).json()["tasks"]
        assert (listed["id"], listed["code"], listed["action"]) == (task, "agent_unavailable", "chat")
        assert "result" not in listed
        assert (await operator.ask("GET", "/tasks?state=completed")).json() == {"tasks": []}
        assert (await operator.ask("POST", f"/tasks/{task}/requeue")).status_code in (200, 201)
        done = await t.ended(task)
        assert (done["state"], done["tries"]) == ("completed", 1)
        assert problem(await operator.ask("POST", f"/tasks/{task}/requeue")) == (409, "conflict")
        events = ["task.submitted", "task.retried", "task.failed", "task.requeued", "task.completed"]
        assert await t.events(task) == events
        (begun,) = [one for one in await t.site.records() if one["event"] == "task.requeued"]
        assert begun["actor"] != listed["actor"]


async def test_operators_alone_look_after_tasks_and_parameters_are_held_to_their_forms(
    sqlite_settings: Settings,
) -> None:
    async with tasking(sqlite_settings) as t:
        task = await t.submit(chat(delay_s=3600))
        for method, path in (
            ("GET", ""),
            ("GET", f"/{task}"),
            ("POST", f"/{task}/requeue"),
            ("POST", f"/{task}/cancel"),
        ):
            assert problem(await t.ask(method, f"/tasks{path}")) == (403, "role_required")
        operator = t.by(await t.site.key("operator", owner="ops"))
        assert (await operator.ask("GET", f"/tasks/{task}")).json()["most_tries"] == 5
        assert problem(await operator.ask("GET", "/tasks/none")) == (404, "not_found")
        for query in ("state=lost", "limit=0", "limit=x", "other=1"):
            assert problem(await operator.ask("GET", f"/tasks?{query}")) == (400, "parameter_invalid")
        assert (await operator.ask("GET", f"/tasks?before={task}")).json() == {"tasks": []}
        assert (await operator.ask("POST", f"/tasks/{task}/cancel")).json()["state"] == "cancelled"
        assert await t.events(task) == ["task.submitted", "task.cancelled"]


async def test_a_task_that_waits_is_cancelled_at_once_and_one_under_way_as_soon_as_it_is_heard_of(
    database: Settings,
) -> None:
    async with tasking(database) as t:
        waiting = await t.submit(chat(delay_s=3600))
        assert (await t.ask("DELETE", f"/v1/tasks/{waiting}")).json()["state"] == "cancelled"
        assert problem(await t.ask("DELETE", f"/v1/tasks/{waiting}")) == (409, "conflict")
        assert problem(await t.ask("GET", f"/v1/tasks/{waiting}/result")) == (409, "conflict")
        asked = asyncio.Event()

        async def hang(scope: Any, receive: Any, send: Any) -> None:
            asked.set()
            await asyncio.Event().wait()

        t.site.agents["ward"].behave = hang
        task = await t.submit(chat())
        async with asyncio.timeout(10):
            await asked.wait()
        assert (await t.ask("DELETE", f"/v1/tasks/{task}")).status_code == 200
        assert (await t.ended(task))["state"] == "cancelled"
        assert await t.events(task) == ["task.submitted", "task.cancelled"]


async def test_a_credential_that_was_taken_away_meanwhile_sends_nothing(database: Settings) -> None:
    async with tasking(database) as t:
        task = await t.submit(chat(delay_s=3600))
        site = t.site.gateway.site
        (key,) = [one for one in await site.api_keys.list("default") if one.owner == "tester"]
        async with changing(site.where) as connection:
            await connection.execute(update(table).where(table.c.id == task).values(due_us=0))
        writer = await site.writer("default")
        await site.api_keys.revoke(Administrator(ledger=writer, tenant=writer.tenant), "default", key.id)
        t.site.gateway.dispatcher.wake()

        async def over() -> Any:
            found = await t.site.gateway.tasks.store.get(t.ledger, task)
            return found if found is not None and found.ended_us is not None else None

        ended = await t.watch.until(over)
        assert (ended.state, ended.code) == ("failed", "credential_revoked")
        assert not t.site.agents["ward"].received


async def test_a_key_that_ends_while_its_task_is_on_its_way_sends_nothing(
    database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was still good when it was looked at again, and is none any more when the intent is written."""
    async with tasking(database) as t:
        site, recheck, looked = t.site.gateway.site, Standing.recheck, list[object]()
        (key,) = [one for one in await site.api_keys.list("default") if one.owner == "tester"]
        writer = await site.writer("default")
        by = Administrator(ledger=writer, tenant=writer.tenant)

        async def then_revoked(self: Standing, identity: Identity) -> Identity | Refusal:
            found = await recheck(self, identity)
            looked.append(found)
            if len(looked) == 1:
                await site.api_keys.revoke(by, "default", key.id)
                await site.denials.reload(t.ledger)
            return found

        monkeypatch.setattr(Standing, "recheck", then_revoked)
        task = await t.submit(chat())
        ended = await t.watch.until(lambda: _over(t, task))
        assert (ended.state, ended.code) == ("failed", "credential_revoked")
        assert isinstance(looked[0], Identity)
        assert not any(agent.received for agent in t.site.agents.values())
        assert await t.events(task) == ["task.submitted", "task.retried", "task.failed"]


async def test_a_task_neither_suffers_from_its_sources_failures_nor_adds_to_them(sqlite_settings: Settings) -> None:
    async with tasking(sqlite_settings, limits={"failures": "2/minute"}) as t:
        gateway = t.site.gateway
        failures = gateway.pipeline.parts.failures
        task = await t.submit(chat(delay_s=3600))
        kept = await gateway.tasks.request(await _stored(t, task))
        assert kept is not None
        for _ in range(2):
            failures.note(kept.source, "credential_invalid")
        assert failures.blocked(kept.source) is not None
        async with changing(gateway.site.where) as connection:
            await connection.execute(update(table).values(due_us=0))
        gateway.dispatcher.wake()
        done = await t.watch.until(lambda: _over(t, task))
        assert (done.state, done.tries) == ("completed", 1)
        assert await t.events(task) == ["task.submitted", "task.completed"]


async def _stored(t: Tasking, task: str) -> Task:
    found = await t.site.gateway.tasks.store.get(t.ledger, task)
    assert found is not None
    return found


async def _over(t: Tasking, task: str) -> Task | None:
    found = await _stored(t, task)
    return found if found.ended_us is not None else None


async def test_what_was_erased_is_not_sent(sqlite_settings: Settings) -> None:
    async with tasking(sqlite_settings) as t:
        task = await t.submit(chat(delay_s=3600), x_data_subject="patient-7")
        site = t.site.gateway.site
        async with changing(site.where) as connection:
            key = await connection.scalar(task_content.select().with_only_columns(task_content.c.key))
            await connection.execute(update(table).values(due_us=0))
        assert site.keyring.destroy([str(key)]) == 1
        t.site.gateway.dispatcher.wake()
        ended = await t.ended(task)
        assert (ended["state"], ended["code"], ended.get("result")) == ("failed", "task_erased", None)
        assert not t.site.agents["ward"].received


async def test_what_could_not_be_run_in_its_time_fails_as_expired(sqlite_settings: Settings) -> None:
    async with tasking(sqlite_settings) as t:
        task = await t.submit(chat(delay_s=3600))
        async with changing(t.site.gateway.site.where) as connection:
            await connection.execute(update(table).values(due_us=0, expires_us=1))
        t.site.gateway.dispatcher.wake()
        ended = await t.ended(task)
        assert (ended["state"], ended["code"]) == ("failed", "task_expired")


async def test_the_more_urgent_task_is_run_first(sqlite_settings: Settings) -> None:
    async with tasking(sqlite_settings, tasks={"concurrency": 1}) as t:
        go_on, order = asyncio.Event(), []
        first = asyncio.Event()

        async def behave(headers: dict[str, str]) -> None:
            first.set()
            await go_on.wait()
            order.append(t.site.agents["ward"].bodies[-1]["messages"][0]["content"])

        t.site.agents["ward"].on_request = behave
        tasks = [await t.submit(chat("first"))]
        async with asyncio.timeout(10):
            await first.wait()
        for text, priority in (("low", 1), ("high", 9), ("middle", 5)):
            tasks.append(await t.submit(chat(text, priority=priority)))
        go_on.set()
        for task in tasks:
            await t.ended(task)
        assert order == ["first", "high", "middle", "low"]


async def test_other_protocols_bodies_and_methods_are_taken_too(sqlite_settings: Settings) -> None:
    agents = {
        "ward": {"zone": "in-house"},
        "rest": {"zone": "in-house", "protocol": "http", "routes": ["GET /rooms/{id}", "POST /notes"]},
    }
    async with tasking(sqlite_settings, agents=agents) as t:
        read = await t.submit({"path": "/agents/rest/rooms/12?full=1", "method": "GET"})
        note = await t.submit({"path": "/agents/rest/notes", "text": "{}", "media_type": "application/json"})
        stream = await t.submit({**chat(), "body": {**chat()["body"], "stream": True}})
        assert (await t.ended(read))["result"]["body"]["path"] == "/rooms/12"
        assert (await t.ended(note))["result"]["status"] == 200
        assert (await t.ended(stream))["result"]["text"].endswith("data: [DONE]\n\n")


async def test_what_is_no_task_is_refused_and_on_record(sqlite_settings: Settings) -> None:
    async with tasking(sqlite_settings) as t:
        for order, code in NO_TASKS:
            answer = await t.ask("POST", "/v1/tasks", order)
            assert answer.json()["type"] == f"urn:gateway:problem:{code}", order
            trail = await t.site.trail(answer.headers["x-exchange-id"])
            assert [one["event"] for one in trail] == ["exchange.denied"], order


async def test_a_submission_is_bounded_and_needs_a_credential(sqlite_settings: Settings) -> None:
    async with tasking(sqlite_settings, tasks={"pending": 1}, server={"max_body_bytes": 2048}) as t:
        assert problem(await t.site.http.post("/v1/tasks", json=chat())) == (401, "credential_missing")
        assert problem(await t.ask("POST", "/v1/tasks", chat("x" * 3000))) == (413, "body_too_large")
        assert problem(await t.ask("POST", "/v1/tasks", chat("x" * 90_000))) == (413, "body_too_large")
        await t.submit(chat(delay_s=3600))
        full = await t.ask("POST", "/v1/tasks", chat())
        assert (problem(full), "retry-after" in full.headers) == ((429, "task_queue_full"), True)


async def test_readiness_and_metrics_speak_of_tasks(sqlite_settings: Settings) -> None:
    async with tasking(sqlite_settings) as t:
        await t.ended(await t.submit(chat(PUBLIC)))
        assert (await t.site.http.get("/readyz")).json()["checks"]["tasks"] is True
        metrics = (await t.site.http.get("/metrics")).text
        assert f'gateway_task_tries_total{{code="ok",tenant="{t.ledger}"}} 1.0' in metrics
        assert "gateway_tasks_under_way 0.0" in metrics
        await t.site.gateway.dispatcher.stop()  # or its next look at the database finds itself well again
        t.site.gateway.dispatcher.healthy = False
        assert (await t.site.http.get("/readyz")).status_code == 503


async def test_nothing_of_a_task_is_in_the_database_in_clear(sqlite_settings: Settings) -> None:
    async with tasking(sqlite_settings) as t:
        await t.ended(await t.submit(chat(HEALTH)))
        where = t.site.gateway.site.where.path
        data = b"".join(path.read_bytes() for path in (where, where.with_name(where.name + "-wal")) if path.exists())
        assert b"4481920" not in data


async def test_what_people_must_allow_waits_for_them_and_is_sent_once_they_have(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    section = policies(tmp_path / "own", ASK.format(demand="privacy"))
    async with tasking(sqlite_settings, policy=section, tasks={"retry_max_s": 0.2}) as t:
        analyst = t.by(await t.site.key("analyst", owner="ada"))
        task = await analyst.submit(chat(PERSONAL, "cloud"))

        async def pending() -> str | None:
            found = (await analyst.ask("GET", "/approvals")).json()["approvals"]
            return str(found[0]["id"]) if found else None

        approval = await t.watch.until(pending)
        assert not t.site.agents["cloud"].received
        officer = t.by(await t.site.key("privacy", owner="eve", kind="person"))
        said = await officer.ask("POST", f"/approvals/{approval}/approve", {"reason": "looked at it", "version": 0})
        assert said.status_code in (200, 201), said.text
        async with changing(t.site.gateway.site.where) as connection:  # the pause that the refusal asked for is over
            await connection.execute(update(table).values(due_us=0))
        t.site.gateway.dispatcher.wake()
        done = await analyst.ended(task)
        assert (done["state"], done["code"], done["tries"]) == ("completed", "ok", 1)
        assert len(t.site.agents["cloud"].received) == 1


async def test_a_task_whose_approved_try_failed_is_asked_of_people_anew_and_goes_on(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    section = policies(tmp_path / "own", ASK.format(demand="privacy"))
    async with tasking(sqlite_settings, policy=section, tasks={"retry_max_s": 0.2}) as t:
        t.site.agents["cloud"].behave = failing(1)
        analyst = t.by(await t.site.key("analyst", owner="ada"))
        officer = t.by(await t.site.key("privacy", owner="eve", kind="person"))
        task = await analyst.submit(chat(PERSONAL, "cloud"))

        async def pending() -> str | None:
            found = (await analyst.ask("GET", "/approvals")).json()["approvals"]
            return str(found[0]["id"]) if found else None

        async def allowed() -> str:
            approval = await t.watch.until(pending)
            said = await officer.ask("POST", f"/approvals/{approval}/approve", {"reason": "looked at it", "version": 0})
            assert said.status_code in (200, 201), said.text
            async with changing(t.site.gateway.site.where) as connection:  # the pause is over
                await connection.execute(update(table).values(due_us=0))
            t.site.gateway.dispatcher.wake()
            return approval

        first = await allowed()
        second = await allowed()
        done = await analyst.ended(task)
        assert (first != second, done["state"], done["code"]) == (True, "completed", "ok")
        assert len(t.site.agents["cloud"].received) == 2
