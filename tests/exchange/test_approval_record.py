"""A record of an approval names what was asked in clear, and who said what beside it."""

import json

import pytest

from gateway.exchange.approval_record import By, Event, Told, entry
from gateway.ledger.record import Detail
from tests.conftest import ManualClock
from tests.exchange.making import NODE
from tests.store.test_approvals import made

BY = By(actor="ac_9", kind="person", exchange="ex_9", trace="9" * 32, detail=Detail(subject="eve@clinic.example"))


@pytest.mark.parametrize("event", ["approval.approved", "approval.denied", "approval.edited", "content.revealed"])
def test_an_answer_is_of_its_own_request_and_names_the_one_that_asked(event: Event, clock: ManualClock) -> None:
    written = entry(event, made(), BY, Told(lines=("role privacy",), reason="needed"), clock=clock, node=NODE)
    envelope = written.envelope
    assert (envelope.event, envelope.approval, envelope.exchange, envelope.parent) == (event, "ap_1", "ex_9", "ex_1")
    assert (envelope.actor, envelope.agent, envelope.trace) == ("ac_9", "cloud", "9" * 32)
    detail = json.loads(written.detail or b"")
    assert detail == {
        **detail,
        "subject": "eve@clinic.example",
        "reason": "needed",
        "diff": ["role privacy"],
        "subjects": ["su_1"],
    }
    assert written.subjects == ("su_1",)


def test_a_request_is_of_the_exchange_that_asked_and_nothing_personal_stands_in_clear(clock: ManualClock) -> None:
    written = entry("approval.requested", made(), BY, Told(explanation=("Because.",)), clock=clock, node=NODE)
    envelope = written.envelope
    assert (envelope.exchange, envelope.parent, envelope.trace) == ("ex_1", None, "1" * 32)
    assert envelope.decision is not None
    assert (envelope.decision.effect, envelope.decision.obligations) == ("approve", ("approve:privacy",))
    assert b"eve@clinic" not in written.draft.seal(0, bytes(32), envelope.occurred_at)
