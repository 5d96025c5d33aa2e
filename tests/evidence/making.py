"""A ledger in memory with made-up records, and bundles of it."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from pathlib import Path

from gateway.core.ports import Opening, StoredCheckpoint, StoredRecord
from gateway.core.refusal import Refusal
from gateway.evidence.attachment import Attachment, Material
from gateway.evidence.bundle import Stamps, build
from gateway.evidence.carried import Source
from gateway.evidence.manifest import Manifest
from gateway.evidence.selection import Selection
from gateway.ledger import checkpoint as checkpoints
from gateway.ledger.chain import leaf_hash, node_hash
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.commitment import committed
from gateway.ledger.merkle import consistency_path, inclusion_path, root
from gateway.ledger.note import Signer
from gateway.ledger.record import (
    GENESIS,
    ClassesInfo,
    DecisionInfo,
    Detail,
    Envelope,
    OutcomeInfo,
    encode_detail,
    seal,
    timestamp,
)
from gateway.ledger.rotation import Keys

ORIGIN = "gateway.example/ledger/1f6d0a"
SIGNER = Signer(ORIGIN, hashlib.sha256(b"the ledger of the tests").digest())
OTHER = Signer(ORIGIN, hashlib.sha256(b"somebody else").digest())
VKEY = SIGNER.verifier.vkey
T0 = 1_800_000_000_000_000
POLICIES = {f"sha256:{hashlib.sha256(data).hexdigest()}": data for data in (b'{"policy":1}', b'{"policy":2}')}
LOT = 4
"""Records that the ledger in memory gives at once."""
EFFECTS = ("route", "redact", "deny")


class MemoryLedger:
    """A tenant's ledger as a `RecordReader`, every tree computed anew from the leaves."""

    def __init__(self, signer: Signer = SIGNER) -> None:
        self.signer = signer
        self.stored: list[StoredRecord] = []
        self.notes: list[StoredCheckpoint] = []

    async def size(self) -> int:
        return len(self.stored)

    async def lots(self, first: int, end: int) -> AsyncIterator[Sequence[StoredRecord]]:
        for start in range(first, min(end, len(self.stored)), LOT):
            given = self.stored[start : min(start + LOT, end)]
            yield [StoredRecord(seq=one.seq, envelope=one.envelope, hash=one.hash) for one in given]

    async def runs(self, seqs: Sequence[int]) -> list[Sequence[int]]:
        return [seqs[at : at + LOT] for at in range(0, len(seqs), LOT)]

    async def details(self, seqs: Sequence[int]) -> Mapping[int, Opening]:
        found = [one for one in self.stored if one.seq in seqs]
        return {one.seq: Opening(one.detail_salt or b"", one.detail) for one in found if one.detail is not None}

    async def checkpoint(self, at_least: int = 0) -> StoredCheckpoint | None:
        return next((note for note in reversed(self.notes) if note.size >= at_least), None)

    async def inclusion(self, index: int, size: int) -> list[bytes]:
        return inclusion_path(index, size, self.node)

    async def consistency(self, first: int, second: int) -> list[bytes]:
        return consistency_path(first, second, self.node)

    def node(self, level: int, index: int) -> bytes:
        if not level:
            return self.stored[index].hash
        return node_hash(self.node(level - 1, 2 * index), self.node(level - 1, 2 * index + 1))

    def append(self, envelope: Envelope, detail: bytes | None = None, salt: bytes | None = None) -> None:
        seq = len(self.stored)
        record = seal(envelope, seq, self.stored[-1].hash if seq else GENESIS, timestamp(T0 + seq * 1_000_000))
        self.stored.append(
            StoredRecord(seq=seq, envelope=record, hash=leaf_hash(record), detail=detail, detail_salt=salt)
        )

    def publish(self) -> StoredCheckpoint:
        self.notes.append(self.checkpoint_at(len(self.stored)))
        return self.notes[-1]

    def checkpoint_at(self, size: int) -> StoredCheckpoint:
        top = root(record.hash for record in self.stored[:size])
        note = checkpoints.sign(Checkpoint(self.signer.name, size, top), self.signer)
        return StoredCheckpoint(size=size, root=top, note=note)


class Sources:
    """An attachment: number, actor and source address of each selected record, and the number of all."""

    def __init__(self, path: str = "data/csv/sources.csv") -> None:
        self.path = path

    async def pieces(self, material: Material) -> AsyncGenerator[bytes, None]:
        async for given in material.selected():
            source = None if given.detail is None else given.detail.source
            yield f"{given.envelope.seq},{given.envelope.actor},{source}\n".encode()
        count = len([given async for given in material.whole()])
        yield f"{count} of {material.manifest.origin}\n".encode()


def ledger(count: int, signer: Signer = SIGNER, tenant: str = "tn_1") -> MemoryLedger:
    """`count` records, every third without a detail, and a checkpoint over them."""
    made = MemoryLedger(signer)
    for seq in range(count):
        salt = hashlib.sha256(b"salt %d" % seq).digest()
        detail = encode_detail(Detail(subject=f"user-{seq % 5}@example.org", roles=("clinician",), source="192.0.2.7"))
        with_detail = seq % 3 != 2
        made.append(
            Envelope(
                id=f"01900000-0000-7000-8000-{seq:012x}",
                tenant=tenant,
                event="exchange.requested" if seq % 2 == 0 else "exchange.completed",
                occurred_at=timestamp(T0 + seq * 1_000_000 - 500),
                actor=f"ac_{seq % 4}",
                exchange=f"ex_{seq // 2}",
                agent="cloud-writer" if seq % 4 < 2 else "local-writer",
                action="chat",
                zone="cloud" if seq % 4 < 2 else "in-house",
                purpose="TREAT",
                decision=DecisionInfo(
                    effect=EFFECTS[seq % 3], rules=("r1",), obligations=(), policy=list(POLICIES)[seq % 2]
                ),
                outcome=OutcomeInfo(code="ok", status=200) if seq % 2 else None,
                classes=ClassesInfo(found=("phi",) if seq % 3 == 1 else (), declared=(), inherited=(), floor=("pii",)),
                trace=f"{seq // 2:032x}",
                detail=committed(salt, "detail", detail) if with_detail else None,
            ),
            detail if with_detail else None,
            salt if with_detail else None,
        )
    made.publish()
    return made


def try_bundle(
    made: MemoryLedger,
    path: Path,
    selection: Selection | None = None,
    *,
    opening: StoredCheckpoint | None = None,
    policies: Mapping[str, bytes] = POLICIES,
    standing: str | None = None,
    attachments: Sequence[Attachment] = (),
    stamps: Sequence[Stamps] = (),
    emergencies: Source | None = None,
) -> Manifest | Refusal:
    async def run() -> Manifest | Refusal:
        with path.open("w+b") as file:
            return await build(
                made,
                selection or Selection(),
                signer=made.signer,
                policies=policies,
                standing=standing,
                created_us=T0 + 3_600_000_000,
                write=file,
                opening=opening,
                attachments=attachments,
                stamps=stamps,
                emergencies=emergencies,
            )

    return asyncio.run(run())


def bundle(
    made: MemoryLedger,
    path: Path,
    selection: Selection | None = None,
    *,
    opening: StoredCheckpoint | None = None,
    attachments: Sequence[Attachment] = (),
    stamps: Sequence[Stamps] = (),
    emergencies: Source | None = None,
) -> Manifest:
    found = try_bundle(
        made, path, selection, opening=opening, attachments=attachments, stamps=stamps, emergencies=emergencies
    )
    if isinstance(found, Refusal):
        raise TypeError(f"refused: {found.code}")
    return found


MADE_LAST = checkpoints.verify(ledger(20).notes[-1].note, Keys(SIGNER.verifier))
"""The checkpoint over a ledger of twenty records."""
