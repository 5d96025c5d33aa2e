"""What a record is shown as, and what of it is told to differ, whatever lies in its row."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.ports import StoredRecord
from gateway.exchange.showing import CELLS, cells, differs, shown
from gateway.ledger.chain import leaf_hash
from gateway.ledger.index import COLUMNS, index_columns
from gateway.ledger.record import GENESIS, Envelope, parse, seal, timestamp
from gateway.store.search import Hit

_SEALED = seal(Envelope(id="a", tenant="tn_1", event="audit.read", occurred_at=timestamp(0)), 3, GENESIS, timestamp(0))
_STORED = StoredRecord(seq=3, envelope=_SEALED, hash=leaf_hash(_SEALED))


def _hit(stored: StoredRecord = _STORED) -> Hit:
    columns: dict[str, Any] = dict(zip(COLUMNS, index_columns(parse(_SEALED)), strict=True))
    return Hit(stored=stored, **columns)


def test_a_record_as_it_was_recorded_differs_in_nothing() -> None:
    assert shown(_hit()) == shown(_STORED)
    assert shown(_STORED)["differs"] == ()
    assert (shown(_STORED)["record"]["event"], shown(_STORED)["seq"]) == ("audit.read", 3)
    assert dict(zip(CELLS, cells(_hit()), strict=True))["differs"] is None


@pytest.mark.parametrize("column", COLUMNS)
def test_each_column_that_it_is_found_by_is_compared(column: str) -> None:
    hit = msgspec.structs.replace(_hit(), **{column: "x"})
    assert differs(hit) == ("columns",)
    assert cells(hit)[-1] == "columns"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"seq": 4}, ("bytes",)),
        ({"hash": bytes(32)}, ("bytes",)),
        ({"envelope": _SEALED + b" "}, ("bytes",)),
        ({"detail": b"{}", "detail_salt": bytes(32)}, ("detail",)),
        ({"detail": b"[" * 100_000, "detail_salt": None}, ("detail",)),
        ({"detail": b"\xff", "hash": b""}, ("bytes", "detail")),
    ],
)
def test_what_differs_is_named(change: dict[str, object], told: tuple[str, ...]) -> None:
    stored = msgspec.structs.replace(_STORED, **change)
    assert differs(stored) == told
    assert shown(stored)["differs"] == told
    msgspec.json.encode(shown(stored))


@given(st.binary(max_size=200), st.none() | st.binary(max_size=50), st.none() | st.binary(max_size=32))
def test_whatever_lies_in_a_row_it_is_shown_and_told(envelope: bytes, detail: bytes | None, salt: bytes | None) -> None:
    stored = StoredRecord(seq=3, envelope=envelope, hash=leaf_hash(envelope), detail=detail, detail_salt=salt)
    assert shown(stored)["differs"] == ("bytes",)
    assert cells(_hit(stored))[-1] == "bytes"
    msgspec.json.encode(shown(stored))
