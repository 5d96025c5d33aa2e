"""A receiver knows what it got, and whether it has all of it, however often it is sent."""

import asyncio
import hashlib
import hmac
from pathlib import Path
from typing import Any

import pytest

from gateway.agents.bare import bare
from gateway.agents.client import AgentClient
from gateway.exchange.deliveries import DAMAGED
from gateway.exchange.webhook_delivery import AT_ONCE, WebhookDelivery
from tests.conftest import ManualClock
from tests.exchange.parcel_kit import CONTENT, parcel
from tests.system.site import Agent, served

SECRET = b"a secret of more than sixteen bytes"


async def test_it_is_signed_over_all_of_it_and_says_what_it_is(tmp_path: Path, clock: ManualClock) -> None:
    agent = Agent()
    async with served(agent) as url:
        route = bare("_schedule:monthly", f"{url}/in")
        async with AgentClient([route]) as client:
            delivery, one = WebhookDelivery(client, route, SECRET, clock), parcel(tmp_path)
            agent.behave = _answering(204)
            assert [await delivery.deliver(one) for _ in range(2)] == [None, None]
    (headers, body), (again, _) = agent.received
    moment, signature = (part.partition("=")[2] for part in headers["x-gateway-signature"].split(","))
    assert int(moment) == clock.now_us() // 1_000_000
    assert signature == hmac.new(SECRET, f"{moment}.".encode() + body, "sha256").hexdigest()
    assert body == CONTENT
    said = {name.removeprefix("x-gateway-"): value for name, value in headers.items() if "x-gateway" in name}
    del said["signature"]
    assert said == {
        "delivery": "monthly/clinic/2026-10",
        "tenant": "clinic",
        "schedule": "monthly",
        "period": "2026-10",
        "bundle": "ev_1",
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
    }
    assert (headers["content-type"], headers["content-length"]) == ("application/zip", str(len(CONTENT)))
    assert again["x-gateway-delivery"] == headers["x-gateway-delivery"]


async def test_with_many_tenants_two_are_sent_at_once_and_the_others_wait(tmp_path: Path, clock: ManualClock) -> None:
    under_way, most = 0, 0

    async def slow(scope: dict[str, Any], receive: Any, send: Any) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.05)  # longer than anybody waits for a connection
        under_way -= 1
        await _answering(204)(scope, receive, send)

    agent = Agent()
    agent.behave = slow
    async with served(agent) as url:
        route = bare("_schedule:monthly", url, connect_timeout_s=0.04, max_connections=AT_ONCE)
        async with AgentClient([route]) as client:
            delivery, one = WebhookDelivery(client, route, SECRET, clock), parcel(tmp_path)
            assert await asyncio.gather(*(delivery.deliver(one) for _ in range(5))) == [None] * 5
    assert most <= 2


@pytest.mark.parametrize(("status", "code"), [(302, "redirected"), (413, "status_413"), (503, "status_503")])
async def test_an_answer_that_is_no_yes_is_none(status: int, code: str, tmp_path: Path, clock: ManualClock) -> None:
    agent = Agent()
    agent.behave = _answering(status)
    async with served(agent) as url:
        route = bare("_schedule:monthly", url)
        async with AgentClient([route]) as client:
            assert await WebhookDelivery(client, route, SECRET, clock).deliver(parcel(tmp_path)) == code


async def test_who_is_not_there_or_has_no_such_file_is_told_by_a_code(tmp_path: Path, clock: ManualClock) -> None:
    route = bare("_schedule:monthly", "http://127.0.0.1:9")
    async with AgentClient([route]) as client:
        delivery, one = WebhookDelivery(client, route, SECRET, clock), parcel(tmp_path)
        assert await delivery.deliver(one) == "connect_failed"
        one.file.write_bytes(b"changed")
        assert await delivery.deliver(one) == DAMAGED
        one.file.unlink()
        assert await delivery.deliver(one) == "io_error"


def _answering(status: int) -> Any:
    async def behave(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await send(
            {"type": "http.response.start", "status": status, "headers": [(b"location", b"http://127.0.0.1:9/")]}
        )
        await send({"type": "http.response.body", "body": b""})

    return behave
