"""When a key was last used is written seldom, beside the requests, and never runs ahead of what happened."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import event

from gateway.core.errors import LedgerUnavailable
from gateway.core.ports import KeyRecord
from gateway.store import key_use as module
from gateway.store.api_keys import Administrator, ApiKeyStore, NewKey
from gateway.store.key_use import GRAIN_US
from tests.store.kit import SEAL, START_US, Store
from tests.store.test_api_keys import GRANT, MemoryLedger


async def _made(keys: ApiKeyStore, tenant: str = "default") -> KeyRecord:
    made = await keys.create(Administrator(ledger=MemoryLedger(), tenant="tn_1"), tenant, GRANT)
    assert isinstance(made, NewKey)
    return made.record


async def _last(store: Store, record: KeyRecord) -> int | None:
    found = await ApiKeyStore(store.engine, store.clock, SEAL).get(record.tenant, record.id)
    assert found is not None
    return found.last_used_us


async def test_a_use_is_told_to_five_minutes_and_written_once_in_them(store: Store) -> None:
    keys = ApiKeyStore(store.engine, store.clock, SEAL)
    record = await _made(keys)
    written = []
    for us in (START_US, START_US + 1, START_US + 2):
        keys.used(record, us)
        written.append(await keys.use.write())
    assert written == [1, 0, 0]
    assert await _last(store, record) == START_US - START_US % GRAIN_US
    keys.used(record, START_US + GRAIN_US)
    assert await keys.use.write() == 1
    assert await _last(store, record) == START_US - START_US % GRAIN_US + GRAIN_US


async def test_of_two_processes_the_later_use_stays(store: Store) -> None:
    first, second = ApiKeyStore(store.engine, store.clock, SEAL), ApiKeyStore(store.engine, store.clock, SEAL)
    record = await _made(first)
    first.used(record, START_US)
    second.used(record, START_US + 3 * GRAIN_US)
    await second.use.write()
    await first.use.write()
    assert await _last(store, record) == START_US - START_US % GRAIN_US + 3 * GRAIN_US


async def test_what_could_not_be_written_stays_noted(store: Store) -> None:
    keys = ApiKeyStore(store.engine, store.clock, SEAL)
    record = await _made(keys)
    keys.used(record, START_US)

    def gone(*_: Any) -> None:
        raise OSError

    event.listen(store.engine.sync_engine, "before_cursor_execute", gone)
    with pytest.raises(LedgerUnavailable):
        await keys.use.write()
    event.remove(store.engine.sync_engine, "before_cursor_execute", gone)
    assert await keys.use.write() == 1


async def test_memory_is_bounded_however_many_keys_there_are(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_NOTED", 3)
    keys = ApiKeyStore(store.engine, store.clock, SEAL)
    records = [await _made(keys) for _ in range(5)]
    for _ in range(4):
        for record in records:
            keys.used(record, START_US)
        assert len(keys.use._noted) <= 3
        await keys.use.write()
        assert len(keys.use._written) <= 6
    assert None not in [await _last(store, record) for record in records]


async def test_a_use_of_another_tenants_key_is_not_written(store: Store) -> None:
    keys = ApiKeyStore(store.engine, store.clock, SEAL)
    record = await _made(keys)
    await keys.use._put({record.id: ("other", START_US)})
    assert await _last(store, record) is None


async def test_the_keeper_goes_on_after_a_failure(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = ApiKeyStore(store.engine, store.clock, SEAL)
    tries: list[int] = []
    done = asyncio.Event()

    async def write() -> int:
        tries.append(1)
        if len(tries) == 1:
            raise LedgerUnavailable("told to")
        done.set()
        return 0

    monkeypatch.setattr(keys.use, "write", write)
    keeper = asyncio.create_task(keys.use.keep(0))
    await done.wait()
    keeper.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeper
