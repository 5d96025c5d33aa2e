"""The parts are joined, or no start at all."""

from pathlib import Path

import pytest

from gateway.bootstrap import open_gateway
from gateway.bootstrap.exchange import lifetimes_of
from gateway.core.errors import ConfigurationError
from gateway.settings import Settings, parse
from gateway.store.keyring import Keyring
from tests.system.kit import PUBLIC
from tests.system.site import settings_for, system


async def test_only_classes_that_the_policy_knows_may_be_kept(sqlite_settings: Settings) -> None:
    settings = settings_for(sqlite_settings, {}, cache={"classes": ["pubic"]})
    Keyring.create(Path(sqlite_settings.base) / "keys").close()
    with pytest.raises(ConfigurationError, match=r"cache\.classes must be .*, which are .*public"):
        async with open_gateway(settings):
            raise AssertionError("it started")


@pytest.mark.parametrize(
    ("rules", "kept"),
    [
        ([], {"long": 2_592_000, "short": 60}),
        ([{"about": ["access"], "details_days": 1}, {"content_days": 1}], {"long": 2_592_000, "short": 60}),
        ([{"about": ["access", "exchange"], "details_days": 7}, {"details_days": 2}], {"long": 172_800, "short": 60}),
        ([{"tenant": "clinic", "data_classes": ["pii"], "details_days": 0}], {}),
    ],
)
def test_no_answer_is_kept_longer_than_what_lies_beside_its_record(
    tmp_path: Path, rules: list[dict[str, object]], kept: dict[str, float]
) -> None:
    agent = {"url": "http://127.0.0.1:1", "protocol": "openai", "zone": "in-house"}
    agents = [
        {"id": name, "cache_s": cache_s, **agent} for name, cache_s in (("long", 2_592_000), ("short", 60), ("none", 0))
    ]
    more = {"tenant": [{"id": "clinic"}], "zone": [{"id": "in-house", "trusted": True}]}
    settings = parse({**more, "agent": agents, "retention": rules}, {}, tmp_path)
    assert lifetimes_of(settings) == kept


async def test_a_request_is_on_record_with_the_legal_basis_of_its_purpose(sqlite_settings: Settings) -> None:
    declared = [{"id": "TREAT", "legal_basis": "Art. 9(2)(h)"}]
    async with system(sqlite_settings, purpose=declared) as site:
        for purposes, basis in ((("TREAT",), "Art. 9(2)(h)"), (("HRESCH",), None)):
            answer = await site.chat(await site.key("clerk", purposes=purposes), PUBLIC)
            first, _ = await site.trail(answer.headers["x-exchange-id"])
            assert (first["event"], first["purpose"]) == ("exchange.requested", purposes[0])
            assert first.get("legal_basis") == basis
