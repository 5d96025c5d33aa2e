"""An installation to start, and what its ledger says of that."""

import json
from pathlib import Path

from gateway.bootstrap import open_site
from gateway.settings import Settings
from gateway.store.keyring import Keyring
from tests.system.site import settings_for

LATER = (
    "p, 900, role:user, class:internal, zone:cloud, *, purpose:*, always, deny, none, later, "
    '"Internal data never go to the cloud."'
)

AGENT = {"url": "http://127.0.0.1:9", "zone": "in-house", "capabilities": ["summarize"]}


def configured(base: Settings, **sections: object) -> Settings:
    keys = Path(base.base) / "keys"
    if not keys.exists():
        Keyring.create(keys).close()
    return settings_for(base, {"ward": AGENT}, **sections)


async def activations(settings: Settings) -> list[dict[str, object]]:
    async with open_site(settings) as site:
        reader = site.reader("default")
        return [
            {"policy": json.loads(stored.envelope)["policy"], **json.loads(stored.detail or b"{}")}
            async for stored in reader.records(0, await reader.size(), details=True)
            if json.loads(stored.envelope)["event"] == "policy.activated"
        ]
