"""Every event of a record belongs to one retention class."""

from gateway.core.retention import CLASSES, retention_class
from gateway.ledger.record import EVENTS

OPERATION = {"ledger", "checkpoint", "emergency", "restore", "backup", "forward", "limit", "limits", "retention"}


def test_every_event_has_its_class_and_what_is_of_operation_was_thought_of() -> None:
    assert {retention_class(event) for event in EVENTS} == set(CLASSES)
    others = {event.partition(".")[0] for event in EVENTS if retention_class(event) == "operation"}
    assert others <= OPERATION, "put a new kind of event into the table of classes, or here"


def test_examples() -> None:
    assert retention_class("exchange.requested") == "exchange"
    assert retention_class("audit.read") == "access"
    assert retention_class("policy.activated") == "oversight"
    assert retention_class("subject.erased") == "subject"
