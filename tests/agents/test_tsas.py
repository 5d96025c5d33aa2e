"""Whatever an authority answers, nothing comes back but a stamp of what was asked for, that was asked for now."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.agents.client import AgentClient
from gateway.agents.tsas import TsaClient, authorities_of, tsa_clients
from gateway.core.errors import AgentError, ConfigurationError, FormatError, VerificationError
from gateway.settings import Settings, parse
from tests.tsa import CA, OTHER_CA, OTHER_POLICY, OTHER_TSA, TSA, a_tsa, asked, reply, wrong_holders

NOTE = b"a note\n"


def settings(**fields: Any) -> Settings:
    return parse({"tsa": [{"id": "clock", "url": "http://127.0.0.1:1/tsr", **fields}]}, {}, Path("/nowhere"))


@asynccontextmanager
async def client_of(**fields: Any) -> AsyncIterator[TsaClient]:
    authorities = authorities_of(settings(**fields))
    async with AgentClient([one.route for one in authorities]) as client:
        (found,) = tsa_clients(authorities, client)
        yield found


@pytest.mark.parametrize("policy", [None, OTHER_POLICY])
async def test_a_real_authority_is_asked_with_a_new_number_each_time(tmp_path: Path, policy: str | None) -> None:
    async with a_tsa(tmp_path) as tsa, client_of(**{**tsa.table, "policy": policy, "url": f"{tsa.url}/"}) as client:
        first, second = await client.stamp(NOTE), await client.stamp(NOTE)
    assert first.stamp.by == "CN=A clock of the tests"
    assert first.stamp.nonce != second.stamp.nonce
    assert [asked(query)[1] for query in tsa.queries] == [first.stamp.nonce, second.stamp.nonce]
    assert policy in (None, first.stamp.policy)
    assert tsa.headers[0]["content-type"] == "application/timestamp-query"


def _answer(**parts: Any) -> Callable[[bytes], tuple[int, bytes]]:
    return lambda query: (200, reply(NOTE, **{"nonce": asked(query)[1], **parts}))


LIES: dict[str, tuple[Callable[[bytes], tuple[int, bytes]], type[Exception]]] = {
    "another-question": (_answer(nonce=5), VerificationError),
    "no-question": (_answer(nonce=None), VerificationError),
    "another-message": (lambda query: (200, reply(b"x", nonce=asked(query)[1])), VerificationError),
    "another-policy": (_answer(policy=OTHER_POLICY), VerificationError),
    "another-signer": (_answer(signer=OTHER_TSA), VerificationError),
    "another-key": (_answer(key=OTHER_TSA), VerificationError),
    "changed": (_answer(content=lambda info: info.replace(b"2027", b"2026")), VerificationError),
    "usage-not-critical": (_answer(signer=wrong_holders()["usage-not-critical"]), FormatError),
    "over-before": (_answer(signer=wrong_holders()["over-before"]), FormatError),
    "refusal": (_answer(status=2), AgentError),
    "with-changes": (_answer(status=1), AgentError),
    "error": (lambda query: (500, b"no"), AgentError),
    "redirect": (lambda query: (302, b""), AgentError),
    "page": (lambda query: (200, b"<html>"), FormatError),
    "nothing": (lambda query: (200, b""), FormatError),
    "too-large": (lambda query: (200, b"\0" * 70_000), AgentError),
    "cut": (lambda query: (200, reply(NOTE, nonce=asked(query)[1])[:-5]), FormatError),
}


async def test_whatever_else_it_answers_is_an_error(tmp_path: Path) -> None:
    async with a_tsa(tmp_path) as tsa, client_of(**{**tsa.table, "policy": "1.2.3.4.1"}) as client:
        tsa.lie = _answer()
        assert (await client.stamp(NOTE)).stamp.by == "CN=A clock of the tests", "what the others are made from"
        for name, (lie, kind) in LIES.items():
            tsa.lie = lie
            with pytest.raises((AgentError, FormatError, VerificationError)) as caught:
                await client.stamp(NOTE)
            assert (name, caught.type) == (name, kind)


async def test_one_that_is_not_there_is_an_error_of_the_client(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(CA.pem)
    async with client_of(authorities=str(tmp_path / "ca.pem")) as client:
        with pytest.raises(AgentError):
            await client.stamp(NOTE)


def test_what_cannot_be_used_is_told_by_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "ca.pem"
    with pytest.raises(ConfigurationError, match=r"tsa\[0\].authorities cannot be read: No such file"):
        authorities_of(settings(authorities=str(file)))
    file.write_bytes(TSA.pem)
    with pytest.raises(ConfigurationError, match=r"tsa\[0\].authorities must be PEM certificates of authorities"):
        authorities_of(settings(authorities=str(file)))
    file.write_bytes(OTHER_CA.pem)
    with pytest.raises(ConfigurationError, match=r"tsa\[0\].policy: "):
        authorities_of(settings(authorities=str(file), policy="1.40.1"))
    secure = {"authorities": str(file), "url": "https://tsa.example", "authorization": "env:OF_THE_TSA"}
    with pytest.raises(ConfigurationError, match="OF_THE_TSA"):
        authorities_of(settings(**secure))
    monkeypatch.setenv("OF_THE_TSA", "Basic\n")
    with pytest.raises(ConfigurationError, match=r"tsa\[0\].authorization must stand for printable ASCII"):
        authorities_of(settings(**secure))
    monkeypatch.setenv("OF_THE_TSA", "Basic eDp5")
    (one,) = authorities_of(settings(**secure))
    assert ("authorization", "Basic eDp5") in one.headers
