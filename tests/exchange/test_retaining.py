"""What lies beside records goes when its days are over: on record first, by the first rule that fits, holds spared."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.exchange.retaining import Applied, Retaining, rules_of
from gateway.ledger.entry import Entry
from gateway.ledger.record import Envelope, parse
from gateway.settings import Retention, Settings
from gateway.store.engine import writing
from gateway.store.lease import Lease
from gateway.store.reader import StoreReader
from gateway.store.retention import RetentionStore
from gateway.store.subject_cases import CaseStore, moved
from gateway.store.subject_cases import opened as case_opened
from gateway.store.subjects import SubjectStore
from gateway.store.tables import subject_case
from tests.store.conftest import store as store
from tests.store.kit import LEDGER, NODE, START_US, Store, entry, opened
from tests.store.test_retention import some
from tests.store.test_subject_cases import made as case

DAY_US = 86_400_000_000
ALL = (Retention(details_days=10),)


class Killed(Exception):
    """Stands in for the end of the process."""


def retaining(store: Store, failpoint: Any = None, holder: str = "nd_1/bt_1/rt_1") -> Retaining:
    return Retaining(
        store=RetentionStore(store.engine),
        flags=SubjectStore(store.engine, store.clock),
        cases=CaseStore(store.engine),
        lease=lambda name: Lease(store.engine, name, holder, store.clock, 300),
        clock=store.clock,
        node=NODE,
        failpoint=failpoint,
    )


async def apply(store: Store, rules: Sequence[Retention], job: Retaining | None = None) -> Applied | None:
    async with store.writer() as writer:
        return await (job or retaining(store)).apply(LEDGER, writer, rules)


async def said(store: Store) -> list[Envelope]:
    reader = StoreReader(store.engine, LEDGER)
    found = [parse(one.envelope) async for one in reader.records(0, await reader.size())]
    return [one for one in found if one.event == "retention.applied"]


async def left(store: Store) -> dict[str, list[int]]:
    found = RetentionStore(store.engine)
    return {
        "details": [one.seq for one in await found.beside(LEDGER, 0, 4, "details")],
        "content": [one.seq for one in await found.beside(LEDGER, 0, 4, "content")],
    }


@pytest.fixture
async def old(sqlite_settings: Settings, tmp_path: Path) -> Any:
    async with opened(sqlite_settings, tmp_path) as store:
        await store.append(some())
        store.clock.us = START_US + 20 * DAY_US
        yield store


@pytest.fixture
async def held_old(store: Store) -> Any:
    """On both databases."""
    await store.append(some())
    store.clock.us = START_US + 20 * DAY_US
    return store


async def test_what_is_over_goes_and_what_went_is_on_record_by_class(old: Store) -> None:
    applied = await apply(old, ALL)
    assert applied == Applied(counts={"details": {"exchange": 2, "access": 1}, "content": {}}, held=0)
    assert await left(old) == {"details": [], "content": [2]}
    assert [(one.range, one.retention, one.count, one.outcome and one.outcome.code) for one in await said(old)] == [
        ((0, 3), "exchange", 2, "details"),
        ((3, 4), "access", 1, "details"),
    ]
    assert await apply(old, ALL) == Applied(counts={"details": {}, "content": {}}, held=0)
    assert len(await said(old)) == 2, "nothing more, and nothing twice"


async def test_the_first_rule_that_fits_counts(old: Store) -> None:
    rules = (
        Retention(data_classes=("phi",), details_days=30),
        Retention(about=("exchange",), content_days=5),
        Retention(details_days=5),
    )
    applied = await apply(old, rules)
    assert applied is not None
    assert applied.counts == {"details": {"access": 1}, "content": {"exchange": 1}}
    assert await left(old) == {"details": [0, 2], "content": []}
    old.clock.us += 11 * DAY_US
    await apply(old, rules)
    assert await left(old) == {"details": [2], "content": []}, "what a rule says nothing of stays"


async def test_what_is_younger_stays(old: Store) -> None:
    await apply(old, (Retention(details_days=21, content_days=21),))
    assert await left(old) == {"details": [0, 2, 3], "content": [2]}
    assert await said(old) == []


async def test_a_legal_hold_spares_it_until_it_ends(old: Store) -> None:
    held = case("sc_1", tenant=LEDGER, subject="su_1")
    await old.append([Entry(draft=entry("subject.held").draft, change=case_opened(held))])
    job = retaining(old)
    applied = await apply(old, ALL, job)
    assert applied is not None
    assert (applied.counts["details"], applied.held) == ({"exchange": 1, "access": 1}, 1)
    assert await left(old) == {"details": [0], "content": [2]}
    ended = moved(held, msgspec.structs.replace(held, state="lifted"))
    await old.append([Entry(draft=entry("subject.held").draft, change=ended)])
    await apply(old, ALL, job)
    assert await left(old) == {"details": [], "content": [2]}


async def test_whoever_is_killed_after_the_record_says_it_again_and_does_it(old: Store) -> None:
    async def kill(name: str) -> None:
        raise Killed(name)

    with pytest.raises(Killed):
        await apply(old, ALL, retaining(old, kill))
    assert await left(old) == {"details": [0, 2, 3], "content": [2]}
    await apply(old, ALL)
    assert await left(old) == {"details": [], "content": [2]}
    assert [one.count for one in await said(old)] == [2, 2, 1]


async def test_another_node_that_is_at_it_is_left_alone_and_no_rule_does_nothing(old: Store) -> None:
    theirs = Lease(old.engine, f"retention/{LEDGER}", "nd_2/bt_2/rt_2", old.clock, 300)
    assert await theirs.take()
    assert await apply(old, ALL) is None
    await theirs.release()
    assert await apply(old, ()) is None
    assert await left(old) == {"details": [0, 2, 3], "content": [2]}


class Slow:
    """A block takes so many seconds, and something happens meanwhile."""

    def __init__(self, store: Store, seconds: float, meanwhile: Any = None) -> None:
        self.store, self.seconds, self.meanwhile = store, seconds, meanwhile

    async def __call__(self, name: str) -> None:
        self.store.clock.advance(self.seconds)
        if self.meanwhile is not None:
            self.meanwhile, once = None, self.meanwhile
            await once()


async def test_a_long_sweep_keeps_its_lease(old: Store) -> None:
    other = Lease(old.engine, f"retention/{LEDGER}", "nd_2/bt_2/rt_2", old.clock, 300)
    taken: list[bool] = []

    async def look() -> None:
        taken.append(await other.take())

    rules = (Retention(details_days=10, content_days=10),)
    slow = Slow(old, 100)

    async def twice(name: str) -> None:
        slow.meanwhile = look
        await slow(name)

    applied = await apply(old, rules, retaining(old, twice))
    assert applied is not None
    assert applied.whole
    assert taken == [False] * 3, "two classes of details, and content after them, took as long as a lease"


async def test_who_has_lost_the_lease_stops(old: Store) -> None:
    other = Lease(old.engine, f"retention/{LEDGER}", "nd_2/bt_2/rt_2", old.clock, 300)

    async def taken() -> None:
        old.clock.advance(301)
        assert await other.take()

    rules = (Retention(details_days=10, content_days=10),)
    applied = await apply(old, rules, retaining(old, Slow(old, 0, taken)))
    assert applied is not None
    assert (applied.whole, applied.counts["content"]) == (False, {})
    assert (await left(old))["content"] == [2], "the rest is the other's"
    await other.release()
    assert (await apply(old, rules)) == Applied(counts={"details": {}, "content": {"exchange": 1}}, held=0)


async def test_a_hold_that_comes_in_the_middle_of_a_sweep_spares_what_is_left(old: Store) -> None:
    async def hold() -> None:
        held = case("sc_1", tenant=LEDGER, subject="su_1")
        async with writing(old.engine, LEDGER) as connection:
            await connection.execute(subject_case.insert().values({"tenant": LEDGER, **case_opened(held).values}))

    rules = (Retention(about=("access",), details_days=10), Retention(details_days=10))
    applied = await apply(old, rules, retaining(old, Slow(old, 1, hold)))
    assert applied is not None
    assert (applied.held, await left(old)) == (1, {"details": [0], "content": [2]})


async def test_a_hold_that_comes_with_the_record_of_the_destruction_spares_what_it_covers(held_old: Store) -> None:
    old = held_old
    came: list[str] = []

    async def hold(name: str) -> None:
        if name == "retention.after_record" and not came:
            came.append(name)
            held = case("sc_1", tenant=LEDGER, subject="su_1")
            async with writing(old.engine, LEDGER) as connection:
                await connection.execute(subject_case.insert().values({"tenant": LEDGER, **case_opened(held).values}))

    rules, job = (Retention(details_days=10),), retaining(old, hold)
    applied = await apply(old, rules, job)
    assert came == ["retention.after_record"]
    assert applied is not None
    assert (applied.counts["details"], applied.held) == ({"exchange": 1, "access": 1}, 1)
    assert await left(old) == {"details": [0], "content": [2]}
    assert [one.count for one in await said(old)] == [2, 1], "said before it was looked again"
    async with writing(old.engine, LEDGER) as connection:
        await connection.execute(subject_case.update().values(state="lifted"))
    assert await apply(old, rules, job) is not None
    assert await left(old) == {"details": [], "content": [2]}


def test_rules_are_those_of_the_tenant_and_of_all() -> None:
    mine, theirs, everybodys = Retention(tenant="a"), Retention(tenant="b"), Retention()
    assert rules_of((theirs, everybodys, mine), "a") == (everybodys, mine)
    assert rules_of((mine, theirs), "_system") == ()
