"""The same tampering at random as on SQLite, on PostgreSQL: done by its owner, the triggers dropped first, and verified
by the role that serves."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.store.engine import postgresql_engine
from gateway.store.verification import LedgerVerification, Verdict
from tests.services import Postgres
from tests.system import tampering
from tests.system.test_tamper import NUMBERS
from tests.system.victims import Victim, make

pytestmark = pytest.mark.postgres
_TABLES = ("record", "detail", "sealed", "subject_record", "checkpoint", "head")
_TRIGGERS = (
    "SELECT format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass) FROM pg_trigger WHERE NOT tgisinternal "
    "AND tgrelid = ANY ($1::regclass[])"
)


class _Rows(list[tuple[Any, ...]]):
    """What a statement found, as a SQLite cursor gives it."""

    def fetchone(self) -> tuple[Any, ...] | None:
        return self[0] if self else None

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self


class Owner:
    """The owner's connection, as `tampering` uses one, and the way back to what was there before."""

    def __init__(self, runner: asyncio.Runner, url: str) -> None:
        self._runner = runner
        self._connection = runner.run(asyncpg.connect(url))

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> _Rows:
        pieces = sql.split("?")
        numbered = pieces[0] + "".join(f"${number}{piece}" for number, piece in enumerate(pieces[1:], 1))
        return _Rows(tuple(row) for row in self._runner.run(self._connection.fetch(numbered, *parameters)))

    def begin(self) -> None:
        """Drop the triggers, and keep what is there."""
        for (statement,) in self.execute(_TRIGGERS, (list(_TABLES),)):
            self.execute(statement)
        self._all("CREATE TABLE kept_{0} AS TABLE {0}")

    def restore(self) -> None:
        """What was there before, whatever was done."""
        self._all("DELETE FROM {0}; INSERT INTO {0} SELECT * FROM kept_{0}")

    def close(self) -> None:
        self._runner.run(self._connection.close())

    def _all(self, statement: str) -> None:
        together = "; ".join(statement.format(table) for table in _TABLES)
        self._runner.run(self._connection.execute(together))


class Target:
    """A ledger of real traffic on PostgreSQL, open to its owner."""

    def __init__(self, runner: asyncio.Runner, victim: Victim, owner: Owner, engine: AsyncEngine) -> None:
        self.victim, self.owner, self._runner, self._engine = victim, owner, runner, engine

    def verify(self, given: bytes | None = None) -> Verdict:
        verification = LedgerVerification(self._engine, self.victim.ledger, self.victim.verifier)
        return self._runner.run(verification.run(given))


@pytest.fixture(scope="module")
def target(postgres_server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    urls = postgres_server.database()
    base: Path = tmp_path_factory.mktemp("victim")
    with asyncio.Runner() as runner:
        victim = runner.run(make(postgres_server.settings(*urls, base=base)))
        owner, engine = Owner(runner, urls[0]), postgresql_engine(urls[1])
        owner.begin()
        yield Target(runner, victim, owner, engine)
        owner.close()
        runner.run(engine.dispose())
    postgres_server.drop(urls[0])


def test_what_was_dropped_and_put_back_verifies(target: Target) -> None:
    """So that what the others find was their own doing."""
    (left,) = target.owner.execute(f"SELECT count(*) FROM ({_TRIGGERS}) AS found".replace("$1", "?"), (list(_TABLES),))
    assert left == (0,)
    target.owner.restore()
    for point in (None, target.victim.early, target.victim.late):
        verdict = target.verify(point)
        assert verdict.failure is None
        assert (verdict.size, verdict.covered) == (target.victim.size, target.victim.late_size)


@pytest.mark.parametrize("tamper", tampering.FOUND, ids=lambda tamper: tamper.__name__)
@settings(max_examples=4, deadline=None, database=None)
@given(at=NUMBERS, how=NUMBERS)
def test_tampering_is_found_wherever_it_is_done(target: Target, tamper: tampering.Tamper, at: int, how: int) -> None:
    """Without a checkpoint from elsewhere, by what the ledger itself holds."""
    tamper(target.owner, target.victim.ledger, at, how % 255)
    try:
        assert target.verify().failure is not None
    finally:
        target.owner.restore()


@settings(max_examples=8, deadline=None, database=None)
@given(data=st.data())
def test_the_newest_records_cut_off_with_the_head_adjusted_are_missed_by_a_checkpoint_from_elsewhere(
    data: st.DataObject, target: Target
) -> None:
    victim = target.victim
    first = data.draw(st.integers(1, victim.late_size - 1))
    tampering.cut(target.owner, victim.ledger, first)
    try:
        alone = target.verify()
        assert (alone.failure, alone.size) == (None, first)
        assert alone.covered == (victim.early_size if first >= victim.early_size else 0)
        assert "missing" in str(target.verify(victim.late).failure)
    finally:
        target.owner.restore()


@settings(max_examples=4, deadline=None, database=None)
@given(data=st.data())
def test_a_chain_made_anew_with_other_data_is_found_by_a_checkpoint_from_elsewhere(
    data: st.DataObject, target: Target
) -> None:
    victim = target.victim
    first, how = data.draw(st.integers(0, victim.late_size - 1)), data.draw(st.integers(0, 9))
    tampering.rewrite_without_a_word(target.owner, victim.ledger, first, how)
    try:
        assert target.verify().failure is None
        assert "root" in str(target.verify(victim.late).failure)
        target.owner.execute("INSERT INTO checkpoint SELECT * FROM kept_checkpoint ON CONFLICT DO NOTHING")
        assert "root" in str(target.verify().failure)
    finally:
        target.owner.restore()
