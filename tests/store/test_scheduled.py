"""Rows of periods: one of each, and of two who change one at a time, one does."""

import msgspec

from gateway.store.scheduled import DELIVERED, DUE, FAILED, WAITING, Scheduled, ScheduledStore, changed

from .kit import Store


def period(label: str, since: int, **fields: object) -> Scheduled:
    values: dict[str, object] = {
        "tenant": "tn_1",
        "schedule": "monthly",
        "period": label,
        "every": "monthly",
        "since_us": since,
        "until_us": since + 10,
        **fields,
    }
    return msgspec.convert(values, Scheduled)


async def test_a_period_is_there_once(store: Store) -> None:
    rows = ScheduledStore(store.engine)
    assert await rows.get("tn_1", "monthly", "2026-10") is None
    one = period("2026-10", 0)
    assert await rows.add(one)
    assert not await rows.add(msgspec.structs.replace(one, state=DUE))
    assert await rows.get("tn_1", "monthly", "2026-10") == one


async def test_open_ones_come_oldest_first_and_the_latest_is_the_newest_that_has_begun(store: Store) -> None:
    rows = ScheduledStore(store.engine)
    for one in (
        period("2026-11", 20),
        period("2026-09", 0, state=DELIVERED, ended_us=77),
        period("2026-10", 10, state=DUE),
        period("2036-01", 900),
        period("2026-Q4", 10, every="quarterly"),
        period("2026-12", 30, schedule="other"),
        period("2026-12", 30, tenant="tn_2"),
    ):
        assert await rows.add(one)
    assert [one.period for one in await rows.open("tn_1", "monthly", "monthly")] == ["2026-10", "2026-11", "2036-01"]
    latest = await rows.latest("tn_1", "monthly", "monthly", 25)
    assert latest is not None
    assert latest.period == "2026-11"
    assert await rows.latest("tn_1", "gone", "monthly", 25) is None
    assert [one.period for one in await rows.newest("tn_1", limit=2)] == ["2036-01", "2026-12"]
    assert await rows.succeeded("tn_1", "monthly") == 77
    assert await rows.succeeded("tn_1", "other") is None


async def test_who_knows_an_older_version_changes_nothing(store: Store) -> None:
    rows, one = ScheduledStore(store.engine), period("2026-10", 0)
    await rows.add(one)
    later = await rows.change(one, state=DUE, bundle="ev_1")
    assert later == msgspec.structs.replace(one, state=DUE, bundle="ev_1", version=1)
    assert await rows.change(one, state=FAILED) is None
    assert await rows.get("tn_1", "monthly", "2026-10") == later


def test_a_change_with_a_record_demands_the_version_that_was_known() -> None:
    change = changed(period("2026-10", 0, version=4), {"state": WAITING})
    assert change.where == {"schedule": "monthly", "period": "2026-10", "version": 4}
    assert change.values == {"state": WAITING, "version": 5}
