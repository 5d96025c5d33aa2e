"""What takes too long is told once, and what ended in time never, whatever came before or after it."""

import asyncio

from gateway.store.watchdog import Watchdog
from tests.store.ledger_kit import until


async def test_what_does_not_end_is_told_once() -> None:
    told: list[str] = []
    watchdog = Watchdog[str](0.01, told.append)
    watchdog.begin("hangs")
    await until(lambda: bool(told))
    watchdog.end()
    watchdog.begin("hangs too")
    await until(lambda: len(told) == 2)
    assert told == ["hangs", "hangs too"]
    watchdog.close()


async def test_what_ended_in_time_is_not_told_and_a_timer_set_for_it_waits_for_the_next() -> None:
    told: list[str] = []
    loop = asyncio.get_running_loop()
    watchdog = Watchdog[str](1e6, told.append)
    watchdog.begin("ends")
    watchdog.end()
    watchdog._look(loop)
    timers = [watchdog._timer]
    watchdog.begin("ends too")
    timers.append(watchdog._timer)
    watchdog.end()
    watchdog.begin("begun later")
    timers.append(watchdog._timer)
    watchdog._look(loop)
    timers.append(watchdog._timer)
    none, first, same, another = timers
    assert none is None
    assert first is not None
    assert same is first
    assert another not in (None, first)
    assert told == []
    first.cancel()
    watchdog.close()


async def test_patience_that_grows_holds_for_what_is_watched_already() -> None:
    told: list[str] = []
    loop = asyncio.get_running_loop()
    watchdog = Watchdog[str](0.0, told.append)
    watchdog.begin("takes its time")
    watchdog.patience_s = 1e6
    watchdog._look(loop)
    assert told == []
    watchdog.patience_s = 0.0
    watchdog._look(loop)
    assert told == ["takes its time"]
    watchdog.close()


async def test_once_closed_nothing_is_told() -> None:
    told: list[str] = []
    watchdog = Watchdog[str](0.0, told.append)
    watchdog.begin("hangs")
    watchdog.close()
    after = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(0.002, after.set_result, None)
    await after
    assert told == []
