"""The few text encodings of the C2SP forms, read strictly: one text for one value."""

import re
from binascii import Error, a2b_base64, b2a_base64

from gateway.core.errors import FormatError

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
MAX_SIZE = 2**63 - 1
"""No tree is larger: what other implementations hold in a signed 64-bit integer."""


def to_base64(data: bytes) -> str:
    return b2a_base64(data, newline=False).decode("ascii")


def from_base64(text: str) -> bytes:
    """Standard alphabet, padded, padding bits zero (RFC 4648 §4, §3.5); `FormatError` for anything else."""
    try:
        data = a2b_base64(text, strict_mode=True)
    except (Error, ValueError) as error:
        raise FormatError("not base64") from error
    if to_base64(data) != text:
        raise FormatError("not base64 in its one form")
    return data


def from_decimal(text: str) -> int:
    """ASCII decimal without sign, space or leading zeroes, below 2^63; `FormatError` for anything else."""
    if not _DECIMAL.fullmatch(text) or int(text) > MAX_SIZE:
        raise FormatError("not a decimal number below 2^63 without leading zeroes")
    return int(text)
