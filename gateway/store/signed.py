"""The newest checkpoint that was signed, remembered apart from the database, beside the keys: who takes the database
back, or makes its history anew, with all checkpoints and all that its records tell of those, does not reach it.

It is the signed note itself, so that it says by itself whose it is, and serves `gateway audit verify --checkpoint`.
"""

import asyncio
import logging
from collections.abc import Iterable
from pathlib import Path

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import FormatError, VerificationError
from gateway.core.ports import StoredCheckpoint
from gateway.ledger.checkpoint import parse
from gateway.ledger.merkle import verify_consistency
from gateway.ledger.note import parse_note
from gateway.store.marks import Marks
from gateway.store.reader import StoreReader
from gateway.store.tree import TreeReader

_log = logging.getLogger("gateway.store")
_ASK = "was there a restore, or a failover? See docs/backups.md, and `gateway audit acknowledge-restore`"


class SignedMarks(Marks[StoredCheckpoint]):
    """One for each origin, which is what a key signs for and what others know a ledger by: the database says what
    ledger that is, and may say it otherwise tomorrow. A crash before it is kept leaves the one before: it says less,
    and nothing that is wrong."""

    prefix, suffix = "signed-", ".note"
    holds = "the checkpoint that was signed last"
    unkept = "the checkpoint that was signed could not be kept beside the keys"

    def keep(self, ledger: str, mark: StoredCheckpoint) -> None:
        """Where nothing can be kept, as in a directory that is mounted to be read only, what is there counts, nothing
        comes, and the log says so."""
        if self.writable:
            super().keep(ledger, mark)
        else:
            _log.warning("the directory of the keys cannot be written: what is signed is not remembered beside them")

    def all(self) -> dict[str, StoredCheckpoint]:
        """What is remembered of any ledger, by origin; `ConfigurationError` for a file that is no mark."""
        names = (file.name for file in self._directory.glob(f"{self.prefix}*{self.suffix}"))
        found = (self.of(name.removeprefix(self.prefix).removesuffix(self.suffix)) for name in sorted(names))
        return {parse(parse_note(mark.note)[0]).origin: mark for mark in found if mark is not None}

    def _file(self, ledger: str) -> Path:
        return super()._file(ledger.rpartition("/")[2])

    @staticmethod
    def _size(mark: StoredCheckpoint) -> int:
        return mark.size

    @staticmethod
    def _encode(mark: StoredCheckpoint) -> bytes:
        return mark.note

    @staticmethod
    def _decode(data: bytes) -> StoredCheckpoint:
        text = parse(parse_note(data)[0])
        if not text.size:
            raise FormatError("no checkpoint is signed of a ledger without records")
        return StoredCheckpoint(size=text.size, root=text.root, note=data)


class Missing(msgspec.Struct, frozen=True):
    """A ledger does not hold what was signed: it has fewer records than `size`, or (`forked`) others."""

    size: int
    forked: bool


async def missing(engine: AsyncEngine, ledger: str, mark: StoredCheckpoint) -> Missing | None:
    """What a ledger lacks of a checkpoint that was signed once, by the tree that its database has; None where it is a
    beginning of it. `LedgerUnavailable` if it cannot be read."""
    reader = StoreReader(engine, ledger)
    if await reader.size() < mark.size:
        return Missing(mark.size, forked=False)
    try:
        same = await reader.root(mark.size) == mark.root
    except VerificationError:  # a record is not there, or a tile
        same = False
    return None if same else Missing(mark.size, forked=True)


async def demand_signed(engine: AsyncEngine, marks: SignedMarks, ledger: str, origin: str) -> None:
    """`VerificationError` where a ledger lacks what was signed for its origin."""
    mark = await asyncio.to_thread(marks.of, origin)
    found = None if mark is None else await missing(engine, ledger, mark)
    if found is not None:
        raise VerificationError(
            f"a checkpoint of {found.size} records was signed here, and the database has "
            f"{'others' if found.forked else 'fewer'}: {_ASK}"
        )


def unclaimed(marks: SignedMarks, origins: Iterable[str]) -> dict[str, StoredCheckpoint]:
    """What was signed last for origins that are none of these, the configured tenants', by origin: a tenant was taken
    out of the configuration, or its row, with or without all of its ledger, out of the database. Which of them it was,
    rows cannot say: they are the database's."""
    known = set(origins)
    return {origin: mark for origin, mark in marks.all().items() if origin not in known}


def demand_claimed(marks: SignedMarks, origins: Iterable[str]) -> None:
    """`VerificationError` where something was signed for another origin than these: a ledger that was dropped together
    with its row of `tenant` would begin anew under another origin and key, as if there had been none."""
    others = list(unclaimed(marks, origins))
    if others:
        more = f" and {len(others) - 1} more" * (len(others) > 1)
        raise VerificationError(
            f"checkpoints were signed here for {others[0]}{more}, which is no configured tenant's ledger: was the "
            "database replaced, or a tenant taken out? See docs/backups.md, and `gateway audit acknowledge-restore "
            "--tenant _system`"
        )


class Remembered:
    """The newest checkpoint of one origin as this directory of keys remembers it; with no `marks` nothing is."""

    def __init__(self, marks: SignedMarks | None, origin: str, tree: TreeReader) -> None:
        self._marks, self._origin, self._tree = marks, origin, tree
        self._kept: int | None = None

    async def mark(self) -> StoredCheckpoint | None:
        """What is remembered; `ConfigurationError` for a file that is none."""
        return None if self._marks is None else await asyncio.to_thread(self._marks.of, self._origin)

    async def demand(self, newest: StoredCheckpoint, mark: StoredCheckpoint) -> None:
        """`VerificationError` unless the newest checkpoint of the database extends the remembered one, or is it."""
        if (newest.size, newest.root) == (mark.size, mark.root):
            return
        if newest.size < mark.size:
            return  # signed later, or taken away: the tree that is signed next must have its root on the way
        path = await self._tree.consistency(mark.size, newest.size)
        verify_consistency(mark.size, newest.size, path, mark.root, newest.root)

    async def keep(self, newest: StoredCheckpoint) -> None:
        """Remember the newest one, which holds. `LedgerUnavailable` where it cannot be kept: the checkpoint stands all
        the same, and the next publication tries again."""
        if self._marks is not None and self._kept != newest.size:
            await asyncio.to_thread(self._marks.keep, self._origin, newest)
            self._kept = newest.size
