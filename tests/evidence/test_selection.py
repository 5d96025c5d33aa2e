"""Filters over envelopes."""

import pytest

from gateway.core.errors import FormatError
from gateway.evidence.selection import FILTERS, Selection, check_filters, selected
from gateway.ledger.record import Envelope, parse, timestamp

from .making import T0, ledger

RECORDS: list[Envelope] = [parse(record.envelope) for record in ledger(12).stored]


def chosen(**filters: str) -> list[int]:
    check_filters(filters)
    return [envelope.seq or 0 for envelope in RECORDS if selected(envelope, filters)]


def test_without_filters_every_record_is_selected() -> None:
    assert chosen() == list(range(12))


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"actor": "ac_1"}, [1, 5, 9]),
        ({"agent": "local-writer"}, [2, 3, 6, 7, 10, 11]),
        ({"action": "chat"}, list(range(12))),
        ({"action": "embed"}, []),
        ({"decision": "redact"}, [1, 4, 7, 10]),
        ({"data_class": "phi"}, [1, 4, 7, 10]),
        ({"data_class": "pii"}, list(range(12))),
        ({"exchange": "ex_2"}, [4, 5]),
        ({"trace": f"{3:032x}"}, [6, 7]),
        ({"purpose": "TREAT"}, list(range(12))),
        ({"outcome": "ok"}, [1, 3, 5, 7, 9, 11]),
        ({"zone": "in-house", "decision": "deny"}, [2, 11]),
        ({"event": "exchange.requested"}, [0, 2, 4, 6, 8, 10]),
    ],
)
def test_a_filter_selects_by_what_the_envelope_says(filters: dict[str, str], expected: list[int]) -> None:
    assert chosen(**filters) == expected


def test_times_are_from_the_first_and_up_to_but_not_the_second() -> None:
    third, fifth = RECORDS[3].occurred_at, RECORDS[5].occurred_at
    assert chosen(**{"from": third, "to": fifth}) == [3, 4]


def test_an_absent_field_is_never_selected() -> None:
    bare = Envelope(id="i", tenant="t", event="ledger.started", occurred_at=timestamp(T0))
    for name in set(FILTERS) - {"from", "to", "event"}:
        assert not selected(bare, {name: "x"})


@pytest.mark.parametrize(
    "filters",
    [{"subject": "su_1"}, {"tenant": "t"}, {"actor": ""}, {"actor": "x" * 257}, {"from": "2026-01-01"}, {"to": "x"}],
)
def test_a_filter_that_cannot_be_is_refused_without_its_value(filters: dict[str, str]) -> None:
    with pytest.raises(FormatError) as caught:
        check_filters(filters)
    assert "su_1" not in str(caught.value)


def test_a_selection_is_everything_by_default() -> None:
    assert Selection() == Selection(first=0, end=None, filters={}, details=True)
