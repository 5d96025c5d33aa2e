"""Every route, asked by one tenant for another's things, answers what it answers for things that are not there.

Routes come from docs/api-access.md, which is held to what is served: a new one that names a thing in its path fails
here until it is known what another tenant's thing is.
"""

import asyncio
import json
import re
from typing import Any

import httpx

from gateway.checks.access.shipped import ANYONE, ROLES
from gateway.core.refusal import Refusal
from gateway.ledger.entry import Entry
from gateway.settings import Settings
from gateway.store.api_keys import Administrator, Grant, NewKey
from gateway.store.approvals import ApprovalStore
from gateway.store.glass import GlassStore
from gateway.store.incidents import opened as incident_opened
from gateway.store.reviews import drawn
from gateway.store.scheduled import DELIVERED, ScheduledStore
from gateway.store.subject_cases import CaseStore, opened
from gateway.store.tasks import TaskStore, created
from tests.exchange.kit_published import covered
from tests.store.kit import entry
from tests.store.test_approvals import made as approval
from tests.store.test_glass import broken
from tests.store.test_incidents import incident
from tests.store.test_reviews import review
from tests.store.test_scheduled import period
from tests.store.test_subject_cases import made as case
from tests.store.test_tasks import REQUEST
from tests.store.test_tasks import made as task
from tests.system.kit import PUBLIC
from tests.system.site import System, system
from tests.web.test_access import TABLE

AGENTS = {
    "ward": {"zone": "in-house", "capabilities": ["care"], "tenants": ["hospital"]},
    "desk": {"zone": "in-house", "capabilities": ["summarize"]},
}
TENANTS = [{"id": "hospital"}, {"id": "bank"}]
NONE = {
    "model": "none",
    "seq": "9000",
    "exchange": "01a20b8a-e284-722d-bd31-603efd3340e0",
    "bundle_id": "ev_" + "0" * 26,
    "key_id": "ak_none",
    "denial": "dn_none",
    "approval": "ap_" + "0" * 26,
    "glass": "bg_" + "0" * 26,
    "case": "sc_" + "0" * 26,
    "task_id": "tk_" + "0" * 26,
    "agent": "none",
    "lease": "le_" + "0" * 26,
    "tile": "0/009.p/1",
    "bundle": "009.p/1",
    "review": "rv_" + "0" * 26,
    "place": "777",
    "incident": "01a20b8a-e284-722d-bd31-000000000000",
    "proposal": "pp_" + "0" * 26,
    "schedule": "none",
    "period": "1999-01",
}
"""By the name of a path's parameter: what nobody has."""
BODIES: dict[str, dict[str, object]] = {
    **{
        f"POST /approvals/{{approval}}/{word}": {"reason": "because", "version": 0}
        for word in ("approve", "deny", "edit")
    },
    "POST /incidents/{incident}/close": {"disposition": "no_breach", "reason": "because"},
    "POST /reviews/{review}/items/{place}/mark": {"missed": {}},
    "POST /break-glass/{glass}/review": {"justified": True, "reason": "because"},
    **{f"POST /subjects/hold/{{case}}/{word}": {"reason": "because"} for word in ("confirm", "lift")},
    "POST /evidence/schedules/{schedule}/{period}/again": {"reason": "because"},
    "POST /subjects/erasure/{case}/approve": {"reason": "because"},
    "POST /subjects/erasure/{case}/refuse": {"ground": "e", "reason": "because"},
}
ALL = ("clerk", *sorted(ROLES))


def _schedule(database: Settings) -> list[dict[str, object]]:
    """The hospital's."""
    return [{"id": "theirs", "every": "monthly", "directory": str(database.base), "tenants": ["hospital"]}]


async def _key(site: System, tenant: str) -> NewKey:
    installation = site.gateway.site
    writer = await installation.writer(tenant)
    by = Administrator(ledger=writer, tenant=writer.tenant)
    grant = Grant(owner="ada", kind="person", roles=ALL, zone="in-house", purposes=("TREAT",))
    made = await installation.api_keys.create(by, tenant, grant)
    assert isinstance(made, NewKey)
    return made


async def _ask(site: System, key: str, method: str, path: str, body: object = None) -> httpx.Response:
    return await site.http.request(method, path, json=body, headers={"authorization": f"Bearer {key}"})


async def _theirs(site: System) -> dict[str, str]:
    """What the hospital has, by the name of a path's parameter: each is there for whoever may see it."""
    key = await _key(site, "hospital")
    done = await site.chat(key.plain, PUBLIC, model="ward")
    assert done.status_code == 200
    bundle = await _ask(site, key.plain, "POST", "/evidence/bundles", {})
    denial = await _ask(site, key.plain, "POST", "/keys/denied", {"kind": "subject", "name": "eve"})
    ledger = site.gateway.site.tenants["hospital"].ledger
    later = 4_000_000_000_000_000  # in 2096: nobody runs it, and nothing lapses, meanwhile
    waiting = approval("ap_" + "1" * 26, tenant=ledger, expires_us=later)
    assert await ApprovalStore(site.gateway.site.engine).put(waiting)
    glass = broken("bg_" + "1" * 26, tenant=ledger, opened_us=1, until_us=2)
    await GlassStore(site.gateway.site.engine).put(glass)
    queued = task("tk_" + "1" * 26, tenant=ledger, due_us=later, expires_us=later)
    writer = await site.gateway.site.writer("hospital")
    await writer.submit(Entry(draft=entry(ledger=ledger).draft, change=created(queued, REQUEST)))
    gone = period("2019-W07", 1, until_us=2, tenant=ledger, schedule="theirs", state=DELIVERED)
    assert await ScheduledStore(site.gateway.site.engine).add(gone)
    held = case("sc_" + "1" * 26, tenant=ledger, state="proposed")
    await writer.submit(Entry(draft=entry(ledger=ledger).draft, change=opened(held)))
    left = incident(tenant=ledger)
    await writer.submit(Entry(draft=entry(ledger=ledger).draft, change=incident_opened(left)))
    reviewed = review("rv_" + "1" * 26, tenant=ledger)
    await writer.submit(Entry(draft=entry(ledger=ledger).draft, change=drawn(reviewed)))
    # Further on than the other's record gets while it asks.
    await asyncio.gather(*(writer.append(entry(ledger=ledger)) for _ in range(2 * len(TABLE))))
    point, _ = await covered(site.gateway.site, 1, "hospital")
    size = await site.gateway.site.reader("hospital").size()
    found = {
        "model": "ward",
        "seq": str(size - 1),
        "exchange": done.headers["x-exchange-id"],
        "bundle_id": bundle.json()["id"],
        "key_id": key.record.id,
        "denial": denial.json()["id"],
        "approval": waiting.id,
        "glass": glass.id,
        "case": held.id,
        "task_id": queued.id,
        "agent": "ward",
        "lease": "le_" + "1" * 26,
        "tile": f"0/000.p/{point.size}",
        "bundle": f"000.p/{point.size}",
        "review": reviewed.id,
        "incident": left.id,
        "proposal": "pp_" + "1" * 26,  # proposals are the installation's: no tenant has one
        "place": "777",
        "schedule": "theirs",
        "period": gone.period,
    }
    assert point.size < 256
    for path in ("/audit/tile/{tile}", "/audit/tile/entries/{bundle}"):
        assert (await _ask(site, key.plain, "GET", path.format(**found))).status_code == 200, path
    for path in ("/v1/models/{model}", "/audit/exchanges/{exchange}", "/evidence/bundles/{bundle_id}"):
        assert (await _ask(site, key.plain, "GET", path.format(**found))).status_code == 200, path
    return found


async def test_what_is_anothers_is_as_what_is_not_there_on_every_route(database: Settings) -> None:
    async with system(database, tenant=TENANTS, agents=AGENTS, schedule=_schedule(database)) as site:
        theirs, mine = await _theirs(site), (await _key(site, "bank")).plain
        assert int(theirs["seq"]) > await site.gateway.site.reader("bank").size()
        before = await _state(site)
        for route, (_, roles) in TABLE.items():
            method, _, path = route.partition(" ")
            if ANYONE in roles or "{" not in path:
                continue
            body = BODIES.get(route)
            named = set(re.findall(r"\{(\w+)\}", path))
            assert named <= set(NONE), f"{route}: what would another tenant's be?"
            first = await _ask(site, mine, method, path.format(**theirs), body)
            second = await _ask(site, mine, method, path.format(**NONE), body)
            assert first.status_code == second.status_code == 404, route
            assert _anonymous(first, theirs) == _anonymous(second, NONE), route
        assert await _state(site) == before


async def test_lists_and_searches_tell_nothing_of_another_tenant(database: Settings) -> None:
    async with system(database, tenant=TENANTS, agents=AGENTS, schedule=_schedule(database)) as site:
        theirs, mine = await _theirs(site), (await _key(site, "bank")).plain
        secrets = {"hospital", site.gateway.site.tenants["hospital"].ledger, *theirs.values()} - {
            theirs["seq"],
            theirs["place"],
        }
        texts = [(await _ask(site, mine, "POST", "/audit/verifications")).text]
        for route, (_, roles) in TABLE.items():
            method, _, path = route.partition(" ")
            if method == "GET" and "{" not in path and ANYONE not in roles:
                answer = await _ask(site, mine, method, path)
                assert answer.status_code in (200, 400, 404), route
                texts.append(answer.text)
        for text in texts:
            assert not [secret for secret in secrets if secret in text], text
        found = await _ask(site, mine, "POST", "/audit/search", {"exchange": theirs["exchange"]})
        assert found.json() == {"records": [], "cursor": None, "archives": [], "emergencies": []}


async def _state(site: System) -> Any:
    """What the hospital has that somebody could have changed."""
    installation = site.gateway.site
    ledger = installation.tenants["hospital"].ledger
    denials = await installation.denials.list(ledger)
    assert not isinstance(denials, Refusal)
    keys = [(one.id, one.revoked_us, one.expires_us) for one in await installation.api_keys.list("hospital")]
    waiting = await ApprovalStore(installation.engine).get(ledger, "ap_" + "1" * 26)
    queued = await TaskStore(installation.engine, installation.clock).get(ledger, "tk_" + "1" * 26)
    scheduled = await ScheduledStore(installation.engine).get(ledger, "theirs", "2019-W07")
    return keys, denials, waiting, queued, scheduled, await CaseStore(installation.engine).newest(ledger)


def _anonymous(answer: httpx.Response, names: dict[str, str]) -> Any:
    """The answer without the exchange's own id and without the name that was asked for."""
    text = answer.text.replace(answer.headers["x-exchange-id"], "ID")
    for name, value in names.items():
        text = text.replace(value, name)
    return json.loads(text)
