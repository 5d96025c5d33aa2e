"""What tests of shared data keys need: a database of their own, and its going away and coming back."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import urlsplit

import asyncpg

from gateway.store.shared_keys import SharedDataKeys
from tests.services import Postgres


@contextmanager
def data_keys_database(server: Postgres) -> Iterator[str]:
    """The URL of a fresh, empty database whose role may make tables there."""
    url, _ = server.database(migrated=False)
    yield url
    server.drop(url)


@asynccontextmanager
async def away(server: Postgres, url: str) -> AsyncIterator[None]:
    """The database lets nobody in while this is open, and everyone who was in is out."""
    name = urlsplit(url).path.lstrip("/")
    admin = await asyncpg.connect(server.url)
    try:
        await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        await admin.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1", name)
        yield
        await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    finally:
        await admin.close()


async def back(keys: SharedDataKeys) -> None:
    """Until it has found its database again. `TimeoutError` after ten seconds."""

    async def found() -> None:
        if keys._probe is not None:
            await asyncio.wait_for(asyncio.shield(keys._probe), 10)

    await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(found(), keys._loop))


async def sql(url: str, *statements: str) -> None:
    """Statements on a database, each committed."""
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
