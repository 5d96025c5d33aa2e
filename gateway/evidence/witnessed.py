"""What witnesses have seen of a bundle's ledger: a checkpoint with their lines, joined to the last one of the bundle.

The newest checkpoint has often just been made, and witnesses come to it beside traffic: so the newest one that they
have cosigned is put in, and a proof that the last extends it. What it is worth is for who verifies to say, by a trust
policy (`ledger.trust`) that came from elsewhere.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from gateway.core.errors import VerificationError
from gateway.evidence import bag
from gateway.evidence.container import Container
from gateway.evidence.edge import parse_hashes
from gateway.ledger import checkpoint as checkpoints
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.cosignature import time_of
from gateway.ledger.merkle import verify_consistency
from gateway.ledger.note import MAX_NOTE_BYTES, open_note
from gateway.ledger.rotation import Keys
from gateway.ledger.times import timestamp
from gateway.ledger.trust import NONE, Trust

_MAX_PATH = 1 << 16


class Witnessed(msgspec.Struct, frozen=True, kw_only=True):
    """What was found."""

    size: int
    """Records of the checkpoint that was cosigned."""
    by: Mapping[str, str]
    """Witnesses of the trust policy, by their names in it, and when each cosigned; empty without one."""
    others: int
    """Lines of whom the trust policy does not name: nothing is known of them."""

    def document(self) -> dict[str, Any]:
        return {"size": self.size, "by": dict(self.by), "others": self.others}


def read(box: Container, keys: Keys, last: Checkpoint, trust: Trust | None) -> Witnessed | None:
    """What witnesses have seen; None where the bundle does not say. `VerificationError` where it does not hold, or is
    not what the trust policy asks for."""
    if trust is not None and trust.logs and not {one.vkey for one in trust.logs} & {one.vkey for one in keys.known}:
        raise VerificationError("the ledger is none of the logs of the trust policy")
    if bag.WITNESSED not in box.members:
        if trust is not None and trust.quorum != NONE:
            raise VerificationError("the bundle has no checkpoint that witnesses have cosigned")
        return None
    # 1. The checkpoint is the ledger's own, and no line of a witness that is known is wrong.
    note = box.read(bag.WITNESSED, MAX_NOTE_BYTES)
    witnesses = () if trust is None else trust.verifiers
    point = checkpoints.verify(note, keys, witnesses)
    # 2. The last checkpoint extends it.
    if not 0 < point.size <= last.size:
        raise VerificationError("the checkpoint that witnesses have cosigned is not one before the last")
    if point.size < last.size:
        path = parse_hashes(box.read(bag.WITNESSED_TO_LAST, _MAX_PATH))
        verify_consistency(point.size, last.size, path, point.root, last.root)
    elif point != last:
        raise VerificationError("the checkpoint that witnesses have cosigned is not the last of its size")
    # 3. A quorum has cosigned it.
    opened = open_note(note, (*keys.known, *witnesses))
    if trust is None:
        return Witnessed(size=point.size, by={}, others=len(opened.unknown))
    cosigned = trust.cosigned(opened)
    if not trust.quorate(cosigned):
        raise VerificationError("those who have cosigned are no quorum of the trust policy")
    by = {_shown(name): timestamp(time_of(line.signature) * 1_000_000) for name, line in sorted(cosigned.items())}
    return Witnessed(size=point.size, by=by, others=len(opened.unknown))


def paths(size: int, last: int) -> tuple[str, ...]:
    """The files that go with such a checkpoint."""
    return (bag.WITNESSED, bag.WITNESSED_TO_LAST) if size < last else (bag.WITNESSED,)


def told(document: Mapping[str, Any]) -> str:
    """A document of it as a line for people."""
    others = f"; {document['others']} lines of others" if document["others"] else ""
    if not document["by"]:
        return f"{document['size']} records, not checked by whom{others}: give a trust policy"
    return (
        f"{document['size']} records, by {', '.join(f'{name} at {at}' for name, at in document['by'].items())}{others}"
    )


def _shown(name: str) -> str:
    """A name, which may be any octets, as text."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
