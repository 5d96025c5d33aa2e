"""Counters that nodes have in common, and what takes their place while the server that keeps them cannot be reached.

While it can, it decides, and what it granted is counted here too. When it fails, the very request that finds out is
decided here: by what this node itself has used, against its share of each limit, which is the limit divided by the
number of nodes, rounded down. Nobody waits for the server then but a look once a second. When it is back it is told
what was granted meanwhile; where it was started anew, it is told all that still counts, on top of what it may have kept
in a snapshot that is older than that, and decides again when every node has told it: until then each holds to its
share. So however often it is lost, no more is granted than the limit and the shares of those who had not used theirs.

A failed call may have reached the server or not. So of what was sent with it, only what makes limits stricter is told
again: use beyond an estimate, and the end of requests under way, which changes nothing the second time.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Literal, Protocol

from gateway.checks.counters import MemoryCounters
from gateway.core.counters import AGAIN, RENEW, Change, Exceeded, Level, Want
from gateway.core.errors import CountersUnavailable, GatewayError
from gateway.core.ids import random_id, uuid7
from gateway.core.ports import Clock
from gateway.ledger.entry import Entry, Ledger
from gateway.ledger.record import Envelope, NodeInfo, timestamp

State = Literal["shared", "degraded"]
LEASE_S = 30.0
"""How long requests under way count after their node was heard of last."""
RENEWAL_TICKS, NODE_TICKS = 8, 5
FLUSH_S = 0.02
"""How long what is settled waits for a reservation to go along with."""
_BATCH, _QUEUE = 500, 100_000
_PATIENCE_TICKS, _STABLE_TICKS = 60, 60
"""A server that is lost again and again is let be for longer each time, up to this; until it was there for so long."""
_MISSING_TICKS = 40
"""How long nodes are waited for that have not told an empty server what they know: longer than the lease by which one
that is gone counts as a node."""
_UNTOLD = 100
_log = logging.getLogger("gateway.limits")


class Remote(Protocol):
    """The server that counts for all nodes (`store.redis_counters`). `CountersUnavailable` where it does not answer."""

    async def run(
        self, lease: str, changes: Sequence[Change], wants: Sequence[Want], *, memory: str = ""
    ) -> tuple[Level, ...] | Exceeded: ...

    async def memory(self, mark: str) -> str: ...

    async def tellers(self, node: str, memory: str) -> int: ...


Told = Callable[[State, int], Awaitable[None]]
"""Puts a change of state on record, with the number of nodes that limits are divided by."""


class SharedCounters:
    """`core.counters.Counters` over a `Remote`. `nodes` tells how many nodes there are; this one's id is `node`."""

    def __init__(
        self, remote: Remote, local: MemoryCounters, *, node: str, nodes: Callable[[], Awaitable[int]], told: Told
    ) -> None:
        self.remote, self.local, self._nodes, self._told = remote, local, nodes, told
        self._node, self._missing = node, 0
        self.state: State = "degraded"
        self.lost = 0
        """How often the server was lost."""
        self._memory: str | None = None
        self._queue: list[Change] = []
        self._owed: dict[str, tuple[int, int]] = {}
        """Key → window and amount that were granted here, and the server has not been told."""
        self._recorded: State = "shared"
        self._untold: list[State] = []
        self._ticks = self._patience = self._wait = self._stable = 0
        self._flushing: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._woken = asyncio.Event()

    # ------------------------------------------------------------------------------------------------------- the port

    async def reserve(self, lease: str, wants: Sequence[Want]) -> tuple[Level, ...] | Exceeded:
        """As the port says. Cancelled in the middle, what is under way is given back; what else the server may have
        counted leaves with its window."""
        if self.state == "shared":
            changes = self._taken()
            try:
                found = await self.remote.run(lease, changes, wants, memory=self._memory or "")
            except CountersUnavailable as error:
                self._failed(changes, error)
            except asyncio.CancelledError:
                self._again(changes)
                self.settle([Change(want.key, 0, 0, 0, lease) for want in wants if not want.window_us])
                raise
            else:
                if isinstance(found, Exceeded):
                    return found
                return _beside(found, self.local.take(lease, wants, forced=True))
        levels = self.local.take(lease, wants)
        if isinstance(levels, Exceeded):
            return levels
        for want in wants:
            if want.window_us:
                self._owe(want.key, want.window_us, want.amount)
        return tuple([Level(level.used, _here(level.slice), level.reset_s) for level in levels])

    def settle(self, changes: Sequence[Change]) -> None:
        """Here at once; on the server with the next reservation, or soon."""
        for change in changes:
            if change.window_us == 0:
                self.local.settle([change])
                self._put(change)
            elif change.slice < 0:
                self.local.settle([_with(change, _here(change.slice))])
                self._settle_owed(change)
            else:
                # Given back here too: what a server that has forgotten is told must be what was used, not reserved.
                self.local.settle([_with(change, change.here)])
                self._put(change)
        if self._queue and self.state == "shared" and self._timer is None and self._flushing is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_S, self._flush)

    # ------------------------------------------------------------------------------------------------- the background

    async def start(self) -> None:
        """Look for the server once, so that the first request finds what there is."""
        await self._count_nodes()
        if not await self._restored():
            self._change("degraded")
        await self._tell()

    async def run(self, every_s: float = 1.0) -> None:
        """Keep in touch with the server, until cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(every_s):
                    await self._woken.wait()
            self._woken.clear()
            try:
                await self.tick()
            except Exception as error:  # noqa: BLE001 — whatever it was, the next tick tries again
                _log.error("the counters' server could not be looked after: %s", type(error).__name__)

    async def tick(self) -> None:
        """One look: is the server there, does it remember; leases, nodes, and what is to be recorded."""
        self._ticks += 1
        if self._ticks % NODE_TICKS == 0 or self.state == "degraded":
            await self._count_nodes()
        if self.state == "shared":
            if not await self._kept():  # limits are divided from here on, by the nodes that there are now
                await self._count_nodes()
        else:
            self._wait -= 1
            if self._wait <= 0:
                await self._restored()
        await self._tell()

    async def stop(self) -> None:
        """Tell the server what it was not told yet, if it is there."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._flushing is not None:
            await self._flushing
        while self._queue and self.state == "shared":
            await self._sent(self._taken())

    async def _kept(self) -> bool:
        """While all is well: whether the server is there and remembers, and that what is under way here still is."""
        try:
            if await self.remote.memory(random_id("rm")) != self._memory:
                raise CountersUnavailable("the counters' server has forgotten what it was told")
        except CountersUnavailable as error:
            self._failed([], error)
            return False
        self._stable += 1
        if self._stable >= _STABLE_TICKS:
            self._patience = 0
        if self._ticks % RENEWAL_TICKS == 0:
            changes = [Change(key, RENEW, 0, 0, lease) for key, lease in self.local.leases()]
            for start in range(0, len(changes), _BATCH):
                await self._sent(changes[start : start + _BATCH])
        return self.state == "shared"

    async def _restored(self) -> bool:
        """Whether the server is there: it has been told what nodes know and it does not, and decides from now on."""
        try:
            memory = await self.remote.memory(random_id("rm"))
        except CountersUnavailable:
            return False
        owed, self._owed = self._owed, {}
        if memory != self._memory:  # it knows nothing of what it granted, or not all: all that counts is told
            owed = {key: (window_us, total) for key, window_us, total in self.local.totals()}
            self._queue, self._missing = [change for change in self._queue if change.window_us == 0], 0
        changes = [Change(key, window_us, amount, 0, "") for key, (window_us, amount) in owed.items() if amount > 0]
        changes += [Change(key, AGAIN, 0, 0, lease) for key, lease in self.local.leases()]
        try:
            for start in range(0, max(1, len(changes)), _BATCH):
                await self.remote.run("", changes[start : start + _BATCH], (), memory=memory)
            tellers = await self.remote.tellers(self._node, memory)
        except CountersUnavailable:
            # Told twice, it counts twice: stricter. What is never told would not count at all.
            for key, (window_us, amount) in owed.items():
                self._owe(key, window_us, amount)
            return False
        self._memory, self._stable = memory, 0
        # What was granted here while this was told is not in it.
        for key, (window_us, amount) in self._owed.items():
            self._put(Change(key, window_us, amount, 0, ""))
        self._owed.clear()
        if tellers < self.local.share and self._missing < _MISSING_TICKS:
            self._missing += 1
            return False
        self._change("shared")
        return True

    async def _count_nodes(self) -> None:
        try:
            self.local.share = max(1, await self._nodes())
        except GatewayError as error:
            _log.warning("the nodes could not be counted: %s", type(error).__name__)

    async def _tell(self) -> None:
        """Put changes of state on record, in their order. Where that cannot be done now, the next look does it."""
        while self._untold:
            try:
                await self._told(self._untold[0], self.local.share)
            except GatewayError as error:
                _log.error("a change of the limits' state could not be recorded: %s", type(error).__name__)
                return
            self._recorded = self._untold.pop(0)

    # ------------------------------------------------------------------------------------------------------ the parts

    def _change(self, state: State) -> None:
        self.lost += state == "degraded"
        self.state = state
        if state != (self._untold[-1] if self._untold else self._recorded):
            self._untold.append(state)
            if len(self._untold) > _UNTOLD:  # the ledger is away for long: of what was, only the last is told
                del self._untold[:2]

    def _failed(self, changes: list[Change], error: CountersUnavailable) -> None:
        self._again(changes)
        if self.state == "shared":
            _log.error("limits are counted by this node alone: %s", error)
            self._patience = self._wait = min(_PATIENCE_TICKS, max(1, self._patience * 2))
            self._change("degraded")
            self._woken.set()

    def _again(self, changes: Sequence[Change]) -> None:
        """These may have been made or not: those that can only make limits stricter are made again."""
        for change in changes:
            if change.window_us == 0 or change.amount > 0:
                self._put(change)

    def _put(self, change: Change) -> None:
        if len(self._queue) < _QUEUE:
            self._queue.append(change)

    def _taken(self) -> list[Change]:
        if not self._queue:
            return []
        if self._timer is not None:  # what comes after this waits for as long again
            self._timer.cancel()
            self._timer = None
        taken, self._queue = self._queue[:_BATCH], self._queue[_BATCH:]
        return taken

    def _owe(self, key: str, window_us: int, amount: int) -> None:
        before = self._owed.get(key)
        self._owed[key] = (window_us, amount + (0 if before is None else before[1]))

    def _settle_owed(self, change: Change) -> None:
        """Of something that was granted here: told to the server with the rest, or, where that has been told already,
        only if it is more."""
        if change.key in self._owed:
            window_us, amount = self._owed[change.key]
            self._owed[change.key] = (window_us, max(0, amount + change.amount))
        elif change.amount > 0:
            self._put(_with(change, 0))

    def _flush(self) -> None:
        self._timer = None
        self._flushing = asyncio.get_running_loop().create_task(self._flushed())

    async def _flushed(self) -> None:
        try:
            while self._queue and self.state == "shared":
                await self._sent(self._taken())
        finally:
            self._flushing = None

    async def _sent(self, changes: list[Change]) -> None:
        try:
            await self.remote.run("", changes, (), memory=self._memory or "")
        except CountersUnavailable as error:
            self._failed(changes, error)


def _here(slice: int) -> int:
    """The number of a slice of this node's own windows as the rest of the gateway knows it, and back: below 0, so that
    it is not taken for one of the server's."""
    return -2 - slice


def _beside(levels: tuple[Level, ...], here: tuple[Level, ...] | Exceeded) -> tuple[Level, ...]:
    """Levels of the server, each with the slice that it was counted in here."""
    if isinstance(here, Exceeded):  # nothing that is forced is
        return levels
    return tuple(
        [Level(level.used, level.slice, level.reset_s, own.slice) for level, own in zip(levels, here, strict=True)]
    )


def _with(change: Change, slice: int) -> Change:
    return Change(change.key, change.window_us, change.amount, slice, change.lease)


def recording(ledger: Ledger, tenant: str, clock: Clock, node: NodeInfo) -> Told:
    """Changes of state in the operator's own ledger: `limits.degraded`, `limits.restored`."""

    async def told(state: State, nodes: int) -> None:
        now = clock.now_us()
        envelope = Envelope(
            id=uuid7(now),
            tenant=tenant,
            event="limits.restored" if state == "shared" else "limits.degraded",
            occurred_at=timestamp(now),
            count=nodes,
            node=node,
        )
        await ledger.append(Entry.of(envelope))

    return told
