"""How fast stored records are verified, on one core: leaf hash, link and tree, and the canonical form apart.

The records are of the size and the fields that the pipeline writes, intents and outcomes in turn, and are verified as
they are stored: from their bytes. Seconds are processor seconds of the one thread that does it.
"""

import os
import time
from collections.abc import Sequence
from hashlib import sha256
from statistics import median

import msgspec

from gateway.core.ids import random_id, uuid7
from gateway.ledger.chain import leaf_hash
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.encoding import to_base64
from gateway.ledger.merkle import Frontier
from gateway.ledger.record import (
    GENESIS,
    CandidateInfo,
    ClassesInfo,
    DecisionInfo,
    Envelope,
    MessageInfo,
    NodeInfo,
    OutcomeInfo,
    check,
    seal,
    timestamp,
)
from gateway.ledger.verify import verify_records

RECORDS = 50_000
ROUNDS = 5
TARGET = 100_000


class Stored(msgspec.Struct, frozen=True):
    """A record as a database gives it."""

    seq: int
    envelope: bytes
    hash: bytes


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Records a second, medians."""

    records: int
    mean_bytes: int
    records_per_s: float
    """Leaf hash, link, tree and root: steps 1 to 6 and 8 to 10 of `gateway.ledger.verify`."""
    with_canonical_form_per_s: float
    """The same, and each record parsed, held to every field's bounds, encoded anew and compared: step 7 too."""
    hashing_alone_per_s: float
    """SHA-256 over the same bytes, nothing else: what no verification can beat."""


def ledger(count: int, now_us: int = 1_795_482_123_000_000) -> tuple[list[Stored], Checkpoint]:
    """A chain of records, and the checkpoint over all of them."""
    records: list[Stored] = []
    link, frontier = GENESIS, Frontier()
    tenant, node = random_id("tn"), NodeInfo(id=random_id("nd"), boot=random_id("bt"))
    exchange, trace = "", ""
    for seq in range(count):
        if seq % 2 == 0:
            exchange, trace = uuid7(now_us + seq), os.urandom(16).hex()
        envelope = _envelope(seq, now_us, tenant, node, exchange, trace)
        check(envelope)
        data = seal(envelope, seq, link, timestamp(now_us + seq))
        link = leaf_hash(data)
        frontier.append(link)
        records.append(Stored(seq, data, link))
    return records, Checkpoint(origin="bench.example/ledger/1", size=count, root=frontier.root())


def measure(count: int = RECORDS, rounds: int = ROUNDS) -> Report:
    """Verify the same records in interleaved rounds. `VerificationError` if they do not hold."""
    records, checkpoint = ledger(count)
    seen: dict[str, list[float]] = {"plain": [], "canonical": [], "hash": []}
    for _ in range(rounds):
        for name, canonical in (("plain", False), ("canonical", True)):
            began = time.thread_time()
            verified = verify_records(records, checkpoints=(checkpoint,), canonical=canonical)
            seen[name].append(verified.size / (time.thread_time() - began))
        began = time.thread_time()
        _hashed(records)
        seen["hash"].append(count / (time.thread_time() - began))
    return Report(
        records=count,
        mean_bytes=sum(len(record.envelope) for record in records) // count,
        records_per_s=round(median(seen["plain"])),
        with_canonical_form_per_s=round(median(seen["canonical"])),
        hashing_alone_per_s=round(median(seen["hash"])),
    )


def lines(report: Report) -> list[str]:
    """The report for people."""
    return [
        f"{report.records} records of {report.mean_bytes} bytes, records a second on one core",
        f"leaf hash, link, tree and root {report.records_per_s:12,.0f}",
        f"with the canonical form        {report.with_canonical_form_per_s:12,.0f}",
        f"SHA-256 alone                  {report.hashing_alone_per_s:12,.0f}",
    ]


def _hashed(records: Sequence[Stored]) -> None:
    for record in records:
        sha256(b"\x00" + record.envelope).digest()


def _envelope(seq: int, now_us: int, tenant: str, node: NodeInfo, exchange: str, trace: str) -> Envelope:
    opens = seq % 2 == 0
    zone, agent = ("cloud", "cloud") if seq % 6 else ("in-house", "ward")
    found = () if seq % 6 else ("phi", "pii")
    body = MessageInfo(commitment=to_base64(os.urandom(32)), bytes=1024, media_type="application/json", parts=3)
    candidates = (CandidateInfo(agent=agent, zone=zone, healthy=True, answer="allow", rule="bench-59"),)
    return Envelope(
        id=uuid7(now_us + seq),
        tenant=tenant,
        event="exchange.requested" if opens else "exchange.completed",
        occurred_at=timestamp(now_us + seq),
        actor="ac_3a6195e8d18e9cf6c7cd923e15",
        actor_kind="service",
        caller_zone="in-house",
        purpose="HOPERAT",
        exchange=exchange,
        trace=trace,
        action="chat",
        route_requested="summarize",
        agent=agent,
        zone=zone,
        region="US",
        processor="cloud-inc",
        capability="summarize",
        attempt=None if opens else 1,
        found={"person": 1, "mrn": 1, "health-term": 2} if found else {},
        scanned="full",
        classes=ClassesInfo(found=found, declared=(), inherited=(), floor=()),
        decision=DecisionInfo(effect="route", rules=("bench-59",), obligations=(), policy=f"sha256:{'5e' * 32}"),
        candidates=candidates if opens else None,
        inputs={"contract:cloud-inc": "valid", "zone": "untrusted"} if opens else None,
        request=body if opens else None,
        response=None if opens else body,
        outcome=None
        if opens
        else OutcomeInfo(code="ok", status=200, latency_us=4313, tokens_in=180, tokens_out=90, bytes=575),
        detail=to_base64(os.urandom(32)),
        config=f"sha256:{'97' * 32}",
        engine="1-457119ac82cb",
        node=node,
    )
