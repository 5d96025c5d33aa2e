"""The selection, run over the records of an emergency ledger."""

import pytest

from gateway.core.errors import VerificationError
from gateway.evidence.emergency_chosen import Choosing
from gateway.evidence.records import encode_detail_line
from gateway.ledger.record import Envelope, parse

from .apart import own

MADE = own("em_1")
ENVELOPES = [parse(one.envelope) for one in MADE.stored]


def _line(seq: int, salt: bytes | None = None) -> bytes:
    one = MADE.stored[seq]
    return encode_detail_line(seq, salt or one.detail_salt or b"", one.detail or b"").rstrip(b"\n")


def _requested(envelope: Envelope) -> bool:
    return envelope.event == "exchange.requested"


def test_it_says_which_are_selected_and_counts_what_they_commit_to_and_what_is_open() -> None:
    choosing = Choosing(_requested, None, [_line(1)])
    assert [choosing.take(one) for one in ENVELOPES] == [False, True, False, False, False]
    choosing.end()
    assert (choosing.selected, choosing.committed, choosing.opened) == (1, 1, 1)
    without = Choosing(lambda envelope: True)
    assert all(without.take(one) for one in ENVELOPES)
    without.end()
    assert (without.selected, without.committed, without.opened) == (5, 3, 0)


@pytest.mark.parametrize("lines", [[_line(2)], [_line(1), _line(1)], [_line(3), _line(1)]])
def test_a_detail_of_a_record_that_is_not_selected_or_out_of_order_is_left_over(lines: list[bytes]) -> None:
    choosing = Choosing(_requested, None, lines)
    for one in ENVELOPES:
        choosing.take(one)
    with pytest.raises(VerificationError, match="of no selected record"):
        choosing.end()


def test_a_detail_that_its_record_does_not_commit_to_is_refused() -> None:
    choosing = Choosing(_requested, None, [_line(1, bytes(32))])
    choosing.take(ENVELOPES[0])
    with pytest.raises(VerificationError, match="not what the record commits to"):
        choosing.take(ENVELOPES[1])
