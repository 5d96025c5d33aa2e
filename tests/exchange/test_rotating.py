"""A ledger's key is replaced whole or not at all, wherever it is broken off, and all before and after verifies."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.core.errors import ConfigurationError, VerificationError
from gateway.exchange import rotating
from gateway.exchange.rotating import Rotating
from gateway.ledger import checkpoint as signed
from gateway.ledger.note import Verifier, parse_note
from gateway.ledger.record import Detail, Envelope, parse, parse_detail
from gateway.ledger.rotation import Keys
from gateway.settings import Settings
from gateway.store.checkpointer import Checkpointer
from gateway.store.keyring import Keyring
from gateway.store.reader import StoreReader
from gateway.store.signing import LedgerSigning
from gateway.store.verification import LedgerVerification, Verdict
from gateway.store.writer_base import LedgerWriter
from tests.store.kit import LEDGER, NODE, Store, entry, opened
from tests.store.test_checkpointer import Crash, CrashAt

ORIGIN = "gateway.internal/ledger/0011"
DAY_S = 86_400
WHO = ("ac_1", Detail(subject="ann"))


@pytest.fixture
async def store(sqlite_settings: Settings, tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(sqlite_settings, tmp_path) as made:
        made.keyring.create_ledger_key(ORIGIN)
        yield made


class Node:
    """One process with its own view of the ledger."""

    def __init__(self, store: Store, writer: LedgerWriter, crash: str = "", keyring: Keyring | None = None) -> None:
        self.keyring = keyring or store.keyring
        self.signing = LedgerSigning(
            store.engine, LEDGER, ORIGIN, store.clock, lambda vkey: self.keyring.signer(ORIGIN, vkey)
        )
        self.checkpointer = Checkpointer(
            store.engine,
            ledger=LEDGER,
            signing=self.signing,
            writer=writer,
            clock=store.clock,
            node=NODE,
            failpoint=CrashAt(crash),
        )
        self.rotating = Rotating(
            ledger=LEDGER,
            origin=ORIGIN,
            keyring=self.keyring,
            signing=self.signing,
            reader=StoreReader(store.engine, LEDGER),
            publisher=self.checkpointer,
            writer=writer,
            clock=store.clock,
            node=NODE,
            failpoint=CrashAt(crash),
        )

    async def keys(self) -> Keys:
        return (await self.signing.load()).keys


async def envelopes(store: Store, event: str) -> list[tuple[Envelope, Detail]]:
    reader, found = StoreReader(store.engine, LEDGER), []
    async for stored in reader.records(0, await reader.size(), details=True):
        envelope = parse(stored.envelope)
        if envelope.event == event:
            found.append((envelope, parse_detail(stored.detail or b"")))
    return found


async def verdict(store: Store, keys: Keys | Verifier) -> Verdict:
    found = await LedgerVerification(store.engine, LEDGER, keys).run()
    assert found.failure is None
    return found


def signers(note: bytes) -> list[str]:
    return [line.key_id.hex() for line in parse_note(note)[1]]


async def test_a_clock_that_stands_before_the_last_rotation_ends_nothing(store: Store) -> None:
    """Another node's, or one that was set back: keys replaced in another order than their times would hold nowhere."""
    await store.append([entry()])
    async with store.writer() as writer:
        node = Node(store, writer)
        first = store.keyring.signer(ORIGIN).verifier
        ahead = await node.rotating.rotate(*WHO, overlap_s=DAY_S)
        store.clock.advance(-3_600)
        behind = await node.rotating.rotate(*WHO, overlap_s=DAY_S)
        keys = Keys(first, [ahead.statement, behind.statement])
        assert keys.vkey == behind.vkey
        assert keys.rotations[0].at == keys.rotations[1].at
        await writer.append(entry())
        assert await node.checkpointer.publish(force=True) is not None
    await verdict(store, keys)
    assert (await Node(store, writer).keys()).vkey == behind.vkey  # as the next start reads it


async def test_a_statement_that_would_not_hold_is_not_put_on_record(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.append([entry()])
    monkeypatch.setattr(rotating, "_not_before", lambda keys, at: at)
    async with store.writer() as writer:
        node = Node(store, writer)
        done = await node.rotating.rotate(*WHO, overlap_s=DAY_S)
        store.clock.advance(-3_600)
        with pytest.raises(VerificationError):
            await node.rotating.rotate(*WHO, overlap_s=DAY_S)
    assert len(await envelopes(store, "key.rotated")) == 1
    assert (await Node(store, writer).keys()).vkey == done.vkey


async def test_both_keys_sign_for_a_while_and_then_the_new_one_alone(store: Store) -> None:
    await store.append([entry() for _ in range(3)])
    async with store.writer() as writer:
        node = Node(store, writer)
        old = store.keyring.signer(ORIGIN).verifier
        done = await node.rotating.rotate(*WHO, overlap_s=DAY_S)
        new = Verifier.parse(done.vkey)
        point = await node.checkpointer.publish(force=True)
        assert point is not None
        assert signers(point.note) == [new.key_id.hex(), old.key_id.hex()]
        for known in (old, new, Keys(old, [done.statement]), Keys(new, [done.statement])):
            assert signed.verify(point.note, known).size == point.size
        store.clock.advance(DAY_S)
        await writer.append(entry())
        after = await node.checkpointer.publish(force=True)
        assert after is not None
        assert signers(after.note) == [new.key_id.hex()]
        for known in (old, new):
            assert signed.verify(after.note, Keys(known, [done.statement])).size == after.size
            await verdict(store, Keys(known, [done.statement]))
        ((said, told),) = await envelopes(store, "key.rotated")
        assert (said.credential, said.actor, told.subject) == (new.key_id.hex(), "ac_1", "ann")
        assert told.diff == (f"- {old.vkey}", f"+ {new.vkey}")
        # What the ledger said of the old key's last checkpoint is what the statement says.
        assert said.checkpoint is not None
        assert node.signing.keys.rotations[0].after == said.checkpoint[0]


@pytest.mark.parametrize(
    ("crash", "replaced"),
    [
        ("rotation.prepared", False),
        ("rotation.signed", False),
        ("checkpoint.before_commit", False),
        ("checkpoint.after_commit", False),
        ("rotation.recorded", True),
    ],
)
async def test_broken_off_anywhere_it_is_begun_anew_or_done(store: Store, crash: str, replaced: bool) -> None:
    await store.append([entry() for _ in range(3)])
    async with store.writer() as writer:
        with pytest.raises(Crash):
            await Node(store, writer, crash).rotating.rotate(*WHO, overlap_s=DAY_S)
    async with store.writer() as writer:
        node = Node(store, writer)
        assert len(await envelopes(store, "key.rotated")) == replaced
        await writer.append(entry())
        point = await node.checkpointer.publish(force=True)
        assert point is not None
        assert len(signers(point.note)) == 1 + replaced
        await verdict(store, await node.keys())
        if not replaced:
            await node.rotating.rotate(*WHO, overlap_s=DAY_S)
            assert len(store.keyring.next_ledger_keys(ORIGIN, (await node.keys()).known)) == 0, "what waited was used"
        assert len(await envelopes(store, "key.rotated")) == 1
        await verdict(store, await node.keys())


async def test_a_node_that_serves_takes_the_key_over_and_one_without_it_signs_nothing(
    store: Store, tmp_path: Path
) -> None:
    await store.append([entry() for _ in range(3)])
    elsewhere = tmp_path / "elsewhere"
    with_old = Keyring.create(elsewhere)
    name = next(store.directory.glob("keys/ledger-*.key"))
    (elsewhere / name.name).write_bytes(name.read_bytes())
    (elsewhere / name.name).chmod(0o600)
    async with store.writer() as writer:
        here, beside, away = Node(store, writer), Node(store, writer), Node(store, writer, keyring=with_old)
        for node in (here, beside, away):
            await node.checkpointer.publish(force=True)
        done = await here.rotating.rotate(*WHO, overlap_s=DAY_S)
        await writer.append(entry())
        point = await beside.checkpointer.publish(force=True)
        assert point is not None
        assert len(signers(point.note)) == 2
        with pytest.raises(ConfigurationError, match="missing"):
            await away.checkpointer.publish(force=True)
        new = next(store.directory.glob("keys/ledger-*.*.key"))
        (elsewhere / new.name).write_bytes(new.read_bytes())
        (elsewhere / new.name).chmod(0o600)
        await away.checkpointer.publish(force=True)
        assert (await away.keys()).vkey == done.vkey
    with_old.close()


async def test_a_key_can_be_made_and_copied_before_it_is_used(store: Store) -> None:
    async with store.writer() as writer:
        node = Node(store, writer)
        made = await node.rotating.prepare()
        assert (await node.rotating.prepare()).verifier.vkey == made.verifier.vkey
        assert (await node.rotating.rotate(*WHO, overlap_s=0)).vkey == made.verifier.vkey, "of an empty ledger too"
        for _ in range(2):
            store.keyring.create_next_ledger_key(ORIGIN)
        with pytest.raises(ConfigurationError, match="several keys wait"):
            await node.rotating.rotate(*WHO, overlap_s=0)
        await verdict(store, await node.keys())


async def test_replaced_again_and_again_any_key_leads_to_all_and_those_that_sign_no_more_are_destroyed(
    store: Store,
) -> None:
    async with store.writer() as writer:
        node = Node(store, writer)
        first = store.keyring.signer(ORIGIN).verifier
        for number in range(3):
            await writer.append(entry())
            await node.rotating.rotate(*WHO, overlap_s=DAY_S * (number == 2))
        keys = await node.keys()
        assert len(keys.known) == 4
        for known in keys.known:
            await verdict(store, Keys(known, keys.statements))
        gone = await node.rotating.retire(*WHO)
        assert gone == (keys.known[0].vkey, keys.known[1].vkey), "the last but one signs still"
        assert (await envelopes(store, "key.revoked"))[0][0].credential == first.key_id.hex()
        await writer.append(entry())
        assert await node.checkpointer.publish(force=True) is not None
        assert await node.rotating.retire(*WHO, early=True) == (keys.known[2].vkey,)
        assert await node.rotating.retire(*WHO) == ()
        fresh = Node(store, writer)
        await writer.append(entry())
        point = await fresh.checkpointer.publish(force=True)
        assert point is not None
        assert signers(point.note) == [keys.newest.key_id.hex()]
        await verdict(store, await fresh.keys())


async def test_destruction_that_is_broken_off_is_on_record_and_begun_anew(store: Store) -> None:
    async with store.writer() as writer:
        await Node(store, writer).rotating.rotate(*WHO, overlap_s=0)
        with pytest.raises(Crash):
            await Node(store, writer, "rotation.revoked").rotating.retire(*WHO)
        assert len(await Node(store, writer).rotating.retire(*WHO)) == 1
        assert len(await envelopes(store, "key.revoked")) == 2


async def test_a_checkpoint_that_comes_between_is_taken_up(store: Store) -> None:
    """Whoever publishes between the statement and its record does not lose the signature below it."""
    async with store.writer() as writer:
        node, other = Node(store, writer), Node(store, writer)
        calls: list[str] = []

        async def between(name: str) -> None:
            calls.append(name)
            if name == "rotation.signed" and calls.count(name) == 1:
                await writer.append(entry())
                await other.checkpointer.publish(force=True)

        await writer.append(entry())
        node.rotating._failpoint = between
        await node.rotating.rotate(*WHO, overlap_s=DAY_S)
        assert calls.count("rotation.signed") == 2
        assert len(await envelopes(store, "key.rotated")) == 1
        await verdict(store, await node.keys())


async def test_of_two_at_once_one_is_told_that_the_other_was_first(store: Store) -> None:
    async with store.writer() as writer:
        node, other = Node(store, writer), Node(store, writer)

        async def between(name: str) -> None:
            if name == "rotation.signed":
                await other.rotating.rotate(*WHO, overlap_s=DAY_S)

        await writer.append(entry())
        node.rotating._failpoint = between
        with pytest.raises(ConfigurationError, match="replaced meanwhile"):
            await node.rotating.rotate(*WHO, overlap_s=DAY_S)
        assert len(await envelopes(store, "key.rotated")) == 1
        await verdict(store, await node.keys())
