"""What fits by a record's own bytes is what a search by columns finds."""

from pathlib import Path

import pytest

from gateway.core.errors import FormatError
from gateway.core.ports import StoredRecord
from gateway.exchange.matching import Match
from gateway.ledger.chain import leaf_hash
from gateway.ledger.index import COLUMNS, index_columns
from gateway.ledger.record import parse
from gateway.store.asking import EQUAL
from gateway.store.search import Filters, Search
from tests.exchange.emergency_kit import both
from tests.store.blocks_kit import put_rows

OWN = "tn_golden"
GOLDEN = Path(__file__).parent.parent / "golden" / "records"
RECORDS = [
    StoredRecord(seq=seq, envelope=data, hash=leaf_hash(data))
    for seq, data in enumerate((path.read_bytes() for path in sorted(GOLDEN.glob("*.*.json"))), 0)
]
ROWS = [dict(zip(COLUMNS, index_columns(parse(one.envelope)), strict=True)) for one in RECORDS]


def questions() -> list[Filters]:
    """Each value that any of them has, each class, and times around one that several have."""
    made = [Filters(**{name: value}) for name in EQUAL for value in {row[name] for row in ROWS} if value is not None]
    classes = {name for row in ROWS for name in (row["classes"] or "").split("|") if name}
    made += [Filters(data_class=name) for name in (*classes, "ph")]
    times = sorted({row["occurred_at"] or "" for row in ROWS})
    made += [Filters(since=times[0], until=times[-1]), Filters(since=times[-1]), Filters(until=times[0])]
    return [*made, Filters(), Filters(event="exchange.completed", outcome="ok"), Filters(agent='"')]


async def test_the_same_records_fit_as_by_their_columns(sqlite_template: Path, tmp_path: Path) -> None:
    async with both(sqlite_template, tmp_path) as sides:
        mine = [
            {**row, "tenant": OWN, "seq": one.seq, "bytes": one.envelope, "hash": one.hash}
            for row, one in zip(ROWS, RECORDS, strict=True)
        ]
        await put_rows(sides.emergency, mine)
        search = Search(sides.emergency.engine, OWN)
        for filters in questions():
            found = [hit async for hit in search.stream(filters, order="asc")]
            assert Match(filters).hits(RECORDS, 1_000) == found, filters


def test_no_more_are_given_than_are_wanted() -> None:
    assert [hit.stored for hit in Match(Filters()).hits(RECORDS, 3)] == RECORDS[:3]
    assert Match(Filters()).hits(RECORDS, 0) == []


def test_what_is_no_record_is_refused() -> None:
    with pytest.raises(FormatError):
        Match(Filters()).hits([StoredRecord(seq=0, envelope=b"{}", hash=bytes(32))], 1)
