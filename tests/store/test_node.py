"""Claims and leases: one process a node, and everybody can see which nodes live."""

import pytest

from gateway.core.errors import ConfigurationError, LedgerUnavailable
from gateway.ledger.record import NodeInfo
from gateway.settings import Settings
from gateway.store.engine import Target, open_engine, target
from gateway.store.node import Claim, living, register, renew_lease, retire
from tests.conftest import ManualClock
from tests.services import Postgres, free_port
from tests.store.ledger_kit import NODE, connected, until

LATER = NodeInfo(id="nd_1", boot="bt_2")
OTHER = NodeInfo(id="nd_2", boot="bt_9")


async def test_a_node_lives_until_its_lease_runs_out_and_again_when_it_is_renewed(
    database: Settings, clock: ManualClock
) -> None:
    engine = open_engine(target(database))
    await register(engine, NODE, clock, 30)
    assert await living(engine, clock) == {"nd_1": "bt_1"}
    clock.advance(29)
    assert await renew_lease(engine, NODE, clock, 30)
    clock.advance(29)
    assert await living(engine, clock) == {"nd_1": "bt_1"}
    clock.advance(2)
    assert await living(engine, clock) == {}
    assert await renew_lease(engine, NODE, clock, 30)
    await register(engine, OTHER, clock, 30)
    assert await living(engine, clock) == {"nd_1": "bt_1", "nd_2": "bt_9"}
    await engine.dispose()


async def test_a_new_boot_takes_the_place_of_the_former_one(database: Settings, clock: ManualClock) -> None:
    engine = open_engine(target(database))
    await register(engine, NODE, clock)
    await register(engine, LATER, clock)
    assert await living(engine, clock) == {"nd_1": "bt_2"}
    assert not await renew_lease(engine, NODE, clock)
    await retire(engine, NODE)
    assert await living(engine, clock) == {"nd_1": "bt_2"}
    await retire(engine, LATER)
    assert await living(engine, clock) == {}
    await engine.dispose()


async def test_a_second_process_under_the_same_claim_is_refused_until_the_first_lets_go(database: Settings) -> None:
    where = target(database)
    first, second = Claim(where, NODE, 0.1), Claim(where, LATER, 0.5)
    await first.take()
    with pytest.raises(ConfigurationError, match="another process"):
        await second.take()
    assert await first.held()
    await first.release()
    await second.take()
    await second.release()


async def test_on_sqlite_there_is_room_for_one_serving_process_whatever_its_id(sqlite_settings: Settings) -> None:
    where = target(sqlite_settings)
    first, second = Claim(where, NODE, 0.1), Claim(where, OTHER, 0.1)
    await first.take()
    with pytest.raises(ConfigurationError, match="room for one"):
        await second.take()
    await first.release()


@pytest.mark.postgres
async def test_on_postgresql_nodes_of_different_ids_serve_together(postgres_settings: Settings) -> None:
    where = target(postgres_settings)
    first, second = Claim(where, NODE, 0.1), Claim(where, OTHER, 0.1)
    await first.take()
    await second.take()
    await first.release()
    await second.release()


@pytest.mark.postgres
async def test_a_claim_whose_connection_was_lost_is_taken_anew_or_seen_as_lost(
    postgres_server: Postgres, postgres_settings: Settings
) -> None:
    where = target(postgres_settings)
    claim, thief = Claim(where, NODE, 0.1), Claim(where, LATER, 0.1)
    for somebody_else in (False, True):
        if not somebody_else:
            await claim.take()
        async with connected(postgres_server.superuser(where.dsn)) as admin:
            await admin.fetchval(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE application_name = 'gateway node' AND datname = current_database()"
            )
        connection = claim._connection
        await until(lambda connection=connection: connection is None or connection.is_closed())  # type: ignore[misc]
        if somebody_else:
            await thief.take()
        assert await claim.held() is not somebody_else
    await thief.release()
    await claim.release()


async def test_a_database_that_is_gone_is_told_apart_from_a_claim_that_is_taken(tmp_path: object) -> None:
    gone = Target(kind="postgresql", dsn=f"postgresql://nobody@127.0.0.1:{free_port()}/nothing")
    claim = Claim(gone, NODE, 0.1)
    with pytest.raises(LedgerUnavailable):
        await claim.take()
    assert not await claim.held()
    await claim.release()


async def test_a_node_whose_clock_had_jumped_ahead_does_not_live_for_ever(
    database: Settings, clock: ManualClock
) -> None:
    engine = open_engine(target(database))
    clock.advance(365 * 86_400)
    await register(engine, NODE, clock)
    assert NODE.id in await living(engine, clock)
    clock.advance(-365 * 86_400)
    assert await living(engine, clock) == {}
    assert await renew_lease(engine, NODE, clock)
    assert NODE.id in await living(engine, clock)
    await engine.dispose()
