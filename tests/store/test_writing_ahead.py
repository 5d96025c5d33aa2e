"""What is given its place while the batch before it is written is used on the head it was made for, and on no other."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest

from gateway.core.errors import LedgerUnavailable, PolicyMoved
from gateway.ledger.entry import Appended, Entry
from gateway.settings import Settings
from gateway.store import writer_base
from gateway.store.batch import Filled
from gateway.store.writer_base import InDoubt, LedgerWriter
from tests.conftest import ManualClock
from tests.store.ledger_kit import POLICY, activation, intent, note, outcome, rows, until, whole, writer_on

OTHER = "sha256:" + "b" * 64


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_base, "AHEAD", 4)


class Slow:
    """A writer whose next batch is under way until `go_on`, and what it has filled in from then on."""

    def __init__(self, writer: LedgerWriter, monkeypatch: pytest.MonkeyPatch) -> None:
        self.filled: list[Filled] = []
        self.puts = 0
        self.go_on = asyncio.Event()
        self.before: Callable[[], None] = lambda: None
        self.after: Callable[[], None] = lambda: None
        self._put, self._fill = writer._put, writer._filled
        monkeypatch.setattr(writer, "_put", self._slow)
        monkeypatch.setattr(writer, "_filled", self._noted)
        self._writer = writer

    async def _slow(self, *given: Any) -> bool:
        self.puts += 1
        if self.puts > 1:
            return await self._put(*given)
        await self.go_on.wait()
        self.before()
        landed = await self._put(*given)
        self.after()
        return landed

    def _noted(self, *given: Any) -> Filled:
        self.filled.append(self._fill(*given))
        return self.filled[-1]

    async def under_way(self, *first: Entry) -> list["asyncio.Future[Appended | None]"]:
        """These are being written."""
        waiting = [self._writer.submit(entry) for entry in first]
        await until(lambda: self.puts == 1)
        return waiting

    async def ahead(self, *entries: Entry) -> list["asyncio.Future[Appended | None]"]:
        """These wait, and have been given their places."""
        waiting = [self._writer.submit(entry) for entry in entries]
        await until(lambda: self._writer._ahead is not None)
        return waiting


def _raises(error: Exception) -> Callable[[], None]:
    def raises() -> None:
        raise error

    return raises


async def _answers(waiting: list["asyncio.Future[Appended | None]"]) -> list[Any]:
    return await asyncio.gather(*waiting, return_exceptions=True)


async def test_what_was_made_ahead_is_written_as_it_was_made_on_the_head_that_was_left(
    database: Settings, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with writer_on(database, clock) as writer:
        await writer.append(intent("ex_before"))
        slow = Slow(writer, monkeypatch)
        first = await slow.under_way(intent("ex_a"))
        clock.advance(5)
        second = await slow.ahead(
            outcome("ex_a"), outcome("ex_before"), intent("ex_b"), intent("ex_c"), outcome("ex_c"), outcome("ex_c")
        )
        third = [writer.submit(note())]
        slow.go_on.set()
        assert [answer.seq for answer in await _answers([*first, *second, *third])] == list(range(1, 9))
        assert [len(filled.record) for filled in slow.filled] == [1, 6, 1], "each was filled in once"
        assert slow.puts == 3
    events = [record.event for record in await whole(database)]
    assert events[-3:] == ["exchange.completed", "exchange.late", "config.changed"]
    assert await rows(database, "SELECT exchange FROM open_exchange") == [("ex_b",)]


async def test_what_waits_already_when_a_batch_is_begun_is_made_ahead_too(
    database: Settings, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_base, "MAX_BATCH", 5)
    async with writer_on(database, clock) as writer:
        await writer.append(note())
        slow = Slow(writer, monkeypatch)
        waiting = [writer.submit(note()) for _ in range(13)]
        await until(lambda: writer._ahead is not None)
        slow.go_on.set()
        assert [answer.seq for answer in await _answers(waiting)] == [*range(1, 14)]
        # The third is too small to be made before its turn.
        assert [(filled.left.size, len(filled.record)) for filled in slow.filled] == [(1, 5), (6, 5), (11, 3)]
    assert len(await whole(database)) == 14


async def test_few_that_wait_are_filled_in_when_it_is_their_turn(
    database: Settings, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with writer_on(database, clock) as writer:
        await writer.append(note())
        slow = Slow(writer, monkeypatch)
        first = await slow.under_way(note())
        second = [writer.submit(note()) for _ in range(3)]
        for _ in range(20):
            await asyncio.sleep(0)
        assert writer._ahead is None
        slow.go_on.set()
        assert [answer.seq for answer in await _answers([*first, *second])] == [1, 2, 3, 4]


async def test_where_the_batch_before_fails_nothing_of_what_was_made_ahead_is_written(
    database: Settings, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with writer_on(database, clock, retry_s=60) as writer:
        await writer.append(note())
        slow = Slow(writer, monkeypatch)
        slow.before = _raises(OSError("the disk said no"))
        first = await slow.under_way(note())
        second = await slow.ahead(*(intent() for _ in range(5)))
        slow.go_on.set()
        assert {type(answer) for answer in await _answers([*first, *second])} == {LedgerUnavailable}
        assert (writer.refused, writer._ahead) == (6, None)
        assert (await writer.append(note())).seq == 2
    assert [record.event for record in await whole(database)][1:] == ["ledger.recovered", "config.changed"]
    assert await rows(database, "SELECT exchange FROM open_exchange") == []


async def test_where_the_batch_before_hangs_nothing_of_what_was_made_ahead_is_written(
    database: Settings, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with writer_on(database, clock, wait_s=0.2) as writer:
        await writer.append(note())
        slow = Slow(writer, monkeypatch)
        first = await slow.under_way(note())
        second = await slow.ahead(*(intent() for _ in range(5)))
        assert {type(answer) for answer in await _answers([*first, *second])} == {LedgerUnavailable}
        assert writer._ahead is None
        slow.go_on.set()
        await until(lambda: writer.healthy and not writer.refused)
        await writer.append(note())
    events = [record.event for record in await whole(database)]
    assert "exchange.requested" not in events
    assert events[-1] == "config.changed"


async def test_where_the_batch_before_is_found_to_have_landed_what_was_made_ahead_follows_it(
    database: Settings, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with writer_on(database, clock) as writer:
        await writer.append(note())
        slow = Slow(writer, monkeypatch)
        slow.after = _raises(InDoubt("the connection was lost"))
        first = await slow.under_way(note())
        second = await slow.ahead(*(note() for _ in range(5)))
        slow.go_on.set()
        assert [answer.seq for answer in await _answers([*first, *second])] == list(range(1, 7))
    assert len(await whole(database)) == 7


@pytest.mark.parametrize("when", ["before the batch under way", "after it"])
@pytest.mark.parametrize("ends", [True, False])
async def test_where_another_writer_was_there_meanwhile_what_was_made_ahead_is_made_again(
    database: Settings, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, when: str, ends: bool
) -> None:
    async with writer_on(database, clock) as writer, writer_on(database, clock) as other:
        await writer.append(intent("ex_a"))
        slow = Slow(writer, monkeypatch)
        theirs = outcome("ex_a") if ends else note()
        first = await slow.under_way(note())
        second = await slow.ahead(outcome("ex_a"), *(note() for _ in range(4)))
        if when == "after it":
            attempt = writer._attempt

            async def late(*given: Any) -> None:
                await other.append(theirs)
                await attempt(*given)

            monkeypatch.setattr(writer, "_attempt", late)
        else:
            await other.append(theirs)
        slow.go_on.set()
        answers = await _answers([*first, *second])
        assert all(isinstance(answer, Appended) for answer in answers)
    records = await whole(database)
    assert [record.event for record in records].count("exchange.completed") == 1
    assert [record.event for record in records].count("exchange.late") == int(ends)
    assert len(records) == 8


async def test_a_policy_that_moves_in_the_batch_before_is_the_one_that_counts(
    database: Settings, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with writer_on(database, clock) as writer:
        await writer.append(activation(POLICY))
        slow = Slow(writer, monkeypatch)
        first = await slow.under_way(activation(OTHER))
        under = (POLICY, OTHER, POLICY, OTHER)
        second = await slow.ahead(*(intent(f"ex_{number}", decided_under=one) for number, one in enumerate(under)))
        slow.go_on.set()
        kinds = [type(answer) for answer in await _answers([*first, *second])]
        assert kinds == [Appended, PolicyMoved, Appended, PolicyMoved, Appended]
        assert len(slow.filled) == 2
    assert len(await whole(database)) == 4


async def test_what_cannot_be_made_ahead_is_told_and_made_when_it_is_its_turn(
    database: Settings,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with writer_on(database, clock) as writer:
        await writer.append(note())
        slow = Slow(writer, monkeypatch)
        first = await slow.under_way(note())
        with monkeypatch.context() as patched, caplog.at_level(logging.ERROR, logger="gateway.store"):
            patched.setattr(writer, "_lay_out", lambda _: _raises(ValueError("what somebody said"))())
            second = [writer.submit(note()) for _ in range(5)]
            await until(lambda: bool(caplog.records))
        assert [record.getMessage() for record in caplog.records] == ["a batch could not be made ahead: ValueError"]
        assert writer._ahead is None
        slow.go_on.set()
        assert [answer.seq for answer in await _answers([*first, *second])] == list(range(1, 7))
    assert len(await whole(database)) == 7
