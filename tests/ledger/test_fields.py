from base64 import b64encode
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ledger import fields


def accepts(form: Any, value: object) -> bool:
    try:
        msgspec.convert(value, form, strict=True)
    except msgspec.ValidationError:
        return False
    return True


@given(data=st.binary(min_size=32, max_size=32))
def test_base64_of_32_bytes_is_accepted(data: bytes) -> None:
    assert accepts(fields.Base64, b64encode(data).decode())


@pytest.mark.parametrize("text", ["A" * 44, "A" * 42 + "B=", "A" * 43 + "\n", "-" * 43 + "=", "A" * 40 + "A==="])
@pytest.mark.parametrize("at", range(3))
def test_one_wrong_form_among_many_is_found(text: str, at: int) -> None:
    many = ["A" * 43 + "="] * 3
    assert fields.all_base64("".join(many))
    assert not fields.all_base64("".join([*many[:at], text, *many[at:]]))


@pytest.mark.parametrize("text", ["2026-11-24T25:02:03.000004Z", "2026-11-24T01:02:03.00004Z\n", "2" * 27])
@pytest.mark.parametrize("at", range(3))
def test_one_wrong_time_among_many_is_found(text: str, at: int) -> None:
    many = ["2026-11-24T01:02:03.000004Z"] * 3
    assert fields.all_times("".join(many))
    assert not fields.all_times("".join([*many[:at], text, *many[at:]]))


def test_what_is_looked_at_with_others_has_the_same_bounds_and_tells_the_same_form() -> None:
    for alone, often in ((fields.Base64, fields.OftenBase64), (fields.Time, fields.OftenTime)):
        assert msgspec.json.schema(alone) == msgspec.json.schema(often)
        length = msgspec.json.schema(often)["minLength"]
        assert [accepts(often, "x" * size) for size in (length - 1, length, length + 1)] == [False, True, False]


@pytest.mark.parametrize(
    "text", ["", "A" * 44, "A" * 42 + "B=", "A" * 43 + "\n", "A" * 43 + "=\n", "-" * 43 + "=", "A" * 40 + "A==="]
)
def test_other_base64_is_not(text: str) -> None:
    assert not accepts(fields.Base64, text)


@pytest.mark.parametrize(
    ("form", "good", "bad"),
    [
        (fields.Id, ["x", "x" * 64], ["", "x" * 65, 1]),
        (fields.Code, ["x", "x" * 64], ["", "x" * 65]),
        (fields.Name, ["x", "x" * 128], ["", "x" * 129, None]),
        (fields.Line, ["", "x" * 256], ["x" * 257]),
        (fields.Told, ["", "x" * 4096], ["x" * 4097]),
        (fields.Count, [0, 2**53], [-1, 2**53 + 1, True, 1.5, "1"]),
        (fields.Status, [100, 599], [99, 600]),
        (fields.Names, [[], ["x"] * 64], [["x"] * 65, [""], "x"]),
        (fields.ToldList, [[], ["x"] * 256], [["x"] * 257]),
        (fields.Time, ["2026-11-24T01:02:03.000004Z"], ["2026-11-24T01:02:03Z", "2026-11-24T25:02:03.000004Z"]),
    ],
)
def test_bounds_are_kept(form: Any, good: list[object], bad: list[object]) -> None:
    assert all(accepts(form, value) for value in good)
    assert not any(accepts(form, value) for value in bad)
