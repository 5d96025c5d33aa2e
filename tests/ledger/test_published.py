import pytest

from gateway.core.errors import VerificationError
from gateway.ledger.encoding import to_base64
from gateway.ledger.published import Published, published
from gateway.ledger.record import Envelope

ROOT = bytes(range(32))


def about(size: int, root: str, event: str = "checkpoint.published") -> Envelope:
    return Envelope(id="i", tenant="tn_1", event=event, occurred_at="t", checkpoint=(size, root))


def test_what_a_record_tells_of_a_checkpoint() -> None:
    assert published(9, about(9, to_base64(ROOT))) == Published(9, 9, ROOT)


def test_a_record_of_something_else_tells_of_none() -> None:
    """Those of witnesses, of a key that was replaced and of emergency ledgers have sizes and roots of their own."""
    assert published(9, about(10, "-", "emergency.stitched")) is None


@pytest.mark.parametrize("size", [0, 10])
def test_one_of_no_records_or_of_more_than_there_were_cannot_be(size: int) -> None:
    with pytest.raises(VerificationError, match="record 9: published: it does not tell"):
        published(9, about(size, to_base64(ROOT)))


def test_one_that_tells_nothing_or_no_root_cannot_be() -> None:
    with pytest.raises(VerificationError, match="published"):
        published(9, Envelope(id="i", tenant="tn_1", event="checkpoint.published", occurred_at="t"))
    with pytest.raises(VerificationError, match="published: the root"):
        published(9, about(3, "-"))
