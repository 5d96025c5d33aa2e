"""Nodes hear of each other's tasks while the server is there, look for them while it is not, and never wait for it."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.core.errors import MessagesUnavailable
from gateway.exchange.task_messages import AGAIN_S, FIRST_S, MOST_S, TaskMessages
from gateway.settings import Settings
from gateway.store.nats_messages import NatsMessages
from gateway.store.nkeys import Access
from gateway.store.tasks import COMPLETED, RUNNING
from tests.exchange.task_making import office
from tests.exchange.test_dispatcher import begun, never
from tests.store.kit import opened


class Server:
    """A server that a test may take away; and a connection to it."""

    def __init__(self) -> None:
        self.gone, self.defect = False, False
        self.there: asyncio.Queue[str] = asyncio.Queue()
        self.said: list[str] = []
        self.done_with: list[tuple[list[str], float | None]] = []
        self.asked = self.closed = 0
        self._lost = asyncio.Event()

    @asynccontextmanager
    async def connected(self) -> AsyncIterator["Server"]:
        self.asked += 1
        if self.defect:
            raise RuntimeError
        if self.gone:
            raise MessagesUnavailable("gone")
        try:
            yield self
        finally:
            self.closed += 1

    def leave(self) -> None:
        self.gone = True
        self._lost.set()

    def come_back(self) -> None:
        self.gone = False
        self._lost.clear()

    @property
    def ahead(self) -> bool:
        return False

    async def say(self, turns: Sequence[str]) -> None:
        if self.gone:
            raise MessagesUnavailable("gone")
        self.said += turns

    async def heard(self) -> list[str]:
        got, lost = asyncio.ensure_future(self.there.get()), asyncio.ensure_future(self._lost.wait())
        try:
            await asyncio.wait({got, lost}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            lost.cancel()
            if not got.done():
                got.cancel()
        if self.gone:
            raise MessagesUnavailable("gone")
        return [got.result()]

    async def done(self, messages: Sequence[str], *, again_s: float | None) -> None:
        self.done_with.append((list(messages), again_s))


class Node:
    """Who runs tasks, with or without room, and with more to do than that or not."""

    def __init__(self, server: Server) -> None:
        self.more, self.looks, self.wakes = False, 0, 0
        self.free = asyncio.Event()
        self.free.set()
        self.waits: list[float] = []
        self.messages = TaskMessages(server.connected, pause=self._pause, chance=lambda: 0.0)

    def wake(self) -> None:
        self.wakes += 1

    async def room(self) -> None:
        await self.free.wait()

    async def look(self) -> bool:
        self.looks += 1
        return self.more

    async def _pause(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(0)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 — turns of the loop, no time
            await asyncio.sleep(0)


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
async def node(server: Server) -> AsyncIterator[Node]:
    found = Node(server)
    found.messages.start(found)
    yield found
    await found.messages.stop()


async def test_what_is_queued_is_told_once_there_is_a_connection(server: Server) -> None:
    node = Node(server)
    node.messages.tell("t1.0")
    assert node.messages.state == "polling"
    node.messages.start(node)
    node.messages.tell("t2.0")
    await until(lambda: server.said == ["t1.0", "t2.0"])
    assert (node.messages.state, node.messages.told) == ("connected", 2)
    await node.messages.stop()
    assert (node.messages.state, server.closed) == ("polling", 1)
    await node.messages.stop()


async def test_a_message_has_this_node_look_and_goes_on_where_more_is_due_than_it_can_take(
    server: Server, node: Node
) -> None:
    await server.there.put("one")
    await until(lambda: len(server.done_with) == 1)
    node.more = True
    await server.there.put("two")
    await until(lambda: len(server.done_with) == 2)
    assert server.done_with == [(["one"], None), (["two"], AGAIN_S)]
    assert (node.looks, node.messages.heard) == (2, 2)


async def test_a_node_without_room_leaves_messages_to_others(server: Server) -> None:
    node = Node(server)
    node.free.clear()
    node.messages.start(node)
    await server.there.put("one")
    node.messages.tell("t1.0")
    await until(lambda: server.said == ["t1.0"])
    assert (server.there.qsize(), node.looks) == (1, 0)
    node.free.set()
    await until(lambda: node.looks == 1)
    await node.messages.stop()


async def test_a_server_that_is_lost_is_looked_for_ever_less_often_and_its_loss_is_told(
    server: Server, node: Node
) -> None:
    await until(lambda: node.messages.state == "connected")
    woken = node.wakes
    server.leave()
    await until(lambda: len(node.waits) == 10)
    assert node.waits[:9] == [min(FIRST_S * 2**n, MOST_S) for n in range(9)]
    assert (node.messages.state, node.messages.lost, server.closed) == ("polling", 1, 1)
    assert node.wakes == woken + 1, "it must not wait for messages that do not come"
    node.messages.tell("t1.0")
    server.come_back()
    await until(lambda: server.said == ["t1.0"])
    assert (node.messages.state, node.messages.lost) == ("connected", 1)
    assert node.wakes == woken + 2, "of what was queued meanwhile nobody was told"


async def test_what_fails_on_the_way_is_not_told_again(server: Server, node: Node) -> None:
    """Whoever looks finds it; and that the server was lost had everybody look."""
    await until(lambda: node.messages.state == "connected")
    server.gone = True
    node.messages.tell("t1.0")
    await until(lambda: node.messages.lost == 1)
    server.come_back()
    await until(lambda: node.messages.state == "connected")
    assert (server.said, node.messages.told) == ([], 0)


async def test_while_it_is_away_for_long_no_more_is_kept_than_wakes_everybody(server: Server) -> None:
    server.gone = True
    node = Node(server)
    for number in range(1500):
        node.messages.tell(f"t{number}.0")
    assert node.messages.untold == 500
    server.come_back()
    node.messages.start(node)
    await until(lambda: len(server.said) == 1000)
    await node.messages.stop()


async def test_a_defect_does_not_leave_a_node_deaf(server: Server) -> None:
    server.defect = True
    node = Node(server)
    node.messages.start(node)
    await until(lambda: len(node.waits) == 3)
    server.defect = False
    await until(lambda: node.messages.state == "connected")
    await node.messages.stop()


async def test_a_stop_is_heard_though_the_library_keeps_a_cancellation_to_itself(server: Server) -> None:
    """As the library of NATS does while it connects to a server that is not there."""
    reached = asyncio.Event()

    @asynccontextmanager
    async def connected() -> AsyncIterator[Server]:
        reached.set()
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            raise MessagesUnavailable("swallowed") from None
        yield server

    messages = TaskMessages(connected, pause=asyncio.sleep)
    messages.start(Node(server))
    await reached.wait()
    async with asyncio.timeout(10):
        await messages.stop()


@pytest.mark.nats
@pytest.mark.postgres
async def test_a_task_that_its_own_node_has_no_room_for_is_run_by_another(
    postgres_settings: Settings, nats_server: str, tmp_path: Path
) -> None:
    """Neither node would look into the database by itself before the test has failed."""
    stream = f"test-{secrets.token_hex(4)}"

    def messages() -> TaskMessages:
        nats = NatsMessages([nats_server], stream=stream, replicas=1, access=Access(), tls=None)
        return TaskMessages(nats.connected)

    waits: dict[str, Any] = {"poll_s": 60, "sweep_s": 60, "concurrency": 1}
    async with opened(postgres_settings, tmp_path) as store, office(store, **waits) as o:
        both = [messages(), messages()]
        dispatchers = [o.dispatcher(f"nd_{number}/bt_1", messages=one) for number, one in enumerate(both)]
        o.behave = never
        first = dispatchers[0]
        o.tasks.on_queued = first._queued
        first.start()
        held = await o.submit()
        await begun(o, 1)
        dispatchers[1].start()
        for one, dispatcher in zip(both, dispatchers, strict=True):
            one.start(dispatcher)
        await until(lambda: all(one.state == "connected" for one in both))
        o.behave = o._answer
        done = await o.until(await o.submit(), COMPLETED)
        assert (await o.state(held)).state == RUNNING
        assert (done.tries, both[0].told >= 1, both[1].heard >= 1) == (1, True, True)
        for one, dispatcher in zip(both, dispatchers, strict=True):
            await one.stop()
            await dispatcher.stop()
        assert await o.events(done) == ["task.submitted", "task.completed"]
