"""A lent role relaxes who may, towards trusted zones alone, for minutes, on record and to be reviewed."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import pytest

from gateway.core.errors import LedgerUnavailable
from gateway.settings import Settings
from gateway.store.glass import GlassStore
from tests.conftest import ManualClock
from tests.system.kit import HEALTH, PUBLIC, code, policies
from tests.system.site import System, system

RULE = {"role": "volunteer", "grants": ["clinician", "exporter"], "reviewer": "privacy", "minutes": 20}
EXPORT = (
    "p, 525, role:exporter, class:internal, zone:cloud, chat, purpose:*, always, allow, none, export, "
    '"Exporters may send internal data to the cloud."\no, export, class:internal, "They are meant to."'
)


@asynccontextmanager
async def emergency(
    settings: Settings, directory: Path, rule: Mapping[str, Any] = MappingProxyType({}), **more: Any
) -> AsyncIterator[System]:
    """A gateway where volunteers may send nothing, and may be lent the role of those who may."""
    section = policies(directory / "own", EXPORT)
    async with system(settings, policy=section, break_glass=[{**RULE, **rule}], **more) as site:
        yield site


async def post(site: System, key: str, path: str, **body: Any) -> httpx.Response:
    return await site.http.post(path, json={"reason": "a life", **body}, headers={"authorization": f"Bearer {key}"})


async def test_a_lent_role_opens_trusted_zones_for_minutes_and_is_on_record(database: Settings, tmp_path: Path) -> None:
    clock = ManualClock()
    async with emergency(database, tmp_path, clock=clock) as site:
        key = await site.key("volunteer", owner="ada", kind="person")
        assert code(await site.chat(key, HEALTH, model="ward")) == "policy_denied"
        lent = await post(site, key, "/break-glass", role="clinician", minutes=5)
        assert (lent.status_code, lent.json()["role"]) == (201, "clinician")
        (alert,) = [one for one in await site.records() if one["event"] == "alert.break_glass"]
        assert alert["break_glass"] == lent.json()["id"]
        goes = await site.chat(key, HEALTH, model="ward")
        assert goes.status_code == 200, goes.text
        trail = await site.trail(goes.headers["x-exchange-id"])
        assert {one["break_glass"] for one in trail} == {lent.json()["id"]}
        # Another person is lent nothing, nor is anybody once the time is over.
        other = await site.key("volunteer", owner="bob", kind="person")
        assert code(await site.chat(other, HEALTH, model="ward")) == "policy_denied"
        clock.advance(301)
        assert code(await site.chat(key, HEALTH, model="ward")) == "policy_denied"


async def test_nothing_reaches_a_less_trusted_zone_that_would_not_have(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with emergency(sqlite_settings, tmp_path) as site:
        internal = {"x-data-class": "internal", "x-route": "exact"}
        exporter = await site.key("exporter", "clerk", owner="eve", kind="person")
        assert (await site.chat(exporter, PUBLIC, headers=internal)).headers["x-routed-agent"] == "cloud"
        site.agents["cloud"].received.clear()
        key = await site.key("volunteer", "clerk", owner="ada", kind="person")
        assert (await post(site, key, "/break-glass", role="exporter", minutes=5)).status_code == 201
        assert code(await site.chat(key, PUBLIC, headers=internal)) == "policy_denied"
        assert not site.agents["cloud"].received
        # What it may send there by itself it still may.
        assert (await site.chat(key, PUBLIC)).headers["x-routed-agent"] == "cloud"


async def test_a_lent_role_opens_nothing_of_the_api_and_the_glass_is_for_persons_of_the_role(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with emergency(sqlite_settings, tmp_path) as site:
        for roles, owner, kind, role in (
            (("clerk",), "ada", "person", "clinician"),
            (("volunteer",), "ada", "service", "clinician"),
            (("volunteer",), "ada", "person", "privacy"),
        ):
            key = await site.key(*roles, owner=owner, kind=kind)
            refused = await post(site, key, "/break-glass", role=role, minutes=5)
            assert (refused.status_code, refused.json()["type"]) == (403, "urn:gateway:problem:role_required")
            (denied,) = await site.trail(refused.headers["x-exchange-id"])
            assert denied["event"] == "exchange.denied"
        key = await site.key("volunteer", owner="ada", kind="person")
        for body, field in (({"minutes": 21}, "minutes"), ({"minutes": 0}, "minutes"), ({"reason": " "}, "reason")):
            wrong = await post(site, key, "/break-glass", **{"role": "clinician", "minutes": 5, **body})
            assert (wrong.status_code, wrong.json()["field"]) == (400, field)
        assert not [one for one in await site.records() if one["event"].startswith("alert.")]


async def test_it_is_given_back_and_reviewed_once_by_somebody_else(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with emergency(sqlite_settings, tmp_path) as site:
        key = await site.key("volunteer", owner="ada", kind="person")
        own = await site.key("privacy", owner="Ada", kind="person")
        officer = await site.key("privacy", owner="eve", kind="person")
        place = f"/break-glass/{(await post(site, key, '/break-glass', role='clinician', minutes=5)).json()['id']}"
        assert (await post(site, officer, f"{place}/review", justified=True)).status_code == 409
        stranger = await site.key("clerk", owner="zoe", kind="person")
        closing = {"authorization": f"Bearer {stranger}"}
        assert (await site.http.post(f"{place}/close", headers=closing)).status_code == 404
        closed = await site.http.post(f"{place}/close", headers={"authorization": f"Bearer {key}"})
        assert closed.status_code == 200
        assert (await site.http.post(f"{place}/close", headers={"authorization": f"Bearer {key}"})).status_code == 409
        assert code(await site.chat(key, HEALTH, model="ward")) == "policy_denied"
        assert (await post(site, own, f"{place}/review", justified=True)).status_code == 403
        reviewed = await post(site, officer, f"{place}/review", justified=False)
        assert (reviewed.json()["justified"], reviewed.status_code) == (False, 200)
        assert (await post(site, officer, f"{place}/review", justified=True)).status_code == 409
        listed = await site.http.get("/break-glass", headers={"authorization": f"Bearer {officer}"})
        assert [one["justified"] for one in listed.json()["break_glass"]] == [False]
        assert (await site.http.get("/break-glass", headers=closing)).json()["break_glass"] == []
        events = [one["event"] for one in await site.records() if one["event"].startswith("alert.")]
        assert events == ["alert.break_glass", "alert.break_glass_closed", "alert.reviewed"]
        (judged,) = [one for one in await site.records() if one["event"] == "alert.reviewed"]
        assert judged["outcome"]["code"] == "not_justified"


async def test_a_review_is_demanded_and_until_it_is_made_nothing_more_is_lent(
    database: Settings, tmp_path: Path
) -> None:
    clock = ManualClock()
    async with emergency(database, tmp_path, clock=clock, rule={"review_h": 2}) as site:
        glass, entry = site.gateway.glass, site.gateway.site.tenants["default"]
        writer = await site.gateway.site.writer("default")
        key = await site.key("volunteer", owner="ada", kind="person")
        lent = (await post(site, key, "/break-glass", role="clinician", minutes=5)).json()
        clock.advance(301 + 7_000)
        # Not due yet: the emergency may go on.
        second = await post(site, key, "/break-glass", role="clinician", minutes=5)
        assert second.status_code == 201
        assert await glass.remind(entry.ledger, writer) == 0
        clock.advance(200)
        assert await glass.remind(entry.ledger, writer) == 1
        assert await glass.remind(entry.ledger, writer) == 0
        (alert,) = [one for one in await site.records() if one["event"] == "alert.review_overdue"]
        assert alert["break_glass"] == lent["id"]
        again = await site.key("volunteer", owner="Ada", kind="person")
        for one in (key, again):
            refused = await post(site, one, "/break-glass", role="clinician", minutes=5)
            assert (refused.status_code, refused.json()["type"]) == (403, "urn:gateway:problem:review_overdue")
        other = await site.key("volunteer", owner="bob", kind="person")
        assert (await post(site, other, "/break-glass", role="clinician", minutes=5)).status_code == 201
        officer = await site.key("privacy", owner="eve", kind="person")
        assert (await post(site, officer, f"/break-glass/{lent['id']}/review", justified=True)).status_code == 200
        assert (await post(site, key, "/break-glass", role="clinician", minutes=5)).status_code == 201


async def test_of_two_processes_one_tells_that_a_review_is_late(sqlite_settings: Settings, tmp_path: Path) -> None:
    clock = ManualClock()
    async with emergency(sqlite_settings, tmp_path, clock=clock) as site:
        glass, entry = site.gateway.glass, site.gateway.site.tenants["default"]
        writer = await site.gateway.site.writer("default")
        key = await site.key("volunteer", owner="ada", kind="person")
        await post(site, key, "/break-glass", role="clinician", minutes=5)
        clock.advance(90_000)
        told = await asyncio.gather(*(glass.remind(entry.ledger, writer) for _ in range(4)))
        assert sum(told) == 1
        assert [one["event"] for one in await site.records()].count("alert.review_overdue") == 1


async def test_what_another_process_lent_or_took_back_is_learned_and_nothing_is_lent_without_a_database(
    sqlite_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with emergency(sqlite_settings, tmp_path) as site:
        key = await site.key("volunteer", owner="ada", kind="person")
        await post(site, key, "/break-glass", role="clinician", minutes=5)
        glass = site.gateway.glass
        (held,) = [found for _, found in glass.all()]
        glass.forget()
        assert code(await site.chat(key, HEALTH, model="ward")) == "policy_denied"
        await glass.refresh()
        assert [found for _, found in glass.all()] == [held]
        assert (await site.chat(key, HEALTH, model="ward")).status_code == 200

        async def gone(self: GlassStore, now_us: int) -> Any:
            raise LedgerUnavailable("no")

        monkeypatch.setattr(GlassStore, "open", gone)
        with pytest.raises(LedgerUnavailable):
            await glass.refresh()
        assert not glass.all()


async def test_a_machine_of_who_was_lent_a_role_holds_nothing_of_it(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with emergency(sqlite_settings, tmp_path) as site:
        key = await site.key("volunteer", owner="ada", kind="person")
        robot = await site.key("volunteer", owner="ada", kind="service")
        await post(site, key, "/break-glass", role="clinician", minutes=5)
        assert (await site.chat(key, HEALTH, model="ward")).status_code == 200
        assert code(await site.chat(robot, HEALTH, model="ward")) == "policy_denied"


async def test_of_several_reviews_at_once_one_is_on_record_and_counts(database: Settings, tmp_path: Path) -> None:
    clock = ManualClock()
    async with emergency(database, tmp_path, clock=clock) as site:
        key = await site.key("volunteer", owner="ada", kind="person")
        lent = (await post(site, key, "/break-glass", role="clinician", minutes=5)).json()
        clock.advance(301)
        officers = [await site.key("privacy", owner=owner, kind="person") for owner in ("eve", "fay", "gil", "hal")]
        place = f"/break-glass/{lent['id']}/review"
        said = await asyncio.gather(*(post(site, one, place, justified=one == officers[0]) for one in officers))
        (judged,) = [one.json() for one in said if one.status_code == 200]
        assert sorted(one.status_code for one in said) == [200, 409, 409, 409]
        (record,) = [one for one in await site.records() if one["event"] == "alert.reviewed"]
        stored = await GlassStore(site.gateway.site.engine).get(record["tenant"], lent["id"])
        assert stored is not None
        assert (stored.reviewed_by, stored.justified) == (record["actor"], judged["justified"])
        assert stored.version == 1


async def test_a_review_that_another_change_came_before_is_on_no_record(
    sqlite_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ManualClock()
    async with emergency(sqlite_settings, tmp_path, clock=clock) as site:
        key = await site.key("volunteer", owner="ada", kind="person")
        officer = await site.key("privacy", owner="eve", kind="person")
        lent = (await post(site, key, "/break-glass", role="clinician", minutes=5)).json()
        clock.advance(301)
        read = GlassStore.get

        async def overtaken(self: GlassStore, tenant: str, glass_id: str) -> Any:
            found = await read(self, tenant, glass_id)
            assert found is not None
            assert await self.change(found, found)
            return found

        monkeypatch.setattr(GlassStore, "get", overtaken)
        refused = await post(site, officer, f"/break-glass/{lent['id']}/review", justified=True)
        assert refused.status_code == 409
        assert "alert.reviewed" not in [one["event"] for one in await site.records()]
