"""Bundles by the calendar over the API: listed with their state, and made again on record by who may."""

from pathlib import Path

import pytest

from gateway.settings import Settings
from gateway.store.scheduled import DELIVERED, FAILED, MISSED, ScheduledStore
from tests.store.test_scheduled import period
from tests.web.kit import audited

BEGAN_US, UNTIL_US = 1_790_812_800_000_000, 1_793_491_200_000_000  # October 2026


@pytest.fixture
def monthly(sqlite_settings: Settings) -> list[dict[str, object]]:
    return [{"id": "monthly", "every": "monthly", "directory": str(Path(sqlite_settings.base))}]


async def test_periods_are_listed_and_one_is_had_again_on_record(
    sqlite_settings: Settings, monthly: list[dict[str, object]]
) -> None:
    async with audited(sqlite_settings, schedule=monthly) as api:
        site = api.site.gateway.site
        store, ledger = ScheduledStore(site.engine), site.tenants["default"].ledger
        given_up = period(
            "1999-10", BEGAN_US, until_us=UNTIL_US, tenant=ledger, state=FAILED, code="disk_full", tries=9
        )
        assert await store.add(given_up)
        assert await store.add(period("1999-09", 0, until_us=1, tenant=ledger, state=MISSED))
        assert await store.add(period("1999-W01", 0, until_us=1, tenant=ledger, schedule="gone", state=DELIVERED))
        listed = (await api.get("/evidence/schedules")).json()["schedules"]
        (one,) = [row for row in listed if row["period"] == "1999-10"]
        assert (one["schedule"], one["tenant"], one["state"], one["code"], one["tries"]) == (
            *("monthly", "default", "failed", "disk_full"),
            9,
        )
        assert (one["due"], one["delivered"]) == ("2026-11-01T00:00:00.000000Z", None)
        assert "1999-W01" in [row["period"] for row in listed if row["schedule"] == "gone"]
        path = "/evidence/schedules/monthly/1999-10/again"
        asked = await api.post(path, {"reason": "the share was lost"})
        assert asked.status_code == 202, asked.text
        bundle = asked.json()["bundle"]
        assert asked.json() == {"schedule": "monthly", "period": "1999-10", "bundle": bundle}
        (told,) = await site.reader("default").exchange(asked.headers["x-exchange-id"])
        assert b'"actor_kind":"service"' in told.envelope
        assert b'"event":"audit.exported"' in told.envelope
        assert b'"reason":"the share was lost"' in (told.detail or b"")
        assert bundle.encode() in (told.detail or b"")


async def test_what_cannot_be_had_again_says_why_and_changes_nothing(
    sqlite_settings: Settings, monthly: list[dict[str, object]]
) -> None:
    async with audited(sqlite_settings, schedule=monthly) as api:
        site = api.site.gateway.site
        store, ledger = ScheduledStore(site.engine), site.tenants["default"].ledger
        missed = period("1999-09", 0, until_us=1, tenant=ledger, state=MISSED)
        assert await store.add(missed)
        because = {"reason": "because"}
        for path, body, status, field in (
            ("monthly/1999-09", because, 409, None),
            ("monthly/1999-08", because, 404, "period"),
            ("none/1999-09", because, 404, "schedule"),
            ("monthly/1999-09", {"reason": ""}, 400, "reason"),
            ("monthly/1999-09", {"reason": "x" * 1_001}, 400, "reason"),
            ("monthly/1999-09", {}, 400, "reason"),
            ("monthly/1999-09", {"reason": "because", "more": 1}, 400, ""),
        ):
            answer = await api.post(f"/evidence/schedules/{path}/again", body)
            assert answer.status_code == status, answer.text
            assert answer.json().get("field") == field, answer.text
        assert await store.get(ledger, "monthly", "1999-09") == missed
        clerk = await api.site.key("clinician")
        for method, path in (("GET", ""), ("POST", "/monthly/1999-09/again")):
            denied = await api.site.http.request(
                method, f"/evidence/schedules{path}", json=because, headers={"authorization": f"Bearer {clerk}"}
            )
            assert denied.status_code == 403
