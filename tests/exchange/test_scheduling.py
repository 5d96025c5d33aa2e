"""Each whole period has one bundle, made when it is over by the clock and by the ledger, and delivered until it is
there; whoever was down, set the clock wrong or died in between."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from gateway.bootstrap import open_site
from gateway.bootstrap.bundles import bundling_of
from gateway.bootstrap.scheduling import plan_of
from gateway.bootstrap.site import Site
from gateway.core.refusal import Refusal
from gateway.evidence.selection import Selection
from gateway.evidence.verify import verify
from gateway.exchange import bundling as bundles
from gateway.exchange.audit_scribe import Reader
from gateway.exchange.auditor import Auditor
from gateway.exchange.bundling import Bundling
from gateway.exchange.deliveries import DAMAGED, Parcel
from gateway.exchange.directory_delivery import DirectoryDelivery
from gateway.exchange.ledgers import Ledgers
from gateway.exchange.metrics import Metrics
from gateway.exchange.notices import Channel, Notices, notified
from gateway.exchange.schedule_record import ScheduleScribe
from gateway.exchange.scheduling import BUILD_WAITS_S, LEASE_S, TOLD_TRIES, Scheduling
from gateway.exchange.scoping import Asked
from gateway.exchange.underway import UnderWay
from gateway.ledger.entry import Appended, Entry
from gateway.settings import Schedule, Settings
from gateway.store.bundle_jobs import EXPIRED, OPEN, READY
from gateway.store.bundle_jobs import FAILED as JOB_FAILED
from gateway.store.lease import Lease
from gateway.store.notices import NoticeStore
from gateway.store.scheduled import DELIVERED, DUE, FAILED, MISSED, WAITING, Scheduled, ScheduledStore
from tests.bootstrap.kit import configured
from tests.conftest import ManualClock

DAY_S = 86_400
SECRET = b"a secret of more than sixteen bytes"


def us(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


class Taking:
    """A place that takes what it is given, or says what `says` has next; what it raises it raises."""

    kind = "directory"

    def __init__(self, *says: str | None) -> None:
        self.says = list(says)
        self.taken: list[Parcel] = []
        self.tries = 0

    def close(self) -> None:
        pass

    async def deliver(self, parcel: Parcel) -> str | None:
        self.tries += 1
        code = self.says.pop(0) if self.says else None
        if code is None:
            self.taken.append(parcel)
        return code


class Case:
    """An installation with one schedule, and nodes that keep to it."""

    def __init__(self, site: Site, auditor: Auditor, ledgers: Ledgers, clock: ManualClock) -> None:
        self.site, self.auditor, self.ledgers, self.clock = site, auditor, ledgers, clock
        self.tenant = site.tenants["default"].ledger
        self.store, self.metrics, self.place = ScheduledStore(site.engine), Metrics(), Taking()
        self.bundling = bundling_of(site, {"default": auditor}, cast(UnderWay, None))
        self.told = NoticeStore(site.engine)

    def node(self, name: str | None = None, bundling: Bundling | None = None, **fields: Any) -> Scheduling:
        """A process that keeps to the schedule; it has run for a while."""
        schedule = Schedule(id="monthly", **{"every": "monthly", "directory": "unused", **fields})
        channel = Channel(id="desk", route=notified("desk", "http://127.0.0.1:9", (), None), secret=SECRET, roles=None)
        node = name or self.site.node.id
        made = Scheduling(
            plan_of(schedule, "default", self.tenant),
            delivery=self.place,
            bundling=bundling or self.bundling,
            auditor=self.auditor,
            store=self.store,
            lease=Lease(self.site.engine, "schedule/x", f"{node}/b/{id(object())}", self.clock, LEASE_S),
            ledgers=self.ledgers,
            scribe=ScheduleScribe(self.clock, self.site.node, "directory"),
            notices=Notices(
                client=None,
                channels=(channel,),
                store=self.told,
                clock=self.clock,
                node=self.site.node,
                metrics=self.metrics,
            ),
            clock=self.clock,
            node=node,
            metrics=self.metrics,
        )
        self.clock.advance(61)
        return made

    async def built(self) -> None:
        """As the gateway builds beside it, until nothing waits."""
        task = asyncio.create_task(self.bundling.run())
        while any(job.state in OPEN for job in await self.bundling.list(self.tenant)):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await self.bundling.stop()
        self.bundling._stopping = False

    async def row(self, period: str) -> Scheduled:
        found = await self.store.get(self.tenant, "monthly", period)
        assert found is not None
        return found

    async def rows(self) -> list[tuple[str, str]]:
        return [(one.period, one.state) for one in reversed(await self.store.newest(self.tenant))]

    async def records(self) -> list[tuple[str, dict[str, str], str | None]]:
        """Outcome, what the detail asks and its reason, of each record about the schedule."""
        reader = self.site.reader("default")
        found = []
        async for one in reader.records(0, await reader.size(), details=True):
            detail = json.loads(one.detail or b"{}")
            if "schedule" in detail.get("query", {}):
                outcome = json.loads(one.envelope)["outcome"]["code"]
                found.append((outcome, detail["query"], detail.get("reason")))
        return found

    async def outcomes(self) -> list[str]:
        return [outcome for outcome, _, _ in await self.records()]

    async def until_due(self) -> Scheduling:
        """A node at which the bundle of October is being made."""
        node = self.node()
        await node.round()
        self.clock.us = us("2026-11-01T00:00:01")
        for _ in range(3):  # the clock has jumped; it is over; its bundle is asked for
            self.clock.advance(61)
            await node.round()
        return node


@asynccontextmanager
async def case_of(settings: Settings, start: str = "2026-10-20T12:00:00") -> AsyncIterator[Case]:
    clock = ManualClock(us(start))
    async with open_site(configured(settings), clock=clock) as site, asyncio.timeout(60):
        writers = {entry.ledger: await site.writer(name) for name, entry in site.tenants.items()}
        yield Case(site, await site.auditor("default"), Ledgers(writers), clock)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "LOOK_S", 0.01)
    monkeypatch.setattr(bundles, "BEAT_S", 0.01)


async def test_a_month_that_is_over_is_made_and_delivered_once_and_on_record(
    database: Settings, tmp_path: Path
) -> None:
    async with case_of(database) as case:
        node = case.node()
        await node.round()
        assert await case.rows() == [("2026-10", WAITING)]
        assert (node.state.late_s, node.state.succeeded_s) == (0, None)
        node = await case.until_due()
        assert await case.rows() == [("2026-10", DUE), ("2026-11", WAITING)]
        assert node.state.late_s > 0
        await case.built()
        out = tmp_path / "out"
        await asyncio.to_thread(out.mkdir)
        node._delivery = DirectoryDelivery(out, 30)
        for _ in range(3):
            await node.round()
        node._delivery.close()
        assert await case.rows() == [("2026-10", DELIVERED), ("2026-11", WAITING)]
        row = await case.row("2026-10")
        key = case.site.keyring.verifier_key(case.site.tenants["default"].origin)
        report = verify(out / "default~monthly~2026-10.zip", key)
        assert report.scope is not None
        assert report.scope["period"] == ["2026-10-01T00:00:00.000000Z", "2026-11-01T00:00:00.000000Z"]
        assert report.scope["until"] == "2026-11-01T00:00:00.000000Z"
        about = {"schedule": "monthly", "period": "2026-10", "to": "directory", "bundle": row.bundle}
        assert await case.records() == [
            ("due", about, None),
            ("delivered", {**about, "sha256": row.digest}, None),
        ]
        assert node.state.late_s == 0
        assert node.state.succeeded_s == (row.ended_us or 0) / 1e6


async def test_two_nodes_make_and_deliver_one(database: Settings) -> None:
    async with case_of(database) as case:
        nodes = [case.node("nd_1"), case.node("nd_2")]
        await asyncio.gather(*(node.round() for node in nodes))
        case.clock.us = us("2026-11-01T00:00:01")
        for _ in range(4):
            case.clock.advance(61)
            await asyncio.gather(*(node.round() for node in nodes))
        await case.built()
        for _ in range(4):
            case.clock.advance(61)
            await asyncio.gather(*(node.round() for node in nodes))
        assert len(await case.bundling.list(case.tenant)) == 1
        assert await case.outcomes() == ["due", "delivered"]
        assert case.place.tries == 1


async def test_months_that_nobody_was_there_for_are_made_up_for(sqlite_settings: Settings) -> None:
    async with case_of(sqlite_settings) as case:
        await case.node().round()
        case.clock.us = us("2027-01-15T00:00:00")
        node = case.node()
        await node.round()
        assert [period for period, _ in await case.rows()] == ["2026-10", "2026-11", "2026-12", "2027-01"]
        for _ in range(3):
            await node.round()
            await case.built()
        assert [state for _, state in await case.rows()] == [DELIVERED, DELIVERED, DELIVERED, WAITING]
        assert [one.period for one in case.place.taken] == ["2026-10", "2026-11", "2026-12"]


async def test_of_too_many_the_older_ones_are_told_to_be_missing(sqlite_settings: Settings) -> None:
    async with case_of(sqlite_settings) as case:
        await case.node(catch_up=2).round()
        case.clock.us = us("2027-06-15T00:00:00")
        node = case.node(catch_up=2)
        await node.round()
        await node.round()
        assert await case.rows() == [
            ("2026-10", DUE),
            ("2026-11", MISSED),
            ("2027-04", DUE),
            ("2027-05", DUE),
            ("2027-06", WAITING),
        ]
        missed = [asked for outcome, asked, _ in await case.records() if outcome == "missed"]
        assert missed == [
            {
                "schedule": "monthly",
                "to": "directory",
                "from": "2026-11-01T00:00:00.000000Z",
                "until": "2027-04-01T00:00:00.000000Z",
                "periods": "5",
            }
        ]
        (notice,) = await case.told.due(case.clock.now_us(), 9, channel="desk")
        assert json.loads(notice.body)["outcome"] == "missed"
        await node.round()
        assert (await case.outcomes()).count("missed") == 1


async def test_a_clock_that_jumps_ends_no_period_until_it_has_run_on_for_a_while(sqlite_settings: Settings) -> None:
    async with case_of(sqlite_settings) as case:
        node = case.node()
        await node.round()
        case.clock.us = us("2036-01-01T00:00:00")
        await node.round()
        case.clock.advance(30)
        await node.round()
        case.clock.us = us("2026-10-20T13:00:00")
        await node.round()
        case.clock.advance(61)
        await node.round()
        assert await case.rows() == [("2026-10", WAITING)]
        assert await case.outcomes() == []


async def test_a_clock_that_goes_back_makes_nothing_twice_and_the_calendar_goes_on(sqlite_settings: Settings) -> None:
    async with case_of(sqlite_settings) as case:
        node = await case.until_due()
        await case.built()
        await node.round()
        case.clock.us = us("2026-10-25T00:00:00")
        node = case.node()
        await node.round()
        case.clock.us = us("2026-12-01T00:00:01")
        node = case.node()
        await node.round()
        assert [period for period, _ in await case.rows()] == ["2026-10", "2026-11", "2026-12"]
        assert (await case.row("2026-10")).state == DELIVERED
        assert case.place.tries == 1


async def test_a_period_that_the_ledger_has_not_closed_is_not_made(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock goes back between the look and the record: nothing says that no more records come."""
    async with case_of(sqlite_settings) as case:
        node = case.node()
        await node.round()
        row = await case.row("2026-10")
        assert await case.store.change(row, state=DUE, bundle="ev_" + "0" * 26, builds=1, until_us=case.clock.us)
        case.clock.advance(1)
        await node.round()
        assert await case.bundling.list(case.tenant) == []
        assert (await case.row("2026-10")).code == "not_closed"


async def test_what_does_not_arrive_is_tried_again_with_growing_waits_and_told(sqlite_settings: Settings) -> None:
    async with case_of(sqlite_settings) as case:
        case.place = Taking(*["disk_full"] * 4)
        node = await case.until_due()
        await case.built()
        waits = []
        for tries in range(1, 6):
            await node.round()
            row = await case.row("2026-10")
            if row.state == DELIVERED:
                break
            assert (row.tries, row.code) == (tries, "disk_full")
            await node.round()
            assert case.place.tries == tries, "not before its time"
            waits.append((row.next_us - case.clock.now_us()) // 1_000_000)
            case.clock.advance(waits[-1])
        assert waits == [60, 120, 240, 480]
        assert row.state == DELIVERED
        assert await case.outcomes() == ["due", "undelivered", "delivered"]
        assert (await case.records())[1][2] == "disk_full"
        (notice,) = await case.told.due(case.clock.now_us(), 9, channel="desk")
        told = json.loads(notice.body)
        assert (told["schedule"], told["outcome"], told["code"]) == ("monthly", "undelivered", "disk_full")
        assert TOLD_TRIES == 3


async def test_what_cannot_be_asked_for_is_told_by_its_code(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with case_of(sqlite_settings) as case:

        async def unfit(*_: object) -> Refusal:
            return Refusal(code="parameter_invalid", field="about", hint="hunter2-swordfish")

        monkeypatch.setattr(Auditor, "select", unfit)
        await case.until_due()
        row = await case.row("2026-10")
        assert (row.state, row.code, row.tries) == (DUE, "parameter_invalid", 1)


@pytest.mark.parametrize("ends", [JOB_FAILED, EXPIRED, "damaged", "lost"])
async def test_a_bundle_that_is_not_there_is_made_anew_some_times_and_then_given_up(
    ends: str, sqlite_settings: Settings
) -> None:
    async with case_of(sqlite_settings) as case:
        case.place = Taking(*[DAMAGED] * 9)
        node = await case.until_due()
        seen: set[str | None] = set()
        for build in range(len(BUILD_WAITS_S) + 1):
            row = await case.row("2026-10")
            job = await case.bundling.get(case.tenant, row.bundle or "")
            assert job is not None, build
            seen.add(row.bundle)
            if ends in (JOB_FAILED, EXPIRED):
                assert await case.bundling._store.change(job, state=ends)
            elif ends == "lost":
                node_id = case.site.node.id
                assert await case.bundling._store.change(job, state=READY, digest="0" * 64, node=node_id)
            else:
                await case.built()
            await node.round()
            row = await case.row("2026-10")
            case.clock.advance(max(0.0, (row.next_us - case.clock.now_us()) / 1e6))
            await node.round()
        assert len(seen) == len(BUILD_WAITS_S) + 1
        row = await case.row("2026-10")
        codes = {JOB_FAILED: "bundle_failed", EXPIRED: "bundle_expired", "lost": "file_lost", "damaged": "damaged"}
        assert (row.state, row.code) == (FAILED, codes[ends])
        assert await case.outcomes() == ["due", "undelivered", "not_delivered"]
        assert len(await case.told.due(case.clock.now_us(), 9, channel="desk")) == 2


async def test_a_bundle_that_a_person_cancels_is_not_made_again(sqlite_settings: Settings) -> None:
    async with case_of(sqlite_settings) as case:
        node = await case.until_due()
        row = await case.row("2026-10")
        await case.bundling.cancel(case.tenant, row.bundle or "", Reader(actor="ac_1", kind="person"))
        await node.round()
        assert (await case.row("2026-10")).code == "cancelled"
        assert await case.outcomes() == ["due", "not_delivered"]


async def test_a_file_that_lies_elsewhere_is_left_to_who_has_it_for_a_while(sqlite_settings: Settings) -> None:
    async with case_of(sqlite_settings) as case:
        await case.until_due()
        await case.built()
        other = bundling_of(case.site, {"default": case.auditor}, cast(UnderWay, None))
        other._files.directory = Path("/nowhere")
        node = case.node("nd_other", bundling=other)
        await node.round()
        assert (await case.row("2026-10")).tries == 0
        case.clock.advance(3_700)
        await node.round()
        row = await case.row("2026-10")
        assert (row.code, row.builds) == ("file_lost", 2)


async def test_what_may_not_leave_as_it_was_built_any_more_is_built_anew(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with case_of(sqlite_settings) as case:
        node = await case.until_due()
        await case.built()
        monkeypatch.setattr(Bundling, "unfit", lambda *_: Refusal(code="conflict"))
        await node.round()
        row = await case.row("2026-10")
        assert (row.code, row.builds, case.place.tries) == ("recipients_changed", 2, 0)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("record", ["due", "delivered"])
async def test_who_dies_at_a_record_makes_and_delivers_no_second_one(
    record: str, when: str, sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        pass

    async with case_of(sqlite_settings) as case:
        first = case.node()
        await first.round()
        real: Callable[..., Any] = case.ledgers.of(case.tenant).submit
        dead = [False]

        async def submit(entry: Entry, *rest: Any) -> Appended | None:
            outcome = entry.envelope.outcome
            if outcome is not None and outcome.code == record and not dead[0]:
                dead[0] = True
                if when == "after":
                    await real(entry, *rest)
                raise Died
            return cast("Appended | None", await real(entry, *rest))

        monkeypatch.setattr(case.ledgers.of(case.tenant), "submit", submit)
        case.clock.us = us("2026-11-01T00:00:01")
        for _ in range(4):
            node = case.node()
            try:
                await node.round()
                await node.round()
            except Died:
                case.clock.advance(LEASE_S)
            await case.built()
        assert dead == [True]
        assert await case.outcomes() == ["due", "delivered"]
        assert len(await case.bundling.list(case.tenant)) == 1
        assert {(one.name, one.digest) for one in case.place.taken} == {
            ("default~monthly~2026-10.zip", (await case.row("2026-10")).digest)
        }
        assert len(case.place.taken) == (2 if (record, when) == ("delivered", "before") else 1)


async def test_a_clock_that_jumps_during_a_step_ends_no_other_period(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with case_of(sqlite_settings) as case:
        node = await case.until_due()
        await case.built()

        async def deliver(parcel: Parcel) -> str | None:
            case.clock.us = us("2036-01-01T00:00:00")
            return None

        monkeypatch.setattr(case.place, "deliver", deliver)
        await node.round()
        assert await case.rows() == [("2026-10", DELIVERED), ("2026-11", WAITING)]


async def test_a_wait_that_a_wrong_clock_began_is_not_waited_out(sqlite_settings: Settings) -> None:
    async with case_of(sqlite_settings) as case:
        node = await case.until_due()
        await case.built()
        row = await case.row("2026-10")
        assert await case.store.change(row, next_us=us("2036-01-01T00:00:00"), tries=1)
        await node.round()
        assert (await case.row("2026-10")).state == DELIVERED


async def test_a_period_with_which_nobody_can_go_on_holds_up_no_other_and_is_told(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with case_of(sqlite_settings) as case:
        await case.node().round()
        case.clock.us = us("2026-12-15T00:00:00")
        node, real = case.node(), Auditor.select

        async def select(auditor: Auditor, asked: Asked) -> Selection | Refusal:
            if asked.period is not None and str(asked.period[0]) < "2026-11":
                raise ValueError("hunter2-swordfish")
            return await real(auditor, asked)

        monkeypatch.setattr(Auditor, "select", select)
        for _ in range(3):
            case.clock.advance(240)
            await node.round()
            await case.built()
        assert await case.rows() == [("2026-10", DUE), ("2026-11", DELIVERED), ("2026-12", WAITING)]
        row = await case.row("2026-10")
        assert (row.code, row.tries) == ("internal", 2)


async def test_another_kind_of_period_begins_anew_beside_the_old_one(sqlite_settings: Settings) -> None:
    async with case_of(sqlite_settings) as case:
        await case.node().round()
        await case.node(every="quarterly").round()
        assert sorted(await case.rows()) == [("2026-10", WAITING), ("2026-Q4", WAITING)]


async def test_it_runs_on_whatever_a_round_comes_to(sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async with case_of(sqlite_settings) as case:
        node, rounds, enough = case.node(), 0, asyncio.Event()

        async def fails() -> None:
            nonlocal rounds
            rounds += 1
            if rounds == 3:
                enough.set()
            raise RuntimeError("secret") if rounds % 2 else ValueError

        monkeypatch.setattr(node, "round", fails)
        monkeypatch.setattr("gateway.exchange.scheduling.LOOK_S", 0)
        task = asyncio.create_task(node.run())
        await asyncio.wait_for(enough.wait(), 10)
        task.cancel()
        assert isinstance((await asyncio.gather(task, return_exceptions=True))[0], asyncio.CancelledError)


async def test_where_there_is_nothing_to_do_nobody_leads(sqlite_settings: Settings) -> None:
    async with case_of(sqlite_settings) as case:
        node = case.node()
        await node.round()
        node._lease = Losing()
        await node.round()
        assert (node._lease.left, node.state.late_s) == (Losing().left, 0)


class Losing:
    """A lease that is held until a delivery has begun, and then another's."""

    def __init__(self) -> None:
        self.left = 2

    async def take(self) -> bool:
        self.left -= 1
        return self.left >= 0

    async def release(self) -> None:
        self.left = 0


async def test_who_is_slower_than_its_lease_leaves_the_delivery_to_the_other(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with case_of(sqlite_settings) as case:
        monkeypatch.setattr("gateway.exchange.scheduling.RENEW_S", 0.001)
        node = await case.until_due()
        await case.built()
        over = asyncio.Event()

        async def deliver(parcel: Parcel) -> str | None:
            try:
                await asyncio.Event().wait()
            finally:
                over.set()
            return None

        monkeypatch.setattr(case.place, "deliver", deliver)
        before = await case.row("2026-10")
        node._lease = Losing()
        await node.round()
        assert over.is_set()
        assert await case.row("2026-10") == before, "the other one goes on from it"
