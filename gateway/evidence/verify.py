"""Verification of a bundle with the ledger's public key and nothing else: no database, no network, no configuration.

     1. container    the file is a zip in the one form of bundles
     2. signature    its manifest is signed by the key that was given, or one that statements of both lead to from it
     3. files        it has the files that the manifest lists, in their order, and no others
     4. content      each has the listed size and SHA-256
     5. bag          the BagIt tag files and the selection are what follows from the manifest
     6. checkpoints  they are signed by the ledger's key as it was then, and the last extends the first
     7. witnesses    what they are said to have cosigned is joined to the last, and is what a trust policy asks for
     8. stamps       each time-stamp is of a checkpoint that is joined to the last, and one is by whom it must be
     9. records      every record of the range is there, chained, in canonical form, of one ledger, selected as stated;
                     each that tells of a checkpoint of a size at which the tree is known tells of its root (`told`)
    10. details      each detail is of a selected record, which commits to it
    11. kept         each kept content that is carried likewise, under keys that no erasure on record has destroyed
    12. tree         the records before the range, and these, are what the last checkpoint covers
    13. emergencies  each emergency ledger that they stitch in is told once, by a key that was on record before, and its
                     file, where it is there, is what the record says, and selected as stated (`emergencies`)
    14. proofs       each proof file leads from its record to the last checkpoint
    15. policy       each policy version has its digest and is one that a record names
    16. reports      each report is what follows from the records
    17. scope        what the bundle is about, a period say, lies in its range, as far as that can be seen (`scope`)
    18. newer        a checkpoint that was given covers nothing that the bundle lacks, and has the same root

The caller's: that the key, and a newer checkpoint, come from somewhere else than the bundle. What cannot be shown at
all is in the report's notes.
"""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from gateway.core.errors import FormatError, VerificationError
from gateway.evidence import bag, contents, dsse, emergencies, split, stamped, told, witnessed
from gateway.evidence import manifest as manifests
from gateway.evidence import scope as scopes
from gateway.evidence.container import Container
from gateway.evidence.edge import parse_hashes
from gateway.evidence.emergencies import Found
from gateway.evidence.manifest import File, Manifest
from gateway.evidence.records import Expected, Records, read
from gateway.evidence.report import Report
from gateway.evidence.stamped import Stamped
from gateway.evidence.verdict import Course, Verdict
from gateway.evidence.witnessed import Witnessed
from gateway.ledger import checkpoint as checkpoints
from gateway.ledger import trust as trusts
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.merkle import verify_consistency
from gateway.ledger.note import MAX_NOTE_BYTES, Verifier
from gateway.ledger.proof import Proof
from gateway.ledger.proof import parse as parse_proof
from gateway.ledger.record import MAX_BYTES as MAX_RECORD
from gateway.ledger.rotation import MAX_BYTES as MAX_ROTATIONS
from gateway.ledger.rotation import Keys, parse_keys, parse_statements
from gateway.ledger.trust import Trust
from gateway.ledger.vouching import Authorities

MAX_FILE = 64 << 20
"""Bytes of a file that is read whole."""
_PROOF_BYTES = 2 * MAX_NOTE_BYTES
_NOTES = (
    "The key decides: it must come from elsewhere than the bundle. The bundle's own copies of the key and of verify.py"
    " are conveniences and were not used.",
)
_MADE = (
    "The attachments are what the gateway made of these records, under its signature: they were not made again here."
)
_OPEN_END = "Records after the last checkpoint are not seen; give a newer checkpoint to have them missed."


def verify(
    bundle: Path,
    vkey: str | None,
    checkpoint: bytes | None = None,
    trust: bytes | None = None,
    processes: int = 1,
    authorities: bytes | None = None,
) -> Report:
    """The report of a bundle that holds; `VerificationError` names the step that does not.

    `vkey` is the ledger's public key as a C2SP verifier key, or any one that it has had, with the statements after it
    that lead from one to another, if any (`ledger.rotation.parse_keys`); `checkpoint` a signed note of the same ledger,
    from elsewhere; `trust` a trust policy (`ledger.trust`): then a quorum of its witnesses must have cosigned. Without
    a `vkey`, the key is that of the policy's log of the bundle's name. `processes`: how many may go over the records of
    a large bundle, which changes nothing but the time (`split`). `authorities` are PEM certificates of those whom
    time-stamps are believed by: then one of the bundle's must be by them. Raises `FormatError` for a `vkey`, a policy
    or certificates that are none, `OSError` where the file cannot be read.
    """
    with bundle.open("rb") as file:
        return judge(file, vkey, checkpoint, trust, processes, authorities).demanded()


def judge(
    bundle: BinaryIO,
    vkey: str | None,
    checkpoint: bytes | None = None,
    trust: bytes | None = None,
    processes: int = 1,
    authorities: bytes | None = None,
) -> Verdict:
    """What became of each step, for a bundle that holds and for one that does not: of what lies in this file, which can
    be read at any place. Where it has no name by which other processes can open it, `processes` is to be 1. What is
    given, and what is raised for it, is as for `verify`."""
    trusted = None if trust is None else trusts.parse(trust)
    if vkey is None and trusted is None:
        raise FormatError("a public key, or a trust policy that has it, must be given")
    keys = None if vkey is None else parse_keys(vkey.encode())
    believed = None if authorities is None else Authorities(authorities)
    course = Course()
    try:
        return course.holds(_Verification(bundle, keys, checkpoint, trusted, processes, believed, course).run())
    except VerificationError as error:
        return course.fails(str(error))


class _Verification:
    """One run: each method is a step, or several that belong together."""

    def __init__(
        self,
        file: BinaryIO,
        keys: Keys | None,
        given: bytes | None,
        trust: Trust | None,
        processes: int,
        authorities: Authorities | None,
        course: Course,
    ) -> None:
        self._file, self._processes, self._step = file, processes, course.step
        self._known = keys
        self._given, self._trust, self._authorities = given, trust, authorities
        self._leave_out = course.leave_out

    def run(self) -> Report:
        if self._given is None:
            self._leave_out("newer", "no newer checkpoint was given")
        # 1.
        with self._step("container"):
            box = Container(self._file)
        # 2.
        with self._step("signature"):
            self._keys = _joined(self._known or _logged(box, self._trust), box)
            payload, signer = dsse.verified(box.read(manifests.NAME, manifests.MAX_BYTES), manifests.TYPE, self._keys)
            manifest = manifests.parse(payload)
            if manifest.origin != self._keys.name:
                raise VerificationError("of another ledger")
            if signer not in self._keys.counting(manifest.checkpoint[0]):
                raise VerificationError("signed by a key that had been replaced by another")
        if manifest.contents is None:
            self._leave_out("kept", "no kept content is carried")
        if manifest.scope is None:
            self._leave_out("scope", "the bundle is about nothing but its range")
        # 3. and 4.
        self._files(box, manifest)
        # 5.
        with self._step("bag"):
            _bag(box, manifest, signer)
        # 6.
        with self._step("checkpoints"):
            last = self._checkpoints(box, manifest)
        # 7.
        with self._step("witnesses"):
            seen = witnessed.read(box, self._keys, last, self._trust)
        if seen is None:
            self._leave_out("witnesses", "what witnesses have cosigned is not in the bundle")
        # 8.
        with self._step("stamps"):
            stamps = stamped.read(box, self._keys, last, self._authorities)
        if not stamps:
            self._leave_out("stamps", "the bundle has no time-stamps")
        given = self._read_given()
        # 9. to 12.
        records = self._records(box, manifest, last, given)
        # 13.
        with self._step("emergencies"):
            judged = emergencies.judged(records.emergencies, manifest.first)
            apart = emergencies.read(
                box,
                self._file,
                self._keys,
                box.read(bag.LAST_CHECKPOINT, MAX_NOTE_BYTES),
                judged,
                manifest,
                records.watch,
            )
        if not apart:
            self._leave_out("emergencies", "no record of the range stitches one in")
        # 14. was done beside 9., record by record; what is left is that these are the files that there must be.
        with self._step("proofs"):
            expected = _layout(manifest, last, records, () if seen is None else (seen.size,), stamps, apart)
            if tuple(file.path for file in manifest.files) != expected:
                raise VerificationError("the bundle does not have exactly the files that belong to its range")
        # 15.
        with self._step("policy"):
            standing = () if manifest.standing is None else (manifest.standing,)
            named = records.policies.union(standing, *(one.policies for one in apart))
            policies = _policies(manifest, named)
        # 16.
        with self._step("reports"):
            _reports(box, records)
        # 17.
        watch = records.watch
        if watch is not None:
            with self._step("scope"):
                failure = watch.failure(manifest.end, last.size)
                if failure is not None:
                    raise VerificationError(failure)
        # 18.
        if given is not None:
            with self._step("newer"):
                _compare(given, manifest, last)
        return self._report(manifest, records, policies, named, seen, stamps, apart)

    def _files(self, box: Container, manifest: Manifest) -> None:
        with self._step("files"):
            if [file.path for file in manifest.files] + [manifests.NAME] != list(box.members):
                raise VerificationError("the files are not the listed ones in the listed order")
        with self._step("content"):
            for file in manifest.files:
                digest = sha256()
                for block in box.blocks(file.path):
                    digest.update(block)
                if (box.members[file.path].size, digest.hexdigest()) != (file.bytes, file.sha256):
                    raise VerificationError(f"{file.path} has not the listed size and SHA-256")

    def _checkpoints(self, box: Container, manifest: Manifest) -> Checkpoint:
        last = checkpoints.verify(box.read(bag.LAST_CHECKPOINT, MAX_NOTE_BYTES), self._keys)
        if (last.size, last.root) != manifest.checkpoint or last.size < manifest.end:
            raise VerificationError("the last checkpoint is not the listed one, or does not cover the range")
        if manifest.opening is None:
            return last
        first = checkpoints.verify(box.read(bag.FIRST_CHECKPOINT, MAX_NOTE_BYTES), self._keys)
        if (first.size, first.root) != manifest.opening or not 0 < first.size <= manifest.first:
            raise VerificationError("the first checkpoint is not the listed one, or not before the range")
        path = parse_hashes(box.read(bag.FROM_FIRST, MAX_FILE))
        verify_consistency(first.size, last.size, path, first.root, last.root)
        return last

    def _read_given(self) -> Checkpoint | None:
        """Before the records, whose root is compared at its size; the step is done with the last."""
        if self._given is None:
            return None
        with self._step("newer", whole=False):
            try:
                return checkpoints.verify(self._given, self._keys)
            except (FormatError, VerificationError) as error:
                raise VerificationError(f"the checkpoint that was given: {error}") from error

    def _records(self, box: Container, manifest: Manifest, last: Checkpoint, given: Checkpoint | None) -> Records:
        with self._step("records"):
            lines = box.lines(bag.RECORDS, MAX_RECORD)
            self._told = told.read(lines, manifest.first, manifest.opening)
            expected = Expected(
                first=manifest.first,
                end=manifest.end,
                selection=manifest.selection,
                before=parse_hashes(box.read(bag.BEFORE, MAX_FILE)) if manifest.first else None,
                proofs=_proofs(box, manifest),
                checkpoints=[
                    item for item in (last, given) if item is not None and manifest.first <= item.size <= manifest.end
                ],
                last_note=box.read(bag.LAST_CHECKPOINT, MAX_NOTE_BYTES),
                verifier=self._keys,
                published=self._told.within,
                created=manifest.created,
            )
            several = self._processes > 1
            records = (split.read(box, Path(self._file.name), expected, self._processes) if several else None) or read(
                box.lines(bag.RECORDS, expected.line_bytes),
                box.lines(bag.DETAILS, bag.MAX_DETAIL),
                expected,
                _contents(box, manifest),
            )
            if records.selected != manifest.selected:
                raise VerificationError("the filters let through another number of records than stated")
        with self._step("details"):
            if records.opened != manifest.opened or (records.opened and not manifest.details):
                raise VerificationError("another number of details than stated")
        if manifest.contents is not None:
            with self._step("kept"):
                if records.contents.carried != manifest.contents:
                    raise VerificationError("another number of contents than stated")
                contents.demand_not_erased(_contents(box, manifest), records.contents.destroyed)
        with self._step("tree"):
            if last.size > manifest.end:
                path = parse_hashes(box.read(bag.TO_LAST, MAX_FILE))
                verify_consistency(manifest.end, last.size, path, records.root, last.root)
            elif records.root != last.root:
                raise VerificationError("the records have another root than the last checkpoint")
        return records

    def _report(
        self,
        manifest: Manifest,
        records: Records,
        policies: tuple[str, ...],
        named: frozenset[str],
        seen: Witnessed | None,
        stamps: tuple[Stamped, ...],
        apart: tuple[Found, ...],
    ) -> Report:
        dated, gone = tuple(one.document() for one in stamps), tuple(one.document() for one in apart)
        kept = contents.document(records.contents, asked=manifest.contents is not None)
        made = bool(_attachments(manifest))
        scope = None if records.watch is None else records.watch.document()
        whole = (manifest.first, manifest.end) == (0, manifest.checkpoint[0])
        limits = [] if scope is None else scopes.notes(scope, whole=whole)
        return Report(
            origin=manifest.origin,
            created=manifest.created,
            first=manifest.first,
            end=manifest.end,
            checkpoint=manifest.checkpoint[0],
            filters=dict(manifest.filters),
            recorded=records.recorded,
            scope=scope,
            selected=records.selected,
            opened=records.opened,
            commitment_only=records.committed - records.opened,
            contents=kept,
            uncovered=0,
            misses=records.misses.document(),
            policies=policies,
            missing_policies=tuple(sorted(named - set(policies))),
            attachments=_attachments(manifest),
            verifier=next(file.sha256 for file in manifest.files if file.path == bag.VERIFY),
            witnessed=None if seen is None else seen.document(),
            stamped=dated,
            emergencies=gone,
            notes=(
                *_NOTES,
                *stamped.notes(dated, witnessed=seen is not None),
                *emergencies.notes(gone),
                *limits,
                *contents.notes(kept),
                *self._told.notes,
                *((_MADE,) if made else ()),
                *((_OPEN_END,) if self._given is None else ()),
            ),
        )


def _logged(box: Container, trust: Trust | None) -> Keys:
    """The key of the log that the trust policy names like this bundle's ledger, by what the bundle says it is."""
    origin = box.read(bag.LAST_CHECKPOINT, MAX_NOTE_BYTES).partition(b"\n")[0]
    found = [log for log in (trust.logs if trust is not None else ()) if log.name.encode() == origin]
    if not found:
        raise VerificationError("the trust policy names no log of this name")
    return Keys(found[0])


def _joined(known: Keys, box: Container) -> Keys:
    """The keys that were given, and those that the bundle's own statements lead to. Each is signed by two keys, so that
    what the bundle says of keys is worth as much as the one that was given."""
    if bag.ROTATIONS not in box.members:
        return known
    found = parse_statements(box.read(bag.ROTATIONS, MAX_ROTATIONS))
    return Keys(known.newest, (*known.statements, *found))


def _bag(box: Container, manifest: Manifest, verifier: Verifier) -> None:
    files = manifest.files
    for path, content in (
        (bag.BAGIT, bag.DECLARATION),
        (bag.KEY, f"{verifier.vkey}\n".encode()),
        (bag.SELECTION, bag.selection_file(manifest)),
        (bag.INFO, bag.info(files, manifest)),
        (bag.PAYLOAD_MANIFEST, bag.payload_manifest(files)),
        (bag.TAG_MANIFEST, bag.tag_manifest(files)),
    ):
        if box.read(path, MAX_FILE) != content:
            raise VerificationError(f"{path} is not what follows from the manifest")


def _contents(box: Container, manifest: Manifest) -> Iterator[bytes]:
    return iter(()) if manifest.contents is None else box.lines(bag.CONTENTS, contents.MAX_LINE)


def _proofs(box: Container, manifest: Manifest) -> dict[int, Proof]:
    found: dict[int, Proof] = {}
    for file in manifest.files:
        if file.path.endswith(".tlog-proof"):
            proof = parse_proof(box.read(file.path, _PROOF_BYTES))
            if bag.proof_path(proof.index) != file.path or len(found) > bag.PROOFS + 2:
                raise VerificationError(f"{file.path} is not the proof of that record")
            found[proof.index] = proof
    return found


def _policies(manifest: Manifest, named: frozenset[str]) -> tuple[str, ...]:
    found: list[str] = []
    for file in manifest.files:
        digest = bag.policy_digest(file.path)
        if digest is not None:
            _policy(file, digest, named)
            found.append(digest)
    return tuple(found)


def _policy(file: File, digest: str, named: frozenset[str]) -> None:
    if digest != f"sha256:{file.sha256}":
        raise VerificationError(f"{file.path} does not have its digest")
    if digest not in named:
        raise VerificationError(f"{file.path} is named by no record and not as what stood when the range began")


def _reports(box: Container, records: Records) -> None:
    for path, content in ((bag.MISSES, records.misses.encoded()), (bag.MISSES_TEXT, records.misses.text())):
        # Bundles of version 0.1 have no report; that either both are there or none is the layout's.
        if path in box.members and box.read(path, MAX_FILE) != content:
            raise VerificationError(f"{path} is not what follows from the records")


def _layout(
    manifest: Manifest,
    last: Checkpoint,
    records: Records,
    cosigned: tuple[int, ...],
    stamps: tuple[Stamped, ...],
    apart: tuple[Found, ...],
) -> tuple[str, ...]:
    digests = [digest for file in manifest.files if (digest := bag.policy_digest(file.path)) is not None]
    return bag.layout(
        manifest.first,
        records.proven,
        digests,
        opening=manifest.opening is not None,
        beyond=last.size > manifest.end,
        reports=any(file.path in bag.REPORTS for file in manifest.files),
        attachments=_attachments(manifest),
        rotations=any(file.path == bag.ROTATIONS for file in manifest.files),
        contents=manifest.contents is not None,
        witnessed=tuple(path for size in cosigned for path in witnessed.paths(size, last.size)),
        stamped=stamped.paths([(one.size, one.tsa) for one in stamps], last.size),
        emergencies=emergencies.paths(apart),
    )


def _attachments(manifest: Manifest) -> tuple[str, ...]:
    return tuple(file.path for file in manifest.files if bag.attachable(file.path))


def _compare(given: Checkpoint, manifest: Manifest, last: Checkpoint) -> None:
    if given.size > last.size:
        raise VerificationError(
            f"it covers {given.size - last.size} records that the bundle's last checkpoint does not"
        )
    if manifest.first <= given.size <= manifest.end:
        return  # its root was compared at its size, among the records
    known = {last.size: last.root}
    if manifest.opening is not None:
        known[manifest.opening[0]] = manifest.opening[1]
    if given.size not in known:
        raise VerificationError("it is of a size at which the bundle has nothing to compare it with")
    if known[given.size] != given.root:
        raise VerificationError("it has another root than the bundle's checkpoint of that size")
