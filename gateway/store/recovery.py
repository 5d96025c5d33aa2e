"""What happens at every start of a ledger, after a crash or not; and, for nodes that died, while others run.

There is one path: whatever is found is looked at in the same way, and written by the same writer.
"""

import asyncio
from binascii import a2b_base64

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import FormatError, VerificationError
from gateway.core.ids import uuid7
from gateway.core.ports import Clock
from gateway.ledger.chain import leaf_hash
from gateway.ledger.entry import Entry
from gateway.ledger.record import GENESIS, Envelope, NodeInfo, parse, timestamp
from gateway.store import tables
from gateway.store.batch import recovered
from gateway.store.engine import reading
from gateway.store.node import living
from gateway.store.sql import reachable
from gateway.store.writer_base import LedgerWriter

TAIL = 1_000
"""How many of the newest records are checked at a start."""
_STARTS = 100
"""How many of the newest starts, of whatever nodes, are looked through for this node's own."""


class Recovered(msgspec.Struct, frozen=True, kw_only=True):
    """What a start found."""

    size: int
    """How many records there were."""
    verified: int
    """How many of the newest ones were checked: hash, link and head."""
    closed: int
    """How many exchanges were closed as interrupted."""


async def recover(
    engine: AsyncEngine,
    writer: LedgerWriter,
    clock: Clock,
    *,
    build: str | None = None,
    config: str | None = None,
) -> Recovered:
    """Bring a ledger in order before it serves: the writer is started, the node claimed and registered.

    1. The head and the newest records must agree; `VerificationError` if they do not, and nothing is written.
    2. Where the configuration is another than at this node's last start, `config.changed` says so; then
       `ledger.started` is appended. A crash between them leaves a change that the next start tells again; one after
       them, a start that served nothing.
    3. Exchanges left open by former boots and dead nodes get their `exchange.interrupted`. A crash among them leaves
       the rest open, for the next start.
    4. If there were any, `ledger.recovered` says how many.

    Not checked: the records before the tail (`audit verify` does), and checkpoints.
    """
    size, verified = await verify_tail(engine, writer.tenant)
    before = None if config is None else await _last_configuration(engine, writer)
    if before is not None and before != config:
        await writer.append(_told(writer, clock, "config.changed", config=config))
    await writer.append(_told(writer, clock, "ledger.started", build=build, config=config))
    closed = await close_interrupted(engine, writer, clock)
    if closed:
        await writer.append(recovered(writer.tenant, clock.now_us(), writer.node, "interrupted", closed))
    return Recovered(size=size, verified=verified, closed=closed)


async def close_interrupted(engine: AsyncEngine, writer: LedgerWriter, clock: Clock) -> int:
    """Close what nobody alive will close: open exchanges of former boots of living nodes, and of nodes whose lease has
    expired. Never those of a boot that lives. Returns how many this call closed; several nodes may try at once."""
    intents = [
        intent for intent, owner in await _open_exchanges(engine, writer.tenant, clock) if owner != _key(writer.node)
    ]
    closed = 0
    for start in range(0, len(intents), 500):
        chunk = await asyncio.gather(*(writer.interrupt(intent) for intent in intents[start : start + 500]))
        closed += sum(appended is not None for appended in chunk)
    return closed


async def verify_tail(engine: AsyncEngine, ledger: str, tail: int = TAIL) -> tuple[int, int]:
    """(size, records checked): that the head is the newest record's, and that the newest `tail` records are what their
    hashes and links say. `VerificationError` names the first that is not."""
    record, head = tables.record.c, tables.head.c
    newest = (
        select(record.seq, record.recorded_at, record.bytes, record.hash)
        .where(record.tenant == ledger)
        .order_by(record.seq.desc())
        .limit(tail)
    )
    archived = select(func.coalesce(func.max(tables.archive.c.end_seq), 0)).where(tables.archive.c.tenant == ledger)
    # One statement: two would see the ledger at two different times, while other nodes write.
    place = (
        select(head.size, head.hash, head.recorded_at, archived.scalar_subquery().label("archived"))
        .where(head.tenant == ledger)
        .subquery("place")
    )
    rows_of = newest.subquery("newest")
    together = (
        select(place.c.size, place.c.hash, place.c.recorded_at, place.c.archived, rows_of)
        .select_from(place.outerjoin(rows_of, place.c.size >= 0))
        .order_by(rows_of.c.seq.desc())
    )
    with reachable():
        async with reading(engine, ledger) as connection:
            rows = (await connection.execute(together)).all()
    if not rows:
        raise VerificationError("head: the ledger has none")
    size, expected, recorded_at, elsewhere = rows[0][0], rows[0][1], rows[0][2], rows[0][3]
    records = [tuple(row)[4:] for row in rows if row[4] is not None]
    if len(records) < min(size - elsewhere, tail) or (records and records[0][0] != size - 1):
        raise VerificationError(f"head: says {size} records, and the newest there is another one")
    if records and records[0][1] != recorded_at:
        raise VerificationError(f"head: its time is not that of record {size - 1}")
    for seq, _, data, stored in records:
        expected = _verified(seq, data, stored, expected)
    if len(records) == size and expected != GENESIS:
        raise VerificationError("record 0: its link is not to nothing")
    return size, len(records)


def _verified(seq: int, data: bytes, stored: bytes, expected: bytes) -> bytes:
    """The link of a record whose hash must be `expected`."""
    if leaf_hash(data) != stored:
        raise VerificationError(f"record {seq}: its bytes do not have the hash beside them")
    if stored != expected:
        raise VerificationError(f"record {seq}: the record after it, or the head, has another hash for it")
    try:
        envelope = parse(data)
    except FormatError as error:
        raise VerificationError(f"record {seq}: not a record ({error})") from error
    if envelope.seq != seq:
        raise VerificationError(f"record {seq}: it says that it is another one")
    return a2b_base64(envelope.prev or "", strict_mode=True)


async def _open_exchanges(engine: AsyncEngine, ledger: str, clock: Clock) -> list[tuple[Envelope, tuple[str, str]]]:
    """The intents of exchanges that are open and whose boot does not live, with that boot."""
    opened, record = tables.open_exchange.c, tables.record.c
    query = (
        select(opened.node, opened.boot, opened.seq, record.bytes)
        .select_from(
            tables.open_exchange.outerjoin(tables.record, (record.tenant == opened.tenant) & (record.seq == opened.seq))
        )
        .where(opened.tenant == ledger)
        .order_by(opened.seq)
    )
    found = []
    with reachable():
        async with reading(engine, ledger) as connection:
            rows = (await connection.execute(query)).all()
        # Asked after them: a node registers before it opens an exchange, so that the owner of each row above is listed
        # by now if it lives.
        alive = await living(engine, clock) if rows else {}
    for node, boot, seq, data in rows:
        if alive.get(node) == boot:
            continue
        if data is None:
            raise VerificationError(f"record {seq}: an open exchange's intent is not there")
        try:
            found.append((parse(data), (node, boot)))
        except FormatError as error:
            raise VerificationError(f"record {seq}: not a record ({error})") from error
    return found


def _key(node: NodeInfo) -> tuple[str, str]:
    return node.id, node.boot


async def _last_configuration(engine: AsyncEngine, writer: LedgerWriter) -> str | None:
    """The configuration's digest at this node's last start; None where it is not among the last starts there were.
    `VerificationError` for one of them that is no record."""
    record = tables.record.c
    query = (
        select(record.seq, record.bytes)
        .where(record.tenant == writer.tenant, record.event == "ledger.started")
        .order_by(record.seq.desc())
        .limit(_STARTS)
    )
    with reachable():
        async with reading(engine, writer.tenant) as connection:
            rows = (await connection.execute(query)).all()
    for seq, data in rows:
        try:
            envelope = parse(bytes(data))
        except FormatError as error:
            raise VerificationError(f"record {seq}: not a record ({error})") from error
        if envelope.node is not None and envelope.node.id == writer.node.id:
            return envelope.config
    return None


def _told(
    writer: LedgerWriter, clock: Clock, event: str, *, build: str | None = None, config: str | None = None
) -> Entry:
    now = clock.now_us()
    envelope = Envelope(
        id=uuid7(now),
        tenant=writer.tenant,
        event=event,
        occurred_at=timestamp(now),
        node=writer.node,
        build=build,
        config=config,
    )
    return Entry.of(envelope)


def stopped(writer: LedgerWriter, clock: Clock) -> Entry:
    """What a ledger's last record of a boot says."""
    return _told(writer, clock, "ledger.stopped")
