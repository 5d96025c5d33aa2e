"""Rows of bundles: what is next, what is over, and that who was too slow changes nothing."""

import msgspec

from gateway.store.bundle_jobs import BUILDING, CANCELLED, EXPIRED, FAILED, QUEUED, READY, BundleJob, BundleStore

from .kit import Store


def job(bundle_id: str, **fields: object) -> BundleJob:
    values: dict[str, object] = {
        "tenant": "tn_1",
        "id": bundle_id,
        "state": QUEUED,
        "version": 0,
        "created_us": 5,
        "asked": b"{}",
        **fields,
    }
    return msgspec.convert(values, BundleJob)


async def test_what_was_begun_comes_before_what_waits_and_the_oldest_first(store: Store) -> None:
    jobs = BundleStore(store.engine)
    assert await jobs.next("tn_1") is None
    for one in (
        job("ev_c", created_us=3),
        job("ev_b", created_us=2),
        job("ev_d", state=READY, created_us=1),
        job("ev_e", state=BUILDING, created_us=9),
        job("ev_f", tenant="tn_2", created_us=0),
    ):
        assert await jobs.add(one, most=10)
    order: list[str] = []
    while (found := await jobs.next("tn_1")) is not None:
        order.append(found.id)
        assert await jobs.change(found, state=FAILED) is not None
    assert order == ["ev_e", "ev_b", "ev_c"]
    assert [one.id for one in await jobs.newest("tn_1")] == ["ev_e", "ev_c", "ev_b", "ev_d"]


async def test_more_than_may_wait_are_not_taken(store: Store) -> None:
    jobs = BundleStore(store.engine)
    assert await jobs.add(job("ev_a"), most=2)
    assert await jobs.add(job("ev_b", state=BUILDING), most=2)
    assert not await jobs.add(job("ev_c"), most=2)
    assert await jobs.add(job("ev_d", tenant="tn_2"), most=2)
    assert await jobs.get("tn_1", "ev_c") is None


async def test_who_knows_an_older_version_changes_nothing(store: Store) -> None:
    jobs, first = BundleStore(store.engine), job("ev_a")
    await jobs.add(first, most=2)
    begun = await jobs.change(first, state=BUILDING, tries=1, node="nd_1")
    assert begun is not None
    assert await jobs.tell(begun, done=3, total=7, basis=b"{}", work_key="dk_1", kept="bw_1.1:ab")
    assert await jobs.change(first, state=CANCELLED) is None
    assert not await jobs.tell(first, done=9)
    found = await jobs.get("tn_1", "ev_a")
    assert found == msgspec.structs.replace(begun, done=3, total=7, basis=b"{}", work_key="dk_1", kept="bw_1.1:ab")


async def test_what_is_over_has_left_its_key(store: Store) -> None:
    jobs = BundleStore(store.engine)
    for one in (
        job("ev_a", state=BUILDING, work_key="dk_a"),
        job("ev_b", state=CANCELLED, work_key="dk_b"),
        job("ev_c", state=READY),
        job("ev_d", state=READY, work_key="dk_d", tenant="tn_2"),
    ):
        assert await jobs.add(one, most=9)
    (found,) = await jobs.left("tn_1")
    assert (found.id, found.work_key) == ("ev_b", "dk_b")
    assert await jobs.tell(found, work_key=None)
    assert not await jobs.left("tn_1")


async def test_what_is_ready_is_over_after_its_time(store: Store) -> None:
    jobs = BundleStore(store.engine)
    for bundle_id, state, expires in (
        ("ev_a", READY, 5),
        ("ev_b", READY, 7),
        ("ev_c", EXPIRED, 1),
        ("ev_d", FAILED, 1),
    ):
        await jobs.add(job(bundle_id, state=state, expires_us=expires), most=9)
    assert [one.id for one in await jobs.over("tn_1", 6)] == ["ev_a"]


async def test_it_is_known_whether_there_is_any_to_see_to(store: Store) -> None:
    jobs = BundleStore(store.engine)
    assert not await jobs.any("tn_1")
    for number, fields in enumerate(
        ({"state": QUEUED}, {"state": BUILDING}, {"state": READY}, {"state": CANCELLED, "work_key": "dk_1"})
    ):
        tenant = f"tn_{number + 2}"
        assert await jobs.add(job("ev_a", tenant=tenant, **fields), most=9)
        assert await jobs.any(tenant), fields
    for number, state in enumerate((FAILED, CANCELLED, EXPIRED)):
        assert await jobs.add(job(f"ev_{number}", state=state), most=9)
    assert not await jobs.any("tn_1"), "they are over, and nothing is left of them"
