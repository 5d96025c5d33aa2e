"""What a PostgreSQL says of its standbys amounts to one of four states, of which two may be served from."""

import asyncio

import asyncpg
import pytest

from gateway.core.errors import ConfigurationError
from gateway.settings import Settings
from gateway.store.engine import open_engine, target
from gateway.store.replication import Standing, State, acceptable, demand_kept, judged, standing
from tests.services import Postgres
from tests.store.ledger_kit import connected


@pytest.mark.parametrize(
    ("waits", "names", "copies", "state"),
    [
        ("on", "", 0, "alone"),
        ("local", "", 0, "alone"),
        ("on", "", 1, "asynchronous"),
        ("remote_apply", "", 2, "asynchronous"),
        ("on", "ANY 1 (a, b)", 2, "synchronous"),
        ("on", "*", 0, "synchronous"),
        ("remote_apply", "a", 1, "synchronous"),
        ("remote_write", "a", 1, "asynchronous"),
        ("local", "a", 1, "asynchronous"),
        ("on", " ", 1, "asynchronous"),
    ],
)
def test_a_server_is_synchronous_only_where_commits_wait_for_a_standbys_disk(
    waits: str, names: str, copies: int, state: State
) -> None:
    assert judged(standby=False, waits=waits, names=names, copies=copies) == state
    assert judged(standby=True, waits=waits, names=names, copies=copies) == "standby"


def _standing(state: State) -> Standing:
    return Standing(state=state, timeline=None if state == "standby" else "00000001", system=1)


def test_what_a_failover_would_lose_is_refused_unless_accepted_and_a_standby_always() -> None:
    assert [acceptable(_standing(state), False) for state in ("alone", "synchronous")] == [True, True]
    assert [acceptable(_standing("asynchronous"), accepted) for accepted in (False, True)] == [False, True]
    assert [acceptable(_standing("standby"), accepted) for accepted in (False, True)] == [False, False]
    demand_kept(None, False)
    demand_kept(_standing("asynchronous"), True)
    with pytest.raises(ConfigurationError, match=r"database\.accept_lossy_failover"):
        demand_kept(_standing("asynchronous"), False)
    with pytest.raises(ConfigurationError, match="names a standby"):
        demand_kept(_standing("standby"), True)


async def test_on_sqlite_nothing_takes_over(sqlite_settings: Settings) -> None:
    engine = open_engine(target(sqlite_settings))
    assert await standing(engine) is None
    await engine.dispose()


@pytest.mark.postgres
async def test_the_serving_role_sees_who_copies_and_slots_that_wait_for_somebody(
    postgres_settings: Settings, postgres_server: Postgres
) -> None:
    if not postgres_server.private:
        pytest.skip("POSTGRES: a server of the tests' own is needed, whose replication may be changed")
    where = target(postgres_settings)
    engine = open_engine(where)
    try:
        before = await standing(engine)
        assert before is not None
        assert (before.state, before.timeline) == ("alone", "00000001")
        async with connected(postgres_server.superuser(where.dsn)) as admin:
            await admin.execute("SELECT pg_create_physical_replication_slot('gw_test_standby', true)")
            try:
                found = await standing(engine)
                assert found == Standing(state="asynchronous", timeline="00000001", system=before.system)
            finally:
                await admin.execute("SELECT pg_drop_replication_slot('gw_test_standby')")
        assert await standing(engine) == before
    finally:
        await engine.dispose()


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("name", "state"), [("standby_a", "asynchronous"), ("", "asynchronous"), ("pg_receivewal", "alone")]
)
async def test_the_serving_role_sees_a_server_that_copies_from_its_own(
    postgres_settings: Settings, postgres_server: Postgres, name: str, state: State
) -> None:
    if not postgres_server.private:
        pytest.skip("POSTGRES: a server of the tests' own is needed, whose replication may be changed")
    where = target(postgres_settings)
    engine = open_engine(where)
    copying = await asyncpg.connect(
        postgres_server.superuser(where.dsn), server_settings={"replication": "true", "application_name": name}
    )
    try:
        found = await standing(engine)
        assert found is not None
        assert found.state == state
    finally:
        copying.terminate()
        async with connected(postgres_server.superuser(where.dsn)) as admin, asyncio.timeout(20):
            while await admin.fetchval("SELECT count(*) FROM pg_stat_replication"):  # noqa: ASYNC110 — the server is asked
                await asyncio.sleep(0.01)
        await engine.dispose()


@pytest.mark.postgres
async def test_a_server_that_does_not_tell_its_clusters_number_is_judged_all_the_same(
    postgres_settings: Settings, postgres_server: Postgres
) -> None:
    where = target(postgres_settings)
    async with connected(postgres_server.superuser(where.dsn)) as admin:
        await admin.execute("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
    engine = open_engine(where)
    try:
        assert await standing(engine) == Standing(state="alone", timeline="00000001", system=0)
    finally:
        await engine.dispose()
