"""The parts are joined, or no start at all."""

from pathlib import Path

import pytest

from gateway.bootstrap import open_gateway
from gateway.core.errors import ConfigurationError
from gateway.settings import Settings
from gateway.store.keyring import Keyring
from tests.system.kit import PUBLIC
from tests.system.site import settings_for, system


async def test_only_classes_that_the_policy_knows_may_be_kept(sqlite_settings: Settings) -> None:
    settings = settings_for(sqlite_settings, {}, cache={"classes": ["pubic"]})
    Keyring.create(Path(sqlite_settings.base) / "keys").close()
    with pytest.raises(ConfigurationError, match=r"cache\.classes must be .*, which are .*public"):
        async with open_gateway(settings):
            raise AssertionError("it started")


async def test_a_request_is_on_record_with_the_legal_basis_of_its_purpose(sqlite_settings: Settings) -> None:
    declared = [{"id": "TREAT", "legal_basis": "Art. 9(2)(h)"}]
    async with system(sqlite_settings, purpose=declared) as site:
        for purposes, basis in ((("TREAT",), "Art. 9(2)(h)"), (("HRESCH",), None)):
            answer = await site.chat(await site.key("clerk", purposes=purposes), PUBLIC)
            first, _ = await site.trail(answer.headers["x-exchange-id"])
            assert (first["event"], first["purpose"]) == ("exchange.requested", purposes[0])
            assert first.get("legal_basis") == basis
