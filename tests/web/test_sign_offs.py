"""Sign-offs over the API: for persons who review, on record before the answer, refused by field."""

import hashlib

from gateway.ledger.record import timestamp
from gateway.settings import Settings
from tests.system.kit import PUBLIC
from tests.system.site import system

OTHER = "sha256:" + "ab" * 32


async def test_a_reviewer_signs_off_and_nobody_else_does(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        assert (await site.chat(await site.key("clerk"), PUBLIC, model="ward")).status_code == 200
        keys = {role: await site.key(role, owner=role, kind="person") for role in ("auditor", "operator")}
        auditor, operator = ({"authorization": f"Bearer {keys[role]}"} for role in ("auditor", "operator"))
        until = timestamp(site.gateway.site.clock.now_us())
        asked = {"kind": "activity-review", "from": "2020-01-01", "to": until}
        report = await site.http.post("/evidence/reports", json=asked, headers=auditor)
        digest = f"sha256:{hashlib.sha256(report.content).hexdigest()}"
        body = {"from": "2020-01-01", "to": until, "report": digest, "disposition": "findings", "reason": "Ask Ada."}
        assert (await site.http.post("/audit/sign-offs", json=body, headers=operator)).status_code == 403
        done = await site.http.post("/audit/sign-offs", json=body, headers=auditor)
        assert done.status_code == 201, done.text
        told = done.json()
        assert (told["first"], told["report"], told["disposition"]) == (0, digest, "findings")
        (record,) = [one for one in await site.records() if one["event"] == "review.signed"]
        assert (record["seq"], record["exchange"]) == (told["seq"], done.headers["x-exchange-id"])
        assert record["range"] == [0, told["end"]]
        wrong = {
            "to": {"to": "2100-01-01"},
            "from": {"from": "swordfish"},
            "report": {"report": "swordfish"},
            "incident": {"incident": "swordfish"},
        }
        for field, other in wrong.items():
            refused = await site.http.post("/audit/sign-offs", json={**body, **other}, headers=auditor)
            assert refused.status_code in (400, 404), field
            assert (refused.json()["field"], "swordfish" in refused.text) == (field, False)
        alien = await site.http.post("/audit/sign-offs", json={**body, "report": OTHER}, headers=auditor)
        assert (alien.status_code, alien.json()["field"]) == (400, "report")
        more = await site.http.post("/audit/sign-offs", json={**body, "more": 1}, headers=auditor)
        assert more.status_code == 400
