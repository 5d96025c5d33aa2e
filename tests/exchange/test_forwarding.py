"""Records are forwarded in order and each at least once, whatever dies, refuses or is away in between."""

import asyncio
import logging
import select
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from gateway.agents.syslog import SyslogClient
from gateway.core.errors import AgentError, FormatError, LedgerUnavailable
from gateway.exchange import forwarding as module
from gateway.exchange.forward_record import ForwardScribe
from gateway.exchange.forward_senders import SyslogSender
from gateway.exchange.forwarding import LEASE_S, MOST_WAIT_S, RENEW_S, STALL_S, Forwarding
from gateway.settings import Settings
from gateway.store.engine import writing
from gateway.store.forwarding import PASSED, moved
from gateway.store.search import Filters
from gateway.store.tables import forward_cursor
from tests.agents.wire import certificates, server_context
from tests.exchange.erasure_kit import none_of
from tests.exchange.forward_kit import Case, Taking, case, receiving, rounds, way
from tests.exchange.spliced_kit import OWN, Spliced, cared, spliced
from tests.exchange.test_metrics import samples
from tests.store.kit import LEDGER, NODE, Store, opened


@pytest.fixture
async def store(sqlite_settings: Settings, tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(sqlite_settings, tmp_path) as made:
        yield made


@pytest.fixture
async def either(database: Settings, tmp_path: Path) -> AsyncIterator[Store]:
    """On both databases."""
    async with opened(database, tmp_path) as made:
        yield made


def failing(*codes: str) -> list[BaseException | None]:
    return [AgentError(code) for code in codes]


async def test_every_record_is_sent_once_in_order_and_what_is_said_of_forwarding_makes_no_more(either: Store) -> None:
    async with case(either) as one:
        await one.add(10)
        sender = Taking()
        forwarding = one.forwarding(sender)
        await rounds(forwarding)
        assert sender.taken == list(range(11))
        assert await one.events() == [("forward.started", (0, 0))]
        assert await one.next_seq() == 11
        await rounds(forwarding)
        await one.add(2)
        await rounds(forwarding)
        assert sender.taken == list(range(13))
        assert await one.events() == [("forward.started", (0, 0))]
        assert (forwarding.state.records, forwarding.state.failing) == (0, False)
        assert samples(one.metrics)["gateway_forward_records_total", (("forward", "siem"), ("tenant", LEDGER))] == 13


async def test_from_now_on_says_what_came_before(store: Store) -> None:
    async with case(store) as one:
        await one.add(5)
        sender = Taking()
        await rounds(one.forwarding(sender, from_beginning=False))
        assert sender.taken == [5], "the record that says that it began"
        assert await one.events() == [("forward.started", (0, 5))]


async def test_a_crash_between_sending_and_the_cursor_sends_a_batch_again_and_skips_nothing(
    either: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with case(either) as one:
        await one.add(6)
        first = Taking()
        dying = one.forwarding(first)
        await dying.round()

        async def dies(*_: Any) -> None:
            raise LedgerUnavailable("here the process dies")

        monkeypatch.setattr(one.cursors, "advance", dies)
        with pytest.raises(LedgerUnavailable):
            await rounds(dying)
        monkeypatch.undo()
        second = Taking()
        after = one.forwarding(second)
        assert await after.round() == module.POLL_S
        assert second.taken == [], "the dead one's lease has not ended"
        either.clock.advance(LEASE_S)
        await rounds(after)
        assert (first.taken, second.taken) == ([0, 1, 2, 3, 4, 5, 6], [4, 5, 6])


async def test_a_node_that_was_thought_dead_takes_nothing_back(store: Store) -> None:
    async with case(store) as one:
        await one.add(3)
        slow, other = Taking(settles_s=5.0), Taking()
        paused, taking_over = one.forwarding(slow), one.forwarding(other)
        await paused.round()
        store.clock.advance(LEASE_S + 1)
        await rounds(taking_over)
        await one.add(3)
        await rounds(taking_over)
        before = await one.next_seq()
        assert await paused.round() == module.POLL_S, "it has lost its lease, and looks on"
        assert await one.next_seq() == before
        assert paused.state.records == 0


async def test_two_that_are_both_sure_of_leading_move_the_cursor_once_each_batch(
    either: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with case(either) as one:
        await one.add(8)
        first, second = Taking(), Taking()
        pair = [one.forwarding(first), one.forwarding(second)]
        for forwarding in pair:

            async def sure() -> bool:
                return True

            monkeypatch.setattr(forwarding._lease, "take", sure)
        await asyncio.gather(*(rounds(forwarding) for forwarding in pair))
        assert set(first.taken) | set(second.taken) == set(range(9))
        assert await one.next_seq() == 9
        assert [event for event, _ in await one.events()] == ["forward.started"]


async def test_a_destination_that_is_away_is_tried_again_with_growing_waits_and_gets_everything(store: Store) -> None:
    async with case(store) as one:
        await one.add(3)
        sender = Taking()
        sender.fails = failing(*["connect_failed"] * 9)
        forwarding = one.forwarding(sender)
        waits = [await forwarding.round() for _ in range(9)]
        assert waits == [1, 2, 4, 8, 16, 32, MOST_WAIT_S, MOST_WAIT_S, MOST_WAIT_S]
        assert (forwarding.state.failing, forwarding.state.records) == (True, 4)
        cursor = await one.cursors.get(LEDGER, "siem")
        assert cursor is not None
        assert (cursor.code, cursor.next_seq, cursor.stalled) == ("connect_failed", 0, 0)
        await rounds(forwarding)
        assert sender.taken == [0, 1, 2, 3]
        assert not forwarding.state.failing
        assert await forwarding.round() == module.POLL_S
        assert [event for event, _ in await one.events()] == ["forward.started"], "what was short is not on record"


async def test_standing_is_on_record_once_and_so_is_going_on(store: Store) -> None:
    async with case(store) as one:
        await one.add(2)
        sender = Taking()
        forwarding = one.forwarding(sender)
        sender.fails = failing("connect_failed", "timeout_total", "connect_failed", "status_500", "connect_failed")
        await forwarding.round()
        for _ in range(4):
            store.clock.advance(STALL_S)
            await forwarding.round()
        assert await one.events() == [("forward.started", (0, 0)), ("forward.stalled", (0, 3))]
        other = one.forwarding(sender)  # another node: it knows what is on record
        store.clock.advance(LEASE_S)
        sender.fails = failing("connect_failed")
        await other.round()
        await rounds(other)
        assert [event for event, _ in await one.events()] == ["forward.started", "forward.stalled", "forward.resumed"]
        await rounds(other)
        assert sender.taken == sorted(sender.taken)
        assert set(sender.taken) == set(range(5))
        assert len(await one.events()) == 3


async def test_where_a_batch_is_refused_it_is_made_smaller_until_only_what_is_refused_is_left(store: Store) -> None:
    async with case(store) as one:
        await one.add(4)

        class Picky(Taking):
            async def send(self, records: Any, *, holding: bool) -> None:
                if any(stored.seq == 2 for stored in records):
                    self.batches.append(len(records))
                    raise AgentError("status_400")
                await super().send(records, holding=holding)

        sender = Picky()
        forwarding = one.forwarding(sender)
        for _ in range(8):
            await forwarding.round()
        assert sender.taken == [0, 1], "in order: nothing after it is sent before it"
        assert (await one.next_seq(), sender.batches[0], sender.batches[-1]) == (2, 4, 1)
        cursor = await one.cursors.get(LEDGER, "siem")
        assert cursor is not None
        assert cursor.code == "status_400"
        change = moved(cursor, 3, 1)
        scribe = ForwardScribe(store.clock, NODE)
        await one.append(scribe.entry("forward.reset", cursor, change, first=2, end=3, code="skipped", actor="ac_1"))
        await rounds(forwarding)
        assert sender.taken == [0, 1, 3, 4, 5]


async def test_a_person_may_have_it_go_over_records_again_while_it_runs(store: Store) -> None:
    async with case(store) as one:
        await one.add(3)
        sender = Taking()
        forwarding = one.forwarding(sender)
        await rounds(forwarding)
        cursor = await one.cursors.get(LEDGER, "siem")
        assert cursor is not None
        scribe, change = ForwardScribe(store.clock, NODE), moved(cursor, 1, 1)
        await one.append(scribe.entry("forward.reset", cursor, change, first=1, end=4, code="again", actor="ac_1"))
        stale = scribe.entry("forward.reset", cursor, change, first=1, end=4, code="again", actor="ac_1")
        assert await one.writer.submit(stale) is None, "somebody else has moved it"
        await rounds(forwarding)
        assert sender.taken == [0, 1, 2, 3, 1, 2, 3, 4]


async def test_only_what_fits_is_sent_and_what_does_not_is_looked_at_once(store: Store) -> None:
    async with case(store) as one:
        await one.add(6)
        await one.add(2, "key.created")
        await one.add(3)
        sender = Taking()
        forwarding = one.forwarding(sender, Filters(event="key.created"))
        store.clock.advance(60)
        await rounds(forwarding)
        assert sender.taken == [6, 7]
        assert await one.next_seq() == 12
        await one.add(5)
        await rounds(forwarding)
        assert (sender.taken, await one.next_seq()) == ([6, 7], 12), "how far was looked is kept now and then"
        assert forwarding.state.records == 0
        store.clock.advance(RENEW_S)
        await rounds(forwarding)
        await rounds(forwarding)
        assert await one.next_seq() == 17


async def test_what_goes_unanswered_counts_once_its_connection_has_lived_on(store: Store) -> None:
    async with case(store) as one:
        await one.add(3)
        sender = Taking(settles_s=2.0)
        forwarding = one.forwarding(sender)
        await rounds(forwarding)
        assert (sender.taken, await one.next_seq()) == ([0, 1, 2, 3], 0)
        store.clock.advance(1)
        await rounds(forwarding)
        assert await one.next_seq() == 0
        store.clock.advance(1)
        await rounds(forwarding)
        assert await one.next_seq() == 4
        await one.add(1)
        await rounds(forwarding)
        sender.held = False
        store.clock.advance(2)
        await forwarding.round()
        assert (forwarding.state.failing, await one.next_seq()) == (True, 4)
        sender.held = True
        await rounds(forwarding)
        assert sender.taken == [0, 1, 2, 3, 4, 4], "what it may have lost is sent again"


def ended(client: SyslogClient) -> None:
    """Wait until its connection is known here to have ended, and take no notice of it."""
    assert client._socket is not None
    looking = select.poll()
    looking.register(client._socket, select.POLLRDHUP)
    assert looking.poll(60_000)


@pytest.mark.parametrize("secured", [False, True])
async def test_what_a_broken_connection_of_syslog_had_not_settled_is_sent_again_before_what_comes_next(
    store: Store, tmp_path: Path, secured: bool
) -> None:
    """The receiver's kernel has taken it, the receiver has not: the next batch must not vouch for it."""
    tls = server_context(*certificates(tmp_path)) if secured else None
    known = {"ca": str(tmp_path / "root.pem")} if secured else {}
    async with case(store) as one:
        await one.add(3)
        with receiving(tls) as receiver:
            receiver.then = "deaf"
            client = SyslogClient(way(receiver, **known))
            sender = SyslogSender(client, lambda stored: b"%d" % stored.seq)
            forwarding = one.forwarding(sender)
            await rounds(forwarding)
            assert (forwarding.state.records, await one.next_seq(), receiver.data) == (0, 0, b"")
            receiver.reset()
            await asyncio.to_thread(ended, client)
            await one.add(1)
            await rounds(forwarding)
            await rounds(forwarding)
            assert receiver.wait(5) == [b"0", b"1", b"2", b"3", b"4"]
            store.clock.advance(sender.settles_s)
            await rounds(forwarding)
            assert (await one.next_seq(), forwarding.state.failing) == (5, False)
            assert receiver.messages() == [b"0", b"1", b"2", b"3", b"4"]
            await forwarding.stop()


async def test_a_receiver_of_syslog_that_closes_what_has_settled_is_connected_to_again_and_gets_nothing_twice(
    store: Store,
) -> None:
    async with case(store) as one:
        await one.add(3)
        with receiving() as receiver:
            client = SyslogClient(way(receiver))
            sender = SyslogSender(client, lambda stored: b"%d" % stored.seq)
            forwarding = one.forwarding(sender)
            await rounds(forwarding)
            store.clock.advance(sender.settles_s)
            await rounds(forwarding)
            receiver.drop()
            await asyncio.to_thread(ended, client)
            await one.add(1)
            await rounds(forwarding)
            assert receiver.wait(5) == [b"0", b"1", b"2", b"3", b"4"]
            assert (receiver.connections, forwarding.state.failing) == (2, False)
            await forwarding.stop()


async def test_a_record_that_is_damaged_stops_it_and_is_told(store: Store) -> None:
    async with case(store) as one:
        await one.add(1)
        sender = Taking()
        sender.fails = [FormatError("not canonical")]
        forwarding = one.forwarding(sender)
        await forwarding.round()
        cursor = await one.cursors.get(LEDGER, "siem")
        assert cursor is not None
        assert (cursor.code, cursor.next_seq) == ("record_damaged", 0)


async def test_records_that_are_gone_are_a_gap_on_record(store: Store) -> None:
    async with case(store) as one:
        await one.add(6)
        sender = Taking()
        forwarding = one.forwarding(sender, batch=2)
        await forwarding.round()
        assert sender.taken == [0, 1]
        async with store.bare() as bare:
            await bare.run("record", "DELETE FROM record WHERE seq IN (2, 3)")
        await rounds(forwarding)
        assert sender.taken == [0, 1, 4, 5, 6, 7]
        assert await one.events() == [("forward.started", (0, 0)), ("forward.gap", (2, 4))]


async def test_records_go_together_up_to_a_size(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    async with case(store) as one:
        await one.add(4)
        monkeypatch.setattr(module, "MAX_BYTES", 1)
        sender = Taking()
        await rounds(one.forwarding(sender))
        assert sender.batches == [1] * 5
        assert sender.taken == list(range(5))


async def test_a_database_that_is_away_moves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    async with case(store) as one:
        await one.add(2)
        sender = Taking()
        forwarding = one.forwarding(sender)

        async def away(*_: Any) -> None:
            raise LedgerUnavailable("away")

        for name in ("get", "waiting", "advance"):
            monkeypatch.setattr(one.cursors, name, away)
            with pytest.raises(LedgerUnavailable):
                await rounds(forwarding)
            monkeypatch.undo()
        await rounds(forwarding)
        await rounds(forwarding)
        assert set(sender.taken) == {0, 1, 2}
        assert await one.next_seq() == 3


async def test_it_runs_on_after_whatever_goes_wrong(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with case(store) as one:
        await one.add(1)
        sender = Taking()
        sender.fails = [RuntimeError("secret"), LedgerUnavailable("secret"), None]
        forwarding = one.forwarding(sender)
        monkeypatch.setattr(module, "FIRST_WAIT_S", 0.0)
        with caplog.at_level(logging.ERROR, "gateway.forwarding"):
            task = asyncio.create_task(forwarding.run())
            async with asyncio.timeout(60):
                await sender.took.wait()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert sender.taken == [0, 1]
        assert [record.getMessage() for record in caplog.records] == [
            "records could not be forwarded: RuntimeError",
            "records could not be forwarded: LedgerUnavailable",
        ]


async def test_who_stops_gives_its_lease_back(store: Store) -> None:
    async with case(store) as one:
        await one.add(1)
        first, second = Taking(), Taking()
        leaving, coming = one.forwarding(first), one.forwarding(second)
        await rounds(leaving)
        await leaving.stop()
        assert first.closed
        await one.add(1)
        await rounds(coming)
        assert second.taken == [2]


async def test_a_stop_while_the_database_is_away_ends_all_the_same(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with case(store) as one:
        sender = Taking()
        forwarding: Forwarding = one.forwarding(sender)
        await rounds(forwarding)

        async def away() -> None:
            raise LedgerUnavailable("away")

        monkeypatch.setattr(forwarding._lease, "release", away)
        await forwarding.stop()
        assert sender.closed


async def test_a_cursor_that_was_moved_while_a_batch_was_under_way_is_gone_on_from(store: Store) -> None:
    async with case(store) as one:
        await one.add(3)

        class Meanwhile(Taking):
            async def send(self, records: Any, *, holding: bool) -> None:
                if not self.taken:
                    async with writing(store.engine, LEDGER) as connection:
                        await connection.execute(update(forward_cursor).values(next_seq=2, version=99))
                await super().send(records, holding=holding)

        sender = Meanwhile()
        await rounds(one.forwarding(sender))
        assert sender.taken[-2:] == [2, 3]
        assert await one.next_seq() == 4


async def test_before_it_has_looked_nothing_is_behind(store: Store) -> None:
    async with case(store) as one:
        found = one.forwarding(Taking()).state
        assert (found.records, found.seconds, found.failing) == (0, 0.0, False)


def _of(there: Spliced) -> Case:
    """What forwards the ledger that an emergency ledger was stitched into."""
    made = Case(there.sides.main, there.sides.writer)
    made.trail = there.trail
    return made


async def test_what_an_emergency_recorded_comes_before_the_record_that_stitches_it_in(
    sqlite_template: Path, tmp_path: Path
) -> None:
    async with spliced(sqlite_template, tmp_path, cared(OWN, "su_own")) as there:
        one, sender = _of(there), Taking()
        await rounds(one.forwarding(sender))
        size = await one.next_seq()
        assert (sender.taken, sender.apart) == (list(range(size)), list(range(there.size)))
        cursor = await one.cursors.get(LEDGER, "siem")
        assert cursor is not None
        assert cursor.emergency_seq == 0


async def test_a_death_in_the_midst_of_an_emergency_sends_a_batch_of_it_again_and_skips_nothing(
    sqlite_template: Path, tmp_path: Path
) -> None:
    async with spliced(sqlite_template, tmp_path, cared(OWN, "su_own")) as there:
        one, first, second = _of(there), Taking(settles_s=5.0), Taking()
        dying = one.forwarding(first, batch=2)
        while not first.apart:  # taken by the destination, not known to be
            await dying.round()
        there.sides.main.clock.advance(6)
        await dying.round()
        before = await one.cursors.get(LEDGER, "siem")
        assert before is not None
        assert (before.next_seq, before.emergency_seq) == (there.place, 2)
        there.sides.main.clock.advance(LEASE_S)
        await rounds(one.forwarding(second, batch=2))
        assert second.apart == list(range(2, there.size))
        assert sorted({*first.apart, *second.apart}) == list(range(there.size))
        assert second.taken == list(range(there.place, await one.next_seq()))


@pytest.mark.parametrize("damage", [False, True])
async def test_one_that_is_away_or_changed_is_waited_for_and_shows_and_is_never_skipped(
    sqlite_template: Path, tmp_path: Path, damage: bool
) -> None:
    async with spliced(sqlite_template, tmp_path, cared(OWN, "su_own")) as there:
        one, sender = _of(there), Taking()
        moved_to = there.away()
        if damage:
            there.sides.file.write_bytes(moved_to.read_bytes() + b"more")
        forwarding = one.forwarding(sender)
        for _ in range(8):
            await forwarding.round()
            there.sides.main.clock.advance(RENEW_S)
        code = module.DAMAGED if damage else module.AWAY
        cursor = await one.cursors.get(LEDGER, "siem")
        assert cursor is not None
        assert (cursor.code, cursor.next_seq, sender.apart) == (code, there.place, [])
        assert sender.taken == list(range(there.place))
        assert (forwarding.state.failing, forwarding.state.records > 0) == (True, True)
        there.sides.main.clock.advance(STALL_S + 1)
        await forwarding.round()
        assert [event for event, _ in await one.events()] == ["forward.started", "forward.stalled"]
        there.sides.file.write_bytes(moved_to.read_bytes())
        there.sides.main.clock.advance(3 * RENEW_S)
        await rounds(forwarding)
        assert sender.apart == list(range(there.size))
        assert sender.taken == list(range(await one.next_seq()))
        assert [event for event, _ in await one.events()][-1] == "forward.resumed"


async def test_a_node_that_has_not_the_file_lets_one_go_on_that_has(sqlite_template: Path, tmp_path: Path) -> None:
    async with spliced(sqlite_template, tmp_path, cared(OWN, "su_own")) as there:
        without, sender, other = _of(there), Taking(), Taking()
        without.trail = none_of(there.sides.main, LEDGER)
        lacking, having = without.forwarding(sender), _of(there).forwarding(other)
        assert await having._lease.take() is True
        await having.stop()
        for _ in range(3):
            await lacking.round()
        assert sender.taken == list(range(there.place))
        await rounds(having)
        assert other.apart == list(range(there.size))
        assert other.taken[0] == there.place
        assert not having.state.failing


async def test_a_person_can_have_one_passed_over_and_sent_again(sqlite_template: Path, tmp_path: Path) -> None:
    async with spliced(sqlite_template, tmp_path, cared(OWN, "su_own")) as there:
        one, sender = _of(there), Taking()
        forwarding = one.forwarding(sender)
        await rounds(forwarding)
        for place, passed, again in ((there.place, PASSED, 0), (there.place - 1, PASSED, there.size)):
            cursor = await one.cursors.get(LEDGER, "siem")
            assert cursor is not None
            change = moved(cursor, place, 1, emergency_seq=passed)
            await one.append(
                ForwardScribe(there.sides.main.clock, NODE).entry("forward.reset", cursor, change, first=0, end=1)
            )
            sender.apart.clear()
            await rounds(forwarding)
            assert len(sender.apart) == again
