import datetime
import decimal
import enum
import uuid
from typing import Annotated, Any

import msgspec
import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.canonical import (
    MAX_INTEGER,
    decode,
    demand_order,
    encode,
    encode_ordered,
    encode_unchecked,
    is_ordered,
)
from gateway.core.errors import FormatError

SAFE = 2**53 - 1  # rfc8785 stops one short of what is accepted here
ascii_keys = st.text(st.characters(max_codepoint=127), max_size=12)
unicode = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-SAFE, SAFE) | unicode,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(ascii_keys, inner, max_size=5),
    max_leaves=25,
)


class Plain(msgspec.Struct, frozen=True, omit_defaults=True):
    zeta: str
    alpha: Any = None
    items: tuple[int, ...] = ()


class Ordered(msgspec.Struct, omit_defaults=True):
    alpha: dict[str, Any]
    beta: Any = None
    zeta: tuple[int, ...] = ()


class Around(msgspec.Struct):
    inner: tuple[Annotated[Plain, msgspec.Meta(title="t")], ...] | None = None


class Tagged(msgspec.Struct, tag="t"):
    a: int = 1


class Array(msgspec.Struct, array_like=True):
    a: int = 1


class Renamed(msgspec.Struct, rename={"a": "é"}):
    a: int = 1


class Colour(enum.StrEnum):
    RED = "red"


class Number(int):
    pass


@given(value=values)
@settings(max_examples=400)
def test_bytes_are_those_of_an_independent_jcs_encoder(value: Any) -> None:
    data = encode(value)
    assert data == rfc8785.dumps(value)
    assert encode_unchecked(value) == data
    assert decode(data) == value


@given(value=st.dictionaries(ascii_keys, st.integers(-SAFE, SAFE) | unicode, min_size=2, max_size=12))
@settings(max_examples=100)
def test_keys_are_in_the_order_of_jcs_whatever_the_order_given(value: dict[str, Any]) -> None:
    backwards = dict(reversed(value.items()))
    assert encode(backwards) == encode(value) == rfc8785.dumps(value)


def test_control_characters_are_escaped_as_jcs_has_it() -> None:
    text = "".join(map(chr, range(0x20))) + '"\\/\x7f\u2028\U0001f600'
    assert encode(text) == rfc8785.dumps(text)


def test_a_struct_is_the_object_of_its_fields() -> None:
    assert encode(Plain("z", {"k": (1, "x")}, (3,))) == b'{"alpha":{"k":[1,"x"]},"items":[3],"zeta":"z"}'
    assert encode(Plain("z")) == b'{"zeta":"z"}'


@pytest.mark.parametrize("value", [MAX_INTEGER, -MAX_INTEGER, 0, -1])
def test_integers_to_the_bound_are_accepted(value: int) -> None:
    assert decode(encode([value])) == [value]


@pytest.mark.parametrize("value", [MAX_INTEGER + 1, -MAX_INTEGER - 1, 2**63, 2**64, -(2**63) - 1, 10**400])
@pytest.mark.parametrize("wrap", [lambda v: v, lambda v: [v], lambda v: {"a": {"b": v}}, lambda v: Plain("z", v)])
def test_integers_beyond_the_bound_are_refused_wherever_they_stand(value: int, wrap: Any) -> None:
    with pytest.raises(FormatError):
        encode(wrap(value))


@pytest.mark.parametrize(
    "value",
    [
        0.0,
        1.5,
        1e16,
        float("nan"),
        float("inf"),
        b"bytes",
        bytearray(b"x"),
        memoryview(b"x"),
        datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
        datetime.date(2026, 1, 1),
        datetime.timedelta(1),
        decimal.Decimal("1"),
        uuid.UUID(int=0),
        {1, 2},
        frozenset(),
        Colour.RED,
        Number(1),
        msgspec.Raw(b"1.0"),
        msgspec.UNSET,
        object(),
        Tagged(),
        Array(),
        Renamed(),
        Plain,
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("wrap", [lambda v: v, lambda v: [v], lambda v: {"a": [{"b": v}]}, lambda v: Plain("z", v)])
def test_types_without_one_canonical_form_are_refused_wherever_they_stand(value: Any, wrap: Any) -> None:
    with pytest.raises(FormatError):
        encode(wrap(value))


@pytest.mark.parametrize("value", ["\ud800", "a\udfff", {"a": "\udc80"}, ["\ud83d"], {"\ud800": 1}])
def test_lone_surrogates_are_refused(value: Any) -> None:
    with pytest.raises(FormatError):
        encode(value)


@pytest.mark.parametrize("value", [{"é": 1}, {1: 1}, {None: 1}, {b"a": 1}, {("a",): 1}, {"a": {"ü": 1}}])
def test_keys_other_than_ascii_strings_are_refused(value: Any) -> None:
    with pytest.raises(FormatError):
        encode(value)


def test_nesting_without_end_is_refused_and_not_a_crash() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(FormatError):
        encode(endless)
    with pytest.raises(FormatError):
        encode_unchecked(endless)
    with pytest.raises(FormatError):
        decode(b"[" * 100_000 + b"]" * 100_000)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" {}",
        b"{}\n",
        b'{"a": 1}',
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b"[1.0]",
        b"[1e3]",
        b"[-0]",
        b"[01]",
        b"[9007199254740993]",
        b'["\\u0041"]',
        b'["\\/"]',
        b'["\\u001F"]',
        b'["\\ud800"]',
        b'["\xff"]',
        b'{"\xc3\xa9":1}',
        b"[NaN]",
        b"\xef\xbb\xbf[]",
        b"[1,]",
        b"{}{}",
    ],
)
def test_any_other_form_of_a_value_is_not_read(data: bytes) -> None:
    with pytest.raises(FormatError):
        decode(data)


@given(
    data=st.binary(max_size=60) | st.text(alphabet='{}[]",:0123456789.eE+-truefalsn\\ u', max_size=40).map(str.encode)
)
@settings(max_examples=300)
def test_whatever_is_read_encodes_back_to_itself_and_all_else_is_a_format_error(data: bytes) -> None:
    try:
        value = decode(data)
    except FormatError:
        return
    assert encode(value) == data


def test_errors_do_not_hold_the_value() -> None:
    with pytest.raises(FormatError) as caught:
        encode({"a": [1234567890123456789]})
    assert "1234567890123456789" not in str(caught.value)


@given(alpha=st.dictionaries(ascii_keys, values, max_size=5), beta=values, zeta=st.lists(st.integers(0, 9), max_size=3))
def test_a_struct_in_the_order_of_its_names_has_the_same_bytes_without_sorting(
    alpha: dict[str, Any], beta: Any, zeta: list[int]
) -> None:
    value = Ordered(alpha, beta, tuple(zeta))
    data = encode(value)
    assert encode_ordered(value) == data
    assert is_ordered(value, data)
    assert not is_ordered(value, data + b" ")
    assert not is_ordered(value, data[:-1])


def test_what_canonical_json_cannot_say_is_no_other_error_for_an_ordered_struct() -> None:
    for value in (Ordered({"a": "\ud800"}), Ordered({}, object())):
        with pytest.raises(FormatError):
            encode_ordered(value)
        with pytest.raises(FormatError):
            is_ordered(value, b"")


def test_a_struct_whose_fields_are_in_another_order_is_not_encoded_as_if_they_were() -> None:
    demand_order(Ordered)
    for kind in (Plain, Around):
        with pytest.raises(TypeError, match="Plain must declare"):
            demand_order(kind)
