"""A store on each database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.store.kit import Store, fresh_postgres, opened


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    if request.param == "sqlite":
        url, owner_url = "sqlite:///gateway.db", None
    else:
        owner_url, url = await fresh_postgres()
    async with opened(tmp_path, url, owner_url) as made:
        yield made
