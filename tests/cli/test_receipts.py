"""`gateway audit check-receipt`: a promise that was kept, and every way of not keeping it."""

import base64
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from gateway.cli import receipts
from gateway.cli.common import WrongUse, load_settings
from gateway.cli.main import parser
from gateway.ledger import receipt
from gateway.ledger.merkle import inclusion_path, root
from gateway.ledger.proof import Proof, encode
from gateway.ledger.receipt import Promise
from gateway.ledger.times import timestamp
from gateway.settings import Settings
from gateway.store.keyring import open_keyring
from tests.cli.kit import Run
from tests.cli.lying import Lying, leaves
from tests.cli.tampering import tamper
from tests.conftest import ManualClock
from tests.exchange.emergency_kit import OWN, both
from tests.store.kit import entry
from tests.system.kit import PUBLIC
from tests.system.site import served, system


class Holder:
    """A caller with a receipt of record 5, and a ledger that shows what a test wants."""

    def __init__(self, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.clock, self.ledger, self.capsys = ManualClock(), Lying(), capsys
        self.file, self.key, self.directory = directory / "r", directory / "key.vkey", directory
        self.key.write_text(self.ledger.signer.verifier.vkey + "\n")
        self.at = timestamp(self.clock.now_us())
        self.hold(leaves(10)[5])

    def hold(self, leaf: bytes) -> None:
        promise = Promise(origin=self.ledger.signer.name, seq=5, leaf_hash=leaf, recorded_at=self.at)
        self.file.write_bytes(receipt.issue(promise, None, self.ledger.signer))

    async def check(self, *options: str) -> tuple[int, dict[str, Any]]:
        arguments = parser().parse_args(["audit", "check-receipt", str(self.file), "--json", *options])
        self.capsys.readouterr()
        code = await receipts.run(arguments, self.clock)
        return code, json.loads(self.capsys.readouterr().out)

    async def asked(self, *options: str) -> tuple[int, str]:
        async with served(self.ledger) as url:
            code, data = await self.check("--key", str(self.key), "--url", f"{url}/audit", *options)
        return code, data["verdict"]


@pytest.fixture
def holder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Holder:
    return Holder(tmp_path, capsys)


async def test_by_the_hashes_that_are_served_a_promise_is_kept_or_another_record_stands_there(holder: Holder) -> None:
    for size in (6, 10, 700):
        holder.ledger.show(leaves(size))
        assert await holder.asked() == (0, "kept")
    holder.ledger.show([*leaves(5), *leaves(5, "other")])
    assert await holder.asked() == (1, "changed")


async def test_what_no_checkpoint_covers_is_pending_then_overdue_and_dropped_once_the_ledger_owes_none(
    holder: Holder,
) -> None:
    holder.ledger.show(leaves(5))
    holder.ledger.since = holder.at
    assert await holder.asked() == (1, "pending")
    holder.clock.advance(3_601)
    assert await holder.asked() == (1, "overdue")
    holder.ledger.since = timestamp(holder.clock.now_us())  # only later ones
    assert await holder.asked() == (1, "dropped")
    holder.ledger.since = None
    assert await holder.asked() == (1, "dropped")


async def test_tiles_that_are_not_the_signed_trees_show_nothing(holder: Holder) -> None:
    holder.ledger.leaves = leaves(10, "other")  # the checkpoint is still that of the true ones
    assert await holder.asked() == (1, "unshown")
    holder.ledger.status = 503
    assert await holder.asked() == (1, "unshown")


async def test_an_earlier_checkpoint_of_ones_own_is_looked_in(holder: Holder) -> None:
    mine = holder.directory / "mine"
    holder.ledger.show(leaves(8))
    mine.write_bytes(holder.ledger.note)
    holder.ledger.show([*leaves(5), *leaves(5, "other")])  # a fork since
    assert await holder.asked("--checkpoint", str(mine)) == (1, "unshown")
    holder.ledger.show(leaves(10))
    assert await holder.asked("--checkpoint", str(mine)) == (0, "kept")
    holder.ledger.show(leaves(4))
    mine.write_bytes(holder.ledger.note)
    assert await holder.asked("--checkpoint", str(mine)) == (1, "pending")


async def test_a_proof_file_and_nothing_else_is_enough(holder: Holder) -> None:
    hashes, file = leaves(10), holder.directory / "5.tlog-proof"
    path = inclusion_path(5, 10, lambda level, at: root(hashes[at << level : at + 1 << level]))
    file.write_bytes(encode(Proof(index=5, path=tuple(path), checkpoint=holder.ledger.note)))
    code, data = await holder.check("--key", str(holder.key), "--proof", str(file))
    assert (code, data["verdict"], data["checkpoint"]) == (0, "kept", 10)
    holder.hold(leaves(1, "other")[0])
    code, data = await holder.check("--key", str(holder.key), "--proof", str(file))
    assert (code, data["verdict"]) == (1, "unshown")


async def test_an_emergency_ledgers_promise_is_looked_for_in_its_file(
    sqlite_template: Path, tmp_path: Path, holder: Holder
) -> None:
    async with both(sqlite_template, tmp_path) as sides:
        promised = await sides.own.append(entry())
        await sides.stitching().stitch(await sides.over())
        file = sides.file
    holder.key.write_text(OWN.verifier.vkey + "\n")

    async def found(seq: int, leaf: bytes, *options: str) -> tuple[int, str]:
        promise = Promise(origin=OWN.name, seq=seq, leaf_hash=leaf, recorded_at=promised.recorded_at)
        holder.file.write_bytes(receipt.issue(promise, None, OWN))
        code, data = await holder.check("--key", str(holder.key), "--archive", str(file), *options)
        return code, data["verdict"]

    assert await found(promised.seq, promised.leaf_hash) == (0, "kept")
    assert await found(promised.seq, b"x" * 32) == (1, "changed")
    assert await found(promised.seq - 1, promised.leaf_hash) == (1, "changed")
    assert await found(99, promised.leaf_hash) == (1, "unshown"), "it ends before that"
    with pytest.raises(WrongUse, match="--archive"):
        await found(promised.seq, promised.leaf_hash, "--proof", "x")
    file.write_bytes(file.read_bytes().replace(b'"event":"config.changed"', b'"event":"config.chanGed"', 1))
    assert await found(promised.seq, promised.leaf_hash) == (1, "unshown"), "nothing is said by a file that was changed"


async def test_a_receipt_under_another_key_or_that_was_changed_shows_nothing(holder: Holder) -> None:
    holder.key.write_text(Lying().signer.verifier.vkey)
    code, data = await holder.check("--key", str(holder.key))
    assert (code, data["verdict"], data["ok"]) == (1, "unshown", False)


async def test_wrong_use_is_told(holder: Holder) -> None:
    for options, told in (
        (("--proof", "x"), "--key"),
        (("--archive", "x"), "--key"),
        (("--url", "http://127.0.0.1:1/audit"), "--key"),
        (("--key", str(holder.key), "--checkpoint", "x"), "--url"),
        (("--key", str(holder.file)), "--key"),
    ):
        with pytest.raises(WrongUse, match=told):
            await holder.check(*options)
    holder.file.write_bytes(b"gateway/receipt@v1 and nothing")
    with pytest.raises(WrongUse, match="FILE"):
        await holder.check("--key", str(holder.key))


async def test_a_real_gateways_receipt_is_checked_offline_by_address_and_at_home(
    sqlite_settings: Settings, holder: Holder
) -> None:
    async with system(sqlite_settings, ledger={"checkpoint_interval_s": 3600.0}) as site:
        key, place = await site.key("clerk"), site.gateway.site
        await (await place.checkpointer("default")).publish(force=True)
        answer = await site.chat(key, PUBLIC, model="ward", headers={"x-receipt": "1"})
        holder.file.write_text(answer.headers["x-receipt"] + "\n")
        holder.key.write_text(place.keyring.verifier_key(place.tenants["default"].origin))
        (holder.directory / "body").write_bytes(answer.request.content)
        seq = receipt.from_header(answer.headers["x-receipt"]).promise.seq
        stored = await place.reader("default").record(seq)
        assert stored is not None
        (holder.directory / "record").write_bytes(stored.envelope)
        (holder.directory / "credential").write_text(await site.key("auditor", scopes=("audit:hashes",)))
        offline = ("--key", str(holder.key), "--request", str(holder.directory / "body"))
        code, data = await holder.check(*offline, "--record", str(holder.directory / "record"))
        assert (code, data["verdict"], data["request"], data["record"]) == (0, "promised", True, True)
        holder.clock.us = place.clock.now_us()
        online = (*offline, "--url", f"{site.url}/audit", "--credential", f"file:{holder.directory / 'credential'}")
        assert (await holder.check(*online))[1]["verdict"] == "pending"
        await (await place.checkpointer("default")).publish(force=True)
        assert (await holder.check(*online))[1]["verdict"] == "kept"
        (holder.directory / "body").write_bytes(b"another")
        code, data = await holder.check(*online)
        assert (code, data["verdict"], "commits to" in data["reason"]) == (1, "unshown", True)


def test_who_runs_the_ledger_checks_it_at_home_and_what_was_tampered_with_is_found(site: Path, gateway: Run) -> None:
    gateway("migrate")
    made = gateway("keys", "create", "--owner", "ada", "--kind", "service", "--role", "auditor", "--zone", "in-house")
    assert made.code == 0, made.err
    file = site / "r"
    file.write_text(_promised(site))
    kept = gateway("audit", "check-receipt", file, "--json")
    assert (kept.code, kept.data["verdict"]) == (0, "kept"), kept.out + kept.err
    assert gateway("audit", "check-receipt", file).out.splitlines()[-1].startswith("KEPT")
    mine = "tenant LIKE 'tn%' AND seq = 0"
    tamper(site / "gateway.db", f"UPDATE record SET bytes = CAST('{{}}' AS BLOB) WHERE {mine}", restore=True)
    changed = gateway("audit", "check-receipt", file, "--json")
    assert (changed.code, changed.data["verdict"]) == (1, "changed")
    tamper(site / "gateway.db", f"DELETE FROM record WHERE {mine}", restore=True)
    dropped = gateway("audit", "check-receipt", file, "--json")
    assert (dropped.code, dropped.data["verdict"]) == (1, "dropped")


def _promised(site: Path) -> str:
    """A receipt of the tenant's first record, by its own key."""
    database = sqlite3.connect(site / "gateway.db")
    ledger, origin = database.execute("SELECT ledger, origin FROM tenant WHERE id = 'default'").fetchone()
    query = "SELECT hash, recorded_at FROM record WHERE tenant = ? AND seq = 0"
    hashed, at = database.execute(query, (ledger,)).fetchone()
    database.close()
    keyring = open_keyring(load_settings(site / "gateway.toml"))
    promise = Promise(origin=origin, seq=0, leaf_hash=hashed, recorded_at=at)
    data = receipt.issue(promise, None, keyring.signer(origin))
    keyring.close()
    return base64.b64encode(data).decode()
