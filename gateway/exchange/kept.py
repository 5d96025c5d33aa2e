"""What is kept of a message where policy says `keep-content:<days>`: its parts as the agent was sent them.

Parts and not bytes, so that a later engine reads what the engine of then has read, whatever protocol it came by. It is
sealed beside the record (`Scribe`), which commits to it, and the time at which its days are over is in its label, which
sealing binds to it (`ledger.content`).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from gateway.checks.classification.engine import Engine
from gateway.checks.classification.masking import walled
from gateway.checks.redaction import CannotRedact, holds_none, redact
from gateway.core.errors import FormatError
from gateway.core.message import Part
from gateway.ledger.content import check_content, is_masked
from gateway.ledger.entry import SealedPart
from gateway.ledger.record import Envelope
from gateway.ledger.times import timestamp
from gateway.store.sealing import Opening

_DAY_US = 86_400_000_000


class Kept(msgspec.Struct, frozen=True):
    """What was kept of one message."""

    parts: tuple[Part, ...]
    health_context: bool

    def __repr__(self) -> str:
        return f"Kept({len(self.parts)} parts)"


class Opens(Protocol):
    """Opens sealed parts (`store.sealing.Sealer`)."""

    def open(self, *, tenant: str, record: str, sealed: SealedPart) -> Opening | None: ...


def opened(opener: Opens, envelope: Envelope, sealed: SealedPart) -> Kept | None:
    """What was kept with a record; None where a key of it was destroyed.

    `VerificationError` where it was changed or moved, or is not what the record commits to; `FormatError` where it is
    not in its form."""
    opening = opener.open(tenant=envelope.tenant, record=envelope.id, sealed=sealed)
    if opening is None or opening.value is None:
        return None
    # What an erasure has masked is not what was committed to; records of before content was committed to say nothing.
    if envelope.kept is not None and not is_masked(sealed.part):
        check_content(envelope, opening.opening, sealed.key, opening.value)
    return decode(opening.value)


def until(now_us: int, days: int) -> str:
    """When the days of what is kept from now on are over."""
    return timestamp(now_us + days * _DAY_US)


def encode(parts: Sequence[Part], masked: Mapping[str, str], *, health_context: bool) -> bytes:
    """The parts as they are sent: `masked` text by pointer, as in `Routed`. What is masked is no field's whole any
    more, and has no cuts."""
    held = [
        [part.pointer, masked[part.pointer], part.kind, part.label]
        if part.pointer in masked
        else [part.pointer, part.text, part.kind, part.label, part.known, part.cuts]
        for part in parts
    ]
    # The standard library's, because text from outside may hold halves of surrogate pairs.
    return json.dumps([1, health_context, held], ensure_ascii=True, separators=(",", ":")).encode("ascii")


def read_again(parts: Sequence[Part]) -> tuple[Part, ...]:
    """What was masked before it was kept, as it is searched again: places in it are those of what was kept."""
    return tuple(msgspec.structs.replace(part, text=walled(part.text)) for part in parts)


def without_findings(data: bytes, engine: Engine) -> bytes | None:
    """What was kept with everything masked that is found in it now; None where it cannot be read, or where something
    would be left."""
    try:
        content = decode(data)
    except FormatError:
        return None
    scan = engine.scan(content.parts, health_context=content.health_context)
    types = frozenset(finding.type for found in scan.parts for finding in found)
    masked = redact(content.parts, scan, types)
    if isinstance(masked, CannotRedact):
        return None
    made = encode(content.parts, masked, health_context=content.health_context)
    again = read_again(decode(made).parts)
    return made if holds_none(engine.scan(again, health_context=content.health_context), types, again) else None


def decode(data: bytes) -> Kept:
    """What `encode` made; `FormatError` for anything else."""
    try:
        read: Any = json.loads(data)
        version, health, held = read
        parts = tuple(_part(*fields) for fields in held)
    except (ValueError, TypeError, RecursionError) as error:
        raise FormatError("kept content is not in its form") from error
    if version != 1 or not isinstance(health, bool):
        raise FormatError("kept content is not in its form")
    return Kept(parts, health)


def _part(pointer: str, text: str, kind: Any, label: str, known: str = "", cuts: Sequence[int] = ()) -> Part:
    if not all(isinstance(field, str) for field in (pointer, text, kind, label, known)):
        raise ValueError(kind)
    if kind not in ("text", "name", "token", "unreadable") or not all(type(cut) is int for cut in cuts):
        raise ValueError(kind)
    return Part(pointer, text, kind, label, known, tuple(cuts))
