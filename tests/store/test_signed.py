"""What was signed last is remembered beside the keys: nothing that does not extend it is signed or served."""

import os
from pathlib import Path

import pytest

from gateway.core.errors import ConfigurationError, VerificationError
from gateway.core.ports import StoredCheckpoint
from gateway.ledger import checkpoint as signed
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.merkle import EMPTY_ROOT
from gateway.store.reader import StoreReader
from gateway.store.signed import Missing, SignedMarks, demand_claimed, demand_signed, missing, unclaimed
from gateway.store.verification import LedgerVerification
from tests.store.kit import LEDGER, Store, entry
from tests.store.test_checkpointer import SIGNER, of

ID = SIGNER.name.rpartition("/")[2]


def point(size: int, root: bytes = b"r" * 32) -> StoredCheckpoint:
    """One that the ledger's key has signed, of any history."""
    return StoredCheckpoint(size=size, root=root, note=signed.sign(Checkpoint(SIGNER.name, size, root), SIGNER))


def test_it_is_the_signed_note_itself(tmp_path: Path) -> None:
    marks = SignedMarks(tmp_path)
    marks.keep(SIGNER.name, point(7))
    assert marks.of(SIGNER.name) == point(7)
    assert (tmp_path / f"signed-{ID}.note").read_bytes() == point(7).note


@pytest.mark.parametrize("data", [b"", b"words", point(0, EMPTY_ROOT).note, point(3).note[:-9]])
def test_a_file_that_is_no_checkpoint_is_not_passed_over(tmp_path: Path, data: bytes) -> None:
    (tmp_path / f"signed-{ID}.note").write_bytes(data)
    with pytest.raises(ConfigurationError, match="does not hold the checkpoint that was signed last"):
        SignedMarks(tmp_path).of(SIGNER.name)


def test_where_the_keys_cannot_be_written_what_was_remembered_stays_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    SignedMarks(tmp_path).keep(SIGNER.name, point(3))
    assert not caplog.text
    monkeypatch.setattr(os, "access", lambda *_: False)  # whoever runs the tests may write anywhere
    marks = SignedMarks(tmp_path)
    marks.keep(SIGNER.name, point(7))
    assert "is not remembered" in caplog.text
    assert marks.of(SIGNER.name) == point(3), "what is there counts"


async def test_each_checkpoint_is_remembered_and_the_next_extends_it(store: Store, tmp_path: Path) -> None:
    marks = SignedMarks(tmp_path)
    await store.append([entry() for _ in range(300)])
    async with store.writer() as writer:
        mine = of(store, writer, marks=marks)
        first = await mine.publish(force=True)
        assert marks.of(SIGNER.name) == first
        await writer.append(entry())
        # Another node, with another directory, signs; this one takes it over with its own next one.
        theirs = await of(store, writer).publish(force=True)
        await mine.publish()
        assert marks.of(SIGNER.name) == theirs
        await writer.append(entry())
        last = await of(store, writer, marks=marks).publish(force=True)
        assert marks.of(SIGNER.name) == last
    mark = marks.of(SIGNER.name)
    assert mark is not None
    assert await missing(store.engine, LEDGER, mark) is None


async def test_a_ledger_that_was_taken_back_is_not_signed_however_far_it_has_grown(
    store: Store, tmp_path: Path
) -> None:
    """All checkpoints, and all that records tell of those, went with what was cut off."""
    marks = SignedMarks(tmp_path)
    marks.keep(SIGNER.name, point(4))
    await store.append([entry() for _ in range(3)])
    assert await missing(store.engine, LEDGER, point(4)) == Missing(4, forked=False)
    async with store.writer() as writer:
        with pytest.raises(VerificationError, match="fewer records than were signed"):
            await of(store, writer, marks=marks).publish(force=True)
        for _ in range(3):
            await writer.append(entry())
        assert await missing(store.engine, LEDGER, point(4)) == Missing(4, forked=True)
        for force in (True, False):
            with pytest.raises(VerificationError, match="the tree of size 4 has another root than was signed"):
                await of(store, writer, marks=marks).publish(force=force)
    assert await StoreReader(store.engine, LEDGER).checkpoint() is None
    assert marks.of(SIGNER.name) == point(4)
    whole = LedgerVerification(store.engine, LEDGER, SIGNER.verifier)
    assert (await whole.run()).failure is None, "by itself it is a whole ledger"
    assert "4" in str((await whole.run(None, None, point(4).note)).failure)


@pytest.mark.parametrize("size", [2, 5])
async def test_a_history_that_was_signed_anew_is_found_by_what_is_remembered(
    store: Store, tmp_path: Path, size: int
) -> None:
    """Somebody had the key used on another history: the newest checkpoint in the database is genuine."""
    await store.append([entry() for _ in range(5)])
    async with store.writer() as writer:
        newest = await of(store, writer).publish(force=True)
        assert newest is not None
        marks = SignedMarks(tmp_path)
        marks.keep(SIGNER.name, point(size))
        with pytest.raises(VerificationError):
            await of(store, writer, marks=marks).publish(force=True)
    assert marks.of(SIGNER.name) == point(size)


async def test_checkpoints_that_alone_were_taken_away_are_made_again(store: Store, tmp_path: Path) -> None:
    marks = SignedMarks(tmp_path)
    await store.append([entry() for _ in range(3)])
    async with store.writer() as writer:
        was = await of(store, writer, marks=marks).publish(force=True)
        async with store.bare() as bare:
            await bare.run("checkpoint", "DELETE FROM checkpoint")
        await writer.append(entry())
        found = await of(store, writer, marks=marks).publish(force=True)
    assert was is not None
    assert found is not None
    assert found.size > was.size
    assert marks.of(SIGNER.name) == found


async def test_another_ledger_under_the_same_origin_is_not_taken_for_it(store: Store, tmp_path: Path) -> None:
    """Who may write to the database says which ledger an origin, and so a key, belongs to."""
    marks = SignedMarks(tmp_path)
    async with store.writer() as writer:
        await writer.append(entry())
        assert await of(store, writer, marks=marks).publish(force=True)
    async with store.writer("tn_another") as writer:
        for _ in range(3):
            await writer.append(entry(ledger="tn_another"))
        with pytest.raises(VerificationError, match="has others"):
            await demand_signed(store.engine, marks, "tn_another", SIGNER.name)


def test_what_was_signed_for_another_origin_than_the_configured_ones_is_named(tmp_path: Path) -> None:
    marks = SignedMarks(tmp_path)
    marks.keep(SIGNER.name, point(3))
    assert unclaimed(marks, [SIGNER.name, "gateway.test/ledger/f00d"]) == {}
    demand_claimed(marks, [SIGNER.name])
    assert unclaimed(marks, ["gateway.test/ledger/f00d"]) == {SIGNER.name: point(3)}
    with pytest.raises(VerificationError, match=f"signed here for {SIGNER.name}, which is no configured tenant's"):
        demand_claimed(marks, ["gateway.test/ledger/f00d"])
    assert (tmp_path / marks.name(SIGNER.name)).is_file()


def test_of_a_file_that_root_writes_the_owner_of_the_directory_stays_the_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "fchown", lambda _, user, group: given.append((user, group)))
    for user in (0, 1_000):
        monkeypatch.setattr(os, "geteuid", lambda user=user: user)
        SignedMarks(tmp_path).keep(SIGNER.name, point(user + 1))
    found = tmp_path.stat()
    assert given == [(found.st_uid, found.st_gid)]
