"""The tables hold to what their module says of them."""

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.settings import Settings
from gateway.store import tables
from gateway.store.engine import open_engine, target
from gateway.store.grants import RIGHTS, unlisted
from gateway.store.guard import APPEND_ONLY, NEVER_DELETED, NEVER_UPDATED


def test_every_table_is_in_the_list_of_who_may_change_what() -> None:
    listed = {
        word.strip()
        for line in (tables.__doc__ or "").splitlines()
        if line.startswith("| ")
        for word in line.split("|")[1].split(",")
    } - {"tables"}
    assert listed == set(tables.metadata.tables)


def test_the_rights_follow_the_rules() -> None:
    assert unlisted() == set()
    for name in APPEND_ONLY:
        assert RIGHTS[name] == "SELECT, INSERT"
    for name in NEVER_UPDATED:
        assert "UPDATE" not in RIGHTS[name]
    for name in NEVER_DELETED:
        assert "DELETE" not in RIGHTS[name]


def test_records_are_found_by_few_indexes() -> None:
    """A write-heavy table pays for each of them at every row."""
    assert {index.name for index in tables.record.indexes} == {
        "record_exchange",
        "record_trace",
        "record_occurred_at",
    }


async def _put(connection: AsyncConnection, literal: str) -> bytes:
    """What is read of a checkpoint whose root was set to this SQL literal."""
    values = {"tenant": "tn_1", "size": 1, "root": b"root", "note": b"note"}
    await connection.execute(insert(tables.checkpoint).values(values))
    await connection.exec_driver_sql("DROP TRIGGER checkpoint_no_update")
    await connection.exec_driver_sql(f"UPDATE checkpoint SET root = {literal}")
    found: bytes = (await connection.execute(select(tables.checkpoint.c.root))).scalar_one()
    return found


@pytest.mark.parametrize(
    ("literal", "expected"), [("'text'", b"text"), ("7", b"7"), ("0.5", b"0.5"), ("x'00ff'", b"\x00\xff")]
)
async def test_whatever_is_put_into_a_column_of_bytes_is_read_as_bytes(
    sqlite_settings: Settings, literal: str, expected: bytes
) -> None:
    engine = open_engine(target(sqlite_settings))
    try:
        async with engine.begin() as connection:
            assert await _put(connection, literal) == expected
    finally:
        await engine.dispose()
