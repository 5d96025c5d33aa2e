"""A reply is read in one form, and says what was asked for or nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import FormatError, VerificationError
from gateway.ledger import der, stamp
from tests.tsa import AT_US, CA, OTHER_POLICY, SHA1, asked, reply

NOTE = b"note\n"


def test_a_query_asks_for_a_digest_with_a_number_and_a_policy() -> None:
    imprint = stamp.parse(reply(NOTE)).imprint
    assert asked(stamp.query(NOTE, 7, OTHER_POLICY)) == (imprint, 7, OTHER_POLICY)
    assert asked(stamp.query(NOTE, 2**64 - 1))[1] == 2**64 - 1


def test_a_reply_says_whether_it_stamps() -> None:
    assert stamp.granted(reply(NOTE))
    assert not stamp.granted(reply(NOTE, status=2))
    for data in (b"", b"<html>", reply(NOTE) + b"\0"):
        with pytest.raises(FormatError):
            stamp.granted(data)


@pytest.mark.parametrize(
    ("at", "us"),
    [
        (b"20270115083000Z", AT_US),
        (b"20270115083000.5Z", AT_US + 500_000),
        (b"20270115083000.123456789Z", AT_US + 123_456),
    ],
)
def test_a_time_has_the_forms_that_the_standard_lets_it_have(at: bytes, us: int) -> None:
    assert stamp.parse(reply(NOTE, at=at)).at_us == us


@pytest.mark.parametrize(
    "at",
    [
        b"20270115083000",
        b"20270115083000.Z",
        b"20270115083000.50Z",
        b"202701150830Z",
        b"20271315083000Z",
        b"20270115083000+0100",
        b"19690115083000Z",
        b"20270115083000.1234567891Z",
    ],
)
def test_a_time_in_another_form_is_none(at: bytes) -> None:
    with pytest.raises(FormatError):
        stamp.parse(reply(NOTE, at=at))


@pytest.mark.parametrize(
    ("accuracy", "us"),
    [
        (None, None),
        (b"", 0),
        (der.encode_number(2) + b"\x80\x01\x05\x81\x01\x07", 2_005_007),
        (b"\x81\x01\x07", 7),
    ],
)
def test_how_far_off_its_time_may_be_is_told_where_it_is_said(accuracy: bytes | None, us: int | None) -> None:
    assert stamp.parse(reply(NOTE, accuracy=accuracy)).accuracy_us == us


def _reversed(values: list[bytes]) -> list[bytes]:
    return sorted(values, reverse=True)


@pytest.mark.parametrize(
    "changed",
    [
        {"status": 1},
        {"status": 2},
        {"version": 2},
        {"digest": SHA1},
        {"signing": lambda data: b"x" * 32},
        {"certificates": lambda values: []},
        {"certificates": _reversed, "more": (CA,)},
        {"content": lambda info: info + b"\0"},
        {"content": lambda info: b"info"},
        {"accuracy": b"\x80\x02\x00\x05"},
    ],
)
def test_what_is_not_a_stamp_as_it_must_be_is_none(changed: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        stamp.parse(reply(NOTE, **changed))


def test_it_is_of_the_bytes_that_were_given_and_of_no_others() -> None:
    found = stamp.parse(reply(NOTE))
    found.demand_over(NOTE)
    with pytest.raises(VerificationError):
        found.demand_over(NOTE + b"\n")


def _flip(data: bytes, at: int, bit: int) -> bytes:
    changed = bytearray(data)
    changed[at % len(data)] ^= 1 << bit
    return bytes(changed)


@given(st.integers(min_value=0), st.integers(0, 7), st.sampled_from([lambda d, at: d, lambda d, at: d[: at % len(d)]]))
def test_damage_is_another_stamp_or_an_error_of_its_own(at: int, bit: int, cut: Callable[[bytes, int], bytes]) -> None:
    data = cut(_flip(reply(NOTE), at, bit), at)
    try:
        found = stamp.parse(data)
    except FormatError:
        return
    assert len(found.imprint) == 32


def test_one_that_is_too_long_is_not_read() -> None:
    with pytest.raises(FormatError, match="65,536"):
        stamp.parse(b"\0" * 65_537)
