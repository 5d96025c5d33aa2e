"""Whatever a database raises is one error of ours; an insert that finds the row there leaves it alone."""

import asyncio

import asyncpg
import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from gateway.core.errors import FormatError, LedgerUnavailable
from gateway.store.engine import reading, writing
from gateway.store.sql import insert_new, reachable
from gateway.store.tables import policy_version
from tests.store.kit import Store


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("SELECT canary", {}, Exception("canary")),
        ConnectionRefusedError("canary"),
        TimeoutError("canary"),
        asyncpg.PostgresError("canary"),
        asyncpg.InterfaceError("canary"),
    ],
)
def test_errors_of_database_and_network_become_ours_without_what_they_say(error: Exception) -> None:
    with pytest.raises(LedgerUnavailable) as caught, reachable():
        raise error
    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is error


def test_other_errors_pass_through() -> None:
    with pytest.raises(FormatError), reachable():
        raise FormatError("not JSON")
    with pytest.raises(asyncio.CancelledError), reachable():
        raise asyncio.CancelledError


async def test_the_first_row_of_a_key_stays_and_the_second_says_that_it_is_not_there(store: Store) -> None:
    counts = []
    for data in (b"first", b"second"):
        row = insert_new(store.engine, policy_version).values(digest="d", bytes=data, created_at="t")
        async with writing(store.engine, None) as connection:
            counts.append((await connection.execute(row)).rowcount)
    assert counts == [1, 0]
    async with reading(store.engine, None) as connection:
        assert bytes(await connection.scalar(select(policy_version.c.bytes)) or b"") == b"first"
