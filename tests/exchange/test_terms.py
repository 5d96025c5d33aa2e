"""What reports know of a policy is what the version in force says, an operator's own classes and frameworks with it."""

from pathlib import Path
from unittest.mock import AsyncMock

import pytest

from gateway.bootstrap import proposed
from gateway.checks.policy.version import to_bytes
from gateway.core.errors import ConfigurationError
from gateway.exchange.frameworks import load
from gateway.exchange.terms import Terms, in_force, questions, terms_of
from gateway.settings import Settings
from gateway.store.policies import PolicyStore
from tests.bootstrap.kit import configured
from tests.exchange.own_terms import CLASS, TYPE, add_to
from tests.system.kit import policies


def stored(digest: str | None, data: bytes | None) -> PolicyStore:
    """A store in which this is active."""
    found = AsyncMock(spec=PolicyStore)
    found.active.return_value, found.get.return_value = digest, data
    return found


def test_personal_classes_and_maskable_types_are_the_policys(sqlite_settings: Settings) -> None:
    known = terms_of(*proposed(configured(sqlite_settings))).known
    assert {"pii", "phi", "pci", "special-category"} <= known.personal
    assert "internal" not in known.personal
    assert "email" in known.maskable["pii"]
    assert known.maskable["internal"] == frozenset()


async def test_an_operators_own_are_known_from_the_version_in_force(sqlite_settings: Settings, tmp_path: Path) -> None:
    section = policies(tmp_path)
    add_to(Path(section["directory"]))
    policy, shared = proposed(configured(sqlite_settings, policy=section))
    found = await in_force(stored(shared.digest, to_bytes(shared)), "tn_1")
    assert found == terms_of(policy, shared)
    assert found is not None
    assert CLASS in found.known.personal
    assert TYPE in found.known.maskable[CLASS]
    assert "house-rules" in [one.id for one in found.frameworks]
    assert CLASS not in Terms().known.personal


async def test_a_version_that_cannot_be_read_is_refused_and_not_replaced_by_what_ships() -> None:
    assert await in_force(stored(None, None), "tn_1") is None
    with pytest.raises(ConfigurationError, match="is not in the database"):
        await in_force(stored("sha256:0", None), "tn_1")
    with pytest.raises(ConfigurationError, match="activate one anew"):
        await in_force(stored("sha256:0", b"{}"), "tn_1")


def test_provisions_become_questions_with_their_filters() -> None:
    text = b"""
id = "own"
title = "Own"
text = "Own."
[[provision]]
id = "1"
title = "One"
text = "One."
report = "records"
columns = ["event"]
query = [{event = "exchange.denied", data_class = "phi"}]
[[provision]]
id = "2"
title = "Two"
text = "Two."
report = "counts"
columns = ["event"]
everything = true
"""
    (framework,) = load({"frameworks/own.toml": text}, classes={"phi"}, zones=())
    first, second = questions(framework)
    assert first.queries == ({"event": "exchange.denied", "data_class": "phi"},)
    assert (second.queries, second.report, second.framework) == (({},), "counts", "own")
