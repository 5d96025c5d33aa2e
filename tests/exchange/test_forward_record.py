"""What is said of forwarding names the destination, the records and who did it, and fits the record's form."""

from gateway.exchange.forward_record import ForwardScribe
from gateway.ledger.commitment import matches
from gateway.ledger.record import Detail, parse_detail
from gateway.store.forwarding import Cursor, moved
from tests.conftest import ManualClock
from tests.store.kit import LEDGER, NODE

CURSOR = Cursor(tenant=LEDGER, forward="siem", next_seq=7, version=3, changed_us=1)


def test_a_reset_names_the_person_and_holds_the_reason_in_its_detail(clock: ManualClock) -> None:
    made = ForwardScribe(clock, NODE).entry(
        "forward.reset",
        CURSOR,
        moved(CURSOR, 2, 9),
        first=2,
        end=7,
        code="again",
        actor="ac_1",
        detail=Detail(reason="the SIEM lost a day"),
    )
    told = made.envelope
    assert (told.event, told.forward, told.range, told.actor, told.actor_kind) == (
        "forward.reset",
        "siem",
        (2, 7),
        "ac_1",
        "person",
    )
    assert told.outcome is not None
    assert told.outcome.code == "again"
    assert made.detail is not None
    assert made.salt is not None
    assert told.detail is not None
    assert matches(told.detail, made.salt, "detail", made.detail)
    assert parse_detail(made.detail).reason == "the SIEM lost a day"
    assert made.change is not None
    assert (made.change.values["next_seq"], made.change.where) == (2, {"forward": "siem", "version": 3})


def test_what_nobody_did_names_nobody(clock: ManualClock) -> None:
    told = ForwardScribe(clock, NODE).entry("forward.gap", CURSOR, moved(CURSOR, 9, 9), first=7, end=9).envelope
    assert (told.actor, told.actor_kind, told.detail, told.outcome) == (None, None, None, None)
