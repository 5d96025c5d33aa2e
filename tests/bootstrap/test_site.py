"""A node has an id, or there is no start."""

from pathlib import Path

import msgspec
import pytest

from gateway.bootstrap import open_site
from gateway.core.errors import ConfigurationError
from gateway.settings import Settings
from tests.bootstrap.kit import configured


async def test_a_node_keeps_its_id_and_each_start_has_its_own(sqlite_settings: Settings) -> None:
    settings = configured(sqlite_settings)
    nodes = []
    for _ in range(2):
        async with open_site(settings) as site:
            nodes.append(site.node)
    assert nodes[0].id == nodes[1].id
    assert nodes[0].id.startswith("nd_")
    assert nodes[0].boot != nodes[1].boot
    named = msgspec.structs.replace(settings, keys=msgspec.structs.replace(settings.keys, node="two"))
    async with open_site(named) as site:
        assert site.node.id != nodes[0].id, "nodes that share a keyring are told apart by their names"
    file = Path(settings.base) / "keys" / "node-id"
    assert file.stat().st_mode & 0o077 == 0
    file.write_text("something else")
    with pytest.raises(ConfigurationError, match="node-id"):
        async with open_site(settings):
            pass
