"""Files of keys: owned and read by one account alone, written whole and durable or not at all.

Where the keyring's root key is wrapped (`root_key`), the other secret files are sealed under it: `SEALED+KEY+` and the
base64 of version byte 0x01 ‖ nonce (12 bytes) ‖ AES-256-GCM ciphertext and tag (NIST SP 800-38D), with the file's name
as associated data, so that no file opens in the place of another. What is sealed opens whether the root key is wrapped
or not; in a keyring whose root key is wrapped nothing in the clear is believed, since who can write a file could put a
key there that they know.
"""

import fcntl
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.core.errors import ConfigurationError, FormatError
from gateway.ledger.encoding import from_base64, to_base64
from gateway.store.data_keys import KEY_BYTES, NONCE_BYTES, fields

ROOT = "kek"
REFERENCE = b"PKCS11+KEY+"
"""How the file of a key begins that is on a token (`signing_token`): its id there in hex, and its public key."""
SEALED = b"SEALED+KEY+"
_VERSION = b"\x01"
_MAX_FILE = 4_096
_LEFT_S = 60.0
_SECRET = ("ledger-*.key", "search-*.key", "assertion.key")


class KeyFiles:
    """The secret files of a keyring, under its root key (32 bytes)."""

    def __init__(self, directory: Path, root: bytes) -> None:
        self._directory, self.root, self._cipher = directory, root, AESGCM(root)

    def read(self, path: Path, length: int | None = None) -> bytes:
        """What a file holds, opened where it is sealed. `ConfigurationError` names the file that is missing, open to
        others, of another length, sealed under another root key, or in the clear where it must not be."""
        data = read(path)
        if data.startswith(SEALED):
            data = self._opened(path, data)
        elif not data.startswith(REFERENCE) and wrapped(self._directory):
            raise ConfigurationError(
                f"{path} lies in the clear beside a root key that is wrapped: run `gateway keys protect` again if it "
                "is yours"
            )
        if length is not None and len(data) != length:
            raise ConfigurationError(f"{path} does not have the length of a key")
        return data

    def write_new(self, path: Path, data: bytes) -> bool:
        """Write a file, sealed where the root key is wrapped now; False, and nothing done, when there is one."""
        secret = not data.startswith(REFERENCE)
        return write_new(path, self._sealed(path, data) if secret and wrapped(self._directory) else data)

    def seal(self) -> int:
        """Seal every secret file that lies in the clear; how many. A crash on the way: some are sealed, and each opens
        as before."""
        return self._rewritten(lambda path, data: None if data.startswith(SEALED) else self._sealed(path, data))

    def unseal(self) -> int:
        """Open every file that is sealed, and leave it in the clear; how many. A crash on the way: each opens."""
        return self._rewritten(lambda path, data: self._opened(path, data) if data.startswith(SEALED) else None)

    def _rewritten(self, change: Callable[[Path, bytes], bytes | None]) -> int:
        # A try before may have replaced a file, or the root key's, and failed to make that durable: what is found done
        # here is taken for done.
        try:
            sync(self._directory)
        except OSError as error:
            raise ConfigurationError(f"{self._directory} cannot be written") from error
        count = 0
        for path in sorted({path for form in _SECRET for path in self._directory.glob(form)}):
            data = read(path)
            new = None if data.startswith(REFERENCE) else change(path, data)
            if new is not None:
                replace(path, new)
                count += 1
        return count

    def _sealed(self, path: Path, data: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return SEALED + to_base64(_VERSION + nonce + self._cipher.encrypt(nonce, data, _name(path))).encode() + b"\n"

    def _opened(self, path: Path, data: bytes) -> bytes:
        try:
            sealed = from_base64(data.removeprefix(SEALED).removesuffix(b"\n").decode("ascii"))
            if sealed[:1] != _VERSION:
                raise FormatError("not of a known version")
            nonce, ciphertext = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
            return self._cipher.decrypt(nonce, ciphertext, _name(path))
        except (FormatError, ValueError, InvalidTag):
            # Without its cause, which could show what the file holds.
            raise ConfigurationError(
                f"{path} does not open: it was changed, or sealed under another root key"
            ) from None


def _name(path: Path) -> bytes:
    return fields(b"gateway/key-file/v1", path.name.encode())


def wrapped(directory: Path) -> bool:
    """Whether the root key is wrapped now, by what its file looks like."""
    return len(read(directory / ROOT)) != KEY_BYTES


def guarded(path: Path) -> None:
    """Refuse what is missing, or open to group or others."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"{path} is missing: restore it from the backup of the keyring that the database was made with; a new one "
            "(`gateway init`, in an empty directory) is for a new database alone"
        ) from error
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read") from error
    if stat.S_IMODE(mode) & 0o077:
        raise ConfigurationError(f"{path} is open to others: it must be {'0700' if stat.S_ISDIR(mode) else '0600'}")


def read(path: Path, length: int | None = None) -> bytes:
    """A file that its owner alone may read, of at most 4,096 bytes, as it stands."""
    guarded(path)
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_FILE + 1)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read") from error
    if len(data) > _MAX_FILE or (length is not None and len(data) != length):
        raise ConfigurationError(f"{path} does not have the length of a key")
    return data


def write_new(path: Path, data: bytes) -> bool:
    """Write a file whole, durable, 0600, never half; False, and nothing done, when there is one.

    A crash before the link leaves a `.new` file beside it, which nothing reads; after it, the file. The name is durable
    once the directory is synced, before anything is made that needs the key.
    """
    try:
        temporary = _temporary(path, data)
        try:
            os.link(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        sync(path.parent)
    except FileExistsError:
        return False
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written") from error
    return True


def replace(path: Path, data: bytes) -> None:
    """Put these bytes in the place of a file, whole and durable, 0600. A crash: the old ones or the new, and at worst
    a `.new` file beside them, which nothing reads."""
    try:
        temporary = _temporary(path, data)
        try:
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        sync(path.parent)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written") from error


@contextmanager
def alone(directory: Path) -> Iterator[None]:
    """Nobody else changes how the keyring is wrapped meanwhile: `ConfigurationError` where somebody does. What a crash
    has left half written is removed."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigurationError(f"another process is changing how {directory} is wrapped") from error
        for left in directory.glob(".*.new"):
            with suppress(FileNotFoundError):  # a key that a node makes at this moment is not left, but new
                if time.time() - left.stat().st_mtime > _LEFT_S or left.name.startswith(f".{ROOT}."):
                    left.unlink()
        yield
    finally:
        os.close(descriptor)


def _temporary(path: Path, data: bytes) -> Path:
    temporary = path.with_name(f".{path.name}.{os.urandom(6).hex()}.new")
    descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def sync(directory: Path) -> None:
    """Make what was done to the names in a directory durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
