"""`gateway serve`, for real: it is ready when it says so, and everything is on record when it has ended."""

import concurrent.futures
import json
import platform
import signal
import socket
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.checks.identity.certifying import SPIFFE, Authority
from tests.cli.kit import Run, change, process
from tests.cli.serving import SlowAgent, serving


def key(gateway: Run, *options: str) -> dict[str, str]:
    made = gateway("keys", "create", "--owner", "alice", "--zone", "in-house", "--role", "clerk", *options, "--json")
    return {"authorization": f"Bearer {made.data['key']}"}


def events(gateway: Run) -> list[str]:
    found = gateway("audit", "query", "--order", "asc", "--json").data["records"]
    return [record["record"]["event"] for record in found]


def test_it_serves_once_it_says_so_and_ends_cleanly_on_sigterm(gateway: Run, site: Path) -> None:
    with serving(site) as server:
        assert server.printed == f"gateway serves on {server.url}\n"
        alive, ready = httpx.get(f"{server.url}/healthz"), httpx.get(f"{server.url}/readyz")
        assert (alive.status_code, ready.status_code) == (200, 200)
        assert "server" not in alive.headers
        server.signal()
        ended = server.ended()
    assert (ended.code, ended.out) == (0, "")
    assert events(gateway) == ["ledger.started", "policy.activated", "ledger.stopped"]


def test_its_address_as_data(site: Path) -> None:
    with serving(site, "--json") as server:
        told = json.loads(server.printed)
        assert told["ready"] is True
        assert httpx.get(f"{told['url']}/healthz").status_code == 200
        server.signal(signal.SIGINT)
        assert server.ended().code == 0


def test_what_is_under_way_ends_before_it_does(gateway: Run, site: Path) -> None:
    """A request that has reached its agent when SIGTERM comes is answered, and its outcome is on record."""
    headers = key(gateway)
    with SlowAgent() as agent, concurrent.futures.ThreadPoolExecutor() as pool:
        with (site / "gateway.toml").open("a") as file:
            file.write(agent.configured())
        with serving(site) as server:
            body = {"model": "slow", "messages": [{"role": "user", "content": "What are the opening hours?"}]}
            url = f"{server.url}/v1/chat/completions"
            answer = pool.submit(httpx.post, url, json=body, headers=headers, timeout=60)
            assert agent.asked.wait(60)
            server.signal()
            agent.may_answer.set()
            assert answer.result(60).status_code == 200
            ended = server.ended()
        assert ended.code == 0
    assert events(gateway)[-3:] == ["exchange.requested", "exchange.completed", "ledger.stopped"]


def test_its_log_is_json_and_holds_nothing_of_the_request(gateway: Run, site: Path) -> None:
    headers = key(gateway)
    secret = "jane.roe@example.com"
    with serving(site) as server:
        body = {"model": "nobody", "messages": [{"role": "user", "content": secret}]}
        answer = httpx.post(f"{server.url}/v1/chat/completions", json=body, headers=headers)
        httpx.get(f"{server.url}/audit/records?actor={secret}", headers={"authorization": f"Bearer {secret}"})
        server.signal()
        ended = server.ended()
    lines = [json.loads(line) for line in ended.err.splitlines()]
    refused = [line for line in lines if line.get("exchange") == answer.headers["x-exchange-id"]]
    assert refused[0]["code"] == "unknown_target"
    assert all({"time", "level", "logger", "message"} <= set(line) for line in lines)
    assert secret not in ended.err
    assert headers["authorization"].removeprefix("Bearer ") not in ended.err


def test_a_database_without_tables_is_refused_unless_it_may_migrate(site: Path) -> None:
    (site / "gateway.db").unlink()
    refused = process(site, "serve", "--port", "0")
    assert refused.code == 2
    assert "gateway migrate" in refused.err
    with serving(site, "--migrate") as server:
        assert httpx.get(f"{server.url}/readyz").status_code == 200
        server.signal()
        assert server.ended().code == 0


def test_an_address_that_is_taken_is_one_line(site: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = process(site, "serve", "--port", str(taken.getsockname()[1]))
    assert (result.code, result.out) == (2, "")
    assert result.err == "gateway: server.host and server.port cannot be listened on: Address already in use\n"


def test_a_second_server_on_the_same_file_is_refused(site: Path) -> None:
    with serving(site) as server:
        second = process(site, "serve", "--port", "0")
        assert httpx.get(f"{server.url}/readyz").status_code == 200
    assert second.code == 2
    assert "SQLite has room for one" in second.err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--workers", "2"), "one process serves"),
        (("--workers", "0"), "one process serves"),
        (("--port", "70000"), "--port must lie between"),
        (("--host", "no.such.host.invalid", "--port", "0"), "cannot be listened on"),
    ],
)
def test_what_it_cannot_do_is_refused_at_once(site: Path, options: tuple[str, ...], told: str) -> None:
    result = process(site, "serve", *options)
    assert (result.code, result.out) == (2, "")
    assert told in result.err
    assert result.err.count("\n") == 1


def test_a_policy_that_must_not_be_served_with_stops_it(site: Path) -> None:
    (site / "policies" / "policy.csv").write_text("# nothing\n")
    result = process(site, "serve", "--port", "0")
    assert (result.code, result.out) == (2, "")
    assert "policy.csv" in result.err
    assert "Traceback" not in result.err


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


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_with_a_certificate_it_speaks_tls_alone_and_the_record_says_how(
    gateway: Run, site: Path, version: ssl.TLSVersion
) -> None:
    certificate(site)
    trusted = ssl.create_default_context(cafile=str(site / "tls" / "gateway.pem"))
    trusted.minimum_version = trusted.maximum_version = version
    headers = key(gateway)
    with serving(site) as server:
        assert server.url.startswith("https://127.0.0.1:")
        url = server.url.replace("127.0.0.1", "localhost")
        assert httpx.get(f"{url}/healthz", verify=trusted).status_code == 200
        body = {"model": "nobody", "messages": []}
        httpx.post(f"{url}/v1/chat/completions", json=body, headers=headers, verify=trusted)
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"{url.replace('https', 'http')}/healthz")
        server.signal()
        assert server.ended().code == 0
    (denied,) = gateway("audit", "query", "--event", "exchange.denied", "--json").data["records"]
    assert denied["detail"]["tls"].startswith(f"{version.name.replace('_', '.')} ")
    assert len(denied["detail"]["tls"].split()) == 2


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
    with serving(site) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        body = {"model": "nobody", "messages": []}
        answer = httpx.post(f"{url}/v1/chat/completions", json=body, verify=trusted)
        server.signal()
        assert server.ended().code == 0
    assert answer.status_code == 404, answer.text
    (denied,) = gateway("audit", "query", "--event", "exchange.denied", "--json").data["records"]
    assert (denied["detail"]["subject"], denied["detail"]["method"]) == (SPIFFE, "mtls")


def test_a_key_with_a_password_is_refused_and_nobody_is_asked_for_it(site: Path) -> None:
    certificate(site, b"a password")
    result = process(site, "serve", "--port", "0")
    assert result.code == 2
    assert "the key without password" in result.err


@pytest.mark.parametrize(("trusted", "seen"), [("", "127.0.0.1"), ("127.0.0.1", "203.0.113.9")])
def test_only_a_trusted_proxy_says_where_a_request_came_from(gateway: Run, site: Path, trusted: str, seen: str) -> None:
    headers = key(gateway)
    if trusted:
        change(site / "gateway.toml", '# trusted_proxies = ["10.0.0.5"]', f'trusted_proxies = ["{trusted}"]')
    with serving(site) as server:
        body = {"model": "nobody", "messages": []}
        httpx.post(
            f"{server.url}/v1/chat/completions", json=body, headers={**headers, "x-forwarded-for": "203.0.113.9"}
        )
        server.signal()
        server.ended()
    (denied,) = gateway("audit", "query", "--event", "exchange.denied", "--json").data["records"]
    assert denied["detail"]["source"] == seen


HEAPS = """
import re, sys, threading
from gateway.cli.serve import one_heap
asked = sys.argv[1] == "one" and one_heap()
held = []
work = lambda: held.append([b"x" * 2_000 + bytes([n % 256]) for n in range(500)])
threads = [threading.Thread(target=work) for _ in range(3)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
# What glibc reserves for a thread's own heap: 64 MB at an address that is a multiple of as much.
places = [line.split() for line in open("/proc/self/maps")]
print(asked, sum(1 for place in places if int(place[0].split("-")[0], 16) % (64 << 20) == 0 and place[1] == "rw-p"))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc gives each thread a heap; this is another library")
def test_all_threads_share_one_heap() -> None:
    def told(which: str) -> list[str]:
        return subprocess.run(
            [sys.executable, "-c", HEAPS, which], capture_output=True, text=True, check=True
        ).stdout.split()

    asked, heaps = told("one")
    assert (asked, int(heaps)) == ("True", 0)
    assert int(told("each")[1]) > 0, "this test could not fail"


def test_a_kill_at_any_time_leaves_a_ledger_that_goes_on(gateway: Run, site: Path) -> None:
    with serving(site) as server:
        server.signal(signal.SIGKILL)
        assert server.ended().code == -signal.SIGKILL
    with serving(site) as server:
        server.signal()
        assert server.ended().code == 0
    assert events(gateway).count("ledger.started") == 2
    assert gateway("audit", "verify").code == 0
