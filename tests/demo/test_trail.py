"""What is looked at in the trail as a whole finds what is missing, too much, or where it must not be."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from gateway.demo.api import Api
from gateway.demo.material import Conversation, Expectation, ExpectedAnswer, Masked
from gateway.demo.report import Check
from gateway.demo.trail import Sensitive, checks
from tests.demo.telling import told

ROUTED = Expectation(
    status=200,
    decision="route",
    agent="cloud-oracle",
    classes=(),
    rules=(),
    masked=(),
    arrived=(),
    answer=ExpectedAnswer(decision="route", holds=(), lacks=()),
    error=None,
)
DENIED = msgspec.structs.replace(
    ROUTED, decision="deny", agent=None, answer=ExpectedAnswer(decision=None, holds=(), lacks=())
)
UNKNOWN = msgspec.structs.replace(DENIED, decision=None)
EXPECTED = {"a": ROUTED, "b": DENIED, "c": UNKNOWN, "d": ROUTED}
DONE = [
    told(id="a", exchange="e-a", classes=()),
    told(id="b", exchange="e-b", agent=None),
    told(id="c", exchange="e-c", agent=None),
    told(id="d", exchange="e-d", agent="ward", classes=("phi",)),
]


def envelope(event: str, exchange: str, **fields: Any) -> dict[str, Any]:
    return {"event": event, "exchange": exchange, "classes": {"found": []}, **fields}


def trail() -> list[dict[str, Any]]:
    """Records as they should be after the conversations above, and seven readings."""
    phi = {"found": ["phi"]}
    return [
        envelope("exchange.requested", "e-a", agent="cloud-oracle", decision={"effect": "route"}),
        envelope("exchange.completed", "e-a", agent="cloud-oracle", decision={"effect": "route"}),
        envelope("exchange.denied", "e-b", decision={"effect": "deny"}),
        envelope("exchange.requested", "e-d", agent="ward", decision={"effect": "route"}, classes=phi),
        envelope("exchange.completed", "e-d", agent="ward", decision={"effect": "route"}),
        *({"event": "audit.read"} for _ in range(7)),
    ]


class Ledger(Api):
    """An audit API over a list of envelopes."""

    def __init__(self, envelopes: list[dict[str, Any]]) -> None:
        super().__init__(0, "")
        self.rows = [{"seq": seq, "record": one, "detail": None} for seq, one in enumerate(envelopes)]

    def records(self, **filters: str) -> Iterator[dict[str, Any]]:
        filters.pop("order", None)
        for row in self.rows:
            one = row["record"]
            assert isinstance(one, dict)
            shown = {
                "event": one["event"],
                "agent": one.get("agent"),
                "decision": one.get("decision", {}).get("effect"),
                "data_class": next(iter(one.get("classes", {}).get("found", ())), None),
            }
            if all(shown[name] == value for name, value in filters.items()):
                yield row


def sensitive() -> Sensitive:
    noted = Sensitive(["gwk_key"])
    body: dict[str, Any] = {}
    conversation = Conversation(
        id="a", desk="d", title="t", caller="c", headers={"X-Data-Subject": "record-77"}, body=body
    )
    span = Masked(type="email", text="a@mail.test", placeholder="[EMAIL]")
    answer = ExpectedAnswer(decision="redact", holds=(), lacks=("short", "Ashdown"))
    noted.note(conversation, msgspec.structs.replace(ROUTED, masked=(span,), answer=answer))
    return noted


def look(ledger: Ledger) -> dict[str, Check]:
    return {check.name: check for check in checks(ledger, DONE, EXPECTED, sensitive())}


def test_a_trail_as_it_should_be_holds() -> None:
    found = look(Ledger(trail()))
    assert len(found) == 7
    assert [check.name for check in found.values() if not check.held] == []


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (0, "every exchange is on record, and no other"),
        (1, "every exchange is on record, and no other"),
        (2, "decision=deny"),
    ],
)
def test_a_missing_record_is_found(place: int, name: str) -> None:
    envelopes = trail()
    envelopes.pop(place)
    assert not look(Ledger(envelopes))[name].held


def test_an_exchange_of_nobody_is_found() -> None:
    assert not look(Ledger([*trail(), envelope("exchange.denied", "e-x")]))[
        "every exchange is on record, and no other"
    ].held


def test_a_gap_in_the_numbers_is_found() -> None:
    ledger = Ledger(trail())
    ledger.rows[3]["seq"] = 9
    assert not look(ledger)["records are numbered without a gap"].held


@pytest.mark.parametrize("name", ["phi", "pci", "secret", "internal", "unscanned", "special-category"])
def test_what_must_stay_and_went_to_the_cloud_is_found(name: str) -> None:
    envelopes = trail()
    envelopes[0]["classes"] = {"found": [], "declared": [name]}
    assert not look(Ledger(envelopes))["what cloud-oracle was sent"].held


def test_health_data_that_the_filter_does_not_find_are_missed() -> None:
    envelopes = trail()
    envelopes[3]["classes"] = {"found": []}
    assert not look(Ledger(envelopes))["data_class=phi"].held


@pytest.mark.parametrize("text", ["gwk_key", "a@mail.test", "record-77", "Ashdown"])
def test_content_on_record_is_found(text: str) -> None:
    ledger = Ledger(trail())
    ledger.rows[0]["detail"] = {"reason": f"said {text} here"}
    assert not look(ledger)["records hold no content"].held


def test_reading_that_is_not_recorded_is_found() -> None:
    assert not look(Ledger(trail()[:5]))["reading the trail is on it"].held


def test_short_texts_may_stand_anywhere() -> None:
    assert sensitive().within("short") == 0
    assert len(sensitive()) == 4
