"""Reviews over the API: drawn, shown to people who did not send it, judged, and told as a rate, each on record."""

import asyncio
import io
import json
from pathlib import Path

import pyrage
import pytest

from gateway.evidence import bag
from gateway.evidence.container import Container
from gateway.evidence.verify import judge
from gateway.settings import Settings
from tests.system.kit import PUBLIC, policies
from tests.system.site import System, system

KEPT = (
    "p, 1, role:user, class:public, zone:in-house, chat, purpose:*, always, allow, keep-content:30, kept, "
    '"Kept for a month."'
)
AGENTS = {"ward": {"zone": "in-house"}}
PERIOD = {"from": "2020-01-01", "to": "2100-01-01"}
NICK = "Ask for the one they call Sunflower."


async def _judge(site: System, owner: str, role: str = "privacy") -> dict[str, str]:
    return {"authorization": f"Bearer {await site.key(role, owner=owner, kind='person')}"}


async def test_from_the_draw_to_the_rate(database: Settings, tmp_path: Path) -> None:
    async with system(database, agents=AGENTS, policy=policies(tmp_path, KEPT)) as site:
        clerk = await site.key("clerk", owner="ada", kind="person")
        for text in (NICK, PUBLIC):
            assert (await site.chat(clerk, text, model="ward")).status_code == 200
        eve, ada = await _judge(site, "eve"), await _judge(site, "Ada")
        drawn = await site.http.post("/reviews", json={**PERIOD, "size": 9}, headers=eve)
        assert (drawn.status_code, drawn.json()["population"]) == (201, {"in-house": 2})
        path = f"/reviews/{drawn.json()['id']}"

        seen = await site.http.get(f"{path}/items/0", headers=eve)
        assert (seen.status_code, seen.json()["place"], seen.headers["cache-control"]) == (200, 1, "no-store")
        items = [(await site.http.get(f"{path}/items/{place}", headers=eve)).json() for place in (1, 2)]
        assert {part["text"] for one in items for part in one["parts"]} >= {NICK, PUBLIC}
        own = await site.http.get(f"{path}/items/1", headers=ada)
        assert (own.status_code, own.json()["type"]) == (403, "urn:gateway:problem:approver_barred")
        assert NICK not in own.text

        first = await site.http.post(f"{path}/items/1/mark", json={"missed": {"person": 1}}, headers=eve)
        assert first.json() == {"review": drawn.json()["id"], "place": 1, "number": 1, "outcome": "missed"}
        again = await site.http.post(f"{path}/items/1/mark", json={"missed": {}}, headers=eve)
        assert (again.status_code, again.json()["type"]) == (403, "urn:gateway:problem:approver_barred")
        assert (await site.http.post(f"{path}/items/2/mark", json={"missed": {}}, headers=eve)).status_code == 200

        auditor = {"authorization": f"Bearer {await site.key('auditor')}"}
        (sample,) = (await site.http.get(f"{path}/rate", headers=auditor)).json()["samples"]
        assert (sample["messages"]["rate"], sample["exchanges"], sample["judged"]) == ("0.5000", 2, 2)
        progress = (await site.http.get(path, headers=auditor)).json()
        assert (progress["judged"], progress["open"]) == (2, [])
        assert (await site.http.get("/reviews", headers=auditor)).json() == {"reviews": [progress]}
        assert (await site.http.get(f"{path}/items/1", headers=auditor)).status_code == 403
        records = await site.records()
        told = [one["event"] for one in records if one["event"].startswith(("review.", "content."))]
        assert told == ["review.sampled", *["content.revealed"] * 3, "review.marked", "review.marked"]
        assert "Sunflower" not in str(records)


async def test_a_program_with_the_role_is_shown_nothing(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with system(sqlite_settings, agents=AGENTS, policy=policies(tmp_path, KEPT)) as site:
        assert (await site.chat(await site.key("clerk"), NICK, model="ward")).status_code == 200
        robot = {"authorization": f"Bearer {await site.key('privacy', owner='robot')}"}
        drawn = (await site.http.post("/reviews", json={**PERIOD, "size": 1}, headers=robot)).json()
        refused = await site.http.get(f"/reviews/{drawn['id']}/items/1", headers=robot)
        assert (refused.status_code, "Sunflower" in refused.text) == (403, False)
        (record,) = await site.trail(refused.headers["x-exchange-id"])
        assert (record["event"], record["outcome"]["code"]) == ("exchange.denied", "role_required")


OF_ANOTHER_FORM = [
    b"",
    b"{}",
    b'{"from":"swordfish","to":"2100-01-01","size":1}',
    b'{"from":"2020-01-01","to":"2100-01-01","size":"1"}',
    b'{"from":"2020-01-01","to":"2100-01-01","size":0}',
    b'{"from":"2020-01-01","to":"2100-01-01","size":1,"seed":"sword fish"}',
    b'{"from":"2020-01-01","to":"2100-01-01","size":1,"swordfish":1}',
]


async def test_a_body_of_another_form_is_refused_and_not_quoted(
    sqlite_settings: Settings, subtests: pytest.Subtests
) -> None:
    async with system(sqlite_settings, agents=AGENTS) as site:
        for body in OF_ANOTHER_FORM:
            with subtests.test(body=body):
                eve = await _judge(site, "eve")
                refused = await site.http.post("/reviews", content=body, headers=eve)
                assert (refused.status_code, "sword" in refused.text) == (400, False)
                assert (
                    await site.http.post("/reviews/swordfish/items/1/mark", content=body, headers=eve)
                ).status_code == 400
                assert (await site.http.get("/reviews/swordfish/items/1", headers=eve)).status_code == 404


async def test_a_bundle_about_an_incident_that_a_review_opened_holds_what_left(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    """From the message to what an auditor is given: sent, kept, judged by a person, an incident, asked for by its id,
    encrypted, opened and verified."""
    identity = pyrage.x25519.Identity.generate()
    opens = {"miss_opens_incident": True}
    async with system(sqlite_settings, agents=AGENTS, classification=opens, policy=policies(tmp_path, KEPT)) as site:
        clerk = await site.key("clerk", owner="ada", kind="person")
        await site.chat(clerk, PUBLIC, model="ward")
        sent = (await site.chat(clerk, NICK, model="ward")).headers["x-exchange-id"]
        await site.chat(clerk, PUBLIC, model="ward")
        eve = await _judge(site, "eve")
        drawn = (await site.http.post("/reviews", json={**PERIOD, "size": 9}, headers=eve)).json()["id"]
        for place in (1, 2, 3):
            shown = await site.http.get(f"/reviews/{drawn}/items/{place}", headers=eve)
            missed = {"person": 1} if NICK in shown.text else {}
            marked = await site.http.post(f"/reviews/{drawn}/items/{place}/mark", json={"missed": missed}, headers=eve)
            assert marked.status_code == 200
        (incident,) = (await site.http.get("/incidents", headers=eve)).json()["incidents"]
        assert incident["exchange"] == sent
        closing = {"disposition": "no_breach", "reason": "It stayed in the house."}
        closed = await site.http.post(f"/incidents/{incident['id']}/close", json=closing, headers=eve)
        assert closed.status_code == 200

        auditor = {"authorization": f"Bearer {await site.key('auditor')}"}
        to = [str(identity.to_public())]
        wanted = {"about": f"incident:{incident['id']}", "recipients": to, "attach": ["reports", "reports-pdf"]}
        asked = await site.http.post("/evidence/bundles", json=wanted, headers=auditor)
        path = asked.headers["location"]
        while (made := (await site.http.get(path, headers=auditor)).json())["status"] == "building":  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        assert made["status"] == "ready", made
        fetched = await site.http.get(f"{path}/download", headers=auditor)
        clear = pyrage.decrypt(fetched.content, [identity])
        installation = site.gateway.site
        vkey = installation.keyring.verifier_key(installation.tenants["default"].origin)
        report = judge(io.BytesIO(clear), vkey).demanded()
        records = await site.records()

    about = [seq for seq, one in enumerate(records) if one.get("exchange") == sent]
    events = [records[seq]["event"] for seq in about]
    assert events == ["exchange.requested", "exchange.completed", "incident.opened"]
    (closing_record,) = [seq for seq, one in enumerate(records) if one["event"] == "incident.closed"]
    assert records[closing_record]["incident"] == records[about[-1]]["id"] == incident["id"]
    box = Container(io.BytesIO(clear))
    opened = [json.loads(line)["seq"] for line in box.lines(bag.DETAILS, bag.MAX_DETAIL)]
    assert opened == [*about, closing_record]
    assert (report.first, report.selected, report.commitment_only) == (about[0], 4, 0)
    assert report.scope is not None
    assert {"data/reports/breach.json", "data/reports/breach.pdf"} <= set(report.attachments)
    assert b"Sunflower" not in clear, "what was sent is not in it"
