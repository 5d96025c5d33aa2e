"""Random ids: UUIDv7 (RFC 9562 §5.7) where order in time helps, plain random hex where it would tell too much. And the
one that is not random."""

import os
import re
from itertools import count

SYSTEM = "_system"
"""The operator's own ledger: its configured id and its ledger id are the same fixed name."""
_VARIANT = {f"{digit:x}": "89ab"[digit & 3] for digit in range(16)}
_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def uuid7(unix_us: int, random: bytes | None = None) -> str:
    """A UUIDv7 in its 36 character form: 48 bits of milliseconds, 74 random bits (`random`: 10 bytes)."""
    time = f"{(unix_us // 1000) & 0xFFFFFFFFFFFF:012x}"
    # Of the 80 bits four are left out, and two give way to the variant's.
    noise = (random or os.urandom(10)).hex()
    return f"{time[:8]}-{time[8:]}-7{noise[:3]}-{_VARIANT[noise[4]]}{noise[5:8]}-{noise[8:]}"


def uuid7_us(value: str) -> int | None:
    """The time in a UUIDv7 in its 36 character form, in microseconds; None for anything else."""
    return int(value[:8] + value[9:13], 16) * 1000 if _UUID7.fullmatch(value) else None


def trace_id(unix_us: int, random: bytes | None = None) -> str:
    """A trace id (W3C Trace Context §3.2.2.3): 48 bits of milliseconds, then 80 random bits (`random`: 10 bytes).

    In the order of time, because records are found by their traces: an index of ids without order has a page to
    rewrite for each record, and costs as much as the rest of the record.
    """
    return f"{(unix_us // 1000) & 0xFFFFFFFFFFFF:012x}{(random or os.urandom(10)).hex()}"


def random_id(prefix: str) -> str:
    """`prefix_` and 26 hex digits of the system's randomness: 104 bits that say nothing of what they stand for."""
    return f"{prefix}_{os.urandom(13).hex()}"


class SerialIds:
    """Ids as `random_id` makes them to look at, each behind the one before in order: 72 random bits, then a count.

    For what is written many at a time: ids without order have a page of their index to rewrite for each.
    """

    def __init__(self, prefix: str) -> None:
        self._begin, self._numbers = f"{prefix}_{os.urandom(9).hex()}", count()

    def next(self) -> str:
        """An id that no other gave, whoever made it. From any thread."""
        return f"{self._begin}{next(self._numbers):08x}"
