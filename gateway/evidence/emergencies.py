"""Emergency ledgers of a bundle: those that records of its range stitch in, each with its file where that was at hand.

    1. each was stitched in once, by a record that says all of it
    2. its key was on record before, and no other for it: in the range, or by a record from before the range with a
       proof that leads to the last checkpoint
    3. its file, where the bundle has it, is what the record says (`emergency_file`)
    4. the selection is run over its records too, and each detail of it that the bundle opens is what its record commits
       to (`emergency_chosen`)
    5. the manifest states of each what was found so, and of none that no record of the range stitches in

That a bundle holds no file, or no record of the key, is no failure, and is said: of such a ledger nothing is known but
what the record of the range says.
"""

from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

import msgspec

from gateway.core.errors import FormatError, VerificationError
from gateway.evidence import bag
from gateway.evidence.container import Container
from gateway.evidence.emergency_chosen import Choosing
from gateway.evidence.emergency_file import Held, Part, check
from gateway.evidence.manifest import Apart, Manifest
from gateway.evidence.scope import Watch, chooser
from gateway.ledger import proof as proofs
from gateway.ledger.emergency import PREPARED, Stitched, stitched
from gateway.ledger.note import MAX_NOTE_BYTES
from gateway.ledger.record import MAX_BYTES, Envelope, parse
from gateway.ledger.rotation import Keys

_PROOF_BYTES = 2 * MAX_NOTE_BYTES
RANGE, PROOF, UNSEEN = "range", "proof", "unseen"
_KEYS = {
    RANGE: "its key was on record before",
    PROOF: "its key was on record before the range",
    UNSEEN: "that its key was on record before is not shown",
}


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One emergency ledger, by the record of the range that stitches it in."""

    seq: int
    tenant: str
    one: Stitched
    keyed: bool
    """Whether its key is on record in the range, before that."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One as the bundle has it."""

    told: Told
    key: str
    """`range`, `proof` or `unseen`: where its key was on record before."""
    held: Held | None
    """None where the bundle does not have its file."""
    selected: int | None = None
    """How many of its records the selection lets through; None where they are not there."""
    committed: int = 0
    """How many of these commit to a detail."""
    opened: int | None = None
    """Of how many the bundle has it; None where it has no details of this ledger."""
    policies: tuple[str, ...] = ()
    """Digests that its records name."""

    @property
    def apart(self) -> Apart:
        """As a manifest states it."""
        return Apart(self.told.one.id, self.selected, self.opened)

    def document(self) -> dict[str, Any]:
        one, opened = self.told.one, self.opened or 0
        return {
            "id": one.id,
            "seq": self.told.seq,
            "records": one.size,
            "began": one.began,
            "ended": one.ended,
            "exchanges": one.exchanges if self.held is None else self.held.exchanges,
            "held": self.held is not None,
            "selected": self.selected,
            "opened": opened,
            "commitment_only": self.committed - opened,
            "key": self.key,
        }


def judged(records: Sequence[Envelope], first: int) -> tuple[Told, ...]:
    """Step 1, and 2 as far as the range goes, which begins with record `first`. `records`: those of the range that are
    about emergency ledgers (`ledger.emergency.TOLD`), in order. `VerificationError` names the first that does not."""
    keys: dict[str | None, str | None] = {}
    found: dict[str, Told] = {}
    for envelope in records:
        seq = envelope.seq or 0
        if envelope.event == PREPARED:
            if keys.setdefault(envelope.emergency, envelope.key) != envelope.key or envelope.emergency in found:
                raise VerificationError(f"record {seq}: an emergency ledger was given a second key, or one afterwards")
            continue
        one = stitched(envelope)
        if one is None or one.id in found or not bag.is_emergency(one.id):
            raise VerificationError(f"record {seq}: an emergency ledger was stitched in twice, or is not told")
        if keys.get(one.id, one.key if first else None) != one.key:
            raise VerificationError(f"record {seq}: an emergency ledger whose key was not on record before")
        found[one.id] = Told(seq=seq, tenant=envelope.tenant, one=one, keyed=one.id in keys)
    return tuple(found.values())


def read(
    box: Container,
    file: BinaryIO,
    keys: Keys,
    last_note: bytes,
    told: Sequence[Told],
    manifest: Manifest,
    watch: Watch | None,
) -> tuple[Found, ...]:
    """Steps 2 to 5 of what was `judged`, of a bundle in this file. `watch` is told of their records too.
    `VerificationError` where one does not hold."""
    found = tuple(_one(box, file, keys, last_note, one, manifest, watch) for one in told)
    # 5. Bundles of before state nothing, and have no details of them.
    if manifest.emergencies is not None and manifest.emergencies != tuple(one.apart for one in found):
        raise VerificationError("of the records of emergency ledgers others are selected or opened than stated")
    return found


def _one(
    box: Container, file: BinaryIO, keys: Keys, last_note: bytes, told: Told, manifest: Manifest, watch: Watch | None
) -> Found:
    # 2.
    key = RANGE if told.keyed else _key(box, keys, last_note, told, manifest.first)
    # 3. and 4.
    member = box.members.get(bag.emergency_file(told.one.id))
    if member is None:
        return Found(told=told, key=key, held=None)
    path = bag.emergency_details(told.one.id)
    detailed = manifest.details and manifest.emergencies is not None and path in box.members
    lines = box.lines(path, bag.MAX_DETAIL) if detailed else ()
    try:
        choosing = Choosing(chooser(manifest.selection), watch, lines)
        held = check(Part(file, member.data, member.size), told.one, told.tenant, choosing.take)
        choosing.end()
    except FormatError as error:
        raise VerificationError(f"emergency {told.one.id}: {error}") from error
    return Found(
        told=told,
        key=key,
        held=held,
        selected=choosing.selected,
        committed=choosing.committed,
        opened=choosing.opened if detailed else None,
        policies=tuple(sorted(choosing.policies)),
    )


def _key(box: Container, keys: Keys, last_note: bytes, told: Told, first: int) -> str:
    """By a record from before the range, where the bundle has it."""
    if bag.emergency_key(told.one.id) not in box.members:
        return UNSEEN
    record = box.read(bag.emergency_key(told.one.id), MAX_BYTES)
    proof = proofs.parse(box.read(bag.emergency_proof(told.one.id), _PROOF_BYTES))
    check_key(parse(record), told)
    if proof.index >= first or proof.checkpoint != last_note or proof.extra is not None:
        raise VerificationError(f"emergency {told.one.id}: the proof of its key is of another record or checkpoint")
    proofs.verify(record, proof, keys)
    return PROOF


def check_key(envelope: Envelope, told: Told) -> None:
    """That a record says the key of this emergency ledger; `VerificationError` where it says anything else."""
    said = (envelope.event, envelope.tenant, envelope.emergency, envelope.key)
    if said != (PREPARED, told.tenant, told.one.id, told.one.key):
        raise VerificationError(f"emergency {told.one.id}: its key is not the one that was on record before")


def paths(found: Sequence[Found]) -> tuple[str, ...]:
    """The files that go with these, in their order."""
    return tuple(
        path
        for one in found
        for path, there in (
            (bag.emergency_file(one.told.one.id), one.held is not None),
            (bag.emergency_details(one.told.one.id), one.opened is not None),
            (bag.emergency_key(one.told.one.id), one.key == PROOF),
            (bag.emergency_proof(one.told.one.id), one.key == PROOF),
        )
        if there
    )


def lines(documents: Sequence[Mapping[str, Any]]) -> list[str]:
    """Documents of them as lines for people."""
    return [
        f"{one['id']}: {one['records']} records, {_exchanges(one)}, from {one['began']} to {one['ended']}:"
        f" {_chosen(one) if one['held'] else 'its file is not in the bundle'}; {_KEYS[one['key']]}"
        for one in documents
    ]


def proven(documents: Sequence[Mapping[str, Any]]) -> list[str]:
    """What those that are there show."""
    held = [one for one in documents if one["held"]]
    if not held:
        return []
    records, selected = (sum(one[name] for one in held) for name in ("records", "selected"))
    return [
        f"selected on emergency ledgers: it was run again over the {records} records there, and lets {selected} through"
    ]


def _chosen(one: Mapping[str, Any]) -> str:
    details = f"{one['opened']} details open, {one['commitment_only']} commitment only"
    return f"verified, {one['selected']} records selected, {details}"


def _exchanges(one: Mapping[str, Any]) -> str:
    if one["exchanges"] is None:
        return "exchanges not told"
    return f"{one['exchanges']} exchanges{'' if one['held'] else ' as is said'}"


def notes(documents: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is not shown of them."""
    absent = [one["id"] for one in documents if not one["held"]]
    unseen = [one["id"] for one in documents if one["key"] == UNSEEN]
    found = []
    if absent:
        found.append(
            f"Of emergency ledgers {', '.join(absent)} the files are not part of this bundle: of their records nothing"
            " is known but the number and the root, nor how many of them the selection would let through."
        )
    if unseen:
        found.append(f"That the keys of emergency ledgers {', '.join(unseen)} were on record before is not shown.")
    return found
