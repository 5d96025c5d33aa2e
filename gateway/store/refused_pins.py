"""PINs that a token refused, remembered beside the keys: a token counts them and locks itself, and whoever starts a
process again after each that ended would have it locked within a minute.

Each has a file of its own, `pin-….refused`: a salt and what scrypt (RFC 7914) makes of the token and the PIN with it.
That is slow to guess from, and what it gives away is a PIN that the token does not take. Who wants a PIN tried again,
because it is the token's by now, removes these files.
"""

import hmac
import os
from hashlib import scrypt
from pathlib import Path

from gateway.store.key_files import read, write_new

_SALT_BYTES, _HASH_BYTES = 16, 32
_FORM = "pin-*.refused"


class RefusedPins:
    """Those in a keyring's directory; None remembers nothing. `given` is a token with a PIN for it, as bytes."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory

    def has(self, given: bytes) -> bool:
        """Whether it was refused before, by whatever process. `ConfigurationError` names a file that cannot be read, is
        open to others, or of another length."""
        if self._directory is None:
            return False
        for path in sorted(self._directory.glob(_FORM)):
            data = read(path, _SALT_BYTES + _HASH_BYTES)
            if hmac.compare_digest(_hashed(given, data[:_SALT_BYTES]), data[_SALT_BYTES:]):
                return True
        return False

    def add(self, given: bytes) -> None:
        """Remember it; `ConfigurationError` where that cannot be written. A crash before this is durable: the next
        start gives it to the token once more. After: none does."""
        if self._directory is not None:
            salt = os.urandom(_SALT_BYTES)
            write_new(self._directory / f"pin-{salt.hex()[:16]}.refused", salt + _hashed(given, salt))


def _hashed(given: bytes, salt: bytes) -> bytes:
    return scrypt(given, salt=salt, n=1 << 14, r=8, p=1, dklen=_HASH_BYTES)
