"""A database that is taken back under whoever has it open: a restore in place, or a failover to a server that lacks
what was committed since."""

import sqlite3
from contextlib import closing
from pathlib import Path

from gateway.settings import Settings
from gateway.store.engine import target
from tests.services import Postgres


class Copies:
    """Copies of one database, each of which may be put in its place. On PostgreSQL nobody may be connected when one is
    made. Blocking."""

    def __init__(self, settings: Settings, server: Postgres | None, directory: Path) -> None:
        self._where, self._server, self._directory = target(settings), server, directory
        self._count = 0

    def make(self) -> str:
        """A copy as of now: its name."""
        if self._server is not None:
            return self._server.copied(self._where.dsn)
        self._count += 1
        name = str(self._directory / f"copy-{self._count}.db")
        with closing(sqlite3.connect(self._where.path)) as source, closing(sqlite3.connect(name)) as copy:
            source.backup(copy)
        return name

    def swap(self, copy: str) -> str:
        """Put a copy in the database's place; the name of a copy of what was there."""
        if self._server is not None:
            return self._server.swap(self._where.dsn, copy)
        was = self.make()
        with closing(sqlite3.connect(copy)) as source, closing(sqlite3.connect(self._where.path)) as live:
            source.backup(live)
        return was
