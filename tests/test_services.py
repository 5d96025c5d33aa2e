"""Where the tests' real services come from: what is given is used, what is missing is said by its name."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests import services
from tests.services import Postgres

SCRIPT = Path(__file__).parent / "install_services.sh"
KINDS: dict[str, tuple[Callable[[], AbstractContextManager[Any]], str]] = {
    "POSTGRES": (services.postgres, "postgresql"),
    "REDIS": (services.redis, "redis-server"),
    "NATS": (services.nats, "nats-server"),
    "SOFTHSM": (services.softhsm, "softhsm2"),
    "AGE": (lambda: nullcontext(services.program("age", "AGE", "age")), "age"),
}


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A machine on which nothing is installed and nothing was given."""
    for name in KINDS:
        monkeypatch.delenv(f"GATEWAY_TEST_{name}_URL", raising=False)
    monkeypatch.delenv("CI", raising=False)
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "which", lambda *_, **__: None)
        patched.setattr(Path, "glob", lambda *_: iter(()))
        yield patched


def _come_to(kind: str) -> str:
    """How it ends where the service is not there."""
    given = KINDS[kind][0]
    with pytest.raises((pytest.skip.Exception, pytest.fail.Exception)) as ended, given():
        raise AssertionError("it runs")
    assert KINDS[kind][1] in str(ended.value)
    assert f"GATEWAY_TEST_{kind}_URL" in str(ended.value)
    assert "\n" not in str(ended.value)
    return "skipped" if isinstance(ended.value, pytest.skip.Exception) else "failed"


@pytest.mark.parametrize("kind", KINDS)
def test_a_service_that_is_missing_skips_its_tests_with_one_line_and_fails_them_in_ci(
    bare: pytest.MonkeyPatch, kind: str
) -> None:
    assert _come_to(kind) == "skipped"
    bare.setenv("CI", "true")
    assert _come_to(kind) == "failed"


def test_a_reader_of_pdf_that_is_missing_skips_its_tests_too(bare: pytest.MonkeyPatch) -> None:
    bare.delenv("GATEWAY_TEST_POPPLER_URL", raising=False)
    with pytest.raises(pytest.skip.Exception, match="poppler-utils"):
        services.pdftotext()
    bare.setenv("GATEWAY_TEST_POPPLER_URL", "/opt/pdftotext")
    assert services.pdftotext() == "/opt/pdftotext"


@pytest.mark.parametrize("kind", ["REDIS", "NATS"])
def test_what_was_given_is_used_as_it_is_and_left_running(bare: pytest.MonkeyPatch, kind: str) -> None:
    url = f"{kind.lower()}://127.0.0.1:1"
    bare.setenv(f"GATEWAY_TEST_{kind}_URL", url)
    with KINDS[kind][0]() as given:
        assert given == url


@pytest.mark.postgres
def test_a_postgresql_that_was_given_is_used_and_nothing_of_the_tests_stays_in_it(
    postgres_server: services.Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_TEST_POSTGRES_URL", postgres_server.url)
    with services.postgres() as given:
        assert (given.url, given.private) == (postgres_server.url, False)
        url, _ = given.database()
        assert given.owner in url
    left = services.run_apart(_roles(postgres_server.url))
    assert given.owner not in left
    assert postgres_server.owner in left


async def _roles(url: str) -> set[str]:
    connection = await asyncpg.connect(url)
    try:
        return {row[0] for row in await connection.fetch("SELECT rolname FROM pg_roles")}
    finally:
        await connection.close()


@pytest.mark.postgres
def test_a_database_is_made_also_after_the_connection_that_makes_them_was_ended(postgres_server: Postgres) -> None:
    others = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = current_user"

    async def ended() -> int:
        other = await asyncpg.connect(postgres_server.url)
        try:
            return int(await other.fetchval(f"SELECT count(pg_terminate_backend(pid, 5000)) {others}"))
        finally:
            await other.close()

    postgres_server.drop(postgres_server.database()[0])
    assert services.run_apart(ended()) > 0
    url = postgres_server.database()[0]
    assert services.run_apart(_roles(url))
    postgres_server.drop(url)


def test_nothing_is_installed_where_everything_was_given() -> None:
    given = {f"GATEWAY_TEST_{name}_URL": "given" for name in (*KINDS, "POPPLER", "PROXY")}
    done = subprocess.run(
        ["sh", str(SCRIPT)], env={"PATH": "/usr/bin:/bin", **given}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
