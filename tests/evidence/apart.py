"""Emergency ledgers beside a ledger in memory: their files, the records that tell of them, and bundles of both."""

import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from gateway.core.ports import Opening
from gateway.evidence import bag
from gateway.evidence.archive import Archiver, Header
from gateway.evidence.manifest import Apart
from gateway.evidence.selection import Selection
from gateway.ledger.commitment import committed
from gateway.ledger.emergency import BEGAN, ENDED, PREPARED, STITCHED, Stitched
from gateway.ledger.encoding import to_base64
from gateway.ledger.merkle import root
from gateway.ledger.note import Signer
from gateway.ledger.record import GENESIS, Detail, Envelope, encode_detail, timestamp

from .making import OTHER, T0, MemoryLedger, bundle, ledger
from .tampering import Members, changed, manifest_of, signed_again, take_apart, with_member_before, without

TENANT = "tn_1"
FIRST = 3
"""Where bundles begin: behind the record that names the key of `em_1`."""
NAMES = ("em_1", "em_2", "em_3")
"""Prepared before the range; prepared in it; and one whose file is not at hand."""


def signer(name: str) -> Signer:
    return Signer(f"gateway.example/emergency/{name}", hashlib.sha256(name.encode()).digest())


def _id(name: str, number: int) -> str:
    return f"01900000-0000-7000-9{NAMES.index(name):03x}-{number:012x}"


def own(name: str, tenant: str = TENANT) -> MemoryLedger:
    """The emergency ledger of this name: it begins, has two exchanges of which one is refused, and ends."""
    made = MemoryLedger(signer(name))
    events = (BEGAN, "exchange.requested", "exchange.completed", "exchange.denied", ENDED)
    for number, event in enumerate(events):
        envelope = Envelope(id=_id(name, number), tenant=tenant, event=event, occurred_at=timestamp(T0 + number))
        if event.startswith("emergency."):
            envelope.emergency = name
            made.append(envelope)
            continue
        envelope.exchange = f"ex_{name}"
        salt, detail = hashlib.sha256(envelope.id.encode()).digest(), encode_detail(Detail(source="192.0.2.7"))
        envelope.detail = committed(salt, "detail", detail)
        made.append(envelope, detail, salt)
    made.publish()
    return made


def file_of(made: MemoryLedger, name: str, tenant: str = TENANT, **header: Any) -> bytes:
    """Its file, as stitching writes it."""
    file = io.BytesIO()
    writer = Archiver(file)
    writer.block(0, made.stored, ())
    said: dict[str, Any] = {
        "v": 1,
        "id": f"ar_{name}",
        "ledger": tenant,
        "origin": made.signer.name,
        "first": 0,
        "end": len(made.stored),
        "prev": to_base64(GENESIS),
        "recorded_at": "",
        "peaks": (),
        "path": (),
        "files": (),
    }
    writer.end(Header(**{**said, **header}), None, made.notes[-1].note)
    return file.getvalue()


def stitched(name: str, made: MemoryLedger, file: bytes) -> Stitched:
    """As the main ledger's record has it."""
    return Stitched(
        id=name,
        key=made.signer.verifier.vkey,
        archive=f"ar_{name}",
        digest=f"sha256:{hashlib.sha256(file).hexdigest()}",
        size=len(made.stored),
        root=to_base64(root(one.hash for one in made.stored)),
        began=timestamp(T0),
        ended=timestamp(T0 + len(made.stored) - 1),
        exchanges=1,
    )


FILES: Mapping[str, bytes] = {name: file_of(own(name), name) for name in NAMES}
STITCHED_IN: Mapping[str, Stitched] = {name: stitched(name, own(name), FILES[name]) for name in NAMES}


def _envelope(made: MemoryLedger, event: str, name: str | None = None, **fields: Any) -> Envelope:
    number = len(made.stored)
    at, name_of_it = timestamp(T0 + number * 1_000_000), f"01900000-0000-7000-8000-{number:012x}"
    return Envelope(id=name_of_it, tenant=TENANT, event=event, occurred_at=at, emergency=name, **fields)


def prepare(made: MemoryLedger, name: str, key: str | None = None) -> None:
    made.append(_envelope(made, PREPARED, name, key=key or STITCHED_IN[name].key))


def stitch(made: MemoryLedger, one: Stitched) -> None:
    made.append(
        _envelope(
            made,
            STITCHED,
            one.id,
            key=one.key,
            archive=one.archive,
            digest=one.digest,
            range=(0, one.size),
            checkpoint=(one.size, one.root),
            began=one.began,
            ended=one.ended,
            count=one.exchanges,
        )
    )


class Files:
    """Files at hand, by what the directory has, and where keys are on record."""

    def __init__(self, directory: Path, files: Mapping[str, bytes], prepared: Mapping[str, int]) -> None:
        self._prepared = prepared
        self._paths = {name: directory / f"{name}.archive" for name in files}
        for name, content in files.items():
            self._paths[name].write_bytes(content)

    def held(self, one: Stitched) -> Path | None:
        return self._paths.get(one.id)

    async def details(self, one: Stitched, seqs: Sequence[int]) -> Mapping[int, Opening]:
        return await own(one.id).details(seqs)

    async def prepared(self, one: Stitched) -> int | None:
        return self._prepared.get(one.id)


def main_ledger() -> MemoryLedger:
    """A ledger with all three."""
    made = ledger(2)
    prepare(made, "em_1")
    made.append(_envelope(made, "config.changed"))
    for name in ("em_2", "em_3"):
        prepare(made, name)
    for name in NAMES:
        stitch(made, STITCHED_IN[name])
    made.publish()
    return made


def apart(path: Path) -> bytes:
    """The good bundle: of two the files are there, of one only the record."""
    made = main_ledger()
    files = Files(path.parent, {name: FILES[name] for name in ("em_1", "em_2")}, {"em_1": 2})
    bundle(made, path, Selection(first=FIRST), emergencies=files)
    return path.read_bytes()


def said(path: Path, *records: Stitched, keys: Mapping[str, str] | None = None, file: bytes = FILES["em_1"]) -> Members:
    """A whole ledger that says this of `em_1`, with this file: what nobody who asks first would have signed."""
    made = ledger(2)
    for key in (keys or {"": STITCHED_IN["em_1"].key}).values():
        prepare(made, "em_1", key)
    for one in records:
        stitch(made, one)
    made.publish()
    bundle(made, path)
    members = take_apart(path.read_bytes())
    return signed_again(with_member_before(members, bag.LAST_CHECKPOINT, bag.emergency_file("em_1"), file))


def _of(**changes: Any) -> Callable[[Path], Members]:
    return lambda path: said(path, msgspec.structs.replace(STITCHED_IN["em_1"], **changes))


def _of_file(made: Callable[[], bytes], **changes: Any) -> Callable[[Path], Members]:
    """A file that is another, named by its digest."""

    def build(path: Path) -> Members:
        file = made()
        digest = f"sha256:{hashlib.sha256(file).hexdigest()}"
        return said(path, msgspec.structs.replace(STITCHED_IN["em_1"], digest=digest, **changes), file=file)

    return build


def _other_record() -> bytes:
    made = own("em_1")
    envelope = made.stored[2].envelope.replace(b"exchange.completed", b"exchange.attempted")
    made.stored[2] = msgspec.structs.replace(made.stored[2], envelope=envelope)
    return file_of(made, "em_1")


def _cut() -> bytes:
    made = own("em_1")
    made.stored.pop()
    return file_of(made, "em_1", end=5)


LYING: dict[str, tuple[str, Callable[[Path], Members]]] = {
    "signed-emergency-of-another-digest": ("emergencies", _of(digest=f"sha256:{'0' * 64}")),
    "signed-emergency-of-another-root": ("emergencies", _of(root=to_base64(bytes(32)))),
    "signed-emergency-of-more-records": ("emergencies", _of(size=6)),
    "signed-emergency-of-another-archive": ("emergencies", _of(archive="ar_other")),
    "signed-emergency-that-began-earlier": ("emergencies", _of(began=timestamp(T0 - 1))),
    "signed-emergency-that-ended-later": ("emergencies", _of(ended=timestamp(T0 + 9))),
    "signed-emergency-of-other-exchanges": ("emergencies", _of(exchanges=2)),
    "signed-emergency-stitched-in-twice": (
        "emergencies",
        lambda path: said(path, STITCHED_IN["em_1"], STITCHED_IN["em_1"]),
    ),
    "signed-emergency-of-two-keys": (
        "emergencies",
        lambda path: said(path, STITCHED_IN["em_1"], keys={"a": STITCHED_IN["em_1"].key, "b": OTHER.verifier.vkey}),
    ),
    "signed-emergency-of-another-key-than-on-record": (
        "emergencies",
        lambda path: said(path, STITCHED_IN["em_1"], keys={"a": OTHER.verifier.vkey}),
    ),
    "signed-emergency-by-another-key": (
        "emergencies",
        lambda path: said(
            path,
            msgspec.structs.replace(STITCHED_IN["em_1"], key=signer("em_2").verifier.vkey),
            keys={"a": signer("em_2").verifier.vkey},
        ),
    ),
    "signed-emergency-with-a-record-changed": ("emergencies", _of_file(_other_record)),
    "signed-emergency-with-its-last-record-cut-off": ("emergencies", _of_file(_cut)),
    "signed-emergency-of-another-tenant": ("emergencies", _of_file(lambda: file_of(own("em_1", "tn_2"), "em_1"))),
    "signed-emergency-that-is-no-archive": ("emergencies", _of_file(lambda: b"no archive")),
    "signed-emergency-that-nothing-stitches-in": ("proofs", lambda path: said(path)),
}
"""What a ledger says that is not so."""

_KEY, _PROOF, _DETAILS = bag.emergency_key("em_1"), bag.emergency_proof("em_1"), bag.emergency_details("em_1")


def _stating(found: Members, selected: int | None, opened: int | None) -> Members:
    """With a manifest that states this of `em_1`."""
    stated = manifest_of(found).emergencies or ()
    return signed_again(found, emergencies=(Apart("em_1", selected, opened), *stated[1:]))


APART: dict[str, tuple[str, Callable[[Members], Members]]] = {
    "emergency-file-changed": (
        "content",
        lambda found: changed(found, bag.emergency_file("em_1"), lambda c: c.replace(b"denied", b"Denied")),
    ),
    "signed-emergency-with-the-file-of-another": (
        "emergencies",
        lambda found: signed_again({**found, bag.emergency_file("em_1"): FILES["em_2"]}),
    ),
    "signed-emergency-key-changed": (
        "emergencies",
        lambda found: signed_again(changed(found, _KEY, lambda c: c.replace(b'"seq":2', b'"seq":1'))),
    ),
    "signed-emergency-key-of-another-event": (
        "emergencies",
        lambda found: signed_again({**found, _KEY: main_ledger().stored[4].envelope}),
    ),
    "signed-emergency-key-without-proof": ("emergencies", lambda found: signed_again(without(found, _PROOF))),
    "signed-emergency-proof-changed": (
        "emergencies",
        lambda found: signed_again(changed(found, _PROOF, lambda c: c.replace(b"index 2", b"index 1"))),
    ),
    "signed-emergency-selected-otherwise-than-stated": ("emergencies", lambda found: _stating(found, 4, 3)),
    "signed-emergency-opened-otherwise-than-stated": ("emergencies", lambda found: _stating(found, 5, 2)),
    "signed-emergency-with-its-file-and-nothing-stated": ("emergencies", lambda found: _stating(found, None, None)),
    "signed-emergency-not-stated": (
        "emergencies",
        lambda found: signed_again(found, emergencies=(manifest_of(found).emergencies or ())[1:]),
    ),
    "signed-emergency-details-that-no-manifest-states": ("proofs", lambda found: signed_again(found, emergencies=None)),
    "signed-emergency-without-its-details": ("emergencies", lambda found: signed_again(without(found, _DETAILS))),
    "signed-emergency-detail-changed": (
        "emergencies",
        lambda found: signed_again(changed(found, _DETAILS, lambda c: c.replace(b'"bytes":"ey', b'"bytes":"eX', 1))),
    ),
    "signed-emergency-detail-of-another-record": (
        "emergencies",
        lambda found: signed_again(changed(found, _DETAILS, lambda c: c.replace(b'"seq":3', b'"seq":4'))),
    ),
    "signed-emergency-proof-without-a-key": ("proofs", lambda found: signed_again(without(found, _KEY))),
    "signed-emergency-key-that-is-in-the-range": (
        "proofs",
        lambda found: signed_again(
            with_member_before(found, bag.LAST_CHECKPOINT, bag.emergency_key("em_2"), found[_KEY])
        ),
    ),
    "signed-emergencies-out-of-order": (
        "proofs",
        lambda found: signed_again(
            with_member_before(
                without(found, bag.emergency_file("em_1")),
                bag.LAST_CHECKPOINT,
                bag.emergency_file("em_1"),
                found[bag.emergency_file("em_1")],
            )
        ),
    ),
}
"""Defects of the good bundle."""
APART_STEPS = {name: step for table in (APART, LYING) for name, (step, _) in table.items()}
