"""Receipts for callers who ask (`X-Receipt: 1`): the ledger's signed promise of where the exchange stands on record.

The promise is of the record that was durable before the answer began: the intent, or the refusal. So one header serves
whole answers, streams and errors alike, and nothing is kept for it: whoever wants a receipt keeps it. Callers who do
not ask pay a look at a header that is not there.

A key in a file signs in microseconds, at once. One on a token signs on a thread of the receipts' own, in turns, and
each is waited for `WAIT_S`: a token that hangs or is slow keeps the answers that want its promise, and no others. What
is not signed by then goes without.
"""

import logging
from collections.abc import Callable, Mapping
from functools import partial

from gateway.core.errors import ConfigurationError, LedgerUnavailable, VerificationError
from gateway.exchange.exchange import Exchange
from gateway.ledger.encoding import to_base64
from gateway.ledger.entry import Appended
from gateway.ledger.note import Signer
from gateway.ledger.receipt import Promise, issue
from gateway.store.aside import Aside
from gateway.store.signing import LedgerSigning

HEADER = "X-Receipt"
WAIT_S = 5.0
"""How long an answer waits for its receipt."""
MAX_WAITING = 256
"""Answers that wait at a time; further ones go without, at once."""
_log = logging.getLogger("gateway")


class Receipts:
    """Issues receipts. `signing`: who signs for the ledgers, by their ids."""

    def __init__(self, signing: Mapping[str, LedgerSigning], wait_s: float = WAIT_S) -> None:
        self._signing = dict(signing)
        self._aside = Aside("receipts", wait_s, MAX_WAITING)

    async def sign(self, exchange: Exchange) -> None:
        """Have the receipt at hand before the answer begins, where one is wanted and there is a record to promise under
        its caller's name. The exchange is on record all the same where it cannot be signed: its answer is the caller's,
        and goes without the promise."""
        promised = exchange.promised
        if not exchange.headers.receipted or promised is None or exchange.caller is None:
            return
        if exchange.receipt is not None and exchange.receipt[0] is promised:
            return
        try:
            signer = self._signing[exchange.caller.tenant].signer
            exchange.receipt = (
                promised,
                await self._signed(signer, partial(_receipt, promised, exchange.opening, signer)),
            )
        except (LedgerUnavailable, ConfigurationError, VerificationError) as error:
            exchange.receipt = (promised, None)
            _log.error("a receipt could not be signed: %s", error)

    async def _signed(self, signer: Signer, make: Callable[[], str]) -> str:
        if signer.reference is None:
            return make()
        try:
            return await self._aside.run(make)
        except TimeoutError:
            raise LedgerUnavailable("the token that holds the signing key is too slow") from None

    @staticmethod
    def headers(exchange: Exchange) -> list[tuple[str, str]]:
        """The header with the receipt that was signed; none where there is no receipt of what is on record last."""
        if exchange.receipt is None or exchange.receipt[0] is not exchange.promised or exchange.receipt[1] is None:
            return []
        return [(HEADER, exchange.receipt[1])]


def _receipt(promised: Appended, opened: tuple[bytes, str] | None, signer: Signer) -> str:
    opening, request = opened or (None, None)
    promise = Promise(
        origin=signer.name,
        seq=promised.seq,
        leaf_hash=promised.leaf_hash,
        recorded_at=promised.recorded_at,
        request=request,
    )
    return to_base64(issue(promise, opening, signer))
