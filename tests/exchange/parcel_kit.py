"""A bundle to be delivered."""

import hashlib
from pathlib import Path
from typing import Any

from gateway.exchange.deliveries import Parcel

CONTENT = b"evidence" * 300_000


def parcel(directory: Path, content: bytes = CONTENT, **fields: Any) -> Parcel:
    file = directory / "built.zip"
    file.write_bytes(content)
    values = {"tenant": "clinic", "schedule": "monthly", "period": "2026-10", "bundle": "ev_1", **fields}
    return Parcel(file=file, **{"digest": hashlib.sha256(content).hexdigest(), **values})
