"""Care that goes on while the database is away, on a ledger of the node's own, which is stitched in afterwards."""

import asyncio
import io
import json
import sqlite3
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.bootstrap import open_gateway, open_site
from gateway.core.errors import VerificationError
from gateway.core.refusal import Refusal
from gateway.evidence.manifest import Manifest
from gateway.evidence.selection import Selection
from gateway.evidence.verify import judge
from gateway.exchange.audit_scribe import Reader
from gateway.exchange.auditor import Away
from gateway.exchange.following import Gone
from gateway.exchange.scoping import Asked
from gateway.ledger.record import EVENTS
from gateway.settings import Settings
from gateway.store.search import Filters
from tests.services import Postgres
from tests.system.emergencies import AGENTS, away, care, copied, emergency, impatient, until
from tests.system.installation import Installation, installation
from tests.system.kit import PUBLIC, code
from tests.system.load import ask
from tests.system.processes import WAIT_S, child, serve_until
from tests.system.site import System, system
from tests.system.test_ledger_gone import _closed as closed


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    impatient(monkeypatch)


def emergency_records(site: System, ledger: str) -> list[dict[str, Any]]:
    """The envelopes on the emergency ledger that is under way, over a connection of the test's own."""
    (path,) = (Path(site.gateway.site.settings.base) / "emergency").glob("em_*.db")
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        rows = connection.execute("SELECT bytes FROM record WHERE tenant = ? ORDER BY seq", (ledger,)).fetchall()
    finally:
        connection.close()
    return [json.loads(row[0]) for row in rows]


async def test_care_goes_on_and_all_else_stops_and_afterwards_all_of_it_verifies_as_one(
    sqlite_settings: Settings,
) -> None:
    async with system(sqlite_settings, agents=AGENTS, emergency=emergency(sqlite_settings)) as site:
        key = await site.key("clerk")
        ledger = site.gateway.site.tenants["default"].ledger
        await care(site, key)
        clinician = await site.key("clinician")
        assert (await care(site, clinician, NOTE, "patient-17")).status_code == 200
        await copied(site)
        known = {record["emergency"]: record["key"] for record in await site.records() if "emergency" in record}
        seen: list[list[str]] = []

        async def look_up(headers: dict[str, str]) -> None:
            """Before it answers: what is on record of this request?"""
            trace = headers["traceparent"].split("-")[1]
            found = [one for one in emergency_records(site, ledger) if one.get("trace") == trace]
            seen.append([one["event"] for one in found])

        site.agents["ward"].on_request = look_up
        before = len(site.agents["ward"].received)
        async with away(sqlite_settings):
            await until(site, "serving", lambda: care(site, key))
            ready = await site.http.get("/readyz")
            assert (ready.status_code, ready.json()["status"], ready.json()["emergency"]) == (
                200,
                "emergency",
                "serving",
            )
            cared = await care(site, key)
            assert (cared.status_code, cared.headers["x-ledger"]) == (200, "emergency"), cared.text
            assert cared.headers["x-routed-agent"] == "ward"  # not the cloud, which is asked first otherwise
            about = await care(site, clinician, NOTE, "patient-17")
            assert (about.status_code, about.headers["x-ledger"]) == (200, "emergency"), about.text
            refused = await site.chat(key, PUBLIC, model="summarize")
            assert (refused.status_code, code(refused)) == (503, "emergency_unserved")
            assert 'gateway_emergency_state{state="serving"} 1.0' in (await site.http.get("/metrics")).text
        assert seen
        assert all(events == ["exchange.requested"] for events in seen)
        assert len(seen) == len(site.agents["ward"].received) - before
        await until(site, "standing")
        after = await care(site, key)
        assert (after.status_code, "x-ledger" in after.headers) == (200, False)
        (stitched,) = [one for one in await site.records() if one["event"] == "emergency.stitched"]
        assert known[stitched["emergency"]] == stitched["key"]
        assert stitched["began"] <= stitched["ended"] < stitched["recorded_at"]
        await _is_found(site, cared.headers["x-exchange-id"], stitched)
        subject = await _is_told(site, about.headers["x-exchange-id"], stitched["emergency"])
        assert await _counted(site, stitched["emergency"]) == stitched["range"][1]
        assert await _followed(site, stitched) == [(stitched["emergency"], seq) for seq in range(stitched["range"][1])]
        await _is_bundled(site, about.headers["x-exchange-id"], subject, stitched)
        verdict = await site.gateway.auditors["default"].verify(Reader())
        assert verdict.failure is None
        assert [one.id for one in verdict.emergencies] == [stitched["emergency"]]
        assert (verdict.emergency_records, verdict.absent) == (stitched["range"][1], ())
        assert not list((Path(sqlite_settings.base) / "emergency").glob("em_*"))
        file = site.gateway.site.emergency_files.file(ledger, stitched["emergency"])
        assert file is not None
        held = file.read_bytes()
        file.write_bytes(held.replace(b'"outcome":{"', b'"outcomE":{"', 1))
        broken = await site.gateway.auditors["default"].verify(Reader())
        assert stitched["emergency"] in (broken.failure or "")
        file.write_bytes(held)
        moved = file.rename(file.with_suffix(".moved"))
        assert (await site.gateway.auditors["default"].verify(Reader())).absent == (stitched["emergency"],)
        auditor = {"authorization": f"Bearer {await site.key('auditor')}"}
        gone = await site.http.get(f"/audit/exchanges/{cared.headers['x-exchange-id']}", headers=auditor)
        assert (gone.status_code, stitched["emergency"] in gone.text) == (410, True)
        page = await site.http.get("/audit/records", headers=auditor)
        assert page.json()["emergencies"] == [stitched["emergency"]]
        assert {one["emergency"] for one in page.json()["records"]} == {None}
        stream = await site.http.get("/audit/records", headers={**auditor, "accept": "text/csv"})
        assert stream.headers["x-emergencies"] == stitched["emergency"]
        for lost in (f"exchange:{cared.headers['x-exchange-id']}", f"subject:{subject}"):
            found = await site.gateway.auditors["default"].select(Asked(about=lost))
            if lost.startswith("exchange"):
                assert isinstance(found, Refusal)
                assert (found.code, stitched["emergency"] in (found.hint or "")) == ("archived", True)
            else:  # of whom there is more on the main ledger: the range holds what names the file that is away
                assert isinstance(found, Selection)
                assert found.first <= stitched["seq"]
        assert await _counted(site, stitched["emergency"]) == "not at hand"
        assert await _followed(site, stitched) == [Away((stitched["emergency"],))]
        refused = await site.http.get("/audit/disclosures?from=2020-01-01&to=2100-01-01", headers=auditor)
        assert (refused.status_code, stitched["emergency"] in refused.text) == (410, True)
        with pytest.raises(VerificationError):
            await site.gateway.site.lying_in([Path(sqlite_settings.base) / "gateway.db"])
        elsewhere = await site.gateway.site.auditor("default", *await site.gateway.site.lying_in([moved]))
        assert len(await elsewhere.exchange(Reader(), cared.headers["x-exchange-id"])) == 2


async def _counted(site: System, emergency: str) -> int | str:
    """How many of its records are in the figures of a report of a period."""
    by = {"authorization": f"Bearer {await site.key('privacy', kind='person')}"}
    wanted = {"kind": "period", "from": "2020-01-01", "to": "2100-01-01", "format": "json"}
    report = await site.http.post("/evidence/reports", json=wanted, headers=by)
    assert report.status_code == 200, report.text
    blocks = next(one for one in report.json()["sections"] if one["id"] == "coverage")["blocks"]
    ((name, *_, told),) = next(one["rows"] for one in blocks if one.get("caption") == "Emergency ledgers")
    assert name == emergency
    assert ["Records of emergency ledgers, counted too", 0 if isinstance(told, str) else told] in blocks[1]["rows"]
    return told  # type: ignore[no-any-return]  # a number or a text


async def _followed(site: System, stitched: dict[str, Any]) -> list[tuple[str | None, int] | Away]:
    """What comes on record right before the record that stitches it in."""
    found: list[tuple[str | None, int] | Away] = []
    tail = site.gateway.auditors["default"].tail(Reader(), Filters(), after=stitched["seq"] - 1)
    async with aclosing(tail) as lots:
        async for lot in lots:
            if isinstance(lot, Away):
                found.append(lot)
            elif not isinstance(lot, int | Gone):
                own = [(hit.stored.emergency, hit.stored.seq) for hit in lot]
                if own[0] == (None, stitched["seq"]):
                    break
                found += own
    return found


async def _is_bundled(site: System, exchange: str, subject: str, stitched: dict[str, Any]) -> None:
    """In bundles of the exchange, of the person, and of a period that ended before it was stitched in."""
    for asked, selected, others in (
        (Asked(about=f"exchange:{exchange}"), 2, 0),
        (Asked(about=f"subject:{subject}"), 2, 2),
        (Asked(period=(stitched["began"], stitched["ended"])), stitched["range"][1] - 2, 0),  # its end, its checkpoint
    ):
        auditor, file = site.gateway.auditors["default"], io.BytesIO()
        selection = await auditor.select(asked)
        assert isinstance(selection, Selection), selection
        made = await auditor.export(Reader(), selection, file)
        assert isinstance(made, Manifest), made
        who = await site.gateway.site.signing("default").load()
        report = judge(file, who.signer.verifier.vkey).demanded()
        (found,) = report.emergencies
        assert (found["id"], found["seq"], found["held"]) == (stitched["emergency"], stitched["seq"], True)
        assert (found["selected"], found["opened"] > 0, found["commitment_only"]) == (selected, True, 0)
        assert report.selected >= others


async def _is_told(site: System, exchange: str, emergency: str) -> str:
    """To the person whom it was about, in an access and in accountings, beside what went over the main ledger."""
    by = {"authorization": f"Bearer {await site.key('privacy', kind='person')}"}
    asked = {"identifier": "patient-17", "identity": "passport seen", "reason": "asked for it"}
    told = (await site.http.post("/subjects/access", json=asked, headers=by)).json()
    assert told["emergencies"] == []
    own = [row for row in told["records"] if row["emergency"] == emergency]
    assert [(row["event"], row["exchange"]) for row in own] == [
        ("exchange.requested", exchange),
        ("exchange.completed", exchange),
    ]
    assert told["recipients"][0]["agent"] == "ward"
    period = f"from=2020-01-01&to=2100-01-01&subject={told['subject']}"
    listed = (await site.http.get(f"/audit/disclosures?{period}", headers=by)).text.splitlines()
    rows = [json.loads(line) for line in listed]
    assert [(row["emergency"], row["exchange"] == exchange) for row in rows] == [(None, False), (emergency, True)]
    assert rows[1]["subjects"] == [told["subject"]]
    wanted = {"kind": "disclosures", "from": "2020-01-01", "to": "2100-01-01", "subject": told["subject"]}
    report = await site.http.post("/evidence/reports", json={**wanted, "format": "json"}, headers=by)
    assert report.status_code == 200, report.text
    assert "there were 2, which are not listed" in report.text  # for treatment: one on each ledger
    return str(told["subject"])


async def _is_found(site: System, exchange: str, stitched: dict[str, Any]) -> None:
    """By its id, and by a search, over the API."""
    auditor = {"authorization": f"Bearer {await site.key('auditor')}"}
    shown = (await site.http.get(f"/audit/exchanges/{exchange}", headers=auditor)).json()
    assert [one["record"]["event"] for one in shown["records"]] == ["exchange.requested", "exchange.completed"]
    assert {one["emergency"] for one in shown["records"]} == {stitched["emergency"]}
    assert shown["records"][0]["detail"]["subject"] == "tester"
    (told,) = shown["emergencies"]
    assert (told["id"], told["key"], told["stitched"], told["held"]) == (
        stitched["emergency"],
        stitched["key"],
        stitched["seq"],
        True,
    )
    found = (await site.http.get(f"/audit/records?exchange={exchange}&order=asc", headers=auditor)).json()
    assert (found["records"], found["emergencies"]) == (shown["records"], [])


NOTE = "Mr. John Carter, MRN 4481920, was diagnosed with diabetes."
STEPS = ("intent.recorded", "emergency.before_file", "emergency.after_file", "emergency.after_record")


async def test_killed_at_any_step_an_emergency_is_stitched_in_once_by_the_next_start(sqlite_settings: Settings) -> None:
    """Killed with an exchange open in it, and at each step of its end: the next start finds all of it."""
    section = emergency(sqlite_settings, capabilities=["summarize"])
    async with installation(sqlite_settings, emergency=section) as there:
        async with open_site(there.settings) as site:  # the caller was known before
            await site.directory.actor(site.tenants["default"].ledger, "tester")
        for number, point in enumerate(STEPS, 1):
            await _killed(there, point)
            async with open_gateway(there.settings) as gateway:
                found = await gateway.auditors["default"].verify(Reader())
                assert (found.failure, found.absent, len(found.emergencies)) == (None, (), number)
                assert gateway.emergency is not None
                assert gateway.emergency.figures().left == 0
                newest = gateway.site.emergency_files.file(
                    gateway.site.tenants["default"].ledger, found.emergencies[-1].id
                )
            assert newest is not None
            events = [event for event in EVENTS if f'"event":"{event}"'.encode() in newest.read_bytes()]
            ended = "exchange.interrupted" if point == "intent.recorded" else "exchange.completed"
            assert {"emergency.began", "exchange.requested", ended, "emergency.ended"} <= set(events)


async def _killed(there: Installation, point: str) -> None:
    """A gateway that goes into an emergency, and is killed at a step."""
    async with child(serve_until, there.file, point, 1, "kill") as gateway:
        url = await gateway.told()
        async with httpx.AsyncClient(base_url=url, timeout=WAIT_S) as client:
            async with away(there.settings):
                await _until_serving(client, there.key)
                if point == STEPS[0]:
                    assert await ask(client, there.key, "streamed", "1" * 32) is None
                    assert await gateway.told() == point
                    await gateway.dead()
                else:
                    assert await ask(client, there.key, "streamed", "1" * 32) is not None
            if point != STEPS[0]:
                assert await gateway.told() == point
                await gateway.dead()


async def _until_serving(client: httpx.AsyncClient, key: str) -> None:
    async with asyncio.timeout(WAIT_S):
        while True:
            state = (await client.get("/readyz")).json()["emergency"]
            if state == "serving":
                return
            answered = await ask(client, key, "denied", "2" * 32)  # which tells the ledgers that the database is away
            assert answered is None or answered.status in (403, 503)
            await asyncio.sleep(0.2)


@pytest.mark.postgres
async def test_a_postgresql_that_is_gone_and_comes_back_has_the_emergency_stitched_in(
    postgres_server: Postgres, postgres_settings: Settings
) -> None:
    async with system(postgres_settings, agents=AGENTS, emergency=emergency(postgres_settings)) as site:
        key = await site.key("clerk")
        await care(site, key)
        await copied(site)
        async with closed(postgres_server, postgres_settings):
            await until(site, "serving", lambda: care(site, key))
            assert (await care(site, key)).status_code == 200
            assert (await site.chat(key, PUBLIC, model="summarize")).status_code == 503
        await until(site, "standing")
        assert "x-ledger" not in (await care(site, key)).headers
        verdict = await site.gateway.auditors["default"].verify(Reader())
        assert (verdict.failure, len(verdict.emergencies), verdict.absent) == (None, 1, ())
        system_verdict = await site.gateway.auditors["_system"].verify(Reader())
        assert (system_verdict.failure, len(system_verdict.emergencies)) == (None, 1)
