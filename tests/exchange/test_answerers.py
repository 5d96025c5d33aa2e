"""Answers count no more once who gave them is denied, or the key that they were given with is revoked."""

from pathlib import Path

import msgspec
import pytest

from gateway.core.finding import Scan
from gateway.exchange.answerers import denied_names, key_of
from gateway.exchange.exchange import Approved, Classified
from gateway.settings import Settings
from gateway.store.api_keys import Administrator
from tests.exchange.making import caller, exchange, identity, message
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


async def test_it_is_looked_at_once_more_when_the_approval_is_used_up(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with asking(sqlite_settings, tmp_path) as case:
        approval = await _approved(case, await case.analyst())
        inner = case.site.gateway.site
        stored = await inner.approvals.get(inner.tenants["default"].ledger, approval)
        assert stored is not None
        await _out(case.site, "denied", "eve")
        made = exchange()
        made.message = message()
        made.caller = msgspec.structs.replace(caller(), tenant=stored.tenant)
        made.classified = Classified(
            scan=Scan(parts=(), classes=frozenset(), scanned="full"), found=(), declared=(), inherited=(), floor=()
        )
        refused = await case.site.gateway.approvals.take(made, Approved(id=approval, version=stored.version))
        assert refused is not None
        assert refused.code == "approval_denied"
        ended = await inner.approvals.get(stored.tenant, approval)
        assert ended is not None
        assert (ended.state, ended.lookup) == ("superseded", None)


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
