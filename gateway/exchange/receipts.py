"""Receipts for callers who ask (`X-Receipt: 1`): the ledger's signed promise of where the exchange stands on record.

The promise is of the record that was durable before the answer began: the intent, or the refusal. So one header serves
whole answers, streams and errors alike, and nothing is kept for it: whoever wants a receipt keeps it. Callers who do
not ask pay a look at a header that is not there.
"""

import logging
from collections.abc import Mapping

from gateway.core.errors import ConfigurationError, LedgerUnavailable, VerificationError
from gateway.exchange.exchange import Exchange
from gateway.ledger.encoding import to_base64
from gateway.ledger.receipt import Promise, issue
from gateway.store.signing import LedgerSigning

HEADER = "X-Receipt"
_log = logging.getLogger("gateway")


class Receipts:
    """Issues receipts. `signing`: who signs for the ledgers, by their ids."""

    def __init__(self, signing: Mapping[str, LedgerSigning]) -> None:
        self._signing = dict(signing)

    def headers(self, exchange: Exchange) -> list[tuple[str, str]]:
        """The header with the receipt, or none where nothing of the exchange is on record under its caller's name."""
        promised = exchange.promised
        if promised is None or exchange.caller is None:
            return []
        opening, request = exchange.opening or (None, None)
        try:
            signer = self._signing[exchange.caller.tenant].signer
            promise = Promise(
                origin=signer.name,
                seq=promised.seq,
                leaf_hash=promised.leaf_hash,
                recorded_at=promised.recorded_at,
                request=request,
            )
            return [(HEADER, to_base64(issue(promise, opening, signer)))]
        except (LedgerUnavailable, ConfigurationError, VerificationError) as error:
            # The exchange is on record all the same, and its answer is the caller's: it goes without the promise.
            _log.error("a receipt could not be signed: %s", error)
            return []
