"""The container's entry point, outside a container: a new volume becomes a gateway that serves, and stops when told."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from tests.house.tree import ROOT
from tests.services import Postgres, free_port, run_apart

pytestmark = pytest.mark.slow

_ENTRY = ROOT / "docker" / "entrypoint.sh"
_BINARIES = str(Path(sys.executable).parent)


def _environment(directory: Path, **more: str) -> dict[str, str]:
    return {
        "PATH": f"{_BINARIES}:/usr/bin:/bin",
        "HOME": str(directory),
        "GATEWAY_CONFIG": str(directory / "gateway.toml"),
        "GATEWAY_SERVER_HOST": "127.0.0.1",
        **more,
    }


def _run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [_ENTRY, *arguments], env=environment, cwd="/", capture_output=True, text=True, timeout=60, check=False
    )


@contextmanager
def _served(environment: dict[str, str], *arguments: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """The process and its address, once it says that it is ready."""
    process = subprocess.Popen(
        [_ENTRY, *arguments], env=environment, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        line = process.stdout.readline()
        assert line, process.stderr.read()
        yield process, line.rpartition(" ")[2].strip()
    finally:
        process.kill()
        process.communicate(timeout=30)


def _health_check(url: str) -> int:
    """The exit code of the very program that the Dockerfile gives."""
    text = (ROOT / "docker" / "Dockerfile").read_text("utf-8")
    found = re.search(r'CMD (\["python", "-c", .*\])', text)
    assert found is not None
    _, option, program = json.loads(found[1])
    environment = {"GATEWAY_SERVER_PORT": str(urlsplit(url).port)}
    done = subprocess.run([sys.executable, option, program], env=environment, capture_output=True, check=False)
    return done.returncode


def test_an_empty_volume_becomes_a_gateway_that_is_healthy_and_stops_when_told(tmp_path: Path) -> None:
    """With `serve`, and with no argument; the second start finds everything and changes none of it."""
    environment = _environment(tmp_path, GATEWAY_SERVER_PORT="0")
    kept: dict[str, bytes] = {}
    for arguments in ((), ("serve",)):
        with _served(environment, *arguments) as (process, url):
            assert _health_check(url) == 0
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        stable = {"gateway.toml": b"", "keys/kek": b"", "policies/policy.csv": b""}
        now = {name: (tmp_path / name).read_bytes() for name in stable}
        assert kept in ({}, now)
        kept = now
    assert (tmp_path / "keys").stat().st_mode & 0o077 == 0


def test_the_health_check_fails_where_nothing_serves() -> None:
    assert _health_check(f"http://127.0.0.1:{free_port()}") != 0


def test_other_commands_are_passed_on_and_make_nothing(tmp_path: Path) -> None:
    done = _run(_environment(tmp_path), "--version")
    assert (done.returncode, done.stdout.startswith("gateway ")) == (0, True)
    assert list(tmp_path.iterdir()) == []


def test_a_command_that_fails_makes_the_container_fail(tmp_path: Path) -> None:
    assert _run(_environment(tmp_path), "no-such-command").returncode == 2


def test_a_configuration_that_is_wrong_stops_the_start_and_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text("[server]\nprot = 1\n")
    done = _run(_environment(tmp_path), "serve")
    assert done.returncode != 0
    assert "server.port" in done.stderr
    assert (tmp_path / "gateway.toml").read_text() == "[server]\nprot = 1\n"


@pytest.mark.postgres
def test_on_postgresql_the_owner_migrates_and_what_serves_never_has_its_url(
    postgres_server: Postgres, tmp_path: Path
) -> None:
    """The roles and the database are those that docker/postgres-init.sql makes."""
    if not postgres_server.private:
        pytest.skip("POSTGRES: makes roles of fixed names, so only on a private instance")
    with _roles(postgres_server) as place:
        url, owner = f"postgresql://gateway_app@{place}/gateway", f"postgresql://gateway_owner@{place}/gateway"
        environment = _environment(tmp_path, GATEWAY_DATABASE_URL=url, GATEWAY_SERVER_PORT="0")
        assert "gateway migrate" in _run(environment, "serve").stderr  # no tables yet, and no owner at hand
        with_owner = {**environment, "GATEWAY_DATABASE_OWNER_URL": owner}
        done = _run(with_owner, "migrate")  # as compose.yaml does
        assert done.returncode == 0, done.stderr
        with _served(with_owner) as (process, address):  # migrates first, which changes nothing, and serves without it
            assert _health_check(address) == 0
            serving = Path(f"/proc/{process.pid}/environ").read_bytes()
            assert b"gateway_app@" in serving
            assert b"gateway_owner" not in serving
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0


@contextmanager
def _roles(server: Postgres) -> Iterator[str]:
    """Runs the script as the container does; yields host and port. Roles and database are dropped afterwards."""
    psql = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/psql"), reverse=True)), Path("psql"))
    secrets = {"OWNER_PASSWORD": "o'wner \"1", "APP_PASSWORD": "app\\2"}
    script = str(ROOT / "docker" / "postgres-init.sql")
    command = [str(psql), "--no-psqlrc", "--quiet", "--dbname", server.url, "--file", script]
    try:
        done = subprocess.run(
            command, env={**os.environ, **secrets}, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        yield urlsplit(server.url).netloc.rpartition("@")[2]
    finally:
        run_apart(_dropped(server.url))


async def _dropped(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("DROP DATABASE IF EXISTS gateway WITH (FORCE)")
        for role in ("gateway_owner", "gateway_app"):
            await connection.execute(f"DROP ROLE IF EXISTS {role}")
    finally:
        await connection.close()
