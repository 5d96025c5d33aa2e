"""Tasks on a real database with a pipeline of the test's own: no socket, no agent."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from gateway.core.caller import Caller
from gateway.core.decision import Decision
from gateway.core.ids import uuid7
from gateway.core.ports import KeyRecord
from gateway.core.refusal import Refusal
from gateway.exchange.arrival import Arrival, Responder
from gateway.exchange.dispatcher import Dispatcher
from gateway.exchange.exchange import Exchange
from gateway.exchange.ledgers import Ledgers
from gateway.exchange.rereading import Again, KeptAnswer
from gateway.exchange.standing import Standing
from gateway.exchange.task_order import Order
from gateway.exchange.task_scribe import TaskScribe
from gateway.exchange.tasks import Tasks
from gateway.ledger.entry import Entry
from gateway.ledger.record import Detail, Envelope, parse, parse_detail, timestamp
from gateway.settings import TaskSettings
from gateway.store.reader import StoreReader
from gateway.store.sealing import Sealer
from gateway.store.tasks import Task, TaskStore
from gateway.store.writer_base import LedgerWriter
from tests.exchange.making import NODE, caller, exchange, identity, message
from tests.exchange.test_standing import KEY
from tests.store.kit import LEDGER, Store

QUICK = TaskSettings(retry_s=0.001, retry_max_s=0.002, poll_s=0.01, lease_s=30.0)
POLICY = "sha256:" + "a" * 64
Behaviour = Callable[[Arrival, Responder], Awaitable[str]]


class Keys:
    async def get(self, tenant: str, key_id: str) -> KeyRecord | None:
        return KEY


def order(**fields: Any) -> Order:
    values: dict[str, Any] = {
        "method": "POST",
        "path": "/v1/chat/completions",
        "query": "",
        "headers": (),
        "body": b"{}",
        "priority": 5,
        "delay_s": 0,
        "tries": None,
        **fields,
    }
    return Order(**values)


def submitter(**fields: Any) -> Caller:
    return Caller(identity=identity(**fields), tenant=LEDGER, actor="ac_1", purpose="TREAT")


class Office:
    """Tasks of one ledger, and a dispatcher that hands them to `behave`, which gives the code they end with."""

    def __init__(self, store: Store, writer: LedgerWriter, settings: TaskSettings) -> None:
        self.store, self.writer, self.settings = store, writer, settings
        self.seen: list[Arrival] = []
        self.behave: Behaviour = self._answer
        self.refusal: Refusal | None = None
        self.fetched: list[frozenset[str]] = []
        self.reread: list[tuple[KeptAnswer, Caller]] = []
        self.again = Again(
            body=b"again",
            parts=1,
            found={},
            scanned="full",
            classes=("pii",),
            decision=Decision(effect="route", agent=None, rules=(), obligations=(), policy=POLICY, candidates=()),
            explanation=(),
            told=frozenset({"pii"}),
        )
        self.before: list[bool] = []
        self.shut: list[str] = []
        self.counted: list[str] = []
        self.opened = False
        self.ledgers = Ledgers({LEDGER: writer, "_system": writer})
        self.tasks = Tasks(
            store=TaskStore(store.engine, store.clock),
            scribe=TaskScribe(clock=store.clock, sealing=Sealer(store.keyring), node=NODE, config="sha256:0"),
            sealer=Sealer(store.keyring),
            ledgers=self.ledgers,
            clock=store.clock,
            settings=settings,
            search_key=lambda tenant: bytes(32),
            foresee=self._foresee,
            fetched=self._fetch,
            reread=self._reread,
            callback=lambda identity, name: name == "billing",
            body_bytes=1000,
        )

    async def activate(self) -> None:
        """Put the policy that `again` was decided under in force."""
        now = self.store.clock.now_us()
        envelope = Envelope(
            id=uuid7(now), tenant=LEDGER, event="policy.activated", occurred_at=timestamp(now), policy=POLICY
        )
        await self.writer.append(Entry.of(envelope, activates=POLICY))

    def dispatcher(self, holder: str = "nd_1/bt_1", **more: Any) -> Dispatcher:
        return Dispatcher(
            tasks=self.tasks,
            handle=self._handle,
            standing=Standing(Keys(), (), ["default"], self.store.clock),
            ledgers=self.ledgers,
            clock=self.store.clock,
            holder=holder,
            settings=self.settings,
            capacity={"local": 2},
            shut=lambda: self.shut,
            counted=lambda tenant, code: self.counted.append(code),
            chance=lambda: 0.0,
            **more,
        )

    async def submit(
        self, by: Caller | None = None, *headers: tuple[str, str], raw: bytes = b"{}", **fields: Any
    ) -> Any:
        """A task, or why there is none."""
        given = by or submitter()
        return await self.tasks.submit(exchange(*headers), given, order(**fields), "openai", raw)

    async def state(self, task: Task) -> Task:
        found = await self.tasks.store.get(task.tenant, task.id)
        assert found is not None
        return found

    async def until(self, task: Task, *states: str) -> Task:
        """The task once it is in one of these states; looked at whenever the loop has nothing else to do."""
        async with asyncio.timeout(10):
            while (found := await self.state(task)).state not in states:
                self.store.clock.advance(0.01)
        return found

    async def records(self) -> list[Envelope]:
        reader = StoreReader(self.store.engine, LEDGER)
        return [parse(stored.envelope) async for stored in reader.records(0, await reader.size())]

    async def details(self) -> list[Detail | None]:
        """Beside each record."""
        reader = StoreReader(self.store.engine, LEDGER)
        stored = [one async for one in reader.records(0, await reader.size(), details=True)]
        return [None if one.detail is None else parse_detail(one.detail) for one in stored]

    async def events(self, task: Task) -> list[str]:
        return [one.event for one in await self.records() if one.task == task.id]

    async def _foresee(self, arrival: Arrival) -> tuple[Exchange, Refusal | None]:
        found = exchange()
        found.caller = caller()
        found.caller = Caller(identity=found.caller.identity, tenant=LEDGER, actor="ac_1", purpose="TREAT")
        found.message = message()
        return found, self.refusal

    async def _fetch(self, given: Exchange, by: Caller, classes: frozenset[str], before: bool) -> Refusal | None:
        self.fetched.append(classes)
        self.before.append(before)
        return self.refusal

    async def _reread(self, by: Caller, kept: KeptAnswer) -> Again:
        self.reread.append((kept, by))
        return self.again

    async def _handle(self, arrival: Arrival, responder: Responder) -> Exchange:
        self.seen.append(arrival)
        found = exchange()
        found.opened, found.caller = self.opened, submitter()
        found.code = await self.behave(arrival, responder)
        return found

    async def _answer(self, arrival: Arrival, responder: Responder) -> str:
        await responder.start(200, [("content-type", "text/plain")])
        await responder.write(b"said", last=True)
        return "ok"


@asynccontextmanager
async def office(store: Store, **settings: Any) -> AsyncIterator[Office]:
    values = {name: getattr(QUICK, name) for name in QUICK.__struct_fields__}
    async with store.writer() as writer:
        yield Office(store, writer, TaskSettings(**{**values, **settings}))
