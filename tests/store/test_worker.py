"""A thread for blocking work: in order, one at a time, and never in the way of the process's end."""

import asyncio
import threading
import weakref

import pytest

from gateway.store.worker import Worker


async def test_jobs_run_one_after_the_other_in_the_order_given() -> None:
    worker, seen = Worker("test"), list[int]()
    await asyncio.gather(*(worker.run(lambda n=n: seen.append(n)) for n in range(50)))  # type: ignore[misc]
    assert seen == list(range(50))
    worker.close()


async def test_what_a_job_raises_reaches_whoever_waits_and_the_next_job_runs() -> None:
    worker = Worker("test")

    def fail() -> None:
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        await worker.run(fail)
    assert await worker.run(lambda: 5) == 5
    worker.close()


async def test_a_wait_that_is_given_up_does_not_stop_the_job() -> None:
    worker, go_on, done = Worker("test"), threading.Event(), list[int]()

    def job() -> None:
        go_on.wait(10)
        done.append(1)

    waiting = worker.run(job)
    waiting.cancel()
    go_on.set()
    await worker.run(lambda: None)
    assert done == [1]
    worker.close()


async def test_the_thread_does_not_keep_the_process_and_ends_when_closed() -> None:
    worker = Worker("ends")
    threads = [thread for thread in threading.enumerate() if thread.name == "ends"]
    assert [thread.daemon for thread in threads] == [True]
    worker.close()
    threads[0].join(10)
    assert not threads[0].is_alive()


def test_a_loop_that_has_closed_does_not_break_the_thread() -> None:
    worker, go_on = Worker("test"), threading.Event()

    async def leave() -> None:
        _ = worker.run(lambda: go_on.wait(10))

    asyncio.run(leave())
    go_on.set()
    assert asyncio.run(_ask(worker)) == 7
    worker.close()


async def _ask(worker: Worker) -> int:
    return await worker.run(lambda: 7)


async def test_whoever_asks_knows_whether_it_is_a_job_of_the_thread() -> None:
    worker = Worker("test")
    assert not worker.here()
    assert await worker.run(worker.here)
    worker.close()


class _Held:
    pass


async def test_a_thread_that_waits_for_its_next_job_holds_nothing_of_the_last() -> None:
    worker, held, gone = Worker("test"), _Held(), asyncio.Event()
    weakref.finalize(held, asyncio.get_running_loop().call_soon_threadsafe, gone.set)
    assert (await worker.run(lambda held=held: [held]))[0] is held  # type: ignore[misc]
    del held
    async with asyncio.timeout(10):
        await gone.wait()
    worker.close()


async def test_the_last_job_is_done_after_those_that_wait_and_what_it_raises_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    worker, seen = Worker("last"), list[int]()
    thread = next(one for one in threading.enumerate() if one.name == "last")

    def last() -> None:
        seen.append(2)
        raise OSError("/some/where")

    done = worker.run(lambda: seen.append(1))
    worker.close(last)
    await done
    await asyncio.to_thread(thread.join, 10)
    assert seen == [1, 2]
    assert caplog.messages == ["last was not ended well: OSError"]
