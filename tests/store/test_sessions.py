"""Sessions are found by keys that tell nothing, grow with their records, and stay whose they are."""

from typing import Any

import msgspec
from sqlalchemy import select

from gateway.ledger.entry import SessionGrowth
from gateway.settings import Settings
from gateway.store.sessions import SessionStore, StoredSession
from gateway.store.tables import session
from tests.conftest import ManualClock
from tests.store.kit import LEDGER, Store
from tests.store.ledger_kit import TENANT, intent, note, rows, seeing, writer_on

NAME = "a2a-context:patient 4481920"


def growth(key: bytes, **fields: Any) -> SessionGrowth:
    values: dict[str, Any] = {
        "key": key,
        "id": "se_1",
        "actor": "ac_1",
        "principal": b"",
        "agent": "local",
        "zone": "in-house",
        "sent": (),
        "said": (),
        "seen_us": 1,
        "expires_us": 10,
        **fields,
    }
    return SessionGrowth(**values)


def at(store: Store) -> SessionStore:
    return SessionStore(store.engine, bytes(32))


async def stored(store: Store, key: bytes) -> StoredSession:
    return (await at(store).find([key]))[key]


def test_a_key_tells_nothing_of_the_name_and_is_another_with_another_secret() -> None:
    engine: Any = None
    one, other = SessionStore(engine, bytes(32)), SessionStore(engine, b"x" * 32)
    assert len(one.key(NAME)) == 32
    assert b"4481920" not in one.key(NAME)
    assert one.key(NAME) != other.key(NAME)
    assert one.key("a:b") != one.key("a:c")


def test_whom_a_caller_acts_for_is_told_apart_also_where_names_run_together() -> None:
    engine: Any = None
    store = SessionStore(engine, bytes(32))
    assert store.principal(()) == b""
    chains = [("ab", "c"), ("a", "bc"), ("abc",), ("",), ("", "")]
    assert len({store.principal(chain) for chain in chains}) == len(chains)


async def test_a_session_is_there_once_put_and_its_classes_only_grow(store: Store) -> None:
    key = at(store).key(NAME)
    assert await at(store).find([key]) == {}
    await at(store).put(LEDGER, [growth(key, sent=("phi",))])
    await at(store).put(LEDGER, [growth(key, id="se_2", said=("pci",), seen_us=5, expires_us=50)])
    await at(store).put(LEDGER, [growth(key, seen_us=3, expires_us=30)])
    found = await stored(store, key)
    assert (found.sent, found.said, found.expires_us, found.id) == (frozenset({"phi"}), frozenset({"pci"}), 50, "se_1")
    async with seeing(store.where) as connection:
        row = (await connection.execute(select(session))).one()
    assert (row.created_us, row.seen_us) == (1, 5)
    assert "4481920" not in str(row)


async def test_what_is_somebody_elses_or_held_elsewhere_stays_as_it_is(store: Store) -> None:
    key = b"k" * 32
    await at(store).put(LEDGER, [growth(key, sent=("phi",))])
    before = await stored(store, key)
    for change in ({"actor": "ac_2"}, {"principal": b"p"}, {"agent": "sky"}):
        await at(store).put(LEDGER, [growth(key, sent=("secret",), expires_us=99, **change)])
    await at(store).put("tn_other", [growth(key, sent=("secret",))])
    assert await stored(store, key) == before


async def test_a_session_is_written_in_the_transaction_of_its_record_and_read_by_every_node(
    database: Settings, clock: ManualClock
) -> None:
    one, other = growth(b"1" * 32, sent=("phi",)), growth(b"2" * 32, actor="ac_2")
    columns = "SELECT tenant, key, actor, sent, said, expires_us FROM session ORDER BY key"
    async with writer_on(database, clock) as writer, writer_on(database, clock) as node:
        await writer.append(intent("ex_1", sessions=(one, other)))
        await node.append(
            intent("ex_2", sessions=(msgspec.structs.replace(one, sent=(), said=("pci",), expires_us=20),))
        )
        await writer.append(note(sessions=(msgspec.structs.replace(other, actor="ac_1", sent=("pii",)),)))
        async with writer_on(database, clock, tenant="tn_other") as theirs:
            for _ in range(2):  # step by step, and as one statement
                await theirs.append(note("tn_other", sessions=(msgspec.structs.replace(one, sent=("secret",)),)))
            assert theirs.healthy
    found = [tuple(row) for row in await rows(database, columns)]
    assert found == [
        (TENANT, one.key, "ac_1", "phi ", "pci ", 20),
        (TENANT, other.key, "ac_2", "", "", 10),
    ]


async def test_what_is_refused_grows_no_session(database: Settings, clock: ManualClock) -> None:
    async with writer_on(database, clock) as writer:
        waiting = writer.submit(intent("ex_1", sessions=(growth(b"1" * 32),), decided_under="sha256:none"))
        await writer.append(note())
        assert waiting.exception() is not None
    assert await rows(database, "SELECT key FROM session") == []
