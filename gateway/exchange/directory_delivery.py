"""Puts a bundle into a directory, under its name when it is whole and synced, and never before; nothing there is
overwritten."""

import asyncio
import errno
import os
import stat
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from gateway.exchange.deliveries import DAMAGED, Parcel, copied, demand, wanted
from gateway.store.worker import Worker

_MODE = 0o640
_CODES = {
    errno.ENOENT: "directory_missing",
    errno.ENOTDIR: "directory_missing",
    errno.EACCES: "not_permitted",
    errno.EROFS: "not_permitted",
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.ENAMETOOLONG: "name_too_long",
    errno.EPERM: "no_links",
    errno.ENOTSUP: "no_links",
    errno.ENOSYS: "no_links",
    errno.EMLINK: "no_links",
}


class DirectoryDelivery:
    """Files in a directory that must be there: where a mount is missing, nothing is written under it.

    It has a thread of its own: a mount that hangs holds up nothing else, and no end of the process. What was given up
    there, because its time was over or this process stops, puts nothing under its name any more once it goes on.
    """

    kind = "directory"

    def __init__(self, directory: Path, timeout_s: float) -> None:
        self._directory, self._timeout_s = directory, timeout_s
        self._worker, self._turn = Worker("bundles-delivered"), asyncio.Lock()

    def close(self) -> None:
        """Let the thread end; whoever delivers has ended before."""
        self._worker.close()

    async def deliver(self, parcel: Parcel) -> str | None:
        """`directory_missing`, `not_permitted`, `disk_full`, `no_links`, `name_taken`, `name_too_long`, `damaged`,
        `io_error`, `timeout_total`."""
        async with self._turn:
            try:
                with wanted() as given_up:
                    async with asyncio.timeout(self._timeout_s):
                        return await self._worker.run(lambda: self._delivered(parcel, given_up))
            except TimeoutError:
                return "timeout_total"

    def _delivered(self, parcel: Parcel, given_up: threading.Event) -> str | None:
        try:
            read = parcel.file.open("rb")
        except OSError:
            return "io_error"  # of the bundle's own file: nothing is said of the directory
        try:
            with read:
                return self._put(parcel, read.read, given_up)
        except OSError as error:
            return _CODES.get(error.errno or 0, "io_error")

    def _put(self, parcel: Parcel, read: Callable[[int], bytes], given_up: threading.Event) -> str | None:
        for left in self._directory.glob(f".{parcel.name}.*.part"):  # of who died over it
            left.unlink(missing_ok=True)
        # A crash from here on leaves the part, which the next try removes.
        descriptor, name = tempfile.mkstemp(prefix=f".{parcel.name}.", suffix=".part", dir=self._directory)
        part = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as write:
                if copied(read, write.write, given_up) != parcel.digest:
                    return DAMAGED
                write.flush()
                os.fchmod(write.fileno(), _MODE)
                os.fsync(write.fileno())
            return self._linked(part, parcel, given_up)
        finally:
            part.unlink(missing_ok=True)  # of two who deliver the same, one sweeps up the other's

    def _linked(self, part: Path, parcel: Parcel, given_up: threading.Event) -> str | None:
        place = self._directory / parcel.name
        demand(given_up)
        try:
            # A crash before the directory is synced: it may not be there, and is delivered again. After: likewise, and
            # the same is found there.
            os.link(part, place, follow_symlinks=False)
        except FileExistsError:
            if not _same(place, parcel.digest, given_up):
                return "name_taken"
        _synced(self._directory)
        return None


def probe(directory: Path) -> str | None:
    """Why nothing can be delivered into a directory, found out by delivering an empty file and taking it away again;
    None where it can."""
    try:
        descriptor, part = tempfile.mkstemp(prefix=".gateway-check.", dir=directory)
        os.close(descriptor)
        try:
            os.link(part, f"{part}.link", follow_symlinks=False)
            os.unlink(f"{part}.link")
        finally:
            os.unlink(part)
    except OSError as error:
        return _CODES.get(error.errno or 0, "io_error")
    return None


def _same(file: Path, digest: str, given_up: threading.Event) -> bool:
    """Whether it is a file of this content: a pipe that somebody put there would keep its reader for ever."""
    if not stat.S_ISREG(file.lstat().st_mode):
        return False
    with file.open("rb") as read:
        return copied(read.read, len, given_up) == digest


def _synced(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems sync no directories, and say so: what they were told is then all that can be had.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)
