"""An export in a process of its own says how much memory it took, and that it read everything."""

from benchmarks.export import export
from benchmarks.ledgers import SqliteLedger
from gateway.settings import Settings
from gateway.store.engine import target


async def test_everything_is_exported(sqlite_settings: Settings) -> None:
    path = target(sqlite_settings).path
    await SqliteLedger(path).grow(0, 2_400)
    told = await export(f"sqlite:///{path}", path.parent)
    assert told["records"] == 2_400
    assert 10 < told["mb"] < 10_000
    assert told["per_s"] > 0
