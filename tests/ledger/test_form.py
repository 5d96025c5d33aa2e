"""Records made from forms are the records that encoding the filled envelopes would make."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.canonical import MAX_INTEGER, encode
from gateway.core.errors import FormatError
from gateway.ledger.commitment import committed
from gateway.ledger.form import Draft, Form, Value, drafted
from gateway.ledger.index import index_columns
from gateway.ledger.record import (
    GENESIS,
    CandidateInfo,
    ClassesInfo,
    DecisionInfo,
    Envelope,
    MessageInfo,
    NodeInfo,
    OutcomeInfo,
    parse,
    timestamp,
)
from gateway.ledger.record import seal as sealed

T = timestamp(1_700_000_000_000_000)
FIXED = "0193f0a0-0000-7000-8000-000000000000"
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=40)
COUNT = st.integers(0, MAX_INTEGER)


def envelope(**given: Any) -> Envelope:
    return Envelope(**{"id": FIXED, "tenant": "tn_1", "event": "exchange.completed", "occurred_at": T, **given})


def values(number: int = 1, **others: Value) -> dict[str, Value]:
    return {
        "id": f"0193f0a0-0000-7000-8000-{number:012x}",
        "occurred_at": timestamp(1_700_000_000_000_000 + number),
        "exchange": f"0193f0a1-0000-7000-8000-{number:012x}",
        "trace": f"{number:032x}",
        "actor": f"ac_{number:026x}",
        **others,
    }


def place(draft: Draft, seq: int = 7, prev: bytes = b"\x01" * 32) -> bytes:
    return draft.seal(seq, prev, T)


def filled(base: Envelope, given: dict[str, Value]) -> Envelope:
    """The envelope with these values in it, the plain way."""
    document = msgspec.to_builtins(base)
    for name, value in given.items():
        where, _, last = name.rpartition(".")
        (document.setdefault(where, {}) if where else document)[last] = value
    return msgspec.convert(document, Envelope)


envelopes = st.builds(
    envelope,
    action=TEXT,
    agent=st.none() | TEXT,
    found=st.none() | st.dictionaries(st.from_regex(r"\A[a-z-]{1,12}\Z"), st.integers(0, 99), max_size=4),
    inputs=st.none() | st.dictionaries(st.sampled_from(["prev", "seq", "recorded_at", "a%s"]), TEXT, max_size=3),
    decision=st.none()
    | st.builds(
        DecisionInfo,
        effect=st.just("route"),
        rules=st.lists(TEXT, max_size=3).map(tuple),
        obligations=st.just(()),
        policy=TEXT,
    ),
    candidates=st.none()
    | st.lists(
        st.builds(CandidateInfo, agent=TEXT, zone=TEXT, healthy=st.booleans(), answer=st.just("allow")), max_size=2
    ).map(tuple),
    classes=st.none() | st.just(ClassesInfo(found=("phi",), declared=(), inherited=(), floor=())),
    outcome=st.none() | st.just(OutcomeInfo(code="ok", status=200)),
    node=st.none() | st.just(NodeInfo(id="nd_1", boot="bt_1")),
)


@given(base=envelopes, latency=st.lists(COUNT, min_size=2, max_size=2), size=st.lists(COUNT, min_size=2, max_size=2))
@settings(max_examples=150, deadline=None)
def test_filling_a_form_gives_the_bytes_that_encoding_the_filled_envelope_gives(
    base: Envelope, latency: list[int], size: list[int]
) -> None:
    salt = bytes(32)
    base.outcome, base.response = OutcomeInfo(code="ok"), MessageInfo()
    made = [
        values(number)
        | {
            "outcome.latency_us": latency[number],
            "response.bytes": size[number],
            "response.commitment": committed(salt, "response", bytes([number])),
            "detail": committed(salt, "detail", bytes([number])),
        }
        for number in (0, 1)
    ]
    form = Form(base, made[0])
    for each in made:
        draft = form.fill(each)
        expected = filled(base, each)
        record = place(draft)
        assert record == sealed(expected, 7, b"\x01" * 32, T)
        assert draft.columns(T) == index_columns(parse(record))
        assert encode(parse(record)) == record


@given(base=envelopes, seq=COUNT, prev=st.binary(min_size=32, max_size=32))
@settings(max_examples=150, deadline=None)
def test_a_draft_of_one_envelope_is_sealed_as_the_envelope_would_be(base: Envelope, seq: int, prev: bytes) -> None:
    draft = drafted(base)
    assert (base.seq, base.prev, base.recorded_at) == (None, None, None)
    assert draft.envelope() == base
    record = draft.seal(seq, prev, T)
    assert draft.columns(T) == index_columns(parse(record))
    assert record == sealed(base, seq, prev, T)


def test_an_envelope_that_has_a_place_already_is_no_draft() -> None:
    with pytest.raises(FormatError):
        drafted(envelope(seq=1))


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": 5},
        {"id": None},
        {"trace": "f" * 31},
        {"trace": "f" * 33},
        {"trace": "f" * 31 + '"'},
        {"trace": "f" * 31 + "\\"},
        {"trace": "f" * 31 + "\n"},
        {"trace": "f" * 31 + "é"},
        {"trace": "f" * 30 + "é"},
        {"trace": "f" * 31 + "\ud800"},
        {"outcome.bytes": -1},
        {"outcome.bytes": MAX_INTEGER + 1},
        {"outcome.bytes": True},
        {"outcome.bytes": 1.5},
        {"outcome.bytes": "7"},
    ],
    ids=repr,
)
def test_what_does_not_fit_its_hole_is_refused(wrong: dict[str, Any]) -> None:
    given = values(**{"outcome.bytes": 5})
    form = Form(envelope(outcome=OutcomeInfo(code="ok")), given)
    form.fill(given)
    with pytest.raises(FormatError):
        form.fill({**given, **wrong})


@pytest.mark.parametrize(
    ("wrong", "given"),
    [
        (envelope(agent="x" * 129), values()),
        (envelope(event="not.an.event"), values()),
        (envelope(agent=b"bytes"), values()),
        (envelope(), values(detail="short")),
        (envelope(), values(**{"outcome.status": 99})),
        (envelope(), values(unknown="field")),
    ],
    ids=["too long", "unknown event", "wrong type", "not base64", "out of bounds", "unknown field"],
)
def test_a_form_of_what_would_be_no_record_is_refused(wrong: Envelope, given: dict[str, Value]) -> None:
    with pytest.raises(FormatError):
        Form(wrong, given)


def test_a_form_leaves_room_for_any_count_and_place() -> None:
    long = {f"{number:03}": "x" * 256 for number in range(64)}
    rules = tuple("r" * 128 for _ in range(64))
    decision = DecisionInfo(effect="route", rules=rules, obligations=rules, policy="p")
    view = CandidateInfo(agent="a" * 128, zone="z" * 128, healthy=True, answer="allow", rule="r" * 128)
    base = envelope(inputs=long, decision=decision, candidates=(view,) * 50, outcome=OutcomeInfo(code="ok"))
    room = 65_535 - len(sealed(filled(base, values()), MAX_INTEGER, GENESIS, T))
    assert room > 0
    base.candidates = (*base.candidates, *(view,) * (room // 380)) if base.candidates else ()
    given = values(**{"outcome.bytes": 1})
    try:
        form = Form(base, given)
    except FormatError:
        return
    assert len(form.fill({**given, "outcome.bytes": MAX_INTEGER}).seal(MAX_INTEGER, GENESIS, T)) <= 65_535


def test_marks_cannot_be_guessed_from_outside() -> None:
    """Text that looks like a template is text."""
    hostile = "%(id)s %s %% hole-prev"
    record = place(Form(envelope(action=hostile), values()).fill(values(2)))
    assert parse(record).action == hostile
