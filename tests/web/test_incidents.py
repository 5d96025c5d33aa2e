"""Incidents over the API: listed to who may read them, and closed by a person who did not send what left."""

from gateway.ledger.entry import Entry
from gateway.settings import Settings
from gateway.store.incidents import opened
from tests.store.kit import entry
from tests.store.test_incidents import INCIDENT, incident
from tests.system.kit import PUBLIC
from tests.system.site import system


async def test_an_incident_is_listed_counted_and_closed_once(database: Settings) -> None:
    async with system(database, agents={"ward": {"zone": "in-house"}}) as site:
        clerk = await site.key("clerk", owner="ada", kind="person")
        sent = (await site.chat(clerk, PUBLIC, model="ward")).headers["x-exchange-id"]
        installation = site.gateway.site
        ledger, writer = installation.tenants["default"].ledger, await installation.writer("default")
        left = incident(tenant=ledger, exchange=sent)
        await writer.submit(Entry(draft=entry(ledger=ledger).draft, change=opened(left)))

        people = {name: await site.key("privacy", owner=name, kind="person") for name in ("eve", "Ada")}
        eve, ada = ({"authorization": f"Bearer {people[name]}"} for name in ("eve", "Ada"))
        (listed,) = (await site.http.get("/incidents", headers=eve)).json()["incidents"]
        assert (listed["id"], listed["exchange"], listed["disposition"]) == (INCIDENT, sent, None)
        table = await site.http.get("/incidents", headers={**eve, "accept": "text/csv"})
        assert table.headers["content-type"].startswith("text/csv")
        assert [row.split(",")[0] for row in table.text.splitlines()] == ["id", INCIDENT]
        path, body = f"/incidents/{INCIDENT}/close", {"disposition": "no_breach", "reason": "It named nobody."}
        assert (await site.http.post(path, json=body, headers=ada)).status_code == 403, "it was her own"
        done = await site.http.post(path, json=body, headers=eve)
        assert (done.status_code, done.json()["disposition"]) == (200, "no_breach")
        assert (await site.http.post(path, json=body, headers=eve)).status_code == 409
        assert (await site.http.get("/incidents", headers=eve)).json() == {"incidents": []}
        closed = (await site.http.get("/incidents", params={"state": "closed"}, headers=eve)).json()["incidents"]
        assert [one["id"] for one in closed] == [INCIDENT]
        (record,) = [one for one in await site.records() if one["event"] == "incident.closed"]
        assert (record["incident"], record["outcome"]["code"]) == (INCIDENT, "no_breach")
        assert "It named nobody." not in str(await site.records())
        for query in ({"state": "swordfish"}, {"page": "1"}, {"state": "open", "x": "y"}):
            refused = await site.http.get("/incidents", params=query, headers=eve)
            assert (refused.status_code, "swordfish" in refused.text) == (400, False)
