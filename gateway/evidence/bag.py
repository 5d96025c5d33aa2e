"""BagIt 1.0 (RFC 8493): the names of a bundle's files, and the tag files, which follow from the others.

Stricter than BagIt: tag files are listed too, the order is fixed, and nothing may be there that is not listed.
"""

import re
from collections.abc import Iterable, Sequence

from gateway.evidence import scope as scopes
from gateway.evidence import strict_json
from gateway.evidence.manifest import File, Manifest

DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
BAGIT = "bagit.txt"
INFO = "bag-info.txt"
PAYLOAD_MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"

README = "data/README.txt"
VERIFY = "data/verify.py"
KEY = "data/key.vkey"
ROTATIONS = "data/rotations.txt"
"""How the ledger's key came after others, where it did (`ledger.rotation`)."""
RECORDS = "data/records.jsonl"
DETAILS = "data/details.jsonl"
CONTENTS = "data/content/contents.jsonl"
"""Kept content of selected records, where it was asked for; bundles of version 0.1 have none."""
SELECTION = "data/selection.json"
MISSES = "data/reports/misses.json"
MISSES_TEXT = "data/reports/misses.txt"
REPORTS = (MISSES, MISSES_TEXT)
"""What follows from the records of the range, for who does not want to compute it. Bundles of version 0.1 have none."""
FIRST_CHECKPOINT = "data/checkpoints/first.txt"
LAST_CHECKPOINT = "data/checkpoints/last.txt"
WITNESSED = "data/witness/checkpoint.txt"
"""The newest checkpoint that witnesses have cosigned, with their lines; bundles of version 0.1 have none."""
WITNESSED_TO_LAST = "data/witness/to-last.txt"
"""That the tree of the last checkpoint extends the tree of that one."""
STAMPS = "data/timestamps"
"""Checkpoints that were time-stamped, by their sizes, each with its time-stamps; bundles of version 0.1 have none."""
BEFORE = "data/proofs/before.txt"
"""From the record before the range to the root of the tree that the range continues."""
FROM_FIRST = "data/proofs/first-to-last.txt"
"""That the tree of the last checkpoint extends that of the first."""
TO_LAST = "data/proofs/range-to-last.txt"
"""That the tree of the last checkpoint extends the tree that ends with the range."""

MAX_DETAIL = 1_500_000
"""Bytes of a line of `details.jsonl`: 1 MiB of detail in base64, and what is around it."""
PROOFS = 100
"""Of so many selected records the bundle holds a proof file each, besides those at both ends of the range."""
ATTACHMENTS = ("csv", "fhir", "ocsf", "oscal", "reports")
"""Directories under `data/` of what is made of the records as a bundle is written; `data/disclosures.jsonl` is too."""
_PART = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_ATTACHMENT = re.compile(rf"data/(?:disclosures\.jsonl|(?:{'|'.join(ATTACHMENTS)})/{_PART}(?:/{_PART})?)")
_POLICY = re.compile(r"data/policy/([0-9a-f]{64})\.json")


_EMERGENCY = re.compile(r"[a-z0-9][a-z0-9_]{0,62}")
EMERGENCIES = "data/emergencies"
"""Emergency ledgers that records of the range stitch in, by their ids; bundles of version 0.1 have none."""


def is_emergency(name: str) -> bool:
    """Whether an id is one that a directory can have as its name."""
    return _EMERGENCY.fullmatch(name) is not None


def emergency_file(name: str) -> str:
    """Where the file of the emergency ledger of this id lies, in its exact bytes."""
    return f"{EMERGENCIES}/{name}/ledger.archive"


def emergency_details(name: str) -> str:
    """Where details of its selected records lie, each opened, in lines as those of `details.jsonl`."""
    return f"{EMERGENCIES}/{name}/details.jsonl"


def emergency_key(name: str) -> str:
    """Where the record lies that named its key before, if that is not of the range."""
    return f"{EMERGENCIES}/{name}/prepared.json"


def emergency_proof(name: str) -> str:
    """That this record is under the last checkpoint."""
    return f"{EMERGENCIES}/{name}/prepared.proof"


_STAMP = re.compile(rf"{STAMPS}/([1-9][0-9]{{0,18}})/([a-z0-9][a-z0-9_.-]{{0,62}})\.tsr")


def stamp_path(size: int, tsa: str) -> str:
    """Where an authority's time-stamp of the checkpoint of this size lies."""
    return f"{STAMPS}/{size}/{tsa}.tsr"


def stamp_of(path: str) -> tuple[int, str] | None:
    """Size and authority of a path of `stamp_path`, or None for any other path."""
    found = _STAMP.fullmatch(path)
    return None if found is None else (int(found[1]), found[2])


def stamped_checkpoint(size: int) -> str:
    """Where a checkpoint of this size lies that was time-stamped, in its exact bytes."""
    return f"{STAMPS}/{size}/checkpoint.txt"


def stamped_to_last(size: int) -> str:
    """That the tree of the last checkpoint extends the tree of that one."""
    return f"{STAMPS}/{size}/to-last.txt"


def proof_path(seq: int) -> str:
    return f"data/proofs/{seq}.tlog-proof"


def policy_path(digest: str) -> str:
    """Where the policy version `sha256:<64 hex digits>` lies."""
    return f"data/policy/{digest.removeprefix('sha256:')}.json"


def policy_digest(path: str) -> str | None:
    """The digest that a path of `policy_path` is for, or None for any other path."""
    found = _POLICY.fullmatch(path)
    return None if found is None else f"sha256:{found[1]}"


def attachable(path: str) -> bool:
    """Whether a path is one of a file that may be there besides those that each bundle has."""
    return path not in REPORTS and _ATTACHMENT.fullmatch(path) is not None


def layout(
    first: int,
    seqs: Iterable[int],
    digests: Iterable[str],
    *,
    opening: bool,
    beyond: bool,
    reports: bool = True,
    attachments: Iterable[str] = (),
    rotations: bool = False,
    contents: bool = False,
    witnessed: Iterable[str] = (),
    stamped: Iterable[str] = (),
    emergencies: Iterable[str] = (),
) -> tuple[str, ...]:
    """The paths of a bundle's files, in their order, the signed manifest excepted.

    `seqs` have proof files, `digests` policy files; `opening` says whether there is a first checkpoint, `beyond`
    whether the last one covers more than the range, `reports` whether there are any, `rotations` whether the key came
    after another, `contents` whether kept content was asked for; `attachments` are the paths of what else there
    is, `witnessed` those of what witnesses have seen, `stamped` those of time-stamps, `emergencies` those of emergency
    ledgers.
    """
    return (
        *(BAGIT, README, VERIFY, KEY),
        *((ROTATIONS,) if rotations else ()),
        *(RECORDS, DETAILS),
        *((CONTENTS,) if contents else ()),
        SELECTION,
        *(REPORTS if reports else ()),
        *emergencies,
        *sorted(attachments),
        *((FIRST_CHECKPOINT,) if opening else ()),
        LAST_CHECKPOINT,
        *witnessed,
        *stamped,
        *((BEFORE,) if first else ()),
        *((FROM_FIRST,) if opening else ()),
        *((TO_LAST,) if beyond else ()),
        *(proof_path(seq) for seq in sorted(seqs)),
        *(policy_path(digest) for digest in sorted(digests)),
        *(INFO, PAYLOAD_MANIFEST, TAG_MANIFEST),
    )


def selection_file(manifest: Manifest) -> bytes:
    """`data/selection.json`: what the manifest says of the selection, for who opens the directory."""
    return strict_json.dump(
        {
            "range": [manifest.first, manifest.end],
            "filters": dict(manifest.filters),
            "details": manifest.details,
            "selected": manifest.selected,
            **({} if manifest.contents is None else {"contents": manifest.contents}),
            **({} if manifest.scope is None else {"scope": scopes.encode(manifest.scope)}),
        }
    )


def info(files: Sequence[File], manifest: Manifest) -> bytes:
    """`bag-info.txt` (RFC 8493 §2.2.2). `files` may hold others than payload files, which do not count."""
    payload = [file for file in files if file.path.startswith("data/")]
    return (
        f"Bag-Software-Agent: {manifest.generator}\n"
        f"Bagging-Date: {manifest.created[:10]}\n"
        f"External-Identifier: {manifest.origin} {manifest.first}-{manifest.end}\n"
        f"Payload-Oxum: {sum(file.bytes for file in payload)}.{len(payload)}\n"
    ).encode()


def payload_manifest(files: Sequence[File]) -> bytes:
    """`manifest-sha256.txt` (§2.1.3): the payload files, in their order."""
    return "".join(f"{file.sha256}  {file.path}\n" for file in files if file.path.startswith("data/")).encode()


def tag_manifest(files: Sequence[File]) -> bytes:
    """`tagmanifest-sha256.txt` (§2.2.1): the tag files that are not manifests of tags, in their order."""
    tags = [file for file in files if file.path in (BAGIT, INFO, PAYLOAD_MANIFEST)]
    return "".join(f"{file.sha256}  {file.path}\n" for file in tags).encode()
