"""An agent's name leads where agents may be, or nowhere."""

import asyncio
import socket
from ipaddress import ip_address
from typing import Any

import pytest

from gateway.agents.http1.address import Resolver, permitted, read, spaces
from gateway.core.errors import AgentError, ConfigurationError

NEVER = (
    *(
        "169.254.169.254",
        "169.254.0.1",
        "fe80::1",
        "febf::1",
        "0.0.0.0",  # noqa: S104 - nobody binds to it
        "0.1.2.3",
        "::",
        "224.0.0.1",
        "239.255.255.250",
    ),
    *("255.255.255.255", "ff02::1", "fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"),
    # The same by way of IPv6: mapped, compatible, translated, 6to4, Teredo.
    *("::ffff:169.254.169.254", "::169.254.169.254", "64:ff9b::169.254.169.254", "64:ff9b:1::a9fe:a9fe"),
    *("2002:a9fe:a9fe::1", "2001:0:a9fe:a9fe::1", "2001:0:102:304::5601:5601"),
)
AGENTS = (
    "127.0.0.1",
    "::1",
    "10.1.2.3",
    "192.168.0.1",
    "172.16.0.1",
    "100.64.0.1",
    "fd12::1",
    "93.184.216.34",
    "2606:2800::1",
)


def names(monkeypatch: pytest.MonkeyPatch, *answers: list[str] | Exception) -> list[str]:
    """Let the system's names stand for these addresses, one answer after another; what was asked for."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        answer = answers[min(len(asked), len(answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        kinds = [socket.AF_INET6 if ":" in text else socket.AF_INET for text in answer]
        return [(kind, socket.SOCK_STREAM, 6, "", (text, port)) for kind, text in zip(kinds, answer, strict=True)]

    monkeypatch.setattr(asyncio.get_running_loop().__class__, "getaddrinfo", _through(getaddrinfo), raising=False)
    return asked


def _through(answer: Any) -> Any:
    async def getaddrinfo(_: Any, host: str, port: int, **more: Any) -> list[Any]:
        await asyncio.sleep(0)
        return list(answer(host, port, **more))

    return getaddrinfo


@pytest.mark.parametrize("text", NEVER)
def test_some_addresses_are_never_an_agents(text: str) -> None:
    assert not permitted(ip_address(text), ())
    assert not permitted(read(text), spaces([f"{text}/32" if "." in text and ":" not in text else f"{text}/128"]))


@pytest.mark.parametrize("text", AGENTS)
def test_agents_may_be_in_house_or_outside(text: str) -> None:
    assert permitted(ip_address(text), ())


def test_networks_that_are_given_are_the_only_ones() -> None:
    within = spaces(["10.1.0.0/16", "fd12::/64"])
    found = {
        text: permitted(read(text), within) for text in ("10.1.2.3", "::ffff:10.1.2.3", "10.2.0.1", "fd12::1", "::1")
    }
    assert found == {"10.1.2.3": True, "::ffff:10.1.2.3": True, "10.2.0.1": False, "fd12::1": True, "::1": False}


@pytest.mark.parametrize("text", ["10.1.0.1/16", "10.1.0.0/33", "agent.test", ""])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        spaces([text])


@pytest.mark.parametrize(
    ("text", "found"), [("::ffff:10.0.0.1", "10.0.0.1"), ("fe80::1%eth0", "fe80::1"), ("::1", "::1")]
)
def test_an_address_is_read_as_what_it_is_on_the_wire(text: str, found: str) -> None:
    assert str(read(text)) == found


async def test_a_literal_is_looked_at_and_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = names(monkeypatch, [])
    assert await Resolver("127.0.0.1", 80, ()).addresses() == (ip_address("127.0.0.1"),)
    for host in ("169.254.169.254", "::ffff:169.254.169.254"):
        with pytest.raises(AgentError, match="address_refused"):
            await Resolver(host, 80, ()).addresses()
    assert asked == []


async def test_a_name_stands_for_all_its_addresses_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    names(monkeypatch, ["10.0.0.2", "::ffff:10.0.0.2", "10.0.0.1", "::1"])
    found = await Resolver("agent.test", 80, ()).addresses()
    assert [str(address) for address in found] == ["10.0.0.2", "10.0.0.1", "::1"]


@pytest.mark.parametrize("bad", ["169.254.169.254", "::ffff:a9fe:a9fe", "10.9.0.1"])
async def test_one_bad_address_spoils_them_all(monkeypatch: pytest.MonkeyPatch, bad: str) -> None:
    names(monkeypatch, ["10.0.0.1", bad])
    with pytest.raises(AgentError, match="address_refused"):
        await Resolver("agent.test", 80, spaces(["10.0.0.0/24"])).addresses()


async def test_a_name_is_looked_at_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that led in-house when it was first looked up may lead to the metadata of the cloud the next time."""
    names(monkeypatch, ["10.0.0.1"], ["169.254.169.254"])
    resolver = Resolver("agent.test", 80, ())
    assert await resolver.addresses() == (ip_address("10.0.0.1"),)
    with pytest.raises(AgentError, match="address_refused"):
        await resolver.addresses()


@pytest.mark.parametrize("answer", [[], socket.gaierror(), UnicodeError()])
async def test_a_name_that_stands_for_nothing_cannot_be_reached(
    monkeypatch: pytest.MonkeyPatch, answer: list[str] | Exception
) -> None:
    names(monkeypatch, answer)
    with pytest.raises(AgentError, match="connect_failed"):
        await Resolver("agent.test", 80, ()).addresses()


async def test_whoever_asks_meanwhile_waits_for_the_same_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = names(monkeypatch, ["10.0.0.1"])
    resolver = Resolver("agent.test", 80, ())
    first, *others = (asyncio.create_task(resolver.addresses()) for _ in range(5))
    await asyncio.sleep(0)
    first.cancel()
    assert await asyncio.gather(*others) == [(ip_address("10.0.0.1"),)] * 4
    assert first.cancelled()
    assert asked == ["agent.test"]


async def test_an_end_ends_a_look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    names(monkeypatch, ["10.0.0.1"])
    resolver = Resolver("agent.test", 80, ())
    asking = asyncio.create_task(resolver.addresses())
    await asyncio.sleep(0)
    resolver.close()
    with pytest.raises(AgentError, match="connect_failed"):
        await asking
