"""What a witness has cosigned: one file, which outlives it, and must not be taken back.

One row for each origin: the newest checkpoint that was cosigned. It is durable before a cosignature of it leaves, so
that whatever happens to the process, it never cosigns two histories. A file that is missing is an error and not a
beginning: who begins anew has forgotten what it has said.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from gateway.core.errors import ConfigurationError, FormatError, LedgerUnavailable
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.witnessing import Refused, checkpoint_of

_APPLICATION = 0x67775731
"""Marks the file as a witness's (`PRAGMA application_id`)."""
_TABLES = (
    "CREATE TABLE witnessed (origin TEXT PRIMARY KEY, size INTEGER NOT NULL, note BLOB NOT NULL) WITHOUT ROWID, STRICT",
    "CREATE TABLE forgotten (origin TEXT NOT NULL, size INTEGER NOT NULL, note BLOB NOT NULL, at_us INTEGER NOT NULL)"
    " STRICT",
)
_WAIT_S = 5.0
Judge = Callable[[Checkpoint | None], Checkpoint | Refused]


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What was cosigned last of an origin."""

    origin: str
    size: int
    note: bytes


class Witnessed:
    """The file. May be used from several threads and processes: each look and its change are one transaction."""

    def __init__(self, path: Path) -> None:
        """`ConfigurationError` where there is no such file, or it is something else."""
        self._path = path
        if not path.is_file():
            raise ConfigurationError(f"{path} is missing: restore it, or the witness must begin anew under another key")
        with self._opened() as connection:
            marked = connection.execute("PRAGMA application_id").fetchone()[0]
        if marked != _APPLICATION:
            raise ConfigurationError(f"{path} is not what a witness keeps")

    @classmethod
    def create(cls, path: Path) -> "Witnessed":
        """An empty one; `ConfigurationError` where there is a file already."""
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except OSError as error:
            raise ConfigurationError(f"{path} exists already, or cannot be made") from error
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = EXTRA")
            connection.execute("BEGIN IMMEDIATE")
            for table in _TABLES:
                connection.execute(table)
            connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            connection.execute("COMMIT")
        return cls(path)

    def advance(self, origin: str, note: bytes, judge: Judge) -> Checkpoint | Refused:
        """What `judge` says of the checkpoint cosigned last; what it accepts is durable when this returns.

        `LedgerUnavailable` where it could not be made so: then nothing may be cosigned. Blocks.
        """
        try:
            with self._opened() as connection:
                connection.execute("BEGIN IMMEDIATE")
                row = connection.execute("SELECT note FROM witnessed WHERE origin = ?", (origin,)).fetchone()
                last = None if row is None else checkpoint_of(row[0])
                found = judge(last)
                if isinstance(found, Checkpoint) and found != last:
                    # A crash before the commit: the older one is held, and nobody has a cosignature of this one. After
                    # it: this one is, and whoever asks again gets its cosignature.
                    change = (
                        "INSERT INTO witnessed VALUES (?1, ?2, ?3)"
                        " ON CONFLICT (origin) DO UPDATE SET size = ?2, note = ?3 WHERE size <= ?2"
                    )
                    if connection.execute(change, (origin, found.size, note)).rowcount != 1:
                        raise LedgerUnavailable("a larger checkpoint was cosigned meanwhile")
                connection.execute("COMMIT")
                return found
        except (sqlite3.Error, OSError, FormatError) as error:
            raise LedgerUnavailable("what was cosigned could not be read or kept") from error

    def held(self) -> list[Held]:
        """What is held, by origin."""
        with self._opened() as connection:
            rows = connection.execute("SELECT origin, size, note FROM witnessed ORDER BY origin").fetchall()
        return [Held(origin=origin, size=size, note=note) for origin, size, note in rows]

    def forget(self, origin: str, now_us: int) -> Held | None:
        """Let an origin begin anew, on purpose: what was cosigned of it is put aside, and given back. None for one
        that nothing was cosigned of. From here on this witness does not speak against what came before."""
        with self._opened() as connection:
            connection.execute("BEGIN IMMEDIATE")
            row = connection.execute(
                "DELETE FROM witnessed WHERE origin = ? RETURNING size, note", (origin,)
            ).fetchone()
            if row is not None:
                connection.execute("INSERT INTO forgotten VALUES (?, ?, ?, ?)", (origin, *row, now_us))
            connection.execute("COMMIT")
        return None if row is None else Held(origin=origin, size=row[0], note=row[1])

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        # One for each use: a request a second is much for a witness, and a file that was put in another's place shows.
        connection = sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=rw", uri=True, timeout=_WAIT_S)
        with closing(connection):
            connection.isolation_level = None
            connection.execute("PRAGMA synchronous = EXTRA")  # the removal of the journal is synced too
            yield connection
