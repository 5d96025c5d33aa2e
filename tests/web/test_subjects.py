"""The API of data subjects' rights takes what it says it takes, quotes no identifier back, and keeps the rest out."""

import json

import pytest

from gateway.settings import Settings
from tests.system.site import system

SECRET = "swordfish-4711"
BAD = [
    b"",
    b"[]",
    b'{"subject":1}',
    b'{"identifier":"swordfish-4711","kind":"No Kind","reason":"x","restricted":true,"seq":1,"links":[]}',
    b'{"swordfish-4711":1}',
]
PATHS = ("show", "link", "merge", "split", "restriction", "rectification", "hold", "erasure", "access")


async def test_a_body_of_another_form_is_refused_and_not_quoted(
    sqlite_settings: Settings, subtests: pytest.Subtests
) -> None:
    async with system(sqlite_settings, agents={"ward": {"zone": "in-house"}}) as site:
        for body in BAD:
            with subtests.test(body=body):
                headers = {"authorization": f"Bearer {await site.key('privacy', kind='person')}"}
                for path in PATHS:
                    refused = await site.http.post(f"/subjects/{path}", content=body, headers=headers)
                    assert (refused.status_code, SECRET in refused.text) == (400, False), path


async def test_a_number_that_no_record_can_have_is_refused_by_its_name(
    sqlite_settings: Settings, subtests: pytest.Subtests
) -> None:
    async with system(sqlite_settings, agents={"ward": {"zone": "in-house"}}) as site:
        headers = {"authorization": f"Bearer {await site.key('privacy', kind='person')}"}
        link = {"identifier": "patient-1", "links": [{"kind": "mrn", "value": SECRET}]}
        assert (await site.http.post("/subjects/link", json=link, headers=headers)).status_code == 200
        for number in ("-1", str(2**53), str(2**63), str(2**64), "1" + "0" * 30, "9" * 5_000):
            with subtests.test(number=number[:40]):
                body = f'{{"identifier":"patient-1","seq":{number},"reason":"x"}}'
                refused = await site.http.post("/subjects/rectification", content=body, headers=headers)
                assert (refused.status_code, "seq" in refused.text) == (400, True)
                assert len(number) < 3 or number not in refused.text


async def test_a_privacy_officer_links_merges_restricts_holds_and_lists_over_http(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents={"ward": {"zone": "in-house"}}) as site:
        headers = {"authorization": f"Bearer {await site.key('privacy', kind='person')}"}

        async def post(path: str, status: int = 200, **body: object) -> dict[str, object]:
            answer = await site.http.post(f"/subjects/{path}", json=body, headers=headers)
            assert (answer.status_code, SECRET in answer.text) == (status, False), answer.text
            assert answer.headers["cache-control"] == "no-store"
            found: dict[str, object] = answer.json()
            return found

        links = [{"kind": "mrn", "value": SECRET}]
        one = await post("link", identifier="patient-1", links=links)
        assert one["identifiers"] == {"given": 1, "mrn": 1}
        two = await post("link", identifier="patient-2", links=[{"kind": "email", "value": "a@b.example"}])
        assert (await post("show", identifier=SECRET, kind="mrn"))["subject"] == one["subject"]
        merged = await post("merge", subject=two["subject"], into={"subject": one["subject"]}, reason="same")
        assert merged["merged"] == [two["subject"]]
        assert (await post("split", subject=two["subject"], reason="not same"))["merged"] == []
        done = await post("restriction", subject=one["subject"], restricted=True, reason="contested")
        assert done["restricted"] is not None
        held = await post("hold", 201, subject=one["subject"], reason="lawsuit")
        assert (held["kind"], held["state"]) == ("hold", "active")
        listed = (await site.http.get("/subjects/cases", headers=headers)).json()["cases"]
        assert [one["id"] for one in listed] == [held["id"]]
        assert (await post(f"hold/{held['id']}/lift", reason="over"))["state"] == "lifted"
        conflict = await site.http.post(f"/subjects/hold/{held['id']}/confirm", json={"reason": "x"}, headers=headers)
        assert conflict.status_code == 409
        absent = await site.http.post("/subjects/show", json={"identifier": "nobody"}, headers=headers)
        assert absent.status_code == 404
        records = [record for record in await site.records() if record["event"].startswith("subject.")]
        assert [record["event"] for record in records] == [
            *("subject.linked", "subject.linked", "subject.shown", "subject.merged", "subject.merged"),
            *("subject.restricted", "subject.held", "subject.shown", "subject.held", "subject.shown"),
        ]
        told = [(one["outcome"]["code"], one.get("subject"), one.get("count")) for one in records]
        told = [one for one, record in zip(told, records, strict=True) if record["event"] == "subject.shown"]
        assert told == [("shown", one["subject"], None), ("listed", None, 1), ("not_found", None, None)]
        assert {record["actor"] for record in records} == {records[0]["actor"]}, "who asked"


async def test_an_erasure_is_asked_for_agreed_to_and_refused_over_http(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents={"ward": {"zone": "in-house"}}) as site:
        ada, eve = [
            {"authorization": f"Bearer {await site.key('privacy', kind='person', owner=owner)}"}
            for owner in ("ada", "eve")
        ]
        await site.http.post("/subjects/link", json={"identifier": "p", "links": [{"value": "q"}]}, headers=ada)
        body = {"identifier": "p", "ground": "b", "identity": "ticket 17", "reason": "consent withdrawn"}
        late = await site.http.post("/subjects/erasure", json={**body, "received": "yesterday"}, headers=ada)
        assert (late.status_code, late.json()["field"]) == (400, "received")
        asked = await site.http.post(
            "/subjects/erasure", json={**body, "received": "2026-01-31T11:00:00+01:00"}, headers=ada
        )
        assert (asked.status_code, asked.json()["due"]) == (201, "2026-02-28T23:59:59.999999Z")
        assert asked.json()["overdue"]
        path = f"/subjects/erasure/{asked.json()['id']}"
        assert (await site.http.post(f"{path}/approve", json={"reason": "x"}, headers=ada)).status_code == 403
        agreed = await site.http.post(f"{path}/approve", json={"reason": "x"}, headers=eve)
        assert agreed.json()["state"] == "approved"
        refused = await site.http.post(f"{path}/refuse", json={"ground": "e", "reason": "claim"}, headers=eve)
        assert refused.json()["state"] == "refused"


async def test_what_is_known_comes_as_json_or_as_a_table(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents={"ward": {"zone": "in-house"}}) as site:
        ada = {"authorization": f"Bearer {await site.key('privacy', kind='person')}"}
        await site.http.post("/subjects/link", json={"identifier": "p", "links": [{"value": "q"}]}, headers=ada)
        body = {"identifier": "p", "identity": "ticket 17", "reason": "letter 3"}
        told = await site.http.post("/subjects/access", json=body, headers=ada)
        assert (told.status_code, told.json()["identifiers"]) == (200, {"given": 2})
        assert told.headers["cache-control"] == "no-store"
        lines = await site.http.post("/subjects/access", json=body, headers={**ada, "accept": "application/x-ndjson"})
        assert all("seq" in json.loads(line) for line in lines.text.splitlines())
        rows = await site.http.post("/subjects/access", json=body, headers={**ada, "accept": "text/csv"})
        assert rows.text.startswith("seq,occurred_at,")
        late = await site.http.post("/subjects/access", json={**body, "received": "x"}, headers=ada)
        assert late.status_code == 400
