"""Fixtures for everybody: a clock of the test's own, and fresh databases of both kinds."""

import gc
import shutil
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from gateway.settings import Settings, parse
from gateway.store import migrate
from tests import services
from tests.authorities import share_authorities
from tests.fuzz import function, shorten
from tests.prepared import Prepared
from tests.services import Postgres, SoftHsm, nats, postgres, redis, run_apart
from tests.statements import share_statements

# Until all is collected: what that makes stays (`pytest_collection_finish`), and to look through it again and again in
# search of garbage was a quarter of the time.
gc.disable()
services.files_in_memory()
services.no_tls_to_our_own()
share_statements()
share_authorities()
# How long examples take says how busy the machine is.
hypothesis.settings.register_profile("house", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("house")

_LONG = ("system", "cli", "demo", "conformance", "known_failures", "web", "bootstrap", "store", "exchange")
"""Directories whose tests start servers and processes. What takes long comes first, so that at the end of a run nobody
waits for one file."""


_SLICED = ("agents", "checks/classification", "core", "evidence", "ledger")
"""Directories of parsers, encoders and the engine, whose property tests want many examples: the suite tries some, other
ones each time, and `make fuzz` as many as they ask for and more."""
_SLICE = 50


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long files first; the order within a file, and among others, is as it was."""
    items.sort(key=_rank)
    if not config.pluginmanager.has_plugin("tests.fuzz"):
        for test in {function(item) for item in items if _place(item).startswith(_SLICED)}:
            if hypothesis.is_hypothesis_test(test):
                shorten(test, _SLICE)


_MANY = 2_000
"""Tests for which some seconds are nothing."""


def pytest_collection_finish(session: pytest.Session) -> None:
    """What each of several processes would find out is found out before they are forked. What collecting has made stays
    to the end: it is not gone through again at each collection of garbage, which were a tenth of a run."""
    if session.config.getoption("forks", 1) > 1 and len(session.items) > _MANY:
        from tests.examples import share_examples  # noqa: PLC0415 — few tests draw examples, and their part of hypothesis takes a second

        share_examples()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


def _rank(item: pytest.Item) -> int:
    place = _place(item).split("/")
    return -1 if len(place) == 1 else _LONG.index(place[0]) if place[0] in _LONG else len(_LONG)


def _place(item: pytest.Item) -> str:
    """Its file, as it lies below `tests`: of its id, since paths are taken apart anew for each of twenty thousand."""
    return item.nodeid.partition("::")[0].removeprefix("tests/")


class ManualClock:
    """A clock that moves only when the test says so."""

    def __init__(self, us: int = 1_795_482_123_000_004) -> None:
        self.us = us
        self.ns = 0

    def now_us(self) -> int:
        return self.us

    def monotonic_ns(self) -> int:
        return self.ns

    def thread_ns(self) -> int:
        return self.ns

    def advance(self, seconds: float) -> None:
        self.us += int(seconds * 1_000_000)
        self.ns += int(seconds * 1_000_000_000)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A real PostgreSQL for the session: see `tests/services.py` for where it comes from."""
    with postgres() as server:
        yield server


@pytest.fixture
def postgres_database(postgres_server: Postgres) -> Iterator[tuple[str, str]]:
    """(owner URL, application URL) of a fresh, migrated database, dropped afterwards."""
    urls = postgres_server.database()
    yield urls
    postgres_server.drop(urls[0])


@pytest.fixture
def postgres_settings(postgres_database: tuple[str, str], tmp_path: Path) -> Settings:
    return Postgres.settings(*postgres_database, base=tmp_path)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """The address of a real Redis for the session: see `tests/services.py` for where it comes from."""
    with redis() as url:
        yield url


@pytest.fixture(scope="session")
def softhsm() -> Iterator[SoftHsm]:
    """A PKCS#11 token in software for the session: see `tests/services.py` for where it comes from."""
    with services.softhsm() as token:
        yield token


@pytest.fixture(scope="session")
def nats_server() -> Iterator[str]:
    """The address of a real NATS for the session: see `tests/services.py` for where it comes from."""
    with nats() as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database, closed: to be copied."""
    directory = tmp_path_factory.mktemp("template")
    run_apart(migrate.upgrade(parse({"database": {"url": "sqlite:///gateway.db"}}, {}, directory)))
    return directory / "gateway.db"


@pytest.fixture(scope="module")
def prepared(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Prepared]:
    """Databases that a file's tests have filled once, and copies of these."""
    made = Prepared(
        sqlite_template, tmp_path_factory.mktemp("prepared"), lambda: request.getfixturevalue("postgres_server")
    )
    yield made
    made.close()


@pytest.fixture
def sqlite_settings(sqlite_template: Path, tmp_path: Path) -> Settings:
    """Settings of a fresh, migrated SQLite database in the test's own directory."""
    shutil.copy(sqlite_template, tmp_path / "gateway.db")
    return parse({"database": {"url": "sqlite:///gateway.db"}}, {}, tmp_path)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> Settings:
    """Settings of a fresh, migrated database: each test that asks for it runs on both kinds."""
    name = "sqlite_settings" if request.param == "sqlite" else "postgres_settings"
    settings: Settings = request.getfixturevalue(name)
    return settings


@pytest.fixture
def database_server(database: Settings, request: pytest.FixtureRequest) -> Postgres | None:
    """The server that `database` is on; None where it is a file."""
    if database.database.url.startswith("sqlite"):
        return None
    server: Postgres = request.getfixturevalue("postgres_server")
    return server
