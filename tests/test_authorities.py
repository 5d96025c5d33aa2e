"""Clients share what they trust, unless they are told what."""

import ssl

import httpx

from tests.authorities import shared


def test_who_asks_for_nothing_in_particular_shares_a_context() -> None:
    made: list[dict[str, object]] = []

    def make(**asked: object) -> ssl.SSLContext:
        made.append(asked)
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    share, own = shared(make), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    assert share(verify=True, cert=None, trust_env=True) is share(verify=True, cert=None, trust_env=True)
    assert share(verify=True, cert=None, trust_env=False) is not share(verify=True, cert=None, trust_env=True)
    assert len(made) == 2
    share(verify=own, cert=None, trust_env=True)
    share(verify=False, cert=None, trust_env=True)
    share(verify=True, cert="client.pem", trust_env=True)
    assert made[2:] == [
        {"verify": own, "cert": None, "trust_env": True},
        {"verify": False, "cert": None, "trust_env": True},
        {"verify": True, "cert": "client.pem", "trust_env": True},
    ]


async def test_clients_of_this_suite_do() -> None:
    async with httpx.AsyncClient() as one, httpx.AsyncClient() as other:
        contexts = {id(client._transport._pool._ssl_context) for client in (one, other)}  # type: ignore[attr-defined]
    assert len(contexts) == 1
