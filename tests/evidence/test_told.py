"""What records tell of checkpoints is held against the tree, wherever a bundle begins and however many processes are at
it; what cannot be held against it is said."""

import subprocess
import sys
from pathlib import Path

import pytest

from gateway.core.errors import VerificationError
from gateway.evidence import split, told
from gateway.evidence.selection import Selection
from gateway.evidence.standalone import generate
from gateway.evidence.verify import verify
from gateway.ledger.encoding import to_base64
from gateway.ledger.published import Published
from gateway.ledger.record import Envelope, timestamp

from .making import T0, VKEY, MemoryLedger, bundle, ledger

SIZE = 12


def telling(root: bytes | None = None, size: int = SIZE) -> MemoryLedger:
    """A ledger whose record 13 tells of the checkpoint of 12 records (or of another), and that has 17."""
    made = ledger(SIZE)
    point = made.notes[-1]
    _publish(made, seq=12, checkpoint=None)
    _publish(made, seq=13, checkpoint=(size, to_base64(point.root if root is None else root)))
    for seq in (14, 15, 16):
        _publish(made, seq=seq, checkpoint=None)
    made.publish()
    return made


def _publish(made: MemoryLedger, seq: int, checkpoint: tuple[int, str] | None) -> None:
    made.append(
        Envelope(
            id=f"01900000-0000-7000-8000-{seq:012x}",
            tenant="tn_1",
            event="config.changed" if checkpoint is None else "checkpoint.published",
            occurred_at=timestamp(T0 + seq * 1_000_000 - 500),
            checkpoint=checkpoint,
        )
    )


WRONG = "records: record 13: published: the tree of size 12 has another root than it tells of"


@pytest.mark.parametrize("first", [0, 5, 12])
def test_what_a_record_tells_of_the_tree_is_compared_from_wherever_the_range_begins(tmp_path: Path, first: int) -> None:
    path = tmp_path / "b.zip"
    selection = Selection(first=first)
    bundle(telling(), path, selection)
    assert not [note for note in verify(path, VKEY).notes if "tell of checkpoints" in note]
    bundle(telling(bytes(32)), path, selection)
    with pytest.raises(VerificationError, match=WRONG):
        verify(path, VKEY)


def test_what_is_told_of_a_tree_that_ends_before_the_range_is_said_not_to_be_checked(tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    bundle(telling(bytes(32)), path, Selection(first=13))
    assert [note for note in verify(path, VKEY).notes if note.startswith("1 records of the range tell of checkpoints")]


def test_the_first_checkpoint_of_the_bundle_is_what_it_is_compared_with(tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    for root, wrong in ((None, False), (bytes(32), True)):
        made = telling(root)
        bundle(made, path, Selection(first=13), opening=made.notes[0])
        if wrong:
            with pytest.raises(VerificationError, match="published: the first checkpoint has another root"):
                verify(path, VKEY)
        else:
            assert not [note for note in verify(path, VKEY).notes if "tell of checkpoints" in note]


def test_a_record_that_tells_of_records_after_it_is_found(tmp_path: Path) -> None:
    bundle(telling(size=14), tmp_path / "b.zip")
    with pytest.raises(VerificationError, match="record 13: published: it does not tell"):
        verify(tmp_path / "b.zip", VKEY)


@pytest.mark.parametrize("root", [None, bytes(32)])
@pytest.mark.parametrize("first", [0, 3, 12])
def test_several_processes_compare_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: bytes | None, first: int
) -> None:
    """They say yes where it fits, and nothing where it does not: then one process says what is wrong."""
    path, answers, read = tmp_path / "b.zip", list[bool](), split.read
    bundle(telling(root), path, Selection(first=first))

    def watched(*given: object) -> object:
        found = read(*given, lambda jobs: [split.done(job) for job in jobs])  # type: ignore[call-arg, arg-type]
        answers.append(found is not None)
        return found

    monkeypatch.setattr(split, "WORTH", 1)
    monkeypatch.setattr(split, "read", watched)
    if root is None:
        verify(path, VKEY, processes=3)
    else:
        with pytest.raises(VerificationError, match=WRONG):
            verify(path, VKEY, processes=3)
    assert answers == [root is None]


def test_the_verifier_of_one_file_compares_it(tmp_path: Path) -> None:
    script, key, path = tmp_path / "verify.py", tmp_path / "k.vkey", tmp_path / "b.zip"
    script.write_text(generate(), "utf-8")
    key.write_text(VKEY)
    bundle(telling(bytes(32)), path)
    command = [sys.executable, "-I", str(script), "--key", str(key), str(path)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 1
    assert WRONG.partition(": ")[2] in found.stdout


def test_only_records_of_the_event_are_read() -> None:
    stored = [one.envelope for one in telling().stored]
    hidden = stored[12].replace(b"config.changed", b"checkpoint.published x")
    found = told.read([*stored[:12], hidden, b"none", *stored[13:14]], 0, None)
    assert [one.size for one in found.within] == [12]
    assert isinstance(found.within[0], Published)
    assert found.before == 0
