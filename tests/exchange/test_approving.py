"""Who may look and answer: other persons of the role that is asked, each once, each look and each word on record."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway.ledger.commitment import matches
from gateway.ledger.entry import SealedPart
from gateway.settings import Settings
from gateway.store.sealing import Sealer
from gateway.store.tables import sealed
from tests.store.ledger_kit import seeing
from tests.system.approvals import Asking, approval_of, asking
from tests.system.kit import MAIL, PERSONAL, code, events, policies
from tests.system.site import system

LONG = f"{PERSONAL} Or call +49 30 901820."


async def test_an_approver_sees_what_the_agent_would_get_and_that_is_on_record_with_a_commitment(
    database: Settings, tmp_path: Path
) -> None:
    async with asking(database, tmp_path) as case:
        approval = approval_of(await case.ask(await case.analyst(), "order-1", headers={"x-data-subject": "patient-7"}))
        shown = await case.get(await case.person("eve"), f"/approvals/{approval}")
        content = shown.json()["content"]
        assert (MAIL in shown.text, "[EMAIL]" in shown.text) == (False, True)
        assert (content["requester"]["subject"], content["explanation"]) == ("ada", ["People look first."])
        (looked,) = [one for one in await case.site.records() if one["event"] == "content.revealed"]
        assert (looked["approval"], looked["exchange"]) == (approval, shown.headers["x-exchange-id"])
        site = case.site.gateway.site
        assert looked["actor"] == await site.directory.find_actor(site.tenants["default"].ledger, "eve")
        assert await _opens(
            case, looked, json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        )
        assert '"eve"' not in json.dumps(await case.site.records())


async def _opens(case: Asking, record: dict[str, object], text: str) -> bool:
    """Whether the commitment of a record is to this text, opened with what was sealed beside it."""
    site = case.site.gateway.site
    async with seeing(site.where) as connection:
        row = (await connection.execute(select(sealed).where(sealed.c.seq == record["seq"]))).one()
    part = SealedPart(part=row.part, key=row.key, nonce=row.nonce, ciphertext=row.ciphertext)
    opened = Sealer(site.keyring).open(tenant=str(record["tenant"]), record=str(record["id"]), sealed=part)
    response = record["response"]
    assert isinstance(response, dict)
    return opened is not None and matches(response["commitment"], opened.opening, "response", text.encode())


async def test_the_requester_sees_what_becomes_of_it_and_others_see_nothing(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with asking(sqlite_settings, tmp_path) as case:
        analyst = await case.analyst()
        approval = approval_of(await case.ask(analyst, "order-1"))
        own = (await case.get(analyst, f"/approvals/{approval}")).json()
        assert set(own) == {"id", "state", "created", "expires", "exchange", "agent", "missing"}
        assert own["missing"] == [{"role": "privacy", "count": 1}]
        assert len((await case.get(analyst, "/approvals")).json()["approvals"]) == 1
        for stranger in (await case.person("zoe", "clerk"), await case.site.key("privacy", owner="robot")):
            assert (await case.get(stranger, f"/approvals/{approval}")).status_code == 404
            assert (await case.get(stranger, "/approvals")).json()["approvals"] == []
        # The same person under another credential that has the role: no content either.
        other = (await case.get(await case.person("Ada"), f"/approvals/{approval}")).json()
        assert "content" not in other
        assert await case.events("content.") == []


@pytest.mark.parametrize("owner", ["ada", "ADA"])
async def test_nobody_approves_what_they_have_asked_for_whatever_the_credential(
    sqlite_settings: Settings, tmp_path: Path, owner: str
) -> None:
    async with asking(sqlite_settings, tmp_path) as case:
        analyst = await case.analyst()
        approval = approval_of(await case.ask(analyst, "order-1"))
        for key in (await case.person(owner), await case.person(owner, "analyst", "privacy"), analyst):
            refused = await case.answer(key, approval, "approve")
            assert (refused.status_code, refused.json()["type"]) == (403, "urn:gateway:problem:approver_barred")
            assert await events(case.site, refused) == ["exchange.denied"]
        assert code(await case.ask(analyst, "order-1")) == "approval_required"


async def test_two_of_a_role_are_two_persons(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with asking(sqlite_settings, tmp_path, "2/privacy") as case:
        analyst, eve = await case.analyst(), await case.person("eve")
        approval = approval_of(await case.ask(analyst, "order-1"))
        first = (await case.answer(eve, approval, "approve")).json()
        assert (first["state"], first["missing"]) == ("pending", [{"role": "privacy", "count": 1}])
        assert (await case.answer(await case.person("EVE"), approval, "approve")).status_code == 403
        assert code(await case.ask(analyst, "order-1")) == "approval_required"
        assert (await case.answer(await case.person("fay"), approval, "approve")).json()["state"] == "approved"
        assert (await case.ask(analyst, "order-1")).status_code == 200
        said = [one for one in await case.site.records() if one["event"] == "approval.approved"]
        assert len({one["actor"] for one in said}) == 2


async def test_an_edit_voids_what_was_answered_before_and_who_edits_does_not_approve(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with asking(sqlite_settings, tmp_path, "2/privacy", agents=_agents()) as case:
        analyst = await case.analyst()
        eve, fay, gil = [await case.person(name) for name in ("eve", "fay", "gil")]
        approval = approval_of(await case.ask(analyst, "order-1", LONG))
        await case.answer(eve, approval, "approve")
        wrong = await case.answer(fay, approval, "edit", mask=["iban"])
        assert (wrong.status_code, wrong.json()["field"]) == (400, "mask")
        assert (await case.answer(fay, approval, "edit", agent="nobody")).json()["field"] == "agent"
        assert (await case.answer(fay, approval, "edit")).json()["field"] == "mask"
        edited = (await case.answer(fay, approval, "edit", agent="ward")).json()
        assert (edited["edited"], edited["answers"], edited["agent"]) == (True, [], "ward")
        assert (await case.answer(fay, approval, "approve")).status_code == 403
        await case.answer(eve, approval, "approve")
        assert (await case.answer(gil, approval, "approve")).json()["state"] == "approved"
        goes = await case.ask(analyst, "order-1", LONG)
        assert goes.headers["x-routed-agent"] == "ward"


async def test_a_yes_is_to_what_was_looked_at_and_to_nothing_that_it_became_since(
    database: Settings, tmp_path: Path
) -> None:
    async with asking(database, tmp_path, "2/privacy", agents=_agents()) as case:
        analyst = await case.analyst()
        eve, fay, gil = [await case.person(name) for name in ("eve", "fay", "gil")]
        approval = approval_of(await case.ask(analyst, "order-1", LONG))
        seen = (await case.get(eve, f"/approvals/{approval}")).json()
        assert (seen["version"], seen["agent"]) == (0, "cloud")
        edited = (await case.answer(fay, approval, "edit", version=0, agent="ward")).json()
        assert (edited["version"], edited["agent"]) == (1, "ward")
        for word, more in (("approve", {}), ("deny", {}), ("edit", {"mask": ["phone"]})):
            late = await case.answer(eve, approval, word, version=seen["version"], **more)
            assert (late.status_code, late.json()["field"]) == (409, "version")
        assert (await case.events("approval."))[1:] == ["approval.edited"]
        # Another officer's yes makes it nothing else.
        now = {(await case.get(key, f"/approvals/{approval}")).json()["version"] for key in (eve, gil)}
        assert now == {1}
        assert (await case.answer(eve, approval, "approve", version=1)).status_code == 200
        assert (await case.answer(gil, approval, "approve", version=1)).json()["state"] == "approved"
        listed = (await case.get(gil, "/approvals?state=approved")).json()["approvals"]
        assert [one["version"] for one in listed] == [1]


async def test_of_answers_at_once_those_are_on_record_that_count(database: Settings, tmp_path: Path) -> None:
    async with asking(database, tmp_path, demand="2/privacy") as case:
        analyst, eve, dan = await case.analyst(), await case.person("eve"), await case.person("dan")

        async def at_once(approval: str, *answers: tuple[str, str]) -> list[int]:
            given = await asyncio.gather(*(case.answer(key, approval, word, version=0) for key, word in answers))
            return sorted(one.status_code for one in given)

        async def told(approval: str) -> list[str]:
            found = [one["event"] for one in await case.site.records() if one.get("approval") == approval]
            return [event for event in found if event in ("approval.approved", "approval.denied", "approval.edited")]

        first, second = [approval_of(await case.ask(analyst, name)) for name in ("order-1", "order-2")]
        assert await at_once(first, *[(eve, "approve")] * 4) == [200, 403, 403, 403]
        assert await told(first) == ["approval.approved"], "one person's yes is on record once"
        answered = await at_once(first, *[(dan, "deny"), (dan, "approve")] * 2)
        state = (await case.get(analyst, f"/approvals/{first}")).json()["state"]
        assert (state, answered.count(200)) == ("denied", len(await told(first)) - 1)
        masked = [case.answer(eve, second, "edit", mask=["email"], version=0) for _ in range(3)]
        statuses = sorted(one.status_code for one in await asyncio.gather(*masked))
        assert statuses[0] == 200
        assert await told(second) == ["approval.edited"] * statuses.count(200)


async def test_a_yes_without_a_version_is_none_and_a_no_needs_none(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with asking(sqlite_settings, tmp_path) as case:
        approval, eve = approval_of(await case.ask(await case.analyst(), "order-1")), await case.person("eve")
        for version in (None, "0", 0.5):
            body = {} if version is None else {"version": version}
            place, headers = f"/approvals/{approval}/approve", {"authorization": f"Bearer {eve}"}
            wrong = await case.site.http.post(place, json={"reason": "yes", **body}, headers=headers)
            assert wrong.status_code == 400
            assert wrong.json()["field"] == "version"
        assert (await case.answer(eve, approval, "deny")).json()["state"] == "denied"


def _agents() -> dict[str, dict[str, object]]:
    return {
        "cloud": {"zone": "cloud", "processor": "cloud-inc", "capabilities": ["summarize"]},
        "ward": {"zone": "in-house", "capabilities": ["summarize"]},
    }


async def test_a_reason_is_demanded_and_stands_beside_the_record(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with asking(sqlite_settings, tmp_path) as case:
        eve = await case.person("eve")
        approval = approval_of(await case.ask(await case.analyst(), "order-1"))
        for reason in ("", " ", "x" * 2_001):
            assert (await case.answer(eve, approval, "approve", reason=reason)).json()["field"] == "reason"
        await case.answer(eve, approval, "approve", reason="The contract covers it.")
        reader = case.site.gateway.site.reader("default")
        stored = [one async for one in reader.records(0, await reader.size(), details=True)]
        (said,) = [one for one in stored if b'"approval.approved"' in one.envelope]
        assert json.loads(said.detail or b"")["reason"] == "The contract covers it."
        assert b"contract covers" not in said.envelope


async def test_what_is_over_is_answered_no_more(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with asking(sqlite_settings, tmp_path) as case:
        approval = approval_of(await case.ask(await case.analyst(), "order-1"))
        assert (await case.answer(await case.person("eve"), approval, "approve")).status_code == 200
        fay = await case.person("fay")
        for word in ("approve", "edit"):
            late = await case.answer(fay, approval, word)
            assert late.status_code in (403, 409)
        assert (await case.answer(fay, approval, "deny")).status_code == 200
        assert (await case.answer(fay, approval, "deny")).status_code == 409
        assert (await case.answer(fay, "ap_" + "0" * 26, "approve")).status_code == 404


async def test_the_pages_of_the_list_follow_one_another(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with asking(sqlite_settings, tmp_path) as case:
        analyst, eve = await case.analyst(), await case.person("eve")
        asked = [approval_of(await case.ask(analyst, f"order-{number}")) for number in range(3)]
        first = (await case.get(eve, "/approvals?limit=2")).json()
        second = (await case.get(eve, f"/approvals?limit=2&cursor={first['cursor']}")).json()
        assert [one["id"] for one in first["approvals"] + second["approvals"]] == asked[::-1]
        assert second["cursor"] is None


@pytest.mark.parametrize("denier", ["eve", "fay"])
async def test_what_was_approved_can_be_denied_until_it_is_sent_also_by_who_approved_it(
    sqlite_settings: Settings, tmp_path: Path, denier: str
) -> None:
    async with asking(sqlite_settings, tmp_path) as case:
        analyst = await case.analyst()
        persons = {name: await case.person(name) for name in ("eve", "fay")}
        approval = approval_of(await case.ask(analyst, "order-1"))
        await case.answer(persons["eve"], approval, "approve")
        assert (await case.answer(await case.person("ada"), approval, "deny")).status_code == 403
        assert (await case.answer(persons[denier], approval, "deny")).json()["state"] == "denied"
        assert code(await case.ask(analyst, "order-1")) == "approval_denied"
        assert not case.site.agents["cloud"].received
        assert await case.events("approval.") == ["approval.requested", "approval.approved", "approval.denied"]
        sent = approval_of(await case.ask(analyst, "order-2"))
        await case.answer(persons["eve"], sent, "approve")
        assert (await case.ask(analyst, "order-2")).status_code == 200
        assert (await case.answer(persons[denier], sent, "deny")).status_code == 409


async def test_who_holds_a_role_that_only_another_agent_would_ask_finds_nothing(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    asks = {"cloud": "contract:valid, allow, approve:privacy", "ward": "always, allow, approve:legal"}
    lines = [
        f'p, 39{number}, role:analyst, class:pii, agent:{agent}, chat, purpose:*, {ends}, asks-{agent}, "People look."'
        for number, (agent, ends) in enumerate(asks.items())
    ]
    lines.append('o, asks-cloud, class:pii, "Who approves answers for it."')
    async with system(sqlite_settings, policy=policies(tmp_path / "own", *lines)) as site:
        case = Asking(site)
        approval = approval_of(await case.ask(await case.analyst(), "order-1"))
        lawyer = await case.person("liz", "legal")
        assert (await case.get(lawyer, f"/approvals/{approval}")).status_code == 404
        assert (await case.get(lawyer, "/approvals")).json()["approvals"] == []
        eve = await case.person("eve")
        assert (await case.answer(eve, approval, "edit", agent="ward")).json()["missing"] == [
            {"role": "legal", "count": 1},
            {"role": "privacy", "count": 1},
        ]
        assert "content" in (await case.get(lawyer, f"/approvals/{approval}")).json()


async def test_whom_an_agent_calls_as_approves_nothing_whatever_kind_its_credential_says(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    agents: dict[str, dict[str, Any]] = {**_agents(), "front": {"zone": "in-house", "callers": ["default/front-bot"]}}
    async with asking(sqlite_settings, tmp_path, agents=agents) as case:
        approval = approval_of(await case.ask(await case.analyst(), "order-1"))
        bot = await case.person("front-bot")
        assert (await case.get(bot, f"/approvals/{approval}")).status_code == 404
        refused = await case.answer(bot, approval, "approve")
        assert (refused.status_code, refused.json()["type"]) == (403, "urn:gateway:problem:approver_barred")


async def test_whom_an_agent_calls_as_breaks_no_glass(sqlite_settings: Settings) -> None:
    agents: dict[str, dict[str, Any]] = {**_agents(), "front": {"zone": "in-house", "callers": ["default/front-bot"]}}
    rule = [{"role": "nurse", "grants": ["clinician"], "minutes": 30, "reviewer": "privacy"}]
    async with system(sqlite_settings, agents=agents, break_glass=rule) as site:
        for owner, status in (("front-bot", 403), ("nina", 201)):
            key = await site.key("nurse", owner=owner, kind="person")
            wish = {"role": "clinician", "minutes": 5, "reason": "an emergency"}
            told = await site.http.post("/break-glass", json=wish, headers={"authorization": f"Bearer {key}"})
            assert told.status_code == status, told.text
