"""Tokens of issuers that publish their keys over HTTP, through a whole gateway: rotated, flooded, gone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from gateway.settings import Settings
from tests.agents.issuing import HttpIssuer
from tests.checks.identity.making import AUDIENCE, NOW, claims, ec_jwk, ec_key, es256
from tests.conftest import ManualClock
from tests.system.kit import PUBLIC, code
from tests.system.site import System, served, system


@pytest.fixture
def at_now(clock: ManualClock) -> ManualClock:
    clock.us, clock.ns = NOW * 1_000_000, 5_000_000_000
    return clock


def token(publisher: HttpIssuer, name: str = "e1", **changes: Any) -> str:
    return es256(
        claims(iss=publisher.url, exp=NOW + 10_000_000, **changes), ec_key(name), {"alg": "ES256", "kid": name}
    )


async def ask(site: System, bearer: str) -> httpx.Response:
    return await site.chat(bearer, PUBLIC, model="ward")


@asynccontextmanager
async def gateway(base: Settings, clock: ManualClock, **more: Any) -> AsyncIterator[tuple[System, HttpIssuer]]:
    publisher = HttpIssuer(ec_jwk(ec_key("e1")))
    async with served(publisher) as url:
        publisher.url = url
        table = {
            "issuer": url,
            "audience": AUDIENCE,
            "algorithms": ["ES256"],
            "discovery": True,
            "roles": ["clinician"],
            "purposes": ["TREAT"],
            "zone": "in-house",
            "refresh_s": 86_400,
            **more,
        }
        async with system(base, clock=clock, issuer=[table]) as site:
            yield site, publisher


async def changes(site: System) -> list[int]:
    return [one["count"] for one in await site.records("_system") if one["event"] == "issuer.keys_changed"]


async def test_a_new_key_is_taken_at_its_first_token_and_an_old_one_ends_with_its_taking_back(
    sqlite_settings: Settings, at_now: ManualClock
) -> None:
    async with gateway(sqlite_settings, at_now) as (site, publisher):
        old = token(publisher)
        assert (await ask(site, old)).status_code == 200
        assert await changes(site) == [1]
        publisher.keys = [ec_jwk(ec_key("next"), "next")]
        at_now.advance(30)
        assert (await ask(site, old)).status_code == 200, "nobody has told the gateway yet"
        assert (await ask(site, token(publisher, "next"))).status_code == 200
        answer = await ask(site, old)
        assert (answer.status_code, code(answer)) == (401, "credential_invalid"), "verified tokens are forgotten too"
        assert await changes(site) == [1, 1]
        exposition = (await site.http.get("/metrics")).text
        assert f'gateway_issuer_keys{{issuer="{publisher.url}"}} 1.0' in exposition
        assert f'gateway_issuer_fetches_total{{code="ok",issuer="{publisher.url}"}} 2.0' in exposition


async def test_a_flood_of_made_up_keys_is_one_fetch_and_holds_nobody_up(
    sqlite_settings: Settings, at_now: ManualClock
) -> None:
    async with gateway(sqlite_settings, at_now) as (site, publisher):
        at_now.advance(30)
        answer = await ask(site, token(publisher, "made-up"))
        assert (answer.status_code, code(answer)) == (401, "credential_invalid"), "it was looked for"
        at_now.advance(1)
        for index in range(30):
            answer = await ask(site, token(publisher, f"made-up-{index}"))
            assert (answer.status_code, code(answer)) == (503, "issuer_unavailable")
            assert answer.headers["retry-after"] == "29"
            assert (await ask(site, token(publisher, sub=f"nurse-{index}"))).status_code == 200
        assert publisher.asked.count("/keys") == 2, "one at the start"
        # Meanwhile the issuer begins to sign with another key: its callers are told to come again, and then let in,
        # however often they tried.
        publisher.keys = [ec_jwk(ec_key("next"), "next")]
        for _ in range(40):
            assert (await ask(site, token(publisher, "next"))).status_code == 503
        at_now.advance(29)
        assert (await ask(site, token(publisher, "next"))).status_code == 200


async def test_an_issuer_that_is_gone_keeps_its_callers_for_a_while_and_then_fails_closed(
    sqlite_settings: Settings, at_now: ManualClock
) -> None:
    async with gateway(sqlite_settings, at_now, hold_s=86_400) as (site, publisher):
        publisher.status = 500
        at_now.advance(86_000)
        assert (await ask(site, token(publisher))).status_code == 200
        at_now.advance(400)
        answer = await ask(site, token(publisher, sub="another"))
        assert (answer.status_code, code(answer)) == (503, "issuer_unavailable")
        assert answer.headers["retry-after"] == "10"
        assert await changes(site) == [1, 0]
        remembered = await ask(site, token(publisher))
        assert code(remembered) == "issuer_unavailable", "nor for whom was verified a moment ago"
        assert len(site.agents["ward"].received) == 1
        failed = [one["outcome"]["code"] for one in await site.records("_system") if one["event"] == "auth.failed"]
        assert failed == ["issuer_unavailable"]
        publisher.status = 200
        at_now.advance(30)
        assert (await ask(site, token(publisher))).status_code == 200


async def test_a_gateway_starts_without_its_issuer_and_serves_who_needs_none(
    sqlite_settings: Settings, at_now: ManualClock
) -> None:
    table = {"issuer": "http://127.0.0.1:9", "audience": AUDIENCE, "algorithms": ["ES256"], "discovery": True}
    async with system(sqlite_settings, clock=at_now, issuer=[table]) as site:
        lost = HttpIssuer()
        lost.url = "http://127.0.0.1:9"
        assert code(await ask(site, token(lost))) == "issuer_unavailable"
        assert (await ask(site, await site.key("clerk"))).status_code == 200
