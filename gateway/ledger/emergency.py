"""What a ledger's records say of emergency ledgers: by which key each was to be known, and as what it was stitched in.

emergency.prepared   on the main ledger, before it is needed: its id and its key
emergency.began      on the emergency ledger, its first record of the outage
emergency.ended      on the emergency ledger: no exchange is open any more
emergency.stitched   on the main ledger: key, file, digest, records, root, times, exchanges
"""

import msgspec

from gateway.ledger.record import Envelope

PREPARED, BEGAN, ENDED, STITCHED = "emergency.prepared", "emergency.began", "emergency.ended", "emergency.stitched"
TOLD = (PREPARED, STITCHED)
"""Those of the main ledger."""
REQUESTED = "exchange.requested"
"""One of these is on record for each exchange that an agent was to be told of."""


class Stitched(msgspec.Struct, frozen=True, kw_only=True):
    """An emergency ledger as the record says that it was stitched in (`emergency.stitched`)."""

    id: str
    key: str
    """Its verifier key, which was on record before (`emergency.prepared`)."""
    archive: str
    digest: str
    size: int
    root: str
    """base64."""
    began: str
    ended: str
    exchanges: int | None = None
    """How many were requested on it; None where the record does not say, as in version 0.1."""


def stitched(envelope: Envelope) -> Stitched | None:
    """What the record says; None where it leaves out anything."""
    point, span = envelope.checkpoint, envelope.range
    told = (envelope.emergency, envelope.key, envelope.archive, envelope.digest, envelope.began, envelope.ended)
    name, key, archive, digest, began, ended = told
    if point is None or span is None or tuple(span) != (0, point[0]):
        return None
    if not (name and key and archive and digest and began and ended):
        return None
    return Stitched(
        id=name,
        key=key,
        archive=archive,
        digest=digest,
        size=point[0],
        root=point[1],
        began=began,
        ended=ended,
        exchanges=envelope.count,
    )
