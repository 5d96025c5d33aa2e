"""Who pulls waits; a request goes to one that waits, once, and its answer is taken while its lease lasts."""

import asyncio
from typing import Any

import pytest

from gateway.agents.pulling import Handed, Pulling, Ticket
from gateway.core.errors import AgentError
from gateway.core.message import Outgoing, WireAnswer
from tests.agents.support import route
from tests.conftest import ManualClock

WORK = Outgoing(method="POST", path="/notes", headers=(), body=b"work")
ANSWER = WireAnswer(status=200, headers=(), body=b"done")


def pulling(clock: ManualClock) -> Pulling:
    names = iter(f"le_{number}" for number in range(100))
    return Pulling(["archive", "other"], clock, lambda: next(names))


async def waits(p: Pulling, agent: str = "archive", wait_s: float = 60.0) -> "asyncio.Task[Handed | None]":
    """One that waits already."""
    there = asyncio.Event()
    before, p.on_waiting = p.on_waiting, lambda _: there.set()
    task = asyncio.create_task(p.next(agent, wait_s))
    await there.wait()
    p.on_waiting = before
    return task


def send(p: Pulling, ticket: Ticket | None, timeout_s: float = 60.0, most: int = 100) -> "asyncio.Task[WireAnswer]":
    return asyncio.create_task(p.send(ticket, route("archive", pull=True, timeout_s=timeout_s), WORK, most))


async def test_a_request_goes_to_who_has_waited_longest_and_its_answer_comes_back(clock: ManualClock) -> None:
    p = pulling(clock)
    first, second = await waits(p), await waits(p)
    assert p.free("archive") == 2
    sending = send(p, p.reserve("archive"))
    handed = await first
    assert handed == Handed(lease="le_0", outgoing=WORK, expires_us=clock.now_us() + 60_000_000)
    assert (p.free("archive"), p.under_way("archive"), second.done()) == (1, 1, False)
    assert p.answered("archive", "le_0", ANSWER)
    assert await sending == ANSWER
    assert not p.answered("archive", "le_0", ANSWER), "once"
    assert (p.under_way("archive"), p.free("other")) == (0, 0)
    second.cancel()


async def test_who_sends_is_told_when_the_request_is_given_to_somebody_and_over_which_tls(clock: ManualClock) -> None:
    p, over = pulling(clock), list[str | None]()
    waiting = await waits(p)
    agent = route("archive", pull=True, timeout_s=60.0)
    sending = asyncio.create_task(p.send(p.reserve("archive"), agent, WORK, 100, over.append))
    handed = await waiting
    assert handed is not None
    assert over == [], "nobody has it yet"
    p.given(handed.lease, "key from 192.0.2.1", "TLSv1.3 A")
    assert over == ["TLSv1.3 A"]
    assert p.answered("archive", handed.lease, ANSWER)
    await sending
    p.given(handed.lease, "another", "late")
    assert over == ["TLSv1.3 A"], "its lease is over"


async def test_nothing_is_reserved_where_nobody_waits_and_handed_over_twice(clock: ManualClock) -> None:
    p = pulling(clock)
    assert p.reserve("archive") is None
    with pytest.raises(AgentError, match="overloaded"):
        await send(p, None)
    waiting = await waits(p)
    ticket = p.reserve("archive")
    assert (ticket is not None, p.reserve("archive")) == (True, None)
    sending = send(p, ticket)
    await waiting
    with pytest.raises(AgentError, match="overloaded"):
        await send(p, ticket)
    sending.cancel()


async def test_who_waits_in_vain_gets_nothing_and_one_that_was_reserved_meanwhile_waits_on(clock: ManualClock) -> None:
    p = pulling(clock)
    assert await p.next("archive", 0.0) is None
    assert p.free("archive") == 0
    waiting = await waits(p, wait_s=0.0)
    ticket = p.reserve("archive")
    assert ticket is not None
    over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(0, over.set_result, None)
    await over
    assert not waiting.done()
    ticket.release()
    ticket.release()
    assert await waiting is None


async def test_what_was_reserved_for_nothing_is_there_again_and_told(clock: ManualClock) -> None:
    p, told = pulling(clock), list[str]()
    waiting = await waits(p)
    p.on_waiting = told.append
    ticket = p.reserve("archive")
    assert ticket is not None
    ticket.release()
    assert (p.free("archive"), told) == (1, ["archive"])
    sending = send(p, p.reserve("archive"))
    assert await waiting is not None
    sending.cancel()


async def test_who_has_gone_is_handed_nothing(clock: ManualClock) -> None:
    p = pulling(clock)
    waiting = await waits(p)
    ticket = p.reserve("archive")
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    with pytest.raises(AgentError, match="overloaded"):
        await send(p, ticket)
    assert ticket is not None
    ticket.release()
    assert p.reserve("archive") is None


async def test_an_answer_after_the_lease_or_of_another_agent_is_taken_by_nobody(clock: ManualClock) -> None:
    p = pulling(clock)
    waiting = await waits(p)
    sending = send(p, p.reserve("archive"), timeout_s=0.0)
    handed = await waiting
    assert handed is not None
    with pytest.raises(AgentError, match="timeout_total"):
        await sending
    assert not p.answered("archive", handed.lease, ANSWER)
    waiting = await waits(p)
    sending = send(p, p.reserve("archive"))
    handed = await waiting
    assert handed is not None
    assert not p.answered("other", handed.lease, ANSWER)
    assert not p.answered("archive", "le_none", ANSWER)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    assert not p.answered("archive", handed.lease, ANSWER), "it was given up"


async def test_an_answer_beyond_its_bound_is_no_answer(clock: ManualClock) -> None:
    p = pulling(clock)
    waiting = await waits(p)
    sending = send(p, p.reserve("archive"), most=3)
    handed: Any = await waiting
    assert p.answered("archive", handed.lease, ANSWER)
    with pytest.raises(AgentError, match="answer_too_large"):
        await sending


async def test_what_is_withdrawn_ends_as_if_nobody_had_waited_and_who_was_given_it_is_told(clock: ManualClock) -> None:
    p = pulling(clock)
    first, second = await waits(p), await waits(p)
    ticket = p.reserve("archive")
    sending = send(p, ticket)
    handed = await first
    assert handed is not None
    p.withdrawn(handed.lease)
    with pytest.raises(AgentError, match="overloaded"):
        await sending
    p.withdrawn(handed.lease)
    p.given(handed.lease, "le_0 is over")
    assert (ticket is not None and ticket.fetched_by, p.answered("archive", handed.lease, ANSWER)) == (None, False)
    ticket = p.reserve("archive")
    sending = send(p, ticket)
    handed = await second
    assert handed is not None
    p.given(handed.lease, "key_1 from here")
    assert p.answered("archive", handed.lease, ANSWER)
    assert (await sending, ticket is not None and ticket.fetched_by) == (ANSWER, "key_1 from here")


async def test_before_a_stop_nobody_is_handed_anything_whose_answer_nobody_could_take(clock: ManualClock) -> None:
    p = pulling(clock)
    taken, first, second = await waits(p), await waits(p), await waits(p, "other")
    ticket = p.reserve("archive")
    p.rest()
    assert (await first, await second) == (None, None)
    assert p.reserve("archive") is None
    assert await p.next("archive", 60.0) is None
    assert not taken.done()
    assert ticket is not None
    ticket.release()
    assert await taken is None


async def test_what_was_handed_over_before_a_stop_may_still_be_answered(clock: ManualClock) -> None:
    p = pulling(clock)
    waiting = await waits(p)
    sending = send(p, p.reserve("archive"))
    handed = await waiting
    assert handed is not None
    p.rest()
    assert p.answered("archive", handed.lease, ANSWER)
    assert await sending == ANSWER
