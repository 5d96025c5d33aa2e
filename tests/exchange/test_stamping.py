"""Checkpoints are stamped when it is time, by one node at a time; what does not hold leaves nothing but a count."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from gateway.agents.client import AgentClient
from gateway.agents.tsas import authorities_of, tsa_clients
from gateway.bootstrap import stamps as module
from gateway.exchange.stamping import Stamping
from gateway.ledger.vouching import Authorities
from gateway.settings import Settings
from gateway.store.stamps import KeptStamp, StampStore
from tests.conftest import ManualClock
from tests.system.site import System, system
from tests.tsa import CA, OTHER_TSA, TWICE, Responder, a_tsa, asked, reply

HOUR_US = 3_600_000_000
RARELY = {"checkpoint_interval_s": 3600.0}


@pytest.fixture(autouse=True)
def _by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else each gateway stamps by itself meanwhile, now and then just when the test does."""
    monkeypatch.setattr(module, "MOST_S", 3_600.0)


async def published(site: System) -> tuple[int, bytes]:
    """One record more, and a checkpoint of all there are: its size and note."""
    await site.key("clerk")
    point = await (await site.gateway.site.checkpointer("default")).publish(force=True)
    assert point is not None
    return point.size, point.note


async def opened(stack: AsyncExitStack, settings: Settings, tsa: Responder, clock: ManualClock, **more: Any) -> System:
    table = {**tsa.table, **more}
    return await stack.enter_async_context(system(settings, clock=clock, tsa=[table], ledger=RARELY))


async def own(site: System, stack: AsyncExitStack) -> Stamping:
    """The default tenant's ledger before its authority, as another process would have it."""
    place = site.gateway.site
    authorities = authorities_of(place.settings)
    client = await stack.enter_async_context(AgentClient([one.route for one in authorities]))
    return Stamping(
        place.engine,
        ledger=place.tenants["default"].ledger,
        tsas=tsa_clients(authorities, client),
        clock=place.clock,
        node=place.node,
    )


async def test_the_newest_checkpoint_is_stamped_when_the_interval_is_over(
    database: Settings, tmp_path: Path, clock: ManualClock
) -> None:
    async with AsyncExitStack() as stack:
        tsa = await stack.enter_async_context(a_tsa(tmp_path))
        site = await opened(stack, database, tsa, clock)
        one = site.gateway.stampings["default"]
        size, note = await published(site)
        await one.round()
        (kept,) = await one.store.newest()
        assert (kept.size, kept.tsa, one.beyond.since) == (size, "clock", None)
        assert Authorities(CA.pem).verify(kept.reply, note).at_us == kept.at_us
        later, _ = await published(site)
        await one.round()
        assert (await one.store.newest(), one.beyond.stamped) == ((kept,), size), "not yet"
        assert (one.beyond.records > 0, one.beyond.since is not None) == (True, True)
        clock.advance(3_600)
        for _ in range(2):
            await one.round()
        assert [found.size for found in await one.store.newest()] == [later]
        assert one.ends == {("clock", "stamped"): 2}
        clock.us -= 10 * HOUR_US
        await published(site)
        await one.round()
        assert one.ends == {("clock", "stamped"): 3}, "a clock that was put back stops nothing"


@pytest.mark.parametrize(
    ("lie", "end"),
    [
        (lambda query: (200, reply(b"x", nonce=asked(query)[1])), "wrong"),
        (lambda query: (200, reply(b"x", signer=OTHER_TSA)), "wrong"),
        (lambda query: (200, reply(b"x", signer=TWICE, nonce=asked(query)[1])), "wrong"),
        (lambda query: (200, b"<html>"), "wrong"),
        (lambda query: (200, reply(b"x", status=2)), "refused"),
        (lambda query: (503, b""), "refused"),
        (lambda query: (200, b"\0" * 70_000), "unreachable"),
    ],
)
async def test_what_does_not_hold_is_counted_and_asked_for_again_later_and_later(
    sqlite_settings: Settings, tmp_path: Path, clock: ManualClock, lie: Any, end: str
) -> None:
    async with AsyncExitStack() as stack:
        tsa = await stack.enter_async_context(a_tsa(tmp_path))
        site = await opened(stack, sqlite_settings, tsa, clock)
        one = site.gateway.stampings["default"]
        await published(site)
        tsa.lie = lie
        for wait_s, count in ((0, 1), (9, 1), (2, 2), (19, 2), (2, 3)):
            clock.advance(wait_s)
            await one.round()
            assert (one.ends, await one.store.newest()) == ({("clock", end): count}, ())
        ready = await site.http.get("/readyz")
        assert (ready.status_code, ready.json()["tsas"]) == (200, {"clock": "failing"})
        tsa.lie = None
        clock.advance(600)
        await one.round()
        assert len(await one.store.newest()) == 1
        assert (await site.http.get("/readyz")).json()["tsas"] == {"clock": "ok"}


async def test_two_nodes_ask_once_and_one_that_was_killed_before_it_kept_a_stamp_is_made_up_for(
    database: Settings, tmp_path: Path, clock: ManualClock
) -> None:
    async with AsyncExitStack() as stack:
        tsa = await stack.enter_async_context(a_tsa(tmp_path))
        site = await opened(stack, database, tsa, clock)
        first, second = site.gateway.stampings["default"], await own(site, stack)
        await published(site)
        tsa.held = asyncio.Event()
        asking = asyncio.create_task(first.round())
        await tsa.came.wait()
        await second.round()
        assert (len(tsa.queries), second.ends) == (1, {}), "it is left to the one that is at it"
        asking.cancel()  # the reply comes, and nobody keeps it
        await asyncio.gather(asking, return_exceptions=True)
        tsa.held.set()
        assert await second.store.newest() == ()
        await second.round()
        (kept,) = await second.store.newest()
        await first.round()
        assert (await first.store.newest(), len(tsa.queries)) == ((kept,), 2)


async def test_a_stamp_that_could_not_be_kept_is_asked_for_again(
    sqlite_settings: Settings, tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with AsyncExitStack() as stack:
        tsa = await stack.enter_async_context(a_tsa(tmp_path))
        site = await opened(stack, sqlite_settings, tsa, clock)
        one = site.gateway.stampings["default"]
        await published(site)

        async def full(store: StampStore, stamp: KeptStamp) -> None:
            raise OSError("no space left")

        with monkeypatch.context() as broken:
            broken.setattr(StampStore, "add", full)
            with pytest.raises(OSError, match="no space"):
                await one.round()
        await one.round()
        assert len(await one.store.newest()) == 1


async def test_nothing_is_asked_of_a_ledger_without_a_checkpoint(
    sqlite_settings: Settings, tmp_path: Path, clock: ManualClock
) -> None:
    async with AsyncExitStack() as stack:
        tsa = await stack.enter_async_context(a_tsa(tmp_path))
        site = await opened(stack, sqlite_settings, tsa, clock)
        one = site.gateway.stampings["default"]
        await one.round()
        assert (tsa.queries, one.ends, one.beyond.stamped) == ([], {}, 0)
        assert one.beyond.seconds(clock.now_us()) >= 0


async def test_the_newest_stamp_is_told_beside_the_checkpoint_and_among_the_metrics(
    sqlite_settings: Settings, tmp_path: Path, clock: ManualClock
) -> None:
    async with AsyncExitStack() as stack:
        tsa = await stack.enter_async_context(a_tsa(tmp_path))
        site = await opened(stack, sqlite_settings, tsa, clock)
        size, _ = await published(site)
        headers = {"authorization": f"Bearer {await site.key('auditor')}"}
        before = await site.http.get("/audit/checkpoint", headers=headers)
        assert not [name for name in before.headers if name.startswith("x-stamped")]
        await site.gateway.stampings["default"].round()
        told = (await site.http.get("/audit/checkpoint", headers=headers)).headers
        assert (told["x-stamped-size"], told["x-stamped-by"], len(told["x-stamped-at"])) == (str(size), "clock", 27)
        metrics = (await site.http.get("/metrics")).text
        assert 'gateway_tsa_answers_total{end="stamped",tenant="' in metrics
        assert "gateway_ledger_unstamped_seconds" in metrics
