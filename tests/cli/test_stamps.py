"""`gateway audit stamps` writes files that OpenSSL verifies, and `gateway check` tells whether an authority stamps."""

import asyncio
import subprocess
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

from gateway.bootstrap import open_site, stampings_of
from gateway.ledger.checkpoint import verify
from gateway.ledger.note import Verifier
from gateway.settings import load
from tests.cli.kit import Run
from tests.tsa import CA, OTHER_CA, OTHER_TSA, Responder, a_tsa, asked, reply


@contextmanager
def serving(directory: Path) -> Iterator[Responder]:
    """An authority on a loop of its own: commands have theirs."""
    found: list[tuple[Responder, asyncio.AbstractEventLoop, asyncio.Event]] = []
    ready = threading.Event()

    async def run() -> None:
        async with a_tsa(directory) as tsa:
            end = asyncio.Event()
            found.append((tsa, asyncio.get_running_loop(), end))
            ready.set()
            await end.wait()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    assert ready.wait(60)
    tsa, loop, end = found[0]
    try:
        yield tsa
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()


def configure(site: Path, url: str) -> None:
    (site / "tsa-ca.pem").write_bytes(CA.pem)
    with (site / "gateway.toml").open("a") as file:
        file.write(f'\n[[tsa]]\nid = "clock"\nurl = "{url}"\nauthorities = "tsa-ca.pem"\ntimeout_s = 30.0\n')


async def stamp(site: Path) -> int:
    """As the gateway would beside traffic, once: of how many records."""
    async with open_site(load(site / "gateway.toml")) as opened, AsyncExitStack() as stack:
        point = await (await opened.checkpointer("default")).publish(force=True)
        assert point is not None
        await (await stampings_of(opened, stack))["default"].round()
        return point.size


def test_what_was_stamped_is_written_as_files_that_openssl_verifies(site: Path, gateway: Run) -> None:
    gateway("keys", "create", "--owner", "ada", "--kind", "service", "--role", "auditor", "--zone", "in-house")
    vkey = gateway("keys", "verifier").out.strip()
    none = gateway("audit", "stamps")
    assert (none.code, "no checkpoint of this ledger was time-stamped" in none.err) == (1, True)
    with serving(site) as tsa:
        configure(site, tsa.url)
        size = asyncio.run(stamp(site))
    (told,) = gateway("audit", "stamps", "--json").data["stamps"]
    assert (told["size"], told["tsa"], len(told["at"])) == (size, "clock", 27)
    done = gateway("audit", "stamps", "--all", "--tenant", "default", "--out", "stamps")
    assert (done.code, f"wrote stamps/{size}.clock.tsr" in done.out) == (0, True), done.err
    assert verify((site / "stamps" / f"{size}.txt").read_bytes(), Verifier.parse(vkey)).size == size
    given = f"-in stamps/{size}.clock.tsr -data stamps/{size}.txt -CAfile"
    command = f"openssl ts -verify {given} tsa-ca.pem"
    verified = subprocess.run(command.split(), capture_output=True, text=True, check=True)
    assert "Verification: OK" in verified.stdout
    (site / "other.pem").write_bytes(OTHER_CA.pem)
    other = subprocess.run(f"openssl ts -verify {given} other.pem".split(), capture_output=True, check=False)
    assert other.returncode != 0
    demand_bundled(site, gateway, vkey, size)
    again = gateway("audit", "stamps", "--out", "stamps")
    assert (again.code, "not overwritten" in again.err) == (2, True)
    assert gateway("audit", "stamps", "--out", "gateway.toml").code == 2


def demand_bundled(site: Path, gateway: Run, vkey: str, size: int) -> None:
    """A bundle has the stamp, and says what it proves to who believes the authority."""
    (site / "ledger.vkey").write_text(vkey)
    assert gateway("evidence", "export", "--out", "a.zip", "--end", str(size)).code == 0
    told = ["evidence", "verify", "--key", "ledger.vkey", "--json", "a.zip", "--tsa-ca"]
    (one,) = gateway(*told, "tsa-ca.pem").data["report"]["stamped"]
    assert (one["size"], one["tsa"], one["state"]) == (size, "clock", "holds")
    refused = gateway(*told, "other.pem")
    assert (refused.code, refused.data["failure"].startswith("stamps: no time-stamp is under")) == (1, True)
    assert gateway(*told, "ledger.vkey").code == 2


def test_checking_asks_an_authority_for_one_stamp_and_throws_it_away(site: Path, gateway: Run) -> None:
    def line() -> tuple[int, str, str]:
        result = gateway("check", "--json")
        (found,) = [one for one in result.data["checks"] if one["name"] == "tsa clock"]
        return result.code, found["state"], found["text"]

    with serving(site) as tsa:
        configure(site, tsa.url)
        assert line() == (0, "ok", "stamps, under policy 1.2.3.4.1; its authorities hold until 2099-01-01")
        assert len(tsa.queries) == 1
        tsa.lie = lambda query: (200, reply(b"x", signer=OTHER_TSA, nonce=asked(query)[1]))
        assert line()[:2] == (1, "bad")
        tsa.lie = lambda query: (200, reply(b"x", status=2))
        assert line()[:2] == (1, "bad")
        (site / "tsa-ca.pem").write_bytes(b"")
        code, state, text = line()
        assert (code, state, text.startswith("tsa[0].authorities must be PEM")) == (1, "bad", True)
        (site / "tsa-ca.pem").write_bytes(CA.pem)
    assert line()[:2] == (0, "unreachable")
    assert gateway("audit", "stamps").code == 1
