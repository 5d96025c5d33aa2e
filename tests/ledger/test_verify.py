from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import VerificationError
from gateway.core.ports import StoredRecord
from gateway.ledger.chain import leaf_hash
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.commitment import committed
from gateway.ledger.merkle import EMPTY_ROOT, Frontier, root
from gateway.ledger.record import GENESIS, Detail, Envelope, encode_detail, parse, seal, timestamp
from gateway.ledger.verify import (
    STEPS,
    BadRecord,
    State,
    Verification,
    beginning,
    check_detail,
    verify_records,
)

SIZE = 6
HOSTILE = [',"prev":"', '","prev":"', 'x"prev', "prev", "seq", "recorded_at", ',"seq":9,', '\\","seq":9', "é"]


def envelope(seq: int, **given: Any) -> Envelope:
    return Envelope(
        **{
            "id": f"id-{seq}",
            "tenant": "tn_1",
            "event": "audit.read",
            "occurred_at": timestamp(seq),
            "inputs": {"zone": "in-house"},
            **given,
        }
    )


def chain(envelopes: Sequence[Envelope], times: Sequence[int] | None = None) -> list[StoredRecord]:
    records: list[StoredRecord] = []
    prev = GENESIS
    for seq, made in enumerate(envelopes):
        data = seal(made, seq, prev, timestamp(times[seq] if times else seq))
        prev = leaf_hash(data)
        records.append(StoredRecord(seq=seq, envelope=data, hash=prev))
    return records


def checkpoint(records: Sequence[StoredRecord], size: int | None = None) -> Checkpoint:
    size = len(records) if size is None else size
    return Checkpoint("o", size, root(item.hash for item in records[:size]))


def rehashed(seq: int, data: bytes) -> StoredRecord:
    return StoredRecord(seq=seq, envelope=data, hash=leaf_hash(data))


def relinked(contents: Sequence[bytes]) -> list[StoredRecord]:
    """What an attacker makes of them who can write everything but sign nothing: a ledger without a flaw in itself."""
    made = []
    for data in contents:
        again = parse(data)
        again.seq = again.prev = again.recorded_at = None
        made.append(again)
    return chain(made)


RECORDS = chain([envelope(seq) for seq in range(SIZE)])
CHECKPOINT = checkpoint(RECORDS)


def fails(records: Sequence[StoredRecord], *checkpoints: Checkpoint, canonical: bool = True) -> tuple[int, str]:
    with pytest.raises(BadRecord) as caught:
        verify_records(records, checkpoints=checkpoints, canonical=canonical)
    assert caught.value.step in STEPS
    return caught.value.seq, caught.value.step


@pytest.mark.parametrize("canonical", [True, False])
def test_a_whole_ledger_verifies_and_says_what_is_covered(canonical: bool) -> None:
    verified = verify_records(RECORDS, checkpoints=[CHECKPOINT, checkpoint(RECORDS, 2)], canonical=canonical)
    assert (verified.first, verified.size, verified.covered, verified.uncovered) == (0, SIZE, SIZE, 0)
    assert verified.canonical is canonical
    assert verified.state.frontier.root() == CHECKPOINT.root


def test_records_behind_the_last_checkpoint_are_counted_as_uncovered() -> None:
    assert verify_records(RECORDS).uncovered == SIZE
    assert verify_records(RECORDS, checkpoints=[checkpoint(RECORDS, 4)]).uncovered == 2


def test_an_empty_ledger_verifies_as_empty() -> None:
    verified = verify_records([])
    assert (verified.size, verified.uncovered) == (0, 0)
    assert verify_records([], checkpoints=[Checkpoint("o", 0, EMPTY_ROOT)]).covered == 0
    assert fails([], Checkpoint("o", 0, bytes(32))) == (0, "root")


@pytest.mark.parametrize("cut", range(SIZE + 1))
def test_verification_goes_on_where_it_stood(cut: int) -> None:
    first = verify_records(RECORDS[:cut])
    rest = verify_records(RECORDS[cut:], first.state, [CHECKPOINT])
    assert (rest.first, rest.size, rest.uncovered) == (cut, SIZE, 0)
    pieces = Verification(beginning("tn_1"), [CHECKPOINT])
    pieces.feed(RECORDS[:cut])
    pieces.feed(RECORDS[cut:])
    assert pieces.finish().uncovered == 0


def test_a_range_starts_at_a_frontier_without_the_record_before() -> None:
    frontier = Frontier()
    for item in RECORDS[:3]:
        frontier.append(item.hash)
    start = State(frontier=frontier, prev=None)
    verified = verify_records(RECORDS[3:], start, [checkpoint(RECORDS, 3), CHECKPOINT])
    assert (verified.first, verified.uncovered) == (3, 0)
    with pytest.raises(BadRecord) as caught:
        verify_records(RECORDS[3:], start, [Checkpoint("o", 3, bytes(32))])
    assert caught.value.step == "root"
    assert start.frontier.size == 3


def test_a_checkpoint_before_the_range_is_refused_rather_than_passed_over() -> None:
    with pytest.raises(VerificationError):
        verify_records([], verify_records(RECORDS).state, [checkpoint(RECORDS, 2)])


@pytest.mark.parametrize("at", range(SIZE))
def test_any_changed_byte_is_found_at_its_record(at: int) -> None:
    """Exhaustive: every byte of every record, the stored hash left alone."""
    for place in range(len(RECORDS[at].envelope)):
        data = bytearray(RECORDS[at].envelope)
        data[place] ^= 1
        changed = [*RECORDS]
        changed[at] = StoredRecord(seq=at, envelope=bytes(data), hash=RECORDS[at].hash)
        assert fails(changed, canonical=False) == (at, "hash")


@pytest.mark.parametrize("at", range(SIZE))
def test_any_changed_byte_is_found_though_its_hash_was_changed_too(at: int) -> None:
    """Exhaustive: found in the record itself, by the link of the next, or for the newest by the checkpoint."""
    for place in range(len(RECORDS[at].envelope)):
        data = bytearray(RECORDS[at].envelope)
        data[place] ^= 1
        changed = [*RECORDS]
        changed[at] = rehashed(at, bytes(data))
        seq, step = fails(changed, CHECKPOINT, canonical=False)
        assert (seq == at and step in ("prev", "seq", "recorded_at", "form", "root")) or (seq, step) == (at + 1, "prev")


def test_any_changed_byte_of_a_stored_hash_is_found() -> None:
    for at in range(SIZE):
        for place in range(32):
            hash_ = bytearray(RECORDS[at].hash)
            hash_[place] ^= 0x80
            changed = [*RECORDS]
            changed[at] = StoredRecord(seq=at, envelope=RECORDS[at].envelope, hash=bytes(hash_))
            assert fails(changed) == (at, "hash")


@pytest.mark.parametrize(("one", "other"), [(a, b) for a in range(SIZE) for b in range(a)])
def test_two_records_swapped_are_found_however_well_it_was_hidden(one: int, other: int) -> None:
    swapped = [*RECORDS]
    swapped[one], swapped[other] = swapped[other], swapped[one]
    assert fails(swapped) == (other, "sequence")
    renumbered = [rehashed(seq, item.envelope) for seq, item in enumerate(swapped)]
    assert fails(renumbered, canonical=False)[0] == other
    assert fails(relinked([item.envelope for item in swapped]), CHECKPOINT) == (SIZE - 1, "root")


@pytest.mark.parametrize("at", range(SIZE))
def test_a_deleted_record_is_found_however_well_it_was_hidden(at: int) -> None:
    left = RECORDS[:at] + RECORDS[at + 1 :]
    if at < SIZE - 1:
        assert fails(left) == (at, "sequence")
        renumbered = [rehashed(seq, item.envelope) for seq, item in enumerate(left)]
        assert fails(renumbered, canonical=False)[0] == at
    else:
        assert verify_records(left).uncovered == SIZE - 1  # the newest cut off: only a checkpoint knows
    assert fails(relinked([item.envelope for item in left]), CHECKPOINT) == (SIZE - 1, "missing")


@pytest.mark.parametrize("at", range(SIZE + 1))
def test_an_inserted_record_is_found_however_well_it_was_hidden(at: int) -> None:
    more = [*RECORDS[:at], RECORDS[0], *RECORDS[at:]]
    assert fails(more)[1] == "sequence"
    hidden = relinked([item.envelope for item in more])
    if at < SIZE:
        assert fails(hidden, CHECKPOINT) == (SIZE - 1, "root")
    else:
        assert verify_records(hidden, checkpoints=[CHECKPOINT]).uncovered == 1  # appended: behind the checkpoint


@given(data=st.data())
@settings(max_examples=200)
def test_random_tampering_is_found(data: st.DataObject) -> None:
    records = [*RECORDS]
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(records) - 1))
        kind = data.draw(st.sampled_from(["edit", "delete", "insert", "duplicate", "swap", "cut"]))
        item = records[at]
        if kind == "edit" and item.envelope:
            place = data.draw(st.integers(0, len(item.envelope) - 1))
            changed = bytes([*item.envelope[:place], data.draw(st.integers(0, 255)), *item.envelope[place + 1 :]])
            records[at] = rehashed(item.seq, changed)
        elif kind == "delete":
            del records[at]
        elif kind in ("insert", "edit"):
            records.insert(at, rehashed(at, data.draw(st.binary(max_size=50))))
        elif kind == "duplicate":
            records.insert(at, item)
        elif kind == "swap":
            records[at], records[0] = records[0], records[at]
        else:
            del records[at:]
        if not records:
            break
    if data.draw(st.booleans()):
        records = [StoredRecord(seq=seq, envelope=item.envelope, hash=item.hash) for seq, item in enumerate(records)]
    if records[:SIZE] == RECORDS:
        return
    with pytest.raises(BadRecord):
        verify_records(records, checkpoints=[CHECKPOINT], canonical=data.draw(st.booleans()))


def test_records_taken_one_by_one_verify_as_those_that_are_fed() -> None:
    fed, taken = Verification(beginning()), Verification(beginning())
    records = chain([envelope(seq) for seq in range(9)])
    fed.feed(records)
    for record in records:
        taken.take(record.seq, record.envelope, leaf_hash(record.envelope), parse(record.envelope))
    assert taken.finish().state.frontier.root() == fed.finish().state.frontier.root()
    first, second, third = (parse(record.envelope) for record in records[:3])
    for step, seq, changed in (
        ("sequence", 2, third),
        ("prev", 1, third),
        ("seq", 1, msgspec.structs.replace(second, seq=2)),
        ("recorded_at", 1, msgspec.structs.replace(second, recorded_at="0000-01-01T00:00:00.000000Z")),
        ("recorded_at", 1, msgspec.structs.replace(second, recorded_at=None)),
        ("form", 1, msgspec.structs.replace(second, tenant="tn_other")),
    ):
        one = Verification(beginning())
        one.take(0, records[0].envelope, leaf_hash(records[0].envelope), first)
        with pytest.raises(BadRecord) as caught:
            one.take(seq, records[1].envelope, leaf_hash(records[1].envelope), changed)
        assert caught.value.step == step


@pytest.mark.parametrize("size", [3, 12])
def test_records_taken_all_at_once_verify_as_those_that_are_taken_one_by_one(size: int) -> None:
    """In few, and in so many that they are looked at together; with a checkpoint at their end, and one before it."""
    records = chain([envelope(seq) for seq in range(size)])
    leaves, envelopes = [record.hash for record in records], [parse(record.envelope) for record in records]
    points = [Checkpoint("x", at, root(leaves[:at])) for at in (2, size)]
    for some in ([], points[1:], points):
        one, all_of_them = Verification(beginning(), some), Verification(beginning(), some)
        for record, parsed in zip(records, envelopes, strict=True):
            one.take(record.seq, record.envelope, record.hash, parsed)
        all_of_them.take_all(records, leaves, envelopes)
        done, expected = all_of_them.finish(), one.finish()
        assert (done.covered, done.state.prev, done.state.recorded_at, done.state.tenant) == (
            *(expected.covered, expected.state.prev, expected.state.recorded_at),
            expected.state.tenant,
        )
        assert done.state.frontier.encode() == expected.state.frontier.encode()
    changes: tuple[tuple[str, dict[str, Any]], ...] = (
        ("prev", {"prev": envelopes[0].prev}),
        ("seq", {"seq": 0}),
        ("recorded_at", {"recorded_at": "0000-01-01T00:00:00.000000Z"}),
        ("recorded_at", {"recorded_at": None}),
        ("form", {"tenant": "tn_other"}),
    )
    for step, values in changes:
        changed = [*envelopes[:-1], msgspec.structs.replace(envelopes[-1], **values)]
        with pytest.raises(BadRecord) as caught:
            Verification(beginning()).take_all(records, leaves, changed)
        assert (caught.value.seq, caught.value.step) == (size - 1, step)
    moved = [*records[:-1], msgspec.structs.replace(records[-1], seq=size)]
    with pytest.raises(BadRecord, match="sequence"):
        Verification(beginning()).take_all(moved, leaves, envelopes)
    with pytest.raises(BadRecord, match="form"):
        Verification(beginning("tn_other")).take_all(records, leaves, envelopes)
    with pytest.raises(BadRecord, match="root"):
        Verification(beginning(), [Checkpoint("x", size, bytes(32))]).take_all(records, leaves, envelopes)


def test_a_record_of_another_place_is_found() -> None:
    made = envelope(0)
    assert fails([rehashed(0, seal(made, 5, GENESIS, timestamp(0)))]) == (0, "seq")
    assert fails([rehashed(0, seal(made, 0, b"\x01" * 32, timestamp(0)))]) == (0, "prev")


def test_time_going_backwards_is_found_and_standing_still_is_not() -> None:
    assert fails(chain([envelope(0), envelope(1)], [5, 4])) == (1, "recorded_at")
    assert verify_records(chain([envelope(0), envelope(1)], [5, 5])).size == 2


def test_a_record_that_is_too_large_is_found_before_it_is_hashed() -> None:
    assert fails([rehashed(0, bytes(65_536))]) == (0, "size")


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff" * 40, b',"prev":"', RECORDS[0].envelope[:-1] + b" }"])
def test_bytes_that_are_no_record_are_found(data: bytes) -> None:
    assert fails([rehashed(0, data)]) == (0, "form")


def test_another_form_of_a_record_is_found_when_forms_are_checked() -> None:
    document = msgspec.json.decode(RECORDS[0].envelope)
    unordered = msgspec.json.encode({"tenant": document.pop("tenant"), **document})
    assert fails([rehashed(0, unordered)]) == (0, "form")
    unknown = msgspec.json.encode({**msgspec.json.decode(RECORDS[0].envelope), "zzz": 1}, order="sorted")
    assert fails([rehashed(0, unknown)]) == (0, "form")
    assert verify_records([rehashed(0, unknown)], canonical=False).canonical is False


def test_a_record_of_another_tenant_is_found_when_forms_are_checked() -> None:
    mixed = chain([envelope(0), envelope(1, tenant="tn_2")])
    assert fails(mixed) == (1, "form")
    with pytest.raises(BadRecord):
        verify_records(RECORDS, beginning("tn_2"))


@given(
    keys=st.lists(st.sampled_from(HOSTILE[:-1]) | st.text('prevsq",:\\', min_size=1, max_size=9), max_size=4),
    texts=st.lists(st.sampled_from(HOSTILE) | st.text('prevsq",:\\', max_size=20), min_size=4, max_size=4),
)
@settings(max_examples=300)
def test_keys_and_texts_made_to_look_like_the_link_do_not_mislead(keys: list[str], texts: list[str]) -> None:
    """Whatever a record holds, the fields read without parsing are those that a parser reads."""
    hostile = chain(
        [
            envelope(0),
            envelope(1, inputs=dict(zip(keys, texts, strict=False)), found=dict.fromkeys(keys, 9), action=texts[0]),
            envelope(2, agent="," + (texts[1] or "x"), zone=texts[2] or "x", model=texts[3] or "x"),
        ]
    )
    assert verify_records(hostile, checkpoints=[checkpoint(hostile)], canonical=False).uncovered == 0
    for at in range(3):
        forged = parse(hostile[at].envelope)
        data = seal(forged, at, b"\x07" * 32, forged.recorded_at or "")
        changed = [*hostile]
        changed[at] = rehashed(at, data)
        assert fails(changed, canonical=False) == (at, "prev")
        data = seal(parse(hostile[at].envelope), at + 1, hostile[at - 1].hash if at else GENESIS, timestamp(at))
        changed[at] = rehashed(at, data)
        assert fails(changed, canonical=False) == (at, "seq")


@pytest.mark.parametrize("key", ["prev", "seq", "recorded_at"])
def test_a_nested_key_of_the_same_name_is_told_from_the_records_own(key: str) -> None:
    value = {"prev": "A" * 43 + "=", "seq": "1", "recorded_at": timestamp(0)}[key]
    made = chain([envelope(0), envelope(1, inputs={"a": "b", key: value}, found={"a": 1, key: 1})])
    assert verify_records(made, canonical=False).size == 2
    own = made[1].envelope.replace(f'"prev":"{parse(made[1].envelope).prev}",'.encode(), b"")
    assert fails([made[0], rehashed(1, own)]) in [(1, "form"), (1, "prev")]


SALT = bytes(range(32))
DETAIL = encode_detail(Detail(subject="nurse-1"))


def test_a_detail_opens_its_commitment() -> None:
    assert check_detail(envelope(0, detail=committed(SALT, "detail", DETAIL)), SALT, DETAIL)


def test_a_deleted_detail_leaves_the_commitment_only() -> None:
    assert not check_detail(envelope(0, detail=committed(SALT, "detail", DETAIL)), None, None)
    assert not check_detail(envelope(0), None, None)


@pytest.mark.parametrize("place", range(len(DETAIL)))
def test_any_changed_byte_of_a_detail_is_found(place: int) -> None:
    changed = bytearray(DETAIL)
    changed[place] ^= 1
    with pytest.raises(VerificationError):
        check_detail(envelope(0, detail=committed(SALT, "detail", DETAIL)), SALT, bytes(changed))


@pytest.mark.parametrize(
    ("commitment", "salt", "detail"),
    [
        (None, SALT, DETAIL),
        (committed(SALT, "detail", DETAIL), None, DETAIL),
        (committed(SALT, "detail", DETAIL), bytes(32), DETAIL),
        (committed(SALT, "detail", DETAIL), b"short", DETAIL),
        (committed(SALT, "request", DETAIL), SALT, DETAIL),
        (committed(SALT, "detail", b"{} "), SALT, b"{} "),
    ],
)
def test_a_detail_that_is_not_the_committed_one_is_refused(
    commitment: str | None, salt: bytes | None, detail: bytes
) -> None:
    with pytest.raises(VerificationError):
        check_detail(envelope(0, detail=commitment), salt, detail)
