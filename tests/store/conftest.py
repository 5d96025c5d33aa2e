"""A store on each database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.settings import Settings
from tests.store.kit import Store, opened


@pytest.fixture
async def store(database: Settings, tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(database, tmp_path) as made:
        yield made
