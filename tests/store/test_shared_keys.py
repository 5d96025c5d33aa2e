"""Data keys in a database that machines share: the promises of the file, across machines; no wait without an end."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest

from gateway.core.errors import ConfigurationError, LedgerUnavailable, VerificationError
from gateway.ledger.entry import DataKey
from gateway.settings import parse
from gateway.store.shared_keys import SharedDataKeys, data_keys_dsn
from tests.services import Postgres, run_apart
from tests.store.shared_keys_kit import away, back, data_keys_database, sql

KEK = bytes(range(32))
RECORDS = "postgresql://app@db.internal/gateway"
pytestmark = pytest.mark.postgres


@pytest.fixture
def url(postgres_server: Postgres) -> Iterator[str]:
    with data_keys_database(postgres_server) as made:
        assert SharedDataKeys.create(made, KEK)
        yield made


@pytest.fixture
def keys(url: str) -> Iterator[SharedDataKeys]:
    with closing(SharedDataKeys(url, KEK, read_s=1.0, retry_s=0.01)) as opened:
        yield opened


@pytest.fixture
def other(url: str) -> Iterator[SharedDataKeys]:
    """As another machine has it."""
    with closing(SharedDataKeys(url, KEK)) as opened:
        yield opened


def _answers(keys: SharedDataKeys) -> bool:
    try:
        keys.prove()
    except LedgerUnavailable:
        return False
    return True


async def _rows(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM data_key"))
    finally:
        await connection.close()


def test_what_one_machine_persists_another_reads(keys: SharedDataKeys, other: SharedDataKeys) -> None:
    made = [keys.new("su_1") for _ in range(3)]
    alone, plain = keys.new(None)
    assert other.get(alone.id) is None
    assert other.unknown(alone.id)
    keys.persist([alone, *(key for key, _ in made)])
    keys.persist([alone])
    keys.persist([])
    assert other.get(alone.id) == plain
    assert not other.unknown(alone.id)
    first = min(made, key=lambda item: item[0].id)
    assert other.of_subject("su_1") == (first[0].id, first[1])
    assert other.ids_of_subject("su_1") == tuple(sorted(key.id for key, _ in made))
    assert (other.of_subject("su_2"), other.ids_of_subject("su_2")) == (None, ())


def test_a_key_of_another_home_whose_subject_was_erased_here_meanwhile_is_destroyed_with_it(
    keys: SharedDataKeys, other: SharedDataKeys
) -> None:
    """As one that an emergency made for a person who was erased on another machine before it was stitched in."""
    (erased, _), (kept, plain), (alone, _) = keys.new("su_1"), keys.new("su_2"), keys.new(None)
    other.destroy(["su_1"])
    for _ in range(2):
        keys.take([erased, kept, alone], [])
        assert (other.get(erased.id), other.unknown(erased.id), other.ids_of_subject("su_1")) == (None, False, ())
        assert other.get(kept.id) == plain
    with pytest.raises(ConfigurationError, match="another key of the same id"):
        keys.take([DataKey(id=kept.id, subject="su_2", wrapped=erased.wrapped)], [])


async def _cancelled(server: Postgres, persist: Callable[[], None]) -> None:
    """`persist` while commits wait for a standby that is not there; its wait is cancelled."""
    admin = await asyncpg.connect(server.url)
    waits = "FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name = 'gateway data keys'"
    await admin.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    try:
        await admin.execute("SELECT pg_reload_conf()")
        async with asyncio.timeout(30):
            while True:  # until the server has read its configuration
                done = asyncio.create_task(asyncio.to_thread(persist))
                while not done.done():
                    await admin.execute(f"SELECT pg_cancel_backend(pid) {waits}")
                    await asyncio.sleep(0.01)
                await done
    finally:
        await admin.execute("ALTER SYSTEM RESET synchronous_standby_names")
        await admin.execute("SELECT pg_reload_conf()")
        await admin.close()


def test_a_key_whose_commit_was_told_not_to_wait_for_its_standby_is_not_durable(
    postgres_server: Postgres, url: str
) -> None:
    if not postgres_server.private:
        pytest.skip("POSTGRES: a server of the tests' own is needed, whose replication may be changed")
    with closing(SharedDataKeys(url, KEK, write_s=20.0, retry_s=0.01)) as keys:
        with pytest.raises(LedgerUnavailable):
            asyncio.run(_cancelled(postgres_server, lambda: keys.persist([keys.new(None)[0]])))
        asyncio.run(back(keys))
        keys.persist([keys.new(None)[0]])


def test_a_destroyed_key_is_gone_on_every_machine_and_does_not_come_back(
    keys: SharedDataKeys, other: SharedDataKeys
) -> None:
    key, _ = keys.new("su_1")
    keys.persist([key])
    assert other.get(key.id) is not None
    assert keys.destroy([key.id, key.id, "dk_never"]) == 1
    assert (other.get(key.id), other.of_subject("su_1"), other.ids_of_subject("su_1")) == (None, None, ())
    other.persist([key])
    assert other.get(key.id) is None
    assert not other.unknown(key.id), "it was here"
    assert (keys.destroy([key.id]), keys.destroy([])) == (0, 0)


def test_for_a_subject_that_was_destroyed_by_name_no_machine_makes_a_key_durable_again(
    keys: SharedDataKeys, other: SharedDataKeys
) -> None:
    made, others = other.new("su_1")[0], [other.new(one)[0] for one in ("su_2", None)]
    keys.destroy(["su_1"])
    other.persist([made, *others])
    assert [keys.get(key.id) is not None for key in (made, *others)] == [False, True, True]
    assert keys.of_subject("su_1") is None


def test_who_was_destroyed_by_name_is_known_on_every_machine(keys: SharedDataKeys, other: SharedDataKeys) -> None:
    key, alive = keys.new("su_1")[0], keys.new("su_2")[0]
    keys.persist([key, alive])
    keys.destroy([key.id, "su_1", "su_0", "sv_1"])
    assert (other.destroyed("su_"), other.destroyed("dk_")) == (("su_0", "su_1"), (key.id,))


async def test_a_key_that_is_destroyed_while_it_is_made_durable_stays_destroyed(
    keys: SharedDataKeys, other: SharedDataKeys, url: str
) -> None:
    """Whoever comes second waits for the row of whoever came first."""
    key, _ = keys.new("su_1")
    connection = await asyncpg.connect(url)
    try:
        before = connection.transaction()
        await before.start()
        await connection.execute("INSERT INTO data_key VALUES ($1, $2, $3)", key.id, key.subject, key.wrapped)
        destroying = asyncio.create_task(asyncio.to_thread(keys.destroy, [key.id]))
        waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
        while not await connection.fetchval(waits):
            pass
        await before.commit()
        await destroying
        assert other.get(key.id) is None
    finally:
        await connection.close()


def test_a_row_that_was_changed_opens_nothing(keys: SharedDataKeys, url: str) -> None:
    key, _ = keys.new("su_1")
    keys.persist([key])
    run_apart(sql(url, "UPDATE data_key SET subject = 'su_2'"))
    with pytest.raises(VerificationError):
        keys.get(key.id)
    with pytest.raises(VerificationError):
        keys.of_subject("su_2")


def test_another_kek_is_refused_at_the_start_and_says_so(url: str) -> None:
    with pytest.raises(ConfigurationError, match="kek is not the one"):
        SharedDataKeys(url, bytes(32))
    with pytest.raises(ConfigurationError, match="kek is not the one"):
        SharedDataKeys.create(url, bytes(32))
    assert not SharedDataKeys.create(url, KEK)


def test_a_database_without_tables_or_of_another_version_is_refused(postgres_server: Postgres, url: str) -> None:
    with data_keys_database(postgres_server) as empty, pytest.raises(ConfigurationError, match="gateway migrate"):
        SharedDataKeys(empty, KEK)
    run_apart(sql(url, "UPDATE data_key_store SET version = 2"))
    with pytest.raises(ConfigurationError, match="version"):
        SharedDataKeys(url, KEK)


def test_the_records_own_database_is_refused_by_what_is_in_it(postgres_database: tuple[str, str]) -> None:
    for attempt in (SharedDataKeys.create, SharedDataKeys):
        with pytest.raises(ConfigurationError, match="another database than the records'"):
            attempt(postgres_database[0], KEK)


def test_a_server_that_does_not_sync_is_refused(url: str) -> None:
    name = url.rpartition("/")[2]
    run_apart(sql(url, f"ALTER DATABASE {name} SET synchronous_commit = off"))
    with pytest.raises(ConfigurationError, match="synchronous_commit"):
        SharedDataKeys(url, KEK)


async def test_while_it_is_away_everything_is_refused_at_once_and_it_comes_back_by_itself(
    postgres_server: Postgres, url: str, keys: SharedDataKeys
) -> None:
    key, plain = keys.new("su_1")
    keys.persist([key])
    assert _answers(keys)
    async with away(postgres_server, url):
        with pytest.raises(LedgerUnavailable):
            keys.persist([keys.new(None)[0]])
        assert not _answers(keys)
        for attempt in (
            lambda: keys.get(key.id),
            lambda: keys.unknown(key.id),
            lambda: keys.of_subject("su_1"),
            lambda: keys.ids_of_subject("su_1"),
            lambda: keys.destroy([key.id]),
        ):
            with pytest.raises(LedgerUnavailable, match="is away"):
                attempt()
        with pytest.raises(LedgerUnavailable):
            SharedDataKeys(url, KEK)
        with pytest.raises(LedgerUnavailable):
            await asyncio.to_thread(SharedDataKeys.create, url, KEK)
    await back(keys)
    assert _answers(keys)
    assert keys.get(key.id) == plain


async def test_a_database_that_can_be_read_and_not_written_is_not_back_before_it_can(
    url: str, keys: SharedDataKeys
) -> None:
    name = url.rpartition("/")[2]
    assert _answers(keys)
    assert await _rows(url) == 0, "nothing is left of what was only tried"
    admin = await asyncpg.connect(url)
    try:
        await admin.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        await admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        with pytest.raises(LedgerUnavailable):
            keys.persist([keys.new(None)[0]])
        assert not _answers(keys)
        await admin.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        await admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    finally:
        await admin.close()
    await back(keys)
    assert _answers(keys)


async def test_a_database_that_hangs_is_waited_for_once_and_not_for_ever(url: str) -> None:
    with closing(SharedDataKeys(url, KEK, read_s=0.05, write_s=0.05, retry_s=0.01)) as keys:
        connection = await asyncpg.connect(url)
        try:
            hold = connection.transaction()
            await hold.start()
            await connection.execute("LOCK TABLE data_key")
            with pytest.raises(LedgerUnavailable, match="did not answer"):
                keys.of_subject("su_1")
            await hold.rollback()
        finally:
            await connection.close()
        await back(keys)
        assert keys.of_subject("su_1") is None


async def test_what_stands_in_its_place_later_is_not_used(
    postgres_server: Postgres, url: str, keys: SharedDataKeys
) -> None:
    """Another database under the old name, restored or made anew: checked at each connection, and an outage."""
    async with away(postgres_server, url):
        pass
    await sql(url, "UPDATE data_key_store SET version = 2")
    with pytest.raises(LedgerUnavailable):
        keys.get("dk_1")
    assert not _answers(keys)
    await sql(url, "UPDATE data_key_store SET version = 1")
    await back(keys)
    assert _answers(keys)


def test_a_process_killed_after_persist_returned_has_lost_no_key(keys: SharedDataKeys, url: str) -> None:
    program = (
        "import os, sys\n"
        "from gateway.store.shared_keys import SharedDataKeys\n"
        "keys = SharedDataKeys(sys.argv[1], bytes(range(32)))\n"
        "key, plain = keys.new(None)\n"
        "keys.persist([key])\n"
        "print(key.id, plain.hex(), flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, url], capture_output=True, text=True, check=False)
    assert done.returncode == -9
    key_id, plain = done.stdout.split()
    assert keys.get(key_id) == bytes.fromhex(plain)


def test_one_that_was_let_go_of_answers_nothing(url: str) -> None:
    keys = SharedDataKeys(url, KEK)
    keys.close()
    keys.close()
    with pytest.raises(LedgerUnavailable):
        keys.get("dk_1")


def test_keys_of_another_home_are_taken_again_and_again_and_never_over_another(keys: SharedDataKeys) -> None:
    (first, plain), (second, _) = keys.new("su_1"), keys.new(None)
    for _ in range(2):
        keys.take([first], ["dk_destroyed"])
    assert keys.get(first.id) == plain
    assert not keys.unknown("dk_destroyed")
    with pytest.raises(ConfigurationError, match="another key of the same id"):
        keys.take([type(first)(id=first.id, subject=None, wrapped=second.wrapped)], [])
    keys.destroy([first.id])
    keys.take([first], [])
    assert keys.get(first.id) is None


def test_where_they_are_is_read_from_the_settings_and_never_the_records_database(tmp_path: Path) -> None:
    def dsn(value: str | None) -> str | None:
        keys = {} if value is None else {"data_keys": value}
        return data_keys_dsn(parse({"database": {"url": "file:records"}, "keys": keys}, {}, tmp_path))

    (tmp_path / "records").write_text(RECORDS)
    (tmp_path / "keys").write_text("postgresql://keys@db.internal/keys\n")
    (tmp_path / "same").write_text("postgres://keys@DB.internal:5432/gateway")
    (tmp_path / "file").write_text("sqlite:///keys.db")
    assert dsn(None) is None
    assert dsn("file:keys") == "postgresql://keys@db.internal/keys"
    with pytest.raises(ConfigurationError, match="another database than the records'"):
        dsn("file:same")
    with pytest.raises(ConfigurationError, match="must start with postgresql://"):
        dsn("file:file")
