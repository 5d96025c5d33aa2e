"""The earlier backup of the database beside the current keys: nothing of whom was erased since can be read, before
anybody is served from it; and every proof that was given before still holds."""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap import Site, open_gateway, open_site, restore, take_backup
from gateway.cli.common import Failed, opened_to_read
from gateway.core.errors import ConfigurationError, VerificationError
from gateway.evidence.selection import Selection
from gateway.exchange.audit_scribe import Reader
from gateway.ledger import proof as proofs
from gateway.ledger.checkpoint import verify
from gateway.ledger.record import Detail, parse
from gateway.settings import Settings
from gateway.store.engine import target
from tests.conftest import ManualClock
from tests.services import Postgres
from tests.store.ledger_kit import rows
from tests.system.kit import PERSONAL, policies
from tests.system.site import System, settings_for, system
from tests.system.test_erasure import ANN, BOB, CANARY, KEEPING, _wrapped, erased


async def by(site: Site, tenant: str) -> tuple[str, Detail]:
    return "ac_1", Detail(subject="operator")


class Before:
    """What was known before the erasure: of Ann, of the ledger, and copies of both."""

    def __init__(self, tmp_path: Path) -> None:
        self.directory, self.bundle = tmp_path / "b", tmp_path / "newer.zip"
        self.ann = self.copy = ""
        self.wrapped: list[bytes] = []
        self.note = self.record = b""
        self.proof: Any = None


async def _exchanged(site: System, before: Before) -> None:
    installation = site.gateway.site
    key = await site.key("clerk")
    for headers in (ANN, BOB):
        done = await site.chat(key, PERSONAL, "ward", headers=headers)
        assert done.status_code == 200, done.text
    trail = await site.trail(done.headers["x-exchange-id"])
    ann = await installation.directory.find_subject(installation.tenants["default"].ledger, "ann")
    assert ann is not None
    before.ann = ann
    before.wrapped = _wrapped(Path(installation.settings.base) / "keys" / "data-keys.db", ann)
    await take_backup(installation, before.directory, by)
    reader = installation.reader("default")
    point = await reader.checkpoint()
    assert point is not None
    stored = await reader.record(trail[0]["seq"])
    assert stored is not None
    before.note, before.record = point.note, stored.envelope
    path = await reader.inclusion(stored.seq, point.size)
    before.proof = proofs.Proof(index=stored.seq, path=tuple(path), checkpoint=point.note)


async def _nothing_of_ann(site: System, before: Before, logged: str) -> None:
    """She can neither be found nor read, in the database, its log, the keys, a bundle or what was logged."""
    installation, auditor = site.gateway.site, site.gateway.auditors["default"]
    tenant = installation.tenants["default"].ledger
    assert await installation.directory.find_subject(tenant, "ann") is None
    assert await installation.directory.find_subject(tenant, "bob") is not None
    haystacks = [logged.encode()]
    with before.directory.with_name("after.zip").open("w+b") as file:
        await auditor.export(Reader(), Selection(first=0), file)
    haystacks.append(before.directory.with_name("after.zip").read_bytes())
    base = Path(installation.settings.base)
    haystacks += [file.read_bytes() for file in (base / "keys").iterdir()]
    if installation.where.kind == "sqlite":
        there = [installation.where.path, *installation.where.path.parent.iterdir()]
        haystacks += [file.read_bytes() for file in there if file.name.startswith("gateway.db")]
    else:
        found = await rows(installation.settings, "SELECT bytes FROM detail")
        haystacks += [bytes(data) for (data,) in found]
    for haystack in haystacks:
        assert not [one for one in (*before.wrapped, CANARY.encode()) if one in haystack]


async def _asked_for(site: System, identifier: str) -> dict[str, Any]:
    """A request for an erasure that nobody has agreed to yet."""
    ada = {"authorization": f"Bearer {await site.key('privacy', kind='person', owner='ada')}"}
    body = {"identifier": identifier, "ground": "b", "identity": "ticket 18", "reason": "consent withdrawn"}
    done = await site.http.post("/subjects/erasure", json=body, headers=ada)
    assert done.status_code == 201, done.text
    found: dict[str, Any] = done.json()
    return found


async def _completed(site: System) -> str:
    """What the record of the restore holds in its detail."""
    reader = site.gateway.site.reader("default")
    details = [
        one.detail or b""
        async for one in reader.records(0, await reader.size(), details=True)
        if parse(one.envelope).event == "restore.completed"
    ]
    return b"".join(details).decode()


async def test_an_earlier_backup_beside_the_current_keys_brings_nothing_back(
    database: Settings,
    clock: ManualClock,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    request: pytest.FixtureRequest,
) -> None:
    caplog.set_level(logging.DEBUG)
    before, policy = Before(tmp_path), policies(tmp_path / "own", KEEPING)
    async with system(database, clock=clock, policy=policy) as site:
        await _exchanged(site, before)
    server: Postgres | None = None
    where = target(database)
    if where.kind == "postgresql":
        server = request.getfixturevalue("postgres_server")
        before.copy = server.copied(where.dsn)
    else:
        assert CANARY.encode() in (before.directory / "ledger.db").read_bytes(), "a backup is readable until it expires"
    async with system(database, clock=clock, policy=policy) as site:
        await erased(site, clock)
        assert (await site.chat(await site.key("clerk"), PERSONAL, "ward", headers=BOB)).status_code == 200
        asked = await _asked_for(site, "bob")
        with before.bundle.open("w+b") as file:
            await site.gateway.auditors["default"].export(Reader(), Selection(first=0), file)
    settings = settings_for(database, {}, policy=policy)
    if server is not None:
        server.swap(where.dsn, before.copy)
    newer = () if server is None else (before.bundle,)
    done = await restore(settings, before.directory, newer=newer, alone=False, reason="the disk was lost", by=by)
    assert done.erased == 1
    assert [one.subject for one in done.since["default"].erased] == [before.ann]
    (open_one,) = done.since["default"].asked
    assert (open_one.case, open_one.subject, open_one.state) == (asked["id"], asked["subject"], "requested")

    async with system(database, clock=clock, policy=policy) as site:
        await _nothing_of_ann(site, before, caplog.text)
        records = await site.records()
        told = [one for one in records if one["event"].startswith("restore.")]
        assert [one["event"] for one in told] == ["restore.erased", "restore.completed"]
        assert (told[0]["subject"], told[0]["count"] > 0) == (before.ann, True)
        assert asked["id"] in await _completed(site)
        verdict = await site.gateway.auditors["default"].verify(Reader(), before.note)
        assert (verdict.failure, verdict.commitments > 0) == (None, True)
        entry = site.gateway.site.tenants["default"]
        verifier = site.gateway.site.keyring.signer(entry.origin).verifier
        assert verify(before.note, verifier).size <= verdict.size
        proofs.verify(before.record, before.proof, verifier)
        assert (await site.chat(await site.key("clerk"), PERSONAL, "ward", headers=ANN)).status_code == 200


async def test_a_copy_that_was_put_in_place_by_hand_is_emptied_by_the_start(
    sqlite_settings: Settings, clock: ManualClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before, policy = Before(tmp_path), policies(tmp_path / "own", KEEPING)
    async with system(sqlite_settings, clock=clock, policy=policy) as site:
        await _exchanged(site, before)
    # What an erasure does to the keys.
    async with open_site(settings_for(sqlite_settings, {}, policy=policy)) as installation:
        installation.keyring.destroy([*installation.keyring.subject_keys(before.ann), before.ann])
    path = target(sqlite_settings).path
    path.write_bytes((before.directory / "ledger.db").read_bytes())
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    settings = settings_for(sqlite_settings, {}, policy=policy)
    with pytest.raises(Failed, match="data of 1 erased data subject:"):
        async with opened_to_read(settings):
            pass
    async with system(sqlite_settings, clock=clock, policy=policy) as site:
        await _nothing_of_ann(site, before, caplog.text)
    async with opened_to_read(settings) as installation:
        assert await installation.brought_back() == 0
    async with system(sqlite_settings, clock=clock, policy=policy) as site:
        assert [one["subject"] for one in await site.records() if one["event"] == "restore.erased"] == [before.ann]


async def test_a_backup_of_another_installation_or_a_changed_one_is_not_put_in_place(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    settings = settings_for(sqlite_settings, {})
    async with system(sqlite_settings) as site:
        await take_backup(site.gateway.site, tmp_path / "b", by)
        with pytest.raises(ConfigurationError, match="another process serves"):
            await restore(settings, tmp_path / "b", newer=(), alone=True, reason="x", by=by)
    manifest = tmp_path / "b" / "manifest.json"
    told, before = manifest.read_text(), target(settings).path.read_bytes()
    ledger = site.gateway.site.tenants["default"].ledger
    for old, new, error in (
        (ledger, "tn_of_somebody_else", ConfigurationError),
        ('"size": ', '"size": 1', VerificationError),
        ('"database": "sqlite"', '"database": "postgresql"', ConfigurationError),
    ):
        assert old in told
        manifest.write_text(told.replace(old, new))
        with pytest.raises(error):
            await restore(settings, tmp_path / "b", newer=(), alone=True, reason="x", by=by)
    assert target(settings).path.read_bytes() == before
    manifest.write_text(told)
    (tmp_path / "junk").write_bytes(b"junk")
    with pytest.raises(VerificationError, match="neither a database file nor a bundle"):
        await restore(settings, tmp_path / "b", newer=(tmp_path / "junk",), alone=False, reason="x", by=by)
    async with open_gateway(settings):
        pass
