"""Bundles taken apart, changed and put together again, with or without the ledger's signature over the change."""

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from gateway.evidence import bag, dsse
from gateway.evidence import manifest as manifests
from gateway.evidence.bundle import Stamps
from gateway.evidence.container import Container, Writer
from gateway.evidence.contents import Content, encode_line
from gateway.evidence.manifest import File, Manifest
from gateway.evidence.selection import Query, Scope, Selection
from gateway.ledger import checkpoint as checkpoints
from gateway.ledger import proof as proofs
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.note import Signer
from gateway.ledger.times import timestamp
from tests.tsa import OTHER_TSA, TSA, reply, wrong_holders

from .making import ORIGIN, OTHER, SIGNER, T0, Sources, bundle, ledger
from .making_contents import BARE, carrying, moved, opening

Members = dict[str, bytes]
SELECTION = Selection(first=3, end=11, filters={"decision": "redact"})


def take_apart(data: bytes) -> Members:
    """The members of a bundle, in their order."""
    box = Container(io.BytesIO(data))
    return {name: box.read(name, 1 << 30) for name in box.members}


def put_together(members: Members) -> bytes:
    file = io.BytesIO()
    writer = Writer(file)
    for name, content in members.items():
        writer.add(name, content)
    writer.close()
    return file.getvalue()


def manifest_of(members: Members) -> Manifest:
    return manifests.parse(dsse.verify(members[manifests.NAME], manifests.TYPE, SIGNER.verifier))


def signed_again(members: Members, signer: Signer = SIGNER, *, follow: bool = True, **changes: object) -> Members:
    """The members with a manifest that fits them, and (where `follow`) tag files that follow from it."""
    files = {name: content for name, content in members.items() if name != manifests.NAME}
    manifest = msgspec.structs.replace(manifest_of(members), **changes)
    if follow:
        files[bag.SELECTION] = bag.selection_file(manifest)
        for name, render in (
            (bag.INFO, lambda listed: bag.info(listed, manifest)),
            (bag.PAYLOAD_MANIFEST, bag.payload_manifest),
            (bag.TAG_MANIFEST, bag.tag_manifest),
        ):
            files[name] = render(_listed(files))
    manifest = msgspec.structs.replace(manifest, files=tuple(_listed(files)))
    return {**files, manifests.NAME: dsse.sign(manifests.TYPE, manifests.encode(manifest), signer)}


def _listed(files: Members) -> list[File]:
    writer = Writer(io.BytesIO())
    written = [writer.add(name, content) for name, content in files.items()]
    return [File(item.name, item.size, item.sha256) for item in written]


def changed(members: Members, name: str, change: Callable[[bytes], bytes]) -> Members:
    return {key: change(content) if key == name else content for key, content in members.items()}


def lines_changed(members: Members, name: str, change: Callable[[list[bytes]], list[bytes]]) -> Members:
    def edit(content: bytes) -> bytes:
        return b"".join(line + b"\n" for line in change(content.splitlines()))

    return changed(members, name, edit)


def without(members: Members, name: str) -> Members:
    return {key: content for key, content in members.items() if key != name}


def renamed(members: Members, old: str, new: str) -> Members:
    return {new if key == old else key: content for key, content in members.items()}


def with_member_before(members: Members, place: str, name: str, content: bytes) -> Members:
    found: Members = {}
    for key, value in members.items():
        if key == place:
            found[name] = content
        found[key] = value
    return found


def good(path: Path) -> bytes:
    """The bundle that the defects below start from: records 3 to 10 of 20, one effect, between two checkpoints."""
    made = ledger(20)
    bundle(made, path, SELECTION, opening=made.checkpoint_at(2))
    return path.read_bytes()


def attached(path: Path) -> bytes:
    """The same with attachments, of which the verifier knows no more than that they were signed."""
    made = ledger(20)
    paths = ("data/csv/sources.csv", "data/disclosures.jsonl", "data/reports/part/sources.txt")
    bundle(made, path, SELECTION, opening=made.checkpoint_at(2), attachments=[Sources(one) for one in paths])
    return path.read_bytes()


def at(second: int) -> str:
    """The time at which the ledger of the tests has its record of this number recorded."""
    return timestamp(T0 + second * 1_000_000)


def of_period(path: Path) -> bytes:
    """Of a period whose edges lie within the range, at the newest end of the ledger's middle."""
    made = ledger(20)
    scope = Scope(kind="period", period=(at(4), at(12)))
    bundle(made, path, Selection(first=3, end=13, scope=scope), opening=made.checkpoint_at(2))
    return path.read_bytes()


def _scoped(scope: Scope) -> Callable[[Members], Members]:
    return lambda found: signed_again(found, scope=scope)


def _swap(lines: list[bytes]) -> list[bytes]:
    return [lines[1], lines[0], *lines[2:]]


def _checkpoint(root: bytes, size: int = 20, signer: Signer = SIGNER) -> bytes:
    return checkpoints.sign(Checkpoint(ORIGIN, size, root), signer)


def _another_root(members: Members) -> Members:
    """A second history under the same key: everything fits together, but for the records."""
    note = _checkpoint(bytes(32))
    found = {**members, bag.LAST_CHECKPOINT: note}
    for name in members:
        if name.endswith(".tlog-proof"):
            found[name] = proofs.encode(msgspec.structs.replace(proofs.parse(members[name]), checkpoint=note))
    return signed_again(found, checkpoint=(20, bytes(32)))


def _another_first(members: Members) -> Members:
    return signed_again({**members, bag.FIRST_CHECKPOINT: _checkpoint(bytes(32), 2)}, opening=(2, bytes(32)))


def _policy_path(members: Members) -> str:
    return next(name for name in members if name.startswith("data/policy/"))


def _zip(data: bytes, method: int, extra: str | None = None) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in take_apart(data).items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
        if extra is not None:
            archive.writestr(zipfile.ZipInfo(extra), b"x")
    return file.getvalue()


def _raw_name(data: bytes, old: bytes, new: bytes) -> bytes:
    """A name replaced by one of the same length, everywhere in the headers (and in the listings)."""
    if len(old) != len(new):
        raise ValueError("names must be of equal length")
    return data.replace(old, new)


_FLIP = 0x01

RAW: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "container-cut-short": ("container", lambda data: data[:-1]),
    "container-with-byte-after": ("container", lambda data: data + b"\0"),
    "container-with-byte-before": ("container", lambda data: b"\0" + data),
    "container-with-comment": ("container", lambda data: data[:-2] + b"\x02\x00hi"),
    "container-compressed": ("container", lambda data: _zip(data, zipfile.ZIP_DEFLATED)),
    "container-by-another-program": ("container", lambda data: _zip(data, zipfile.ZIP_STORED)),
    "container-empty-file": ("container", lambda data: b""),
    "container-without-members": ("signature", lambda data: put_together({})),
    "container-other-time": ("container", lambda data: data[:10] + b"\x01" + data[11:]),
    "container-directory-differs": ("container", lambda data: data[:-60] + bytes([data[-60] ^ _FLIP]) + data[-59:]),
    "member-absolute-path": ("container", lambda data: _raw_name(data, b"data/key.vkey", b"/ata/key.vkey")),
    "member-leads-outside": ("container", lambda data: _raw_name(data, b"data/README.txt", b"../a/README.txt")),
    "member-twice": ("container", lambda data: _raw_name(data, b"data/records.jsonl", b"data/details.jsonl")),
    "member-name-not-ascii": ("container", lambda data: _raw_name(data, b"data/key.vkey", b"data/k\xc3\xa9.vkey"[:13])),
}
"""Defect → the step that finds it, and what is done to the file."""

SHALLOW: dict[str, tuple[str, Callable[[Members], Members]]] = {
    "file-added": ("files", lambda found: with_member_before(found, bag.INFO, "data/notes.txt", b"hi")),
    "file-added-at-the-end": ("files", lambda found: {**found, "data/notes.txt": b"hi"}),
    "file-missing": ("files", lambda found: without(found, bag.DETAILS)),
    "file-renamed": ("files", lambda found: renamed(found, bag.DETAILS, "data/detail.jsonl")),
    "files-in-another-order": ("files", lambda found: {bag.README: found[bag.README], **without(found, bag.README)}),
    "file-with-one-byte-changed": ("content", lambda found: changed(found, bag.README, lambda c: b"e" + c[1:])),
    "file-with-one-byte-more": ("content", lambda found: changed(found, bag.README, lambda c: c + b"\n")),
    "records-swapped": ("content", lambda found: lines_changed(found, bag.RECORDS, _swap)),
    "manifest-missing": ("signature", lambda found: without(found, manifests.NAME)),
    "manifest-signed-by-another-key": ("signature", lambda found: signed_again(found, OTHER)),
    "manifest-signature-changed": (
        "signature",
        lambda found: changed(found, manifests.NAME, lambda c: re.sub(rb'"sig":"..', b'"sig":"AA', c)),
    ),
    "manifest-of-another-type": (
        "signature",
        lambda found: changed(found, manifests.NAME, lambda c: c.replace(b".bundle+json", b".report+json")),
    ),
    "manifest-with-spaces": ("signature", lambda found: changed(found, manifests.NAME, lambda c: c + b"\n")),
    "manifest-without-signatures": (
        "signature",
        lambda found: changed(found, manifests.NAME, lambda c: re.sub(rb'"signatures":\[.*\]', b'"signatures":[]', c)),
    ),
    "manifest-signed-twice": (
        "signature",
        lambda found: changed(
            found, manifests.NAME, lambda c: re.sub(rb'"signatures":\[(.*)\]', rb'"signatures":[\1,\1]', c)
        ),
    ),
}
"""Defects of whoever does not have the ledger's key."""


def _attached(*paths: str) -> Callable[[Members], Members]:
    """With attachments at these paths, where the first checkpoint's file is next."""

    def change(found: Members) -> Members:
        for path in paths:
            found = with_member_before(found, bag.FIRST_CHECKPOINT, path, b"hi\n")
        return signed_again(found)

    return change


DEEP: dict[str, tuple[str, Callable[[Members], Members]]] = {
    "signed-scope-of-no-kind": ("signature", _scoped(Scope(kind="everything"))),
    "signed-period-that-began-before": ("scope", _scoped(Scope(kind="period", period=(at(2), at(11))))),
    "signed-period-that-goes-on": ("scope", _scoped(Scope(kind="period", period=(at(4), at(15))))),
    "signed-period-of-other-records": ("records", _scoped(Scope(kind="period", period=(at(5), at(9))))),
    "signed-incident-that-nothing-opened": (
        "scope",
        _scoped(Scope(kind="incident", ids=("in_1",), exchanges=("ex_2", "ex_3", "ex_5"))),
    ),
    "signed-exchange-of-other-records": (
        "records",
        _scoped(Scope(kind="exchange", ids=("ex_2",), exchanges=("ex_2",))),
    ),
    "signed-framework-of-other-queries": (
        "records",
        _scoped(Scope(kind="framework", ids=("f",), queries=(Query("1", {"agent": "cloud-writer"}),))),
    ),
    "signed-attachment-in-unknown-directory": ("proofs", _attached("data/xml/records.xml")),
    "signed-attachment-outside-directories": ("proofs", _attached("data/records.csv")),
    "signed-attachment-too-deep": ("proofs", _attached("data/csv/a/b/records.csv")),
    "signed-attachments-out-of-order": ("proofs", _attached("data/fhir/a.ndjson", "data/csv/a.csv")),
    "signed-file-added": (
        "proofs",
        lambda found: signed_again(with_member_before(found, bag.INFO, "data/notes.txt", b"hi")),
    ),
    "signed-bag-info-changed": (
        "bag",
        lambda found: signed_again(changed(found, bag.INFO, lambda c: c + b"Note: hi\n"), follow=False),
    ),
    "signed-declaration-changed": (
        "bag",
        lambda found: signed_again(changed(found, bag.BAGIT, lambda c: c.replace(b"1.0", b"0.9"))),
    ),
    "signed-key-changed": (
        "bag",
        lambda found: signed_again({**found, bag.KEY: f"{OTHER.verifier.vkey}\n".encode()}),
    ),
    "signed-report-changed": (
        "reports",
        lambda found: signed_again(changed(found, bag.MISSES, lambda c: c.replace(b"false", b"true"))),
    ),
    "signed-report-for-people-changed": (
        "reports",
        lambda found: signed_again(changed(found, bag.MISSES_TEXT, lambda c: c.replace(b"not measured", b"0.0000"))),
    ),
    "signed-one-report-missing": ("proofs", lambda found: signed_again(without(found, bag.MISSES_TEXT))),
    "signed-selection-says-other-filters": (
        "bag",
        lambda found: signed_again(
            changed(found, bag.SELECTION, lambda c: c.replace(b"redact", b"router")), follow=False
        ),
    ),
    "signed-records-swapped": ("records", lambda found: signed_again(lines_changed(found, bag.RECORDS, _swap))),
    "signed-record-changed": (
        "records",
        lambda found: signed_again(
            changed(found, bag.RECORDS, lambda c: c.replace(b'"status":200', b'"status":201', 1))
        ),
    ),
    "signed-last-record-changed": (
        "records",
        lambda found: signed_again(
            lines_changed(found, bag.RECORDS, lambda c: [*c[:-1], c[-1].replace(b'"TREAT"', b'"TRAIT"')])
        ),
    ),
    "signed-record-left-out": (
        "records",
        lambda found: signed_again(lines_changed(found, bag.RECORDS, lambda c: [*c[:3], *c[4:]])),
    ),
    "signed-last-record-left-out": (
        "records",
        lambda found: signed_again(lines_changed(found, bag.RECORDS, lambda c: c[:-1])),
    ),
    "signed-first-record-left-out": (
        "records",
        lambda found: signed_again(lines_changed(found, bag.RECORDS, lambda c: c[1:]), first=4),
    ),
    "signed-record-twice": (
        "records",
        lambda found: signed_again(lines_changed(found, bag.RECORDS, lambda c: [c[0], *c])),
    ),
    "signed-record-not-canonical": (
        "records",
        lambda found: signed_again(changed(found, bag.RECORDS, lambda c: c.replace(b":", b": ", 1))),
    ),
    "signed-record-too-long": (
        "records",
        lambda found: signed_again(lines_changed(found, bag.RECORDS, lambda c: [c[0] + b" " * 70_000, *c[1:]])),
    ),
    "signed-records-without-last-newline": (
        "records",
        lambda found: signed_again(changed(found, bag.RECORDS, lambda c: c[:-1])),
    ),
    "signed-records-empty": ("records", lambda found: signed_again(changed(found, bag.RECORDS, lambda c: b""))),
    "signed-range-shorter": ("records", lambda found: signed_again(found, end=10)),
    "signed-range-longer": ("records", lambda found: signed_again(found, end=12)),
    "signed-selection-miscounted": ("records", lambda found: signed_again(found, selected=2)),
    "signed-selection-changed": ("records", lambda found: signed_again(found, filters={"decision": "deny"})),
    "signed-detail-changed": (
        "records",
        lambda found: signed_again(
            changed(found, bag.DETAILS, lambda c: re.sub(rb'"bytes":"eyJ', b'"bytes":"eyK', c, count=1))
        ),
    ),
    "signed-detail-with-other-salt": (
        "records",
        lambda found: signed_again(
            changed(found, bag.DETAILS, lambda c: re.sub(rb'"salt":"..', b'"salt":"AA', c, count=1))
        ),
    ),
    "signed-detail-of-unselected-record": (
        "records",
        lambda found: signed_again(changed(found, bag.DETAILS, lambda c: c.replace(b'"seq":7', b'"seq":6'))),
    ),
    "signed-detail-twice": (
        "records",
        lambda found: signed_again(lines_changed(found, bag.DETAILS, lambda c: [c[0], *c])),
    ),
    "signed-details-out-of-order": (
        "records",
        lambda found: signed_again(lines_changed(found, bag.DETAILS, lambda c: c[::-1])),
    ),
    "signed-details-miscounted": (
        "details",
        lambda found: signed_again(lines_changed(found, bag.DETAILS, lambda c: c[1:])),
    ),
    "signed-details-although-not-asked-for": ("details", lambda found: signed_again(found, details=False)),
    "signed-checkpoint-of-another-root": ("checkpoints", _another_root),
    "signed-checkpoint-by-another-key": (
        "checkpoints",
        lambda found: signed_again({**found, bag.LAST_CHECKPOINT: _checkpoint(bytes(32), signer=OTHER)}),
    ),
    "signed-checkpoint-not-the-listed-one": (
        "checkpoints",
        lambda found: signed_again({**found, bag.LAST_CHECKPOINT: _checkpoint(bytes(32))}),
    ),
    "signed-checkpoint-before-the-end": (
        "checkpoints",
        lambda found: signed_again(
            {**found, bag.LAST_CHECKPOINT: _checkpoint(bytes(32), 5)}, checkpoint=(5, bytes(32))
        ),
    ),
    "signed-first-checkpoint-of-another-history": ("checkpoints", _another_first),
    "signed-first-checkpoint-missing": (
        "checkpoints",
        lambda found: signed_again(without(found, bag.FIRST_CHECKPOINT)),
    ),
    "signed-first-checkpoint-kept-quiet": ("proofs", lambda found: signed_again(found, opening=None)),
    "signed-before-changed": (
        "tree",
        lambda found: signed_again(changed(found, bag.BEFORE, lambda c: b"AAAA" + c[4:])),
    ),
    "signed-before-too-long": ("records", lambda found: signed_again(changed(found, bag.BEFORE, lambda c: c + c))),
    "signed-before-missing": ("records", lambda found: signed_again(without(found, bag.BEFORE))),
    "signed-range-to-last-changed": (
        "tree",
        lambda found: signed_again(changed(found, bag.TO_LAST, lambda c: b"AAAA" + c[4:])),
    ),
    "signed-proof-of-another-record": (
        "records",
        lambda found: signed_again({**found, bag.proof_path(3): found[bag.proof_path(4)]}),
    ),
    "signed-proof-changed": (
        "records",
        lambda found: signed_again(
            changed(found, bag.proof_path(4), lambda c: re.sub(rb"index 4\n....", b"index 4\nAAAA", c))
        ),
    ),
    "signed-proof-missing": ("records", lambda found: signed_again(without(found, bag.proof_path(4)))),
    "signed-policy-changed": (
        "policy",
        lambda found: signed_again(changed(found, _policy_path(found), lambda c: c + b" ")),
    ),
    "signed-policy-that-no-record-names": (
        "policy",
        lambda found: signed_again(
            with_member_before(
                found,
                bag.INFO,
                # SHA-256 of nothing, which sorts behind the others
                "data/policy/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855.json",
                b"",
            )
        ),
    ),
}
"""Defects of whoever has the key, or of a program that signs what it should not."""


def stamped(path: Path) -> bytes:
    """The good bundle with time-stamps of two checkpoints, by two authorities of which one is believed."""
    made = ledger(20)
    stamps = [
        Stamps(point, {name: reply(point.note, signer=signer)})
        for point, name, signer in (
            (made.checkpoint_at(12), "clock", TSA),
            (made.checkpoint_at(20), "other", OTHER_TSA),
        )
    ]
    bundle(made, path, SELECTION, opening=made.checkpoint_at(2), stamps=stamps)
    return path.read_bytes()


_CLOCK, _NOTE = bag.stamp_path(12, "clock"), bag.stamped_checkpoint(12)


def _restamped(found: Members, **parts: Any) -> Members:
    return signed_again({**found, _CLOCK: reply(found[_NOTE], **parts)})


STAMPED: dict[str, tuple[str, Callable[[Members], Members]]] = {
    "stamp-changed": ("content", lambda found: changed(found, _CLOCK, lambda c: c.replace(b"2027", b"2026"))),
    "signed-stamp-changed": (
        "stamps",
        lambda found: signed_again(changed(found, _CLOCK, lambda c: c.replace(b"20270115", b"20260115"))),
    ),
    "signed-stamp-of-another-checkpoint": (
        "stamps",
        lambda found: signed_again({**found, _CLOCK: reply(found[bag.stamped_checkpoint(20)])}),
    ),
    "signed-stamp-by-somebody-else": ("stamps", lambda found: _restamped(found, signer=OTHER_TSA)),
    "signed-stamp-by-another-key": ("stamps", lambda found: _restamped(found, key=OTHER_TSA)),
    "signed-stamp-by-who-may-not": (
        "stamps",
        lambda found: _restamped(found, signer=wrong_holders()["usage-not-critical"]),
    ),
    "signed-stamp-cut-short": ("stamps", lambda found: signed_again(changed(found, _CLOCK, lambda c: c[:-1]))),
    "signed-stamp-missing": ("stamps", lambda found: signed_again(without(found, _CLOCK))),
    "signed-stamped-checkpoint-of-another-root": (
        "stamps",
        lambda found: signed_again(
            {**found, _NOTE: _checkpoint(bytes(32), 12), _CLOCK: reply(_checkpoint(bytes(32), 12))}
        ),
    ),
    "signed-stamped-checkpoint-of-another-size": (
        "stamps",
        lambda found: signed_again({**found, _NOTE: found[bag.stamped_checkpoint(20)]}),
    ),
    "signed-stamped-checkpoint-not-joined": (
        "stamps",
        lambda found: signed_again(changed(found, bag.stamped_to_last(12), lambda c: b"AAAA" + c[4:])),
    ),
    "signed-stamps-out-of-order": (
        "proofs",
        lambda found: signed_again({**{name: found[name] for name in found if name != _CLOCK}, _CLOCK: found[_CLOCK]}),
    ),
}
"""Defects of time-stamps, found by who believes `CA`."""


def with_contents(path: Path) -> bytes:
    """A bundle that carries kept content of two records; of what has become of the others, see `making_contents`."""
    carrying(path)
    return path.read_bytes()


def _carried(*contents: Content, stated: int | None = -1) -> Callable[[Members], Members]:
    """With these contents in place of those that are there, counted as they are unless something else is said."""

    def change(found: Members) -> Members:
        content = b"".join(map(encode_line, contents))
        return signed_again({**found, bag.CONTENTS: content}, contents=len(contents) if stated == -1 else stated)

    return change


_A, _B = opening(0), opening(8)
_ERASED = opening(2)

CARRIED: dict[str, tuple[str, Callable[[Members], Members]]] = {
    "content-altered": (
        "content",
        lambda found: changed(found, bag.CONTENTS, lambda c: c.replace(b"dk_0", b"dk_1")),
    ),
    "signed-content-altered": ("records", _carried(msgspec.structs.replace(_A, value=_A.value + b" "), _B)),
    "signed-content-of-another-exchange": ("records", _carried(moved(_B, 0), _B)),
    "signed-content-with-other-salt": ("records", _carried(msgspec.structs.replace(_A, salt=_B.salt), _B)),
    "signed-content-under-other-keys": (
        "records",
        _carried(_A, msgspec.structs.replace(_ERASED, keys="dk_0"), _B),
    ),
    "signed-content-that-no-record-commits-to": ("records", _carried(_A, moved(_A, BARE), _B)),
    "signed-content-of-unselected-record": ("records", _carried(_A, moved(_A, 1), _B)),
    "signed-content-of-an-erased-exchange": ("kept", _carried(_A, _ERASED, _B)),
    "signed-content-of-two-of-whom-one-was-erased": ("kept", _carried(_A, opening(4), _B)),
    "signed-content-twice": ("records", _carried(_A, _A, _B)),
    "signed-contents-out-of-order": ("records", _carried(_B, _A)),
    "signed-contents-miscounted": ("kept", _carried(_A, stated=2)),
    "signed-contents-missing": ("records", lambda found: signed_again(without(found, bag.CONTENTS))),
    "signed-contents-although-not-asked-for": ("proofs", _carried(stated=None)),
}
"""Defects of kept content."""

STEPS = {name: step for table in (RAW, SHALLOW, DEEP, STAMPED, CARRIED) for name, (step, _) in table.items()}
"""Defect → the step that finds it."""
