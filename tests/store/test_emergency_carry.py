"""What sticks is carried over from an emergency, as often as it is tried."""

import shutil
from pathlib import Path

from sqlalchemy import select

from gateway.store import sticking as stuck
from gateway.store.emergency_carry import carry
from gateway.store.engine import reading, sqlite_engine
from gateway.store.sessions import SessionStore
from gateway.store.tables import sticking
from tests.store.kit import LEDGER, Store
from tests.store.test_tenant_walls import growth

ROW = {"tenant": LEDGER, "actor": "ac_1", "principal": b"", "class": "phi", "until_us": 9, "noted_us": 1}


async def test_sessions_that_began_and_classes_that_stick_are_known_afterwards(
    store: Store, sqlite_template: Path, tmp_path: Path
) -> None:
    path = tmp_path / "emergency.db"
    shutil.copy(sqlite_template, path)
    engine = sqlite_engine(path)
    try:
        sessions = SessionStore(engine, bytes(32))
        key = sessions.key("openai-response:1")
        await sessions.put(LEDGER, [growth(key, sent=("phi",), said=("pii",))])
        await stuck.put(engine, LEDGER, [ROW])
        await SessionStore(store.engine, bytes(32)).put(LEDGER, [growth(key, sent=("pci",))])
        await stuck.put(store.engine, LEDGER, [{**ROW, "until_us": 5}])
        for _ in range(2):
            await carry(engine, store.engine)
    finally:
        await engine.dispose()
    found = (await SessionStore(store.engine, bytes(32)).find([key]))[key]
    assert found.sent == {"phi", "pci"}
    assert found.said == {"pii"}
    async with reading(store.engine, LEDGER) as connection:
        assert [row.until_us for row in await connection.execute(select(sticking))] == [9]
