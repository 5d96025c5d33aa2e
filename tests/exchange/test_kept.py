"""What is kept of a message is what was sent of it, and nothing else is taken for it."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.checks.classification.engine import Engine
from gateway.core.errors import FormatError, VerificationError
from gateway.core.message import Part
from gateway.exchange.kept import decode, encode, opened, read_again, until, without_findings
from gateway.ledger.content import content_commitment, part_of
from gateway.ledger.entry import SealedPart
from gateway.ledger.record import Envelope, KeptInfo
from gateway.store.sealing import Opening
from tests.conftest import ManualClock

_PARTS = st.builds(
    Part,
    pointer=st.text(max_size=8),
    text=st.text(max_size=20) | st.just("half \ud800 of a pair"),
    kind=st.sampled_from(["text", "name", "token", "unreadable"]),
    label=st.text(max_size=4),
    known=st.text(max_size=4),
    cuts=st.lists(st.integers(0, 9), max_size=2).map(tuple),
)


@given(st.lists(_PARTS, max_size=4), st.booleans())
def test_parts_come_back_as_they_were_sent(parts: list[Part], health: bool) -> None:
    kept = decode(encode(parts, {}, health_context=health))
    assert (list(kept.parts), kept.health_context) == (parts, health)


def test_of_what_was_masked_only_the_mask_is_kept() -> None:
    parts = (Part("/a", "Jane Roe", known="person", cuts=(4,)), Part("/b", "hello", label="note"))
    data = encode(parts, {"/a": "[person]"}, health_context=False)
    assert b"Jane" not in data
    assert decode(data).parts == (Part("/a", "[person]"), parts[1])
    assert "Jane" not in repr(decode(encode(parts, {}, health_context=False)))


@given(
    st.binary(max_size=40)
    | st.recursive(
        st.none() | st.booleans() | st.integers(0, 3) | st.text(max_size=3), lambda inner: st.lists(inner, max_size=4)
    ).map(lambda value: json.dumps(value).encode())
)
def test_anything_else_is_refused(data: bytes) -> None:
    try:
        decode(data)
    except FormatError:
        return
    assert json.loads(data)[0] == 1


@pytest.mark.parametrize(
    "data",
    [
        [2, False, []],
        [1, 0, []],
        [1, False, [["/a", "x", "sound", ""]]],
        [1, False, [["/a", 1, "text", ""]]],
        [1, False, [["/a", "x", "text", "", "", [True]]]],
        [1, False, [["/a"]]],
        [1, False, [], 1],
    ],
)
def test_each_field_is_held_to_its_form(data: object) -> None:
    with pytest.raises(FormatError, match="not in its form"):
        decode(json.dumps(data).encode())


def test_its_days_are_over_so_many_days_from_now() -> None:
    assert until(1_767_614_400_000_000, 30) == "2026-02-04T12:00:00.000000Z"


class Seal:
    """Opens to what it was given, as long as that is there."""

    def __init__(self, opening: Opening | None) -> None:
        self.opening = opening

    def open(self, *, tenant: str, record: str, sealed: SealedPart) -> Opening | None:
        return self.opening


def test_what_is_kept_is_read_where_it_is_what_the_record_commits_to() -> None:
    """Or where no record does: it was kept before they did, or an erasure has masked it."""
    when, salt, data = (
        until(1_767_614_400_000_000, 30),
        bytes(32),
        encode((Part("/a", "hello"),), {}, health_context=True),
    )
    told = KeptInfo(commitment=content_commitment(salt, "dk_1", data), bytes=len(data), until=when)
    bare = Envelope(id="1", tenant="tn_1", event="exchange.requested", occurred_at=when)
    committing = msgspec.structs.replace(bare, kept=told)
    whole, masked = (
        SealedPart(part=part_of(when, masked=mark), key="dk_1", nonce=b"", ciphertext=b"") for mark in (False, True)
    )
    assert opened(Seal(Opening(salt, data)), committing, whole) == decode(data)
    assert opened(Seal(None), committing, whole) is None
    assert opened(Seal(Opening(salt, None)), committing, whole) is None
    other = Seal(Opening(bytes(range(32)), data))
    with pytest.raises(VerificationError):
        opened(other, committing, whole)
    assert opened(other, committing, masked) == decode(data)
    assert opened(other, bare, whole) == decode(data)


def test_what_is_found_is_masked_and_what_cannot_be_masked_is_given_up() -> None:
    engine = Engine(clock=ManualClock(), budget_ms=1000)
    mail, plain = Part("/a", "write to ann@clinic.example today", "text"), Part("/b", "nothing here", "text")
    made = without_findings(encode((mail, plain), {}, health_context=False), engine)
    assert made is not None
    texts = [part.text for part in decode(made).parts]
    assert "ann@" not in texts[0]
    assert texts[0].startswith("write to [")
    assert texts[1] == "nothing here"
    name = Part("/c", "ann@clinic.example", "name")
    assert without_findings(encode((mail, name), {}, health_context=False), engine) is None
    assert without_findings(encode((Part("/d", "x", "unreadable"),), {}, health_context=False), engine) is None
    assert without_findings(b"[]", engine) is None


def test_a_number_behind_a_masked_one_is_not_named_by_its_word() -> None:
    engine = Engine(clock=ManualClock(), budget_ms=1000)
    kept = encode((Part("/a", "Phone: 555-123-4567, order 4500123456"),), {}, health_context=False)
    made = without_findings(kept, engine)
    assert made is not None
    (part,) = decode(made).parts
    assert part.text == "Phone: [PHONE], order 4500123456"
    (again,) = read_again((part,))
    assert (len(again.text), engine.scan((again,)).classes) == (len(part.text), frozenset())
