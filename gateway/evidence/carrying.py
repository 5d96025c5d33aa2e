"""Takes kept content of selected records along into a bundle, as `contents` has it.

It is opened after the last record of the range is in the bundle, and anew by whoever goes on with what another has
begun: what an erasure has reached meanwhile is not there any more, and what one on record has destroyed a key of is
left out although it was.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import Protocol

from gateway.evidence.contents import MAX_KEPT, Content, destroys, encode_line
from gateway.ledger.content import check_content
from gateway.ledger.record import Envelope, parse

TURN = 64
"""After so many records whoever else has something to do on this loop gets a turn."""


class Source(Protocol):
    """Opens what is kept."""

    async def opened(self, envelope: Envelope) -> Content | None:
        """What is still kept of this record, as it was when it was sent; None where it is over, erased or masked.
        `VerificationError` where it was changed or moved."""
        ...


def destroyed_in(records: Iterable[bytes]) -> frozenset[str]:
    """The keys that erasures among these records have destroyed."""
    found: set[str] = set()
    for record in records:
        if b'"keys":' in record and destroys(envelope := parse(record)):
            found.update(envelope.keys or ())
    return frozenset(found)


async def carried(
    records: Iterable[bytes], chosen: Callable[[Envelope], bool], source: Source, destroyed: frozenset[str]
) -> AsyncGenerator[bytes, None]:
    """The lines of the bundle's file, of those of these records that are chosen. `VerificationError` where what is kept
    of one is not what it commits to: nothing is signed then."""
    for number, record in enumerate(records, 1):
        if number % TURN == 0:
            await asyncio.sleep(0)
        if b'"kept":' not in record:
            continue
        envelope = parse(record)
        if envelope.kept is None or envelope.kept.bytes > MAX_KEPT or not chosen(envelope):
            continue
        found = await source.opened(envelope)
        if found is None or not destroyed.isdisjoint(found.keys.split("+")):
            continue
        check_content(envelope, found.salt, found.keys, found.value)
        yield encode_line(found)
