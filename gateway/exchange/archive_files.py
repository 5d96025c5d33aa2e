"""Files of archives on the disk: made under another name, synced, renamed, and read back as an auditor would."""

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


@contextmanager
def on_disk(new: Path, place: str = "archive.directory") -> Iterator[None]:
    """A disk that is full or fails is told in words, as `LedgerUnavailable`; what is half written gives its room back.
    `place`: the setting that names where it lies."""
    try:
        yield
    except OSError as error:
        with suppress(OSError):  # the next try writes over it
            new.unlink(missing_ok=True)
        why = error.strerror or type(error).__name__
        raise LedgerUnavailable(f"an archive could not be written in {place}: {why}") from error


def create(path: Path, place: str = "archive.directory") -> BinaryIO:
    """An empty file that its owner alone reads, in place of what a try before has left half written.
    `ConfigurationError` where its directory cannot be written: `place` is the setting that names it."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise ConfigurationError(f"{place} must be one that can be written") from error
    return os.fdopen(descriptor, "w+b")


def sync(file: BinaryIO) -> None:
    """What was written is on the disk when this returns."""
    file.flush()
    os.fsync(file.fileno())


def rename(new: Path, path: Path) -> None:
    """The name of a file that is whole, durable when this returns."""
    new.replace(path)
    settle(path)


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
