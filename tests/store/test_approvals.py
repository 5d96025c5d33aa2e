"""Approvals are kept whole, found by what was asked, and change only from what they were read as."""

from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from gateway.core.approval import Answer, Demand
from gateway.core.errors import LedgerUnavailable
from gateway.ledger.entry import SealedPart
from gateway.store.approvals import PART, Alternative, Approval, ApprovalStore, Edit, Terms
from tests.store.kit import Store
from tests.store.ledger_kit import changing

TERMS = Terms(
    exchange="ex_1",
    trace="1" * 32,
    keyed=True,
    actor_kind="person",
    persons=("p1",),
    protocol="openai",
    action="chat",
    target="cloud",
    purpose="TREAT",
    agent="cloud",
    zone="cloud",
    policy="sha256:x",
    rules=("ask",),
    obligations=("approve:privacy",),
    demands=(Demand("privacy", 1),),
    classes=("pii",),
    found=(("email", 1),),
    masks=("email",),
    alternatives=(Alternative(agent="ward", zone="in-house"),),
    subjects=("su_1",),
)
SEALED = SealedPart(part=PART, key="dk_1", nonce=b"n" * 12, ciphertext=b"sealed")


def made(approval_id: str = "ap_1", **fields: Any) -> Approval:
    values: dict[str, Any] = {
        "tenant": "tn_1",
        "state": "pending",
        "version": 0,
        "actor": "ac_1",
        "lookup": approval_id.encode(),
        "request": b"request",
        "binding": b"binding",
        "created_us": 10,
        "expires_us": 100,
        "terms": TERMS,
        "sealed": SEALED,
        **fields,
    }
    return Approval(id=approval_id, **values)


async def test_an_approval_comes_back_as_it_was_kept_and_only_to_its_tenant(store: Store) -> None:
    approvals = ApprovalStore(store.engine)
    whole = made(
        answers=(Answer(actor="ac_2", role="privacy", approved=True, persons=("p2",), at_us=5),),
        edit=Edit(masks=("phone",), agent=Alternative(agent="ward", zone="in-house"), editors=("p3",)),
    )
    assert await approvals.put(whole)
    assert await approvals.get("tn_1", "ap_1") == whole
    assert await approvals.find("tn_1", b"ap_1") == whole
    assert (whole.agent, whole.zone, whole.demands) == ("ward", "in-house", ())
    assert (made().agent, made().zone, made().demands) == ("cloud", "cloud", TERMS.demands)
    for found in (await approvals.get("tn_2", "ap_1"), await approvals.find("tn_2", b"ap_1")):
        assert found is None
    assert await approvals.newest("tn_2", states=("pending",), before=None, limit=9) == ()
    assert await approvals.due("tn_2", 10**9, 9) == ()


async def test_of_two_with_one_lookup_one_is_kept_and_a_lookup_given_up_is_free(store: Store) -> None:
    approvals = ApprovalStore(store.engine)
    first = made("ap_1", lookup=b"same")
    assert await approvals.put(first)
    assert not await approvals.put(made("ap_2", lookup=b"same"))
    assert await approvals.get("tn_1", "ap_2") is None
    assert await approvals.put(made("ap_3", lookup=b"same", tenant="tn_2"))
    assert await approvals.change(first, msgspec.structs.replace(first, lookup=None))
    assert await approvals.put(made("ap_4", lookup=b"same"))
    assert await approvals.put(made("ap_5", lookup=None))


async def test_a_row_changes_only_from_what_it_was_read_as(store: Store) -> None:
    approvals = ApprovalStore(store.engine)
    was = made()
    await approvals.put(was)
    approved = msgspec.structs.replace(was, state="approved", sealed=None)
    assert await approvals.change(was, approved)
    assert not await approvals.change(was, msgspec.structs.replace(was, state="denied"))
    found = await approvals.get("tn_1", "ap_1")
    assert found == msgspec.structs.replace(approved, version=1)


async def test_what_waits_is_counted_listed_and_falls_due(store: Store) -> None:
    approvals = ApprovalStore(store.engine)
    for number in range(4):
        await approvals.put(made(f"ap_{number}", created_us=number // 2, expires_us=100 + number))
    await approvals.put(made("ap_8", state="denied"))
    await approvals.put(made("ap_9", actor="ac_2"))
    assert await approvals.waiting("tn_1", "ac_1", 99) == 4
    assert await approvals.waiting("tn_1", "ac_1", 101) == 2
    first = await approvals.newest("tn_1", states=("pending",), before=None, limit=3)
    assert [one.id for one in first] == ["ap_9", "ap_3", "ap_2"]
    rest = await approvals.newest("tn_1", states=("pending",), before=(first[-1].created_us, first[-1].id), limit=3)
    assert [one.id for one in rest] == ["ap_1", "ap_0"]
    assert [one.id for one in await approvals.due("tn_1", 102, 2)] == ["ap_0", "ap_9"]


async def test_a_row_that_cannot_be_read_is_no_approval(store: Store) -> None:
    approvals = ApprovalStore(store.engine)
    await approvals.put(made())
    async with changing(store.where) as connection:
        await connection.execute(text("UPDATE approval SET answers = :bad"), {"bad": b"["})
    with pytest.raises(LedgerUnavailable):
        await approvals.get("tn_1", "ap_1")
