"""What goes when its days are over: kept content, tokens of sessions, tasks that have ended."""

import msgspec
from sqlalchemy import Table, select

from gateway.core.tokens import Meant
from gateway.exchange.task_scribe import Who
from gateway.ledger.entry import SealedPart
from gateway.ledger.times import timestamp
from gateway.settings import TaskSettings
from gateway.store.kept import KeptStore
from gateway.store.sealing import Sealer
from gateway.store.session_tokens import TokenStore
from gateway.store.tables import sealed, session_token, task, task_content
from gateway.store.tasks import Task
from gateway.store.writer_base import LedgerWriter
from tests.exchange.durable_base import OfLedger
from tests.exchange.task_making import Office
from tests.store.kit import LEDGER, Store, entry
from tests.store.ledger_kit import seeing

DAY_S = 86_400
IDLE_DAYS = 8
LIVE = "se_live"
_NEVER_S = 1 << 20


async def rows(store: Store, table: Table) -> list[dict[str, object]]:
    """All of a table."""
    async with seeing(store.where) as connection:
        return [dict(row._mapping) for row in await connection.execute(select(table))]


class Contents(OfLedger):
    """Kept content, beside what lasts."""

    def __init__(self, store: Store, writer: LedgerWriter) -> None:
        super().__init__(store, writer)
        self._kept, self._due = KeptStore(store.engine, store.clock), 0

    async def work(self) -> None:
        over = f"content:{timestamp(self.store.clock.us + DAY_S * 1_000_000)}"
        parts = [SealedPart(part=part, key="dk_1", nonce=bytes(12), ciphertext=b"c") for part in ("request", over)]
        await self.writer.append(msgspec.structs.replace(entry("exchange.requested"), sealed=tuple(parts)))
        self._due += 1
        self.store.clock.advance(DAY_S)

    async def round(self) -> None:
        await self._kept.sweep(LEDGER)

    async def done(self) -> None:
        assert [row["part"] for row in await rows(self.store, sealed)] == ["request"] * self._due, "openings stay"


class Tokens(OfLedger):
    """Tokens of sessions that nobody uses any more, beside those of one that somebody does."""

    def __init__(self, store: Store, writer: LedgerWriter) -> None:
        super().__init__(store, writer)
        self._sealer, self._number = Sealer(store.keyring), 0
        self._pages = TokenStore(store.engine, self._sealer, store.clock, IDLE_DAYS)

    async def work(self) -> None:
        self._number += 1
        for session in (f"se_{self._number}", *([LIVE] if self._number == 1 else [])):
            key = self._sealer.exchange_key(())
            self.store.keyring.persist(key.new)
            assert await self._pages.add(LEDGER, session, 0, (("[PERSON_a]", Meant("person", "Ada")),), key)
        self.store.clock.advance((IDLE_DAYS + 1) * DAY_S)

    async def round(self) -> None:
        assert (await self._pages.find(LEDGER, LIVE)).entries, "what is used is there"
        await self._pages.sweep(LEDGER)

    async def done(self) -> None:
        assert [row["session"] for row in await rows(self.store, session_token)] == [LIVE]


class EndedTasks(OfLedger):
    """Tasks that ended long ago, beside one that waits."""

    def __init__(self, store: Store, writer: LedgerWriter) -> None:
        super().__init__(store, writer)
        self.office = Office(store, writer, TaskSettings())
        self._waits: Task | None = None

    async def work(self) -> None:
        self._waits = self._waits or await self.office.submit(delay_s=_NEVER_S)
        ended = await self.office.submit(delay_s=_NEVER_S)
        assert isinstance(await self.office.tasks.cancel(ended, Who(actor="ac_9", kind="person")), Task)
        self.store.clock.advance(1)

    async def round(self) -> None:
        now = self.store.clock.now_us()
        await self.office.tasks.store.sweep(ended_before_us=now, failed_before_us=now)

    async def done(self) -> None:
        assert self._waits is not None
        assert [row["id"] for row in await rows(self.store, task)] == [self._waits.id]
        assert [row["task"] for row in await rows(self.store, task_content)] == [self._waits.id]
