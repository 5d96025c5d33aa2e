"""The parts are joined, or no start at all."""

from pathlib import Path

import pytest

from gateway.bootstrap import open_gateway
from gateway.core.errors import ConfigurationError
from gateway.settings import Settings
from gateway.store.keyring import Keyring
from tests.system.site import settings_for


async def test_only_classes_that_the_policy_knows_may_be_kept(sqlite_settings: Settings) -> None:
    settings = settings_for(sqlite_settings, {}, cache={"classes": ["pubic"]})
    Keyring.create(Path(sqlite_settings.base) / "keys").close()
    with pytest.raises(ConfigurationError, match=r"cache\.classes must be .*, which are .*public"):
        async with open_gateway(settings):
            raise AssertionError("it started")
