"""A process that exports a whole ledger as NDJSON, as the API's handler does, and says what memory and time it took.

python -m benchmarks.export DATABASE_URL DIRECTORY
"""

import asyncio
import sys
import time
from pathlib import Path

import msgspec

from benchmarks import databases
from benchmarks.ledgers import LEDGER
from gateway.store.engine import open_engine, target
from gateway.store.search import Filters, Search


async def export(url: str, directory: Path) -> dict[str, int]:
    engine = open_engine(target(databases.settings(url, directory)))
    began, count = time.perf_counter(), 0
    try:
        async for hit in Search(engine, LEDGER).stream(Filters(), details=True):
            stored = hit.stored
            said = {"seq": stored.seq, "bytes": stored.envelope.decode(), "hash": stored.hash.hex()}
            count += bool(msgspec.json.encode(said))
    finally:
        await engine.dispose()
    return {"mb": _peak_mb(), "records": count, "per_s": round(count / (time.perf_counter() - began))}


def _peak_mb() -> int:
    """The most that this process has held. Not from getrusage, which begins with what its parent held."""
    status = Path("/proc/self/status").read_text("ascii")
    return next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM"))


if __name__ == "__main__":
    print(msgspec.json.encode(asyncio.run(export(sys.argv[1], Path(sys.argv[2])))).decode())
