"""What people and systems outside are told: notices, and what became of tasks."""

from collections import Counter
from typing import Any

from sqlalchemy import select

from gateway.core.errors import LedgerUnavailable
from gateway.core.message import Outgoing, WireAnswer
from gateway.core.ports import Route
from gateway.exchange.callbacks import DELIVERY, LEASE_S
from gateway.exchange.ledgers import Ledgers
from gateway.exchange.metrics import Metrics
from gateway.exchange.notices import LEASE_S as NOTICE_LEASE_S
from gateway.exchange.notices import WAITS_S, Channel, Notices, notified
from gateway.exchange.task_scribe import Who
from gateway.settings import TaskSettings
from gateway.store.notices import Notice, NoticeStore
from gateway.store.tables import task_callback
from gateway.store.tasks import Task
from gateway.store.writer_base import LedgerWriter
from tests.exchange.durable_base import ALL, OfLedger
from tests.exchange.making import NODE
from tests.exchange.task_making import Office
from tests.exchange.test_callbacks import Desk, answered
from tests.store.kit import LEDGER, Store
from tests.store.ledger_kit import seeing

_LATER_S = 1 << 20
_DESK, _GONE = "desk", "gone"


class _Receiver:
    """A channel's address: it refuses, or takes what it is sent."""

    def __init__(self) -> None:
        self.refuses, self.taken = False, Counter[bytes]()

    async def send(self, route: Route, outgoing: Outgoing, max_bytes: int) -> WireAnswer:
        if not self.refuses:
            self.taken[outgoing.body] += 1
        return answered(503 if self.refuses else 204)


class Told(OfLedger):
    """Notices to a channel that refuses first."""

    channel = _DESK

    def __init__(self, store: Store, writer: LedgerWriter) -> None:
        super().__init__(store, writer)
        self.receiver, self._rows = _Receiver(), NoticeStore(store.engine)
        self._ledgers = Ledgers({LEDGER: writer, "_system": writer})
        client: Any = self.receiver
        self.notices = Notices(
            client=client,
            channels=[Channel(id=_DESK, route=notified(_DESK, "http://desk.example", (), None), secret=bytes(16))],
            store=self._rows,
            clock=store.clock,
            node=NODE,
            metrics=Metrics(),
        )
        self.made: list[Notice] = []

    async def work(self) -> None:
        now = self.store.clock.now_us()
        one = Notice(
            tenant=LEDGER,
            id=f"no_{len(self.made)}",
            channel=self.channel,
            body=b"%d" % len(self.made),
            created_us=now,
            due_us=now,
        )
        await self._rows.put([one])
        self.made.append(one)
        self.receiver.refuses = True

    async def round(self) -> None:
        if self.receiver.refuses:
            await self._turn()
            self.receiver.refuses = False
        await self._turn()

    async def _turn(self) -> None:
        self.store.clock.advance(max(NOTICE_LEASE_S, *WAITS_S))
        await self.notices.deliver(self._ledgers)

    async def done(self) -> None:
        assert await self._rows.waiting() == {}
        missed = {one.body for one in self.made} - self.receiver.taken.keys()
        assert ALL or not missed, "each at least once"
        # Where a fault lasts, each claim is a try, and the last of them is the end, as is said.
        assert len(await self.records("notice.failed")) == len(missed), "or on record, once"


class GivenUp(Told):
    """Notices to a channel that is gone."""

    channel = _GONE

    async def done(self) -> None:
        assert await self._rows.waiting() == {}
        assert not self.receiver.taken
        assert len(await self.records("notice.failed")) == len(self.made), "each is on record, once"


class Callbacks(OfLedger):
    """A destination that refuses first."""

    def __init__(self, store: Store, writer: LedgerWriter) -> None:
        super().__init__(store, writer)
        self.desk = Desk(Office(store, writer, TaskSettings(callback_tries=100)))
        self._tasks: list[Task] = []
        self._refuses = False

    async def work(self) -> None:
        one = await self.desk.office.submit(callback="billing", delay_s=_LATER_S)
        assert isinstance(await self.desk.office.tasks.cancel(one, Who(actor="ac_9", kind="person")), Task)
        self._tasks.append(one)
        self._refuses = True

    async def round(self) -> None:
        last = self._tasks[-1]
        if self._refuses:
            self.desk.client.answers = [answered(500)]
            await self._turn()
            self._refuses = (await self.desk.state(last))[2] != "callback_refused"
        if not self._refuses:
            await self._turn()
        if (await self.desk.state(last))[0] != "delivered":
            raise LedgerUnavailable("a destination is still to be told")

    async def _turn(self) -> None:
        self.store.clock.advance(2 * LEASE_S + self.desk.office.settings.retry_max_s)
        await self.desk.turn()

    async def done(self) -> None:
        async with seeing(self.store.where) as connection:
            rows = (await connection.execute(select(task_callback))).all()
        assert {row.task for row in rows} == {one.id for one in self._tasks}
        assert [row.state for row in rows] == ["delivered"] * len(self._tasks)
        ended = await self.records("task.callback_delivered", "task.callback_failed")
        assert Counter(one.task for one in ended) == Counter(one.id for one in self._tasks), "each has one end"
        sent = Counter(dict(outgoing.headers)[DELIVERY] for _, outgoing in self.desk.client.sent)
        assert sent.keys() == {row.id for row in rows}, "under one id, however often"
        assert len(await self.records("task.callback_sent")) >= sent.total(), "on record before"
