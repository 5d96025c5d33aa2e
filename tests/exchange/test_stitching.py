"""An emergency ledger is stitched in whole and once, wherever a try before has ended."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.core.errors import LedgerUnavailable, VerificationError
from gateway.exchange.stitching import prepare
from gateway.ledger.record import Detail, parse
from gateway.ledger.times import parse_timestamp
from gateway.store.emergencies import STANDING, STITCHED
from gateway.store.reader import StoreReader
from tests.exchange.emergency_kit import ROW, Both, both
from tests.store.archive_kit import SIGNER
from tests.store.kit import LEDGER, NODE, entry

STEPS = ("emergency.before_file", "emergency.after_file", "emergency.after_record")


@pytest.fixture
async def sides(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Both]:
    async with both(sqlite_template, tmp_path) as made:
        yield made


class Stopped(Exception):
    """The process ends here."""


async def _left_as_a_file(sides: Both) -> None:
    """It is over and lies there as a file, and whoever was stitching it in has stopped there."""

    async def failpoint(name: str) -> None:
        if name == "emergency.after_file":
            raise Stopped

    with pytest.raises(Stopped):
        await sides.stitching(failpoint).stitch(await sides.over())


async def test_stitched_in_at_whatever_step_a_try_before_has_stopped(sides: Both) -> None:
    await sides.own.append(entry(detail=Detail(reason="somebody's"), subjects=("su_1",)))
    at = [""]

    async def failpoint(name: str) -> None:
        if name == at[0]:
            raise Stopped

    digests = set()
    for at[0] in STEPS:
        with pytest.raises(Stopped):
            await sides.stitching(failpoint).stitch(await sides.over())
        if sides.file.exists():
            digests.add(sides.file.read_bytes())
    await sides.stitching().stitch(await sides.over())
    digests.add(sides.file.read_bytes())
    assert len(digests) == 1  # written once
    assert b"somebody's" not in sides.file.read_bytes()
    row, found = await sides.row(), await sides.verified()
    assert found.failure is None
    (stitched,) = found.emergencies
    assert (row.state, row.records, row.digest, row.archive) == (
        STITCHED,
        stitched.size,
        stitched.digest,
        stitched.archive,
    )
    assert (stitched.id, stitched.key) == (ROW.id, ROW.vkey)


async def test_a_file_that_was_changed_before_it_is_on_record_is_not_stitched_in(sides: Both) -> None:
    await _left_as_a_file(sides)
    held = sides.file.read_bytes()
    sides.file.write_bytes(held.replace(b'"emergency.ended"', b'"emergency.ENDED"'))
    with pytest.raises(VerificationError):
        await sides.stitching().stitch(await sides.over())
    assert (await sides.verified()).emergencies == ()
    sides.file.write_bytes(held)
    await sides.stitching().stitch(await sides.over())
    assert len((await sides.verified()).emergencies) == 1


async def test_from_its_file_alone_it_is_stitched_in_as_it_was_from_its_database(sides: Both) -> None:
    """Where the main ledger has been taken back since: by the key that this has on record, and no other file."""
    await _left_as_a_file(sides)
    row = await sides.row()
    another = msgspec.structs.replace(row, vkey=SIGNER.verifier.vkey)
    for wrong, ledger in ((another, LEDGER), (row, "tn_other")):
        with pytest.raises(VerificationError):
            await sides.stitching().again(wrong, ledger, sides.writer, sides.file)
    assert (await sides.row()).state == STANDING
    await sides.stitching().again(row, LEDGER, sides.writer, sides.file)
    again = await sides.row()
    (stitched,) = (await sides.verified()).emergencies
    assert (again.state, again.records, again.digest) == (STITCHED, stitched.size, stitched.digest)
    own = [parse(one.envelope) async for one in StoreReader(sides.emergency.engine, LEDGER).records(0, 9)]
    times = [parse_timestamp(one.occurred_at) for one in own if one.event in ("emergency.began", "emergency.ended")]
    assert [again.began_us, again.ended_us] == times


async def test_a_file_that_lies_there_of_another_emergency_is_not_taken_for_this_one(sides: Both) -> None:
    """What this database holds would be removed for it."""
    await _left_as_a_file(sides)
    over = await sides.over()
    mine = msgspec.structs.replace(over.mine, reader=StoreReader(sides.main.engine, LEDGER))
    with pytest.raises(VerificationError, match="not of what this database holds"):
        await sides.stitching().stitch(msgspec.structs.replace(over, mine=mine))
    assert (await sides.row()).state == STANDING


async def test_an_id_is_prepared_once(sides: Both) -> None:
    with pytest.raises(LedgerUnavailable):
        await prepare(ROW, LEDGER, sides.writer, sides.main.clock, NODE)


async def test_one_that_was_not_prepared_or_is_stitched_in_again_is_found(sides: Both) -> None:
    fields: dict[str, Any] = {
        "emergency": "em_2",
        "key": ROW.vkey,
        "archive": "ar_1",
        "digest": "sha256:" + "0" * 64,
        "range": (0, 1),
        "checkpoint": (1, "A" * 43 + "="),
        "began": "2026-11-24T01:02:03.000004Z",
        "ended": "2026-11-24T01:02:03.000004Z",
    }
    await sides.writer.append(entry("emergency.stitched", **fields))
    assert "was not on record before" in ((await sides.verified()).failure or "")
