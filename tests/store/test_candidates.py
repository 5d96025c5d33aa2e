"""What a search looks at is enough to find everything, and bounded whatever is asked."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import Connection, event

from gateway.core.errors import VerificationError
from gateway.ledger.record import timestamp
from gateway.settings import Settings
from gateway.store import candidates, search
from gateway.store.candidates import _POSTING, KNOWN, LOOKS, Order
from gateway.store.engine import at_once, writing
from gateway.store.postings import BLOCK, encode
from gateway.store.search import Filters, Page, Search
from gateway.store.tables import posting, record_block, subject_record
from tests.prepared import Prepared
from tests.store.blocks_kit import SECOND, indexed, put_rows, row
from tests.store.kit import LEDGER, START_US, Store, opened

SIZE = 2 * BLOCK + 300
RARE = {5, BLOCK - 1, BLOCK, BLOCK + 7, 2 * BLOCK + 3}
SUBJECTS = {**dict.fromkeys(range(0, SIZE, 2), "su_often"), **dict.fromkeys((1, BLOCK + 1, SIZE - 1), "su_seldom")}


def made(seq: int) -> dict[str, Any]:
    values: dict[str, Any] = {"agent": "rare"} if seq in RARE else {}
    # Some occurred long before they were put on record.
    late = {"occurred_at": timestamp(START_US + seq)} if seq % 500 == 3 else {}
    common = {"trace": "f" * 32} if seq % 3 == 0 else {}
    return row(seq, **values, **late, **common)


ROWS = [made(seq) for seq in range(SIZE)]


KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


async def _mixed(settings: Settings, directory: Path) -> None:
    async with opened(settings, directory) as store:
        await put_rows(store, ROWS, ((subject, seq) for seq, subject in SUBJECTS.items()))
        assert await indexed(store) == 2


async def _long(settings: Settings, directory: Path) -> None:
    """Full blocks: a subject with every second record, and one with all of the first block's."""
    async with opened(settings, directory) as store:
        about = [("su_1", seq) for seq in range(0, 3 * BLOCK, 2)] + [("su_all", seq) for seq in range(BLOCK)]
        await put_rows(store, [row(seq) for seq in range(3 * BLOCK)], about)
        assert await indexed(store) == 3


async def _bare(settings: Settings, directory: Path) -> None:
    """No postings yet: everything is looked through."""
    async with opened(settings, directory) as store:
        await put_rows(store, [row(seq) for seq in range(LOOKS + 100)])


@pytest.fixture(params=KINDS)
async def filled(request: pytest.FixtureRequest, prepared: Prepared, tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(prepared.of(request.param, _mixed), tmp_path) as store:
        yield store


@pytest.fixture(params=KINDS)
async def long(request: pytest.FixtureRequest, prepared: Prepared, tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(prepared.of(request.param, _long), tmp_path) as store:
        yield store


@pytest.fixture(params=KINDS)
async def bare(request: pytest.FixtureRequest, prepared: Prepared, tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(prepared.of(request.param, _bare), tmp_path) as store:
        yield store


def fits(one: dict[str, Any], filters: Filters) -> bool:
    """The filters' meaning, said again."""
    named = ("actor", "agent", "action", "decision", "exchange", "trace", "purpose", "outcome", "zone", "event")
    return (
        all(getattr(filters, name) in (None, one[name]) for name in named)
        and (filters.since is None or one["occurred_at"] >= filters.since)
        and (filters.until is None or one["occurred_at"] < filters.until)
        and (filters.data_class is None or f"|{filters.data_class}|" in (one["classes"] or ""))
        and (filters.subject is None or SUBJECTS.get(one["seq"]) == filters.subject)
    )


def at(seq: int) -> str:
    return timestamp(START_US + seq * SECOND)


ORDERS: tuple[Order, Order] = ("asc", "desc")
QUESTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"agent": "rare"},
    {"agent": "rare", "event": "exchange.requested"},
    {"agent": "nobody"},
    {"actor": "ac_17"},
    {"actor": "ac_17", "agent": "agent-1"},
    {"decision": "deny", "data_class": "phi"},
    {"data_class": "phi", "purpose": "TREAT"},
    {"outcome": "agent_timeout"},
    {"zone": "cloud", "agent": "rare"},
    {"zone": "in-house", "event": "exchange.completed", "actor": "ac_3"},
    {"subject": "su_often", "agent": "rare"},
    {"subject": "su_often", "decision": "deny"},
    {"subject": "su_seldom"},
    {"subject": "su_none"},
    {"exchange": "ex_4095"},
    {"exchange": "ex_4096", "subject": "su_often"},
    {"trace": "f" * 32, "agent": "rare"},
    {"trace": f"{1024:032x}"},
    {"since": at(4_000), "until": at(4_200)},
    {"since": at(0), "until": at(1)},
    {"since": at(BLOCK), "until": at(2 * BLOCK - 90), "decision": "deny"},
    {"since": at(BLOCK - 10), "agent": "rare"},
    {"until": at(BLOCK + 8), "agent": "rare"},
    {"since": at(20), "until": at(10)},
    {"since": at(1_000), "until": at(5_000), "subject": "su_often", "actor": "ac_2"},
)


async def test_a_search_finds_everything_that_fits_and_nothing_else_in_order(filled: Store) -> None:
    searching = Search(filled.engine, LEDGER)
    for number, question in enumerate(QUESTIONS[1:]):
        filters, order = Filters(**question), ORDERS[number % 2]
        expected = [one["seq"] for one in ROWS if fits(one, filters)]
        found = [hit.stored.seq async for hit in searching.stream(filters, order=order)]
        assert found == (expected if order == "asc" else expected[::-1]), question


async def test_pages_lead_on_until_everything_was_looked_at(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "LOOKS", 600)
    searching = Search(filled.engine, LEDGER)
    for question, order in itertools.product(QUESTIONS, ORDERS):
        filters = Filters(**question)
        expected = [one["seq"] for one in ROWS if fits(one, filters)]
        seen: list[int] = []
        cursor = None
        while True:
            page = await searching.page(filters, order=order, limit=100, cursor=cursor)
            assert isinstance(page, Page)
            seen += [hit.stored.seq for hit in page.hits]
            if page.cursor is None or len(seen) >= 300:
                break
            assert page.cursor != cursor
            cursor = page.cursor
        assert seen == (expected if order == "asc" else expected[::-1])[: len(seen)], (question, order)
        assert len(seen) == len(expected) or len(seen) >= 300, question


async def test_a_question_that_nothing_fits_ends_after_its_looks_with_a_way_on(bare: Store) -> None:
    searching = Search(bare.engine, LEDGER)
    page = await searching.page(Filters(agent="nobody"), order="asc")
    assert isinstance(page, Page)
    assert page.hits == ()
    assert page.cursor is not None
    page = await searching.page(Filters(agent="nobody"), order="asc", cursor=page.cursor)
    assert isinstance(page, Page)
    assert (page.hits, page.cursor) == ((), None)


async def test_where_there_are_postings_such_a_question_is_answered_at_once(long: Store) -> None:
    assert 3 * BLOCK > LOOKS + 100
    page = await Search(long.engine, LEDGER).page(Filters(agent="nobody"))
    assert isinstance(page, Page)
    assert (page.hits, page.cursor) == ((), None)


async def test_an_exchange_is_found_at_once_however_many_records_have_no_postings(bare: Store) -> None:
    for filters in (Filters(exchange="ex_7"), Filters(trace=f"{7:032x}")):
        page = await Search(bare.engine, LEDGER).page(filters)
        assert isinstance(page, Page)
        assert len(page.hits) in (2, 4)
        assert page.cursor is None


@pytest.fixture
async def on_sqlite(sqlite_settings: Settings, tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(sqlite_settings, tmp_path) as made:
        yield made


async def test_a_posting_that_is_none_is_said_to_be_none(on_sqlite: Store) -> None:
    await put_rows(on_sqlite, [row(seq) for seq in range(BLOCK)])
    await indexed(on_sqlite)
    async with on_sqlite.bare() as bare:
        await bare.run("posting", "UPDATE posting SET places = x'0001'  || x'0001' WHERE value = 'agent-1'")
    with pytest.raises(VerificationError, match="postings"):
        await Search(on_sqlite.engine, LEDGER).page(Filters(agent="agent-1"))


async def test_the_newest_records_are_looked_through_no_further_than_one_question_may(on_sqlite: Store) -> None:
    """The bound itself: what a page may read, in rows."""
    looks, wanted = candidates.Looks(), candidates.Wanted(values={"agent": "nobody"})

    def look(connection: Connection) -> candidates.Step:
        found = candidates.Candidates.of(connection, LEDGER, wanted, "desc", 10_000_000, 0, looks)
        return found.step(9_999_999, 101)

    step = await at_once(on_sqlite.engine, LEDGER, look)
    assert (step.first, step.end, step.then) == (10_000_000 - LOOKS, 10_000_000, 10_000_000 - LOOKS - 1)
    assert looks.left == 0
    assert KNOWN < LOOKS


Ask = Callable[[int, Order], Awaitable[tuple[candidates.Step, int, int]]]


async def _never_met(store: Store, blocks: int) -> Ask:
    """Blocks in each of which one value has the even places and another the odd ones."""
    even, odd = (encode(int(pair * (BLOCK // 2), 2)) for pair in ("01", "10"))
    alike = {"tenant": LEDGER, "first_at": timestamp(0), "last_at": timestamp(1)}
    posted = [
        {"tenant": LEDGER, "field": field, "value": value, "block": block, "places": places}
        for block in range(blocks)
        for field, value, places in (("event", "one", even), ("outcome", "other", odd))
    ]
    async with writing(store.engine, LEDGER) as connection:
        await connection.execute(record_block.insert(), [{**alike, "block": block} for block in range(blocks)])
        await connection.execute(posting.insert(), posted)

    async def ask(at: int, order: Order) -> tuple[candidates.Step, int, int]:
        """The step from this record on, how many postings were read for it, and in how many statements."""
        read: list[int] = []
        wanted = candidates.Wanted(values={"event": "one", "outcome": "other"})

        def look(connection: Connection) -> candidates.Step:
            counting = cast(Connection, _Counting(connection, read))
            found = candidates.Candidates.of(
                counting, LEDGER, wanted, order, blocks * BLOCK, blocks, candidates.Looks()
            )
            return found.step(at, 100)

        step = await at_once(store.engine, LEDGER, look)
        return step, sum(read), len(read)

    return ask


class _Counting:
    """A connection that notes how many rows each statement gave."""

    def __init__(self, connection: Connection, read: list[int]) -> None:
        self._connection, self._read = connection, read

    def execute(self, query: Any, values: Any) -> Any:
        rows = self._connection.execute(query, values).all()
        self._read.append(len(rows))
        return SimpleNamespace(all=lambda: rows)


@pytest.mark.parametrize("order", ORDERS)
async def test_what_values_that_never_meet_cost_does_not_grow_with_the_ledger(on_sqlite: Store, order: Order) -> None:
    """The bound itself: postings read by one question, and statements. A ledger of five hundred blocks is walked
    through in two questions, of which each reads no more than twice what it looks at."""
    blocks = 500
    ask = await _never_met(on_sqlite, blocks)
    at, questions = (blocks * BLOCK - 1, 0) if order == "desc" else (0, 0)
    while 0 <= at < blocks * BLOCK:
        step, read, statements = await ask(at, order)
        assert step.places == ()
        passed = abs(step.then - at) // BLOCK
        assert 200 <= passed <= LOOKS // (2 * (_POSTING + 1)) + 1
        assert 2 * passed <= read <= 4 * passed + 16
        assert statements <= 14
        at, questions = step.then, questions + 1
    assert questions == 2


@pytest.mark.parametrize("order", ORDERS)
async def test_a_subjects_records_are_read_once_however_many_blocks_they_are_in(on_sqlite: Store, order: Order) -> None:
    seqs = range(7, 60 * BLOCK, BLOCK // 3)
    about = [{"tenant": LEDGER, "subject": "su_1", "seq": seq} for seq in seqs]
    blocks = [
        {"tenant": LEDGER, "block": block, "first_at": timestamp(0), "last_at": timestamp(1)} for block in range(60)
    ]
    async with writing(on_sqlite.engine, LEDGER) as connection:
        await connection.execute(record_block.insert(), blocks)
        await connection.execute(subject_record.insert(), about)
    looks = candidates.Looks()

    def look(connection: Connection) -> list[int]:
        wanted = candidates.Wanted(subject="su_1")
        found = candidates.Candidates.of(connection, LEDGER, wanted, order, 60 * BLOCK, 60, looks)
        at, places = (0 if order == "asc" else 60 * BLOCK - 1), list[int]()
        while 0 <= at < 60 * BLOCK:
            step = found.step(at, 100)
            places += step.places
            at = step.then
        return places

    places = await at_once(on_sqlite.engine, LEDGER, look)
    assert places == sorted(seqs, reverse=order == "desc")
    # Each read once, and each that was found looked at; one for each block that was met.
    assert LOOKS - looks.left <= 2 * len(seqs) + 2 * 60


async def _step(store: Store, order: Order, **wanted: Any) -> candidates.Step:
    """The first step of a question to two full blocks."""

    def look(connection: Connection) -> candidates.Step:
        asked = candidates.Wanted(**wanted)
        found = candidates.Candidates.of(connection, LEDGER, asked, order, 2 * BLOCK, 2, candidates.Looks())
        return found.step(0 if order == "asc" else 2 * BLOCK - 1, 100)

    return await at_once(store.engine, LEDGER, look)


async def test_places_that_lie_close_together_are_looked_at_as_a_range_but_for_a_subjects(long: Store) -> None:
    close = await _step(long, "asc", values={"event": "exchange.completed"})
    assert (close.first, close.end, close.then, close.places) == (1, 200, 200, ())
    apart = await _step(long, "asc", values={"actor": "ac_7"})
    assert apart.places == tuple(range(7, 2 * BLOCK, 1_000))
    assert len((await _step(long, "asc", subject="su_1")).places) == 100
    down = await _step(long, "desc", values={"event": "exchange.completed"})
    assert (down.first, down.end, down.then) == (2 * BLOCK - 199, 2 * BLOCK, 2 * BLOCK - 200)


@pytest.mark.parametrize("order", ORDERS)
async def test_a_page_of_a_common_value_takes_one_reading_wherever_in_a_block_its_period_begins(
    long: Store, order: Order
) -> None:
    """Not one for each lot of places that may all lie outside the period."""
    period = {"since": at(BLOCK - 200), "until": at(2 * BLOCK + 200)}
    seen: list[str] = []
    event.listen(long.engine.sync_engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    for values in ({"event": "exchange.completed"}, {"subject": "su_1"}):
        seen.clear()
        page = await Search(long.engine, LEDGER).page(Filters(**values, **period), order=order, limit=40)
        assert isinstance(page, Page)
        assert len(page.hits) == 40
        assert len([one for one in seen if "record.bytes" in one]) == 1, values


async def test_a_block_partly_outside_a_period_is_looked_at_within_the_looks_that_are_left(long: Store) -> None:
    looks = candidates.Looks(left=2_000)

    def look(connection: Connection) -> candidates.Step:
        asked = candidates.Wanted(subject="su_all", since=at(BLOCK - 10))
        return candidates.Candidates.of(connection, LEDGER, asked, "asc", BLOCK, 1, looks).step(0, 10)

    step = await at_once(long.engine, LEDGER, look)
    assert 10 <= len(step.places) < 2_000
    assert step.then == step.places[-1] + 1


@pytest.mark.parametrize("order", ORDERS)
async def test_what_a_subject_has_before_a_period_is_not_read(long: Store, order: Order) -> None:
    seen: list[str] = []
    event.listen(long.engine.sync_engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    filters = Filters(subject="su_1", since=at(BLOCK), until=at(BLOCK + 900))
    page = await Search(long.engine, LEDGER).page(filters, order=order, limit=1_000)
    assert isinstance(page, Page)
    assert len(page.hits) == 450
    # Those of its one block, two thousand in three pieces.
    assert len([one for one in seen if "FROM subject_record" in one]) == 3


async def test_a_subjects_records_are_found_however_many_are_read_at_once(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "_PIECE", 7)
    expected = [seq for seq, subject in SUBJECTS.items() if subject == "su_often" and seq < 2_000]
    for order in ORDERS:
        found = Search(filled.engine, LEDGER).stream(Filters(subject="su_often"), order=order, end=2_000)
        assert [hit.stored.seq async for hit in found] == sorted(expected, reverse=order == "desc")
