"""What a ledger is under its records say: a row that says otherwise puts nothing in force, and makes no record true."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from gateway.bootstrap import Gateway, load_policy_set, open_gateway, takeover
from gateway.bootstrap.policies import activations_of
from gateway.checks.classification.registry import DEFAULT
from gateway.checks.policy.version import PolicySet, to_bytes
from gateway.core.errors import ConfigurationError, RecordsArchived, VerificationError
from gateway.core.ids import SYSTEM
from gateway.core.ports import StoredRecord
from gateway.exchange.activations import IN_ARCHIVE, Activations, Recorded
from gateway.ledger.chain import leaf_hash
from gateway.ledger.note import Verifier
from gateway.ledger.record import DecisionInfo
from gateway.settings import Settings
from gateway.store.archives import Archived
from gateway.store.policies import PolicyStore
from gateway.store.postings import BLOCK
from gateway.store.verification import LedgerVerification
from tests.bootstrap.kit import LATER, configured
from tests.exchange import forging
from tests.exchange.archive_kit import advance, archives
from tests.exchange.test_proposals import Installation, installed, made, refused
from tests.store.archive_kit import SIGNER, fill
from tests.store.kit import LEDGER, Store, entry, opened
from tests.store.ledger_kit import POLICY
from tests.system.kit import policies

OTHER = "sha256:" + "e5" * 32


async def first(one: Installation) -> str:
    """The version that the first start has activated."""
    return next(str(record["policy"]) for record in await one.records() if record["event"] == "policy.activated")


# ------------------------------------------------------------------------------------------- what the records say


async def test_the_head_and_the_newest_activation_say_the_same(database: Settings, tmp_path: Path) -> None:
    async with installed(database, tmp_path) as one:
        activations, by = activations_of(one.site), one.hand("ada")
        first = await activations.in_force(one.ledger)
        assert first is not None
        assert first.digest == await one.active()
        made(await one.proposals.activate(by, made(await one.proposals.propose(by, one.later, None)).id, None))
        later = await activations.in_force(one.ledger)
        assert later is not None
        assert (later.digest, later.seq > first.seq) == (await one.version(one.later), True)
        assert await activations.newest(one.ledger, later.seq) == first
        assert await activations.in_force(one.site.tenants[SYSTEM].ledger) is None


async def test_a_head_that_no_record_bears_out_is_none(database: Settings, tmp_path: Path) -> None:
    async with installed(database, tmp_path) as one:
        async with forging.forging(one.site.where) as connection:
            await forging.head(connection, one.ledger, OTHER)
        with pytest.raises(VerificationError, match="head"):
            await activations_of(one.site).in_force(one.ledger)


@pytest.mark.parametrize("covered", [True, False])
async def test_a_record_that_was_written_over_is_none(database: Settings, tmp_path: Path, covered: bool) -> None:
    """With its own right hash, too, once a checkpoint covers it."""
    async with installed(database, tmp_path) as one:
        if covered:
            await (await one.site.checkpointer("default")).publish(force=True)
        (start,) = await one.records()
        stored = await one.site.reader("default").record(start["seq"])
        assert stored is not None
        before = await one.active()
        assert before is not None
        data = stored.envelope.replace(before.encode(), OTHER.encode())
        async with forging.forging(one.site.where) as connection:
            await forging.head(connection, one.ledger, OTHER)
            values = {"data": data, "hash": leaf_hash(data) if covered else stored.hash, "seq": start["seq"]}
            values["ledger"] = one.ledger
            statement = "UPDATE record SET bytes = :data, hash = :hash WHERE tenant = :ledger AND seq = :seq"
            await connection.execute(text(statement), values)
        with pytest.raises(VerificationError):
            await activations_of(one.site).in_force(one.ledger)


async def test_a_record_of_something_else_is_no_activation(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with installed(sqlite_settings, tmp_path) as one:
        made(await one.proposals.propose(one.hand("ada"), one.later, None))
        async with forging.forging(one.site.where) as connection:
            await forging.head(connection, one.ledger, await one.version(one.later))
            statement = "UPDATE record SET event = 'policy.activated' WHERE event = 'policy.proposed'"
            await connection.execute(text(statement))
        with pytest.raises(VerificationError, match="another event"):
            await activations_of(one.site).in_force(one.ledger)


def of_store(store: Store) -> Activations:
    async def keys(ledger: str) -> Verifier:
        return SIGNER.verifier

    return Activations(store.engine, PolicyStore(store.engine, store.clock), archives(store), keys)


async def _archived(store: Store) -> Archived:
    async with store.writer() as writer:
        await writer.append(msgspec.structs.replace(entry("policy.activated", policy=POLICY), activates=POLICY))
    await fill(store)
    found = await advance(store)
    assert isinstance(found, Archived)
    return found


@pytest.fixture
async def store(sqlite_settings: Settings, tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(sqlite_settings, tmp_path) as found:
        yield found


async def test_an_archive_tells_what_stood_at_its_end(store: Store) -> None:
    one = await _archived(store)
    assert one.end == BLOCK
    assert await of_store(store).in_force(LEDGER) == Recorded(IN_ARCHIVE, POLICY)
    decision = DecisionInfo(effect="allow", rules=(), obligations=(), policy=POLICY)
    await store.append([entry("exchange.requested", decision=decision)])
    verdict = await LedgerVerification(store.engine, LEDGER, SIGNER.verifier).run()
    assert (verdict.failure, verdict.unread, verdict.unactivated, verdict.unseen) == (None, BLOCK, (), ())
    async with store.bare() as bare:
        await bare.run("head", f"UPDATE head SET policy = '{OTHER}'")
    assert (await LedgerVerification(store.engine, LEDGER, SIGNER.verifier).run()).misnamed
    async with store.bare() as bare:
        await bare.run("head", f"UPDATE head SET policy = '{POLICY}'")
    for path in (store.directory / "archive" / LEDGER).iterdir():
        path.unlink()
    assert await of_store(store).in_force(LEDGER) == Recorded(IN_ARCHIVE, POLICY)


async def test_an_archive_that_does_not_tell_has_to_be_at_hand(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """As those of versions before this one."""
    monkeypatch.setattr("tests.exchange.archive_kit.stood", _nothing)
    await _archived(store)
    assert await of_store(store).in_force(LEDGER) == Recorded(IN_ARCHIVE, POLICY)
    decision = DecisionInfo(effect="allow", rules=(), obligations=(), policy=POLICY)
    await store.append([entry("exchange.requested", decision=decision)])
    verdict = await LedgerVerification(store.engine, LEDGER, SIGNER.verifier).run()
    assert (verdict.failure, verdict.unactivated, verdict.unseen) == (None, (), (POLICY,))
    verdict = await LedgerVerification(store.engine, LEDGER, SIGNER.verifier).run(read=partial(_read, store))
    assert (verdict.failure, verdict.unactivated, verdict.unseen) == (None, (), ())
    for path in (store.directory / "archive" / LEDGER).iterdir():
        path.unlink()
    with pytest.raises(RecordsArchived):
        await of_store(store).newest(LEDGER)
    with pytest.raises(VerificationError, match="at hand"):
        await of_store(store).in_force(LEDGER)


def _read(store: Store, one: Archived) -> AsyncIterator[Sequence[StoredRecord]]:
    found = archives(store)
    return found.read(found.file(LEDGER, one.first, one.end) or Path(), one)


async def _nothing(store: Store, ledger: str, end: int) -> str | None:
    return None


# ------------------------------------------------------------------------------- what rows say and records do not


async def _set_of(one: Installation) -> PolicySet:
    """The later set, kept with its version as if it had been activated."""
    await one.site.policies.put(to_bytes(one.later))
    standing = await one.proposals.standing(one.later)
    await one.site.policies.put(to_bytes(standing.versions[one.ledger]))
    return one.later


async def _row(one: Installation, state: str, **values: Any) -> dict[str, Any]:
    """A row that brings the later set in force, as a process would have made it, but for its seal."""
    version = (await one.proposals.standing(await _set_of(one))).versions[one.ledger].digest
    async with forging.forging(one.site.where) as connection:
        query = text("SELECT * FROM policy_proposal WHERE number = (SELECT max(number) FROM policy_proposal)")
        last = dict((await connection.execute(query)).mappings().one())
    terms = {
        **msgspec.json.decode(last["terms"]),
        "base": {one.ledger: await one.active()},
        "versions": {one.ledger: version},
        "changes": {one.ledger: ["rule later added"]},
        "origin": "directory",
    }
    return {
        **last,
        "id": "pp_forged",
        "digest": one.later.digest,
        "state": state,
        "terms": msgspec.json.encode(terms).decode(),
        "number": last["number"] + 1,
        **values,
    }


async def _head(one: Installation) -> None:
    version = await one.version(await _set_of(one))
    async with forging.forging(one.site.where) as connection:
        await forging.head(connection, one.ledger, version)


async def _activating(one: Installation) -> None:
    values = await _row(one, "activating")
    async with forging.forging(one.site.where) as connection:
        await forging.put(connection, values)


async def _unsealed(one: Installation) -> None:
    values = await _row(one, "activating", seal=None)
    async with forging.forging(one.site.where) as connection:
        await forging.put(connection, values)


async def _everything(one: Installation) -> None:
    """The head, its history, the versions and a row of an activation: all that an honest one leaves but its record."""
    values, version = await _row(one, "activated"), await one.version(one.later)
    async with forging.forging(one.site.where) as connection:
        await forging.put(connection, values)
        await forging.head(connection, one.ledger, version)


async def _history(one: Installation) -> None:
    values = await _row(one, "activated")
    async with forging.forging(one.site.where) as connection:
        await forging.put(connection, values)


Forgery = Callable[[Installation], Awaitable[None]]
FORGERIES: tuple[Forgery, ...] = (_head, _activating, _unsealed, _everything, _history)


@pytest.mark.parametrize("forge", FORGERIES)
async def test_no_start_serves_by_what_rows_say_alone_or_makes_it_true(
    database: Settings, tmp_path: Path, forge: Forgery
) -> None:
    async with installed(database, tmp_path) as one:
        before = await one.records()
        await forge(one)
        with pytest.raises(VerificationError, match=r"^policy: .*(head|policy_proposal)"):
            async with open_gateway(one.site.settings):
                pass
        assert await one.records() == before


@asynccontextmanager
async def _serving(
    base: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Gateway, Installation]]:
    monkeypatch.setattr(takeover, "WATCH_S", 3600)
    monkeypatch.setattr(takeover, "AGAIN_NS", 0)
    settings = configured(base, policy=policies(tmp_path))
    async with open_gateway(settings) as gateway:
        with (tmp_path / "policies" / "policy.csv").open("a") as file:
            file.write(f"\n{LATER}\n")
        later = load_policy_set(settings, DEFAULT.version)
        yield gateway, Installation(gateway.site, gateway.policy_set, later)


@pytest.mark.parametrize("forge", FORGERIES)
async def test_a_node_keeps_the_policy_it_had_and_says_why(
    database: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    forge: Forgery,
) -> None:
    async with _serving(database, tmp_path, monkeypatch) as (gateway, one):
        policy, before = gateway.policy.digest, await one.records()
        await forge(one)
        for _ in range(3):
            await gateway.takeover.look()
            await gateway.takeover.moved()
        assert (gateway.policy.digest, gateway.policy_set.digest) == (policy, one.first.digest)
        assert await one.records() == before
        logged = [each for each in caplog.records if each.name == "gateway.policy"]
        told = [each.getMessage() for each in logged if each.levelname == "ERROR"]
        assert told
        assert sorted(told) == sorted(set(told)), "each once"
        assert all("policy: the " in each for each in told)
        ready, moved = (await gateway.readiness.look())["policy"], await one.active() != await first(one)
        assert ready != moved, "under a head that was moved nothing is decided"


async def test_a_record_that_was_appended_with_its_rows_is_not_taken_over_either(
    database: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The chain has no key of its own, so that the next record can be written by whoever writes the database."""
    async with _serving(database, tmp_path, monkeypatch) as (gateway, one):
        values, version = await _row(one, "activated"), await one.version(one.later)
        writer = await one.site.writer("default")
        forged = entry("policy.activated", ledger=one.ledger, policy=version)
        await writer.append(msgspec.structs.replace(forged, activates=version))
        async with forging.forging(one.site.where) as connection:
            await forging.put(connection, values)
        assert (await activations_of(one.site).in_force(one.ledger)) is not None, "head and record agree"
        assert not await gateway.takeover.moved()
        assert gateway.policy_set == one.first
        assert not (await gateway.readiness.look())["policy"]
        assert "in a way that is not known here" in caplog.text
        with pytest.raises(ConfigurationError, match="or by nobody"):
            await one.proposals.start(one.first, "at start")


async def test_nobody_proposes_or_activates_on_what_rows_say_alone(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with installed(sqlite_settings, tmp_path) as one:
        by = one.hand("ada")
        waits = made(await one.proposals.propose(by, one.later, None))
        await _head(one)
        with pytest.raises(VerificationError, match="head"):
            await one.proposals.propose(by, one.first, None)
        with pytest.raises(VerificationError, match="head"):
            await one.proposals.activate(by, waits.id, None)
        with pytest.raises(VerificationError, match="head"):
            await one.proposals.rollback(by, None)
        assert len(await one.proposals.listed()) == 2, "who only looks is told all the same"


@pytest.mark.parametrize(
    "values",
    [
        {"terms": {"proposer": {"kind": "person", "actors": {}, "tenant": "default", "persons": ["person bob"]}}},
        {"digest": OTHER},
        {"seal": None},
        {"seal": "0" * 64},
        {"version": 7},
    ],
)
async def test_a_proposal_whose_row_was_changed_is_proposed_again(
    sqlite_settings: Settings, tmp_path: Path, values: dict[str, Any]
) -> None:
    """So that nobody activates a proposal of their own under somebody else's name."""
    async with installed(sqlite_settings, tmp_path, four_eyes=True) as one:
        waits = made(await one.proposals.propose(one.hand("ada"), one.later, None))
        async with forging.forging(one.site.where) as connection:
            await forging.change(connection, waits.id, **values)
        hint = refused(await one.proposals.activate(one.hand("ada"), waits.id, None), "conflict")
        assert "propose it again" in hint


async def test_an_approval_cannot_be_written_for_somebody(sqlite_settings: Settings, tmp_path: Path) -> None:
    """What waits for its second person is carried out by nobody, whatever its row says."""
    async with installed(sqlite_settings, tmp_path, four_eyes=True) as one:
        waits = made(await one.proposals.propose(one.hand("ada"), one.later, None))
        eve = {"kind": "person", "actors": {one.ledger: "ac_eve"}, "tenant": "default", "persons": ["person eve"]}
        async with forging.forging(one.site.where) as connection:
            await forging.change(connection, waits.id, state="activating", number=2, terms={"activator": eve})
        with pytest.raises(VerificationError, match="policy_proposal"):
            await one.proposals.finish()
        assert await one.active() == await first(one)


async def test_an_activation_of_before_is_not_begun_again(database: Settings, tmp_path: Path) -> None:
    """Its own row of then, seal and all, put back after somebody has gone back."""
    async with installed(database, tmp_path) as one:
        by, kept = one.hand("ada"), dict[str, Any]()
        waits = made(await one.proposals.propose(by, one.later, None))

        async def copied(name: str) -> None:
            if name == "policy.after_begin":
                async with forging.forging(one.site.where) as connection:
                    kept.update(await forging.row(connection, waits.id))

        watched = one.proposals
        watched._failpoint = copied
        made(await watched.activate(by, waits.id, None))
        made(await one.proposals.rollback(by, None))
        before = await one.records()
        async with forging.forging(one.site.where) as connection:
            await connection.execute(text("UPDATE policy_proposal SET number = NULL WHERE id = :id"), {"id": waits.id})
            await forging.put(connection, kept)
        await one.proposals.finish()
        assert (await one.records(), await one.active()) == (before, await first(one))


async def test_going_back_is_to_what_was_active_by_a_row_of_ones_own(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with installed(sqlite_settings, tmp_path) as one:
        values = await _row(one, "activated", number=0)
        async with forging.forging(one.site.where) as connection:
            await forging.put(connection, values)
        hint = refused(await one.proposals.rollback(one.hand("ada"), None), "conflict")
        assert "before this one" in hint


async def _of_before(one: Installation) -> None:
    """As a version has left it that sealed no rows."""
    async with forging.forging(one.site.where) as connection:
        await connection.execute(text("UPDATE policy_proposal SET seal = NULL"))


async def test_after_an_upgrade_a_start_keeps_a_row_of_its_own_of_what_is_active(
    database: Settings, tmp_path: Path
) -> None:
    async with installed(database, tmp_path) as one:
        await _of_before(one)
        assert await one.proposals.in_force() is None, "not while serving"
        assert await one.proposals.start(one.first, "at start") == one.first
        assert await one.proposals.in_force() == one.first
        assert len(await one.records()) == 1


async def test_a_directory_that_was_taken_back_before_an_upgrade_does_not_come_back(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with installed(sqlite_settings, tmp_path) as one:
        by = one.hand("ada")
        made(await one.proposals.activate(by, made(await one.proposals.propose(by, one.later, None)).id, None))
        made(await one.proposals.rollback(by, None))
        await _of_before(one)
        with pytest.raises(ConfigurationError, match="earlier version of the gateway"):
            await one.proposals.start(one.later, "at start")
        assert await one.active() == await first(one)
        assert await one.proposals.start(one.first, "at start") == one.first
