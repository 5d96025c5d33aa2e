"""Syslog goes to who it should alone, counts as received when the other machine has it, and holds nobody else up."""

import asyncio
import select
import socket
import ssl
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from gateway.agents.bare import bare
from gateway.agents.http1.address import Address
from gateway.agents.syslog import SyslogClient
from gateway.core.errors import AgentError, ConfigurationError
from gateway.core.ports import Route
from tests.agents.wire import certificates, server_context
from tests.exchange.forward_kit import receiving, way

ONE, TWO = b"5 first", b"6 second"


async def refused(client: SyslogClient, data: bytes = ONE) -> str:
    with pytest.raises(AgentError) as raised:
        await client.send(data)
    return raised.value.code


async def gone(client: SyslogClient) -> None:
    """Wait until its connection is seen to be closed."""
    async with asyncio.timeout(60):
        for _ in range(60_000):
            if not await client.holds():
                return
            await asyncio.sleep(0.001)


async def test_messages_arrive_in_order_over_one_connection() -> None:
    with receiving() as receiver:
        client = SyslogClient(way(receiver))
        await client.send(ONE + TWO)
        await client.send(ONE)
        assert receiver.wait(3) == [b"first", b"second", b"first"]
        assert await client.holds()
        assert receiver.connections == 1
        await client.close()


async def test_over_tls_the_receiver_is_known_and_so_is_who_sends(tmp_path: Path) -> None:
    certificate, key = certificates(tmp_path)
    ours, ours_key = certificates(tmp_path, "ours")
    tls = server_context(certificate, key, callers=tmp_path / "oursroot.pem")
    with receiving(tls) as receiver:
        known = {"ca": str(tmp_path / "root.pem"), "client_certificate": str(ours), "client_key": str(ours_key)}
        client = SyslogClient(way(receiver, **known))
        await client.send(ONE)
        assert receiver.wait(1) == [b"first"]
        assert receiver.peers[0] is not None
        assert (("commonName", "oursagent"),) in receiver.peers[0]["subject"]
        assert await client.holds()
        await client.close()


@pytest.mark.parametrize("more", [{"ca": None}, {"pin": ("sha256:" + "0" * 64,)}])
async def test_a_receiver_that_is_not_trusted_gets_nothing(tmp_path: Path, more: dict[str, Any]) -> None:
    with receiving(server_context(*certificates(tmp_path))) as receiver:
        client = SyslogClient(way(receiver, **{"ca": str(tmp_path / "root.pem"), **more}))
        assert await refused(client) == "connect_failed"
        assert receiver.data == b""
        await client.close()


async def test_a_receiver_that_wants_a_certificate_and_gets_none_has_taken_nothing(tmp_path: Path) -> None:
    """With TLS 1.3 that shows only after the handshake, on our side."""
    tls = server_context(*certificates(tmp_path), callers=tmp_path / "root.pem")
    with receiving(tls) as receiver:
        client = SyslogClient(way(receiver, ca=str(tmp_path / "root.pem")))
        with suppress(AgentError):
            await client.send(ONE)
            await gone(client)
        assert not await client.holds()
        assert receiver.data == b""
        await client.close()


async def test_a_receiver_that_closes_is_noticed_and_connected_to_again() -> None:
    with receiving() as receiver:
        receiver.then, receiver.after = "close", 1
        client = SyslogClient(way(receiver))
        with suppress(AgentError):  # where it has closed before the last look
            await client.send(ONE)
        receiver.wait(1)
        await gone(client)
        await client.send(TWO)
        assert receiver.wait(2) == [b"first", b"second"]
        assert receiver.connections == 2
        await client.close()


async def test_what_must_go_where_the_last_went_goes_over_no_other_connection() -> None:
    with receiving() as receiver:
        client = SyslogClient(way(receiver))
        await client.send(ONE)
        await client.send(ONE, holding=True)
        receiver.wait(2)
        receiver.drop()
        await gone(client)
        with pytest.raises(AgentError) as raised:
            await client.send(TWO, holding=True)
        assert (raised.value.code, receiver.connections) == ("closed_early", 1)
        await client.send(TWO)
        assert receiver.wait(3) == [b"first", b"first", b"second"]
        await client.close()


async def test_a_receiver_that_reads_no_more_is_waited_for_no_longer_than_is_allowed() -> None:
    with receiving() as receiver:
        receiver.then = "hang"
        client = SyslogClient(way(receiver, timeout_s=0.3))
        assert await refused(client, b"x" * (64 << 20)) == "timeout_total"
        assert not await client.holds()
        await client.close()


async def test_one_that_has_closed_before_anything_came_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """As who is not shown the certificate that he wants: what comes then is reset, and never acknowledged."""
    dialled = SyslogClient._dialled

    def late(self: SyslogClient, address: Address, seconds: float) -> socket.socket:
        made = dialled(self, address, seconds)
        taken, _ = listening.accept()
        taken.close()
        select.select([made], [], [], 60)
        return made

    monkeypatch.setattr(SyslogClient, "_dialled", late)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        client = SyslogClient(bare("_forward:siem", f"tcp://127.0.0.1:{port}", timeout_s=10.0))
        assert await refused(client) == "closed_early"
        await client.close()


async def test_what_a_receiver_says_is_thrown_away() -> None:
    with receiving() as receiver:
        receiver.then = "babble"
        client = SyslogClient(way(receiver))
        for number in range(1, 4):
            await client.send(ONE)
            receiver.wait(number)
        assert await client.holds()
        await client.close()


async def test_nobody_there_is_an_error_like_any_other() -> None:
    with receiving() as receiver:
        route = way(receiver)
    client = SyslogClient(route)
    assert await refused(client) == "connect_failed"
    assert not await client.holds()
    await client.close()
    assert await refused(client) == "closed_early"


async def test_an_address_that_none_may_have_is_not_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    def connected(*_: object, **__: object) -> socket.socket:
        raise AssertionError("it must not connect")

    monkeypatch.setattr(socket, "create_connection", connected)
    with receiving() as receiver:
        made = way(receiver)
        for url, networks in (
            ("tls://169.254.169.254", ()),
            ("tls://10.0.0.1", ("192.0.2.0/24",)),
            ("tcp://10.0.0.1", ()),
        ):
            client = SyslogClient(Route(**{**_fields(made), "url": url, "addresses": networks}))
            assert await refused(client) == "address_refused"
            await client.close()


def _fields(route: Any) -> dict[str, Any]:
    return {name: getattr(route, name) for name in route.__struct_fields__}


async def test_closing_ends_what_is_under_way() -> None:
    with receiving() as receiver:
        receiver.then = "hang"
        client = SyslogClient(way(receiver))
        sending = asyncio.create_task(client.send(b"x" * (64 << 20)))
        await asyncio.to_thread(receiver.connected)
        await client.close()
        with pytest.raises(AgentError):
            await sending


def test_a_file_that_holds_no_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    with receiving(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)) as receiver, pytest.raises(ConfigurationError):
        SyslogClient(way(receiver, ca=str(tmp_path / "ca.pem")))
