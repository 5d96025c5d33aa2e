"""Files of archives on the disk: each try writes a file of its own, which gets its name by a link where none is there,
and is read back as an auditor would.

Nothing that has a name is written into, whoever else is at it and however long somebody was away: no two tries share a
file, and a link takes no other file's place. Who makes a file holds a lock on it (`flock`) until it is closed, and the
system lets that go wherever the process ends: so a file whose lock is free is nobody's any more, and may be removed.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from gateway.core.errors import ConfigurationError, FormatError, LedgerUnavailable, VerificationError
from gateway.evidence import archive as files
from gateway.evidence.archive import Checked
from gateway.exchange.archived import opened
from gateway.ledger.note import Verifier
from gateway.ledger.rotation import Keys as LineOfKeys

_END = ".new"
_ASIDE = ".aside"
_TRIES = 16


@contextmanager
def on_disk(place: str = "archive.directory") -> Iterator[None]:
    """A disk that is full or fails is told in words, as `LedgerUnavailable`. `place`: the setting that names where it
    lies."""
    try:
        yield
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise LedgerUnavailable(f"an archive could not be written in {place}: {why}") from error


class Draft:
    """The file of one try, which its owner alone reads, locked until it is closed. All of it blocks, and raises
    `OSError`."""

    def __init__(self, path: Path) -> None:
        """`path`: the name that it is to get."""
        self.path = path
        # A crash from here on leaves a file that nobody locks, which the next round sweeps away.
        self.own, self.file = _begun(path)

    def sync(self) -> None:
        """What was written is on the disk when this returns."""
        self.file.flush()
        os.fsync(self.file.fileno())

    def name(self) -> bool:
        """Give it its name, durable when this returns; False, and nothing done, where a file has that name. A crash
        before: a file under its own name. After: the file, which may have its own name too."""
        try:
            os.link(self.own, self.path)
        except FileExistsError:
            if not self.stands():  # a network's file system may be asked twice, and tell of the second time
                return False
        self.own.unlink(missing_ok=True)
        settle(self.path)
        return True

    def stands(self) -> bool:
        """Whether it is this very file that lies under the name."""
        return _same(self.file.fileno(), self.path)

    def take_back(self) -> None:
        """Remove it from under its name, where it is this one. Only for what is not on record: whoever else comes to
        the name meanwhile finds it locked."""
        if self.stands():
            self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of it: a half file gives its room back, one that has its name stays."""
        with suppress(OSError):  # the next round sweeps it away
            self.own.unlink(missing_ok=True)
        with suppress(OSError):  # what is still in its buffer is a half file's: what has a name was synced before
            self.file.close()


def drafted(path: Path, place: str = "archive.directory") -> Draft:
    """A try at a file that is to be named `path`. `ConfigurationError` where its directory cannot be written: `place`
    is the setting that names it."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Draft(path)
    except OSError as error:
        raise ConfigurationError(f"{place} must be one that can be written, and where files can be locked") from error


class Left:
    """A file that nobody who made it holds any more, held until it is closed. Blocks, and raises `OSError`."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path, self._descriptor = path, descriptor

    def remove(self) -> None:
        """Whoever takes a name from a file holds its lock: while this one is held, the name is this file's."""
        self._path.unlink()

    def put_aside(self) -> Path:
        """Take the name from it and give it one that nothing looks at, beside. A crash before: it has its name. After:
        the other one, on the disk before whoever comes next is given its name."""
        aside = self._path.with_name(f"{self._path.name}.{os.urandom(8).hex()}{_ASIDE}")
        self._path.rename(aside)
        settle(aside)
        return aside

    def close(self) -> None:
        os.close(self._descriptor)


def left(path: Path) -> Left | None:
    """The file of this name, whose lock is the caller's now; None where somebody holds it, or there is none. Raises
    `OSError`."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        if _locked(descriptor) and _same(descriptor, path):
            return Left(path, descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def sweep(directory: Path) -> None:
    """Remove what tries have left that died: half files whose lock is free. What somebody writes stays. Raises
    `OSError`."""
    for path in directory.glob(f"*{_END}"):
        found = left(path)
        if found is not None:
            try:
                found.remove()
            finally:
                found.close()


def _begun(path: Path) -> tuple[Path, BinaryIO]:
    """An empty file beside this one, under a name that no other try has, and locked."""
    for _ in range(_TRIES):
        own = path.with_name(f".{path.name}.{os.urandom(8).hex()}{_END}")
        file = os.fdopen(os.open(own, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w+b")
        try:
            if _locked(file.fileno()) and _same(file.fileno(), own):
                return own, file
        except BaseException:
            file.close()
            own.unlink(missing_ok=True)
            raise
        file.close()  # somebody who sweeps came by before it was locked, and takes it away
    raise OSError("what was just made was taken away again and again")


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _same(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False


def settle(path: Path) -> None:
    """The name that a file has is on the disk when this returns: whoever gave it may have been broken off before."""
    # Its own directory, and the one above, where that was just made.
    for directory in (path.parent, path.parent.parent):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def verified(path: Path, keys: Verifier | LineOfKeys) -> tuple[Checked, str, int]:
    """What an archive holds, its digest and its size, read from the disk; `VerificationError` where it does not."""
    try:
        with opened(path) as file:
            checked = files.verify(files.Archive(file), keys)
            return checked, files.digest(file), path.stat().st_size
    except FormatError as error:
        raise VerificationError(f"archive: what was read back is no archive: {error}") from error
