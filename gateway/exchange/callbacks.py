"""Tells registered destinations what became of tasks: at least once each, signed, decided on when it is sent.

What is sent is decided on as received in the destination's own zone, with the roles that the task's caller has by
then, and is on record before its first byte leaves. What may not go there is not sent: then the destination gets the
state, and where the caller can fetch the rest. So it is too for what an agent has asked for: what it learns sticks to
what it works for, which a destination does not tell.

A delivery is a row (`store.callbacks`): tries that come to nothing, restarts and dead nodes only make it due again.
After `[tasks] callback_tries` it is given up, on record. One id stands for all tries of it, so that the destination can
tell the same again. A destination that hangs has its own few places and takes nobody else's.
"""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

import msgspec

from gateway.agents.client import AgentClient
from gateway.core.caller import Caller, Identity
from gateway.core.errors import AgentError, ForeignKey, GatewayError, LedgerUnavailable, PolicyMoved, VerificationError
from gateway.core.message import Outgoing
from gateway.core.ports import Clock, Route
from gateway.core.refusal import Refusal
from gateway.exchange.callback_scribe import CallbackScribe, Notice, Tried
from gateway.exchange.ledgers import Ledgers
from gateway.exchange.metrics import Metrics
from gateway.exchange.notices import MAX_ANSWER, signed
from gateway.exchange.retry import retry_after_s
from gateway.exchange.standing import Standing
from gateway.exchange.task_kept import Kept, Result, kept_answer, purpose_of
from gateway.exchange.task_view import shown, told
from gateway.exchange.tasks import Tasks
from gateway.ledger.record import Detail
from gateway.settings import TaskSettings
from gateway.store.callbacks import DELIVERED, FAILED, CallbackStore, Delivery
from gateway.store.tasks import COMPLETED, OPEN, Task
from gateway.store.tasks import FAILED as TASK_FAILED

AT_ONCE = 8
"""Deliveries under way in this process."""
EACH = 2
"""Of those, to one destination."""
LEASE_S = 30.0
"""How much longer than a try may take a claim holds."""
DELIVERY = "x-gateway-delivery"
"""The header that names the delivery, the same at each try."""
UNKNOWN, REFUSED, WITHHELD = "callback_unknown", "callback_refused", "answer_withheld"
EXPIRED, SUPERSEDED = "callback_expired", "callback_superseded"
_GONE = 410
_log = logging.getLogger("gateway.tasks")


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """A registered destination. `serves`: whether a caller may name it, by its tenant and name."""

    route: Route
    secret: bytes
    serves: Callable[[str, str], bool]

    def __repr__(self) -> str:
        return f"Destination({self.route.id})"


async def _trusted(_: str) -> bool:
    return True


class Callbacks:
    """Deliveries under way in this process.

    `tenants` are the ledgers that are served; `denied` whether a caller of one is on its deny-list by now; `calls`
    whether an identity is an agent's; `current` and `asked`, as for a `Dispatcher`, whether this node's policy, and
    with it its destinations, are in force for a ledger; `address` where callers reach the gateway; `bases` the legal
    basis of a purpose for a tenant (its configured id).
    """

    def __init__(
        self,
        *,
        store: CallbackStore,
        tasks: Tasks,
        scribe: CallbackScribe,
        standing: Standing,
        denied: Callable[[str, Identity], Awaitable[bool]],
        calls: Callable[[Identity], bool],
        ledgers: Ledgers,
        client: AgentClient,
        destinations: Mapping[str, Destination],
        tenants: tuple[str, ...],
        address: str,
        clock: Clock,
        settings: TaskSettings,
        metrics: Metrics,
        chance: Callable[[], float] = random.random,
        current: Callable[[str], bool] = lambda tenant: True,
        asked: Callable[[str], Awaitable[bool]] = _trusted,
        bases: Mapping[tuple[str, str], str] | None = None,
    ) -> None:
        self._store, self._tasks, self._scribe, self._standing = store, tasks, scribe, standing
        self._denied, self._calls, self._ledgers, self._client = denied, calls, ledgers, client
        self._destinations, self._tenants, self._address = destinations, tenants, address
        self._clock, self._settings, self._metrics, self._chance = clock, settings, metrics, chance
        self._current, self._policy_holds, self._bases = current, asked, bases or {}
        longest_s = max((one.route.timeout_s for one in destinations.values()), default=0.0)
        self._lease_us = int((longest_s + LEASE_S) * 1_000_000)
        self._wake = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._busy: Counter[str] = Counter()
        self._background: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to deliver."""
        self._background = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Claim no more, and give up what is under way: it is due again once its claim is over."""
        given_up = [*self._running, *(() if self._background is None else (self._background,))]
        self._background = None
        for one in given_up:
            one.cancel()
        await asyncio.gather(*given_up, return_exceptions=True)

    def wake(self) -> None:
        """There may be something to deliver."""
        self._wake.set()

    async def newest(self, tenant: str, task: str) -> Delivery | None:
        """What is told of the last end of a task."""
        return await self._store.newest(tenant, task)

    # ------------------------------------------------------------------------------------------------------- claiming

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                if not self._destinations and not await self._store.waiting(self._tenants):
                    return  # nobody can name one, and nothing is left from when somebody could
                claimed = await self._round()
            except Exception as error:  # noqa: BLE001 — a defect must not end this for good: it is seen, and tried again
                claimed = 0
                _log.error("callbacks could not be claimed: %s", type(error).__name__)
            if claimed and len(self._running) < AT_ONCE:
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(self._settings.poll_s):
                    await self._wake.wait()

    async def _round(self) -> int:
        """Claim what there is room for; how many that were."""
        room = AT_ONCE - len(self._running)
        if room <= 0:
            return 0
        claimed = await self._store.claim(
            [tenant for tenant in self._tenants if self._current(tenant)],
            lease_us=self._lease_us,
            limit=room,
            busy=tuple(name for name, count in self._busy.items() if count >= EACH),
            room=lambda name: EACH - self._busy[name],
        )
        for one in claimed:
            self._begin(one)
        return len(claimed)

    def _begin(self, one: Delivery) -> None:
        self._busy[one.callback] += 1
        running = asyncio.create_task(self._one(one))
        self._running.add(running)

        def over(_: object) -> None:
            self._busy[one.callback] -= 1
            if not self._busy[one.callback]:
                del self._busy[one.callback]
            self._running.discard(running)
            self._wake.set()

        running.add_done_callback(over)

    async def _one(self, one: Delivery) -> None:
        try:
            try:
                await self._deliver(one)
            except ForeignKey as error:
                _log.error("%s: nodes that share a database need the same keyring", error, extra={"task": one.task})
                await self._put_back(one, "foreign_key")
        except GatewayError as error:
            _log.error("a callback could not be delivered: %s", type(error).__name__, extra={"task": one.task})
        except Exception as error:  # noqa: BLE001 — a defect must not take the others with it; it is due again
            _log.error("a callback failed: %s", type(error).__name__, extra={"task": one.task})

    # ---------------------------------------------------------------------------------------------------- one delivery

    async def _deliver(self, one: Delivery) -> None:
        """One try: 1. who is told, 2. what, as it is decided now, 3. on record, 4. sent, 5. what became of it.

        What is too old is given up before anything else, so that nothing is tried for ever, whatever fails of it; and
        an end that was not the last, so that nobody is told of another one in its name."""
        task, destination = await self._tasks.store.get(one.tenant, one.task), self._destinations.get(one.callback)
        if task is None:
            raise LedgerUnavailable("a task was removed that is to be told of")
        over = await self._over(one, task)
        if over is not None:
            await self._ended(one, task, FAILED, Tried(code=over))
            return
        notice = None if destination is None else await self._notice(one, task, destination)
        if destination is None or notice is None:
            if not await self._policy_holds(one.tenant):  # another node knows it, or knows better
                await self._put_back(one, "policy_changed")
                return
            await self._ended(one, task, FAILED, Tried(code=UNKNOWN))
            return
        try:
            # A crash before this is durable: nothing has left, and it is due again. After: the record says what was
            # about to, and it is sent once more.
            await self._ledgers.of(one.tenant).submit(self._scribe.sent(one, task, notice))
        except PolicyMoved:
            await self._put_back(one, "policy_changed")
            return
        except LedgerUnavailable:
            await self._put_back(one, "ledger_unavailable")
            return
        tried, asked_s = await self._try(one, destination, notice)
        if tried.code == "ok":
            await self._ended(one, task, DELIVERED, tried)
        elif tried.status == _GONE or one.tries >= self._settings.callback_tries:
            await self._ended(one, task, FAILED, tried)
        else:
            await self._again(one, tried.code, tried.status, asked_s)

    async def _try(self, one: Delivery, destination: Destination, notice: Notice) -> tuple[Tried, float]:
        """What came of sending it, and for how many seconds the destination wants to be left alone."""
        over: list[str | None] = []
        status, asked_s = None, 0.0
        try:
            outgoing = self._signed(destination, one, notice.body)
            answer = await self._client.send(destination.route, outgoing, MAX_ANSWER, over.append)
            status = answer.status
            asked_s = retry_after_s(answer.header("retry-after"), self._clock.now_us()) or 0.0
            code = "ok" if 200 <= status < 300 else REFUSED
        except AgentError as error:
            code = error.code
        where = {"zone": notice.zone, "host": notice.detail.destination, "tls": over[0]} if over else {}
        return Tried(code=code, status=status, left=bool(over), **where), asked_s

    async def _over(self, one: Delivery, task: Task) -> str | None:
        """Why this is told to nobody any more."""
        if self._clock.now_us() - one.created_us > self._settings.max_age_s * 1_000_000:
            return EXPIRED
        newest = await self._store.newest(one.tenant, one.task)
        return SUPERSEDED if task.state in OPEN or newest is None or newest.id != one.id else None

    async def _put_back(self, one: Delivery, code: str) -> None:
        """Nothing was sent: it is tried again, and no try is counted."""
        await self._again(one, code, None, 0.0, counted=False)

    async def _again(
        self, one: Delivery, code: str, status: int | None, asked_s: float, *, counted: bool = True
    ) -> None:
        settings = self._settings
        longest = min(settings.retry_max_s, settings.retry_s * 2.0 ** max(0, one.tries - 1))
        wait_s = max(min(asked_s, settings.retry_max_s), longest * (0.5 + self._chance() / 2))
        due_us = self._clock.now_us() + int(wait_s * 1_000_000)
        await self._store.later(one, due_us=due_us, code=code, status=status, counted=counted)
        self._metrics.callback(one.tenant, "again")

    async def _ended(self, one: Delivery, task: Task, state: str, tried: Tried) -> None:
        # A crash before this is durable: it is due again, and may be sent once more. After: it is over.
        entry = self._scribe.ended(one, task, state, tried)
        if await self._ledgers.of(one.tenant).submit(entry) is not None:
            self._metrics.callback(one.tenant, state)

    def _signed(self, destination: Destination, one: Delivery, body: bytes) -> Outgoing:
        return signed(destination.secret, self._clock.now_us(), body, (DELIVERY, one.id))

    # -------------------------------------------------------------------------------------------------- what is told

    async def _notice(self, one: Delivery, task: Task, destination: Destination) -> Notice | None:
        """What may be sent now; None where the caller may not name the destination any more."""
        kept, result = await self._kept(task)
        if kept is not None and not destination.serves(kept.identity.tenant, kept.identity.name):
            return None
        document: dict[str, object] = {
            "id": one.id,
            "task": shown(task),
            "link": f"{self._address}/v1/tasks/{task.id}",
        }
        zone, host = destination.route.zone, destination.route.url.partition("://")[2].partition("/")[0]
        notice = Notice(body=b"", zone=zone, again=None, detail=Detail(destination=host))
        if result is not None:
            notice = msgspec.structs.replace(notice, subjects=result.subjects)
            notice = await self._decided(task, kept, result, notice, document)
        return msgspec.structs.replace(notice, body=msgspec.json.encode(document))

    async def _decided(
        self, task: Task, kept: Kept | None, result: Result, notice: Notice, document: dict[str, object]
    ) -> Notice:
        """The result into the document, as far as it may go to this zone."""
        if not result.content:
            document["result"] = told(result)
            return notice
        receiver = await self._receiver(task, kept, result, notice.zone)
        if isinstance(receiver, Refusal):
            document["withheld"] = WITHHELD
            detail = msgspec.structs.replace(notice.detail, reason=receiver.code)
            return msgspec.structs.replace(notice, detail=detail)
        again = await self._tasks.reread(receiver, kept_answer(task, kept, result))
        if again.refusal is None:
            document["result"] = told(msgspec.structs.replace(result, body=again.body))
        else:
            document["withheld"] = WITHHELD
        identity = receiver.identity
        detail = Detail(
            subject=identity.subject,
            roles=identity.roles,
            credential=identity.credential,
            issuer=identity.issuer,
            method=identity.method,
            on_behalf_of=identity.on_behalf_of or None,
            destination=notice.detail.destination,
            explanation=" ".join(again.explanation) or None,
        )
        return msgspec.structs.replace(
            notice,
            again=again,
            inherited=result.inherited,
            floor=result.floor,
            purpose=receiver.purpose,
            legal_basis=None if receiver.purpose is None else self._bases.get((identity.tenant, receiver.purpose)),
            detail=detail,
        )

    async def _receiver(self, task: Task, kept: Kept | None, result: Result, zone: str) -> Caller | Refusal:
        """The task's caller as it is now, in the destination's zone; or why it gets nothing of the answer."""
        if kept is None:
            return Refusal(code="task_erased")
        identity = await self._standing.recheck(kept.identity)
        if isinstance(identity, Refusal):
            return identity
        if await self._denied(task.tenant, identity):
            return Refusal(code="credential_denied")
        if self._calls(identity) or (kept.origin is not None and kept.origin.chain):
            return Refusal(code=WITHHELD)
        purpose = purpose_of(identity, result, kept)
        if isinstance(purpose, Refusal):
            return purpose
        there = msgspec.structs.replace(identity, zone=zone)
        return Caller(identity=there, tenant=task.tenant, actor=task.actor, purpose=purpose, source=kept.source)

    async def _kept(self, task: Task) -> tuple[Kept | None, Result | None]:
        """What is kept of a task that has ended, as far as it can be read."""
        try:
            kept = await self._tasks.request(task)
            result = await self._tasks.kept_result(task) if task.state in (COMPLETED, TASK_FAILED) else None
        except (VerificationError, msgspec.MsgspecError):
            return None, None
        return kept, result
