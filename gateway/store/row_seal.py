"""Seals of rows that say who may what: an HMAC of the columns, under a key of the keyring's. A row that somebody else
has written, or that was changed, is told from those that a process with the keyring has kept. An own row of before, put
back whole, is not: where that matters, who reads it compares it with the ledgers."""

import hmac
from collections.abc import Mapping
from hashlib import sha256

import msgspec


class RowSeal:
    """The seals of one table. `key`: 32 bytes of the keyring's, from which the one that seals is derived by `purpose`;
    `columns`: what is sealed, in this order."""

    def __init__(self, key: bytes, purpose: bytes, columns: tuple[str, ...]) -> None:
        self._key, self._columns = hmac.digest(key, purpose, "sha256"), columns

    def of(self, row: Mapping[str, object]) -> str:
        """64 hex digits, of each column as it is stored."""
        return hmac.new(self._key, msgspec.json.encode([row[name] for name in self._columns]), sha256).hexdigest()

    def holds(self, row: Mapping[str, object], seal: object) -> bool:
        """Whether this is the row's seal; none at all is not."""
        return hmac.compare_digest(self.of(row).encode(), str(seal or "").encode())
