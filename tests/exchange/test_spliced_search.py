"""One search over a ledger and the emergency ledgers in it: everything that fits, once, in order, a page at a time."""

import itertools
from pathlib import Path
from typing import Any

import pytest

from gateway.core.ids import uuid7
from gateway.core.refusal import Refusal
from gateway.evidence.archive import BLOCK
from gateway.exchange import spliced_search
from gateway.exchange.emergency_trail import Spliced as Own
from gateway.exchange.spliced_search import Segment, SplicedSearch, segments
from gateway.ledger.emergency import Stitched
from gateway.store import search as main_search
from gateway.store.candidates import Looks, Order
from gateway.store.search import Filters, Page
from tests.exchange.spliced_kit import MAIN, OWN, Spliced, cared, numbers, spliced
from tests.store.kit import START_US, entry

ORDERS: tuple[Order, Order] = ("asc", "desc")
QUESTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"agent": "ward"},
    {"agent": "rare"},
    {"agent": "nobody"},
    {"event": "exchange.requested"},
    {"exchange": OWN},
    {"exchange": MAIN},
    {"subject": "su_both"},
    {"subject": "su_own"},
    {"subject": "su_none"},
    {"data_class": "phi", "purpose": "ETREAT"},
    {"outcome": "ok"},
    {"decision": "deny"},
    {"since": "2026-11-24T00:00:00.000000Z"},
    {"until": "2001-01-01T00:00:00.000000Z"},
)


def many() -> list[Any]:
    """More than a block, with rare ones on both sides of where it ends."""
    made = [*cared(OWN, "su_own", "su_both")]
    made += [entry(agent="other" if seq % 7 else "ward", us=START_US + seq) for seq in range(BLOCK + 40)]
    made[5], made[BLOCK - 2], made[-1] = (entry(agent="rare") for _ in range(3))
    return [*made, *cared(uuid7(START_US, b"\1" * 10), "su_both")]


async def _pages(searching: SplicedSearch, filters: Filters, order: Order, limit: int) -> list[tuple[str | None, int]]:
    seen: list[tuple[str | None, int]] = []
    cursor = None
    while True:
        page = await searching.page(filters, order=order, limit=limit, cursor=cursor)
        assert isinstance(page, Page)
        assert len(page.hits) <= limit
        seen += numbers(page.hits)
        if page.cursor is None:
            return seen
        assert page.cursor != cursor
        cursor = page.cursor


async def test_everything_that_fits_is_found_once_in_order_by_pages_and_as_a_stream(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with spliced(sqlite_template, tmp_path, many()) as both:
        searching = SplicedSearch(both.search, both.trail)
        for question in QUESTIONS:
            filters = Filters(**question)
            up = await both.expected(filters, "asc")
            for order in ORDERS:
                expected = up if order == "asc" else up[::-1]
                assert [*numbers([hit async for hit in searching.stream(filters, order=order)])] == expected, question
                assert await _pages(searching, filters, order, 1_000) == expected, question
        for looks, limit in ((1, 1_000), (2, 3), (50, 7)):
            monkeypatch.setattr(spliced_search, "Looks", lambda looks=looks: Looks(left=looks))
            for question, order in itertools.product(({"agent": "rare"}, {"subject": "su_both"}), ORDERS):
                filters = Filters(**question)
                assert await _pages(searching, filters, order, limit) == await both.expected(filters, order)


@pytest.fixture
async def small(sqlite_template: Path, tmp_path: Path) -> Any:
    async with spliced(sqlite_template, tmp_path, cared(OWN, "su_own", "su_both")) as made:
        yield made


async def test_each_place_leads_on_in_both_orders(small: Spliced) -> None:
    searching = SplicedSearch(small.search, small.trail)
    for order, limit in itertools.product(ORDERS, range(1, 5)):
        assert await _pages(searching, Filters(), order, limit) == await small.expected(Filters(), order)


async def test_details_are_given_and_the_ledger_is_said(small: Spliced) -> None:
    page = await SplicedSearch(small.search, small.trail).page(Filters(exchange=OWN), order="asc", limit=9, cursor=None)
    assert isinstance(page, Page)
    assert [(hit.stored.emergency, hit.exchange, hit.stored.detail is not None) for hit in page.hits] == [
        ("em_1", OWN, True)
    ] * 2


async def test_a_file_that_is_not_at_hand_is_passed_over_and_the_rest_is_found(small: Spliced) -> None:
    searching = SplicedSearch(small.search, small.trail)
    first = await searching.page(Filters(), order="asc", limit=small.place + 1, cursor=None)
    assert isinstance(first, Page)
    assert numbers(first.hits)[-1][0] == "em_1"
    small.away()
    main = [one for one in await small.expected(Filters(), "asc") if one[0] is None]
    assert await _pages(searching, Filters(), "asc", 2) == main
    assert numbers([hit async for hit in searching.stream(Filters(), order="asc")]) == main
    # A page that had ended in that file leads on behind it.
    rest = await searching.page(Filters(), order="asc", limit=99, cursor=first.cursor)
    assert isinstance(rest, Page)
    assert numbers(rest.hits) == [one for one in main if one[1] >= small.place]


async def test_a_cursor_is_its_own_questions(small: Spliced) -> None:
    searching = SplicedSearch(small.search, small.trail)
    page = await searching.page(Filters(), order="asc", limit=small.place + 1, cursor=None)
    assert isinstance(page, Page)
    wrong: tuple[tuple[Filters, Order, int, str | None], ...] = (
        (Filters(agent="ward"), "asc", 9, page.cursor),
        (Filters(), "desc", 9, page.cursor),
        (Filters(), "asc", 9, "nonsense"),
        (Filters(), "asc", 0, None),
        (Filters(), "asc", main_search.MAX_LIMIT + 1, None),
    )
    for filters, order, limit, cursor in wrong:
        assert isinstance(await searching.page(filters, order=order, limit=limit, cursor=cursor), Refusal)
    # Without the emergency ledger in the period, and to who looks at the main ledger alone, it is no cursor.
    assert isinstance(await small.search.page(Filters(), order="asc", limit=9, cursor=page.cursor), Refusal)


def _own(name: str, place: int) -> Own:
    said = {"key": "k", "archive": "a", "digest": "d", "size": 3, "root": "", "began": "b", "ended": "e"}
    return Own(place=place, one=Stitched(id=name, **said))  # type: ignore[arg-type]


def test_several_stand_in_the_order_of_their_places() -> None:
    found = [_own("em_0", 0), _own("em_1", 5), _own("em_2", 5), _own("em_3", 6)]
    up = segments(found, up=True)
    assert up == [
        Segment(spliced=found[0]),
        Segment(first=0, end=5),
        Segment(spliced=found[1]),
        Segment(spliced=found[2]),
        Segment(first=5, end=6),
        Segment(spliced=found[3]),
        Segment(first=6),
    ]
    assert segments(found, up=False) == up[::-1]


async def test_what_was_stitched_in_by_an_archived_record_comes_before_all_that_is_left(small: Spliced) -> None:
    """Its place is 0: whatever the ledger had before it is archived too."""
    (found,) = await small.trail.spliced()
    small.trail._told["em_1"] = Own(place=0, one=found.one)
    main = [hit.stored.seq async for hit in small.search.stream(Filters(), order="asc")]
    expected = [*(("em_1", seq) for seq in range(small.size)), *((None, seq) for seq in main)]
    searching = SplicedSearch(small.search, small.trail)
    for order, limit in itertools.product(ORDERS, (1, 3, 1_000)):
        wanted = expected if order == "asc" else expected[::-1]
        assert await _pages(searching, Filters(), order, limit) == wanted
        assert numbers([hit async for hit in searching.stream(Filters(), order=order)]) == wanted
    (told,) = await small.trail.told(OWN)
    assert (told["stitched"], told["held"]) == (None, True)
