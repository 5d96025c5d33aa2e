"""A commitment to kept content opens to one content under one set of keys, and what an erasure left of it is told
apart."""

import pytest

from gateway.core.errors import VerificationError
from gateway.ledger.content import check_content, content_commitment, is_masked, part_of, until_of
from gateway.ledger.record import Envelope, KeptInfo

R, UNTIL = bytes(range(32)), "2026-02-04T12:00:00.000000Z"


def committing(value: bytes = b"what was sent", keys: str = "dk_1+dk_2") -> Envelope:
    made = KeptInfo(commitment=content_commitment(R, keys, value), bytes=len(value), until=UNTIL)
    return Envelope(id="1", tenant="tn_1", event="exchange.requested", occurred_at=UNTIL, kept=made)


def test_content_opens_the_commitment_that_was_made_to_it_under_its_keys() -> None:
    check_content(committing(), R, "dk_1+dk_2", b"what was sent")
    check_content(committing(b"", "dk_1"), R, "dk_1", b"")


@pytest.mark.parametrize(
    ("r", "keys", "value"),
    [
        (R, "dk_1+dk_2", b"what was Sent"),
        (R, "dk_1", b"what was sent"),
        (R, "dk_1+dk_2\0what was sent", b""),
        (R, "dk_1+dk_2", b"what was sent "),
        (bytes(32), "dk_1+dk_2", b"what was sent"),
        (R[:31], "dk_1+dk_2", b"what was sent"),
    ],
)
def test_nothing_else_does(r: bytes, keys: str, value: bytes) -> None:
    with pytest.raises(VerificationError, match=r"^content: not what the record commits to$"):
        check_content(committing(), r, keys, value)


def test_what_no_record_commits_to_is_not_taken_for_content() -> None:
    bare = Envelope(id="1", tenant="tn_1", event="exchange.requested", occurred_at=UNTIL)
    with pytest.raises(VerificationError, match="nothing commits to it"):
        check_content(bare, R, "dk_1", b"what was sent")


def test_a_part_says_when_its_days_are_over_and_whether_it_was_masked() -> None:
    whole, masked = part_of(UNTIL), part_of(UNTIL, masked=True)
    assert whole == f"content:{UNTIL}"
    assert (is_masked(whole), is_masked(masked)) == (False, True)
    assert until_of(whole) == until_of(masked) == UNTIL
    assert part_of(until_of(masked), masked=True) == masked, "masked once more it is the same part"
