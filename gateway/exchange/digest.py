"""A commitment to bytes that pass in pieces: the same value as `ledger.commitment.commit` over all of them."""

from binascii import b2a_base64
from hmac import HMAC

from gateway.ledger.commitment import new_salt


class Digest:
    """HMAC-SHA256(r, label ‖ 0x00 ‖ bytes so far), r random. Its size never holds more than the running state."""

    def __init__(self, label: str) -> None:
        self._salt = new_salt()
        self._state = HMAC(self._salt, label.encode("ascii") + b"\0", "sha256")
        self.size = 0

    def add(self, data: bytes) -> None:
        self._state.update(data)
        self.size += len(data)

    def commitment(self) -> tuple[bytes, str]:
        """The salt r, and the commitment in base64."""
        return self._salt, b2a_base64(self._state.digest(), newline=False).decode("ascii")
