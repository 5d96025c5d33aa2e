"""What is kept of a bundle while it is built, on the disk of whoever builds it.

Each builder has files of its own, by a random name, and never writes into those of another:

    <name>.bundle       the bundle as it grows: in clear where it leaves in clear, else ciphertext
    <name>.spool        details on their way into it: always ciphertext
    <name>.<n>.state    what the two hold (`evidence.kept.State`), sealed; the row names the newest by its digest
    <name>.age          what leaves, where it is encrypted

Ciphertext is under keys made from one data key of the bundle's own (HKDF-SHA256, RFC 5869), one for each file. That
lies in the keyring as others do, and is destroyed when the bundle is over.
"""

import asyncio
import os
import re
from collections.abc import Awaitable
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.core.ids import random_id
from gateway.evidence.kept import Kept, State
from gateway.evidence.piece import NotAsKept
from gateway.evidence.scratch import named, private, reopened
from gateway.store.data_keys import KEY_BYTES, NONCE_BYTES, fields

MAX_STATE = 1 << 28
_MARK = re.compile(r"(bw_[0-9a-f]{26})\.([1-9][0-9]{0,9}):([0-9a-f]{64})")


class GivenUp(Exception):
    """Raised in a build between two of its steps. Whoever is cancelled within a statement leaves a connection that may
    not be closed any more; so nobody is, but by a caller's loss of right."""


class Mark(msgspec.Struct, frozen=True):
    """The newest state of a builder, as the row names it: the builder, the number, and the file's SHA-256 in hex."""

    work: str
    number: int
    digest: str

    def __str__(self) -> str:
        return f"{self.work}.{self.number}:{self.digest}"

    @property
    def file(self) -> str:
        return f"{self.work}.{self.number}.state"


def parse_mark(text: str) -> Mark:
    """`NotAsKept` for any other text than a mark's."""
    found = _MARK.fullmatch(text)
    if found is None:
        raise NotAsKept("kept: the row does not name it")
    return Mark(found[1], int(found[2]), found[3])


class Keys:
    """The keys of one bundle's files, made from its own."""

    def __init__(self, key: bytes, tenant: str, bundle: str) -> None:
        self._key, self._about = key, (b"gateway/bundle/work/v1", tenant.encode(), bundle.encode())

    def of(self, file: str) -> bytes:
        """The 32 bytes for the file of this name."""
        info = fields(*self._about, file.encode())
        return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=info).derive(self._key)


class Tell(Protocol):
    """Says in the row what is kept; False where that is another's by now."""

    def __call__(self, mark: str) -> Awaitable[bool]: ...


class Work:
    """One builder's files, as a `Keeper`. A context manager, which closes them."""

    def __init__(self, place: Path, keys: Keys, tell: Tell, *, encrypted: bool, kept: Kept | None = None) -> None:
        """`place`: the bundle's directory; `kept`: what there is to go on from (`left`). Blocks."""
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.kept = kept
        self._place, self._keys, self._tell = place, keys, tell
        self._name, self._number = random_id("bw"), 0
        self.path = self._path("bundle")
        self._sealed: BinaryIO | None = None
        self._lasting = False
        """Whether anybody has a use for what is here once this builder has ended."""
        with ExitStack() as stack:
            self.file = stack.enter_context(self._hidden("bundle") if encrypted else _clear(self.path))
            self.spool = stack.enter_context(self._hidden("spool"))
            self._open = stack.pop_all()

    def __enter__(self) -> "Work":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()
        if not self._lasting:
            for path in self._place.glob(f"{self._name}.*"):
                path.unlink(missing_ok=True)

    def sealed(self) -> BinaryIO:
        """An empty file for what leaves encrypted; `path` names it from now on."""
        self.path = self._path("age")
        self._sealed = self._open.enter_context(_clear(self.path))
        return self._sealed

    def _path(self, kind: str) -> Path:
        return self._place / f"{self._name}.{kind}"

    def _hidden(self, kind: str) -> BinaryIO:
        path = self._path(kind)
        return named(path, self._keys.of(path.name))

    async def keep(self, state: State) -> None:
        """Durable, with its name in the row, when this returns. `GivenUp` where the row is another's by now."""
        mark, self._lasting = await asyncio.to_thread(self._written, state), True
        # A crash before the row says so: it names what was kept before, which is still there. After: this.
        if not await self._tell(str(mark)):
            raise GivenUp
        await asyncio.to_thread(self._alone, mark)

    def finish(self) -> Path:
        """Make what leaves durable. Blocks."""
        file, self._lasting = self._sealed or self.file, True
        file.flush()
        os.fsync(file.fileno())
        return self.path

    def _written(self, state: State) -> Mark:
        for file in (self.file, self.spool):
            file.flush()
            os.fsync(file.fileno())
        self._number += 1
        mark = Mark(self._name, self._number, "")
        nonce = os.urandom(NONCE_BYTES)
        data = nonce + AESGCM(self._keys.of(mark.file)).encrypt(nonce, msgspec.json.encode(state), None)
        with _clear(self._place / mark.file) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        for directory in (self._place, self._place.parent):
            sync(directory)
        return msgspec.structs.replace(mark, digest=sha256(data).hexdigest())

    def _alone(self, mark: Mark) -> None:
        """Nobody goes on any more from what others, or this one before, have left."""
        for path in self._place.iterdir():
            mine = path.name.startswith(f"{self._name}.")
            if not mine or (path.suffix == ".state" and path.name != mark.file):
                path.unlink(missing_ok=True)


def left(place: Path, keys: Keys, mark: Mark, *, encrypted: bool) -> Kept:
    """What a builder has left in a bundle's directory; its files are the caller's to close. `NotAsKept` where there is
    nothing, or anything but what the row says. Blocks."""
    try:
        with (place / mark.file).open("rb") as file:
            data = file.read(MAX_STATE + 1)
    except FileNotFoundError:
        raise NotAsKept("kept: nothing is on this disk") from None
    if len(data) > MAX_STATE or sha256(data).hexdigest() != mark.digest:
        raise NotAsKept("kept: the state is not what the row says")
    try:
        clear = AESGCM(keys.of(mark.file)).decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], None)
        state = msgspec.json.decode(clear, type=State)
    except (InvalidTag, ValueError) as error:
        raise NotAsKept("kept: the state does not open") from error
    container, spool = place / f"{mark.work}.bundle", place / f"{mark.work}.spool"
    try:
        opened = reopened(container, keys.of(container.name)) if encrypted else container.open("rb")
    except FileNotFoundError:
        raise NotAsKept("kept: the bundle as it was is not on this disk") from None
    try:
        return Kept(state=state, container=opened, spool=reopened(spool, keys.of(spool.name)))
    except FileNotFoundError:
        opened.close()
        raise NotAsKept("kept: the details as they were are not on this disk") from None


def _clear(path: Path) -> BinaryIO:
    """A new file, readable by its owner alone."""
    return open(path, "x+b", opener=private)


def sync(directory: Path) -> None:
    """Make the names in a directory durable. Blocks."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
