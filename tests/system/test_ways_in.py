"""Rules that ask where a request comes from and how its caller was identified, through the whole gateway."""

import json
from typing import Any

import pytest

from gateway.settings import Settings
from tests.conftest import ManualClock
from tests.system.kit import HEALTH, PUBLIC, code, policies
from tests.system.test_certificates import AUTHORITY, TRIAGE, ask, site, told
from tests.web.tasking import chat, tasking

GUESTS = (
    'p, 1, role:*, class:any, zone:*, *, purpose:*, network:guests, deny, none, no-guests, "Nothing goes to guests."',
    'p, 2, role:*, class:phi, zone:*, chat, purpose:*, network:house, deny, none, from-the-ward, "Only the ward asks."',
)
NETWORKS = [
    {"id": "guests", "addresses": ["10.9.0.0/16"]},
    {"id": "house", "addresses": ["10.2.0.0/16", "fd00:2::/64"]},
]
BEHIND = {"trusted_proxies": ["127.0.0.1"]}
GUEST, HOUSE, WARD = "10.9.8.7", "10.2.3.4", "10.1.2.3"


def _from(address: str) -> dict[str, str]:
    return {"x-forwarded-for": address}


async def test_where_a_request_comes_from_decides_each_time_and_only_the_networks_name_is_on_record(
    database: Settings,
) -> None:
    sections: dict[str, Any] = {"policy": policies(database.path("."), *GUESTS), "network": NETWORKS}
    async with tasking(database, server=BEHIND, **sections) as t:
        for address, text, status, inputs in (
            (WARD, HEALTH, 200, {"network": "none"}),
            (HOUSE, HEALTH, 403, {"network:house": "within"}),
            ("fd00:2::9", HEALTH, 403, {"network:house": "within"}),
            (HOUSE, PUBLIC, 200, {"network:house": "within"}),
            (GUEST, PUBLIC, 403, {"network:guests": "within"}),
            (WARD, PUBLIC, 200, {"network": "none"}),
            (WARD, HEALTH, 200, {"network": "none"}),
        ):
            answer = await t.site.chat(t.key, text, "ward", headers=_from(address))
            assert answer.status_code == status, (address, answer.text)
            first, *_ = trail = await t.site.trail(answer.headers["x-exchange-id"])
            asked = {name: value for name, value in first["inputs"].items() if name.startswith("network")}
            assert asked == inputs
            assert address not in json.dumps(trail)
        assert len(t.site.agents["ward"].received) == 4


async def test_an_answer_is_decided_by_where_it_goes_back_to(sqlite_settings: Settings) -> None:
    own = GUESTS[0].replace(", *, purpose", ", receive, purpose")
    sections: dict[str, Any] = {"policy": policies(sqlite_settings.path("."), own), "network": NETWORKS}
    async with tasking(sqlite_settings, server=BEHIND, **sections) as t:
        for address, expected in ((WARD, None), (GUEST, "answer_withheld"), (WARD, None)):
            answer = await t.site.chat(t.key, PUBLIC, "ward", headers=_from(address))
            assert (None if answer.is_success else code(answer)) == expected


async def test_a_task_is_decided_by_where_it_was_asked_from_and_its_result_by_where_it_is_fetched(
    sqlite_settings: Settings,
) -> None:
    sections: dict[str, Any] = {"policy": policies(sqlite_settings.path("."), *GUESTS), "network": NETWORKS}
    async with tasking(sqlite_settings, server=BEHIND, **sections) as t:
        refused = await t.ask("POST", "/v1/tasks", chat(HEALTH), x_forwarded_for=HOUSE)
        assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (403, "policy_denied")
        ended = await t.ended(await t.submit(chat(HEALTH), x_forwarded_for=WARD))
        assert ended["state"] == "completed"
        path = f"/v1/tasks/{ended['id']}/result"
        for address, status in ((WARD, 200), (GUEST, 403), (WARD, 200)):
            assert (await t.ask("GET", path, x_forwarded_for=address)).status_code == status


@pytest.fixture
def now(clock: ManualClock) -> ManualClock:
    clock.us = int(AUTHORITY.now.timestamp() * 1_000_000)
    return clock


async def test_a_rule_may_ask_for_a_certificate_and_a_key_alone_is_not_enough(
    sqlite_settings: Settings, now: ManualClock
) -> None:
    rules = (
        "p, 1, role:*, class:any, zone:in-house, *, purpose:*, strength:certificate, allow, none, strong, They may.",
        'p, 2, role:*, class:any, zone:*, *, purpose:*, always, deny, none, weak, "A key alone is not enough."',
    )
    server = {"client_header": "client-cert", **BEHIND}
    own = policies(sqlite_settings.path("."), *rules)
    async with site(sqlite_settings, now, server=server, policy=own) as running:
        key = {"authorization": f"Bearer {await running.key('agent', owner='triage')}", "x_forwarded_for": WARD}
        for headers, strength in (
            (key, "key"),
            ({**key, "client_cert": told(TRIAGE)}, "certificate"),
            ({"client_cert": told(TRIAGE), "x_forwarded_for": WARD}, "certificate"),
            (key, "key"),
        ):
            answer = await ask(running.http, **headers)
            assert answer.status_code == (200 if strength == "certificate" else 403), answer.text
            first, *_ = await running.trail(answer.headers["x-exchange-id"])
            assert first["inputs"]["strength"] == strength
            assert first["decision"]["rules"] == ["strong" if strength == "certificate" else "weak"]
