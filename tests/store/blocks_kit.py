"""Ledgers of more than a block for tests of searches: rows of `record` as they are, without the records themselves."""

from collections.abc import Iterable, Sequence
from typing import Any

from gateway.ledger.record import timestamp
from gateway.store.engine import writing
from gateway.store.indexer import Indexer
from gateway.store.postings import BLOCK
from gateway.store.tables import record, subject_record
from tests.store.kit import LEDGER, START_US, Store

SECOND = 1_000_000


def row(seq: int, **values: Any) -> dict[str, Any]:
    """A row whose columns are different ones at different places: common values, rare ones, and one of few."""
    at = timestamp(START_US + seq * SECOND)
    made = {
        "tenant": LEDGER,
        "seq": seq,
        "id": f"id-{seq}",
        "event": "exchange.completed" if seq % 2 else "exchange.requested",
        "occurred_at": at,
        "recorded_at": at,
        "exchange": f"ex_{seq // 2}",
        "actor": f"ac_{seq % 1_000}",
        "agent": f"agent-{seq % 3}",
        "action": "chat",
        "decision": ("route", "redact", "route", "deny")[seq * 7 // 5 % 4],
        "purpose": "TREAT" if seq % 5 == 0 else None,
        "outcome": ("ok" if seq % 100 else "agent_timeout") if seq % 2 else None,
        "zone": "in-house" if seq < 2 * BLOCK else "cloud",
        "classes": None if seq % 11 == 0 else ("|phi|pii|" if seq % 64 == 0 else "|pii|" if seq % 3 else ""),
        "trace": f"{seq // 4:032x}",
        "bytes": b"{}",
        "hash": bytes(32),
    }
    return made | values


async def put_rows(store: Store, rows: Sequence[dict[str, Any]], subjects: Iterable[tuple[str, int]] = ()) -> None:
    """Insert them in their order, and say which are about which subject."""
    about = [{"tenant": LEDGER, "subject": subject, "seq": seq} for subject, seq in subjects]
    async with writing(store.engine, LEDGER) as connection:
        for start in range(0, len(rows), 1_000):
            await connection.execute(record.insert(), list(rows[start : start + 1_000]))
        if about:
            await connection.execute(subject_record.insert(), about)


async def indexed(store: Store) -> int:
    return await Indexer(store.engine, LEDGER).run()
