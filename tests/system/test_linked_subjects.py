"""Whom a message is about by the identifiers in it: found, restricted, told and erased like who is named."""

import json
from typing import Any

from gateway.settings import Settings
from tests.conftest import ManualClock
from tests.exchange.test_metrics import samples
from tests.system.kit import code
from tests.system.site import System, system
from tests.system.test_erasure import erased

MRN = "Summarise the note of patient MRN: 84736251 please."
LINK: dict[str, Any] = {"link": ["mrn", "email"]}


async def officer(site: System) -> dict[str, str]:
    return {"authorization": f"Bearer {await site.key('privacy', 'auditor', kind='person')}"}


async def shown(site: System, by: dict[str, str], **who: str) -> Any:
    return (await site.http.post("/subjects/show", json=who, headers=by)).json()


def about(site: System) -> dict[str, float]:
    found = samples(site.gateway.site.metrics)
    return {dict(labels)["about"]: value for (name, labels), value in found.items() if "personal_exchanges" in name}


async def test_a_message_is_found_by_the_identifiers_in_it_and_holds_them_in_no_record(database: Settings) -> None:
    async with system(database, subjects=LINK) as site:
        key, by = await site.key("clinician"), await officer(site)
        for text in (MRN, "mrn 8473-6251 again, mail ann@clinic.example"):
            assert (await site.chat(key, text, "ward")).status_code == 200
        ann = await shown(site, by, identifier="84736251", kind="mrn")
        assert (ann["records"] >= 4, ann["identifiers"]) == (True, {"mrn": 1}), "either way of writing it is one person"
        mail = await shown(site, by, identifier="ANN@clinic.example", kind="email")
        assert mail["subject"] != ann["subject"], "two identifiers in one message are not one person by that"
        assert mail["records"] >= 2
        hits = await site.http.post("/audit/search", json={"subject": ann["subject"]}, headers=by)
        assert {one["record"]["event"] for one in hits.json()["records"]} >= {
            "exchange.requested",
            "exchange.completed",
        }
        # That somebody was looked up is told of them, by pseudonym.
        everything = json.dumps([one for one in await site.records() if one["event"] != "subject.shown"])
        assert "84736251" not in everything
        assert ann["subject"] not in everything
        assert about(site) == {"found": 2}


async def test_what_is_restricted_is_denied_where_only_its_number_stands_in_the_text(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, subjects=LINK) as site:
        key, by = await site.key("clinician"), await officer(site)
        assert (await site.chat(key, MRN, "ward")).status_code == 200
        body = {"identifier": "84736251", "kind": "mrn", "restricted": True, "reason": "contested"}
        assert (await site.http.post("/subjects/restriction", json=body, headers=by)).status_code == 200
        denied = await site.chat(key, MRN, "ward")
        assert (denied.status_code, code(denied)) == (403, "policy_denied")
        [record] = await site.trail(denied.headers["x-exchange-id"])
        assert record["classes"]["inherited"] == ["restricted"]
        assert (await site.chat(key, "patient MRN: 11112222", "ward")).status_code == 200
        assert len(site.agents["ward"].received) == 2


async def test_a_number_that_was_linked_to_who_is_named_leads_to_the_same_person(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, subjects=LINK) as site:
        key, by = await site.key("clinician"), await officer(site)
        link = {"identifier": "patient-17", "links": [{"kind": "mrn", "value": "8473-6251"}]}
        assert (await site.http.post("/subjects/link", json=link, headers=by)).status_code == 200
        assert (await site.chat(key, MRN, "ward")).status_code == 200
        named = await shown(site, by, identifier="patient-17")
        assert named["records"] >= 3
        headers = {"x-data-subject": "patient-17"}
        assert (await site.chat(key, MRN, "ward", headers=headers)).status_code == 200
        assert about(site) == {"found": 1, "named": 1}


async def test_without_being_told_so_nothing_is_linked_and_nobody_is_asked(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        key, by = await site.key("clinician"), await officer(site)
        assert (await site.chat(key, MRN, "ward")).status_code == 200
        assert (await shown(site, by, identifier="84736251", kind="mrn"))["type"].endswith("not_found")
        assert about(site) == {"nobody": 1}


async def test_who_was_only_named_by_a_number_is_erased_like_anybody(
    sqlite_settings: Settings, clock: ManualClock
) -> None:
    async with system(sqlite_settings, clock=clock, subjects=LINK) as site:
        installation, key = site.gateway.site, await site.key("clinician")
        done = await site.chat(key, MRN, "ward")
        exchange = done.headers["x-exchange-id"]
        ledger = installation.tenants["default"].ledger
        ann = await installation.directory.find_subject(ledger, "84736251", "mrn")
        assert ann is not None
        told = await erased(site, clock, identifier="8473-6251", kind="mrn")
        assert (told["event"], told["subject"], told["recipients"]) == ("subject.erased", ann, ["ward"])
        assert await installation.directory.find_subject(ledger, "84736251", "mrn") is None
        trail = await site.gateway.site.reader("default").exchange(exchange)
        assert trail
        assert all(one.detail is None for one in trail), "commitment only"
        assert (await site.chat(key, MRN, "ward")).status_code == 200
        other = await installation.directory.find_subject(ledger, "84736251", "mrn")
        assert other not in (None, ann), "who comes back is somebody new"
