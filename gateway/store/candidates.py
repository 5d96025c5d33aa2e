"""What a search has to look at: which records of a ledger may fit its filters, in its order, a bounded lot at a time.

A ledger has two parts. In the blocks whose postings are made (`indexer`), places are found by meeting the postings of
all filters, and a period passes over blocks of other times. The records after them are looked through. An exchange, a
trace and a subject are found everywhere, by their own indexes. Whatever is named here is looked at again by the columns
themselves: this decides what is read, never what is found.

`Looks` bounds what one question costs, whatever is asked: where they are used up, the search goes on in another one.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from itertools import groupby, islice
from typing import Any, Literal, Protocol

import msgspec
from sqlalchemy import BigInteger, ColumnElement, Connection, Select, Table, and_, bindparam, func, select

from gateway.core.errors import FormatError, VerificationError
from gateway.store.postings import BLOCK, ascending, decode, descending, from_place, gathered, ones, to_place
from gateway.store.tables import posting, record, record_block, subject_record

Order = Literal["asc", "desc"]
LOOKS = 6_144
"""What a question may cost: a record that is looked at is one of these, a posting that is met `_POSTING` of these."""
KNOWN = 2_000
"""An exchange or trace of at most so many records is found by its index, a longer one is looked for."""
_FIRST_RUN, _LONGER, _RUN = 8, 4, 256
"""How many rows a first run has, how many times as many the next one, and the longest."""
_PERIOD_RUN = 32
"""A first run of a period's blocks, which have no places: as many in one statement cost hardly more than a few."""
_PIECE = 1_024
_POSTING = 11
"""So that a question of two values that never meet leads through a million records, in a ledger of ten million as well:
what it costs must not depend on how large its ledger is."""
_CLOSE = 4
"""Places among no more than so many times as many records are looked at as the range that they lie in: to go to a
record by its number costs as much as to read eight on the way."""
_ALL = ones(BLOCK)
_NEVER = "9999-12-31T23:59:59.999999Z"
"""The last time that a record can have occurred at, or later."""


def _from(number: ColumnElement[int], query: Select[Any]) -> Mapping[bool, Select[Any]]:
    """What follows from `start` on, at most `most`: upwards, and downwards. Made once: a statement takes longer to make
    than to answer."""
    start = bindparam("start", type_=BigInteger)
    return {
        True: query.where(number >= start).order_by(number).limit(bindparam("most")),
        False: query.where(number <= start).order_by(number.desc()).limit(bindparam("most")),
    }


def _of(table: Table, *names: str) -> list[ColumnElement[bool]]:
    return [table.c[name] == bindparam(name) for name in ("tenant", *names)]


_SUBJECT = _from(subject_record.c.seq, select(subject_record.c.seq).where(*_of(subject_record, "subject")))
_SUBJECT_AT_ONCE = {up: select(func.array_agg(query.subquery().c.seq)) for up, query in _SUBJECT.items()}
"""The same numbers in one row, for PostgreSQL: a thousand rows cost three times as much, most of it here."""
_NAMED = {name: select(record.c.seq).where(*_of(record, name)).limit(KNOWN + 1) for name in ("exchange", "trace")}
_POSTED = _from(posting.c.block, select(posting.c.block, posting.c.places).where(*_of(posting, "field", "value")))
_PERIOD = _from(
    record_block.c.block,
    select(
        record_block.c.block,
        and_(record_block.c.first_at >= bindparam("since"), record_block.c.last_at < bindparam("until")),
    ).where(
        *_of(record_block),
        record_block.c.last_at >= bindparam("since"),
        record_block.c.first_at < bindparam("until"),
    ),
)
"""Blocks that have records of a period, and whether they have no others."""


class Looks(msgspec.Struct):
    """How much may still be looked at."""

    left: int = LOOKS

    def spend(self, count: int) -> None:
        self.left -= count


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for. `values`: a field of `postings` → the value it must have."""

    values: Mapping[str, str] = {}
    since: str | None = None
    until: str | None = None
    subject: str | None = None
    exchange: str | None = None
    trace: str | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be looked at next: records `first` ≤ seq < `end`, or those of `places`; neither where nothing is.
    `then` is where the search goes on: -1 or the ledger's size when that was all."""

    then: int
    first: int = 0
    end: int = 0
    places: tuple[int, ...] = ()


class Source(Protocol):
    """Places that one filter allows."""

    def at(self, block: int) -> tuple[int, int] | None:
        """The first block from this one on, in the search's order, that has such places, and which; None: no more."""
        ...


class Candidates:
    """Steps through one ledger, for one question. `size` is how many records it had when that was asked, `made` how
    many blocks with postings."""

    def __init__(self, order: Order, size: int, made: int, looks: Looks) -> None:
        self._up, self._size, self._looks = order == "asc", size, looks
        self._indexed = min(made * BLOCK, size)
        """Records before this one are in blocks with postings."""
        self._known: list[Source] = []
        self._everywhere: list[Source] = []
        self._of_blocks: list[Source] = []
        self._period: _Period | None = None
        self._named = False
        """Whether what is asked for stands in no column, so that its records are looked at by their numbers alone."""

    @classmethod
    def of(
        cls, connection: Connection, ledger: str, wanted: Wanted, order: Order, size: int, made: int, looks: Looks
    ) -> "Candidates":
        found = cls(order, size, made, looks)
        for name in _NAMED:
            value = getattr(wanted, name)
            if value is None:
                continue
            seqs = connection.scalars(_NAMED[name], {"tenant": ledger, name: value}).all()
            if len(seqs) <= KNOWN:
                found._known.append(_Known(seqs, up=found._up))
        if wanted.subject is not None:
            found._named = True
            found._everywhere.append(_Subject(connection, ledger, wanted.subject, up=found._up, looks=looks))
        for field, value in wanted.values.items():
            asked = {"tenant": ledger, "field": field, "value": value}
            found._of_blocks.append(_Blocks(connection, _POSTED, asked, up=found._up, looks=looks, cost=_POSTING))
        if wanted.since is not None or wanted.until is not None:
            # Every time is later than no characters.
            asked = {"tenant": ledger, "since": wanted.since or "", "until": wanted.until or _NEVER}
            found._period = _Period(connection, _PERIOD, asked, up=found._up, looks=looks, cost=1, run=_PERIOD_RUN)
        return found

    def step(self, at: int, most: int) -> Step:
        """What to look at from record `at` on, 0 ≤ at < size, to find `most` that fit."""
        indexed = at < self._indexed
        first, end = (0, self._indexed) if indexed else (self._indexed, self._size)
        others = [*self._everywhere, *(self._of_blocks if indexed else ())]
        sources = [*self._known, *others]
        if not sources and (self._period is None or not indexed):
            return self._range(at, first, end, self._looks.left)
        if not sources and self._period is not None:
            found = self._period.at(at // BLOCK)
            if found is None:
                return Step(then=self._beyond(first, end))
            start = self._from(found[0], at)
            block = found[0] * BLOCK
            return self._range(start, max(first, block), min(end, block + BLOCK), BLOCK)
        if indexed and self._period is not None:
            # Before those that read on as they are asked: what they have before the period is not read then.
            return self._places(at, most, [*self._known, self._period, *others], first, end)
        return self._places(at, most, sources, first, end)

    def _range(self, at: int, first: int, end: int, most: int) -> Step:
        """Records from `at` on, at most so many, all between `first` and `end`."""
        low, high = (at, min(end, at + most)) if self._up else (max(first, at + 1 - most), at + 1)
        self._looks.spend(high - low)
        return Step(first=low, end=high, then=high if self._up else low - 1)

    def _places(self, at: int, most: int, sources: Sequence[Source], first: int, end: int) -> Step:
        """Where all sources meet, from `at` on, between `first` and `end`."""
        places: list[int] = []
        while first <= at < end and self._looks.left > 0:
            found = self._met(sources, at // BLOCK)
            if found is None or not first <= self._from(found[0], at) < end:
                at = self._beyond(first, end)
                break
            block, bits = found
            at = self._from(block, at)
            if not bits:
                break
            bits &= from_place(at % BLOCK) if self._up else to_place(at % BLOCK)
            if self._up and (block + 1) * BLOCK > end:
                bits &= ones(end - block * BLOCK)
            if not (self._period is None or self._period.whole(block)):
                if places:
                    break  # that block by itself
                if bits:
                    return self._part(block, bits, most, first, end)
            for place in ascending(bits) if self._up else descending(bits):
                places.append(block * BLOCK + place)
                if len(places) == most:
                    return self._found(places, places[-1] + (1 if self._up else -1))
            at = self._behind(block)
        # Between the two parts of a ledger there is nothing, wherever a last block ended.
        return self._found(places, at if first <= at < end else self._beyond(first, end))

    def _part(self, block: int, bits: int, most: int, first: int, end: int) -> Step:
        """These places of a block that lies partly outside the period. Any number of them may not fit: they are looked
        at all at once, where a lot at a time would take a dozen statements to find a page."""
        behind = self._behind(block)
        behind = behind if first <= behind < end else self._beyond(first, end)
        enough, count = max(most, self._looks.left), bits.bit_count()
        low, high = block * BLOCK + (bits & -bits).bit_length() - 1, block * BLOCK + bits.bit_length()
        if self._close(high - low, count):
            step = self._range(low if self._up else high - 1, low, high, enough)
            return step if low <= step.then < high else msgspec.structs.replace(step, then=behind)
        some = islice(ascending(bits) if self._up else descending(bits), enough)
        places = [block * BLOCK + place for place in some]
        return self._found(places, behind if len(places) == count else places[-1] + (1 if self._up else -1))

    def _found(self, places: Sequence[int], then: int) -> Step:
        low, high = (min(places[0], places[-1]), max(places[0], places[-1]) + 1) if places else (0, 0)
        if self._close(high - low, len(places)):
            self._looks.spend(high - low)
            return Step(first=low, end=high, then=then)
        self._looks.spend(len(places))
        return Step(places=tuple(places), then=then)

    def _close(self, width: int, count: int) -> bool:
        """Whether so many places, in a range of this width, are looked at as that range."""
        return not self._named and 0 < width <= _CLOSE * count

    def _met(self, sources: Sequence[Source], block: int) -> tuple[int, int] | None:
        """The next block in which all sources have places, and those; without places, where nothing more may be looked
        at: a later block than this one, so that whoever asks again gets on."""
        while True:
            bits = _ALL
            for source in sources:
                found = source.at(block)
                self._looks.spend(1)
                if found is None:
                    return None
                if found[0] != block:
                    block, bits = found[0], 0
                    break
                bits &= found[1]
            else:
                if bits:
                    return block, bits
                block += 1 if self._up else -1
                if block < 0:
                    return None
            if self._looks.left <= 0:
                return block, 0

    def _from(self, block: int, at: int) -> int:
        """Where in this block a search goes on that has come to `at`."""
        if block == at // BLOCK:
            return at
        return block * BLOCK if self._up else (block + 1) * BLOCK - 1

    def _behind(self, block: int) -> int:
        return (block + 1) * BLOCK if self._up else block * BLOCK - 1

    def _beyond(self, first: int, end: int) -> int:
        return end if self._up else first - 1


class _Known:
    """Records that are known one by one."""

    def __init__(self, seqs: Sequence[int], *, up: bool) -> None:
        self._up = up
        self._bits: dict[int, int] = {}
        for seq in seqs:
            self._bits[seq // BLOCK] = self._bits.get(seq // BLOCK, 0) | 1 << seq % BLOCK
        self._blocks = sorted(self._bits)

    def at(self, block: int) -> tuple[int, int] | None:
        index = bisect_left(self._blocks, block) if self._up else bisect_right(self._blocks, block) - 1
        if not 0 <= index < len(self._blocks):
            return None
        return self._blocks[index], self._bits[self._blocks[index]]


class _Subject:
    """Records about a data subject, read on as they are needed."""

    def __init__(self, connection: Connection, ledger: str, subject: str, *, up: bool, looks: Looks) -> None:
        self._connection, self._up, self._looks = connection, up, looks
        self._at_once = connection.dialect.name != "sqlite"
        self._asked = {"tenant": ledger, "subject": subject}
        self._read: list[tuple[int, list[int]]] = []
        """Blocks that were read and not passed yet, with the numbers of their records, in the order of the search."""
        self._here: tuple[int, int] | None = None
        """The first of them, once it was asked for: another filter leads to it again."""
        self._ended = False

    def at(self, block: int) -> tuple[int, int] | None:
        self._read = [one for one in self._read if (one[0] >= block if self._up else one[0] <= block)]
        if not self._read and not self._more(block * BLOCK if self._up else (block + 1) * BLOCK - 1):
            return None
        while len(self._read) == 1 and self._more(self._read[0][1][-1] + (1 if self._up else -1)):
            pass  # the block goes on behind what was read
        found, numbers = self._read[0]
        if self._here is None or self._here[0] != found:
            self._here = found, gathered(number % BLOCK for number in numbers)
        return self._here

    def _more(self, start: int) -> bool:
        """Read on from this one; whether there was anything."""
        if self._ended:
            return False
        seqs = self._numbers(self._asked | {"start": start, "most": _PIECE})
        self._looks.spend(len(seqs))
        for found, numbers in groupby(seqs, BLOCK.__rfloordiv__):
            if self._read and self._read[-1][0] == found:
                self._read[-1][1].extend(numbers)
            else:
                self._read.append((found, list(numbers)))
        self._ended = len(seqs) < _PIECE
        return bool(seqs)

    def _numbers(self, asked: Mapping[str, Any]) -> Sequence[int]:
        if not self._at_once:
            return self._connection.scalars(_SUBJECT[self._up], asked).all()
        found = self._connection.scalar(_SUBJECT_AT_ONCE[self._up], asked)
        # What an aggregate gathers has no order but by chance.
        return [] if found is None else sorted(found, reverse=not self._up)


class _Blocks:
    """Blocks that a statement names with their places, or all of whose places it means, read in runs that grow.
    `query`: from the block `start` on, `most` of them, in the order of the search; `asked`: its other parameters."""

    def __init__(
        self,
        connection: Connection,
        query: Mapping[bool, Select[Any]],
        asked: Mapping[str, str],
        *,
        up: bool,
        looks: Looks,
        cost: int,
        run: int = _FIRST_RUN,
    ) -> None:
        self._connection, self._up, self._looks, self._cost = connection, up, looks, cost
        self._query, self._asked = query[up], asked
        self._rows: list[tuple[int, int | bytes]] = []
        self._run = run

    def at(self, block: int) -> tuple[int, int] | None:
        while self._rows and (self._rows[-1][0] < block if self._up else self._rows[-1][0] > block):
            self._pass()
        if not self._rows:
            # No more than may still be looked at: each run is some times the one before, so that what is read and not
            # looked at is never more than as many times what was.
            most = min(self._run, max(_FIRST_RUN, self._looks.left // self._cost))
            asked = {**self._asked, "start": block, "most": most}
            found = self._connection.execute(self._query, asked).all()
            self._run = min(_RUN, self._run * _LONGER)
            self._rows = [self._kept(row) for row in reversed(found)]
            if not self._rows:
                return None
        number, places = self._rows[-1]
        if isinstance(places, bytes):
            # Asked again for this block, which another filter has led to, it is decoded already.
            places = _decoded(places)
            self._rows[-1] = number, places
        return number, places

    def _kept(self, row: Sequence[Any]) -> tuple[int, int | bytes]:
        return row[0], bytes(row[1])

    def _pass(self) -> None:
        """Go on behind a block: it has been looked at."""
        self._rows.pop()
        self._looks.spend(self._cost)


class _Period(_Blocks):
    """Blocks that have records of a period (`_PERIOD`): all of their places, since it has no postings."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._partly: set[int] = set()

    def whole(self, block: int) -> bool:
        """Whether a block that was met has no records of other times."""
        return block not in self._partly

    def _kept(self, row: Sequence[Any]) -> tuple[int, int | bytes]:
        block, whole = row
        if not whole:
            self._partly.add(block)
        return block, _ALL


def _decoded(places: bytes) -> int:
    try:
        return decode(places)
    except FormatError as error:
        raise VerificationError("postings: what is in the database is not one") from error
