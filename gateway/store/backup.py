"""A backup of the database: a directory with a manifest and, on SQLite, the copied file.

    DIR/ledger.db       SQLite: one consistent copy (its online backup interface), made while others write
    DIR/manifest.json   last: a directory without it is no backup

The manifest says what must be in the copy: its revision, each ledger with its size, hash and newest checkpoint (whose
signature is what proves the rest), and the digest of each file. On PostgreSQL there is no file: the server's own tools
copy it afterwards, and the manifest says what that copy holds at least. Data keys are in no backup of this kind: they
are kept apart (`keyring`), and must be.

Putting one in place is a rename, of a copy that is whole, verified and synced by then.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote

import msgspec
from msgspec import Meta
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import ConfigurationError, LedgerUnavailable, VerificationError
from gateway.store.engine import reading
from gateway.store.reader import StoreReader
from gateway.store.sql import reachable
from gateway.store.tables import head

MANIFEST = "manifest.json"
FILE: Literal["ledger.db"] = "ledger.db"
MAX_MANIFEST = 16 << 20
STAGED, ASIDE = ".restoring", ".replaced"
"""What a copy that is being put in place is called, and what the file that it takes the place of."""
_BESIDE = ("-wal", "-shm", "-journal")
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Size = Annotated[int, Meta(ge=0, le=2**53)]


class LedgerState(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One ledger in a backup. `hash`: the newest record's leaf hash, in hex; `checkpoint`: the newest signed note that
    covers `checkpoint_size` records, empty where there is none."""

    tenant: str
    """The configured id."""
    ledger: str
    origin: str
    size: Size
    hash: Digest
    checkpoint_size: Size = 0
    checkpoint: str = ""


class CopiedFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Literal["ledger.db"]
    bytes: Size
    sha256: Digest


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a backup says of itself."""

    form: Literal["gateway-backup/1"] = "gateway-backup/1"
    made_at: str
    database: Literal["sqlite", "postgresql"]
    revision: str
    """Of the tables."""
    ledgers: tuple[LedgerState, ...]
    files: tuple[CopiedFile, ...] = ()


def new_directory(directory: Path) -> None:
    """Make the directory of a backup, open to its owner alone; `ConfigurationError` where something is in it."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise ConfigurationError(f"{directory} is not empty: a backup is never written over anything")
    except OSError as error:
        raise ConfigurationError(f"{directory} cannot be made or read: {error.strerror}") from error


def copy_sqlite(source: Path, directory: Path) -> CopiedFile:
    """Copy the database file, consistent as of one instant, while others write. Blocks.

    A crash before it returns leaves a file that no manifest names.
    """
    to = directory / FILE
    try:
        os.close(os.open(to, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with (
            closing(sqlite3.connect(f"file:{quote(str(source))}?mode=ro", uri=True)) as connection,
            closing(sqlite3.connect(to)) as copy,
        ):
            # All pages in one step: one read transaction, so that writers need not wait and cannot start it over.
            connection.backup(copy, pages=-1)
            # One file, without a write-ahead log beside it; `put_in_place` sets the mode again.
            copy.execute("PRAGMA journal_mode = DELETE")
            if copy.execute("PRAGMA quick_check").fetchone() != ("ok",):
                raise VerificationError("the copy of the database file is damaged")
        _synced(to)
    except (sqlite3.Error, OSError) as error:
        raise LedgerUnavailable(f"the database file could not be copied: {type(error).__name__}") from error
    return described(to)


def described(file: Path) -> CopiedFile:
    """Bytes and SHA-256 of a copied file."""
    digest, size = sha256(), 0
    with file.open("rb") as data:
        while block := data.read(1 << 20):
            digest.update(block)
            size += len(block)
    return CopiedFile(name=FILE, bytes=size, sha256=digest.hexdigest())


async def states(engine: AsyncEngine, ledgers: Iterable[tuple[str, str, str]]) -> tuple[LedgerState, ...]:
    """How ledgers stand, each by its tenant's configured id, its own id and its origin; those that have no head are
    left out."""
    found = []
    for tenant, ledger, origin in ledgers:
        with reachable():
            async with reading(engine, ledger) as connection:
                query = select(head.c.size, head.c.hash).where(head.c.tenant == ledger)
                row = (await connection.execute(query)).one_or_none()
        if row is None:
            continue
        point = await StoreReader(engine, ledger).checkpoint()
        covered = point is not None and point.size <= row.size
        found.append(
            LedgerState(
                tenant=tenant,
                ledger=ledger,
                origin=origin,
                size=int(row.size),
                hash=bytes(row.hash).hex(),
                checkpoint_size=point.size if point is not None and covered else 0,
                checkpoint=point.note.decode("utf-8") if point is not None and covered else "",
            )
        )
    return tuple(found)


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Write it, durable, last: with it the backup is there; a crash before leaves a directory that is none.
    `ConfigurationError` where another has written one, or is about to."""
    temporary = directory / f".{MANIFEST}.new"
    data = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
    try:
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            # A link takes nobody's place, where a rename would: another backup that ended here first stays.
            os.link(temporary, directory / MANIFEST)
        finally:
            temporary.unlink()
        _synced(directory)
    except FileExistsError as error:
        raise ConfigurationError(f"{directory} holds another backup: none is ever written over") from error
    except OSError as error:
        raise LedgerUnavailable(f"the backup's manifest could not be written: {type(error).__name__}") from error


def read_manifest(directory: Path) -> Manifest:
    """The manifest of a backup, its files as it says. `ConfigurationError` where there is none, `VerificationError`
    where a file is another one."""
    try:
        with (directory / MANIFEST).open("rb") as file:
            data = file.read(MAX_MANIFEST + 1)
    except OSError as error:
        raise ConfigurationError(f"{directory} holds no whole backup: {MANIFEST} cannot be read") from error
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"{directory / MANIFEST} is not the manifest of a backup") from error
    if len(manifest.files) != (1 if manifest.database == "sqlite" else 0):
        raise ConfigurationError(f"{directory / MANIFEST} does not name the files of such a backup")
    for one in manifest.files:
        try:
            same = described(directory / one.name) == one
        except OSError as error:
            raise VerificationError(f"{one.name} of the backup cannot be read") from error
        if not same:
            raise VerificationError(f"{one.name} of the backup has not the size and SHA-256 that its manifest says")
    return manifest


def staged(path: Path) -> Path:
    """Where a copy stands until it is put in the place of the database at `path`."""
    return path.with_name(path.name + STAGED)


def stage(directory: Path, path: Path) -> Path:
    """Copy a backup's file beside the database, in the mode that it is served in. What a run before left is written
    over: nothing reads it."""
    to = staged(path)
    try:
        unstage(path)
        with (
            (directory / FILE).open("rb") as source,
            os.fdopen(os.open(to, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as target,
        ):
            shutil.copyfileobj(source, target, 1 << 20)
            target.flush()
            os.fsync(target.fileno())
        with closing(sqlite3.connect(to)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
    except (sqlite3.Error, OSError) as error:
        raise LedgerUnavailable(f"the backup could not be copied to its place: {type(error).__name__}") from error
    return to


def unstage(path: Path) -> None:
    """Remove the copy that was to take the place of the database at `path`, if any. Nobody may have it open."""
    for name in ("", *_BESIDE):
        Path(f"{staged(path)}{name}").unlink(missing_ok=True)


def put_in_place(path: Path, mark: str) -> Path | None:
    """Put the staged copy in the database's place; the file that was there is kept under a name that ends in `mark`,
    and returned. Nobody may have either file open.

    The order matters: a write-ahead log must never stand beside a file that is not its own. A crash after 1 leaves no
    database, with its old log beside: a start is refused, and the next run goes on from 2.
    """
    copy, aside = staged(path), path.with_name(f"{path.name}{ASIDE}-{mark}")
    try:
        with closing(sqlite3.connect(copy)) as connection:
            busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise LedgerUnavailable("the copy is still open somewhere: end that, and begin again")
        for name in _BESIDE:
            Path(f"{copy}{name}").unlink(missing_ok=True)
        _synced(copy)
        # 1.
        moved = path.exists()
        if moved:
            os.rename(path, aside)
        # 2.
        for name in _BESIDE:
            with suppress(FileNotFoundError):
                os.rename(f"{path}{name}", f"{aside}{name}")
        # 3.
        os.rename(copy, path)
        _synced(path.parent)
    except (sqlite3.Error, OSError) as error:
        raise LedgerUnavailable(f"the copy could not be put in its place: {type(error).__name__}") from error
    return aside if moved else None


def _synced(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_sqlite(path: Path) -> bool:
    """Whether a file is a SQLite database; False where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(16) == b"SQLite format 3\x00"
    except OSError:
        return False


def records_of(path: Path, ledger: str, first: int) -> Iterator[tuple[int, bytes]]:
    """Records of a ledger in another database file, from this one on, each by its number. The file is not changed. May
    be left before its end, wherever that is noticed.

    `VerificationError` where it cannot be read as one.
    """
    query = "SELECT seq, bytes FROM record WHERE tenant = ? AND seq >= ? ORDER BY seq"
    try:
        # Whoever does not read on to the end has it closed in any thread.
        opened = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, check_same_thread=False)
        with closing(opened) as connection:
            for seq, data in connection.execute(query, (ledger, first)):
                yield int(seq), bytes(data)
    except (sqlite3.Error, TypeError, ValueError) as error:
        raise VerificationError("a newer copy cannot be read as a database of this kind") from error
