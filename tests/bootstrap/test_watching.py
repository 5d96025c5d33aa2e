"""Whoever watches beside requests survives whatever its look meets, tells it by its kind alone, and looks again."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gateway.bootstrap import takeover
from gateway.bootstrap.takeover import TakeOver
from gateway.exchange.shared import SharedCounters
from gateway.store import denials, sticking, subjects
from gateway.store.denials import DenialStore
from gateway.store.key_use import KeyUse
from gateway.store.sticking import StickingClasses
from gateway.store.subjects import SubjectStore

SAID = "what somebody said"


class Looks:
    """The first is a defect; `again` once there was another."""

    def __init__(self) -> None:
        self.number, self.again = 0, asyncio.Event()

    async def __call__(self, *_: Any, **__: Any) -> Any:
        self.number += 1
        if self.number == 1:
            raise ValueError(SAID)
        self.again.set()
        return False


def _denials(looks: Looks) -> Awaitable[None]:
    one = DenialStore.__new__(DenialStore)
    setattr(one, "fresh", looks)  # noqa: B010
    return one.watch(["tn_a"])


def _subjects(looks: Looks) -> Awaitable[None]:
    one = SubjectStore.__new__(SubjectStore)
    setattr(one, "flags", looks)  # noqa: B010
    return one.watch(lambda _: 0, ["tn_a"])


def _sticking(looks: Looks) -> Awaitable[None]:
    one = StickingClasses.__new__(StickingClasses)
    one._lasts_us = 1
    setattr(one, "look", looks)  # noqa: B010
    return one.watch()


def _takeover(looks: Looks) -> Awaitable[None]:
    one = TakeOver.__new__(TakeOver)
    setattr(one, "look", looks)  # noqa: B010
    return one.watch()


def _key_use(looks: Looks) -> Awaitable[None]:
    one = KeyUse.__new__(KeyUse)
    setattr(one, "write", looks)  # noqa: B010
    return one.keep(0)


def _counters(looks: Looks) -> Awaitable[None]:
    one = SharedCounters.__new__(SharedCounters)
    one._woken = asyncio.Event()
    setattr(one, "tick", looks)  # noqa: B010
    return one.run(0.001)


@pytest.mark.parametrize(
    ("watching", "told"),
    [
        (_denials, "a deny-list could not be read: ValueError"),
        (_subjects, "flags of data subjects could not be read: ValueError"),
        (_sticking, "what sticks to callers could not be read: ValueError"),
        (_takeover, "what is active could not be looked for: ValueError"),
        (_key_use, "the last use of API keys could not be written: ValueError"),
        (_counters, "the counters' server could not be looked after: ValueError"),
    ],
)
async def test_a_defect_in_one_look_is_told_and_the_next_look_is_made(
    watching: Callable[[Looks], Awaitable[None]],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for module in (denials, subjects, sticking, takeover):
        monkeypatch.setattr(module, "WATCH_S", 0.001)
    looks = Looks()
    task = asyncio.ensure_future(watching(looks))
    async with asyncio.timeout(10):
        await asyncio.wait([task, asyncio.ensure_future(looks.again.wait())], return_when=asyncio.FIRST_COMPLETED)
    assert not task.done(), "it goes on"
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == [told]
    assert SAID not in caplog.text
