"""Issuers are asked in the background and seldom; what they answer is believed within bounds, and not for ever."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.issuers import (
    MAX_ANSWER,
    MAX_MISSING,
    MAX_WAITING,
    IssuerKeys,
    KeysChange,
    KeysError,
    published,
    reached,
)
from gateway.agents.jwks import MAX_PUBLISHED
from gateway.core.errors import AgentError, ConfigurationError, LedgerUnavailable
from gateway.settings import Settings
from tests.agents.issuing import WELL_KNOWN, HttpIssuer
from tests.checks.identity.making import FakeClock, ec_jwk, ec_key, issuer, rsa_jwk, rsa_key
from tests.system.site import served

OLD, NEW = ec_jwk(ec_key()), ec_jwk(ec_key("next"), "e2")


class Known:
    """The keys of one issuer under test, and what was told of them."""

    def __init__(self, publisher: HttpIssuer, clock: FakeClock, base: Path, **more: Any) -> None:
        self.clock, self.publisher = clock, publisher
        self.told: list[KeysChange] = []
        self.broken = False
        values = {"issuer": publisher.url, "jwks_file": None, "discovery": True, **more}
        configured = Settings(base=str(base), issuer=(issuer(**values),))
        self.source = IssuerKeys(configured, clock, self._tell)

    async def _tell(self, change: KeysChange) -> None:
        if self.broken:
            raise LedgerUnavailable("no")
        self.told.append(change)

    def kids(self) -> list[object]:
        return [key["kid"] for key in self.source.keys(self.publisher.url)]

    def ends(self) -> dict[str, int]:
        return dict(self.source.states()[0].fetches)

    async def renewed(self) -> bool:
        return await self.source.renewed(self.publisher.url)


@asynccontextmanager
async def known(base: Path, *keys: Any, start: bool = True, **more: Any) -> AsyncIterator[Known]:
    publisher = HttpIssuer(*(keys or (OLD,)))
    async with served(publisher) as url:
        publisher.url = url
        if "jwks_url" in more:
            more = {**more, "discovery": False, "jwks_url": url + more["jwks_url"]}
        found = Known(publisher, FakeClock(), base, **more)
        if start:
            await found.source.start()
        try:
            yield found
        finally:
            await found.source.stop()


async def test_discovery_leads_to_the_keys_and_tells_of_them(tmp_path: Path) -> None:
    async with known(tmp_path) as site:
        assert site.kids() == ["e1"]
        assert site.publisher.asked == [WELL_KNOWN, "/keys"]
        (change,) = site.told
        assert (change.count, len(change.added), change.removed) == (1, 1, ())
        assert change.added[0].startswith("kid e1, sha256:")
        (state,) = site.source.states()
        assert (state.keys, state.age_s, state.fetches) == (1, 0.0, {"ok": 1})


async def test_an_address_of_keys_is_asked_as_it_is_written(tmp_path: Path) -> None:
    async with known(tmp_path, jwks_url="/a/keys?p=1") as site:
        assert site.kids() == ["e1"]
        assert site.publisher.asked == ["/a/keys?p=1"]


async def test_an_unknown_key_has_them_fetched_once_for_all_and_not_again_for_a_while(tmp_path: Path) -> None:
    async with known(tmp_path, jwks_url="/keys") as site:
        assert await site.renewed() is False, "the start was a fetch too"
        site.clock.pass_seconds(30)
        site.publisher.keys = [OLD, NEW]
        assert await asyncio.gather(*(site.renewed() for _ in range(50))) == [True] * 50
        assert site.kids() == ["e1", "e2"]
        assert len(site.publisher.asked) == 2
        for _ in range(50):
            assert await site.renewed() is False
        site.clock.pass_seconds(29.9)
        assert await site.renewed() is False
        assert len(site.publisher.asked) == 2
        site.clock.pass_seconds(0.2)
        assert await site.renewed() is False, "asked, and nothing was new"
        assert len(site.publisher.asked) == 3


async def test_a_key_does_not_exist_only_once_it_was_looked_for_since_it_was_first_named(tmp_path: Path) -> None:
    async with known(tmp_path, OLD, jwks_url="/keys") as site:
        url = site.publisher.url

        async def unsettled_s(kid: str) -> int | None:
            await site.source.renewed(url, kid)
            return site.source.unsettled_s(url, kid)

        site.clock.pass_seconds(10)
        assert await unsettled_s("e2") == 20, "the last fetch was before it was named, and the next may not be made yet"
        assert await unsettled_s("e2") == 20
        site.clock.pass_seconds(20)
        site.publisher.status = 503
        assert await unsettled_s("e2") == 30, "asked, without an answer"
        site.publisher.status = 200
        site.clock.pass_seconds(30)
        assert await unsettled_s("e2") is None
        site.clock.pass_seconds(5)
        assert await unsettled_s("e2") is None, "it was looked for since"
        assert await unsettled_s("e3") == 25
        site.publisher.keys = [NEW]
        site.clock.pass_seconds(25)
        assert await site.source.renewed(url, "e3")
        site.clock.pass_seconds(1)
        assert await unsettled_s("e1") is None, "it was taken back, which is known"
        for index in range(MAX_MISSING):
            await site.source.renewed(url, f"made-up-{index}")
        assert site.source.unsettled_s(url, "e1") == 29, "forgotten, and so taken for a new one"


async def test_only_so_many_wait_for_a_fetch_and_who_leaves_takes_nothing_from_the_others(tmp_path: Path) -> None:
    async with known(tmp_path, jwks_url="/keys") as site:
        site.clock.pass_seconds(30)
        site.publisher.keys, site.publisher.held = [NEW], asyncio.Event()
        waiting = [asyncio.create_task(site.renewed()) for _ in range(MAX_WAITING)]
        await asyncio.sleep(0)
        assert await site.renewed() is False
        waiting[0].cancel()
        site.publisher.held.set()
        answers = await asyncio.gather(*waiting, return_exceptions=True)
        assert isinstance(answers[0], asyncio.CancelledError)
        assert answers[1:] == [True] * (MAX_WAITING - 1)
        assert len(site.publisher.asked) == 2


async def test_the_last_good_keys_hold_while_the_issuer_is_down_and_then_no_longer(tmp_path: Path) -> None:
    async with known(tmp_path, jwks_url="/keys", hold_s=600) as site:
        before = site.source.generation
        site.publisher.status = 503
        site.clock.pass_seconds(599)
        assert await site.renewed() is False
        assert site.kids() == ["e1"]
        site.clock.pass_seconds(1)
        assert site.kids() == [], "whether or not anybody has noticed"
        site.clock.pass_seconds(30)
        assert await site.renewed() is True
        assert (site.told[-1].count, len(site.told[-1].removed)) == (0, 1)
        assert site.source.generation > before
        assert site.ends() == {"ok": 1, "status": 2}
        site.publisher.status = 200
        site.clock.pass_seconds(30)
        assert await site.renewed() is True
        assert site.kids() == ["e1"]


async def test_a_key_that_is_taken_back_is_gone_and_told_of(tmp_path: Path) -> None:
    async with known(tmp_path, OLD, NEW, jwks_url="/keys") as site:
        before = site.source.generation
        site.publisher.keys = [NEW]
        site.clock.pass_seconds(30)
        assert await site.renewed() is True
        assert site.kids() == ["e2"]
        assert site.source.generation == before + 1
        assert (site.told[-1].count, site.told[-1].added) == (1, ())
        assert site.told[-1].removed[0].startswith("kid e1, sha256:")


async def test_keys_that_are_not_on_record_verify_nothing(tmp_path: Path) -> None:
    async with known(tmp_path, jwks_url="/keys") as site:
        site.publisher.keys, site.broken = [OLD, NEW], True
        site.clock.pass_seconds(30)
        assert await site.renewed() is False
        assert site.kids() == ["e1"]
        assert site.ends() == {"ok": 1, "ledger_unavailable": 1}
        site.broken = False
        site.clock.pass_seconds(30)
        assert await site.renewed() is True
        assert site.kids() == ["e1", "e2"]


async def test_an_issuer_that_is_down_does_not_stop_the_start(tmp_path: Path) -> None:
    publisher = HttpIssuer()
    publisher.url = "http://127.0.0.1:9"
    site = Known(publisher, FakeClock(), tmp_path)
    await site.source.start()
    assert site.kids() == []
    assert site.told == []
    assert site.ends() == {"connect_failed": 1}
    assert site.source.states()[0].age_s is None
    await site.source.stop()


async def test_between_two_fetches_lies_the_interval_and_less_after_failures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 4:
            await asyncio.Event().wait()

    async with known(tmp_path, jwks_url="/keys", start=False) as site:
        site.publisher.status = 500
        monkeypatch.setattr("gateway.agents.issuers.asyncio.sleep", sleep)
        await site.source.start()
        async with asyncio.timeout(10):
            while len(pauses) < 4 or site.source.states()[0].fetches.get("status") != 4:
                await asyncio.wait([asyncio.create_task(asyncio.to_thread(lambda: None))])
        monkeypatch.undo()
    for pause, wanted in zip(pauses, (30, 60, 120, 240), strict=True):
        assert 0.9 * wanted <= pause <= 1.1 * wanted


BAD_ANSWERS: dict[str, tuple[dict[str, Any], str]] = {
    "another status": ({"status": 404}, "status"),
    "a redirect": ({"status": 302, "headers": [(b"location", b"/keys")]}, "redirected"),
    "no JSON": ({"body": b"<html>"}, "not_json"),
    "a list": ({"body": b"[]"}, "not_json"),
    "a name twice": ({"body": b'{"keys": [], "keys": []}'}, "not_json"),
    "another issuer's metadata": ({"metadata": {"issuer": "https://elsewhere.example"}}, "other_issuer"),
    "no address of keys": ({"metadata": {"jwks_uri": None}}, "no_metadata"),
    "an address without TLS": ({"metadata": {"jwks_uri": "http://192.0.2.1/keys"}}, "no_metadata"),
    "an address that is none": ({"metadata": {"jwks_uri": "file:///etc/passwd"}}, "no_metadata"),
    "a cloud's metadata": ({"metadata": {"jwks_uri": "https://169.254.169.254/keys"}}, "no_metadata"),
    "another host": ({"metadata": {"jwks_uri": "https://elsewhere.example/keys"}}, "other_host"),
    "another port": ({"metadata": {"jwks_uri": "http://127.0.0.1:9/keys"}}, "other_host"),
    "no keys": ({"keys": []}, "no_usable_key"),
    "a symmetric key": ({"keys": [{"kty": "oct", "k": "AAAA", "kid": "o"}]}, "no_usable_key"),
    "a private key": ({"keys": [{**OLD, "d": "AAAA"}]}, "no_usable_key"),
    "a weak key": ({"keys": [rsa_jwk(rsa_key("weak", 1024))]}, "no_usable_key"),
    "keys that are none": ({"keys": ["x", 5, None, {"kty": 1}]}, "no_usable_key"),
}


@pytest.mark.parametrize("name", BAD_ANSWERS)
async def test_an_answer_that_cannot_be_used_leaves_the_last_good_keys(tmp_path: Path, name: str) -> None:
    changes, code = BAD_ANSWERS[name]
    async with known(tmp_path) as site:
        for attribute, value in changes.items():
            setattr(site.publisher, attribute, value)
        site.clock.pass_seconds(30)
        assert await site.renewed() is False
        assert site.kids() == ["e1"]
        assert site.ends() == {"ok": 1, code: 1}


async def test_an_answer_beyond_its_bound_is_none(tmp_path: Path) -> None:
    async with known(tmp_path, jwks_url="/keys") as site:
        site.publisher.body = b" " * (MAX_ANSWER + 1)
        site.clock.pass_seconds(30)
        assert await site.renewed() is False
        assert site.ends() == {"ok": 1, "answer_too_large": 1}


async def test_keys_of_other_kinds_are_passed_over_and_their_number_is_bounded(tmp_path: Path) -> None:
    other = [{"kty": "OKP", "crv": "Ed25519", "x": "AA", "kid": "o"}, {**OLD, "use": "enc"}, {**OLD, "kid": "k" * 257}]
    many = [{**NEW, "kid": f"n{index}", "x5c": ["AAAA"]} for index in range(MAX_PUBLISHED + 5)]
    async with known(tmp_path, *other, *many, jwks_url="/keys") as site:
        assert site.kids() == [f"n{index}" for index in range(MAX_PUBLISHED)]
        assert all("x5c" not in key for key in site.source.keys(site.publisher.url))


async def test_keys_may_lie_on_a_host_that_is_named(tmp_path: Path) -> None:
    async with served(HttpIssuer(NEW)) as elsewhere, known(tmp_path, start=False, key_hosts=("127.0.0.1",)) as site:
        site.publisher.metadata = {"jwks_uri": f"{elsewhere}/keys"}
        await site.source.start()
        assert site.kids() == ["e2"]


async def test_an_address_outside_of_its_networks_is_not_connected_to(tmp_path: Path) -> None:
    async with known(tmp_path, jwks_url="/keys", addresses=("10.0.0.0/8",)) as site:
        assert site.publisher.asked == []
        assert site.ends() == {"address_refused": 1}


async def test_checking_says_how_many_keys_there_are_or_why_not(tmp_path: Path) -> None:
    publisher = HttpIssuer(OLD, NEW, {"kty": "oct"})
    async with served(publisher) as url:
        publisher.url = url
        configured = issuer(issuer=url, jwks_file=None, discovery=True)
        assert await reached(Settings(issuer=(configured,)), 0) == 2
        publisher.keys = []
        with pytest.raises(KeysError, match="no_usable_key"):
            await reached(Settings(issuer=(configured,)), 0)
    with pytest.raises(AgentError, match="connect_failed"):
        await reached(Settings(issuer=(configured,)), 0)


async def test_a_certificate_file_that_is_none_stops_the_start(tmp_path: Path) -> None:
    configured = issuer(issuer="https://i.test", jwks_file=None, discovery=True, ca="none.pem")
    with pytest.raises(ConfigurationError, match=r"issuer\[0\]"):
        await reached(Settings(base=str(tmp_path), issuer=(configured,)), 0)


async def test_keys_in_files_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": [OLD]}))

    async def never(change: KeysChange) -> None:
        raise AssertionError(change)

    source = IssuerKeys(Settings(base=str(tmp_path), issuer=(issuer(algorithms=("ES256",)),)), FakeClock(), never)
    await source.start()
    assert [key["kid"] for key in source.keys("https://login.example")] == ["e1"]
    assert source.keys("https://other.example") == ()
    assert await source.renewed("https://login.example") is False
    assert await source.renewed("https://other.example") is False
    assert source.unsettled_s("https://login.example", "e9") is None
    assert source.unsettled_s("https://other.example", "e9") is None
    assert (source.states(), source.generation) == ([], 0)
    assert repr(source) == "IssuerKeys(0 over HTTP, FileKeys(1 issuers))"
    await source.stop()


values = st.none() | st.integers() | st.text(max_size=5) | st.lists(st.text(max_size=3), max_size=2)
members = st.sampled_from(["keys", "issuer", "jwks_uri", "kty", "kid", "use", "alg", "crv", "n", "e", "x", "y", "d"])
trees = st.recursive(
    values, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(members, inner, max_size=3), max_leaves=8
)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=40) | trees.map(lambda value: json.dumps(value).encode()))
async def test_whatever_an_issuer_answers_is_keys_or_one_error(body: bytes) -> None:
    async def get(address: str) -> bytes:
        return body

    for configured in (
        issuer(jwks_file=None, discovery=True),
        issuer(jwks_file=None, jwks_url="https://login.example/keys"),
    ):
        with pytest.raises(KeysError):
            await published(configured, get)
