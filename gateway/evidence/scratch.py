"""Working files whose content never lies on a disk in clear.

Each byte of a file is AES-256-CTR (NIST SP 800-38A) under a key that this file alone has: counter block n is the number
of the 16 bytes it covers, so that any place can be read and written by itself. A file without a name is gone with the
process, as its key is, which is never written; one with a name is there for whoever has its key. A place must be
written with one content only, since two under the same counter tell of each other to who has copies of the disk from
both times: `container.Writer`, which these files are for, writes each byte once. There is no authentication: what was
changed on the disk meanwhile is found by whoever verifies what was written.
"""

import io
import os
import tempfile
from pathlib import Path
from typing import BinaryIO

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CTR

_BLOCK = 16
_KEY = 32
_BUFFER = 1 << 18


def scratch(directory: Path | None = None) -> BinaryIO:
    """An empty working file in a directory, or where temporary files are; seekable, readable, writable, buffered."""
    file = tempfile.TemporaryFile(dir=directory, buffering=0)  # noqa: SIM115 — closed with the one around it
    return io.BufferedRandom(_Ciphered(file, os.urandom(_KEY), directory), _BUFFER)


def named(path: Path, key: bytes) -> BinaryIO:
    """An empty working file of this name, which nothing may have yet (`FileExistsError`), readable by its owner alone.
    `key`: 32 bytes, of this file alone."""
    file = open(path, "x+b", buffering=0, opener=private)  # noqa: SIM115 — likewise
    return io.BufferedRandom(_Ciphered(file, key, path.parent), _BUFFER)


def reopened(path: Path, key: bytes) -> BinaryIO:
    """One that was left, to be read."""
    file = open(path, "rb", buffering=0)  # noqa: SIM115 — likewise
    return io.BufferedReader(_Ciphered(file, key, path.parent), _BUFFER)


def private(path: str, flags: int) -> int:
    """Opens a file so that others than its owner never read it."""
    return os.open(path, flags, 0o600)


def directory_of(file: BinaryIO) -> Path | None:
    """The directory that a file lies in, a working file's own among them; None where it lies in none."""
    raw = getattr(file, "raw", None)
    if isinstance(raw, _Ciphered):
        return raw.directory
    name = getattr(file, "name", None)
    return Path(name).parent if isinstance(name, str) else None


class _Ciphered(io.RawIOBase):
    """The file below the buffer."""

    def __init__(self, file: io.FileIO, key: bytes, directory: Path | None) -> None:
        self.directory = directory
        self._file = file
        self._cipher = AES256(key)
        self._at = 0
        self._stream: CipherContext | None = None
        """The key stream, where it stands at `_at`."""

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._file.fileno()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        found = self._file.seek(offset, whence)
        if found != self._at:
            self._at, self._stream = found, None
        return found

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # what a buffered file calls it with
        read = self._file.read(len(buffer)) or b""
        buffer[: len(read)] = self._ciphered(read)
        return len(read)

    def write(self, data: memoryview) -> int:  # type: ignore[override]  # likewise
        written = self._file.write(self._ciphered(bytes(data))) or 0
        if written < len(data):  # the key stream is ahead of the file
            self._at, self._stream = self._at - len(data) + written, None
        return written

    def close(self) -> None:
        self._file.close()
        super().close()

    def _ciphered(self, data: bytes) -> bytes:
        """This many bytes from here on, in clear or not: both ways are the same."""
        if self._stream is None:
            counter, skip = divmod(self._at, _BLOCK)
            self._stream = Cipher(self._cipher, CTR(counter.to_bytes(_BLOCK, "big"))).encryptor()
            self._stream.update(bytes(skip))
        self._at += len(data)
        return self._stream.update(data)
