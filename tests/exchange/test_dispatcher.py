"""Every task that is claimed is concluded once, whoever dies; nobody's tasks keep another's waiting."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from gateway.core.caller import Identity
from gateway.core.errors import LedgerUnavailable
from gateway.core.refusal import Refusal
from gateway.exchange.arrival import Arrival, Responder
from gateway.exchange.standing import Standing
from gateway.exchange.task_scribe import Who
from gateway.settings import Settings
from gateway.store.keyring import Keyring
from gateway.store.tasks import CANCELLED, COMPLETED, FAILED, QUEUED, REQUEST, RUNNING
from tests.exchange.making import exchange
from tests.exchange.task_making import Office, office, submitter
from tests.store.kit import LEDGER, opened


async def never(arrival: Arrival, responder: Responder) -> str:
    await asyncio.Event().wait()
    return "ok"


def ending(code: str) -> Any:
    async def end(arrival: Arrival, responder: Responder) -> str:
        await responder.start(502, [])
        await responder.write(b"no", last=True)
        return code

    return end


async def once(o: Office, holds: Callable[[], bool]) -> None:
    """Look at the database, which takes a turn of the loop and some, until this holds."""
    async with asyncio.timeout(10):
        while not holds():
            o.store.clock.advance(0.001)
            await asyncio.gather(o.tasks.store.waiting(LEDGER), return_exceptions=True)


async def begun(o: Office, number: int) -> None:
    await once(o, lambda: len(o.seen) >= number)


def held(o: Office) -> asyncio.Event:
    """Nothing is answered until this is set."""
    go_on = asyncio.Event()

    async def slow(arrival: Arrival, responder: Responder) -> str:
        await go_on.wait()
        return await o._answer(arrival, responder)

    o.behave = slow
    return go_on


async def test_a_task_is_handed_over_as_its_callers_request_and_its_answer_is_kept(
    database: Settings, tmp_path: Path
) -> None:
    async with opened(database, tmp_path) as store, office(store) as o:
        dispatcher = o.dispatcher()
        dispatcher.start()
        task = await o.submit()
        done = await o.until(task, COMPLETED)
        assert (done.code, done.status, done.tries, done.holder) == ("ok", 200, 1, None)
        (arrival,) = o.seen
        assert arrival.identity is not None
        assert arrival.identity.roles == ("lead",), "as the key says now"
        result = await o.tasks.result(exchange(), submitter(), done)
        assert getattr(result, "body", None) == b"said"
        await dispatcher.stop()
        assert (await o.events(task), o.counted) == (["task.submitted", "task.completed"], ["ok"])


async def test_what_was_under_way_at_a_stop_is_taken_over_by_the_next_start(database: Settings, tmp_path: Path) -> None:
    async with opened(database, tmp_path) as store, office(store) as o:
        o.behave = never
        first = o.dispatcher("nd_1/bt_1")
        first.start()
        task = await o.submit()
        await begun(o, 1)
        await first.stop()
        assert (await o.state(task)).state == RUNNING
        o.behave = o._answer
        second = o.dispatcher("nd_1/bt_2")
        second.start()
        assert (await o.until(task, COMPLETED)).tries == 2
        await second.stop()
        assert await o.events(task) == ["task.submitted", "task.completed"]


async def test_a_task_that_may_be_tried_once_fails_where_its_node_died(database: Settings, tmp_path: Path) -> None:
    async with opened(database, tmp_path) as store, office(store) as o:
        task = await o.submit(tries=1)
        await o.tasks.store.claim(LEDGER, "nd_1/bt_0", lease_us=1_000_000, limit=1)
        dispatcher = o.dispatcher()
        dispatcher.start()
        ended = await o.until(task, FAILED)
        assert (ended.code, ended.tries, o.seen) == ("task_interrupted", 1, [])
        await dispatcher.stop()
        assert await o.events(task) == ["task.submitted", "task.failed"]


async def test_who_lost_a_task_does_not_end_it(database: Settings, tmp_path: Path) -> None:
    """A node that was slower than its lease: another has taken over, and has its own say."""
    async with opened(database, tmp_path) as store, office(store) as o:
        go_on = held(o)
        dispatcher = o.dispatcher()
        dispatcher.start()
        task = await o.submit()
        await begun(o, 1)
        store.clock.advance(60)
        (other,) = await o.tasks.store.claim(LEDGER, "nd_2/bt_1", lease_us=10**12, limit=1)
        go_on.set()
        await once(o, lambda: not dispatcher.under_way)
        assert (await o.state(task)).version == other.task.version
        assert (o.counted, await o.events(task)) == ([], ["task.submitted"])
        await dispatcher.stop()


async def test_tries_come_to_an_end_and_what_was_never_sent_costs_none(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        dispatcher = o.dispatcher()
        dispatcher.start()
        o.behave = ending("agent_overloaded")
        task = await o.submit(tries=2)
        await begun(o, 4)
        o.behave = ending("agent_timeout")
        ended = await o.until(task, FAILED)
        assert (ended.code, ended.tries, ended.status) == ("agent_timeout", 2, 502)
        await dispatcher.stop()
        assert o.counted[-1] == "agent_timeout"
        assert (await o.events(task))[-1] == "task.failed"


async def test_no_target_has_more_at_once_than_it_may_and_nobody_else_waits_for_it(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store, target_concurrency=2) as o:
        o.behave = never
        dispatcher = o.dispatcher()
        tasks = [await o.submit() for _ in range(5)]
        dispatcher.start()
        await begun(o, 2)
        dispatcher.wake()
        for _ in range(50):
            await o.state(tasks[0])
        assert [(await o.state(one)).state for one in tasks].count(RUNNING) == 2
        await dispatcher.stop()


async def test_tasks_of_a_target_that_turns_everything_away_stay_where_they_are(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        o.shut = ["local"]
        dispatcher = o.dispatcher()
        dispatcher.start()
        task = await o.submit()
        for _ in range(20):
            assert (await o.state(task)).state == QUEUED
        o.shut = []
        assert (await o.until(task, COMPLETED)).tries == 1
        await dispatcher.stop()
        assert await o.events(task) == ["task.submitted", "task.completed"]


async def test_what_a_dead_node_had_of_a_target_that_takes_nothing_is_queued_or_ended(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    """As of an agent that fetches, while nobody waits for its requests."""
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        o.shut = ["local"]
        tasks = [await o.submit(), await o.submit(), await o.submit(tries=1)]
        claims = await o.tasks.store.claim(LEDGER, "nd_1/bt_0", lease_us=1_000_000, limit=3)
        assert len(claims) == 3
        await o.tasks.cancel(await o.state(tasks[1]), Who(actor="ac_7", kind="person"))
        dispatcher = o.dispatcher()
        dispatcher.start()
        cancelled, failed = await o.until(tasks[1], CANCELLED), await o.until(tasks[2], FAILED)
        assert (cancelled.cancelled_by, cancelled.tries) == ("ac_7", 1)
        assert (failed.code, failed.tries) == ("task_interrupted", 1)
        assert (await o.until(tasks[0], QUEUED)).tries == 1
        await o.tasks.cancel(await o.state(tasks[0]), Who(actor="ac_7", kind="person"))
        assert (await o.state(tasks[0])).state == CANCELLED
        await dispatcher.stop()
        assert o.seen == []


async def test_a_task_that_nobody_wants_any_more_is_broken_off(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        o.behave = never
        dispatcher = o.dispatcher()
        dispatcher.start()
        task = await o.submit()
        await begun(o, 1)
        await o.tasks.cancel(await o.state(task), Who(actor="ac_7", kind="person"))
        assert (await o.until(task, CANCELLED)).cancelled_by == "ac_7"
        await dispatcher.stop()
        (end,) = [one for one in await o.records() if one.event == "task.cancelled"]
        assert end.actor == "ac_7"


async def test_a_defect_of_one_task_does_not_stop_the_others(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:

        async def breaks(arrival: Arrival, responder: Responder) -> str:
            o.behave = o._answer
            raise RuntimeError

        o.behave = breaks
        dispatcher = o.dispatcher()
        dispatcher.start()
        first = await o.submit()
        await begun(o, 1)
        assert (await o.until(await o.submit(), COMPLETED)).code == "ok"
        assert (await o.state(first)).state == RUNNING, "its lease runs out, and it is tried again"
        await dispatcher.stop()


async def test_a_database_that_is_gone_makes_it_unhealthy_and_it_goes_on_afterwards(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        dispatcher = o.dispatcher()
        where, away = store.where.path, store.where.path.with_suffix(".away")
        task = await o.submit()
        await store.engine.dispose()
        where.rename(away)
        dispatcher.start()
        await once(o, lambda: not dispatcher.healthy)
        away.rename(where)
        assert (await o.until(task, COMPLETED, FAILED, RUNNING)).tries == 1
        await once(o, lambda: dispatcher.healthy)
        await dispatcher.stop()


async def test_what_an_agent_may_have_got_once_is_not_sent_again_where_its_ledger_was_lost(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        o.behave, o.opened = ending("ledger_unavailable"), True
        dispatcher = o.dispatcher()
        dispatcher.start()
        once_only, twice = await o.submit(tries=1), await o.submit(tries=2)
        ended = await o.until(once_only, FAILED)
        assert (ended.code, ended.tries, ended.status) == ("task_interrupted", 1, 502)
        assert ((await o.until(twice, FAILED)).tries, len(o.seen)) == (2, 3)
        await dispatcher.stop()
        assert await o.events(once_only) == ["task.submitted", "task.failed"]
        assert await o.events(twice) == ["task.submitted", "task.retried", "task.failed"]


async def test_the_deny_list_counts_as_it_was_known_before_the_credential_was_looked_at(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        dispatcher = o.dispatcher(revision={LEDGER: 7}.__getitem__)
        dispatcher.start()
        await o.until(await o.submit(), COMPLETED)
        await dispatcher.stop()
        assert [one.denials for one in o.seen] == [7]


async def test_a_try_that_its_node_lost_sight_of_is_not_prolonged_with_the_others(
    sqlite_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store, lease_s=0.03) as o:
        prolonged: list[tuple[tuple[str, str], ...]] = []

        async def renew(holder: str, *, lease_us: int, under_way: tuple[tuple[str, str], ...]) -> list[Any]:
            prolonged.append(under_way)
            return []

        async def breaks(arrival: Arrival, responder: Responder) -> str:
            raise RuntimeError

        monkeypatch.setattr(o.tasks.store, "renew", renew)
        o.behave = breaks
        dispatcher = o.dispatcher()
        dispatcher._lease_us = 10**12
        dispatcher.start()
        lost = await o.submit()
        await begun(o, 1)
        await once(o, lambda: not dispatcher.under_way)
        o.behave = never
        kept = await o.submit()
        await begun(o, 2)
        prolonged.clear()
        await once(o, lambda: bool(prolonged))
        assert prolonged[0] == ((LEDGER, kept.id),)
        assert (await o.state(lost)).state == RUNNING, "at nobody who would prolong it"
        await dispatcher.stop()


async def test_one_look_takes_no_more_for_a_target_than_it_has_room_for_and_leaves_nobody_behind(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        o.behave = never
        dispatcher = o.dispatcher()
        tasks = [await o.submit() for _ in range(4)]
        dispatcher.start()
        await begun(o, 2)
        assert [(await o.state(one)).state for one in tasks].count(RUNNING) == 2, "as many as the agent takes"
        await dispatcher.stop()


async def test_what_another_keyring_has_the_key_to_is_left_to_whoever_has_that(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    """It was not erased, and must not end as if it had been."""
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        other = Keyring.create(tmp_path / "other")
        stranger = Office(msgspec.structs.replace(store, keyring=other), o.writer, o.settings)
        dispatcher = stranger.dispatcher("nd_2/bt_1")
        dispatcher.start()
        first, second = await o.submit(tries=1), await o.submit(tries=1)
        dispatcher.wake()
        await once(o, lambda: len(dispatcher._foreign) == 2)
        await once(o, lambda: not dispatcher.under_way)
        assert not await dispatcher.look()
        for task in (first, second):
            found = await o.state(task)
            assert (found.state, found.tries, found.holder) == (QUEUED, 0, None)
        own = o.dispatcher()
        own.start()
        for task in (first, second):
            assert (await o.until(task, COMPLETED)).tries == 1
        for one in (dispatcher, own):
            await one.stop()
        other.close()
        assert (stranger.counted, stranger.seen) == (["foreign_key"] * 2, [])
        assert await o.events(first) == ["task.submitted", "task.completed"]


async def test_a_task_whose_key_was_destroyed_is_erased(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        task = await o.submit()
        sealed = await o.tasks.store.content(LEDGER, task.id, REQUEST)
        assert sealed is not None
        store.keyring.destroy(sealed.key.split("+"))
        dispatcher = o.dispatcher()
        dispatcher.start()
        assert (await o.until(task, FAILED)).code == "task_erased"
        await dispatcher.stop()


class Messages:
    """Other nodes, who are told."""

    def __init__(self, state: Literal["connected", "polling"] = "connected") -> None:
        self.state: Literal["connected", "polling"] = state
        self.turns: list[str] = []

    def tell(self, turn: str) -> None:
        self.turns.append(turn)


async def test_other_nodes_are_told_of_what_may_be_run_at_once(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        messages = Messages()
        o.dispatcher(messages=messages)
        task = await o.submit()
        await o.submit(delay_s=60)
        assert messages.turns == [f"{task.id}.0"]


async def test_who_is_told_looks_into_the_database_less_often_and_when_asked_to(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store, poll_s=0.01, sweep_s=60) as o:
        messages = Messages()
        dispatcher = o.dispatcher(messages=messages)
        o.tasks.on_queued = lambda task: None  # another node's
        dispatcher.start()
        assert not await dispatcher.look()
        task = await o.submit()
        for _ in range(20):
            assert (await o.state(task)).state == QUEUED
        assert not await dispatcher.look()
        await o.until(task, COMPLETED)
        messages.state = "polling"
        dispatcher.wake()
        await o.until(await o.submit(), COMPLETED)
        await dispatcher.stop()


async def test_who_looks_says_whether_more_is_due_than_there_is_room_for(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store, concurrency=3) as o:
        o.behave = never
        dispatcher = o.dispatcher()
        for _ in range(3):
            await o.submit()
        dispatcher.start()
        assert await dispatcher.look(), "its agent takes two at once"
        await asyncio.wait_for(dispatcher.room(), 10)
        await dispatcher.stop()


async def test_before_a_stop_no_task_is_claimed_any_more_and_what_is_under_way_ends(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store, poll_s=0.01) as o:
        go_on = held(o)
        dispatcher = o.dispatcher()
        dispatcher.start()
        first = await o.submit()
        await begun(o, 1)
        dispatcher.rest()
        later = await o.submit()
        assert await dispatcher.look(), "another node is told that it has something to do"
        room = asyncio.create_task(dispatcher.room())
        go_on.set()
        await o.until(first, COMPLETED)
        for _ in range(20):
            left = await o.state(later)
            assert (left.state, left.tries) == (QUEUED, 0)
        assert not room.done()
        room.cancel()
        await dispatcher.stop()


async def test_there_is_room_again_when_a_task_has_ended(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store, concurrency=1) as o:
        go_on = held(o)
        dispatcher = o.dispatcher()
        dispatcher.start()
        await o.submit()
        await begun(o, 1)
        waiting = asyncio.create_task(dispatcher.room())
        await o.submit()
        assert not waiting.done()
        go_on.set()
        await asyncio.wait_for(waiting, 10)
        await dispatcher.stop()


async def test_other_nodes_are_told_of_what_came_due_later_where_there_is_no_room_for_it(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store, concurrency=1, poll_s=0.01) as o:
        o.behave = never
        messages = Messages()
        dispatcher = o.dispatcher(messages=messages)
        dispatcher.start()
        await o.submit()
        await begun(o, 1)
        await o.submit(delay_s=60)
        assert not await dispatcher.look(), "nothing more is due"
        messages.turns.clear()
        for _ in range(20):
            await o.tasks.store.waiting(LEDGER)
        assert messages.turns == []
        store.clock.advance(61)
        dispatcher.wake()
        await once(o, lambda: len(messages.turns) > 0)
        await dispatcher.stop()


async def test_a_defect_of_a_look_is_seen_and_the_next_one_is_made(
    sqlite_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        dispatcher = o.dispatcher()
        with monkeypatch.context() as patch:
            patch.setattr(o.tasks.store, "next_us", lambda: None)
            dispatcher.start()
            assert await dispatcher.look()
            healthy = [dispatcher.healthy]
        await o.until(await o.submit(), COMPLETED)
        healthy.append(dispatcher.healthy)
        assert healthy == [False, True]
        await dispatcher.stop()


async def test_what_nobody_could_be_asked_for_in_time_expires_all_the_same(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        o.shut = ["local"]
        task = await o.submit()
        store.clock.advance(o.settings.max_age_s + 1)
        dispatcher = o.dispatcher()
        dispatcher.start()
        ended = await o.until(task, FAILED)
        assert (ended.code, ended.tries, o.seen) == ("task_expired", 0, [])
        await dispatcher.stop()


async def test_a_node_does_not_take_its_own_tasks_for_lost_ones(sqlite_settings: Settings, tmp_path: Path) -> None:
    """A machine that was suspended, or whose clock was set: the lease is over, and the task is still being run."""
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        go_on = held(o)
        dispatcher = o.dispatcher()
        dispatcher.start()
        task = await o.submit(tries=1)
        await begun(o, 1)
        store.clock.advance(60)
        assert not await dispatcher.look()
        go_on.set()
        ended = await o.until(task, COMPLETED, FAILED)
        assert (ended.state, ended.tries, len(o.seen)) == (COMPLETED, 1, 1)
        await dispatcher.stop()


@pytest.mark.parametrize("error", [LedgerUnavailable("no"), ZeroDivisionError()], ids=["database", "defect"])
async def test_leases_that_could_not_be_prolonged_are_prolonged_at_the_next_turn(
    sqlite_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store, lease_s=60.0) as o:
        turns: list[int] = []

        async def renew(*_: object, **__: object) -> list[Any]:
            turns.append(1)
            if len(turns) < 3:
                raise error
            return []

        monkeypatch.setattr("gateway.exchange.dispatcher.HOUSEKEEPING_S", 0.001)
        monkeypatch.setattr(o.tasks.store, "renew", renew)
        o.behave = never
        dispatcher = o.dispatcher()
        dispatcher.start()
        await o.submit()
        await begun(o, 1)
        await once(o, lambda: len(turns) >= 3)
        await dispatcher.stop()


async def test_who_serves_by_a_policy_that_is_not_in_force_leaves_tasks_to_others(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        known = False
        dispatcher = o.dispatcher(current=lambda tenant: known)
        dispatcher.start()
        task = await o.submit()
        for _ in range(5):
            await dispatcher.look()
        assert ((await o.state(task)).state, o.seen) == (QUEUED, [])
        known = True
        dispatcher.wake()
        await o.until(task, COMPLETED)
        await dispatcher.stop()


@pytest.mark.parametrize("why", ["target", "credential"])
async def test_what_a_policy_that_is_not_in_force_refuses_is_put_back_and_no_try(
    sqlite_settings: Settings, tmp_path: Path, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node that was not started anew yet knows nothing of an agent or an issuer that is new."""
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        stale = True

        async def asked(tenant: str) -> bool:
            return not stale

        async def recheck(self: Standing, identity: Identity) -> Identity | Refusal:
            return Refusal(code="credential_issuer")

        if why == "target":
            o.behave = ending("unknown_target")
        else:
            monkeypatch.setattr(Standing, "recheck", recheck)
        dispatcher = o.dispatcher(asked=asked)
        dispatcher.start()
        task = await o.submit(tries=2)
        await once(o, lambda: o.counted.count("retried:policy_changed") > 3)
        await dispatcher.stop()
        found = await o.state(task)
        assert (found.code, found.ended_us, found.tries < 2) == ("policy_changed", None, True)
        stale = False
        again = o.dispatcher("nd_2/bt_1", asked=asked)
        again.start()
        store.clock.advance(60)
        ended = await o.until(task, FAILED)
        assert ended.code == ("unknown_target" if why == "target" else "credential_issuer")
        await again.stop()


async def test_where_agents_wait_for_requests_tasks_are_looked_for_as_often_as_without_messages(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store, poll_s=0.01, sweep_s=60) as o:
        waited = False
        dispatcher = o.dispatcher(messages=Messages(), waited=lambda: waited)
        assert dispatcher._patience_s() == 60
        waited = True
        assert dispatcher._patience_s() == 0.01
