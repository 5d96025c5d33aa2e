"""Nodes count together while they can, each holds to its share while they cannot, and nothing granted is lost."""

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from redis.asyncio import Redis

from gateway.bootstrap.background import stopped
from gateway.checks.counters import MemoryCounters
from gateway.core.counters import AGAIN, RENEW, Change, Exceeded, Level, Want
from gateway.core.errors import CountersUnavailable, LedgerUnavailable
from gateway.exchange.shared import _MISSING_TICKS, RENEWAL_TICKS, SharedCounters, State, recording
from gateway.ledger.entry import Appended, Entry
from gateway.store.redis_counters import RedisCounters
from tests.conftest import ManualClock
from tests.exchange.making import NODE
from tests.services import private_redis

MINUTE = 60_000_000


class Server:
    """What counts for all, in memory; `gone` while it cannot be asked, `forget` makes it new."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock, self.gone, self.calls = clock, False, list[list[Change]]()
        self.refuses = False
        self.hangs: asyncio.Event | None = None
        self.called = asyncio.Event()
        self.forget()

    def forget(self) -> None:
        self.counters, self.mark, self.nodes = MemoryCounters(self.clock), "", {"nd_a", "nd_b"}  # others are quick

    async def run(
        self, lease: str, changes: Sequence[Change], wants: Sequence[Want], *, memory: str = ""
    ) -> tuple[Level, ...] | Exceeded:
        if self.hangs is not None:
            await self.hangs.wait()
        if self.gone or self.refuses or memory not in ("", self.mark):
            raise CountersUnavailable("gone")
        self.calls.append(list(changes))
        self.called.set()
        for change in changes:
            if change.window_us == AGAIN:
                self.counters.take(change.lease, [Want(change.key, 0, 1, 0)], forced=True)
            elif change.window_us != RENEW:
                self.counters.settle([change])
        return self.counters.take(lease, wants)

    async def memory(self, mark: str) -> str:
        if self.gone:
            raise CountersUnavailable("gone")
        self.mark = self.mark or mark
        return self.mark

    async def tellers(self, node: str, memory: str) -> int:
        if self.gone or memory != self.mark:
            raise CountersUnavailable("gone")
        self.nodes.add(node)
        return len(self.nodes)

    @property
    def used(self) -> dict[str, int]:
        return {key: total for key, _, total in self.counters.totals()} | {
            key: self.counters.count(key) for key, _ in self.counters.leases()
        }


class Kit:
    """One node of three."""

    def __init__(self, server: Server, nodes: int = 3, name: str = "nd_c") -> None:
        self.server, self.nodes, self.told = server, nodes, list[tuple[State, int]]()
        self.local = MemoryCounters(server.clock)
        self.deaf, self.recorded = False, asyncio.Event()
        self.shared = SharedCounters(server, self.local, node=name, nodes=self._nodes, told=self._tell)

    async def _nodes(self) -> int:
        if self.nodes == 0:
            raise LedgerUnavailable("gone")
        return self.nodes

    async def _tell(self, state: State, nodes: int) -> None:
        if self.deaf:
            raise LedgerUnavailable("gone")
        self.told.append((state, nodes))
        self.recorded.set()

    async def reserve(self, lease: str = "a", **fields: Any) -> tuple[Level, ...] | Exceeded:
        return await self.shared.reserve(lease, [want(**fields)])


def want(key: str = "t:a", count: int = 9, amount: int = 1, window_us: int = MINUTE, **fields: Any) -> Want:
    return Want(key, count, amount, window_us, **fields)


@pytest.fixture
def server(clock: ManualClock) -> Server:
    return Server(clock)


async def test_while_the_server_is_there_it_decides_for_all_nodes(server: Server) -> None:
    one, other = Kit(server), Kit(server)
    for kit in (one, other):
        await kit.shared.start()
    granted = [await kit.reserve() for _ in range(5) for kit in (one, other)]
    assert [isinstance(answer, tuple) for answer in granted] == [True] * 9 + [False]
    assert (one.shared.state, one.told) == ("shared", [])


async def test_a_server_that_fails_is_found_out_by_a_request_which_is_decided_here(server: Server) -> None:
    kit = Kit(server)
    await kit.shared.start()
    await kit.reserve()
    server.gone = True
    granted = [await kit.reserve(str(n)) for n in range(3)]
    assert [isinstance(answer, tuple) for answer in granted] == [True, True, False], "one of its three was used before"
    await kit.shared.tick()
    assert (kit.shared.state, kit.told, kit.shared.lost) == ("degraded", [("degraded", 3)], 1)


async def test_a_look_that_finds_the_server_gone_counts_the_nodes_anew(server: Server) -> None:
    """One that has just started has its share at once, and is in the number on record."""
    kit = Kit(server)
    await kit.shared.start()
    kit.nodes, server.gone = 9, True
    await kit.shared.tick()
    assert (kit.told, kit.local.share) == ([("degraded", 9)], 9)
    granted = [await kit.reserve(str(number)) for number in range(2)]
    assert [isinstance(answer, tuple) for answer in granted] == [True, False]


async def test_a_server_that_is_back_is_told_what_was_granted_meanwhile(server: Server) -> None:
    kit = Kit(server)
    await kit.shared.start()
    before = await kit.reserve("a", amount=1)
    server.gone = True
    during = await kit.reserve("b", amount=2)
    held = await kit.reserve("b", key="t:open", window_us=0)
    assert isinstance(before, tuple)
    assert isinstance(during, tuple)
    assert isinstance(held, tuple)
    kit.shared.settle([Change("t:a", MINUTE, -1, during[0].slice, "b")])
    kit.shared.settle([Change("t:a", MINUTE, 3, before[0].slice, "a")])
    server.gone = False
    await kit.shared.tick()
    assert server.used == {"t:a": 2, "t:open": 1}
    await kit.reserve("c")
    assert server.used == {"t:a": 6, "t:open": 1}
    assert kit.told == [("degraded", 3), ("shared", 3)]
    kit.shared.settle([Change("t:a", MINUTE, 4, during[0].slice, "b"), Change("t:a", MINUTE, -1, during[0].slice, "b")])
    await kit.shared.stop()
    assert server.used == {"t:a": 10, "t:open": 1}, "more is told, less is not: it may belong to nothing by now"


async def test_a_server_that_has_forgotten_is_told_all_that_still_counts_by_every_node(server: Server) -> None:
    one, other = Kit(server), Kit(server)
    for kit, amount in ((one, 4), (other, 3)):
        await kit.shared.start()
        await kit.reserve("a", amount=amount)
        await kit.reserve("a", key="t:open", window_us=0)
    server.forget()
    for kit in (one, other):
        await kit.shared.tick()
        assert kit.shared.state == "degraded"
        await kit.shared.tick()
    assert server.used == {"t:a": 7, "t:open": 1}  # both call their lease the same here
    assert isinstance(await other.reserve(amount=3), Exceeded)


async def test_what_was_given_back_is_not_told_to_a_server_that_has_forgotten(server: Server) -> None:
    kit = Kit(server)
    await kit.shared.start()
    server.counters.take("another", [want()])
    server.clock.advance(5)
    answer = await kit.reserve("a", amount=8)
    assert isinstance(answer, tuple)
    (level,) = answer
    kit.shared.settle([Change("t:a", MINUTE, -6, level.slice, "a", level.here)])
    assert list(kit.local.totals()) == [("t:a", MINUTE, 2)]
    server.forget()
    for _ in range(2):
        await kit.shared.tick()
    assert server.used == {"t:a": 2}


async def test_of_a_call_that_failed_only_what_makes_limits_stricter_is_told_again(server: Server) -> None:
    kit = Kit(server)
    await kit.shared.start()
    answer = await kit.reserve("a", amount=5)
    await kit.reserve("a", key="t:open", window_us=0)
    assert isinstance(answer, tuple)
    slice_ = answer[0].slice
    kit.shared.settle(
        [
            Change("t:a", MINUTE, -3, slice_, "a"),
            Change("t:a", MINUTE, 2, slice_, "a"),
            Change("t:open", 0, 0, 0, "a"),
        ]
    )
    server.gone = True
    await kit.reserve("b")
    server.gone = False
    await kit.shared.tick()
    await kit.shared.stop()
    assert server.used == {"t:a": 7}  # 5 and 2


async def test_what_is_settled_waits_for_nobody_for_long(server: Server) -> None:
    kit = Kit(server)
    await kit.shared.start()
    await kit.reserve("a", key="t:open", window_us=0)
    calls = len(server.calls)
    kit.shared.settle([Change("t:open", 0, 0, 0, "a")])
    assert len(server.calls) == calls
    server.called.clear()
    async with asyncio.timeout(10):
        await server.called.wait()
    await kit.shared.stop()
    assert server.used == {}


async def test_what_is_settled_goes_along_with_the_next_reservation(server: Server) -> None:
    kit = Kit(server)
    await kit.shared.start()
    await kit.reserve("a", key="t:open", count=1, window_us=0)
    calls = len(server.calls)
    kit.shared.settle([Change("t:open", 0, 0, 0, "a")])
    assert isinstance(await kit.reserve("b", key="t:open", count=1, window_us=0), tuple)
    assert len(server.calls) == calls + 1
    await kit.shared.stop()


async def test_who_goes_away_while_it_reserves_holds_nothing(server: Server) -> None:
    kit = Kit(server)
    await kit.shared.start()
    server.hangs = asyncio.Event()
    asked = asyncio.create_task(kit.reserve("a", key="t:open", window_us=0))
    await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    server.hangs = None
    await server.run("a", [], [want(key="t:open", window_us=0)])  # it got there all the same
    await kit.shared.stop()
    assert server.used == {}


async def test_what_is_under_way_is_kept_alive(server: Server) -> None:
    kit = Kit(server)
    await kit.shared.start()
    await kit.reserve("a", key="t:open", window_us=0)
    for _ in range(RENEWAL_TICKS):
        await kit.shared.tick()
    assert server.calls[-1] == [Change("t:open", RENEW, 0, 0, "a")]


async def test_a_server_that_is_lost_again_and_again_is_let_be_for_longer_each_time(server: Server) -> None:
    kit = Kit(server)
    await kit.shared.start()
    ticks = []
    for _ in range(4):
        server.gone = True
        await kit.reserve()
        server.gone, waited = False, 0
        while kit.shared.state == "degraded":
            await kit.shared.tick()
            waited += 1
        ticks.append(waited)
    assert ticks == [1, 2, 4, 8]
    for _ in range(60):
        await kit.shared.tick()
    server.gone = True
    await kit.shared.tick()
    server.gone = False
    await kit.shared.tick()
    assert kit.shared.state == "shared"


async def test_a_node_that_starts_without_the_server_says_so_and_counts_alone(server: Server) -> None:
    kit = Kit(server)
    server.gone = True
    await kit.shared.start()
    assert (kit.shared.state, kit.told) == ("degraded", [("degraded", 3)])
    assert [isinstance(await kit.reserve(str(n)), tuple) for n in range(4)] == [True, True, True, False]
    server.gone = False
    await kit.shared.tick()
    assert (kit.told[-1], server.used) == (("shared", 3), {"t:a": 3})


async def test_what_cannot_be_recorded_is_recorded_later_and_nodes_that_cannot_be_counted_are_as_many_as_before(
    server: Server,
) -> None:
    kit = Kit(server)
    await kit.shared.start()
    kit.deaf, kit.nodes, server.gone = True, 0, True
    await kit.reserve()
    await kit.shared.tick()
    assert kit.told == []
    kit.deaf, kit.nodes = False, 2
    await kit.shared.tick()
    assert kit.told == [("degraded", 2)]


async def test_the_server_that_fails_while_it_is_told_is_told_again(server: Server) -> None:
    kit = Kit(server)
    server.gone = True
    await kit.shared.start()
    await kit.reserve("a", amount=2)
    server.gone, server.refuses = False, True
    await kit.shared.tick()
    assert kit.shared.state == "degraded"
    server.refuses = False
    await kit.shared.tick()
    assert (kit.shared.state, server.used) == ("shared", {"t:a": 2})


async def test_a_loss_wakes_the_background_at_once(server: Server) -> None:
    kit = Kit(server)
    await kit.shared.start()
    running = asyncio.create_task(kit.shared.run(every_s=3600))
    server.gone = True
    await kit.reserve()
    async with asyncio.timeout(10):
        await kit.recorded.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_changes_of_state_are_records_of_the_operators_own_ledger(clock: ManualClock) -> None:
    class Ledger:
        def __init__(self) -> None:
            self.entries: list[Entry] = []

        async def append(self, entry: Entry) -> Appended:
            self.entries.append(entry)
            return Appended(seq=0, leaf_hash=b"", recorded_at="")

    ledger = Ledger()
    told = recording(ledger, "_system", clock, NODE)
    await told("degraded", 3)
    await told("shared", 2)
    found = [entry.envelope for entry in ledger.entries]
    assert [(one.event, one.count, one.tenant) for one in found] == [
        ("limits.degraded", 3, "_system"),
        ("limits.restored", 2, "_system"),
    ]


async def test_a_server_that_has_forgotten_grants_nothing_to_who_does_not_know_that_yet(server: Server) -> None:
    """It may be gone and back between two requests, and knows nothing of what was used."""
    kit = Kit(server)
    await kit.shared.start()
    assert [isinstance(await kit.reserve(), tuple) for _ in range(4)] == [True] * 4
    server.forget()
    assert isinstance(await kit.reserve(), Exceeded), "its share is three, and it has used four"
    assert kit.shared.state == "degraded"
    for _ in range(2):
        await kit.shared.tick()
    assert (kit.shared.state, server.used) == ("shared", {"t:a": 4})


async def test_a_server_that_has_forgotten_decides_again_when_every_node_has_told_it(server: Server) -> None:
    one, other, third = (Kit(server, name=name) for name in ("nd_1", "nd_2", "nd_3"))
    for kit in (one, other, third):
        await kit.shared.start()
    await other.reserve(amount=5)
    assert server.used == {"t:a": 5}
    server.forget()
    server.nodes.clear()
    for kit in (one, other):
        for _ in range(3):
            await kit.shared.tick()
        assert kit.shared.state == "degraded"
    granted = [isinstance(await one.reserve(), tuple) for _ in range(4)]
    assert granted == [True] * 3 + [False], "of nine its share: it does not take what others may have used"
    for _ in range(2):
        await third.shared.tick()
    assert third.shared.state == "shared"
    for kit in (one, other):
        await kit.shared.tick()
    assert ([kit.shared.state for kit in (one, other)], server.used) == (["shared"] * 2, {"t:a": 8})
    assert [isinstance(await third.reserve(), tuple) for _ in range(2)] == [True, False]


async def test_a_node_that_never_tells_is_not_waited_for_for_ever(server: Server) -> None:
    kit = Kit(server)
    await kit.shared.start()
    server.forget()
    server.nodes.clear()
    for _ in range(_MISSING_TICKS + 1):
        await kit.shared.tick()
        assert kit.shared.state == "degraded"
    await kit.shared.tick()
    assert kit.shared.state == "shared"


@pytest.mark.redis
async def test_however_often_a_real_server_is_killed_under_load_no_more_passes_than_the_limit_and_unused_shares() -> (
    None
):
    """Three nodes, of which each has its share of 300 while the server is away: at most 300 and two shares pass."""
    random, count, most = Random(4), 300, 500
    remotes: list[RedisCounters] = []
    passed = refused = 0
    with private_redis() as redis:
        nodes: list[SharedCounters] = []

        async def three() -> int:
            return 3

        async def told(state: State, nodes: int) -> None:
            return None

        for number in range(3):
            remote = RedisCounters(redis.url, password=None, timeout_s=1, lease_s=30, tls=None)
            remotes.append(remote)
            local = MemoryCounters(ManualClock())
            nodes.append(SharedCounters(remote, local, node=f"nd_{number}", nodes=three, told=told))
        for node in nodes:
            await node.start()
        background = [asyncio.create_task(node.run(0.01)) for node in nodes]
        used = [0, 0, 0]

        async def ask(place: int) -> None:
            nonlocal passed, refused
            answer = await nodes[place].reserve(f"{passed}-{refused}", [want(count=count)])
            if isinstance(answer, Exceeded):
                refused += 1
            else:
                passed += 1
                used[place] += 1

        for _ in range(8):
            asking = [asyncio.create_task(ask(random.randrange(3))) for _ in range(random.randrange(20, 60))]
            await asyncio.sleep(0)
            await asyncio.to_thread(redis.stop)
            await asyncio.gather(*asking, *(ask(random.randrange(3)) for _ in range(random.randrange(20))))
            assert all(mine <= count for mine in used)
            await asyncio.to_thread(redis.start)
        async with asyncio.timeout(20):
            while any(node.state != "shared" for node in nodes):  # noqa: ASYNC110 — as a probe of readiness does
                await asyncio.sleep(0.01)
        while refused < 5000 and passed < count:
            await asyncio.gather(*(ask(place) for place in range(3)))
        for _ in range(50):
            await asyncio.gather(*(ask(place) for place in range(3)))
        await stopped(background)
        for remote in remotes:
            await remote.close()
    assert count / 2 <= passed <= most, "and what was told twice is no more than stricter"


class Hour:
    """One node on a real server, and the 10 of an hour that all may use."""

    def __init__(self, url: str, name: str, nodes: int) -> None:
        self.remote = RedisCounters(url, password=None, timeout_s=10, lease_s=30)
        self.nodes, self.passed = nodes, 0
        local = MemoryCounters(ManualClock())
        self.shared = SharedCounters(self.remote, local, node=name, nodes=self._nodes, told=self._tell)

    async def _nodes(self) -> int:
        return self.nodes

    async def _tell(self, state: State, nodes: int) -> None:
        return None

    async def ask(self, times: int) -> None:
        for number in range(times):
            answer = await self.shared.reserve(f"{number}", [want(count=10, window_us=60 * MINUTE)])
            self.passed += isinstance(answer, tuple)


@pytest.mark.redis
async def test_a_real_server_that_comes_back_with_an_old_snapshot_grants_nothing_a_second_time() -> None:
    """Its mark comes back too, and says of one of ten that were granted: however often, and looked at first or not."""
    with private_redis() as redis:
        node = Hour(redis.url, "nd_1", 1)
        await node.shared.start()
        await node.ask(1)
        async with Redis.from_url(redis.url) as admin:
            await admin.save()
        await node.ask(20)
        assert node.passed == 10
        for looks in (0, 1, 2):
            await asyncio.to_thread(redis.stop)
            await asyncio.to_thread(redis.start)
            for _ in range(looks):
                await node.shared.tick()
            await node.ask(20)
            async with asyncio.timeout(20):
                while node.shared.state != "shared":
                    await node.shared.tick()
            await node.ask(20)
            assert node.passed == 10
        await node.remote.close()


@pytest.mark.redis
async def test_a_real_server_that_comes_back_with_an_old_snapshot_is_told_by_every_node_before_it_decides() -> None:
    """Whoever had told before is in the snapshot too, and has to tell again."""
    with private_redis() as redis:
        one, other = (Hour(redis.url, name, 2) for name in ("nd_1", "nd_2"))
        for node in (one, other, one):
            await node.shared.start()
        assert {one.shared.state, other.shared.state} == {"shared"}
        async with Redis.from_url(redis.url) as admin:
            await admin.save()
        await one.ask(10)
        await asyncio.to_thread(redis.stop)
        await asyncio.to_thread(redis.start)
        for _ in range(4):
            await other.shared.tick()
        await other.ask(10)
        assert (other.shared.state, other.passed) == ("degraded", 5), "its share: it cannot know of what the first used"
        for _ in range(4):
            await one.shared.tick()
            await other.shared.tick()
        assert {one.shared.state, other.shared.state} == {"shared"}
        for node in (one, other):
            await node.ask(10)
            await node.remote.close()
        assert one.passed + other.passed == 15
