"""What a record says of a request, in one word."""

from typing import Any

import pytest

from gateway.evidence.figures.seen import Known, seen
from gateway.ledger.record import ClassesInfo
from tests.evidence.figures.kit import record


@pytest.mark.parametrize(
    ("event", "fields", "word"),
    [
        ("exchange.requested", {"effect": "redact"}, "redact"),
        ("exchange.denied", {"effect": "deny"}, "deny"),
        ("exchange.denied", {"effect": "approve"}, "approve"),
        ("exchange.denied", {"effect": "route"}, "refused"),
        ("exchange.denied", {"effect": "deny", "candidates": None}, "refused"),
        ("exchange.denied", {}, "refused"),
    ],
)
def test_what_became_of_a_request_is_one_word(event: str, fields: dict[str, Any], word: str) -> None:
    assert record(event, **fields).word == word


def test_nothing_is_sent_where_an_answer_had_been_kept_or_no_agent_is_named() -> None:
    assert record("exchange.requested", agent="a", attempt=1).sent
    assert not record("exchange.requested", agent="a", attempt=0).sent
    assert not record("exchange.requested", attempt=1).sent
    assert not record("exchange.denied", agent="a").sent


def test_classes_count_wherever_they_came_from_and_the_policy_says_which_are_personal() -> None:
    envelope = record("exchange.requested").envelope
    envelope.classes = ClassesInfo(found=("x-own",), declared=("b",), inherited=("a",), floor=("b",))
    assert seen(envelope, None, Known()).classes == ("a", "b", "x-own")
    assert not seen(envelope, None, Known()).personal
    assert seen(envelope, None, Known(personal=frozenset({"x-own"}))).personal
