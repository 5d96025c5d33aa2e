"""Kept content against what its records commit to, as far as its keys are there."""

from typing import Protocol

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import VerificationError
from gateway.ledger.content import check_content, is_masked, until_of
from gateway.ledger.entry import SealedPart
from gateway.ledger.record import parse
from gateway.store.kept import KeptContent, everything
from gateway.store.sealing import Opening


class Opener(Protocol):
    """Opens sealed parts (`sealing.Sealer`)."""

    def open(self, *, tenant: str, record: str, sealed: SealedPart) -> Opening | None: ...


class KeptTally(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the content of a ledger that policy has kept, in numbers of records."""

    open: int = 0
    """It is there, and is what its record commits to."""
    masked: int = 0
    """An erasure has left of it what names nobody: not compared with anything."""
    closed: int = 0
    """It is there, and a key of it is not: it was destroyed, or no keyring was at hand."""
    uncommitted: int = 0
    """It is there, and its record is older than commitments to content."""
    gone: int = 0
    """Its record commits to it, and it was destroyed since: its days were over, or it was erased."""


async def check_kept(engine: AsyncEngine, ledger: str, opener: Opener | None, committed: int) -> KeptTally:
    """All that is kept of a ledger. `committed`: how many records of the database commit to content.

    `VerificationError` names the record of the first that was changed or moved, or is not what its record commits to;
    nothing of what was kept.
    """
    counts = dict.fromkeys(KeptTally.__struct_fields__, 0)
    there = 0
    async for some in everything(engine, ledger):
        for one in some:
            try:
                found, commits = _state(one, ledger, opener)
            except VerificationError as error:
                raise VerificationError(f"record {one.seq}: {error}") from error
            counts[found] += 1
            there += commits
    counts["gone"] = max(0, committed - there)
    return KeptTally(**counts)


def _state(one: KeptContent, ledger: str, opener: Opener | None) -> tuple[str, bool]:
    """Which field of the tally it counts in, and whether its record commits to content."""
    envelope = parse(one.envelope)
    commits = envelope.kept is not None
    opening = None if opener is None else opener.open(tenant=ledger, record=envelope.id, sealed=one.sealed)
    if opening is None:
        return "closed", commits
    if opening.value is None:
        raise VerificationError("content: its sealed part holds none")
    if is_masked(one.sealed.part):
        return "masked", commits
    if not commits:
        return "uncommitted", False
    if envelope.kept is not None and until_of(one.sealed.part) != envelope.kept.until:
        raise VerificationError("content: it is kept for another time than its record says")
    check_content(envelope, opening.opening, one.sealed.key, opening.value)
    return "open", True
