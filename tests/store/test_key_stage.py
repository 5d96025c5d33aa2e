"""Keys before records: nothing goes on without its keys, and nothing overtakes."""

import asyncio
import threading
from collections.abc import Sequence

from gateway.ledger.entry import DataKey
from gateway.store.batch import Waiting
from gateway.store.key_stage import KeyStage, gathered
from tests.store.ledger_kit import data_key, intent, note, until


class _Keyring:
    """Persists when it is let, or fails."""

    def __init__(self) -> None:
        self.kept: list[str] = []
        self.go_on = threading.Event()
        self.go_on.set()
        self.fails = False

    def persist(self, keys: Sequence[DataKey]) -> None:
        self.go_on.wait(10)
        if self.fails:
            raise OSError("no room")
        self.kept.extend(key.id for key in keys)


class _Stage:
    def __init__(self, wait_s: float = 5.0) -> None:
        self.keyring = _Keyring()
        self.went_on: list[Waiting] = []
        self.failed: list[Waiting] = []
        self.stage = KeyStage(self.keyring, self.went_on.extend, self.failed.extend, self._overdue, wait_s)
        self.stage.start()

    def _overdue(self, waiting: list[Waiting], where: str) -> None:
        for waiter in waiting:
            waiter.refuse()


def _with_key(name: str) -> Waiting:
    return Waiting(intent(keys=(data_key(name),)), None)


async def test_what_has_no_keys_does_not_pass_through_while_nothing_is_in_front_of_it() -> None:
    it = _Stage()
    assert not it.stage.take(Waiting(note(), None))
    await it.stage.stop()


async def test_what_comes_behind_a_key_stays_behind_it() -> None:
    it = _Stage()
    it.keyring.go_on.clear()
    first, second = _with_key("dk_1"), Waiting(note(), None)
    assert it.stage.take(first)
    assert it.stage.take(second)
    await asyncio.sleep(0)
    third = Waiting(note(), None)
    assert it.stage.take(third)
    assert it.went_on == []
    it.keyring.go_on.set()
    await until(lambda: len(it.went_on) == 3)
    assert it.went_on == [first, second, third]
    assert it.keyring.kept == ["dk_1"]
    await it.stage.stop()


async def test_keys_that_cannot_be_kept_fail_those_that_need_them_alone() -> None:
    it = _Stage()
    it.keyring.fails = True
    first, second = _with_key("dk_1"), Waiting(note(), None)
    it.stage.take(first)
    it.stage.take(second)
    await until(lambda: bool(it.went_on))
    assert (it.failed, it.went_on) == ([first], [second])
    await it.stage.stop()


async def test_what_was_told_that_the_keyring_hangs_is_refused_for_good() -> None:
    it = _Stage(wait_s=0.05)
    it.keyring.go_on.clear()
    first = _with_key("dk_1")
    it.stage.take(first)
    await until(lambda: first.refused)
    it.keyring.go_on.set()
    await until(lambda: bool(it.failed))
    assert (it.failed, it.went_on) == ([first], [])
    await it.stage.stop()


async def test_stopping_lets_everything_that_was_taken_go_on() -> None:
    it = _Stage()
    waiting = [_with_key(f"dk_{n}") for n in range(20)]
    for waiter in waiting:
        it.stage.take(waiter)
    await it.stage.stop()
    assert it.went_on == waiting


async def test_a_batch_waits_for_those_about_to_join_and_for_nobody_else() -> None:
    queue = [1]

    async def joins() -> None:
        for number in range(3):
            await asyncio.sleep(0)
            queue.append(number)

    task = asyncio.ensure_future(joins())
    await gathered(queue)
    await task
    assert len(queue) == 4
    # A queue that grows for ever is not waited for, and one that stands still costs one turn of the loop.
    turns = 0

    async def always() -> None:
        nonlocal turns
        while True:
            turns += 1
            queue.append(0)
            await asyncio.sleep(0)

    task = asyncio.ensure_future(always())
    await gathered(queue)
    assert turns < 20
    task.cancel()
