"""Callbacks through a whole gateway: named at the submission, decided for the destination's zone, told at the state."""

import asyncio
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.settings import Settings
from tests.agents.wire import certificates
from tests.system.kit import HEALTH, MAIL, PERSONAL, policies
from tests.system.site import Agent, served
from tests.system.test_agent_tls import WORDS
from tests.web.tasking import Tasking, chat, tasking
from tests.web.test_tasks import failing, problem

SECRET = "0123456789abcdef"
ENDS = ("task.callback_delivered", "task.callback_failed")


@asynccontextmanager
async def called(
    base: Settings,
    monkeypatch: pytest.MonkeyPatch,
    tasks: dict[str, Any] | None = None,
    policy: dict[str, Any] | None = None,
    purpose: list[dict[str, Any]] | None = None,
    secure: bool = False,
    more: dict[str, Any] | None = None,
    **fields: Any,
) -> AsyncIterator[tuple[Tasking, Agent]]:
    """A gateway with a destination `billing`, in the cloud unless told otherwise. `policy`: its section, if not the
    shipped one's; `purpose`: legal bases of purposes; `secure`: whether it speaks TLS; `more`: other sections."""
    sections: dict[str, Any] = {**(more or {}), **({} if policy is None else {"policy": policy})}
    if purpose is not None:
        sections["purpose"] = purpose
    monkeypatch.setenv("CALLBACK_SECRET", SECRET)
    destination = Agent()
    tls: dict[str, str] = {}
    if secure:
        certificate, key = certificates(Path(base.base))
        tls, fields["ca"] = (
            {"ssl_certfile": str(certificate), "ssl_keyfile": str(key)},
            str(Path(base.base) / "root.pem"),
        )
    async with served(destination, **tls) as address:
        url = address.replace("http:", "https:") if secure else address
        table = {"id": "billing", "url": f"{url}/told", "secret": "env:CALLBACK_SECRET", "zone": "cloud", **fields}
        async with tasking(base, tasks=tasks, callback=[table], **sections) as t:
            yield t, destination


async def told(t: Tasking, task: str) -> dict[str, Any]:
    """How far the callback is, once it has ended."""

    async def over() -> dict[str, Any] | None:
        found = (await t.get(task)).get("callback", {})
        return dict(found) if found.get("state") in ("delivered", "failed") else None

    return await t.watch.until(over)


async def test_a_destination_is_told_what_may_come_to_its_zone_and_the_caller_sees_that_it_was(
    database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with called(database, monkeypatch) as (t, destination):
        task = await t.submit(chat(PERSONAL, callback="billing"))
        assert (await t.ended(task))["result"]["body"]["choices"][0]["message"]["content"] == PERSONAL
        callback = await told(t, task)
        assert (callback["id"], callback["state"], callback["code"]) == ("billing", "delivered", "ok")
        ((headers, body),) = destination.received
        assert destination.paths == ["/told"]
        document = json.loads(body)
        assert (document["id"], headers["x-gateway-delivery"]) == (callback["delivery"],) * 2
        said = document["result"]["body"]["choices"][0]["message"]["content"]
        assert said == PERSONAL.replace(MAIL, "[EMAIL]")
        moment, made = (part.partition("=")[2] for part in headers["x-gateway-signature"].split(","))
        assert made == hmac.digest(SECRET.encode(), moment.encode() + b"." + body, "sha256").hex()
        (sent,) = [one for one in await t.site.records() if one["event"] == "task.callback_sent"]
        assert (sent["decision"]["effect"], sent["zone"], sent["callback"]) == ("redact", "cloud", "billing")
        assert (await t.events(task))[-1] == "task.callback_delivered"
        metrics = (await t.site.http.get("/metrics")).text
        assert f'gateway_callbacks_total{{end="delivered",tenant="{t.ledger}"}} 1.0' in metrics


async def end_of(t: Tasking) -> tuple[dict[str, Any], dict[str, Any]]:
    """Envelope and detail of the end of the one callback."""
    reader = t.site.gateway.site.reader("default")
    stored = [one async for one in reader.records(0, await reader.size(), details=True)]
    (end,) = [one for one in stored if json.loads(one.envelope)["event"] in ENDS]
    return json.loads(end.envelope), json.loads(end.detail or b"{}")


@pytest.mark.parametrize("secure", [True, False])
async def test_its_end_is_on_record_with_the_tls_that_it_was_told_over(
    database: Settings, monkeypatch: pytest.MonkeyPatch, secure: bool
) -> None:
    async with called(database, monkeypatch, secure=secure) as (t, destination):
        await told(t, await t.submit(chat(callback="billing")))
        envelope, detail = await end_of(t)
        assert (envelope["event"], envelope["zone"], envelope["outcome"]) == (
            "task.callback_delivered",
            "cloud",
            {"code": "ok", "status": 200},
        )
        assert detail.pop("destination") == destination.received[0][0]["host"]
        assert bool(WORDS.fullmatch(detail.pop("agent_tls", ""))) == secure
        assert detail == {}


async def test_one_that_took_it_and_did_not_answer_is_told_with_its_tls(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = {"callback_tries": 1}
    async with called(sqlite_settings, monkeypatch, once, secure=True, timeout_s=2.0) as (t, destination):
        never = asyncio.Event()

        async def silent(scope: dict[str, Any], receive: Any, send: Any) -> None:
            await never.wait()

        destination.behave = silent
        assert (await told(t, await t.submit(chat(callback="billing"))))["state"] == "failed"
        envelope, detail = await end_of(t)
        never.set()
        assert (envelope["event"], envelope["outcome"]["unanswered"]) == ("task.callback_failed", True)
        assert WORDS.fullmatch(detail["agent_tls"])
        assert len(destination.received) == 1


async def test_an_answer_that_is_sent_on_is_on_record_with_the_legal_basis_of_its_purpose(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = [{"id": "TREAT", "legal_basis": "Art. 9(2)(h)"}]
    async with called(sqlite_settings, monkeypatch, purpose=declared) as (t, _):
        await told(t, await t.submit(chat(callback="billing")))
        (sent,) = [one for one in await t.site.records() if one["event"] == "task.callback_sent"]
        assert (sent["purpose"], sent["legal_basis"]) == ("TREAT", "Art. 9(2)(h)")


async def test_an_answer_that_is_sent_on_is_decided_by_where_its_task_was_asked_from(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = 'p, 1, role:*, class:any, zone:*, receive, purpose:*, network:guests, deny, none, guests, "Not to guests."'
    own = policies(sqlite_settings.path("."), line)
    more = {"network": [{"id": "guests", "addresses": ["10.9.0.0/16"]}], "server": {"trusted_proxies": ["127.0.0.1"]}}
    async with called(sqlite_settings, monkeypatch, policy=own, more=more) as (t, destination):
        for source in ("10.1.2.3", "10.9.8.7"):
            await told(t, await t.submit(chat(callback="billing"), x_forwarded_for=source))
        given, failed = (json.loads(body) for _, body in destination.received)
        assert (given["result"]["status"], given["task"]["state"]) == (200, "completed")
        assert (failed["task"]["code"], failed["task"]["state"]) == ("answer_withheld", "failed")


async def test_what_may_not_leave_the_house_is_told_without_what_it_holds(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with called(sqlite_settings, monkeypatch) as (t, destination):
        task = await t.submit(chat(HEALTH, callback="billing"))
        await told(t, task)
        ((_, body),) = destination.received
        document = json.loads(body)
        assert (document["withheld"], document["task"]["state"]) == ("answer_withheld", "completed")
        assert b"4481920" not in body
        link = document["link"].partition("/v1/")[2]
        assert (await t.ask("GET", f"/v1/{link}")).json()["result"]["status"] == 200


async def test_nobody_names_an_address_or_a_destination_that_is_not_theirs(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with called(sqlite_settings, monkeypatch, callers=["default/nightly"]) as (t, destination):
        for name in ("billing", "other", destination.url, ""):
            answer = await t.ask("POST", "/v1/tasks", chat(callback=name))
            assert (problem(answer), answer.json()["field"]) == ((400, "parameter_invalid"), "/callback")
        nightly = t.by(await t.site.key("clinician", owner="nightly"))
        task = await nightly.submit(chat(callback="billing"))
        assert (await told(nightly, task))["state"] == "delivered"


async def test_what_a_destination_does_not_take_is_tried_again_and_an_operator_sees_it(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with called(sqlite_settings, monkeypatch) as (t, destination):
        destination.behave = failing(2)
        task = await t.submit(chat(callback="billing"))
        callback = await told(t, task)
        assert (callback["state"], callback["tries"]) == ("delivered", 3)
        assert len({json.loads(body)["id"] for _, body in destination.received}) == 1
        operator = t.by(await t.site.key("operator", owner="ops"))
        assert (await operator.ask("GET", f"/tasks/{task}")).json()["callback"]["state"] == "delivered"


async def test_what_was_not_delivered_yet_is_delivered_after_a_restart_under_its_own_id(
    database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = {"retry_s": 0.5, "retry_max_s": 0.5}
    async with called(database, monkeypatch, tasks=slow) as (t, destination):
        destination.behave = failing(99)
        task = await t.submit(chat(callback="billing"))

        async def refused() -> bool:
            return bool((await t.get(task)).get("callback", {}).get("code") == "callback_refused")

        await t.ended(task)
        async with asyncio.timeout(10):
            while not await refused():  # noqa: ASYNC110 — the answer alone tells of it
                await asyncio.sleep(0.01)
        key, first = t.key, json.loads(destination.received[0][1])["id"]
    async with called(database, monkeypatch, tasks=slow) as (t, destination):
        callback = await told(t.by(key), task)
        assert (callback["state"], callback["delivery"]) == ("delivered", first)
        assert callback["tries"] > 1
        assert [json.loads(body)["id"] for _, body in destination.received] == [first]


async def test_what_was_begun_anew_is_told_of_each_of_its_ends(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with called(sqlite_settings, monkeypatch) as (t, destination):
        t.site.agents["desk"].behave = failing(1)
        task = await t.submit(chat(model="lookup", tries=1, callback="billing"))
        first = await told(t, task)
        operator = t.by(await t.site.key("operator", owner="ops"))
        await operator.ask("POST", f"/tasks/{task}/requeue")
        await t.ended(task)

        async def again() -> bool:
            found = (await t.get(task))["callback"]
            return bool(found["delivery"] != first["delivery"] and found["state"] == "delivered")

        await t.watch.until(again)
        states = [json.loads(body)["task"]["state"] for _, body in destination.received]
        assert states == ["failed", "completed"]
