"""Tasks as their callers and operators see them: submitted, looked at, cancelled, begun anew.

A request is decided on when it is submitted, so that what policy denies is refused at once, and again when it is run:
only the second counts. Between the two it is sealed. What it was submitted with and what came of it are for its own
caller alone, and what came of it is decided on again each time that it is given; who runs the gateway sees codes, times
and names.
"""

import hmac
from collections.abc import Awaitable, Callable

import msgspec

from gateway.checks.delegation import HEADER as DELEGATION
from gateway.core.caller import Caller, Identity
from gateway.core.errors import ForeignKey, LedgerUnavailable, PolicyMoved
from gateway.core.ids import uuid7
from gateway.core.ports import Clock
from gateway.core.refusal import Refusal
from gateway.exchange.arrival import Arrival, Origin
from gateway.exchange.exchange import Exchange
from gateway.exchange.ledgers import Ledgers
from gateway.exchange.rereading import Again, KeptAnswer
from gateway.exchange.router import Denied
from gateway.exchange.task_kept import (
    Kept,
    Result,
    kept_answer,
    pack,
    purpose_of,
    read_kept,
    read_result,
    told_stricter,
)
from gateway.exchange.task_order import CARRIED, Order
from gateway.exchange.task_scribe import TaskScribe, Who
from gateway.settings import TaskSettings
from gateway.store.sealing import Sealer
from gateway.store.tasks import FAILED, QUEUED, REQUEST, RESULT, RUNNING, Task, TaskStore

MAX_KEY = 256
"""Characters of an Idempotency-Key."""
Foresee = Callable[[Arrival], Awaitable[tuple[Exchange, Refusal | None]]]
Fetched = Callable[[Exchange, Caller, frozenset[str], bool], Awaitable[Refusal | None]]
"""Told of a result that is about to be given, by its classes, and whether it was given to an agent before."""
Reread = Callable[[Caller, KeptAnswer], Awaitable[Again]]


class Tasks:
    """The tasks of all tenants. `search_key` gives a tenant's 32 secret bytes, the same on every node."""

    def __init__(
        self,
        *,
        store: TaskStore,
        scribe: TaskScribe,
        sealer: Sealer,
        ledgers: Ledgers,
        clock: Clock,
        settings: TaskSettings,
        search_key: Callable[[str], bytes],
        foresee: Foresee,
        fetched: Fetched,
        reread: Reread,
        callback: Callable[[Identity, str], bool],
        body_bytes: int,
    ) -> None:
        self.store, self.scribe = store, scribe
        self.on_queued: Callable[[Task], None] = lambda one: None
        """Told of each task that was queued here, once it is durable."""
        self.on_unwanted: Callable[[Task, str], None] = lambda one, by: None
        """Told of each task that runs and is to be cancelled, and by whom."""
        self._sealer, self._ledgers, self._clock, self._settings = sealer, ledgers, clock, settings
        self._search_key, self._foresee, self._fetched, self.reread = search_key, foresee, fetched, reread
        self._callback, self._body_bytes = callback, body_bytes

    # ----------------------------------------------------------------------------------------------------- its caller

    async def submit(
        self, exchange: Exchange, caller: Caller, order: Order, protocol: str, raw: bytes
    ) -> Task | Refusal:
        """The task of this order: a new one, or that which was submitted with the same Idempotency-Key and body.

        A refusal is on record when it is one of the request itself (`recorded`), and otherwise the caller's to record.
        """
        if len(order.body) > self._body_bytes:
            return Refusal(code="body_too_large", field="/body", hint=f"at most {self._body_bytes} bytes")
        if order.callback is not None and not self._callback(caller.identity, order.callback):
            hint = "the id of a [[callback]] that the caller may name"
            return Refusal(code="parameter_invalid", field="/callback", hint=hint)
        carried = tuple((name, value) for name, value in exchange.arrival.headers if name in CARRIED)
        key = self._key(exchange, caller)
        if isinstance(key, Refusal):
            return key
        digest = self._mac(caller.tenant, b"task-body", raw, repr(carried).encode())
        if key is not None:
            known = await self.store.by_key(caller.tenant, key)
            if known is not None:
                return _same(known, digest)
        if await self.store.waiting(caller.tenant) >= self._settings.pending:
            return Refusal(code="task_queue_full", retry_after=5)
        task_id = uuid7(self._clock.now_us())
        # The request's own key: what people have allowed it once is not asked of them again.
        own = (("idempotency-key", f"task-{task_id}"), ("traceparent", exchange.traceparent))
        kept = Kept(
            protocol=protocol,
            method=order.method,
            path=order.path,
            query=order.query,
            headers=(*order.headers, *carried, *own),
            source=exchange.arrival.source,
            tls=exchange.arrival.tls,
            identity=caller.identity,
            body=order.body,
        )
        foreseen, refusal = await self._foresee(_called(kept, exchange))
        if refusal is not None:
            return Recorded(**msgspec.structs.asdict(refusal), exchange=foreseen.id)
        kept = msgspec.structs.replace(kept, origin=_origin(foreseen))
        task = self._task(task_id, foreseen, caller, order, key, digest)
        # A crash before this is durable: no task, and the caller has no answer. After: the task will be run, and the
        # caller who had no answer gets the same task for the same key.
        written = await self._ledgers.of(caller.tenant).submit(self.scribe.submitted(task, foreseen, pack(kept)))
        if written is None:
            known = None if key is None else await self.store.by_key(caller.tenant, key)
            if known is None:
                raise LedgerUnavailable("a task could not be kept")
            return _same(known, digest)
        self.on_queued(task)
        return task

    async def own(self, caller: Caller, task_id: str) -> Task | None:
        """A task of this very caller's; None for one that is not there or somebody else's."""
        found = await self.store.get(caller.tenant, task_id)
        if found is None or found.actor != caller.actor or found.principal != self._principal(caller):
            return None
        return found

    async def result(self, exchange: Exchange, caller: Caller, one: Task) -> Result | Refusal | None:
        """What came of a task of this caller's, as it may have it now; None while nothing has. On record when this
        returns it, and so is what sticks to the exchanges that an agent fetches it for. `exchange` is the one it is
        fetched in.

        1. The purpose is that of the request, and one that the caller may still have. 2. The answer is decided on anew.
        3. What an agent fetches sticks to what it works for. 4. The record of it is durable.
        """
        result = await self.kept_result(one)
        if result is None:
            return None
        if not result.content:
            return await self._fetch(exchange, caller, one, frozenset(result.classes)) or result
        kept = await self.request(one)
        asked = exchange.headers.purpose
        if asked is not None and asked != result.purpose:
            return Refusal(code="purpose_not_allowed", field="X-Purpose", hint="that of the task, or none")
        purpose = purpose_of(caller.identity, result, kept)
        if isinstance(purpose, Refusal):
            return purpose
        caller = msgspec.structs.replace(caller, purpose=purpose)
        again = await self.reread(caller, kept_answer(one, kept, result))
        if again.refusal is not None:
            return _withheld(again.refusal, again)
        refusal = await self._fetch(exchange, caller, one, frozenset(result.classes) | again.told)
        if refusal is not None:
            return refusal
        given = msgspec.structs.replace(result, body=again.body, headers=told_stricter(result.headers, again))
        try:
            # A crash before this is durable: nothing was given. After: the record says that it may have been.
            await self._ledgers.of(one.tenant).submit(self.scribe.read(one, exchange, caller, given, again))
        except PolicyMoved:
            return Refusal(code="policy_changed", retry_after=1)
        return given

    async def cancel(self, one: Task, by: Who) -> Task | Refusal:
        """Cancel a task that has not ended: at once where nobody runs it, else as soon as who does has heard of it."""
        for _ in range(3):
            if one.state == QUEUED:
                if await self._ledgers.of(one.tenant).submit(self.scribe.cancelled(one, by)) is not None:
                    break
            elif one.state != RUNNING:
                return Refusal(code="conflict", field="id", hint="a task that has not ended")
            elif await self.store.wish_cancelled(one.tenant, one.id, by.actor):
                self.on_unwanted(one, by.actor)
                break
            one = await self._again(one)  # it has changed hands meanwhile
        return await self._again(one)

    # ------------------------------------------------------------------------------------------------ who runs them

    async def requeue(self, one: Task, by: Who) -> Task | Refusal:
        """Begin a task that failed anew."""
        if one.state != FAILED:
            return Refusal(code="conflict", field="id", hint="a task that failed")
        if await self.store.content(one.tenant, one.id, REQUEST) is None:
            return Refusal(code="task_erased")
        expires_us = self._clock.now_us() + self._settings.max_age_s * 1_000_000
        if await self._ledgers.of(one.tenant).submit(self.scribe.requeued(one, by, expires_us=expires_us)) is None:
            return Refusal(code="conflict", field="id", hint="a task that nobody else changes at the same time")
        one = await self._again(one)
        self.on_queued(one)
        return one

    # ---------------------------------------------------------------------------------------------------- dispatcher

    async def request(self, one: Task) -> Kept | None:
        """The request of a task; None once it was erased. `ForeignKey` where another node has the key to it."""
        sealed = await self.store.content(one.tenant, one.id, REQUEST)
        opening = None if sealed is None else self._sealer.open(tenant=one.tenant, record=one.id, sealed=sealed)
        if sealed is not None and opening is None and self._sealer.foreign(sealed):
            raise ForeignKey("a task was sealed by a node with another keyring")
        return None if opening is None or opening.value is None else read_kept(opening.value)

    async def kept_result(self, one: Task) -> Result | None:
        """What came of a task, as it is kept; None while nothing has, and once it was erased."""
        data = await self._opened(one, RESULT)
        return None if data is None else read_result(data)

    # --------------------------------------------------------------------------------------------------------- inside

    async def _opened(self, one: Task, part: str) -> bytes | None:
        sealed = await self.store.content(one.tenant, one.id, part)
        opening = None if sealed is None else self._sealer.open(tenant=one.tenant, record=one.id, sealed=sealed)
        return None if opening is None else opening.value

    async def _again(self, one: Task) -> Task:
        found = await self.store.get(one.tenant, one.id)
        if found is None:
            raise LedgerUnavailable("a task was removed while it was changed")
        return found

    async def _fetch(self, exchange: Exchange, caller: Caller, one: Task, classes: frozenset[str]) -> Refusal | None:
        """What an agent fetches sticks to what it works for; of each task the first time is one call more."""
        before = one.fetched_us is not None
        refusal = await self._fetched(exchange, caller, classes, before)
        if refusal is None and not before and exchange.lineage is not None and exchange.lineage.parents:
            await self.store.fetched(one.tenant, one.id)
        return refusal

    def _task(
        self, task_id: str, exchange: Exchange, caller: Caller, order: Order, key: bytes | None, digest: bytes
    ) -> Task:
        now, message = self._clock.now_us(), exchange.message
        due = now + order.delay_s * 1_000_000
        return Task(
            tenant=caller.tenant,
            id=task_id,
            state=QUEUED,
            version=0,
            actor=caller.actor,
            principal=self._principal(caller),
            protocol=exchange.arrival.protocol,
            target="" if message is None else message.target,
            action="" if message is None else message.action,
            priority=order.priority,
            due_us=due,
            expires_us=due + self._settings.max_age_s * 1_000_000,
            tries=0,
            most_tries=order.tries or self._settings.tries,
            created_us=now,
            exchange=exchange.id,
            trace=exchange.trace,
            idempotency=key,
            digest=digest,
            callback=order.callback,
        )

    def _key(self, exchange: Exchange, caller: Caller) -> bytes | Refusal | None:
        """The caller's Idempotency-Key, bound to it; None without one."""
        given = exchange.headers.idempotency
        if given is None:
            return None
        if not 0 < len(given) <= MAX_KEY:
            return Refusal(code="header_invalid", field="Idempotency-Key", hint=f"1 to {MAX_KEY} characters")
        return self._mac(
            caller.tenant, b"task-key", caller.actor.encode(), self._principal(caller), given.encode("utf-8")
        )

    def _principal(self, caller: Caller) -> bytes:
        chain = [one.encode("utf-8", "surrogatepass") for one in caller.identity.on_behalf_of]
        return self._mac(caller.tenant, b"task-principal", *chain)

    def _mac(self, tenant: str, what: bytes, *values: bytes) -> bytes:
        framed = b"".join(len(value).to_bytes(4) + value for value in (what, *values))
        return hmac.digest(self._search_key(tenant), framed, "sha256")


def _called(kept: Kept, exchange: Exchange) -> Arrival:
    """The request as it would be made now: also for the exchange that an agent makes it for."""
    tokens = tuple((DELEGATION, value) for value in exchange.headers.delegation)
    arrival = kept.arrival(kept.identity)
    return msgspec.structs.replace(arrival, headers=(*arrival.headers, *tokens))


def _origin(foreseen: Exchange) -> Origin:
    """What the request comes from: the exchange that it was asked for in may be over when it is run."""
    inherited = frozenset[str]() if foreseen.classified is None else foreseen.classified.carried
    origin = Origin(trace=foreseen.trace, inherited=tuple(sorted(inherited)))
    lineage, caller = foreseen.lineage, foreseen.caller
    if lineage is None:
        return origin
    origin = msgspec.structs.replace(origin, chain=lineage.chain, parent=lineage.parent, persons=lineage.persons)
    if lineage.parent is None or caller is None:
        return origin
    return msgspec.structs.replace(origin, purpose=caller.purpose, subjects=foreseen.subjects)


class Recorded(Refusal, frozen=True, kw_only=True):
    """A refusal that is on record already, in an exchange of its own."""

    exchange: str = ""


class Withheld(Refusal, frozen=True, kw_only=True):
    """A result that may not be given now, with what policy said of it."""

    denied: Denied


def _withheld(refusal: Refusal, again: Again) -> Withheld:
    denied = Denied(decision=again.decision, explanation=again.explanation)
    return Withheld(**msgspec.structs.asdict(refusal), denied=denied)


def _same(known: Task, digest: bytes) -> Task | Refusal:
    if hmac.compare_digest(known.digest, digest):
        return known
    return Refusal(code="idempotency_mismatch", field="Idempotency-Key", hint="another key for another request")
