"""An archive verifies by itself, with the ledger's public key; and what was changed in it does not."""

import io
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core import canonical
from gateway.core.errors import FormatError, VerificationError
from gateway.core.ports import StoredRecord
from gateway.evidence import archive as files
from gateway.evidence.archive import BLOCK, Archive, Archiver, Beside, Block, Checked, Header
from gateway.evidence.container import Container, Writer
from gateway.ledger import checkpoint
from gateway.ledger.chain import leaf_hash
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.encoding import to_base64
from gateway.ledger.entry import SealedPart
from gateway.ledger.merkle import Frontier, consistency_path
from gateway.ledger.merkle import root as root_of
from gateway.ledger.note import Signer
from gateway.ledger.record import GENESIS, Envelope, seal, timestamp

LEDGER = "tn_0123456789abcdef0123456789"
SIGNER = Signer("gateway.internal/ledger/0011", bytes(range(32)))
OTHER = Signer("gateway.internal/ledger/0012", bytes(range(1, 33)))
SIZE = 2 * BLOCK + 10
PART = Beside(seq=BLOCK + 3, part="detail", key="dk_1", nonce=b"n" * 12, ciphertext=b"c")


class Ledger(msgspec.Struct):
    """Two blocks and a little more, as bytes."""

    records: list[StoredRecord]
    leaves: list[bytes]

    def note(self, size: int, signer: Signer = SIGNER) -> bytes:
        return checkpoint.sign(Checkpoint(signer.name, size, root_of(self.leaves[:size])), signer)


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    records, leaves, prev = [], [], GENESIS
    for seq in range(SIZE):
        envelope = Envelope(
            id=f"{seq:036}", tenant=LEDGER, event="config.changed", occurred_at=timestamp(seq), config=f"c{seq}"
        )
        data = seal(envelope, seq, prev, timestamp(seq))
        prev = leaf_hash(data)
        records.append(StoredRecord(seq=seq, envelope=data, hash=prev))
        leaves.append(prev)
    return Ledger(records, leaves)


def _node(leaves: list[bytes]) -> Callable[[int, int], bytes]:
    return lambda level, index: root_of(leaves[index << level : (index + 1) << level])


def header(made_of: Ledger, number: int, /, **changes: Any) -> Header:
    ledger, first, frontier = made_of, number * BLOCK, Frontier()
    for leaf in ledger.leaves[:first]:
        frontier.append(leaf)
    values: dict[str, Any] = {
        "v": 1,
        "id": "ar_1",
        "ledger": LEDGER,
        "origin": SIGNER.name,
        "first": first,
        "end": first + BLOCK,
        "prev": to_base64(ledger.leaves[first - 1] if first else GENESIS),
        "recorded_at": timestamp(first - 1) if first else "",
        "peaks": tuple(to_base64(peak) for peak in frontier.peaks),
        "path": tuple(to_base64(one) for one in consistency_path(first + BLOCK, SIZE, _node(ledger.leaves))),
        "files": (),
    }
    return Header(**(values | changes))


def made(
    of: Ledger,
    number: int = 1,
    /,
    *,
    records: list[StoredRecord] | None = None,
    parts: tuple[Beside, ...] = (PART,),
    first: bytes | None = None,
    last: bytes | None = None,
    **changes: Any,
) -> io.BytesIO:
    file = io.BytesIO()
    archiver = Archiver(file)
    archiver.block(number, records or of.records[number * BLOCK : (number + 1) * BLOCK], parts if number else ())
    archiver.end(header(of, number, **changes), first, last or of.note(SIZE))
    return file


def verified(file: io.BytesIO, look: Callable[[Block], None] | None = None) -> Checked:
    return files.verify(Archive(file), SIGNER.verifier, look)


@pytest.mark.parametrize("number", [0, 1])
def test_an_archive_holds_with_the_ledgers_key_alone(ledger: Ledger, number: int) -> None:
    looked: list[Block] = []
    found = verified(made(ledger, number), looked.append)
    assert found.last_hash == ledger.leaves[(number + 1) * BLOCK - 1]
    assert found.recorded_at == timestamp((number + 1) * BLOCK - 1)
    assert (found.checkpoint.size, found.sealed, found.header.id) == (SIZE, number, "ar_1")
    assert looked[0].records == tuple(ledger.records[number * BLOCK : (number + 1) * BLOCK])
    assert looked[0].parts == (
        {PART.seq: (SealedPart(part="detail", key="dk_1", nonce=b"n" * 12, ciphertext=b"c"),)} if number else {}
    )


def test_a_checkpoint_of_just_its_end_needs_no_path(ledger: Ledger) -> None:
    assert verified(made(ledger, last=ledger.note(2 * BLOCK), path=())).checkpoint.size == 2 * BLOCK


def test_a_checkpoint_within_it_is_compared_too(ledger: Ledger) -> None:
    assert verified(made(ledger, first=ledger.note(BLOCK + 5))).header.first == BLOCK
    wrong = checkpoint.sign(Checkpoint(SIGNER.name, BLOCK + 5, bytes(32)), SIGNER)
    with pytest.raises(VerificationError, match="another root than its checkpoint"):
        verified(made(ledger, first=wrong))
    for size in (BLOCK, 2 * BLOCK):
        with pytest.raises(VerificationError, match="does not lie within"):
            verified(made(ledger, first=ledger.note(size)))


def _with(ledger: Ledger, seq: int, config: bytes) -> list[StoredRecord]:
    """The block's records, one of them with another word in it."""
    records = ledger.records[BLOCK : 2 * BLOCK]
    envelope = records[seq].envelope.replace(f'"c{BLOCK + seq}"'.encode(), config)
    records[seq] = StoredRecord(seq=BLOCK + seq, envelope=envelope, hash=leaf_hash(envelope))
    return records


WRONG: dict[str, tuple[Callable[[Ledger], io.BytesIO], str]] = {
    "a record of other bytes": (
        lambda one: made(one, records=_with(one, 9, b'"c4106"')),
        "prev: not the hash of the record before",
    ),
    "its last record of other bytes": (
        lambda one: made(one, records=_with(one, BLOCK - 1, b'"c8190"')),
        "consistency",
    ),
    "a record too few": (lambda one: made(one, records=one.records[BLOCK : 2 * BLOCK - 1]), "must hold 4096 records"),
    "another ledger's key": (lambda one: made(one, last=one.note(SIZE, OTHER)), "signature"),
    "another ledger's origin": (lambda one: made(one, origin=OTHER.name), "another ledger than the key's"),
    "another ledger's records": (lambda one: made(one, ledger="tn_other"), "of another tenant"),
    "a checkpoint that does not reach its end": (lambda one: made(one, last=one.note(BLOCK)), "does not cover it"),
    "another tree before it": (lambda one: made(one, peaks=(to_base64(bytes(32)),)), "consistency"),
    "too many peaks": (lambda one: made(one, peaks=(to_base64(bytes(32)),) * 2), "one hash for each bit"),
    "another link before it": (lambda one: made(one, prev=to_base64(bytes(32))), "prev"),
    "a later time before it": (lambda one: made(one, recorded_at=timestamp(10**9)), "recorded_at"),
    "no path": (lambda one: made(one, path=()), "the proof is empty"),
    "a range that is not whole": (lambda one: made(one, end=2 * BLOCK - 1), "ends within a block"),
    "an empty range": (lambda one: made(one, end=BLOCK), "at least one record"),
    "another version": (lambda one: made(one, v=2), "not in its form"),
    "records of another range": (lambda one: made(one, first=None, end=3 * BLOCK), "just the members"),
    "a part of another block": (
        lambda one: made(one, parts=(msgspec.structs.replace(PART, seq=BLOCK - 1),)),
        "in order",
    ),
    "a part twice": (lambda one: made(one, parts=(PART, PART)), "in order"),
    "a nonce too short": (lambda one: made(one, parts=(msgspec.structs.replace(PART, nonce=b"n"),)), "in order"),
}


@pytest.mark.parametrize("defect", WRONG)
def test_what_does_not_hold_is_named(ledger: Ledger, defect: str) -> None:
    make, said = WRONG[defect]
    with pytest.raises((VerificationError, FormatError), match=said):
        verified(make(ledger))


def _rewritten(file: io.BytesIO, change: Callable[[str, bytes], tuple[str, bytes] | None]) -> io.BytesIO:
    """With its members changed or left out, in the container's own form."""
    container, out = Container(file), io.BytesIO()
    writer = Writer(out)
    for name in container.members:
        becomes = change(name, b"".join(container.blocks(name)))
        if becomes is not None:
            writer.add(*becomes)
    writer.close()
    return out


@pytest.mark.parametrize("gone", ["records/", "beside/", files.LAST, files.HEADER])
def test_a_member_that_is_gone_is_missed(ledger: Ledger, gone: str) -> None:
    with pytest.raises(FormatError):
        Archive(_rewritten(made(ledger), lambda name, data: None if name.startswith(gone) else (name, data)))


def test_what_is_not_utf8_is_not_in_its_form(ledger: Ledger) -> None:
    def changed(name: str, data: bytes) -> tuple[str, bytes]:
        return name, data.replace(b'"', b'"\xff', 1) if name == files.HEADER else data

    with pytest.raises(FormatError, match="not in its form"):
        Archive(_rewritten(made(ledger), changed))
    with pytest.raises(FormatError, match="not in its form"):
        files._part(b'{"key":"\xff"}')


def test_a_member_that_is_changed_or_new_is_found(ledger: Ledger) -> None:
    def changed(name: str, data: bytes) -> tuple[str, bytes]:
        return name, data.replace(b"dk_1", b"dk_2")

    with pytest.raises(FormatError, match="not what the archive says it is"):
        verified(_rewritten(made(ledger), changed))
    more = _rewritten(made(ledger), lambda name, data: (name.replace("beside", "behind"), data))
    with pytest.raises(FormatError, match="just the members"):
        Archive(more)


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_a_header_of_any_other_form_is_refused(data: st.DataObject) -> None:
    right = canonical.encode({"v": 1, "id": "ar_1"})
    mutated = data.draw(st.one_of(st.binary(max_size=64), st.just(right), st.text(max_size=32).map(str.encode)))
    out = io.BytesIO()
    writer = Writer(out)
    writer.add(files.HEADER, mutated)
    writer.close()
    with pytest.raises(FormatError):
        Archive(out)


@given(st.binary(max_size=200))
@settings(max_examples=50)
def test_what_is_no_container_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        Archive(io.BytesIO(data))


def test_its_digest_is_that_of_all_its_bytes(ledger: Ledger) -> None:
    file = made(ledger)
    assert files.digest(file) == files.digest(io.BytesIO(file.getvalue()))
    assert files.digest(io.BytesIO()) == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
