"""Records are written and gone over at once, and nothing is kept that was not."""

from collections.abc import AsyncGenerator, Sequence
from queue import SimpleQueue

import msgspec
import pytest

from gateway.core.errors import VerificationError
from gateway.core.ports import StoredRecord
from gateway.evidence import checking, walking
from gateway.evidence.checker import Answer, Job

from .making import MemoryLedger
from .test_kept import Desk, built


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "CHUNK", 4)
    monkeypatch.setattr(walking, "SEGMENT", 8)


@pytest.mark.parametrize("processes", [1, 2])
async def test_nothing_is_kept_before_all_that_is_written_holds(
    monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    monkeypatch.setattr(checking, "WORTH", 1)
    monkeypatch.setattr(checking, "_Process", lambda job: Beside(job, None))
    lots = MemoryLedger.lots

    async def changed(self: MemoryLedger, first: int, end: int) -> AsyncGenerator[Sequence[StoredRecord], None]:
        async for lot in lots(self, first, end):
            yield [msgspec.structs.replace(one, envelope=b"{}") if one.seq == 15 else one for one in lot]

    monkeypatch.setattr(MemoryLedger, "lots", changed)
    desk = Desk()
    with pytest.raises(VerificationError, match="record 15: hash"):
        await built(desk, processes=processes)
    assert [state.passed.size for state in desk.states] == [8]


@pytest.mark.parametrize("lost_at", [None, 4, 10, 20])
async def test_with_a_process_beside_it_becomes_the_same_wherever_that_is_lost(
    monkeypatch: pytest.MonkeyPatch, lost_at: int | None
) -> None:
    expected = await built(Desk())
    dying = Desk(cut=1)
    with pytest.raises(ConnectionError):
        await built(dying)
    monkeypatch.setattr(checking, "WORTH", 1)
    monkeypatch.setattr(checking, "_Process", lambda job: Beside(job, lost_at))
    whole, heir = Desk(), Desk(dying.left[-1])
    assert await built(whole, processes=2) == expected
    assert await built(heir, processes=2) == expected
    assert heir.states == whole.states[1:]


async def test_what_is_changed_between_writing_it_and_going_over_it_again_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(checking, "WORTH", 1)
    monkeypatch.setattr(checking, "_Process", lambda job: Beside(job, 4))
    lots, read = MemoryLedger.lots, set[int]()

    async def changed(self: MemoryLedger, first: int, end: int) -> AsyncGenerator[Sequence[StoredRecord], None]:
        async for lot in lots(self, first, end):
            again = [msgspec.structs.replace(one, envelope=b"{}") if one.seq in read else one for one in lot]
            read.update(one.seq for one in lot)
            yield again

    monkeypatch.setattr(MemoryLedger, "lots", changed)
    with pytest.raises(VerificationError, match="record 0: was changed while it was read"):
        await built(Desk(), processes=2)


class Beside:
    """In the place of a process: a pass in this one, until it is lost."""

    def __init__(self, job: Job, lost_at: int | None) -> None:
        self._passing, self._lost_at = job.passing(), lost_at
        self._sent: SimpleQueue[Sequence[StoredRecord]] = SimpleQueue()

    def send(self, records: Sequence[StoredRecord]) -> None:
        self._sent.put(records)

    def receive(self) -> Answer | None:
        records = self._sent.get(timeout=60)
        far = records[0].seq if records else self._passing.size
        if self._lost_at is not None and far >= self._lost_at:
            return None
        return Answer(chosen=self._passing.take(records)) if records else Answer(passed=self._passing.passed())

    def how(self) -> str:
        return "with 1"

    def end(self) -> None:
        """There is none."""
