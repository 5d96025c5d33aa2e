"""`gateway audit forwards`: how far each destination is, and who had it go on from elsewhere, on record."""

import asyncio
from pathlib import Path

from gateway.bootstrap import open_site
from gateway.exchange.forward_record import ForwardScribe
from gateway.ledger.emergency import STITCHED
from gateway.settings import load
from gateway.store.forwarding import PASSED, Cursor, ForwardStore, begun
from tests.cli.kit import Run
from tests.store.kit import entry

TABLE = '\n[[forward]]\nid = "siem"\nkind = "syslog"\nurl = "tls://siem.example.org"\ntenants = ["default"]\n'


async def begin(directory: Path, forward: str = "siem") -> None:
    """As a gateway that serves would begin."""
    async with open_site(load(directory / "gateway.toml")) as site:
        ledger = site.tenants["default"].ledger
        cursor = Cursor(tenant=ledger, forward=forward, next_seq=0, changed_us=1)
        entry = ForwardScribe(site.clock, site.node).entry("forward.started", cursor, begun(cursor), first=0, end=0)
        assert await (await site.writer("default")).submit(entry) is not None
        found = await ForwardStore(site.engine).fails(cursor, "connect_failed", 1_795_482_123_000_004)
        assert found is not None


async def stitch(directory: Path) -> int:
    """The number of a record that stitches in an emergency ledger."""
    async with open_site(load(directory / "gateway.toml")) as site:
        writer = await site.writer("default")
        return (await writer.append(entry(STITCHED, ledger=writer.tenant, us=site.clock.now_us()))).seq


async def passed(directory: Path) -> int:
    """How many records of what comes before its place it is said to have."""
    async with open_site(load(directory / "gateway.toml")) as site:
        found = await ForwardStore(site.engine).get(site.tenants["default"].ledger, "siem")
        assert found is not None
        return found.emergency_seq


def test_how_far_each_is_is_told(site: Path, gateway: Run) -> None:
    assert gateway("audit", "forwards").out == "nothing is forwarded\n"
    with (site / "gateway.toml").open("a") as file:
        file.write(TABLE)
    (row,) = gateway("audit", "forwards", "--json").data["forwards"]
    assert (row["forward"], row["tenant"], row["state"], row["next"]) == ("siem", "default", "not begun", None)
    asyncio.run(begin(site))
    asyncio.run(begin(site, "gone"))
    gone, siem = gateway("audit", "forwards", "--json", "--tenant", "default").data["forwards"]
    assert (gone["forward"], gone["state"]) == ("gone", "not configured")
    assert (siem["state"], siem["next"], siem["since"]) == (
        "takes nothing: connect_failed",
        0,
        "2026-11-24T01:02:03.000004Z",
    )
    assert siem["lag"] >= 2
    assert "takes nothing: connect_failed" in gateway("audit", "forwards").out
    assert gateway("audit", "forwards", "--tenant", "_system", "--json").data == {"forwards": []}


def test_a_person_has_it_go_on_from_elsewhere_on_record(site: Path, gateway: Run) -> None:
    with (site / "gateway.toml").open("a") as file:
        file.write(TABLE)
    reset = ("audit", "forwards", "--reset", "siem", "--reason", "a poisoned record", "--to")
    assert gateway(*reset, 1).code == 1, "nothing was forwarded yet"
    asyncio.run(begin(site))
    assert gateway(*reset, 99).code == 2
    assert gateway("audit", "forwards", "--reset", "siem").code == 2
    done = gateway(*reset, 1, "--json")
    assert (done.code, done.data) == (0, {"forward": "siem", "tenant": "default", "from": 0, "to": 1})
    (row,) = gateway("audit", "forwards", "--json").data["forwards"]
    assert (row["next"], row["state"]) == (1, "ok")
    assert gateway(*reset, 0).code == 0
    found = gateway("audit", "query", "--event", "forward.reset", "--order", "asc", "--json").data["records"]
    assert [one["record"]["outcome"]["code"] for one in found] == ["skipped", "again"]
    assert [one["record"]["range"] for one in found] == [[0, 1], [0, 1]]
    assert found[0]["record"]["actor_kind"] == "person"
    assert found[0]["detail"]["reason"] == "a poisoned record"


def test_from_a_record_that_stitches_in_an_emergency_ledger_that_is_passed_over_and_from_before_it_is_not(
    site: Path, gateway: Run
) -> None:
    with (site / "gateway.toml").open("a") as file:
        file.write(TABLE)
    asyncio.run(begin(site))
    place = asyncio.run(stitch(site))
    for to, own in ((place, PASSED), (place, PASSED), (place - 1, 0)):
        assert gateway("audit", "forwards", "--reset", "siem", "--reason", "its disk is lost", "--to", to).code == 0
        assert asyncio.run(passed(site)) == own
    found = gateway("audit", "query", "--event", "forward.reset", "--order", "asc", "--json").data["records"]
    assert [one["record"]["outcome"]["code"] for one in found] == ["skipped", "again", "again"]
