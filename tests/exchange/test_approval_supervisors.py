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
from gateway.ledger.record import NodeInfo
from gateway.store.approvals import Approval
from tests.conftest import ManualClock
from tests.exchange.making import exchange
from tests.store.test_approvals import TERMS, made

NODE = NodeInfo(id="nd_1", boot="bt_1")


class Kept:
    """A store and a ledger that remember in which order they were used."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    def of(self, tenant: str) -> "Kept":
        return self

    async def append(self, entry: Any) -> None:
        self.steps.append(entry.envelope.event)

    async def get(self, tenant: str, name: str) -> None:
        return None

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
