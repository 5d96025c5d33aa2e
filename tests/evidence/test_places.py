"""A record's place is read as the gateway reads it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import FormatError
from gateway.evidence import places
from gateway.ledger import lots
from gateway.ledger.verify import Verification, beginning, verify_records

from .making import ledger

RECORDS = ledger(12).stored


def test_it_has_every_name_that_verifying_takes_from_the_other() -> None:
    for name in ("TIME_BYTES", "WORTH"):
        assert getattr(places, name) == getattr(lots, name)
    for record in RECORDS:
        said, expected = places.place_of(record.envelope), lots.place_of(record.envelope)
        assert (said.prev, said.seq, said.recorded_at) == tuple(
            bytes(raw) for raw in (expected.prev, expected.seq, expected.recorded_at)
        )
        assert places.link_text(record.hash) == lots.link_text(record.hash)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"prev":"a","seq":1}', b"\xff", b'{"seq":1, "prev":""}', b"1"])
def test_what_says_no_place_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        places.place_of(data)


@given(st.binary(max_size=60))
def test_nothing_raises_another_error(data: bytes) -> None:
    with pytest.raises(FormatError):
        places.place_of(data)


def test_records_are_gone_over_one_by_one_with_the_same_end(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = verify_records(RECORDS)
    assert places.linked(RECORDS, 0, None, b"") is None
    for name in ("linked", "place_of", "link_text"):
        monkeypatch.setattr(f"gateway.ledger.verify.{name}", getattr(places, name))
    one = Verification(beginning())
    one.feed(RECORDS)
    assert one.finish().state.frontier.root() == expected.state.frontier.root()
