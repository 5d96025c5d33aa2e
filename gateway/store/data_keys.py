"""Data keys: what sealed parts are sealed under, in a file of their own apart from the database and its backups.

One SQLite file (`data-keys.db`, WAL, synchronous=FULL, secure_delete). Each key is 32 random bytes, wrapped under the
keyring's key-encryption key: version byte 0x01 ‖ nonce (12 bytes) ‖ AES-256-GCM ciphertext and tag (NIST SP 800-38D),
with the key's id and subject as associated data, so that a row's key opens under its own id and for its own subject
only. Plain keys are not cached: whoever destroys a key, in whatever process, has destroyed it everywhere (reading
and unwrapping costs less than 10 µs). A destroyed id leaves a tombstone, so that nothing brings the key back.

Nodes on several machines keep them in a database of its own instead (`shared_keys`), wrapped in the same way.
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.core.errors import ConfigurationError, LedgerUnavailable, VerificationError
from gateway.core.ids import SerialIds
from gateway.ledger.entry import DataKey
from gateway.store.sql import why

KEY_BYTES = 32
NONCE_BYTES = 12
_VERSION = b"\x01"
_MOVED = 2
"""The version of a file whose keys were moved elsewhere: it has no tables."""
_CHUNK = 1_000
_PROOF = 64
"""Keys that are written and removed to prove that keys can be written: they take several pages, as a batch's do."""
_WAIT_MS = 5_000
_SCHEMA = """
CREATE TABLE data_key (id TEXT PRIMARY KEY, subject TEXT, wrapped BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX data_key_subject ON data_key (subject) WHERE subject IS NOT NULL;
CREATE TABLE destroyed (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
PRAGMA user_version = 1;
"""
_ROWS = (64, 16, 4, 1)
"""Rows a statement: one call into SQLite for many keys, without the interpreter's lock in between."""


@cache
def _insert(rows: int) -> str:
    values = ", ".join(["(?, ?, ?)"] * rows)
    return (
        f"INSERT INTO data_key (id, subject, wrapped) SELECT * FROM (VALUES {values}) AS new "  # noqa: S608
        "WHERE NOT EXISTS (SELECT 1 FROM destroyed WHERE id IN (new.column1, new.column2)) ON CONFLICT (id) DO NOTHING"
    )


def after(prefix: str) -> str:
    """The first text that comes after all that begin with this one (ASCII, not empty)."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def fields(*values: bytes) -> bytes:
    """An unambiguous encoding of several byte strings: each with its length before it, 4 bytes, big-endian."""
    return b"".join([len(value).to_bytes(4) + value for value in values])


class Wrapping:
    """Makes data keys and opens wrapped ones, under one key-encryption key (32 bytes)."""

    def __init__(self, kek: bytes) -> None:
        self._cipher, self._ids = AESGCM(kek), SerialIds("dk")

    def new(self, subject: str | None) -> tuple[DataKey, bytes]:
        """A new key, wrapped, and the plain 32 bytes. It is nowhere yet."""
        key_id, plain = self._ids.next(), os.urandom(KEY_BYTES)
        return DataKey(id=key_id, subject=subject, wrapped=self.wrap(key_id, subject, plain)), plain

    def wrap(self, key_id: str, subject: str | None, plain: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, plain, _associated(key_id, subject))

    def unwrap(self, key_id: str, subject: str | None, wrapped: bytes) -> bytes:
        """The plain key; `VerificationError` if it was changed, or wrapped for another id or subject, or under another
        key-encryption key."""
        if wrapped[:1] != _VERSION:
            raise VerificationError("a data key in the keyring is not of a known form")
        nonce, ciphertext = wrapped[1 : 1 + NONCE_BYTES], wrapped[1 + NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, ciphertext, _associated(key_id, subject))
        except (InvalidTag, ValueError) as error:
            raise VerificationError(
                "a data key in the keyring does not open: it was changed, or wrapped under another key"
            ) from error


class DataKeys:
    """The file of data keys, opened. May be used from several threads, and by several processes at once."""

    def __init__(self, file: Path, kek: bytes) -> None:
        self._wrapping = Wrapping(kek)
        # Two connections: the writer's waits for the disk, and the reader's must not wait with it.
        self._reading, self._writing = threading.Lock(), threading.Lock()
        with _mapped():
            self._reader = _connect(file)
            self._writer = _connect(file)
            version: int = self._reader.execute("PRAGMA user_version").fetchone()[0]
        # After reading, which makes the journal.
        self._file, self._identity = file, _identity(file)
        if version != 1:
            self.close()
            if version == _MOVED:
                raise ConfigurationError(f"the keys of {file} were moved to a database: name that in keys.data_keys")
            raise ConfigurationError(f"{file} is not a file of data keys of this version")

    @staticmethod
    def create(file: Path) -> None:
        """Make an empty file, readable by its owner alone; `ConfigurationError` if there is one already."""
        try:
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError as error:
            raise ConfigurationError(f"{file} exists already and is not overwritten") from error
        with _mapped():
            connection = _connect(file)
            connection.executescript(f"BEGIN IMMEDIATE;{_SCHEMA}COMMIT;")
            connection.close()

    def close(self) -> None:
        for connection in (self._reader, self._writer):
            connection.close()

    def new(self, subject: str | None) -> tuple[DataKey, bytes]:
        """A new key, wrapped, and the plain 32 bytes. It is nowhere yet: `persist` makes it durable."""
        return self._wrapping.new(subject)

    def persist(self, keys: Sequence[DataKey]) -> None:
        """Make keys durable; returns when they are synced. Repeating it changes nothing; destroyed keys stay so, and a
        subject whose own name was destroyed gets none.

        `LedgerUnavailable` when it could not be done.
        """
        if not keys:
            return
        with self._changing():
            self._put(keys)
            # A crash before the commit: no key, and no record either, for the records are committed after this
            # returns. A crash after it: keys that nothing was sealed with. They open nothing and harm nobody.

    def prove(self) -> None:
        """Write keys and remove them again, synced: `LedgerUnavailable` where none could be made durable now."""
        keys = [self.new(None)[0] for _ in range(_PROOF)]
        with self._changing():
            self._put(keys)
            self._writer.executemany("DELETE FROM data_key WHERE id = ?", [(key.id,) for key in keys])
            # A crash before the commit or after it: none of them is there.

    def get(self, key_id: str) -> bytes | None:
        """The plain key, or None when there is none (any more). `VerificationError` if the row was tampered with."""
        row = self._one("SELECT subject, wrapped FROM data_key WHERE id = ?", key_id)
        return None if row is None else self._wrapping.unwrap(key_id, row[0], row[1])

    def unknown(self, key_id: str) -> bool:
        """Whether there is no such key, and none that was destroyed here: it is in another file, or was never made."""
        with self._reading, _mapped():
            found = self._reader.execute(
                "SELECT 1 FROM data_key WHERE id = ?1 UNION ALL SELECT 1 FROM destroyed WHERE id = ?1", (key_id,)
            )
            return found.fetchone() is None

    def of_subject(self, subject: str) -> tuple[str, bytes] | None:
        """Id and plain bytes of the subject's current key, or None when it has none.

        Two processes that meet a subject at the same moment may make a key each; the first by id is the current one
        from then on, and all of them die together (`ids_of_subject`).
        """
        row = self._one("SELECT id, wrapped FROM data_key WHERE subject = ? ORDER BY id LIMIT 1", subject)
        return None if row is None else (row[0], self._wrapping.unwrap(row[0], subject, row[1]))

    def ids_of_subject(self, subject: str) -> tuple[str, ...]:
        """Ids of all keys that the subject has, in order."""
        with self._reading, _mapped():
            rows = self._reader.execute("SELECT id FROM data_key WHERE subject = ? ORDER BY id", (subject,)).fetchall()
        return tuple(row[0] for row in rows)

    def destroy(self, key_ids: Sequence[str]) -> int:
        """Delete keys for good: pages overwritten, journal emptied. Returns how many there were; may be repeated.
        A pseudonym may stand among them: no key is made for that subject again.

        `LedgerUnavailable` when it could not be completed: then it must be called again.
        """
        with self._writing, _mapped():
            with self._there(), _transaction(self._writer):
                count = 0
                for key_id in key_ids:
                    count += self._writer.execute("DELETE FROM data_key WHERE id = ?", (key_id,)).rowcount
                    self._writer.execute("INSERT INTO destroyed (id) VALUES (?) ON CONFLICT (id) DO NOTHING", (key_id,))
            # A crash here: the keys are gone for every reader, but their wrapped bytes may still stand in the journal
            # until the next call or the next closing of the file empties it.
            busy: int = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise LedgerUnavailable("the keys are deleted, but another reader holds the keyring's journal: repeat this")
        return count

    def destroyed(self, prefix: str) -> tuple[str, ...]:
        """Destroyed ids that begin with this, in order: of keys, and of subjects no key is made for any more."""
        with self._reading, _mapped():
            found = self._reader.execute("SELECT id FROM destroyed WHERE id >= ?1 AND id < ?2", (prefix, after(prefix)))
            return tuple(row[0] for row in found)

    def hand_over(self, take: Callable[[Sequence[DataKey], Sequence[str]], None]) -> int:
        """Give every key and the ids of destroyed ones away, some at a time; then none is here, nor can any come to be.
        Returns how many keys there were.

        Whatever `take` raises leaves the file as it was: it must bear to be given the same again. Another process that
        has the file open finds none of its tables afterwards, and refuses what needs a key.
        """
        with self._writing, _mapped():
            with _transaction(self._writer):
                count = 0
                found = self._writer.execute("SELECT id, subject, wrapped FROM data_key")
                while rows := found.fetchmany(_CHUNK):
                    take([DataKey(id=row[0], subject=row[1], wrapped=row[2]) for row in rows], ())
                    count += len(rows)
                gone = self._writer.execute("SELECT id FROM destroyed")
                while rows := gone.fetchmany(_CHUNK):
                    take((), [row[0] for row in rows])
                # A crash before the commit: the keys are in both places, and this is called again. After it: they are
                # durable where they were taken, and their pages here are overwritten.
                for statement in ("DROP TABLE data_key", "DROP TABLE destroyed", f"PRAGMA user_version = {_MOVED}"):
                    self._writer.execute(statement)
            busy: int = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise LedgerUnavailable("the keys are moved, but another process holds their old file's journal: end it")
        return count

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """A transaction that is durable, and in the file that the next start will find, when this is left."""
        with self._there(), self._writing, _mapped(), _transaction(self._writer):
            yield

    @contextmanager
    def _there(self) -> Iterator[None]:
        """`LedgerUnavailable` unless file and journal are those that were opened, before and after: what is written
        into files that were moved away or replaced, nobody finds again."""
        self._verify_there()
        yield
        self._verify_there()

    def _verify_there(self) -> None:
        found = _identity(self._file)
        if not found or found != self._identity:
            raise LedgerUnavailable("the file of data keys was replaced while it was open: put it back, or restart")

    def _put(self, keys: Sequence[DataKey]) -> None:
        done = 0
        for rows in _ROWS:
            while len(keys) - done >= rows:
                values = [v for key in keys[done : done + rows] for v in (key.id, key.subject, key.wrapped)]
                self._writer.execute(_insert(rows), values)
                done += rows

    def _one(self, query: str, value: str) -> tuple[str, bytes] | None:
        with self._reading, _mapped():
            row: tuple[str, bytes] | None = self._reader.execute(query, (value,)).fetchone()
        return row


def holds_keys(file: Path) -> bool:
    """Whether a file of data keys holds any, or the ids of destroyed ones; False where there is none, and once they
    were moved."""
    if not file.exists():
        return False
    with _mapped(), closing(_looking(file)) as connection:
        if connection.execute("PRAGMA user_version").fetchone()[0] == _MOVED:
            return False
        found = connection.execute("SELECT EXISTS (SELECT 1 FROM data_key) OR EXISTS (SELECT 1 FROM destroyed)")
        return bool(found.fetchone()[0])


def _looking(file: Path) -> sqlite3.Connection:
    """To see what a file holds. Where nothing can be written beside it nobody changes it either, and without a log
    beside it that is all there is: it is read as it lies."""
    log = Path(f"{file}-wal")
    if os.access(file.parent, os.W_OK) or (log.exists() and log.stat().st_size):
        return _connect(file)
    return sqlite3.connect(f"{file.absolute().as_uri()}?immutable=1", uri=True, isolation_level=None)


def _identity(file: Path) -> tuple[tuple[int, int], ...]:
    """Which files are there: database and journal. Empty where one of them is missing or cannot be looked at."""
    try:
        found = (os.stat(file), os.stat(f"{file}-wal"))
    except OSError:
        return ()
    return tuple((one.st_dev, one.st_ino) for one in found)


def _associated(key_id: str, subject: str | None) -> bytes:
    # No subject and an empty one differ by the number of fields.
    owner = () if subject is None else (subject.encode(),)
    return fields(b"gateway/data-key/v1", key_id.encode(), *owner)


def _connect(file: Path) -> sqlite3.Connection:
    # mode=rw: a file that is missing is an error, never made anew without anyone's noticing.
    uri = f"{file.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=_WAIT_MS / 1000)
    try:
        mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
    except sqlite3.Error:
        connection.close()
        raise
    if mode != "wal":
        connection.close()
        raise ConfigurationError(f"{file} cannot have a write-ahead log here: keep the keyring on a local disk")
    return connection


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def _mapped() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        told = why(error)
        reason = "" if told is None else f": {told}"
        raise LedgerUnavailable(f"the keyring's file of data keys cannot be read or written{reason}") from error
