"""Where an A2A agent may be told to send and fetch, and whose tasks a list shows."""

import json
from typing import Any

import msgspec
import pytest

from gateway.core.message import Answer, Message
from gateway.core.ports import Interface
from gateway.core.refusal import Refusal
from gateway.exchange.a2a import A2aGovernor
from gateway.exchange.exchange import Exchange, Outcome
from gateway.exchange.forwarder import Delivered
from gateway.exchange.sessions import Sessions
from tests.agents.a2a_making import AGENT, RPC, agent, answered, message, read, result, rpc, task
from tests.agents.support import BOUNDS
from tests.conftest import ManualClock
from tests.exchange.making import caller, exchange
from tests.exchange.test_sessions import Kept, routed, seen

ALLOWING = agent(
    Interface(push_urls=("https://hooks.example/a2a",), file_urls=("https://files.example/",), tenants=("ward-7",))
)
FILE = {"url": "https://files.example/x"}


@pytest.fixture
def sessions(clock: ManualClock) -> Sessions:
    store: Any = Kept()
    return Sessions(store, clock, idle_days=30)


@pytest.fixture
def governor(sessions: Sessions) -> A2aGovernor:
    return A2aGovernor(sessions, BOUNDS)


async def asked(governor: A2aGovernor, operation: str, params: Any, to: Any = AGENT) -> tuple[Exchange, Any]:
    one = exchange()
    one.caller, one.message = caller(), read(rpc(operation, params))
    return one, await governor.admit(one, one.message, to)


def pushing(url: str) -> tuple[str, dict[str, Any]]:
    return "CreateTaskPushNotificationConfig", {"taskId": "t-1", "url": url}


def sending(*parts: dict[str, Any], push: str | None = None) -> tuple[str, dict[str, Any]]:
    configuration = {} if push is None else {"taskPushNotificationConfig": {"url": push}}
    return "SendMessage", {"message": message(*parts), "configuration": configuration}


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        pushing("https://hooks.example/a2a/t-1"),
        sending(push="https://hooks.example/a2a"),
        sending(FILE),
        sending({"url": "data:text/plain,hello"}),
        sending(),
        ("ListTasks", {"tenant": "ward-7"}),
        ("GetTask", {"tenant": "", "id": "t-1"}),
    ],
)
async def test_addresses_that_are_registered_for_the_agent_pass(
    governor: A2aGovernor, operation: str, params: Any
) -> None:
    one, found = await asked(governor, operation, params, ALLOWING)
    assert found is one.message


@pytest.mark.parametrize(
    ("operation", "params", "to", "code", "field"),
    [
        (*pushing("https://hooks.example/a2a"), AGENT, "push_unsupported", None),
        (*pushing("https://evil.example/"), ALLOWING, "destination_not_allowed", "/url"),
        (*pushing("http://169.254.169.254/"), ALLOWING, "destination_not_allowed", "/url"),
        (*pushing("https://files.example/"), ALLOWING, "destination_not_allowed", "/url"),
        (
            *sending(push="https://hooks.example/"),
            ALLOWING,
            "destination_not_allowed",
            "/configuration/taskPushNotificationConfig/url",
        ),
        (*sending(FILE), AGENT, "destination_not_allowed", "/message/parts/0/url"),
        ("ListTasks", {"tenant": "ward-7"}, AGENT, "destination_not_allowed", "/tenant"),
        ("GetTask", {"tenant": "ward-8", "id": "t-1"}, ALLOWING, "destination_not_allowed", "/tenant"),
        ("SendMessage", {**sending()[1], "tenant": "Ward-7"}, ALLOWING, "destination_not_allowed", "/tenant"),
        (
            *sending({"text": "a"}, FILE, {"url": "https://hooks.example/a2a"}),
            ALLOWING,
            "destination_not_allowed",
            "/message/parts/2/url",
        ),
    ],
)
async def test_an_agent_is_told_of_no_other(
    governor: A2aGovernor, operation: str, params: Any, to: Any, code: str, field: str | None
) -> None:
    _, found = await asked(governor, operation, params, to)
    assert isinstance(found, Refusal)
    assert (found.code, found.field) == (code, field)
    assert "example" not in str(found.hint)


async def test_subscriptions_leave_connections_to_those_who_want_an_answer(governor: A2aGovernor) -> None:
    narrow = msgspec.structs.replace(AGENT, max_connections=2)
    kept, found = await asked(governor, "SubscribeToTask", {"id": "t-1"}, narrow)
    assert isinstance(found, Message)
    _, refused = await asked(governor, "SubscribeToTask", {"id": "t-2"}, narrow)
    assert isinstance(refused, Refusal)
    assert refused.code == "concurrency_limited"
    assert not kept.closed


def answer(value: Any, operation: str = "ListTasks", **params: Any) -> Answer:
    return RPC.read_answer(answered(value), read(rpc(operation, params)), AGENT)


async def received(governor: A2aGovernor, found: Answer, operation: str = "ListTasks", **params: Any) -> Answer:
    one, _ = await asked(governor, operation, params)
    delivered = await governor.received(one, Delivered(routed=routed(AGENT), attempts=1, answer=found))
    assert delivered.answer is not None
    return delivered.answer


async def test_a_list_shows_the_callers_own_tasks_alone(
    governor: A2aGovernor, sessions: Sessions, clock: ManualClock
) -> None:
    """What the gateway's credential lists are everybody's."""
    mine, other = caller(), msgspec.structs.replace(caller(), actor="ac_2")
    for who, name, at in (
        (mine, "a2a-task:ward/mine", AGENT),
        (other, "a2a-task:ward/theirs", AGENT),
        (mine, "a2a-task:desk/elsewhere", agent()),
    ):
        await sessions.announce(who, seen(clock), routed(at), (name,))
    listed = answer(result({"tasks": [task(one) for one in ("mine", "theirs", "elsewhere", "nobody")], "totalSize": 4}))
    shown = await received(governor, listed)
    body = json.loads(RPC.render_answer(shown, {}))["result"]
    assert body == {"tasks": [task("mine")], "totalSize": 1}
    assert {part.text for part in shown.parts} == {"mine", "c-1"}


async def test_what_is_no_list_of_tasks_passes_as_it_came(governor: A2aGovernor) -> None:
    error = answer({"jsonrpc": "2.0", "id": 1, "error": {"code": -32603, "message": "x"}})
    assert await received(governor, error) == error
    got = answer(result(task()), "GetTask", id="t-1")
    assert await received(governor, got, "GetTask", id="t-1") is got
    one = exchange()
    delivered = Delivered(routed=routed(AGENT), attempts=1, answer=got)
    assert await governor.received(one, delivered) is delivered


async def test_it_keeps_nothing_of_its_own(governor: A2aGovernor) -> None:
    await governor.settle(exchange(), Outcome(code="ok", status=200))
    assert governor.stream_headers(exchange(), (("x", "y"),)) == ()
