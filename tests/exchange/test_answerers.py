"""Answers count no more once who gave them is denied, or the key that they were given with is revoked."""

from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest

from gateway.core.denial import Name
from gateway.core.refusal import Refusal
from gateway.exchange import answerers
from gateway.exchange.answerers import denied_names, key_of
from gateway.exchange.exchange import Approved, Exchange
from gateway.settings import Settings
from gateway.store.api_keys import Administrator
from gateway.store.directory import Directory
from tests.exchange.making import identity
from tests.system.approvals import Asking, approval_of, asking
from tests.system.kit import code
from tests.system.site import System


async def _out(site: System, how: str, owner: str) -> None:
    """Deny an owner of keys, or revoke its keys."""
    inner = site.gateway.site
    by = Administrator(ledger=await inner.writer("default"), tenant=inner.tenants["default"].ledger)
    if how == "denied":
        await inner.denials.deny(by, "subject", owner)
        return
    for key in await inner.api_keys.list("default"):
        if key.owner == owner:
            await inner.api_keys.revoke(by, "default", key.id)


async def _approved(case: Asking, analyst: str) -> str:
    approval = approval_of(await case.ask(analyst, "order-1"))
    await case.answer(await case.person("eve"), approval, "approve")
    return approval


@pytest.mark.parametrize("how", ["denied", "revoked"])
async def test_what_was_approved_by_one_who_is_out_by_now_is_asked_anew(
    sqlite_settings: Settings, tmp_path: Path, how: str
) -> None:
    async with asking(sqlite_settings, tmp_path) as case:
        analyst = await case.analyst()
        approval = await _approved(case, analyst)
        await _out(case.site, how, "eve")
        again = await case.ask(analyst, "order-1")
        assert code(again) == "approval_required"
        assert approval_of(again) != approval
        assert not case.site.agents["cloud"].received
        assert await case.events("approval.superseded") == ["approval.superseded"]
        # Somebody else's denial is nothing to what others have said.
        await case.answer(await case.person("fay"), approval_of(again), "approve")
        await _out(case.site, how, "gil")
        assert (await case.ask(analyst, "order-1")).status_code == 200


async def test_it_is_looked_at_once_more_when_the_approval_is_used_up_and_then_asked_anew(
    database: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with asking(database, tmp_path) as case:
        analyst, approvals = await case.analyst(), case.site.gateway.approvals
        approval, take = await _approved(case, analyst), approvals.take

        async def just_before(one: Exchange, approved: Approved) -> Refusal | None:
            await _out(case.site, "denied", "eve")
            return await take(one, approved)

        monkeypatch.setattr(approvals, "take", just_before)
        again = await case.ask(analyst, "order-1")
        monkeypatch.undo()
        assert (again.status_code, code(again)) == (403, "approval_required")
        anew = approval_of(again)
        assert anew != approval
        assert await case.events("approval.requested", "approval.superseded") == [
            "approval.requested",
            "approval.superseded",
            "approval.requested",
        ]
        assert not case.site.agents["cloud"].received
        await case.answer(await case.person("fay"), anew, "approve")
        assert (await case.ask(analyst, "order-1")).status_code == 200


async def test_what_stands_for_a_denied_name_is_worked_out_once(
    sqlite_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with asking(sqlite_settings, tmp_path) as case:
        analyst, asked = await case.analyst(), list[object]()
        for name in ("gil", "hal", "ivy"):
            await _out(case.site, "denied", name)
        approval = approval_of(await case.ask(analyst, "order-1"))
        await case.answer(await case.person("eve"), approval, "approve")
        approval = approval_of(await case.ask(analyst, "order-2"))
        await case.answer(await case.person("eve"), approval, "approve")
        real = answerers.denied_names

        def counted(directory: Directory, ledger: str, names: Iterable[Name]) -> tuple[str, ...]:
            found = real(directory, ledger, names)
            asked.extend(found)
            return found

        monkeypatch.setattr(answerers, "denied_names", counted)
        for _ in range(2):
            assert (await case.ask(analyst, "order-1")).status_code in (200, 409)
        assert len(asked) == 3
        await _out(case.site, "denied", "jim")
        assert (await case.ask(analyst, "order-2")).status_code == 200
        assert len(asked) == 4


async def test_what_is_kept_of_who_answers_names_nobody(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with asking(sqlite_settings, tmp_path) as case:
        approval = await _approved(case, await case.analyst())
        inner = case.site.gateway.site
        stored = await inner.approvals.get(inner.tenants["default"].ledger, approval)
        assert stored is not None
        (answer,) = stored.answers
        assert answer.names == denied_names(inner.directory, stored.tenant, [("subject", "", "eve")])
        assert answer.key in {key.id for key in await inner.api_keys.list("default") if key.owner == "eve"}
        assert b"eve" not in msgspec.json.encode(answer)


def test_only_an_api_key_has_an_id_to_look_for() -> None:
    assert key_of(identity(method="api-key", credential="k1")) == "k1"
    assert key_of(identity(method="api-key+mtls", credential="k1")) == "k1"
    assert key_of(identity(method="jwt", credential="jwt:1")) is None
