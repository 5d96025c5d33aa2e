"""Records as the audit API and the command line show them, and what of each is not as it was recorded.

Who reaches the database past the gateway can change its rows, and who reads the trail is not to wait for the next
verification to be told. What is told here costs a hash a record, and finds a row that was changed and left so. A change
that was carried on into the hashes behind it is found by verifying only.
"""

from typing import Any

import msgspec

from gateway.core.errors import FormatError, VerificationError
from gateway.core.ports import StoredRecord
from gateway.ledger.chain import leaf_hash
from gateway.ledger.index import COLUMNS, index_columns
from gateway.ledger.record import Envelope, parse
from gateway.ledger.verify import check_detail
from gateway.store.search import Hit

CELLS = ("seq", *COLUMNS, "hash", "emergency", "differs")
"""The columns of a record in a table."""
BYTES, COLUMN, DETAIL = "bytes", "columns", "detail"
"""What may differ: the record's bytes (from its hash, or its number), the columns that it was found by (from its
bytes), its detail (from what its bytes commit to)."""


def shown(stored: StoredRecord | Hit) -> dict[str, Any]:
    """A record parsed, with its exact bytes as text and its hash. `emergency`: the emergency ledger that it is a record
    of, and whose number it has; None for the main one. `differs`: what of it is not as it was recorded; what cannot be
    read of such a record is None."""
    one = stored.stored if isinstance(stored, Hit) else stored
    envelope = _parsed(one.envelope)
    return {
        "seq": one.seq,
        "record": None if envelope is None else msgspec.to_builtins(envelope),
        "detail": _detail(one.detail),
        "bytes": one.envelope.decode("utf-8", "replace"),
        "hash": one.hash.hex(),
        "emergency": one.emergency,
        "differs": _differing(stored, envelope),
    }


def cells(hit: Hit) -> tuple[Any, ...]:
    """A record that was found as a row of `CELLS`; what differs with spaces between."""
    columns = (getattr(hit, name) for name in COLUMNS)
    return (hit.stored.seq, *columns, hit.stored.hash.hex(), hit.stored.emergency, " ".join(differs(hit)) or None)


def differs(stored: StoredRecord | Hit) -> tuple[str, ...]:
    """What of a record is not as it was recorded, of `BYTES`, `COLUMN` (of a hit) and `DETAIL`; empty for nothing."""
    return _differing(stored, _parsed((stored.stored if isinstance(stored, Hit) else stored).envelope))


def _differing(stored: StoredRecord | Hit, envelope: Envelope | None) -> tuple[str, ...]:
    one = stored.stored if isinstance(stored, Hit) else stored
    if envelope is None:
        return (BYTES,)  # nothing else can be compared with what cannot be read
    found = list[str]()
    if leaf_hash(one.envelope) != one.hash or envelope.seq != one.seq:
        found.append(BYTES)
    if isinstance(stored, Hit) and tuple(getattr(stored, name) for name in COLUMNS) != index_columns(envelope):
        found.append(COLUMN)
    try:
        check_detail(envelope, one.detail_salt, one.detail)
    except VerificationError:
        found.append(DETAIL)
    return tuple(found)


def _parsed(data: bytes) -> Envelope | None:
    try:
        return parse(data)
    except FormatError:
        return None


def _detail(data: bytes | None) -> Any:
    try:
        return None if data is None else msgspec.json.decode(data)
    except (msgspec.MsgspecError, RecursionError):
        return None
