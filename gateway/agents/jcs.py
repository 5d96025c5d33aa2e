"""JSON in its canonical form (RFC 8785, JCS), for what others verify. Unlike `core.canonical` it takes fractions."""

import json
import math
from decimal import Decimal
from typing import Any

from gateway.core.errors import FormatError

_SAFE = 2**53
"""Integers beyond are numbers like any other: doubles (RFC 8785 §3.2.2.3)."""


def encode(value: Any) -> bytes:
    """The canonical bytes of a JSON value, whose depth was bounded before. `FormatError` for what has none."""
    try:
        return _text(value).encode()
    except (UnicodeEncodeError, OverflowError, TypeError) as error:
        raise FormatError("no canonical form") from error


def _text(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return json.dumps(value, ensure_ascii=False)
    if kind is bool or value is None:
        return json.dumps(value)
    if kind is int and -_SAFE <= value <= _SAFE:
        return str(value)
    if kind in (int, float, Decimal):
        return _number(float(value))
    if kind is list:
        return f"[{','.join(map(_text, value))}]"
    if kind is dict and all(type(name) is str for name in value):
        members = sorted(value.items(), key=_order)
        return f"{{{','.join(f'{_text(name)}:{_text(item)}' for name, item in members)}}}"
    raise FormatError("no canonical form")


def _order(member: tuple[str, Any]) -> bytes:
    """Keys are compared by their UTF-16 code units (§3.2.3)."""
    return member[0].encode("utf-16-be")


def _number(value: float) -> str:
    """A double as ECMAScript writes it (ECMA-262, Number::toString), from the same shortest digits as Python's."""
    if not math.isfinite(value):
        raise FormatError("no canonical form")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    # The value is 0.digits × 10^point.
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return f"{sign}{digits}{'0' * (point - count)}"
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    power = point - 1
    fraction = f".{digits[1:]}" if count > 1 else ""
    return f"{sign}{digits[0]}{fraction}e{'+' if power >= 0 else '-'}{abs(power)}"
