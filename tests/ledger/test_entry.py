import msgspec
import pytest

from gateway.core.errors import FormatError
from gateway.ledger.entry import Appended, DataKey, Entry, SealedPart
from gateway.ledger.record import Envelope, timestamp


def entry() -> Entry:
    return Entry.of(Envelope(id="i", tenant="t", event="audit.read", occurred_at=timestamp(0)))


def test_an_entry_alone_opens_closes_and_activates_nothing() -> None:
    made = entry()
    assert (made.opens, made.closes, made.decided_under, made.activates) == (False, False, None, None)
    assert (made.detail, made.salt, made.sealed, made.keys, made.subjects) == (None, None, (), (), ())


def test_an_entry_of_what_would_be_no_record_cannot_be_made() -> None:
    with pytest.raises(FormatError):
        Entry.of(Envelope(id="i", tenant="t", event="not.an.event", occurred_at=timestamp(0)))


def test_an_entry_stays_as_it_was_made_whatever_becomes_of_the_envelope() -> None:
    envelope = Envelope(id="i", tenant="t", event="audit.read", occurred_at=timestamp(0))
    made = Entry.of(envelope)
    envelope.tenant = "t_other"
    assert made.envelope.tenant == "t"


@pytest.mark.parametrize(
    "value",
    [
        entry(),
        Appended(seq=0, leaf_hash=bytes(32), recorded_at=timestamp(0)),
        SealedPart(part="request", key="k", nonce=bytes(12), ciphertext=b""),
        DataKey(id="k", subject=None, wrapped=b""),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_handed_over_cannot_be_changed(value: msgspec.Struct) -> None:
    with pytest.raises(AttributeError):
        setattr(value, value.__struct_fields__[0], None)
