"""Encryption to recipients' public keys in the form of age (C2SP age-encryption.org/v1), which the stock `age` reads.

`pyrage` does it, without type hints and with errors told by their text. This is the one place that knows it: values of
our own in, `FormatError` and `VerificationError` out. Both directions are streams of 64 KiB, in bounded memory.
"""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from typing import BinaryIO

import msgspec
import pyrage

from gateway.core.errors import FormatError, VerificationError

MAX_RECIPIENTS = 16
MAX_FILE = 1 << 16
"""Bytes of a file of recipients or identities."""
RECIPIENT = "age1… (X25519), ssh-ed25519 … or ssh-rsa …"
"""What a recipient looks like, for errors."""
_IDENTITY = "AGE-SECRET-KEY-1…, or the whole of an SSH private key without a passphrase"
_MAX_TEXT = 2_000
_SSH = ("ssh-ed25519", "ssh-rsa")
_PRIVATE = b"-----BEGIN "


class Recipient(msgspec.Struct, frozen=True):
    """A public key that files are encrypted to, in the one spelling that `age --recipient` takes, without comment."""

    text: str

    @property
    def name(self) -> str:
        """What records say: an age key itself; of an SSH key, which is long, the fingerprint that `ssh-keygen -l`
        shows."""
        kind, _, blob = self.text.partition(" ")
        if not blob:
            return kind
        digest = hashlib.sha256(b64decode(blob)).digest()
        return f"{kind} SHA256:{b64encode(digest).decode().rstrip('=')}"


class Identities:
    """Private keys. Never shown."""

    __slots__ = ("held",)

    def __init__(self, held: Sequence[object]) -> None:
        self.held = tuple(held)

    def __repr__(self) -> str:
        return f"Identities({len(self.held)})"


def parse_recipient(text: str) -> Recipient:
    """The recipient of this text; `FormatError` for any other, which is never repeated."""
    kind, *rest = text[: _MAX_TEXT + 1].split(None, 2) or [""]
    if len(text) > _MAX_TEXT:
        raise FormatError(f"a recipient must be {RECIPIENT}")
    try:
        if kind not in _SSH:
            return Recipient(str(pyrage.x25519.Recipient.from_str(text.strip())))
        found = Recipient(f"{kind} {b64encode(b64decode(rest[0], validate=True)).decode()}")
        pyrage.ssh.Recipient.from_str(found.text)
    except (pyrage.RecipientError, ValueError, IndexError) as error:
        raise FormatError(f"a recipient must be {RECIPIENT}") from error
    return found


def parse_recipients(texts: Sequence[str]) -> tuple[Recipient, ...]:
    """Several, each once; `FormatError` says which is none."""
    if len(texts) > MAX_RECIPIENTS:
        raise FormatError(f"at most {MAX_RECIPIENTS} recipients")
    found: list[Recipient] = []
    for number, text in enumerate(texts, 1):
        try:
            found.append(parse_recipient(text))
        except FormatError as error:
            raise FormatError(f"recipient {number}: {error}") from error
    if len(set(found)) < len(found):
        raise FormatError("each recipient once")
    return tuple(found)


def recipient_lines(data: bytes) -> list[str]:
    """The recipients of a file as `age --recipients-file` reads it: one a line, comments after `#`, empty lines."""
    try:
        lines = [line.strip() for line in data.decode("utf-8").splitlines()]
    except UnicodeDecodeError as error:
        raise FormatError("a file of recipients must be UTF-8") from error
    return [line for line in lines if line and not line.startswith("#")]


def parse_identities(data: bytes) -> Identities:
    """The private keys of a file, as `age --identity` reads it; `FormatError` for a file that is none."""
    try:
        if data.lstrip().startswith(_PRIVATE):
            return Identities([pyrage.ssh.Identity.from_buffer(data)])
        lines = recipient_lines(data)
        found = [pyrage.x25519.Identity.from_str(line) for line in lines]
    except (pyrage.IdentityError, ValueError, FormatError) as error:
        raise FormatError(f"a file of identities must hold {_IDENTITY}") from error
    if not found:
        raise FormatError(f"a file of identities must hold {_IDENTITY}")
    return Identities(found)


def encrypt(
    source: BinaryIO, target: BinaryIO, recipients: Sequence[Recipient], tick: Callable[[], None] = lambda: None
) -> None:
    """All that is left to read of `source`, encrypted to each of the recipients, to `target`.

    `tick` is called before each piece, and what it raises ends it, as what the files raise does. What `target` holds
    then is to be thrown away.
    """
    if not recipients:
        raise ValueError("what is encrypted to nobody is lost")
    read, write = _Read(source, tick), _Write(target)
    try:
        pyrage.encrypt_io(read, write, [_key(one) for one in recipients])
    except (pyrage.EncryptError, OSError) as error:
        raise read.error or write.error or error from None


def decrypt(source: BinaryIO, target: BinaryIO, identities: Identities) -> None:
    """The whole of `source`, decrypted, to `target`; `VerificationError` where it does not open, or was changed.

    What `target` holds before this returns is not authentic: nothing is to be made of it. `OSError` of the files.
    """
    read, write = _Read(source, lambda: None), _Write(target)
    try:
        pyrage.decrypt_io(read, write, list(identities.held))
    except (pyrage.DecryptError, OSError) as error:
        cause = read.error or write.error
        if cause is not None:
            raise cause from None
        if isinstance(error, OSError):
            raise VerificationError("encryption: the file was changed, or ends early") from None
        raise VerificationError(
            "encryption: no identity that was given opens it, or its beginning was changed, or it ends early"
        ) from None


def _key(recipient: Recipient) -> object:
    found: object = (
        pyrage.ssh.Recipient.from_str(recipient.text)
        if " " in recipient.text
        else pyrage.x25519.Recipient.from_str(recipient.text)
    )
    return found


class _Read:
    """Reading that remembers what it raised: `pyrage` would tell it as an error of its own, by its text."""

    def __init__(self, file: BinaryIO, tick: Callable[[], None]) -> None:
        self._file, self._tick = file, tick
        self.error: BaseException | None = None

    def read(self, size: int) -> bytes:
        try:
            self._tick()
            return self._file.read(size)
        except BaseException as error:
            self.error = error
            raise


class _Write:
    """Writing, likewise."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.error: BaseException | None = None

    def write(self, data: bytes) -> int:
        try:
            return self._file.write(data)
        except BaseException as error:
            self.error = error
            raise

    def flush(self) -> None:
        self._file.flush()
