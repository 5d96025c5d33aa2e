"""What a node remembers of its ledgers apart from the database: one small file for each, beside the keys."""

import os
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

from gateway.core.errors import ConfigurationError, FormatError, LedgerUnavailable

_MAX = 16_384

Mark = TypeVar("Mark")


class Marks(ABC, Generic[Mark]):
    """Marks of one kind in a directory that is not the database's; several processes may share it."""

    prefix: ClassVar[str]
    suffix: ClassVar[str]
    """What a file's name has before and after the id of what it is of."""
    holds: ClassVar[str]
    unkept: ClassVar[str]
    """What is said of a file that is no mark, and of one that cannot be written."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @property
    def writable(self) -> bool:
        """Whether a mark can be kept, or forgotten, as it is now: a file system may be made read only under a node."""
        return os.access(self._directory, os.W_OK)

    def name(self, ledger: str) -> str:
        """What the file is called that remembers it."""
        return self._file(ledger).name

    def keep(self, ledger: str, mark: Mark) -> None:
        """Remember, durably; of two marks the larger. `LedgerUnavailable` where it cannot be kept.

        Of two that processes keep at once the smaller may stay: it says less, and nothing that is wrong."""
        known = self.of(ledger)
        try:
            if known is None or self._size(known) < self._size(mark):
                self._write(self._file(ledger), self._encode(mark))
            self._sync()  # also of one that is there: the try that wrote it may have failed here
        except OSError as error:
            raise LedgerUnavailable(self.unkept) from error

    def of(self, ledger: str) -> Mark | None:
        """What is remembered of a ledger; `ConfigurationError` for a file that is no mark."""
        file = self._file(ledger)
        try:
            with file.open("rb") as data:
                return self._decode(data.read(_MAX))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ConfigurationError(f"{file} cannot be read: {error.strerror or 'no reason is known'}") from error
        except FormatError as error:
            raise ConfigurationError(f"{file} does not hold {self.holds}: look what became of it") from error

    def forget(self, ledger: str) -> None:
        """Once it is on record, or holds no more. May be repeated."""
        self._file(ledger).unlink(missing_ok=True)
        self._sync()

    @staticmethod
    @abstractmethod
    def _size(mark: Mark) -> int: ...

    @staticmethod
    @abstractmethod
    def _encode(mark: Mark) -> bytes: ...

    @staticmethod
    @abstractmethod
    def _decode(data: bytes) -> Mark:
        """`FormatError` for what is no mark."""

    @staticmethod
    def _write(file: Path, data: bytes) -> None:
        temporary = file.with_name(f".{file.name}.{os.urandom(6).hex()}.new")
        try:
            with os.fdopen(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as new:
                _give(new.fileno(), file.parent)
                new.write(data)
                new.flush()
                os.fsync(new.fileno())
            # A crash before: what was remembered until now still is. After: the next start finds it.
            os.rename(temporary, file)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise

    def _file(self, ledger: str) -> Path:
        return self._directory / f"{self.prefix}{ledger}{self.suffix}"

    def _sync(self) -> None:
        descriptor = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _give(descriptor: int, directory: Path) -> None:
    """A command that root gives beside a service with a user of its own must not lock that out: whoever has the
    directory has the file."""
    if os.geteuid() == 0:
        owner = directory.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
