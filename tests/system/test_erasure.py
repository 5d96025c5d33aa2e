"""After an erasure nothing of a data subject can be read: not in the database, not in an earlier backup of it beside
the keys of today, not in a file; and every proof that was given before still holds."""

import asyncio
import base64
import io
import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from gateway.bootstrap.subjects import erasure_of
from gateway.evidence.selection import Selection
from gateway.exchange.audit_scribe import Reader
from gateway.exchange.erasure import SETTLE_US, Erasure
from gateway.ledger.entry import SealedPart
from gateway.ledger.record import parse
from gateway.settings import Settings
from gateway.store.engine import target
from gateway.store.sealing import Sealer
from gateway.store.tables import sealed
from tests.conftest import ManualClock
from tests.services import Postgres
from tests.store.ledger_kit import seeing
from tests.system.canaries import columns, columns_of_server
from tests.system.kit import PERSONAL, policies
from tests.system.site import System, system

CANARY = "canary-4711-0815"
KEEPING = (
    "p, 390, role:user, class:pii, zone:in-house, chat, purpose:*, always, allow, keep-content:30, kept, "
    '"What identifies persons is kept for a month."'
)
ANN = {"x-data-subject": "ann", "user-agent": CANARY, "idempotency-key": CANARY}
BOTH = {"x-data-subject": "ann, bob", "user-agent": CANARY}
BOB = {"x-data-subject": "bob"}


def job(site: System) -> Erasure:
    installation = site.gateway.site
    base: Any = SimpleNamespace(site=installation, sealer=Sealer(installation.keyring), engine=site.gateway.engine)
    return erasure_of(base)


async def parts(site: System) -> dict[tuple[int, str], SealedPart]:
    """Every sealed part there is, by record and label."""
    wanted = select(sealed).where(sealed.c.tenant == site.gateway.site.tenants["default"].ledger)
    async with seeing(site.gateway.site.where) as connection:
        rows = (await connection.execute(wanted)).all()
    return {
        (row.seq, row.part): SealedPart(**{n: row._mapping[n] for n in SealedPart.__struct_fields__}) for row in rows
    }


async def erased(site: System, clock: ManualClock, **who: str) -> dict[str, Any]:
    """Ann, or who else is meant, is erased, by two persons and the job; what the record says."""
    ada, eve = [
        {"authorization": f"Bearer {await site.key('privacy', kind='person', owner=owner)}"} for owner in ("ada", "eve")
    ]
    body = {**(who or {"identifier": "ann"}), "ground": "b", "identity": "ticket 17", "reason": "consent withdrawn"}
    asked = await site.http.post("/subjects/erasure", json=body, headers=ada)
    assert asked.status_code == 201, asked.text
    path = f"/subjects/erasure/{asked.json()['id']}/approve"
    assert (await site.http.post(path, json={"reason": "right"}, headers=eve)).status_code == 200
    tenant = site.gateway.site.tenants["default"].ledger
    writer = await site.gateway.site.writer("default")
    working = job(site)
    clock.advance(72 * 3600)
    assert await working.advance(tenant, writer) == 0
    clock.advance(SETTLE_US / 1_000_000)
    assert await working.advance(tenant, writer) == 1
    last: dict[str, Any] = (await site.records())[-1]
    return last


async def test_nothing_can_be_read_and_everything_can_be_proven(
    database: Settings,
    clock: ManualClock,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    request: pytest.FixtureRequest,
) -> None:
    async with system(database, clock=clock, policy=policies(tmp_path / "own", KEEPING)) as site:
        installation, auditor = site.gateway.site, site.gateway.auditors["default"]
        key, keyring = await site.key("clerk"), installation.keyring
        trails = []
        for headers in (ANN, BOTH, BOB):
            done = await site.chat(key, PERSONAL, "ward", headers=headers)
            assert done.status_code == 200, done.text
            trails.append((await site.trail(done.headers["x-exchange-id"]))[0]["seq"])
        ann = await installation.directory.find_subject(installation.tenants["default"].ledger, "ann")
        assert ann is not None
        before = await parts(site)
        point = await auditor.publisher.publish(force=True)
        assert point is not None
        wrapped = _wrapped(Path(database.base) / "keys" / "data-keys.db", ann)
        assert wrapped
        assert any(CANARY.encode() in row for row in await _rows(request, database)), "or nothing is looked for"
        backup = tmp_path / "backup.db"
        if database.database.url.startswith("sqlite"):
            _copy(installation.where.path, backup)

        told = await erased(site, clock)
        assert (told["event"], told["subject"], told["recipients"]) == ("subject.erased", ann, ["ward"])

        # Nothing of hers opens, neither what is there now nor what a restored backup would bring back.
        records = {one["seq"]: one["id"] for one in await site.records()}
        tenant = installation.tenants["default"].ledger
        sealer = Sealer(keyring)

        def opens(found: dict[tuple[int, str], SealedPart], seq: int) -> list[str]:
            mine = [(label, part) for (at, label), part in found.items() if at == seq]
            return [
                label.partition(":")[0]
                for label, part in mine
                if sealer.open(tenant=tenant, record=records[seq], sealed=part) is not None
            ]

        now = await parts(site)
        assert [sorted(opens(now, seq)) for seq in trails] == [[], ["content"], ["content", "request"]]
        assert [opens(before, seq) for seq in trails[:2]] == [[], []]
        if backup.exists():
            with closing(sqlite3.connect(backup)) as restored, restored:
                rows = restored.execute("SELECT part, key, nonce, ciphertext FROM sealed WHERE seq = ?", (trails[0],))
                old = {
                    (trails[0], row[0]): SealedPart(part=row[0], key=row[1], nonce=row[2], ciphertext=row[3])
                    for row in rows
                }
            restored.close()
            assert len(old) == 3
            assert opens(old, trails[0]) == []

        # Files: wrapped keys and canaries are nowhere. PostgreSQL's own files keep old rows until they are vacuumed.
        bundle = io.BytesIO()
        await auditor.export(Reader(), Selection(first=0), bundle)
        haystacks = [bundle.getvalue(), caplog.text.encode(), *await _rows(request, database)]
        haystacks += [file.read_bytes() for file in (Path(database.base) / "keys").iterdir()]
        if database.database.url.startswith("sqlite"):
            haystacks += [
                file.read_bytes() for file in installation.where.path.parent.glob(installation.where.path.name + "*")
            ]
        for haystack in haystacks:
            assert not [one for one in (*wrapped, CANARY.encode()) if one in haystack]

        # The whole ledger still verifies, from the checkpoint of before; of hers there is the commitment only.
        verdict = await auditor.verify(Reader(), point.note)
        assert verdict.failure is None
        assert verdict.commitments > 0
        for seq in trails:
            stored = await installation.reader("default").record(seq)
            assert stored is not None
            assert (stored.detail is None, parse(stored.envelope).request is not None) == (seq != trails[2], True)

        # Who names her again is about somebody new.
        again = await site.chat(key, PERSONAL, "ward", headers=ANN)
        assert again.status_code == 200
        assert await installation.directory.find_subject(tenant, "ann") not in (None, ann)


async def test_a_bundle_of_before_is_handed_out_no_more(sqlite_settings: Settings, clock: ManualClock) -> None:
    """What it holds in clear is deleted where it lies, and refused from then on."""
    async with system(sqlite_settings, clock=clock) as site:
        done = await site.chat(await site.key("clerk"), PERSONAL, "ward", headers=ANN)
        assert done.status_code == 200, done.text
        auditor = {"authorization": f"Bearer {await site.key('auditor')}"}
        asked = await site.http.post("/evidence/bundles", json={}, headers=auditor)
        place = asked.headers["location"]
        while (await site.http.get(place, headers=auditor)).json()["status"] == "building":  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        fetched = await site.http.get(f"{place}/download", headers=auditor)
        assert fetched.status_code == 200
        details = zipfile.ZipFile(io.BytesIO(fetched.content)).read("data/details.jsonl")
        assert any(CANARY.encode() in base64.b64decode(json.loads(line)["bytes"]) for line in details.splitlines())
        assert _bundles(sqlite_settings) != []

        assert (await erased(site, clock))["event"] == "subject.erased"
        refused = await site.http.get(f"{place}/download", headers=auditor)
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:gateway:problem:conflict")
        await site.gateway.bundling._expire(site.gateway.site.tenants["default"].ledger)
        assert _bundles(sqlite_settings) == []
        assert (await site.http.get(place, headers=auditor)).json()["status"] == "expired"


async def _rows(request: pytest.FixtureRequest, settings: Settings) -> list[bytes]:
    """Every value of every row, of every tenant."""
    url = settings.database.url
    if url.startswith("sqlite"):
        return [value for _, value in columns(target(settings).path)]
    server: Postgres = request.getfixturevalue("postgres_server")
    return [value for _, value in await columns_of_server(server.superuser(url))]


def _bundles(settings: Settings) -> list[Path]:
    return list(Path(settings.base).rglob("ev_*.zip"))


def _wrapped(file: Path, subject: str) -> list[bytes]:
    with closing(sqlite3.connect(file)) as connection, connection:
        rows = connection.execute("SELECT wrapped FROM data_key WHERE subject = ?", (subject,)).fetchall()
    connection.close()
    return [bytes(row[0]) for row in rows]


def _copy(source: Path, to: Path) -> None:
    with closing(sqlite3.connect(source)) as connection, connection, closing(sqlite3.connect(to)) as copy, copy:
        connection.backup(copy)
    connection.close()
    copy.close()
