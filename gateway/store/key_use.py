"""When API keys were last used: noted in memory as requests pass, written seldom and beside them.

A time is rounded down to five minutes, so that a key that is used all day costs one small update in that time, and who
reads the list learns no more of anybody's habits than that. A crash loses what was noted since the last writing: a time
is then told that is too early, never one that is too late.
"""

import asyncio
import logging
from collections.abc import Mapping

from sqlalchemy import bindparam, or_, update
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.ports import Clock, KeyRecord
from gateway.store.engine import writing
from gateway.store.sql import reachable
from gateway.store.tables import api_key

GRAIN_US = 300 * 1_000_000
MAX_NOTED = 10_000
"""Keys noted between two writings; of further ones the use is told at their next request after it."""
_log = logging.getLogger("gateway.store")
_PREPARED = (
    update(api_key)
    .where(
        api_key.c.id == bindparam("key"),
        api_key.c.tenant == bindparam("owner_tenant"),
        or_(api_key.c.last_used_us.is_(None), api_key.c.last_used_us < bindparam("used")),
    )
    .values(last_used_us=bindparam("used"))
)


class KeyUse:
    """The uses of one process. Several may write the same key: the latest time stays."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock
        self._noted: dict[str, tuple[str, int]] = {}
        self._written: dict[str, int] = {}

    def note(self, record: KeyRecord, now_us: int) -> None:
        """This key was used now. Costs a look at two dictionaries, and asks nobody."""
        grain = now_us - now_us % GRAIN_US
        if self._written.get(record.id, -1) < grain and (record.id in self._noted or len(self._noted) < MAX_NOTED):
            self._noted[record.id] = (record.tenant, grain)

    async def write(self) -> int:
        """Write what was noted; how many keys that were. `LedgerUnavailable` if it cannot be: then it stays noted."""
        noted = dict(self._noted)
        if not noted:
            return 0
        await self._put(noted)
        for key, told in noted.items():
            if self._noted.get(key) == told:
                del self._noted[key]
        if len(self._written) + len(noted) > 2 * MAX_NOTED:
            self._written.clear()  # costs one more write for each key, and bounds the memory
        self._written.update({key: grain for key, (_, grain) in noted.items()})
        return len(noted)

    async def keep(self, interval_s: float) -> None:
        """Write at each interval, for ever. A database that cannot be asked is tried again at the next."""
        while True:
            await asyncio.sleep(interval_s)
            try:
                await self.write()
            except Exception as error:  # noqa: BLE001 — whatever it was, the next interval tries again
                _log.error("the last use of API keys could not be written: %s", type(error).__name__)

    async def _put(self, noted: Mapping[str, tuple[str, int]]) -> None:
        rows: dict[str, list[dict[str, str | int]]] = {}
        for key, (tenant, grain) in noted.items():
            rows.setdefault(tenant, []).append({"key": key, "owner_tenant": tenant, "used": grain})
        with reachable():
            # A crash before a tenant's: the times are those of before. After: these.
            for tenant, mine in rows.items():
                async with writing(self._engine, tenant) as connection:
                    await connection.execute(_PREPARED, mine)
