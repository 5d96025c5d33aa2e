"""Databases that are filled once and copied for each test that wants one like that, on both kinds: to fill one with
some thousand records takes longer than most of what is tried on it."""

import shutil
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from gateway.settings import Settings, parse
from tests.services import Postgres, run_apart

Fill = Callable[[Settings, Path], Awaitable[None]]
"""Fills a fresh, migrated database, with a directory for what lies beside it, and has closed it when it returns."""


class Prepared:
    """`empty`: a migrated SQLite database; `directory`: where those are kept that are copied; `server`: gives the
    PostgreSQL, which is asked for one only where a test wants that."""

    def __init__(self, empty: Path, directory: Path, server: Callable[[], Postgres]) -> None:
        self._empty, self._directory, self._server = empty, directory, server
        self._made: dict[tuple[str, Fill], Settings] = {}
        self._numbers = count()

    def close(self) -> None:
        """Drop what this made on PostgreSQL."""
        for (kind, _), made in self._made.items():
            if kind == "postgresql":
                self._server().drop(made.database.url)

    def of(self, kind: str, fill: Fill) -> Settings:
        """The one that was filled, on `sqlite` or `postgresql`: for whoever only reads. While it is open nobody can
        have a copy."""
        if (kind, fill) not in self._made:
            directory = self._directory / f"{next(self._numbers)}"
            directory.mkdir()
            if kind == "sqlite":
                made = self._sqlite(self._empty, directory)
            else:
                made = Postgres.settings(*self._server().database(), base=directory)
            run_apart(_filled(fill, made, directory))
            self._made[kind, fill] = made
        return self._made[kind, fill]

    @contextmanager
    def copied(self, kind: str, fill: Fill, directory: Path) -> Iterator[Settings]:
        """A copy of it, in a test's own directory, and gone afterwards."""
        made = self.of(kind, fill)
        if kind == "sqlite":
            yield self._sqlite(Path(made.base) / "gateway.db", directory)
            return
        urls = self._server().database(of=made.database.url)
        try:
            yield Postgres.settings(*urls, base=directory)
        finally:
            self._server().drop(urls[0])

    @staticmethod
    def _sqlite(file: Path, directory: Path) -> Settings:
        shutil.copy(file, directory / "gateway.db")
        return parse({"database": {"url": "sqlite:///gateway.db"}}, {}, directory)


async def _filled(fill: Fill, settings: Settings, directory: Path) -> None:
    await fill(settings, directory)
