"""The token by which an agent says for which exchange it calls: given to it with each request, good for it alone.

`<exchange>.<expiry>.<mac>`: the exchange's id, the last second at which it is good (since the epoch, decimal), and
HMAC-SHA256 (RFC 2104) in unpadded base64url (RFC 4648 §5) over what stands before it, the tenant's ledger and the agent
that it was given to. Neither of those two is in the token: whoever presents it is known by a credential of its own, and
a token that was given to another, in another tenant or by nobody does not hold. It says nothing that the agent does not
know, and by itself authenticates nobody. Whether its exchange is still open is not checked here.
"""

import hmac
import re
from base64 import urlsafe_b64encode

HEADER = "x-exchange-delegation"
MAX_CHARACTERS = 160
_FORM = re.compile(r"([0-9A-Za-z_-]{1,64})\.([1-9][0-9]{0,14})\.([0-9A-Za-z_-]{43})")
_KEY = b"delegation key\0"


class Tokens:
    """Makes and reads tokens. `secret`: 32 bytes that are the same on every node. May be used from several threads."""

    def __init__(self, secret: bytes) -> None:
        self._key = hmac.digest(secret, _KEY, "sha256")

    def issue(self, *, tenant: str, exchange: str, agent: str, expires_s: int) -> str:
        """The token of an exchange for an agent. `tenant` is the ledger's id."""
        said = f"{exchange}.{expires_s}"
        return f"{said}.{self._mac(said, tenant, agent)}"

    def exchange(self, token: str, *, tenant: str, agent: str) -> tuple[str, int] | None:
        """The exchange and the expiry of a token that was given to this agent in this tenant; None for any other."""
        found = _FORM.fullmatch(token) if len(token) <= MAX_CHARACTERS else None
        if found is None:
            return None
        exchange, expires_s, mac = found.groups()
        if not hmac.compare_digest(self._mac(f"{exchange}.{expires_s}", tenant, agent), mac):
            return None
        return exchange, int(expires_s)

    def _mac(self, said: str, tenant: str, agent: str) -> str:
        # No name of the three holds a zero byte, so no two of them run into each other.
        message = f"{said}\0{tenant}\0{agent}".encode("utf-8", "surrogatepass")
        return urlsafe_b64encode(hmac.digest(self._key, message, "sha256")).rstrip(b"=").decode("ascii")
