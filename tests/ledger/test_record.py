import random
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core import canonical
from gateway.core.errors import FormatError
from gateway.ledger.record import (
    EVENTS,
    GENESIS,
    MAX_BYTES,
    CandidateInfo,
    ClassesInfo,
    DecisionInfo,
    Detail,
    Envelope,
    MessageInfo,
    OutcomeInfo,
    check,
    encode_detail,
    parse,
    parse_detail,
    seal,
    timestamp,
)

T = "2026-11-24T01:02:03.000004Z"
COMMITMENT = "A" * 43 + "="
CHARACTERS = "".join(map(chr, range(128))) + "é\u0080\u009f\u2028\u2029\ufeff\uffff\U00010000\U0010ffff漢😀"
KEYS = ("", "a", "A", "z_", "a-b", "~", "0")

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
ascii_names = st.text(st.characters(max_codepoint=127), min_size=1, max_size=12)
counts = st.integers(0, 2**53 - 1)
name_lists = st.lists(names, max_size=3).map(tuple)
envelopes = st.fixed_dictionaries(
    {
        "id": names,
        "tenant": names,
        "event": st.sampled_from(EVENTS),
        "occurred_at": st.integers(0, 10**16).map(timestamp),
    },
    optional={
        "agent": names,
        "action": names,
        "found": st.dictionaries(ascii_names, counts, max_size=4),
        "inputs": st.dictionaries(ascii_names, names, max_size=4),
        "decision": st.builds(DecisionInfo, effect=names, rules=name_lists, obligations=name_lists, policy=names),
        "candidates": st.lists(
            st.builds(
                CandidateInfo, agent=names, zone=names, healthy=st.booleans(), answer=names, rule=st.none() | names
            ),
            max_size=3,
        ).map(tuple),
        "classes": st.builds(
            ClassesInfo, found=name_lists, declared=name_lists, inherited=name_lists, floor=name_lists
        ),
        "request": st.builds(MessageInfo, bytes=counts, media_type=st.none() | names),
        "outcome": st.builds(OutcomeInfo, code=names, status=st.integers(100, 599), latency_us=counts),
        "range": st.tuples(counts, counts).map(lambda pair: (min(pair), max(pair))),
        "checkpoint": st.tuples(counts, st.just(COMMITMENT)),
    },
).map(lambda given: envelope(**given))


def envelope(**given: Any) -> Envelope:
    return Envelope(**{"id": "i", "tenant": "t", "event": "audit.read", "occurred_at": T, **given})


def sealed(**given: Any) -> bytes:
    return seal(envelope(**given), 3, bytes(32), T)


@given(made=envelopes)
@settings(max_examples=150)
def test_every_envelope_that_is_checked_is_sealed_and_read_back(made: Envelope) -> None:
    check(made)
    record = seal(made, 7, b"\x01" * 32, T)
    assert parse(record) == made
    assert record == rfc8785.dumps(msgspec.json.decode(record))
    assert canonical.encode(made) == record
    assert canonical.decode(record) == msgspec.json.decode(record)


def random_envelope(chance: random.Random) -> Envelope:
    """An envelope of whatever its fields may hold, escapes and characters beyond the first plane among them."""

    def text(most: int) -> str:
        return "".join(chance.choice(CHARACTERS) for _ in range(chance.randint(1, most)))

    def count() -> int:
        return chance.choice((0, 1, 2**53 - 1, chance.randrange(2**53)))

    def mapping(value: Callable[[], Any]) -> dict[str, Any]:
        return {f"{chance.choice(KEYS)}{number}": value() for number in range(chance.randint(0, 4))}

    fields: dict[str, Callable[[], Any]] = {
        "agent": lambda: text(20),
        "action": lambda: text(40),
        "found": lambda: mapping(count),
        "inputs": lambda: mapping(lambda: text(9)),
        "classes": lambda: ClassesInfo(found=(text(5),), declared=(), inherited=(text(3), text(3)), floor=()),
        "outcome": lambda: OutcomeInfo(code=text(9), status=chance.randint(100, 599), latency_us=count()),
        "request": lambda: MessageInfo(bytes=count(), media_type=text(9)),
        "range": lambda: tuple(sorted((count(), count()))),
        "attempt": count,
    }
    given = {name: make() for name, make in fields.items() if chance.random() < 0.5}
    return envelope(id=text(30), event=chance.choice(EVENTS), **given)


@given(seed=st.integers(0, 2**64))
@settings(max_examples=10, deadline=None)
def test_our_encoder_and_the_package_of_the_rfc_agree_on_a_thousand_random_records(seed: int) -> None:
    """Ten thousand in all, and under `make fuzz` a hundred thousand or more, others each time."""
    chance = random.Random(seed)
    for number in range(1_000):
        record = seal(random_envelope(chance), number, number.to_bytes(32), T)
        assert record == rfc8785.dumps(msgspec.json.decode(record))


def test_a_sealed_record_has_its_place_link_and_time() -> None:
    again = parse(seal(envelope(), 0, GENESIS, T))
    assert (again.v, again.seq, again.prev, again.recorded_at) == (1, 0, COMMITMENT, T)


def test_what_does_not_apply_is_absent_and_an_empty_list_is_written() -> None:
    record = sealed(candidates=(), found={}, range=(0, 0))
    assert record == (
        b'{"candidates":[],"event":"audit.read","found":{},"id":"i","occurred_at":"2026-11-24T01:02:03.000004Z",'
        b'"prev":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","range":[0,0],'
        b'"recorded_at":"2026-11-24T01:02:03.000004Z","seq":3,"tenant":"t","v":1}'
    )


@pytest.mark.parametrize(
    "given",
    [
        {"agent": ""},
        {"agent": "x" * 129},
        {"id": "x" * 65},
        {"tenant": ""},
        {"event": "exchange.made-up"},
        {"v": 2},
        {"occurred_at": "2026-02-30T01:02:03.000004Z"},
        {"occurred_at": "yesterday"},
        {"detail": "not base64"},
        {"detail": "A" * 42 + "B="},
        {"found": {"é": 1}},
        {"found": {"email": -1}},
        {"found": {"email": 2**53 + 1}},
        {"found": {"x" * 129: 1}},
        {"found": {str(number): 1 for number in range(129)}},
        {"inputs": {"role": "x" * 257}},
        {"inputs": {"ü": "x"}},
        {"inputs": {"": "x"}},
        {"candidates": (CandidateInfo(agent="a", zone="z", healthy=True, answer="allow"),) * 65},
        {"range": (2, 1)},
        {"range": (-1, 1)},
        {"outcome": OutcomeInfo(code="ok", status=42)},
        {"request": MessageInfo(commitment="short")},
        {"request": MessageInfo(bytes=2**53 + 1)},
        {"attempt": -1},
        {"seq": 0},
        {"prev": COMMITMENT},
        {"recorded_at": T},
        # what a careless caller might put in despite the types
        {"agent": b"bytes"},
        {"agent": 1},
        {"agent": "\ud800"},
        {"attempt": 1.0},
        {"attempt": True},
        {"attempt": float("nan")},
        {"found": {1: 1}},
        {"found": {"email": 1.5}},
        {"decision": {"effect": "deny"}},
        {"candidates": [1]},
        {"agent": object()},
        {"inputs": {"a": 10**400}},
    ],
    ids=lambda given: str(next(iter(given))),
)
def test_what_must_not_be_queued_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        check(envelope(**given))


def of_sealed_size(size: int) -> Envelope:
    """An envelope that has exactly this size once sealed at the highest sequence number."""
    candidate = CandidateInfo(agent="a" * 128, zone="z" * 128, healthy=True, answer="x", rule="r" * 128)
    made = envelope(
        inputs={f"{number:03d}" + "k" * 125: "v" * 256 for number in range(64)}, candidates=(candidate,) * 64, found={}
    )
    room = size - len(seal(made, 2**53, bytes(32), T)) + len(",")
    each, longer = divmod(room, 120)  # 120 entries `"…":1,` share the room
    assert made.found is not None
    made.found.update({f"{number:03d}" + "f" * (each - 8 + (number < longer)): 1 for number in range(120)})
    made.seq = made.prev = made.recorded_at = None
    return made


def test_an_envelope_that_would_be_too_large_once_sealed_is_refused_before() -> None:
    check(of_sealed_size(MAX_BYTES))
    with pytest.raises(FormatError):
        check(of_sealed_size(MAX_BYTES + 1))


def test_sealing_does_not_exceed_the_size_of_a_record() -> None:
    with pytest.raises(FormatError):
        seal(envelope(agent="x" * 70_000), 0, GENESIS, T)


def mutated(**change: Any) -> bytes:
    document = {**msgspec.json.decode(sealed()), **change}
    return msgspec.json.encode({key: value for key, value in document.items() if value is not ...}, order="sorted")


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 60_000,
        sealed() + b" ",
        b" " + sealed(),
        sealed() + sealed(),
        sealed().replace(b'"v":1', b'"v": 1'),
        sealed().replace(b'"v":1', b'"v":1,"v":1'),
        sealed().replace(b'"v":1', b'"v":1.0'),
        sealed().replace(b'"seq":3', b'"seq":3e0'),
        sealed().replace(b'"seq":3', b'"seq":-3'),
        sealed().replace(b'"seq":3', b'"seq":03'),
        sealed().replace(b'"audit.read"', b'"\\u0061udit.read"'),
        sealed().replace(b'"tenant":"t",', b"").replace(b'{"event"', b'{"tenant":"t","event"'),
        mutated(unknown=1),
        mutated(v=2),
        mutated(v=...),
        mutated(seq=...),
        mutated(prev=...),
        mutated(recorded_at=...),
        mutated(id=...),
        mutated(agent=None),
        mutated(agent=1),
        mutated(agent="x" * 129),
        mutated(event="exchange.made-up"),
        mutated(seq=2**53 + 1),
        mutated(seq="3"),
        mutated(seq=True),
        mutated(recorded_at="2026-02-30T01:02:03.000004Z"),
        mutated(found={"é": 1}),
        mutated(node={"id": "a"}),
        mutated(node={"id": "a", "boot": "b", "more": 1}),
        mutated(decision={"effect": "deny", "obligations": [], "policy": "p", "rules": [1]}),
        mutated(request={"bytes": None}),
        mutated(checkpoint=[1]),
        mutated(inputs={str(n): "x" * 256 for n in range(64)}, action="x" * 70_000),
    ],
)
def test_bytes_that_are_no_record_are_refused(record: bytes) -> None:
    with pytest.raises(FormatError):
        parse(record)


@given(at=st.integers(0), byte=st.integers(0, 255))
@settings(max_examples=300)
def test_a_changed_byte_is_another_record_or_none(at: int, byte: int) -> None:
    good = sealed(agent="scribe", found={"email": 2}, inputs={"zone": "é"})
    changed = bytearray(good)
    changed[at % len(good)] = byte
    try:
        again = parse(bytes(changed))
    except FormatError:
        return
    assert canonical.encode(again) == bytes(changed)


@given(data=st.binary(max_size=80))
@settings(max_examples=100)
def test_any_bytes_are_a_record_or_a_format_error(data: bytes) -> None:
    for candidate in (data, sealed()[:60] + data, sealed()[:-1] + data):
        try:
            parse(candidate)
        except FormatError:
            continue
        assert candidate == sealed()


@pytest.mark.parametrize(
    "record", [mutated(agent="secret" * 100), mutated(secret=1), mutated(event="secret"), mutated(detail="secret" * 8)]
)
def test_errors_name_the_field_and_never_the_value(record: bytes) -> None:
    with pytest.raises(FormatError) as caught:
        parse(record)
    assert "secret" not in str(caught.value)
    assert "secret" not in repr(caught.value.__cause__)


def test_an_error_says_what_would_be_right() -> None:
    with pytest.raises(FormatError, match="length <= 128 - at agent"):
        check(envelope(agent="x" * 129))
    with pytest.raises(FormatError, match="text of the field's fixed form - at detail"):
        check(envelope(detail="=" * 44))


@given(
    made=st.builds(
        Detail,
        subject=st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
        roles=st.none() | st.lists(names, max_size=3).map(tuple),
        query=st.none() | st.dictionaries(ascii_names, names, max_size=3),
    )
)
@settings(max_examples=100)
def test_every_detail_is_read_as_written(made: Detail) -> None:
    data = encode_detail(made)
    assert parse_detail(data) == made
    assert data == rfc8785.dumps(msgspec.json.decode(data))


def test_long_and_broken_texts_from_outside_are_cut_and_mended() -> None:
    again = parse_detail(
        encode_detail(Detail(user_agent="x" * 5000, path="a\ud800b", roles=("y" * 5000,), query={"q": "z" * 5000}))
    )
    assert again == Detail(user_agent="x" * 4096, path="a?b", roles=("y" * 4096,), query={"q": "z" * 4096})


@pytest.mark.parametrize(
    "made",
    [
        Detail(roles=("r",) * 257),
        Detail(query={str(number): "" for number in range(65)}),
        Detail(query={"": "x"}),
        Detail(diff=("x" * 4096,) * 300),
        Detail(subject=b"bytes"),  # type: ignore[arg-type]
        Detail(subject=1),  # type: ignore[arg-type]
        Detail(roles=(1,)),  # type: ignore[arg-type]
        Detail(subject=float("nan")),  # type: ignore[arg-type]
        Detail(query={1: "x"}),  # type: ignore[dict-item]
    ],
)
def test_details_beyond_their_bounds_or_types_are_refused(made: Detail) -> None:
    with pytest.raises(FormatError):
        encode_detail(made)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'{"unknown":1}',
        b'{"subject":null}',
        b'{"subject": "x"}',
        b'{"tls":"x","path":"y"}',
        b'{"subject":1}',
        b"x" * 1_100_000,
    ],
)
def test_bytes_that_are_no_detail_are_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        parse_detail(data)
