"""A notice is tried a few times and let go, follows nobody elsewhere, and never holds up who sends it."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.agents.client import AgentClient
from gateway.core.errors import ConfigurationError
from gateway.exchange.metrics import Metrics
from gateway.exchange.notices import MAX_WAITING, WAITS_S, Notices, notified
from gateway.settings import Settings, parse
from tests.conftest import ManualClock
from tests.exchange.test_metrics import samples
from tests.house.tree import ROOT
from tests.system.site import Agent, served, system


def ends(metrics: Metrics) -> dict[str, float]:
    found = samples(metrics)
    return {dict(labels)["end"]: value for (name, labels), value in found.items() if name == "gateway_notices_total"}


class Slept:
    def __init__(self) -> None:
        self.waits: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.waits.append(seconds)


def failing(times: int, status: int = 503) -> Any:
    left = [times]

    async def behave(scope: dict[str, Any], receive: Any, send: Any) -> None:
        left[0] -= 1
        code = status if left[0] >= 0 else 204
        await send({"type": "http.response.start", "status": code, "headers": [(b"location", b"http://127.0.0.1:9/")]})
        await send({"type": "http.response.body", "body": b""})

    return behave


@pytest.mark.parametrize(
    ("times", "status", "end", "tries"),
    [(0, 503, "sent", 1), (2, 503, "sent", 3), (99, 503, "failed", len(WAITS_S) + 1), (99, 302, "failed", 5)],
)
async def test_a_notice_is_tried_a_few_times(clock: ManualClock, times: int, status: int, end: str, tries: int) -> None:
    agent, metrics, slept = Agent(), Metrics(), Slept()
    agent.behave = failing(times, status)
    async with served(agent) as url:
        route = notified(f"{url}/told", (), None)
        async with AgentClient((route,)) as client:
            notices = Notices(client=client, route=route, secret=b"s" * 16, clock=clock, metrics=metrics, sleep=slept)
            notices.send({"event": "x"})
            await notices.idle()
            await notices.stop()
    assert ends(metrics) == {end: 1}
    assert (len(agent.received), slept.waits) == (tries, list(WAITS_S)[: tries - 1])
    assert {json.loads(body)["event"] for _, body in agent.received} == {"x"}


async def test_an_address_that_no_agent_may_have_is_sent_nothing(clock: ManualClock) -> None:
    metrics, slept = Metrics(), Slept()
    route = notified("http://169.254.169.254/latest", (), None)
    async with AgentClient((route,)) as client:
        notices = Notices(client=client, route=route, secret=b"s" * 16, clock=clock, metrics=metrics, sleep=slept)
        notices.send({"event": "x"})
        await notices.idle()
    assert ends(metrics) == {"failed": 1}


async def test_what_is_too_much_is_counted_and_let_go_and_what_is_under_way_ends_with_the_gateway(
    clock: ManualClock,
) -> None:
    metrics = Metrics()
    route = notified("http://127.0.0.1:9", (), None)
    async with AgentClient((route,)) as client:
        notices = Notices(client=client, route=route, secret=b"s" * 16, clock=clock, metrics=metrics)
        for _ in range(MAX_WAITING + 3):
            notices.send({"event": "x"})
        assert ends(metrics) == {"dropped": 3}
        await notices.stop()
    silent = Notices(client=None, route=None, secret=b"", clock=clock, metrics=metrics)
    silent.send({"event": "x"})
    await silent.idle()
    assert ends(metrics) == {"dropped": 3}


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"notify_url": "https://desk.example"}, "go together"),
        ({"notify_url": "ftp://desk.example", "notify_secret": "env:S"}, "notify_url must be"),
        ({"notify_url": "https://desk.example", "notify_secret": "swordfish"}, "must be a reference"),
        ({"notify_addresses": ["everywhere"]}, "notify_addresses must be"),
    ],
)
def test_settings_of_notices_are_whole(section: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as error:
        parse({"approvals": section}, {}, ROOT)
    assert "swordfish" not in str(error.value)


async def test_a_secret_that_could_be_guessed_is_refused_at_start(sqlite_settings: Settings, tmp_path: Path) -> None:
    short = tmp_path / "secret"
    short.write_text("fifteen bytes..")
    section = {"notify_url": "http://127.0.0.1:9", "notify_secret": f"file:{short}"}
    with pytest.raises(ConfigurationError, match="at least 16 bytes"):
        async with system(sqlite_settings, agents={"ward": {"zone": "in-house"}}, approvals=section):
            pass
