import hashlib
import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import FormatError
from gateway.ledger.commitment import commit, committed, matches, new_salt

salts = st.binary(min_size=32, max_size=32)
labels = st.text(alphabet="abc-", max_size=4)
values = st.binary(max_size=8)


@given(salt=salts, label=labels, value=st.binary(max_size=3_000))
def test_a_commitment_is_the_hmac_of_label_zero_and_value(salt: bytes, label: str, value: bytes) -> None:
    expected = hmac.new(salt, label.encode() + b"\x00" + value, hashlib.sha256).digest()
    assert commit(salt, label, value) == expected


@given(salt=salts, label=labels, value=values)
@settings(max_examples=50)
def test_a_commitment_opens_to_its_value(salt: bytes, label: str, value: bytes) -> None:
    assert matches(committed(salt, label, value), salt, label, value)


@given(one=st.tuples(salts, labels, values), other=st.tuples(salts, labels, values))
@settings(max_examples=100)
def test_a_commitment_opens_to_nothing_else(one: tuple[bytes, str, bytes], other: tuple[bytes, str, bytes]) -> None:
    assert matches(committed(*one), *other) == (one == other)


def test_label_and_value_cannot_be_cut_elsewhere() -> None:
    assert commit(bytes(32), "ab", b"c") != commit(bytes(32), "a", b"bc")
    with pytest.raises(FormatError):
        commit(bytes(32), "a\0b", b"c")
    with pytest.raises(FormatError):
        commit(bytes(32), "é", b"c")


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_salt_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(FormatError):
        commit(bytes(length), "a", b"")
    assert not matches(committed(bytes(32), "a", b""), bytes(length), "a", b"")


@pytest.mark.parametrize("text", ["", "x", "é" * 44, "\udc80", "A" * 43 + "="])
def test_text_that_is_no_commitment_matches_nothing(text: str) -> None:
    assert not matches(text, bytes(32), "a", b"")


def test_salts_differ() -> None:
    made = {new_salt() for _ in range(100)}
    assert len(made) == 100
    assert {len(salt) for salt in made} == {32}
