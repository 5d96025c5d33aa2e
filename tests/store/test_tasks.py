"""Tasks in the database: claimed by one at a time, taken over when their holder is gone, moved by who has them."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Update, update

from gateway.ledger.entry import Entry, SealedPart
from gateway.settings import Settings
from gateway.store.engine import writing
from gateway.store.tables import metadata
from gateway.store.tasks import (
    CANCELLED,
    COMPLETED,
    FAILED,
    QUEUED,
    RUNNING,
    Claim,
    Task,
    TaskStore,
    created,
    moved,
)
from gateway.store.writer_base import LedgerWriter
from tests.store.kit import LEDGER, START_US, Store, entry, opened

ME, OTHER = "nd_1/bt_1", "nd_2/bt_1"
LEASE_US = 30_000_000
REQUEST = SealedPart(part="task.request", key="k", nonce=b"n", ciphertext=b"c")


def made(name: str = "t1", **fields: Any) -> Task:
    values: dict[str, Any] = {
        "tenant": LEDGER,
        "id": name,
        "state": QUEUED,
        "version": 0,
        "actor": "ac_1",
        "principal": b"p",
        "protocol": "openai",
        "target": "ward",
        "action": "chat",
        "priority": 5,
        "due_us": START_US,
        "expires_us": START_US + 60_000_000,
        "tries": 0,
        "most_tries": 3,
        "created_us": START_US,
        "exchange": "ex_1",
        "trace": "1" * 32,
        "digest": b"d",
        **fields,
    }
    return Task(**values)


async def put(store: Store, *tasks: Task) -> TaskStore:
    async with store.writer() as writer:
        for one in tasks:
            assert await writer.submit(Entry(draft=entry().draft, change=created(one, REQUEST))) is not None
    return TaskStore(store.engine, store.clock)


async def move(writer: LedgerWriter, one: Task, **values: Any) -> bool:
    return await writer.submit(Entry(draft=entry().draft, change=moved(one, values))) is not None


async def claim(tasks: TaskStore, holder: str = ME, limit: int = 10, **more: Any) -> list[Claim]:
    return await tasks.claim(LEDGER, holder, lease_us=LEASE_US, limit=limit, **more)


async def renew(tasks: TaskStore, *ids: str, holder: str = ME) -> list[tuple[str, str, str]]:
    return await tasks.renew(holder, lease_us=LEASE_US, under_way=[(LEDGER, one) for one in ids])


def names(claims: list[Claim]) -> list[str]:
    return [one.task.id for one in claims]


async def test_a_task_is_read_as_it_was_made_and_a_key_is_used_once(store: Store) -> None:
    tasks = await put(store, made(idempotency=b"i"))
    assert await tasks.get(LEDGER, "t1") == made(idempotency=b"i")
    assert await tasks.by_key(LEDGER, b"i") == made(idempotency=b"i")
    assert await tasks.content(LEDGER, "t1", "request") == REQUEST
    others = [
        await tasks.get("tn_x", "t1"),
        await tasks.by_key("tn_x", b"i"),
        await tasks.content("tn_x", "t1", "request"),
    ]
    assert others == [None, None, None]
    async with store.writer() as writer:
        again = Entry(draft=entry().draft, change=created(made("t2", idempotency=b"i"), REQUEST))
        assert await writer.submit(again) is None
    assert await tasks.get(LEDGER, "t2") is None


async def test_two_that_claim_at_once_get_different_tasks(store: Store) -> None:
    tasks = await put(store, *(made(f"t{n}") for n in range(6)))
    both = await asyncio.gather(claim(tasks, ME, 3), claim(tasks, OTHER, 3))
    got = names([*both[0], *both[1]])
    assert len(got) == len(set(got))
    assert set(got) | set(names(await claim(tasks))) == {f"t{n}" for n in range(6)}


async def test_the_most_urgent_that_is_due_comes_first_and_a_busy_targets_tasks_stay(store: Store) -> None:
    tasks = await put(
        store,
        made("low", priority=1),
        made("late", due_us=START_US + 1_000_000),
        made("high", priority=9),
        made("full", priority=9, target="desk"),
        made("elsewhere", tenant=LEDGER, priority=0, target="cloud"),
    )
    assert names(await claim(tasks, busy=["desk"])) == ["high", "low", "elsewhere"]
    assert names(await claim(tasks)) == ["full"]
    assert await claim(tasks) == []
    assert await tasks.next_us() == {LEDGER: START_US + 1_000_000}
    store.clock.advance(1)
    assert names(await claim(tasks)) == ["late"]


async def test_a_lease_that_ran_out_is_anothers_and_the_first_one_moves_it_no_more(store: Store) -> None:
    tasks = await put(store, made())
    (first,) = await claim(tasks)
    assert (first.found, first.task.state, first.task.tries, first.task.holder) == (False, RUNNING, 1, ME)
    assert await tasks.get(LEDGER, "t1") == first.task
    store.clock.advance(29)
    assert await renew(tasks, "t1") == []
    store.clock.advance(29)
    assert await claim(tasks, OTHER) == []
    store.clock.advance(2)
    (second,) = await claim(tasks, OTHER)
    assert (second.found, second.task.tries, second.task.version) == (True, 2, 2)
    async with store.writer() as writer:
        assert not await move(writer, first.task, state=COMPLETED, ended_us=1)
        assert await move(writer, second.task, state=COMPLETED, ended_us=1)
        assert not await move(writer, second.task, state=FAILED, ended_us=1)
    found = await tasks.get(LEDGER, "t1")
    assert found is not None
    assert found.state == COMPLETED


async def test_what_a_former_boot_of_the_same_node_had_is_taken_over_at_once(store: Store) -> None:
    tasks = await put(store, made())
    await claim(tasks, "nd_1/bt_0")
    assert await claim(tasks, OTHER) == []
    (again,) = await claim(tasks, ME)
    assert again.found
    assert await claim(tasks, ME) == []


async def test_what_nobody_runs_any_more_is_queued_again_though_its_target_is_busy(store: Store) -> None:
    """An agent that fetches, of which nobody waits: else it would be told as running until somebody did."""
    tasks = await put(store, made("pulled"), made("full", target="desk"), made("ours"), made("fresh"))
    await claim(tasks)
    store.clock.advance(29)
    await tasks.renew(ME, lease_us=30_000_000, under_way=[(LEDGER, "fresh")])
    store.clock.advance(2)
    got = await claim(tasks, OTHER, busy=["ward"], room=lambda target: 0, ours=["ours"])
    assert got == []
    found = {name: await tasks.get(LEDGER, name) for name in ("pulled", "full", "ours", "fresh")}
    told = {name: one and (one.state, one.holder, one.tries, one.version) for name, one in found.items()}
    assert told == {
        "pulled": (QUEUED, None, 1, 2),
        "full": (QUEUED, None, 1, 2),
        "ours": (RUNNING, ME, 1, 1),
        "fresh": (RUNNING, ME, 1, 1),
    }
    (again,) = [one for one in await claim(tasks, OTHER, limit=1) if one.task.id != "ours"]
    assert (again.found, again.task.tries) == (False, 2)


async def test_what_nobody_runs_any_more_and_can_only_be_ended_is_taken_whoever_is_busy(store: Store) -> None:
    tasks = await put(store, made("unwanted"), made("tried", most_tries=1), made("other"))
    await claim(tasks)
    assert await tasks.wish_cancelled(LEDGER, "unwanted", "ac_2")
    assert await claim(tasks, OTHER, busy=["ward"]) == []
    store.clock.advance(31)
    got = await claim(tasks, OTHER, busy=["ward"], never=["tried"], room=lambda target: 0)
    assert sorted(names(got)) == ["tried", "unwanted"]
    assert all(one.found for one in got)


async def test_that_a_result_was_fetched_is_known_since_when_it_first_was(store: Store) -> None:
    tasks = await put(store, made(), made("t2"))
    await tasks.fetched(LEDGER, "t1")
    await tasks.fetched("tn_x", "t2")
    first = store.clock.now_us()
    store.clock.us += 5
    await tasks.fetched(LEDGER, "t1")
    found = [await tasks.get(LEDGER, name) for name in ("t1", "t2")]
    assert [one and one.fetched_us for one in found] == [first, None]


async def test_a_wish_to_cancel_reaches_whoever_runs_the_task(store: Store) -> None:
    tasks = await put(store, made(), made("t2"))
    assert not await tasks.wish_cancelled(LEDGER, "t1", "ac_2")
    await claim(tasks, limit=1)
    assert not await tasks.wish_cancelled("tn_x", "t1", "ac_2")
    assert await tasks.wish_cancelled(LEDGER, "t1", "ac_2")
    assert await renew(tasks, "t1", holder=OTHER) == []
    assert await renew(tasks, "t1") == [(LEDGER, "t1", "ac_2")]


async def test_only_what_is_under_way_is_prolonged_and_what_was_lost_sight_of_is_claimed_again(store: Store) -> None:
    tasks = await put(store, made("kept"), made("lost"))
    await claim(tasks)
    assert await tasks.wish_cancelled(LEDGER, "lost", "ac_2")
    store.clock.advance(29)
    assert await renew(tasks, "kept") == []
    assert await renew(tasks) == []
    store.clock.advance(2)
    assert names(await claim(tasks)) == ["lost"]


async def test_a_target_gets_no_more_than_it_has_room_for(store: Store) -> None:
    tasks = await put(store, *(made(f"t{n}") for n in range(3)), made("t9", target="desk"))
    room = {"ward": 1, "desk": 5}
    assert names(await claim(tasks, room=room.__getitem__)) == ["t0", "t9"]
    assert names(await claim(tasks)) == ["t1", "t2"]


async def test_tasks_are_counted_and_listed_by_state_the_newest_first(store: Store) -> None:
    tasks = await put(store, made("t1"), made("t2", due_us=START_US - 5), made("t3", state=FAILED, ended_us=7))
    assert await tasks.waiting(LEDGER) == 2
    depths = {(one.state, one.count, one.since_us) for one in await tasks.depths()}
    assert depths == {(QUEUED, 2, START_US - 5), (FAILED, 1, 7)}
    assert [one.id for one in await tasks.page(LEDGER)] == ["t3", "t2", "t1"]
    assert [one.id for one in await tasks.page(LEDGER, QUEUED, limit=1)] == ["t2"]
    assert [one.id for one in await tasks.page(LEDGER, before="t2")] == ["t1"]
    assert await tasks.page("tn_x") == []


async def test_what_ended_long_ago_is_removed_with_what_is_sealed_of_it(store: Store) -> None:
    old = {"ended_us": 10}
    tasks = await put(
        store,
        made("done", state=COMPLETED, **old),
        made("gone", state=CANCELLED, **old),
        made("dead", state=FAILED, **old),
        made("new", state=COMPLETED, ended_us=30),
        made("open"),
    )
    assert await tasks.sweep(ended_before_us=20, failed_before_us=5) == 2
    assert await tasks.content(LEDGER, "done", "request") is None
    assert {one.id for one in await tasks.page(LEDGER)} == {"dead", "new", "open"}
    assert await tasks.sweep(ended_before_us=20, failed_before_us=20) == 1
    assert await tasks.sweep(ended_before_us=20, failed_before_us=20) == 0


async def test_a_result_is_kept_with_the_end_and_gone_when_the_task_begins_anew(store: Store) -> None:
    tasks = await put(store, made())
    (held,) = await claim(tasks)
    result = msgspec.structs.replace(REQUEST, part="task.result")
    async with store.writer() as writer:
        change = moved(held.task, {"state": FAILED, "ended_us": 1}, result)
        assert await writer.submit(Entry(draft=entry().draft, change=change)) is not None
        assert await tasks.content(LEDGER, "t1", "result") == result
        failed = await tasks.get(LEDGER, "t1")
        assert failed is not None
        assert await move(writer, failed, state=QUEUED, ended_us=None)
    assert await tasks.content(LEDGER, "t1", "result") is None
    assert await tasks.content(LEDGER, "t1", "request") == REQUEST


@pytest.mark.parametrize("name", ["state", "version", "id"])
def test_a_move_names_the_state_that_it_stands_on(name: str) -> None:
    assert name in moved(made(), {"state": COMPLETED}).where


@pytest.mark.postgres
async def test_who_prolongs_or_sweeps_waits_for_no_row_that_the_ledgers_writer_has(
    postgres_settings: Settings, tmp_path: Path
) -> None:
    """The writer ends tasks of one batch in an order of its own. Who held one of them and waited for another would have
    PostgreSQL end one of the two, and the writer's batch with it."""
    async with opened(postgres_settings, tmp_path) as store:
        tasks = await put(store, *(made(name) for name in ("t1", "t2", "t3", "t4")))
        await claim(tasks)
        table = metadata.tables["task"]

        def end(name: str, **values: Any) -> Update:
            return update(table).where(table.c.tenant == LEDGER, table.c.id == name).values(**values)

        async with writing(store.engine, LEDGER) as connection:
            await connection.execute(end("t3", state=COMPLETED, ended_us=1))
            await connection.execute(end("t4", state=FAILED, ended_us=1))
        store.clock.advance(1)
        async with asyncio.timeout(10), writing(store.engine, LEDGER) as writer:
            await writer.execute(end("t2", state=COMPLETED, ended_us=1))
            await writer.execute(end("t4", state=QUEUED))
            assert await renew(tasks, "t1", "t2") == []
            assert await tasks.sweep(ended_before_us=2, failed_before_us=2) == 1
            await writer.execute(end("t1", cancelled_by="ac_2"))
        kept = {name: await tasks.get(LEDGER, name) for name in ("t1", "t2", "t3", "t4")}
        assert {name: one and one.state for name, one in kept.items()} == {
            "t1": RUNNING,
            "t2": COMPLETED,
            "t3": None,
            "t4": QUEUED,
        }
        assert kept["t1"] is not None
        assert kept["t1"].lease_us == START_US + 1_000_000 + LEASE_US
        assert await tasks.content(LEDGER, "t3", "request") is None


async def test_what_has_expired_is_taken_though_its_target_is_busy_or_this_node_cannot_read_it(store: Store) -> None:
    tasks = await put(store, made("old"), made("new", expires_us=START_US + 90_000_000))
    store.clock.advance(61)
    assert names(await claim(tasks, busy=["ward"], never=["old", "new"], room=lambda target: 0)) == ["old"]


async def test_what_is_under_way_here_is_not_taken_again_and_its_lease_comes_back_to_life(store: Store) -> None:
    tasks = await put(store, made(expires_us=START_US + 10**12))
    (first,) = await claim(tasks)
    store.clock.advance(31)
    assert await claim(tasks, ours=["t1"]) == []
    await renew(tasks, "t1")
    assert await claim(tasks, OTHER) == []
    assert (await tasks.get(LEDGER, "t1") or made()).version == first.task.version
