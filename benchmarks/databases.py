"""The databases of a run: a new SQLite file, and a private PostgreSQL with durability on, where one can be had."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from gateway.settings import Settings, parse
from gateway.store import migrate
from tests.services import Postgres, postgres, run_apart


class Databases:
    """Makes migrated databases of either kind."""

    def __init__(self, server: Postgres | None) -> None:
        self._server = server
        self.version = None if server is None else run_apart(_version(server.url))
        """PostgreSQL's version and what its commits wait for; None where there is no PostgreSQL."""

    @property
    def kinds(self) -> tuple[str, ...]:
        return ("sqlite",) if self._server is None else ("sqlite", "postgresql")

    def urls(self) -> tuple[str, str] | None:
        """Owner's and application's URL of a fresh PostgreSQL database, migrated; None where there is no PostgreSQL."""
        return None if self._server is None else self._server.database()

    def make(self, kind: str, directory: Path) -> str:
        """The URL of a fresh database, migrated. A SQLite file lies in `directory` and is named relative to it."""
        if kind == "postgresql" and self._server is not None:
            return self._server.database()[1]
        directory.mkdir(parents=True, exist_ok=True)
        url = "sqlite:///gateway.db"
        run_apart(migrate.upgrade(settings(url, directory)))
        return url


def settings(url: str, directory: Path) -> Settings:
    """Settings of a database and nothing else."""
    return parse({"database": {"url": url}}, {}, directory)


@contextmanager
def databases() -> Iterator[Databases]:
    """`GATEWAY_TEST_POSTGRES_URL`, or a server of our own, or SQLite alone."""
    try:
        opened = postgres()
        server = opened.__enter__()
    except pytest.skip.Exception:
        yield Databases(None)
        return
    try:
        yield Databases(server)
    finally:
        opened.__exit__(None, None, None)


async def _version(url: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        names = ("server_version", "fsync", "synchronous_commit", "full_page_writes")
        version, *rest = [await connection.fetchval("SELECT current_setting($1)", name) for name in names]
    finally:
        await connection.close()
    return f"{version} ({', '.join(f'{name}={value}' for name, value in zip(names[1:], rest, strict=True))})"
