"""Checkpoints are time-stamped by authorities (RFC 3161), whose replies are kept beside them: that a ledger was so far
at a time is then vouched for by somebody who has no part in it.

Beside traffic, never in its way: an authority that is slow, away or wrong leaves nothing behind but a count, and is
asked again after a while that grows. How far the ledger goes beyond the newest checkpoint that any has stamped is told.
"""

import logging
import os
from collections.abc import Sequence
from typing import Literal

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.agents.tsas import TsaClient
from gateway.core.errors import AgentError, FormatError, LedgerUnavailable, VerificationError
from gateway.core.ports import Clock, StoredCheckpoint
from gateway.core.together import together
from gateway.ledger.record import NodeInfo, parse_timestamp
from gateway.store.lease import Lease
from gateway.store.reader import StoreReader
from gateway.store.stamps import KeptStamp, StampStore

LEASE_S = 180.0
"""Longer than any authority may take to answer."""
FIRST_WAIT_S, MOST_WAIT_S = 10.0, 600.0
"""How long an authority that has failed is left alone: after the first time, doubling, and at most."""
_log = logging.getLogger("gateway.stamp")
End = Literal["stamped", "unreachable", "refused", "wrong", "unkept"]


class Beyond(msgspec.Struct, frozen=True, kw_only=True):
    """How far a ledger goes beyond the newest checkpoint that was time-stamped. `since`: when the oldest record
    occurred that is in no such checkpoint (27 characters), None where there is none."""

    stamped: int
    records: int
    since: str | None

    def seconds(self, now_us: int) -> float:
        """How long ago that was; 0 where there is none."""
        return 0.0 if self.since is None else max(0.0, (now_us - parse_timestamp(self.since)) / 1e6)


class _Asking:
    """One authority as this node has found it for a ledger."""

    def __init__(self, client: TsaClient) -> None:
        self.client = client
        self.failures, self.not_before_ns = 0, 0

    def ended(self, end: End, now_ns: int) -> None:
        self.failures = 0 if end == "stamped" else self.failures + 1
        wait_s = min(MOST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(self.failures - 1, 10)) if self.failures else 0.0
        self.not_before_ns = now_ns + int(wait_s * 1e9)


class Stamping:
    """One ledger before its time-stamping authorities."""

    def __init__(
        self, engine: AsyncEngine, *, ledger: str, tsas: Sequence[TsaClient], clock: Clock, node: NodeInfo
    ) -> None:
        self._clock = clock
        self._tsas = tuple(_Asking(one) for one in tsas)
        self._reader, self.store = StoreReader(engine, ledger), StampStore(engine, ledger)
        holder = f"{node.id}/{node.boot}/{os.urandom(8).hex()}"
        self._lease = Lease(engine, f"stamp/{ledger}", holder, clock, LEASE_S)
        self.beyond = Beyond(stamped=0, records=0, since=None)
        """As it was at the last round."""
        self.ends: dict[tuple[str, str], int] = {}
        """How often each authority was asked, by its id and what came of it."""

    @property
    def failing(self) -> frozenset[str]:
        """Authorities of which no stamp was kept when they were asked last."""
        return frozenset(one.client.tsa.id for one in self._tsas if one.failures)

    async def round(self) -> None:
        """Have the newest checkpoint stamped by each authority for which it is time.

        One process at a time: another one that is at it is left to it.
        """
        try:
            await self._stamped()
        except Exception:
            self.beyond = await self._beyond()  # what is not stamped is to be seen for as long as that lasts
            raise
        self.beyond = await self._beyond()

    async def _stamped(self) -> None:
        if await self._due() and await self._lease.take():
            try:
                # Once more: what another process has done until now is seen from here on.
                point, due = await self._reader.checkpoint(), await self._due()
                if point is not None:
                    await together(self._ask(one, point) for one in due)
            finally:
                await self._lease.release()

    async def _due(self) -> list[_Asking]:
        """Authorities for which it is time, and that are not being left alone."""
        point, now_ns = await self._reader.checkpoint(), self._clock.monotonic_ns()
        if point is None:
            return []
        rested = [one for one in self._tsas if one.not_before_ns <= now_ns]
        lasts = [await self.store.last(one.client.tsa.id) for one in rested]
        for one, last in zip(rested, lasts, strict=True):
            if last is not None and last.size == point.size:
                one.failures = 0  # it is there, whatever was heard of keeping it
        return [one for one, last in zip(rested, lasts, strict=True) if self._is_time(one, last, point)]

    def _is_time(self, one: _Asking, last: KeptStamp | None, point: StoredCheckpoint) -> bool:
        if last is None:
            return True
        # A stamp that came further in the future than the interval came by a clock that stood elsewhere.
        passed_s = abs(self._clock.now_us() - last.kept_us) / 1e6
        return last.size < point.size and passed_s >= one.client.tsa.interval_s

    async def _ask(self, one: _Asking, point: StoredCheckpoint) -> None:
        try:
            self._ended(one, await self._asked(one.client, point))
        except LedgerUnavailable:
            # An authority may count what it gives, or be paid for it: it is left alone like one that fails.
            self._ended(one, "unkept")
            raise

    def _ended(self, one: _Asking, end: End) -> None:
        name = one.client.tsa.id
        one.ended(end, self._clock.monotonic_ns())
        self.ends[name, end] = self.ends.get((name, end), 0) + 1

    async def _asked(self, client: TsaClient, point: StoredCheckpoint) -> End:
        name = client.tsa.id
        try:
            found = await client.stamp(point.note)
        except AgentError as error:
            _log.warning("the time-stamping authority %s gave no stamp: %s", name, error.code)
            return "refused" if error.code == "refused" else "unreachable"
        except (FormatError, VerificationError) as error:
            _log.error("the time-stamping authority %s gave what does not hold: %s", name, error)
            return "wrong"
        # A crash before it is kept: the next round asks for another. After it: it is found, and none is due.
        await self.store.add(
            KeptStamp(
                size=point.size, tsa=name, at_us=found.stamp.at_us, kept_us=self._clock.now_us(), reply=found.reply
            )
        )
        return "stamped"

    async def _beyond(self) -> Beyond:
        newest = await self.store.newest()
        stamped = newest[0].size if newest else 0
        since = await self._reader.uncovered_since(stamped)
        records = 0 if since is None else await self._reader.size() - stamped
        return Beyond(stamped=stamped, records=records, since=since)
