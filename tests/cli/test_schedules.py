"""`gateway evidence schedules`: what came of each period, when the next is due, and who had one made again."""

import asyncio
from pathlib import Path

import msgspec

from gateway.bootstrap import open_site
from gateway.settings import load
from gateway.store.scheduled import DELIVERED, DUE, FAILED, Scheduled, ScheduledStore
from tests.cli.kit import Run
from tests.store.test_scheduled import period

TABLE = '\n[[schedule]]\nid = "monthly"\nevery = "monthly"\ndirectory = "."\n'
UNTIL_US = 1_793_491_200_000_000  # 2026-11-01


def with_schedule(site: Path, table: str = TABLE) -> None:
    with (site / "gateway.toml").open("a") as file:
        file.write(table)


async def keep(site: Path, *some: Scheduled) -> None:
    """As a gateway that serves would have left them."""
    async with open_site(load(site / "gateway.toml")) as opened:
        ledger = opened.tenants["default"].ledger
        for one in some:
            assert await ScheduledStore(opened.engine).add(msgspec.structs.replace(one, tenant=ledger))


async def kept(site: Path, label: str) -> Scheduled | None:
    async with open_site(load(site / "gateway.toml")) as opened:
        return await ScheduledStore(opened.engine).get(opened.tenants["default"].ledger, "monthly", label)


def row(label: str, **fields: object) -> Scheduled:
    return period(label, 0, until_us=UNTIL_US, **fields)


def test_what_came_of_each_period_is_told(site: Path, gateway: Run) -> None:
    assert gateway("evidence", "schedules").out == "nothing is scheduled\n"
    with_schedule(site)
    (first,) = gateway("evidence", "schedules", "--json").data["schedules"]
    assert (first["schedule"], first["tenant"], first["state"]) == ("monthly", "default", "not begun")
    done = {"bundle": "ev_1", "digest": "ab", "ended_us": UNTIL_US}
    asyncio.run(keep(site, row("2026-10", state=DELIVERED, **done), row("2026-W01", schedule="gone")))
    gone, made = gateway("evidence", "schedules", "--tenant", "default", "--json").data["schedules"]
    assert (gone["schedule"], gone["state"]) == ("gone", "not configured")
    assert (made["period"], made["state"], made["due"], made["delivered"]) == (
        "2026-10",
        "delivered",
        "2026-11-01T00:00:00.000000Z",
        "2026-11-01T00:00:00.000000Z",
    )
    assert (made["bundle"], made["sha256"]) == ("ev_1", "ab")
    assert "2026-10" in gateway("evidence", "schedules").out
    assert gateway("evidence", "schedules", "--tenant", "_system", "--json").data == {"schedules": []}


def test_a_person_has_one_made_and_delivered_again_on_record(site: Path, gateway: Run) -> None:
    again = ("evidence", "schedules", "--reason", "the share was lost", "--again", "monthly", "--period")
    assert gateway(*again, "2026-10").code == 2, "no such schedule"
    with_schedule(site)
    assert gateway("evidence", "schedules", "--again", "monthly").code == 2
    assert gateway(*again, "2026-10").code == 1, "no such period"
    asyncio.run(keep(site, row("2026-10", state=FAILED, tries=9, code="disk_full", bundle="ev_1", builds=5)))
    done = gateway(*again, "2026-10", "--json")
    assert done.code == 0, done.err
    (made,) = gateway("evidence", "schedules", "--json").data["schedules"]
    assert (made["state"], made["tries"], made["code"], made["bundle"]) == ("due", 0, None, done.data["bundle"])
    (found,) = gateway("audit", "query", "--event", "audit.exported", "--outcome", "due", "--json").data["records"]
    assert found["record"]["actor_kind"] == "person"
    assert found["detail"]["reason"] == "the share was lost"
    assert found["detail"]["query"]["period"] == "2026-10"


def test_what_waits_for_its_next_try_is_tried_at_once_on_record(site: Path, gateway: Run) -> None:
    with_schedule(site)
    waits = {"state": DUE, "tries": 9, "code": "directory_missing", "bundle": "ev_1", "builds": 2, "next_us": UNTIL_US}
    asyncio.run(keep(site, row("2026-10", **waits), row("2026-11")))
    again = ("evidence", "schedules", "--reason", "it is mounted", "--again", "monthly", "--period")
    assert gateway(*again, "2026-11").code == 1, "it is not over"
    assert gateway(*again, "2026-10", "--json").data["bundle"] == "ev_1"
    found = asyncio.run(kept(site, "2026-10"))
    assert found is not None
    assert (found.next_us, found.tries, found.bundle, found.builds) == (0, 9, "ev_1", 2)
    (record,) = gateway("audit", "query", "--event", "audit.exported", "--outcome", "due", "--json").data["records"]
    assert (record["detail"]["reason"], record["detail"]["query"]["bundle"]) == ("it is mounted", "ev_1")
