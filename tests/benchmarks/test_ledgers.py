"""Big ledgers for measurements are ledgers: rows in their places, a tree above them, rules and indexes as before."""

import sqlite3
from collections import Counter
from contextlib import closing

from benchmarks.ledgers import LEDGER, OFTEN, SqliteLedger, rows, subjects
from gateway.settings import Settings
from gateway.store.engine import open_engine, target
from gateway.store.tree import TreeReader


def test_rows_are_the_same_at_every_run_but_for_their_hashes() -> None:
    one, other = ([row[:-1] for row in rows(200, 1_200)] for _ in range(2))
    assert one == other
    assert [row[1] for row in one] == list(range(200, 1_200))
    assert Counter(row[3] for row in one)["exchange.completed"] == 500
    assert all(one[number][6] == one[number + 1][6] for number in range(0, 1_000, 2))


def test_a_subject_is_about_a_fifth_of_the_records() -> None:
    assert [seq for _, subject, seq in subjects(0, 20) if subject == OFTEN] == [0, 5, 10, 15]


async def test_a_ledger_grows_and_is_protected_again(sqlite_settings: Settings) -> None:
    where = target(sqlite_settings)

    def made() -> list[str]:
        with closing(sqlite3.connect(where.path)) as connection, connection:
            found = connection.execute("SELECT sql FROM sqlite_master WHERE tbl_name = 'record' AND sql IS NOT NULL")
            return sorted(str(sql).lower().replace('"', "") for (sql,) in found)

    before, ledger = made(), SqliteLedger(where.path)
    await ledger.grow(0, 600)
    await ledger.grow(600, 1_000)
    assert made() == before
    engine = open_engine(where)
    assert len(await TreeReader(engine, LEDGER).inclusion(7, 1_000)) == 10
    await engine.dispose()
