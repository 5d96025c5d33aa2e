"""The SDK's own client, in both bindings, through the gateway to a real A2A agent that speaks either of them."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from a2a.client import A2ACardResolver, Client
from a2a.client.errors import A2AClientError
from a2a.types import (
    CancelTaskRequest,
    DeleteTaskPushNotificationConfigRequest,
    GetExtendedAgentCardRequest,
    GetTaskPushNotificationConfigRequest,
    GetTaskRequest,
    ListTaskPushNotificationConfigsRequest,
    ListTasksRequest,
    SendMessageConfiguration,
    SubscribeToTaskRequest,
    TaskPushNotificationConfig,
    TaskState,
)
from a2a.utils.errors import (
    PushNotificationNotSupportedError,
    TaskNotCancelableError,
    TaskNotFoundError,
    UnsupportedOperationError,
)
from a2a.utils.signing import create_signature_verifier
from jwt import PyJWK

from gateway.settings import Settings
from tests.system.a2a_agent import BINDINGS, Ward, a2a_site, connected, saying, sent, text_of
from tests.system.kit import MAIL, SSN, policies

BOTH = [(outer, inner) for outer in BINDINGS for inner in BINDINGS]
PUSH_RULE = (
    "p, 700, role:user, class:public, zone:in-house, onward:push, purpose:*, always, allow, none, "
    'push-news, "Agents in the house may send news of tasks where the configuration says."'
)


async def task_of(client: Client, text: str) -> Any:
    """The task that a message begins."""
    return (await sent(client, text))[0].task


def told(updates: list[Any]) -> str:
    return "".join(text_of(one.artifact_update.artifact.parts) for one in updates if one.HasField("artifact_update"))


@pytest.mark.parametrize(("outer", "inner"), BOTH)
@pytest.mark.parametrize("streaming", [True, False])
async def test_a_message_is_answered_with_a_message(
    sqlite_settings: Settings, outer: str, inner: str, streaming: bool
) -> None:
    async with (
        a2a_site(sqlite_settings, binding=inner) as site,
        connected(site, await site.key("clerk"), outer, streaming=streaming) as client,
    ):
        (event,) = await sent(client, f"say write to {MAIL}")
        assert text_of(event.message.parts) == f"write to {MAIL}"
        asked = [one for one in await site.records() if one["event"].startswith("exchange.")]
        assert [(one["event"], one["action"]) for one in asked] == [
            ("exchange.requested", "message"),
            ("exchange.completed", "message"),
        ] * 2
        assert asked[-1]["found"] == {"email": 1}
        assert asked[-1]["outcome"]["bytes"] > 0


@pytest.mark.parametrize(("outer", "inner"), BOTH)
async def test_a_task_is_streamed_and_then_got_listed_and_over(
    sqlite_settings: Settings, outer: str, inner: str
) -> None:
    async with (
        a2a_site(sqlite_settings, binding=inner) as site,
        connected(site, await site.key("clerk"), outer) as client,
    ):
        events = await sent(client, "pieces one |two |three")
        kinds = [one.WhichOneof("payload") for one in events]
        assert kinds == ["task", "status_update", *["artifact_update"] * 3, "status_update"]
        assert events[-1].status_update.status.state == TaskState.TASK_STATE_COMPLETED
        assert told(events) == "one two three"
        task = events[0].task
        got = await client.get_task(GetTaskRequest(id=task.id, history_length=1))
        assert text_of(got.artifacts[0].parts) == "one two three"
        assert len(got.history) == 1
        other = await task_of(client, "task two")
        listed = await client.list_tasks(ListTasksRequest(include_artifacts=True))
        assert {one.id for one in listed.tasks} == {task.id, other.id}
        assert listed.total_size == 2
        within = await client.list_tasks(ListTasksRequest(context_id=task.context_id, page_size=1))
        assert [one.id for one in within.tasks] == [task.id]
        with pytest.raises(TaskNotCancelableError):
            await client.cancel_task(CancelTaskRequest(id=task.id))
        with pytest.raises(UnsupportedOperationError):
            await anext(client.subscribe(SubscribeToTaskRequest(id=task.id)))
        with pytest.raises(TaskNotFoundError):
            await client.get_task(GetTaskRequest(id="0"))
        actions = [one["action"] for one in await site.records() if one["event"] == "exchange.completed"]
        assert actions == ["message", "message", "task", "message", "task", "task", "task", "task"]


@pytest.mark.parametrize(("outer", "inner"), BOTH)
async def test_a_conversation_goes_on_in_its_task(sqlite_settings: Settings, outer: str, inner: str) -> None:
    made = Ward()
    async with (
        a2a_site(sqlite_settings, binding=inner, made=made) as site,
        connected(site, await site.key("clerk"), outer) as client,
    ):
        events = await sent(client, "ask")
        assert events[-1].status_update.status.state == TaskState.TASK_STATE_INPUT_REQUIRED
        assert text_of(events[-1].status_update.status.message.parts) == "Which ward?"
        task = events[0].task
        again = await sent(client, "task north", task_id=task.id, context_id=task.context_id)
        assert told(again) == "north"
        assert [one.task_id for one in made.heard] == [task.id, task.id]
        trail = [one.get("session") for one in await site.records() if one["event"] == "exchange.completed"]
        assert len(set(trail[1:])) == 1
        assert trail[1] is not None


@pytest.mark.parametrize(("outer", "inner"), BOTH)
async def test_a_task_is_subscribed_to_and_cancelled(sqlite_settings: Settings, outer: str, inner: str) -> None:
    async with (
        a2a_site(sqlite_settings, binding=inner) as site,
        connected(site, await site.key("clerk"), outer) as client,
        asyncio.timeout(20),
    ):
        stream = client.send_message(saying("wait"))
        task = (await anext(stream)).task
        news = client.subscribe(SubscribeToTaskRequest(id=task.id))
        first = await anext(news)
        assert first.task.id == task.id
        cancelled = await client.cancel_task(CancelTaskRequest(id=task.id))
        assert cancelled.status.state == TaskState.TASK_STATE_CANCELED
        ends = [[one async for one in those][-1] for those in (news, stream)]
        assert {one.status_update.status.state for one in ends} == {TaskState.TASK_STATE_CANCELED}


@pytest.mark.parametrize("outer", BINDINGS)
async def test_a_caller_is_shown_its_own_tasks_alone(sqlite_settings: Settings, outer: str) -> None:
    """To the agent the gateway is one client; what it may see, everybody's tasks, its callers may not."""
    async with a2a_site(sqlite_settings) as site:
        ada, eve = await site.key("clerk", owner="ada"), await site.key("clerk", owner="eve")
        async with connected(site, ada, outer) as hers, connected(site, eve, outer) as theirs:
            task, own = await task_of(hers, "ask"), await task_of(theirs, "task mine")
            assert [one.id for one in (await theirs.list_tasks(ListTasksRequest())).tasks] == [own.id]
            assert (await theirs.list_tasks(ListTasksRequest(context_id=task.context_id))).total_size == 0
            missing = str(await error_of(theirs.get_task(GetTaskRequest(id="no-such-task"))))
            for stolen in (
                theirs.get_task(GetTaskRequest(id=task.id)),
                theirs.cancel_task(CancelTaskRequest(id=task.id)),
                anext(theirs.subscribe(SubscribeToTaskRequest(id=task.id))),
                sent(theirs, "task more", task_id=task.id),
                sent(theirs, "task more", context_id=task.context_id),
                theirs.list_task_push_notification_configs(ListTaskPushNotificationConfigsRequest(task_id=task.id)),
            ):
                error = await error_of(stolen)
                assert isinstance(error, TaskNotFoundError)
                assert str(error) == missing
            assert (await hers.get_task(GetTaskRequest(id=task.id))).id == task.id


async def error_of(call: Any) -> Exception:
    try:
        await call
    except Exception as error:  # noqa: BLE001 — which one it is, is what is looked at
        return error
    raise AssertionError("it went well")


@pytest.mark.parametrize(("outer", "inner"), BOTH)
async def test_news_are_sent_where_policy_and_configuration_let_them(
    sqlite_settings: Settings, tmp_path: Path, outer: str, inner: str
) -> None:
    interface = {"push_urls": ["https://hooks.example/a2a"]}
    section = policies(tmp_path, PUSH_RULE)
    async with (
        a2a_site(sqlite_settings, binding=inner, interface=interface, policy=section) as site,
        connected(site, await site.key("clerk"), outer) as client,
    ):
        assert client._card.capabilities.push_notifications  # type: ignore[attr-defined]
        task = await task_of(client, "ask")
        wanted = TaskPushNotificationConfig(task_id=task.id, id="p-1", url="https://hooks.example/a2a/x", token="t-0")
        made = await client.create_task_push_notification_config(wanted)
        assert (made.url, made.token) == (wanted.url, wanted.token)
        asked = GetTaskPushNotificationConfigRequest(task_id=task.id, id="p-1")
        assert (await client.get_task_push_notification_config(asked)).url == wanted.url
        every = ListTaskPushNotificationConfigsRequest(task_id=task.id)
        assert len((await client.list_task_push_notification_configs(every)).configs) == 1
        gone = DeleteTaskPushNotificationConfigRequest(task_id=task.id, id="p-1")
        await client.delete_task_push_notification_config(gone)
        assert not (await client.list_task_push_notification_configs(every)).configs
        configuration = SendMessageConfiguration(
            task_push_notification_config=TaskPushNotificationConfig(url="https://hooks.example/a2a")
        )
        request = saying("task now")
        request.configuration.CopyFrom(configuration)
        assert [one async for one in client.send_message(request)]
        for url in ("https://evil.example/", "http://169.254.169.254/latest", "https://hooks.example/a2a/../x"):
            with pytest.raises(A2AClientError):
                await client.create_task_push_notification_config(TaskPushNotificationConfig(task_id=task.id, url=url))
        denied = [one["outcome"]["code"] for one in await site.records() if one["event"] == "exchange.denied"]
        assert denied == ["destination_not_allowed"] * 3


@pytest.mark.parametrize("outer", BINDINGS)
async def test_without_an_address_or_a_rule_no_news_are_sent(sqlite_settings: Settings, outer: str) -> None:
    async with a2a_site(sqlite_settings) as site, connected(site, await site.key("clerk"), outer) as client:
        assert not client._card.capabilities.push_notifications  # type: ignore[attr-defined]
        task = await task_of(client, "ask")
        wanted = TaskPushNotificationConfig(task_id=task.id, url="https://hooks.example/")
        with pytest.raises(PushNotificationNotSupportedError):
            await client.create_task_push_notification_config(wanted)
    listed = {"push_urls": ["https://hooks.example/"]}
    async with (
        a2a_site(sqlite_settings, interface=listed) as site,
        connected(site, await site.key("clerk"), outer) as client,
    ):
        task = await task_of(client, "ask")
        wanted = TaskPushNotificationConfig(task_id=task.id, url="https://hooks.example/")
        with pytest.raises(A2AClientError):
            await client.create_task_push_notification_config(wanted)
        denied = [one for one in await site.records() if one["event"] == "exchange.denied"][-1]
        assert (denied["outcome"]["code"], denied["candidates"][0]["answer"]) == ("policy_denied", "onward")


@pytest.mark.parametrize("inner", BINDINGS)
async def test_the_card_leads_to_the_gateway_and_is_signed_by_it(sqlite_settings: Settings, inner: str) -> None:
    async with a2a_site(sqlite_settings, binding=inner) as site:
        address = site.gateway.site.settings.address
        keys = (await site.http.get("/.well-known/jwks.json")).json()["keys"]
        verify = create_signature_verifier(
            lambda kid, jku: next(PyJWK(key) for key in keys if key["kid"] == kid), ["EdDSA"]
        )
        headers = {"authorization": f"Bearer {await site.key('clerk')}"}
        async with httpx.AsyncClient(headers=headers) as http:
            card = await A2ACardResolver(http, f"{address}/a2a/ward").get_agent_card(signature_verifier=verify)
        assert card.name == "Ward agent"
        assert {one.url for one in card.supported_interfaces} == {f"{address}/a2a/ward"}
        assert [one.protocol_binding for one in card.supported_interfaces] == ["JSONRPC", "HTTP+JSON"]
        assert set(card.security_schemes) == {"gateway-bearer", "gateway-key"}
        raw = await site.http.get("/a2a/ward/.well-known/agent-card.json", headers=headers)
        agents = next(one.url for one in site.gateway.registry.routes)
        assert agents not in raw.text
        assert raw.headers["cache-control"] == "private, max-age=300"
        intent, end = await site.trail(raw.headers["x-exchange-id"])
        assert (intent["action"], end["outcome"]["code"]) == ("message", "ok")
        async with connected(site, headers["authorization"].removeprefix("Bearer ")) as client:
            extended = await client.get_extended_agent_card(GetExtendedAgentCardRequest())
            verify(extended)
            assert {one.url for one in extended.supported_interfaces} == {f"{address}/a2a/ward"}


async def test_a_card_is_for_those_who_may_use_the_agent(sqlite_settings: Settings) -> None:
    async with a2a_site(sqlite_settings, shown={"description": f"Ask {MAIL} about it."}) as site:
        path = "/a2a/ward/.well-known/agent-card.json"
        nobody = await site.http.get(path)
        assert (nobody.status_code, nobody.json()["error"]["status"]) == (401, "UNAUTHENTICATED")
        assert nobody.headers["www-authenticate"] == "Bearer"
        stranger = await site.http.get(path, headers={"authorization": f"Bearer {await site.key('auditor')}"})
        assert (stranger.status_code, stranger.json()["error"]["details"][0]["reason"]) == (403, "POLICY_DENIED")
        outside = {"authorization": f"Bearer {await site.key('clerk', zone='cloud')}"}
        masked = await site.http.get(path, headers=outside)
        assert masked.json()["description"] == "Ask [EMAIL] about it."
        assert masked.headers["x-decision"] == "redact"


@pytest.mark.parametrize(("outer", "inner"), BOTH)
async def test_what_a_caller_outside_may_not_see_is_masked_in_answers_streams_and_lists(
    sqlite_settings: Settings, outer: str, inner: str
) -> None:
    pieces = [MAIL[:4], MAIL[4:9], MAIL[9:]]
    async with a2a_site(sqlite_settings, binding=inner) as site:
        key = await site.key("clerk", zone="cloud")
        async with connected(site, key, outer) as client, connected(site, key, outer, streaming=False) as whole:
            (event,) = await sent(whole, f"say write to {MAIL} now")
            assert text_of(event.message.parts) == "write to [EMAIL] now"
            events = await sent(client, f"pieces write to |{'|'.join(pieces)}| now")
            assert told(events) == "write to [EMAIL] now"
            assert MAIL not in str(events)
            task = events[0].task
            got = await client.get_task(GetTaskRequest(id=task.id))
            assert text_of(got.artifacts[0].parts) == "write to [EMAIL] now"
            listed = await client.list_tasks(ListTasksRequest(include_artifacts=True))
            for shown in (got, listed, await client.get_task(GetTaskRequest(id=task.id, history_length=0))):
                assert MAIL not in str(shown)
                assert "roe@exam" not in str(shown)


@pytest.mark.parametrize("mode", ["auto", "mask", "buffer"])
async def test_an_identifier_in_pieces_is_masked_however_streams_are_enforced(
    sqlite_settings: Settings, mode: str
) -> None:
    text = f"SSN: {SSN} it is"
    async with (
        a2a_site(sqlite_settings, classification={"stream": mode}) as site,
        connected(site, await site.key("clerk", zone="cloud")) as client,
    ):
        events = await sent(client, "pieces " + "|".join(text))
        assert told(events) == "SSN: [US-SSN] it is"
        assert SSN not in str(events).replace("\n", "")
        end = (await site.records())[-1]
        assert end["found"]["us-ssn"] == 1
        assert end["decision"]["effect"] == "redact"


@pytest.mark.parametrize(("outer", "inner"), BOTH)
async def test_an_agent_in_the_cloud_is_told_nothing_of_a_person(
    sqlite_settings: Settings, outer: str, inner: str
) -> None:
    made, agent = Ward(), {"zone": "cloud", "processor": "cloud-inc"}
    async with (
        a2a_site(sqlite_settings, binding=inner, made=made, agent=agent) as site,
        connected(site, await site.key("clerk"), outer) as client,
    ):
        (event,) = await sent(client, f"say write to {MAIL}")
        assert text_of(event.message.parts) == "write to [EMAIL]"
        assert MAIL not in str(made.heard)
        with pytest.raises(A2AClientError, match=r"Policy|403"):
            await sent(client, "say Mr. John Carter, MRN 4481920, was diagnosed with diabetes.")
        assert len(made.heard) == 1
        assert json.dumps(await site.records()).count("4481920") == 0


@pytest.mark.parametrize("outer", BINDINGS)
@pytest.mark.parametrize("streaming", [True, False])
async def test_the_stock_client_is_given_a_task_that_needs_input_and_goes_on_with_it(
    sqlite_settings: Settings, tmp_path: Path, outer: str, streaming: bool
) -> None:
    """The client knows nothing of approvals: it sees a task, asks how it is, and sends its message on it."""
    rule = (
        "p, 390, role:clerk, class:pii, agent:ward, message, purpose:*, always, allow, approve:privacy, ask-first, "
        '"People look first."'
    )
    ward = Ward()
    async with (
        a2a_site(sqlite_settings, made=ward, policy=policies(tmp_path / "own", rule)) as site,
        connected(site, await site.key("clerk", owner="ada"), outer, streaming=streaming) as client,
    ):
        waits = await task_of(client, f"say write to {MAIL}")
        assert waits.status.state == TaskState.TASK_STATE_INPUT_REQUIRED
        assert (await client.get_task(GetTaskRequest(id=waits.id))).status.state == waits.status.state
        officer = {"authorization": f"Bearer {await site.key('privacy', owner='eve', kind='person')}"}
        done = await site.http.post(
            f"/approvals/{waits.id}/approve", json={"reason": "seen", "version": 0}, headers=officer
        )
        assert done.status_code == 200
        assert not ward.heard
        (event,) = await sent(client, f"say write to {MAIL}", task_id=waits.id, context_id=waits.context_id)
        assert text_of(event.message.parts) == f"write to {MAIL}"
        (heard,) = ward.heard
        # What the gateway had made up means nothing to the agent.
        assert waits.id not in (heard.task_id, heard.context_id)
