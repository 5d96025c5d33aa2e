"""Real services for the tests, by one rule: `GATEWAY_TEST_<NAME>_URL` if set; otherwise a private instance, started
from installed binaries on a free loopback port in a temporary directory and stopped by its process id; otherwise those
tests are skipped with one line naming the package, except when `CI` is set, where that is a failure.
"""

import asyncio
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg
import pytest

from gateway.settings import Settings, parse
from gateway.store import migrate

T = TypeVar("T")

_MEMORY, _ROOM = Path("/dev/shm"), 6 << 30  # noqa: S108 — each makes a directory of its own in it


def files_in_memory() -> None:
    """Let what this process and its children make in passing lie in shared memory, where that has room and nobody
    named another place: some thousand databases are made, and nothing of them need outlive the machine. Everything
    syncs as it does on a disk."""
    if "TMPDIR" in os.environ or "PYTEST_DEBUG_TEMPROOT" in os.environ or not _MEMORY.is_dir():
        return
    if shutil.disk_usage(_MEMORY).free >= _ROOM and os.access(_MEMORY, os.W_OK | os.X_OK):
        os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)


def no_tls_to_our_own() -> None:
    """Let nobody ask the tests' own PostgreSQL, which has no certificate, whether it speaks TLS: to be ready for a yes
    costs each connection as much as all the rest of it."""
    if "GATEWAY_TEST_POSTGRES_URL" not in os.environ:
        os.environ.setdefault("PGSSLMODE", "disable")


def missing(name: str, package: str) -> None:
    """Skip, or fail in CI: this service is neither given nor installed."""
    lacking(f"{name}: set GATEWAY_TEST_{name}_URL or install the package {package}")


def lacking(line: str) -> None:
    """Skip, or fail in CI, for this reason."""
    if os.environ.get("CI"):
        pytest.fail(line, pytrace=False)
    pytest.skip(line)


def pdftotext() -> str:
    """The program that reads PDF in the tests. Where it is not there, its tests are skipped, or fail in CI."""
    return program("pdftotext", "POPPLER", "poppler-utils")


def haproxy() -> str:
    """The proxy that tests put before a gateway. Where it is not there, its tests are skipped, or fail in CI."""
    return program("haproxy", "PROXY", "haproxy")


def program(name: str, service: str, package: str) -> str:
    """A program that the tests hold the house's own to. Where it is not there, its tests are skipped, or fail in CI."""
    found = os.environ.get(f"GATEWAY_TEST_{service}_URL") or shutil.which(name)
    if found is None:
        missing(service, package)
    return str(found)


def run_apart(coroutine: Coroutine[Any, Any, T]) -> T:
    """The coroutine's result, from a thread and loop of its own: whatever loop the test has is left alone."""
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(asyncio.run(coroutine))
        except BaseException as error:  # noqa: BLE001 — raised again by the caller's thread
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


class Postgres:
    """A PostgreSQL server with an owner and an application role of the tests' own, and a migrated template database."""

    def __init__(self, url: str, private: bool) -> None:
        self.url = url
        self.private = private
        """Whether it is the tests' own, so that a test may change its settings."""
        self._mark = secrets.token_hex(4)
        self._password = secrets.token_hex(16)
        self.owner, self.role = f"gw_owner_{self._mark}", f"gw_app_{self._mark}"
        self._template = f"gw_template_{self._mark}"
        self._administrator = _Administrator(url)
        self._made: list[str] = []
        self._numbers = count()

    def start(self) -> None:
        for name in (self.owner, self.role):
            self._admin(f"CREATE ROLE {name} LOGIN PASSWORD '{self._password}'")
        self._admin(f"CREATE DATABASE {self._template} OWNER {self.owner}")
        run_apart(migrate.upgrade(self.settings(*self._urls(self._template))))

    def stop(self) -> None:
        for name in [*self._made, self._template]:
            self._admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        for name in (self.owner, self.role):
            self._admin(f"DROP ROLE IF EXISTS {name}")
        self._administrator.close()

    def database(self, *, migrated: bool = True, of: str | None = None) -> tuple[str, str]:
        """(owner URL, application URL) of a fresh database; `of`: a copy of this one, which nobody is connected to."""
        name = f"gw_{self._mark}_{next(self._numbers)}"
        copied = self._template if of is None else urlsplit(of).path.lstrip("/")
        template = f"TEMPLATE {copied}" if migrated else ""
        template += " STRATEGY FILE_COPY" if self.private else ""  # half the time of a copy block by block, in memory
        self._admin(f"CREATE DATABASE {name} OWNER {self.owner} {template}")
        self._made.append(name)
        return self._urls(name)

    def drop(self, url: str) -> None:
        """Drop a database by one of its URLs, whoever is connected."""
        name = urlsplit(url).path.lstrip("/")
        self._admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        if name in self._made:
            self._made.remove(name)

    def copied(self, url: str) -> str:
        """A copy of a database that nobody is connected to, as a backup of it: its name."""
        name = f"gw_{self._mark}_{next(self._numbers)}"
        self._admin(f"CREATE DATABASE {name} OWNER {self.owner} TEMPLATE {urlsplit(url).path.lstrip('/')}")
        self._made.append(name)
        return name

    def swap(self, url: str, copy: str) -> str:
        """Put a copy in a database's place, whoever is connected: as after a restore, or a failover to a server that
        lacks what was written since. The name of what was there."""
        name, aside = urlsplit(url).path.lstrip("/"), f"gw_{self._mark}_{next(self._numbers)}"
        self._admin(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        self._admin(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'")
        self._admin(f"ALTER DATABASE {name} RENAME TO {aside}")
        self._admin(f"ALTER DATABASE {copy} RENAME TO {name}")
        self._admin(f"ALTER DATABASE {aside} ALLOW_CONNECTIONS true")
        self._made[self._made.index(copy)] = aside
        return aside

    def superuser(self, url: str) -> str:
        """The same database, as the server's superuser."""
        return self._with(urlsplit(url).path.lstrip("/"), None)

    @staticmethod
    def settings(owner_url: str, url: str, base: Path | None = None) -> Settings:
        return parse({"database": {"url": url, "owner_url": owner_url}}, {}, base or Path.cwd())

    def _urls(self, name: str) -> tuple[str, str]:
        return self._with(name, self.owner), self._with(name, self.role)

    def _with(self, database: str, user: str | None) -> str:
        parts = urlsplit(self.url)
        host = parts.netloc.rpartition("@")[2]
        netloc = parts.netloc if user is None else f"{quote(user)}:{self._password}@{host}"
        return urlunsplit(parts._replace(netloc=netloc, path=f"/{database}"))

    def _admin(self, statement: str) -> None:
        self._administrator.run(statement)


class _Administrator:
    """One connection as superuser, in a thread and loop of its own: whatever loop a test has is left alone, and to
    connect costs as much as what is asked."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="postgres-admin")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connection: asyncpg.Connection | None = None

    def run(self, statement: str) -> None:
        self._thread.submit(self._run, statement).result()

    def close(self) -> None:
        self._thread.submit(self._close).result()
        self._thread.shutdown()

    def _run(self, statement: str) -> None:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        self._loop.run_until_complete(self._execute(statement))

    async def _execute(self, statement: str) -> None:
        # A test may have restarted the server, or ended whoever is connected.
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(self._url)
        try:
            await self._connection.execute(statement)
        except (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError):
            self._connection.terminate()
            self._connection = await asyncpg.connect(self._url)
            await self._connection.execute(statement)

    def _close(self) -> None:
        loop, connection, self._loop, self._connection = self._loop, self._connection, None, None
        if loop is not None:
            if connection is not None:
                loop.run_until_complete(connection.close(timeout=5))
            loop.close()


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server for the session."""
    given = os.environ.get("GATEWAY_TEST_POSTGRES_URL")
    if given:
        yield from _served(Postgres(given, private=False))
        return
    with private_postgres(postgres_binaries()) as url:
        yield from _served(Postgres(url, private=True))


def postgres_binaries() -> Path:
    """Where PostgreSQL's programs are. Where they are not, its tests are skipped, or fail in CI."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    on_path = shutil.which("initdb")
    if on_path and not binaries:
        binaries = [Path(on_path).resolve().parent]
    if not binaries:
        missing("POSTGRES", "postgresql")
    return binaries[-1]


def _served(server: Postgres) -> Iterator[Postgres]:
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def private_postgres(binaries: Path) -> Iterator[str]:
    """A server of our own, with fsync and synchronous_commit on, as is its default; yields its superuser's URL.

    It refuses to run as root, so that root starts it as an unprivileged user; it dies with this process."""
    with postgres_directory() as directory:
        as_user, data = as_unprivileged(), directory / "data"
        make = [str(binaries / "initdb"), "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "-D", str(data)]
        subprocess.run([*as_user, *make], check=True, stdout=subprocess.DEVNULL, cwd=directory, env=bare(directory))
        with running_postgres(binaries, directory) as (url, _):
            yield url


@contextmanager
def postgres_directory() -> Iterator[Path]:
    """A directory of the user's that PostgreSQL runs as, and what is in it gone afterwards."""
    directory, user = Path(tempfile.mkdtemp(prefix="gw-pg-")), _unprivileged()
    if user is not None:
        os.chown(directory, user.pw_uid, user.pw_gid)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def bare(directory: Path) -> dict[str, str]:
    """The environment of PostgreSQL's programs: nothing of this process's."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(directory)}


def as_unprivileged() -> list[str]:
    """What a program of PostgreSQL's is started by: as that user, and ended with this process."""
    user = _unprivileged()
    more = [] if user is None else [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    return ["setpriv", "--pdeathsig", "INT", *more]


@contextmanager
def running_postgres(binaries: Path, directory: Path) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """A server on the files in `data` of such a directory; its superuser's URL and its process."""
    log, port = directory / "log", free_port()
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": str(directory),
        "max_connections": "200",
        # Each database that is dropped has all buffers looked through, and none lives long enough to be vacuumed.
        "shared_buffers": "32MB",
        "autovacuum": "off",
    }
    options = [f"--{name}={value}" for name, value in settings.items()]
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*as_unprivileged(), str(binaries / "postgres"), "-D", str(directory / "data"), *options],
            stdout=output,
            stderr=output,
            cwd=directory,
        )
    try:
        url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        if not run_apart(_answering(url, server)):
            raise RuntimeError(f"PostgreSQL did not start: {log.read_text()[-2000:]}")
        yield url, server
    finally:
        server.send_signal(signal.SIGINT)  # fast shutdown
        server.wait(30)


async def _answering(url: str, server: "subprocess.Popen[bytes]") -> bool:
    async with asyncio.timeout(60):
        while server.poll() is None:
            try:
                connection = await asyncpg.connect(url)
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.05)
            else:
                await connection.close()
                return True
    return False


def _unprivileged() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("root needs a user to run PostgreSQL as: postgres or nobody")


class _Server:
    """A server of the tests' own, which a test may stop, kill, start again and let hang."""

    def __init__(self, name: str, command: Sequence[str], directory: Path, port: int) -> None:
        self._name, self._command, self._directory, self.port = name, command, directory, port
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self._directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *self._command], stdout=log, stderr=log, cwd=self._directory
            )
        for _ in range(600):
            if self._process.poll() is not None:
                break
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1) as asked:
                    if self._answers(asked):
                        return
            except OSError:
                pass
            time.sleep(0.05)
        raise RuntimeError(f"{self._name} did not start: {(self._directory / 'log').read_text()[-2000:]}")

    def _answers(self, asked: socket.socket) -> bool:
        """Whether it serves who has just connected."""
        raise NotImplementedError

    def hang(self, hangs: bool = True) -> None:
        """Let it take connections and answer nothing; or go on."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP if hangs else signal.SIGCONT)
            if hangs:  # a thread of its own may go on for a moment: until all have stopped it still answers
                os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def stop(self) -> None:
        """Kill it, whatever it is doing."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(30)


class RedisServer(_Server):
    """A Redis, which keeps nothing over a stop. `tls`: files of the authority that vouches for its callers, of its
    certificate and of its key; then it takes TLS alone."""

    def __init__(self, directory: Path, port: int, tls: tuple[str, str, str] | None = None) -> None:
        self._tls = tls
        self.url = f"redis://127.0.0.1:{port}/0" if tls is None else f"rediss://localhost:{port}/0"
        command = ["redis-server", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(directory)]
        if tls is None:
            command += ["--port", str(port)]
        else:
            names = ("--tls-ca-cert-file", "--tls-cert-file", "--tls-key-file")
            command += ["--port", "0", "--tls-port", str(port), "--tls-auth-clients", "yes"]
            command += [given for pair in zip(names, tls, strict=True) for given in pair]
        super().__init__("Redis", command, directory, port)

    def _answers(self, asked: socket.socket) -> bool:
        if self._tls is not None:  # it listens; who may ask is what its tests are about
            return True
        asked.sendall(b"PING\r\n")
        return asked.recv(16) == b"+PONG\r\n"


@contextmanager
def private_redis(tls: tuple[str, str, str] | None = None) -> Iterator[RedisServer]:
    """A Redis that a test may stop; `tls` as there. Where the binary is not installed, its tests are skipped, or fail
    in CI."""
    if shutil.which("redis-server") is None:
        missing("REDIS", "redis-server")
    directory = Path(tempfile.mkdtemp(prefix="gw-redis-"))
    server = RedisServer(directory, free_port(), tls)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


class SoftHsm(NamedTuple):
    """A PKCS#11 token in software: its library, its label and its user PIN."""

    module: str
    label: str
    pin: str


@contextmanager
def softhsm() -> Iterator[SoftHsm]:
    """A token of the tests' own for the session, in a directory of its own; `GATEWAY_TEST_SOFTHSM_URL` names another
    library of SoftHSM's kind. Its library is read in once by a process, and its configuration with it."""
    found = os.environ.get("GATEWAY_TEST_SOFTHSM_URL")
    places = sorted(str(path) for path in Path("/usr/lib").glob("**/softhsm/libsofthsm2.so"))
    module = found or next(iter(places), None)
    if module is None or shutil.which("softhsm2-util") is None:
        missing("SOFTHSM", "softhsm2")
    token = SoftHsm(str(module), "gateway", secrets.token_hex(8))
    directory = Path(tempfile.mkdtemp(prefix="gw-softhsm-"))
    (directory / "tokens").mkdir()
    configuration = directory / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {directory / 'tokens'}\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    try:
        make = ("softhsm2-util", "--init-token", "--free", "--label", token.label)
        pins = ("--pin", token.pin, "--so-pin", secrets.token_hex(8))
        subprocess.run([*make, *pins, "--module", token.module], check=True, capture_output=True, timeout=60)
        yield token
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def redis() -> Iterator[str]:
    """The address of a Redis for the session."""
    given = os.environ.get("GATEWAY_TEST_REDIS_URL")
    if given:
        yield given
        return
    with private_redis() as server:
        yield server.url


class NatsServer(_Server):
    """A NATS with JetStream, whose streams outlive a stop. `lines` are further ones of its configuration; `scheme` is
    that of its URL."""

    def __init__(
        self, binary: str, directory: Path, port: int, lines: Sequence[str] = (), scheme: str = "nats"
    ) -> None:
        self.url = f"{scheme}://127.0.0.1:{port}"
        store = f'jetstream {{ store_dir: "{directory}/js" }}'
        (directory / "nats.conf").write_text("\n".join([f"listen: 127.0.0.1:{port}", store, *lines, ""]))
        super().__init__("NATS", [binary, "-c", str(directory / "nats.conf")], directory, port)

    def _answers(self, asked: socket.socket) -> bool:
        return asked.recv(4) == b"INFO"


@contextmanager
def private_nats(*lines: str, scheme: str = "nats") -> Iterator[NatsServer]:
    """A NATS that a test may stop. Where the binary is not installed, its tests are skipped, or fail in CI."""
    binary = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin:/usr/local/sbin")
    if binary is None:
        missing("NATS", "nats-server")
    directory = Path(tempfile.mkdtemp(prefix="gw-nats-"))
    server = NatsServer(str(binary), directory, free_port(), lines, scheme)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def nats() -> Iterator[str]:
    """The address of a NATS with JetStream for the session."""
    given = os.environ.get("GATEWAY_TEST_NATS_URL")
    if given:
        yield given
        return
    with private_nats() as server:
        yield server.url


def free_port() -> int:
    """A loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
