"""A ledger whose first block lies in an archive: made once, and copied for who asks for it."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.core.ids import uuid7
from gateway.ledger.emergency import STITCHED as STITCHING
from gateway.ledger.emergency import Stitched
from gateway.ledger.entry import Entry
from gateway.ledger.record import Detail
from gateway.ledger.times import timestamp
from gateway.settings import Settings, parse
from gateway.store.archives import Archived
from gateway.store.engine import target
from gateway.store.postings import BLOCK
from tests.exchange.archive_kit import advance
from tests.services import run_apart
from tests.store.archive_kit import fill
from tests.store.kit import START_US, Store, entry, opened

EXCHANGE = uuid7(START_US)
PLACES = (5, BLOCK - 1, BLOCK + 3)
"""Records of this exchange, about `JANE`, of which the last is in the database."""
JANE = "su_" + "1" * 26
STITCHED = 11
"""The record that stitches `NIGHT` in."""
NIGHT = Stitched(
    id="em_1",
    key="gateway.internal/ledger/0011+emergency",
    archive="ar_night",
    digest="sha256:" + "0" * 64,
    size=4,
    root="A" * 43 + "=",
    began=timestamp(START_US),
    ended=timestamp(START_US + 9),
)


def some(seq: int) -> Entry:
    if seq in PLACES:
        detail = Detail(reason=f"r{seq}")
        return entry("exchange.requested", exchange=EXCHANGE, subjects=(JANE,), detail=detail, us=START_US + seq)
    if seq == STITCHED - 1:
        return entry("emergency.prepared", us=START_US + seq, emergency=NIGHT.id, key=NIGHT.key)
    if seq == STITCHED:
        told: dict[str, Any] = {name: getattr(NIGHT, name) for name in ("key", "archive", "digest", "began", "ended")}
        point, span = (NIGHT.size, NIGHT.root), (0, NIGHT.size)
        return entry(STITCHING, us=START_US + seq, emergency=NIGHT.id, checkpoint=point, range=span, **told)
    return entry(us=START_US + seq)


@pytest.fixture(scope="session")
def archived_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger whose first block lies in an archive, with its keys."""
    directory = tmp_path_factory.mktemp("moved")
    shutil.copy(sqlite_template, directory / "gateway.db")

    async def make() -> None:
        async with opened(parse({"database": {"url": "sqlite:///gateway.db"}}, {}, directory), directory) as store:
            await fill(store, made=some)
            assert isinstance(await advance(store), Archived)

    run_apart(make())
    return directory


@pytest.fixture
async def archived_store(archived_template: Path, sqlite_settings: Settings, tmp_path: Path) -> AsyncIterator[Store]:
    shutil.copy(archived_template / "gateway.db", target(sqlite_settings).path)
    shutil.copytree(archived_template / "archive", tmp_path / "archive")
    async with opened(sqlite_settings, tmp_path) as made:
        yield made
