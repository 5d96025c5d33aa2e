"""Takes a bundle to where its schedule says: into a directory, or to a receiver over HTTPS.

A directory has the file under its name when it is whole and synced, and never before; nothing there is overwritten. A
receiver gets it as one signed `POST`, by the form of notices (`gateway.exchange.notices`), with headers that say what
it is. Both may be done again: who delivers may die before it has said that it has.
"""

import asyncio
import errno
import hashlib
import hmac
import os
import stat
import tempfile
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Protocol

import msgspec

from gateway.agents.client import AgentClient
from gateway.core.errors import AgentError
from gateway.core.message import Outgoing
from gateway.core.ports import Clock, Route
from gateway.exchange.notices import MAX_ANSWER, SIGNATURE
from gateway.store.worker import Worker

DAMAGED = "damaged"
"""The code of a file that is not what the bundle's row says: it is made anew."""
DELIVERY, TENANT, SCHEDULE, PERIOD, BUNDLE, SHA256 = (
    f"x-gateway-{name}" for name in ("delivery", "tenant", "schedule", "period", "bundle", "sha256")
)
PIECE = 1 << 20
"""Bytes that are held at once."""
AT_ONCE = 2
"""Bundles that a receiver gets at the same time: with many tenants all are due at once."""
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


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle to be delivered: its file, its SHA-256 in hex, and what it is of. `tenant` is the configured id."""

    file: Path
    digest: str
    tenant: str
    schedule: str
    period: str
    bundle: str
    suffix: str = ".zip"
    """`.zip.age` where it is encrypted."""

    @property
    def name(self) -> str:
        """Of its file: no id holds a `~`, so that no two are the same."""
        return f"{self.tenant}~{self.schedule}~{self.period}{self.suffix}"


class Delivery(Protocol):
    """A place that bundles go to."""

    kind: str

    def close(self) -> None: ...

    async def deliver(self, parcel: Parcel) -> str | None:
        """None when the other side has all of it, durably as far as can be seen; else the code of why not. Where it has
        the same already, that counts as delivered."""
        ...


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
                with _wanted() as given_up:
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
                if _copied(read, write.write, given_up) != parcel.digest:
                    return DAMAGED
                write.flush()
                os.fchmod(write.fileno(), _MODE)
                os.fsync(write.fileno())
            return self._linked(part, parcel, given_up)
        finally:
            part.unlink(missing_ok=True)  # of two who deliver the same, one sweeps up the other's

    def _linked(self, part: Path, parcel: Parcel, given_up: threading.Event) -> str | None:
        place = self._directory / parcel.name
        _demand(given_up)
        try:
            # A crash before the directory is synced: it may not be there, and is delivered again. After: likewise, and
            # the same is found there.
            os.link(part, place, follow_symlinks=False)
        except FileExistsError:
            if not _same(place, parcel.digest, given_up):
                return "name_taken"
        _synced(self._directory)
        return None


class WebhookDelivery:
    """A receiver that is configured, at an address that the client looks at as at those of agents."""

    kind = "webhook"

    def __init__(self, client: AgentClient, route: Route, secret: bytes, clock: Clock) -> None:
        self._client, self._route, self._secret, self._clock = client, route, secret, clock
        self._turns = asyncio.Semaphore(AT_ONCE)

    def close(self) -> None:
        """Nothing: the client is somebody else's."""

    async def deliver(self, parcel: Parcel) -> str | None:
        """A code of the client's, `status_…` for an answer other than 2xx, `damaged`, `io_error`."""
        async with self._turns:
            return await self._delivered(parcel)

    async def _delivered(self, parcel: Parcel) -> str | None:
        moment = str(self._clock.now_us() // 1_000_000)
        try:
            # Signed before it is sent: the signature is over all of it, and goes first.
            with _wanted() as given_up:
                signature, digest, size = await asyncio.to_thread(
                    _signature, self._secret, moment, parcel.file, given_up
                )
        except OSError:
            return "io_error"
        if digest != parcel.digest:
            return DAMAGED
        headers = (
            ("content-type", "application/zip" if parcel.suffix == ".zip" else "application/octet-stream"),
            (SIGNATURE, f"t={moment},v1={signature}"),
            (DELIVERY, f"{parcel.schedule}/{parcel.tenant}/{parcel.period}"),
            (TENANT, parcel.tenant),
            (SCHEDULE, parcel.schedule),
            (PERIOD, parcel.period),
            (BUNDLE, parcel.bundle),
            (SHA256, digest),
        )
        outgoing = Outgoing(method="POST", path="", headers=headers, body=b"")
        try:
            async with aclosing(_pieces(parcel.file)) as pieces:
                answer = await self._client.upload(self._route, outgoing, pieces, size, MAX_ANSWER)
        except AgentError as error:
            return error.code
        except OSError:
            return "io_error"
        return None if 200 <= answer.status < 300 else f"status_{answer.status}"


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


async def _pieces(file: Path) -> AsyncGenerator[bytes, None]:
    with await asyncio.to_thread(file.open, "rb") as read:
        while piece := await asyncio.to_thread(read.read, PIECE):
            yield piece


@contextmanager
def _wanted() -> Iterator[threading.Event]:
    """Set once nobody waits any more for what is done in a thread, however that came."""
    given_up = threading.Event()
    try:
        yield given_up
    finally:
        given_up.set()


def _demand(given_up: threading.Event) -> None:
    if given_up.is_set():
        raise InterruptedError


def _copied(read: Callable[[int], bytes], write: Callable[[bytes], int], given_up: threading.Event) -> str:
    """The SHA-256 of all that was read, in hex. `InterruptedError` once nobody waits for it."""
    found = hashlib.sha256()
    while piece := read(PIECE):
        _demand(given_up)
        found.update(piece)
        write(piece)
    return found.hexdigest()


def _same(file: Path, digest: str, given_up: threading.Event) -> bool:
    """Whether it is a file of this content: a pipe that somebody put there would keep its reader for ever."""
    if not stat.S_ISREG(file.lstat().st_mode):
        return False
    with file.open("rb") as read:
        return _copied(read.read, len, given_up) == digest


def _signature(secret: bytes, moment: str, file: Path, given_up: threading.Event) -> tuple[str, str, int]:
    """HMAC-SHA256(secret, t ‖ `.` ‖ bytes) and SHA-256, in hex, and how many bytes there are."""
    made = hmac.new(secret, moment.encode() + b".", hashlib.sha256)
    size = 0

    def take(piece: bytes) -> int:
        nonlocal size
        made.update(piece)
        size += len(piece)
        return len(piece)

    with file.open("rb") as read:
        digest = _copied(read.read, take, given_up)
    return made.hexdigest(), digest, size


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
