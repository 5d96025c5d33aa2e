"""The canonical form is RFC 8785's: byte for byte what its reference gives."""

import json
from decimal import Decimal
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents import jcs
from gateway.core.errors import FormatError

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=200)
@given(VALUES)
def test_any_value_has_the_bytes_of_the_reference(value: Any) -> None:
    assert jcs.encode(value) == rfc8785.dumps(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1e21, "1e+21"),
        (1e20, "100000000000000000000"),
        (1e-7, "1e-7"),
        (0.000001, "0.000001"),
        (5e-324, "5e-324"),
        (4.5, "4.5"),
        (-1.25e-9, "-1.25e-9"),
        (2**60, "1152921504606847000"),
        (10**30, "1e+30"),
        (Decimal("0.10"), "0.1"),
    ],
)
def test_numbers_are_written_as_ecmascript_writes_them(value: Any, text: str) -> None:
    assert jcs.encode(value) == text.encode()


def test_keys_are_in_the_order_of_their_code_units() -> None:
    assert json.loads(jcs.encode({"\U0001f600": 1, "\ufb33": 2, "a": 3})) == {"a": 3, "\U0001f600": 1, "\ufb33": 2}
    assert jcs.encode({"\ufb33": 2, "\U0001f600": 1}).startswith('{"\U0001f600"'.encode())


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400, "\ud800", {"a": b"x"}, {1: 2}, (1,)])
def test_what_has_no_canonical_form_is_refused(value: Any) -> None:
    with pytest.raises(FormatError):
        jcs.encode(value)
