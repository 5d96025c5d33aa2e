"""`gateway serve`, for real: it is ready when it says so, and everything is on record when it has ended."""

import asyncio
import concurrent.futures
import contextlib
import io
import json
import os
import signal
import socket
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from gateway.cli.main import main
from gateway.cli.serve import GatewayServer
from gateway.core.errors import ConfigurationError
from tests.checks.identity.certifying import SPIFFE, Authority
from tests.cli.kit import Result, Run, change, copied, here, process
from tests.cli.serving import Server, SlowAgent, forked, serving
from tests.forked import forked as forked_process


def key(gateway: Run, *options: str) -> dict[str, str]:
    made = gateway("keys", "create", "--owner", "alice", "--zone", "in-house", "--role", "clerk", *options, "--json")
    return {"authorization": f"Bearer {made.data['key']}"}


def events(gateway: Run) -> list[str]:
    found = gateway("audit", "query", "--order", "asc", "--json").data["records"]
    return [record["record"]["event"] for record in found]


@pytest.fixture(scope="module")
def life(made: Path, tmp_path_factory: pytest.TempPathFactory) -> "Life":
    """A gateway's life, once for all who look at what it said, did and left behind."""
    site = copied(made, tmp_path_factory.mktemp("life"))
    wanted = ("--owner", "alice", "--zone", "in-house", "--role", "clerk", "--json")
    headers = {"authorization": f"Bearer {here(site, 'keys', 'create', *wanted).data['key']}"}
    with serving(site) as server:
        alive, ready = httpx.get(f"{server.url}/healthz"), httpx.get(f"{server.url}/readyz")
        second = process(site, "serve", "--port", "0")
        body = {"model": "nobody", "messages": [{"role": "user", "content": SECRET}]}
        pretended = {**headers, "x-forwarded-for": "203.0.113.9"}
        denied = httpx.post(f"{server.url}/v1/chat/completions", json=body, headers=pretended)
        httpx.get(f"{server.url}/audit/records?actor={SECRET}", headers={"authorization": f"Bearer {SECRET}"})
        still = httpx.get(f"{server.url}/readyz")
        server.signal()
        ended = server.ended()
    key = headers["authorization"].removeprefix("Bearer ")
    return Life(site, server, (alive, ready, still), second, denied, ended, key)


class Life(NamedTuple):
    """What a gateway answered, how a second one beside it ended, and how it ended itself."""

    site: Path
    server: Server
    health: tuple[httpx.Response, ...]
    second: Result
    denied: httpx.Response
    ended: Result
    key: str

    @property
    def records(self) -> list[dict[str, Any]]:
        """All that it has on record, the oldest first."""
        found: list[dict[str, Any]] = here(self.site, "audit", "query", "--order", "asc", "--json").data["records"]
        return found


SECRET = "jane.roe@example.com"


def test_it_serves_once_it_says_so_and_ends_cleanly_on_sigterm(life: Life) -> None:
    assert life.server.printed == f"gateway serves on {life.server.url}\n"
    assert [answer.status_code for answer in life.health] == [200, 200, 200]
    assert "server" not in life.health[0].headers
    assert (life.ended.code, life.ended.out) == (0, "")
    said = [record["record"]["event"] for record in life.records]
    assert said[:3] == ["key.created", "ledger.started", "policy.activated"]
    assert (said[3], said.count("ledger.stopped")) == ("exchange.denied", 1)
    (point,) = [one["record"]["checkpoint"] for one in life.records if one["record"]["event"] == "checkpoint.published"]
    assert point[0] == said.index("checkpoint.published") == said.index("ledger.stopped") - 1, "all traffic is covered"
    assert list((life.site / "keys").glob("signed-*.note")), "and what is done to it meanwhile is found"


def test_its_log_is_json_and_holds_nothing_of_the_request(life: Life) -> None:
    lines = [json.loads(line) for line in life.ended.err.splitlines()]
    refused = [line for line in lines if line.get("exchange") == life.denied.headers["x-exchange-id"]]
    assert refused[0]["code"] == "unknown_target"
    assert all({"time", "level", "logger", "message"} <= set(line) for line in lines)
    assert SECRET not in life.ended.err
    assert life.key not in life.ended.err


def test_a_second_server_on_the_same_file_is_refused(life: Life) -> None:
    assert life.second.code == 2
    assert "SQLite has room for one" in life.second.err
    assert life.health[-1].status_code == 200


def test_where_no_proxy_is_trusted_none_says_where_a_request_came_from(life: Life) -> None:
    (denied,) = [one for one in life.records if one["record"].get("exchange") == life.denied.headers["x-exchange-id"]]
    assert (denied["record"]["event"], denied["detail"]["source"]) == ("exchange.denied", "127.0.0.1")


def test_a_trusted_proxy_says_where_a_request_came_from_and_what_is_under_way_ends(gateway: Run, site: Path) -> None:
    """A request that has reached its agent when SIGTERM comes is answered, and its outcome is on record."""
    headers = {**key(gateway), "x-forwarded-for": "203.0.113.9"}
    change(site / "gateway.toml", '# trusted_proxies = ["10.0.0.5"]', 'trusted_proxies = ["127.0.0.1"]')
    with SlowAgent() as agent, concurrent.futures.ThreadPoolExecutor() as pool:
        with (site / "gateway.toml").open("a") as file:
            file.write(agent.configured())
        with forked(site) as server:
            body = {"model": "slow", "messages": [{"role": "user", "content": "What are the opening hours?"}]}
            url = f"{server.url}/v1/chat/completions"
            answer = pool.submit(httpx.post, url, json=body, headers=headers, timeout=60)
            assert agent.asked.wait(60)
            server.signal()
            agent.may_answer.set()
            assert answer.result(60).status_code == 200
            ended = server.ended()
        assert ended.code == 0
    last = ["exchange.requested", "exchange.completed", "checkpoint.published", "ledger.stopped"]
    assert events(gateway)[-4:] == last
    (requested,) = gateway("audit", "query", "--event", "exchange.requested", "--json").data["records"]
    assert requested["detail"]["source"] == "203.0.113.9"


def test_its_tables_are_made_where_it_may_and_a_kill_at_any_time_leaves_a_ledger_that_goes_on(
    gateway: Run, site: Path
) -> None:
    """Killed when it has just begun; the second one tells its address as data, and ends on an interrupt."""
    (site / "gateway.db").unlink()
    with forked(site, "--migrate") as server:
        assert httpx.get(f"{server.url}/readyz").status_code == 200
        server.signal(signal.SIGKILL)
        assert server.ended().code == -signal.SIGKILL
    with forked(site, "--json") as server:
        told = json.loads(server.printed)
        assert told["ready"] is True
        assert httpx.get(f"{told['url']}/healthz").status_code == 200
        server.signal(signal.SIGINT)
        assert server.ended().code == 0
    assert events(gateway).count("ledger.started") == 2
    assert gateway("audit", "verify").code == 0


def each(cases: list[str]) -> None:
    told = []
    for arguments in map(json.loads, cases):
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
            code = main(["serve", *arguments])
        told.append((code, out.getvalue(), err.getvalue()))
    print(json.dumps(told))


def refused(directory: Path, *cases: Sequence[str]) -> list[Result]:
    """How each of these ends that must not serve: one process, in which none may stay."""
    with forked_process(each, [json.dumps(one) for one in cases], directory) as running:
        out, err = running.communicate(60)
        assert running.wait(60) == 0, err
    return [Result(*told) for told in json.loads(out)]


def test_what_it_cannot_do_is_refused_at_once_and_in_one_line(site: Path, made: Path, tmp_path: Path) -> None:
    """Nor does it ask anybody for the password of a key."""
    others = {name: copied(made, tmp_path / name) for name in ("untabled", "unruled", "locked")}
    (others["untabled"] / "gateway.db").unlink()
    (others["unruled"] / "policies" / "policy.csv").write_text("# nothing\n")
    certificate(others["locked"], b"a password")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        cases: list[tuple[str, tuple[str, ...]]] = [
            ("one process serves", ("--workers", "2")),
            ("one process serves", ("--workers", "0")),
            ("--port must lie between", ("--port", "70000")),
            ("cannot be listened on", ("--host", "no.such.host.invalid", "--port", "0")),
            ("server.host and server.port cannot be listened on: Address already in use\n", ("--port", port)),
            ("gateway migrate", ("--port", "0", "--config", str(others["untabled"] / "gateway.toml"))),
            ("policy.csv", ("--port", "0", "--config", str(others["unruled"] / "gateway.toml"))),
            ("the key without password", ("--port", "0", "--config", str(others["locked"] / "gateway.toml"))),
        ]
        ended = refused(site, *(arguments for _, arguments in cases))
    for (told, arguments), result in zip(cases, ended, strict=True):
        assert (result.code, result.out) == (2, ""), arguments
        assert told in result.err, arguments
        assert (result.err.startswith("gateway: "), result.err.count("\n")) == (True, 1), arguments


def certificate(directory: Path, password: bytes | None = None) -> None:
    """A self-signed certificate for 127.0.0.1 and its key, as the template names them."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(private, SHA256())
    )
    encryption = NoEncryption() if password is None else BestAvailableEncryption(password)
    (directory / "tls").mkdir()
    (directory / "tls" / "gateway.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (directory / "tls" / "gateway.key").write_bytes(
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    )
    for setting in ('tls_certificate = "tls/gateway.pem"', 'tls_key = "tls/gateway.key"'):
        change(directory / "gateway.toml", f"# {setting}", setting)


def test_with_a_certificate_it_speaks_tls_alone_and_the_record_says_how(gateway: Run, site: Path) -> None:
    certificate(site)
    headers, versions = key(gateway), (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
    with forked(site) as server:
        assert server.url.startswith("https://127.0.0.1:")
        url = server.url.replace("127.0.0.1", "localhost")
        for version in versions:
            trusted = ssl.create_default_context(cafile=str(site / "tls" / "gateway.pem"))
            trusted.minimum_version = trusted.maximum_version = version
            assert httpx.get(f"{url}/healthz", verify=trusted).status_code == 200
            body = {"model": "nobody", "messages": []}
            httpx.post(f"{url}/v1/chat/completions", json=body, headers=headers, verify=trusted)
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"{url.replace('https', 'http')}/healthz")
        server.signal()
        assert server.ended().code == 0
    denied = gateway("audit", "query", "--order", "asc", "--event", "exchange.denied", "--json").data["records"]
    for version, one in zip(versions, denied, strict=True):
        assert one["detail"]["tls"].startswith(f"{version.name.replace('_', '.')} ")
        assert len(one["detail"]["tls"].split()) == 2


def test_with_authorities_a_client_is_known_by_its_certificate(gateway: Run, site: Path) -> None:
    certificate(site)
    authority = Authority()
    (site / "tls" / "clients.pem").write_bytes(authority.pem)
    setting = 'client_ca = "tls/clients.pem"'
    change(site / "gateway.toml", f"# {setting}", setting)
    with (site / "gateway.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[[certificate]]\nmatch = "uri:{SPIFFE}"\nroles = ["clinician"]\n')
    trusted = ssl.create_default_context(cafile=str(site / "tls" / "gateway.pem"))
    trusted.load_cert_chain(*authority.issue(uris=[SPIFFE]).write(site / "shown", "client"))
    with forked(site) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        body = {"model": "nobody", "messages": []}
        answer = httpx.post(f"{url}/v1/chat/completions", json=body, verify=trusted)
        server.signal()
        assert server.ended().code == 0
    assert answer.status_code == 404, answer.text
    (denied,) = gateway("audit", "query", "--event", "exchange.denied", "--json").data["records"]
    assert (denied["detail"]["subject"], denied["detail"]["method"]) == (SPIFFE, "mtls")


def test_the_first_signal_is_told_of_at_once_and_the_second_ends_it() -> None:
    told: list[str] = []
    server = GatewayServer(uvicorn.Config("none"), lambda: told.append("ready"), lambda: told.append("stopping"))
    server._stop()
    assert (told, server.should_exit, server.force_exit) == (["stopping"], True, False)
    server._stop()
    assert (told, server.force_exit) == (["stopping"], True)


async def test_a_second_signal_is_heard_while_the_last_is_done_and_ends_that_alone() -> None:
    """By its default action it ended the process there: nothing was closed, and no stop came on record."""
    told, begun, cut = asyncio.Event(), asyncio.Event(), asyncio.Event()
    server = GatewayServer(uvicorn.Config("none"), lambda: None, told.set)

    async def last() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cut.set()
            raise

    before = signal.getsignal(signal.SIGTERM)
    with server.capture_signals():
        with server.capture_signals():  # as uvicorn does while it serves
            os.kill(os.getpid(), signal.SIGTERM)
            await told.wait()
        ending = asyncio.create_task(server.unhurried(last))
        await begun.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        await ending
        assert signal.getsignal(signal.SIGTERM) == before, "a third one is not heard"
    assert cut.is_set()
    assert signal.getsignal(signal.SIGTERM) == before
    begun.clear()
    await server.unhurried(last)
    assert not begun.is_set(), "who is in a hurry waits for nothing"


async def test_what_fails_while_the_last_is_done_is_told() -> None:
    async def last() -> None:
        raise ConfigurationError("it cannot be signed")

    with pytest.raises(ConfigurationError):
        await GatewayServer(uvicorn.Config("none"), lambda: None).unhurried(last)
