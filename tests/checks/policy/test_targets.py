"""Agents and zones as targets, with their contracts."""

from typing import Any

import pytest

from gateway.checks.policy import targets
from gateway.core.errors import ConfigurationError

from .making import DAY_US, NOON_US, document, facts


def _processors(**agreement: Any) -> list[dict[str, Any]]:
    processors: list[dict[str, Any]] = document()["processor"]
    processors[0]["agreement"] |= agreement
    return processors


def test_an_agreement_holds_through_its_last_day_and_no_longer() -> None:
    sky = targets.agents(facts(processor=_processors(valid_until="2026-01-05")))["sky"]
    midnight = NOON_US + DAY_US // 2
    assert sky.contract("phi", midnight - 1)
    assert not sky.contract("phi", midnight)
    assert (sky.state(midnight - 1), sky.state(midnight)) == ("valid", "lapsed")


def test_an_agreement_covers_exactly_the_classes_it_names() -> None:
    sky = targets.agents(facts(processor=_processors(classes=["pii"])))["sky"]
    assert sky.contract("pii", NOON_US)
    assert not sky.contract("phi", NOON_US), "phi is under pii, but an agreement about pii is no BAA"


def test_without_processor_or_agreement_there_is_no_contract() -> None:
    processors = document()["processor"]
    del processors[0]["agreement"]
    agents = targets.agents(facts(processor=processors))
    assert not agents["local"].contract("pii", NOON_US)
    assert not agents["sky"].contract("pii", NOON_US)
    assert agents["sky"].state(NOON_US) == "none"


def test_trust_and_region_are_facts_of_agents_and_of_zones() -> None:
    assert targets.agents(facts())["local"].facts == {"zone:trusted", "region:DE"}
    assert targets.zones(facts())["partner"].facts == {"region:FR"}
    assert targets.zones(facts())["cloud"].facts == frozenset()


@pytest.mark.parametrize("text", ["", "soon", "2026-02-30", "20260105", "2026-W01-1", "9999-12-31T00:00"])
def test_a_date_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"processor\[0\]\.agreement\.valid_until"):
        targets.agents(facts(processor=_processors(valid_until=text)))


def test_the_last_date_there_is_means_for_ever() -> None:
    with pytest.raises(ConfigurationError, match="valid_until"):
        targets.agents(facts(processor=_processors(valid_until="9999-12-31")))
