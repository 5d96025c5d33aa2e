import re
from collections.abc import Callable, Iterator, Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import FormatError, VerificationError
from gateway.core.ports import StoredRecord
from gateway.ledger.chain import leaf_hash
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.lots import _joined, link_text, linked, place_of
from gateway.ledger.merkle import Frontier, Span, root
from gateway.ledger.record import GENESIS, Envelope, parse, seal, timestamp
from gateway.ledger.verify import LOT, BadRecord, State, Verification, beginning, verify_records

SIZE = 20


def chain(count: int, link: bytes = GENESIS, first: int = 0) -> list[StoredRecord]:
    records: list[StoredRecord] = []
    for seq in range(first, first + count):
        one = Envelope(id=f"id-{seq}", tenant="tn_1", event="audit.read", occurred_at=timestamp(seq))
        data = seal(one, seq, link, timestamp(seq))
        link = leaf_hash(data)
        records.append(StoredRecord(seq=seq, envelope=data, hash=link))
    return records


RECORDS = chain(SIZE)
LONG = chain(2 * LOT + 40)


def rehashed(data: bytes, seq: int) -> StoredRecord:
    return StoredRecord(seq=seq, envelope=data, hash=leaf_hash(data))


def one_by_one(records: Sequence[StoredRecord], *, canonical: bool) -> Verification:
    verification = Verification(beginning(), canonical=canonical)
    for record in records:
        verification.feed((record,))
    return verification


def test_the_place_of_a_record_is_read_as_it_stands_in_its_bytes() -> None:
    place = place_of(RECORDS[3].envelope)
    assert bytes(place.prev) == link_text(RECORDS[2].hash)
    assert (bytes(place.seq), bytes(place.recorded_at)) == (b"3", f'"{timestamp(3)}"'.encode())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b'{"a":' + b"[" * 100_000, "not JSON"),
        (b'{"prev":"a","seq":1,"recorded_at":"b"', "not JSON"),
        (b'{"prev":"a","seq":1}', "without prev, seq or recorded_at"),
        (b'{"inputs":{"prev":"a"},"recorded_at":"b","seq":1}', "without prev, seq or recorded_at"),
        (b"[]", "without prev, seq or recorded_at"),
    ],
)
def test_what_has_no_place_is_refused_without_its_value(data: bytes, said: str) -> None:
    with pytest.raises(FormatError, match=f"^{said}$"):
        place_of(data)


def test_a_lot_that_holds_gives_its_leaves_and_its_last_time() -> None:
    found = linked(RECORDS, 0, GENESIS, b"")
    assert found is not None
    assert found.leaves == [record.hash for record in RECORDS]
    assert found.recorded_at == timestamp(SIZE - 1).encode()
    assert linked(RECORDS[5:], 5, None, timestamp(5).encode()) is not None


Damage = Callable[[StoredRecord], StoredRecord]


def _said(**changed: object) -> Damage:
    def damage(record: StoredRecord) -> StoredRecord:
        document = msgspec.json.decode(record.envelope) | changed
        return rehashed(msgspec.json.encode(document, order="sorted"), record.seq)

    return damage


DAMAGES: dict[str, Damage] = {
    "sequence": lambda one: msgspec.structs.replace(one, seq=one.seq + 1),
    "size": lambda one: rehashed(bytes(65_536), one.seq),
    "hash": lambda one: msgspec.structs.replace(one, hash=bytes(32)),
    "prev": _said(prev="B" * 43 + "="),
    "prev, no text": _said(prev=1),
    "prev, a zero byte in place of its padding": lambda one: rehashed(
        one.envelope.replace(b'=","rec', b'A","rec'), one.seq
    ),
    "prev, padded too early": lambda one: rehashed(re.sub(rb'.=(","rec)', rb"==\1", one.envelope), one.seq),
    "prev, short": lambda one: rehashed(re.sub(rb'.=(","rec)', rb"=\1", one.envelope), one.seq),
    "prev, escaped": lambda one: rehashed(re.sub(rb'.{5}=(","rec)', rb"\\u0041\1", one.envelope), one.seq),
    "seq": _said(seq=99),
    "seq, as text": _said(seq="3"),
    "seq, with a fraction": lambda one: rehashed(one.envelope.replace(b'"seq":', b'"seq":0.0e1'), one.seq),
    "recorded_at, before": _said(recorded_at="1969-12-31T23:59:59.999999Z"),
    "recorded_at, short": _said(recorded_at="2030"),
    "recorded_at, a number": _said(recorded_at=10**28),
    "not JSON": lambda one: rehashed(one.envelope[:-1], one.seq),
}


@pytest.mark.parametrize("at", [0, 1, 10, SIZE - 1])
@pytest.mark.parametrize("name", DAMAGES)
def test_a_lot_with_one_bad_record_does_not_hold_and_the_record_is_named(name: str, at: int) -> None:
    records = [*RECORDS]
    records[at] = DAMAGES[name](RECORDS[at])
    assert linked(records, 0, GENESIS, timestamp(0).encode()) is None
    for canonical in (True, False):
        with pytest.raises(BadRecord) as alone:
            one_by_one(records, canonical=canonical)
        with pytest.raises(BadRecord) as together:
            verify_records(records, canonical=canonical)
        # One by one, the first that does not hold is where a lot of them says it is, in the same words.
        assert str(together.value) == str(alone.value)


@given(
    at=st.integers(0, SIZE - 1),
    place=st.integers(0, 400),
    flip=st.integers(1, 255),
    again=st.booleans(),
    canonical=st.booleans(),
)
@settings(max_examples=300)
def test_lots_hold_for_what_holds_one_by_one_and_for_nothing_else(
    at: int, place: int, flip: int, again: bool, canonical: bool
) -> None:
    """Random damage to a byte, with the hash made anew or not; what follows is linked to it, as a forger would do."""
    data = bytearray(RECORDS[at].envelope)
    data[place % len(data)] ^= flip
    hash_ = leaf_hash(bytes(data)) if again else RECORDS[at].hash
    forged = StoredRecord(seq=at, envelope=bytes(data), hash=hash_)
    records = [*RECORDS[:at], forged, *chain(SIZE - at - 1, hash_, at + 1)]
    said: list[object] = []
    for way in (one_by_one, lambda given, canonical: _fed(given, canonical=canonical)):
        try:
            said.append(way(records, canonical=canonical).state().frontier.root())
        except BadRecord as error:
            said.append(str(error))
    assert said[0] == said[1]


def _fed(records: Sequence[StoredRecord], *, canonical: bool) -> Verification:
    verification = Verification(beginning(), canonical=canonical)
    verification.feed(iter(records))
    return verification


@pytest.mark.parametrize("canonical", [True, False])
@pytest.mark.parametrize("sizes", [(), (1,), (5, 5, LOT - 1), (LOT, LOT + 1), (LOT + 7, 2 * LOT + 40)])
def test_checkpoints_are_compared_wherever_they_stand_in_a_lot(sizes: tuple[int, ...], canonical: bool) -> None:
    points = [Checkpoint("o", size, root(one.hash for one in LONG[:size])) for size in sizes]
    verified = verify_records(LONG, checkpoints=points, canonical=canonical)
    assert (verified.size, verified.covered) == (len(LONG), max(sizes, default=0))
    for wrong in range(len(points)):
        wronged = [*points]
        wronged[wrong] = Checkpoint("o", points[wrong].size, bytes(32))
        with pytest.raises(BadRecord) as caught:
            verify_records(LONG, checkpoints=wronged, canonical=canonical)
        assert (caught.value.seq, caught.value.step) == (points[wrong].size - 1, "root")


def test_records_of_two_tenants_in_one_lot_are_found() -> None:
    other = parse(RECORDS[9].envelope)
    other.tenant = "tn_2"
    data = seal(other, 9, RECORDS[8].hash, timestamp(9))
    records = [*RECORDS[:9], rehashed(data, 9), *chain(10, leaf_hash(data), 10)]
    for start in (beginning(), beginning("tn_1")):
        with pytest.raises(BadRecord) as caught:
            verify_records(records, start)
        assert (caught.value.seq, caught.value.step) == (9, "form")
    assert verify_records(records, canonical=False).size == SIZE


def test_what_was_read_before_a_source_failed_is_looked_at_first() -> None:
    def failing(records: Sequence[StoredRecord]) -> Iterator[StoredRecord]:
        yield from records
        raise OSError("the disk is gone")

    bad = [*RECORDS]
    bad[12] = DAMAGES["hash"](bad[12])
    verification = Verification(beginning())
    with pytest.raises(OSError, match="the disk is gone"):
        verification.feed(failing(RECORDS))
    assert verification.state().frontier.size == SIZE
    with pytest.raises(BadRecord, match="record 12: hash"):
        Verification(beginning()).feed(failing(bad))


def test_a_record_that_is_read_is_given_back_and_held_to_its_form() -> None:
    verification = Verification(beginning(), canonical=False)
    assert [verification.read(one).id for one in RECORDS] == [f"id-{seq}" for seq in range(SIZE)]
    assert verification.finish().state.frontier.root() == root(one.hash for one in RECORDS)
    unordered = msgspec.json.encode(dict(reversed(msgspec.json.decode(RECORDS[0].envelope).items())))
    with pytest.raises(BadRecord, match="record 0: form"):
        Verification(beginning(), canonical=False).read(rehashed(unordered, 0))


def test_a_part_that_begins_anywhere_grows_by_lots() -> None:
    first = 300
    verification = Verification(State(frontier=Span(first), prev=LONG[first - 1].hash), canonical=False)
    verification.feed(LONG[first:])
    whole = Frontier()
    whole.append_all([one.hash for one in LONG[:first]])
    span = verification.finish().state.frontier
    assert isinstance(span, Span)
    whole.extend(span.nodes)
    assert whole.root() == root(one.hash for one in LONG)
    with pytest.raises(VerificationError):
        verify_records(LONG[first:], State(frontier=Span(first), prev=bytes(32)), canonical=False)


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (('"ab"', '"cd"'), b'"ab""cd"'),
        ((), None),
        (('"abc"', '"d"'), None),  # as long as two of four bytes
        (('"abcd"', '""'), None),
        (('"a\\""', '1""'), None),  # marks where two texts have them, in another way
        (('"a\\n"', '"bc"'), None),
        (("1234", "5678"), None),
        (('"ab"', "null"), None),
    ],
)
def test_texts_of_one_width_are_put_together_where_they_can_be_taken_apart_in_one_way(
    values: Sequence[str], found: bytes | None
) -> None:
    assert _joined([msgspec.Raw(value.encode()) for value in values], 4) == found
