"""A ledger in memory whose records commit to kept content, each of which has become of it what can become of it."""

import asyncio
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from gateway.core.refusal import Refusal
from gateway.evidence.bundle import build
from gateway.evidence.contents import MAX_KEPT, Content
from gateway.evidence.manifest import Manifest
from gateway.evidence.selection import Selection
from gateway.ledger.content import content_commitment
from gateway.ledger.record import Envelope, KeptInfo, OutcomeInfo, timestamp

from .making import T0, MemoryLedger

CREATED_US = T0 + 3_600_000_000
LATER, BEFORE = timestamp(T0 + 86_400_000_000), timestamp(T0 + 60_000_000)
KEYS = {0: "dk_0", 2: "dk_ann", 4: "dk_ann+dk_bob", 5: "dk_5", 6: "dk_6", 8: "dk_8", 12: "dk_12", 13: "dk_13"}
"""Records that commit to content → the keys that it was sealed under."""
BARE = 7
"""A selected record that commits to none."""
SELECTION = Selection(filters={"event": "exchange.requested"}, contents=True)


def opening(seq: int) -> Content:
    """What opens the commitment of a record, whatever has become of it since."""
    text = b'[1,false,[["/messages/0/content","what was sent %d","text",""]]]' % seq
    return Content(seq=seq, salt=hashlib.sha256(b"r %d" % seq).digest(), keys=KEYS[seq], value=text)


def ledger() -> MemoryLedger:
    """Fourteen records. Content of 0 and 8 is there; that of 2 and 4 was erased (10, 11), of 5 it was over, of 6 a
    retention has destroyed it (9), of 12 nothing says why it is not there, and that of 13 is too large."""
    made, told = MemoryLedger(), {**_others()}
    for seq in range(14):
        fields = told.get(seq, {"event": "exchange.requested", "exchange": f"ex_{seq}"})
        if seq in KEYS:
            one = opening(seq)
            kept = KeptInfo(
                commitment=content_commitment(one.salt, one.keys, one.value),
                bytes=MAX_KEPT + 1 if seq == 13 else len(one.value),
                until=BEFORE if seq == 5 else LATER,
            )
            fields = {**fields, "kept": kept}
        occurred = timestamp(T0 + seq * 1_000_000 - 500)
        made.append(Envelope(id=f"01900000-0000-7000-8000-{seq:012x}", tenant="tn_1", occurred_at=occurred, **fields))
    made.publish()
    return made


def _others() -> dict[int, dict[str, Any]]:
    keys = {"subject": "su_ann", "case": "sc_1", "keys": ("dk_ann",)}
    return {
        1: {"event": "exchange.completed", "exchange": "ex_0", "outcome": OutcomeInfo(code="ok", status=200)},
        3: {"event": "subject.erasure", **keys, "outcome": OutcomeInfo(code="requested")},
        9: {"event": "retention.applied", "range": (6, 7), "outcome": OutcomeInfo(code="content"), "count": 1},
        10: {"event": "subject.erasure", **keys, "outcome": OutcomeInfo(code="begun")},
        11: {"event": "subject.erased", **keys, "outcome": OutcomeInfo(code="erased")},
    }


class There:
    """What is still there, by the numbers of records."""

    def __init__(self, there: Mapping[int, Content] | None = None) -> None:
        self.there = {seq: opening(seq) for seq in (0, 8)} if there is None else there

    async def opened(self, envelope: Envelope) -> Content | None:
        return self.there.get(envelope.seq or 0)


def carrying(
    path: Path, selection: Selection = SELECTION, source: There | None = None, made: MemoryLedger | None = None
) -> Manifest:
    """A bundle of that ledger."""
    known = made or ledger()

    async def run() -> Manifest | Refusal:
        with path.open("w+b") as file:
            return await build(
                known,
                selection,
                signer=known.signer,
                policies={},
                created_us=CREATED_US,
                write=file,
                source=source or There(),
            )

    found = asyncio.run(run())
    if isinstance(found, Refusal):
        raise TypeError(f"refused: {found.code}")
    return found


def moved(one: Content, seq: int) -> Content:
    """An opening as if it were another record's."""
    return msgspec.structs.replace(one, seq=seq)
