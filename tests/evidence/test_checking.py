"""Whatever becomes of the process beside, the records are gone over, each once, and what does not hold is found."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from queue import SimpleQueue
from threading import Event
from typing import Any

import msgspec
import pytest

from gateway.core.errors import FormatError, VerificationError
from gateway.core.ports import StoredRecord
from gateway.evidence import checking
from gateway.evidence.checker import Answer, Job
from gateway.evidence.checking import LOST, NOT_STARTED, Checking
from gateway.evidence.passing import Passed, Passing
from gateway.evidence.selection import Selection
from gateway.ledger.chain import leaf_hash

from .making import MADE_LAST, ledger

LEDGER = ledger(20)
JOB = Job(selection=Selection(filters={"actor": "ac_1"}), first=0, end=20, before=None, last=MADE_LAST)
Answered = Callable[[Passing, Sequence[StoredRecord]], Answer | None]


def whole() -> tuple[list[int], Passed]:
    passing = JOB.passing()
    return passing.take(LEDGER.stored), passing.passed()


class Ledger:
    """Gives records once more, and tells which."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    async def again(self, first: int, end: int) -> AsyncIterator[Sequence[StoredRecord]]:
        self.asked.append((first, end))
        for at in range(first, end, 3):
            yield LEDGER.stored[at : min(at + 3, end)]


class Beside:
    """In the place of the process: a pass in this one, and what becomes of its answers, or of what it is sent from some
    record on."""

    def __init__(self, answered: Answered, unsent: int = 99) -> None:
        self._passing, self._answered, self._unsent, self.ended = JOB.passing(), answered, unsent, 0
        self._sent: SimpleQueue[Sequence[StoredRecord]] = SimpleQueue()
        self._count, self.second = 0, Event()

    def send(self, records: Sequence[StoredRecord]) -> None:
        if (records[0].seq if records else 20) >= self._unsent:
            raise BrokenPipeError
        self._sent.put(records)
        self._count += 1
        if self._count == 2:
            self.second.set()

    def receive(self) -> Answer | None:
        return self._answered(self._passing, self._sent.get(timeout=60))

    def how(self) -> str:
        return "with 1"

    def end(self) -> None:
        self.ended += 1


def right(passing: Passing, records: Sequence[StoredRecord]) -> Answer:
    return Answer(chosen=passing.take(records)) if records else Answer(passed=passing.passed())


def beside(monkeypatch: pytest.MonkeyPatch, answered: Answered, unsent: int = 99) -> Beside:
    made = Beside(answered, unsent)
    monkeypatch.setattr(checking, "WORTH", 1)
    monkeypatch.setattr(checking, "_Process", lambda job: made)
    return made


async def gone_over(one: Checking, kept_at: int | None = None) -> tuple[list[int], Passed]:
    chosen: list[list[int]] = []
    for at in range(0, 20, 4):
        if at == kept_at:
            chosen += (await one.settled())[0]
            assert len(chosen) == at // 4, "each lot by itself"
        chosen += await one.take(LEDGER.stored[at : at + 4])
    rest, passing = await one.settled()
    return [seq for lot in (*chosen, *rest) for seq in lot], passing.passed()


@pytest.mark.parametrize(("processes", "worth"), [(1, 1), (2, 21)])
async def test_alone_where_nobody_wants_help_or_it_is_not_worth_it(
    monkeypatch: pytest.MonkeyPatch, processes: int, worth: int
) -> None:
    beside(monkeypatch, lambda passing, records: pytest.fail("asked"))
    monkeypatch.setattr(checking, "WORTH", worth)
    async with Checking(JOB, processes, Ledger().again) as one:
        assert await gone_over(one) == whole()


async def test_the_other_is_asked_for_all_of_it_and_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    there, source = beside(monkeypatch, right), Ledger()
    async with Checking(JOB, 2, source.again) as one:
        assert await gone_over(one, kept_at=8) == whole()
        assert there.ended == 0
    assert (there.ended, source.asked) == (1, [])


async def test_the_other_has_the_next_lot_before_it_has_answered_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = Event()

    def answered(passing: Passing, records: Sequence[StoredRecord]) -> Answer | None:
        assert heard.wait(60)
        return right(passing, records)

    there = beside(monkeypatch, answered)
    async with Checking(JOB, 2, Ledger().again) as one:
        assert await one.take(LEDGER.stored[:4]) == []
        second = asyncio.create_task(one.take(LEDGER.stored[4:8]))
        assert await asyncio.to_thread(there.second.wait, 60)
        heard.set()
        first = await second
        assert [len(first), (await one.settled())[1].size] == [1, 8]


def _wrong(passing: Passing, records: Sequence[StoredRecord]) -> Answer:
    return Answer(chosen=[99]) if records else Answer(passed=msgspec.structs.replace(passing.passed(), size=3))


def _raising(error: Exception) -> Answered:
    def answered(passing: Passing, records: Sequence[StoredRecord]) -> Answer:
        raise error

    return answered


BAD: dict[str, Answered] = {
    "it is gone": lambda passing, records: None,
    "its pipe is": _raising(BrokenPipeError()),
    "it is cut off": _raising(EOFError()),
    "it makes no sense": _raising(msgspec.ValidationError()),
    "it says what cannot be": _wrong,
}


@pytest.mark.parametrize("kept_at", [None, 8])
@pytest.mark.parametrize("at", [4, 8, 12, 20])
@pytest.mark.parametrize("bad", BAD)
async def test_lost_anywhere_in_any_way_it_comes_to_the_same(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, bad: str, at: int, kept_at: int | None
) -> None:
    """What was written since it was last asked for what it had come to is gone over once more, and no more than that.
    Records that it has answered for with nothing selected are as any others until then."""

    def answered(passing: Passing, records: Sequence[StoredRecord]) -> Answer | None:
        far = records[0].seq if records else passing.size
        return BAD[bad](passing, records) if far >= at else right(passing, records)

    there, source = beside(monkeypatch, answered), Ledger()
    told: list[str] = []
    async with Checking(JOB, 2, source.again, told.append) as one:
        assert await gone_over(one, kept_at) == whole()
        assert (there.ended, told) == (1, [LOST]), "it is ended at once"
    known = 8 if kept_at is not None and at > kept_at else 0
    # It is lost when it is to be heard: as the next lot was sent, or when it is asked what it has come to.
    assert source.asked == [(known, at if at == kept_at else min(at + 4, 20))]
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


@pytest.mark.parametrize("kept_at", [None, 8])
@pytest.mark.parametrize("at", [0, 4, 8, 12, 20])
async def test_lost_as_it_is_sent_something_it_comes_to_the_same(
    monkeypatch: pytest.MonkeyPatch, at: int, kept_at: int | None
) -> None:
    there, source = beside(monkeypatch, right, unsent=at), Ledger()
    async with Checking(JOB, 2, source.again) as one:
        assert await gone_over(one, kept_at) == whole()
        assert there.ended == 1
    # Of the lot before it has said nothing; asked what it has come to it is lost where that is kept.
    assert source.asked in ([(0, at)], [(8, at)], [(0, 8)])


async def test_what_does_not_hold_is_said_and_not_gone_over_again(monkeypatch: pytest.MonkeyPatch) -> None:
    for form, kind in ((True, FormatError), (False, VerificationError)):
        there, source = beside(monkeypatch, lambda *_: Answer(fault="record 0: no", form=form)), Ledger()  # noqa: B023
        with pytest.raises(kind, match="record 0: no"):
            async with Checking(JOB, 2, source.again) as one:
                await gone_over(one)
        assert (there.ended, source.asked) == (1, [])


async def test_what_does_not_hold_is_found_after_it_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    beside(monkeypatch, right, unsent=0)
    changed = msgspec.structs.replace(LEDGER.stored[0], envelope=LEDGER.stored[1].envelope)
    with pytest.raises(VerificationError, match="record 0: hash"):
        async with Checking(JOB, 2, Ledger().again) as one:
            await one.take([changed])
    again = msgspec.structs.replace(changed, hash=leaf_hash(changed.envelope))
    with pytest.raises(VerificationError, match="record 0: prev"):
        async with Checking(JOB, 2, Ledger().again) as one:
            await one.take([again])


async def test_where_it_cannot_be_started_one_goes_on_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(checking, "WORTH", 1)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    told: list[str] = []
    async with Checking(JOB, 2, Ledger().again, told.append) as one:
        assert await gone_over(one) == whole()
    assert told == [NOT_STARTED]
    assert "cannot be started (FileNotFoundError)" in caplog.text


async def test_no_record_is_no_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    beside(monkeypatch, right)
    async with Checking(JOB, 2, Ledger().again) as one:
        found, passing = await one.settled()
        assert (found, passing.size) == ([], 0)


@pytest.mark.parametrize("what", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_process_that_is_killed_or_hangs_is_lost(monkeypatch: pytest.MonkeyPatch, what: int) -> None:
    monkeypatch.setattr(checking, "WORTH", 1)
    source = Ledger()
    async with Checking(JOB, 2, source.again) as one:
        chosen = await one.take(LEDGER.stored[:8])
        there: Any = one._there
        pid = there.process.pid
        os.kill(pid, what)
        monkeypatch.setattr(checking, "ANSWER_S", 0.2)
        async with asyncio.timeout(60):
            chosen += await one.take(LEDGER.stored[8:])
            rest, passing = await one.settled()
        assert ([seq for lot in (*chosen, *rest) for seq in lot], passing.passed()) == whole()
    assert source.asked == [(0, 8)]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_who_is_cancelled_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "WORTH", 1)
    pids: list[int] = []
    asked = asyncio.Event()

    async def going() -> None:
        async with Checking(JOB, 2, Ledger().again) as one:
            await one.take(LEDGER.stored[:8])
            there: Any = one._there
            pids.append(there.process.pid)
            os.kill(pids[0], signal.SIGSTOP)
            asked.set()
            await one.take(LEDGER.stored[8:])
            await one.settled()

    task = asyncio.create_task(going())
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)
