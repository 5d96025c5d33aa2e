"""Files of emergency ledgers, held to what the main ledger says of them."""

from pathlib import Path

import msgspec
import pytest

from gateway.core.errors import VerificationError
from gateway.exchange.emergency_files import EmergencyFiles
from tests.exchange.emergency_kit import both
from tests.store.kit import LEDGER, entry


async def test_a_file_that_is_not_the_one_on_record_is_named(sqlite_template: Path, tmp_path: Path) -> None:
    async with both(sqlite_template, tmp_path) as sides:
        await sides.own.append(entry())
        await sides.stitching().stitch(await sides.over())
        verdict = await sides.verified()
        file = sides.file
    files, nowhere = EmergencyFiles(tmp_path / "closed"), EmergencyFiles(None)
    assert files.file(LEDGER, "em_1") == file
    assert await files.verified(LEDGER, verdict.emergencies) == (3, ())
    assert await nowhere.verified(LEDGER, verdict.emergencies) == (0, ("em_1",))
    assert await nowhere.verified(LEDGER, verdict.emergencies, [file]) == (3, ())
    (one,) = verdict.emergencies
    for other in ({"archive": "ar_other"}, {"size": 2}, {"root": "A" * 43 + "="}):
        with pytest.raises(VerificationError, match="emergency em_1: its file is another ledger"):
            await files.verified(LEDGER, [msgspec.structs.replace(one, **other)])
    with pytest.raises(VerificationError, match="none that the ledger has on record"):
        await nowhere.verified(LEDGER, [msgspec.structs.replace(one, digest="sha256:" + "0" * 64)], [file])
    file.write_bytes(file.read_bytes() + b"more")
    with pytest.raises(VerificationError, match="emergency em_1: its file is not the one on record"):
        await files.verified(LEDGER, verdict.emergencies)
    found = await files.followed(LEDGER, verdict)
    assert "em_1" in (found.failure or "")
    broken = msgspec.structs.replace(verdict, failure="head")
    assert await files.followed(LEDGER, broken) == broken
