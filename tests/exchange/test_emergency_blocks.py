"""Blocks of an emergency ledger's file: those that were stitched in, or none."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.core.errors import RecordsArchived, VerificationError
from gateway.evidence.archive import Archive, digest
from gateway.exchange.emergency_blocks import EmergencyBlocks
from gateway.exchange.emergency_files import EmergencyFiles
from gateway.ledger.commitment import matches
from gateway.ledger.record import parse
from gateway.store.sealing import Sealer
from tests.exchange.emergency_kit import ROW
from tests.exchange.spliced_kit import OWN, Spliced, cared, spliced
from tests.store.kit import LEDGER


@pytest.fixture
async def both(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Spliced]:
    async with spliced(sqlite_template, tmp_path, cared(OWN, "su_own")) as made:
        yield made


def blocks(both: Spliced, ledger: str = LEDGER) -> EmergencyBlocks:
    return EmergencyBlocks(ledger, EmergencyFiles(both.directory / "closed"), Sealer(both.sides.main.keyring))


async def test_records_are_those_of_the_file_and_open_what_they_commit_to(both: Spliced) -> None:
    found, ((one,), spliced_in) = blocks(both), ((await both.trail.spliced()), both.size)
    assert not found.sure(one.one)
    records = await found.records(one.one, 0)
    assert found.sure(one.one)
    assert [record.seq for record in records] == list(range(spliced_in))
    assert {record.emergency for record in records} == {ROW.id}
    for record in await found.detailed(one.one, records[1:3]):
        commitment = parse(record.envelope).detail or ""
        assert matches(commitment, record.detail_salt or b"", "detail", record.detail or b"")
    assert await found.detailed(one.one, []) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("archive", "ar_other"), ("size", 2), ("root", "A" * 43 + "="), ("key", ROW.vkey.replace("/1+", "/2+"))],
)
async def test_a_file_of_another_ledger_than_the_record_says_gives_nothing(
    both: Spliced, field: str, value: Any
) -> None:
    (one,) = await both.trail.spliced()
    with pytest.raises(VerificationError, match="emergency em_1"):
        await blocks(both).records(msgspec.structs.replace(one.one, **{field: value}), 0)


async def test_records_that_no_checkpoint_covers_are_none_even_where_the_digest_was_made_to_fit(both: Spliced) -> None:
    """Who can write the row and the record of an emergency still has no key that signs another root."""
    (one,) = await both.trail.spliced()
    file = both.sides.file
    data = file.read_bytes()
    with file.open("rb") as opened:
        (line, *_) = [record.envelope for record in Archive(opened).records(0) if b'"agent":"ward"' in record.envelope]
    assert line in data
    file.write_bytes(data.replace(line, line.replace(b'"agent":"ward"', b'"agent":"WARD"')))
    with file.open("rb") as opened:
        made = msgspec.structs.replace(one.one, digest=digest(opened), root="")
    with pytest.raises(VerificationError, match="emergency em_1"):
        await blocks(both).records(made, 0)


async def test_a_file_that_goes_away_and_that_of_another_ledger_are_not_at_hand(both: Spliced) -> None:
    (one,) = await both.trail.spliced()
    other = blocks(both, "tn_other")
    assert not other.at_hand(one.one)
    with pytest.raises(RecordsArchived, match="em_1"):
        await other.records(one.one, 0)
    found = blocks(both)
    assert found.at_hand(one.one)
    await found.records(one.one, 0)
    both.away()
    with pytest.raises(RecordsArchived, match="em_1"):
        await found.parts(one.one, 0)
