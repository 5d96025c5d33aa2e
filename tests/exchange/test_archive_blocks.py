"""Blocks of an archive hold what the ledger's tree says, and no detail in clear."""

import io
from pathlib import Path

import pytest

from gateway.core.errors import VerificationError
from gateway.evidence.archive import Archiver
from gateway.exchange.archive_blocks import Blocks
from gateway.ledger.record import Detail
from gateway.store.sealing import Sealer
from tests.exchange.emergency_kit import both
from tests.store.kit import entry


async def test_a_block_is_written_up_to_its_end_and_details_are_sealed(sqlite_template: Path, tmp_path: Path) -> None:
    async with both(sqlite_template, tmp_path) as sides:
        await sides.own.append(entry(detail=Detail(reason="of nobody")))
        await sides.own.append(entry(detail=Detail(reason="of somebody"), subjects=("su_1",)))
        over, keyring = await sides.over(), sides.main.keyring
        await over.publisher.publish(force=True)
        file = io.BytesIO()
        blocks = Blocks(over.mine, over.store, Sealer(keyring), keyring)
        await blocks.write(Archiver(file), 0, 3)
        held = file.getvalue()
        assert held.count(b'"event":"config.changed"') == 2
        assert held.count(b'"part":"detail"') == 2
        assert b"of somebody" not in held
        assert b"of nobody" not in held
        assert keyring.subject_keys("su_1")
        with pytest.raises(VerificationError, match="tree"):
            await blocks.write(Archiver(io.BytesIO()), 0, 99)
