"""A search finds exactly what its filters say, in one ledger, page by page without gap or repeat."""

import base64
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from gateway.core.errors import LedgerUnavailable, RecordsArchived
from gateway.core.refusal import Refusal
from gateway.ledger.index import COLUMNS, index_columns
from gateway.ledger.record import ClassesInfo, DecisionInfo, Detail, OutcomeInfo, parse, timestamp
from gateway.store import search as module
from gateway.store.search import Filters, Hit, Page, Search, parse_filters
from tests.store.kit import LEDGER, START_US, Store, entry

SECOND = 1_000_000


@pytest.fixture
def search(store: Store) -> Search:
    return Search(store.engine, LEDGER)


async def filled(store: Store, count: int = 12) -> None:
    """Records that differ in every field that can be filtered by."""
    entries = []
    for number in range(count):
        classes = ClassesInfo(found=("phi",) if number % 3 == 0 else (), declared=("pii",), inherited=(), floor=())
        entries.append(
            entry(
                "exchange.completed" if number % 2 else "exchange.requested",
                us=START_US + number * SECOND,
                detail=Detail(subject=f"s{number}"),
                subjects=("su_1",) if number % 4 == 0 else (),
                actor=f"ac_{number % 2}",
                agent=f"agent-{number % 3}",
                action="chat" if number % 2 else "http:GET:/notes/{id}",
                decision=DecisionInfo(
                    effect="redact" if number % 2 else "route", rules=(), obligations=(), policy="sha256:0"
                ),
                classes=classes if number < 9 else None,
                exchange=f"ex_{number // 2}",
                trace=f"{number // 2:032x}",
                purpose="TREAT" if number % 2 else None,
                outcome=OutcomeInfo(code="ok") if number % 2 else None,
                zone="in-house" if number % 3 else "cloud",
            )
        )
    await store.append(entries)


async def found(search: Search, order: Any = "asc", **filters: Any) -> list[int]:
    page = await search.page(Filters(**filters), order=order, limit=1000)
    assert isinstance(page, Page)
    assert page.cursor is None
    streamed = [hit.stored.seq async for hit in search.stream(Filters(**filters), order=order)]
    seqs = [hit.stored.seq for hit in page.hits]
    assert streamed == seqs
    return seqs


async def test_each_filter_finds_what_it_says_and_together_they_narrow(store: Store, search: Search) -> None:
    await filled(store)
    assert await found(search) == list(range(12))
    assert await found(search, "desc") == list(reversed(range(12)))
    assert await found(search, actor="ac_1") == [1, 3, 5, 7, 9, 11]
    assert await found(search, agent="agent-2") == [2, 5, 8, 11]
    assert await found(search, action="http:GET:/notes/{id}") == [0, 2, 4, 6, 8, 10]
    assert await found(search, decision="redact") == [1, 3, 5, 7, 9, 11]
    assert await found(search, data_class="phi") == [0, 3, 6]
    assert await found(search, data_class="pii") == list(range(9))
    assert await found(search, subject="su_1") == [0, 4, 8]
    assert await found(search, exchange="ex_2") == [4, 5]
    assert await found(search, trace=f"{5:032x}") == [10, 11]
    assert await found(search, purpose="TREAT", zone="cloud") == [3, 9]
    assert await found(search, outcome="ok", agent="agent-0") == [3, 9]
    assert await found(search, event="exchange.requested", data_class="phi") == [0, 6]
    assert await found(search, actor="ac_0", subject="su_1", data_class="phi") == [0]


async def test_a_period_includes_its_start_and_not_its_end(store: Store, search: Search) -> None:
    await filled(store)
    since, until = timestamp(START_US + 3 * SECOND), timestamp(START_US + 6 * SECOND)
    assert await found(search, since=since, until=until) == [3, 4, 5]
    assert await found(search, since=until, until=since) == []


async def test_a_class_is_a_whole_name_and_no_pattern(store: Store, search: Search) -> None:
    await filled(store)
    for name in ("ph", "hi", "%", "_hi", "p_i"):
        assert await found(search, data_class=name) == []


async def test_a_hit_carries_the_record_its_columns_and_its_detail_if_asked(store: Store, search: Search) -> None:
    await filled(store, 3)
    for details in (False, True):
        page = await search.page(Filters(), details=details)
        assert isinstance(page, Page)
        for hit in page.hits:
            columns = tuple(getattr(hit, name) for name in COLUMNS)
            assert columns == index_columns(parse(hit.stored.envelope))
            assert (hit.stored.detail is not None) == details
    assert set(COLUMNS) | {"stored"} == set(Hit.__struct_fields__)


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_pages_follow_each_other_without_gap_or_repeat_while_records_are_added(
    store: Store, search: Search, order: Any
) -> None:
    await filled(store)
    seen: list[int] = []
    cursor = None
    while True:
        page = await search.page(Filters(decision="redact"), order=order, limit=2, cursor=cursor)
        assert isinstance(page, Page)
        assert len(page.hits) <= 2
        seen += [hit.stored.seq for hit in page.hits]
        cursor = page.cursor
        if cursor is None:
            break
        await store.append([entry()])
    assert seen == sorted([1, 3, 5, 7, 9, 11], reverse=order == "desc")


async def test_a_cursor_is_good_for_its_own_question_only(store: Store, search: Search) -> None:
    await filled(store)
    page = await search.page(Filters(), order="asc", limit=2)
    assert isinstance(page, Page)
    cursor = page.cursor
    assert cursor is not None
    for answer in (
        await search.page(Filters(actor="ac_1"), order="asc", cursor=cursor),
        await search.page(Filters(), order="desc", cursor=cursor),
        await Search(store.engine, "tn_other").page(Filters(), order="asc", cursor=cursor),
    ):
        assert isinstance(answer, Refusal)
        assert (answer.code, answer.field) == ("parameter_invalid", "cursor")


async def test_a_cursor_in_any_other_spelling_is_refused(store: Store, search: Search) -> None:
    await filled(store, 4)
    page = await search.page(Filters(), limit=2)
    assert isinstance(page, Page)
    assert page.cursor is not None
    plain = base64.urlsafe_b64decode(page.cursor + "==")
    spaced = base64.urlsafe_b64encode(plain.replace(b",", b", ")).rstrip(b"=").decode()
    negative = base64.urlsafe_b64encode(plain.replace(b'"seq":', b'"seq":-')).rstrip(b"=").decode()
    odd = (
        page.cursor + "=",
        page.cursor + "\n",
        " " + page.cursor,
        page.cursor[:-1],
        spaced,
        negative,
        "",
        "é",
        "A" * 300,
    )
    for cursor in odd:
        assert isinstance(await search.page(Filters(), limit=2, cursor=cursor), Refusal), cursor


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80) | st.binary(max_size=60).map(lambda data: base64.urlsafe_b64encode(data).decode()))
def test_no_text_makes_a_cursor_crash(text: str) -> None:
    search = Search.__new__(Search)
    search._ledger = LEDGER
    assert search.place(text, Filters(), "asc") is None


@pytest.mark.parametrize("limit", [0, -1, 1001])
async def test_a_limit_out_of_bounds_is_refused(search: Search, limit: int) -> None:
    refusal = await search.page(Filters(), limit=limit)
    assert isinstance(refusal, Refusal)
    assert refusal.field == "limit"


async def test_another_tenant_s_records_are_never_found(store: Store) -> None:
    await filled(store)
    other = Search(store.engine, "tn_other")
    assert await found(other) == []
    assert await found(other, subject="su_1") == []
    assert await found(other, exchange="ex_2") == []


async def test_a_subject_s_records_of_another_tenant_are_not_mixed_in(store: Store, search: Search) -> None:
    await store.append([entry(ledger="tn_other", subjects=("su_1",))], "tn_other")
    await store.append([entry()])
    assert await found(search, subject="su_1") == []


async def test_a_stream_reads_chunk_by_chunk_and_ends_with_what_was_there_when_it_began(
    store: Store, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", 4)
    await filled(store)
    seen = []
    async for hit in search.stream(Filters(), order="asc"):
        seen.append(hit.stored.seq)
        if hit.stored.seq in (2, 5):
            await store.append([entry() for _ in range(3)])
    assert seen == list(range(12))


async def test_what_is_newer_comes_in_chunks_with_the_number_to_go_on_from(
    store: Store, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", 4)
    await filled(store)
    seen, after = [], -1
    for _ in range(3):
        hits, after = await search.newer(Filters(decision="redact"), after)
        seen.append(([hit.stored.seq for hit in hits], after))
    assert seen == [([1, 3, 5, 7], 7), ([9, 11], 11), ([], 11)]
    assert await search.newer(Filters(decision="deny"), 2) == ([], 11)
    assert await search.newer(Filters(), 99) == ([], 99)


async def test_a_database_that_is_gone_is_our_own_error(store: Store, search: Search) -> None:
    async with store.bare() as bare:
        await bare.run("record", "DROP TABLE record")
    with pytest.raises(LedgerUnavailable):
        await search.page(Filters())
    with pytest.raises(LedgerUnavailable):
        [hit async for hit in search.stream(Filters())]


def test_filters_are_read_by_their_names_in_the_interface() -> None:
    values = dict.fromkeys(Filters.__struct_encode_fields__, "x")
    values |= {"actor": "ac_1", "subject": "su_1"}
    values |= {"from": "2026-11-24", "to": "2026-11-24T03:02:03.5+02:00", "decision": "deny", "event": "audit.read"}
    filters = parse_filters(values)
    assert isinstance(filters, Filters)
    assert filters.since == "2026-11-24T00:00:00.000000Z"
    assert filters.until == "2026-11-24T01:02:03.500000Z"
    assert (filters.actor, filters.decision, filters.event) == ("ac_1", "deny", "audit.read")
    assert parse_filters({}) == Filters()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("from", "yesterday"),
        ("from", "2026-02-30"),
        ("from", "2026-11-24T01:02:03"),
        ("from", "2026-11-24T25:02:03Z"),
        ("from", "2026-11-24T01:02:03.1234567Z"),
        ("from", "0001-01-01T00:00:00+23:59"),
        ("to", "1969-12-31"),
        ("to", "٢٠٢٦-11-24"),
        ("decision", "allow"),
        ("event", "exchange"),
        ("data_class", "|"),
        ("actor", ""),
        ("actor", "a\x00b"),
        ("actor", "jane@example.com"),
        ("actor", "su_1"),
        ("subject", "MRN-4481920"),
        ("subject", "su_4481920\n"),
        ("agent", "x" * 257),
        ("zone", "\ud800"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_the_filter_s_name_without_the_value(name: str, value: str) -> None:
    refusal = parse_filters({name: value})
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.field) == ("parameter_invalid", name)
    if value:
        assert value not in (refusal.hint or "").split(", ")


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    refusal = parse_filters({"from": "2026-11-25", "to": "2026-11-24"})
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.field) == ("parameter_invalid", "to")
    assert isinstance(parse_filters({"from": "2026-11-24", "to": "2026-11-24"}), Filters)


def test_an_unknown_filter_is_refused_and_odd_names_are_not_repeated() -> None:
    refusal = parse_filters({"who": "x"})
    assert isinstance(refusal, Refusal)
    assert refusal.field == "who"
    refusal = parse_filters({"<script>": "x"})
    assert isinstance(refusal, Refusal)
    assert refusal.field is None
    assert "data_class" in (refusal.hint or "")


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(Filters.__struct_encode_fields__) | st.text(max_size=5), st.text(max_size=40)))
def test_no_parameters_make_the_parser_crash(values: dict[str, str]) -> None:
    answer = parse_filters(values)
    assert isinstance(answer, (Filters, Refusal))


@pytest.mark.parametrize("moved", [1, 2])
async def test_records_that_leave_the_database_while_they_are_read_are_passed_over_by_nobody(
    store: Store, search: Search, monkeypatch: pytest.MonkeyPatch, moved: int
) -> None:
    """Between two looks; and on PostgreSQL, where statements see what was done between them, within one."""
    await filled(store)
    monkeypatch.setattr(module, "CHUNK", 2)
    ends, asked = module._ends, 0

    def later(row: Any) -> tuple[int, int, int]:
        nonlocal asked
        asked += 1
        lowest, size, blocks = ends(row)
        return (lowest if asked <= moved else 7), size, blocks

    monkeypatch.setattr(module, "_ends", later)
    with pytest.raises(RecordsArchived):
        _ = [hit async for hit in search.stream(Filters(), order="asc")]


async def test_what_is_not_there_is_looked_for_in_one_transaction(store: Store, search: Search) -> None:
    await filled(store)
    begun: list[object] = []
    event.listen(store.engine.sync_engine, "begin", begun.append)
    assert [hit async for hit in search.stream(Filters(event="policy.activated"))] == []
    assert len(begun) == 1
