"""What a record says of its place, read with the standard library alone: what `ledger.lots` is to a program without
msgspec.

In a bundle's `verify.py` this stands in its place. There each record is parsed anyway, and taken by what that gave: so
no lot is looked at as one here, and who asks goes over its records one by one, which says the same.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from gateway.core.errors import FormatError
from gateway.evidence import strict_json
from gateway.ledger.encoding import to_base64

WORTH = 8
TIME_BYTES = 29
"""Of a time with its quotation marks."""


class Stored(Protocol):
    """A record as it was stored: where it is said to be, its bytes, and what is said to be their hash."""

    @property
    def seq(self) -> int: ...
    @property
    def envelope(self) -> bytes: ...
    @property
    def hash(self) -> bytes: ...


class Place(msgspec.Struct, frozen=True):
    """What a record says of its place: the values as they stand in its bytes, quotation marks and all."""

    prev: bytes
    seq: bytes
    recorded_at: bytes


def place_of(record: bytes) -> Place:
    """The three values of the record's own keys. `FormatError` for what is not canonical JSON, or lacks one."""
    said = strict_json.load(record)
    if not isinstance(said, dict) or not {"prev", "seq", "recorded_at"} <= said.keys():
        raise FormatError("without prev, seq or recorded_at")
    return Place(*(strict_json.dump(said[name]) for name in ("prev", "seq", "recorded_at")))


def link_text(leaf_hash: bytes) -> bytes:
    """How a record whose `prev` is this leaf hash has it in its bytes."""
    return b'"%b"' % to_base64(leaf_hash).encode("ascii")


def linked(records: Sequence[Stored], first: int, prev: bytes | None, recorded_at: bytes) -> Place | None:
    """None: of no lot it is said here that it holds."""
    return None
