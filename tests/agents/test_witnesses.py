"""Witnesses are asked at their addresses, by keys that are those of witnesses."""

from pathlib import Path

import pytest

from gateway.agents.client import AgentClient
from gateway.agents.witnesses import witness_clients, witness_routes
from gateway.core.errors import AgentError, ConfigurationError
from gateway.ledger.cosignature import Cosigner
from gateway.ledger.note import Signer
from gateway.settings import Settings, parse
from tests.ledger.test_witnessing import asked

VKEY = Cosigner("w.example/a", b"a" * 32).witness.vkey


def settings(vkey: str = VKEY, url: str = "http://127.0.0.1:1/") -> Settings:
    return parse({"witness": [{"vkey": vkey, "url": url, "timeout_s": 1.0}]}, {}, Path("/nowhere"))


def test_a_ledgers_key_is_no_witnesss() -> None:
    with pytest.raises(ConfigurationError, match=r"witness\[0\].vkey: .* type 4"):
        witness_routes(settings(Signer("w.example/a", b"a" * 32).verifier.vkey))


async def test_one_that_is_not_there_is_an_error_of_the_client() -> None:
    routes = witness_routes(settings())
    async with AgentClient([route for _, route in routes]) as client:
        (one,) = witness_clients(routes, client)
        assert one.witness.vkey == VKEY
        with pytest.raises(AgentError):
            await one.add(asked(0, 3))
