"""Where bundles lie, and what is being made of those that are not there yet.

    <directory>/<tenant>/<id>.<digest>.zip      a bundle that is ready, `.zip.age` where it is encrypted
    <directory>/<tenant>/.<id>.work/            what its builders have made so far (`bundle_work`)

A bundle is renamed out of the second when it is whole, to a name that holds its digest: so what lies there under the
name that the row says is complete, whoever built it, and however many did.
"""

import hashlib
import re
import shutil
from pathlib import Path

import msgspec

from gateway.evidence.selection import Selection
from gateway.exchange.bundle_work import sync
from gateway.ledger.record import NodeInfo
from gateway.store.bundle_jobs import BundleJob

ID = re.compile(r"ev_[0-9a-f]{26}")
_WORK = re.compile(rf"\.({ID.pattern})\.work")
_WHOLE = re.compile(rf"({ID.pattern})\.[0-9a-f]{{16}}\.zip(?:\.age)?")
_BLOCK = 1 << 20


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for, as the row keeps it."""

    selection: Selection
    attach: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    """Public keys that it is encrypted to, the configured ones among them once it is a row."""


def order_of(job: BundleJob) -> Order:
    return msgspec.json.decode(job.asked, type=Order)


def suffix(job: BundleJob) -> str:
    """How the name of its file ends."""
    return ".zip.age" if order_of(job).recipients else ".zip"


class BundleFiles:
    """Below one directory. Everything here blocks, and raises `OSError`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def place(self, job: BundleJob) -> Path:
        """Where a bundle lies that is ready."""
        return self.directory / job.tenant / f"{job.id}.{(job.digest or '')[:16]}{suffix(job)}"

    def work(self, tenant: str, bundle_id: str) -> Path:
        """The directory in which it is made."""
        return self.directory / tenant / f".{bundle_id}.work"

    def put(self, made: Path, job: BundleJob) -> None:
        """Put a bundle that is whole and synced into its place; its name is durable when this returns. A crash before:
        it lies where it was made, or in its place."""
        place = self.place(job)
        made.rename(place)
        sync(place.parent)

    def whole(self, tenant: str) -> list[tuple[str, Path]]:
        """The files that lie where bundles do that are ready, each with the id of its bundle."""
        there = ((_WHOLE.fullmatch(path.name), path) for path in (self.directory / tenant).glob("ev_*.zip*"))
        return sorted((found[1], path) for found, path in there if found is not None)

    def begun(self, tenant: str) -> list[str]:
        """Ids of bundles of which something that was made lies here."""
        there = (_WORK.fullmatch(path.name) for path in (self.directory / tenant).glob(".*.work"))
        return sorted(found[1] for found in there if found is not None)

    def clear(self, tenant: str, bundle_id: str) -> None:
        """Remove what was made of a bundle that is over."""
        work = self.work(tenant, bundle_id)
        if work.exists():
            shutil.rmtree(work)

    def sweep(self, node: NodeInfo) -> None:
        """Remove what former boots of this node had begun by a version that kept nothing of it."""
        for part in self.directory.glob(f"*/.*.{node.id}.*.part"):
            if f".{node.boot}." not in part.name:
                part.unlink(missing_ok=True)


def digest(path: Path) -> tuple[str, int]:
    """SHA-256 of a file in hex, and its bytes."""
    found, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
            size += len(block)
    return found.hexdigest(), size
