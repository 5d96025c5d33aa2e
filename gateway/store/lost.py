"""Records that this node acknowledged and that its database has no more, remembered apart from the database: a start
must not forget it before somebody has put it on record."""

import os
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from gateway.core.errors import ConfigurationError, LedgerUnavailable

_MAX = 4_096


class Lost(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A ledger had at least so many records, the newest of them of this leaf hash (hex)."""

    size: Annotated[int, Meta(ge=1, le=2**53)]
    hash: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class LostMarks:
    """One small file for each ledger that lost records, in a directory that is not the database's."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def keep(self, ledger: str, lost: Lost) -> None:
        """Remember, durably; of two marks the larger. `LedgerUnavailable` where it cannot be kept."""
        known = self.of(ledger)
        try:
            if known is None or known.size < lost.size:
                self._write(self._file(ledger), msgspec.json.encode(lost))
            self._sync()  # also of one that is there: the try that wrote it may have failed here
        except OSError as error:
            raise LedgerUnavailable("that records were lost could not be kept beside the keys") from error

    def of(self, ledger: str) -> Lost | None:
        """What is remembered of a ledger; `ConfigurationError` for a file that is no mark."""
        file = self._file(ledger)
        try:
            with file.open("rb") as data:
                return msgspec.json.decode(data.read(_MAX), type=Lost)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError, ValueError) as error:
            raise ConfigurationError(
                f"{file} does not hold what a lost record leaves: look what became of it"
            ) from error

    def forget(self, ledger: str) -> None:
        """Once it is on record, or the records are there again. May be repeated."""
        self._file(ledger).unlink(missing_ok=True)
        self._sync()

    @staticmethod
    def _write(file: Path, data: bytes) -> None:
        temporary = file.with_name(f".{file.name}.{os.urandom(6).hex()}.new")
        try:
            with os.fdopen(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as new:
                new.write(data)
                new.flush()
                os.fsync(new.fileno())
            # A crash before: forgotten, unless a witness knows. After: the next start finds it.
            os.rename(temporary, file)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise

    def _file(self, ledger: str) -> Path:
        return self._directory / f"lost-{ledger}.json"

    def _sync(self) -> None:
        descriptor = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
