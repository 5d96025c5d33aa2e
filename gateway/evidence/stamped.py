"""Time-stamps in a bundle: checkpoints that authorities of RFC 3161 have stamped, joined to the last one of the bundle.

Each says that the records which its checkpoint covers existed at a time. That it is of that checkpoint is shown in any
case; whose it is only with certificates of authorities that came from elsewhere (`ledger.vouching`): then one of the
stamps at least must be under them, and of each it is said whether it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from gateway.core.errors import FormatError, VerificationError
from gateway.evidence import bag
from gateway.evidence.container import Container
from gateway.evidence.edge import parse_hashes
from gateway.ledger import checkpoint as checkpoints
from gateway.ledger import stamp
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.merkle import verify_consistency
from gateway.ledger.note import MAX_NOTE_BYTES
from gateway.ledger.rotation import Keys
from gateway.ledger.times import timestamp
from gateway.ledger.vouching import Authorities

MOST = 64
"""Stamps of one bundle; the gateway puts in one of each authority."""
HOLDS, OTHERS, UNASKED, UNABLE = "holds", "others", "unasked", "unable"
_WORDS = {
    HOLDS: "under the authorities that were given",
    OTHERS: "not under the authorities that were given: it proves nothing",
    UNASKED: "not checked by whom: give a file of authorities",
    UNABLE: "not checked by whom: there is no OpenSSL here that could",
}
_UNSEEN = (
    "No witness and no time-stamp is part of this bundle: that others saw the same checkpoint, and when, is not shown."
)
_UNTIMED = (
    "No time-stamp is part of this bundle: what it holds beyond the checkpoint of the witnesses has no other date."
)
_UNWITNESSED = "No witness is part of this bundle: that others saw the same checkpoint is not shown."
_UNREVOKED = (
    "A certificate of a time-stamping authority is judged by the time of its stamp; whether it was revoked is not"
    " looked at."
)
_UNPROVEN = "A time-stamp that is not said to be under the authorities that were given proves nothing."
_MAX_PATH = 1 << 16


class Stamped(msgspec.Struct, frozen=True, kw_only=True):
    """One stamp that is of its checkpoint."""

    size: int
    """Records of the checkpoint."""
    tsa: str
    """How the gateway calls the authority."""
    at: str
    by: str
    """The subject of the certificate that is said to have signed."""
    state: str
    """`holds`; `others`: not under the authorities that were given; `unasked` without any; `unable` without OpenSSL."""

    def document(self) -> dict[str, Any]:
        return {"size": self.size, "tsa": self.tsa, "at": self.at, "by": self.by, "state": self.state}


def read(box: Container, keys: Keys, last: Checkpoint, authorities: Authorities | None) -> tuple[Stamped, ...]:
    """The stamps of a bundle. `VerificationError` where one is not of its checkpoint, that is not joined to the last,
    or none is under the authorities that were given."""
    named = [place for name in box.members if (place := bag.stamp_of(name)) is not None]
    if len(named) > MOST:
        raise VerificationError("more time-stamps than a bundle has")
    found: list[Stamped] = []
    notes: dict[int, bytes] = {}
    for size, tsa in named:
        # 1. Its checkpoint is the ledger's own, and the last one extends it.
        if size not in notes:
            notes[size] = _note(box, keys, last, size)
        # 2. It is of exactly that checkpoint, and 3. of whom it is of those that were given.
        found.append(
            _stamped(box.read(bag.stamp_path(size, tsa), stamp.MAX_BYTES), notes[size], size, tsa, authorities)
        )
    if authorities is not None and not any(one.state in (HOLDS, UNABLE) for one in found):
        raise VerificationError("no time-stamp is under the authorities that were given")
    return tuple(found)


def _note(box: Container, keys: Keys, last: Checkpoint, size: int) -> bytes:
    note = box.read(bag.stamped_checkpoint(size), MAX_NOTE_BYTES)
    point = checkpoints.verify(note, keys)
    if point.size != size or not 0 < size <= last.size:
        raise VerificationError("a checkpoint that was time-stamped is not one of its size, before the last")
    if size < last.size:
        path = parse_hashes(box.read(bag.stamped_to_last(size), _MAX_PATH))
        verify_consistency(size, last.size, path, point.root, last.root)
    elif point != last:
        raise VerificationError("a checkpoint that was time-stamped is not the last of its size")
    return note


def _stamped(reply: bytes, note: bytes, size: int, tsa: str, authorities: Authorities | None) -> Stamped:
    said = stamp.parse(reply)
    said.demand_over(note)
    return Stamped(size=size, tsa=tsa, at=timestamp(said.at_us), by=said.by, state=_state(reply, note, authorities))


def _state(reply: bytes, note: bytes, authorities: Authorities | None) -> str:
    if authorities is None:
        return UNASKED
    if not authorities.able:
        return UNABLE
    try:
        authorities.verify(reply, note)
    except (FormatError, VerificationError):
        return OTHERS
    return HOLDS


def paths(stamps: Iterable[tuple[int, str]], last: int) -> tuple[str, ...]:
    """The files that go with stamps of checkpoints of these sizes by these authorities, in their order."""
    found: dict[int, list[str]] = {}
    for size, tsa in stamps:
        found.setdefault(size, []).append(tsa)
    return tuple(
        path
        for size, tsas in sorted(found.items())
        for path in (
            bag.stamped_checkpoint(size),
            *((bag.stamped_to_last(size),) if size < last else ()),
            *(bag.stamp_path(size, tsa) for tsa in sorted(tsas)),
        )
    )


def told(documents: Sequence[Mapping[str, Any]]) -> list[str]:
    """Documents of them as lines for people."""
    return [f"{one['size']} records at {one['at']}, by {one['by']}: {_WORDS[one['state']]}" for one in documents]


def proven(documents: Sequence[Mapping[str, Any]]) -> list[str]:
    """What those that hold show, in words."""
    return [
        f"dated: the records before {one['size']} existed at {one['at']}, as {one['by']} vouches"
        for one in documents
        if one["state"] == HOLDS
    ]


def notes(documents: Sequence[Mapping[str, Any]], *, witnessed: bool) -> list[str]:
    """What others than the ledger's owner do not show of a bundle with these, that witnesses have seen or not."""
    if not documents:
        return [_UNTIMED if witnessed else _UNSEEN]
    unproven = any(one["state"] != HOLDS for one in documents)
    return [*([] if witnessed else [_UNWITNESSED]), _UNREVOKED, *([_UNPROVEN] if unproven else [])]
