"""All ledgers of a process: their writers, the node's claim and lease, and recovery, at start and while running."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import GatewayError, LedgerUnavailable, VerificationError
from gateway.core.ports import Clock, Failpoint
from gateway.ledger.record import NodeInfo
from gateway.store.engine import Target
from gateway.store.key_stage import DataKeys
from gateway.store.lost import Lost, LostMarks
from gateway.store.node import LEASE_S, Claim, register, renew_lease, retire
from gateway.store.reader import StoreReader
from gateway.store.recovery import Recovered, close_interrupted, recover, stopped
from gateway.store.signed import SignedMarks, demand_signed
from gateway.store.sql import reachable
from gateway.store.writer_base import LedgerWriter, WriterOptions
from gateway.store.writer_postgres import PostgresWriter
from gateway.store.writer_sqlite import SqliteFile, SqliteWriter

_log = logging.getLogger("gateway.store")


class Ledgers:
    """Opens writers on one database and closes them.

    `serving`: this process takes traffic, so that it claims its node id, recovers what former boots left, and records
    starts and stops. Without it (commands that append a record or two) only the writers are there.
    """

    def __init__(
        self,
        where: Target,
        engine: AsyncEngine,
        *,
        node: NodeInfo,
        clock: Clock,
        keyring: DataKeys | None = None,
        failpoint: Failpoint | None = None,
        on_batch: Callable[[int, float], None] | None = None,
        serving: bool = True,
        build: str | None = None,
        config: str | None = None,
        lease_s: float = LEASE_S,
        wait_s: float = 5.0,
        retry_s: float = 1.0,
        claim_wait_s: float = 5.0,
        lost: LostMarks | None = None,
        signed: SignedMarks | None = None,
        origins: Mapping[str, str] | None = None,
    ) -> None:
        """`origins`: by ledger, whom its checkpoints are signed for, where it is remembered what was `signed`."""
        self.writers: dict[str, LedgerWriter] = {}
        self.recovered: dict[str, Recovered] = {}
        self.batches = 0
        """How many batches this process has committed."""
        self._where, self._engine = where, engine
        self._node, self._clock = node, clock
        self._keyring, self._failpoint, self._on_batch = keyring, failpoint, on_batch
        self.serving = serving
        self._build, self._config, self._lease_s = build, config, lease_s
        self._wait_s, self._retry_s = wait_s, retry_s
        self._lost, self._signed, self._origins = lost, signed, origins or {}
        self._claim = Claim(where, node, claim_wait_s)
        self._file = SqliteFile(where.path, wait_s) if where.kind == "sqlite" else None
        self._opening = asyncio.Lock()
        self._renewal: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Claim the node and begin to renew its lease. `ConfigurationError` if another process holds the claim."""
        if not self.serving:
            return
        await self._claim.take()
        try:
            with reachable():
                await register(self._engine, self._node, self._clock, self._lease_s)
        except BaseException:
            await self._claim.release()
            raise
        self._renewal = asyncio.create_task(self._renew(), name="node lease")

    async def open(self, tenant: str) -> LedgerWriter:
        """The ledger's writer, started and recovered at the first call. `LedgerUnavailable` if the database is not
        there, `VerificationError` if its head and its records disagree, or what this node acknowledged or signed is
        gone from it and that is not on record yet."""
        async with self._opening:
            writer = self.writers.get(tenant)
            if writer is not None:
                return writer
            writer = self._made(tenant)
            await writer.start()
            try:
                if self.serving:
                    await self._demand_whole(tenant)
                    self.recovered[tenant] = await recover(
                        self._engine, writer, self._clock, build=self._build, config=self._config
                    )
            except BaseException:
                await writer.stop()
                raise
            self.writers[tenant] = writer
            return writer

    async def _demand_whole(self, tenant: str) -> None:
        """What a former boot found to be lost is there again, and what was signed still is, or somebody has put on
        record that it is not."""
        if self._signed is not None and tenant in self._origins:
            await demand_signed(self._engine, self._signed, tenant, self._origins[tenant])
        lost = None if self._lost is None else await asyncio.to_thread(self._lost.of, tenant)
        if self._lost is None or lost is None:
            return
        stored = await StoreReader(self._engine, tenant).record(lost.size - 1)
        if stored is None or stored.hash.hex() != lost.hash:
            raise VerificationError(
                f"this node acknowledged {lost.size} records, and the database lacks some: was there a failover, or a "
                "restore? See docs/failover.md, and `gateway audit acknowledge-restore`"
            )
        await asyncio.to_thread(self._lost.forget, tenant)

    def _remember(self, tenant: str, size: int, leaf_hash: bytes) -> bool:
        """A writer's records are gone: told, and remembered for the next start. Whether nothing is left to do."""
        _log.error("records that were acknowledged are gone: nothing is recorded until they are there again")
        if self._lost is None:
            return True
        try:
            self._lost.keep(tenant, Lost(size=size, hash=leaf_hash.hex()))
        except GatewayError as error:
            _log.error("%s", error)
            return False
        return True

    async def stop(self) -> None:
        """Write what waits, say that this boot ends, and let go of claim and database."""
        if self._renewal is not None:
            self._renewal.cancel()
            with suppress(asyncio.CancelledError):
                await self._renewal
        # All at once: a database that does not answer is waited for once, and not by one tenant after another.
        await asyncio.gather(*(self._ended(writer) for writer in self.writers.values()))
        self.writers.clear()
        if self.serving:
            with suppress(SQLAlchemyError, OSError):  # the lease then runs out by itself
                await retire(self._engine, self._node)
        await self._claim.release()
        if self._file is not None:
            await self._file.worker.run(self._file.close)
            self._file.worker.close()

    async def _ended(self, writer: LedgerWriter) -> None:
        if self.serving and writer.healthy:
            with suppress(LedgerUnavailable):  # then the next start says what this one could not
                await writer.append(stopped(writer, self._clock))
        await writer.stop()

    async def sweep(self) -> int:
        """Close what dead nodes left open in this process's ledgers; how many exchanges that were."""
        writers = [writer for writer in self.writers.values() if writer.healthy]
        return sum([await close_interrupted(self._engine, writer, self._clock) for writer in writers])

    async def prove(self) -> bool:
        """Find out whether the database can be written now, by prolonging this node's lease; False where the node is
        not registered (any more). `LedgerUnavailable` where it cannot."""
        with reachable():
            return await renew_lease(self._engine, self._node, self._clock, self._lease_s)

    def _batch(self, size: int, seconds: float) -> None:
        self.batches += 1
        if self._on_batch is not None:
            self._on_batch(size, seconds)

    def _made(self, tenant: str) -> LedgerWriter:
        options = WriterOptions(
            tenant=tenant,
            node=self._node,
            clock=self._clock,
            keyring=self._keyring,
            failpoint=self._failpoint,
            on_batch=self._batch,
            on_lost=self._remember,
            wait_s=self._wait_s,
            retry_s=self._retry_s,
        )
        if self._file is not None:
            return SqliteWriter(self._file, options)
        return PostgresWriter(self._where.dsn, options)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._lease_s / 3)
            try:
                if not await self._claim.held():
                    _log.error("this node's claim is lost: the database is gone, or another process serves as it")
                elif not await renew_lease(self._engine, self._node, self._clock, self._lease_s):
                    await register(self._engine, self._node, self._clock, self._lease_s)
                else:
                    await self.sweep()
            except (GatewayError, SQLAlchemyError, OSError) as error:
                _log.error("the node's lease could not be renewed: %s", type(error).__name__)
