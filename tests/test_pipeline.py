"""One request goes through its steps in their order, and every way out of it leaves its end on the record."""

import asyncio
import gc
import weakref
from typing import Any

import pytest

from gateway.exchange.admission import Admission
from gateway.exchange.arrival import Arrival
from gateway.exchange.exchange import Exchange
from gateway.exchange.metrics import STEPS
from gateway.settings import Settings
from tests.system.kit import PERSONAL, PUBLIC, code, events
from tests.system.site import system


async def test_the_steps_follow_each_other_and_the_record_comes_before_what_it_speaks_of(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    instants: list[str] = []

    async def failpoint(name: str) -> None:
        instants.append(name)

    async with system(sqlite_settings, failpoint=failpoint) as site:
        key = await site.key("clerk")
        steps: list[str] = []
        monkeypatch.setattr(site.gateway.site.metrics, "step", lambda name, nanoseconds: steps.append(name))
        instants.clear()
        assert (await site.chat(key, PUBLIC)).status_code == 200
        assert tuple(steps) == STEPS
        told = [name for name in instants if name == "ledger.after_commit" or not name.startswith(("ledger.", "keys."))]
        assert told == [
            *("ledger.after_commit", "intent.recorded", "forward.before", "forward.after"),
            *("ledger.after_commit", "outcome.recorded", "release.before", "release.before"),
        ]


async def test_a_defect_before_the_intent_is_a_refusal_on_record_and_nothing_leaves(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with system(sqlite_settings) as site:
        key = await site.key("clerk")
        monkeypatch.setattr("gateway.exchange.router.Router.decide", _broken)
        answer = await site.chat(key, PERSONAL)
        assert (answer.status_code, code(answer)) == (500, "internal")
        assert "swordfish" not in answer.text
        assert await events(site, answer) == ["exchange.denied"]
        assert not any(agent.received for agent in site.agents.values())


async def test_a_defect_after_the_intent_ends_the_exchange_once_and_on_record(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with system(sqlite_settings) as site:
        key = await site.key("clerk")
        monkeypatch.setattr("gateway.exchange.inspector.Inspector.answer", _broken)
        answer = await site.chat(key, PUBLIC)
        assert (answer.status_code, code(answer)) == (500, "internal")
        _, end = await site.trail(answer.headers["x-exchange-id"])
        assert (end["event"], end["outcome"]["code"], end["outcome"]["status"]) == (
            "exchange.completed",
            "internal",
            500,
        )
        assert "swordfish" not in str(end)
        monkeypatch.undo()
        assert (await site.chat(key, PUBLIC)).status_code == 200


async def test_what_cannot_be_recorded_does_not_go_on(
    sqlite_settings: Settings,
) -> None:
    failing = False

    async def failpoint(name: str) -> None:
        if failing and name == "ledger.before_commit":
            raise OSError("no space left")

    async with system(sqlite_settings, failpoint=failpoint) as site:
        key = await site.key("clerk")
        failing = True
        answer = await site.chat(key, PUBLIC)
        failing = False
        assert (answer.status_code, code(answer)) == (503, "ledger_unavailable")
        assert not any(agent.received for agent in site.agents.values())


async def test_what_is_known_of_a_request_is_freed_with_its_end_and_waits_for_no_garbage_collection(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests and answers lie in it, of any size; and collecting what each left behind cost a tenth of its time."""
    seen: list[weakref.ref[Exchange]] = []
    begin = Admission.begin

    def begun(self: Admission, arrival: Arrival) -> Exchange:
        exchange = begin(self, arrival)
        seen.append(weakref.ref(exchange))
        return exchange

    monkeypatch.setattr(Admission, "begin", begun)
    async with system(sqlite_settings) as site:
        key = await site.key("clerk")
        gc.disable()
        try:
            assert (await site.chat(key, PUBLIC)).status_code == 200
            assert (await site.chat(key, PUBLIC, stream=True)).status_code == 200
            assert (await site.chat("gwk_nobody", PUBLIC)).status_code == 401
            await asyncio.sleep(0)
            assert [exchange() for exchange in seen] == [None] * 3
        finally:
            gc.enable()


def _broken(*given: Any, **more: Any) -> Any:
    raise RuntimeError("swordfish")


async def test_who_is_told_that_an_exchange_failed_or_has_no_end_on_record_holds_nothing_by_then(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may take as long as it likes to read that."""
    failing, held = False, list[tuple[str, int]]()

    async def failpoint(name: str) -> None:
        nonlocal failing
        failing = failing or name == "forward.after"
        if failing and name == "ledger.before_commit":
            raise OSError("no space left")

    async with system(sqlite_settings, failpoint=failpoint) as site:
        answering, key = site.gateway.pipeline.parts.answering, await site.key("clerk")
        refuse = answering.refuse

        async def told(exchange: Exchange, *rest: Any) -> None:
            held.append((exchange.code, len(exchange.held)))
            await refuse(exchange, *rest)

        monkeypatch.setattr(answering, "refuse", told)
        answer = await site.chat(key, PUBLIC)
        assert (answer.status_code, code(answer)) == (503, "ledger_unavailable")
        monkeypatch.setattr("gateway.exchange.inspector.Inspector.answer", _broken)
        failing = False
        assert (await site.chat(key, PUBLIC)).status_code in (500, 503)
        failing = False
    assert [count for _, count in held] == [0, 0]
