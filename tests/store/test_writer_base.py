"""The writer's promises, on both databases."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from gateway.core.errors import DenialsMoved, FormatError, LedgerUnavailable, PolicyMoved
from gateway.core.ids import random_id
from gateway.ledger.chain import leaf_hash
from gateway.ledger.entry import Appended, Entry
from gateway.settings import Settings
from gateway.store.writer_base import LedgerWriter
from tests.conftest import ManualClock
from tests.services import Postgres
from tests.store.ledger_kit import (
    POLICY,
    START_US,
    TENANT,
    Failpoints,
    Keys,
    activation,
    data_key,
    intent,
    note,
    outcome,
    part,
    rows,
    until,
    whole,
    writer_on,
)
from tests.store.taken_back import Copies


def _fails() -> None:
    raise OSError("the disk said no")


def _ex(entry: Entry) -> str:
    assert entry.envelope.exchange is not None
    return entry.envelope.exchange


WRITTEN = (
    "SELECT seq, event, exchange FROM record WHERE tenant = :tenant",
    "SELECT seq, length(bytes) FROM detail WHERE tenant = :tenant",
    "SELECT seq, part, key, ciphertext FROM sealed WHERE tenant = :tenant",
    "SELECT subject, seq FROM subject_record WHERE tenant = :tenant",
    "SELECT size, denied FROM head WHERE tenant = :tenant",
    "SELECT exchange, seq FROM open_exchange WHERE tenant = :tenant",
)


def _steps_counted(writer: LedgerWriter) -> list[str]:
    """Has an element for each batch that is written step by step from now on."""
    went: list[str] = []
    call = writer._write_in_steps

    async def steps(*given: Any) -> Any:
        went.append("in steps")
        return await call(*given)

    setattr(writer, "_write_in_steps", steps)  # noqa: B010 — a method of one writer
    return went


async def test_an_append_answers_with_the_place_and_hash_that_are_then_in_the_database(
    database: Settings, clock: ManualClock
) -> None:
    async with writer_on(database, clock) as writer:
        answers = [await writer.append(note()) for _ in range(3)]
    assert [a.seq for a in answers] == [0, 1, 2]
    stored = await rows(database, "SELECT bytes, hash, recorded_at FROM record ORDER BY seq")
    assert [(a.leaf_hash, a.recorded_at) for a in answers] == [(h, t) for _, h, t in stored]
    assert [leaf_hash(data) for data, _, _ in stored] == [a.leaf_hash for a in answers]
    assert len(await whole(database)) == 3


async def test_many_appends_at_once_share_transactions_and_keep_their_order(
    database: Settings, clock: ManualClock
) -> None:
    sizes: list[int] = []
    entries = [note() for _ in range(2_500)]
    async with writer_on(database, clock, on_batch=lambda size, _: sizes.append(size)) as writer:
        answers = await asyncio.gather(*(writer.append(entry) for entry in entries))
        assert writer.lag == 0
    assert [answer.seq for answer in answers] == list(range(2_500))
    assert sum(sizes) == 2_500
    assert max(sizes) <= 1_000
    assert len(sizes) < 10
    assert [e.id for e in await whole(database)] == [entry.envelope.id for entry in entries]


async def test_those_who_come_together_to_an_idle_writer_share_a_batch_and_who_comes_alone_waits_for_nobody(
    database: Settings, clock: ManualClock
) -> None:
    sizes: list[int] = []
    turns: list[int] = []
    async with writer_on(database, clock, on_batch=lambda size, _: sizes.append(size)) as writer:
        await writer.append(note())
        for count in (1, 5):
            await asyncio.sleep(0.02)  # it sleeps again
            waiting = [writer.submit(note()) for _ in range(count)]
            turns.append(0)
            while writer.lag:
                await asyncio.sleep(0)
                turns[-1] += 1
            await asyncio.gather(*waiting)
    assert sizes == [1, 1, 5]
    assert turns[0] < turns[1]


async def test_everything_of_an_entry_is_written_in_its_transaction(database: Settings, clock: ManualClock) -> None:
    entry = intent(sealed=(part(),), keys=(data_key(),), subjects=("su_1", "su_2"))
    keys = Keys()
    async with writer_on(database, clock, keyring=keys) as writer:
        await writer.append(entry)
        assert await rows(database, "SELECT tenant, seq, salt, bytes FROM detail") == [
            (TENANT, 0, entry.salt, entry.detail)
        ]
        assert await rows(database, "SELECT seq, part, key, nonce, ciphertext FROM sealed") == [
            (0, "request", "dk_1", bytes(12), b"sealed")
        ]
        assert await rows(database, "SELECT subject, seq FROM subject_record ORDER BY 1") == [("su_1", 0), ("su_2", 0)]
        opened = await rows(database, "SELECT exchange, node, boot, seq, opened_at FROM open_exchange")
        assert opened == [(_ex(entry), "nd_1", "bt_1", 0, entry.envelope.occurred_at)]
        await writer.append(outcome(_ex(entry)))
        assert await rows(database, "SELECT * FROM open_exchange") == []
    assert keys.kept == ["dk_1"]


async def test_an_exchange_opened_and_closed_in_one_batch_leaves_nothing_open(
    database: Settings, clock: ManualClock
) -> None:
    entry = intent()
    async with writer_on(database, clock) as writer:
        await asyncio.gather(writer.append(entry), writer.append(outcome(_ex(entry))))
    assert await rows(database, "SELECT * FROM open_exchange") == []
    assert [e.event for e in await whole(database)] == ["exchange.requested", "exchange.completed"]


async def test_a_second_end_of_an_exchange_is_recorded_as_late(database: Settings, clock: ManualClock) -> None:
    entry = intent()
    async with writer_on(database, clock) as writer:
        await writer.append(entry)
        await writer.append(outcome(_ex(entry)))
        await asyncio.gather(writer.append(outcome(_ex(entry))), writer.append(outcome(_ex(entry))))
        assert await writer.interrupt(entry.envelope) is None
    events = [e.event for e in await whole(database)]
    assert events == ["exchange.requested", "exchange.completed", "exchange.late", "exchange.late"]


async def test_two_ends_in_one_batch_are_one_end_and_one_late(database: Settings, clock: ManualClock) -> None:
    entry = intent()
    async with writer_on(database, clock) as writer:
        await writer.append(entry)
        await asyncio.gather(writer.append(outcome(_ex(entry))), writer.append(outcome(_ex(entry))))
    assert [e.event for e in await whole(database)][1:] == ["exchange.completed", "exchange.late"]


async def test_an_intent_decided_under_another_policy_is_refused_and_the_others_are_not(
    database: Settings, clock: ManualClock
) -> None:
    async with writer_on(database, clock) as writer:
        before = writer.policy
        await writer.append(activation())
        assert (before, writer.policy) == (None, POLICY)
        answers = await asyncio.gather(
            writer.append(intent(decided_under=POLICY)),
            writer.append(intent(decided_under="sha256:" + "b" * 64)),
            writer.append(note()),
            return_exceptions=True,
        )
        assert isinstance(answers[1], PolicyMoved)
        assert [a.seq for a in answers if isinstance(a, Appended)] == [1, 2]
        with pytest.raises(PolicyMoved):
            await writer.append(intent(decided_under="sha256:" + "b" * 64))
        assert writer.refused == 0
    assert len(await rows(database, "SELECT * FROM open_exchange")) == 1
    assert await rows(database, "SELECT seq, digest FROM policy_active") == [(0, POLICY)]
    assert await rows(database, "SELECT policy FROM head") == [(POLICY,)]


async def test_within_a_batch_an_activation_counts_from_the_next_entry_on(
    database: Settings, clock: ManualClock
) -> None:
    async with writer_on(database, clock) as writer:
        answers = await asyncio.gather(
            writer.append(activation()), writer.append(intent(decided_under=POLICY)), return_exceptions=True
        )
    assert all(isinstance(answer, Appended) for answer in answers)


async def test_a_clock_that_goes_backwards_does_not_turn_recorded_time_back(
    database: Settings, clock: ManualClock
) -> None:
    async with writer_on(database, clock) as writer:
        first = await writer.append(note())
        clock.advance(-3600)
        second = await writer.append(note())
        clock.advance(7200)
        third = await writer.append(note())
    assert first.recorded_at == second.recorded_at < third.recorded_at
    await whole(database)


async def test_the_chain_goes_on_where_the_last_writer_stopped(database: Settings, clock: ManualClock) -> None:
    for expected in range(3):
        async with writer_on(database, clock) as writer:
            assert (await writer.append(note())).seq == expected
    assert len(await whole(database)) == 3


@pytest.mark.parametrize("together", [False, True], ids=["one by one", "in one batch"])
async def test_at_once_and_step_by_step_the_same_is_written(
    database: Settings, clock: ManualClock, together: bool
) -> None:
    """On a head that is as it was left a batch is one go; the tables are then as steps leave them."""
    ways = {}
    for at_once in (True, False):
        tenant = random_id("tn")
        entries = [
            note(tenant),
            intent("ex_a", tenant, sealed=(part(),), subjects=("su_a", "su_b")),
            intent("ex_b", tenant),
            *(outcome("ex_a", tenant) for _ in range(2)),
        ]
        async with writer_on(database, clock, tenant=tenant) as writer:
            await writer.append(note(tenant))
            went = _steps_counted(writer)
            for lot in (entries,) if together else ([one] for one in entries):
                if not at_once:
                    writer._left = None  # as after somebody else's batch
                await asyncio.gather(*map(writer.append, lot))
        # That the second end is late is only seen under the lock, unless the first is in the same batch.
        assert (
            len(went)
            == {(True, True): 0, (True, False): 1, (False, True): 1, (False, False): len(entries)}[at_once, together]
        )
        await whole(database, tenant)
        ways[at_once] = [await rows(database, f"{query} ORDER BY 1, 2", tenant=tenant) for query in WRITTEN]
    assert ways[True] == ways[False]
    assert ways[True][-1] == [("ex_b", 3)], "the other is closed"


@pytest.mark.parametrize("moved", ["policy", "deny-list"])
async def test_the_end_of_what_was_refused_to_begin_is_on_no_record(
    database: Settings, clock: ManualClock, moved: str
) -> None:
    """A caller goes away while the policy, or the deny-list, moves: the end comes with the beginning, in one batch."""
    under: dict[str, Any] = {"decided_under": POLICY} if moved == "policy" else {"denied_under": 0}
    async with writer_on(database, clock) as writer:
        await writer.append(activation("sha256:" + "b" * 64))
        await writer.append(note(denies=moved == "deny-list"))
        begun = writer.submit(intent("ex_a", **under))
        ended = writer.submit(outcome("ex_a"), only_if_open=True)
        assert await ended is None
        with pytest.raises(PolicyMoved if moved == "policy" else DenialsMoved):
            await begun
    assert {one.exchange for one in await whole(database)} == {None}


async def test_where_another_writer_was_there_meanwhile_what_was_to_be_done_at_once_is_done_in_steps(
    database: Settings, clock: ManualClock
) -> None:
    async with writer_on(database, clock) as one, writer_on(database, clock) as other:
        opened = intent()
        await one.append(opened)
        went = _steps_counted(one)
        assert await other.append(outcome(_ex(opened))) is not None
        await one.append(outcome(_ex(opened)))
        assert went == ["in steps"]
        await one.append(note())
        assert went == ["in steps"], "the head is as it was left again"
    assert [record.event for record in await whole(database)] == [
        "exchange.requested",
        "exchange.completed",
        "exchange.late",
        "config.changed",
    ]


async def test_several_writers_of_one_ledger_take_turns_and_lose_nothing(
    database: Settings, clock: ManualClock
) -> None:
    async with (
        writer_on(database, clock) as one,
        writer_on(database, clock) as two,
        writer_on(database, clock) as three,
    ):
        answers = await asyncio.gather(*(w.append(note()) for _ in range(60) for w in (one, two, three)))
    assert sorted(a.seq for a in answers) == list(range(180))
    assert len(await whole(database)) == 180


async def test_an_exchange_that_another_writer_closed_meanwhile_is_seen_as_closed(
    database: Settings, clock: ManualClock
) -> None:
    async with writer_on(database, clock) as one, writer_on(database, clock) as two:
        entries = [intent() for _ in range(40)]
        await asyncio.gather(*(one.append(entry) for entry in entries))
        ends = [(w, _ex(entry)) for entry in entries for w in (one, two)]
        await asyncio.gather(*(w.append(outcome(exchange)) for w, exchange in ends))
    events = [e.event for e in await whole(database)]
    assert events.count("exchange.completed") == events.count("exchange.late") == 40


async def test_ledgers_of_two_tenants_do_not_touch_each_other(database: Settings, clock: ManualClock) -> None:
    async with writer_on(database, clock) as one, writer_on(database, clock, tenant="_system") as two:
        await asyncio.gather(*(one.append(note()) for _ in range(5)), *(two.append(note("_system")) for _ in range(3)))
    assert len(await whole(database)) == 5
    assert len(await whole(database, "_system")) == 3


async def test_cancelling_the_wait_does_not_withdraw_the_record(database: Settings, clock: ManualClock) -> None:
    async with writer_on(database, clock) as writer:
        waiting = asyncio.create_task(writer.append(note()))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await writer.append(note())
    assert len(await whole(database)) == 2


async def test_stopping_writes_what_waits_and_refuses_what_comes_after(database: Settings, clock: ManualClock) -> None:
    async with writer_on(database, clock, keyring=Keys()) as writer:
        entries = [intent(keys=(data_key(),)) if n % 2 else note() for n in range(20)]
        waiting = [asyncio.create_task(writer.append(entry)) for entry in entries]
        await asyncio.sleep(0)
        await writer.stop()
        assert [(await task).seq for task in waiting] == list(range(20))
        with pytest.raises(LedgerUnavailable):
            await writer.append(note())
    assert len(await whole(database)) == 20


async def test_what_waits_for_its_keys_when_the_writer_is_stopped_is_written_all_the_same(
    database: Settings, clock: ManualClock
) -> None:
    """The records before it are long on disk by the time its keys are."""
    synced = threading.Event()

    class Slow(Keys):
        def persist(self, keys: Any) -> None:
            assert synced.wait(30)
            super().persist(keys)

    async with writer_on(database, clock, keyring=Slow()) as writer:
        before = asyncio.create_task(writer.append(note()))
        keyed = asyncio.create_task(writer.append(intent(keys=(data_key(),))))
        await asyncio.sleep(0)
        stopping = asyncio.create_task(writer.stop())
        assert (await before).seq == 0
        for _ in range(20):  # turns in which a writer with nothing in its queue would end
            await asyncio.sleep(0)
        synced.set()
        assert (await asyncio.wait_for(keyed, 30)).seq == 1
        await stopping
    assert len(await whole(database)) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        note(tenant="tn_other"),
        note(opens=True),
        note(closes=True),
        note(detail=b"{}"),
        note(salt=bytes(32)),
        note(keys=(data_key(),)),
    ],
)
async def test_an_entry_that_does_not_hold_together_is_refused_before_it_is_queued(
    sqlite_settings: Settings, clock: ManualClock, wrong: Entry
) -> None:
    async with writer_on(sqlite_settings, clock) as writer:
        with pytest.raises(FormatError):
            await writer.append(wrong)
        assert writer.refused == 0
        assert (await writer.append(note())).seq == 0


@pytest.mark.parametrize("where", ["before_insert", "before_commit"])
async def test_what_fails_before_the_commit_is_nowhere_and_told_as_such(
    database: Settings, clock: ManualClock, where: str
) -> None:
    failpoints = Failpoints()
    async with writer_on(database, clock, failpoint=failpoints, retry_s=60) as writer:
        await writer.append(note())
        failpoints.actions = {f"ledger.{where}": _fails}
        answers = await asyncio.gather(*(writer.append(intent()) for _ in range(5)), return_exceptions=True)
        assert all(isinstance(answer, LedgerUnavailable) for answer in answers)
        assert (writer.healthy, writer.refused) == (False, 5)
        assert len(await whole(database)) == 1
        failpoints.actions = {}
        assert (await writer.append(note())).seq == 2
        assert (writer.healthy, writer.refused) == (True, 0)
    recovered = (await whole(database))[1]
    assert (recovered.event, recovered.count) == ("ledger.recovered", 5)
    assert recovered.outcome is not None
    assert recovered.outcome.code == "ledger_unavailable"
    assert await rows(database, "SELECT * FROM open_exchange") == []


async def test_a_refused_entry_can_be_appended_again_by_whoever_wants_to(
    database: Settings, clock: ManualClock
) -> None:
    failpoints = Failpoints(before_commit=_fails)
    entry = intent()
    async with writer_on(database, clock, failpoint=failpoints, retry_s=60) as writer:
        with pytest.raises(LedgerUnavailable):
            await writer.append(entry)
        failpoints.actions = {}
        await writer.append(entry)
    assert [e.event for e in await whole(database)] == ["ledger.recovered", "exchange.requested"]


async def test_a_failure_after_the_commit_is_found_to_have_landed_and_acknowledged(
    database: Settings, clock: ManualClock
) -> None:
    failpoints = Failpoints(after_commit=_fails)
    async with writer_on(database, clock, failpoint=failpoints) as writer:
        answers = await asyncio.gather(*(writer.append(note()) for _ in range(3)))
        assert [a.seq for a in answers] == [0, 1, 2]
        assert writer.healthy
        failpoints.actions = {}
        assert (await writer.append(note())).seq == 3
    assert len(await whole(database)) == 4


async def test_a_writer_that_failed_finds_out_by_itself_that_the_database_is_back(
    database: Settings, clock: ManualClock
) -> None:
    failpoints = Failpoints(before_commit=_fails)
    async with writer_on(database, clock, failpoint=failpoints) as writer:
        with pytest.raises(LedgerUnavailable):
            await writer.append(intent())
        failpoints.actions = {}
        await until(lambda: writer.healthy)
    assert [e.event for e in await whole(database)] == ["ledger.recovered"]


async def test_an_exchange_whose_end_was_refused_is_closed_when_the_ledger_is_back(
    database: Settings, clock: ManualClock
) -> None:
    failpoints = Failpoints()
    entry = intent()
    async with writer_on(database, clock, failpoint=failpoints) as writer:
        await writer.append(entry)
        failpoints.actions = {"ledger.before_commit": _fails}
        with pytest.raises(LedgerUnavailable):
            await writer.append(outcome(_ex(entry)))
        failpoints.actions = {}
        await until(lambda: writer.healthy)
    records = await whole(database)
    assert [e.event for e in records] == ["exchange.requested", "ledger.recovered", "exchange.interrupted"]
    assert records[2].exchange == entry.envelope.exchange
    assert await rows(database, "SELECT * FROM open_exchange") == []


async def test_a_database_that_hangs_keeps_nobody_waiting_and_is_cleaned_up_after(
    database: Settings, clock: ManualClock
) -> None:
    """The intent is refused while its commit hangs, lands all the same, and is then closed as interrupted."""
    go_on = asyncio.Event()
    failpoints = Failpoints(after_commit=go_on.wait)  # type: ignore[arg-type]
    async with writer_on(database, clock, failpoint=failpoints, wait_s=0.2) as writer:
        refused = await asyncio.gather(*(writer.append(intent()) for _ in range(3)), return_exceptions=True)
        assert all(isinstance(answer, LedgerUnavailable) for answer in refused)
        with pytest.raises(LedgerUnavailable):
            await writer.append(note())
        assert not writer.healthy
        failpoints.actions = {}
        go_on.set()
        await until(lambda: writer.healthy and not writer.refused)
        await writer.append(note())
    events = [e.event for e in await whole(database)]
    assert events.count("exchange.requested") == events.count("exchange.interrupted") == 3
    assert events.count("ledger.recovered") == 1
    assert await rows(database, "SELECT * FROM open_exchange") == []


async def test_a_queue_that_is_full_refuses_at_once_and_counts(database: Settings, clock: ManualClock) -> None:
    go_on = asyncio.Event()
    failpoints = Failpoints(before_insert=go_on.wait)  # type: ignore[arg-type]
    async with writer_on(database, clock, failpoint=failpoints, limit=3) as writer:
        waiting = [asyncio.create_task(writer.append(note()))]
        await until(lambda: bool(failpoints.passed))
        waiting += [asyncio.create_task(writer.append(note())) for _ in range(3)]
        await until(lambda: writer.lag == 3)
        with pytest.raises(LedgerUnavailable):
            await writer.append(note())
        go_on.set()
        await asyncio.gather(*waiting)
    records = await whole(database)
    assert [e.count for e in records if e.event == "ledger.recovered"] == [1]
    assert len(records) == 5


class _BrokenKeys:
    def persist(self, keys: Any) -> None:
        raise OSError("no room for keys")


async def test_without_durable_keys_no_record_that_needs_them_is_written(
    database: Settings, clock: ManualClock
) -> None:
    async with writer_on(database, clock, keyring=_BrokenKeys(), retry_s=60) as writer:
        answers = await asyncio.gather(
            writer.append(note()),
            writer.append(intent(keys=(data_key(),), sealed=(part(),))),
            writer.append(note()),
            return_exceptions=True,
        )
    assert [isinstance(answer, Appended) for answer in answers] == [True, False, True]
    assert isinstance(answers[1], LedgerUnavailable)
    assert [e.event for e in await whole(database) if e.event != "ledger.recovered"] == ["config.changed"] * 2


async def test_a_metric_that_throws_does_not_stop_the_ledger(sqlite_settings: Settings, clock: ManualClock) -> None:
    def count(size: int, seconds: float) -> None:
        raise RuntimeError("no such metric")

    async with writer_on(sqlite_settings, clock, on_batch=count) as writer:
        assert [(await writer.append(note())).seq for _ in range(2)] == [0, 1]


async def test_failpoints_pass_in_the_order_of_the_life_of_a_batch(database: Settings, clock: ManualClock) -> None:
    failpoints = Failpoints()
    async with writer_on(database, clock, failpoint=failpoints) as writer:
        await writer.append(note())
    assert failpoints.passed == ["ledger.before_insert", "ledger.before_commit", "ledger.after_commit"]


async def test_occurred_at_stays_what_the_caller_said(database: Settings, clock: ManualClock) -> None:
    async with writer_on(database, clock) as writer:
        await writer.append(note(us=START_US - 10_000_000))
    record = (await whole(database))[0]
    assert record.recorded_at is not None
    assert record.occurred_at < record.recorded_at


async def test_a_database_that_lacks_what_was_committed_is_not_written_to_until_it_is_back(
    database: Settings, database_server: Postgres | None, clock: ManualClock, tmp_path: Path
) -> None:
    lost: list[tuple[str, int, bytes]] = []
    copies = Copies(database, database_server, tmp_path)
    async with writer_on(database, clock) as writer:
        await writer.append(note())
    copy = copies.make()

    def remember(*told: Any) -> bool:
        lost.append(told)
        return len(lost) > 1  # the first time there is no room for it

    async with writer_on(database, clock, on_lost=remember) as writer:
        second = await writer.append(note())
        newer = await asyncio.to_thread(copies.swap, copy)
        for _ in range(2):
            with pytest.raises(LedgerUnavailable):
                await writer.append(note())
        await until(lambda: len(lost) > 1)
        with pytest.raises(LedgerUnavailable):
            await writer.append(note())
        assert (writer.usable, writer.lost) == (False, True)
        assert lost == [(TENANT, 2, second.leaf_hash)] * 2, "until it is remembered"
        assert len(await whole(database)) == 1
        await asyncio.to_thread(copies.swap, newer)
        await until(lambda: writer.usable)
        assert (await writer.append(note())).seq == 3
    assert [one.event for one in await whole(database)][2] == "ledger.recovered"


@pytest.mark.parametrize("others", [1, 2])
async def test_another_record_in_the_place_of_one_that_was_committed_is_found_too(
    database: Settings, database_server: Postgres | None, clock: ManualClock, tmp_path: Path, others: int
) -> None:
    copies = Copies(database, database_server, tmp_path)
    async with writer_on(database, clock) as writer:
        await writer.append(note())
    copy = copies.make()
    async with writer_on(database, clock) as writer:
        await writer.append(note())
        await asyncio.to_thread(copies.swap, copy)
        async with writer_on(database, clock) as other:  # it knows nothing of the second
            for _ in range(others):
                await other.append(note(event="key.created"))
        with pytest.raises(LedgerUnavailable):
            await writer.append(note())
        assert not writer.usable
    assert [one.event for one in await whole(database)] == ["config.changed", *["key.created"] * others]


async def test_while_it_is_held_no_exchange_begins_and_those_under_way_end(
    sqlite_settings: Settings, clock: ManualClock
) -> None:
    async with writer_on(sqlite_settings, clock) as writer:
        await writer.append(activation())
        begun = intent()
        await writer.append(begun)
        writer.held = True
        looked = [writer.usable]
        with pytest.raises(LedgerUnavailable):
            await writer.append(intent())
        await writer.append(outcome(_ex(begun)))
        await writer.append(note())
        writer.held = False
        await writer.append(intent())
        assert [*looked, writer.usable] == [False, True]
