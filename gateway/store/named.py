"""Whom records are about: what their details say, held against the links that searches, answers to data subjects and
erasures go by (`subject_record`).

Of a record only the detail is committed to, so that nothing is said of the links of one whose detail is gone; those of
every other are compared both ways, for one that is missing and for one too many. But for two kinds, of which honest
ledgers have such as do not agree (`shown`): what versions before wrote of tasks, and what archives keep of an erased
person, whose links an erasure takes without knowing of what they are.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from hashlib import sha256

from sqlalchemy import ColumnElement, Table, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import VerificationError
from gateway.ledger.record import Detail, parse_detail
from gateway.store.engine import reading
from gateway.store.postings import BLOCK
from gateway.store.sql import reachable
from gateway.store.tables import detail, head, subject_record

_CHUNK = 5_000
_UNSURE = frozenset({"task.read", "task.callback_sent", "task.cancelled", "task.requeued"})
"""Versions before named in details of these whom the request that fetched or changed the task was about, or nobody, and
linked them to whom the task was about, or to nobody."""
_ACCOUNTS = "subject."
"""How events begin that account for what was done for somebody: in archives they keep their details when that person is
erased, and have no links any more (`store.erasure`)."""
Said = Mapping[int, frozenset[str]]
"""By `seq` of the records whose details are there: whom these name."""
Again = Callable[[int], Awaitable[Said]]
"""What the details of a block say now, where they are not where the database has them; by its number."""


class Named:
    """What details say, in little: of each block whose they are there, and a sum of hashes of what they name."""

    def __init__(self) -> None:
        self._there: dict[int, bytearray] = {}
        self._sums: dict[int, int] = {}

    def take(self, seq: int, said: Detail) -> None:
        """A detail that is there, of a record whose links it shows (`shown`)."""
        block, place = divmod(seq, BLOCK)
        bits = self._there.get(block)
        if bits is None:
            bits = self._there[block] = bytearray(BLOCK // 8)
        bits[place >> 3] |= 1 << (place & 7)
        if said.subjects:
            for one in set(said.subjects):
                self._sums[block] = self._sums.get(block, 0) + _hash(seq, one)

    def found(self, seq: int, subject: str) -> None:
        """A link that is there: taken off, where the detail is there that should name it."""
        if self.counted(seq):
            self._sums[seq // BLOCK] = self._sums.get(seq // BLOCK, 0) - _hash(seq, subject)

    def counted(self, seq: int) -> bool:
        """Whether the detail of this record was there, and shows its links."""
        block, place = divmod(seq, BLOCK)
        bits = self._there.get(block)
        return bits is not None and bool(bits[place >> 3] >> (place & 7) & 1)

    def join(self, other: "Named") -> None:
        """What another has found of later blocks."""
        self._there.update(other._there)
        self._sums.update(other._sums)

    def left(self) -> Iterator[int]:
        """The blocks, ascending, of which details and links did not come out even."""
        return (block for block in sorted(self._sums) if self._sums[block] % (1 << 256))


class Links:
    """The links of one ledger, by its id. `LedgerUnavailable` when the database does not answer."""

    def __init__(self, engine: AsyncEngine, ledger: str) -> None:
        self._engine, self._ledger = engine, ledger

    async def compare(self, named: Named, size: int, again: Again, archived: int) -> None:
        """Hold all links of the first `size` records against `named`, which is used up by it. `VerificationError` names
        the first record whose links are others. `archived`: so many records lie in archives, which `again` reads."""
        await self._taken(named, size)
        for block in named.left():
            # An erasure may have come between: it takes a detail and its links at once. What is read in this order
            # then holds: links that it took have no detail any more, and a detail that is there had its links before.
            links = await self._of_block(block)
            said = await (again(block) if block * BLOCK < archived else self._said(block))
            for seq in sorted(said):
                if seq >= size or not named.counted(seq):
                    continue
                if links.get(seq, frozenset()) != said[seq]:
                    raise VerificationError(f"record {seq}: index: whom it is about is not what its detail says")

    async def _taken(self, named: Named, size: int) -> None:
        key, after, last = tuple_(subject_record.c.subject, subject_record.c.seq), ("", -1), -1
        query = select(subject_record.c.subject, subject_record.c.seq).where(subject_record.c.tenant == self._ledger)
        query = query.order_by(subject_record.c.subject, subject_record.c.seq).limit(_CHUNK)
        while True:
            with reachable():
                async with reading(self._engine, self._ledger) as connection:
                    rows = (await connection.execute(query.where(key > after))).all()
            for row in rows:
                last = max(last, row.seq)
                if row.seq < size:
                    named.found(row.seq, row.subject)
            if len(rows) < _CHUNK:
                break
            after = (rows[-1].subject, rows[-1].seq)
        # Read after the links: a record is there before anybody sees a link to it.
        if last >= await self._size():
            raise VerificationError(f"record {last}: index: it is said to be about somebody, and is not there")

    async def _size(self) -> int:
        query = select(func.max(head.c.size)).where(head.c.tenant == self._ledger)
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                return int((await connection.execute(query)).scalar_one() or 0)

    async def _of_block(self, block: int) -> Said:
        columns, place = (
            subject_record.c,
            (subject_record.c.tenant == self._ledger, subject_record.c.seq >= block * BLOCK),
        )
        query = select(columns.seq, columns.subject).where(*place, columns.seq < (block + 1) * BLOCK)
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                rows = (await connection.execute(query)).all()
        found: dict[int, set[str]] = {}
        for row in rows:
            found.setdefault(int(row.seq), set()).add(str(row.subject))
        return {seq: frozenset(names) for seq, names in found.items()}

    async def _said(self, block: int) -> Said:
        query = select(detail.c.seq, detail.c.bytes).where(detail.c.tenant == self._ledger, *_within(detail, block))
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                rows = (await connection.execute(query)).all()
        return {int(row.seq): subjects(parse_detail(bytes(row.bytes))) for row in rows}


def shown(event: str, *, archived: bool) -> bool:
    """Whether the detail of a record of this event says by which links it is found. `archived`: it is in an archive."""
    return event not in _UNSURE and not (archived and event.startswith(_ACCOUNTS))


def subjects(said: Detail) -> frozenset[str]:
    """Whom a detail names."""
    return frozenset(said.subjects or ())


def _within(table: Table, block: int) -> tuple[ColumnElement[bool], ...]:
    return table.c.seq >= block * BLOCK, table.c.seq < (block + 1) * BLOCK


def _hash(seq: int, subject: str) -> int:
    return int.from_bytes(sha256(b"%d %s" % (seq, subject.encode("utf-8", "surrogatepass"))).digest())
