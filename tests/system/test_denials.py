"""Who is denied gets nothing any more, on every node at once, without a question to the database for each."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from gateway.core.refusal import Refusal
from gateway.settings import Settings
from gateway.store import denials as module
from gateway.store.api_keys import Administrator
from tests.checks.identity.making import AUDIENCE, ISSUER, NOW, claims, ec_jwk, ec_key, es256
from tests.conftest import ManualClock
from tests.system.kit import PUBLIC, code
from tests.system.site import System, new_key, system

TABLE = {
    "issuer": ISSUER,
    "audience": AUDIENCE,
    "algorithms": ["ES256"],
    "jwks_file": "jwks.json",
    "roles": ["clinician"],
    "zone": "in-house",
}


@pytest.fixture
def at_now(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    monkeypatch.setattr(module, "WATCH_S", 3600)  # so that nothing is found out in the background
    clock.us, clock.ns = NOW * 1_000_000, 5_000_000_000
    return clock


@asynccontextmanager
async def nodes(base: Settings, clock: ManualClock, directory: Path) -> AsyncIterator[tuple[System, System]]:
    """Two gateways on one database, as two nodes have it."""
    (directory / "jwks.json").write_bytes(msgspec.json.encode({"keys": [ec_jwk(ec_key())]}))
    async with system(base, clock=clock, issuer=[TABLE]) as one:
        two_dir = directory / "two"
        two_dir.mkdir()
        shutil.copy(directory / "jwks.json", two_dir)
        shutil.copytree(directory / "keys", two_dir / "keys", ignore=shutil.ignore_patterns("node-id"))
        async with system(msgspec.structs.replace(base, base=str(two_dir)), clock=clock, issuer=[TABLE]) as two:
            yield one, two


def token(**changes: Any) -> str:
    return es256(claims(**changes))


async def ask(site: System, credential: str) -> httpx.Response:
    return await site.chat(credential, PUBLIC, model="ward")


async def by(site: System) -> Administrator:
    writer = await site.gateway.site.writer("default")
    return Administrator(ledger=writer, tenant=writer.tenant)


async def deny(site: System, kind: str, name: str, issuer: str = ISSUER) -> str:
    found = await site.gateway.site.denials.deny(await by(site), kind, name, issuer=issuer)
    assert not isinstance(found, Refusal), found
    return found.id


@pytest.mark.postgres
async def test_a_denial_on_one_node_acts_on_the_other_at_its_next_request(
    postgres_settings: Settings, at_now: ManualClock, tmp_path: Path
) -> None:
    async with nodes(postgres_settings, at_now, tmp_path) as (one, two):
        key = await one.key("clerk", owner="app")
        cases = {
            token(jti="t1"): ("token", "t1", ISSUER),
            token(sub="eve"): ("subject", "eve", ISSUER),
            token(sub="mallory", act={"sub": "agent-7"}): ("subject", "mallory", ISSUER),
            key: ("subject", "app", ""),
        }
        bystander = token(sub="nurse", jti="t2")
        for credential, (kind, name, issuer) in cases.items():
            assert (await ask(two, credential)).status_code == 200
            sent = len(two.agents["ward"].received)
            await deny(one, kind, name, issuer)
            refused = await ask(two, credential)
            assert (refused.status_code, code(refused)) == (401, "credential_denied"), name
            assert len(two.agents["ward"].received) == sent, "nothing has left"
            assert (await ask(one, credential)).status_code == 401
            assert (await ask(two, bystander)).status_code == 200
        events = [record["event"] for record in await two.records()]
        assert events.count("key.denied") == len(cases)
        denied = [one for one in await two.records() if one["event"] == "exchange.denied"]
        assert {one["outcome"]["code"] for one in denied} == {"credential_denied"}, "known at the head"
        # From now on it is known in memory, and counted with the failures of its source.
        assert code(await ask(two, token(sub="eve"))) == "credential_denied"
        assert "auth.failed" in [record["event"] for record in await two.records()]


@pytest.mark.postgres
async def test_a_key_revoked_on_one_node_is_refused_by_the_other_at_its_next_request(
    postgres_settings: Settings, at_now: ManualClock, tmp_path: Path
) -> None:
    async with nodes(postgres_settings, at_now, tmp_path) as (one, two):
        made = await new_key(one.gateway.site, "clerk")
        assert (await ask(two, made.plain)).status_code == 200
        await one.gateway.site.api_keys.revoke(await by(one), "default", made.record.id)
        refused = await ask(two, made.plain)
        assert (refused.status_code, code(refused)) == (401, "credential_revoked")
        assert len(two.agents["ward"].received) == 1


async def test_the_api_asks_for_the_list_as_it_is(database: Settings, at_now: ManualClock, tmp_path: Path) -> None:
    """What makes no intent is not held against the head."""
    async with system(database, clock=at_now) as site:
        auditor = await site.key("auditor", owner="auditor")
        headers = {"authorization": f"Bearer {auditor}"}
        assert (await site.http.get("/audit/records", headers=headers)).status_code == 200
        # As another process would: this one is not told.
        other = module.DenialStore(site.gateway.site.engine, at_now, [], lambda: None)
        await other.deny(await by(site), "subject", "auditor")
        answer = await site.http.get("/audit/records", headers=headers)
        assert answer.status_code == 401
        assert "credential_denied" in answer.json()["type"]


async def test_who_is_taken_off_the_list_is_let_in_again_and_an_end_is_an_end(
    database: Settings, at_now: ManualClock, tmp_path: Path
) -> None:
    async with system(database, clock=at_now) as site:
        key, store = await site.key("clerk", owner="app"), site.gateway.site.denials
        entry = await deny(site, "subject", "app", "")
        assert code(await ask(site, key)) == "credential_denied"
        await store.allow(await by(site), entry)
        assert (await ask(site, key)).status_code == 200
        await store.deny(await by(site), "subject", "app", until_us=at_now.us + 60_000_000)
        assert code(await ask(site, key)) == "credential_denied"
        at_now.advance(60)
        assert (await ask(site, key)).status_code == 200
        assert [one["event"] for one in await site.records() if one["event"].startswith("key.")] == [
            "key.created",
            "key.denied",
            "key.allowed",
            "key.denied",
        ]


async def test_a_gateway_that_starts_knows_who_is_denied(
    sqlite_settings: Settings, at_now: ManualClock, tmp_path: Path
) -> None:
    async with system(sqlite_settings, clock=at_now) as site:
        key = await site.key("clerk", owner="app")
        await deny(site, "subject", "app", "")
    async with system(sqlite_settings, clock=at_now) as site:
        answer = await ask(site, key)
        assert (answer.status_code, code(answer)) == (401, "credential_denied")
        assert (await site.records())[-1]["event"] != "exchange.denied", "known before anything was read"


async def test_a_list_that_never_stands_still_is_503_and_nothing_is_sent(
    sqlite_settings: Settings, at_now: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with system(sqlite_settings, clock=at_now) as site:
        key, store = await site.key("clerk"), site.gateway.site.denials
        read = store.reload
        count = 0

        async def moving(tenant: str) -> None:
            nonlocal count
            count += 1
            await read(tenant)
            other = module.DenialStore(site.gateway.site.engine, at_now, [], lambda: None)
            await other.deny(await by(site), "subject", f"nobody-{count}")

        monkeypatch.setattr(store, "reload", moving)
        await moving(store_tenant := (await by(site)).tenant)
        assert store_tenant.startswith("tn_")
        answer = await ask(site, key)
        assert (answer.status_code, code(answer)) == (503, "credential_unchecked")
        assert answer.headers["retry-after"] == "1"
        assert not site.agents["ward"].received
        assert (await site.trail(answer.headers["x-exchange-id"]))[-1]["event"] == "exchange.denied"
