"""Runs tasks: claims what is due, hands each to the pipeline as a request of its caller's, and says what came of it.

Every task that is claimed is concluded once: with an end, or with another try to come. Whoever dies in between has its
claims taken over when their lease runs out, or at once by its own node's next start; the exchange that was under way is
then closed as interrupted, and the task is tried again, if it may be. So a task reaches its agent at least once, and
has one end on record. What wakes a dispatcher (a submission here, a message of another node's) only saves it from
waiting: all that it goes by is the database.
"""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import Literal, Protocol

import msgspec

from gateway.core.errors import ForeignKey, GatewayError, LedgerUnavailable, VerificationError
from gateway.core.ids import random_id
from gateway.core.ports import Clock
from gateway.core.refusal import Refusal
from gateway.exchange.arrival import Arrival, Responder
from gateway.exchange.exchange import Exchange
from gateway.exchange.ledgers import Ledgers
from gateway.exchange.standing import Standing
from gateway.exchange.task_answer import LATER, Taken, verdict
from gateway.exchange.task_kept import pack
from gateway.exchange.task_scribe import CANCELLED_CODE
from gateway.exchange.tasks import Tasks
from gateway.ledger.entry import Entry
from gateway.settings import TaskSettings
from gateway.store.pool import unhurried
from gateway.store.tasks import CANCELLED, COMPLETED, FAILED, Claim, Depth, Task

_log = logging.getLogger("gateway.tasks")
HOUSEKEEPING_S = 5.0
_ROOM_S = 0.001
_TELLS = 10
"""How often a conclusion is put to a ledger that cannot be written, before the lease is left to run out."""
_FOREIGN = 500
"""Tasks of nodes with another keyring that are remembered, and left to them."""
Handle = Callable[[Arrival, Responder], Awaitable[Exchange]]
Key = tuple[str, str]


class _Said(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be said of a try. `final`: the task fails by it."""

    entry: Entry
    code: str
    final: bool


class Messages(Protocol):
    """What tells other nodes of tasks (`exchange.task_messages`)."""

    state: Literal["connected", "polling"]

    def tell(self, turn: str) -> None: ...


async def _trusted(_: str) -> bool:
    return True


class Dispatcher:
    """Tasks under way in this process.

    `holder` is `NODE/BOOT`; `capacity` how many each target may have at once; `shut` names the targets that would turn
    everything away now, whose tasks are left where they are; `revision` is that of a ledger's deny-list as it is known
    here; `current` whether this node serves by the policy that is in force for a ledger, as far as it has heard, and
    `asked` the same, asked of the database: whoever serves by another leaves a ledger's tasks to those who know what it
    does not; `waited` whether agents wait here for requests; `counted` is told whose each try was (a ledger) and the
    code that it ended with. With `messages`, other nodes are told of what is queued here, and while they can be, the
    database is looked at less often.
    """

    def __init__(
        self,
        *,
        tasks: Tasks,
        handle: Handle,
        standing: Standing,
        ledgers: Ledgers,
        clock: Clock,
        holder: str,
        settings: TaskSettings,
        capacity: Mapping[str, int],
        shut: Callable[[], Iterable[str]] = tuple,
        revision: Callable[[str], int | None] = lambda tenant: None,
        current: Callable[[str], bool] = lambda tenant: True,
        asked: Callable[[str], Awaitable[bool]] = _trusted,
        waited: Callable[[], bool] = lambda: False,
        counted: Callable[[str, str], None] = lambda tenant, code: None,
        chance: Callable[[], float] = random.random,
        messages: Messages | None = None,
    ) -> None:
        self.healthy = True
        """Whether the last look at the database went well."""
        self.depths: tuple[Depth, ...] = ()
        """How many tasks there were a few seconds ago."""
        self._tasks, self._handle, self._standing, self._ledgers = tasks, handle, standing, ledgers
        self._clock, self._holder, self._settings, self._capacity = clock, holder, settings, capacity
        self._shut, self._counted, self._chance, self._revision = shut, counted, chance, revision
        self._current, self._policy_holds, self._waited = current, asked, waited
        self._messages = messages
        self._lease_us = int(settings.lease_s * 1_000_000)
        self._wake, self._freed = asyncio.Event(), asyncio.Event()
        self._looks: list[asyncio.Future[bool]] = []
        self._running: dict[Key, asyncio.Task[None]] = {}
        self._asking: dict[Key, asyncio.Task[Exchange]] = {}
        self._unwanted: dict[Key, str] = {}
        self._targets: Counter[str] = Counter()
        self._foreign: dict[Key, None] = {}
        self._told_more = 0.0
        self._first, self._resting = True, False
        self._background: list[asyncio.Task[None]] = []
        tasks.on_queued, tasks.on_unwanted = self._queued, self._not_wanted

    def start(self) -> None:
        """Begin to claim."""
        with unhurried():
            keeping = asyncio.create_task(self._keep())
        self._background = [asyncio.create_task(self._run()), keeping]

    async def stop(self) -> None:
        """Claim no more, and give up what is under way: the next start, or another node, takes it over."""
        given_up = [*self._background, *self._running.values()]
        self._background = []
        for one in given_up:
            one.cancel()
        await asyncio.gather(*given_up, return_exceptions=True)

    def rest(self) -> None:
        """Claim no more, since this process is about to stop: what is claimed in the meantime would be given up by
        `stop`, and have cost a try. What is under way goes on."""
        self._resting = True
        self._wake.set()

    def wake(self) -> None:
        """There may be something to do."""
        self._wake.set()

    async def look(self) -> bool:
        """Have the database looked at anew; whether more was due than there was room for here, as far as is known."""
        looked: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._looks.append(looked)
        self._wake.set()
        return await looked

    async def room(self) -> None:
        """Return as soon as there is room for a task."""
        while self._room() <= 0 or self._resting:
            self._freed.clear()
            await self._freed.wait()

    @property
    def under_way(self) -> int:
        return len(self._running)

    # ------------------------------------------------------------------------------------------------------- claiming

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            looks, self._looks = self._looks, []
            more = True
            try:
                pause_s, more = await self._round()
                self.healthy = True
            except GatewayError as error:
                self.healthy, pause_s = False, self._settings.poll_s
                _log.error("tasks could not be claimed: %s", type(error).__name__)
            except Exception as error:  # noqa: BLE001 — a defect must not end this for good: it is seen, and tried again
                self.healthy, pause_s = False, self._settings.poll_s
                _log.error("tasks could not be looked for: %s", type(error).__name__)
            for looked in looks:
                if not looked.done():
                    looked.set_result(more)
            if more and self.healthy and not looks:
                self._tell_more()
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._wake.wait()

    def _tell_more(self) -> None:
        """More is due than there is room for here, and who looked did so for no message that could go on to others:
        tasks that were queued for later, or are to be tried again. Now and then is enough."""
        now = asyncio.get_running_loop().time()
        if self._messages is not None and now - self._told_more >= self._settings.poll_s:
            self._told_more = now
            self._messages.tell(random_id("look"))

    async def _round(self) -> tuple[float, bool]:
        """Claim what there is room for; seconds until there may be more to do, unless somebody wakes us before, and
        whether more may be due than there was room for."""
        if self._resting:
            return self._settings.sweep_s, True
        now = self._clock.now_us()
        due = await self._tasks.store.next_us()
        # Leases of a former boot of this node are nobody's any more: the first round looks for them.
        due = {tenant: at for tenant, at in due.items() if self._current(tenant)}
        ready = [tenant for tenant, at in due.items() if at <= now or self._first]
        self._first = False
        random.shuffle(ready)  # no tenant is always the last
        for place, tenant in enumerate(ready):
            while (room := self._room()) > 0:
                limit = min(max(1, room // (len(ready) - place)), self._settings.target_concurrency)
                busy = self._busy()
                claims = await self._tasks.store.claim(
                    tenant,
                    self._holder,
                    lease_us=self._lease_us,
                    limit=limit,
                    busy=busy,
                    never=[task_id for whose, task_id in self._foreign if whose == tenant],
                    ours=[task_id for whose, task_id in self._running if whose == tenant],
                    room=self._left,
                )
                for claim in claims:
                    self._begin(claim)
                if not set(self._busy()) <= set(busy):
                    continue  # a target is full now: what was passed over for it may have hidden others' tasks
                if len(claims) < limit or place < len(ready) - 1:
                    break
        ahead = [at - now for tenant, at in due.items() if at > now]
        pause_s = min([self._patience_s(), *(max(us / 1_000_000, _ROOM_S) for us in ahead)])
        return pause_s, bool(ready) and (self._room() <= 0 or bool(self._full()))

    def _patience_s(self) -> float:
        """How long to wait for somebody to wake us."""
        told = self._messages is not None and self._messages.state == "connected"
        # Who waits here for requests may be the only one: of those whose agents are elsewhere no other node says more.
        return self._settings.sweep_s if told and not self._waited() else self._settings.poll_s

    def _room(self) -> int:
        return self._settings.concurrency - len(self._running)

    def _busy(self) -> list[str]:
        return [*self._full(), *self._shut()]

    def _full(self) -> list[str]:
        return [target for target in self._targets if self._left(target) <= 0]

    def _left(self, target: str) -> int:
        """How many more tasks a target may have under way here."""
        most = min(self._capacity.get(target, self._settings.target_concurrency), self._settings.target_concurrency)
        return most - self._targets[target]

    def _begin(self, claim: Claim) -> None:
        task = claim.task
        key = (task.tenant, task.id)
        self._targets[task.target] += 1
        running = self._running[key] = asyncio.create_task(self._one(claim))

        def over(_: object) -> None:
            self._targets[task.target] -= 1
            if not self._targets[task.target]:
                del self._targets[task.target]
            if self._running.get(key) is running:
                del self._running[key]
                self._unwanted.pop(key, None)
            self._freed.set()
            self._wake.set()

        running.add_done_callback(over)

    # -------------------------------------------------------------------------------------------------------- one task

    async def _one(self, claim: Claim) -> None:
        task = claim.task
        try:
            entry, code = await self._tried(task) if (gone := self._gone(claim)) is None else gone
            if await self._concluded(task, entry):
                self._counted(task.tenant, code)
        except ForeignKey as error:
            await self._give_back(task, error)
        except GatewayError as error:
            _log.error("a task could not be run: %s", type(error).__name__, extra={"task": task.id})
        except Exception as error:  # noqa: BLE001 — a defect must not take the others with it; the lease runs out
            _log.error("a task failed: %s", type(error).__name__, extra={"task": task.id})

    async def _give_back(self, task: Task, error: ForeignKey) -> None:
        """A task that only a node with another keyring can open. Nodes that share a database need the same keyring, so
        this is told; and it is not lost for that."""
        if len(self._foreign) >= _FOREIGN:
            return  # its lease runs out: no faster than that is this node to find out what else is not for it
        if not self._foreign:
            _log.error("%s: nodes that share a database need the same keyring", error, extra={"task": task.id})
        self._foreign[task.tenant, task.id] = None
        self._counted(task.tenant, "foreign_key")
        try:
            back = await self._tasks.store.give_back(task)
        except GatewayError as failed:
            _log.error("a task could not be given back: %s", type(failed).__name__, extra={"task": task.id})
        else:
            if back is not None:
                self._queued(back)

    def _gone(self, claim: Claim) -> tuple[Entry, str] | None:
        """What ends before it is tried (again): the try that the claim counted is none."""
        task, ended = claim.task, partial(self._tasks.scribe.ended, claim.task, begun=False)
        if task.cancelled_by is not None:
            return ended(CANCELLED, code=CANCELLED_CODE, actor=task.cancelled_by), CANCELLED_CODE
        if claim.found and task.tries > task.most_tries:
            return ended(FAILED, code="task_interrupted", exchange=task.last_exchange), "task_interrupted"
        if task.expires_us <= self._clock.now_us():
            return ended(FAILED, code="task_expired", exchange=task.last_exchange), "task_expired"
        return None

    async def _tried(self, task: Task) -> tuple[Entry, str]:
        """One try, and what is to be said of it."""
        scribe = self._tasks.scribe
        try:
            kept = await self._tasks.request(task)
        except (VerificationError, msgspec.MsgspecError):
            return scribe.ended(task, FAILED, code="internal"), "internal"
        if kept is None:
            return scribe.ended(task, FAILED, code="task_erased"), "task_erased"
        denials = self._revision(task.tenant)
        identity = await self._standing.recheck(kept.identity)
        if isinstance(identity, Refusal):
            if not await self._policy_holds(task.tenant):
                return self._put_off(task, None)
            return scribe.ended(task, FAILED, code=identity.code, status=identity.status), identity.code
        taken = Taken()
        exchange = await self._asked(task, kept.arrival(identity, denials), taken)
        if exchange is None:
            by = self._unwanted.get((task.tenant, task.id))
            return scribe.ended(task, CANCELLED, code=CANCELLED_CODE, actor=by), CANCELLED_CODE
        said = self._said(task, exchange, taken)
        if said.final and not exchange.opened and not await self._policy_holds(task.tenant):
            return self._put_off(task, exchange.id)
        return said.entry, said.code

    def _put_off(self, task: Task, exchange: str | None) -> tuple[Entry, str]:
        """What was refused by a policy or a configuration that is not in force any more is for another node to say."""
        due_us = self._clock.now_us() + int(self._settings.retry_s * 1_000_000)
        entry = self._tasks.scribe.retried(
            task, due_us=due_us, counted=False, code="policy_changed", status=None, exchange=exchange
        )
        return entry, "retried:policy_changed"

    async def _asked(self, task: Task, arrival: Arrival, taken: Taken) -> Exchange | None:
        """The exchange, at its end; None where it was cancelled because nobody wants it any more."""
        key = (task.tenant, task.id)
        asking = self._asking[key] = asyncio.ensure_future(self._handle(arrival, taken))
        try:
            await asyncio.wait({asking})
        finally:
            if self._asking.get(key) is asking:
                del self._asking[key]
            if not asking.done():  # this process stops
                asking.cancel()
                with suppress(asyncio.CancelledError):
                    await asking
        return None if asking.cancelled() else asking.result()

    def _said(self, task: Task, exchange: Exchange, taken: Taken) -> "_Said":
        scribe, code, status = self._tasks.scribe, exchange.code, taken.status or None
        found = verdict(
            code,
            taken,
            sent=exchange.opened,
            tries=task.tries,
            most_tries=task.most_tries,
            settings=self._settings,
            chance=self._chance(),
            now_us=self._clock.now_us(),
            asked_s=exchange.asked_s or 0.0,
            left_s=(task.expires_us - self._clock.now_us()) / 1_000_000,
        )
        if found.meaning in ("again", "later"):
            due = self._clock.now_us() + int(found.wait_s * 1_000_000)
            entry = scribe.retried(
                task,
                due_us=due,
                counted=found.meaning == "again",
                code=code,
                status=status,
                exchange=exchange.id,
            )
            return _Said(entry=entry, code=f"retried:{code}", final=False)
        if code in LATER:  # the agent may have got it, and what came of that is not known here
            entry = scribe.ended(task, FAILED, code="task_interrupted", status=status, exchange=exchange.id)
            return _Said(entry=entry, code="task_interrupted", final=True)
        entry = scribe.ended(
            task,
            COMPLETED if found.meaning == "done" else FAILED,
            code=code,
            status=status,
            exchange=exchange.id,
            result=pack(taken.result(exchange)),
            subjects=exchange.subjects,
        )
        return _Said(entry=entry, code=code, final=found.meaning == "failed")

    async def _concluded(self, task: Task, entry: Entry) -> bool:
        """Put it on record. False where the task is not ours any more: then somebody else concludes it."""
        for told in range(_TELLS):
            try:
                # A crash before this is durable: the lease runs out, and the task is tried again. After: it is over.
                return await self._ledgers.of(task.tenant).submit(entry) is not None
            except LedgerUnavailable:
                if told + 1 == _TELLS:
                    raise
                await asyncio.sleep(self._settings.poll_s)
        return False

    # --------------------------------------------------------------------------------------------------- keeping house

    async def _keep(self) -> None:
        """Renew leases, hear of what is not wanted any more, count and sweep."""
        renewed = looked = 0.0
        loop = asyncio.get_running_loop()
        while True:
            now = loop.time()
            try:
                if self._running and now - renewed >= self._settings.lease_s / 3:
                    for tenant, task_id, by in await self._tasks.store.renew(
                        self._holder, lease_us=self._lease_us, under_way=tuple(self._running)
                    ):
                        self._drop((tenant, task_id), by)
                    renewed = now  # only now: what failed is tried again at the next turn
                if now - looked >= HOUSEKEEPING_S or not looked:
                    looked = now
                    self.depths = tuple(await self._tasks.store.depths())
                    await self._sweep()
            except Exception as error:  # noqa: BLE001 — whoever renews no leases any more has its tasks run twice
                _log.error("tasks could not be looked after: %s", type(error).__name__)
            await asyncio.sleep(min(self._settings.lease_s / 3, HOUSEKEEPING_S))

    async def _sweep(self) -> None:
        now, settings = self._clock.now_us(), self._settings
        await self._tasks.store.sweep(
            ended_before_us=now - settings.keep_s * 1_000_000, failed_before_us=now - settings.keep_failed_s * 1_000_000
        )

    def _queued(self, task: Task) -> None:
        self._wake.set()
        # Of what is due later nobody is told: each node knows by its last look when the next task is due.
        if self._messages is not None and task.due_us <= self._clock.now_us():
            self._messages.tell(f"{task.id}.{task.version}")

    def _not_wanted(self, task: Task, by: str) -> None:
        self._drop((task.tenant, task.id), by)

    def _drop(self, key: Key, by: str) -> None:
        asking = self._asking.get(key)
        if asking is not None:
            self._unwanted[key] = by
            asking.cancel()
