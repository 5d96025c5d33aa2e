"""What people must allow waits for them, durably, and goes on exactly once, as it was approved."""

import asyncio
import hmac
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.core.errors import LedgerUnavailable, PolicyMoved
from gateway.pipeline import MAX_DECISIONS
from gateway.settings import Settings
from gateway.store.writer_base import LedgerWriter
from tests.conftest import ManualClock
from tests.system.approvals import Asking, approval_of, asking
from tests.system.kit import MAIL, PERSONAL, code, events, policies
from tests.system.site import Agent, served, system


async def test_a_request_waits_is_approved_and_goes_on_once_masked_as_decided(
    database: Settings, tmp_path: Path
) -> None:
    async with asking(database, tmp_path) as case:
        analyst, officer = await case.analyst(), await case.person("eve")
        waits = await case.ask(analyst, "order-1")
        assert (waits.status_code, code(waits), waits.headers["x-decision"]) == (403, "approval_required", "approve")
        approval = approval_of(waits)
        assert waits.json()["error"]["link"] == waits.headers["location"]
        assert waits.headers["location"].endswith(f"/approvals/{approval}")
        assert await events(case.site, waits) == ["approval.requested", "exchange.denied"]
        assert approval_of(await case.ask(analyst, "order-1")) == approval
        assert (await case.answer(officer, approval, "approve")).json()["state"] == "approved"
        assert not case.site.agents["cloud"].received
        goes = await case.ask(analyst, "order-1")
        assert (goes.status_code, goes.headers["x-routed-agent"]) == (200, "cloud")
        (body,) = case.site.agents["cloud"].bodies
        assert (MAIL in str(body), "[EMAIL]" in str(body)) == (False, True)
        trail = await case.site.trail(goes.headers["x-exchange-id"])
        assert [(one["event"], one["approval"]) for one in trail] == [
            ("exchange.requested", approval),
            ("exchange.completed", approval),
        ]
        assert trail[0]["decision"]["effect"] == "approve"
        again = await case.ask(analyst, "order-1")
        assert (again.status_code, code(again)) == (409, "approval_used")
        assert len(case.site.agents["cloud"].received) == 1


async def test_approvers_are_told_by_a_signed_notice_that_holds_nothing_of_the_message(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    desk = Agent()
    secret = tmp_path / "secret"
    secret.write_text("a secret of more than sixteen bytes")
    async with served(desk) as url:
        section = {"notify_url": f"{url}/told", "notify_secret": f"file:{secret}"}
        async with asking(sqlite_settings, tmp_path, approvals=section) as case:
            analyst = await case.analyst()
            approval = approval_of(await case.ask(analyst, "order-1"))
            await case.ask(analyst, "order-1")
            await case.site.gateway.notices.idle(case.site.gateway.pipeline.parts.ledgers)
    ((headers, body),) = desk.received
    told = json.loads(body)
    assert (told["approval"], told["missing"]) == (approval, [{"role": "privacy", "count": 1}])
    assert MAIL not in body.decode()
    moment, _, signature = headers["x-gateway-signature"].partition(",v1=")
    signed = moment.removeprefix("t=").encode() + b"." + body
    assert signature == hmac.digest(secret.read_bytes(), signed, "sha256").hex()
    assert desk.paths == ["/told"]


async def test_of_many_that_repeat_an_approved_request_at_once_one_goes_on(database: Settings, tmp_path: Path) -> None:
    async with asking(database, tmp_path) as case:
        analyst, officer = await case.analyst(), await case.person("eve")
        several = await asyncio.gather(*(case.ask(analyst, "order-1") for _ in range(6)))
        (approval,) = {approval_of(one) for one in several}
        await case.answer(officer, approval, "approve")
        done = await asyncio.gather(*(case.ask(analyst, "order-1") for _ in range(6)))
        assert sorted(one.status_code for one in done) == [200, *[409] * 5]
        assert len(case.site.agents["cloud"].received) == 1


async def test_without_a_key_the_request_is_found_by_itself_or_by_the_id_it_was_told(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with asking(sqlite_settings, tmp_path) as case:
        analyst, officer = await case.analyst(), await case.person("eve")
        approval = approval_of(await case.ask(analyst))
        assert approval_of(await case.ask(analyst)) == approval
        await case.answer(officer, approval, "approve")
        assert (await case.ask(analyst, approval)).status_code == 200
        assert code(await case.ask(analyst, approval)) == "approval_used"
        second = approval_of(await case.ask(analyst))
        assert second != approval
        await case.answer(officer, second, "approve")
        assert (await case.ask(analyst)).status_code == 200
        # Somebody else's approval is nobody's key.
        third = approval_of(await case.ask(analyst))
        assert approval_of(await case.ask(await case.analyst("bob"), third)) != third


async def test_another_request_under_the_same_key_is_refused(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with asking(sqlite_settings, tmp_path) as case:
        analyst, officer = await case.analyst(), await case.person("eve")
        approval = approval_of(await case.ask(analyst, "order-1"))
        await case.answer(officer, approval, "approve")
        for other in (
            await case.ask(analyst, "order-1", f"{PERSONAL} And quickly."),
            await case.ask(analyst, "order-1", headers={"x-data-subject": "patient-1"}),
        ):
            assert (other.status_code, code(other)) == (422, "approval_mismatch")
        assert (await case.ask(await case.analyst("bob"), "order-1")).status_code == 403
        assert not case.site.agents["cloud"].received
        assert (await case.ask(analyst, "order-1", headers={"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"})).is_success


async def test_a_denied_request_stays_denied_and_its_content_is_gone(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with asking(sqlite_settings, tmp_path) as case:
        analyst, officer = await case.analyst(), await case.person("eve")
        approval = approval_of(await case.ask(analyst, "order-1"))
        assert (await case.answer(officer, approval, "deny")).json()["state"] == "denied"
        again = await case.ask(analyst, "order-1")
        assert (again.status_code, code(again)) == (403, "approval_denied")
        ledger = case.site.gateway.site.tenants["default"].ledger
        stored = await case.site.gateway.site.approvals.get(ledger, approval)
        assert stored is not None
        assert stored.sealed is None
        assert (await case.answer(officer, approval, "approve")).status_code == 403
        other = await case.person("fay")
        assert (await case.answer(other, approval, "approve")).status_code == 409


async def test_what_waits_and_what_was_approved_outlive_a_restart_but_not_another_policy(
    database: Settings, tmp_path: Path
) -> None:
    cloud = Agent()
    async with served(cloud) as url:
        agents = {"cloud": {"zone": "cloud", "processor": "cloud-inc", "url": url}}
        async with asking(database, tmp_path, agents=agents) as case:
            analyst, officer = await case.analyst(), await case.person("eve")
            waits = approval_of(await case.ask(analyst, "order-1"))
            approved = approval_of(await case.ask(analyst, "order-2"))
            await case.answer(officer, approved, "approve")
        async with asking(database, tmp_path, agents=agents) as case:
            assert approval_of(await case.ask(analyst, "order-1")) == waits
            assert (await case.ask(analyst, "order-2")).status_code == 200
            await case.answer(officer, waits, "approve")
        with (tmp_path / "own" / "policies" / "policy.csv").open("a") as file:
            file.write('\np, 700, role:*, class:any, zone:*, *, purpose:*, always, deny, none, else, "Nothing else."')
        async with asking(database, tmp_path, agents=agents) as case:
            anew = approval_of(await case.ask(analyst, "order-1"))
            assert anew != waits
            assert await case.events("approval.superseded") == ["approval.superseded"]
            assert (await case.get(officer, f"/approvals/{waits}")).json()["state"] == "superseded"
    assert len(cloud.received) == 1


async def test_time_ends_what_waits_and_what_is_not_used(sqlite_settings: Settings, tmp_path: Path) -> None:
    clock = ManualClock()
    async with asking(sqlite_settings, tmp_path, clock=clock, approvals={"wait_s": 60, "use_s": 30}) as case:
        analyst, officer = await case.analyst(), await case.person("eve")
        first = approval_of(await case.ask(analyst, "order-1"))
        clock.advance(61)
        assert (await case.answer(officer, first, "approve")).status_code == 409
        second = approval_of(await case.ask(analyst, "order-1"))
        assert second != first
        await case.answer(officer, second, "approve")
        clock.advance(31)
        third = approval_of(await case.ask(analyst, "order-1"))
        assert third != second
        clock.advance(61)
        approvals = case.site.gateway.approvals
        ledger = case.site.gateway.site.tenants["default"].ledger
        assert await approvals.expire(ledger) == 1
        assert await approvals.expire(ledger) == 0
        assert await case.events("approval.expired") == ["approval.expired"] * 3


@pytest.mark.parametrize("instant", ["ledger.before_commit", "ledger.after_commit"])
@pytest.mark.parametrize("times", [1, 3])
async def test_what_ends_while_its_record_cannot_be_written_ends_with_it_later_and_once(
    database: Settings, tmp_path: Path, instant: str, times: int
) -> None:
    clock, failing = ManualClock(), 0

    async def failpoint(name: str) -> None:
        nonlocal failing
        if failing and name == instant:
            failing -= 1
            raise OSError("no space left")

    async with asking(database, tmp_path, clock=clock, failpoint=failpoint, approvals={"wait_s": 60}) as case:
        analyst, officer = await case.analyst(), await case.person("eve")
        waits = approval_of(await case.ask(analyst, "order-1"))
        clock.advance(61)
        approvals, ledger = case.site.gateway.approvals, case.site.gateway.site.tenants["default"].ledger
        failing = times
        while failing:
            with suppress(LedgerUnavailable):
                await approvals.expire(ledger)
                break
            assert (await case.answer(officer, waits, "approve")).status_code in (409, 503), "it is void all the same"
        failing = 0
        await approvals.expire(ledger)
        assert await case.events("approval.expired") == ["approval.expired"]
        assert (await case.get(officer, f"/approvals/{waits}")).json()["state"] == "expired"


async def test_only_so_many_requests_of_one_caller_wait(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with asking(sqlite_settings, tmp_path, approvals={"waiting": 2}) as case:
        analyst = await case.analyst()
        for number in range(2):
            assert code(await case.ask(analyst, f"order-{number}")) == "approval_required"
        full = await case.ask(analyst, "order-3")
        assert (full.status_code, code(full)) == (429, "approvals_full")
        assert code(await case.ask(await case.analyst("bob"), "order-3")) == "approval_required"


async def test_an_edit_masks_more_or_takes_another_agent_and_is_held_to(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with asking(sqlite_settings, tmp_path) as case:
        analyst, editor, officer = await case.analyst(), await case.person("eve"), await case.person("fay")
        approval = approval_of(await case.ask(analyst, "order-1"))
        assert (await case.answer(editor, approval, "edit", agent="ward")).json()["agent"] == "ward"
        assert (await case.answer(editor, approval, "approve")).status_code == 403
        assert (await case.answer(officer, approval, "approve")).json()["state"] == "approved"
        goes = await case.ask(analyst, "order-1")
        assert (goes.status_code, goes.headers["x-routed-agent"]) == (200, "ward")
        assert not case.site.agents["cloud"].received


async def test_another_agent_gets_what_its_approvers_saw_and_the_records_say_what_was_masked(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    """The first agent's masks stay though policy asks for none towards the second; the approver was shown them."""
    async with asking(sqlite_settings, tmp_path) as case:
        analyst, editor, officer = await case.analyst(), await case.person("eve"), await case.person("fay")
        text = f"{PERSONAL} Or call +49 30 901820."
        approval = approval_of(await case.ask(analyst, "order-1", text))
        await case.answer(editor, approval, "edit", agent="ward", mask=["email"])
        seen = (await case.get(officer, f"/approvals/{approval}")).json()
        assert seen["agent"] == "ward"
        (said,) = [part["text"] for part in seen["content"]["parts"] if "Please write" in part["text"]]
        assert (MAIL in said, "[EMAIL]" in said) == (False, True)
        assert not {"email", "phone"}.intersection(seen["content"]["maskable"])
        await case.answer(officer, approval, "approve")
        goes = await case.ask(analyst, "order-1", text)
        assert goes.headers["x-routed-agent"] == "ward"
        (body,) = case.site.agents["ward"].bodies
        assert said in str(body)
        assert MAIL not in str(body)
        records = [one for one in await case.site.records() if one["event"] in ("approval.edited", "approval.approved")]
        records.append((await case.site.trail(goes.headers["x-exchange-id"]))[0])
        held = [sorted(one["decision"]["obligations"]) for one in records]
        assert held == [["approve:privacy", "redact:email,phone"]] * 3


async def test_an_agent_that_is_chosen_gets_the_masks_that_policy_asks_for_it_and_the_approvers_see_them(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    agents = {"cloud": "contract:valid, allow, approve:privacy;redact:email", "ward": "always, allow, redact:phone"}
    lines = [
        f'p, 39{number}, role:analyst, class:pii, agent:{agent}, chat, purpose:*, {ends}, masks-{agent}, "Not all."'
        for number, (agent, ends) in enumerate(agents.items())
    ]
    section = policies(tmp_path / "own", *lines, 'o, masks-cloud, class:pii, "Who approves answers for it."')
    async with system(sqlite_settings, policy=section) as site:
        case = Asking(site)
        analyst, editor, officer = await case.analyst(), await case.person("eve"), await case.person("fay")
        text = f"{PERSONAL} Or call +49 30 901820."
        approval = approval_of(await case.ask(analyst, "order-1", text))
        before = (await case.get(editor, f"/approvals/{approval}")).json()
        assert before["masks"] == ["email"]
        edited = (await case.answer(editor, approval, "edit", agent="ward")).json()
        assert edited["masks"] == ["email", "phone"]
        await case.answer(officer, approval, "approve")
        assert (await case.ask(analyst, "order-1", text)).headers["x-routed-agent"] == "ward"
        (body,) = site.agents["ward"].bodies
        assert ("901820" in str(body), MAIL in str(body)) == (False, False)


async def test_what_people_approve_is_masked_whole_where_something_general_might_remain(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    """They are shown the placeholder, and what is shown is what is sent."""
    line = (
        "p, 390, role:analyst, class:pii, agent:cloud, chat, purpose:*, contract:valid, allow, "
        'approve:privacy;generalise, masks-cloud, "Not all."'
    )
    async with system(sqlite_settings, policy=policies(tmp_path / "own", line)) as site:
        case = Asking(site)
        analyst, officer = await case.analyst(), await case.person("eve")
        text = f"{PERSONAL} DOB: 03/12/1958."
        approval = approval_of(await case.ask(analyst, "order-1", text))
        seen = (await case.get(officer, f"/approvals/{approval}")).json()
        (said,) = [part["text"] for part in seen["content"]["parts"] if "Please write" in part["text"]]
        assert said.endswith("DOB: [DATE-OF-BIRTH].")
        await case.answer(officer, approval, "approve")
        assert (await case.ask(analyst, "order-1", text)).headers["x-routed-agent"] == "cloud"
        (body,) = site.agents["cloud"].bodies
        assert said in str(body)
        assert "1958" not in str(body)


async def test_the_forms_of_what_waits_are_those_of_each_protocol(sqlite_settings: Settings, tmp_path: Path) -> None:
    agents: dict[str, dict[str, Any]] = {
        "files": {"protocol": "http", "zone": "in-house", "routes": ["POST /notes"]},
        "claude": {"protocol": "anthropic", "zone": "in-house"},
    }
    lines = [
        f"p, 39{number}, role:analyst, class:pii, agent:{name}, *, purpose:*, always, allow, approve:privacy, "
        f'ask-{name}, "People look first."'
        for number, name in enumerate(agents)
    ]
    async with system(sqlite_settings, agents=agents, policy=policies(tmp_path / "own", *lines)) as site:
        key = await site.key("analyst", owner="ada")
        headers = {"authorization": f"Bearer {key}", "idempotency-key": "one"}
        plain = await site.http.post("/agents/files/notes", json={"text": PERSONAL}, headers=headers)
        assert (plain.status_code, plain.headers["content-type"]) == (202, "application/json")
        said = plain.json()
        assert (said["link"], said["status"]) == (plain.headers["location"], 202)
        assert (await site.trail(plain.headers["x-exchange-id"]))[-1]["outcome"]["status"] == 202
        claude = await site.http.post(
            "/v1/messages",
            json={"model": "claude", "max_tokens": 9, "messages": [{"role": "user", "content": PERSONAL}]},
            headers={**headers, "anthropic-version": "2023-06-01", "idempotency-key": "two"},
        )
        assert (claude.status_code, claude.json()["error"]["code"]) == (403, "approval_required")
        waits = claude.json()["error"]
        assert waits["link"].endswith(f"/approvals/{waits['approval']}")
        officer = {"authorization": f"Bearer {await site.key('privacy', owner='eve', kind='person')}"}
        yes = {"reason": "ok", "version": 0}
        await site.http.post(f"/approvals/{said['approval']}/approve", json=yes, headers=officer)
        goes = await site.http.post("/agents/files/notes", json={"text": PERSONAL}, headers=headers)
        assert (goes.status_code, goes.json()["path"]) == (200, "/notes")


@pytest.mark.parametrize("instant", ["ledger.before_commit"])
async def test_what_cannot_be_put_on_record_is_not_asked(
    sqlite_settings: Settings, tmp_path: Path, instant: str
) -> None:
    failing = False

    async def failpoint(name: str) -> None:
        if failing and name == instant:
            raise OSError("no space left")

    async with asking(sqlite_settings, tmp_path, failpoint=failpoint) as case:
        analyst, officer = await case.analyst(), await case.person("eve")
        failing = True
        answer: httpx.Response = await case.ask(analyst, "order-1")
        failing = False
        assert (answer.status_code, code(answer)) == (503, "ledger_unavailable")
        listed = (await case.get(officer, "/approvals")).json()
        assert listed["approvals"] == []


async def test_what_was_approved_goes_once_where_the_policy_moves_at_that_moment_and_is_the_same_again(
    sqlite_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with asking(sqlite_settings, tmp_path) as case:
        analyst = await case.analyst()
        approval = approval_of(await case.ask(analyst, "order-1"))
        await case.answer(await case.person("eve"), approval, "approve")
        submit, left = LedgerWriter.submit, [PolicyMoved()]

        def failing(self: Any, entry: Any, only_if_open: bool = False) -> Any:
            if not (entry.opens and left):
                return submit(self, entry, only_if_open)
            refused = asyncio.get_running_loop().create_future()
            refused.set_exception(left.pop())
            return refused

        monkeypatch.setattr(LedgerWriter, "submit", failing)
        assert (await case.ask(analyst, "order-1")).status_code == 200
        assert len(case.site.agents["cloud"].received) == 1
        assert code(await case.ask(analyst, "order-1")) == "approval_used"


@pytest.mark.parametrize("key", ["order-1", None])
@pytest.mark.parametrize("ends", [[PolicyMoved()] * MAX_DECISIONS, [LedgerUnavailable("no space left")]])
async def test_an_approval_of_which_no_intent_came_is_there_for_the_next_try_and_used_once(
    sqlite_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: list[Exception], key: str | None
) -> None:
    async with asking(sqlite_settings, tmp_path) as case:
        analyst = await case.analyst()
        approval = approval_of(await case.ask(analyst, key))
        await case.answer(await case.person("eve"), approval, "approve")
        submit, left = LedgerWriter.submit, list(ends)

        def failing(self: Any, entry: Any, only_if_open: bool = False) -> Any:
            if not (entry.opens and left):
                return submit(self, entry, only_if_open)
            refused = asyncio.get_running_loop().create_future()
            refused.set_exception(left.pop())
            return refused

        monkeypatch.setattr(LedgerWriter, "submit", failing)
        failed = await case.ask(analyst, key)
        assert (failed.status_code, "retry-after" in failed.headers) == (503, True)
        assert not case.site.agents["cloud"].received
        assert (await case.ask(analyst, key)).status_code == 200
        again = await case.ask(analyst, key)
        assert code(again) == ("approval_required" if key is None else "approval_used")
        assert len(case.site.agents["cloud"].received) == 1
