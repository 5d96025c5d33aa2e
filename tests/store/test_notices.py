"""Notices are kept until they are delivered, each try by one alone."""

from typing import Any

from gateway.store.notices import Notice, NoticeStore
from tests.store.kit import Store


def notice(name: str = "no_1", **fields: Any) -> Notice:
    values: dict[str, Any] = {"tenant": "tn_1", "channel": "desk", "body": b"{}", "created_us": 1, "due_us": 10}
    return Notice(id=name, **{**values, **fields})


async def test_what_is_due_is_found_the_longest_first_and_counted_by_channel(store: Store) -> None:
    notices = NoticeStore(store.engine)
    await notices.put(())
    await notices.put(
        (
            notice("no_1", due_us=20),
            notice("no_2"),
            notice("no_3", due_us=21, tenant="tn_2"),
            notice("no_4", channel="x"),
        )
    )
    assert [one.id for one in await notices.due(20, 9)] in (["no_2", "no_4", "no_1"], ["no_4", "no_2", "no_1"])
    assert len(await notices.due(20, 1)) == 1
    assert [one.id for one in await notices.due(99, 9, channel="x")] == ["no_4"]
    assert [one.id for one in await notices.due(99, 9, beside=("desk", "y"))] == ["no_4"]
    assert await notices.due(99, 9, beside=("desk", "x")) == ()
    assert await notices.waiting() == {("tn_1", "desk"): 2, ("tn_2", "desk"): 1, ("tn_1", "x"): 1}


async def test_a_try_is_counted_by_one_alone(store: Store) -> None:
    notices, one = NoticeStore(store.engine), notice()
    await notices.put((one,))
    taken = await notices.take(one, 70)
    assert taken == notice(tries=1, due_us=70)
    assert await notices.take(one, 70) is None
    # Who was too slow changes nothing of who came after.
    await notices.later(one, 5)
    await notices.remove(one)
    assert await notices.due(69, 9) == ()
    await notices.later(taken, 30)
    assert [found.tries for found in await notices.due(30, 9)] == [1]
    await notices.remove(taken)
    assert await notices.waiting() == {}


async def test_a_try_that_was_none_is_not_counted(store: Store) -> None:
    notices, one = NoticeStore(store.engine), notice()
    await notices.put((one,))
    taken = await notices.take(one, 70)
    assert taken is not None
    await notices.untried(taken, 20)
    assert await notices.due(99, 9) == (notice(due_us=20),)
