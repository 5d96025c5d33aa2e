"""What an emergency recorded is read from its file, of its own ledger, for who asks the ledger it was stitched into."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.core.errors import RecordsArchived, VerificationError
from gateway.core.ids import uuid7
from gateway.exchange.emergency_files import EmergencyFiles
from gateway.exchange.emergency_trail import EmergencyTrail
from gateway.ledger.record import parse_detail
from gateway.store.sealing import Sealer
from tests.exchange.spliced_kit import MAIN, OWN, Spliced, cared, events, numbers, spliced
from tests.store.kit import LEDGER, START_US

EVER = ("1970-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z")
BEFORE = (EVER[0], "2001-01-01T00:00:00.000000Z")
OTHER = uuid7(START_US, b"\1" * 10)


@pytest.fixture
async def both(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Spliced]:
    own = [*cared(OWN, "su_own", "su_both"), *cared(OTHER, "su_both")]
    async with spliced(sqlite_template, tmp_path, own) as made:
        yield made


async def test_an_exchange_is_shown_from_the_ledger_that_it_went_through_with_its_details(both: Spliced) -> None:
    found = await both.trail.exchange(OWN)
    assert events(found) == ["exchange.requested", "exchange.completed"]
    assert numbers(found) == [("em_1", 1), ("em_1", 2)]
    assert [parse_detail(one.detail or b"").subjects for one in found] == [("su_own", "su_both")] * 2
    (told,) = await both.trail.told(OWN)
    assert (told["id"], told["stitched"], told["records"], told["held"]) == ("em_1", both.place, both.size, True)
    for other in (MAIN, "nobody's"):
        assert await both.trail.exchange(other) == []
        assert await both.trail.told(other) == []


async def test_a_file_that_is_not_at_hand_is_named_by_everything_that_would_look_into_it(both: Spliced) -> None:
    moved = both.away()
    trail = both.trail
    assert await trail.exchange(OWN) == []
    assert await trail.away_around(OWN) == await trail.away(*EVER) == await trail.away(None, None) == ("em_1",)
    assert await trail.away(*BEFORE) == ()
    assert [told["held"] for told in await trail.told(OWN)] == [False]
    with pytest.raises(RecordsArchived, match="em_1"):
        await anext(aiter(trail.period(("exchange.requested",), *EVER)))
    assert [some async for some in trail.about(("su_own",))] == []
    assert [some async for some in trail.period(("exchange.requested",), *BEFORE)] == []
    (digest,) = [one.one.digest for one in await trail.spliced()]
    keyring = both.sides.main.keyring
    files = EmergencyFiles(None).beside({digest: moved})
    given = EmergencyTrail(both.sides.main.engine, LEDGER, files, Sealer(keyring), keyring.subject_keys)
    assert len(await given.exchange(OWN)) == 2


async def test_records_of_a_period_and_of_a_person_are_those_that_name_the_person(both: Spliced) -> None:
    trail, wanted = both.trail, ("exchange.requested",)
    every = [one async for some in trail.period(wanted, *EVER) for one in some]
    assert [one.emergency for one in every] == ["em_1", "em_1"]
    assert all(one.detail is not None for one in every)
    for ids, expected in ((("su_own",), 1), (("su_both",), 2), (("su_main",), 0), (("su_own", "su_both"), 2)):
        found = [one async for some in trail.period(wanted, *EVER, ids) for one in some]
        assert len(found) == expected, ids
        about = [one async for some in trail.about(ids) for one in some]
        assert len(about) == 2 * expected, ids


async def test_an_erasure_takes_the_name_and_the_details_and_leaves_the_others_theirs(both: Spliced) -> None:
    keyring, trail = both.sides.main.keyring, both.trail
    keyring.destroy((*keyring.subject_keys("su_own"), "su_own"))
    assert [some async for some in trail.about(("su_own",))] == []
    assert len([one async for some in trail.about(("su_both",)) for one in some]) == 4
    assert [one.detail for one in await trail.exchange(OWN)] == [None, None]
    assert None not in [one.detail for one in await trail.exchange(OTHER)]


async def test_a_file_that_was_changed_gives_nothing_before_and_after_it_was_looked_at(both: Spliced) -> None:
    file, trail = both.sides.file, both.trail
    held = file.read_bytes()
    assert len(await trail.exchange(OWN)) == 2
    file.write_bytes(held.replace(b'"agent":"ward"', b'"agent":"WARD"'))
    with pytest.raises(VerificationError, match="emergency em_1"):
        await trail.exchange(OWN)
    keyring, files = both.sides.main.keyring, EmergencyFiles(both.directory / "closed")
    fresh = EmergencyTrail(both.sides.main.engine, LEDGER, files, Sealer(keyring), keyring.subject_keys)
    with pytest.raises(VerificationError, match="emergency em_1: its file is not the one on record"):
        await fresh.exchange(OWN)
    file.write_bytes(held)
    assert len(await fresh.exchange(OWN)) == 2


async def test_another_ledger_has_none_of_it(both: Spliced) -> None:
    keyring, files = both.sides.main.keyring, EmergencyFiles(both.directory / "closed")
    other = EmergencyTrail(both.sides.main.engine, "tn_other", files, Sealer(keyring), keyring.subject_keys)
    assert (await other.spliced(), await other.exchange(OWN), await other.away(None, None)) == ((), [], ())
    assert [some async for some in other.about(("su_own",))] == []
    assert [some async for some in other.period(("exchange.requested",), *EVER)] == []


async def test_a_row_that_is_not_what_its_record_says_is_not_believed(both: Spliced) -> None:
    async with both.sides.main.bare() as database:
        await database.run("emergency", "UPDATE emergency SET digest = 'sha256:0'")
    keyring, files = both.sides.main.keyring, EmergencyFiles(both.directory / "closed")
    fresh = EmergencyTrail(both.sides.main.engine, LEDGER, files, Sealer(keyring), keyring.subject_keys)
    with pytest.raises(VerificationError, match="emergency em_1: its row"):
        await fresh.spliced()
