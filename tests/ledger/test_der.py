"""DER is read in its one form and in no other, and every byte of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import FormatError
from gateway.ledger import der
from gateway.ledger.der import Reader


@given(st.lists(st.binary(max_size=300), max_size=4))
def test_what_is_written_is_read_again(values: list[bytes]) -> None:
    written = der.encode(der.SEQUENCE, *(der.encode(der.OCTETS, one) for one in values))
    outer = Reader(written)
    inside = outer.into(der.SEQUENCE)
    outer.end()
    assert [Reader(one).take(der.OCTETS) for one in inside.rest(der.OCTETS)] == values


@given(st.integers(min_value=0, max_value=2**130))
def test_numbers_are_read_again_and_have_one_form(value: int) -> None:
    contents = Reader(der.encode_number(value)).take(der.INTEGER)
    assert der.number(contents) == value
    if contents[0]:
        longer = b"\0" + contents
        if contents[0] & 0x80 == 0:
            with pytest.raises(FormatError):
                der.number(longer)


@given(
    st.integers(0, 2).flatmap(
        lambda first: st.lists(st.integers(0, 2**70), min_size=1, max_size=6).map(
            lambda rest: [first, rest[0] % 40 if first < 2 else rest[0], *rest[1:]]
        )
    )
)
def test_object_identifiers_are_read_again(arcs: list[int]) -> None:
    text = ".".join(map(str, arcs))
    assert der.dotted(Reader(der.encode_dotted(text)).take(der.OID)) == text


@pytest.mark.parametrize("text", ["", "1", "3.1", "1.40", "1.-2", "1.02", "1..2", "1.2.x", "1.2 ", "1.+2"])
def test_what_is_no_object_identifier_is_not_written(text: str) -> None:
    with pytest.raises(FormatError):
        der.encode_dotted(text)


@pytest.mark.parametrize("contents", [b"", b"\x2a\x86", b"\x2a\x80\x01", b"\x80\x01"])
def test_what_is_no_object_identifier_is_not_read(contents: bytes) -> None:
    with pytest.raises(FormatError):
        der.dotted(contents)


@pytest.mark.parametrize("contents", [b"", b"\x80", b"\xff", b"\x00\x01", b"\x00\x00"])
def test_what_is_no_number_is_not_read(contents: bytes) -> None:
    with pytest.raises(FormatError):
        der.number(contents)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x04",
        b"\x04\x02a",
        b"\x04\x80aa\0\0",  # of no stated length
        b"\x04\x81\x01a",  # a length in more bytes than it needs
        b"\x04\x82\x00\x80" + b"a" * 128,
        b"\x04\x81",
        b"\x04\x85\x00\x00\x00\x00\x01a",
        b"\x05\x00",
    ],
)
def test_another_form_or_another_kind_is_an_error(data: bytes) -> None:
    with pytest.raises(FormatError):
        Reader(data).take(der.OCTETS)


def test_what_is_left_over_or_out_of_order_is_an_error() -> None:
    reader = Reader(b"\x04\x01a\x05\x00")
    assert (reader.next, reader.maybe(der.NULL), reader.whole(der.OCTETS)) == (der.OCTETS, None, b"\x04\x01a")
    with pytest.raises(FormatError):
        reader.end()
    assert reader.maybe(der.NULL) == b""
    assert reader.next is None
    reader.end()
    assert der.ordered([b"a", b"b"]) == [b"a", b"b"]
    with pytest.raises(FormatError):
        der.ordered([b"b", b"a"])


@given(st.binary(max_size=60))
def test_whatever_it_is_given_it_raises_its_own_error_alone(data: bytes) -> None:
    reader = Reader(data)
    try:
        while reader.next is not None:
            reader.whole(reader.next)
    except FormatError:
        return
    reader.end()
