"""What bundles carry of content that policy keeps: opened, and never what an erasure has left of it."""

from gateway.core.errors import VerificationError
from gateway.evidence.contents import Content
from gateway.exchange.kept import Opens
from gateway.ledger.content import is_masked
from gateway.ledger.record import Envelope
from gateway.store.kept import KeptStore


class KeptSource:
    """Of one ledger."""

    def __init__(self, store: KeptStore, ledger: str, opener: Opens) -> None:
        self._store, self._ledger, self._opener = store, ledger, opener

    async def opened(self, envelope: Envelope) -> Content | None:
        """As `carrying.Source` has it. That it is what the record commits to is the caller's to check."""
        seq = envelope.seq or 0
        found = await self._store.one(self._ledger, seq)
        if found is None or is_masked(found.sealed.part):
            return None
        held = self._opener.open(tenant=self._ledger, record=envelope.id, sealed=found.sealed)
        if held is None:
            return None
        if held.value is None:
            raise VerificationError(f"record {seq}: content: its sealed part holds none")
        return Content(seq=seq, salt=held.opening, keys=found.sealed.key, value=held.value)
