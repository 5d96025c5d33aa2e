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

from gateway.cli.common import WRONG_USE
from gateway.cli.main import main
from tests.cli.kit import tree
from tests.forked import forked
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
    """The second start finds everything and changes none of it."""
    volume, beside = tmp_path / "volume", tmp_path / "beside"
    volume.mkdir()
    environment = _environment(volume, GATEWAY_SERVER_PORT="0")
    with _served(environment) as (process, url):
        assert _health_check(url) == 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    first = tree(volume)
    assert {"gateway.toml", "gateway.db", "keys/kek", "policies/policy.csv"} <= set(first)
    assert (volume / "keys").stat().st_mode & 0o077 == 0
    again = _told(beside, environment, 'case $1 in init) exec "$GATEWAY" "$@" ;; esac')
    assert _run(again, "serve").returncode == 0
    assert _calls(beside) == [f"init {volume}", "serve"]
    assert tree(volume) == first


def _told(beside: Path, environment: dict[str, str], does: str = "") -> dict[str, str]:
    """The same, with a `gateway` that tells what it is called with, and the owner's URL where it has it, and then does
    that."""
    beside.mkdir()
    (beside / "gateway").write_text(
        f'#!/bin/sh\necho "$*${{GATEWAY_DATABASE_OWNER_URL:+ with $GATEWAY_DATABASE_OWNER_URL}}" >>"$CALLS"\n{does}\n'
    )
    (beside / "gateway").chmod(0o755)
    path = f"{beside}:{environment['PATH']}"
    return {**environment, "PATH": path, "CALLS": str(beside / "calls"), "GATEWAY": f"{_BINARIES}/gateway"}


def _calls(beside: Path) -> list[str]:
    return (beside / "calls").read_text().splitlines()


def test_what_it_runs_and_who_has_the_owners_url(tmp_path: Path) -> None:
    """As compose.yaml does it, in two containers, or in one; what serves never has it, and another command makes
    nothing."""
    made = f"init {tmp_path}"
    cases: list[tuple[tuple[str, ...], bool, list[str]]] = [
        ((), False, [made, "serve"]),
        (("serve",), False, [made, "serve"]),
        (("serve", "--json"), True, [f"{made} with o", "migrate with o", "serve --json"]),
        (("migrate",), True, [f"{made} with o", "migrate with o"]),
        (("keys", "list"), True, ["keys list with o"]),
    ]
    for number, (arguments, owner, calls) in enumerate(cases):
        beside = tmp_path / str(number)
        more = {"GATEWAY_DATABASE_OWNER_URL": "o"} if owner else {}
        assert _run(_told(beside, _environment(tmp_path, **more)), *arguments).returncode == 0
        assert _calls(beside) == calls


def test_what_fails_before_it_serves_ends_it(tmp_path: Path) -> None:
    for failing, calls in (
        ("init", [f"init {tmp_path} with o"]),
        ("migrate", [f"init {tmp_path} with o", "migrate with o"]),
    ):
        beside = tmp_path / failing
        environment = _environment(tmp_path, GATEWAY_DATABASE_OWNER_URL="o")
        assert _run(_told(beside, environment, f"test $1 != {failing} || exit 3"), "serve").returncode == 3
        assert _calls(beside) == calls


def test_the_health_check_fails_where_nothing_serves() -> None:
    assert _health_check(f"http://127.0.0.1:{free_port()}") != 0


def test_other_commands_are_passed_on_and_make_nothing(tmp_path: Path) -> None:
    done = _run(_environment(tmp_path), "--version")
    assert (done.returncode, done.stdout.startswith("gateway ")) == (0, True)
    assert list(tmp_path.iterdir()) == []


def test_a_command_that_fails_makes_the_container_fail(tmp_path: Path) -> None:
    assert _run(_environment(tmp_path), "evidence", "verify").returncode == 2


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
        with forked(_made_and_served, [str(tmp_path), url], tmp_path) as refused:
            assert "gateway migrate" in refused.communicate(60)[1]  # no tables yet, and no owner at hand
            assert refused.wait(60) == WRONG_USE
        with_owner = {**environment, "GATEWAY_DATABASE_OWNER_URL": owner}
        with _served(with_owner) as (process, address):  # migrates first, and serves without it
            assert _health_check(address) == 0
            serving = Path(f"/proc/{process.pid}/environ").read_bytes()
            assert b"gateway_app@" in serving
            assert b"gateway_owner" not in serving
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0


def _made_and_served(arguments: list[str]) -> int:
    """What the script runs where no owner is given."""
    directory, os.environ["GATEWAY_DATABASE_URL"] = arguments
    return main(["init", directory]) or main(["serve", "--port", "0"])


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
