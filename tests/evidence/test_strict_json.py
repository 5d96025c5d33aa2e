"""The standard library's canonical JSON agrees with the one that records are written with."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core import canonical
from gateway.core.errors import FormatError
from gateway.evidence import strict_json

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


def attempt(function: Any, argument: Any) -> Any:
    try:
        return function(argument)
    except FormatError:
        return FormatError


@settings(max_examples=300, deadline=None)
@given(values)
def test_both_encoders_write_the_same_or_refuse(value: object) -> None:
    assert attempt(strict_json.dump, value) == attempt(canonical.encode, value)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=30) | values.map(repr).map(str.encode))
def test_both_readers_read_the_same_or_refuse(data: bytes) -> None:
    assert attempt(strict_json.load, data) == attempt(canonical.decode, data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" 1",
        b"1.0",
        b"1e2",
        b"-0",
        b"01",
        b'{"a":1,"a":1}',
        b'{"b":1,"a":1}',
        b'{"a": 1}',
        b"NaN",
        b"Infinity",
        b'"\\u0041"',
        b'"\\/"',
        b'"\xff"',
        b"9007199254740993",
        b"9" * 5000,
        b"[" * 100_000,
        b'{"\xc3\xa9":1}',
        b'"\\ud800"',
    ],
)
def test_other_spellings_are_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        strict_json.load(data)


@pytest.mark.parametrize("value", [1.5, {1: 2}, {"é": 1}, 2**53 + 1, "\ud800", b"x", {1, 2}, object()])
def test_what_has_no_canonical_form_is_not_written(value: object) -> None:
    with pytest.raises(FormatError):
        strict_json.dump([value])


@pytest.mark.parametrize(
    "text", ["9007199254740993", "-9007199254740993", "[9007199254740993]", '{"a":9007199254740993}']
)
def test_an_integer_beyond_the_bound_is_refused_wherever_it_stands(text: str) -> None:
    with pytest.raises(FormatError):
        strict_json.load(text.encode())
    assert strict_json.load(text.replace("993", "992").encode())


def test_long_digits_within_a_text_are_no_number() -> None:
    assert strict_json.load(b'{"digest":"sha256:97979797979797979797979797979797"}') == {
        "digest": f"sha256:{'97' * 16}"
    }
