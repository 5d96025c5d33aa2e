"""Emergency ledgers that are over, as files: where each lies, and whether it is what the ledger has on record.

An auditor needs nothing of the gateway for it: a file is an archive (`evidence.archive`), whose key the main ledger
named before it was needed, and whose digest, size and root it named afterwards.
"""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from gateway.core.errors import FormatError, VerificationError
from gateway.evidence import archive as files
from gateway.evidence.emergency_file import check
from gateway.exchange.archived import digest_of, opened
from gateway.ledger.emergency import Stitched
from gateway.ledger.encoding import from_base64
from gateway.ledger.note import Verifier
from gateway.store.verification import Verdict


class EmergencyFiles:
    """Those of all ledgers. `directory`: where they lie; None where they are kept elsewhere. `files`: some that lie in
    other files, by their digests."""

    def __init__(self, directory: Path | None, files: Mapping[str, Path] | None = None) -> None:
        self._directory, self._files = directory, files or {}

    def file(self, ledger: str, emergency: str) -> Path | None:
        """Where the file of an emergency ledger lies, if there is a directory."""
        return None if self._directory is None else self._directory / ledger / f"{emergency}.archive"

    def at_hand(self, ledger: str, one: Stitched) -> Path | None:
        """The file of an emergency ledger, where there is one."""
        path = self._files.get(one.digest) or self.file(ledger, one.id)
        return path if path is not None and path.is_file() else None

    def beside(self, files: Mapping[str, Path]) -> "EmergencyFiles":
        """These, and others that lie in such files, by their digests."""
        return EmergencyFiles(self._directory, files)

    async def followed(self, ledger: str, verdict: Verdict, given: Sequence[Path] = ()) -> Verdict:
        """The verdict on a ledger with what its emergency ledgers add to it; a broken one stays as it is."""
        if verdict.failure is not None or not (verdict.emergencies or given):
            return verdict
        try:
            records, absent = await self.verified(ledger, verdict.emergencies, given)
        except (FormatError, VerificationError) as error:
            return msgspec.structs.replace(verdict, failure=str(error))
        return msgspec.structs.replace(verdict, emergency_records=records, absent=absent)

    async def verified(
        self, ledger: str, stitched: Sequence[Stitched], given: Sequence[Path] = ()
    ) -> tuple[int, tuple[str, ...]]:
        """How many records of these emergency ledgers were verified, and the ids of those whose file is not at hand.
        `given`: files that lie elsewhere. `VerificationError` names the first file that is not what is on record."""
        by_digest: dict[str, Path] = {}
        for place, path in enumerate(given, 1):
            found = await asyncio.to_thread(digest_of, path)
            if all(found != one.digest for one in stitched):
                raise VerificationError(f"emergency: file {place} of those given is none that the ledger has on record")
            by_digest[found] = path
        files = self.beside(by_digest)
        records, absent = 0, []
        for one in stitched:
            place_of = files.at_hand(ledger, one)
            if place_of is None:
                absent.append(one.id)
                continue
            records += await asyncio.to_thread(_checked, place_of, ledger, one)
        return records, tuple(absent)


def _checked(path: Path, ledger: str, one: Stitched) -> int:
    """1. the file's digest, 2. the file by the key that was on record before, with the form of what is sealed in it,
    3. what it holds against the record, 4. by times and exchanges too (`emergency_file`)."""
    try:
        if digest_of(path) != one.digest:
            raise VerificationError("its file is not the one on record")
        with opened(path) as file:
            checked = files.verify(files.Archive(file), Verifier.parse(one.key))
    except (FormatError, VerificationError) as error:
        raise VerificationError(f"emergency {one.id}: {error}") from error
    header, point = checked.header, checked.checkpoint
    found = (header.id, header.ledger, header.first, header.end, point.size, point.root)
    if found != (one.archive, ledger, 0, one.size, one.size, from_base64(one.root)):
        raise VerificationError(f"emergency {one.id}: its file is another ledger than the one on record")
    with opened(path) as file:
        return check(file, one, ledger).records
