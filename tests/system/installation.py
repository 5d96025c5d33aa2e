"""A gateway's installation on disk, with a watching agent's process behind it: for tests that start and kill it."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from gateway.bootstrap import open_site
from gateway.settings import Settings, load
from gateway.store.keyring import Keyring
from tests.system.processes import child
from tests.system.site import PROCESSOR, SHIPPED, ZONES, new_key
from tests.system.watching import watch

AGENTS: dict[str, dict[str, Any]] = {
    "cloud": {"zone": "cloud", "processor": "cloud-inc", "capabilities": ["summarize"]},
    "ward": {"zone": "in-house", "capabilities": ["summarize"]},
    "desk": {"zone": "in-house", "capabilities": ["summarize"]},
}
RATES = dict.fromkeys(("credential", "tenant", "target"), "1000000/second")


class Seen(msgspec.Struct, frozen=True):
    """One request as an agent received it, and the record that it found by then."""

    agent: str
    trace: str
    seq: int | None


class Installation(msgspec.Struct, frozen=True):
    """`file` is its `gateway.toml`, `key` an API key of a clinician's."""

    file: Path
    settings: Settings
    key: str
    _seen: Path

    def seen(self) -> list[Seen]:
        """Every request that reached an agent."""
        lines = self._seen.read_bytes().splitlines() if self._seen.exists() else []
        return [msgspec.json.decode(line, type=Seen) for line in lines]


@asynccontextmanager
async def installation(
    base: Settings, *, agents: Mapping[str, dict[str, Any]] = AGENTS, **sections: Any
) -> AsyncIterator[Installation]:
    """On the database of `base`, in its directory; `sections` are further ones of the configuration."""
    directory = Path(base.base)
    seen, file = directory / "seen.jsonl", directory / "gateway.toml"
    Keyring.create(directory / "keys").close()
    async with child(watch, base, seen) as watching:
        url = await watching.told()
        document = {
            "database": {"url": base.database.url},
            "policy": {"directory": str(SHIPPED)},
            "keys": {"directory": "keys"},
            "limits": RATES,
            "classification": {"budget_ms": 10_000},
            "zone": ZONES,
            "processor": [PROCESSOR],
            "agent": [
                {"id": name, "protocol": "openai", "url": f"{url}/{name}", **values} for name, values in agents.items()
            ],
            **sections,
        }
        if base.database.owner_url is not None:
            document["database"]["owner_url"] = base.database.owner_url
        text = "".join(f"{name} = {toml(value)}\n" for name, value in document.items())
        await asyncio.to_thread(file.write_text, text)
        settings = load(file, {})
        async with open_site(settings) as site:
            key = await new_key(site, "clinician")
        yield Installation(file, settings, key.plain, seen)


def toml(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name} = {toml(item)}' for name, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(toml(item) for item in value)}]"
    return json.dumps(value)
