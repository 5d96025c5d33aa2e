"""What a record says of an emergency ledger: all of it, or nothing that could be followed."""

from pathlib import Path

import pytest

from gateway.ledger.emergency import stitched
from gateway.ledger.record import parse

GOLDEN = Path(__file__).parent.parent / "golden" / "records" / "emergency.stitched.json"


def test_what_a_record_says_is_read_whole() -> None:
    found = stitched(parse(_record()))
    assert found is not None
    assert (found.size, found.exchanges) == (812, 31)
    assert found.began < found.ended


@pytest.mark.parametrize("field", ["emergency", "key", "archive", "digest", "range", "checkpoint", "began", "ended"])
def test_a_record_that_leaves_out_anything_tells_of_none(field: str) -> None:
    envelope = parse(_record())
    setattr(envelope, field, None)
    assert stitched(envelope) is None


def test_a_range_that_is_not_the_whole_ledger_tells_of_none() -> None:
    for span in ((1, 812), (0, 811)):
        envelope = parse(_record())
        envelope.range = span
        assert stitched(envelope) is None


def test_older_records_do_not_say_how_many_exchanges() -> None:
    envelope = parse(_record())
    envelope.count = None
    found = stitched(envelope)
    assert found is not None
    assert found.exchanges is None


def _record() -> bytes:
    return GOLDEN.read_bytes().rstrip(b"\n")
