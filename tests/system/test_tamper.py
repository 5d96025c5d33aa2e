"""Whoever owns the database can change anything in it; none of it goes unnoticed.

A ledger of real traffic is tampered with at random, the database's own rules dropped first, and verified. What can only
be found with a checkpoint from elsewhere is tried with one and without.
"""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import asyncpg
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.bootstrap import Site, open_site
from gateway.ledger import checkpoint
from gateway.ledger.note import Signer
from gateway.settings import Settings, parse
from gateway.store.verification import LedgerVerification, Verdict
from tests.system import every_byte, tampering
from tests.system.victims import Victim, make

NUMBERS = st.integers(0, 1 << 20)


@pytest.fixture(scope="module")
def victim(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Victim:
    directory = tmp_path_factory.mktemp("victim")
    shutil.copy(sqlite_template, directory / "gateway.db")
    made = asyncio.run(make(parse({"database": {"url": "sqlite:///gateway.db"}}, {}, directory)))
    connection = sqlite3.connect(made.file, isolation_level=None)
    tampering.drop_rules(connection)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return made


def tampered(victim: Victim, file: Path, tamper: Callable[[sqlite3.Connection], None] | None = None) -> Path:
    """A copy of the victim's file, tampered with."""
    shutil.copy(victim.file, file)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        if tamper is not None:
            tamper(connection)
    return file


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The file that copies are made to, one after the other."""
    return tmp_path / "copy.db"


def test_a_ledger_that_nobody_touched_verifies_and_says_what_no_checkpoint_covers(victim: Victim, copy: Path) -> None:
    file = tampered(victim, copy)
    for point in (None, victim.early, victim.late):
        verdict = victim.verify(file, point)
        assert verdict.failure is None
        assert (verdict.size, verdict.covered, verdict.checkpoints) == (victim.size, victim.late_size, 2)
        assert verdict.uncovered == victim.size - victim.late_size > 0
        assert verdict.details > 10


@pytest.mark.parametrize("tamper", tampering.FOUND, ids=lambda tamper: tamper.__name__)
def test_tampering_is_found_wherever_it_is_done(victim: Victim, copy: Path, tamper: tampering.Tamper) -> None:
    """Without a checkpoint from elsewhere, by what the ledger itself holds."""

    @settings(max_examples=20, deadline=None, database=None)
    @given(at=NUMBERS, how=NUMBERS)
    def found(at: int, how: int) -> None:
        file = tampered(victim, copy, lambda connection: tamper(connection, victim.ledger, at, how % 255))
        assert victim.verify(file).failure is not None

    found()


@pytest.mark.parametrize("what", ["checkpoint.root", every_byte.INDEX])
def test_the_long_form_tries_each_and_tells_what_went_unnoticed(
    what: str, victim: Victim, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it by `python -m tests.system.every_byte`."""
    mine = msgspec.structs.replace(victim, file=tampered(victim, copy))
    with closing(sqlite3.connect(mine.file)) as connection:
        tried = [*every_byte.changes(connection, mine.ledger, what)][::40]
    assert len(tried) > 1
    monkeypatch.setattr(every_byte, "changes", lambda *_: iter(tried))
    assert asyncio.run(every_byte.unnoticed(mine, what)) == (len(tried), [])
    nothing = tried[0]._replace(new=tried[0].old)
    monkeypatch.setattr(every_byte, "changes", lambda *_: iter([nothing]))
    count, missed = asyncio.run(every_byte.unnoticed(mine, what))
    assert (count, len(missed)) == (1, 1)


@settings(max_examples=25, deadline=None, database=None)
@given(data=st.data())
def test_the_newest_records_cut_off_with_the_head_adjusted_are_missed_by_a_checkpoint_from_elsewhere(
    data: st.DataObject, victim: Victim, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Nothing in the database speaks of them any more: without it `verify` says only what is covered."""
    first = data.draw(st.integers(1, victim.late_size - 1))
    file = tmp_path_factory.getbasetemp() / "cut.db"
    tampered(victim, file, lambda connection: tampering.cut(connection, victim.ledger, first))
    alone = victim.verify(file)
    assert alone.failure is None
    assert (alone.size, alone.covered) == (first, victim.early_size if first >= victim.early_size else 0)
    assert "missing" in str(victim.verify(file, victim.late).failure)


@settings(max_examples=25, deadline=None, database=None)
@given(data=st.data())
def test_a_chain_made_anew_with_other_data_is_found_by_a_checkpoint_from_elsewhere(
    data: st.DataObject, victim: Victim, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The attacker can compute every hash and lacks only the signing key: a stored checkpoint, if one is left, or the
    one from elsewhere has another root."""
    first = data.draw(st.integers(0, victim.late_size - 1))
    how = data.draw(st.integers(0, 9))
    file = tmp_path_factory.getbasetemp() / "anew.db"
    rewrite = tampering.rewrite_without_a_word
    tampered(victim, file, lambda connection: rewrite(connection, victim.ledger, first, how))
    alone = victim.verify(file)
    assert alone.failure is None
    assert alone.uncovered >= victim.size - victim.late_size
    assert "root" in str(victim.verify(file, victim.late).failure)
    with closing(sqlite3.connect(victim.file)) as original, closing(sqlite3.connect(file)) as connection, connection:
        kept = original.execute("SELECT * FROM checkpoint").fetchall()
        connection.executemany("INSERT OR IGNORE INTO checkpoint VALUES (?, ?, ?, ?)", kept)
    assert "root" in str(victim.verify(file).failure)


@settings(max_examples=10, deadline=None, database=None)
@given(data=st.data())
def test_a_chain_made_anew_that_left_what_its_records_tell_of_checkpoints_is_found_without_any_checkpoint(
    data: st.DataObject, victim: Victim, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first, how = data.draw(st.integers(0, victim.late_size - 1)), data.draw(st.integers(0, 9))
    file = tmp_path_factory.getbasetemp() / "left.db"
    tampered(victim, file, lambda connection: tampering.rewrite_from(connection, victim.ledger, first, how))
    assert "published" in str(victim.verify(file).failure)


@pytest.mark.parametrize("late", [False, True])
def test_checkpoints_that_were_taken_away_are_missed_by_the_records_of_them(
    victim: Victim, copy: Path, late: bool
) -> None:
    """All of them, or the newest alone; nothing else was touched."""
    where = f" AND size = {victim.late_size}" if late else ""

    def delete(connection: sqlite3.Connection) -> None:
        connection.execute(f"DELETE FROM checkpoint WHERE tenant = ?{where}", (victim.ledger,))

    first = victim.late_size if late else victim.early_size
    failure = str(victim.verify(tampered(victim, copy, delete)).failure)
    assert failure.endswith(f"published: the checkpoint of {first} records is not stored")


def test_records_after_every_checkpoint_are_said_to_be_uncovered(victim: Victim, copy: Path) -> None:
    """Those alone can be cut off unseen until the next checkpoint, and the verdict counts them."""
    whole = victim.verify(tampered(victim, copy), victim.late)
    assert (whole.failure, whole.uncovered) == (None, victim.size - victim.late_size)
    assert whole.uncovered > 0
    file = tampered(victim, copy, lambda connection: tampering.cut(connection, victim.ledger, victim.late_size))
    verdict = victim.verify(file, victim.late)
    assert verdict.failure is None
    assert verdict.uncovered == 0


def test_a_checkpoint_signed_by_another_key_of_the_same_name_is_refused(victim: Victim, copy: Path) -> None:
    """Whoever makes the chain anew cannot sign for it."""
    point = checkpoint.verify(victim.late, victim.verifier)
    forged = checkpoint.sign(point, Signer.generate(victim.verifier.name))

    def replace(connection: sqlite3.Connection) -> None:
        where = (forged, victim.ledger, victim.late_size)
        connection.execute("UPDATE checkpoint SET note = ? WHERE tenant = ? AND size = ?", where)

    assert victim.verify(tampered(victim, copy, replace)).failure is not None
    assert victim.verify(tampered(victim, copy), forged).failure is not None


# -------------------------------------------------------------------------------------------------------- PostgreSQL

_PG_CASES = {
    "a byte of an envelope": "UPDATE record SET bytes = set_byte(bytes, 40, get_byte(bytes, 40) # 1) WHERE {here}",
    "a stored hash": "UPDATE record SET hash = set_byte(hash, 0, get_byte(hash, 0) # 1) WHERE {here}",
    "a changed record with its hash": "UPDATE record SET bytes = b, hash = sha256('\\x00'::bytea || b) FROM (SELECT "
    "tenant t, seq s, convert_to(replace(convert_from(bytes, 'UTF8'), 'exchange.', 'exchangf.'), 'UTF8') b "
    "FROM record) changed WHERE t = tenant AND s = seq AND {here}",
    "an index column": "UPDATE record SET agent = 'other' WHERE {here}",
    "an emptied index column": "UPDATE record SET trace = NULL WHERE {here}",
    "a detail": "UPDATE detail SET bytes = set_byte(bytes, 9, get_byte(bytes, 9) # 1) WHERE {here}",
    "a deleted record": "DELETE FROM record WHERE {here}",
    "the newest records": "DELETE FROM record WHERE tenant = '{ledger}' AND seq >= {size} - 2",
    "two records": "UPDATE record SET seq = CASE seq WHEN 5 THEN 1000005 ELSE 5 END WHERE tenant = '{ledger}' "
    "AND seq IN (5, 6); UPDATE record SET seq = 6 WHERE tenant = '{ledger}' AND seq = 1000005",
    "a checkpoint": "UPDATE checkpoint SET note = set_byte(note, 70, get_byte(note, 70) # 1)",
    "a checkpoint's root": "UPDATE checkpoint SET root = sha256(root)",
    "all checkpoints": "DELETE FROM checkpoint",
    "the head": "UPDATE head SET size = size + 1",
}
_PG_CUT = """
DELETE FROM record WHERE tenant = '{ledger}' AND seq >= 8;
DELETE FROM detail WHERE tenant = '{ledger}' AND seq >= 8;
DELETE FROM subject_record WHERE tenant = '{ledger}' AND seq >= 8;
DELETE FROM checkpoint;
UPDATE head SET (size, hash, recorded_at) = (SELECT seq + 1, hash, recorded_at FROM record
    WHERE tenant = '{ledger}' AND seq = 7) WHERE tenant = '{ledger}'
"""


@pytest.mark.postgres
async def test_tampering_is_found_on_postgresql(postgres_settings: Settings) -> None:
    """Each of the fixed cases, undone again; at last the newest records with the head adjusted."""
    victim = await make(postgres_settings)
    async with open_site(postgres_settings) as site:
        assert (await _verdict(site, victim)).failure is None
        owner = await asyncpg.connect(postgres_settings.database.owner_url)
        for table in ("record", "detail", "checkpoint", "head"):
            await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        assert (await _verdict(site, victim)).failure is None
        for name, statement in _PG_CASES.items():
            here = f"tenant = '{victim.ledger}' AND seq = 6"
            before = await _dump(owner)
            await owner.execute(statement.format(here=here, ledger=victim.ledger, size=victim.size))
            assert (await _verdict(site, victim)).failure is not None, name
            await _restore(owner, before)
            assert (await _verdict(site, victim)).failure is None, name
        await owner.execute(_PG_CUT.format(ledger=victim.ledger))
        await owner.close()
        alone = await _verdict(site, victim)
        assert (alone.failure, alone.size, alone.uncovered) == (None, 8, 8)
        assert "missing" in str((await _verdict(site, victim, victim.late)).failure)


async def _verdict(site: Site, victim: Victim, given: bytes | None = None) -> Verdict:
    return await LedgerVerification(site.engine, victim.ledger, victim.verifier).run(given)


_TABLES = ("record", "detail", "checkpoint", "head")


async def _dump(owner: asyncpg.Connection) -> dict[str, list[asyncpg.Record]]:
    return {table: await owner.fetch(f"SELECT * FROM {table}") for table in _TABLES}


async def _restore(owner: asyncpg.Connection, rows: dict[str, list[asyncpg.Record]]) -> None:
    for table, found in rows.items():
        await owner.execute(f"DELETE FROM {table}")
        places = ", ".join(f"${number}" for number in range(1, len(found[0]) + 1))
        await owner.executemany(f"INSERT INTO {table} VALUES ({places})", [tuple(row) for row in found])
