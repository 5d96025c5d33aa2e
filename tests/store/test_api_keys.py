"""No API key is usable that is not on record, and a key that was taken away is gone within seconds."""

import asyncio
import hashlib
import re
from typing import Any

import msgspec
import pytest
from sqlalchemy import event, text

from gateway.core.errors import LedgerUnavailable
from gateway.core.ports import KeyRecord
from gateway.core.refusal import Refusal
from gateway.ledger.commitment import matches
from gateway.ledger.entry import Appended, Entry
from gateway.ledger.record import Detail, parse_detail
from gateway.store import api_keys as module
from gateway.store.api_keys import Administrator, ApiKeyStore, Grant, NewKey
from gateway.store.tables import api_key
from tests.store.kit import SEAL, START_US, Store
from tests.store.ledger_kit import changing, seeing

GRANT = Grant(owner="alice", kind="person", roles=("auditor", "clinician"), zone="in-house", purposes=("TREAT",))


class MemoryLedger:
    """Keeps entries; may be told to fail, or to look at something at the moment of an append."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.failing = False

    async def append(self, entry: Entry) -> Appended:
        if self.failing:
            raise LedgerUnavailable("told to")
        self.entries.append(entry)
        return Appended(seq=len(self.entries) - 1, leaf_hash=bytes(32), recorded_at="")


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


@pytest.fixture
def by(ledger: MemoryLedger) -> Administrator:
    return Administrator(ledger=ledger, tenant="tn_1", actor="ac_1", actor_kind="person", detail=Detail(subject="bob"))


@pytest.fixture
def keys(store: Store) -> ApiKeyStore:
    return ApiKeyStore(store.engine, store.clock, SEAL)


async def made(keys: ApiKeyStore, by: Administrator, grant: Grant = GRANT, tenant: str = "default") -> NewKey:
    key = await keys.create(by, tenant, grant)
    assert isinstance(key, NewKey)
    return key


def count_queries(store: Store) -> list[str]:
    seen: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if "FROM api_key" in statement:
            seen.append(statement)

    event.listen(store.engine.sync_engine, "before_cursor_execute", note)
    return seen


async def test_a_new_key_has_its_form_and_is_found_by_its_prefix_with_its_grant(
    keys: ApiKeyStore, by: Administrator
) -> None:
    grant = msgspec.structs.replace(GRANT, floor=("phi",), rate="60/minute", expires_us=START_US + 1)
    key = await made(keys, by, grant)
    form = re.fullmatch(r"gwk_([0-9a-f]{12})_([A-Za-z0-9_-]{43})", key.plain)
    assert form is not None
    found = await keys.find(form[1])
    assert found == key.record
    assert found.hash == hashlib.sha256(key.plain.encode()).digest()
    assert {name: getattr(found, name) for name in Grant.__struct_fields__} == msgspec.structs.asdict(grant)
    assert (found.tenant, found.created_us, found.revoked_us) == ("default", START_US, None)


async def test_the_key_itself_is_kept_nowhere_and_shows_in_no_representation(
    keys: ApiKeyStore, by: Administrator, ledger: MemoryLedger, store: Store
) -> None:
    key = await made(keys, by)
    secret = key.plain.split("_", 2)[2]
    assert secret not in repr(key)
    assert secret not in repr(ledger.entries)
    async with seeing(store.where) as connection:
        assert secret not in repr((await connection.execute(text("SELECT * FROM api_key"))).all())


async def test_a_created_key_is_on_record_with_who_made_it_and_what_it_grants(
    keys: ApiKeyStore, by: Administrator, ledger: MemoryLedger
) -> None:
    key = await made(keys, by)
    envelope, detail = ledger.entries[0].envelope, parse_detail(ledger.entries[0].detail or b"")
    assert (envelope.event, envelope.tenant, envelope.actor) == ("key.created", "tn_1", "ac_1")
    assert envelope.credential == key.record.id
    assert matches(envelope.detail or "", ledger.entries[0].salt or b"", "detail", ledger.entries[0].detail or b"")
    assert detail.subject == "bob"
    assert {"owner alice", "role auditor", "role clinician", "purpose TREAT"} <= set(detail.diff or ())


async def test_no_key_is_made_when_it_cannot_go_on_record(
    keys: ApiKeyStore, by: Administrator, ledger: MemoryLedger
) -> None:
    ledger.failing = True
    with pytest.raises(LedgerUnavailable):
        await keys.create(by, "default", GRANT)
    assert await keys.list("default") == ()


async def test_the_record_is_durable_before_the_key_can_be_found(
    keys: ApiKeyStore, by: Administrator, ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_append: list[int] = []
    append = ledger.append

    async def looking(entry: Entry) -> Appended:
        at_append.append(len(await keys.list("default")))
        return await append(entry)

    monkeypatch.setattr(ledger, "append", looking)
    key = await made(keys, by)
    await keys.rotate(by, "default", key.record.id, overlap_s=10)
    assert at_append == [0, 1]


async def test_a_revoked_key_is_known_as_such_at_once_and_on_record(
    keys: ApiKeyStore, by: Administrator, ledger: MemoryLedger, store: Store
) -> None:
    key = await made(keys, by)
    assert await keys.find(key.record.prefix) == key.record
    store.clock.advance(1)
    revoked = await keys.revoke(by, "default", key.record.id)
    assert not isinstance(revoked, Refusal)
    assert revoked.revoked_us == START_US + 1_000_000
    assert await keys.find(key.record.prefix) == revoked
    assert [entry.envelope.event for entry in ledger.entries] == ["key.created", "key.revoked"]


async def test_a_revocation_holds_although_the_ledger_cannot_be_written_and_is_recorded_when_repeated(
    keys: ApiKeyStore, by: Administrator, ledger: MemoryLedger, store: Store
) -> None:
    key = await made(keys, by)
    ledger.failing = True
    with pytest.raises(LedgerUnavailable):
        await keys.revoke(by, "default", key.record.id)
    found = await keys.find(key.record.prefix)
    assert found is not None
    assert found.revoked_us == START_US
    ledger.failing = False
    store.clock.advance(60)
    again = await keys.revoke(by, "default", key.record.id)
    assert not isinstance(again, Refusal)
    assert again.revoked_us == START_US
    assert ledger.entries[-1].envelope.event == "key.revoked"


async def test_a_revocation_by_another_process_acts_within_five_seconds(
    keys: ApiKeyStore, by: Administrator, store: Store
) -> None:
    key = await made(keys, by)
    assert await keys.find(key.record.prefix) == key.record
    await ApiKeyStore(store.engine, store.clock, SEAL).revoke(by, "default", key.record.id)
    store.clock.advance(4.9)
    assert await keys.find(key.record.prefix) == key.record
    store.clock.advance(0.1)
    found = await keys.find(key.record.prefix)
    assert found is not None
    assert found.revoked_us is not None


async def test_a_rotated_key_has_the_same_grant_and_the_old_one_ends_after_the_overlap(
    keys: ApiKeyStore, by: Administrator, ledger: MemoryLedger
) -> None:
    key = await made(keys, by)
    await keys.find(key.record.prefix)
    new = await keys.rotate(by, "default", key.record.id, overlap_s=3600)
    assert isinstance(new, NewKey)
    assert new.plain != key.plain
    assert (new.record.owner, new.record.roles, new.record.expires_us) == ("alice", GRANT.roles, None)
    old = await keys.find(key.record.prefix)
    assert old is not None
    assert old.expires_us == START_US + 3600 * 1_000_000
    last = ledger.entries[-1]
    assert (last.envelope.event, last.envelope.credential) == ("key.rotated", new.record.id)
    assert f"replaces {key.record.id}" in (parse_detail(last.detail or b"").diff or ())


async def test_without_an_overlap_the_old_key_ends_before_the_record_and_on_every_node(
    keys: ApiKeyStore, by: Administrator, ledger: MemoryLedger
) -> None:
    key = await made(keys, by)
    ledger.failing = True
    with pytest.raises(LedgerUnavailable):
        await keys.rotate(by, "default", key.record.id, overlap_s=0)
    (old,) = await keys.list("default")
    assert old.expires_us == START_US, "a key that leaked ends even while the ledger cannot be written"
    ledger.failing = False
    key = await made(keys, by)
    assert isinstance(await keys.rotate(by, "default", key.record.id, overlap_s=0), NewKey)
    assert (ledger.entries[-1].envelope.event, ledger.entries[-1].denies) == ("key.rotated", True)
    await keys.rotate(by, "default", (await made(keys, by)).record.id, overlap_s=1)
    assert ledger.entries[-1].denies is False


@pytest.mark.parametrize("overlap_s", [0, 60])
@pytest.mark.parametrize("what", ["revoke", "rotate"])
async def test_a_key_that_is_changed_while_it_is_rotated_stays_as_it_was_changed_and_gets_no_successor(
    keys: ApiKeyStore,
    by: Administrator,
    ledger: MemoryLedger,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    overlap_s: int,
) -> None:
    key = await made(keys, by)
    append = ledger.append

    async def meanwhile() -> None:
        monkeypatch.undo()
        other = ApiKeyStore(keys._engine, keys._clock, SEAL)
        if what == "revoke":
            assert not isinstance(await other.revoke(by, "default", key.record.id), Refusal)
        else:
            assert isinstance(await other.rotate(by, "default", key.record.id, overlap_s=30), NewKey)

    async def appending(entry: Entry) -> Appended:
        await meanwhile()
        return await append(entry)

    get = keys.get

    async def getting(tenant: str, key_id: str) -> KeyRecord | None:
        found = await get(tenant, key_id)
        await meanwhile()
        return found

    # Where the old key ends at once, it does so before the record: what comes between comes before that.
    if overlap_s or what == "revoke":
        monkeypatch.setattr(ledger, "append", appending)
    else:
        monkeypatch.setattr(keys, "get", getting)
    refused = await keys.rotate(by, "default", key.record.id, overlap_s=overlap_s)
    assert isinstance(refused, Refusal)
    assert refused.code == "conflict"
    records = await keys.list("default")
    if what == "revoke":
        assert [record.id for record in records] == [key.record.id]
        assert records[0].revoked_us == START_US
    else:
        assert len(records) == 2, "the other one's successor"
        assert next(one for one in records if one.id == key.record.id).expires_us == START_US + 30_000_000
    never = f"never made: {key.record.id} was changed meanwhile"
    said = [never in (parse_detail(entry.detail or b"").diff or ()) for entry in ledger.entries]
    # Its record was there already, unless the conflict came before it.
    assert any(said) is not (what == "rotate" and not overlap_s)


async def test_a_key_that_was_made_to_end_is_followed_by_one_that_lasts_as_long(
    keys: ApiKeyStore, by: Administrator, store: Store
) -> None:
    grant = msgspec.structs.replace(GRANT, expires_us=START_US + 3_600_000_000, scopes=("audit:read", "traffic"))
    key = await made(keys, by, grant)
    store.clock.advance(60)
    new = await keys.rotate(by, "default", key.record.id, overlap_s=0)
    assert isinstance(new, NewKey)
    assert new.record.expires_us == START_US + 3_660_000_000
    assert new.record.scopes == grant.scopes
    assert await keys.find(new.record.prefix) == new.record


async def test_scopes_are_on_record_and_one_key_is_got_by_its_tenant_alone(
    keys: ApiKeyStore, by: Administrator, ledger: MemoryLedger
) -> None:
    key = await made(keys, by, msgspec.structs.replace(GRANT, scopes=("evidence",)))
    assert "scope evidence" in (parse_detail(ledger.entries[0].detail or b"").diff or ())
    assert await keys.get("default", key.record.id) == key.record
    assert await keys.get("other", key.record.id) is None


async def test_an_overlap_never_makes_the_old_key_live_longer(keys: ApiKeyStore, by: Administrator) -> None:
    key = await made(keys, by, msgspec.structs.replace(GRANT, expires_us=START_US + 5))
    assert isinstance(await keys.rotate(by, "default", key.record.id, overlap_s=60), NewKey)
    old = await keys.find(key.record.prefix)
    assert old is not None
    assert old.expires_us == START_US + 5


async def test_a_key_that_has_ended_is_not_rotated(keys: ApiKeyStore, by: Administrator, store: Store) -> None:
    revoked = await made(keys, by)
    await keys.revoke(by, "default", revoked.record.id)
    expired = await made(keys, by, msgspec.structs.replace(GRANT, expires_us=START_US + 5))
    store.clock.advance(1)
    for key in (revoked, expired):
        refusal = await keys.rotate(by, "default", key.record.id, overlap_s=60)
        assert isinstance(refusal, Refusal)
        assert refusal.code == "conflict"
    refusal = await keys.rotate(by, "default", expired.record.id, overlap_s=-1)
    assert isinstance(refusal, Refusal)
    assert refusal.field == "overlap"


async def test_a_tenant_neither_lists_nor_changes_another_tenant_s_keys(
    keys: ApiKeyStore, by: Administrator, ledger: MemoryLedger
) -> None:
    key = await made(keys, by)
    assert await keys.list("other") == ()
    for answer in (
        await keys.revoke(by, "other", key.record.id),
        await keys.rotate(by, "other", key.record.id, overlap_s=0),
        await keys.revoke(by, "default", "ak_none"),
    ):
        assert isinstance(answer, Refusal)
        assert answer.code == "not_found"
    assert len(ledger.entries) == 1
    assert [record.revoked_us for record in await keys.list("default")] == [None]


async def test_keys_are_listed_the_oldest_first(keys: ApiKeyStore, by: Administrator, store: Store) -> None:
    records = []
    for number in range(3):
        records.append((await made(keys, by, msgspec.structs.replace(GRANT, owner=f"o{number}"))).record)
        store.clock.advance(1)
    assert await keys.list("default") == tuple(records)


async def test_answers_are_remembered_unknown_ones_too_and_asked_once_by_many(
    keys: ApiKeyStore, by: Administrator, store: Store
) -> None:
    key = await made(keys, by)
    queries = count_queries(store)
    found = await asyncio.gather(*(keys.find(key.record.prefix) for _ in range(20)))
    assert found == [key.record] * 20
    assert await asyncio.gather(*(keys.find("0" * 12) for _ in range(20))) == [None] * 20
    assert await keys.find("0" * 12) is None
    assert len(queries) == 2


async def test_a_key_is_known_for_five_seconds_after_it_was_found_and_no_more_once_it_is_revoked(
    keys: ApiKeyStore, by: Administrator, store: Store
) -> None:
    made = await keys.create(by, "default", GRANT)
    assert isinstance(made, NewKey)
    prefix = made.record.prefix
    assert keys.known(prefix) is None
    assert await keys.find(prefix) == keys.known(prefix) == made.record
    store.clock.advance(5)
    assert keys.known(prefix) is None
    await keys.find(prefix)
    await keys.revoke(by, "default", made.record.id)
    assert keys.known(prefix) is None


async def test_prefixes_of_no_known_form_do_not_reach_the_database(keys: ApiKeyStore, store: Store) -> None:
    queries = count_queries(store)
    for prefix in ("", "0" * 11, "0" * 13, "G" * 12, "0" * 11 + "\n", "' OR 1=1 --"):
        assert await keys.find(prefix) is None
    assert queries == []


async def test_a_flood_of_made_up_prefixes_is_bounded_and_pushes_no_known_key_out(
    keys: ApiKeyStore, by: Administrator, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_CACHED", 5)
    key = await made(keys, by)
    await keys.find(key.record.prefix)
    for number in range(20):
        await keys.find(f"{number:012x}")
    assert len(keys._unknown) == 5
    queries = count_queries(store)
    assert await keys.find(key.record.prefix) == key.record
    assert queries == []


async def test_an_answer_from_before_a_revocation_is_not_remembered_after_it(
    keys: ApiKeyStore, by: Administrator, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await made(keys, by)
    read = keys._record

    def overtaken(row: Any) -> Any:
        keys._forget(key.record.prefix)  # what a revocation does, while this answer is on its way
        return read(row)

    monkeypatch.setattr(keys, "_record", overtaken)
    assert await keys.find(key.record.prefix) == key.record
    assert keys._known == {}


async def test_whoever_stops_waiting_does_not_take_the_answer_from_the_others(
    keys: ApiKeyStore, by: Administrator
) -> None:
    key = await made(keys, by)
    first = asyncio.create_task(keys.find(key.record.prefix))
    second = asyncio.create_task(keys.find(key.record.prefix))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == key.record


async def test_a_database_that_cannot_be_asked_is_an_error_and_not_an_old_answer(
    keys: ApiKeyStore, by: Administrator, store: Store
) -> None:
    key = await made(keys, by)
    await keys.find(key.record.prefix)
    store.clock.advance(5)

    def gone(*_: Any) -> None:
        raise OSError

    event.listen(store.engine.sync_engine, "before_cursor_execute", gone)
    with pytest.raises(LedgerUnavailable):
        await keys.find(key.record.prefix)
    with pytest.raises(LedgerUnavailable):
        await keys.list("default")


async def test_a_row_that_cannot_be_read_is_an_error_and_no_key(
    keys: ApiKeyStore, by: Administrator, store: Store
) -> None:
    key = await made(keys, by)
    async with changing(store.where) as connection:
        await connection.execute(text("UPDATE api_key SET roles = 'auditor'"))
    with pytest.raises(LedgerUnavailable):
        await keys.find(key.record.prefix)


@pytest.mark.parametrize(
    "change",
    [
        "hash = (SELECT hash FROM api_key WHERE owner = 'eve')",
        "tenant = 'moneybank'",
        "owner = 'eve'",
        "kind = 'agent'",
        """roles = '["admin"]'""",
        "zone = 'cloud'",
        """purposes = '["HOPERAT"]'""",
        """floor = '["pii"]'""",
        """scopes = '["audit"]'""",
        "rate = '9/second'",
        "created_us = created_us + 1",
        "expires_us = 4000000000000000",
        "revoked_us = 1",
        "seal = NULL",
        "seal = (SELECT seal FROM api_key WHERE owner = 'eve')",
    ],
)
async def test_a_row_that_was_changed_past_its_rules_lets_nobody_in_and_is_told_of(
    keys: ApiKeyStore, by: Administrator, store: Store, caplog: pytest.LogCaptureFixture, change: str
) -> None:
    key, other = await made(keys, by), await made(keys, by, msgspec.structs.replace(GRANT, owner="eve"))
    async with store.bare() as bare:
        await bare.run("api_key", f"UPDATE api_key SET {change} WHERE id = '{key.record.id}'")
    store.clock.advance(5)
    assert await keys.find(key.record.prefix) is None
    assert [record.getMessage() for record in caplog.records] == [
        f"API key {key.record.id}: its row is not as it was kept here, and nobody is let in by it"
    ]
    assert await keys.find(other.record.prefix) is not None
    told = {one.id: one.sealed for tenant in ("default", "moneybank") for one in await keys.list(tenant)}
    assert told == {key.record.id: False, other.record.id: True}


async def test_a_row_that_was_put_in_lets_nobody_in_and_can_be_revoked_and_not_rotated(
    keys: ApiKeyStore, by: Administrator, store: Store
) -> None:
    key = await made(keys, by)
    columns = ", ".join(one.name for one in api_key.columns if one.name not in ("id", "prefix", "roles"))
    async with changing(store.where) as connection:
        await connection.execute(
            text(
                f"INSERT INTO api_key (id, prefix, roles, {columns}) "
                f"""SELECT 'ak_put', '0123456789ab', '["admin"]', {columns} FROM api_key"""
            )
        )
    assert await keys.find("0123456789ab") is None
    refusal = await keys.rotate(by, "default", "ak_put", overlap_s=0)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.field) == ("conflict", "id")
    ended = await keys.revoke(by, "default", "ak_put")
    assert isinstance(ended, KeyRecord)
    assert ended.revoked_us == store.clock.now_us()
    assert (await keys.find(key.record.prefix)) == key.record


async def test_what_was_revoked_or_made_to_end_lives_no_longer_by_a_column_that_was_set_back(
    keys: ApiKeyStore, by: Administrator, store: Store
) -> None:
    ended, rotated = await made(keys, by), await made(keys, by)
    await keys.revoke(by, "default", ended.record.id)
    successor = await keys.rotate(by, "default", rotated.record.id, overlap_s=60)
    assert isinstance(successor, NewKey)
    for one in (ended, rotated, successor):
        assert (await keys.find(one.record.prefix)) is not None, "kept here, revoked or not"
    async with store.bare() as bare:
        await bare.run("api_key", "UPDATE api_key SET revoked_us = NULL, expires_us = NULL")
    keys.forget()
    assert [await keys.find(one.record.prefix) for one in (ended, rotated)] == [None, None]
    assert await keys.find(successor.record.prefix) is not None, "which has no end"


async def test_the_time_of_its_last_use_is_not_sealed(keys: ApiKeyStore, by: Administrator, store: Store) -> None:
    key = await made(keys, by)
    keys.used(key.record, store.clock.now_us())
    assert await keys.use.write() == 1
    keys.forget()
    found = await keys.find(key.record.prefix)
    assert found is not None
    assert (found.sealed, found.last_used_us is not None) == (True, True)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("owner", ""),
        ("owner", " alice"),
        ("owner", "a\nb"),
        ("owner", "a" * 257),
        ("kind", "robot"),
        ("roles", ("auditor", "auditor")),
        ("roles", ("a b",)),
        ("roles", tuple(f"r{number}" for number in range(65))),
        ("purposes", ("",)),
        ("floor", ("|",)),
        ("zone", ""),
        ("scopes", ("audit:read", "audit:read")),
        ("scopes", ("Audit",)),
        ("scopes", ("audit:*",)),
        ("scopes", ("",)),
        ("scopes", tuple(f"traffic:a{number}" for number in range(65))),
        ("rate", "many"),
        ("rate", "0/minute"),
        ("expires_us", START_US),
    ],
)
async def test_a_grant_that_is_wrong_is_refused_by_its_field_and_never_recorded(
    keys: ApiKeyStore, by: Administrator, ledger: MemoryLedger, field: str, value: Any
) -> None:
    refusal = await keys.create(by, "default", msgspec.structs.replace(GRANT, **{field: value}))
    assert isinstance(refusal, Refusal)
    assert refusal.code == "parameter_invalid"
    assert refusal.field == field.removesuffix("_us")
    assert ledger.entries == []
    assert await keys.list("default") == ()
