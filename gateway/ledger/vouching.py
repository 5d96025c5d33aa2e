"""Whether authorities that are believed vouch for a time-stamp: that the chain of its certificate ends with one of
theirs, and that its signature holds.

A bundle's `verify.py` has no more than `openssl` for that, if so much: there `gateway.evidence.openssl` stands in this
module's place, and must say the same of every reply.
"""

from rfc3161_client import VerificationError as NotVerified
from rfc3161_client import VerifierBuilder, decode_timestamp_response

from gateway.core.errors import VerificationError
from gateway.ledger import stamp, tsa
from gateway.ledger.stamp import Stamp

_NOT = "time-stamp: not signed under the authorities that are believed"


class Authorities:
    """Those that are believed."""

    able = True
    """Whether signatures can be checked here."""

    def __init__(self, pem: bytes) -> None:
        """`FormatError` unless it is a file of authorities (`tsa.roots`)."""
        self._roots = tsa.roots(pem)

    @property
    def until_us(self) -> int:
        """When the first of their certificates ends, microseconds since the epoch."""
        return tsa.until(self._roots)

    def verify(self, reply: bytes, message: bytes) -> Stamp:
        """The stamp that one of them has given to exactly this message.

        `FormatError` for what is no stamp in its one form (`stamp.parse`), `VerificationError` for one of something
        else, or that nobody vouches for who is believed. Each certificate is judged by the time that the stamp says;
        whether one was revoked is not looked at. The nonce is the caller's, who asked.
        """
        # 1. It is a stamp in its one form, of this message.
        found = stamp.parse(reply)
        found.demand_over(message)
        # 2. The chain of who signed ends with one of these, and the signature holds.
        try:
            response = decode_timestamp_response(reply)
            VerifierBuilder(roots=list(self._roots)).build().verify_message(response, message)
        except (ValueError, NotVerified) as error:
            raise VerificationError(_NOT) from error
        return found
