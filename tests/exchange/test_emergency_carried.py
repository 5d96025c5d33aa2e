"""What a bundle may take along of emergency ledgers, by where they lie."""

from pathlib import Path

import msgspec

from gateway.exchange.emergency_carried import Carried
from gateway.exchange.emergency_files import EmergencyFiles
from gateway.ledger.record import parse_detail
from tests.exchange.emergency_kit import ROW
from tests.exchange.spliced_kit import OWN, cared, spliced
from tests.store.kit import LEDGER


async def test_its_file_is_found_with_where_its_key_is_on_record_and_what_still_opens(
    sqlite_template: Path, tmp_path: Path
) -> None:
    async with spliced(sqlite_template, tmp_path, cared(OWN, "su_own")) as there:
        (found,) = await there.trail.spliced()
        one, engine = found.one, there.sides.main.engine
        carried = Carried(there.trail.blocks, engine, LEDGER)
        assert (one.id, carried.held(one), await carried.prepared(one)) == (ROW.id, there.sides.file, 0)
        other = msgspec.structs.replace(one, id="em_2")
        assert (carried.held(other), await carried.prepared(other)) == (None, None)
        assert await Carried(there.trail.blocks, engine, "tn_other").prepared(one) is None
        details = await carried.details(one, (0, 1, 2))
        assert {seq: parse_detail(details[seq].detail).subjects for seq in (1, 2)} == {1: ("su_own",), 2: ("su_own",)}
        assert await carried.details(one, ()) == {}
        keyring = there.sides.main.keyring
        keyring.destroy(keyring.subject_keys("su_own"))
        assert await carried.details(one, (1, 2)) == {}
        assert EmergencyFiles(None).at_hand(LEDGER, one) is None
