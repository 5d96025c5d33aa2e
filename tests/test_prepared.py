"""What was filled once is filled for everybody, and what is done to a copy is done to no other."""

from pathlib import Path

import pytest

from gateway.settings import Settings
from gateway.store.engine import open_engine, target
from tests.prepared import Prepared

KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
_fillings: list[str] = []


async def _rows(settings: Settings, more: str | None = None) -> list[str]:
    engine = open_engine(target(settings))
    async with engine.begin() as connection:
        if more is not None:
            await connection.exec_driver_sql(f"INSERT INTO lease VALUES ('{more}', 'nobody', 0)")
        rows = (await connection.exec_driver_sql("SELECT name FROM lease ORDER BY name")).scalars().all()
    await engine.dispose()
    return list(rows)


async def _fill(settings: Settings, directory: Path) -> None:
    assert directory == Path(settings.base)
    _fillings.append(str(directory))
    await _rows(settings, "first")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_database_is_filled_once_and_copies_of_it_are_each_its_own(
    kind: str, prepared: Prepared, tmp_path: Path
) -> None:
    before = len(_fillings)
    for name in ("a", "b"):
        directory = tmp_path / name
        directory.mkdir()
        with prepared.copied(kind, _fill, directory) as settings:
            assert Path(settings.base) == directory
            assert await _rows(settings, name) == sorted(["first", name])
    assert await _rows(prepared.of(kind, _fill)) == ["first"]
    assert len(_fillings) == before + 1
