"""A yes of each supervisor is needed, and each is asked once about the same thing."""

from typing import Any

import msgspec
import pytest

from gateway.core.errors import LedgerUnavailable
from gateway.core.refusal import Refusal
from gateway.exchange.approval_supervisors import Supervisors
from gateway.exchange.exchange import Exchange, Routed
from gateway.exchange.metrics import Metrics
from gateway.exchange.supervising import Looked
from gateway.ledger.record import Detail, NodeInfo
from gateway.store.approvals import Approval, Edit
from tests.conftest import ManualClock
from tests.exchange.making import exchange
from tests.store.test_approvals import TERMS, made

NODE = NodeInfo(id="nd_1", boot="bt_1")


class Kept:
    """A store and a ledger that remember in which order they were used."""

    def __init__(self, *stored: Approval) -> None:
        self.steps, self.stored = list[str](), list(stored)
        self.diffs: list[tuple[str, ...]] = []

    def of(self, tenant: str) -> "Kept":
        return self

    async def append(self, entry: Any) -> None:
        self.steps.append(entry.envelope.event)
        self.diffs.append(msgspec.json.decode(entry.detail, type=Detail).diff or ())

    async def get(self, tenant: str, name: str) -> Approval | None:
        return self.stored.pop(0) if self.stored else None

    async def change(self, was: Approval, becomes: Approval) -> bool:
        """One that is read again afterwards was changed meanwhile."""
        if self.stored:
            return False
        self.steps.append(becomes.state)
        self.changed = becomes
        return True

    async def put(self, one: Approval) -> bool:
        self.steps.append(one.state)
        return True


class Asked:
    """Agents that say what they are told to."""

    def __init__(self, **says: Looked) -> None:
        self.says, self.asked = says, list[str]()

    async def __call__(self, agent: str, exchange: Exchange, routed: Routed, approval: str) -> Looked:
        self.asked.append(agent)
        return self.says[agent]


YES, NO = Looked(agent="x", allowed=True, reason="r"), Looked(agent="x", reason="r")
SILENT = Looked(agent="x", failed="timeout")


def supervised(kept: Kept) -> tuple[Supervisors, Approval, Any]:
    anything: Any = kept
    one = Supervisors(store=anything, ledgers=anything, clock=ManualClock(), node=NODE, metrics=Metrics())
    obligations = ("approve:privacy", "supervise:desk", "supervise:judge")
    terms = msgspec.structs.replace(TERMS, obligations=obligations)
    routed: Any = None
    return one, made("ap_" + "1" * 26, terms=terms), routed


async def test_each_is_asked_once_and_its_yes_is_on_record_before_it_counts() -> None:
    kept, asked = Kept(), Asked(desk=YES, judge=YES)
    one, approval, routed = supervised(kept)
    one.asked_by(asked)
    looked = await one.looks(exchange(), routed, approval)
    assert isinstance(looked, Approval)
    assert [answer.actor for answer in looked.answers] == ["agent:desk", "agent:judge"]
    assert kept.steps == ["approval.approved"] * 2
    assert await one.looks(exchange(), routed, looked) is looked
    assert asked.asked == ["desk", "judge"]


@pytest.mark.parametrize(
    ("says", "steps", "code"),
    [(NO, ["denied", "approval.denied"], "approval_denied"), (SILENT, ["approval.denied"], "supervision_failed")],
)
async def test_the_first_that_does_not_say_yes_ends_it(says: Looked, steps: list[str], code: str) -> None:
    kept, asked = Kept(), Asked(desk=says)
    one, approval, routed = supervised(kept)
    one.asked_by(asked)
    refused = await one.looks(exchange(), routed, approval)
    assert isinstance(refused, Refusal)
    assert (refused.code, kept.steps) == (code, steps)


async def test_where_none_can_be_asked_nothing_goes() -> None:
    one, approval, routed = supervised(Kept())
    with pytest.raises(LedgerUnavailable):
        await one.looks(exchange(), routed, approval)


@pytest.mark.parametrize(
    ("state", "code"),
    [("used", "approval_used"), ("denied", "approval_denied"), ("superseded", "approval_denied")],
)
async def test_a_no_that_comes_after_its_end_rewrites_nothing_and_is_on_record_as_late(state: Any, code: str) -> None:
    _, approval, routed = supervised(Kept())
    # At first it is there as it was; before it can be changed it has ended.
    for stored in ((), (msgspec.structs.replace(approval, state="approved"),)):
        kept = Kept(*stored, msgspec.structs.replace(approval, state=state, version=9))
        one, _, _ = supervised(kept)
        one.asked_by(Asked(desk=NO))
        refused = await one.looks(exchange(), routed, approval)
        assert isinstance(refused, Refusal)
        assert (refused.code, kept.steps) == (code, ["approval.denied"])
        assert kept.diffs[-1][-1] == f"too late: it was {state}"


async def test_a_no_ends_what_waits_as_it_has_become() -> None:
    _, approval, routed = supervised(Kept())
    edited = msgspec.structs.replace(approval, edit=Edit(masks=("email",), number=1), version=3)
    kept = Kept(edited)
    one, _, _ = supervised(kept)
    one.asked_by(Asked(desk=NO))
    await one.looks(exchange(), routed, approval)
    assert (kept.changed.state, kept.changed.edit) == ("denied", edited.edit)
    assert [(answer.actor, answer.approved) for answer in kept.changed.answers] == [("agent:desk", False)]
