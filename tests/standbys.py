"""Servers of PostgreSQL that follow one another for real: copied by `pg_basebackup`, streamed to, promoted."""

import asyncio
import signal
import subprocess
from contextlib import ExitStack
from urllib.parse import urlsplit

from tests import services
from tests.services import Postgres
from tests.store.ledger_kit import connected

SLOT = "gw_standby"


class Server:
    """One that a test may end. `url` is its superuser's."""

    def __init__(self, url: str, process: "subprocess.Popen[bytes]") -> None:
        self.url, self._process = url, process

    @property
    def place(self) -> str:
        """Host and port."""
        return urlsplit(self.url).netloc.rpartition("@")[2]

    async def run(self, statement: str) -> str:
        """The first value that a statement gives, as text."""
        async with connected(self.url) as admin:
            return str(await admin.fetchval(statement))

    async def end(self) -> None:
        """As a machine that is gone: no last checkpoint, and nothing more is sent to who follows."""
        self._process.send_signal(signal.SIGQUIT)
        await asyncio.to_thread(self._process.wait, 30)

    async def follow_no_more(self) -> None:
        """Let it take no more of the log. What it has it keeps."""
        await self.run("ALTER SYSTEM SET primary_conninfo = ''")
        await self.run("SELECT pg_reload_conf()")

        async def follows() -> bool:
            return await self.run("SELECT count(*) FROM pg_stat_wal_receiver") != "0"

        while await follows():  # noqa: ASYNC110 — the server is asked
            await asyncio.sleep(0.01)

    async def promote(self) -> None:
        assert await self.run("SELECT pg_promote()") == "True"


class Pair(ExitStack):
    """A server, and a standby that follows it by way of a slot. Both hold what the tests' own server held."""

    def __init__(self, source: Postgres) -> None:
        super().__init__()
        self._source, self._binaries = source, services.postgres_binaries()
        if not source.private or not (self._binaries / "pg_basebackup").is_file():
            services.lacking("POSTGRES: a server of the tests' own is needed, and pg_basebackup")
        self.first = self._copied(source.url)
        self.standby = self._copied(self.first.url, "--write-recovery-conf", "--create-slot", f"--slot={SLOT}")

    def _copied(self, url: str, *more: str) -> Server:
        directory = self.enter_context(services.postgres_directory())
        copy = [str(self._binaries / "pg_basebackup"), "--checkpoint=fast", "--no-sync", "--wal-method=stream", *more]
        subprocess.run(
            [*services.as_unprivileged(), *copy, f"--dbname={url}", f"--pgdata={directory / 'data'}"],
            check=True,
            capture_output=True,
            cwd=directory,
            env=services.bare(directory),
        )
        return Server(*self.enter_context(services.running_postgres(self._binaries, directory)))

    async def caught_up(self) -> None:
        """Until the standby has everything that there is now."""
        newest = await self.first.run("SELECT pg_current_wal_flush_lsn()::text")
        behind = f"SELECT pg_last_wal_replay_lsn() < '{newest}'::pg_lsn"
        while await self.standby.run(behind) != "False":  # noqa: ASYNC110 — the server is asked
            await asyncio.sleep(0.01)
