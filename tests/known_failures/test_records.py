"""What failed elsewhere in audit trails: hashes, replacement, deletion, reading, pressure, cost."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from gateway.core.errors import LedgerUnavailable
from gateway.ledger.chain import leaf_hash
from gateway.ledger.encoding import to_base64
from gateway.ledger.note import Verifier
from gateway.ledger.record import GENESIS, parse, seal
from gateway.settings import LedgerSettings, Settings
from gateway.store import tables
from gateway.store.engine import open_engine, sqlite_engine, target
from gateway.store.kept import KeptStore
from gateway.store.verification import LedgerVerification, Verdict
from tests.conftest import ManualClock
from tests.store.ledger_kit import Failpoints, note, until, whole, writer_on
from tests.system import tampering
from tests.system.kit import HEALTH, PERSONAL, PUBLIC, Watch, code, policies
from tests.system.site import System, system
from tests.web.kit import audited
from tests.web.tasking import chat
from tests.web.test_task_callbacks import called, told


class Trail(msgspec.Struct, frozen=True):
    """A closed ledger of some exchanges, and a checkpoint of it that somebody else has kept."""

    file: Path
    ledger: str
    verifier: Verifier
    point: bytes
    covered: int

    def verify(self, point: bytes | None = None) -> Verdict:
        async def run() -> Verdict:
            engine = sqlite_engine(self.file)
            try:
                return await LedgerVerification(engine, self.ledger, self.verifier).run(point)
            finally:
                await engine.dispose()

        return asyncio.run(run())

    def change(self, tamper: Callable[[sqlite3.Connection], None]) -> None:
        with closing(sqlite3.connect(self.file, isolation_level=None)) as connection:
            tampering.drop_rules(connection)
            tamper(connection)


@pytest.fixture
def trail(sqlite_settings: Settings) -> Trail:
    """Ten exchanges, a checkpoint, and two more."""

    async def make() -> Trail:
        async with system(sqlite_settings, ledger={"checkpoint_interval_s": 3600.0}) as site:
            key = await site.key("clinician")
            for number in range(10):
                await site.chat(key, f"{HEALTH} Turn {number}.")
            point = await site.gateway.auditors["default"].publisher.publish(force=True)
            assert point is not None
            for number in range(2):
                await site.chat(key, f"Later turn {number}.")
            entry = site.gateway.site.tenants["default"]
            verifier = site.gateway.site.keyring.signer(entry.origin).verifier
            return Trail(site.gateway.site.where.path, entry.ledger, verifier, point.note, point.size)

    made = asyncio.run(make())
    assert made.verify(made.point).failure is None
    return made


async def _stored(site: System) -> list[tuple[bytes, bytes]]:
    reader = site.gateway.site.reader("default")
    return [(stored.envelope, stored.hash) async for stored in reader.records(0, await reader.size())]


async def test_hash_fields_that_were_never_computed(database: Settings) -> None:
    """The columns were there, named and documented, and held nothing, or the same for every row."""
    async with system(database) as site:
        key = await site.key("clerk")
        for text in (PUBLIC, PERSONAL):
            await site.chat(key, text)
        stored = await _stored(site)
        before = GENESIS
        for envelope, digest in stored:
            assert digest == leaf_hash(envelope)
            assert json.loads(envelope)["prev"] == to_base64(before)
            before = digest
        assert len({digest for _, digest in stored}) == len(stored) > 6
        checked = [json.loads(envelope) for envelope, _ in stored if b'"exchange.requested"' in envelope]
        assert all(one["request"]["commitment"] and one["detail"] for one in checked)


@pytest.mark.parametrize(
    "member", ["policy", "actor", "commitment", "purpose", "decided", "classes", "agent", "config"]
)
async def test_a_hash_that_leaves_out_what_was_decided_and_by_whom(sqlite_settings: Settings, member: str) -> None:
    """Policy version, approver and arguments were beside the hash and not in it: they could be changed at will."""
    async with system(sqlite_settings) as site:
        await site.chat(await site.key("clerk"), PERSONAL)
        found = [envelope for envelope, _ in await _stored(site) if b'"exchange.requested"' in envelope]
    envelope = parse(found[0])
    assert envelope.decision is not None
    assert envelope.request is not None
    assert envelope.classes is not None
    changes: dict[str, dict[str, Any]] = {
        "policy": {"decision": msgspec.structs.replace(envelope.decision, policy="sha256:" + "0" * 64)},
        "actor": {"actor": "ac_00000000000000000000000000"},
        "commitment": {"request": msgspec.structs.replace(envelope.request, commitment=to_base64(bytes(32)))},
        "purpose": {"purpose": "HPAYMT"},
        "decided": {"decision": msgspec.structs.replace(envelope.decision, rules=("another",))},
        "classes": {"classes": msgspec.structs.replace(envelope.classes, found=("public",))},
        "agent": {"agent": "another"},
        "config": {"config": "sha256:" + "0" * 64},
    }
    assert envelope.seq is not None
    assert envelope.recorded_at is not None
    other = msgspec.structs.replace(envelope, **changes[member])
    again = seal(other, envelope.seq, bytes(32), envelope.recorded_at)
    same = seal(parse(found[0]), envelope.seq, bytes(32), envelope.recorded_at)
    assert leaf_hash(again) != leaf_hash(same)


def test_a_chain_that_was_replaced_as_a_whole(trail: Trail) -> None:
    """Every hash fitted every other, since whoever wrote the new records had computed them all."""
    trail.change(lambda connection: tampering.rewrite_from(connection, trail.ledger, 3, 7))
    assert trail.verify(trail.point).failure is not None
    alone = trail.verify()
    assert (alone.covered, alone.uncovered) == (0, alone.size), "without it, nothing is claimed to be covered"


def test_the_newest_records_deleted(trail: Trail) -> None:
    """What is gone from the end leaves no gap, and the chain of the rest is whole."""
    trail.change(lambda connection: tampering.cut(connection, trail.ledger, trail.covered - 3))
    assert "missing" in str(trail.verify(trail.point).failure)
    alone = trail.verify()
    assert alone.uncovered == alone.size, "without it, nothing is claimed to be covered"


def test_the_newest_records_deleted_although_the_head_is_left(trail: Trail) -> None:
    """Deleted by somebody in a hurry: of those that no checkpoint covers yet."""
    trail.change(lambda connection: tampering.delete_newest(connection, trail.ledger, trail.covered, 0))
    assert str(trail.verify().failure).startswith("head: ")


async def test_audit_reads_that_are_not_audited(database: Settings) -> None:
    """Who looked at everybody's records was on no record."""
    async with audited(database) as api:
        chat = await api.site.chat(await api.site.key("clerk"), PUBLIC)
        for path in ("records", "records/0", f"exchanges/{chat.headers['x-exchange-id']}"):
            answer = await api.get(f"/audit/{path}")
            assert answer.status_code == 200, path
            records = await api.site.trail(answer.headers["x-exchange-id"])
            assert [one["event"] for one in records] == ["audit.read"], path
        searched = await api.post("/audit/search", {"actor": "ac_00000000000000000000000000"})
        assert [one["event"] for one in await api.site.trail(searched.headers["x-exchange-id"])] == ["audit.read"]


async def test_a_queue_that_drops_the_oldest_under_pressure(database: Settings, clock: ManualClock) -> None:
    """It kept what was newest and lost what had been promised. Here whoever comes too late is told at once, what was
    taken is written in its order, and how many were refused is on record."""
    go_on = asyncio.Event()
    failpoints = Failpoints(before_insert=go_on.wait)  # type: ignore[arg-type]
    async with writer_on(database, clock, failpoint=failpoints, limit=3) as writer:
        first = asyncio.create_task(writer.append(note()))
        await until(lambda: bool(failpoints.passed))
        taken = [first, *(asyncio.create_task(writer.append(note())) for _ in range(3))]
        await until(lambda: writer.lag == 3)
        for _ in range(5):
            with pytest.raises(LedgerUnavailable):
                await writer.append(note())
        go_on.set()
        places = [appended.seq for appended in await asyncio.gather(*taken)]
    assert places == sorted(places)
    assert [one.count for one in await whole(database) if one.event == "ledger.recovered"] == [5]


async def test_an_audit_trail_that_is_off_by_default_because_it_is_slow(sqlite_settings: Settings) -> None:
    """It could be switched on, and was not. Here there is nothing to switch: no setting of the ledger's leaves anything
    out, and what cannot be recorded is not sent."""
    fields = {"origin", "checkpoint_interval_s", "public_hashes", "witness_quorum", "require_witnesses"}
    fields |= {"profile", "max_uncovered_s"}
    assert set(LedgerSettings.__struct_fields__) == fields
    watch = Watch()
    async with system(sqlite_settings, failpoint=watch) as site:
        key = await site.key("clerk")
        answer = await site.chat(key, PUBLIC)
        assert [one["event"] for one in await site.trail(answer.headers["x-exchange-id"])] == [
            "exchange.requested",
            "exchange.completed",
        ]
        watch.failing = True
        refused = await site.chat(key, "Another text.")
        assert (refused.status_code, code(refused)) == (503, "ledger_unavailable")
        assert len(site.agents["cloud"].received) == 1
        watch.failing = False


async def test_a_table_of_records_with_eighteen_to_forty_four_indexes(database: Settings) -> None:
    """Each of them is written at every row, and most were read by nobody."""
    assert len(tables.record.indexes) <= 3
    query = (
        "SELECT count(*) FROM pragma_index_list('record')"
        if database.database.url.startswith("sqlite")
        else "SELECT count(*) FROM pg_indexes WHERE tablename = 'record'"
    )
    engine = open_engine(target(database))
    try:
        async with engine.connect() as connection:
            count = (await connection.exec_driver_sql(query)).scalar_one()
    finally:
        await engine.dispose()
    assert count <= 5, "those three, the key, and that of the exchange's number at most"


async def test_pages_of_a_list_that_read_every_body(sqlite_settings: Settings) -> None:
    """Looking through a day's list loaded every prompt of it. Here no record holds a message at all, in the list or
    elsewhere, and a page is of a bounded number of records."""
    async with audited(sqlite_settings) as api:
        key = await api.site.key("clinician")
        long = f"{HEALTH} " + "Nothing happened that day. " * 2_000
        for _ in range(3):
            await api.site.chat(key, long)
        page = await api.get("/audit/records?limit=1000")
        assert len(page.json()["records"]) > 6
        assert "Nothing happened" not in page.text
        assert "Carter" not in page.text
        assert len(page.content) < 20_000 * len(page.json()["records"])
        refused = await api.get("/audit/records?limit=1001")
        assert refused.status_code == 400
        assert b"Nothing happened" not in _files(Path(sqlite_settings.base))


CHILDREN = (
    ("task_content", "task", "task", "id"),
    ("task_callback", "task", "task", "id"),
    ("detail", "seq", "record", "seq"),
    ("sealed", "seq", "record", "seq"),
    ("subject_record", "seq", "record", "seq"),
)
"""Tables whose rows belong to those of another: with the column of each, and what it names."""


async def test_retention_that_leaves_rows_that_belong_to_nothing(
    database: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was deleted when its days were over left its parts behind, in tables that nobody looked at. Here tasks go
    with their messages, results and callbacks, kept content goes from beside its record, and the record stays."""
    keeps = 'p, 1, role:user, class:public, zone:in-house, chat, purpose:*, always, allow, keep-content:1, k, "A day."'
    async with called(database, monkeypatch, policy=policies(tmp_path, keeps)) as (t, _):
        task = await t.submit(chat(PUBLIC, callback="billing"))
        await told(t, task)
        await t.site.chat(t.key, PUBLIC, model="ward", headers={"x-data-subject": "patient-77"})
        before, kept = await _rows(database), await _kept(database)
        assert all(before[child] for child, *_ in CHILDREN), before
        assert kept == 2
        assert await t.site.gateway.tasks.store.sweep(ended_before_us=1 << 62, failed_before_us=1 << 62) == 1
        later = ManualClock(t.site.gateway.site.clock.now_us() + 2 * 86_400_000_000)
        assert await KeptStore(t.site.gateway.site.engine, later).sweep(t.ledger) == kept
        after = await _rows(database)
        assert (await _orphans(database), await _kept(database)) == (0, 0)
        assert after["task"] == after["task_content"] == after["task_callback"] == 0
        assert after["record"] >= before["record"], "what is on record has no such days"


async def _counted(settings: Settings, *queries: str) -> list[int]:
    """Over a connection of the test's own, before whom there is no wall between tenants."""
    url = settings.database.url
    if url.startswith("sqlite:///"):
        with closing(sqlite3.connect(settings.path(url.removeprefix("sqlite:///")))) as connection:
            return [int(connection.execute(query).fetchone()[0]) for query in queries]
    other = await asyncpg.connect(settings.database.owner_url)
    try:
        return [int(await other.fetchval(query)) for query in queries]
    finally:
        await other.close()


async def _rows(settings: Settings) -> dict[str, int]:
    names = sorted({name for child, _, parent, _ in CHILDREN for name in (child, parent)})
    return dict(zip(names, await _counted(settings, *(f"SELECT count(*) FROM {name}" for name in names)), strict=True))


async def _orphans(settings: Settings) -> int:
    """Rows whose parent is not there."""
    queries = (
        f"SELECT count(*) FROM {child} c WHERE NOT EXISTS "
        f"(SELECT 1 FROM {parent} p WHERE p.tenant = c.tenant AND p.{key} = c.{column})"
        for child, column, parent, key in CHILDREN
    )
    return sum(await _counted(settings, *queries))


async def _kept(settings: Settings) -> int:
    (count,) = await _counted(settings, "SELECT count(*) FROM sealed WHERE part LIKE 'content:%'")
    return count


def _files(base: Path) -> bytes:
    """All that the database has written."""
    return b"".join(path.read_bytes() for path in base.glob("gateway.db*"))
