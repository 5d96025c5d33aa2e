"""Many records verified in few calls: the steps of `verify` over a lot of them at once.

A lot only ever holds or does not (None): which of its records does not, and by which step, is for who goes over them
one by one. So both must read a record's place in the ledger alike, with `place_of`.
"""

from binascii import b2a_base64
from collections.abc import Sequence
from struct import unpack
from typing import Protocol

import msgspec

from gateway.core.errors import FormatError
from gateway.ledger.chain import leaf_hashes
from gateway.ledger.record import MAX_BYTES

WORTH = 8
"""Records from which on a lot costs less than so many one by one."""
TIME_BYTES = 29
"""Of a time with its quotation marks."""
_LINK_BYTES = 46
"""Of the base64 of a hash with its quotation marks."""


class Stored(Protocol):
    """A record as it was stored: where it is said to be, its bytes, and what is said to be their hash."""

    @property
    def seq(self) -> int: ...
    @property
    def envelope(self) -> bytes: ...
    @property
    def hash(self) -> bytes: ...


class Place(msgspec.Struct, frozen=True, gc=False):
    """What a record says of its place: the values as they stand in its bytes, quotation marks and all."""

    prev: msgspec.Raw
    seq: msgspec.Raw
    recorded_at: msgspec.Raw


class Linked(msgspec.Struct, frozen=True):
    """A lot that holds: its leaf hashes, and when its last record was recorded."""

    leaves: list[bytes]
    recorded_at: bytes


_read = msgspec.json.Decoder(Place).decode


def place_of(record: bytes) -> Place:
    """The three values of the record's own keys. `FormatError` for what is no JSON, or lacks one.

    Everything else in it is passed over, in C, which costs a tenth of `record.parse`; that it is in canonical form, and
    has no key twice (the last one counts here), is not looked at.
    """
    try:
        return _read(record)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        said = "without prev, seq or recorded_at" if isinstance(error, msgspec.ValidationError) else "not JSON"
        raise FormatError(said) from None


def link_text(leaf_hash: bytes) -> bytes:
    """How a record whose `prev` is this leaf hash has it in its bytes."""
    return b'"%b"' % b2a_base64(leaf_hash, newline=False)


def linked(records: Sequence[Stored], first: int, prev: bytes | None, recorded_at: bytes) -> Linked | None:
    """Steps 1 to 6 of `verify` over records that follow each other from number `first` on, one at least.

    `prev`: the leaf hash before them, None where the first link is not to be looked at; `recorded_at`: when the record
    before was recorded, empty where there is none."""
    numbers = list(range(first, first + len(records)))
    data = [record.envelope for record in records]
    # 1. The stored sequence numbers are the next ones.   2. None is larger than a record may be.
    if [record.seq for record in records] != numbers or max(map(len, data)) > MAX_BYTES:
        return None
    # 3. The stored hashes are the leaf hashes of the bytes (RFC 6962 §2.1).
    leaves = leaf_hashes(data)
    if [record.hash for record in records] != leaves:
        return None
    try:
        places = list(map(_read, data))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    # 4. Each `prev` is the leaf hash of the record before.
    before = ([] if prev is None else [prev]) + leaves[:-1]
    if not _are_links([place.prev for place in places[prev is None :]], before):
        return None
    # 5. Each `seq` is its place: no value that is made of digits alone has a comma in it.
    if b", ".join([place.seq for place in places]) != repr(numbers)[1:-1].encode():
        return None
    # 6. No `recorded_at` is before that of the record before: the form is fixed, so text order is time order.
    joined = _joined([place.recorded_at for place in places], TIME_BYTES)
    if joined is None:
        return None
    times = unpack(f"{TIME_BYTES}s" * len(data), joined)
    if times[0][1:-1] < recorded_at or tuple(sorted(times)) != times:
        return None
    return Linked(leaves, times[-1][1:-1])


def _are_links(said: Sequence[msgspec.Raw], hashes: Sequence[bytes]) -> bool:
    """Whether each of these values is `link_text` of its hash.

    In one piece. A hash and one zero byte are 33 bytes and 44 characters, the last an A where the hash alone has the
    padding; so that all of them, each with that byte, are one text without any."""
    joined = _joined(said, _LINK_BYTES)
    if joined is None:
        return not said
    text = joined.replace(b'"', b"")
    if text[43::44] != b"=" * len(said) or text.count(b"=") != len(said):
        return False
    return text.replace(b"=", b"A") == b2a_base64(b"\0".join([*hashes, b""]), newline=False)


def _joined(values: Sequence[msgspec.Raw], width: int) -> bytes | None:
    """These values as they stand, one after the other; None unless there are some and all are texts, without an escape,
    of so many bytes with their quotation marks: those stand at each text's beginning and end alone then, and without a
    backslash there is no other way to take the whole apart."""
    joined, count = b"".join(values), len(values)
    marks = b'"' * count
    if not count or len(joined) != width * count or joined[::width] != marks or joined[width - 1 :: width] != marks:
        return None
    return None if joined.count(b'"') != 2 * count or b"\\" in joined else joined
