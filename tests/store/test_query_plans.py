"""No question of an audit looks at more than its tenant's, nor without a bound: by what the database is asked, and by
how it would carry that out in a ledger of any size."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.ledger.tiles import WIDTH
from gateway.store.engine import reading
from gateway.store.forwarding import ForwardStore
from gateway.store.postings import BLOCK
from gateway.store.reader import StoreReader
from gateway.store.search import Page, Search, parse_filters
from gateway.store.tree import TreeReader
from tests.store.blocks_kit import indexed, put_rows, row
from tests.store.kit import LEDGER, Store
from tests.store.test_tree import fill

FILTERS: dict[str, dict[str, str]] = {
    "nothing": {},
    "from": {"from": "2026-11-24T00:00:00Z"},
    "to": {"to": "2026-11-25T00:00:00Z"},
    "actor": {"actor": "ac_1"},
    "agent": {"agent": "agent-1"},
    "action": {"action": "chat"},
    "decision": {"decision": "redact"},
    "data_class": {"data_class": "phi"},
    "subject": {"subject": "su_1"},
    "exchange": {"exchange": "ex_1"},
    "trace": {"trace": f"{1:032x}"},
    "purpose": {"purpose": "TREAT"},
    "outcome": {"outcome": "ok"},
    "zone": {"zone": "cloud"},
    "event": {"event": "exchange.completed"},
    "several": {"actor": "ac_1", "data_class": "pii", "subject": "su_1", "from": "2026-11-24T00:00:00Z"},
}
_TABLES = "record|detail|record_block|posting|subject_record"
_BOUND = re.compile(
    r"\blimit\b|\b(?:max|min)\(|\bseq = |\bseq in\b|\bseq >= .*\bseq < |\bblock = ", re.IGNORECASE | re.DOTALL
)
Asked = list[tuple[str, Any]]


def asking(engine: AsyncEngine, tables: str = _TABLES) -> Asked:
    """What the database is asked of the tables of a ledger from now on."""
    asked: Asked = []

    def heard(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if re.search(rf"\b(FROM|JOIN) ({tables})\b", statement):
            asked.append((statement, parameters))

    event.listen(engine.sync_engine, "before_cursor_execute", heard)
    return asked


async def plan(store: Store, statement: str, parameters: Any) -> str:
    """How the database would carry it out, were its tables large."""
    async with reading(store.engine, LEDGER) as connection:
        if store.where.kind == "sqlite":
            rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            return "\n".join(str(one[-1]) for one in rows.all())
        await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        rows = await connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
        return "\n".join(str(one[0]) for one in rows.all())


async def demand_bounded(store: Store, asked: Asked) -> None:
    """Every question names its tenant and a bound, and is answered by a key that begins with the tenant."""
    assert asked
    for statement, parameters in {statement: (statement, parameters) for statement, parameters in asked}.values():
        assert re.search(r"\btenant = ", statement), statement
        assert _BOUND.search(statement), statement
        if statement.endswith("LIMIT ? OFFSET ?"):  # as SQLite is asked for no offset
            assert parameters[-1] == 0, statement
        else:
            assert not re.search(r"\boffset\b", statement, re.IGNORECASE), statement
        told = await plan(store, statement, parameters)
        assert not re.search(rf"SCAN ({_TABLES})\b|Seq Scan on ({_TABLES})\b", told), f"{statement}\n{told}"
        keys = [line for line in told.splitlines() if re.search(rf"SEARCH ({_TABLES})\b|Index Cond", line)]
        assert keys, told
        assert all("tenant" in line for line in keys), f"{statement}\n{told}"


async def filled(store: Store) -> None:
    """A block whose postings are made, and some records after it."""
    await put_rows(store, [row(seq) for seq in range(BLOCK + 50)], [("su_1", seq) for seq in range(0, BLOCK, 64)])
    assert await indexed(store) == 1


async def test_a_search_of_each_filter_in_each_order_names_its_tenant_and_a_bound(store: Store) -> None:
    await filled(store)
    asked, search = asking(store.engine), Search(store.engine, LEDGER)
    for name, values in FILTERS.items():
        filters = parse_filters(values)
        assert not isinstance(filters, Exception)
        asked.clear()
        for order in ("asc", "desc"):
            page = await search.page(filters, order=order, limit=10, details=True)  # type: ignore[arg-type]
            assert isinstance(page, Page)
            if page.cursor is not None:
                await search.page(filters, order=order, limit=10, cursor=page.cursor)  # type: ignore[arg-type]
        await search.newer(filters, 10, limit=10)  # type: ignore[arg-type]
        try:
            await demand_bounded(store, list(asked))
        except AssertionError as error:
            raise AssertionError(name) from error


Ask = Callable[[StoreReader, Store], Awaitable[object]]


async def _every(reader: StoreReader, _: Store) -> object:
    return [one.seq async for one in reader.records(0, 20, details=True)]


READINGS: dict[str, Ask] = {
    "size": lambda reader, _: reader.size(),
    "records": _every,
    "record": lambda reader, _: reader.record(7),
    "exchange": lambda reader, _: reader.exchange("ex_1"),
    "uncovered_since": lambda reader, _: reader.uncovered_since(5),
    "waiting": lambda _, store: ForwardStore(store.engine).waiting(LEDGER, 5),
}


async def test_every_other_reading_of_records_does_so_too(store: Store) -> None:
    await filled(store)
    asked, reader = asking(store.engine), StoreReader(store.engine, LEDGER)
    for name, ask in READINGS.items():
        asked.clear()
        await ask(reader, store)
        try:
            await demand_bounded(store, list(asked))
        except AssertionError as error:
            raise AssertionError(name) from error


async def test_a_proof_reads_the_tiles_that_it_is_made_of_and_no_others(store: Store) -> None:
    """Otherwise its cost would grow with the ledger, by 8 KB for each 256 records."""
    size = WIDTH * 3 + 5
    await fill(store, [index.to_bytes(32) for index in range(size)])
    asked = asking(store.engine, "tile")
    await TreeReader(store.engine, LEDGER).inclusion(WIDTH, size)
    for statement, parameters in list(asked):
        told = await plan(store, statement, parameters)
        looked = [
            line for line in told.splitlines() if re.search(r"(SEARCH|SCAN) (tile|record)\b|Index Cond|Seq Scan", line)
        ]
        assert looked, told
        keys = r"tenant.* AND .*level.* AND .*idx|tenant.* AND .*seq.* AND .*seq"
        assert all(re.search(keys, line) for line in looked), f"{statement}\n{told}"
    assert asked


async def test_what_names_none_is_found_by_these_tests(store: Store) -> None:
    for statement in (
        "SELECT seq FROM record WHERE seq >= 1 AND seq < 9",
        "SELECT seq FROM record WHERE tenant = 'tn_1'",
        "SELECT seq FROM record WHERE tenant = 'tn_1' AND agent = 'a' ORDER BY seq LIMIT 10 OFFSET 10",
        "SELECT bytes FROM detail WHERE substr(tenant, 1) = 'tn_1' LIMIT 5",
    ):
        with pytest.raises(AssertionError):
            await demand_bounded(store, [(statement, ())])
